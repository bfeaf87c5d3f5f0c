//! A journey at every stage, in the durable runtime: what a share, a pause of each mode and a hold mean to whoever is in each
//! state, whether the process lives through it or dies at every line.
//!
//! Draws nothing at random; the faults do.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::{Value as Json, json};
use tabi::compile::{Level, Settings, compile};
use tabi::diag::Code;
use tabi::ingest::segment::Reader;
use tabi::ir::{Hold, JourneyId, Pause, PauseMode, Program, Stage};
use tabi::link;
use tabi::machine::{Engine, Entry, Input, InputKind, Person, What};
use tabi::ports::store::{PendingKey, Store};
use tabi::ports::{CallOutcome, Idempotency, Outcome, Scope, Submission};
use tabi::runtime::durable::diary::Line;
use tabi::runtime::durable::node::Work;
use tabi::runtime::durable::recover::Deployment;
use tabi::store::imagined::ImaginedDisk;
use tabi::store::memory::Memory;
use tabi::text::{Source, Sources};
use tabi::value::{Instant, Zone};

use crate::rig::{Ground, Programs, Rig, World, free};

fn program() -> Program {
    static COMPILED: OnceLock<Program> = OnceLock::new();
    COMPILED.get_or_init(compiled).clone()
}

fn compiled() -> Program {
    let mut sources = Sources::default();
    sources.add(Source::new("stages.tabi", include_str!("stages.tabi")));
    let beside = |code: &Code| ["E03", "E04", "E09", "W"].iter().any(|range| code.name().starts_with(range));
    let levels = Code::ALL.iter().filter(|code| beside(code)).map(|code| (*code, Level::Allow)).collect();
    let settings = Settings { zone: Zone::from_name("Asia/Tokyo").unwrap(), levels, ..Settings::default() };
    let compiled = compile(&sources, &settings);
    compiled.program.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
}

fn journey(program: &Program, name: &str) -> JourneyId {
    program.live_journeys().find(|id| program.journey(*id).name == name).expect("a journey")
}

/// `06 10:00`: of April 2026, in Tokyo.
fn at(text: &str) -> Instant {
    let (day, time) = text.split_once(' ').expect("a day and a time");
    Instant::parse_rfc3339(&format!("2026-04-{day}T{time}:00+09:00")).expect("a moment")
}

fn stamp(at: Instant) -> String {
    let (date, time) = Zone::from_name("Asia/Tokyo").unwrap().local(at);
    format!("{} {time}", &date.to_string()[8..])
}

fn told(program: &Program, entry: &Entry) -> String {
    let message = |id: &tabi::ir::MessageId| program.message(*id).name.clone();
    let words = match &entry.what {
        What::Settling { until } => format!("settles {}", stamp(*until)),
        What::NotEntered { why } => format!("not entered: {why:?}"),
        What::Waiting { until: Some(until) } => format!("waits until {}", stamp(*until)),
        What::Woke { arm: Some(arm) } => format!("woke by {arm}"),
        What::Woke { arm: None } => "time is up".into(),
        What::Sent { message: id, .. } => format!("sent {}", message(id)),
        What::Held { message: id, until, .. } => format!("held {} until {}", message(id), stamp(*until)),
        What::Dropped { message: id, reason } => format!("dropped {} by {}", message(id), reason.name()),
        What::Withdrawn { message: id } => format!("withdrew {}", message(id)),
        What::Called { .. } => "called".into(),
        What::CallSkipped { .. } => "call skipped".into(),
        What::Tagged { tag } => format!("tagged {tag}"),
        What::Arm { arm, .. } => format!("arm {arm}"),
        What::Ended { .. } => "ended".into(),
        What::Entered => "entered".into(),
        What::HeldOut => "held out".into(),
        What::Paused => "paused".into(),
        What::Resumed => "resumed".into(),
        other => format!("{other:?}"),
    };
    format!("{} {words}", stamp(entry.at))
}

/// Takes what it is told to take; is silent otherwise.
#[derive(Default)]
struct Sink {
    silent: bool,
    /// Key, message and address.
    got: Vec<(PendingKey, String, String)>,
    asked: Vec<PendingKey>,
}

