//! From a place in the text the grammar reads back to the place in the source.
//!
//! Does not change any text; `layout` does, and records here what it put where.

use std::cell::Cell;

use crate::text::{SourceId, Span};

/// One stretch of the read text. Ordered by `read`.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Where it begins in the text that is read.
    read: usize,
    /// Where it begins in the source, and where it ends.
    source: usize,
    source_end: usize,
    /// Byte for byte the same length as in the source; otherwise it stands for the whole of it.
    verbatim: bool,
}

/// The way back. With `None` as source every span is the same, so that trees can be compared without their places.
#[derive(Debug, Clone)]
pub(super) struct Places {
    source: Option<SourceId>,
    pieces: Vec<Piece>,
    /// The piece asked for last: questions mostly come in order.
    last: Cell<usize>,
}

impl Places {
    pub(super) fn new(source: Option<SourceId>) -> Places {
        Places { source, pieces: Vec::new(), last: Cell::new(0) }
    }
    /// `read` bytes from here on are the source's own from `source..source_end`.
    pub(super) fn verbatim(&mut self, read: usize, source: usize, source_end: usize) {
        self.pieces.push(Piece { read, source, source_end, verbatim: true });
    }
    /// From `read` on stands something in place of `source..source_end`.
    pub(super) fn replaced(&mut self, read: usize, source: usize, source_end: usize) {
        self.pieces.push(Piece { read, source, source_end, verbatim: false });
    }
    /// Places for a text that is `head` (in place of the source range that `head_at` of this text came from),
    /// then this text from `rest` on.
    pub(super) fn with_head(&self, head: usize, head_at: std::ops::Range<usize>, rest: usize) -> Places {
        let mut places = Places::new(self.source);
        places.replaced(0, self.start(head_at.start), self.end(head_at.end));
        let first = self.index(rest);
        let from = self.start(rest);
        let piece = self.pieces[first];
        places.pieces.push(Piece { read: head, source: from, ..piece });
        let later = self.pieces[first + 1..].iter().map(|p| Piece { read: p.read - rest + head, ..*p });
        places.pieces.extend(later);
        places
    }
    /// The source span of `start..end` of the read text. Always on character boundaries of the source.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        match self.source {
            None => Span::default(),
            Some(source) => Span::new(source, self.start(start), self.end(end.max(start))),
        }
    }
    pub(super) fn start(&self, at: usize) -> usize {
        let Some(piece) = self.pieces.get(self.index(at)) else { return at };
        if piece.verbatim { (piece.source + (at - piece.read)).min(piece.source_end) } else { piece.source }
    }
    pub(super) fn end(&self, at: usize) -> usize {
        let Some(piece) = self.pieces.get(self.index(at.saturating_sub(1))) else { return at };
        if piece.verbatim {
            (piece.source + at.saturating_sub(piece.read)).min(piece.source_end)
        } else {
            piece.source_end
        }
    }
    /// Index of the piece that holds the byte `at`.
    fn index(&self, at: usize) -> usize {
        let last = self.last.get();
        let holds = |i: usize| {
            self.pieces.get(i).is_some_and(|p| p.read <= at) && self.pieces.get(i + 1).is_none_or(|p| p.read > at)
        };
        let index = if holds(last) { last } else { self.pieces.partition_point(|p| p.read <= at).saturating_sub(1) };
        self.last.set(index);
        index
    }
}
