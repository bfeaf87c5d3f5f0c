//! `path:line` for journeys, their headers, steps, policies, messages and the lines of tests.
//!
//! Not part of what a program means.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::typed;
use crate::ir::places::{HeaderLine, Place, Places, PolicyPlaces};
use crate::schema::World;
use crate::syntax::tree::{PolicyDecl, PolicyRuleKind};
use crate::text::{Sources, Span};

use super::map::{JourneyMap, SourceMap};

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

/// `map` is of the same journeys.
pub fn places(world: &World<'_>, journeys: &[typed::Journey], map: &SourceMap, sources: &Sources) -> Places {
    let placer = Placer::new(sources);
    Places {
        steps: journeys.iter().map(|j| j.places.iter().map(|span| placer.place(*span)).collect()).collect(),
        journeys: journeys.iter().map(|j| placer.place(j.place)).collect(),
        headers: map.journeys.iter().map(|journey| header(journey, &placer)).collect(),
        policies: world.policies.iter().map(|policy| rules(policy.span, policy.data, &placer)).collect(),
        messages: map.messages.iter().map(|message| placer.place(message.name)).collect(),
    }
}

fn header(map: &JourneyMap, placer: &Placer<'_>) -> BTreeMap<HeaderLine, Place> {
    let single = [
        (HeaderLine::Purpose, map.purpose),
        (HeaderLine::Owner, map.owner),
        (HeaderLine::About, map.about),
        (HeaderLine::Policy, map.policy),
        (HeaderLine::Goal, map.goal),
        (HeaderLine::Review, map.review),
        (HeaderLine::Reentry, map.reentry),
        (HeaderLine::Holdout, map.holdout),
        (HeaderLine::Priority, map.priority),
        (HeaderLine::Stage, map.stage),
        (HeaderLine::Start, map.start),
        (HeaderLine::OnlyIf, map.only_if),
    ];
    let single = single.into_iter().filter_map(|(line, span)| Some((line, span?)));
    let exits = map.exits.iter().enumerate().map(|(i, span)| (HeaderLine::Exit(i), *span));
    let promises = map.promises.iter().enumerate().map(|(i, span)| (HeaderLine::Promise(i), *span));
    single.chain(exits).chain(promises).map(|(line, span)| (line, placer.place(span))).collect()
}

/// By kind, as the policy itself has them.
fn rules(name: Span, decl: &PolicyDecl, placer: &Placer<'_>) -> PolicyPlaces {
    let mut places = PolicyPlaces { name: placer.place(name), ..PolicyPlaces::default() };
    for rule in &decl.rules {
        let of_kind = match &rule.kind {
            PolicyRuleKind::Quiet { .. } => &mut places.quiet,
            PolicyRuleKind::Cap { .. } => &mut places.caps,
            PolicyRuleKind::Withhold { .. } => &mut places.withhold,
            PolicyRuleKind::Timezone(_)
            | PolicyRuleKind::Error
            | PolicyRuleKind::Consent(_)
            | PolicyRuleKind::Nurture { .. }
            | PolicyRuleKind::Budget { .. } => continue,
        };
        of_kind.push(placer.place(rule.span));
    }
    places
}
