//! Walks expressions: one place that knows what stands inside what.
//!
//! Judges nothing; whoever derives something from expressions brings the question.

use super::Expr;
use super::expr::Ask;

impl Expr {
    /// Every part directly inside, with how many subjects it adds in front (`Subject(n)` there is `Subject(n + 1)`).
    pub fn parts<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr, u8)) {
        match self {
            Expr::Const(_)
            | Expr::Profile(_)
            | Expr::Slot(_)
            | Expr::Subject(_)
            | Expr::Now
            | Expr::Today
            | Expr::Handle(..)
            | Expr::InSegment(_) => {}
            Expr::Field(of, _)
            | Expr::Not(of)
            | Expr::Negate(of)
            | Expr::IsSet(of)
            | Expr::Length(of)
            | Expr::NextAnniversary(of)
            | Expr::Since { of, .. }
            | Expr::DateOf(of) => visit(of, 0),
            Expr::And(parts) | Expr::Or(parts) | Expr::Record(parts) | Expr::List(parts) => {
                parts.iter().for_each(|part| visit(part, 0));
            }
            Expr::Pick { arms, .. } => arms.iter().for_each(|arm| visit(arm, 0)),
            Expr::Compare { left, right, .. } | Expr::Arithmetic { left, right, .. } | Expr::OrElse(left, right) => {
                visit(left, 0);
                visit(right, 0);
            }
            Expr::InList { item, list } => {
                visit(item, 0);
                visit(list, 0);
            }
            Expr::Narrow { list, condition } => {
                visit(list, 0);
                visit(condition, 1);
            }
            Expr::Quantify { list, condition, .. } => {
                visit(list, 0);
                if let Some(condition) = condition {
                    visit(condition, 1);
                }
            }
            Expr::Behaviour(behaviour) => {
                if let Some(filter) = &behaviour.filter {
                    visit(filter, 1);
                }
                match &behaviour.ask {
                    Ask::Did
                    | Ask::Count
                    | Ask::Sum { .. }
                    | Ask::Average { .. }
                    | Ask::Last { .. }
                    | Ask::First { .. } => {}
                }
            }
        }
    }

    /// Visits this expression and everything inside; `depth` counts the subjects added on the way.
    pub fn walk<'e>(&'e self, depth: u8, visit: &mut dyn FnMut(&'e Expr, u8)) {
        visit(self, depth);
        self.parts(&mut |part, added| part.walk(depth.saturating_add(added), visit));
    }

    /// Whether the question holds for this expression or for anything inside.
    pub fn any(&self, question: &mut dyn FnMut(&Expr) -> bool) -> bool {
        let mut found = question(self);
        if !found {
            self.parts(&mut |part, _| found = found || part.any(question));
        }
        found
    }
}
