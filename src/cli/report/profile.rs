//! What is expected of each person, as `identify` calls that set fields of the profile.
//!
//! Writes only fields that the project declares, so that segments can ask about them.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::history::History;
use crate::cli::exit::Stop;
use crate::diag::Phrase;
use crate::ir::{Program, Type};
use crate::report::Figures;
use crate::report::book::Value;
use crate::report::future::Future;
use crate::value::Money;

const PURCHASES: &str = "expected_purchases_90d";
const ALIVE: &str = "probability_alive";
const VALUE: &str = "lifetime_value";

/// One line for each person who bought, in the order in which they first came.
pub fn lines(program: &Program, figures: &Figures, history: &History) -> Result<String, Stop> {
    let declared = |name: &str| program.profile.iter().find(|field| field.name == name).map(|field| plain(&field.ty));
    let number = |name: &str| matches!(declared(name), Some(Type::Decimal | Type::Percent));
    let (purchases, alive) = (number(PURCHASES), number(ALIVE));
    let currency = match declared(VALUE) {
        Some(Type::Money(currency)) => Some(*currency),
        _ => None,
    };
    if !purchases && !alive && currency.is_none() {
        return Err(nothing_declared(program));
    }
    let estimate = match &figures.future {
        Future::Estimated(estimate) => estimate,
        Future::Unknown { why, why_ja } => return Err(no_estimate(why, why_ja)),
    };
    let mut values: BTreeMap<u32, Money> = BTreeMap::new();
    for book in figures.books.iter().filter(|book| currency.is_some_and(|own| own.code() == book.currency)) {
        if let Value::Estimated(estimate) = &book.value {
            values.extend(estimate.people_values.iter().copied());
        }
    }
    let at = history.last_moment.map(|at| at.to_string());
    let mut text = String::new();
    for (seat, expected, probability) in &estimate.people_values {
        let mut traits = Map::new();
        if purchases {
            traits.insert(PURCHASES.to_owned(), four_digits(*expected));
        }
        if alive && estimate.alive.is_some() {
            traits.insert(ALIVE.to_owned(), four_digits(*probability));
        }
        if let Some(value) = values.get(seat) {
            let amount = value.to_string();
            let digits = amount.split(' ').next().unwrap_or("0");
            traits.insert(VALUE.to_owned(), serde_json::from_str(digits).unwrap_or(Json::Null));
        }
        if traits.is_empty() {
            continue;
        }
        let mut call = json!({ "type": "identify", "userId": history.name(*seat).as_ref(), "traits": traits });
        if let (Some(at), Some(members)) = (&at, call.as_object_mut()) {
            // What was not known before must not be known to a simulation before.
            members.insert("timestamp".to_owned(), json!(at));
        }
        text.push_str(&call.to_string());
        text.push('\n');
    }
    Ok(text)
}

fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Optional(inner) => plain(inner),
        other => other,
    }
}

fn four_digits(number: f64) -> Json {
    json!(libm::round(number * 1e4) / 1e4)
}

fn nothing_declared(program: &Program) -> Stop {
    let currency = program.project.currency.code();
    Stop::Wrong {
        what: Phrase::new(
            "the profile has none of the fields that could be written",
            "書き込める項目がプロフィールにありません",
        ),
        help: Phrase::new(
            format!("declare some of `{PURCHASES}: decimal?`, `{ALIVE}: percent?`, `{VALUE}: money {currency}?`"),
            format!("`{PURCHASES}: decimal?`・`{ALIVE}: percent?`・`{VALUE}: money {currency}?` のどれかを宣言する"),
        ),
    }
}

fn no_estimate(why: &str, why_ja: &str) -> Stop {
    Stop::Wrong {
        what: Phrase::new(
            format!("nothing can be expected of people: {why}"),
            format!("購入を予測できません: {why_ja}"),
        ),
        help: Phrase::new("read a longer history", "より長い期間の履歴を使う"),
    }
}
