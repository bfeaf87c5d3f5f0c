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

    /// The same expression with parts replaced where `replace` has something to put there; what it put is not looked into.
    pub fn rebuilt(&self, replace: &mut dyn FnMut(&Expr) -> Option<Expr>) -> Expr {
        if let Some(other) = replace(self) {
            return other;
        }
        let mut one = |e: &Expr| Box::new(e.rebuilt(replace));
        match self {
            Expr::Const(_)
            | Expr::Profile(_)
            | Expr::Slot(_)
            | Expr::Subject(_)
            | Expr::Now
            | Expr::Today
            | Expr::Handle(..)
            | Expr::InSegment(_) => self.clone(),
            Expr::Field(of, field) => Expr::Field(one(of), *field),
            Expr::Not(of) => Expr::Not(one(of)),
            Expr::Negate(of) => Expr::Negate(one(of)),
            Expr::IsSet(of) => Expr::IsSet(one(of)),
            Expr::Length(of) => Expr::Length(one(of)),
            Expr::NextAnniversary(of) => Expr::NextAnniversary(one(of)),
            Expr::DateOf(of) => Expr::DateOf(one(of)),
            Expr::Since { unit, of } => Expr::Since { unit: *unit, of: one(of) },
            Expr::And(parts) => Expr::And(parts.iter().map(|e| e.rebuilt(replace)).collect()),
            Expr::Or(parts) => Expr::Or(parts.iter().map(|e| e.rebuilt(replace)).collect()),
            Expr::Record(parts) => Expr::Record(parts.iter().map(|e| e.rebuilt(replace)).collect()),
            Expr::List(parts) => Expr::List(parts.iter().map(|e| e.rebuilt(replace)).collect()),
            Expr::Pick { slot, arms } => {
                Expr::Pick { slot: *slot, arms: arms.iter().map(|e| e.rebuilt(replace)).collect() }
            }
            Expr::Compare { op, left, right } => Expr::Compare { op: *op, left: one(left), right: one(right) },
            Expr::Arithmetic { op, left, right } => Expr::Arithmetic { op: *op, left: one(left), right: one(right) },
            Expr::OrElse(left, right) => Expr::OrElse(one(left), one(right)),
            Expr::InList { item, list } => Expr::InList { item: one(item), list: one(list) },
            Expr::Narrow { list, condition } => Expr::Narrow { list: one(list), condition: one(condition) },
            Expr::Quantify { quantifier, list, condition } => Expr::Quantify {
                quantifier: *quantifier,
                list: one(list),
                condition: condition.as_ref().map(|condition| one(condition)),
            },
            Expr::Behaviour(behaviour) => {
                let filter = behaviour.filter.as_ref().map(|filter| filter.rebuilt(replace));
                Expr::Behaviour(Box::new(super::Behaviour { filter, ..(**behaviour).clone() }))
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
