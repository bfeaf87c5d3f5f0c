//! Experiments read from a replay and from the store of a runtime that died on the way: the same numbers.
//!
//! What the numbers should be is held where they are computed.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tabi::compile::{Settings as Compiling, compile};
use tabi::ingest::segment::Reader;
use tabi::ir::Program;
use tabi::link;
use tabi::machine::{Entry, What};
use tabi::ports::{CallOutcome, Idempotency, Outcome, Submission};
use tabi::results::{ArmReport, Book, Report, Settings, Tally, judge};
use tabi::runtime::durable::histories;
use tabi::runtime::durable::node::Work;
use tabi::simulate::{Kind, Options, SourceInput, SourceSpec, journals};
use tabi::store::imagined::ImaginedDisk;
use tabi::store::memory::Memory;
use tabi::text::{Source, Sources};
use tabi::value::{Currency, Instant, Span, Zone};

use crate::generate::Draw;
use crate::rig::{Ground, Programs, Rig, World, free};

const SHOP: &str = r#"
profile { email: email? }
event cart about profile { key: id, total: money JPY }
event purchase about profile { key: id, total: money JPY, postage: money JPY }
message nudge on webhook for transactional takes { text: text }
policy open { consent marketing }

journey reminder {
  purpose convert
  owner "@crm"
  about "Reminds of a cart, one way or the other."
  under policy open
  goal purchase(key == c.key) within 3d
  review every 3mo by "@lead"
  reentry always
  holdout 25% as reminder_control
  start when cart as c per c.key
  wait 1h
  let text = split tone { 60% plain: "Still there", 40% warm: "We kept it for you" }
  split hurry per run {
    50% now { send webhook nudge with { text: text } }
    50% later {
      wait 1d
      send webhook nudge with { text: text }
    }
  }
}
"#;

/// Everybody takes everything at once.
struct Willing;

impl World for Willing {
    fn deliver(&mut self, _: Instant, _: &Work) -> Option<Outcome> {
        Some(Outcome::Accepted { provider_id: None })
    }
    fn call(&mut self, _: Instant, _: &Work) -> Option<CallOutcome> {
        None
    }
}

fn program(text: &str) -> Program {
    let mut sources = Sources::default();
    sources.add(Source::new("shop.tabi", text));
    let settings = Compiling {
        zone: Zone::from_name("Asia/Tokyo").unwrap(),
        currency: Currency::from_code("JPY").unwrap(),
        ..Compiling::default()
    };
    let compiled = compile(&sources, &settings);
    compiled.program.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
}

/// Carts and purchases of people who are first known by one id, then by another, then by both.
fn calls(draw: &mut Draw, people: u64) -> Vec<(Instant, Json)> {
    let (mut at, mut calls) = (Instant(20_544 * 86_400_000), Vec::new());
    for n in 0..people * 12 {
        at = at.plus(Span(draw.below(40) as i64 * 60_000 + draw.below(3) as i64));
        let person = draw.below(people);
        let event = if draw.one_in(3) { "purchase" } else { "cart" };
        let key = format!("k{person}-{}", draw.below(6));
        let properties = json!({ "key": key, "total": 1_000 + draw.below(9_000), "postage": 500 });
        let mut call = json!({ "type": "track", "event": event, "messageId": format!("m{n}"),
            "timestamp": at.to_string(), "properties": properties });
        match draw.below(8) {
            0..=3 => call["userId"] = format!("u{person}").into(),
            4..=6 => call["anonymousId"] = format!("a{person}").into(),
            _ => {
                call["userId"] = format!("u{person}").into();
                call["anonymousId"] = format!("a{person}").into();
            }
        }
        calls.push((at, call));
    }
    calls
}

fn judged(program: &Program, people: &[Vec<Entry>], until: Instant) -> Report {
    let (mut book, mut tally, zone) = (Book::of(program), Tally::default(), program.project.zone);
    for entries in people {
        let lines = entries.iter().filter_map(|entry| book.line(entry)).collect();
        tally.person(&book.experiments, zone, lines);
    }
    judge(&book.experiments, &tally, &Settings { project: "shop", zone, now: Some(until), journey: None, lift: 0.2 })
}

