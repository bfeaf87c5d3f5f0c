//! Promises: proven, or refuted with a way that breaks them.
//!
//! What each promise means is in `docs/prove.md`.

use crate::ir::Promise;
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{CalendarPeriod, Span};

use super::bounds::{Counter, Times, Which, caps_on};
use super::crowded::Crowd;
use super::graph::Edge;
use super::windows::Window;
use super::{Judged, Longest, Most, Unbounded, Verdict};

/// All promises of a journey, in their order.
pub fn judge(counter: &Counter<'_, '_>, times: &Times) -> Vec<Judged> {
    let promises = counter.subject.journey.promises.iter();
    promises.map(|promise| Judged { promise: promise.clone(), verdict: verdict(promise, counter, times) }).collect()
}

fn verdict(promise: &Promise, counter: &Counter<'_, '_>, times: &Times) -> Verdict {
    match promise {
        Promise::EndsWithin(period) => ends_within(*period, times),
        Promise::Messages { count, channel, per: None } => match counter.run(*channel) <= u64::from(*count) {
            true => Verdict::Proven,
            false => Verdict::Refuted(counter.fullest(*channel)),
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
                most => crowded(counter, times, *channel, window, u64::from(*count), most),
            }
        }
    }
}

/// What `ends within` allows, a day counted as 24 hours and a month as the longest: changes of the clock break nothing.
pub fn allowed(period: CalendarPeriod) -> Span {
    Span(period.days_at_most() * MILLIS_PER_DAY + period.millis)
}

fn ends_within(period: CalendarPeriod, times: &Times) -> Verdict {
    match times.stay {
        Longest::Within { time, .. } if time <= allowed(period) => Verdict::Proven,
        // Others decide whether the cap ever has room: no way through this journey tells.
        Longest::Never { why: why @ Unbounded::CapShared, .. } => Verdict::Unproven(why),
        Longest::Within { .. } | Longest::Never { .. } => Verdict::Refuted(times.longest_path.clone()),
    }
}

/// Too many in one window: in one run if a way shows it, else by runs that follow or accompany each other.
fn crowded(
    counter: &Counter<'_, '_>,
    times: &Times,
    which: Which,
    window: Window,
    allowed: u64,
    most: Most,
) -> Verdict {
    let subject = counter.subject;
    if counter.run_in(which, window) > allowed {
        let crowd = Crowd {
            graph: &subject.graph,
            counts: &|edge: &Edge| subject.counts(edge, which),
            low: &|edge: &Edge, i| times.takes[edge.from as usize][i].low,
            clocks: subject.clocks,
        };
        if let Some(path) = crowd.find(window, allowed + 1) {
            return Verdict::Refuted(path);
        }
    }
    match most {
        Most::Unbounded(why) => Verdict::Unproven(why),
        Most::Count(_) => Verdict::Unproven(Unbounded::Reentry),
    }
}
