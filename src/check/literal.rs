//! Literals: from what stands in the text to an exact value, or the reason why there is none.
//!
//! Knows no scope: what a literal may mean where another type is wanted is decided in `fit`.

use crate::diag::{Code, Diagnostic};
use crate::ir::Type;
use crate::schema::{Sink, types};
use crate::syntax::tree::{self, Name, Number};
use crate::text::Span;
use crate::value::{CalendarPeriod, Currency, Date, Decimal, Instant, LocalTime, Money, Value, Zone};

/// Digits after the point that a number keeps.
const DECIMAL_DIGITS: usize = 6;

/// `whole.fraction` as an integer with `digits` digits after the point.
fn scaled(number: &Number, digits: usize) -> Result<i64, Unscaled> {
    let (whole, fraction) = number.text.split_once('.').unwrap_or((&number.text, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > digits {
        return Err(Unscaled::TooFine);
    }
    let text = format!("{whole}{fraction:0<digits$}");
    text.parse::<i64>().map_err(|_| Unscaled::TooLarge)
}

enum Unscaled {
    TooFine,
    TooLarge,
}

fn too_large(number: &Number) -> Diagnostic {
    let text = &number.text;
    Diagnostic::new(
        Code::E0104,
        number.span,
        format!("`{text}` is larger than any number here can be"),
        format!("`{text}` は大きすぎます"),
    )
}

fn too_fine(number: &Number, digits: usize) -> Diagnostic {
    let text = &number.text;
    Diagnostic::new(
        Code::E0104,
        number.span,
        format!("`{text}` has more than {digits} digits after the point"),
        format!("`{text}` は小数点以下が {digits} 桁を超えています"),
    )
}

fn exact(number: &Number, digits: usize, sink: &mut Sink) -> Option<i64> {
    match scaled(number, digits) {
        Ok(value) => Some(value),
        Err(Unscaled::TooFine) => {
            sink.report(too_fine(number, digits));
            None
        }
        Err(Unscaled::TooLarge) => {
            sink.report(too_large(number));
            None
        }
    }
}

pub fn number(number: &Number, sink: &mut Sink) -> Option<(Value, Type)> {
    if number.text.contains('.') {
        let micro = exact(number, DECIMAL_DIGITS, sink)?;
        return Some((Value::Decimal(Decimal { micro }), Type::Decimal));
    }
    Some((Value::Int(exact(number, 0, sink)?), Type::Int))
}

/// `12.5%` is 0.125.
pub fn percent(number: &Number, sink: &mut Sink) -> Option<Decimal> {
    Some(Decimal { micro: exact(number, DECIMAL_DIGITS - 2, sink)? })
}

/// A whole number from `least` on; `what` names it in English and Japanese.
pub fn count(number: &Number, least: u32, what: (&str, &str), sink: &mut Sink) -> Option<u32> {
    let parsed = number.text.parse::<u32>().ok().filter(|n| *n >= least);
    if parsed.is_none() {
        let text = &number.text;
        sink.report(
            Diagnostic::new(
                Code::E0104,
                number.span,
                format!("{} of `{text}` says nothing possible", what.0),
                format!("{}に `{text}` は使えません", what.1),
            )
            .help(format!("write a whole number from {least} on"), format!("{least} 以上の整数を書いてください")),
        );
    }
    parsed
}

pub fn money(amount: &Number, code: &Name, sink: &mut Sink) -> Option<(Money, Currency)> {
    let currency = types::currency(code, sink)?;
    let digits = usize::from(currency.minor_digits());
    match scaled(amount, digits) {
        Ok(minor) => Some((Money { currency, minor }, currency)),
        Err(Unscaled::TooLarge) => {
            sink.report(too_large(amount));
            None
        }
        Err(Unscaled::TooFine) => {
            let (text, code) = (&amount.text, currency.code());
            let found = Diagnostic::new(
                Code::E0421,
                amount.span,
                format!("`{text} {code}` is not an amount of {code}"),
                format!("`{text} {code}` という金額はありません"),
            );
            sink.report(match digits {
                0 => found.help(
                    format!("{code} has no minor unit: write a whole number"),
                    format!("{code} に補助単位はありません。整数で書いてください"),
                ),
                _ => found.help(
                    format!("{code} has {digits} digits after the point"),
                    format!("{code} の小数点以下は {digits} 桁までです"),
                ),
            });
            None
        }
    }
}

/// Exact ones are a `span`, calendar ones a `period`.
pub fn duration(period: CalendarPeriod) -> (Value, Type) {
    if period.is_exact() {
        return (Value::Span(crate::value::Span(period.millis)), Type::Span);
    }
    (Value::Period(period), Type::Period)
}

/// A duration that is longer than nothing.
pub fn lasting(written: &tree::Duration, what: (&str, &str), sink: &mut Sink) -> CalendarPeriod {
    if written.period == CalendarPeriod::default() {
        sink.report(Diagnostic::new(
            Code::E0104,
            written.span,
            format!("{} that lasts no time", what.0),
            format!("長さ 0 の{}", what.1),
        ));
    }
    written.period
}

pub fn date(year: i16, month: i8, day: i8, span: Span, sink: &mut Sink) -> Option<Date> {
    let found = Date::from_ymd(year, month, day);
    if found.is_none() {
        sink.report(Diagnostic::new(
            Code::E0104,
            span,
            format!("there is no {year:04}-{month:02}-{day:02}"),
            format!("{year:04}-{month:02}-{day:02} という日付はありません"),
        ));
    }
    found
}

pub fn time(time: &tree::TimeOfDay) -> LocalTime {
    LocalTime(time.seconds)
}

pub fn moment(date: Date, time: &tree::TimeOfDay, zone: Zone) -> Instant {
    zone.instant(date, self::time(time))
}

/// A zone by its name, with the alike one if there is none.
pub fn zone(name: &str, span: Span, sink: &mut Sink) -> Option<Zone> {
    if let Some(zone) = Zone::from_name(name) {
        return Some(zone);
    }
    let alike = Zone::common_name(name).or_else(|| crate::diag::did_you_mean(name, Zone::names()));
    let mut found = crate::schema::unknown(("time zone", "タイムゾーン"), name, span, []);
    found = match alike {
        Some(alike) => {
            found.help(format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?")).fix(span, alike)
        }
        None => found.help(
            "write a name such as `Asia/Tokyo` or `Europe/Paris`",
            "`Asia/Tokyo` や `Europe/Paris` のような名前で書いてください",
        ),
    };
    sink.report(found);
    None
}

/// ISO weekday, 1 is Monday.
pub fn weekday(name: &Name, sink: &mut Sink) -> Option<u8> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let found = DAYS.iter().position(|day| *day == name.text);
    if found.is_none() {
        let days = DAYS.iter().map(|day| (*day, None));
        sink.report(crate::schema::unknown(("day of the week", "曜日"), &name.text, name.span, days));
    }
    found.map(|i| i as u8 + 1)
}
