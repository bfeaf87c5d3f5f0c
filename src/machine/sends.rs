//! A send: the checks in their order, holding, acceptance, and what a refusal brings.
//!
//! Delivers nothing; an accepted message is an effect for the host.

use crate::ir::{
    Expr, Fact, HandleId, Journey, JourneyId, MessageDef, MessageId, Op, Overflow, Pc, Policy, Program, Stage,
};
use crate::value::{Instant, Value};

use super::effect::{Effect, EndReason, Order, Reason, SendId, Way, What};
use super::engine::Engine;
use super::person::{BLOCKED, BOUNCED, COMPLAINED, Delivery, Person, RunState, Sent, UNSUBSCRIBED, push_exact};
use super::steps::Next;
use super::turn::Turn;
use super::{caps, quiet};

/// What the checks say of a message now.
enum Verdict {
    /// Not to go out at this moment or later.
    Accept(Instant),
    Hold(Reason, Instant),
    Drop(Reason),
}

/// Whether an order may go out now, some time after it was accepted for dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// Quiet hours have begun meanwhile.
    Hold(Instant),
    Shut(Reason),
}

impl Engine<'_> {
    /// Looks at an order again when it is about to leave: providers fail and rates are limited, so that can be long after
    /// the machine let it go. Consent, reachability, the deadline and quiet hours are those of now; caps have counted it.
    pub fn gate(&self, person: &Person, order: &Order, at: Instant) -> Gate {
        let message = self.program.message(order.message);
        let policy = self.program.policy(self.program.journey(order.journey).policy);
        if self.program.stage(order.journey).is_some_and(Stage::skips) {
            return Gate::Shut(Reason::Late);
        }
        if at >= order.deadline {
            return Gate::Shut(Reason::Deadline);
        }
        if let Some(reason) = refusal_of(self.program, person, message) {
            return Gate::Shut(reason);
        }
        if !message.channel.is_personal() {
            return Gate::Open;
        }
        match quiet::hold(&policy.quiet, self.zone(person, order.journey), at) {
            None => Gate::Open,
            Some(Ok(until)) if until < order.deadline => Gate::Hold(until),
            Some(Ok(_)) => Gate::Shut(Reason::Deadline),
            Some(Err(())) => Gate::Shut(Reason::Quiet),
        }
    }
}

/// Consent, then whether the channel leads to the person.
fn refusal_of(program: &Program, person: &Person, message: &MessageDef) -> Option<Reason> {
    if !message.channel.is_personal() {
        return None;
    }
    let reach = person.reach[message.channel.index()];
    let consents = person.consents_to(message.purpose) && reach & (UNSUBSCRIBED | COMPLAINED) == 0;
    if message.needs_consent && !consents {
        return Some(Reason::Consent);
    }
    let address = address_of(program, person, message);
    (address.is_missing() || reach & (BLOCKED | BOUNCED) != 0).then_some(Reason::Unreachable)
}

fn address_of<'a>(program: &Program, person: &'a Person, message: &MessageDef) -> &'a Value {
    program.person.addresses[message.channel.index()].map_or(&Value::Missing, |field| person.field(field))
}

impl Turn<'_, '_> {
    /// Runs all checks, at the send and again whenever a hold ends: what was withdrawn meanwhile counts.
    pub(super) fn send(&mut self, index: usize, journey: &Journey, pc: Pc, op: &Op) -> Next {
        let Op::Send { message: id, params, before, handle, otherwise } = op else {
            return Next::End(EndReason::Finished);
        };
        let program = self.program;
        let message = program.message(*id);
        self.forget_delivery(index, *handle);
        match self.judge(index, program.policy(journey.policy), message, before.as_ref()) {
            Verdict::Accept(deadline) => self.accept(index, (*id, deadline), params, *handle, pc, otherwise.is_some()),
            Verdict::Hold(reason, until) => {
                self.journal_run(index, What::Held { message: *id, reason, until });
                Next::Rest(RunState::Held { reason, until })
            }
            Verdict::Drop(reason) => {
                self.fail(index, *handle);
                self.journal_run(index, What::Dropped { message: *id, reason });
                otherwise.map_or(Next::Go(pc + 1, Way::On), |target| Next::Go(target, Way::Otherwise))
            }
        }
    }

