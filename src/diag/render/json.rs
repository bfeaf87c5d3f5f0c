//! Diagnostics for programs: editors, bots, dashboards. Both languages at once; the reader picks.
//!
//! The shape only grows within a version: fields are added, never renamed or removed.

use serde::Serialize;

use super::waivers::{Exception, Level};
use super::{Place, Waivers};
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
    exceptions: &'a [Exception],
    levels: &'a [Level],
}

#[derive(Serialize)]
struct Item<'a> {
    code: &'static str,
    severity: &'static str,
    headline: Text<'a>,
    #[serde(flatten)]
    place: Extent,
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

/// The place, and its bytes from 0.
#[derive(Serialize)]
struct Extent {
    #[serde(flatten)]
    place: Place,
    start_byte: u32,
    end_byte: u32,
}

#[derive(Serialize)]
struct Other<'a> {
    #[serde(flatten)]
    place: Extent,
    text: Text<'a>,
}

#[derive(Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    place: Extent,
    replacement: &'a str,
}

/// One JSON document, two spaces deep, with a line end.
pub fn json(diagnostics: &[Diagnostic], waivers: &Waivers, sources: &Sources) -> String {
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    let report = Report {
        version: JSON_VERSION,
        errors,
        warnings: diagnostics.len() - errors,
        diagnostics: diagnostics.iter().map(|d| item(d, sources)).collect(),
        exceptions: &waivers.exceptions,
        levels: &waivers.levels,
    };
    let mut text = serde_json::to_string_pretty(&report).expect("plain data with string keys");
    text.push('\n');
    text
}

fn item<'a>(diagnostic: &'a Diagnostic, sources: &Sources) -> Item<'a> {
    Item {
        code: diagnostic.code.name(),
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        headline: text(&diagnostic.headline),
        place: extent(diagnostic.primary.span, sources),
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

fn other<'a>(label: &'a Label, sources: &Sources) -> Other<'a> {
    Other { place: extent(label.span, sources), text: text(&label.text) }
}

fn edit<'a>(fix: &'a Fix, sources: &Sources) -> Edit<'a> {
    Edit { place: extent(fix.span, sources), replacement: &fix.replacement }
}

fn extent(span: Span, sources: &Sources) -> Extent {
    let range = super::within(span, sources).unwrap_or(0..0);
    Extent { place: Place::of(span, sources), start_byte: range.start as u32, end_byte: range.end as u32 }
}
