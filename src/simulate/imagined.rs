//! Values that stand in where nobody gave one: what an action would give, what a goal's event would carry.
//!
//! Always the same for the same type and time; no chance.

use crate::ir::{FieldDef, Program, Type};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR};
use crate::value::{CalendarPeriod, Decimal, Instant, LocalTime, Money, Span, Value};

/// Dates and moments lie this far ahead.
const DAYS_AHEAD: i64 = 30;
/// Amounts, in whole units of the currency.
const AMOUNT: i64 = 1_000;

/// A record of the fields. An optional field gets a value too if `generous`, else it is missing.
pub fn record(program: &Program, fields: &[FieldDef], at: Instant, generous: bool) -> Value {
    Value::Record(fields.iter().map(|f| value(program, &f.name, &f.ty, at, generous)).collect())
}

fn value(program: &Program, name: &str, ty: &Type, at: Instant, generous: bool) -> Value {
    let later = at.plus(Span(DAYS_AHEAD * MILLIS_PER_DAY));
    match ty {
        Type::Text | Type::Id | Type::LineId | Type::PushToken => {
            Value::text(format!("sample-{}", name.to_uppercase()))
        }
        Type::Email => Value::text("sample@example.com"),
        Type::Phone => Value::text("+810000000000"),
        Type::Url => Value::text("https://example.com/sample"),
        Type::Int => Value::Int(1),
        Type::Decimal => Value::Decimal(Decimal::from_int(1)),
        Type::Percent => Value::Decimal(Decimal { micro: Decimal::ONE / 10 }),
        Type::Bool => Value::Bool(true),
        Type::Money(currency) => {
            Value::Money(Money { currency: *currency, minor: AMOUNT * 10i64.pow(u32::from(currency.minor_digits())) })
        }
        Type::Zone => Value::Zone(program.project.zone),
        Type::Instant if name == "at" => Value::Instant(at),
        Type::Instant => Value::Instant(later),
        Type::Date => Value::Date(program.project.zone.date(later)),
        Type::Time => Value::Time(LocalTime(12 * 3600)),
        Type::Span => Value::Span(Span(MILLIS_PER_HOUR)),
        Type::Period => Value::Period(CalendarPeriod { months: 0, days: 1, millis: 0 }),
        Type::Enum(_) => Value::Enum(0),
        Type::Record(id) => record(program, &program.records[id.index()].fields, at, generous),
        Type::Event(id) => record(program, &program.event(*id).fields, at, generous),
        Type::Result(id) => record(program, &program.actions[id.index()].gives, at, generous),
        Type::List(_) => Value::List([].into()),
        Type::Optional(inner) if generous => value(program, name, inner, at, generous),
        Type::Optional(_) => Value::Missing,
    }
}