/// Entrants and conversions of all arms.
fn sums(arms: &[ArmReport]) -> (u64, u64) {
    arms.iter().fold((0, 0), |(n, hits), arm| (n + arm.entrants, hits + arm.conversions))
}

fn replayed(program: &Program, calls: &[(Instant, Json)], until: Instant, threads: usize) -> Vec<Vec<Entry>> {
    let log: String = calls.iter().map(|(_, call)| format!("{call}\n")).collect();
    let input = SourceInput::Bytes(log.into_bytes().into());
    let source = SourceSpec { name: "log".into(), input, kind: Kind::Segment };
    let options = Options { until: Some(until), threads, ..Options::default() };
    journals(program, &[source], &options, &|_| {}).expect("a sound log").people
}

fn submitted(ground: Ground, at: Instant, call: &Json) -> Submission {
    let raw = call.to_string().into_bytes();
    let arrival = Reader::new(ground.schema).call_received(&raw, at).expect("a sound call").expect("an effect");
    let arrival = arrival.into_owned();
    Submission::Call {
        raw: raw.into(),
        arrival,
        received_at: at,
        source: "log".into(),
        generation: ground.program.generation(),
    }
}

/// The people as the store knows them, and how many merges it has seen.
fn known(rig: &mut Rig) -> (Vec<Vec<Entry>>, u64) {
    rig.checkpoint().expect("a disk that works");
    let (mut people, mut reader, mut merges) = (Vec::new(), rig.reader(), 0);
    let read = histories::everybody(&mut *reader, &mut |entries| people.push(entries)).expect("memory can be read");
    reader.merges(&mut |_| merges += 1).expect("memory can be read");
    assert_eq!((read.people, read.unreadable), (people.len() as u64, 0));
    (people, merges)
}

fn lived(ground: Ground, calls: &[(Instant, Json)], until: Instant, seed: u64) -> (Vec<Vec<Entry>>, u64) {
    let (disk, memory, mut draw) = (ImaginedDisk::new(seed), Memory::new(seed), Draw(seed));
    let open = |draw: &mut Draw| {
        let shards = 1 + draw.below(3) as usize;
        Rig::open(ground, &disk, &memory, shards, free(Idempotency::Recognisable), calls[0].0).expect("a node")
    };
    let mut rig = open(&mut draw);
    for (at, call) in calls {
        match draw.below(25) {
            0 => {
                drop(rig);
                disk.kill();
                rig = open(&mut draw);
            }
            1 | 2 => rig.checkpoint().expect("a disk that works"),
            _ => {}
        }
        rig.run_until(*at, &mut Willing).expect("a disk that works");
        rig.node.submit(submitted(ground, *at, call));
        rig.settle(*at, &mut Willing).expect("a disk that works");
    }
    rig.run_until(until, &mut Willing).expect("a disk that works");
    known(&mut rig)
}

#[test]
fn both_hosts_give_the_same_results() {
    let ground = Ground::new(program(SHOP));
    let mut mixed = 0;
    for seed in 1..=4 {
        let calls = calls(&mut Draw(seed), 40);
        let until = calls.last().unwrap().0.plus(Span(30 * 86_400_000));
        let report = |people: &[Vec<Entry>]| judged(ground.program, people, until);
        let wanted = report(&replayed(ground.program, &calls, until, 1));
        assert_eq!(wanted, report(&replayed(ground.program, &calls, until, 3)), "seed {seed}: threads change nothing");
        let (people, merges) = lived(ground, &calls, until, seed);
        assert_eq!(wanted.to_json(), report(&people).to_json(), "seed {seed}");
        assert!(merges > 5, "{merges} merges");
        let names: Vec<&str> = wanted.experiments.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["reminder_control", "tone", "hurry"]);
        let [holdout, tone, hurry] = &wanted.experiments[..] else { panic!("{wanted:?}") };
        mixed += holdout.mixed + tone.mixed;
        let ((held, _), (toned, converted), (runs, _)) = (sums(&holdout.arms), sums(&tone.arms), sums(&hurry.arms));
        assert!(held >= toned && runs > toned && converted > 0, "{held} {toned} {runs} {converted}");
        assert_eq!(holdout.money[0].currency, "JPY");
        let per = holdout.money[0].arms[1].per_entrant;
        assert!(per > 500.0, "the total counts, not the postage: {per}");
    }
    assert!(mixed > 0, "somebody whose two ids had met two arms");
}

