//! `tabi tail`: the decisions of a running Tabi as they are made.
//!
//! Keeps nothing and holds up nobody: what it does not read in time is lost, and is said to be.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::Format;
use super::exit::{Exit, Stop};
use super::remote::{DATA, Remote, part};
use super::speak::Speaker;
use crate::diag::Language;

/// Between two looks when there was nothing new.
const PAUSE: Duration = Duration::from_millis(300);

/// Show the decisions of a running Tabi as they are made; people by a code, not by their ids; Ctrl-C ends
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only of this journey
    #[arg(long, value_name = "JOURNEY")]
    journey: Option<String>,

    /// Only of the person with this id
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,

    /// Show the ids of people
    #[arg(long)]
    show_ids: bool,

    /// For people, or for programs: one line of JSON each
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: Format,

    /// End after so many lines
    #[arg(long, value_name = "N")]
    lines: Option<usize>,

    /// The folder of the data of the Tabi that runs
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: std::path::PathBuf,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let remote = Remote { data: args.data.clone(), json: false };
    let ids = match &args.person {
        Some(person) => Some(ids(&remote.get(&format!("/person/{}", part(person)))?)),
        None => None,
    };
    let mut from = remote.get("/tail")?["next"].as_u64().unwrap_or_default();
    let mut left = args.lines.unwrap_or(usize::MAX);
    while left > 0 {
        let answer = remote.get(&format!("/tail?from={from}"))?;
        from = answer["next"].as_u64().unwrap_or(from);
        if let Some(lost) = answer["lost"].as_u64().filter(|lost| *lost > 0) {
            let text = lost_line(lost, args.format, speaker.language);
            speaker.report(&text)?;
        }
        let lines = answer["lines"].as_array().map_or(&[][..], Vec::as_slice);
        for line in lines.iter().filter(|line| is_wanted(line, args, ids.as_ref())).take(left) {
            speaker.report(&shown(line, args, speaker.language))?;
            left -= 1;
        }
        if lines.is_empty() {
            thread::sleep(PAUSE);
        }
    }
    Ok(Exit::Fine)
}

fn ids(person: &Value) -> BTreeSet<String> {
    let all = person["ids"].as_array().into_iter().flatten();
    all.filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

fn is_wanted(line: &Value, args: &Args, ids: Option<&BTreeSet<String>>) -> bool {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    args.journey.as_ref().is_none_or(|journey| text("journey") == journey)
        && ids.is_none_or(|ids| ids.contains(text("id")))
}

fn shown(line: &Value, args: &Args, language: Language) -> String {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    if args.format == Format::Json {
        let mut line = line.clone();
        if let Some(members) = line.as_object_mut().filter(|_| !args.show_ids) {
            members.remove("id");
        }
        return format!("{line}\n");
    }
    let person = if args.show_ids { text("id") } else { text("person") };
    let what = match language {
        Language::English => text("en"),
        Language::Japanese => text("ja"),
    };
    let line = format!("{}  {person}  {}  {what}", text("time"), text("journey"));
    // Nothing in it commands a terminal.
    format!("{}\n", line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>())
}

fn lost_line(lost: u64, format: Format, language: Language) -> String {
    match (format, language) {
        (Format::Json, _) => format!("{}\n", json!({ "lost": lost })),
        (Format::Pretty, Language::English) => {
            format!("… {lost} lines were lost: they came faster than they were read\n")
        }
        (Format::Pretty, Language::Japanese) => format!("… {lost} 行を失いました (読む速さを超えました)\n"),
    }
}
