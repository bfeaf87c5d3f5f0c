//! Splits and holdouts of the whole project: one name, one set of arms, whoever draws from it.
//!
//! Does not look at what the arms do.

use crate::diag::{Code, Diagnostic};
use crate::ir::{Split, SplitArm as Arm};
use crate::schema::table::duplicate;
use crate::schema::{Entry, Sink, Table, World};
use crate::syntax::tree::{
    Block, Expr, ExprKind, HeaderKind, JourneyLine, Name, Number, RecordLit, SplitArm, Step, StepKind,
};
use crate::text::Span;

/// Arms of a holdout, in this order.
pub const HELD: &str = "held";
pub const TREATED: &str = "treated";

/// Digits after the point of a share in percent.
const SHARE_DIGITS: usize = 3;

/// Collects every split of every journey; several of one name must have the same arms (E0204).
pub fn collect(world: &World<'_>, sink: &mut Sink) -> Table<Split> {
    let mut found: Vec<Entry<Split>> = Vec::new();
    for journey in world.journeys.iter() {
        let mut add = |name: &Name, split: Split| {
            found.push(Entry { name: name.text.clone(), span: name.span, data: split });
        };
        for line in &journey.data.lines {
            match line {
                JourneyLine::Header(header) => {
                    if let HeaderKind::Holdout { percent, name } = &header.kind {
                        add(name, holdout(percent, name, sink));
                    }
                }
                JourneyLine::Step(step) => in_step(step, &mut add, sink),
                JourneyLine::Start(_) | JourneyLine::Exit { .. } | JourneyLine::OnlyIf { .. } => {}
            }
        }
    }
    found.sort_by(|a, b| (&a.name, a.span).cmp(&(&b.name, b.span)));
    let mut kept: Vec<Entry<Split>> = Vec::new();
    for entry in found {
        match kept.last() {
            Some(first) if first.name == entry.name => {
                if first.data != entry.data {
                    sink.report(different(&entry.name, entry.span, first.span));
                }
            }
            _ => kept.push(entry),
        }
    }
    Table::new(kept, ("split", "分岐"), sink)
}

fn different(name: &str, again: Span, first: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0204,
        again,
        format!("split `{name}` has other arms elsewhere"),
        format!("分岐 `{name}` の配分が別の場所と違います"),
    )
    .other(first, "first written here", "最初の定義")
    .help(
        "give it another name: people keep their arm by the split's name",
        "別の名前にしてください。人の割り当ては分岐の名前で決まります",
    )
}

fn in_steps(block: &Block, add: &mut dyn FnMut(&Name, Split), sink: &mut Sink) {
    block.steps.iter().for_each(|step| in_step(step, add, sink));
}

fn in_step(step: &Step, add: &mut dyn FnMut(&Name, Split), sink: &mut Sink) {
    match &step.kind {
        StepKind::WaitFor { arms, otherwise, .. } => {
            arms.iter().filter_map(|arm| arm.body.as_ref()).for_each(|body| in_steps(body, add, sink));
            otherwise.iter().for_each(|block| in_steps(block, add, sink));
        }
        StepKind::Send(send) => {
            in_record(send.with.as_ref(), add, sink);
            send.otherwise.iter().for_each(|block| in_steps(block, add, sink));
        }
        StepKind::If { branches, otherwise } => {
            branches.iter().for_each(|(_, block)| in_steps(block, add, sink));
            otherwise.iter().for_each(|block| in_steps(block, add, sink));
        }
        StepKind::Choose { cases, otherwise, .. } => {
            cases.iter().for_each(|case| in_steps(&case.body, add, sink));
            otherwise.iter().for_each(|block| in_steps(block, add, sink));
        }
        StepKind::Split { name, per_run, arms } => {
            let split = split(name, per_run.is_some(), arms, sink);
            add(name, split);
            arms.iter().for_each(|arm| in_steps(&arm.then, add, sink));
        }
        StepKind::Repeat { body, .. } => in_steps(body, add, sink),
        StepKind::Do { with, otherwise, .. } => {
            in_record(with.as_ref(), add, sink);
            otherwise.iter().for_each(|block| in_steps(block, add, sink));
        }
        StepKind::Let { value, .. } => in_value(value, add, sink),
        StepKind::Wait { .. }
        | StepKind::WaitUntil { .. }
        | StepKind::Tag(_)
        | StepKind::Untag(_)
        | StepKind::Set { .. }
        | StepKind::Stop { .. }
        | StepKind::Error => {}
    }
}

