//! Programs made ready to run, by generation.
//!
//! Compiles and links nothing: it hands out what was put there before the change was written down.

use crate::ingest::Schema;
use crate::machine::Engine;
use crate::ports::store::StoreError;
use crate::render::Renderer;
use crate::value::Instant;

/// A program with everything that is built over it.
#[derive(Clone, Copy)]
pub struct Loaded<'e, 'p> {
    pub engine: &'e Engine<'p>,
    pub schema: &'e Schema,
    pub renderer: &'e Renderer<'p>,
}

pub trait Library<'e, 'p> {
    /// The program of a generation, which went live at this moment. Its last change carries that time.
    fn load(&mut self, generation: u32, at: Instant) -> Result<Loaded<'e, 'p>, StoreError>;
}

/// Where a program never changes.
pub struct OnlyOne;

impl<'e, 'p> Library<'e, 'p> for OnlyOne {
    fn load(&mut self, generation: u32, _: Instant) -> Result<Loaded<'e, 'p>, StoreError> {
        Err(StoreError::Damaged { what: format!("the program of generation {generation} is missing") })
    }
}
