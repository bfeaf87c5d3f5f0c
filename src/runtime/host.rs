//! Keeps people in memory and takes their inputs in order of time, with the timers, answers and ticks in between.
//!
//! Has no clock: the time is that of the latest input. Where orders go and who reads the journal is behind the ports.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use crate::ir::{EventId, FieldId, PurposeId};
use crate::machine::{Effect, Engine, Input, InputKind, Person, RunNo, What};
use crate::ports::{Answer, Joined, Journal, Outbox, Seat, Taken};
use crate::value::{Instant, Value};

use super::people::{Everyone, People};
use super::ticks::Ticks;

/// In what order the people's own timers are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Over all people in order of time: what the outbox shares among them is decided as it would be.
    ByTime,
    /// Each person's only when they are next looked at: the same for each of them, and much cheaper. Only for an outbox
    /// that decides on each person alone and whose answers all come at once.
    ByPerson,
}

pub struct Host<'e, 'p, O, J, P = Everyone> {
    engine: &'e Engine<'p>,
    order: Order,
    pub people: P,
    /// Wakes at this moment or later are not noted: whoever keeps the people at rest says when they come near.
    horizon: Instant,
    /// One live entry per person; others are stale and do nothing.
    wakes: BinaryHeap<Reverse<(Instant, Seat)>>,
    later: BinaryHeap<Reverse<Later>>,
    ticks: Ticks<'p>,
    now: Instant,
    /// Given to answers, so that those of one moment keep their order.
    sequence: u64,
    pub outbox: O,
    pub journal: J,
    effects: Vec<Effect>,
    answers: Vec<Answer>,
    turns: VecDeque<InputKind>,
}

