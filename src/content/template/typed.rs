//! What the checker knows of an expression: its type, whether it may be missing, how long it gets.
//!
//! Finds no mistakes.

use crate::ir::Type;
use crate::schema::World;
use crate::text::Span;

/// A type as templates have it.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Of which a mistake was told already; fits everywhere.
    Unknown,
    /// Neither optional nor a list.
    Plain(Type),
    /// Of elements, and the most there can be.
    List(Box<Typed>, Option<usize>),
    Space(Space),
    /// The word `none`.
    Nothing,
}

/// A name that stands for names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    Profile,
    Sender,
    Project,
    Loop,
}

/// How a value may stand in an address on the web.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// It is one.
    Whole,
    /// Within one, as it is.
    Part,
    /// Only where it is encoded.
    Text,
}

#[derive(Debug, Clone)]
pub struct Typed {
    pub kind: Kind,
    pub optional: bool,
    /// Labelled `pii` and not passed on purpose.
    pub pii: bool,
    /// Where its name is declared.
    pub origin: Option<Span>,
    /// The dotted path it was read by; what a check on it is remembered under.
    pub path: Option<String>,
    /// A text written out in the template.
    pub literal: Option<String>,
    pub length: Length,
    pub link: Link,
}

/// How long a text gets, in UTF-16 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    pub least: usize,
    /// Absent: nobody knows.
    pub most: Option<usize>,
    /// At least, in bytes of UTF-8.
    pub bytes: usize,
    /// Whether a letter outside the alphabet of plain text messages is in it for certain.
    pub wide: bool,
}

impl Default for Length {
    /// Of nothing.
    fn default() -> Length {
        Length { least: 0, most: Some(0), bytes: 0, wide: false }
    }
}

impl Length {
    pub const UNKNOWN: Length = Length { least: 0, most: None, bytes: 0, wide: false };

    pub fn of(text: &str) -> Length {
        let units = text.encode_utf16().count();
        Length {
            least: units,
            most: Some(units),
            bytes: text.len(),
            wide: !text.chars().all(crate::value::sms::is_plain),
        }
    }
    pub fn between(least: usize, most: usize) -> Length {
        Length { least, most: Some(most), bytes: least, wide: false }
    }
    /// One after the other.
    pub fn then(self, next: Length) -> Length {
        Length {
            least: self.least + next.least,
            most: self.most.zip(next.most).map(|(a, b)| a.saturating_add(b)),
            bytes: self.bytes + next.bytes,
            wide: self.wide || next.wide,
        }
    }
    /// One or the other.
    pub fn or(self, other: Length) -> Length {
        Length {
            least: self.least.min(other.least),
            most: self.most.zip(other.most).map(|(a, b)| a.max(b)),
            bytes: self.bytes.min(other.bytes),
            wide: self.wide && other.wide,
        }
    }
    /// Any number of times up to `most`.
    pub fn times(self, most: Option<usize>) -> Length {
        let most = match (self.most, most) {
            (Some(0), _) => Some(0),
            (Some(each), Some(times)) => Some(each.saturating_mul(times)),
            (Some(_), None) | (None, _) => None,
        };
        Length { least: 0, most, bytes: 0, wide: false }
    }
}

