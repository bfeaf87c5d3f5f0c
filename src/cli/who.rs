//! `tabi who NAME [PROJECT]`: every use of a field, parameter, event, segment, message, action, tag, split, policy or step.
//!
//! Finds no uses in campaigns itself (`lint::uses` does); adds those in tests.

use std::path::PathBuf;

use serde::Serialize;

use super::args::Format;
use super::exit::{Exit, Stop};
use super::open::{Opened, read};
use super::speak::Speaker;
use crate::diag::{Language, Phrase, did_you_mean};
use crate::ir::timeline::{Expect, LineWhat, Timeline};
use crate::ir::{Place, Program};
use crate::lint;
use crate::lint::names::{kind, named, names};
use crate::lint::uses::{How, Thing, Within, uses};

/// Show who uses a name: every place that declares, reads or writes it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A name: `purchase`, `purchase.total`, `profile.rank`, `item.name`, a segment, message, action, tag, split, policy or step
    #[arg(value_name = "NAME")]
    name: String,

    /// The project's folder, or one inside it
    #[arg(value_name = "PROJECT", default_value = ".")]
    project: PathBuf,

    /// For people, or for programs
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
}

/// Version of the shape of the JSON; raised when a key changes its meaning.
const JSON_VERSION: u32 = 1;

#[derive(Serialize)]
struct Answer {
    version: u32,
    name: String,
    things: Vec<Told>,
}

/// One thing that goes by the name.
#[derive(Serialize)]
struct Told {
    kind: &'static str,
    #[serde(skip)]
    kind_ja: &'static str,
    name: String,
    uses: Vec<Line>,
}

#[derive(Serialize, PartialEq, PartialOrd, Eq, Ord)]
struct Line {
    /// `declared`, `written`, `read`, `tested`.
    how: &'static str,
    path: String,
    line: u32,
    /// Absent for the declaration itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    within: Option<Holder>,
}

#[derive(Serialize, PartialEq, PartialOrd, Eq, Ord)]
struct Holder {
    kind: &'static str,
    name: String,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let opened = read(&args.project);
    let (Some(program), Some(map)) = (&opened.program, &opened.map) else { return opened.refuse(speaker) };
    let uses = uses(lint::Input { program, map, sources: &opened.project.sources, lifecycle: &[] });
    let known = names(program, &uses);
    let asked = args.name.trim().trim_matches(['"', '`']);
    let found = named(&known, asked);
    if found.is_empty() {
        return Err(unknown(asked, known.iter().map(|(name, _)| name.as_str())));
    }
    let things = found.into_iter().map(|(name, thing)| {
        let mut lines: Vec<Line> = uses
            .iter()
            .filter(|found| found.thing == thing)
            .map(|found| {
                let Place { path, line } = opened.place(found.at);
                Line { how: how(found.how), path: path.to_string(), line, within: holder(program, found.within) }
            })
            .collect();
        lines.extend(tested(&opened, program, &thing));
        lines.sort();
        lines.dedup();
        let (kind, kind_ja) = kind(&thing);
        Told { kind, kind_ja, name, uses: lines }
    });
    let answer = Answer { version: JSON_VERSION, name: asked.to_owned(), things: things.collect() };
    let text = match args.format {
        Format::Pretty => {
            answer.things.iter().map(|told| pretty(told, speaker.language)).collect::<Vec<_>>().join("\n")
        }
        Format::Json => {
            let json = serde_json::to_string_pretty(&answer).expect("an answer is plain data with string keys");
            format!("{json}\n")
        }
    };
    speaker.report(&text)?;
    Ok(Exit::Fine)
}

fn unknown<'n>(asked: &str, known: impl Iterator<Item = &'n str>) -> Stop {
    let help = match did_you_mean(asked, known) {
        Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
        None => Phrase::new(
            "name something the campaigns declare; fields as `profile.rank` or `purchase.total`, parameters as `cart_mail.items`",
            "キャンペーンで宣言した名前を指定する。項目は `profile.rank` や `purchase.total`、引数は `cart_mail.items` と書く",
        ),
    };
    Stop::Usage {
        what: Phrase::new(format!("nothing is called `{asked}`"), format!("`{asked}` という名前はありません")),
        help,
    }
}

// The order of these words in the alphabet is the order in which they are shown: declared, read, tested, written.
fn how(how: How) -> &'static str {
    match how {
        How::Declared => "declared",
        How::Read => "read",
        How::Written => "written",
    }
}

