//! A way through a journey, from entry on: what a bound or a refutation points at.
//!
//! Says which outcomes follow each other, not when; the times are in the bounds.

use crate::ir::Pc;

use super::graph::Edge;

/// A connected way from the entry (pc 0) to `end`, where the run ends, rests, or has sent its last message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path {
    pub stretches: Vec<Stretch>,
    pub end: Pc,
}

/// A part of a path. Passes of a loop that are all the same are told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stretch {
    Edge(Edge),
    /// `passes` times the same way from the head of a loop back to it; each pass begins with the head's own edge.
    Passes {
        head: Pc,
        passes: u32,
        body: Vec<Stretch>,
    },
}

impl Path {
    /// Every edge in order, loops unrolled.
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges = Vec::new();
        unroll(&self.stretches, &mut edges);
        edges
    }
}

fn unroll(stretches: &[Stretch], edges: &mut Vec<Edge>) {
    for stretch in stretches {
        match stretch {
            Stretch::Edge(edge) => edges.push(*edge),
            Stretch::Passes { passes, body, .. } => (0..*passes).for_each(|_| unroll(body, edges)),
        }
    }
}
