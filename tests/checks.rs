//! The table of codes in `docs/checks.md`, against the codes there are; and the settings shown there.
//!
//! Compiles no example: `tests/pages.rs` does.

use std::collections::BTreeMap;

use tabi::diag::Code;
use tabi::diag::codes::NEED_DATA;
use tabi::project;
use tabi::text::SourceId;

const PAGE: &str = include_str!("../docs/checks.md");

/// Code, what it says of it, and its state.
fn rows() -> BTreeMap<&'static str, (&'static str, &'static str)> {
    let rows = PAGE.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [code, what, state] = cells[..] else { return None };
        code.starts_with(['E', 'W']).then_some((code, (what, state)))
    });
    rows.collect()
}

#[test]
fn every_code_is_on_the_table() {
    let rows = rows();
    let missing: Vec<String> = Code::ALL
        .iter()
        .filter(|code| rows.get(code.name()) != Some(&(code.title(), "checked")))
        .map(|code| format!("| {} | {} | checked |", code.name(), code.title()))
        .collect();
    assert!(missing.is_empty(), "docs/checks.md needs these rows:\n{}", missing.join("\n"));
}

#[test]
fn what_is_not_checked_says_why() {
    for (code, (_, state)) in rows() {
        let known = code.parse::<Code>().is_ok();
        assert!(known == (state == "checked"), "{code} is {state}");
        assert!(["checked", "needs data", "later"].contains(&state), "{code} is {state}");
    }
    let told: BTreeMap<&str, &str> = NEED_DATA.iter().map(|(code, en, _)| (*code, *en)).collect();
    let rows: BTreeMap<&str, &str> = rows()
        .into_iter()
        .filter(|(_, (_, state))| *state == "needs data")
        .map(|(code, (what, _))| (code, what))
        .collect();
    assert_eq!(told, rows);
}

#[test]
fn the_settings_shown_are_right() {
    for block in PAGE.split("```yaml ok\n").skip(1) {
        let text = block.split("```").next().unwrap_or_default();
        let found = project::parse_settings(text, SourceId(0)).1;
        assert!(found.is_empty(), "{found:?}");
    }
}
