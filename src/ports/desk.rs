//! What faces may ask of a running engine: take this in and tell me when it is safe; tell me about that.
//!
//! Implemented by the runtime; stood in for in tests of the faces.

use std::path::PathBuf;

use serde_json::Value as Json;

use crate::ingest::Arrival;
use crate::ir::Channel;
use crate::value::{Instant, Span};

use super::{Attempt, Notice};

/// One thing to take in.
#[derive(Debug, Clone, PartialEq)]
pub enum Submission {
    /// One call in Segment's shape that was understood. `raw` is the call as it came, one JSON object, and reads back as
    /// `arrival` when it is taken to have been received at the same time.
    /// `generation` is that of the schema it was understood by.
    Call { raw: Box<[u8]>, arrival: Arrival<'static>, received_at: Instant, source: String, generation: u32 },
    /// A call that was refused: kept, so that somebody can mend and replay it.
    Dead { raw: Box<[u8]>, received_at: Instant, source: String, reason: String, detail: String },
    /// A provider or a person told us something.
    Notice { notice: Notice, received_at: Instant, source: String },
    /// A consent given or withdrawn for one purpose, or for all that need consent; on one channel or all.
    Consent {
        who: Subject,
        purpose: Option<String>,
        channel: Option<Channel>,
        given: bool,
        how: String,
        source: String,
    },
    /// Somebody in charge says yes or no to what waits for an approval by `by`.
    Approval { person: String, by: Option<String>, approved: bool },
    /// Nothing leaves from this scope while it is stopped.
    Stop { scope: Scope, stopped: bool, by: String },
    /// Erase this person and keep a tombstone.
    Forget { person: String },
    /// The program of this generation goes live; it is kept where the runtime finds it. If another one was faster, nothing
    /// happens.
    Change { generation: u32, bundle: [u8; 32] },
    /// Dead letters that were replayed or dismissed.
    DeadGone { numbers: Vec<u64> },
}

/// Whom something is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An id of the shop's, or an anonymous one.
    Id(String),
    /// Whoever got the send with this sealed key.
    Send(String),
    Address {
        channel: Channel,
        address: String,
    },
}

/// What an emergency stop is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    Everything,
    Channel(Channel),
    Journey(String),
}

/// Why something was not taken in. Nothing of the batch is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// More is waiting than may wait: 429 with `Retry-After`.
    Busy { retry_after: Span },
    /// The runtime is on its way down: 503.
    Stopping,
    /// The disk is full or broken: 503; an alarm is up.
    Disk(String),
    /// What was asked about is not there: 404.
    Unknown(String),
    /// What was asked makes no sense: 400.
    Wrong(String),
}

/// What may be asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Journeys with heads, channels with their state, what waits, what is stopped, alarms.
    Status,
    /// The same, once everything that is known now is in the store.
    Settled,
    /// One person: profile, consents, runs, what waits, recent story.
    Person {
        id: String,
    },
    /// Everything that is kept of one person, from every store.
    Export {
        id: String,
    },
    Dead {
        after: u64,
        limit: usize,
    },
    /// A consistent copy of all data into a new folder, while everything runs.
    Backup {
        to: PathBuf,
    },
    /// Decisions from a number on, at most so many; without a number, where to begin.
    Tail {
        from: Option<u64>,
        limit: usize,
    },
    /// The messages on paper: the newest first, at most so many.
    Paper {
        limit: usize,
    },
}

pub trait Desk: Send + Sync {
    /// Engine time.
    fn now(&self) -> Instant;
    /// Takes a batch in, all or nothing; ready when it is durable.
    fn submit(&self, batch: Vec<Submission>) -> Attempt<'_, Result<(), Refusal>>;
    /// Answers with an object.
    fn ask(&self, question: Question) -> Attempt<'_, Result<Json, Refusal>>;
}
