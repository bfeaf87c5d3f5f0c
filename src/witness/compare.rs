//! Makes a comparison hold: from the value that is wanted of an expression back to the places it is made of.
//!
//! Solves one comparison at a time; what was asked of a place before is remembered there.

use crate::ir::{Ask, Compare, Expr, Operator, SinceUnit};
use crate::value::{CalendarPeriod, Date, LocalTime, Value};

use super::domain::{fitted, flipped, is_usual, negated, neighbours, round};
use super::draft::{Place, Root};
use super::force::{Forced, Moment, Origin, fixed, key};
use super::story::Reason;

/// What was asked of one place is kept this long; more is the sign of a circle.
const ASKED_MAX: usize = 64;

impl<'p> Moment<'_, 'p> {
    pub(super) fn force_compare(
        &mut self,
        whole: &Expr,
        op: Compare,
        left: &'p Expr,
        right: &'p Expr,
        want: bool,
    ) -> Forced {
        let op = if want { op } else { negated(op) };
        let (a, b) = (self.eval(left), self.eval(right));
        if self.compares(op, &a, &b) {
            return Ok(());
        }
        if op != Compare::NotEqual && !(op == Compare::Equal && (a.is_missing() || b.is_missing())) {
            for (side, value) in [(left, &a), (right, &b)] {
                if value.is_missing() {
                    self.force_set(side, true)?;
                    // What is there now is seen at once, or when the story is run again.
                    let seen = !self.stale && !self.eval(side).is_missing();
                    return if seen { self.force_compare(whole, op, left, right, true) } else { Ok(()) };
                }
            }
        }
        let right_first = self.draft.choices.pick(key(whole, 1), 2) == 1;
        let sides = [(left, op, b), (right, flipped(op), a)];
        let [first, second] = &sides;
        let (first, second) = if right_first { (second, first) } else { (first, second) };
        self.assign(first.0, first.1, &first.2).or_else(|_| self.assign(second.0, second.1, &second.2))
    }

    /// Makes `expr op value` hold.
    pub(super) fn assign(&mut self, expr: &'p Expr, op: Compare, value: &Value) -> Forced {
        if let Some(place) = self.place_of(expr) {
            return self.assign_place(&place, op, value);
        }
        match expr {
            Expr::Slot(slot) => match self.origins.get(slot.index()).cloned() {
                Some(Origin::Let(inner)) => match (op, value) {
                    (Compare::Equal, Value::Bool(want)) => self.force(inner, *want),
                    _ => self.assign(inner, op, value),
                },
                _ => Err(fixed()),
            },
            Expr::OrElse(first, _) => self.assign(first, op, value),
            Expr::Negate(inner) => {
                let value = self.calculate(Operator::Multiply, value, &Value::Int(-1));
                self.assign(inner, flipped(op), &value)
            }
            Expr::Arithmetic { op: operator, left, right } => {
                self.assign_arithmetic(expr, *operator, left, right, (op, value))
            }
            Expr::Length(list) => match value {
                Value::Int(count) => self.force_length(list, op, *count),
                _ => Err(fixed()),
            },
            Expr::Behaviour(behaviour) => match (&behaviour.ask, value) {
                (Ask::Did, Value::Bool(want)) => self.force_set(expr, *want),
                (Ask::Count, Value::Int(count)) => self.force_count(behaviour, op, *count),
                (Ask::Sum { field, .. }, _) => self.force_sum(behaviour, *field, op, value),
                (Ask::Average { field }, _) => self.force_each(behaviour, *field, op, value),
                (Ask::Last { .. } | Ask::First { .. }, _) => self.force_count(behaviour, Compare::GreaterEqual, 1),
                (Ask::Did | Ask::Count, _) => Err(fixed()),
            },
            Expr::NextAnniversary(of) => self.assign_anniversary(of, op, value),
            Expr::Since { unit, of } => self.assign_since(*unit, of, op, value),
            Expr::DateOf(of) => match value {
                Value::Date(date) => {
                    let date = moved_for(op, *date, 1);
                    let noon = self.zone.instant(date, LocalTime(12 * 3600));
                    self.assign(of, Compare::Equal, &Value::Instant(noon))
                }
                _ => Err(fixed()),
            },
            Expr::Pick { slot, arms } => {
                let Some(Origin::Draw(split)) = self.origins.get(slot.index()) else { return Err(fixed()) };
                let split = *split;
                let suits = |arm: &&Expr| self.compares(op, &self.eval(arm), value);
                let arm = arms.iter().position(|arm| suits(&arm)).ok_or_else(fixed)?;
                self.draft.story.pins.insert(split, arm as u16);
                Ok(())
            }
            Expr::Now | Expr::Today => self.assign_clock(expr, op, value),
            _ => Err(fixed()),
        }
    }

    /// `left ∘ right op value`: one operand moves, the other stays.
    fn assign_arithmetic(
        &mut self,
        whole: &Expr,
        operator: Operator,
        left: &'p Expr,
        right: &'p Expr,
        (op, value): (Compare, &Value),
    ) -> Forced {
        let (a, b) = (self.eval(left), self.eval(right));
        let (for_left, for_right) = match operator {
            Operator::Add => (
                (op, self.calculate(Operator::Subtract, value, &b)),
                (op, self.calculate(Operator::Subtract, value, &a)),
            ),
            Operator::Subtract => (
                (op, self.calculate(Operator::Add, value, &b)),
                (flipped(op), self.calculate(Operator::Subtract, &a, value)),
            ),
            Operator::Multiply => {
                ((op, self.calculate(Operator::Divide, value, &b)), (op, self.calculate(Operator::Divide, value, &a)))
            }
            Operator::Divide => (
                (op, self.calculate(Operator::Multiply, value, &b)),
                (flipped(op), self.calculate(Operator::Divide, &a, value)),
            ),
        };
        let right_first = self.draft.choices.pick(key(whole, 2), 2) == 1;
        let sides = [(left, for_left), (right, for_right)];
        let order = if right_first { [1, 0] } else { [0, 1] };
        let mut forced = Err(fixed());
        for side in order {
            let (expr, (op, value)) = &sides[side];
            if !value.is_missing() {
                forced = self.assign(expr, *op, value);
            }
            if forced.is_ok() {
                break;
            }
        }
        forced
    }

    fn assign_anniversary(&mut self, of: &'p Expr, op: Compare, value: &Value) -> Forced {
        let Value::Date(wanted) = value else { return Err(fixed()) };
        let date = moved_for(op, *wanted, 1);
        let born = match self.eval(of) {
            Value::Date(born) => born.ymd().0,
            _ => 1990,
        };
        // 29 February comes round on the 28th in other years, so its own year is left alone.
        self.assign(of, Compare::Equal, &Value::Date(date.in_year(born)))
    }
    fn assign_since(&mut self, unit: SinceUnit, of: &'p Expr, op: Compare, value: &Value) -> Forced {
        let Value::Int(count) = value else { return Err(fixed()) };
        let count = i32::try_from(count_for(op, *count)).map_err(|_| fixed())?;
        let period = match unit {
            SinceUnit::Days => CalendarPeriod { months: 0, days: count, millis: 0 },
            SinceUnit::Months => CalendarPeriod { months: count, days: 0, millis: 0 },
            SinceUnit::Years => CalendarPeriod { months: count.saturating_mul(12), days: 0, millis: 0 },
        };
        let date = self.zone.date(self.now).plus(period.negated());
        match self.eval(of) {
            Value::Instant(_) => {
                let at = self.zone.plus(self.now, period.negated());
                self.assign(of, Compare::Equal, &Value::Instant(at))
            }
            _ => self.assign(of, Compare::Equal, &Value::Date(date)),
        }
    }
    /// The whole story moves in time.
    fn assign_clock(&mut self, expr: &Expr, op: Compare, value: &Value) -> Forced {
        let wanted = match (expr, value) {
            (Expr::Today, Value::Date(date)) => {
                let time = self.zone.local(self.now).1;
                self.zone.instant(moved_for(op, *date, 1), time)
            }
            (Expr::Now, Value::Instant(at)) => match op {
                Compare::Equal => *at,
                Compare::Less | Compare::LessEqual | Compare::NotEqual => at.minus(super::sample::days(1)),
                Compare::Greater | Compare::GreaterEqual => at.plus(super::sample::days(1)),
            },
            _ => return Err(fixed()),
        };
        self.draft.shift(wanted.0.saturating_sub(self.now.0));
        self.stale = true;
        Ok(())
    }

    /// Writes a value that suits what is asked now, and what was asked before if that can be.
    pub(super) fn assign_place(&mut self, place: &Place, op: Compare, value: &Value) -> Forced {
        let Some((ty, name)) = self.draft.kind(place) else { return Err(fixed()) };
        if let (Root::Line(_), [field]) = (place.root, place.path.as_slice())
            && name == "at"
            && usize::from(*field) + 1 == record_len(&self.draft.value(&Place::root(place.root)))
        {
            return Err(Reason::new("the time of an event is that of its line", "イベントの時刻は行の時刻で決まる"));
        }
        if value.is_missing() && op == Compare::Equal {
            return self.force_missing(place, &ty, &name);
        }
        if self.draft.asked.len() < ASKED_MAX {
            self.draft.asked.push((place.clone(), op, value.clone()));
        }
        let mut tried: Vec<Value> = Vec::new();
        for wanted in fitted(&ty, value) {
            tried.extend(round(&wanted));
            tried.push(wanted.clone());
            tried.extend(neighbours(self.draft.program, &ty, &wanted));
        }
        let before: Vec<(Compare, Value)> =
            self.draft.asked.iter().filter(|(p, ..)| p == place).map(|(_, op, v)| (*op, v.clone())).collect();
        for (_, asked) in &before {
            for wanted in fitted(&ty, asked) {
                tried.extend(neighbours(self.draft.program, &ty, &wanted));
                tried.push(wanted);
            }
        }
        if op == Compare::Equal {
            tried = fitted(&ty, value);
        }
        let suits_now = |v: &&Value| self.compares(op, v, value);
        let suits_all = |v: &&Value| before.iter().all(|(op, asked)| self.compares(*op, v, asked));
        let found = (tried.iter().filter(suits_now).filter(suits_all).find(|v| is_usual(v)))
            .or_else(|| tried.iter().filter(suits_now).find(|v| is_usual(v)))
            .or_else(|| tried.iter().find(suits_now))
            .cloned();
        let Some(found) = found else {
            return Err(Reason::new(format!("no value of `{name}` will do"), format!("`{name}` に使える値がない")));
        };
        self.write(place, found);
        Ok(())
    }
    fn force_missing(&mut self, place: &Place, ty: &crate::ir::Type, name: &str) -> Forced {
        if !matches!(ty, crate::ir::Type::Optional(_)) {
            return Err(Reason::new(format!("`{name}` is always there"), format!("`{name}` は必ず値を持つ")));
        }
        self.write(place, Value::Missing);
        Ok(())
    }

    // ---- the machine's own arithmetic ----------------------------------------------------------------------------

    pub(super) fn compares(&self, op: Compare, left: &Value, right: &Value) -> bool {
        let side = |value: &Value| Box::new(Expr::Const(value.clone()));
        let given = Default::default();
        let expr = Expr::Compare { op, left: side(left), right: side(right) };
        self.engine.evaluate_with(&self.person, self.zone, given, &expr, self.now) == Value::Bool(true)
    }
    pub(super) fn calculate(&self, op: Operator, left: &Value, right: &Value) -> Value {
        let side = |value: &Value| Box::new(Expr::Const(value.clone()));
        let expr = Expr::Arithmetic { op, left: side(left), right: side(right) };
        self.engine.evaluate_with(&self.person, self.zone, Default::default(), &expr, self.now)
    }
}

fn record_len(value: &Value) -> usize {
    match value {
        Value::Record(fields) => fields.len(),
        _ => 0,
    }
}

/// A date that stands to `date` as the comparison says.
fn moved_for(op: Compare, date: Date, by: i32) -> Date {
    match op {
        Compare::Equal | Compare::LessEqual | Compare::GreaterEqual => date,
        Compare::Less => Date(date.0.saturating_sub(by)),
        Compare::Greater | Compare::NotEqual => Date(date.0.saturating_add(by)),
    }
}

/// A count that stands to `count` as the comparison says.
pub(super) fn count_for(op: Compare, count: i64) -> i64 {
    match op {
        Compare::Equal | Compare::LessEqual | Compare::GreaterEqual => count,
        Compare::Less => count.saturating_sub(1),
        Compare::Greater | Compare::NotEqual => count.saturating_add(1),
    }
}