impl World for Sink {
    fn deliver(&mut self, _: Instant, work: &Work) -> Option<Outcome> {
        let Work::Deliver { key, delivery, .. } = work else { return None };
        self.got.push((*key, delivery.message.clone(), delivery.to.join(",")));
        (!self.silent).then_some(Outcome::Accepted { provider_id: None })
    }
    fn call(&mut self, _: Instant, work: &Work) -> Option<CallOutcome> {
        let Work::Call { key, .. } = work else { return None };
        self.asked.push(*key);
        (!self.silent).then(|| CallOutcome::Answered(json!({ "code": "c1" })))
    }
}

/// How the process lives.
#[derive(Clone, Copy)]
struct Life {
    shards: usize,
    /// Dies after every line; every other time after a checkpoint.
    dies: bool,
}

const LIVES: [Life; 3] =
    [Life { shards: 1, dies: false }, Life { shards: 3, dies: false }, Life { shards: 2, dies: true }];

struct Place {
    life: Life,
    disk: ImaginedDisk,
    memory: Memory,
    programs: Programs,
    rig: Option<Rig>,
    sink: Sink,
    now: Instant,
    calls: u32,
}

impl Place {
    fn new(life: Life) -> Place {
        let now = at("06 09:00");
        let programs = Programs::default();
        programs.put(link::first(&program(), now));
        let (disk, memory) = (ImaginedDisk::new(1), Memory::new(1));
        let mut place = Place { life, disk, memory, programs, rig: None, sink: Sink::default(), now, calls: 0 };
        place.tell(json!({ "type": "identify", "userId": "p", "traits": {
            "email": "p@x.jp", "line_user": "Up", "consent": ["marketing"] } }));
        place
    }
    fn rig(&mut self) -> &mut Rig {
        if self.rig.is_none() {
            let mut reader = self.memory.open().reader().unwrap();
            let kept = Deployment::kept(&mut *reader).unwrap();
            let (generation, went_live) = kept.map_or((1, at("06 09:00")), |kept| (kept.generation, kept.at));
            let ground = Ground::new(self.programs.get(generation, went_live).expect("it was put there"));
            let allowances = free(Idempotency::Recognisable);
            let rig = Rig::open_among(
                &self.programs,
                ground,
                &self.disk,
                &self.memory,
                self.life.shards,
                allowances,
                self.now,
                true,
            );
            self.rig = Some(rig.unwrap());
        }
        self.rig.as_mut().unwrap()
    }
    fn pass(&mut self, to: &str) {
        self.now = at(to);
        let now = self.now;
        let mut sink = std::mem::take(&mut self.sink);
        self.rig().run_until(now, &mut sink).unwrap();
        self.sink = sink;
        if self.life.dies {
            if self.calls.is_multiple_of(2) {
                self.rig().checkpoint_keeping(0).unwrap();
            }
            self.calls += 1;
            self.rig = None;
        }
    }
    fn settle(&mut self) {
        self.pass(&stamp(self.now).clone());
    }
    fn tell(&mut self, mut call: Json) {
        self.calls += 1;
        call["messageId"] = format!("m{}", self.calls).into();
        call["timestamp"] = self.now.to_string().into();
        let raw = call.to_string().into_bytes();
        let now = self.now;
        let rig = self.rig();
        let arrival = Reader::new(rig.ground.schema).call_received(&raw, now).unwrap().unwrap().into_owned();
        let call =
            Submission::Call { raw: raw.into(), arrival, received_at: now, source: "shop".into(), generation: 1 };
        rig.node.submit(call);
        self.settle();
    }
    fn go(&mut self, when: &str, to: &str) {
        self.go_as("p", when, to);
    }
    fn go_as(&mut self, person: &str, when: &str, to: &str) {
        self.pass(when);
        self.tell(json!({ "type": "track", "userId": person, "event": "go", "properties": { "to": to } }));
    }
    fn purchase(&mut self, when: &str) {
        self.pass(when);
        self.tell(json!({ "type": "track", "userId": "p", "event": "purchase", "properties": { "total": 1 } }));
    }
    fn stage(&mut self, when: &str, name: &str, edit: impl FnOnce(&mut Stage, u32)) {
        self.pass(when);
        let (now, programs) = (self.now, self.programs.clone());
        let rig = self.rig();
        let live = rig.node.program();
        let staged = link::staged(live, journey(live, name), now, edit);
        let (generation, bundle) = (staged.generation(), staged.bundle());
        programs.put(staged);
        rig.node.submit(Submission::Change { generation, bundle });
        self.settle();
        assert_eq!(self.rig().node.program().generation(), generation);
    }
    fn pause(&mut self, when: &str, name: &str, mode: PauseMode) {
        self.stage(when, name, |stage, since| stage.pause = Some(Pause { mode, since }));
    }
    fn resume(&mut self, when: &str, name: &str) {
        self.stage(when, name, |stage, _| stage.pause = None);
    }
    /// The provider says no to the last message, or the action answers, or the message is taken.
    fn delivered(&mut self, when: &str, outcome: Outcome) {
        self.pass(when);
        let (key, ..) = self.sink.got.last().expect("something went out").clone();
        let now = self.now;
        self.rig().node.delivered(key, outcome, now);
        self.settle();
    }
    fn stop(&mut self, stopped: bool) {
        self.rig().node.submit(Submission::Stop { scope: Scope::Everything, stopped, by: "ops".into() });
        self.settle();
    }
    /// Of `p`, in one journey, since the beginning.
    fn story(&mut self, name: &str) -> Vec<String> {
        self.story_of(0, name)
    }
    fn story_of(&mut self, seat: u32, name: &str) -> Vec<String> {
        self.rig().checkpoint().unwrap();
        let rig = self.rig();
        let program = rig.node.program();
        let lines = rig.lines(seat).into_iter().filter_map(|line| match line {
            Line::Wrote(entry) if program.journey(entry.journey).name == name => Some(told(program, &entry)),
            Line::Wrote(_)
            | Line::Taken(_)
            | Line::Consents(_)
            | Line::Joined(_)
            | Line::Began(_)
            | Line::Changed { .. } => None,
        });
        lines.filter(|line| !line.contains("Reported")).collect()
    }
    fn outcomes(&mut self) -> Vec<String> {
        self.rig().checkpoint().unwrap();
        self.rig().reader().ledger(0).unwrap().into_iter().map(|row| format!("{} {}", row.what, row.outcome)).collect()
    }
}

