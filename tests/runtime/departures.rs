//! What may leave when: stops and their ends, what is too old, one broken action beside others, turns, budgets at midnight.
//!
//! Draws nothing at random; the faults do.

use serde_json::{Value as Json, json};
use tabi::ir::{ActionId, Channel, JourneyId};
use tabi::ports::store::PendingKey;
use tabi::ports::{CallOutcome, Idempotency, Outcome, Scope, Submission};
use tabi::runtime::durable::dispatcher::{ACTIONS, Dispatcher, Waiting};
use tabi::value::{Instant, Span};

use crate::edges::{DAY, HOUR, MINUTE, Place, Sink, purchase};
use crate::faults::ground_of;
use crate::rig::{Rig, free};

const SECOND: i64 = 1_000;

fn stop(rig: &mut Rig, place: &Place, sink: &mut Sink, scope: Scope, stopped: bool) {
    rig.node.submit(Submission::Stop { scope, stopped, by: "ops".into() });
    rig.settle(place.now, sink).unwrap();
}
fn identify(who: &str) -> Json {
    json!({ "type": "identify", "userId": who, "traits": { "email": format!("{who}@x.jp") } })
}
fn later() -> Option<Outcome> {
    Some(Outcome::Later { why: "busy".into(), after: None })
}

/// What the ledger says of the receipt.
fn receipt(rig: &mut Rig) -> Option<(String, String)> {
    rig.checkpoint().unwrap();
    let ledger = rig.reader().ledger(0).unwrap();
    let row = ledger.into_iter().find(|row| row.what == "receipt")?;
    Some((row.outcome, row.why.unwrap_or_default()))
}

#[test]
fn a_busy_provider_after_a_long_stop_ends_nothing_at_once() {
    for scope in [Scope::Everything, Scope::Channel(Channel::Email), Scope::Journey("thanks".into())] {
        let mut place = Place::new(1);
        let (mut rig, mut sink) = (place.open(), Sink::new([later()]));
        place.tell(&mut rig, &mut sink, identify("p"));
        stop(&mut rig, &place, &mut sink, scope.clone(), true);
        place.tell(&mut rig, &mut sink, purchase("userId", "p", "k"));
        place.pass(&mut rig, &mut sink, 2 * DAY);
        assert_eq!(sink.count("receipt"), 0, "{scope:?}");
        stop(&mut rig, &place, &mut sink, scope.clone(), false);
        place.pass(&mut rig, &mut sink, MINUTE);
        assert_eq!(receipt(&mut rig), Some(("accepted".into(), String::new())), "{scope:?}");
    }
}

#[test]
fn a_stop_between_two_attempts_counts_as_no_time_of_trying() {
    let mut place = Place::new(1);
    let (mut rig, mut sink) = (place.open(), Sink::new([later(), later()]));
    place.tell(&mut rig, &mut sink, identify("p"));
    place.tell(&mut rig, &mut sink, purchase("userId", "p", "k"));
    stop(&mut rig, &place, &mut sink, Scope::Everything, true);
    place.pass(&mut rig, &mut sink, 2 * DAY);
    stop(&mut rig, &place, &mut sink, Scope::Everything, false);
    place.pass(&mut rig, &mut sink, MINUTE);
    assert_eq!(receipt(&mut rig), Some(("accepted".into(), String::new())));
}

#[test]
fn what_a_stop_held_for_too_long_does_not_leave_any_more() {
    let mut place = Place::new(1);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    place.tell(&mut rig, &mut sink, identify("p"));
    stop(&mut rig, &place, &mut sink, Scope::Everything, true);
    place.tell(&mut rig, &mut sink, purchase("userId", "p", "k"));
    place.pass(&mut rig, &mut sink, 3 * DAY + HOUR);
    stop(&mut rig, &place, &mut sink, Scope::Everything, false);
    place.pass(&mut rig, &mut sink, MINUTE);
    assert_eq!(sink.got, [], "left after three days");
    let (outcome, why) = receipt(&mut rig).unwrap();
    assert_eq!(
        (outcome.as_str(), why.as_str()),
        ("expired", "it could not leave for 73 hours and is too old to be sent")
    );
    // And nobody waits for the answer of an action that was not called in its time.
    assert!(sink.callers.is_empty());
    assert!(rig.node.dispatcher().is_empty());
}

#[test]
fn an_action_is_not_called_when_nobody_waits_any_more() {
    let mut place = Place::new(1);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    place.tell(&mut rig, &mut sink, identify("p"));
    stop(&mut rig, &place, &mut sink, Scope::Everything, true);
    place.tell(&mut rig, &mut sink, purchase("userId", "p", "k"));
    place.pass(&mut rig, &mut sink, DAY);
    stop(&mut rig, &place, &mut sink, Scope::Everything, false);
    assert_eq!((sink.count("receipt"), sink.callers.len()), (1, 0));
}

