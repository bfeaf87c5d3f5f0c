//! A small world built by hand, and a person whose story is told in lines that tests compare.
//!
//! Holds no rules; the files beside it have the cases, one per rule.

mod any_story;
mod entry;
mod holding;
mod memberships;
mod merging;
mod moments;
mod sending;
mod ticking;
mod tracing;
mod waiting;

use crate::ir::journey::{Exit, HandleDef, SlotDef, StepDef};
use crate::ir::*;
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR, MILLIS_PER_MINUTE};
use crate::value::{CalendarPeriod, Currency, Instant, LocalTime, Money, Span, Value, Zone};

use super::*;

pub const ZONE: FieldId = FieldId(0);
pub const EMAIL: FieldId = FieldId(1);
pub const LINE: FieldId = FieldId(2);
pub const TAGS: FieldId = FieldId(3);
pub const POINTS: FieldId = FieldId(4);
pub const BIRTHDAY: FieldId = FieldId(5);
/// Fields of both events.
pub const ID: FieldId = FieldId(0);
pub const TOTAL: FieldId = FieldId(1);
pub const AT: FieldId = FieldId(2);
pub const CART: EventId = EventId(0);
pub const PURCHASE: EventId = EventId(1);
pub const MAIL: MessageId = MessageId(0);
pub const NUDGE: MessageId = MessageId(1);
pub const RECEIPT: MessageId = MessageId(2);
pub const HOOK: MessageId = MessageId(3);
pub const MARKETING: PurposeId = PurposeId(0);
pub const COUPON: ActionId = ActionId(0);

pub fn zone(name: &str) -> Zone {
    Zone::from_name(name).unwrap()
}
/// `04-01 20:30` in Tokyo in 2026, or any RFC 3339.
pub fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(text)
        .or_else(|| Instant::parse_rfc3339(&format!("2026-{}:00+09:00", text.replace(' ', "T"))))
        .unwrap_or_else(|| panic!("no time: {text}"))
}
pub fn period(months: i32, days: i32, minutes: i64) -> CalendarPeriod {
    CalendarPeriod { months, days, millis: minutes * MILLIS_PER_MINUTE }
}
pub fn days(days: i32) -> CalendarPeriod {
    period(0, days, 0)
}
pub fn hours(hours: i64) -> CalendarPeriod {
    period(0, 0, hours * 60)
}
pub fn time(text: &str) -> LocalTime {
    let (hour, minute) = text.split_once(':').unwrap();
    LocalTime::from_hm(hour.parse().unwrap(), minute.parse().unwrap()).unwrap()
}
pub fn yen(amount: i64) -> Value {
    Value::Money(Money { currency: Currency::from_code("JPY").unwrap(), minor: amount })
}
pub fn constant(value: Value) -> Expr {
    Expr::Const(value)
}
pub fn span(period: CalendarPeriod) -> Expr {
    constant(if period.is_exact() { Value::Span(Span(period.millis)) } else { Value::Period(period) })
}
pub fn compare(op: Compare, left: Expr, right: Expr) -> Expr {
    Expr::Compare { op, left: Box::new(left), right: Box::new(right) }
}
/// A field of the event under test.
pub fn of_event(field: FieldId) -> Expr {
    Expr::Field(Box::new(Expr::Subject(0)), field)
}
/// A field of the event in slot 0.
pub fn of_start(field: FieldId) -> Expr {
    Expr::Field(Box::new(Expr::Slot(SlotId(0))), field)
}
pub fn same_id() -> Expr {
    compare(Compare::Equal, of_event(ID), of_start(ID))
}
pub fn behaviour(event: EventId, filter: Option<Expr>, window: Option<CalendarPeriod>, ask: Ask) -> Expr {
    Expr::Behaviour(Box::new(Behaviour { event, filter, window, ask }))
}
pub fn did(event: EventId, window: Option<CalendarPeriod>) -> Expr {
    behaviour(event, None, window, Ask::Did)
}
pub fn on_event(event: EventId) -> Start {
    Start::Event { event, filter: None, bind: SlotId(0), key: None, settled: None, audience: None }
}
pub fn settled(event: EventId, period: CalendarPeriod) -> Start {
    Start::Event { event, filter: None, bind: SlotId(0), key: None, settled: Some(period), audience: None }
}
pub fn exit_on(event: EventId) -> Exit {
    Exit::Event { event, filter: None }
}
pub fn wait(period: CalendarPeriod) -> Op {
    Op::Wait { until: Until::After(span(period)) }
}
pub fn send(message: MessageId, otherwise: Option<Pc>) -> Op {
    Op::Send { message, params: Vec::new(), before: None, handle: HandleId(0), otherwise }
}
pub fn send_before(message: MessageId, before: Instant) -> Op {
    let before = Some(constant(Value::Instant(before)));
    Op::Send { message, params: Vec::new(), before, handle: HandleId(0), otherwise: None }
}
pub fn quiet(from: &str, to: &str, overflow: Overflow) -> Quiet {
    Quiet { from: time(from), to: time(to), overflow }
}
pub fn cap(count: u32, channel: Option<Channel>, window: CalendarPeriod, overflow: Overflow) -> Cap {
    Cap { count, channel, window, overflow }
}

