//! The highlighting in `editors/` knows every word of the language.
//!
//! How it looks is the editor's matter.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The words of the language's grammar: each is a rule of its own, `kw_…`.
fn words_of_the_language() -> BTreeSet<String> {
    let grammar = read("grammar/tabi.pest");
    let rules = grammar.lines().filter(|line| line.starts_with("kw_"));
    rules.filter_map(|rule| rule.split('"').nth(1)).map(String::from).collect()
}

#[test]
fn every_word_of_the_language_is_highlighted() {
    let grammar = json("editors/vscode/syntaxes/tabi.tmLanguage.json");
    let patterns = grammar["repository"]["word"]["patterns"].as_array().expect("it has patterns of words");
    let matches = patterns.iter().filter_map(|pattern| pattern["match"].as_str());
    let inside = matches.map(|text| text.split_once("(?:").unwrap().1.split_once(')').unwrap().0);
    let known: BTreeSet<String> = inside.flat_map(|list| list.split('|')).map(String::from).collect();
    let words = words_of_the_language();
    assert!(words.len() > 80, "the words were not found");
    let missing: Vec<&String> = words.difference(&known).collect();
    assert!(missing.is_empty(), "add these to editors/vscode/syntaxes/tabi.tmLanguage.json: {missing:?}");
}

#[test]
fn the_extension_names_files_there_are() {
    let package = json("editors/vscode/package.json");
    let contributes = &package["contributes"];
    for path in [&contributes["languages"][0]["configuration"], &contributes["grammars"][0]["path"]] {
        json(&format!("editors/vscode/{}", path.as_str().unwrap().trim_start_matches("./")));
    }
}
