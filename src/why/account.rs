//! An account: what happened to a person in a journey, or did not, and because of what; in both languages.
//!
//! Finds nothing out. Its JSON is versioned: names are added, never changed.

use serde::Serialize;

use crate::value::Instant;
use crate::words::Both;

/// Of [`Account`] as JSON.
pub const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Account {
    pub version: u32,
    pub person: String,
    pub journey: String,
    pub question: Question,
    /// The zone of the times: the person's, else that of the journey's policy.
    pub zone: String,
    /// Everything up to here was looked at.
    pub until: Moment,
    pub basis: Basis,
    /// Why it is no more than that, where it is less than a replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caveat: Option<Both>,
    /// Of a `why not`: in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Both>,
    pub lines: Vec<Line>,
    /// Lines beyond the limit, before those that are shown.
    pub left_out: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    Why,
    WhyNot,
}

/// What an account rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Everything was replayed, and came out as it was.
    Replay,
    /// What was written down when it happened; without the values that conditions saw.
    Record,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moment {
    #[serde(skip)]
    pub instant: Instant,
    /// RFC 3339.
    pub at: String,
    /// `2026-04-01 20:30`, in the zone of the account.
    pub local: String,
}

/// Something that happened, or was decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    #[serde(flatten)]
    pub when: Moment,
    /// The run's number; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
    /// A stable word for what it is.
    pub kind: &'static str,
    #[serde(flatten)]
    pub what: Both,
    /// `campaigns/cart.tabi:12`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Ground>,
    /// Of a message that was sent: what became of it outside, as far as that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Taken,
    NotTaken,
    /// Nobody knows.
    Unknown,
    UnderWay,
}

/// Something that a decision rests on: a fact, or a condition with the values that it saw.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Ground {
    #[serde(flatten)]
    pub what: Both,
    /// Of a condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Reading>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The parts of a condition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Ground>,
}

/// Something that a condition reads, and what it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    pub of: Both,
    pub value: Both,
}

impl Ground {
    pub fn fact(en: impl Into<String>, ja: impl Into<String>) -> Ground {
        Ground { what: Both::new(en, ja), ..Ground::default() }
    }
    pub fn at(self, place: Option<String>) -> Ground {
        Ground { place, ..self }
    }
}
