//! Types of expressions.
//!
//! Operators are `binary`'s, filters are `filters`', names are `names`'.

use minijinja::machinery::ast::{self, BinOpKind, Expr, UnaryOpKind};

use super::typed::{Kind, Length, Typed};
use super::{At, Facts};
use crate::diag::{Code, Diagnostic};
use crate::ir::Type;

/// `range(n)` gives no more: pages of numbers are no message.
const RANGE_MAX: usize = 100;

impl At<'_, '_> {
    pub fn expr(&mut self, expr: &Expr<'_>) -> Typed {
        match expr {
            Expr::Var(var) => self.name(var.id, expr),
            Expr::Const(value) => constant(&value.value),
            Expr::GetAttr(get) => {
                let base = self.expr(&get.expr);
                self.attribute(&base, get.name, expr, &get.expr)
            }
            Expr::GetItem(get) => self.item(get, expr),
            Expr::Slice(slice) => self.slice(slice),
            Expr::UnaryOp(op) => match op.op {
                UnaryOpKind::Not => {
                    self.condition(&op.expr);
                    Typed::plain(Type::Bool)
                }
                UnaryOpKind::Neg => self.number(&op.expr),
            },
            Expr::BinOp(op) if matches!(op.op, BinOpKind::ScAnd | BinOpKind::ScOr) => self.logic(op, expr),
            Expr::BinOp(op) => self.binary(op, expr),
            Expr::Compare(_) => {
                let help =
                    ("join two with `and`: `1 <= n and n <= 3`", "`and` でつないでください: `1 <= n and n <= 3`");
                self.refuse(expr, ("comparisons in a row", "比較の連続"), Some(help));
                Typed::unknown()
            }
            Expr::IfExpr(either) => self.either(either, expr),
            Expr::Filter(filter) => self.filter(filter, expr),
            Expr::Test(test) => {
                self.test(test, expr);
                Typed::plain(Type::Bool)
            }
            Expr::List(list) => self.list(&list.items),
            Expr::Call(call) => self.call(call, expr),
            Expr::Tuple(_) | Expr::Map(_) => {
                self.refuse(expr, ("a template has no use for this", "テンプレートでは使えません"), None);
                Typed::unknown()
            }
        }
    }

    /// Something the notation has and a message has no need of.
    pub fn refuse(&mut self, expr: &Expr<'_>, what: (&str, &str), help: Option<(&str, &str)>) {
        let written = self.written(expr);
        let mut found = Diagnostic::new(
            Code::E0402,
            self.place(expr),
            format!("`{written}`: {}", what.0),
            format!("`{written}`: {}", what.1),
        );
        if let Some(help) = help {
            found = found.help(help.0, help.1);
        }
        self.report(found);
    }

    /// The value if it is there, or a mistake.
    pub fn definite(&mut self, expr: &Expr<'_>) -> Typed {
        let typed = self.expr(expr);
        if typed.optional || matches!(typed.kind, Kind::Nothing) {
            self.missing(&typed, expr);
            return Typed::unknown();
        }
        typed
    }

    /// A number that is there.
    pub fn number(&mut self, expr: &Expr<'_>) -> Typed {
        let typed = self.definite(expr);
        if typed.is_number() {
            return Typed { literal: None, path: None, ..typed };
        }
        if typed.is(|ty| matches!(ty, Type::Money(_))) {
            let written = self.written(expr);
            let found = Diagnostic::new(
                Code::E0402,
                self.place(expr),
                format!("`{written}` is money, not a number"),
                format!("`{written}` は金額で、数ではありません"),
            );
            let found = self.with_origin(found, &typed);
            let full = format!("({written} | amount)");
            self.report(
                found
                    .help(
                        format!("`{full}` is the number in units of its currency"),
                        format!("通貨の単位で数えた数は `{full}` です"),
                    )
                    .fix(self.place(expr), full),
            );
        } else {
            self.mismatch(&typed, expr, ("a number", "数"));
        }
        Typed::unknown()
    }

    fn item(&mut self, get: &ast::GetItem<'_>, expr: &Expr<'_>) -> Typed {
        let base = self.definite(&get.expr);
        if let Expr::Const(value) = &get.subscript_expr
            && let Some(name) = value.value.as_str()
        {
            return self.attribute(&base, name, expr, &get.expr);
        }
        match base.kind.clone() {
            Kind::List(element, _) => {
                self.number(&get.subscript_expr);
                // No list is sure to be that long.
                Typed { optional: true, pii: element.pii || base.pii, ..*element }
            }
            Kind::Unknown => base,
            Kind::Plain(_) | Kind::Space(_) | Kind::Nothing => {
                self.mismatch(&base, &get.expr, ("a list", "リスト"));
                Typed::unknown()
            }
        }
    }

