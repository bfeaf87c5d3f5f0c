//! What an input means to live runs: goals, exits, and the waits it satisfies.
//!
//! Knows nothing of time that passes; `timers` does.

use crate::ir::journey::Exit;
use crate::ir::{Arm, ArmOn, Expr, Fact, Goal, JourneyId, Op, Pc, SegmentId};
use crate::value::{Instant, Money, Value};

use super::effect::{EndReason, RunNo, Way, What};
use super::evaluate::{Scope, View};
use super::glimpse::Look;
use super::history::field_of;
use super::person::{Met, Pending, Run, RunState};
use super::steps::{Next, after};
use super::turn::{Happened, Trigger, Turn};

impl Turn<'_, '_> {
    // ---- goals ---------------------------------------------------------------------------------------------------

    /// The first goal event within the window counts, of live runs and of those that ended before it.
    pub(super) fn count_goals(&mut self, trigger: Trigger<'_>) {
        let Some(happened) = trigger.event else { return };
        if self.engine.explained {
            self.look_at_goals(happened);
        }
        let Some(activity) = self.person.activity.as_deref() else { return };
        if activity.runs.is_empty() && activity.watches.is_empty() {
            return;
        }
        let live = activity.runs.iter().filter(|run| {
            let reached = |goal| self.reaches(goal, happened, run.entered_at, run.goal_until, &self.view_of(run));
            self.program.journey(run.journey).goal.as_ref().is_some_and(reached)
        });
        let over = activity.watches.iter().filter(|watch| {
            let view = self.view(watch.journey, &watch.slots);
            let reached = |goal| self.reaches(goal, happened, watch.entered_at, Some(watch.until), &view);
            self.program.journey(watch.journey).goal.as_ref().is_some_and(reached)
        });
        let mut reached: Vec<(JourneyId, RunNo)> = live.map(|r| (r.journey, r.no)).collect();
        reached.extend(over.map(|w| (w.journey, w.run)));
        reached.sort_by_key(|(journey, no)| (self.engine.rank(*journey), *no));
        for (journey, no) in reached {
            let worth = self.worth_of(happened);
            self.journal(journey, Some(no), None, What::Goal { event: happened.event, worth });
            let activity = self.activity();
            activity.watches.retain(|w| w.run != no);
            activity.runs.iter_mut().filter(|r| r.no == no).for_each(|r| r.goal_until = None);
        }
    }
    /// The money that the event is about.
    fn worth_of(&self, happened: Happened<'_>) -> Option<Money> {
        let field = self.program.event(happened.event).worth_field()?;
        match field_of(happened.payload, field) {
            Value::Money(worth) => Some(worth),
            _ => None,
        }
    }
    fn look_at_goals(&mut self, happened: Happened<'_>) {
        for no in self.runs_where(|run| run.goal_until.is_some()) {
            let journey = self.person.run(no).map(|run| run.journey);
            let asks =
                |id: &JourneyId| self.program.journey(*id).goal.as_ref().is_some_and(|g| g.event == happened.event);
            if let Some(journey) = journey.filter(asks) {
                self.look(journey, Some(no), &[], || Look::Goal { payload: happened.payload.clone() });
            }
        }
    }
    fn reaches(
        &self,
        goal: &Goal,
        happened: Happened<'_>,
        entered_at: Instant,
        until: Option<Instant>,
        view: &View<'_>,
    ) -> bool {
        goal.event == happened.event
            && happened.at >= entered_at
            && until.is_some_and(|until| self.now < until)
            && view.holds(goal.filter.as_ref(), Some(&Scope::of(happened.payload)))
    }

    // ---- exits ---------------------------------------------------------------------------------------------------

