//! How often people will buy: BG/NBD over weeks, held against a part of the log it was not fitted to.
//!
//! Knows no money. A purchase is a day with one, as on the ladder.

use serde::Serialize;

use super::purchases::Person;
use super::{rate, rounded, six_digits};
use crate::lifetime::{self, Buyer, Refusal};
use crate::value::Date;

const DAYS_PER_WEEK: f64 = 7.0;
/// Days ahead for which purchases are expected.
pub const AHEAD_DAYS: i32 = 90;
/// The last part of the log, as one in so many, is kept back to judge the model by.
const KEPT_BACK_ONE_IN: i32 = 4;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Future {
    Estimated(Box<Estimate>),
    /// Why not, in both languages.
    Unknown {
        why: String,
        why_ja: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// `bg/nbd`, or `nbd` where the data show nobody leaving.
    pub model: &'static str,
    /// In weeks.
    pub r: f64,
    pub alpha: f64,
    /// Absent where nobody leaves.
    pub a: Option<f64>,
    pub b: Option<f64>,
    pub log_likelihood: f64,
    pub people: u64,
    pub repeaters: u64,
    /// Days with a purchase to be expected of all people together in the next ninety days.
    pub next_90_days: f64,
    /// People by their probability of being alive, in tenths from 0–10 % on; absent where nobody leaves.
    pub alive: Option<Vec<u64>>,
    /// Sum of these probabilities.
    pub alive_people: Option<f64>,
    /// Fitted to the log without its last quarter, and that quarter foretold; absent where that part is too small.
    pub check: Option<Check>,
    /// By person: purchases in ninety days, and the probability of being alive; for profiles.
    #[serde(skip)]
    pub people_values: Vec<(u32, f64, f64)>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// The last day the model saw.
    pub fitted_until: String,
    pub days: i32,
    pub people: u64,
    /// Days with a purchase of these people in the rest of the log.
    pub expected: f64,
    pub came: u64,
    /// `expected` less `came`, as a share of `came`.
    pub error: f64,
}

/// What books need of it; time in weeks.
pub(super) type Buying<'a> = Result<Model, &'a Refusal>;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Model(pub lifetime::Buying);

impl Model {
    /// The same with time in periods of four weeks.
    pub fn in_four_weeks(&self) -> lifetime::Buying {
        lifetime::Buying { alpha: self.0.alpha / 4.0, ..self.0 }
    }
}

/// A buyer's figures in weeks, in periods of four weeks.
pub(super) fn in_four_weeks(buyer: &Buyer) -> Buyer {
    Buyer { recency: buyer.recency / 4.0, age: buyer.age / 4.0, ..*buyer }
}

/// What a year's discount is in four weeks: 13 of them make a year.
pub(super) fn four_weeks_rate(yearly: f64) -> f64 {
    libm::pow(1.0 + yearly, 1.0 / 13.0) - 1.0
}

/// In weeks. Of days with a purchase, ascending, as far as they are not after `end`; `None` without any.
pub(super) fn buyer_of_days(days: &[Date], end: Date) -> Option<Buyer> {
    let seen = &days[..days.partition_point(|day| *day <= end)];
    let (first, last) = (seen.first()?, seen.last()?);
    let weeks = |from: &Date, to: &Date| f64::from(to.0 - from.0) / DAYS_PER_WEEK;
    let repeats = u32::try_from(seen.len() - 1).unwrap_or(u32::MAX);
    Some(Buyer { repeats, recency: weeks(first, last), age: weeks(first, &end) })
}

fn buyer(person: &Person, end: Date) -> Option<Buyer> {
    let days: Vec<Date> = person.days.iter().map(|day| day.date).collect();
    buyer_of_days(&days, end)
}

impl Future {
    pub(super) fn of(people: &[Person], end: Date) -> (Future, Result<Model, Refusal>) {
        match estimate(people, end) {
            Ok((estimate, model)) => (Future::Estimated(Box::new(estimate)), Ok(model)),
            Err(refusal) => (Future::Unknown { why: refusal.to_string(), why_ja: refusal.ja() }, Err(refusal)),
        }
    }
}

fn estimate(people: &[Person], end: Date) -> Result<(Estimate, Model), Refusal> {
    let buyers: Vec<(u32, Buyer)> = people.iter().filter_map(|p| Some((p.seat, buyer(p, end)?))).collect();
    let only: Vec<Buyer> = buyers.iter().map(|(_, buyer)| *buyer).collect();
    let fit = lifetime::Buying::fit(&only)?;
    let buying = fit.buying;
    let leaves = buying.anybody_leaves();
    let ahead = f64::from(AHEAD_DAYS) / DAYS_PER_WEEK;
    let mut values = Vec::with_capacity(buyers.len());
    for (seat, buyer) in &buyers {
        let expected = buying.expected(buyer, ahead).ok_or(Refusal::NoRest)?;
        values.push((*seat, expected, buying.alive(buyer)));
    }
    let mut tenths = vec![0; 10];
    for (_, _, alive) in &values {
        tenths[((alive * 10.0) as usize).min(9)] += 1;
    }
    let estimate = Estimate {
        model: if leaves { "bg/nbd" } else { "nbd" },
        r: six_digits(buying.r),
        alpha: six_digits(buying.alpha),
        a: leaves.then(|| six_digits(buying.a)),
        b: leaves.then(|| six_digits(buying.b)),
        log_likelihood: rounded(fit.log_likelihood, 3),
        people: buyers.len() as u64,
        repeaters: only.iter().filter(|b| b.repeats > 0).count() as u64,
        next_90_days: rounded(values.iter().map(|(_, expected, _)| expected).sum(), 1),
        alive: leaves.then_some(tenths),
        alive_people: leaves.then(|| rounded(values.iter().map(|(_, _, alive)| alive).sum(), 1)),
        check: check(people, end),
        people_values: values,
    };
    Ok((estimate, Model(buying)))
}

/// The last part of the log foretold from what came before.
fn check(people: &[Person], end: Date) -> Option<Check> {
    let first = people.iter().map(Person::first).min()?;
    let days = (end.0 - first.0) / KEPT_BACK_ONE_IN;
    let until = Date(end.0 - days);
    let known: Vec<(&Person, Buyer)> = people.iter().filter_map(|p| Some((p, buyer(p, until)?))).collect();
    let only: Vec<Buyer> = known.iter().map(|(_, buyer)| *buyer).collect();
    let buying = lifetime::Buying::fit(&only).ok()?.buying;
    let ahead = f64::from(days) / DAYS_PER_WEEK;
    let mut expected = 0.0;
    for buyer in &only {
        expected += buying.expected(buyer, ahead)?;
    }
    let later = |person: &&Person| person.days.iter().filter(|day| day.date > until && day.date <= end).count() as u64;
    let came: u64 = known.iter().map(|(person, _)| later(person)).sum();
    let error = if came > 0 { rounded(expected / came as f64 - 1.0, 4) } else { 0.0 };
    Some(Check {
        fitted_until: until.to_string(),
        days,
        people: known.len() as u64,
        expected: rounded(expected, 1),
        came,
        error,
    })
}

impl Estimate {
    /// Of all people, those who are more likely gone than not.
    pub fn likely_gone(&self) -> Option<f64> {
        let tenths = self.alive.as_ref()?;
        Some(rate(tenths[..5].iter().sum(), self.people))
    }
}
