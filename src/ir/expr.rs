//! Expressions: already typed, so evaluation only meets the kinds the checker allowed.
//!
//! Holds no evaluator: the machine does.

use serde::{Deserialize, Serialize};

use super::{EventId, FieldId, HandleId, SegmentId, SlotId};
use crate::value::{CalendarPeriod, Value};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Expr {
    Const(Value),
    /// Live: a field of the person, read again at every step.
    Profile(FieldId),
    /// Captured: stored in the run.
    Slot(SlotId),
    /// What stands under test inside `noun(condition)`: an event (a record with `at` last) or a list's element.
    /// 0 is the innermost.
    Subject(u8),
    /// A field of a record or event value; missing stays missing.
    Field(Box<Expr>, FieldId),
    /// The time of processing.
    Now,
    /// The date at `Now` in the person's zone.
    Today,
    /// What is known of a delivery: a bool.
    Handle(HandleId, Fact),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// Of two values of one type. False if either is missing, except `Equal`/`NotEqual`, where missing equals only missing.
    Compare {
        op: Compare,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// Missing if either side is. Overflow saturates.
    Arithmetic {
        op: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `a or else b`
    OrElse(Box<Expr>, Box<Expr>),
    IsSet(Box<Expr>),
    /// `profile in SEGMENT`
    InSegment(SegmentId),
    /// `item in list`
    InList {
        item: Box<Expr>,
        list: Box<Expr>,
    },
    Behaviour(Box<Behaviour>),
    /// `list(condition)`; the condition sees each element as `Subject(0)`.
    Narrow {
        list: Box<Expr>,
        condition: Box<Expr>,
    },
    /// `any of list(condition)`; `condition` absent asks whether there is any element (`All`: vacuously true).
    Quantify {
        quantifier: Quantifier,
        list: Box<Expr>,
        condition: Option<Box<Expr>>,
    },
    /// `count of list`
    Length(Box<Expr>),
    Record(Vec<Expr>),
    List(Vec<Expr>),
    /// The value of a split: `slot` holds the arm's index as an int, drawn just before.
    Pick {
        slot: SlotId,
        arms: Vec<Expr>,
    },
    /// First anniversary of a date on or after today.
    NextAnniversary(Box<Expr>),
    /// Whole calendar units from a date or instant until today, in the person's zone.
    Since {
        unit: SinceUnit,
        of: Box<Expr>,
    },
    /// The local date of an instant.
    DateOf(Box<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// `Value` kinds decide: money ± money, money × number, instant ± period, date ± period, instant − instant, numbers,
/// text + text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantifier {
    Any,
    None,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SinceUnit {
    Days,
    Months,
    Years,
}

/// What can be known of one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fact {
    /// Accepted for dispatch.
    Sent,
    Delivered,
    Opened,
    Clicked,
    Bounced,
    /// Any refusal: the message was not sent, or was refused for good.
    Failed,
}

impl Fact {
    pub const ALL: [Fact; 6] = [Fact::Sent, Fact::Delivered, Fact::Opened, Fact::Clicked, Fact::Bounced, Fact::Failed];

    pub fn name(self) -> &'static str {
        match self {
            Fact::Sent => "sent",
            Fact::Delivered => "delivered",
            Fact::Opened => "opened",
            Fact::Clicked => "clicked",
            Fact::Bounced => "bounced",
            Fact::Failed => "failed",
        }
    }
    /// Its bit in a set of facts.
    pub fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A question to a person's history of one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Behaviour {
    pub event: EventId,
    /// Sees the past event as `Subject(0)`.
    pub filter: Option<Expr>,
    /// `in last D`: entries whose `at + D` (in the person's zone) is still to come.
    /// Counted forward from the entry, so that each leaves the window at one moment, months included.
    pub window: Option<CalendarPeriod>,
    pub ask: Ask,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// A bool.
    Did,
    /// An int.
    Count,
    /// `zero` is the value of an empty sum, of the field's type. Missing fields count as nothing.
    Sum {
        field: FieldId,
        zero: Value,
    },
    /// Missing when nothing counts; rounded half to even.
    Average {
        field: FieldId,
    },
    /// By event time; missing when there is none. Without a field, the whole event.
    Last {
        field: Option<FieldId>,
    },
    First {
        field: Option<FieldId>,
    },
}
