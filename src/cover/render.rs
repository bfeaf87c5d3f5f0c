//! A coverage laid out for people, line by line, as Markdown, and for programs.
//!
//! Knows no terminal: no colour, no width.

use std::fmt::Write;

use serde::Serialize;

use super::{COVERAGE_VERSION, Coverage, JourneyCoverage, Missed};
use crate::words::Language;

/// Journeys with what none of their tests visits, then the whole.
pub fn pretty(coverage: &Coverage, language: Language) -> String {
    let mut out = String::new();
    let width = coverage.journeys.iter().map(|journey| journey.journey.len()).max().unwrap_or(0);
    for journey in &coverage.journeys {
        let _ = writeln!(out, "{:width$}  {}", journey.journey, figures(journey, language));
        for missed in &journey.missed {
            let _ = writeln!(out, "  {}  ({}:{})", told(missed, language), missed.path, missed.line);
        }
    }
    out + &total(coverage, language) + "\n"
}

/// A line for each point that was missed.
pub fn compact(coverage: &Coverage, language: Language) -> String {
    let mut out = String::new();
    for (journey, missed) in coverage.journeys.iter().flat_map(|j| j.missed.iter().map(move |m| (j, m))) {
        let unseen = language.of("no test visits", "テストが通らない");
        let _ =
            writeln!(out, "{}:{}: {}: {unseen}: {}", missed.path, missed.line, journey.journey, told(missed, language));
    }
    out + &total(coverage, language) + "\n"
}

pub fn markdown(coverage: &Coverage, language: Language) -> String {
    let mut out = match language {
        Language::English => "| journey | tests | visited |\n|---|---:|---:|\n".to_string(),
        Language::Japanese => "| ジャーニー | テスト | 通過 |\n|---|---:|---:|\n".to_string(),
    };
    for journey in &coverage.journeys {
        let name = &journey.journey;
        let _ = writeln!(out, "| `{name}` | {} | {} |", journey.tests, share(journey.percent));
    }
    let _ = writeln!(out, "\n{}", total(coverage, language));
    let unseen = language.of("Not visited", "通っていないもの");
    for journey in coverage.journeys.iter().filter(|journey| !journey.missed.is_empty()) {
        let _ = writeln!(out, "\n<details><summary>{unseen}: {}</summary>\n", journey.journey);
        for missed in &journey.missed {
            let text = told(missed, language).replace('<', "&lt;").replace('>', "&gt;");
            let _ = writeln!(out, "- {text} `{}:{}`", missed.path, missed.line);
        }
        out.push_str("\n</details>\n");
    }
    out
}

/// One JSON document with a line end.
pub fn json(coverage: &Coverage) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        version: u32,
        #[serde(flatten)]
        coverage: &'a Coverage,
    }
    let document = Document { version: COVERAGE_VERSION, coverage };
    serde_json::to_string_pretty(&document).expect("plain data with string keys") + "\n"
}

fn figures(journey: &JourneyCoverage, language: Language) -> String {
    let share = share(journey.percent);
    let (visited, points, tests) = (journey.visited, journey.points, journey.tests);
    match language {
        Language::English => {
            let plural = if tests == 1 { "" } else { "s" };
            format!("{share:>6}  {visited} of {points}, {tests} test{plural}")
        }
        Language::Japanese => format!("{share:>6}  {points} 件中 {visited} 件、テスト {tests} 件"),
    }
}

fn told(missed: &Missed, language: Language) -> String {
    let what = missed.what.get(language);
    missed.step.as_ref().map_or_else(|| what.to_string(), |step| format!("`{step}` {what}"))
}

fn total(coverage: &Coverage, language: Language) -> String {
    let (share, visited, points) = (share(coverage.percent), coverage.visited, coverage.points);
    match language {
        Language::English => {
            format!("{share} of steps, branches and exits are visited by a test ({visited} of {points})")
        }
        Language::Japanese => format!("ステップ・分岐・離脱の {share} をテストが通過 ({points} 件中 {visited} 件)"),
    }
}

/// `100%`, `99.9%`
fn share(percent: f64) -> String {
    if percent == percent.trunc() { format!("{percent:.0}%") } else { format!("{percent:.1}%") }
}
