//! How many people an experiment needs, what it can see with those it has, and how long that takes.
//!
//! Plans for a stated effect; the effect that was seen says nothing about power.

use super::chance::normal_quantile;
use super::pairs;
use super::sequential::{Mixture, critical_at};

/// The chance to see an effect that is there.
pub const POWER: f64 = 0.8;
/// Halvings of an interval: more than a float has bits.
const HALVINGS: usize = 200;
/// Nobody has more people.
const PEOPLE_MAX: f64 = 1e11;

/// Units per arm to tell `a` from `b` in one look at the end, each rate with its own variance.
pub fn sample_size(a: f64, b: f64, alpha: f64, power: f64) -> f64 {
    let z = normal_quantile(1.0 - alpha / 2.0) + normal_quantile(power);
    z * z * (a * (1.0 - a) + b * (1.0 - b)) / (b - a).powi(2)
}

/// The same for the pooled test, as Fleiss has it without the correction for continuity.
pub fn sample_size_pooled(a: f64, b: f64, alpha: f64, power: f64) -> f64 {
    let pooled = (a + b) / 2.0;
    let under_none = normal_quantile(1.0 - alpha / 2.0) * (2.0 * pooled * (1.0 - pooled)).sqrt();
    let under_effect = normal_quantile(power) * (a * (1.0 - a) + b * (1.0 - b)).sqrt();
    ((under_none + under_effect) / (b - a)).powi(2)
}

/// An experiment that is looked at again and again.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub mixture: Mixture,
    pub alpha: f64,
    pub power: f64,
}

impl Plan {
    /// Whether `b` is told from `a` with the wanted power by the time the arms have so many units. Looking earlier only
    /// adds to the power.
    fn sees(&self, a: f64, b: f64, n_a: f64, n_b: f64) -> bool {
        let squared_error = a * (1.0 - a) / n_a + b * (1.0 - b) / n_b;
        let now = pairs(n_a as u64, n_b as u64);
        if now <= 0.0 || squared_error <= 0.0 {
            return false;
        }
        let z = critical_at(&self.mixture, now, squared_error, self.alpha) + normal_quantile(self.power);
        (b - a).abs() >= z * squared_error.sqrt()
    }
    /// The smallest rate above `a` that the arms can tell from it, with so many units; `None` if none can be.
    pub fn detectable(&self, a: f64, n_a: u64, n_b: u64) -> Option<f64> {
        let sees = |b: f64| self.sees(a, b, n_a as f64, n_b as f64);
        // Just below 1, where the variance of `b` is gone.
        let (mut low, mut high) = (a, 1.0 - 1e-9);
        if !(0.0..high).contains(&a) || !sees(high) {
            return None;
        }
        for _ in 0..HALVINGS {
            let middle = (low + high) / 2.0;
            if sees(middle) { high = middle } else { low = middle }
        }
        Some(high)
    }
    /// Units in all, of which the arms get their shares, until `b` is told from `a`; `None` if never.
    pub fn needed(&self, a: f64, b: f64, share_a: f64, share_b: f64) -> Option<f64> {
        let sees = |n: f64| self.sees(a, b, n * share_a, n * share_b);
        let (mut low, mut high) = (0.0, PEOPLE_MAX);
        if !sees(high) {
            return None;
        }
        for _ in 0..HALVINGS {
            let middle = (low + high) / 2.0;
            if sees(middle) { high = middle } else { low = middle }
        }
        Some(high.ceil())
    }
}

/// Days until there are `needed` units, with `present` of them and so many more each day; 0 if there are enough, `None` if
/// nobody comes.
pub fn days_until(needed: f64, present: u64, per_day: f64) -> Option<f64> {
    let missing = (needed - present as f64).max(0.0);
    if missing == 0.0 {
        return Some(0.0);
    }
    (per_day > 0.0).then(|| missing / per_day)
}
