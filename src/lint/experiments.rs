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
            // Values of one step by one name are one draw.
            if let Some(places) = places.get_mut(split.index())
                && !places.contains(&(index, at))
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
        let mut told = vec![*first];
        for (again, at) in rest {
            if again == first {
                out.push(twice(input, (&split.name, *again), *first_at, *at));
            } else if !told.contains(again) {
                told.push(*again);
                out.push(elsewhere(input, &split.name, (*first, *first_at), (*again, *at)));
            }
        }
    }
}

/// Twice in one journey.
fn twice(input: Input<'_>, (name, journey): (&str, usize), first: Span, again: Span) -> Diagnostic {
    let journey = &input.program.journeys[journey].name;
    Diagnostic::new(
        Code::E0801,
        again,
        format!("experiment `{name}` is drawn from a second time in `{journey}`"),
        format!("実験 `{name}` は `{journey}` の中で二度使われている"),
    )
    .other(first, "whoever draws an arm here draws the same one again", "ここで引いた枝が、もう一度同じように出る")
    .help(
        format!(
            "if it is one question, draw once and use the value: `let {name} = split {name} {{ … }}`; if it is two, give this one its own name"
        ),
        format!(
            "一つの問いなら、一度だけ引いて値を使う: `let {name} = split {name} {{ … }}`。二つの問いなら、こちらに別の名前を付ける"
        ),
    )
}

fn elsewhere(input: Input<'_>, name: &str, first: (usize, Span), again: (usize, Span)) -> Diagnostic {
    let (of_first, of_again) = (&input.program.journeys[first.0].name, &input.program.journeys[again.0].name);
    Diagnostic::new(
        Code::E0801,
        again.1,
        format!("experiment `{name}` is drawn from in `{of_first}` too"),
        format!("実験 `{name}` は `{of_first}` でも使われている"),
    )
    .other(first.1, "whoever draws an arm here draws the same one there", "ここで引いた枝は、もう一方でも同じになる")
    .help(
        format!("name it after its journey, such as `{of_again}_{name}`: two questions, two draws"),
        format!("ジャーニーごとの名前にする (例: `{of_again}_{name}`)。問いが二つなら、抽選も二つ"),
    )
}
