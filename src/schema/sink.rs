//! Where passes put the mistakes they find, and the wording of the commonest one: a name nobody declared.
//!
//! Does not sort, filter or print.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::text::Span;

/// Mistakes found so far.
#[derive(Debug, Default)]
pub struct Sink {
    /// After an error among these there is no program to build, whatever the lint levels say.
    pub diagnostics: Vec<Diagnostic>,
    /// Findings a project may decide to live with: a program can be built all the same.
    pub livable: Vec<Diagnostic>,
    /// Places of which the parser has said already what is wrong.
    silenced: BTreeSet<Span>,
}

impl Sink {
    pub fn report(&mut self, diagnostic: Diagnostic) {
        if !self.silenced.contains(&diagnostic.primary.span) {
            self.diagnostics.push(diagnostic);
        }
    }
    /// From here on, nothing more is said of a place that a diagnostic points at: it has the same cause.
    pub fn silence_reported(&mut self) {
        self.silenced = self.diagnostics.iter().map(|d| d.primary.span).collect();
    }
    pub fn report_livable(&mut self, diagnostic: Diagnostic) {
        self.livable.push(diagnostic);
    }
}

/// How many known names a help lists before it says nothing.
const LISTED_NAMES_MAX: usize = 8;

/// "unknown KIND `name`", with the alike name and where it is declared, or the short list of what there is.
/// `kind` is the word in English and Japanese.
pub fn unknown<'a>(
    kind: (&str, &str),
    name: &str,
    span: Span,
    candidates: impl IntoIterator<Item = (&'a str, Option<Span>)>,
) -> Diagnostic {
    let known: Vec<(&str, Option<Span>)> = candidates.into_iter().collect();
    let mut found = Diagnostic::new(
        Code::E0401,
        span,
        format!("unknown {} `{name}`", kind.0),
        format!("{} `{name}` は宣言されていません", kind.1),
    );
    if let Some(alike) = did_you_mean(name, known.iter().map(|k| k.0)) {
        if let Some((_, Some(declared))) = known.iter().find(|k| k.0 == alike) {
            found = found.other(*declared, format!("`{alike}` is declared here"), format!("`{alike}` の宣言"));
        }
        return found.help(format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?")).fix(span, alike);
    }
    if known.is_empty() && matches!(kind.0, "policy" | "event" | "message" | "journey" | "segment" | "action") {
        let (en, ja) = kind;
        return found.help(
            format!("no {en} is declared in this project: declare it, or bring back the file that did"),
            format!("このプロジェクトに{ja}の宣言がありません。宣言を書くか、書いてあったファイルを戻してください"),
        );
    }
    if known.is_empty() || known.len() > LISTED_NAMES_MAX {
        return found;
    }
    let list = known.iter().map(|k| format!("`{}`", k.0)).collect::<Vec<_>>().join(", ");
    found.help(format!("there is {list}"), format!("使えるもの: {list}"))
}
