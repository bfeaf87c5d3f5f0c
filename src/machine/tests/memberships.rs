//! Segments: entering and leaving by events, by the profile and by the mere passing of time.

use super::*;

fn by_segment(enters: bool) -> Start {
    Start::Segment { segment: SegmentId(0), enters, including_members: false }
}
fn watched(condition: Expr, enters: bool) -> Program {
    let mut program = program(vec![journey("j", by_segment(enters), vec![Op::End])]);
    tracked(&mut program, "s", condition);
    program
}
fn no(expr: Expr) -> Expr {
    Expr::Not(Box::new(expr))
}
fn add(left: Expr, right: Expr) -> Expr {
    Expr::Arithmetic { op: Operator::Add, left: Box::new(left), right: Box::new(right) }
}
fn subtract(left: Expr, right: Expr) -> Expr {
    Expr::Arithmetic { op: Operator::Subtract, left: Box::new(left), right: Box::new(right) }
}
/// When the segment is entered or left from now on, by time alone, until the end of 2028.
fn flips(story: &mut Story) -> Vec<String> {
    story.tell();
    story.until(at("2028-12-31T00:00:00+09:00"));
    let told = story.tell();
    told.into_iter().filter(|l| l.contains("enters") || l.contains("leaves")).collect()
}

/// Holds 2.9, 2.10.
#[test]
fn a_lapse_is_entered_by_the_mere_passing_of_time() {
    let lapsed = Expr::And(vec![did(PURCHASE, None), no(did(PURCHASE, Some(days(180))))]);
    let program = watched(lapsed, true);
    let mut story = Story::new(&program);
    story.purchase("01-10 10:00");
    assert_eq!(story.person.wake(), Some(at("07-09 10:00")), "one timer, no polling");
    story.purchase("02-10 10:00");
    story.until(at("12-31 00:00"));
    story.tells(&["08-09 10:00 j enters s", "08-09 10:00 j entered", "08-09 10:00 j ended: Finished"]);
    assert_eq!(story.person.wake(), None);
}

/// Holds 2.10.
#[test]
fn counts_and_sums_flip_when_what_counts_leaves_the_window() {
    let at_least = |ask: Ask, value: Value| {
        compare(Compare::GreaterEqual, behaviour(PURCHASE, None, Some(days(30)), ask), constant(value))
    };
    for condition in
        [at_least(Ask::Count, Value::Int(2)), at_least(Ask::Sum { field: TOTAL, zero: yen(0) }, yen(2_000))]
    {
        let program = watched(condition, false);
        let mut story = Story::new(&program);
        for day in ["04-01 10:00", "04-05 10:00", "04-10 10:00"] {
            story.purchase(day);
        }
        assert_eq!(story.tell(), ["04-05 10:00 j enters s"]);
        assert_eq!(flips(&mut story), ["05-05 10:00 j leaves s"]);
    }
}

/// Holds 2.13.
#[test]
fn a_window_of_months_follows_the_calendar() {
    let program = watched(did(PURCHASE, Some(period(1, 0, 0))), false);
    let mut story = Story::new(&program);
    story.purchase("01-31 10:00");
    assert_eq!(flips(&mut story), ["02-28 10:00 j leaves s"]);
}

/// Holds 2.10.
#[test]
fn comparisons_with_now_and_today_flip_at_their_moment() {
    let last_at = || behaviour(PURCHASE, None, None, Ask::Last { field: Some(AT) });
    let month = constant(Value::Period(days(30)));
    let year_days = |n| constant(Value::Int(n));
    let since = |unit, of| Expr::Since { unit, of: Box::new(of) };
    for (condition, expected) in [
        (compare(Compare::Less, add(last_at(), month), Expr::Now), "05-01 10:00 j enters s"),
        (
            compare(Compare::Greater, subtract(Expr::Now, last_at()), constant(Value::Span(Span(MILLIS_PER_DAY)))),
            "04-02 10:00 j enters s",
        ),
        (compare(Compare::GreaterEqual, since(SinceUnit::Days, last_at()), year_days(10)), "04-11 00:00 j enters s"),
        (compare(Compare::GreaterEqual, since(SinceUnit::Months, last_at()), year_days(2)), "06-01 00:00 j enters s"),
        (compare(Compare::GreaterEqual, since(SinceUnit::Years, last_at()), year_days(1)), "04-01 00:00 j enters s"),
    ] {
        let program = watched(condition.clone(), true);
        let mut story = Story::new(&program);
        story.purchase("04-01 10:00");
        let told = flips(&mut story);
        assert_eq!(told, [expected], "{condition:?}");
    }
}

