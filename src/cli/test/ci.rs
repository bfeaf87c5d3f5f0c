//! Results of tests for CI: as findings at the lines that were not met, as suites of cases, as a comment.
//!
//! The formats themselves are those of diagnostics.

use super::{Ran, pretty};
use crate::diag::render::{self, Case, Finding, Place, Rule, Suite};
use crate::diag::{Language, Severity};
use crate::simulate::timeline::Failure;
use crate::text::Sources;

/// Failed tests told in one comment; more is not read.
const TOLD_MAX: usize = 10;

/// One finding per expectation that was not met.
pub fn findings(ran: &[Ran], sources: &Sources, language: Language) -> Vec<Finding> {
    let of_test = |test: &Ran| -> Vec<Finding> {
        test.verdict.failures.iter().map(|failure| finding(test, failure, sources, language)).collect()
    };
    ran.iter().flat_map(of_test).collect()
}

fn finding(test: &Ran, failure: &Failure, sources: &Sources, language: Language) -> Finding {
    let (path, line) = (&*failure.line.place.path, failure.line.place.line as usize);
    let source = sources.iter().map(|(_, source)| source).find(|source| source.path == path);
    Finding {
        severity: Severity::Error,
        rule: Rule::Test,
        place: Place::of_line(path, line, source.map_or("", |source| source.line(line))),
        headline: format!("{}: {}", title(test), short(failure, language)),
        label: String::new(),
        notes: pretty::lines(failure, language),
        help: None,
        related: Vec::new(),
        edits: Vec::new(),
        suppression: None,
    }
}

fn title(test: &Ran) -> String {
    format!("{} “{}”", test.journey, test.timeline.title)
}

/// The expectation that was not met, or the line that could not be carried out.
fn short(failure: &Failure, language: Language) -> String {
    let line = failure.line.text.trim();
    match language {
        Language::English => format!("not met: `{line}`"),
        Language::Japanese => format!("満たされない行: `{line}`"),
    }
}

/// A suite per journey, a case per test.
pub fn suites(ran: &[Ran], language: Language) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    for test in ran {
        let case = case(test, language);
        match suites.iter_mut().find(|suite| suite.name == test.journey) {
            Some(suite) => suite.cases.push(case),
            None => suites.push(Suite { name: test.journey.to_string(), cases: vec![case] }),
        }
    }
    suites
}

fn case(test: &Ran, language: Language) -> Case {
    let failure = test.verdict.failures.first().map(|first| render::Failure {
        message: short(first, language),
        kind: Rule::Test.id().to_string(),
        text: told(test, language),
    });
    Case {
        name: test.timeline.title.clone(),
        class: test.journey.to_string(),
        file: test.timeline.place.path.to_string(),
        line: test.timeline.place.line as usize,
        failure,
        aside: Vec::new(),
    }
}

/// Every expectation that was not met, then the story.
fn told(test: &Ran, language: Language) -> String {
    let mut text = String::new();
    for failure in &test.verdict.failures {
        let line = &failure.line;
        text.push_str(&format!("{}:{}: {}\n", line.place.path, line.place.line, line.text.trim()));
        pretty::lines(failure, language).iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    text + "\n" + &pretty::story(&test.verdict, language)
}

/// A heading with the counts, a table of what failed, and the stories folded away.
pub fn markdown(ran: &[Ran], language: Language) -> String {
    let failed: Vec<&Ran> = ran.iter().filter(|test| !test.verdict.passed).collect();
    let passed = ran.len() - failed.len();
    let mark = if failed.is_empty() { "✅" } else { "❌" };
    let mut text = match language {
        Language::English => format!("### {mark} tabi test: {passed} passed, {} failed\n", failed.len()),
        Language::Japanese => format!("### {mark} tabi test: 成功 {passed} 件、失敗 {} 件\n", failed.len()),
    };
    if failed.is_empty() {
        return text;
    }
    text.push_str(match language {
        Language::English => "\n| | journey | test | place | what |\n|---|---|---|---|---|\n",
        Language::Japanese => "\n| | ジャーニー | テスト | 場所 | 結果 |\n|---|---|---|---|---|\n",
    });
    failed.iter().for_each(|test| text.push_str(&row(test, language)));
    for test in failed.iter().take(TOLD_MAX) {
        let title = render::markdown_cell(&title(test));
        let story = told(test, language).replace("```", "`\u{200b}``");
        text.push_str(&format!("\n<details><summary>{title}</summary>\n\n```text\n{story}```\n\n</details>\n"));
    }
    let hidden = failed.len().saturating_sub(TOLD_MAX);
    if hidden > 0 {
        text.push_str(&match language {
            Language::English => format!("\n… and {hidden} more; `tabi test` tells all.\n"),
            Language::Japanese => format!("\n… ほか {hidden} 件。`tabi test` で全件を確認できます。\n"),
        });
    }
    text
}

fn row(test: &Ran, language: Language) -> String {
    let what: Vec<String> = test.verdict.failures.iter().map(|failure| short(failure, language)).collect();
    let place = test.verdict.failures.first().map_or(&test.timeline.place, |failure| &failure.line.place);
    format!(
        "| ❌ | {} | {} | {} | {} |\n",
        render::markdown_cell(&format!("`{}`", test.journey)),
        render::markdown_cell(&test.timeline.title),
        render::markdown_cell(&format!("`{}:{}`", place.path, place.line)),
        render::markdown_cell(&what.join(" / ")),
    )
}
