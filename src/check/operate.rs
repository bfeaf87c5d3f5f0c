//! Operators: `and`, `or`, `or else`, comparisons and arithmetic, with the types they take.
//!
//! Computes nothing beyond folding; the machine does.

use super::expr::Exprs;
use super::fit::{self, Typed, is_number, is_temporal, is_textual, required};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Compare, Expr, Operator, Type};
use crate::syntax::tree::{self, BinaryOp, ExprKind};
use crate::text::Span;

impl<'t> Exprs<'_, 't> {
    pub fn binary(
        &mut self,
        e: &'t tree::Expr,
        op: BinaryOp,
        op_span: Span,
        left: &'t tree::Expr,
        right: &'t tree::Expr,
        hint: Option<&Type>,
    ) -> Typed {
        match op {
            BinaryOp::And | BinaryOp::Or => self.logic(e, op == BinaryOp::And),
            BinaryOp::OrElse => self.or_else(left, right, hint),
            BinaryOp::Equal => self.compare(Compare::Equal, op_span, left, right),
            BinaryOp::NotEqual => self.compare(Compare::NotEqual, op_span, left, right),
            BinaryOp::Less => self.compare(Compare::Less, op_span, left, right),
            BinaryOp::LessEqual => self.compare(Compare::LessEqual, op_span, left, right),
            BinaryOp::Greater => self.compare(Compare::Greater, op_span, left, right),
            BinaryOp::GreaterEqual => self.compare(Compare::GreaterEqual, op_span, left, right),
            BinaryOp::Add => self.arithmetic(Operator::Add, op_span, left, right, hint),
            BinaryOp::Subtract => self.arithmetic(Operator::Subtract, op_span, left, right, hint),
            BinaryOp::Multiply => self.arithmetic(Operator::Multiply, op_span, left, right, hint),
            BinaryOp::Divide => self.arithmetic(Operator::Divide, op_span, left, right, hint),
        }
    }

    /// A chain of `and` (or of `or`): each part may rely on those before it.
    fn logic(&mut self, e: &'t tree::Expr, and: bool) -> Typed {
        let wanted = if and { BinaryOp::And } else { BinaryOp::Or };
        let mut chain = Vec::new();
        let mut rest = e;
        while let ExprKind::Binary { op, left, right, .. } = &*rest.kind
            && *op == wanted
        {
            chain.push(right);
            rest = left;
        }
        chain.push(rest);
        let known = self.flow.facts.len();
        let mut parts = Vec::with_capacity(chain.len());
        for part in chain.into_iter().rev() {
            let condition = self.condition(part);
            self.flow.learn(super::flow::places_set(&condition, and), part.span);
            match condition {
                Expr::And(inner) if and => parts.extend(inner),
                Expr::Or(inner) if !and => parts.extend(inner),
                other => parts.push(other),
            }
        }
        self.flow.facts.truncate(known);
        Typed::new(if and { Expr::And(parts) } else { Expr::Or(parts) }, Type::Bool)
    }

    fn or_else(&mut self, left: &'t tree::Expr, right: &'t tree::Expr, hint: Option<&Type>) -> Typed {
        let value = self.infer(left, hint);
        let wanted = value.ty.as_ref().map(|ty| required(ty).clone());
        let instead = self.infer(right, wanted.as_ref().or(hint));
        let (Some(wanted), Some(found)) = (wanted, &instead.ty) else { return Typed::mistaken() };
        let still_optional = matches!(found, Type::Optional(_));
        let ty = if still_optional { fit::optional(wanted.clone()) } else { wanted };
        let instead = self.fitted(instead, &ty, right.span);
        Typed::new(Expr::OrElse(Box::new(value.expr), Box::new(instead)), ty)
    }

    /// Both operands, each with the other's type as its hint: what has a type of its own comes first.
    fn pair(&mut self, left: &'t tree::Expr, right: &'t tree::Expr) -> (Typed, Typed) {
        if self.needs_hint(left) && !self.needs_hint(right) {
            let second = self.infer(right, None);
            let first = self.beside(left, &second);
            return (first, second);
        }
        let first = self.infer(left, None);
        let second = self.beside(right, &first);
        (first, second)
    }

    /// What stands beside a typed value. Beside a mistake, a bare word may have been a value of the lost type.
    pub fn beside(&mut self, e: &'t tree::Expr, other: &Typed) -> Typed {
        if other.ty.is_none() && matches!(*e.kind, ExprKind::Name(_)) && self.needs_hint(e) {
            return Typed::mistaken();
        }
        self.infer(e, other.ty.as_ref())
    }

    fn needs_hint(&self, e: &tree::Expr) -> bool {
        match &*e.kind {
            ExprKind::Name(name) => !self.resolves(name) && name != "now" && name != "today",
            ExprKind::Text(_) | ExprKind::Number(_) | ExprKind::List(_) | ExprKind::Duration(_) => true,
            _ => false,
        }
    }

    pub fn compare(&mut self, op: Compare, op_span: Span, left: &'t tree::Expr, right: &'t tree::Expr) -> Typed {
        let (first, second) = self.pair(left, right);
        self.compared(op, op_span, (first, left.span), (second, right.span))
    }

    /// A comparison of two typed sides.
    pub fn compared(&mut self, op: Compare, op_span: Span, left: (Typed, Span), right: (Typed, Span)) -> Typed {
        let (mut first, mut second) = (left.0, right.0);
        let ordering = !matches!(op, Compare::Equal | Compare::NotEqual);
        if ordering {
            first = self.present(first, left.1);
            second = self.present(second, right.1);
        }
        if first.ty.is_none() || second.ty.is_none() {
            return Typed { ty: Some(Type::Bool), ..Typed::mistaken() };
        }
        let types = (first.ty.clone(), second.ty.clone());
        match fit::unify(first, second) {
            Ok((a, b, ty)) => {
                self.comparable(&ty, ordering, op_span);
                Typed::new(Expr::Compare { op, left: Box::new(a), right: Box::new(b) }, Type::Bool)
            }
            Err((a, b)) => {
                let (a_name, b_name) = (self.world.type_name(&a), self.world.type_name(&b));
                let diagnostic = Diagnostic::new(
                    fit::mismatch_code(&a, &b),
                    op_span,
                    format!("cannot compare `{a_name}` with `{b_name}`"),
                    format!("`{a_name}` と `{b_name}` は比べられません"),
                )
                .other(left.1, format!("this is `{a_name}`"), format!("これは `{a_name}`"))
                .other(right.1, format!("this is `{b_name}`"), format!("これは `{b_name}`"));
                // A literal on the right is the likelier mistake; help for turning it into what the left is.
                let (found, wanted, at) = match types {
                    (Some(l), Some(r)) if matches!(required(&l), Type::Int | Type::Decimal | Type::Text) => {
                        (l, r, left.1)
                    }
                    (Some(l), Some(r)) => (r, l, right.1),
                    (None, _) | (_, None) => return Typed::mistaken(),
                };
                let text = crate::value::Value::text(self.written_text(at));
                let literal = Expr::Const(text);
                let diagnostic = fit::explain(self.world, diagnostic, Some(&literal), &found, &wanted, at);
                self.sink.report(diagnostic);
                Typed { ty: Some(Type::Bool), ..Typed::mistaken() }
            }
        }
    }

    /// A text literal without its quotes.
    fn written_text(&self, at: Span) -> &str {
        self.sources.get(at.source).slice(at).trim_matches('"')
    }

    fn comparable(&mut self, ty: &Type, ordering: bool, op_span: Span) {
        let name = self.world.type_name(ty);
        let diagnostic = match ty {
            Type::List(_) | Type::Record(_) | Type::Event(_) | Type::Result(_) => Diagnostic::new(
                Code::E0403,
                op_span,
                format!("`{name}` cannot be compared as a whole"),
                format!("`{name}` は全体どうしでは比べられません"),
            )
            .help("compare one of its fields", "項目どうしを比べてください"),
            Type::Bool
            | Type::Zone
            | Type::Text
            | Type::Id
            | Type::Email
            | Type::Phone
            | Type::LineId
            | Type::PushToken
            | Type::Url
                if ordering =>
            {
                Diagnostic::new(
                    Code::E0403,
                    op_span,
                    format!("`{name}` has no order"),
                    format!("`{name}` に大小はありません"),
                )
                .help("compare with `==` or `!=`", "`==` か `!=` で比べてください")
            }
            Type::Enum(id) if ordering && self.world.enums.at(id.index()).name.contains(' ') => Diagnostic::new(
                Code::E0403,
                op_span,
                format!("`{name}` has no order"),
                format!("`{name}` に大小はありません"),
            )
            .help(
                "declare an `enum`: its values are in rising order",
                "`enum` を宣言すると、書いた順が小さい順になります",
            ),
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
            | Type::Bool
            | Type::Money(_)
            | Type::Zone
            | Type::Instant
            | Type::Date
            | Type::Time
            | Type::Span
            | Type::Period
            | Type::Enum(_)
            | Type::Optional(_) => return,
        };
        self.sink.report(diagnostic);
    }

    fn arithmetic(
        &mut self,
        op: Operator,
        op_span: Span,
        left: &'t tree::Expr,
        right: &'t tree::Expr,
        hint: Option<&Type>,
    ) -> Typed {
        let hint = hint.filter(|h| is_number(h));
        let first = self.infer(left, hint);
        let second = self.infer(right, hint);
        let (first, second) = (self.present(first, left.span), self.present(second, right.span));
        let (Some(a), Some(b)) = (first.ty.clone(), second.ty.clone()) else { return Typed::mistaken() };
        match result(op, &a, &b) {
            Some(ty) => {
                let expr = Expr::Arithmetic { op, left: Box::new(first.expr), right: Box::new(second.expr) };
                Typed::new(expr, ty)
            }
            None => {
                let diagnostic = self.impossible(op, op_span, (&a, left.span), (&b, right.span));
                self.mistake(diagnostic)
            }
        }
    }

    fn impossible(&self, op: Operator, op_span: Span, left: (&Type, Span), right: (&Type, Span)) -> Diagnostic {
        let (a, b) = (left.0, right.0);
        let (a_name, b_name) = (self.world.type_name(a), self.world.type_name(b));
        let sign = match op {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
        };
        let code = match (a, b) {
            (Type::Money(_), Type::Money(_)) if a != b => Code::E0421,
            _ if is_temporal(a) && is_temporal(b) => Code::E0422,
            _ => Code::E0403,
        };
        let diagnostic = Diagnostic::new(
            code,
            op_span,
            format!("`{a_name}` {sign} `{b_name}` means nothing"),
            format!("`{a_name}` {sign} `{b_name}` は計算できません"),
        )
        .other(left.1, format!("this is `{a_name}`"), format!("これは `{a_name}`"))
        .other(right.1, format!("this is `{b_name}`"), format!("これは `{b_name}`"));
        match (a, b) {
            (Type::Date, Type::Span) => diagnostic
                .help("a date moves by days, weeks, months or years: `3d`", "日付に足せるのは日・週・月・年です: `3d`"),
            (Type::Money(_), Type::Money(_)) | (Type::Money(_), Type::Int) | (Type::Int, Type::Money(_)) => {
                fit::explain(self.world, diagnostic, None, b, a, right.1)
            }
            _ => diagnostic,
        }
    }
}

