//! A world whose disk, store, providers, clock and process fail at random, by a seed; and watchers who know the laws.
//!
//! The watchers share no code with the runtime: they see what was acknowledged, what providers got, and what the store has at
//! the end.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use tabi::compile::{Level, Settings, compile};
use tabi::diag::Code;
use tabi::ingest::Schema;
use tabi::ingest::segment::Reader;
use tabi::ir::{Channel, Hold, JourneyId, Moves, Pause, PauseMode, Planned, Program, Stage, Timing};
use tabi::link::{self, link};
use tabi::machine::{InputKind, Report};
use tabi::plan::{Heads, decide};
use tabi::ports::store::{LedgerRow, Store};
use tabi::ports::{About, CallOutcome, Idempotency, Notice, Outcome, Submission, Told};
use tabi::runtime::durable::diary::Line;
use tabi::runtime::durable::dispatcher::{Allowance, WAYS};
use tabi::runtime::durable::node::Work;
use tabi::runtime::durable::recover::Deployment;
use tabi::store::imagined::{ImaginedDisk, Odds};
use tabi::store::memory::{Memory, WriteOdds};
use tabi::text::{Source, Sources};
use tabi::value::id::fingerprint;
use tabi::value::{Instant, Span, Zone};

use crate::generate::Draw;
use crate::rig::{Ground, Programs, Rig, World, free};

/// Seeds in CI.
const SEEDS: u64 = 2_000;
/// Seeds that once broke a law. 4: a quota used up after an attempt of unknown outcome let a second message stand in.
const BROKE_ONCE: &[u64] = &[4];
const PEOPLE: u64 = 6;
const STEPS: u64 = 120;
const CAP_PER_DAY: usize = 3;
const BUDGET_PER_DAY: usize = 9;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

const SHOP: &str = include_str!("shop.tabi");

pub fn ground() -> Ground {
    ground_of(SHOP)
}

pub fn ground_of(text: &str) -> Ground {
    Ground::new(compiled(text))
}

pub fn compiled(text: &str) -> Program {
    let mut sources = Sources::default();
    sources.add(Source::new("shop.tabi", text));
    // Habits and messages without files are beside the point.
    let beside = |code: &Code| ["E03", "E09", "W"].iter().any(|range| code.name().starts_with(range));
    let levels = Code::ALL.iter().filter(|code| beside(code)).map(|code| (*code, Level::Allow)).collect();
    let settings = Settings { zone: Zone::from_name("Asia/Tokyo").unwrap(), levels, ..Settings::default() };
    let compiled = compile(&sources, &settings);
    match compiled.program {
        Some(program) => program,
        None => panic!("{:#?}", compiled.diagnostics),
    }
}

/// The other side: takes messages, sometimes without saying so.
#[derive(Default)]
struct Sinks {
    draw: Option<Draw>,
    /// By sealed key: how often it was handed over, what it was, and when first.
    taken: BTreeMap<String, Taken>,
    /// Calls by sealed key.
    called: BTreeMap<String, u32>,
    /// Sends that were taken, for reports about them.
    reportable: Vec<String>,
    /// People whose withdrawal was acknowledged, by address of every channel.
    withdrawn: BTreeSet<String>,
    broken: Vec<String>,
    calm: bool,
    /// Journeys whose stage lets nothing leave, or drops what comes due.
    standing: BTreeSet<String>,
}

struct Taken {
    times: u32,
    accepted: bool,
    /// It was taken, or may have been.
    doubtful: bool,
    channel: Channel,
    to: String,
    first: Instant,
    at_most_once: bool,
    content: String,
}

