//! Changing what runs while people are inside: every kind of edit at every position, on runs really inside of the durable
//! runtime; and what was forecast is what happened.
//!
//! Draws nothing at random; `turns` does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use tabi::ingest::segment::Reader;
use tabi::ir::{JourneyId, PhaseOf, Program};
use tabi::link::{self, Linked};
use tabi::machine::{EndReason, Engine, Entry, NotEntered, Person, Reason, What};
use tabi::plan::{self, Fates, Forecast, Heads, Outcome, Problem};
use tabi::ports::{Idempotency, Seat, Submission};
use tabi::runtime::durable::diary::Line;
use tabi::runtime::durable::recover::Deployment;
use tabi::store::imagined::ImaginedDisk;
use tabi::store::memory::Memory;
use tabi::value::{Instant, Span};

use crate::edges::{DAY, HOUR, MINUTE, Sink};
use crate::faults::compiled;
use crate::generate::Draw;
use crate::rig::{Ground, Programs, Rig, free};

/// A shop whose campaigns change while it is open.
pub struct Shop {
    pub programs: Programs,
    disk: ImaginedDisk,
    memory: Memory,
    pub rig: Rig,
    pub sink: Sink,
    pub now: Instant,
    calls: u32,
}

/// What was planned and done.
pub struct Turned {
    pub linked: Linked,
    pub fates: Fates,
    pub forecast: Forecast,
    pub at: Instant,
    /// Seat, run and group of everybody a group is about.
    members: Vec<(Seat, u32, usize)>,
}

