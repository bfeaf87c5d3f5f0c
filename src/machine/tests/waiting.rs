//! Waits, races, exits, goals, loops, actions, approvals, and a late host.

use super::*;

fn arm(on: ArmOn, target: Pc) -> Arm {
    Arm { on, target }
}
fn for_event(event: EventId, filter: Option<Expr>, target: Pc) -> Arm {
    arm(ArmOn::Event { event, filter, bind: Some(SlotId(1)) }, target)
}
fn fact(fact: Fact, target: Pc) -> Arm {
    arm(ArmOn::Handle { handle: HandleId(0), fact }, target)
}
fn await_up_to(period: CalendarPeriod, arms: Vec<Arm>, otherwise: Pc) -> Op {
    Op::Await { arms, up_to: Some(span(period)), otherwise }
}
fn stop(because: &str) -> Op {
    Op::Stop { because: Some(because.into()) }
}

/// Holds 3.7.
#[test]
fn waits_for_time_in_the_persons_zone() {
    let friday = Until::Weekday(5, time("09:00"));
    let moment = |value, at: Option<&str>| Until::Moment { moment: constant(value), at: at.map(time) };
    let day = Value::Date(crate::value::Date::from_ymd(2026, 4, 9).unwrap());
    for (until, due) in [
        (Until::After(span(days(3))), "04-04 10:00"),
        (Until::After(span(period(1, 0, 0))), "05-01 10:00"),
        (Until::Time(time("19:00")), "04-01 19:00"),
        (Until::Time(time("09:00")), "04-02 09:00"),
        (Until::Tomorrow(time("12:00")), "04-02 12:00"),
        (friday, "04-03 09:00"),
        (Until::Weekday(3, time("09:00")), "04-08 09:00"),
        (Until::Weekday(3, time("10:30")), "04-01 10:30"),
        (moment(Value::Instant(at("04-07 10:00")), None), "04-07 10:00"),
        (moment(Value::Instant(at("04-07 10:00")), Some("18:00")), "04-07 18:00"),
        (moment(day.clone(), Some("18:00")), "04-09 18:00"),
        (moment(day, None), "04-09 00:00"),
    ] {
        let program = program(vec![journey("j", on_event(CART), vec![Op::Wait { until: until.clone() }, Op::End])]);
        let mut story = Story::new(&program);
        story.cart("04-01 10:00");
        let told = story.tell();
        assert_eq!(told[1], format!("04-01 10:00 j waits until {due}"), "{until:?}");
    }
}

/// Holds 3.8.
#[test]
fn a_moment_past_or_now_or_missing_passes_at_once() {
    let moment = |value| Until::Moment { moment: constant(value), at: None };
    for until in [
        Until::Time(time("10:00")),
        Until::Weekday(3, time("10:00")),
        moment(Value::Instant(at("03-01 10:00"))),
        moment(Value::Missing),
        Until::After(span(hours(0))),
    ] {
        let program = program(vec![journey("j", on_event(CART), vec![Op::Wait { until: until.clone() }, Op::End])]);
        let mut story = Story::new(&program);
        story.cart("04-01 10:00");
        assert_eq!(story.tell()[1], "04-01 10:00 j ended: Finished", "{until:?}");
    }
}

