//! Random projects and random lives: the simulator reads a log, the durable runtime takes the same calls one by one and dies
//! in between, and both tell the same story of everybody.
//!
//! Expects nothing of the stories themselves.

use serde_json::{Value as Json, json};
use tabi::compile::compile;
use tabi::ingest::segment::Reader;
use tabi::machine::Person;
use tabi::ports::{CallOutcome, Idempotency, Outcome, Submission};
use tabi::render::plain;
use tabi::runtime::durable::node::Work;
use tabi::simulate::counts::Scene;
use tabi::simulate::{Kind, Options, SourceInput, SourceSpec, simulate, story, timeline};
use tabi::store::imagined::ImaginedDisk;
use tabi::store::memory::Memory;
use tabi::text::{Source, Sources};
use tabi::value::{Instant, Span, Value};

use crate::generate::{self, Draw, ZONES};
use crate::rig::{Ground, Programs, Rig, World, free};
use crate::whys::{Asking, settings};

/// Lives in CI: projects times people.
const PROJECTS: u64 = 700;
const PEOPLE: u64 = 3;
/// Projects whose lives are also explained and rehearsed.
const EXPLAINED: u64 = 40;
const CALLS: u64 = 40;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// After the last call everything may run on for so long.
const CALM: Span = Span(60 * DAY);

/// Takes everything, and answers as the simulator's paper does.
struct Paper {
    ground: Ground,
}

impl World for Paper {
    fn deliver(&mut self, _: Instant, _: &Work) -> Option<Outcome> {
        Some(Outcome::Accepted { provider_id: None })
    }
    fn call(&mut self, _: Instant, work: &Work) -> Option<CallOutcome> {
        let Work::Call { call, .. } = work else { return None };
        let program = self.ground.program;
        let action = program.actions.iter().position(|a| a.name == call.action)?;
        let imagined = timeline::imagined_answer(program, action, call.now);
        let Value::Record(values) = &imagined else { return None };
        Some(CallOutcome::Answered(plain::object(program, &program.actions[action].gives, values)))
    }
}

fn ground(seed: u64) -> Ground {
    let mut sources = Sources::default();
    sources.add(Source::new("generated.tabi", generate::project(seed)));
    let compiled = compile(&sources, &settings());
    Ground::new(compiled.program.unwrap_or_else(|| panic!("seed {seed}: {:#?}", compiled.diagnostics)))
}

/// Calls in order of time.
fn calls(draw: &mut Draw, has_zone: bool) -> Vec<(Instant, Json)> {
    let days = *draw.pick(&[20_515, 20_520, 20_535, 20_750, 20_755]) + draw.below(20) as i64;
    let mut at = Instant(days * DAY + draw.below(DAY as u64) as i64);
    let mut calls = Vec::new();
    for n in 0..CALLS {
        at = at.plus(Span(*draw.pick(&[0, 1, 7, 60, 300, 1_500]) * MINUTE + draw.below(3) as i64));
        let number = draw.below(PEOPLE);
        let (person, key) = (format!("p{number}"), format!("k{}", draw.below(3)));
        let mut call = match draw.below(12) {
            0..=2 if n < 8 => {
                let mut traits = json!({ "email": format!("{person}@example.jp"), "line_user": format!("U{number}"),
                    "phone": format!("+8190{number}"), "points": draw.below(100), "consent": ["marketing"] });
                if has_zone && draw.one_in(2) {
                    traits["timezone"] = (*draw.pick(&ZONES)).into();
                }
                json!({ "type": "identify", "userId": person, "traits": traits })
            }
            0 => json!({ "type": "identify", "userId": person, "traits": { "points": draw.below(100) } }),
            1 => {
                let given = if draw.one_in(2) { json!(["marketing"]) } else { json!([]) };
                json!({ "type": "identify", "userId": person, "traits": { "consent": given } })
            }
            2 => json!({ "type": "track", "event": "restock", "properties": { "key": key, "total": draw.below(100) } }),
            3 => json!({ "type": "track", "userId": person, "event": "Email Bounced", "properties": {} }),
            4 | 5 => json!({ "type": "track", "userId": person, "event": "purchase",
                "properties": { "key": key, "total": draw.below(100) } }),
            6 => json!({ "type": "track", "userId": person, "event": "visit", "properties": { "page": "x" } }),
            _ => {
                let due = at.plus(Span(draw.below(10 * DAY as u64) as i64 - DAY));
                let due = if draw.one_in(4) { Json::Null } else { due.to_string().into() };
                json!({ "type": "track", "userId": person, "event": "cart",
                    "properties": { "key": key, "total": draw.below(100), "due": due } })
            }
        };
        call["messageId"] = format!("m{n}").into();
        call["timestamp"] = at.to_string().into();
        calls.push((at, call));
    }
    calls
}

/// What journeys did to one person, line by line; what happened at one second has no order here, since two stories of one
/// person may have been joined.
fn sorted(lines: Vec<story::StoryLine>) -> Vec<String> {
    let told = lines.into_iter().filter(|line| line.journey.is_some());
    let mut told: Vec<String> =
        told.map(|line| format!("{} {} {}", line.time, line.journey.unwrap_or_default(), line.words.en)).collect();
    told.sort();
    told
}