impl World for Sinks {
    fn deliver(&mut self, at: Instant, work: &Work) -> Option<Outcome> {
        let Work::Deliver { channel, delivery, .. } = work else { return None };
        let to = delivery.to.join(",");
        if self.standing.contains(&delivery.journey) {
            self.broken
                .push(format!("{at}: {} left while `{}` was paused or on hold", delivery.message, delivery.journey));
        }
        if delivery.marketing && self.withdrawn.contains(&to) {
            self.broken.push(format!("{at}: {} went to {to} who had withdrawn", delivery.message));
        }
        let content = format!("{:?}", delivery.part);
        let taken = self.taken.entry(delivery.key.clone()).or_insert_with(|| Taken {
            times: 0,
            accepted: false,
            doubtful: false,
            channel: *channel,
            to: to.clone(),
            first: at,
            at_most_once: delivery.at_most_once,
            content: content.clone(),
        });
        taken.times += 1;
        if taken.doubtful && taken.at_most_once && *channel == Channel::Sms {
            self.broken.push(format!("{at}: at most once, and handed over after it may have been taken: {to}"));
        }
        if (taken.to.as_str(), taken.content.as_str()) != (to.as_str(), content.as_str()) {
            self.broken.push(format!("{at}: one key for two messages: {} and {to}", taken.to));
        }
        let draw = self.draw.as_mut().expect("a draw");
        let fate = if self.calm { 0 } else { draw.below(16) };
        let why = || "imagined".to_owned();
        let outcome = match fate {
            // Taken, and the answer is lost.
            8 | 9 => {
                (taken.accepted, taken.doubtful) = (true, true);
                Outcome::Unknown { why: why() }
            }
            10 => {
                taken.doubtful = true;
                Outcome::Unknown { why: why() }
            }
            11 => Outcome::Later { why: why(), after: None },
            12 => Outcome::Later { why: why(), after: Some(Span(draw.below(600_000) as i64)) },
            13 => Outcome::Refused { why: why(), address: None },
            14 => Outcome::Refused { why: why(), address: Some(Report::Bounced) },
            15 if draw.one_in(4) => Outcome::Exhausted { why: why() },
            15 if draw.one_in(4) => Outcome::Misconfigured { why: why() },
            _ => {
                (taken.accepted, taken.doubtful) = (true, true);
                Outcome::Accepted { provider_id: Some(format!("id{}", self.reportable.len())) }
            }
        };
        if taken.accepted {
            self.reportable.push(delivery.key.clone());
        }
        Some(outcome)
    }
    fn call(&mut self, _: Instant, work: &Work) -> Option<CallOutcome> {
        let Work::Call { call, .. } = work else { return None };
        *self.called.entry(call.key.clone()).or_default() += 1;
        let draw = self.draw.as_mut().expect("a draw");
        let why = || "imagined".to_owned();
        Some(match if self.calm { 0 } else { draw.below(8) } {
            4 => CallOutcome::Failed { why: why() },
            5 => CallOutcome::Later { why: why(), after: None },
            6 => CallOutcome::Unknown { why: why() },
            7 => CallOutcome::Answered(json!({ "code": 7, "nonsense": [] })),
            _ => CallOutcome::Answered(json!({ "code": "c1" })),
        })
    }
}

/// Whether a call gives consent or takes it back, if it does either.
fn gives(call: &Json) -> Option<bool> {
    Some(!call["traits"].get("consent")?.as_array()?.is_empty())
}

fn addresses(call: &Json) -> [String; 3] {
    let person = call["userId"].as_str().unwrap_or_default();
    let number = &person[1..];
    [format!("{person}@example.jp"), format!("U{number}"), format!("+8190{number}")]
}

fn allowances() -> [Allowance; WAYS] {
    let mut all = free(Idempotency::Recognisable);
    all[Channel::Line.index()].idempotency = Idempotency::Within(Span(23 * 60 * MINUTE));
    all[Channel::Line.index()].per_second_max = Some(5);
    all[Channel::Sms.index()].idempotency = Idempotency::None;
    all[Channel::Sms.index()].at_once_max = 1;
    all
}

