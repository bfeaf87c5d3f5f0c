//! What may be handed to which provider when: rates, breakers, retries, stops, and turns between journeys.
//!
//! Performs nothing and keeps nothing: after a crash it is filled anew from what is pending. Time is handed in.
//!
//! Among what is ready, higher priority goes first; journeys of one priority take turns, so that a campaign to everybody
//! does not stand in front of an order confirmation of the same priority.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use xxhash_rust::xxh3::{Xxh3Builder, xxh3_64};

use crate::ir::{ActionId, Channel, JourneyId};
use crate::machine::rest;
use crate::ports::store::PendingKey;
use crate::ports::trace::Trace;
use crate::ports::{CallOutcome, Idempotency, Outcome};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR, MILLIS_PER_MINUTE, MILLIS_PER_SECOND};
use crate::value::{Instant, Span};

use super::record::{Ending, Settlement};
use super::shard::give_back;
use super::way::Way;
pub use super::way::{Allowance, Obstacle};

/// Waits between attempts: doubled each time, from the first to the last.
const BACKOFF_MIN: Span = Span(MILLIS_PER_SECOND);
const BACKOFF_MAX: Span = Span(10 * MILLIS_PER_MINUTE);
/// A provider that asks for more patience than this is asked again all the same.
const RETRY_AFTER_MAX: Span = Span(MILLIS_PER_HOUR);
/// What nobody took for so long is given up: what was urgent yesterday is a nuisance today. Counted from the first attempt, or
/// from the end of the last stop since: nobody took what nobody was asked to take.
const GIVE_UP_AFTER: Span = Span(MILLIS_PER_DAY);
/// Whatever held it up (a stop, a quota, a slow rate), what was ordered longer ago does not leave any more: a weekend, and not a
/// week.
const STALE_AFTER: Span = Span(3 * MILLIS_PER_DAY);
/// The part of what actions may have under way at one time that one of them may have, so that one that hangs leaves room.
const ACTION_SHARE: usize = 4;
const QUOTA_USED_UP: &str = "the quota is used up";

/// The ways out as they are told of: one for each channel, and one for actions, of which each is on its own within.
pub const WAYS: usize = Channel::COUNT + 1;
pub const ACTIONS: usize = Channel::COUNT;

