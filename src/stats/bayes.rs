//! Which arm is probably the best, and what is lost on average by choosing one: rates under a uniform prior, Beta(1, 1).
//!
//! No rule for stopping: these are beliefs about rates, and do not limit how often chance is taken for an effect.

use statrs::function::beta::{checked_beta_reg, ln_beta};

use super::proportions::Rate;

/// Terms of the closed sum; past this the integral is as exact and faster.
const TERMS_MAX: u64 = 20_000;
/// Ends of pieces of the integral, in standard deviations from each arm's mean: dense where a density is, and far to the
/// right, where the tail of a rate near 0 is that of an exponential.
const ENDS: [f64; 29] = [
    -10.0, -9.0, -8.0, -7.0, -6.0, -5.0, -4.0, -3.5, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5,
    3.0, 3.5, 4.0, 6.0, 8.0, 11.0, 16.0, 24.0, 36.0,
];
/// Nodes and weights of Gauss and Legendre on [−1, 1], one side.
const NODES: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
];

/// Of each arm, in their order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Belief {
    /// That its rate is the highest.
    pub best: f64,
    /// How far its rate is below the highest, on average: what choosing it costs, in points of the rate.
    pub loss: f64,
}

/// One arm's Beta(1 + hits, 1 + misses).
#[derive(Debug, Clone, Copy)]
struct Beta {
    a: f64,
    b: f64,
}

impl Beta {
    fn of(rate: Rate) -> Beta {
        Beta { a: 1.0 + rate.hits as f64, b: 1.0 + (rate.n - rate.hits) as f64 }
    }
    fn mean(self) -> f64 {
        self.a / (self.a + self.b)
    }
    fn deviation(self) -> f64 {
        let whole = self.a + self.b;
        (self.a * self.b / (whole * whole * (whole + 1.0))).sqrt()
    }
    fn density(self, x: f64) -> f64 {
        ((self.a - 1.0) * x.ln() + (self.b - 1.0) * (-x).ln_1p() - ln_beta(self.a, self.b)).exp()
    }
    fn below(self, x: f64) -> f64 {
        checked_beta_reg(self.a, self.b, x.clamp(0.0, 1.0)).unwrap_or(f64::NAN)
    }
}

/// The beliefs about arms: two in closed form, more by integration.
pub fn beliefs(arms: &[Rate]) -> Vec<Belief> {
    match arms {
        [] => Vec::new(),
        [_] => vec![Belief { best: 1.0, loss: 0.0 }],
        [a, b] if a.hits.min(b.hits) <= TERMS_MAX => two(Beta::of(*a), Beta::of(*b)).to_vec(),
        arms => integrated(&arms.iter().map(|arm| Beta::of(*arm)).collect::<Vec<_>>()),
    }
}

/// E[max(A − B, 0)] = E[A] P(A⁺ > B) − E[B] P(A > B⁺), where ⁺ has one hit more.
fn two(a: Beta, b: Beta) -> [Belief; 2] {
    let more = |x: Beta| Beta { a: x.a + 1.0, ..x };
    let gain = |x: Beta, y: Beta| (x.mean() * exceeds(more(x), y) - y.mean() * exceeds(x, more(y))).max(0.0);
    let best = exceeds(b, a);
    [Belief { best: 1.0 - best, loss: gain(b, a) }, Belief { best, loss: gain(a, b) }]
}

/// P(X > Y) = Σ_{i < a_x} B(a_y + i, b_x + b_y) / ((b_x + i) B(1 + i, b_x) B(a_y, b_y)), the sum over the arm with fewer
/// hits. Each term is the one before times a simple ratio.
fn exceeds(x: Beta, y: Beta) -> f64 {
    if x.a > y.a {
        return 1.0 - exceeds(y, x);
    }
    let mut log = ln_beta(y.a, x.b + y.b) - ln_beta(y.a, y.b);
    let (mut sum, mut i) = (0.0, 0.0);
    while i < x.a {
        sum += log.exp();
        log += ((y.a + i) / (y.a + i + x.b + y.b)).ln() + ((x.b + i) / (1.0 + i)).ln();
        i += 1.0;
    }
    sum.clamp(0.0, 1.0)
}

/// best_i = ∫ f_i Π_{j≠i} F_j, and E[max] = ∫ (1 − Π F_j), over 0 to 1 in pieces.
fn integrated(arms: &[Beta]) -> Vec<Belief> {
    let around = |arm: &Beta| ENDS.map(|k| arm.mean() + k * arm.deviation());
    let mut ends: Vec<f64> = arms.iter().flat_map(around).filter(|x| *x > 0.0 && *x < 1.0).chain([0.0, 1.0]).collect();
    ends.sort_by(f64::total_cmp);
    let (mut best, mut highest) = (vec![0.0; arms.len()], 0.0);
    for piece in ends.windows(2) {
        let (middle, half) = ((piece[0] + piece[1]) / 2.0, (piece[1] - piece[0]) / 2.0);
        for (node, weight) in NODES.iter().flat_map(|(node, weight)| [(-node, weight), (*node, weight)]) {
            let x = middle + half * node;
            let below: Vec<f64> = arms.iter().map(|arm| arm.below(x)).collect();
            highest += weight * half * (1.0 - below.iter().product::<f64>());
            for (i, (arm, best)) in arms.iter().zip(&mut best).enumerate() {
                let others = below.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, below)| below);
                *best += weight * half * arm.density(x) * others.product::<f64>();
            }
        }
    }
    let belief =
        |(best, arm): (&f64, &Beta)| Belief { best: best.clamp(0.0, 1.0), loss: (highest - arm.mean()).max(0.0) };
    best.iter().zip(arms).map(belief).collect()
}
