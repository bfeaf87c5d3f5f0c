//! Makes a condition true or false where it was read, by changing what the story says.
//!
//! A change may undo another: whoever asks looks again afterwards. Never claims that a condition holds now.

use std::collections::BTreeMap;

use crate::ir::timeline::{LineWhat, ReportVerb};
use crate::ir::{Ask, Behaviour, Compare, Expr, Fact, FieldId, HandleId, JourneyId, Program, SegmentId, SplitId, Type};
use crate::machine::{Engine, Given, Person};
use crate::value::time::MILLIS_PER_MINUTE;
use crate::value::{Instant, Span, Value, Zone};

use super::domain::plain;
use super::draft::{Draft, Place, Root};
use super::story::{Line, Reason};

/// So soon after the clock nothing changes by a line of its own.
const SINCE_CLOCK: Span = Span(2 * MILLIS_PER_MINUTE);

/// Done or under way; or why it cannot be.
pub(super) type Forced = Result<(), Reason>;

/// Where the value in a slot of the run came from.
#[derive(Debug, Clone, Default)]
pub(super) enum Origin<'p> {
    #[default]
    Nowhere,
    Place(Place),
    Let(&'p Expr),
    Draw(SplitId),
}

/// The last send behind a handle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivered {
    pub at: Instant,
    pub sent: bool,
}

/// A moment of a run, as conditions there see it, and the story that led to it.
pub(super) struct Moment<'m, 'p> {
    pub engine: &'m Engine<'p>,
    pub draft: &'m mut Draft<'p>,
    pub journey: JourneyId,
    pub person: Person,
    pub now: Instant,
    pub zone: Zone,
    pub slots: Vec<Value>,
    pub origins: Vec<Origin<'p>>,
    pub deliveries: BTreeMap<HandleId, Delivered>,
    /// Which call of its action the run waited for last.
    pub asked: usize,
    /// What stands under test, innermost first, and where it stands in the story.
    pub subjects: Vec<(Value, Option<Place>)>,
    /// How many edges the run had taken; absent before it.
    pub visit: Option<usize>,
    /// The past was changed: what is seen here is no longer what the story says.
    pub stale: bool,
}

