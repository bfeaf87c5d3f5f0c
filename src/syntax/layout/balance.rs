//! Brackets: every one gets a partner before the grammar reads it.
//!
//! Does not know what the brackets mean. Where one is missing or too many, the layout of the lines decides which it was.

use super::{Before, Edit, Scan};
use crate::diag::{Code, Diagnostic};

/// Deepest nesting of brackets. Far beyond anything readable; keeps every walk of the tree within its stack.
pub const NESTING_MAX: usize = 64;

#[derive(Clone, Copy)]
struct Open {
    byte: u8,
    at: usize,
    end: usize,
    line: u32,
    indent: usize,
}

#[derive(Default)]
pub(super) struct Brackets {
    stack: Vec<Open>,
    /// Nested beyond the limit since `.0`, by `.1` brackets.
    deep: Option<(usize, usize)>,
    deep_told: bool,
    /// The first `}` of this declaration that stands further left than the line of its `{`: (the `}`, the `{`).
    early: Option<(usize, Open)>,
    /// The first `}` that closed everything though it stands further right than its `{`'s line.
    late: Option<(usize, usize)>,
}

impl Brackets {
    pub(super) fn is_open(&self) -> bool {
        !self.stack.is_empty()
    }
    /// Whether the innermost bracket is `(` or `[`, where line ends mean nothing.
    pub(super) fn in_parens(&self) -> bool {
        self.stack.last().is_some_and(|o| o.byte != b'{')
    }
    /// The closing partners of what was opened on `line` and is still open, outermost first.
    pub(super) fn opened_on(&self, line: u32) -> Vec<u8> {
        self.stack.iter().filter(|o| o.line == line).map(|o| partner(o.byte)).collect()
    }
}

