//! A copy of a data folder that fits together, made beside the process that runs; and the way back.
//!
//! Decides neither when nor where. A copy is a data folder itself: the store as of one checkpoint, and the log from there
//! on.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::ports::store::{Log, Position, StoreError, StoreReader};

use super::disk::{Disk, Folder, sync_folder};
use super::folder::{Paths, README, agree, io_error, make_folder, make_private, read_secret, write_durably};
use super::log::{FileLog, look};
use super::sqlite::{SqliteReader, failed};

/// The process that runs may remove a segment between the copy of the store and that of the log; then both are copied anew.
const TRIES: usize = 5;
/// Pages copied before others get a turn: 4 MiB.
const PAGES: i32 = 1024;
/// Records written to the copy at a time.
const BATCH_BYTES: usize = 4 << 20;

/// What a copy or a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Records that the store includes.
    pub store: Position,
    /// First record of the log, and the one after its last.
    pub begin: Position,
    pub end: Position,
    pub people: u64,
}

/// Copies a data folder into one that is empty or not there yet. Whatever was acknowledged before this began is in it.
pub fn backup(from: &Path, to: &Path) -> Result<Summary, StoreError> {
    let (from, to) = (Paths::new(from), Paths::new(to));
    let reading = SqliteReader::open(&from.database())?;
    let secret = fs::read(from.secret()).map_err(io_error("reading", &from.secret()))?;
    read_secret(&secret)?;
    prepare(&to.folder)?;
    let mut tries = 1;
    loop {
        copy_store(&reading, &to)?;
        let position = SqliteReader::open(&to.database())?.position()?.0;
        match copy_log(&from, &to, position) {
            Ok(()) => break,
            Err(error) if tries == TRIES => return Err(error),
            Err(_) => {
                tries += 1;
                clear(&to)?;
            }
        }
    }
    // After the log: what its last record speaks of was kept before it was written.
    super::kept::copy(&from.folder, &to.folder)?;
    write_durably(&to.readme(), README.as_bytes())?;
    let summary = measure(&to)?;
    write_durably(&to.copy(), summary.text().as_bytes())?;
    // Last: a copy without it was not finished and does not open.
    write_durably(&to.secret(), &secret)?;
    verify(&to.folder)
}

/// Makes a data folder from a copy, after checking all of the copy. The folder must be empty or not there yet.
pub fn restore(from: &Path, into: &Path) -> Result<Summary, StoreError> {
    let checked = verify(from)?;
    backup(from, into).and_then(|copied| {
        if copied == checked {
            return Ok(copied);
        }
        Err(StoreError::Damaged { what: format!("{} changed while it was read", from.display()) })
    })
}

/// Reads everything: each record's checksum, SQLite's own check of the whole file, that store and log fit together, and
/// that a copy is as it was made. In a folder that is no copy the log's end may be torn, as a crash leaves it.
pub fn verify(folder: &Path) -> Result<Summary, StoreError> {
    let paths = Paths::new(folder);
    let secret = fs::read(paths.secret()).map_err(io_error("reading", &paths.secret()))?;
    read_secret(&secret)?;
    let reader = SqliteReader::open(&paths.database())?;
    let findings: String = reader
        .connection()
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(failed("checking the store"))?;
    if findings != "ok" {
        return Err(StoreError::Damaged { what: format!("tabi.db: {findings}") });
    }
    let summary = measure(&paths)?;
    match fs::read_to_string(paths.copy()) {
        Ok(text) if text != summary.text() => {
            let [was, is] = [text, summary.text()].map(|text| text.trim().replace('\n', ", "));
            Err(StoreError::Damaged { what: format!("the copy was made with {was}; what can be read is {is}") })
        }
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io_error("reading", &paths.copy())(error)),
        Ok(_) | Err(_) => Ok(summary),
    }
}

