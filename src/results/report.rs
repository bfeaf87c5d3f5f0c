//! The results as plain, versioned data, for programs and for the pages.
//!
//! Shapes only. Rates and lifts are parts of one (0.05 is 5 %); amounts are in units of the currency; times are RFC 3339.

use serde::{Serialize, Serializer};

use crate::words::Both;

/// Version of the shape.
pub const RESULTS_VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub version: u32,
    pub project: String,
    /// The latest moment that is known.
    pub until: Option<String>,
    /// The zone of days.
    pub zone: String,
    pub experiments: Vec<ExperimentReport>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExperimentReport {
    pub journey: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub name: String,
    /// `split` or `holdout`.
    pub kind: &'static str,
    /// `person` or `run`.
    pub unit: &'static str,
    /// From 1; a changed way through the journey, other shares, other arms or another goal begin the next.
    pub phase: u32,
    /// People may meet it now.
    pub current: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<GoalReport>,
    /// The first and the last time that somebody met an arm.
    pub from: Option<String>,
    pub to: Option<String>,
    /// The arm that others are compared with.
    pub control: String,
    /// How often a comparison may take chance for an effect; 0.05 shared among the comparisons.
    pub alpha: f64,
    pub arms: Vec<ArmReport>,
    /// Whether people were dealt as the shares say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dealing: Option<Dealing>,
    pub mixed: u64,
    pub power: Option<Power>,
    /// By currency; absent where no goal event says what it is worth.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub money: Vec<MoneyReport>,
    /// What the journey really caused, of a holdout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caused: Option<Caused>,
    pub notes: Vec<Note>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GoalReport {
    pub event: String,
    pub within: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmReport {
    pub name: String,
    pub share: f64,
    pub entrants: u64,
    pub conversions: u64,
    /// May still convert.
    pub open: u64,
    /// Reached the goal before they met the arm.
    pub before: u64,
    #[serde(serialize_with = "tidy")]
    pub rate: f64,
    /// Of the rate, for one look (Wilson).
    pub interval: Range,
    /// Absent for the control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
    /// The probability that its rate is the highest; absent while an arm is empty.
    #[serde(serialize_with = "tidy_option")]
    pub best: Option<f64>,
    /// Points of the rate that choosing it loses on average.
    #[serde(serialize_with = "tidy_option")]
    pub loss: Option<f64>,
}

/// An arm compared with the control; all of it valid however often it is looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Against {
    #[serde(serialize_with = "tidy")]
    pub difference: f64,
    #[serde(serialize_with = "tidy_option")]
    pub lift: Option<f64>,
    /// Absent while there are too few to judge by.
    pub difference_interval: Option<Range>,
    /// Absent also where the control's rate cannot be told from nothing.
    pub lift_interval: Option<Range>,
    /// For all comparisons together.
    #[serde(serialize_with = "tidy_option")]
    pub p: Option<f64>,
    /// p is below 0.05.
    pub significant: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    #[serde(serialize_with = "tidy")]
    pub low: f64,
    #[serde(serialize_with = "tidy")]
    pub high: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dealing {
    #[serde(serialize_with = "tidy")]
    pub chi_square: f64,
    #[serde(serialize_with = "tidy")]
    pub p: f64,
    /// p is below 0.001.
    pub alarm: bool,
}

/// What the experiment can see, for a power of 80 %.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Power {
    /// The smallest lift it can tell now.
    #[serde(serialize_with = "tidy_option")]
    pub detectable_lift: Option<f64>,
    /// The lift that is asked for.
    pub wanted_lift: f64,
    /// Entrants that takes, of all arms.
    pub entrants_needed: Option<u64>,
    #[serde(serialize_with = "tidy")]
    pub entrants_per_day: f64,
    /// From now, at that pace; absent if nobody comes.
    pub days_needed: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MoneyReport {
    pub currency: String,
    /// Digits after the point.
    #[serde(skip)]
    pub digits: usize,
    pub arms: Vec<MoneyArm>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MoneyArm {
    pub name: String,
    #[serde(serialize_with = "tidy")]
    pub total: f64,
    #[serde(serialize_with = "tidy")]
    pub per_entrant: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<MoneyAgainst>,
}

/// Money per entrant compared with the control's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MoneyAgainst {
    #[serde(serialize_with = "tidy")]
    pub difference: f64,
    /// For one look.
    pub welch: Range,
    #[serde(serialize_with = "tidy")]
    pub welch_p: f64,
    /// For one look.
    pub bootstrap: Option<Range>,
    /// Valid however often it is looked at.
    pub interval: Option<Range>,
    #[serde(serialize_with = "tidy_option")]
    pub p: Option<f64>,
}

/// What would not have happened without the journey: the difference per entrant times the entrants who were not held out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Caused {
    pub treated: u64,
    #[serde(serialize_with = "tidy")]
    pub conversions: f64,
    /// Valid however often it is looked at.
    pub conversions_interval: Option<Range>,
    pub money: Vec<CausedMoney>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CausedMoney {
    pub currency: String,
    #[serde(skip)]
    pub digits: usize,
    #[serde(serialize_with = "tidy")]
    pub amount: f64,
    pub interval: Option<Range>,
}

/// What must be known to read the numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Note {
    /// Of those of `docs/checks.md`, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The results must not be believed.
    pub alarm: bool,
    #[serde(flatten)]
    pub text: Both,
}

impl Report {
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report is plain data with string keys") + "\n"
    }
    /// Some experiment was not dealt as its shares say.
    pub fn is_alarming(&self) -> bool {
        self.experiments.iter().flat_map(|e| &e.notes).any(|note| note.alarm)
    }
}

/// Nine digits: more are an accident of arithmetic.
fn tidied(value: f64) -> f64 {
    format!("{value:.8e}").parse().unwrap_or(value)
}
fn tidy<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(tidied(*value))
}
fn tidy_option<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(tidied).serialize(serializer)
}
