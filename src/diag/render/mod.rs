//! Diagnostics for people and for programs: data in, text out.
//!
//! Prints nothing and decides nothing: order, colours on or off and where it goes are the caller's.

mod compact;
mod finding;
mod github;
mod json;
mod junit;
mod markdown;
mod place;
mod pretty;
mod sarif;
mod summary;
mod waivers;

pub use compact::compact;
pub use finding::{Finding, Rule, findings};
pub use github::github;
pub use json::{JSON_VERSION, json};
pub use junit::{Case, Failure, Suite, cases_of_files, junit};
pub use markdown::{cell as markdown_cell, markdown};
pub use place::Place;
pub use pretty::pretty;
pub use sarif::{Run, sarif};
pub use summary::summary;
pub use waivers::{Exception, Level, SuppressedBy, Suppression, Waivers};

use super::{Diagnostic, Severity};
use crate::text::{Sources, Span};

/// Reading order: by file, then by place, then errors before warnings, then by code.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    let grave_first = |d: &Diagnostic| match d.severity {
        Severity::Error => 0u8,
        Severity::Warning => 1,
    };
    diagnostics.sort_by_key(|d| (d.primary.span.source, d.primary.span.start, grave_first(d), d.code));
}

/// The span cut to what its source holds, on character boundaries; `None` when there is no such source.
fn within(span: Span, sources: &Sources) -> Option<std::ops::Range<usize>> {
    if span.source.0 as usize >= sources.len() {
        return None;
    }
    let source = sources.get(span.source);
    let start = source.text.floor_char_boundary(span.start as usize);
    let end = source.text.ceil_char_boundary((span.end as usize).min(source.text.len()));
    Some(start..end.max(start))
}

#[cfg(test)]
mod tests;
