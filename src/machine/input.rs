//! What can happen to one person.

use serde::{Deserialize, Serialize};

use crate::ir::{Channel, EventId, FieldId, JourneyId, PurposeId};
use crate::value::{Instant, Value};

use super::effect::{CallId, SendId};

/// One input, processed at `at`. A person's inputs come in order of `at`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    pub at: Instant,
    pub kind: InputKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum InputKind {
    /// The payload is a record of the event's fields, `at` (the event's own time) last.
    Event {
        id: Option<u64>,
        event: EventId,
        payload: Value,
    },
    /// The profile as it is now known: fields to set, and consents given or withdrawn.
    Profile {
        id: Option<u64>,
        fields: Vec<(FieldId, Value)>,
        consent: Vec<(PurposeId, bool)>,
    },
    /// The person's wake time has come: all own timers due are processed, in order of time.
    Wake,
    /// What a provider says of a send.
    Report {
        send: SendId,
        report: Report,
    },
    /// What a provider or person says without a send: blocked, followed again, unsubscribed.
    Reach {
        channel: Channel,
        report: Report,
    },
    /// What an action gave (a record of its `gives`), or that it failed for good.
    Answer {
        call: CallId,
        result: Option<Value>,
    },
    Approval {
        by: Option<String>,
        approved: bool,
    },
    /// A schedule or a fan-out names this person. The payload is that of the fanned-out event.
    Tick {
        journey: JourneyId,
        payload: Option<Value>,
    },
    /// The program has just gone live for this person: membership is noted, `including members` enrols.
    Live,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// Taken by the provider.
    Accepted,
    /// Refused for good by the provider.
    Refused,
    /// Refused at dispatch: the budget of the window is used up.
    OverBudget,
    Delivered,
    Opened,
    Clicked,
    /// A hard bounce: the address is unreachable until it changes.
    Bounced,
    Complained,
    /// The person blocked the channel (LINE unfollow).
    Blocked,
    /// The person is back (LINE follow).
    Unblocked,
    /// The person withdrew consent on this channel.
    Unsubscribed,
    /// The person takes that back, and nothing else: a block and a complaint stand.
    Resubscribed,
    /// Not handed over: its journey was paused when it was to leave.
    Late,
    /// Not handed over: somebody looked at it and said no.
    Discarded,
}

impl Report {
    /// It never left: it is no send, and no cap counts it.
    pub(super) fn is_of_no_send(self) -> bool {
        match self {
            Report::OverBudget | Report::Late | Report::Discarded => true,
            Report::Accepted
            | Report::Refused
            | Report::Delivered
            | Report::Opened
            | Report::Clicked
            | Report::Bounced
            | Report::Complained
            | Report::Blocked
            | Report::Unblocked
            | Report::Unsubscribed
            | Report::Resubscribed => false,
        }
    }
}