impl<'p> Moment<'_, 'p> {
    pub fn program(&self) -> &'p Program {
        self.draft.program
    }
    pub fn eval(&self, expr: &Expr) -> Value {
        let subjects: Vec<Value> = self.subjects.iter().map(|(value, _)| value.clone()).collect();
        let given = Given { slots: &self.slots, subjects: &subjects };
        self.engine.evaluate_with(&self.person, self.zone, given, expr, self.now)
    }
    pub fn is_true(&self, expr: &Expr) -> bool {
        self.eval(expr) == Value::Bool(true)
    }

    pub fn force(&mut self, expr: &'p Expr, want: bool) -> Forced {
        let knows_handles = matches!(expr, Expr::Handle(..)) || expr.any(&mut |e| matches!(e, Expr::Handle(..)));
        if !knows_handles && self.is_true(expr) == want {
            return Ok(());
        }
        match expr {
            Expr::Not(inner) => self.force(inner, !want),
            Expr::And(parts) => self.force_parts(expr, parts, want, want),
            Expr::Or(parts) => self.force_parts(expr, parts, !want, want),
            Expr::Compare { op, left, right } => self.force_compare(expr, *op, left, right, want),
            Expr::IsSet(inner) => self.force_set(inner, want),
            Expr::InSegment(segment) => self.force_member(*segment, want),
            Expr::InList { item, list } => self.force_in_list(expr, item, list, want),
            Expr::Quantify { quantifier, list, condition } => {
                self.force_quantified(expr, *quantifier, list, condition.as_deref(), want)
            }
            Expr::Behaviour(behaviour) if behaviour.ask == Ask::Did => self.force_did(behaviour, want),
            Expr::Handle(handle, fact) => self.force_fact(*handle, *fact, want),
            Expr::Profile(_)
            | Expr::Slot(_)
            | Expr::Subject(_)
            | Expr::Field(..)
            | Expr::OrElse(..)
            | Expr::Behaviour(_)
            | Expr::Pick { .. } => self.assign(expr, Compare::Equal, &Value::Bool(want)),
            Expr::Const(_)
            | Expr::Now
            | Expr::Today
            | Expr::Negate(_)
            | Expr::Arithmetic { .. }
            | Expr::Narrow { .. }
            | Expr::Length(_)
            | Expr::Record(_)
            | Expr::List(_)
            | Expr::NextAnniversary(_)
            | Expr::Since { .. }
            | Expr::DateOf(_) => Err(fixed()),
        }
    }
    /// Memberships do not depend on who asks, so the project's zone stands in for the person's.
    pub fn force_member(&mut self, segment: SegmentId, want: bool) -> Forced {
        let condition = &self.program().segments[segment.index()].condition;
        let (zone, subjects) = (self.zone, std::mem::take(&mut self.subjects));
        self.zone = match self.program().person.zone.map(|f| self.person.field(f)) {
            Some(Value::Zone(zone)) => *zone,
            _ => self.program().project.zone,
        };
        let forced = self.force(condition, want);
        (self.zone, self.subjects) = (zone, subjects);
        forced
    }
    /// All of the parts (`all`), or one of them that is to be chosen.
    fn force_parts(&mut self, whole: &Expr, parts: &'p [Expr], all: bool, want: bool) -> Forced {
        if all {
            for part in parts {
                self.force(part, want)?;
                if self.stale {
                    break;
                }
            }
            return Ok(());
        }
        let chosen = self.draft.choices.pick(key(whole, 0), parts.len());
        self.force(&parts[chosen], want)
    }

    // ---- there or not --------------------------------------------------------------------------------------------

    pub fn force_set(&mut self, expr: &'p Expr, want: bool) -> Forced {
        if self.eval(expr).is_missing() != want {
            return Ok(());
        }
        if let Some(place) = self.place_of(expr) {
            return self.set_place(&place, want);
        }
        match expr {
            Expr::OrElse(first, second) if !want => {
                self.force_set(first, false)?;
                self.force_set(second, false)
            }
            Expr::OrElse(inner, _)
            | Expr::Negate(inner)
            | Expr::NextAnniversary(inner)
            | Expr::Since { of: inner, .. }
            | Expr::DateOf(inner) => self.force_set(inner, want),
            Expr::Arithmetic { left, right, .. } if want => {
                self.force_set(left, true)?;
                self.force_set(right, true)
            }
            Expr::Arithmetic { left, .. } => self.force_set(left, false),
            Expr::Behaviour(behaviour) => self.force_did(behaviour, want),
            Expr::Slot(slot) => match self.origins.get(slot.index()).cloned() {
                Some(Origin::Let(inner)) => self.force_set(inner, want),
                _ => Err(fixed()),
            },
            _ => Err(fixed()),
        }
    }
    fn set_place(&mut self, place: &Place, want: bool) -> Forced {
        let Some((ty, name)) = self.draft.kind(place) else { return Err(fixed()) };
        match (want, &ty) {
            (true, _) => {
                let value = self.draft.sampler().present(&name, &ty);
                self.write(place, value);
                Ok(())
            }
            (false, Type::Optional(_)) => {
                self.write(place, Value::Missing);
                Ok(())
            }
            (false, _) => Err(Reason::new(format!("`{name}` is always there"), format!("`{name}` は必ず値を持つ"))),
        }
    }
    fn force_did(&mut self, behaviour: &'p Behaviour, want: bool) -> Forced {
        match want {
            true => self.force_count(behaviour, Compare::GreaterEqual, 1),
            false => self.force_count(behaviour, Compare::Equal, 0),
        }
    }

    // ---- deliveries ----------------------------------------------------------------------------------------------

    /// What is known of a delivery: a report between the send and now.
    fn force_fact(&mut self, handle: HandleId, fact: Fact, want: bool) -> Forced {
        let name = self.program().journey(self.journey).handles[handle.index()].name.clone();
        let Some(delivered) = self.deliveries.get(&handle).copied() else { return Err(fixed()) };
        let verb = match fact {
            Fact::Delivered => ReportVerb::Deliver,
            Fact::Opened => ReportVerb::Open,
            Fact::Clicked => ReportVerb::Click,
            Fact::Bounced => ReportVerb::Bounce,
            Fact::Sent | Fact::Failed => {
                return match (fact == Fact::Sent) == want {
                    true if delivered.sent => Ok(()),
                    false if !delivered.sent => Ok(()),
                    _ => Err(Reason::new(
                        format!("whether `{name}` was sent is decided before"),
                        format!("`{name}` が送信されたかどうかは前の段階で決まる"),
                    )),
                };
            }
        };
        let is_it =
            |what: &LineWhat| matches!(what, LineWhat::Report { verb: v, handle: h } if *v == verb && *h == name);
        let known = self.draft.story.lines.iter().position(|line| is_it(&line.what));
        match (want, known) {
            (true, Some(_)) | (false, None) => Ok(()),
            (false, Some(index)) => {
                self.draft.drop_line(index);
                Ok(())
            }
            (true, None) if delivered.sent && self.now > delivered.at => {
                let middle = Instant(delivered.at.0 + (self.now.0 - delivered.at.0) / 2);
                let at = super::domain::whole_minute(middle).max(delivered.at);
                self.draft.add_line(at, LineWhat::Report { verb, handle: name });
                Ok(())
            }
            (true, None) => Err(fixed()),
        }
    }

    // ---- places --------------------------------------------------------------------------------------------------

    /// Where the story says the value of the expression, if it says it at one place.
    pub fn place_of(&self, expr: &'p Expr) -> Option<Place> {
        match expr {
            Expr::Profile(field) => Some(Place::root(Root::Profile(*field))),
            Expr::Slot(slot) => match self.origins.get(slot.index())? {
                Origin::Place(place) => Some(place.clone()),
                Origin::Let(inner) => self.place_of(inner),
                Origin::Nowhere | Origin::Draw(_) => None,
            },
            Expr::Subject(depth) => self.subjects.get(usize::from(*depth))?.1.clone(),
            Expr::Field(of, field) => Some(self.place_of(of)?.inside(field.0)),
            Expr::OrElse(first, second) => match self.eval(first).is_missing() {
                true => self.place_of(second).or_else(|| self.place_of(first)),
                false => self.place_of(first),
            },
            Expr::Behaviour(behaviour) => self.place_in_past(behaviour),
            _ => None,
        }
    }
    /// Writes a value of the story, and lets this moment see it where it can.
    pub fn write(&mut self, place: &Place, value: Value) {
        if let (Root::Profile(field), Some(visit)) = (place.root, self.visit)
            && self.now > self.draft.story.clock.plus(SINCE_CLOCK)
            && self.draft.choices.pick((visit << 20 | field.index(), 103), 2) == 1
        {
            return self.set_by_line(field, place, value);
        }
        self.draft.write(place, value);
        match place.root {
            Root::Profile(field) => {
                let whole = self.draft.story.profile[field.index()].clone();
                self.engine.record_profile(&mut self.person, &[(field, whole)], &[], self.now);
            }
            Root::Past(_) => self.stale = true,
            Root::Line(_) | Root::Answer(..) => {}
        }
        self.refresh();
    }
    /// The profile changes on the way, a minute before it is read.
    fn set_by_line(&mut self, field: FieldId, place: &Place, value: Value) {
        let mut whole = self.person.field(field).clone();
        super::draft::put(&mut whole, &place.path, value);
        let at = super::domain::whole_minute(self.now.minus(Span(MILLIS_PER_MINUTE)));
        let is_it = |line: &Line| line.at == at && matches!(line.what, LineWhat::Set { field: f, .. } if f == field);
        let known = self.draft.story.lines.iter().position(is_it);
        let what = LineWhat::Set { field, value: whole.clone() };
        match known {
            Some(index) => self.draft.story.lines[index].what = what,
            None => drop(self.draft.add_line(at, what)),
        }
        self.engine.record_profile(&mut self.person, &[(field, whole)], &[], self.now);
        self.refresh();
    }
    /// Captured values and subjects, as the story has them now.
    pub fn refresh(&mut self) {
        for slot in 0..self.slots.len() {
            if let Some(Origin::Place(place)) = self.origins.get(slot) {
                self.slots[slot] = self.draft.value(place);
            }
        }
        for subject in 0..self.subjects.len() {
            if let Some(place) = self.subjects[subject].1.clone() {
                self.subjects[subject].0 = self.draft.value(&place);
            }
        }
    }
    /// Forces a condition about something that stands under test.
    pub fn force_of(&mut self, place: Place, condition: &'p Expr, want: bool) -> Forced {
        let value = self.draft.value(&place);
        self.subjects.insert(0, (value, Some(place)));
        let forced = self.force(condition, want);
        self.subjects.remove(0);
        forced
    }
    /// Whether a condition holds of a value.
    pub fn holds_of(&mut self, value: Value, condition: &'p Expr) -> bool {
        self.subjects.insert(0, (value, None));
        let holds = self.is_true(condition);
        self.subjects.remove(0);
        holds
    }
}

/// Names a question: an expression of the program, and which question about it.
pub(super) fn key(expr: &Expr, question: u8) -> (usize, u8) {
    (std::ptr::from_ref(expr) as usize, question)
}

pub(super) fn fixed() -> Reason {
    Reason::new("it does not depend on anything that a story can say", "ストーリーで変えられる値に依存していない")
}

/// The plain type of a place, for whoever needs only that.
pub(super) fn plain_kind(draft: &Draft<'_>, place: &Place) -> Option<Type> {
    draft.kind(place).map(|(ty, _)| plain(&ty).clone())
}
