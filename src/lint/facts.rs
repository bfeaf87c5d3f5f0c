//! What is known at one point of a journey: of each place that conditions asked about, what it may be.
//!
//! Draws no conclusions from conditions (`judge` does) and says nothing.

use crate::ir::expr::Ask;
use crate::ir::{Behaviour, Expr, Fact as Report};
use crate::text::Span;
use crate::value::{CalendarPeriod, Span as Length, Value};

use super::domain::Domain;

/// More places than explain anything.
const CAUSES_MAX: usize = 3;

/// One place and what it may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub place: Expr,
    pub domain: Domain,
    /// The conditions it follows from.
    pub from: Vec<Span>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    pub known: Vec<Known>,
}

impl Facts {
    pub fn of(&self, place: &Expr) -> Option<&Known> {
        self.known.iter().find(|known| known.place == *place)
    }

    pub fn learn(&mut self, place: &Expr, domain: Domain, from: Span) {
        match self.known.iter_mut().find(|known| known.place == *place) {
            Some(known) => {
                known.domain = domain;
                if known.from.len() < CAUSES_MAX && !known.from.contains(&from) {
                    known.from.push(from);
                }
            }
            None => self.known.push(Known { place: place.clone(), domain, from: vec![from] }),
        }
    }

    /// Where two ways meet: what holds on both.
    pub fn met(self, other: &Facts) -> Facts {
        let both = self.known.into_iter().filter_map(|mine| {
            let theirs = other.of(&mine.place)?;
            let mut from = mine.from;
            from.extend(theirs.from.iter().filter(|span| !from.contains(span)).copied().collect::<Vec<_>>());
            from.truncate(CAUSES_MAX);
            Some(Known { place: mine.place, domain: mine.domain.or(theirs.domain.clone()), from })
        });
        Facts { known: both.collect() }
    }

    /// Forgets every place that reads what `changed` names.
    pub fn forget(&mut self, changed: &mut dyn FnMut(&Expr) -> bool) {
        self.known.retain(|known| !known.place.any(changed));
    }

    /// Time passes: what was read of the person may be otherwise. What a run has captured stays, so does a report that
    /// has come, and how often something has happened at least.
    pub fn suspend(&mut self) {
        let known = std::mem::take(&mut self.known);
        self.known = known.into_iter().filter_map(lasting).collect();
    }

    /// What was known of an event under test is known of where the run keeps it.
    pub fn bind(&mut self, slot: Option<crate::ir::SlotId>) {
        let known = std::mem::take(&mut self.known);
        self.known = known
            .into_iter()
            .filter_map(|known| match slot {
                Some(slot) => Some(Known { place: bound(known.place, slot)?, ..known }),
                None => (!known.place.any(&mut |e| matches!(e, Expr::Subject(_)))).then_some(known),
            })
            .collect();
    }
}

fn lasting(known: Known) -> Option<Known> {
    match &known.place {
        Expr::Handle(..) => (known.domain == Domain::exactly(&Value::Bool(true))).then_some(known),
        Expr::Behaviour(behaviour) if behaviour.ask == Ask::Count && behaviour.window.is_none() => {
            if behaviour.filter.as_ref().is_some_and(reads_person) {
                return None;
            }
            let domain = Domain::count().not_below(&known.domain);
            Some(Known { domain, ..known })
        }
        place => (!reads_person(place)).then_some(known),
    }
}

/// Reads the person, the clock or a delivery: may be otherwise later.
pub fn reads_person(expr: &Expr) -> bool {
    expr.any(&mut |e| match e {
        Expr::Profile(_)
        | Expr::Now
        | Expr::Today
        | Expr::Handle(..)
        | Expr::InSegment(_)
        | Expr::Behaviour(_)
        | Expr::NextAnniversary(_)
        | Expr::Since { .. }
        | Expr::DateOf(_) => true,
        Expr::Const(_)
        | Expr::Slot(_)
        | Expr::Subject(_)
        | Expr::Field(..)
        | Expr::Not(_)
        | Expr::Negate(_)
        | Expr::And(_)
        | Expr::Or(_)
        | Expr::Compare { .. }
        | Expr::Arithmetic { .. }
        | Expr::OrElse(..)
        | Expr::IsSet(_)
        | Expr::InList { .. }
        | Expr::Narrow { .. }
        | Expr::Quantify { .. }
        | Expr::Length(_)
        | Expr::Record(_)
        | Expr::List(_)
        | Expr::Pick { .. } => false,
    })
}

/// A place of the event under test, as a place of the slot that keeps it. Only plain places are carried over.
fn bound(place: Expr, slot: crate::ir::SlotId) -> Option<Expr> {
    match place {
        Expr::Subject(0) => Some(Expr::Slot(slot)),
        Expr::Field(of, field) => Some(Expr::Field(Box::new(bound(*of, slot)?), field)),
        place if place.any(&mut |e| matches!(e, Expr::Subject(_))) => None,
        place => Some(place),
    }
}

/// Whatever the first question counts, the second counts too.
pub fn counted_by(narrow: &Behaviour, wide: &Behaviour) -> bool {
    narrow.event == wide.event
        && (wide.filter.is_none() || wide.filter == narrow.filter)
        && match (narrow.window, wide.window) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(narrow), Some(wide)) => narrow == wide || narrow.longest() <= shortest(wide),
        }
}

/// The least a period can last in any zone.
pub fn shortest(period: CalendarPeriod) -> Length {
    let clocks = if period.is_exact() { 0 } else { crate::value::time::MILLIS_PER_HOUR };
    Length((in_calendar(period).0 - clocks).max(0))
}

/// The same as people count: a day is a day, also when the clocks change.
pub fn in_calendar(period: CalendarPeriod) -> Length {
    let days = i64::from(period.months) * 28 + i64::from(period.days);
    Length(days * crate::value::time::MILLIS_PER_DAY + period.millis)
}

/// `Handle(handle, report)` as a place.
pub fn delivery(handle: crate::ir::HandleId, report: Report) -> Expr {
    Expr::Handle(handle, report)
}
