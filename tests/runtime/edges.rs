//! Moments at which two things meet: a merge and a checkpoint, a deletion and a delivery, a withdrawal and a hand-over.
//!
//! Draws nothing at random; the faults do.

use serde_json::{Value as Json, json};
use tabi::ingest::segment::Reader;
use tabi::ir::{Channel, JourneyId};
use tabi::machine::{Person, Report};
use tabi::ports::store::PendingKey;
use tabi::ports::{About, CallOutcome, Idempotency, Notice, Outcome, Scope, Submission, Told};
use tabi::runtime::durable::dispatcher::{Allowance, Dispatcher, WAYS, Waiting};
use tabi::runtime::durable::node::Work;
use tabi::store::imagined::ImaginedDisk;
use tabi::store::memory::Memory;
use tabi::value::{Instant, Span};

use crate::faults::ground;
use crate::rig::{Ground, Rig, World, free};

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// Takes what it is told to take, and remembers what it was handed.
pub struct Sink {
    /// What comes of each message, in turn; then everything is taken.
    pub outcomes: Vec<Option<Outcome>>,
    pub got: Vec<(PendingKey, Channel, String, String)>,
    pub callers: Vec<String>,
}

impl Sink {
    pub fn new(outcomes: impl IntoIterator<Item = Option<Outcome>>) -> Sink {
        Sink { outcomes: outcomes.into_iter().collect(), got: Vec::new(), callers: Vec::new() }
    }
    pub fn count(&self, message: &str) -> usize {
        self.got.iter().filter(|(_, _, name, _)| name == message).count()
    }
}

impl World for Sink {
    fn deliver(&mut self, _: Instant, work: &Work) -> Option<Outcome> {
        let Work::Deliver { key, channel, delivery } = work else { return None };
        self.got.push((*key, *channel, delivery.message.clone(), delivery.to.join(",")));
        match self.outcomes.is_empty() {
            true => Some(Outcome::Accepted { provider_id: None }),
            false => self.outcomes.remove(0),
        }
    }
    fn call(&mut self, _: Instant, work: &Work) -> Option<CallOutcome> {
        let Work::Call { call, .. } = work else { return None };
        self.callers.push(call.person.clone());
        Some(CallOutcome::Answered(json!({ "code": "c1" })))
    }
}

/// A disk and a store, on which processes begin and end.
pub struct Place {
    pub ground: Ground,
    disk: ImaginedDisk,
    memory: Memory,
    pub shards: usize,
    pub allowances: [Allowance; WAYS],
    pub now: Instant,
    calls: u32,
}

impl Place {
    /// A Monday morning.
    pub fn new(shards: usize) -> Place {
        Place::on(ground(), shards)
    }
    pub fn on(ground: Ground, shards: usize) -> Place {
        let now = Instant::parse_rfc3339("2026-04-06T10:00:00+09:00").unwrap();
        let (disk, memory, allowances) = (ImaginedDisk::new(1), Memory::new(1), free(Idempotency::Recognisable));
        Place { ground, disk, memory, shards, allowances, now, calls: 0 }
    }
    pub fn open(&self) -> Rig {
        Rig::open(self.ground, &self.disk, &self.memory, self.shards, self.allowances.clone(), self.now).unwrap()
    }
    pub fn submit(&mut self, rig: &mut Rig, call: Json) {
        self.calls += 1;
        self.repeat(rig, call, &format!("m{}", self.calls));
    }
    /// A call under an id that there was before.
    pub fn repeat(&self, rig: &mut Rig, mut call: Json, id: &str) {
        call["messageId"] = id.into();
        call["timestamp"] = self.now.to_string().into();
        let raw = call.to_string().into_bytes();
        let arrival = Reader::new(rig.ground.schema).call_received(&raw, self.now).unwrap().unwrap().into_owned();
        rig.node.submit(Submission::Call {
            raw: raw.into(),
            arrival,
            received_at: self.now,
            source: "shop".into(),
            generation: 0,
        });
    }
    pub fn tell(&mut self, rig: &mut Rig, sink: &mut Sink, call: Json) {
        self.submit(rig, call);
        rig.settle(self.now, sink).unwrap();
    }
    pub fn notice(&self, rig: &mut Rig, id: Option<&str>, about: About, told: Told) {
        let notice = Notice { id: id.map(str::to_owned), about, at: self.now, told };
        rig.node.submit(Submission::Notice { notice, received_at: self.now, source: "provider".into() });
    }
    pub fn pass(&mut self, rig: &mut Rig, sink: &mut Sink, millis: i64) {
        self.now = self.now.plus(Span(millis));
        rig.run_until(self.now, sink).unwrap();
    }
}

