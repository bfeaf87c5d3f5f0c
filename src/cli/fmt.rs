//! `tabi fmt [PATHS] [--check]`: the one layout, in place.
//!
//! Lays nothing out itself, and never touches a file that has mistakes of syntax.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::ReportFormat;
use super::exit::{Exit, Stop};
use super::speak::Speaker;
use crate::diag::render::{self, Finding, Place, Rule};
use crate::diag::{Diagnostic, Language, Phrase, Severity};
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

    /// How --check writes what it finds
    #[arg(long, value_name = "FORMAT", default_value = "pretty", requires = "check")]
    format: ReportFormat,
}

/// What became of one file.
enum Laid {
    Already,
    Changed(String),
    /// It has mistakes of syntax, which say so themselves.
    Refused(Vec<Diagnostic>),
}

/// What became of all of them.
#[derive(Default)]
struct Tally {
    files: Vec<String>,
    changed: Vec<String>,
    refused: Vec<String>,
    findings: Vec<Finding>,
    /// A file that is there could not be read or written.
    troubled: bool,
    /// A path that leads nowhere.
    nowhere: bool,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    if args.paths == [Path::new("-")] {
        return standard_input(args, speaker);
    }
    let mut tally = Tally::default();
    for path in &files(args, &mut tally, speaker) {
        one(path, args, &mut tally, speaker)?;
    }
    match told(args.format, &tally, speaker.language) {
        Some(report) => speaker.report(&report)?,
        None => speaker.aside(&summary(args.check, tally.changed.len(), tally.files.len(), speaker))?,
    }
    Ok(end(args, &tally))
}

fn end(args: &Args, tally: &Tally) -> Exit {
    let found = tally.troubled || !tally.refused.is_empty() || (args.check && !tally.changed.is_empty());
    match (tally.nowhere, found) {
        (true, _) => Exit::NoProject,
        (false, true) => Exit::Findings,
        (false, false) => Exit::Fine,
    }
}

fn files(args: &Args, tally: &mut Tally, speaker: &mut Speaker) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in &args.paths {
        tally.nowhere |= !path.exists();
        let (found, troubles) = campaign_files(path);
        files.extend(found);
        for trouble in &troubles {
            tally.troubled = true;
            say_trouble(trouble, speaker);
        }
    }
    files.sort();
    files.dedup();
    files
}

fn one(path: &Path, args: &Args, tally: &mut Tally, speaker: &mut Speaker) -> Result<(), Stop> {
    let source = match read_campaign(path) {
        Ok(source) => source,
        Err(trouble) => {
            tally.troubled = true;
            say_trouble(&trouble, speaker);
            return Ok(());
        }
    };
    let name = source.path.clone();
    tally.files.push(name.clone());
    match lay_out(&source) {
        Laid::Already => {}
        Laid::Refused(diagnostics) => {
            let mut sources = Sources::default();
            sources.add(source);
            match args.format {
                ReportFormat::Pretty => speaker.aside(&speaker.diagnostics(&diagnostics, &sources))?,
                _ => tally.findings.extend(render::findings(&diagnostics, &sources, speaker.language)),
            }
            tally.refused.push(name);
        }
        Laid::Changed(text) => {
            if !args.check {
                if let Err(error) = fs::write(path, text) {
                    tally.troubled = true;
                    say_trouble(&unwritable(path, &error), speaker);
                }
            } else if args.format == ReportFormat::Pretty {
                speaker.report(&format!("{name}\n"))?;
            } else {
                tally.findings.push(out_of_layout(&source, &text, speaker.language));
            }
            tally.changed.push(name);
        }
    }
    Ok(())
}

fn lay_out(source: &Source) -> Laid {
    match format(source) {
        Ok(text) if text == source.text => Laid::Already,
        Ok(text) => Laid::Changed(text),
        Err(FormatRefusal::Mistakes(diagnostics)) => Laid::Refused(diagnostics),
        Err(FormatRefusal::WouldChange(diagnostic)) => Laid::Refused(vec![*diagnostic]),
    }
}

/// The first line that would be another one.
fn out_of_layout(source: &Source, laid: &str, language: Language) -> Finding {
    let same = source.text.split('\n').zip(laid.split('\n')).take_while(|(is, should)| is == should).count();
    let phrase = |en: &str, ja: &str| Phrase::new(en, ja).get(language).to_string();
    Finding {
        severity: Severity::Error,
        rule: Rule::Layout,
        place: Place::of_line(&source.path, same + 1, source.line(same + 1)),
        headline: phrase("not in the one layout from here on", "ここから整形されていません"),
        label: String::new(),
        notes: Vec::new(),
        help: Some(phrase("run `tabi fmt`", "`tabi fmt` を実行する")),
        related: Vec::new(),
        edits: Vec::new(),
        suppression: None,
    }
}

/// The report in a form other than people's; theirs comes file by file.
fn told(format: ReportFormat, tally: &Tally, language: Language) -> Option<String> {
    let findings = &tally.findings;
    let exit_code = if findings.is_empty() { Exit::Fine } else { Exit::Findings }.number();
    Some(match format {
        ReportFormat::Pretty => return None,
        ReportFormat::Compact => render::compact(findings),
        ReportFormat::Json => json(tally),
        ReportFormat::Github => render::github(findings, language),
        ReportFormat::Sarif => render::sarif(findings, render::Run { language, exit_code }),
        ReportFormat::Junit => {
            let files: Vec<&str> = tally.files.iter().map(String::as_str).collect();
            let cases = render::cases_of_files(findings, &files, language);
            render::junit("tabi fmt", &[render::Suite { name: "fmt".to_string(), cases }])
        }
        ReportFormat::Md => render::markdown("tabi fmt", findings, tally.files.len(), language),
    })
}

/// Version of the JSON shape.
const JSON_VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    files: usize,
    /// Files that are not in the layout.
    changed: &'a [String],
    /// Files with mistakes of syntax; `tabi check` tells them.
    refused: &'a [String],
}

fn json(tally: &Tally) -> String {
    let (changed, refused) = (&tally.changed[..], &tally.refused[..]);
    let report = Report { version: JSON_VERSION, files: tally.files.len(), changed, refused };
    serde_json::to_string_pretty(&report).expect("plain data with string keys") + "\n"
}

fn standard_input(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        return Err(Stop::Usage {
            what: Phrase::new(
                format!("the standard input cannot be read: {error}"),
                format!("標準入力を読めません: {}", Phrase::of_io(&error).ja),
            ),
            help: Phrase::new("give it UTF-8 text", "UTF-8 のテキストを渡す"),
        });
    }
    let source = Source::new("-", text);
    let (out, exit) = match lay_out(&source) {
        Laid::Already => (source.text, Exit::Fine),
        Laid::Changed(laid) => (laid, if args.check { Exit::Findings } else { Exit::Fine }),
        Laid::Refused(diagnostics) => {
            let mut sources = Sources::default();
            sources.add(source);
            speaker.aside(&speaker.diagnostics(&diagnostics, &sources))?;
            return Ok(Exit::Findings);
        }
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
        headline: Phrase::new(
            format!("cannot write `{path}`: {error}"),
            format!("`{path}` に書き込めません: {}", Phrase::of_io(error).ja),
        ),
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
