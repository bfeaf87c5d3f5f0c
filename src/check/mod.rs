//! Names, types, scopes and flow: whether a project means anything, told as diagnostics.
//!
//! While checking, expressions become expressions of the program and steps become typed steps, so that meaning is
//! written once. Lays out no instructions and derives nothing from the whole program: `lower` does.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod deliver;
mod exhaustive;
mod expect;
mod expr;
mod fit;
mod flow;
mod history;
mod journey;
mod lists;
mod literal;
mod moves;
mod name;
mod operate;
mod policy;
mod record;
mod schedule;
mod segments;
mod slots;
pub mod splits;
mod start;
mod step_names;
mod steps;
mod timeline;
pub mod typed;
mod wait;

use crate::ir::timeline::Timeline;
use crate::ir::{self, Place, Policy, Segment};
use crate::schema::{Sink, Table, World};
use crate::text::{Sources, Span};
use crate::value::Zone;
use expr::Exprs;
use flow::Flow;

/// What every check may look at.
#[derive(Clone, Copy)]
pub struct Context<'c, 't> {
    pub world: &'c World<'t>,
    pub sources: &'c Sources,
    pub splits: &'c Table<ir::Split>,
}

/// Everything that was understood.
pub struct Checked {
    pub policies: Vec<Policy>,
    pub segments: Vec<Segment>,
    /// By the order of names; `None` when a journey has no start.
    pub journeys: Vec<Option<typed::Journey>>,
}

/// Checks policies, segments and journeys; mistakes go to the sink and never stop it.
pub fn check(context: Context<'_, '_>, sink: &mut Sink) -> Checked {
    let policies = policy::policies(context, sink);
    let segments = segments::segments(context, sink);
    let journeys = context.world.journeys.iter();
    let journeys = journeys.map(|entry| journey::journey(context, &policies, entry.data, sink)).collect();
    let checked = Checked { policies, segments, journeys };
    moves::moves(context, &checked, sink);
    checked
}

/// The tests that mean something; `place` says where a span is.
pub fn tests(
    context: Context<'_, '_>,
    checked: &Checked,
    place: &dyn Fn(Span) -> Place,
    sink: &mut Sink,
) -> Vec<Timeline> {
    timeline::timelines(context, checked, place, sink)
}

impl<'c, 't> Exprs<'c, 't> {
    /// A scope without a subject and without chance.
    fn plain(
        context: Context<'c, 't>,
        zone: Zone,
        bare_segments: bool,
        sink: &'c mut Sink,
        flow: &'c mut Flow<'t>,
    ) -> Exprs<'c, 't> {
        let Context { world, sources, .. } = context;
        Exprs { world, sources, sink, flow, subjects: Vec::new(), zone, bare_segments, draws: None, depth: 0 }
    }
}