pub fn line(address: &str) -> About {
    About::Address { channel: Channel::Line, address: address.to_owned() }
}
pub fn sms(address: &str) -> About {
    About::Address { channel: Channel::Sms, address: address.to_owned() }
}
pub fn purchase(who: &str, id: &str, key: &str) -> Json {
    json!({ "type": "track", who: id, "event": "purchase", "properties": { "key": key, "total": 1 } })
}

#[test]
fn what_is_under_way_stays_pending_when_its_person_moves_to_another_shard() {
    let mut place = Place::new(2);
    let (mut rig, mut sink) = (place.open(), Sink::new([None, None]));
    place.tell(&mut rig, &mut sink, json!({ "type": "identify", "userId": "p", "traits": { "points": 1 } }));
    place.tell(&mut rig, &mut sink, json!({ "type": "identify", "anonymousId": "a", "traits": { "email": "a@x.jp" } }));
    place.tell(&mut rig, &mut sink, purchase("anonymousId", "a", "k"));
    place.tell(&mut rig, &mut sink, json!({ "type": "alias", "userId": "p", "previousId": "a" }));
    let pending = rig.node.dispatcher().len();
    assert!(pending > 0, "nothing is under way");
    rig.checkpoint().unwrap();
    drop(rig);
    assert_eq!(place.open().recovered.pending, pending);
}

#[test]
fn who_is_forgotten_while_a_message_is_under_way_takes_no_place_on_the_channel_with_them() {
    let mut place = Place::new(1);
    place.allowances[Channel::Email.index()].at_once_max = 1;
    let (mut rig, mut sink) = (place.open(), Sink::new([None]));
    for person in ["p", "q"] {
        let traits = json!({ "email": format!("{person}@x.jp") });
        place.tell(&mut rig, &mut sink, json!({ "type": "identify", "userId": person, "traits": traits }));
    }
    place.tell(&mut rig, &mut sink, purchase("userId", "p", "k"));
    let under_way = sink.got[0].0;
    rig.node.submit(Submission::Forget { person: "p".into() });
    rig.settle(place.now, &mut sink).unwrap();
    rig.node.delivered(under_way, Outcome::Accepted { provider_id: None }, place.now);
    assert_eq!(rig.node.dispatcher().under_way(Channel::Email.index()), 0);
    place.tell(&mut rig, &mut sink, purchase("userId", "q", "k"));
    assert_eq!(sink.count("receipt"), 2);
}

#[test]
fn a_message_of_unknown_outcome_is_not_repeated_once_its_key_has_run_out() {
    let mut place = Place::new(1);
    place.allowances[Channel::Line.index()].idempotency = Idempotency::Within(Span(23 * HOUR));
    let (mut rig, mut sink) = (place.open(), Sink::new([Some(Outcome::Unknown { why: "cut off".into() })]));
    let traits = json!({ "line_user": "U1", "consent": ["marketing"] });
    place.tell(&mut rig, &mut sink, json!({ "type": "identify", "userId": "p", "traits": traits }));
    let cart = json!({ "type": "track", "userId": "p", "event": "cart", "properties": { "key": "k", "total": 1 } });
    place.tell(&mut rig, &mut sink, cart);
    // By the second at which it leaves: the repeat is due a little later.
    place.pass(&mut rig, &mut sink, 10 * MINUTE);
    assert_eq!(sink.count("note"), 1);
    let stop = |stopped| Submission::Stop { scope: Scope::Channel(Channel::Line), stopped, by: "ops".into() };
    rig.node.submit(stop(true));
    rig.settle(place.now, &mut sink).unwrap();
    place.pass(&mut rig, &mut sink, 2 * DAY);
    let first = sink.got[0].0;
    rig.node.submit(stop(false));
    rig.settle(place.now, &mut sink).unwrap();
    assert_eq!(sink.got.iter().filter(|(key, ..)| *key == first).count(), 1, "it went out twice");
    rig.checkpoint().unwrap();
    let ledger = rig.reader().ledger(0).unwrap();
    assert!(ledger.iter().any(|row| row.key == first && row.outcome == "unknown"), "{ledger:?}");
}

