//! What journeys did, as the data of `tabi run` have it.
//!
//! Only looks, as of the last checkpoint, beside the process that may be running. The campaigns are those that are live
//! there, whatever the files say by now.

use std::path::Path;

use crate::cli::deploy::prepare;
use crate::cli::exit::Stop;
use crate::cli::speak::Speaker;
use crate::diag::Phrase;
use crate::ir::Program;
use crate::report::journeys::{Done, Journal};
use crate::runtime::durable::histories;

/// The program that is live, and what each of its journeys did.
pub fn done(folder: &Path, speaker: &mut Speaker) -> Result<(Program, Vec<Done>), Stop> {
    let prepare::Data { mut reader, program, .. } = prepare::data(folder)?;
    let mut journal = Journal::new(&program);
    let read = histories::everybody(&mut *reader, &mut |entries| {
        entries.iter().for_each(|entry| journal.wrote(entry));
        journal.next_person();
    });
    prepare::told_of_unreadable(read.map_err(|error| unreadable(folder, &error.to_string()))?, speaker)?;
    let done = journal.finish();
    Ok((program, done))
}

fn unreadable(folder: &Path, why: &str) -> Stop {
    let path = folder.display();
    Stop::Wrong {
        what: Phrase::new(
            format!("the data in `{path}` cannot be read: {why}"),
            format!("`{path}` のデータを読めません: {why}"),
        ),
        help: Phrase::new(
            "is it the folder of `tabi run`, and may you read it? a copy can be restored from a backup",
            "`tabi run` のフォルダーか、読む権限があるかを確かめる。バックアップからも復元できる",
        ),
    }
}
