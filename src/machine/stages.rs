//! What the stage of a journey means to one person: whom a share leaves out, and runs that stand while it is frozen.
//!
//! Sends nothing: what stands at the door while a journey is frozen is the host's.

use crate::ir::{JourneyId, Stage};
use crate::value::{Span, id};

use super::effect::{NotEntered, RunNo, What};
use super::person::{Frozen, Met, RunState};
use super::turn::Turn;

/// Before the name of a journey, in what decides who is in a share of it: no split is called so.
const RAMP_SALT: &str = "ramp ";

impl<'p> Turn<'_, 'p> {
    pub(super) fn stage(&self, journey: JourneyId) -> Option<&'p Stage> {
        if self.stages.is_empty() {
            return None;
        }
        let line = self.program.line(journey);
        self.stages.iter().find(|stage| stage.line == line)
    }
    /// What comes due of it is dropped.
    pub(super) fn skips(&self, journey: JourneyId) -> bool {
        self.stage(journey).is_some_and(Stage::skips)
    }
    pub(super) fn keeps_out(&self, stage: &Stage) -> Option<NotEntered> {
        if stage.pause.is_some() {
            return Some(NotEntered::Paused);
        }
        (!self.is_in_share(stage.line, stage.share)).then_some(NotEntered::Ramp)
    }
    /// By the journey and the person alone.
    fn is_in_share(&self, line: JourneyId, share: u32) -> bool {
        let name = &self.program.journey(line).name;
        share >= Stage::WHOLE || id::bucket(&format!("{RAMP_SALT}{name}"), &self.person.id, Stage::WHOLE) < share
    }
    /// The share has grown, and the person was in the smaller: for them nothing is new.
    pub(super) fn was_let_in(&self, before: &[Stage], journey: JourneyId) -> bool {
        let line = self.program.line(journey);
        let share = |stages: &[Stage]| stages.iter().find(|stage| stage.line == line).map_or(Stage::WHOLE, |s| s.share);
        let (was, is) = (share(before), share(self.stages));
        was < is && self.is_in_share(line, was)
    }

    /// Runs and pending starts of a journey that is frozen from now on stand; those of one that is not any more go on.
    /// `before` are the stages of the generation before.
    pub(super) fn heed_stages(&mut self, before: &[Stage]) {
        let Some(activity) = self.person.activity.as_deref() else { return };
        if activity.runs.is_empty() && activity.pending.is_empty() {
            return;
        }
        let now = self.now;
        let mut pending = std::mem::take(&mut self.activity().pending);
        for start in &mut pending {
            match (self.stage(start.journey).is_some_and(Stage::is_frozen), start.frozen) {
                (true, None) => start.frozen = Some(now),
                (false, Some(since)) => {
                    start.due = start.due.plus(Span(now.since(since).0.max(0)));
                    start.frozen = None;
                }
                (true, Some(_)) | (false, None) => {}
            }
        }
        self.activity().pending = pending;
        // Who is held out takes no step that could be put off: only the goal's window runs, and it runs for all alike.
        for no in self.runs_where(|run| !run.is_held_out()) {
            let Some(index) = self.index_of(no) else { continue };
            let run = &self.person.runs()[index];
            let journey = run.journey;
            let line = self.program.line(journey);
            let was_skipping = before.iter().any(|stage| stage.line == line && stage.skips());
            match (self.stage(journey).is_some_and(Stage::is_frozen), run.is_frozen()) {
                (true, false) => {
                    self.activity().runs[index].frozen = Some(Box::new(Frozen { since: now, met: None }));
                    self.journal_run(index, What::Paused);
                }
                (false, true) => self.thaw(no),
                (true, true) => {}
                (false, false) => match (was_skipping, self.skips(journey)) {
                    (false, true) => self.journal_run(index, What::Paused),
                    (true, false) => self.journal_run(index, What::Resumed),
                    (true, true) | (false, false) => {}
                },
            }
        }
    }

    /// Goes on with what was left, or by what came meanwhile. Quiet hours and caps are of the clock, not of the run: what they
    /// held is looked at again.
    fn thaw(&mut self, no: RunNo) {
        let Some(index) = self.index_of(no) else { return };
        let now = self.now;
        let run = &mut self.activity().runs[index];
        let Some(frozen) = run.frozen.take() else { return };
        let Frozen { since, met } = *frozen;
        let stood = Span(now.since(since).0.max(0));
        match &mut run.state {
            RunState::Waiting { until: Some(until) } => *until = until.plus(stood),
            RunState::Asked { until, .. } | RunState::Called { until, .. } => *until = until.plus(stood),
            RunState::Held { until, .. } => *until = (*until).max(now),
            RunState::Waiting { until: None } | RunState::HeldOut { .. } | RunState::Moving => {}
        }
        let state = run.state;
        self.journal_run(index, What::Resumed);
        match (met, state) {
            (Some(Met::Arm { arm, payload }), _) => self.wake_by(no, usize::from(arm), payload.as_ref()),
            (Some(Met::Nothing), _) => self.wake_in_vain(no),
            (Some(Met::Answer { refused }), _) => self.leave_send(no, refused),
            (Some(Met::Result { result, answered }), _) => self.leave_call(no, result.as_ref(), answered),
            // Moved to a step of another version while it stood.
            (None, RunState::Moving) => self.execute(no),
            (None, RunState::Waiting { until: Some(until) }) => {
                self.journal_run(index, What::Waiting { until: Some(until) });
            }
            (None, _) => {}
        }
    }
    /// Of a run that stands, whatever would move it: the first such thing is kept until it goes on.
    pub(super) fn keeps_for_later(&mut self, no: RunNo, met: impl FnOnce() -> Met) -> bool {
        let Some(index) = self.index_of(no) else { return false };
        let Some(frozen) = self.activity().runs[index].frozen.as_deref_mut() else { return false };
        frozen.met.get_or_insert_with(met);
        true
    }
}
