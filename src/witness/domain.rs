//! Which values are worth trying where a comparison is to hold.
//!
//! Tries none itself.

use crate::ir::{Compare, Program, Type};
use crate::value::{CalendarPeriod, Date, Decimal, Instant, LocalTime, Money, Span, Value};

/// The opposite of a comparison.
pub(super) fn negated(op: Compare) -> Compare {
    match op {
        Compare::Equal => Compare::NotEqual,
        Compare::NotEqual => Compare::Equal,
        Compare::Less => Compare::GreaterEqual,
        Compare::LessEqual => Compare::Greater,
        Compare::Greater => Compare::LessEqual,
        Compare::GreaterEqual => Compare::Less,
    }
}

/// The same comparison with its sides exchanged.
pub(super) fn flipped(op: Compare) -> Compare {
    match op {
        Compare::Equal | Compare::NotEqual => op,
        Compare::Less => Compare::Greater,
        Compare::LessEqual => Compare::GreaterEqual,
        Compare::Greater => Compare::Less,
        Compare::GreaterEqual => Compare::LessEqual,
    }
}

/// The type without its `?`.
pub(super) fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Optional(inner) => inner,
        plain => plain,
    }
}

/// The value as one of the type, where numbers of another kind were compared with it.
pub(super) fn fitted(ty: &Type, value: &Value) -> Vec<Value> {
    match (plain(ty), value) {
        (Type::Int, Value::Decimal(d)) => {
            let floor = d.micro.div_euclid(Decimal::ONE);
            vec![Value::Int(floor), Value::Int(floor + 1)]
        }
        (Type::Decimal | Type::Percent, Value::Int(n)) => vec![Value::Decimal(Decimal::from_int(*n))],
        (Type::Span, Value::Period(p)) => vec![Value::Span(p.longest())],
        (Type::Period, Value::Span(s)) => vec![Value::Period(CalendarPeriod::exact(*s))],
        _ => vec![value.clone()],
    }
}

/// One step above and one below; for a text, another text.
pub(super) fn neighbours(program: &Program, ty: &Type, value: &Value) -> Vec<Value> {
    let steps = |up: Value, down: Value| vec![up, down];
    match value {
        Value::Bool(b) => vec![Value::Bool(!b)],
        Value::Int(n) => steps(Value::Int(n.saturating_add(1)), Value::Int(n.saturating_sub(1))),
        Value::Decimal(d) => {
            let step = Decimal::ONE / 100;
            let moved = |by: i64| Value::Decimal(Decimal { micro: d.micro.saturating_add(by) });
            vec![moved(step), moved(-step), moved(1), moved(-1)]
        }
        Value::Money(m) => {
            let moved = |by: i64| Value::Money(Money { minor: m.minor.saturating_add(by), ..*m });
            steps(moved(1), moved(-1))
        }
        Value::Text(text) => vec![Value::text(format!("{text}-2")), Value::text("x")],
        Value::Instant(at) => steps(Value::Instant(at.plus(Span(60_000))), Value::Instant(at.minus(Span(60_000)))),
        Value::Date(d) => steps(Value::Date(Date(d.0.saturating_add(1))), Value::Date(Date(d.0.saturating_sub(1)))),
        Value::Time(t) => {
            steps(Value::Time(LocalTime((t.0 + 60) % 86_400)), Value::Time(LocalTime((t.0 + 86_340) % 86_400)))
        }
        Value::Span(s) => {
            steps(Value::Span(Span(s.0.saturating_add(60_000))), Value::Span(Span(s.0.saturating_sub(60_000))))
        }
        Value::Period(p) => {
            let moved = |by: i32| Value::Period(CalendarPeriod { days: p.days.saturating_add(by), ..*p });
            steps(moved(1), moved(-1))
        }
        Value::Enum(_) => match plain(ty) {
            Type::Enum(id) => (0..program.enums[id.index()].variants.len() as u16).map(Value::Enum).collect(),
            _ => Vec::new(),
        },
        Value::Missing | Value::Zone(_) | Value::Record(_) | Value::List(_) => Vec::new(),
    }
}

/// Round values on either side, as people write them.
pub(super) fn round(value: &Value) -> Vec<Value> {
    match value {
        Value::Money(m) => {
            let unit = 10i64.pow(u32::from(m.currency.minor_digits())) * 100;
            let base = m.minor.div_euclid(unit) * unit;
            let moved = |by: i64| Value::Money(Money { minor: base + by * unit, ..*m });
            vec![moved(2), moved(0), moved(-2), moved(-1)]
        }
        Value::Date(d) => vec![Value::Date(Date(d.0 + 7)), Value::Date(Date(d.0 - 7))],
        Value::Instant(at) => {
            let day = super::sample::days(1);
            vec![Value::Instant(at.plus(day)), Value::Instant(at.minus(day))]
        }
        Value::Missing
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Decimal(_)
        | Value::Text(_)
        | Value::Time(_)
        | Value::Span(_)
        | Value::Period(_)
        | Value::Zone(_)
        | Value::Enum(_)
        | Value::Record(_)
        | Value::List(_) => Vec::new(),
    }
}

/// No shop counts or charges less than nothing.
pub(super) fn is_usual(value: &Value) -> bool {
    match value {
        Value::Int(n) => *n >= 0,
        Value::Decimal(d) => d.micro >= 0,
        Value::Money(m) => m.minor >= 0,
        Value::Span(s) => s.0 >= 0,
        Value::Period(p) => p.months >= 0 && p.days >= 0 && p.millis >= 0,
        Value::Missing
        | Value::Bool(_)
        | Value::Text(_)
        | Value::Instant(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Zone(_)
        | Value::Enum(_)
        | Value::Record(_)
        | Value::List(_) => true,
    }
}

/// A moment on a whole minute, as people write clocks.
pub(super) fn whole_minute(at: Instant) -> Instant {
    Instant(at.0.div_euclid(60_000) * 60_000)
}
