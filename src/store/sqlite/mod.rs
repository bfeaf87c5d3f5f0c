//! The store in one SQLite file, readable with any `sqlite3`.
//!
//! Does not decode what it keeps. Layout and migrations are in [`layout`], the transaction of a checkpoint in [`write`],
//! questions in [`read`].

mod layout;
mod purge;
mod read;
mod write;

use std::any::Any;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::ports::store::{Checkpoint, Position, Retention, Store, StoreError, StoreReader};
use crate::value::Instant;

pub use layout::FORMAT;
pub use read::{SqliteReader, WAKING};

/// Statements kept prepared: about as many as there are.
const STATEMENTS: usize = 64;
/// A reader of another process (a backup, a person with `sqlite3`) may stand in the way for so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// The writing end.
pub struct SqliteStore {
    path: PathBuf,
    connection: Connection,
    /// Held while the store is open.
    held: Option<Arc<dyn Any + Send + Sync>>,
}

impl SqliteStore {
    /// Opens the file or makes one; brings an older layout up to date.
    pub fn open(path: &Path) -> Result<SqliteStore, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed("opening the store"))?;
        let setting = failed("setting up the store");
        connection.busy_timeout(PATIENCE).map_err(&setting)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        layout::check(&connection)?;
        // A checkpoint of ours is acknowledged when it is on the disk; SQLite moves pages out of the WAL only every 64 MiB,
        // which halves what is written; the WAL file is cut back to that when it grew for a long reader. What is deleted is
        // overwritten: people who asked to be forgotten are not to be found in free pages.
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16384;
                 PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;
                 PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
            )
            .map_err(&setting)?;
        layout::bring_up_to_date(&mut connection)?;
        Ok(SqliteStore { path: path.to_path_buf(), connection, held: None })
    }
    /// Is full at so many pages of 4 KiB, for tests.
    pub fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        self.connection.pragma_update(None, "max_page_count", pages).map_err(failed("limiting the store"))
    }
    /// Keeps something (a lock) for as long as the store is open.
    pub(super) fn holding(mut self, held: Arc<dyn Any + Send + Sync>) -> SqliteStore {
        self.held = Some(held);
        self
    }
}

impl Store for SqliteStore {
    fn position(&self) -> Result<(Position, Instant), StoreError> {
        read::position(&self.connection)
    }
    fn write(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        write::write(&mut self.connection, checkpoint)
    }
    fn purge(&mut self, retention: &Retention) -> Result<u64, StoreError> {
        purge::purge(&mut self.connection, retention)
    }
    fn fold(&mut self) -> Result<(), StoreError> {
        purge::empty_wal(&self.connection).map_err(failed("folding the store into one file"))
    }
    fn reader(&self) -> Result<Box<dyn StoreReader>, StoreError> {
        Ok(Box::new(SqliteReader::open(&self.path)?))
    }
}

/// What SQLite's errors mean to the runtime.
pub(super) fn failed(doing: &str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Damaged { what: format!("tabi.db, while {doing}: {error}") }
        }
        _ => StoreError::Io { doing: doing.to_string(), error: io::Error::other(error) },
    }
}

/// What is in a column is not what was put there.
pub(super) fn unreadable(what: &str) -> StoreError {
    StoreError::Damaged { what: format!("tabi.db: {what}") }
}

/// What the runtime asks for cannot be done.
pub(super) fn refused(what: String) -> StoreError {
    StoreError::Io { doing: "writing a checkpoint".into(), error: io::Error::new(io::ErrorKind::InvalidInput, what) }
}

/// SQLite's integers are signed; no log and no counter gets that far.
pub(super) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| refused(format!("the number {number} is too large")))
}
