//! What tests visit and what they notice: coverage and mutants of small journeys, and of the campaigns.
//!
//! The options of the command are tried in `tests/versions.rs`.

#![allow(clippy::disallowed_methods, reason = "a test reads its files")]

use std::path::Path;

use tabi::compile::{Compiled, Settings, compile};
use tabi::cover::{self, Coverage};
use tabi::ir::Program;
use tabi::mutate::{self, Mutant};
use tabi::project;
use tabi::simulate::timeline;
use tabi::text::{Source, Sources};
use tabi::value::{Currency, Zone};
use tabi::words::Language;

const JOURNEY: &str = r#"
journey greet {
  purpose acquire
  owner "@crm"
  under policy standard
  goal purchase within 3d
  review every 3mo by "@crm"
  reentry never
  promise ends within 20d
  start when signed_up
  exit when purchase

  wait 3d
  if profile.rank == gold {
    tag "gold"
  }
  send line hello_line with { name: "x" } as hi
    otherwise send email hello with { name: "x" } as hi
  wait up to 2d for hi.clicked { stop because "clicked" }
}
"#;

const GOLD: &str = r#"
test greet "gold" {
  clock 2026-04-01 10:00 Asia/Tokyo
  given profile { line_user: "U1", rank: gold, consent: [marketing] }
  +0m   signed_up {}
  +71h  expect not sent line
  +3d   expect sent line hello_line
        expect tagged "gold"
  +3d1h click hi
        expect exited by "clicked"
}
"#;

const MAIL: &str = r#"
test greet "by mail" {
  clock 2026-04-01 10:00 Asia/Tokyo
  given profile { email: "a@example.jp", rank: bronze, consent: [marketing] }
  +0m   signed_up {}
  +3d   expect sent email hello
        expect not tagged "gold"
  +5d   expect exited
}
"#;

fn compiled(texts: &[&str]) -> (Program, Compiled) {
    let mut sources = Sources::default();
    sources.add(Source::new("world.tabi", include_str!("prelude.tabi")));
    sources.add(Source::new("greet.tabi", texts.concat()));
    let settings = Settings {
        zone: Zone::from_name("Asia/Tokyo").unwrap(),
        currency: Currency::from_code("JPY").unwrap(),
        ..Settings::default()
    };
    let mut compiled = compile(&sources, &settings);
    let program = compiled.program.take().unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
    (program, compiled)
}

fn coverage(texts: &[&str]) -> Coverage {
    let (program, compiled) = compiled(texts);
    let trails: Vec<_> = compiled
        .timelines
        .iter()
        .map(|test| {
            let (verdict, trail) = timeline::traced(&program, test);
            assert!(verdict.passed, "{:#?}", verdict.failures);
            (test, trail)
        })
        .collect();
    cover::coverage(&program, &trails, &|_| true)
}

fn missed(coverage: &Coverage) -> Vec<String> {
    let told = |missed: &cover::Missed| format!("{} {}", missed.step.as_deref().unwrap_or("-"), missed.what.en);
    coverage.journeys.iter().flat_map(|journey| &journey.missed).map(told).collect()
}

#[test]
fn what_no_test_visits_is_listed_once() {
    let nothing = coverage(&[JOURNEY]);
    assert_eq!((nothing.percent, nothing.visited, nothing.points), (0.0, 0, 14));
    assert_eq!(nothing.journeys[0].missed.len(), 8, "branches of steps nobody visits are not listed again");
    let gold = coverage(&[JOURNEY, GOLD]);
    assert_eq!(
        missed(&gold),
        [
            "if_1 else",
            "hi the message is not sent",
            "hi_2 send email hello",
            "wait_2 the time is up",
            "- exit when purchase",
        ]
    );
    let both = coverage(&[JOURNEY, GOLD, MAIL]);
    assert_eq!(missed(&both), ["- exit when purchase"]);
    assert_eq!((both.visited, both.points, both.percent), (13, 14, 92.8));
}

#[test]
fn a_coverage_reads_well() {
    let gold = coverage(&[JOURNEY, GOLD]);
    let mut text = String::new();
    for language in Language::ALL {
        text += &cover::pretty(&gold, language);
        text += &cover::compact(&gold, language);
    }
    text += &cover::markdown(&gold, Language::English);
    text += &cover::json(&gold);
    insta::assert_snapshot!(text);
}

