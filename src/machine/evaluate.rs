//! The value of an expression for one person at one moment, and until when time alone leaves it as it is.
//!
//! Changes nothing. Total: what has no meaning is missing, and a missing condition is false.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

use crate::ir::expr::SinceUnit;
use crate::ir::{EventDef, Expr, FieldId, HistoryNeed, Program, Quantifier, SegmentId};
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{Date, Instant, Span, Value, Zone};

use super::arithmetic;
use super::history::Row;
use super::person::{Delivery, Person};

/// Segments that name segments are followed this far; the checker allows no circles.
const SEGMENT_DEPTH_MAX: u8 = 64;
/// How far ahead a flip is looked for.
const FLIP_SEARCH: Span = Span(100 * 366 * MILLIS_PER_DAY);

/// One person at one moment, as an expression sees them.
pub(super) struct View<'v> {
    pub program: &'v Program,
    pub person: &'v Person,
    pub slots: &'v [Value],
    pub handles: &'v [Delivery],
    /// The person's zone, or what stands in for it.
    pub zone: Zone,
    pub now: Instant,
    horizon: Horizon,
    depth: u8,
}

/// The earliest later instant at which time alone could change what was evaluated.
struct Horizon {
    at: Cell<Instant>,
    tracked: bool,
    /// A comparison around this is solved as a whole, so a bare clock in it asks for nothing.
    solved: bool,
}

/// What stands under test, innermost first.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub subject: Subject<'s>,
    pub outer: Option<&'s Scope<'s>>,
}

