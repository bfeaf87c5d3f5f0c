//! A journey: its header, how it starts and ends, and its steps as flat instructions.
//!
//! A run's position is one number, so it can be stored, compared and explained. Steps have stable names.

use serde::{Deserialize, Serialize};

use super::{
    ActionId, EventId, Expr, Fact, FieldId, HandleId, MessageId, PolicyId, SegmentId, Share, SlotId, SplitId, StepId,
    Type,
};
use crate::value::{CalendarPeriod, Instant, LocalTime, Zone};

/// A place in [`Journey::code`].
pub type Pc = u32;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Journey {
    pub name: String,
    pub title: Option<String>,
    pub purpose: String,
    pub owner: String,
    pub about: Option<String>,
    pub policy: PolicyId,
    pub goal: Option<Goal>,
    pub review_every: Option<CalendarPeriod>,
    pub review_by: Option<String>,
    pub reentry: Reentry,
    pub holdout: Option<Holdout>,
    /// Higher goes first; 0 unless stated.
    pub priority: i32,
    /// Of a customer's life, among those of the project.
    pub stage: Option<String>,
    pub promises: Vec<Promise>,
    pub start: Start,
    pub only_if: Option<Expr>,
    pub exits: Vec<Exit>,
    pub code: Vec<Instruction>,
    /// By [`StepId`].
    pub steps: Vec<StepDef>,
    /// By [`SlotId`]: what a run captures.
    pub slots: Vec<SlotDef>,
    /// By [`HandleId`].
    pub handles: Vec<HandleDef>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepDef {
    /// `nudge`, `wait_1`, `send_2`: unique within the journey.
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlotDef {
    /// The author's name, or a derived one for counters and draws.
    pub name: String,
    pub ty: Type,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandleDef {
    /// The author's name, or the step's.
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    pub event: EventId,
    /// Sees the event as `Subject(0)` and the run's slots.
    pub filter: Option<Expr>,
    /// Since entry, in the person's zone.
    pub within: CalendarPeriod,
    pub target: Option<Share>,
    /// From conjuncts `field == EXPR` of the filter: how an imagined goal event would look; for the response model.
    pub template: Vec<(FieldId, Expr)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Reentry {
    Never,
    /// Since the last entry.
    After(CalendarPeriod),
    Always,
}

/// Who is held out: arm 0 of the split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Holdout {
    pub split: SplitId,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Promise {
    /// `what` absent: all messages. `per` absent: over the whole run.
    Messages {
        count: u32,
        channel: Option<super::Channel>,
        per: Option<CalendarPeriod>,
    },
    EndsWithin(CalendarPeriod),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Start {
    Event {
        event: EventId,
        /// Sees the event as `Subject(0)`.
        filter: Option<Expr>,
        /// The slot that keeps the event.
        bind: SlotId,
        /// `per`: a run per person and key. Sees the slot `bind`.
        key: Option<Expr>,
        settled: Option<CalendarPeriod>,
        /// Present on an event about something else: fan out over these people.
        audience: Option<Audience>,
    },
    Segment {
        segment: SegmentId,
        enters: bool,
        including_members: bool,
    },
    Schedule {
        schedule: Schedule,
        audience: Audience,
    },
    At {
        at: Instant,
        audience: Audience,
    },
}

/// `for everyone [in SEGMENT] [(COND)]`; the condition may see the slot of the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Audience {
    pub segment: Option<SegmentId>,
    pub condition: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    pub when: ScheduleWhen,
    /// Absent: `local`, each person's own zone (else the policy's).
    pub zone: Option<Zone>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ScheduleWhen {
    Day {
        at: LocalTime,
    },
    /// ISO weekdays 1 (Monday) to 7, ascending.
    Week {
        on: Vec<u8>,
        at: LocalTime,
    },
    /// Days 1 to 31, ascending; past the month's end: its last day, once.
    Month {
        on: Vec<u8>,
        at: LocalTime,
    },
    /// Vixie cron, five fields; valid by construction.
    Cron(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Exit {
    Event { event: EventId, filter: Option<Expr> },
    Segment { segment: SegmentId, enters: bool },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instruction {
    pub step: StepId,
    pub op: Op,
}

/// Without a named target, the run goes on at the next instruction. Every code ends in `End` or `Stop`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Op {
    Wait {
        until: Until,
    },
    /// The first arm satisfied goes to its target; when `up_to` has passed, `otherwise`.
    Await {
        arms: Vec<Arm>,
        up_to: Option<Expr>,
        otherwise: Pc,
    },
    /// With `otherwise` the run waits for the provider's answer.
    Send {
        message: MessageId,
        /// By the message's parameters; an optional one not given is `Const(Missing)`.
        params: Vec<Expr>,
        before: Option<Expr>,
        handle: HandleId,
        otherwise: Option<Pc>,
    },
    /// First true case.
    Branch {
        cases: Vec<(Expr, Pc)>,
        otherwise: Pc,
    },
    /// Draws an arm, stores its index as an int and counts the exposure.
    Draw {
        split: SplitId,
        slot: SlotId,
    },
    /// Goes to the target of the arm drawn.
    Switch {
        slot: SlotId,
        targets: Vec<Pc>,
    },
    /// Head of a loop: passes `times` times, then resets its counter and goes to `exit`.
    Repeat {
        counter: SlotId,
        times: u32,
        exit: Pc,
    },
    Jump(Pc),
    Do {
        action: ActionId,
        params: Vec<Expr>,
        result: Option<SlotId>,
        otherwise: Option<Pc>,
    },
    Tag(String),
    Untag(String),
    Set {
        field: FieldId,
        value: Expr,
    },
    Let {
        slot: SlotId,
        value: Expr,
    },
    Stop {
        because: Option<String>,
    },
    End,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Until {
    /// A span or period expression, from now.
    After(Expr),
    /// Next such local time at or after now.
    Time(LocalTime),
    Tomorrow(LocalTime),
    /// Next ISO weekday with that time, at or after now.
    Weekday(u8, LocalTime),
    /// An instant, or with `at` the local time on the instant's or date's day. Past passes at once.
    Moment {
        moment: Expr,
        at: Option<LocalTime>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    pub on: ArmOn,
    pub target: Pc,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ArmOn {
    Event {
        event: EventId,
        filter: Option<Expr>,
        bind: Option<SlotId>,
    },
    /// Satisfied at once if already known.
    Handle {
        handle: HandleId,
        fact: Fact,
    },
    Approval {
        by: String,
    },
    Segment {
        segment: SegmentId,
        enters: bool,
    },
}
