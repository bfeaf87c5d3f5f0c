//! A condition as a tree, with the values that each part saw.
//!
//! Evaluates nothing itself: every value, of a whole condition and of its smallest part, is asked of the machine.

use std::cell::Cell;

use super::account::{Ground, Reading};
use crate::ir::{Ask, Expr, Journey, Type};
use crate::machine::{Engine, Glimpse};
use crate::simulate::words;
use crate::value::{Value, Zone};
use crate::words::{Both, Language, Words};

/// Parts of one condition that are shown; more is read by nobody.
const PARTS_MAX: u32 = 120;
/// Segments inside of segments that are opened.
const SEGMENTS_DEPTH_MAX: u8 = 6;

/// What a condition looks at.
pub(super) struct Eyes<'a> {
    pub engine: &'a Engine<'a>,
    pub glimpse: &'a Glimpse,
    /// For times that are shown.
    pub zone: Zone,
    /// What is under test, and its type.
    subject: Option<(Type, Value)>,
    /// Segments see no journey.
    in_segment: bool,
    depth: u8,
    left: Cell<u32>,
}

impl<'a> Eyes<'a> {
    pub fn new(engine: &'a Engine<'a>, glimpse: &'a Glimpse, zone: Zone) -> Eyes<'a> {
        Eyes { engine, glimpse, zone, subject: None, in_segment: false, depth: 0, left: Cell::new(PARTS_MAX) }
    }
    /// With something under test: an event and its payload.
    pub fn on(self, ty: Type, value: Value) -> Eyes<'a> {
        Eyes { subject: Some((ty, value)), ..self }
    }
    fn journey(&self) -> Option<&'a Journey> {
        (!self.in_segment).then(|| self.engine.program().journey(self.glimpse.journey))
    }
    fn words(&self, language: Language) -> Words<'a> {
        let words = Words::new(self.engine.program(), self.journey(), language);
        match &self.subject {
            Some((ty, _)) => words.within(ty.clone()),
            None => words,
        }
    }

    pub fn value(&self, expr: &Expr) -> Value {
        match (self.in_segment, &self.subject) {
            (true, _) => self.engine.value_of_segment(self.glimpse, expr),
            (false, Some((_, subject))) => self.engine.value_at(self.glimpse, std::slice::from_ref(subject), expr),
            (false, None) => self.engine.value_at(self.glimpse, &[], expr),
        }
    }
    pub fn holds(&self, condition: &Expr) -> bool {
        self.value(condition) == Value::Bool(true)
    }

    /// The condition and its parts.
    pub fn ground(&self, condition: &Expr) -> Ground {
        let what = Both::of(|language| self.words(language).expr(condition));
        let holds = Some(self.holds(condition));
        let Some(left) = self.left.get().checked_sub(1) else {
            return Ground { what, holds, ..Ground::default() };
        };
        self.left.set(left);
        let (mut parts, mut values) = (Vec::new(), Vec::new());
        match condition {
            Expr::And(all) | Expr::Or(all) => parts.extend(all.iter().map(|part| self.ground(part))),
            Expr::Not(inner) if is_made_of_parts(inner) => parts.push(self.ground(inner)),
            Expr::InSegment(segment) if self.depth < SEGMENTS_DEPTH_MAX => {
                let segment = &self.engine.program().segments[segment.index()];
                let inside = Eyes {
                    engine: self.engine,
                    glimpse: self.glimpse,
                    zone: self.zone,
                    subject: None,
                    in_segment: true,
                    depth: self.depth + 1,
                    left: Cell::new(self.left.get()),
                };
                parts.push(inside.ground(&segment.condition));
                self.left.set(inside.left.get());
            }
            other => values = self.readings(other),
        }
        Ground { what, holds, values, place: None, parts }
    }

    /// Everything that an expression reads, with its value, and the sides of a comparison that are worked out.
    pub fn readings(&self, expr: &Expr) -> Vec<Reading> {
        let mut read = Vec::new();
        self.read(expr, &mut read);
        if let Expr::Compare { left, right, .. } = expr {
            for side in [left, right] {
                if matches!(**side, Expr::Arithmetic { .. } | Expr::OrElse(..) | Expr::Negate(_)) {
                    self.add(side, &mut read);
                }
            }
        }
        read
    }
    fn read(&self, expr: &Expr, read: &mut Vec<Reading>) {
        match expr {
            Expr::Const(_) => {}
            Expr::Profile(_)
            | Expr::Slot(_)
            | Expr::Subject(_)
            | Expr::Field(..)
            | Expr::Now
            | Expr::Today
            | Expr::Handle(..)
            | Expr::InSegment(_)
            | Expr::Behaviour(_)
            | Expr::Length(_)
            | Expr::Narrow { .. }
            | Expr::Pick { .. }
            | Expr::NextAnniversary(_)
            | Expr::Since { .. }
            | Expr::DateOf(_) => self.add(expr, read),
            Expr::Not(of) | Expr::Negate(of) | Expr::IsSet(of) => self.read(of, read),
            Expr::And(parts) | Expr::Or(parts) | Expr::Record(parts) | Expr::List(parts) => {
                parts.iter().for_each(|part| self.read(part, read));
            }
            Expr::Compare { left, right, .. } | Expr::Arithmetic { left, right, .. } | Expr::OrElse(left, right) => {
                self.read(left, read);
                self.read(right, read);
            }
            Expr::InList { item, list } => {
                self.read(item, read);
                self.read(list, read);
            }
            Expr::Quantify { list, .. } => self.read(list, read),
        }
    }
    fn add(&self, expr: &Expr, read: &mut Vec<Reading>) {
        let of = Both::of(|language| self.words(language).expr(expr));
        if read.iter().all(|reading| reading.of != of) {
            read.push(Reading { of, value: self.shown(expr) });
        }
    }
    /// What an expression came to, as its declaration reads it.
    pub fn shown(&self, expr: &Expr) -> Both {
        let value = self.value(expr);
        let ty = self.words(Language::English).type_of(expr).or_else(|| self.ty(expr));
        match (&value, ty) {
            (Value::Missing, _) => Both::new("missing", "なし"),
            (Value::Instant(at), _) => Both::same(words::moment(self.zone, *at)),
            (Value::Enum(_) | Value::Record(_) | Value::List(_) | Value::Decimal(_) | Value::Text(_), Some(ty)) => {
                Both::same(words::value(self.engine.program(), self.zone, &ty, &value))
            }
            _ => Both::of(|language| self.words(language).value(&value, None)),
        }
    }
    /// Types that a comparison does not need.
    fn ty(&self, expr: &Expr) -> Option<Type> {
        match expr {
            Expr::Behaviour(behaviour) => match &behaviour.ask {
                Ask::Sum { field, .. } | Ask::Average { field } => {
                    Some(self.engine.program().event(behaviour.event).fields[field.index()].ty.clone())
                }
                Ask::Did | Ask::Count | Ask::Last { .. } | Ask::First { .. } => None,
            },
            _ => None,
        }
    }
}

fn is_made_of_parts(expr: &Expr) -> bool {
    matches!(expr, Expr::And(_) | Expr::Or(_) | Expr::InSegment(_) | Expr::Compare { .. })
}
