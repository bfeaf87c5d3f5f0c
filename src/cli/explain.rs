//! `tabi explain CODE`: the page of a code.
//!
//! Words nothing itself: the pages stand in `docs/errors/`.

use super::exit::{Exit, Stop};
use super::speak::Speaker;
use crate::diag::{Code, Language, Phrase, did_you_mean};

/// Explain a code such as E0411: what it means, why it matters, and how to put it right
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code that stands in brackets after `error` or `warning`; all codes are listed without it
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let Some(name) = &args.code else {
        let lines: String = Code::ALL.iter().map(|code| listed(*code, speaker.language)).collect();
        speaker.report(&lines)?;
        return Ok(Exit::Fine);
    };
    let name = name.trim().trim_start_matches('[').trim_end_matches(']');
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

/// The half of the page in the reader's language, with the examples, which both share.
fn page(code: Code, language: Language) -> String {
    let page = code.page();
    let Some((english, japanese)) = page.split_once("\n## 日本語\n") else {
        return page.to_string();
    };
    // The examples follow the English text; the Japanese text stands last.
    let (title, rest) = english.split_once('\n').unwrap_or((english, ""));
    match language {
        Language::English => format!("{title}\n{}\n", rest.trim_end()),
        Language::Japanese => {
            let examples = rest.find("\n## ").map_or("", |at| &rest[at + 1..]);
            format!("# {}: {}\n\n{}\n\n{}\n", code.name(), code.title_ja(), japanese.trim(), examples.trim())
        }
    }
}