impl Shop {
    /// A Monday morning.
    pub fn new(text: &str) -> Shop {
        let now = Instant::parse_rfc3339("2026-04-06T10:00:00+09:00").unwrap();
        let programs = Programs::default();
        let first = link::first(&compiled(text), now);
        programs.put(first.clone());
        let (disk, memory) = (ImaginedDisk::new(1), Memory::new(1));
        let rig = Shop::opened(&programs, Ground::new(first), &disk, &memory, now);
        Shop { programs, disk, memory, rig, sink: Sink::new([]), now, calls: 0 }
    }
    fn opened(programs: &Programs, ground: Ground, disk: &ImaginedDisk, memory: &Memory, now: Instant) -> Rig {
        let allowances = free(Idempotency::Recognisable);
        Rig::open_among(programs, ground, disk, memory, 2, allowances, now, false).expect("a node")
    }
    /// The process dies and another begins.
    pub fn restart(mut self) -> Shop {
        let kept = Deployment::kept(&mut *self.rig.reader()).unwrap();
        let (generation, at) = kept.map_or((1, None), |kept| (kept.generation, Some(kept.at)));
        let program = match at {
            Some(at) => self.programs.get(generation, at).unwrap(),
            None => self.programs.0.lock().unwrap()[&generation].clone(),
        };
        drop(self.rig);
        self.rig = Shop::opened(&self.programs, Ground::new(program), &self.disk, &self.memory, self.now);
        self
    }
    pub fn tell(&mut self, mut call: Json) {
        self.calls += 1;
        call["messageId"] = format!("m{}", self.calls).into();
        call["timestamp"] = self.now.to_string().into();
        let raw = call.to_string().into_bytes();
        let schema = tabi::ingest::Schema::new(self.rig.node.program());
        let arrival = Reader::new(&schema).call_received(&raw, self.now).unwrap().unwrap().into_owned();
        let (source, generation) = ("shop".to_owned(), schema.generation);
        let call = Submission::Call { raw: raw.into(), arrival, received_at: self.now, source, generation };
        self.rig.node.submit(call);
        self.rig.settle(self.now, &mut self.sink).unwrap();
    }
    pub fn track(&mut self, who: &str, event: &str, properties: Json) {
        self.tell(json!({ "type": "track", "userId": who, "event": event, "properties": properties }));
    }
    pub fn pass(&mut self, millis: i64) {
        self.now = self.now.plus(Span(millis));
        self.rig.run_until(self.now, &mut self.sink).unwrap();
    }
    /// What a plan for this program says, for everybody as they stand now.
    pub fn plan(&mut self, text: &str) -> Turned {
        self.plan_for(&compiled(text))
    }
    pub fn plan_for(&mut self, new: &Program) -> Turned {
        self.rig.checkpoint().unwrap();
        let live = self.rig.node.program();
        let engine = Engine::new(live);
        let (mut people, mut heads, mut occupied) = (Vec::new(), Heads::new(), BTreeSet::<JourneyId>::new());
        let mut reader = self.rig.reader();
        let read = reader.people(0, &mut |seat, row| {
            let mut person = Person::from_bytes(&row.state).unwrap();
            occupied.extend(person.runs().iter().map(|run| run.journey()));
            plan::note(&engine, &mut person, self.now, &mut heads);
            people.push((seat, person));
            true
        });
        read.unwrap();
        occupied.extend(heads.keys().map(|(journey, _)| *journey));
        let vacant = (0..live.journeys.len() as u16).map(JourneyId).filter(|id| live.is_retired(*id));
        let vacant: BTreeSet<JourneyId> = vacant.filter(|id| !occupied.contains(id)).collect();
        let mut linked = link::link(live, new, self.now).expect("programs that go together");
        linked.vacate(live, &vacant);
        let fates = plan::decide(&linked, &heads);
        let deployed = linked.program.deployed.as_deref_mut().unwrap();
        deployed.changes.last_mut().unwrap().redirects = fates.redirects.clone();
        let all: Vec<Person> = people.iter().map(|(_, person)| person.clone()).collect();
        let after = Engine::new(&linked.program);
        let forecast = plan::forecast(&engine, &after, &fates.groups, &all, self.now);
        let mut members = Vec::new();
        for (seat, person) in &people {
            for run in person.runs() {
                let place = (run.journey(), run.step(live));
                let group = fates.groups.iter().position(|group| group.id == Some(place));
                members.extend(group.map(|group| (*seat, run.no().0, group)));
            }
        }
        Turned { linked, fates, forecast, at: self.now, members }
    }
    /// Plans and puts it live; nobody may be left undecided.
    pub fn turn(&mut self, text: &str) -> Turned {
        self.turn_to(&compiled(text))
    }
    pub fn turn_to(&mut self, new: &Program) -> Turned {
        let turned = self.plan_for(new);
        let open: Vec<&Problem> = turned.fates.problems.iter().filter(|problem| !problem.is_note()).collect();
        assert!(open.is_empty(), "{open:?}");
        self.put_live(&turned);
        turned
    }
    pub fn put_live(&mut self, turned: &Turned) {
        let program = &turned.linked.program;
        self.programs.put(program.clone());
        self.rig.node.submit(Submission::Change { generation: program.generation(), bundle: program.bundle() });
        self.rig.settle(self.now, &mut self.sink).unwrap();
        assert_eq!(self.rig.node.program().generation(), program.generation());
    }
    pub fn story(&mut self, who: &str) -> Vec<Entry> {
        self.rig.checkpoint().unwrap();
        let seat = self.rig.node.identities().find(who).expect("somebody known");
        let lines = self.rig.lines(seat).into_iter();
        lines.filter_map(|line| if let Line::Wrote(entry) = line { Some(entry) } else { None }).collect()
    }
    /// `send_1 09:30` and the like, since the beginning: what left for somebody, in minutes after the start of the day.
    pub fn sent(&mut self, who: &str) -> Vec<(String, i64)> {
        let start = Instant::parse_rfc3339("2026-04-06T10:00:00+09:00").unwrap();
        let program = self.rig.node.program();
        let message = |entry: &Entry| match entry.what {
            What::Sent { message, .. } => {
                Some((program.message(message).name.clone(), entry.at.since(start).0 / MINUTE))
            }
            _ => None,
        };
        self.story(who).iter().filter_map(message).collect()
    }
    pub fn ended(&mut self, who: &str) -> Option<EndReason> {
        let mut ends = self.story(who).into_iter().filter_map(|entry| match entry.what {
            What::Ended { reason } => Some(reason),
            _ => None,
        });
        ends.next_back()
    }
    /// Nothing more happens for a week: what was forecast for each group is what came.
    pub fn came_true(&mut self, turned: &Turned) {
        self.now = turned.at.plus(Span(7 * DAY));
        self.rig.run_until(self.now, &mut self.sink).unwrap();
        self.rig.checkpoint().unwrap();
        let program = self.rig.node.program();
        let mut came = vec![Outcome::default(); turned.fates.groups.len()];
        let seats: BTreeSet<Seat> = turned.members.iter().map(|(seat, ..)| *seat).collect();
        for seat in seats {
            let groups: BTreeMap<u32, usize> =
                turned.members.iter().filter(|(of, ..)| *of == seat).map(|(_, run, group)| (*run, *group)).collect();
            for line in self.rig.lines(seat) {
                let Line::Wrote(entry) = line else { continue };
                let Some(group) = entry.run.and_then(|run| groups.get(&run.0)) else { continue };
                if entry.at < turned.at || (entry.at == turned.at && !is_of_the_change(&entry, turned)) {
                    continue;
                }
                let day = u64::from(entry.at < turned.at.plus(Span(DAY)));
                let outcome = &mut came[*group];
                match &entry.what {
                    What::Sent { message, .. } => {
                        let sends = outcome.sends.entry(program.message(*message).name.clone()).or_default();
                        (sends.0, sends.1) = (sends.0 + day, sends.1 + 1);
                        outcome.first = Some(outcome.first.map_or(entry.at, |at| at.min(entry.at)));
                        outcome.last = Some(outcome.last.map_or(entry.at, |at| at.max(entry.at)));
                    }
                    What::Ended { .. } => outcome.ended = (outcome.ended.0 + day, outcome.ended.1 + 1),
                    _ => {}
                }
            }
        }
        let forecast: Vec<&Outcome> = turned.forecast.groups.iter().map(|(_, after)| after).collect();
        assert_eq!(came.iter().collect::<Vec<_>>(), forecast, "{:#?}", turned.fates.groups);
    }
}

