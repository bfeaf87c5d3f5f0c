//! Where a node's shards are: in the caller's thread, or each in one of its own, fed in order.
//!
//! Changes nothing in what comes out: a person's commands all go to one shard, in the order of the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use crate::ports::Seat;
use crate::ports::trace::{Trace, Work};
use crate::value::Instant;

use super::shard::{Command, Moving, Shard, Up};

/// Batches a shard may lie behind before its node waits for it.
const BATCHES_AHEAD: usize = 64;

enum Job<'e, 'p> {
    Commands(Vec<Command<'e, 'p>>, Work),
    Leave { seat: Seat, at: Instant, to: Sender<Option<Moving>> },
    Join { seat: Seat, moving: Moving, at: Instant, to: Sender<u32> },
}

pub enum Lanes<'scope, 'e, 'p> {
    Here(Vec<Shard<'e, 'p>>),
    Threads(Vec<Lane<'scope, 'e, 'p>>),
}

pub struct Lane<'scope, 'e, 'p> {
    batch: Vec<Command<'e, 'p>>,
    /// Absent once the lane is told to end.
    to: Option<SyncSender<Job<'e, 'p>>>,
    /// When the shard wants to be looked at next, in milliseconds; as of its last batch.
    due: Arc<AtomicI64>,
    /// The latest moment it was told of.
    told: Instant,
    thread: ScopedJoinHandle<'scope, ()>,
}

impl<'scope, 'e: 'scope, 'p: 'scope + 'e> Lanes<'scope, 'e, 'p> {
    /// Shards in threads of their own; what they tell goes through `up`.
    pub fn spawn(
        shards: Vec<Shard<'e, 'p>>,
        scope: &'scope Scope<'scope, '_>,
        up: impl Fn(Vec<Up>) + Clone + Send + 'scope,
    ) -> Self {
        let lane = |mut shard: Shard<'e, 'p>| {
            let (to, from) = sync_channel::<Job<'e, 'p>>(BATCHES_AHEAD);
            let due = Arc::new(AtomicI64::new(i64::MAX));
            let (told_due, up) = (due.clone(), up.clone());
            let thread = scope.spawn(move || serve(&mut shard, &from, &told_due, &up));
            Lane { batch: Vec::new(), to: Some(to), due, told: Instant(i64::MIN), thread }
        };
        Lanes::Threads(shards.into_iter().map(lane).collect())
    }
}

