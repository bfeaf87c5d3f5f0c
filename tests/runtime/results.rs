//! Experiments read from a replay and from the store of a runtime that died on the way: the same numbers.
//!
//! What the numbers should be is held where they are computed.

use serde_json::{Value as Json, json};
use tabi::compile::{Settings as Compiling, compile};
use tabi::ingest::segment::Reader;
use tabi::ir::Program;
use tabi::machine::Entry;
use tabi::ports::{CallOutcome, Idempotency, Outcome, Submission};
use tabi::results::{Book, Report, Settings, Tally, Version, judge};
use tabi::runtime::durable::histories;
use tabi::runtime::durable::node::Work;
use tabi::simulate::{Kind, Options, SourceInput, SourceSpec, journals};
use tabi::store::imagined::ImaginedDisk;
use tabi::store::memory::Memory;
use tabi::text::{Source, Sources};
use tabi::value::{Currency, Instant, Span, Zone};

use crate::generate::Draw;
use crate::rig::{Ground, Rig, World, free};

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

fn judged(program: &Program, book: &Book, version: &Version, people: &[Vec<Entry>], until: Instant) -> Report {
    let mut tally = Tally::new(book);
    for entries in people {
        tally.person(book, program.project.zone, entries.iter().filter_map(|entry| version.line(entry)).collect());
    }
    let zone = program.project.zone;
    judge(book, &tally, &Settings { project: "shop", zone, now: Some(until), journey: None, lift: 0.2 })
}

fn replayed(program: &Program, calls: &[(Instant, Json)], until: Instant, threads: usize) -> Vec<Vec<Entry>> {
    let log: String = calls.iter().map(|(_, call)| format!("{call}\n")).collect();
    let input = SourceInput::Bytes(log.into_bytes().into());
    let source = SourceSpec { name: "log".into(), input, kind: Kind::Segment };
    let options = Options { until: Some(until), threads, ..Options::default() };
    journals(program, &[source], &options, &|_| {}).expect("a sound log").people
}

/// The people as the store knows them, and how many merges it has seen.
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
        let raw = call.to_string().into_bytes();
        let arrival = Reader::new(ground.schema).call_received(&raw, *at).expect("a sound call").expect("an effect");
        let arrival = arrival.into_owned();
        rig.node.submit(Submission::Call {
            raw: raw.into(),
            arrival,
            received_at: *at,
            source: "log".into(),
            generation: 0,
        });
        rig.settle(*at, &mut Willing).expect("a disk that works");
    }
    rig.run_until(until, &mut Willing).expect("a disk that works");
    rig.checkpoint().expect("a disk that works");
    let (mut people, mut reader, mut merges) = (Vec::new(), rig.reader(), 0);
    let read = histories::everybody(&mut *reader, &mut |entries| people.push(entries)).expect("memory can be read");
    reader.merges(&mut |_| merges += 1).expect("memory can be read");
    assert_eq!((read.people, read.unreadable), (people.len() as u64, 0));
    (people, merges)
}

#[test]
fn both_hosts_give_the_same_results() {
    let ground = Ground::new(program(SHOP));
    let (book, version) = Book::of(ground.program);
    assert_eq!(
        book.experiments.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(),
        ["reminder_control", "tone", "hurry"]
    );
    let mut mixed = 0;
    for seed in 1..=4 {
        let calls = calls(&mut Draw(seed), 40);
        let until = calls.last().unwrap().0.plus(Span(30 * 86_400_000));
        let report = |people: &[Vec<Entry>]| judged(ground.program, &book, &version, people, until);
        let wanted = report(&replayed(ground.program, &calls, until, 1));
        assert_eq!(wanted, report(&replayed(ground.program, &calls, until, 3)), "seed {seed}: threads change nothing");
        let (people, merges) = lived(ground, &calls, until, seed);
        assert_eq!(wanted.to_json(), report(&people).to_json(), "seed {seed}");
        assert!(merges > 5, "{merges} merges");
        let [holdout, tone, hurry] = &wanted.experiments[..] else { panic!("{wanted:?}") };
        mixed += holdout.mixed + tone.mixed;
        let sum = |arms: &[tabi::results::ArmReport]| {
            arms.iter().map(|arm| (arm.entrants, arm.conversions)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
        };
        let ((held, _), (toned, converted), (runs, _)) = (sum(&holdout.arms), sum(&tone.arms), sum(&hurry.arms));
        assert!(held >= toned && runs > toned && converted > 0, "{held} {toned} {runs} {converted}");
        assert_eq!(holdout.money[0].currency, "JPY");
        let per = holdout.money[0].arms[1].per_entrant;
        assert!(per > 500.0, "the total counts, not the postage: {per}");
    }
    assert!(mixed > 0, "somebody whose two ids had met two arms");
}

#[test]
fn a_changed_arm_begins_a_new_phase() {
    let old = program(SHOP);
    let renamed = program(&SHOP.replace("60% plain", "70% plain").replace("40% warm", "30% warm"));
    let same = program(&format!("# Nothing but a comment.\n{SHOP}event other about profile {{ a: text }}\n"));
    let mut book = Book::default();
    let first = book.add(&old, &|_| false);
    let again = book.add(&same, &|_| false);
    assert_eq!(book.experiments.len(), 3, "the same experiments go on");
    let second = book.add(&renamed, &|_| false);
    let phases: Vec<(&str, u32)> = book.experiments.iter().map(|e| (e.name.as_str(), e.phase)).collect();
    assert_eq!(phases, [("reminder_control", 1), ("tone", 1), ("hurry", 1), ("tone", 2)]);

    let calls = calls(&mut Draw(9), 20);
    let until = calls.last().unwrap().0.plus(Span(30 * 86_400_000));
    let people = |program: &Program| replayed(program, &calls, until, 1);
    let mut tally = Tally::new(&book);
    for (program, version) in [(&old, &first), (&same, &again), (&renamed, &second)] {
        for entries in people(program) {
            tally.person(&book, old.project.zone, entries.iter().filter_map(|entry| version.line(entry)).collect());
        }
    }
    let entrants = |index: usize| tally.experiments[index].arms.iter().map(|arm| arm.entrants).sum::<u64>();
    assert_eq!(entrants(1), 2 * entrants(3), "two versions were one phase, the third another");

    // Whoever says that the journey means something else begins new phases of all its experiments.
    book.add(&renamed, &|journey| journey == "reminder");
    assert_eq!(book.experiments.iter().map(|e| e.phase).collect::<Vec<_>>(), [1, 1, 1, 2, 2, 3, 2]);
}
