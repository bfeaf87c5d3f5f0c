//! What a journal says of experiments and holdouts: who met which arm, who converted after it, what it was worth, and how
//! sure that is.
//!
//! Reads lines of people's journals from whatever host wrote them, and asks `stats`; holds no statistics of its own and
//! decides nothing about anybody.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod book;
mod judge;
mod layout;
mod render;
mod report;
mod tally;

#[cfg(test)]
mod tests;

pub use book::{Book, Experiment, Kind, Line};
pub use judge::{Settings, judge};
pub use render::{markdown, pretty};
pub use report::{ArmReport, ExperimentReport, RESULTS_VERSION, Report};
pub use tally::Tally;
