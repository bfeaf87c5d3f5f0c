//! The most messages of one run that can fall into one window of time.
//!
//! Walks the graph once with, at every place, the least distance to each of the messages sent before: of all ways, the
//! nearest. Loops are walked as often as it takes until nothing comes nearer.

use crate::ir::{Cap, Pc};
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{CalendarPeriod, Span};

use super::apart::{Apart, changes};
use super::graph::{Edge, Graph, Loop, Way};

/// More messages than this in a window are not told apart: then the count of the whole run stands in.
const TOLD_APART_MAX: usize = 64;

/// A window that messages are counted in, like that of a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Slides: a message counts for exactly that long.
    Exact(Span),
    /// That many local days that follow each other.
    Days(i64),
}

impl Window {
    /// The window of `per D`, at its largest.
    pub fn of(period: CalendarPeriod, clocks: Span) -> Window {
        let days = period.days_at_most();
        if period.is_exact() || period.millis != 0 {
            let time = days * MILLIS_PER_DAY + period.millis;
            let slack = if period.is_exact() { 0 } else { changes(time, clocks) };
            return Window::Exact(Span(time + slack));
        }
        // Months end on clamped days: one more can count.
        Window::Days(days + i64::from(period.months > 0))
    }

    /// The most messages that a cap lets into the window.
    pub fn under(self, cap: &Cap, clocks: Span) -> u64 {
        let period = cap.window;
        let blocks = if period.is_exact() || period.millis != 0 {
            let days = period.days_at_least() * MILLIS_PER_DAY;
            let slack = if period.is_exact() { 0 } else { changes(days, clocks) };
            ceil(self.length(clocks), (days + period.millis - slack).max(1))
        } else {
            ceil(self.days(clocks), period.days_at_least().max(1))
        };
        blocks.saturating_mul(cap.count.into())
    }

    /// The time it covers at most.
    pub fn length(self, clocks: Span) -> i64 {
        match self {
            Window::Exact(length) => length.0,
            Window::Days(days) => days * MILLIS_PER_DAY + changes(days * MILLIS_PER_DAY, clocks),
        }
    }
    /// The local days it touches at most.
    fn days(self, clocks: Span) -> i64 {
        match self {
            Window::Exact(length) => 1 + ceil(length.0 + changes(length.0, clocks), MILLIS_PER_DAY) as i64,
            Window::Days(days) => days,
        }
    }
}

fn ceil(length: i64, by: i64) -> u64 {
    u64::try_from(length.max(0)).unwrap_or(0).div_ceil(u64::try_from(by).unwrap_or(1))
}

/// The least distances between messages of one run.
#[derive(Debug, Clone)]
pub struct Spacing {
    /// By n - 2: the least distance from a message to the n-th counted from it, for n from 2.
    nearest: Vec<Apart>,
    /// Messages of a run at most.
    total: u64,
}

impl Spacing {
    /// `counts` says whether taking the edge sends a message; `low` is the least time the edge takes, which comes after
    /// the message. `total` is the most messages of a run.
    pub fn new(
        graph: &Graph,
        counts: &dyn Fn(&Edge) -> bool,
        low: &dyn Fn(&Edge, usize) -> Apart,
        total: u64,
    ) -> Spacing {
        let size = usize::try_from(total).unwrap_or(usize::MAX).min(TOLD_APART_MAX);
        let mut walk = Walk { graph, counts, low, size, nearest: vec![Apart::NEVER; size.saturating_sub(1)] };
        if size > 1 {
            walk.walk(0, graph.len() as Pc, &vec![Apart::NEVER; size], false);
        }
        Spacing { nearest: walk.nearest, total }
    }

    /// The most messages that can fall into one window.
    pub fn most_in(&self, window: Window, clocks: Span) -> u64 {
        if self.total == 0 {
            return 0;
        }
        let fitting = self.nearest.iter().rposition(|apart| apart.fits(window, clocks)).map_or(1, |i| i as u64 + 2);
        if fitting as usize == TOLD_APART_MAX { self.total } else { fitting.min(self.total) }
    }
}

struct Walk<'g> {
    graph: &'g Graph,
    counts: &'g dyn Fn(&Edge) -> bool,
    low: &'g dyn Fn(&Edge, usize) -> Apart,
    size: usize,
    nearest: Vec<Apart>,
}

/// By n - 1: how far behind the n-th last message lies at least.
type Behind = Vec<Apart>;

impl Walk<'_> {
    /// Goes once through the places `from .. to`, beginning with `start`. Returns what comes back to `from`, if that is
    /// the head of a loop of which this is one pass.
    fn walk(&mut self, from: Pc, to: Pc, start: &Behind, is_pass: bool) -> Option<Behind> {
        let mut here: Vec<Option<Behind>> = vec![None; (to - from) as usize];
        if let Some(first) = here.first_mut() {
            *first = Some(start.clone());
        }
        let mut back: Option<Behind> = None;
        let mut pc = from;
        while pc < to {
            let Some(behind) = here[(pc - from) as usize].take() else {
                pc += 1;
                continue;
            };
            let own_head = is_pass && pc == from;
            if let (Some(l), false) = (self.graph.loop_at(pc), own_head) {
                if let Some(after) = self.passes(l, behind) {
                    join(&mut here[(l.exit - from) as usize], after);
                }
                pc = l.exit;
                continue;
            }
            for (index, edge) in self.graph.leaving(pc).iter().enumerate() {
                if own_head && edge.way == Way::Exit {
                    continue;
                }
                let after = self.after(edge, index, &behind);
                if !self.graph.is_back(edge) {
                    join(&mut here[(edge.to - from) as usize], after);
                } else if is_pass && edge.to == from {
                    join(&mut back, after);
                }
            }
            pc += 1;
        }
        back
    }

    /// All passes of a loop, one after the other; those that bring nothing new are not walked again.
    fn passes(&mut self, l: Loop, behind: Behind) -> Option<Behind> {
        if !(l.head..l.exit).any(|pc| self.graph.leaving(pc).iter().any(self.counts)) {
            // Without a message only time passes, the same in each pass.
            let pass = self.walk(l.head, l.exit, &vec![Apart::STILL], true)?[0].times(l.times);
            return Some(behind.into_iter().map(|apart| apart.then(pass)).collect());
        }
        let mut behind = behind;
        for _ in 0..l.times {
            let after = self.walk(l.head, l.exit, &behind, true)?;
            if after == behind {
                return Some(after);
            }
            behind = after;
        }
        Some(behind)
    }

    fn after(&mut self, edge: &Edge, index: usize, behind: &Behind) -> Behind {
        let low = (self.low)(edge, index);
        if !(self.counts)(edge) {
            return behind.iter().map(|apart| apart.then(low)).collect();
        }
        let mut after = Vec::with_capacity(self.size);
        after.push(low);
        for (n, apart) in behind.iter().enumerate() {
            if let Some(nearest) = self.nearest.get_mut(n) {
                *nearest = nearest.or(*apart);
                after.push(apart.then(low));
            }
        }
        after
    }
}

fn join(place: &mut Option<Behind>, other: Behind) {
    match place {
        Some(known) => known.iter_mut().zip(other).for_each(|(mine, theirs)| *mine = mine.or(theirs)),
        None => *place = Some(other),
    }
}