const MODES: [PauseMode; 3] = [PauseMode::Drain, PauseMode::Freeze, PauseMode::SkipLate];

/// The story of one journey that is paused from 11 to 15, in each mode; the same however the process lives.
fn paused(name: &str, act: impl Fn(&mut Place, PauseMode), expected: [&[&str]; 3]) {
    for (mode, expected) in MODES.into_iter().zip(expected) {
        for life in LIVES {
            let mut place = Place::new(life);
            act(&mut place, mode);
            assert_eq!(
                place.story(name),
                expected,
                "{name}, {}, {} shards, dies: {}",
                mode.name(),
                life.shards,
                life.dies
            );
        }
    }
}

#[test]
fn a_wait() {
    paused(
        "waiting",
        |place, mode| {
            place.go("06 10:00", "waiting");
            place.pause("06 11:00", "waiting", mode);
            place.go("06 11:30", "waiting");
            place.resume("06 15:00", "waiting");
            place.pass("07 12:00");
        },
        [
            &[
                "06 10:00 entered",
                "06 10:00 waits until 06 12:00",
                "06 11:30 not entered: Live",
                "06 12:00 time is up",
                "06 12:00 sent mail",
                "06 12:00 ended",
            ],
            &[
                "06 10:00 entered",
                "06 10:00 waits until 06 12:00",
                "06 11:00 paused",
                "06 11:30 not entered: Live",
                "06 15:00 resumed",
                "06 15:00 waits until 06 16:00",
                "06 16:00 time is up",
                "06 16:00 sent mail",
                "06 16:00 ended",
            ],
            &[
                "06 10:00 entered",
                "06 10:00 waits until 06 12:00",
                "06 11:00 paused",
                "06 11:30 not entered: Live",
                "06 12:00 time is up",
                "06 12:00 dropped mail by late",
                "06 12:00 ended",
            ],
        ],
    );
}

