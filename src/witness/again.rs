//! Stories of someone who comes again: what happened once happens again as soon as the journey lets them in.
//!
//! Finds no way through the journey; it takes the one of a story that is there.

use std::sync::Arc;

use crate::ir::timeline::LineWhat;
use crate::ir::{Expr, Journey, JourneyId, Reentry, Start};
use crate::machine::schedule::next_tick;
use crate::machine::{Effect, Engine, What};
use crate::prove::Edge;
use crate::value::time::MILLIS_PER_MINUTE;
use crate::value::{Instant, Span, Value};

use super::domain::whole_minute;
use super::draft::retime;
use super::effort::Effort;
use super::run::run;
use super::story::{Line, Story, Told};

/// Entries of one story.
const ENTRIES_MAX: usize = 40;
const MINUTE: Span = Span(MILLIS_PER_MINUTE);

/// The shortest story of several runs that suits; each run does what the one of `once` does.
pub(super) fn again(
    engine: &Engine<'_>,
    once: &Told,
    suits: &dyn Fn(&Told) -> bool,
    effort: &mut Effort,
) -> Option<Told> {
    let journey = engine.program().journey(once.story.journey);
    let shifts = shifts(engine, journey, once)?;
    for entries in 2..=shifts.len() {
        let told = play(engine, &repeated(engine, once, &shifts[..entries]), effort);
        let entered = told.entries.iter().filter(|e| e.what == What::Entered).count();
        if suits(&told) {
            return Some(told);
        }
        if entered < entries || effort.is_spent() {
            return None;
        }
    }
    None
}

/// A story told to its end, whichever runs it is about.
pub(super) fn play(engine: &Engine<'_>, story: &Story, effort: &mut Effort) -> Told {
    let (mut entries, mut inputs) = (Vec::new(), 0);
    run(engine, story, &mut |seen| {
        inputs += 1;
        let own = seen.effects.iter().filter_map(|effect| match effect {
            Effect::Journal(entry) if entry.journey == story.journey => Some(entry.clone()),
            Effect::Journal(_) | Effect::Send(_) | Effect::Call(_) | Effect::Passed(_) | Effect::Looked(_) => None,
        });
        entries.extend(own);
        true
    });
    effort.spend(inputs);
    Told { story: story.clone(), edges: Vec::<Edge>::new(), entries, sends: Vec::new(), rests: false }
}

/// How much later than the first each entry is, the first included. None where nobody comes again.
fn shifts(engine: &Engine<'_>, journey: &Journey, once: &Told) -> Option<Vec<Span>> {
    let run = once.entries.iter().find(|e| e.what == What::Entered)?;
    let (no, entered) = (run.run, run.at);
    let ended = once.entries.iter().find(|e| e.run == no && matches!(e.what, What::Ended { .. })).map(|e| e.at);
    let zone = once.story.zone;
    let keyed = matches!(&journey.start, Start::Event { key: Some(_), .. });
    let free = |at: Instant| match journey.reentry {
        Reentry::Never => None,
        Reentry::Always => Some(at),
        Reentry::After(period) => Some(zone.plus(at, period)),
    };
    let stay = if keyed { Some(Span(0)) } else { ended.map(|end| end.since(entered)) };
    let mut shifts = vec![Span(0)];
    while shifts.len() < ENTRIES_MAX {
        let last = entered.plus(*shifts.last()?);
        // Another key is let in at any time; the same person only when the last run is over.
        let open = if keyed { last } else { free(last)?.max(last.plus(stay?)) };
        let next = match &journey.start {
            Start::Schedule { .. } => {
                next_tick(&journey.start, engine_zone(engine, once), Instant(open.0 - 1).max(last))?
            }
            Start::Event { .. } | Start::Segment { .. } => {
                whole_minute(open.max(last.plus(MINUTE)).plus(Span(MINUTE.0 - 1)))
            }
            Start::At { .. } => return None,
        };
        shifts.push(next.since(entered));
    }
    Some(shifts)
}
fn engine_zone(engine: &Engine<'_>, once: &Told) -> crate::value::Zone {
    engine.zone(&super::run::person(engine, &once.story), once.story.journey)
}

/// Everything that happened, at each of these times.
fn repeated(engine: &Engine<'_>, once: &Told, shifts: &[Span]) -> Story {
    let program = engine.program();
    let mut story = once.story.clone();
    let journey: JourneyId = story.journey;
    let start = &program.journey(journey).start;
    let key = key_of(start, &once.story);
    for (turn, shift) in shifts.iter().enumerate().skip(1) {
        for line in &once.story.lines {
            let mut line = Line { at: line.at.plus(*shift), what: line.what.clone() };
            if let (LineWhat::Event { payload, .. }, Some(key)) = (&mut line.what, &key) {
                *payload = renamed(payload, key, turn);
            }
            // Who entered by what the profile says has to leave first.
            if let (Start::Segment { .. }, LineWhat::Set { field, .. }) = (start, &line.what) {
                let before = once.story.profile[field.index()].clone();
                let what = LineWhat::Set { field: *field, value: before };
                story.lines.push(Line { at: line.at.minus(MINUTE), what });
            }
            retime(program, &mut line);
            story.lines.push(line);
        }
    }
    story.lines.sort_by_key(|line| line.at);
    let last = shifts.last().copied().unwrap_or(Span(0));
    story.until = once.story.until.plus(last);
    story
}

/// What tells the runs apart, as the first event has it.
fn key_of(start: &Start, story: &Story) -> Option<Value> {
    let Start::Event { event, key: Some(Expr::Field(_, field)), .. } = start else { return None };
    let first = story.lines.iter().find_map(|line| match &line.what {
        LineWhat::Event { event: e, payload: Value::Record(fields) } if e == event => Some(fields),
        _ => None,
    })?;
    first.get(field.index()).cloned()
}
/// The payload with another key, wherever it has this one.
fn renamed(payload: &Value, key: &Value, turn: usize) -> Value {
    if payload == key {
        return match key {
            Value::Text(text) => Value::text(format!("{text}-{}", turn + 1)),
            Value::Int(number) => Value::Int(number.saturating_add(turn as i64)),
            other => other.clone(),
        };
    }
    match payload {
        Value::Record(fields) => {
            Value::Record(fields.iter().map(|field| renamed(field, key, turn)).collect::<Arc<[Value]>>())
        }
        other => other.clone(),
    }
}
