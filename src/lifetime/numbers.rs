//! Special functions: ln Γ, and Gauss's ₂F₁ where the models need it.
//!
//! Exact to about twelve digits, in the tests against mpmath; no general library of functions.

/// ln Γ(x) for x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// ln (eᵃ + eᵇ), without overflow.
pub fn ln_sum(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + libm::log1p(libm::exp(low - high)) }
}

/// Terms of a series; where it converges at all for the models, a few hundred are enough unless z is close to 1.
const TERMS_MAX: u32 = 200_000;

/// ₂F₁(a, b; c; z) by its series, for 0 ≤ z < 1; `None` where c is zero or a negative whole number, or the series does
/// not end in time.
pub fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> Option<f64> {
    let (mut term, mut sum) = (1.0_f64, 1.0_f64);
    for n in 0..TERMS_MAX {
        let n = f64::from(n);
        if c + n == 0.0 {
            return None;
        }
        let ratio = (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        term *= ratio;
        sum += term;
        if !sum.is_finite() {
            return None;
        }
        // The rest is at most a geometric series of the ratio once it is settled.
        let settled = ratio.abs() < 1.0;
        if term == 0.0 || settled && term.abs() <= 1e-16 * sum.abs() * (1.0 - ratio.abs()) {
            return Some(sum);
        }
    }
    None
}
