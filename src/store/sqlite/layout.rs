//! The tables of the store, and the way from each older format to the newest.
//!
//! Reads and writes no rows beyond the format's number.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::ports::store::StoreError;

use super::{failed, unreadable};

/// Written into the file's header, so that `file` and others can tell whose it is: `TABI`.
const APPLICATION: i32 = 0x5441_4249;

/// `MIGRATIONS[n]` leads from format `n` to `n + 1`; format 0 is an empty file. Append only: files of every format that
/// was ever released are out there. Each sets `format` in `meta` itself.
const MIGRATIONS: &[&str] = &[include_str!("version_1.sql")];

/// The format written here.
pub const FORMAT: u32 = MIGRATIONS.len() as u32;

/// Refuses files of others and of newer versions, before anything is changed. Returns the format.
pub fn check(connection: &Connection) -> Result<u32, StoreError> {
    let reading = failed("reading the store");
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(&reading)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(&reading)?;
    if tables == 0 {
        return Ok(0);
    }
    if application != APPLICATION {
        return Err(unreadable("this SQLite file was not made by Tabi"));
    }
    let format: Option<i64> = connection
        .query_row("SELECT value FROM meta WHERE name = 'format'", [], |row| row.get(0))
        .optional()
        .map_err(&reading)?;
    let format = format.and_then(|format| u32::try_from(format).ok()).filter(|format| *format > 0);
    match format {
        None => Err(unreadable("it does not say what format it has")),
        Some(found) if found > FORMAT => Err(StoreError::Newer { found, known: FORMAT }),
        Some(found) => Ok(found),
    }
}

/// Each step is one transaction: after a crash the file has the one format or the next.
pub fn bring_up_to_date(connection: &mut Connection) -> Result<(), StoreError> {
    let migrating = failed("bringing the store up to date");
    loop {
        let format = check(connection)?;
        let Some(migration) = MIGRATIONS.get(format as usize) else { return Ok(()) };
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&migrating)?;
        transaction.execute_batch(migration).map_err(&migrating)?;
        transaction.pragma_update(None, "application_id", APPLICATION).map_err(&migrating)?;
        transaction.commit().map_err(&migrating)?;
        if check(connection)? != format + 1 {
            return Err(unreadable("a migration did not set the format"));
        }
    }
}
