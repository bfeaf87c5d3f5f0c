//! Small faults, one at a time, put into a program: would any test notice?
//!
//! Runs no test. A fault keeps the shape of the program, so that tests made for the program run on it as they are.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod conditions;
mod durations;
mod render;
mod rules;
mod steps;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::ir::journey::Exit;
use crate::ir::{
    Expr, Goal, JourneyId, MessageDef, MessageId, Op, Pc, Place, Policy, PolicyId, Program, Reentry, Start,
};
use crate::words::Both;
pub use render::{Score, json, markdown, pretty};

/// Version of the JSON shape.
pub const MUTANTS_VERSION: u32 = 1;

/// A program with one fault.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// What the fault is in: a journey, a policy or a message.
    pub of: String,
    /// Journeys whose tests could notice.
    pub journeys: Vec<JourneyId>,
    /// The step, where there is one.
    pub step: Option<String>,
    /// `wait 3 days`
    pub old: Both,
    /// `wait 4 days`; absent: what was there is gone.
    pub new: Option<Both>,
    pub place: Place,
    edit: Edit,
}

/// What is put in the place of what.
#[derive(Debug, Clone)]
enum Edit {
    Op(JourneyId, Pc, Box<Op>),
    Exits(JourneyId, Vec<Exit>),
    OnlyIf(JourneyId, Option<Expr>),
    Start(JourneyId, Box<Start>),
    Goal(JourneyId, Box<Goal>),
    Reentry(JourneyId, Reentry),
    Policy(PolicyId, Box<Policy>),
    Message(MessageId, Box<MessageDef>),
}

/// A fault that no test noticed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Survivor {
    pub of: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    pub old: Both,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Both>,
    pub path: String,
    pub line: u32,
}

impl Mutant {
    /// The program with the fault in it.
    pub fn apply(&self, program: &Program) -> Program {
        let mut program = program.clone();
        match &self.edit {
            Edit::Op(journey, pc, op) => program.journeys[journey.index()].code[*pc as usize].op = (**op).clone(),
            Edit::Exits(journey, exits) => program.journeys[journey.index()].exits = exits.clone(),
            Edit::OnlyIf(journey, only_if) => program.journeys[journey.index()].only_if = only_if.clone(),
            Edit::Start(journey, start) => program.journeys[journey.index()].start = (**start).clone(),
            Edit::Goal(journey, goal) => program.journeys[journey.index()].goal = Some((**goal).clone()),
            Edit::Reentry(journey, reentry) => program.journeys[journey.index()].reentry = *reentry,
            Edit::Policy(policy, changed) => program.policies[policy.index()] = (**changed).clone(),
            Edit::Message(message, changed) => program.messages[message.index()] = (**changed).clone(),
        }
        program
    }

    pub fn survivor(&self) -> Survivor {
        Survivor {
            of: self.of.clone(),
            step: self.step.clone(),
            old: self.old.clone(),
            new: self.new.clone(),
            path: self.place.path.to_string(),
            line: self.place.line,
        }
    }

    /// Two faults of one sign are one; a fault that changes nothing has the sign of what was there.
    fn sign(&self) -> String {
        format!("{:?}", self.edit)
    }
}

/// Every fault of the journeys asked for, and of the policies and messages they use; in the order of the text. Faults
/// that change nothing, that repeat another, or that stand where no run comes are left out.
pub fn mutants(program: &Program, asked: &dyn Fn(&str) -> bool) -> Vec<Mutant> {
    let chosen: Vec<JourneyId> =
        (0..program.journeys.len() as u16).map(JourneyId).filter(|id| asked(&program.journey(*id).name)).collect();
    let mut all = Vec::new();
    for id in &chosen {
        all.extend(rules::of_journey(program, *id));
        all.extend(steps::of_journey(program, *id));
    }
    all.extend(rules::of_policies(program, &chosen));
    all.extend(rules::of_messages(program, &chosen));
    let mut seen = BTreeSet::new();
    all.retain(|mutant: &Mutant| seen.insert(mutant.sign()));
    all
}

/// An even choice of at most `limit`, in their order.
pub fn spread(mutants: Vec<Mutant>, limit: usize) -> Vec<Mutant> {
    let count = mutants.len();
    if count <= limit {
        return mutants;
    }
    let kept: BTreeSet<usize> = (0..limit).map(|i| i * count / limit).collect();
    mutants.into_iter().enumerate().filter(|(i, _)| kept.contains(i)).map(|(_, mutant)| mutant).collect()
}
