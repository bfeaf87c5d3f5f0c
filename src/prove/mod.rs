//! What holds for every run of a journey: how long it lasts, how many messages it sends, whether it keeps its promises.
//!
//! Runs nothing and words nothing: bounds come from the program alone, over every way through it and every moment at
//! which what it waits for may come. What a bound assumes is written in `docs/prove.md`.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod graph;
pub mod path;

use crate::ir::{Channel, Pc, PolicyId, Promise};
use crate::value::Span;
pub use graph::{Edge, Graph, Loop, Way};
pub use path::{Path, Stretch};

/// What was found of a whole program.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// By [`crate::ir::JourneyId`].
    pub journeys: Vec<Proof>,
    pub pressure: Pressure,
}

/// What was found of one journey.
#[derive(Debug, Clone)]
pub struct Proof {
    pub graph: Graph,
    pub bounds: Bounds,
    /// In the order in which the journey states its promises.
    pub promises: Vec<Judged>,
}

/// A promise and what came of it.
#[derive(Debug, Clone)]
pub struct Judged {
    pub promise: Promise,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Holds for every run.
    Proven,
    /// A way through the journey breaks it, as far as the program tells. A condition on the way may never come true; a
    /// story that takes the way decides.
    Refuted(Path),
    /// Nothing single breaks it that could be told as one way, and yet it does not follow.
    Unproven(Unbounded),
}

/// Time since entry, or between two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed {
    /// The least time that passes, changes of the clock included.
    pub shortest: Span,
    pub longest: Longest,
}

/// The most time that can pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Longest {
    /// `time` counts 24 hours for a day and the longest for a month; `clocks` is what changes of the clock can add.
    Within { time: Span, clocks: Span },
    /// No bound, because of the instruction at `pc`.
    Never { pc: Pc, why: Unbounded },
}

/// The most of something that can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Most {
    Count(u64),
    Unbounded(Unbounded),
}

/// Why there is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unbounded {
    /// A wait for something without `up to`.
    NoLimit,
    /// A wait until a moment that is read from an event or the profile, or written as a date of the calendar.
    MomentRead,
    /// A wait whose length is read from an event or the profile.
    LengthRead,
    /// A cap that holds, and whose room others may take first, again and again.
    CapShared,
    /// People may come again and again.
    Reentry,
    /// Runs of different keys may go on side by side.
    Keys,
}

/// Counts of messages. Webhooks are no messages to a person and count in no total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Messages {
    pub all: Most,
    /// By [`Channel::index`].
    pub channels: [Most; Channel::COUNT],
}

/// What holds for all runs of a journey.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// By [`Pc`]: time since entry at which a run can come there. Absent where no run comes.
    pub arrival: Vec<Option<Elapsed>>,
    /// By [`Pc`]: time since entry at which a run can leave it.
    pub leaving: Vec<Option<Elapsed>>,
    /// From entry to the end, for those who are not held out.
    pub stay: Longest,
    /// For those who are held out: until the goal's window closes.
    pub held_out: Option<Longest>,
    /// A way that lasts as long as `stay`, or the way to the step that has no bound.
    pub longest_path: Path,
    /// The most messages of one run.
    pub run: Messages,
    /// A way with the most messages.
    pub fullest_path: Path,
    /// The most messages one person can get from this journey, ever.
    pub person: Messages,
    /// … on one local day.
    pub day: Messages,
    /// … on seven local days that follow each other.
    pub week: Messages,
}

/// The most messages one person can get from all journeys together.
#[derive(Debug, Clone, PartialEq)]
pub struct Pressure {
    pub day: Load,
    pub week: Load,
}

/// What a total is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    pub total: Most,
    pub parts: Vec<Part>,
}

/// One summand of a [`Load`].
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Journeys that a cap bounds together; the cap of `policy` is the largest among theirs.
    Capped { policy: PolicyId, channel: Option<Channel>, count: u64, journeys: Vec<crate::ir::JourneyId> },
    /// A journey with nothing but its own steps to bound it.
    Own { journey: crate::ir::JourneyId, channel: Option<Channel>, most: Most },
}