/// Something that waits, of one journey.
fn waiting(seat: u32, journey: u16, priority: i64, at: Instant) -> Waiting {
    Waiting {
        key: PendingKey { seat, is_call: false, run: 0, step: 0, repetition: 0 },
        journey: JourneyId(journey),
        channel: Some(Channel::Email),
        action: None,
        priority,
        ordered_at: at,
        attempted_at: None,
        at_most_once: false,
        awaited: false,
        patience: None,
    }
}
fn call(seat: u32, action: u16, at: Instant) -> Waiting {
    let key = PendingKey { seat, is_call: true, run: 0, step: 0, repetition: 0 };
    let patience = Some(Span(DAY));
    Waiting { key, channel: None, action: Some(ActionId(action)), patience, ..waiting(seat, 0, 0, at) }
}

#[test]
fn one_broken_action_holds_up_no_other() {
    let now = Place::new(1).now;
    let mut dispatcher = Dispatcher::new(free(Idempotency::Recognisable));
    for seat in 0..200 {
        dispatcher.place(call(seat, 3, now), now);
    }
    for (key, _) in dispatcher.pick(now, 512) {
        dispatcher.answered(key, &CallOutcome::Later { why: "502".into(), after: None }, now);
    }
    dispatcher.place(call(1_000, 1, now), now);
    let picked: Vec<u32> = dispatcher.pick(now, 512).iter().map(|(key, _)| key.seat).collect();
    assert_eq!(picked, [1_000], "the other action is called, and the broken one is left alone");
    let blocked: Vec<Option<ActionId>> = dispatcher
        .obstacles()
        .filter(|(.., obstacle)| **obstacle != tabi::runtime::durable::dispatcher::Obstacle::Clear)
        .map(|(_, action, _)| action)
        .collect();
    assert_eq!(blocked, [Some(ActionId(3))]);
    assert_eq!(dispatcher.waiting(ACTIONS) + dispatcher.under_way(ACTIONS), 201);
}

#[test]
fn one_action_that_hangs_leaves_room_for_others() {
    let now = Place::new(1).now;
    let mut dispatcher = Dispatcher::new(free(Idempotency::Recognisable));
    for seat in 0..200 {
        dispatcher.place(call(seat, 0, now), now);
    }
    let hanging = dispatcher.pick(now, 512).len();
    assert_eq!(hanging, 16, "a quarter of the 64 that may be under way");
    for seat in 200..400 {
        dispatcher.place(call(seat, (seat % 7) as u16 + 1, now), now);
    }
    assert_eq!(dispatcher.pick(now, 512).len(), 64 - hanging, "all together no more than may be");
}

/// When each leaves, at one a second.
fn leaving(dispatcher: &mut Dispatcher, from: Instant, seconds: i64) -> Vec<(u32, i64)> {
    let mut left = Vec::new();
    for millis in (0..seconds * SECOND).step_by(100) {
        let now = from.plus(Span(millis));
        for (key, _) in dispatcher.pick(now, 512) {
            left.push((key.seat, millis));
            dispatcher.came(key, Outcome::Accepted { provider_id: None }, now);
        }
    }
    left
}

#[test]
fn a_flood_of_one_journey_starves_no_other() {
    let now = Place::new(1).now;
    let mut allowances = free(Idempotency::Recognisable);
    allowances[Channel::Email.index()].per_second_max = Some(1);
    let mut dispatcher = Dispatcher::new(allowances);
    for seat in 0..10_000 {
        dispatcher.place(waiting(seat, 0, 0, now), now);
    }
    let first = leaving(&mut dispatcher, now, 10);
    assert!(first.iter().all(|(seat, _)| *seat < 10_000) && first.len() >= 9, "{first:?}");
    let then = now.plus(Span(10 * SECOND));
    // Ten of another journey of the same priority, and ten of a higher one, behind ten thousand.
    for seat in 0..10 {
        dispatcher.place(waiting(20_000 + seat, 1, 0, then), then);
        dispatcher.place(waiting(30_000 + seat, 2, 5, then), then);
    }
    let left = leaving(&mut dispatcher, then, 40);
    let of = |range: std::ops::Range<u32>| -> Vec<usize> {
        let all = left.iter().enumerate().filter(|(_, (seat, _))| range.contains(seat));
        all.map(|(place, _)| place).collect()
    };
    assert_eq!(of(30_000..30_010), (0..10).collect::<Vec<_>>(), "a higher priority waits for nothing: {left:?}");
    let same = of(20_000..20_010);
    assert_eq!(same.len(), 10, "{left:?}");
    assert!(same.windows(2).all(|two| two[1] - two[0] <= 2), "in turns with the flood: {left:?}");
}

