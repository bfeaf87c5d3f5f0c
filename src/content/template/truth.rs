//! When a condition holds, as far as its words say: what excludes what among the conditions of one list.
//!
//! Types nothing and evaluates no template. Two atoms of different text are taken to have nothing to do with each other,
//! so what comes of it bounds what may happen from outside.

use minijinja::machinery::ast::{BinOpKind, Expr, UnaryOpKind};

use super::typed::Kind;
use super::{At, Checker};
use crate::content::piece::Piece;
use crate::ir::Type;

/// A condition as a formula.
#[derive(Debug, Clone, PartialEq)]
pub enum Truth {
    Not(Box<Truth>),
    And(Box<Truth>, Box<Truth>),
    Or(Box<Truth>, Box<Truth>),
    /// Some expression that is true or false, as it is written.
    Holds(String),
    /// An expression equals a text. `all` are the texts it can be, if they are known.
    Is {
        of: String,
        text: String,
        all: Option<Vec<String>>,
    },
    /// An expression against a number.
    Against {
        of: String,
        order: Order,
        number: f64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Below,
    AtMost,
    Equal,
    AtLeast,
    Above,
}

impl Checker<'_> {
    /// The formula of an `$if`; nothing if it is no expression, which is told where it is checked.
    pub fn truth(&mut self, piece: &Piece) -> Option<Truth> {
        let told = self.found.len();
        let mut truth = None;
        self.with_expression(piece, 0, |at, expr| truth = Some(at.truth(expr)));
        self.found.truncate(told);
        truth
    }
}

impl At<'_, '_> {
    fn truth(&mut self, expr: &Expr<'_>) -> Truth {
        match expr {
            Expr::UnaryOp(op) if matches!(op.op, UnaryOpKind::Not) => Truth::Not(Box::new(self.truth(&op.expr))),
            Expr::BinOp(op) => match op.op {
                BinOpKind::ScAnd => Truth::And(Box::new(self.truth(&op.left)), Box::new(self.truth(&op.right))),
                BinOpKind::ScOr => Truth::Or(Box::new(self.truth(&op.left)), Box::new(self.truth(&op.right))),
                BinOpKind::Eq => self.against(expr, &op.left, Order::Equal, &op.right),
                BinOpKind::Ne => Truth::Not(Box::new(self.against(expr, &op.left, Order::Equal, &op.right))),
                BinOpKind::Lt => self.against(expr, &op.left, Order::Below, &op.right),
                BinOpKind::Lte => self.against(expr, &op.left, Order::AtMost, &op.right),
                BinOpKind::Gt => self.against(expr, &op.left, Order::Above, &op.right),
                BinOpKind::Gte => self.against(expr, &op.left, Order::AtLeast, &op.right),
                BinOpKind::Add
                | BinOpKind::Sub
                | BinOpKind::Mul
                | BinOpKind::Div
                | BinOpKind::FloorDiv
                | BinOpKind::Rem
                | BinOpKind::Pow
                | BinOpKind::Concat
                | BinOpKind::In => Truth::Holds(self.squeezed(expr)),
            },
            _ => Truth::Holds(self.squeezed(expr)),
        }
    }

    fn against(&mut self, whole: &Expr<'_>, left: &Expr<'_>, order: Order, right: &Expr<'_>) -> Truth {
        let Expr::Const(constant) = right else { return Truth::Holds(self.squeezed(whole)) };
        let of = self.squeezed(left);
        if let (Some(text), Order::Equal) = (constant.value.as_str(), order) {
            return Truth::Is { of, text: text.to_owned(), all: self.variants(left) };
        }
        match f64::try_from(constant.value.clone()) {
            Ok(number) if number.is_finite() => Truth::Against { of, order, number },
            _ => Truth::Holds(self.squeezed(whole)),
        }
    }

    /// The values an enum has.
    fn variants(&mut self, expr: &Expr<'_>) -> Option<Vec<String>> {
        let typed = self.expr(expr);
        let Kind::Plain(Type::Enum(id)) = typed.kind else { return None };
        (!typed.optional).then(|| self.checker.about.world.enums.at(id.index()).data.clone())
    }

    /// As written, but for spaces outside of quotation marks.
    fn squeezed(&self, expr: &Expr<'_>) -> String {
        let mut quote = None;
        let keep = |c: &char| {
            match quote {
                Some(open) if open == *c => quote = None,
                None if matches!(c, '"' | '\'') => quote = Some(*c),
                Some(_) | None => {}
            }
            quote.is_some() || !c.is_whitespace()
        };
        self.written(expr).chars().filter(keep).collect()
    }
}
