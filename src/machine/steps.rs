//! Moves a run through its instructions until it rests or ends.
//!
//! Does not decide about sends (`sends`) nor what wakes a resting run (`waits`, `timers`).

use std::sync::Arc;

use crate::ir::{ActionId, Expr, Journey, JourneyId, Op, Pc, SlotId, StepId, Until};
use crate::value::{Date, Instant, Span, Value};

use super::arithmetic;
use super::effect::{ActionCall, CallId, Effect, EndReason, Passage, RunNo, Way, What};
use super::evaluate::View;
use super::glimpse::Look;
use super::person::{Met, Run, RunState, Watch, push_exact};
use super::turn::Turn;

/// Where a run is after an instruction.
pub(super) enum Next {
    Go(Pc, Way),
    Rest(RunState),
    End(EndReason),
}

impl Turn<'_, '_> {
    pub(super) fn execute(&mut self, no: RunNo) {
        while let Some(index) = self.index_of(no) {
            let run = &mut self.person.activity_mut().runs[index];
            run.state = RunState::Moving;
            let (id, pc) = (run.journey, run.pc);
            let program = self.program;
            let journey = program.journey(id);
            let Some(instruction) = journey.code.get(pc as usize) else { return self.end(no, EndReason::Finished) };
            if self.budget == 0 {
                return self.end(no, EndReason::Overrun);
            }
            self.budget -= 1;
            self.look(id, Some(no), &[], || Look::Step(pc));
            match self.instruction(index, journey, pc, &instruction.op) {
                Next::Go(pc, way) => self.go(index, pc, way),
                Next::Rest(state) => {
                    self.person.activity_mut().runs[index].state = state;
                    if let RunState::Waiting { until } = state {
                        self.journal_run(index, What::Waiting { until });
                    }
                    return;
                }
                Next::End(reason) => return self.end(no, reason),
            }
        }
    }

    /// Leaves the instruction the run is at.
    pub(super) fn go(&mut self, index: usize, to: Pc, way: Way) {
        let run = &mut self.person.activity_mut().runs[index];
        if self.engine.traced {
            let passage = Passage { at: self.now, journey: run.journey, run: run.no, pc: run.pc, way };
            self.effects.push(Effect::Passed(passage));
        }
        run.pc = to;
    }

    fn instruction(&mut self, index: usize, journey: &Journey, pc: Pc, op: &Op) -> Next {
        let next = Next::Go(pc + 1, Way::On);
        match op {
            Op::Wait { until } => {
                let due = self.due_of(index, until);
                if due <= self.now { next } else { Next::Rest(RunState::Waiting { until: Some(due) }) }
            }
            Op::Await { arms, up_to, otherwise } => self.start_waiting(index, arms, up_to.as_ref(), *otherwise),
            Op::Send { .. } => self.send(index, journey, pc, op),
            Op::Branch { cases, otherwise } => {
                let view = self.view_of(&self.person.runs()[index]);
                match cases.iter().position(|(condition, _)| view.truth(condition, None)) {
                    Some(case) => Next::Go(cases[case].1, Way::Arm(case as u16)),
                    None => Next::Go(*otherwise, Way::Otherwise),
                }
            }
            Op::Draw { split, slot } => {
                let arm = self.draw(index, *split);
                self.assign(index, *slot, Value::Int(arm.into()));
                self.journal_run(index, What::Arm { split: *split, arm });
                next
            }
            Op::Switch { slot, targets } => {
                let arm = (self.count_in(index, *slot) as usize).min(targets.len().saturating_sub(1));
                targets.get(arm).map_or(next, |target| Next::Go(*target, Way::Arm(arm as u16)))
            }
            Op::Repeat { counter, times, exit } => {
                let passed = self.count_in(index, *counter);
                let again = passed < i64::from(*times);
                self.assign(index, *counter, Value::Int(if again { passed + 1 } else { 0 }));
                if again { next } else { Next::Go(*exit, Way::Otherwise) }
            }
            Op::Jump(target) => Next::Go(*target, Way::On),
            Op::Do { action, result, otherwise, .. } if self.skips(journey_of(&self.person.runs()[index])) => {
                // What was asked of it before is no answer to this.
                if let Some(slot) = result {
                    self.assign(index, *slot, Value::Missing);
                }
                self.journal_run(index, What::CallSkipped { action: *action });
                let (target, way) = without_answer(pc, *otherwise);
                Next::Go(target, way)
            }
            Op::Do { action, params, .. } => self.call(index, *action, params),
            Op::Tag(tag) => {
                self.tag(index, tag, true);
                next
            }
            Op::Untag(tag) => {
                self.tag(index, tag, false);
                next
            }
            Op::Set { field, value } => {
                let value = self.eval(index, value);
                self.write(*field, value);
                self.journal_run(index, What::Set { field: *field });
                next
            }
            Op::Let { slot, value } => {
                let value = self.eval(index, value);
                self.assign(index, *slot, value);
                next
            }
            Op::Stop { because } => Next::End(EndReason::Stopped(because.clone())),
            Op::End => Next::End(EndReason::Finished),
        }
    }