/// At the very moment of a change the machine also wrote what came before it.
fn is_of_the_change(entry: &Entry, turned: &Turned) -> bool {
    let program = &turned.linked.program;
    program.since(entry.journey) == program.generation() || matches!(entry.what, What::Ended { .. })
}

/// A cart reminder in two messages; `steps` are its steps.
fn cart(steps: &str) -> String {
    shop(&format!("start when cart as cart\n  exit when purchase\n  {steps}"), "")
}

fn shop(journey: &str, more: &str) -> String {
    format!(
        r#"
profile {{
  line_id: line_id?
  rank: rank?
}}
enum rank {{ bronze, silver, gold }}
event cart about profile {{ total: int }}
event purchase about profile {{ total: int }}
event left about profile {{ why: text? }}
message first on line for transactional
message second on line for transactional
message offer on line for promo
policy calm {{
  timezone Asia/Tokyo
  consent promo
}}
journey carts {{
  purpose convert
  under policy calm
  goal purchase within 7d
  reentry always
  {journey}
}}
{more}
"#
    )
}

const STEPS: &str = "wait 1h\n  send line first\n  wait 4h\n  send line second";

/// Three people: one at the first wait, one at the second, one who is through; and one who has bought.
fn inside() -> Shop {
    let mut shop = Shop::new(&cart(STEPS));
    for who in ["past", "second", "first"] {
        shop.tell(json!({ "type": "identify", "userId": who, "traits": { "line_id": format!("U-{who}") } }));
    }
    shop.track("past", "cart", json!({ "total": 10 }));
    shop.pass(3 * HOUR);
    shop.track("second", "cart", json!({ "total": 20 }));
    shop.pass(150 * MINUTE);
    shop.track("first", "cart", json!({ "total": 30 }));
    shop.pass(30 * MINUTE);
    assert_eq!(shop.ended("past"), Some(EndReason::Finished));
    shop
}

/// 10:00 is 0; the plan is made at 16:00.
const PLANNED: i64 = 360;

#[test]
fn a_longer_delay_is_for_those_who_enter_from_now_on() {
    let mut shop = inside();
    let turned = shop.turn(&cart("wait 1h\n  send line first\n  wait 9h\n  send line second"));
    assert!(turned.fates.groups.iter().all(|group| group.fate == "stay"), "{:#?}", turned.fates.groups);
    shop.pass(MINUTE);
    shop.track("new", "cart", json!({ "total": 1 }));
    shop.tell(json!({ "type": "identify", "userId": "new", "traits": { "line_id": "U-new" } }));
    shop.came_true(&turned);
    assert_eq!(shop.sent("first"), [("first".into(), 390), ("second".into(), 630)]);
    assert_eq!(shop.sent("second"), [("first".into(), 240), ("second".into(), 480)]);
    assert_eq!(shop.sent("new"), [("first".into(), PLANNED + 61), ("second".into(), PLANNED + 601)]);
}

