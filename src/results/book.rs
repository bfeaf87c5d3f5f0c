//! The experiments of a program and of those it ran as before, and what a line of the journal means to them.
//!
//! The only place where ids of a program are read: everything after it knows experiments by their place in the book.

use crate::ir::{Channel, JourneyId, Op, Program, Split, SplitId};
use crate::machine::{Entry, RunNo, What};
use crate::value::{CalendarPeriod, Instant, Money};

/// An arm of this name is what the others are compared with; without one, the first arm is.
const CONTROL: &str = "control";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Split,
    /// The first arm is held out, and is what the other is compared with.
    Holdout,
}

/// One phase of one experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    pub journey: String,
    pub title: Option<String>,
    pub name: String,
    pub kind: Kind,
    /// Each run draws anew: runs are counted, not people.
    pub per_run: bool,
    /// Name and share in thousandths of a percent.
    pub arms: Vec<(String, u32)>,
    /// Place of the arm that others are compared with.
    pub control: usize,
    pub goal: Option<Aim>,
    /// From 1; a changed arm or goal begins the next.
    pub phase: u32,
    /// The journey sends on LINE, which tells nothing about fewer than twenty people.
    pub on_line: bool,
}

/// What counts as a conversion.
#[derive(Debug, Clone, PartialEq)]
pub struct Aim {
    pub event: String,
    /// Since entry.
    pub within: CalendarPeriod,
}

/// All experiments, of all versions of a program that were read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Book {
    pub experiments: Vec<Experiment>,
    /// Journeys with experiments, by name.
    pub(super) journeys: Vec<String>,
}

/// How lines that were written under one version of a program are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// By [`SplitId`]: the place in the book.
    splits: Vec<Option<usize>>,
    /// By [`JourneyId`]: the place in [`Book::journeys`].
    journeys: Vec<Option<usize>>,
}

/// A line that matters to experiments.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub at: Instant,
    /// Place among the journeys of the book.
    pub journey: usize,
    pub run: u32,
    pub fact: Fact,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    Entered,
    /// Met an arm.
    Exposed {
        experiment: usize,
        arm: usize,
    },
    /// The goal of the run was reached.
    Reached {
        worth: Option<Money>,
    },
}

impl Book {
    /// The experiments of one program.
    pub fn of(program: &Program) -> (Book, Version) {
        let mut book = Book::default();
        let version = book.add(program, &|_| false);
        (book, version)
    }

    /// Adds a version; the oldest comes first. An experiment goes on in its phase if its arms, their shares and its goal are
    /// as in the version before, and `is_changed` does not say that its journey means something else now.
    pub fn add(&mut self, program: &Program, is_changed: &dyn Fn(&str) -> bool) -> Version {
        let mut splits = vec![None; program.splits.len()];
        let mut journeys = vec![None; program.journeys.len()];
        for (index, journey) in program.journeys.iter().enumerate() {
            let drawn = |op: &Op| match op {
                Op::Draw { split, .. } => Some((*split, Kind::Split)),
                _ => None,
            };
            let draws = journey.code.iter().filter_map(|instruction| drawn(&instruction.op));
            let held = journey.holdout.map(|holdout| (holdout.split, Kind::Holdout));
            for (split, kind) in held.into_iter().chain(draws) {
                let Some(place) = splits.get_mut(split.index()).filter(|place| place.is_none()) else { continue };
                let Some(found) = experiment(program, JourneyId(index as u16), split, kind) else { continue };
                *place = Some(self.place(found, is_changed(&journey.name)));
                journeys[index] = Some(self.journey(&journey.name));
            }
        }
        Version { splits, journeys }
    }

    fn place(&mut self, mut found: Experiment, is_changed: bool) -> usize {
        let before = self.experiments.iter().rposition(|e| e.journey == found.journey && e.name == found.name);
        if let Some(index) = before {
            found.phase = self.experiments[index].phase;
            let same = Experiment { title: found.title.clone(), ..self.experiments[index].clone() } == found;
            if same && !is_changed {
                return index;
            }
            found.phase += 1;
        }
        self.experiments.push(found);
        self.experiments.len() - 1
    }

    fn journey(&mut self, name: &str) -> usize {
        self.journeys.iter().position(|known| known == name).unwrap_or_else(|| {
            self.journeys.push(name.to_owned());
            self.journeys.len() - 1
        })
    }
}

impl Version {
    /// What a line means to the experiments, if anything. A run must have one number from its beginning to its end.
    pub fn line(&self, entry: &Entry) -> Option<Line> {
        let journey = (*self.journeys.get(entry.journey.index())?)?;
        let RunNo(run) = entry.run?;
        let fact = match &entry.what {
            What::Entered => Fact::Entered,
            What::Arm { split, arm } => {
                Fact::Exposed { experiment: (*self.splits.get(split.index())?)?, arm: usize::from(*arm) }
            }
            What::Goal { worth, .. } => Fact::Reached { worth: *worth },
            What::Settling { .. }
            | What::Unsettled
            | What::NotEntered { .. }
            | What::HeldOut
            | What::Waiting { .. }
            | What::Woke { .. }
            | What::Sent { .. }
            | What::Held { .. }
            | What::Dropped { .. }
            | What::Withdrawn { .. }
            | What::Reported { .. }
            | What::Called { .. }
            | What::CallFailed { .. }
            | What::Tagged { .. }
            | What::Untagged { .. }
            | What::Set { .. }
            | What::Moved { .. }
            | What::Membership { .. }
            | What::Paused
            | What::Resumed
            | What::CallSkipped { .. }
            | What::Ended { .. } => return None,
        };
        Some(Line { at: entry.at, journey, run, fact })
    }
}

fn experiment(program: &Program, id: JourneyId, split: SplitId, kind: Kind) -> Option<Experiment> {
    let (journey, Split { name, per_run, arms }) = (program.journey(id), program.splits.get(split.index())?);
    let goal = journey.goal.as_ref().map(|g| Aim { event: program.event(g.event).name.clone(), within: g.within });
    let sends_on_line = |op: &Op| match op {
        Op::Send { message, .. } => program.message(*message).channel == Channel::Line,
        _ => false,
    };
    let control = match kind {
        Kind::Holdout => 0,
        Kind::Split => arms.iter().position(|arm| arm.name == CONTROL).unwrap_or(0),
    };
    Some(Experiment {
        journey: journey.name.clone(),
        title: journey.title.clone(),
        name: name.clone(),
        kind,
        per_run: *per_run,
        arms: arms.iter().map(|arm| (arm.name.clone(), arm.share)).collect(),
        control,
        goal,
        phase: 1,
        on_line: journey.code.iter().any(|instruction| sends_on_line(&instruction.op)),
    })
}
