//! What the last checkpoint left, asked for row by row.
//!
//! Changes nothing.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, Row, params};

use crate::ports::Seat;
use crate::ports::store::{
    ConsentRow, DeadRow, IdKind, IdRow, JournalRow, LedgerRow, MergeRow, PendingKey, PersonRow, Position, StoreCounts,
    StoreError, StoreReader,
};
use crate::value::Instant;

use super::{PATIENCE, STATEMENTS, failed, layout, unreadable};

/// A connection that only reads; it stands in nobody's way.
pub struct SqliteReader {
    connection: Connection,
}

impl SqliteReader {
    pub fn open(path: &Path) -> Result<SqliteReader, StoreError> {
        let opening = failed("opening the store for reading");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(&opening)?;
        connection.busy_timeout(PATIENCE).map_err(&opening)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        match layout::check(&connection)? {
            super::FORMAT => Ok(SqliteReader { connection }),
            0 => Err(unreadable("it is empty")),
            found => Err(unreadable(&format!("format {found} must be brought up to date by `tabi run` first"))),
        }
    }
    pub fn position(&self) -> Result<(Position, Instant), StoreError> {
        position(&self.connection)
    }
    pub(in crate::store) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Calls `each` with every row until it says stop.
    fn each(
        &self,
        sql: &str,
        values: impl Params,
        mut each: impl FnMut(&Row<'_>) -> Result<bool, rusqlite::Error>,
    ) -> Result<(), StoreError> {
        let go = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(values)?;
            while let Some(row) = rows.next()? {
                if !each(row)? {
                    break;
                }
            }
            Ok(())
        };
        go().map_err(failed("reading the store"))
    }
    fn all<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.each(sql, values, |row| {
            found.push(read(row)?);
            Ok(true)
        })?;
        Ok(found)
    }
    /// How many rows there are, as the checkpoints have counted.
    fn count(&self, name: &str) -> Result<u64, StoreError> {
        self.connection
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")
            .and_then(|mut statement| statement.query_row(params![name], |row| unsigned(row, 0)))
            .map_err(failed("counting rows of the store"))
    }
}

pub fn position(connection: &Connection) -> Result<(Position, Instant), StoreError> {
    let read = |name: &str| -> rusqlite::Result<i64> {
        connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?.query_row(params![name], |row| row.get(0))
    };
    let reading = failed("reading the position of the store");
    let position = u64::try_from(read("position").map_err(&reading)?);
    let position = position.map_err(|_| unreadable("its position is negative"))?;
    Ok((Position(position), Instant(read("at").map_err(&reading)?)))
}

/// SQLite's integers are signed; none of ours is negative.
fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}
fn seat_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Seat> {
    row.get(column)
}
fn time_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Instant> {
    row.get(column).map(Instant)
}
/// The five columns of a key, from one on.
fn key_of(row: &Row<'_>, column: usize) -> rusqlite::Result<PendingKey> {
    Ok(PendingKey {
        seat: row.get(column)?,
        is_call: row.get(column + 1)?,
        run: row.get(column + 2)?,
        step: row.get(column + 3)?,
        repetition: row.get(column + 4)?,
    })
}
fn person_of(row: &Row<'_>, column: usize) -> rusqlite::Result<PersonRow> {
    Ok(PersonRow { wake: row.get::<_, Option<i64>>(column)?.map(Instant), state: row.get(column + 1)? })
}

/// The people whose wake is in a range; its cost is tested by its plan.
pub const WAKING: &str = "SELECT seat, wake FROM people WHERE wake >= ?1 AND wake < ?2 ORDER BY wake, seat";

