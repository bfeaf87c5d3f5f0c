//! The experiments of a program and of the versions that were live before it, and what a line of the journal means to them.
//!
//! The only place where ids of a program are read. A live program holds all versions of its journeys under ids that stay, so
//! every line of the journal can be read by it, whenever it was written.

use crate::ir::{Channel, JourneyId, Op, PhaseOf, Program, Split, SplitId};
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
    /// The journey sends on LINE, which tells nothing about fewer than twenty people.
    pub on_line: bool,
    pub phase: PhaseKey,
    /// People may meet it now.
    pub is_current: bool,
    /// It had other shares than these, and they are not known any more.
    pub had_other_shares: bool,
    /// It had another goal than this.
    pub had_other_goal: bool,
}

/// What tells phases of an experiment apart, and puts them in order. Other arms make another split, another way through the
/// journey another version of it; other shares and another goal change what is counted from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhaseKey {
    /// The first version of the journey.
    pub line: JourneyId,
    pub split: SplitId,
    pub journey: JourneyId,
    /// How often its shares had changed.
    pub shares: usize,
    /// How often the journey's goal had changed.
    pub goal: usize,
}

/// What counts as a conversion.
#[derive(Debug, Clone, PartialEq)]
pub struct Aim {
    pub event: String,
    /// Since entry.
    pub within: CalendarPeriod,
    /// The event has money, and does not say which of it counts.
    pub is_worth_unclear: bool,
}

/// All experiments that a program knows of.
#[derive(Debug, Clone)]
pub struct Book<'p> {
    program: &'p Program,
    pub experiments: Vec<Experiment>,
}

/// A line that matters to experiments.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub at: Instant,
    /// All versions of a journey are one.
    pub journey: JourneyId,
    pub run: u32,
    pub fact: Fact,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    Entered,
    /// Met an arm; the experiment by its place in the book.
    Exposed {
        experiment: usize,
        arm: usize,
    },
    /// The goal of the run was reached.
    Reached {
        worth: Option<Money>,
    },
}

impl<'p> Book<'p> {
    /// With the experiments that people may meet now; earlier phases are added as lines tell of them.
    pub fn of(program: &'p Program) -> Book<'p> {
        let mut book = Book { program, experiments: Vec::new() };
        for id in program.live_journeys() {
            let journey = program.journey(id);
            let drawn = |op: &Op| match op {
                Op::Draw { split, .. } => Some(*split),
                _ => None,
            };
            let draws = journey.code.iter().filter_map(|instruction| drawn(&instruction.op));
            for split in journey.holdout.iter().map(|holdout| holdout.split).chain(draws) {
                book.place(id, split, Instant::NEVER);
            }
        }
        book
    }

    /// What a line means to the experiments, if anything. A run must have one number from its beginning to its end.
    pub fn line(&mut self, entry: &Entry) -> Option<Line> {
        let RunNo(run) = entry.run?;
        let fact = match &entry.what {
            What::Entered => Fact::Entered,
            What::Arm { split, arm } => {
                Fact::Exposed { experiment: self.place(entry.journey, *split, entry.at)?, arm: usize::from(*arm) }
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
        Some(Line { at: entry.at, journey: self.program.line(entry.journey), run, fact })
    }

    /// The place of the phase in which somebody met a split at a moment. `None` for ids that the program does not have.
    fn place(&mut self, journey: JourneyId, split: SplitId, at: Instant) -> Option<usize> {
        let phases = self.program.deployed.as_deref().map_or(&[][..], |deployed| &deployed.phases);
        let changes = |of: PhaseOf| phases.iter().filter(move |phase| phase.of == of);
        let before = |of: PhaseOf| changes(of).filter(|phase| phase.at <= at).count();
        let phase = PhaseKey {
            line: self.program.line(journey),
            split,
            journey,
            shares: before(PhaseOf::Split(split)),
            goal: before(PhaseOf::Goal(journey)),
        };
        if let Some(index) = self.experiments.iter().position(|experiment| experiment.phase == phase) {
            return Some(index);
        }
        let had_other_shares = phase.shares < changes(PhaseOf::Split(split)).count();
        let had_other_goal = phase.goal < changes(PhaseOf::Goal(journey)).count();
        let experiment = self.experiment(phase, had_other_shares, had_other_goal)?;
        self.experiments.push(experiment);
        Some(self.experiments.len() - 1)
    }

    fn experiment(&self, phase: PhaseKey, had_other_shares: bool, had_other_goal: bool) -> Option<Experiment> {
        let program = self.program;
        let journey = program.journeys.get(phase.journey.index())?;
        let Split { name, per_run, arms } = program.splits.get(phase.split.index())?;
        let holds_out = program.journeys.iter().any(|j| j.holdout.is_some_and(|holdout| holdout.split == phase.split));
        let goal = journey.goal.as_ref().map(|goal| {
            let event = program.event(goal.event);
            let is_worth_unclear = event.worth_field().is_none() && event.has_money();
            Aim { event: event.name.clone(), within: goal.within, is_worth_unclear }
        });
        let sends_on_line = |op: &Op| match op {
            Op::Send { message, .. } => program.message(*message).channel == Channel::Line,
            _ => false,
        };
        let control = match holds_out {
            true => 0,
            false => arms.iter().position(|arm| arm.name == CONTROL).unwrap_or(0),
        };
        Some(Experiment {
            journey: journey.name.clone(),
            title: journey.title.clone(),
            name: name.clone(),
            kind: if holds_out { Kind::Holdout } else { Kind::Split },
            per_run: *per_run,
            arms: arms.iter().map(|arm| (arm.name.clone(), arm.share)).collect(),
            control,
            goal,
            on_line: journey.code.iter().any(|instruction| sends_on_line(&instruction.op)),
            phase,
            is_current: !program.is_retired(phase.journey) && !had_other_shares && !had_other_goal,
            had_other_shares,
            had_other_goal,
        })
    }
}
