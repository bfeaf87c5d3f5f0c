//! Conditions about lists: an element that suits, none that does, as many as wanted.
//!
//! Adds and removes elements, and forces conditions on them; chooses no values itself.

use crate::ir::{Compare, Expr, Quantifier, Type};
use crate::value::Value;

use super::compare::count_for;
use super::domain::{neighbours, plain};
use super::draft::Place;
use super::force::{Forced, Moment, fixed, key, plain_kind};

/// Longer lists are not made.
const LENGTH_MAX: i64 = 100;

/// A list of the story and what narrows it.
struct Source<'p> {
    place: Place,
    /// Conditions on elements, outermost last.
    narrowed: Vec<&'p Expr>,
}

impl<'p> Moment<'_, 'p> {
    pub(super) fn force_in_list(&mut self, whole: &Expr, item: &'p Expr, list: &'p Expr, want: bool) -> Forced {
        let members = items(&self.eval(list));
        if !want {
            return self.force_out_of(item, list, &members);
        }
        let by_list = self.draft.choices.pick(key(whole, 3), 2) == 1;
        let from_list = |moment: &mut Self| {
            let value = moment.eval(item);
            match moment.place_of(list) {
                Some(place) if !value.is_missing() => {
                    let mut longer = members.clone();
                    longer.push(value);
                    moment.write(&place, Value::List(longer.into()));
                    Ok(())
                }
                _ => Err(fixed()),
            }
        };
        if by_list && from_list(self).is_ok() {
            return Ok(());
        }
        let mut forced = Err(fixed());
        for member in &members {
            forced = self.assign(item, Compare::Equal, member);
            if forced.is_ok() {
                return forced;
            }
        }
        from_list(self).or(forced)
    }
    /// Another item if that is the story's to say, else a list without it.
    fn force_out_of(&mut self, item: &'p Expr, list: &'p Expr, members: &[Value]) -> Forced {
        let value = self.eval(item);
        if let Some(place) = self.place_of(item)
            && let Some(ty) = plain_kind(self.draft, &place)
        {
            let mut tried = neighbours(self.draft.program, &ty, &value);
            tried.extend(members.iter().flat_map(|m| neighbours(self.draft.program, &ty, m)));
            if let Some(other) = tried.into_iter().find(|v| !members.contains(v)) {
                return self.assign(item, Compare::Equal, &other);
            }
        }
        let place = self.place_of(list).ok_or_else(fixed)?;
        let left = members.iter().filter(|m| **m != value).cloned().collect();
        self.write(&place, Value::List(left));
        Ok(())
    }

    pub(super) fn force_quantified(
        &mut self,
        whole: &Expr,
        quantifier: Quantifier,
        list: &'p Expr,
        condition: Option<&'p Expr>,
        want: bool,
    ) -> Forced {
        let source = self.source_of(list).ok_or_else(fixed)?;
        match (quantifier, want) {
            (Quantifier::Any, true) | (Quantifier::None, false) => self.force_one(&source, condition, true),
            (Quantifier::All, false) => self.force_one(&source, condition, false),
            (Quantifier::Any, false) | (Quantifier::None, true) => self.force_all(whole, &source, condition, false),
            (Quantifier::All, true) => self.force_all(whole, &source, condition, true),
        }
    }
    /// One element that suits the narrowing, and the condition or its opposite.
    fn force_one(&mut self, source: &Source<'p>, condition: Option<&'p Expr>, want: bool) -> Forced {
        if items(&self.draft.value(&source.place)).is_empty() {
            self.push_element(&source.place)?;
        }
        let element = source.place.inside(0);
        for narrowing in &source.narrowed {
            self.force_of(element.clone(), narrowing, true)?;
        }
        match condition {
            Some(condition) => self.force_of(element, condition, want),
            None => Ok(()),
        }
    }
    /// The same of every element; an empty list will do too.
    fn force_all(&mut self, whole: &Expr, source: &Source<'p>, condition: Option<&'p Expr>, want: bool) -> Forced {
        let count = items(&self.draft.value(&source.place)).len();
        let each = self.draft.choices.pick(key(whole, 4), 2) == 1;
        let Some(condition) = condition.filter(|_| each) else {
            self.write(&source.place, Value::List([].into()));
            return Ok(());
        };
        for index in 0..count {
            self.force_of(source.place.inside(index as u16), condition, want)?;
        }
        Ok(())
    }
    pub(super) fn force_length(&mut self, list: &'p Expr, op: Compare, count: i64) -> Forced {
        let wanted = count_for(op, count);
        let source = self.source_of(list).ok_or_else(fixed)?;
        if !(0..=LENGTH_MAX).contains(&wanted) {
            return Err(fixed());
        }
        let members = items(&self.draft.value(&source.place));
        let mut suiting = Vec::new();
        for (index, member) in members.iter().enumerate() {
            let suits = source.narrowed.iter().all(|narrowing| self.holds_of(member.clone(), narrowing));
            suiting.extend(suits.then_some(index));
        }
        let surplus: Vec<usize> = suiting.iter().skip(wanted as usize).copied().collect();
        if !surplus.is_empty() {
            let left = members.iter().enumerate().filter(|(i, _)| !surplus.contains(i)).map(|(_, m)| m.clone());
            self.write(&source.place, Value::List(left.collect()));
            return Ok(());
        }
        for _ in suiting.len()..wanted as usize {
            let index = self.push_element(&source.place)?;
            for narrowing in &source.narrowed {
                self.force_of(source.place.inside(index), narrowing, true)?;
            }
        }
        Ok(())
    }

    fn source_of(&self, list: &'p Expr) -> Option<Source<'p>> {
        match list {
            Expr::Narrow { list, condition } => {
                let mut source = self.source_of(list)?;
                source.narrowed.push(condition);
                Some(source)
            }
            plain => Some(Source { place: self.place_of(plain)?, narrowed: Vec::new() }),
        }
    }
    /// A new last element; its index.
    fn push_element(&mut self, place: &Place) -> Result<u16, super::story::Reason> {
        let Some((ty, name)) = self.draft.kind(place) else { return Err(fixed()) };
        let Type::List(element) = plain(&ty) else { return Err(fixed()) };
        let mut members = items(&self.draft.value(place));
        members.push(self.draft.sampler().value(&name, element));
        let index = members.len() as u16 - 1;
        self.write(place, Value::List(members.into()));
        Ok(index)
    }
}

pub(super) fn items(list: &Value) -> Vec<Value> {
    match list {
        Value::List(items) => items.to_vec(),
        _ => Vec::new(),
    }
}
