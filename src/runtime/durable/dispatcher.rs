//! What may be handed to which provider when: rates, breakers, retries, stops, and turns between journeys.
//!
//! Performs nothing and keeps nothing: after a crash it is filled anew from what is pending. Time is handed in.
//!
//! Among what is ready, higher priority goes first; journeys of one priority take turns, so that a campaign to everybody
//! does not stand in front of an order confirmation of the same priority.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use xxhash_rust::xxh3::{Xxh3Builder, xxh3_64};

use crate::ir::{ActionId, Channel, JourneyId};
use crate::machine::rest;
use crate::ports::store::PendingKey;
use crate::ports::{CallOutcome, Idempotency, Manifest, Outcome};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR, MILLIS_PER_MINUTE, MILLIS_PER_SECOND};
use crate::value::{Instant, Span};

use super::bucket::Bucket;
use super::record::{Ending, Settlement};

/// Waits between attempts: doubled each time, from the first to the last.
const BACKOFF_MIN: Span = Span(MILLIS_PER_SECOND);
const BACKOFF_MAX: Span = Span(10 * MILLIS_PER_MINUTE);
/// A provider that asks for more patience than this is asked again all the same.
const RETRY_AFTER_MAX: Span = Span(MILLIS_PER_HOUR);
/// What nobody took for so long is given up: what was urgent yesterday is a nuisance today.
const GIVE_UP_AFTER: Span = Span(MILLIS_PER_DAY);
/// Failures in a row after which a provider is left alone.
const FAILURES_TO_OPEN: u32 = 5;
/// For how long, doubled each time it fails again.
const OPEN_MIN: Span = Span(5 * MILLIS_PER_SECOND);
const OPEN_MAX: Span = Span(5 * MILLIS_PER_MINUTE);
/// A channel whose quota is used up or whose settings are wrong is tried again this often.
const HELD_PROBE: Span = Span(15 * MILLIS_PER_MINUTE);
const QUOTA_USED_UP: &str = "the quota is used up";

/// The ways out: one for each channel, and one for actions.
pub const WAYS: usize = Channel::COUNT + 1;
pub const ACTIONS: usize = Channel::COUNT;

pub fn way_of(channel: Option<Channel>) -> usize {
    channel.map_or(ACTIONS, Channel::index)
}

/// What a provider allows.
#[derive(Debug, Clone)]
pub struct Allowance {
    pub per_second_max: Option<u32>,
    pub at_once_max: usize,
    pub idempotency: Idempotency,
}

