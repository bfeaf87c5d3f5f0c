//! What a new version means for those who are on their way in the one that is live: who stays, who goes where, who ends,
//! what they get, and what nobody has decided yet.
//!
//! Changes nothing and reads nothing: it is given two programs and the people.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod fates;
mod forecast;
mod render;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ir::{JourneyId, Program, StepId};
use crate::machine::{Engine, Input, InputKind, Person};
use crate::value::Instant;

pub use fates::{Class, Fates, Group, Problem, decide};
pub use forecast::{Forecast, Outcome, forecast};
pub use render::{markdown, people, pretty, sentence};

/// Version of the JSON shape.
pub const PLAN_VERSION: u32 = 1;

/// A plan: the difference, everybody inside, and the sources that it puts live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub plan_version: u32,
    pub made_at: String,
    pub project: String,
    /// What it was made against.
    pub from: Live,
    /// Hash of what it puts live.
    pub to: String,
    /// What changed, as `tabi diff` says it.
    pub difference: serde_json::Value,
    /// Things that hold for everybody at once, whatever version they are on.
    pub at_once: Vec<String>,
    pub people: u64,
    pub groups: Vec<Group>,
    pub problems: Vec<Problem>,
    pub forecast: Forecast,
    /// The project's files, by path.
    pub files: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    pub generation: u32,
    pub bundle: String,
}

impl Plan {
    /// Nothing changes for anybody.
    pub fn is_empty(&self) -> bool {
        self.from.bundle == self.to
    }
}

/// Where people stand: how many by journey version and step. Held out: no step.
pub type Heads = BTreeMap<(JourneyId, Option<StepId>), u64>;

/// Counts one person where they are at a moment; who was last looked at under an older program goes through the changes
/// since.
pub fn note(engine: &Engine<'_>, person: &mut Person, at: Instant, heads: &mut Heads) {
    engine.step(person, &Input { at, kind: InputKind::Wake }, &mut Vec::new());
    for run in person.runs() {
        *heads.entry((run.journey(), run.step(engine.program()))).or_default() += 1;
    }
}

/// As people see a version: `cart_abandonment v3` where there are several.
pub fn version_name(program: &Program, journey: JourneyId) -> String {
    format!("v{}", program.since(journey).max(1))
}
