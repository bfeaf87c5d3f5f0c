//! What flows: values, money, time, ids, and their limits.
//!
//! Plain data with exact arithmetic; nothing here knows the language or how a journey runs.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod id;
pub mod mjml;
pub mod money;
mod price;
pub mod sms;
pub mod time;
pub mod yaml;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use money::{Currency, Decimal, Money};
pub use price::Price;
pub use time::{CalendarPeriod, Date, Instant, LocalTime, Span, Zone};

/// A value at run time. Its type is known from the program; the value itself knows only its kind.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Value {
    /// The absent case of an optional `T?`.
    #[default]
    Missing,
    Bool(bool),
    Int(i64),
    /// `decimal` and `percent` (12.5 % is 0.125).
    Decimal(Decimal),
    Money(Money),
    /// `text`, `id`, `email`, `phone`, `line_id`, `push_token`, `url`.
    Text(Arc<str>),
    Instant(Instant),
    Date(Date),
    Time(LocalTime),
    /// `span`: exact.
    Span(Span),
    /// `period`: calendar units.
    Period(CalendarPeriod),
    Zone(Zone),
    /// Index of a variant of an enum or of a `one of [...]`.
    Enum(u16),
    /// Fields in the order of the record's declaration.
    Record(Arc<[Value]>),
    List(Arc<[Value]>),
}

impl Value {
    pub fn text(text: impl AsRef<str>) -> Value {
        Value::Text(Arc::from(text.as_ref()))
    }
    pub fn is_missing(&self) -> bool {
        matches!(self, Value::Missing)
    }
}
