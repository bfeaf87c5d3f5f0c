//! What happened to everybody, read back from the store: person by person, with all ids that turned out to be theirs.
//!
//! Reads what the last checkpoint left, beside a process that runs; interprets nothing.

use std::collections::BTreeMap;

use crate::machine::Entry;
use crate::ports::Seat;
use crate::ports::store::{StoreError, StoreReader};
use crate::value::Instant;

use super::diary::{Line, read_lines};

/// Merges of merges; more would be a circle.
const MERGES_MAX: usize = 1_000_000;

/// What was read, all in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Read {
    pub people: u64,
    /// The last moment of any line.
    pub until: Option<Instant>,
    /// Pieces of stories that could not be read to their end: written by another version of Tabi, or damaged.
    pub unreadable: u64,
}

/// Calls `each` once for every person, with all that journeys wrote of them. Numbers of runs are those after all merges,
/// so a run has one number from its beginning to its end.
pub fn everybody(reader: &mut dyn StoreReader, each: &mut dyn FnMut(Vec<Entry>)) -> Result<Read, StoreError> {
    let mut merges: BTreeMap<Seat, (Seat, u32)> = BTreeMap::new();
    reader.merges(&mut |row| {
        merges.insert(row.from, (row.into, row.base));
    })?;
    // Whose somebody's lines are, and what was added to their runs, by the seat at the end of the chain.
    let mut joined: BTreeMap<Seat, Vec<(Seat, u32)>> = BTreeMap::new();
    for from in merges.keys() {
        let (mut seat, mut base) = (*from, 0u32);
        for _ in 0..MERGES_MAX {
            let Some((into, added)) = merges.get(&seat) else { break };
            (seat, base) = (*into, base.saturating_add(*added));
        }
        joined.entry(seat).or_default().push((*from, base));
    }
    let mut seats = Vec::new();
    reader.people(0, &mut |seat, _| {
        seats.push(seat);
        true
    })?;
    let mut read = Read::default();
    for seat in seats {
        let mut entries = Vec::new();
        let others = joined.get(&seat).map_or(&[][..], Vec::as_slice);
        for (seat, base) in others.iter().copied().chain([(seat, 0)]) {
            for row in reader.journal(seat)? {
                read.until = read.until.max(Some(row.to));
                let (lines, whole) = read_lines(&row);
                read.unreadable += u64::from(!whole);
                entries.extend(lines.into_iter().filter_map(|line| match line {
                    Line::Wrote(entry) => Some(entry.renumbered(base)),
                    Line::Taken(_) | Line::Began(_) | Line::Consents(_) | Line::Joined(_) | Line::Changed { .. } => {
                        None
                    }
                }));
            }
        }
        read.people += 1;
        each(entries);
    }
    Ok(read)
}