    fn slice(&mut self, slice: &ast::Slice<'_>) -> Typed {
        let base = self.definite(&slice.expr);
        for bound in [&slice.start, &slice.stop, &slice.step].into_iter().flatten() {
            self.number(bound);
        }
        let whole =
            |bound: &Option<Expr<'_>>| bound.as_ref().and_then(|b| b.as_const()).and_then(|v| usize::try_from(v).ok());
        let start = if slice.start.is_none() { Some(0) } else { whole(&slice.start) };
        let most = whole(&slice.stop).zip(start).map(|(stop, start)| stop.saturating_sub(start));
        match base.kind.clone() {
            Kind::List(element, before) => {
                let most = match (most, before) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                Typed::computed(Kind::List(element, most), base.pii)
            }
            _ if base.is_text() => {
                // A letter takes at most two units.
                let most = most.map(|most| most * 2);
                let length = Length { least: 0, most: most.or(base.length.most), bytes: 0, wide: false };
                Typed { length, pii: base.pii, ..Typed::plain(Type::Text) }
            }
            _ => {
                self.mismatch(&base, &slice.expr, ("a list or a text", "リストでも文字列でも"));
                Typed::unknown()
            }
        }
    }

    fn either(&mut self, either: &ast::IfExpr<'_>, expr: &Expr<'_>) -> Typed {
        let facts = self.condition(&either.test_expr);
        let yes = self.assuming(&facts.holding, |at| at.expr(&either.true_expr));
        let no = match &either.false_expr {
            Some(no) => self.assuming(&facts.failing, |at| at.expr(no)),
            None => Typed { optional: true, ..yes.clone() },
        };
        self.joined(yes, no, expr)
    }

    /// One value or another; both must be of one family.
    pub fn joined(&mut self, a: Typed, b: Typed, expr: &Expr<'_>) -> Typed {
        if a.is_unknown() || b.is_unknown() {
            return Typed::unknown();
        }
        if matches!(a.kind, Kind::Nothing) {
            return Typed { optional: true, ..b };
        }
        if matches!(b.kind, Kind::Nothing) {
            return Typed { optional: true, ..a };
        }
        let (optional, pii) = (a.optional || b.optional, a.pii || b.pii);
        let length = a.length.or(b.length);
        let link = if a.link == b.link { a.link } else { super::typed::Link::Text };
        let kind = match (&a.kind, &b.kind) {
            (Kind::Plain(x), Kind::Plain(y)) if x == y => Some(a.kind.clone()),
            (Kind::Plain(_), Kind::Plain(_)) if a.is_text() && b.is_text() => Some(Kind::Plain(Type::Text)),
            (Kind::Plain(_), Kind::Plain(_)) if a.is_number() && b.is_number() => Some(Kind::Plain(Type::Decimal)),
            (Kind::List(x, _), Kind::List(..)) if matches!(x.kind, Kind::Unknown) => Some(b.kind.clone()),
            (Kind::List(..), Kind::List(..)) => Some(a.kind.clone()),
            _ => None,
        };
        let Some(kind) = kind else {
            let world = self.checker.about.world;
            let (x, y) = (a.shown(world), b.shown(world));
            let found = Diagnostic::new(
                Code::E0402,
                self.place(expr),
                format!("`{x}` or `{y}`: one value has one type"),
                format!("`{x}` か `{y}` か、型が決まりません"),
            );
            self.report(found);
            return Typed::unknown();
        };
        Typed { optional, pii, length, link, ..Typed::new(kind) }
    }

