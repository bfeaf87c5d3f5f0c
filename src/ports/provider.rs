//! What brings messages to people: one port for every channel, and the words in which a provider's answer is understood.
//!
//! Decides nothing about retries, rates or consent: the dispatcher does, from what a manifest and an outcome say.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde_json::Value as Json;

use crate::ir::Channel;
use crate::machine::Report;
use crate::render::Part;
use crate::value::{Instant, Span};

pub type Attempt<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One attempt to bring one rendered message to its person, or, on channels that allow it, the same message to several.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The sealed [`super::SendKey`]: the same at every attempt, and unguessable. Fits a header and an address's local part.
    pub key: String,
    /// The same as a UUID.
    pub uuid: String,
    /// From 1.
    pub attempt: u32,
    pub now: Instant,
    /// Never empty; more than one only up to [`Manifest::recipients_max`].
    pub to: Vec<String>,
    /// Names in the project.
    pub journey: String,
    pub message: String,
    pub part: Part,
    /// Needs consent, so it must be possible to leave.
    pub marketing: bool,
    /// Where this person leaves; present on messages that need consent, where the installation has a public address.
    pub unsubscribe: Option<Unsubscribe>,
    /// `at most once`: an attempt whose outcome is unknown is not repeated.
    pub at_most_once: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// `https`; GET shows a page, POST acts (RFC 8058).
    pub url: String,
    /// The local part and host of a mailbox that unsubscribes, if the installation has one.
    pub mailto: Option<String>,
}

/// An action called in somebody's name.
#[derive(Debug, Clone)]
pub struct Call {
    /// The sealed [`super::CallKey`]: the same at every attempt.
    pub key: String,
    pub attempt: u32,
    pub now: Instant,
    pub journey: String,
    pub action: String,
    /// The person's id as the shop knows it.
    pub person: String,
    /// An object of the action's parameters.
    pub params: Json,
    pub patience: Span,
}

/// What came of an attempt. Told apart by what may be done next, not by codes.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The provider has it. Also when it says that it had it before.
    Accepted { provider_id: Option<String> },
    /// Never for this message: it or its address is wrong. `address` says what is to be known of the address from now on
    /// ([`Report::Bounced`], [`Report::Blocked`], [`Report::Unsubscribed`]).
    Refused { why: String, address: Option<Report> },
    /// Certainly not accepted, and worth trying again; not before `after`, if that is said.
    Later { why: String, after: Option<Span> },
    /// It may have been accepted or not. Repeated only under the same key, and only where the manifest says that this is safe.
    Unknown { why: String },
    /// The quota of the channel is used up: nothing more on it until somebody or the calendar acts.
    Exhausted { why: String },
    /// Our settings are wrong (a token, a certificate, an account): nothing on this channel will work until they are mended.
    Misconfigured { why: String },
}

/// What came of calling an action.
#[derive(Debug, Clone, PartialEq)]
pub enum CallOutcome {
    /// An object of what the action gives; checked against its declaration by the engine.
    Answered(Json),
    Failed {
        why: String,
    },
    Later {
        why: String,
        after: Option<Span>,
    },
    Unknown {
        why: String,
    },
    Misconfigured {
        why: String,
    },
}

/// What a channel can do, and what it may be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    pub channel: Channel,
    /// `smtp`, `line`, `twilio`, `fcm`, `http`, `paper`
    pub provider: &'static str,
    /// Reports that come back for each person.
    pub reports: &'static [Report],
    pub idempotency: Idempotency,
    /// Attempts a second at most, over all; absent: no limit is known.
    pub per_second_max: Option<u32>,
    /// Attempts under way at one time at most.
    pub at_once_max: usize,
    /// Recipients of one delivery at most.
    pub recipients_max: usize,
    /// A whole attempt is cut off after this, outcome unknown.
    pub timeout: Span,
}

/// What a repeat under the same key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// The provider takes it once; for so long since the first attempt.
    Within(Span),
    /// The receiver can tell that it is the same (a Message-ID, an `Idempotency-Key` that the other side may heed): a repeat
    /// after an unknown outcome is allowed, as `at least once` says.
    Recognisable,
    /// A repeat may be a second message: never after an unknown outcome.
    None,
}

/// How much of a quota is left, as the provider tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Absent: unlimited.
    pub limit: Option<u64>,
    pub used: u64,
}

pub trait Provider: Send + Sync {
    fn manifest(&self) -> &Manifest;
    /// Ends by itself within the manifest's timeout. Never panics on what the other side answers.
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Attempt<'a, Outcome>;
    /// What the provider says of its quota; `None` where there is none to ask for.
    fn quota(&self) -> Attempt<'_, Option<Quota>> {
        Box::pin(async { None })
    }
}

/// Brings actions to whoever does them.
pub trait Doer: Send + Sync {
    fn call<'a>(&'a self, call: &'a Call) -> Attempt<'a, CallOutcome>;
}

/// Tells people who run the shop: approvals that wait, alarms. Best effort; nothing depends on it.
pub trait Noticeboard: Send + Sync {
    fn post<'a>(&'a self, notice: &'a Posting) -> Attempt<'a, Result<(), String>>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub urgent: bool,
    pub title: String,
    pub text: String,
    pub link: Option<String>,
}

impl Outcome {
    /// A word for metrics and the ledger.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Accepted { .. } => "accepted",
            Outcome::Refused { .. } => "refused",
            Outcome::Later { .. } => "later",
            Outcome::Unknown { .. } => "unknown",
            Outcome::Exhausted { .. } => "exhausted",
            Outcome::Misconfigured { .. } => "misconfigured",
        }
    }
}

impl CallOutcome {
    /// As [`Outcome::name`].
    pub fn name(&self) -> &'static str {
        match self {
            CallOutcome::Answered(_) => "accepted",
            CallOutcome::Failed { .. } => "refused",
            CallOutcome::Later { .. } => "later",
            CallOutcome::Unknown { .. } => "unknown",
            CallOutcome::Misconfigured { .. } => "misconfigured",
        }
    }
}

impl fmt::Debug for dyn Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.manifest().fmt(f)
    }
}
