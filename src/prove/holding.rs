//! How long a policy can hold a message back: quiet hours, and caps that hold.
//!
//! Looks at one message at a time. Who else may take a cap's room is told by the caller.

use crate::ir::{Cap, Channel, Overflow, Policy, Quiet};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_SECOND};

use super::Unbounded;
use super::clocked::{Over, Piece};
use super::late::{Clock, High, Lasts};
use super::moments::Length;

const DAY: i64 = 86_400;

/// How long quiet hours hold a message back, by the time of day: to the end of all windows that follow on one another.
fn by_quiet(windows: &[Quiet], clock: Clock) -> Lasts {
    let mut bounds: Vec<i64> =
        windows.iter().flat_map(|w| [i64::from(w.from.0), i64::from(w.to.0)]).chain([0]).collect();
    bounds.sort_unstable();
    bounds.dedup();
    // What applies changes only where a window begins or ends.
    let mut held = bounds.iter().map(|at| (*at, held_until(windows, *at))).collect::<Vec<_>>();
    held.retain(|(at, _)| *at < DAY);
    let longest = held.iter().filter_map(|(at, until)| Some((*until)? - at)).max().unwrap_or(0);
    let over = |(at, until): &(i64, Option<i64>)| {
        let over = until.map_or(Over::After(0), |until| Over::At(until * MILLIS_PER_SECOND));
        Piece { from: at * MILLIS_PER_SECOND, over }
    };
    let pieces: Vec<Piece> = held.iter().map(over).collect();
    // A free time so short can be jumped over: then the next windows follow.
    let jumped = free_times(windows).any(|free| free <= clock.changes.0 / MILLIS_PER_SECOND);
    let more = if jumped && longest > 0 { MILLIS_PER_DAY } else { 0 };
    let mut held = clock.daily(&pieces, longest * MILLIS_PER_SECOND);
    if more > 0 {
        held = held.then(clock.lasting(more, true));
    }
    held
}
/// When no window applies any more, if those that do hold; seconds since midnight.
fn held_until(windows: &[Quiet], at: i64) -> Option<i64> {
    let holds = |window: &Quiet| window.overflow == Overflow::Hold;
    if !windows.iter().filter(|w| end(w, at).is_some()).all(holds) {
        return None;
    }
    let first = windows.iter().filter_map(|w| end(w, at)).max()?;
    free_from(windows, first)
}
/// The first moment from this one on at which no window applies; none where they never end.
fn free_from(windows: &[Quiet], at: i64) -> Option<i64> {
    let mut free = at;
    while let Some(end) = windows.iter().filter_map(|w| end(w, free)).max() {
        free = end;
        if free - at > 2 * DAY {
            return None;
        }
    }
    Some(free)
}
/// The end of the window, if it applies then.
fn end(window: &Quiet, at: i64) -> Option<i64> {
    let (from, to, time) = (i64::from(window.from.0), i64::from(window.to.0), at.rem_euclid(DAY));
    let midnight = at - time;
    match from.cmp(&to) {
        std::cmp::Ordering::Less => (from..to).contains(&time).then_some(midnight + to),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater if time >= from => Some(midnight + DAY + to),
        std::cmp::Ordering::Greater => (time < to).then_some(midnight + to),
    }
}
/// How long each free time is, in seconds.
fn free_times(windows: &[Quiet]) -> impl Iterator<Item = i64> + '_ {
    let begins = windows.iter().map(|w| i64::from(w.from.0));
    let ends = windows.iter().filter_map(|w| free_from(windows, i64::from(w.to.0)));
    ends.filter_map(move |end| begins.clone().map(|begin| (begin - end).rem_euclid(DAY)).min())
}

/// Caps that hold messages of the channel back.
pub fn holding_caps(policy: &Policy, channel: Channel) -> impl Iterator<Item = &Cap> {
    let applies = move |cap: &&Cap| channel.is_personal() && cap.channel.is_none_or(|c| c == channel);
    policy.caps.iter().filter(applies).filter(|cap| cap.overflow == Overflow::Hold && cap.count > 0)
}

/// Messages that a cap counts, beside the one that waits for room.
#[derive(Debug, Clone, Copy)]
pub struct Others {
    /// That may come meanwhile, and take the room.
    pub meanwhile: u64,
    /// That may ever come. Absent: without end.
    pub ever: Option<u64>,
}

/// The longest a message can be held in all. `others` tells who else takes a cap's room; absent: without end.
pub fn longest(policy: &Policy, channel: Channel, clock: Clock, others: impl Fn(&Cap) -> Option<Others>) -> Lasts {
    if !channel.is_personal() {
        return Lasts::NOW;
    }
    let quiet = by_quiet(&policy.quiet, clock);
    let mut held = quiet.clone();
    let mut caps = 0;
    for cap in holding_caps(policy, channel) {
        let times = match others(cap) {
            None => return Lasts::never(Unbounded::CapShared),
            // With so few messages there is always room.
            Some(Others { ever: Some(ever), .. }) if ever < u64::from(cap.count) => continue,
            Some(others) => u32::try_from(others.meanwhile.saturating_add(1)).unwrap_or(u32::MAX),
        };
        // Room comes when an earlier message leaves the window, in vain as often as another takes it first.
        held = held.then(room(cap, clock).then(quiet.clone()).times(times));
        caps += 1;
    }
    if caps > 1 {
        // In which order they have room is not known: only the sum holds.
        held.course = None;
        if let High::Within { time, local } = held.high {
            return clock.lasting(time, local);
        }
    }
    held
}
/// How long until a cap that is full has room again.
fn room(cap: &Cap, clock: Clock) -> Lasts {
    let window = Length::of(cap.window);
    let period = cap.window;
    if period.is_exact() || period.millis != 0 || period.months > 0 {
        let days = if period.months > 0 { MILLIS_PER_DAY } else { 0 };
        return clock.lasting(window.most + days, window.local);
    }
    // Of whole days: a message leaves at a midnight, so long after that before it.
    clock.daily(&[Piece { from: 0, over: Over::At(window.most) }], window.most)
}
