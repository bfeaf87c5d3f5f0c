//! `path:line` of what a program is made of, for stories and explanations.
//!
//! No part of what a program means, and not in its hash.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{JourneyId, MessageId, PolicyId};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Places {
    /// By [`JourneyId`], then by [`super::StepId`].
    pub steps: Vec<Vec<Place>>,
    /// By [`JourneyId`]: where it is named.
    pub journeys: Vec<Place>,
    /// By [`JourneyId`]: the lines above its steps.
    pub headers: Vec<BTreeMap<HeaderLine, Place>>,
    /// By [`PolicyId`].
    pub policies: Vec<PolicyPlaces>,
    /// By [`MessageId`]: where it is declared.
    pub messages: Vec<Place>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Place {
    pub path: Arc<str>,
    pub line: u32,
}

/// A line of a journey above its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum HeaderLine {
    Purpose,
    Owner,
    About,
    Policy,
    Goal,
    Review,
    Reentry,
    Holdout,
    Priority,
    Stage,
    Start,
    OnlyIf,
    /// In the order of the journey's exits.
    Exit(usize),
    /// In the order of the journey's promises.
    Promise(usize),
}

/// A policy: where it is named, and its rules by kind, in their order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PolicyPlaces {
    pub name: Place,
    pub quiet: Vec<Place>,
    pub caps: Vec<Place>,
    pub withhold: Vec<Place>,
}

impl Places {
    /// A line above a journey's steps; where the journey is named if it has no such line.
    pub fn header(&self, journey: JourneyId, line: HeaderLine) -> Option<&Place> {
        let written = self.headers.get(journey.index()).and_then(|lines| lines.get(&line));
        written.or_else(|| self.journeys.get(journey.index()))
    }
    pub fn policy(&self, policy: PolicyId) -> Option<&PolicyPlaces> {
        self.policies.get(policy.index())
    }
    pub fn message(&self, message: MessageId) -> Option<&Place> {
        self.messages.get(message.index())
    }

    /// Changes every place there is.
    pub fn each(&mut self, change: impl FnMut(&mut Place)) {
        let policies = self.policies.iter_mut().flat_map(|policy| {
            let rules = policy.quiet.iter_mut().chain(&mut policy.caps).chain(&mut policy.withhold);
            rules.chain([&mut policy.name])
        });
        let headers = self.headers.iter_mut().flat_map(BTreeMap::values_mut);
        let steps = self.steps.iter_mut().flatten();
        steps.chain(&mut self.journeys).chain(headers).chain(policies).chain(&mut self.messages).for_each(change);
    }
}
