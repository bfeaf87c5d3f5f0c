//! Expressions: the flat row of operands and operators becomes a tree by precedence.
//!
//! `or else` < `or` < `and` < `not` < comparison, `in`, `is` < `+ -` < `* /` < unary `-` < field, narrowing.
//! Decides nothing about types.

use std::iter::Peekable;

use pest::iterators::Pairs;

use super::{HEIGHT_MAX, Part, Walk, child, has};
use crate::diag::{Code, Diagnostic};
use crate::syntax::grammar::Rule;
use crate::syntax::tree::{
    AggregateOp, BinaryOp, CountOf, Duration, EventPattern, Expr, ExprKind, Quantifier, RecordLit, SinceUnit, SplitArm,
};
use crate::text::Span;

/// `not` binds one level looser.
const COMPARISON: u8 = 5;

/// What an operator does, and how tightly it binds.
enum Operator {
    Binary(BinaryOp, u8),
    In {
        negated: bool,
    },
    /// `is set`, `is missing`; whether it asks for set.
    Is(bool),
}

fn operator(part: &Part<'_>) -> Option<Operator> {
    let binary = |op, level| Some(Operator::Binary(op, level));
    match part.as_rule() {
        Rule::op_or_else => binary(BinaryOp::OrElse, 1),
        Rule::op_or => binary(BinaryOp::Or, 2),
        Rule::op_and => binary(BinaryOp::And, 3),
        Rule::op_equal => binary(BinaryOp::Equal, COMPARISON),
        Rule::op_not_equal => binary(BinaryOp::NotEqual, COMPARISON),
        Rule::op_less => binary(BinaryOp::Less, COMPARISON),
        Rule::op_less_equal => binary(BinaryOp::LessEqual, COMPARISON),
        Rule::op_greater => binary(BinaryOp::Greater, COMPARISON),
        Rule::op_greater_equal => binary(BinaryOp::GreaterEqual, COMPARISON),
        Rule::op_add => binary(BinaryOp::Add, 6),
        Rule::op_subtract => binary(BinaryOp::Subtract, 6),
        Rule::op_multiply => binary(BinaryOp::Multiply, 7),
        Rule::op_divide => binary(BinaryOp::Divide, 7),
        Rule::op_in => Some(Operator::In { negated: false }),
        Rule::op_not_in => Some(Operator::In { negated: true }),
        Rule::is_set => Some(Operator::Is(true)),
        Rule::is_missing | Rule::compat_is => Some(Operator::Is(false)),
        _ => None,
    }
}

/// An expression and its height.
type Tall = (Expr, u32);
type Row<'i> = Peekable<Pairs<'i, Rule>>;

fn node(kind: ExprKind, span: Span) -> Expr {
    Expr { kind: Box::new(kind), span }
}