#[test]
fn who_waits_is_moved_keeping_the_deadline_or_restarting() {
    let to = |timing: &str| {
        let steps = "wait 1h\n  send line first\n  wait 9h\n  send line second";
        format!("{}moves carts from \"v1\" {{ wait_2 to wait_2 {timing} }}\n", cart(steps))
    };
    let mut shop = inside();
    let turned = shop.turn(&to("keeping deadline"));
    shop.came_true(&turned);
    assert_eq!(shop.sent("second"), [("first".into(), 240), ("second".into(), 480)]);
    let mut shop = inside();
    let turned = shop.turn(&to("restarting"));
    shop.came_true(&turned);
    assert_eq!(shop.sent("second"), [("first".into(), 240), ("second".into(), PLANNED + 540)]);
    // Who was not named stays on the old version.
    assert_eq!(shop.sent("first"), [("first".into(), 390), ("second".into(), 630)]);
}

#[test]
fn a_step_that_is_gone_must_be_decided_on_only_where_somebody_waits_at_it() {
    let without = "wait 1h\n  send line first\n  send line second";
    let mut shop = inside();
    let turned = shop.plan(&cart(without));
    let [Problem::Unsaid { step: Some(step), heads: 1, journey_removed: false, .. }] = &turned.fates.problems[..]
    else {
        panic!("{:?}", turned.fates.problems)
    };
    assert_eq!(step, "wait_2");
    let says = |fate: &str| format!("{}moves carts from \"v1\" {{ wait_2 {fate} }}\n", cart(without));
    let turned = shop.turn(&says("stay"));
    shop.came_true(&turned);
    assert_eq!(shop.sent("second"), [("first".into(), 240), ("second".into(), 480)]);
    let mut shop = inside();
    let turned = shop.turn(&says("to send_2"));
    shop.came_true(&turned);
    assert_eq!(shop.sent("second"), [("first".into(), 240), ("second".into(), PLANNED)]);
    let mut shop = inside();
    let turned = shop.turn(&says("to stop"));
    shop.came_true(&turned);
    assert_eq!(shop.sent("second"), [("first".into(), 240)]);
    assert_eq!(shop.ended("second"), Some(EndReason::Removed));
    assert_eq!(shop.sent("first"), [("first".into(), 390), ("second".into(), 630)]);
}

#[test]
fn a_journey_that_is_gone_is_drained_or_stopped() {
    let other = |moves: &str| {
        let text = cart(STEPS).replace("journey carts", "journey baskets");
        format!("{text}{moves}\n")
    };
    let mut shop = inside();
    let turned = shop.plan(&other(""));
    assert_eq!(turned.fates.problems.len(), 2, "{:?}", turned.fates.problems);
    let turned = shop.turn(&other("moves carts from \"v1\" { everyone stay }"));
    // The old one takes nobody in, the new one does.
    shop.track("third", "cart", json!({ "total": 5 }));
    shop.came_true(&turned);
    assert_eq!(shop.sent("first"), [("first".into(), 390), ("second".into(), 630)]);
    let program = shop.rig.node.program();
    let entered: Vec<JourneyId> = (shop.story("third").into_iter())
        .filter(|entry| entry.what == What::Entered)
        .map(|entry| entry.journey)
        .collect();
    assert_eq!(entered, [program.journey_named("baskets").unwrap()]);
    let mut shop = inside();
    let turned = shop.turn(&other("moves carts from \"v1\" { everyone to stop }"));
    shop.came_true(&turned);
    assert_eq!((shop.sent("first").len(), shop.ended("first")), (0, Some(EndReason::Removed)));
}

#[test]
fn a_journey_is_renamed_with_people_inside() {
    let text = cart(STEPS).replace("journey carts", "journey baskets");
    let moves =
        "moves carts from \"v1\" to baskets { wait_1 to wait_1 keeping deadline\n wait_2 to wait_2 keeping deadline }";
    let mut shop = inside();
    let turned = shop.turn(&format!("{text}{moves}\n"));
    shop.came_true(&turned);
    assert_eq!(shop.sent("first"), [("first".into(), 390), ("second".into(), 630)]);
    assert_eq!(shop.sent("second"), [("first".into(), 240), ("second".into(), 480)]);
    let moved = shop.story("second").into_iter().filter(|entry| matches!(entry.what, What::Moved { .. })).count();
    assert_eq!(moved, 1);
}

