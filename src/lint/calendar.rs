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
            let time = match until {
                Until::Time(time) | Until::Tomorrow(time) | Until::Weekday(_, time) => *time,
                Until::Moment { at: Some(time), .. } => *time,
                Until::Moment { at: None, .. } | Until::After(_) => continue,
            };
            if let Some(odd) = clocks.odd(zone, time) {
                out.push(by_clock(odd, zone, time, map.part(&journey.code, pc as u32, 0)));
            }
        }
    }
}

fn scheduled(clocks: &mut Clocks, schedule: &Schedule, policy: Zone, at: Span, out: &mut Vec<Diagnostic>) {
    let zone = schedule.zone.unwrap_or(policy);
    let time = match &schedule.when {
        ScheduleWhen::Day { at } | ScheduleWhen::Week { at, .. } | ScheduleWhen::Month { at, .. } => Some(*at),
        ScheduleWhen::Cron(_) => None,
    };
    if let Some((time, odd)) = time.and_then(|time| Some((time, clocks.odd(zone, time)?))) {
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
    fn odd(&mut self, zone: Zone, time: LocalTime) -> Option<Odd> {
        let days = self.changes.entry(zone).or_insert_with(|| changes(zone));
        days.iter().find_map(|date| {
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
