//! `tabi ingest`: calls in files, sent to a running Tabi in batches, and gone on with where it was broken off.
//!
//! Judges no call: the Tabi that takes them does, and says which it refused.

mod mapped;
mod position;
mod send;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::value::RawValue;

use super::exit::{Exit, Stop};
use super::secrets;
use super::simulate::is_csv;
use super::speak::Speaker;
use crate::diag::{Language, Phrase};
use crate::ingest::limits::{CALL_BYTES_MAX, EXCERPT_CHARS_MAX};
use crate::ingest::lines::{Line, Lines};
use crate::ports::environment::SecretRef;
use mapped::Mapped;
use position::Position;
use send::{Sender, Verdict};

/// Send calls in Segment's shape from files to a running Tabi
#[derive(Debug, clap::Args)]
pub struct Args {
    /// NDJSON in Segment's shape, or CSV with a mapping; plain, gzip or zstd; `-` is the standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// How columns of CSV become events, in YAML [default: `sample.mapping` of tabi.yaml]
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,

    /// The project whose events the columns become, or a folder inside it
    #[arg(long, value_name = "PROJECT", default_value = ".")]
    project: PathBuf,

    /// Where Tabi takes events in
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4040")]
    url: String,

    /// Where the write key is found: `env:NAME` or `file:/path`
    #[arg(long, value_name = "SECRET", default_value = "env:TABI_WRITE_KEY", value_parser = secrets::parse)]
    key: SecretRef,

    /// As if they happened while being sent: clocks are corrected, and a call without a time happens now [default: the past, each with its own time]
    #[arg(long)]
    live: bool,

    /// Note in this file how far it got, and go on from there the next time
    #[arg(long, value_name = "FILE")]
    position: Option<PathBuf>,

    /// Write the result as JSON
    #[arg(long)]
    json: bool,
}

/// Calls of one request; less than the server allows, so that a request is done quickly and a progress bar moves.
const CALLS_MAX: usize = 500;
/// Bytes of one request: Segment's own limit, which every server of this shape takes.
const BYTES_MAX: usize = 480 << 10;
/// How many refused calls are shown.
const SHOWN_MAX: usize = 20;
/// Version of the shape of the JSON; raised when a key changes its meaning.
const JSON_VERSION: u32 = 1;

#[derive(Debug, Default, Serialize)]
struct Outcome {
    version: u32,
    sent: u64,
    refused: u64,
    /// Lines that were done before, by the position's file.
    skipped: u64,
    refusals: Vec<Refused>,
}

#[derive(Debug, Serialize)]
struct Refused {
    file: String,
    line: u64,
    reason: String,
    #[serde(skip)]
    reason_ja: String,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let key: SecretString = secrets::resolve(&args.key, "--key")?;
    let sender = Sender::new(&args.url, if args.live { "batch" } else { "import" }, key)?;
    let mut position = Position::read(args.position.as_deref())?;
    let mut outcome = Outcome { version: JSON_VERSION, ..Outcome::default() };
    let is_mapped = |path: &PathBuf| is_csv(path) || (path.as_os_str() == "-" && args.mapping.is_some());
    let mapped = match args.files.iter().any(is_mapped) {
        true => match Mapped::open(&args.project, args.mapping.as_deref(), speaker)? {
            Some(mapped) => Some(mapped),
            None => return Ok(Exit::Findings),
        },
        false => None,
    };
    for path in &args.files {
        let name = path.display().to_string();
        let bar = bar(path, speaker);
        let source = source(path, &bar).map_err(|error| unreadable(&name, &error))?;
        let ended = match mapped.as_ref().filter(|_| is_mapped(path)) {
            Some(mapped) => rows(&name, mapped, source, &sender, &mut position, &mut outcome),
            None => file(&name, source, &sender, &mut position, &mut outcome),
        };
        bar.finish_and_clear();
        ended?;
    }
    let text = match args.json {
        true => format!("{}\n", serde_json::to_string_pretty(&outcome).expect("an outcome is plain data")),
        false => words(&outcome, speaker.language),
    };
    speaker.report(&text)?;
    Ok(if outcome.refused == 0 { Exit::Fine } else { Exit::Findings })
}

/// Lines gathered for one request.
#[derive(Default)]
struct Batch {
    body: Vec<u8>,
    lines: Vec<u64>,
}

impl Batch {
    fn add(&mut self, number: u64, call: &[u8]) {
        self.body.extend_from_slice(if self.lines.is_empty() { b"{\"batch\":[" } else { b"," });
        self.body.extend_from_slice(call);
        self.lines.push(number);
    }
    fn has_room(&self, call: &[u8]) -> bool {
        self.lines.len() < CALLS_MAX && self.body.len() + call.len() + 4 <= BYTES_MAX
    }
}