#[test]
fn a_flood_on_one_channel_starves_no_other() {
    let now = Place::new(1).now;
    let mut allowances = free(Idempotency::Recognisable);
    allowances[Channel::Email.index()].at_once_max = 10_000;
    let mut dispatcher = Dispatcher::new(allowances);
    for seat in 0..5_000 {
        dispatcher.place(waiting(seat, 0, 0, now), now);
    }
    dispatcher.place(Waiting { channel: Some(Channel::Sms), ..waiting(9_000, 0, 0, now) }, now);
    let rounds = (0..8).find(|_| dispatcher.pick(now, 512).iter().any(|(key, _)| key.seat == 9_000));
    assert!(rounds.is_some_and(|rounds| rounds < 7), "it waits until the flood is over: {rounds:?}");
}

#[test]
fn a_stop_in_mid_stream_is_in_effect_at_once() {
    for scope in [Scope::Everything, Scope::Channel(Channel::Email), Scope::Journey("thanks".into())] {
        let mut place = Place::new(2);
        place.allowances[Channel::Email.index()].per_second_max = Some(4);
        let (mut rig, mut sink) = (place.open(), Sink::new([]));
        for n in 0..100 {
            let who = format!("p{n}");
            place.submit(&mut rig, identify(&who));
            place.submit(&mut rig, purchase("userId", &who, "k"));
        }
        rig.settle(place.now, &mut sink).unwrap();
        place.pass(&mut rig, &mut sink, SECOND);
        // One round begins to hand out when the stop comes in.
        place.now = place.now.plus(Span(SECOND));
        rig.node.advance(place.now);
        let before = sink.count("receipt");
        assert!(before > 0 && before < 9, "in mid-stream: {before}");
        rig.node.submit(Submission::Stop { scope: scope.clone(), stopped: true, by: "ops".into() });
        rig.node.commit(place.now).unwrap();
        let mails = |work: &tabi::runtime::durable::node::Work| {
            matches!(work, tabi::runtime::durable::node::Work::Deliver { channel: Channel::Email, .. })
        };
        assert_eq!(rig.node.work().iter().filter(|work| mails(work)).count(), 0, "{scope:?}: left after the stop");
        place.pass(&mut rig, &mut sink, 5 * SECOND);
        place.pass(&mut rig, &mut sink, HOUR);
        assert_eq!(sink.count("receipt"), before, "{scope:?}");
        rig.node.submit(Submission::Stop { scope, stopped: false, by: "ops".into() });
        place.pass(&mut rig, &mut sink, MINUTE);
        assert!(sink.count("receipt") > before, "it goes on where it stopped");
    }
}

/// A shop that is open at midnight, with two mails a day.
const NIGHT: &str = r#"
profile { email: email? }
event purchase about profile { key: id }
message receipt on email for transactional takes { name: text }
policy shop {
  timezone Asia/Tokyo
  budget 2 email per 1d
}
journey thanks {
  purpose service
  owner "@crm"
  about "Thanks for an order."
  under policy shop
  goal purchase within 30d
  review every 3mo by "@lead"
  reentry always
  start when purchase as p per p.key
  send email receipt with { name: p.key }
}
"#;

#[test]
fn a_budget_at_midnight_is_used_up_alike_before_and_after_a_crash() {
    let lived = |crashes: bool| -> usize {
        let mut place = Place::on(ground_of(NIGHT), 1);
        place.now = Instant::parse_rfc3339("2026-04-06T23:59:59.900+09:00").unwrap();
        let (mut rig, mut sink) = (place.open(), Sink::new([]));
        place.tell(&mut rig, &mut sink, identify("p"));
        place.submit(&mut rig, purchase("userId", "p", "before"));
        rig.node.commit(place.now).unwrap();
        // It is let through before midnight, and written down after.
        rig.node.advance(place.now);
        place.now = place.now.plus(Span(200));
        rig.node.commit(place.now).unwrap();
        rig.settle(place.now, &mut sink).unwrap();
        if crashes {
            drop(rig);
            rig = place.open();
        }
        for key in ["a", "b", "c"] {
            place.tell(&mut rig, &mut sink, purchase("userId", "p", key));
        }
        rig.checkpoint().unwrap();
        rig.reader().ledger(0).unwrap().iter().filter(|row| row.outcome == "accepted").count()
    };
    assert_eq!(lived(true), lived(false));
}