struct Storm {
    /// Journeys at other stages, in one life of four.
    stages: Option<Draw>,
    staged: usize,
    seed: u64,
    ground: Ground,
    programs: Programs,
    /// Programs by their texts, where campaigns change.
    compiled: BTreeMap<String, Program>,
    changing: bool,
    turns: u32,
    draw: Draw,
    disk: ImaginedDisk,
    memory: Memory,
    rig: Option<Rig>,
    now: Instant,
    sinks: Sinks,
    acknowledged: BTreeSet<u64>,
    /// Handed in and not acknowledged: told again until they are.
    owed: Vec<(Json, u64)>,
    next_id: u64,
    restarts: u32,
    checkpoints: u32,
    /// Calls that leave no line with a person: aliases, and events about things.
    silent: BTreeSet<u64>,
}

impl Storm {
    fn new(ground: Ground, seed: u64) -> Storm {
        let mut draw = Draw(seed);
        let day = 20_550 + draw.below(60) as i64;
        let now = Instant(day * DAY + draw.below(DAY as u64) as i64);
        let sinks = Sinks { draw: Some(Draw(seed ^ 0xabcd)), ..Sinks::default() };
        Storm {
            stages: seed.is_multiple_of(4).then_some(Draw(seed ^ 0x57a6e5)),
            staged: 0,
            seed,
            ground,
            programs: Programs::default(),
            compiled: BTreeMap::new(),
            changing: false,
            turns: 0,
            draw,
            disk: ImaginedDisk::new(seed),
            memory: Memory::new(seed),
            rig: None,
            now,
            sinks,
            acknowledged: BTreeSet::new(),
            owed: Vec::new(),
            next_id: 0,
            restarts: 0,
            checkpoints: 0,
            silent: BTreeSet::new(),
        }
    }

