//! `moves`: that the journey and the steps people are moved to exist.
//!
//! The steps they come from belong to an older program and are not known here; planning compares the two.

use super::{Checked, Context};
use crate::schema::table::duplicate;
use crate::schema::{Sink, unknown};
use crate::syntax::tree::{MoveTarget, MovesDecl};

pub fn moves(context: Context<'_, '_>, checked: &Checked, sink: &mut Sink) {
    for decl in &context.world.moves {
        one(context, checked, decl, sink);
    }
}

fn one(context: Context<'_, '_>, checked: &Checked, decl: &MovesDecl, sink: &mut Sink) {
    let journeys = &context.world.journeys;
    for (i, one) in decl.moves.iter().enumerate() {
        if let Some(first) = decl.moves[..i].iter().find(|m| m.step.text == one.step.text) {
            sink.report(duplicate(("step", "手順"), &one.step.text, one.step.span, first.step.span));
        }
    }
    // A journey that is no more has people to stay or to stop, and none that could go on in it.
    let target = decl.to.as_ref().unwrap_or(&decl.journey);
    let leads_on = decl.to.is_some() || decl.moves.iter().any(|one| matches!(one.target, MoveTarget::To { .. }));
    let Some(id) = journeys.find(&target.text) else {
        if leads_on {
            sink.report(unknown(("journey", "ジャーニー"), &target.text, target.span, journeys.candidates()));
        }
        return;
    };
    for one in &decl.moves {
        let MoveTarget::To { step, timing: _ } = &one.target else { continue };
        let Some(journey) = &checked.journeys[usize::from(id)] else { continue };
        let steps = &journey.header.steps;
        if !steps.iter().any(|s| s.name == step.text) {
            let known = steps.iter().zip(&journey.places).map(|(s, place)| (s.name.as_str(), Some(*place)));
            sink.report(unknown(("step", "手順"), &step.text, step.span, known));
        }
    }
}
