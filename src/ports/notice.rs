//! What providers and people tell us unasked: bounces, clicks, blocks, replies.
//!
//! Knows no provider: each channel's intake turns bytes into these, after it has checked who speaks.

use serde_json::{Map, Value as Json};

use crate::ir::Channel;
use crate::machine::Report;
use crate::value::Instant;

/// One thing that was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// The teller's own id of it; two with one id are one.
    pub id: Option<String>,
    pub about: About,
    /// When it happened, as the teller says; cut to arrival if it lies ahead.
    pub at: Instant,
    pub told: Told,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A send, by its sealed key.
    Send(String),
    /// Whoever has this address on the channel: a mail address, a LINE user id, a phone number (E.164), a push token.
    Address { channel: Channel, address: String },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    Report(Report),
    /// Something the person did, under the name of an event that the project may declare (`line_message`, `line_postback`).
    Event {
        name: String,
        properties: Map<String, Json>,
    },
    /// The address turned out to belong to this user of the shop (account link).
    Linked {
        user: String,
    },
    /// The person left a list (`STOP` by SMS, an unsubscribe mail), in these words.
    Left {
        words: String,
    },
    /// The person came back (`START`).
    Returned {
        words: String,
    },
}

/// Why an intake did not believe what it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distrust {
    /// No signature, or a wrong one: 401.
    Signature,
    /// Not in the form the provider uses: 400, with what is wrong.
    Form(String),
    /// What it is to be checked with is not at hand now: 503, so that the provider tells it again.
    Unavailable(String),
}
