//! The rules of counting, on lines written by hand, and how results read.
//!
//! That hosts write such lines is held by `tests/runtime/results.rs`.

use super::book::{Aim, Experiment, Fact, Kind, Line, PhaseKey};
use super::judge::{Settings, judge};
use super::report::Report;
use super::tally::{ArmTally, Tally};
use super::{markdown, pretty};
use crate::ir::{JourneyId, SplitId};
use crate::stats::chance::Stream;
use crate::value::{CalendarPeriod, Currency, Instant, Money, Zone};
use crate::words::Language;

const DAY: i64 = 86_400_000;
const START: i64 = 20_544 * DAY;

fn arms(names: &[(&str, u32)]) -> Vec<(String, u32)> {
    names.iter().map(|(name, share)| ((*name).to_owned(), share * 1_000)).collect()
}

/// A holdout, a split of three, and a split that is drawn for each run.
fn book() -> Vec<Experiment> {
    let phase =
        |split| PhaseKey { line: JourneyId(0), split: SplitId(split), journey: JourneyId(0), shares: 0, goal: 0 };
    let experiment = |name: &str, kind, per_run, arms, control| Experiment {
        journey: "winback".to_owned(),
        title: Some("Win_back".to_owned()),
        name: name.to_owned(),
        kind,
        per_run,
        arms,
        control,
        goal: Some(Aim {
            event: "purchase".to_owned(),
            within: CalendarPeriod::parse("7d").unwrap(),
            is_worth_unclear: false,
        }),
        phase: phase(name.len() as u16),
        is_current: true,
        had_other_shares: false,
        had_other_goal: false,
        on_line: kind == Kind::Split,
    };
    vec![
        experiment("held_back", Kind::Holdout, false, arms(&[("held", 20), ("treated", 80)]), 0),
        experiment("offer", Kind::Split, false, arms(&[("coupon", 25), ("control", 50), ("present", 25)]), 1),
        experiment("tone", Kind::Split, true, arms(&[("plain", 50), ("warm", 50)]), 0),
    ]
}

fn zone() -> Zone {
    Zone::from_name("Asia/Tokyo").unwrap()
}
fn yen(minor: i64) -> Option<Money> {
    Some(Money { currency: Currency::from_code("JPY").unwrap(), minor })
}
fn line(day: i64, run: u32, fact: Fact) -> Line {
    Line { at: Instant(START + day * DAY), journey: JourneyId(0), run, fact }
}
fn met(day: i64, run: u32, experiment: usize, arm: usize) -> Line {
    line(day, run, Fact::Exposed { experiment, arm })
}
fn bought(day: i64, run: u32, worth: Option<Money>) -> Line {
    line(day, run, Fact::Reached { worth })
}

/// The arms of one experiment after these people.
fn counted(experiment: usize, people: &[Vec<Line>]) -> Vec<ArmTally> {
    let book = book();
    let mut tally = Tally::default();
    people.iter().for_each(|lines| tally.person(&book, zone(), lines.clone()));
    tally.experiments.swap_remove(experiment).arms
}
/// Entrants and conversions of each arm.
fn pairs(arms: &[ArmTally]) -> Vec<(u64, u64)> {
    arms.iter().map(|arm| (arm.entrants, arm.conversions)).collect()
}

#[test]
fn only_what_comes_after_the_arm_counts() {
    let after = vec![line(0, 0, Fact::Entered), met(1, 0, 1, 0), bought(2, 0, None)];
    let before = vec![line(0, 0, Fact::Entered), bought(1, 0, None), met(2, 0, 1, 0)];
    let never_met = vec![line(0, 0, Fact::Entered), bought(1, 0, None)];
    let arms = counted(1, &[after, before, never_met]);
    assert_eq!(pairs(&arms), [(2, 1), (0, 0), (0, 0)]);
    assert_eq!(arms[0].before, 1);
}

