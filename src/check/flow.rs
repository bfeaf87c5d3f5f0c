//! What is known at one point of a journey: names assigned, and checks that still hold.
//!
//! Knows no syntax. Captured things keep their checks for ever; live ones lose them at the next suspension.

use std::collections::BTreeMap;

use crate::ir::{Expr, HandleId, SlotId, Type};
use crate::text::Span;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// A captured value; no type when it could not be understood.
    Slot(SlotId, Option<Type>),
    /// A delivery, and the set of channels (bits by [`crate::ir::Channel::index`]) it may have gone by.
    Handle(HandleId, u8),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Assigned {
    Always,
    /// Not on the path through this place.
    Sometimes(Span),
    /// With another type at this place.
    Differently(Span),
}

#[derive(Debug, Clone)]
pub struct Var {
    pub bound: Bound,
    /// Where it was last assigned.
    pub span: Span,
    pub assigned: Assigned,
    /// In the `otherwise` of the send that made it: another send may take its place.
    pub replaceable: bool,
}

/// A place known not to be missing.
#[derive(Debug, Clone)]
pub struct Fact {
    pub place: Expr,
    /// Of the check.
    pub checked: Span,
    /// Reads the person, not the run: holds until the next suspension.
    live: bool,
}

/// A check that held until the run was suspended.
#[derive(Debug, Clone)]
pub struct Expired {
    pub place: Expr,
    pub checked: Span,
    pub suspended: Span,
    /// Where it is written how long that lasts at most.
    pub length: Option<Span>,
}

#[derive(Debug, Clone)]
pub struct Flow<'t> {
    /// No path leads here: every one before has stopped.
    pub stopped: bool,
    vars: BTreeMap<&'t str, Var>,
    pub facts: Vec<Fact>,
    pub expired: Vec<Expired>,
}

impl<'t> Flow<'t> {
    pub fn new() -> Flow<'t> {
        Flow { stopped: false, vars: BTreeMap::new(), facts: Vec::new(), expired: Vec::new() }
    }

    pub fn var(&self, name: &str) -> Option<&Var> {
        self.vars.get(name)
    }
    pub fn vars(&self) -> impl Iterator<Item = (&'t str, &Var)> {
        self.vars.iter().map(|(name, var)| (*name, var))
    }
    pub fn assign(&mut self, name: &'t str, bound: Bound, span: Span) {
        self.vars.insert(name, Var { bound, span, assigned: Assigned::Always, replaceable: false });
    }
    pub fn set_replaceable(&mut self, name: &str, replaceable: bool) {
        if let Some(var) = self.vars.get_mut(name) {
            var.replaceable = replaceable;
        }
    }

    /// Notes places that are set from here on.
    pub fn learn(&mut self, places: Vec<Expr>, checked: Span) {
        for place in places {
            let live = is_live(&place);
            self.facts.push(Fact { place, checked, live });
        }
    }
    pub fn knows(&self, place: &Expr) -> bool {
        self.facts.iter().any(|fact| fact.place == *place)
    }
    /// There is a check, or there was one.
    fn checked(&self, place: &Expr) -> bool {
        self.knows(place) || self.expired.iter().any(|gone| gone.place == *place)
    }
    /// Forgets what was known of places that read a field of the profile, because it changed.
    pub fn forget(&mut self, changed: &Expr) {
        self.facts.retain(|fact| !mentions(&fact.place, changed));
        self.expired.retain(|gone| !mentions(&gone.place, changed));
    }
    /// Time passes: whatever was checked of the person may be otherwise afterwards.
    pub fn suspend(&mut self, at: Span) {
        self.suspend_for(at, None);
    }
    /// The same, for at most as long as is written in the other place.
    pub fn suspend_for(&mut self, at: Span, length: Option<Span>) {
        let (gone, kept): (Vec<Fact>, Vec<Fact>) = std::mem::take(&mut self.facts).into_iter().partition(|f| f.live);
        self.facts = kept;
        let gone = gone.into_iter().map(|f| Expired { place: f.place, checked: f.checked, suspended: at, length });
        self.expired.extend(gone);
    }

    /// Where several paths meet. `ends` are the places of the branches, in the same order.
    pub fn join(branches: Vec<(Flow<'t>, Span)>) -> Flow<'t> {
        let mut going: Vec<(Flow<'t>, Span)> = Vec::with_capacity(branches.len());
        let mut stopped = None;
        for branch in branches {
            match branch.0.stopped {
                true => stopped = Some(branch.0),
                false => going.push(branch),
            }
        }
        let mut going = going.into_iter();
        let Some((mut flow, first_end)) = going.next() else {
            return stopped.unwrap_or_else(Flow::new);
        };
        for (other, end) in going {
            flow.meet(other, first_end, end);
        }
        flow
    }

    fn meet(&mut self, other: Flow<'t>, own_end: Span, other_end: Span) {
        // A check was outlived only if there was one on both paths.
        let mut expired = std::mem::take(&mut self.expired);
        expired.retain(|gone| other.checked(&gone.place));
        expired.extend(other.expired.into_iter().filter(|gone| self.knows(&gone.place)));
        self.expired = expired;
        self.facts.retain(|fact| other.facts.iter().any(|f| f.place == fact.place));
        for (name, var) in self.vars.iter_mut() {
            match other.vars.get(name) {
                None => var.assigned = Assigned::Sometimes(other_end),
                Some(theirs) => var.meet(theirs),
            }
        }
        for (name, mut var) in other.vars {
            if !self.vars.contains_key(name) {
                var.assigned = Assigned::Sometimes(own_end);
                self.vars.insert(name, var);
            }
        }
    }
}

impl Var {
    fn meet(&mut self, other: &Var) {
        self.replaceable &= other.replaceable;
        if self.assigned == Assigned::Always {
            self.assigned = other.assigned;
        }
        match (&mut self.bound, &other.bound) {
            (Bound::Handle(id, channels), Bound::Handle(other_id, more)) if id == other_id => *channels |= more,
            (Bound::Slot(_, ty), Bound::Slot(_, None)) => *ty = None,
            (Bound::Slot(_, None), Bound::Slot(_, Some(_))) => {}
            (Bound::Slot(id, _), Bound::Slot(other_id, _)) if id == other_id => {}
            (Bound::Slot(..) | Bound::Handle(..), Bound::Slot(..) | Bound::Handle(..)) => {
                self.assigned = Assigned::Differently(other.span);
            }
        }
    }
}

/// Places that are set when the condition is `truth`.
pub fn places_set(condition: &Expr, truth: bool) -> Vec<Expr> {
    let mut places = Vec::new();
    collect_set(condition, truth, &mut places);
    places
}

fn collect_set(condition: &Expr, truth: bool, places: &mut Vec<Expr>) {
    match (condition, truth) {
        (Expr::IsSet(place), true) => places.push((**place).clone()),
        (Expr::Not(inner), _) => collect_set(inner, !truth, places),
        (Expr::And(parts), true) | (Expr::Or(parts), false) => {
            parts.iter().for_each(|part| collect_set(part, truth, places));
        }
        _ => {}
    }
}

/// Reads the person or the time, so it may change while the run waits.
fn is_live(place: &Expr) -> bool {
    place.any(&mut |e| {
        matches!(
            e,
            Expr::Profile(_) | Expr::Now | Expr::Today | Expr::Handle(..) | Expr::InSegment(_) | Expr::Behaviour(_)
        )
    })
}

fn mentions(place: &Expr, part: &Expr) -> bool {
    place.any(&mut |e| e == part)
}