/// What the tests do not notice, as `old -> new`.
fn unnoticed(texts: &[&str]) -> Vec<String> {
    let (program, compiled) = compiled(texts);
    let all = mutate::mutants(&program, &|_| true);
    let noticed = |mutant: &Mutant| {
        let changed = mutant.apply(&program);
        assert_ne!(changed.content_hash(), program.content_hash(), "{mutant:?}");
        compiled.timelines.iter().any(|test| !timeline::run(&changed, test).passed)
    };
    let told = |mutant: &Mutant| {
        let new = mutant.new.as_ref().map_or("", |new| new.en.as_str());
        format!("{} -> {new}", mutant.old.en)
    };
    all.iter().filter(|mutant| !noticed(mutant)).map(told).collect()
}

#[test]
fn tests_notice_what_they_look_at() {
    let left = unnoticed(&[JOURNEY, GOLD, MAIL]);
    for expected in [
        "exit when purchase -> ",
        "reentry never -> reentry always",
        "goal within 3 days -> goal within 4 days",
        "cap at most 3 messages per 7 days, then drop -> cap at most 4 messages per 7 days, then drop",
        "consent is asked for -> no consent is asked for",
    ] {
        assert!(left.iter().any(|fault| fault == expected), "{expected} should be left of {left:#?}");
    }
    for expected in ["wait 3 days", "profile.rank = gold", "tag “gold”", "send line hello_line", "otherwise"] {
        assert!(!left.iter().any(|fault| fault.starts_with(expected)), "{expected} should be noticed: {left:#?}");
    }
    // Without the second test, what happens to those without LINE may change.
    let fewer = unnoticed(&[JOURNEY, GOLD]);
    assert!(fewer.iter().any(|fault| fault == "send email hello -> "), "{fewer:#?}");
}

/// A fault of a line above the steps is shown at that line, one of a rule at the rule.
#[test]
fn faults_stand_where_they_are_written() {
    let (program, _) = compiled(&[JOURNEY]);
    let line_in = |text: &str, line: &str| text.lines().position(|l| l.trim() == line).expect(line) as u32 + 1;
    let here = |line: &str| line_in(JOURNEY, line);
    let prelude = |line: &str| line_in(include_str!("prelude.tabi"), line);
    let cases = [
        ("goal within", here("goal purchase within 3d")),
        ("reentry", here("reentry never")),
        ("exit when", here("exit when purchase")),
        ("wait 3 days", here("wait 3d")),
    ];
    let all = mutate::mutants(&program, &|_| true);
    for (old, line) in cases {
        let found: Vec<&Mutant> = all.iter().filter(|m| m.of == "greet" && m.old.en.starts_with(old)).collect();
        assert!(!found.is_empty(), "no fault of {old}");
        found.iter().for_each(|m| assert_eq!(m.place.line, line, "{}", m.old.en));
    }
    let cap = all.iter().find(|m| m.old.en.starts_with("cap")).expect("a cap may be wrong");
    assert_eq!((&*cap.place.path, cap.place.line), ("world.tabi", prelude("cap      3 messages per 7d")));
    assert!(all.iter().all(|mutant| mutant.place.line > 0), "a fault without a place");
}

#[test]
fn a_limit_chooses_evenly() {
    let (program, _) = compiled(&[JOURNEY]);
    let all = mutate::mutants(&program, &|_| true);
    let count = all.len();
    assert!(count > 20);
    assert_eq!(mutate::spread(all.clone(), count).len(), count);
    let few = mutate::spread(all.clone(), 5);
    assert_eq!(few.len(), 5);
    assert!(few[4].of != few[0].of, "from the journey to the rules");
    assert!(mutate::mutants(&program, &|name| name == "nobody").is_empty());
}

/// The campaigns, without the files of their messages.
fn campaigns() -> (Program, Compiled) {
    let project = project::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns"));
    let settings = Settings {
        name: project.settings.name.clone(),
        zone: project.settings.zone,
        currency: project.settings.currency,
        ..Settings::default()
    };
    let mut compiled = compile(&project.sources, &settings);
    let program = compiled.program.take().expect("the campaigns have a meaning");
    (program, compiled)
}

#[test]
fn that_a_way_is_told_changes_no_story() {
    let (program, compiled) = campaigns();
    assert!(compiled.timelines.len() > 50);
    for test in &compiled.timelines {
        assert_eq!(timeline::run(&program, test), timeline::traced(&program, test).0, "{}", test.title);
    }
}

#[test]
fn the_campaigns_are_well_tested() {
    let (program, compiled) = campaigns();
    let trails: Vec<_> = compiled.timelines.iter().map(|test| (test, timeline::traced(&program, test).1)).collect();
    let coverage = cover::coverage(&program, &trails, &|_| true);
    assert!(coverage.percent >= CAMPAIGNS_VISITED, "{}", cover::pretty(&coverage, Language::English));
}

/// Percent of the campaigns' steps, branches and exits that their tests visit.
const CAMPAIGNS_VISITED: f64 = 100.0;