fn partner(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

impl Scan<'_> {
    pub(super) fn open(&mut self, byte: u8) {
        self.open_at(byte, self.at + 1);
    }
    pub(super) fn close(&mut self, byte: u8) {
        self.close_at(byte, self.at + 1);
    }

    pub(super) fn open_at(&mut self, byte: u8, end: usize) {
        self.token(self.at, None);
        let open = Open { byte, at: self.at, end, line: self.line, indent: self.indent };
        if let Some((_, depth)) = &mut self.brackets.deep {
            *depth += 1;
        } else {
            // A block cannot begin inside parentheses: `if seen(total >= 3 {` forgot its `)`.
            if byte == b'{' && self.brackets.stack.last().is_some_and(|o| o.byte == b'(') && !self.after_split() {
                self.parens_never_closed(self.at);
            }
            if self.brackets.stack.len() >= NESTING_MAX {
                self.too_deep(open);
            } else {
                self.brackets.stack.push(open);
            }
        }
        self.before = Before::Other;
        self.advance(end);
    }

    pub(super) fn close_at(&mut self, byte: u8, end: usize) {
        let first = self.first_on_line;
        self.token(self.at, None);
        if !self.close_deep(end) {
            match byte {
                b'}' => self.close_brace(first, end),
                _ => self.close_paren(byte, end),
            }
        }
        self.before = Before::Other;
        self.advance(end);
    }

    /// `split name {` and `per run {` are values and may stand in parentheses.
    fn after_split(&self) -> bool {
        let line = self.text.get(self.line_start..self.at).unwrap_or("");
        let mut words = line.rsplit(|c: char| c.is_whitespace() || c == '(').filter(|w| !w.is_empty());
        let (last, second) = (words.next(), words.next());
        second == Some("split") || (last == Some("run") && second == Some("per"))
    }

    fn close_paren(&mut self, byte: u8, end: usize) {
        let within = self.brackets.stack.iter().rposition(|o| o.byte == b'{').map_or(0, |i| i + 1);
        let partner_at = self.brackets.stack.iter().rposition(|o| partner(o.byte) == byte).filter(|i| *i >= within);
        match partner_at {
            Some(index) => {
                self.never_closed(index + 1, self.at);
                self.brackets.stack.pop();
            }
            None => self.nothing_to_close(self.at, end),
        }
    }

    fn close_brace(&mut self, first: bool, end: usize) {
        let Some(index) = self.brackets.stack.iter().rposition(|o| o.byte == b'{') else {
            self.brackets.stack.clear();
            let (at, end) = self.brackets.late.take().unwrap_or((self.at, end));
            return self.nothing_to_close(at, end);
        };
        self.never_closed(index + 1, self.at);
        let Some(open) = self.brackets.stack.pop() else { return };
        if first && self.indent < open.indent && self.brackets.early.is_none() {
            self.brackets.early = Some((self.at, open));
        }
        let right_of_it = if first { self.indent > open.indent } else { open.line != self.line };
        if self.brackets.stack.is_empty() && right_of_it && self.brackets.late.is_none() {
            self.brackets.late = Some((self.at, end));
        }
    }

    /// A declaration begins at `start`: whatever is open was never closed.
    pub(super) fn declaration_begins(&mut self, start: usize) {
        self.end_deep(start);
        self.all_never_closed(Some(start));
        self.brackets.early = None;
        self.brackets.late = None;
    }

    pub(super) fn end_of_file(&mut self) {
        self.end_deep(self.text.len());
        self.all_never_closed(None);
    }

    /// The parentheses and brackets around this place end before it.
    pub(super) fn parens_never_closed(&mut self, start: usize) {
        let from = self.brackets.stack.iter().rposition(|o| o.byte == b'{').map_or(0, |i| i + 1);
        self.never_closed(from, start);
    }

    /// Closes `(` and `[` from `from` on in the stack, after the last token; the outermost is reported.
    fn never_closed(&mut self, from: usize, _here: usize) {
        let lost: Vec<Open> = self.brackets.stack.drain(from.min(self.brackets.stack.len())..).collect();
        let Some(outermost) = lost.first().copied() else { return };
        let closers: String = lost.iter().rev().map(|o| char::from(partner(o.byte))).collect();
        let at = self.before_end;
        self.report_open(outermost, at, &closers, None);
        self.edits.push(Edit { start: at, end: at, text: closers });
    }

    fn all_never_closed(&mut self, next: Option<usize>) {
        let Some(outermost) = self.brackets.stack.iter().position(|o| o.byte == b'{') else {
            return self.never_closed(0, self.at);
        };
        self.parens_never_closed(self.at);
        let missing = self.brackets.stack.len();
        let at = self.before_end;
        let open = self.brackets.stack[outermost];
        self.brackets.stack.clear();
        let mut after = missing;
        match self.brackets.early.take() {
            // The lines say that an inner block was left open: close it where its surroundings close.
            Some((close, inner)) => {
                self.edits.push(Edit { start: close, end: close, text: "}\n".into() });
                self.report_open(inner, close, "}\n", next);
                after -= 1;
            }
            None => self.report_open(open, at, "\n}", next),
        }
        if after > 0 {
            self.edits.push(Edit { start: at, end: at, text: "\n}".repeat(after) });
        }
    }

    fn report_open(&mut self, open: Open, at: usize, closers: &str, next: Option<usize>) {
        let (written, closer) = (char::from(open.byte), char::from(partner(open.byte)));
        self.spoken.push(open.at);
        self.spoken.push(at.saturating_sub(1));
        let mut diagnostic = Diagnostic::new(
            Code::E0105,
            self.span(open.at, open.end),
            format!("`{written}` is never closed"),
            format!("`{written}` が閉じていません"),
        )
        .here("opened here", "ここで開いている")
        .help(format!("add `{closer}`"), format!("`{closer}` を書き足す"))
        .fix(self.span(at, at), closers);
        if let Some(next) = next {
            diagnostic = diagnostic.other(
                self.span(next, self.line_tail(next)),
                "a new declaration begins here",
                "ここから次の宣言",
            );
        }
        self.found.push(diagnostic);
    }

    /// A closing bracket without a partner: passed over.
    fn nothing_to_close(&mut self, at: usize, end: usize) {
        let written = self.text.get(at..end).unwrap_or("").to_string();
        self.edits.push(Edit { start: at, end, text: " ".into() });
        self.spoken.push(at);
        self.found.push(
            Diagnostic::new(
                Code::E0105,
                self.span(at, end),
                format!("`{written}` closes nothing"),
                format!("対応する括弧のない `{written}`"),
            )
            .help("remove it, or open its partner before it", "取り除くか、対応する括弧を前に書く")
            .fix(self.span(at, end), ""),
        );
    }

    // ---- too deep ------------------------------------------------------------------------------------------------

    fn too_deep(&mut self, open: Open) {
        self.brackets.deep = Some((open.at, 1));
        self.spoken.push(open.at);
        if std::mem::replace(&mut self.brackets.deep_told, true) {
            return;
        }
        self.found.push(
            Diagnostic::new(Code::E0107, self.span(open.at, open.end), "nested too deeply", "入れ子が深すぎます")
                .here(format!("level {}", NESTING_MAX + 1), format!("{} 段目", NESTING_MAX + 1))
                .help(
                    "take a part out: a `let`, a segment or a journey of its own",
                    "一部を `let` やセグメント、別のジャーニーに切り出す",
                ),
        );
    }

    /// Counts a closing bracket beyond the limit. Whether it was one.
    fn close_deep(&mut self, end: usize) -> bool {
        let Some((_, depth)) = &mut self.brackets.deep else { return false };
        *depth -= 1;
        if *depth == 0 {
            self.end_deep(end);
        }
        true
    }

    /// What was nested too deeply is not read at all.
    fn end_deep(&mut self, end: usize) {
        if let Some((start, _)) = self.brackets.deep.take() {
            self.blank(start, end);
            self.edits.retain(|e| e.end <= start || e.start >= end);
        }
    }
}
