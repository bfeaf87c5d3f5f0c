//! What a project lets pass, and why: exceptions in the campaigns, and levels in `tabi.yaml`.
//!
//! Lets nothing pass itself; only tells of it, in every format that a person or a program reads.

use serde::Serialize;

use super::{Finding, Place, markdown_cell};
use crate::diag::Language;

/// Told with every report.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Waivers {
    /// In the order of the text.
    pub exceptions: Vec<Exception>,
    /// In the order of `tabi.yaml`.
    pub levels: Vec<Level>,
    /// What was let pass.
    #[serde(skip)]
    pub suppressed: Vec<Finding>,
}

/// An `allow` in a campaign.
#[derive(Debug, Clone, Serialize)]
pub struct Exception {
    pub code: &'static str,
    pub because: String,
    /// The last day it holds, `2026-12-31`.
    pub until: Option<String>,
    /// That day has passed: it lets nothing pass any more.
    pub expired: bool,
    /// How many findings it lets pass, or would if it had not expired.
    pub findings: usize,
    #[serde(flatten)]
    pub place: Place,
}

/// A level that `tabi.yaml` sets for a code.
#[derive(Debug, Clone, Serialize)]
pub struct Level {
    pub code: &'static str,
    /// `allow`, `warn` or `error`.
    pub level: &'static str,
    pub reason: Option<String>,
    #[serde(flatten)]
    pub place: Place,
}

/// Why a finding is told as let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    pub by: SuppressedBy,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressedBy {
    /// `allow` in a campaign.
    Exception,
    /// `allow` in `tabi.yaml`.
    Level,
}

impl Waivers {
    /// A line for each, with line ends: exceptions that let something pass or have expired, then levels.
    pub fn lines(&self, language: Language) -> String {
        let told = self.exceptions.iter().filter(|exception| exception.findings > 0);
        let exceptions = told.map(|e| {
            let place = format!("({}:{})", e.place.path, e.place.line);
            match (language, &e.until) {
                (Language::English, Some(day)) if e.expired => {
                    format!("expired {} on {day}: {} {place}\n", e.code, e.because)
                }
                (Language::English, Some(day)) => format!("allowed {} until {day}: {} {place}\n", e.code, e.because),
                (Language::English, None) => format!("allowed {}: {} {place}\n", e.code, e.because),
                (Language::Japanese, Some(day)) if e.expired => {
                    format!("期限切れの例外 {} ({day} まで): {} {place}\n", e.code, e.because)
                }
                (Language::Japanese, Some(day)) => format!("例外 {} ({day} まで): {} {place}\n", e.code, e.because),
                (Language::Japanese, None) => format!("例外 {}: {} {place}\n", e.code, e.because),
            }
        });
        let levels = self.levels.iter().map(|level| {
            let reason = level.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
            let word = match language {
                Language::English => "level",
                Language::Japanese => "水準",
            };
            format!("{word} {} {}{reason} ({}:{})\n", level.code, level.level, level.place.path, level.place.line)
        });
        exceptions.chain(levels).collect()
    }

    /// The same as a list in GitHub's Markdown under a heading; nothing if there is none.
    pub fn markdown(&self, language: Language) -> String {
        let lines: String = self.lines(language).lines().map(|line| format!("- {}\n", markdown_cell(line))).collect();
        let heading = match language {
            Language::English => "Exceptions and levels",
            Language::Japanese => "例外と水準",
        };
        if lines.is_empty() { lines } else { format!("\n**{heading}**\n\n{lines}") }
    }
}
