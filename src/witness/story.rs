//! What a story is: everything that decides what the machine does with one person.
//!
//! Runs nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::timeline::{LineWhat, Reply};
use crate::ir::{ActionId, EventId, JourneyId, MessageId, PurposeId, SplitId};
use crate::machine::Entry;
use crate::prove::Edge;
use crate::value::{Instant, Value, Zone};

/// A person and what happens to them, up to `until`.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// The journey it is about; the others run along.
    pub journey: JourneyId,
    /// The program goes live for the person.
    pub clock: Instant,
    pub zone: Zone,
    /// By [`crate::ir::FieldId`].
    pub profile: Vec<Value>,
    pub consent: BTreeSet<PurposeId>,
    /// In order of time, all before the clock.
    pub history: Vec<Past>,
    /// The arm of a split, or of a holdout.
    pub pins: BTreeMap<SplitId, u16>,
    /// What comes of an action, call by call; the last stays. Every action the journey calls is here, with one at least.
    pub answers: BTreeMap<ActionId, Vec<Reply>>,
    /// In order of time.
    pub lines: Vec<Line>,
    pub until: Instant,
}

impl Story {
    /// What comes of the call of an action before which there were so many.
    pub fn reply(&self, action: ActionId, call: usize) -> Option<&Reply> {
        let replies = self.answers.get(&action)?;
        replies.get(call).or(replies.last())
    }
    /// Nobody, to whom nothing happens.
    pub(super) fn empty(journey: JourneyId) -> Story {
        let clock = Instant(0);
        Story {
            journey,
            clock,
            zone: Zone::utc(),
            profile: Vec::new(),
            consent: BTreeSet::new(),
            history: Vec::new(),
            pins: BTreeMap::new(),
            answers: BTreeMap::new(),
            lines: Vec::new(),
            until: clock,
        }
    }
}

/// An event before the clock; the payload is its record, `at` last.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    pub at: Instant,
    pub event: EventId,
    pub payload: Value,
}

/// Something that happens; never an expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub at: Instant,
    pub what: LineWhat,
}

/// A story and what the machine made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub story: Story,
    /// Every edge that the run under test took, in order.
    pub edges: Vec<Edge>,
    /// The journal of the journey under test, in order.
    pub entries: Vec<Entry>,
    pub sends: Vec<Sent>,
    /// At the end the run still waits, for something that does not come.
    pub rests: bool,
}

/// A message as it was handed over, of any journey.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub at: Instant,
    pub journey: JourneyId,
    pub message: MessageId,
    /// By the message's parameters.
    pub params: Vec<Value>,
    /// The profile at that moment, by [`crate::ir::FieldId`].
    pub profile: Vec<Value>,
}

/// Why there is no story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub en: String,
    pub ja: String,
}

impl Reason {
    pub fn new(en: impl Into<String>, ja: impl Into<String>) -> Reason {
        Reason { en: en.into(), ja: ja.into() }
    }
}
