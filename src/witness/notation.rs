//! Values as the language writes them, laid out as `tabi fmt` lays them out.
//!
//! Reads nothing back.

use unicode_width::UnicodeWidthStr;

use crate::ir::{FieldDef, Program, Type};
use crate::value::{CalendarPeriod, Decimal, Instant, Value, Zone};

use super::domain::plain;

/// Longest line, in columns.
const WIDTH: usize = 120;

/// A value that can stand on one line or on several.
#[derive(Debug, Clone)]
pub(super) enum Notation {
    Word(String),
    Record(Vec<(String, Notation)>),
    List(Vec<Notation>),
}

impl Notation {
    pub fn flat(&self) -> String {
        match self {
            Notation::Word(word) => word.clone(),
            Notation::Record(fields) if fields.is_empty() => "{}".into(),
            Notation::Record(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name}: {}", value.flat())).collect();
                format!("{{ {} }}", fields.join(", "))
            }
            Notation::List(items) => {
                format!("[{}]", items.iter().map(Notation::flat).collect::<Vec<_>>().join(", "))
            }
        }
    }
    /// Appends to a line of `text` that is indented by `indent`; what does not fit goes on in deeper lines. `behind`
    /// columns are needed after it.
    pub fn put(&self, text: &mut String, indent: usize, behind: usize) {
        let flat = self.flat();
        let line = text.rsplit('\n').next().unwrap_or("").width();
        let broken = line + flat.width() + behind > WIDTH;
        match self {
            Notation::Record(fields) if broken && !fields.is_empty() => {
                text.push('{');
                for (name, value) in fields {
                    text.push_str(&format!("\n{:1$}{name}: ", "", indent + 2));
                    value.put(text, indent + 2, 0);
                }
                text.push_str(&format!("\n{:1$}}}", "", indent));
            }
            Notation::List(items) if broken && !items.is_empty() => {
                text.push('[');
                for item in items {
                    text.push_str(&format!("\n{:1$}", "", indent + 2));
                    item.put(text, indent + 2, 1);
                    text.push(',');
                }
                text.push_str(&format!("\n{:1$}]", "", indent));
            }
            Notation::Word(_) | Notation::Record(_) | Notation::List(_) => text.push_str(&flat),
        }
    }
}

/// A text literal.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The value in the notation of its type; moments are local to `zone`. Missing fields are left out of records.
pub(super) fn value(program: &Program, zone: Zone, ty: &Type, value: &Value) -> Notation {
    let word = |word: String| Notation::Word(word);
    match (value, plain(ty)) {
        (Value::Missing, _) => word("missing".into()),
        (Value::Enum(variant), Type::Enum(id)) => {
            word(program.enums[id.index()].variants.get(usize::from(*variant)).cloned().unwrap_or_default())
        }
        (Value::Record(values), Type::Record(id)) => fields(program, zone, &program.records[id.index()].fields, values),
        (Value::Record(values), Type::Event(id)) => {
            let declared = &program.event(*id).fields;
            fields(program, zone, &declared[..declared.len() - 1], values)
        }
        (Value::Record(values), Type::Result(id)) => fields(program, zone, &program.actions[id.index()].gives, values),
        (Value::List(items), Type::List(element)) => {
            Notation::List(items.iter().map(|item| self::value(program, zone, element, item)).collect())
        }
        (Value::Decimal(number), Type::Percent) => {
            word(format!("{}%", Decimal { micro: number.micro.saturating_mul(100) }))
        }
        (Value::Text(text), _) => word(quoted(text)),
        (Value::Instant(at), _) => word(moment(zone, *at)),
        (Value::Bool(truth), _) => word(truth.to_string()),
        (Value::Int(number), _) => word(number.to_string()),
        (Value::Decimal(number), _) => word(number.to_string()),
        (Value::Money(money), _) => word(money.to_string()),
        (Value::Date(date), _) => word(date.to_string()),
        (Value::Time(time), _) => word(time.to_string()),
        // A day in a span has 24 hours, but `1d` is a day of the calendar.
        (Value::Span(span), _) => word(CalendarPeriod::exact(*span).to_string()),
        (Value::Period(period), _) => word(period.to_string()),
        (Value::Zone(zone), _) => word(quoted(zone.name())),
        // A value that does not fit its declaration cannot be: it was made for it.
        (Value::Enum(_) | Value::Record(_) | Value::List(_), _) => word("missing".into()),
    }
}

pub(super) fn fields(program: &Program, zone: Zone, declared: &[FieldDef], values: &[Value]) -> Notation {
    let known = declared.iter().zip(values).filter(|(_, v)| !v.is_missing());
    Notation::Record(known.map(|(f, v)| (f.name.clone(), value(program, zone, &f.ty, v))).collect())
}

pub(super) fn moment(zone: Zone, at: Instant) -> String {
    let (date, time) = zone.local(at);
    format!("{date} {time}")
}

/// The time from the clock on, so that days count as days of the calendar.
pub(super) fn after(zone: Zone, clock: Instant, at: Instant) -> String {
    let days = |days: i32| zone.plus(clock, CalendarPeriod { months: 0, days, millis: 0 });
    let mut whole = (at.since(clock).0 / super::sample::days(1).0) as i32 + 1;
    while whole > 0 && days(whole) > at {
        whole -= 1;
    }
    CalendarPeriod { months: 0, days: whole, millis: at.since(days(whole)).0 }.to_string()
}

/// The time back from the clock.
pub(super) fn before(zone: Zone, clock: Instant, at: Instant) -> String {
    let days = |days: i32| zone.plus(clock, CalendarPeriod { months: 0, days: -days, millis: 0 });
    let mut whole = (clock.since(at).0 / super::sample::days(1).0) as i32 + 1;
    while whole > 0 && days(whole) < at {
        whole -= 1;
    }
    CalendarPeriod { months: 0, days: whole, millis: days(whole).since(at).0 }.to_string()
}
