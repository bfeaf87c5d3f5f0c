//! The outside as the runtime sees it: where orders go, what comes back, and who reads the journal.
//!
//! Implements no outside. Time has no port: every input carries its own.

mod desk;
pub mod environment;
mod key;
pub mod link;
mod notice;
mod provider;
pub mod reach;
pub mod store;
pub mod trace;

use crate::machine::{ActionCall, Entry, Input, InputKind, Order, Passage, Person};
use crate::value::Instant;

pub use desk::{Desk, Question, Refusal, Scope, Subject, Submission};
pub use key::{CallKey, Secret, SendKey};
pub use notice::{About, Distrust, Notice, Told};
pub use provider::{
    Attempt, Call, CallOutcome, Delivery, Doer, Idempotency, Manifest, Noticeboard, Outcome, Posting, Provider, Quota,
    Unsubscribe,
};

/// A person's place in a host, from 0 in order of first sight.
pub type Seat = u32;

/// Something that comes back for the person an order or a call was made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Not earlier than the order; at the same moment it is taken before anything else happens to the person.
    pub at: Instant,
    pub kind: InputKind,
}

/// Takes messages and action calls. The decisions shared by all people (budgets) fall here, in order of time.
pub trait Outbox {
    /// An order with `awaited` must be answered at some time, or the message's patience runs out.
    fn send(&mut self, seat: Seat, person: &Person, at: Instant, order: Order, answers: &mut Vec<Answer>);
    /// A call is answered at some time, or the action's patience runs out and it counts as failed.
    fn call(&mut self, seat: Seat, person: &Person, at: Instant, call: ActionCall, answers: &mut Vec<Answer>);
}

/// Reads along. Changes nothing.
pub trait Journal {
    /// An input is about to be processed.
    fn taken(&mut self, seat: Seat, input: &Input);
    /// The machine wrote a line of the person's story.
    fn wrote(&mut self, seat: Seat, entry: &Entry);
    /// A run left an instruction; told by an engine that traces.
    fn passed(&mut self, seat: Seat, passage: &Passage) {
        let _ = (seat, passage);
    }
}