/// A journey with three slots, two handles and a step per instruction, called `1`, `2`, …
pub fn journey(name: &str, start: Start, ops: Vec<Op>) -> Journey {
    let steps = (0..ops.len()).map(|i| StepDef { name: format!("{}", i + 1) }).collect();
    let code = ops.into_iter().enumerate().map(|(i, op)| Instruction { step: StepId(i as u16), op }).collect();
    let slot = |name: &str| SlotDef { name: name.into(), ty: Type::Int };
    Journey {
        name: name.into(),
        title: None,
        purpose: "convert".into(),
        owner: "@crm".into(),
        about: None,
        policy: PolicyId(0),
        goal: None,
        review_every: None,
        review_by: None,
        reentry: Reentry::Always,
        holdout: None,
        priority: 0,
        stage: None,
        promises: Vec::new(),
        start,
        only_if: None,
        exits: Vec::new(),
        code,
        steps,
        slots: vec![slot("a"), slot("b"), slot("c")],
        handles: vec![HandleDef { name: "nudge".into() }, HandleDef { name: "second".into() }],
    }
}

fn field(name: &str, ty: Type) -> FieldDef {
    FieldDef { name: name.into(), ty, pii: false }
}
fn event(name: &str) -> EventDef {
    let money = Type::Money(Currency::from_code("JPY").unwrap());
    let fields = vec![field("id", Type::Id), field("total", money), field("at", Type::Instant)];
    EventDef { name: name.into(), subject: Subject::Profile, fields }
}
fn message(name: &str, channel: Channel, purpose: PurposeId, needs_consent: bool) -> MessageDef {
    let patience = Span(15 * MILLIS_PER_MINUTE);
    MessageDef {
        name: name.into(),
        channel,
        purpose,
        needs_consent,
        file: None,
        params: Vec::new(),
        content: None,
        offer: None,
        class: MessageClass::Sell,
        at_most_once: false,
        patience,
    }
}

