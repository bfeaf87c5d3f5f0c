//! Quiet hours and caps: when a message waits, until when, and what is checked again.

use super::*;

fn mails(policy: impl FnOnce(&mut Policy)) -> Program {
    let mut program = program(vec![journey("j", on_event(CART), vec![send(MAIL, None), Op::End])]);
    policy(&mut program.policies[0]);
    program
}
/// The line about the message of a cart at that time.
fn at_cart(story: &mut Story, when: &str) -> String {
    story.until(at(when));
    story.tell();
    story.cart(when);
    story.tell()[1].clone()
}

/// Holds 3.9.
#[test]
fn quiet_hours_are_half_open_and_may_cross_midnight() {
    let program = mails(|p| p.quiet = vec![quiet("21:00", "08:00", Overflow::Hold)]);
    for (when, expected) in [
        ("04-01 20:59", "sent mail"),
        ("04-01 21:00", "held mail by quiet until 04-02 08:00"),
        ("04-01 23:59", "held mail by quiet until 04-02 08:00"),
        ("04-02 00:00", "held mail by quiet until 04-02 08:00"),
        ("04-02 07:59", "held mail by quiet until 04-02 08:00"),
        ("04-02 08:00", "sent mail"),
    ] {
        let mut story = Story::new(&program);
        assert_eq!(at_cart(&mut story, when), format!("{when} j {expected}"));
    }
}

/// Holds 3.1.
#[test]
fn quiet_hours_follow_the_persons_zone() {
    let program = mails(|p| p.quiet = vec![quiet("21:00", "08:00", Overflow::Hold)]);
    let mut story = Story::new(&program);
    story.set("03-01 10:00", ZONE, Value::Zone(zone("America/New_York")));
    // 21:00 in Tokyo is 08:00 in New York.
    assert_eq!(at_cart(&mut story, "04-01 21:00"), "04-01 21:00 j sent mail");
    assert_eq!(at_cart(&mut story, "04-02 10:00"), "04-02 10:00 j held mail by quiet until 04-02 21:00");
}

/// Holds 3.10.
#[test]
fn several_windows_hold_until_none_applies_and_drop_drops() {
    let chain = mails(|p| {
        p.quiet = vec![quiet("12:00", "13:00", Overflow::Hold), quiet("12:30", "14:00", Overflow::Hold)];
    });
    assert_eq!(at_cart(&mut Story::new(&chain), "04-01 12:00"), "04-01 12:00 j held mail by quiet until 04-01 14:00");
    let drop = mails(|p| p.quiet = vec![quiet("21:00", "08:00", Overflow::Drop)]);
    assert_eq!(at_cart(&mut Story::new(&drop), "04-01 22:00"), "04-01 22:00 j dropped mail by quiet");
    let always = mails(|p| {
        p.quiet = vec![quiet("00:00", "12:00", Overflow::Hold), quiet("12:00", "00:00", Overflow::Hold)];
    });
    assert_eq!(at_cart(&mut Story::new(&always), "04-01 22:00"), "04-01 22:00 j dropped mail by quiet");
    let empty = mails(|p| p.quiet = vec![quiet("09:00", "09:00", Overflow::Hold)]);
    assert_eq!(at_cart(&mut Story::new(&empty), "04-01 09:00"), "04-01 09:00 j sent mail");
}

