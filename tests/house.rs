//! The house rules that no compiler holds: who may know whom, which rooms are pure, how large a file may grow.
//!
//! Reads the sources as text; knows nothing of what they do.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every room and the rooms it may know. Doors open downward only; `tests/house.rs` is where a new door is asked for.
const DOORS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("diag", &["text"]),
    ("value", &[]),
    // The language.
    ("syntax", &["text", "diag", "value"]),
    ("schema", &["text", "diag", "value", "syntax", "ir"]),
    ("check", &["text", "diag", "value", "syntax", "schema", "ir"]),
    ("lower", &["text", "diag", "value", "syntax", "schema", "check", "ir"]),
    ("content", &["text", "diag", "value", "schema", "ir"]),
    ("lint", &["content", "text", "diag", "value", "lower", "prove", "witness", "ir"]),
    ("fmt", &["text", "diag", "value", "syntax"]),
    ("compile", &["text", "diag", "value", "syntax", "schema", "check", "content", "lower", "lint", "ir"]),
    // The waist.
    ("ir", &["value"]),
    ("link", &["ir", "value"]),
    // The engine: does not know that there is a language.
    ("machine", &["ir", "value"]),
    ("ports", &["ingest", "render", "machine", "ir", "value"]),
    ("runtime", &["ingest", "render", "ports", "machine", "ir", "value"]),
    ("simulate", &["ingest", "runtime", "ports", "machine", "ir", "value"]),
    ("ingest", &["ir", "value"]),
    ("render", &["ir", "value"]),
    // Experiments: the numbers know no journeys, and what is read of a journal knows no host.
    ("stats", &[]),
    ("results", &["stats", "words", "machine", "ir", "value"]),
    // The edges: know the ports and not each other.
    ("store", &["ports", "value"]),
    ("channels", &["render", "ports", "machine", "ir", "value"]),
    ("server", &["ingest", "runtime", "ports", "machine", "ir", "value"]),
    // The proofs: know the program, not how it was written nor how it runs.
    ("prove", &["ir", "value"]),
    // Stories are told by the machine itself.
    ("witness", &["prove", "machine", "ir", "value"]),
    // The faces.
    ("words", &["ir", "value"]),
    ("diagram", &["words", "ir", "value"]),
    ("diff", &["words", "prove", "ir", "value"]),
    ("plan", &["words", "diff", "link", "simulate", "runtime", "ports", "machine", "ir", "value"]),
    ("cover", &["words", "prove", "simulate", "machine", "ir", "value"]),
    ("mutate", &["words", "prove", "ir", "value"]),
    ("why", &["words", "witness", "simulate", "runtime", "ports", "machine", "ir", "value"]),
    ("preview", &["render", "value"]),
    ("lifetime", &[]),
    ("report", &["lifetime", "words", "machine", "ir", "value"]),
    ("project", &["ports", "text", "diag", "value", "ir"]),
    (
        "cli",
        &[
            "text", "diag", "value", "fmt", "compile", "link", "lint", "ir", "machine", "simulate", "ingest", "prove",
            "witness", "diagram", "diff", "plan", "cover", "mutate", "words", "project", "preview", "render", "ports",
            "runtime", "store", "channels", "server", "results", "why", "report", "lifetime",
        ],
    ),
];

/// Rooms whose results depend on their arguments alone; `clippy.toml` holds the wall.
#[rustfmt::skip]
const PURE: &[&str] = &[
    "text",
    "diag",
    "value",
    "syntax",
    "schema",
    "check",
    "lower",
    "content",
    "lint",
    "fmt",
    "compile",
    "ir",
    "link",
    "machine",
    "prove",
    "words",
    "witness",
    "diagram",
    "diff",
    "plan",
    "cover",
    "mutate",
    "why",
    "render",
    "preview",
    "lifetime",
    "report",
    "stats",
    "results",
];

const WALL: &str = "#![deny(clippy::disallowed_methods, clippy::disallowed_types)]";

/// More than this is two files that have not been told apart yet.
const LINES_MAX: usize = 600;

struct File {
    path: PathBuf,
    room: String,
    text: String,
}

fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let inside = path.strip_prefix(&root).unwrap();
                let room = inside.components().next().unwrap().as_os_str().to_string_lossy();
                let room = room.trim_end_matches(".rs").to_string();
                let text = fs::read_to_string(&path).unwrap();
                files.push(File { path, room, text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 20, "the sources were not found");
    files
}

fn in_rooms() -> Vec<File> {
    sources().into_iter().filter(|file| file.room != "lib" && file.room != "main").collect()
}

/// The rooms that `crate::…` paths of a text lead to, grouped imports included; comments do not count.
fn rooms_named(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let mut rooms = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let whole_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        if whole_word {
            rooms.extend(heads(&code[at + found.len()..]));
        }
    }
    rooms
}

/// The first names of a path, or of each path of a `{…}` group.
fn heads(path: &str) -> Vec<String> {
    let name = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(name(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

fn allowed(room: &str) -> &'static [&'static str] {
    let entry = DOORS.iter().find(|(name, _)| *name == room);
    entry.unwrap_or_else(|| panic!("the room `{room}` is not in the table of doors")).1
}

#[test]
fn every_door_is_on_the_table() {
    let mut wrong = Vec::new();
    for file in in_rooms() {
        let doors = allowed(&file.room);
        for other in rooms_named(&file.text) {
            if other != file.room && !doors.contains(&other.as_str()) {
                wrong.push(format!("{}: `{}` may not know `{other}`", file.path.display(), file.room));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_no_cycle() {
    let doors: BTreeMap<&str, &[&str]> = DOORS.iter().copied().collect();
    for (room, _) in DOORS {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = doors[room].to_vec();
        while let Some(next) = open.pop() {
            assert_ne!(next, *room, "`{room}` can be reached from itself");
            if seen.insert(next) {
                open.extend(doors[next]);
            }
        }
    }
}

#[test]
fn pure_rooms_have_their_wall() {
    for room in PURE {
        let door = |file: &File| {
            file.room == *room
                && (file.path.ends_with(format!("{room}/mod.rs")) || file.path.ends_with(format!("{room}.rs")))
        };
        let root = sources().into_iter().find(door).unwrap_or_else(|| panic!("there is no room `{room}`"));
        assert!(root.text.contains(WALL), "`{room}` lacks `{WALL}`");
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_small() {
    for file in sources() {
        let path = file.path.display();
        assert!(file.text.starts_with("//!"), "{path} does not begin with `//!`");
        let lines = file.text.lines().count();
        assert!(lines <= LINES_MAX, "{path} has {lines} lines, at most {LINES_MAX}");
    }
}

#[test]
fn the_map_names_every_room() {
    let lib = sources().into_iter().find(|file| file.room == "lib").unwrap().text;
    let map: String = lib.lines().filter(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n");
    for line in lib.lines() {
        if let Some(room) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) {
            assert!(
                map.contains(&format!("{room}/")) || map.contains(&format!("{room}.rs")),
                "`{room}` is not on the map"
            );
            allowed(room);
        }
    }
}

#[test]
fn grouped_and_nested_paths_are_seen() {
    let text =
        "use crate::{ir::{Op, Pc}, value::Value, diag};\nlet x = crate::text::Span;\n// crate::cli\nmy_crate::no;";
    let rooms: Vec<String> = rooms_named(text).into_iter().collect();
    assert_eq!(rooms, ["diag", "ir", "text", "value"]);
}

/// Who adds a dependency says on the page what it stands for.
#[test]
fn the_page_names_every_dependency() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let (manifest, page) = (read("Cargo.toml"), read("docs/dependencies.md"));
    let mut names = Vec::new();
    let mut listed = false;
    for line in manifest.lines() {
        match line.strip_prefix('[') {
            Some(section) => listed = section.trim_end_matches(']').ends_with("dependencies"),
            None if listed => {
                names.extend(line.split_once('=').map(|(name, _)| name.trim()).filter(|n| !n.starts_with('#')))
            }
            None => {}
        }
    }
    assert!(names.len() > 50, "{names:?}");
    let missing: Vec<&&str> = names.iter().filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/dependencies.md does not name {missing:?}");
}
