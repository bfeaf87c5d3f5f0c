//! What becomes of each group of people inside, and what somebody must decide first.
//!
//! By default whoever is inside finishes on the version they are on. Only where the ground goes from under them, because
//! their step or journey is no more, must somebody say what is meant.

use serde::{Deserialize, Serialize};

use super::{Heads, version_name};
use crate::diff::{self, Counterpart};
use crate::ir::{
    Expr, Fate, Instruction, JourneyId, Moves, Op, Planned, Program, Redirect, SlotId, StepId, Type, exprs,
};
use crate::link::Linked;

/// What happened to the step that a group stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The step says the same; something before or behind it changed.
    Elsewhere,
    /// It waits or asks for something else now.
    Changed,
    /// It is gone, or something of another kind stands there.
    Removed,
    JourneyRemoved,
    /// Held out of the journey: at no step.
    HeldOut,
}

/// People at one step of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub journey: String,
    /// `v3`: since the third version of the whole.
    pub version: String,
    /// Absent: held out.
    pub step: Option<String>,
    pub heads: u64,
    pub class: Class,
    /// In the words of `moves`: `stay`, `to stop`, `to wait_1 keeping deadline`.
    pub fate: String,
    /// Whether `moves` says so; else it is the rule.
    pub said: bool,
    #[serde(skip)]
    pub id: Option<(JourneyId, Option<StepId>)>,
    #[serde(skip)]
    pub decided: Option<Fate>,
}

/// Why a plan cannot be carried out as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "problem")]
pub enum Problem {
    /// Nobody said what becomes of them.
    Unsaid { journey: String, version: String, step: Option<String>, heads: u64, journey_removed: bool },
    /// `moves` names something that is not there.
    NoSuchStep { journey: String, version: String, step: String },
    /// `moves` is for a version that nobody knows.
    NoSuchVersion { journey: String, from: String, known: Vec<String> },
    /// Whoever is moved there would lack a value that is asked for later.
    Lacks { journey: String, step: String, value: String },
    /// More is asked of an event's past than was kept: what people did before does not count.
    NotKept { event: String },
    /// The programs cannot be put into one.
    Unlinkable { why: String },
}

