//! Expressions: from what was written to a typed expression of the program, told what is wrong on the way.
//!
//! Evaluates nothing. The cases that need room live beside: names, operators, history, records.

use super::fit::{self, Typed, required};
use super::flow::Flow;
use super::literal;
use super::slots::Slots;
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, EventId, Expr, FieldId, RecordId, SlotId, SplitId, Type};
use crate::schema::{Sink, Table, World, unknown};
use crate::syntax::tree::{self, ExprKind};
use crate::text::{Sources, Span};
use crate::value::{CalendarPeriod, Value, Zone};

/// What stands under test inside `noun(condition)`; its fields are in scope first.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    Event(EventId),
    Record(RecordId),
    /// An element without fields.
    Plain,
    /// `everyone(…)`: the fields of the profile without saying `profile`.
    Person,
}

/// Nested deeper than anyone can read; the tree walk would grow the stack.
const DEPTH_MAX: u32 = 128;

/// The checker of expressions in one scope.
pub struct Exprs<'c, 't> {
    pub world: &'c World<'t>,
    pub sources: &'c Sources,
    pub sink: &'c mut Sink,
    pub flow: &'c mut Flow<'t>,
    /// Innermost last.
    pub subjects: Vec<Subject>,
    /// Of a moment written without one.
    pub zone: Zone,
    /// Whether a segment's bare name is a condition.
    pub bare_segments: bool,
    /// Splits of the project, and where a draw is stored; absent where chance has no place.
    pub draws: Option<Draws<'c>>,
    pub depth: u32,
}

/// Splits written as values in one step: drawn just before it.
pub struct Draws<'c> {
    pub splits: &'c Table<ir::Split>,
    pub slots: &'c mut Slots,
    pub drawn: Vec<(SplitId, SlotId)>,
    /// Only a whole value may be a split, not a part of one.
    pub here: bool,
}

