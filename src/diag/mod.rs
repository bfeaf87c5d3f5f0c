//! A diagnostic as data, the registry of codes, and the renderers.
//!
//! Does not find mistakes: the passes do, and each words its own beside the check that raises it.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod codes;
pub mod render;
pub mod repair;
mod system;

use crate::text::Span;
pub use codes::Code;

/// A text in both languages a person may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    pub en: String,
    pub ja: String,
}

impl Phrase {
    pub fn new(en: impl Into<String>, ja: impl Into<String>) -> Self {
        Phrase { en: en.into(), ja: ja.into() }
    }
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Japanese => &self.ja,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    English,
    Japanese,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Warning,
    Error,
}

/// A place and what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: Phrase,
}

/// An edit a machine can apply: replace the span by the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    pub span: Span,
    pub replacement: String,
}

/// One mistake, worded. Order when shown: headline, place, other places, expected/found, one help, `tabi explain`.
/// Style: lower case, no full stop, the author's own words in backticks, never a type of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub headline: Phrase,
    /// The place of the mistake; its text may be empty.
    pub primary: Label,
    /// Places that explain it.
    pub others: Vec<Label>,
    /// "expected … / found …", where that helps.
    pub notes: Vec<Phrase>,
    pub help: Option<Phrase>,
    pub fix: Vec<Fix>,
    /// One change elsewhere puts all of its kind right: only the first is shown.
    pub once: bool,
}

impl Diagnostic {
    /// `en`/`ja` is the headline. Severity is the code's own.
    pub fn new(code: Code, span: Span, en: impl Into<String>, ja: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: code.severity(),
            headline: Phrase::new(en, ja),
            primary: Label { span, text: Phrase::new("", "") },
            others: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: Vec::new(),
            once: false,
        }
    }
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }
    /// What the caret says.
    pub fn here(mut self, en: impl Into<String>, ja: impl Into<String>) -> Self {
        self.primary.text = Phrase::new(en, ja);
        self
    }
    /// Another place that explains the mistake.
    pub fn other(mut self, span: Span, en: impl Into<String>, ja: impl Into<String>) -> Self {
        self.others.push(Label { span, text: Phrase::new(en, ja) });
        self
    }
    pub fn note(mut self, en: impl Into<String>, ja: impl Into<String>) -> Self {
        self.notes.push(Phrase::new(en, ja));
        self
    }
    pub fn help(mut self, en: impl Into<String>, ja: impl Into<String>) -> Self {
        self.help = Some(Phrase::new(en, ja));
        self
    }
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix.push(Fix { span, replacement: replacement.into() });
        self
    }
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// A name that is longer was not mistyped; comparing takes time that grows with its length.
const MEANT_BYTES_MAX: usize = 256;

/// The candidate a person most likely meant: within a third of the name's length, nearest first, then by name.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MEANT_BYTES_MAX {
        return None;
    }
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|c| *c != name)
        .map(|c| (edit_distance(name, c), c))
        .filter(|(d, c)| *d <= limit && *d < c.chars().count())
        .min()
        .map(|(_, c)| c)
}

/// Edits (insert, delete, replace, swap of neighbours) between two words.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}