fn in_record(record: Option<&RecordLit>, add: &mut dyn FnMut(&Name, Split), sink: &mut Sink) {
    for (_, value) in record.iter().flat_map(|r| &r.fields) {
        in_value(value, add, sink);
    }
}

/// Only a whole value may be a split.
fn in_value(value: &Expr, add: &mut dyn FnMut(&Name, Split), sink: &mut Sink) {
    if let ExprKind::Split { name, per_run, arms } = &*value.kind {
        let split = split(name, per_run.is_some(), arms, sink);
        add(name, split);
    }
}

fn split<T>(name: &Name, per_run: bool, arms: &[SplitArm<T>], sink: &mut Sink) -> Split {
    let mut sum = Some(0u32);
    for (i, arm) in arms.iter().enumerate() {
        if let Some(first) = arms[..i].iter().find(|a| a.name.text == arm.name.text) {
            let mut diagnostic = duplicate(("arm", "枝"), &arm.name.text, arm.name.span, first.name.span);
            diagnostic.code = Code::E0204;
            sink.report(diagnostic);
        }
        sum = sum.zip(share(&arm.share, sink)).map(|(sum, share)| sum.saturating_add(share));
    }
    if let Some(sum) = sum
        && sum != Split::WHOLE
    {
        sink.report(not_whole(name, arms, sum));
    }
    let arms = arms.iter().map(|arm| arm_of(&arm.name.text, parse_share(&arm.share).unwrap_or(0)));
    Split { name: name.text.clone(), per_run, arms: arms.collect() }
}

fn not_whole<T>(name: &Name, arms: &[SplitArm<T>], sum: u32) -> Diagnostic {
    let written = percent(sum);
    let mut diagnostic = Diagnostic::new(
        Code::E0204,
        name.span,
        format!("the arms of `{}` add up to {written} %, not 100 %", name.text),
        format!("`{}` の配分の合計が {written} % です (100 % ではありません)", name.text),
    );
    if let Some(last) = arms.last() {
        let others = sum - parse_share(&last.share).unwrap_or(0).min(sum);
        diagnostic = diagnostic.other(last.share.span, "the last arm", "最後の枝");
        if others < Split::WHOLE {
            let rest = percent(Split::WHOLE - others);
            diagnostic = diagnostic.help(
                format!("`{}` would have to be {rest} %", last.name.text),
                format!("`{}` を {rest} % にすると合います", last.name.text),
            );
        }
    }
    diagnostic
}

/// `12.5` for 12 500 thousandths.
fn percent(share: u32) -> String {
    let text = format!("{}.{:03}", share / 1000, share % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Thousandths of a percent.
fn parse_share(number: &Number) -> Option<u32> {
    let (whole, fraction) = number.text.split_once('.').unwrap_or((&number.text, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > SHARE_DIGITS {
        return None;
    }
    format!("{whole}{fraction:0<SHARE_DIGITS$}").parse().ok()
}

fn share(number: &Number, sink: &mut Sink) -> Option<u32> {
    let parsed = parse_share(number).filter(|share| (1..=Split::WHOLE).contains(share));
    if parsed.is_none() {
        let text = &number.text;
        sink.report(
            Diagnostic::new(
                Code::E0104,
                number.span,
                format!("a share of {text} % says nothing possible"),
                format!("{text} % という配分はできません"),
            )
            .help("write a share above 0 % and up to 100 %", "0 % より大きく 100 % 以下で書いてください"),
        );
    }
    parsed
}

fn holdout(percent: &Number, name: &Name, sink: &mut Sink) -> Split {
    let parsed = parse_share(percent).filter(|share| (1..Split::WHOLE).contains(share));
    if parsed.is_none() {
        let text = &percent.text;
        sink.report(
            Diagnostic::new(
                Code::E0104,
                percent.span,
                format!("a holdout of {text} % says nothing possible"),
                format!("{text} % の holdout はできません"),
            )
            .help("hold out more than 0 % and less than 100 %", "0 % より大きく 100 % より小さい割合にしてください"),
        );
    }
    let held = parsed.unwrap_or(0);
    let arms = vec![arm_of(HELD, held), arm_of(TREATED, Split::WHOLE - held)];
    Split { name: name.text.clone(), per_run: false, arms }
}

fn arm_of(name: &str, share: u32) -> Arm {
    Arm { name: name.to_owned(), share }
}
