//! The newest decisions, for whoever watches: a ring that shards write into while somebody reads.
//!
//! Holds up nobody: whoever reads too slowly loses lines and learns how many. While nobody reads, nothing is kept.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::machine::Entry;
use crate::ports::Seat;

/// Lines kept; some seconds of a busy Tabi.
const LINES_MAX: usize = 20_000;
/// Lines after which nobody is taken to read any more: another read begins anew.
const UNREAD_MAX: usize = 2 * LINES_MAX;

/// Nobody has read yet.
const NEVER: u8 = 0;
const READ: u8 = 1;
/// Somebody read once, and has not come back.
const LEFT: u8 = 2;

/// A decision, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The id of first sight.
    pub person: Arc<str>,
    pub entry: Entry,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Read {
    pub lines: Vec<Decision>,
    /// From where to read on.
    pub next: u64,
    /// Lines that were gone before they were read.
    pub lost: u64,
}

#[derive(Debug)]
pub struct Tail {
    state: AtomicU8,
    /// Lines since nobody reads any more.
    missed: AtomicU64,
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<Decision>,
    /// Number of the line that comes next.
    next: u64,
    unread: usize,
}

impl Default for Tail {
    fn default() -> Tail {
        Tail { state: AtomicU8::new(NEVER), missed: AtomicU64::new(0), ring: Mutex::default() }
    }
}

impl Tail {
    /// Somebody reads: lines are worth handing in.
    pub fn is_read(&self) -> bool {
        self.state.load(Ordering::Relaxed) == READ
    }
    /// Takes in what was written; what nobody would read is only counted.
    pub fn tell(&self, lines: Vec<(Seat, Entry)>, unread: usize, id_of: impl Fn(Seat) -> Option<Arc<str>>) {
        self.miss(unread);
        if !lines.is_empty() {
            let decision = |(seat, entry)| Some(Decision { person: id_of(seat)?, entry });
            self.add(lines.into_iter().filter_map(decision));
        }
    }
    fn miss(&self, lines: usize) {
        if self.state.load(Ordering::Relaxed) == LEFT {
            self.missed.fetch_add(lines as u64, Ordering::Relaxed);
        }
    }
    fn add(&self, decisions: impl Iterator<Item = Decision>) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        for decision in decisions {
            ring.lines.push_back(decision);
            ring.next += 1;
            ring.unread += 1;
        }
        let over = ring.lines.len().saturating_sub(LINES_MAX);
        ring.lines.drain(..over);
        if ring.unread > UNREAD_MAX {
            ring.lines.clear();
            self.state.store(LEFT, Ordering::Relaxed);
        }
    }
    /// Everything from a number on, at most so many; with no number only where to begin.
    pub fn read(&self, from: Option<u64>, limit: usize) -> Read {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if self.state.swap(READ, Ordering::Relaxed) == LEFT {
            ring.next += self.missed.swap(0, Ordering::Relaxed);
        }
        ring.unread = 0;
        let first = ring.next - ring.lines.len() as u64;
        let Some(from) = from.filter(|from| *from <= ring.next) else {
            return Read { next: ring.next, ..Read::default() };
        };
        let lost = first.saturating_sub(from);
        let skipped = from.max(first) - first;
        let lines: Vec<Decision> = ring.lines.iter().skip(skipped as usize).take(limit).cloned().collect();
        Read { next: from.max(first) + lines.len() as u64, lines, lost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::JourneyId;
    use crate::machine::What;
    use crate::value::Instant;

    fn decisions(numbers: std::ops::Range<i64>) -> impl Iterator<Item = Decision> {
        let entry = |n| Entry { at: Instant(n), journey: JourneyId(0), run: None, step: None, what: What::Entered };
        numbers.map(move |n| Decision { person: "p".into(), entry: entry(n) })
    }
    fn times(read: &Read) -> Vec<i64> {
        read.lines.iter().map(|line| line.entry.at.0).collect()
    }

    #[test]
    fn a_reader_gets_every_line_once_and_in_order() {
        let tail = Tail::default();
        assert!(!tail.is_read(), "nobody pays for what nobody reads");
        tail.miss(7);
        let begin = tail.read(None, 10);
        assert_eq!((begin.next, begin.lost, tail.is_read()), (0, 0, true));
        tail.add(decisions(0..5));
        let first = tail.read(Some(begin.next), 3);
        assert_eq!((times(&first), first.next), (vec![0, 1, 2], 3));
        let second = tail.read(Some(first.next), 3);
        assert_eq!((times(&second), second.next, second.lost), (vec![3, 4], 5, 0));
        assert_eq!(times(&tail.read(Some(5), 3)), [0; 0]);
    }

    #[test]
    fn a_slow_reader_loses_lines_and_learns_how_many() {
        let tail = Tail::default();
        let begin = tail.read(None, 10).next;
        let many = LINES_MAX as i64 + 100;
        tail.add(decisions(0..many));
        let late = tail.read(Some(begin), 1);
        assert_eq!((late.lost, times(&late)), (100, vec![100]));
        // One who does not come back is not waited for; what was not kept meanwhile is counted all the same.
        tail.add(decisions(0..UNREAD_MAX as i64 + 1));
        assert!(!tail.is_read());
        tail.miss(9);
        let back = tail.read(Some(late.next), 10);
        assert_eq!(back.lost + late.next, many as u64 + UNREAD_MAX as u64 + 1 + 9);
        assert!(back.lines.is_empty() && tail.is_read());
    }
}
