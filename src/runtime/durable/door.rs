//! The door to a running node: what comes in waits here until it is durable, and no more than fits.
//!
//! Decides nothing about what comes in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use serde_json::Value as Json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::ports::store::{PendingKey, Position, StoreError};
use crate::ports::trace::Trace;
use crate::ports::{Attempt, CallOutcome, Desk, Outcome, Question, Refusal, Submission};
use crate::value::time::MILLIS_PER_SECOND;
use crate::value::{Instant, Span};

use super::clock::Clock;
use super::shard::Up;

/// Bytes of submissions that may wait to become durable: more is answered with 429.
const WAITING_BYTES_MAX: usize = 32 << 20;
/// Counted for a submission besides its own bytes.
const SUBMISSION_BYTES: usize = 512;
/// Things waiting for dispatch at which nothing more is taken in.
const PENDING_MAX: usize = 500_000;

/// Who waits for a batch to be durable, and the room it takes until then, whether or not somebody still waits.
pub(super) struct Reply {
    pub to: oneshot::Sender<Result<(), Refusal>>,
    /// Of the request.
    pub trace: Trace,
    _room: OwnedSemaphorePermit,
}

/// What a running node is told.
pub(super) enum Inbox {
    Submit { batch: Vec<Submission>, reply: Reply },
    Ask { question: Question, reply: oneshot::Sender<Result<Json, Refusal>> },
    Ups(Vec<Up>, Trace),
    Delivered { key: PendingKey, outcome: Outcome },
    Answered { key: PendingKey, outcome: CallOutcome },
    Written { position: Position, result: Result<(), StoreError> },
    Close,
}

/// The door to a running node.
pub struct Door {
    inbox: Sender<Inbox>,
    room: Arc<Semaphore>,
    pending: Arc<AtomicUsize>,
    closing: Arc<AtomicBool>,
    clock: Arc<dyn Clock>,
}

impl Door {
    pub(super) fn new(inbox: Sender<Inbox>, clock: Arc<dyn Clock>) -> Door {
        let room = Arc::new(Semaphore::new(WAITING_BYTES_MAX));
        Door { inbox, room, pending: Arc::default(), closing: Arc::default(), clock }
    }
    /// How much waits for dispatch; the node keeps it up to date.
    pub(super) fn pending(&self) -> Arc<AtomicUsize> {
        self.pending.clone()
    }
    /// Nothing more is taken in; [`super::live::run`] returns when all that was is safe.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Release);
        let _ = self.inbox.send(Inbox::Close);
    }
}

fn bytes_of(submission: &Submission) -> usize {
    SUBMISSION_BYTES
        + match submission {
            Submission::Call { raw, .. } | Submission::Dead { raw, .. } => raw.len(),
            Submission::Notice { .. }
            | Submission::Consent { .. }
            | Submission::Approval { .. }
            | Submission::Stop { .. }
            | Submission::Change { .. }
            | Submission::Forget { .. }
            | Submission::DeadGone { .. } => 0,
        }
}

impl Desk for Door {
    fn now(&self) -> Instant {
        self.clock.now()
    }
    fn submit(&self, batch: Vec<Submission>) -> Attempt<'_, Result<(), Refusal>> {
        Box::pin(async move {
            if self.closing.load(Ordering::Acquire) {
                return Err(Refusal::Stopping);
            }
            let busy = Refusal::Busy { retry_after: Span(MILLIS_PER_SECOND) };
            // Only what brings more to send can wait: a stop, a withdrawal or a deletion is wanted most when much is pending.
            let brings_more = batch.iter().any(|s| matches!(s, Submission::Call { .. } | Submission::Dead { .. }));
            if brings_more && self.pending.load(Ordering::Relaxed) > PENDING_MAX {
                return Err(busy);
            }
            let bytes = batch.iter().map(bytes_of).sum::<usize>().min(WAITING_BYTES_MAX);
            let room = self.room.clone().try_acquire_many_owned(bytes as u32);
            let Ok(room) = room else { return Err(busy) };
            let (to, answer) = oneshot::channel();
            match self.inbox.send(Inbox::Submit { batch, reply: Reply { to, trace: Trace::current(), _room: room } }) {
                Ok(()) => answer.await.unwrap_or(Err(Refusal::Stopping)),
                Err(_) => Err(Refusal::Stopping),
            }
        })
    }
    fn ask(&self, question: Question) -> Attempt<'_, Result<Json, Refusal>> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            match self.inbox.send(Inbox::Ask { question, reply }) {
                Ok(()) => answer.await.unwrap_or(Err(Refusal::Stopping)),
                Err(_) => Err(Refusal::Stopping),
            }
        })
    }
}
