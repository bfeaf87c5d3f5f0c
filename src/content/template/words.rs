//! The mistakes that several parts of the checker find, worded once.
//!
//! Finds none itself.

use minijinja::machinery::ast::Expr;

use super::At;
use super::names::{end_of, start_of};
use super::typed::{Kind, Typed, writer};
use crate::diag::{Code, Diagnostic};
use crate::ir::Type;

impl At<'_, '_> {
    /// What the author wrote.
    pub fn written(&self, expr: &Expr<'_>) -> String {
        let shift = |at: usize| at.saturating_add_signed(self.from);
        self.piece.text.get(shift(start_of(expr))..shift(end_of(expr))).unwrap_or_default().trim().to_owned()
    }

    /// The mistake with the place where the value is declared.
    pub fn with_origin(&self, found: Diagnostic, typed: &Typed) -> Diagnostic {
        let Some(origin) = typed.origin else { return found };
        let shown = typed.shown(self.checker.about.world);
        found.other(origin, format!("declared `{shown}` here"), format!("ここで `{shown}` と宣言されています"))
    }

    /// An optional used without a check.
    pub fn missing(&mut self, typed: &Typed, expr: &Expr<'_>) {
        let written = self.written(expr);
        let found = Diagnostic::new(
            Code::E0402,
            self.place(expr),
            format!("`{written}` may be missing"),
            format!("`{written}` はないことがあります"),
        );
        let found = self.with_origin(found, typed);
        self.report(found.help(
            format!("say what stands there then: `{written} | default(\"…\")`, or ask: `{{% if {written} %}} … {{% endif %}}`"),
            format!("ないときの言葉を `{written} | default(\"…\")` と書くか、`{{% if {written} %}} … {{% endif %}}` で囲んでください"),
        ));
    }

    /// A value of another type than a place needs: what is expected in English and Japanese.
    pub fn mismatch(&mut self, typed: &Typed, expr: &Expr<'_>, expected: (&str, &str)) {
        let written = self.written(expr);
        let shown = typed.shown(self.checker.about.world);
        let found = Diagnostic::new(
            Code::E0402,
            self.place(expr),
            format!("`{written}` is {}, not {}", article(&shown), expected.0),
            format!("`{written}` は `{shown}` で、{}ではありません", expected.1),
        );
        let found = self.with_origin(found, typed);
        self.report(found);
    }

    /// Whether the value can be written out as it is; if not, says so.
    pub fn printable(&mut self, typed: &Typed, expr: &Expr<'_>) -> bool {
        if typed.is_unknown() {
            return false;
        }
        if typed.optional || matches!(typed.kind, Kind::Nothing) {
            self.missing(typed, expr);
            return false;
        }
        let help = match &typed.kind {
            Kind::Plain(ty) => match writer(ty) {
                Some(filter) => return self.needs_writer(typed, expr, filter),
                None => match ty {
                    Type::Bool => (
                        "say what it means: `{% if … %} … {% else %} … {% endif %}`",
                        "`{% if … %} … {% else %} … {% endif %}` で言葉にしてください",
                    ),
                    Type::Record(_) | Type::Event(_) | Type::Result(_) => {
                        ("write one of its fields: `{{ … .name }}`", "項目を一つ選んでください: `{{ … .name }}`")
                    }
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
                    | Type::Money(_)
                    | Type::Zone
                    | Type::Instant
                    | Type::Date
                    | Type::Time
                    | Type::Span
                    | Type::Period
                    | Type::Enum(_)
                    | Type::List(_)
                    | Type::Optional(_) => return true,
                },
            },
            Kind::List(..) => (
                "go through it: `{% for item in … %} … {% endfor %}`, or put texts in a row: `| join(\"、\")`",
                "`{% for item in … %} … {% endfor %}` で並べるか、文字列のリストなら `| join(\"、\")` でつないでください",
            ),
            Kind::Space(_) => {
                ("write one of its fields: `{{ profile.rank }}`", "項目を選んでください: `{{ profile.rank }}`")
            }
            Kind::Unknown | Kind::Nothing => return false,
        };
        let written = self.written(expr);
        let shown = typed.shown(self.checker.about.world);
        let found = Diagnostic::new(
            Code::E0402,
            self.place(expr),
            format!("`{written}` is {} and cannot be written out", article(&shown)),
            format!("`{written}` は `{shown}` で、そのままでは文字になりません"),
        );
        let found = self.with_origin(found, typed);
        self.report(found.help(help.0, help.1));
        false
    }

    fn needs_writer(&mut self, typed: &Typed, expr: &Expr<'_>, filter: &str) -> bool {
        let written = self.written(expr);
        let shown = typed.shown(self.checker.about.world);
        let place = self.place(expr);
        let found = Diagnostic::new(
            Code::E0402,
            place,
            format!("`{written}` is {}: say how to write it", article(&shown)),
            format!("`{written}` は `{shown}` です。書き方を決めてください"),
        );
        let found = self.with_origin(found, typed);
        let full = format!("{written} | {filter}");
        self.report(found.help(format!("write `{full}`"), format!("`{full}` と書いてください")).fix(place, full));
        false
    }
}

/// A type with its article, in backticks.
fn article(shown: &str) -> String {
    let vowel = shown.starts_with(['a', 'e', 'i', 'o', 'u']);
    let counted = !shown.starts_with("list") && !shown.starts_with("money");
    match (counted, vowel) {
        (false, _) if shown.starts_with("list") => format!("a `{shown}`"),
        (false, _) => format!("`{shown}`"),
        (true, true) => format!("an `{shown}`"),
        (true, false) => format!("a `{shown}`"),
    }
}