/// Holds 3.2, 3.3.
#[test]
fn quiet_hours_over_the_changes_of_the_clock() {
    let program = mails(|p| p.quiet = vec![quiet("21:00", "02:30", Overflow::Hold)]);
    for (when, until) in [
        // Spring forward: 02:30 does not exist, 03:00 is the first instant after the gap.
        ("2026-03-07T22:00:00-05:00", "2026-03-08T03:00:00-04:00"),
        ("2026-10-31T22:00:00-04:00", "2026-11-01T02:30:00-05:00"),
    ] {
        let mut story = Story::new(&program);
        story.set("03-01 10:00", ZONE, Value::Zone(zone("America/New_York")));
        story.cart(when);
        let RunState::Held { until: held, .. } = story.person.runs()[0].state() else { panic!("{when}") };
        assert_eq!(held, at(until), "{when}");
    }
    let program = mails(|p| p.quiet = vec![quiet("21:00", "01:45", Overflow::Hold)]);
    let mut story = Story::new(&program);
    story.set("03-01 10:00", ZONE, Value::Zone(zone("America/New_York")));
    // In the second 01:30 the first 01:45 is behind: the wall clock still says quiet.
    story.cart("2026-11-01T01:30:00-05:00");
    let RunState::Held { until, .. } = story.person.runs()[0].state() else { panic!() };
    assert_eq!(until, at("2026-11-01T01:45:00-05:00"));
}

/// Holds 4.6.
#[test]
fn what_was_withdrawn_while_held_counts_when_the_hold_ends() {
    let program = mails(|p| p.quiet = vec![quiet("21:00", "08:00", Overflow::Hold)]);
    let mut story = Story::new(&program);
    story.cart("04-01 22:00");
    story.consent("04-02 07:00", false);
    story.until(at("04-02 09:00"));
    assert_eq!(story.tell()[2..], ["04-02 08:00 j dropped mail by consent", "04-02 08:00 j ended: Finished"]);
}

/// Holds 1.5.
#[test]
fn an_exit_withdraws_what_is_held() {
    let mut program = mails(|p| p.quiet = vec![quiet("21:00", "08:00", Overflow::Hold)]);
    program.journeys[0].exits = vec![exit_on(PURCHASE)];
    let mut story = Story::new(&program);
    story.cart("04-01 22:00");
    story.purchase("04-01 23:00");
    story.until(at("04-03 00:00"));
    assert_eq!(story.tell()[2..], ["04-01 23:00 j withdrew mail", "04-01 23:00 j ended: Exited(0)"]);
}

/// Holds 3.11.
#[test]
fn calendar_caps_count_whole_local_days_today_included() {
    for (home, first, second, third) in [
        ("Asia/Tokyo", "2026-04-01T23:00:00+09:00", "2026-04-01T23:59:00+09:00", "2026-04-02T00:00:00+09:00"),
        ("America/New_York", "2026-04-01T00:00:00-04:00", "2026-04-01T23:59:00-04:00", "2026-04-02T00:00:00-04:00"),
    ] {
        let program = mails(|p| p.caps = vec![cap(1, Some(Channel::Email), days(1), Overflow::Drop)]);
        let mut story = Story::new(&program);
        story.set("03-01 10:00", ZONE, Value::Zone(zone(home)));
        assert!(at_cart(&mut story, first).ends_with("sent mail"), "{home}");
        assert!(at_cart(&mut story, second).ends_with("dropped mail by cap"), "{home}");
        assert!(at_cart(&mut story, third).ends_with("sent mail"), "{home}");
    }
}

/// Holds 3.12.
#[test]
fn exact_caps_slide() {
    let program = mails(|p| p.caps = vec![cap(1, None, hours(24), Overflow::Drop)]);
    let mut story = Story::new(&program);
    assert!(at_cart(&mut story, "04-01 23:00").ends_with("sent mail"));
    assert!(at_cart(&mut story, "04-02 22:59").ends_with("dropped mail by cap"));
    assert!(at_cart(&mut story, "04-02 23:00").ends_with("sent mail"));
}

/// Holds 3.15.
#[test]
fn a_holding_cap_holds_until_there_is_room() {
    for (window, expected) in [
        (days(1), "04-02 00:00"),
        (days(7), "04-08 00:00"),
        (hours(24), "04-02 10:00"),
        (period(1, 0, 0), "05-01 00:00"),
    ] {
        let program = mails(|p| p.caps = vec![cap(1, None, window, Overflow::Hold)]);
        let mut story = Story::new(&program);
        story.cart("04-01 10:00");
        assert_eq!(
            at_cart(&mut story, "04-01 11:00"),
            format!("04-01 11:00 j held mail by cap until {expected}"),
            "{window}"
        );
        story.until(at(expected));
        assert_eq!(story.tell()[0], format!("{expected} j sent mail"), "{window}");
    }
}

