//! `tabi fix`: what it changes, what it shows, what it leaves alone.
//!
//! That every edit does away with its diagnostic is tested over the whole language suite, in `tests/language.rs`.

use std::fs;

use super::run::{CONFIG, folder, told};

const MISTAKES: &str =
    "profile { given_name: text? }\nevent e about profil { a: text｝\nenum rank { a }\nevnt f about profile {}\n";

#[test]
fn safe_edits_are_made_in_the_files() {
    let project = folder(&[("tabi.yaml", "name: tiny\ntimezone: asia/tokyo\ncurrency: JPY\n"), ("a.tabi", MISTAKES)]);
    let mut seen = String::new();
    for arguments in [
        &["fix", "--dry-run"][..],
        &["fix", "--diff"],
        &["fix", "--diff", "--detailed-exitcode", "."],
        &["fix", "e0103"],
        &["fix", ".", "--lang", "ja"],
        &["fix"],
        &["fix", "--dry-run", "--detailed-exitcode"],
        &["fix", ".", "E9999"],
        &["fix", "nowhere"],
    ] {
        let before = fs::read_to_string(project.path().join("a.tabi")).unwrap();
        let (text, code) = told(project.path(), arguments);
        seen.push_str(&format!("$ tabi {}\n{text}--- exit {code}\n\n", arguments.join(" ")));
        let after = fs::read_to_string(project.path().join("a.tabi")).unwrap();
        let shows_only = arguments.contains(&"--dry-run") || arguments.contains(&"--diff");
        assert!(!shows_only || before == after, "{arguments:?} changes nothing");
    }
    seen.push_str(&fs::read_to_string(project.path().join("a.tabi")).unwrap());
    seen.push_str(&fs::read_to_string(project.path().join("tabi.yaml")).unwrap());
    insta::assert_snapshot!("fix", seen);
    assert_eq!(told(project.path(), &["check"]).1, 0);
}

#[test]
fn files_that_cannot_be_read_stop_it() {
    let project = folder(&[("tabi.yaml", CONFIG), ("a.tabi", MISTAKES)]);
    fs::write(project.path().join("b.tabi"), b"# \x83\x4a\n").unwrap();
    assert_eq!(told(project.path(), &["fix"]).1, 1);
    assert_eq!(fs::read_to_string(project.path().join("a.tabi")).unwrap(), MISTAKES);
}
