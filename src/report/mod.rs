//! The figures of the trade, folded from purchases and from what journeys did, and laid out for people.
//!
//! Reads no files, knows no clock and draws no chance: the same purchases give the same bytes. Money of one currency is
//! never added to another's.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod block;
pub mod book;
pub mod chart;
pub mod cohort;
pub mod future;
pub mod html;
pub mod journeys;
pub mod ladder;
mod page;
pub mod purchases;
pub mod rfm;
#[cfg(test)]
mod tests;
pub mod text;

use serde::Serialize;

use crate::value::{Currency, Date};
use crate::words::Language;

pub use block::Section;
pub use purchases::{Bought, Person, Purchases};

/// Version of the shape of the JSON; raised when a key changes its meaning.
pub const REPORT_VERSION: u32 = 1;

/// What cannot be read from the purchases themselves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Of a purchase's amount, what is left after the cost of goods: lifetime values are of that. 1: of the amount itself.
    pub margin: f64,
    /// What money a year ahead is worth less, as a share.
    pub discount: f64,
    /// How far ahead lifetime values look, in periods of four weeks.
    pub periods: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options { margin: 1.0, discount: 0.1, periods: 13 }
    }
}

/// Everything there is to say, in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub version: u32,
    pub project: String,
    /// Days are this zone's.
    pub zone: String,
    pub input: Input,
    /// Absent where nobody bought anything.
    pub purchases: Option<Figures>,
    /// Absent where no journey was looked at.
    pub journeys: Option<journeys::Journeys>,
}

/// What was read, and how it was understood.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Input {
    pub sources: Vec<String>,
    pub lines: u64,
    /// Lines that could not be used.
    pub rejected: u64,
    /// Lines a mapping leaves out.
    pub left_out: u64,
    /// Events that are purchases and returns, as `purchase.total`.
    pub purchase_events: Vec<String>,
    pub return_events: Vec<String>,
    /// Purchases and returns whose id had come before.
    pub repeated: u64,
    /// What the log says of people's addresses, whatever message it was about.
    pub left: Left,
}

/// People's addresses in the log: how often they turned out dead, were complained from, or left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
pub struct Left {
    pub bounced: u64,
    pub complained: u64,
    pub unsubscribed: u64,
    /// LINE unfollow.
    pub blocked: u64,
    /// LINE follow.
    pub unblocked: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub people: u64,
    pub purchases: u64,
    /// First and last day of the log.
    pub from: String,
    pub to: String,
    pub ladder: ladder::Ladder,
    pub cohorts: Vec<cohort::Cohort>,
    /// How often people will buy.
    pub future: future::Future,
    /// By currency.
    pub books: Vec<book::Book>,
}

impl Figures {
    /// Of the people who bought something, up to and with the day `end`; `None` without any.
    pub fn of(people: &[Person], end: Date, options: &Options) -> Option<Figures> {
        let from = people.iter().map(|person| person.first()).min()?;
        let mut currencies: Vec<Currency> =
            people.iter().flat_map(|p| p.days.iter().flat_map(|d| &d.amounts)).map(|money| money.currency).collect();
        currencies.sort_unstable_by_key(|currency| currency.code());
        currencies.dedup();
        let (future, buying) = future::Future::of(people, end);
        let books = currencies
            .into_iter()
            .map(|currency| book::Book::of(people, currency, end, buying.as_ref().copied(), options));
        Some(Figures {
            people: people.len() as u64,
            purchases: people.iter().map(Person::purchases).sum(),
            from: from.to_string(),
            to: end.to_string(),
            ladder: ladder::Ladder::of(people, end),
            cohorts: cohort::cohorts(people, end),
            books: books.collect(),
            future,
        })
    }
}

impl Report {
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report is plain data with string keys") + "\n"
    }
    pub fn title(&self, language: Language) -> String {
        match language {
            Language::English => format!("{}: figures", self.project),
            Language::Japanese => format!("{} の指標", self.project),
        }
    }
    /// The same for people, section by section.
    pub fn sections(&self, language: Language) -> Vec<Section> {
        page::sections(self, language)
    }
}

/// A share with six decimals, so that the same counts print the same.
fn rate(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { rounded(part as f64 / whole as f64, 6) }
}

fn rounded(number: f64, decimals: i32) -> f64 {
    let scale = libm::pow(10.0, f64::from(decimals));
    libm::round(number * scale) / scale
}

/// Six significant digits.
fn six_digits(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    rounded(number, 5 - libm::floor(libm::log10(number.abs())) as i32)
}

/// The value at a share of the way through values in ascending order; nearest rank. `None` without any.
fn percentile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied()
}