/// Three versions one after the other: the same people, in phases of their own.
#[test]
fn a_changed_experiment_begins_a_new_phase() {
    let calls = calls(&mut Draw(9), 30);
    let until = calls.last().unwrap().0.plus(Span(30 * 86_400_000));
    let changes = [calls[120].0, calls[240].0];
    let shares = SHOP.replace("60% plain", "70% plain").replace("40% warm", "30% warm");
    let way = format!("# A comment, and another way.\n{}", shares.replace("wait 1h", "wait 2h"));

    let programs = Programs::default();
    let mut live = link::first(&program(SHOP), calls[0].0);
    programs.put(live.clone());
    let (disk, memory) = (ImaginedDisk::new(1), Memory::new(1));
    let mut ground = Ground::new(live.clone());
    let (no_limit, now) = (free(Idempotency::Recognisable), calls[0].0);
    let mut rig = Rig::open_among(&programs, ground, &disk, &memory, 2, no_limit, now, false).expect("a node");
    for (n, (at, call)) in calls.iter().enumerate() {
        rig.run_until(*at, &mut Willing).expect("a disk that works");
        let next = match n {
            120 => Some(&shares),
            240 => Some(&way),
            _ => None,
        };
        if let Some(text) = next {
            let linked = link::link(&live, &program(text), *at).expect("they can follow");
            programs.put(linked.program);
            let generation = live.generation() + 1;
            live = programs.get(generation, *at).expect("it was put there");
            rig.node.submit(Submission::Change { generation, bundle: live.bundle() });
            rig.settle(*at, &mut Willing).expect("a disk that works");
            ground = Ground::new(live.clone());
        }
        rig.node.submit(submitted(ground, *at, call));
        rig.settle(*at, &mut Willing).expect("a disk that works");
    }
    rig.run_until(until, &mut Willing).expect("a disk that works");
    let (people, _) = known(&mut rig);
    let report = judged(&live, &people, until);

    let phases: Vec<(&str, u32, bool)> =
        report.experiments.iter().map(|e| (e.name.as_str(), e.phase, e.current)).collect();
    let of = |name: &str| phases.iter().filter(|phase| phase.0 == name).copied().collect::<Vec<_>>();
    assert_eq!(of("tone"), [("tone", 1, false), ("tone", 2, false), ("tone", 3, true)]);
    assert_eq!(of("hurry"), [("hurry", 1, false), ("hurry", 2, true)], "its shares stayed, its journey did not");
    // By hand: the people who met the split under each version.
    let split = |name: &str| live.splits.iter().position(|split| split.name == name).unwrap();
    let met = |entry: &Entry| matches!(entry.what, What::Arm { split: at, .. } if at.index() == split("tone"));
    let version = |entry: &Entry| (entry.journey, changes[0] <= entry.at);
    let mut wanted = [0; 3];
    for entries in &people {
        let versions: BTreeSet<_> = entries.iter().filter(|entry| met(entry)).map(version).collect();
        for (journey, later) in versions {
            wanted[usize::from(later) + usize::from(live.since(journey) == 3)] += 1;
        }
    }
    let tone: Vec<u64> = report.experiments.iter().filter(|e| e.name == "tone").map(|e| sums(&e.arms).0).collect();
    assert_eq!(tone, wanted);
    assert!(tone.iter().all(|n| *n > 5), "{tone:?}");
    // Only of the first phase it is not known any more what its shares were.
    let checked: Vec<bool> =
        report.experiments.iter().filter(|e| e.name == "tone").map(|e| e.dealing.is_some()).collect();
    assert_eq!(checked, [false, true, true]);
}
