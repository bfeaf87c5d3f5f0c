//! A new program over people who are on their way in another: one program in which both are.
//!
//! Everything that was once called something keeps its id, so whatever was written down under the older program reads as
//! it is. A journey whose way changed stands beside its older version, which nobody enters any more and in which those
//! inside finish. What must follow at once (policies, consents, texts of messages, exits) is replaced where it stands.
//! Judges nobody inside and reads nothing.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod exprs;
mod journeys;
mod labels;
mod stages;

use std::collections::BTreeSet;

use crate::ir::{
    Change, Deployed, EventId, Expr, FieldId, HistoryLog, HistoryNeed, JourneyId, MessageDef, MessageId, Phase,
    PhaseOf, Place, Policy, PolicyId, Program, PurposeId, Segment, SegmentId, Split, SplitId, TrackedSegment, Version,
    Withhold, history, track,
};
use crate::value::Instant;
use exprs::Scope;
use labels::Labels;
pub use labels::PURPOSES_MAX;
pub use stages::staged;

/// A program made to follow another.
#[derive(Debug, Clone)]
pub struct Linked {
    /// Its last change has no redirects yet: whoever plans puts them there.
    pub program: Program,
    /// Versions that were live and are retired by this.
    pub replaced: Vec<Replaced>,
    /// Journeys whose way stayed; their headers may have changed.
    pub kept: Vec<JourneyId>,
    /// Events of whose past more is asked from now on than was kept so far: what was before is not known.
    pub not_kept: Vec<EventId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    pub old: JourneyId,
    /// Absent: the journey was removed.
    pub new: Option<JourneyId>,
}

/// Why a program cannot follow the one that is live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlinkable {
    /// Consent is kept as a bit for each purpose that there ever was.
    TooManyPurposes { named: Vec<String> },
    /// Over the life of the data more of something was named than has a number.
    TooMany { of: &'static str },
}

/// The first program over a store.
pub fn first(new: &Program, at: Instant) -> Program {
    let journeys = (0..new.journeys.len() as u16).map(JourneyId);
    let version = |line| Version { line, since: 1, retired: false, first_step: 0 };
    let deployed = Deployed {
        generation: 1,
        bundle: new.content_hash(),
        versions: journeys.clone().map(version).collect(),
        changes: vec![Change {
            generation: 1,
            at,
            redirects: Vec::new(),
            retyped: Vec::new(),
            fresh: journeys.collect(),
            stages: Vec::new(),
        }],
        phases: Vec::new(),
    };
    Program { deployed: Some(Box::new(deployed)), ..new.clone() }
}

/// Makes `new` follow `live`.
pub fn link(live: &Program, new: &Program, at: Instant) -> Result<Linked, Unlinkable> {
    let generation = live.generation() + 1;
    let mut program = live.clone();
    let mut labels = labels::schema(&mut program, new, generation);
    if program.purposes.len() > PURPOSES_MAX {
        return Err(Unlinkable::TooManyPurposes { named: program.purposes });
    }
    let mut linker = Linker { live, new, generation, at, phases: Vec::new(), fresh: Vec::new() };
    linker.messages(&mut program, &mut labels);
    linker.segments(&mut program, &mut labels);
    linker.policies(&mut program, &mut labels);
    linker.splits(&mut program, &mut labels);
    let mut deployed = live.deployed.as_deref().cloned().unwrap_or_default();
    let (replaced, kept) = linker.journeys(&mut program, &mut labels, &mut deployed);
    deployed.generation = generation;
    deployed.bundle = new.content_hash();
    deployed.changes.push(Change {
        generation,
        at,
        redirects: Vec::new(),
        retyped: std::mem::take(&mut labels.retyped),
        fresh: linker.fresh,
        // Of a line, whatever its version.
        stages: live.stages().to_vec(),
    });
    deployed.phases.extend(linker.phases);
    program.project = new.project.clone();
    let field = |field: FieldId| labels.profile[field.index()];
    program.person.zone = new.person.zone.map(field);
    program.person.tags = new.person.tags.map(field);
    program.person.addresses = new.person.addresses.map(|address| address.map(field));
    program.moves = new.moves.clone();
    program.deployed = Some(Box::new(deployed));
    follow_exits(&mut program);
    enough_numbers(&program)?;
    let mut linked = Linked { program, replaced, kept, not_kept: Vec::new() };
    linked.derive(live);
    Ok(linked)
}

