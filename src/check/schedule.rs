//! Schedules: days, weeks, months and cron expressions, and the zone they are read in.
//!
//! Computes no times; only refuses what can never come.

use super::literal;
use super::steps::Walk;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Schedule, ScheduleWhen};
use crate::schema::Sink;
use crate::syntax::tree::{self, Name, Number, ScheduleKind, Text};
use crate::value::Zone;

/// The word for each person's own zone.
const LOCAL: &str = "local";

pub fn schedule(walk: &mut Walk<'_, '_>, written: &tree::Schedule) -> Option<Schedule> {
    let zone = match &written.zone {
        None => Some(walk.zone),
        Some(name) if name.text == LOCAL => None,
        Some(name) => Some(literal::zone(&name.text, name.span, walk.sink)?),
    };
    let when = match &written.kind {
        ScheduleKind::Day { at } => ScheduleWhen::Day { at: literal::time(at) },
        ScheduleKind::Week { on, at } => ScheduleWhen::Week { on: weekdays(on, walk.sink)?, at: literal::time(at) },
        ScheduleKind::Month { on, at } => ScheduleWhen::Month { on: month_days(on, walk.sink)?, at: literal::time(at) },
        ScheduleKind::Cron(text) => cron(text, walk.sink)?,
    };
    Some(Schedule { when, zone })
}

fn weekdays(names: &[Name], sink: &mut Sink) -> Option<Vec<u8>> {
    let mut days = Vec::with_capacity(names.len());
    for name in names {
        days.push(literal::weekday(name, sink)?);
    }
    days.sort_unstable();
    days.dedup();
    Some(days)
}

fn month_days(numbers: &[Number], sink: &mut Sink) -> Option<Vec<u8>> {
    let mut days = Vec::with_capacity(numbers.len());
    for number in numbers {
        match number.text.parse::<u8>() {
            Ok(day) if (1..=31).contains(&day) => days.push(day),
            _ => {
                let text = &number.text;
                sink.report(
                    Diagnostic::new(
                        Code::E0104,
                        number.span,
                        format!("no month has a day {text}"),
                        format!("{text} 日という日はありません"),
                    )
                    .help(
                        "write 1 to 31; a day past the month's end is its last",
                        "1 から 31 で書いてください。月末を超える日は月末になります",
                    ),
                );
                return None;
            }
        }
    }
    days.sort_unstable();
    days.dedup();
    Some(days)
}

/// Fields of a crontab line.
const CRON_FIELDS: usize = 5;

fn cron(text: &Text, sink: &mut Sink) -> Option<ScheduleWhen> {
    let written = &text.text;
    let wrong = |en: String, ja: String| {
        Diagnostic::new(Code::E0104, text.span, en, ja).help(
            "five fields: minute, hour, day of month, month, day of week, as in `0 9 * * 1`",
            "五つの欄: 分・時・日・月・曜日 (例 `0 9 * * 1`)",
        )
    };
    let fields = written.split_whitespace().count();
    let parsed = written.parse::<croner::Cron>().ok().filter(|_| fields == CRON_FIELDS);
    let Some(cron) = parsed else {
        sink.report(wrong(
            format!("`{written}` is no cron expression"),
            format!("`{written}` は cron 式ではありません"),
        ));
        return None;
    };
    let epoch = jiff::Timestamp::UNIX_EPOCH.to_zoned(Zone::utc().tz().clone());
    if cron.find_next_occurrence(&epoch, true).is_err() {
        sink.report(wrong(
            format!("`{written}` names a day that never comes"),
            format!("`{written}` の日は永遠に来ません"),
        ));
        return None;
    }
    Some(ScheduleWhen::Cron(written.split_whitespace().collect::<Vec<_>>().join(" ")))
}