#[test]
fn what_a_wait_is_for_comes_in_the_pause() {
    paused(
        "listening",
        |place, mode| {
            place.go("06 10:00", "listening");
            place.pause("06 11:00", "listening", mode);
            place.purchase("06 12:00");
            place.purchase("06 13:00");
            place.resume("06 15:00", "listening");
            place.pass("09 12:00");
        },
        [
            &[
                "06 10:00 entered",
                "06 10:00 waits until 07 10:00",
                "06 12:00 woke by 0",
                "06 12:00 tagged bought",
                "06 12:00 ended",
            ],
            &[
                "06 10:00 entered",
                "06 10:00 waits until 07 10:00",
                "06 11:00 paused",
                "06 15:00 resumed",
                "06 15:00 woke by 0",
                "06 15:00 tagged bought",
                "06 15:00 ended",
            ],
            &[
                "06 10:00 entered",
                "06 10:00 waits until 07 10:00",
                "06 11:00 paused",
                "06 12:00 woke by 0",
                "06 12:00 tagged bought",
                "06 12:00 ended",
            ],
        ],
    );
}

#[test]
fn a_message_held_by_quiet_hours() {
    let act = |place: &mut Place, mode| {
        place.go("06 22:00", "held");
        place.pause("06 23:00", "held", mode);
        place.resume("07 14:00", "held");
        place.pass("08 12:00");
    };
    let begins = ["06 22:00 entered", "06 22:00 held mail until 07 08:00"];
    paused(
        "held",
        act,
        [
            &[begins[0], begins[1], "07 08:00 sent mail", "07 08:00 ended"],
            &[begins[0], begins[1], "06 23:00 paused", "07 14:00 resumed", "07 14:00 sent mail", "07 14:00 ended"],
            &[begins[0], begins[1], "06 23:00 paused", "07 08:00 dropped mail by late", "07 08:00 ended"],
        ],
    );
}

#[test]
fn quiet_hours_are_looked_at_again_when_a_freeze_ends_in_them() {
    for life in LIVES {
        let mut place = Place::new(life);
        place.go("06 22:00", "held");
        place.pause("06 23:00", "held", PauseMode::Freeze);
        place.resume("07 22:30", "held");
        place.pass("08 12:00");
        assert_eq!(
            place.story("held")[3..],
            ["07 22:30 resumed", "07 22:30 held mail until 08 08:00", "08 08:00 sent mail", "08 08:00 ended"]
        );
    }
}

#[test]
fn a_provider_that_says_no_in_the_pause() {
    paused(
        "asked",
        |place, mode| {
            // A process that dies hands it over again, and has its answer then.
            place.life.dies = false;
            place.sink.silent = true;
            place.go("06 10:00", "asked");
            place.sink.silent = false;
            place.pause("06 11:00", "asked", mode);
            place.delivered("06 12:00", Outcome::Refused { why: "no".into(), address: None });
            place.resume("06 15:00", "asked");
            place.pass("07 12:00");
        },
        [
            &[
                "06 10:00 entered",
                "06 10:00 sent mail",
                "06 12:00 dropped mail by refused",
                "06 12:00 sent note",
                "06 12:00 ended",
            ],
            &[
                "06 10:00 entered",
                "06 10:00 sent mail",
                "06 11:00 paused",
                "06 12:00 dropped mail by refused",
                "06 15:00 resumed",
                "06 15:00 sent note",
                "06 15:00 ended",
            ],
            &[
                "06 10:00 entered",
                "06 10:00 sent mail",
                "06 11:00 paused",
                "06 12:00 dropped mail by refused",
                "06 12:00 dropped note by late",
                "06 12:00 ended",
            ],
        ],
    );
}

#[test]
fn an_action_that_answers_in_the_pause() {
    paused(
        "called",
        |place, mode| {
            place.life.dies = false;
            place.sink.silent = true;
            place.go("06 10:00", "called");
            place.sink.silent = false;
            place.pause("06 11:00", "called", mode);
            place.pass("06 12:00");
            let (key, now) = (*place.sink.asked.last().unwrap(), place.now);
            place.rig().node.answered(key, &CallOutcome::Answered(json!({ "code": "c1" })), now);
            place.settle();
            place.resume("06 15:00", "called");
            place.pass("07 12:00");
        },
        [
            &["06 10:00 entered", "06 10:00 called", "06 12:00 sent note", "06 12:00 ended"],
            &[
                "06 10:00 entered",
                "06 10:00 called",
                "06 11:00 paused",
                "06 15:00 resumed",
                "06 15:00 sent note",
                "06 15:00 ended",
            ],
            &[
                "06 10:00 entered",
                "06 10:00 called",
                "06 11:00 paused",
                "06 12:00 dropped note by late",
                "06 12:00 ended",
            ],
        ],
    );
}

