//! The one who writes the log and hands everything on in its order: who is who, what the clock starts, what may leave.
//!
//! Has no clock, no threads and no network of its own: time, disks and outcomes are handed in, and what is to be done is
//! handed out. The same calls give the same records and the same effects.
//!
//! One round: [`Node::submit`] what came, [`Node::commit`] it (durable, then applied), [`Node::advance`] to now, take
//! [`Node::work`] and perform it, and bring back what came of it. `live` does so for real, tests in imagined worlds.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ingest::{Arrival, Schema};
use crate::ir::{Channel, JourneyId, Program};
use crate::machine::{Engine, Words};
use crate::ports::store::{Checkpoint, Log, PendingKey, Position, StoreError};
use crate::ports::{Call, CallOutcome, Delivery, Outcome, Scope, Seat, Submission, Told};
use crate::runtime::{Budgets, Identities, ticks::Ticks};
use crate::value::{Instant, Value, Zone};

use super::apply::{ADDRESS_MARK, heard_as};
use super::dispatcher::{self, Dispatcher, Next, Waiting, way_of};
use super::lanes::Lanes;
use super::library::Library;
use super::outfit::Outfit;
use super::record::{Ending, Record, What};
use super::resident::Shelf;
use super::shard::{Command, Figures, Piece, Ready, Up};

/// Seats ticked by one record: a fan-out over everybody is many small pieces, with others' inputs in between.
const CHUNK_SEATS: u32 = 1_000;
/// Orders that may wait for dispatch before fan-outs pause: what stands on a blocked channel holds up no other, until there
/// is so much of it that events would soon be turned away.
const WAITING_FOR_FAN_OUT_MAX: usize = 20_000;
const PENDING_FOR_FAN_OUT_MAX: usize = 250_000;
/// Attempts begun in one round.
const PICKED_MAX: usize = 512;
/// People of whom something was heard since: more are looked through for those that matter to nothing any more.
const TOUCHED_MAX: usize = 10_000;
/// Ids of notices that were heard lately.
const HEARD_MAX: usize = 100_000;

/// What is to be performed outside; what came of it is brought back under the same key.
#[derive(Debug)]
pub enum Work {
    Deliver { key: PendingKey, channel: Channel, delivery: Box<Delivery> },
    Call { key: PendingKey, call: Box<Call> },
}

impl Work {
    pub fn key(&self) -> PendingKey {
        match self {
            Work::Deliver { key, .. } | Work::Call { key, .. } => *key,
        }
    }
}

/// A record on its way into the log, with what was read of it already.
pub(super) struct Staged {
    what: What,
    arrival: Option<Arrival<'static>>,
}

/// Ticks of many people that go on in pieces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Job {
    pub id: u64,
    pub journeys: Vec<JourneyId>,
    pub zone: Option<Zone>,
    pub payload: Option<Value>,
    /// The program goes live for them.
    pub live: bool,
    pub next: Seat,
    pub end: Seat,
}

/// What a node counts since it was opened.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    pub records: u64,
    pub calls: u64,
    pub notices: u64,
    pub dead: u64,
    /// Calls of people who were forgotten, or under ids that nobody may use.
    pub turned_away: u64,
    pub ticks: u64,
    pub merges: u64,
    pub attempts: [u64; dispatcher::WAYS],
    pub checkpoints: u64,
}

pub struct Node<'s, 'e, 'p> {
    pub(super) engine: &'e Engine<'p>,
    pub(super) library: Box<dyn Library<'e, 'p> + 'e>,
    pub(super) schema: &'e Schema,
    pub(super) outfit: Arc<Outfit>,
    pub(super) log: Box<dyn Log>,
    pub(super) shelf: Shelf,
    pub(super) lanes: Lanes<'s, 'e, 'p>,
    pub(super) identities: Identities,
    /// Seats merged into others, and what was added to their run numbers.
    pub(super) merges: HashMap<Seat, (Seat, u32)>,
    pub(super) tombstones: HashSet<[u8; 16]>,
    pub(super) ticks: Ticks<'p>,
    pub(super) jobs: VecDeque<Job>,
    pub(super) dispatcher: Dispatcher,
    pub(super) budgets: Budgets<'p>,
    /// The program that was started last.
    pub(super) started: Option<[u8; 32]>,
    pub(super) stops: BTreeSet<Scope>,
    pub(super) heard: (HashSet<u64>, VecDeque<u64>),
    pub(super) now: Instant,
    pub(super) replaying: bool,
    /// Nothing new is handed out any more.
    pub(super) closing: bool,
    pub(super) staged: Vec<Staged>,
    /// Made ready, and to leave when the attempt is durable.
    pub(super) prepared: Vec<Work>,
    pub(super) out: Vec<Work>,
    /// What is being made ready or waits to leave, and how many records had been applied when that began.
    pub(super) making: HashMap<PendingKey, u64>,
    /// Of whom something was heard that may forbid a message, and how many records had been applied then.
    pub(super) touched: HashMap<Seat, u64>,
    pub(super) changes: Checkpoint,
    pub(super) dead_next: u64,
    /// What people took back since the last checkpoint: it is in what was written before, too.
    pub(super) unsent: Vec<(Seat, Words)>,
    /// Statements of consent within the record that is applied.
    pub(super) statements: (Position, u32),
    pub(super) horizon: Instant,
    pub(super) cutting: Option<Cutting>,
    /// Of the last checkpoint.
    pub(super) cut_at: Position,
    /// Waits for approvals that nobody was told of yet.
    pub approvals: Vec<Approval>,
    pub counters: Counters,
    pub figures: Vec<Figures>,
    /// Why nothing that happened since may be kept.
    pub failed: Option<String>,
}

