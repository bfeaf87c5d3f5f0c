//! What the program declares, arranged for looking up names as they come in.
//!
//! Reads nothing; built once per run and shared by all readers.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::value::RawValue;

use crate::ir::{ActionId, Channel, EventDef, EventId, FieldDef, FieldId, Program, PurposeId, RecordId, Subject, Type};
use crate::value::{Currency, Value};

use super::Signal;
use super::decode::{self, Unknown};
use super::reason::{Both, Reason};

/// Field names of one record, event or the profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// As the author wrote it; `profile` for the profile.
    pub name: String,
    pub fields: Vec<ShapeField>,
    /// Of an event: which field is its own time.
    pub at: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ShapeField {
    pub name: Box<str>,
    /// `first_name` is also known as `firstName`.
    pub camel: Option<Box<str>>,
    pub ty: Type,
    /// Nothing new has it any more.
    pub gone: bool,
}

impl Shape {
    fn new(name: &str, fields: &[FieldDef]) -> Shape {
        let fields = fields.iter().map(|f| ShapeField {
            name: f.name.as_str().into(),
            camel: camel(&f.name).map(Into::into),
            ty: f.ty.clone(),
            gone: f.is_gone(),
        });
        Shape { name: name.to_string(), fields: fields.collect(), at: None }
    }
    fn of_event(event: &EventDef) -> Shape {
        Shape { at: Some(event.at_field().index()), ..Shape::new(&event.name, &event.fields) }
    }

    pub fn field_named(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| !f.gone && (*f.name == *name || f.camel.as_deref() == Some(name)))
    }
}

/// `first_name` -> `firstName`; none if there is nothing to change.
fn camel(name: &str) -> Option<String> {
    let mut parts = name.split('_');
    let mut out = parts.next()?.to_string();
    for part in parts {
        let mut letters = part.chars();
        out.extend(letters.next()?.to_uppercase());
        out.push_str(letters.as_str());
    }
    (out != name).then_some(out)
}

/// `Cart Updated`, `cart-updated` and `cartUpdated` -> `cart_updated`.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut after_small = false;
    for c in name.trim().chars() {
        if c == ' ' || c == '-' || c == '_' || c == '\u{3000}' {
            if !out.ends_with('_') && !out.is_empty() {
                out.push('_');
            }
            after_small = false;
            continue;
        }
        if c.is_uppercase() && after_small {
            out.push('_');
        }
        after_small = c.is_lowercase() || c.is_numeric();
        out.extend(c.to_lowercase());
    }
    out
}

/// What the name of a `track` call stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    Event(EventId),
    Signal(Channel, Signal),
    /// Known, and without an effect here: opens and clicks of another time belong to no send of this run.
    Noted,
    Unknown,
}

/// Names of `track` calls with a meaning of their own, unless an event of that name is declared.
/// From Segment's email and mobile specs; `follow` and `unfollow` are LINE's webhook events.
const RESERVED: &[(&str, Named)] = &[
    ("email_bounced", Named::Signal(Channel::Email, Signal::Bounced)),
    ("email_marked_as_spam", Named::Signal(Channel::Email, Signal::Complained)),
    ("unsubscribed", Named::Signal(Channel::Email, Signal::Unsubscribed)),
    ("push_notification_bounced", Named::Signal(Channel::Push, Signal::Bounced)),
    ("follow", Named::Signal(Channel::Line, Signal::Unblocked)),
    ("unfollow", Named::Signal(Channel::Line, Signal::Blocked)),
    ("email_delivered", Named::Noted),
    ("email_opened", Named::Noted),
    ("email_link_clicked", Named::Noted),
    ("push_notification_received", Named::Noted),
    ("push_notification_tapped", Named::Noted),
];

#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// Of the program.
    pub generation: u32,
    pub profile: Shape,
    /// By [`EventId`].
    pub events: Vec<Shape>,
    /// By [`EventId`]: about something that is not a person.
    pub about_things: Vec<bool>,
    records: Vec<Shape>,
    /// By [`ActionId`]: what each gives.
    answers: Vec<Shape>,
    enums: Vec<Vec<Box<str>>>,
    pub purposes: Vec<String>,
    /// The profile's field for the person's zone.
    pub zone: Option<FieldId>,
    names: HashMap<Box<str>, EventId>,
}

/// The schema that is live, for readers that outlive a change of it.
#[derive(Debug, Clone)]
pub struct Current(Arc<RwLock<Arc<Schema>>>);

impl From<Schema> for Current {
    fn from(schema: Schema) -> Current {
        Current(Arc::new(RwLock::new(Arc::new(schema))))
    }
}

impl Current {
    pub fn get(&self) -> Arc<Schema> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
    pub fn set(&self, schema: Schema) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(schema);
    }
}

impl Schema {
    pub fn new(program: &Program) -> Schema {
        let named = |(i, e): (usize, &crate::ir::EventDef)| (e.name.as_str().into(), EventId(i as u16));
        Schema {
            generation: program.generation(),
            profile: Shape::new("profile", &program.profile),
            events: program.events.iter().map(Shape::of_event).collect(),
            about_things: program.events.iter().map(|e| e.subject != Subject::Profile).collect(),
            records: program.records.iter().map(|r| Shape::new(&r.name, &r.fields)).collect(),
            answers: program.actions.iter().map(|a| Shape::new(&a.name, &a.gives)).collect(),
            enums: program.enums.iter().map(|e| e.variants.iter().map(|v| v.as_str().into()).collect()).collect(),
            purposes: program.purposes.clone(),
            zone: program.person.zone,
            names: program.events.iter().enumerate().map(named).collect(),
        }
    }

