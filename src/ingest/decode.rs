//! JSON straight into typed values: only declared fields are read, and nothing is built in between.
//!
//! Knows no envelope; `segment.rs` does.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

use crate::ir::Type;
use crate::value::{Instant, Value};

use super::limits::UNKNOWN_FIELDS_MAX;
use super::reason::{Both, excerpt};
use super::schema::Shape;
use super::text::{self, Number};
use super::{Reason, Schema};

/// Where a value did not fit, built from the inside out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Misfit {
    path: String,
    expected: Box<Both>,
    found: Box<Both>,
}

/// Names in the input that the shape does not have, with how often they came.
#[derive(Debug, Clone, Default)]
pub struct Unknown {
    names: Vec<(Box<str>, u64)>,
    others: u64,
}

impl Unknown {
    pub fn count(&mut self, name: &str) {
        if let Some(known) = self.names.iter_mut().find(|n| *n.0 == *name) {
            known.1 += 1;
        } else if self.names.len() < UNKNOWN_FIELDS_MAX {
            self.names.push((name.into(), 1));
        } else {
            self.others += 1;
        }
    }
    pub fn total(&self) -> u64 {
        self.others + self.names.iter().map(|(_, n)| n).sum::<u64>()
    }
    /// `(name, times)` in order of appearance; the rest under `…`.
    pub fn into_counts(self) -> impl Iterator<Item = (String, u64)> {
        let rest = (self.others > 0).then(|| ("…".to_string(), self.others));
        self.names.into_iter().map(|(name, n)| (excerpt(&name), n)).chain(rest)
    }
}

/// What decoding needs besides the JSON: the schema, room for the reason, and the tally of unknown names.
struct Context<'s> {
    schema: &'s Schema,
    misfit: RefCell<Option<Misfit>>,
}

impl Context<'_> {
    /// Notes the misfit; the error itself carries nothing.
    fn misfit<E: Error>(&self, ty: &Type, found: impl Into<Box<Both>>) -> E {
        let expected = self.schema.describe(ty);
        *self.misfit.borrow_mut() = Some(Misfit { path: String::new(), expected, found: found.into() });
        E::custom("misfit")
    }
    fn within(&self, part: &str) {
        if let Some(misfit) = self.misfit.borrow_mut().as_mut() {
            let glue = if misfit.path.is_empty() || misfit.path.starts_with('[') { "" } else { "." };
            misfit.path = format!("{part}{glue}{}", misfit.path);
        }
    }
    fn reason(self, of: &str, error: &serde_json::Error) -> Reason {
        match self.misfit.into_inner() {
            Some(Misfit { path, expected, found }) => Reason::WrongValue { of: of.to_string(), path, expected, found },
            None if error.to_string().starts_with("recursion limit") => Reason::TooDeep,
            None => {
                let detail = error.to_string();
                let what = detail.split(" at line ").next().unwrap_or_default();
                Reason::NotACall { detail: format!("`{of}`: {what}") }
            }
        }
    }
}

/// Reads an object into a record of the shape's fields. With `at`, the last field is the event's own time and is
/// not looked for in the input. `raw` absent is the empty object.
pub fn record(
    schema: &Schema,
    shape: &Shape,
    raw: Option<&RawValue>,
    at: Option<Instant>,
    unknown: &mut Unknown,
) -> Result<Value, Reason> {
    let context = Context { schema, misfit: RefCell::new(None) };
    let mut fields = vec![None; shape.fields.len()];
    let given = at.and(shape.at);
    if let (Some(at), Some(field)) = (at, given.and_then(|index| fields.get_mut(index))) {
        *field = Some(Value::Instant(at));
    }
    let filled = match raw {
        None => finish(&context, shape, &mut fields),
        Some(raw) => {
            let seed = Fields { context: &context, shape, slots: &mut fields, given, unknown };
            let read = seed.deserialize(&mut serde_json::Deserializer::from_str(raw.get()));
            read.and_then(|()| finish(&context, shape, &mut fields))
        }
    };
    match filled {
        Ok(value) => Ok(value),
        Err(error) => Err(context.reason(&shape.name, &error)),
    }
}

