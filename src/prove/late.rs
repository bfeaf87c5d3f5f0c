//! The most time that passes: added up, and by the time of day at which things begin.
//!
//! The sum takes every step at its longest, which it may not be where the step before has ended; the course knows that.
//! Only the sum reaches beyond a season of clocks that change.

use crate::ir::Pc;
use crate::value::Span;
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_SECOND};

use super::apart::changes;
use super::clocked::{Clocked, Piece};
use super::course::Course;
use super::sweep::Sum;
use super::{Longest, Unbounded};

/// At most so long, whenever it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum High {
    /// Milliseconds, a day counted as 24 hours; `local`: changes of the clock can add to it.
    Within {
        time: i64,
        local: bool,
    },
    Never(Unbounded),
}

impl High {
    fn then(self, other: High) -> High {
        match (self, other) {
            (High::Never(why), _) | (_, High::Never(why)) => High::Never(why),
            (High::Within { time: a, local: la }, High::Within { time: b, local: lb }) => {
                High::Within { time: a.saturating_add(b), local: la || lb }
            }
        }
    }
    fn or(self, other: High) -> High {
        match (self, other) {
            (High::Never(why), _) | (_, High::Never(why)) => High::Never(why),
            (High::Within { time: a, local: la }, High::Within { time: b, local: lb }) => {
                High::Within { time: a.max(b), local: la || lb }
            }
        }
    }
    fn times(self, count: u32) -> High {
        match self {
            High::Within { time, local } => High::Within { time: time.saturating_mul(count.into()), local },
            High::Never(_) if count == 0 => High::Within { time: 0, local: false },
            High::Never(why) => High::Never(why),
        }
    }
}

/// How long something lasts at most.
#[derive(Debug, Clone, PartialEq)]
pub struct Lasts {
    pub high: High,
    /// Absent where no time passes, or any.
    pub course: Option<Course>,
}

impl Lasts {
    pub const NOW: Lasts = Lasts { high: High::Within { time: 0, local: false }, course: None };

    pub fn never(why: Unbounded) -> Lasts {
        Lasts { high: High::Never(why), course: None }
    }
    /// At once, where it would be over before it begins.
    pub fn at_least_now(self, clock: Clock) -> Lasts {
        let now = Course::exact(clock.round, 0, clock.changes);
        Lasts { course: self.course.map(|course| course.or(&now)), ..self }
    }
    pub fn then(self, next: Lasts) -> Lasts {
        let course = match (self.course, next.course) {
            (Some(first), Some(next)) => Some(first.then(&next)),
            (one, other) => one.or(other),
        };
        Lasts { high: self.high.then(next.high), course }
    }
    pub fn or(self, other: Lasts) -> Lasts {
        let course = match (self.course, other.course) {
            (Some(a), Some(b)) => Some(if a == b { a } else { a.or(&b) }),
            (one, other) => one.or(other),
        };
        Lasts { high: self.high.or(other.high), course }
    }
    pub fn times(self, count: u32) -> Lasts {
        let course = self.course.filter(|_| count > 0).map(|course| course.times(count));
        Lasts { high: self.high.times(count), course }
    }

    /// When it begins that lasts longest (milliseconds since midnight, of Monday in a round of weeks), and how long.
    pub fn longest(&self, clocks: Span) -> Option<(i64, i64)> {
        let High::Within { time, .. } = self.high else { return None };
        // Of all moments there is a latest, a moment before the time that is waited for: as if it were that.
        let whole = |millis: i64| millis.saturating_add(MILLIS_PER_SECOND - 1) / MILLIS_PER_SECOND * MILLIS_PER_SECOND;
        let by_clock = self.course.as_ref().and_then(|course| course.longest(clocks));
        let by_clock = by_clock.map(|(from, longest)| (from, whole(longest)));
        Some(by_clock.filter(|(_, longest)| *longest < time).unwrap_or((by_clock.map_or(0, |(from, _)| from), time)))
    }
    /// The longest, changes of the clock included.
    pub fn real(&self, clocks: Span) -> Option<Span> {
        self.told(0, clocks).real()
    }
    fn told(&self, pc: Pc, clocks: Span) -> Longest {
        match (self.high, self.longest(clocks)) {
            (High::Within { local, time }, longest) => {
                let time = longest.map_or(time, |(_, longest)| longest);
                let clocks = if local { changes(time, clocks) } else { 0 };
                Longest::Within { time: Span(time), clocks: Span(clocks) }
            }
            (High::Never(why), _) => Longest::Never { pc, why },
        }
    }
}