#[test]
fn a_patience_that_runs_out() {
    // Six hours from ten; a freeze of four hours adds four.
    for (mode, end) in
        [(PauseMode::Drain, "06 16:00"), (PauseMode::Freeze, "06 20:00"), (PauseMode::SkipLate, "06 16:00")]
    {
        let mut place = Place::new(LIVES[0]);
        place.sink.silent = true;
        place.go("06 10:00", "asked");
        place.pause("06 11:00", "asked", mode);
        place.resume("06 15:00", "asked");
        place.pass("06 20:30");
        assert_eq!(place.story("asked").last().unwrap(), &format!("{end} ended"), "{}", mode.name());
    }
}

#[test]
fn a_call_that_comes_due_in_the_pause() {
    paused(
        "calling",
        |place, mode| {
            place.go("06 10:00", "calling");
            place.pause("06 11:00", "calling", mode);
            place.resume("06 15:00", "calling");
            place.pass("07 12:00");
        },
        [
            &[
                "06 10:00 entered",
                "06 10:00 waits until 06 12:00",
                "06 12:00 time is up",
                "06 12:00 called",
                "06 12:00 sent note",
                "06 12:00 ended",
            ],
            &[
                "06 10:00 entered",
                "06 10:00 waits until 06 12:00",
                "06 11:00 paused",
                "06 15:00 resumed",
                "06 15:00 waits until 06 16:00",
                "06 16:00 time is up",
                "06 16:00 called",
                "06 16:00 sent note",
                "06 16:00 ended",
            ],
            &[
                "06 10:00 entered",
                "06 10:00 waits until 06 12:00",
                "06 11:00 paused",
                "06 12:00 time is up",
                "06 12:00 call skipped",
                "06 12:00 ended",
            ],
        ],
    );
}

#[test]
fn who_is_held_out_waits_for_the_goal_as_ever() {
    let mut held_out = 0;
    for person in ["a", "b", "c", "d", "e", "f"] {
        for mode in MODES {
            let mut place = Place::new(LIVES[0]);
            place.tell(json!({ "type": "identify", "userId": person, "traits": { "email": "q@x.jp" } }));
            place.go_as(person, "06 10:00", "compared");
            place.pause("06 11:00", "compared", mode);
            place.resume("06 15:00", "compared");
            place.pass("09 12:00");
            let story = place.story_of(1, "compared");
            if story.contains(&"06 10:00 held out".to_owned()) {
                held_out += 1;
                assert_eq!(story[1..], ["06 10:00 arm 0", "06 10:00 held out", "08 10:00 ended"], "{}", mode.name());
            }
        }
    }
    assert!(held_out > 0, "nobody was held out");
}

#[test]
fn a_start_that_settles() {
    paused(
        "settling",
        |place, mode| {
            place.go("06 10:00", "settling");
            place.pause("06 11:00", "settling", mode);
            place.resume("06 15:00", "settling");
            place.pass("07 12:00");
        },
        [
            &["06 10:00 settles 06 12:00", "06 12:00 not entered: Paused"],
            &["06 10:00 settles 06 12:00", "06 16:00 entered", "06 16:00 sent mail", "06 16:00 ended"],
            &["06 10:00 settles 06 12:00", "06 12:00 not entered: Paused"],
        ],
    );
}

#[test]
fn nobody_enters_while_it_is_paused_and_that_is_no_entry() {
    paused(
        "many",
        |place, mode| {
            place.pause("06 10:00", "many", mode);
            place.go("06 10:30", "many");
            place.resume("06 11:00", "many");
            // `reentry never`: what was no entry keeps nobody from entering.
            place.go("06 11:30", "many");
        },
        [&["06 10:30 not entered: Paused", "06 11:30 entered", "06 11:30 sent mail", "06 11:30 ended"]; 3],
    );
}

#[test]
fn what_stands_at_the_door() {
    for (mode, in_pause, after, outcome) in [
        (PauseMode::Drain, 1, 1, "mail accepted"),
        (PauseMode::Freeze, 0, 1, "mail accepted"),
        (PauseMode::SkipLate, 0, 0, "mail late"),
    ] {
        for life in LIVES {
            let mut place = Place::new(life);
            place.stop(true);
            place.go("06 10:00", "asked");
            place.pause("06 11:00", "asked", mode);
            place.stop(false);
            place.pass("06 12:00");
            assert_eq!(place.sink.got.len(), in_pause, "{}", mode.name());
            place.resume("06 13:00", "asked");
            place.pass("06 14:00");
            assert_eq!(place.sink.got.len(), after, "{}", mode.name());
            assert_eq!(place.outcomes()[0], outcome);
        }
    }
}

