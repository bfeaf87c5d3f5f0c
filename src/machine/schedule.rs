//! When a journey that starts by the clock starts: the next tick of a schedule.
//!
//! Names no people: the host asks for the next tick and sends it to its people, and the machine judges the audience.

use croner::parser::{CronParser, Seconds};

use crate::ir::{Schedule, ScheduleWhen, Start};
use crate::value::{Date, Instant, LocalTime, Zone};

/// Days looked ahead for a day of the week or month: more than any two neighbours are apart.
const DAYS_AHEAD_MAX: i32 = 64;

/// The first tick strictly after `after`; `None` when the journey does not start by the clock, or never again.
/// `zone` stands in where the schedule is `local`: ask once for each zone of the people.
///
/// A local time that does not exist means the first instant after the gap; one that occurs twice, the first. Cron follows
/// Vixie: with both a day of the month and a day of the week given, either is enough.
pub fn next_tick(start: &Start, zone: Zone, after: Instant) -> Option<Instant> {
    match start {
        Start::Event { .. } | Start::Segment { .. } => None,
        Start::At { at, .. } => (*at > after).then_some(*at),
        Start::Schedule { schedule, .. } => next_of(schedule, schedule.zone.unwrap_or(zone), after),
    }
}

/// The journey's schedule is `local`: each person ticks in their own zone.
pub fn is_local(start: &Start) -> bool {
    matches!(start, Start::Schedule { schedule: Schedule { zone: None, .. }, .. })
}

fn next_of(schedule: &Schedule, zone: Zone, after: Instant) -> Option<Instant> {
    match &schedule.when {
        ScheduleWhen::Day { at } => next_day(zone, after, *at, |_| true),
        ScheduleWhen::Week { on, at } => next_day(zone, after, *at, |day| on.contains(&day.weekday())),
        ScheduleWhen::Month { on, at } => next_day(zone, after, *at, |day| is_day_of_month(on, day)),
        ScheduleWhen::Cron(pattern) => next_cron(pattern, zone, after),
    }
}

/// The first local day that suits with its time after `after`. Starts a day early: the time of a day can lie in a gap
/// that reaches into the next.
fn next_day(zone: Zone, after: Instant, at: LocalTime, suits: impl Fn(Date) -> bool) -> Option<Instant> {
    let today = zone.date(after);
    (-1..DAYS_AHEAD_MAX)
        .map(|days| Date(today.0.saturating_add(days)))
        .filter(|day| suits(*day))
        .map(|day| zone.instant(day, at))
        .find(|tick| *tick > after)
}

/// A day past the month's end means its last day.
fn is_day_of_month(on: &[u8], day: Date) -> bool {
    let number = day.ymd().2 as u8;
    let is_last = Date(day.0 + 1).ymd().2 == 1;
    on.iter().any(|wanted| *wanted == number || (is_last && *wanted > number))
}

fn next_cron(pattern: &str, zone: Zone, after: Instant) -> Option<Instant> {
    let cron = CronParser::builder().seconds(Seconds::Disallowed).build().parse(pattern).ok()?;
    let start = jiff::Timestamp::from_millisecond(after.0).ok()?.to_zoned(zone.tz().clone());
    let next = cron.find_next_occurrence(&start, false).ok()?;
    Some(Instant(next.timestamp().as_millisecond()))
}
