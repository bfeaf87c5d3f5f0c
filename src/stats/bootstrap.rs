//! The interval of a difference of means without a word about how amounts are spread: by drawing from the sample itself.
//!
//! For a single look, as Welch's; it shows where a few large amounts carry the mean.

use super::Interval;
use super::chance::Stream;

/// Draws of a whole sample (Efron and Tibshirani 1993: a thousand for an interval).
pub const RESAMPLES: usize = 1_000;
/// More units than these are dealt into so many groups of the same size, and groups are drawn in the place of units: the
/// mean of group means is the mean, with the same variance, and the time stays bounded.
pub const GROUPS_MAX: usize = 4_000;

/// Amounts of one arm: those that are not 0, and how many units there are with them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Amounts {
    pub n: u64,
    /// At most `n`.
    pub values: Vec<f64>,
}

/// The percentile interval of mean(b) − mean(a); the same for the same seed. `None` for an arm of nobody.
pub fn difference(a: &Amounts, b: &Amounts, alpha: f64, seed: u64) -> Option<Interval> {
    let mut stream = Stream::new(seed);
    let (a, b) = (groups(a, &mut stream)?, groups(b, &mut stream)?);
    let mut drawn: Vec<f64> = (0..RESAMPLES).map(|_| -drawn(&a, &mut stream) + drawn(&b, &mut stream)).collect();
    drawn.sort_by(f64::total_cmp);
    let cut = (((alpha / 2.0) * RESAMPLES as f64).floor() as usize).min(RESAMPLES / 2 - 1);
    Some(Interval { low: *drawn.get(cut)?, high: *drawn.get(RESAMPLES - 1 - cut)? })
}

/// Means of groups; with few units each is its own.
fn groups(arm: &Amounts, stream: &mut Stream) -> Option<Vec<f64>> {
    let n = usize::try_from(arm.n).ok().filter(|n| *n > 0 && *n < u32::MAX as usize)?;
    let mut units = arm.values.clone();
    units.resize(n.max(units.len()), 0.0);
    if units.len() <= GROUPS_MAX {
        return Some(units);
    }
    for last in (1..units.len()).rev() {
        units.swap(last, stream.below(last as u32 + 1) as usize);
    }
    // Groups that differ by one unit would differ in weight: a few units at the end are left out of the groups only.
    let size = units.len() / GROUPS_MAX;
    let means: Vec<f64> =
        units.chunks_exact(size).take(GROUPS_MAX).map(|g| g.iter().sum::<f64>() / size as f64).collect();
    let (whole, grouped) = (mean(&units), mean(&means));
    // The units are one sample of n, so the spread shrinks to theirs, around their own mean.
    let shrink = ((GROUPS_MAX * size) as f64 / units.len() as f64).sqrt();
    Some(means.into_iter().map(|group| whole + (group - grouped) * shrink).collect())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn drawn(groups: &[f64], stream: &mut Stream) -> f64 {
    let end = groups.len() as u32;
    let mut sum = 0.0;
    for _ in 0..groups.len() / 2 {
        let [one, two] = stream.two_below(end);
        sum += groups[one as usize] + groups[two as usize];
    }
    if groups.len() % 2 == 1 {
        sum += groups[stream.below(end) as usize];
    }
    sum / groups.len() as f64
}