impl StoreReader for SqliteReader {
    fn position(&mut self) -> Result<(Position, Instant), StoreError> {
        position(&self.connection)
    }
    fn person(&mut self, seat: Seat) -> Result<Option<PersonRow>, StoreError> {
        self.connection
            .prepare_cached("SELECT wake, state FROM people WHERE seat = ?1")
            .and_then(|mut statement| statement.query_row(params![seat], |row| person_of(row, 0)).optional())
            .map_err(failed("reading a person"))
    }
    fn waking(&mut self, from: Instant, to: Instant, each: &mut dyn FnMut(Seat, Instant)) -> Result<(), StoreError> {
        self.each(WAKING, params![from.0, to.0], |row| {
            each(seat_of(row, 0)?, time_of(row, 1)?);
            Ok(true)
        })
    }
    fn people_count(&mut self) -> Result<u64, StoreError> {
        self.count("people")
    }
    fn people(&mut self, from: Seat, each: &mut dyn FnMut(Seat, PersonRow) -> bool) -> Result<(), StoreError> {
        self.each("SELECT seat, wake, state FROM people WHERE seat >= ?1 ORDER BY seat", params![from], |row| {
            Ok(each(seat_of(row, 0)?, person_of(row, 1)?))
        })
    }
    fn ids(&mut self, each: &mut dyn FnMut(IdRow)) -> Result<(), StoreError> {
        self.each("SELECT id, kind, seat FROM ids ORDER BY id, kind", [], |row| {
            let kind = if row.get_ref(1)?.as_str()? == "user" { IdKind::User } else { IdKind::Anonymous };
            each(IdRow { id: row.get(0)?, kind, seat: row.get(2)? });
            Ok(true)
        })?;
        self.each("SELECT seat, name FROM names ORDER BY seat", [], |row| {
            each(IdRow { seat: row.get(0)?, id: row.get(1)?, kind: IdKind::Name });
            Ok(true)
        })
    }
    fn merges(&mut self, each: &mut dyn FnMut(MergeRow)) -> Result<(), StoreError> {
        self.each("SELECT from_seat, into_seat, base FROM merges ORDER BY from_seat", [], |row| {
            each(MergeRow { from: row.get(0)?, into: row.get(1)?, base: row.get(2)? });
            Ok(true)
        })
    }
    fn tombstones(&mut self, each: &mut dyn FnMut([u8; 16])) -> Result<(), StoreError> {
        self.each("SELECT hash FROM tombstones ORDER BY hash", [], |row| {
            each(row.get(0)?);
            Ok(true)
        })
    }
    fn pending(&mut self, each: &mut dyn FnMut(PendingKey, Vec<u8>)) -> Result<(), StoreError> {
        let sql = "SELECT seat, is_call, run, step, repetition, body FROM pending
                   ORDER BY seat, is_call, run, step, repetition";
        self.each(sql, [], |row| {
            each(key_of(row, 0)?, row.get(5)?);
            Ok(true)
        })
    }
    fn note(&mut self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.connection
            .prepare_cached("SELECT value FROM notes WHERE name = ?1")
            .and_then(|mut statement| statement.query_row(params![name], |row| row.get(0)).optional())
            .map_err(failed("reading a note"))
    }
    fn notes(&mut self, prefix: &str, each: &mut dyn FnMut(&str, Vec<u8>)) -> Result<(), StoreError> {
        self.each("SELECT name, value FROM notes WHERE name >= ?1 ORDER BY name", params![prefix], |row| {
            let name = row.get_ref(0)?.as_str()?;
            let wanted = name.starts_with(prefix);
            if wanted {
                each(name, row.get(1)?);
            }
            Ok(wanted)
        })
    }
    fn journal(&mut self, seat: Seat) -> Result<Vec<JournalRow>, StoreError> {
        let sql = "SELECT seat, position, from_time, to_time, lines FROM journal WHERE seat = ?1 ORDER BY position";
        self.all(sql, params![seat], |row| {
            Ok(JournalRow {
                seat: row.get(0)?,
                position: Position(unsigned(row, 1)?),
                from: time_of(row, 2)?,
                to: time_of(row, 3)?,
                lines: row.get(4)?,
            })
        })
    }
    fn ledger(&mut self, seat: Seat) -> Result<Vec<LedgerRow>, StoreError> {
        let sql =
            "SELECT seat, is_call, run, step, repetition, ordered_at, settled_at, journey, what, channel, attempts,
                          outcome, provider_id, why
                   FROM ledger WHERE seat = ?1 ORDER BY is_call, run, step, repetition";
        self.all(sql, params![seat], |row| {
            Ok(LedgerRow {
                key: key_of(row, 0)?,
                ordered_at: time_of(row, 5)?,
                settled_at: time_of(row, 6)?,
                journey: row.get(7)?,
                what: row.get(8)?,
                channel: row.get(9)?,
                attempts: row.get(10)?,
                outcome: row.get(11)?,
                provider_id: row.get(12)?,
                why: row.get(13)?,
            })
        })
    }
    fn consents(&mut self, seat: Seat) -> Result<Vec<ConsentRow>, StoreError> {
        let sql = "SELECT position, ordinal, seat, at, purpose, channel, given, how, source
                   FROM consents WHERE seat = ?1 ORDER BY position, ordinal";
        self.all(sql, params![seat], |row| {
            Ok(ConsentRow {
                position: Position(unsigned(row, 0)?),
                ordinal: row.get(1)?,
                seat: row.get(2)?,
                at: time_of(row, 3)?,
                purpose: row.get(4)?,
                channel: row.get(5)?,
                given: row.get(6)?,
                how: row.get(7)?,
                source: row.get(8)?,
            })
        })
    }
    fn dead(&mut self, after: u64, limit: usize) -> Result<Vec<DeadRow>, StoreError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql =
            "SELECT number, at, source, reason, detail, body FROM dead WHERE number > ?1 ORDER BY number LIMIT ?2";
        self.all(sql, params![after, limit], |row| {
            Ok(DeadRow {
                number: unsigned(row, 0)?,
                at: time_of(row, 1)?,
                source: row.get(2)?,
                reason: row.get(3)?,
                detail: row.get(4)?,
                body: row.get(5)?,
            })
        })
    }
    fn counts(&mut self) -> Result<StoreCounts, StoreError> {
        Ok(StoreCounts {
            people: self.count("people")?,
            waiting: self.count("waiting")?,
            pending: self.count("pending")?,
            ledger: self.count("ledger")?,
            dead: self.count("dead")?,
        })
    }
}
