//! Two journeys that write the same thing of a person without saying which one comes first (E0702).
//!
//! Writing the same value twice is no conflict; nor are tags, which are added one by one.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::ir::{Expr, Op};
use crate::text::Span;

use super::Input;

/// One place where a journey writes.
struct Writing<'a> {
    journey: usize,
    at: Span,
    /// What is written, where it is written down.
    value: Option<&'a Expr>,
}

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    let program = input.program;
    let mut written: BTreeMap<String, Vec<Writing<'_>>> = BTreeMap::new();
    for (index, (journey, map)) in program.journeys.iter().zip(&input.map.journeys).enumerate() {
        for (pc, instruction) in journey.code.iter().enumerate() {
            let (what, at, value) = match &instruction.op {
                Op::Set { field, value } => {
                    let name = format!("profile.{}", program.profile[field.index()].name);
                    (name, map.steps[instruction.step.index()], matches!(value, Expr::Const(_)).then_some(value))
                }
                Op::Do { action, .. } => match &program.actions[action.index()].writes {
                    Some(thing) => (thing.clone(), map.part(&journey.code, pc as u32, 0), None),
                    None => continue,
                },
                _ => continue,
            };
            written.entry(what).or_default().push(Writing { journey: index, at, value });
        }
    }
    for (what, writings) in &written {
        for (i, second) in writings.iter().enumerate() {
            let rival = writings[..i].iter().find(|first| rivals(input, first, second));
            if let Some(first) = rival {
                out.push(conflict(input, what, first, second));
                break;
            }
        }
    }
}

fn rivals(input: Input<'_>, a: &Writing<'_>, b: &Writing<'_>) -> bool {
    let priority = |w: &Writing<'_>| input.program.journeys[w.journey].priority;
    let agree = a.value.is_some() && a.value == b.value;
    a.journey != b.journey && priority(a) == priority(b) && !agree
}

fn conflict(input: Input<'_>, what: &str, first: &Writing<'_>, second: &Writing<'_>) -> Diagnostic {
    let other = &input.program.journeys[first.journey].name;
    Diagnostic::new(
        Code::E0702,
        second.at,
        format!("`{what}` is written by `{other}` too"),
        format!("`{what}` は `{other}` でも書き換えられる"),
    )
    .other(
        first.at,
        "written here as well: the later one wins, whichever that is",
        "こちらでも書き換えられ、後から動いた方が残る",
    )
    .help(
        "give the two journeys different `priority`, or let one of them write it",
        "二つのジャーニーに違う `priority` を付けるか、書き換えるのを一方だけにする",
    )
}
