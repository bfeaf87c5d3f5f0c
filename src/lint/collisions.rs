//! Two journeys that one and the same moment starts, and that both have something to sell at once (W0704).
//!
//! Journeys whose first message comes a day or more after entry are not at that moment any more; transactional messages
//! must go out in any case.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic};
use crate::ir::{Cap, Channel, Expr, Journey, Op, Program, Start, Type};
use crate::prove::Graph;
use crate::text::Span;
use crate::value::time::MILLIS_PER_DAY;

use super::Input;
use super::code;
use super::facts::Facts;
use super::judge::Judge;

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    let journeys = &input.program.journeys;
    let mut speaking: Vec<Option<Vec<Channel>>> = vec![None; journeys.len()];
    for (b, second) in journeys.iter().enumerate() {
        for (a, first) in journeys[..b].iter().enumerate() {
            if first.priority != second.priority || !same_moment(&first.start, &second.start) {
                continue;
            }
            for (index, journey) in [(a, first), (b, second)] {
                if speaking[index].is_none() {
                    speaking[index] = Some(speaks_at_once(input.program, journey));
                }
            }
            let (Some(mine), Some(theirs)) = (&speaking[a], &speaking[b]) else { continue };
            if unguarded(input.program, (first, mine), (second, theirs)) && may_meet(input.program, first, second) {
                out.push(finding(input, a, b));
                break;
            }
        }
    }
}

fn same_moment(a: &Start, b: &Start) -> bool {
    match (a, b) {
        (Start::Event { event, settled, .. }, Start::Event { event: other, settled: later, .. }) => {
            event == other && settled == later
        }
        (Start::Segment { segment, enters, .. }, Start::Segment { segment: other, enters: other_enters, .. }) => {
            segment == other && enters == other_enters
        }
        (Start::Schedule { schedule, .. }, Start::Schedule { schedule: other, .. }) => schedule == other,
        (Start::At { at, .. }, Start::At { at: other, .. }) => at == other,
        (Start::Event { .. } | Start::Segment { .. } | Start::Schedule { .. } | Start::At { .. }, _) => false,
    }
}

/// Channels of the messages, such as need consent, that may leave within a day of entry.
fn speaks_at_once(program: &Program, journey: &Journey) -> Vec<Channel> {
    let least = code::least(journey, &Graph::new(journey, &BTreeSet::new()), 0, false);
    let mut channels: Vec<Channel> = journey
        .code
        .iter()
        .zip(least)
        .filter_map(|(instruction, passed)| match &instruction.op {
            Op::Send { message, .. } if passed?.0 < MILLIS_PER_DAY - crate::value::time::MILLIS_PER_HOUR => {
                let message = &program.messages[message.index()];
                (message.needs_consent && message.channel.is_personal()).then_some(message.channel)
            }
            _ => None,
        })
        .collect();
    channels.sort();
    channels.dedup();
    channels
}

/// Two messages may leave that no cap of one a day keeps apart.
fn unguarded(program: &Program, (a, mine): (&Journey, &[Channel]), (b, theirs): (&Journey, &[Channel])) -> bool {
    let caps: Vec<&Cap> = [a, b].iter().flat_map(|journey| &program.policies[journey.policy.index()].caps).collect();
    let apart = |one: Channel, other: Channel| {
        caps.iter().any(|cap| {
            let covers = cap.channel.is_none_or(|channel| channel == one && channel == other);
            cap.count == 1 && covers && super::facts::shortest(cap.window).0 >= MILLIS_PER_DAY - 2 * 3_600_000
        })
    };
    mine.iter().any(|one| theirs.iter().any(|other| !apart(*one, *other)))
}

/// Nothing that entry asks for keeps the two apart.
fn may_meet(program: &Program, first: &Journey, second: &Journey) -> bool {
    let mut judge = Judge::new(program, None);
    let mut facts = Facts::default();
    let nowhere = Span::default();
    for journey in [first, second] {
        let (event, conditions) = asked(journey);
        if let Some(event) = event {
            judge.subjects.push(Some(Type::Event(event)));
        }
        for condition in conditions {
            // What the run has captured is another thing in each journey.
            if condition.any(&mut |e| matches!(e, Expr::Slot(_))) {
                continue;
            }
            match judge.assume(facts, condition, true, nowhere) {
                Some(known) => facts = known,
                None => return false,
            }
        }
        judge.subjects.clear();
    }
    true
}

fn asked(journey: &Journey) -> (Option<crate::ir::EventId>, Vec<&Expr>) {
    let mut conditions = Vec::new();
    let (event, audience) = match &journey.start {
        Start::Event { event, filter, audience, .. } => {
            conditions.extend(filter);
            (Some(*event), audience.as_ref())
        }
        Start::Segment { .. } => (None, None),
        Start::Schedule { audience, .. } | Start::At { audience, .. } => (None, Some(audience)),
    };
    conditions.extend(audience.and_then(|audience| audience.condition.as_ref()));
    conditions.extend(&journey.only_if);
    (event, conditions)
}

fn finding(input: Input<'_>, a: usize, b: usize) -> Diagnostic {
    let (first, second) = (&input.program.journeys[a].name, &input.program.journeys[b].name);
    let start = |index: usize| {
        let map = &input.map.journeys[index];
        map.start.unwrap_or(map.name)
    };
    Diagnostic::new(
        Code::W0704,
        start(b),
        format!("`{first}` starts at the same moment, and both write to the person at once"),
        format!("`{first}` と同時に始まり、どちらもすぐに送る"),
    )
    .other(start(a), format!("`{first}` starts here"), format!("`{first}` の開始"))
    .help(
        format!("say which comes first with `priority` in `{second}`, cap messages at 1 per 1d, or narrow one of them"),
        format!("`{second}` に `priority` を付けるか、1 日 1 通の `cap` を置くか、どちらかを絞り込む"),
    )
}
