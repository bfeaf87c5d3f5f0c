//! What people may ask of a shop: consent with its proof, leaving and coming back, to be forgotten, and an account of their own.
//!
//! Draws nothing at random; the faults do.

use serde_json::{Value as Json, json};
use tabi::ir::Channel;
use tabi::machine::Report;
use tabi::ports::store::ConsentRow;
use tabi::ports::{About, Subject, Submission, Told};
use tabi::value::Instant;

use crate::edges::{DAY, HOUR, MINUTE, Place, Sink, line, purchase, sms};
use crate::faults::ground_of;
use crate::rig::{Rig, secret};

fn identify(who: &str, traits: Json) -> Json {
    json!({ "type": "identify", "userId": who, "traits": traits })
}
fn cart(who: &str, key: &str) -> Json {
    json!({ "type": "track", "userId": who, "event": "cart", "properties": { "key": key, "total": 1 } })
}

impl Place {
    fn page(&self, rig: &mut Rig, sink: &mut Sink, given: bool) {
        let who = Subject::Send(sink.got[0].0.send().sealed(&secret()));
        let how = if given { "unsubscribe-undo" } else { "unsubscribe-link" };
        let (channel, how, source) = (Some(Channel::Email), how.to_owned(), "page-en".to_owned());
        rig.node.submit(Submission::Consent { who, purpose: None, channel, given, how, source });
        rig.settle(self.now, sink).unwrap();
    }
    fn proofs(&self, rig: &mut Rig, seat: u32) -> Vec<ConsentRow> {
        rig.checkpoint().unwrap();
        rig.reader().consents(seat).unwrap()
    }
}

#[test]
fn the_undo_of_an_unsubscribe_undoes_no_complaint() {
    for (complains, expected) in [(false, 2), (true, 1)] {
        let mut place = Place::new(1);
        let (mut rig, mut sink) = (place.open(), Sink::new([]));
        place.tell(&mut rig, &mut sink, identify("p", json!({ "email": "p@x.jp", "consent": ["marketing"] })));
        place.tell(&mut rig, &mut sink, cart("p", "a"));
        place.pass(&mut rig, &mut sink, 10 * MINUTE);
        assert_eq!(sink.count("mail"), 1);
        if complains {
            let about = About::Send(sink.got[0].0.send().sealed(&secret()));
            place.notice(&mut rig, None, about, Told::Report(Report::Complained));
        }
        place.page(&mut rig, &mut sink, false);
        place.page(&mut rig, &mut sink, true);
        place.tell(&mut rig, &mut sink, cart("p", "b"));
        place.pass(&mut rig, &mut sink, 10 * MINUTE);
        assert_eq!(sink.count("mail"), expected, "complained: {complains}");
        let proofs = place.proofs(&mut rig, 0);
        let said: Vec<(&str, bool)> = proofs.iter().map(|row| (row.how.as_str(), row.given)).collect();
        let mut all = vec![("api", true), ("unsubscribe-link", false), ("unsubscribe-undo", true)];
        if complains {
            all.insert(1, ("provider", false));
        }
        assert_eq!(said, all);
    }
}

#[test]
fn a_proof_is_of_what_changed() {
    let mut place = Place::new(2);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    // Who never agreed withdraws nothing, however often the shop says so.
    for _ in 0..2 {
        place.tell(&mut rig, &mut sink, identify("p", json!({ "phone": "+81901", "consent": [] })));
    }
    assert_eq!(place.proofs(&mut rig, 0), []);
    for consent in [json!(["marketing"]), json!(["marketing"]), json!({ "marketing": true })] {
        place.tell(&mut rig, &mut sink, identify("p", json!({ "consent": consent })));
    }
    assert_eq!(place.proofs(&mut rig, 0).len(), 1);
    for _ in 0..2 {
        place.tell(&mut rig, &mut sink, identify("p", json!({ "consent": [] })));
        place.notice(&mut rig, None, sms("+81901"), Told::Left { words: "STOP".into() });
        rig.settle(place.now, &mut sink).unwrap();
    }
    let said =
        |rows: &[ConsentRow]| -> Vec<(String, bool)> { rows.iter().map(|row| (row.how.clone(), row.given)).collect() };
    let so_far = [("api".to_owned(), true), ("api".to_owned(), false), ("stop-word".to_owned(), false)];
    assert_eq!(said(&place.proofs(&mut rig, 0)), so_far);
    // The number is somebody else's now, who says nothing for this person.
    place.tell(&mut rig, &mut sink, identify("p", json!({ "phone": "+81902" })));
    place.notice(&mut rig, None, sms("+81901"), Told::Returned { words: "START".into() });
    rig.settle(place.now, &mut sink).unwrap();
    assert_eq!(said(&place.proofs(&mut rig, 0)), so_far);
    place.notice(&mut rig, None, sms("+81902"), Told::Returned { words: "START".into() });
    rig.settle(place.now, &mut sink).unwrap();
    assert_eq!(place.proofs(&mut rig, 0).len(), 4);
}

