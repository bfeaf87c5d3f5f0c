//! The type of an expression of the program, as far as fields and labels need it.
//!
//! The checker has judged types already; this only finds again what it found.

use crate::ir::expr::Ask;
use crate::ir::{Expr, Journey, Program, Type};

/// `subjects` are the types of what stands under test, the innermost last. `None` for what has no fields anyway.
pub fn type_of(program: &Program, journey: &Journey, subjects: &[Type], expr: &Expr) -> Option<Type> {
    let of = |expr: &Expr| type_of(program, journey, subjects, expr);
    match expr {
        Expr::Profile(field) => Some(program.profile[field.index()].ty.clone()),
        Expr::Slot(slot) => Some(journey.slots[slot.index()].ty.clone()),
        Expr::Subject(depth) => subjects.iter().rev().nth(usize::from(*depth)).cloned(),
        Expr::Field(of_what, field) => Some(program.fields_of(&of(of_what)?)?.get(field.index())?.ty.clone()),
        Expr::OrElse(value, _) => of(value),
        Expr::Narrow { list, .. } => of(list),
        Expr::Pick { arms, .. } => arms.first().and_then(of),
        Expr::Behaviour(behaviour) => match &behaviour.ask {
            Ask::Last { field: None } | Ask::First { field: None } => Some(Type::Event(behaviour.event)),
            Ask::Last { field: Some(field) }
            | Ask::First { field: Some(field) }
            | Ask::Sum { field, .. }
            | Ask::Average { field } => {
                program.event(behaviour.event).fields.get(field.index()).map(|field| field.ty.clone())
            }
            Ask::Did | Ask::Count => None,
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
        | Expr::NextAnniversary(_)
        | Expr::Since { .. }
        | Expr::DateOf(_) => None,
    }
}
