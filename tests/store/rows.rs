//! Rows for tests, and everything a store holds as one text.
//!
//! Writes nothing itself.

use std::fmt::Write;

use tabi::ports::store::{
    Checkpoint, ConsentRow, DeadRow, ForgottenRow, IdKind, IdRow, JournalRow, LedgerRow, MergeRow, PendingKey,
    PersonRow, Position, StoreReader,
};
use tabi::value::Instant;

/// 1 April 2026, 00:00 UTC.
pub const APRIL: i64 = 1_775_001_600_000;

pub fn at(minutes: i64) -> Instant {
    Instant(APRIL + minutes * 60_000)
}

pub fn checkpoint(position: u64) -> Checkpoint {
    Checkpoint { position: Position(position), at: at(position as i64), ..Checkpoint::default() }
}

pub fn person(wake: Option<i64>, state: &[u8]) -> PersonRow {
    PersonRow { wake: wake.map(at), state: state.to_vec() }
}

pub fn id(id: &str, kind: IdKind, seat: u32) -> IdRow {
    IdRow { id: id.into(), seat, kind }
}

pub fn key(seat: u32, is_call: bool, step: u16) -> PendingKey {
    PendingKey { seat, is_call, run: 3, step, repetition: 1 }
}

pub fn sent(key: PendingKey, settled: i64, outcome: &str) -> LedgerRow {
    LedgerRow {
        key,
        ordered_at: at(settled - 5),
        settled_at: at(settled),
        journey: "Welcome".into(),
        what: "挨拶".into(),
        channel: "line".into(),
        attempts: 2,
        outcome: outcome.into(),
        provider_id: (outcome == "accepted").then(|| format!("id-{settled}")),
        why: (outcome != "accepted").then(|| "誰もいない".into()),
    }
}

pub fn piece(seat: u32, position: u64, to: i64) -> JournalRow {
    let lines = format!("{seat}-{position}-{to}").into_bytes();
    JournalRow { seat, position: Position(position), from: at(to - 3), to: at(to), lines }
}

pub fn consent(seat: u32, position: u64, ordinal: u32, channel: Option<&str>, given: bool) -> ConsentRow {
    ConsentRow {
        seat,
        at: at(position as i64),
        purpose: "news".into(),
        channel: channel.map(str::to_string),
        given,
        how: "api".into(),
        source: "web 申込".into(),
        position: Position(position),
        ordinal,
    }
}

pub fn dead(number: u64, minute: i64) -> DeadRow {
    DeadRow {
        number,
        at: at(minute),
        source: "api".into(),
        reason: "unknown-event".into(),
        detail: format!("no event of this name ({number})"),
        body: br#"{"event":"x"}"#.to_vec(),
    }
}

pub fn forgotten(seat: u32, hash: u8) -> ForgottenRow {
    ForgottenRow { seat, at: at(0), tombstones: vec![[hash; 16]], names: Vec::new() }
}

pub fn merge(from: u32, into: u32) -> MergeRow {
    MergeRow { from, into, base: from * 10 }
}

/// Everything that can be asked of a reader, for seats below a number.
pub fn dump(reader: &mut dyn StoreReader, seats: u32) -> String {
    let mut text = String::new();
    let mut waking = Vec::new();
    for (from, to) in [(i64::MIN, i64::MAX), (at(0).0, at(20).0), (at(7).0, at(8).0), (at(8).0, at(7).0)] {
        let mut found = Vec::new();
        reader.waking(Instant(from), Instant(to), &mut |seat, wake| found.push((wake, seat))).unwrap();
        assert!(found.is_sorted());
        waking.push(found);
    }
    writeln!(text, "waking {waking:?}").unwrap();
    for from in [0, 3] {
        let mut people = Vec::new();
        reader
            .people(from, &mut |seat, person| {
                people.push((seat, person));
                people.len() < 4
            })
            .unwrap();
        writeln!(text, "people from {from} {people:?}").unwrap();
    }
    let mut ids = Vec::new();
    reader.ids(&mut |row| ids.push(row)).unwrap();
    writeln!(text, "ids {ids:?}").unwrap();
    let mut merges = Vec::new();
    reader.merges(&mut |row| merges.push(row)).unwrap();
    writeln!(text, "merges {merges:?}").unwrap();
    let mut hashes = Vec::new();
    reader.tombstones(&mut |hash| hashes.push(hash)).unwrap();
    writeln!(text, "tombstones {hashes:?}").unwrap();
    let mut pending = Vec::new();
    reader.pending(&mut |key, body| pending.push((key, body))).unwrap();
    writeln!(text, "pending {pending:?}").unwrap();
    for prefix in ["", "tick", "tick:2", "％"] {
        let mut notes = Vec::new();
        reader.notes(prefix, &mut |name, value| notes.push((name.to_string(), value))).unwrap();
        writeln!(text, "notes {prefix} {notes:?}").unwrap();
    }
    writeln!(text, "note {:?}", reader.note("tick:1").unwrap()).unwrap();
    let (mut people, mut waiting, mut ledger) = (0, 0, 0);
    for seat in 0..seats {
        let person = reader.person(seat).unwrap();
        people += u64::from(person.is_some());
        waiting += u64::from(person.as_ref().is_some_and(|person| person.wake.is_some()));
        let sends = reader.ledger(seat).unwrap();
        ledger += sends.len() as u64;
        writeln!(text, "{seat} {person:?} {sends:?}").unwrap();
        writeln!(text, "{seat} {:?} {:?}", reader.journal(seat).unwrap(), reader.consents(seat).unwrap()).unwrap();
    }
    let all = reader.dead(0, usize::MAX).unwrap();
    writeln!(text, "dead {all:?} {:?}", reader.dead(2, 1).unwrap()).unwrap();
    // What is counted along the way is what is there.
    let counts = reader.counts().unwrap();
    assert_eq!((counts.people, counts.waiting, counts.ledger), (people, waiting, ledger));
    assert_eq!((counts.pending, counts.dead), (pending.len() as u64, all.len() as u64));
    assert_eq!(reader.people_count().unwrap(), people);
    text
}