/// Holds 3.6.
#[test]
fn a_birthday_comes_every_year_and_29_february_is_the_28th_in_others() {
    let condition = compare(Compare::Equal, Expr::NextAnniversary(Box::new(Expr::Profile(BIRTHDAY))), Expr::Today);
    let program = watched(condition, true);
    let mut story = Story::new(&program);
    let leap = crate::value::Date::from_ymd(2000, 2, 29).unwrap();
    story.set("01-10 10:00", BIRTHDAY, Value::Date(leap));
    assert_eq!(
        flips(&mut story),
        [
            "02-28 00:00 j enters s",
            "03-01 00:00 j leaves s",
            "02-28 00:00 j enters s",
            "03-01 00:00 j leaves s",
            "02-29 00:00 j enters s",
            "03-01 00:00 j leaves s",
        ]
    );
}

/// Holds 2.10.
#[test]
fn days_before_a_birthday_flip_without_polling() {
    let next = Expr::NextAnniversary(Box::new(Expr::Profile(BIRTHDAY)));
    let soon = compare(Compare::LessEqual, next, add(Expr::Today, constant(Value::Period(days(7)))));
    let program = watched(soon, true);
    let mut story = Story::new(&program);
    story.set("01-10 10:00", BIRTHDAY, Value::Date(crate::value::Date::from_ymd(1990, 5, 20).unwrap()));
    assert!(story.person.wake().unwrap() > at("05-01 00:00"), "the next wake is near the flip");
    assert_eq!(flips(&mut story)[..2], ["05-13 00:00 j enters s", "05-21 00:00 j leaves s"]);
}

/// Holds 3.1.
#[test]
fn a_change_of_zone_moves_the_flip() {
    let since = Expr::Since {
        unit: SinceUnit::Days,
        of: Box::new(behaviour(PURCHASE, None, None, Ask::Last { field: Some(AT) })),
    };
    let mut program = watched(compare(Compare::GreaterEqual, since, constant(Value::Int(10))), true);
    program.tracked[0].fields.clear();
    let mut story = Story::new(&program);
    story.purchase("04-01 10:00");
    assert_eq!(story.person.wake(), Some(at("04-11 00:00")));
    story.set("04-02 10:00", ZONE, Value::Zone(zone("America/New_York")));
    // 1 April 10:00 in Tokyo is 31 March in New York.
    assert_eq!(story.person.wake(), Some(at("2026-04-10T00:00:00-04:00")));
}

fn rich() -> Expr {
    compare(Compare::GreaterEqual, Expr::Profile(POINTS), constant(Value::Int(100)))
}

/// Holds 1.6, 2.9.
#[test]
fn a_change_of_the_profile_enters_exits_and_wakes() {
    let enters = journey("a", by_segment(true), vec![Op::End]);
    let leaves = journey("b", by_segment(false), vec![Op::End]);
    let mut exits = journey("c", on_event(CART), vec![wait(days(9)), Op::End]);
    exits.exits = vec![Exit::Segment { segment: SegmentId(0), enters: true }];
    let arms = vec![Arm { on: ArmOn::Segment { segment: SegmentId(0), enters: true }, target: 1 }];
    let waits = journey(
        "d",
        on_event(CART),
        vec![Op::Await { arms, up_to: None, otherwise: 1 }, Op::Stop { because: Some("rich".into()) }],
    );
    let mut program = program(vec![enters, leaves, exits, waits]);
    tracked(&mut program, "rich", rich());
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    story.tell();
    story.set("04-01 11:00", POINTS, Value::Int(100));
    let told: Vec<String> = story.tell().into_iter().filter(|l| !l.contains("enters")).collect();
    assert_eq!(
        told,
        [
            "04-01 11:00 c ended: Exited(0)",
            "04-01 11:00 d woke by 0",
            "04-01 11:00 d stopped: rich",
            "04-01 11:00 a entered",
            "04-01 11:00 a ended: Finished",
        ]
    );
    story.set("04-01 11:30", POINTS, Value::Int(101));
    story.tells(&[]);
    story.set("04-01 12:00", POINTS, Value::Missing);
    assert!(story.tell().contains(&"04-01 12:00 b entered".to_owned()));
}

/// Holds 1.14.
#[test]
fn what_a_run_writes_is_heeded_when_all_runs_rest() {
    let sets = vec![Op::Set { field: POINTS, value: constant(Value::Int(100)) }, wait(days(1)), Op::End];
    let mut program = program(vec![
        journey("a", on_event(CART), sets),
        journey("b", on_event(CART), vec![wait(days(1)), Op::End]),
        journey("c", by_segment(true), vec![Op::End]),
    ]);
    tracked(&mut program, "rich", rich());
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    story.tells(&[
        "04-01 10:00 a entered",
        "04-01 10:00 a set points",
        "04-01 10:00 a waits until 04-02 10:00",
        "04-01 10:00 b entered",
        "04-01 10:00 b waits until 04-02 10:00",
        "04-01 10:00 c enters rich",
        "04-01 10:00 c entered",
        "04-01 10:00 c ended: Finished",
    ]);
}