    /// Not while its journey is paused and what comes due is dropped; then withheld, consent, reachable, deadline, quiet hours, caps: the first that refuses names the reason.
    fn judge(&self, index: usize, policy: &Policy, message: &MessageDef, before: Option<&Expr>) -> Verdict {
        if self.skips(self.person.runs()[index].journey) {
            return Verdict::Drop(Reason::Late);
        }
        let view = self.view_of(&self.person.runs()[index]);
        if policy.withhold.iter().any(|w| w.purpose == message.purpose && view.truth(&w.when, None)) {
            return Verdict::Drop(Reason::Withhold);
        }
        if let Some(reason) = refusal_of(self.program, self.person, message) {
            return Verdict::Drop(reason);
        }
        let deadline = match before.map(|b| view.owned(b)) {
            Some(Value::Instant(at)) => at,
            Some(Value::Date(day)) => view.zone.midnight(day),
            _ => Instant::NEVER,
        };
        if self.now >= deadline {
            return Verdict::Drop(Reason::Deadline);
        }
        match self.overflow(policy, message, view.zone) {
            None => Verdict::Accept(deadline),
            Some(Verdict::Hold(_, until)) if until >= deadline => Verdict::Drop(Reason::Deadline),
            Some(verdict) => verdict,
        }
    }
    /// Quiet hours, then caps; a hold by a cap that ends in quiet hours lasts until these end too.
    fn overflow(&self, policy: &Policy, message: &MessageDef, zone: crate::value::Zone) -> Option<Verdict> {
        if !message.channel.is_personal() {
            return None;
        }
        match quiet::hold(&policy.quiet, zone, self.now) {
            Some(Ok(until)) => return Some(Verdict::Hold(Reason::Quiet, until)),
            Some(Err(())) => return Some(Verdict::Drop(Reason::Quiet)),
            None => {}
        }
        let sent = self.person.activity.as_deref().map_or(&[][..], |a| &a.sent);
        let mut until = None;
        for cap in policy.caps.iter().filter(|c| caps::applies(c, message.channel)) {
            match (caps::room_from(cap, self.program, sent, zone, self.now), cap.overflow) {
                (None, _) => {}
                (Some(room), Overflow::Hold) if room < Instant::NEVER => until = until.max(Some(room)),
                (Some(_), Overflow::Hold | Overflow::Drop) => return Some(Verdict::Drop(Reason::Cap)),
            }
        }
        let until = until?;
        Some(match quiet::hold(&policy.quiet, zone, until) {
            Some(Ok(later)) => Verdict::Hold(Reason::Cap, later),
            Some(Err(())) | None => Verdict::Hold(Reason::Cap, until),
        })
    }

    fn accept(
        &mut self,
        index: usize,
        (id, deadline): (MessageId, Instant),
        params: &[Expr],
        handle: HandleId,
        pc: Pc,
        awaited: bool,
    ) -> Next {
        let message = self.program.message(id);
        let view = self.view_of(&self.person.runs()[index]);
        let params = params.iter().map(|p| view.owned(p)).collect();
        let address = address_of(self.program, self.person, message).clone();
        let run = &self.person.runs()[index];
        let (no, journey) = (run.no, run.journey);
        let Some(step) = self.engine.step_at(journey, pc) else { return Next::End(EndReason::Finished) };
        let repetition = self.repetition(index, step);
        let send = SendId { run: no, step, repetition };
        self.remember_sent(Sent { at: self.now, id: send, journey, message: id });
        if let Some(delivery) = self.activity().runs[index].handles.get_mut(handle.index()) {
            *delivery = Delivery { facts: Fact::Sent.bit(), repetition, step: Some(step) };
        }
        self.journal_run(index, What::Sent { message: id, handle });
        let channel = message.channel;
        self.effects.push(Effect::Send(Order {
            id: send,
            journey,
            message: id,
            channel,
            address,
            params,
            awaited,
            deadline,
        }));
        match awaited {
            true => Next::Rest(RunState::Asked { send, until: self.now.plus(message.patience) }),
            false => Next::Go(pc + 1, Way::On),
        }
    }
    fn remember_sent(&mut self, sent: Sent) {
        let oldest = self.now.minus(self.engine.sent_window);
        let log = &mut self.activity().sent;
        let expired = log.iter().take_while(|s| s.at <= oldest).count();
        log.drain(..expired);
        push_exact(log, sent);
    }
    fn forget_delivery(&mut self, index: usize, handle: HandleId) {
        if let Some(delivery) = self.activity().runs[index].handles.get_mut(handle.index()) {
            *delivery = Delivery::default();
        }
    }
    fn fail(&mut self, index: usize, handle: HandleId) {
        if let Some(delivery) = self.activity().runs[index].handles.get_mut(handle.index()) {
            delivery.facts = Fact::Failed.bit();
        }
    }
    /// What is held when its run ends never leaves.
    pub(super) fn withdraw_held(&mut self, index: usize) {
        let run = &self.person.runs()[index];
        if let RunState::Held { .. } = run.state
            && let Some(message) = self.message_at(run.journey, run.pc)
        {
            self.journal_run(index, What::Withdrawn { message });
        }
    }
    fn message_at(&self, journey: JourneyId, pc: Pc) -> Option<MessageId> {
        match self.program.journey(journey).code.get(pc as usize).map(|i| &i.op) {
            Some(Op::Send { message, .. }) => Some(*message),
            _ => None,
        }
    }
}
