//! Order and arithmetic of values: exact, saturating, and missing where an operation has no meaning.
//!
//! Reads no person and no clock; the zone for calendar steps comes as an argument.

use std::cmp::Ordering;

use crate::ir::{Compare, Operator};
use crate::value::money::divide_half_even;
use crate::value::{CalendarPeriod, Date, Decimal, Instant, Money, Span, Value, Zone};

/// Of two values of one kind (numbers of any kind); `None` if either is missing or they have no order.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Int(_) | Value::Decimal(_), Value::Int(_) | Value::Decimal(_)) => {
            Some(micro(left)?.cmp(&micro(right)?))
        }
        (Value::Money(a), Value::Money(b)) if a.currency == b.currency => Some(a.minor.cmp(&b.minor)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Instant(a), Value::Instant(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Enum(a), Value::Enum(b)) => Some(a.cmp(b)),
        (Value::Span(_) | Value::Period(_), Value::Span(_) | Value::Period(_)) => {
            Some(period(left)?.longest().cmp(&period(right)?.longest()))
        }
        _ => None,
    }
}

pub(super) fn equal(left: &Value, right: &Value) -> bool {
    left == right || order(left, right) == Some(Ordering::Equal)
}

pub(super) fn compare(op: Compare, left: &Value, right: &Value) -> bool {
    let order = || order(left, right);
    match op {
        Compare::Equal => equal(left, right),
        Compare::NotEqual => !equal(left, right),
        Compare::Less => order().is_some_and(Ordering::is_lt),
        Compare::LessEqual => order().is_some_and(Ordering::is_le),
        Compare::Greater => order().is_some_and(Ordering::is_gt),
        Compare::GreaterEqual => order().is_some_and(Ordering::is_ge),
    }
}

pub(super) fn negate(value: &Value) -> Value {
    match value {
        Value::Int(n) => Value::Int(n.saturating_neg()),
        Value::Decimal(d) => Value::Decimal(Decimal { micro: d.micro.saturating_neg() }),
        Value::Money(m) => Value::Money(Money { minor: m.minor.saturating_neg(), ..*m }),
        Value::Span(s) => Value::Span(Span(s.0.saturating_neg())),
        Value::Period(p) => Value::Period(opposite(*p)),
        _ => Value::Missing,
    }
}

/// Missing if a side is missing, a divisor is zero, or the kinds do not go together.
pub(super) fn arithmetic(op: Operator, left: &Value, right: &Value, zone: Zone) -> Value {
    match op {
        Operator::Add => add(left, right, zone),
        Operator::Subtract => subtract(left, right, zone),
        Operator::Multiply => multiply(left, right),
        Operator::Divide => divide(left, right),
    }
}

fn add(left: &Value, right: &Value, zone: Zone) -> Value {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.saturating_add(*b)),
        (Value::Money(a), Value::Money(b)) if a.currency == b.currency => {
            Value::Money(Money { minor: a.minor.saturating_add(b.minor), ..*a })
        }
        (Value::Text(a), Value::Text(b)) => Value::text([a.as_ref(), b.as_ref()].concat()),
        (Value::Instant(at), Value::Span(s)) | (Value::Span(s), Value::Instant(at)) => Value::Instant(at.plus(*s)),
        (Value::Instant(at), Value::Period(p)) | (Value::Period(p), Value::Instant(at)) => {
            Value::Instant(zone.plus(*at, *p).min(Instant::NEVER))
        }
        (Value::Date(date), Value::Period(p)) | (Value::Period(p), Value::Date(date)) => Value::Date(date.plus(*p)),
        (Value::Span(a), Value::Span(b)) => Value::Span(Span(a.0.saturating_add(b.0))),
        (Value::Span(_) | Value::Period(_), Value::Span(_) | Value::Period(_)) => match (period(left), period(right)) {
            (Some(a), Some(b)) => Value::Period(CalendarPeriod {
                months: a.months.saturating_add(b.months),
                days: a.days.saturating_add(b.days),
                millis: a.millis.saturating_add(b.millis),
            }),
            _ => Value::Missing,
        },
        _ => decimal(left, right, |a, b| Some(a + b)),
    }
}

