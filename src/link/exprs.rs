//! The expressions of a new program in the ids of the live one.
//!
//! Changes no meaning. A field is called by its place in its record, so each expression's type is found first.

use crate::ir::expr::{Ask, Behaviour};
use crate::ir::journey::SlotDef;
use crate::ir::{Expr, Program, Type};

use super::labels::Labels;
use crate::value::Value;

/// What an expression is in: types are the new program's.
#[derive(Clone)]
pub struct Scope<'a> {
    pub new: &'a Program,
    pub labels: &'a Labels,
    /// By slot of the journey.
    pub slots: &'a [SlotDef],
    /// Innermost last.
    pub subjects: Vec<Type>,
}

impl<'a> Scope<'a> {
    pub fn of(new: &'a Program, labels: &'a Labels, slots: &'a [SlotDef]) -> Scope<'a> {
        Scope { new, labels, slots, subjects: Vec::new() }
    }
    pub fn about(&self, subject: Type) -> Scope<'a> {
        let mut inside = self.clone();
        inside.subjects.push(subject);
        inside
    }

    fn type_of(&self, expr: &Expr) -> Option<Type> {
        self.new.type_of(self.slots, &self.subjects, expr)
    }
    /// Of elements without fields the type does not matter.
    fn element(&self, list: &Expr) -> Type {
        self.type_of(list).and_then(|ty| ty.element().cloned()).unwrap_or(Type::Text)
    }

    pub fn expr(&self, expr: &Expr) -> Expr {
        self.expr_as(expr, None)
    }
    pub fn boxed(&self, expr: &Expr) -> Box<Expr> {
        Box::new(self.expr(expr))
    }
    pub fn all(&self, exprs: &[Expr]) -> Vec<Expr> {
        exprs.iter().map(|e| self.expr(e)).collect()
    }
    /// With the type that is wanted here, by which a record in words knows its fields.
    pub fn expr_as(&self, expr: &Expr, wanted: Option<&Type>) -> Expr {
        let labels = self.labels;
        match expr {
            Expr::Const(value) => Expr::Const(self.value(value, wanted)),
            Expr::Slot(_) | Expr::Subject(_) | Expr::Now | Expr::Today | Expr::Handle(..) => expr.clone(),
            Expr::Profile(field) => Expr::Profile(labels.profile[field.index()]),
            Expr::Field(of, field) => Expr::Field(self.boxed(of), labels.field(self.type_of(of).as_ref(), *field)),
            Expr::Not(e) => Expr::Not(self.boxed(e)),
            Expr::Negate(e) => Expr::Negate(self.boxed(e)),
            Expr::IsSet(e) => Expr::IsSet(self.boxed(e)),
            Expr::Length(e) => Expr::Length(self.boxed(e)),
            Expr::NextAnniversary(e) => Expr::NextAnniversary(self.boxed(e)),
            Expr::DateOf(e) => Expr::DateOf(self.boxed(e)),
            Expr::Since { unit, of } => Expr::Since { unit: *unit, of: self.boxed(of) },
            Expr::And(parts) => Expr::And(self.all(parts)),
            Expr::Or(parts) => Expr::Or(self.all(parts)),
            Expr::Compare { op, left, right } => {
                Expr::Compare { op: *op, left: self.boxed(left), right: self.boxed(right) }
            }
            Expr::Arithmetic { op, left, right } => {
                Expr::Arithmetic { op: *op, left: self.boxed(left), right: self.boxed(right) }
            }
            Expr::OrElse(a, b) => Expr::OrElse(Box::new(self.expr_as(a, wanted)), Box::new(self.expr_as(b, wanted))),
            Expr::InSegment(segment) => Expr::InSegment(labels.segments[segment.index()]),
            Expr::InList { item, list } => Expr::InList { item: self.boxed(item), list: self.boxed(list) },
            Expr::Behaviour(behaviour) => Expr::Behaviour(Box::new(self.behaviour(behaviour))),
            Expr::Narrow { list, condition } => {
                let inside = self.about(self.element(list));
                Expr::Narrow { list: self.boxed(list), condition: inside.boxed(condition) }
            }
            Expr::Quantify { quantifier, list, condition } => {
                let inside = self.about(self.element(list));
                let condition = condition.as_ref().map(|condition| inside.boxed(condition));
                Expr::Quantify { quantifier: *quantifier, list: self.boxed(list), condition }
            }
            Expr::Record(parts) => self.record(parts, wanted),
            Expr::List(items) => {
                let element = wanted.and_then(Type::element);
                Expr::List(items.iter().map(|item| self.expr_as(item, element)).collect())
            }
            Expr::Pick { slot, arms } => {
                Expr::Pick { slot: *slot, arms: arms.iter().map(|arm| self.expr_as(arm, wanted)).collect() }
            }
        }
    }
    fn record(&self, parts: &[Expr], wanted: Option<&Type>) -> Expr {
        let Some(Type::Record(id)) = wanted.map(Type::bare) else { return Expr::Record(self.all(parts)) };
        let def = &self.new.records[id.index()];
        let places = &self.labels.record_fields[id.index()];
        let length = places.iter().map(|place| place.index() + 1).max().unwrap_or_default();
        let mut labelled = vec![Expr::Const(Value::Missing); length];
        for ((part, place), field) in parts.iter().zip(places).zip(&def.fields) {
            labelled[place.index()] = self.expr_as(part, Some(&field.ty));
        }
        Expr::Record(labelled)
    }
    /// A written record, its fields where they are now.
    fn value(&self, value: &Value, wanted: Option<&Type>) -> Value {
        match (wanted.map(Type::bare), value) {
            (Some(Type::Record(id)), Value::Record(parts)) => {
                let (def, places) = (&self.new.records[id.index()], &self.labels.record_fields[id.index()]);
                let length = places.iter().map(|place| place.index() + 1).max().unwrap_or_default();
                let mut labelled = vec![Value::Missing; length];
                for ((part, place), field) in parts.iter().zip(places).zip(&def.fields) {
                    labelled[place.index()] = self.value(part, Some(&field.ty));
                }
                Value::Record(labelled.into())
            }
            (Some(Type::List(inner)), Value::List(items)) => {
                Value::List(items.iter().map(|item| self.value(item, Some(inner))).collect())
            }
            _ => value.clone(),
        }
    }
    fn behaviour(&self, behaviour: &Behaviour) -> Behaviour {
        let Behaviour { event, filter, window, ask } = behaviour;
        let field = |field: &crate::ir::FieldId| self.labels.field(Some(&Type::Event(*event)), *field);
        let ask = match ask {
            Ask::Did => Ask::Did,
            Ask::Count => Ask::Count,
            Ask::Sum { field: of, zero } => Ask::Sum { field: field(of), zero: zero.clone() },
            Ask::Average { field: of } => Ask::Average { field: field(of) },
            Ask::Last { field: of } => Ask::Last { field: of.as_ref().map(field) },
            Ask::First { field: of } => Ask::First { field: of.as_ref().map(field) },
        };
        let inside = self.about(Type::Event(*event));
        Behaviour {
            event: self.labels.events[event.index()],
            filter: filter.as_ref().map(|filter| inside.expr(filter)),
            window: *window,
            ask,
        }
    }
}
