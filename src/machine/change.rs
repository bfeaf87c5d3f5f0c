//! What a new generation of the program means to somebody who was there before.
//!
//! Done as of the moment it went live, whenever the person is next looked at: a host need not look at everybody at once,
//! and the story is the same.

use crate::ir::journey::{HandleDef, SlotDef};
use crate::ir::{Change, Fate, FieldId, JourneyId, Op, Redirect, Stage, StepId, Timing, Type};
use crate::value::Value;

use super::INSTRUCTIONS_PER_MOMENT_MAX;
use super::effect::{EndReason, RunNo, What};
use super::person::{Frozen, Pending, Run, RunState};
use super::turn::Turn;

impl Turn<'_, '_> {
    /// Goes through every generation that was live by now and that this person has not seen.
    pub(super) fn catch_up_with_program(&mut self) {
        let arrival = self.now;
        let program = self.program;
        for change in program.changes_after(self.person.generation).take_while(|change| change.at <= arrival) {
            // What was due before then is done as the program before would have: versions stay as they were.
            self.now = change.at;
            self.fire_due(change.at);
            let before = std::mem::replace(&mut self.stages, &change.stages);
            self.change(change);
            self.heed_stages(before);
            let fresh: Vec<JourneyId> =
                change.fresh.iter().copied().filter(|id| !self.was_let_in(before, *id)).collect();
            self.enrol(&fresh);
            self.person.generation = change.generation;
        }
        self.now = arrival;
        self.budget = INSTRUCTIONS_PER_MOMENT_MAX;
    }

    fn change(&mut self, change: &Change) {
        for (old, new) in &change.retyped {
            self.carry(*old, *new);
        }
        self.forward_pending();
        // Membership under the new program is noted in silence: nobody enters because a definition was changed.
        self.written.clear();
        if self.person.known {
            let all: Vec<u16> = (0..self.engine.tracked.len() as u16).collect();
            self.reassess(&all);
        }
        for redirect in &change.redirects {
            let inside = self.runs_where(|run| run.journey == redirect.from);
            inside.into_iter().for_each(|no| self.redirect(no, redirect));
        }
        self.settle_written();
    }

    /// A start that has not settled yet is no run: it enters the version of the day it settles.
    fn forward_pending(&mut self) {
        let program = self.program;
        if self.person.activity.as_deref().is_none_or(|activity| activity.pending.is_empty()) {
            return;
        }
        let forward = |mut pending: Pending| {
            pending.journey = program.current(pending.journey)?;
            Some(pending)
        };
        let pending = std::mem::take(&mut self.activity().pending);
        self.activity().pending = pending.into_iter().filter_map(forward).collect();
    }

    fn redirect(&mut self, no: RunNo, redirect: &Redirect) {
        let Some(run) = self.person.run(no) else { return };
        let at = run.step(self.program);
        let of_step = redirect.steps.iter().find(|(step, _)| Some(*step) == at).map(|(_, fate)| *fate);
        match of_step.unwrap_or(redirect.others) {
            Fate::Stay => {}
            Fate::Stop => self.end(no, EndReason::Removed),
            Fate::To { journey, step, timing } => self.move_run(no, journey, step, timing),
        }
    }

    /// The run goes on in another version, at a step of it.
    fn move_run(&mut self, no: RunNo, journey: JourneyId, step: StepId, timing: Timing) {
        let Some(index) = self.index_of(no) else { return };
        let program = self.program;
        let (old, new) = (program.journey(self.person.runs()[index].journey), program.journey(journey));
        let Some(pc) = new.code.iter().position(|instruction| instruction.step == step) else { return };
        // One of the person's runs of that line and key may be there already.
        let run = &self.person.runs()[index];
        let is_other = |r: &Run| r.no != no && program.is_same_line(r.journey, journey) && r.key == run.key;
        if self.person.runs().iter().any(is_other) {
            return self.end(no, EndReason::Merged);
        }
        self.withdraw_held(index);
        self.journal_run(index, What::Moved { journey, step });
        let frozen = self.stage(journey).is_some_and(Stage::is_frozen);
        let mut run = self.activity().runs.remove(index);
        let by_name = |name: &str| old.slots.iter().position(|slot| slot.name == name);
        let slot = |def: &SlotDef| {
            let kept = by_name(&def.name).filter(|at| old.slots[*at].ty == def.ty);
            kept.and_then(|at| run.slots.get(at).cloned()).unwrap_or_default()
        };
        let slots: Box<[Value]> = new.slots.iter().map(slot).collect();
        let handle = |def: &HandleDef| {
            let kept = old.handles.iter().position(|handle| handle.name == def.name);
            kept.and_then(|at| run.handles.get(at).copied()).unwrap_or_default()
        };
        let handles = new.handles.iter().map(handle).collect();
        let waits = matches!(new.code[pc].op, Op::Wait { .. } | Op::Await { .. });
        let kept = match (run.state, timing) {
            (RunState::Waiting { until: Some(until) }, Timing::KeepingDeadline) if waits => Some(until),
            _ => None,
        };
        (run.slots, run.handles) = (slots, handles);
        run.journey = journey;
        run.pc = pc as u32;
        run.repetitions.retain(|(step, _)| new.code.iter().any(|i| i.step == *step));
        run.state = match kept {
            Some(until) => RunState::Waiting { until: Some(until) },
            None => RunState::Moving,
        };
        // What came while it stood was for the step it stood at.
        let since = run.frozen.as_deref().map(|frozen| frozen.since);
        if frozen || since.is_some() {
            run.frozen = Some(Box::new(Frozen { since: since.unwrap_or(self.now), met: None }));
        }
        let index = self.insert_run(run);
        match kept {
            Some(until) => self.journal_run(index, What::Waiting { until: Some(until) }),
            // When it goes on.
            None if frozen || since.is_some() => {}
            None => self.execute(no),
        }
    }

    /// The value of a field whose type changed, as far as the new type has it.
    fn carry(&mut self, old: FieldId, new: FieldId) {
        let program = self.program;
        let (Some(from), Some(to)) = (program.profile.get(old.index()), program.profile.get(new.index())) else {
            return;
        };
        let value = converted(self.person.field(old), &from.ty, &to.ty, program);
        if !value.is_missing() {
            self.write(new, value);
        }
    }
}

/// The same value in another type; missing where there is none.
fn converted(value: &Value, from: &Type, to: &Type, program: &crate::ir::Program) -> Value {
    match (from, to, value) {
        (_, _, Value::Missing) => Value::Missing,
        (Type::Optional(from), to, _) => converted(value, from, to, program),
        (from, Type::Optional(to), _) => converted(value, from, to, program),
        (from, to, _) if from == to => value.clone(),
        (Type::Enum(a), Type::Enum(b), Value::Enum(index)) => {
            let name = program.enums.get(usize::from(a.0)).and_then(|e| e.variants.get(usize::from(*index)));
            let variants = program.enums.get(usize::from(b.0)).map_or(&[][..], |e| &e.variants);
            let at = name.and_then(|name| variants.iter().position(|v| v == name));
            at.map_or(Value::Missing, |at| Value::Enum(at as u16))
        }
        (Type::Int, Type::Decimal | Type::Percent, Value::Int(n)) => {
            Value::Decimal(crate::value::Decimal::from_int(*n))
        }
        (
            Type::Text | Type::Id | Type::Email | Type::Phone | Type::LineId | Type::PushToken | Type::Url,
            Type::Text | Type::Id,
            Value::Text(text),
        ) => Value::Text(text.clone()),
        _ => Value::Missing,
    }
}