    /// Starts the process until it starts.
    fn rig(&mut self) -> &mut Rig {
        let mut tries = 0;
        while self.rig.is_none() {
            tries += 1;
            assert!(tries < 200, "seed {}: it does not start", self.seed);
            if tries > 20 {
                self.becalm();
            }
            let shards = 1 + self.draw.below(3) as usize;
            // The machine's clock may have been set back meanwhile.
            let now = Instant(self.now.0 - if self.draw.one_in(5) { 3 * 60 * MINUTE } else { 0 });
            let opened = Rig::open_among(
                &self.programs,
                self.standing(),
                &self.disk,
                &self.memory,
                shards,
                allowances(),
                now,
                true,
            );
            match opened {
                Ok(rig) => self.rig = Some(rig),
                Err(_) => self.crash(),
            }
        }
        self.rig.as_mut().expect("just opened")
    }
    /// The program that the store was written under last.
    fn standing(&self) -> Ground {
        let mut reader = self.memory.open().reader().expect("memory can be read");
        let kept = Deployment::kept(&mut *reader).expect("memory can be read");
        match kept.filter(|kept| kept.generation > 0) {
            Some(kept) => Ground::new(self.programs.get(kept.generation, kept.at).expect("it was put there")),
            None => self.ground,
        }
    }
    /// Other campaigns go live over whoever is inside; nobody is left undecided.
    fn turn(&mut self) {
        let text = SHOP;
        let text = match self.draw.below(6) {
            0 => text.to_owned(),
            1 => text.replace("wait 1h\n  send sms once", "wait 5h\n  send sms once"),
            2 => text.replace(
                "  wait 1d\n  send line note with { name: p.key } otherwise",
                "  send line note with { name: p.key } otherwise",
            ),
            3 => text.replace("wait up to 3h for m.clicked", "wait up to 6h for m.clicked"),
            4 => text.replace("journey thanks", "journey gratitude"),
            _ => text
                .replace(
                    "event cart about profile { key: id, total: int }",
                    "event cart about profile { coupon: text?, key: id, total: int }",
                )
                .replace("settled for 10m", "settled for 25m"),
        };
        let mut new = self.compiled.entry(text).or_insert_with_key(|text| compiled(text)).clone();
        let fate = if self.draw.one_in(2) { Planned::Stay } else { Planned::Stop };
        let keeping = self.draw.one_in(2);
        let now = self.now;
        let programs = self.programs.clone();
        let rig = self.rig();
        let live = rig.node.program();
        let from = format!("v{}", live.generation());
        let names: BTreeSet<&String> = live.live_journeys().map(|id| &live.journey(id).name).collect();
        for journey in names {
            let step = |name: &str, to: &str| {
                let timing = if keeping { Timing::KeepingDeadline } else { Timing::Restarting };
                (name.to_owned(), Planned::To { step: to.to_owned(), timing })
            };
            let steps = match journey.as_str() {
                "cart_reminder" => vec![step("wait_2", "wait_2")],
                _ => Vec::new(),
            };
            let (journey, from, others) = (journey.clone(), from.clone(), Some(fate.clone()));
            new.moves.push(Moves { journey, from, to: None, steps, others });
        }
        let Ok(mut linked) = link(live, &new, now) else { panic!("they go together") };
        let fates = decide(&linked, &Heads::new());
        let deployed = linked.program.deployed.as_deref_mut().expect("it is linked");
        deployed.changes.last_mut().expect("it is linked").redirects = fates.redirects;
        let (generation, bundle) = (linked.program.generation(), linked.program.bundle());
        // Put there before it is written down; whether it was, only the log knows after a crash.
        programs.put(linked.program);
        rig.node.submit(Submission::Change { generation, bundle });
        if rig.node.commit(now).is_err() {
            self.crash();
        }
        self.turns += 1;
    }
    /// Somebody ramps, pauses, holds or lets go on; whether that was acknowledged or not.
    fn restage(&mut self, edit: impl FnOnce(&mut Stage, u32, &mut Draw)) {
        let Some(mut draw) = self.stages.take() else { return };
        // A journal says when things came, not in which order within a moment.
        self.pass(Span(1));
        let (now, programs) = (self.now, self.programs.clone());
        let rig = self.rig();
        let live = rig.node.program();
        let journeys: Vec<JourneyId> = live.live_journeys().collect();
        let staged = link::staged(live, *draw.pick(&journeys), now, |stage, since| edit(stage, since, &mut draw));
        let (generation, bundle) = (staged.generation(), staged.bundle());
        programs.put(staged);
        rig.node.submit(Submission::Change { generation, bundle });
        match rig.node.commit(now) {
            Ok(()) => self.staged += 1,
            Err(_) => self.crash(),
        }
        self.pass(Span(1));
        self.stages = Some(draw);
    }
    fn restage_somehow(&mut self) {
        self.restage(|stage, since, draw| {
            let mode = *draw.pick(&[PauseMode::Drain, PauseMode::Freeze, PauseMode::SkipLate]);
            match draw.below(8) {
                0 => stage.share = 1 + draw.below(u64::from(Stage::WHOLE)) as u32,
                1 => stage.share = Stage::WHOLE,
                2 | 3 => stage.pause = Some(Pause { mode, since }),
                4 => stage.hold = Some(Hold { first: 20, since }),
                5 => (stage.hold, stage.discarded) = (None, Some(since)),
                _ => *stage = Stage::whole(stage.line),
            }
        });
    }
    /// Everything goes on: else somebody stands for ever, as they should.
    fn let_go_on(&mut self) {
        self.pass(Span(1));
        while let Some(line) = self.rig().node.program().stages().first().map(|stage| stage.line) {
            let (now, programs) = (self.now, self.programs.clone());
            let rig = self.rig();
            let staged = link::staged(rig.node.program(), line, now, |stage, _| *stage = Stage::whole(line));
            let (generation, bundle) = (staged.generation(), staged.bundle());
            programs.put(staged);
            rig.node.submit(Submission::Change { generation, bundle });
            if rig.node.commit(now).is_err() {
                self.crash();
            }
            self.pass(Span(1));
        }
    }
    fn note_standing(&mut self) {
        let program = self.rig().node.program();
        let stands = |stage: &&Stage| stage.stands() || stage.skips();
        let names = program.stages().iter().filter(stands).map(|stage| program.journey(stage.line).name.clone());
        self.sinks.standing = names.collect();
    }
    fn crash(&mut self) {
        self.rig = None;
        self.restarts += 1;
        match self.draw.one_in(2) {
            true => self.disk.lose_power(),
            false => self.disk.kill(),
        }
    }
    fn becalm(&mut self) {
        self.disk.set_odds(Odds::default());
        self.disk.set_capacity(None);
        self.memory.set_odds(WriteOdds::default());
    }
    fn stir(&mut self) {
        let odd = |draw: &mut Draw| if draw.one_in(3) { draw.below(1_200) as u16 } else { 0 };
        let odds = Odds {
            short: odd(&mut self.draw),
            full: odd(&mut self.draw),
            write: odd(&mut self.draw),
            sync: odd(&mut self.draw),
        };
        self.disk.set_odds(odds);
        let odds = WriteOdds { full: odd(&mut self.draw), lost: odd(&mut self.draw), kept: odd(&mut self.draw) };
        self.memory.set_odds(odds);
        if self.draw.one_in(6) {
            let after = 1 + self.draw.below(40);
            self.disk.stop_after(after);
        }
    }

