//! Records as written, and `with { … }` against what a message or an action takes.
//!
//! Does not know what becomes of them.

use super::expr::{Exprs, constants};
use super::fit::Typed;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Expr, Type};
use crate::schema::table::duplicate;
use crate::schema::{Field, unknown};
use crate::syntax::tree::RecordLit;
use crate::text::Span;
use crate::value::Value;

/// Whose fields are given, and so which mistake it is to give wrong ones.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// `message`, `action`, `record`, `event` and its Japanese word.
    pub kind: (&'a str, &'a str),
    pub name: &'a str,
    /// Parameters: everything wrong with them is E0402.
    pub params: bool,
}

impl<'t> Exprs<'_, 't> {
    /// A record where one is wanted.
    pub fn record(&mut self, written: &'t RecordLit, hint: Option<&Type>) -> Typed {
        let world = self.world;
        let Some((ty, fields)) = hint.and_then(|ty| Some((ty, world.fields_of(ty)?))) else {
            let span = written.span;
            return self.mistake(
                Diagnostic::new(Code::E0403, span, "a record is not expected here", "ここにレコードは書けません")
                    .help("write it where a record is declared", "レコードが宣言された場所で使ってください"),
            );
        };
        let name = world.type_name(ty);
        let given = Given { kind: ("record", "レコード"), name: &name, params: false };
        let parts = self.fields(written, fields, given);
        let parts = self.all_required(parts, fields, given, written.span);
        Typed::new(constants(parts, Expr::Record, Value::Record), ty.clone())
    }

    /// Each written field against the declared ones: by their order, those not written absent.
    pub fn fields(&mut self, written: &'t RecordLit, declared: &[Field], given: Given<'_>) -> Vec<Option<Expr>> {
        let mut parts: Vec<Option<(Expr, Span)>> = vec![None; declared.len()];
        for (name, value) in &written.fields {
            let Some(index) = declared.iter().position(|f| f.name == name.text) else {
                let mut diagnostic = self.extra(name.text.as_str(), name.span, declared, given);
                if !given.params {
                    diagnostic.code = Code::E0401;
                }
                self.sink.report(diagnostic);
                continue;
            };
            if let Some((_, first)) = &parts[index] {
                self.sink.report(duplicate(("field", "項目"), &name.text, name.span, *first));
                continue;
            }
            let expr = self.given_value(value, &declared[index], given);
            parts[index] = Some((expr, name.span));
        }
        parts.into_iter().map(|part| part.map(|(expr, _)| expr)).collect()
    }

    fn given_value(&mut self, value: &'t crate::syntax::tree::Expr, field: &Field, given: Given<'_>) -> Expr {
        if let Some(draws) = &mut self.draws {
            draws.here = true;
        }
        // Of a type that was not understood, nothing can be said of its values.
        let Some(wanted) = &field.ty else { return Typed::mistaken().expr };
        let typed = self.infer(value, Some(wanted));
        match self.fit(typed, wanted, value.span) {
            Ok(expr) => expr,
            Err(mut diagnostic) => {
                if given.params && diagnostic.code == Code::E0403 {
                    diagnostic.code = Code::E0402;
                }
                let (name, owner) = (&field.name, given.name);
                self.sink.report(diagnostic.other(
                    field.span,
                    format!("`{name}` of `{owner}` is declared here"),
                    format!("`{owner}` の `{name}` の宣言"),
                ));
                Typed::mistaken().expr
            }
        }
    }

    fn extra(&self, name: &str, span: Span, declared: &[Field], given: Given<'_>) -> Diagnostic {
        let known = declared.iter().map(|f| (f.name.as_str(), Some(f.span)));
        let mut diagnostic = unknown(("field", "項目"), name, span, known);
        let (owner, kind) = (given.name, given.kind);
        diagnostic.code = Code::E0402;
        diagnostic.headline = match given.params {
            true => crate::diag::Phrase::new(
                format!("{} `{owner}` takes no `{name}`", kind.0),
                format!("{} `{owner}` に `{name}` はありません", kind.1),
            ),
            false => crate::diag::Phrase::new(
                format!("{} `{owner}` has no `{name}`", kind.0),
                format!("{} `{owner}` に `{name}` はありません", kind.1),
            ),
        };
        diagnostic
    }

    /// Fills what may be missing, and reports (E0402, once) what may not.
    pub fn all_required(
        &mut self,
        parts: Vec<Option<Expr>>,
        declared: &[Field],
        given: Given<'_>,
        span: Span,
    ) -> Vec<Expr> {
        let missing: Vec<&Field> =
            declared.iter().zip(&parts).filter(|(f, p)| p.is_none() && !f.is_optional()).map(|(f, _)| f).collect();
        if let Some(first) = missing.first() {
            let names = missing.iter().map(|f| format!("`{}`", f.name)).collect::<Vec<_>>().join(", ");
            let types = missing
                .iter()
                .map(|f| {
                    format!(
                        "{}: {}",
                        f.name,
                        f.ty.as_ref().map_or_else(|| "…".to_owned(), |ty| self.world.type_name(ty))
                    )
                })
                .collect::<Vec<_>>()
                .join(", ");
            let (owner, kind) = (given.name, given.kind);
            self.sink.report(
                Diagnostic::new(
                    Code::E0402,
                    span,
                    format!("{} `{owner}` is missing {names}", kind.0),
                    format!("{} `{owner}` に {names} がありません", kind.1),
                )
                .other(first.span, "declared here", "宣言")
                .help(format!("give `{types}`"), format!("`{types}` を書いてください")),
            );
        }
        parts.into_iter().map(|part| part.unwrap_or(Expr::Const(Value::Missing))).collect()
    }

    /// The `with` of a send or an action: a value for every parameter.
    pub fn with(
        &mut self,
        written: Option<&'t RecordLit>,
        declared: &[Field],
        given: Given<'_>,
        span: Span,
    ) -> Vec<Expr> {
        let (parts, span) = match written {
            Some(written) => (self.fields(written, declared, given), written.span),
            None => (vec![None; declared.len()], span),
        };
        self.all_required(parts, declared, given, span)
    }
}
