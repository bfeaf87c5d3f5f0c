//! The acceptance list for every host of the machine: a case for each sentence of `docs/semantics.md`.
//!
//! Each file in `tests/conformance/` is a project of its own, together with `world.tabi`. Holds no rules: the chapter does.

#![allow(clippy::disallowed_methods, reason = "a test reads its files")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tabi::compile::{Compiled, Level, Settings, compile};
use tabi::diag::{Code, Language, render};
use tabi::simulate::timeline::{self, Failure};
use tabi::text::{Source, Sources};
use tabi::value::Zone;

const WORLD: &str = "tests/conformance/world.tabi";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "nothing in {folder}");
    files
}

/// Of what is wise rather than of what it means: headers, consent, caps, quiet hours, habits, actions.
fn judges(code: Code) -> bool {
    ["E03", "E09", "W"].iter().any(|range| code.name().starts_with(range))
}

/// A file of cases with the world. What only judges need is not asked for.
fn project(path: &Path) -> (Sources, Compiled) {
    let mut sources = Sources::default();
    for path in [&root().join(WORLD), path] {
        let name = path.file_name().unwrap().to_string_lossy();
        sources.add(Source::new(name, fs::read_to_string(path).unwrap()));
    }
    let levels = Code::ALL.iter().filter(|code| judges(**code)).map(|code| (*code, Level::Allow)).collect();
    let zone = Zone::from_name("Asia/Tokyo").unwrap();
    let settings = Settings { zone, levels, ..Settings::default() };
    let compiled = compile(&sources, &settings);
    (sources, compiled)
}

fn projects() -> Vec<(Sources, Compiled)> {
    let cases = files("tests/conformance").into_iter().filter(|path| !path.ends_with(WORLD));
    cases.map(|path| project(&path)).collect()
}

#[test]
fn cases_have_no_mistakes() {
    let mut found = String::new();
    for (sources, compiled) in projects() {
        // Cases ask for odd things on purpose: only what has no meaning is a mistake here.
        for diagnostic in compiled.diagnostics.iter().filter(|d| !d.code.is_livable()) {
            found += &render::pretty(diagnostic, &sources, Language::English, false);
        }
    }
    assert!(found.is_empty(), "{found}");
}

#[test]
fn every_timeline_comes_true() {
    let (mut count, mut failed) = (0, String::new());
    for (_, compiled) in projects() {
        let program = compiled.program.expect("cases have no mistakes");
        for timeline in &compiled.timelines {
            count += 1;
            for failure in timeline::run(&program, timeline).failures {
                let Failure { line, expected, came, why } = failure;
                failed += &format!(
                    "{}: `{}`: {}\n  expected {}\n  came     {}\n  {}\n",
                    line.place.line, timeline.title, line.text, expected.en, came.en, why.en
                );
            }
        }
    }
    assert!(failed.is_empty(), "{failed}");
    assert!(count >= 70, "only {count} timelines were found");
}

/// `1.12` and the like, in order of appearance.
fn numbers(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    let is_number =
        |word: &&str| word.split_once('.').is_some_and(|(a, b)| [a, b].iter().all(|part| part.parse::<u8>().is_ok()));
    words.map(|word| word.trim_matches('.')).filter(is_number).map(str::to_owned).collect()
}

#[test]
fn every_sentence_is_named_by_a_case() {
    let chapter = fs::read_to_string(root().join("docs/semantics.md")).unwrap();
    let sentences: Vec<String> =
        chapter.lines().filter_map(|l| l.strip_prefix("- **")).filter_map(|l| numbers(l).into_iter().next()).collect();
    assert!(sentences.len() > 60, "the sentences were not found");
    let mut named = BTreeSet::new();
    for (_, compiled) in projects() {
        named.extend(compiled.timelines.iter().flat_map(|timeline| numbers(&timeline.title)));
    }
    for path in files("src/machine/tests") {
        let text = fs::read_to_string(path).unwrap();
        named.extend(text.lines().filter_map(|l| l.trim().strip_prefix("/// Holds ")).flat_map(numbers));
    }
    let known: BTreeSet<String> = sentences.iter().cloned().collect();
    let missing: Vec<&String> = known.difference(&named).collect();
    assert!(missing.is_empty(), "no case names {missing:?}");
    let unknown: Vec<&String> = named.difference(&known).collect();
    assert!(unknown.is_empty(), "no sentence has {unknown:?}");
}