/// Holds 1.15.
#[test]
fn journeys_that_set_each_other_off_are_cut_off() {
    let sets = |value: i64| vec![Op::Set { field: POINTS, value: constant(Value::Int(value)) }, Op::End];
    let mut program =
        program(vec![journey("a", by_segment(true), sets(0)), journey("b", by_segment(false), sets(100))]);
    tracked(&mut program, "rich", rich());
    let mut story = Story::new(&program);
    story.set("04-01 10:00", POINTS, Value::Int(100));
    assert!(story.tell().last().unwrap().ends_with("ended: Overrun"));
}

/// Holds 2.11.
#[test]
fn going_live_notes_members_in_silence_and_enrols_them_if_asked() {
    let mut program = program(vec![
        journey("a", by_segment(true), vec![Op::End]),
        journey("b", Start::Segment { segment: SegmentId(0), enters: true, including_members: true }, vec![Op::End]),
    ]);
    tracked(&mut program, "rich", rich());
    for (points, expected) in [(100, vec!["b"]), (0, vec![])] {
        let mut story = Story::of_nobody(&program);
        story.engine.record_profile(&mut story.person, &[(POINTS, Value::Int(points))], &[], at("03-31 10:00"));
        story.input(at("04-01 10:00"), InputKind::Live);
        let told = story.tell();
        let entered: Vec<&str> = told.iter().filter(|l| l.ends_with("entered")).map(|l| &l[12..13]).collect();
        assert_eq!(entered, expected);
        story.set("04-01 11:00", POINTS, Value::Int(200));
        assert_eq!(story.tell().iter().filter(|l| l.ends_with("a entered")).count(), usize::from(points == 0));
    }
}

/// Holds 2.12.
#[test]
fn somebody_new_enters_what_the_first_input_makes_true() {
    let program = watched(no(did(PURCHASE, Some(days(30)))), true);
    let mut story = Story::of_nobody(&program);
    story.cart("04-01 10:00");
    story.tells(&["04-01 10:00 j enters s", "04-01 10:00 j entered", "04-01 10:00 j ended: Finished"]);
}

/// Holds 2.6.
#[test]
fn an_old_event_moves_membership_in_silence() {
    let program = watched(no(did(PURCHASE, Some(days(30)))), true);
    let mut story = Story::of_nobody(&program);
    story.input(at("04-20 10:00"), InputKind::Live);
    story.tell();
    let payload = record("o1", 1, at("04-01 10:00"));
    story.input(at("04-20 11:00"), InputKind::Event { id: None, event: PURCHASE, payload });
    story.tells(&["04-20 11:00 j leaves s"]);
    story.until(at("06-01 00:00"));
    assert_eq!(story.tell()[0], "05-01 10:00 j enters s");
}

/// Holds 1.8.
#[test]
fn what_an_event_starts_and_what_its_flip_starts_are_in_one_order() {
    let by_event = journey("b", on_event(PURCHASE), vec![Op::End]);
    let mut program = program(vec![journey("a", by_segment(true), vec![Op::End]), by_event]);
    tracked(&mut program, "s", did(PURCHASE, None));
    let mut story = Story::of_nobody(&program);
    story.set("04-01 09:00", POINTS, Value::Int(1));
    story.purchase("04-01 10:00");
    let told = story.tell();
    let entered: Vec<&str> = told.iter().filter_map(|l| l[12..].strip_suffix(" entered")).collect();
    assert_eq!(entered, ["a", "b"], "{told:?}");
}

/// Holds 2.7.
#[test]
fn the_last_event_is_the_last_by_its_own_time() {
    let program = program(vec![]);
    let mut story = Story::new(&program);
    story.event("04-02 10:00", PURCHASE, "new", 100);
    for (id, own_time) in [("old", "04-01 10:00"), ("between", "04-01 20:00")] {
        let payload = record(id, 100, at(own_time));
        story.input(at("04-03 10:00"), InputKind::Event { id: None, event: PURCHASE, payload });
    }
    let view = super::super::evaluate::View::new(&program, &story.person, zone("Asia/Tokyo"), at("04-03 10:00"));
    let read = |ask| view.owned(&behaviour(PURCHASE, None, None, ask));
    assert_eq!(read(Ask::Last { field: Some(ID) }), Value::text("new"));
    assert_eq!(read(Ask::First { field: Some(ID) }), Value::text("old"));
}
