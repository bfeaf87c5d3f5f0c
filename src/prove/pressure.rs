//! What all journeys together can send to one person: their own bounds, cut by the caps they share.
//!
//! A cap counts the messages of all journeys, but only binds those under its policy: of the journeys that have one, the
//! last message of a window was let through by its own cap, which had counted all the others.

use crate::ir::{Cap, Channel, JourneyId, PolicyId};
use crate::value::Span;

use super::bounds::{Counter, Which, caps_on};
use super::windows::Window;
use super::{Load, Most, Part};

/// The most messages of one window. `counters` are those of all journeys, by [`JourneyId`].
pub fn load(counters: &[Counter<'_, '_>], window: Window) -> Load {
    let everyone: Vec<usize> = (0..counters.len()).collect();
    let by_channel = || {
        let channels = Channel::ALL.into_iter().filter(|c| c.is_personal());
        channels.map(|c| share(counters, &everyone, Some(c), window)).fold(Load::default(), Load::plus)
    };
    // Caps on all messages bind those who have one; the others by channel.
    let (capped, free): (Vec<usize>, Vec<usize>) =
        everyone.iter().partition(|i| caps_on(counters[**i].subject.policy, None).next().is_some());
    let together = share(counters, &capped, None, window);
    let channels = Channel::ALL.into_iter().filter(|c| c.is_personal());
    let together = channels.map(|c| share(counters, &free, Some(c), window)).fold(together, Load::plus);
    let by_channel = by_channel();
    if by_channel.total.is_less(together.total) { by_channel } else { together }
}

/// What some journeys add in messages of one kind.
fn share(counters: &[Counter<'_, '_>], journeys: &[usize], which: Which, window: Window) -> Load {
    let own = |i: usize| counters[i].own_in(which, window);
    let sending = journeys.iter().copied().filter(|i| own(*i) != Most::Count(0));
    let (capped, free): (Vec<usize>, Vec<usize>) =
        sending.partition(|i| caps_on(counters[*i].subject.policy, which).next().is_some());
    let part = |i: &usize| {
        let part = Part::Own { journey: JourneyId(*i as u16), channel: which, most: own(*i) };
        Load { total: own(*i), parts: vec![part] }
    };
    let free = free.iter().map(part).fold(Load::default(), Load::plus);
    let alone = capped.iter().map(part).fold(Load::default(), Load::plus);
    let one_by_one = by_policy(counters, &capped, which, window);
    let at_once = under_the_largest(counters, &capped, which, window);
    let like_windows = by_window(counters, &capped, which, window);
    let best = [alone, one_by_one, like_windows]
        .into_iter()
        .chain(at_once)
        .reduce(|best, next| if next.total.is_less(best.total) { next } else { best });
    best.unwrap_or_default().plus(free)
}

/// Each policy's own cap on the journeys under it.
fn by_policy(counters: &[Counter<'_, '_>], journeys: &[usize], which: Which, window: Window) -> Load {
    let mut load = Load::default();
    for policy in policies(counters, journeys) {
        let under: Vec<JourneyId> = under(counters, journeys, policy);
        let Some(first) = under.first() else { continue };
        let subject = counters[first.index()].subject;
        let tightest = caps_on(subject.policy, which).map(|cap| window.under(cap, subject.clocks)).min();
        let own = under.iter().map(|j| counters[j.index()].own_in(which, window)).fold(Most::Count(0), Most::plus);
        let count = tightest.unwrap_or(u64::MAX);
        let part = match own {
            Most::Count(own) if own <= count => {
                let part = |j: &JourneyId| Part::Own {
                    journey: *j,
                    channel: which,
                    most: counters[j.index()].own_in(which, window),
                };
                Load { total: Most::Count(own), parts: under.iter().map(part).collect() }
            }
            Most::Count(_) | Most::Unbounded(_) => Load {
                total: Most::Count(count),
                parts: vec![Part::Capped { policy, channel: which, count, journeys: under }],
            },
        };
        load = load.plus(part);
    }
    load
}

/// Those whose caps have like windows under the largest of these.
fn by_window(counters: &[Counter<'_, '_>], journeys: &[usize], which: Which, window: Window) -> Load {
    let needed =
        |i: usize| tightest(&counters[i], which, window).map(|cap| blocks(cap, window, counters[i].subject.clocks));
    let mut kinds: Vec<Option<u64>> = journeys.iter().map(|i| needed(*i)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let group = |wanted: &Option<u64>| {
        let group: Vec<usize> = journeys.iter().copied().filter(|i| needed(*i) == *wanted).collect();
        under_the_largest(counters, &group, which, window)
    };
    kinds.iter().filter_map(group).fold(Load::default(), Load::plus)
}

/// The cap of a journey's policy that lets the fewest through; of several, the one that needs the fewest windows.
fn tightest<'p>(counter: &Counter<'_, 'p>, which: Which, window: Window) -> Option<&'p Cap> {
    let clocks = counter.subject.clocks;
    caps_on(counter.subject.policy, which).min_by_key(|cap| (window.under(cap, clocks), cap.count))
}

/// All of them under the largest count among their caps, in windows as short as the shortest of these.
fn under_the_largest(counters: &[Counter<'_, '_>], journeys: &[usize], which: Which, window: Window) -> Option<Load> {
    let clocks = counters.first()?.subject.clocks;
    let mut chosen: Vec<(PolicyId, &Cap)> = Vec::new();
    for policy in policies(counters, journeys) {
        let first = under(counters, journeys, policy).first().copied()?;
        chosen.push((policy, tightest(&counters[first.index()], which, window)?));
    }
    let largest = chosen.iter().max_by_key(|(_, cap)| cap.count)?;
    let blocks = chosen.iter().map(|(_, cap)| blocks(cap, window, clocks)).max()?;
    let count = blocks.saturating_mul(largest.1.count.into());
    let journeys = journeys.iter().map(|i| JourneyId(*i as u16)).collect();
    let part = Part::Capped { policy: largest.0, channel: which, count, journeys };
    Some(Load { total: Most::Count(count), parts: vec![part] })
}

/// How many windows of the cap it takes to cover the other.
fn blocks(cap: &Cap, window: Window, clocks: Span) -> u64 {
    window.under(&Cap { count: 1, ..cap.clone() }, clocks)
}

fn policies(counters: &[Counter<'_, '_>], journeys: &[usize]) -> Vec<PolicyId> {
    let mut policies: Vec<PolicyId> = journeys.iter().map(|i| counters[*i].subject.journey.policy).collect();
    policies.sort_unstable();
    policies.dedup();
    policies
}
fn under(counters: &[Counter<'_, '_>], journeys: &[usize], policy: PolicyId) -> Vec<JourneyId> {
    let under = journeys.iter().filter(|i| counters[**i].subject.journey.policy == policy);
    under.map(|i| JourneyId(*i as u16)).collect()
}

impl Default for Load {
    fn default() -> Load {
        Load { total: Most::Count(0), parts: Vec::new() }
    }
}

impl Load {
    fn plus(mut self, other: Load) -> Load {
        self.parts.extend(other.parts);
        Load { total: self.total.plus(other.total), parts: self.parts }
    }
}

impl Most {
    fn is_less(self, other: Most) -> bool {
        match (self, other) {
            (Most::Count(a), Most::Count(b)) => a < b,
            (Most::Count(_), Most::Unbounded(_)) => true,
            (Most::Unbounded(_), _) => false,
        }
    }
}
