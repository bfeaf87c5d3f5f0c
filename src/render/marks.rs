//! Numbers in place of texts that a compiler of documents must carry through unread.
//!
//! Knows neither templates nor markup.

/// The notation of the numbers in one document. Made from the document itself, so that no text in it looks like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    prefix: String,
}

/// A number found in a text: its bytes, and the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub start: usize,
    pub end: usize,
    pub number: usize,
}

const END: char = 'z';

impl Marks {
    pub fn of(document: &str) -> Marks {
        let hash = blake3::hash(document.as_bytes()).to_hex();
        // Letters and digits alone: compilers escape, fold or move whatever else may stand in a text.
        Marks { prefix: format!("tabi{}n", &hash[..16]) }
    }
    pub fn write(&self, number: usize) -> String {
        format!("{}{number}{END}", self.prefix)
    }
    /// The first number at or after `from`.
    pub fn next(&self, text: &str, from: usize) -> Option<Mark> {
        let start = from + text.get(from..)?.find(&self.prefix)?;
        let digits = start + self.prefix.len();
        let end = digits + text[digits..].find(END)?;
        let number = text[digits..end].parse().ok()?;
        Some(Mark { start, end: end + END.len_utf8(), number })
    }
    /// The text with every number replaced by what `said` makes of it.
    pub fn replaced<'t>(&self, text: &str, said: impl Fn(usize) -> Option<&'t str>) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(mark) = self.next(text, at) {
            out.push_str(&text[at..mark.start]);
            out.push_str(said(mark.number).unwrap_or(""));
            at = mark.end;
        }
        out.push_str(&text[at..]);
        out
    }
}
