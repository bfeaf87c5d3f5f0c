//! Promises kept in simulated experiments: how often chance is taken for an effect, and how often intervals hold the truth.
//!
//! Quick by default; `TABI_EXPERIMENTS=2000` runs so many of each, with tighter limits.

use crate::stats::bootstrap::{self, Amounts};
use crate::stats::chance::{Stream, normal_quantile};
use crate::stats::means::{Moments, welch};
use crate::stats::proportions::{Rate, are_enough, difference};
use crate::stats::sequential::{Comparison, Mixture};
use crate::stats::shares::mismatch;

const QUICK: u32 = 150;
const ALPHA: f64 = 0.05;

#[allow(clippy::disallowed_methods, reason = "a test may be told how long to run")]
fn experiments() -> u32 {
    std::env::var("TABI_EXPERIMENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(QUICK)
}

/// The share is at most `limit`, but for chance of one in a thousand.
#[track_caller]
fn at_most(hits: u32, of: u32, limit: f64) {
    let slack = 3.1 * (limit * (1.0 - limit) / f64::from(of)).sqrt();
    let share = f64::from(hits) / f64::from(of);
    println!("{hits} of {of}: {share:.4}, at most {limit}");
    assert!(share <= limit + slack, "{hits} of {of} is more than {limit}");
}

/// The share is near `wanted`.
#[track_caller]
fn about(hits: u32, of: u32, wanted: f64, tolerance: f64) {
    let slack = 3.3 * (wanted * (1.0 - wanted) / f64::from(of)).sqrt() + tolerance;
    let share = f64::from(hits) / f64::from(of);
    println!("{hits} of {of}: {share:.4}, about {wanted}");
    assert!((share - wanted).abs() <= slack, "{hits} of {of} is not about {wanted}");
}

/// Two arms that grow unit by unit.
struct Arms {
    stream: Stream,
    rates: [f64; 2],
    /// Units of the second for one of the first.
    ratio: u32,
    counts: [Rate; 2],
}

impl Arms {
    fn new(seed: u64, rates: [f64; 2], ratio: u32) -> Arms {
        Arms { stream: Stream::new(seed), rates, ratio, counts: [Rate::default(); 2] }
    }
    fn grow(&mut self) {
        for arm in [0].into_iter().chain(std::iter::repeat_n(1, self.ratio as usize)) {
            self.counts[arm].n += 1;
            self.counts[arm].hits += u64::from(self.stream.unit() < self.rates[arm]);
        }
    }
    fn compared(&self, mixture: &Mixture) -> Option<Comparison> {
        let [a, b] = self.counts;
        are_enough(a, b).then(|| Comparison::new(a.estimate(), b.estimate(), mixture)).flatten()
    }
}

/// Looked at after every unit from the first on, as soon as the counts are enough.
#[test]
fn looking_at_any_time_keeps_the_false_alarms() {
    let mixture = Mixture::narrowest_at(2_500.0, ALPHA);
    for (rate, ratio, steps) in [(0.05, 1, 3_000), (0.2, 1, 2_000), (0.05, 9, 800)] {
        let runs = experiments();
        let mut fooled = 0;
        for run in 0..runs {
            let mut arms = Arms::new(u64::from(run) + 1, [rate, rate], ratio);
            fooled += u32::from((0..steps).any(|_| {
                arms.grow();
                arms.compared(&mixture).is_some_and(|compared| compared.p() < ALPHA)
            }));
        }
        at_most(fooled, runs, ALPHA);
    }
}

/// The true difference and the true lift are inside at every look.
#[test]
fn the_confidence_sequence_holds_the_truth_at_all_times() {
    let mixture = Mixture::narrowest_at(1_000.0, ALPHA);
    let runs = experiments();
    let (mut missed, mut lifts_missed) = (0, 0);
    for run in 0..runs {
        let mut arms = Arms::new(u64::from(run) + 7_000, [0.10, 0.13], 1);
        let (mut outside, mut lift_outside) = (false, false);
        for step in 0..2_000 {
            arms.grow();
            if step % 5 != 0 {
                continue;
            }
            let Some(compared) = arms.compared(&mixture) else { continue };
            outside |= !compared.interval(ALPHA).contains(0.03);
            lift_outside |= compared.lift_interval(ALPHA).is_some_and(|i| i.low > 0.3 || i.high < 0.3);
        }
        missed += u32::from(outside);
        lifts_missed += u32::from(lift_outside);
    }
    at_most(missed, runs, ALPHA);
    at_most(lifts_missed, runs, ALPHA);
}

#[test]
fn intervals_of_one_look_hold_the_truth() {
    let runs = experiments() * 10;
    let (mut wilson, mut wald) = (0, 0);
    for run in 0..runs {
        let mut arms = Arms::new(u64::from(run) + 90_000, [0.1, 0.14], 1);
        (0..250).for_each(|_| arms.grow());
        wilson += u32::from(arms.counts[0].wilson(ALPHA).contains(0.1));
        wald += u32::from(difference(arms.counts[0], arms.counts[1], ALPHA).unwrap().contains(0.04));
    }
    about(wilson, runs, 0.95, 0.01);
    about(wald, runs, 0.95, 0.01);
}

/// Baskets as shops have them: few buy, and a few of those much (log-normal).
fn basket(stream: &mut Stream, share: f64, scale: f64) -> f64 {
    if stream.unit() < share { scale * (0.8 * normal_quantile(stream.unit().max(1e-12))).exp() } else { 0.0 }
}

#[test]
fn intervals_of_amounts_hold_the_truth() {
    let runs = experiments() * 2;
    let truth = (0.30 * 110.0 - 0.25 * 100.0) * (0.8f64 * 0.8 / 2.0).exp();
    let (mut by_welch, mut by_drawing) = (0, 0);
    for run in 0..runs {
        let mut stream = Stream::new(u64::from(run) + 555);
        let mut arm = |share, scale| (0..300).map(|_| basket(&mut stream, share, scale)).collect::<Vec<f64>>();
        let (a, b) = (arm(0.25, 100.0), arm(0.30, 110.0));
        let estimate = |values: &[f64]| Moments::of(values.iter().copied()).estimate();
        by_welch += u32::from(welch(estimate(&a), estimate(&b), ALPHA).unwrap().interval.contains(truth));
        if run.is_multiple_of(4) {
            let (a, b) = (Amounts { n: 300, values: a }, Amounts { n: 300, values: b });
            by_drawing += u32::from(bootstrap::difference(&a, &b, ALPHA, u64::from(run)).unwrap().contains(truth));
        }
    }
    about(by_welch, runs, 0.95, 0.015);
    about(by_drawing, runs.div_ceil(4), 0.95, 0.02);
}

/// The confidence sequence of amounts, looked at after every tenth unit from the 200th on.
#[test]
fn amounts_may_be_looked_at_at_any_time() {
    let mixture = Mixture::narrowest_at(1_000.0, ALPHA);
    let runs = experiments();
    let mut fooled = 0;
    for run in 0..runs {
        let mut stream = Stream::new(u64::from(run) + 31_337);
        let (mut a, mut b) = (Moments::default(), Moments::default());
        fooled += u32::from((0..2_000).any(|unit| {
            a.add(basket(&mut stream, 0.3, 100.0));
            b.add(basket(&mut stream, 0.3, 100.0));
            let look = unit >= 200 && unit % 10 == 0;
            look && Comparison::new(a.estimate(), b.estimate(), &mixture).is_some_and(|c| c.p() < ALPHA)
        }));
    }
    at_most(fooled, runs, ALPHA);
}

#[test]
fn sound_dealing_raises_no_alarm_and_unsound_does() {
    let (mut alarms, mut found, runs) = (0, 0, experiments());
    for run in 0..runs {
        let mut stream = Stream::new(u64::from(run) + 12);
        let mut deal = |share: f64| {
            let first = (0..2_000).filter(|_| stream.unit() < share).count() as u64;
            mismatch(&[first, 2_000 - first], &[50.0, 50.0]).unwrap().is_alarming()
        };
        alarms += u32::from(deal(0.5));
        found += u32::from(deal(0.44));
    }
    at_most(alarms, runs, 0.001);
    assert!(found > runs * 9 / 10, "{found} of {runs}");
}