fn simulated(ground: Ground, calls: &[(Instant, Json)], until: Instant, id: &str) -> Option<Vec<String>> {
    let log: String = calls.iter().map(|(_, call)| format!("{call}\n")).collect();
    let input = SourceInput::Bytes(log.into_bytes().into());
    let source = SourceSpec { name: "log".into(), input, kind: Kind::Segment };
    let options = Options { until: Some(until), trace: Some(id.to_owned()), ..Options::default() };
    let outcome = simulate(ground.program, &[source], &options, &|_| {}).ok()?;
    Some(sorted(outcome.trace?.lines))
}

struct Runtime {
    ground: Ground,
    disk: ImaginedDisk,
    memory: Memory,
    draw: Draw,
}

impl Runtime {
    fn open(&mut self, now: Instant) -> Rig {
        let shards = 1 + self.draw.below(3) as usize;
        let allowances = free(Idempotency::Recognisable);
        Rig::open_among(&Programs::default(), self.ground, &self.disk, &self.memory, shards, allowances, now, false)
            .expect("a node")
    }
    /// Takes the calls, with deaths in between; the node at the end.
    fn live(&mut self, calls: &[(Instant, Json)], until: Instant) -> Rig {
        let mut paper = Paper { ground: self.ground };
        let mut rig = self.open(calls[0].0);
        for (at, call) in calls {
            match self.draw.below(8) {
                0 => {
                    drop(rig);
                    self.disk.kill();
                    // Up again at once: schedules that come due while nobody runs fire late.
                    rig = self.open(calls[0].0);
                }
                1 => rig.checkpoint().expect("a disk that works"),
                _ => {}
            }
            rig.run_until(*at, &mut paper).expect("a disk that works");
            let raw = call.to_string().into_bytes();
            let arrival = Reader::new(self.ground.schema).call_received(&raw, *at).expect("a sound call");
            if let Some(arrival) = arrival {
                let arrival = arrival.into_owned();
                rig.node.submit(Submission::Call {
                    raw: raw.into(),
                    arrival,
                    received_at: *at,
                    source: "log".into(),
                    generation: 0,
                });
            }
            rig.settle(*at, &mut paper).expect("a disk that works");
        }
        rig.run_until(until, &mut paper).expect("a disk that works");
        rig.checkpoint().expect("a disk that works");
        rig
    }
}

fn lived(rig: &Rig, id: &str) -> Option<Vec<String>> {
    let program = rig.ground.program;
    let seat = rig.node.identities().find(id)?;
    let zone = rig.person(seat).as_ref().and_then(|person: &Person| match person.field(program.person.zone?) {
        Value::Zone(zone) => Some(*zone),
        _ => None,
    });
    let scenes = rig.node.seats_of(seat).into_iter().flat_map(|seat| rig.lines(seat)).filter_map(Scene::of).collect();
    Some(sorted(story::of(program, id, zone.unwrap_or(program.project.zone), scenes, 0).lines))
}

#[test]
fn random_lives_tell_the_same_story_in_both() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("TABI_LIFE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TABI_LIVES").map_or(PROJECTS, |lives| lives / PEOPLE),
    };
    let one = seeds.end - seeds.start == 1;
    let (mut lives, mut lines) = (0, 0);
    let mut asking = Asking::default();
    for seed in seeds {
        let ground = ground(seed);
        let mut draw = Draw(seed ^ 0x5eed);
        let calls = calls(&mut draw, ground.program.person.zone.is_some());
        let until = calls.last().expect("calls").0.plus(CALM);
        let (disk, memory) = (ImaginedDisk::new(seed), Memory::new(seed));
        let rig = Runtime { ground, disk, memory, draw }.live(&calls, until);
        for number in 0..PEOPLE {
            let id = format!("p{number}");
            let (wanted, came) = (simulated(ground, &calls, until, &id), lived(&rig, &id));
            if wanted != came {
                let only = |a: &Option<Vec<String>>, b: &Option<Vec<String>>| {
                    let (a, b) = (a.clone().unwrap_or_default(), b.clone().unwrap_or_default());
                    a.into_iter().filter(|line| !b.contains(line)).collect::<Vec<_>>().join("\n  ")
                };
                panic!(
                    "TABI_LIFE_SEED={seed}, {id}\nonly in the simulator:\n  {}\nonly in the runtime:\n  {}",
                    only(&wanted, &came),
                    only(&came, &wanted)
                );
            }
            if let Some(seat) = rig.node.identities().find(&id) {
                let same = rig.replay(seat);
                assert!(same.is_ok(), "TABI_LIFE_SEED={seed}, {id}: {}", same.unwrap_err());
                if one || seed < EXPLAINED {
                    asking.about(seed, ground.engine, &rig.past(seat), rig.node.now());
                }
            }
            lives += 1;
            lines += came.map_or(0, |lines| lines.len());
        }
    }
    println!("{lives} lives, {lines} lines; {asking:?}");
    assert!(one || (asking.branches > 20 && asking.refusals > 100), "too little was explained: {asking:?}");
    assert!(one || asking.tests > 2 * (asking.unsayable + asking.personal), "too few runs became tests: {asking:?}");
    assert!(one || lines > 5_000, "too little happened: {lines} lines");
}