fn file(
    name: &str,
    source: Box<dyn Read + Send>,
    sender: &Sender,
    position: &mut Position,
    outcome: &mut Outcome,
) -> Result<(), Stop> {
    let done = position.of(name);
    let mut lines = Lines::new(source);
    let mut batch = Batch::default();
    let mut last = done;
    while let Some((number, line)) = lines.next_line().map_err(|error| unreadable(name, &error))? {
        if number <= done {
            outcome.skipped += 1;
            continue;
        }
        last = number;
        let call = match line {
            Line::Text(text) if text.trim_ascii().is_empty() => continue,
            Line::Text(text) => call(text),
            Line::TooLong => Err(("longer than a call may be".into(), "呼び出しの上限を超えています".into())),
        };
        match call {
            Ok(call) => {
                if !batch.has_room(call) {
                    flush(name, &mut batch, sender, outcome)?;
                    position.note(name, number - 1)?;
                }
                batch.add(number, call);
            }
            Err((reason, reason_ja)) => outcome.refuse(Refused { file: name.into(), line: number, reason, reason_ja }),
        }
    }
    flush(name, &mut batch, sender, outcome)?;
    position.note(name, last)
}

/// A file of CSV. How far it got is counted in calls: the rows of one event may lie between those of another.
fn rows(
    name: &str,
    mapped: &Mapped,
    source: Box<dyn Read + Send>,
    sender: &Sender,
    position: &mut Position,
    outcome: &mut Outcome,
) -> Result<(), Stop> {
    let done = position.of(name);
    let mut batch = Batch::default();
    let mut last = done;
    mapped.calls(name, source, &mut |number, line, call| {
        if number <= done {
            outcome.skipped += 1;
            return Ok(());
        }
        match call {
            Ok(call) => {
                if !batch.has_room(&call) {
                    flush(name, &mut batch, sender, outcome)?;
                    position.note(name, last)?;
                }
                batch.add(line, &call);
            }
            Err(reason) => {
                let (reason, reason_ja) = (reason.to_string(), reason.ja());
                outcome.refuse(Refused { file: name.into(), line, reason, reason_ja });
            }
        }
        last = number;
        Ok(())
    })?;
    flush(name, &mut batch, sender, outcome)?;
    position.note(name, last)
}

/// A line that can stand in a batch: one object of JSON, not too large. Anything else would spoil the others.
fn call(text: &[u8]) -> Result<&[u8], (String, String)> {
    let text = text.trim_ascii();
    if text.len() > CALL_BYTES_MAX {
        return Err((format!("more than {CALL_BYTES_MAX} bytes"), format!("{CALL_BYTES_MAX} バイトを超えています")));
    }
    let is_object = text.first() == Some(&b'{') && serde_json::from_slice::<&RawValue>(text).is_ok();
    if is_object {
        Ok(text)
    } else {
        Err(("not an object of JSON".into(), "JSON のオブジェクトではありません".into()))
    }
}

fn flush(name: &str, batch: &mut Batch, sender: &Sender, outcome: &mut Outcome) -> Result<(), Stop> {
    let Batch { mut body, lines } = std::mem::take(batch);
    let Some(last) = lines.last().copied() else { return Ok(()) };
    body.extend_from_slice(b"]}");
    let Verdict { refused } = sender.send(body)?;
    outcome.sent += lines.len() as u64;
    for (index, reason, reason_ja) in refused {
        let line = lines.get(index).copied().unwrap_or(last);
        outcome.refuse(Refused { file: name.into(), line, reason, reason_ja });
    }
    Ok(())
}

impl Outcome {
    fn refuse(&mut self, refused: Refused) {
        self.refused += 1;
        if self.refusals.len() < SHOWN_MAX {
            self.refusals.push(refused);
        }
    }
}

fn words(outcome: &Outcome, language: Language) -> String {
    let Outcome { sent, refused, skipped, refusals, .. } = outcome;
    let mut text = match language {
        Language::English => format!("{sent} sent, {refused} refused"),
        Language::Japanese => format!("{sent} 件を送信、拒否 {refused} 件"),
    };
    if *skipped > 0 {
        text.push_str(&match language {
            Language::English => format!(", {skipped} lines done before"),
            Language::Japanese => format!("、前回までに済み {skipped} 行"),
        });
    }
    text.push('\n');
    for Refused { file, line, reason, reason_ja } in refusals {
        let reason = match language {
            Language::English => reason,
            Language::Japanese => reason_ja,
        };
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(4 * EXCERPT_CHARS_MAX).collect();
        text.push_str(&format!("  {file}:{line}: {reason}\n"));
    }
    text
}

fn source(path: &PathBuf, bar: &ProgressBar) -> io::Result<Box<dyn Read + Send>> {
    if path.as_os_str() == "-" {
        return crate::ingest::open(io::stdin());
    }
    crate::ingest::open(bar.wrap_read(File::open(path)?))
}

fn bar(path: &PathBuf, speaker: &Speaker) -> ProgressBar {
    let size = std::fs::metadata(path).ok().map(|metadata| metadata.len());
    match (speaker.shows_progress(), size) {
        (false, _) => ProgressBar::hidden(),
        (true, None) => ProgressBar::new_spinner(),
        (true, Some(size)) => {
            let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {elapsed} {msg}")
                .expect("the template is fixed and valid");
            ProgressBar::new(size).with_style(style)
        }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Stop {
    Stop::Usage {
        what: Phrase::new(format!("cannot read `{name}`: {error}"), format!("`{name}` を読めません: {error}")),
        help: Phrase::new("check the path and the permissions", "パスと権限を確かめる"),
    }
}
