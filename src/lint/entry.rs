//! What is known of everyone who enters a journey, and the conditions of entry that can never or always hold (E0202).
//!
//! Looks at no step.

use crate::ir::expr::{Ask, Behaviour};
use crate::ir::{Audience, EventId, Expr, Journey, Start, Subject, Type};
use crate::lower::map::JourneyMap;
use crate::text::Span;
use crate::value::Value;

use super::domain::Domain;
use super::facts::{Facts, reads_person};
use super::findings::Findings;
use super::judge::Judge;

/// Facts at the first step; `None` if nobody can enter, which was said then.
pub fn entry(judge: &mut Judge<'_>, journey: &Journey, map: &JourneyMap, findings: &mut Findings) -> Option<Facts> {
    let start = map.start.unwrap_or(map.name);
    let mut facts = started(judge, &journey.start, start, findings)?;
    if let Some(condition) = &journey.only_if {
        let at = map.only_if.unwrap_or(start);
        findings.condition(judge, &facts, condition, at);
        facts = judge.assume(facts, condition, true, at)?;
    }
    Some(facts)
}

fn started(judge: &mut Judge<'_>, start: &Start, at: Span, findings: &mut Findings) -> Option<Facts> {
    match start {
        Start::Event { event, filter, bind, settled, audience, .. } => {
            let mut facts = triggered(judge, *event, filter.as_ref(), at, findings)?;
            facts.bind(Some(*bind));
            if settled.is_some() {
                facts.suspend();
            }
            if judge.program.events[event.index()].subject == Subject::Profile {
                happened(&mut facts, *event, filter.as_ref(), at);
            }
            match audience {
                Some(audience) => among(judge, facts, audience, at, findings),
                None => Some(facts),
            }
        }
        Start::Segment { segment, enters, .. } => {
            judge.assume(Facts::default(), &Expr::InSegment(*segment), *enters, at)
        }
        Start::Schedule { audience, .. } | Start::At { audience, .. } => {
            among(judge, Facts::default(), audience, at, findings)
        }
    }
}

/// What a filter says of the event under test.
fn triggered(
    judge: &mut Judge<'_>,
    event: EventId,
    filter: Option<&Expr>,
    at: Span,
    findings: &mut Findings,
) -> Option<Facts> {
    let Some(filter) = filter else { return Some(Facts::default()) };
    judge.subjects.push(Some(Type::Event(event)));
    findings.condition(judge, &Facts::default(), filter, at);
    let facts = judge.assume(Facts::default(), filter, true, at);
    judge.subjects.pop();
    facts
}

/// The event that starts a run is in the person's history before the run begins.
fn happened(facts: &mut Facts, event: EventId, filter: Option<&Expr>, at: Span) {
    let filters = [None, filter.filter(|f| !reads_person(f) && !f.any(&mut |e| matches!(e, Expr::Slot(_)))).cloned()];
    for filter in filters.into_iter().enumerate().filter(|(i, f)| *i == 0 || f.is_some()).map(|(_, f)| f) {
        let once = Behaviour { event, filter, window: None, ask: Ask::Count };
        let count = Domain::count().above(&Value::Int(1), false);
        facts.learn(&Expr::Behaviour(Box::new(once)), count, at);
    }
}

fn among(
    judge: &mut Judge<'_>,
    mut facts: Facts,
    audience: &Audience,
    at: Span,
    findings: &mut Findings,
) -> Option<Facts> {
    if let Some(segment) = audience.segment {
        let member = Expr::InSegment(segment);
        findings.condition(judge, &facts, &member, at);
        facts = judge.assume(facts, &member, true, at)?;
    }
    if let Some(condition) = &audience.condition {
        findings.condition(judge, &facts, condition, at);
        facts = judge.assume(facts, condition, true, at)?;
    }
    Some(facts)
}