/// Reads the whole log.
fn measure(paths: &Paths) -> Result<Summary, StoreError> {
    let mut reader = SqliteReader::open(&paths.database())?;
    let store = reader.position()?.0;
    let disk = Folder::new(paths.log());
    let begin = begin_of(&disk)?;
    let end = look(&disk, begin, &mut |_, _| true)?;
    agree(store, begin, end)?;
    let people = reader.people_count()?;
    Ok(Summary { store, begin, end, people })
}

impl Summary {
    /// As it is kept beside a copy, to tell later whether all of it is still there.
    fn text(&self) -> String {
        let Summary { store, begin, end, people } = self;
        format!("store {}\nlog from {}\nlog to {}\npeople {people}\n", store.0, begin.0, end.0)
    }
}

fn begin_of(disk: &dyn Disk) -> Result<Position, StoreError> {
    let first = super::log::first(disk)?;
    first.ok_or_else(|| StoreError::Damaged { what: "the log has no segment".into() })
}

fn prepare(folder: &Path) -> Result<(), StoreError> {
    make_folder(folder)?;
    let mut entries = fs::read_dir(folder).map_err(io_error("reading", folder))?;
    if entries.next().is_some() {
        let error = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "the folder is not empty");
        return Err(StoreError::Io { doing: format!("copying into {}", folder.display()), error });
    }
    Ok(())
}

/// Away with an attempt: only what this wrote.
fn clear(to: &Paths) -> Result<(), StoreError> {
    fs::remove_file(to.database()).map_err(io_error("removing", &to.database()))?;
    match fs::remove_dir_all(to.log()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io_error("removing", &to.log())(error)),
        _ => Ok(()),
    }
}

/// One state of the store, whatever is written meanwhile.
fn copy_store(reader: &SqliteReader, to: &Paths) -> Result<(), StoreError> {
    let copying = failed("copying the store");
    make_private(&to.database())?;
    let source = reader.connection();
    // A read transaction holds one checkpoint still; otherwise every checkpoint of the running process begins the copy anew.
    source.execute_batch("BEGIN; SELECT count(*) FROM meta").map_err(&copying)?;
    let copied = (|| {
        let mut target = Connection::open(to.database())?;
        Backup::new(source, &mut target)?.run_to_completion(PAGES, Duration::ZERO, None)?;
        // Without a WAL beside it, one file is all there is; opening it to write sets it up again.
        target.execute_batch("PRAGMA journal_mode = DELETE")
    })();
    source.execute_batch("COMMIT").map_err(&copying)?;
    copied.map_err(&copying)?;
    let path = to.database();
    let file = fs::File::open(&path).map_err(io_error("opening", &path))?;
    file.sync_all().map_err(io_error("syncing", &path))?;
    sync_folder(&to.folder).map_err(io_error("syncing", &to.folder))
}

/// The records from a position on, up to the last whole one, as a log that begins there.
fn copy_log(from: &Paths, to: &Paths, position: Position) -> Result<(), StoreError> {
    make_folder(&to.log())?;
    let mut log = FileLog::open_or_begin(Box::new(Folder::new(to.log())), position)?;
    let mut batch: Vec<Vec<u8>> = Vec::new();
    let mut bytes = 0;
    let mut failed = None;
    let end = look(&Folder::new(from.log()), position, &mut |_, record| {
        bytes += record.len();
        batch.push(record.to_vec());
        if bytes > BATCH_BYTES {
            bytes = 0;
            failed = append(&mut log, &mut batch).err();
        }
        failed.is_none()
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    append(&mut log, &mut batch)?;
    log.sync()?;
    if log.end() == end { Ok(()) } else { Err(StoreError::Damaged { what: "the copy of the log is not whole".into() }) }
}

fn append(log: &mut FileLog, batch: &mut Vec<Vec<u8>>) -> Result<(), StoreError> {
    let records: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
    log.append(&records)?;
    batch.clear();
    Ok(())
}
