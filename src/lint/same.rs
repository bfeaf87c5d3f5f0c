//! Splits and branches whose ways all do the same (W0204).
//!
//! Compares instructions, not what they bring about.

use crate::diag::{Code, Diagnostic};
use crate::ir::exprs;
use crate::ir::{Expr, Instruction, Journey, Op, Pc, Program};
use crate::lower::map::JourneyMap;

use super::Input;

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    for (journey, map) in input.program.journeys.iter().zip(&input.map.journeys) {
        for (pc, instruction) in journey.code.iter().enumerate() {
            match &instruction.op {
                Op::Switch { targets, .. } => arms(journey, map, pc as Pc, targets, out),
                Op::Branch { cases, otherwise } => {
                    let mut targets: Vec<Pc> = cases.iter().map(|case| case.1).collect();
                    targets.push(*otherwise);
                    branch(journey, map, pc as Pc, &targets, out);
                }
                op => values(input.program, map, instruction, op, out),
            }
        }
    }
}

/// Any two arms of an experiment that do the same.
fn arms(journey: &Journey, map: &JourneyMap, pc: Pc, targets: &[Pc], out: &mut Vec<Diagnostic>) {
    let blocks = blocks(journey, targets);
    for (i, block) in blocks.iter().enumerate() {
        if let Some(twin) = blocks[..i].iter().position(|other| alike(journey, other, block)) {
            let at = map.part(&journey.code, pc, i);
            let first = map.part(&journey.code, pc, twin);
            out.push(
                Diagnostic::new(
                    Code::W0204,
                    at,
                    "two arms of this split do the same",
                    "この分岐の二つの枝は同じことをする",
                )
                .other(first, "the same as here", "こちらと同じ")
                .help(
                    "an experiment needs a difference: change one arm, or make them one",
                    "違いがなければ実験にならない。一方を変えるか、一つにまとめる",
                ),
            );
            return;
        }
    }
}

fn branch(journey: &Journey, map: &JourneyMap, pc: Pc, targets: &[Pc], out: &mut Vec<Diagnostic>) {
    let blocks = blocks(journey, targets);
    let Some((first, rest)) = blocks.split_first() else { return };
    if rest.iter().all(|other| alike(journey, first, other)) {
        out.push(
            Diagnostic::new(
                Code::W0204,
                map.part(&journey.code, pc, 0),
                "the same happens whatever this condition says",
                "条件がどうであっても同じことが起きる",
            )
            .help("leave the condition out, or let the ways differ", "条件を外すか、枝ごとに違うことを書く"),
        );
    }
}

/// A value that is the same in two arms of its split.
fn values(program: &Program, map: &JourneyMap, instruction: &Instruction, op: &Op, out: &mut Vec<Diagnostic>) {
    let mut found = false;
    exprs::in_op(op, &mut |value| {
        found |= value.any(&mut |part| match part {
            Expr::Pick { arms, .. } => arms.iter().enumerate().any(|(i, arm)| arms[..i].contains(arm)),
            _ => false,
        });
    });
    if found {
        let at = map.steps[instruction.step.index()];
        let _ = program;
        out.push(
            Diagnostic::new(
                Code::W0204,
                at,
                "two arms of a split in this step have the same value",
                "この手順の分岐には、値の同じ枝が二つある",
            )
            .help(
                "an experiment needs a difference: change one arm, or make them one",
                "違いがなければ実験にならない。一方を変えるか、一つにまとめる",
            ),
        );
    }
}

/// The instructions of each way, up to where the ways meet.
struct Block<'a> {
    begin: Pc,
    code: &'a [Instruction],
}

fn blocks<'a>(journey: &'a Journey, targets: &[Pc]) -> Vec<Block<'a>> {
    // Blocks stand one behind the other; all but the last end in a jump to where they meet, or in an end.
    let meet = targets
        .iter()
        .skip(1)
        .filter_map(|next| match journey.code.get((*next as usize).checked_sub(1)?)?.op {
            Op::Jump(to) if to >= *next => Some(to),
            _ => None,
        })
        .max();
    let last_end = meet.unwrap_or(journey.code.len() as Pc);
    targets
        .iter()
        .enumerate()
        .map(|(i, begin)| {
            let end = targets.get(i + 1).copied().unwrap_or(last_end).max(*begin);
            let code = &journey.code[*begin as usize..(end as usize).min(journey.code.len())];
            let code = match code.split_last() {
                Some((last, rest)) if i + 1 < targets.len() && matches!(last.op, Op::Jump(to) if Some(to) == meet) => {
                    rest
                }
                _ => code,
            };
            Block { begin: *begin, code }
        })
        .collect()
}

fn alike(journey: &Journey, a: &Block<'_>, b: &Block<'_>) -> bool {
    a.code.len() == b.code.len() && a.code.iter().zip(b.code).all(|(x, y)| same(journey, (a, x), (b, y)))
}

/// The same instruction, but for where it stands and for names that nobody gave.
fn same(journey: &Journey, (a, x): (&Block<'_>, &Instruction), (b, y): (&Block<'_>, &Instruction)) -> bool {
    let to = |from: &Block<'_>, pc: Pc| i64::from(pc) - i64::from(from.begin);
    let unnamed = |of: &Instruction| match &of.op {
        Op::Send { handle, .. } => journey.handles[handle.index()].name == journey.steps[of.step.index()].name,
        _ => false,
    };
    match (&x.op, &y.op) {
        (
            Op::Send { message, params, before, handle, otherwise },
            Op::Send { message: m, params: p, before: be, handle: h, otherwise: o },
        ) => {
            message == m
                && params == p
                && before == be
                && (handle == h || unnamed(x) && unnamed(y))
                && otherwise.map(|pc| to(a, pc)) == o.map(|pc| to(b, pc))
        }
        (Op::Jump(m), Op::Jump(n)) => to(a, *m) == to(b, *n),
        (Op::Branch { cases, otherwise }, Op::Branch { cases: c, otherwise: o }) => {
            to(a, *otherwise) == to(b, *o)
                && cases.len() == c.len()
                && cases.iter().zip(c).all(|((e, m), (f, n))| e == f && to(a, *m) == to(b, *n))
        }
        (Op::Await { arms, up_to, otherwise }, Op::Await { arms: r, up_to: u, otherwise: o }) => {
            up_to == u
                && to(a, *otherwise) == to(b, *o)
                && arms.len() == r.len()
                && arms.iter().zip(r).all(|(m, n)| m.on == n.on && to(a, m.target) == to(b, n.target))
        }
        (Op::Do { action, params, result, otherwise }, Op::Do { action: c, params: p, result: r, otherwise: o }) => {
            action == c && params == p && result == r && otherwise.map(|pc| to(a, pc)) == o.map(|pc| to(b, pc))
        }
        (x, y) => x == y,
    }
}