/// A shop in Tokyo that keeps everything of both events.
pub fn program(journeys: Vec<Journey>) -> Program {
    let tokyo = zone("Asia/Tokyo");
    let optional = |ty| Type::Optional(Box::new(ty));
    let mut addresses = [None; Channel::COUNT];
    addresses[Channel::Email.index()] = Some(EMAIL);
    addresses[Channel::Line.index()] = Some(LINE);
    let all = HistoryNeed { fields: vec![ID, TOTAL], total: true, ends: true, log: HistoryLog::Forever };
    Program {
        ir_version: IR_VERSION,
        project: Project {
            name: "shop".into(),
            zone: tokyo,
            currency: Currency::from_code("JPY").unwrap(),
            max_event_age: Span(MILLIS_PER_DAY),
            dedupe_window: Span(24 * MILLIS_PER_HOUR),
            sender: Default::default(),
        },
        enums: Vec::new(),
        records: Vec::new(),
        profile: vec![
            field("timezone", optional(Type::Zone)),
            field("email", optional(Type::Email)),
            field("line_user", optional(Type::LineId)),
            field("tags", Type::List(Box::new(Type::Text))),
            field("points", optional(Type::Int)),
            field("birthday", optional(Type::Date)),
        ],
        person: PersonFields { zone: Some(ZONE), tags: Some(TAGS), addresses },
        events: vec![event("cart"), event("purchase")],
        messages: vec![
            message("mail", Channel::Email, MARKETING, true),
            message("nudge", Channel::Line, MARKETING, true),
            message("receipt", Channel::Email, PurposeId(1), false),
            message("hook", Channel::Webhook, MARKETING, true),
        ],
        actions: vec![ActionDef {
            name: "coupon".into(),
            takes: Vec::new(),
            gives: vec![field("code", Type::Text)],
            idempotent: true,
            patience: Span(900_000),
            grants: None,
            undo: None,
            writes: None,
        }],
        policies: vec![Policy {
            name: "standard".into(),
            zone: tokyo,
            quiet: Vec::new(),
            caps: Vec::new(),
            budgets: Vec::new(),
            withhold: Vec::new(),
            consents: Vec::new(),
            nurture: None,
        }],
        segments: Vec::new(),
        splits: Vec::new(),
        journeys,
        purposes: vec!["marketing".into(), "transactional".into()],
        history: vec![all.clone(), all],
        tracked: Vec::new(),
        deployed: None,
        moves: Vec::new(),
        places: Places::default(),
    }
}
/// Adds a tracked segment that looks at both events, all fields and the clock.
pub fn tracked(program: &mut Program, name: &str, condition: Expr) -> SegmentId {
    let segment = SegmentId(program.segments.len() as u16);
    program.segments.push(Segment { name: name.into(), title: None, condition });
    let fields = (0..program.profile.len() as u16).map(FieldId).collect();
    program.tracked.push(TrackedSegment { segment, events: vec![CART, PURCHASE], fields, by_time: true });
    segment
}

/// A person in such a world, with the host's part: wakes are sent at their time.
pub struct Story<'p> {
    pub engine: Engine<'p>,
    pub person: Person,
    pub effects: Vec<Effect>,
    told: usize,
}