    fn person(&mut self) -> String {
        format!("p{}", self.draw.below(PEOPLE))
    }
    fn call(&mut self) -> Json {
        let person = self.person();
        let key = format!("k{}", self.draw.below(4));
        let number = &person[1..];
        let call = match self.draw.below(10) {
            0 => json!({ "type": "identify", "userId": person, "traits": {
                "email": format!("{person}@example.jp"), "line_user": format!("U{number}"),
                "phone": format!("+8190{number}"), "consent": ["marketing"] } }),
            1 => json!({ "type": "identify", "userId": person, "traits": { "points": self.draw.below(9) } }),
            // Everybody has visited without a name before; nobody is anybody else.
            2 => json!({ "type": "alias", "userId": person, "previousId": format!("a{number}") }),
            3 => json!({ "type": "track", "event": "restock", "properties": { "item_id": key } }),
            4 | 5 => json!({ "type": "track", "userId": person, "event": "purchase",
                "properties": { "key": key, "total": 3 } }),
            6 => json!({ "type": "track", "anonymousId": format!("a{}", self.draw.below(PEOPLE)), "event": "cart",
                "properties": { "key": key, "total": 5 } }),
            _ => {
                json!({ "type": "track", "userId": person, "event": "cart", "properties": { "key": key, "total": 5 } })
            }
        };
        self.stamped(call)
    }
    fn stamped(&mut self, mut call: Json) -> Json {
        self.next_id += 1;
        call["messageId"] = format!("m{}-{}", self.seed, self.next_id).into();
        call["timestamp"] = self.now.to_string().into();
        call
    }

    /// Hands calls in and makes them durable; what is not acknowledged is owed.
    fn hand_in(&mut self, calls: Vec<Json>) {
        let now = self.now;
        let schema = Schema::new(self.rig().node.program());
        let schema = &schema;
        let generation = schema.generation;
        let mut ids = Vec::new();
        let mut submissions = Vec::new();
        for call in &calls {
            let raw = call.to_string().into_bytes();
            let arrival = Reader::new(schema).call_received(&raw, now).expect("a sound call");
            ids.push(call["messageId"].as_str().map(fingerprint).expect("an id"));
            let Some(arrival) = arrival else { continue };
            let arrival = arrival.into_owned();
            let raw = raw.into();
            submissions.push(Submission::Call { raw, arrival, received_at: now, source: "shop".into(), generation });
        }
        // What is not acknowledged may count all the same: whoever gives consent may be written to from now on.
        for call in calls.iter().filter(|call| gives(call) == Some(true)) {
            for address in addresses(call) {
                self.sinks.withdrawn.remove(&address);
            }
        }
        let rig = self.rig();
        submissions.into_iter().for_each(|submission| rig.node.submit(submission));
        match rig.node.commit(now) {
            Ok(()) => {
                for (call, id) in calls.iter().zip(&ids) {
                    self.acknowledge(call, *id);
                }
            }
            Err(_) => {
                self.owed.extend(calls.into_iter().zip(ids));
                self.crash();
            }
        }
    }
    fn acknowledge(&mut self, call: &Json, id: u64) {
        self.acknowledged.insert(id);
        if call["type"] == "alias" || call["event"] == "restock" {
            self.silent.insert(id);
        }
        if gives(call) == Some(false) {
            self.sinks.withdrawn.extend(addresses(call));
        }
    }

