//! Pictures of a hand-made journey that has every kind of step.

use super::*;
use crate::ir::journey::{Exit, HandleDef, SlotDef, StepDef};
use crate::ir::*;
use crate::value::{CalendarPeriod, Currency, Decimal, LocalTime, Money, Span, Value, Zone, time};

fn field(name: &str, ty: Type) -> FieldDef {
    FieldDef { name: name.into(), ty, pii: false }
}

fn message(name: &str, channel: Channel) -> MessageDef {
    MessageDef {
        name: name.into(),
        channel,
        purpose: PurposeId(0),
        needs_consent: true,
        file: None,
        params: Vec::new(),
        content: None,
        offer: None,
        class: MessageClass::Sell,
        at_most_once: false,
        patience: Span(900_000),
    }
}

fn days(days: i32) -> CalendarPeriod {
    CalendarPeriod { days, ..CalendarPeriod::default() }
}

fn program(code: Vec<Op>) -> Program {
    let jpy = Currency::from_code("JPY").unwrap();
    let zone = Zone::from_name("Asia/Tokyo").unwrap();
    let steps = (0..code.len()).map(|i| StepDef { name: format!("step_{i}") }).collect();
    let code = code.into_iter().enumerate().map(|(i, op)| Instruction { step: StepId(i as u16), op }).collect();
    let event = |name: &str, fields| EventDef { name: name.into(), subject: Subject::Profile, fields };
    let journey = Journey {
        name: "cart_abandonment".into(),
        title: Some("カート放棄リマインド <&>".into()),
        purpose: "convert".into(),
        owner: "@crm".into(),
        about: None,
        policy: PolicyId(0),
        goal: Some(Goal {
            event: EventId(1),
            filter: None,
            within: days(3),
            target: Some(Decimal { micro: 120_000 }),
            template: Vec::new(),
        }),
        review_every: None,
        review_by: None,
        reentry: Reentry::After(days(7)),
        holdout: Some(Holdout { split: SplitId(1) }),
        priority: 0,
        stage: None,
        promises: Vec::new(),
        start: Start::Event {
            event: EventId(0),
            filter: Some(Expr::Compare {
                op: Compare::GreaterEqual,
                left: Box::new(Expr::Field(Box::new(Expr::Subject(0)), FieldId(1))),
                right: Box::new(Expr::Const(Value::Money(Money { currency: jpy, minor: 3_000 }))),
            }),
            bind: SlotId(0),
            key: None,
            settled: Some(CalendarPeriod::exact(Span(time::MILLIS_PER_HOUR))),
            audience: None,
        },
        only_if: None,
        exits: vec![Exit::Event { event: EventId(1), filter: None }],
        code,
        steps,
        slots: vec![SlotDef { name: "cart".into(), ty: Type::Event(EventId(0)) }],
        handles: vec![HandleDef { name: "nudge".into() }],
    };
    Program {
        ir_version: IR_VERSION,
        project: Project {
            name: "shop".into(),
            zone,
            currency: jpy,
            max_event_age: Span(time::MILLIS_PER_DAY),
            dedupe_window: Span(time::MILLIS_PER_DAY),
            sender: Default::default(),
        },
        enums: vec![EnumDef { name: "rank".into(), variants: ["bronze", "silver", "gold"].map(String::from).into() }],
        records: Vec::new(),
        profile: vec![field("rank", Type::Enum(EnumId(0))), field("email", Type::Optional(Box::new(Type::Email)))],
        person: PersonFields::default(),
        events: vec![
            event(
                "cart_updated",
                vec![field("cart_id", Type::Id), field("total", Type::Money(jpy)), field("at", Type::Instant)],
            ),
            event("purchase", vec![field("at", Type::Instant)]),
        ],
        messages: vec![
            message("cart_nudge", Channel::Line),
            message("cart_mail", Channel::Email),
            message("crm", Channel::Webhook),
        ],
        actions: vec![ActionDef {
            name: "coupon.issue".into(),
            takes: Vec::new(),
            gives: Vec::new(),
            idempotent: true,
            patience: Span(900_000),
            grants: None,
            undo: None,
            writes: None,
        }],
        policies: vec![Policy {
            name: "standard".into(),
            zone,
            quiet: Vec::new(),
            caps: Vec::new(),
            budgets: Vec::new(),
            withhold: Vec::new(),
            consents: Vec::new(),
            nurture: None,
        }],
        segments: Vec::new(),
        splits: vec![
            Split {
                name: "cart_subject".into(),
                per_run: false,
                arms: vec![
                    SplitArm { name: "plain".into(), share: 50_000 },
                    SplitArm { name: "urgent".into(), share: 50_000 },
                ],
            },
            Split {
                name: "cart_holdout".into(),
                per_run: false,
                arms: vec![
                    SplitArm { name: "held".into(), share: 12_500 },
                    SplitArm { name: "treated".into(), share: 87_500 },
                ],
            },
        ],
        journeys: vec![journey],
        purposes: vec!["marketing".into()],
        history: Vec::new(),
        tracked: Vec::new(),
        deployed: None,
        moves: Vec::new(),
        places: Places::default(),
    }
}

