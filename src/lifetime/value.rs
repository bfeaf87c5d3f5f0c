//! What future purchases are worth today.
//!
//! Knows neither how often nor for how much people buy: the two models say.

use super::{Buyer, Buying};

/// Purchases to be expected in each of `periods` periods of the time unit, each discounted by `rate` per period to the end of
/// the observation: Σ (E[X(k)] − E[X(k−1)]) / (1+rate)^k. Times the expected amount and the margin it is the value of
/// the person. `None` where an expectation cannot be computed.
pub fn present_value(buying: &Buying, buyer: &Buyer, periods: u32, rate: f64) -> Option<f64> {
    let (mut before, mut value) = (0.0, 0.0);
    for period in 1..=periods {
        let until = buying.expected(buyer, f64::from(period))?;
        value += (until - before) / libm::pow(1.0 + rate, f64::from(period));
        before = until;
    }
    Some(value)
}
