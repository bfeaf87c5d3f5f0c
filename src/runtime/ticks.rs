//! When journeys that start by the clock are due: one tick per journey, or per journey and zone when it is `local`.
//!
//! Names no people: the host sends a tick to everyone it has.

use serde::{Deserialize, Serialize};

use crate::ir::{EventId, JourneyId, Program, Start};
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
        let mut order: Vec<JourneyId> = (0..program.journeys.len()).map(|i| JourneyId(i as u16)).collect();
        order.sort_by_key(|j| (std::cmp::Reverse(program.journey(*j).priority), *j));
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
