//! A story without what it does not need.
//!
//! Takes away only; what is left takes the same way and breaks the same thing at the same time.

use std::sync::Arc;

use crate::ir::timeline::LineWhat;
use crate::ir::{FieldDef, Op, Program, Type};
use crate::machine::Engine;
use crate::value::{Instant, Value};

use super::story::{Story, Told};

/// The story up to the moment that matters, with no line, past event, consent or value that could be left out.
pub(super) fn lean(
    engine: &Engine<'_>,
    whole: Told,
    tell: &mut dyn FnMut(&Story) -> Option<Told>,
    matters: &dyn Fn(&Told) -> Option<Instant>,
) -> Told {
    let Some(at) = matters(&whole) else { return whole };
    let taken = whole.edges.clone();
    let mut best = whole;
    let mut attempt = |story: Story, best: &mut Told| {
        let Some(shorter) = tell(&story) else { return false };
        // Cut short, the run takes fewer edges; it takes no others.
        let still = taken.starts_with(&shorter.edges) && matters(&shorter) == Some(at);
        if still {
            *best = shorter;
        }
        still
    };
    let mut cut = best.story.clone();
    cut.lines.retain(|line| line.at <= at);
    cut.until = at;
    attempt(cut, &mut best);
    for index in (0..best.story.lines.len()).rev() {
        let mut story = best.story.clone();
        story.lines.remove(index);
        attempt(story, &mut best);
    }
    for index in (0..best.story.history.len()).rev() {
        let mut story = best.story.clone();
        story.history.remove(index);
        attempt(story, &mut best);
    }
    for index in 0..best.story.profile.len() {
        let mut story = best.story.clone();
        if !std::mem::take(&mut story.profile[index]).is_missing() {
            attempt(story, &mut best);
        }
    }
    for purpose in best.story.consent.clone() {
        let mut story = best.story.clone();
        story.consent.remove(&purpose);
        attempt(story, &mut best);
    }
    for split in best.story.pins.clone().into_keys() {
        let mut story = best.story.clone();
        story.pins.remove(&split);
        attempt(story, &mut best);
    }
    // What other journeys are answered is worth a line only where it matters: whatever they get, it comes out the same.
    for action in best.story.answers.clone().into_keys() {
        let code = &engine.program().journey(best.story.journey).code;
        if !code.iter().any(|i| matches!(i.op, Op::Do { action: called, .. } if called == action)) {
            let mut story = best.story.clone();
            story.answers.remove(&action);
            attempt(story, &mut best);
        }
    }
    for (action, replies) in best.story.answers.clone() {
        // One answer for all calls, where that does.
        for reply in replies.iter().filter(|_| replies.len() > 1) {
            let mut story = best.story.clone();
            story.answers.insert(action, vec![reply.clone()]);
            attempt(story, &mut best);
        }
    }
    shorten_payloads(engine.program(), &mut best, &mut attempt);
    best
}

/// Optional fields of events go, and lists become empty.
fn shorten_payloads(program: &Program, best: &mut Told, attempt: &mut dyn FnMut(Story, &mut Told) -> bool) {
    for index in 0..best.story.lines.len() {
        let LineWhat::Event { event, .. } = &best.story.lines[index].what else { continue };
        let fields = &program.event(*event).fields;
        for (field, def) in fields.iter().enumerate() {
            let mut story = best.story.clone();
            if let LineWhat::Event { payload, .. } = &mut story.lines[index].what
                && shorten(payload, field, def)
            {
                attempt(story, best);
            }
        }
    }
    for index in 0..best.story.history.len() {
        let fields = &program.event(best.story.history[index].event).fields;
        for (field, def) in fields.iter().enumerate() {
            let mut story = best.story.clone();
            if shorten(&mut story.history[index].payload, field, def) {
                attempt(story, best);
            }
        }
    }
}
/// Whether there was anything to shorten.
fn shorten(payload: &mut Value, index: usize, field: &FieldDef) -> bool {
    let least = match &field.ty {
        Type::Optional(_) => Value::Missing,
        Type::List(_) => Value::List([].into()),
        _ => return false,
    };
    let Value::Record(values) = payload else { return false };
    if values.get(index).is_none_or(|value| *value == least) {
        return false;
    }
    let mut values = values.to_vec();
    values[index] = least;
    *payload = Value::Record(Arc::from(values));
    true
}
