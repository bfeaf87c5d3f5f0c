//! What a value may be, as far as conditions tell: missing or not, one of a few, or between two edges.
//!
//! Knows neither where a value stands nor how to say it; may hold too much, never too little.

use crate::ir::{Compare, EnumDef, Type};
use crate::value::{Decimal, Value};

/// One end of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// The outermost position that belongs to the range.
    pub at: i128,
    /// As the author wrote it.
    pub value: Value,
    /// The written value itself does not belong to the range.
    pub open: bool,
}

/// All that a value may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Domain {
    pub missing: bool,
    /// Absent: any value between the edges.
    pub only: Option<Vec<Value>>,
    pub low: Option<Edge>,
    pub high: Option<Edge>,
    pub except: Vec<Value>,
    /// How far apart neighbouring values stand, in positions.
    pub step: i128,
}

/// Where a value stands among its like: the order that comparisons follow. Absent for what has no order that is counted.
fn position(value: &Value) -> Option<i128> {
    Some(match value {
        Value::Bool(truth) => i128::from(*truth),
        Value::Int(n) => i128::from(*n) * i128::from(Decimal::ONE),
        Value::Decimal(decimal) => decimal.micro.into(),
        Value::Money(money) => money.minor.into(),
        Value::Instant(at) => at.0.into(),
        Value::Date(date) => date.0.into(),
        Value::Time(time) => time.0.into(),
        Value::Span(span) => span.0.into(),
        Value::Period(period) => period.longest().0.into(),
        Value::Enum(variant) => (*variant).into(),
        Value::Missing | Value::Text(_) | Value::Zone(_) | Value::Record(_) | Value::List(_) => return None,
    })
}

