//! How long steps last at most, by the time of day they begin, where clocks may be changed meanwhile.
//!
//! Set forward, a clock brings a run into a night that it would have missed. In [`CLOCK_SEASON`] a zone sets its clocks
//! forward once, so there are two functions: one for runs to which that has not happened, one for those to which it has.
//! Set back, it takes back at most what [`super::Longest`] counts apart. Knows nothing of steps.

use crate::value::Span;
use crate::value::time::{CLOCK_GAPS_FROM, CLOCK_GAPS_TO, CLOCK_SEASON, MILLIS_PER_DAY, MILLIS_PER_SECOND};

use super::clocked::{Clocked, Over, Piece};

/// By the wall clock: when what begins then is over at the latest.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    still: Clocked,
    /// The clocks were set forward meanwhile. Absent where that could make no difference.
    moved: Option<Clocked>,
}

impl Course {
    /// Exactly so long, whatever clocks do.
    pub fn exact(round: i64, millis: i64, clocks: Span) -> Course {
        let moved = (clocks.0 > 0 && millis > 0).then(|| Clocked::lasting(round, millis.saturating_add(clocks.0)));
        Course { still: Clocked::lasting(round, millis), moved }
    }
    /// A duration of the calendar, in whole days.
    pub fn calendar(round: i64, millis: i64, clocks: Span) -> Course {
        if clocks.0 == 0 || millis == 0 || millis % MILLIS_PER_DAY != 0 {
            return Course::exact(round, millis, clocks);
        }
        let (from, to) = gaps();
        let late = Over::After(millis + clocks.0);
        let pieces = [
            Piece { from: 0, over: late },
            Piece { from: (to - clocks.0).max(1), over: Over::At(to + millis) },
            Piece { from: to, over: Over::After(millis) },
            Piece { from, over: late },
        ];
        let moved = Clocked::of(round, Clocked::days(round, &pieces));
        Course { still: Clocked::lasting(round, millis), moved: Some(moved) }
    }
    /// Over at times of the clock that `pieces` say, those of a whole round. A time that a gap skips is over at its end.
    pub fn by_clock(round: i64, pieces: Vec<Piece>, clocks: Span) -> Course {
        let skipped = |piece: &Piece| match piece.over {
            Over::At(at) => Piece { from: piece.from, over: Over::At(behind_the_gap(at, clocks)) },
            Over::After(_) => *piece,
        };
        let moved = (clocks.0 > 0).then(|| pieces.iter().map(skipped).collect::<Vec<_>>());
        let moved = moved.filter(|moved| *moved != pieces).map(|moved| Clocked::of(round, moved).rising());
        Course { still: Clocked::of(round, pieces), moved }
    }

    /// This first, then the other.
    pub fn then(&self, next: &Course) -> Course {
        let before = self.moved.as_ref().map(|moved| moved.then(&next.still));
        let meanwhile = next.moved.as_ref().map(|moved| self.still.then(moved));
        Course { still: self.still.then(&next.still), moved: either(before, meanwhile) }
    }
    /// Whichever is over later.
    pub fn or(&self, other: &Course) -> Course {
        Course { still: self.still.or(&other.still), moved: either(self.moved.clone(), other.moved.clone()) }
    }
    /// A deadline so far ahead ends it.
    pub fn before(&self, round: i64, millis: i64, clocks: Span) -> Course {
        let deadline = Course::exact(round, millis, clocks);
        let held = self.moved.as_ref().unwrap_or(&self.still);
        Course {
            still: self.still.at_most(&deadline.still),
            moved: deadline.moved.map(|deadline| held.or(&self.still).at_most(&deadline)),
        }
    }
    /// So many times, one after the other; once at least.
    pub fn times(&self, count: u32) -> Course {
        let (mut power, mut sum, mut left) = (self.clone(), None::<Course>, count.max(1));
        while left > 0 {
            if left & 1 == 1 {
                sum = Some(sum.map_or_else(|| power.clone(), |sum| sum.then(&power)));
            }
            left >>= 1;
            if left > 0 {
                power = power.then(&power);
            }
        }
        sum.unwrap_or(power)
    }

    /// When it begins that lasts longest, since the round began, and how long that is, but for what clocks add.
    /// None for what may last longer than a season.
    pub fn longest(&self, clocks: Span) -> Option<(i64, i64)> {
        let (from, still) = self.still.longest();
        let moved = self.moved.as_ref().map(Clocked::longest).map(|(from, moved)| (from, moved - clocks.0));
        let longest = moved.filter(|(_, moved)| *moved > still).unwrap_or((from, still));
        (clocks.0 == 0 || longest.1 < CLOCK_SEASON.0).then_some(longest)
    }
}

fn either(a: Option<Clocked>, b: Option<Clocked>) -> Option<Clocked> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.or(&b)),
        (one, other) => one.or(other),
    }
}

/// Where gaps begin and end at most, in milliseconds of the day.
fn gaps() -> (i64, i64) {
    (i64::from(CLOCK_GAPS_FROM.0) * MILLIS_PER_SECOND, i64::from(CLOCK_GAPS_TO.0) * MILLIS_PER_SECOND)
}
/// The latest that a time of the wall clock can mean if a gap skips it.
fn behind_the_gap(at: i64, clocks: Span) -> i64 {
    let ((from, to), time) = (gaps(), at.rem_euclid(MILLIS_PER_DAY));
    let end = match (time < to, time >= from) {
        (true, _) => at - time + to,
        (false, true) => at - time + to + MILLIS_PER_DAY,
        (false, false) => at,
    };
    end.min(at.saturating_add(clocks.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::time::MILLIS_PER_HOUR;

    const HOUR: i64 = MILLIS_PER_HOUR;
    const DAY: i64 = MILLIS_PER_DAY;

    fn night(clocks: Span) -> Course {
        let piece = |hour: i64, over| Piece { from: hour * HOUR, over };
        let pieces = [piece(0, Over::At(8 * HOUR)), piece(8, Over::After(0)), piece(21, Over::At(32 * HOUR))];
        Course::by_clock(DAY, pieces.to_vec(), clocks)
    }

    #[test]
    fn a_change_of_the_clock_can_bring_another_night() {
        let lasts = |clocks: Span| {
            let course = night(clocks).then(&Course::exact(DAY, 12 * HOUR + HOUR / 2, clocks)).then(&night(clocks));
            course.longest(clocks).unwrap().1
        };
        assert_eq!(lasts(Span(0)), 23 * HOUR + HOUR / 2);
        assert!(lasts(Span(HOUR)) >= 34 * HOUR);
    }

    #[test]
    fn durations_alone_are_what_they_are() {
        let clocks = Span(HOUR);
        let days = Course::calendar(DAY, 2 * DAY, clocks);
        assert_eq!(days.then(&Course::exact(DAY, 5 * HOUR, clocks)).longest(clocks).unwrap().1, 2 * DAY + 5 * HOUR);
        assert_eq!(days.times(3).longest(clocks).unwrap().1, 6 * DAY);
        assert_eq!(days.times(200).longest(clocks), None, "longer than a season");
    }
}