/// Holds 3.13.
#[test]
fn months_of_a_cap_clamp_at_the_months_end() {
    let program = mails(|p| p.caps = vec![cap(1, None, period(1, 0, 0), Overflow::Drop)]);
    let mut story = Story::new(&program);
    assert!(at_cart(&mut story, "01-31 10:00").ends_with("sent mail"));
    // 28 February less a month is 28 January: the window begins on the 29th.
    assert!(at_cart(&mut story, "02-28 10:00").ends_with("dropped mail by cap"));
    assert!(at_cart(&mut story, "03-01 00:00").ends_with("sent mail"));
}

/// Holds 3.15.
#[test]
fn a_cap_that_ends_in_quiet_hours_holds_until_their_end() {
    let program = mails(|p| {
        p.caps = vec![cap(1, None, days(1), Overflow::Hold)];
        p.quiet = vec![quiet("21:00", "08:00", Overflow::Hold)];
    });
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    assert_eq!(at_cart(&mut story, "04-01 11:00"), "04-01 11:00 j held mail by cap until 04-02 08:00");
}

/// Holds 3.14, 4.11.
#[test]
fn caps_count_all_personal_channels_over_all_journeys_but_no_webhooks() {
    let other = journey("a", on_event(PURCHASE), vec![send(HOOK, None), send(NUDGE, None), Op::End]);
    let mut program = program(vec![other, journey("j", on_event(CART), vec![send(MAIL, None), Op::End])]);
    program.policies[0].caps =
        vec![cap(1, Some(Channel::Email), days(1), Overflow::Drop), cap(2, None, days(7), Overflow::Drop)];
    let mut story = Story::new(&program);
    story.purchase("04-01 10:00");
    assert!(at_cart(&mut story, "04-01 11:00").ends_with("sent mail"), "the hook does not count, LINE is no mail");
    assert!(at_cart(&mut story, "04-02 11:00").ends_with("dropped mail by cap"), "two messages in seven days");
}

/// Holds 3.15.
#[test]
fn a_cap_of_none_never_has_room() {
    let program = mails(|p| p.caps = vec![cap(0, None, days(1), Overflow::Hold)]);
    assert_eq!(at_cart(&mut Story::new(&program), "04-01 10:00"), "04-01 10:00 j dropped mail by cap");
}

/// Holds 4.10.
#[test]
fn what_was_over_budget_was_not_sent_and_no_cap_counts_it() {
    let program = mails(|p| p.caps = vec![cap(1, None, days(1), Overflow::Drop)]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    story.report("04-01 10:00", Report::OverBudget);
    assert_eq!(at_cart(&mut story, "04-01 11:00"), "04-01 11:00 j sent mail");
}

/// Holds 4.13.
#[test]
fn values_are_read_when_the_message_is_accepted() {
    let mut program = mails(|p| p.quiet = vec![quiet("21:00", "08:00", Overflow::Hold)]);
    program.journeys[0].code[0].op = Op::Send {
        message: MAIL,
        params: vec![Expr::Profile(POINTS)],
        before: None,
        handle: HandleId(0),
        otherwise: None,
    };
    let mut story = Story::new(&program);
    story.set("04-01 20:00", POINTS, Value::Int(1));
    story.cart("04-01 22:00");
    story.set("04-01 23:00", POINTS, Value::Int(2));
    story.until(at("04-02 08:00"));
    let params = story.effects.iter().find_map(|e| match e {
        Effect::Send(order) => Some(order.params.clone()),
        Effect::Call(_) | Effect::Journal(_) | Effect::Passed(_) | Effect::Looked(_) => None,
    });
    assert_eq!(params, Some(vec![Value::Int(2)]));
}
