//! How findings name things: places, what is known of them, values, periods, in the author's notation.
//!
//! Judges nothing.

use crate::diag::{Diagnostic, Phrase};
use crate::ir::expr::Ask;
use crate::ir::{Expr, Type};
use crate::value::Value;

use super::domain::{Domain, Edge};
use super::judge::{Conflict, Judge};

/// A place as the author would write it; absent for what has no short name.
pub fn place(judge: &Judge<'_>, expr: &Expr) -> Option<String> {
    let program = judge.program;
    Some(match expr {
        Expr::Profile(field) => format!("profile.{}", program.profile.get(field.index())?.name),
        Expr::Slot(slot) => judge.journey?.slots.get(slot.index())?.name.clone(),
        Expr::Field(of, field) => {
            let ty = judge.type_of(of)?;
            let name = &judge.fields(&ty)?.get(field.index())?.name;
            match &**of {
                Expr::Subject(_) => name.clone(),
                of => format!("{}.{name}", place(judge, of)?),
            }
        }
        Expr::InSegment(segment) => format!("profile in {}", program.segments.get(segment.index())?.name),
        Expr::Handle(handle, fact) => {
            format!("{}.{}", judge.journey?.handles.get(handle.index())?.name, fact.name())
        }
        Expr::Length(list) => format!("count of {}", place(judge, list)?),
        Expr::Behaviour(behaviour) => {
            let event = program.events.get(behaviour.event.index())?;
            let field = |field: &crate::ir::FieldId| event.fields.get(field.index()).map(|f| f.name.clone());
            match &behaviour.ask {
                Ask::Did => format!("did {}", event.name),
                Ask::Count => format!("count of {}", event.name),
                Ask::Sum { field: of, .. } => format!("sum of {}.{}", event.name, field(of)?),
                Ask::Average { field: of } => format!("average of {}.{}", event.name, field(of)?),
                Ask::Last { field: Some(of) } => format!("last {}.{}", event.name, field(of)?),
                Ask::First { field: Some(of) } => format!("first {}.{}", event.name, field(of)?),
                Ask::Last { field: None } => format!("last {}", event.name),
                Ask::First { field: None } => format!("first {}", event.name),
            }
        }
        Expr::Today => "today".to_owned(),
        Expr::Now => "now".to_owned(),
        Expr::Const(_)
        | Expr::Subject(_)
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
        | Expr::Record(_)
        | Expr::List(_)
        | Expr::Pick { .. }
        | Expr::NextAnniversary(_)
        | Expr::Since { .. }
        | Expr::DateOf(_) => return None,
    })
}

/// A value in the language's own notation; `ty` tells the names of variants.
fn value(judge: &Judge<'_>, value: &Value, ty: Option<&Type>) -> Option<String> {
    Some(match (value, ty) {
        (Value::Bool(truth), _) => truth.to_string(),
        (Value::Int(n), _) => n.to_string(),
        (Value::Decimal(decimal), _) => decimal.to_string(),
        (Value::Money(money), _) => money.to_string(),
        (Value::Text(text), _) => format!("\"{text}\""),
        (Value::Instant(at), _) => at.to_string(),
        (Value::Date(date), _) => date.to_string(),
        (Value::Time(time), _) => time.to_string(),
        (Value::Span(span), _) => span.to_string(),
        (Value::Period(period), _) => period.to_string(),
        (Value::Zone(zone), _) => zone.to_string(),
        (Value::Enum(variant), Some(Type::Enum(id))) => {
            judge.program.enums.get(id.index())?.variants.get(usize::from(*variant))?.clone()
        }
        (Value::Enum(_), Some(Type::Optional(inner))) => return self::value(judge, value, Some(inner)),
        (Value::Enum(_) | Value::Missing | Value::Record(_) | Value::List(_), _) => return None,
    })
}

