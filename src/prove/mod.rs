//! What holds for every run of a journey: how long it lasts, how many messages it sends, whether it keeps its promises.
//!
//! Runs nothing and words nothing: bounds come from the program alone, over every way through it and every moment at
//! which what it waits for may come. What a bound assumes is written in `docs/prove.md`.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod apart;
mod bounds;
mod clocked;
mod course;
mod crowded;
mod entries;
pub mod graph;
mod holding;
mod late;
mod moments;
pub mod path;
mod pressure;
mod promises;
mod sweep;
mod takes;
mod windows;

use std::collections::BTreeSet;

use crate::ir::{Cap, Channel, JourneyId, Overflow, Pc, PolicyId, Program, Promise, Start};
use crate::value::Span;
use crate::value::time::CLOCK_CHANGES_MAX;
use apart::Apart;
use bounds::{Counter, Subject, Times};
use entries::Entries;
pub use graph::{Edge, Graph, Loop, Way};
use holding::Others;
pub use path::{Path, Stretch};
pub use promises::allowed;
use windows::Window;

/// Bounds, promises and pressure of a whole program.
pub fn prove(program: &Program) -> Analysis {
    prove_without(program, &[])
}

/// The same, where some ways are known never to be taken; by [`JourneyId`], for those that have any.
pub fn prove_without(program: &Program, dead: &[BTreeSet<Edge>]) -> Analysis {
    let none = BTreeSet::new();
    let subjects: Vec<Subject<'_>> = (0..program.journeys.len())
        .map(|i| {
            let id = JourneyId(i as u16);
            let graph = Graph::new(program.journey(id), dead.get(i).unwrap_or(&none));
            Subject::new(program, id, graph, clocks(program, id))
        })
        .collect();
    let rivals = Rivals::of(program, &subjects);
    let times = |(i, subject)| Times::new(subject, &|cap: &Cap| rivals.others(subject, i, cap));
    let times: Vec<Times> = subjects.iter().enumerate().map(times).collect();
    let counters: Vec<Counter<'_, '_>> = subjects.iter().zip(&times).map(|(s, t)| Counter::new(s, t)).collect();
    let journeys = counters.iter().zip(&times).map(|(counter, times)| Proof {
        graph: counter.subject.graph.clone(),
        bounds: counter.bounds(),
        promises: promises::judge(counter, times),
    });
    let pressure =
        Pressure { day: pressure::load(&counters, Window::Days(1)), week: pressure::load(&counters, Window::Days(7)) };
    Analysis { journeys: journeys.collect(), pressure }
}

/// How far the clocks can be moved for the people of a journey: those of its policy's zone, or of any if people have
/// zones of their own.
pub fn clocks(program: &Program, journey: JourneyId) -> Span {
    match program.person.zone {
        Some(_) => CLOCK_CHANGES_MAX,
        None => program.policy(program.journey(journey).policy).zone.clock_changes(),
    }
}

/// How many messages every journey can send to one person, ever; asked only where a cap holds.
struct Rivals {
    /// By channel, all messages last; then by journey. None: without end.
    sent: Vec<Vec<Option<u64>>>,
}

impl Rivals {
    fn of(program: &Program, subjects: &[Subject<'_>]) -> Rivals {
        let holds = |cap: &Cap| cap.overflow == Overflow::Hold;
        if !program.policies.iter().any(|policy| policy.caps.iter().any(holds)) {
            return Rivals { sent: Vec::new() };
        }
        let whiches = Channel::ALL.into_iter().map(Some).chain([None]);
        let ever = |subject: &Subject<'_>, which| match subject.most_dispatched(which) {
            0 => Some(0),
            run => Entries::of(subject.journey, Apart::STILL).in_all().ok().map(|runs| runs.saturating_mul(run)),
        };
        Rivals { sent: whiches.map(|which| subjects.iter().map(|s| ever(s, which)).collect()).collect() }
    }

    /// How many messages that the cap counts can come from elsewhere than the one run that is looked at. None: without
    /// end.
    fn others(&self, subject: &Subject<'_>, index: usize, cap: &Cap) -> Option<Others> {
        // Runs of one key follow each other: none is beside this one.
        if matches!(&subject.journey.start, Start::Event { key: Some(_), .. }) {
            return None;
        }
        let sent = self.sent.get(cap.channel.map_or(Channel::COUNT, Channel::index))?;
        let elsewhere = sent.iter().enumerate().filter(|(i, _)| *i != index);
        let meanwhile = elsewhere.map(|(_, count)| *count).sum::<Option<u64>>()?;
        let own = sent.get(index).copied().flatten();
        Some(Others { meanwhile, ever: own.map(|own| meanwhile.saturating_add(own.saturating_sub(1))) })
    }
}

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
    /// The bound that was found is worse than the promise. A condition on the way may never come true: only a story that
    /// breaks it refutes the promise, and without one it is not proven.
    Open(Doubt),
}

/// Why a promise is not proven.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    pub bound: Bound,
    /// Ways of one run on which too much comes together, the likeliest first. None where it takes several runs.
    pub ways: Vec<Path>,
}

/// The bound that was found for what a promise is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    Messages(Most),
    Stay(Longest),
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
    /// By [`Pc`] and edge, as in the graph: the time each way out takes.
    pub ways: Vec<Vec<Elapsed>>,
    /// From entry to the end, for those who are not held out.
    pub stay: Longest,
    /// Since midnight (of Monday, where weekdays matter): who enters then can stay longest.
    pub latest_entry: Span,
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

impl Proof {
    /// The time that way takes.
    pub fn takes(&self, edge: &Edge) -> Option<Elapsed> {
        let index = self.graph.leaving(edge.from).iter().position(|e| e == edge)?;
        self.bounds.ways.get(edge.from as usize)?.get(index).copied()
    }
}