    fn step(&mut self) {
        if self.draw.one_in(3) {
            self.stir();
        }
        match self.draw.below(12) {
            0 => {
                let owed = std::mem::take(&mut self.owed);
                owed.into_iter().for_each(|(call, _)| self.hand_in(vec![call]));
            }
            1 => {
                let person = self.person();
                let given = if self.draw.one_in(2) { json!(["marketing"]) } else { json!([]) };
                // While it is on its way nobody knows: the strict watcher forgets what it knew.
                let call = json!({ "type": "identify", "userId": person, "traits": { "consent": given } });
                let call = self.stamped(call);
                self.hand_in_surely(call);
            }
            2 => self.report(),
            3 => self.crash(),
            4 => self.checkpoint(),
            5 if self.changing => self.turn(),
            _ => {
                let count = 1 + self.draw.below(4);
                let mut calls: Vec<Json> = (0..count).map(|_| self.call()).collect();
                if self.draw.one_in(4) {
                    // A client that heard nothing tells the same again.
                    calls.extend(calls.first().cloned());
                }
                self.hand_in(calls);
            }
        }
        if self.stages.as_mut().is_some_and(|draw| draw.one_in(15)) {
            self.restage_somehow();
        }
        let minutes = *self.draw.pick(&[0, 0, 1, 5, 15, 60, 200, 700]);
        self.pass(Span(minutes * MINUTE));
    }
    /// A change of consent is told until it is acknowledged, as whoever wants to be left alone would.
    fn hand_in_surely(&mut self, call: Json) {
        let id = call["messageId"].as_str().map(fingerprint).expect("an id");
        for attempt in 0..50 {
            if attempt > 20 {
                self.becalm();
            }
            self.hand_in(vec![call.clone()]);
            if self.acknowledged.contains(&id) {
                self.owed.retain(|(_, owed)| *owed != id);
                return;
            }
        }
        panic!("seed {}: nothing is acknowledged any more", self.seed);
    }
    fn report(&mut self) {
        if self.sinks.reportable.is_empty() {
            return;
        }
        let key = self.draw.pick(&self.sinks.reportable).clone();
        let report =
            *self.draw.pick(&[Report::Delivered, Report::Clicked, Report::Clicked, Report::Opened, Report::Bounced]);
        let notice = || Notice { id: None, about: About::Send(key.clone()), at: self.now, told: Told::Report(report) };
        // Providers repeat themselves.
        let notices: Vec<Notice> =
            if self.draw.0.is_multiple_of(2) { vec![notice(), notice()] } else { vec![notice()] };
        let now = self.now;
        let rig = self.rig();
        for notice in notices {
            rig.node.submit(Submission::Notice { notice, received_at: now, source: "provider".into() });
        }
        if rig.node.commit(now).is_err() {
            self.crash();
        }
    }
    fn checkpoint(&mut self) {
        // Often everybody who was not looked at lately leaves memory.
        let keep = if self.checkpoints.is_multiple_of(3) { 10_000 } else { 0 };
        match self.rig().checkpoint_keeping(keep) {
            Ok(()) => self.checkpoints += 1,
            Err(_) => self.crash(),
        }
    }
    /// Lets time pass; whenever the process dies, it is started again.
    fn pass(&mut self, span: Span) {
        let to = self.now.plus(span);
        for attempt in 0..100 {
            if attempt > 30 {
                self.becalm();
            }
            self.note_standing();
            let mut sinks = std::mem::take(&mut self.sinks);
            let came = self.rig().run_until(to, &mut sinks);
            self.sinks = sinks;
            if came.is_ok() && self.rig().node.failed.is_none() {
                self.now = to;
                return;
            }
            self.crash();
        }
        panic!("seed {}: time does not pass", self.seed);
    }

