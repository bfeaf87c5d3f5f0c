//! `tabi prove [JOURNEY]`: what holds for every run, and whether journeys keep what they promise.
//!
//! Proves nothing itself.

mod json;
mod words;

use std::path::PathBuf;

use super::args::Format;
use super::exit::{Exit, Stop};
use super::open::read;
use super::show::journey;
use super::speak::Speaker;
use crate::ir::{JourneyId, Program};
use crate::prove::{self, Analysis, Judged, Verdict};
use crate::witness::{Counter, Effort, Reason, Seeker};

/// Prove how long journeys last at most, how many messages they send, and that they keep their promises
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this journey; without it all, and what they send together
    #[arg(value_name = "JOURNEY")]
    journey: Option<String>,

    /// The project's folder, or one inside it
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,

    /// For people, or for programs
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    // Bounds hold whatever else is found; broken promises are what this tells.
    let opened = read(&args.project);
    let Some(program) = &opened.program else { return opened.refuse(speaker) };
    let chosen: Vec<JourneyId> = match &args.journey {
        Some(name) => vec![journey(program, name)?],
        None => (0..program.journeys.len()).map(|i| JourneyId(i as u16)).collect(),
    };
    let analysis = prove::prove(program);
    let seeker = Seeker::of(program);
    let told = Told { program, seeker: &seeker, analysis: &analysis, chosen: &chosen, whole: args.journey.is_none() };
    speaker.report(&match args.format {
        Format::Pretty => words::tell(&told, speaker.language),
        Format::Json => json::tell(&told),
    })?;
    let kept =
        |id: &JourneyId| analysis.journeys[id.index()].promises.iter().all(|judged| judged.verdict == Verdict::Proven);
    Ok(if chosen.iter().all(kept) { Exit::Fine } else { Exit::Failed })
}

/// What looking for the story of one promise may cost, in inputs to journeys: some seconds.
const EFFORT: u64 = 4_000_000;

/// What is told.
struct Told<'a> {
    program: &'a Program,
    seeker: &'a Seeker<'a>,
    analysis: &'a Analysis,
    chosen: &'a [JourneyId],
    /// All journeys: then what they send together, too.
    whole: bool,
}

impl Told<'_> {
    fn counter_story(&self, id: JourneyId, judged: &Judged) -> Result<Counter, Reason> {
        let proof = &self.analysis.journeys[id.index()];
        self.seeker.counter_story(id, proof, judged, &mut Effort::of(self.program, EFFORT))
    }
}
