//! How close the runs of one person can follow each other: re-entry, keys, schedules, settling.
//!
//! Looks at one journey; what others make of a person's profile can only start it as often as this allows.

use crate::ir::{Journey, Reentry, Schedule, ScheduleWhen, Start};
use crate::value::{CalendarPeriod, Span};

use super::Unbounded;
use super::apart::Apart;
use super::windows::Window;

/// Fewer runs than this are counted one by one.
const RUNS_COUNTED_MAX: u32 = 10_000;

/// The runs of one person.
#[derive(Debug, Clone, Copy)]
pub struct Entries {
    /// Nobody is in it twice.
    once: bool,
    /// Runs of different keys go on side by side.
    keyed: bool,
    /// The least distance between two entries (of one key).
    apart: Apart,
}

/// Where in a run its messages are.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    /// Since entry, the first message at the earliest.
    pub first: Span,
    /// Since entry, the last one at the latest, changes of the clock included. Absent: no bound.
    pub last: Option<Span>,
}

impl Entries {
    /// `stay` is the least distance between entry and end.
    pub fn of(journey: &Journey, stay: Apart) -> Entries {
        let keyed = matches!(&journey.start, Start::Event { key: Some(_), .. });
        let once = !keyed && (journey.reentry == Reentry::Never || matches!(journey.start, Start::At { .. }));
        // An exit can end a run at any moment.
        let stay = if journey.exits.is_empty() { stay } else { Apart::STILL };
        let reentry = match journey.reentry {
            Reentry::After(period) => Apart::period(period),
            Reentry::Never | Reentry::Always => Apart::STILL,
        };
        let started = match &journey.start {
            Start::Event { settled: Some(period), .. } => Apart::period(*period),
            Start::Schedule { schedule, .. } => between_ticks(schedule),
            Start::Event { .. } | Start::Segment { .. } | Start::At { .. } => Apart::STILL,
        };
        let apart = [stay, reentry, started].into_iter().max_by_key(|apart| apart.nearness()).unwrap_or(stay);
        Entries { once, keyed, apart }
    }

    /// The most runs of a person, ever.
    pub fn in_all(&self) -> Result<u64, Unbounded> {
        match (self.once, self.keyed) {
            (true, _) => Ok(1),
            (false, true) => Err(Unbounded::Keys),
            (false, false) => Err(Unbounded::Reentry),
        }
    }
    /// The most runs of which messages can fall into one window.
    pub fn within(&self, window: Window, sending: Sending, clocks: Span) -> Result<u64, Unbounded> {
        if let Ok(runs) = self.in_all() {
            return Ok(runs);
        }
        if self.keyed {
            return Err(Unbounded::Keys);
        }
        let meets = |later: u32| {
            let entries = self.apart.times(later);
            // The last message of a run leaves before the next begins.
            let behind = self.apart.times(later - 1).real(clocks).0 + sending.first.0;
            let least = match sending.last {
                Some(last) => behind.max(entries.real(clocks).0 - last.0 + sending.first.0),
                None => behind,
            };
            let at_once = sending.last == Some(Span(0));
            least < window.length(clocks) && (!at_once || entries.fits(window, clocks))
        };
        match (1..RUNS_COUNTED_MAX).find(|later| !meets(*later)) {
            Some(runs) => Ok(runs.into()),
            None => Err(Unbounded::Reentry),
        }
    }
}

/// The least distance between two ticks.
fn between_ticks(schedule: &Schedule) -> Apart {
    let days = |days| Apart::period(CalendarPeriod { months: 0, days, millis: 0 });
    match &schedule.when {
        ScheduleWhen::Day { .. } => days(1),
        ScheduleWhen::Week { on, .. } => {
            let next = on.iter().skip(1).chain(on.first());
            let gaps = on.iter().zip(next).map(|(a, b)| (i32::from(*b) - i32::from(*a) - 1).rem_euclid(7) + 1);
            days(gaps.min().unwrap_or(7))
        }
        ScheduleWhen::Month { on, .. } if on.len() == 1 => days(28),
        ScheduleWhen::Month { .. } => days(1),
        ScheduleWhen::Cron(_) => Apart::STILL,
    }
}
