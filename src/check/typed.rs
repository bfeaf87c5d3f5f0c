//! A journey after checking: expressions of the program in steps that are still a tree.
//!
//! Holds no judgement and no layout.

use crate::ir::{self, ActionId, Expr, HandleId, MessageId, SlotId, SplitId, StepId, Until};
use crate::text::Span;

#[derive(Debug)]
pub struct Journey {
    /// Everything but the code, which is empty.
    pub header: ir::Journey,
    pub steps: Vec<Step>,
    /// By [`StepId`].
    pub places: Vec<Span>,
    pub place: Span,
}

#[derive(Debug)]
pub struct Step {
    pub id: StepId,
    /// Drawn before anything else of the step.
    pub draws: Vec<(SplitId, SlotId)>,
    /// What diagnostics point at, by the kind of step: each condition of a branch, each arm of a wait or split, the
    /// message or action and then `before`, the duration or moment of a wait. Empty for the rest.
    pub parts: Vec<Span>,
    pub kind: StepKind,
}

#[derive(Debug)]
pub enum StepKind {
    Wait(Until),
    Await {
        arms: Vec<(ir::ArmOn, Vec<Step>)>,
        up_to: Option<Expr>,
        otherwise: Vec<Step>,
    },
    Send {
        message: MessageId,
        params: Vec<Expr>,
        before: Option<Expr>,
        handle: HandleId,
        otherwise: Option<Vec<Step>>,
    },
    Do {
        action: ActionId,
        params: Vec<Expr>,
        result: Option<SlotId>,
        otherwise: Option<Vec<Step>>,
    },
    Branch {
        cases: Vec<(Expr, Vec<Step>)>,
        otherwise: Vec<Step>,
    },
    Split {
        split: SplitId,
        slot: SlotId,
        arms: Vec<Vec<Step>>,
    },
    Repeat {
        counter: SlotId,
        times: u32,
        body: Vec<Step>,
    },
    /// One instruction that only goes on: tag, set, let.
    Plain(ir::Op),
    Stop {
        because: Option<String>,
    },
}