impl Allowance {
    pub fn of(manifest: &Manifest) -> Allowance {
        Allowance {
            per_second_max: manifest.per_second_max,
            at_once_max: manifest.at_once_max.max(1),
            idempotency: manifest.idempotency,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Waiting {
    pub key: PendingKey,
    pub journey: JourneyId,
    pub channel: Option<Channel>,
    /// Of a call.
    pub action: Option<ActionId>,
    pub priority: i64,
    pub ordered_at: Instant,
    pub attempted_at: Option<Instant>,
    /// An attempt whose outcome is unknown must not be repeated.
    pub at_most_once: bool,
    /// A run waits for it.
    pub awaited: bool,
    /// For how long it is worth trying; absent: a day.
    pub patience: Option<Span>,
}

/// What is to be done after an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    Settle(Settlement),
    /// Tried again later; nothing to write down.
    Again,
    /// Nobody waits for it any more.
    Nothing,
}

/// What stands in a way, for status and alarms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    Clear,
    /// The provider fails; it is left alone until then.
    Open {
        until: Instant,
        why: String,
    },
    /// The quota is used up.
    Exhausted {
        why: String,
    },
    /// The settings are wrong.
    Misconfigured {
        why: String,
    },
}

#[derive(Debug)]
struct Entry {
    waiting: Waiting,
    attempts: u32,
    not_before: Instant,
    /// Some attempt may have been taken: from then on nothing may stand in for the message.
    doubtful: bool,
    /// Picked, and neither held nor come back since.
    is_out: bool,
}

#[derive(Debug)]
struct Way {
    allowance: Allowance,
    /// By priority, highest first: the journeys in turn, and what each has ready in order.
    ready: BTreeMap<Reverse<i64>, Ring>,
    later: BTreeSet<(Instant, PendingKey)>,
    under_way: usize,
    bucket: Bucket,
    failures: u32,
    opened: u32,
    obstacle: Obstacle,
    /// Until then only what is due for a probe.
    closed_until: Instant,
    probing: bool,
}

/// Journeys of one priority.
#[derive(Debug, Default)]
struct Ring {
    turns: VecDeque<JourneyId>,
    queues: BTreeMap<JourneyId, BTreeSet<(Instant, PendingKey)>>,
}

impl Ring {
    fn add(&mut self, journey: JourneyId, at: Instant, key: PendingKey) {
        let queue = self.queues.entry(journey).or_insert_with(|| {
            self.turns.push_back(journey);
            BTreeSet::new()
        });
        queue.insert((at, key));
    }
    fn take(&mut self, is_stopped: &dyn Fn(JourneyId) -> bool) -> Option<PendingKey> {
        for _ in 0..self.turns.len() {
            let journey = self.turns.pop_front()?;
            if is_stopped(journey) {
                self.turns.push_back(journey);
                continue;
            }
            let Some(queue) = self.queues.get_mut(&journey) else { continue };
            let taken = queue.pop_first();
            match queue.is_empty() {
                true => drop(self.queues.remove(&journey)),
                false => self.turns.push_back(journey),
            }
            if let Some((_, key)) = taken {
                return Some(key);
            }
        }
        None
    }
    fn remove(&mut self, journey: JourneyId, at: Instant, key: PendingKey) {
        if let Some(queue) = self.queues.get_mut(&journey) {
            queue.remove(&(at, key));
            if queue.is_empty() {
                self.queues.remove(&journey);
                self.turns.retain(|other| *other != journey);
            }
        }
    }
}

#[derive(Debug)]
pub struct Dispatcher {
    /// What was done with since the process began: by way (channels in their order, then actions) and ending's name.
    pub settled: BTreeMap<(usize, &'static str), u64>,
    ways: Vec<Way>,
    entries: HashMap<PendingKey, Entry, Xxh3Builder>,
    stopped_everything: bool,
    stopped_channels: BTreeSet<usize>,
    stopped_journeys: BTreeSet<JourneyId>,
    /// Those whose stage lets nothing leave: a freeze, or somebody who looks at messages first.
    standing: BTreeSet<JourneyId>,
}

impl Dispatcher {
    /// By way: the channels in their order, then actions.
    pub fn new(allowances: [Allowance; WAYS]) -> Dispatcher {
        let way = |allowance: Allowance| Way {
            bucket: Bucket::new(allowance.per_second_max),
            allowance,
            ready: BTreeMap::new(),
            later: BTreeSet::new(),
            under_way: 0,
            failures: 0,
            opened: 0,
            obstacle: Obstacle::Clear,
            closed_until: Instant(i64::MIN),
            probing: false,
        };
        Dispatcher {
            settled: BTreeMap::new(),
            ways: allowances.into_iter().map(way).collect(),
            entries: HashMap::default(),
            stopped_everything: false,
            stopped_channels: BTreeSet::new(),
            stopped_journeys: BTreeSet::new(),
            standing: BTreeSet::new(),
        }
    }
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    pub fn obstacle(&self, way: usize) -> &Obstacle {
        &self.ways[way].obstacle
    }
    pub fn under_way(&self, way: usize) -> usize {
        self.ways[way].under_way
    }
    pub fn waiting(&self, way: usize) -> usize {
        let ready =
            self.ways[way].ready.values().flat_map(|ring| ring.queues.values()).map(BTreeSet::len).sum::<usize>();
        ready + self.ways[way].later.len()
    }

