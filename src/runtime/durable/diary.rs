//! What happened to each person since the last checkpoint, as bytes for the store: every input that made the person what they
//! are, and what the machine wrote.
//!
//! Tells no story and replays none: the faces do, from the lines.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Builder;

use crate::ir::{JourneyId, PurposeId, StepId};
use crate::machine::rest;
use crate::machine::{Entry, Input, InputKind, RunNo, What, Words};
use crate::ports::store::{JournalRow, Position};
use crate::ports::{Joined, Journal, Seat, Taken};
use crate::value::{Instant, Span};

/// One line of a person's story.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// The person was seen for the first time: before this line there is none. The program went live for them.
    Began(Instant),
    Taken(Input),
    Wrote(Entry),
    /// The consents of the profile that comes next as they came: its line leaves out some that nobody needs to be told of.
    Consents(Vec<(PurposeId, bool)>),
    /// The person of another seat became a part of this one; what happened to them before stands in the journal of that seat.
    Joined(Joined),
    /// From this moment on the program of a generation moved the person.
    Changed {
        at: Instant,
        generation: u32,
    },
}

/// A line as it is kept. Times count from the line before, the first from the beginning of the piece. Append only.
#[derive(Serialize, Deserialize)]
enum Kept {
    /// As lines were kept first, and inputs of which nothing came were not.
    Taken(Input),
    Wrote(Entry),
    Came {
        after: Span,
        kind: InputKind,
    },
    Did {
        after: Span,
        journey: JourneyId,
        run: Option<RunNo>,
        step: Option<StepId>,
        what: What,
    },
    Consents {
        after: Span,
        consent: Vec<(PurposeId, bool)>,
    },
    Joined {
        after: Span,
        from: Seat,
        id: Arc<str>,
        base: u32,
    },
    Began {
        after: Span,
    },
    Changed {
        after: Span,
        generation: u32,
    },
}

/// The same, about to be written.
#[derive(Serialize)]
#[serde(rename = "Kept")]
enum KeptRef<'a> {
    #[expect(dead_code, reason = "keeps the numbers of those behind it")]
    Taken(()),
    #[expect(dead_code, reason = "keeps the numbers of those behind it")]
    Wrote(()),
    Came {
        after: Span,
        kind: &'a InputKind,
    },
    Did {
        after: Span,
        journey: JourneyId,
        run: Option<RunNo>,
        step: Option<StepId>,
        what: &'a What,
    },
    Consents {
        after: Span,
        consent: &'a [(PurposeId, bool)],
    },
    Joined {
        after: Span,
        from: Seat,
        id: &'a str,
        base: u32,
    },
    Began {
        after: Span,
    },
    Changed {
        after: Span,
        generation: u32,
    },
}

#[derive(Debug)]
struct Piece {
    from: Instant,
    to: Instant,
    /// Of the line before.
    last: Instant,
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
    /// Inputs that made no difference are written down, too.
    pub whole: bool,
    /// What was written is also kept for whoever watches.
    pub is_watched: bool,
    /// What was written and not told to whoever watches yet; only counted while nobody does.
    watched: Vec<(Seat, Entry)>,
    unwatched: usize,
}

impl Diary {
    pub fn new(whole: bool) -> Diary {
        Diary { whole, ..Diary::default() }
    }
    fn add<'l>(&mut self, seat: Seat, at: Instant, line: impl FnOnce(Span) -> KeptRef<'l>) {
        let piece = self.pieces.entry(seat).or_insert_with(|| Piece { from: at, to: at, last: at, lines: Vec::new() });
        let line = line(at.since(piece.last));
        piece.to = piece.to.max(at);
        piece.last = at;
        piece.lines = rest::add_bytes_of(&line, std::mem::take(&mut piece.lines));
    }
    /// Everything since the last time, by seat.
    pub fn cut(&mut self, position: Position) -> Vec<JournalRow> {
        let row = |(seat, Piece { from, to, lines, .. })| JournalRow { seat, position, from, to, lines };
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
    /// What was written since, as far as somebody watches; and how much else.
    pub fn take_watched(&mut self) -> (Vec<(Seat, Entry)>, usize) {
        (std::mem::take(&mut self.watched), std::mem::take(&mut self.unwatched))
    }
    pub fn forget(&mut self, seat: Seat) {
        self.pieces.remove(&seat);
    }
}

impl Journal for Diary {
    fn taken(&mut self, seat: Seat, taken: &Taken<'_>) {
        let input = taken.input;
        let worth = match &input.kind {
            // Timers follow by themselves.
            InputKind::Wake => false,
            // What somebody in charge said, whatever came of it.
            InputKind::Approval { .. } => true,
            InputKind::Profile { .. }
            | InputKind::Reach { .. }
            | InputKind::Event { .. }
            | InputKind::Report { .. }
            | InputKind::Answer { .. }
            | InputKind::Live => taken.heeded || self.whole,
            // Everybody is asked whether they are of an audience.
            InputKind::Tick { .. } => taken.heeded,
        };
        if !worth {
            return;
        }
        if taken.first && input.kind == InputKind::Live {
            return self.add(seat, input.at, |after| KeptRef::Began { after });
        }
        if let Some(consent) = taken.consent.filter(|_| taken.heeded) {
            self.add(seat, input.at, |after| KeptRef::Consents { after, consent });
        }
        self.add(seat, input.at, |after| KeptRef::Came { after, kind: &input.kind });
    }
    fn joined(&mut self, seat: Seat, joined: &Joined) {
        let Joined { at, from, id, base } = joined;
        self.add(seat, *at, |after| KeptRef::Joined { after, from: *from, id, base: *base });
    }
    fn changed(&mut self, seat: Seat, at: Instant, generation: u32) {
        self.add(seat, at, |after| KeptRef::Changed { after, generation });
    }
    fn wrote(&mut self, seat: Seat, entry: &Entry) {
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
        match self.is_watched {
            true => self.watched.push((seat, entry.clone())),
            false => self.unwatched += 1,
        }
        let Entry { at, journey, run, step, what } = entry;
        self.add(seat, *at, |after| KeptRef::Did { after, journey: *journey, run: *run, step: *step, what });
    }
}

