//! The checks of a send, in their order, and what answers and refusals bring.

use super::*;

fn one_send(message: MessageId) -> Program {
    program(vec![journey("j", on_event(CART), vec![send(message, None), Op::End])])
}
/// Mail first, LINE otherwise.
fn with_fallback() -> Program {
    let ops = vec![send(MAIL, Some(2)), Op::Stop { because: None }, send(NUDGE, None), Op::End];
    program(vec![journey("j", on_event(CART), ops)])
}
fn outcome(story: &mut Story) -> String {
    story.cart("04-01 10:00");
    story.tell()[1].clone()
}
fn reach(story: &mut Story, channel: Channel, report: Report) {
    story.input(at("03-01 10:00"), InputKind::Reach { channel, report });
}

/// Holds 4.1, 4.3, 4.4, 4.11.
#[test]
fn consent_reachability_and_withholding_refuse_by_name() {
    type Prepare = fn(&mut Story);
    let cases: [(MessageId, Prepare, &str); 12] = [
        (MAIL, |_| {}, "sent mail"),
        (MAIL, |s| s.consent("03-01 10:00", false), "dropped mail by consent"),
        (RECEIPT, |s| s.consent("03-01 10:00", false), "sent receipt"),
        (MAIL, |s| reach(s, Channel::Email, Report::Unsubscribed), "dropped mail by consent"),
        (MAIL, |s| reach(s, Channel::Email, Report::Complained), "dropped mail by consent"),
        (RECEIPT, |s| reach(s, Channel::Email, Report::Unsubscribed), "sent receipt"),
        (MAIL, |s| reach(s, Channel::Line, Report::Unsubscribed), "sent mail"),
        (MAIL, |s| s.set("03-01 10:00", EMAIL, Value::Missing), "dropped mail by unreachable"),
        (RECEIPT, |s| reach(s, Channel::Email, Report::Bounced), "dropped receipt by unreachable"),
        (NUDGE, |s| reach(s, Channel::Line, Report::Blocked), "dropped nudge by unreachable"),
        (HOOK, |s| s.consent("03-01 10:00", false), "sent hook"),
        (
            NUDGE,
            |s| {
                s.consent("03-01 10:00", false);
                reach(s, Channel::Line, Report::Blocked);
            },
            "dropped nudge by consent",
        ),
    ];
    for (message, prepare, expected) in cases {
        let program = one_send(message);
        let mut story = Story::new(&program);
        prepare(&mut story);
        assert_eq!(outcome(&mut story), format!("04-01 10:00 j {expected}"));
    }
}

/// Holds 4.1, 4.2.
#[test]
fn withholding_comes_before_consent_and_asks_only_its_purpose() {
    for (message, expected) in [(MAIL, "dropped mail by withhold"), (RECEIPT, "sent receipt")] {
        let mut program = one_send(message);
        let when = Expr::IsSet(Box::new(Expr::Profile(POINTS)));
        program.policies[0].withhold = vec![Withhold { purpose: MARKETING, when }];
        let mut story = Story::new(&program);
        story.set("03-01 10:00", POINTS, Value::Int(1));
        story.consent("03-01 10:00", false);
        assert_eq!(outcome(&mut story), format!("04-01 10:00 j {expected}"));
    }
}

/// Holds 4.4.
#[test]
fn a_new_address_has_not_bounced_and_a_follower_is_back() {
    let program = one_send(MAIL);
    let mut story = Story::new(&program);
    reach(&mut story, Channel::Email, Report::Bounced);
    story.set("03-02 10:00", EMAIL, Value::text("h@example.jp"));
    assert_eq!(outcome(&mut story), "04-01 10:00 j dropped mail by unreachable", "the same address again");
    story.set("04-02 10:00", EMAIL, Value::text("new@example.jp"));
    story.cart("04-03 10:00");
    assert!(story.tell().contains(&"04-03 10:00 j sent mail".to_owned()));
    let program = one_send(NUDGE);
    let mut story = Story::new(&program);
    reach(&mut story, Channel::Line, Report::Blocked);
    reach(&mut story, Channel::Line, Report::Unblocked);
    assert_eq!(outcome(&mut story), "04-01 10:00 j sent nudge");
}

/// Holds 4.3 and 4.4.
#[test]
fn who_takes_an_unsubscription_back_takes_nothing_else_back() {
    let program = one_send(MAIL);
    for (reports, expected) in [
        (&[Report::Unsubscribed, Report::Resubscribed][..], "sent mail"),
        (&[Report::Complained, Report::Unsubscribed, Report::Resubscribed], "dropped mail by consent"),
        (&[Report::Unsubscribed, Report::Complained, Report::Resubscribed], "dropped mail by consent"),
        (&[Report::Blocked, Report::Unsubscribed, Report::Resubscribed], "dropped mail by unreachable"),
        (&[Report::Bounced, Report::Unsubscribed, Report::Resubscribed], "dropped mail by unreachable"),
        (&[Report::Complained, Report::Blocked, Report::Unblocked], "sent mail"),
    ] {
        let mut story = Story::new(&program);
        for report in reports {
            reach(&mut story, Channel::Email, *report);
        }
        assert_eq!(outcome(&mut story), format!("04-01 10:00 j {expected}"), "{reports:?}");
    }
}