    /// `exit when` acts at once, wherever the run is; it also clears a start that has not settled.
    pub(super) fn apply_exits(&mut self, trigger: Trigger<'_>) {
        for no in self.runs_where(|run| !self.program.journey(run.journey).exits.is_empty()) {
            let Some(journey) = self.person.run(no).map(|run| run.journey) else { continue };
            self.look(journey, Some(no), &[], || Look::Exits {
                payload: trigger.event.map(|h| (h.event, h.payload.clone())),
            });
            let Some(run) = self.person.run(no) else { continue };
            if let Some(exit) = self.exit_of(run.journey, trigger, &self.view_of(run)) {
                self.end(no, EndReason::Exited(exit));
            }
        }
        let pending = self.person.activity.as_deref().map_or(&[][..], |a| &a.pending);
        let cleared: Vec<JourneyId> = pending.iter().filter(|p| self.clears(p, trigger)).map(|p| p.journey).collect();
        if cleared.is_empty() {
            return;
        }
        let mut pending = std::mem::take(&mut self.activity().pending);
        pending.retain(|p| !self.clears(p, trigger));
        self.activity().pending = pending;
        for journey in cleared {
            self.journal(journey, None, None, What::Unsettled);
        }
    }
    fn clears(&self, pending: &Pending, trigger: Trigger<'_>) -> bool {
        let crate::ir::Start::Event { bind, .. } = &self.program.journey(pending.journey).start else { return false };
        let slots = self.slots_of(pending.journey, Some((*bind, &pending.payload)));
        self.exit_of(pending.journey, trigger, &self.view(pending.journey, &slots)).is_some()
    }
    /// The index of the first exit that applies.
    fn exit_of(&self, journey: JourneyId, trigger: Trigger<'_>, view: &View<'_>) -> Option<u16> {
        let applies = |exit: &Exit| match exit {
            Exit::Event { event, filter } => is_event(*event, filter.as_ref(), trigger, view),
            Exit::Segment { segment, enters } => self.is_flip(*segment, *enters, trigger),
        };
        self.program.journey(journey).exits.iter().position(applies).map(|index| index as u16)
    }
    fn is_flip(&self, segment: SegmentId, enters: bool, trigger: Trigger<'_>) -> bool {
        trigger
            .flips
            .iter()
            .any(|(index, member)| *member == enters && self.program.tracked[*index as usize].segment == segment)
    }

    // ---- waits ---------------------------------------------------------------------------------------------------

