//! The data folder: what is made, who may have it, what a person sees in it, and which files are refused.

use std::fs;

use rusqlite::Connection;
use tabi::ports::store::{IdKind, Position, Store, StoreError};
use tabi::store;
use tabi::store::memory::{Memory, WriteOdds};
use tabi::store::sqlite::SqliteStore;

use super::rows::*;

fn refusal<T>(result: Result<T, StoreError>) -> String {
    match result {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_folder_is_made_once_and_opened_again() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("data/tabi");
    let mut opened = store::open(&folder).unwrap();
    let secret = *opened.secret.bytes();
    assert_ne!(secret, [0; 32]);
    opened.log.append(&[b"one", b"two"]).unwrap();
    opened.log.sync().unwrap();
    let mut next = checkpoint(1);
    next.people.push((0, Some(person(None, b"state"))));
    opened.store.write(&next).unwrap();
    drop(opened);
    let opened = store::open(&folder).unwrap();
    assert_eq!(opened.secret.bytes(), &secret);
    assert_eq!(opened.log.end(), Position(2));
    assert_eq!(opened.store.position().unwrap(), (Position(1), at(1)));
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["README.txt", "lock", "log", "secret", "tabi.db", "tabi.db-shm", "tabi.db-wal"]);
    #[cfg(unix)]
    for (name, mode) in [(".", 0o700), ("log", 0o700), ("secret", 0o600), ("tabi.db", 0o600), ("README.txt", 0o600)] {
        use std::os::unix::fs::PermissionsExt;
        let found = fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name} has {found:o}");
    }
}

#[test]
fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let opened = store::open(folder.path()).unwrap();
    let by = format!("in use by process {}", std::process::id());
    assert_eq!(refusal(store::open(folder.path())), by);
    // Looking is for everybody.
    assert_eq!(store::look(folder.path()).unwrap().people_count().unwrap(), 0);
    // Either half keeps the folder.
    let tabi::store::Opened { log, store, .. } = opened;
    drop(log);
    assert_eq!(refusal(store::open(folder.path())), by);
    drop(store);
    store::open(folder.path()).unwrap();
}

#[test]
fn log_and_store_must_fit_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = store::open(folder.path()).unwrap();
    opened.log.append(&[b"one", b"two"]).unwrap();
    opened.log.sync().unwrap();
    opened.store.write(&checkpoint(2)).unwrap();
    drop(opened);
    fs::rename(folder.path().join("log"), folder.path().join("elsewhere")).unwrap();
    let said = refusal(store::open(folder.path()));
    assert_eq!(said, "damaged: the store includes 2 records, but the log ends after 0");
    fs::remove_dir_all(folder.path().join("log")).unwrap();
    fs::rename(folder.path().join("elsewhere"), folder.path().join("log")).unwrap();
    fs::rename(folder.path().join("secret"), folder.path().join("lost")).unwrap();
    let said = refusal(store::open(folder.path()));
    assert!(said.starts_with("damaged: the file `secret` is missing"), "{said}");
    fs::write(folder.path().join("secret"), b"short").unwrap();
    let said = refusal(store::open(folder.path()));
    assert_eq!(said, "damaged: the file `secret` has 5 bytes instead of 32; restore it from a backup");
}

/// A file of format 1 as it was first released, made by hand: later versions must open it for ever.
const FORMAT_1: &str = include_str!("format_1.sql");

#[test]
fn a_file_of_format_1_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tabi.db");
    Connection::open(&path).unwrap().execute_batch(FORMAT_1).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.position().unwrap(), (Position(7), at(7)));
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.person(4).unwrap(), Some(person(Some(30), b"state")));
    assert_eq!(reader.ledger(4).unwrap(), [sent(key(4, false, 2), 9, "accepted")]);
    let text = dump(reader.as_mut(), 10);
    assert!(text.contains("taro") && text.contains("tick:1"), "{text}");
}

#[test]
fn files_that_are_not_ours_to_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tabi.db");
    drop(SqliteStore::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE meta SET value = 99 WHERE name = 'format'", []).unwrap();
    drop(connection);
    let before = fs::read(&path).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::Newer { found: 99, known: 1 })));
    assert_eq!(fs::read(&path).unwrap(), before);

    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE customers (name TEXT)").unwrap();
    let said = refusal(SqliteStore::open(&other));
    assert_eq!(said, "damaged: tabi.db: this SQLite file was not made by Tabi");

    let text = folder.path().join("text.db");
    fs::write(&text, "This is no database; it is a text of some length, as somebody may have put it there.").unwrap();
    let said = refusal(SqliteStore::open(&text));
    assert!(said.starts_with("damaged: tabi.db"), "{said}");
}