/// "`profile.rank` is `gold` here": what is known, in both languages.
pub fn known(judge: &Judge<'_>, expr: &Expr, domain: &Domain) -> Option<Phrase> {
    let name = place(judge, expr)?;
    let ty = judge.type_of(expr);
    let say = |v: &Value| value(judge, v, ty.as_ref());
    if !domain.may_be_set() {
        return Some(Phrase::new(format!("`{name}` is missing here"), format!("ここでは `{name}` は欠けている")));
    }
    if let Some(only) = &domain.only {
        let is_condition = matches!(expr, Expr::InSegment(_) | Expr::Handle(..));
        return match only.as_slice() {
            [Value::Bool(true)] if is_condition => {
                Some(Phrase::new(format!("`{name}` holds here"), format!("ここでは `{name}` が成り立っている")))
            }
            [Value::Bool(false)] if is_condition => Some(Phrase::new(
                format!("`{name}` does not hold here"),
                format!("ここでは `{name}` は成り立っていない"),
            )),
            some => {
                let values: Option<Vec<String>> = some.iter().map(|v| say(v).map(|v| format!("`{v}`"))).collect();
                let values = values?;
                let (en, ja) = (values.join(" or "), values.join("・"));
                Some(Phrase::new(format!("`{name}` is {en} here"), format!("ここでは `{name}` は {ja}")))
            }
        };
    }
    if let Some((en, ja)) = whole(expr, domain) {
        return Some(Phrase::new(format!("`{name}` is {en} here"), format!("ここでは `{name}` は {ja}")));
    }
    let low = domain.low.as_ref().and_then(|edge| Some((say(&edge.value)?, edge.open)));
    let high = domain.high.as_ref().and_then(|edge| Some((say(&edge.value)?, edge.open)));
    let at_least = |(v, open): (String, bool)| match open {
        true => (format!("above {v}"), format!("{v} より大きい")),
        false => (format!("{v} or more"), format!("{v} 以上")),
    };
    let at_most = |(v, open): (String, bool)| match open {
        true => (format!("below {v}"), format!("{v} 未満")),
        false => (format!("{v} or less"), format!("{v} 以下")),
    };
    let (en, ja) = match (low, high) {
        (Some(low), Some(high)) => {
            let (low, high) = (at_least(low), at_most(high));
            (format!("{} and {}", low.0, high.0), format!("{}、{}", low.1, high.1))
        }
        (Some(low), None) => at_least(low),
        (None, Some(high)) => at_most(high),
        (None, None) => match domain.except.first().and_then(say) {
            Some(gone) => (format!("not `{gone}`"), format!("`{gone}` ではない")),
            None if !domain.missing => ("never missing".to_owned(), "欠けない".to_owned()),
            None => return None,
        },
    };
    Some(Phrase::new(format!("`{name}` is {en} here"), format!("ここでは `{name}` は {ja}")))
}

/// Of whole numbers: a single one is named, and that no count is below zero needs no saying.
fn whole(expr: &Expr, domain: &Domain) -> Option<(String, String)> {
    let last = |edge: &Edge, inwards: i64| match edge.value {
        Value::Int(n) if edge.open => n.checked_add(inwards),
        Value::Int(n) => Some(n),
        _ => None,
    };
    let high = last(domain.high.as_ref()?, -1)?;
    let low = domain.low.as_ref().and_then(|edge| last(edge, 1));
    let is_count = matches!(expr, Expr::Behaviour(behaviour) if behaviour.ask == Ask::Count);
    match low {
        Some(low) if low == high => Some((format!("`{low}`"), format!("`{low}`"))),
        Some(..=0) if is_count => Some((format!("{high} or less"), format!("{high} 以下"))),
        _ => None,
    }
}

/// The finding with what it follows from: what the place is known to be, and where that was settled.
pub fn explained(mut finding: Diagnostic, judge: &Judge<'_>, conflict: Option<&Conflict>) -> Diagnostic {
    let Some(conflict) = conflict else { return finding };
    if let Some(phrase) = known(judge, &conflict.place, &conflict.known) {
        finding.primary.text = phrase;
    }
    let at = finding.primary.span;
    for from in conflict.from.iter().filter(|from| **from != at) {
        finding = finding.other(*from, "settled here", "ここで決まっている");
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Behaviour, EventId};

    #[test]
    fn whole_numbers_are_named_as_people_would() {
        let count = Behaviour { event: EventId(0), filter: None, window: None, ask: Ask::Count };
        let (count, other) = (Expr::Behaviour(Box::new(count)), Expr::Subject(0));
        let below = |n| Domain::count().below(&Value::Int(n), true);
        let words = |expr, domain: &Domain| whole(expr, domain).map(|(en, _)| en);
        assert_eq!(words(&count, &below(1)).as_deref(), Some("`0`"));
        assert_eq!(words(&count, &below(3)).as_deref(), Some("2 or less"));
        assert_eq!(words(&other, &below(1)).as_deref(), Some("`0`"));
        assert_eq!(words(&other, &below(3)), None, "of other numbers the lower end is news");
        assert_eq!(words(&count, &below(3).above(&Value::Int(0), true)), None);
        assert_eq!(words(&count, &below(3).above(&Value::Int(1), true)).as_deref(), Some("`2`"));
        assert_eq!(words(&count, &Domain::count()), None);
    }
}
