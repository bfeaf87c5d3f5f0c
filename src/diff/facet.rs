//! A thing taken apart into named facets, each with exact words to compare and plain words to show.
//!
//! Knows nothing of what the things are.

use super::{Change, Kind};
use crate::ir::Place;
use crate::words::Both;

/// One property of a thing. Of two things, facets of one name are compared.
#[derive(Debug, Clone)]
pub struct Facet {
    /// Unique within its thing.
    pub key: String,
    /// What it is called: `policy`, `before`.
    pub label: Both,
    /// What a change of it is.
    pub kind: Kind,
    pub exact: String,
    pub shown: Both,
    /// Where it stands, if that is not where its thing does.
    pub place: Option<Place>,
}

impl Facet {
    pub fn new(key: &str, ja: &str, kind: Kind, exact: impl Into<String>, shown: Both) -> Facet {
        Facet { key: key.to_string(), label: Both::new(key, ja), kind, exact: exact.into(), shown, place: None }
    }
    /// A text that is its own exact form.
    pub fn plain(key: &str, ja: &str, kind: Kind, text: impl Into<String>) -> Facet {
        let text = text.into();
        Facet::new(key, ja, kind, text.clone(), Both::same(text))
    }
    pub fn at(mut self, place: Option<&Place>) -> Facet {
        self.place = place.cloned();
        self
    }
    /// Under a name of the author's, such as a parameter's.
    pub fn named(mut self, name: &str) -> Facet {
        self.key = format!("{} {name}", self.key);
        self.label = Both::new(format!("{} `{name}`", self.label.en), format!("{} `{name}`", self.label.ja));
        self
    }
}

/// Facets that only one side has, or that differ; in the order of the new side, then what is gone.
pub fn compare(step: Option<&str>, place: Option<&Place>, old: &[Facet], new: &[Facet]) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut note = |facet: &Facet, old: Option<&Facet>, new: Option<&Facet>| {
        changes.push(Change {
            kind: facet.kind,
            step: step.map(str::to_string),
            what: Some(facet.label.clone()),
            old: old.map(|f| f.shown.clone()),
            new: new.map(|f| f.shown.clone()),
            place: new.and_then(|f| f.place.as_ref()).or(place).cloned(),
        });
    };
    for facet in new {
        match old.iter().find(|f| f.key == facet.key) {
            Some(before) if before.exact == facet.exact => {}
            before => note(facet, before, Some(facet)),
        }
    }
    for facet in old.iter().filter(|f| new.iter().all(|other| other.key != f.key)) {
        note(facet, Some(facet), None);
    }
    changes
}

/// Of a list without names (exits, caps): what is gone and what is new; the first gone and the first new are one change.
pub fn compare_sets(place: Option<&Place>, old: &[Facet], new: &[Facet]) -> Vec<Change> {
    let mut gone: Vec<&Facet> = old.iter().collect();
    let mut come: Vec<&Facet> = Vec::new();
    for facet in new {
        match gone.iter().position(|f| f.key == facet.key && f.exact == facet.exact) {
            Some(at) => drop(gone.remove(at)),
            None => come.push(facet),
        }
    }
    let mut changes = Vec::new();
    for facet in come {
        let before = gone.iter().position(|f| f.key == facet.key).map(|at| gone.remove(at));
        changes.push((before, Some(facet)));
    }
    changes.extend(gone.into_iter().map(|facet| (Some(facet), None)));
    let change = |(old, new): (Option<&Facet>, Option<&Facet>)| {
        let facet = new.or(old)?;
        Some(Change {
            kind: facet.kind,
            step: None,
            what: Some(facet.label.clone()),
            old: old.map(|f| f.shown.clone()),
            new: new.map(|f| f.shown.clone()),
            place: new.and_then(|f| f.place.as_ref()).or(place).cloned(),
        })
    };
    changes.into_iter().filter_map(change).collect()
}
