//! A program as it is kept in a data folder, and back.
//!
//! JSON, since a later Tabi should still read what an earlier one wrote; the places in the sources beside it.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::ir::{IR_VERSION, Places, Program};
use crate::ports::store::StoreError;
use crate::store::kept::{self, Kind};
use crate::value::Instant;

#[derive(Serialize, Deserialize)]
struct Stored {
    program: Program,
    /// Postcard of [`Places`], in base64: its maps have keys that JSON has no words for.
    places: String,
}

pub fn keep(data: &Path, program: &Program) -> Result<(), StoreError> {
    let places = STANDARD.encode(postcard::to_allocvec(&program.places).unwrap_or_default());
    let stored = Stored { program: program.clone(), places };
    let bytes = serde_json::to_vec(&stored).map_err(|error| damaged(program.generation(), &error.to_string()))?;
    kept::keep(data, Kind::Program, &program.generation().to_string(), &bytes)
}

/// The program of a generation, which went live at a moment.
pub fn kept(data: &Path, generation: u32, at: Option<Instant>) -> Result<Program, StoreError> {
    let bytes = kept::kept(data, Kind::Program, &generation.to_string())?;
    let bytes = bytes.ok_or_else(|| damaged(generation, "it is missing"))?;
    let Stored { mut program, places } =
        serde_json::from_slice(&bytes).map_err(|error| damaged(generation, &error.to_string()))?;
    if program.ir_version != IR_VERSION {
        return Err(StoreError::Newer { found: program.ir_version, known: IR_VERSION });
    }
    let read = STANDARD.decode(places).ok().and_then(|bytes| postcard::from_bytes::<Places>(&bytes).ok());
    program.places = read.unwrap_or_default();
    if let (Some(at), Some(deployed)) = (at, program.deployed.as_deref_mut()) {
        stamp(deployed, at);
    }
    Ok(program)
}

/// When its last change went live is known only once it has.
pub fn stamp(deployed: &mut crate::ir::Deployed, at: Instant) {
    let generation = deployed.generation;
    deployed.changes.iter_mut().filter(|change| change.generation == generation).for_each(|change| change.at = at);
    deployed.phases.iter_mut().filter(|phase| phase.generation == generation).for_each(|phase| phase.at = at);
}

fn damaged(generation: u32, why: &str) -> StoreError {
    StoreError::Damaged { what: format!("the program of generation {generation}: {why}") }
}
