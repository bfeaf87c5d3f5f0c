//! What a run of one journey captures: the slots, by name and type.
//!
//! Does not know which of them are assigned where; the flow does.

use crate::ir::journey::SlotDef;
use crate::ir::{SlotId, Type};

#[derive(Debug, Default)]
pub struct Slots {
    pub defs: Vec<SlotDef>,
}

impl Slots {
    /// The slot of a name with a type; the same for every assignment of both.
    pub fn named(&mut self, name: &str, ty: &Type) -> SlotId {
        let known = self.defs.iter().position(|def| def.name == name && def.ty == *ty);
        let index = known.unwrap_or_else(|| {
            self.defs.push(SlotDef { name: name.to_owned(), ty: ty.clone() });
            self.defs.len() - 1
        });
        SlotId(u16::try_from(index).unwrap_or(u16::MAX))
    }
    /// A counter or a draw; its name has a space or is a step's, so it meets no name of the author's.
    pub fn hidden(&mut self, name: &str) -> SlotId {
        self.named(name, &Type::Int)
    }
}
