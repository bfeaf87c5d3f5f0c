//! `tabi explain CODE`: the page of a code.
//!
//! Words nothing itself: the pages stand in `docs/errors/`.

use super::exit::{Exit, Stop};
use super::speak::Speaker;
use crate::diag::codes::{self, NEED_DATA};
use crate::diag::{Code, Language, Phrase, did_you_mean};

/// Explain a code such as E0411: what it means, why it matters, and how to put it right
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code that stands in brackets after `error` or `warning`; all codes are listed without it
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

/// Of experiments, whose journals have the numbers.
const TOLD_BY_RESULTS: &[&str] = &["W0802", "W0803"];

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let Some(name) = &args.code else {
        let lines: String = Code::ALL.iter().map(|code| listed(*code, speaker.language)).collect();
        speaker.report(&lines)?;
        return Ok(Exit::Fine);
    };
    let name = name.trim().trim_start_matches('[').trim_end_matches(']');
    if let Some((code, en, ja)) = NEED_DATA.iter().find(|known| known.0.eq_ignore_ascii_case(name)) {
        let told = match speaker.language {
            Language::English => format!(
                "{code}: {en}\n\nTold by live numbers, such as quotas, forecasts and the people who are inside a journey now; \
                 `tabi check`\nsees only what is written, and never reports it.\n"
            ),
            Language::Japanese => format!(
                "{code}: {ja}\n\n配信の枠や予測、いま参加している人数など、実際の数字がなければ分かりません。書かれたものだけを\n見る \
                 `tabi check` が報告することはありません。\n"
            ),
        };
        speaker.report(&told)?;
        if TOLD_BY_RESULTS.contains(code) {
            let who = Phrase::new("`tabi results` tells it.\n", "`tabi results` が知らせます。\n");
            let who = speaker.say(&who).to_owned();
            speaker.report(&who)?;
        }
        return Ok(Exit::Fine);
    }
    let Ok(code) = name.parse::<Code>() else {
        return Err(unknown(name));
    };
    speaker.report(&page(code, speaker.language))?;
    Ok(Exit::Fine)
}

fn listed(code: Code, language: Language) -> String {
    let title = match language {
        Language::English => code.title(),
        Language::Japanese => code.title_ja(),
    };
    format!("{}  {title}\n", code.name())
}

fn unknown(name: &str) -> Stop {
    let upper = name.to_uppercase();
    let help = match did_you_mean(&upper, Code::ALL.iter().map(|c| c.name())) {
        Some(code) => Phrase::new(
            format!("did you mean `{code}`? `tabi explain` lists all codes"),
            format!("`{code}` ではありませんか。`tabi explain` ですべてのコードを一覧できます"),
        ),
        None => Phrase::new("`tabi explain` lists all codes", "`tabi explain` ですべてのコードを一覧できます"),
    };
    Stop::Usage { what: Phrase::new(format!("unknown code `{name}`"), format!("知らないコード `{name}`")), help }
}

/// The page in the reader's language: the text of one language, then the examples, which both share. Code is indented
/// instead of fenced.
fn page(code: Code, language: Language) -> String {
    let mut text = match language {
        Language::English => format!("{}: {}\n", code.name(), code.title()),
        Language::Japanese => format!("{}: {}\n", code.name(), code.title_ja()),
    };
    for (i, section) in code.page().split("\n## ").enumerate() {
        let (heading, body) = section.split_once('\n').unwrap_or((section, ""));
        let heading = match (i, heading, language) {
            (0, _, Language::English) | (_, "日本語", Language::Japanese) => None,
            (0, _, Language::Japanese) | (_, "日本語", Language::English) => continue,
            (_, heading, language) => Some(codes::heading(heading, language)),
        };
        if let Some(heading) = heading {
            text.push_str(&format!("\n{heading}:\n"));
        }
        text.push_str(&indented(body));
    }
    text
}

/// The body of a section with a blank line before it and no other at its ends.
fn indented(body: &str) -> String {
    let (mut text, mut in_code) = (String::from("\n"), false);
    for line in body.trim_matches('\n').lines() {
        if line.starts_with("```") {
            in_code = !in_code;
            continue;
        }
        let indent = if in_code && !line.is_empty() { "    " } else { "" };
        text.push_str(&format!("{indent}{line}\n"));
    }
    text
}