/// Reads those of the shape's fields that are there; what `other` does not know either is counted as unknown.
/// `other` is offered every undeclared name with its raw value and says whether it took it.
pub fn traits<'r>(
    schema: &Schema,
    raw: &'r RawValue,
    unknown: &mut Unknown,
    mut other: impl FnMut(&str, &'r RawValue) -> Result<bool, Reason>,
) -> Result<Vec<(usize, Value)>, Reason> {
    let shape = &schema.profile;
    let context = Context { schema, misfit: RefCell::new(None) };
    let mut found = Vec::new();
    let mut refused = None;
    let seed = Traits {
        shape,
        each: |name: &str, raw: &'r RawValue| {
            let Some(index) = shape.field_named(name) else {
                match other(name, raw) {
                    Ok(true) => {}
                    Ok(false) => unknown.count(name),
                    Err(reason) => refused = refused.take().or(Some(reason)),
                }
                return Ok(());
            };
            let ty = &shape.fields[index].ty;
            match (Typed { context: &context, ty }).deserialize(&mut serde_json::Deserializer::from_str(raw.get())) {
                Ok(value) => found.push((index, value)),
                Err(error) => {
                    context.within(&shape.fields[index].name);
                    return Err(error);
                }
            }
            Ok(())
        },
    };
    let read = seed.deserialize(&mut serde_json::Deserializer::from_str(raw.get()));
    match (read, refused) {
        (Ok(()), None) => Ok(found),
        (Ok(()), Some(reason)) => Err(reason),
        (Err(error), _) => Err(context.reason(&shape.name, &error)),
    }
}

/// All fields are there, or missing and allowed to be.
fn finish(context: &Context, shape: &Shape, slots: &mut [Option<Value>]) -> Result<Value, serde_json::Error> {
    for (slot, field) in slots.iter_mut().zip(&shape.fields) {
        if slot.is_some() || field.gone {
            continue;
        }
        if !matches!(field.ty, Type::Optional(_)) {
            let error = context.misfit(&field.ty, Both::new("nothing", "値なし"));
            context.within(&field.name);
            return Err(error);
        }
    }
    Ok(Value::Record(slots.iter_mut().map(|slot| slot.take().unwrap_or_default()).collect()))
}

/// A key of an object, looked up while it is still borrowed.
struct Key<'s> {
    shape: &'s Shape,
    unknown: Option<&'s mut Unknown>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = Option<usize>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let found = self.shape.field_named(name);
        if let (None, Some(unknown)) = (found, self.unknown) {
            unknown.count(name);
        }
        Ok(found)
    }
}

/// The fields of an event, at the top of `properties`.
struct Fields<'s, 'c> {
    context: &'c Context<'s>,
    shape: &'c Shape,
    slots: &'c mut [Option<Value>],
    /// This field is given and not read.
    given: Option<usize>,
    unknown: &'c mut Unknown,
}