    pub fn event(&self, id: EventId) -> &Shape {
        &self.events[id.index()]
    }
    pub fn record(&self, id: RecordId) -> &Shape {
        &self.records[id.index()]
    }
    /// The answer of an action, an object, as a record of what the action gives.
    pub fn answer(&self, action: ActionId, json: &serde_json::Value) -> Result<Value, Reason> {
        let raw = RawValue::from_string(json.to_string()).map_err(|_| Reason::TooDeep)?;
        decode::record(self, &self.answers[action.index()], Some(&raw), None, &mut Unknown::default())
    }
    pub fn variants(&self, id: crate::ir::EnumId) -> &[Box<str>] {
        &self.enums[id.index()]
    }
    pub fn event_named(&self, name: &str) -> Option<EventId> {
        self.names.get(name).copied()
    }
    pub fn purpose_named(&self, name: &str) -> Option<PurposeId> {
        self.purposes.iter().position(|p| p == name).map(|i| PurposeId(i as u16))
    }
    /// A declared event, exactly or as Segment spells it; else a reserved name.
    pub fn named(&self, name: &str) -> Named {
        if let Some(event) = self.event_named(name) {
            return Named::Event(event);
        }
        let snake = snake(name);
        if let Some(event) = self.event_named(&snake) {
            return Named::Event(event);
        }
        RESERVED.iter().find(|r| r.0 == snake).map_or(Named::Unknown, |r| r.1)
    }

    /// The type in words for a message, such as `money in JPY`.
    pub fn describe(&self, ty: &Type) -> Box<Both> {
        let (en, ja) = match ty {
            Type::Text => ("text", "文字列"),
            Type::Id => ("an id (text or a whole number)", "ID (文字列か整数)"),
            Type::Email => ("an email address as text", "メールアドレス (文字列)"),
            Type::Phone => ("a phone number as text", "電話番号 (文字列)"),
            Type::LineId => ("a LINE user id as text", "LINE のユーザー ID (文字列)"),
            Type::PushToken => ("a push token as text", "プッシュ通知のトークン (文字列)"),
            Type::Url => ("a URL as text", "URL (文字列)"),
            Type::Int => ("a whole number", "整数"),
            Type::Decimal => ("a number with at most 6 decimals", "小数 6 桁までの数"),
            Type::Percent => {
                ("a number with at most 6 decimals, where 0.125 is 12.5%", "小数 6 桁までの数 (0.125 が 12.5%)")
            }
            Type::Bool => ("true or false", "true か false"),
            Type::Money(currency) => return amount_in(*currency),
            Type::Zone => ("a time zone such as \"Asia/Tokyo\"", "\"Asia/Tokyo\" のようなタイムゾーン"),
            Type::Instant => {
                ("a time such as \"2026-04-01T20:30:00+09:00\"", "\"2026-04-01T20:30:00+09:00\" のような日時")
            }
            Type::Date => ("a date such as \"2026-04-01\"", "\"2026-04-01\" のような日付"),
            Type::Time => ("a time of day such as \"09:00\"", "\"09:00\" のような時刻"),
            Type::Span => ("a whole number of seconds", "秒数 (整数)"),
            Type::Period => ("a period such as \"3d\"", "\"3d\" のような期間"),
            Type::Enum(id) => {
                let names = self.variants(*id).join(", ");
                return Both::new(format!("one of {names}"), format!("{names} のどれか"));
            }
            Type::Record(id) => return fields_of(&self.record(*id).name),
            Type::Event(id) => return fields_of(&self.event(*id).name),
            Type::Result(_) => ("what an action gave", "アクションの結果"),
            Type::List(_) => ("a list", "リスト"),
            Type::Optional(inner) => return self.describe(inner),
        };
        Both::new(en, ja)
    }
}

fn amount_in(currency: Currency) -> Box<Both> {
    let code = currency.code();
    match currency.minor_digits() {
        0 => Both::new(format!("an amount in {code} without decimals"), format!("{code} の金額 (小数なし)")),
        n => Both::new(
            format!("an amount in {code} with at most {n} decimals"),
            format!("{code} の金額 (小数 {n} 桁まで)"),
        ),
    }
}

fn fields_of(name: &str) -> Box<Both> {
    Both::new(format!("an object with the fields of {name}"), format!("{name} の項目を持つオブジェクト"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_met_half_way() {
        for (from, to) in [
            ("Cart Updated", "cart_updated"),
            ("cart-updated", "cart_updated"),
            ("cartUpdated", "cart_updated"),
            ("cart_updated", "cart_updated"),
            ("Product Added to Wishlist", "product_added_to_wishlist"),
            ("購入", "購入"),
            ("購入　完了", "購入_完了"),
        ] {
            assert_eq!(snake(from), to);
        }
        assert_eq!(camel("first_name").as_deref(), Some("firstName"));
        assert_eq!(camel("name"), None);
    }
}
