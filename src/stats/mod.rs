//! What can be said of an experiment from its counts, and how sure it is: tests, intervals, sizes.
//!
//! Knows no journeys and no people: numbers in, numbers out. Nothing here depends on when it is asked, so whoever looks
//! every day must use what stays valid under looking ([`sequential`]); the tests for a single look are beside it to compare.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod bayes;
pub mod bootstrap;
pub mod chance;
pub mod means;
pub mod power;
pub mod proportions;
pub mod sequential;
pub mod shares;

#[cfg(test)]
mod tests;

/// From `low` to `high`, ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// `centre ± half`.
    pub fn around(centre: f64, half: f64) -> Interval {
        Interval { low: centre - half, high: centre + half }
    }
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
    pub fn width(&self) -> f64 {
        self.high - self.low
    }
}

/// The mean of one arm as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Units of the arm: people, or runs.
    pub n: u64,
    pub mean: f64,
    /// Of one unit, not of the mean.
    pub variance: f64,
}

impl Estimate {
    /// Of the mean; infinite for an arm without units.
    pub fn squared_error(&self) -> f64 {
        if self.n == 0 { f64::INFINITY } else { self.variance / self.n as f64 }
    }
}

/// Two arms of `n_a` and `n_b` units tell as much about a difference as so many pairs of one unit each: the harmonic mean,
/// 2 n_a n_b / (n_a + n_b). With equal arms it is the size of one.
pub fn pairs(n_a: u64, n_b: u64) -> f64 {
    let (a, b) = (n_a as f64, n_b as f64);
    if a + b == 0.0 { 0.0 } else { 2.0 * a * b / (a + b) }
}
