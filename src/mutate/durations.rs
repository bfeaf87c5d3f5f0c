//! Durations and times a little off: longer, shorter, in another unit.
//!
//! Knows no steps.

use crate::ir::{Expr, Until};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR, MILLIS_PER_MINUTE, MILLIS_PER_SECOND};
use crate::value::{CalendarPeriod, LocalTime, Span, Value};

const SECONDS_PER_HOUR: u32 = 3_600;
const SECONDS_PER_DAY: u32 = 24 * SECONDS_PER_HOUR;

/// The largest unit that measures an exact duration, and the next smaller one.
const UNITS: [(i64, i64); 4] = [
    (MILLIS_PER_DAY, MILLIS_PER_HOUR),
    (MILLIS_PER_HOUR, MILLIS_PER_MINUTE),
    (MILLIS_PER_MINUTE, MILLIS_PER_SECOND),
    (MILLIS_PER_SECOND, 1),
];

/// One of its units more and less, and as many of the next smaller unit. Never nothing, never less.
pub fn periods(period: CalendarPeriod) -> Vec<CalendarPeriod> {
    let CalendarPeriod { months, days, millis } = period;
    let mut found = Vec::new();
    if months != 0 {
        found.extend([1, -1].map(|step| CalendarPeriod { months: months + step, ..period }));
    } else if days != 0 {
        found.extend([1, -1].map(|step| CalendarPeriod { days: days + step, ..period }));
        found.push(CalendarPeriod { days: 0, millis: millis + i64::from(days) * MILLIS_PER_HOUR, months });
    } else if let Some((unit, smaller)) = UNITS.into_iter().find(|(unit, _)| millis != 0 && millis % unit == 0) {
        found.extend([unit, -unit].map(|step| CalendarPeriod { millis: millis + step, ..period }));
        found.push(CalendarPeriod { millis: millis / unit * smaller, ..period });
    }
    found.retain(|other| *other != period && other.months >= 0 && other.days >= 0 && other.millis >= 0);
    found.retain(|other| *other != CalendarPeriod::default());
    found
}

/// An hour later and earlier.
pub fn times(time: LocalTime) -> [LocalTime; 2] {
    [SECONDS_PER_HOUR, SECONDS_PER_DAY - SECONDS_PER_HOUR].map(|step| LocalTime((time.0 + step) % SECONDS_PER_DAY))
}

/// A written duration; nothing of one that is read from somewhere.
pub fn expressions(duration: &Expr) -> Vec<Expr> {
    match duration {
        Expr::Const(Value::Period(period)) => {
            periods(*period).into_iter().map(|period| Expr::Const(Value::Period(period))).collect()
        }
        Expr::Const(Value::Span(Span(millis))) => {
            let exact = CalendarPeriod { millis: *millis, ..CalendarPeriod::default() };
            let found = periods(exact).into_iter();
            found.map(|period| Expr::Const(Value::Span(Span(period.millis)))).collect()
        }
        _ => Vec::new(),
    }
}

/// Another end of a wait.
pub fn untils(until: &Until) -> Vec<Until> {
    match until {
        Until::After(duration) => expressions(duration).into_iter().map(Until::After).collect(),
        Until::Time(time) => times(*time).map(Until::Time).to_vec(),
        Until::Tomorrow(time) => times(*time).map(Until::Tomorrow).to_vec(),
        Until::Weekday(day, time) => {
            let mut found = vec![Until::Weekday(*day % 7 + 1, *time)];
            found.extend(times(*time).map(|time| Until::Weekday(*day, time)));
            found
        }
        Until::Moment { moment, at: Some(time) } => {
            times(*time).map(|time| Until::Moment { moment: moment.clone(), at: Some(time) }).to_vec()
        }
        Until::Moment { at: None, .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_stay_durations() {
        let table = [
            ("3d", &["4d", "2d", "3h"][..]),
            ("1d", &["2d", "1h"]),
            ("2h", &["3h", "1h", "2m"]),
            ("90m", &["91m", "89m", "90s"]),
            ("1mo", &["2mo"]),
        ];
        for (period, expected) in table {
            let parse = |text: &str| CalendarPeriod::parse(text).expect(text);
            let expected: Vec<CalendarPeriod> = expected.iter().map(|text| parse(text)).collect();
            assert_eq!(periods(parse(period)), expected, "{period}");
        }
    }

    #[test]
    fn an_hour_goes_round_midnight() {
        let at = |hour| LocalTime(hour * SECONDS_PER_HOUR);
        assert_eq!(times(at(23)), [at(0), at(22)]);
        assert_eq!(times(at(0)), [at(1), at(23)]);
    }
}
