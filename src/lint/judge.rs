//! What follows from a condition: whether it can hold where it stands, and what is known once it does or does not.
//!
//! No solver: one place at a time, constants on the other side. What it cannot follow it leaves open, so that whatever
//! it decides is certain.

use std::sync::Arc;

use crate::ir::expr::{Ask, Behaviour};
use crate::ir::{Compare, Expr, FieldDef, Journey, Program, Type};
use crate::text::Span;
use crate::value::Value;

use super::domain::{Domain, turned};
use super::facts::{Facts, counted_by};

/// Steps of reasoning per question; with more, everything stays open.
const FUEL: u32 = 4_000;
/// Segments within segments that are looked into.
const SEGMENTS_DEEP: u8 = 8;

/// Why something cannot be: what was known of a place before.
#[derive(Debug, Clone)]
pub struct Conflict {
    pub place: Expr,
    pub known: Domain,
    pub from: Vec<Span>,
}

pub struct Judge<'a> {
    pub program: &'a Program,
    pub journey: Option<&'a Journey>,
    /// Types of what stands under test, innermost last.
    pub subjects: Vec<Option<Type>>,
    /// Of the last thing that could not be.
    pub conflict: Option<Conflict>,
    fuel: u32,
    depth: u8,
}

impl<'a> Judge<'a> {
    pub fn new(program: &'a Program, journey: Option<&'a Journey>) -> Judge<'a> {
        Judge { program, journey, subjects: Vec::new(), conflict: None, fuel: FUEL, depth: 0 }
    }

    /// `Some` if the condition is the same for every person who comes here.
    pub fn judged(&mut self, facts: &Facts, condition: &Expr, at: Span) -> Option<bool> {
        self.fuel = FUEL;
        self.conflict = None;
        if self.assumed(facts.clone(), condition, true, at).is_none() {
            return Some(false);
        }
        self.conflict = None;
        if self.assumed(facts.clone(), condition, false, at).is_none() {
            return Some(true);
        }
        None
    }

    /// What is known when the condition is `holds`; `None` if it cannot be.
    pub fn assume(&mut self, facts: Facts, condition: &Expr, holds: bool, at: Span) -> Option<Facts> {
        self.fuel = FUEL;
        self.assumed(facts, condition, holds, at)
    }

    fn assumed(&mut self, facts: Facts, condition: &Expr, holds: bool, at: Span) -> Option<Facts> {
        if self.fuel == 0 {
            return Some(facts);
        }
        self.fuel -= 1;
        match condition {
            Expr::Const(Value::Bool(truth)) => (*truth == holds).then_some(facts),
            Expr::Not(inner) => self.assumed(facts, inner, !holds, at),
            Expr::And(parts) => self.parts(facts, parts, holds, true, at),
            Expr::Or(parts) => self.parts(facts, parts, holds, false, at),
            Expr::IsSet(place) => self.refine(facts, place, at, |domain| match holds {
                true => domain.set(),
                false => domain.only_missing(),
            }),
            Expr::Compare { op, left, right } => self.compared(facts, *op, left, right, condition, holds, at),
            Expr::InList { item, list } => match constants(list) {
                Some(values) => self.refine(facts, item, at, |domain| match holds {
                    true => domain.set().among(&values),
                    false => values.iter().fold(domain, Domain::without),
                }),
                None => self.truth(facts, condition, holds, at),
            },
            Expr::InSegment(segment) => {
                let facts = self.truth(facts, condition, holds, at)?;
                let inner = self.program.segments.get(segment.index());
                match inner {
                    Some(segment) if self.depth < SEGMENTS_DEEP => {
                        self.depth += 1;
                        let outcome = self.assumed(facts, &segment.condition, holds, at);
                        self.depth -= 1;
                        outcome
                    }
                    _ => Some(facts),
                }
            }
            Expr::Behaviour(behaviour) if behaviour.ask == Ask::Did => {
                let count = counting(behaviour);
                let op = if holds { Compare::GreaterEqual } else { Compare::Less };
                self.refine(facts, &count, at, |domain| domain.compared(op, &Value::Int(1), true))
            }
            other => self.truth(facts, other, holds, at),
        }
    }

    /// `all`: of an `and`, else of an `or`.
    fn parts(&mut self, mut facts: Facts, parts: &[Expr], holds: bool, all: bool, at: Span) -> Option<Facts> {
        if holds == all {
            for part in parts {
                facts = self.assumed(facts, part, holds, at)?;
            }
            return Some(facts);
        }
        // One of the parts decides: the first that does, after those that do not.
        let mut outcome: Option<Facts> = None;
        for part in parts {
            if let Some(decided) = self.assumed(facts.clone(), part, holds, at) {
                outcome = Some(match outcome {
                    Some(known) => known.met(&decided),
                    None => decided,
                });
            }
            match self.assumed(facts, part, !holds, at) {
                Some(rest) => facts = rest,
                None => break,
            }
        }
        outcome
    }

    /// A condition that is a place itself.
    fn truth(&mut self, facts: Facts, place: &Expr, holds: bool, at: Span) -> Option<Facts> {
        self.refine(facts, place, at, |domain| domain.compared(Compare::Equal, &Value::Bool(true), holds))
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one comparison")]
    fn compared(
        &mut self,
        facts: Facts,
        op: Compare,
        left: &Expr,
        right: &Expr,
        whole: &Expr,
        holds: bool,
        at: Span,
    ) -> Option<Facts> {
        match (left, right) {
            (place, Expr::Const(value)) => self.refine(facts, place, at, |d| d.compared(op, value, holds)),
            (Expr::Const(value), place) => self.refine(facts, place, at, |d| d.compared(turned(op), value, holds)),
            (left, right) => {
                let (mine, theirs) = (self.domain(&facts, left), self.domain(&facts, right));
                let judged = if left == right { reflexive(op, &mine) } else { mine.judged(op, &theirs) };
                match judged {
                    Some(judged) if judged != holds => {
                        self.note(&facts, left, mine);
                        None
                    }
                    Some(_) => Some(facts),
                    None => self.truth(facts, whole, holds, at),
                }
            }
        }
    }

    fn refine(
        &mut self,
        mut facts: Facts,
        place: &Expr,
        at: Span,
        narrow: impl FnOnce(Domain) -> Domain,
    ) -> Option<Facts> {
        let before = self.domain(&facts, place);
        let after = narrow(before.clone());
        if after.is_empty() {
            self.note(&facts, place, before);
            return None;
        }
        if after != before && !matches!(place, Expr::Const(_)) {
            facts.learn(place, after, at);
        }
        Some(facts)
    }

    fn note(&mut self, facts: &Facts, place: &Expr, known: Domain) {
        let mut from: Vec<Span> = facts.of(place).map(|k| k.from.clone()).unwrap_or_default();
        if let Expr::Behaviour(asked) = place {
            for other in &facts.known {
                if let Expr::Behaviour(told) = &other.place
                    && told.ask == asked.ask
                    && (counted_by(asked, told) || counted_by(told, asked))
                {
                    from.extend(other.from.iter().copied());
                }
            }
        }
        from.sort();
        from.dedup();
        self.conflict = Some(Conflict { place: place.clone(), known, from });
    }

    /// What a value may be.
    pub fn domain(&self, facts: &Facts, expr: &Expr) -> Domain {
        let known = facts.of(expr).map(|known| known.domain.clone());
        match expr {
            Expr::Const(value) => Domain::exactly(value),
            Expr::OrElse(first, second) if known.is_none() => {
                let first = self.domain(facts, first);
                if !first.missing {
                    return first;
                }
                if !first.may_be_set() {
                    return self.domain(facts, second);
                }
                first.set().or(self.domain(facts, second))
            }
            Expr::Behaviour(asked) if asked.ask == Ask::Count => {
                let mut domain = known.unwrap_or_else(Domain::count);
                for other in &facts.known {
                    let Expr::Behaviour(told) = &other.place else { continue };
                    if told.ask != Ask::Count || told == asked {
                        continue;
                    }
                    if counted_by(asked, told) {
                        domain = domain.not_above(&other.domain);
                    }
                    if counted_by(told, asked) {
                        domain = domain.not_below(&other.domain);
                    }
                }
                domain
            }
            Expr::Profile(_)
            | Expr::Slot(_)
            | Expr::Subject(_)
            | Expr::Field(..)
            | Expr::Now
            | Expr::Today
            | Expr::Handle(..)
            | Expr::Not(_)
            | Expr::Negate(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Compare { .. }
            | Expr::Arithmetic { .. }
            | Expr::OrElse(..)
            | Expr::IsSet(_)
            | Expr::InSegment(_)
            | Expr::InList { .. }
            | Expr::Behaviour(_)
            | Expr::Narrow { .. }
            | Expr::Quantify { .. }
            | Expr::Length(_)
            | Expr::Record(_)
            | Expr::List(_)
            | Expr::Pick { .. }
            | Expr::NextAnniversary(_)
            | Expr::Since { .. }
            | Expr::DateOf(_) => known.unwrap_or_else(|| self.unknown(expr)),
        }
    }

    /// By its type alone.
    fn unknown(&self, expr: &Expr) -> Domain {
        match self.type_of(expr) {
            Some(ty) => {
                let domain = Domain::of_type(&ty, &self.program.enums);
                if self.may_lack(expr) { Domain { missing: true, ..domain } } else { domain }
            }
            None => Domain::anything(),
        }
    }

    /// Something on the way to the value may be missing, though its own type says nothing of it.
    fn may_lack(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Field(of, _) => matches!(self.type_of(of), None | Some(Type::Optional(_))) || self.may_lack(of),
            _ => false,
        }
    }

    /// Absent for what is not a plain place.
    pub fn type_of(&self, expr: &Expr) -> Option<Type> {
        match expr {
            Expr::Profile(field) => Some(self.program.profile.get(field.index())?.ty.clone()),
            Expr::Slot(slot) => Some(self.journey?.slots.get(slot.index())?.ty.clone()),
            Expr::Subject(depth) => {
                let index = self.subjects.len().checked_sub(usize::from(*depth) + 1)?;
                self.subjects[index].clone()
            }
            Expr::Field(of, field) => {
                let ty = self.type_of(of)?;
                Some(self.fields(&ty)?.get(field.index())?.ty.clone())
            }
            Expr::Length(_) => Some(Type::Int),
            Expr::Narrow { list, .. } => self.type_of(list),
            Expr::Not(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Compare { .. }
            | Expr::IsSet(_)
            | Expr::InSegment(_)
            | Expr::InList { .. }
            | Expr::Quantify { .. }
            | Expr::Handle(..) => Some(Type::Bool),
            Expr::Behaviour(behaviour) => self.answer(behaviour),
            Expr::Const(_)
            | Expr::Now
            | Expr::Today
            | Expr::Negate(_)
            | Expr::Arithmetic { .. }
            | Expr::OrElse(..)
            | Expr::Record(_)
            | Expr::List(_)
            | Expr::Pick { .. }
            | Expr::NextAnniversary(_)
            | Expr::Since { .. }
            | Expr::DateOf(_) => None,
        }
    }

    fn answer(&self, behaviour: &Behaviour) -> Option<Type> {
        let optional = |ty: Type| match ty {
            Type::Optional(_) => ty,
            ty => Type::Optional(Box::new(ty)),
        };
        match &behaviour.ask {
            Ask::Did => Some(Type::Bool),
            Ask::Count => Some(Type::Int),
            Ask::Last { field: None } | Ask::First { field: None } => Some(optional(Type::Event(behaviour.event))),
            Ask::Last { field: Some(field) } | Ask::First { field: Some(field) } => {
                let event = self.program.events.get(behaviour.event.index())?;
                Some(optional(event.fields.get(field.index())?.ty.clone()))
            }
            Ask::Sum { .. } | Ask::Average { .. } => None,
        }
    }

    pub fn fields(&self, ty: &Type) -> Option<&'a [FieldDef]> {
        match ty {
            Type::Record(id) => self.program.records.get(id.index()).map(|r| r.fields.as_slice()),
            Type::Event(id) => self.program.events.get(id.index()).map(|e| e.fields.as_slice()),
            Type::Result(id) => self.program.actions.get(id.index()).map(|a| a.gives.as_slice()),
            Type::Optional(inner) => self.fields(inner),
            Type::Text
            | Type::Id
            | Type::Email
            | Type::Phone
            | Type::LineId
            | Type::PushToken
            | Type::Url
            | Type::Int
            | Type::Decimal
            | Type::Percent
            | Type::Bool
            | Type::Money(_)
            | Type::Zone
            | Type::Instant
            | Type::Date
            | Type::Time
            | Type::Span
            | Type::Period
            | Type::Enum(_)
            | Type::List(_) => None,
        }
    }
}

/// The same question, asked for how often.
fn counting(behaviour: &Behaviour) -> Expr {
    Expr::Behaviour(Box::new(Behaviour { ask: Ask::Count, ..behaviour.clone() }))
}

/// A value compared with itself.
fn reflexive(op: Compare, value: &Domain) -> Option<bool> {
    match op {
        Compare::Equal => Some(true),
        Compare::NotEqual | Compare::Less | Compare::Greater => Some(false),
        Compare::LessEqual | Compare::GreaterEqual => (!value.missing).then_some(true),
    }
}

/// The values of a list that is written down.
fn constants(list: &Expr) -> Option<Arc<[Value]>> {
    match list {
        Expr::Const(Value::List(values)) => Some(Arc::clone(values)),
        _ => None,
    }
}
