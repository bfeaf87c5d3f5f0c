//! Before the grammar: comments aside, line ends that end nothing joined, characters made plain, brackets balanced.
//!
//! Does not know what a statement is; only where lines, strings, comments and brackets are. What it changes it records,
//! so that every place the grammar reports can be found in the source.

mod balance;
mod fullwidth;
pub mod lines;
mod quotes;

use super::places::Places;
use crate::diag::{Code, Diagnostic};
use crate::text::{SourceId, Span};

/// The text the grammar reads.
pub(super) struct Layout {
    pub text: String,
    pub places: Places,
    /// Spans of comments in the source, each with whether it stands alone on its line.
    pub comments: Vec<(std::ops::Range<usize>, bool)>,
    /// Places in the source whose lines were already reported as broken: whatever else the grammar finds there follows.
    pub spoken: Vec<usize>,
}

/// Lays `text` out. `source` is `None` when nobody will ask for places.
pub(super) fn lay_out(source: Option<SourceId>, text: &str, found: &mut Vec<Diagnostic>) -> Layout {
    let mut scan = Scan::new(source, text, found);
    scan.run();
    scan.finish()
}

/// Something else to be read in place of `start..end` of the source.
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

/// What stood last.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Word { start: usize, end: usize },
    Symbol(u8),
    Other,
}

struct Scan<'a> {
    source: SourceId,
    placed: bool,
    text: &'a str,
    /// The text under change: same length as the source, byte for byte.
    buffer: Vec<u8>,
    at: usize,
    edits: Vec<Edit>,
    comments: Vec<(std::ops::Range<usize>, bool)>,
    spoken: Vec<usize>,
    found: &'a mut Vec<Diagnostic>,
    /// Line ends since the last token.
    line_ends: Vec<usize>,
    before: Before,
    before_end: usize,
    line: u32,
    line_start: usize,
    /// Column, in characters, of the first token of this line.
    indent: usize,
    first_on_line: bool,
    brackets: balance::Brackets,
}

impl<'a> Scan<'a> {
    fn new(source: Option<SourceId>, text: &'a str, found: &'a mut Vec<Diagnostic>) -> Self {
        Scan {
            source: source.unwrap_or_default(),
            placed: source.is_some(),
            text,
            buffer: text.as_bytes().to_vec(),
            at: 0,
            edits: Vec::new(),
            comments: Vec::new(),
            spoken: Vec::new(),
            found,
            line_ends: Vec::new(),
            before: Before::Nothing,
            before_end: 0,
            line: 0,
            line_start: 0,
            indent: 0,
            first_on_line: true,
            brackets: balance::Brackets::default(),
        }
    }

