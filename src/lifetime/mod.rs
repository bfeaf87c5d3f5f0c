//! What people are likely still to buy: BG/NBD for how often, Gamma–Gamma for how much, and what it is worth today.
//!
//! Numbers in, numbers out: knows no events, no currencies and no calendar. Every figure is made of additions and of
//! `libm`'s functions, so the same input gives the same bits on every machine.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod buying;
mod descent;
mod numbers;
pub mod spending;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;

pub use buying::Buying;
pub use spending::{Spender, Spending};
pub use value::present_value;

/// What is known of one person's purchases. Time is in one unit of the caller's (weeks), the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Buyer {
    /// Purchases after the first.
    pub repeats: u32,
    /// From the first purchase to the last one; 0 without a repeat.
    pub recency: f64,
    /// From the first purchase to the end of what was observed.
    pub age: f64,
}

/// Four numbers from fewer people than this say more about chance than about the shop.
pub const PEOPLE_MIN: usize = 100;
/// The same for people who came again.
pub const REPEATERS_MIN: usize = 30;

/// Why there is no estimate.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// Of so many people; [`PEOPLE_MIN`] are needed.
    FewPeople { people: usize },
    /// Of so many who came again; [`REPEATERS_MIN`] are needed.
    FewRepeats { repeaters: usize },
    /// The place of the first one whose numbers cannot be: not finite, negative, recency above age, an amount of nothing.
    Impossible { place: usize },
    /// The more extreme the parameter, the likelier the data: they do not hold what the model is looking for.
    RunsAway { parameter: &'static str },
    /// The search came to no rest.
    NoRest,
    /// People are so different that the expected amount is not finite (q of Gamma–Gamma is at most 1).
    NoMean,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::FewPeople { people } => write!(f, "{people} people are too few: {PEOPLE_MIN} are needed"),
            Refusal::FewRepeats { repeaters } => {
                write!(f, "{repeaters} people with a second purchase are too few: {REPEATERS_MIN} are needed")
            }
            Refusal::Impossible { place } => write!(f, "the figures of person {} cannot be", place + 1),
            Refusal::RunsAway { parameter } => write!(
                f,
                "the data do not fix the parameter {parameter}: people may be all alike, or nobody seems to have stopped buying"
            ),
            Refusal::NoRest => write!(f, "the search for the parameters came to no rest"),
            Refusal::NoMean => write!(f, "what people spend differs so much that no mean can be expected"),
        }
    }
}

impl Refusal {
    pub fn ja(&self) -> String {
        match self {
            Refusal::FewPeople { people } => format!("{people} 人では足りません ({PEOPLE_MIN} 人必要)"),
            Refusal::FewRepeats { repeaters } => {
                format!("2 回以上購入した人が {repeaters} 人では足りません ({REPEATERS_MIN} 人必要)")
            }
            Refusal::Impossible { place } => format!("{} 人目の数値がありえない値です", place + 1),
            Refusal::RunsAway { parameter } => format!(
                "データからパラメータ {parameter} が定まりません (購入の仕方が全員同じか、離脱した人が見当たらない)"
            ),
            Refusal::NoRest => "パラメータの探索が収束しませんでした".to_owned(),
            Refusal::NoMean => "購入額のばらつきが大きすぎて、平均を予測できません".to_owned(),
        }
    }
}
