//! People spread over hosts, each in the caller's thread or in one of its own, fed with commands in order.
//!
//! A person's commands all go to one host in order, so the number of hosts changes nothing but the speed.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use crate::ingest::Traits;
use crate::ir::EventId;
use crate::machine::InputKind;
use crate::ports::Seat;
use crate::runtime::Host;
use crate::runtime::host::Leaving;
use crate::value::{Instant, Value};

use super::counts::{Counted, Counts};
use super::paper::{Deciding, Paper, Refused};

/// Commands handed over at once, and batches a host may lie behind.
const BATCH: usize = 512;
const BATCHES_AHEAD: usize = 16;

/// Seats are those of the host.
pub enum Command {
    Start(Instant),
    Newcomer { id: Arc<str>, watched: bool, at: Instant },
    Introduce { seat: Seat, at: Instant, traits: Box<Traits> },
    Take { seat: Seat, at: Instant, kind: InputKind },
    FanOut { at: Instant, event: EventId, payload: Value },
    Leave { seat: Seat, at: Instant, to: Sender<Moving> },
    Join { seat: Seat, at: Instant, from: Receiver<Moving> },
    Advance(Instant),
}

/// A person on the way from one host to another, with what was counted so far.
pub struct Moving(Option<(Leaving, Counted)>);

pub struct Shard<'e, 'p> {
    pub host: Host<'e, 'p, Paper<'e, 'p>, Counts<'p>>,
}

impl Shard<'_, '_> {
    pub fn obey(&mut self, command: Command) {
        let host = &mut self.host;
        match command {
            Command::Start(at) => host.start(at),
            Command::Newcomer { id, watched, at } => {
                // Schedules that came due before were not for somebody nobody knew.
                host.pass(at);
                let seat = host.seat(id);
                host.journal.newcomer();
                if watched {
                    host.journal.watched.insert(seat);
                }
            }
            Command::Introduce { seat, at, traits } => host.introduce(seat, &traits.fields, &traits.consent, at),
            Command::Take { seat, at, kind } => host.take(seat, at, kind),
            Command::FanOut { at, event, payload } => host.fan_out(at, event, &payload),
            Command::Leave { seat, at, to } => {
                let leaving = host.leave(seat, at);
                let counted = host.journal.give_away(seat);
                // A host that is gone wants nobody.
                let _ = to.send(Moving(leaving.map(|l| (l, counted))));
            }
            Command::Join { seat, at, from } => {
                if let Ok(Moving(Some((leaving, counted)))) = from.recv() {
                    host.journal.take_over(seat, &counted);
                    let base = host.join(seat, leaving, at).unwrap_or_default();
                    host.journal.take_lines(seat, counted, base);
                }
            }
            Command::Advance(to) => host.advance(to),
        }
    }
}

/// What is left of a host when all is done.
pub struct Finished<'p> {
    pub counts: Counts<'p>,
    pub refused: Vec<Refused>,
    /// By journey.
    pub live: Vec<u64>,
    pub settling: Vec<u64>,
    pub people: u64,
    pub heap_bytes: u64,
    /// Of those whose scenes were watched.
    pub watched_zones: Vec<(Seat, crate::value::Zone)>,
}

impl<'p> Shard<'_, 'p> {
    fn finish(self) -> Finished<'p> {
        let host = self.host;
        let program = host.engine().program();
        let (mut live, mut settling) = (vec![0; program.journeys.len()], vec![0; program.journeys.len()]);
        let (mut people, mut heap_bytes) = (0, 0);
        for (_, person) in host.people() {
            people += 1;
            heap_bytes += person.heap_bytes() as u64;
            person.runs().iter().for_each(|run| live[run.journey().index()] += 1);
            person.settling().for_each(|(journey, _)| settling[journey.index()] += 1);
        }
        let zone_of = |seat: &Seat| match program.person.zone.map(|f| host.person(*seat).map(|p| p.field(f))) {
            Some(Some(Value::Zone(zone))) => Some((*seat, *zone)),
            _ => None,
        };
        let watched_zones = host.journal.watched.iter().filter_map(zone_of).collect();
        let Host { outbox, journal, .. } = host;
        let refused = match outbox.deciding {
            Deciding::Now { refused, .. } => refused,
            Deciding::Before(_) => Vec::new(),
        };
        Finished { counts: journal, refused, live, settling, people, heap_bytes, watched_zones }
    }
}

/// Where commands go.
pub enum Lanes<'scope, 'e, 'p> {
    Here(Box<Shard<'e, 'p>>),
    Threads(Vec<Lane<'scope, 'p>>),
}

pub struct Lane<'scope, 'p> {
    batch: Vec<Command>,
    to: SyncSender<Vec<Command>>,
    thread: ScopedJoinHandle<'scope, Finished<'p>>,
}

impl<'scope, 'e: 'scope, 'p: 'scope + 'e> Lanes<'scope, 'e, 'p> {
    /// Lanes in threads of their own; with a single shard and `here`, in the caller's.
    pub fn open(shards: Vec<Shard<'e, 'p>>, here: bool, scope: &'scope Scope<'scope, '_>) -> Self {
        let mut shards = shards;
        if here
            && shards.len() == 1
            && let Some(shard) = shards.pop()
        {
            return Lanes::Here(Box::new(shard));
        }
        let lane = |mut shard: Shard<'e, 'p>| {
            let (to, from) = sync_channel::<Vec<Command>>(BATCHES_AHEAD);
            let thread = scope.spawn(move || {
                for batch in from {
                    batch.into_iter().for_each(|command| shard.obey(command));
                }
                shard.finish()
            });
            Lane { batch: Vec::with_capacity(BATCH), to, thread }
        };
        Lanes::Threads(shards.into_iter().map(lane).collect())
    }

    pub fn len(&self) -> usize {
        match self {
            Lanes::Here(_) => 1,
            Lanes::Threads(lanes) => lanes.len(),
        }
    }

    pub fn give(&mut self, lane: usize, command: Command) {
        match self {
            Lanes::Here(shard) => shard.obey(command),
            Lanes::Threads(lanes) => lanes[lane].give(command),
        }
    }

    /// Merges the person of one seat into that of another, on whatever lanes they are.
    /// The lane that gives is flushed before the one that takes is told to wait, so nobody waits for what was not sent.
    pub fn move_person(&mut self, from: (usize, Seat), into: (usize, Seat), at: Instant) {
        let (to, receiver) = std::sync::mpsc::channel();
        self.give(from.0, Command::Leave { seat: from.1, at, to });
        if let Lanes::Threads(lanes) = self {
            lanes[from.0].flush();
        }
        self.give(into.0, Command::Join { seat: into.1, at, from: receiver });
    }

    /// Waits for all hosts and collects what they have.
    pub fn finish(self) -> Vec<Finished<'p>> {
        match self {
            Lanes::Here(shard) => vec![shard.finish()],
            Lanes::Threads(mut lanes) => {
                lanes.iter_mut().for_each(Lane::flush);
                let end = |lane: Lane<'scope, 'p>| {
                    drop(lane.to);
                    lane.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                };
                lanes.into_iter().map(end).collect()
            }
        }
    }
}

impl Lane<'_, '_> {
    fn give(&mut self, command: Command) {
        self.batch.push(command);
        if self.batch.len() >= BATCH {
            self.flush();
        }
    }
    fn flush(&mut self) {
        if !self.batch.is_empty() {
            // A lane that ended early has panicked; joining it tells.
            let _ = self.to.send(std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH)));
        }
    }
}
