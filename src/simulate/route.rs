//! One pass over the sources: whose an arrival is, when it happens in virtual time, and which host takes it.
//!
//! Virtual time is the latest arrival so far and never goes back; an event's own time stays in its payload.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ingest::limits::EARLIEST;
use crate::ingest::mapping::Mapping;
use crate::ingest::{Arrival, Schema, Signal, Tally, Traits, What};
use crate::ir::{Op, Program};
use crate::machine::{Engine, Entry, InputKind, Report};
use crate::ports::Seat;
use crate::runtime::identity::Resolved;
use crate::runtime::{Budgets, Host, Identities, Order};
use crate::value::{Instant, Value, Zone};

use super::counts::{Counts, JourneyCounts, Scene};
use super::paper::{Deciding, Paper, Refused};
use super::personal::Personal;
use super::shards::{Command, Lanes, Shard};
use super::sources::{self, Fault, Intake, Keep, Side, SourceSpec};
use super::story::{self, Story};
use super::{Options, SimulateError};

/// What a pass needs, and what it is restricted to.
pub struct Pass<'e, 'p> {
    pub engine: &'e Engine<'p>,
    pub schema: &'e Schema,
    pub sources: &'e [SourceSpec],
    pub options: &'e Options,
    /// Ids whose story is kept.
    pub watched: BTreeSet<String>,
    /// Whether it is kept what each person met.
    pub personal: bool,
    /// Whether the lines of entries, arms and goals are kept.
    pub lines: bool,
    /// Only the people with these ids, as an earlier pass saw them.
    pub only: Option<Only>,
}

/// A second pass for the stories of a few.
pub struct Only {
    ids: BTreeSet<String>,
    keep: Option<Keep>,
    /// When the first pass went live.
    start: Option<Instant>,
    refused: BTreeSet<Refused>,
}

/// What a pass over everybody found.
pub struct Passed {
    pub tally: Tally,
    pub journeys: Vec<JourneyCounts>,
    pub live: Vec<u64>,
    pub settling: Vec<u64>,
    pub hours: BTreeMap<i64, u64>,
    /// Messages by seat, of people who are still there.
    pub messages: Vec<u32>,
    /// The seat with the most messages; of several the first seen.
    pub worst: Option<Seat>,
    pub people: u64,
    pub heap_bytes: u64,
    pub identities: Identities,
    pub start: Option<Instant>,
    pub end: Option<Instant>,
    /// Events older than the project's `max_event_age` when they arrived: history only.
    pub late: u64,
    /// Lines later than `until`.
    pub after_until: u64,
    /// Seats that were watched, and what was seen of them.
    watched: Watched,
    /// By seat; empty unless asked for.
    pub personal: Vec<Personal>,
    pub lines: Vec<Vec<Entry>>,
    refused: Vec<Refused>,
    thing_names: Vec<Box<str>>,
}

/// What was seen of those who were watched, by seat.
struct Watched {
    scenes: Vec<(Seat, Scene)>,
    left_out: u64,
    zones: Vec<(Seat, Zone)>,
}

impl Passed {
    fn ids_of(&self, seats: &[Seat]) -> BTreeSet<String> {
        seats.iter().flat_map(|seat| self.identities.ids_of(*seat)).map(|id| id.to_string()).collect()
    }
    /// What stands in every line that can concern people with these ids; `None` where lines cannot be told apart so.
    fn texts_of(&self, ids: &BTreeSet<String>) -> Option<BTreeSet<String>> {
        let is_plain = |id: &String| id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:@+".contains(&b));
        (self.tally.out_of_order == 0 && ids.iter().all(is_plain))
            .then(|| ids.iter().cloned().chain(self.thing_names.iter().map(|n| n.to_string())).collect())
    }
    /// The same for people by their seats.
    pub fn texts_of_seats(&self, seats: &[Seat]) -> Option<BTreeSet<String>> {
        self.texts_of(&self.ids_of(seats))
    }
    /// The story of a person who was watched; `None` if nobody has the id.
    pub fn story_of(&self, program: &Program, id: &str) -> Option<Story> {
        let seat = self.identities.find(id)?;
        // Watched by one of several ids, someone else may have been seen under it too.
        let own = |other: &Seat| self.identities.root(*other) == seat;
        let scenes = self.watched.scenes.iter().filter(|(s, _)| own(s)).map(|(_, scene)| scene.clone()).collect();
        let zone = self.watched.zones.iter().find(|(s, _)| own(s)).map(|(_, zone)| *zone);
        let zone = zone.unwrap_or(program.project.zone);
        Some(story::of(program, self.identities.name(seat), zone, scenes, self.watched.left_out))
    }
}

