//! Expressions and literals, as written.
//!
//! Nothing is typed, folded or converted here.

use super::{EventPattern, Name, SplitArm, Text};
use crate::text::Span;
use crate::value::CalendarPeriod;

#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub kind: Box<ExprKind>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    Number(Number),
    /// `12.5%`
    Percent(Number),
    /// `3_000 JPY`
    Money {
        amount: Number,
        currency: Name,
    },
    Duration(Duration),
    Time(TimeOfDay),
    /// `2026-04-01`
    Date {
        year: i16,
        month: i8,
        day: i8,
    },
    /// `2026-04-01 20:30 [Asia/Tokyo]`
    Moment {
        year: i16,
        month: i8,
        day: i8,
        time: TimeOfDay,
        zone: Option<Name>,
    },
    Text(String),
    Bool(bool),
    /// A field in scope, a binding, a segment, an enum variant, `profile`, `now`, `today`.
    Name(String),
    /// `a.b`
    Field {
        of: Expr,
        name: Name,
    },
    /// `noun(condition)`: a list narrowed.
    Narrow {
        of: Expr,
        condition: Expr,
    },
    List(Vec<Expr>),
    Record(RecordLit),
    Not(Expr),
    Negate(Expr),
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: Expr,
        right: Expr,
    },
    /// `x is set`, `x is missing`
    IsSet {
        of: Expr,
        set: bool,
    },
    /// `profile in SEGMENT`, `x in list`, `x in [a, b]`; `not in` when negated.
    In {
        of: Expr,
        list: Expr,
        negated: bool,
    },
    /// `did E(filter) [in last D]`, `did not E …`
    Did {
        negated: bool,
        event: EventPattern,
        window: Option<Duration>,
    },
    /// `count of E(filter) [in last D]`, or `count of LIST(filter)`
    Count {
        of: CountOf,
        window: Option<Duration>,
    },
    /// `sum of E(filter).f [in last D]`, `average of …`
    Aggregate {
        op: AggregateOp,
        event: EventPattern,
        field: Name,
        window: Option<Duration>,
    },
    /// `last E(filter)[.f] [in last D]`, `first E …`
    Nth {
        last: bool,
        event: EventPattern,
        field: Option<Name>,
        window: Option<Duration>,
    },
    /// `any of LIST(cond)`, `none of`, `all of`
    Quantifier {
        quantifier: Quantifier,
        list: Expr,
    },
    /// `split NAME { 50% a: EXPR … }`
    Split {
        name: Name,
        per_run: Option<Span>,
        arms: Vec<SplitArm<Expr>>,
    },
    /// `next anniversary of DATE`
    NextAnniversary(Expr),
    /// `days since X`, `months since X`, `years since X`
    Since {
        unit: SinceUnit,
        of: Expr,
    },
    /// `tagged "vip"`
    Tagged(Text),
    Error,
}

/// What stands behind `count of`: whether a bare name is an event or a list, the checker decides.
#[derive(Debug, Clone, PartialEq)]
pub enum CountOf {
    Event(EventPattern),
    List(Expr),
}

/// `{ name: EXPR, … }`
#[derive(Debug, Clone, PartialEq)]
pub struct RecordLit {
    pub fields: Vec<(Name, Expr)>,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    OrElse,
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AggregateOp {
    Sum,
    Average,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    Any,
    None,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinceUnit {
    Days,
    Months,
    Years,
}

// ---- literals ----------------------------------------------------------------------------------------------------

/// A number as written, `_` removed; `text` is digits with at most one point.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    pub text: String,
    pub span: Span,
}

/// `1h30m`, `3d`, `6mo`: calendar and exact parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Duration {
    pub period: CalendarPeriod,
    pub span: Span,
}

/// `09:00`, seconds since midnight; out-of-range values were reported and clamped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeOfDay {
    pub seconds: u32,
    pub span: Span,
}
