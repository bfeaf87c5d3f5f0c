//! The program: what the machine runs. Plain data, names resolved to indices, literals folded.
//!
//! Knows neither the language it came from nor the engine that steps it. Declarations stand in the order of their
//! names, so the program (and its hash) is the same however files and declarations are ordered.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod address;
pub mod content;
pub mod deployed;
pub mod expr;
pub mod exprs;
pub mod history;
pub mod journey;
pub mod places;
pub mod stage;
pub mod timeline;
pub mod track;
pub mod typing;
mod walk;

use serde::{Deserialize, Serialize};

use crate::value::{CalendarPeriod, Currency, Decimal, LocalTime, Span, Zone};
pub use deployed::{Change, Deployed, Fate, Moves, Phase, PhaseOf, Planned, Redirect, Timing, Version};
pub use expr::{Ask, Behaviour, Compare, Expr, Fact, Operator, Quantifier, SinceUnit};
pub use journey::{
    Arm, ArmOn, Audience, Goal, Holdout, Instruction, Journey, Op, Pc, Promise, Reentry, Schedule, ScheduleWhen, Start,
    Until,
};
pub use places::{Place, Places};
pub use stage::{Hold, Pause, PauseMode, Stage};

/// Version of the shapes in this room; part of every hash.
pub const IR_VERSION: u32 = 1;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u16);
        impl $name {
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    EnumId RecordId EventId MessageId ActionId PolicyId SegmentId JourneyId
    /// A split or a holdout.
    SplitId
    /// A field of the profile, a record or an event, in order of declaration.
    FieldId
    /// A place in a run's captured values.
    SlotId
    /// A delivery handle of a journey; every send has one, named or not.
    HandleId
    /// A step of a journey; its name is stable between edits.
    StepId
    /// A purpose of messages that people consent to. At most 32.
    PurposeId
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    pub ir_version: u32,
    pub project: Project,
    pub enums: Vec<EnumDef>,
    pub records: Vec<RecordDef>,
    pub profile: Vec<FieldDef>,
    /// Where the machine finds what it must know of every person.
    pub person: PersonFields,
    pub events: Vec<EventDef>,
    pub messages: Vec<MessageDef>,
    pub actions: Vec<ActionDef>,
    pub policies: Vec<Policy>,
    pub segments: Vec<Segment>,
    pub splits: Vec<Split>,
    pub journeys: Vec<Journey>,
    /// Names of purposes, sorted. `transactional` needs no consent; every other does.
    pub purposes: Vec<String>,
    /// What must be kept per person of each event, by [`EventId`]; derived from the whole program.
    pub history: Vec<HistoryNeed>,
    /// Segments whose membership is kept and watched, because something starts, ends or waits by it; derived.
    pub tracked: Vec<TrackedSegment>,
    /// Present once it is live over people who may have known others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed: Option<Box<Deployed>>,
    /// Where things stand in the sources. Not part of the hash.
    #[serde(skip)]
    pub places: Places,
    /// What is to become of people when this replaces an older version. Not part of the hash: once done it says nothing.
    #[serde(skip)]
    pub moves: Vec<Moves>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    pub name: String,
    pub zone: Zone,
    pub currency: Currency,
    /// An event older than this when it arrives updates history only.
    pub max_event_age: Span,
    /// How long an input's id is remembered, to take two with the same id as one.
    pub dedupe_window: Span,
    pub sender: content::Sender,
}

