//! Quiet hours: whether they apply now, and when they end.
//!
//! Decides nothing about a message; `sends` does.

use crate::ir::{Overflow, Quiet};
use crate::value::{Date, Instant, Span, Zone};

/// Windows that follow on one another are passed this often; windows that cover the whole day never end.
const WINDOWS_PASSED_MAX: usize = 16;

/// Whether the windows that apply at `at` let a message wait: `None` if none applies, else the instant at which none
/// applies any more, or `Err` if one that applies says drop, or they never end.
pub(super) fn hold(windows: &[Quiet], zone: Zone, at: Instant) -> Option<Result<Instant, ()>> {
    let drops = |window: &Quiet| window.overflow == Overflow::Drop && end(window, zone, at).is_some();
    end_of_all(windows, zone, at)?;
    if windows.iter().any(drops) {
        return Some(Err(()));
    }
    let mut free = at;
    for _ in 0..WINDOWS_PASSED_MAX {
        match end_of_all(windows, zone, free) {
            Some(end) => free = end,
            None => return Some(Ok(free)),
        }
    }
    Some(Err(()))
}

/// The latest end of the windows that apply.
fn end_of_all(windows: &[Quiet], zone: Zone, at: Instant) -> Option<Instant> {
    windows.iter().filter_map(|w| end(w, zone, at)).max()
}

/// Half-open `[from, to)` of the wall clock, over midnight if `from` is later; empty if they are equal.
fn end(window: &Quiet, zone: Zone, at: Instant) -> Option<Instant> {
    let (today, time) = zone.local(at);
    let (from, to) = (window.from, window.to);
    let ends_on = match from.cmp(&to) {
        std::cmp::Ordering::Less => (from <= time && time < to).then_some(today),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater if time >= from => Some(Date(today.0.saturating_add(1))),
        std::cmp::Ordering::Greater => (time < to).then_some(today),
    };
    let end = zone.instant(ends_on?, to);
    // In the second pass of a repeated hour the first occurrence of the end is already behind.
    let seconds_left = i64::from(to.0).saturating_sub(i64::from(time.0)).max(1);
    Some(if end > at { end } else { at.plus(Span(seconds_left * 1_000 - at.0.rem_euclid(1_000))) })
}
