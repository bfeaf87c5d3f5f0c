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
#[derive(Debug, Clone)]
pub struct Entries {
    /// Nobody is in it twice.
    once: bool,
    /// Runs of different keys go on side by side.
    keyed: bool,
    /// The least distance between two entries (of one key).
    apart: Apart,
    /// Days from one tick of the schedule to the next, at least, over and over. Empty: not by a schedule with a rhythm.
    rhythm: Vec<i32>,
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
            Start::Schedule { schedule, .. } if matches!(schedule.when, ScheduleWhen::Cron(_)) => Apart::STILL,
            Start::Schedule { schedule, .. } => days(rhythm(schedule).into_iter().min().unwrap_or(1)),
            Start::Event { .. } | Start::Segment { .. } | Start::At { .. } => Apart::STILL,
        };
        let apart = [stay, reentry, started].into_iter().max_by_key(|apart| apart.nearness()).unwrap_or(stay);
        let rhythm = match &journey.start {
            Start::Schedule { schedule, .. } => rhythm(schedule),
            Start::Event { .. } | Start::Segment { .. } | Start::At { .. } => Vec::new(),
        };
        Entries { once, keyed, apart, rhythm }
    }

    /// The most runs of a person, ever.
    pub fn in_all(&self) -> Result<u64, Unbounded> {
        match (self.once, self.keyed) {
            (true, _) => Ok(1),
            (false, true) => Err(Unbounded::Keys),
            (false, false) => Err(Unbounded::Reentry),
        }
    }
    /// The least distance between an entry and the one so many later.
    fn apart(&self, later: u32) -> Apart {
        let one_by_one = self.apart.times(later);
        if self.rhythm.is_empty() {
            return one_by_one;
        }
        let ticks = self.rhythm.len();
        let rounds = later as usize / ticks;
        let rest = |first: usize| (0..later as usize % ticks).map(|i| self.rhythm[(first + i) % ticks]).sum::<i32>();
        let least = (0..ticks).map(rest).min().unwrap_or(0);
        let whole = i32::try_from(rounds).unwrap_or(i32::MAX).saturating_mul(self.rhythm.iter().sum());
        let by_ticks = days(whole.saturating_add(least));
        std::cmp::max_by_key(one_by_one, by_ticks, |apart| apart.nearness())
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
            let entries = self.apart(later);
            // The last message of a run leaves before the next begins.
            let behind = self.apart(later - 1).real(clocks).0 + sending.first.0;
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

/// The least numbers of days between the ticks of a week or a month, in their order; none where nothing is known.
fn rhythm(schedule: &Schedule) -> Vec<i32> {
    let round = |on: &[u8], round: i32| {
        let next = on.iter().skip(1).chain(on.first());
        on.iter().zip(next).map(|(a, b)| (i32::from(*b) - i32::from(*a) - 1).rem_euclid(round) + 1).collect()
    };
    match &schedule.when {
        ScheduleWhen::Day { .. } => vec![1],
        ScheduleWhen::Week { on, .. } => round(on, 7),
        // The shortest month has 28 days, and days that it lacks come on its last.
        ScheduleWhen::Month { on, .. } if on.len() == 1 || on.iter().all(|day| *day <= 28) => round(on, 28),
        ScheduleWhen::Month { .. } => vec![1],
        ScheduleWhen::Cron(_) => Vec::new(),
    }
}

fn days(days: i32) -> Apart {
    Apart::period(CalendarPeriod { months: 0, days, millis: 0 })
}