#[test]
fn a_call_that_is_repeated_late_proves_nothing_anew() {
    let mut place = Place::new(1);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    let call = |consent: Json| identify("p", json!({ "consent": consent }));
    place.tell(&mut rig, &mut sink, call(json!(["marketing"])));
    place.tell(&mut rig, &mut sink, call(json!([])));
    place.repeat(&mut rig, call(json!(["marketing"])), "m1");
    rig.settle(place.now, &mut sink).unwrap();
    let proofs = place.proofs(&mut rig, 0);
    assert_eq!(proofs.iter().map(|row| row.given).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn proofs_are_the_same_after_a_crash() {
    let lived = |crashes: bool| -> Vec<ConsentRow> {
        let mut place = Place::new(2);
        let (mut rig, mut sink) = (place.open(), Sink::new([]));
        place.tell(&mut rig, &mut sink, identify("p", json!({ "phone": "+81901", "consent": ["marketing"] })));
        rig.checkpoint().unwrap();
        place.tell(&mut rig, &mut sink, identify("p", json!({ "consent": ["marketing"] })));
        place.notice(&mut rig, None, sms("+81901"), Told::Left { words: "STOP".into() });
        rig.settle(place.now, &mut sink).unwrap();
        if crashes {
            drop(rig);
            rig = place.open();
        }
        place.proofs(&mut rig, 0)
    };
    assert_eq!(lived(false).len(), 2);
    assert_eq!(lived(true), lived(false));
}

#[test]
fn dead_letters_of_who_is_forgotten_go_with_them() {
    let mut place = Place::new(1);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    place.tell(&mut rig, &mut sink, identify("p7", json!({ "email": "Hanako@x.jp" })));
    let bury = |rig: &mut Rig, sink: &mut Sink, body: &str, now: Instant| {
        let (source, reason, detail) = ("shop".to_owned(), "wrong_value".to_owned(), "x".to_owned());
        let raw = body.as_bytes().to_vec().into();
        rig.node.submit(Submission::Dead { raw, received_at: now, source, reason, detail });
        rig.settle(now, sink).unwrap();
    };
    let theirs = [
        r#"{"type":"track","userId":"p7","event":"purchase"}"#,
        r#"{"type":"track","user_id":"p7"}"#,
        r#"{"type":"identify","userId":"q","traits":{"email":"hanako@x.jp","points":"many"}}"#,
        r#"{"type":"identify","userId":"p7","traits":{"#,
    ];
    let others = [
        r#"{"type":"track","userId":"p77","event":"purchase"}"#,
        r#"{"type":"track","userId":"q","event":"purchase","properties":{"size":"p7"}}"#,
    ];
    // Some are in the store when they are forgotten, and some are not yet.
    for (index, body) in theirs.iter().chain(&others).enumerate() {
        bury(&mut rig, &mut sink, body, place.now);
        if index == 1 {
            rig.checkpoint().unwrap();
        }
    }
    rig.node.submit(Submission::Forget { person: "p7".into() });
    rig.settle(place.now, &mut sink).unwrap();
    bury(&mut rig, &mut sink, theirs[0], place.now);
    rig.checkpoint().unwrap();
    let left = rig.reader().dead(0, 100).unwrap();
    let bodies: Vec<&str> = left.iter().map(|row| std::str::from_utf8(&row.body).unwrap()).collect();
    assert_eq!(bodies, others);
    place.pass(&mut rig, &mut sink, MINUTE);
}

#[test]
fn a_line_account_is_one_persons() {
    for shards in [1, 2] {
        let mut place = Place::new(shards);
        let (mut rig, mut sink) = (place.open(), Sink::new([]));
        for who in ["old", "new"] {
            let traits = json!({ "line_user": "U1", "email": "home@x.jp", "consent": ["marketing"] });
            place.tell(&mut rig, &mut sink, identify(who, traits));
            place.tell(&mut rig, &mut sink, purchase("userId", who, "k"));
        }
        // A family may share a mailbox.
        assert_eq!(sink.count("receipt"), 2);
        place.pass(&mut rig, &mut sink, DAY + HOUR);
        let notes = sink.got.iter().filter(|(_, channel, ..)| *channel == Channel::Line).count();
        assert_eq!(notes, 1, "{:?}", sink.got);
        rig.checkpoint().unwrap();
        let story = format!("{:?}", rig.lines(0));
        assert!(story.contains("Missing"), "nothing is said of it: {story}");
        // Whoever linked another account since keeps that.
        place.tell(&mut rig, &mut sink, identify("new", json!({ "line_user": "U2" })));
        place.notice(&mut rig, None, line("U1"), Told::Linked { user: "old".into() });
        rig.settle(place.now, &mut sink).unwrap();
        for who in ["old", "new"] {
            place.tell(&mut rig, &mut sink, purchase("userId", who, "k2"));
        }
        place.pass(&mut rig, &mut sink, DAY + HOUR);
        let to: Vec<&str> = sink.got.iter().filter(|g| g.1 == Channel::Line).map(|g| g.3.as_str()).collect();
        assert_eq!(to.len(), 3, "{to:?}");
        assert!(to[1..].contains(&"U1") && to[1..].contains(&"U2"), "{to:?}");
    }
}

/// A shop that reads what people write on LINE.
const CHAT: &str = r#"
profile { line_user: line_id? }
event line_message about profile { message_id: id, kind: text, text: text? }
message hello on line for transactional takes { name: text }
policy shop {
  timezone Asia/Tokyo
}
journey answer {
  purpose service
  owner "@crm"
  about "Answers after a while."
  under policy shop
  goal line_message within 30d
  review every 3mo by "@lead"
  reentry always
  start when line_message as m per m.message_id
  wait 1h
  send line hello with { name: m.kind }
}
"#;

#[test]
fn what_somebody_took_back_is_not_kept() {
    for written_before in [false, true] {
        let mut place = Place::on(ground_of(CHAT), 2);
        let (mut rig, mut sink) = (place.open(), Sink::new([]));
        for (id, text) in [("1", "my secret"), ("2", "my order")] {
            let properties = json!({ "message_id": id, "kind": "text", "text": text });
            let Json::Object(properties) = properties else { unreachable!() };
            let told = Told::Event { name: "line_message".into(), properties };
            place.notice(&mut rig, Some(id), line("U1"), told);
        }
        rig.settle(place.now, &mut sink).unwrap();
        let kept = |rig: &mut Rig| -> String {
            rig.checkpoint().unwrap();
            format!("{:?} {:?}", rig.lines(0), rig.person(0))
        };
        if written_before {
            assert!(kept(&mut rig).contains("my secret"));
        }
        let Json::Object(properties) = json!({ "message_id": "1" }) else { unreachable!() };
        let told = Told::Event { name: "line_unsend".into(), properties };
        place.notice(&mut rig, None, line("U1"), told);
        rig.settle(place.now, &mut sink).unwrap();
        if written_before {
            // It is in the log, and must be done again.
            drop(rig);
            rig = place.open();
        }
        let all = kept(&mut rig);
        assert!(!all.contains("my secret") && all.contains("my order"), "{all}");
        // And what the journey was to do, it does.
        place.pass(&mut rig, &mut sink, 2 * HOUR);
        assert_eq!(sink.count("hello"), 2);
    }
}
