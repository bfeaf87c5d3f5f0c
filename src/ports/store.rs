//! What must outlive the process: two ports, a log of inputs and a store of what followed from them.
//!
//! The log is the truth: an input is acknowledged when it is durable there, and everything else follows from the log by the
//! machine. The store holds what followed up to a position of the log, whole and at once, so that recovery replays only
//! the rest. Both are also kept in memory, for tests in which disks fail.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::ir::StepId;
use crate::machine::{CallId, RunNo, SendId};
use crate::value::Instant;

use super::{CallKey, Seat, SendKey};

/// Ordinal of a record in the log, from 0. A checkpoint at `p` includes every record before `p`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(pub u64);

/// Why something did not become durable or could not be read.
#[derive(Debug)]
pub enum StoreError {
    /// The disk is full. Nothing of the batch is kept; trying again later may work.
    Full,
    /// The operating system said no; what was asked is not known to be durable.
    Io { doing: String, error: std::io::Error },
    /// What was read is not what was written.
    Damaged { what: String },
    /// Written by a newer Tabi.
    Newer { found: u32, known: u32 },
    /// Another process has the data.
    Locked { by: String },
}

/// An append-only log. One writer.
pub trait Log: Send {
    /// Position that the next record gets.
    fn end(&self) -> Position;
    /// Adds records behind the end; they are durable only after [`Log::sync`]. After an error nothing of them is kept, and
    /// positions are as before.
    fn append(&mut self, records: &[&[u8]]) -> Result<(), StoreError>;
    /// Everything appended is durable when this returns. After an error, whatever was appended since the last success must
    /// be taken as lost and as kept at once: the log refuses everything until it is opened again.
    fn sync(&mut self) -> Result<(), StoreError>;
    /// Reads records from a position on, in order, until `each` says stop or the end is reached.
    fn read(&self, from: Position, each: &mut dyn FnMut(Position, &[u8]) -> bool) -> Result<(), StoreError>;
    /// Forgets whole segments whose records are all before the position; one that still grows only if it is worth a new one.
    fn forget_before(&mut self, position: Position) -> Result<(), StoreError>;
}

