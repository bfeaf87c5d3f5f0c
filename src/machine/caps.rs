//! Caps: how many sends of a person fall into a window, and when there is room again.
//!
//! Decides nothing about a message; `sends` does.

use crate::ir::{Cap, Channel, Program};
use crate::value::{CalendarPeriod, Date, Instant, Zone};

use super::person::Sent;

/// The first instant at which the cap leaves room for one more send, `None` if it does now. [`Instant::NEVER`] for a
/// cap of none.
pub(super) fn room_from(cap: &Cap, program: &Program, sent: &[Sent], zone: Zone, now: Instant) -> Option<Instant> {
    let mut leaving: Vec<Instant> = counted(cap, program, sent, zone, now).map(|(leaves, _)| leaves).collect();
    let over = (leaving.len() + 1).checked_sub(cap.count as usize).filter(|over| *over > 0)?;
    leaving.sort_unstable();
    Some(leaving.get(over - 1).copied().unwrap_or(Instant::NEVER))
}

/// The sends in the cap's window, and when each leaves it.
pub(super) fn counted<'s>(
    cap: &'s Cap,
    program: &'s Program,
    sent: &'s [Sent],
    zone: Zone,
    now: Instant,
) -> impl Iterator<Item = (Instant, &'s Sent)> {
    let counts = |s: &&Sent| {
        let channel = program.message(s.message).channel;
        cap.channel.map_or(channel.is_personal(), |c| c == channel)
    };
    let leaves = move |s: &'s Sent| (leaves_window(cap.window, zone, s.at), s);
    sent.iter().filter(counts).map(leaves).filter(move |(at, _)| *at > now)
}

/// Whether the cap counts messages of this channel at all.
pub(super) fn applies(cap: &Cap, channel: Channel) -> bool {
    channel.is_personal() && cap.channel.is_none_or(|c| c == channel)
}

/// When a send no longer counts. Calendar windows are whole local days, today included, so a send leaves at a local
/// midnight: the first day `d` for which `d - window + 1 day` is behind the day of the send. Exact windows slide.
fn leaves_window(window: CalendarPeriod, zone: Zone, at: Instant) -> Instant {
    if window.is_exact() || window.millis != 0 {
        return zone.plus(at, window);
    }
    let day = zone.date(at);
    let gone = |today: &Date| today.plus(window.negated()) >= day;
    // Clamping at a month's end moves the answer by a few days at most.
    let first = day.plus(window).0;
    let free = (first..first.saturating_add(7)).map(Date).find(gone).unwrap_or(Date(first));
    zone.midnight(free)
}
