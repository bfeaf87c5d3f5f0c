//! Types of operators and tests: comparison, arithmetic, `and`, `or`, `is`.
//!
//! Computes no values.

use minijinja::machinery::ast::{self, BinOpKind, Expr};

use super::typed::{Kind, Typed};
use super::{At, Facts};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::ir::Type;
use crate::ir::content::TESTS;

impl At<'_, '_> {
    pub fn binary(&mut self, op: &ast::BinOp<'_>, expr: &Expr<'_>) -> Typed {
        match op.op {
            BinOpKind::Eq | BinOpKind::Ne => self.comparison(op, expr, false),
            BinOpKind::Lt | BinOpKind::Lte | BinOpKind::Gt | BinOpKind::Gte => self.comparison(op, expr, true),
            BinOpKind::In => self.contained(op, expr),
            BinOpKind::Concat => {
                let (a, b) = (self.definite(&op.left), self.definite(&op.right));
                if !(self.printable(&a, &op.left) & self.printable(&b, &op.right)) {
                    return Typed::unknown();
                }
                Typed { pii: a.pii || b.pii, ..Typed::text(a.length.then(b.length)) }
            }
            BinOpKind::Add
            | BinOpKind::Sub
            | BinOpKind::Mul
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Div => self.arithmetic(op, expr),
            BinOpKind::Pow => {
                self.refuse(expr, ("a message needs no powers", "メッセージに累乗は使えません"), None);
                Typed::unknown()
            }
            BinOpKind::ScAnd | BinOpKind::ScOr => self.logic(op, expr),
        }
    }

