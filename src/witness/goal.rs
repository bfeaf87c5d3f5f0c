//! What is wanted of a run, and which edges still lead there.
//!
//! Knows nothing of stories.

use crate::ir::{Channel, Journey, Op, Pc, Program};
use crate::prove::{Edge, Graph, Path, Way};

use super::way::branch;

/// What a story is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Goal {
    /// Only enter.
    Entered,
    /// Take this edge at some time. A dropped message will do for a refused one.
    Edge(Edge),
    /// Take these edges in this order, whatever comes between.
    Edges(Vec<Edge>),
    /// Take exactly this way.
    Path(Path),
    /// Get so many messages, of one channel or of all that reach people.
    Sends { count: u32, channel: Option<Channel> },
}

/// A goal made ready for one journey.
#[derive(Debug)]
pub(super) struct Aim {
    graph: Graph,
    target: Target,
}

#[derive(Debug)]
enum Target {
    None,
    /// One after the other.
    Edges(Vec<Waypoint>),
    Path(Vec<Edge>),
    /// By [`Pc`]: whether its message counts, and how many more can be sent from there, at most as many as wanted.
    Sends {
        count: u32,
        counts: Vec<bool>,
        ahead: Vec<u32>,
    },
}

/// An edge, and by [`Pc`] how far it is there: without another pass of any loop, and with all passes.
#[derive(Debug)]
struct Waypoint {
    edge: Edge,
    near: Vec<Option<u32>>,
    far: Vec<Option<u32>>,
}

impl Aim {
    pub fn new(program: &Program, journey: &Journey, goal: &Goal) -> Aim {
        let graph = Graph::new(journey, &Default::default());
        let target = match goal {
            Goal::Entered => Target::None,
            Goal::Edge(edge) => Target::Edges(vec![Waypoint::to(&graph, *edge)]),
            Goal::Edges(edges) => Target::Edges(edges.iter().map(|edge| Waypoint::to(&graph, *edge)).collect()),
            Goal::Path(path) => Target::Path(path.edges()),
            Goal::Sends { count, channel } => {
                let counts = journey.code.iter().map(|i| counts(program, &i.op, *channel)).collect::<Vec<_>>();
                let ahead = ahead(&graph, &counts, *count);
                Target::Sends { count: *count, counts, ahead }
            }
        };
        Aim { graph, target }
    }
    /// Everything asked for has been done.
    pub fn is_reached(&self, taken: &[Edge]) -> bool {
        match &self.target {
            Target::None => true,
            Target::Edges(points) => next(points, taken).is_none(),
            Target::Path(path) => taken.len() >= path.len(),
            Target::Sends { count, counts, .. } => sent(counts, taken) >= *count,
        }
    }
    /// Taken after `taken`, the edge still leads to the goal.
    pub fn admits(&self, taken: &[Edge], edge: Edge) -> bool {
        if self.is_reached(taken) {
            return true;
        }
        match &self.target {
            Target::None => true,
            Target::Edges(points) => {
                let Some(Waypoint { edge: wanted, near, far }) = next(points, taken) else { return true };
                let leads = |distance: &[Option<u32>], pc: Pc| distance.get(pc as usize).is_some_and(Option::is_some);
                // Passes are few: whoever can get there in this one does not count on the next.
                let by_passes = matches!(edge.way, Way::Body) || !leads(near, edge.from);
                branch(edge) == *wanted || leads(near, edge.to) || (by_passes && leads(far, edge.to))
            }
            Target::Path(path) => path.get(taken.len()) == Some(&edge),
            Target::Sends { count, counts, ahead } => {
                let ahead = ahead.get(edge.to as usize).copied().unwrap_or(0);
                sent(counts, taken) + sent(counts, &[edge]) + ahead >= *count
            }
        }
    }
    /// The edges from `pc` that lead to the goal, nearest first.
    pub fn wanted(&self, journey: &Journey, taken: &[Edge], pc: Pc) -> Vec<Edge> {
        let endless = matches!(journey.code.get(pc as usize).map(|i| &i.op), Some(Op::Await { up_to: None, .. }));
        let possible = |edge: &Edge| !(endless && edge.way == Way::TimeUp) && self.admits(taken, *edge);
        let mut edges: Vec<Edge> = self.graph.leaving(pc).iter().copied().filter(possible).collect();
        if let Target::Edges(points) = &self.target
            && let Some(Waypoint { edge: wanted, near, far }) = next(points, taken)
        {
            let steps = |pc: Pc| near[pc as usize].or(far[pc as usize]).unwrap_or(u32::MAX - 1);
            edges.sort_by_key(|e| if branch(*e) == *wanted { 0 } else { 1 + steps(e.to) });
        }
        edges
    }
}

impl Waypoint {
    fn to(graph: &Graph, edge: Edge) -> Waypoint {
        let (near, far) = (distances(graph, edge.from, false), distances(graph, edge.from, true));
        Waypoint { edge: branch(edge), near, far }
    }
}
/// The first that was not taken yet.
fn next<'w>(points: &'w [Waypoint], taken: &[Edge]) -> Option<&'w Waypoint> {
    let mut open = points.iter().peekable();
    for edge in taken {
        open.next_if(|point| point.edge == branch(*edge));
    }
    open.next()
}

fn counts(program: &Program, op: &Op, channel: Option<Channel>) -> bool {
    let Op::Send { message, .. } = op else { return false };
    let own = program.message(*message).channel;
    own.is_personal() && channel.is_none_or(|c| c == own)
}
fn sent(counts: &[bool], taken: &[Edge]) -> u32 {
    let is_one = |edge: &&Edge| edge.way == Way::Sent && counts.get(edge.from as usize) == Some(&true);
    taken.iter().filter(is_one).count() as u32
}
/// The most messages that can still be sent, by [`Pc`]; how often a loop passes is left to the run.
fn ahead(graph: &Graph, counts: &[bool], most: u32) -> Vec<u32> {
    let mut ahead = vec![0; graph.len()];
    let mut moved = true;
    while std::mem::take(&mut moved) {
        for pc in (0..graph.len() as Pc).rev() {
            let of =
                |edge: &Edge| (ahead.get(edge.to as usize).copied().unwrap_or(0) + sent(counts, &[*edge])).min(most);
            let best = graph.leaving(pc).iter().map(of).max().unwrap_or(0);
            moved |= best > ahead[pc as usize];
            ahead[pc as usize] = best.max(ahead[pc as usize]);
        }
    }
    ahead
}

fn distances(graph: &Graph, to: Pc, passes: bool) -> Vec<Option<u32>> {
    let mut distance = vec![None; graph.len()];
    let mut open = std::collections::VecDeque::from([to]);
    if let Some(place) = distance.get_mut(to as usize) {
        *place = Some(0);
    }
    while let Some(pc) = open.pop_front() {
        let here = distance[pc as usize].unwrap_or(0);
        for from in 0..graph.len() as Pc {
            let leads = graph.leaving(from).iter().any(|edge| edge.to == pc && (passes || !graph.is_back(edge)));
            if leads && distance[from as usize].is_none() {
                distance[from as usize] = Some(here + 1);
                open.push_back(from);
            }
        }
    }
    distance
}