    fn finish(mut self) -> Result<Seen, String> {
        self.becalm();
        let owed = std::mem::take(&mut self.owed);
        owed.into_iter().for_each(|(call, _)| self.hand_in(vec![call]));
        self.sinks.calm = true;
        self.let_go_on();
        // Long enough for every wait, retry and hold; the morning letter needs events, of which there are none.
        self.pass(Span(3 * DAY));
        self.pass(Span(40 * DAY));
        self.checkpoint();
        self.judge()
    }

    fn judge(mut self) -> Result<Seen, String> {
        let mut broken = std::mem::take(&mut self.sinks.broken);
        let rig = self.rig();
        let mut reader = rig.reader();
        let mut seats = Vec::new();
        reader
            .people(0, &mut |seat, _| {
                seats.push(seat);
                true
            })
            .expect("memory can be read");
        let (mut known, mut ledger): (BTreeSet<u64>, Vec<LedgerRow>) = Default::default();
        for seat in &seats {
            let person = rig.person(*seat).expect("listed");
            if let Err(differs) = rig.replay(*seat) {
                broken.push(format!("{} replayed: {differs}", person.id()));
            }
            if !person.runs().is_empty() {
                broken.push(format!("{} is stuck: {:?}", person.id(), person.runs()));
            }
        }
        // What was written of somebody before a merge stays under their old seat.
        for seat in 0..100 {
            for line in rig.lines(seat) {
                if let Line::Taken(input) = line
                    && let InputKind::Event { id: Some(id), .. } | InputKind::Profile { id: Some(id), .. } = input.kind
                {
                    known.insert(id);
                }
            }
        }
        // Rows stand under the seat of the time of the order.
        for seat in 0..100 {
            ledger.extend(reader.ledger(seat).expect("memory can be read"));
        }
        reader.pending(&mut |key, _| broken.push(format!("still pending: {key:?}"))).expect("memory can be read");
        self.judge_ledger(&ledger, &mut broken);
        // Aliases and things leave no line with a person.
        let lost: Vec<&u64> = self.acknowledged.difference(&self.silent).filter(|id| !known.contains(id)).collect();
        if !lost.is_empty() {
            broken.push(format!("{} acknowledged calls are lost", lost.len()));
        }
        if !broken.is_empty() {
            return Err(broken.join("\n"));
        }
        Ok(Seen {
            lives: 1,
            acknowledged: self.acknowledged.len(),
            messages: self.sinks.taken.len(),
            repeats: self.sinks.taken.values().filter(|t| t.times > 1).count(),
            restarts: self.restarts,
            checkpoints: self.checkpoints,
            staged: self.staged,
            turns: self.turns,
        })
    }
    fn judge_ledger(&self, ledger: &[LedgerRow], broken: &mut Vec<String>) {
        let secret = crate::rig::secret();
        let mut rows: BTreeMap<String, &LedgerRow> = BTreeMap::new();
        for row in ledger.iter().filter(|row| !row.key.is_call) {
            if rows.insert(row.key.send().sealed(&secret), row).is_some() {
                broken.push(format!("two ledger rows: {row:?}"));
            }
        }
        let tokyo = Zone::from_name("Asia/Tokyo").unwrap();
        let mut budget: BTreeMap<_, usize> = BTreeMap::new();
        for (key, taken) in &self.sinks.taken {
            let Some(row) = rows.get(key) else {
                broken.push(format!("a message without a ledger row: {key}"));
                continue;
            };
            if taken.accepted && !["accepted", "unknown"].contains(&row.outcome.as_str()) {
                broken.push(format!("taken, and yet: {row:?}"));
            }
            if taken.channel == Channel::Email {
                *budget.entry(tokyo.date(taken.first)).or_default() += 1;
            }
        }
        for (day, n) in budget.iter().filter(|(_, n)| **n > BUDGET_PER_DAY) {
            broken.push(format!("{n} mails on {day}, the budget is {BUDGET_PER_DAY}"));
        }
        for (key, row) in rows.iter().filter(|(_, row)| row.outcome == "accepted") {
            if !self.sinks.taken.get(key).is_some_and(|taken| taken.accepted) {
                broken.push(format!("the ledger says accepted, nobody got it: {row:?}"));
            }
        }
        let mut sent: BTreeMap<(String, _), usize> = BTreeMap::new();
        let counts = |taken: &Taken| taken.channel != Channel::Webhook && taken.doubtful;
        for (key, taken) in self.sinks.taken.iter().filter(|(_, taken)| counts(taken)) {
            if let Some(row) = rows.get(key) {
                *sent.entry((taken.to.clone(), tokyo.date(row.ordered_at))).or_default() += 1;
            }
        }
        // By address: a person has three, so that this is the weaker law; the machine's own tests have the stricter one.
        for ((to, day), n) in sent.iter().filter(|(_, n)| **n > CAP_PER_DAY) {
            broken.push(format!("{n} messages to {to} on {day}, the cap is {CAP_PER_DAY}"));
        }
    }
}

