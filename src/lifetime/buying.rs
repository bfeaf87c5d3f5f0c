//! BG/NBD (Fader, Hardie and Lee 2005, "Counting your customers" the easy way): while alive, people buy at random at a
//! rate of their own; after each purchase they may be gone for good, with a chance of their own.
//!
//! Rates are gamma (r, α) over people, chances of leaving are beta (a, b). Where the data show nobody leaving, the chance is
//! nought and what remains is the NBD (Ehrenberg 1959). Says nothing about amounts.

use std::collections::BTreeMap;

use super::descent::{Found, lowest};
use super::numbers::{hypergeometric, ln, ln_gamma, ln_sum};
use super::{Buyer, PEOPLE_MIN, REPEATERS_MIN, Refusal};

/// The four parameters. `a` of 0: nobody ever leaves, and `b` means nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Buying {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
}

/// A fit, and how likely it makes the data (ln).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    pub buying: Buying,
    pub log_likelihood: f64,
}

const NAMES: [&str; 4] = ["r", "alpha", "a", "b"];
/// Beyond e^±10 of a parameter (of time: around the mean age) its distribution is the same for everybody.
const EDGE: f64 = 10.0;
/// In ln likelihood: a model without leaving is taken when it is no worse than this.
const NO_WORSE: f64 = 0.1;
/// Within this of a pole of the formula it is taken on both sides and drawn through.
const NEAR_A_POLE: f64 = 1e-4;

/// Buyers with the same figures, counted once.
struct Alike {
    repeats: u32,
    age_and_recency: Vec<(f64, f64, f64)>,
}

impl Buying {
    /// The parameters that make the buyers likeliest.
    pub fn fit(buyers: &[Buyer]) -> Result<Fit, Refusal> {
        let possible = |b: &Buyer| {
            let finite = b.age.is_finite() && b.recency.is_finite();
            finite && b.recency >= 0.0 && b.recency <= b.age && (b.repeats > 0 || b.recency == 0.0)
        };
        if let Some(place) = buyers.iter().position(|b| !possible(b)) {
            return Err(Refusal::Impossible { place });
        }
        if buyers.len() < PEOPLE_MIN {
            return Err(Refusal::FewPeople { people: buyers.len() });
        }
        let repeaters = buyers.iter().filter(|b| b.repeats > 0).count();
        if repeaters < REPEATERS_MIN {
            return Err(Refusal::FewRepeats { repeaters });
        }
        let unit = buyers.iter().map(|b| b.age).sum::<f64>() / buyers.len() as f64;
        let alike = alike(buyers, unit);
        let of = |point: &[f64; 4]| {
            let [r, alpha, a, b] = point.map(libm::exp);
            Buying { r, alpha, a, b }
        };
        let mut cost = |point: &[f64; 4]| -of(point).likelihood(&alike);
        let found = best(&mut cost, &[[0.0, 0.0, 0.0, 0.0], [-1.0, -1.0, -0.5, 1.0]]);
        // Of the scaled data; a density over time scales with the unit once for each repeat.
        let repeats: f64 = buyers.iter().map(|b| f64::from(b.repeats)).sum();
        let fit = |mut buying: Buying, cost: f64| {
            buying.alpha *= unit;
            Fit { buying, log_likelihood: -cost - repeats * ln(unit) }
        };
        match found.as_ref().map(|found| (found, edge_of(&found.at))) {
            Some((found, None)) => Ok(fit(of(&found.at), found.value)),
            // Chances of leaving that vanish: is it as likely that nobody leaves at all?
            None | Some((_, Some("a" | "b"))) => {
                let without = without_leaving(&alike)?;
                if found.is_some_and(|found| without.1 > found.value + NO_WORSE) {
                    return Err(Refusal::RunsAway { parameter: "a" });
                }
                Ok(fit(without.0, without.1))
            }
            Some((_, Some(parameter))) => Err(Refusal::RunsAway { parameter }),
        }
    }

    /// Whether the data show anybody leaving.
    pub fn anybody_leaves(&self) -> bool {
        self.a > 0.0
    }

    /// ln of how likely the parameters make the buyers.
    pub fn log_likelihood(&self, buyers: &[Buyer]) -> f64 {
        self.likelihood(&alike(buyers, 1.0))
    }

    fn likelihood(&self, alike: &[Alike]) -> f64 {
        let Buying { r, alpha, a, b } = *self;
        let leaves = self.anybody_leaves();
        let constant = r * ln(alpha) - ln_gamma(r);
        let beta = if leaves { ln_gamma(a + b) - ln_gamma(b) } else { 0.0 };
        let mut total = 0.0;
        for Alike { repeats, age_and_recency } in alike {
            let x = f64::from(*repeats);
            let stayed = if leaves { beta + ln_gamma(b + x) - ln_gamma(a + b + x) } else { 0.0 };
            let same = constant + ln_gamma(r + x) + stayed;
            let may_be_gone = leaves && *repeats > 0;
            let gone = if may_be_gone { ln(a) - ln(b + x - 1.0) } else { f64::NEG_INFINITY };
            for (age, recency, count) in age_and_recency {
                let alive = -(r + x) * ln(alpha + age);
                let since = if may_be_gone { gone - (r + x) * ln(alpha + recency) } else { f64::NEG_INFINITY };
                total += count * (same + ln_sum(alive, since));
            }
        }
        total
    }

    /// The odds of being gone to being alive.
    fn odds_of_gone(&self, buyer: &Buyer) -> f64 {
        if buyer.repeats == 0 || !self.anybody_leaves() {
            return 0.0;
        }
        let x = f64::from(buyer.repeats);
        let ages = ln(self.alpha + buyer.age) - ln(self.alpha + buyer.recency);
        libm::exp(ln(self.a) - ln(self.b + x - 1.0) + (self.r + x) * ages)
    }

