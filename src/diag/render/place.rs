//! Where a diagnostic stands, in the numbers programs use.
//!
//! Shows nothing; the formats write these numbers each in its own way.

use serde::Serialize;

use crate::text::{Sources, Span};

/// Lines and columns count from 1, columns in characters; the end is exclusive. All 0 with an empty path when there is
/// no such place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    pub path: String,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

impl Place {
    /// The span's place, cut to what its source holds.
    pub fn of(span: Span, sources: &Sources) -> Place {
        let Some(range) = super::within(span, sources) else {
            return Place { path: String::new(), line: 0, column: 0, end_line: 0, end_column: 0 };
        };
        let source = sources.get(span.source);
        let (line, column) = source.line_column(range.start as u32);
        let (end_line, end_column) = source.line_column(range.end as u32);
        Place { path: source.path.clone(), line, column, end_line, end_column }
    }

    /// A whole line.
    pub fn of_line(path: &str, line: usize, text: &str) -> Place {
        let indent = text.chars().take_while(|c| c.is_whitespace()).count();
        let end_column = text.trim_end().chars().count() + 1;
        let column = if indent + 1 > end_column { 1 } else { indent + 1 };
        Place { path: path.to_string(), line, column, end_line: line, end_column }
    }

    /// Whether it names a place in a text at all.
    pub fn is_somewhere(&self) -> bool {
        self.line > 0
    }

    /// `path:line:column`, or as much of it as there is.
    pub fn short(&self) -> String {
        match (self.path.is_empty(), self.is_somewhere()) {
            (true, _) => String::new(),
            (false, false) => self.path.clone(),
            (false, true) => format!("{}:{}:{}", self.path, self.line, self.column),
        }
    }
}