impl<'t> Exprs<'_, 't> {
    /// An expression wanted as a type.
    pub fn wanted(&mut self, e: &'t tree::Expr, wanted: &Type) -> Expr {
        let typed = self.infer(e, Some(wanted));
        self.fitted(typed, wanted, e.span)
    }

    pub fn condition(&mut self, e: &'t tree::Expr) -> Expr {
        self.wanted(e, &Type::Bool)
    }

    /// Reports what does not fit.
    pub fn fitted(&mut self, typed: Typed, wanted: &Type, span: Span) -> Expr {
        match self.fit(typed, wanted, span) {
            Ok(expr) => expr,
            Err(diagnostic) => {
                self.sink.report(*diagnostic);
                Typed::mistaken().expr
            }
        }
    }

    pub fn fit(&self, typed: Typed, wanted: &Type, span: Span) -> Result<Expr, Box<Diagnostic>> {
        if let (Some(Type::Optional(inner)), false) = (&typed.ty, matches!(wanted, Type::Optional(_))) {
            let present = Typed { expr: typed.expr.clone(), ty: Some((**inner).clone()) };
            return match fit::fit(self.world, present, wanted, span) {
                Ok(expr) => Err(Box::new(self.unchecked(&expr, span))),
                Err(diagnostic) => Err(diagnostic),
            };
        }
        fit::fit(self.world, typed, wanted, span)
    }

    /// E0411, or E0412 when there was a check that a suspension outlived.
    fn unchecked(&self, place: &Expr, span: Span) -> Diagnostic {
        let written = self.sources.get(span.source).slice(span);
        let help = (
            format!("check it with `if {written} is set`, or give a value with `or else`"),
            format!("`if {written} is set` で確かめるか、`or else` で代わりの値を書いてください"),
        );
        if let Some(gone) = self.flow.expired.iter().rev().find(|gone| gone.place == *place) {
            let (passes, passes_ja) = match gone.length {
                Some(length) => {
                    let length = self.sources.get(length.source).slice(length);
                    (format!("up to `{length}` can pass here"), format!("ここで最長 `{length}` 経ちます"))
                }
                None => ("time can pass here".to_owned(), "ここで時間が経つことがあります".to_owned()),
            };
            return Diagnostic::new(
                Code::E0412,
                span,
                format!("`{written}` was checked before time passed"),
                format!("`{written}` の確認の後に時間が経っています"),
            )
            .here("may be missing or changed by now", "今は欠けているか、変わっているかもしれません")
            .other(gone.checked, "checked here", "ここで確認")
            .other(gone.suspended, passes, passes_ja)
            .help(
                "check again, write `or else`, or keep the value with `let` before",
                "もう一度確認するか、`or else` を書くか、先に `let` で値を取っておいてください",
            );
        }
        Diagnostic::new(
            Code::E0411,
            span,
            format!("`{written}` may be missing"),
            format!("`{written}` は欠けているかもしれません"),
        )
        .help(help.0, help.1)
    }

    /// The type without `?`, reporting it when nothing says that the value is there.
    pub fn present(&mut self, typed: Typed, span: Span) -> Typed {
        match typed.ty {
            Some(Type::Optional(inner)) => {
                let diagnostic = self.unchecked(&typed.expr, span);
                self.sink.report(diagnostic);
                Typed { expr: typed.expr, ty: Some(*inner) }
            }
            ty => Typed { expr: typed.expr, ty },
        }
    }

    /// A place loses its `?` where it is known to be set.
    pub fn narrowed(&self, expr: Expr, ty: Option<Type>) -> Typed {
        match ty {
            Some(Type::Optional(inner)) if self.flow.knows(&expr) => Typed { expr, ty: Some(*inner) },
            ty => Typed { expr, ty },
        }
    }

    pub fn mistake(&mut self, diagnostic: Diagnostic) -> Typed {
        self.sink.report(diagnostic);
        Typed::mistaken()
    }

    /// The typed expression; `hint` is the type it would best have.
    pub fn infer(&mut self, e: &'t tree::Expr, hint: Option<&Type>) -> Typed {
        if self.depth >= DEPTH_MAX {
            return self.mistake(Diagnostic::new(Code::E0107, e.span, "nested too deeply", "入れ子が深すぎます"));
        }
        self.depth += 1;
        let whole = self.draws.as_mut().is_some_and(|d| std::mem::replace(&mut d.here, false));
        let typed = self.kind(e, hint.map(required), whole);
        self.depth -= 1;
        typed
    }

    fn constant(value: Option<(Value, Type)>) -> Typed {
        value.map_or_else(Typed::mistaken, |(value, ty)| Typed::new(Expr::Const(value), ty))
    }

    fn kind(&mut self, e: &'t tree::Expr, hint: Option<&Type>, whole: bool) -> Typed {
        if hint == Some(&Type::Zone)
            && let Some(zone) = self.bare_zone(e)
        {
            return Typed::new(Expr::Const(Value::Zone(zone)), Type::Zone);
        }
        if hint == Some(&Type::Zone)
            && let ExprKind::Text(name) = &*e.kind
        {
            return Self::constant(literal::zone(name, e.span, self.sink).map(|zone| (Value::Zone(zone), Type::Zone)));
        }
        match &*e.kind {
            ExprKind::Number(number) => Self::constant(literal::number(number, self.sink)),
            ExprKind::Percent(number) => {
                Self::constant(literal::percent(number, self.sink).map(|d| (Value::Decimal(d), Type::Percent)))
            }
            ExprKind::Money { amount, currency } => {
                let money = literal::money(amount, currency, self.sink);
                Self::constant(money.map(|(money, currency)| (Value::Money(money), Type::Money(currency))))
            }
            ExprKind::Duration(duration) => Self::constant(Some(literal::duration(duration.period))),
            ExprKind::Time(time) => Self::constant(Some((Value::Time(literal::time(time)), Type::Time))),
            ExprKind::Date { year, month, day } => {
                let date = literal::date(*year, *month, *day, e.span, self.sink);
                Self::constant(date.map(|date| (Value::Date(date), Type::Date)))
            }
            ExprKind::Moment { year, month, day, time, zone } => {
                let date = literal::date(*year, *month, *day, e.span, self.sink);
                let zone = zone.as_ref().map_or(Some(self.zone), |z| literal::zone(&z.text, z.span, self.sink));
                let moment = date.zip(zone).map(|(date, zone)| literal::moment(date, time, zone));
                Self::constant(moment.map(|at| (Value::Instant(at), Type::Instant)))
            }
            ExprKind::Text(text) => Typed::new(Expr::Const(Value::text(text)), Type::Text),
            ExprKind::Bool(truth) => Typed::new(Expr::Const(Value::Bool(*truth)), Type::Bool),
            ExprKind::Name(name) => self.name(name, e.span, hint),
            ExprKind::Field { of, name } => self.field(e, of, name),
            ExprKind::Narrow { of, condition } => self.narrow(of, condition),
            ExprKind::List(items) => self.list(items, hint, e.span),
            ExprKind::Record(fields) => self.record(fields, hint),
            ExprKind::Not(inner) => Typed::new(negation(self.condition(inner)), Type::Bool),
            ExprKind::Negate(inner) => self.negate(inner, hint),
            ExprKind::Binary { op, op_span, left, right } => self.binary(e, *op, *op_span, left, right, hint),
            ExprKind::IsSet { of, set } => {
                let place = Box::new(self.infer(of, None).expr);
                let is_set = Expr::IsSet(place);
                Typed::new(if *set { is_set } else { negation(is_set) }, Type::Bool)
            }
            ExprKind::In { of, list, negated } => {
                let is_in = self.membership(of, list);
                Typed::new(if *negated { negation(is_in) } else { is_in }, Type::Bool)
            }
            ExprKind::Did { negated, event, window } => self.did(*negated, event, window.as_ref()),
            ExprKind::Count { of, window } => self.count(of, window.as_ref(), e.span),
            ExprKind::Aggregate { op, event, field, window } => self.aggregate(*op, event, field, window.as_ref()),
            ExprKind::Nth { last, event, field, window } => self.nth(*last, event, field.as_ref(), window.as_ref()),
            ExprKind::Quantifier { quantifier, list } => self.quantify(*quantifier, list),
            ExprKind::Split { name, per_run: _, arms } => self.split_value(name, arms, hint, whole, e.span),
            ExprKind::NextAnniversary(of) => {
                let typed = self.infer(of, Some(&Type::Date));
                let lifted = matches!(typed.ty, Some(Type::Optional(_)));
                let wanted = if lifted { fit::optional(Type::Date) } else { Type::Date };
                let date = self.fitted(typed, &wanted, of.span);
                self.narrowed(Expr::NextAnniversary(Box::new(date)), Some(wanted))
            }
            ExprKind::Since { unit, of } => self.since(*unit, of),
            ExprKind::Tagged(tag) => {
                let Some(tags) = self.tags_field(tag.span) else { return Typed::mistaken() };
                let item = Box::new(Expr::Const(Value::text(&tag.text)));
                Typed::new(Expr::InList { item, list: Box::new(Expr::Profile(tags)) }, Type::Bool)
            }
            ExprKind::Error => Typed::mistaken(),
        }
    }

    /// `Asia/Tokyo` where a zone is wanted reads as a division elsewhere.
    fn bare_zone(&self, e: &tree::Expr) -> Option<Zone> {
        let zone_like = match &*e.kind {
            ExprKind::Name(name) => !self.resolves(name),
            ExprKind::Binary { op: tree::BinaryOp::Divide | tree::BinaryOp::Subtract, .. } => true,
            _ => false,
        };
        if !zone_like {
            return None;
        }
        Zone::from_name(self.sources.get(e.span.source).slice(e.span))
    }

    /// Runs with a noun's own fields in scope first. What is known of outer subjects does not reach in, and what is
    /// learned inside does not leave.
    pub fn about<R>(&mut self, subject: Subject, run: impl FnOnce(&mut Self) -> R) -> R {
        let outer = std::mem::take(&mut self.flow.facts);
        self.flow.facts =
            outer.iter().filter(|f| !f.place.any(&mut |e| matches!(e, Expr::Subject(_)))).cloned().collect();
        self.subjects.push(subject);
        let result = run(self);
        self.subjects.pop();
        self.flow.facts = outer;
        result
    }

    pub fn segment(&mut self, name: &str, span: Span) -> Option<ir::SegmentId> {
        let id = self.world.segments.find(name);
        if id.is_none() {
            let found = unknown(("segment", "セグメント"), name, span, self.world.segments.candidates());
            self.sink.report(found);
        }
        id.map(ir::SegmentId)
    }

    fn since(&mut self, unit: tree::SinceUnit, of: &'t tree::Expr) -> Typed {
        let typed = self.infer(of, None);
        let unit = match unit {
            tree::SinceUnit::Days => ir::SinceUnit::Days,
            tree::SinceUnit::Months => ir::SinceUnit::Months,
            tree::SinceUnit::Years => ir::SinceUnit::Years,
        };
        // Since something that may be missing is a number that may be missing.
        let lifted = matches!(typed.ty, Some(Type::Optional(_)));
        let ty = if lifted { fit::optional(Type::Int) } else { Type::Int };
        match typed.ty.as_ref().map(required) {
            None | Some(Type::Instant | Type::Date) => {
                self.narrowed(Expr::Since { unit, of: Box::new(typed.expr) }, Some(ty))
            }
            Some(other) => {
                let name = self.world.type_name(other);
                self.mistake(Diagnostic::new(
                    fit::mismatch_code(other, &Type::Instant),
                    of.span,
                    format!("`since` counts from a date or an instant, found `{name}`"),
                    format!("`since` は日付か日時から数えますが、`{name}` です"),
                ))
            }
        }
    }

    fn split_value(
        &mut self,
        name: &'t tree::Name,
        arms: &'t [tree::SplitArm<tree::Expr>],
        hint: Option<&Type>,
        whole: bool,
        span: Span,
    ) -> Typed {
        let mut ty: Option<Type> = hint.cloned();
        let mut values = Vec::with_capacity(arms.len());
        for arm in arms {
            let typed = self.infer(&arm.then, ty.as_ref());
            if ty.is_none() {
                ty = typed.ty.clone();
            }
            values.push(match &ty {
                Some(wanted) => self.fitted(typed, &wanted.clone(), arm.then.span),
                None => typed.expr,
            });
        }
        let Some(draws) = self.draws.as_mut().filter(|_| whole) else {
            return self.mistake(
                Diagnostic::new(
                    Code::E0404,
                    span,
                    "a split as a value stands alone in a `with` or a `let`",
                    "値としての `split` は `with` か `let` の値全体としてだけ書けます",
                )
                .help("keep it with `let` first", "先に `let` で値を取っておいてください"),
            );
        };
        let Some(split) = draws.splits.find(&name.text) else { return Typed::mistaken() };
        let split = SplitId(split);
        let slot = draws.slots.hidden(&format!("split {}", name.text));
        if !draws.drawn.iter().any(|(drawn, _)| *drawn == split) {
            draws.drawn.push((split, slot));
        }
        Typed { expr: Expr::Pick { slot, arms: values }, ty }
    }

    /// The field that tags live in.
    pub fn tags_field(&mut self, span: Span) -> Option<FieldId> {
        let tags = self.world.profile.person.tags;
        if tags.is_none() {
            self.sink.report(
                Diagnostic::new(Code::E0401, span, "people have no `tags` here", "プロフィールに `tags` がありません")
                    .help(
                        "declare `tags: list of text` in the profile",
                        "profile に `tags: list of text` を宣言してください",
                    )
                    .once(),
            );
        }
        tags
    }

    fn negate(&mut self, inner: &'t tree::Expr, hint: Option<&Type>) -> Typed {
        let typed = self.infer(inner, hint);
        let typed = self.present(typed, inner.span);
        let Some(ty) = typed.ty else { return Typed::mistaken() };
        let negatable = fit::is_number(&ty) || matches!(ty, Type::Percent | Type::Money(_) | Type::Span | Type::Period);
        if !negatable {
            let name = self.world.type_name(&ty);
            return self.mistake(Diagnostic::new(
                Code::E0403,
                inner.span,
                format!("`{name}` has no negative"),
                format!("`{name}` に負の値はありません"),
            ));
        }
        let expr = match typed.expr {
            Expr::Const(value) => Expr::Const(negative(value)),
            other => Expr::Negate(Box::new(other)),
        };
        Typed::new(expr, ty)
    }
}

