//! Results of tests for people.
//!
//! Judges nothing.

use super::Ran;
use crate::cli::speak::{GREEN, RED, RESET};
use crate::diag::Language;
use crate::simulate::timeline::{Failure, Verdict};
use crate::simulate::{self, render};

/// The words around verdicts, in the reader's language.
struct Words {
    ok: &'static str,
    failed: &'static str,
    expected: &'static str,
    came: &'static str,
    why: &'static str,
}

const ENGLISH: Words =
    Words { ok: "ok    ", failed: "FAILED", expected: "expected", came: "came    ", why: "why     " };
const JAPANESE: Words = Words { ok: "成功", failed: "失敗", expected: "期待", came: "実際", why: "理由" };

/// A line per test; of one that failed, what was expected, what came and why, and the story. ANSI colours.
pub fn pretty(ran: &[Ran], language: Language) -> String {
    let words = match language {
        Language::English => &ENGLISH,
        Language::Japanese => &JAPANESE,
    };
    let mut text = String::new();
    for test in ran {
        let (colour, word) = if test.verdict.passed { (GREEN, words.ok) } else { (RED, words.failed) };
        text.push_str(&format!("{colour}{word}{RESET}  {}  {}\n", test.journey, test.timeline.title));
        if !test.verdict.passed {
            text.push_str(&told(&test.verdict, words, language));
        }
    }
    let passed = ran.iter().filter(|test| test.verdict.passed).count();
    let failed = ran.len() - passed;
    text.push_str(&match language {
        Language::English => format!("{passed} passed, {failed} failed\n"),
        Language::Japanese => format!("成功 {passed} 件、失敗 {failed} 件\n"),
    });
    text
}

/// What was expected and what came, then the person's story.
fn told(verdict: &Verdict, words: &Words, language: Language) -> String {
    let mut text = String::new();
    for failure in &verdict.failures {
        let line = &failure.line;
        text.push_str(&format!("\n  {}:{}: {}\n", line.place.path, line.place.line, line.text.trim()));
        for (word, part) in parts(failure, words, language) {
            text.push_str(&format!("    {word}  {part}\n"));
        }
    }
    text.push('\n');
    for line in story(verdict, language).lines() {
        text.push_str(format!("  {line}").trim_end());
        text.push('\n');
    }
    text.push('\n');
    text
}

/// What is said of a failure, each part with the word before it; parts that say nothing are left out.
fn parts<'v>(failure: &'v Failure, words: &Words, language: Language) -> Vec<(&'static str, &'v str)> {
    let said = |both: &'v simulate::Words| match language {
        Language::English => both.en.as_str(),
        Language::Japanese => both.ja.as_str(),
    };
    [(words.expected, &failure.expected), (words.came, &failure.came), (words.why, &failure.why)]
        .into_iter()
        .map(|(word, both)| (word, said(both)))
        .filter(|(_, part)| !part.is_empty())
        .collect()
}

/// The same as lines without columns: `expected …`, `came …`, `why …`.
pub fn lines(failure: &Failure, language: Language) -> Vec<String> {
    let words = match language {
        Language::English => &ENGLISH,
        Language::Japanese => &JAPANESE,
    };
    parts(failure, words, language).into_iter().map(|(word, part)| format!("{}: {part}", word.trim_end())).collect()
}

/// What happened to the person, a line each.
pub fn story(verdict: &Verdict, language: Language) -> String {
    let language = match language {
        Language::English => render::Language::English,
        Language::Japanese => render::Language::Japanese,
    };
    render::story(&verdict.story, language)
}
