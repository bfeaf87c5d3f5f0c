//! The type of an expression, as far as names of fields and of variants need it.
//!
//! Checks nothing: a program has been checked before.

use super::journey::SlotDef;
use super::{Ask, Expr, FieldDef, Program, Type};

impl Type {
    /// Without its `?`.
    pub fn bare(&self) -> &Type {
        match self {
            Type::Optional(inner) => inner.bare(),
            other => other,
        }
    }
    /// Of the elements, if it is a list, optional or not.
    pub fn element(&self) -> Option<&Type> {
        match self.bare() {
            Type::List(inner) => Some(inner),
            _ => None,
        }
    }
}

impl Program {
    /// The fields of a record, an event or an answer, optional or not.
    pub fn fields_of(&self, ty: &Type) -> Option<&[FieldDef]> {
        match ty.bare() {
            Type::Record(id) => Some(&self.records[id.index()].fields),
            Type::Event(id) => Some(&self.event(*id).fields),
            Type::Result(id) => Some(&self.actions[id.index()].gives),
            _ => None,
        }
    }
    /// The type of a value with fields, a list or a variant; of others nobody asks. `slots` are the journey's, `subjects`
    /// what stands under test, innermost last.
    pub fn type_of(&self, slots: &[SlotDef], subjects: &[Type], expr: &Expr) -> Option<Type> {
        let of = |expr: &Expr| self.type_of(slots, subjects, expr);
        match expr {
            Expr::Profile(field) => self.profile.get(field.index()).map(|f| f.ty.clone()),
            Expr::Slot(slot) => slots.get(slot.index()).map(|s| s.ty.clone()),
            Expr::Subject(depth) => subjects.iter().rev().nth(usize::from(*depth)).cloned(),
            Expr::Field(value, field) => self.fields_of(&of(value)?)?.get(field.index()).map(|f| f.ty.clone()),
            Expr::OrElse(first, second) => of(first).or_else(|| of(second)),
            Expr::Narrow { list, .. } => of(list),
            Expr::Pick { arms, .. } => arms.iter().find_map(of),
            Expr::List(items) => items.iter().find_map(of).map(|ty| Type::List(Box::new(ty))),
            Expr::Behaviour(behaviour) => match &behaviour.ask {
                Ask::Last { field: None } | Ask::First { field: None } => Some(Type::Event(behaviour.event)),
                Ask::Last { field: Some(field) } | Ask::First { field: Some(field) } => {
                    self.event(behaviour.event).fields.get(field.index()).map(|f| f.ty.clone())
                }
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
            | Expr::NextAnniversary(_)
            | Expr::Since { .. }
            | Expr::DateOf(_) => None,
        }
    }
}
