//! `tabi bundles` and `tabi steps`: which versions there are, and where people stand in them.
//!
//! Changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::bundle::{Bundle, hex};
use super::{prepare, stage, stored};
use crate::cli::args::Format;
use crate::cli::exit::{Exit, Stop};
use crate::cli::remote::DATA;
use crate::cli::run::trouble::store_trouble;
use crate::cli::speak::Speaker;
use crate::diag::{Phrase, did_you_mean};
use crate::ir::{JourneyId, Program, StepId};
use crate::machine::Engine;
use crate::plan::{Heads, version_name};
use crate::ports::store::StoreError;
use crate::store::kept::{self, Kind};

/// List the versions that were live, and how many are still inside
#[derive(Debug, clap::Args)]
pub struct BundlesArgs {
    #[command(flatten)]
    common: Common,
}

/// List the steps of a journey by their stable names, with how many stand at each
#[derive(Debug, clap::Args)]
pub struct StepsArgs {
    /// The journey
    #[arg(value_name = "JOURNEY")]
    journey: String,

    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// Where the data are kept
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: PathBuf,

    /// For people, or for programs
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
}

fn heads(common: &Common) -> Result<(Program, Heads), Stop> {
    let trouble = |error: StoreError| store_trouble(&common.data, &error);
    let mut data = prepare::data(&common.data)?;
    let engine = Engine::new(&data.program);
    let people = prepare::people(&engine, &mut *data.reader, data.at, &BTreeSet::new());
    let heads = people.map_err(trouble)?.heads;
    Ok((data.program, heads))
}

pub fn bundles(args: &BundlesArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let folder = &args.common.data;
    let trouble = |error: StoreError| store_trouble(folder, &error);
    let (live, heads) = heads(&args.common)?;
    let bundles: BTreeMap<String, Bundle> =
        Bundle::all(folder).map_err(trouble)?.into_iter().map(|bundle| (bundle.hash.clone(), bundle)).collect();
    let mut numbers: Vec<u32> =
        kept::names(folder, Kind::Program).map_err(trouble)?.iter().filter_map(|name| name.parse().ok()).collect();
    numbers.sort_unstable();
    let mut rows = Vec::new();
    let mut before: Option<Program> = None;
    for number in numbers.into_iter().filter(|number| *number <= live.generation()) {
        let program = stored::kept(folder, number, None).map_err(trouble)?;
        let staged = before.as_ref().map(|before| stage::changes(before, &program)).unwrap_or_default();
        let hash = hex(program.bundle());
        // People inside are those of versions of journeys that this one brought.
        let inside: u64 = heads.iter().filter(|((id, _), _)| live.since(*id) == number).map(|(_, count)| count).sum();
        let went_live = live.deployed.as_deref().and_then(|d| d.changes.iter().find(|c| c.generation == number));
        rows.push(json!({
            "version": number,
            "bundle": hash,
            "live": number == live.generation(),
            "went_live": went_live.map(|change| change.at.to_string()),
            "inside": inside,
            "files": bundles.get(&hash).map(|bundle| bundle.files.len()),
            "stages": staged.iter().map(|said| json!({ "en": said.en, "ja": said.ja })).collect::<Vec<_>>(),
        }));
        before = Some(program);
    }
    let text = match args.common.format {
        Format::Json => serde_json::to_string_pretty(&json!({ "bundles": rows })).unwrap_or_default() + "\n",
        Format::Pretty => {
            let mut out = String::new();
            for row in rows.iter().rev() {
                let (version, inside) = (&row["version"], &row["inside"]);
                let bundle = row["bundle"].as_str().unwrap_or_default();
                let at = row["went_live"].as_str().unwrap_or("-");
                let mark = if row["live"] == true { "*" } else { " " };
                let staged = |language: &str| -> String {
                    let all = row["stages"].as_array().into_iter().flatten();
                    let told: Vec<&str> = all.filter_map(|said| said[language].as_str()).collect();
                    if told.is_empty() { String::new() } else { format!("  {}", told.join(", ")) }
                };
                let said = Phrase::new(
                    format!(
                        "{mark} v{version}  {}  {at}  {inside} inside{}",
                        &bundle[..bundle.len().min(8)],
                        staged("en")
                    ),
                    format!(
                        "{mark} v{version}  {}  {at}  途中 {inside} 人{}",
                        &bundle[..bundle.len().min(8)],
                        staged("ja")
                    ),
                );
                let _ = writeln!(out, "{}", speaker.say(&said));
            }
            out
        }
    };
    speaker.report(&text)?;
    Ok(Exit::Fine)
}

pub fn steps(args: &StepsArgs, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let (live, heads) = heads(&args.common)?;
    let all = (0..live.journeys.len() as u16).map(JourneyId);
    let versions: Vec<JourneyId> = all.filter(|id| live.journey(*id).name == args.journey).collect();
    if versions.is_empty() {
        let meant = did_you_mean(&args.journey, live.journeys.iter().map(|journey| journey.name.as_str()));
        let help = match meant {
            Some(meant) => Phrase::new(format!("did you mean `{meant}`?"), format!("`{meant}` ではありませんか")),
            None => Phrase::new("`tabi status` lists them", "`tabi status` で確かめる"),
        };
        let name = &args.journey;
        return Err(Stop::Usage {
            what: Phrase::new(format!("there is no journey `{name}`"), format!("ジャーニー `{name}` はありません")),
            help,
        });
    }
    let mut rows = Vec::new();
    for id in versions.into_iter().rev() {
        let journey = live.journey(id);
        let count = |step: Option<StepId>| heads.get(&(id, step)).copied().unwrap_or_default();
        let inside: u64 = heads.iter().filter(|((of, _), _)| *of == id).map(|(_, count)| count).sum();
        if live.is_retired(id) && inside == 0 {
            continue;
        }
        let first = usize::from(live.first_step(id));
        let named = journey.steps.iter().enumerate().skip(first);
        let steps: Vec<_> = named
            .filter(|(index, _)| journey.code.iter().any(|i| i.step.index() == *index))
            .map(|(index, step)| json!({ "step": step.name, "heads": count(Some(StepId(index as u16))) }))
            .collect();
        rows.push(json!({
            "version": version_name(&live, id),
            "retired": live.is_retired(id),
            "inside": inside,
            "held_out": count(None),
            "steps": steps,
        }));
    }
    let text = match args.common.format {
        Format::Json => {
            let told = json!({ "journey": args.journey, "versions": rows });
            serde_json::to_string_pretty(&told).unwrap_or_default() + "\n"
        }
        Format::Pretty => {
            let mut out = String::new();
            for row in &rows {
                let version = row["version"].as_str().unwrap_or_default();
                let inside = &row["inside"];
                let is_old = row["retired"] == true;
                let said = Phrase::new(
                    format!(
                        "{} {version}{}: {inside} inside",
                        args.journey,
                        if is_old { ", nobody enters any more" } else { "" }
                    ),
                    format!("{} {version}{}: 途中 {inside} 人", args.journey, if is_old { " (新規なし)" } else { "" }),
                );
                let _ = writeln!(out, "{}", speaker.say(&said));
                for step in row["steps"].as_array().into_iter().flatten() {
                    let _ = writeln!(out, "  {:>8}  {}", step["heads"], step["step"].as_str().unwrap_or_default());
                }
                if row["held_out"] != 0 {
                    let held = Phrase::new("held out", "比較のため対象外");
                    let _ = writeln!(out, "  {:>8}  {}", row["held_out"], speaker.say(&held));
                }
            }
            out
        }
    };
    speaker.report(&text)?;
    Ok(Exit::Fine)
}