pub fn way_of(channel: Option<Channel>) -> usize {
    channel.map_or(ACTIONS, Channel::index)
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

#[derive(Debug)]
struct Entry {
    waiting: Waiting,
    attempts: u32,
    not_before: Instant,
    /// Some attempt may have been taken: from then on nothing may stand in for the message.
    doubtful: bool,
    /// Picked, and neither held nor come back since.
    is_out: bool,
    /// Of what placed it.
    trace: Trace,
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
    /// Until when others stood so.
    stood: BTreeMap<JourneyId, Instant>,
    /// When stops ended.
    lifted: Lifted,
    action: Allowance,
    /// The way that is looked at first.
    turn: usize,
}

/// When what was stopped could leave again.
#[derive(Debug, Default)]
struct Lifted {
    everything: Option<Instant>,
    channels: BTreeMap<usize, Instant>,
    journeys: BTreeMap<JourneyId, Instant>,
}

impl Dispatcher {
    /// By way: the channels in their order, then actions.
    pub fn new(allowances: [Allowance; WAYS]) -> Dispatcher {
        let action = allowances[ACTIONS].clone();
        Dispatcher {
            settled: BTreeMap::new(),
            ways: allowances.into_iter().take(ACTIONS).map(Way::new).collect(),
            entries: HashMap::default(),
            stopped_everything: false,
            stopped_channels: BTreeSet::new(),
            stopped_journeys: BTreeSet::new(),
            standing: BTreeSet::new(),
            stood: BTreeMap::new(),
            lifted: Lifted::default(),
            action,
            turn: 0,
        }
    }
    /// Among the ways within: channels in their order, then each action.
    fn index_of(waiting: &Waiting) -> usize {
        match waiting.channel {
            Some(channel) => channel.index(),
            None => ACTIONS + waiting.action.map_or(0, ActionId::index),
        }
    }
    /// The ways within that one is made of.
    fn within(&self, way: usize) -> &[Way] {
        match way {
            ACTIONS => self.ways.get(ACTIONS..).unwrap_or_default(),
            channel => &self.ways[channel..=channel],
        }
    }
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// Room that a rush took and that is not needed any more.
    pub fn give_back(&mut self) {
        give_back(&mut self.entries);
    }
    /// Of actions, the first that cannot be called.
    pub fn obstacle(&self, way: usize) -> &Obstacle {
        let mut all = self.within(way).iter().map(|way| &way.obstacle);
        all.find(|obstacle| **obstacle != Obstacle::Clear).unwrap_or(&Obstacle::Clear)
    }
    /// Each channel's, by its way, and each action's.
    pub fn obstacles(&self) -> impl Iterator<Item = (usize, Option<ActionId>, &Obstacle)> {
        self.ways.iter().enumerate().map(|(index, way)| match index.checked_sub(ACTIONS) {
            Some(action) => (ACTIONS, Some(ActionId(action as u16)), &way.obstacle),
            None => (index, None, &way.obstacle),
        })
    }
    pub fn under_way(&self, way: usize) -> usize {
        self.within(way).iter().map(|way| way.under_way).sum()
    }
    pub fn waiting(&self, way: usize) -> usize {
        self.within(way).iter().map(Way::waiting).sum()
    }

    /// Of all that waits, what leaves as soon as there is time for it: a channel that is stopped, has no quota or is set up
    /// wrongly may stand for days.
    pub fn moving(&self) -> usize {
        let stands = |(index, way): &(usize, &Way)| match way.obstacle {
            Obstacle::Exhausted { .. } | Obstacle::Misconfigured { .. } => true,
            Obstacle::Clear | Obstacle::Open { .. } => self.stopped_channels.contains(index),
        };
        let moving = self.ways.iter().enumerate().filter(|way| !stands(way));
        moving.map(|(_, way)| way.waiting() + way.under_way).sum()
    }

    pub fn stop_everything(&mut self, stopped: bool, at: Instant) {
        if self.stopped_everything && !stopped {
            self.lifted.everything = Some(at);
        }
        self.stopped_everything = stopped;
    }
    pub fn stop_channel(&mut self, channel: Channel, stopped: bool, at: Instant) {
        let way = channel.index();
        if stopped {
            self.stopped_channels.insert(way);
        } else if self.stopped_channels.remove(&way) {
            self.lifted.channels.insert(way, at);
        }
    }
    pub fn stop_journey(&mut self, journey: JourneyId, stopped: bool, at: Instant) {
        if stopped {
            self.stopped_journeys.insert(journey);
        } else if self.stopped_journeys.remove(&journey) {
            self.lifted.journeys.insert(journey, at);
        }
    }
    pub fn is_stopped(&self, key: PendingKey) -> bool {
        self.entries.get(&key).is_some_and(|Entry { waiting, .. }| {
            let channel = waiting.channel.is_some_and(|channel| self.stopped_channels.contains(&channel.index()));
            self.stopped_everything || channel || self.stopped_journeys.contains(&waiting.journey)
        })
    }
    /// From when on somebody could have taken it, who was asked.
    fn could_leave_from(&self, waiting: &Waiting, now: Instant) -> Instant {
        let channel = waiting.channel.and_then(|channel| self.lifted.channels.get(&channel.index()));
        let lifted = [self.lifted.everything.as_ref(), channel, self.lifted.journeys.get(&waiting.journey)];
        lifted.into_iter().flatten().copied().chain([waiting.attempted_at.unwrap_or(now)]).max().unwrap_or(now)
    }
    /// Why it is too late for it to leave at all.
    pub fn is_stale(&self, key: PendingKey, now: Instant) -> Option<String> {
        let waiting = &self.entries.get(&key)?.waiting;
        let limit = waiting.patience.unwrap_or(STALE_AFTER);
        // While its journey stood, it grew no older.
        let from = self.stood.get(&waiting.journey).map_or(waiting.ordered_at, |until| waiting.ordered_at.max(*until));
        let waited = now.since(from);
        let hours = waited.0 / MILLIS_PER_HOUR;
        (waited > limit).then(|| match waiting.patience {
            Some(_) => "nobody waits for the answer any more".to_owned(),
            None => format!("it could not leave for {hours} hours and is too old to be sent"),
        })
    }

    /// Exactly these stand from now on, and these stood until then.
    pub fn stand(&mut self, standing: BTreeSet<JourneyId>, stood: BTreeMap<JourneyId, Instant>) {
        (self.standing, self.stood) = (standing, stood);
    }

    /// Something was placed. One that was tried before the process began has an unknown outcome.
    pub fn place(&mut self, waiting: Waiting, now: Instant) -> Next {
        let way = way_of(waiting.channel);
        let index = Self::index_of(&waiting);
        while self.ways.len() <= index {
            let at_once_max = self.action.at_once_max.div_ceil(ACTION_SHARE);
            self.ways.push(Way::new(Allowance { at_once_max, ..self.action.clone() }));
        }
        let attempts = u32::from(waiting.attempted_at.is_some());
        if let Some(tried) = waiting.attempted_at
            && !self.may_repeat(&waiting, tried, now)
        {
            let why = "the process ended while it was being handed over";
            return self.settle(way, Settlement::new(Ending::Unknown, attempts).because(why));
        }
        if waiting.awaited && waiting.attempted_at.is_none() && self.ways[index].is_exhausted(now) {
            return self.settle(way, Settlement::new(Ending::OverQuota, 0).because(QUOTA_USED_UP));
        }
        let (key, journey, priority, at) = (waiting.key, waiting.journey, waiting.priority, waiting.ordered_at);
        let (doubtful, trace) = (waiting.attempted_at.is_some(), Trace::current());
        self.entries.insert(key, Entry { waiting, attempts, not_before: at, doubtful, is_out: false, trace });
        self.ways[index].ready.entry(Reverse(priority)).or_default().add(journey, at, key);
        Next::Nothing
    }
    /// Nobody waits for it any more.
    pub fn drop(&mut self, key: PendingKey) {
        let Some(entry) = self.entries.remove(&key) else { return };
        let way = &mut self.ways[Self::index_of(&entry.waiting)];
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
        let mut actions_left = self.action.at_once_max.saturating_sub(self.under_way(ACTIONS));
        // Where there was more than could be picked, it goes on behind: no way is always the last.
        let count = self.ways.len();
        let first = std::mem::take(&mut self.turn);
        for index in (first..count).chain(0..first) {
            if picked.len() >= limit {
                break;
            }
            self.turn = (index + 1) % count;
            if self.stopped_channels.contains(&index) {
                continue;
            }
            self.wake(index, now);
            let (stopped, standing) = (&self.stopped_journeys, &self.standing);
            let is_stopped = |journey: JourneyId| stopped.contains(&journey) || standing.contains(&journey);
            let way = &mut self.ways[index];
            way.bucket.refill(now);
            while picked.len() < limit && way.may_start(now) && (index < ACTIONS || actions_left > 0) {
                let Some(key) = way.ready.values_mut().find_map(|ring| ring.take(&is_stopped)) else { break };
                way.ready.retain(|_, ring| !ring.queues.is_empty());
                let Some(entry) = self.entries.get_mut(&key) else { continue };
                entry.attempts += 1;
                entry.is_out = true;
                way.under_way += 1;
                actions_left -= usize::from(index >= ACTIONS);
                way.bucket.take();
                way.probing = way.is_closed();
                picked.push((key, entry.attempts));
            }
        }
        if picked.len() < limit {
            self.turn = 0;
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
        let actions_are_full = self.under_way(ACTIONS) >= self.action.at_once_max;
        let of_way = |(index, way): (usize, &Way)| {
            if self.stopped_channels.contains(&index) {
                return None;
            }
            let later = way.later.first().map(|(at, _)| *at);
            let leaves = |j: &JourneyId| !self.stopped_journeys.contains(j) && !self.standing.contains(j);
            let has_ready = way.ready.values().flat_map(|ring| ring.queues.keys()).any(leaves);
            let has_room = way.under_way < way.allowance.at_once_max && !(index >= ACTIONS && actions_are_full);
            let ready = (has_ready && has_room).then(|| {
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
        let way = &mut self.ways[Self::index_of(&entry.waiting)];
        way.put_back();
        way.later.insert((until, key));
    }
    /// It was not handed over and never will be.
    pub fn shut(&mut self, key: PendingKey, ending: Ending, why: Option<String>) -> Next {
        let Some(entry) = self.entries.remove(&key) else { return Next::Nothing };
        let way = &mut self.ways[Self::index_of(&entry.waiting)];
        way.put_back();
        let settlement = Settlement { why, ..Settlement::new(ending, entry.attempts.saturating_sub(1)) };
        self.settle(way_of(entry.waiting.channel), entry.undoubted(settlement))
    }

    /// What came of an attempt to deliver.
    pub fn came(&mut self, key: PendingKey, outcome: Outcome, now: Instant) -> Next {
        let Some(entry) = self.entries.get(&key) else { return Next::Nothing };
        let (index, attempts) = (Self::index_of(&entry.waiting), entry.attempts);
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
        let index = Self::index_of(&entry.waiting);
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
                self.ways[index].note(&seen, now);
                self.done(key, settlement)
            }
            None => self.came(key, seen, now),
        }
    }

    fn done(&mut self, key: PendingKey, settlement: Settlement) -> Next {
        let Some(entry) = self.entries.remove(&key) else { return Next::Settle(settlement) };
        let way = &mut self.ways[Self::index_of(&entry.waiting)];
        way.under_way = way.under_way.saturating_sub(1);
        self.settle(way_of(entry.waiting.channel), entry.undoubted(settlement))
    }
    fn settle(&mut self, way: usize, settlement: Settlement) -> Next {
        *self.settled.entry((way, settlement.ending.name())).or_default() += 1;
        Next::Settle(settlement)
    }
    fn again(&mut self, key: PendingKey, why: String, after: Option<Span>, now: Instant) -> Next {
        let Some(entry) = self.entries.get(&key) else { return Next::Nothing };
        let asked = after.map_or(Span(0), |after| Span(after.0.clamp(0, RETRY_AFTER_MAX.0)));
        let at = now.plus(asked.max(backoff(key, entry.attempts)));
        let waiting = &entry.waiting;
        let is_over = match waiting.patience {
            Some(patience) => at.since(waiting.ordered_at) > patience,
            None => {
                let tried_for = at.since(self.could_leave_from(waiting, now));
                tried_for > GIVE_UP_AFTER || at.since(waiting.ordered_at) > STALE_AFTER
            }
        };
        if is_over {
            let settlement = Settlement::new(Ending::Expired, entry.attempts).because(why);
            return self.done(key, settlement);
        }
        let Some(entry) = self.entries.get_mut(&key) else { return Next::Nothing };
        entry.not_before = at;
        entry.is_out = false;
        let way = &mut self.ways[Self::index_of(&entry.waiting)];
        way.under_way = way.under_way.saturating_sub(1);
        way.later.insert((at, key));
        Next::Again
    }
    fn unknown(&mut self, key: PendingKey, why: String, now: Instant) -> Next {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.doubtful = true;
        }
        let Some(entry) = self.entries.get(&key) else { return Next::Nothing };
        let tried = entry.waiting.attempted_at.unwrap_or(entry.waiting.ordered_at);
        let soon = now.plus(backoff(key, entry.attempts));
        if self.may_repeat(&entry.waiting, tried, soon) {
            self.again(key, why, None, now)
        } else {
            let settlement = Settlement::new(Ending::Unknown, entry.attempts).because(why);
            self.done(key, settlement)
        }
    }
    /// Whether another attempt after one of unknown outcome can be no second message.
    fn may_repeat(&self, waiting: &Waiting, tried: Instant, at: Instant) -> bool {
        match self.ways[Self::index_of(waiting)].allowance.idempotency {
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
            !self.may_repeat(waiting, tried, now)
        })
    }
    /// The attempt was noted in the log.
    pub fn attempted(&mut self, key: PendingKey, at: Instant) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.waiting.attempted_at.get_or_insert(at);
        }
    }
    pub fn trace(&self, key: PendingKey) -> Trace {
        self.entries.get(&key).map(|entry| entry.trace.clone()).unwrap_or_default()
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

/// Between half and all of the doubled wait, by the key: the same at every replay, different between sends.
fn backoff(key: PendingKey, attempts: u32) -> Span {
    let whole = (BACKOFF_MIN.0 << attempts.saturating_sub(1).min(20)).min(BACKOFF_MAX.0);
    let draw = xxh3_64(&rest::bytes_of(&(key, attempts))) % 1_000;
    Span(whole / 2 + whole * draw as i64 / 2_000)
}
