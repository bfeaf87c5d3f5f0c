//! Timeline tests of the language, run: what passes, what fails, and how a failure reads.
//!
//! Holds no rule of the machine; the conformance suite does.

#![allow(clippy::disallowed_methods)]

use std::fmt::Write as _;

use tabi::compile::{self, Settings};
use tabi::simulate::timeline;
use tabi::text::{Source, Sources};
use tabi::value::{Currency, Zone};

const SHOP: &str = include_str!("timelines/shop.tabi");

/// Every test of the text: its title, and what its failures say.
fn verdicts(text: &str) -> String {
    let mut sources = Sources::default();
    sources.add(Source::new("shop.tabi", text));
    let settings = Settings {
        zone: Zone::from_name("Asia/Tokyo").unwrap(),
        currency: Currency::from_code("JPY").unwrap(),
        ..Settings::default()
    };
    let compiled = compile::compile(&sources, &settings);
    let Some(program) = compiled.program else { panic!("{:#?}", compiled.diagnostics) };
    let mut out = String::new();
    for test in &compiled.timelines {
        let verdict = timeline::run(&program, test);
        writeln!(out, "{} {}", if verdict.passed { "ok    " } else { "FAILED" }, test.title).unwrap();
        for failure in &verdict.failures {
            writeln!(out, "  expected {}", failure.expected.en).unwrap();
            writeln!(out, "  came     {}", failure.came.en).unwrap();
            writeln!(out, "  why      {} / {}", failure.why.en, failure.why.ja).unwrap();
        }
    }
    out
}

#[test]
fn tests_pass_and_fail_as_they_should() {
    insta::assert_snapshot!(verdicts(SHOP));
}
