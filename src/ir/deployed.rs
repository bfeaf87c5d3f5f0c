//! What a program has when people were on their way in the one before: versions of journeys, and what changed when.
//!
//! Names are only ever added: an id that was once given means the same for ever, so people, orders and stories written
//! under an older program read as they are. A changed journey is a new one beside the old, which nobody enters any more.
//! A program fresh from the compiler has none of this.

use serde::{Deserialize, Serialize};

use super::{FieldId, JourneyId, Program, SplitId, Stage, StepId};
use crate::value::Instant;

/// Of a program that is live, beside what the compiler made.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Deployed {
    /// Ordinal of the program among those that were live over the same people, from 1.
    pub generation: u32,
    /// [`Program::content_hash`] of what the compiler made.
    pub bundle: [u8; 32],
    /// By [`JourneyId`].
    pub versions: Vec<Version>,
    /// In order of generation; those that reached everybody long ago may be gone.
    pub changes: Vec<Change>,
    /// When what is counted of a split or a journey began anew.
    pub phases: Vec<Phase>,
}

/// Which journey a journey is a version of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The first journey of that line; re-entry and "at most once at a time" are judged over the whole line.
    pub line: JourneyId,
    /// The generation that brought it.
    pub since: u32,
    /// Nobody enters it any more; those inside finish.
    pub retired: bool,
    /// Steps before this number are those of earlier versions: a step's id is unique in its line, and with it each send's.
    pub first_step: u16,
}

/// What a generation meant for people who were there before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub generation: u32,
    /// When it went live. What it does to a person is done as of then, whenever they are next looked at.
    pub at: Instant,
    pub redirects: Vec<Redirect>,
    /// Fields of the profile whose type changed: the old, and the new that takes its value over where it can.
    pub retyped: Vec<(FieldId, FieldId)>,
    /// Journeys that go live: their `including members` enrols.
    pub fresh: Vec<JourneyId>,
    /// How journeys are let run from then on, where not wholly: of every line that is staged, not only of those that changed.
    #[serde(default)]
    pub stages: Vec<Stage>,
}

/// What becomes of those inside a version that was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Redirect {
    pub from: JourneyId,
    /// By the step they stand at.
    pub steps: Vec<(StepId, Fate)>,
    /// Of those at no such step; [`Fate::Stay`] unless said otherwise.
    pub others: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// Finish on the version they are on.
    Stay,
    /// The run ends.
    Stop,
    /// Go on at a step of another version.
    To { journey: JourneyId, step: StepId, timing: Timing },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timing {
    /// A wait that is under way keeps its end.
    KeepingDeadline,
    /// The step begins anew.
    Restarting,
}

/// What is counted of it before and after is not the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    pub of: PhaseOf,
    pub generation: u32,
    pub at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PhaseOf {
    Split(SplitId),
    /// The journey's goal.
    Goal(JourneyId),
}

/// What authors wrote down for those inside a version that a new one replaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moves {
    /// Name of the journey they are in.
    pub journey: String,
    /// The version it was written against, as the author named it.
    pub from: String,
    /// Name of the journey they are moved to; absent: its new version.
    pub to: Option<String>,
    /// By name of the old step.
    pub steps: Vec<(String, Planned)>,
    /// Of everybody else.
    pub others: Option<Planned>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Planned {
    Stay,
    Stop,
    To { step: String, timing: Timing },
}

impl Program {
    /// 0 for a program fresh from the compiler.
    pub fn generation(&self) -> u32 {
        self.deployed.as_deref().map_or(0, |d| d.generation)
    }
    /// What the compiler made of the sources that are live.
    pub fn bundle(&self) -> [u8; 32] {
        self.deployed.as_deref().map_or_else(|| self.content_hash(), |d| d.bundle)
    }
    fn version(&self, journey: JourneyId) -> Option<&Version> {
        self.deployed.as_deref()?.versions.get(journey.index())
    }
    /// Nobody enters it any more.
    pub fn is_retired(&self, journey: JourneyId) -> bool {
        self.version(journey).is_some_and(|version| version.retired)
    }
    /// One id for all versions of a journey.
    pub fn line(&self, journey: JourneyId) -> JourneyId {
        self.version(journey).map_or(journey, |version| version.line)
    }
    pub fn is_same_line(&self, a: JourneyId, b: JourneyId) -> bool {
        a == b || self.line(a) == self.line(b)
    }
    /// The version that people enter; absent when the journey was removed.
    pub fn current(&self, journey: JourneyId) -> Option<JourneyId> {
        if !self.is_retired(journey) {
            return Some(journey);
        }
        let line = self.line(journey);
        let all = (0..self.journeys.len() as u16).rev().map(JourneyId);
        all.into_iter().find(|other| self.line(*other) == line && !self.is_retired(*other))
    }
    /// The generation that brought a version of a journey.
    pub fn since(&self, journey: JourneyId) -> u32 {
        self.version(journey).map_or(0, |version| version.since)
    }
    /// The number of the first step that is this version's own.
    pub fn first_step(&self, journey: JourneyId) -> u16 {
        self.version(journey).map_or(0, |version| version.first_step)
    }
    /// Where a journey stands among those that one moment concerns: priority, highest first, then name.
    pub fn rank(&self, journey: JourneyId) -> (std::cmp::Reverse<i32>, &str, JourneyId) {
        let of = self.journey(journey);
        (std::cmp::Reverse(of.priority), &of.name, journey)
    }
    /// The stage that the line of a journey is at; absent where it runs wholly.
    pub fn stage(&self, journey: JourneyId) -> Option<&Stage> {
        let stages = self.stages();
        if stages.is_empty() {
            return None;
        }
        let line = self.line(journey);
        stages.iter().find(|stage| stage.line == line)
    }
    /// Of all lines that are staged.
    pub fn stages(&self) -> &[Stage] {
        self.deployed.as_deref().and_then(|d| d.changes.last()).map_or(&[], |change| &change.stages)
    }
    /// Those that were in force under an earlier generation.
    pub fn stages_under(&self, generation: u32) -> &[Stage] {
        let changes = self.deployed.as_deref().map_or(&[][..], |d| &d.changes);
        let last = changes.iter().rfind(|change| change.generation <= generation);
        last.map_or(&[], |change| &change.stages)
    }
    /// Until when the stage of a journey let nothing leave; absent where it never did, or still does.
    pub fn stood_until(&self, journey: JourneyId) -> Option<Instant> {
        let changes = self.deployed.as_deref().map_or(&[][..], |d| &d.changes);
        let line = self.line(journey);
        let stands = |change: &Change| change.stages.iter().any(|stage| stage.line == line && stage.stands());
        let last = changes.iter().rposition(stands)?;
        changes.get(last + 1).map(|change| change.at)
    }
    /// When a generation went live.
    pub fn live_at(&self, generation: u32) -> Option<Instant> {
        let changes = self.deployed.as_deref().map_or(&[][..], |d| &d.changes);
        changes.iter().find(|change| change.generation == generation).map(|change| change.at)
    }
    /// Those that somebody can enter.
    pub fn live_journeys(&self) -> impl Iterator<Item = JourneyId> + '_ {
        (0..self.journeys.len() as u16).map(JourneyId).filter(|journey| !self.is_retired(*journey))
    }
    /// Changes that somebody who was last looked at under `generation` has not gone through.
    pub fn changes_after(&self, generation: u32) -> impl Iterator<Item = &Change> {
        let changes = self.deployed.as_deref().map_or(&[][..], |d| &d.changes);
        changes.iter().filter(move |change| change.generation > generation)
    }
}