#[test]
fn a_wake_that_moved_back_is_not_lost_when_its_person_leaves_memory() {
    let mut place = Place::new(1);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    let traits = json!({ "email": "p@x.jp", "consent": ["marketing"] });
    place.tell(&mut rig, &mut sink, json!({ "type": "identify", "userId": "p", "traits": traits }));
    let cart = json!({ "type": "track", "userId": "p", "event": "cart", "properties": { "key": "k", "total": 1 } });
    place.tell(&mut rig, &mut sink, cart.clone());
    place.pass(&mut rig, &mut sink, 5 * MINUTE);
    place.tell(&mut rig, &mut sink, cart);
    for _ in 0..5 {
        rig.checkpoint_keeping(0).unwrap();
    }
    place.pass(&mut rig, &mut sink, 30 * MINUTE);
    assert_eq!(sink.count("mail"), 1);
}

#[test]
fn to_be_forgotten_goes_for_what_was_done_under_another_id_too() {
    let mut place = Place::new(2);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    place.tell(&mut rig, &mut sink, json!({ "type": "identify", "userId": "p", "traits": { "points": 1 } }));
    let traits = json!({ "email": "a@x.jp", "consent": ["marketing"] });
    place.tell(&mut rig, &mut sink, json!({ "type": "identify", "anonymousId": "a", "traits": traits }));
    place.tell(&mut rig, &mut sink, purchase("anonymousId", "a", "k"));
    place.tell(&mut rig, &mut sink, json!({ "type": "alias", "userId": "p", "previousId": "a" }));
    assert_eq!(sink.count("receipt"), 1);
    rig.node.submit(Submission::Forget { person: "p".into() });
    rig.settle(place.now, &mut sink).unwrap();
    // What is told of a message to somebody who is forgotten leaves no trace of them.
    let about = About::Send(sink.got[0].0.send().sealed(&crate::rig::secret()));
    place.notice(&mut rig, None, about, Told::Report(Report::Complained));
    rig.settle(place.now, &mut sink).unwrap();
    rig.checkpoint().unwrap();
    let mut reader = rig.reader();
    for seat in [0, 1] {
        assert_eq!(reader.ledger(seat).unwrap(), [], "the ledger of seat {seat}");
        assert_eq!(reader.consents(seat).unwrap(), [], "the consents of seat {seat}");
        assert_eq!(reader.journal(seat).unwrap(), [], "the journal of seat {seat}");
    }
}

#[test]
fn a_tombstone_bars_nobody_else() {
    let mut place = Place::new(1);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    let traits = json!({ "email": "home@x.jp", "line_user": "U1" });
    let mother = json!({ "type": "identify", "userId": "mother", "anonymousId": "tablet", "traits": traits });
    place.tell(&mut rig, &mut sink, mother);
    rig.node.submit(Submission::Forget { person: "mother".into() });
    rig.settle(place.now, &mut sink).unwrap();
    // The same tablet, the same mailbox, another person.
    let traits = json!({ "email": "home@x.jp" });
    let son = json!({ "type": "identify", "userId": "son", "anonymousId": "tablet", "traits": traits });
    place.tell(&mut rig, &mut sink, son);
    let bought = json!({ "type": "track", "userId": "son", "anonymousId": "tablet", "event": "purchase",
        "properties": { "key": "k", "total": 1 } });
    place.tell(&mut rig, &mut sink, bought);
    assert_eq!(sink.count("receipt"), 1);
    // What comes late brings nobody back; whoever follows the account again does.
    let known = |rig: &Rig| rig.node.identities().find("\u{1}line:U1").is_some();
    place.notice(&mut rig, None, line("U1"), Told::Report(Report::Blocked));
    rig.settle(place.now, &mut sink).unwrap();
    assert!(!known(&rig));
    place.tell_mother_again(&mut rig, &mut sink);
    assert!(!known(&rig));
    place.notice(&mut rig, None, line("U1"), Told::Report(Report::Unblocked));
    rig.settle(place.now, &mut sink).unwrap();
    assert!(known(&rig));
}

