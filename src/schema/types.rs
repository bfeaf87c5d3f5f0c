//! From a type as written to a type of the program.
//!
//! Looks at names of types only; values and literals are the checker's.

use super::{Sink, Table, unknown};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::ir::{EnumId, RecordId, Type};
use crate::syntax::tree::{self, TypeKind};
use crate::value::Currency;
use crate::value::money::CURRENCIES;

/// Types of the language that go by one word.
const BUILTIN: &[(&str, Type)] = &[
    ("text", Type::Text),
    ("id", Type::Id),
    ("email", Type::Email),
    ("phone", Type::Phone),
    ("line_id", Type::LineId),
    ("push_token", Type::PushToken),
    ("url", Type::Url),
    ("int", Type::Int),
    ("decimal", Type::Decimal),
    ("percent", Type::Percent),
    ("bool", Type::Bool),
    ("zone", Type::Zone),
    ("instant", Type::Instant),
    ("date", Type::Date),
    ("time", Type::Time),
    ("span", Type::Span),
    ("period", Type::Period),
];

/// The word of a built-in type.
pub fn builtin_name(ty: &Type) -> Option<&'static str> {
    BUILTIN.iter().find(|(_, builtin)| builtin == ty).map(|(name, _)| *name)
}

pub fn is_builtin(name: &str) -> bool {
    name == "money" || BUILTIN.iter().any(|(builtin, _)| *builtin == name)
}

/// The name under which a `one of [...]` is known: its own notation.
pub fn anonymous_name(variants: &[tree::Name]) -> String {
    let names: Vec<&str> = variants.iter().map(|v| v.text.as_str()).collect();
    format!("one of [{}]", names.join(", "))
}

/// Enums and records by name, whatever else is known of them.
pub struct TypeNames<'a, R> {
    pub enums: &'a Table<Vec<String>>,
    pub records: &'a Table<R>,
}

impl<R> TypeNames<'_, R> {
    /// `None` when it could not be understood, which was then reported.
    pub fn resolve(&self, ty: &tree::Type, sink: &mut Sink) -> Option<Type> {
        let plain = match &ty.kind {
            TypeKind::Named(name) => self.named(name, sink)?,
            TypeKind::Money(code) => Type::Money(currency(code, sink)?),
            TypeKind::OneOf(variants) => Type::Enum(EnumId(self.enums.find(&anonymous_name(variants))?)),
            TypeKind::List(element) => Type::List(Box::new(self.resolve(element, sink)?)),
            TypeKind::Error => return None,
        };
        Some(if ty.optional { Type::Optional(Box::new(plain)) } else { plain })
    }

    fn named(&self, name: &tree::Name, sink: &mut Sink) -> Option<Type> {
        if let Some((_, builtin)) = BUILTIN.iter().find(|(builtin, _)| *builtin == name.text) {
            return Some(builtin.clone());
        }
        if let Some(id) = self.enums.find(&name.text) {
            return Some(Type::Enum(EnumId(id)));
        }
        if let Some(id) = self.records.find(&name.text) {
            return Some(Type::Record(RecordId(id)));
        }
        if name.text == "money" {
            sink.report(
                Diagnostic::new(Code::E0401, name.span, "`money` without a currency", "通貨のない `money`")
                    .help("write the currency: `money JPY`", "通貨を書いてください: `money JPY`"),
            );
            return None;
        }
        let declared = self.enums.candidates().chain(self.records.candidates());
        let candidates = BUILTIN.iter().map(|(word, _)| (*word, None)).chain(declared.filter(|c| !c.0.contains(' ')));
        sink.report(unknown(("type", "型"), &name.text, name.span, candidates));
        None
    }
}

/// A currency by its code, in capitals.
pub fn currency(code: &tree::Name, sink: &mut Sink) -> Option<Currency> {
    if let Some(currency) = Currency::from_code(&code.text) {
        return Some(currency);
    }
    let upper = code.text.to_uppercase();
    let codes = || CURRENCIES.iter().map(|c| c.0);
    let alike = codes().find(|c| *c == upper).or_else(|| did_you_mean(&upper, codes()));
    let mut found = unknown(("currency", "通貨"), &code.text, code.span, []);
    if let Some(alike) = alike {
        found =
            found.help(format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?")).fix(code.span, alike);
    }
    sink.report(found);
    None
}
