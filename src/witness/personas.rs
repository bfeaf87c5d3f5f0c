//! Personas: few people whose stories together take every branch of every journey, and who look different enough to
//! see each message at its longest, barest and in both languages.
//!
//! Prints nothing; what no story could reach is listed with the reason.

use std::collections::BTreeSet;

use crate::ir::{JourneyId, MessageId, Op, Program};
use crate::machine::Engine;
use crate::prove::{Edge, Graph, Way};

use super::effort::Effort;
use super::enter::Manner;
use super::goal::Goal;
use super::names;
use super::sample::Look;
use super::steer::search;
use super::story::{Reason, Sent, Told};
use super::way::branch;

/// Someone made up, in a journey.
#[derive(Debug, Clone)]
pub struct Persona {
    /// A short name, English and Japanese: `Hanako · LINE only`, `花子・LINEのみ`. No two of a journey are the same.
    pub name: Reason,
    pub look: Look,
    pub journey: JourneyId,
    /// Branches of the journey that their run takes.
    pub covers: BTreeSet<Edge>,
    /// Their story. `told.story.profile` is the profile at the clock.
    pub told: Told,
    /// Made only to show messages in another look.
    pub variant: bool,
}

impl Persona {
    /// Every message they get, of this journey and of others, with its parameters and the profile at that moment.
    pub fn sends(&self) -> &[Sent] {
        &self.told.sends
    }
}

/// A branch that no story takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub journey: JourneyId,
    pub edge: Edge,
    pub why: Reason,
}

/// Personas of a program, in the order of its journeys.
#[derive(Debug, Clone, Default)]
pub struct Cast {
    pub personas: Vec<Persona>,
    pub gaps: Vec<Gap>,
    /// How many branches there are.
    pub branches: usize,
}

/// The personas of all journeys.
pub fn personas(program: &Program) -> Cast {
    let engine = Engine::tracing(program);
    let mut cast = Cast::default();
    for index in 0..program.journeys.len() as u16 {
        let part = of_journey(&engine, JourneyId(index));
        cast.personas.extend(part.personas);
        cast.gaps.extend(part.gaps);
        cast.branches += part.branches;
    }
    cast
}

/// The personas of one journey.
pub fn personas_of(program: &Program, journey: JourneyId) -> Cast {
    of_journey(&Engine::tracing(program), journey)
}

/// Every branch of a journey: each case, arm, time-out, fallback, split and pass of a loop that code can lead to.
pub fn branches(program: &Program, journey: JourneyId) -> Vec<Edge> {
    let journey = program.journey(journey);
    let graph = Graph::new(journey, &BTreeSet::new());
    let reachable = graph.reachable();
    let mut branches = BTreeSet::new();
    for (pc, instruction) in journey.code.iter().enumerate().filter(|(pc, _)| reachable[*pc]) {
        let is_branch = |edge: &Edge| match &instruction.op {
            Op::Branch { .. } | Op::Switch { .. } | Op::Repeat { .. } => true,
            Op::Await { up_to, .. } => up_to.is_some() || edge.way != Way::TimeUp,
            Op::Send { otherwise, .. } | Op::Do { otherwise, .. } => otherwise.is_some(),
            Op::Wait { .. }
            | Op::Draw { .. }
            | Op::Jump(_)
            | Op::Tag(_)
            | Op::Untag(_)
            | Op::Set { .. }
            | Op::Let { .. }
            | Op::Stop { .. }
            | Op::End => false,
        };
        branches.extend(graph.leaving(pc as u32).iter().filter(|e| is_branch(e)).map(|e| branch(*e)));
    }
    branches.into_iter().collect()
}

fn of_journey(engine: &Engine<'_>, journey: JourneyId) -> Cast {
    let branches = branches(engine.program(), journey);
    let mut cast = Cast { branches: branches.len(), ..Cast::default() };
    let mut open: BTreeSet<Edge> = branches.iter().copied().collect();
    let mut goals: Vec<Goal> = Vec::new();
    // Deepest first: who gets there passes much on the way.
    while let Some(edge) = open.pop_last() {
        let goal = Goal::Edge(edge);
        match search(engine, journey, &goal, Manner::usual(Look::Japanese), &mut |_| true, &mut Effort::endless()) {
            Ok(told) => {
                let covers = covered(&told, &branches);
                open.retain(|edge| !covers.contains(edge));
                cast.personas.push(persona(Look::Japanese, journey, covers, told));
                goals.push(goal);
            }
            Err(why) => cast.gaps.push(Gap { journey, edge, why }),
        }
    }
    if branches.is_empty()
        && let Ok(told) = search(
            engine,
            journey,
            &Goal::Entered,
            Manner::usual(Look::Japanese),
            &mut |_| true,
            &mut Effort::endless(),
        )
    {
        cast.personas.push(persona(Look::Japanese, journey, BTreeSet::new(), told));
        goals.push(Goal::Entered);
    }
    cast.gaps.retain(|gap| !cast.personas.iter().any(|p| p.covers.contains(&gap.edge)));
    cast.gaps.sort_by_key(|gap| gap.edge);
    reduce(&mut cast.personas, &mut goals);
    add_looks(engine, journey, &branches, &mut cast.personas, &goals);
    names::name(engine.program(), &mut cast.personas);
    cast
}

fn persona(look: Look, journey: JourneyId, covers: BTreeSet<Edge>, told: Told) -> Persona {
    Persona { name: Reason::new("", ""), look, journey, covers, told, variant: false }
}

fn covered(told: &Told, branches: &[Edge]) -> BTreeSet<Edge> {
    told.edges.iter().map(|edge| branch(*edge)).filter(|edge| branches.binary_search(edge).is_ok()).collect()
}

/// Takes out who takes no branch of their own; the latest first, since the earliest went deepest.
fn reduce(personas: &mut Vec<Persona>, goals: &mut Vec<Goal>) {
    let mut index = personas.len();
    while index > 0 && personas.len() > 1 {
        index -= 1;
        let others = || personas.iter().enumerate().filter(|(i, _)| *i != index).map(|(_, p)| p);
        let needless = personas[index].covers.iter().all(|edge| others().any(|p| p.covers.contains(edge)));
        if needless {
            personas.remove(index);
            goals.remove(index);
        }
    }
}

/// For every message that the journey sends, the same story with people and texts of another look.
fn add_looks(engine: &Engine<'_>, journey: JourneyId, branches: &[Edge], personas: &mut Vec<Persona>, goals: &[Goal]) {
    let mut seen: BTreeSet<MessageId> = BTreeSet::new();
    let mut variants = Vec::new();
    for (persona, goal) in personas.iter().zip(goals) {
        let sent = sent_by(&persona.told, journey);
        if sent.is_subset(&seen) {
            continue;
        }
        seen.extend(&sent);
        for look in [Look::English, Look::Long, Look::Bare] {
            if let Ok(told) = search(engine, journey, goal, Manner::usual(look), &mut |_| true, &mut Effort::endless())
            {
                let covers = covered(&told, branches);
                variants.push(Persona { variant: true, ..self::persona(look, journey, covers, told) });
            }
        }
    }
    personas.extend(variants);
}
fn sent_by(told: &Told, journey: JourneyId) -> BTreeSet<MessageId> {
    told.sends.iter().filter(|sent| sent.journey == journey).map(|sent| sent.message).collect()
}
