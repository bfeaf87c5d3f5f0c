//! Types of expressions, as far as names of fields and of enum variants need them.
//!
//! Checks nothing: a program has been checked before.

use crate::ir::{Ask, Expr, FieldDef, Journey, Program, Type};

/// What an expression stands in: a program, perhaps a journey, and what is under test around it.
pub struct Scope<'a> {
    pub program: &'a Program,
    pub journey: Option<&'a Journey>,
    /// What `Subject(n)` is, innermost last.
    subjects: Vec<Type>,
}

impl<'a> Scope<'a> {
    pub fn new(program: &'a Program, journey: Option<&'a Journey>) -> Self {
        Scope { program, journey, subjects: Vec::new() }
    }

    /// Goes inside `noun(…)`; to be followed by [`Scope::leave`].
    pub fn enter(&mut self, subject: Type) {
        self.subjects.push(subject);
    }
    pub fn leave(&mut self) {
        self.subjects.pop();
    }

    pub fn fields(&self, ty: &Type) -> Option<&'a [FieldDef]> {
        match bare(ty) {
            Type::Record(id) => Some(&self.program.records[id.index()].fields),
            Type::Event(id) => Some(&self.program.event(*id).fields),
            Type::Result(id) => Some(&self.program.actions[id.index()].gives),
            _ => None,
        }
    }

    /// The type of a list's elements; text where it is not known.
    pub fn element_of(&self, list: &Expr) -> Type {
        match self.type_of(list) {
            Some(Type::List(element)) => *element,
            _ => Type::Text,
        }
    }

    pub fn type_of(&self, expr: &Expr) -> Option<Type> {
        match expr {
            Expr::Profile(field) => Some(self.program.profile[field.index()].ty.clone()),
            Expr::Slot(slot) => self.journey.map(|j| j.slots[slot.index()].ty.clone()),
            Expr::Subject(depth) => {
                self.subjects.len().checked_sub(usize::from(*depth) + 1).map(|i| self.subjects[i].clone())
            }
            Expr::Field(of, field) => {
                let fields = self.fields(&self.type_of(of)?)?;
                fields.get(field.index()).map(|f| f.ty.clone())
            }
            Expr::OrElse(first, second) => self.type_of(first).or_else(|| self.type_of(second)),
            Expr::Narrow { list, .. } => self.type_of(list),
            Expr::Behaviour(behaviour) => match &behaviour.ask {
                Ask::Last { field } | Ask::First { field } => match field {
                    None => Some(Type::Event(behaviour.event)),
                    Some(field) => Some(self.program.event(behaviour.event).fields[field.index()].ty.clone()),
                },
                Ask::Did | Ask::Count | Ask::Sum { .. } | Ask::Average { .. } => None,
            },
            Expr::Const(_)
            | Expr::Now
            | Expr::Today
            | Expr::Handle(..)
            | Expr::Not(_)
            | Expr::Negate(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Compare { .. }
            | Expr::Arithmetic { .. }
            | Expr::IsSet(_)
            | Expr::InSegment(_)
            | Expr::InList { .. }
            | Expr::Quantify { .. }
            | Expr::Length(_)
            | Expr::Record(_)
            | Expr::List(_)
            | Expr::Pick { .. }
            | Expr::NextAnniversary(_)
            | Expr::Since { .. }
            | Expr::DateOf(_) => None,
        }
    }
}

/// The type without its `?`.
pub fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Optional(inner) => bare(inner),
        other => other,
    }
}