/// An answer that is due later.
#[derive(Debug)]
struct Later {
    at: Instant,
    sequence: u64,
    seat: Seat,
    kind: InputKind,
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Later {}
impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Later {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

/// A person on the way to another seat, with the answers that are still due.
#[derive(Debug)]
pub struct Leaving {
    from: Seat,
    pub person: Person,
    answers: Vec<Answer>,
}

impl<'e, 'p, O: Outbox, J: Journal> Host<'e, 'p, O, J> {
    pub fn new(engine: &'e Engine<'p>, order: Order, outbox: O, journal: J) -> Self {
        Host::over(Everyone::default(), engine, order, outbox, journal)
    }
    /// Gives a seat to someone new.
    pub fn seat(&mut self, id: impl Into<Arc<str>>) -> Seat {
        self.people.add(Person::new(id))
    }
    /// Everyone, without those who were merged into others.
    pub fn people(&self) -> impl Iterator<Item = (Seat, &Person)> {
        self.people.iter()
    }
}

impl<'e, 'p, O: Outbox, J: Journal, P: People> Host<'e, 'p, O, J, P> {
    pub fn over(people: P, engine: &'e Engine<'p>, order: Order, outbox: O, journal: J) -> Self {
        Host {
            engine,
            order,
            people,
            horizon: Instant::NEVER,
            wakes: BinaryHeap::new(),
            later: BinaryHeap::new(),
            ticks: Ticks::new(engine.program()),
            now: Instant(i64::MIN),
            sequence: 0,
            outbox,
            journal,
            effects: Vec::new(),
            answers: Vec::new(),
            turns: VecDeque::new(),
        }
    }

    /// The program goes live: from here on there are ticks.
    pub fn start(&mut self, at: Instant) {
        self.now = at;
        self.ticks.start(at);
    }
    /// Another program runs from here on; people go through the change when they are next looked at.
    pub fn follow(&mut self, engine: &'e Engine<'p>) {
        self.engine = engine;
        self.ticks = self.ticks.following(engine.program(), self.now);
    }
    pub fn engine(&self) -> &'e Engine<'p> {
        self.engine
    }
    pub fn now(&self) -> Instant {
        self.now
    }
    pub fn person(&self, seat: Seat) -> Option<&Person> {
        self.people.chair(seat).and_then(|c| c.person.as_ref())
    }
    pub fn person_mut(&mut self, seat: Seat) -> Option<&mut Person> {
        self.people.chair_mut(seat).and_then(|c| c.person.as_mut())
    }
    /// The next moment at which something is due by itself.
    pub fn next_due(&self) -> Option<Instant> {
        let wake = self.wakes.peek().map(|w| w.0.0);
        let later = self.later.peek().map(|l| l.0.at);
        [wake, later, self.ticks.next_at()].into_iter().flatten().min()
    }
    /// From now on, wakes before this moment are noted; those of people at rest are handed in.
    pub fn look_ahead(&mut self, horizon: Instant, near: impl Iterator<Item = (Seat, Instant)>) {
        self.horizon = horizon;
        for (seat, at) in near {
            match self.people.chair(seat) {
                Some(_) => self.queue_wake(seat),
                None => self.wakes.push(Reverse((at, seat))),
            }
        }
    }

    /// What was known of the person before: starts nothing.
    pub fn introduce(&mut self, seat: Seat, fields: &[(FieldId, Value)], consent: &[(PurposeId, bool)], at: Instant) {
        let engine = self.engine;
        if let Some(person) = self.person_mut(seat) {
            engine.record_profile(person, fields, consent, at);
        }
        self.note_zone(seat);
    }

    /// Lets everything happen to everyone that is due up to and at a moment.
    pub fn advance(&mut self, to: Instant) {
        self.pass(to);
        for seat in 0..self.people.seats_end() {
            self.catch_up(seat, to);
        }
    }

    /// What is due to one person alone and was left for later.
    fn catch_up(&mut self, seat: Seat, to: Instant) {
        if self.order == Order::ByTime {
            return;
        }
        while let Some(due) = self.person(seat).and_then(Person::wake).filter(|due| *due <= to) {
            self.turn(seat, due, InputKind::Wake);
        }
    }

    /// Lets time pass: in order of time, everything that is due up to and at a moment; by person, ticks only.
    pub fn pass(&mut self, to: Instant) {
        loop {
            let wake = self.wakes.peek().map(|w| w.0.0);
            let later = self.later.peek().map(|l| l.0.at);
            let tick = self.ticks.next_at();
            let Some(at) = [wake, later, tick].into_iter().flatten().min().filter(|at| *at <= to) else { break };
            self.now = self.now.max(at);
            if wake == Some(at) {
                self.take_wake();
            } else if later == Some(at) {
                if let Some(Reverse(Later { seat, kind, .. })) = self.later.pop() {
                    self.turn(seat, at, kind);
                }
            } else {
                self.take_ticks(at);
            }
        }
        self.now = self.now.max(to);
    }

    /// One input for one person, after everything that is due before it. A time that lies back counts as now.
    pub fn take(&mut self, seat: Seat, at: Instant, kind: InputKind) {
        self.pass(at);
        self.catch_up(seat, self.now);
        let heeds_zone = matches!(kind, InputKind::Profile { .. });
        self.turn(seat, self.now, kind);
        if heeds_zone {
            self.note_zone(seat);
        }
    }

    /// An event about a thing, for everyone it may concern.
    pub fn fan_out(&mut self, at: Instant, event: EventId, payload: &Value) {
        self.pass(at);
        let journeys = self.ticks.fanned_out_by(event);
        if journeys.is_empty() {
            return;
        }
        for seat in 0..self.people.seats_end() {
            self.catch_up(seat, self.now);
            for journey in &journeys {
                self.turn(seat, self.now, InputKind::Tick { journey: *journey, payload: Some(payload.clone()) });
            }
        }
    }

    /// Takes a person away, to be merged elsewhere.
    pub fn leave(&mut self, seat: Seat, at: Instant) -> Option<Leaving> {
        self.pass(at);
        self.people.fetch(seat);
        self.catch_up(seat, self.now);
        if self.person(seat)?.generation() != self.engine.program().generation() {
            self.turn(seat, self.now, InputKind::Wake);
        }
        let person = self.people.chair_mut(seat)?.person.take()?;
        let (own, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.later).into_iter().partition(|l| l.0.seat == seat);
        self.later = others.into();
        let mut own: Vec<Later> = own.into_iter().map(|l| l.0).collect();
        own.sort();
        let answers = own.into_iter().map(|l| Answer { at: l.at, kind: l.kind }).collect();
        Some(Leaving { from: seat, person, answers })
    }

    /// Joins someone who left another seat into the person of this one, and says what was added to their run numbers.
    pub fn join(&mut self, seat: Seat, leaving: Leaving, at: Instant) -> Option<u32> {
        self.pass(at);
        self.people.fetch(seat);
        self.catch_up(seat, self.now);
        let now = self.now;
        let engine = self.engine;
        let mut effects = std::mem::take(&mut self.effects);
        let person = self.person_mut(seat)?;
        let (id, before) = (leaving.person.id().clone(), person.generation());
        let base = engine.merge(person, leaving.person, now, &mut effects);
        let generation = person.generation();
        self.effects = effects;
        if generation != before {
            self.journal.changed(seat, now, generation);
        }
        self.journal.joined(seat, &Joined { at: now, from: leaving.from, id, base });
        for Answer { at, kind } in leaving.answers {
            self.postpone(seat, at, renumbered(kind, base));
        }
        self.perform(seat, now);
        self.run_turns(seat, now);
        self.note_zone(seat);
        Some(base)
    }

    fn take_wake(&mut self) {
        let Some(Reverse((at, seat))) = self.wakes.pop() else { return };
        self.people.fetch(seat);
        if self.people.chair(seat).is_none_or(|chair| chair.queued != at) {
            return;
        }
        let Some(chair) = self.people.chair_mut(seat) else { return };
        chair.queued = Instant::NEVER;
        match chair.person.as_ref().and_then(Person::wake) {
            Some(due) if due <= at => self.turn(seat, at, InputKind::Wake),
            Some(_) => self.queue_wake(seat),
            None => {}
        }
    }

    fn take_ticks(&mut self, at: Instant) {
        for tick in self.ticks.take(at) {
            for seat in 0..self.people.seats_end() {
                let engine = self.engine;
                let meant = |zone| self.person(seat).is_some_and(|p| engine.zone(p, tick.journey) == zone);
                if tick.zone.is_none_or(meant) {
                    self.catch_up(seat, at);
                    self.turn(seat, at, InputKind::Tick { journey: tick.journey, payload: None });
                }
            }
        }
    }

    fn turn(&mut self, seat: Seat, at: Instant, kind: InputKind) {
        self.people.fetch(seat);
        self.turns.push_back(kind);
        self.run_turns(seat, at);
    }

    /// Inputs of this moment until nothing more comes back at once.
    fn run_turns(&mut self, seat: Seat, at: Instant) {
        while let Some(kind) = self.turns.pop_front() {
            let Some(person) = self.people.chair_mut(seat).and_then(|c| c.person.as_mut()) else { continue };
            let input = Input { at, kind };
            let told = without_idle_refusals(person, &input);
            let (told, consent) = match &told {
                Some((told, changes)) => (told, changes.then(|| consents_of(&input))),
                None => (&input, None),
            };
            let (first, before) = (!person.is_known(), person.generation());
            let heeded = self.engine.step(person, &input, &mut self.effects);
            let generation = person.generation();
            if generation != before {
                self.journal.changed(seat, at, generation);
            }
            self.journal.taken(seat, &Taken { input: told, consent, heeded, first });
            self.perform(seat, at);
        }
        self.queue_wake(seat);
    }

    /// Hands out the effects of a step.
    fn perform(&mut self, seat: Seat, at: Instant) {
        if self.effects.is_empty() {
            return;
        }
        let mut zone_written = false;
        let Some(person) = self.people.chair(seat).and_then(|c| c.person.as_ref()) else { return };
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Journal(entry) => {
                    zone_written |=
                        matches!(entry.what, What::Set { field } if Some(field) == self.engine.program().person.zone);
                    self.journal.wrote(seat, &entry);
                }
                Effect::Passed(passage) => self.journal.passed(seat, &passage),
                Effect::Looked(_) => {}
                Effect::Send(order) => self.outbox.send(seat, person, at, order, &mut self.answers),
                Effect::Call(call) => self.outbox.call(seat, person, at, call, &mut self.answers),
            }
        }
        let mut answers = std::mem::take(&mut self.answers);
        for answer in answers.drain(..) {
            if answer.at <= at {
                self.turns.push_back(answer.kind);
            } else {
                self.postpone(seat, answer.at, answer.kind);
            }
        }
        self.answers = answers;
        if zone_written {
            self.note_zone(seat);
        }
    }