/// The type of `a op b`, if it means anything.
fn result(op: Operator, a: &Type, b: &Type) -> Option<Type> {
    use Operator::{Add, Divide, Multiply, Subtract};
    let share = |ty: &Type| is_number(ty) || *ty == Type::Percent;
    match (op, a, b) {
        (Add | Subtract, Type::Money(x), Type::Money(y)) if x == y => Some(a.clone()),
        (Multiply, Type::Money(_), factor) if share(factor) => Some(a.clone()),
        (Multiply, factor, Type::Money(_)) if share(factor) => Some(b.clone()),
        (Divide, Type::Money(_), by) if share(by) => Some(a.clone()),
        (Divide, Type::Money(x), Type::Money(y)) if x == y => Some(Type::Decimal),
        (Add | Subtract | Multiply, Type::Int, Type::Int) => Some(Type::Int),
        (Add | Subtract, Type::Percent, Type::Percent) => Some(Type::Percent),
        (Multiply | Divide, x, y) if share(x) && share(y) => Some(Type::Decimal),
        (Add | Subtract, x, y) if is_number(x) && is_number(y) => Some(Type::Decimal),
        (Add | Subtract, Type::Instant, Type::Span | Type::Period) => Some(Type::Instant),
        (Add, Type::Span | Type::Period, Type::Instant) => Some(Type::Instant),
        (Subtract, Type::Instant, Type::Instant) => Some(Type::Span),
        (Subtract, Type::Date, Type::Date) => Some(Type::Period),
        (Add | Subtract, Type::Span, Type::Span) => Some(Type::Span),
        (Add | Subtract, Type::Span | Type::Period, Type::Span | Type::Period) => Some(Type::Period),
        (Multiply, Type::Span, factor) | (Multiply, factor, Type::Span) if is_number(factor) => Some(Type::Span),
        (Multiply, Type::Period, Type::Int) | (Multiply, Type::Int, Type::Period) => Some(Type::Period),
        (Add | Subtract, Type::Date, Type::Period) => Some(Type::Date),
        (Add, Type::Period, Type::Date) => Some(Type::Date),
        (Add, x, y) if is_textual(x) && is_textual(y) => Some(Type::Text),
        _ => None,
    }
}
