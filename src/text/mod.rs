//! Source files, and places in them.
//!
//! Knows nothing of the language: only bytes, lines and columns.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

/// Which source of a [`Sources`] a place is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SourceId(pub u32);

/// A half-open range of bytes in one source. Always on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    pub source: SourceId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Span { source, start: start as u32, end: end.max(start) as u32 }
    }
    /// The smallest span that covers both. Both must be of one source.
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!(self.source, other.source);
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What a source is to the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Written in the language; read as such.
    Campaign,
    /// Something that diagnostics may point at: a setting, a message's file.
    Other,
}

/// One text with the name under which people know it (its path in the project).
#[derive(Debug, Clone)]
pub struct Source {
    pub path: String,
    pub text: String,
    pub kind: SourceKind,
    line_starts: Vec<u32>,
}

impl Source {
    /// A file in the language.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Source::of_kind(SourceKind::Campaign, path, text)
    }
    /// A file of another kind.
    pub fn other(path: impl Into<String>, text: impl Into<String>) -> Self {
        Source::of_kind(SourceKind::Other, path, text)
    }
    fn of_kind(kind: SourceKind, path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1))
            .collect();
        Source { path: path.into(), text, kind, line_starts }
    }
    /// One-based line and column; the column counts characters, not bytes.
    pub fn line_column(&self, offset: u32) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts[line - 1] as usize;
        let end = (offset as usize).min(self.text.len());
        let column = self.text.get(start..end).map_or(end - start, |s| s.chars().count());
        (line, column + 1)
    }
    /// The text of a one-based line, without its line end.
    pub fn line(&self, line: usize) -> &str {
        let Some(&start) = self.line_starts.get(line.wrapping_sub(1)) else { return "" };
        let end = self.line_starts.get(line).map_or(self.text.len(), |e| *e as usize);
        self.text[start as usize..end].trim_end_matches(['\n', '\r'])
    }
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }
}

/// All sources of one project; a [`Span`] is read against it.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    pub fn add(&mut self, source: Source) -> SourceId {
        self.list.push(source);
        SourceId(self.list.len() as u32 - 1)
    }
    /// Gives a source another text; spans into the old one mean nothing any more.
    pub fn replace(&mut self, id: SourceId, text: String) {
        let old = &mut self.list[id.0 as usize];
        *old = Source::of_kind(old.kind, std::mem::take(&mut old.path), text);
    }
    pub fn get(&self, id: SourceId) -> &Source {
        &self.list[id.0 as usize]
    }
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.list.iter().enumerate().map(|(i, s)| (SourceId(i as u32), s))
    }
    pub fn len(&self) -> usize {
        self.list.len()
    }
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