    /// Of all that waits, what leaves as soon as there is time for it: a channel that is stopped, has no quota or is set up
    /// wrongly may stand for days.
    pub fn moving(&self) -> usize {
        let stands = |index: usize| match self.ways[index].obstacle {
            Obstacle::Exhausted { .. } | Obstacle::Misconfigured { .. } => true,
            Obstacle::Clear | Obstacle::Open { .. } => self.stopped_channels.contains(&index),
        };
        (0..WAYS).filter(|index| !stands(*index)).map(|index| self.waiting(index) + self.under_way(index)).sum()
    }

    pub fn stop_everything(&mut self, stopped: bool) {
        self.stopped_everything = stopped;
    }
    pub fn stop_channel(&mut self, channel: Channel, stopped: bool) {
        let way = channel.index();
        match stopped {
            true => drop(self.stopped_channels.insert(way)),
            false => drop(self.stopped_channels.remove(&way)),
        }
    }
    pub fn stop_journey(&mut self, journey: JourneyId, stopped: bool) {
        match stopped {
            true => drop(self.stopped_journeys.insert(journey)),
            false => drop(self.stopped_journeys.remove(&journey)),
        }
    }

    /// Exactly these stand from now on.
    pub fn stand(&mut self, journeys: BTreeSet<JourneyId>) {
        self.standing = journeys;
    }

    /// Something was placed. One that was tried before the process began has an unknown outcome.
    pub fn place(&mut self, waiting: Waiting, now: Instant) -> Next {
        let way = way_of(waiting.channel);
        let attempts = u32::from(waiting.attempted_at.is_some());
        if let Some(tried) = waiting.attempted_at
            && !self.may_repeat(way, &waiting, tried, now)
        {
            let why = "the process ended while it was being handed over";
            return self.settle(way, Settlement::new(Ending::Unknown, attempts).because(why));
        }
        if waiting.awaited && waiting.attempted_at.is_none() && self.ways[way].is_exhausted(now) {
            return self.settle(way, Settlement::new(Ending::OverQuota, 0).because(QUOTA_USED_UP));
        }
        let (key, journey, priority, at) = (waiting.key, waiting.journey, waiting.priority, waiting.ordered_at);
        let doubtful = waiting.attempted_at.is_some();
        self.entries.insert(key, Entry { waiting, attempts, not_before: at, doubtful, is_out: false });
        self.ways[way].ready.entry(Reverse(priority)).or_default().add(journey, at, key);
        Next::Nothing
    }
    /// Nobody waits for it any more.
    pub fn drop(&mut self, key: PendingKey) {
        let Some(entry) = self.entries.remove(&key) else { return };
        let way = &mut self.ways[way_of(entry.waiting.channel)];
        if entry.is_out {
            // What comes of it is nobody's news any more.
            way.under_way = way.under_way.saturating_sub(1);
            way.probing = false;
        }
        way.later.remove(&(entry.not_before, key));
        if let Some(ring) = way.ready.get_mut(&Reverse(entry.waiting.priority)) {
            ring.remove(entry.waiting.journey, entry.waiting.ordered_at, key);
        }
    }

    /// What somebody waits for on a channel whose quota is used up and was not tried yet: something may stand in for it, better
    /// now than when there is a quota again.
    pub fn give_up_awaited(&mut self, channel: Channel, now: Instant) -> Vec<(PendingKey, Settlement)> {
        let index = channel.index();
        if !self.ways[index].is_exhausted(now) {
            return Vec::new();
        }
        let is_meant = |entry: &Entry| {
            let Entry { waiting, is_out, .. } = entry;
            waiting.channel == Some(channel) && waiting.awaited && waiting.attempted_at.is_none() && !is_out
        };
        let mut keys: Vec<PendingKey> =
            self.entries.iter().filter(|(_, entry)| is_meant(entry)).map(|(key, _)| *key).collect();
        keys.sort_unstable();
        keys.iter().for_each(|key| self.drop(*key));
        keys.into_iter().map(|key| (key, Settlement::new(Ending::OverQuota, 0).because(QUOTA_USED_UP))).collect()
    }

