//! What those inside will get under both versions, if nothing more happens to them: their real states run forward by the
//! same machine that will run them.
//!
//! Knows no future events: it says what is certain, not what is likely. Providers take every message, and actions give
//! what they promise.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Group;
use crate::ir::{Channel, JourneyId, Program, StepId};
use crate::machine::{Engine, Entry, InputKind, Person, Reason, What};
use crate::ports::{Journal, Seat, Taken};
use crate::runtime::Budgets;
use crate::runtime::host::{Host, Order};
use crate::simulate::ResponseModel;
use crate::simulate::paper::{Deciding, Paper};
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{Instant, Span};

const DAY: Span = Span(MILLIS_PER_DAY);
const WEEK: Span = Span(7 * MILLIS_PER_DAY);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Forecast {
    /// By group of the plan: on the version they are on, and as the plan has it.
    pub groups: Vec<(Outcome, Outcome)>,
    /// Sends of everybody looked at, by channel: within a day and a week, before and after.
    pub channels: BTreeMap<String, [u64; 4]>,
}

/// What a group gets and where it ends up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// By message: within 24 hours, within 7 days.
    pub sends: BTreeMap<String, (u64, u64)>,
    /// When the first and the last of them leave.
    pub first: Option<Instant>,
    pub last: Option<Instant>,
    /// Runs that end within 24 hours and within 7 days.
    pub ended: (u64, u64),
}

/// Runs everybody forward from `at` under both programs. `after` has its redirects, and its last change is at `at`.
pub fn forecast(before: &Engine<'_>, after: &Engine<'_>, groups: &[Group], people: &[Person], at: Instant) -> Forecast {
    let then = one(before, groups, people, at, false);
    let now = one(after, groups, people, at, true);
    let mut channels: BTreeMap<String, [u64; 4]> = BTreeMap::new();
    for (offset, told) in [(0, &then), (1, &now)] {
        for (channel, (day, week)) in &told.channels {
            let row = channels.entry(channel.name().to_owned()).or_default();
            row[offset] += day;
            row[2 + offset] += week;
        }
    }
    Forecast { groups: then.outcomes.into_iter().zip(now.outcomes).collect(), channels }
}

struct Tally<'p> {
    program: &'p Program,
    at: Instant,
    /// By seat and number of the run.
    group: BTreeMap<(Seat, u32), usize>,
    outcomes: Vec<Outcome>,
    channels: BTreeMap<Channel, (u64, u64)>,
}

fn one<'p>(engine: &Engine<'p>, groups: &[Group], people: &[Person], at: Instant, changes: bool) -> Tally<'p> {
    let program = engine.program();
    let places: BTreeMap<(JourneyId, Option<StepId>), usize> =
        groups.iter().enumerate().filter_map(|(index, group)| Some((group.id?, index))).collect();
    let mut group = BTreeMap::new();
    for (seat, person) in people.iter().enumerate() {
        for run in person.runs() {
            if let Some(index) = places.get(&(run.journey(), run.step(program))) {
                group.insert((seat as Seat, run.no().0), *index);
            }
        }
    }
    let outcomes = vec![Outcome::default(); groups.len()];
    let tally = Tally { program, at, group, outcomes, channels: BTreeMap::new() };
    let response = ResponseModel::default();
    let deciding = Deciding::Now { budgets: Budgets::new(program), refused: Vec::new() };
    let paper = Paper::new(engine, deciding, &response, 0);
    // What people share is decided in order of time; else each can be looked at alone.
    let order = if Budgets::are_declared(program) { Order::ByTime } else { Order::ByPerson };
    let mut host = Host::new(engine, order, paper, tally);
    for person in people {
        host.people.add(person.clone());
    }
    for seat in 0..people.len() as Seat {
        let kind = if changes { InputKind::Live } else { InputKind::Wake };
        host.take(seat, at, kind);
    }
    host.advance(at.plus(WEEK));
    host.journal
}

impl Journal for Tally<'_> {
    fn taken(&mut self, _: Seat, _: &Taken<'_>) {}
    fn wrote(&mut self, seat: Seat, entry: &Entry) {
        let is_day = entry.at < self.at.plus(DAY);
        let group = entry.run.and_then(|run| self.group.get(&(seat, run.0))).copied();
        let outcome = group.map(|index| &mut self.outcomes[index]);
        match &entry.what {
            What::Sent { message, .. } => {
                let def = self.program.message(*message);
                let of_channel = self.channels.entry(def.channel).or_default();
                of_channel.0 += u64::from(is_day);
                of_channel.1 += 1;
                if let Some(outcome) = outcome {
                    let sends = outcome.sends.entry(def.name.clone()).or_default();
                    sends.0 += u64::from(is_day);
                    sends.1 += 1;
                    outcome.first = Some(outcome.first.map_or(entry.at, |at| at.min(entry.at)));
                    outcome.last = Some(outcome.last.map_or(entry.at, |at| at.max(entry.at)));
                }
            }
            // Accepted by the machine a moment ago, and never dispatched.
            What::Dropped { message, reason: Reason::Budget } => {
                let def = self.program.message(*message);
                let of_channel = self.channels.entry(def.channel).or_default();
                of_channel.0 = of_channel.0.saturating_sub(u64::from(is_day));
                of_channel.1 = of_channel.1.saturating_sub(1);
                if let Some(sends) = outcome.and_then(|outcome| outcome.sends.get_mut(&def.name)) {
                    sends.0 = sends.0.saturating_sub(u64::from(is_day));
                    sends.1 = sends.1.saturating_sub(1);
                }
            }
            What::Ended { .. } => {
                if let Some(outcome) = outcome {
                    outcome.ended.0 += u64::from(is_day);
                    outcome.ended.1 += 1;
                }
            }
            _ => {}
        }
    }
}
