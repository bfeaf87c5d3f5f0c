//! The latest moment at which something is over, by the moment it began: a function of the wall clock.
//!
//! Whoever comes later is never done earlier, and what holds on one day holds on all: such functions add up one after
//! the other, and of two ways the later is again one. So two messages of one night are held until the same morning, and
//! a wait for ten o'clock takes no time at ten. Knows nothing of steps, nor of clocks that are changed.

use crate::value::time::MILLIS_PER_DAY;

/// Beyond this many pieces the function is replaced by the longest it takes: above it everywhere, and simple.
const PIECES_MAX: usize = 64;

/// From the moments of a round (a day, or a week from Monday on) to the moments at which it is over at the latest.
#[derive(Debug, Clone, PartialEq)]
pub struct Clocked {
    round: i64,
    /// In order of `from`; the first begins with the round.
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Milliseconds since the round began.
    pub from: i64,
    pub over: Over,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Over {
    /// So long after it began.
    After(i64),
    /// At this moment, counted from the beginning of the round.
    At(i64),
}

impl Clocked {
    /// It takes so long, whenever it begins.
    pub fn lasting(round: i64, millis: i64) -> Clocked {
        Clocked { round, pieces: vec![Piece { from: 0, over: Over::After(millis) }] }
    }
    /// The pieces of a round of which all days are alike.
    pub fn days(round: i64, day: &[Piece]) -> Vec<Piece> {
        let shifted = |begun: i64, piece: &Piece| {
            let over = match piece.over {
                Over::After(millis) => Over::After(millis),
                Over::At(at) => Over::At(at.saturating_add(begun)),
            };
            Piece { from: piece.from + begun, over }
        };
        let days = (0..round / MILLIS_PER_DAY).map(|day| day * MILLIS_PER_DAY);
        days.flat_map(|begun| day.iter().map(move |piece| shifted(begun, piece))).collect()
    }
    /// `pieces` are those of a whole round.
    pub fn of(round: i64, pieces: Vec<Piece>) -> Clocked {
        let mut clocked = Clocked { round, pieces };
        clocked.pieces.dedup_by_key(|piece| piece.over);
        if clocked.pieces.len() > PIECES_MAX { Clocked::lasting(round, clocked.longest().1) } else { clocked }
    }

    /// The least function above this one by which later is never earlier.
    pub fn rising(&self) -> Clocked {
        // What the round before has left behind.
        let last = |(piece, to): (Piece, i64)| moment(piece.over, to - 1).max(moment(piece.over, piece.from));
        let mut so_far = self.with_ends().map(last).max().unwrap_or(0).saturating_sub(self.round);
        let mut pieces = Vec::new();
        for (piece, to) in self.with_ends() {
            match piece.over {
                Over::At(at) => {
                    so_far = so_far.max(at);
                    pieces.push(Piece { from: piece.from, over: Over::At(so_far) });
                }
                Over::After(length) => {
                    let met = so_far.saturating_sub(length);
                    if met > piece.from {
                        pieces.push(Piece { from: piece.from, over: Over::At(so_far) });
                    }
                    if met < to {
                        pieces.push(Piece { from: met.max(piece.from), over: piece.over });
                        so_far = so_far.max(moment(piece.over, to - 1));
                    }
                }
            }
        }
        Clocked::of(self.round, pieces)
    }

    /// It takes the same time whenever it begins.
    fn constant(&self) -> Option<i64> {
        match self.pieces.as_slice() {
            [Piece { over: Over::After(millis), .. }] => Some(*millis),
            _ => None,
        }
    }
    /// When it is over that begins then, by the clock of the round.
    fn at(&self, begun: i64) -> i64 {
        let into = begun.rem_euclid(self.round);
        let index = self.pieces.partition_point(|piece| piece.from <= into).saturating_sub(1);
        match self.pieces.get(index).map_or(Over::After(0), |piece| piece.over) {
            Over::After(millis) => begun.saturating_add(millis),
            Over::At(at) => (begun - into).saturating_add(at),
        }
    }
    /// When it begins to take longest, and how long that is.
    pub fn longest(&self) -> (i64, i64) {
        let takes = |piece: &Piece| match piece.over {
            Over::After(millis) => (piece.from, millis),
            Over::At(at) => (piece.from, at.saturating_sub(piece.from)),
        };
        let longer = |a: (i64, i64), b: (i64, i64)| if b.1 > a.1 { b } else { a };
        self.pieces.iter().map(takes).reduce(longer).unwrap_or((0, 0))
    }