impl Typed {
    pub fn new(kind: Kind) -> Typed {
        let (length, link) = match &kind {
            Kind::Plain(ty) => (length_of(ty), link_of(ty)),
            Kind::Unknown => (Length::UNKNOWN, Link::Whole),
            Kind::List(..) | Kind::Space(_) | Kind::Nothing => (Length::UNKNOWN, Link::Text),
        };
        Typed { kind, optional: false, pii: false, origin: None, path: None, literal: None, length, link }
    }
    pub fn unknown() -> Typed {
        Typed::new(Kind::Unknown)
    }
    pub fn plain(ty: Type) -> Typed {
        Typed::new(Kind::Plain(ty))
    }
    pub fn text(length: Length) -> Typed {
        Typed { length, ..Typed::plain(Type::Text) }
    }
    /// A declared type; the lengths of an enum's names come from its declaration.
    pub fn declared(ty: Option<&Type>, world: &World<'_>) -> Typed {
        match ty {
            None => Typed::unknown(),
            Some(Type::Optional(inner)) => Typed { optional: true, ..Typed::declared(Some(inner), world) },
            Some(Type::List(element)) => Typed::new(Kind::List(Box::new(Typed::declared(Some(element), world)), None)),
            Some(Type::Enum(id)) => {
                let names = world.enums.at(id.index()).data.iter().map(|name| Length::of(name));
                let length = names.reduce(Length::or).unwrap_or_default();
                Typed { length, ..Typed::plain(Type::Enum(*id)) }
            }
            Some(plain) => Typed::plain(plain.clone()),
        }
    }
    pub fn is(&self, wanted: impl Fn(&Type) -> bool) -> bool {
        match &self.kind {
            Kind::Unknown => true,
            Kind::Plain(ty) => wanted(ty),
            Kind::List(..) | Kind::Space(_) | Kind::Nothing => false,
        }
    }
    pub fn is_unknown(&self) -> bool {
        matches!(self.kind, Kind::Unknown)
    }
    pub fn is_number(&self) -> bool {
        self.is(|ty| matches!(ty, Type::Int | Type::Decimal | Type::Percent))
    }
    pub fn is_text(&self) -> bool {
        self.is(is_textual)
    }
    /// The same value without its history: what a computation gives.
    pub fn computed(kind: Kind, pii: bool) -> Typed {
        Typed { pii, ..Typed::new(kind) }
    }
    /// The type as the author would write it.
    pub fn shown(&self, world: &World<'_>) -> String {
        let plain = match &self.kind {
            Kind::Unknown => "?".to_owned(),
            Kind::Plain(ty) => world.type_name(ty),
            Kind::List(element, _) => format!("list of {}", element.shown(world)),
            Kind::Space(Space::Profile) => "profile".to_owned(),
            Kind::Space(Space::Sender) => "sender".to_owned(),
            Kind::Space(Space::Project) => "project".to_owned(),
            Kind::Space(Space::Loop) => "loop".to_owned(),
            Kind::Nothing => "none".to_owned(),
        };
        if self.optional { format!("{plain}?") } else { plain }
    }
}

/// A text to a template; an enum is its variant's name.
pub fn is_textual(ty: &Type) -> bool {
    match ty {
        Type::Text
        | Type::Id
        | Type::Email
        | Type::Phone
        | Type::LineId
        | Type::PushToken
        | Type::Url
        | Type::Zone
        | Type::Enum(_) => true,
        Type::Int
        | Type::Decimal
        | Type::Percent
        | Type::Bool
        | Type::Money(_)
        | Type::Instant
        | Type::Date
        | Type::Time
        | Type::Span
        | Type::Period
        | Type::Record(_)
        | Type::Event(_)
        | Type::Result(_)
        | Type::List(_)
        | Type::Optional(_) => false,
    }
}

/// The filter that writes out a value which has more than one way to be written.
pub fn writer(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Money(_) => Some("money"),
        Type::Date => Some("date"),
        Type::Instant => Some("datetime"),
        Type::Time => Some("time"),
        Type::Span | Type::Period => Some("duration"),
        Type::Percent => Some("percent"),
        Type::Text
        | Type::Id
        | Type::Email
        | Type::Phone
        | Type::LineId
        | Type::PushToken
        | Type::Url
        | Type::Zone
        | Type::Enum(_)
        | Type::Int
        | Type::Decimal
        | Type::Bool
        | Type::Record(_)
        | Type::Event(_)
        | Type::Result(_)
        | Type::List(_)
        | Type::Optional(_) => None,
    }
}

/// Counts and amounts are reckoned with nine digits: more is no number people read in a label.
const DIGITS_MAX: usize = 9;

fn length_of(ty: &Type) -> Length {
    match ty {
        Type::Int => Length::between(1, DIGITS_MAX),
        Type::Decimal | Type::Percent => Length::between(1, DIGITS_MAX + 4),
        Type::Zone => Length::between(3, 32),
        // The address to leave by: a host, and an opaque token.
        Type::Url
        | Type::Text
        | Type::Id
        | Type::Email
        | Type::Phone
        | Type::LineId
        | Type::PushToken
        | Type::Enum(_)
        | Type::Bool
        | Type::Money(_)
        | Type::Instant
        | Type::Date
        | Type::Time
        | Type::Span
        | Type::Period
        | Type::Record(_)
        | Type::Event(_)
        | Type::Result(_)
        | Type::List(_)
        | Type::Optional(_) => Length::UNKNOWN,
    }
}

fn link_of(ty: &Type) -> Link {
    match ty {
        Type::Url => Link::Whole,
        // Words of the project itself.
        Type::Id | Type::Enum(_) | Type::Int | Type::Decimal | Type::Percent => Link::Part,
        Type::Text
        | Type::Email
        | Type::Phone
        | Type::LineId
        | Type::PushToken
        | Type::Zone
        | Type::Bool
        | Type::Money(_)
        | Type::Instant
        | Type::Date
        | Type::Time
        | Type::Span
        | Type::Period
        | Type::Record(_)
        | Type::Event(_)
        | Type::Result(_)
        | Type::List(_)
        | Type::Optional(_) => Link::Text,
    }
}
