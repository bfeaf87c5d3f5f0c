//! The same program at another stage: what somebody in charge says of how far it is let run.
//!
//! Changes no journey: whoever is inside stays where they are.

use crate::ir::{Change, JourneyId, Program, Stage};
use crate::value::Instant;

/// The program that follows `live` when a stage is changed. `edit` is given the stage as it is and the generation that brings
/// what it makes of it.
pub fn staged(live: &Program, journey: JourneyId, at: Instant, edit: impl FnOnce(&mut Stage, u32)) -> Program {
    let generation = live.generation() + 1;
    let line = live.line(journey);
    let mut stage = live.stage(line).copied().unwrap_or_else(|| Stage::whole(line));
    let before = stage;
    edit(&mut stage, generation);
    let others = live.stages().iter().filter(|other| other.line != line).copied();
    let mut stages: Vec<Stage> = others.chain(Some(stage).filter(|stage| !stage.is_whole())).collect();
    stages.sort_by_key(|stage| stage.line);
    // A larger share has members in it whom the smaller left out.
    let grown = (stage.share > before.share).then(|| live.current(line)).flatten();
    let mut program = live.clone();
    let deployed = program.deployed.get_or_insert_default();
    deployed.generation = generation;
    deployed.changes.push(Change {
        generation,
        at,
        redirects: Vec::new(),
        retyped: Vec::new(),
        fresh: grown.into_iter().collect(),
        stages,
    });
    program
}
