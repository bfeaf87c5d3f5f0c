//! What no test noticed, laid out for people and for programs.
//!
//! Knows no terminal: no colour, no width.

use std::fmt::Write;

use serde::Serialize;

use super::{MUTANTS_VERSION, Survivor};
use crate::words::Language;

/// What came of all faults that were tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// Share of the faults that some test noticed; one decimal, rounded down.
    pub percent: f64,
    pub noticed: usize,
    pub tried: usize,
    /// Faults there are; more than were tried if there is a limit.
    pub known: usize,
    /// Faults of journeys and rules that no test is for.
    pub untested: usize,
    pub survivors: Vec<Survivor>,
}

impl Score {
    /// `survivors` of `tried` faults.
    pub fn new(tried: usize, known: usize, untested: usize, survivors: Vec<Survivor>) -> Score {
        let noticed = tried - survivors.len();
        let percent = (noticed * 1_000).checked_div(tried).map_or(100.0, |tenths| tenths as f64 / 10.0);
        Score { percent, noticed, tried, known, untested, survivors }
    }
}

/// Grouped by what the faults are in.
pub fn pretty(score: &Score, language: Language) -> String {
    let mut out = String::new();
    let mut of = "";
    for survivor in &score.survivors {
        if survivor.of != of {
            of = &survivor.of;
            let _ = writeln!(out, "{of}");
        }
        let place = match survivor.path.as_str() {
            "" => String::new(),
            path => format!("  ({path}:{})", survivor.line),
        };
        let _ = writeln!(out, "  {}{place}", told(survivor, language));
    }
    out + &total(score, language) + "\n"
}

pub fn markdown(score: &Score, language: Language) -> String {
    let mut out = format!("{}\n", total(score, language));
    if !score.survivors.is_empty() {
        let title = language.of("What no test notices", "どのテストも気づかないもの");
        let _ = writeln!(out, "\n<details><summary>{title}</summary>\n");
        for survivor in &score.survivors {
            let text = told(survivor, language).replace('<', "&lt;").replace('>', "&gt;");
            let place = match survivor.path.as_str() {
                "" => String::new(),
                path => format!(" `{path}:{}`", survivor.line),
            };
            let _ = writeln!(out, "- `{}`: {text}{place}", survivor.of);
        }
        out.push_str("\n</details>\n");
    }
    out
}

/// One JSON document with a line end.
pub fn json(score: &Score) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        version: u32,
        #[serde(flatten)]
        score: &'a Score,
    }
    let document = Document { version: MUTANTS_VERSION, score };
    serde_json::to_string_pretty(&document).expect("plain data with string keys") + "\n"
}

/// ``no test notices if `wait 3 days` becomes `wait 4 days` ``
fn told(survivor: &Survivor, language: Language) -> String {
    let step = survivor.step.as_ref().map_or_else(String::new, |step| format!("`{step}` "));
    let old = survivor.old.get(language);
    match (&survivor.new, language) {
        (Some(new), Language::English) => format!("{step}no test notices if `{old}` becomes `{}`", new.get(language)),
        (None, Language::English) => format!("{step}no test notices if `{old}` is left out"),
        (Some(new), Language::Japanese) => {
            format!("{step}`{old}` が `{}` に変わっても気づくテストがない", new.get(language))
        }
        (None, Language::Japanese) => format!("{step}`{old}` がなくなっても気づくテストがない"),
    }
}

fn total(score: &Score, language: Language) -> String {
    let percent = score.percent;
    let (noticed, tried, known) = (score.noticed, score.tried, score.known);
    let mut text = match language {
        Language::English => format!("{percent:.1}% of faults noticed ({noticed} of {tried}"),
        Language::Japanese => format!("誤りの {percent:.1}% にテストが気づいた ({tried} 件中 {noticed} 件"),
    };
    if known > tried {
        text += &match language {
            Language::English => format!(", out of {known}"),
            Language::Japanese => format!("、全 {known} 件から"),
        };
    }
    if score.untested > 0 {
        text += &match language {
            Language::English => format!("; {} in what no test is for", score.untested),
            Language::Japanese => format!("。うちテストのないもの {} 件", score.untested),
        };
    }
    text + ")"
}
