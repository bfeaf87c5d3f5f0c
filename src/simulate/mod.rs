//! A virtual world for the runtime: recorded people and events in, what the journeys would have done out.
//!
//! Owns no step logic (the machine does), prints nothing, and knows no clock but the input's.

// Opens sources and spreads people over threads; the same bytes come out for any number.
#![allow(clippy::disallowed_methods)]

pub mod compare;
pub mod counts;
mod error;
mod imagined;
mod keys;
pub mod paper;
mod personal;
pub mod prices;
pub mod render;
pub mod report;
mod route;
mod shards;
pub mod sources;
pub mod story;
pub mod timeline;
pub mod words;

use std::collections::BTreeSet;

use crate::ingest::Schema;
use crate::ir::{Channel, Program};
use crate::machine::{Engine, Entry};
use crate::value::{Decimal, Instant, Span};

pub use compare::{Comparison, compare};
pub use error::SimulateError;
pub use prices::Prices;
pub use report::Report;
pub use sources::{Kind, SourceInput, SourceSpec};
pub use story::Story;
pub use words::Words;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// How far timers and schedules run on after the last event; what comes in later is left out.
    pub until: Option<Instant>,
    /// For the response model only.
    pub seed: u64,
    /// The first rejected line ends the run.
    pub strict: bool,
    /// 0 and 1: everything in the caller's thread. The result is the same for any number.
    pub threads: usize,
    /// An id of the person whose story is wanted.
    pub trace: Option<String>,
    pub response: ResponseModel,
    /// Count how many people each journey reaches.
    pub reach: bool,
    /// What messages cost.
    pub prices: Prices,
}

/// How people are imagined to react to messages, by [`Channel::index`]; nobody reacts on a channel that is absent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResponseModel {
    pub channels: [Option<Reaction>; Channel::COUNT],
}

/// Shares of the messages sent on a channel (1 is all). Who converts has clicked, and who clicked has opened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reaction {
    pub open: Decimal,
    pub click: Decimal,
    pub convert: Decimal,
    /// From sending to the first reaction, on average.
    pub delay: Span,
}

/// What a simulation gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub report: Report,
    /// The story that was asked for by [`Options::trace`].
    pub trace: Option<Story>,
}

/// Replays the sources through the program. `progress` is told how many bytes of the sources were read, now and then.
///
/// A source that can be read again is read twice when a story is wanted; of one that cannot (standard input), the
/// worst-pressed person's story stays empty.
pub fn simulate(
    program: &Program,
    sources: &[SourceSpec],
    options: &Options,
    progress: &dyn Fn(u64),
) -> Result<Outcome, SimulateError> {
    let engine = Engine::new(program);
    let schema = Schema::new(program);
    let again = sources.iter().all(SourceSpec::can_be_read_again);
    let watched: BTreeSet<String> = options.trace.iter().filter(|_| !again).cloned().collect();
    let pass = route::Pass {
        engine: &engine,
        schema: &schema,
        sources,
        options,
        watched,
        personal: false,
        lines: false,
        only: None,
    };
    let first = pass.run(progress)?;

    let mut report = report::Report::of(program, &first, sources, &options.prices);
    let mut trace = options.trace.as_ref().filter(|_| !again).and_then(|id| first.story_of(program, id));
    if again {
        if let Some(worst) = first.worst {
            pass.stories_of(&first, &[worst])?.into_iter().for_each(|story| report.tell_worst(story));
        }
        if let Some(id) = &options.trace {
            let seat = first.identities.find(id).ok_or_else(|| SimulateError::UnknownPerson { id: id.clone() })?;
            trace = pass.stories_of(&first, &[seat])?.pop();
        }
    }
    if let (Some(id), None) = (&options.trace, &trace) {
        return Err(SimulateError::UnknownPerson { id: id.clone() });
    }
    Ok(Outcome { report, trace })
}

/// What a replay wrote of experiments.
#[derive(Debug, Clone, PartialEq)]
pub struct Journals {
    /// Of each person the lines of entries, arms and goals, in order; numbers of runs are those after all merges.
    pub people: Vec<Vec<Entry>>,
    /// The end of virtual time.
    pub until: Option<Instant>,
    /// Lines of the sources, and how many of them were taken.
    pub lines: u64,
    pub accepted: u64,
}

/// Replays the sources for their journals alone.
pub fn journals(
    program: &Program,
    sources: &[SourceSpec],
    options: &Options,
    progress: &dyn Fn(u64),
) -> Result<Journals, SimulateError> {
    let (engine, schema) = (Engine::new(program), Schema::new(program));
    let pass = route::Pass {
        engine: &engine,
        schema: &schema,
        sources,
        options,
        watched: BTreeSet::new(),
        personal: false,
        lines: true,
        only: None,
    };
    let passed = pass.run(progress)?;
    let (lines, accepted) = (passed.tally.lines, passed.tally.accepted);
    Ok(Journals { people: passed.lines, until: passed.end, lines, accepted })
}
