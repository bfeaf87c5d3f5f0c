//! Memberships of tracked segments: what an input, a write or the mere passing of time makes of them.
//!
//! Starts nothing; it returns what flipped.

use crate::ir::{JourneyId, Start};
use crate::value::Instant;

use super::effect::What;
use super::evaluate::View;
use super::glimpse::Look;
use super::person::push_exact;
use super::turn::Turn;

impl Turn<'_, '_> {
    /// Evaluates the given tracked segments again (all of them at the first sight of a person), notes the next flip by
    /// time, and returns those whose membership changed, in order.
    pub(super) fn reassess(&mut self, tracked: &[u16]) -> Vec<(u16, bool)> {
        if self.person.known {
            return tracked.iter().filter_map(|index| self.reassess_one(*index)).collect();
        }
        self.person.known = true;
        (0..self.engine.tracked.len() as u16).filter_map(|index| self.reassess_one(index)).collect()
    }

    fn reassess_one(&mut self, index: u16) -> Option<(u16, bool)> {
        let tracked = self.program.tracked.get(index as usize)?;
        let condition = &self.program.segments.get(tracked.segment.index())?.condition;
        let zone = self.person.zone.unwrap_or(self.program.project.zone);
        let view = View::new(self.program, self.person, zone, self.now);
        let (member, horizon) = match tracked.by_time {
            true => view.truth_and_horizon(condition),
            false => (view.truth(condition, None), Instant::NEVER),
        };
        self.note_flip(index, horizon);
        self.note_membership(index, member).then(|| {
            for journey in &self.engine.tracked[index as usize].journeys {
                self.look(*journey, None, &[], || Look::Member(tracked.segment));
                self.journal(*journey, None, None, What::Membership { segment: tracked.segment, member });
            }
            (index, member)
        })
    }
    /// Whether it changed.
    fn note_membership(&mut self, index: u16, member: bool) -> bool {
        if !member && self.person.activity.is_none() {
            return false;
        }
        let members = &mut self.activity().members;
        match (members.binary_search(&index), member) {
            (Ok(_), true) | (Err(_), false) => return false,
            (Ok(at), false) => drop(members.remove(at)),
            (Err(at), true) => members.insert(at, index),
        }
        true
    }
    fn note_flip(&mut self, index: u16, at: Instant) {
        if at >= Instant::NEVER && self.person.activity.is_none() {
            return;
        }
        let flips = &mut self.activity().flips;
        match (flips.iter().position(|(i, _)| *i == index), at < Instant::NEVER) {
            (Some(place), true) => flips[place].1 = at,
            (Some(place), false) => drop(flips.swap_remove(place)),
            (None, true) => push_exact(flips, (index, at)),
            (None, false) => {}
        }
    }
    /// Memberships that time alone may have changed by now.
    pub(super) fn flips_due(&self) -> Vec<u16> {
        let flips = self.person.activity.as_deref().map_or(&[][..], |a| &a.flips);
        let mut due: Vec<u16> = flips.iter().filter(|(_, at)| *at <= self.now).map(|(index, _)| *index).collect();
        due.sort_unstable();
        due
    }
    pub(super) fn is_member(&self, index: u16) -> bool {
        self.person.activity.as_deref().is_some_and(|a| a.members.binary_search(&index).is_ok())
    }

    /// The program has just gone live for this person: membership is noted in silence, and `including members` enrols.
    pub(super) fn go_live(&mut self) {
        let all: Vec<u16> = (0..self.engine.tracked.len() as u16).collect();
        // To somebody new everything is.
        let going_live = self.engine.going_live(self.person.known);
        self.written.clear();
        self.reassess(&all);
        self.enrol(&going_live);
    }
    /// Members of the segments of these journeys enter, where the journeys say so.
    pub(super) fn enrol(&mut self, going_live: &[JourneyId]) {
        let mut enrolling: Vec<JourneyId> = Vec::new();
        for id in going_live.iter().copied().filter(|id| !self.program.is_retired(*id)) {
            let journey = self.program.journey(id);
            if let Start::Segment { segment, enters, including_members: true } = &journey.start
                && self.engine.tracked_index(*segment).is_some_and(|tracked| self.is_member(tracked) == *enters)
            {
                enrolling.push(id);
            }
        }
        enrolling.sort_by_key(|j| self.engine.rank(*j));
        for journey in enrolling {
            self.enter(journey, None, None);
        }
    }
}