impl<'e, 'p> Lanes<'_, 'e, 'p> {
    pub fn count(&self) -> usize {
        match self {
            Lanes::Here(shards) => shards.len(),
            Lanes::Threads(lanes) => lanes.len(),
        }
    }
    pub fn of(&self, seat: Seat) -> usize {
        seat as usize % self.count()
    }
    /// To the shard that has the seat.
    pub fn give(&mut self, seat: Seat, command: Command<'e, 'p>) {
        let lane = self.of(seat);
        self.give_lane(lane, command);
    }
    pub fn give_lane(&mut self, lane: usize, command: Command<'e, 'p>) {
        match self {
            Lanes::Here(shards) => shards[lane].obey(command),
            Lanes::Threads(lanes) => lanes[lane].batch.push(command),
        }
    }
    pub fn give_all(&mut self, mut command: impl FnMut() -> Command<'e, 'p>) {
        for lane in 0..self.count() {
            self.give_lane(lane, command());
        }
    }
    /// Hands on what was given. Waits while a shard lies too far behind.
    pub fn flush(&mut self) {
        if let Lanes::Threads(lanes) = self {
            lanes.iter_mut().for_each(Lane::flush);
        }
    }
    /// Lets time pass up to and at a moment.
    pub fn advance(&mut self, now: Instant) {
        match self {
            Lanes::Here(shards) => shards.iter_mut().for_each(|shard| shard.obey(Command::Advance(now))),
            Lanes::Threads(lanes) => {
                for lane in lanes.iter_mut().filter(|lane| lane.due.load(Ordering::Acquire) <= now.0 && lane.told < now)
                {
                    lane.told = now;
                    lane.batch.push(Command::Advance(now));
                }
            }
        }
    }
    /// When a shard is due next and does not know that its time has come.
    pub fn next_due(&self) -> Option<Instant> {
        match self {
            Lanes::Here(shards) => shards.iter().filter_map(Shard::next_due).min(),
            Lanes::Threads(lanes) => {
                let due = |lane: &Lane<'_, '_, '_>| {
                    let due = Instant(lane.due.load(Ordering::Acquire));
                    (due.0 < i64::MAX && due > lane.told).then_some(due)
                };
                lanes.iter().filter_map(due).min()
            }
        }
    }
    /// What shards in the caller's thread have to tell.
    pub fn take_ups(&mut self) -> Vec<Up> {
        match self {
            Lanes::Here(shards) => shards.iter_mut().flat_map(Shard::take_ups).collect(),
            Lanes::Threads(_) => Vec::new(),
        }
    }
    /// Merges the person of one seat into that of another, and waits until that is done: what comes later may be about
    /// the runs that were renumbered. Returns what was added to their numbers.
    pub fn merge(&mut self, from: Seat, into: Seat, at: Instant) -> u32 {
        let (leaves, joins) = (self.of(from), self.of(into));
        match self {
            Lanes::Here(shards) => match shards[leaves].leave(from, at) {
                Some(moving) => shards[joins].join(into, moving, at),
                None => 0,
            },
            Lanes::Threads(lanes) => {
                let (to, moving) = std::sync::mpsc::channel();
                lanes[leaves].send(Job::Leave { seat: from, at, to });
                let Ok(Some(moving)) = moving.recv() else { return 0 };
                let (to, base) = std::sync::mpsc::channel();
                lanes[joins].send(Job::Join { seat: into, moving, at, to });
                base.recv().unwrap_or_default()
            }
        }
    }
    /// Waits for all threads to end.
    pub fn end(self) {
        if let Lanes::Threads(lanes) = self {
            for mut lane in lanes {
                lane.flush();
                lane.to = None;
                if let Err(panic) = lane.thread.join() {
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }
}

impl<'e, 'p> Lane<'_, 'e, 'p> {
    fn flush(&mut self) {
        if !self.batch.is_empty() {
            let batch = std::mem::take(&mut self.batch);
            let work = Trace::current().turns(batch.len());
            self.hand(Job::Commands(batch, work));
        }
    }
    fn send(&mut self, job: Job<'e, 'p>) {
        self.flush();
        self.hand(job);
    }
    fn hand(&self, job: Job<'e, 'p>) {
        // A shard that ended early has panicked; joining it tells.
        if let Some(to) = &self.to {
            let _ = to.send(job);
        }
    }
}

/// Tells when a shard's thread panics: nothing that is done without it may be kept, and the process must start anew.
struct Alarm<'u, F: Fn(Vec<Up>)>(&'u F);

impl<F: Fn(Vec<Up>)> Drop for Alarm<'_, F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)(vec![Up::Failed("a part of Tabi itself failed".to_owned())]);
        }
    }
}

fn serve<'e, 'p>(shard: &mut Shard<'e, 'p>, from: &Receiver<Job<'e, 'p>>, due: &AtomicI64, up: &impl Fn(Vec<Up>)) {
    let _alarm = Alarm(up);
    for job in from {
        let mut work = Work::default();
        match job {
            Job::Commands(commands, of) => {
                of.run(|| commands.into_iter().for_each(|command| shard.obey(command)));
                work = of;
            }
            Job::Leave { seat, at, to } => drop(to.send(shard.leave(seat, at))),
            Job::Join { seat, moving, at, to } => drop(to.send(shard.join(seat, moving, at))),
        }
        due.store(shard.next_due().map_or(i64::MAX, |at| at.0), Ordering::Release);
        let ups = shard.take_ups();
        if !ups.is_empty() {
            work.run(|| up(ups));
        }
    }
}
