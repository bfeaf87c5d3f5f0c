//! Timeline tests as data: a person, a clock, what happens, what must be seen.
//!
//! Not part of the program: a test changes no hash. The simulator runs them.

use super::{
    ActionId, Channel, EventId, Expr, FieldId, HistoryNeed, JourneyId, MessageId, Place, PurposeId, SplitId, StepId,
};
use crate::value::{Instant, Value, Zone};

#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    pub journey: JourneyId,
    pub title: String,
    pub place: Place,
    pub clock: Instant,
    /// The zone of the clock line; stories show times in it.
    pub zone: Zone,
    pub profile: Vec<(FieldId, Value)>,
    pub consent: Vec<PurposeId>,
    /// Past events, in order of time.
    pub history: Vec<(Instant, EventId, Value)>,
    /// Split (or holdout) and the index of the arm that is drawn.
    pub pins: Vec<(SplitId, u16)>,
    /// What comes of an action in this test; of several of one action, call by call, and the last stays.
    pub answers: Vec<(ActionId, Reply)>,
    /// Of each event, what is kept in this test, where `expect that` asks for more of the past than the program does.
    pub kept: Option<Vec<HistoryNeed>>,
    pub lines: Vec<Line>,
}

/// What comes of a call of an action.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A record by the action's `gives`.
    Gives(Value),
    /// It fails for good, at once.
    Fails,
    /// It is silent past its patience.
    Never,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub at: Instant,
    pub place: Place,
    /// The line as the author wrote it.
    pub text: String,
    pub what: LineWhat,
}

#[derive(Debug, Clone, PartialEq)]
pub enum LineWhat {
    /// The record includes `at`, equal to the line's time. About a thing: fans out to the person.
    Event {
        event: EventId,
        payload: Value,
    },
    Set {
        field: FieldId,
        value: Value,
    },
    Consent {
        given: Vec<PurposeId>,
    },
    Report {
        verb: ReportVerb,
        handle: String,
    },
    Approve {
        approved: bool,
        by: Option<String>,
    },
    Pass,
    Expect(Expect),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportVerb {
    Deliver,
    Open,
    Click,
    Bounce,
    Block,
    Complain,
    Unsubscribe,
    /// The provider refuses for good.
    Refuse,
}

/// Seen since the line before that was not an expectation (`Sent`, `HeldBy`, `DroppedBy`, `Entered`, …) or at any time
/// (`NeverSent`); see the language chapter.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    Sent {
        negated: bool,
        channel: Channel,
        message: Option<MessageId>,
        params: Vec<(u16, Value)>,
    },
    NeverSent {
        channel: Option<Channel>,
        message: Option<MessageId>,
    },
    /// By the machine's words for refusals: `quiet`, `cap`, `withhold`, …
    HeldBy(String),
    DroppedBy(String),
    Waiting {
        at: Option<StepId>,
    },
    Entered {
        negated: bool,
    },
    Exited {
        negated: bool,
        by: Option<String>,
    },
    HeldOut,
    Tagged {
        negated: bool,
        tag: String,
    },
    Did {
        negated: bool,
        action: ActionId,
        params: Vec<(u16, Value)>,
    },
    GoalReached {
        negated: bool,
    },
    That(Expr),
}
