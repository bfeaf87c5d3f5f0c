//! Conditions a little off: another comparison, another number, `and` for `or`, the opposite.
//!
//! Asks for no more of a person's past than the condition does: windows only shrink.

use crate::ir::{Behaviour, Compare, Expr};
use crate::value::{CalendarPeriod, Money, Value};

/// Every condition that has one fault, the opposite of the whole last.
pub fn conditions(condition: &Expr) -> Vec<Expr> {
    let mut found = inside(condition);
    found.push(match condition {
        Expr::Not(inner) => (**inner).clone(),
        other => Expr::Not(Box::new(other.clone())),
    });
    found.retain(|other| other != condition);
    found
}

/// Faults of the expression and of its parts.
fn inside(expr: &Expr) -> Vec<Expr> {
    match expr {
        Expr::Compare { op, left, right } => compared(*op, left, right),
        Expr::And(parts) => joined(parts, Expr::And, Expr::Or),
        Expr::Or(parts) => joined(parts, Expr::Or, Expr::And),
        Expr::Not(of) => inside(of).into_iter().map(|of| Expr::Not(Box::new(of))).collect(),
        Expr::Behaviour(behaviour) => asked(behaviour),
        Expr::Quantify { quantifier, list, condition: Some(condition) } => {
            let again = |condition| Expr::Quantify {
                quantifier: *quantifier,
                list: list.clone(),
                condition: Some(Box::new(condition)),
            };
            inside(condition).into_iter().map(again).collect()
        }
        Expr::Narrow { list, condition } => inside(condition)
            .into_iter()
            .map(|condition| Expr::Narrow { list: list.clone(), condition: Box::new(condition) })
            .collect(),
        Expr::Length(of) => inside(of).into_iter().map(|of| Expr::Length(Box::new(of))).collect(),
        Expr::Const(_)
        | Expr::Profile(_)
        | Expr::Slot(_)
        | Expr::Subject(_)
        | Expr::Field(..)
        | Expr::Now
        | Expr::Today
        | Expr::Handle(..)
        | Expr::Negate(_)
        | Expr::Arithmetic { .. }
        | Expr::OrElse(..)
        | Expr::IsSet(_)
        | Expr::InSegment(_)
        | Expr::InList { .. }
        | Expr::Quantify { condition: None, .. }
        | Expr::Record(_)
        | Expr::List(_)
        | Expr::Pick { .. }
        | Expr::NextAnniversary(_)
        | Expr::Since { .. }
        | Expr::DateOf(_) => Vec::new(),
    }
}

fn joined(parts: &[Expr], own: fn(Vec<Expr>) -> Expr, other: fn(Vec<Expr>) -> Expr) -> Vec<Expr> {
    let mut found = vec![other(parts.to_vec())];
    for (i, part) in parts.iter().enumerate() {
        for changed in inside(part) {
            let mut parts = parts.to_vec();
            parts[i] = changed;
            found.push(own(parts));
        }
        let mut left = parts.to_vec();
        left.remove(i);
        found.push(own(left));
    }
    found
}

fn compared(op: Compare, left: &Expr, right: &Expr) -> Vec<Expr> {
    let compare = |op, left: &Expr, right: &Expr| Expr::Compare {
        op,
        left: Box::new(left.clone()),
        right: Box::new(right.clone()),
    };
    let other = match op {
        Compare::Equal => Compare::NotEqual,
        Compare::NotEqual => Compare::Equal,
        Compare::Less => Compare::LessEqual,
        Compare::LessEqual => Compare::Less,
        Compare::Greater => Compare::GreaterEqual,
        Compare::GreaterEqual => Compare::Greater,
    };
    let mut found = vec![compare(other, left, right)];
    found.extend(numbers(op, right).into_iter().map(|right| compare(op, left, &right)));
    found.extend(inside(left).into_iter().map(|left| compare(op, &left, right)));
    found.extend(inside(right).into_iter().map(|right| compare(op, left, &right)));
    found
}

/// Other numbers on the right of a comparison, that another comparison does not say as well.
fn numbers(op: Compare, right: &Expr) -> Vec<Expr> {
    let steps: &[i64] = match op {
        Compare::GreaterEqual | Compare::Less => &[-1],
        Compare::Greater | Compare::LessEqual => &[1],
        Compare::Equal | Compare::NotEqual => &[1, -1],
    };
    let value = match right {
        Expr::Const(value) => value,
        _ => return Vec::new(),
    };
    match value {
        Value::Int(number) => steps.iter().map(|step| Expr::Const(Value::Int(number.saturating_add(*step)))).collect(),
        Value::Money(money) if money.minor > 1 => [money.minor / 2, money.minor.saturating_mul(2)]
            .map(|minor| Expr::Const(Value::Money(Money { minor, ..*money })))
            .to_vec(),
        _ => Vec::new(),
    }
}

fn asked(behaviour: &Behaviour) -> Vec<Expr> {
    let again = |behaviour| Expr::Behaviour(Box::new(behaviour));
    let mut found = Vec::new();
    if let Some(filter) = &behaviour.filter {
        let filters = inside(filter).into_iter();
        found.extend(filters.map(|filter| again(Behaviour { filter: Some(filter), ..behaviour.clone() })));
    }
    if let Some(shorter) = behaviour.window.and_then(halved) {
        found.push(again(Behaviour { window: Some(shorter), ..behaviour.clone() }));
    }
    found
}

fn halved(window: CalendarPeriod) -> Option<CalendarPeriod> {
    let CalendarPeriod { months, days, millis } = window;
    let half = match (months, days) {
        (0, 0) => CalendarPeriod { millis: millis / 2, ..window },
        (0, 1) => return None,
        (0, _) => CalendarPeriod { days: days / 2, ..window },
        (1, _) => CalendarPeriod { months: 0, days: 14, millis: 0 },
        (_, _) => CalendarPeriod { months: months / 2, ..window },
    };
    (half != CalendarPeriod::default()).then_some(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(op: Compare, number: i64) -> Expr {
        let (left, right) = (Box::new(Expr::Today), Box::new(Expr::Const(Value::Int(number))));
        Expr::Compare { op, left, right }
    }

    #[test]
    fn a_comparison_has_three_faults_that_differ() {
        let found = conditions(&count(Compare::GreaterEqual, 3));
        assert_eq!(
            found,
            [
                count(Compare::Greater, 3),
                count(Compare::GreaterEqual, 2),
                Expr::Not(Box::new(count(Compare::GreaterEqual, 3)))
            ]
        );
    }

    #[test]
    fn each_part_may_be_left_out() {
        let (a, b) = (Expr::IsSet(Box::new(Expr::Now)), Expr::IsSet(Box::new(Expr::Today)));
        let both = Expr::And(vec![a.clone(), b.clone()]);
        let found = conditions(&both);
        assert!(found.contains(&Expr::Or(vec![a.clone(), b.clone()])));
        assert!(found.contains(&Expr::And(vec![a])) && found.contains(&Expr::And(vec![b])));
        assert!(!found.contains(&both));
    }
}