#[derive(Debug, Default)]
struct Seen {
    staged: usize,
    lives: u32,
    acknowledged: usize,
    messages: usize,
    repeats: usize,
    restarts: u32,
    checkpoints: u32,
    turns: u32,
}

impl Seen {
    fn add(&mut self, other: &Seen) {
        self.lives += other.lives;
        self.acknowledged += other.acknowledged;
        self.messages += other.messages;
        self.repeats += other.repeats;
        self.restarts += other.restarts;
        self.checkpoints += other.checkpoints;
        self.staged += other.staged;
        self.turns += other.turns;
    }
}

fn live(ground: Ground, seed: u64) -> Result<Seen, String> {
    let mut storm = Storm::new(ground, seed);
    storm.programs.put(ground.program.clone());
    for _ in 0..STEPS {
        storm.step();
    }
    storm.finish()
}

/// The same while other campaigns go live over whoever is inside.
fn changing_life(ground: Ground, seed: u64) -> Result<Seen, String> {
    let mut storm = Storm::new(ground, seed);
    storm.changing = true;
    storm.programs.put(ground.program.clone());
    for _ in 0..STEPS {
        storm.step();
    }
    storm.finish()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn no_law_is_broken_whatever_fails() {
    let ground = Ground::new(link::first(&compiled(SHOP), Instant(0)));
    let seeds: Vec<u64> = match number("TABI_FAULT_SEED") {
        Some(seed) => vec![seed],
        None => BROKE_ONCE.iter().copied().chain(0..number("TABI_FAULT_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let one = seeds.len() == 1;
    let mut seen = Seen::default();
    for seed in seeds {
        match live(ground, seed) {
            Ok(life) => seen.add(&life),
            Err(broken) => panic!("TABI_FAULT_SEED={seed}:\n{broken}"),
        }
    }
    println!("{seen:?}");
    assert!(
        one || (seen.messages > 1_000 && seen.repeats > 100 && seen.restarts > 500),
        "too little happened: {seen:?}"
    );
}

/// Seeds in CI of lives in which campaigns change.
const CHANGING_SEEDS: u64 = 100;

#[test]
fn no_law_is_broken_while_campaigns_change() {
    let ground = Ground::new(link::first(&compiled(SHOP), Instant(0)));
    let seeds: Vec<u64> = match number("TABI_FAULT_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("TABI_FAULT_SEEDS").unwrap_or(CHANGING_SEEDS)).collect(),
    };
    let one = seeds.len() == 1;
    let mut seen = Seen::default();
    for seed in seeds {
        match changing_life(ground, seed) {
            Ok(life) => seen.add(&life),
            Err(broken) => panic!("TABI_FAULT_SEED={seed}:\n{broken}"),
        }
    }
    println!("{seen:?}");
    assert!(one || (seen.turns > 100 && seen.messages > 200 && seen.restarts > 100), "too little happened: {seen:?}");
}
