//! Whatever happens to a person: the machine stays total, and a late host tells the same story as a prompt one.
//!
//! Stories are drawn from a fixed sequence of seeds, so a failure can be repeated.

use super::*;
use crate::ir::journey::Holdout;

const STORIES: u64 = 400;
const INPUTS: usize = 60;

/// A published generator of 64 bits (splitmix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

fn busy_program() -> Program {
    let arms = vec![
        Arm { on: ArmOn::Event { event: PURCHASE, filter: None, bind: Some(SlotId(1)) }, target: 4 },
        Arm { on: ArmOn::Handle { handle: HandleId(0), fact: Fact::Clicked }, target: 5 },
        Arm { on: ArmOn::Segment { segment: SegmentId(1), enters: true }, target: 5 },
        Arm { on: ArmOn::Approval { by: "@lead".into() }, target: 5 },
    ];
    let mut first = journey(
        "a",
        settled(CART, hours(1)),
        vec![
            Op::Repeat { counter: SlotId(2), times: 3, exit: 6 },
            send(MAIL, Some(4)),
            Op::Await { arms, up_to: Some(span(days(2))), otherwise: 4 },
            Op::Jump(0),
            send(NUDGE, None),
            Op::Jump(0),
            Op::Set { field: POINTS, value: constant(Value::Int(100)) },
            Op::End,
        ],
    );
    first.exits = vec![Exit::Event { event: PURCHASE, filter: Some(same_id()) }];
    first.goal = Some(Goal { event: PURCHASE, filter: None, within: days(5), target: None, template: Vec::new() });
    first.holdout = Some(Holdout { split: SplitId(0) });
    let lapse = Start::Segment { segment: SegmentId(0), enters: true, including_members: true };
    let mut second = journey(
        "b",
        lapse,
        vec![
            Op::Wait { until: Until::Time(time("19:00")) },
            send(NUDGE, Some(2)),
            Op::Do { action: COUPON, params: Vec::new(), result: Some(SlotId(1)), otherwise: None },
            Op::Set { field: POINTS, value: constant(Value::Int(0)) },
            Op::End,
        ],
    );
    (second.reentry, second.priority) = (Reentry::After(days(3)), 2);
    let third = journey(
        "c",
        Start::Segment { segment: SegmentId(1), enters: false, including_members: false },
        vec![wait(period(1, 0, 0)), Op::Tag("was rich".into()), Op::End],
    );
    let mut program = program(vec![first, second, third]);
    tracked(&mut program, "lapsed", Expr::Not(Box::new(did(PURCHASE, Some(days(4))))));
    tracked(&mut program, "rich", compare(Compare::GreaterEqual, Expr::Profile(POINTS), constant(Value::Int(100))));
    let arm = |name: &str, share| SplitArm { name: name.into(), share };
    program.splits.push(Split {
        name: "control".into(),
        per_run: true,
        arms: vec![arm("held", 30_000), arm("treated", 70_000)],
    });
    let policy = &mut program.policies[0];
    policy.quiet = vec![quiet("21:00", "08:00", Overflow::Hold)];
    policy.caps = vec![cap(1, None, days(1), Overflow::Hold), cap(2, Some(Channel::Line), hours(48), Overflow::Drop)];
    program
}

fn any_input(draw: &mut Draw, when: Instant) -> InputKind {
    let run = RunNo(draw.next(4) as u32);
    let step = StepId(draw.next(5) as u16);
    let reports = [Report::Accepted, Report::Refused, Report::Clicked, Report::Bounced, Report::OverBudget];
    let report = reports[draw.next(5) as usize];
    let zones = ["Asia/Tokyo", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"];
    match draw.next(10) {
        0..3 => {
            let own = when.minus(Span(draw.next(50) as i64 * MILLIS_PER_HOUR - MILLIS_PER_HOUR));
            let payload = record(&format!("c{}", draw.next(3)), draw.next(9_000) as i64, own);
            let event = if draw.next(3) == 0 { PURCHASE } else { CART };
            InputKind::Event { id: Some(draw.next(40)), event, payload }
        }
        3 => InputKind::Profile {
            id: None,
            fields: vec![(POINTS, Value::Int(draw.next(200) as i64))],
            consent: vec![(MARKETING, draw.next(4) > 0)],
        },
        4 => {
            let fields = vec![(ZONE, Value::Zone(zone(zones[draw.next(4) as usize]))), (EMAIL, Value::text("new@x"))];
            InputKind::Profile { id: None, fields, consent: Vec::new() }
        }
        5 | 6 => InputKind::Report { send: SendId { run, step, repetition: draw.next(3) as u16 }, report },
        7 => InputKind::Answer {
            call: CallId { run, step: StepId(2), repetition: 0 },
            result: (draw.next(2) == 0).then(|| Value::Record([Value::text("X")].into())),
        },
        8 => InputKind::Approval { by: None, approved: draw.next(2) == 0 },
        _ => InputKind::Tick { journey: JourneyId(draw.next(4) as u16), payload: None },
    }
}

fn told(program: &Program, seed: u64, prompt: bool) -> (Vec<Effect>, Person) {
    let mut story = Story::new(program);
    let mut draw = Draw(seed);
    let mut when = at("03-05 10:00");
    for _ in 0..INPUTS {
        when = when.plus(Span(draw.next(40) as i64 * MILLIS_PER_HOUR / 2));
        if prompt {
            story.until(when);
        }
        let input = Input { at: when, kind: any_input(&mut draw, when) };
        story.engine.step(&mut story.person, &input, &mut story.effects);
    }
    (story.effects, story.person)
}

/// Holds 1.1, 1.12.
#[test]
fn a_late_host_tells_the_same_story_whatever_happens() {
    let program = busy_program();
    let mut effects = 0;
    for seed in 0..STORIES {
        let (prompt, late) = (told(&program, seed, true), told(&program, seed, false));
        assert_eq!(prompt.0, late.0, "seed {seed}");
        assert_eq!(prompt.1, late.1, "seed {seed}");
        effects += prompt.0.len();
    }
    assert!(effects as u64 > STORIES * 20, "too little happened: {effects}");
}

/// Holds 4.14.
#[test]
fn no_two_sends_of_a_person_are_the_same() {
    let program = busy_program();
    for seed in 0..STORIES {
        let mut sends: Vec<SendId> = told(&program, seed, true)
            .0
            .iter()
            .filter_map(|e| match e {
                Effect::Send(order) => Some(order.id),
                Effect::Call(_) | Effect::Journal(_) | Effect::Passed(_) | Effect::Looked(_) => None,
            })
            .collect();
        let count = sends.len();
        sends.sort();
        sends.dedup();
        assert_eq!(sends.len(), count, "seed {seed}");
    }
}
