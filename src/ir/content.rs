//! What a message says: templates and the shape around them, per channel. Part of the program and of its hash.
//!
//! Does not read, check or render anything: `content` reads and checks message files, `render` fills them in.
//!
//! # How a template sees the world
//!
//! Templates are in the notation of Jinja. In scope are the message's parameters by name, `profile` (an object with the
//! profile's fields), `sender` (`name`, `address`, `contact` of `tabi.yaml`), `project` (`name`), and `unsubscribe_url`
//! in an email or text message that needs consent. A missing optional is *undefined*: `default` fills it in, `is
//! defined` is false of it, and so is a bare `if` (minijinja's `SemiStrict`).
//!
//! | Value | In a template |
//! |---|---|
//! | `text`, `id`, `email`, `phone`, `line_id`, `push_token`, `url`, `zone`, enum | a string; an enum is its variant's name |
//! | `int` | an integer |
//! | `decimal`, `percent` | a number; 12.5 % is 0.125 |
//! | `bool` | a boolean |
//! | `money`, `date`, `instant`, `time`, `span`, `period` | an object that only filters write out; equal and ordered among its like |
//! | record, event, result of an action | an object with its fields |
//! | list | a list |
//!
//! The checker has made sure that nothing else is asked for, so a rendered message never meets a missing name, a
//! missing optional or a value that cannot be written.

use serde::{Deserialize, Serialize};

/// A text with Jinja's `{{ … }}`, `{% … %}` and `{# … #}` in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Template(pub String);

impl Template {
    /// Whether it says the same to everyone.
    pub fn is_literal(&self) -> bool {
        !["{{", "{%", "{#"].iter().any(|open| self.0.contains(open))
    }
}

/// The content of a message file, by the channel of the message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Content {
    Email(Email),
    Line(Line),
    Sms(Sms),
    Push(Push),
    Webhook(Webhook),
}

/// Head and body of an email.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Email {
    pub subject: Template,
    /// What a mailbox shows after the subject.
    pub preheader: Option<Template>,
    /// `name <address>`; says the same to everyone.
    pub from: String,
    /// `name <address>`; says the same to everyone.
    pub reply_to: Option<String>,
    pub body: Body,
    /// The text part; absent: to be derived from the body.
    pub text: Option<Template>,
}

/// The HTML part of an email. Values are escaped as HTML.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// Says what rendering first and compiling to HTML afterwards says.
    Mjml(Template),
    Html(Template),
}

/// One to five message objects of LINE's Messaging API, each a [`Node::Object`] once expanded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub messages: Vec<Item>,
}

/// Text without markup, not escaped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sms {
    pub text: Template,
}

/// A notification of an app. Nothing is escaped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Push {
    pub title: Template,
    pub body: Template,
    /// What a tap opens.
    pub link: Option<Template>,
    /// An `https` picture.
    pub image: Option<Template>,
    /// Further texts for the app, in the order of their names.
    pub data: Vec<(String, Template)>,
}

/// The JSON that a system gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    pub json: Node,
}

/// JSON with templates in its strings. The file is read as JSON first and each string rendered afterwards, unescaped,
/// so no value can break the shape around it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Node {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    Text(Template),
    /// `{"$value": "EXPRESSION"}`: the value itself instead of a text. Numbers, booleans and texts are themselves,
    /// money is a number in units of its currency, a date or instant is ISO 8601 text, a record is an object, and a
    /// missing optional is `null`.
    Value(Expression),
    List(Vec<Item>),
    /// Members in the order of the file.
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    pub name: String,
    /// `"$if"` in the value: the member is left out where it is false.
    pub when: Option<Expression>,
    pub value: Node,
}

/// An element of a list, or several, or none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// `"$for"`: the element once for each; absent: once.
    pub each: Option<Each>,
    /// `"$if"`: the element is left out where it is false; read inside `each`.
    pub when: Option<Expression>,
    pub node: Node,
}

/// `"$for": "NAME in LIST"`. `loop` is in scope, as in Jinja's `for`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Each {
    pub name: String,
    pub list: Expression,
}

/// An expression of Jinja without braces around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expression(pub String);

/// Who sends, as the law wants it named in selling mail; from `tabi.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Sender {
    pub name: Option<String>,
    /// Postal.
    pub address: Option<String>,
    /// Where questions go: an address, a number, a page.
    pub contact: Option<String>,
}

/// Filters that a template may use; the renderer knows each, and the checker its types.
///
/// `money` (`7,040円`), `date` (`6月6日（土）`), `datetime` (`5月17日 23:59`), `time` (`23:59`), `duration` (`3日`) and
/// `percent` (`12.5%`) write values out; `amount` is money as a number in units of its currency; `truncate(n)` is a text of
/// at most n UTF-16 units, the last of them `…` where something was cut off. The others are Jinja's; `map` and `sort` take
/// `attribute="…"`.
pub const FILTERS: &[&str] = &[
    "abs",
    "amount",
    "capitalize",
    "count",
    "date",
    "datetime",
    "default",
    "duration",
    "escape",
    "first",
    "float",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "map",
    "max",
    "min",
    "money",
    "percent",
    "replace",
    "reverse",
    "round",
    "sort",
    "string",
    "sum",
    "time",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
];

/// Tests that a template may use after `is`.
pub const TESTS: &[&str] = &["defined", "divisibleby", "empty", "even", "in", "odd", "undefined"];

/// Functions that a template may call: `range(n)` and `range(a, b)` with written numbers.
pub const FUNCTIONS: &[&str] = &["range"];

/// Steps that one rendering may take (minijinja's fuel): a template that loops over long lists ends with an error
/// instead of running on. A mail of a hundred items takes a few thousand.
pub const RENDER_FUEL: u64 = 1_000_000;
