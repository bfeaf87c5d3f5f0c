//! The store in memory, with the same behaviour as the one in SQLite, and writes that fail on purpose: for tests in which
//! the process crashes and the disk fails.
//!
//! Outlives no process. What is written is "durable" for whoever opens the same memory again.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ports::Seat;
use crate::ports::store::{
    Checkpoint, ConsentRow, DeadRow, IdKind, IdRow, JournalRow, LedgerRow, MergeRow, PendingKey, PersonRow, Position,
    Retention, Store, StoreCounts, StoreError, StoreReader,
};
use crate::value::Instant;

use super::imagined::Chance;

/// How often in 65 536 times a write fails. All zero: none does.
#[derive(Debug, Clone, Copy, Default)]
pub struct WriteOdds {
    /// The disk is full; nothing is kept.
    pub full: u16,
    /// The operating system says no; nothing is kept.
    pub lost: u16,
    /// The operating system says no, and yet everything is kept.
    pub kept: u16,
}

/// What outlives a crash. Clones are the same memory.
#[derive(Clone)]
pub struct Memory(Arc<Mutex<Shared>>);

struct Shared {
    tables: Tables,
    chance: Chance,
    odds: WriteOdds,
    writes: u64,
}

/// One end of a [`Memory`], for writing and for reading.
pub struct MemoryStore(Memory);

#[derive(Clone, Default)]
struct Tables {
    position: Position,
    at: Instant,
    people: BTreeMap<Seat, PersonRow>,
    wakes: BTreeSet<(Instant, Seat)>,
    ids: BTreeMap<(String, bool), Seat>,
    names: BTreeMap<Seat, String>,
    merges: BTreeMap<Seat, MergeRow>,
    pending: BTreeMap<PendingKey, Vec<u8>>,
    ledger: BTreeMap<PendingKey, LedgerRow>,
    journal: BTreeMap<(Seat, Position), JournalRow>,
    consents: BTreeMap<(Position, u32), ConsentRow>,
    dead: BTreeMap<u64, DeadRow>,
    tombstones: BTreeSet<[u8; 16]>,
    notes: BTreeMap<String, Vec<u8>>,
}

impl Memory {
    /// The seed decides which writes fail, once odds are set.
    pub fn new(seed: u64) -> Memory {
        let (tables, odds) = (Tables::default(), WriteOdds::default());
        Memory(Arc::new(Mutex::new(Shared { tables, chance: Chance(seed), odds, writes: 0 })))
    }
    pub fn set_odds(&self, odds: WriteOdds) {
        self.shared().odds = odds;
    }
    /// What a process finds when it starts.
    pub fn open(&self) -> MemoryStore {
        MemoryStore(self.clone())
    }
    /// Checkpoints that were kept.
    pub fn writes(&self) -> u64 {
        self.shared().writes
    }
    fn shared(&self) -> MutexGuard<'_, Shared> {
        // A test that failed elsewhere says more than a second panic here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn position(&self) -> Result<(Position, Instant), StoreError> {
        let shared = self.0.shared();
        Ok((shared.tables.position, shared.tables.at))
    }

    fn write(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let shared = &mut *self.0.shared();
        let no =
            || StoreError::Io { doing: "writing a checkpoint".into(), error: io::Error::other("the disk says no") };
        if checkpoint.position <= shared.tables.position {
            let what = format!("a checkpoint at {} after one at {}", checkpoint.position.0, shared.tables.position.0);
            let error = io::Error::new(io::ErrorKind::InvalidInput, what);
            return Err(StoreError::Io { doing: "writing a checkpoint".into(), error });
        }
        if shared.chance.happens(shared.odds.full) {
            return Err(StoreError::Full);
        }
        if shared.chance.happens(shared.odds.lost) {
            return Err(no());
        }
        shared.tables.take(checkpoint);
        shared.writes += 1;
        if shared.chance.happens(shared.odds.kept) { Err(no()) } else { Ok(()) }
    }

    fn purge(&mut self, retention: &Retention) -> Result<u64, StoreError> {
        Ok(self.0.shared().tables.purge(retention))
    }

    fn reader(&self) -> Result<Box<dyn StoreReader>, StoreError> {
        Ok(Box::new(MemoryStore(self.0.clone())))
    }
}