    /// Waits that the input satisfies, in journey order; of a race, the first arm listed. Only waits that had begun
    /// before the input: a run woken by it does not meet it again.
    pub(super) fn satisfy_waits(&mut self, trigger: Trigger<'_>) {
        for no in self.runs_where(|run| matches!(run.state, RunState::Waiting { .. })) {
            let Some(journey) = self.person.run(no).map(|run| run.journey) else { continue };
            self.look(journey, Some(no), &[], || Look::Arms {
                payload: trigger.event.map(|h| (h.event, h.payload.clone())),
            });
            let Some(run) = self.person.run(no) else { continue };
            let view = self.view_of(run);
            let satisfied = |arm: &Arm| match &arm.on {
                ArmOn::Event { event, filter, .. } => is_event(*event, filter.as_ref(), trigger, &view),
                ArmOn::Segment { segment, enters } => self.is_flip(*segment, *enters, trigger),
                ArmOn::Handle { .. } | ArmOn::Approval { .. } => false,
            };
            if let Some(arm) = self.arms_of(run).iter().position(satisfied) {
                self.wake_by(no, arm, trigger.event.map(|h| h.payload));
            }
        }
    }
    /// The arms a run waits for; none if it does not wait for any.
    fn arms_of(&self, run: &Run) -> &'_ [Arm] {
        match (run.state, self.program.journey(run.journey).code.get(run.pc as usize).map(|i| &i.op)) {
            (RunState::Waiting { .. }, Some(Op::Await { arms, .. })) => arms,
            _ => &[],
        }
    }
    pub(super) fn wake_by(&mut self, no: RunNo, arm_index: usize, payload: Option<&Value>) {
        if self.keeps_for_later(no, || Met::Arm { arm: arm_index as u16, payload: payload.cloned() }) {
            return;
        }
        let Some(index) = self.index_of(no) else { return };
        let run = &self.person.runs()[index];
        let program = self.program;
        let code = &program.journey(run.journey).code;
        let Some(Op::Await { arms, .. }) = code.get(run.pc as usize).map(|i| &i.op) else { return };
        let Some(arm) = arms.get(arm_index) else { return };
        self.journal_run(index, What::Woke { arm: Some(arm_index as u16) });
        if let (ArmOn::Event { bind: Some(slot), .. }, Some(payload)) = (&arm.on, payload) {
            self.assign(index, *slot, payload.clone());
        }
        self.go(index, arm.target, Way::Arm(arm_index as u16));
        self.execute(no);
    }
    /// Time is up.
    pub(super) fn wake_in_vain(&mut self, no: RunNo) {
        if self.keeps_for_later(no, || Met::Nothing) {
            return;
        }
        let Some(index) = self.index_of(no) else { return };
        let run = &self.person.runs()[index];
        let (target, way) = match self.program.journey(run.journey).code.get(run.pc as usize).map(|i| &i.op) {
            Some(Op::Await { otherwise, .. }) => (*otherwise, Way::Otherwise),
            _ => (run.pc + 1, Way::On),
        };
        self.journal_run(index, What::Woke { arm: None });
        self.go(index, target, way);
        self.execute(no);
    }
    /// A wait begins: what is already known of a delivery satisfies it at once.
    pub(super) fn start_waiting(&mut self, index: usize, arms: &[Arm], up_to: Option<&Expr>, otherwise: Pc) -> Next {
        let run = &self.person.runs()[index];
        let known = |arm: &Arm| match &arm.on {
            ArmOn::Handle { handle, fact } => run.knows(*handle, *fact),
            ArmOn::Event { .. } | ArmOn::Approval { .. } | ArmOn::Segment { .. } => false,
        };
        if let Some(arm) = arms.iter().position(known) {
            self.journal_run(index, What::Woke { arm: Some(arm as u16) });
            return Next::Go(arms[arm].target, Way::Arm(arm as u16));
        }
        match up_to.map(|d| after(&self.view_of(run), d)) {
            Some(until) if until <= self.now => {
                self.journal_run(index, What::Woke { arm: None });
                Next::Go(otherwise, Way::Otherwise)
            }
            until => Next::Rest(RunState::Waiting { until }),
        }
    }
    /// A fact of a delivery has become known to its run.
    pub(super) fn satisfy_facts(&mut self, no: RunNo) {
        let Some(run) = self.person.run(no) else { return };
        let known = |arm: &Arm| matches!(&arm.on, ArmOn::Handle { handle, fact } if run.knows(*handle, *fact));
        if let Some(arm) = self.arms_of(run).iter().position(known) {
            self.wake_by(no, arm, None);
        }
    }
    /// An approval satisfies the waits for it; a refusal ends them as if time were up.
    pub(super) fn take_approval(&mut self, by: Option<&str>, approved: bool) {
        for no in self.runs_where(|run| matches!(run.state, RunState::Waiting { .. })) {
            let Some(run) = self.person.run(no) else { continue };
            let asked = |arm: &Arm| matches!(&arm.on, ArmOn::Approval { by: who } if by.is_none_or(|b| b == who));
            match (self.arms_of(run).iter().position(asked), approved) {
                (Some(arm), true) => self.wake_by(no, arm, None),
                (Some(_), false) => self.wake_in_vain(no),
                (None, _) => {}
            }
        }
    }
}

fn is_event(event: crate::ir::EventId, filter: Option<&Expr>, trigger: Trigger<'_>, view: &View<'_>) -> bool {
    trigger.event.is_some_and(|h| h.event == event && view.holds(filter, Some(&Scope::of(h.payload))))
}

/// The bits a report sets in what is known of a delivery.
pub(super) fn facts_of(report: super::Report, is_email: bool) -> u8 {
    use super::Report;
    match report {
        Report::Refused | Report::OverBudget | Report::Late | Report::Discarded => Fact::Failed.bit(),
        Report::Delivered => Fact::Delivered.bit(),
        Report::Opened => Fact::Opened.bit(),
        // A click shows that a mail was opened, even where the reader blocks the pixel.
        Report::Clicked if is_email => Fact::Clicked.bit() | Fact::Opened.bit(),
        Report::Clicked => Fact::Clicked.bit(),
        Report::Bounced => Fact::Bounced.bit(),
        Report::Accepted
        | Report::Complained
        | Report::Blocked
        | Report::Unblocked
        | Report::Unsubscribed
        | Report::Resubscribed => 0,
    }
}