impl Place {
    /// A replay of somebody who was forgotten.
    fn tell_mother_again(&mut self, rig: &mut Rig, sink: &mut Sink) {
        let traits = json!({ "line_user": "U1" });
        self.tell(rig, sink, json!({ "type": "identify", "userId": "mother", "traits": traits }));
        self.tell(rig, sink, json!({ "type": "identify", "anonymousId": "tablet", "traits": { "points": 1 } }));
    }
}

#[test]
fn whoever_withdraws_while_a_message_is_made_ready_does_not_get_it() {
    let mut place = Place::new(1);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    let traits = json!({ "email": "p@x.jp", "consent": ["marketing"] });
    place.tell(&mut rig, &mut sink, json!({ "type": "identify", "userId": "p", "traits": traits }));
    let cart = json!({ "type": "track", "userId": "p", "event": "cart", "properties": { "key": "k", "total": 1 } });
    place.tell(&mut rig, &mut sink, cart);
    place.now = place.now.plus(Span(10 * MINUTE));
    // The message is placed, looked at and made ready, and its attempt is about to be written down.
    rig.node.advance(place.now);
    rig.node.commit(place.now).unwrap();
    rig.node.advance(place.now);
    place.submit(&mut rig, json!({ "type": "identify", "userId": "p", "traits": { "consent": [] } }));
    rig.node.commit(place.now).unwrap();
    let left: Vec<Work> = rig.node.work();
    assert!(left.is_empty(), "{left:?}");
    place.pass(&mut rig, &mut sink, 10 * MINUTE);
    assert_eq!(sink.count("mail"), 0);
    rig.checkpoint().unwrap();
    let ledger = rig.reader().ledger(0).unwrap();
    assert!(ledger.iter().any(|row| row.what == "mail" && row.outcome == "consent"), "{ledger:?}");
}

#[test]
fn what_a_provider_repeats_counts_no_more_after_a_crash_than_before() {
    let lived = |crashes: bool| -> Person {
        let mut place = Place::new(1);
        let (mut rig, mut sink) = (place.open(), Sink::new([]));
        place.tell(&mut rig, &mut sink, json!({ "type": "identify", "userId": "p", "traits": { "phone": "+81901" } }));
        let left = || Told::Left { words: "STOP".into() };
        place.notice(&mut rig, Some("1"), sms("+81901"), left());
        place.notice(&mut rig, Some("2"), sms("+81901"), Told::Returned { words: "START".into() });
        rig.settle(place.now, &mut sink).unwrap();
        rig.checkpoint().unwrap();
        place.notice(&mut rig, Some("1"), sms("+81901"), left());
        rig.settle(place.now, &mut sink).unwrap();
        if crashes {
            drop(rig);
            rig = place.open();
        }
        rig.checkpoint().unwrap();
        rig.person(0).unwrap()
    };
    assert_eq!(lived(true), lived(false));
}

#[test]
fn a_number_that_changed_hands_subscribes_nobody() {
    let mut place = Place::new(1);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    let identify = |phone: &str| json!({ "type": "identify", "userId": "p", "traits": { "phone": phone } });
    place.tell(&mut rig, &mut sink, identify("+81901"));
    place.tell(&mut rig, &mut sink, identify("+81902"));
    place.notice(&mut rig, None, sms("+81902"), Told::Left { words: "STOP".into() });
    rig.settle(place.now, &mut sink).unwrap();
    rig.checkpoint().unwrap();
    let left = rig.person(0).unwrap();
    // Somebody else has the old number now.
    place.notice(&mut rig, None, sms("+81901"), Told::Returned { words: "START".into() });
    rig.settle(place.now, &mut sink).unwrap();
    rig.checkpoint().unwrap();
    assert_eq!(rig.person(0).unwrap(), left);
}

