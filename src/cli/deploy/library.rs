//! Programs of a data folder, made ready to run.
//!
//! A program lives as long as the process that once ran it: each change costs the memory of one program.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::stored;
use crate::ingest::Schema;
use crate::ir::Program;
use crate::machine::Engine;
use crate::ports::store::StoreError;
use crate::render::Renderer;
use crate::runtime::durable::library::{Library, Loaded};
use crate::value::Instant;

/// Told of each program that goes live, while the process runs.
pub type Told = Arc<dyn Fn(&'static Program) + Send + Sync>;

pub struct Disk {
    data: PathBuf,
    told: Told,
}

impl Disk {
    pub fn new(data: &Path, told: Told) -> Disk {
        Disk { data: data.to_path_buf(), told }
    }
}

/// Everything that is built over a program.
pub fn loaded(program: Program) -> Loaded<'static, 'static> {
    let program: &'static Program = Box::leak(Box::new(program));
    Loaded {
        engine: Box::leak(Box::new(Engine::new(program))),
        schema: Box::leak(Box::new(Schema::new(program))),
        renderer: Box::leak(Box::new(Renderer::new(program))),
    }
}

impl Library<'static, 'static> for Disk {
    fn load(&mut self, generation: u32, at: Instant) -> Result<Loaded<'static, 'static>, StoreError> {
        let loaded = loaded(stored::kept(&self.data, generation, Some(at))?);
        (self.told)(loaded.engine.program());
        Ok(loaded)
    }
}
