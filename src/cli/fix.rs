//! `tabi fix [PROJECT] [CODE]…`: the edits that diagnostics carry, made in the files.
//!
//! Knows no mistake and no remedy; every edit is proven by compiling again before it is written.

use std::fs;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::exit::{Exit, Stop};
use super::open::{self, Opened, open};
use super::speak::Speaker;
use crate::compile;
use crate::diag::repair::{self, Repaired, Step};
use crate::diag::{Code, Diagnostic, Phrase};
use crate::project::{self, CONFIG_FILE};
use crate::text::{SourceKind, Sources};

/// Put right what can be put right safely: the edits that findings carry
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder, or one inside it [default: .], then the codes to fix [default: all]
    #[arg(value_name = "PROJECT|CODE")]
    what: Vec<String>,

    /// Change nothing; say what would be changed
    #[arg(long)]
    dry_run: bool,

    /// Change nothing; show the changes line by line
    #[arg(long)]
    diff: bool,

    /// With --dry-run or --diff: end with 3 if there is anything to change
    #[arg(long)]
    detailed_exitcode: bool,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let (start, codes) = asked(&args.what)?;
    let opened = open(&start);
    // A file that cannot be read may declare what seems unknown elsewhere.
    if !opened.project.found || opened.diagnostics.iter().any(|d| d.code == Code::E0100) {
        return opened.refuse(speaker);
    }
    let before = &opened.project.sources;
    let wanted = |diagnostic: &Diagnostic| codes.is_empty() || codes.contains(&diagnostic.code);
    let repaired = repair::repair(before.clone(), wanted, |sources| judged(&opened, sources));
    let changed = changed(before, &repaired.sources);
    let only_shown = args.dry_run || args.diff;
    if !only_shown {
        for (path, _, text) in &changed {
            fs::write(path, text).map_err(|error| unwritable(path, &error))?;
        }
    }
    let text = if args.diff { diff(&changed) } else { told(&repaired, changed.len(), only_shown, speaker) };
    speaker.report(&text)?;
    let errors_remain = repaired.diagnostics.iter().any(Diagnostic::is_error);
    Ok(match (args.detailed_exitcode && only_shown && !changed.is_empty(), errors_remain) {
        (true, _) => Exit::Changed,
        (false, true) => Exit::Findings,
        (false, false) => Exit::Fine,
    })
}

/// The project and the codes. The first word is the project unless it is a code and no folder of that name.
fn asked(what: &[String]) -> Result<(PathBuf, Vec<Code>), Stop> {
    let (start, codes) = match what.split_first() {
        Some((first, rest)) if first.parse::<Code>().is_err() || Path::new(first).exists() => (first.as_str(), rest),
        _ => (".", what),
    };
    let parsed = codes.iter().map(|name| name.parse::<Code>().map_err(|()| unknown(name)));
    Ok((PathBuf::from(start), parsed.collect::<Result<_, Stop>>()?))
}

fn unknown(name: &str) -> Stop {
    Stop::Usage {
        what: Phrase::new(format!("unknown code `{name}`"), format!("知らないコード `{name}`")),
        help: Phrase::new("`tabi explain` lists all codes", "`tabi explain` ですべてのコードを一覧できます"),
    }
}

/// What is wrong with the project when its files hold these texts.
fn judged(opened: &Opened, sources: &Sources) -> Vec<Diagnostic> {
    let is_config = |path: &str| Path::new(path).file_name().is_some_and(|name| name == CONFIG_FILE);
    let config = sources.iter().find(|(_, source)| source.kind == SourceKind::Other && is_config(&source.path));
    let (settings, mut diagnostics) = match config {
        Some((id, source)) => project::parse_settings(&source.text, id),
        None => (opened.project.settings.clone(), Vec::new()),
    };
    let parsed = compile::parse(sources);
    let compiled = parsed.compile(sources, Some(&opened.attachments), &open::settings(&settings));
    diagnostics.extend(compiled.diagnostics);
    diagnostics
}

/// Path, old text and new text of every file that is another one now.
fn changed<'a>(before: &'a Sources, after: &'a Sources) -> Vec<(&'a str, &'a str, &'a str)> {
    let pairs = before.iter().zip(after.iter());
    let pairs = pairs.map(|((_, old), (_, new))| (old.path.as_str(), old.text.as_str(), new.text.as_str()));
    pairs.filter(|(_, old, new)| old != new).collect()
}

fn diff(changed: &[(&str, &str, &str)]) -> String {
    let one = |(path, old, new): &(&str, &str, &str)| {
        TextDiff::from_lines(*old, *new).unified_diff().context_radius(2).header(path, path).to_string()
    };
    changed.iter().map(one).collect()
}

fn told(repaired: &Repaired, files: usize, only_shown: bool, speaker: &Speaker) -> String {
    let line = |step: &Step, word: &Phrase| {
        let (place, code) = (step.place.short(), step.code.name());
        format!("{}: {place}: {code}: {}\n", speaker.say(word), speaker.say(&step.headline))
    };
    let done = match only_shown {
        false => Phrase::new("fixed", "修正"),
        true => Phrase::new("would fix", "修正予定"),
    };
    let left = Phrase::new("left, since it would bring other errors", "別の誤りを招くため見送り");
    let mut text: String = repaired.done.iter().map(|step| line(step, &done)).collect();
    repaired.left.iter().for_each(|step| text.push_str(&line(step, &left)));
    text + speaker.say(&counted(repaired, files))
}

fn counted(repaired: &Repaired, files: usize) -> Phrase {
    let (done, remaining) = (repaired.done.len(), repaired.diagnostics.len());
    let plural = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let fixes = if done == 1 { "1 fix".to_string() } else { format!("{done} fixes") };
    Phrase::new(
        format!("{fixes} in {}, {} left\n", plural(files, "file"), plural(remaining, "finding")),
        format!("{files} ファイルに修正 {done} 件、残り {remaining} 件\n"),
    )
}

fn unwritable(path: &str, error: &std::io::Error) -> Stop {
    Stop::Wrong {
        what: Phrase::new(
            format!("cannot write `{path}`: {error}"),
            format!("`{path}` に書き込めません: {}", Phrase::of_io(error).ja),
        ),
        help: Phrase::new("give yourself permission to write it", "書き込み権限を付ける"),
    }
}
