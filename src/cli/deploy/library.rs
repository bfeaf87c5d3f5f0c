//! Programs of a data folder, made ready to run.
//!
//! A program lives as long as the process that once ran it: each change costs the memory of one program.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

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
    ahead: Ahead,
}

impl Disk {
    pub fn new(data: &Path, told: Told, ahead: Ahead) -> Disk {
        Disk { data: data.to_path_buf(), told, ahead }
    }
}

/// What the next change puts live, read and compiled where nobody waits for it: events wait for the node.
#[derive(Clone, Default)]
pub struct Ahead(Arc<Mutex<Option<Ready>>>);

struct Ready {
    /// When it goes live is not known yet.
    program: Program,
    renderer: &'static Renderer<'static>,
}

impl Ahead {
    /// Reads the program that was kept for a generation, which must be of this bundle.
    pub fn read(&self, data: &Path, generation: u32, bundle: [u8; 32]) -> Result<(), StoreError> {
        let program = stored::kept(data, generation, None)?;
        if program.bundle() != bundle {
            let what = format!("the program of generation {generation}: it is another than the change names");
            return Err(StoreError::Damaged { what });
        }
        // Messages know nothing of journeys or of times.
        let told = Program { journeys: Vec::new(), places: Default::default(), deployed: None, ..program.clone() };
        let ready = Ready { program, renderer: rendered(Box::leak(Box::new(told))) };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ready);
        Ok(())
    }
    fn take(&self, generation: u32) -> Option<Ready> {
        let ready = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        ready.filter(|ready| ready.program.generation() == generation)
    }
}

fn rendered(program: &'static Program) -> &'static Renderer<'static> {
    Box::leak(Box::new(Renderer::new(program)))
}

/// Everything that is built over a program.
pub fn loaded(program: Program) -> Loaded<'static, 'static> {
    let program: &'static Program = Box::leak(Box::new(program));
    with(program, rendered(program))
}

fn with(program: &'static Program, renderer: &'static Renderer<'static>) -> Loaded<'static, 'static> {
    Loaded {
        engine: Box::leak(Box::new(Engine::new(program))),
        schema: Box::leak(Box::new(Schema::new(program))),
        renderer,
    }
}

impl Library<'static, 'static> for Disk {
    fn load(&mut self, generation: u32, at: Instant) -> Result<Loaded<'static, 'static>, StoreError> {
        let loaded = match self.ahead.take(generation) {
            Some(Ready { mut program, renderer }) => {
                program.deployed.as_deref_mut().into_iter().for_each(|deployed| stored::stamp(deployed, at));
                with(Box::leak(Box::new(program)), renderer)
            }
            // Of a log that is replayed.
            None => loaded(stored::kept(&self.data, generation, Some(at))?),
        };
        (self.told)(loaded.engine.program());
        Ok(loaded)
    }
}
