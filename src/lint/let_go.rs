//! People who have done what a journey is for, and are sold to all the same (W0315).
//!
//! Follows what a run may have missed while it waited; a run that asks before it sends has missed nothing.

use super::view::{Send, View};
use crate::diag::{Code, Diagnostic};
use crate::ir::journey::Exit;
use crate::ir::{ArmOn, EventId, Expr, Goal, MessageClass, Op, Program, SegmentId};
use crate::prove::{Edge, Way};

pub fn let_go(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let Some(goal) = &view.journey.goal else { return };
    if view.journey.exits.iter().any(|exit| leaves_by(view.input.program, exit, goal.event)) {
        return;
    }
    let missed = missed(view, goal);
    let sells = |send: &Send<'_>| send.message.class == MessageClass::Sell && missed[send.pc as usize];
    let Some(send) = view.personal_sends().find(sells) else { return };
    let event = &view.input.program.event(goal.event).name;
    let place = view.map.goal.unwrap_or(view.map.name);
    let pattern = view.input.sources.get(place.source).slice(place);
    let pattern = pattern.strip_prefix("goal").and_then(|rest| rest.split(" within").next()).map_or("", str::trim);
    let pattern = if pattern.is_empty() || pattern.contains('\n') { event.as_str() } else { pattern };
    found.push(
        Diagnostic::new(
            Code::W0315,
            place,
            format!("who reaches the goal of `{}` is not let go", view.journey.name),
            format!("`{}` の目標を達成した人が抜けられません", view.journey.name),
        )
        .here(format!("`{event}` is the goal"), format!("`{event}` が目標"))
        .other(
            send.place,
            format!("`{}` may go to someone who has reached it", send.message.name),
            "達成済みの人にも送られることがある",
        )
        .help(format!("add `exit when {pattern}`"), format!("`exit when {pattern}` を加える")),
    );
}

fn leaves_by(program: &Program, exit: &Exit, goal: EventId) -> bool {
    match exit {
        Exit::Event { event, .. } => *event == goal,
        Exit::Segment { segment, .. } => segment_asks(program, *segment, goal, 0),
    }
}

/// By pc: the goal may have been reached while the run waited, and nothing has asked since.
fn missed(view: &View<'_>, goal: &Goal) -> Vec<bool> {
    let mut missed = vec![false; view.journey.code.len()];
    let mut seen = vec![false; view.journey.code.len()];
    let mut open = vec![0];
    while let Some(pc) = open.pop() {
        seen[pc as usize] = true;
        for edge in view.graph.leaving(pc) {
            let after = passes(view, goal, edge, missed[pc as usize]);
            let to = edge.to as usize;
            if !seen[to] || after && !missed[to] {
                missed[to] = missed[to] || after;
                seen[to] = true;
                open.push(edge.to);
            }
        }
    }
    missed
}

fn passes(view: &View<'_>, goal: &Goal, edge: &Edge, before: bool) -> bool {
    match view.op(edge.from) {
        Op::Wait { .. } => true,
        Op::Await { arms, .. } => {
            let noticed = |on: &ArmOn| match on {
                ArmOn::Event { event, filter, .. } => {
                    *event == goal.event && (filter.is_none() || *filter == goal.filter)
                }
                ArmOn::Handle { .. } | ArmOn::Approval { .. } | ArmOn::Segment { .. } => false,
            };
            match edge.way {
                Way::Arm(nth) if matches!(arms[usize::from(nth)].on, ArmOn::Event { event, .. } if event == goal.event) => {
                    false
                }
                _ => before || !arms.iter().any(|arm| noticed(&arm.on)),
            }
        }
        Op::Branch { cases, .. } => before && !cases.iter().any(|(c, _)| asks(view.input.program, c, goal.event, 0)),
        Op::Send { .. }
        | Op::Draw { .. }
        | Op::Switch { .. }
        | Op::Repeat { .. }
        | Op::Jump(_)
        | Op::Do { .. }
        | Op::Tag(_)
        | Op::Untag(_)
        | Op::Set { .. }
        | Op::Let { .. }
        | Op::Stop { .. }
        | Op::End => before,
    }
}

/// Segments of segments go no deeper than the checker lets them.
const SEGMENTS_DEPTH_MAX: usize = 64;

/// Whether the condition looks at the history of the event.
fn asks(program: &Program, condition: &Expr, event: EventId, depth: usize) -> bool {
    condition.any(&mut |part| match part {
        Expr::Behaviour(behaviour) => behaviour.event == event,
        Expr::InSegment(segment) => segment_asks(program, *segment, event, depth),
        _ => false,
    })
}

fn segment_asks(program: &Program, segment: SegmentId, event: EventId, depth: usize) -> bool {
    depth < SEGMENTS_DEPTH_MAX && asks(program, &program.segments[segment.index()].condition, event, depth + 1)
}