/// Literals are folded; other values stay as they are.
fn negative(value: Value) -> Value {
    match value {
        Value::Int(n) => Value::Int(n.saturating_neg()),
        Value::Decimal(d) => Value::Decimal(crate::value::Decimal { micro: d.micro.saturating_neg() }),
        Value::Money(m) => Value::Money(crate::value::Money { minor: m.minor.saturating_neg(), ..m }),
        Value::Span(s) => Value::Span(crate::value::Span(s.0.saturating_neg())),
        Value::Period(p) => Value::Period(CalendarPeriod {
            months: p.months.saturating_neg(),
            days: p.days.saturating_neg(),
            millis: p.millis.saturating_neg(),
        }),
        other @ (Value::Missing
        | Value::Bool(_)
        | Value::Text(_)
        | Value::Instant(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Zone(_)
        | Value::Enum(_)
        | Value::Record(_)
        | Value::List(_)) => other,
    }
}

pub fn negation(e: Expr) -> Expr {
    match e {
        Expr::Not(inner) => *inner,
        Expr::Const(Value::Bool(truth)) => Expr::Const(Value::Bool(!truth)),
        other => Expr::Not(Box::new(other)),
    }
}

/// Parts that are all constant make a constant.
pub fn constants(parts: Vec<Expr>, live: fn(Vec<Expr>) -> Expr, folded: fn(std::sync::Arc<[Value]>) -> Value) -> Expr {
    let values: Option<Vec<Value>> = parts
        .iter()
        .map(|part| match part {
            Expr::Const(value) => Some(value.clone()),
            _ => None,
        })
        .collect();
    match values {
        Some(values) => Expr::Const(folded(values.into())),
        None => live(parts),
    }
}