#[test]
fn exits_caps_and_consent_follow_at_once() {
    // An exit that is new ends those inside.
    let mut shop = inside();
    let text = shop_with_exit();
    let turned = shop.turn(&text);
    assert!(turned.linked.replaced.is_empty(), "the way is the same: {:?}", turned.linked.replaced);
    shop.track("first", "left", json!({}));
    shop.pass(DAY);
    assert_eq!((shop.sent("first").len(), shop.ended("first")), (0, Some(EndReason::Exited(1))));
    // Also those on an older version.
    let mut shop = inside();
    let turned = shop.turn(&text.replace("wait 4h", "wait 9h"));
    assert_eq!(turned.linked.replaced.len(), 1);
    shop.track("first", "left", json!({}));
    shop.pass(DAY);
    assert_eq!((shop.sent("first").len(), shop.ended("first")), (0, Some(EndReason::Exited(1))));
    // A cap that is new counts for those inside.
    let mut shop = inside();
    shop.turn(&cart(STEPS).replace("consent promo", "consent promo\n  cap 1 line per 1d"));
    shop.pass(DAY);
    assert_eq!(shop.sent("first"), [("first".into(), 390)]);
    let drops: Vec<Reason> = (shop.story("first").into_iter())
        .filter_map(|entry| if let What::Dropped { reason, .. } = entry.what { Some(reason) } else { None })
        .collect();
    assert_eq!(drops, [Reason::Cap]);
    // A message that needs a consent from now on goes to nobody who did not give it.
    let mut shop = inside();
    shop.turn(&cart(STEPS).replace("message second on line for transactional", "message second on line for promo"));
    shop.pass(DAY);
    assert_eq!(shop.sent("first"), [("first".into(), 390)]);
}

fn shop_with_exit() -> String {
    cart(STEPS).replace("exit when purchase", "exit when purchase\n  exit when left")
}

#[test]
fn the_text_of_a_message_is_new_for_whoever_has_not_got_it_yet() {
    use tabi::ir::content::{Content, Sms, Template};
    let mut shop = inside();
    let mut new = compiled(&cart(STEPS));
    let second = new.messages.iter_mut().find(|message| message.name == "second").unwrap();
    second.content = Some(Content::Sms(Sms { text: Template("new words".into()) }));
    let turned = shop.turn_to(&new);
    assert!(turned.linked.replaced.is_empty() && turned.fates.groups.is_empty());
    let program = shop.rig.node.program();
    let of = |name: &str| program.messages.iter().filter(|message| message.name == name).count();
    assert_eq!((of("first"), of("second")), (1, 1));
    assert!(program.messages.iter().any(|message| message.content.is_some()));
    shop.came_true(&turned);
    assert_eq!(shop.sent("second"), [("first".into(), 240), ("second".into(), 480)]);
}

#[test]
fn a_goal_or_shares_that_change_begin_a_new_phase_and_other_arms_are_another_split() {
    let split = |shares: (u32, u32), body: &str| {
        let (a, b) = shares;
        cart(&format!("wait 1h\n  split try {{\n    {a}% a {{ {body} }}\n    {b}% b {{ send line second }}\n  }}"))
    };
    let mut shop = Shop::new(&split((99, 1), "send line first"));
    let people = ["p", "q", "r", "s"];
    for who in people {
        shop.tell(json!({ "type": "identify", "userId": who, "traits": { "line_id": format!("U-{who}") } }));
        shop.track(who, "cart", json!({ "total": 1 }));
    }
    let turned = shop.turn(&split((1, 99), "send line first"));
    assert!(turned.linked.replaced.is_empty());
    let phases = &turned.linked.program.deployed.as_deref().unwrap().phases;
    assert!(matches!(phases[..], [tabi::ir::Phase { of: PhaseOf::Split(_), generation: 2, .. }]), "{phases:?}");
    shop.came_true(&turned);
    for who in people {
        assert_eq!(shop.sent(who), [("second".into(), 60)], "who has not met the split meets the new one");
    }
    let turned = shop.turn(&split((1, 99), "send line first\n send line second"));
    assert_eq!(turned.linked.replaced.len(), 1);
    let text = split((1, 99), "send line first\n send line second")
        .replace("goal purchase within 7d", "goal purchase within 3d");
    let turned = shop.turn(&text);
    let phases = &turned.linked.program.deployed.as_deref().unwrap().phases;
    assert!(matches!(phases.last(), Some(tabi::ir::Phase { of: PhaseOf::Goal(_), generation: 4, .. })), "{phases:?}");
}

