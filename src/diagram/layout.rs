//! Where nodes and edges stand on paper: the one door to the layout library.
//!
//! Knows sizes and connections only, nothing of journeys.

use dagre::graph::{Graph, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Down,
    Right,
}

pub struct Link {
    pub from: usize,
    pub to: usize,
    /// Zero without a label.
    pub label: Size,
}

/// Coordinates in pixels from the upper left corner.
pub struct Layout {
    pub direction: Direction,
    pub size: Size,
    /// Centres, by node.
    pub nodes: Vec<Point>,
    /// By link: the bends from one node's border to the other's, and the centre of the label.
    pub links: Vec<(Vec<Point>, Option<Point>)>,
}

pub fn layout(nodes: &[Size], links: &[Link], direction: Direction) -> Layout {
    let mut graph: Graph<NodeLabel, EdgeLabel> =
        Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: false });
    for (i, size) in nodes.iter().enumerate() {
        let label = NodeLabel { width: size.width, height: size.height, ..NodeLabel::default() };
        graph.set_node(name(i), Some(label));
    }
    for (i, link) in links.iter().enumerate() {
        let label = EdgeLabel {
            width: link.label.width,
            height: link.label.height,
            labelpos: LabelPos::Center,
            ..EdgeLabel::default()
        };
        graph.set_edge(name(link.from), name(link.to), Some(label), Some(&name(i)));
    }
    let (rankdir, nodesep, ranksep) = match direction {
        Direction::Down => (RankDir::TB, 44.0, 40.0),
        Direction::Right => (RankDir::LR, 34.0, 44.0),
    };
    let options = LayoutOptions { rankdir, nodesep, ranksep, edgesep: 24.0, ..LayoutOptions::default() };
    dagre::layout(&mut graph, Some(options));
    read(&graph, nodes, links, direction)
}

fn read(graph: &Graph<NodeLabel, EdgeLabel>, nodes: &[Size], links: &[Link], direction: Direction) -> Layout {
    let centres: Vec<Point> = (0..nodes.len())
        .map(|i| {
            let node = graph.node(&name(i));
            Point { x: node.and_then(|n| n.x).unwrap_or(0.0), y: node.and_then(|n| n.y).unwrap_or(0.0) }
        })
        .collect();
    let links: Vec<(Vec<Point>, Option<Point>)> = links
        .iter()
        .enumerate()
        .map(|(i, link)| {
            let Some(edge) = graph.edge(&name(link.from), &name(link.to), Some(&name(i))) else {
                return (Vec::new(), None);
            };
            let label = match (edge.x, edge.y) {
                (Some(x), Some(y)) if link.label.width > 0.0 => Some(Point { x, y }),
                _ => None,
            };
            (edge.points.iter().map(|p| Point { x: p.x, y: p.y }).collect(), label)
        })
        .collect();
    let mut size = Size { width: 0.0, height: 0.0 };
    let mut reach = |x: f64, y: f64| {
        size.width = size.width.max(x);
        size.height = size.height.max(y);
    };
    for (centre, node) in centres.iter().zip(nodes) {
        reach(centre.x + node.width / 2.0, centre.y + node.height / 2.0);
    }
    for (points, _) in &links {
        points.iter().for_each(|p| reach(p.x, p.y));
    }
    Layout { direction, size, nodes: centres, links }
}

fn name(i: usize) -> String {
    format!("{i:05}")
}
