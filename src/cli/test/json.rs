//! Results of tests for programs, in both languages.
//!
//! The shape only grows within a version: fields are added, never renamed or removed.

use serde::Serialize;

use super::Ran;
use crate::simulate::Story;
use crate::simulate::timeline::Failure;

/// Version of the JSON shape.
const JSON_VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    passed: usize,
    failed: usize,
    tests: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    journey: &'a str,
    title: &'a str,
    path: &'a str,
    line: u32,
    passed: bool,
    failures: Vec<Miss<'a>>,
    /// Of a test that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    story: Option<&'a Story>,
}

#[derive(Serialize)]
struct Miss<'a> {
    path: &'a str,
    line: u32,
    text: &'a str,
    expected: Both<'a>,
    came: Both<'a>,
    why: Both<'a>,
}

#[derive(Serialize)]
struct Both<'a> {
    en: &'a str,
    ja: &'a str,
}

/// One JSON document, two spaces deep, with a line end.
pub fn json(ran: &[Ran]) -> String {
    let failed = ran.iter().filter(|test| !test.verdict.passed).count();
    let report =
        Report { version: JSON_VERSION, passed: ran.len() - failed, failed, tests: ran.iter().map(item).collect() };
    serde_json::to_string_pretty(&report).expect("plain data with string keys") + "\n"
}

fn item<'a>(test: &'a Ran) -> Item<'a> {
    Item {
        journey: test.journey,
        title: &test.timeline.title,
        path: &test.timeline.place.path,
        line: test.timeline.place.line,
        passed: test.verdict.passed,
        failures: test.verdict.failures.iter().map(miss).collect(),
        story: (!test.verdict.passed).then_some(&test.verdict.story),
    }
}

fn miss(failure: &Failure) -> Miss<'_> {
    let Failure { line, expected, came, why } = failure;
    Miss {
        path: &line.place.path,
        line: line.place.line,
        text: line.text.trim(),
        expected: Both { en: &expected.en, ja: &expected.ja },
        came: Both { en: &came.en, ja: &came.ja },
        why: Both { en: &why.en, ja: &why.ja },
    }
}
