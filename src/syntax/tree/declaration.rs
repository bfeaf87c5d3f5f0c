//! Declarations: what the shop has, says and allows.
//!
//! What journeys do with it stands next door.

use super::{Duration, Expr, Name, Number, Text, TimeOfDay};
use crate::text::Span;

/// `enum rank { bronze, silver }`
#[derive(Debug, Clone, PartialEq)]
pub struct EnumDecl {
    pub name: Name,
    pub variants: Vec<Name>,
    pub span: Span,
}

/// `record item { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct RecordDecl {
    pub name: Name,
    pub fields: Vec<FieldDecl>,
    pub span: Span,
}

/// `profile { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileDecl {
    pub keyword: Span,
    pub fields: Vec<FieldDecl>,
    pub span: Span,
}

/// `name: type [pii]`
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDecl {
    pub name: Name,
    pub ty: Type,
    pub pii: bool,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    pub kind: TypeKind,
    /// `T?`
    pub optional: bool,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    /// A built-in type, an enum or a record, by name.
    Named(Name),
    /// `money JPY`
    Money(Name),
    /// `one of [dry, oily]`
    OneOf(Vec<Name>),
    /// `list of T`
    List(Box<Type>),
    Error,
}

/// `event NAME about SUBJECT { field: type, … }`
#[derive(Debug, Clone, PartialEq)]
pub struct EventDecl {
    pub name: Name,
    /// `profile`, or what else it is about (`item`); absent means `profile`.
    pub subject: Option<Name>,
    pub fields: Vec<FieldDecl>,
    pub span: Span,
}

/// `message NAME on CHANNEL for PURPOSE [from "FILE"] [at most once] [patience 10m] [offers discount] [class sell]
/// [takes { … }]`
#[derive(Debug, Clone, PartialEq)]
pub struct MessageDecl {
    pub name: Name,
    pub channel: Name,
    pub purpose: Name,
    pub file: Option<Text>,
    pub takes: Vec<FieldDecl>,
    /// Span of `at most once`; absent means `at least once`.
    pub at_most_once: Option<Span>,
    pub patience: Option<Duration>,
    /// `offers discount`: what the message holds out to people.
    pub offers: Option<Name>,
    /// `class nurture`
    pub class: Option<Name>,
    pub span: Span,
}

/// `action coupon.issue [idempotent] [patience 10m] [grants discount] [undo coupon.revoke] [writes NAME] takes { … }
/// gives { … }`; names of actions may be dotted and are kept whole.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionDecl {
    pub name: Name,
    pub takes: Vec<FieldDecl>,
    pub gives: Vec<FieldDecl>,
    pub idempotent: Option<Span>,
    pub patience: Option<Duration>,
    pub grants: Option<Name>,
    pub undo: Option<Name>,
    pub writes: Option<Name>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PolicyDecl {
    pub name: Name,
    pub rules: Vec<PolicyRule>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PolicyRule {
    pub kind: PolicyRuleKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PolicyRuleKind {
    /// `timezone Asia/Tokyo`
    Timezone(Name),
    /// `quiet 21:00..08:00 then hold`
    Quiet {
        from: TimeOfDay,
        to: TimeOfDay,
        then: Option<Overflow>,
    },
    /// `cap 1 line per 1d [then hold]`; `what` is a channel or `messages`/`message`.
    Cap {
        count: Number,
        what: Name,
        per: Duration,
        then: Option<Overflow>,
    },
    /// `consent marketing[, …]`
    Consent(Vec<Name>),
    /// `budget 30_000 line per 1mo`
    Budget {
        count: Number,
        what: Name,
        per: Duration,
    },
    /// `withhold marketing when COND`
    Withhold {
        purpose: Name,
        when: Expr,
    },
    /// `nurture at least 30%`
    Nurture {
        share: Number,
    },
    Error,
}

/// `allow W0311 because "reason" [until 2026-12-31]`
#[derive(Debug, Clone, PartialEq)]
pub struct Allow {
    pub code: Name,
    pub because: Text,
    /// The last day it holds: year, month, day.
    pub until: Option<(i16, i8, i8)>,
    pub span: Span,
}

/// `then hold` or `then drop`
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Overflow {
    Hold(Span),
    Drop(Span),
}

/// `segment NAME ["title"] = COND`
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentDecl {
    pub name: Name,
    pub title: Option<Text>,
    pub condition: Expr,
    pub span: Span,
}

/// `moves JOURNEY from "v12" [to OTHER] { STEP|everyone stay|to STEP [keeping deadline|restarting]|to stop }`
#[derive(Debug, Clone, PartialEq)]
pub struct MovesDecl {
    pub journey: Name,
    pub from: Text,
    /// Another journey that people are moved to.
    pub to: Option<Name>,
    pub moves: Vec<Move>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// The word `everyone` where it stands for all steps that no other line names.
    pub step: Name,
    pub is_everyone: bool,
    pub target: MoveTarget,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum MoveTarget {
    Stay,
    Stop,
    To { step: Name, timing: Option<MoveTiming> },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MoveTiming {
    KeepingDeadline,
    Restarting,
}
