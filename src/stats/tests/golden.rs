//! Numbers written down once, with where they are from.
//!
//! Simulates nothing.

use super::near;
use crate::stats::bayes::{Belief, beliefs};
use crate::stats::bootstrap::{self, Amounts};
use crate::stats::chance::{
    Stream, chi_square_above, normal_above, normal_beyond, normal_quantile, student_beyond, student_quantile,
};
use crate::stats::means::{Moments, welch};
use crate::stats::power::{Plan, days_until, sample_size, sample_size_pooled};
use crate::stats::proportions::{Rate, are_enough, difference, pooled_z};
use crate::stats::sequential::{Comparison, Mixture, critical, fieller};
use crate::stats::shares::mismatch;
use crate::stats::{Estimate, pairs};

#[test]
fn distributions() {
    // scipy.stats.norm.ppf
    for (p, z) in [
        (0.8, 0.8416212335729143),
        (0.9, 1.2815515655446004),
        (0.975, 1.959963984540054),
        (0.99, 2.3263478740408408),
        (0.9995, 3.2905267314919255),
        (1e-9, -5.9978070150076865),
    ] {
        near(normal_quantile(p), z, 1e-9);
    }
    // scipy.stats.norm.sf
    for (z, p) in [(1.2, 0.11506967022170822), (1.959963984540054, 0.025), (3.5, 0.00023262907903552502)] {
        near(normal_above(z), p, 1e-10);
        near(normal_beyond(-z), 2.0 * p, 1e-10);
    }
    near(normal_above(8.0) / 6.22096057427174e-16, 1.0, 1e-6);
    // scipy.stats.t.ppf(0.975, df), 2 * scipy.stats.t.sf(2.2, df)
    for (freedom, quantile, beyond) in [
        (1.5, 6.016663104427929, 0.19959437808977856),
        (4.0, 2.7764451051977934, 0.09265267017963459),
        (9.7, 2.237515123700105, 0.05324590474085418),
        (120.0, 1.9799304050824402, 0.029722397825236627),
        (1e4, 1.960201239890626, 0.027829686326735083),
        (1e6, 1.959966356814107, 0.02780712291602387),
    ] {
        near(student_quantile(0.975, freedom), quantile, 1e-7);
        near(student_beyond(2.2, freedom), beyond, 1e-9);
    }
    // scipy.stats.chi2.sf
    for (x, freedom, p) in [
        (3.84, 1, 0.05004352124870519),
        (10.83, 1, 0.0009986863791802592),
        (13.8, 2, 0.0010077854290485102),
        (30.0, 5, 1.4748581038443073e-05),
    ] {
        near(chi_square_above(x, freedom), p, 1e-10);
    }
    assert!(normal_quantile(1.5).is_nan() && student_quantile(2.0, 3.0).is_nan() && student_beyond(1.0, -1.0).is_nan());
}

#[test]
fn two_rates_in_one_look() {
    // Published: z = 2.383995, p = 0.0171258; the rest statsmodels proportions_ztest([250, 200], [10000, 10000]) and
    // proportions_ztest([61, 40], [800, 950]).
    let tested = pooled_z(Rate::new(200, 10_000), Rate::new(250, 10_000)).unwrap();
    near(tested.z, 2.3839951328405053, 1e-12);
    near(tested.p, 0.01712582887219501, 1e-10);
    let tested = pooled_z(Rate::new(40, 950), Rate::new(61, 800)).unwrap();
    near(tested.z, 3.0512555029224244, 1e-12);
    near(tested.p, 0.002278865622404624, 1e-10);
    // confint_proportions_2indep(…, method="wald", compare="diff")
    let interval = difference(Rate::new(200, 10_000), Rate::new(250, 10_000), 0.05).unwrap();
    near(interval.low, 0.0008899129980008431, 1e-11);
    near(interval.high, 0.009110087001999159, 1e-11);
    let interval = difference(Rate::new(40, 950), Rate::new(61, 800), 0.05).unwrap();
    near(interval.low, 0.011754767595651638, 1e-10);
    near(interval.high, 0.056534706088558886, 1e-10);
    assert_eq!(pooled_z(Rate::new(0, 0), Rate::new(1, 2)), None);
    assert_eq!(pooled_z(Rate::new(0, 9), Rate::new(0, 9)).unwrap().p, 1.0);
    assert!(are_enough(Rate::new(0, 1_000), Rate::new(100, 1_000)) && !are_enough(Rate::new(0, 40), Rate::new(5, 40)));
}