    fn list(&mut self, items: &[Expr<'_>]) -> Typed {
        let mut element: Option<Typed> = None;
        for item in items {
            let next = self.definite(item);
            element = Some(match element {
                None => next,
                Some(before) => self.joined(before, next, item),
            });
        }
        let element = element.unwrap_or_else(Typed::unknown);
        Typed::new(Kind::List(Box::new(Typed { literal: None, path: None, ..element }), Some(items.len())))
    }

    fn call(&mut self, call: &ast::Call<'_>, expr: &Expr<'_>) -> Typed {
        match &call.expr {
            Expr::Var(var) if var.id == "range" => {
                let bounds: Option<Vec<usize>> = call
                    .args
                    .iter()
                    .map(|arg| match arg {
                        ast::CallArg::Pos(value) => value.as_const().and_then(|v| usize::try_from(v).ok()),
                        _ => None,
                    })
                    .collect();
                let times = match bounds.as_deref() {
                    Some([to]) => Some(*to),
                    Some([from, to]) => Some(to.saturating_sub(*from)),
                    _ => None,
                };
                let Some(times) = times.filter(|times| *times <= RANGE_MAX) else {
                    let what = (
                        "`range` takes one or two written numbers, at most 100 apart",
                        "`range` には 100 以内の数を一つか二つ書きます",
                    );
                    self.refuse(expr, what, None);
                    return Typed::unknown();
                };
                Typed::new(Kind::List(Box::new(Typed::plain(Type::Int)), Some(times)))
            }
            Expr::GetAttr(get) => {
                let name = get.name;
                self.definite(&get.expr);
                let is_filter = crate::ir::content::FILTERS.contains(&name);
                let help = (format!("write `… | {name}`"), format!("`… | {name}` と書いてください"));
                let help = is_filter.then_some((help.0.as_str(), help.1.as_str()));
                self.refuse(expr, ("values have no functions here", "値に関数はありません"), help);
                Typed::unknown()
            }
            _ => {
                let help = (
                    "values are changed by filters: `{{ name | upper }}`",
                    "値はフィルターで変えます: `{{ name | upper }}`",
                );
                self.refuse(expr, ("there is no such function", "そのような関数はありません"), Some(help));
                Typed::unknown()
            }
        }
    }

    /// What a loop goes through, and how often at most.
    pub fn elements(&mut self, expr: &Expr<'_>) -> (Typed, Option<usize>) {
        let list = self.definite(expr);
        match list.kind {
            Kind::List(element, most) => {
                let path = list.path.as_ref().map(|path| format!("{path}[]"));
                (Typed { pii: element.pii || list.pii, path, ..*element }, most)
            }
            Kind::Unknown => (Typed::unknown(), None),
            Kind::Plain(_) | Kind::Space(_) | Kind::Nothing => {
                self.mismatch(&list, expr, ("a list", "リスト"));
                (Typed::unknown(), None)
            }
        }
    }

    /// Runs something where some paths are known to be there.
    pub fn assuming<T>(&mut self, paths: &std::collections::BTreeSet<String>, then: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.checker.present.clone();
        self.checker.present.extend(paths.iter().cloned());
        let value = then(self);
        self.checker.present = before;
        value
    }

    /// A condition: anything that is true or false to Jinja, and what it says of optionals.
    pub fn condition(&mut self, expr: &Expr<'_>) -> Facts {
        match expr {
            Expr::UnaryOp(op) if matches!(op.op, UnaryOpKind::Not) => {
                let facts = self.condition(&op.expr);
                Facts { holding: facts.failing, failing: facts.holding }
            }
            Expr::BinOp(op) if matches!(op.op, BinOpKind::ScAnd) => {
                let a = self.condition(&op.left);
                let b = self.assuming(&a.holding, |at| at.condition(&op.right));
                let failing = a.failing.intersection(&b.failing).cloned().collect();
                Facts { holding: a.holding.into_iter().chain(b.holding).collect(), failing }
            }
            Expr::BinOp(op) if matches!(op.op, BinOpKind::ScOr) => {
                let a = self.condition(&op.left);
                let b = self.assuming(&a.failing, |at| at.condition(&op.right));
                let holding = a.holding.intersection(&b.holding).cloned().collect();
                Facts { holding, failing: a.failing.into_iter().chain(b.failing).collect() }
            }
            Expr::Test(test) => self.test(test, expr),
            _ => {
                let typed = self.expr(expr);
                let mut facts = Facts::default();
                let plain_condition = match &typed.kind {
                    Kind::Plain(ty) => *ty == Type::Bool || typed.optional || typed.is_text() || *ty == Type::Int,
                    Kind::List(..) | Kind::Unknown | Kind::Nothing => true,
                    Kind::Space(_) => false,
                };
                if !plain_condition {
                    self.mismatch(&typed, expr, ("a condition", "条件"));
                }
                facts.holding.extend(typed.path.filter(|_| typed.optional));
                facts
            }
        }
    }
}

fn constant(value: &minijinja::Value) -> Typed {
    if let Some(text) = value.as_str() {
        return Typed { literal: Some(text.to_owned()), ..Typed::text(Length::of(text)) };
    }
    match value.kind() {
        minijinja::value::ValueKind::Bool => Typed::plain(Type::Bool),
        minijinja::value::ValueKind::Number => {
            let shown = value.to_string();
            let ty = if value.is_integer() { Type::Int } else { Type::Decimal };
            Typed { length: Length::of(&shown), literal: Some(shown), ..Typed::plain(ty) }
        }
        minijinja::value::ValueKind::None => Typed::new(Kind::Nothing),
        _ => Typed::unknown(),
    }
}
