//! `docs/storage.md` and the README of a data folder: what they tell people to type, typed.
//!
//! Asks the library's own SQLite always, and the `sqlite3` of the machine where there is one.

use std::path::Path;
use std::process::Command;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use tabi::ports::store::IdKind;
use tabi::store;

use super::rows::*;

const PAGE: &str = include_str!("../../docs/storage.md");
const README: &str = include_str!("../../src/store/README.txt");

/// The small world of the page.
fn fill(folder: &Path) {
    let mut opened = store::open(folder).unwrap();
    opened.log.append(&[&b"x"[..]; 7]).unwrap();
    opened.log.sync().unwrap();
    let mut next = checkpoint(7);
    next.people.push((4, Some(person(Some(30), b"state"))));
    next.people.push((5, Some(person(Some(45), b"state"))));
    next.people.push((6, Some(person(None, b"state"))));
    next.ids.extend([id("taro", IdKind::User, 4), id("taro", IdKind::Name, 4), id("花子", IdKind::Name, 5)]);
    next.ids.push(id("device-1", IdKind::Anonymous, 4));
    next.ledger.extend([sent(key(4, false, 2), 9, "accepted"), sent(key(4, false, 3), 12, "refused")]);
    next.consents.extend([consent(4, 2, 0, None, true), consent(4, 6, 0, Some("line"), false)]);
    next.dead.push(dead(1, 3));
    opened.store.write(&next).unwrap();
}

/// Commands of the page with what they print.
fn commands() -> Vec<(String, String)> {
    let mut commands = Vec::new();
    for block in PAGE.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let (command, output) = block.split_once('\n').unwrap();
        let rest = command.strip_prefix("$ sqlite3 -readonly -header data/tabi.db ").unwrap();
        let quote = &rest[..1];
        let sql = rest.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)).unwrap();
        commands.push((sql.to_string(), output.to_string()));
    }
    commands
}

/// As `sqlite3 -header` prints.
fn print(connection: &Connection, sql: &str) -> String {
    let mut statement = connection.prepare(sql).unwrap();
    let mut lines = vec![statement.column_names().collect::<Vec<_>>().join("|")];
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let cells = (0..columns).map(|column| match row.get_ref(column).unwrap() {
            ValueRef::Null => String::new(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
        });
        lines.push(cells.collect::<Vec<_>>().join("|"));
    }
    lines.join("\n") + "\n"
}

#[test]
fn what_the_page_tells_to_type_prints_what_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let path = folder.path().join("tabi.db");
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let commands = commands();
    assert!(commands.len() >= 7);
    for (sql, output) in &commands {
        assert_eq!(&print(&connection, sql), output, "{sql}");
    }
    if Command::new("sqlite3").arg("--version").output().is_err() {
        return;
    }
    for (sql, output) in &commands {
        let told = Command::new("sqlite3").args(["-readonly", "-header"]).arg(&path).arg(sql).output().unwrap();
        assert_eq!((String::from_utf8_lossy(&told.stdout), told.stderr.as_slice()), (output.into(), &b""[..]), "{sql}");
    }
}

#[test]
fn what_the_readme_tells_to_type_works() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let connection = Connection::open(folder.path().join("tabi.db")).unwrap();
    let mut found = 0;
    for sql in README.lines().map(str::trim).filter(|line| line.starts_with("SELECT")) {
        assert!(print(&connection, sql).lines().count() > 1, "{sql} finds nothing");
        found += 1;
    }
    assert_eq!(found, 5);
}

#[test]
fn the_page_names_every_table_and_view() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let connection = Connection::open(folder.path().join("tabi.db")).unwrap();
    let sql = "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view')";
    let listed = print(&connection, sql);
    for line in listed.lines().skip(1) {
        let (kind, name) = line.split_once('|').unwrap();
        let there =
            if kind == "table" { PAGE.contains(&format!("`{name}`")) } else { PAGE.contains(&format!("FROM {name}")) };
        assert!(there, "the {kind} `{name}` is not on the page");
    }
    assert!(listed.lines().count() > 15);
}