#[test]
fn what_stood_for_days_in_a_freeze_is_not_too_old_afterwards() {
    for life in LIVES {
        let mut place = Place::new(life);
        place.stop(true);
        place.go("06 10:00", "many");
        place.pause("06 11:00", "many", PauseMode::Freeze);
        place.stop(false);
        place.resume("12 11:00", "many");
        place.pass("12 12:00");
        assert_eq!(place.outcomes(), ["mail accepted"]);
    }
}

#[test]
fn a_larger_share_has_the_smaller_in_it_and_whoever_is_inside_goes_on() {
    let mut place = Place::new(LIVES[0]);
    let people: Vec<String> = (0..200).map(|n| format!("r{n}")).collect();
    for (n, person) in people.iter().enumerate() {
        let traits = json!({ "email": format!("r{n}@x.jp"), "consent": ["marketing"] });
        place.tell(json!({ "type": "identify", "userId": person, "traits": traits }));
    }
    let mut entered: Vec<BTreeSet<usize>> = Vec::new();
    for (day, share) in [("06", 10_000), ("07", 10_000), ("08", 30_000), ("09", Stage::WHOLE)] {
        place.stage(&format!("{day} 10:00"), "waiting", |stage, _| stage.share = share);
        let mut inside = BTreeSet::new();
        for (n, person) in people.iter().enumerate() {
            let before = place.rig().node.program().generation();
            place.go_as(person, &format!("{day} 11:00"), "waiting");
            assert_eq!(place.rig().node.program().generation(), before);
            inside.insert(n);
        }
        // Nobody is inside from the day before: two hours are over.
        place.pass(&format!("{day} 20:00"));
        place.rig().checkpoint().unwrap();
        let is_in = |place: &mut Place, n: usize| {
            let story = place.story_of(1 + n as u32, "waiting");
            let last = story.iter().rev().find(|line| line.contains("entered")).expect("it was tried").clone();
            assert!(
                last.starts_with(day) && (last.ends_with(" entered") || last.ends_with("not entered: Ramp")),
                "{last}"
            );
            !last.contains("not entered")
        };
        inside.retain(|n| is_in(&mut place, *n));
        entered.push(inside);
    }
    let [first, again, more, all] = &entered[..] else { panic!("four days") };
    assert_eq!(first, again, "the same people stay in");
    assert!(first.is_subset(more) && first.len() < more.len(), "{} of {}", first.len(), more.len());
    assert!((5..40).contains(&first.len()) && (30..95).contains(&more.len()), "{} and {}", first.len(), more.len());
    assert_eq!(all.len(), 200);
}

#[test]
fn a_larger_share_enrols_the_members_it_adds_and_nobody_twice() {
    for life in LIVES {
        let mut place = Place::new(life);
        place.stage("06 09:30", "members", |stage, _| stage.share = 50_000);
        let people: Vec<String> = (0..20).map(|n| format!("m{n}")).collect();
        place.pass("06 10:00");
        for person in &people {
            let traits = json!({ "email": format!("{person}@x.jp"), "consent": ["marketing"] });
            place.tell(json!({ "type": "identify", "userId": person, "traits": traits }));
            place.tell(json!({ "type": "track", "userId": person, "event": "purchase", "properties": { "total": 1 } }));
        }
        let first = place.sink.got.len();
        assert!((1..20).contains(&first), "{first} of 20");
        place.stage("06 11:00", "members", |stage, _| stage.share = Stage::WHOLE);
        place.pass("06 12:00");
        let addresses: BTreeSet<&String> = place.sink.got.iter().map(|(_, _, to)| to).collect();
        assert_eq!((place.sink.got.len(), addresses.len()), (20, 20));
    }
}

