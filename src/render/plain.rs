//! Values as plain JSON: what webhooks and actions get, and what a person's export shows.
//!
//! Formats nothing for readers; `filters` does.

use serde_json::{Map, Number, Value as Json};

use crate::ir::{FieldDef, Program, Type};
use crate::value::Value;

/// A value of type `ty`. Money is an object of amount (in currency units, as text, exact) and currency; instants, dates and
/// times are ISO 8601; enums are their names; what is missing is null.
pub fn json(program: &Program, ty: &Type, value: &Value) -> Json {
    match (ty, value) {
        (_, Value::Missing) => Json::Null,
        (Type::Optional(inner), value) => json(program, inner, value),
        (_, Value::Bool(value)) => Json::Bool(*value),
        (_, Value::Int(value)) => Json::Number((*value).into()),
        (_, Value::Decimal(decimal)) => {
            let number = Number::from_f64(decimal.micro as f64 / crate::value::Decimal::ONE as f64);
            number.map_or(Json::Null, Json::Number)
        }
        (_, Value::Money(money)) => {
            let text = money.to_string();
            let amount = text.split(' ').next().unwrap_or_default().replace('_', "");
            Json::Object(Map::from_iter([
                ("amount".to_owned(), Json::String(amount)),
                ("currency".to_owned(), Json::String(money.currency.code().to_owned())),
            ]))
        }
        (_, Value::Text(text)) => Json::String(text.to_string()),
        (_, Value::Instant(at)) => Json::String(at.to_string()),
        (_, Value::Date(date)) => Json::String(date.to_string()),
        (_, Value::Time(time)) => Json::String(time.to_string()),
        (_, Value::Span(span)) => Json::String(span.to_string()),
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

/// The fields that are set, by name.
pub fn object(program: &Program, fields: &[FieldDef], values: &[Value]) -> Json {
    let set = fields.iter().zip(values).filter(|(_, value)| !value.is_missing());
    Json::Object(set.map(|(field, value)| (field.name.clone(), json(program, &field.ty, value))).collect())
}
