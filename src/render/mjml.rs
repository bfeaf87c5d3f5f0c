//! MJML to HTML that mail readers show, by libraries, with what these let pass held to account.
//!
//! Knows no templates: a document's tags are hidden from it by `weave`, or filled in before.

use mrml::prelude::parser::{Error, ParserOptions, WarningKind};
use mrml::prelude::render::RenderOptions;

use super::email::unreadable;
use super::error::{Fault, Words};
use super::markup::{Piece, pieces};
use super::tags::line_at;
use crate::value::mjml;

/// Refuses elements that messages do not have, `mj-include` among them: the library would pass them on as they are, and
/// mailboxes would show nothing of them.
pub fn known_elements(source: &str) -> Result<(), Fault> {
    for piece in pieces(source) {
        let Piece::Open { name, range, .. } = piece else { continue };
        if name.starts_with("mj-") && mjml::find(&name).is_none() {
            let line = line_at(source, range.start);
            return Err(Fault::new(
                Words::new(format!("MJML has no element `{name}`"), format!("MJML に `{name}` という要素はありません")),
                Words::new("check the spelling", "つづりを確かめる"),
            )
            .at(source, Some(line)));
        }
    }
    Ok(())
}

/// Puts a preheader where there is none.
pub fn with_preview(source: &str, preview: &str) -> String {
    let after = |mark: &str| {
        let start = source.find(mark)?;
        let end = source[start..].find('>')?;
        (!source[start..start + end].ends_with('/')).then_some(start + end + 1)
    };
    if source.contains("<mj-preview") {
        return source.to_owned();
    }
    if let Some(at) = after("<mj-head") {
        return format!("{}<mj-preview>{preview}</mj-preview>{}", &source[..at], &source[at..]);
    }
    match after("<mjml") {
        Some(at) => format!("{}<mj-head><mj-preview>{preview}</mj-preview></mj-head>{}", &source[..at], &source[at..]),
        None => source.to_owned(),
    }
}

/// `source` is what faults point into.
pub fn to_html(document: &str, source: &str) -> Result<String, Fault> {
    // Without a loader: nothing is included from anywhere.
    let parsed = mrml::parse_with_options(document, &ParserOptions::default())
        .map_err(|error| unreadable(&plain_words(&error), source, place(&error).map(|at| line_before(document, at))))?;
    for warning in &parsed.warnings {
        match warning.kind {
            WarningKind::UnexpectedAttribute => {
                let name = document.get(warning.span.start..warning.span.end).unwrap_or("").trim();
                let line = line_before(document, warning.span.start);
                return Err(unreadable(&format!("`{name}` is not expected here"), source, Some(line)));
            }
            // All styles are put into the tags afterwards.
            WarningKind::InlineStyleUnsupported => {}
        }
    }
    // Fonts come from the mail reader; nothing is fetched when a mail is opened.
    let options = RenderOptions { fonts: Default::default(), ..RenderOptions::default() };
    parsed.element.render(&options).map_err(|error| unreadable(&error.to_string(), source, None))
}

/// Styles into the tags; what only a style sheet can say (how it looks on a phone) stays in one.
pub fn inlined(html: &str, source: &str) -> Result<String, Fault> {
    let inliner = css_inline::CSSInliner::options().load_remote_stylesheets(false).keep_at_rules(true).build();
    inliner.inline(html).map_err(|error| unreadable(&error.to_string(), source, None))
}

/// Tags were replaced within their lines, so lines are the author's as long as no tag runs over several.
fn line_before(document: &str, at: usize) -> u32 {
    let at = (0..=at.min(document.len())).rev().find(|at| document.is_char_boundary(*at)).unwrap_or(0);
    line_at(document, at)
}

fn place(error: &Error) -> Option<usize> {
    match error {
        Error::UnexpectedElement { position, .. }
        | Error::UnexpectedToken { position, .. }
        | Error::MissingAttribute { position, .. }
        | Error::InvalidAttribute { position, .. }
        | Error::InvalidFormat { position, .. }
        | Error::IncludeLoaderError { position, .. } => Some(position.start),
        Error::EndOfStream { .. } | Error::SizeLimit { .. } | Error::ParserError { .. } | Error::NoRootNode => None,
    }
}

fn plain_words(error: &Error) -> String {
    let text = error.to_string();
    text.split(" in root template").next().unwrap_or(&text).to_owned()
}
