//! `tabi personas [PROJECT]`: few made-up people who together take every branch of every journey.
//!
//! Makes up nobody itself: the witness does.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use super::exit::{Exit, Stop};
use super::open::open;
use super::speak::{GREEN, RESET, Speaker};
use crate::diag::Language;
use crate::ir::{JourneyId, Program};
use crate::prove::{Edge, Way};
use crate::witness::personas::personas_of;
use crate::witness::{Cast, Gap, Persona, Reason, personas, print};

/// List made-up people who together take every branch of every journey
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder, or one inside it
    #[arg(value_name = "PROJECT", default_value = ".")]
    project: PathBuf,

    /// Only of this journey
    #[arg(long, value_name = "JOURNEY")]
    journey: Option<String>,

    /// For people, for programs, or as tests in the language, which all pass
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: Form,

    /// Also those who only show messages in another look: English, long, bare
    #[arg(long)]
    looks: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Pretty,
    Json,
    Tests,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let opened = open(&args.project);
    let Some(program) = &opened.program else { return opened.refuse(speaker) };
    let mut cast = match &args.journey {
        Some(name) => personas_of(program, super::show::journey(program, name)?),
        None => personas(program),
    };
    if !args.looks {
        cast.personas.retain(|persona| !persona.variant);
    }
    let text = match args.format {
        Form::Pretty => pretty(program, &cast, speaker.language),
        Form::Json => json(program, &cast),
        Form::Tests => tests(program, &cast, speaker.language),
    };
    speaker.report(&text)?;
    Ok(Exit::Fine)
}

fn said(words: &Reason, language: Language) -> &str {
    match language {
        Language::English => &words.en,
        Language::Japanese => &words.ja,
    }
}

// ---- for people ---------------------------------------------------------------------------------------------------

fn pretty(program: &Program, cast: &Cast, language: Language) -> String {
    let mut text = String::new();
    let mut journey = None;
    for persona in &cast.personas {
        if journey.replace(persona.journey) != Some(persona.journey) {
            text.push_str(&format!("{GREEN}{}{RESET}\n", program.journey(persona.journey).name));
        }
        text.push_str(&format!("  {}\n", said(&persona.name, language)));
        let covers: Vec<String> = persona
            .covers
            .iter()
            .map(|edge| said(&branch(program, persona.journey, *edge), language).to_owned())
            .collect();
        if !covers.is_empty() {
            text.push_str(&format!("    {}\n", covers.join(", ")));
        }
    }
    let reached = cast.branches - cast.gaps.len();
    text.push_str(&match language {
        Language::English => {
            format!("\n{} personas take {reached} of {} branches\n", cast.personas.len(), cast.branches)
        }
        Language::Japanese => {
            format!("\n{} 人のペルソナが {} 本の分岐のうち {reached} 本を通る\n", cast.personas.len(), cast.branches)
        }
    });
    for gap in &cast.gaps {
        let edge = branch(program, gap.journey, gap.edge);
        let (edge, why) = (said(&edge, language), said(&gap.why, language));
        let name = &program.journey(gap.journey).name;
        text.push_str(&match language {
            Language::English => format!("no story for {name}, {edge}: {why}\n"),
            Language::Japanese => format!("通るストーリーなし: {name}、{edge} ({why})\n"),
        });
    }
    text
}

/// A branch as people name it: the step, and what happens there.
fn branch(program: &Program, journey: JourneyId, edge: Edge) -> Reason {
    let journey = program.journey(journey);
    let step = journey.code.get(edge.from as usize).map_or("?", |i| journey.steps[i.step.index()].name.as_str());
    let (en, ja) = match edge.way {
        Way::Next => ("goes on".to_owned(), "次へ".to_owned()),
        Way::Case(case) => (format!("case {}", case + 1), format!("条件 {}", case + 1)),
        Way::Else => ("no case".to_owned(), "どの条件も不成立".to_owned()),
        Way::Arm(arm) => (format!("arm {}", arm + 1), format!("待機の枝 {}", arm + 1)),
        Way::TimeUp => ("time is up".to_owned(), "時間切れ".to_owned()),
        Way::Sent => ("sent".to_owned(), "送信".to_owned()),
        Way::Dropped | Way::Refused => ("not sent".to_owned(), "送信されない".to_owned()),
        Way::Drawn(arm) => (format!("drawn {}", arm + 1), format!("割り当て {}", arm + 1)),
        Way::Body => ("another pass".to_owned(), "繰り返し".to_owned()),
        Way::Exit => ("passes are over".to_owned(), "繰り返し終了".to_owned()),
        Way::Answered => ("answered".to_owned(), "応答".to_owned()),
        Way::Failed => ("failed".to_owned(), "失敗".to_owned()),
    };
    Reason { en: format!("{step}: {en}"), ja: format!("{step}: {ja}") }
}

// ---- as tests -----------------------------------------------------------------------------------------------------

fn tests(program: &Program, cast: &Cast, language: Language) -> String {
    let test = |p: &Persona| print::passing(program, &p.told, said(&p.name, language));
    cast.personas.iter().map(test).collect::<Vec<_>>().join("\n")
}

// ---- for programs -------------------------------------------------------------------------------------------------

/// Version of the JSON shape.
const JSON_VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    branches: usize,
    personas: Vec<Item<'a>>,
    gaps: Vec<Missing<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    journey: &'a str,
    name: Both<'a>,
    /// Shows messages in another look, and takes no branch that others do not.
    variant: bool,
    covers: Vec<Branch<'a>>,
    sends: Vec<&'a str>,
    /// The story as a test in the language.
    test: String,
}

#[derive(Serialize)]
struct Missing<'a> {
    journey: &'a str,
    branch: Branch<'a>,
    why: Both<'a>,
}

#[derive(Serialize)]
struct Branch<'a> {
    step: &'a str,
    en: String,
    ja: String,
}

#[derive(Serialize)]
struct Both<'a> {
    en: &'a str,
    ja: &'a str,
}

fn json(program: &Program, cast: &Cast) -> String {
    let report = Report {
        version: JSON_VERSION,
        branches: cast.branches,
        personas: cast.personas.iter().map(|p| item(program, p)).collect(),
        gaps: cast.gaps.iter().map(|g| missing(program, g)).collect(),
    };
    serde_json::to_string_pretty(&report).expect("plain data with string keys") + "\n"
}

fn item<'a>(program: &'a Program, persona: &'a Persona) -> Item<'a> {
    let own = persona.sends().iter().filter(|sent| sent.journey == persona.journey);
    Item {
        journey: &program.journey(persona.journey).name,
        name: both(&persona.name),
        variant: persona.variant,
        covers: persona.covers.iter().map(|edge| shown(program, persona.journey, *edge)).collect(),
        sends: own.map(|sent| program.message(sent.message).name.as_str()).collect(),
        test: print::passing(program, &persona.told, &persona.name.en),
    }
}
fn missing<'a>(program: &'a Program, gap: &'a Gap) -> Missing<'a> {
    let journey = &program.journey(gap.journey).name;
    Missing { journey, branch: shown(program, gap.journey, gap.edge), why: both(&gap.why) }
}
fn shown(program: &Program, journey: JourneyId, edge: Edge) -> Branch<'_> {
    let words = branch(program, journey, edge);
    let journey = program.journey(journey);
    let step = journey.code.get(edge.from as usize).map_or("", |i| journey.steps[i.step.index()].name.as_str());
    Branch { step, en: words.en, ja: words.ja }
}
fn both(words: &Reason) -> Both<'_> {
    Both { en: &words.en, ja: &words.ja }
}
