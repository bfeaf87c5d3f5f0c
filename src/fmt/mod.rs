//! Tree to text: one layout, no options, and the proof that it says the same.
//!
//! Changes no word of anybody's: only white space, commas, needless parentheses and needless braces after `otherwise`.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod declarations;
mod expressions;
mod flat;
mod journeys;
mod printer;
mod steps;
mod timelines;

use crate::diag::{Code, Diagnostic};
use crate::syntax::{parse, parse_without_places, tree};
use crate::text::{Source, SourceId, Span};

/// Longest line, in columns of a terminal, that is written where it can be helped.
pub const WIDTH: usize = 120;

/// Layouts of layouts until nothing moves. One is the rule; a comment in an odd place may need a second.
const ROUNDS_MAX: usize = 4;

/// Why a text was left as it is.
#[derive(Debug, Clone, PartialEq)]
pub enum FormatRefusal {
    /// It has mistakes of syntax: these.
    Mistakes(Vec<Diagnostic>),
    /// The result would not have said the same. A fault of ours; nothing is changed.
    WouldChange(Box<Diagnostic>),
}

/// Lays `source` out. The result parses to the same tree, keeps every comment, and is its own layout.
/// Places in refusals are of the source with id 0.
pub fn format(source: &Source) -> Result<String, FormatRefusal> {
    let mut text = once(&source.text)?;
    for _ in 0..ROUNDS_MAX {
        let again = once(&text)?;
        if again == text {
            return prove(&source.text, &text).map(|()| text);
        }
        text = again;
    }
    Err(would_change("the layout does not settle", "整形が収束しません"))
}

fn once(text: &str) -> Result<String, FormatRefusal> {
    let (file, found) = parse(SourceId(0), text);
    if found.iter().any(Diagnostic::is_error) {
        return Err(FormatRefusal::Mistakes(found));
    }
    Ok(printer::Printer::new(text, &file.comments).file(&file))
}

/// The same tree but for its places, and the same comments.
fn prove(before: &str, after: &str) -> Result<(), FormatRefusal> {
    let (old, _) = parse_without_places(before);
    let (new, found) = parse_without_places(after);
    if !found.is_empty() || old.items != new.items {
        return Err(would_change("the result would mean something else", "整形すると意味が変わってしまいます"));
    }
    if words(before) != words(after) {
        return Err(would_change("a word would be lost", "整形すると語が失われます"));
    }
    if comments(before) != comments(after) {
        return Err(would_change("a comment would be lost", "整形するとコメントが失われます"));
    }
    Ok(())
}

/// The comments of a text, sorted: where they stand is layout.
fn comments(text: &str) -> Vec<&str> {
    let (file, _): (tree::File, _) = parse(SourceId(0), text);
    let mut comments: Vec<&str> = file.comments.iter().filter_map(|c| text.get(c.span.range())).collect();
    comments.sort_unstable();
    comments
}

/// The words and numbers of a text, sorted, without the zeros in front that times may lack, and without `at`, which may be
/// left out before a time. A guard that does not rely on the tree: what the parser forgot would be forgotten twice.
fn words(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').map(|w| w.trim_start_matches('0'));
    let mut words: Vec<&str> = words.filter(|w| !w.is_empty() && *w != "at").collect();
    words.sort_unstable();
    words
}

fn would_change(en: &str, ja: &str) -> FormatRefusal {
    let whole = Span::new(SourceId(0), 0, 0);
    let diagnostic = Diagnostic::new(Code::E0101, whole, en, ja).help(
        "the file is left as it is; please report this",
        "ファイルはそのまま残しました。不具合として報告してください",
    );
    FormatRefusal::WouldChange(Box::new(diagnostic))
}

#[cfg(test)]
mod tests;
