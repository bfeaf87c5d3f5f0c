//! What stands in an instruction, and the least time that ways through the code take.
//!
//! Bounds from above are proven elsewhere; here is only what surely passes.

use crate::ir::{ArmOn, Expr, Journey, Op, Pc, Until};
use crate::prove::{Graph, Way};
use crate::value::{CalendarPeriod, Span as Length, Value};

use super::facts::{in_calendar, shortest};

/// A length that is written down.
pub fn written(length: &Expr) -> Option<CalendarPeriod> {
    match length {
        Expr::Const(Value::Period(period)) => Some(*period),
        Expr::Const(Value::Span(span)) => Some(CalendarPeriod::exact(*span)),
        _ => None,
    }
}

/// What surely passes when a run leaves an instruction that way.
fn passes(op: &Op, way: Way, lasts: fn(CalendarPeriod) -> Length) -> Length {
    let length = match (op, way) {
        (Op::Wait { until: Until::After(length) }, _) => Some(length),
        (Op::Await { up_to, arms, .. }, Way::TimeUp) => {
            // A refused approval ends the wait at once.
            let refusable = arms.iter().any(|arm| matches!(arm.on, ArmOn::Approval { .. }));
            up_to.as_ref().filter(|_| !refusable)
        }
        _ => None,
    };
    length.and_then(written).map_or(Length(0), lasts)
}

/// By [`Pc`]: what surely passes from `from` until a run comes there, on the quickest way or on the slowest. Loops
/// count as one pass; absent where no way leads.
pub fn least(journey: &Journey, graph: &Graph, from: Pc, slowest: bool) -> Vec<Option<Length>> {
    along(journey, graph, from, slowest, shortest)
}

/// The same for people to read: in days of the calendar.
pub fn least_told(journey: &Journey, graph: &Graph, from: Pc, slowest: bool) -> Vec<Option<Length>> {
    along(journey, graph, from, slowest, in_calendar)
}

fn along(
    journey: &Journey,
    graph: &Graph,
    from: Pc,
    slowest: bool,
    lasts: fn(CalendarPeriod) -> Length,
) -> Vec<Option<Length>> {
    let mut least: Vec<Option<Length>> = vec![None; journey.code.len()];
    if let Some(start) = least.get_mut(from as usize) {
        *start = Some(Length(0));
    }
    for (pc, instruction) in journey.code.iter().enumerate().skip(from as usize) {
        let Some(here) = least[pc] else { continue };
        for edge in graph.leaving(pc as Pc).iter().filter(|edge| !graph.is_back(edge)) {
            let then = Length(here.0.saturating_add(passes(&instruction.op, edge.way, lasts).0));
            let known = &mut least[edge.to as usize];
            *known = Some(match *known {
                Some(known) if slowest => known.max(then),
                Some(known) => known.min(then),
                None => then,
            });
        }
    }
    least
}

/// By [`Pc`]: whether a run may come there after it has waited at or behind the start.
pub fn after_wait(journey: &Journey, graph: &Graph) -> Vec<bool> {
    let mut after = vec![false; journey.code.len()];
    for (pc, instruction) in journey.code.iter().enumerate() {
        let waits = after[pc] || matches!(instruction.op, Op::Wait { .. } | Op::Await { .. });
        if waits {
            graph.leaving(pc as Pc).iter().for_each(|edge| after[edge.to as usize] = true);
        }
    }
    after
}
