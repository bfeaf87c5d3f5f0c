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

use std::sync::Arc;

use crate::ir::PurposeId;
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

/// An input that was processed.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'i> {
    /// As a story tells it.
    pub input: &'i Input,
    /// The consents as they came, where the story leaves out some that changed the person.
    pub consent: Option<&'i [(PurposeId, bool)]>,
    /// Without it the person would be another ([`crate::machine::Engine::step`]).
    pub heeded: bool,
    /// Nothing has ever happened to the person before.
    pub first: bool,
}

/// Somebody turned out to be the same human being as the person of another seat, and became a part of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    pub at: Instant,
    /// Where they were.
    pub from: Seat,
    pub id: Arc<str>,
    /// What was added to their run numbers.
    pub base: u32,
}

/// Reads along. Changes nothing.
pub trait Journal {
    /// An input was processed; the lines that it brought follow.
    fn taken(&mut self, seat: Seat, taken: &Taken<'_>);
    /// From the next line on the program of this generation moves the person.
    fn changed(&mut self, seat: Seat, at: Instant, generation: u32) {
        let _ = (seat, at, generation);
    }
    /// Somebody became a part of the person; the lines that this brought follow.
    fn joined(&mut self, seat: Seat, joined: &Joined) {
        let _ = (seat, joined);
    }
    /// The machine wrote a line of the person's story.
    fn wrote(&mut self, seat: Seat, entry: &Entry);
    /// A run left an instruction; told by an engine that traces.
    fn passed(&mut self, seat: Seat, passage: &Passage) {
        let _ = (seat, passage);
    }
}
