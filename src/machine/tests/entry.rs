//! Entry: settling, keys, re-entry, backfill, duplicates, order, holdouts.

use super::*;
use crate::ir::journey::Holdout;

fn waits_a_day(start: Start) -> Journey {
    journey("j", start, vec![wait(days(1)), Op::End])
}

/// Holds 2.3.
#[test]
fn settled_restarts_with_each_event_and_binds_the_last() {
    let mut j = waits_a_day(settled(CART, hours(1)));
    j.only_if = Some(compare(Compare::Equal, of_start(ID), constant(Value::text("c2"))));
    let program = program(vec![j]);
    let mut story = Story::new(&program);
    story.event("04-01 10:00", CART, "c1", 1);
    story.event("04-01 10:59", CART, "c2", 1);
    story.until(at("04-01 12:00"));
    story.tells(&[
        "04-01 10:00 j settles 04-01 11:00",
        "04-01 10:59 j settles 04-01 11:59",
        "04-01 11:59 j entered",
        "04-01 11:59 j waits until 04-02 11:59",
    ]);
}

/// Holds 1.12.
#[test]
fn an_event_at_the_moment_of_settling_comes_after_the_entry() {
    let program = program(vec![waits_a_day(settled(CART, hours(1)))]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    let payload = record("c2", 1, at("04-01 11:00"));
    let input = Input { at: at("04-01 11:00"), kind: InputKind::Event { id: None, event: CART, payload } };
    story.engine.step(&mut story.person, &input, &mut story.effects);
    story.tells(&[
        "04-01 10:00 j settles 04-01 11:00",
        "04-01 11:00 j entered",
        "04-01 11:00 j waits until 04-02 11:00",
        "04-01 11:00 j settles 04-01 12:00",
    ]);
}

/// Holds 2.4.
#[test]
fn an_exit_event_clears_the_pending_start_it_matches() {
    let mut j = waits_a_day(settled(CART, hours(1)));
    j.exits = vec![Exit::Event { event: PURCHASE, filter: Some(same_id()) }];
    let program = program(vec![j]);
    let mut story = Story::new(&program);
    story.event("04-01 10:00", CART, "c1", 1);
    story.event("04-01 10:10", PURCHASE, "c9", 1);
    story.event("04-01 10:20", PURCHASE, "c1", 1);
    story.until(at("04-02 00:00"));
    story.tells(&["04-01 10:00 j settles 04-01 11:00", "04-01 10:20 j unsettled"]);
}

/// Holds 2.1.
#[test]
fn per_key_makes_a_run_per_key_and_no_second_of_a_live_one() {
    let start = Start::Event {
        event: CART,
        filter: None,
        bind: SlotId(0),
        key: Some(of_start(ID)),
        settled: None,
        audience: None,
    };
    let mut j = waits_a_day(start);
    j.reentry = Reentry::Never;
    let program = program(vec![j]);
    let mut story = Story::new(&program);
    story.event("04-01 10:00", CART, "c1", 1);
    story.event("04-01 10:01", CART, "c2", 1);
    story.event("04-01 10:02", CART, "c1", 1);
    story.until(at("04-02 12:00"));
    story.event("04-02 12:00", CART, "c1", 1);
    let told = story.tell();
    let entered = told.iter().filter(|l| l.ends_with("entered")).count();
    assert_eq!((entered, told[4].as_str()), (2, "04-01 10:02 j not entered: Live"), "{told:?}");
    assert_eq!(told.last().unwrap(), "04-02 12:00 j not entered: Reentry");
}

/// Holds 2.2.
#[test]
fn reentry_is_judged_by_the_last_entry() {
    for (reentry, expected) in [
        (Reentry::Always, "entered"),
        (Reentry::Never, "not entered: Reentry"),
        (Reentry::After(days(2)), "not entered: Reentry"),
        (Reentry::After(days(1)), "entered"),
    ] {
        let mut j = journey("j", on_event(CART), vec![Op::End]);
        j.reentry = reentry;
        let program = program(vec![j]);
        let mut story = Story::new(&program);
        story.cart("04-01 10:00");
        story.tell();
        story.cart("04-02 10:00");
        assert_eq!(story.tell()[0], format!("04-02 10:00 j {expected}"), "{reentry:?}");
    }
}

/// Holds 2.5.
#[test]
fn only_if_is_judged_at_the_time_of_entry() {
    let mut j = waits_a_day(settled(CART, hours(1)));
    j.only_if = Some(Expr::IsSet(Box::new(Expr::Profile(POINTS))));
    let program = program(vec![j]);
    let mut story = Story::new(&program);
    story.set("04-01 09:00", POINTS, Value::Int(1));
    story.cart("04-01 10:00");
    story.set("04-01 10:30", POINTS, Value::Missing);
    story.until(at("04-01 12:00"));
    story.tells(&["04-01 10:00 j settles 04-01 11:00", "04-01 11:00 j not entered: OnlyIf"]);
}

/// Holds 2.6.
#[test]
fn an_old_event_updates_history_only() {
    let mut j = waits_a_day(on_event(CART));
    j.exits = vec![exit_on(PURCHASE)];
    let program = program(vec![j]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    story.tell();
    for event in [PURCHASE, CART] {
        let payload = record("o1", 1, at("03-29 10:00"));
        story.input(at("04-01 11:00"), InputKind::Event { id: None, event, payload });
    }
    story.tells(&["04-01 11:00 j not entered: TooOld"]);
    let count = behaviour(PURCHASE, None, None, Ask::Count);
    assert_eq!(story.engine.evaluate(&story.person, JourneyId(0), None, &count, at("04-01 11:00")), Value::Int(1));
}

/// Holds 1.2.
#[test]
fn two_inputs_with_one_id_are_one_within_the_window() {
    let program = program(vec![journey("j", on_event(CART), vec![Op::End])]);
    let mut story = Story::new(&program);
    let cart = |story: &mut Story, when: &str| {
        let payload = record("c1", 1, at(when));
        story.input(at(when), InputKind::Event { id: Some(7), event: CART, payload });
        story.tell().len()
    };
    assert_eq!(cart(&mut story, "04-01 10:00"), 2);
    assert_eq!(cart(&mut story, "04-02 09:59"), 0);
    assert_eq!(cart(&mut story, "04-02 10:00"), 2, "the id was forgotten");
}

/// Holds 2.8.
#[test]
fn a_time_in_the_future_is_cut_to_arrival() {
    let last_at = behaviour(CART, None, None, Ask::Last { field: Some(AT) });
    let mut j =
        journey("j", on_event(CART), vec![Op::Let { slot: SlotId(1), value: of_start(AT) }, wait(days(1)), Op::End]);
    j.reentry = Reentry::Never;
    let program = program(vec![j]);
    let mut story = Story::new(&program);
    let payload = record("c1", 1, at("04-05 10:00"));
    story.input(at("04-01 10:00"), InputKind::Event { id: None, event: CART, payload });
    let now = at("04-01 10:00");
    let read =
        |expr: &Expr| story.engine.evaluate(&story.person, JourneyId(0), Some(story.person.runs()[0].no()), expr, now);
    assert_eq!(read(&last_at), Value::Instant(now));
    assert_eq!(read(&Expr::Slot(SlotId(1))), Value::Instant(now));
}

/// Holds 1.8.
#[test]
fn journeys_start_by_priority_then_by_name() {
    let named = |name: &str, priority| Journey { priority, ..journey(name, on_event(CART), vec![Op::End]) };
    let program = program(vec![named("a", 0), named("b", 5), named("c", 5)]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    let told = story.tell();
    let order: Vec<&str> = told.iter().filter(|l| l.ends_with("entered")).map(|l| &l[12..13]).collect();
    assert_eq!(order, ["b", "c", "a"]);
}

fn held_out(goal: Option<Goal>) -> Program {
    let mut j = journey("j", on_event(CART), vec![send(MAIL, None), Op::Tag("x".into()), Op::End]);
    (j.holdout, j.goal, j.exits) = (Some(Holdout { split: SplitId(0) }), goal, vec![exit_on(PURCHASE)]);
    let mut program = program(vec![j]);
    let arm = |name: &str, share| SplitArm { name: name.into(), share };
    let arms = vec![arm("held", 10_000), arm("treated", 90_000)];
    program.splits.push(Split { name: "control".into(), per_run: false, arms });
    program
}

/// Holds 5.3, 5.4.
#[test]
fn who_is_held_out_takes_no_step_and_stays_until_the_goal_window_ends() {
    let goal = Goal { event: CART, filter: None, within: days(3), target: None, template: Vec::new() };
    let program = held_out(Some(goal));
    let mut story = Story::new(&program);
    story.person.pin(SplitId(0), 0);
    story.cart("04-01 10:00");
    story.cart("04-02 10:00");
    story.until(at("04-30 00:00"));
    story.tells(&[
        "04-01 10:00 j entered",
        "04-01 10:00 j control: held",
        "04-01 10:00 j held out",
        "04-02 10:00 j goal cart",
        "04-02 10:00 j not entered: Live",
        "04-04 10:00 j ended: HeldOut",
    ]);
}

/// Holds 5.4.
#[test]
fn who_is_held_out_leaves_by_an_exit_or_at_once_without_a_goal() {
    let goal = Goal { event: CART, filter: None, within: days(3), target: None, template: Vec::new() };
    let with_goal = held_out(Some(goal));
    let mut story = Story::new(&with_goal);
    story.person.pin(SplitId(0), 0);
    story.cart("04-01 10:00");
    story.purchase("04-01 11:00");
    assert_eq!(story.tell().last().unwrap(), "04-01 11:00 j ended: Exited(0)");
    let without = held_out(None);
    let mut story = Story::new(&without);
    story.person.pin(SplitId(0), 0);
    story.cart("04-01 10:00");
    assert_eq!(story.tell().last().unwrap(), "04-01 10:00 j ended: HeldOut");
}

/// Holds 1.1, 5.1.
#[test]
fn a_draw_is_sticky_per_person_and_follows_its_shares() {
    let program = held_out(None);
    let engine = Engine::new(&program);
    let mut held = 0;
    for number in 0..2_000 {
        let arms = [0, 1].map(|_| {
            let mut person = Person::new(format!("p{number}"));
            let mut effects = Vec::new();
            let kind = InputKind::Event { id: None, event: CART, payload: record("c", 1, at("04-01 10:00")) };
            engine.step(&mut person, &Input { at: at("04-01 10:00"), kind }, &mut effects);
            effects.iter().any(|e| matches!(e, Effect::Journal(Entry { what: What::HeldOut, .. })))
        });
        assert_eq!(arms[0], arms[1]);
        held += u32::from(arms[0]);
    }
    assert!((160..240).contains(&held), "{held} of 2000 held out at 10%");
}

/// Holds 5.2.
#[test]
fn a_draw_per_run_is_made_anew_for_each() {
    let ops = vec![Op::Draw { split: SplitId(0), slot: SlotId(1) }, Op::End];
    let mut program = program(vec![journey("j", on_event(CART), ops)]);
    let arm = |name: &str, share| SplitArm { name: name.into(), share };
    program.splits.push(Split { name: "s".into(), per_run: true, arms: vec![arm("a", 50_000), arm("b", 50_000)] });
    let mut story = Story::new(&program);
    for day in 1..=20 {
        story.cart(&format!("04-{day:02} 10:00"));
    }
    let told = story.tell();
    let drew = |arm: &str| told.iter().filter(|l| l.ends_with(arm)).count();
    assert!(drew("s: a") > 0 && drew("s: b") > 0 && drew("s: a") + drew("s: b") == 20, "{told:?}");
}

/// Holds 5.2.
#[test]
fn a_draw_per_run_is_made_by_the_key_where_there_is_one() {
    let start = |key| Start::Event { event: CART, filter: None, bind: SlotId(0), key, settled: None, audience: None };
    let ops = || vec![Op::Draw { split: SplitId(0), slot: SlotId(1) }, Op::End];
    let mut program = program(vec![journey("j", start(Some(of_start(ID))), ops())]);
    let arm = |name: &str| SplitArm { name: name.into(), share: 50_000 };
    program.splits.push(Split { name: "s".into(), per_run: true, arms: vec![arm("a"), arm("b")] });
    let drawn = || {
        let mut story = Story::new(&program);
        (0..20).for_each(|n| story.event("04-01 10:00", CART, &format!("c{n}"), 1));
        story.event("04-02 10:00", CART, "c0", 1);
        let arms = story.tell().into_iter().filter_map(|l| l.split_once(" s: ").map(|(_, arm)| arm.to_owned()));
        arms.collect::<Vec<_>>()
    };
    let arms = drawn();
    assert!(arms.len() == 21 && arms.contains(&"a".to_owned()) && arms.contains(&"b".to_owned()), "{arms:?}");
    assert_eq!(arms[0], arms[20], "the same key meets the same arm");
    assert_eq!(drawn(), arms, "in every replay");
}