fn holder(program: &Program, within: Within) -> Option<Holder> {
    let (kind, name) = match within {
        Within::Declaration => return None,
        Within::Journey(id) => ("journey", &program.journeys[id.index()].name),
        Within::Segment(id) => ("segment", &program.segments[id.index()].name),
        Within::Policy(id) => ("policy", &program.policies[id.index()].name),
        Within::Message(id) => ("message", &program.messages[id.index()].name),
    };
    Some(Holder { kind, name: name.clone() })
}

/// The lines of tests that name the thing.
fn tested(opened: &Opened, program: &Program, thing: &Thing) -> Vec<Line> {
    let mut lines = Vec::new();
    for timeline in &opened.timelines {
        let journey = &program.journeys[timeline.journey.index()].name;
        let mut add = |place: &Place| {
            let within = Holder { kind: "test", name: format!("{journey} \"{}\"", timeline.title) };
            lines.push(Line { how: "tested", path: place.path.to_string(), line: place.line, within: Some(within) });
        };
        if at_the_top(timeline, thing) {
            add(&timeline.place);
        }
        timeline.lines.iter().filter(|line| names_it(&line.what, timeline, thing)).for_each(|line| add(&line.place));
    }
    lines
}

fn at_the_top(timeline: &Timeline, thing: &Thing) -> bool {
    match thing {
        Thing::Journey(id) => timeline.journey == *id,
        Thing::Profile(field) => timeline.profile.iter().any(|(given, _)| given == field),
        Thing::Event(event) => timeline.history.iter().any(|(_, past, _)| past == event),
        Thing::Split(split) => timeline.pins.iter().any(|(pinned, _)| pinned == split),
        Thing::Action(action) => timeline.answers.iter().any(|(answered, _)| answered == action),
        Thing::EventField(..)
        | Thing::Segment(_)
        | Thing::Message(_)
        | Thing::Policy(_)
        | Thing::Enum(_)
        | Thing::Record(_)
        | Thing::RecordField(..)
        | Thing::Param(..)
        | Thing::Step(..)
        | Thing::Tag(_) => false,
    }
}

fn names_it(what: &LineWhat, timeline: &Timeline, thing: &Thing) -> bool {
    match (what, thing) {
        (LineWhat::Event { event, .. }, Thing::Event(asked)) => event == asked,
        (LineWhat::Set { field, .. }, Thing::Profile(asked)) => field == asked,
        (LineWhat::Expect(Expect::Sent { message, .. } | Expect::NeverSent { message, .. }), Thing::Message(asked)) => {
            *message == Some(*asked)
        }
        (LineWhat::Expect(Expect::Did { action, .. }), Thing::Action(asked)) => action == asked,
        (LineWhat::Expect(Expect::Tagged { tag, .. }), Thing::Tag(asked)) => tag == asked,
        (LineWhat::Expect(Expect::Waiting { at: Some(step) }), Thing::Step(journey, asked)) => {
            timeline.journey == *journey && step == asked
        }
        _ => false,
    }
}

fn pretty(told: &Told, language: Language) -> String {
    let title = match language {
        Language::English => told.kind,
        Language::Japanese => told.kind_ja,
    };
    let mut text = format!("{title} {}\n", told.name);
    let place = |line: &Line| format!("{}:{}", line.path, line.line);
    let width = told.uses.iter().map(|line| place(line).chars().count()).max().unwrap_or(0);
    for line in &told.uses {
        let how = match (language, line.how) {
            (Language::English, how) => format!("{how:<8}"),
            (Language::Japanese, "declared") => "宣言    ".to_owned(),
            (Language::Japanese, "written") => "書き込み".to_owned(),
            (Language::Japanese, "tested") => "テスト  ".to_owned(),
            (Language::Japanese, _) => "参照    ".to_owned(),
        };
        let row = match &line.within {
            Some(within) => {
                let kind = match (language, within.kind) {
                    (Language::English, kind) => kind,
                    (Language::Japanese, "journey") => "ジャーニー",
                    (Language::Japanese, "segment") => "セグメント",
                    (Language::Japanese, "policy") => "ポリシー",
                    (Language::Japanese, "message") => "メッセージ",
                    (Language::Japanese, _) => "テスト",
                };
                format!("  {how}  {:<width$}  {kind} {}", place(line), within.name)
            }
            None => format!("  {how}  {}", place(line)),
        };
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}
