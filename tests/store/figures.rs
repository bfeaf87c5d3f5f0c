//! What a person costs on the disk, and what a timer costs among a million.

use rusqlite::{Connection, StatementStatus};
use tabi::ports::store::{IdKind, Position, Store};
use tabi::store::sqlite::{SqliteStore, WAKING};
use tabi::value::Instant;

use super::rows::*;

/// Bytes of a waiting person's encoded state, as in a journey of five steps with some history.
const STATE: usize = 250;

#[test]
fn a_waiting_person_takes_less_than_400_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tabi.db");
    let mut store = SqliteStore::open(&path).unwrap();
    let people = 40_000u32;
    for round in 0..4 {
        for part in 0..20u32 {
            let mut next = checkpoint(1 + u64::from(round * 20 + part));
            for seat in part * people / 20..(part + 1) * people / 20 {
                // Timers lie at random; later rounds move them.
                let wake = i64::from((seat ^ (round << 20)).wrapping_mul(2_654_435_761) % 500_000);
                next.people.push((seat, Some(person(Some(wake), &[seat as u8; STATE]))));
                if round == 0 {
                    let user = format!("u{:012x}", u64::from(seat).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16);
                    next.ids.push(id(&user, IdKind::User, seat));
                    next.ids.push(id(&user, IdKind::Name, seat));
                }
            }
            store.write(&next).unwrap();
        }
    }
    assert_eq!(store.position().unwrap().0, Position(80));
    drop(store);
    let bytes = std::fs::metadata(&path).unwrap().len() as f64 / f64::from(people);
    println!("{bytes:.0} bytes for each waiting person with a state of {STATE} bytes, an id and a name");
    assert!(bytes > STATE as f64 && bytes <= 400.0, "{bytes}");
}

/// Steps of SQLite's machine for the 100 people of the next minutes, and their plan.
fn cost(people: i64) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tabi.db");
    drop(SqliteStore::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    // Every second has a timer, in no order of seats; one person in ten waits for nothing.
    connection
        .execute(
            "WITH RECURSIVE n (seat) AS (SELECT 0 UNION ALL SELECT seat + 1 FROM n WHERE seat + 1 < ?1)
             INSERT INTO people SELECT seat, iif(seat % 10 = 3, NULL, ((seat * 7919) % ?1) * 1000), x'00' FROM n",
            [people],
        )
        .unwrap();
    let plan: String =
        connection.query_row(&format!("EXPLAIN QUERY PLAN {WAKING}"), [0, 0], |row| row.get("detail")).unwrap();
    let mut statement = connection.prepare(WAKING).unwrap();
    let mut found = 0;
    let mut rows = statement.query([Instant(500_000).0, Instant(1_000_000).0]).unwrap();
    while found < 100 && rows.next().unwrap().is_some() {
        found += 1;
    }
    drop(rows);
    assert_eq!(found, 100);
    assert_eq!(statement.get_status(StatementStatus::Sort), 0);
    assert_eq!(statement.get_status(StatementStatus::FullscanStep), 0);
    (statement.get_status(StatementStatus::VmStep), plan)
}

#[test]
fn the_next_timers_cost_the_same_among_a_million() {
    let (few, plan) = cost(1_000);
    let (many, _) = cost(1_000_000);
    println!("{few} steps among 1,000 people, {many} among 1,000,000: {plan}");
    assert_eq!(few, many);
    assert!(plan.contains("people_by_wake") && plan.contains("COVERING"), "{plan}");
}
