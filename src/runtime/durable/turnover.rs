//! A new program takes over while people are on their way.
//!
//! Touches nobody: each person goes through the change as of its moment when next looked at, and a fan-out in pieces sees
//! to it that everybody is.

use crate::ir::{JourneyId, Program, Stage};
use crate::ports::Scope;
use crate::ports::Seat;
use crate::ports::store::Position;
use crate::value::Instant;

use super::library::Loaded;
use super::node::{Job, Node};
use super::record::Where;
use super::shard::Command;

impl<'e, 'p> Node<'_, 'e, 'p> {
    /// If another change was written down before this one, it is against a program that is no more, and nothing happens.
    pub(super) fn change_program(&mut self, position: Position, at: Instant, generation: u32) {
        if generation != self.program().generation() + 1 {
            return;
        }
        match self.library.load(generation, at) {
            Ok(loaded) => self.take_over(position, loaded),
            Err(error) => drop(self.failed.get_or_insert(error.to_string())),
        }
    }
    fn take_over(&mut self, position: Position, loaded: Loaded<'e, 'p>) {
        let program = loaded.engine.program();
        let concerns_everybody = concerns_everybody(self.program(), program);
        self.engine = loaded.engine;
        self.schema = loaded.schema;
        self.ticks = self.ticks.following(program, self.now);
        self.budgets = self.budgets.following(program);
        self.started = Some(program.bundle());
        let at = self.now;
        self.lanes.give_all(|| Command::Program { loaded, at });
        // A stop of a journey is one of all its versions.
        let stopped: Vec<String> = self
            .stops
            .iter()
            .filter_map(|scope| match scope {
                Scope::Journey(name) => Some(name.clone()),
                Scope::Everything | Scope::Channel(_) => None,
            })
            .collect();
        stopped.into_iter().for_each(|name| self.stop(Where::Journey(name), true, self.now));
        self.stand();
        if concerns_everybody {
            // Whoever an older sweep has not reached yet is reached by this one.
            self.jobs.retain(|job| !job.live);
            self.go_live(position);
        }
    }
    /// What the stages of journeys let leave.
    pub(super) fn stand(&mut self) {
        let program = self.program();
        let all = || (0..program.journeys.len() as u16).map(JourneyId);
        let standing = all().filter(|journey| program.stage(*journey).is_some_and(Stage::stands)).collect();
        let stood = all().filter_map(|journey| Some((journey, program.stood_until(journey)?))).collect();
        self.dispatcher.stand(standing, stood);
    }
    /// Everybody learns of the program, piece by piece.
    pub(super) fn go_live(&mut self, position: Position) {
        let end = self.identities.len() as Seat;
        let job = Job { id: position.0, journeys: Vec::new(), zone: None, payload: None, live: true, next: 0, end };
        self.jobs.push_back(job);
    }
}

/// Whether people have to be looked at because of a program; a share or a hold is heeded by whoever comes.
fn concerns_everybody(before: &Program, after: &Program) -> bool {
    let enrols = after.deployed.as_deref().and_then(|d| d.changes.last()).is_none_or(|change| !change.fresh.is_empty());
    let pauses = |program: &Program| -> Vec<_> {
        let paused = program.stages().iter().filter_map(|stage| Some((stage.line, stage.pause?.mode)));
        paused.collect()
    };
    enrols || before.bundle() != after.bundle() || pauses(before) != pauses(after)
}
