//! Expressions that do not fit on their line: where they break.
//!
//! `and` and `or` chains before their words, records and lists one part a line, long filters inside their parentheses.

use super::flat::{needs_parens, operand_levels, sign};
use super::printer::Printer;
use crate::syntax::tree::{BinaryOp, EventPattern, Expr, ExprKind, Name, RecordLit};

impl Printer<'_> {
    /// An expression, with `behind` columns to come on its last line.
    pub(super) fn expr(&mut self, expr: &Expr, behind: usize) {
        let flat = self.flat(expr);
        if !self.has_comment(expr.span) && self.fits(&flat, behind) {
            self.put(&flat);
        } else {
            self.broken(expr, behind);
        }
        self.reach(expr.span.end);
    }

    fn broken(&mut self, expr: &Expr, behind: usize) {
        match &*expr.kind {
            ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or | BinaryOp::OrElse), .. } => {
                self.chain(*op, expr, true)
            }
            ExprKind::Binary { op, left, right, .. } => {
                let (l, r) = operand_levels(*op);
                self.operand(*op, left, l);
                self.put(&format!(" {} ", sign(*op)));
                self.operand(*op, right, r);
            }
            ExprKind::Record(record) => self.record(record, behind),
            ExprKind::List(values) => self.list(values, expr),
            ExprKind::Not(of) => {
                self.put("not ");
                self.at_least(of, 4);
            }
            ExprKind::Narrow { of, condition } => {
                self.at_least(of, 10);
                self.parens(condition);
            }
            ExprKind::In { of, list, negated } => {
                self.at_least(of, 5);
                self.put(if *negated { " not in " } else { " in " });
                self.at_least(list, 6);
            }
            ExprKind::Did { negated, event, window } => {
                self.put(if *negated { "did not " } else { "did " });
                self.pattern(event, behind);
                let window = self.flat_window(window);
                self.put(&window);
            }
            ExprKind::Split { name, per_run, arms } => {
                self.put(&format!("split {}{} {{", name.text, if per_run.is_some() { " per run" } else { "" }));
                self.reach(per_run.map_or(name.span.end, |p| p.end));
                self.end_line_before(arms.first().map_or(expr.span.end, |a| a.span.start));
                self.indent();
                for arm in arms {
                    self.before(arm.span.start);
                    self.put(&format!(
                        "{}% {}: ",
                        self.slice(arm.share.span).trim_end_matches(['%', ' ']),
                        arm.name.text
                    ));
                    self.reach(arm.name.span.end);
                    self.expr(&arm.then, 0);
                    self.reach(arm.span.end);
                    self.end_line();
                }
                self.close(expr.span.end, "}");
            }
            _ => {
                let flat = self.flat(expr);
                self.put(&flat);
            }
        }
    }

    fn operand(&mut self, op: BinaryOp, operand: &Expr, least: u8) {
        if needs_parens(op, operand, least) { self.parens(operand) } else { self.expr(operand, 0) }
    }

    fn at_least(&mut self, expr: &Expr, least: u8) {
        if super::flat::level(expr) < least { self.parens(expr) } else { self.expr(expr, 0) }
    }

    /// `a`, then `and b` on a line of its own, and so on.
    /// Those lines hang deeper when the first operand stands behind something.
    pub(super) fn chain(&mut self, op: BinaryOp, expr: &Expr, hanging: bool) {
        let (mut operands, mut first) = (Vec::new(), expr);
        while let ExprKind::Binary { op: inner, left, right, op_span } = &*first.kind {
            if *inner != op {
                break;
            }
            operands.push((op_span, right));
            first = left;
        }
        let (l, r) = operand_levels(op);
        if hanging {
            self.hang();
        }
        self.operand(op, first, l);
        for (op_span, operand) in operands.into_iter().rev() {
            self.end_line();
            self.before_in_statement(op_span.start);
            self.put(sign(op));
            self.put(" ");
            self.operand(op, operand, r);
        }
        if hanging {
            self.unhang();
        }
    }

    /// Comments above a line in the middle of a statement; no blank lines there.
    fn before_in_statement(&mut self, start: u32) {
        self.before(start);
        self.no_blank();
    }

    /// `(…)`, on lines of its own when it does not fit.
    pub(super) fn parens(&mut self, condition: &Expr) {
        let flat = self.flat(condition);
        if !self.has_comment(condition.span) && self.fits(&flat, 2) {
            self.put(&format!("({flat})"));
            return self.reach(condition.span.end);
        }
        self.put("(");
        self.end_line_before(condition.span.start);
        self.indent();
        self.before(condition.span.start);
        match &*condition.kind {
            ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or | BinaryOp::OrElse), .. } => {
                self.chain(*op, condition, false)
            }
            _ => self.expr(condition, 0),
        }
        self.reach(condition.span.end);
        self.end_line();
        self.outdent();
        self.put(")");
    }

    pub(super) fn pattern(&mut self, pattern: &EventPattern, behind: usize) {
        let flat = self.flat_pattern(pattern);
        match &pattern.filter {
            Some(filter) if self.has_comment(pattern.span) || !self.fits(&flat, behind) => {
                self.put_name(&pattern.event);
                self.parens(filter);
            }
            _ => self.put(&flat),
        }
        self.reach(pattern.span.end);
    }

    pub(super) fn record(&mut self, record: &RecordLit, behind: usize) {
        let flat = self.flat_record(record);
        if !self.has_comment(record.span) && (self.fits(&flat, behind) || record.fields.is_empty()) {
            self.put(&flat);
            return self.reach(record.span.end);
        }
        self.put("{");
        self.reach(record.span.start + 1);
        self.end_line_before(record.fields.first().map_or(record.span.end, |(name, _)| name.span.start));
        self.indent();
        for (name, value) in &record.fields {
            self.field_value(name, value);
        }
        self.close(record.span.end, "}");
    }

    fn field_value(&mut self, name: &Name, value: &Expr) {
        self.before(name.span.start);
        self.put_name(name);
        self.put(": ");
        self.expr(value, 0);
        self.end_line();
    }

    fn list(&mut self, values: &[Expr], expr: &Expr) {
        if values.is_empty() && !self.has_comment(expr.span) {
            return self.put("[]");
        }
        self.put("[");
        self.reach(expr.span.start + 1);
        self.end_line_before(values.first().map_or(expr.span.end, |v| v.span.start));
        self.indent();
        for value in values {
            self.before(value.span.start);
            self.expr(value, 1);
            self.put(",");
            self.end_line();
        }
        self.close(expr.span.end, "]");
    }

    /// The closing bracket of a block that ends at `end` in the source, on its own line.
    pub(super) fn close(&mut self, end: u32, bracket: &str) {
        self.before(end.saturating_sub(1));
        self.no_blank();
        self.outdent();
        self.put(bracket);
        self.reach(end);
    }
}