#[test]
fn a_segment_is_pinned_with_the_version_that_asks_for_it() {
    let with = |least: u32| {
        let steps = "wait 1h\n  if profile in rich { send line first } else { send line second }";
        format!("{}segment rich = count of cart >= {least}\n", cart(steps))
    };
    let mut shop = Shop::new(&with(1));
    shop.tell(json!({ "type": "identify", "userId": "p", "traits": { "line_id": "U-p" } }));
    shop.track("p", "cart", json!({ "total": 1 }));
    let turned = shop.turn(&with(5));
    shop.came_true(&turned);
    assert_eq!(shop.sent("p"), [("first".into(), 60)]);
    shop.track("p", "cart", json!({ "total": 1 }));
    shop.pass(DAY);
    assert_eq!(shop.sent("p").last().map(|(name, _)| name.as_str()), Some("second"));
}

#[test]
fn what_people_are_known_to_have_done_is_known_under_every_version() {
    // An event gains a field, an enum a variant in the middle: both are read by what is old and what is new.
    let old =
        cart("wait 1h\n  if cart.total >= 20 and profile.rank is set and profile.rank == gold { send line first }");
    let new = cart(
        "wait 1h\n  if cart.total >= 20 and profile.rank is set and profile.rank >= platinum { send line second }",
    )
    .replace("event cart about profile { total: int }", "event cart about profile { coupon: text?, total: int }")
    .replace("bronze, silver, gold", "bronze, silver, platinum, gold");
    let mut shop = Shop::new(&old);
    let traits = json!({ "line_id": "U-p", "rank": "gold" });
    shop.tell(json!({ "type": "identify", "userId": "p", "traits": traits }));
    shop.tell(json!({ "type": "identify", "userId": "q", "traits": { "line_id": "U-q", "rank": "silver" } }));
    shop.track("p", "cart", json!({ "total": 20 }));
    let turned = shop.turn(&new);
    shop.came_true(&turned);
    assert_eq!(shop.sent("p"), [("first".into(), 60)]);
    for who in ["p", "q"] {
        shop.track(who, "cart", json!({ "total": 20, "coupon": "X" }));
    }
    shop.pass(DAY);
    assert_eq!(shop.sent("p").last().map(|(name, _)| name.as_str()), Some("second"), "gold is still gold");
    assert_eq!(shop.sent("q"), []);
}

#[test]
fn entry_is_judged_over_all_versions_of_a_journey() {
    let once = |steps: &str| cart(steps).replace("reentry always", "reentry never");
    let mut shop = Shop::new(&once(STEPS));
    shop.track("p", "cart", json!({ "total": 1 }));
    shop.track("q", "cart", json!({ "total": 1 }));
    shop.pass(DAY);
    shop.track("r", "cart", json!({ "total": 1 }));
    shop.turn(&once("wait 2h\n  send line first"));
    for who in ["p", "r"] {
        shop.track(who, "cart", json!({ "total": 2 }));
    }
    let why = |entries: Vec<Entry>| -> Vec<NotEntered> {
        entries.iter().filter_map(|e| if let What::NotEntered { why } = e.what { Some(why) } else { None }).collect()
    };
    assert_eq!(why(shop.story("p")), [NotEntered::Reentry]);
    assert_eq!(why(shop.story("r")), [NotEntered::Live]);
}

#[test]
fn a_change_survives_a_crash_at_any_place() {
    for crash in 0..4 {
        let mut shop = inside();
        let text = format!(
            "{}moves carts from \"v1\" {{ wait_2 to wait_2 restarting }}\n",
            cart("wait 1h\n  send line first\n  wait 9h\n  send line second")
        );
        if crash == 0 {
            shop = shop.restart();
        }
        let turned = shop.turn(&text);
        if crash == 1 {
            shop = shop.restart();
        }
        shop.track("first", "cart", json!({ "total": 3 }));
        shop.pass(HOUR);
        if crash == 2 {
            shop.rig.checkpoint().unwrap();
            shop = shop.restart();
        }
        if crash == 3 {
            shop = shop.restart();
            shop = shop.restart();
        }
        shop.came_true(&turned);
        assert_eq!(shop.sent("second"), [("first".into(), 240), ("second".into(), PLANNED + 540)], "crash {crash}");
        assert_eq!(shop.rig.node.program().generation(), 2);
    }
}

