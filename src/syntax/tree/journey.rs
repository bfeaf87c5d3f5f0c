//! Journeys: header, start, steps, and the moves between versions.
//!
//! Holds no judgement; a step that could not be read is an `Error`.

use super::{Allow, Duration, Expr, Name, Number, RecordLit, Text, TimeOfDay};
use crate::text::Span;

/// Header lines, start, exits and steps, in the order written.
#[derive(Debug, Clone, PartialEq)]
pub struct JourneyDecl {
    pub name: Name,
    pub title: Option<Text>,
    pub lines: Vec<JourneyLine>,
    /// Place of the closing brace.
    pub end: Span,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum JourneyLine {
    Header(Header),
    Start(Start),
    /// `exit when EVENT(filter)`, or `exit when profile enters|leaves SEGMENT`
    Exit {
        on: ExitOn,
        span: Span,
    },
    /// `only if COND`
    OnlyIf {
        condition: Expr,
        span: Span,
    },
    Step(Step),
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExitOn {
    Event(EventPattern),
    Segment { enters: bool, segment: Name },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    pub kind: HeaderKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum HeaderKind {
    Purpose(Name),
    Owner(Text),
    About(Text),
    /// `under policy NAME`
    Under(Name),
    /// `goal EVENT(filter) within D [target 12%]`
    Goal {
        event: EventPattern,
        within: Duration,
        target: Option<Number>,
    },
    /// `review every 3mo by "@x"`
    Review {
        every: Duration,
        by: Text,
    },
    Reentry(ReentryRule),
    /// `holdout 10% as NAME`
    Holdout {
        percent: Number,
        name: Name,
    },
    Priority(Number),
    /// `promise at most 2 messages [per 7d]`; `what` is `messages` or a channel.
    PromiseMessages {
        count: Number,
        what: Name,
        per: Option<Duration>,
    },
    /// `promise ends within 5d`
    PromiseEnds(Duration),
    /// `stage dormant`: of a customer's life
    Stage(Name),
    Allow(Allow),
    Error,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ReentryRule {
    Never,
    After(Duration),
    Always,
}

/// `EVENT` or `EVENT(filter)`
#[derive(Debug, Clone, PartialEq)]
pub struct EventPattern {
    pub event: Name,
    pub filter: Option<Expr>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    pub kind: StartKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StartKind {
    /// `start when EVENT(filter) [as x] [per x.key] [settled for D] [for everyone …]`
    Event {
        event: EventPattern,
        bind: Option<Name>,
        per: Option<Expr>,
        settled: Option<Duration>,
        audience: Option<Audience>,
    },
    /// `start when profile enters|leaves SEGMENT [including members]`
    Segment {
        enters: bool,
        segment: Name,
        including_members: Option<Span>,
    },
    /// `start every day at 09:00 [ZONE|local] for everyone …`
    Every {
        schedule: Schedule,
        audience: Option<Audience>,
    },
    /// `start at 2026-12-01 10:00 Asia/Tokyo for everyone …`
    At {
        moment: Expr,
        audience: Option<Audience>,
    },
    Error,
}

/// `for everyone [in SEGMENT] [(COND)]`
#[derive(Debug, Clone, PartialEq)]
pub struct Audience {
    pub segment: Option<Name>,
    pub condition: Option<Expr>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    pub kind: ScheduleKind,
    /// A zone's name, or `local`; absent means the policy's zone.
    pub zone: Option<Name>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ScheduleKind {
    /// `every day at 09:00`
    Day { at: TimeOfDay },
    /// `every week on monday[, thursday] at 09:00`
    Week { on: Vec<Name>, at: TimeOfDay },
    /// `every month on 1[, 15] at 09:00`; a day past the month's end is its last day.
    Month { on: Vec<Number>, at: TimeOfDay },
    /// `every cron "0 9 * * 1"`
    Cron(Text),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub steps: Vec<Step>,
    /// From brace to brace.
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub kind: StepKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StepKind {
    /// `wait 3d [as NAME]`; any expression of a span or period.
    Wait {
        duration: Expr,
        name: Option<Name>,
    },
    /// `wait until … [as NAME]`
    WaitUntil {
        until: Until,
        name: Option<Name>,
    },
    /// `wait up to D for A [as y] {…} otherwise {…}`, or a race of several.
    WaitFor {
        up_to: Option<Expr>,
        arms: Vec<WaitArm>,
        /** written with braces around the arms */
        race: bool,
        otherwise: Option<Block>,
        name: Option<Name>,
    },
    Send(Send),
    If {
        branches: Vec<(Expr, Block)>,
        otherwise: Option<Block>,
    },
    Choose {
        subject: Expr,
        cases: Vec<Case>,
        otherwise: Option<Block>,
    },
    Split {
        name: Name,
        per_run: Option<Span>,
        arms: Vec<SplitArm<Block>>,
    },
    Repeat {
        times: Number,
        body: Block,
    },
    /// `do ACTION [with {…}] [as r] [otherwise {…}]`
    Do {
        action: Name,
        with: Option<RecordLit>,
        bind: Option<Name>,
        otherwise: Option<Block>,
    },
    Tag(Text),
    Untag(Text),
    /// `set profile.f = EXPR|missing`; `None` is `missing`.
    Set {
        field: Name,
        value: Option<Expr>,
    },
    Let {
        name: Name,
        value: Expr,
    },
    Stop {
        because: Option<Text>,
    },
    Error,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Until {
    /// `19:00`
    Time(TimeOfDay),
    /// `tomorrow 12:00`
    Tomorrow(TimeOfDay),
    /// `monday 09:00`
    Weekday(Name, TimeOfDay),
    /// `EXPR [at TIME]`: an instant, or a date with a time.
    Moment { moment: Expr, at: Option<TimeOfDay> },
}

#[derive(Debug, Clone, PartialEq)]
pub struct WaitArm {
    pub on: WaitOn,
    pub bind: Option<Name>,
    pub body: Option<Block>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum WaitOn {
    Event(EventPattern),
    /// `nudge.clicked`
    Handle {
        handle: Name,
        fact: Name,
    },
    /// `approval by "@x"`
    Approval {
        by: Text,
    },
    /// `profile enters|leaves SEGMENT`
    Segment {
        enters: bool,
        segment: Name,
    },
}

/// `send CHANNEL MESSAGE [with {…}] [before INSTANT] [as h] [otherwise …]`
#[derive(Debug, Clone, PartialEq)]
pub struct Send {
    pub channel: Name,
    pub message: Name,
    pub with: Option<RecordLit>,
    pub before: Option<Expr>,
    pub bind: Option<Name>,
    /// Steps of the `otherwise`; `otherwise send …` on one line is a block of one step.
    pub otherwise: Option<Block>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub values: Vec<Expr>,
    pub body: Block,
    pub span: Span,
}

/// `60% name …`
#[derive(Debug, Clone, PartialEq)]
pub struct SplitArm<T> {
    pub share: Number,
    pub name: Name,
    pub then: T,
    pub span: Span,
}