/// Holds 4.15.
#[test]
fn reports_change_reachability_even_after_the_run_has_ended() {
    let program = one_send(MAIL);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    story.report("04-02 10:00", Report::Bounced);
    story.cart("04-03 10:00");
    let told = story.tell();
    assert_eq!(
        told[3..],
        [
            "04-02 10:00 j mail Bounced",
            "04-03 10:00 j entered",
            "04-03 10:00 j dropped mail by unreachable",
            "04-03 10:00 j ended: Finished",
        ]
    );
}

/// Holds 4.5.
#[test]
fn a_deadline_drops_what_is_late_or_would_be_held_past_it() {
    for (before, expected) in [
        ("04-01 10:00", "dropped mail by deadline"),
        ("04-01 10:01", "sent mail"),
        ("04-01 09:00", "dropped mail by deadline"),
    ] {
        let program = program(vec![journey("j", on_event(CART), vec![send_before(MAIL, at(before)), Op::End])]);
        let mut story = Story::new(&program);
        assert_eq!(outcome(&mut story), format!("04-01 10:00 j {expected}"));
    }
    for (before, expected) in
        [("04-02 08:00", "dropped mail by deadline"), ("04-02 08:01", "held mail by quiet until 04-02 08:00")]
    {
        let mut program = program(vec![journey("j", on_event(CART), vec![send_before(MAIL, at(before)), Op::End])]);
        program.policies[0].quiet = vec![quiet("21:00", "08:00", Overflow::Hold)];
        let mut story = Story::new(&program);
        story.cart("04-01 22:00");
        assert_eq!(story.tell()[1], format!("04-01 22:00 j {expected}"));
    }
}

/// Holds 4.8.
#[test]
fn a_send_with_otherwise_waits_for_the_answer() {
    let program = with_fallback();
    for (report, expected) in [
        (Report::Accepted, vec!["04-01 10:01 j mail Accepted", "04-01 10:01 j stopped"]),
        (Report::Delivered, vec!["04-01 10:01 j mail Delivered", "04-01 10:01 j stopped"]),
        (
            Report::Refused,
            vec!["04-01 10:01 j dropped mail by refused", "04-01 10:01 j sent nudge", "04-01 10:01 j ended: Finished"],
        ),
        (
            Report::OverBudget,
            vec!["04-01 10:01 j dropped mail by budget", "04-01 10:01 j sent nudge", "04-01 10:01 j ended: Finished"],
        ),
    ] {
        let mut story = Story::new(&program);
        story.cart("04-01 10:00");
        story.report("04-01 10:01", report);
        assert_eq!(story.tell()[2..], expected);
    }
}

/// Holds 4.9.
#[test]
fn silence_past_the_patience_counts_as_accepted_and_a_late_refusal_changes_nothing() {
    let ops = vec![send(MAIL, Some(3)), wait(days(1)), Op::End, send(NUDGE, None), Op::End];
    let program = program(vec![journey("j", on_event(CART), ops)]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    story.report("04-01 10:20", Report::Refused);
    story.until(at("04-03 00:00"));
    assert_eq!(
        story.tell()[2..],
        [
            "04-01 10:15 j waits until 04-02 10:15",
            "04-01 10:20 j dropped mail by refused",
            "04-02 10:15 j time is up",
            "04-02 10:15 j ended: Finished",
        ]
    );
}

/// Holds 4.7, 4.8.
#[test]
fn a_send_without_otherwise_goes_on_and_so_does_a_drop() {
    let ops = vec![send(MAIL, None), Op::Tag("on".into()), Op::End];
    let program = program(vec![journey("j", on_event(CART), ops)]);
    for consents in [true, false] {
        let mut story = Story::new(&program);
        story.consent("03-01 10:00", consents);
        story.cart("04-01 10:00");
        assert_eq!(story.tell()[2], "04-01 10:00 j tagged on");
    }
}

/// Holds 4.7.
#[test]
fn every_refusal_at_the_send_runs_the_otherwise() {
    let mut program = with_fallback();
    program.policies[0].caps = vec![cap(0, Some(Channel::Email), days(1), Overflow::Drop)];
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    assert_eq!(story.tell()[1..3], ["04-01 10:00 j dropped mail by cap", "04-01 10:00 j sent nudge"]);
}

/// Holds 4.14.
#[test]
fn the_order_carries_address_and_parameters() {
    let ops = vec![
        Op::Send {
            message: MAIL,
            params: vec![of_start(TOTAL), constant(Value::Missing)],
            before: None,
            handle: HandleId(0),
            otherwise: None,
        },
        Op::End,
    ];
    let program = program(vec![journey("j", on_event(CART), ops)]);
    let mut story = Story::new(&program);
    story.cart("04-01 10:00");
    let orders: Vec<&Order> = story
        .effects
        .iter()
        .filter_map(|e| match e {
            Effect::Send(order) => Some(order),
            Effect::Call(_) | Effect::Journal(_) | Effect::Passed(_) | Effect::Looked(_) => None,
        })
        .collect();
    let [order] = orders[..] else { panic!("one order") };
    assert_eq!(order.address, Value::text("h@example.jp"));
    assert_eq!(order.params, [yen(5_000), Value::Missing]);
    assert_eq!(order.id, SendId { run: RunNo(0), step: StepId(0), repetition: 0 });
    assert!(!order.awaited);
}