impl Problem {
    /// It stops nobody: it only has no effect.
    pub fn is_note(&self) -> bool {
        matches!(self, Problem::NoSuchVersion { .. } | Problem::NotKept { .. })
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fates {
    pub groups: Vec<Group>,
    pub redirects: Vec<Redirect>,
    pub problems: Vec<Problem>,
}

/// A version that somebody may be inside of and that nobody enters any more.
struct Old<'a> {
    id: JourneyId,
    /// What took its place, if anything did.
    new: Option<JourneyId>,
    /// Retired by this change, not by an earlier one.
    now: bool,
    counterparts: Vec<Counterpart>,
    moves: Option<&'a Moves>,
}

/// Decides for everybody who is inside something that the change touches.
pub fn decide(linked: &Linked, heads: &Heads) -> Fates {
    let program = &linked.program;
    let mut fates = Fates::default();
    let mut used = vec![false; program.moves.len()];
    for index in 0..program.journeys.len() {
        let id = JourneyId(index as u16);
        if !program.is_retired(id) {
            continue;
        }
        let replaced = linked.replaced.iter().find(|replaced| replaced.old == id);
        let moves = program.moves.iter().position(|moves| is_for(program, id, moves));
        if let Some(at) = moves {
            used[at] = true;
        }
        if replaced.is_none() && moves.is_none() {
            continue;
        }
        let new = match replaced {
            Some(replaced) => replaced.new,
            None => program.current(id),
        };
        let counterparts = new.map(|new| diff::counterparts((program, id), (program, new))).unwrap_or_default();
        let moves = moves.map(|at| &program.moves[at]);
        one(program, heads, Old { id, new, now: replaced.is_some(), counterparts, moves }, &mut fates);
    }
    for (moves, _) in program.moves.iter().zip(used).filter(|(_, used)| !used) {
        let all = (0..program.journeys.len() as u16).map(JourneyId);
        let known = all.filter(|id| program.journey(*id).name == moves.journey && program.is_retired(*id));
        let known = known.map(|id| version_name(program, id)).collect();
        let (journey, from) = (moves.journey.clone(), moves.from.clone());
        fates.problems.push(Problem::NoSuchVersion { journey, from, known });
    }
    for event in &linked.not_kept {
        fates.problems.push(Problem::NotKept { event: program.event(*event).name.clone() });
    }
    fates
}

/// `from "v3"` is the version of the journey that was live in the third version of the whole.
fn is_for(program: &Program, id: JourneyId, moves: &Moves) -> bool {
    let Ok(generation) = moves.from.trim_start_matches(['v', 'V']).parse::<u32>() else { return false };
    let journey = program.journey(id);
    let until = (id.index() + 1..program.journeys.len())
        .map(|index| JourneyId(index as u16))
        .find(|other| program.is_same_line(*other, id))
        .map_or(program.generation(), |next| program.since(next));
    journey.name == moves.journey && (program.since(id).max(1)..until).contains(&generation)
}

fn own_steps(program: &Program, id: JourneyId) -> impl Iterator<Item = (StepId, &str)> {
    let first = program.first_step(id);
    let steps = program.journey(id).steps.iter().enumerate().skip(usize::from(first));
    steps.map(|(index, step)| (StepId(index as u16), step.name.as_str()))
}

fn one(program: &Program, heads: &Heads, old: Old<'_>, fates: &mut Fates) {
    let journey = program.journey(old.id);
    let version = version_name(program, old.id);
    let target = match old.moves.and_then(|moves| moves.to.as_deref()) {
        Some(other) => program.journey_named(other).filter(|id| !program.is_retired(*id)),
        None => old.new,
    };
    let others = old.moves.and_then(|moves| moves.others.as_ref());
    let mut redirect = Redirect { from: old.id, steps: Vec::new(), others: Fate::Stay };
    let read = |planned: &Planned, fates: &mut Fates| match planned {
        Planned::Stay => Some(Fate::Stay),
        Planned::Stop => Some(Fate::Stop),
        Planned::To { step, timing } => {
            let found = target.and_then(|id| own_steps(program, id).find(|(_, name)| name == step).map(|s| (id, s.0)));
            let Some((id, step_id)) = found else {
                let (journey, version, step) = (journey.name.clone(), version.clone(), step.clone());
                fates.problems.push(Problem::NoSuchStep { journey, version, step });
                return None;
            };
            for value in lacking(program, old.id, id, step_id) {
                let (journey, step) = (program.journey(id).name.clone(), step.clone());
                let problem = Problem::Lacks { journey, step, value };
                if !fates.problems.contains(&problem) {
                    fates.problems.push(problem);
                }
            }
            Some(Fate::To { journey: id, step: step_id, timing: *timing })
        }
    };
    for (step, planned) in old.moves.iter().flat_map(|moves| &moves.steps) {
        match own_steps(program, old.id).find(|(_, name)| name == step) {
            Some((id, _)) => redirect.steps.extend(read(planned, fates).map(|fate| (id, fate))),
            None => {
                let (journey, version, step) = (journey.name.clone(), version.clone(), step.clone());
                fates.problems.push(Problem::NoSuchStep { journey, version, step });
            }
        }
    }
    if let Some(fate) = others.and_then(|planned| read(planned, fates)) {
        redirect.others = fate;
    }
    for ((_, step), count) in heads.iter().filter(|((id, _), count)| *id == old.id && **count > 0) {
        let name = step.map(|step| journey.steps[step.index()].name.clone());
        let class = class_of(&old, name.as_deref());
        let named = redirect.steps.iter().find(|(id, _)| Some(*id) == *step).map(|(_, fate)| *fate);
        let said = named.is_some() || others.is_some();
        let must = old.now && matches!(class, Class::Removed | Class::JourneyRemoved);
        if must && !said {
            fates.problems.push(Problem::Unsaid {
                journey: journey.name.clone(),
                version: version.clone(),
                step: name.clone(),
                heads: *count,
                journey_removed: class == Class::JourneyRemoved,
            });
        }
        let decided = named.unwrap_or(redirect.others);
        fates.groups.push(Group {
            journey: journey.name.clone(),
            version: version.clone(),
            step: name,
            heads: *count,
            class,
            fate: in_words(program, old.id, decided),
            said,
            id: Some((old.id, *step)),
            decided: Some(decided),
        });
    }
    if !redirect.steps.is_empty() || redirect.others != Fate::Stay {
        fates.redirects.push(redirect);
    }
}

fn class_of(old: &Old<'_>, step: Option<&str>) -> Class {
    let Some(step) = step else {
        return if old.new.is_some() { Class::HeldOut } else { Class::JourneyRemoved };
    };
    if old.new.is_none() {
        return Class::JourneyRemoved;
    }
    match old.counterparts.iter().find(|counterpart| counterpart.old == step) {
        Some(Counterpart { new: None, .. }) => Class::Removed,
        Some(Counterpart { is_same: true, .. }) => Class::Elsewhere,
        Some(_) | None => Class::Changed,
    }
}

/// A fate as `moves` writes it.
fn in_words(program: &Program, from: JourneyId, fate: Fate) -> String {
    match fate {
        Fate::Stay => "stay".to_owned(),
        Fate::Stop => "to stop".to_owned(),
        Fate::To { journey, step, timing } => {
            let timing = match timing {
                crate::ir::Timing::KeepingDeadline => " keeping deadline",
                crate::ir::Timing::Restarting => " restarting",
            };
            let of = program.journey(journey);
            let place = &of.steps[step.index()].name;
            match of.name == program.journey(from).name {
                true => format!("to {place}{timing}"),
                false => format!("to {}.{place}{timing}", of.name),
            }
        }
    }
}

/// Captured values that the target asks for at or behind a step, before it gets them itself, and that the old version does
/// not have.
fn lacking(program: &Program, old: JourneyId, new: JourneyId, step: StepId) -> Vec<String> {
    let (from, to) = (program.journey(old), program.journey(new));
    let Some(begin) = to.code.iter().position(|i| i.step == step) else { return Vec::new() };
    let has = |slot: SlotId| {
        let def = &to.slots[slot.index()];
        let kept = from.slots.iter().any(|s| s.name == def.name && s.ty == def.ty);
        kept || matches!(def.ty, Type::Optional(_))
    };
    let mut given: Vec<SlotId> = (0..to.slots.len() as u16).map(SlotId).filter(|slot| has(*slot)).collect();
    let mut lacking = Vec::new();
    for instruction in &to.code[begin..] {
        reads(instruction, &mut |slot| {
            let name = &to.slots[slot.index()].name;
            if !given.contains(&slot) && !lacking.contains(name) {
                lacking.push(name.clone());
            }
        });
        given.extend(writes(instruction));
    }
    lacking
}

fn reads(instruction: &Instruction, visit: &mut dyn FnMut(SlotId)) {
    exprs::in_op(&instruction.op, &mut |expr| {
        expr.walk(0, &mut |part, _| match part {
            Expr::Slot(slot) | Expr::Pick { slot, .. } => visit(*slot),
            _ => {}
        });
    });
    if let Op::Switch { slot, .. } = &instruction.op {
        visit(*slot);
    }
}

fn writes(instruction: &Instruction) -> Vec<SlotId> {
    match &instruction.op {
        Op::Draw { slot, .. } | Op::Let { slot, .. } => vec![*slot],
        Op::Repeat { counter, .. } => vec![*counter],
        Op::Do { result, .. } => result.iter().copied().collect(),
        Op::Await { arms, .. } => {
            let bound = arms.iter().filter_map(|arm| match &arm.on {
                crate::ir::ArmOn::Event { bind, .. } => *bind,
                _ => None,
            });
            bound.collect()
        }
        _ => Vec::new(),
    }
}