    fn run(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.blank(0, 3);
            self.at = 3;
        }
        while let Some(byte) = self.text.as_bytes().get(self.at).copied() {
            match byte {
                b' ' => self.at += 1,
                b'\n' | b'\r' => self.line_end(byte),
                b'\t' | 0x0b | 0x0c => self.blank_one(),
                b'#' => self.comment(),
                b'"' => self.string(),
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => self.word(),
                b'{' | b'(' | b'[' => self.open(byte),
                b'}' | b')' | b']' => self.close(byte),
                b'\'' => self.other_quote('\'', 1),
                0..=0x1f | 0x7f => self.unseen(1),
                0x21..=0x7e => self.symbol(byte),
                0x80.. => self.wide(),
            }
        }
        self.end_of_file();
    }

    /// The grammar's text and the way back from it.
    fn finish(mut self) -> Layout {
        let source = self.placed.then_some(self.source);
        let mut places = Places::new(source);
        // Only whole characters were replaced, by spaces or ASCII.
        let buffer =
            String::from_utf8(self.buffer).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        if self.edits.is_empty() {
            places.verbatim(0, 0, buffer.len());
            return Layout { text: buffer, places, comments: self.comments, spoken: self.spoken };
        }
        self.edits.sort_by_key(|e| e.start);
        let mut text = String::with_capacity(buffer.len() + self.edits.len());
        let mut from = 0;
        for edit in &self.edits {
            if edit.start < from {
                continue;
            }
            places.verbatim(text.len(), from, edit.start);
            text.push_str(buffer.get(from..edit.start).unwrap_or(""));
            places.replaced(text.len(), edit.start, edit.end);
            text.push_str(&edit.text);
            from = edit.end;
        }
        places.verbatim(text.len(), from, buffer.len());
        text.push_str(buffer.get(from..).unwrap_or(""));
        Layout { text, places, comments: self.comments, spoken: self.spoken }
    }

    // ---- tokens --------------------------------------------------------------------------------------------------

    fn word(&mut self) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => end += 1,
                0x80.. => {
                    let c = self.char_at(end);
                    if !c.is_alphanumeric() || fullwidth::plain(c).is_some() {
                        break;
                    }
                    end += c.len_utf8();
                }
                _ => break,
            }
        }
        let end = end.max(start + 1);
        self.token(start, Some(end));
        self.before = Before::Word { start, end };
        self.advance(end);
    }

    fn symbol(&mut self, byte: u8) {
        self.token(self.at, None);
        self.before = Before::Symbol(byte);
        self.advance(self.at + 1);
    }

    /// A character outside ASCII: part of a name, white space, or something an input method left.
    fn wide(&mut self) {
        let c = self.char_at(self.at);
        if c.is_whitespace() {
            self.blank(self.at, self.at + c.len_utf8());
            self.at += c.len_utf8();
        } else if fullwidth::invisible(c) {
            self.unseen(c.len_utf8());
        } else if fullwidth::closing_quotes(c).is_some() {
            self.other_quote(c, c.len_utf8());
        } else if fullwidth::plain(c).is_some() {
            self.full_width();
        } else if c.is_alphanumeric() {
            self.word();
        } else {
            self.token(self.at, None);
            self.before = Before::Other;
            self.advance(self.at + c.len_utf8());
        }
    }

    /// A run of full-width characters: one report, each read as its plain counterpart.
    fn full_width(&mut self) {
        let start = self.at;
        let mut replacement = String::new();
        let mut comment = false;
        while !comment && let Some(c) = self.text.get(self.at..).and_then(|t| t.chars().next()) {
            if fullwidth::closing_quotes(c).is_some() {
                break;
            }
            let Some(mut plain) = fullwidth::plain(c) else { break };
            let end = self.at + c.len_utf8();
            if c == '～' {
                plain = "..";
            }
            replacement.push_str(plain);
            comment = plain == "#";
            if comment {
                break;
            }
            self.edits.push(Edit { start: self.at, end, text: plain.to_string() });
            match plain.as_bytes() {
                [b @ (b'{' | b'(' | b'[')] => self.open_at(*b, end),
                [b @ (b'}' | b')' | b']')] => self.close_at(*b, end),
                [b] if b.is_ascii_alphanumeric() || *b == b'_' => {
                    self.token(self.at, Some(end));
                    self.before = Before::Word { start: self.at, end };
                    self.advance(end);
                }
                bytes => {
                    self.token(self.at, None);
                    self.before = bytes.last().map_or(Before::Other, |b| Before::Symbol(*b));
                    self.advance(end);
                }
            }
        }
        let end = if comment { self.at + '＃'.len_utf8() } else { self.at };
        let written = self.text.get(start..end).unwrap_or("");
        self.found.push(
            Diagnostic::new(
                Code::E0103,
                self.span(start, end),
                format!("full-width `{written}`"),
                format!("全角の「{written}」"),
            )
            .help(format!("write `{replacement}`"), format!("`{replacement}` と半角で書く"))
            .fix(self.span(start, end), replacement),
        );
        if comment {
            self.comment();
        }
    }

    fn comment(&mut self) {
        let start = self.at;
        let end = self.line_tail(start);
        let trimmed = start + self.text.get(start..end).unwrap_or("").trim_end().len();
        self.comments.push((start..trimmed, self.first_on_line));
        self.blank(start, end);
        self.at = end;
    }

    /// A character nobody sees: passed over, and said.
    fn unseen(&mut self, len: usize) {
        let start = self.at;
        let code = self.char_at(start) as u32;
        let mut end = start + len;
        while let Some(c) = self.text.get(end..).and_then(|t| t.chars().next())
            && fullwidth::invisible(c)
            && !matches!(c, '\n' | '\r' | '\t')
        {
            end += c.len_utf8();
        }
        self.blank(start, end);
        self.at = end;
        self.found.push(
            Diagnostic::new(
                Code::E0101,
                self.span(start, end),
                format!("invisible character U+{code:04X}"),
                format!("見えない文字 U+{code:04X}"),
            )
            .help("remove it", "この文字を取り除く")
            .fix(self.span(start, end), ""),
        );
    }

    // ---- lines ---------------------------------------------------------------------------------------------------

    fn line_end(&mut self, byte: u8) {
        if byte == b'\r' {
            if self.text.as_bytes().get(self.at + 1) == Some(&b'\n') {
                return self.blank_one();
            }
            self.set(self.at, b'\n');
        }
        self.line_ends.push(self.at);
        self.at += 1;
        self.line += 1;
        self.line_start = self.at;
        self.first_on_line = true;
    }

    /// Called before each token: `word_end` is the end of a word that begins here.
    fn token(&mut self, start: usize, word_end: Option<usize>) {
        if !self.first_on_line {
            return;
        }
        self.first_on_line = false;
        self.indent = self.text.get(self.line_start..start).map_or(0, |s| s.chars().count());
        let text = self.text;
        let word = word_end.map(|end| (text.get(start..end).unwrap_or(""), self.same_line(end)));
        let declares = self.indent == 0 || self.brackets.is_open();
        if let Some((word, after)) = word
            && declares
            && lines::begins_declaration(word, after)
        {
            self.declaration_begins(start);
        } else if let Some((word, after)) = word
            && self.brackets.in_parens()
            && lines::begins_statement(word, after)
            && !self.mid_expression()
        {
            self.parens_never_closed(start);
        }
        let joins = self.brackets.in_parens() || self.goes_on(start, word);
        let ends = std::mem::take(&mut self.line_ends);
        if joins {
            for end in ends {
                self.set(end, b' ');
            }
        }
    }

    /// Whether the line that begins at `start` carries the one above on.
    fn goes_on(&self, start: usize, word: Option<(&str, &str)>) -> bool {
        if self.before == Before::Nothing {
            return false;
        }
        match word {
            Some((word, after)) if lines::carries_on(word, after) => true,
            Some((word, after)) => {
                self.mid_expression()
                    && !lines::begins_statement(word, after)
                    && !lines::begins_declaration(word, after)
            }
            None => match self.text.as_bytes().get(start) {
                Some(b'{') => true,
                Some(b'}' | b'+') => false,
                _ => self.mid_expression(),
            },
        }
    }

    /// Whether the last token cannot end a line: an operator, a comma, `and`, `or`.
    fn mid_expression(&self) -> bool {
        match self.before {
            Before::Symbol(byte) => matches!(byte, b'=' | b',' | b'+' | b'-' | b'*' | b'/' | b'<' | b'>'),
            Before::Word { start, end } => matches!(self.text.get(start..end), Some("and" | "or" | "not")),
            Before::Nothing | Before::Other => false,
        }
    }

    // ---- small things --------------------------------------------------------------------------------------------

    fn advance(&mut self, to: usize) {
        self.at = to;
        self.before_end = to;
    }
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }
    fn char_at(&self, at: usize) -> char {
        self.text.get(at..).and_then(|t| t.chars().next()).unwrap_or('\0')
    }
    /// The rest of the line from `at`.
    fn same_line(&self, at: usize) -> &'a str {
        self.text.get(at..self.line_tail(at)).unwrap_or("")
    }
    /// Where the line that holds `at` ends, without its line end.
    fn line_tail(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or(&[]);
        at + rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len())
    }
    fn set(&mut self, at: usize, byte: u8) {
        if let Some(b) = self.buffer.get_mut(at) {
            *b = byte;
        }
    }
    fn blank(&mut self, start: usize, end: usize) {
        if let Some(bytes) = self.buffer.get_mut(start..end) {
            bytes.fill(b' ');
        }
    }
    fn blank_one(&mut self) {
        self.set(self.at, b' ');
        self.at += 1;
    }
}
