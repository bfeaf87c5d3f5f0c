//! Waits that outlast what they are for: the goal's window, a coupon's validity (E0501), the time until reentry (E0503).
//!
//! Only what surely passes counts; the longest a run can last is proven elsewhere.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic};
use crate::ir::exprs;
use crate::ir::{Expr, Journey, Op, Pc, Program, Reentry, SlotId, Type};
use crate::lower::map::JourneyMap;
use crate::prove::Graph;
use crate::value::CalendarPeriod;
use crate::value::time::MILLIS_PER_DAY;

use super::Input;
use super::code;

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    for (journey, map) in input.program.journeys.iter().zip(&input.map.journeys) {
        let graph = Graph::new(journey, &BTreeSet::new());
        beyond_goal(input.program, journey, map, &graph, out);
        beyond_validity(input.program, journey, map, &graph, out);
        beyond_reentry(journey, map, &graph, out);
    }
}

/// The first message that leaves only when the goal no longer counts.
fn beyond_goal(program: &Program, journey: &Journey, map: &JourneyMap, graph: &Graph, out: &mut Vec<Diagnostic>) {
    let (Some(goal), Some(goal_at)) = (&journey.goal, map.goal) else { return };
    let least = code::least(journey, graph, 0, false);
    for (pc, instruction) in journey.code.iter().enumerate() {
        let Op::Send { message, .. } = &instruction.op else { continue };
        if least[pc].is_none_or(|passed| passed <= goal.within.longest()) {
            continue;
        }
        if !program.messages[message.index()].channel.is_personal() {
            continue;
        }
        let within = goal.within;
        let passed = code::least_told(journey, graph, 0, false)[pc].unwrap_or_default();
        let mut finding = Diagnostic::new(
            Code::E0501,
            map.part(&journey.code, pc as Pc, 0),
            "this message leaves when the goal no longer counts",
            "このメッセージは、目標を数える期間が過ぎてから送られる",
        )
        .here(format!("at least {passed} after entry"), format!("入ってから少なくとも {passed} 後"))
        .other(
            goal_at,
            format!("counted for {within} after entry"),
            format!("入ってから {within} の間だけ数える"),
        );
        if let Some(wait) = longest_wait(journey, graph, 0, pc as Pc) {
            finding =
                finding.other(map.steps[wait.index()], "most of the time passes here", "時間の多くはここで過ぎる");
        }
        out.push(
            finding.help(
                "give the goal a longer window, or wait for a shorter time",
                "目標の期間を延ばすか、待ちを短くする",
            ),
        );
        return;
    }
}

/// The step before `to` that waits longest.
fn longest_wait(journey: &Journey, graph: &Graph, from: Pc, to: Pc) -> Option<crate::ir::StepId> {
    let least = code::least(journey, graph, from, true);
    let before = journey.code.iter().enumerate().take(to as usize).skip(from as usize);
    let waits = before.filter_map(|(pc, instruction)| {
        let here = least[pc]?;
        let then = graph.leaving(pc as Pc).iter().filter_map(|edge| least[edge.to as usize]).max()?;
        let lasts = then.0.checked_sub(here.0).filter(|lasts| *lasts > 0)?;
        Some((lasts, instruction.step))
    });
    waits.max_by_key(|(lasts, _)| *lasts).map(|(_, step)| step)
}

/// A coupon that has run out by the time the message that carries it leaves.
fn beyond_validity(program: &Program, journey: &Journey, map: &JourneyMap, graph: &Graph, out: &mut Vec<Diagnostic>) {
    for (pc, instruction) in journey.code.iter().enumerate() {
        let Op::Do { action, params, result: Some(result), .. } = &instruction.op else { continue };
        let action = &program.actions[action.index()];
        let Some(valid) = validity(action, params) else { continue };
        let least = code::least(journey, graph, pc as Pc, false);
        let late = journey.code.iter().enumerate().skip(pc + 1).find(|(at, later)| {
            matches!(later.op, Op::Send { .. })
                && reads(&later.op, *result)
                && least[*at].is_some_and(|passed| passed > valid.longest())
        });
        let Some((at, _)) = late else { continue };
        let passed = code::least_told(journey, graph, pc as Pc, false)[at].unwrap_or_default();
        let name = &journey.slots[result.index()].name;
        out.push(
            Diagnostic::new(
                Code::E0501,
                map.part(&journey.code, at as Pc, 0),
                format!("`{name}` has run out by the time this is sent"),
                format!("送るころには `{name}` の期限が切れている"),
            )
            .here(format!("at least {passed} after it was issued"), format!("発行から少なくとも {passed} 後"))
            .other(map.part(&journey.code, pc as Pc, 0), format!("valid for {valid}"), format!("有効期間は {valid}"))
            .help(
                "issue it right before it is sent, or let it be valid for longer",
                "送る直前に発行するか、有効期間を延ばす",
            ),
        );
    }
}

/// How long what an action gives is good for: the only period it takes, if it gives an end.
fn validity(action: &crate::ir::ActionDef, params: &[Expr]) -> Option<CalendarPeriod> {
    let ends = action.gives.iter().any(|field| matches!(field.ty, Type::Date | Type::Instant));
    let mut periods = action.takes.iter().zip(params).filter(|(field, _)| field.ty == Type::Period);
    let (_, given) = periods.next()?;
    if !ends || periods.next().is_some() {
        return None;
    }
    code::written(given)
}

pub fn reads(op: &Op, slot: SlotId) -> bool {
    let mut found = false;
    exprs::in_op(op, &mut |value| {
        found |= value.any(&mut |part| matches!(part, Expr::Slot(of) if *of == slot));
    });
    found
}

/// A way through the journey that lasts longer than people have to stay away for.
fn beyond_reentry(journey: &Journey, map: &JourneyMap, graph: &Graph, out: &mut Vec<Diagnostic>) {
    let (Reentry::After(after), Some(at)) = (journey.reentry, map.reentry) else { return };
    let slowest = code::least(journey, graph, 0, true);
    let Some((end, stay)) = slowest.iter().enumerate().filter_map(|(pc, l)| Some((pc, (*l)?))).max_by_key(|(_, l)| *l)
    else {
        return;
    };
    if stay <= after.longest() {
        return;
    }
    let lasts = code::least_told(journey, graph, 0, true)[end].unwrap_or(stay);
    let days = lasts.0.div_euclid(MILLIS_PER_DAY) + i64::from(lasts.0 % MILLIS_PER_DAY > 0);
    let mut finding =
        Diagnostic::new(Code::E0503, at, "people may be inside for longer than this", "これより長く中にいる人がいる")
            .here(
                format!("whoever comes again after {after} may still be inside and is not let in"),
                format!("{after} 後に再び来ても、まだ中にいれば入れない"),
            );
    if let Some(wait) = longest_wait(journey, graph, 0, end as Pc + 1) {
        finding = finding.other(
            map.steps[wait.index()],
            format!("one way through the journey lasts {lasts} or more, most of it here"),
            format!("{lasts} 以上かかる経路があり、その多くはここで過ぎる"),
        );
    }
    out.push(
        finding
            .help(
                format!("say when they can really come again: `reentry after {days}d` or more"),
                format!("実際に再入場できる期間を書く: `reentry after {days}d` 以上"),
            )
            .fix(at, format!("reentry after {days}d")),
    );
}