    /// What is to leave now, at most so many; each must be followed by [`Dispatcher::hold`], [`Dispatcher::came`] or
    /// [`Dispatcher::drop`]. With each: whether it is the first attempt.
    pub fn pick(&mut self, now: Instant, limit: usize) -> Vec<(PendingKey, u32)> {
        let mut picked = Vec::new();
        if self.stopped_everything {
            return picked;
        }
        for index in 0..WAYS {
            if self.stopped_channels.contains(&index) {
                continue;
            }
            self.wake(index, now);
            let (stopped, standing) = (&self.stopped_journeys, &self.standing);
            let is_stopped = |journey: JourneyId| stopped.contains(&journey) || standing.contains(&journey);
            let way = &mut self.ways[index];
            way.bucket.refill(now);
            while picked.len() < limit && way.may_start(now) {
                let Some(key) = way.ready.values_mut().find_map(|ring| ring.take(&is_stopped)) else { break };
                way.ready.retain(|_, ring| !ring.queues.is_empty());
                let Some(entry) = self.entries.get_mut(&key) else { continue };
                entry.attempts += 1;
                entry.is_out = true;
                way.under_way += 1;
                way.bucket.take();
                way.probing = way.is_closed();
                picked.push((key, entry.attempts));
            }
        }
        picked
    }
    /// Puts what has waited long enough among what is ready.
    fn wake(&mut self, way: usize, now: Instant) {
        let way = &mut self.ways[way];
        while way.later.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, key)) = way.later.pop_first() else { break };
            if let Some(Entry { waiting, .. }) = self.entries.get(&key) {
                let ring = way.ready.entry(Reverse(waiting.priority)).or_default();
                ring.add(waiting.journey, waiting.ordered_at, key);
            }
        }
    }
    /// When to look again; absent: when something is placed or comes back.
    pub fn next_due(&self, now: Instant) -> Option<Instant> {
        if self.stopped_everything {
            return None;
        }
        let of_way = |(index, way): (usize, &Way)| {
            if self.stopped_channels.contains(&index) {
                return None;
            }
            let later = way.later.first().map(|(at, _)| *at);
            let leaves = |j: &JourneyId| !self.stopped_journeys.contains(j) && !self.standing.contains(j);
            let has_ready = way.ready.values().flat_map(|ring| ring.queues.keys()).any(leaves);
            let ready = (has_ready && way.under_way < way.allowance.at_once_max).then(|| {
                let closed = (way.closed_until > now).then_some(way.closed_until);
                closed.into_iter().chain(way.bucket.next(now)).max().unwrap_or(now)
            });
            let ready = ready.filter(|_| !(way.is_closed() && way.probing));
            [later, ready].into_iter().flatten().min()
        };
        self.ways.iter().enumerate().filter_map(of_way).min()
    }

    /// It was not handed over after all: not before that moment.
    pub fn hold(&mut self, key: PendingKey, until: Instant) {
        let Some(entry) = self.entries.get_mut(&key) else { return };
        entry.attempts = entry.attempts.saturating_sub(1);
        entry.is_out = false;
        entry.not_before = until;
        let way = &mut self.ways[way_of(entry.waiting.channel)];
        way.under_way = way.under_way.saturating_sub(1);
        way.probing = false;
        way.later.insert((until, key));
    }
    /// It was not handed over and never will be.
    pub fn shut(&mut self, key: PendingKey, ending: Ending, why: Option<String>) -> Next {
        let Some(entry) = self.entries.remove(&key) else { return Next::Nothing };
        let way = &mut self.ways[way_of(entry.waiting.channel)];
        way.under_way = way.under_way.saturating_sub(1);
        way.probing = false;
        let settlement = Settlement { why, ..Settlement::new(ending, entry.attempts.saturating_sub(1)) };
        self.settle(way_of(entry.waiting.channel), entry.undoubted(settlement))
    }

    /// What came of an attempt to deliver.
    pub fn came(&mut self, key: PendingKey, outcome: Outcome, now: Instant) -> Next {
        let Some(entry) = self.entries.get(&key) else { return Next::Nothing };
        let (index, attempts) = (way_of(entry.waiting.channel), entry.attempts);
        self.ways[index].note(&outcome, now);
        let settled = |ending| Settlement::new(ending, attempts);
        match outcome {
            Outcome::Accepted { provider_id } => {
                self.done(key, Settlement { provider_id, ..settled(Ending::Accepted) })
            }
            Outcome::Refused { why, address } => {
                self.done(key, Settlement { address, ..settled(Ending::Refused).because(why) })
            }
            Outcome::Later { why, after } => self.again(key, why, after, now),
            Outcome::Unknown { why } => self.unknown(key, why, now),
            Outcome::Exhausted { why } => match entry.waiting.awaited && !entry.doubtful {
                // Something may stand in: better now than next month.
                true => self.done(key, settled(Ending::OverQuota).because(why)),
                false => self.again(key, why, None, now),
            },
            Outcome::Misconfigured { why } => self.again(key, why, None, now),
        }
    }
    /// What came of calling an action; the answer itself is not looked at.
    pub fn answered(&mut self, key: PendingKey, outcome: &CallOutcome, now: Instant) -> Next {
        let Some(entry) = self.entries.get(&key) else { return Next::Nothing };
        let settled = |ending| Settlement::new(ending, entry.attempts);
        let (next, seen) = match outcome {
            CallOutcome::Answered(_) => (Some(settled(Ending::Accepted)), Outcome::Accepted { provider_id: None }),
            CallOutcome::Failed { why } => (
                Some(settled(Ending::Refused).because(why.clone())),
                Outcome::Refused { why: why.clone(), address: None },
            ),
            CallOutcome::Later { why, after } => (None, Outcome::Later { why: why.clone(), after: *after }),
            CallOutcome::Unknown { why } => (None, Outcome::Unknown { why: why.clone() }),
            CallOutcome::Misconfigured { why } => (None, Outcome::Misconfigured { why: why.clone() }),
        };
        match next {
            Some(settlement) => {
                self.ways[ACTIONS].note(&seen, now);
                self.done(key, settlement)
            }
            None => self.came(key, seen, now),
        }
    }

    fn done(&mut self, key: PendingKey, settlement: Settlement) -> Next {
        let Some(entry) = self.entries.remove(&key) else { return Next::Settle(settlement) };
        let way = &mut self.ways[way_of(entry.waiting.channel)];
        way.under_way = way.under_way.saturating_sub(1);
        self.settle(way_of(entry.waiting.channel), entry.undoubted(settlement))
    }
    fn settle(&mut self, way: usize, settlement: Settlement) -> Next {
        *self.settled.entry((way, settlement.ending.name())).or_default() += 1;
        Next::Settle(settlement)
    }
    fn again(&mut self, key: PendingKey, why: String, after: Option<Span>, now: Instant) -> Next {
        let Some(entry) = self.entries.get_mut(&key) else { return Next::Nothing };
        let asked = after.map_or(Span(0), |after| Span(after.0.clamp(0, RETRY_AFTER_MAX.0)));
        let at = now.plus(asked.max(backoff(key, entry.attempts)));
        let patience = entry.waiting.patience.unwrap_or(GIVE_UP_AFTER);
        if at.since(entry.waiting.ordered_at) > patience {
            let settlement = Settlement::new(Ending::Expired, entry.attempts).because(why);
            return self.done(key, settlement);
        }
        entry.not_before = at;
        entry.is_out = false;
        let way = &mut self.ways[way_of(entry.waiting.channel)];
        way.under_way = way.under_way.saturating_sub(1);
        way.later.insert((at, key));
        Next::Again
    }
    fn unknown(&mut self, key: PendingKey, why: String, now: Instant) -> Next {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.doubtful = true;
        }
        let Some(entry) = self.entries.get(&key) else { return Next::Nothing };
        let way = way_of(entry.waiting.channel);
        let tried = entry.waiting.attempted_at.unwrap_or(entry.waiting.ordered_at);
        let soon = now.plus(backoff(key, entry.attempts));
        if self.may_repeat(way, &entry.waiting, tried, soon) {
            self.again(key, why, None, now)
        } else {
            let settlement = Settlement::new(Ending::Unknown, entry.attempts).because(why);
            self.done(key, settlement)
        }
    }
    /// Whether another attempt after one of unknown outcome can be no second message.
    fn may_repeat(&self, way: usize, waiting: &Waiting, tried: Instant, at: Instant) -> bool {
        match self.ways[way].allowance.idempotency {
            // The provider's own key makes even `at most once` safe to repeat.
            Idempotency::Within(span) => at.since(tried) < span,
            Idempotency::Recognisable => !waiting.at_most_once,
            Idempotency::None => false,
        }
    }
    /// It may have been taken, and so much time has passed since (a stop, quiet hours, a quota) that another attempt could be
    /// a second message.
    pub fn is_past_repeating(&self, key: PendingKey, now: Instant) -> bool {
        self.entries.get(&key).filter(|entry| entry.doubtful).is_some_and(|Entry { waiting, .. }| {
            let tried = waiting.attempted_at.unwrap_or(waiting.ordered_at);
            !self.may_repeat(way_of(waiting.channel), waiting, tried, now)
        })
    }
    /// The attempt was noted in the log.
    pub fn attempted(&mut self, key: PendingKey, at: Instant) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.waiting.attempted_at.get_or_insert(at);
        }
    }
    pub fn waiting_for(&self, key: PendingKey) -> Option<&Waiting> {
        self.entries.get(&key).map(|entry| &entry.waiting)
    }
}