impl Tables {
    fn take(&mut self, checkpoint: &Checkpoint) {
        self.position = checkpoint.position;
        self.at = checkpoint.at;
        let mut gone = BTreeSet::new();
        for row in &checkpoint.forgotten {
            self.tombstones.extend(&row.tombstones);
            self.add_with_merged(row.seat, &checkpoint.merges, &mut gone);
        }
        self.forget(&gone);
        self.dead.retain(|_, row| !checkpoint.forgotten.iter().any(|person| person.is_named_in(&row.body)));
        for (seat, person) in &checkpoint.people {
            let before = match person {
                Some(person) => {
                    self.wakes.extend(person.wake.map(|wake| (wake, *seat)));
                    self.people.insert(*seat, person.clone())
                }
                None => self.people.remove(seat),
            };
            let now = person.as_ref().and_then(|person| person.wake);
            if let Some(wake) = before.and_then(|before| before.wake).filter(|wake| Some(*wake) != now) {
                self.wakes.remove(&(wake, *seat));
            }
        }
        for row in &checkpoint.ids {
            match row.kind {
                IdKind::Anonymous => self.ids.insert((row.id.clone(), false), row.seat).map(drop),
                IdKind::User => self.ids.insert((row.id.clone(), true), row.seat).map(drop),
                IdKind::Name => self.names.insert(row.seat, row.id.clone()).map(drop),
            };
        }
        self.merges.extend(checkpoint.merges.iter().map(|merge| (merge.from, *merge)));
        for (key, body) in &checkpoint.pending {
            match body {
                Some(body) => self.pending.insert(*key, body.clone()),
                None => self.pending.remove(key),
            };
        }
        for row in &checkpoint.ledger {
            self.ledger.entry(row.key).or_insert_with(|| row.clone());
        }
        for row in &checkpoint.journal {
            self.journal.entry((row.seat, row.position)).or_insert_with(|| row.clone());
        }
        for row in &checkpoint.journal_again {
            self.journal.insert((row.seat, row.position), row.clone());
        }
        for row in &checkpoint.consents {
            self.consents.entry((row.position, row.ordinal)).or_insert_with(|| row.clone());
        }
        for row in &checkpoint.dead {
            self.dead.entry(row.number).or_insert_with(|| row.clone());
        }
        for number in &checkpoint.dead_gone {
            self.dead.remove(number);
        }
        for (name, value) in &checkpoint.notes {
            match value {
                Some(value) => self.notes.insert(name.clone(), value.clone()),
                None => self.notes.remove(name),
            };
        }
    }

    fn add_with_merged(&self, seat: Seat, merges: &[MergeRow], gone: &mut BTreeSet<Seat>) {
        let mut open = vec![seat];
        while let Some(seat) = open.pop() {
            if gone.insert(seat) {
                let all = merges.iter().chain(self.merges.values());
                open.extend(all.filter(|merge| merge.into == seat).map(|merge| merge.from));
            }
        }
    }

    fn forget(&mut self, gone: &BTreeSet<Seat>) {
        if gone.is_empty() {
            return;
        }
        let stays = |seat: &Seat| !gone.contains(seat);
        self.people.retain(|seat, _| stays(seat));
        self.wakes.retain(|(_, seat)| stays(seat));
        self.ids.retain(|_, seat| stays(seat));
        self.names.retain(|seat, _| stays(seat));
        self.merges.retain(|from, merge| stays(from) && stays(&merge.into));
        self.pending.retain(|key, _| stays(&key.seat));
        self.ledger.retain(|key, _| stays(&key.seat));
        self.journal.retain(|(seat, _), _| stays(seat));
        self.consents.retain(|_, row| stays(&row.seat));
    }

    fn purge(&mut self, retention: &Retention) -> u64 {
        let Retention { journal_before, ledger_before, consents_before, dead_before } = *retention;
        let young = |at: Instant, before: Option<Instant>| before.is_none_or(|before| at >= before);
        let rows =
            |tables: &Tables| tables.journal.len() + tables.ledger.len() + tables.consents.len() + tables.dead.len();
        let before = rows(self);
        self.journal.retain(|_, row| young(row.to, journal_before));
        self.ledger.retain(|_, row| young(row.settled_at, ledger_before));
        self.dead.retain(|_, row| young(row.at, dead_before));
        // The newest on each matter of somebody who is still there proves what holds now.
        let mut newest = BTreeMap::new();
        for (key, row) in &self.consents {
            newest.insert((row.seat, row.purpose.clone(), row.channel.clone()), *key);
        }
        newest.retain(|(seat, _, _), _| self.people.contains_key(seat));
        let newest: BTreeSet<_> = newest.into_values().collect();
        self.consents.retain(|key, row| young(row.at, consents_before) || newest.contains(key));
        (before - rows(self)) as u64
    }
}