    fn arithmetic(&mut self, op: &ast::BinOp<'_>, expr: &Expr<'_>) -> Typed {
        let texts = |at: &mut Self, side: &Expr<'_>| {
            matches!(side, Expr::Const(c) if c.value.as_str().is_some()) && {
                at.expr(side);
                true
            }
        };
        if matches!(op.op, BinOpKind::Add) && (texts(self, &op.left) || texts(self, &op.right)) {
            self.refuse(expr, ("texts are joined by `~`", "文字列は `~` でつなぎます"), None);
            return Typed::unknown();
        }
        let (a, b) = (self.number(&op.left), self.number(&op.right));
        if a.is_unknown() || b.is_unknown() {
            return Typed::unknown();
        }
        let whole = a.is(|ty| *ty == Type::Int) && b.is(|ty| *ty == Type::Int) && !matches!(op.op, BinOpKind::Div);
        Typed::computed(Kind::Plain(if whole { Type::Int } else { Type::Decimal }), a.pii || b.pii)
    }

    fn comparison(&mut self, op: &ast::BinOp<'_>, expr: &Expr<'_>, ordered: bool) -> Typed {
        let (a, b) = (self.definite(&op.left), self.definite(&op.right));
        let result = Typed::computed(Kind::Plain(Type::Bool), a.pii || b.pii);
        if a.is_unknown() || b.is_unknown() {
            return result;
        }
        if self.variant(&a, &b, &op.right) || self.variant(&b, &a, &op.left) {
            return result;
        }
        let money = |typed: &Typed| typed.is(|ty| matches!(ty, Type::Money(_)));
        if money(&a) && b.is_number() {
            self.number(&op.left);
            return result;
        }
        if money(&b) && a.is_number() {
            self.number(&op.right);
            return result;
        }
        let fits = match (&a.kind, &b.kind) {
            (Kind::Plain(x), Kind::Plain(y)) => {
                let same = x == y || a.is_number() && b.is_number() || !ordered && a.is_text() && b.is_text();
                same && (!ordered || is_ordered(x))
            }
            _ => false,
        };
        if !fits {
            let world = self.checker.about.world;
            let (x, y) = (a.shown(world), b.shown(world));
            let found = Diagnostic::new(
                Code::E0402,
                self.place(expr),
                format!("`{x}` and `{y}` cannot be compared so"),
                format!("`{x}` と `{y}` はこのように比べられません"),
            );
            let found = self.with_origin(found, &a);
            let found = self.with_origin(found, &b);
            self.report(found);
        }
        result
    }

    /// Whether one side is an enum and the other a written text, which must then be one of its names.
    fn variant(&mut self, side: &Typed, other: &Typed, other_expr: &Expr<'_>) -> bool {
        let (Kind::Plain(Type::Enum(id)), Some(literal)) = (&side.kind, &other.literal) else { return false };
        let world = self.checker.about.world;
        let entry = world.enums.at(id.index());
        let place = self.place(other_expr);
        self.checker.seen.mentions.insert((entry.span, place));
        if entry.data.contains(literal) {
            return true;
        }
        let found = Diagnostic::new(
            Code::E0402,
            place,
            format!("`{}` has no value `{literal}`", entry.name),
            format!("`{}` に `{literal}` という値はありません", entry.name),
        );
        let found = found.other(entry.span, "declared here", "ここで宣言されています");
        let found = match did_you_mean(literal, entry.data.iter().map(String::as_str)) {
            Some(alike) => found
                .help(format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?"))
                .fix(place, format!("\"{alike}\"")),
            None => {
                let list = entry.data.iter().map(|v| format!("`{v}`")).collect::<Vec<_>>().join(", ");
                found.help(format!("there is {list}"), format!("使えるもの: {list}"))
            }
        };
        self.report(found);
        true
    }

    fn contained(&mut self, op: &ast::BinOp<'_>, expr: &Expr<'_>) -> Typed {
        let (a, b) = (self.definite(&op.left), self.definite(&op.right));
        let result = Typed::computed(Kind::Plain(Type::Bool), a.pii || b.pii);
        if let (Expr::List(list), Kind::Plain(Type::Enum(_))) = (&op.right, &a.kind) {
            for item in &list.items {
                let item_typed = self.expr(item);
                self.variant(&a, &item_typed, item);
            }
            return result;
        }
        let fits = match &b.kind {
            Kind::List(element, _) => {
                a.is_unknown()
                    || element.is_unknown()
                    || a.is_text() && element.is_text()
                    || a.is_number() && element.is_number()
            }
            Kind::Plain(_) => a.is_text() && b.is_text(),
            Kind::Unknown => true,
            Kind::Space(_) | Kind::Nothing => false,
        };
        if !fits {
            let world = self.checker.about.world;
            let (x, y) = (a.shown(world), b.shown(world));
            let found = Diagnostic::new(
                Code::E0402,
                self.place(expr),
                format!("`{x}` cannot be in `{y}`"),
                format!("`{y}` の中に `{x}` はありえません"),
            );
            self.report(found);
        }
        result
    }

    pub fn logic(&mut self, op: &ast::BinOp<'_>, expr: &Expr<'_>) -> Typed {
        // `x or "…"` is also a way to give a value for a missing one.
        if matches!(op.op, BinOpKind::ScOr) {
            let left = self.expr(&op.left);
            if left.optional {
                let right = self.expr(&op.right);
                let optional = right.optional;
                let joined = self.joined(Typed { optional: false, ..left }, right, expr);
                return Typed { optional, ..joined };
            }
        }
        let facts = self.condition(&op.left);
        let known = if matches!(op.op, BinOpKind::ScAnd) { facts.holding } else { facts.failing };
        self.assuming(&known, |at| at.condition(&op.right));
        Typed::plain(Type::Bool)
    }

    /// `x is …`.
    pub fn test(&mut self, test: &ast::Test<'_>, expr: &Expr<'_>) -> Facts {
        let mut facts = Facts::default();
        match test.name {
            "defined" | "undefined" => {
                let typed = self.expr(&test.expr);
                let path: std::collections::BTreeSet<String> =
                    typed.path.filter(|_| typed.optional).into_iter().collect();
                match test.name {
                    "defined" => facts.holding = path,
                    _ => facts.failing = path,
                }
            }
            "even" | "odd" | "divisibleby" => {
                self.number(&test.expr);
                self.arguments(&test.args, usize::from(test.name == "divisibleby"), expr);
            }
            "empty" => {
                let typed = self.definite(&test.expr);
                if !typed.is_text() && !matches!(typed.kind, Kind::List(..)) {
                    self.mismatch(&typed, &test.expr, ("a list or a text", "リストでも文字列でも"));
                }
            }
            "in" => {
                self.definite(&test.expr);
                self.arguments(&test.args, 1, expr);
            }
            "none" => {
                self.expr(&test.expr);
                let help = ("ask `is defined` or `is undefined`", "`is defined` か `is undefined` で確かめてください");
                self.refuse(
                    expr,
                    ("what is missing is not `none` here", "ないものは `none` ではありません"),
                    Some(help),
                );
            }
            unknown => {
                self.expr(&test.expr);
                let alike = did_you_mean(unknown, TESTS.iter().copied());
                let help = alike.map(|a| (format!("did you mean `{a}`?"), format!("`{a}` のことですか?")));
                let help = help.as_ref().map(|(en, ja)| (en.as_str(), ja.as_str()));
                self.refuse(expr, ("there is no such test", "そのような判定はありません"), help);
            }
        }
        facts
    }

    /// Looks at positional arguments, which must be so many.
    fn arguments(&mut self, args: &[ast::CallArg<'_>], wanted: usize, expr: &Expr<'_>) {
        for arg in args {
            if let ast::CallArg::Pos(value) = arg {
                self.definite(value);
            }
        }
        if args.len() != wanted {
            let (en, ja) = (format!("{wanted} values are needed"), format!("値が {wanted} 個必要です"));
            self.refuse(expr, (&en, &ja), None);
        }
    }
}

fn is_ordered(ty: &Type) -> bool {
    match ty {
        Type::Int
        | Type::Decimal
        | Type::Percent
        | Type::Money(_)
        | Type::Instant
        | Type::Date
        | Type::Time
        | Type::Span => true,
        Type::Text
        | Type::Id
        | Type::Email
        | Type::Phone
        | Type::LineId
        | Type::PushToken
        | Type::Url
        | Type::Bool
        | Type::Zone
        | Type::Period
        | Type::Enum(_)
        | Type::Record(_)
        | Type::Event(_)
        | Type::Result(_)
        | Type::List(_)
        | Type::Optional(_) => false,
    }
}