impl Linked {
    /// Drops the steps of retired versions in which nobody is any more. `live` is what it was linked to.
    pub fn vacate(&mut self, live: &Program, vacant: &BTreeSet<JourneyId>) {
        for journey in vacant.iter().filter(|journey| live.is_retired(**journey)) {
            self.program.journeys[journey.index()].code.clear();
        }
        self.derive(live);
    }
    /// What follows from all journeys together.
    fn derive(&mut self, live: &Program) {
        self.program.history = needs(live, &self.program);
        self.program.tracked = tracked(live, &self.program);
        self.not_kept = not_kept(live, &self.program);
    }
}

struct Linker<'a> {
    live: &'a Program,
    new: &'a Program,
    generation: u32,
    at: Instant,
    phases: Vec<Phase>,
    fresh: Vec<JourneyId>,
}

impl Linker<'_> {
    /// The text of a message follows at once; one with other parameters is another message.
    fn messages(&self, program: &mut Program, labels: &mut Labels) {
        for (index, def) in self.new.messages.iter().enumerate() {
            let params: Vec<_> =
                def.params.iter().map(|p| crate::ir::FieldDef { ty: labels.ty(&p.ty), ..p.clone() }).collect();
            let is_same = |m: &MessageDef| m.name == def.name && m.channel == def.channel && m.params == params;
            let known = program.messages.iter().rposition(is_same);
            let linked = MessageDef { params, purpose: labels.purposes[def.purpose.index()], ..def.clone() };
            let id = put(&mut program.messages, known, linked);
            put_place(&mut program.places.messages, id, self.new.places.messages.get(index));
            labels.messages.push(MessageId(id as u16));
        }
    }
    /// A segment with another condition is another: whoever is on an older version goes by the older.
    fn segments(&self, program: &mut Program, labels: &mut Labels) {
        const OPEN: SegmentId = SegmentId(u16::MAX);
        labels.segments = vec![OPEN; self.new.segments.len()];
        for index in 0..self.new.segments.len() {
            self.segment(index, program, labels, OPEN);
        }
    }
    fn segment(&self, index: usize, program: &mut Program, labels: &mut Labels, open: SegmentId) {
        if labels.segments[index] != open {
            return;
        }
        let def = &self.new.segments[index];
        let mut inner = Vec::new();
        def.condition.walk(0, &mut |part, _| {
            if let Expr::InSegment(other) = part {
                inner.push(other.index());
            }
        });
        inner.into_iter().filter(|other| *other != index).for_each(|other| self.segment(other, program, labels, open));
        let condition = Scope::of(self.new, labels, &[]).expr(&def.condition);
        let known = program.segments.iter().rposition(|s| s.name == def.name && s.condition == condition);
        let id = put(&mut program.segments, known, Segment { condition, ..def.clone() });
        labels.segments[index] = SegmentId(id as u16);
    }
    /// Caps, quiet hours, budgets and what is withheld follow at once: they are of no version.
    fn policies(&self, program: &mut Program, labels: &mut Labels) {
        for (index, def) in self.new.policies.iter().enumerate() {
            let scope = Scope::of(self.new, labels, &[]);
            let withhold = def.withhold.iter();
            let policy = Policy {
                withhold: withhold
                    .map(|w| Withhold { purpose: labels.purposes[w.purpose.index()], when: scope.expr(&w.when) })
                    .collect(),
                consents: def.consents.iter().map(|p: &PurposeId| labels.purposes[p.index()]).collect(),
                ..def.clone()
            };
            let known = program.policies.iter().rposition(|p| p.name == def.name);
            let id = put(&mut program.policies, known, policy);
            put_place(&mut program.places.policies, id, self.new.places.policies.get(index));
            labels.policies.push(PolicyId(id as u16));
        }
    }
    /// Other shares count for whoever has not met the split yet, and begin a new phase; other arms are another split.
    fn splits(&mut self, program: &mut Program, labels: &mut Labels) {
        let names = |split: &Split| -> Vec<String> { split.arms.iter().map(|arm| arm.name.clone()).collect() };
        for def in &self.new.splits {
            let is_same = |s: &Split| s.name == def.name && s.per_run == def.per_run && names(s) == names(def);
            let known = program.splits.iter().rposition(is_same);
            let changed = known.is_some_and(|at| program.splits[at] != *def);
            let id = SplitId(put(&mut program.splits, known, def.clone()) as u16);
            if changed {
                self.phases.push(Phase { of: PhaseOf::Split(id), generation: self.generation, at: self.at });
            }
            labels.splits.push(id);
        }
    }
    fn journeys(
        &mut self,
        program: &mut Program,
        labels: &mut Labels,
        deployed: &mut Deployed,
    ) -> (Vec<Replaced>, Vec<JourneyId>) {
        let (mut replaced, mut kept) = (Vec::new(), Vec::new());
        for (index, of) in self.new.journeys.iter().enumerate() {
            let earlier = program.journeys.iter().rposition(|j| j.name == of.name);
            let version = earlier.map(|at| deployed.versions[at].clone());
            // The same way under the same name: only what stands above the steps may differ.
            if let (Some(at), Some(version)) = (earlier, version.as_ref().filter(|version| !version.retired)) {
                let first_step = usize::from(version.first_step);
                let before = &program.journeys[at];
                let linked = journeys::journey(self.new, labels, of, &before.steps[..first_step]);
                if journeys::is_same_way(before, &linked, (version.first_step, version.first_step)) {
                    let id = JourneyId(at as u16);
                    if before.goal != linked.goal {
                        let of = PhaseOf::Goal(id);
                        self.phases.push(Phase { of, generation: self.generation, at: self.at });
                    }
                    if before.start != linked.start || before.only_if != linked.only_if {
                        self.fresh.push(id);
                    }
                    program.journeys[at] = linked;
                    self.journey_places(program, at, index, first_step);
                    kept.push(id);
                    labels.journeys.push(id);
                    continue;
                }
            }
            let id = JourneyId(program.journeys.len() as u16);
            let earlier_steps = earlier.map_or(&[][..], |at| &program.journeys[at].steps);
            let first_step = earlier_steps.len();
            let linked = journeys::journey(self.new, labels, of, earlier_steps);
            let line = version.as_ref().map_or(id, |version| version.line);
            if let (Some(at), false) = (earlier, version.is_none_or(|version| version.retired)) {
                deployed.versions[at].retired = true;
                replaced.push(Replaced { old: JourneyId(at as u16), new: Some(id) });
            }
            program.journeys.push(linked);
            let first_step_number = first_step as u16;
            deployed.versions.push(Version {
                line,
                since: self.generation,
                retired: false,
                first_step: first_step_number,
            });
            self.journey_places(program, id.index(), index, first_step);
            self.fresh.push(id);
            labels.journeys.push(id);
        }
        for at in 0..self.live.journeys.len() {
            let id = JourneyId(at as u16);
            if !deployed.versions[at].retired && !labels.journeys.contains(&id) {
                deployed.versions[at].retired = true;
                replaced.push(Replaced { old: id, new: None });
            }
        }
        (replaced, kept)
    }
    fn journey_places(&self, program: &mut Program, at: usize, index: usize, first_step: usize) {
        let (from, to) = (&self.new.places, &mut program.places);
        put_place(&mut to.journeys, at, from.journeys.get(index));
        put_place(&mut to.headers, at, from.headers.get(index));
        let mut steps = vec![Place::default(); first_step];
        steps.extend(from.steps.get(index).into_iter().flatten().cloned());
        put_place(&mut to.steps, at, Some(&steps));
    }
}

