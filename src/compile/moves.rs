//! `moves` as data: what authors wrote down for people inside a version that is replaced.
//!
//! Knows only the new steps; whoever plans knows the old.

use crate::ir::{Moves, Planned, Timing};
use crate::schema::World;
use crate::syntax::tree::{MoveTarget, MoveTiming, MovesDecl};

pub fn read(world: &World<'_>) -> Vec<Moves> {
    world.moves.iter().map(|decl| one(decl)).collect()
}

fn one(decl: &MovesDecl) -> Moves {
    let steps = decl.moves.iter().filter(|one| !one.is_everyone);
    let steps = steps.map(|one| (one.step.text.clone(), planned(&one.target)));
    Moves {
        journey: decl.journey.text.clone(),
        from: decl.from.text.clone(),
        to: decl.to.as_ref().map(|to| to.text.clone()),
        steps: steps.collect(),
        others: decl.moves.iter().find(|one| one.is_everyone).map(|one| planned(&one.target)),
    }
}

fn planned(target: &MoveTarget) -> Planned {
    match target {
        MoveTarget::Stay => Planned::Stay,
        MoveTarget::Stop => Planned::Stop,
        MoveTarget::To { step, timing } => Planned::To {
            step: step.text.clone(),
            // Said by nobody, a deadline that people were told or promised stays.
            timing: match timing {
                Some(MoveTiming::Restarting) => Timing::Restarting,
                Some(MoveTiming::KeepingDeadline) | None => Timing::KeepingDeadline,
            },
        },
    }
}
