//! Values as plain JSON: what webhooks and actions get, and what a person's export shows.
//!
//! Formats nothing for readers; `filters` does.

use serde_json::{Number, Value as Json};

use crate::ir::{FieldDef, Program, Type};
use crate::value::Value;
use crate::value::time::MILLIS_PER_SECOND;

/// A value of type `ty`, as it would be read when it came in: money in currency units (its currency is the type's), spans in
/// seconds, instants, dates and times in ISO 8601, enums by name; what is missing is null.
pub fn json(program: &Program, ty: &Type, value: &Value) -> Json {
    match (ty, value) {
        (_, Value::Missing) => Json::Null,
        (Type::Optional(inner), value) => json(program, inner, value),
        (_, Value::Bool(value)) => Json::Bool(*value),
        (_, Value::Int(value)) => Json::Number((*value).into()),
        (_, Value::Decimal(decimal)) => number(decimal.micro, crate::value::Decimal::ONE as f64),
        (_, Value::Money(money)) => {
            let scale = 10f64.powi(i32::from(money.currency.minor_digits()));
            number(money.minor, scale)
        }
        (_, Value::Text(text)) => Json::String(text.to_string()),
        (_, Value::Instant(at)) => Json::String(at.to_string()),
        (_, Value::Date(date)) => Json::String(date.to_string()),
        (_, Value::Time(time)) => Json::String(time.to_string()),
        (_, Value::Span(span)) => number(span.0, MILLIS_PER_SECOND as f64),
        (_, Value::Period(period)) => Json::String(period.to_string()),
        (_, Value::Zone(zone)) => Json::String(zone.name().to_owned()),
        (Type::Enum(id), Value::Enum(index)) => {
            let variants = program.enums.get(id.index()).map(|def| def.variants.as_slice()).unwrap_or_default();
            variants.get(usize::from(*index)).map_or(Json::Null, |name| Json::String(name.clone()))
        }
        (Type::Record(id), Value::Record(values)) => object(
            program,
            program.records.get(id.index()).map(|def| def.fields.as_slice()).unwrap_or_default(),
            values,
        ),
        (Type::Event(id), Value::Record(values)) => {
            object(program, program.events.get(id.index()).map(|def| def.fields.as_slice()).unwrap_or_default(), values)
        }
        (Type::Result(id), Value::Record(values)) => {
            object(program, program.actions.get(id.index()).map(|def| def.gives.as_slice()).unwrap_or_default(), values)
        }
        (Type::List(inner), Value::List(values)) => {
            Json::Array(values.iter().map(|value| json(program, inner, value)).collect())
        }
        (_, Value::Enum(_) | Value::Record(_) | Value::List(_)) => Json::Null,
    }
}

/// Whole if it can be; else as many digits as a double holds, which is enough for every amount people pay.
fn number(units: i64, scale: f64) -> Json {
    if units % scale as i64 == 0 {
        return Json::Number((units / scale as i64).into());
    }
    Number::from_f64(units as f64 / scale).map_or(Json::Null, Json::Number)
}

/// The fields that are set, by name.
pub fn object(program: &Program, fields: &[FieldDef], values: &[Value]) -> Json {
    let set = fields.iter().zip(values).filter(|(_, value)| !value.is_missing());
    Json::Object(set.map(|(field, value)| (field.name.clone(), json(program, &field.ty, value))).collect())
}
