//! Shares of people who converted: a rate with its interval, and two of them compared once.
//!
//! Says nothing that stays valid when it is looked at again and again; `sequential` does.

use super::chance::{normal_beyond, normal_quantile};
use super::{Estimate, Interval};

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    pub n: u64,
    /// At most `n`.
    pub hits: u64,
}

impl Rate {
    pub fn new(hits: u64, n: u64) -> Rate {
        Rate { n, hits: hits.min(n) }
    }
    /// 0 of nobody.
    pub fn share(&self) -> f64 {
        if self.n == 0 { 0.0 } else { self.hits as f64 / self.n as f64 }
    }
    /// A unit's variance is p (1 − p).
    pub fn estimate(&self) -> Estimate {
        let share = self.share();
        Estimate { n: self.n, mean: share, variance: share * (1.0 - share) }
    }
    /// Wilson's interval of the rate for a single look (Wilson 1927): inside 0 to 1, and right for small counts, where the
    /// textbook's p ± 1.96 √(p(1−p)/n) is not.
    pub fn wilson(&self, alpha: f64) -> Interval {
        if self.n == 0 {
            return Interval { low: 0.0, high: 1.0 };
        }
        let (n, p, z) = (self.n as f64, self.share(), normal_quantile(1.0 - alpha / 2.0));
        let spread = 1.0 + z * z / n;
        let centre = (p + z * z / (2.0 * n)) / spread;
        let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt() / spread;
        // At both ends the formula is exact, and its arithmetic is not.
        let low = if self.hits == 0 { 0.0 } else { (centre - half).max(0.0) };
        let high = if self.hits == self.n { 1.0 } else { (centre + half).min(1.0) };
        Interval { low, high }
    }
}

/// The two-sided test of one look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    pub z: f64,
    pub p: f64,
}

/// Two rates, pooled under the hypothesis that they are the same. `z` is above 0 where the second is higher.
pub fn pooled_z(a: Rate, b: Rate) -> Option<Tested> {
    if a.n == 0 || b.n == 0 {
        return None;
    }
    let pooled = Rate::new(a.hits + b.hits, a.n + b.n).share();
    let error = (pooled * (1.0 - pooled) * (1.0 / a.n as f64 + 1.0 / b.n as f64)).sqrt();
    let z = if error > 0.0 { (b.share() - a.share()) / error } else { 0.0 };
    Some(Tested { z, p: normal_beyond(z) })
}

/// The difference of the rates, second less first, with an unpooled (Wald) interval for a single look.
pub fn difference(a: Rate, b: Rate, alpha: f64) -> Option<Interval> {
    if a.n == 0 || b.n == 0 {
        return None;
    }
    let error = (a.estimate().squared_error() + b.estimate().squared_error()).sqrt();
    Some(Interval::around(b.share() - a.share(), normal_quantile(1.0 - alpha / 2.0) * error))
}

/// Whether the normal distribution may stand in for two rates: each arm is expected to have at least so many who convert
/// and who do not (Cochran 1954).
pub const EXPECTED_MIN: f64 = 5.0;

pub fn are_enough(a: Rate, b: Rate) -> bool {
    let pooled = Rate::new(a.hits + b.hits, a.n + b.n).share();
    [a, b].iter().all(|arm| arm.n as f64 * pooled.min(1.0 - pooled) >= EXPECTED_MIN)
}
