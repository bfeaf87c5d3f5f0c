//! A virtual world for the runtime: recorded people and events in, what the journeys would have done out.
//!
//! Owns no step logic (the machine does), prints nothing, and knows no clock but the input's.

// Opens sources and spreads people over threads; the same bytes come out for any number.
#![allow(clippy::disallowed_methods)]

pub mod counts;
mod error;
mod imagined;
mod paper;
pub mod render;
pub mod report;
mod route;
mod shards;
pub mod sources;
pub mod story;
pub mod timeline;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ingest::Schema;
use crate::ir::{Channel, Program};
use crate::machine::Engine;
use crate::value::{Decimal, Instant, Span};

pub use error::SimulateError;
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
    let pass = route::Pass { engine: &engine, schema: &schema, sources, options, watched, only: None };
    let first = pass.run(progress)?;

    let mut report = report::Report::of(program, &first, sources);
    let mut trace = first.story.clone();
    if again {
        if let Some(worst) = first.worst {
            report.tell_worst(pass.story_of(&first, worst)?);
        }
        if let Some(id) = &options.trace {
            let seat = first.identities.find(id).ok_or_else(|| SimulateError::UnknownPerson { id: id.clone() })?;
            trace = Some(pass.story_of(&first, seat)?);
        }
    }
    if let (Some(id), None) = (&options.trace, &trace) {
        return Err(SimulateError::UnknownPerson { id: id.clone() });
    }
    Ok(Outcome { report, trace })
}

/// The name under which a story goes, and all ids of the person.
pub(crate) fn ids_of(first: &route::Passed, seat: u32) -> (Arc<str>, Vec<Arc<str>>) {
    (first.identities.name(seat).clone(), first.identities.ids_of(seat))
}