/// By which clock a journey goes.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// A day, or a week where weekdays matter.
    pub round: i64,
    /// How far it can be changed.
    pub changes: Span,
}

impl Clock {
    pub const DAY: i64 = MILLIS_PER_DAY;
    pub const WEEK: i64 = 7 * MILLIS_PER_DAY;

    /// So many milliseconds; `local`: changes of the clock can add to them.
    pub fn lasting(self, millis: i64, local: bool) -> Lasts {
        let millis = millis.max(0);
        let course = (millis > 0).then(|| Course::exact(self.round, millis, self.changes));
        Lasts { high: High::Within { time: millis, local }, course }
    }
    /// So many milliseconds in whole days of the calendar.
    pub fn calendar(self, millis: i64) -> Lasts {
        let millis = millis.max(0);
        let course = (millis > 0).then(|| Course::calendar(self.round, millis, self.changes));
        Lasts { high: High::Within { time: millis, local: millis > 0 }, course }
    }
    /// Over at times of the day; `longest` is what it takes at most.
    pub fn daily(self, day: &[Piece], longest: i64) -> Lasts {
        self.by_clock(Clocked::days(self.round, day), longest)
    }
    /// Over at times of the clock; `longest` is what it takes at most.
    pub fn by_clock(self, round: Vec<Piece>, longest: i64) -> Lasts {
        let course = (longest > 0).then(|| Course::by_clock(self.round, round, self.changes));
        Lasts { high: High::Within { time: longest, local: longest > 0 }, course }
    }
    /// What is held, ended by a deadline so far ahead.
    pub fn before(self, held: Lasts, millis: i64, local: bool) -> Lasts {
        let millis = millis.max(0);
        let high = match held.high {
            High::Within { time, .. } if time <= millis => held.high,
            High::Within { .. } | High::Never(_) => High::Within { time: millis, local },
        };
        match held.course {
            Some(course) => Lasts { high, course: Some(course.before(self.round, millis, self.changes)) },
            None if matches!(held.high, High::Never(_)) => self.lasting(millis, local),
            None => held,
        }
    }
}

/// When a run is somewhere at the latest, counted from its entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Late {
    pub lasts: Lasts,
    /// The instruction without bound, if there is one.
    pub pc: Pc,
}

impl Late {
    pub fn of(lasts: &Lasts, pc: Pc) -> Late {
        Late { lasts: lasts.clone(), pc }
    }
    pub fn told(&self, clocks: Span) -> Longest {
        self.lasts.told(self.pc, clocks)
    }
    /// The place of what never ends: of the first of two.
    fn place(&self, other: &Late) -> Pc {
        if matches!(self.lasts.high, High::Never(_)) { self.pc } else { other.pc }
    }
}

impl Sum for Late {
    const NOTHING: Late = Late { lasts: Lasts::NOW, pc: 0 };
    const GROWS: bool = true;
    fn then(self, other: Late) -> Late {
        let pc = self.place(&other);
        Late { lasts: self.lasts.then(other.lasts), pc }
    }
    fn or(self, other: Late) -> Late {
        let pc = self.place(&other);
        Late { lasts: self.lasts.or(other.lasts), pc }
    }
    fn times(self, count: u32) -> Late {
        Late { lasts: self.lasts.times(count), pc: self.pc }
    }
    fn beats(&self, other: &Late) -> bool {
        // What changes of the clock add matters to neither.
        match (self.lasts.longest(Span(0)), other.lasts.longest(Span(0))) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some((_, mine)), Some((_, theirs))) => mine > theirs,
        }
    }
}
