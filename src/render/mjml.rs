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
        .map_err(|error| unread(document, source, &error))?;
    for warning in &parsed.warnings {
        match warning.kind {
            WarningKind::UnexpectedAttribute => {
                let name = document.get(warning.span.start..warning.span.end).unwrap_or("").trim();
                let line = line_before(document, warning.span.start);
                let why = Words::new(format!("`{name}` is not expected here"), format!("ここに `{name}` は書けません"));
                return Err(unreadable(why, source, Some(line)));
            }
            // All styles are put into the tags afterwards.
            WarningKind::InlineStyleUnsupported => {}
        }
    }
    // Fonts come from the mail reader; nothing is fetched when a mail is opened.
    let options = RenderOptions { fonts: Default::default(), ..RenderOptions::default() };
    parsed.element.render(&options).map_err(|error| unreadable(quoted(&error.to_string()), source, None))
}

/// Styles into the tags; what only a style sheet can say (how it looks on a phone) stays in one.
pub fn inlined(html: &str, source: &str) -> Result<String, Fault> {
    let inliner = css_inline::CSSInliner::options().load_remote_stylesheets(false).keep_at_rules(true).build();
    inliner.inline(html).map_err(|error| unreadable(quoted(&error.to_string()), source, None))
}

/// Tags were replaced within their lines, so lines are the author's as long as no tag runs over several.
fn line_before(document: &str, at: usize) -> u32 {
    let at = (0..=at.min(document.len())).rev().find(|at| document.is_char_boundary(*at)).unwrap_or(0);
    line_at(document, at)
}

fn unread(document: &str, source: &str, error: &Error) -> Fault {
    let structural =
        matches!(error, Error::UnexpectedElement { .. } | Error::UnexpectedToken { .. } | Error::EndOfStream { .. });
    match unpaired(document).filter(|_| structural) {
        Some((why, at)) => unreadable(why, source, Some(line_before(document, at))),
        None => unreadable(reason(error), source, line(document, error)),
    }
}

/// The first tag without its pair: the library tells of it where it notices, which is far behind.
fn unpaired(document: &str) -> Option<(Words, usize)> {
    let open = |name: &str| Words::new(format!("`<{name}>` is never closed"), format!("`<{name}>` が閉じていません"));
    let mut stack: Vec<(String, usize)> = Vec::new();
    for piece in pieces(document) {
        match piece {
            Piece::Open { name, range, closed: false, .. } => stack.push((name, range.start)),
            Piece::Close { name, start } => match stack.pop() {
                Some((last, _)) if last == name => {}
                Some((last, at)) if stack.iter().any(|(other, _)| *other == name) => return Some((open(&last), at)),
                Some(_) | None => {
                    let words =
                        (format!("`</{name}>` closes nothing"), format!("`</{name}>` に対応する開始タグがありません"));
                    return Some((Words::new(words.0, words.1), start));
                }
            },
            Piece::Open { .. } | Piece::Text(_) | Piece::Comment | Piece::Declaration => {}
        }
    }
    stack.pop().map(|(name, at)| (open(&name), at))
}

fn line(document: &str, error: &Error) -> Option<u32> {
    match error {
        Error::UnexpectedElement { position, .. }
        | Error::UnexpectedToken { position, .. }
        | Error::MissingAttribute { position, .. }
        | Error::InvalidAttribute { position, .. }
        | Error::InvalidFormat { position, .. }
        | Error::IncludeLoaderError { position, .. } => Some(line_before(document, position.start)),
        Error::ParserError { source, .. } => Some(source.pos().row),
        Error::EndOfStream { .. } | Error::SizeLimit { .. } | Error::NoRootNode => None,
    }
}

/// The library's reason in our words; what the parser beneath it stumbles over, it says itself.
fn reason(error: &Error) -> Words {
    match error {
        Error::UnexpectedElement { .. } => Words::new("a tag that may not stand here", "ここに置けないタグがあります"),
        Error::UnexpectedToken { .. } => {
            Words::new("something that may not stand here", "ここに書けないものがあります")
        }
        Error::MissingAttribute { name, .. } => {
            Words::new(format!("the attribute `{name}` is missing"), format!("属性 `{name}` がありません"))
        }
        Error::InvalidAttribute { .. } => Words::new("an attribute that is none", "属性として読めないものがあります"),
        Error::InvalidFormat { .. } => Words::new("a value that is not in its form", "値の形式が正しくありません"),
        Error::EndOfStream { .. } => Words::new("it ends in the middle of a tag", "タグの途中で終わっています"),
        Error::SizeLimit { .. } => Words::new("it is too large", "大きすぎます"),
        Error::NoRootNode => Words::new("there is no `<mjml>`", "`<mjml>` がありません"),
        Error::IncludeLoaderError { .. } => {
            Words::new("it would read another file", "他のファイルを読もうとしています")
        }
        Error::ParserError { source, .. } => stumbled(&source.to_string()),
    }
}

/// What the parser of tags says, as far as it is known.
fn stumbled(detail: &str) -> Words {
    const KNOWN: &[(&str, &str, &str)] = &[
        (
            "invalid element",
            "a tag that is none; a `<` in a text is written `&lt;`",
            "タグとして読めません。文中の `<` は `&lt;` と書きます",
        ),
        (
            "invalid attribute",
            "an attribute that is not written `name=\"value\"`",
            "属性が `名前=\"値\"` の形になっていません",
        ),
        (
            "invalid comment",
            "a comment that is not written `<!-- … -->`",
            "コメントが `<!-- … -->` の形になっていません",
        ),
        ("invalid conditional comment", "a conditional comment without its end", "条件付きコメントが閉じていません"),
        ("invalid CDATA", "a `<![CDATA[` without its end", "`<![CDATA[` が閉じていません"),
        ("invalid character data", "a letter that a text may not hold", "文中に使えない文字があります"),
        ("invalid XML declaration", "an XML declaration that is none", "XML 宣言の書き方が正しくありません"),
        ("invalid DTD", "a document type that is none", "文書型宣言の書き方が正しくありません"),
        ("unknown token", "something that is neither a tag nor a text", "タグでも文字でもないものがあります"),
    ];
    match KNOWN.iter().find(|(known, ..)| detail.starts_with(known)) {
        Some((_, en, ja)) => Words::new(*en, *ja),
        None => quoted(detail),
    }
}

/// What a library says and nobody here has met: its own words.
fn quoted(detail: &str) -> Words {
    Words::new(format!("“{detail}”"), format!("「{detail}」"))
}
