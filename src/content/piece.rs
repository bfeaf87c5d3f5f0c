//! A text decoded from a file, and where each of its characters stands there.
//!
//! Knows neither JSON nor YAML: their readers say which escape stands for what.

use std::ops::Range;

use crate::text::{SourceId, Span};

/// A run of the decoded text. Within a literal run places are counted on; any other run is one escape.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Where it begins in the decoded text.
    text: u32,
    /// Where it begins in the file.
    file: u32,
    literal: bool,
}

/// A text and its place.
#[derive(Debug, Clone)]
pub struct Piece {
    pub text: String,
    /// Of the whole value in its file, quotes included.
    pub span: Span,
    runs: Vec<Run>,
    /// Where the last run ends in the file.
    end: u32,
}

impl Piece {
    /// A stretch of a file as it stands.
    pub fn literal(text: &str, span: Span) -> Piece {
        let runs = vec![Run { text: 0, file: span.start, literal: true }];
        Piece { text: text.to_owned(), span, runs, end: span.end }
    }

    /// A text whose characters cannot be found one by one: every place in it is the whole.
    pub fn opaque(text: String, span: Span) -> Piece {
        let runs = vec![Run { text: 0, file: span.start, literal: false }];
        Piece { text, span, runs, end: span.end }
    }

    /// Where a stretch of the decoded text stands in the file.
    pub fn place(&self, range: Range<usize>) -> Span {
        let start = self.start_of(range.start);
        let end = if range.end > range.start { self.end_of(range.end) } else { start };
        Span::new(self.span.source, start as usize, end.max(start) as usize)
    }

    fn run_at(&self, offset: usize) -> usize {
        self.runs.partition_point(|run| run.text as usize <= offset).saturating_sub(1)
    }

    fn start_of(&self, offset: usize) -> u32 {
        let run = &self.runs[self.run_at(offset)];
        let inside = if run.literal { offset as u32 - run.text } else { 0 };
        (run.file + inside).min(self.end)
    }

    /// Of the first byte behind the character that ends there.
    fn end_of(&self, offset: usize) -> u32 {
        let at = self.run_at(offset - 1);
        let run = &self.runs[at];
        let next = self.runs.get(at + 1).map_or(self.end, |next| next.file);
        if run.literal { (run.file + (offset as u32 - run.text)).min(next) } else { next }
    }
}

/// Puts a [`Piece`] together, run by run.
pub struct Builder<'a> {
    file: &'a str,
    source: SourceId,
    text: String,
    runs: Vec<Run>,
}

impl<'a> Builder<'a> {
    pub fn new(file: &'a str, source: SourceId) -> Builder<'a> {
        Builder { file, source, text: String::new(), runs: Vec::new() }
    }

    /// A stretch of the file as it stands.
    pub fn literal(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.runs.push(Run { text: self.text.len() as u32, file: range.start as u32, literal: true });
            self.text.push_str(&self.file[range]);
        }
    }

    /// What stands for something else.
    pub fn escape(&mut self, at: usize, meaning: &str) {
        self.runs.push(Run { text: self.text.len() as u32, file: at as u32, literal: false });
        self.text.push_str(meaning);
    }

    /// The piece; `whole` is its value's place with quotes, `end` where its text ends.
    pub fn finish(mut self, whole: Range<usize>, end: usize) -> Piece {
        if self.runs.is_empty() {
            self.runs.push(Run { text: 0, file: end as u32, literal: true });
        }
        let span = Span::new(self.source, whole.start, whole.end);
        Piece { text: self.text, span, runs: self.runs, end: end as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_escapes() {
        let file = r#"x "a\n\u3042b" y"#;
        let mut builder = Builder::new(file, SourceId(0));
        builder.literal(3..4);
        builder.escape(4, "\n");
        builder.escape(6, "あ");
        builder.literal(12..13);
        let piece = builder.finish(2..14, 13);
        assert_eq!(piece.text, "a\nあb");
        let shown = |range: Range<usize>| &file[piece.place(range).range()];
        assert_eq!(shown(0..1), "a");
        assert_eq!(shown(1..2), "\\n");
        assert_eq!(shown(2..5), "\\u3042");
        assert_eq!(shown(0..6), "a\\n\\u3042b");
        assert_eq!(shown(5..6), "b");
        assert_eq!(shown(6..6), "");
    }
}
