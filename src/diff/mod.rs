//! What changed between two programs, by meaning: journeys, steps, messages, rules, schema.
//!
//! Reads no files and no history: it is given two programs. Layout, comments and order of declarations are no change,
//! since programs know nothing of them.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod align;
mod bounds;
mod content;
mod facet;
mod journey;
mod markup;
mod outline;
mod render;
mod schema;
mod things;

use serde::Serialize;

use crate::ir::{JourneyId, Place, Program};
use crate::words::Both;
pub use render::{json, markdown, pretty};

/// Version of the JSON shape.
pub const DIFF_VERSION: u32 = 1;

/// What changed, section by section; no section without a change.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Difference {
    pub sections: Vec<Section>,
}

/// One thing that came, went or changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    pub of: Thing,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub status: Status,
    #[serde(flatten, serialize_with = "render::place")]
    pub place: Option<Place>,
    pub changes: Vec<Change>,
}

/// What a section is about, in the order of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Thing {
    Journey,
    Message,
    Policy,
    Segment,
    Split,
    Action,
    Profile,
    Event,
    Record,
    Enum,
    Project,
    /// What all journeys together can send to one person; has no name.
    Pressure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Added,
    Removed,
    Changed,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub kind: Kind,
    /// The step's stable name in the new version; in the old one if it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What of the thing changed; absent: the whole step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<Both>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Both>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Both>,
    /// In the new version; in the old one if it is gone.
    #[serde(flatten, serialize_with = "render::place")]
    pub place: Option<Place>,
}

/// What kind of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A step that was not there.
    Added,
    Removed,
    /// The same step at another place.
    Moved,
    /// A wait, deadline or window of another length.
    Retimed,
    Condition,
    /// The arms of a split, or their shares.
    Arms,
    /// Which message is sent.
    Message,
    /// What a message or an action is given.
    Params,
    /// What a message says.
    Content,
    /// Another property of a step.
    Step,
    /// A property of a journey, a policy, a declaration.
    Rule,
    /// A field or a variant.
    Schema,
    /// What holds for every run: the longest stay, the most messages, a promise.
    Bound,
}

/// The difference between two programs.
pub fn difference(old: &Program, new: &Program) -> Difference {
    let mut sections = journey::sections(old, new);
    sections.extend(things::sections(old, new));
    sections.extend(schema::sections(old, new));
    bounds::add(old, new, &mut sections);
    sections.sort_by(|a, b| (a.of, &a.name).cmp(&(b.of, &b.name)));
    Difference { sections }
}

impl Difference {
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }
    /// How many things came, went or changed within the sections.
    pub fn count(&self) -> usize {
        self.sections.iter().map(|section| section.changes.len().max(1)).sum()
    }
}

/// What became of a step of a journey's older version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterpart {
    pub old: String,
    /// Its name in the newer version; absent: it is gone, or something else stands there.
    pub new: Option<String>,
    /// It says the same by itself; what stands inside or around it is not looked at.
    pub is_same: bool,
}

/// Every step of the older version, in the order of its text.
pub fn counterparts(older: (&Program, JourneyId), newer: (&Program, JourneyId)) -> Vec<Counterpart> {
    let (old, new) = (outline::outline(older.0, older.1), outline::outline(newer.0, newer.1));
    let alignment = align::align(&old, &new);
    let counterpart = |placed: &align::Placed<'_>| {
        let pair = alignment.pairs.iter().find(|pair| std::ptr::eq(pair.old.step, placed.step));
        Counterpart {
            old: placed.step.name.clone(),
            new: pair.map(|pair| pair.new.step.name.clone()),
            is_same: pair.is_some_and(|pair| pair.old.step.says() == pair.new.step.says()),
        }
    };
    align::placed(&old).iter().map(counterpart).collect()
}