impl StoreReader for MemoryStore {
    fn position(&mut self) -> Result<(Position, Instant), StoreError> {
        Store::position(self)
    }
    fn person(&mut self, seat: Seat) -> Result<Option<PersonRow>, StoreError> {
        Ok(self.0.shared().tables.people.get(&seat).cloned())
    }
    fn waking(&mut self, from: Instant, to: Instant, each: &mut dyn FnMut(Seat, Instant)) -> Result<(), StoreError> {
        if from < to {
            let shared = self.0.shared();
            shared.tables.wakes.range((from, 0)..(to, 0)).for_each(|(wake, seat)| each(*seat, *wake));
        }
        Ok(())
    }
    fn people_count(&mut self) -> Result<u64, StoreError> {
        Ok(self.0.shared().tables.people.len() as u64)
    }
    fn people(&mut self, from: Seat, each: &mut dyn FnMut(Seat, PersonRow) -> bool) -> Result<(), StoreError> {
        let shared = self.0.shared();
        let _ = shared.tables.people.range(from..).all(|(seat, person)| each(*seat, person.clone()));
        Ok(())
    }
    fn ids(&mut self, each: &mut dyn FnMut(IdRow)) -> Result<(), StoreError> {
        let shared = self.0.shared();
        for ((id, is_user), seat) in &shared.tables.ids {
            let kind = if *is_user { IdKind::User } else { IdKind::Anonymous };
            each(IdRow { id: id.clone(), seat: *seat, kind });
        }
        for (seat, name) in &shared.tables.names {
            each(IdRow { id: name.clone(), seat: *seat, kind: IdKind::Name });
        }
        Ok(())
    }
    fn merges(&mut self, each: &mut dyn FnMut(MergeRow)) -> Result<(), StoreError> {
        self.0.shared().tables.merges.values().for_each(|merge| each(*merge));
        Ok(())
    }
    fn tombstones(&mut self, each: &mut dyn FnMut([u8; 16])) -> Result<(), StoreError> {
        self.0.shared().tables.tombstones.iter().for_each(|hash| each(*hash));
        Ok(())
    }
    fn pending(&mut self, each: &mut dyn FnMut(PendingKey, Vec<u8>)) -> Result<(), StoreError> {
        self.0.shared().tables.pending.iter().for_each(|(key, body)| each(*key, body.clone()));
        Ok(())
    }
    fn note(&mut self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.shared().tables.notes.get(name).cloned())
    }
    fn notes(&mut self, prefix: &str, each: &mut dyn FnMut(&str, Vec<u8>)) -> Result<(), StoreError> {
        let shared = self.0.shared();
        let from = shared.tables.notes.range(prefix.to_string()..);
        from.take_while(|(name, _)| name.starts_with(prefix)).for_each(|(name, value)| each(name, value.clone()));
        Ok(())
    }
    fn journal(&mut self, seat: Seat) -> Result<Vec<JournalRow>, StoreError> {
        let shared = self.0.shared();
        let pieces = shared.tables.journal.range((seat, Position(0))..=(seat, Position(u64::MAX)));
        Ok(pieces.map(|(_, row)| row.clone()).collect())
    }
    fn ledger(&mut self, seat: Seat) -> Result<Vec<LedgerRow>, StoreError> {
        let shared = self.0.shared();
        Ok(shared.tables.ledger.values().filter(|row| row.key.seat == seat).cloned().collect())
    }
    fn consents(&mut self, seat: Seat) -> Result<Vec<ConsentRow>, StoreError> {
        let shared = self.0.shared();
        Ok(shared.tables.consents.values().filter(|row| row.seat == seat).cloned().collect())
    }
    fn dead(&mut self, after: u64, limit: usize) -> Result<Vec<DeadRow>, StoreError> {
        let shared = self.0.shared();
        let rows = shared.tables.dead.values().filter(|row| row.number > after);
        Ok(rows.take(limit).cloned().collect())
    }
    fn counts(&mut self) -> Result<StoreCounts, StoreError> {
        let shared = self.0.shared();
        let tables = &shared.tables;
        Ok(StoreCounts {
            people: tables.people.len() as u64,
            waiting: tables.wakes.len() as u64,
            pending: tables.pending.len() as u64,
            ledger: tables.ledger.len() as u64,
            dead: tables.dead.len() as u64,
        })
    }
}
