//! How long a policy can hold a message back: quiet hours, and caps that hold.
//!
//! Looks at one message at a time. Who else may take a cap's room is told by the caller.

use crate::ir::{Cap, Channel, Overflow, Policy, Quiet};
use crate::value::Span;
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_SECOND};

use super::Unbounded;
use super::moments::Length;
use super::takes::High;

const DAY: i64 = 86_400;

/// The longest a message can be held by the policy's quiet hours: from the worst moment to the end of all windows that
/// follow on one another.
///
/// `clocks` is what changes of the clock can move: a free time shorter than that can be jumped over.
pub fn by_quiet(windows: &[Quiet], clocks: Span) -> High {
    let longest = quiet_seconds(windows, clocks.0 / MILLIS_PER_SECOND);
    High::Within { time: longest * MILLIS_PER_SECOND, local: longest > 0 }
}

fn quiet_seconds(windows: &[Quiet], clocks: i64) -> i64 {
    // Half-open stretches of the day; a window over midnight is two.
    let mut quiet: Vec<(i64, i64)> = Vec::new();
    for window in windows {
        let (from, to) = (i64::from(window.from.0), i64::from(window.to.0));
        match from.cmp(&to) {
            std::cmp::Ordering::Less => quiet.push((from, to)),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => quiet.extend([(from, DAY), (0, to)]),
        }
    }
    quiet.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, to) in quiet.into_iter().filter(|(from, to)| from < to) {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    let Some((first, last)) = joined.first().copied().zip(joined.last().copied()) else { return 0 };
    if joined == [(0, DAY)] {
        // Quiet all day long: never over, so every message is dropped.
        return 0;
    }
    let mut ends: Vec<(i64, i64)> = joined.iter().map(|(from, to)| (*from, *to)).collect();
    if first.0 == 0 && last.1 == DAY {
        ends.remove(0);
        if let Some(over_midnight) = ends.last_mut() {
            over_midnight.1 = DAY + first.1;
        }
    }
    let free = |i: usize| (ends[(i + 1) % ends.len()].0 - ends[i].1).rem_euclid(DAY);
    let jumped = (0..ends.len()).any(|i| free(i) <= clocks);
    let longest = ends.iter().map(|(from, to)| longest_from(windows, *from, *to)).max().unwrap_or(0);
    longest + if jumped && longest > 0 { DAY } else { 0 }
}

/// From the first moment of a stretch at which a message is held, and not dropped, to the stretch's end.
fn longest_from(windows: &[Quiet], from: i64, to: i64) -> i64 {
    let inside = |window: &Quiet, at: i64| {
        let (start, end, at) = (i64::from(window.from.0), i64::from(window.to.0), at.rem_euclid(DAY));
        if start <= end { (start..end).contains(&at) } else { at >= start || at < end }
    };
    let holds = |at: i64| {
        let mut here = windows.iter().filter(|w| inside(w, at)).peekable();
        here.peek().is_some() && here.all(|w| w.overflow == Overflow::Hold)
    };
    // What applies changes only where a window begins or ends.
    let bounds = windows.iter().flat_map(|w| [i64::from(w.from.0), i64::from(w.to.0)]);
    let mut begins: Vec<i64> = bounds.flat_map(|at| [at, at + DAY]).chain([from]).collect();
    begins.sort_unstable();
    begins.into_iter().find(|at| (from..to).contains(at) && holds(*at)).map_or(0, |at| to - at)
}

/// Caps that hold messages of the channel back.
pub fn holding_caps(policy: &Policy, channel: Channel) -> impl Iterator<Item = &Cap> {
    let applies = move |cap: &&Cap| channel.is_personal() && cap.channel.is_none_or(|c| c == channel);
    policy.caps.iter().filter(applies).filter(|cap| cap.overflow == Overflow::Hold && cap.count > 0)
}

/// The longest a message can be held in all. `others` is how many more messages that a cap counts people can get while
/// this one waits, each of which may take the room it waits for; absent: without end.
pub fn longest(policy: &Policy, channel: Channel, clocks: Span, others: impl Fn(&Cap) -> Option<u64>) -> High {
    if !channel.is_personal() {
        return High::NOW;
    }
    let quiet = by_quiet(&policy.quiet, clocks);
    let mut held = quiet;
    for cap in holding_caps(policy, channel) {
        let Some(others) = others(cap) else { return High::Never(Unbounded::CapShared) };
        // Room comes when an earlier message leaves the window, in vain as often as another takes it first.
        let window = Length::of(cap.window);
        let days = if cap.window.months > 0 { MILLIS_PER_DAY } else { 0 };
        let once = High::Within { time: window.most + days, local: window.local }.then(quiet);
        let times = u32::try_from(others.saturating_add(1)).unwrap_or(u32::MAX);
        held = held.then(once.times(times));
    }
    held
}
