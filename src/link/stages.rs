//! The same program at another stage: what somebody in charge says of how far it is let run.
//!
//! Changes no journey: whoever is inside stays where they are.

use crate::ir::{Change, Deployed, JourneyId, Program, Stage, Start, Version};
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
    let enrols = |id: &JourneyId| matches!(live.journey(*id).start, Start::Segment { including_members: true, .. });
    let grown = (stage.share > before.share).then(|| live.current(line)).flatten().filter(enrols);
    let mut program = live.clone();
    let deployed = program.deployed.get_or_insert_with(|| Box::new(fresh(live)));
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

/// Of a program that nothing was linked to yet.
fn fresh(program: &Program) -> Deployed {
    let version = |index| Version { line: JourneyId(index), since: 0, retired: false, first_step: 0 };
    Deployed {
        bundle: program.content_hash(),
        versions: (0..program.journeys.len() as u16).map(version).collect(),
        ..Deployed::default()
    }
}