#[test]
fn two_plans_against_one_world_are_one() {
    let mut shop = inside();
    let longer = shop.plan(&cart("wait 1h\n  send line first\n  wait 9h\n  send line second"));
    let shorter = shop.plan(&cart("wait 1h\n  send line first"));
    shop.put_live(&longer);
    let program = &shorter.linked.program;
    shop.rig.node.submit(Submission::Change { generation: program.generation(), bundle: program.bundle() });
    shop.rig.settle(shop.now, &mut shop.sink).unwrap();
    assert_eq!(shop.rig.node.program().bundle(), longer.linked.program.bundle());
}

#[test]
fn a_way_back_is_a_change_like_any_other() {
    let mut shop = inside();
    let other = cart("wait 1h\n  send line first\n  wait 9h\n  send line second");
    shop.turn(&other);
    shop.track("new", "cart", json!({ "total": 1 }));
    shop.tell(json!({ "type": "identify", "userId": "new", "traits": { "line_id": "U-new" } }));
    let turned = shop.turn(&cart(STEPS));
    assert_eq!(shop.rig.node.program().generation(), 3);
    // Each finishes on the version they entered.
    shop.came_true(&turned);
    assert_eq!(shop.sent("first"), [("first".into(), 390), ("second".into(), 630)]);
    assert_eq!(shop.sent("new"), [("first".into(), PLANNED + 60), ("second".into(), PLANNED + 600)]);
}

#[test]
fn a_schedule_that_stays_is_neither_lost_nor_doubled() {
    let daily = |at: &str, steps: &str| shop(&format!("start every day at {at} for everyone\n  {steps}"), "");
    let mut shop = Shop::new(&daily("18:00", "send line first"));
    shop.tell(json!({ "type": "identify", "userId": "p", "traits": { "line_id": "U-p" } }));
    shop.pass(DAY);
    shop.turn(&daily("18:00", "send line second"));
    shop.pass(DAY);
    shop.turn(&daily("19:00", "send line second"));
    shop.pass(DAY);
    let at = |day: i64, hour: i64| (day * 24 + hour) * 60;
    let expected = [("first".into(), at(0, 8)), ("second".into(), at(1, 8)), ("second".into(), at(2, 9))];
    assert_eq!(shop.sent("p"), expected);
}

#[test]
fn members_enter_when_a_journey_that_wants_them_goes_live_and_only_then() {
    let with = |more: &str| {
        let members = "journey all {\n purpose convert\n under policy calm\n goal purchase within 7d\n reentry always\n start when profile enters known including members\n send line first\n}\nsegment known = count of cart >= 1";
        format!("{}{more}{members}\n", cart("wait 30d"))
    };
    let mut shop = Shop::new(&format!("{}segment known = count of cart >= 1\n", cart("wait 30d")));
    shop.tell(json!({ "type": "identify", "userId": "p", "traits": { "line_id": "U-p" } }));
    shop.track("p", "cart", json!({ "total": 1 }));
    let turned = shop.turn(&with(""));
    assert!(turned.fates.problems.is_empty(), "{:?}", turned.fates.problems);
    assert_eq!(shop.sent("p").len(), 1);
    shop.pass(HOUR);
    // Something else changes: nobody enters again. What was never kept is not known, and the plan says so.
    let turned = shop.turn(&with("segment idle = count of purchase >= 3\n"));
    assert!(matches!(&turned.fates.problems[..], [Problem::NotKept { event }] if event == "purchase"));
    shop.pass(HOUR);
    assert_eq!(shop.sent("p").len(), 1);
}

#[test]
fn moves_that_lead_nowhere_are_told() {
    let mut shop = inside();
    let text = |moves: &str| format!("{}{moves}\n", cart("wait 1h\n  send line first\n  wait 9h\n  send line second"));
    let problems = |turned: Turned| turned.fates.problems;
    let told = problems(shop.plan(&text("moves carts from \"v1\" { wait_7 stay }")));
    assert!(matches!(&told[..], [Problem::NoSuchStep { step, .. }] if step == "wait_7"), "{told:?}");
    let told = problems(shop.plan(&text("moves carts from \"v9\" { wait_1 stay }")));
    assert!(matches!(&told[..], [Problem::NoSuchVersion { .. }]) && told[0].is_note(), "{told:?}");
    let needs =
        "wait 1h\n  let code = \"x\"\n  send line first\n  wait 9h\n  if code == \"y\" { stop }\n  send line second";
    let lacks = format!("{}moves carts from \"v1\" {{ wait_2 to wait_2 }}\n", cart(needs));
    let told = problems(shop.plan(&lacks));
    assert!(matches!(&told[..], [Problem::Lacks { value, .. }] if value == "code"), "{told:?}");
}

