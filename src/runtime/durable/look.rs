//! What the store has of one person, for whoever looks from beside the process that runs, or when none does.
//!
//! Changes nothing, and explains nothing: whoever looks does.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::machine::{Person, RunNo, SendId, rest};
use crate::ports::store::{IdKind, LedgerRow, PendingKey, StoreError, StoreReader};
use crate::ports::{Scope, Seat};
use crate::value::Instant;

use super::apply::is_public;
use super::diary::{self, Line};
use super::pending::Pending;
use super::record::Where;
use super::recover::{Deployment, OpenError, note};

/// Everything of one person that says why something happened to them.
pub struct Seen {
    /// As the person goes by.
    pub name: String,
    /// Of the program that ran last.
    pub program: Option<Deployment>,
    /// Everything up to here is in it.
    pub at: Instant,
    /// The id of first sight.
    pub id: Arc<str>,
    pub lines: Vec<Line>,
    /// Of the seats that became a part of the person.
    pub joined: BTreeMap<Seat, Vec<Line>>,
    /// What is done with, under the run's number of now.
    pub ledger: Vec<(SendId, LedgerRow)>,
    /// What is not, under the run's number of now.
    pub pending: Vec<(SendId, Pending)>,
    /// What is stopped.
    pub stops: Vec<Scope>,
}

/// Whoever has the id; nobody: `None`.
pub fn look(reader: &mut dyn StoreReader, id: &str) -> Result<Option<Seen>, OpenError> {
    // First: what is written meanwhile is later.
    let (_, at) = reader.position()?;
    let mut seat = None;
    if is_public(id) {
        reader.ids(&mut |row| {
            if row.id == id && matches!(row.kind, IdKind::Anonymous) {
                seat = Some(row.seat);
            }
        })?;
    }
    let mut merges = BTreeMap::new();
    reader.merges(&mut |row| {
        merges.insert(row.from, (row.into, row.base));
    })?;
    let current = |mut seat: Seat, mut run: u32| {
        while let Some((into, base)) = merges.get(&seat) {
            (seat, run) = (*into, run.saturating_add(*base));
        }
        (seat, run)
    };
    let Some(seat) = seat.map(|seat| current(seat, 0).0) else { return Ok(None) };
    let Some(row) = reader.person(seat)? else { return Ok(None) };
    let person =
        Person::from_bytes(&row.state).map_err(|_| OpenError::Damaged(format!("the person of seat {seat}")))?;
    let mut name = id.to_owned();
    reader.ids(&mut |row| {
        if row.seat == seat && matches!(row.kind, IdKind::Name) && is_public(&row.id) {
            name = row.id;
        }
    })?;
    let lines_of = |reader: &mut dyn StoreReader, seat| -> Result<Vec<Line>, StoreError> {
        Ok(reader.journal(seat)?.iter().flat_map(diary::lines_of).collect())
    };
    let send = |key: PendingKey| SendId { run: RunNo(current(key.seat, key.run).1), ..key.send().send };
    let others: Vec<Seat> = merges.keys().copied().filter(|from| current(*from, 0).0 == seat).collect();
    let (mut joined, mut ledger) = (BTreeMap::new(), Vec::new());
    for seat in others.iter().chain([&seat]) {
        ledger.extend(reader.ledger(*seat)?.into_iter().filter(|row| !row.key.is_call).map(|row| (send(row.key), row)));
    }
    for other in others {
        joined.insert(other, lines_of(reader, other)?);
    }
    let mut pending = Vec::new();
    reader.pending(&mut |key, bytes| {
        let read = rest::read::<Pending>(&bytes).ok().filter(|(pending, _)| pending.owner == seat && !key.is_call);
        pending.extend(read.map(|(read, _)| (send(key), read)));
    })?;
    let stops: Vec<Where> = note(reader, note::STOPS)?.unwrap_or_default();
    Ok(Some(Seen {
        name,
        program: Deployment::kept(reader)?,
        at,
        id: person.id().clone(),
        lines: lines_of(reader, seat)?,
        joined,
        ledger,
        pending,
        stops: stops.into_iter().map(scope).collect(),
    }))
}

fn scope(of: Where) -> Scope {
    match of {
        Where::Everything => Scope::Everything,
        Where::Channel(channel) => Scope::Channel(channel),
        Where::Journey(name) => Scope::Journey(name),
    }
}