/// What followed from the log up to a position, since the checkpoint before. Written in one transaction.
#[derive(Debug, Clone, Default)]
pub struct Checkpoint {
    pub position: Position,
    /// Time of the last record before the position.
    pub at: Instant,
    /// Changed people; `None`: gone (merged or forgotten).
    pub people: Vec<(Seat, Option<PersonRow>)>,
    /// New or changed names of seats.
    pub ids: Vec<IdRow>,
    /// Seats that were merged into others.
    pub merges: Vec<MergeRow>,
    /// Orders and calls under way; `None`: settled.
    pub pending: Vec<(PendingKey, Option<Vec<u8>>)>,
    /// One for each settled send or call; written once for each key.
    pub ledger: Vec<LedgerRow>,
    /// A piece of a person's story.
    pub journal: Vec<JournalRow>,
    /// Pieces that are written already, as they are to stand from now on.
    pub journal_again: Vec<JournalRow>,
    pub consents: Vec<ConsentRow>,
    pub dead: Vec<DeadRow>,
    /// Dead letters that are dead no more (replayed or dismissed), by number.
    pub dead_gone: Vec<u64>,
    /// People to erase from every table before the rest is written.
    pub forgotten: Vec<ForgottenRow>,
    /// Small things under a name: ticks, budgets, switches, quotas, the program's hash. `None`: gone.
    pub notes: Vec<(String, Option<Vec<u8>>)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PersonRow {
    /// When the person's own timers want to be looked at; absent when none runs.
    pub wake: Option<Instant>,
    /// The encoded state.
    pub state: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdRow {
    pub id: String,
    pub seat: Seat,
    pub kind: IdKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    Anonymous,
    User,
    /// The name the person goes by: a user id, else the first id seen.
    Name,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeRow {
    pub from: Seat,
    pub into: Seat,
    /// Added to run numbers of `from`.
    pub base: u32,
}

/// Unique among orders and calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PendingKey {
    pub seat: Seat,
    pub is_call: bool,
    pub run: u32,
    pub step: u16,
    pub repetition: u16,
}

impl PendingKey {
    pub fn of_send(key: SendKey) -> PendingKey {
        let SendId { run, step, repetition } = key.send;
        PendingKey { seat: key.seat, is_call: false, run: run.0, step: step.0, repetition }
    }
    pub fn of_call(key: CallKey) -> PendingKey {
        let CallId { run, step, repetition } = key.call;
        PendingKey { seat: key.seat, is_call: true, run: run.0, step: step.0, repetition }
    }
    pub fn send(self) -> SendKey {
        let send = SendId { run: RunNo(self.run), step: StepId(self.step), repetition: self.repetition };
        SendKey { seat: self.seat, send }
    }
    pub fn call(self) -> CallKey {
        let call = CallId { run: RunNo(self.run), step: StepId(self.step), repetition: self.repetition };
        CallKey { seat: self.seat, call }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct LedgerRow {
    pub key: PendingKey,
    pub ordered_at: Instant,
    pub settled_at: Instant,
    pub journey: String,
    /// Name of the message or the action.
    pub what: String,
    /// Name of the channel; `action` for calls.
    pub channel: String,
    pub attempts: u32,
    /// `accepted`, `refused`, `unknown`, `expired`, `budget`, …
    pub outcome: String,
    pub provider_id: Option<String>,
    pub why: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct JournalRow {
    pub seat: Seat,
    /// Position of the log before which the piece was written; with the seat unique.
    pub position: Position,
    pub from: Instant,
    pub to: Instant,
    /// Encoded lines.
    pub lines: Vec<u8>,
}

/// The proof of a consent or of its withdrawal (特定電子メール法 3条2項, 特定商取引法: three years).
#[derive(Debug, Clone, PartialEq)]
pub struct ConsentRow {
    pub seat: Seat,
    pub at: Instant,
    pub purpose: String,
    /// Absent: for every channel.
    pub channel: Option<String>,
    pub given: bool,
    /// `api`, `unsubscribe-link`, `one-click`, `complaint`, `stop-word`, `provider`
    pub how: String,
    /// Where it came from: the write key's name, the provider, the page and wording.
    pub source: String,
    /// Position and ordinal within it; unique.
    pub position: Position,
    pub ordinal: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DeadRow {
    /// Unique and ascending.
    pub number: u64,
    pub at: Instant,
    pub source: String,
    /// A stable key of the reason, and the reason in words.
    pub reason: String,
    pub detail: String,
    pub body: Vec<u8>,
}

/// A person who asked to be forgotten: the ids stay as hashes, so that a replay does not bring them back.
#[derive(Debug, Clone, PartialEq)]
pub struct ForgottenRow {
    pub seat: Seat,
    pub at: Instant,
    /// Keyed hashes of all ids.
    pub tombstones: Vec<[u8; 16]>,
    /// The ids and addresses themselves, which are kept nowhere: dead letters that name one are erased.
    pub names: Vec<String>,
}

/// A shorter id is looked for only where ids stand: `12` is many things.
const TELLING_BYTES: usize = 6;

impl ForgottenRow {
    /// Whether a body, JSON or what was meant to be JSON, is about this person.
    pub fn is_named_in(&self, body: &[u8]) -> bool {
        match serde_json::from_slice(body) {
            Ok(json) => self.names_one(&json, false),
            Err(_) => {
                let text = String::from_utf8_lossy(body).to_lowercase();
                let is_there = |name: &String| match name.len() < TELLING_BYTES {
                    true => text.contains(&format!("\"{}\"", name.to_lowercase())),
                    false => text.contains(&name.to_lowercase()),
                };
                self.names.iter().any(is_there)
            }
        }
    }
    fn names_one(&self, json: &Json, is_id: bool) -> bool {
        let is_named = |text: &str| {
            let same = |name: &&String| name.eq_ignore_ascii_case(text.trim());
            self.names.iter().filter(|name| is_id || name.len() >= TELLING_BYTES).any(|name| same(&name))
        };
        match json {
            Json::Null | Json::Bool(_) => false,
            Json::Number(number) => is_named(&number.to_string()),
            Json::String(text) => is_named(text),
            Json::Array(all) => all.iter().any(|one| self.names_one(one, is_id)),
            Json::Object(members) => {
                members.iter().any(|(name, value)| self.names_one(value, name.to_ascii_lowercase().ends_with("id")))
            }
        }
    }
}

/// The store. One writer; readers beside it see the last checkpoint.
pub trait Store: Send {
    /// Position and time of the last checkpoint.
    fn position(&self) -> Result<(Position, Instant), StoreError>;
    /// All of it or nothing; durable when it returns. A position that is not later than the last is an error of ours.
    fn write(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError>;
    /// Removes what is older than said; returns how many rows went.
    fn purge(&mut self, retention: &Retention) -> Result<u64, StoreError>;
    /// Leaves everything in one place, for whoever looks at it or copies it while nobody runs; nothing is lost without it.
    fn fold(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
    /// A second view for reading, for use by another thread.
    fn reader(&self) -> Result<Box<dyn StoreReader>, StoreError>;
}

/// Reads what the last checkpoint left.
pub trait StoreReader: Send {
    /// Position and time of the last checkpoint.
    fn position(&mut self) -> Result<(Position, Instant), StoreError>;
    fn person(&mut self, seat: Seat) -> Result<Option<PersonRow>, StoreError>;
    /// People whose wake is in `[from, to)`, in order of wake.
    fn waking(&mut self, from: Instant, to: Instant, each: &mut dyn FnMut(Seat, Instant)) -> Result<(), StoreError>;
    fn people_count(&mut self) -> Result<u64, StoreError>;
    /// Everybody, in order of seats, from one on; stops when `each` says false.
    fn people(&mut self, from: Seat, each: &mut dyn FnMut(Seat, PersonRow) -> bool) -> Result<(), StoreError>;
    fn ids(&mut self, each: &mut dyn FnMut(IdRow)) -> Result<(), StoreError>;
    fn merges(&mut self, each: &mut dyn FnMut(MergeRow)) -> Result<(), StoreError>;
    fn tombstones(&mut self, each: &mut dyn FnMut([u8; 16])) -> Result<(), StoreError>;
    fn pending(&mut self, each: &mut dyn FnMut(PendingKey, Vec<u8>)) -> Result<(), StoreError>;
    fn note(&mut self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;
    fn notes(&mut self, prefix: &str, each: &mut dyn FnMut(&str, Vec<u8>)) -> Result<(), StoreError>;
    /// One person's pieces, in order.
    fn journal(&mut self, seat: Seat) -> Result<Vec<JournalRow>, StoreError>;
    fn ledger(&mut self, seat: Seat) -> Result<Vec<LedgerRow>, StoreError>;
    fn consents(&mut self, seat: Seat) -> Result<Vec<ConsentRow>, StoreError>;
    /// Dead letters after a number, at most so many.
    fn dead(&mut self, after: u64, limit: usize) -> Result<Vec<DeadRow>, StoreError>;
    /// How much there is, for status and metrics.
    fn counts(&mut self) -> Result<StoreCounts, StoreError>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreCounts {
    pub people: u64,
    pub waiting: u64,
    pub pending: u64,
    pub ledger: u64,
    pub dead: u64,
}

/// Everything older than these is purged; absent: kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    pub journal_before: Option<Instant>,
    pub ledger_before: Option<Instant>,
    pub consents_before: Option<Instant>,
    pub dead_before: Option<Instant>,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Full => write!(f, "the disk is full"),
            StoreError::Io { doing, error } => write!(f, "{doing}: {error}"),
            StoreError::Damaged { what } => write!(f, "damaged: {what}"),
            StoreError::Newer { found, known } => write!(f, "written in format {found}; this Tabi knows up to {known}"),
            StoreError::Locked { by } => write!(f, "in use by {by}"),
        }
    }
}

impl std::error::Error for StoreError {}