#[test]
fn wilson() {
    // statsmodels proportion_confint(hits, n, method="wilson")
    for (hits, n, low, high) in [
        (10, 100, 0.05522913706067509, 0.17436566150491348),
        (0, 20, 0.0, 0.1611251580528194),
        (20, 20, 0.8388748419471804, 1.0),
        (3, 7, 0.15821985525146964, 0.7495416354723428),
    ] {
        let interval = Rate::new(hits, n).wilson(0.05);
        near(interval.low, low, 1e-10);
        near(interval.high, high, 1e-10);
    }
}

#[test]
fn the_mixture_ratio() {
    // Published for τ = 0.01 and 10,000 in each arm: 200 against 250 gives Λ = 3.1242827 (p = 0.32007), 280 gives
    // Λ = 144.88487 (p = 0.0069020).
    let tau = Mixture::Effect(0.01);
    for (hits, ratio, p) in [(250, 3.1242827, 0.32007), (280, 144.88487, 0.0069020)] {
        let (a, b) = (Rate::new(200, 10_000).estimate(), Rate::new(hits, 10_000).estimate());
        let compared = Comparison::new(a, b, &tau).unwrap();
        near(compared.log_ratio().exp(), ratio, 1e-7);
        near(compared.p(), p, 1e-5);
    }
}

/// With arms of different sizes, Λ is still the ratio of two normal densities of the difference.
#[test]
fn the_mixture_ratio_of_unequal_arms() {
    let (a, b) = (Rate::new(40, 950).estimate(), Rate::new(61, 800).estimate());
    let (tau, squared) = (0.02, a.squared_error() + b.squared_error());
    let density = |variance: f64| (-(b.mean - a.mean).powi(2) / (2.0 * variance)).exp() / variance.sqrt();
    let compared = Comparison::new(a, b, &Mixture::Effect(tau)).unwrap();
    near(compared.log_ratio().exp(), density(squared + tau * tau) / density(squared), 1e-12);
    near(pairs(950, 800), 868.5714285714286, 1e-12);
    near(pairs(800, 800), 800.0, 1e-12);
}

#[test]
fn the_interval_and_the_p_value_say_the_same() {
    let mixture = Mixture::narrowest_at(2_500.0, 0.05);
    let mut both = [0, 0];
    for hits in 150..400 {
        let (a, b) = (Rate::new(200, 4_000).estimate(), Rate::new(hits, 5_000).estimate());
        let compared = Comparison::new(a, b, &mixture).unwrap();
        let significant = compared.p() < 0.05;
        assert_eq!(significant, !compared.interval(0.05).contains(0.0), "{hits}");
        assert_eq!(significant, !compared.lift_interval(0.05).unwrap().contains(0.0), "{hits}");
        both[usize::from(significant)] += 1;
    }
    assert!(both[0] > 20 && both[1] > 20, "{both:?}");
}

#[test]
fn the_mixture_is_narrowest_where_it_was_told_to_be() {
    // scipy.special.lambertw(-α² / e, -1), negated, less 1
    for (alpha, ratio, z) in [
        (0.05, 8.211968062068253, 3.035122413028551),
        (0.025, 9.752937920382603, 3.2791672602022914),
        (0.01, 11.756371222495419, 3.571606252443769),
    ] {
        let Mixture::Narrowest { ratio: found, .. } = Mixture::narrowest_at(700.0, alpha) else { panic!() };
        near(found, ratio, 1e-12);
        near(critical(found, alpha), z, 1e-12);
        // z* √V, with V = 1 / n, has its least value there, against other mixtures at the same n.
        let at = |x: f64| critical(x, alpha);
        assert!(at(found * 0.9) > at(found) && at(found * 1.1) > at(found));
        // Waudby-Smith et al.: √(2 (tρ² + 1) / (t² ρ²) ln(√(tρ² + 1) / α)), at a t of its own.
        let (t, rho) = (1_234.0_f64, (found / 700.0).sqrt());
        let theirs =
            (2.0 * (t * rho * rho + 1.0) / (t * t * rho * rho) * ((t * rho * rho + 1.0).sqrt() / alpha).ln()).sqrt();
        near(critical(t * rho * rho, alpha) / t.sqrt(), theirs, 1e-12);
    }
}

#[test]
fn lifts() {
    // Fieller's quadratic with z = 1.96, in Python: 200 against 250 of 10,000.
    let (a, b) = (Rate::new(200, 10_000).estimate(), Rate::new(250, 10_000).estimate());
    let interval = fieller(a, b, 1.959963984540054).unwrap();
    near(interval.low, 0.04072417772245096, 1e-9);
    near(interval.high, 0.5072364630817021, 1e-9);
    assert_eq!(fieller(Rate::new(1, 100).estimate(), b, 1.96), None, "a rate that may be 0 has no largest lift");
    assert_eq!(Comparison::new(Rate::new(0, 9).estimate(), Rate::new(0, 9).estimate(), &Mixture::Effect(0.1)), None);
}

