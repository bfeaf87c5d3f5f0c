//! A trigger that usually comes several times in a row, whose first payload is used later on (W0506).
//!
//! Goes by the event's name, as a reader would.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic};
use crate::ir::{Op, Reentry, Start};
use crate::prove::Graph;

use super::Input;
use super::{code, stay};

/// Last words of names of events that tell of something still going on.
const GOING_ON: [&str; 6] = ["updated", "changed", "viewed", "added", "edited", "scrolled"];

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    for (journey, map) in input.program.journeys.iter().zip(&input.map.journeys) {
        let (Start::Event { event, bind, key: None, settled: None, audience: None, .. }, Some(at)) =
            (&journey.start, map.start)
        else {
            continue;
        };
        let name = &input.program.events[event.index()].name;
        let repeats = name.rsplit(['_', '.']).next().is_some_and(|last| GOING_ON.contains(&last));
        if !repeats || matches!(journey.reentry, Reentry::Never) && journey.exits.is_empty() {
            continue;
        }
        let graph = Graph::new(journey, &BTreeSet::new());
        let after = code::after_wait(journey, &graph);
        let used = journey.code.iter().enumerate().find(|(pc, instruction)| {
            after[*pc]
                && matches!(instruction.op, Op::Send { .. } | Op::Do { .. } | Op::Branch { .. } | Op::Set { .. })
                && stay::reads(&instruction.op, *bind)
        });
        let Some((pc, _)) = used else { continue };
        let slot = &journey.slots[bind.index()].name;
        out.push(
            Diagnostic::new(
                Code::W0506,
                at,
                format!("`{name}` usually comes several times in a row, and the first one starts this"),
                format!("`{name}` は続けて何度も起きやすく、これは最初の一回で始まる"),
            )
            .other(
                map.part(&journey.code, pc as u32, 0),
                format!("`{slot}` is long out of date by then"),
                format!("このころには `{slot}` は古くなっている"),
            )
            .help(
                "wait until it has settled: `settled for 1h` starts with the last one",
                "落ち着くまで待つ: `settled for 1h` なら最後の一回で始まる",
            )
            .fix(crate::text::Span { start: at.end, ..at }, " settled for 1h"),
        );
    }
}
