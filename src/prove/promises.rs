//! Promises: proven, or open, with the ways that may break them.
//!
//! What each promise means is in `docs/prove.md`.

use crate::ir::Promise;
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{CalendarPeriod, Span};

use super::bounds::{Counter, Times, Which, caps_on};
use super::crowded::Crowd;
use super::graph::Edge;
use super::path::Path;
use super::windows::Window;
use super::{Bound, Doubt, Judged, Longest, Most, Verdict};

/// All promises of a journey, in their order.
pub fn judge(counter: &Counter<'_, '_>, times: &Times) -> Vec<Judged> {
    let promises = counter.subject.journey.promises.iter();
    promises.map(|promise| Judged { promise: promise.clone(), verdict: verdict(promise, counter, times) }).collect()
}

fn verdict(promise: &Promise, counter: &Counter<'_, '_>, times: &Times) -> Verdict {
    match promise {
        Promise::EndsWithin(period) => ends_within(*period, times),
        Promise::Messages { count, channel, per: None } => match counter.run(*channel) {
            most if most <= u64::from(*count) => Verdict::Proven,
            most => open(Bound::Messages(Most::Count(most)), vec![counter.fullest(*channel)]),
        },
        // What the policy caps in just this window, nobody gets more of.
        Promise::Messages { count, channel, per: Some(period) }
            if caps_on(counter.subject.policy, *channel).any(|cap| cap.window == *period && cap.count <= *count) =>
        {
            Verdict::Proven
        }
        Promise::Messages { count, channel, per: Some(period) } => {
            let window = Window::of(*period, counter.subject.clocks);
            match counter.person_in(*channel, window) {
                Most::Count(most) if most <= u64::from(*count) => Verdict::Proven,
                most => open(Bound::Messages(most), crowds(counter, times, *channel, window, u64::from(*count))),
            }
        }
    }
}

fn open(bound: Bound, ways: Vec<Path>) -> Verdict {
    Verdict::Open(Doubt { bound, ways })
}

/// What `ends within` allows, a day counted as 24 hours and a month as the longest: changes of the clock break nothing.
pub fn allowed(period: CalendarPeriod) -> Span {
    Span(period.days_at_most() * MILLIS_PER_DAY + period.millis)
}

fn ends_within(period: CalendarPeriod, times: &Times) -> Verdict {
    match times.stay {
        Longest::Within { time, .. } if time <= allowed(period) => Verdict::Proven,
        Longest::Within { .. } | Longest::Never { .. } => {
            open(Bound::Stay(times.stay), vec![times.longest_path.clone()])
        }
    }
}

/// Ways of one run that bring too many into one window.
fn crowds(counter: &Counter<'_, '_>, times: &Times, which: Which, window: Window, allowed: u64) -> Vec<Path> {
    let subject = counter.subject;
    if counter.run_in(which, window) <= allowed {
        return Vec::new();
    }
    let crowd = Crowd {
        graph: &subject.graph,
        counts: &|edge: &Edge| subject.counts(edge, which),
        low: &|edge: &Edge, i| times.takes[edge.from as usize][i].low,
        clocks: subject.clocks,
    };
    crowd.find(window, allowed + 1)
}