/// Somebody waits for an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub person: String,
    pub journey: String,
    pub by: String,
}

/// A checkpoint that is being gathered.
pub(super) struct Cutting {
    pub checkpoint: Checkpoint,
    pub missing: usize,
}

impl<'e, 'p> Node<'_, 'e, 'p> {
    pub fn program(&self) -> &'p Program {
        self.engine.program()
    }
    pub fn now(&self) -> Instant {
        self.now
    }
    pub fn engine(&self) -> &'e Engine<'p> {
        self.engine
    }
    pub fn identities(&self) -> &Identities {
        &self.identities
    }
    pub fn dispatcher(&self) -> &Dispatcher {
        &self.dispatcher
    }
    pub fn stops(&self) -> &BTreeSet<Scope> {
        &self.stops
    }
    pub fn log_end(&self) -> Position {
        self.log.end()
    }
    pub fn jobs_waiting(&self) -> usize {
        self.jobs.len()
    }

    /// Takes a submission in; it counts once it is committed.
    pub fn submit(&mut self, submission: Submission) {
        let (what, arrival) = match submission {
            Submission::Call { raw, arrival, received_at, source, generation } => {
                // What another schema understood is read again.
                let arrival = Some(arrival).filter(|_| generation == self.program().generation());
                (What::Call { received_at, source, raw: raw.into_vec() }, arrival)
            }
            Submission::Notice { notice, received_at, source } => {
                let is_event = matches!(notice.told, Told::Event { .. });
                let heard = heard_as(&source, notice.id.as_deref(), is_event);
                // Not even in the log, which may be replayed when it is forgotten that this is a repeat.
                if heard.is_some_and(|heard| !self.note_heard(heard)) {
                    return;
                }
                (What::of(Submission::Notice { notice, received_at, source }), None)
            }
            other => (What::of(other), None),
        };
        self.staged.push(Staged { what, arrival });
    }
    pub(super) fn stage(&mut self, what: What) {
        self.staged.push(Staged { what, arrival: None });
    }
    pub fn has_staged(&self) -> bool {
        !self.staged.is_empty()
    }

    /// Makes everything that was staged durable, at one moment, and applies it in order. After an error nothing of it was
    /// applied and the node must be opened anew.
    pub fn commit(&mut self, now: Instant) -> Result<(), StoreError> {
        self.now = self.now.max(now);
        while !self.staged.is_empty() {
            let staged = std::mem::take(&mut self.staged);
            let at = self.now;
            let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(staged.len()));
            for Staged { what, .. } in &staged {
                bytes = Record::put(at, what, bytes);
                ends.push(bytes.len());
            }
            let begins = std::iter::once(0).chain(ends.iter().copied());
            let slices: Vec<&[u8]> = begins.zip(&ends).map(|(begin, end)| &bytes[begin..*end]).collect();
            let first = self.log.end();
            self.log.append(&slices).and_then(|()| self.log.sync()).inspect_err(|error| {
                self.failed.get_or_insert(error.to_string());
            })?;
            let generation = self.program().generation();
            for (index, Staged { what, arrival }) in staged.into_iter().enumerate() {
                let arrival = arrival.filter(|_| generation == self.program().generation());
                self.apply(Position(first.0 + index as u64), at, what, arrival);
            }
            self.out.append(&mut self.prepared);
            self.lanes.flush();
            self.hear();
            self.recall();
        }
        Ok(())
    }
    /// Something was heard of this person that may forbid a message which was made ready before.
    pub(super) fn touch(&mut self, seat: Seat) {
        if self.making.is_empty() {
            self.touched.clear();
        } else {
            self.touched.insert(seat, self.counters.records);
        }
    }
    fn is_outdated(&self, key: PendingKey, picked: u64) -> bool {
        let (owner, _) = self.current(key.seat, 0);
        self.touched.get(&owner).is_some_and(|touched| *touched > picked)
    }
    /// What was looked at before something was heard of its person is looked at again, and what was stopped meanwhile stays.
    fn recall(&mut self) {
        if self.touched.is_empty() && self.stops.is_empty() {
            return;
        }
        if self.touched.len() > TOUCHED_MAX {
            let oldest = self.making.values().min().copied().unwrap_or(u64::MAX);
            self.touched.retain(|_, touched| *touched > oldest);
        }
        for work in std::mem::take(&mut self.out) {
            let key = work.key();
            let is_outdated = self.making.get(&key).is_some_and(|picked| self.is_outdated(key, *picked));
            match is_outdated || self.dispatcher.is_stopped(key) {
                true => {
                    self.making.remove(&key);
                    self.dispatcher.hold(key, self.now);
                }
                false => self.out.push(work),
            }
        }
    }
    /// Nothing new is handed out from now on; what was placed leaves when the node is opened again.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Lets time pass: timers, and what may leave. What follows is staged.
    pub fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if let Err(error) = self.look_ahead() {
            self.failed.get_or_insert(error.to_string());
        }
        self.lanes.advance(self.now);
        self.lanes.flush();
        self.hear();
        self.pick();
        self.lanes.flush();
        self.hear();
    }
    /// Stages what schedules bring now, and the next piece of a fan-out. Apart from [`Node::advance`], for whoever wants
    /// to see what timers brought come to rest before.
    pub fn tick(&mut self, now: Instant) {
        self.now = self.now.max(now);
        for tick in self.ticks.due(self.now) {
            self.stage(What::Tick { journey: tick.journey, zone: tick.zone, due: tick.at });
        }
        if self.may_fan_out()
            && !self.staged.iter().any(|s| matches!(s.what, What::Chunk { .. }))
            && let Some(job) = self.jobs.front()
        {
            let to = job.end.min(job.next.saturating_add(CHUNK_SEATS));
            self.stage(What::Chunk { job: job.id, from: job.next, to });
        }
    }
    fn pick(&mut self) {
        for (key, attempt) in self.dispatcher.pick(self.now, PICKED_MAX) {
            let (owner, _) = self.current(key.seat, 0);
            self.making.insert(key, self.counters.records);
            self.lanes.give(owner, Command::Prepare { key, at: self.now, attempt });
        }
    }
    fn may_fan_out(&self) -> bool {
        self.dispatcher.len() < PENDING_FOR_FAN_OUT_MAX && self.dispatcher.moving() < WAITING_FOR_FAN_OUT_MAX
    }
    /// The next moment at which something happens by itself; now, if something waits to be done.
    pub fn next_due(&self) -> Option<Instant> {
        if self.has_staged() || (!self.jobs.is_empty() && self.may_fan_out()) {
            return Some(self.now);
        }
        let due = [self.lanes.next_due(), self.ticks.next_at(), self.dispatcher.next_due(self.now)];
        due.into_iter().flatten().chain(self.looks_ahead_at()).min()
    }
    /// What is to be performed; everything it follows from is durable.
    pub fn work(&mut self) -> Vec<Work> {
        let out = std::mem::take(&mut self.out);
        for work in &out {
            self.making.remove(&work.key());
        }
        out
    }

    /// What came of a delivery.
    pub fn delivered(&mut self, key: PendingKey, outcome: Outcome, now: Instant) {
        self.now = self.now.max(now);
        let is_exhausted = matches!(outcome, Outcome::Exhausted { .. });
        let channel = self.dispatcher.waiting_for(key).and_then(|waiting| waiting.channel).filter(|_| is_exhausted);
        let next = self.dispatcher.came(key, outcome, self.now);
        self.follow(key, next);
        if let Some(channel) = channel {
            for (key, settlement) in self.dispatcher.give_up_awaited(channel, self.now) {
                self.follow(key, Next::Settle(settlement));
            }
        }
    }
    /// What came of a call.
    pub fn answered(&mut self, key: PendingKey, outcome: &CallOutcome, now: Instant) {
        self.now = self.now.max(now);
        let next = match outcome {
            CallOutcome::Answered(json) => match self.read_answer(key, json) {
                Ok(answer) => {
                    let next = self.dispatcher.answered(key, outcome, self.now);
                    if let Next::Settle(settlement) = next {
                        self.stage(What::Answered { key, settlement, answer: Some(answer) });
                    }
                    return;
                }
                Err(why) => self.dispatcher.answered(key, &CallOutcome::Failed { why }, self.now),
            },
            other => self.dispatcher.answered(key, other, self.now),
        };
        self.follow(key, next);
    }
    fn follow(&mut self, key: PendingKey, next: Next) {
        match next {
            Next::Settle(settlement) if key.is_call => self.stage(What::Answered { key, settlement, answer: None }),
            Next::Settle(settlement) => self.stage(What::Settled { key, settlement }),
            Next::Again | Next::Nothing => {}
        }
    }

    /// Takes what shards in this thread have to tell.
    fn hear(&mut self) {
        for up in self.lanes.take_ups() {
            self.up(up);
        }
    }
    /// What a shard tells.
    pub fn up(&mut self, up: Up) {
        match up {
            Up::Placed { key, journey, channel, action, at, attempted_at, at_most_once, awaited } => {
                let program = self.program();
                let priority = i64::from(program.journey(journey).priority);
                let waiting = Waiting {
                    key,
                    journey,
                    channel,
                    priority,
                    ordered_at: at,
                    attempted_at,
                    at_most_once,
                    awaited,
                    action,
                    patience: action.map(|a| program.actions[a.index()].patience),
                };
                let next = self.dispatcher.place(waiting, self.now);
                self.follow(key, next);
            }
            Up::Prepared { key, ready } => self.ready(key, ready),
            Up::Gone { key } => {
                self.making.remove(&key);
                self.dispatcher.drop(key);
            }
            Up::Zone(zone) => self.ticks.note_zone(zone, self.now),
            Up::Cut(piece) => self.gather(*piece),
            Up::Marked => {}
            Up::Approval { person, journey, by } => {
                let journey = self.program().journey(journey).name.clone();
                // By the id that whoever approves can find them under.
                let name = self.identities.find(&person).map(|seat| self.identities.name(seat));
                let person = name.unwrap_or(&person).trim_start_matches(ADDRESS_MARK).to_owned();
                self.approvals.push(Approval { person, journey, by });
            }
            Up::Failed(why) => drop(self.failed.get_or_insert(why)),
        }
    }
    fn ready(&mut self, key: PendingKey, ready: Ready) {
        let picked = self.making.remove(&key).unwrap_or_default();
        let stale = self.dispatcher.is_stale(key, self.now);
        let work = match ready {
            Ready::Delivery(_) | Ready::Call(_)
                if self.closing || self.is_outdated(key, picked) || self.dispatcher.is_stopped(key) =>
            {
                return self.dispatcher.hold(key, self.now);
            }
            Ready::Hold(until) => return self.dispatcher.hold(key, until),
            Ready::Shut(ending, why) => {
                let next = self.dispatcher.shut(key, ending, why);
                return self.follow(key, next);
            }
            Ready::Delivery(_) | Ready::Call(_) if self.dispatcher.is_past_repeating(key, self.now) => {
                let why = "it may have been taken, and a repeat would not be recognised any more".to_owned();
                let next = self.dispatcher.shut(key, Ending::Unknown, Some(why));
                return self.follow(key, next);
            }
            Ready::Delivery(_) | Ready::Call(_) if stale.is_some() => {
                let next = self.dispatcher.shut(key, Ending::Expired, stale);
                return self.follow(key, next);
            }
            Ready::Delivery(delivery) => {
                let Some(waiting) = self.dispatcher.waiting_for(key) else { return };
                let channel = waiting.channel.unwrap_or(Channel::Webhook);
                // A budget counts what is tried for the first time; a repeat is the same message.
                if waiting.attempted_at.is_none() && !self.budgets.let_through(waiting.journey, channel, self.now) {
                    let next = self.dispatcher.shut(key, Ending::OverBudget, None);
                    return self.follow(key, next);
                }
                Work::Deliver { key, channel, delivery }
            }
            Ready::Call(mut call) => {
                let (owner, _) = self.current(key.seat, 0);
                // Not the id of first sight, which the person's draws hang on.
                call.person = self.identities.name(owner).trim_start_matches(ADDRESS_MARK).to_owned();
                Work::Call { key, call }
            }
        };
        self.making.insert(key, picked);
        let Some(waiting) = self.dispatcher.waiting_for(key) else { return };
        self.counters.attempts[way_of(waiting.channel)] += 1;
        match waiting.attempted_at {
            None => {
                let (journey, channel) = (waiting.journey, waiting.channel);
                self.stage(What::Attempt { key, journey, channel });
                self.prepared.push(work);
            }
            Some(_) => self.out.push(work),
        }
    }

    /// Whose a seat is now, and what the run is called now.
    pub(super) fn current(&self, mut seat: Seat, mut run: u32) -> (Seat, u32) {
        while let Some((into, base)) = self.merges.get(&seat) {
            (seat, run) = (*into, run.saturating_add(*base));
        }
        (seat, run)
    }

    /// The seat and those merged into it.
    pub fn seats_of(&self, seat: Seat) -> Vec<Seat> {
        let mut seats: Vec<Seat> =
            self.merges.keys().copied().filter(|from| self.current(*from, 0).0 == seat).collect();
        seats.push(seat);
        seats.sort_unstable();
        seats
    }

    // ---- checkpoints ---------------------------------------------------------------------------------------------

    /// Whether a checkpoint can be cut: since the last one there is a record, if only the one that is staged now.
    pub fn may_cut(&mut self) -> bool {
        if self.log.end() <= self.cut_at && !self.has_staged() {
            self.stage(What::Passed);
        }
        !self.has_staged()
    }
    /// Begins a checkpoint of everything up to here; [`Node::checkpoint`] has it when all shards have told. Nothing may
    /// be staged, and [`Node::may_cut`] must have said yes.
    pub fn cut(&mut self) {
        if self.cutting.is_some() || self.failed.is_some() {
            return;
        }
        let position = self.log.end();
        self.cut_at = position;
        let mut checkpoint = std::mem::take(&mut self.changes);
        checkpoint.position = position;
        checkpoint.at = self.now;
        checkpoint.journal_again = self.without_unsent();
        checkpoint.ids.extend(self.id_rows());
        checkpoint.notes.extend(self.notes());
        self.cutting = Some(Cutting { checkpoint, missing: self.lanes.count() });
        self.lanes.give_all(|| Command::Cut(position));
        self.lanes.flush();
        self.hear();
    }
    fn gather(&mut self, piece: Piece) {
        let Some(cutting) = &mut self.cutting else { return };
        let Piece { people, pending, ledger, journal, consents, figures } = piece;
        cutting.checkpoint.people.extend(people);
        cutting.checkpoint.pending.extend(pending);
        cutting.checkpoint.ledger.extend(ledger);
        cutting.checkpoint.journal.extend(journal);
        cutting.checkpoint.consents.extend(consents);
        cutting.missing -= 1;
        if cutting.missing == self.lanes.count() - 1 {
            self.figures.clear();
        }
        self.figures.push(figures);
    }
    /// The checkpoint, once it is whole. To be written before the next is cut, and then told by [`Node::written`].
    pub fn checkpoint(&mut self) -> Option<Checkpoint> {
        match &self.cutting {
            // A failed shard has nothing to be kept.
            Some(cutting) if cutting.missing == 0 && self.failed.is_none() => {
                self.cutting.take().map(|cutting| cutting.checkpoint)
            }
            _ => None,
        }
    }
    /// The checkpoint up to a position is durable: what came before it in the log is needed no more.
    pub fn written(&mut self, position: Position, keep: usize) -> Result<(), StoreError> {
        self.counters.checkpoints += 1;
        self.lanes.give_all(|| Command::Written { keep });
        self.dispatcher.give_back();
        self.log.forget_before(position)?;
        self.lanes.flush();
        self.hear();
        Ok(())
    }

    /// The answer of an action as a value of what it gives; else why it is none.
    fn read_answer(&self, key: PendingKey, json: &serde_json::Value) -> Result<Value, String> {
        let action = self.dispatcher.waiting_for(key).and_then(|waiting| waiting.action);
        let action = action.ok_or_else(|| "nobody waits for it".to_owned())?;
        self.schema.answer(action, json).map_err(|reason| reason.to_string())
    }

    pub(super) fn note_heard(&mut self, id: u64) -> bool {
        let (known, order) = &mut self.heard;
        if !known.insert(id) {
            return false;
        }
        order.push_back(id);
        if order.len() > HEARD_MAX
            && let Some(oldest) = order.pop_front()
        {
            known.remove(&oldest);
        }
        true
    }
    /// Ends the shards' threads, if they have any.
    pub fn end(self) {
        self.lanes.end();
    }
}