impl Entry {
    /// A message that may have been taken once counts as taken, whatever a later attempt brought (semantics 4.9): else a
    /// second one would go out in its stead. What an action answers later stands, since it is the answer to the same call.
    fn undoubted(&self, settlement: Settlement) -> Settlement {
        match self.doubtful && self.waiting.channel.is_some() && settlement.ending != Ending::Accepted {
            true => Settlement { ending: Ending::Unknown, ..settlement },
            false => settlement,
        }
    }
}

impl Way {
    fn is_exhausted(&self, now: Instant) -> bool {
        matches!(self.obstacle, Obstacle::Exhausted { .. }) && now < self.closed_until
    }
    fn is_closed(&self) -> bool {
        self.obstacle != Obstacle::Clear
    }
    fn may_start(&self, now: Instant) -> bool {
        let probe = !self.is_closed() || (now >= self.closed_until && !self.probing);
        probe && self.under_way < self.allowance.at_once_max && self.bucket.has()
    }
    /// Learns of the provider from an outcome.
    fn note(&mut self, outcome: &Outcome, now: Instant) {
        self.probing = false;
        match outcome {
            Outcome::Accepted { .. } | Outcome::Refused { .. } => {
                (self.failures, self.opened) = (0, 0);
                self.obstacle = Obstacle::Clear;
            }
            Outcome::Later { why, .. } | Outcome::Unknown { why } => {
                self.failures = self.failures.saturating_add(1);
                // Those that were under way together fail once: they say nothing of whether it still fails.
                if self.failures >= FAILURES_TO_OPEN && (!self.is_closed() || now >= self.closed_until) {
                    let span = Span((OPEN_MIN.0 << self.opened.min(10)).min(OPEN_MAX.0));
                    self.opened = self.opened.saturating_add(1);
                    self.closed_until = now.plus(span);
                    self.obstacle = Obstacle::Open { until: self.closed_until, why: why.clone() };
                }
            }
            Outcome::Exhausted { why } => {
                self.closed_until = now.plus(HELD_PROBE);
                self.obstacle = Obstacle::Exhausted { why: why.clone() };
            }
            Outcome::Misconfigured { why } => {
                self.closed_until = now.plus(HELD_PROBE);
                self.obstacle = Obstacle::Misconfigured { why: why.clone() };
            }
        }
    }
}

/// Between half and all of the doubled wait, by the key: the same at every replay, different between sends.
fn backoff(key: PendingKey, attempts: u32) -> Span {
    let whole = (BACKOFF_MIN.0 << attempts.saturating_sub(1).min(20)).min(BACKOFF_MAX.0);
    let draw = xxh3_64(&rest::bytes_of(&(key, attempts))) % 1_000;
    Span(whole / 2 + whole * draw as i64 / 2_000)
}
