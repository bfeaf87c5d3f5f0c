//! What is wrong with a program that means something: findings over the whole of it, worded as diagnostics.
//!
//! Works on the program and the map of its places; neither types nor runs anything.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use crate::diag::Diagnostic;
use crate::ir::Program;
use crate::lower::SourceMap;
use crate::text::Sources;

/// What every lint may look at.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    pub program: &'a Program,
    pub map: &'a SourceMap,
    pub sources: &'a Sources,
}

/// All findings, in no particular order.
pub fn lint(input: Input<'_>) -> Vec<Diagnostic> {
    let _ = input;
    Vec::new()
}
