//! `tabi test [NAME]`: the timeline tests of a project, and for each that fails the story of the person in it.
//!
//! Runs and judges nothing itself: the simulator does.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::Format;
use super::exit::{Exit, Stop};
use super::open::open;
use super::speak::{GREEN, RED, RESET, Speaker};
use crate::diag::{Language, Phrase, did_you_mean};
use crate::ir::Program;
use crate::ir::timeline::Timeline;
use crate::simulate::timeline::{self, Failure, Verdict};
use crate::simulate::{Story, render};

/// Run the timeline tests of a project
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only tests of the journey of this name, or with this in their title; a project's folder here is as --project
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// The project's folder, or one inside it
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,

    /// For people, or for programs
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
}

/// A test and what came of it.
struct Ran<'a> {
    journey: &'a str,
    timeline: &'a Timeline,
    verdict: Verdict,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let (project, name) = asked(args);
    let opened = open(project);
    let Some(program) = &opened.program else { return opened.refuse(speaker) };
    let chosen = chosen(program, &opened.timelines, name)?;
    let ran: Vec<Ran> = chosen
        .into_iter()
        .map(|timeline| Ran {
            journey: &program.journey(timeline.journey).name,
            timeline,
            verdict: timeline::run(program, timeline),
        })
        .collect();
    let failed = ran.iter().filter(|test| !test.verdict.passed).count();
    let text = match args.format {
        Format::Json => json(&ran),
        Format::Pretty => pretty(&ran, failed, speaker.language),
    };
    speaker.report(&text)?;
    Ok(if failed == 0 { Exit::Fine } else { Exit::Failed })
}

/// The other commands take the project where this one takes a name: a project's folder there is understood.
fn asked(args: &Args) -> (&Path, Option<&str>) {
    match args.name.as_deref() {
        Some(name) if args.project == Path::new(".") && Path::new(name).join(crate::project::CONFIG_FILE).is_file() => {
            (Path::new(name), None)
        }
        name => (&args.project, name),
    }
}

fn chosen<'a>(program: &Program, timelines: &'a [Timeline], name: Option<&str>) -> Result<Vec<&'a Timeline>, Stop> {
    let Some(name) = name else { return Ok(timelines.iter().collect()) };
    let journey = |timeline: &Timeline| program.journey(timeline.journey).name.as_str();
    let chosen: Vec<&Timeline> =
        timelines.iter().filter(|timeline| journey(timeline) == name || timeline.title.contains(name)).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let help = match did_you_mean(name, program.journeys.iter().map(|j| j.name.as_str())) {
        Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
        None => Phrase::new(
            "give a journey's name or a part of a test's title; without one, all tests run",
            "ジャーニー名かテストの題名の一部を指定する (省略するとすべて実行)",
        ),
    };
    let what = Phrase::new(format!("no test matches `{name}`"), format!("`{name}` に当てはまるテストはありません"));
    Err(Stop::Usage { what, help })
}

/// The words around verdicts, in the reader's language.
struct Words {
    ok: &'static str,
    failed: &'static str,
    expected: &'static str,
    came: &'static str,
    why: &'static str,
}

const ENGLISH: Words =
    Words { ok: "ok    ", failed: "FAILED", expected: "expected", came: "came    ", why: "why     " };
const JAPANESE: Words = Words { ok: "成功", failed: "失敗", expected: "期待", came: "実際", why: "理由" };

fn pretty(ran: &[Ran], failed: usize, language: Language) -> String {
    let words = match language {
        Language::English => &ENGLISH,
        Language::Japanese => &JAPANESE,
    };
    let mut text = String::new();
    for test in ran {
        let (colour, word) = if test.verdict.passed { (GREEN, words.ok) } else { (RED, words.failed) };
        text.push_str(&format!("{colour}{word}{RESET}  {}  {}\n", test.journey, test.timeline.title));
        if !test.verdict.passed {
            text.push_str(&told(&test.verdict, words, language));
        }
    }
    let passed = ran.len() - failed;
    text.push_str(&match language {
        Language::English => format!("{passed} passed, {failed} failed\n"),
        Language::Japanese => format!("成功 {passed} 件、失敗 {failed} 件\n"),
    });
    text
}

/// What was expected and what came, then the person's story.
fn told(verdict: &Verdict, words: &Words, language: Language) -> String {
    let said = |en: &str, ja: &str| match language {
        Language::English => en.to_string(),
        Language::Japanese => ja.to_string(),
    };
    let mut text = String::new();
    for Failure { line, expected, came, why } in &verdict.failures {
        text.push_str(&format!("\n  {}:{}: {}\n", line.place.path, line.place.line, line.text.trim()));
        for (word, part) in [(words.expected, expected), (words.came, came), (words.why, why)] {
            if !part.en.is_empty() {
                text.push_str(&format!("    {word}  {}\n", said(&part.en, &part.ja)));
            }
        }
    }
    let language = match language {
        Language::English => render::Language::English,
        Language::Japanese => render::Language::Japanese,
    };
    text.push('\n');
    for line in render::story(&verdict.story, language).lines() {
        text.push_str(format!("  {line}").trim_end());
        text.push('\n');
    }
    text.push('\n');
    text
}

/// Version of the JSON shape.
const JSON_VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    passed: usize,
    failed: usize,
    tests: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    journey: &'a str,
    title: &'a str,
    path: &'a str,
    line: u32,
    passed: bool,
    failures: Vec<Miss<'a>>,
    /// Of a test that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    story: Option<&'a Story>,
}

#[derive(Serialize)]
struct Miss<'a> {
    path: &'a str,
    line: u32,
    text: &'a str,
    expected: Both<'a>,
    came: Both<'a>,
    why: Both<'a>,
}

#[derive(Serialize)]
struct Both<'a> {
    en: &'a str,
    ja: &'a str,
}

fn json(ran: &[Ran]) -> String {
    let failed = ran.iter().filter(|test| !test.verdict.passed).count();
    let report =
        Report { version: JSON_VERSION, passed: ran.len() - failed, failed, tests: ran.iter().map(item).collect() };
    serde_json::to_string_pretty(&report).expect("plain data with string keys") + "\n"
}

fn item<'a>(test: &'a Ran) -> Item<'a> {
    Item {
        journey: test.journey,
        title: &test.timeline.title,
        path: &test.timeline.place.path,
        line: test.timeline.place.line,
        passed: test.verdict.passed,
        failures: test.verdict.failures.iter().map(miss).collect(),
        story: (!test.verdict.passed).then_some(&test.verdict.story),
    }
}

fn miss(failure: &Failure) -> Miss<'_> {
    let Failure { line, expected, came, why } = failure;
    Miss {
        path: &line.place.path,
        line: line.place.line,
        text: line.text.trim(),
        expected: Both { en: &expected.en, ja: &expected.ja },
        came: Both { en: &came.en, ja: &came.ja },
        why: Both { en: &why.en, ja: &why.ja },
    }
}
