//! A journey as a picture, drawn from the program: mermaid text, JSON, and an SVG for a slide. Pure: data in, text out.
//!
//! Knows how a program looks, not how it runs, and nothing of the language it was written in.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod curve;
mod graph;
mod layout;
mod mermaid;
mod shapes;
mod svg;
mod wrap;

use serde::Serialize;

use crate::ir::Channel;
use crate::words::Language;
pub use graph::diagram;
pub use mermaid::mermaid;
pub use svg::{NODES_MAX, svg};

/// Version of the JSON shape.
pub const DIAGRAM_VERSION: u32 = 1;

/// A journey's flow in plain words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagram {
    pub version: u32,
    /// Of labels and details.
    #[serde(skip)]
    pub language: Language,
    pub journey: String,
    pub title: Option<String>,
    /// What holds for the whole journey (`goal`, `leaves on`, …), in order.
    pub facts: Vec<Note>,
    /// In the order of the journey's steps; the start first.
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Note {
    /// The same in every language.
    pub name: &'static str,
    /// The name for people.
    #[serde(skip)]
    pub label: &'static str,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    #[serde(flatten)]
    pub kind: Kind,
    /// The step's stable name; absent for the start and the shared end.
    pub step: Option<String>,
    pub label: String,
    /// Further lines: conditions, deadlines, arms.
    pub details: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "channel", rename_all = "lowercase")]
pub enum Kind {
    Start,
    Wait,
    Send(Channel),
    Branch,
    Split,
    Repeat,
    Action,
    /// The person's own data changes: a tag, a field.
    Change,
    End,
    /// An end the author wrote, with a reason.
    Stop,
}

/// Ends are places in [`Diagram::nodes`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub label: Option<String>,
    /// Taken when the step above did not happen: not delivered, not in time.
    pub fallback: bool,
}

/// The diagram as one JSON document with a line end.
pub fn json(diagram: &Diagram) -> String {
    let mut text = serde_json::to_string_pretty(diagram).expect("plain data with string keys");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
