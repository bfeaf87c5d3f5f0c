//! What the machine wants done, and what it writes down.

use serde::{Deserialize, Serialize};

use crate::ir::{ActionId, Channel, EventId, FieldId, HandleId, JourneyId, MessageId, Pc, SegmentId, SplitId, StepId};
use crate::value::{Instant, Money, Value};

/// Ordinal of a run within its person, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunNo(pub u32);

/// One send of one person: unique on (run, step, repetition), whatever is replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SendId {
    pub run: RunNo,
    pub step: StepId,
    pub repetition: u16,
}

/// One action call of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId {
    pub run: RunNo,
    pub step: StepId,
    pub repetition: u16,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    Send(Order),
    Call(ActionCall),
    Journal(Entry),
    /// A run left an instruction. Told only by an engine made by [`super::Engine::tracing`].
    Passed(Passage),
    /// What the person was when something was decided. Told only by an engine made by [`super::Engine::explaining`].
    Looked(Box<super::Glimpse>),
}

/// The way a run left an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Passage {
    pub at: Instant,
    pub journey: JourneyId,
    pub run: RunNo,
    pub pc: Pc,
    pub way: Way,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Way {
    /// To the next instruction, or where a jump leads. A send that nothing stands in for goes on also when it is dropped.
    On,
    /// A case of a branch, an arm of a wait or a target of a switch, by its index.
    Arm(u16),
    /// No case was true, the time was up, the message or the call failed for good, or the loop was done.
    Otherwise,
}

/// A message accepted for dispatch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub id: SendId,
    pub journey: JourneyId,
    pub message: MessageId,
    pub channel: Channel,
    /// The person's address on the channel; missing for a webhook.
    pub address: Value,
    /// By the message's parameters.
    pub params: Vec<Value>,
    /// The run waits for the provider's answer (it has an `otherwise`).
    pub awaited: bool,
    /// At this moment or later it must not go out (`before`); [`Instant::NEVER`] without one.
    pub deadline: Instant,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionCall {
    pub id: CallId,
    pub journey: JourneyId,
    pub action: ActionId,
    pub params: Vec<Value>,
}

/// A line of the person's story. The time is the input's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Instant,
    pub journey: JourneyId,
    /// Absent where no run exists (an entry refused, a pending start).
    pub run: Option<RunNo>,
    pub step: Option<StepId>,
    pub what: What,
}

impl Entry {
    /// As a line of whoever this person was merged into: run numbers go on behind theirs.
    pub fn renumbered(mut self, base: u32) -> Entry {
        self.run = self.run.map(|no| RunNo(no.0.saturating_add(base)));
        self
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// `settled for`: entry is due at the time.
    Settling {
        until: Instant,
    },
    /// A pending start was cleared by an exit event.
    Unsettled,
    NotEntered {
        why: NotEntered,
    },
    Entered,
    HeldOut,
    /// An exposure: the split's arm.
    Arm {
        split: SplitId,
        arm: u16,
    },
    Waiting {
        until: Option<Instant>,
    },
    /// The index of the arm that ended a wait; absent: time was up.
    Woke {
        arm: Option<u16>,
    },
    /// Accepted for dispatch.
    Sent {
        message: MessageId,
        handle: HandleId,
    },
    Held {
        message: MessageId,
        reason: Reason,
        until: Instant,
    },
    Dropped {
        message: MessageId,
        reason: Reason,
    },
    /// Exit while held.
    Withdrawn {
        message: MessageId,
    },
    Reported {
        message: MessageId,
        report: super::Report,
    },
    Called {
        action: ActionId,
    },
    /// The action failed for good, or did not answer in time: then its outcome is unknown.
    CallFailed {
        action: ActionId,
        answered: bool,
    },
    Tagged {
        tag: String,
    },
    Untagged {
        tag: String,
    },
    Set {
        field: FieldId,
    },
    Goal {
        event: EventId,
        /// What the event is worth ([`crate::ir::EventDef::worth_field`]), if it says.
        worth: Option<Money>,
    },
    /// On to a step of another version of the journey; the line is the old version's.
    Moved {
        journey: JourneyId,
        step: StepId,
    },
    Membership {
        segment: SegmentId,
        member: bool,
    },
    Ended {
        reason: EndReason,
    },
    /// The journey was paused, and the run stands (freeze) or gets no message (skip late).
    Paused,
    Resumed,
    /// The call came due while the journey was paused, and was dropped.
    CallSkipped {
        action: ActionId,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NotEntered {
    /// A run (of this key) is live.
    Live,
    /// `reentry never|after` forbids it yet.
    Reentry,
    /// `only if` was false.
    OnlyIf,
    /// The event is older than `max_event_age`.
    TooOld,
    /// Not in the share of people that the journey is let run for.
    Ramp,
    /// The journey is paused.
    Paused,
}

/// Why a message was held or dropped. Its name is what tests, journal and reports say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    Holdout,
    Withhold,
    Consent,
    Unreachable,
    Deadline,
    Quiet,
    Cap,
    Budget,
    Refused,
    /// It came due while its journey was paused.
    Late,
    /// It waited for somebody to look at it, who said no.
    Discarded,
}

impl Reason {
    pub const ALL: [Reason; 11] = [
        Reason::Holdout,
        Reason::Withhold,
        Reason::Consent,
        Reason::Unreachable,
        Reason::Deadline,
        Reason::Quiet,
        Reason::Cap,
        Reason::Budget,
        Reason::Refused,
        Reason::Late,
        Reason::Discarded,
    ];
    pub fn name(self) -> &'static str {
        match self {
            Reason::Holdout => "holdout",
            Reason::Withhold => "withhold",
            Reason::Consent => "consent",
            Reason::Unreachable => "unreachable",
            Reason::Deadline => "deadline",
            Reason::Quiet => "quiet",
            Reason::Cap => "cap",
            Reason::Budget => "budget",
            Reason::Refused => "refused",
            Reason::Late => "late",
            Reason::Discarded => "discarded",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EndReason {
    /// The last step was passed.
    Finished,
    /// `stop [because …]`
    Stopped(Option<String>),
    /// An `exit when`, by its index.
    Exited(u16),
    /// Held out, and its goal window closed.
    HeldOut,
    /// A change of the campaigns ended it.
    Removed,
    /// Merged into the same journey's older run of another id.
    Merged,
    /// Its steps did not come to rest at one moment ([`super::INSTRUCTIONS_PER_MOMENT_MAX`]); cut off, nothing more is done.
    Overrun,
}
