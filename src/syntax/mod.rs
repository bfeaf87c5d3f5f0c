//! Text to tree. Never fails: what cannot be read becomes an `Error` node, with a diagnostic beside the tree.
//!
//! Holds no judgement about meaning: names, types and flow are checked elsewhere.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod explain;
mod grammar;
pub mod layout;
mod notation;
mod places;
mod strange;
pub mod tree;
mod walk;
mod words;

use pest::Parser;

use crate::diag::{Code, Diagnostic};
use crate::text::{SourceId, Span};
use grammar::{Grammar, Rule};

/// Most diagnostics one file gives: more help nobody.
pub const DIAGNOSTICS_MAX: usize = 500;

/// Reads one source. Pure and total: any text gives a tree. Diagnostics come in the order of their places.
pub fn parse(id: SourceId, text: &str) -> (tree::File, Vec<Diagnostic>) {
    read(Some(id), text)
}

/// The same tree with every span zero: two texts say the same when these are equal (but for their comments).
pub fn parse_without_places(text: &str) -> (tree::File, Vec<Diagnostic>) {
    read(None, text)
}

fn read(id: Option<SourceId>, text: &str) -> (tree::File, Vec<Diagnostic>) {
    let source = id.unwrap_or_default();
    let mut found = Vec::new();
    let layout = layout::lay_out(id, text, &mut found);
    let of_layout = found.len();
    let place = |start, end| id.map_or(Span::default(), |id| Span::new(id, start, end));
    let comments = layout
        .comments
        .iter()
        .map(|(range, own_line)| tree::Comment { span: place(range.start, range.end), own_line: *own_line });
    let comments = comments.collect();
    let items = match Grammar::parse(Rule::file, &layout.text) {
        Ok(pairs) => walk::Walk::new(&layout.text, &layout.places, &mut found).file(pairs),
        Err(_) => {
            let whole = place(0, text.len());
            found.push(Diagnostic::new(Code::E0107, whole, "nested too deeply to read", "入れ子が深すぎて読めません"));
            vec![tree::Item::Error(whole)]
        }
    };
    silence_followers(text, &layout.spoken, of_layout, &mut found);
    found.sort_by_key(|d| (d.primary.span.start, d.primary.span.end, d.code));
    found.dedup_by(|a, b| a.primary.span == b.primary.span && a.code == b.code);
    found.truncate(DIAGNOSTICS_MAX);
    (tree::File { source, items, comments }, found)
}

/// Drops what the grammar says about lines that were already reported as broken.
fn silence_followers(text: &str, spoken: &[usize], of_layout: usize, found: &mut Vec<Diagnostic>) {
    if spoken.is_empty() {
        return;
    }
    let line_of = |at: usize| {
        let at = at.min(text.len());
        let start = text.as_bytes()[..at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let end = text.as_bytes()[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |i| at + i);
        start..=end
    };
    let lines: Vec<_> = spoken.iter().map(|at| line_of(*at)).collect();
    let mut index = 0;
    found.retain(|d| {
        let own = index < of_layout;
        index += 1;
        let (start, end) = (d.primary.span.start as usize, d.primary.span.end as usize);
        let follows = matches!(d.code, Code::E0101 | Code::E0102);
        own || !follows || !lines.iter().any(|l| *l.start() <= end && start <= *l.end())
    });
}

#[cfg(test)]
mod tests;
