//! Timeline tests: a clock, what is given, what happens, what is expected.
//!
//! Runs nothing.

use super::{Duration, Expr, Name, RecordLit, Text};
use crate::text::Span;

/// `test JOURNEY "title" { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct TestDecl {
    pub journey: Name,
    pub title: Text,
    pub lines: Vec<TestLine>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TestLine {
    pub kind: TestLineKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TestLineKind {
    /// `clock 2026-04-01 20:30 Asia/Tokyo`
    Clock(Expr),
    /// `given profile { … }`
    GivenProfile(RecordLit),
    /// `given history { -5d purchase { … } }`; a time counts back from the clock.
    GivenHistory(Vec<(Duration, Name, Option<RecordLit>)>),
    /// `pin SPLIT = ARM`; a holdout's name with `held` or `treated`.
    Pin {
        split: Name,
        arm: Name,
    },
    /// `answer ACTION …`: what comes of the action in this test.
    Answer {
        action: Name,
        reply: Reply,
    },
    /// `+1h …`; `None` continues at the time of the line above.
    At {
        after: Option<Duration>,
        what: TestStep,
    },
    Error,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// `with { … }`: what it gives.
    Gives(RecordLit),
    /// `fails`: for good.
    Fails,
    /// `never`: silent past its patience.
    Never,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TestStep {
    /// `EVENT { … }`
    Event {
        event: Name,
        fields: Option<RecordLit>,
    },
    /// `set profile.f = …|missing`
    Set {
        field: Name,
        value: Option<Expr>,
    },
    /// `deliver|open|click|bounce|block|refuse|complain|unsubscribe HANDLE`
    Report {
        verb: Name,
        handle: Name,
    },
    /// `approve ["@x"]`, `refuse ["@x"]`
    Approve {
        approved: bool,
        by: Option<Text>,
    },
    /// A bare `+1h`: only let time pass.
    Pass,
    Expect(Expectation),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    pub kind: ExpectationKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExpectationKind {
    /// `[not] sent CHANNEL [MESSAGE [{ … }]]`
    Sent {
        negated: bool,
        channel: Name,
        message: Option<Name>,
        fields: Option<RecordLit>,
    },
    /// `never sent [CHANNEL [MESSAGE]]`
    NeverSent {
        channel: Option<Name>,
        message: Option<Name>,
    },
    /// `held by quiet|cap|withhold`
    HeldBy(Name),
    /// `dropped by cap|quiet|deadline|unreachable|consent|withhold|budget|refused|holdout`
    DroppedBy(Name),
    /// `waiting [at STEP]`
    Waiting {
        at: Option<Name>,
    },
    /// `[not] entered`
    Entered {
        negated: bool,
    },
    /// `[not] exited [by WORD|"reason"]`
    Exited {
        negated: bool,
        by: Option<Text>,
    },
    HeldOut,
    /// `[not] tagged "x"`
    Tagged {
        negated: bool,
        tag: Text,
    },
    /// `did ACTION [{ … }]`
    Did {
        negated: bool,
        action: Name,
        fields: Option<RecordLit>,
    },
    /// `[not] goal reached`
    GoalReached {
        negated: bool,
    },
    /// `that EXPR`
    That(Expr),
    Error,
}