fn same(a: &Value, b: &Value) -> bool {
    match (position(a), position(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// The comparison with its sides exchanged.
pub fn turned(op: Compare) -> Compare {
    match op {
        Compare::Equal | Compare::NotEqual => op,
        Compare::Less => Compare::Greater,
        Compare::LessEqual => Compare::GreaterEqual,
        Compare::Greater => Compare::Less,
        Compare::GreaterEqual => Compare::LessEqual,
    }
}

impl Domain {
    pub fn anything() -> Domain {
        Domain { missing: true, only: None, low: None, high: None, except: Vec::new(), step: 1 }
    }
    pub fn truth() -> Domain {
        let only = Some(vec![Value::Bool(false), Value::Bool(true)]);
        Domain { missing: false, only, ..Domain::anything() }
    }
    /// How many there are of something.
    pub fn count() -> Domain {
        let low = Some(Edge { at: 0, value: Value::Int(0), open: false });
        Domain { missing: false, low, step: Decimal::ONE.into(), ..Domain::anything() }
    }
    pub fn exactly(value: &Value) -> Domain {
        match value {
            Value::Missing => Domain { only: Some(Vec::new()), ..Domain::anything() },
            value => Domain { missing: false, only: Some(vec![value.clone()]), ..Domain::anything() },
        }
    }
    /// What a value of a type may be.
    pub fn of_type(ty: &Type, enums: &[EnumDef]) -> Domain {
        let set = Domain { missing: false, ..Domain::anything() };
        match ty {
            Type::Optional(inner) => Domain { missing: true, ..Domain::of_type(inner, enums) },
            Type::Bool => Domain::truth(),
            Type::Int => Domain { step: Decimal::ONE.into(), ..set },
            Type::Enum(id) => {
                let variants = enums[id.index()].variants.len() as u16;
                Domain { only: Some((0..variants).map(Value::Enum).collect()), ..set }
            }
            Type::Text
            | Type::Id
            | Type::Email
            | Type::Phone
            | Type::LineId
            | Type::PushToken
            | Type::Url
            | Type::Decimal
            | Type::Percent
            | Type::Money(_)
            | Type::Zone
            | Type::Instant
            | Type::Date
            | Type::Time
            | Type::Span
            | Type::Period
            | Type::Record(_)
            | Type::Event(_)
            | Type::Result(_)
            | Type::List(_) => set,
        }
    }

    /// There is a value it may have.
    pub fn may_be_set(&self) -> bool {
        if let Some(only) = &self.only {
            return !only.is_empty();
        }
        let (Some(low), Some(high)) = (&self.low, &self.high) else { return true };
        let first = low.at.div_euclid(self.step) * self.step;
        let first = if first < low.at { first + self.step } else { first };
        if first > high.at {
            return false;
        }
        first + self.step <= high.at || !self.except.iter().any(|gone| position(gone) == Some(first))
    }
    pub fn is_empty(&self) -> bool {
        !self.missing && !self.may_be_set()
    }
    pub fn set(mut self) -> Domain {
        self.missing = false;
        self
    }
    pub fn only_missing(self) -> Domain {
        Domain { only: Some(Vec::new()), ..self }
    }

    /// What remains of it if `it op value` holds, or does not. A comparison with what is missing does not hold, but for
    /// `!=`, which does.
    pub fn compared(self, op: Compare, value: &Value, holds: bool) -> Domain {
        if value.is_missing() {
            return self;
        }
        match (op, holds) {
            (Compare::Equal, true) | (Compare::NotEqual, false) => self.set().among(std::slice::from_ref(value)),
            (Compare::Equal, false) | (Compare::NotEqual, true) => self.without(value),
            (Compare::Less, true) => self.set().below(value, true),
            (Compare::LessEqual, true) => self.set().below(value, false),
            (Compare::Greater, true) => self.set().above(value, true),
            (Compare::GreaterEqual, true) => self.set().above(value, false),
            (Compare::Less, false) => self.above(value, false),
            (Compare::LessEqual, false) => self.above(value, true),
            (Compare::Greater, false) => self.below(value, false),
            (Compare::GreaterEqual, false) => self.below(value, true),
        }
    }

    /// Only these values remain.
    pub fn among(mut self, values: &[Value]) -> Domain {
        let kept = match &self.only {
            Some(only) => only.iter().filter(|v| values.iter().any(|w| same(v, w))).cloned().collect(),
            None => values.iter().filter(|v| self.holds(v)).cloned().collect(),
        };
        self.only = Some(kept);
        self
    }
    pub fn without(mut self, value: &Value) -> Domain {
        match &mut self.only {
            Some(only) => only.retain(|v| !same(v, value)),
            None if self.except.iter().any(|gone| same(gone, value)) => {}
            None => self.except.push(value.clone()),
        }
        self
    }
    pub fn above(mut self, value: &Value, open: bool) -> Domain {
        let Some(at) = position(value).map(|at| at + i128::from(open)) else { return self };
        match &mut self.only {
            Some(only) => only.retain(|v| position(v).is_none_or(|p| p >= at)),
            None if self.low.as_ref().is_none_or(|low| low.at < at) => {
                self.low = Some(Edge { at, value: value.clone(), open });
            }
            None => {}
        }
        self
    }
    pub fn below(mut self, value: &Value, open: bool) -> Domain {
        let Some(at) = position(value).map(|at| at - i128::from(open)) else { return self };
        match &mut self.only {
            Some(only) => only.retain(|v| position(v).is_none_or(|p| p <= at)),
            None if self.high.as_ref().is_none_or(|high| high.at > at) => {
                self.high = Some(Edge { at, value: value.clone(), open });
            }
            None => {}
        }
        self
    }
    /// Not below the other's lower edge.
    pub fn not_below(self, other: &Domain) -> Domain {
        match &other.low {
            Some(low) => self.above(&low.value, low.open),
            None => match other.least() {
                Some(value) => self.above(&value, false),
                None => self,
            },
        }
    }
    /// Not above the other's upper edge.
    pub fn not_above(self, other: &Domain) -> Domain {
        match &other.high {
            Some(high) => self.below(&high.value, high.open),
            None => match other.greatest() {
                Some(value) => self.below(&value, false),
                None => self,
            },
        }
    }
    fn least(&self) -> Option<Value> {
        self.only.as_ref()?.iter().min_by_key(|v| position(v)).cloned()
    }
    fn greatest(&self) -> Option<Value> {
        self.only.as_ref()?.iter().max_by_key(|v| position(v)).cloned()
    }
    fn holds(&self, value: &Value) -> bool {
        let inside = position(value).is_none_or(|p| {
            self.low.as_ref().is_none_or(|low| low.at <= p) && self.high.as_ref().is_none_or(|high| p <= high.at)
        });
        inside && !self.except.iter().any(|gone| same(gone, value))
    }

    /// Either of both.
    pub fn or(self, other: Domain) -> Domain {
        let missing = self.missing || other.missing;
        if !self.may_be_set() {
            return Domain { missing, ..other };
        }
        if !other.may_be_set() {
            return Domain { missing, ..self };
        }
        if let (Some(mine), Some(theirs)) = (&self.only, &other.only) {
            let mut all = mine.clone();
            all.extend(theirs.iter().filter(|v| !mine.iter().any(|w| same(v, w))).cloned());
            return Domain { missing, only: Some(all), ..self };
        }
        let except = self.except.iter().filter(|v| !other.admits(v)).cloned().collect();
        let wider = |a: Option<Edge>, b: Option<Edge>, outer: fn(i128, i128) -> bool| {
            let (a, b) = (a?, b?);
            Some(if outer(a.at, b.at) { a } else { b })
        };
        let (low, other_low) = (self.lower(), other.lower());
        let (high, other_high) = (self.upper(), other.upper());
        Domain {
            missing,
            only: None,
            low: wider(low, other_low, |a, b| a <= b),
            high: wider(high, other_high, |a, b| a >= b),
            except,
            step: self.step.min(other.step),
        }
    }
    fn admits(&self, value: &Value) -> bool {
        match &self.only {
            Some(only) => only.iter().any(|v| same(v, value)),
            None => self.holds(value),
        }
    }
    fn lower(&self) -> Option<Edge> {
        match self.least() {
            Some(value) => Some(Edge { at: position(&value)?, value, open: false }),
            None => self.low.clone(),
        }
    }
    fn upper(&self) -> Option<Edge> {
        match self.greatest() {
            Some(value) => Some(Edge { at: position(&value)?, value, open: false }),
            None => self.high.clone(),
        }
    }

    /// Whether `self op other` holds for all they may be, for none, or for some.
    pub fn judged(&self, op: Compare, other: &Domain) -> Option<bool> {
        if self.missing || other.missing {
            return None;
        }
        let (low, high) = (self.lower().map(|e| e.at), self.upper().map(|e| e.at));
        let (other_low, other_high) = (other.lower().map(|e| e.at), other.upper().map(|e| e.at));
        let before = high.zip(other_low).is_some_and(|(high, low)| high < low);
        let after = low.zip(other_high).is_some_and(|(low, high)| low > high);
        let not_after = high.zip(other_low).is_some_and(|(high, low)| high <= low);
        let not_before = low.zip(other_high).is_some_and(|(low, high)| low >= high);
        let (yes, no) = match op {
            Compare::Equal => (false, before || after),
            Compare::NotEqual => (before || after, false),
            Compare::Less => (before, not_before),
            Compare::LessEqual => (not_after, after),
            Compare::Greater => (after, not_after),
            Compare::GreaterEqual => (not_before, before),
        };
        if yes {
            Some(true)
        } else if no {
            Some(false)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int() -> Domain {
        Domain::of_type(&Type::Int, &[])
    }
    fn with(domain: Domain, op: Compare, n: i64) -> Domain {
        domain.compared(op, &Value::Int(n), true)
    }

    #[test]
    fn whole_numbers_leave_nothing_between_neighbours() {
        assert!(with(with(int(), Compare::Greater, 3), Compare::Less, 4).is_empty());
        assert!(!with(with(int(), Compare::Greater, 3), Compare::Less, 5).is_empty());
        let decimal = Domain::of_type(&Type::Decimal, &[]);
        assert!(!with(with(decimal, Compare::Greater, 3), Compare::Less, 4).is_empty());
    }

    #[test]
    fn a_single_value_taken_out_leaves_nothing() {
        let four = with(with(int(), Compare::GreaterEqual, 4), Compare::LessEqual, 4);
        assert!(!four.is_empty());
        assert!(with(four, Compare::NotEqual, 4).is_empty());
    }

    #[test]
    fn a_comparison_that_fails_may_be_for_want_of_a_value() {
        let optional = Domain::of_type(&Type::Optional(Box::new(Type::Int)), &[]);
        let never = with(optional.compared(Compare::Less, &Value::Int(5), false), Compare::Less, 5);
        assert!(never.is_empty());
        let missing = Domain::of_type(&Type::Optional(Box::new(Type::Int)), &[])
            .compared(Compare::Less, &Value::Int(5), false)
            .compared(Compare::GreaterEqual, &Value::Int(5), false);
        assert!(!missing.is_empty() && !missing.may_be_set());
    }

    #[test]
    fn either_is_the_hull_of_both() {
        let low = with(with(int(), Compare::GreaterEqual, 1), Compare::LessEqual, 2);
        let high = with(with(int(), Compare::GreaterEqual, 8), Compare::LessEqual, 9);
        let both = low.or(high);
        assert!(with(both.clone(), Compare::Greater, 9).is_empty());
        assert!(!with(both, Compare::Equal, 5).is_empty());
    }

    #[test]
    fn ranges_apart_decide_a_comparison() {
        let (low, high) = (with(int(), Compare::LessEqual, 2), with(int(), Compare::GreaterEqual, 3));
        assert_eq!(low.judged(Compare::Less, &high), Some(true));
        assert_eq!(low.judged(Compare::Equal, &high), Some(false));
        assert_eq!(high.judged(Compare::LessEqual, &low), Some(false));
        assert_eq!(low.judged(Compare::Less, &int()), None);
    }
}
