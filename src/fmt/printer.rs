//! Lines, indentation, comments and blank lines.
//!
//! Knows no construct of the language; it is told what stands where in the source.

use unicode_width::UnicodeWidthStr;

use super::WIDTH;
use crate::syntax::tree::{Comment, Name};
use crate::text::Span;

pub(super) struct Printer<'a> {
    source: &'a str,
    comments: &'a [Comment],
    /// The first comment not yet written.
    next: usize,
    out: String,
    line: String,
    /// Indentation of the line begun, once it is.
    begun: Option<usize>,
    indent: usize,
    /// How far into the source what was written reaches.
    seen: usize,
    /// A line was begun inside a block that has no line yet: no blank line here.
    fresh: bool,
    /// A blank line is wanted before the next line.
    blank: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(source: &'a str, comments: &'a [Comment]) -> Self {
        Printer {
            source,
            comments,
            next: 0,
            out: String::new(),
            line: String::new(),
            begun: None,
            indent: 0,
            seen: 0,
            fresh: true,
            blank: false,
        }
    }

    /// What was written in the source at that place.
    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.source.get(span.range()).unwrap_or("").trim()
    }

    // ---- writing -------------------------------------------------------------------------------------------------

    pub(super) fn put(&mut self, text: &str) {
        self.begun.get_or_insert(self.indent);
        self.line.push_str(text);
    }
    pub(super) fn put_name(&mut self, name: &Name) {
        self.put(&name.text);
        self.reach(name.span.end);
    }
    /// What was written so far covers the source up to here.
    pub(super) fn reach(&mut self, end: u32) {
        self.seen = self.seen.max(end as usize);
    }
    /// Whether `text`, and `behind` columns after it, fit on this line.
    pub(super) fn fits(&self, text: &str, behind: usize) -> bool {
        self.begun.unwrap_or(self.indent) + self.line.width() + text.width() + behind <= WIDTH
    }
    pub(super) fn indent(&mut self) {
        self.indent += 2;
        self.fresh = true;
    }
    pub(super) fn outdent(&mut self) {
        self.indent -= 2;
        self.fresh = false;
    }
    /// Deeper, but in the middle of a statement.
    pub(super) fn hang(&mut self) {
        self.indent += 2;
    }
    pub(super) fn unhang(&mut self) {
        self.indent -= 2;
    }
    /// No blank line before the next line after all.
    pub(super) fn no_blank(&mut self) {
        self.blank = false;
    }

    /// Ends the line, with the comment that stands behind it, and those inside what it covers.
    pub(super) fn end_line(&mut self) {
        self.end_line_before(u32::MAX);
    }

    /// The same, where the next thing begins at `next` in the source: comments from there on are not behind this line.
    pub(super) fn end_line_before(&mut self, next: u32) {
        let mut trailing = true;
        while let Some(comment) = self.comments.get(self.next).filter(|c| c.span.start < next) {
            let start = comment.span.start as usize;
            let behind = !comment.own_line && !self.source.get(self.seen..start).unwrap_or("").contains(['\n', '\r']);
            if start >= self.seen && !behind {
                break;
            }
            self.next += 1;
            let text = self.slice(comment.span);
            if trailing && !comment.own_line && !self.line.is_empty() {
                self.put("  ");
            } else {
                self.flush();
            }
            self.put(text);
            trailing = false;
            self.reach(comment.span.end);
        }
        self.flush();
    }

    fn flush(&mut self) {
        let indent = self.begun.take().unwrap_or(self.indent);
        if !self.line.is_empty() {
            if self.blank && !self.fresh {
                self.out.push('\n');
            }
            self.out.extend(std::iter::repeat_n(' ', indent));
            self.out.push_str(self.line.trim_end());
            self.out.push('\n');
            self.line.clear();
            self.fresh = false;
        }
        self.blank = false;
    }

    /// Goes on with the statement on a deeper line; `start` is where its next part begins in the source.
    pub(super) fn next_line(&mut self, start: u32) {
        self.end_line();
        self.indent += 2;
        self.before(start);
        self.no_blank();
        self.begun = Some(self.indent);
        self.indent -= 2;
    }

    // ---- between lines -------------------------------------------------------------------------------------------

    /// Before something that begins at `start`: the comments above it, and a blank line if there was one.
    pub(super) fn before(&mut self, start: u32) {
        let start = start as usize;
        while let Some(comment) = self.comments.get(self.next).filter(|c| (c.span.start as usize) < start) {
            self.next += 1;
            self.keep_blank(comment.span.start as usize);
            let text = self.slice(comment.span);
            self.put(text);
            self.reach(comment.span.end);
            self.flush();
        }
        self.keep_blank(start);
    }

    /// A blank line here, wherever the author had none.
    pub(super) fn set_apart(&mut self) {
        self.blank = !self.out.is_empty();
    }

    fn keep_blank(&mut self, start: usize) {
        let gap = self.source.get(self.seen..start).unwrap_or("");
        let mut lines = gap.split('\n').skip(1).peekable();
        while let Some(line) = lines.next() {
            self.blank |= lines.peek().is_some() && line.trim().is_empty();
        }
    }

    pub(super) fn has_comment(&self, span: Span) -> bool {
        let from = self.comments.partition_point(|c| c.span.start < span.start);
        self.comments.get(from).is_some_and(|c| c.span.start < span.end)
    }

    /// Where the first `}` behind `at` ends, comments aside.
    pub(super) fn brace_after(&self, at: u32) -> u32 {
        let mut at = at as usize;
        loop {
            let rest = self.source.get(at..).unwrap_or("");
            let Some(found) = rest.find('}').map(|i| at + i) else { return self.source.len() as u32 };
            match self.comments.iter().find(|c| c.span.range().contains(&found)) {
                Some(comment) => at = comment.span.end as usize,
                None => return found as u32 + 1,
            }
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.before(self.source.len() as u32);
        self.flush();
        self.out
    }
}

pub(super) fn width(text: &str) -> usize {
    text.width()
}
