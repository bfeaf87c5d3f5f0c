//! Lists: written, narrowed, asked with `any of`, `none of`, `all of`, and what is `in` them.
//!
//! `count of` stands with the questions to the past, for only the checker can tell the two apart.

use super::expr::{Exprs, Subject, constants};
use super::fit::{self, Typed, required};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Expr, Quantifier, Type};
use crate::syntax::tree::{self, ExprKind};
use crate::text::Span;
use crate::value::Value;

impl<'t> Exprs<'_, 't> {
    pub fn list(&mut self, items: &'t [tree::Expr], hint: Option<&Type>, span: Span) -> Typed {
        let element_hint = match hint {
            Some(Type::List(element)) => Some(&**element),
            _ => None,
        };
        let mut parts = Vec::with_capacity(items.len());
        let mut element: Option<Type> = element_hint.cloned();
        for item in items {
            let typed = self.infer(item, element.as_ref());
            if element.is_none() {
                element = typed.ty.clone();
            }
            parts.push(match &element {
                Some(wanted) => self.fitted(typed, &wanted.clone(), item.span),
                None => typed.expr,
            });
        }
        let Some(element) = element else {
            if items.is_empty() {
                self.sink.report(
                    Diagnostic::new(
                        Code::E0403,
                        span,
                        "nothing says what this empty list holds",
                        "この空のリストに何が入るのかわかりません",
                    )
                    .help("use it where a list is expected", "リストが必要な場所で使ってください"),
                );
            }
            return Typed::mistaken();
        };
        Typed::new(constants(parts, Expr::List, Value::List), Type::List(Box::new(element)))
    }

    pub fn narrow(&mut self, of: &'t tree::Expr, condition: &'t tree::Expr) -> Typed {
        let list = self.infer(of, None);
        let Some((list, element)) = self.list_of(list, of.span) else { return Typed::mistaken() };
        let condition = self.about_element(&element, |me| me.condition(condition));
        let narrowed = Expr::Narrow { list: Box::new(list), condition: Box::new(condition) };
        Typed::new(narrowed, Type::List(Box::new(element)))
    }

    /// The list and its element's type, or a report that it is none.
    pub fn list_of(&mut self, typed: Typed, span: Span) -> Option<(Expr, Type)> {
        let typed = self.present(typed, span);
        match typed.ty? {
            Type::List(element) => Some((typed.expr, *element)),
            other => {
                let name = self.world.type_name(&other);
                self.sink.report(Diagnostic::new(
                    Code::E0403,
                    span,
                    format!("expected a list, found `{name}`"),
                    format!("リストが必要ですが、`{name}` です"),
                ));
                None
            }
        }
    }

    fn about_element<R>(&mut self, element: &Type, run: impl FnOnce(&mut Self) -> R) -> R {
        let subject = match required(element) {
            Type::Record(id) => Subject::Record(*id),
            Type::Event(id) => Subject::Event(*id),
            _ => Subject::Plain,
        };
        self.about(subject, run)
    }

    pub fn quantify(&mut self, quantifier: tree::Quantifier, list: &'t tree::Expr) -> Typed {
        let quantifier = match quantifier {
            tree::Quantifier::Any => Quantifier::Any,
            tree::Quantifier::None => Quantifier::None,
            tree::Quantifier::All => Quantifier::All,
        };
        let (of, condition) = match &*list.kind {
            ExprKind::Narrow { of, condition } => (of, Some(condition)),
            _ => (list, None),
        };
        if let ExprKind::Name(name) = &*of.kind
            && !self.resolves(name)
            && self.world.events.find(name).is_some()
        {
            return self.mistake(
                Diagnostic::new(
                    Code::E0404,
                    of.span,
                    format!("`{name}` is an event, not a list"),
                    format!("`{name}` はイベントで、リストではありません"),
                )
                .help(format!("ask the history with `did {name}`"), format!("履歴は `did {name}` で調べます")),
            );
        }
        let typed = self.infer(of, None);
        let Some((list_expr, element)) = self.list_of(typed, of.span) else { return Typed::mistaken() };
        if quantifier == Quantifier::All && condition.is_none() {
            return self.mistake(
                Diagnostic::new(Code::E0404, list.span, "`all of` needs a condition", "`all of` には条件が必要です")
                    .help("write it in parentheses behind the list", "リストの後の括弧の中に書いてください"),
            );
        }
        let condition = condition.map(|c| Box::new(self.about_element(&element, |me| me.condition(c))));
        Typed::new(Expr::Quantify { quantifier, list: Box::new(list_expr), condition }, Type::Bool)
    }

    pub fn membership(&mut self, of: &'t tree::Expr, list: &'t tree::Expr) -> Expr {
        if let ExprKind::Name(name) = &*of.kind
            && name == "profile"
            && !self.resolves(name)
        {
            return match &*list.kind {
                ExprKind::Name(segment) => match self.segment(segment, list.span) {
                    Some(id) => Expr::InSegment(id),
                    None => Typed::mistaken().expr,
                },
                _ => {
                    let found = Diagnostic::new(
                        Code::E0404,
                        list.span,
                        "`profile in` asks for a segment",
                        "`profile in` の後にはセグメントを書きます",
                    );
                    self.mistake(found).expr
                }
            };
        }
        let item = self.infer(of, None);
        let hint = item.ty.as_ref().map(|ty| Type::List(Box::new(required(ty).clone())));
        let typed = self.infer(list, hint.as_ref());
        let Some((list_expr, element)) = self.list_of(typed, list.span) else { return Typed::mistaken().expr };
        let wanted = fit::optional(element);
        let item = self.fitted(item, &wanted, of.span);
        Expr::InList { item: Box::new(item), list: Box::new(list_expr) }
    }
}