#[derive(Clone, Copy)]
pub(super) enum Subject<'s> {
    Value(&'s Value),
    Past { row: Row<'s>, need: &'s HistoryNeed, event: &'s EventDef },
}

impl<'s> Scope<'s> {
    pub fn of(value: &'s Value) -> Scope<'s> {
        Scope { subject: Subject::Value(value), outer: None }
    }
    fn subject(&self, depth: u8) -> Option<Subject<'s>> {
        match depth {
            0 => Some(self.subject),
            _ => self.outer?.subject(depth - 1),
        }
    }
}

impl<'v> View<'v> {
    /// Outside any run: no slots, no handles.
    pub fn new(program: &'v Program, person: &'v Person, zone: Zone, now: Instant) -> View<'v> {
        let horizon = Horizon { at: Cell::new(Instant::NEVER), tracked: false, solved: false };
        View { program, person, slots: &[], handles: &[], zone, now, horizon, depth: 0 }
    }
    pub fn with_slots(self, slots: &'v [Value]) -> View<'v> {
        View { slots, ..self }
    }
    pub fn with_handles(self, handles: &'v [Delivery]) -> View<'v> {
        View { handles, ..self }
    }
    /// The value, and the earliest later instant at which time alone could change it.
    pub fn truth_and_horizon(mut self, condition: &Expr) -> (bool, Instant) {
        self.horizon.tracked = true;
        let truth = self.truth(condition, None);
        (truth, self.horizon.at.get())
    }
    /// Missing is false.
    pub fn truth<'a>(&'a self, condition: &'a Expr, scope: Option<&'a Scope<'a>>) -> bool {
        matches!(*self.value(condition, scope), Value::Bool(true))
    }
    pub fn holds(&self, condition: Option<&Expr>, scope: Option<&Scope<'_>>) -> bool {
        condition.is_none_or(|c| self.truth(c, scope))
    }
    pub fn owned(&self, expr: &Expr) -> Value {
        self.value(expr, None).into_owned()
    }

    /// With values under test around it, innermost first.
    pub fn owned_in(&self, expr: &Expr, subjects: &[Value]) -> Value {
        self.nested(expr, subjects, None)
    }
    fn nested(&self, expr: &Expr, subjects: &[Value], outer: Option<&Scope<'_>>) -> Value {
        match subjects.split_last() {
            None => self.value(expr, outer).into_owned(),
            Some((last, rest)) => self.nested(expr, rest, Some(&Scope { subject: Subject::Value(last), outer })),
        }
    }

    pub fn value<'a>(&'a self, expr: &'a Expr, scope: Option<&'a Scope<'a>>) -> Cow<'a, Value> {
        match expr {
            Expr::Const(value) => Cow::Borrowed(value),
            Expr::Profile(field) => Cow::Borrowed(self.person.field(*field)),
            Expr::Slot(slot) => self.slots.get(slot.index()).map_or(MISSING, Cow::Borrowed),
            Expr::Subject(depth) => self.whole_subject(scope.and_then(|s| s.subject(*depth))),
            Expr::Field(of, field) => self.field(of, *field, scope),
            Expr::Now => owned(Value::Instant(self.now)),
            Expr::Today => owned(Value::Date(self.today())),
            Expr::Handle(handle, fact) => {
                bool(self.handles.get(handle.index()).is_some_and(|d| d.facts & fact.bit() != 0))
            }
            Expr::Not(inner) => bool(!self.truth(inner, scope)),
            Expr::Negate(inner) => owned(arithmetic::negate(&self.value(inner, scope))),
            Expr::And(all) => bool(self.decided_by(all, false, scope)),
            Expr::Or(any) => bool(self.decided_by(any, true, scope)),
            Expr::Compare { op, left, right } => bool(self.compare(*op, left, right, scope)),
            Expr::Arithmetic { op, left, right } => {
                let (left, right) = (self.value(left, scope), self.value(right, scope));
                owned(arithmetic::arithmetic(*op, &left, &right, self.zone))
            }
            Expr::OrElse(first, second) => match self.value(first, scope) {
                value if value.is_missing() => self.value(second, scope),
                value => value,
            },
            Expr::IsSet(inner) => bool(!self.value(inner, scope).is_missing()),
            Expr::InSegment(segment) => bool(self.in_segment(*segment)),
            Expr::InList { item, list } => {
                let item = self.value(item, scope);
                let list = self.value(list, scope);
                bool(!item.is_missing() && items(&list).iter().any(|v| arithmetic::equal(v, &item)))
            }
            Expr::Behaviour(behaviour) => owned(self.behaviour(behaviour, scope)),
            Expr::Narrow { list, condition } => self.narrow(list, condition, scope),
            Expr::Quantify { quantifier, list, condition } => {
                bool(self.quantify(*quantifier, list, condition.as_deref(), scope))
            }
            Expr::Length(list) => owned(Value::Int(items(&self.value(list, scope)).len() as i64)),
            Expr::Record(fields) => owned(Value::Record(self.all(fields, scope))),
            Expr::List(fields) => owned(Value::List(self.all(fields, scope))),
            Expr::Pick { slot, arms } => match self.slots.get(slot.index()) {
                Some(Value::Int(arm)) => match usize::try_from(*arm).ok().and_then(|i| arms.get(i)) {
                    Some(arm) => self.value(arm, scope),
                    None => MISSING,
                },
                _ => MISSING,
            },
            Expr::NextAnniversary(of) => owned(self.next_anniversary(&self.value(of, scope))),
            Expr::Since { unit, of } => owned(self.since(*unit, &self.value(of, scope))),
            Expr::DateOf(of) => owned(self.date_of(&self.value(of, scope)).map_or(Value::Missing, Value::Date)),
        }
    }

    fn all<C: FromIterator<Value>>(&self, exprs: &[Expr], scope: Option<&Scope<'_>>) -> C {
        exprs.iter().map(|e| self.value(e, scope).into_owned()).collect()
    }
    fn whole_subject<'a>(&'a self, subject: Option<Subject<'a>>) -> Cow<'a, Value> {
        match subject {
            Some(Subject::Value(value)) => Cow::Borrowed(value),
            Some(Subject::Past { row, need, event }) => owned(row.whole(need, event)),
            None => MISSING,
        }
    }
    fn field<'a>(&'a self, of: &'a Expr, field: FieldId, scope: Option<&'a Scope<'a>>) -> Cow<'a, Value> {
        if let Expr::Subject(depth) = of
            && let Some(Subject::Past { row, need, event }) = scope.and_then(|s| s.subject(*depth))
        {
            return owned(row.field(need, event, field));
        }
        match self.value(of, scope) {
            Cow::Borrowed(Value::Record(fields)) => fields.get(field.index()).map_or(MISSING, Cow::Borrowed),
            Cow::Owned(Value::Record(fields)) => owned(fields.get(field.index()).cloned().unwrap_or_default()),
            _ => MISSING,
        }
    }
    fn narrow<'a>(&'a self, list: &'a Expr, condition: &'a Expr, scope: Option<&'a Scope<'a>>) -> Cow<'a, Value> {
        let list = self.value(list, scope);
        let suits =
            |value: &&Value| self.truth(condition, Some(&Scope { subject: Subject::Value(value), outer: scope }));
        let kept = items(&list).iter().filter(suits).cloned().collect();
        owned(Value::List(kept))
    }
    fn quantify<'a>(
        &'a self,
        quantifier: Quantifier,
        list: &'a Expr,
        condition: Option<&'a Expr>,
        scope: Option<&'a Scope<'a>>,
    ) -> bool {
        let list = self.value(list, scope);
        let suits =
            |value: &Value| self.holds(condition, Some(&Scope { subject: Subject::Value(value), outer: scope }));
        match quantifier {
            Quantifier::Any => items(&list).iter().any(suits),
            Quantifier::None => !items(&list).iter().any(suits),
            Quantifier::All => items(&list).iter().all(suits),
        }
    }
    /// Memberships do not depend on who asks, so the project's zone stands in for the person's.
    fn in_segment(&self, segment: SegmentId) -> bool {
        let Some(segment) = self.program.segments.get(segment.index()) else { return false };
        if self.depth >= SEGMENT_DEPTH_MAX {
            return false;
        }
        let zone = self.person.zone.unwrap_or(self.program.project.zone);
        let mut inner = View::new(self.program, self.person, zone, self.now);
        inner.horizon.tracked = self.horizon.tracked;
        inner.depth = self.depth + 1;
        let member = inner.truth(&segment.condition, None);
        self.until(inner.horizon.at.get());
        member
    }

    // ---- the clock -----------------------------------------------------------------------------------------------

    pub fn today(&self) -> Date {
        let today = self.zone.date(self.now);
        if self.horizon.tracked && !self.horizon.solved {
            self.until(self.zone.midnight(Date(today.0.saturating_add(1))));
        }
        today
    }
    fn next_anniversary(&self, of: &Value) -> Value {
        let Some(date) = self.date_of(of) else { return Value::Missing };
        let next = date.next_anniversary(self.zone.date(self.now));
        if self.horizon.tracked {
            self.until(self.zone.midnight(Date(next.0.saturating_add(1))));
        }
        Value::Date(next)
    }
    fn since(&self, unit: SinceUnit, of: &Value) -> Value {
        let Some(date) = self.date_of(of) else { return Value::Missing };
        let today = self.today();
        Value::Int(match unit {
            SinceUnit::Days => arithmetic::days_between(date, today).into(),
            SinceUnit::Months => date.whole_months_until(today),
            SinceUnit::Years => date.whole_months_until(today) / 12,
        })
    }
    fn date_of(&self, value: &Value) -> Option<Date> {
        match value {
            Value::Date(date) => Some(*date),
            Value::Instant(at) => Some(self.zone.date(*at)),
            _ => None,
        }
    }

    // ---- horizons ------------------------------------------------------------------------------------------------

    /// What was read may change at `at`.
    pub(super) fn until(&self, at: Instant) {
        if self.horizon.tracked && at < self.horizon.at.get() && at > self.now {
            self.horizon.at.set(at);
        }
    }
    pub(super) fn is_tracked(&self) -> bool {
        self.horizon.tracked
    }
    /// `and` and `or`: the first part that is `deciding` decides, and then its horizon alone counts.
    fn decided_by<'a>(&'a self, parts: &'a [Expr], deciding: bool, scope: Option<&'a Scope<'a>>) -> bool {
        let before = self.horizon.at.get();
        for part in parts {
            let so_far = self.horizon.at.replace(Instant::NEVER);
            if self.truth(part, scope) == deciding {
                self.horizon.at.set(before.min(self.horizon.at.get()));
                return deciding;
            }
            self.horizon.at.set(so_far.min(self.horizon.at.get()));
        }
        !deciding
    }
    fn compare<'a>(
        &'a self,
        op: crate::ir::Compare,
        left: &'a Expr,
        right: &'a Expr,
        scope: Option<&'a Scope<'a>>,
    ) -> bool {
        let clocks =
            u8::from(self.horizon.tracked && reads_clock(left)) + u8::from(self.horizon.tracked && reads_clock(right));
        if clocks == 0 {
            return arithmetic::compare(op, &self.value(left, scope), &self.value(right, scope));
        }
        let here = self.at(self.now, true);
        let (a, b) = (here.value(left, scope), here.value(right, scope));
        let mut limit = here.horizon.at.get();
        if clocks == 2 {
            limit = limit.min(self.zone.midnight(Date(self.zone.date(self.now).0.saturating_add(1))));
        }
        self.until(limit);
        self.until(self.first_change(left, right, scope, arithmetic::order(&a, &b), limit));
        arithmetic::compare(op, &a, &b)
    }
    /// Bisects for the first instant before `limit` at which two sides, one of which moves with the clock in one
    /// direction, stand in another order than now. [`Instant::NEVER`] if there is none.
    fn first_change<'a>(
        &'a self,
        left: &'a Expr,
        right: &'a Expr,
        scope: Option<&'a Scope<'a>>,
        order: Option<Ordering>,
        limit: Instant,
    ) -> Instant {
        let same_at = |at: i64| {
            let then = self.at(Instant(at), false);
            arithmetic::order(&then.value(left, scope), &then.value(right, scope)) == order
        };
        let (mut same, mut other) = (self.now.0, limit.min(self.now.plus(FLIP_SEARCH)).0 - 1);
        if other <= same || same_at(other) {
            return Instant::NEVER;
        }
        while other - same > 1 {
            let middle = same + (other - same) / 2;
            if same_at(middle) { same = middle } else { other = middle }
        }
        Instant(other)
    }
    fn at(&self, now: Instant, tracked: bool) -> View<'_> {
        let horizon = Horizon { at: Cell::new(Instant::NEVER), tracked, solved: true };
        View {
            program: self.program,
            person: self.person,
            slots: self.slots,
            handles: self.handles,
            zone: self.zone,
            now,
            horizon,
            depth: self.depth,
        }
    }
}

