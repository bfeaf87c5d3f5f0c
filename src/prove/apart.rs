//! How far two steps are apart at least, so that clocks that are moved cannot bring them closer than is claimed.
//!
//! Exact time, the wall clock and the calendar's days move differently when the clocks do: a distance keeps, for each
//! kind of way it can come about, the least sum, and is read as one or the other only at the end.

use crate::value::time::{CLOCK_SEASON, MILLIS_PER_DAY};
use crate::value::{CalendarPeriod, Span};

use super::windows::Window;

/// No way of this kind. Far enough from the largest number to be added to.
const FAR: i64 = i64::MAX / 8;

/// How a distance can come about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No time passes.
    Still,
    /// Only exact durations: seconds, minutes, hours.
    Exact,
    /// Only durations of the calendar: days and more.
    Calendar,
    Mixed,
}

const KINDS: [Kind; 4] = [Kind::Still, Kind::Exact, Kind::Calendar, Kind::Mixed];

/// The least distance between two steps, over all ways from one to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apart {
    /// By kind: the least sum in milliseconds, a day counted as 24 hours.
    least: [i64; 4],
    /// The least number of local days by which the date goes on.
    dates: i64,
}

impl Apart {
    pub const STILL: Apart = Apart { least: [0, FAR, FAR, FAR], dates: 0 };
    /// Nothing leads from one to the other.
    pub const NEVER: Apart = Apart { least: [FAR; 4], dates: FAR };

    /// At least so long a period, from now.
    pub fn period(period: CalendarPeriod) -> Apart {
        let (days, millis) = (period.days_at_least(), period.millis.max(0));
        let kind = match (days > 0, millis > 0) {
            (false, false) => return Apart::STILL,
            (false, true) => Kind::Exact,
            (true, false) => Kind::Calendar,
            (true, true) => Kind::Mixed,
        };
        Apart::of(kind, days * MILLIS_PER_DAY + millis, days)
    }
    /// To a wall clock time of the next local day.
    pub fn tomorrow(time: Span) -> Apart {
        Apart::of(Kind::Calendar, time.0, 1)
    }
    fn of(kind: Kind, millis: i64, dates: i64) -> Apart {
        let mut apart = Apart { least: [FAR; 4], dates };
        apart.least[kind as usize] = millis.min(FAR);
        apart
    }

    /// Either of two ways.
    pub fn or(self, other: Apart) -> Apart {
        let mut least = self.least;
        least.iter_mut().zip(other.least).for_each(|(mine, theirs)| *mine = theirs.min(*mine));
        Apart { least, dates: self.dates.min(other.dates) }
    }
    /// One way, then the other.
    pub fn then(self, other: Apart) -> Apart {
        if other == Apart::STILL {
            return self;
        }
        let mut sum = Apart { least: [FAR; 4], dates: (self.dates + other.dates).min(FAR) };
        // Most distances come about in one way only.
        for second in KINDS.into_iter().filter(|kind| other.least[*kind as usize] < FAR) {
            for first in KINDS.into_iter().filter(|kind| self.least[*kind as usize] < FAR) {
                let kind = match (first, second) {
                    (Kind::Still, kind) | (kind, Kind::Still) => kind,
                    (a, b) if a == b => a,
                    (Kind::Exact | Kind::Calendar | Kind::Mixed, _) => Kind::Mixed,
                };
                let millis = self.least[first as usize] + other.least[second as usize];
                sum.least[kind as usize] = sum.least[kind as usize].min(millis);
            }
        }
        sum
    }
    /// The same way so many times.
    pub fn times(self, count: u32) -> Apart {
        let (mut power, mut sum, mut left) = (self, Apart::STILL, count);
        while left > 0 {
            if left & 1 == 1 {
                sum = sum.then(power);
            }
            power = power.then(power);
            left >>= 1;
        }
        sum
    }

    /// The least time that really passes, if the clocks can be moved by `clocks`.
    pub fn real(self, clocks: Span) -> Span {
        Span(self.read(Kind::Exact, Kind::Calendar, clocks).max(0))
    }
    /// The least by which the wall clock goes on; it can go back.
    fn wall(self, clocks: Span) -> i64 {
        self.read(Kind::Calendar, Kind::Exact, clocks)
    }
    fn read(self, safe: Kind, moved: Kind, clocks: Span) -> i64 {
        let of = |kind: Kind| self.least[kind as usize];
        let shaken = of(moved).min(of(Kind::Mixed));
        of(Kind::Still).min(of(safe)).min(shaken - changes(shaken, clocks))
    }

    /// Whether both ends can fall into one window.
    pub fn fits(self, window: Window, clocks: Span) -> bool {
        match window {
            Window::Exact(length) => self.real(clocks) < length,
            Window::Days(days) => self.dates < days && self.wall(clocks) < days * MILLIS_PER_DAY,
        }
    }
    /// One number to prefer the nearer by.
    pub fn nearness(self) -> (i64, i64) {
        (self.least.into_iter().min().unwrap_or(FAR), self.dates)
    }
}

/// What changes of the clock can add to (or take from) a time of the calendar: once a season.
pub fn changes(millis: i64, clocks: Span) -> i64 {
    if millis >= FAR { 0 } else { clocks.0 * (1 + millis / CLOCK_SEASON.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::time::MILLIS_PER_HOUR;

    const HOUR: Span = Span(MILLIS_PER_HOUR);

    fn apart(text: &str) -> Apart {
        Apart::period(CalendarPeriod::parse(text).unwrap())
    }
    fn hours(n: i64) -> Window {
        Window::Exact(Span(n * MILLIS_PER_HOUR))
    }

    #[test]
    fn a_day_of_the_calendar_can_be_an_hour_short_but_never_the_same_day() {
        assert!(!apart("1d").fits(Window::Days(1), HOUR));
        assert!(apart("1d").fits(hours(24), HOUR));
        assert!(!apart("1d").fits(hours(24), Span(0)));
        assert!(!apart("24h").fits(hours(24), HOUR));
        assert!(apart("24h").fits(Window::Days(1), HOUR));
        assert!(!apart("25h").fits(Window::Days(1), HOUR));
    }

    #[test]
    fn of_two_ways_each_keeps_its_own_kind() {
        let either = apart("24h").or(apart("1d"));
        assert!(either.fits(Window::Days(1), HOUR) && either.fits(hours(24), HOUR));
        assert!(!either.then(apart("1h")).fits(Window::Days(1), HOUR));
    }

    #[test]
    fn tomorrow_is_another_day_however_soon() {
        let soon = Apart::tomorrow(Span(0));
        assert!(!soon.fits(Window::Days(1), HOUR) && soon.fits(hours(1), HOUR) && soon.fits(Window::Days(2), HOUR));
    }

    #[test]
    fn many_times_is_once_after_the_other() {
        let once = apart("1d").or(apart("5h"));
        let one_by_one = (0..7).fold(Apart::STILL, |sum, _| sum.then(once));
        assert_eq!(once.times(7), one_by_one);
    }
}
