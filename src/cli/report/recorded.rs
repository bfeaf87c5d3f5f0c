//! What journeys did, as the data of `tabi run` have it.
//!
//! Only looks, as of the last checkpoint, beside the process that may be running.

use std::fmt::Display;
use std::path::Path;

use crate::cli::exit::Stop;
use crate::diag::Phrase;
use crate::ir::Program;
use crate::ports::Seat;
use crate::ports::store::{StoreError, StoreReader};
use crate::report::journeys::{Done, Journal};
use crate::runtime::durable::diary::{Line, lines_of};
use crate::runtime::durable::recover::program_of;
use crate::store;

pub fn done(folder: &Path, program: &Program) -> Result<Vec<Done>, Stop> {
    let mut reader = store::look(folder).map_err(|error| unreadable(folder, &error))?;
    let kept = program_of(reader.as_mut()).map_err(|error| unreadable(folder, &error))?;
    if kept != Some(program.content_hash()) {
        return Err(another_program(folder));
    }
    journal(reader.as_mut(), program).map_err(|error| unreadable(folder, &error))
}

fn journal(reader: &mut dyn StoreReader, program: &Program) -> Result<Vec<Done>, StoreError> {
    let mut seats: Vec<Seat> = Vec::new();
    reader.people(0, &mut |seat, _| {
        seats.push(seat);
        true
    })?;
    let mut merged: Vec<(Seat, Seat)> = Vec::new();
    reader.merges(&mut |row| merged.push((row.from, row.into)))?;
    let mut journal = Journal::new(program);
    for seat in seats {
        // What was written of somebody before a merge stays under their old seats.
        let mut own = vec![seat];
        let mut next = 0;
        while let Some(into) = own.get(next).copied() {
            own.extend(merged.iter().filter(|(_, other)| *other == into).map(|(from, _)| *from));
            next += 1;
        }
        for seat in own {
            for piece in reader.journal(seat)? {
                for line in lines_of(&piece.lines) {
                    if let Line::Wrote(entry) = line {
                        journal.wrote(&entry);
                    }
                }
            }
        }
        journal.next_person();
    }
    Ok(journal.finish())
}

fn unreadable(folder: &Path, error: &dyn Display) -> Stop {
    let path = folder.display();
    Stop::Usage {
        what: Phrase::new(
            format!("the data in `{path}` cannot be read: {error}"),
            format!("`{path}` のデータを読めません: {error}"),
        ),
        help: Phrase::new(
            "name the folder that `tabi run --data` keeps its data in",
            "`tabi run --data` に指定したフォルダーを指定する",
        ),
    }
}

fn another_program(folder: &Path) -> Stop {
    let path = folder.display();
    Stop::Wrong {
        what: Phrase::new(
            format!("the data in `{path}` are of other campaigns, or of another version of these"),
            format!("`{path}` のデータは別のキャンペーン、または別の版のものです"),
        ),
        help: Phrase::new(
            "report with the version that runs: check its revision out first",
            "実行中の版のキャンペーンで実行する (その版をチェックアウトする)",
        ),
    }
}
