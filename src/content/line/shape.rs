//! What a JSON value must look like: the notation in which LINE's objects are written down.
//!
//! Judges nothing.

/// The kind of a value.
pub enum Kind {
    /// Letters at most (UTF-16 units); zero: no limit.
    Text(usize),
    /// A label of an action; its limit comes from what the action is on.
    Label,
    /// An address: letters at most, and the schemes it may have.
    Link(usize, &'static [&'static str]),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text of a form: whether it has it, and examples.
    Form(fn(&str) -> bool, &'static str),
    Int(i64, i64),
    Number(f64, f64),
    Bool,
    /// Elements, at least, at most.
    List(&'static Kind, usize, usize),
    /// Values by names the author chooses, at most so many.
    Map(&'static Kind, usize),
    Object(&'static Shape),
    /// By the word in `type`.
    OneOf(&'static Union),
    /// An action, and the label it takes.
    Action(Label),
}

/// What an action's label may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Letters at most.
    Needed(usize),
    Free(usize),
}

pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
}

/// An object: a name people know it by, its fields, and fields it shares with others.
pub struct Shape {
    pub name: &'static str,
    pub fields: &'static [Field],
    pub shared: &'static [Field],
}

impl Shape {
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().chain(self.shared)
    }
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.name == name)
    }
}

/// Objects told apart by their `type`.
pub struct Union {
    pub name: &'static str,
    pub shapes: &'static [(&'static str, &'static Shape)],
}

/// A field that must be there.
pub const fn need(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

/// A field that may be left out.
pub const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

pub const WEB: &[&str] = &["https"];
pub const ANY_LINK: &[&str] = &["https", "http", "line", "tel"];

pub const fn text(most: usize) -> Kind {
    Kind::Text(most)
}

/// `#RRGGBB` or `#RRGGBBAA`.
pub fn color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|hex| matches!(hex.len(), 6 | 8) && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// `10px`, `50%`, or a word such as `md`.
pub fn size(text: &str) -> bool {
    const WORDS: &[&str] = &["none", "xxs", "xs", "sm", "md", "lg", "xl", "xxl", "3xl", "4xl", "5xl", "full"];
    WORDS.contains(&text) || number_with(text, "px") || number_with(text, "%")
}

/// `20:13`.
pub fn ratio(text: &str) -> bool {
    let part = |part: &str| part.parse::<f64>().is_ok_and(|n| n > 0.0 && n <= 100_000.0);
    text.split_once(':').is_some_and(|(width, height)| part(width) && part(height))
}

/// `90deg`.
pub fn angle(text: &str) -> bool {
    number_with(text, "deg")
}

fn number_with(text: &str, unit: &str) -> bool {
    text.strip_suffix(unit).is_some_and(|number| number.parse::<f64>().is_ok_and(f64::is_finite))
}

pub const COLOR: Kind = Kind::Form(color, "`#1a2b3c`");
pub const SIZE: Kind = Kind::Form(size, "`md`, `10px`, `50%`");
pub const RATIO: Kind = Kind::Form(ratio, "`20:13`");