impl<'de> DeserializeSeed<'de> for Fields<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key { shape: self.shape, unknown: Some(&mut *self.unknown) })? {
            match key.filter(|&index| Some(index) != self.given) {
                Some(index) => {
                    let field = &self.shape.fields[index];
                    let value = map.next_value_seed(Typed { context: self.context, ty: &field.ty });
                    self.slots[index] = Some(value.inspect_err(|_| self.context.within(&field.name))?);
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The traits of a person: each is handed to `each` as it is, for there are names outside the profile.
struct Traits<'s, F> {
    shape: &'s Shape,
    each: F,
}

impl<'de, F: FnMut(&str, &'de RawValue) -> Result<(), serde_json::Error>> DeserializeSeed<'de> for Traits<'_, F> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str, &'de RawValue) -> Result<(), serde_json::Error>> Visitor<'de> for Traits<'_, F> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the traits of the {}", self.shape.name)
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            let raw: &RawValue = map.next_value()?;
            (self.each)(&name, raw).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// A key that is borrowed where it can be.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);

/// A value of a known type.
struct Typed<'s, 'c> {
    context: &'c Context<'s>,
    ty: &'c Type,
}

impl<'de> DeserializeSeed<'de> for Typed<'_, '_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.ty {
            // Their digits count, so they are read as text.
            Type::Money(_) | Type::Decimal | Type::Percent | Type::Int | Type::Span => {
                let raw = <&RawValue as serde::Deserialize>::deserialize(deserializer)?.get();
                self.number(raw)
            }
            Type::Optional(inner) => match **inner {
                Type::Money(_) | Type::Decimal | Type::Percent | Type::Int | Type::Span => {
                    let raw = <&RawValue as serde::Deserialize>::deserialize(deserializer)?.get();
                    if raw == "null" { Ok(Value::Missing) } else { Typed { ty: inner, ..self }.number(raw) }
                }
                _ => deserializer.deserialize_any(self),
            },
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl Typed<'_, '_> {
    fn number<E: Error>(self, raw: &str) -> Result<Value, E> {
        let read = Number::parse(raw).and_then(|number| text::number(self.ty, number));
        read.ok_or_else(|| self.context.misfit(self.ty, found(raw)))
    }
    fn inner(&self) -> &Type {
        match self.ty {
            Type::Optional(inner) => inner,
            other => other,
        }
    }
    fn wrong<E: Error>(&self, found: Unexpected<'_>) -> E {
        let found: Box<Both> = match found {
            Unexpected::Str(text) => format!("\"{}\"", excerpt(text)).into(),
            Unexpected::Unit => "null".to_string().into(),
            Unexpected::Map => object(),
            Unexpected::Seq => list(),
            Unexpected::Bool(b) => b.to_string().into(),
            Unexpected::Signed(n) => n.to_string().into(),
            Unexpected::Unsigned(n) => n.to_string().into(),
            Unexpected::Float(n) => n.to_string().into(),
            other => other.to_string().into(),
        };
        self.context.misfit(self.ty, found)
    }
}

/// A piece of JSON in words.
fn found(raw: &str) -> Box<Both> {
    match raw.as_bytes().first() {
        Some(b'{') => object(),
        Some(b'[') => list(),
        _ => excerpt(raw).into(),
    }
}

fn object() -> Box<Both> {
    Both::new("an object", "オブジェクト")
}

fn list() -> Box<Both> {
    Both::new("a list", "リスト")
}

impl<'de> Visitor<'de> for Typed<'_, '_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of its declared type")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        let read = text::string(self.context.schema, self.ty, text);
        read.ok_or_else(|| self.wrong(Unexpected::Str(text)))
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        match self.inner() {
            Type::Bool => Ok(Value::Bool(value)),
            _ => Err(self.wrong(Unexpected::Bool(value))),
        }
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        match self.inner() {
            Type::Id => Ok(Value::text(value.to_string())),
            _ => Err(self.wrong(Unexpected::Unsigned(value))),
        }
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        match self.inner() {
            Type::Id => Ok(Value::text(value.to_string())),
            _ => Err(self.wrong(Unexpected::Signed(value))),
        }
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Err(self.wrong(Unexpected::Float(value)))
    }
    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        match self.ty {
            Type::Optional(_) => Ok(Value::Missing),
            _ => Err(self.wrong(Unexpected::Unit)),
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let Type::List(element) = self.inner() else { return Err(self.wrong(Unexpected::Seq)) };
        let mut items = Vec::new();
        loop {
            let next = seq.next_element_seed(Typed { context: self.context, ty: element });
            match next.inspect_err(|_| self.context.within(&format!("[{}]", items.len())))? {
                Some(item) => items.push(item),
                None => return Ok(Value::List(items.into())),
            }
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let shape = match self.inner() {
            Type::Record(id) => self.context.schema.record(*id),
            Type::Event(id) => self.context.schema.event(*id),
            _ => return Err(self.wrong(Unexpected::Map)),
        };
        let mut slots = vec![None; shape.fields.len()];
        while let Some(key) = map.next_key_seed(Key { shape, unknown: None })? {
            let Some(index) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let field = &shape.fields[index];
            let value = map.next_value_seed(Typed { context: self.context, ty: &field.ty });
            slots[index] = Some(value.inspect_err(|_| self.context.within(&field.name))?);
        }
        finish(self.context, shape, &mut slots).map_err(A::Error::custom)
    }
}
