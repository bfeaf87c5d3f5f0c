//! What is wrong at a place, in one language: what the formats for CI and editors have in common. Diagnostics become
//! findings; so do failed tests and files out of the layout.
//!
//! Writes no format itself.

use super::{Place, Suppression};
use crate::diag::codes::heading;
use crate::diag::{Code, Diagnostic, Language, Phrase, Severity};
use crate::text::Sources;

#[derive(Debug, Clone)]
pub struct Finding {
    pub severity: Severity,
    pub rule: Rule,
    pub place: Place,
    pub headline: String,
    /// What is said at the place; may be empty.
    pub label: String,
    /// Further lines, in order: notes, "expected …", "came …".
    pub notes: Vec<String>,
    /// The remedy.
    pub help: Option<String>,
    /// Other places that explain it, and what each says.
    pub related: Vec<(Place, String)>,
    /// Edits that put it right, all of them together.
    pub edits: Vec<(Place, String)>,
    /// It was let pass, and why.
    pub suppression: Option<Suppression>,
}

/// What a finding breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    Code(Code),
    /// A timeline test must pass.
    Test,
    /// A file must be in the one layout.
    Layout,
}

impl Rule {
    pub fn id(self) -> &'static str {
        match self {
            Rule::Code(code) => code.name(),
            Rule::Test => "test",
            Rule::Layout => "layout",
        }
    }

    /// What the rule is about, in a line.
    pub fn title(self, language: Language) -> &'static str {
        match (self, language) {
            (Rule::Code(code), Language::English) => code.title(),
            (Rule::Code(code), Language::Japanese) => code.title_ja(),
            (Rule::Test, Language::English) => "a timeline test that fails",
            (Rule::Test, Language::Japanese) => "失敗したタイムラインテスト",
            (Rule::Layout, Language::English) => "a file that is not in the one layout",
            (Rule::Layout, Language::Japanese) => "整形されていないファイル",
        }
    }

    /// The page of the rule, as Markdown; that of a code is the one `tabi explain` prints.
    pub fn page(self, language: Language) -> String {
        match self {
            Rule::Code(code) => page_in(code.page(), language),
            Rule::Test | Rule::Layout => self.title(language).to_string(),
        }
    }

    pub fn severity(self) -> Severity {
        match self {
            Rule::Code(code) => code.severity(),
            Rule::Test | Rule::Layout => Severity::Error,
        }
    }
}

/// The sections of a page that are for readers of the language: its own text, and the examples.
fn page_in(page: &str, language: Language) -> String {
    let mut kept = Vec::new();
    for (i, section) in page.split("\n## ").enumerate() {
        let (title, body) = section.split_once('\n').unwrap_or((section, ""));
        let own = match language {
            Language::English => i == 0,
            Language::Japanese => title == "日本語",
        };
        let foreign = match language {
            Language::English => title == "日本語",
            Language::Japanese => i == 0,
        };
        if own {
            kept.insert(0, body.trim().to_string());
        } else if !foreign {
            kept.push(format!("## {}\n{}", heading(title, language), body.trim_end()));
        }
    }
    kept.join("\n\n")
}

/// All diagnostics as findings, in their order.
pub fn findings(diagnostics: &[Diagnostic], sources: &Sources, language: Language) -> Vec<Finding> {
    diagnostics.iter().map(|diagnostic| finding(diagnostic, sources, language)).collect()
}

fn finding(diagnostic: &Diagnostic, sources: &Sources, language: Language) -> Finding {
    let said = |phrase: &Phrase| phrase.get(language).to_string();
    let related = diagnostic.others.iter().map(|label| (Place::of(label.span, sources), said(&label.text)));
    let edits = diagnostic.fix.iter().map(|fix| (Place::of(fix.span, sources), fix.replacement.clone()));
    Finding {
        severity: diagnostic.severity,
        rule: Rule::Code(diagnostic.code),
        place: Place::of(diagnostic.primary.span, sources),
        headline: said(&diagnostic.headline),
        label: said(&diagnostic.primary.text),
        notes: diagnostic.notes.iter().map(said).collect(),
        help: diagnostic.help.as_ref().map(said),
        related: related.filter(|(place, _)| place.is_somewhere()).collect(),
        edits: edits.filter(|(place, _)| place.is_somewhere()).collect(),
        suppression: None,
    }
}

impl Finding {
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// `error` or `warning`: the words programs look for, the same in every language.
    pub fn level(&self) -> &'static str {
        match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }

    /// Everything but the headline, a line each: the label, other places, notes, the remedy.
    pub fn details(&self, language: Language) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        if !self.label.is_empty() {
            lines.push(self.label.clone());
        }
        lines.extend(self.related.iter().map(|(place, text)| format!("{}: {text}", place.short())));
        lines.extend(self.notes.iter().cloned());
        let word = match language {
            Language::English => "help",
            Language::Japanese => "対処",
        };
        lines.extend(self.help.iter().map(|help| format!("{word}: {help}")));
        lines
    }
}