impl<'p> Story<'p> {
    /// Hanako: reachable by mail and LINE, consents to marketing.
    pub fn new(program: &'p Program) -> Story<'p> {
        let mut story = Story::of_nobody(program);
        let fields = [(EMAIL, Value::text("h@example.jp")), (LINE, Value::text("U1"))];
        story.engine.record_profile(&mut story.person, &fields, &[(MARKETING, true)], at("01-01 00:00"));
        story
    }
    pub fn of_nobody(program: &'p Program) -> Story<'p> {
        Story { engine: Engine::new(program), person: Person::new("hanako"), effects: Vec::new(), told: 0 }
    }
    pub fn input(&mut self, when: Instant, kind: InputKind) {
        self.until(when);
        self.engine.step(&mut self.person, &Input { at: when, kind }, &mut self.effects);
    }
    /// Lets time pass: sends each wake at its time.
    pub fn until(&mut self, when: Instant) {
        while let Some(wake) = self.person.wake().filter(|wake| *wake <= when) {
            self.engine.step(&mut self.person, &Input { at: wake, kind: InputKind::Wake }, &mut self.effects);
            assert!(self.person.wake().is_none_or(|next| next > wake), "a wake leaves nothing due");
        }
    }
    pub fn event(&mut self, when: &str, event: EventId, id: &str, total: i64) {
        let payload = record(id, total, at(when));
        self.input(at(when), InputKind::Event { id: None, event, payload });
    }
    pub fn cart(&mut self, when: &str) {
        self.event(when, CART, "c1", 5_000);
    }
    pub fn purchase(&mut self, when: &str) {
        self.event(when, PURCHASE, "o1", 1_000);
    }
    pub fn set(&mut self, when: &str, field: FieldId, value: Value) {
        self.input(at(when), InputKind::Profile { id: None, fields: vec![(field, value)], consent: Vec::new() });
    }
    pub fn consent(&mut self, when: &str, given: bool) {
        let consent = vec![(MARKETING, given)];
        self.input(at(when), InputKind::Profile { id: None, fields: Vec::new(), consent });
    }
    /// A report on the latest send.
    pub fn report(&mut self, when: &str, report: Report) {
        self.until(at(when));
        let orders = self.effects.iter().rev().filter_map(|e| match e {
            Effect::Send(order) => Some(order.id),
            Effect::Call(_) | Effect::Journal(_) | Effect::Passed(_) | Effect::Looked(_) => None,
        });
        let send = orders.into_iter().next().expect("something was sent");
        self.input(at(when), InputKind::Report { send, report });
    }
    /// The story since the last telling, a line per entry: `04-01 20:30 name word …`.
    pub fn tell(&mut self) -> Vec<String> {
        let lines = self.effects[self.told..].iter().filter_map(|e| match e {
            Effect::Journal(entry) => Some(line(self.engine.program(), entry)),
            Effect::Send(_) | Effect::Call(_) | Effect::Passed(_) | Effect::Looked(_) => None,
        });
        let lines = lines.collect();
        self.told = self.effects.len();
        lines
    }
    #[track_caller]
    pub fn tells(&mut self, expected: &[&str]) {
        assert_eq!(self.tell(), expected);
    }
}

pub fn record(id: &str, total: i64, when: Instant) -> Value {
    Value::Record([Value::text(id), yen(total), Value::Instant(when)].into())
}

fn stamp(when: Instant) -> String {
    let (date, local) = zone("Asia/Tokyo").local(when);
    format!("{} {local}", &date.to_string()[5..])
}

fn line(program: &Program, entry: &Entry) -> String {
    let journey = &program.journey(entry.journey).name;
    format!("{} {journey} {}", stamp(entry.at), words(program, &entry.what))
}

fn words(program: &Program, what: &What) -> String {
    let message = |id: &MessageId| program.message(*id).name.clone();
    match what {
        What::Settling { until } => format!("settles {}", stamp(*until)),
        What::Unsettled => "unsettled".into(),
        What::Moved { step, .. } => format!("moved to step {}", step.0),
        What::NotEntered { why } => format!("not entered: {why:?}"),
        What::Entered => "entered".into(),
        What::HeldOut => "held out".into(),
        What::Arm { split, arm } => {
            let split = &program.splits[split.index()];
            format!("{}: {}", split.name, split.arms[*arm as usize].name)
        }
        What::Waiting { until: Some(until) } => format!("waits until {}", stamp(*until)),
        What::Waiting { until: None } => "waits".into(),
        What::Woke { arm: Some(arm) } => format!("woke by {arm}"),
        What::Woke { arm: None } => "time is up".into(),
        What::Sent { message: id, .. } => format!("sent {}", message(id)),
        What::Held { message: id, reason, until } => {
            format!("held {} by {} until {}", message(id), reason.name(), stamp(*until))
        }
        What::Dropped { message: id, reason } => format!("dropped {} by {}", message(id), reason.name()),
        What::Withdrawn { message: id } => format!("withdrew {}", message(id)),
        What::Reported { message: id, report } => format!("{} {report:?}", message(id)),
        What::Called { .. } => "called".into(),
        What::CallFailed { .. } => "call failed".into(),
        What::Tagged { tag } => format!("tagged {tag}"),
        What::Untagged { tag } => format!("untagged {tag}"),
        What::Set { field } => format!("set {}", program.profile[field.index()].name),
        What::Goal { event, .. } => format!("goal {}", program.event(*event).name),
        What::Membership { segment, member } => {
            format!("{} {}", if *member { "enters" } else { "leaves" }, program.segments[segment.index()].name)
        }
        What::Paused => "paused".into(),
        What::Resumed => "resumed".into(),
        What::CallSkipped { .. } => "call skipped".into(),
        What::Ended { reason: EndReason::Stopped(None) } => "stopped".into(),
        What::Ended { reason: EndReason::Stopped(Some(because)) } => format!("stopped: {because}"),
        What::Ended { reason } => format!("ended: {reason:?}"),
    }
}
