//! Both models against published figures, and against what other people's packages say (`tests/report/lifetime.py`).

use serde_json::Value;

use super::*;

fn others() -> Value {
    serde_json::from_str(include_str!("../../tests/report/lifetime.json")).expect("the figures are JSON")
}

fn near(found: f64, expected: f64, share: f64) -> bool {
    (found - expected).abs() <= share * expected.abs()
}

/// The parameters published for the CDNOW sample.
const CDNOW: Buying = Buying { r: 0.24259, alpha: 4.41353, a: 0.79289, b: 2.42575 };
const SOMEBODY: Buyer = Buyer { repeats: 2, recency: 30.43, age: 38.86 };

#[test]
fn published_figures_come_out() {
    let expected = CDNOW.expected(&SOMEBODY, 39.0).expect("it can be computed");
    assert!((expected - 1.22591).abs() < 5e-6, "{expected}");
    let alive = CDNOW.alive(&SOMEBODY);
    assert!((alive - 0.72661).abs() < 5e-6, "{alive}");
}

#[test]
fn awkward_points_agree_with_forty_digits() {
    for point in others()["points"].as_array().expect("a list") {
        let number = |of: &Value, i: usize| of[i].as_f64().expect("a number");
        let (p, b) = (&point["parameters"], &point["buyer"]);
        let buying = Buying { r: number(p, 0), alpha: number(p, 1), a: number(p, 2), b: number(p, 3) };
        let buyer = Buyer { repeats: number(b, 0) as u32, recency: number(b, 1), age: number(b, 2) };
        let expected = buying.expected(&buyer, point["ahead"].as_f64().expect("a number"));
        let (expected, alive) = (expected.expect("it can be computed"), buying.alive(&buyer));
        // Next to a pole a straight line stands in for the curve.
        assert!(near(expected, point["expected"].as_f64().unwrap(), 1e-7), "{expected} at {point}");
        assert!(near(alive, point["alive"].as_f64().unwrap(), 1e-10), "{alive} at {point}");
    }
}

/// People who buy and leave as the model says, drawn by a fixed sequence.
fn drawn(buying: &Buying, people: u32) -> (Vec<Buyer>, Vec<Spender>) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut chance = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (state ^ (state >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        ((mixed ^ (mixed >> 33)) >> 11) as f64 / (1u64 << 53) as f64 + 1e-17
    };
    // A sum of k exponentials is gamma of a whole shape, and a ratio of two such sums is beta.
    let mut gamma = |shape: u32| (0..shape).map(|_| -libm::log(chance())).sum::<f64>();
    let (mut buyers, mut spenders) = (Vec::new(), Vec::new());
    for person in 0..people {
        let rate = gamma(buying.r as u32) / buying.alpha;
        let (one, other) = (gamma(buying.a as u32), gamma(buying.b as u32));
        let leaving = one / (one + other);
        let age = 20.0 + f64::from(person % 80);
        let (mut at, mut buyer) = (0.0, Buyer { repeats: 0, recency: 0.0, age });
        let nu = gamma(4) / 300.0;
        let mut spent = 0.0;
        loop {
            at += gamma(1) / rate;
            if at > age {
                break;
            }
            (buyer.repeats, buyer.recency) = (buyer.repeats + 1, at);
            spent += gamma(6) / nu;
            if libm::exp(-gamma(1)) < leaving {
                break;
            }
        }
        buyers.push(buyer);
        if buyer.repeats > 0 {
            spenders.push(Spender { repeats: buyer.repeats, mean: spent / f64::from(buyer.repeats) });
        }
    }
    (buyers, spenders)
}

#[test]
fn what_was_drawn_is_found_again() {
    let truth = Buying { r: 2.0, alpha: 10.0, a: 1.0, b: 4.0 };
    let (buyers, spenders) = drawn(&truth, 20_000);
    let fit = Buying::fit(&buyers).expect("it can be fitted");
    let found = fit.buying;
    for (found, truth) in [(found.r, 2.0), (found.alpha, 10.0), (found.a, 1.0), (found.b, 4.0)] {
        assert!(near(found, truth, 0.1), "{fit:?}");
    }
    let again = found.log_likelihood(&buyers);
    assert!(near(again, fit.log_likelihood, 1e-10), "{again} and {fit:?}");
    assert!(truth.log_likelihood(&buyers) <= fit.log_likelihood);
    let fit = Spending::fit(&spenders).expect("it can be fitted");
    for (found, truth) in [(fit.spending.p, 6.0), (fit.spending.q, 4.0), (fit.spending.v, 300.0)] {
        assert!(near(found, truth, 0.1), "{fit:?}");
    }
    assert!(spending::correlation(&spenders).expect("both vary").abs() < 0.1);
}

