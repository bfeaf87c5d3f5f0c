//! Finds ways through a journey on which too many messages fall into one window.
//!
//! Only looks for them once it is known that there may be one; the bound itself is `windows`'.

use std::collections::{BTreeMap, VecDeque};

use crate::ir::Pc;
use crate::value::Span;

use super::apart::Apart;
use super::graph::{Edge, Graph, Way};
use super::path::{Path, Stretch};
use super::windows::Window;

/// Beyond this many places looked at, no more ways are told.
const LABELS_MAX: usize = 20_000;
/// Ways told. Conditions may close the first ones.
const WAYS_MAX: usize = 8;

/// What the search asks of the journey.
pub struct Crowd<'g> {
    pub graph: &'g Graph,
    pub counts: &'g dyn Fn(&Edge) -> bool,
    pub low: &'g dyn Fn(&Edge, usize) -> Apart,
    pub clocks: Span,
}

/// A place on the way, with the passes made of the loops around it.
type State = (Pc, Vec<(Pc, u32)>);

struct Label {
    state: State,
    /// Messages since the window's first; 0 before it.
    messages: u64,
    /// Since the window's first message.
    apart: Apart,
    via: Option<(usize, Edge)>,
}

impl Crowd<'_> {
    /// Ways on which `messages` fall into one window, those with the fewest steps first; no two with the same messages.
    pub fn find(&self, window: Window, messages: u64) -> Vec<Path> {
        let mut found: Vec<Path> = Vec::new();
        let mut labels = vec![Label { state: (0, Vec::new()), messages: 0, apart: Apart::STILL, via: None }];
        let mut nearest: BTreeMap<(State, u64), (i64, i64)> = BTreeMap::new();
        let mut open = VecDeque::from([0]);
        while let Some(index) = open.pop_front() {
            let pc = labels[index].state.0;
            for (i, edge) in self.graph.leaving(pc).iter().enumerate() {
                let Some(state) = self.after(&labels[index].state, edge) else { continue };
                for (count, apart) in self.taken(&labels[index], edge, i, window) {
                    let next = Label { state: state.clone(), messages: count, apart, via: Some((index, *edge)) };
                    if count == messages {
                        labels.push(next);
                        let path = way(&labels);
                        let sends = |path: &Path| path.edges().into_iter().filter(self.counts).collect::<Vec<_>>();
                        let last =
                            |path: &Path| sends(path).split_off(sends(path).len().saturating_sub(messages as usize));
                        if !found.iter().any(|known| last(known) == last(&path)) {
                            found.push(path);
                        }
                        if found.len() == WAYS_MAX {
                            return found;
                        }
                        continue;
                    }
                    let near = apart.nearness();
                    let known = nearest.get(&(state.clone(), count));
                    if known.is_none_or(|known| near < *known) && labels.len() < LABELS_MAX {
                        nearest.insert((state.clone(), count), near);
                        labels.push(next);
                        open.push_back(labels.len() - 1);
                    }
                }
            }
        }
        found
    }

    /// Messages in the window and the distance from its first, once the edge is taken: a message may be the first.
    fn taken(&self, from: &Label, edge: &Edge, index: usize, window: Window) -> Vec<(u64, Apart)> {
        let low = (self.low)(edge, index);
        let mut taken = Vec::with_capacity(2);
        let begun = from.messages > 0;
        match ((self.counts)(edge), begun) {
            (true, true) if from.apart.fits(window, self.clocks) => {
                taken.push((from.messages + 1, from.apart.then(low)));
            }
            (true, true) => {}
            (true, false) => taken.extend([(0, Apart::STILL), (1, low)]),
            (false, true) => taken.push((from.messages, from.apart.then(low))),
            (false, false) => taken.push((0, Apart::STILL)),
        }
        taken.retain(|(count, apart)| *count == 0 || apart.fits(window, self.clocks));
        taken
    }
    fn after(&self, (pc, passes): &State, edge: &Edge) -> Option<State> {
        let mut passes = passes.clone();
        if let Some(l) = self.graph.loop_at(*pc) {
            let made = passes.iter().position(|(head, _)| head == pc);
            let count = made.map_or(0, |i| passes[i].1);
            match edge.way {
                Way::Body if count < l.times => match made {
                    Some(i) => passes[i].1 += 1,
                    None => passes.push((*pc, 1)),
                },
                Way::Exit if count == l.times => passes.retain(|(head, _)| head != pc),
                _ => return None,
            }
        }
        Some((edge.to, passes))
    }
}

fn way(labels: &[Label]) -> Path {
    let mut stretches = Vec::new();
    let mut label = labels.last();
    let end = label.map_or(0, |l| l.state.0);
    while let Some((from, edge)) = label.and_then(|l| l.via) {
        stretches.push(Stretch::Edge(edge));
        label = labels.get(from);
    }
    stretches.reverse();
    Path { stretches, end }
}
