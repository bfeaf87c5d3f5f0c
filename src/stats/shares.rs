//! Whether people were dealt to the arms as the shares say: the sample ratio mismatch (SRM) check.
//!
//! Says that something is wrong, not what.

use super::chance::chi_square_above;

/// Below this the dealing itself is broken, and nothing else about the experiment can be believed (Fabijan et al. 2019 and
/// common practice): one false alarm in a thousand experiments.
pub const ALARM: f64 = 0.001;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dealt {
    pub chi_square: f64,
    pub p: f64,
}

impl Dealt {
    pub fn is_alarming(&self) -> bool {
        self.p < ALARM
    }
}

/// Pearson's chi-square of counts against shares of any whole. `None` with fewer than two arms that can be met, or nobody;
/// somebody in an arm without a share is a mismatch beyond doubt.
pub fn mismatch(counts: &[u64], shares: &[f64]) -> Option<Dealt> {
    let (n, whole) = (counts.iter().sum::<u64>() as f64, shares.iter().sum::<f64>());
    let met = shares.iter().filter(|share| **share > 0.0).count();
    if counts.len() != shares.len() || met < 2 || n == 0.0 {
        return None;
    }
    let part = |(count, share): (&u64, &f64)| match (*count, share * n / whole) {
        (0, expected) if expected <= 0.0 => 0.0,
        (count, expected) => (count as f64 - expected).powi(2) / expected,
    };
    let chi_square: f64 = counts.iter().zip(shares).map(part).sum();
    let p = if chi_square.is_finite() { chi_square_above(chi_square, met as u32 - 1) } else { 0.0 };
    Some(Dealt { chi_square, p })
}
