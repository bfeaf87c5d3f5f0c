//! `path:line` for journeys, steps and the lines of tests.
//!
//! Not part of what a program means.

use std::sync::Arc;

use crate::check::typed;
use crate::ir::{Place, Places};
use crate::text::{Sources, Span};

/// Turns spans into places; each path is kept once.
pub struct Placer<'s> {
    sources: &'s Sources,
    paths: Vec<Arc<str>>,
}

impl<'s> Placer<'s> {
    pub fn new(sources: &'s Sources) -> Placer<'s> {
        Placer { sources, paths: sources.iter().map(|(_, source)| Arc::from(source.path.as_str())).collect() }
    }

    pub fn place(&self, span: Span) -> Place {
        let line = self.sources.get(span.source).line_column(span.start).0;
        Place { path: self.paths[span.source.0 as usize].clone(), line: line as u32 }
    }
}

pub fn places(journeys: &[typed::Journey], sources: &Sources) -> Places {
    let placer = Placer::new(sources);
    Places {
        steps: journeys.iter().map(|j| j.places.iter().map(|span| placer.place(*span)).collect()).collect(),
        journeys: journeys.iter().map(|j| placer.place(j.place)).collect(),
    }
}
