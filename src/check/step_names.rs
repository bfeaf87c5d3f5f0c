//! Names of steps: those the author gave, and derived ones (`wait_1`), numbered per kind in the order of the text.
//!
//! Every step of a kind counts, named or not, so naming one renames no other.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic};
use crate::ir::StepId;
use crate::ir::journey::StepDef;
use crate::schema::Sink;
use crate::syntax::tree::Name;
use crate::text::Span;

/// The name of the place behind the last step.
pub const END: &str = "end";

#[derive(Default)]
pub struct StepNames {
    pub defs: Vec<StepDef>,
    /// By [`StepId`].
    pub places: Vec<Span>,
    taken: BTreeMap<String, Taken>,
    counts: BTreeMap<&'static str, u32>,
}

#[derive(Clone, Copy)]
struct Taken {
    place: Span,
    derived: bool,
}

impl StepNames {
    /// The next step of a kind, called `kind_N`.
    pub fn derived(&mut self, kind: &'static str, place: Span, sink: &mut Sink) -> StepId {
        let number = self.next(kind);
        self.add_derived(format!("{kind}_{number}"), place, sink)
    }

    /// The place behind the last step.
    pub fn end(&mut self, place: Span, sink: &mut Sink) -> StepId {
        self.add_derived(END.to_owned(), place, sink)
    }

    fn add_derived(&mut self, name: String, place: Span, sink: &mut Sink) -> StepId {
        match self.taken.get(&name) {
            Some(other) => sink.report(clash(&name, other.place, place)),
            None => {
                self.taken.insert(name.clone(), Taken { place, derived: true });
            }
        }
        self.add(name, place, sink)
    }

    /// The next step of a kind, called by the author. A second one of that name is `name_2`.
    pub fn named(&mut self, kind: &'static str, name: &Name, place: Span, sink: &mut Sink) -> StepId {
        self.next(kind);
        let mut full = name.text.clone();
        if let Some(taken) = self.taken.get(&full)
            && taken.derived
        {
            sink.report(clash(&full, name.span, taken.place));
            return self.add(full, place, sink);
        }
        let mut number = 1u32;
        while self.taken.contains_key(&full) {
            number += 1;
            full = format!("{}_{number}", name.text);
        }
        self.taken.insert(full.clone(), Taken { place: name.span, derived: number > 1 });
        self.add(full, place, sink)
    }

    pub fn name(&self, id: StepId) -> &str {
        &self.defs[id.index()].name
    }

    fn next(&mut self, kind: &'static str) -> u32 {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        *count
    }

    fn add(&mut self, name: String, place: Span, sink: &mut Sink) -> StepId {
        let id = self.defs.len();
        if id == usize::from(u16::MAX) {
            sink.report(Diagnostic::new(Code::E0404, place, "too many steps in one journey", "手順が多すぎます"));
        }
        self.defs.push(StepDef { name });
        self.places.push(place);
        StepId(u16::try_from(id).unwrap_or(u16::MAX))
    }
}

/// E0106: a name the author gave is the one a step without a name has anyway.
fn clash(name: &str, explicit: Span, derived: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0106,
        explicit,
        format!("`{name}` is the name another step has by itself"),
        format!("`{name}` は別の手順に自動で付く名前です"),
    )
    .other(derived, format!("this step is `{name}`"), format!("この手順が `{name}`"))
    .help("choose another name", "別の名前にしてください")
}
