//! The outbox and the journal of a test: answers as the test says, and everything remembered.
//!
//! Judges nothing.

use std::collections::BTreeSet;

use crate::ir::journey::Op;
use crate::ir::timeline::{Reply, Timeline};
use crate::ir::{HandleId, JourneyId, Program, StepId};
use crate::machine::{ActionCall, Engine, Entry, Input, InputKind, Order, Passage, Person, Report, SendId};
use crate::ports::{Answer, Journal, Outbox, Seat, Taken};
use crate::value::Instant;

use super::super::counts::Scene;
use super::super::imagined;

/// Accepts every message at once, unless the test says otherwise.
pub struct Stage<'e, 'p> {
    engine: &'e Engine<'p>,
    timeline: &'e Timeline,
    /// The test reports on these handles at these moments: it decides, not we.
    decided: BTreeSet<(Instant, HandleId)>,
    refusals: Vec<HandleId>,
    pub orders: Vec<Order>,
    pub calls: Vec<ActionCall>,
}

impl<'e, 'p> Stage<'e, 'p> {
    pub fn new(engine: &'e Engine<'p>, timeline: &'e Timeline) -> Self {
        let decided = super::decided(engine.program(), timeline);
        Stage { engine, timeline, decided, refusals: Vec::new(), orders: Vec::new(), calls: Vec::new() }
    }

    /// The provider will refuse the next send behind this handle.
    pub fn refuse_next(&mut self, handle: HandleId) {
        self.refusals.push(handle);
    }

    pub fn latest_send(&self, program: &Program, journey: JourneyId, handle: HandleId) -> Option<SendId> {
        let behind = |o: &&Order| o.journey == journey && handle_of(program, journey, o.id.step) == Some(handle);
        self.orders.iter().rev().find(behind).map(|o| o.id)
    }
}

fn handle_of(program: &Program, journey: JourneyId, step: StepId) -> Option<HandleId> {
    program.journey(journey).code.iter().find_map(|i| match &i.op {
        Op::Send { handle, .. } if i.step == step => Some(*handle),
        _ => None,
    })
}

impl Outbox for Stage<'_, '_> {
    fn send(&mut self, _: Seat, _: &Person, at: Instant, order: Order, answers: &mut Vec<Answer>) {
        let handle = handle_of(self.engine.program(), order.journey, order.id.step);
        let tested = handle.filter(|_| order.journey == self.timeline.journey);
        let refusal = self.refusals.iter().position(|h| Some(*h) == tested);
        let report = match refusal {
            Some(place) => {
                self.refusals.remove(place);
                Some(Report::Refused)
            }
            None if tested.is_some_and(|h| self.decided.contains(&(at, h))) => None,
            None => order.awaited.then_some(Report::Accepted),
        };
        answers.extend(report.map(|report| Answer { at, kind: InputKind::Report { send: order.id, report } }));
        self.orders.push(order);
    }

    fn call(&mut self, _: Seat, _: &Person, at: Instant, call: ActionCall, answers: &mut Vec<Answer>) {
        let program = self.engine.program();
        // The calls are answered in the order of what the test says; the last answer stays.
        let before = self.calls.iter().filter(|earlier| earlier.action == call.action).count();
        let said: Vec<&Reply> = (self.timeline.answers.iter())
            .filter_map(|(action, reply)| (*action == call.action).then_some(reply))
            .take(before + 1)
            .collect();
        let gives = &program.actions[call.action.index()].gives;
        let result = match said.last() {
            Some(Reply::Gives(value)) => Some(Some(value.clone())),
            Some(Reply::Fails) => Some(None),
            Some(Reply::Never) => None,
            None => Some(Some(imagined::record(program, gives, at, true))),
        };
        let answer = |result| Answer { at, kind: InputKind::Answer { call: call.id, result } };
        answers.extend(result.map(answer));
        self.calls.push(call);
    }
}

/// Everything that happened, in order.
#[derive(Debug, Default)]
pub struct Recorder {
    pub scenes: Vec<Scene>,
    /// Of an engine that traces.
    pub passages: Vec<Passage>,
}

impl Recorder {
    pub fn note(&mut self, _: Seat, input: Input) {
        self.scenes.push(Scene::Taken(input));
    }
}

impl Journal for Recorder {
    fn taken(&mut self, _: Seat, taken: &Taken<'_>) {
        self.scenes.push(Scene::Taken(taken.input.clone()));
    }
    fn wrote(&mut self, _: Seat, entry: &Entry) {
        self.scenes.push(Scene::Wrote(entry.clone()));
    }
    fn passed(&mut self, _: Seat, passage: &Passage) {
        self.passages.push(*passage);
    }
}