/// Crowds that are inside in the random world; a thousand people in all go through three changes each.
const CROWDS: u64 = 42;
const CROWD: u64 = 8;

#[test]
fn what_is_forecast_for_random_crowds_comes_true() {
    const WAYS: [&str; 5] = [
        STEPS,
        "wait 2h\n  send line first\n  wait 4h\n  send line second",
        "wait 1h\n  send line first\n  send line second",
        "wait 1h\n  if cart.total >= 20 { send line second }\n  wait 4h\n  send line first",
        "wait 1h\n  send line first\n  wait 4h\n  send line second\n  wait 1d\n  send line first",
    ];
    const RULES: [&str; 3] = [
        "consent promo",
        "consent promo\n  quiet 21:00..08:00 then hold",
        "consent promo\n  quiet 20:00..09:00 then hold\n  cap 2 line per 1d",
    ];
    let mut groups = 0;
    for seed in 0..CROWDS {
        let mut draw = Draw(seed);
        let mut shop = Shop::new(&cart(WAYS[draw.below(5) as usize]));
        for n in 0..CROWD {
            shop.tell(
                json!({ "type": "identify", "userId": format!("p{n}"), "traits": { "line_id": format!("U{n}") } }),
            );
        }
        for _ in 0..3 {
            for _ in 0..12 {
                let who = format!("p{}", draw.below(CROWD));
                let event = if draw.one_in(5) { "purchase" } else { "cart" };
                shop.track(&who, event, json!({ "total": draw.below(40) }));
                shop.pass(draw.below(90) as i64 * MINUTE + 1);
            }
            let from = shop.rig.node.program().generation();
            let fates = ["stay", "to stop", "to wait_1", "to wait_1 restarting"];
            let steps = (1..=3).filter(|_| draw.one_in(2)).collect::<Vec<_>>();
            let named = steps.into_iter().map(|n| format!("  wait_{n} {}\n", draw.pick(&fates)));
            let moves: String = named.collect();
            let text = cart(WAYS[draw.below(5) as usize]).replace("consent promo", RULES[draw.below(3) as usize]);
            let turned = shop.plan(&format!("{text}moves carts from \"v{from}\" {{\n{moves}  everyone stay\n}}\n"));
            let open = turned.fates.problems.iter().filter(|problem| !problem.is_note());
            let only_unknown = open.clone().all(|problem| matches!(problem, Problem::NoSuchStep { .. }));
            assert!(only_unknown, "seed {seed}: {:?}", open.collect::<Vec<_>>());
            shop.put_live(&turned);
            if draw.one_in(3) {
                shop = shop.restart();
            }
            groups += turned.fates.groups.len();
            if draw.one_in(2) {
                shop.came_true(&turned);
            }
        }
        shop.rig.checkpoint().unwrap();
        for n in 0..CROWD {
            let seat = shop.rig.node.identities().find(&format!("p{n}")).expect("somebody known");
            if let Err(differs) = shop.rig.replay(seat) {
                panic!("seed {seed}, p{n}: {differs}");
            }
        }
    }
    assert!(groups > 100, "only {groups} groups");
}

#[test]
fn an_action_is_undone_by_one_that_came_later() {
    let actions = "action coupon.issue takes { who: text } gives { code: text }\n";
    let undone = "action coupon.issue undo coupon.void takes { who: text } gives { code: text }\n\
                  action coupon.void takes { code: text }\n";
    let live = link::first(&compiled(&format!("{}{actions}", cart(STEPS))), Instant(0));
    let program = link::link(&live, &compiled(&format!("{}{undone}", cart(STEPS))), Instant(1)).unwrap().program;
    let [issue, void] = &program.actions[..] else { panic!("{:?}", program.actions) };
    assert_eq!(issue.undo.map(|undo| &program.actions[undo.index()].name), Some(&void.name));
}