fn send(message: u16, otherwise: Option<Pc>) -> Op {
    Op::Send { message: MessageId(message), params: Vec::new(), before: None, handle: HandleId(0), otherwise }
}

fn rank_is(variant: u16, to: Pc) -> (Expr, Pc) {
    let condition = Expr::Compare {
        op: Compare::Equal,
        left: Box::new(Expr::Profile(FieldId(0))),
        right: Box::new(Expr::Const(Value::Enum(variant))),
    };
    (condition, to)
}

fn every_kind() -> Program {
    let wait = Op::Wait { until: Until::After(Expr::Const(Value::Period(days(3)))) };
    program(vec![
        send(0, Some(2)),
        Op::Jump(3),
        send(1, None),
        Op::Await {
            arms: vec![Arm { on: ArmOn::Handle { handle: HandleId(0), fact: Fact::Clicked }, target: 4 }],
            up_to: Some(Expr::Const(Value::Span(Span(24 * time::MILLIS_PER_HOUR)))),
            otherwise: 5,
        },
        Op::Stop { because: Some("came back".into()) },
        Op::Draw { split: SplitId(0), slot: SlotId(0) },
        Op::Switch { slot: SlotId(0), targets: vec![7, 9] },
        Op::Do { action: ActionId(0), params: Vec::new(), result: None, otherwise: Some(9) },
        Op::Jump(9),
        Op::Branch { cases: vec![rank_is(1, 10), rank_is(2, 12)], otherwise: 14 },
        Op::Tag("銀".into()),
        Op::Jump(14),
        Op::Wait { until: Until::Weekday(1, LocalTime::from_hm(9, 0).unwrap()) },
        send(2, None),
        Op::Branch {
            cases: vec![(
                Expr::And(vec![
                    Expr::IsSet(Box::new(Expr::Profile(FieldId(1)))),
                    Expr::Not(Box::new(Expr::Or(vec![rank_is(0, 0).0, rank_is(2, 0).0]))),
                ]),
                15,
            )],
            otherwise: 19,
        },
        Op::Repeat { counter: SlotId(0), times: 3, exit: 19 },
        wait,
        send(1, None),
        Op::Jump(15),
        Op::End,
    ])
}

#[test]
fn every_kind_of_step_is_drawn_with_its_words() {
    let drawn = diagram(&every_kind(), JourneyId(0), Language::English);
    insta::assert_snapshot!("mermaid", mermaid(&drawn));
    insta::assert_snapshot!("json", json(&drawn));
}

#[test]
fn japanese_pictures_have_no_english_of_ours() {
    let drawn = diagram(&every_kind(), JourneyId(0), Language::Japanese);
    insta::assert_snapshot!("mermaid_ja", mermaid(&drawn));
    let picture = svg(&drawn).unwrap();
    for word in
        ["wait", "purpose", "goal", "leaves", "otherwise", "not within", "everyone", "question", "profile change"]
    {
        assert!(!picture.contains(&format!(">{word}")), "`{word}` in the picture");
    }
}

#[test]
fn a_picture_is_the_same_bytes_each_time_and_well_formed() {
    let drawn = diagram(&every_kind(), JourneyId(0), Language::English);
    let first = svg(&drawn).unwrap();
    for _ in 0..5 {
        assert_eq!(svg(&diagram(&every_kind(), JourneyId(0), Language::English)).unwrap(), first);
    }
    assert!(first.contains("カート放棄リマインド &lt;&amp;&gt;"));
    assert!(!first.contains("NaN"));
}