    /// The probability that the person still buys at all. Who bought once is alive in this model.
    pub fn alive(&self, buyer: &Buyer) -> f64 {
        1.0 / (1.0 + self.odds_of_gone(buyer))
    }

    /// Purchases to be expected in the time `ahead` after the end of the observation; `None` where the figure cannot be
    /// computed (a time so long that no series ends).
    pub fn expected(&self, buyer: &Buyer, ahead: f64) -> Option<f64> {
        if ahead <= 0.0 || !ahead.is_finite() {
            return (ahead == 0.0).then_some(0.0);
        }
        let ever = self.if_alive(f64::from(buyer.repeats), buyer.age, ahead)?;
        let expected = ever / (1.0 + self.odds_of_gone(buyer));
        expected.is_finite().then_some(expected.max(0.0))
    }

    /// Purchases of somebody new in the time since their first purchase.
    pub fn expected_of_new(&self, time: f64) -> Option<f64> {
        self.expected(&Buyer { repeats: 0, recency: 0.0, age: 0.0 }, time)
    }

    /// The formula's numerator, with Euler's transformation, which takes the powers of 1 − z out of the series:
    /// (1−z)^(r+x) ₂F₁(r+x, b+x; c; z) = (1−z)^(a−1) ₂F₁(a+b−1−r, a−1; c; z), c = a+b+x−1.
    fn if_alive(&self, x: f64, age: f64, ahead: f64) -> Option<f64> {
        if !self.anybody_leaves() {
            return Some((self.r + x) / (self.alpha + age) * ahead);
        }
        let c = self.a + self.b + x - 1.0;
        if (self.a - 1.0).abs() < NEAR_A_POLE {
            return self.drawn_through((self.a, 1.0), (x, age, ahead), |buying, a| buying.a = a);
        }
        if c.abs() < NEAR_A_POLE {
            return self.drawn_through((self.b, self.b - c), (x, age, ahead), |buying, b| buying.b = b);
        }
        let z = ahead / (self.alpha + age + ahead);
        let series = hypergeometric(self.a + self.b - 1.0 - self.r, self.a - 1.0, c, z)?;
        let power = libm::exp((self.a - 1.0) * libm::log1p(-z));
        Some(c / (self.a - 1.0) * (1.0 - power * series))
    }

    /// The parameter's own value, on a straight line between two points on both sides of the pole.
    fn drawn_through(
        &self,
        (own, pole): (f64, f64),
        (x, age, ahead): (f64, f64, f64),
        set: impl Fn(&mut Buying, f64),
    ) -> Option<f64> {
        let at = |value: f64| {
            let mut moved = *self;
            set(&mut moved, value);
            moved.if_alive(x, age, ahead)
        };
        let (low, high) = (pole - 2.0 * NEAR_A_POLE, pole + 2.0 * NEAR_A_POLE);
        let (below, above) = (at(low)?, at(high)?);
        Some(below + (above - below) * (own - low) / (high - low))
    }
}

/// The NBD, and its cost.
fn without_leaving(alike: &[Alike]) -> Result<(Buying, f64), Refusal> {
    let of = |point: &[f64; 2]| Buying { r: libm::exp(point[0]), alpha: libm::exp(point[1]), a: 0.0, b: 1.0 };
    let found = best(&mut |point: &[f64; 2]| -of(point).likelihood(alike), &[[0.0, 0.0], [1.0, 1.0]]);
    let found = found.ok_or(Refusal::NoRest)?;
    match edge_of(&found.at) {
        Some(parameter) => Err(Refusal::RunsAway { parameter }),
        None => Ok((of(&found.at), found.value)),
    }
}

/// The lowest point from the first start that leads to one within the edges, else the lowest at an edge.
fn best<const N: usize>(cost: &mut dyn FnMut(&[f64; N]) -> f64, starts: &[[f64; N]]) -> Option<Found<N>> {
    let mut at_edge: Option<Found<N>> = None;
    for start in starts {
        let Some(found) = lowest(cost, *start, EDGE) else { continue };
        if edge_of(&found.at).is_none() {
            return Some(found);
        }
        if at_edge.as_ref().is_none_or(|other| found.value < other.value) {
            at_edge = Some(found);
        }
    }
    at_edge
}

/// The first parameter that has run to an edge.
fn edge_of<const N: usize>(point: &[f64; N]) -> Option<&'static str> {
    point.iter().zip(NAMES).find(|(p, _)| p.abs() > EDGE).map(|(_, name)| name)
}

/// Buyers by repeats, with times in units of `unit`.
fn alike(buyers: &[Buyer], unit: f64) -> Vec<Alike> {
    // Times are not negative, so their bits sort as they do.
    let mut counted: BTreeMap<(u32, u64, u64), f64> = BTreeMap::new();
    for buyer in buyers {
        let (age, recency) = (buyer.age / unit, buyer.recency / unit);
        *counted.entry((buyer.repeats, age.to_bits(), recency.to_bits())).or_default() += 1.0;
    }
    let mut alike: Vec<Alike> = Vec::new();
    for ((repeats, age, recency), count) in counted {
        if alike.last().is_none_or(|last| last.repeats != repeats) {
            alike.push(Alike { repeats, age_and_recency: Vec::new() });
        }
        if let Some(last) = alike.last_mut() {
            last.age_and_recency.push((f64::from_bits(age), f64::from_bits(recency), count));
        }
    }
    alike
}
