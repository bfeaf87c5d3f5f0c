//! When journeys that start by the clock are due: one tick per journey, or per journey and zone when it is `local`.
//!
//! Names no people: the host sends a tick to everyone it has.

use serde::{Deserialize, Serialize};

use crate::ir::{EventId, JourneyId, Program, Schedule, Start};
use crate::machine::schedule::{is_local, next_tick};
use crate::value::{Instant, Zone};

#[derive(Debug, Clone)]
pub struct Ticks<'p> {
    program: &'p Program,
    /// Place of each journey in journey order: priority, highest first, then name.
    order: Vec<JourneyId>,
    due: Vec<Tick>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    pub at: Instant,
    pub journey: JourneyId,
    /// Present on a `local` schedule: only the people of this zone are meant.
    pub zone: Option<Zone>,
}

impl<'p> Ticks<'p> {
    pub fn new(program: &'p Program) -> Self {
        let mut order: Vec<JourneyId> = program.live_journeys().collect();
        order.sort_by_key(|j| program.rank(*j));
        Ticks { program, order, due: Vec::new() }
    }

    /// The program goes live: ticks at this very moment count.
    pub fn start(&mut self, at: Instant) {
        self.due.clear();
        for journey in self.order.clone() {
            let start = &self.program.journey(journey).start;
            let zone = self.program.policy(self.program.journey(journey).policy).zone;
            let local = is_local(start).then_some(zone);
            let before = Instant(at.0 - 1);
            self.due.extend(next_tick(start, zone, before).map(|at| Tick { at, journey, zone: local }));
        }
    }

    pub fn are_local(&self) -> bool {
        self.due.iter().any(|t| t.zone.is_some())
    }

    /// People of a zone exist from now on.
    pub fn note_zone(&mut self, zone: Zone, now: Instant) {
        for journey in self.order.clone() {
            let start = &self.program.journey(journey).start;
            let known = |t: &Tick| t.journey == journey && t.zone == Some(zone);
            if is_local(start) && !self.due.iter().any(known) {
                self.due.extend(next_tick(start, zone, now).map(|at| Tick { at, journey, zone: Some(zone) }));
            }
        }
    }

    pub fn next_at(&self) -> Option<Instant> {
        self.due.iter().map(|t| t.at).min()
    }

    /// The ticks of that moment, in journey order; each is set to its next time.
    pub fn take(&mut self, at: Instant) -> Vec<Tick> {
        let rank = |tick: &Tick| self.order.iter().position(|j| *j == tick.journey);
        let mut taken: Vec<Tick> = self.due.iter().copied().filter(|t| t.at == at).collect();
        taken.sort_by_key(|t| (rank(t), t.zone));
        let program = self.program;
        self.due.retain_mut(|tick| {
            if tick.at > at {
                return true;
            }
            let journey = program.journey(tick.journey);
            let zone = tick.zone.unwrap_or(program.policy(journey.policy).zone);
            let next = next_tick(&journey.start, zone, at);
            next.is_some_and(|next| {
                tick.at = next;
                true
            })
        });
        taken
    }

    /// Those that are due, in journey order; none is set to its next time yet.
    pub fn due(&self, now: Instant) -> Vec<Tick> {
        let rank = |tick: &Tick| self.order.iter().position(|j| *j == tick.journey);
        let mut due: Vec<Tick> = self.due.iter().copied().filter(|t| t.at <= now).collect();
        due.sort_by_key(|t| (t.at, rank(t), t.zone));
        due
    }
    /// Sets a tick to its next time after a moment: times in between are passed over.
    pub fn pass(&mut self, journey: JourneyId, zone: Option<Zone>, after: Instant) {
        let program = self.program;
        self.due.retain_mut(|tick| {
            if tick.journey != journey || tick.zone != zone {
                return true;
            }
            let of = program.journey(journey);
            let next = next_tick(&of.start, zone.unwrap_or(program.policy(of.policy).zone), after);
            next.inspect(|next| tick.at = *next).is_some()
        });
    }
    /// Under a program that took over at a moment: a schedule that stays keeps its next time, others begin after it.
    pub fn following<'q>(&self, program: &'q Program, at: Instant) -> Ticks<'q> {
        let mut next = Ticks::new(program);
        if self.due.is_empty() && self.order.is_empty() {
            return next;
        }
        for journey in next.order.clone() {
            let of = program.journey(journey);
            let stays = |tick: &&Tick| {
                let before = self.program.journey(tick.journey);
                program.is_same_line(tick.journey, journey) && when_of(&before.start) == when_of(&of.start)
            };
            let kept: Vec<Tick> = self.due.iter().filter(stays).map(|tick| Tick { journey, ..*tick }).collect();
            let had_it = self.order.iter().any(|before| {
                program.is_same_line(*before, journey)
                    && when_of(&self.program.journey(*before).start) == when_of(&of.start)
            });
            if !kept.is_empty() || had_it {
                next.due.extend(kept);
                continue;
            }
            let zone = program.policy(of.policy).zone;
            if !is_local(&of.start) {
                next.due.extend(next_tick(&of.start, zone, at).map(|at| Tick { at, journey, zone: None }));
                continue;
            }
            let mut zones: Vec<Zone> = self.due.iter().filter_map(|tick| tick.zone).chain([zone]).collect();
            zones.sort_unstable();
            zones.dedup();
            for zone in zones {
                next.due.extend(next_tick(&of.start, zone, at).map(|at| Tick { at, journey, zone: Some(zone) }));
            }
        }
        next
    }
    /// As they stand, to be kept and restored.
    pub fn all(&self) -> &[Tick] {
        &self.due
    }
    pub fn restore(&mut self, due: Vec<Tick>) {
        self.due = due;
    }

    /// Journeys that an event about a thing starts for everyone, in journey order.
    pub fn fanned_out_by(&self, event: EventId) -> Vec<JourneyId> {
        let starts = |journey: &JourneyId| matches!(&self.program.journey(*journey).start, Start::Event { event: e, audience: Some(_), .. } if *e == event);
        self.order.iter().copied().filter(starts).collect()
    }
}

/// What of a start the clock decides.
fn when_of(start: &Start) -> Option<(Option<&Schedule>, Option<Instant>)> {
    match start {
        Start::Schedule { schedule, .. } => Some((Some(schedule), None)),
        Start::At { at, .. } => Some((None, Some(*at))),
        Start::Event { .. } | Start::Segment { .. } => None,
    }
}
