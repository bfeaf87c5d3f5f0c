//! What is wrong with a program that means something: findings over the whole of it, worded as diagnostics.
//!
//! Works on the program and the map of its places; neither types nor runs anything. One file for each kind of finding;
//! beside them `domain`, `facts` and `judge`, by which conditions are followed, `code` and `uses`.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod actions;
mod broadcast;
mod calendar;
mod code;
mod collisions;
mod conditions;
mod consent;
mod deadline;
mod domain;
mod entry;
mod experiments;
mod facts;
mod fallback;
mod findings;
mod flow;
mod judge;
mod law;
mod let_go;
mod loops;
mod manners;
pub mod names;
mod offers;
mod opens;
mod orphans;
mod personal;
mod promise;
mod repeats;
mod reviews;
mod same;
mod secrets;
mod stages;
mod stay;
mod typing;
pub mod uses;
mod view;
mod words;
mod writers;

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::ir::{MessageId, Offer, Program};
use crate::lower::SourceMap;
use crate::text::{Sources, Span};

/// What every lint may look at.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    pub program: &'a Program,
    pub map: &'a SourceMap,
    pub sources: &'a Sources,
    /// Empty where the project lists no stages.
    pub lifecycle: &'a [Stage],
}

/// A stage of a customer's life, as the settings name it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    pub name: String,
    pub at: Span,
}

/// By journey: the messages to people that hold something out, by declaration or since they name what an action gave.
pub fn offers_held_out(input: Input<'_>) -> Vec<BTreeMap<MessageId, Vec<Offer>>> {
    view::views(input).iter().map(offers::held_out).collect()
}

/// All findings, in no particular order.
pub fn lint(input: Input<'_>) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    flow::lint(input, &mut out);
    conditions::lint(input, &mut out);
    same::lint(input, &mut out);
    calendar::lint(input, &mut out);
    stages::lint(input, &mut out);
    stay::lint(input, &mut out);
    repeats::lint(input, &mut out);
    fallback::lint(input, &mut out);
    loops::lint(input, &mut out);
    writers::lint(input, &mut out);
    collisions::lint(input, &mut out);
    orphans::lint(input, &mut out);
    experiments::lint(input, &mut out);
    out.extend(promise::lint(input));
    law::lint(input, &mut out);
    out
}