    /// This first, then the other.
    pub fn then(&self, next: &Clocked) -> Clocked {
        match (self.constant(), next.constant()) {
            (_, Some(0)) => return self.clone(),
            (Some(0), _) => return next.clone(),
            (Some(a), Some(b)) => return Clocked::lasting(self.round, a.saturating_add(b)),
            (Some(_), None) | (None, _) => {}
        }
        let mut pieces = Vec::new();
        for (piece, to) in self.with_ends() {
            let length = match piece.over {
                Over::At(at) => {
                    pieces.push(Piece { from: piece.from, over: Over::At(next.at(at)) });
                    continue;
                }
                Over::After(length) => length,
            };
            let mut from = piece.from;
            while from < to {
                let begun = from.saturating_add(length);
                let (over, left) = next.from(begun);
                let over = match over {
                    Over::After(more) => Over::After(length.saturating_add(more)),
                    at @ Over::At(_) => at,
                };
                pieces.push(Piece { from, over });
                from = from.saturating_add(left.max(1));
            }
        }
        Clocked::of(self.round, pieces)
    }
    /// What holds from a moment on, and for how long; moments are counted from the beginning of round nought.
    fn from(&self, begun: i64) -> (Over, i64) {
        let into = begun.rem_euclid(self.round);
        let next = self.pieces.partition_point(|piece| piece.from <= into);
        let end = self.pieces.get(next).map_or(self.round, |piece| piece.from);
        let over = match self.pieces.get(next.saturating_sub(1)).map_or(Over::After(0), |piece| piece.over) {
            Over::At(at) => Over::At((begun - into).saturating_add(at)),
            after @ Over::After(_) => after,
        };
        (over, end - into)
    }
    fn with_ends(&self) -> impl Iterator<Item = (Piece, i64)> + '_ {
        let ends = self.pieces.iter().skip(1).map(|piece| piece.from).chain([self.round]);
        self.pieces.iter().copied().zip(ends)
    }

    /// Of two, whichever is over later.
    pub fn or(&self, other: &Clocked) -> Clocked {
        self.merged(other, false)
    }
    /// Of two, whichever is over earlier.
    pub fn at_most(&self, other: &Clocked) -> Clocked {
        self.merged(other, true)
    }
    fn merged(&self, other: &Clocked, earlier: bool) -> Clocked {
        if self == other {
            return self.clone();
        }
        if let (Some(a), Some(b)) = (self.constant(), other.constant()) {
            return Clocked::lasting(self.round, if earlier { a.min(b) } else { a.max(b) });
        }
        let mut pieces = Vec::new();
        let mut from = 0;
        while from < self.round {
            let ((mine, left), (theirs, others_left)) = (self.from(from), other.from(from));
            let to = from + left.min(others_left);
            let first = |a: Over, b: Over| if (moment(a, from) <= moment(b, from)) == earlier { a } else { b };
            pieces.push(Piece { from, over: first(mine, theirs) });
            // One stands still while the other goes on: where they meet, the other one counts from then on.
            let met = match (mine, theirs) {
                (Over::At(at), Over::After(length)) | (Over::After(length), Over::At(at)) => at.saturating_sub(length),
                (Over::At(_), Over::At(_)) | (Over::After(_), Over::After(_)) => from,
            };
            if met > from && met < to {
                pieces.push(Piece { from: met, over: first_after(mine, theirs, earlier) });
            }
            from = to;
        }
        Clocked::of(self.round, pieces)
    }
}