/// The piece without these words; `None` if it has none of them.
pub fn without(bytes: &[u8], words: &Words) -> Option<Vec<u8>> {
    let (mut kept, mut rest, mut has_changed) = (Vec::new(), bytes, false);
    while !rest.is_empty() {
        // What cannot be read is kept as it is.
        let Ok((mut line, behind)) = rest::read::<Kept>(rest) else { break };
        rest = behind;
        match &mut line {
            Kept::Taken(input) => has_changed |= words.blank_input(input),
            Kept::Came { kind, .. } => {
                let mut input = Input { at: Instant(0), kind: kind.clone() };
                has_changed |= words.blank_input(&mut input);
                *kind = input.kind;
            }
            Kept::Wrote(_)
            | Kept::Did { .. }
            | Kept::Consents { .. }
            | Kept::Joined { .. }
            | Kept::Began { .. }
            | Kept::Changed { .. } => {}
        }
        kept = rest::add_bytes_of(&line, kept);
    }
    kept.extend_from_slice(rest);
    has_changed.then_some(kept)
}

/// The lines of a piece, as far as they can be read.
pub fn lines_of(piece: &JournalRow) -> Vec<Line> {
    read_lines(piece).0
}

/// The same, and whether that is all of them.
pub fn read_lines(piece: &JournalRow) -> (Vec<Line>, bool) {
    let (mut lines, mut bytes, mut at) = (Vec::new(), piece.lines.as_slice(), piece.from);
    while !bytes.is_empty() {
        let Ok((line, rest)) = rest::read::<Kept>(bytes) else { return (lines, false) };
        bytes = rest;
        lines.push(match line {
            Kept::Taken(input) => Line::Taken(input),
            Kept::Wrote(entry) => Line::Wrote(entry),
            Kept::Came { after, kind } => {
                at = at.plus(after);
                Line::Taken(Input { at, kind })
            }
            Kept::Did { after, journey, run, step, what } => {
                at = at.plus(after);
                Line::Wrote(Entry { at, journey, run, step, what })
            }
            Kept::Began { after } => {
                at = at.plus(after);
                Line::Began(at)
            }
            Kept::Consents { after, consent } => {
                at = at.plus(after);
                Line::Consents(consent)
            }
            Kept::Joined { after, from, id, base } => {
                at = at.plus(after);
                Line::Joined(Joined { at, from, id, base })
            }
            Kept::Changed { after, generation } => {
                at = at.plus(after);
                Line::Changed { at, generation }
            }
        });
    }
    (lines, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::store::Position;

    fn entry(at: i64) -> Entry {
        let what = What::Waiting { until: Some(Instant(at + 5)) };
        Entry { at: Instant(at), journey: JourneyId(1), run: Some(RunNo(2)), step: Some(StepId(3)), what }
    }

    #[test]
    fn lines_read_back_with_their_times() {
        let mut diary = Diary::new(false);
        let live = Input { at: Instant(900), kind: InputKind::Live };
        diary.taken(7, &Taken { input: &live, consent: None, heeded: true, first: true });
        let consent = [(PurposeId(0), false)];
        let kind = InputKind::Profile { id: Some(u64::MAX), fields: Vec::new(), consent: Vec::new() };
        let input = Input { at: Instant(1_000), kind };
        diary.taken(7, &Taken { input: &input, consent: Some(&consent), heeded: true, first: false });
        diary.taken(7, &Taken { input: &input, consent: Some(&consent), heeded: false, first: false });
        let joined = Joined { at: Instant(2_000), from: 4, id: "older".into(), base: 9 };
        diary.joined(7, &joined);
        // A timer that fires late tells of its own time.
        diary.wrote(7, &entry(1_500));
        let rows = diary.cut(Position(1));
        assert_eq!((rows[0].from, rows[0].to), (Instant(900), Instant(2_000)));
        let lines = [
            Line::Began(Instant(900)),
            Line::Consents(consent.to_vec()),
            Line::Taken(input),
            Line::Joined(joined),
            Line::Wrote(entry(1_500)),
        ];
        assert_eq!(lines_of(&rows[0]), lines);
    }

    #[test]
    fn lines_of_earlier_versions_are_read() {
        #[derive(Serialize)]
        enum Old {
            Taken(Input),
            Wrote(Entry),
        }
        let input = Input { at: Instant(5), kind: InputKind::Wake };
        let lines = rest::add_bytes_of(&Old::Wrote(entry(8)), rest::bytes_of(&Old::Taken(input.clone())));
        let row = JournalRow { seat: 0, position: Position(1), from: Instant(5), to: Instant(8), lines };
        assert_eq!(lines_of(&row), [Line::Taken(input), Line::Wrote(entry(8))]);
    }
}
