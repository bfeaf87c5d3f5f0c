//! What is old is removed.
//!
//! Decides no periods; those come from the project.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, params};

use crate::ports::store::{Retention, StoreError};
use crate::value::Instant;

use super::write::Tally;
use super::{PATIENCE, failed};

/// A consent or withdrawal is the proof of what holds now until a later one on the same matter takes its place, or the
/// person is gone: so long it stays, however old.
const CONSENTS: &str = "DELETE FROM consents WHERE at < ?1 AND (
        seat NOT IN (SELECT seat FROM people)
        OR EXISTS (SELECT 1 FROM consents AS later
                   WHERE later.seat = consents.seat AND later.purpose = consents.purpose
                     AND later.channel IS consents.channel
                     AND (later.position, later.ordinal) > (consents.position, consents.ordinal)))";

pub fn purge(connection: &mut Connection, retention: &Retention) -> Result<u64, StoreError> {
    let purging = failed("purging what is old");
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&purging)?;
    let Retention { journal_before, ledger_before, consents_before, dead_before } = retention;
    let remove = |sql: &str, before: &Option<Instant>| {
        before.map_or(Ok(0), |before| transaction.execute(sql, params![before.0])).map_err(&purging)
    };
    let journal = remove("DELETE FROM journal WHERE to_time < ?1", journal_before)?;
    let ledger = remove("DELETE FROM ledger WHERE settled_at < ?1", ledger_before)?;
    let consents = remove(CONSENTS, consents_before)?;
    let dead = remove("DELETE FROM dead WHERE at < ?1", dead_before)?;
    let tally = Tally { ledger: -(ledger as i64), dead: -(dead as i64), ..Tally::default() };
    tally.write(&transaction).map_err(&purging)?;
    transaction.commit().map_err(&purging)?;
    empty_wal(connection).map_err(&purging)?;
    Ok((journal + ledger + consents + dead) as u64)
}

/// Older states of pages that changed lie in the WAL until it is written over. Readers are not waited for: the next purge
/// or the next end comes.
pub fn empty_wal(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::ZERO)?;
    // Its row says how far it came.
    let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    connection.busy_timeout(PATIENCE)?;
    emptied
}
