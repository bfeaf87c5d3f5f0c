//! Texts in quotes: where they end, and quotation marks of other kinds.
//!
//! Does not read escapes; the walk does, from the literal as a whole.

use super::{Before, Edit, Scan, fullwidth};
use crate::diag::{Code, Diagnostic};

impl Scan<'_> {
    /// A text in `"`, to its end or to the end of the line.
    pub(super) fn string(&mut self) {
        let start = self.at;
        self.token(start, None);
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        let end = loop {
            match bytes.get(at) {
                Some(b'"') => break at + 1,
                Some(b'\\') if !matches!(bytes.get(at + 1), None | Some(b'\n' | b'\r')) => {
                    at += 1 + self.char_at(at + 1).len_utf8();
                }
                None | Some(b'\n' | b'\r') => break self.unfinished(start, start + 1, at),
                Some(_) => at += 1,
            }
        };
        self.before = Before::Other;
        self.advance(end);
    }

    /// A text in other quotation marks: read as if in `"`.
    pub(super) fn other_quote(&mut self, open: char, len: usize) {
        let start = self.at;
        self.token(start, None);
        self.before = Before::Other;
        let inside = start + len;
        let tail = self.line_tail(inside);
        let closers = fullwidth::closing_quotes(open).unwrap_or(&[]);
        let close = self.text.get(inside..tail).and_then(|t| t.char_indices().find(|(_, c)| closers.contains(c)));
        self.edits.push(Edit { start, end: inside, text: "\"".into() });
        let Some((offset, closer)) = close else {
            let end = self.unfinished(start, inside, tail);
            return self.advance(end);
        };
        let (close, end) = (inside + offset, inside + offset + closer.len_utf8());
        self.escape_inside(inside, close);
        self.edits.push(Edit { start: close, end, text: "\"".into() });
        let full = open != '\'';
        let code = if full { Code::E0103 } else { Code::E0101 };
        self.found.push(
            Diagnostic::new(
                code,
                self.span(start, inside),
                format!("a text stands in `\"`, not in `{open}`"),
                format!("文字列は `\"` で囲む（`{open}` ではない）"),
            )
            .help("write plain double quotes on both sides", "両側を半角の二重引用符にする")
            .fix(self.span(start, inside), "\"")
            .fix(self.span(close, end), "\""),
        );
        self.advance(end);
    }

    /// A text that its line ends before it is closed. Returns where it is taken to end.
    fn unfinished(&mut self, start: usize, inside: usize, tail: usize) -> usize {
        let line = self.text.get(inside..tail).unwrap_or("");
        let wide = line.char_indices().find(|(_, c)| matches!(c, '”' | '“' | '＂' | '〟'));
        if let Some((offset, c)) = wide {
            let (close, end) = (inside + offset, inside + offset + c.len_utf8());
            self.edits.push(Edit { start: close, end, text: "\"".into() });
            self.found.push(
                Diagnostic::new(
                    Code::E0103,
                    self.span(close, end),
                    format!("full-width `{c}`"),
                    format!("全角の「{c}」"),
                )
                .help("close the text with `\"`", "文字列を半角の `\"` で閉じる")
                .fix(self.span(close, end), "\""),
            );
            return end;
        }
        let end = inside + self.without_closers(line.trim_end()).len();
        let broken_escape = self.text.get(inside..end).is_some_and(|t| t.ends_with('\\'));
        self.escape_inside(inside, end);
        let text = if broken_escape { "\\\"" } else { "\"" };
        self.edits.push(Edit { start: end, end, text: text.into() });
        self.spoken.push(start);
        self.found.push(
            Diagnostic::new(Code::E0101, self.span(start, end), "this text is never closed", "文字列が閉じていません")
                .here("begins here", "ここから")
                .help("end it with `\"` on the same line", "同じ行の中で `\"` を書いて閉じる")
                .fix(self.span(end, end), "\""),
        );
        end
    }

    /// `line` without the closing brackets at its end whose partners were opened on this very line.
    fn without_closers<'t>(&self, line: &'t str) -> &'t str {
        let mut open = self.brackets.opened_on(self.line);
        let mut rest = line;
        while let Some(closer) = open.pop() {
            let Some(shorter) = rest.trim_end().strip_suffix(char::from(closer)) else { break };
            rest = shorter.trim_end();
        }
        rest
    }

    /// Plain double quotes inside a text in other marks are part of it.
    fn escape_inside(&mut self, inside: usize, end: usize) {
        let bytes = self.text.as_bytes().get(inside..end).unwrap_or(&[]);
        let mut escaped = false;
        for (offset, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' if !escaped => {
                    self.edits.push(Edit { start: inside + offset, end: inside + offset + 1, text: "\\\"".into() });
                }
                b'\\' => {
                    escaped = !escaped;
                    continue;
                }
                _ => {}
            }
            escaped = false;
        }
    }
}