#[test]
fn a_new_version_is_at_the_stage_of_the_old() {
    let first = link::first(&program(), at("06 09:00"));
    let id = journey(&first, "waiting");
    let staged = link::staged(&first, id, at("06 10:00"), |stage, since| {
        stage.share = 5_000;
        stage.pause = Some(Pause { mode: PauseMode::Freeze, since });
    });
    let mut changed = program();
    let before = changed.journeys.iter().position(|journey| journey.name == "waiting").unwrap();
    changed.journeys[before].code.remove(1);
    let linked = link::link(&staged, &changed, at("06 11:00")).unwrap().program;
    let new = journey(&linked, "waiting");
    assert_ne!(new, id);
    assert_eq!(linked.stage(new), staged.stage(id));
    assert_eq!(linked.stage(new).map(|stage| stage.share), Some(5_000));
}

#[test]
fn a_person_looked_at_late_has_the_story_of_one_looked_at_in_time() {
    let mut cases = 0;
    for name in ["waiting", "listening", "held", "asked", "called", "calling", "compared", "settling", "many"] {
        for mode in MODES {
            let first = link::first(&program(), at("06 09:00"));
            let id = journey(&first, name);
            let pause = |stage: &mut Stage, since| stage.pause = Some(Pause { mode, since });
            let second = link::staged(&first, id, at("06 11:00"), pause);
            let third = link::staged(&second, id, at("07 15:00"), |stage, _| stage.pause = None);
            let event = tabi::ir::EventId(first.events.iter().position(|event| event.name == "go").unwrap() as u16);
            let story = |looked_at: &[(&Program, &str)]| {
                let engine = Engine::new(&first);
                let (mut person, mut effects) = (engine.newcomer("p"), Vec::new());
                let payload = tabi::value::Value::Record([tabi::value::Value::text(name)].into());
                for kind in [InputKind::Live, InputKind::Event { id: None, event, payload }] {
                    engine.step(&mut person, &Input { at: at("06 10:00"), kind }, &mut effects);
                }
                for (program, when) in looked_at {
                    let engine = Engine::new(program);
                    let mut look = |person: &mut Person, at| {
                        engine.step(person, &Input { at, kind: InputKind::Wake }, &mut effects);
                    };
                    // As a host does: at each wake, and when it is told of the program.
                    look(&mut person, program.live_at(program.generation()).unwrap());
                    while let Some(wake) = person.wake().filter(|wake| *wake <= at(when)) {
                        look(&mut person, wake);
                    }
                }
                format!("{effects:?} {person:?}")
            };
            let in_time = story(&[(&second, "07 14:59"), (&third, "20 10:00")]);
            assert_eq!(in_time, story(&[(&third, "20 10:00")]), "{name}, {}", mode.name());
            cases += usize::from(in_time.contains("Entered"));
        }
    }
    assert!(cases > 20, "only {cases} entered");
}

#[test]
fn nothing_leaves_before_somebody_has_looked() {
    for discards in [false, true] {
        for life in LIVES {
            let mut place = Place::new(life);
            place.stage("06 09:30", "asked", |stage, since| stage.hold = Some(Hold { first: 20, since }));
            place.go("06 10:00", "asked");
            place.pass("06 12:00");
            assert_eq!(place.sink.got.len(), 0);
            place.stage("06 12:30", "asked", |stage, generation| {
                stage.hold = None;
                stage.discarded = discards.then_some(generation);
            });
            place.pass("06 13:00");
            let expected: &[&str] = match discards {
                false => &["mail"],
                // Whoever looked wanted silence: no note stands in.
                true => &[],
            };
            let got: Vec<&str> = place.sink.got.iter().map(|(_, name, _)| name.as_str()).collect();
            assert_eq!(got, expected);
            if discards {
                assert_eq!(place.outcomes()[0], "mail discarded");
            }
            // What follows leaves.
            place.go("07 10:00", "asked");
            assert_eq!(place.sink.got.last().unwrap().1, "mail");
        }
    }
}

#[test]
fn whoever_withdraws_while_a_message_is_on_hold_gets_none() {
    let mut place = Place::new(LIVES[0]);
    place.stage("06 09:30", "many", |stage, since| stage.hold = Some(Hold { first: 20, since }));
    place.go("06 10:00", "many");
    place.tell(json!({ "type": "identify", "userId": "p", "traits": { "consent": [] } }));
    place.stage("06 12:30", "many", |stage, _| stage.hold = None);
    place.pass("06 13:00");
    assert!(place.sink.got.is_empty());
    assert_eq!(place.outcomes(), ["mail consent"]);
}
