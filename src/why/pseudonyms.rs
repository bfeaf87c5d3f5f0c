//! Other values for what could tell who somebody is: the same one for the same, wherever it stands.
//!
//! Knows no story. What campaigns themselves compare with stays, unless it is marked as personal.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Expr, FieldDef, Op, Program, Type, exprs};
use crate::value::{Date, Decimal, Instant, LocalTime, Money, Value};

/// 15 June 1990.
const BORN: Date = Date(7_470);
/// A leap year, so that every day of a year is in it.
const YEAR: i16 = 1992;

/// How much of a personal value that is no text may stay, where the story hangs on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Nothing.
    Strict,
    /// The day in the year of a date, the size of a number, which of a few names it is.
    Rough,
}

pub(super) struct Pseudonyms<'p> {
    program: &'p Program,
    level: Level,
    /// Texts that stand in the campaigns.
    written: BTreeSet<&'p str>,
    known: BTreeMap<(&'static str, String), String>,
}

impl<'p> Pseudonyms<'p> {
    pub fn new(program: &'p Program, level: Level) -> Pseudonyms<'p> {
        Pseudonyms { program, level, written: written(program), known: BTreeMap::new() }
    }

    pub fn fields(&mut self, fields: &[FieldDef], values: &[Value], pii: bool) -> Vec<Value> {
        values
            .iter()
            .enumerate()
            .map(|(i, value)| match fields.get(i) {
                Some(field) => self.value(&field.ty, pii || field.pii, value),
                None => value.clone(),
            })
            .collect()
    }
    pub fn record(&mut self, fields: &[FieldDef], value: &Value) -> Value {
        match value {
            Value::Record(values) => Value::Record(self.fields(fields, values, false).into()),
            other => other.clone(),
        }
    }
    pub fn value(&mut self, ty: &Type, pii: bool, value: &Value) -> Value {
        let program = self.program;
        match (ty, value) {
            (_, Value::Missing) => Value::Missing,
            (Type::Optional(inner), value) => self.value(inner, pii, value),
            (Type::Record(id), Value::Record(values)) => {
                Value::Record(self.fields(&program.records[id.index()].fields, values, pii).into())
            }
            (Type::Event(id), Value::Record(values)) => {
                Value::Record(self.fields(&program.event(*id).fields, values, pii).into())
            }
            (Type::Result(id), Value::Record(values)) => {
                Value::Record(self.fields(&program.actions[id.index()].gives, values, pii).into())
            }
            (Type::List(element), Value::List(items)) => {
                Value::List(items.iter().map(|item| self.value(element, pii, item)).collect())
            }
            (ty, Value::Text(text)) => Value::text(self.text(ty, pii, text)),
            (_, value) if pii => self.rough(value),
            (_, value) => value.clone(),
        }
    }
    fn text(&mut self, ty: &Type, pii: bool, text: &str) -> String {
        if !pii && self.written.contains(text) {
            return text.to_owned();
        }
        let kind = match ty {
            Type::Email => "email",
            Type::Phone => "phone",
            Type::LineId => "line",
            Type::PushToken => "push",
            Type::Url => "url",
            Type::Id => "id",
            _ => "text",
        };
        let number = self.known.keys().filter(|(known, _)| *known == kind).count() + 1;
        let make = || match kind {
            "email" => format!("person{number}@example.jp"),
            "phone" => format!("+8190{number:08}"),
            "line" => format!("U{number:032x}"),
            "push" => format!("token-{number}"),
            "url" => format!("https://example.jp/{number}"),
            "id" => format!("id-{number}"),
            _ => format!("text {number}"),
        };
        self.known.entry((kind, text.to_owned())).or_insert_with(make).clone()
    }
    /// A personal value that is no text.
    fn rough(&self, value: &Value) -> Value {
        match (self.level, value) {
            (Level::Strict, Value::Date(_)) => Value::Date(BORN),
            (Level::Rough, Value::Date(date)) => Value::Date(date.in_year(YEAR)),
            (Level::Strict, Value::Int(_)) => Value::Int(1),
            (Level::Rough, Value::Int(number)) => Value::Int(about(*number)),
            (Level::Strict, Value::Decimal(_)) => Value::Decimal(Decimal { micro: Decimal::ONE }),
            (Level::Rough, Value::Decimal(number)) => Value::Decimal(Decimal { micro: about(number.micro) }),
            (Level::Strict, Value::Money(money)) => Value::Money(Money { minor: 1_000, ..*money }),
            (Level::Rough, Value::Money(money)) => Value::Money(Money { minor: about(money.minor), ..*money }),
            (Level::Strict, Value::Bool(_)) => Value::Bool(false),
            (Level::Strict, Value::Enum(_)) => Value::Enum(0),
            (Level::Strict, Value::Zone(_)) => Value::Zone(self.program.project.zone),
            (Level::Strict, Value::Instant(_)) => {
                Value::Instant(Instant(i64::from(BORN.0) * crate::value::time::MILLIS_PER_DAY))
            }
            (Level::Strict, Value::Time(_)) => Value::Time(LocalTime(12 * 3_600)),
            (_, other) => other.clone(),
        }
    }
}

/// The number with its first two digits, as far as that leaves anything out.
fn about(number: i64) -> i64 {
    let mut unit = 1_i64;
    while (number / unit).unsigned_abs() >= 100 {
        unit = unit.saturating_mul(10);
    }
    number / unit * unit
}

/// Texts that campaigns compare with, put on and give.
fn written(program: &Program) -> BTreeSet<&str> {
    let mut texts = BTreeSet::new();
    exprs::each(program, &mut |expr| {
        expr.walk(0, &mut |part, _| {
            if let Expr::Const(value) = part {
                add_texts(value, &mut texts);
            }
        });
    });
    for instruction in program.journeys.iter().flat_map(|journey| &journey.code) {
        if let Op::Tag(tag) | Op::Untag(tag) = &instruction.op {
            texts.insert(tag.as_str());
        }
    }
    texts
}
fn add_texts<'v>(value: &'v Value, texts: &mut BTreeSet<&'v str>) {
    match value {
        Value::Text(text) => drop(texts.insert(text)),
        Value::Record(items) | Value::List(items) => items.iter().for_each(|item| add_texts(item, texts)),
        _ => {}
    }
}