fn moment(over: Over, begun: i64) -> i64 {
    match over {
        Over::After(length) => begun.saturating_add(length),
        Over::At(at) => at,
    }
}
/// Behind the moment at which one that stands still and one that goes on meet, the latter is the later.
fn first_after(a: Over, b: Over, earlier: bool) -> Over {
    match (a, b) {
        (at @ Over::At(_), after @ Over::After(_)) | (after @ Over::After(_), at @ Over::At(_)) => {
            if earlier {
                at
            } else {
                after
            }
        }
        (same, Over::At(_) | Over::After(_)) => same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::time::MILLIS_PER_HOUR;

    const HOUR: i64 = MILLIS_PER_HOUR;
    const DAY: i64 = MILLIS_PER_DAY;

    /// Held from 21 to 8.
    fn night() -> Clocked {
        let piece = |hour: i64, over| Piece { from: hour * HOUR, over };
        let pieces = [piece(0, Over::At(8 * HOUR)), piece(8, Over::After(0)), piece(21, Over::At(32 * HOUR))];
        Clocked::of(DAY, pieces.to_vec())
    }
    fn until(hour: i64) -> Clocked {
        let next = Piece { from: hour * HOUR + 1, over: Over::At(hour * HOUR + DAY) };
        Clocked::of(DAY, vec![Piece { from: 0, over: Over::At(hour * HOUR) }, next])
    }
    fn lasting(hours: i64) -> Clocked {
        Clocked::lasting(DAY, hours * HOUR)
    }

    #[test]
    fn one_night_is_passed_once() {
        assert_eq!(night().longest(), (21 * HOUR, 11 * HOUR));
        assert_eq!(night().then(&night()), night());
        assert_eq!(night().then(&lasting(1)).then(&night()).longest().1, 12 * HOUR);
        assert_eq!(night().then(&lasting(13)).then(&night()).longest().1, 35 * HOUR, "from the evening two nights");
    }

    #[test]
    fn at_ten_it_is_ten() {
        let first = until(10);
        assert_eq!(first.longest().1, DAY - 1);
        assert_eq!(first.then(&lasting(72)).then(&until(10)).longest().1, 4 * DAY - 1);
        assert_eq!(first.then(&until(19)).then(&until(10)).longest().1, 2 * DAY - 1);
    }

    #[test]
    fn sums_and_choices_are_those_of_every_single_moment() {
        let all = [night(), until(10), lasting(5), until(21).or(&lasting(3)), night().then(&lasting(30)), lasting(0)];
        for a in &all {
            for b in &all {
                let (sum, either, least) = (a.then(b), a.or(b), a.at_most(b));
                for begun in (0..DAY).step_by(17 * 60_000) {
                    assert_eq!(sum.at(begun), b.at(a.at(begun)), "{a:?} then {b:?} at {begun}");
                    assert_eq!(either.at(begun), a.at(begun).max(b.at(begun)), "{a:?} or {b:?} at {begun}");
                    assert_eq!(least.at(begun), a.at(begun).min(b.at(begun)), "{a:?} with {b:?} at {begun}");
                }
            }
        }
    }

    #[test]
    fn later_is_never_earlier() {
        let piece = |hour: i64, over| Piece { from: hour * HOUR, over };
        let pieces = [piece(0, Over::At(3 * HOUR)), piece(2, Over::After(0)), piece(22, Over::At(27 * HOUR))];
        let rising = Clocked::of(DAY, pieces.to_vec()).rising();
        assert_eq!(rising.at(2 * HOUR), 3 * HOUR);
        let falls = |begun: &i64| rising.at(*begun + 60_000) < rising.at(*begun);
        assert_eq!((0..DAY).step_by(60_000).find(falls), None, "{rising:?}");
    }

    #[test]
    fn what_is_too_intricate_becomes_simpler_and_never_shorter() {
        let mut whole = night();
        for minutes in 1..200 {
            whole = whole.then(&Clocked::lasting(DAY, minutes * 61_001)).or(&until(minutes % 24)).then(&night());
        }
        assert!(whole.pieces.len() <= PIECES_MAX);
    }
}
