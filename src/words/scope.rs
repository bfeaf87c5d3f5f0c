//! Where an expression stands, for the types that its words need.
//!
//! Finds no types itself; the program does.

use crate::ir::{Expr, FieldDef, Journey, Program, Type};

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
        self.program.fields_of(ty)
    }

    /// The type of a list's elements; text where it is not known.
    pub fn element_of(&self, list: &Expr) -> Type {
        match self.type_of(list) {
            Some(Type::List(element)) => *element,
            _ => Type::Text,
        }
    }

    pub fn type_of(&self, expr: &Expr) -> Option<Type> {
        let slots = self.journey.map_or(&[][..], |journey| &journey.slots);
        self.program.type_of(slots, &self.subjects, expr)
    }
}