impl<'e, 'p> Pass<'e, 'p> {
    pub fn run(&self, progress: &dyn Fn(u64)) -> Result<Passed, SimulateError> {
        let mappings = self.mappings()?;
        let side = Side { schema: self.schema, mappings: &mappings };
        let keep = self.only.as_ref().and_then(|o| o.keep.clone());
        let mut intake = Intake::open(&[side], self.sources, self.options.strict, keep).map_err(|(_, error)| error)?;
        std::thread::scope(|scope| {
            let lanes = Lanes::open(self.shards(), self.options.threads <= 1, scope);
            let router = RefCell::new(Router::new(self, lanes));
            let read = intake.run(&mut |_, arrival| router.borrow_mut().take(arrival), &mut |bytes| progress(bytes));
            read.map_err(|(_, error)| error)?;
            let mut router = router.into_inner();
            router.finish();
            let (tally, things) = intake.close().swap_remove(0);
            Ok(self.collect(router, tally, things))
        })
    }

    /// Both passes over one reading. Where both schemas understand every line alike, it is understood once too.
    pub fn run_with(&self, other: &Self, progress: &dyn Fn(u64)) -> Result<(Passed, Passed), Fault> {
        let zone = |pass: &Self| pass.engine.program().project.zone;
        let alike = self.schema == other.schema && zone(self) == zone(other);
        let mappings = (self.mappings().map_err(|error| (0, error))?, other.mappings().map_err(|error| (1, error))?);
        let sides =
            [Side { schema: self.schema, mappings: &mappings.0 }, Side { schema: other.schema, mappings: &mappings.1 }];
        let sides = if alike { &sides[..1] } else { &sides[..] };
        let mut intake = Intake::open(sides, self.sources, self.options.strict, None)?;
        std::thread::scope(|scope| {
            let here = self.options.threads <= 1;
            let one = RefCell::new(Router::new(self, Lanes::open(self.shards(), here, scope)));
            let two = RefCell::new(Router::new(other, Lanes::open(other.shards(), here, scope)));
            let mut each = |side: usize, arrival: Arrival<'_>| match (alike, side) {
                (true, _) => {
                    one.borrow_mut().take(arrival.clone());
                    two.borrow_mut().take(arrival);
                }
                (false, 0) => one.borrow_mut().take(arrival),
                (false, _) => two.borrow_mut().take(arrival),
            };
            intake.run(&mut each, &mut |bytes| progress(bytes))?;
            let (mut one, mut two) = (one.into_inner(), two.into_inner());
            one.finish();
            two.finish();
            let mut closed = intake.close();
            let (tally, things) = closed.swap_remove(0);
            let (other_tally, other_things) = closed.pop().unwrap_or_else(|| (tally.clone(), things.clone()));
            Ok((self.collect(one, tally, things), other.collect(two, other_tally, other_things)))
        })
    }

    fn mappings(&self) -> Result<Vec<Option<Mapping>>, SimulateError> {
        sources::mappings(self.sources, self.schema, self.engine.program().project.zone)
    }

    /// One thread is for reading; the others step. Budgets are decided in order of time, so they need one host.
    fn shards(&self) -> Vec<Shard<'e, 'p>> {
        let program = self.engine.program();
        let alone = self.only.is_some() || Budgets::are_declared(program);
        let count = if alone { 1 } else { self.options.threads.saturating_sub(1).max(1) };
        let shard = |_| {
            let deciding = match &self.only {
                Some(only) => Deciding::Before(only.refused.clone()),
                None => Deciding::Now { budgets: Budgets::new(program), refused: Vec::new() },
            };
            let paper = Paper::new(self.engine, deciding, &self.options.response, self.options.seed);
            let mut counts = if self.personal { Counts::of_everyone(program) } else { Counts::new(program) };
            counts.lines = self.lines.then(Vec::new);
            let counts = if self.options.reach { counts.with_reach() } else { counts };
            Shard { host: Host::new(self.engine, self.order(), paper, counts) }
        };
        (0..count).map(shard).collect()
    }

    /// Timers are taken person by person where nobody can tell: no budget is shared, no answer comes later, and no
    /// journey moves people to zones that schedules do not know yet.
    fn order(&self) -> Order {
        let program = self.engine.program();
        let moves = |op: &Op| matches!(op, Op::Set { field, .. } if program.person.zone == Some(*field));
        let moved = program.journeys.iter().flat_map(|j| &j.code).any(|i| moves(&i.op));
        let reacts = self.options.response.channels.iter().any(Option::is_some);
        match Budgets::are_declared(program) || moved || reacts {
            true => Order::ByTime,
            false => Order::ByPerson,
        }
    }

    fn collect(&self, router: Router<'_, '_, 'e, 'p>, mut tally: Tally, thing_names: Vec<Box<str>>) -> Passed {
        let program = self.engine.program();
        let Router { lanes, identities, start, now, late, after_until, out_of_order, .. } = router;
        tally.out_of_order = out_of_order;
        let lanes_count = lanes.len();
        let mut finished = lanes.finish();
        let mut counts = Counts::new(program);
        let mut messages = vec![0; identities.len()];
        let (mut live, mut settling) = (vec![0; program.journeys.len()], vec![0; program.journeys.len()]);
        let (mut people, mut heap_bytes, mut refused) = (0, identities.heap_bytes() as u64, Vec::new());
        let mut watched = Watched { scenes: Vec::new(), left_out: 0, zones: Vec::new() };
        let mut personal = vec![Personal::default(); if self.personal { identities.len() } else { 0 }];
        let mut lines = vec![Vec::new(); if self.lines { identities.len() } else { 0 }];
        for (lane, shard) in finished.iter_mut().enumerate() {
            counts.absorb(&shard.counts);
            for (seat, n) in shard.counts.messages.iter().enumerate() {
                messages[seat * lanes_count + lane] = *n;
            }
            live.iter_mut().zip(&shard.live).for_each(|(a, b)| *a += b);
            settling.iter_mut().zip(&shard.settling).for_each(|(a, b)| *a += b);
            people += shard.people;
            heap_bytes += shard.heap_bytes;
            refused.append(&mut shard.refused);
            let global = |seat: Seat| seat * lanes_count as Seat + lane as Seat;
            let (scenes, zones) = (shard.counts.scenes.drain(..), shard.watched_zones.drain(..));
            watched.scenes.extend(scenes.map(|(seat, scene)| (global(seat), scene)));
            watched.zones.extend(zones.map(|(seat, zone)| (global(seat), zone)));
            watched.left_out += shard.counts.scenes_left_out;
            for (seat, met) in shard.counts.people.iter_mut().flat_map(|(_, people)| people.drain(..)).enumerate() {
                personal[global(seat as Seat) as usize] = met;
            }
            for (seat, kept) in shard.counts.lines.iter_mut().flat_map(|lines| lines.drain(..)).enumerate() {
                lines[global(seat as Seat) as usize] = kept;
            }
        }
        let most = messages.iter().copied().max().filter(|n| *n > 0);
        let worst = most.and_then(|most| messages.iter().position(|n| *n == most)).map(|seat| seat as Seat);
        Passed {
            tally,
            journeys: counts.journeys,
            live,
            settling,
            hours: counts.hours,
            messages,
            worst,
            people,
            heap_bytes,
            identities,
            start,
            end: start.map(|_| now),
            late,
            after_until,
            watched,
            personal,
            lines,
            refused,
            thing_names,
        }
    }

    /// Replays these people alone and tells their stories, in their order. Lines that cannot concern them are not even
    /// parsed, unless the input was out of order: then every line counts for the clock.
    pub fn stories_of(&self, first: &Passed, seats: &[Seat]) -> Result<Vec<Story>, SimulateError> {
        if seats.is_empty() {
            return Ok(Vec::new());
        }
        let ids = first.ids_of(seats);
        let keep = first.texts_of(&ids).map(|texts| Keep::new(texts.iter().map(String::as_str)));
        let only =
            Only { ids: ids.clone(), keep, start: first.start, refused: first.refused.iter().cloned().collect() };
        let options = Options { strict: false, threads: 1, until: first.end, ..self.options.clone() };
        let pass = Pass { options: &options, watched: ids, personal: false, lines: false, only: Some(only), ..*self };
        let passed = pass.run(&|_| {})?;
        let program = self.engine.program();
        let story = |seat: &Seat| {
            let name = first.identities.name(*seat);
            let told = passed.story_of(program, name);
            told.unwrap_or_else(|| story::of(program, name, program.project.zone, Vec::new(), 0))
        };
        Ok(seats.iter().map(story).collect())
    }
}

