//! An experiment's name drawn from in two places, so that two questions share one answer (E0801).
//!
//! Whether arms were edited while it runs is not seen here.

use crate::diag::{Code, Diagnostic};
use crate::ir::{Op, SplitId};
use crate::text::Span;

use super::Input;

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    let mut places: Vec<Vec<(usize, Span)>> = vec![Vec::new(); input.program.splits.len()];
    for (index, (journey, map)) in input.program.journeys.iter().zip(&input.map.journeys).enumerate() {
        let mut draws = |split: SplitId, at: Span| {
            if let Some(places) = places.get_mut(split.index())
                && !places.iter().any(|(of, _)| *of == index)
            {
                places.push((index, at));
            }
        };
        if let Some(holdout) = &journey.holdout {
            draws(holdout.split, map.holdout.unwrap_or(map.name));
        }
        for instruction in &journey.code {
            if let Op::Draw { split, .. } = instruction.op {
                draws(split, map.steps[instruction.step.index()]);
            }
        }
    }
    for (split, places) in input.program.splits.iter().zip(places) {
        let Some(((first, first_at), rest)) = places.split_first() else { continue };
        let name = &split.name;
        for (again, at) in rest {
            let (first, again) = (&input.program.journeys[*first].name, &input.program.journeys[*again].name);
            out.push(
                Diagnostic::new(
                    Code::E0801,
                    *at,
                    format!("experiment `{name}` is drawn from in `{first}` too"),
                    format!("実験 `{name}` は `{first}` でも使われている"),
                )
                .other(
                    *first_at,
                    "whoever draws an arm here draws the same one there",
                    "ここで引いた枝は、もう一方でも同じになる",
                )
                .help(
                    format!("name it after its journey, such as `{again}_{name}`: two questions, two draws"),
                    format!("ジャーニーごとの名前にする (例: `{again}_{name}`)。問いが二つなら、抽選も二つ"),
                ),
            );
        }
    }
}
