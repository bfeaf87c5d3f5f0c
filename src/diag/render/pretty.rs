//! A diagnostic with the lines it speaks of, carets right under the words, Japanese and full-width text included.
//!
//! Decorations are ASCII on purpose: many Japanese terminals draw box characters two columns wide.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diag::{Diagnostic, Label, Language, Severity};
use crate::text::{SourceId, Sources};

/// A place whose lines take more bytes than this is shown by its path, line and column only: nobody reads them, and
/// laying them out takes time.
const SHOWN_BYTES_MAX: usize = 128 * 1024;

/// Width at which long lines are cut around the carets.
const COLUMNS_MAX: usize = 140;

/// The diagnostic as text with a line end, coloured by ANSI codes if asked to.
pub fn pretty(diagnostic: &Diagnostic, sources: &Sources, language: Language, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(COLUMNS_MAX);
    let mut text = renderer.render(&[group(diagnostic, sources, language)]);
    text.push('\n');
    text
}

/// The words around a diagnostic, in the reader's language.
struct Words {
    error: &'static str,
    warning: &'static str,
    note: &'static str,
    help: &'static str,
    more: &'static str,
}

const ENGLISH: Words = Words { error: "error", warning: "warning", note: "note", help: "help", more: "more" };
const JAPANESE: Words = Words { error: "エラー", warning: "警告", note: "補足", help: "対処", more: "詳細" };

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources, language: Language) -> Group<'a> {
    let words = match language {
        Language::English => &ENGLISH,
        Language::Japanese => &JAPANESE,
    };
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR.with_name(words.error),
        Severity::Warning => Level::WARNING.with_name(words.warning),
    };
    let title = level.primary_title(diagnostic.headline.get(language)).id(diagnostic.code.name());
    let mut group = places(Group::with_title(title), diagnostic, sources, language);
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.with_name(words.note).message(note.get(language)));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.with_name(words.help).message(help.get(language)));
    }
    let more = format!("tabi explain {}", diagnostic.code.name());
    group.element(Level::NOTE.with_name(words.more).message(more))
}

/// One snippet per source, the mistake's own first.
fn places<'a>(mut group: Group<'a>, diagnostic: &'a Diagnostic, sources: &'a Sources, language: Language) -> Group<'a> {
    let mut order: Vec<SourceId> = vec![diagnostic.primary.span.source];
    for label in &diagnostic.others {
        if !order.contains(&label.span.source) {
            order.push(label.span.source);
        }
    }
    for source in order {
        let labels = std::iter::once((AnnotationKind::Primary, &diagnostic.primary))
            .chain(diagnostic.others.iter().map(|label| (AnnotationKind::Context, label)))
            .filter(|(_, label)| label.span.source == source);
        group = snippet(group, source, labels.collect(), sources, language);
    }
    group
}

fn snippet<'a>(
    group: Group<'a>,
    id: SourceId,
    labels: Vec<(AnnotationKind, &'a Label)>,
    sources: &'a Sources,
    language: Language,
) -> Group<'a> {
    let ranges: Vec<_> = labels.iter().filter_map(|(_, label)| super::within(label.span, sources)).collect();
    let (Some(first), Some(start), Some(end)) =
        (ranges.first(), ranges.iter().map(|r| r.start).min(), ranges.iter().map(|r| r.end).max())
    else {
        return group;
    };
    let source = sources.get(id);
    if source.text.is_empty() {
        return group.element(Origin::path(source.path.as_str()));
    }
    let (from, to) = whole_lines(&source.text, start, end);
    if to - from > SHOWN_BYTES_MAX {
        let (line, column) = source.line_column(first.start as u32);
        return group.element(Origin::path(source.path.as_str()).line(line).char_column(column));
    }
    let annotations: Vec<Annotation<'a>> = labels
        .iter()
        .zip(&ranges)
        .map(|((kind, label), range)| {
            let text = label.text.get(language);
            kind.span(range.start - from..range.end - from).label((!text.is_empty()).then_some(text))
        })
        .collect();
    let (line, _) = source.line_column(from as u32);
    group.element(
        Snippet::source(&source.text[from..to]).path(source.path.as_str()).line_start(line).annotations(annotations),
    )
}

/// The bytes of all lines that hold something of `start..end`.
fn whole_lines(text: &str, start: usize, end: usize) -> (usize, usize) {
    let from = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let to = text[end..].find('\n').map_or(text.len(), |i| end + i);
    (from, to)
}
