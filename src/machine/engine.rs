//! The door of the machine: a program with its index of who cares about what, and the step.
//!
//! Holds no state of people.

use crate::ir::{Expr, JourneyId, Program};
use crate::value::{Instant, Value};

use super::effect::{Effect, RunNo};
use super::input::Input;
use super::person::Person;

/// A program made ready to run. Shared by all people and threads.
#[derive(Debug)]
pub struct Engine<'p> {
    program: &'p Program,
}

impl<'p> Engine<'p> {
    pub fn new(program: &'p Program) -> Engine<'p> {
        Engine { program }
    }
    pub fn program(&self) -> &'p Program {
        self.program
    }
    /// Moves the person through one input and says what is to be done; effects are appended in order.
    /// Inputs of one person come in order of `at`; one that comes with an earlier time is processed all the same.
    pub fn step(&self, person: &mut Person, input: &Input, effects: &mut Vec<Effect>) {
        let _ = (person, input, effects);
    }
    /// Writes a past event into the history, without anything starting, ending or waking: what was known before the
    /// program went live, or a test's `given history`. `payload` is the event's record, `at` last.
    pub fn record_past(&self, person: &mut Person, event: crate::ir::EventId, payload: &Value) {
        let _ = (person, event, payload);
    }
    /// Joins `other` into `person`, the older of two ids of one human being.
    pub fn merge(&self, person: &mut Person, other: Person, at: Instant, effects: &mut Vec<Effect>) {
        let _ = (person, other, at, effects);
    }
    /// The value of an expression as `person` stands at `at`, seen from a journey, inside a run if one is named.
    pub fn evaluate(&self, person: &Person, journey: JourneyId, run: Option<RunNo>, expr: &Expr, at: Instant) -> Value {
        let _ = (person, journey, run, expr, at);
        Value::Missing
    }
}
