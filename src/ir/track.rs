//! Which segments must be watched, and what can flip them.
//!
//! Does not evaluate them; the machine does, when one of these things happens.

use std::collections::BTreeSet;

use super::journey::Exit;
use super::{ArmOn, EventId, Expr, FieldId, Op, Program, SegmentId, Start, TrackedSegment};

/// Segments that something starts, ends or waits by, in order.
pub fn tracked(program: &Program) -> Vec<TrackedSegment> {
    let mut wanted: BTreeSet<SegmentId> = BTreeSet::new();
    for journey in &program.journeys {
        if let Start::Segment { segment, .. } = &journey.start {
            wanted.insert(*segment);
        }
        for exit in &journey.exits {
            match exit {
                Exit::Segment { segment, .. } => {
                    wanted.insert(*segment);
                }
                Exit::Event { .. } => {}
            }
        }
        for instruction in &journey.code {
            let Op::Await { arms, .. } = &instruction.op else { continue };
            for arm in arms {
                match &arm.on {
                    ArmOn::Segment { segment, .. } => {
                        wanted.insert(*segment);
                    }
                    ArmOn::Event { .. } | ArmOn::Handle { .. } | ArmOn::Approval { .. } => {}
                }
            }
        }
    }
    wanted.into_iter().map(|segment| dependencies(program, segment)).collect()
}

#[derive(Default)]
struct Found {
    seen: BTreeSet<SegmentId>,
    events: BTreeSet<EventId>,
    fields: BTreeSet<FieldId>,
    by_time: bool,
}

fn dependencies(program: &Program, segment: SegmentId) -> TrackedSegment {
    let mut found = Found::default();
    let mut open = vec![segment];
    while let Some(next) = open.pop() {
        if !found.seen.insert(next) {
            continue;
        }
        program.segments[next.index()].condition.walk(0, &mut |part, _| found.note(part, &mut open));
    }
    // What is counted in local days moves with the person's zone.
    if found.by_time {
        found.fields.extend(program.person.zone);
    }
    TrackedSegment {
        segment,
        events: found.events.into_iter().collect(),
        fields: found.fields.into_iter().collect(),
        by_time: found.by_time,
    }
}

impl Found {
    fn note(&mut self, part: &Expr, open: &mut Vec<SegmentId>) {
        match part {
            Expr::Profile(field) => {
                self.fields.insert(*field);
            }
            Expr::Behaviour(behaviour) => {
                self.events.insert(behaviour.event);
                self.by_time |= behaviour.window.is_some();
            }
            Expr::InSegment(other) => open.push(*other),
            Expr::Now | Expr::Today | Expr::NextAnniversary(_) | Expr::Since { .. } => self.by_time = true,
            Expr::Const(_)
            | Expr::Slot(_)
            | Expr::Subject(_)
            | Expr::Field(..)
            | Expr::Handle(..)
            | Expr::Not(_)
            | Expr::Negate(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Compare { .. }
            | Expr::Arithmetic { .. }
            | Expr::OrElse(..)
            | Expr::IsSet(_)
            | Expr::InList { .. }
            | Expr::Narrow { .. }
            | Expr::Quantify { .. }
            | Expr::Length(_)
            | Expr::Record(_)
            | Expr::List(_)
            | Expr::Pick { .. }
            | Expr::DateOf(_) => {}
        }
    }
}
