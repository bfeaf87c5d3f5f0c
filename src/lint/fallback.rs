//! An `otherwise` that sends where the same message could not be sent just before (E0602).
//!
//! Knows nothing of the person; addresses that are missing are found in `flow`.

use crate::diag::{Code, Diagnostic};
use crate::ir::{Expr, Journey, Op, Pc, Program};
use crate::lower::map::JourneyMap;

use super::Input;

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    for (journey, map) in input.program.journeys.iter().zip(&input.map.journeys) {
        let mut seen = vec![false; journey.code.len()];
        for pc in 0..journey.code.len() as Pc {
            if !seen[pc as usize] {
                chain(input.program, journey, map, pc, &mut seen, out);
            }
        }
    }
}

struct Tried<'a> {
    pc: Pc,
    message: &'a crate::ir::MessageDef,
    before: Option<&'a Expr>,
}

/// A send and the sends that stand in for it, one after the other.
fn chain(
    program: &Program,
    journey: &Journey,
    map: &JourneyMap,
    first: Pc,
    seen: &mut [bool],
    out: &mut Vec<Diagnostic>,
) {
    let mut tried: Vec<Tried<'_>> = Vec::new();
    let mut next = Some(first);
    while let Some(pc) = next {
        let Some(instruction) = journey.code.get(pc as usize) else { return };
        if let (Op::Draw { .. }, false) = (&instruction.op, tried.is_empty()) {
            next = Some(pc + 1);
            continue;
        }
        let Op::Send { message, before, otherwise, .. } = &instruction.op else { return };
        seen[pc as usize] = true;
        let now = Tried { pc, message: &program.messages[message.index()], before: before.as_ref() };
        if let Some(earlier) = tried.iter().find(|earlier| shares_fate(earlier, &now)) {
            let span = |pc: Pc| map.part(&journey.code, pc, 0);
            let channel = now.message.channel.name();
            out.push(
                Diagnostic::new(
                    Code::E0602,
                    span(pc),
                    format!("this fallback goes to the same {channel} address"),
                    format!("この代わりの送信は同じ {channel} の宛先に向かう"),
                )
                .other(
                    span(earlier.pc),
                    "whatever keeps this from arriving keeps the other from it too",
                    "こちらが届かない理由は、もう一方にも当てはまる",
                )
                .help(
                    "fall back to another channel, or leave the `otherwise` out",
                    "別のチャネルで送るか、`otherwise` を外す",
                ),
            );
        }
        tried.push(now);
        next = *otherwise;
    }
}

/// Every reason for which the first is not delivered holds for the second.
fn shares_fate(first: &Tried<'_>, second: &Tried<'_>) -> bool {
    let (a, b) = (first.message, second.message);
    a.channel == b.channel
        && a.channel.is_personal()
        && a.purpose == b.purpose
        && (first.before.is_none() || first.before == second.before)
}
