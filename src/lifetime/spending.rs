//! Gamma–Gamma (Fader, Hardie and Lee 2005, "RFM and CLV"): what a purchase of a person is worth on average, whatever
//! their few purchases so far happened to be worth.
//!
//! Amounts are gamma (p, ν) within a person, ν is gamma (q, v) over people. Says nothing about when people buy.

use std::collections::BTreeMap;

use super::descent::lowest;
use super::numbers::{ln, ln_gamma};
use super::{REPEATERS_MIN, Refusal};

/// A person with purchases after the first, and what these were worth on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spender {
    pub repeats: u32,
    pub mean: f64,
}

/// The three parameters; `v` is in the amounts' unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spending {
    pub p: f64,
    pub q: f64,
    pub v: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    pub spending: Spending,
    pub log_likelihood: f64,
}

const NAMES: [&str; 3] = ["p", "q", "v"];
const EDGE: f64 = 10.0;

impl Spending {
    /// The parameters that make the spenders likeliest.
    pub fn fit(spenders: &[Spender]) -> Result<Fit, Refusal> {
        let possible = |s: &Spender| s.repeats > 0 && s.mean.is_finite() && s.mean > 0.0;
        if let Some(place) = spenders.iter().position(|s| !possible(s)) {
            return Err(Refusal::Impossible { place });
        }
        if spenders.len() < REPEATERS_MIN {
            return Err(Refusal::FewRepeats { repeaters: spenders.len() });
        }
        let unit = spenders.iter().map(|s| s.mean).sum::<f64>() / spenders.len() as f64;
        let groups = groups(spenders, unit);
        let of = |point: &[f64; 3]| {
            let [p, q, v] = point.map(libm::exp);
            Spending { p, q, v }
        };
        let mut cost = |point: &[f64; 3]| -of(point).likelihood(&groups);
        let starts = [[0.0, 0.0, 0.0], [1.5, 1.0, -0.5]];
        let found = starts.into_iter().filter_map(|start| lowest(&mut cost, start, EDGE));
        let found = found.min_by(|one, other| one.value.total_cmp(&other.value)).ok_or(Refusal::NoRest)?;
        if let Some(axis) = found.at.iter().position(|p| p.abs() > EDGE) {
            return Err(Refusal::RunsAway { parameter: NAMES[axis] });
        }
        let mut spending = of(&found.at);
        if spending.q <= 1.0 {
            return Err(Refusal::NoMean);
        }
        spending.v *= unit;
        // Of the scaled data; a density over amounts scales with the unit once for each person.
        Ok(Fit { spending, log_likelihood: -found.value - spenders.len() as f64 * ln(unit) })
    }

    pub fn log_likelihood(&self, spenders: &[Spender]) -> f64 {
        self.likelihood(&groups(spenders, 1.0))
    }

    fn likelihood(&self, groups: &BTreeMap<u32, Vec<f64>>) -> f64 {
        let Spending { p, q, v } = *self;
        let mut total = 0.0;
        for (repeats, means) in groups {
            let x = f64::from(*repeats);
            let px = p * x;
            let same = ln_gamma(px + q) - ln_gamma(px) - ln_gamma(q) + q * ln(v) + px * ln(x);
            for mean in means {
                total += same + (px - 1.0) * ln(*mean) - (px + q) * ln(x * mean + v);
            }
        }
        total
    }

    /// What a purchase of the person is worth on average; without repeats: of anybody.
    pub fn expected(&self, repeats: u32, mean: f64) -> f64 {
        let x = f64::from(repeats);
        let seen = if repeats == 0 { 0.0 } else { x * mean };
        self.p * (self.v + seen) / (self.p * x + self.q - 1.0)
    }
}

fn groups(spenders: &[Spender], unit: f64) -> BTreeMap<u32, Vec<f64>> {
    let mut groups: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for spender in spenders {
        groups.entry(spender.repeats).or_default().push(spender.mean / unit);
    }
    groups
}

/// Pearson's correlation of repeats and mean amounts. The model takes them as independent; beyond about ±0.3 it does
/// not fit. `None` where either does not vary.
pub fn correlation(spenders: &[Spender]) -> Option<f64> {
    let n = spenders.len() as f64;
    let mean = |of: &dyn Fn(&Spender) -> f64| spenders.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(&|s| f64::from(s.repeats)), mean(&|s| s.mean));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for spender in spenders {
        let (dx, dy) = (f64::from(spender.repeats) - x, spender.mean - y);
        xy += dx * dy;
        xx += dx * dx;
        yy += dy * dy;
    }
    let correlation = xy / (xx * yy).sqrt();
    correlation.is_finite().then_some(correlation)
}