/// Holds 1.9.
#[test]
fn an_event_that_satisfies_a_wait_is_bound_and_others_are_not() {
    let filter = compare(Compare::GreaterEqual, of_event(TOTAL), constant(yen(3_000)));
    let is_o2 = compare(Compare::Equal, Expr::Field(Box::new(Expr::Slot(SlotId(1))), ID), constant(Value::text("o2")));
    let ops = vec![
        await_up_to(days(1), vec![for_event(PURCHASE, Some(filter), 2)], 1),
        stop("too late"),
        Op::Branch { cases: vec![(is_o2, 3)], otherwise: 1 },
        stop("bought"),
    ];
    let program = program(vec![journey("j", on_event(CART), ops)]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    story.event("04-01 11:00", PURCHASE, "o1", 2_999);
    story.event("04-01 12:00", PURCHASE, "o2", 3_000);
    story.tells(&[
        "04-01 10:00 j entered",
        "04-01 10:00 j waits until 04-02 10:00",
        "04-01 12:00 j woke by 0",
        "04-01 12:00 j stopped: bought",
    ]);
}

/// Holds 1.7.
#[test]
fn of_a_race_the_first_arm_listed_wins() {
    let arms = vec![for_event(CART, None, 1), for_event(PURCHASE, None, 2), for_event(PURCHASE, None, 1)];
    let ops = vec![await_up_to(days(1), arms, 3), stop("cart"), stop("first"), stop("time")];
    let program = program(vec![journey("j", on_event(CART), ops)]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    story.purchase("04-01 11:00");
    assert_eq!(story.tell().last().unwrap(), "04-01 11:00 j stopped: first");
}

/// Holds 1.12.
#[test]
fn a_wait_ends_before_an_event_at_its_deadline() {
    let ops = vec![await_up_to(hours(1), vec![for_event(PURCHASE, None, 2)], 1), stop("time"), stop("bought")];
    let program = program(vec![journey("j", on_event(CART), ops)]);
    for (when, expected) in [("04-01 11:00", "stopped: time"), ("04-01 10:59", "stopped: bought")] {
        let mut story = Story::new(&program);
        story.cart("04-01 10:00");
        // A host that sends no wake at all.
        let payload = record("o1", 1, at(when));
        let input = Input { at: at(when), kind: InputKind::Event { id: None, event: PURCHASE, payload } };
        story.engine.step(&mut story.person, &input, &mut story.effects);
        assert_eq!(story.tell().last().unwrap(), &format!("{when} j {expected}"));
    }
}

/// Holds 1.10.
#[test]
fn an_event_that_wakes_a_run_does_not_satisfy_its_next_wait() {
    let ops = vec![
        await_up_to(days(1), vec![for_event(PURCHASE, None, 1)], 2),
        await_up_to(days(1), vec![for_event(PURCHASE, None, 2)], 2),
        Op::End,
    ];
    let program = program(vec![journey("j", on_event(CART), ops)]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    story.purchase("04-01 11:00");
    assert_eq!(story.tell().last().unwrap(), "04-01 11:00 j waits until 04-02 11:00");
}

/// Holds 1.10.
#[test]
fn the_event_that_starts_a_run_does_not_satisfy_its_wait_nor_its_exit() {
    let mut j = journey("j", on_event(CART), vec![await_up_to(days(1), vec![for_event(CART, None, 1)], 1), Op::End]);
    j.exits = vec![exit_on(CART)];
    let program = program(vec![j]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    story.tells(&["04-01 10:00 j entered", "04-01 10:00 j waits until 04-02 10:00"]);
}

/// Holds 1.11.
#[test]
fn a_fact_already_known_satisfies_at_once_and_a_later_one_when_it_comes() {
    let ops = vec![
        send(MAIL, None),
        wait(hours(1)),
        await_up_to(days(1), vec![fact(Fact::Clicked, 4), fact(Fact::Opened, 3)], 5),
        stop("opened"),
        stop("clicked"),
        stop("time"),
    ];
    let program = program(vec![journey("j", on_event(CART), ops)]);
    for (when, report, expected) in [
        ("04-01 10:30", Report::Opened, "04-01 11:00 j stopped: opened"),
        ("04-01 10:30", Report::Clicked, "04-01 11:00 j stopped: clicked"),
        ("04-01 12:30", Report::Opened, "04-01 12:30 j stopped: opened"),
        ("04-01 12:30", Report::Delivered, "04-02 11:00 j stopped: time"),
    ] {
        let mut story = Story::new(&program);
        story.cart("04-01 10:00");
        story.report(when, report);
        story.until(at("04-03 00:00"));
        assert_eq!(story.tell().last().unwrap(), expected);
    }
}

/// Holds 4.12.
#[test]
fn a_click_on_a_mail_means_it_was_opened_but_nothing_else_follows() {
    for (message, report, known) in [
        (MAIL, Report::Clicked, vec![Fact::Sent, Fact::Opened, Fact::Clicked]),
        (NUDGE, Report::Clicked, vec![Fact::Sent, Fact::Clicked]),
        (MAIL, Report::Opened, vec![Fact::Sent, Fact::Opened]),
        (MAIL, Report::Delivered, vec![Fact::Sent, Fact::Delivered]),
        (MAIL, Report::Bounced, vec![Fact::Sent, Fact::Bounced]),
        (MAIL, Report::Refused, vec![Fact::Sent, Fact::Failed]),
        (MAIL, Report::OverBudget, vec![Fact::Failed]),
    ] {
        let program = program(vec![journey("j", on_event(CART), vec![send(message, None), wait(days(1)), Op::End])]);
        let mut story = Story::new(&program);
        story.cart("04-01 10:00");
        story.report("04-01 10:01", report);
        let run = &story.person.runs()[0];
        let facts: Vec<Fact> = Fact::ALL.into_iter().filter(|f| run.knows(HandleId(0), *f)).collect();
        assert_eq!(facts, known, "{report:?}");
    }
}

/// Holds 1.5, 5.7.
#[test]
fn an_exit_ends_a_run_at_once_with_its_timers() {
    let mut j = journey("j", on_event(CART), vec![wait(days(1)), send(MAIL, None), Op::End]);
    j.exits = vec![Exit::Event { event: PURCHASE, filter: Some(same_id()) }];
    let program = program(vec![j]);
    let mut story = Story::new(&program);
    story.event("04-01 10:00", CART, "c1", 1);
    story.event("04-01 11:00", PURCHASE, "c2", 1);
    story.event("04-01 12:00", PURCHASE, "c1", 1);
    story.until(at("04-05 00:00"));
    assert_eq!(story.tell()[2..], ["04-01 12:00 j ended: Exited(0)"]);
    assert_eq!(story.person.wake(), None);
}

/// Holds 1.4, 5.5, 5.6, 5.7.
#[test]
fn the_first_goal_within_the_window_counts_before_the_exit_and_after_the_end() {
    let goal = Goal { event: PURCHASE, filter: Some(same_id()), within: days(3), target: None, template: Vec::new() };
    let mut j = journey("j", on_event(CART), vec![Op::End]);
    j.goal = Some(goal);
    let ended = program(vec![j.clone()]);
    let mut story = Story::new(&ended);
    story.cart("04-01 10:00");
    story.event("04-02 10:00", PURCHASE, "other", 1);
    story.event("04-03 10:00", PURCHASE, "c1", 1);
    story.event("04-03 11:00", PURCHASE, "c1", 1);
    story.tells(&["04-01 10:00 j entered", "04-01 10:00 j ended: Finished", "04-03 10:00 j goal purchase"]);
    let mut story = Story::new(&ended);
    story.cart("04-01 10:00");
    story.event("04-04 10:00", PURCHASE, "c1", 1);
    assert_eq!(story.tell().len(), 2, "the window is half-open");
    (j.exits, j.code[0].op) = (vec![exit_on(PURCHASE)], wait(days(9)));
    j.code.push(Instruction { step: StepId(0), op: Op::End });
    let live = program(vec![j]);
    let mut story = Story::new(&live);
    story.cart("04-01 10:00");
    story.event("04-02 10:00", PURCHASE, "c1", 1);
    assert_eq!(story.tell()[2..], ["04-02 10:00 j goal purchase", "04-02 10:00 j ended: Exited(0)"]);
}

/// Holds 5.6.
#[test]
fn a_late_event_from_before_the_entry_is_no_goal() {
    let goal = Goal { event: PURCHASE, filter: None, within: days(3), target: None, template: Vec::new() };
    let mut j = journey("j", on_event(CART), vec![wait(days(9)), Op::End]);
    j.goal = Some(goal);
    let program = program(vec![j]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    let payload = record("o1", 1, at("04-01 09:00"));
    story.input(at("04-01 11:00"), InputKind::Event { id: None, event: PURCHASE, payload });
    assert_eq!(story.tell().len(), 2);
}

/// Holds 1.16, 4.14.
#[test]
fn a_loop_passes_its_times_and_can_be_entered_again() {
    let ops = vec![
        Op::Repeat { counter: SlotId(1), times: 2, exit: 5 },
        Op::Repeat { counter: SlotId(2), times: 3, exit: 4 },
        Op::Do { action: COUPON, params: Vec::new(), result: None, otherwise: None },
        Op::Jump(1),
        Op::Jump(0),
        Op::End,
    ];
    let program = program(vec![journey("j", on_event(CART), ops)]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    let mut calls = Vec::new();
    while let Some(RunState::Called { call, .. }) = story.person.runs().first().map(Run::state) {
        calls.push(call);
        let result = Some(Value::Record([Value::text("X")].into()));
        story.input(at("04-01 10:00"), InputKind::Answer { call, result });
    }
    let repetitions: Vec<u16> = calls.iter().map(|c| c.repetition).collect();
    assert_eq!(repetitions, [0, 1, 2, 3, 4, 5]);
}

/// Holds 1.17.
#[test]
fn an_action_gives_its_result_or_goes_to_its_otherwise() {
    let has = |code: &str| {
        compare(Compare::Equal, Expr::Field(Box::new(Expr::Slot(SlotId(1))), FieldId(0)), constant(Value::text(code)))
    };
    let ops = vec![
        Op::Do { action: COUPON, params: Vec::new(), result: Some(SlotId(1)), otherwise: Some(3) },
        Op::Branch { cases: vec![(has("X"), 2)], otherwise: 3 },
        stop("has it"),
        stop("has none"),
    ];
    let program = program(vec![journey("j", on_event(CART), ops)]);
    for (result, last) in [
        (Some(Value::Record([Value::text("X")].into())), "04-01 10:05 j stopped: has it"),
        (None, "04-01 10:05 j stopped: has none"),
    ] {
        let mut story = Story::new(&program);
        story.cart("04-01 10:00");
        let Some(RunState::Called { call, .. }) = story.person.runs().first().map(Run::state) else { panic!() };
        let stale = CallId { repetition: 9, ..call };
        story.input(at("04-01 10:01"), InputKind::Answer { call: stale, result: None });
        story.input(at("04-01 10:05"), InputKind::Answer { call, result: result.clone() });
        let told = story.tell();
        assert_eq!(told.last().unwrap(), last);
        assert_eq!(told.iter().any(|l| l.ends_with("call failed")), result.is_none());
    }
}

/// Holds 1.18.
#[test]
fn an_approval_satisfies_and_a_refusal_ends_the_wait() {
    let ops = vec![
        await_up_to(days(1), vec![arm(ArmOn::Approval { by: "@lead".into() }, 1)], 2),
        stop("approved"),
        stop("not approved"),
    ];
    let program = program(vec![journey("j", on_event(CART), ops)]);
    for (by, approved, expected) in [
        (Some("@lead"), true, "04-01 12:00 j stopped: approved"),
        (None, true, "04-01 12:00 j stopped: approved"),
        (Some("@lead"), false, "04-01 12:00 j stopped: not approved"),
        (Some("@other"), true, "04-02 10:00 j stopped: not approved"),
    ] {
        let mut story = Story::new(&program);
        story.cart("04-01 10:00");
        story.input(at("04-01 12:00"), InputKind::Approval { by: by.map(Into::into), approved });
        story.until(at("04-03 00:00"));
        assert_eq!(story.tell().last().unwrap(), expected);
    }
}

/// Holds 1.1, 1.12.
#[test]
fn a_late_host_tells_the_same_story() {
    let mut first =
        journey("a", settled(CART, hours(1)), vec![wait(days(1)), send(MAIL, None), wait(days(2)), Op::End]);
    first.exits = vec![exit_on(PURCHASE)];
    let second = journey("b", on_event(CART), vec![wait(hours(25)), send(NUDGE, None), Op::End]);
    let mut program = program(vec![first, second]);
    program.policies[0].quiet = vec![quiet("21:00", "08:00", Overflow::Hold)];
    let run = |prompt: bool| {
        let mut story = Story::new(&program);
        story.cart("04-01 20:30");
        if prompt {
            story.until(at("04-20 00:00"));
        }
        let payload = record("o1", 1, at("04-20 00:00"));
        let input = Input { at: at("04-20 00:00"), kind: InputKind::Event { id: None, event: PURCHASE, payload } };
        story.engine.step(&mut story.person, &input, &mut story.effects);
        (story.effects, story.person)
    };
    assert_eq!(run(true), run(false));
}

/// Holds 1.12.
#[test]
fn a_wake_too_early_does_nothing() {
    let program = program(vec![journey("j", on_event(CART), vec![wait(days(1)), Op::End])]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    let before = story.person.clone();
    story.engine.step(&mut story.person, &Input { at: at("04-02 09:59"), kind: InputKind::Wake }, &mut story.effects);
    assert_eq!(story.person, before);
}

/// Holds 1.15.
#[test]
fn journeys_that_never_come_to_rest_are_cut_off() {
    let forever = journey("j", on_event(CART), vec![Op::Jump(0)]);
    let program = program(vec![forever]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    story.tells(&["04-01 10:00 j entered", "04-01 10:00 j ended: Overrun"]);
}

/// Holds 1.13.
#[test]
fn timers_of_one_moment_act_in_order() {
    let lapsed = Expr::Not(Box::new(did(PURCHASE, Some(days(1)))));
    let by_segment = Start::Segment { segment: SegmentId(0), enters: true, including_members: false };
    let mut program = program(vec![
        journey("a", settled(PURCHASE, days(1)), vec![Op::End]),
        journey("b", on_event(PURCHASE), vec![wait(days(1)), Op::End]),
        Journey { priority: 1, ..journey("c", on_event(PURCHASE), vec![wait(days(1)), Op::End]) },
        journey("d", by_segment, vec![Op::End]),
    ]);
    tracked(&mut program, "s", lapsed);
    let mut story = Story::of_nobody(&program);
    story.purchase("04-01 10:00");
    story.tell();
    story.until(at("04-02 10:00"));
    let told = story.tell();
    let order: Vec<&str> = told.iter().map(|l| &l[12..]).filter(|l| !l.contains("ended")).collect();
    assert_eq!(order, ["d enters s", "d entered", "c time is up", "b time is up", "a entered"]);
}

/// Holds 1.3.
#[test]
fn what_is_known_is_updated_first() {
    let count = behaviour(CART, None, None, Ask::Count);
    let mut j = journey("j", on_event(CART), vec![Op::End]);
    j.only_if = Some(compare(Compare::Equal, count, constant(Value::Int(1))));
    let program = program(vec![j]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    assert_eq!(story.tell()[0], "04-01 10:00 j entered", "the event that starts it is in the history already");
    story.cart("04-02 10:00");
    assert_eq!(story.tell()[0], "04-02 10:00 j not entered: OnlyIf");
}

/// Holds 3.4, 3.5.
#[test]
fn days_keep_the_wall_clock_and_hours_are_exact() {
    for (period, start, due) in [
        (days(1), "2026-03-07T10:00:00-05:00", "2026-03-08T10:00:00-04:00"),
        (hours(24), "2026-03-07T10:00:00-05:00", "2026-03-08T11:00:00-04:00"),
        (period(1, 0, 0), "2026-01-31T10:00:00-05:00", "2026-02-28T10:00:00-05:00"),
        (period(12, 0, 0), "2028-02-29T10:00:00-05:00", "2029-02-28T10:00:00-05:00"),
    ] {
        let program = program(vec![journey("j", on_event(CART), vec![wait(period), Op::End])]);
        let mut story = Story::new(&program);
        story.set("01-01 10:00", ZONE, Value::Zone(zone("America/New_York")));
        story.cart(start);
        assert_eq!(story.person.wake(), Some(at(due)), "{period} from {start}");
    }
}

/// Holds 1.19.
#[test]
fn an_action_that_is_silent_counts_as_failed_when_its_patience_is_over() {
    for (otherwise, last) in [(Some(2), "04-01 10:15 j stopped: failed"), (None, "04-01 10:15 j stopped: went on")] {
        let ops = vec![
            Op::Do { action: COUPON, params: Vec::new(), result: Some(SlotId(1)), otherwise },
            stop("went on"),
            stop("failed"),
        ];
        let program = program(vec![journey("j", on_event(CART), ops)]);
        let mut story = Story::new(&program);
        story.cart("04-01 10:00");
        let Some(RunState::Called { call, until }) = story.person.runs().first().map(Run::state) else { panic!() };
        assert_eq!(until, at("04-01 10:15"));
        // The answer at the very end comes too late, and changes nothing.
        let result = Some(Value::Record([Value::text("X")].into()));
        story.input(at("04-01 10:15"), InputKind::Answer { call, result });
        let told = story.tell();
        assert_eq!(told.last().unwrap(), last);
        assert!(told.iter().any(|l| l == "04-01 10:15 j call failed"), "{told:?}");
        assert!(story.person.runs().is_empty());
    }
}
