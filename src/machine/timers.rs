//! A person's own timers, each acting at its own due time.
//!
//! Sets none: they are the due times in runs, pending starts and memberships.

use crate::value::Instant;

use super::INSTRUCTIONS_PER_MOMENT_MAX;
use super::effect::{EndReason, RunNo};
use super::person::RunState;
use super::turn::{Trigger, Turn};

/// A timer that is due, in the order in which timers of one moment act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    pub at: Instant,
    kind: DueKind,
    /// Journey order, then run: only among runs and pending starts.
    rank: u16,
    no: RunNo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum DueKind {
    /// Memberships that may flip; all of that moment together.
    Flips,
    Run,
    /// `no` is the index of the pending start.
    Settled,
}

impl Turn<'_, '_> {
    /// Fires every timer due at `until` or before, each at its own time, so that a late host gives the same story.
    pub(super) fn fire_due(&mut self, until: Instant) {
        let arrival = self.now;
        while let Some(due) = self.next_due().filter(|due| due.at <= until) {
            self.now = due.at;
            self.budget = INSTRUCTIONS_PER_MOMENT_MAX;
            match due.kind {
                DueKind::Flips => self.fire_flips(),
                DueKind::Run => self.fire_run(due.no),
                DueKind::Settled => {
                    let pending = self.activity().pending.remove(due.no.0 as usize);
                    self.enter_settled(pending);
                }
            }
            self.settle_written();
        }
        self.now = arrival;
        self.budget = INSTRUCTIONS_PER_MOMENT_MAX;
    }
    fn fire_flips(&mut self) {
        let due = self.flips_due();
        let now = self.now;
        self.activity().flips.retain(|(_, at)| *at > now);
        let flips = self.reassess(&due);
        if !flips.is_empty() {
            self.run_stages(Trigger { event: None, flips: &flips });
        }
    }
    fn fire_run(&mut self, no: RunNo) {
        match self.person.run(no).map(|r| r.state) {
            Some(RunState::HeldOut { .. }) => self.end(no, EndReason::HeldOut),
            Some(RunState::Waiting { .. }) => self.wake_in_vain(no),
            Some(RunState::Held { .. }) => self.execute(no),
            // No answer within the message's patience: accepted, outcome unknown. Never sent twice.
            Some(RunState::Asked { .. }) => self.leave_send(no, false),
            // No answer within the action's patience: failed, outcome unknown.
            Some(RunState::Called { .. }) => self.leave_call(no, None, false),
            Some(RunState::Moving) | None => {}
        }
    }
    /// The first timer to fire.
    pub(super) fn next_due(&self) -> Option<Due> {
        let activity = self.person.activity.as_deref()?;
        let flips = activity.flips.iter().map(|(_, at)| Due { at: *at, kind: DueKind::Flips, rank: 0, no: RunNo(0) });
        let runs = activity.runs.iter().filter_map(|run| {
            run.due().map(|at| Due { at, kind: DueKind::Run, rank: self.engine.rank(run.journey), no: run.no })
        });
        let pending = activity.pending.iter().enumerate().filter(|(_, p)| p.frozen.is_none()).map(|(index, p)| {
            let (rank, no) = (self.engine.rank(p.journey), RunNo(index as u32));
            Due { at: p.due, kind: DueKind::Settled, rank, no }
        });
        flips.chain(runs).chain(pending).min()
    }
}