const MISSING: Cow<'static, Value> = Cow::Owned(Value::Missing);

fn owned<'a>(value: Value) -> Cow<'a, Value> {
    Cow::Owned(value)
}
fn bool<'a>(truth: bool) -> Cow<'a, Value> {
    Cow::Owned(Value::Bool(truth))
}
fn items(list: &Value) -> &[Value] {
    match list {
        Value::List(items) => items,
        _ => &[],
    }
}

/// Whether the value moves with the clock. The windows of behaviour and the next anniversary stand still until their own
/// horizons, which they note themselves.
fn reads_clock(expr: &Expr) -> bool {
    match expr {
        Expr::Now | Expr::Today | Expr::Since { .. } => true,
        Expr::Const(_)
        | Expr::Profile(_)
        | Expr::Slot(_)
        | Expr::Subject(_)
        | Expr::Handle(..)
        | Expr::InSegment(_)
        | Expr::Behaviour(_) => false,
        Expr::Field(inner, _)
        | Expr::Not(inner)
        | Expr::Negate(inner)
        | Expr::IsSet(inner)
        | Expr::Length(inner)
        | Expr::NextAnniversary(inner)
        | Expr::DateOf(inner) => reads_clock(inner),
        Expr::And(parts) | Expr::Or(parts) | Expr::Record(parts) | Expr::List(parts) => parts.iter().any(reads_clock),
        Expr::Pick { arms, .. } => arms.iter().any(reads_clock),
        Expr::Compare { left, right, .. } | Expr::Arithmetic { left, right, .. } => {
            reads_clock(left) || reads_clock(right)
        }
        Expr::OrElse(first, second) => reads_clock(first) || reads_clock(second),
        Expr::InList { item, list } => reads_clock(item) || reads_clock(list),
        Expr::Narrow { list, condition } => reads_clock(list) || reads_clock(condition),
        Expr::Quantify { list, condition, .. } => reads_clock(list) || condition.as_deref().is_some_and(reads_clock),
    }
}