struct Router<'a, 'scope, 'e, 'p> {
    pass: &'a Pass<'e, 'p>,
    lanes: Lanes<'scope, 'e, 'p>,
    identities: Identities,
    start: Option<Instant>,
    now: Instant,
    /// What is known from before the first timed line.
    before: Vec<Arrival<'static>>,
    late: u64,
    after_until: u64,
    out_of_order: u64,
}

impl<'a, 'scope, 'e: 'scope, 'p: 'scope + 'e> Router<'a, 'scope, 'e, 'p> {
    fn new(pass: &'a Pass<'e, 'p>, lanes: Lanes<'scope, 'e, 'p>) -> Self {
        let mut router = Router {
            pass,
            lanes,
            identities: Identities::default(),
            start: None,
            now: Instant(i64::MIN),
            before: Vec::new(),
            late: 0,
            after_until: 0,
            out_of_order: 0,
        };
        if let Some(start) = pass.only.as_ref().and_then(|o| o.start) {
            router.go_live(start);
        }
        router
    }

    fn take(&mut self, arrival: Arrival<'_>) {
        if self.is_foreign(&arrival) {
            // Only the clock hears of it.
            if let Some(at) = arrival.at.filter(|at| self.pass.options.until.is_none_or(|until| *at <= until)) {
                self.now = self.now.max(at);
            }
            return;
        }
        match (arrival.at, self.start) {
            (None, None) => self.before.push(sources::owned(arrival)),
            (None, Some(_)) => self.dispatch(arrival, true),
            (Some(at), started) => {
                if self.pass.options.until.is_some_and(|until| at > until) {
                    self.after_until += 1;
                    return;
                }
                if started.is_none() {
                    self.go_live(at);
                }
                self.out_of_order += u64::from(at < self.now);
                self.now = self.now.max(at);
                self.dispatch(arrival, false);
            }
        }
    }

    /// A second pass looks at one person only.
    fn is_foreign(&self, arrival: &Arrival) -> bool {
        let Some(only) = &self.pass.only else { return false };
        let who = &arrival.who;
        let named = [who.user.as_deref(), who.anonymous.as_deref()];
        let anybody = named.iter().any(Option::is_some);
        anybody && !named.into_iter().flatten().any(|id| only.ids.contains(id))
    }

    fn go_live(&mut self, at: Instant) {
        self.start = Some(at);
        self.now = at;
        for lane in 0..self.lanes.len() {
            self.lanes.give(lane, Command::Start(at));
        }
        let before = std::mem::take(&mut self.before);
        let mut seats = BTreeSet::new();
        for arrival in before {
            seats.extend(self.introduce_known(arrival));
        }
        for seat in seats {
            self.give(seat, at, InputKind::Live);
        }
    }

    /// A profile from before the start: it sets no journey going.
    fn introduce_known(&mut self, arrival: Arrival<'_>) -> Option<Seat> {
        let resolved = self.identities.resolve(arrival.who.user.as_deref(), arrival.who.anonymous.as_deref())?;
        self.note(resolved, &arrival, None);
        if let What::Profile { traits, .. } = arrival.what {
            self.introduce(resolved.seat, traits);
        }
        Some(resolved.seat)
    }

    fn dispatch(&mut self, arrival: Arrival<'_>, untimed: bool) {
        let user = arrival.who.user.as_deref();
        let anonymous = arrival.who.anonymous.as_deref();
        let resolved = match &arrival.what {
            What::Alias { previous } => user.or(anonymous).map(|id| self.identities.alias(id, previous)),
            What::Event { .. } | What::Profile { .. } | What::Signal { .. } => self.identities.resolve(user, anonymous),
        };
        let Some(resolved) = resolved else {
            if let What::Event { event, payload, .. } = arrival.what {
                for lane in 0..self.lanes.len() {
                    self.lanes.give(lane, Command::FanOut { at: self.now, event, payload: payload.clone() });
                }
            }
            return;
        };
        let silent = untimed && resolved.new;
        self.note(resolved, &arrival, arrival.introduction.as_ref());
        if resolved.new && !silent {
            self.give(resolved.seat, self.now, InputKind::Live);
        }
        match arrival.what {
            What::Alias { .. } => {}
            What::Profile { traits, .. } if silent => {
                self.introduce(resolved.seat, traits);
                self.give(resolved.seat, self.now, InputKind::Live);
            }
            What::Profile { id, traits } => {
                let Traits { fields, consent } = traits;
                self.give(resolved.seat, self.now, InputKind::Profile { id, fields, consent });
            }
            What::Event { id, event, payload } => {
                self.late += u64::from(self.is_late(&payload));
                self.give(resolved.seat, self.now, InputKind::Event { id, event, payload });
            }
            What::Signal { channel, signal } => {
                self.give(resolved.seat, self.now, InputKind::Reach { channel, report: report_of(signal) });
            }
        }
    }

    /// Makes a new seat known to its host, or joins two that are one person.
    fn note(&mut self, resolved: Resolved, arrival: &Arrival<'_>, introduction: Option<&Traits>) {
        if resolved.new {
            let id: Arc<str> = self.identities.name(resolved.seat).clone();
            let watched = &self.pass.watched;
            let named = [arrival.who.user.as_deref(), arrival.who.anonymous.as_deref()];
            let watched = !watched.is_empty() && named.into_iter().flatten().any(|id| watched.contains(id));
            let (lane, _) = self.place(resolved.seat);
            self.lanes.give(lane, Command::Newcomer { id, watched, at: self.now });
            if let Some(traits) = introduction {
                self.introduce(resolved.seat, traits.clone());
            }
        }
        if let Some(gone) = resolved.absorb {
            let (from, into) = (self.place(gone), self.place(resolved.seat));
            self.lanes.move_person(from, into, self.now);
        }
    }

    fn introduce(&mut self, seat: Seat, traits: Traits) {
        let (lane, seat) = self.place(seat);
        self.lanes.give(lane, Command::Introduce { seat, at: self.now, traits: Box::new(traits) });
    }

    fn give(&mut self, seat: Seat, at: Instant, kind: InputKind) {
        let (lane, seat) = self.place(seat);
        self.lanes.give(lane, Command::Take { seat, at, kind });
    }

    /// Seats are dealt out in turn, so a host's own numbers are dense.
    fn place(&self, seat: Seat) -> (usize, Seat) {
        let lanes = self.lanes.len() as Seat;
        ((seat % lanes) as usize, seat / lanes)
    }

    fn is_late(&self, payload: &Value) -> bool {
        let max = self.pass.engine.program().project.max_event_age;
        match payload {
            Value::Record(fields) => matches!(fields.last(), Some(Value::Instant(own)) if self.now.since(*own) > max),
            _ => false,
        }
    }

    /// After the last line: those of whom nothing but a profile is known, and the time until the end.
    fn finish(&mut self) {
        if self.start.is_none() && !self.before.is_empty() {
            self.go_live(self.pass.options.until.unwrap_or(EARLIEST));
        }
        if self.start.is_none() {
            return;
        }
        self.now = self.now.max(self.pass.options.until.unwrap_or(self.now));
        for lane in 0..self.lanes.len() {
            self.lanes.give(lane, Command::Advance(self.now));
        }
    }
}

fn report_of(signal: Signal) -> Report {
    match signal {
        Signal::Bounced => Report::Bounced,
        Signal::Complained => Report::Complained,
        Signal::Unsubscribed => Report::Unsubscribed,
        Signal::Blocked => Report::Blocked,
        Signal::Unblocked => Report::Unblocked,
    }
}