fn subtract(left: &Value, right: &Value, zone: Zone) -> Value {
    match (left, right) {
        (Value::Instant(a), Value::Instant(b)) => Value::Span(a.since(*b)),
        (Value::Date(a), Value::Date(b)) => {
            Value::Period(CalendarPeriod { months: 0, days: days_between(*b, *a), millis: 0 })
        }
        _ => add(left, &negate(right), zone),
    }
}

fn multiply(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.saturating_mul(*b)),
        (Value::Money(m), n) | (n, Value::Money(m)) => match scaled(m.minor, n) {
            Some(minor) => Value::Money(Money { minor, ..*m }),
            None => Value::Missing,
        },
        (Value::Span(s), n) | (n, Value::Span(s)) => scaled(s.0, n).map_or(Value::Missing, |ms| Value::Span(Span(ms))),
        (Value::Period(p), Value::Int(n)) | (Value::Int(n), Value::Period(p)) => {
            let times = |part: i32| i64::from(part).saturating_mul(*n).clamp(i32::MIN.into(), i32::MAX.into()) as i32;
            let millis = p.millis.saturating_mul(*n);
            Value::Period(CalendarPeriod { months: times(p.months), days: times(p.days), millis })
        }
        _ => decimal(left, right, |a, b| divide_half_even(a.checked_mul(b)?, Decimal::ONE.into())),
    }
}

/// Numbers give a decimal; money by a number gives money, both rounded half to even.
fn divide(left: &Value, right: &Value) -> Value {
    let ratio = |a: i64, b: i64| Decimal::ratio(a.into(), b.into()).map_or(Value::Missing, Value::Decimal);
    match (left, right) {
        (Value::Money(a), Value::Money(b)) if a.currency == b.currency => ratio(a.minor, b.minor),
        (Value::Money(m), n) => match micro(n).and_then(|n| over(m.minor, n)) {
            Some(minor) => Value::Money(Money { minor, ..*m }),
            None => Value::Missing,
        },
        (Value::Span(a), Value::Span(b)) => ratio(a.0, b.0),
        (Value::Span(s), n) => micro(n).and_then(|n| over(s.0, n)).map_or(Value::Missing, |ms| Value::Span(Span(ms))),
        _ => decimal(left, right, |a, b| divide_half_even(a.checked_mul(Decimal::ONE.into())?, b)),
    }
}

/// The mean of `count` values that sum up to `sum`; missing when nothing counts.
pub(super) fn average(sum: &Value, count: i64) -> Value {
    match sum {
        Value::Int(n) => Decimal::ratio((*n).into(), count.into()).map_or(Value::Missing, Value::Decimal),
        Value::Decimal(_) | Value::Money(_) | Value::Span(_) => divide(sum, &Value::Int(count)),
        _ => Value::Missing,
    }
}

/// Whole days from `from` to `to`.
pub(super) fn days_between(from: Date, to: Date) -> i32 {
    to.0.saturating_sub(from.0)
}

/// A duration of either kind as a calendar period.
pub(super) fn period(value: &Value) -> Option<CalendarPeriod> {
    match value {
        Value::Span(span) => Some(CalendarPeriod::exact(*span)),
        Value::Period(period) => Some(*period),
        _ => None,
    }
}

fn opposite(period: CalendarPeriod) -> CalendarPeriod {
    CalendarPeriod {
        months: period.months.saturating_neg(),
        days: period.days.saturating_neg(),
        millis: period.millis.saturating_neg(),
    }
}

fn micro(value: &Value) -> Option<i128> {
    match value {
        Value::Int(n) => Some(i128::from(*n) * i128::from(Decimal::ONE)),
        Value::Decimal(d) => Some(d.micro.into()),
        _ => None,
    }
}

fn decimal(left: &Value, right: &Value, of: impl Fn(i128, i128) -> Option<i128>) -> Value {
    let result = micro(left).zip(micro(right)).and_then(|(a, b)| of(a, b));
    result.map_or(Value::Missing, |micro| Value::Decimal(Decimal { micro: saturated(micro) }))
}

fn scaled(amount: i64, factor: &Value) -> Option<i64> {
    divide_half_even(i128::from(amount).saturating_mul(micro(factor)?), Decimal::ONE.into()).map(saturated)
}

fn over(amount: i64, divisor_micro: i128) -> Option<i64> {
    divide_half_even(i128::from(amount).saturating_mul(Decimal::ONE.into()), divisor_micro).map(saturated)
}

fn saturated(number: i128) -> i64 {
    number.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}
