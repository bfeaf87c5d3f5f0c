//! `tabi fmt [PATHS] [--check]`: the one layout, in place.
//!
//! Lays nothing out itself, and never touches a file that has mistakes of syntax.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::exit::{Exit, Stop};
use super::speak::Speaker;
use crate::diag::Phrase;
use crate::fmt::{FormatRefusal, format};
use crate::project::{Trouble, campaign_files, read_campaign};
use crate::text::{Source, Sources};

/// Lay campaign files out in the one layout
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files, or folders with all `.tabi` files under them; `-` reads the standard input and writes the standard output
    #[arg(value_name = "PATHS", default_value = ".")]
    paths: Vec<PathBuf>,

    /// Change nothing; list the files that are not in the layout and end with 1 if there are any
    #[arg(long)]
    check: bool,
}

/// What became of one file.
enum Laid {
    Already,
    Changed(String),
    Refused,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    if args.paths == [Path::new("-")] {
        return standard_input(args, speaker);
    }
    let mut troubled = false;
    let mut files: Vec<PathBuf> = Vec::new();
    for path in &args.paths {
        let (found, troubles) = campaign_files(path);
        files.extend(found);
        for trouble in &troubles {
            troubled = true;
            say_trouble(trouble, speaker);
        }
    }
    files.sort();
    files.dedup();
    let mut changed = 0;
    for path in &files {
        match one(path, speaker)? {
            Laid::Already => {}
            Laid::Refused => troubled = true,
            Laid::Changed(text) => {
                changed += 1;
                if args.check {
                    speaker.report(&format!("{}\n", path.strip_prefix(".").unwrap_or(path).display()))?;
                } else if let Err(error) = fs::write(path, text) {
                    troubled = true;
                    say_trouble(&unwritable(path, &error), speaker);
                }
            }
        }
    }
    speaker.aside(&summary(args.check, changed, files.len(), speaker))?;
    Ok(if troubled || (args.check && changed > 0) { Exit::Findings } else { Exit::Fine })
}

fn one(path: &Path, speaker: &mut Speaker) -> Result<Laid, Stop> {
    match read_campaign(path) {
        Ok(source) => lay_out(source, speaker),
        Err(trouble) => {
            say_trouble(&trouble, speaker);
            Ok(Laid::Refused)
        }
    }
}

fn lay_out(source: Source, speaker: &mut Speaker) -> Result<Laid, Stop> {
    let diagnostics = match format(&source) {
        Ok(text) if text == source.text => return Ok(Laid::Already),
        Ok(text) => return Ok(Laid::Changed(text)),
        Err(FormatRefusal::Mistakes(diagnostics)) => diagnostics,
        Err(FormatRefusal::WouldChange(diagnostic)) => vec![*diagnostic],
    };
    let mut sources = Sources::default();
    sources.add(source);
    speaker.aside(&speaker.diagnostics(&diagnostics, &sources))?;
    Ok(Laid::Refused)
}

fn standard_input(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        return Err(Stop::Usage {
            what: Phrase::new(
                format!("the standard input cannot be read: {error}"),
                format!("標準入力を読めません: {error}"),
            ),
            help: Phrase::new("give it UTF-8 text", "UTF-8 のテキストを渡す"),
        });
    }
    let (out, exit) = match lay_out(Source::new("-", text.clone()), speaker)? {
        Laid::Already => (text, Exit::Fine),
        Laid::Changed(laid) => (laid, if args.check { Exit::Findings } else { Exit::Fine }),
        Laid::Refused => return Ok(Exit::Findings),
    };
    if !args.check {
        speaker.report(&out)?;
    }
    Ok(exit)
}

fn say_trouble(trouble: &Trouble, speaker: &mut Speaker) {
    speaker.refusal(&trouble.headline, &trouble.help);
}

fn unwritable(path: &Path, error: &std::io::Error) -> Trouble {
    let path = path.display();
    Trouble {
        headline: Phrase::new(format!("cannot write `{path}`: {error}"), format!("`{path}` に書き込めません: {error}")),
        help: Phrase::new("give yourself permission to write it", "書き込み権限を付ける"),
    }
}

fn summary(check: bool, changed: usize, files: usize, speaker: &Speaker) -> String {
    let noun = if files == 1 { "file" } else { "files" };
    let phrase = match check {
        true => Phrase::new(
            format!("{changed} of {files} {noun} not in the layout\n"),
            format!("{files} ファイル中 {changed} 件が未整形\n"),
        ),
        false => Phrase::new(
            format!("{changed} of {files} {noun} changed\n"),
            format!("{files} ファイル中 {changed} 件を整形\n"),
        ),
    };
    speaker.say(&phrase).to_string()
}
