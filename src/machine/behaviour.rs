//! What a person did: questions to their history, and when the answer changes by time alone.
//!
//! Keeps nothing; `history` does.

use crate::ir::{Ask, Behaviour, FieldId, Operator};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR};
use crate::value::{CalendarPeriod, Span, Value};

use super::arithmetic;
use super::evaluate::{Scope, Subject, View};
use super::history::{EventHistory, Row};

/// Calendar steps from neighbouring moments can cross: two entries up to this far apart may leave a window of months in
/// the other order (31 January and 28 January plus a month).
const CROSSING: Span = Span(4 * MILLIS_PER_DAY);

impl View<'_> {
    pub(super) fn behaviour(&self, asked: &Behaviour, scope: Option<&Scope<'_>>) -> Value {
        let past = self.person.history.binary_search_by_key(&asked.event, |h| h.event).ok();
        match (past.map(|i| &self.person.history[i]), &asked.ask) {
            (Some(past), _) => self.answer(past, asked, scope),
            (None, Ask::Did) => Value::Bool(false),
            (None, Ask::Count) => Value::Int(0),
            (None, Ask::Sum { zero, .. }) => zero.clone(),
            (None, Ask::Average { .. } | Ask::Last { .. } | Ask::First { .. }) => Value::Missing,
        }
    }

    fn answer(&self, past: &EventHistory, asked: &Behaviour, scope: Option<&Scope<'_>>) -> Value {
        let need = &self.program.history[asked.event.index()];
        let open = asked.filter.is_none() && asked.window.is_none();
        match &asked.ask {
            Ask::Did => Value::Bool(match open {
                true => past.total > 0,
                false => self.last(past, asked, scope).is_some(),
            }),
            Ask::Count if open && need.total => Value::Int(past.total.into()),
            Ask::Count => Value::Int(self.count(past, asked, scope)),
            Ask::Sum { field, zero } => self.sum(past, asked, *field, zero, scope).0,
            Ask::Average { field } => self.average(past, asked, *field, scope),
            Ask::Last { field } => self.read(self.last(past, asked, scope), asked, *field),
            Ask::First { field } => self.read(self.first(past, asked, scope), asked, *field),
        }
    }

    fn last<'a>(&'a self, past: &'a EventHistory, asked: &'a Behaviour, scope: Option<&Scope<'_>>) -> Option<Row<'a>> {
        if asked.filter.is_none() && asked.window.is_none() && past.last().is_some() {
            return past.last();
        }
        let found = self.candidates(past, asked).rev().find(|row| self.counts(row, asked, scope));
        self.found(found, asked)
    }
    fn first<'a>(&'a self, past: &'a EventHistory, asked: &'a Behaviour, scope: Option<&Scope<'_>>) -> Option<Row<'a>> {
        if asked.filter.is_none() && asked.window.is_none() && past.first().is_some() {
            return past.first();
        }
        let found = self.candidates(past, asked).find(|row| self.counts(row, asked, scope));
        self.found(found, asked)
    }
    fn found<'a>(&self, row: Option<Row<'a>>, asked: &Behaviour) -> Option<Row<'a>> {
        if let (Some(row), Some(window), true) = (row, asked.window, self.is_tracked()) {
            self.until(self.zone.plus(row.at, window));
        }
        row
    }
    fn count(&self, past: &EventHistory, asked: &Behaviour, scope: Option<&Scope<'_>>) -> i64 {
        let mut count = 0;
        self.each(past, asked, scope, |_| count += 1);
        count
    }
    /// The sum, and how many values it has.
    fn sum(
        &self,
        past: &EventHistory,
        asked: &Behaviour,
        field: FieldId,
        zero: &Value,
        scope: Option<&Scope<'_>>,
    ) -> (Value, i64) {
        let (mut sum, mut count) = (zero.clone(), 0);
        self.each(past, asked, scope, |value_of| {
            let value = value_of(field);
            if !value.is_missing() {
                count += 1;
                sum = if sum.is_missing() {
                    value
                } else {
                    arithmetic::arithmetic(Operator::Add, &sum, &value, self.zone)
                };
            }
        });
        (sum, count)
    }
    fn average(&self, past: &EventHistory, asked: &Behaviour, field: FieldId, scope: Option<&Scope<'_>>) -> Value {
        let (sum, count) = self.sum(past, asked, field, &Value::Missing, scope);
        arithmetic::average(&sum, count)
    }

    /// Visits what counts, oldest first, and notes when the first of them leaves the window.
    fn each(
        &self,
        past: &EventHistory,
        asked: &Behaviour,
        scope: Option<&Scope<'_>>,
        mut visit: impl FnMut(&dyn Fn(FieldId) -> Value),
    ) {
        let need = &self.program.history[asked.event.index()];
        let event = self.program.event(asked.event);
        let mut oldest = None;
        for row in self.candidates(past, asked).filter(|row| self.counts(row, asked, scope)) {
            let oldest = *oldest.get_or_insert(row.at);
            if let Some(window) = asked.window
                && self.is_tracked()
                && row.at <= oldest.plus(CROSSING)
            {
                self.until(self.zone.plus(row.at, window));
            }
            visit(&|field| row.field(need, event, field));
        }
    }
    /// Rows that may be inside the window.
    fn candidates<'a>(
        &'a self,
        past: &'a EventHistory,
        asked: &'a Behaviour,
    ) -> impl DoubleEndedIterator<Item = Row<'a>> + 'a {
        let skipped = asked.window.map_or(0, |w| past.index_after(self.now.minus(w.longest())));
        past.rows(&self.program.history[asked.event.index()]).skip(skipped)
    }
    fn counts(&self, row: &Row<'_>, asked: &Behaviour, scope: Option<&Scope<'_>>) -> bool {
        let inside =
            asked.window.is_none_or(|w| row.at > self.now.minus(shortest(w)) || self.zone.plus(row.at, w) > self.now);
        inside && asked.filter.as_ref().is_none_or(|filter| self.suits(row, asked, filter, scope))
    }
    fn suits(&self, row: &Row<'_>, asked: &Behaviour, filter: &crate::ir::Expr, scope: Option<&Scope<'_>>) -> bool {
        let need = &self.program.history[asked.event.index()];
        let event = self.program.event(asked.event);
        self.truth(filter, Some(&Scope { subject: Subject::Past { row: *row, need, event }, outer: scope }))
    }
    fn read(&self, row: Option<Row<'_>>, asked: &Behaviour, field: Option<FieldId>) -> Value {
        let need = &self.program.history[asked.event.index()];
        let event = self.program.event(asked.event);
        match (row, field) {
            (None, _) => Value::Missing,
            (Some(row), Some(field)) => row.field(need, event, field),
            (Some(row), None) => row.whole(need, event),
        }
    }
}

/// The shortest a period lasts in any zone: 28 days a month, and a day less for a zone that jumps over one.
fn shortest(period: CalendarPeriod) -> Span {
    if period.is_exact() {
        return Span(period.millis);
    }
    let days = i64::from(period.months) * 28 + i64::from(period.days);
    Span(days * MILLIS_PER_DAY - 25 * MILLIS_PER_HOUR + period.millis)
}
