//! The tree: what was written, with its places, before anyone asks what it means.
//!
//! Holds no judgement. A part that could not be read is an `Error` node; the mistake itself is a diagnostic beside the tree.

use crate::text::{SourceId, Span};
use crate::value::CalendarPeriod;

/// One `.tabi` file. Comments are kept beside the items, in the order they stand.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    pub source: SourceId,
    pub items: Vec<Item>,
    pub comments: Vec<Comment>,
}

/// `# …`, with the `#`, without the line end.
#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    pub span: Span,
    /// Alone on its line, not behind something else.
    pub own_line: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// A string literal, unescaped; the span includes the quotes.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    pub text: String,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Enum(EnumDecl),
    Record(RecordDecl),
    Profile(ProfileDecl),
    Event(EventDecl),
    Message(MessageDecl),
    Action(ActionDecl),
    Policy(PolicyDecl),
    Segment(SegmentDecl),
    Journey(JourneyDecl),
    Moves(MovesDecl),
    Test(TestDecl),
    /// Something that could not be read; a diagnostic says why.
    Error(Span),
}

// ---- declarations ------------------------------------------------------------------------------------------------

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

/// `message NAME on CHANNEL for PURPOSE [from "FILE"] [at most once] [patience 10m] [takes { … }]`
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
    pub span: Span,
}

/// `action coupon.issue takes { … } gives { … }`; the name may be dotted and is kept whole.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionDecl {
    pub name: Name,
    pub takes: Vec<FieldDecl>,
    pub gives: Vec<FieldDecl>,
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
    Error,
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

/// `moves JOURNEY from "v12" { STEP stay|to STEP [keeping deadline|restarting]|to stop }`
#[derive(Debug, Clone, PartialEq)]
pub struct MovesDecl {
    pub journey: Name,
    pub from: Text,
    pub moves: Vec<Move>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    pub step: Name,
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

// ---- journeys ----------------------------------------------------------------------------------------------------

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

// ---- expressions -------------------------------------------------------------------------------------------------

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

// ---- tests -------------------------------------------------------------------------------------------------------

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
    /// `answer ACTION with { … }`: what the action gives in this test.
    Answer {
        action: Name,
        gives: RecordLit,
    },
    /// `+1h …`; `None` continues at the time of the line above.
    At {
        after: Option<Duration>,
        what: TestStep,
    },
    Error,
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
