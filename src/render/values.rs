//! Values of the program as templates see them: the table at the top of `ir::content`.
//!
//! Writes nothing out; `filters` does.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use minijinja::Value as Jinja;
use minijinja::value::{DynObject, Object, ObjectRepr};

use crate::ir::{FieldDef, Program, Type};
use crate::value::Value;

/// A text longer than this is no name, address or title; what lies beyond is not shown.
pub const TEXT_CHARS_MAX: usize = 10_000;

/// A value that only filters write out: money, a date, an instant, a time, a span or a period.
#[derive(Debug, Clone)]
pub struct Exact(pub Value);

impl Object for Exact {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Self>()?;
        match (&self.0, &other.0) {
            (Value::Money(a), Value::Money(b)) => Some((a.currency, a.minor).cmp(&(b.currency, b.minor))),
            (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
            (Value::Instant(a), Value::Instant(b)) => Some(a.cmp(b)),
            (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
            (Value::Span(a), Value::Span(b)) => Some(a.cmp(b)),
            (Value::Period(a), Value::Period(b)) => Some(a.longest().cmp(&b.longest())),
            _ => None,
        }
    }
    /// In plain notation, for whoever writes one out without a filter although the checker says not to.
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Value::Money(money) => write!(f, "{money}"),
            Value::Date(date) => write!(f, "{date}"),
            Value::Instant(at) => write!(f, "{at}"),
            Value::Time(time) => write!(f, "{time}"),
            Value::Span(span) => write!(f, "{span}"),
            Value::Period(period) => write!(f, "{period}"),
            _ => Ok(()),
        }
    }
}

/// A value of type `ty`; a missing optional is undefined.
pub fn jinja(program: &Program, ty: &Type, value: &Value) -> Jinja {
    match (ty, value) {
        (_, Value::Missing) => Jinja::UNDEFINED,
        (Type::Optional(inner), value) => jinja(program, inner, value),
        (_, Value::Bool(value)) => Jinja::from(*value),
        (_, Value::Int(value)) => Jinja::from(*value),
        (_, Value::Decimal(value)) => decimal(value.micro),
        (_, Value::Text(text)) => self::text(text),
        (_, Value::Zone(zone)) => Jinja::from(zone.name()),
        (Type::Enum(id), Value::Enum(variant)) => {
            let variants = &program.enums[id.index()].variants;
            variants.get(usize::from(*variant)).map_or(Jinja::UNDEFINED, |name| Jinja::from(name.as_str()))
        }
        (_, Value::Enum(_)) => Jinja::UNDEFINED,
        (ty, Value::Record(fields)) => object(program, fields_of(program, ty), fields),
        (Type::List(element), Value::List(items)) => {
            Jinja::from(items.iter().map(|item| jinja(program, element, item)).collect::<Vec<_>>())
        }
        (_, Value::List(_)) => Jinja::UNDEFINED,
        (
            _,
            Value::Money(_) | Value::Instant(_) | Value::Date(_) | Value::Time(_) | Value::Span(_) | Value::Period(_),
        ) => Jinja::from_object(Exact(value.clone())),
    }
}

/// An object of the fields that are there.
pub fn object(program: &Program, fields: &[FieldDef], values: &[Value]) -> Jinja {
    let there = fields.iter().zip(values).filter(|(_, value)| !value.is_missing());
    Jinja::from_pairs(there.map(|(field, value)| (field.name.clone(), jinja(program, &field.ty, value))))
}

/// The fields behind a type that has some.
pub fn fields_of<'p>(program: &'p Program, ty: &Type) -> &'p [FieldDef] {
    match ty {
        Type::Record(id) => &program.records[id.index()].fields,
        Type::Event(id) => &program.events[id.index()].fields,
        Type::Result(id) => &program.actions[id.index()].gives,
        Type::Optional(inner) => fields_of(program, inner),
        Type::Text
        | Type::Id
        | Type::Email
        | Type::Phone
        | Type::LineId
        | Type::PushToken
        | Type::Url
        | Type::Int
        | Type::Decimal
        | Type::Percent
        | Type::Bool
        | Type::Money(_)
        | Type::Zone
        | Type::Instant
        | Type::Date
        | Type::Time
        | Type::Span
        | Type::Period
        | Type::Enum(_)
        | Type::List(_) => &[],
    }
}

/// A whole number where it is one, so that 3 is not written 3.0.
fn decimal(micro: i64) -> Jinja {
    match micro % 1_000_000 {
        0 => Jinja::from(micro / 1_000_000),
        _ => Jinja::from(micro as f64 / 1e6),
    }
}

/// Characters that no reader sees but that change what stands around them are taken out: controls, and the marks that
/// turn the direction of text beyond their own word.
fn text(text: &str) -> Jinja {
    let unseen = |c: char| (c.is_control() && c != '\n' && c != '\t') || is_direction_mark(c);
    if text.len() <= TEXT_CHARS_MAX && !text.contains(unseen) {
        return Jinja::from(text);
    }
    Jinja::from(text.chars().filter(|c| !unseen(*c)).take(TEXT_CHARS_MAX).collect::<String>())
}

/// Embeddings, overrides and isolates of the bidirectional algorithm (UAX #9).
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
