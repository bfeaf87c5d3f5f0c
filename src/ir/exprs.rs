//! Every expression of a program, for what is derived from all of them.
//!
//! Judges nothing.

use super::journey::Exit;
use super::{ArmOn, Audience, Expr, Journey, Op, Program, Start, Until};

/// Visits every outermost expression that the machine may evaluate.
pub fn each<'p>(program: &'p Program, visit: &mut dyn FnMut(&'p Expr)) {
    program.segments.iter().for_each(|segment| visit(&segment.condition));
    program.policies.iter().flat_map(|p| &p.withhold).for_each(|withhold| visit(&withhold.when));
    program.journeys.iter().for_each(|journey| in_journey(journey, visit));
}

fn in_journey<'p>(journey: &'p Journey, visit: &mut dyn FnMut(&'p Expr)) {
    match &journey.start {
        Start::Event { filter, key, audience, .. } => {
            filter.iter().chain(key).for_each(&mut *visit);
            audience.iter().for_each(|audience| in_audience(audience, visit));
        }
        Start::Segment { .. } => {}
        Start::Schedule { audience, .. } | Start::At { audience, .. } => in_audience(audience, visit),
    }
    if let Some(goal) = &journey.goal {
        goal.filter.iter().for_each(&mut *visit);
        goal.template.iter().for_each(|(_, value)| visit(value));
    }
    journey.only_if.iter().for_each(&mut *visit);
    for exit in &journey.exits {
        match exit {
            Exit::Event { filter, .. } => filter.iter().for_each(&mut *visit),
            Exit::Segment { .. } => {}
        }
    }
    journey.code.iter().for_each(|instruction| in_op(&instruction.op, visit));
}

fn in_audience<'p>(audience: &'p Audience, visit: &mut dyn FnMut(&'p Expr)) {
    audience.condition.iter().for_each(visit);
}

pub fn in_op<'p>(op: &'p Op, visit: &mut dyn FnMut(&'p Expr)) {
    match op {
        Op::Wait { until: Until::After(e) | Until::Moment { moment: e, .. } } => visit(e),
        Op::Wait { until: Until::Time(_) | Until::Tomorrow(_) | Until::Weekday(..) } => {}
        Op::Await { arms, up_to, .. } => {
            for arm in arms {
                match &arm.on {
                    ArmOn::Event { filter, .. } => filter.iter().for_each(&mut *visit),
                    ArmOn::Handle { .. } | ArmOn::Approval { .. } | ArmOn::Segment { .. } => {}
                }
            }
            up_to.iter().for_each(visit);
        }
        Op::Send { params, before, .. } => params.iter().chain(before).for_each(visit),
        Op::Branch { cases, .. } => cases.iter().for_each(|(condition, _)| visit(condition)),
        Op::Do { params, .. } => params.iter().for_each(visit),
        Op::Set { value, .. } | Op::Let { value, .. } => visit(value),
        Op::Draw { .. }
        | Op::Switch { .. }
        | Op::Repeat { .. }
        | Op::Jump(_)
        | Op::Tag(_)
        | Op::Untag(_)
        | Op::Stop { .. }
        | Op::End => {}
    }
}
