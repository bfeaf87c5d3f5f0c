//! Schedules and fan-out: when a tick comes, and whom it starts.

use super::*;
use crate::machine::schedule::next_tick;

fn scheduled(when: ScheduleWhen, home: Option<&str>) -> Start {
    Start::Schedule { schedule: Schedule { when, zone: home.map(zone) }, audience: Audience::default() }
}

/// Holds 3.16, 3.17, 3.18.
#[test]
fn the_next_tick_is_strictly_later() {
    let day = |t| ScheduleWhen::Day { at: time(t) };
    let week = |on: &[u8]| ScheduleWhen::Week { on: on.to_vec(), at: time("09:00") };
    let month = |on: &[u8]| ScheduleWhen::Month { on: on.to_vec(), at: time("09:00") };
    let cron = |text: &str| ScheduleWhen::Cron(text.into());
    for (when, after, expected) in [
        (day("09:00"), "2026-04-01T08:59:00-04:00", "2026-04-01T09:00:00-04:00"),
        (day("09:00"), "2026-04-01T09:00:00-04:00", "2026-04-02T09:00:00-04:00"),
        (week(&[1, 4]), "2026-04-01T10:00:00-04:00", "2026-04-02T09:00:00-04:00"),
        (week(&[3]), "2026-04-01T10:00:00-04:00", "2026-04-08T09:00:00-04:00"),
        (month(&[1, 15]), "2026-04-01T10:00:00-04:00", "2026-04-15T09:00:00-04:00"),
        (month(&[30, 31]), "2026-02-01T10:00:00-05:00", "2026-02-28T09:00:00-05:00"),
        (month(&[30, 31]), "2026-02-28T09:00:00-05:00", "2026-03-30T09:00:00-04:00"),
        (month(&[31]), "2026-03-31T09:00:00-04:00", "2026-04-30T09:00:00-04:00"),
        (cron("0 9 * * 1"), "2026-04-01T10:00:00-04:00", "2026-04-06T09:00:00-04:00"),
        // Vixie: with both day fields given, either is enough (15 April or a Monday).
        (cron("0 9 15 * 1"), "2026-04-07T10:00:00-04:00", "2026-04-13T09:00:00-04:00"),
        (cron("0 9 15 * 1"), "2026-04-13T10:00:00-04:00", "2026-04-15T09:00:00-04:00"),
        // A gap means the first instant after it; a fold the first of two.
        (day("02:30"), "2026-03-07T12:00:00-05:00", "2026-03-08T03:00:00-04:00"),
        (cron("30 2 * * *"), "2026-03-07T12:00:00-05:00", "2026-03-08T03:00:00-04:00"),
        (day("01:30"), "2026-10-31T12:00:00-04:00", "2026-11-01T01:30:00-04:00"),
        (day("01:30"), "2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"),
        (cron("30 1 * * *"), "2026-10-31T12:00:00-04:00", "2026-11-01T01:30:00-04:00"),
        (cron("30 1 * * *"), "2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"),
    ] {
        let start = scheduled(when.clone(), Some("America/New_York"));
        let next = next_tick(&start, zone("UTC"), at(after)).map(|t| t.to_string());
        assert_eq!(next, Some(at(expected).to_string()), "{when:?} after {after}");
    }
}

/// Holds 3.1.
#[test]
fn a_local_schedule_uses_the_zone_asked_for_and_one_moment_ticks_once() {
    let local = scheduled(ScheduleWhen::Day { at: time("09:00") }, None);
    assert_eq!(next_tick(&local, zone("Asia/Tokyo"), at("04-01 00:00")), Some(at("04-01 09:00")));
    assert_eq!(next_tick(&local, zone("UTC"), at("04-01 00:00")), Some(at("2026-04-01T09:00:00Z")));
    let once = Start::At { at: at("04-01 10:00"), audience: Audience::default() };
    assert_eq!(next_tick(&once, zone("UTC"), at("04-01 09:59")), Some(at("04-01 10:00")));
    assert_eq!(next_tick(&once, zone("UTC"), at("04-01 10:00")), None);
    assert_eq!(next_tick(&on_event(CART), zone("UTC"), at("04-01 10:00")), None);
}

fn tick(story: &mut Story, when: &str, payload: Option<Value>) {
    story.input(at(when), InputKind::Tick { journey: JourneyId(0), payload });
}

/// Holds 2.14.
#[test]
fn a_tick_judges_the_audience_and_then_the_rules_of_entry() {
    let vip = compare(Compare::GreaterEqual, Expr::Profile(POINTS), constant(Value::Int(100)));
    let consents = Expr::IsSet(Box::new(Expr::Profile(EMAIL)));
    let audience = Audience { segment: Some(SegmentId(0)), condition: Some(consents) };
    let mut j = journey("j", Start::At { at: at("04-01 10:00"), audience }, vec![Op::End]);
    j.only_if = Some(Expr::IsSet(Box::new(Expr::Profile(LINE))));
    let mut program = program(vec![j]);
    program.segments.push(Segment { name: "vip".into(), title: None, condition: vip });
    let mut story = Story::new(&program);
    tick(&mut story, "04-01 10:00", None);
    story.tells(&[]);
    story.set("04-01 11:00", POINTS, Value::Int(100));
    tick(&mut story, "04-01 12:00", None);
    assert_eq!(story.tell()[0], "04-01 12:00 j entered");
    story.set("04-01 13:00", LINE, Value::Missing);
    tick(&mut story, "04-01 14:00", None);
    story.tells(&["04-01 14:00 j not entered: OnlyIf"]);
    story.set("04-01 15:00", EMAIL, Value::Missing);
    tick(&mut story, "04-01 16:00", None);
    story.tells(&[]);
}

/// Holds 2.15.
#[test]
fn a_fan_out_binds_its_event_for_filter_audience_and_run() {
    let cheap = compare(Compare::Less, of_event(TOTAL), constant(yen(1_000)));
    let liked = compare(Compare::Equal, of_start(ID), constant(Value::text("i1")));
    let start = Start::Event {
        event: CART,
        filter: Some(cheap),
        bind: SlotId(0),
        key: None,
        settled: None,
        audience: Some(Audience { segment: None, condition: Some(liked) }),
    };
    let program = program(vec![journey("j", start, vec![Op::End])]);
    for (id, total, when, expected) in [
        ("i1", 999, "04-01 10:00", &["04-01 10:00 j entered", "04-01 10:00 j ended: Finished"][..]),
        ("i1", 1_000, "04-01 10:00", &[]),
        ("i2", 999, "04-01 10:00", &[]),
        ("i1", 999, "03-30 10:00", &["04-01 10:00 j not entered: TooOld"]),
    ] {
        let mut story = Story::new(&program);
        tick(&mut story, "04-01 10:00", Some(record(id, total, at(when))));
        story.tells(expected);
        story.event("04-01 10:30", CART, "i1", 999);
        assert!(story.tell().is_empty(), "only the fan-out starts it");
    }
}