/// The type of a value. `one of [...]` is an enum without a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Type {
    Text,
    Id,
    Email,
    Phone,
    LineId,
    PushToken,
    Url,
    Int,
    Decimal,
    Percent,
    Bool,
    Money(Currency),
    Zone,
    Instant,
    Date,
    Time,
    Span,
    Period,
    Enum(EnumId),
    Record(RecordId),
    /// An event as a value: its fields, `at` last.
    Event(EventId),
    /// What an action gave: a record of its `gives`.
    Result(ActionId),
    List(Box<Type>),
    Optional(Box<Type>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldDef {
    pub name: String,
    pub ty: Type,
    pub pii: bool,
}

impl FieldDef {
    /// Between the name of a field that is no more and the generation that dropped it.
    pub const GONE: char = '@';

    /// Kept because something old may hold it; nothing new does.
    pub fn is_gone(&self) -> bool {
        self.name.contains(FieldDef::GONE)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnumDef {
    /// `one of [a, b]` for an anonymous one.
    pub name: String,
    pub variants: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordDef {
    pub name: String,
    pub fields: Vec<FieldDef>,
}

/// Fields of the profile with a meaning to the machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
pub struct PersonFields {
    /// First field of type `zone`.
    pub zone: Option<FieldId>,
    /// The field `tags: list of text`.
    pub tags: Option<FieldId>,
    /// First field of the channel's address type, by [`Channel::index`].
    pub addresses: [Option<FieldId>; Channel::COUNT],
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventDef {
    pub name: String,
    pub subject: Subject,
    /// As declared, then the implicit `at: instant` last.
    pub fields: Vec<FieldDef>,
}

impl EventDef {
    /// Index of the implicit `at`: the last field, but for those that the event got while it was live.
    pub fn at_field(&self) -> FieldId {
        let index = self.fields.iter().rposition(|field| field.name == EventDef::AT);
        FieldId(index.unwrap_or(self.fields.len().saturating_sub(1)) as u16)
    }
    /// Name of the field that every event has.
    pub const AT: &'static str = "at";
    /// Places of its fields of money, and of optional money.
    fn money(&self) -> Vec<usize> {
        let is_money = |ty: &Type| match ty {
            Type::Money(_) => true,
            Type::Optional(inner) => matches!(**inner, Type::Money(_)),
            _ => false,
        };
        let counts = |field: &FieldDef| !field.is_gone() && is_money(&field.ty);
        (0..self.fields.len()).filter(|i| counts(&self.fields[*i])).collect()
    }
    pub fn has_money(&self) -> bool {
        !self.money().is_empty()
    }
    /// The field that says what the event is worth: its only field of money, or of several the first by name of
    /// `revenue`, `total`, `value` (what Segment's specification calls the money of an order). With several that are
    /// called otherwise, none: nobody has said which.
    pub fn worth_field(&self) -> Option<FieldId> {
        let money = self.money();
        let named = |name: &&str| money.iter().find(|i| self.fields[**i].name == *name);
        let field = match money[..] {
            [only] => only,
            _ => *["revenue", "total", "value"].iter().find_map(named)?,
        };
        Some(FieldId(field as u16))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Subject {
    Profile,
    /// About something else (`item`): fans out.
    Other(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    Email,
    Line,
    Sms,
    Push,
    Webhook,
}

impl Channel {
    pub const COUNT: usize = 5;
    pub const ALL: [Channel; Channel::COUNT] =
        [Channel::Email, Channel::Line, Channel::Sms, Channel::Push, Channel::Webhook];

    pub fn index(self) -> usize {
        self as usize
    }
    pub fn name(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Line => "line",
            Channel::Sms => "sms",
            Channel::Push => "push",
            Channel::Webhook => "webhook",
        }
    }
    pub fn from_name(name: &str) -> Option<Channel> {
        Channel::ALL.into_iter().find(|c| c.name() == name)
    }
    /// A webhook reaches a system, not a person: no address, no consent, no quiet hours, no cap.
    pub fn is_personal(self) -> bool {
        self != Channel::Webhook
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageDef {
    pub name: String,
    pub channel: Channel,
    pub purpose: PurposeId,
    pub needs_consent: bool,
    pub file: Option<String>,
    /// What the file says; absent without a file.
    pub content: Option<content::Content>,
    pub params: Vec<FieldDef>,
    /// What it holds out to people, if anything.
    pub offer: Option<Offer>,
    pub class: MessageClass,
    pub at_most_once: bool,
    /// How long a provider may be silent before the send counts as accepted, outcome unknown.
    pub patience: Span,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionDef {
    pub name: String,
    pub takes: Vec<FieldDef>,
    /// The result is a record value of these fields in this order.
    pub gives: Vec<FieldDef>,
    /// A second call with the same key does nothing: a call whose outcome is unknown may be repeated.
    pub idempotent: bool,
    /// How long its answer may take before it counts as failed, outcome unknown.
    pub patience: Span,
    /// What it gives to people, if anything: a coupon, points.
    pub grants: Option<Offer>,
    /// The action that takes back what this one did.
    pub undo: Option<ActionId>,
    /// The thing outside that it sets (`rich_menu`): two journeys may be in each other's way.
    pub writes: Option<String>,
}

/// What is held out or given to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Offer {
    /// A lower price: coupons, sales, free shipping.
    Discount,
    Points,
    Gift,
    /// Being first, or being let in.
    Access,
}

impl Offer {
    pub const ALL: [Offer; 4] = [Offer::Discount, Offer::Points, Offer::Gift, Offer::Access];

    pub fn name(self) -> &'static str {
        match self {
            Offer::Discount => "discount",
            Offer::Points => "points",
            Offer::Gift => "gift",
            Offer::Access => "access",
        }
    }
}

/// What a message is for, as a reader would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageClass {
    /// Wants something bought now. Every message that needs consent, unless it says otherwise.
    Sell,
    /// Tells, teaches, thanks.
    Nurture,
    /// Part of an order or of support. Every transactional message, unless it says otherwise.
    Service,
}

impl MessageClass {
    pub const ALL: [MessageClass; 3] = [MessageClass::Sell, MessageClass::Nurture, MessageClass::Service];

    pub fn name(self) -> &'static str {
        match self {
            MessageClass::Sell => "sell",
            MessageClass::Nurture => "nurture",
            MessageClass::Service => "service",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub name: String,
    /// For people whose own zone is unknown. Never absent: the project's zone stands in.
    pub zone: Zone,
    pub quiet: Vec<Quiet>,
    pub caps: Vec<Cap>,
    pub budgets: Vec<Budget>,
    pub withhold: Vec<Withhold>,
    /// What people must have agreed to; messages of other purposes, but transactional ones, are not for this policy.
    pub consents: Vec<PurposeId>,
    /// At least this share of a journey's messages should not sell.
    pub nurture: Option<Share>,
}

/// Half-open local hours `[from, to)`; may cross midnight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quiet {
    pub from: LocalTime,
    pub to: LocalTime,
    pub overflow: Overflow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overflow {
    Hold,
    Drop,
}

/// At most `count` sends accepted for dispatch in the window, over all journeys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cap {
    pub count: u32,
    /// Absent: all personal channels.
    pub channel: Option<Channel>,
    /// Calendar (days of the person's zone, today included) or, if exact, sliding.
    pub window: CalendarPeriod,
    pub overflow: Overflow,
}

/// At most `count` sends of all people together in the window; decided at dispatch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    pub count: u64,
    pub channel: Option<Channel>,
    /// `1mo` calendar month, `1d` calendar day of the policy's zone; exact: fixed windows since the epoch.
    pub window: CalendarPeriod,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Withhold {
    pub purpose: PurposeId,
    pub when: Expr,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    pub name: String,
    pub title: Option<String>,
    pub condition: Expr,
}

/// A named draw: a split's arms, or a holdout (arms `held`, `treated`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Split {
    pub name: String,
    pub per_run: bool,
    /// Shares sum to [`Split::WHOLE`].
    pub arms: Vec<SplitArm>,
}

impl Split {
    /// 100 %, in units of a thousandth of a percent.
    pub const WHOLE: u32 = 100_000;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitArm {
    pub name: String,
    pub share: u32,
}

/// How much of one event's past is kept for each person: what the program can ask about, no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct HistoryNeed {
    /// Fields kept in each entry; `at` is always kept and not listed. Ascending, but for those that were asked for later.
    pub fields: Vec<FieldId>,
    /// How many entries ever came (`count of E` without filter or window).
    pub total: bool,
    /// The first and the last entry (`first E`, `last E`, `did E` without filter or window).
    pub ends: bool,
    pub log: HistoryLog,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
pub enum HistoryLog {
    #[default]
    None,
    /// Entries younger than this.
    Within(CalendarPeriod),
    /// All entries.
    Forever,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackedSegment {
    pub segment: SegmentId,
    /// Re-evaluated when one of these events came …
    pub events: Vec<EventId>,
    /// … or one of these fields changed …
    pub fields: Vec<FieldId>,
    /// … or when its value said it would flip by the passing of time.
    pub by_time: bool,
}

impl Program {
    /// 32 bytes over everything a run reads; blind to layout, comments and the order of declarations.
    pub fn content_hash(&self) -> [u8; 32] {
        let bytes = serde_json::to_vec(self).expect("a program is plain data with string keys");
        *blake3::hash(&bytes).as_bytes()
    }
    pub fn event_named(&self, name: &str) -> Option<EventId> {
        self.events.iter().rposition(|e| e.name == name).map(|i| EventId(i as u16))
    }
    pub fn journey_named(&self, name: &str) -> Option<JourneyId> {
        // Of versions the one that people enter is the latest.
        self.journeys.iter().rposition(|j| j.name == name).map(|i| JourneyId(i as u16))
    }
    pub fn event(&self, id: EventId) -> &EventDef {
        &self.events[id.index()]
    }
    pub fn message(&self, id: MessageId) -> &MessageDef {
        &self.messages[id.index()]
    }
    pub fn journey(&self, id: JourneyId) -> &Journey {
        &self.journeys[id.index()]
    }
    pub fn policy(&self, id: PolicyId) -> &Policy {
        &self.policies[id.index()]
    }
    pub fn purpose_named(&self, name: &str) -> Option<PurposeId> {
        self.purposes.iter().position(|p| p == name).map(|i| PurposeId(i as u16))
    }
}

/// The share of a whole as the language writes it: 12.5 % is `Decimal` 0.125.
pub type Share = Decimal;
