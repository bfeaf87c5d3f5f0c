//! A checkpoint becomes one transaction.
//!
//! Checks no meaning beyond the order of positions.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use crate::ports::Seat;
use crate::ports::store::{Checkpoint, ForgottenRow, IdKind, IdRow, MergeRow, PendingKey, StoreError};

use super::{failed, read, refused, signed};

pub fn write(connection: &mut rusqlite::Connection, checkpoint: &Checkpoint) -> Result<(), StoreError> {
    let writing = failed("writing a checkpoint");
    // Dropped on the way out, a transaction is rolled back.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&writing)?;
    let (last, _) = read::position(&transaction)?;
    if checkpoint.position <= last {
        return Err(refused(format!("a checkpoint at {} after one at {}", checkpoint.position.0, last.0)));
    }
    let position = signed(checkpoint.position.0)?;
    let mut rows = Rows { transaction: &transaction, tally: Tally::default() };
    rows.forget(&checkpoint.forgotten, &checkpoint.merges).map_err(&writing)?;
    rows.people(checkpoint).map_err(&writing)?;
    rows.ids(&checkpoint.ids, &checkpoint.merges).map_err(&writing)?;
    rows.pending(checkpoint).map_err(&writing)?;
    rows.ledger(checkpoint).map_err(&writing)?;
    rows.journal(checkpoint)?;
    rows.consents(checkpoint)?;
    rows.dead(checkpoint)?;
    rows.notes(checkpoint).map_err(&writing)?;
    rows.execute("UPDATE meta SET value = ?1 WHERE name = 'position'", params![position]).map_err(&writing)?;
    rows.execute("UPDATE meta SET value = ?1 WHERE name = 'at'", params![checkpoint.at.0]).map_err(&writing)?;
    rows.tally.write(&transaction).map_err(&writing)?;
    transaction.commit().map_err(&writing)
}

struct Rows<'a> {
    transaction: &'a Transaction<'a>,
    tally: Tally,
}

/// By how much the numbers of rows change.
#[derive(Debug, Default)]
pub struct Tally {
    pub people: i64,
    pub waiting: i64,
    pub pending: i64,
    pub ledger: i64,
    pub dead: i64,
}

impl Tally {
    pub fn write(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let Tally { people, waiting, pending, ledger, dead } = *self;
        for (name, change) in
            [("people", people), ("waiting", waiting), ("pending", pending), ("ledger", ledger), ("dead", dead)]
        {
            if change != 0 {
                let mut update = transaction.prepare_cached("UPDATE meta SET value = value + ?2 WHERE name = ?1")?;
                update.execute(params![name, change])?;
            }
        }
        Ok(())
    }
}

