//! The store in SQLite and the one in memory, on the same random checkpoints: no question tells them apart.
//!
//! Whether both are wrong in the same way is asked by the other tests.

use proptest::prelude::*;
use tabi::ports::store::{Checkpoint, IdKind, Retention, Store};
use tabi::store::memory::Memory;
use tabi::store::sqlite::SqliteStore;

use super::rows::*;

const SEATS: u32 = 6;

/// One row of a checkpoint, or a boundary.
#[derive(Debug, Clone)]
enum Change {
    Person {
        seat: u32,
        wake: Option<i64>,
        state: Option<Vec<u8>>,
    },
    Id {
        id: u8,
        kind: IdKind,
        seat: u32,
    },
    Merge {
        from: u32,
        into: u32,
    },
    Pending {
        seat: u32,
        is_call: bool,
        step: u16,
        body: Option<u8>,
    },
    Sent {
        seat: u32,
        is_call: bool,
        step: u16,
        minute: i64,
        accepted: bool,
    },
    Piece {
        seat: u32,
        position: u64,
        minute: i64,
    },
    Consent {
        seat: u32,
        position: u64,
        ordinal: u32,
        channel: Option<&'static str>,
        given: bool,
    },
    Dead {
        number: u64,
        minute: i64,
    },
    DeadGone {
        number: u64,
    },
    Forgotten {
        seat: u32,
        hash: u8,
    },
    Note {
        name: &'static str,
        value: Option<u8>,
    },
    /// Ends the checkpoint.
    Write {
        further: u64,
    },
    Purge([Option<i64>; 4]),
    Reopen,
}

fn change() -> impl Strategy<Value = Change> {
    use Change::*;
    let seat = || 0..SEATS;
    let minute = || 0..20i64;
    let wake = prop::option::weighted(0.7, minute());
    let state = prop::option::weighted(0.8, prop::collection::vec(any::<u8>(), 0..40));
    let kind = prop::sample::select(vec![IdKind::Anonymous, IdKind::User, IdKind::Name]);
    let channel = prop::sample::select(vec![None, Some("line"), Some("email")]);
    let note = prop::sample::select(vec!["tick:1", "tick:2", "tick:20", "program", "％"]);
    let before = || prop::option::of(minute());
    prop_oneof![
        4 => (seat(), wake, state).prop_map(|(seat, wake, state)| Person { seat, wake, state }),
        2 => (0..5u8, kind, seat()).prop_map(|(id, kind, seat)| Id { id, kind, seat }),
        1 => (seat(), seat()).prop_map(|(from, into)| Merge { from, into }),
        2 => (seat(), any::<bool>(), 0..2u16, prop::option::of(any::<u8>()))
            .prop_map(|(seat, is_call, step, body)| Pending { seat, is_call, step, body }),
        2 => (seat(), any::<bool>(), 0..2u16, minute(), any::<bool>())
            .prop_map(|(seat, is_call, step, minute, accepted)| Sent { seat, is_call, step, minute, accepted }),
        2 => (seat(), 0..20u64, minute()).prop_map(|(seat, position, minute)| Piece { seat, position, minute }),
        2 => (seat(), 0..20u64, 0..2u32, channel, any::<bool>())
            .prop_map(|(seat, position, ordinal, channel, given)| Consent { seat, position, ordinal, channel, given }),
        1 => (0..5u64, minute()).prop_map(|(number, minute)| Dead { number: number + 1, minute }),
        1 => (0..5u64).prop_map(|number| DeadGone { number: number + 1 }),
        1 => (seat(), any::<u8>()).prop_map(|(seat, hash)| Forgotten { seat, hash }),
        1 => (note, prop::option::of(any::<u8>())).prop_map(|(name, value)| Note { name, value }),
        3 => (0..3u64).prop_map(|further| Write { further }),
        1 => [before(), before(), before(), before()].prop_map(Purge),
        1 => Just(Reopen),
    ]
}

fn add(to: &mut Checkpoint, change: &Change) {
    match change.clone() {
        Change::Person { seat, wake, state } => to.people.push((seat, state.map(|state| person(wake, &state)))),
        Change::Id { id: n, kind, seat } => to.ids.push(id(&format!("id-{n}"), kind, seat)),
        Change::Merge { from, into } => to.merges.push(merge(from, into)),
        Change::Pending { seat, is_call, step, body } => {
            to.pending.push((key(seat, is_call, step), body.map(|b| vec![b])));
        }
        Change::Sent { seat, is_call, step, minute, accepted } => {
            let outcome = if accepted { "accepted" } else { "refused" };
            to.ledger.push(sent(key(seat, is_call, step), minute, outcome));
        }
        Change::Piece { seat, position, minute } => to.journal.push(piece(seat, position, minute)),
        Change::Consent { seat, position, ordinal, channel, given } => {
            to.consents.push(consent(seat, position, ordinal, channel, given));
        }
        Change::Dead { number, minute } => to.dead.push(dead(number, minute)),
        Change::DeadGone { number } => to.dead_gone.push(number),
        Change::Forgotten { seat, hash } => to.forgotten.push(forgotten(seat, hash)),
        Change::Note { name, value } => to.notes.push((name.into(), value.map(|value| vec![value; 3]))),
        Change::Write { .. } | Change::Purge(_) | Change::Reopen => unreachable!("ends a checkpoint"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn sqlite_and_memory_agree(changes in prop::collection::vec(change(), 1..120)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tabi.db");
        let mut sqlite = SqliteStore::open(&path).unwrap();
        let memory = Memory::new(0);
        let mut other = memory.open();
        let mut next = checkpoint(0);
        for change in &changes {
            match change {
                Change::Write { further } => {
                    let position = other.position().unwrap().0;
                    next.position.0 = position.0 + further;
                    let (one, two) = (sqlite.write(&next), other.write(&next));
                    prop_assert_eq!(one.is_ok(), two.is_ok());
                    prop_assert_eq!(one.is_ok(), *further > 0);
                    next = checkpoint(0);
                }
                Change::Purge([journal, ledger, consents, dead]) => {
                    let retention = Retention {
                        journal_before: journal.map(at),
                        ledger_before: ledger.map(at),
                        consents_before: consents.map(at),
                        dead_before: dead.map(at),
                    };
                    prop_assert_eq!(sqlite.purge(&retention).unwrap(), other.purge(&retention).unwrap());
                }
                Change::Reopen => {
                    drop(sqlite);
                    sqlite = SqliteStore::open(&path).unwrap();
                    other = memory.open();
                }
                row => {
                    add(&mut next, row);
                    continue;
                }
            }
            prop_assert_eq!(sqlite.position().unwrap(), other.position().unwrap());
            let one = dump(sqlite.reader().unwrap().as_mut(), SEATS);
            let two = dump(other.reader().unwrap().as_mut(), SEATS);
            prop_assert_eq!(one, two);
        }
    }
}