    fn postpone(&mut self, seat: Seat, at: Instant, kind: InputKind) {
        self.sequence += 1;
        self.later.push(Reverse(Later { at, sequence: self.sequence, seat, kind }));
    }

    /// Keeps the promise that the person's next wake is in the heap. A wake that moved back leaves the earlier entry
    /// where it is: when that comes up, it is put back.
    fn queue_wake(&mut self, seat: Seat) {
        if self.order == Order::ByPerson {
            return;
        }
        let Some(chair) = self.people.chair(seat) else { return };
        let Some(due) = chair.person.as_ref().and_then(Person::wake) else { return };
        if due < chair.queued && due < self.horizon {
            self.wakes.push(Reverse((due, seat)));
            if let Some(chair) = self.people.chair_mut(seat) {
                chair.queued = due;
            }
        }
    }

    /// A zone that people have needs ticks of its own on `local` schedules.
    fn note_zone(&mut self, seat: Seat) {
        let Some(field) = self.engine.program().person.zone.filter(|_| self.ticks.are_local()) else { return };
        if let Some(Value::Zone(zone)) = self.person(seat).map(|p| p.field(field).clone()) {
            self.ticks.note_zone(zone, self.now);
        }
    }
}

/// The input as a story tells it: a whole set of consents refuses every purpose it leaves out, and who never gave one
/// withdraws nothing. None if there is no such refusal. With it, whether what is left out makes a difference to the person.
fn without_idle_refusals(person: &Person, input: &Input) -> Option<(Input, bool)> {
    let InputKind::Profile { id, fields, consent } = &input.kind else { return None };
    let withdraws = |(purpose, given): &(PurposeId, bool)| *given || person.consents_to(*purpose);
    if consent.iter().all(withdraws) {
        return None;
    }
    let is_new = |(purpose, _): &(PurposeId, bool)| !person.has_withdrawn(*purpose);
    let is_twice = |(i, (purpose, _)): (usize, &(PurposeId, bool))| consent[..i].iter().any(|(p, _)| p == purpose);
    let changes =
        consent.iter().any(|given| !withdraws(given) && is_new(given)) || consent.iter().enumerate().any(is_twice);
    let consent = consent.iter().copied().filter(withdraws).collect();
    let kind = InputKind::Profile { id: *id, fields: fields.clone(), consent };
    Some((Input { at: input.at, kind }, changes))
}
fn consents_of(input: &Input) -> &[(PurposeId, bool)] {
    match &input.kind {
        InputKind::Profile { consent, .. } => consent,
        InputKind::Event { .. }
        | InputKind::Wake
        | InputKind::Report { .. }
        | InputKind::Reach { .. }
        | InputKind::Answer { .. }
        | InputKind::Approval { .. }
        | InputKind::Tick { .. }
        | InputKind::Live => &[],
    }
}

/// Run numbers of a merged person go on behind those of the one they joined.
fn renumbered(kind: InputKind, base: u32) -> InputKind {
    let behind = |run: RunNo| RunNo(run.0 + base);
    match kind {
        InputKind::Report { mut send, report } => {
            send.run = behind(send.run);
            InputKind::Report { send, report }
        }
        InputKind::Answer { mut call, result } => {
            call.run = behind(call.run);
            InputKind::Answer { call, result }
        }
        InputKind::Event { .. }
        | InputKind::Profile { .. }
        | InputKind::Wake
        | InputKind::Reach { .. }
        | InputKind::Approval { .. }
        | InputKind::Tick { .. }
        | InputKind::Live => kind,
    }
}
