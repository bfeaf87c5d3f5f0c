//! Tables: what is read without complaint, and what each mistake is told.
//!
//! Does not compare trees in full; the formatter's tests do that.

use super::parse;
use crate::diag::Diagnostic;
use crate::text::{Source, SourceId, Sources};

fn shown(text: &str) -> String {
    let (_, found) = parse(SourceId(0), text);
    render(text, &found)
}

fn render(text: &str, found: &[Diagnostic]) -> String {
    let source = Source::new("test.tabi", text);
    let mut sources = Sources::default();
    sources.add(source.clone());
    let line = |d: &Diagnostic| {
        let (line, column) = source.line_column(d.primary.span.start);
        let caret = source.slice(d.primary.span);
        let help = d.help.as_ref().map_or("", |h| h.en.as_str());
        let notes = d.notes.iter().map(|n| n.en.as_str()).collect::<Vec<_>>().join("; ");
        format!("{line}:{column} {} `{caret}` {} | {notes} | {help}\n", d.code.name(), d.headline.en)
    };
    found.iter().map(line).collect()
}

#[test]
fn everything_is_read() {
    let text = include_str!("../../tests/corpus/everything.tabi");
    assert_eq!(shown(text), "");
}
