//! The outbox of a rehearsal: takes every message at once, decides budgets, and imagines reactions if asked to.
//!
//! Sends nothing. Chance is a hash of the seed, the person and the send, so any order of work draws the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ir::{Channel, Goal, Subject};
use crate::machine::{ActionCall, Engine, InputKind, Order, Person, Report, SendId};
use crate::ports::{Answer, Outbox, Seat};
use crate::runtime::Budgets;
use crate::value::id::bucket;
use crate::value::{Decimal, Instant, Span, Value};

use super::{Reaction, ResponseModel, imagined};

/// Draws are made in millionths.
const DRAWS: u32 = 1_000_000;
/// From an open to the click, and from the click to the goal, at most, as parts of the delay.
const STEPS_OF_DELAY: i64 = 4;

/// A send by the person's id (which merges do not change) and its own.
pub type Refused = (Arc<str>, SendId);

/// Who decides on budgets.
pub enum Deciding<'p> {
    /// This run does, and notes what it refused.
    Now { budgets: Budgets<'p>, refused: Vec<Refused> },
    /// An earlier run over everybody did.
    Before(BTreeSet<Refused>),
}

pub struct Paper<'e, 'p> {
    engine: &'e Engine<'p>,
    pub deciding: Deciding<'p>,
    response: &'e ResponseModel,
    seed: u64,
}

impl<'e, 'p> Paper<'e, 'p> {
    pub fn new(engine: &'e Engine<'p>, deciding: Deciding<'p>, response: &'e ResponseModel, seed: u64) -> Self {
        Paper { engine, deciding, response, seed }
    }

    fn admits(&mut self, person: &Person, at: Instant, order: &Order) -> bool {
        match &mut self.deciding {
            Deciding::Now { budgets, refused } => {
                let admitted = budgets.admit(order.journey, order.channel, at);
                if !admitted {
                    refused.push((person.id().clone(), order.id));
                }
                admitted
            }
            Deciding::Before(refused) => !refused.contains(&(person.id().clone(), order.id)),
        }
    }

    fn react(&self, person: &Person, at: Instant, order: &Order, reaction: Reaction, answers: &mut Vec<Answer>) {
        let report = |report| InputKind::Report { send: order.id, report };
        answers.push(Answer { at, kind: report(Report::Delivered) });
        let SendId { run, step, repetition } = order.id;
        let unit = format!("{}\0{}\0{}\0{}", person.id(), run.0, step.0, repetition);
        let draw = i64::from(bucket(&format!("response {}", self.seed), &unit, DRAWS));
        let happens = |share: Decimal| draw < share.micro * i64::from(DRAWS) / Decimal::ONE;
        let (converts, clicks) = (happens(reaction.convert), happens(reaction.click) || happens(reaction.convert));
        let opens = clicks || happens(reaction.open);
        if !opens {
            return;
        }
        // Between half and one and a half times the delay, evenly.
        let spread = i64::from(bucket(&format!("delay {}", self.seed), &unit, 1_001));
        let first = at.plus(Span(reaction.delay.0 / 2 + reaction.delay.0 / 1_000 * spread));
        let step = Span(reaction.delay.0 / STEPS_OF_DELAY);
        if order.channel != Channel::Line {
            answers.push(Answer { at: first, kind: report(Report::Opened) });
        }
        if clicks {
            answers.push(Answer { at: first.plus(step), kind: report(Report::Clicked) });
        }
        if converts {
            let when = first.plus(step).plus(step);
            let goal = self.engine.program().journey(order.journey).goal.as_ref();
            answers.extend(goal.and_then(|goal| self.conversion(person, when, order, goal)));
        }
    }

    /// The goal's event as it would look: what the goal's filter fixes, and stand-ins for the rest.
    fn conversion(&self, person: &Person, at: Instant, order: &Order, goal: &Goal) -> Option<Answer> {
        let program = self.engine.program();
        let event = program.event(goal.event);
        if event.subject != Subject::Profile {
            return None;
        }
        let Value::Record(fields) = imagined::record(program, &event.fields, at, false) else { return None };
        let mut fields = fields.to_vec();
        for (field, expr) in &goal.template {
            fields[field.index()] = self.engine.evaluate(person, order.journey, Some(order.id.run), expr, at);
        }
        let payload = Value::Record(fields.into());
        Some(Answer { at, kind: InputKind::Event { id: None, event: goal.event, payload } })
    }
}

impl Outbox for Paper<'_, '_> {
    fn send(&mut self, _: Seat, person: &Person, at: Instant, order: Order, answers: &mut Vec<Answer>) {
        if !self.admits(person, at, &order) {
            answers.push(Answer { at, kind: InputKind::Report { send: order.id, report: Report::OverBudget } });
            return;
        }
        if order.awaited {
            answers.push(Answer { at, kind: InputKind::Report { send: order.id, report: Report::Accepted } });
        }
        if let Some(reaction) = self.response.channels[order.channel.index()] {
            self.react(person, at, &order, reaction, answers);
        }
    }

    fn call(&mut self, _: Seat, _: &Person, at: Instant, call: ActionCall, answers: &mut Vec<Answer>) {
        let program = self.engine.program();
        let gives = &program.actions[call.action.index()].gives;
        let result = Some(imagined::record(program, gives, at, true));
        answers.push(Answer { at, kind: InputKind::Answer { call: call.id, result } });
    }
}
