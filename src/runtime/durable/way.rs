//! One way out: what is ready on it in turns, its rate, and its breaker.
//!
//! Knows no keys' fates; the dispatcher decides them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::ir::JourneyId;
use crate::ports::store::PendingKey;
use crate::ports::{Idempotency, Manifest, Outcome};
use crate::value::time::{MILLIS_PER_MINUTE, MILLIS_PER_SECOND};
use crate::value::{Instant, Span};

use super::bucket::Bucket;

/// Failures in a row after which a provider is left alone.
const FAILURES_TO_OPEN: u32 = 5;
/// For how long, doubled each time it fails again.
const OPEN_MIN: Span = Span(5 * MILLIS_PER_SECOND);
const OPEN_MAX: Span = Span(5 * MILLIS_PER_MINUTE);
/// A channel whose quota is used up or whose settings are wrong is tried again this often.
const HELD_PROBE: Span = Span(15 * MILLIS_PER_MINUTE);

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
pub(super) struct Way {
    pub(super) allowance: Allowance,
    /// By priority, highest first: the journeys in turn, and what each has ready in order.
    pub(super) ready: BTreeMap<Reverse<i64>, Ring>,
    pub(super) later: BTreeSet<(Instant, PendingKey)>,
    pub(super) under_way: usize,
    pub(super) bucket: Bucket,
    pub(super) failures: u32,
    pub(super) opened: u32,
    pub(super) obstacle: Obstacle,
    /// Until then only what is due for a probe.
    pub(super) closed_until: Instant,
    pub(super) probing: bool,
}

/// Journeys of one priority.
#[derive(Debug, Default)]
pub(super) struct Ring {
    pub(super) turns: VecDeque<JourneyId>,
    pub(super) queues: BTreeMap<JourneyId, BTreeSet<(Instant, PendingKey)>>,
}

impl Ring {
    pub(super) fn add(&mut self, journey: JourneyId, at: Instant, key: PendingKey) {
        let queue = self.queues.entry(journey).or_insert_with(|| {
            self.turns.push_back(journey);
            BTreeSet::new()
        });
        queue.insert((at, key));
    }
    pub(super) fn take(&mut self, is_stopped: &dyn Fn(JourneyId) -> bool) -> Option<PendingKey> {
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
    pub(super) fn remove(&mut self, journey: JourneyId, at: Instant, key: PendingKey) {
        if let Some(queue) = self.queues.get_mut(&journey) {
            queue.remove(&(at, key));
            if queue.is_empty() {
                self.queues.remove(&journey);
                self.turns.retain(|other| *other != journey);
            }
        }
    }
}

impl Way {
    pub(super) fn new(allowance: Allowance) -> Way {
        Way {
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
        }
    }
    pub(super) fn waiting(&self) -> usize {
        let ready = self.ready.values().flat_map(|ring| ring.queues.values()).map(BTreeSet::len).sum::<usize>();
        ready + self.later.len()
    }
    /// What was picked was not handed over after all.
    pub(super) fn put_back(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        self.probing = false;
        self.bucket.put_back();
    }
    pub(super) fn is_exhausted(&self, now: Instant) -> bool {
        matches!(self.obstacle, Obstacle::Exhausted { .. }) && now < self.closed_until
    }
    pub(super) fn is_closed(&self) -> bool {
        self.obstacle != Obstacle::Clear
    }
    pub(super) fn may_start(&self, now: Instant) -> bool {
        let probe = !self.is_closed() || (now >= self.closed_until && !self.probing);
        probe && self.under_way < self.allowance.at_once_max && self.bucket.has()
    }
    /// Learns of the provider from an outcome.
    pub(super) fn note(&mut self, outcome: &Outcome, now: Instant) {
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