impl Walk<'_> {
    pub(super) fn expr(&mut self, part: &Part<'_>) -> Expr {
        let mut row = part.clone().into_inner().peekable();
        let (expr, height) = self.climb(&mut row, 0, 0);
        self.tallest = self.tallest.max(height);
        expr
    }

    /// The first child that is a value, or the explanation of what stands there instead.
    pub(super) fn value_in(&mut self, part: &Part<'_>) -> Expr {
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::expr | Rule::record => return self.value(&p),
                Rule::bad_line | Rule::bad_value | Rule::bad_condition => return self.bad_expr(&p),
                _ => {}
            }
        }
        node(ExprKind::Error, self.span(part))
    }

    pub(super) fn value(&mut self, part: &Part<'_>) -> Expr {
        match part.as_rule() {
            Rule::record => node(ExprKind::Record(self.record(part)), self.span(part)),
            Rule::expr => self.expr(part),
            _ => self.bad_expr(part),
        }
    }

    fn bad_expr(&mut self, part: &Part<'_>) -> Expr {
        let span = self.span(part);
        self.explain(part, part.as_span().start(), "", Rule::strict_expr);
        node(ExprKind::Error, span)
    }

    // ---- precedence ----------------------------------------------------------------------------------------------

    fn climb(&mut self, row: &mut Row<'_>, least: u8, depth: u32) -> Tall {
        let mut prefixes = Vec::new();
        while let Some(p) = row.next_if(|p| matches!(p.as_rule(), Rule::op_not | Rule::op_negate)) {
            prefixes.push(p);
        }
        let Some(first) = row.next() else {
            return (node(ExprKind::Error, Span::default()), 1);
        };
        let mut left = self.operand(&first);
        left = self.postfixes(left, self.span(&first), row);
        while let Some(minus) = prefixes.pop_if(|p| p.as_rule() == Rule::op_negate) {
            let span = self.span(&minus).to(left.0.span);
            left = self.taller(ExprKind::Negate(left.0), span, left.1);
        }
        if !prefixes.is_empty() {
            left = self.climb_on(left, row, COMPARISON, depth);
        }
        while let Some(prefix) = prefixes.pop() {
            let span = self.span(&prefix).to(left.0.span);
            let kind = match prefix.as_rule() {
                Rule::op_not => {
                    if prefix.as_str().starts_with('!') {
                        let at = self.span(&prefix);
                        self.slip(at, "!", "not ");
                    }
                    ExprKind::Not(left.0)
                }
                _ => ExprKind::Negate(left.0),
            };
            left = self.taller(kind, span, left.1);
        }
        self.climb_on(left, row, least, depth)
    }

    fn climb_on(&mut self, mut left: Tall, row: &mut Row<'_>, least: u8, depth: u32) -> Tall {
        let mut compared: Option<Span> = None;
        while let Some(op) = row.peek().and_then(operator) {
            let level = match op {
                Operator::Binary(_, level) => level,
                Operator::In { .. } | Operator::Is(_) => COMPARISON,
            };
            if level < least {
                break;
            }
            let Some(sign) = row.next() else { break };
            let op_span = self.span(&sign);
            if depth > HEIGHT_MAX {
                // Only rows like `a * not b * not c …` come here; what is left of the row is not read.
                self.too_tall(op_span);
                row.by_ref().for_each(drop);
                break;
            }
            left = match op {
                Operator::Is(set) => self.is_set(left, &sign, set),
                Operator::In { negated } => {
                    let right = self.climb(row, level + 1, depth + 1);
                    let span = left.0.span.to(right.0.span);
                    self.taller(ExprKind::In { of: left.0, list: right.0, negated }, span, left.1.max(right.1))
                }
                Operator::Binary(op, _) => {
                    self.sign_slips(&sign, op, op_span);
                    if level == COMPARISON
                        && let Some(first) = compared.replace(op_span)
                    {
                        self.chained(first, op_span);
                    }
                    let right = self.climb(row, level + 1, depth + 1);
                    self.binary(op, op_span, left, right)
                }
            };
        }
        left
    }

    fn binary(&mut self, op: BinaryOp, op_span: Span, left: Tall, right: Tall) -> Tall {
        let span = left.0.span.to(right.0.span);
        if let (BinaryOp::Equal | BinaryOp::NotEqual, ExprKind::Name(name)) = (op, &*right.0.kind)
            && matches!(name.as_str(), "null" | "nil" | "NULL" | "undefined" | "missing")
        {
            let set = op == BinaryOp::NotEqual;
            let at = op_span.to(right.0.span);
            self.no_null(at, if set { "is set" } else { "is missing" });
            return self.taller(ExprKind::IsSet { of: left.0, set }, span, left.1);
        }
        let kind = ExprKind::Binary { op, op_span, left: left.0, right: right.0 };
        self.taller(kind, span, left.1.max(right.1))
    }

    fn is_set(&mut self, left: Tall, sign: &Part<'_>, set: bool) -> Tall {
        let at = self.span(sign);
        let mut set = set;
        if let Some(compat) = (sign.as_rule() == Rule::compat_is).then(|| sign.clone().into_inner().last()).flatten() {
            let negated = compat.as_rule() == Rule::compat_is_not;
            set = negated && !has(&compat, Rule::kw_set);
            self.no_null(at, if set { "is set" } else { "is missing" });
        }
        let span = left.0.span.to(at);
        self.taller(ExprKind::IsSet { of: left.0, set }, span, left.1)
    }

    fn no_null(&mut self, at: Span, right: &str) {
        self.say(
            Diagnostic::new(
                Code::E0101,
                at,
                format!("whether a value is there is asked with `{right}`"),
                format!("値の有無は `{right}` で確かめる"),
            )
            .help("there is no null: a value `is set` or `is missing`", "null はない。`is set` か `is missing` を使う")
            .fix(at, right),
        );
    }

    fn sign_slips(&mut self, sign: &Part<'_>, op: BinaryOp, span: Span) {
        let written = sign.as_str().trim_end();
        let right = match op {
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::LessEqual => "<=",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
            BinaryOp::OrElse if matches!(written, "??" | "?:") => "or else",
            BinaryOp::OrElse => return,
            BinaryOp::Less | BinaryOp::Greater => return,
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide => return,
        };
        if written == "=" {
            self.say(
                Diagnostic::new(Code::E0101, span, "a comparison is written `==`", "比較は `==` と書く")
                    .help(
                        "`=` gives a name its value; write `==` to compare",
                        "`=` は値を与える記号。比べるには `==` を使う",
                    )
                    .fix(span, "=="),
            );
        } else if written != right {
            self.slip(span, written, right);
        }
    }

    fn chained(&mut self, first: Span, second: Span) {
        self.say(
            Diagnostic::new(Code::E0101, second, "comparisons cannot be chained", "比較は続けて書けません")
                .other(first, "compared here already", "すでにここで比較している")
                .help("compare twice: `a < b and b < c`", "`a < b and b < c` のように二回比べる"),
        );
    }

    fn taller(&mut self, kind: ExprKind, span: Span, below: u32) -> Tall {
        if below >= HEIGHT_MAX {
            self.too_tall(span);
            return (node(ExprKind::Error, span), 1);
        }
        (node(kind, span), below + 1)
    }

    fn too_tall(&mut self, span: Span) {
        if self.found.last().is_some_and(|d| d.code == Code::E0107) {
            return;
        }
        self.say(
            Diagnostic::new(Code::E0107, span, "this expression is too long", "式が長すぎます")
                .here(format!("more than {HEIGHT_MAX} parts deep"), format!("{HEIGHT_MAX} 段を超える"))
                .help(
                    "use `in [a, b, c]`, or take a part out with `let` or a segment",
                    "`in [a, b, c]` を使うか、`let` やセグメントに切り出す",
                ),
        );
    }

    // ---- operands ------------------------------------------------------------------------------------------------

    fn operand(&mut self, part: &Part<'_>) -> Tall {
        let span = self.span(part);
        if part.as_rule() == Rule::name {
            return (node(ExprKind::Name(part.as_str().to_string()), span), 1);
        }
        let (expr, below) = self.measured(|walk| walk.operand_of(part, span));
        if below >= HEIGHT_MAX {
            self.too_tall(span);
            return (node(ExprKind::Error, span), 1);
        }
        (expr, below + 1)
    }

    fn operand_of(&mut self, part: &Part<'_>, span: Span) -> Expr {
        let kind = match part.as_rule() {
            Rule::string => ExprKind::Text(self.text_literal(part).text),
            Rule::paren => return self.paren(part),
            Rule::list => ExprKind::List(self.list(part)),
            Rule::truth => ExprKind::Bool(part.as_str().trim_end() == "true"),
            Rule::did => {
                let event = self.pattern_in(part);
                ExprKind::Did { negated: has(part, Rule::negated), event, window: self.window(part) }
            }
            Rule::count => self.count(part),
            Rule::aggregate => {
                let op = if has(part, Rule::kw_sum) { AggregateOp::Sum } else { AggregateOp::Average };
                let event = self.pattern_in(part);
                let field = child(part, Rule::field).map_or_else(|| self.name_in(part), |f| self.name_in(&f));
                ExprKind::Aggregate { op, event, field, window: self.window(part) }
            }
            Rule::nth => {
                let event = self.pattern_in(part);
                let field = child(part, Rule::field).map(|f| self.name_in(&f));
                ExprKind::Nth { last: has(part, Rule::kw_last), event, field, window: self.window(part) }
            }
            Rule::quantifier => {
                let quantifier = match () {
                    () if has(part, Rule::kw_any) => Quantifier::Any,
                    () if has(part, Rule::kw_none) => Quantifier::None,
                    () => Quantifier::All,
                };
                ExprKind::Quantifier { quantifier, list: self.chain_of_names(part) }
            }
            Rule::split_value => self.split_value(part),
            Rule::next_anniversary => ExprKind::NextAnniversary(self.plain_operand(part)),
            Rule::since => {
                let unit = match () {
                    () if has(part, Rule::kw_days) => SinceUnit::Days,
                    () if has(part, Rule::kw_months) => SinceUnit::Months,
                    () => SinceUnit::Years,
                };
                ExprKind::Since { unit, of: self.plain_operand(part) }
            }
            Rule::tagged_form => match self.text_in(part) {
                Some(tag) => ExprKind::Tagged(tag),
                None => ExprKind::Error,
            },
            Rule::compat_currency_sign => return self.signed_money(part),
            _ => return self.literal(part),
        };
        node(kind, span)
    }

    /// `.field` and `(condition)` behind an operand, which stands at `first` with its parentheses.
    fn postfixes(&mut self, mut left: Tall, first: Span, row: &mut Row<'_>) -> Tall {
        while let Some(p) = row.next_if(|p| matches!(p.as_rule(), Rule::field | Rule::filter)) {
            let span = first.to(self.span(&p));
            left = if p.as_rule() == Rule::field {
                let name = self.name_in(&p);
                self.taller(ExprKind::Field { of: left.0, name }, span, left.1)
            } else {
                let (condition, below) = self.measured(|walk| walk.filter(&p));
                self.taller(ExprKind::Narrow { of: left.0, condition }, span, left.1.max(below))
            };
        }
        left
    }

    /// The operand and postfixes among the children of `part`, as one expression.
    fn operand_row(&mut self, part: &Part<'_>) -> Expr {
        let mut row = part.clone().into_inner().peekable();
        let Some(first) = row.next() else { return node(ExprKind::Error, self.span(part)) };
        let left = self.operand(&first);
        let (expr, height) = self.postfixes(left, self.span(&first), &mut row);
        self.tallest = self.tallest.max(height);
        expr
    }

    fn plain_operand(&mut self, part: &Part<'_>) -> Expr {
        match child(part, Rule::plain_operand) {
            Some(operand) => self.operand_row(&operand),
            None => node(ExprKind::Error, self.span(part)),
        }
    }

    fn chain_of_names(&mut self, part: &Part<'_>) -> Expr {
        match child(part, Rule::chain_of_names) {
            Some(chain) => self.operand_row(&chain),
            None => node(ExprKind::Error, self.span(part)),
        }
    }

    /// `count of NAME` and `count of NAME(filter)` may be an event; anything longer is a list.
    fn count(&mut self, part: &Part<'_>) -> ExprKind {
        let window = self.window(part);
        let Some(chain) = child(part, Rule::chain_of_names) else { return ExprKind::Error };
        let parts: Vec<_> = chain.clone().into_inner().collect();
        let of = match parts.as_slice() {
            [_] => CountOf::Event(self.pattern(&chain)),
            [_, filter] if filter.as_rule() == Rule::filter => CountOf::Event(self.pattern(&chain)),
            _ => CountOf::List(self.operand_row(&chain)),
        };
        ExprKind::Count { of, window }
    }

    fn paren(&mut self, part: &Part<'_>) -> Expr {
        self.filter(part)
    }

    /// What stands between `(` and `)`.
    pub(super) fn filter(&mut self, part: &Part<'_>) -> Expr {
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::expr => return self.expr(&p),
                Rule::bad_paren => return self.bad_expr(&p),
                _ => {}
            }
        }
        node(ExprKind::Error, self.span(part))
    }

    fn list(&mut self, part: &Part<'_>) -> Vec<Expr> {
        let mut values = Vec::new();
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::expr | Rule::record | Rule::bad_element => values.push(self.value(&p)),
                Rule::missing_comma_in_list => self.missing(&p, ","),
                _ => {}
            }
        }
        values
    }

    fn split_value(&mut self, part: &Part<'_>) -> ExprKind {
        let name = self.name_in(part);
        let per_run = child(part, Rule::per_run).map(|p| self.span(&p));
        let mut arms = Vec::new();
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::value_arm => {
                    let share = self.share_in(&p);
                    self.missing_colon(&p);
                    arms.push(SplitArm { share, name: self.name_in(&p), then: self.value_in(&p), span: self.span(&p) });
                }
                Rule::junk_field => self.explain(&p, p.as_span().start(), "", Rule::strict_pair),
                _ => {}
            }
        }
        ExprKind::Split { name, per_run, arms }
    }

    fn window(&mut self, part: &Part<'_>) -> Option<Duration> {
        let window = child(part, Rule::window)?;
        self.duration_in(&window)
    }

    // ---- patterns and records ------------------------------------------------------------------------------------

    pub(super) fn pattern_in(&mut self, part: &Part<'_>) -> EventPattern {
        match child(part, Rule::pattern) {
            Some(pattern) => self.pattern(&pattern),
            None => EventPattern { event: self.name_in(part), filter: None, span: self.span(part) },
        }
    }

    pub(super) fn pattern(&mut self, part: &Part<'_>) -> EventPattern {
        let filter = child(part, Rule::filter).map(|f| self.filter(&f));
        EventPattern { event: self.name_in(part), filter, span: self.span(part) }
    }

    pub(super) fn record_in(&mut self, part: &Part<'_>) -> Option<RecordLit> {
        let record = child(part, Rule::record)?;
        Some(self.record(&record))
    }

    pub(super) fn record(&mut self, part: &Part<'_>) -> RecordLit {
        let mut fields = Vec::new();
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::record_field => {
                    self.missing_colon(&p);
                    let name = match child(&p, Rule::compat_key) {
                        Some(key) => self.quoted_key(&key),
                        None => self.name_in(&p),
                    };
                    if let Some(equals) = child(&p, Rule::compat_assign) {
                        let span = self.span(&equals);
                        self.slip(span, "=", ":");
                    }
                    let value = self.value_in(&p);
                    fields.push((name, value));
                }
                Rule::junk_field => self.explain(&p, p.as_span().start(), "", Rule::strict_pair),
                Rule::missing_comma => self.missing(&p, ","),
                _ => {}
            }
        }
        RecordLit { fields, span: self.span(part) }
    }

    /// `"subject": …`, as JSON has it.
    fn quoted_key(&mut self, part: &Part<'_>) -> crate::syntax::tree::Name {
        let span = self.span(part);
        let text = self.text_in(part).map_or_else(String::new, |t| t.text);
        self.slip(span, part.as_str().trim_end(), &text);
        crate::syntax::tree::Name { text, span }
    }
}