    /// Ends a run at once: with it go its timers and whatever was held. Its goal stays open until its window closes.
    pub(super) fn end(&mut self, no: RunNo, reason: EndReason) {
        let Some(index) = self.index_of(no) else { return };
        self.withdraw_held(index);
        self.journal_run(index, What::Ended { reason });
        let now = self.now;
        let activity = self.activity();
        let run = activity.runs.remove(index);
        if activity.runs.is_empty() {
            // Most people are in nothing most of the time.
            activity.runs = Vec::new();
        }
        activity.watches.retain(|w| w.until > now);
        if let Some(until) = run.goal_until.filter(|until| *until > now) {
            let (journey, entered_at, slots) = (run.journey, run.entered_at, run.slots);
            push_exact(&mut activity.watches, Watch { journey, run: no, entered_at, until, slots });
        }
    }

    // ---- values --------------------------------------------------------------------------------------------------

    pub(super) fn eval(&self, index: usize, expr: &Expr) -> Value {
        self.view_of(&self.person.runs()[index]).owned(expr)
    }
    pub(super) fn assign(&mut self, index: usize, slot: SlotId, value: Value) {
        if let Some(place) = self.activity().runs[index].slots.get_mut(slot.index()) {
            *place = value;
        }
    }
    /// The counter or arm in a slot; 0 before the first.
    fn count_in(&self, index: usize, slot: SlotId) -> i64 {
        match self.person.runs()[index].slots.get(slot.index()) {
            Some(Value::Int(count)) => (*count).max(0),
            _ => 0,
        }
    }
    /// Now, when there is nothing to wait for.
    fn due_of(&self, index: usize, until: &Until) -> Instant {
        let view = self.view_of(&self.person.runs()[index]);
        let (zone, now) = (view.zone, view.now);
        match until {
            Until::After(expr) => after(&view, expr),
            Until::Time(time) => zone.next_time(now, *time),
            Until::Tomorrow(time) => zone.instant(Date(zone.date(now).0.saturating_add(1)), *time),
            Until::Weekday(weekday, time) => {
                let today = zone.date(now).0;
                let days = (0..=8).map(|days| Date(today.saturating_add(days))).filter(|d| d.weekday() == *weekday);
                days.map(|day| zone.instant(day, *time)).find(|due| *due >= now).unwrap_or(now)
            }
            Until::Moment { moment, at } => match (view.owned(moment), at) {
                (Value::Instant(due), None) => due,
                (Value::Instant(due), Some(time)) => zone.instant(zone.date(due), *time),
                (Value::Date(day), time) => zone.instant(day, time.unwrap_or(crate::value::LocalTime::MIDNIGHT)),
                _ => now,
            },
        }
    }

    // ---- actions and tags ----------------------------------------------------------------------------------------

