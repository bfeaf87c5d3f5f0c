//! What stays valid however often it is looked at: the mixture sequential probability ratio test (mSPRT) and the
//! confidence sequence that belongs to it.
//!
//! Keeps no history: every answer holds at the moment it is asked for, and at all others together.
//!
//! The difference d of two means with squared error V is compared with a mixture of effects N(0, τ²). Johari, Pekelis and
//! Walsh (Always valid inference, 2015/2022) write the ratio for two streams in pairs, with n pairs and V₁ = V n:
//!
//! ```text
//! Λ = √(V₁ / (V₁ + n τ²)) · exp(n² τ² d² / (2 V₁ (V₁ + n τ²)))
//! ```
//!
//! With x = τ² / V, how much wider the mixture is than what is left of chance, and z = d / √V, it is
//!
//! ```text
//! Λ = exp(z² x / (2 (1 + x))) / √(1 + x)
//! ```
//!
//! which does not ask for pairs: it is the ratio of the densities of d under N(0, V + τ²) and N(0, V), so it holds for arms
//! of any sizes, V = s²_a / n_a + s²_b / n_b. By Ville's inequality Λ ever reaches 1/α with a chance of at most α where
//! there is no effect. So p = 1/Λ is valid at any time, and so is the interval of all effects whose own Λ is below 1/α:
//! d ± z* √V with z*² = (1 + 1/x)(ln(1 + x) + 2 ln(1/α)).
//!
//! For rates and amounts V is estimated; then this is the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha,
//! Kennedy and Ramdas (Time-uniform central limit theory and asymptotic confidence sequences, 2021/2024): √V z* is their
//! √(2 (tρ² + 1) / (t² ρ²) · ln(√(tρ² + 1) / α)) with x = tρ². (Where a printed form adds ρ + α², the derivation has ρ α².)

use super::{Estimate, Interval, pairs};

/// Steps of a fixed point that converges in a dozen.
const STEPS: usize = 100;

/// How wide the mixture is. It must not be chosen by the data that it judges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mixture {
    /// Narrowest at so many pairs: x = x* n / N.
    Narrowest { ratio: f64, pairs: f64 },
    /// Effects of this standard deviation, in the unit of the mean.
    Effect(f64),
}

impl Mixture {
    /// Narrowest at `pairs` for the level `alpha`.
    ///
    /// The width (1 + 1/x)(ln(1 + x) + 2 ln(1/α)) is least where x = ln(1 + x) + 2 ln(1/α), which is
    /// x = −W₋₁(−α² / e) − 1 with Lambert's W.
    pub fn narrowest_at(pairs: f64, alpha: f64) -> Mixture {
        let mut x = 1.0;
        for _ in 0..STEPS {
            x = f64::ln_1p(x) + 2.0 * (1.0 / alpha).ln();
        }
        Mixture::Narrowest { ratio: x, pairs }
    }
    /// x, for a difference with the squared error.
    fn ratio(&self, squared_error: f64, now: f64) -> f64 {
        match self {
            Mixture::Narrowest { ratio, pairs } => ratio * now / pairs,
            Mixture::Effect(tau) => tau * tau / squared_error,
        }
    }
}

/// Two arms compared, the second less the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    a: Estimate,
    b: Estimate,
    pub difference: f64,
    squared_error: f64,
    /// x of the mixture.
    ratio: f64,
}

impl Comparison {
    /// `None` where nothing varies yet.
    pub fn new(a: Estimate, b: Estimate, mixture: &Mixture) -> Option<Comparison> {
        let squared_error = a.squared_error() + b.squared_error();
        let known = squared_error.is_finite() && squared_error > 0.0;
        let ratio = mixture.ratio(squared_error, pairs(a.n, b.n));
        known.then_some(Comparison { a, b, difference: b.mean - a.mean, squared_error, ratio })
    }
    pub fn z(&self) -> f64 {
        self.difference / self.squared_error.sqrt()
    }
    /// ln Λ of the observed difference against none.
    pub fn log_ratio(&self) -> f64 {
        let z = self.z();
        z * z * self.ratio / (2.0 * (1.0 + self.ratio)) - self.ratio.ln_1p() / 2.0
    }
    /// At most this chance of ever seeing such a difference where there is none. It is taken from this look alone; the
    /// smallest over all looks would be valid too, and never larger.
    pub fn p(&self) -> f64 {
        (-self.log_ratio()).exp().min(1.0)
    }
    /// z*: the place of 1.96 in a comparison that is looked at again and again.
    pub fn critical(&self, alpha: f64) -> f64 {
        critical(self.ratio, alpha)
    }
    /// Of the difference, at all times together.
    pub fn interval(&self, alpha: f64) -> Interval {
        Interval::around(self.difference, self.critical(alpha) * self.squared_error.sqrt())
    }
    /// Second over first, less 1; `None` where the first is nothing.
    pub fn lift(&self) -> Option<f64> {
        (self.a.mean > 0.0).then(|| self.b.mean / self.a.mean - 1.0)
    }
    /// Of the lift, at all times together: all R for which b − (1 + R) a does not differ from 0. For each R that is a
    /// comparison like any other, so the true one is left out with a chance of at most α, and 0 is inside just when 0 is in
    /// [`Comparison::interval`] (Fieller 1954, with z* in the place of Student's t). `None` where the first mean itself
    /// cannot be told from nothing: then no lift is too large.
    pub fn lift_interval(&self, alpha: f64) -> Option<Interval> {
        fieller(self.a, self.b, self.critical(alpha))
    }
}

/// z* for a mixture of ratio x.
pub fn critical(ratio: f64, alpha: f64) -> f64 {
    ((1.0 + 1.0 / ratio) * (ratio.ln_1p() + 2.0 * (1.0 / alpha).ln())).sqrt()
}

/// z* at so many pairs, for a mixture that does not ask for the error.
pub fn critical_at(mixture: &Mixture, now: f64, squared_error: f64, alpha: f64) -> f64 {
    critical(mixture.ratio(squared_error, now), alpha)
}

/// The lifts R with (b − (1 + R) a)² ≤ z² (V_b + (1 + R)² V_a).
pub fn fieller(a: Estimate, b: Estimate, z: f64) -> Option<Interval> {
    let (in_a, in_b) = (z * z * a.squared_error(), z * z * b.squared_error());
    let (square, product, rest) = (a.mean * a.mean - in_a, a.mean * b.mean, b.mean * b.mean - in_b);
    if square.is_nan() || square <= 0.0 || a.mean <= 0.0 {
        return None;
    }
    let root = (product * product - square * rest).max(0.0).sqrt();
    Some(Interval { low: (product - root) / square - 1.0, high: (product + root) / square - 1.0 })
}
