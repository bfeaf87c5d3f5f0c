//! What is old is removed.
//!
//! Decides no periods; those come from the project.

use rusqlite::{Connection, TransactionBehavior, params};

use crate::ports::store::{Retention, StoreError};

use super::failed;

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
    let mut gone = 0;
    let Retention { journal_before, ledger_before, consents_before, dead_before } = retention;
    for (sql, before) in [
        ("DELETE FROM journal WHERE to_time < ?1", journal_before),
        ("DELETE FROM ledger WHERE settled_at < ?1", ledger_before),
        (CONSENTS, consents_before),
        ("DELETE FROM dead WHERE at < ?1", dead_before),
    ] {
        if let Some(before) = before {
            gone += transaction.execute(sql, params![before.0]).map_err(&purging)? as u64;
        }
    }
    transaction.commit().map_err(&purging)?;
    Ok(gone)
}
