//! Two ids of one human being become one.

use super::*;

fn two(program: &Program) -> (Story<'_>, Story<'_>) {
    (Story::of_nobody(program), Story::of_nobody(program))
}
fn join<'p>(mut older: Story<'p>, mut other: Story<'p>, when: &str) -> Story<'p> {
    other.until(at(when));
    older.until(at(when));
    older.tell();
    older.engine.merge(&mut older.person, other.person, at(when), &mut older.effects);
    older
}

/// Holds 6.1.
#[test]
fn history_is_united_by_time() {
    let program = program(vec![]);
    let (mut a, mut b) = two(&program);
    a.event("04-01 10:00", PURCHASE, "a1", 100);
    b.event("04-02 10:00", PURCHASE, "b1", 200);
    a.event("04-03 10:00", PURCHASE, "a2", 300);
    let story = join(a, b, "04-04 10:00");
    let read = |ask| {
        let expr = behaviour(PURCHASE, None, Some(days(30)), ask);
        let view = super::super::evaluate::View::new(&program, &story.person, zone("Asia/Tokyo"), at("04-04 10:00"));
        view.owned(&expr)
    };
    assert_eq!(read(Ask::Count), Value::Int(3));
    assert_eq!(read(Ask::Sum { field: TOTAL, zero: yen(0) }), yen(600));
    assert_eq!(read(Ask::First { field: Some(ID) }), Value::text("a1"));
    assert_eq!(read(Ask::Last { field: Some(ID) }), Value::text("a2"));
}

/// Holds 6.2, 6.3.
#[test]
fn the_profile_takes_the_latest_write_and_consent_the_withdrawal() {
    let program = program(vec![]);
    let (mut a, mut b) = two(&program);
    a.set("04-01 10:00", POINTS, Value::Int(1));
    a.set("04-01 10:00", LINE, Value::text("U1"));
    b.set("04-02 10:00", POINTS, Value::Int(2));
    b.consent("04-02 10:00", true);
    b.input(at("04-02 10:00"), InputKind::Reach { channel: Channel::Line, report: Report::Blocked });
    let story = join(a, b, "04-03 10:00");
    assert_eq!(story.person.field(POINTS), &Value::Int(2));
    assert_eq!(story.person.field(LINE), &Value::text("U1"));
    assert_ne!(story.person.reach[Channel::Line.index()], 0, "still blocked");
    assert!(story.person.consents_to(MARKETING), "never having been asked is no withdrawal");
    let (mut a, mut b) = two(&program);
    a.consent("04-01 10:00", false);
    b.consent("04-02 10:00", true);
    assert!(!join(a, b, "04-03 10:00").person.consents_to(MARKETING));
    let (mut a, mut b) = two(&program);
    a.consent("04-01 10:00", true);
    b.consent("04-02 10:00", false);
    assert!(!join(a, b, "04-03 10:00").person.consents_to(MARKETING), "whichever id withdrew it");
}

/// Holds 6.4.
#[test]
fn of_two_runs_of_a_journey_the_earlier_goes_on() {
    let program = program(vec![journey("j", on_event(CART), vec![wait(days(9)), Op::End])]);
    for (mine, theirs) in [("04-01 10:00", "04-02 10:00"), ("04-02 10:00", "04-01 10:00")] {
        let (mut a, mut b) = two(&program);
        a.cart(mine);
        b.cart(theirs);
        let mut story = join(a, b, "04-03 10:00");
        story.tells(&["04-03 10:00 j ended: Merged"]);
        let [run] = story.person.runs() else { panic!("one run goes on") };
        assert_eq!(run.entered_at(), at("04-01 10:00"));
        story.until(at("04-10 10:00"));
        story.tells(&["04-10 10:00 j time is up", "04-10 10:00 j ended: Finished"]);
    }
}

/// Holds 6.4.
#[test]
fn caps_count_the_sends_of_both() {
    let mut program = program(vec![journey("j", on_event(CART), vec![send(MAIL, None), Op::End])]);
    program.policies[0].caps = vec![cap(2, None, days(7), Overflow::Drop)];
    let (mut a, mut b) = (Story::new(&program), Story::new(&program));
    a.cart("04-01 10:00");
    b.cart("04-01 11:00");
    let mut story = join(a, b, "04-02 10:00");
    story.cart("04-02 11:00");
    assert_eq!(story.tell()[1], "04-02 11:00 j dropped mail by cap");
}