#[test]
fn actions_are_told_the_id_that_the_shop_knows() {
    let mut place = Place::new(1);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    place.notice(&mut rig, None, line("U1"), Told::Report(Report::Unblocked));
    rig.settle(place.now, &mut sink).unwrap();
    let traits = json!({ "line_user": "U1", "email": "p@x.jp" });
    place.tell(&mut rig, &mut sink, json!({ "type": "identify", "userId": "p", "traits": traits }));
    place.tell(&mut rig, &mut sink, purchase("userId", "p", "k"));
    assert_eq!(sink.callers, ["p"]);
}

#[test]
fn what_is_made_ready_when_the_process_is_to_end_leaves_after_it_begins_again() {
    let mut place = Place::new(1);
    place.allowances[Channel::Email.index()].idempotency = Idempotency::None;
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    place.tell(&mut rig, &mut sink, json!({ "type": "identify", "userId": "p", "traits": { "email": "p@x.jp" } }));
    place.submit(&mut rig, purchase("userId", "p", "k"));
    rig.node.commit(place.now).unwrap();
    rig.node.close();
    rig.node.advance(place.now);
    rig.node.commit(place.now).unwrap();
    assert!(rig.node.work().is_empty());
    rig.checkpoint().unwrap();
    drop(rig);
    rig = place.open();
    rig.settle(place.now, &mut sink).unwrap();
    assert_eq!(sink.count("receipt"), 1);
}

#[test]
fn a_complaint_counts_however_old_the_mail_is() {
    let mut place = Place::new(1);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    let traits = json!({ "email": "p@x.jp", "consent": ["marketing"] });
    place.tell(&mut rig, &mut sink, json!({ "type": "identify", "userId": "p", "traits": traits }));
    let cart = |key: &str| json!({ "type": "track", "userId": "p", "event": "cart", "properties": { "key": key, "total": 1 } });
    place.tell(&mut rig, &mut sink, cart("a"));
    place.pass(&mut rig, &mut sink, 10 * MINUTE);
    assert_eq!(sink.count("mail"), 1);
    let about = About::Send(sink.got[0].0.send().sealed(&crate::rig::secret()));
    place.pass(&mut rig, &mut sink, 40 * DAY);
    // Meanwhile the machine forgets what was sent so long ago.
    place.tell(&mut rig, &mut sink, cart("b"));
    place.pass(&mut rig, &mut sink, 10 * MINUTE);
    assert_eq!(sink.count("mail"), 2);
    place.notice(&mut rig, None, about, Told::Report(Report::Complained));
    rig.settle(place.now, &mut sink).unwrap();
    place.tell(&mut rig, &mut sink, cart("c"));
    place.pass(&mut rig, &mut sink, 10 * MINUTE);
    assert_eq!(sink.count("mail"), 2, "whoever complained got another");
}

#[test]
fn a_short_failure_of_many_at_once_is_no_long_one() {
    let mut place = Place::new(1);
    let failing = (0..20).map(|_| Some(Outcome::Later { why: "busy".into(), after: None }));
    let (mut rig, mut sink) = (place.open(), Sink::new(failing));
    for n in 0..20 {
        let (person, traits) = (format!("p{n}"), json!({ "email": format!("p{n}@x.jp") }));
        place.submit(&mut rig, json!({ "type": "identify", "userId": person, "traits": traits }));
        place.submit(&mut rig, purchase("userId", &person, "k"));
    }
    rig.settle(place.now, &mut sink).unwrap();
    let at_first = sink.count("receipt");
    assert!(at_first > 5, "as many as the budget has room for");
    place.pass(&mut rig, &mut sink, MINUTE);
    assert_eq!(sink.count("receipt"), 2 * at_first);
}

