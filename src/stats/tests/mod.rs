//! Every statistic against numbers computed elsewhere, and against its own promises in simulated experiments.
//!
//! Where no other source is named, the numbers are of SciPy 1.17.1 and statsmodels 0.15.0.

mod golden;
mod simulated;

/// `a` and `b` differ by at most `tolerance`, relative to `b` where that is larger than 1.
#[track_caller]
fn near(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{a} is not {b}");
}