const SPENT_A: [f64; 10] = [0.0, 0.0, 12.5, 3.0, 0.0, 41.0, 7.25, 0.0, 19.0, 2.0];
const SPENT_B: [f64; 8] = [5.0, 0.0, 0.0, 60.0, 11.0, 8.0, 0.0, 33.0];

#[test]
fn amounts() {
    let (a, b) = (Moments::of(SPENT_A).estimate(), Moments::of(SPENT_B).estimate());
    // numpy.mean, numpy.var(ddof=1)
    near(a.mean, 8.475, 1e-12);
    near(a.variance, 171.72847222222222, 1e-12);
    near(b.variance, 455.4107142857143, 1e-12);
    // scipy.stats.ttest_ind(b, a, equal_var=False)
    let tested = welch(a, b, 0.05).unwrap();
    near(tested.t, 0.7144443329442911, 1e-12);
    near(tested.freedom, 11.076382700209148, 1e-12);
    near(tested.p, 0.48973577191694456, 1e-9);
    near(tested.interval.low, -12.780346562621885, 1e-7);
    near(tested.interval.high, 25.080346562621884, 1e-7);
    // Those who spent nothing may be added by their number.
    let mut spent = Moments::of(SPENT_A.into_iter().filter(|v| *v > 0.0));
    spent.add_zeros(4);
    near(spent.estimate().mean, a.mean, 1e-12);
    near(spent.estimate().variance, a.variance, 1e-12);
    assert_eq!(welch(Estimate { n: 1, mean: 1.0, variance: 0.0 }, b, 0.05), None);
}

#[test]
fn dealing() {
    // scipy.stats.chisquare
    for (counts, p) in [
        ([5_000, 5_200], 0.0476703806561615),
        ([50_000, 50_500], 0.11474934170731495),
        ([10_000, 10_300], 0.035240223824274594),
        ([5_000, 5_600], 5.61913746484314e-09),
    ] {
        let dealt = mismatch(&counts, &[50.0, 50.0]).unwrap();
        near(dealt.p, p, 1e-10);
        assert_eq!(dealt.is_alarming(), p < 0.001);
    }
    near(mismatch(&[700, 290, 110], &[60.0, 30.0, 10.0]).unwrap().p, 0.026347980814448727, 1e-10);
    assert!(mismatch(&[10, 10, 1], &[1.0, 1.0, 0.0]).unwrap().is_alarming(), "nobody belongs there");
    assert_eq!(mismatch(&[0, 0], &[1.0, 1.0]), None);
    assert_eq!(mismatch(&[10], &[1.0]), None);
}

#[test]
fn believing() {
    // Published: P(B > A) = 0.9463637 with an expected loss of choosing B of 0.00112625, and 0.9914228. All digits:
    // scipy.integrate.quad over scipy.stats.beta densities.
    for (a, b, best, losses) in [
        ((10, 100), (18, 100), 0.9463637207093639, [0.07955762066150784, 0.0011262481124882373]),
        ((200, 10_000), (250, 10_000), 0.9914227751058814, [0.0050050157783186194, 6.015578358609108e-06]),
        ((40, 950), (61, 800), 0.9988239277023196, [0.034243204770052146, 3.6984937261536066e-06]),
    ] {
        let arms = [Rate::new(a.0, a.1), Rate::new(b.0, b.1)];
        // A third arm that cannot win leads to the integral.
        let hopeless = Rate::new(0, 1_000_000);
        for found in [beliefs(&arms), beliefs(&[arms[0], arms[1], hopeless])] {
            near(found[1].best, best, 1e-8);
            near(found[0].best, 1.0 - best, 1e-8);
            near(found[0].loss, losses[0], 1e-8);
            near(found[1].loss, losses[1], 1e-8);
        }
    }
    let three = beliefs(&[Rate::new(10, 100), Rate::new(18, 100), Rate::new(15, 120)]);
    let best = [0.03984649394667177, 0.8414310442977447, 0.11872246175558368];
    let loss = [0.08228740877956292, 0.003856036230543314, 0.05898300505085832];
    for (found, (best, loss)) in three.iter().zip(best.into_iter().zip(loss)) {
        near(found.best, best, 1e-8);
        near(found.loss, loss, 1e-8);
    }
    // scipy densities integrated between 4,000 quantiles of each arm; in one piece, quad misses the fourth decimal.
    let four = [Rate::new(100, 2_000), Rate::new(130, 2_000), Rate::new(128, 1_900), Rate::new(0, 40)];
    let best = [0.0021537066109703473, 0.36109450706628116, 0.5844839843805019, 0.05226780194224682];
    for (found, best) in beliefs(&four).iter().zip(best) {
        near(found.best, best, 1e-8);
    }
    assert_eq!(beliefs(&[Rate::new(3, 9)]), [Belief { best: 1.0, loss: 0.0 }]);
    // Millions, where the sum gives way to the integral, and nobody at all.
    let large = beliefs(&[Rate::new(500_000, 1_000_000), Rate::new(500_900, 1_000_000)]);
    near(large[1].best, 0.89845, 1e-4);
    near(beliefs(&[Rate::new(0, 0), Rate::new(0, 0)])[0].best, 0.5, 1e-9);
}