#[test]
fn whoever_leaves_at_an_address_leaves_for_all_who_share_it() {
    let mut place = Place::new(2);
    let (mut rig, mut sink) = (place.open(), Sink::new([]));
    for person in ["p", "q", "p", "q"] {
        let traits = json!({ "phone": "+81901", "email": "home@x.jp", "consent": ["marketing"] });
        place.tell(&mut rig, &mut sink, json!({ "type": "identify", "userId": person, "traits": traits }));
    }
    let traits = json!({ "phone": "+81902" });
    place.tell(&mut rig, &mut sink, json!({ "type": "identify", "userId": "r", "traits": traits }));
    rig.checkpoint().unwrap();
    drop(rig);
    rig = place.open();
    place.notice(&mut rig, None, sms("+81901"), Told::Left { words: "STOP".into() });
    let mailbox = About::Address { channel: Channel::Email, address: "Home@x.jp".into() };
    place.notice(&mut rig, None, mailbox, Told::Report(Report::Complained));
    rig.settle(place.now, &mut sink).unwrap();
    for person in ["p", "q"] {
        let cart =
            json!({ "type": "track", "userId": person, "event": "cart", "properties": { "key": "k", "total": 1 } });
        place.tell(&mut rig, &mut sink, cart);
    }
    place.pass(&mut rig, &mut sink, 8 * HOUR);
    assert_eq!((sink.count("mail"), sink.count("once")), (0, 0), "{:?}", sink.got);
    rig.checkpoint().unwrap();
    for seat in [0, 1] {
        let consents = rig.reader().consents(seat).unwrap();
        assert_eq!(consents.iter().filter(|row| !row.given && row.channel.is_some()).count(), 2, "{consents:?}");
    }
}

#[test]
fn something_stands_in_at_once_for_all_that_wait_when_a_quota_is_used_up() {
    let mut place = Place::new(1);
    place.allowances[Channel::Line.index()].at_once_max = 1;
    let taken = || Some(Outcome::Accepted { provider_id: None });
    let used_up = Some(Outcome::Exhausted { why: "429".into() });
    let (mut rig, mut sink) = (place.open(), Sink::new([taken(), taken(), taken(), taken(), used_up]));
    for n in 1..=2 {
        let traits = json!({ "email": format!("p{n}@x.jp"), "line_user": format!("U{n}"), "phone": format!("+8190{n}"),
            "consent": ["marketing"] });
        let person = format!("p{n}");
        place.submit(&mut rig, json!({ "type": "identify", "userId": person, "traits": traits }));
        place.submit(&mut rig, purchase("userId", &person, "k"));
    }
    rig.settle(place.now, &mut sink).unwrap();
    assert_eq!(sink.got.len(), 4, "{:?}", sink.got);
    place.pass(&mut rig, &mut sink, DAY + MINUTE);
    assert_eq!((sink.count("note"), sink.count("once")), (1, 2), "{:?}", sink.got);
}

#[test]
fn what_stands_on_a_blocked_channel_holds_up_no_fan_out_on_another() {
    let now = Place::new(1).now;
    let mut dispatcher = Dispatcher::new(free(Idempotency::Recognisable));
    let waiting = |seat, channel| Waiting {
        key: PendingKey { seat, is_call: false, run: 0, step: 0, repetition: 0 },
        journey: JourneyId(0),
        channel: Some(channel),
        action: None,
        priority: 0,
        ordered_at: now,
        attempted_at: None,
        at_most_once: false,
        awaited: false,
        patience: None,
    };
    for seat in 0..10 {
        dispatcher.place(waiting(seat, Channel::Line), now);
    }
    dispatcher.place(waiting(10, Channel::Email), now);
    assert_eq!(dispatcher.moving(), 11);
    for (key, _) in dispatcher.pick(now, 1) {
        dispatcher.came(key, Outcome::Accepted { provider_id: None }, now);
    }
    let picked = dispatcher.pick(now, 1);
    dispatcher.came(picked[0].0, Outcome::Exhausted { why: "429".into() }, now);
    assert_eq!((dispatcher.len(), dispatcher.moving()), (10, 0));
    dispatcher.place(waiting(11, Channel::Email), now);
    assert_eq!(dispatcher.moving(), 1);
}