#[test]
fn a_goal_counts_for_its_own_run_and_once() {
    // The second run meets no arm: its goal is not of the experiment.
    let other_run = vec![met(0, 0, 1, 2), line(9, 1, Fact::Entered), bought(10, 1, yen(500))];
    let twice = vec![met(0, 0, 1, 2), bought(1, 0, yen(300)), bought(1, 0, yen(300))];
    let arms = counted(1, &[other_run, twice]);
    assert_eq!(pairs(&arms), [(0, 0), (0, 0), (2, 1)]);
    assert_eq!(arms[2].money.values().flatten().sum::<i64>(), 300);
}

#[test]
fn a_person_counts_once_and_a_run_each_time() {
    let person = vec![
        met(0, 0, 1, 1),
        met(0, 0, 2, 0),
        bought(1, 0, yen(100)),
        met(30, 1, 1, 1),
        met(30, 1, 2, 1),
        bought(31, 1, yen(50)),
        met(60, 2, 1, 1),
        met(60, 2, 2, 1),
    ];
    let sticky = counted(1, std::slice::from_ref(&person));
    assert_eq!(pairs(&sticky), [(0, 0), (1, 1), (0, 0)]);
    assert_eq!(sticky[1].money.values().flatten().copied().collect::<Vec<_>>(), [150], "all that one person spent");
    assert_eq!(pairs(&counted(2, &[person])), [(1, 1), (2, 1)]);
}

#[test]
fn who_met_two_arms_stays_in_the_first() {
    let book = book();
    let mut tally = Tally::default();
    // Out of order, as lines of two ids are.
    tally.person(&book, zone(), vec![met(5, 1, 1, 2), met(0, 0, 1, 0), bought(6, 1, None)]);
    assert_eq!(pairs(&tally.experiments[1].arms), [(1, 1), (0, 0), (0, 0)]);
    assert_eq!(tally.experiments[1].mixed, 1);
}

#[test]
fn windows_close_in_the_zone_of_the_project() {
    let arms =
        counted(0, &[vec![line(0, 0, Fact::Entered), met(0, 0, 0, 1)], vec![met(0, 0, 0, 1), bought(1, 0, None)]]);
    let closes = Instant(START + 7 * DAY);
    assert_eq!(arms[1].open(Instant(closes.0 - 1)), 1);
    assert_eq!(arms[1].open(closes), 0, "half-open, as everywhere");
}

#[test]
fn lines_that_fit_no_experiment_are_no_harm() {
    let arms = counted(1, &[vec![met(0, 0, 1, 9), met(0, 0, 7, 0), bought(1, 0, None), bought(1, 4, yen(1))]]);
    assert_eq!(pairs(&arms), [(0, 0), (0, 0), (0, 0)]);
}

/// So many people, by the rates of their arms; amounts between 1,000 and 9,000 yen, and a few dollars.
fn people(experiment: usize, n: u64, shares: &[u64], rates: &[f64]) -> Vec<Vec<Line>> {
    let mut stream = Stream::new(5);
    let whole: u64 = shares.iter().sum();
    let person = |i: u64| {
        let place = (i * 7_919) % whole;
        let arm = shares
            .iter()
            .scan(0, |upper, share| {
                *upper += share;
                Some(*upper)
            })
            .position(|upper| place < upper);
        let arm = arm.unwrap_or_default();
        let day = i as i64 % 60;
        let mut lines = vec![line(day, 0, Fact::Entered), met(day, 0, experiment, arm)];
        if stream.unit() < rates[arm] {
            let dollars = Money { currency: Currency::from_code("USD").unwrap(), minor: 1_999 };
            let worth =
                if i.is_multiple_of(50) { Some(dollars) } else { yen(1_000 + 8 * i64::from(stream.below(1_001))) };
            lines.push(bought(day + 2, 0, worth));
        }
        lines
    };
    (0..n).map(person).collect()
}

fn judged(experiments: &[(usize, Vec<Vec<Line>>)]) -> Report {
    let book = book();
    let mut tally = Tally::default();
    for (_, people) in experiments {
        people.iter().for_each(|lines| tally.person(&book, zone(), lines.clone()));
    }
    let settings =
        Settings { project: "shop", zone: zone(), now: Some(Instant(START + 62 * DAY)), journey: None, lift: 0.2 };
    let mut report = judge(&book, &tally, &settings);
    let kept: Vec<usize> = experiments.iter().map(|(experiment, _)| *experiment).collect();
    let mut index = 0;
    report.experiments.retain(|_| {
        index += 1;
        kept.contains(&(index - 1))
    });
    report
}