#[test]
fn sizes() {
    // Published, without and with pooling.
    for (a, b, unpooled, pooled) in
        [(0.05, 0.06, 8_154.99, 8_157.73), (0.02, 0.025, 13_806.18, 13_808.92), (0.4, 0.44, 2_386.06, 2_388.80)]
    {
        near(sample_size(a, b, 0.05, 0.8), unpooled, 1e-6);
        near(sample_size_pooled(a, b, 0.05, 0.8), pooled, 1e-5);
    }
}

#[test]
fn plans_fit_together() {
    let plan = Plan { mixture: Mixture::narrowest_at(2_500.0, 0.05), alpha: 0.05, power: 0.8 };
    let needed = plan.needed(0.05, 0.06, 0.5, 0.5).unwrap();
    // Whoever looks again and again needs more than who looks once.
    assert!(needed > 2.0 * sample_size(0.05, 0.06, 0.05, 0.8) && needed < 5.0 * sample_size(0.05, 0.06, 0.05, 0.8));
    // What can be seen with so many is just what they are needed for.
    let half = (needed / 2.0) as u64;
    near(plan.detectable(0.05, half, half).unwrap(), 0.06, 1e-4);
    assert_eq!(plan.detectable(0.05, 3, 3), None);
    assert_eq!(plan.needed(0.05, 0.05, 0.5, 0.5), None);
    assert!(plan.needed(0.05, 0.06, 0.1, 0.9).unwrap() > needed, "a small holdout takes longer");
    assert_eq!(days_until(100.0, 40, 10.0), Some(6.0));
    assert_eq!(days_until(100.0, 140, 0.0), Some(0.0));
    assert_eq!(days_until(100.0, 40, 0.0), None);
}

#[test]
fn drawing_again_and_again() {
    let (a, b) = (Amounts { n: 10, values: SPENT_A.to_vec() }, Amounts { n: 8, values: SPENT_B.to_vec() });
    let interval = bootstrap::difference(&a, &b, 0.05, 7).unwrap();
    assert_eq!(Some(interval), bootstrap::difference(&a, &b, 0.05, 7), "the same for the same seed");
    assert_ne!(Some(interval), bootstrap::difference(&a, &b, 0.05, 8));
    // scipy.stats.bootstrap((b, a), lambda b, a: mean(b) - mean(a), method="percentile", n_resamples=200_000), of which
    // a thousand draws are a part.
    near(interval.low, -8.525, 0.08);
    near(interval.high, 22.9, 0.05);
    assert_eq!(bootstrap::difference(&Amounts::default(), &b, 0.05, 7), None);
    // Zeros may be left out of the values.
    let sparse = Amounts { n: 10, values: SPENT_A.into_iter().filter(|v| *v > 0.0).collect() };
    let again = bootstrap::difference(&sparse, &b, 0.05, 7).unwrap();
    near(again.low, interval.low, 0.2);
}

/// Many units are dealt into groups: the interval is as wide as that of the normal distribution, which is right for so many.
#[test]
fn many_units_are_drawn_in_groups() {
    let mut stream = Stream::new(3);
    let mut amounts = |n: u64, share: f64, scale: f64| {
        let values: Vec<f64> =
            (0..n).filter(|_| stream.unit() < share).map(|i| scale * (1.0 + (i % 7) as f64)).collect();
        Amounts { n, values }
    };
    let (a, b) = (amounts(23_456, 0.3, 900.0), amounts(21_000, 0.6, 1_000.0));
    let estimate = |arm: &Amounts| {
        let mut moments = Moments::of(arm.values.iter().copied());
        moments.add_zeros(arm.n - arm.values.len() as u64);
        moments.estimate()
    };
    let normal = welch(estimate(&a), estimate(&b), 0.05).unwrap().interval;
    let drawn = bootstrap::difference(&a, &b, 0.05, 1).unwrap();
    near(drawn.width() / normal.width(), 1.0, 0.07);
    near((drawn.low + drawn.high) / (normal.low + normal.high), 1.0, 0.01);
}
