//! The ways a run can go through a journey's code: one node per instruction, one edge per outcome.
//!
//! Knows nothing of time, counts or what a condition says; whoever knows that a way cannot be taken leaves it out.

use std::collections::BTreeSet;

use crate::ir::{Journey, Op, Pc};

/// One outcome of one instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    pub from: Pc,
    pub to: Pc,
    pub way: Way,
}

/// What the outcome is. Together with the instruction it names the edge: no two edges of one node share a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// The only way on: a plain step, a jump, the end of a `wait`.
    Next,
    /// A branch whose n-th condition is the first true one.
    Case(u16),
    /// A branch of which no condition is true.
    Else,
    /// A `wait … for` that its n-th arm ended.
    Arm(u16),
    /// A `wait … for` whose time was up, or whose approval was refused.
    TimeUp,
    /// A message accepted for dispatch; where the run waits for the provider's answer: accepted, or silent to the end of
    /// the patience.
    Sent,
    /// A message that a check dropped before dispatch (consent, reach, deadline, quiet hours, cap, withheld).
    Dropped,
    /// A message accepted for dispatch that the provider refused, while the run waited for the answer.
    Refused,
    /// A split's n-th arm.
    Drawn(u16),
    /// Another pass of a loop.
    Body,
    /// All passes of a loop are over.
    Exit,
    /// An action that answered.
    Answered,
    /// An action that failed for good, or was silent to the end of its patience.
    Failed,
}

/// A `repeat`: its body is `head + 1 .. exit`. Loops nest, and only the head leads out (or an end inside).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loop {
    pub head: Pc,
    pub exit: Pc,
    pub times: u32,
}

/// The control-flow graph of one journey.
#[derive(Debug, Clone)]
pub struct Graph {
    /// By [`Pc`]: the edges that leave it, in the order of the text. None leave an end.
    edges: Vec<Vec<Edge>>,
    /// In the order of their heads: an outer loop comes before those inside it.
    loops: Vec<Loop>,
}

impl Graph {
    /// `dead` edges are left out: ways that something else has shown can never be taken.
    pub fn new(journey: &Journey, dead: &BTreeSet<Edge>) -> Graph {
        let edges = journey.code.iter().enumerate().map(|(pc, instruction)| {
            let mut edges = Vec::new();
            leaving(pc as Pc, &instruction.op, &mut |edge| edges.push(edge));
            edges.retain(|edge| !dead.contains(edge) && (edge.to as usize) < journey.code.len());
            edges
        });
        let loops = journey.code.iter().enumerate().filter_map(|(pc, instruction)| match instruction.op {
            Op::Repeat { times, exit, .. } => Some(Loop { head: pc as Pc, exit, times }),
            _ => None,
        });
        Graph { edges: edges.collect(), loops: loops.collect() }
    }

    /// How many nodes there are: one per instruction.
    pub fn len(&self) -> usize {
        self.edges.len()
    }
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }
    pub fn leaving(&self, pc: Pc) -> &[Edge] {
        self.edges.get(pc as usize).map_or(&[], Vec::as_slice)
    }
    pub fn loops(&self) -> &[Loop] {
        &self.loops
    }
    pub fn loop_at(&self, head: Pc) -> Option<Loop> {
        self.loops.binary_search_by_key(&head, |l| l.head).ok().map(|i| self.loops[i])
    }
    /// The edge leads back to the head of a loop it is inside of. Every other edge leads forward in the code.
    pub fn is_back(&self, edge: &Edge) -> bool {
        edge.to <= edge.from
    }
    /// By [`Pc`]: whether any run can come there.
    pub fn reachable(&self) -> Vec<bool> {
        let mut seen = vec![false; self.len()];
        let mut open: Vec<Pc> = if self.is_empty() { Vec::new() } else { vec![0] };
        while let Some(pc) = open.pop() {
            if !std::mem::replace(&mut seen[pc as usize], true) {
                open.extend(self.leaving(pc).iter().map(|edge| edge.to).filter(|to| !seen[*to as usize]));
            }
        }
        seen
    }
}

fn leaving(pc: Pc, op: &Op, emit: &mut dyn FnMut(Edge)) {
    let mut to = |to: Pc, way: Way| emit(Edge { from: pc, to, way });
    match op {
        Op::Wait { .. } | Op::Draw { .. } | Op::Tag(_) | Op::Untag(_) | Op::Set { .. } | Op::Let { .. } => {
            to(pc + 1, Way::Next);
        }
        Op::Jump(target) => to(*target, Way::Next),
        Op::Await { arms, otherwise, .. } => {
            arms.iter().enumerate().for_each(|(i, arm)| to(arm.target, Way::Arm(i as u16)));
            to(*otherwise, Way::TimeUp);
        }
        Op::Send { otherwise, .. } => {
            to(pc + 1, Way::Sent);
            to(otherwise.unwrap_or(pc + 1), Way::Dropped);
            if let Some(otherwise) = otherwise {
                to(*otherwise, Way::Refused);
            }
        }
        Op::Branch { cases, otherwise } => {
            cases.iter().enumerate().for_each(|(i, (_, target))| to(*target, Way::Case(i as u16)));
            to(*otherwise, Way::Else);
        }
        Op::Switch { targets, .. } => {
            targets.iter().enumerate().for_each(|(i, target)| to(*target, Way::Drawn(i as u16)));
        }
        Op::Repeat { times, exit, .. } => {
            if *times > 0 {
                to(pc + 1, Way::Body);
            }
            to(*exit, Way::Exit);
        }
        Op::Do { otherwise, .. } => {
            to(pc + 1, Way::Answered);
            to(otherwise.unwrap_or(pc + 1), Way::Failed);
        }
        Op::Stop { .. } | Op::End => {}
    }
}