#[test]
fn the_same_people_in_other_units_are_the_same_people() {
    let (mut buyers, mut spenders) = drawn(&Buying { r: 1.0, alpha: 8.0, a: 1.0, b: 3.0 }, 3_000);
    let (weeks, dear) = (Buying::fit(&buyers).unwrap(), Spending::fit(&spenders).unwrap());
    buyers.iter_mut().for_each(|b| (b.recency, b.age) = (b.recency * 7.0, b.age * 7.0));
    spenders.iter_mut().for_each(|s| s.mean *= 150.0);
    let (days, yen) = (Buying::fit(&buyers).unwrap(), Spending::fit(&spenders).unwrap());
    assert!(near(days.buying.alpha, weeks.buying.alpha * 7.0, 1e-4), "{weeks:?} {days:?}");
    assert!(near(days.buying.a, weeks.buying.a, 1e-4), "{weeks:?} {days:?}");
    assert!(near(yen.spending.v, dear.spending.v * 150.0, 1e-4), "{dear:?} {yen:?}");
    assert!(near(yen.log_likelihood, yen.spending.log_likelihood(&spenders), 1e-10));
}

#[test]
fn without_anybody_leaving_it_is_the_nbd() {
    // Rates of a gamma, and nobody leaves.
    let (buyers, _) = drawn(&Buying { r: 1.0, alpha: 8.0, a: 0.0, b: 1.0 }, 3_000);
    let fit = Buying::fit(&buyers).expect("it can be fitted");
    assert!(!fit.buying.anybody_leaves(), "{fit:?}");
    assert!(near(fit.buying.r, 1.0, 0.1) && near(fit.buying.alpha, 8.0, 0.1), "{fit:?}");
    let buyer = Buyer { repeats: 3, recency: 10.0, age: 52.0 };
    assert_eq!(fit.buying.alive(&buyer), 1.0);
    let expected = fit.buying.expected(&buyer, 4.0).unwrap();
    assert!(near(expected, (fit.buying.r + 3.0) / (fit.buying.alpha + 52.0) * 4.0, 1e-12));
}

#[test]
fn data_that_hold_nothing_are_refused() {
    let once = Buyer { repeats: 0, recency: 0.0, age: 10.0 };
    assert_eq!(Buying::fit(&[once; 99]), Err(Refusal::FewPeople { people: 99 }));
    assert_eq!(Buying::fit(&vec![once; 500]), Err(Refusal::FewRepeats { repeaters: 0 }));
    let bad = [f64::NAN, -1.0, 11.0, f64::INFINITY].map(|recency| Buyer { repeats: 1, recency, age: 10.0 });
    for bad in bad {
        assert_eq!(Buying::fit(&[once, bad]), Err(Refusal::Impossible { place: 1 }));
    }
    // Everyone alike to the day: no gamma is narrow enough.
    let same = Buyer { repeats: 4, recency: 40.0, age: 50.0 };
    let refused = Buying::fit(&vec![same; 500]);
    assert!(matches!(refused, Err(Refusal::RunsAway { .. } | Refusal::NoRest)), "{refused:?}");
    let spends = |mean| Spender { repeats: 2, mean };
    assert_eq!(Spending::fit(&[spends(1.0), spends(0.0)]), Err(Refusal::Impossible { place: 1 }));
    assert_eq!(Spending::fit(&[spends(1.0); 29]), Err(Refusal::FewRepeats { repeaters: 29 }));
    let refused = Spending::fit(&vec![spends(500.0); 100]);
    assert!(matches!(refused, Err(Refusal::RunsAway { .. } | Refusal::NoRest)), "{refused:?}");
    assert_eq!(CDNOW.expected(&SOMEBODY, f64::NAN), None);
    assert_eq!(CDNOW.expected(&SOMEBODY, -1.0), None);
    assert_eq!(CDNOW.expected(&SOMEBODY, 0.0), Some(0.0));
}

#[test]
fn refusals_speak_both_languages() {
    let all = [
        Refusal::FewPeople { people: 3 },
        Refusal::FewRepeats { repeaters: 3 },
        Refusal::Impossible { place: 0 },
        Refusal::RunsAway { parameter: "r" },
        Refusal::NoRest,
        Refusal::NoMean,
    ];
    for refusal in all {
        assert!(refusal.to_string().is_ascii() && !refusal.ja().is_ascii());
    }
}

#[test]
fn tomorrow_is_worth_less_than_today() {
    let plain = present_value(&CDNOW, &SOMEBODY, 52, 0.0).expect("it can be computed");
    assert!(near(plain, CDNOW.expected(&SOMEBODY, 52.0).unwrap(), 1e-12));
    let discounted = present_value(&CDNOW, &SOMEBODY, 52, 0.002).expect("it can be computed");
    assert!(discounted < plain && discounted > plain / libm::pow(1.002, 52.0));
}
