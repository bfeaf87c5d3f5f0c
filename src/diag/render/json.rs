//! Diagnostics for programs: editors, bots, dashboards. Both languages at once; the reader picks.
//!
//! The shape only grows within a version: fields are added, never renamed or removed.

use serde::Serialize;

use crate::diag::{Diagnostic, Fix, Label, Phrase, Severity};
use crate::text::{Sources, Span};

/// Version of the shape.
pub const JSON_VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    errors: usize,
    warnings: usize,
    diagnostics: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    code: &'static str,
    severity: &'static str,
    headline: Text<'a>,
    #[serde(flatten)]
    place: Place<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Text<'a>>,
    labels: Vec<Other<'a>>,
    notes: Vec<Text<'a>>,
    help: Option<Text<'a>>,
    fix: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Text<'a> {
    en: &'a str,
    ja: &'a str,
}

/// Lines and columns count from 1, columns in characters; the end is exclusive. Bytes count from 0.
#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    start_byte: u32,
    end_byte: u32,
}

#[derive(Serialize)]
struct Other<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: Text<'a>,
}

#[derive(Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
}

/// One JSON document, two spaces deep, with a line end.
pub fn json(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    let report = Report {
        version: JSON_VERSION,
        errors,
        warnings: diagnostics.len() - errors,
        diagnostics: diagnostics.iter().map(|d| item(d, sources)).collect(),
    };
    let mut text = serde_json::to_string_pretty(&report).expect("plain data with string keys");
    text.push('\n');
    text
}

fn item<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Item<'a> {
    Item {
        code: diagnostic.code.name(),
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        headline: text(&diagnostic.headline),
        place: place(diagnostic.primary.span, sources),
        label: (!diagnostic.primary.text.en.is_empty()).then(|| text(&diagnostic.primary.text)),
        labels: diagnostic.others.iter().map(|label| other(label, sources)).collect(),
        notes: diagnostic.notes.iter().map(text).collect(),
        help: diagnostic.help.as_ref().map(text),
        fix: diagnostic.fix.iter().map(|fix| edit(fix, sources)).collect(),
    }
}

fn text(phrase: &Phrase) -> Text<'_> {
    Text { en: &phrase.en, ja: &phrase.ja }
}

fn other<'a>(label: &'a Label, sources: &'a Sources) -> Other<'a> {
    Other { place: place(label.span, sources), text: text(&label.text) }
}

fn edit<'a>(fix: &'a Fix, sources: &'a Sources) -> Edit<'a> {
    Edit { place: place(fix.span, sources), replacement: &fix.replacement }
}

fn place(span: Span, sources: &Sources) -> Place<'_> {
    let Some(range) = super::within(span, sources) else {
        return Place { path: "", line: 0, column: 0, end_line: 0, end_column: 0, start_byte: 0, end_byte: 0 };
    };
    let source = sources.get(span.source);
    let (line, column) = source.line_column(range.start as u32);
    let (end_line, end_column) = source.line_column(range.end as u32);
    let (start_byte, end_byte) = (range.start as u32, range.end as u32);
    Place { path: &source.path, line, column, end_line, end_column, start_byte, end_byte }
}