#[test]
fn what_a_holdout_shows() {
    let report = judged(&[(0, people(0, 6_000, &[1, 4], &[0.10, 0.16]))]);
    let caused = report.experiments[0].caused.as_ref().unwrap();
    let against = report.experiments[0].arms[1].against.as_ref().unwrap();
    assert!(against.significant);
    // 4,800 treated, of whom about 6 in a hundred would not have bought.
    assert_eq!(caused.treated, 4_800);
    assert!(caused.conversions_interval.unwrap().low > 0.0 && (caused.conversions - 288.0).abs() < 100.0, "{caused:?}");
    assert_eq!(caused.money.iter().map(|money| money.currency.as_str()).collect::<Vec<_>>(), ["JPY", "USD"]);
    assert!(!report.is_alarming());
    insta::assert_snapshot!("holdout_en", pretty(&report, Language::English));
    insta::assert_snapshot!("holdout_ja", pretty(&report, Language::Japanese));
}

#[test]
fn what_a_split_shows() {
    let report = judged(&[(1, people(1, 400, &[1, 2, 1], &[0.12, 0.10, 0.30])), (2, Vec::new())]);
    let present = report.experiments[0].arms[2].against.as_ref().unwrap();
    let coupon = report.experiments[0].arms[0].against.as_ref().unwrap();
    assert!(present.p.unwrap() < coupon.p.unwrap());
    assert_eq!(report.experiments[0].control, "control");
    assert!((report.experiments[0].alpha - 0.025).abs() < 1e-12, "two comparisons share the level");
    insta::assert_snapshot!("split_md", markdown(&report, Language::English));
    insta::assert_snapshot!("split_ja", pretty(&report, Language::Japanese));
}

#[test]
fn unsound_dealing_is_an_alarm() {
    // Half of those who should have been held out were not.
    let report = judged(&[(0, people(0, 1_000, &[1, 9], &[0.10, 0.16]))]);
    assert!(report.is_alarming() && report.experiments[0].dealing.as_ref().unwrap().alarm);
    let text = pretty(&report, Language::English);
    assert!(text.contains("! ALARM: people were not dealt") && !text.contains("dealt as the shares say ("), "{text}");
}

#[test]
fn too_few_are_not_judged() {
    let report = judged(&[(1, people(1, 16, &[1, 2, 1], &[0.5, 0.1, 0.9]))]);
    let split = &report.experiments[0];
    assert!(split.arms.iter().filter_map(|arm| arm.against.as_ref()).all(|a| a.p.is_none() && !a.significant));
    let codes: Vec<&str> = split.notes.iter().filter_map(|note| note.code).collect();
    assert_eq!(codes, ["W0802", "W0803", "W0803", "W0803"]);
}

#[test]
fn the_json_has_its_version_and_no_accidents_of_arithmetic() {
    let json: serde_json::Value =
        serde_json::from_str(&judged(&[(1, people(1, 300, &[1, 2, 1], &[0.1; 3]))]).to_json()).unwrap();
    assert_eq!(json["version"], 1);
    let arm = &json["experiments"][0]["arms"][1];
    assert_eq!((arm["name"].as_str(), arm["share"].as_f64()), (Some("control"), Some(0.5)));
    let digits = |value: &serde_json::Value| value.to_string().chars().filter(char::is_ascii_digit).count();
    assert!(digits(&arm["rate"]) <= 12 && digits(&arm["interval"]["low"]) <= 12, "{arm}");
}

#[test]
fn nothing_to_show() {
    let settings = Settings { project: "shop", zone: zone(), now: None, journey: None, lift: 0.2 };
    let report = judge(&[], &Tally::default(), &settings);
    assert_eq!(pretty(&report, Language::English), "no split and no holdout\n");
}
