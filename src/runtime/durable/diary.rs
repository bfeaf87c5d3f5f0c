//! What happened to each person since the last checkpoint, as bytes for the store.
//!
//! Tells no story: the faces do, from the lines.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Builder;

use crate::ir::{JourneyId, StepId};
use crate::machine::rest;
use crate::machine::{Entry, Input, InputKind, What, Words};
use crate::ports::store::{JournalRow, Position};
use crate::ports::{Journal, Seat};
use crate::value::Instant;

/// One line of a person's story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Line {
    Taken(Input),
    Wrote(Entry),
}

/// A line about to be written.
#[derive(Serialize)]
enum LineRef<'a> {
    Taken(&'a Input),
    Wrote(&'a Entry),
}

#[derive(Debug)]
struct Piece {
    from: Instant,
    to: Instant,
    lines: Vec<u8>,
}

/// The journal of a durable host.
#[derive(Debug, Default)]
pub struct Diary {
    pieces: HashMap<Seat, Piece, Xxh3Builder>,
    /// What everybody together did, by journey; for metrics.
    pub entered: Vec<u64>,
    /// Waits that began, for whoever looks for approvals: the person, the journey and its step.
    pub waits: Vec<(Seat, JourneyId, StepId)>,
    /// Inputs are written down only when something came of them; a whole diary has them all.
    pub whole: bool,
    /// The input of the turn under way, until something comes of it.
    taken: Option<(Seat, Vec<u8>, Instant)>,
}

impl Diary {
    pub fn new(whole: bool) -> Diary {
        Diary { whole, ..Diary::default() }
    }
    fn add(&mut self, seat: Seat, at: Instant, line: &LineRef<'_>) {
        let piece = self.pieces.entry(seat).or_insert_with(|| Piece { from: at, to: at, lines: Vec::new() });
        piece.to = piece.to.max(at);
        let lines = std::mem::take(&mut piece.lines);
        piece.lines = postcard::to_extend(line, lines).unwrap_or_default();
    }
    fn settle_taken(&mut self, seat: Seat) {
        if let Some((of, bytes, at)) = self.taken.take()
            && of == seat
        {
            let piece = self.pieces.entry(seat).or_insert_with(|| Piece { from: at, to: at, lines: Vec::new() });
            piece.to = piece.to.max(at);
            piece.lines.extend(bytes);
        }
    }
    /// Everything since the last time, by seat.
    pub fn cut(&mut self, position: Position) -> Vec<JournalRow> {
        let row = |(seat, Piece { from, to, lines })| JournalRow { seat, position, from, to, lines };
        let mut rows: Vec<JournalRow> = std::mem::take(&mut self.pieces).into_iter().map(row).collect();
        rows.sort_unstable_by_key(|row| row.seat);
        rows
    }
    /// Takes words out of what is not written yet.
    pub fn unsend(&mut self, seat: Seat, words: &Words) {
        if let Some(piece) = self.pieces.get_mut(&seat)
            && let Some(lines) = without(&piece.lines, words)
        {
            piece.lines = lines;
        }
    }
    pub fn forget(&mut self, seat: Seat) {
        self.pieces.remove(&seat);
    }
    /// A person moved to another seat; what was written so far goes along.
    pub fn leave(&mut self, seat: Seat) -> Vec<u8> {
        self.pieces.remove(&seat).map(|piece| piece.lines).unwrap_or_default()
    }
    pub fn join(&mut self, seat: Seat, lines: Vec<u8>, at: Instant) {
        if !lines.is_empty() {
            let piece = self.pieces.entry(seat).or_insert_with(|| Piece { from: at, to: at, lines: Vec::new() });
            piece.lines.extend(lines);
        }
    }
}

impl Journal for Diary {
    fn taken(&mut self, seat: Seat, input: &Input) {
        let worth = match &input.kind {
            // Consents are kept with their proofs; a profile is a fact about the person, whatever comes of it.
            InputKind::Profile { .. } | InputKind::Reach { .. } | InputKind::Approval { .. } => true,
            InputKind::Event { .. } => self.whole,
            InputKind::Report { .. } | InputKind::Answer { .. } => self.whole,
            InputKind::Wake | InputKind::Tick { .. } | InputKind::Live => return,
        };
        if worth {
            self.add(seat, input.at, &LineRef::Taken(input));
        } else {
            let bytes = rest::bytes_of(&LineRef::Taken(input));
            self.taken = Some((seat, bytes, input.at));
        }
    }
    fn wrote(&mut self, seat: Seat, entry: &Entry) {
        self.settle_taken(seat);
        if entry.what == What::Entered {
            let index = entry.journey.index();
            if self.entered.len() <= index {
                self.entered.resize(index + 1, 0);
            }
            self.entered[index] += 1;
        }
        if let (What::Waiting { .. }, Some(step)) = (&entry.what, entry.step) {
            self.waits.push((seat, entry.journey, step));
        }
        self.add(seat, entry.at, &LineRef::Wrote(entry));
    }
}

/// The piece without these words; `None` if it has none of them.
pub fn without(bytes: &[u8], words: &Words) -> Option<Vec<u8>> {
    let mut lines = lines_of(bytes);
    let mut has_changed = false;
    for line in &mut lines {
        if let Line::Taken(input) = line {
            has_changed |= words.blank_input(input);
        }
    }
    has_changed.then(|| lines.iter().fold(Vec::new(), |bytes, line| rest::add_bytes_of(line, bytes)))
}

/// The lines of a piece, as far as they can be read.
pub fn lines_of(mut bytes: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    while !bytes.is_empty() {
        let Ok((line, rest)) = rest::read::<Line>(bytes) else { break };
        lines.push(line);
        bytes = rest;
    }
    lines
}
