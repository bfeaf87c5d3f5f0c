//! The distributions that tests are read off from: normal, Student's t, chi-square. And a reproducible stream of chance.
//!
//! Decides nothing. Arguments outside a distribution's range give NaN, not a panic.

use statrs::distribution::{ChiSquared, Continuous, ContinuousCDF, StudentsT};
use statrs::function::erf;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Each doubles the digits.
const NEWTON: usize = 3;

/// P(Z > z), exact far into the tail.
pub fn normal_above(z: f64) -> f64 {
    erf::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

/// P(|Z| > |z|).
pub fn normal_beyond(z: f64) -> f64 {
    erf::erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// The z with P(Z ≤ z) = p; infinite at 0 and 1.
pub fn normal_quantile(p: f64) -> f64 {
    match p {
        p if !(0.0..=1.0).contains(&p) => f64::NAN,
        0.0 => f64::NEG_INFINITY,
        1.0 => f64::INFINITY,
        p => -std::f64::consts::SQRT_2 * erf::erfc_inv(2.0 * p),
    }
}

/// P(|T| > |t|) with so many degrees of freedom.
pub fn student_beyond(t: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |d| 2.0 * d.cdf(-t.abs()))
}

/// The t with P(T ≤ t) = p.
pub fn student_quantile(p: f64, freedom: f64) -> f64 {
    if !(p > 0.0 && p < 1.0) {
        return f64::NAN;
    }
    let Ok(student) = StudentsT::new(0.0, 1.0, freedom) else { return f64::NAN };
    // With many degrees of freedom the library's inverse is good to four digits; Newton's steps give the rest.
    (0..NEWTON).fold(student.inverse_cdf(p), |t, _| t - (student.cdf(t) - p) / student.pdf(t))
}

/// P(χ² > x) with so many degrees of freedom.
pub fn chi_square_above(x: f64, freedom: u32) -> f64 {
    ChiSquared::new(f64::from(freedom)).map_or(f64::NAN, |d| d.sf(x.max(0.0)))
}

/// Numbers that look like chance and are the same for the same seed on every machine: xxh3 of a counter.
#[derive(Debug, Clone)]
pub struct Stream {
    seed: u64,
    counter: u64,
}

impl Stream {
    pub fn new(seed: u64) -> Stream {
        Stream { seed, counter: 0 }
    }
    pub fn bits(&mut self) -> u64 {
        self.counter += 1;
        xxh3_64_with_seed(&self.counter.to_le_bytes(), self.seed)
    }
    /// In `0..end`; 0 for an end of 0.
    pub fn below(&mut self, end: u32) -> u32 {
        scaled((self.bits() >> 32) as u32, end)
    }
    /// Two of them for the price of one.
    pub fn two_below(&mut self, end: u32) -> [u32; 2] {
        let bits = self.bits();
        [scaled((bits >> 32) as u32, end), scaled(bits as u32, end)]
    }
    /// In `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Lemire's multiplication; what it favours is at most `end / 2^32`.
fn scaled(bits: u32, end: u32) -> u32 {
    ((u64::from(bits) * u64::from(end)) >> 32) as u32
}