impl Rows<'_> {
    fn execute(&self, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<usize> {
        self.transaction.prepare_cached(sql)?.execute(values)
    }

    /// Everything of these people, and of the seats that were merged into them.
    fn forget(&mut self, forgotten: &[ForgottenRow], merges: &[MergeRow]) -> rusqlite::Result<()> {
        let mut seats = BTreeSet::new();
        for row in forgotten {
            for hash in &row.tombstones {
                let sql = "INSERT INTO tombstones (hash, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
                self.execute(sql, params![hash, row.at.0])?;
            }
            self.add_with_merged(row.seat, merges, &mut seats)?;
        }
        self.forget_dead(forgotten)?;
        for seat in &seats {
            self.forget_person(*seat)?;
            self.tally.pending -= self.execute("DELETE FROM pending WHERE seat = ?1", params![seat])? as i64;
            self.tally.ledger -= self.execute("DELETE FROM ledger WHERE seat = ?1", params![seat])? as i64;
            for table in ["names", "journal", "consents"] {
                self.execute(&format!("DELETE FROM {table} WHERE seat = ?1"), params![seat])?;
            }
            self.execute("DELETE FROM merges WHERE from_seat = ?1 OR into_seat = ?1", params![seat])?;
        }
        if seats.is_empty() {
            return Ok(());
        }
        // No index leads from seats to ids (it would cost everybody 35 bytes): one pass for all who are forgotten.
        self.transaction.execute_batch("CREATE TEMP TABLE IF NOT EXISTS gone (seat INTEGER PRIMARY KEY)")?;
        for seat in &seats {
            self.execute("INSERT INTO temp.gone (seat) VALUES (?1)", params![seat])?;
        }
        self.execute("DELETE FROM ids WHERE seat IN (SELECT seat FROM temp.gone)", [])?;
        self.execute("DELETE FROM temp.gone", [])?;
        Ok(())
    }

    /// Dead letters that name one of them, in one pass for all.
    fn forget_dead(&mut self, forgotten: &[ForgottenRow]) -> rusqlite::Result<()> {
        if forgotten.iter().all(|row| row.names.is_empty()) {
            return Ok(());
        }
        let mut gone: Vec<i64> = Vec::new();
        {
            let mut all = self.transaction.prepare("SELECT number, body FROM dead")?;
            let mut rows = all.query([])?;
            while let Some(row) = rows.next()? {
                let body: Vec<u8> = row.get(1)?;
                if forgotten.iter().any(|person| person.is_named_in(&body)) {
                    gone.push(row.get(0)?);
                }
            }
        }
        for number in gone {
            self.tally.dead -= self.execute("DELETE FROM dead WHERE number = ?1", params![number])? as i64;
        }
        Ok(())
    }

    fn add_with_merged(&self, seat: Seat, merges: &[MergeRow], seats: &mut BTreeSet<Seat>) -> rusqlite::Result<()> {
        let mut open = vec![seat];
        while let Some(seat) = open.pop() {
            if !seats.insert(seat) {
                continue;
            }
            open.extend(merges.iter().filter(|merge| merge.into == seat).map(|merge| merge.from));
            let mut select = self.transaction.prepare_cached("SELECT from_seat FROM merges WHERE into_seat = ?1")?;
            let mut rows = select.query(params![seat])?;
            while let Some(row) = rows.next()? {
                open.push(row.get(0)?);
            }
        }
        Ok(())
    }

    fn people(&mut self, checkpoint: &Checkpoint) -> rusqlite::Result<()> {
        for (seat, person) in &checkpoint.people {
            let Some(person) = person else {
                self.forget_person(*seat)?;
                continue;
            };
            let waited = self.waits(*seat)?;
            self.tally.people += i64::from(waited.is_none());
            self.tally.waiting += i64::from(person.wake.is_some()) - i64::from(waited == Some(true));
            self.execute(
                "INSERT INTO people (seat, wake, state) VALUES (?1, ?2, ?3)
                 ON CONFLICT (seat) DO UPDATE SET wake = excluded.wake, state = excluded.state",
                params![seat, person.wake.map(|wake| wake.0), person.state],
            )?;
        }
        Ok(())
    }
    fn forget_person(&mut self, seat: Seat) -> rusqlite::Result<()> {
        let waited = self.waits(seat)?;
        self.tally.people -= i64::from(waited.is_some());
        self.tally.waiting -= i64::from(waited == Some(true));
        self.execute("DELETE FROM people WHERE seat = ?1", params![seat])?;
        Ok(())
    }
    /// Whether a timer of this person runs; `None`: there is nobody.
    fn waits(&self, seat: Seat) -> rusqlite::Result<Option<bool>> {
        let mut select = self.transaction.prepare_cached("SELECT wake IS NOT NULL FROM people WHERE seat = ?1")?;
        select.query_row(params![seat], |row| row.get(0)).optional()
    }

    fn ids(&self, ids: &[IdRow], merges: &[MergeRow]) -> rusqlite::Result<()> {
        let by_id = "INSERT INTO ids (id, kind, seat) VALUES (?1, ?2, ?3)
                     ON CONFLICT (id, kind) DO UPDATE SET seat = excluded.seat";
        for row in ids {
            match row.kind {
                IdKind::Anonymous => self.execute(by_id, params![row.id, "anonymous", row.seat])?,
                IdKind::User => self.execute(by_id, params![row.id, "user", row.seat])?,
                IdKind::Name => self.execute(
                    "INSERT INTO names (seat, name) VALUES (?1, ?2)
                     ON CONFLICT (seat) DO UPDATE SET name = excluded.name",
                    params![row.seat, row.id],
                )?,
            };
        }
        for merge in merges {
            self.execute(
                "INSERT INTO merges (from_seat, into_seat, base) VALUES (?1, ?2, ?3)
                 ON CONFLICT (from_seat) DO UPDATE SET into_seat = excluded.into_seat, base = excluded.base",
                params![merge.from, merge.into, merge.base],
            )?;
        }
        Ok(())
    }

    fn pending(&mut self, checkpoint: &Checkpoint) -> rusqlite::Result<()> {
        for (key, body) in &checkpoint.pending {
            let PendingKey { seat, is_call, run, step, repetition } = key;
            let Some(body) = body else {
                let gone = self.execute(
                    "DELETE FROM pending
                     WHERE seat = ?1 AND is_call = ?2 AND run = ?3 AND step = ?4 AND repetition = ?5",
                    params![seat, is_call, run, step, repetition],
                )?;
                self.tally.pending -= gone as i64;
                continue;
            };
            let changed = self.execute(
                "UPDATE pending SET body = ?6
                 WHERE seat = ?1 AND is_call = ?2 AND run = ?3 AND step = ?4 AND repetition = ?5",
                params![seat, is_call, run, step, repetition, body],
            )?;
            if changed == 0 {
                self.execute(
                    "INSERT INTO pending (seat, is_call, run, step, repetition, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![seat, is_call, run, step, repetition, body],
                )?;
                self.tally.pending += 1;
            }
        }
        Ok(())
    }

    fn ledger(&mut self, checkpoint: &Checkpoint) -> rusqlite::Result<()> {
        for row in &checkpoint.ledger {
            let PendingKey { seat, is_call, run, step, repetition } = row.key;
            let new = self.execute(
                "INSERT INTO ledger (seat, is_call, run, step, repetition, ordered_at, settled_at, journey, what, channel,
                                     attempts, outcome, provider_id, why)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO NOTHING",
                params![
                    seat,
                    is_call,
                    run,
                    step,
                    repetition,
                    row.ordered_at.0,
                    row.settled_at.0,
                    row.journey,
                    row.what,
                    row.channel,
                    row.attempts,
                    row.outcome,
                    row.provider_id,
                    row.why
                ],
            )?;
            self.tally.ledger += new as i64;
        }
        Ok(())
    }

    fn journal(&self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        for row in &checkpoint.journal {
            self.execute(
                "INSERT INTO journal (seat, position, from_time, to_time, lines) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING",
                params![row.seat, signed(row.position.0)?, row.from.0, row.to.0, row.lines],
            )
            .map_err(failed("writing a checkpoint"))?;
        }
        for row in &checkpoint.journal_again {
            let sql = "UPDATE journal SET lines = ?3 WHERE seat = ?1 AND position = ?2";
            self.execute(sql, params![row.seat, signed(row.position.0)?, row.lines])
                .map_err(failed("writing a checkpoint"))?;
        }
        Ok(())
    }

    fn consents(&self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        for row in &checkpoint.consents {
            self.execute(
                "INSERT INTO consents (position, ordinal, seat, at, purpose, channel, given, how, source)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
                params![
                    signed(row.position.0)?,
                    row.ordinal,
                    row.seat,
                    row.at.0,
                    row.purpose,
                    row.channel,
                    row.given,
                    row.how,
                    row.source
                ],
            )
            .map_err(failed("writing a checkpoint"))?;
        }
        Ok(())
    }

    fn dead(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let writing = failed("writing a checkpoint");
        for row in &checkpoint.dead {
            let new = self.execute(
                "INSERT INTO dead (number, at, source, reason, detail, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO NOTHING",
                params![signed(row.number)?, row.at.0, row.source, row.reason, row.detail, row.body],
            );
            self.tally.dead += new.map_err(&writing)? as i64;
        }
        for number in &checkpoint.dead_gone {
            let gone = self.execute("DELETE FROM dead WHERE number = ?1", params![signed(*number)?]);
            self.tally.dead -= gone.map_err(&writing)? as i64;
        }
        Ok(())
    }

    fn notes(&self, checkpoint: &Checkpoint) -> rusqlite::Result<()> {
        for (name, value) in &checkpoint.notes {
            match value {
                Some(value) => self.execute(
                    "INSERT INTO notes (name, value) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    params![name, value],
                )?,
                None => self.execute("DELETE FROM notes WHERE name = ?1", params![name])?,
            };
        }
        Ok(())
    }
}
