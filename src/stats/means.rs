//! Amounts per unit, such as money per person: their mean and variance, and two of them compared once.
//!
//! Holds no single amounts; `bootstrap` needs them.

use super::chance::{student_beyond, student_quantile};
use super::{Estimate, Interval};

/// Mean and variance of what is added one by one (Welford 1962), so that large sums do not swallow small differences.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    n: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Moments {
        let mut moments = Moments::default();
        values.into_iter().for_each(|value| moments.add(value));
        moments
    }
    pub fn add(&mut self, value: f64) {
        self.n += 1;
        let before = value - self.mean;
        self.mean += before / self.n as f64;
        self.squares += before * (value - self.mean);
    }
    /// So many units that have nothing (Chan, Golub and LeVeque 1979).
    pub fn add_zeros(&mut self, count: u64) {
        let (n, m) = (self.n as f64, count as f64);
        if count == 0 {
            return;
        }
        self.squares += self.mean * self.mean * n * m / (n + m);
        self.mean *= n / (n + m);
        self.n += count;
    }
    /// With the variance of a sample, over n − 1; 0 with fewer than two.
    pub fn estimate(&self) -> Estimate {
        let variance = if self.n > 1 { self.squares / (self.n - 1) as f64 } else { 0.0 };
        Estimate { n: self.n, mean: self.mean, variance }
    }
}

/// Welch's test (Welch 1947): two means, each with its own variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Welch {
    pub t: f64,
    /// Degrees of freedom, by Welch and Satterthwaite.
    pub freedom: f64,
    /// Two-sided.
    pub p: f64,
    /// Of the difference, second less first, for a single look.
    pub interval: Interval,
}

/// `None` without two units in each arm, or where nothing varies.
pub fn welch(a: Estimate, b: Estimate, alpha: f64) -> Option<Welch> {
    let (in_a, in_b) = (a.squared_error(), b.squared_error());
    let squared = in_a + in_b;
    if a.n < 2 || b.n < 2 || squared <= 0.0 {
        return None;
    }
    let freedom = squared * squared / (in_a * in_a / (a.n - 1) as f64 + in_b * in_b / (b.n - 1) as f64);
    let difference = b.mean - a.mean;
    let t = difference / squared.sqrt();
    let half = student_quantile(1.0 - alpha / 2.0, freedom) * squared.sqrt();
    Some(Welch { t, freedom, p: student_beyond(t, freedom), interval: Interval::around(difference, half) })
}