#[test]
fn a_checkpoint_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tabi.db");
    let mut store = SqliteStore::open(&path).unwrap();
    store.write(&checkpoint(1)).unwrap();
    // Its last row cannot be written.
    let mut next = checkpoint(2);
    next.people.push((0, Some(person(Some(1), b"x"))));
    next.dead.push(dead(u64::MAX, 1));
    let before = dump(store.reader().unwrap().as_mut(), 3);
    assert!(store.write(&next).is_err());
    assert_eq!(store.position().unwrap().0, Position(1));
    assert_eq!(dump(store.reader().unwrap().as_mut(), 3), before);
    next.dead.clear();
    store.write(&next).unwrap();
    assert_ne!(dump(store.reader().unwrap().as_mut(), 3), before);
}

#[test]
fn forgetting_leaves_only_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tabi.db");
    let mut store = SqliteStore::open(&path).unwrap();
    let mut next = checkpoint(1);
    // 1 was merged into 2, 2 into 3, a checkpoint ago; 5 into 3 just now; 4 is somebody else.
    for seat in [1, 2, 3, 4, 5] {
        next.people.push((seat, Some(person(Some(1), b"state"))));
        next.ids.push(id(&format!("a{seat}"), IdKind::Anonymous, seat));
        next.ids.push(id(&format!("n{seat}"), IdKind::Name, seat));
        next.pending.push((key(seat, false, 1), Some(vec![1])));
        next.ledger.push(sent(key(seat, true, 1), 1, "accepted"));
        next.journal.push(piece(seat, 1, 1));
        next.consents.push(consent(seat, 1, seat, None, true));
    }
    next.merges.extend([merge(1, 2), merge(2, 3)]);
    store.write(&next).unwrap();
    let mut next = checkpoint(2);
    next.merges.push(merge(5, 3));
    next.forgotten.push(forgotten(3, 7));
    store.write(&next).unwrap();
    drop(store);
    // No byte of them is to be found by asking any table.
    let connection = Connection::open(&path).unwrap();
    for (table, column, rows) in [
        ("people", "seat", 1),
        ("ids", "seat", 1),
        ("names", "seat", 1),
        ("pending", "seat", 1),
        ("ledger", "seat", 1),
        ("journal", "seat", 1),
        ("consents", "seat", 1),
        ("tombstones", "hash", 1),
    ] {
        let sql = format!("SELECT count(*), max({column}) FROM {table}");
        let (count, seat): (i64, rusqlite::types::Value) =
            connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(count, rows, "{table}");
        assert!(table == "tombstones" || seat == rusqlite::types::Value::Integer(4), "{table}");
    }
}

#[test]
fn a_consent_in_force_is_kept_however_old() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&folder.path().join("tabi.db")).unwrap();
    let mut next = checkpoint(1);
    next.people.push((1, Some(person(None, b"here"))));
    next.consents.extend([
        consent(1, 1, 0, Some("line"), true),
        consent(1, 2, 0, Some("line"), false),
        consent(1, 3, 0, Some("line"), true),
        consent(1, 4, 0, None, true),
        consent(2, 5, 0, None, true),
    ]);
    store.write(&next).unwrap();
    let retention =
        |minutes| tabi::ports::store::Retention { consents_before: Some(at(minutes)), ..Default::default() };
    assert_eq!(store.purge(&retention(2)).unwrap(), 1);
    assert_eq!(store.purge(&retention(1000)).unwrap(), 2);
    let mut reader = store.reader().unwrap();
    let left: Vec<u64> = reader.consents(1).unwrap().iter().map(|row| row.position.0).collect();
    assert_eq!(left, [3, 4]);
    assert_eq!(reader.consents(2).unwrap(), []);
}

#[test]
fn memory_fails_as_told_and_keeps_what_it_says() {
    let memory = Memory::new(5);
    let half = 1 << 14;
    memory.set_odds(WriteOdds { full: half, lost: half, kept: half });
    let (mut full, mut lost, mut kept, mut done) = (0, 0, 0, 0);
    for position in 1..400 {
        // Another process each time.
        let mut store = memory.open();
        let before = store.position().unwrap().0;
        let result = store.write(&checkpoint(position));
        let after = memory.open().position().unwrap().0;
        match result {
            Ok(()) => {
                assert_eq!(after, Position(position));
                done += 1;
            }
            Err(StoreError::Full) => {
                assert_eq!(after, before);
                full += 1;
            }
            Err(_) if after == before => lost += 1,
            Err(_) => {
                assert_eq!(after, Position(position));
                kept += 1;
            }
        }
    }
    assert!(full > 50 && lost > 30 && kept > 30 && done > 50, "{full} {lost} {kept} {done}");
    assert_eq!(memory.writes(), done + kept);
}
