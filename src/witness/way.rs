//! From what the machine tells of a run to the edges of the journey's graph.
//!
//! Judges no edge.

use crate::ir::{Journey, Op, Pc};
use crate::machine::{self, Reason, Report, What};
use crate::prove::{Edge, Way};

/// What was last written about a run; it tells a refusal from a drop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Fate {
    #[default]
    Fine,
    Dropped(Reason),
    Failed,
}

impl Fate {
    pub fn note(&mut self, what: &What) {
        *self = match what {
            What::Dropped { reason, .. } => Fate::Dropped(*reason),
            What::Reported { report: Report::Bounced, .. } => Fate::Dropped(Reason::Refused),
            What::CallFailed { .. } => Fate::Failed,
            _ => return,
        };
    }
}

/// The edge that a passage is.
pub(super) fn edge(journey: &Journey, pc: Pc, way: machine::Way, fate: Fate) -> Option<Edge> {
    use machine::Way::{Arm, On, Otherwise};
    let next = pc + 1;
    let (to, way) = match (&journey.code.get(pc as usize)?.op, way) {
        (Op::Branch { cases, .. }, Arm(case)) => (cases.get(case as usize)?.1, Way::Case(case)),
        (Op::Branch { otherwise, .. }, On | Otherwise) => (*otherwise, Way::Else),
        (Op::Await { arms, .. }, Arm(arm)) => (arms.get(arm as usize)?.target, Way::Arm(arm)),
        (Op::Await { otherwise, .. }, On | Otherwise) => (*otherwise, Way::TimeUp),
        (Op::Switch { targets, .. }, Arm(arm)) => (*targets.get(arm as usize)?, Way::Drawn(arm)),
        (Op::Send { otherwise, .. }, way) => match (fate, way) {
            (Fate::Dropped(Reason::Refused | Reason::Budget), Otherwise) => (otherwise.unwrap_or(next), Way::Refused),
            (Fate::Dropped(_), _) | (_, Otherwise) => (otherwise.unwrap_or(next), Way::Dropped),
            (Fate::Fine | Fate::Failed, On | Arm(_)) => (next, Way::Sent),
        },
        (Op::Repeat { exit, .. }, Otherwise) => (*exit, Way::Exit),
        (Op::Repeat { .. }, On | Arm(_)) => (next, Way::Body),
        (Op::Do { otherwise, .. }, way) => match (fate, way) {
            (Fate::Failed, _) | (_, Otherwise) => (otherwise.unwrap_or(next), Way::Failed),
            (Fate::Fine | Fate::Dropped(_), On | Arm(_)) => (next, Way::Answered),
        },
        (Op::Jump(target), _) => (*target, Way::Next),
        (
            Op::Wait { .. }
            | Op::Draw { .. }
            | Op::Switch { .. }
            | Op::Tag(_)
            | Op::Untag(_)
            | Op::Set { .. }
            | Op::Let { .. }
            | Op::Stop { .. }
            | Op::End,
            _,
        ) => (next, Way::Next),
    };
    Some(Edge { from: pc, to, way })
}

/// To whoever wrote the journey, a message that is dropped and one that is refused are one branch.
pub(super) fn branch(edge: Edge) -> Edge {
    match edge.way {
        Way::Refused => Edge { way: Way::Dropped, ..edge },
        Way::Next
        | Way::Case(_)
        | Way::Else
        | Way::Arm(_)
        | Way::TimeUp
        | Way::Sent
        | Way::Dropped
        | Way::Drawn(_)
        | Way::Body
        | Way::Exit
        | Way::Answered
        | Way::Failed => edge,
    }
}
