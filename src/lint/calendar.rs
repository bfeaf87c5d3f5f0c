//! Times of the clock and days of the month that some days and months lack (W0423).
//!
//! What then happens is settled by the language; this only says so where a reader may expect something else.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::ir::{Op, Schedule, ScheduleWhen, Start, Until};
use crate::text::Span;
use crate::value::time::MILLIS_PER_MINUTE;
use crate::value::{Date, LocalTime, Span as Length, Zone};

use super::Input;

/// The years that are looked at: rules beyond them are guesses.
const YEARS: std::ops::Range<i16> = 2026..2029;

/// What the clock does to a local time on some day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Odd {
    /// It does not exist: the first instant after the gap stands in.
    Skipped(Date),
    /// It comes twice: the first counts.
    Twice(Date),
}

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    let mut clocks = Clocks::default();
    for (journey, map) in input.program.journeys.iter().zip(&input.map.journeys) {
        let zone = input.program.policies[journey.policy.index()].zone;
        if let (Start::Schedule { schedule, .. }, Some(at)) = (&journey.start, map.start) {
            scheduled(&mut clocks, schedule, zone, at, out);
        }
        for (pc, instruction) in journey.code.iter().enumerate() {
            let Op::Wait { until } = &instruction.op else { continue };
            let (time, on) = match until {
                Until::Time(time) | Until::Tomorrow(time) | Until::Moment { at: Some(time), .. } => (*time, None),
                Until::Weekday(day, time) => (*time, Some(*day)),
                Until::Moment { at: None, .. } | Until::After(_) => continue,
            };
            if let Some(odd) = clocks.odd(zone, time, &|date| on.is_none_or(|day| date.weekday() == day)) {
                out.push(by_clock(odd, zone, time, map.part(&journey.code, pc as u32, 0)));
            }
        }
    }
}

fn scheduled(clocks: &mut Clocks, schedule: &Schedule, policy: Zone, at: Span, out: &mut Vec<Diagnostic>) {
    let zone = schedule.zone.unwrap_or(policy);
    let found = match &schedule.when {
        ScheduleWhen::Day { at } => clocks.odd(zone, *at, &|_| true).map(|odd| (*at, odd)),
        ScheduleWhen::Week { on, at } => {
            clocks.odd(zone, *at, &|date| on.contains(&date.weekday())).map(|odd| (*at, odd))
        }
        ScheduleWhen::Month { on, at } => clocks.odd(zone, *at, &|date| is_named(on, date)).map(|odd| (*at, odd)),
        ScheduleWhen::Cron(cron) => times(cron).into_iter().find_map(|time| {
            let odd = clocks.odd(zone, time, &|date| names(cron, date));
            odd.map(|odd| (time, odd))
        }),
    };
    if let Some((time, odd)) = found {
        out.push(by_clock(odd, zone, time, at));
    }
    // `on 31` says "the last day"; 29 and 30 say a day.
    if let ScheduleWhen::Month { on, .. } = &schedule.when
        && let Some(day) = on.iter().find(|day| matches!(day, 29 | 30))
    {
        out.push(
            Diagnostic::new(
                Code::W0423,
                at,
                format!("not every month has a day {day}"),
                format!("{day} 日のない月がある"),
            )
            .help(
                "in shorter months it is the last day; write `on 31` for the last day of every month, or a day up to 28",
                "短い月では末日になる。毎月末なら `on 31`、そうでなければ 28 までの日を書く",
            ),
        );
    }
}

/// A day past the month's end means its last day.
fn is_named(on: &[u8], date: Date) -> bool {
    let number = date.ymd().2 as u8;
    let is_last = Date(date.0 + 1).ymd().2 == 1;
    on.iter().any(|day| *day == number || (is_last && *day > number))
}

/// The times of the clock of a cron expression that names its minutes and hours one by one. One that runs every hour or
/// every few minutes means no time of the clock: a change of the clocks is nothing to it.
fn times(cron: &str) -> Vec<LocalTime> {
    let mut fields = cron.split(' ');
    let mut numbers = || fields.next()?.split(',').map(|number| number.parse::<u32>().ok()).collect::<Option<Vec<_>>>();
    let (Some(minutes), Some(hours)) = (numbers(), numbers()) else { return Vec::new() };
    let times = hours.iter().flat_map(|hour| minutes.iter().map(|minute| LocalTime::from_hm(*hour, *minute)));
    times.flatten().collect()
}

/// Whether a cron expression names a day, whatever its time.
fn names(cron: &str, date: Date) -> bool {
    let days: Vec<&str> = cron.split(' ').skip(2).collect();
    let noon = format!("0 12 {}", days.join(" "));
    let at = Zone::utc().midnight(date).plus(Length(12 * 60 * MILLIS_PER_MINUTE));
    let moment = jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_zoned(Zone::utc().tz().clone()));
    let cron = noon.parse::<croner::Cron>();
    cron.ok().zip(moment.ok()).is_some_and(|(cron, at)| cron.is_time_matching(&at).unwrap_or(false))
}

fn by_clock(odd: Odd, zone: Zone, time: LocalTime, at: Span) -> Diagnostic {
    let (en, ja, help, help_ja) = match odd {
        Odd::Skipped(date) => (
            format!("{time} does not exist on every day in {zone}: on {date} the clocks skip it"),
            format!("{zone} には {time} のない日がある ({date} に時計が進む)"),
            "on such a day it is the first moment after the gap; choose a time that no change of the clocks touches",
            "その日は飛ばされた直後になる。時計の切り替えにかからない時刻を選ぶ",
        ),
        Odd::Twice(date) => (
            format!("{time} comes twice on some days in {zone}, such as {date}"),
            format!("{zone} では {time} が二度来る日がある ({date} など)"),
            "on such a day the first of the two counts; choose a time that no change of the clocks touches",
            "その日は一度目になる。時計の切り替えにかからない時刻を選ぶ",
        ),
    };
    Diagnostic::new(Code::W0423, at, en, ja).help(help, help_ja)
}

/// What was found out of each zone: changes of the clock take days to look for.
#[derive(Default)]
struct Clocks {
    /// Days on which the zone's clock is set forward or back.
    changes: BTreeMap<Zone, Vec<Date>>,
}

impl Clocks {
    /// What the clock does to a time on one of the days that count.
    fn odd(&mut self, zone: Zone, time: LocalTime, counts: &dyn Fn(Date) -> bool) -> Option<Odd> {
        let days = self.changes.entry(zone).or_insert_with(|| changes(zone));
        days.iter().filter(|date| counts(**date)).find_map(|date| {
            let at = zone.instant(*date, time);
            if zone.local(at) != (*date, time) {
                return Some(Odd::Skipped(*date));
            }
            let again = [30, 60, 120]
                .into_iter()
                .any(|minutes| zone.local(at.plus(Length(minutes * MILLIS_PER_MINUTE))) == (*date, time));
            again.then_some(Odd::Twice(*date))
        })
    }
}

fn changes(zone: Zone) -> Vec<Date> {
    let (Some(first), Some(last)) = (Date::from_ymd(YEARS.start, 1, 1), Date::from_ymd(YEARS.end, 1, 1)) else {
        return Vec::new();
    };
    let day = Length(24 * 60 * MILLIS_PER_MINUTE);
    (first.0..last.0)
        .map(Date)
        .filter(|date| zone.midnight(Date(date.0 + 1)).since(zone.midnight(*date)) != day)
        .collect()
}