/// In the place of what was known, else behind all.
fn put<T>(all: &mut Vec<T>, known: Option<usize>, thing: T) -> usize {
    match known {
        Some(index) => {
            all[index] = thing;
            index
        }
        None => {
            all.push(thing);
            all.len() - 1
        }
    }
}

fn put_place<T: Clone + Default>(all: &mut Vec<T>, index: usize, place: Option<&T>) {
    if let Some(place) = place {
        if all.len() <= index {
            all.resize_with(index + 1, T::default);
        }
        all[index] = place.clone();
    }
}

/// Whoever is inside an older version also leaves by the exits of the newer.
fn follow_exits(program: &mut Program) {
    for index in 0..program.journeys.len() {
        let old = JourneyId(index as u16);
        let Some(current) = program.current(old).filter(|current| *current != old) else { continue };
        let more = journeys::exits_for(program.journey(old), program.journey(current));
        let exits = &mut program.journeys[index].exits;
        for exit in more {
            if !exits.contains(&exit) {
                exits.push(exit);
            }
        }
    }
}

/// Fields that are kept already keep their places in what is kept.
fn needs(live: &Program, program: &Program) -> Vec<HistoryNeed> {
    let mut needs = history::needs(program, &[]);
    for (need, before) in needs.iter_mut().zip(&live.history) {
        let added = need.fields.iter().filter(|field| !before.fields.contains(field));
        need.fields = before.fields.iter().chain(added).copied().collect();
        // A log that somebody has is not cut by a change that can be taken back.
        if need.log == HistoryLog::None && before.log != HistoryLog::None && need.fields == before.fields {
            need.log = before.log;
        }
    }
    needs
}