    fn call(&mut self, index: usize, action: ActionId, params: &[Expr]) -> Next {
        let view = self.view_of(&self.person.runs()[index]);
        let params = params.iter().map(|p| view.owned(p)).collect();
        let run = &self.person.runs()[index];
        let (no, journey) = (run.no, run.journey);
        let Some(step) = self.engine.step_at(journey, run.pc) else { return Next::End(EndReason::Finished) };
        let call = CallId { run: no, step, repetition: self.repetition(index, step) };
        self.journal_run(index, What::Called { action });
        self.effects.push(Effect::Call(ActionCall { id: call, journey, action, params }));
        let patience = self.program.actions.get(action.index()).map_or(Span(0), |a| a.patience);
        Next::Rest(RunState::Called { call, until: self.now.plus(patience) })
    }
    /// How often this run has made this step's send or call before; counted only where steps can be repeated.
    pub(super) fn repetition(&mut self, index: usize, step: StepId) -> u16 {
        let run = &mut self.person.activity_mut().runs[index];
        if !self.engine.journeys[run.journey.index()].loops {
            return 0;
        }
        match run.repetitions.iter_mut().find(|(s, _)| *s == step) {
            Some((_, count)) => {
                *count = count.saturating_add(1);
                *count
            }
            None => {
                run.repetitions.push((step, 0));
                0
            }
        }
    }
    /// What an action gave, or that it failed for good.
    pub(super) fn take_answer(&mut self, call: CallId, result: Option<&Value>) {
        let Some(index) = self.index_of(call.run) else { return };
        let run = &self.person.runs()[index];
        if matches!(run.state, RunState::Called { call: open, .. } if open == call) {
            self.leave_call(call.run, result, true);
        }
    }
    /// On from an action, or to its `otherwise`. Without an answer the outcome is unknown, and the run takes it as failed.
    pub(super) fn leave_call(&mut self, no: RunNo, result: Option<&Value>, answered: bool) {
        if self.keeps_for_later(no, || Met::Result { result: result.cloned(), answered }) {
            return;
        }
        let Some(index) = self.index_of(no) else { return };
        let run = &self.person.runs()[index];
        let pc = run.pc;
        let instruction = self.program.journey(run.journey).code.get(pc as usize);
        let Some(Op::Do { action, result: slot, otherwise, .. }) = instruction.map(|i| &i.op) else { return };
        let (target, way) = match result {
            Some(_) => (pc + 1, Way::On),
            None => without_answer(pc, *otherwise),
        };
        if let Some(slot) = slot {
            self.assign(index, *slot, result.cloned().unwrap_or_default());
        }
        if result.is_none() {
            self.journal_run(index, What::CallFailed { action: *action, answered });
        }
        self.go(index, target, way);
        self.execute(no);
    }
    fn tag(&mut self, index: usize, tag: &str, on: bool) {
        if let Some(field) = self.program.person.tags {
            let mut tags = match self.person.field(field) {
                Value::List(tags) => tags.to_vec(),
                _ => Vec::new(),
            };
            let place = tags.iter().position(|t| matches!(t, Value::Text(text) if text.as_ref() == tag));
            match (place, on) {
                (None, true) => tags.push(Value::text(tag)),
                (Some(place), false) => drop(tags.remove(place)),
                (Some(_), true) | (None, false) => {}
            }
            self.write(field, Value::List(Arc::from(tags)));
        }
        let tag = tag.to_owned();
        self.journal_run(index, if on { What::Tagged { tag } } else { What::Untagged { tag } });
    }
}

fn journey_of(run: &Run) -> JourneyId {
    run.journey
}

/// Where a run goes on from a call that gave nothing.
fn without_answer(pc: Pc, otherwise: Option<Pc>) -> (Pc, Way) {
    otherwise.map_or((pc + 1, Way::On), |target| (target, Way::Otherwise))
}

/// A duration from now; now if it is missing or behind.
pub(super) fn after(view: &View<'_>, duration: &Expr) -> Instant {
    match arithmetic::period(&view.owned(duration)) {
        Some(period) => view.zone.plus(view.now, period).clamp(view.now, Instant::NEVER),
        None => view.now,
    }
}
