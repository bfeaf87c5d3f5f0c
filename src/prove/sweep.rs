//! Adds something up along every way through a journey, and keeps the best: the longest time, the most messages.
//!
//! Loops cost one look at their body: whatever one pass can add, the passes add so many times.

use std::ops::Range;

use crate::ir::Pc;

use super::graph::{Edge, Graph, Loop, Way};
use super::path::{Path, Stretch};

/// What is added up. `then` and `or` are associative, `or` also keeps the better of two.
pub trait Sum: Clone + PartialEq {
    const NOTHING: Self;
    /// Passes before the last one make it better (a maximum), or worse (a minimum).
    const GROWS: bool;
    fn then(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn times(self, count: u32) -> Self;
    /// Whether `self` is to be preferred as the way that leads here.
    fn beats(&self, other: &Self) -> bool;
}

/// The best sum at every place, and the ways that lead there.
#[derive(Debug)]
pub struct Sweep<S> {
    /// By [`Pc`]: the best sum of all ways from the entry. Absent where none leads.
    pub arrival: Vec<Option<S>>,
    via: Vec<Option<Edge>>,
    /// By loop, as in the graph: the best pass. Absent if no pass comes back to the head.
    passes: Vec<Option<Pass<S>>>,
}

#[derive(Debug, Clone)]
struct Pass<S> {
    once: S,
    last: Edge,
    /// By [`Pc`] within the loop, counted from the head.
    via: Vec<Option<Edge>>,
}

/// A region under way: arrivals from its first place on.
struct Region<S> {
    from: Pc,
    arrival: Vec<Option<S>>,
    via: Vec<Option<Edge>>,
}

impl<S: Sum> Sweep<S> {
    /// `adds` is what an edge adds.
    pub fn new(graph: &Graph, adds: &dyn Fn(&Edge, usize) -> S) -> Sweep<S> {
        let mut sweep = Sweep { arrival: Vec::new(), via: Vec::new(), passes: vec![None; graph.loops().len()] };
        // Inner loops stand behind the outer ones.
        for index in (0..graph.loops().len()).rev() {
            let found = sweep.pass(graph, adds, graph.loops()[index]);
            sweep.passes[index] = found;
        }
        let region = sweep.region(graph, adds, 0..graph.len() as Pc, false).0;
        (sweep.arrival, sweep.via) = (region.arrival, region.via);
        sweep
    }

    /// The best sum of all comings, at a loop's head those behind its passes included.
    pub fn last_arrival(&self, graph: &Graph, pc: Pc) -> Option<S> {
        let first = self.arrival[pc as usize].clone()?;
        let pass =
            graph.loops().binary_search_by_key(&pc, |l| l.head).ok().map(|i| (graph.loops()[i], &self.passes[i]));
        match pass {
            Some((l, Some(pass))) if S::GROWS => Some(first.then(pass.once.clone().times(l.times))),
            _ => Some(first),
        }
    }

    fn pass(&self, graph: &Graph, adds: &dyn Fn(&Edge, usize) -> S, l: Loop) -> Option<Pass<S>> {
        let (region, back) = self.region(graph, adds, l.head..l.exit, true);
        back.map(|(once, last)| Pass { once, last, via: region.via })
    }

    /// Goes once through the places. If they are one pass of a loop, the best way back to its head comes with it.
    fn region(
        &self,
        graph: &Graph,
        adds: &dyn Fn(&Edge, usize) -> S,
        places: Range<Pc>,
        is_pass: bool,
    ) -> (Region<S>, Option<(S, Edge)>) {
        let (from, to) = (places.start, places.end);
        let size = to.saturating_sub(from) as usize;
        let mut region = Region { from, arrival: vec![None; size], via: vec![None; size] };
        let mut back: Option<(S, Edge)> = None;
        if let Some(first) = region.arrival.first_mut() {
            *first = Some(S::NOTHING);
        }
        for pc in from..to {
            let Some(here) = region.arrival[(pc - from) as usize].clone() else { continue };
            for (index, edge) in graph.leaving(pc).iter().enumerate() {
                let own_head = is_pass && pc == from;
                let Some(here) = self.around(graph, edge, here.clone(), own_head) else { continue };
                let there = here.then(adds(edge, index));
                if graph.is_back(edge) {
                    if is_pass && edge.to == from {
                        back = Some(match back {
                            Some((best, last)) => {
                                let last = if there.beats(&best) { *edge } else { last };
                                (best.or(there), last)
                            }
                            None => (there, *edge),
                        });
                    }
                } else if edge.to < to {
                    region.come(edge, there);
                }
            }
        }
        (region, back)
    }

    /// What stands before an edge out of a loop's head: the passes behind it. None if it can never be taken.
    fn around(&self, graph: &Graph, edge: &Edge, here: S, own_head: bool) -> Option<S> {
        let index = graph.loops().binary_search_by_key(&edge.from, |l| l.head);
        let (Ok(index), false) = (index, own_head) else { return Some(here) };
        let (times, pass) = (graph.loops()[index].times, &self.passes[index]);
        match (edge.way, pass) {
            (Way::Body, Some(pass)) if S::GROWS => Some(here.then(pass.once.clone().times(times.saturating_sub(1)))),
            (Way::Exit, Some(pass)) => Some(here.then(pass.once.clone().times(times))),
            (Way::Exit, None) => (times == 0).then_some(here),
            _ => Some(here),
        }
    }

    // ---- ways ----------------------------------------------------------------------------------------------------

    /// The way that `via` remembers, from the entry to `end`.
    pub fn path_to(&self, graph: &Graph, end: Pc) -> Path {
        Path { stretches: self.stretches(graph, &self.via, 0, end, false), end }
    }

    fn stretches(&self, graph: &Graph, via: &[Option<Edge>], from: Pc, end: Pc, is_pass: bool) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        let mut pc = end;
        while pc != from {
            let Some(edge) = via.get((pc - from) as usize).copied().flatten() else { break };
            stretches.push(Stretch::Edge(edge));
            let own_head = is_pass && edge.from == from;
            if !own_head {
                stretches.extend(self.passes_before(graph, &edge));
            }
            pc = edge.from;
        }
        stretches.reverse();
        stretches
    }
    fn passes_before(&self, graph: &Graph, edge: &Edge) -> Option<Stretch> {
        let index = graph.loops().binary_search_by_key(&edge.from, |l| l.head).ok()?;
        let (l, pass) = (graph.loops()[index], self.passes[index].as_ref()?);
        let passes = match edge.way {
            Way::Body if S::GROWS => l.times.saturating_sub(1),
            Way::Exit => l.times,
            _ => 0,
        };
        (passes > 0).then(|| {
            let mut body = self.stretches(graph, &pass.via, l.head, pass.last.from, true);
            body.push(Stretch::Edge(pass.last));
            Stretch::Passes { head: l.head, passes, body }
        })
    }
}

impl<S: Sum> Region<S> {
    fn come(&mut self, edge: &Edge, sum: S) {
        let place = (edge.to - self.from) as usize;
        match self.arrival[place].take() {
            None => (self.arrival[place], self.via[place]) = (Some(sum), Some(*edge)),
            Some(known) => {
                if sum.beats(&known) {
                    self.via[place] = Some(*edge);
                }
                self.arrival[place] = Some(known.or(sum));
            }
        }
    }
}