fn not_kept(live: &Program, program: &Program) -> Vec<EventId> {
    let asks_more = |(need, before): &(&HistoryNeed, &HistoryNeed)| {
        let longer = match (need.log, before.log) {
            (HistoryLog::None, _) | (_, HistoryLog::Forever) => false,
            (_, HistoryLog::None) | (HistoryLog::Forever, HistoryLog::Within(_)) => true,
            (HistoryLog::Within(now), HistoryLog::Within(then)) => now.longest() > then.longest(),
        };
        longer
            || (need.total && !before.total)
            || (need.ends && !before.ends)
            || need.fields.len() > before.fields.len()
    };
    let pairs = program.history.iter().zip(&live.history).enumerate();
    pairs.filter(|(_, pair)| asks_more(pair)).map(|(index, _)| EventId(index as u16)).collect()
}

/// Memberships are kept by place in this list: what is watched no more stays in it, and nothing moves it.
fn tracked(live: &Program, program: &Program) -> Vec<TrackedSegment> {
    let wanted = track::tracked(program);
    let idle = |segment| TrackedSegment { segment, events: Vec::new(), fields: Vec::new(), by_time: false };
    let known = live.tracked.iter().map(|before| {
        let still = wanted.iter().find(|t| t.segment == before.segment);
        still.cloned().unwrap_or_else(|| idle(before.segment))
    });
    let is_new = |t: &&TrackedSegment| !live.tracked.iter().any(|before| before.segment == t.segment);
    known.chain(wanted.iter().filter(is_new).cloned()).collect()
}

fn enough_numbers(program: &Program) -> Result<(), Unlinkable> {
    let counts = [
        ("journeys", program.journeys.len()),
        ("messages", program.messages.len()),
        ("actions", program.actions.len()),
        ("segments", program.segments.len()),
        ("events", program.events.len()),
        ("steps", program.journeys.iter().map(|j| j.steps.len()).max().unwrap_or_default()),
    ];
    let over = counts.into_iter().find(|(_, count)| *count >= usize::from(u16::MAX));
    over.map_or(Ok(()), |(of, _)| Err(Unlinkable::TooMany { of }))
}
