//! Commands that compare with another version: in a git repository made on the spot, and between folders.
//!
//! What a difference is, is told in `tests/diff.rs`.

#![allow(clippy::disallowed_methods, reason = "a test makes its files")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const CONFIG: &str = "name: shop\ntimezone: Asia/Tokyo\ncurrency: JPY\n\
                      sender: { name: Shop, address: Kyoto, contact: shop@example.jp }\n";

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(folder).args([
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.jp",
        "-c",
        "commit.gpgsign=false",
    ]);
    let output = command.args(arguments).output().expect("git starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn tabi(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tabi"));
    for name in ["LC_ALL", "LC_MESSAGES", "LANG", "GIT_DIR", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().expect("the program starts")
}

/// Both streams and how it ended.
fn told(folder: &Path, arguments: &[&str]) -> (String, i32) {
    let output = tabi(folder, arguments);
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (text, output.status.code().expect("it was not killed"))
}

fn shop(wait: &str) -> String {
    let world = include_str!("prelude.tabi");
    let journey = include_str!("diff/shop.tabi").replace("  wait 2h\n", &format!("  wait {wait}\n"));
    format!("{world}\n{journey}")
}

/// A repository with the shop in `camp/`: the tag `v1` waits two hours, `main` three, and the work tree four.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let at = folder.path();
    fs::create_dir(at.join("camp")).unwrap();
    git(at, &["init", "-q", "-b", "main"]);
    fs::write(at.join("readme"), "nothing here yet\n").unwrap();
    git(at, &["add", "."]);
    git(at, &["commit", "-qm", "zero"]);
    git(at, &["tag", "v0"]);
    fs::write(at.join("camp/tabi.yaml"), CONFIG).unwrap();
    fs::write(at.join("camp/messages.txt"), "\n").unwrap();
    for (wait, tag) in [("2h", "v1"), ("3h", "v2")] {
        fs::write(at.join("camp/shop.tabi"), shop(wait)).unwrap();
        fs::create_dir_all(at.join("camp/messages")).unwrap();
        fs::write(at.join("camp/messages/hello.mjml"), MAIL).unwrap();
        fs::write(at.join("camp/messages/hello.line.json"), LINE).unwrap();
        git(at, &["add", "."]);
        git(at, &["commit", "-qm", wait]);
        git(at, &["tag", tag]);
    }
    fs::write(at.join("camp/shop.tabi"), shop("4h")).unwrap();
    folder
}

const MAIL: &str = "---\nsubject: Hello {{ name }}\nfrom: Shop <shop@example.jp>\n---\n<mjml><mj-body><mj-section>\
                    <mj-column><mj-text>{{ name }} {{ sender.name }} {{ sender.address }} {{ sender.contact }} \
                    <a href=\"{{ unsubscribe_url }}\">unsubscribe</a></mj-text></mj-column></mj-section></mj-body></mjml>\n";
const LINE: &str = "[{ \"type\": \"text\", \"text\": \"Hello {{ name }}\" }]\n";

#[test]
fn a_revision_is_compared_with_the_work_tree() {
    let folder = repository();
    let at = folder.path();
    for (arguments, expected) in [
        (&["diff", "v1", "camp"][..], "2 hours → 4 hours"),
        (&["diff", "main", "camp"], "3 hours → 4 hours"),
        (&["diff", "HEAD~1", "camp"], "2 hours → 4 hours"),
    ] {
        let (text, code) = told(at, arguments);
        assert!(text.contains(expected), "{text}");
        assert_eq!(code, 0);
    }
    // From inside, and back again: the places are those of the person.
    let (text, _) = told(&at.join("camp/messages"), &["diff", "v1", ".."]);
    assert!(text.contains("shop.tabi:"), "{text}");
    let (text, code) = told(at, &["diff", "v1", "camp", "--detailed-exitcode", "--format", "json"]);
    assert_eq!(code, 3);
    let json: serde_json::Value = serde_json::from_str(&text).expect("one document");
    assert_eq!(json["sections"][0]["changes"][0]["kind"], "retimed");
    fs::write(at.join("camp/shop.tabi"), shop("3h")).unwrap();
    let (text, code) = told(at, &["diff", "main", "camp", "--detailed-exitcode"]);
    assert_eq!((text.as_str(), code), ("no difference in meaning from main\n", 0));
}

#[test]
fn the_work_tree_and_the_temporary_folder_stay_as_they_are() {
    let folder = repository();
    let at = folder.path();
    let temporary = tempfile::tempdir().unwrap();
    let before = fs::read_to_string(at.join("camp/shop.tabi")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tabi"));
    let output = command.env("TMPDIR", temporary.path()).args(["diff", "v1", "camp"]).current_dir(at).output().unwrap();
    assert!(output.status.success());
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "nothing is left behind");
    assert_eq!(fs::read_to_string(at.join("camp/shop.tabi")).unwrap(), before);
}

#[test]
fn what_is_gone_stands_in_the_revision() {
    let folder = repository();
    let at = folder.path();
    fs::write(at.join("camp/shop.tabi"), include_str!("prelude.tabi")).unwrap();
    let (text, _) = told(at, &["diff", "v1", "camp"]);
    assert!(text.contains("journey cart “カート”: removed  (v1:camp/shop.tabi:"), "{text}");
}

#[test]
fn what_cannot_be_a_base_is_said() {
    let folder = repository();
    let at = folder.path();
    for (arguments, expected, expected_code) in [
        (&["diff", "mian", "camp"][..], "did you mean `main`?", 64),
        (&["diff", "v0", "camp"], "there is no project in `camp` at `v0`", 64),
        (&["diff", "--", "--upload-pack=touch x", "camp"], "neither a revision", 64),
        (&["diff", "HEAD:camp", "camp"], "neither a revision", 64),
        (&["diff", "", "camp"], "neither a revision", 64),
        (&["diff", "../nothing", "camp"], "there is no folder `../nothing`", 64),
    ] {
        let (text, code) = told(at, arguments);
        assert!(text.contains(expected), "{text}");
        assert_eq!(code, expected_code, "{text}");
    }
    fs::write(at.join("camp/shop.tabi"), "evnt x\n").unwrap();
    git(at, &["commit", "-aqm", "broken"]);
    fs::write(at.join("camp/shop.tabi"), shop("2h")).unwrap();
    let (text, code) = told(at, &["diff", "main", "camp"]);
    assert!(text.contains("the version `main` has 1 error,") && text.contains("main:camp/shop.tabi:1"), "{text}");
    assert_eq!(code, 1);
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("tabi.yaml"), CONFIG).unwrap();
    let (text, code) = told(outside.path(), &["diff", "main"]);
    assert!(text.contains("not in a git repository"), "{text}");
    assert_eq!(code, 64);
    let (text, _) = told(at, &["diff", "main", "camp", "--lang", "ja"]);
    assert!(text.contains("版 `main` に"), "{text}");
}

#[test]
fn without_git_folders_can_still_be_compared() {
    let folder = repository();
    let at = folder.path();
    let other = at.join("other");
    fs::create_dir_all(other.join("messages")).unwrap();
    for file in ["tabi.yaml", "messages/hello.mjml", "messages/hello.line.json"] {
        fs::copy(at.join("camp").join(file), other.join(file)).unwrap();
    }
    fs::write(other.join("shop.tabi"), shop("1h")).unwrap();
    let without_git = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tabi"));
        let output = command.env("PATH", "").args(arguments).current_dir(at).output().unwrap();
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    };
    assert!(without_git(&["diff", "other", "camp"]).contains("1 hour → 4 hours"));
    assert!(without_git(&["diff", "v1", "camp"]).contains("git cannot be started"));
}

const LOG: &str = r#"{"type":"identify","messageId":"1","userId":"u1","timestamp":"2026-04-01T01:00:00Z","traits":{"email":"a@example.jp","line_user":"U1","rank":"gold","consent":["marketing"]}}
{"type":"track","messageId":"2","userId":"u1","timestamp":"2026-04-01T02:00:00Z","event":"cart_updated","properties":{"cart_id":"c1","total":5400,"items":[]}}
"#;

#[test]
fn the_same_people_go_through_both_versions() {
    let folder = repository();
    let at = folder.path();
    fs::write(at.join("log.ndjson"), LOG).unwrap();
    let arguments = ["simulate", "camp", "--events", "log.ndjson", "--until", "2026-05-01", "--base"];
    let with = |more: &[&str]| told(at, &[&arguments[..], more].concat());
    let (text, code) = with(&["v1", "--format", "json"]);
    assert_eq!(code, 0, "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).expect("one document");
    assert_eq!((&json["base"], &json["people_changed"]), (&"v1".into(), &1.into()), "{text}");
    assert_eq!(json["people"][0]["turn"], "times");
    let (text, _) = with(&["v1", "--format", "md"]);
    assert!(text.contains("<details><summary><b>u1</b>"), "{text}");
    fs::write(at.join("camp/shop.tabi"), shop("3h")).unwrap();
    let (text, code) = with(&["main"]);
    assert_eq!((text.as_str(), code), ("no difference for these people between main and now\n", 0));
    let (text, code) = told(at, &["simulate", "camp", "--events", "-", "--base", "main"]);
    assert!(text.contains("can be read only once"), "{text}");
    assert_eq!(code, 64);
    fs::write(at.join("camp/tabi.yaml"), format!("{CONFIG}costs:\n  lime: 3 JPY\n  sms: 3\n")).unwrap();
    let (text, code) = with(&["main"]);
    assert!(text.contains("did you mean `line`?") && text.contains("a price such as `3 JPY`"), "{text}");
    assert_eq!(code, 1);
    fs::write(at.join("camp/tabi.yaml"), format!("{CONFIG}costs:\n  line: 3.5 JPY\n")).unwrap();
    let (text, _) = told(at, &["simulate", "camp", "--events", "log.ndjson", "--until", "2026-05-01"]);
    assert!(text.contains("cost of messages: 3.5 JPY (line 3.5 JPY)"), "{text}");
}

#[test]
fn tests_are_measured() {
    let folder = repository();
    let at = folder.path();
    let test = "\ntest cart \"quiet\" {\n  clock 2026-04-01 10:00 Asia/Tokyo\n  given profile { rank: gold }\n  +1d  expect never sent\n}\n";
    fs::write(at.join("camp/shop.tabi"), shop("2h") + test).unwrap();
    for (arguments, expected, expected_code) in [
        (&["test", "--coverage"][..], "cart", 0),
        (&["test", "--coverage", "--min", "1"], "0%", 2),
        (&["test", "--coverage", "--journey", "cat"], "did you mean `cart`?", 64),
        (&["test", "--coverage", "--format", "sarif"], "is not written in this format", 64),
        (&["test", "--mutants", "--limit", "10"], "of faults noticed (0 of 10, out of ", 0),
        (&["test", "--mutants", "--limit", "10", "--min", "50", "--lang", "ja"], "件中 0 件", 2),
        (&["test", "--mutants", "--limit", "3", "--format", "json"], "\"tried\": 3", 0),
        (&["test", "--mutants", "--coverage"], "cannot be used with", 64),
    ] {
        let (text, code) = told(&at.join("camp"), arguments);
        assert!(text.contains(expected), "{arguments:?}: {text}");
        assert_eq!(code, expected_code, "{arguments:?}: {text}");
    }
    fs::write(at.join("camp/shop.tabi"), shop("2h") + &test.replace("never sent", "sent line")).unwrap();
    let (text, code) = told(&at.join("camp"), &["test", "--mutants"]);
    assert!(text.contains("1 of the tests fail"), "{text}");
    assert_eq!(code, 2);
}

#[test]
fn the_files_of_messages_are_those_of_the_revision() {
    let folder = repository();
    let at = folder.path();
    fs::write(at.join("camp/shop.tabi"), shop("3h")).unwrap();
    fs::write(at.join("camp/messages/hello.mjml"), MAIL.replace("subject: Hello", "subject: Good day")).unwrap();
    let (text, code) = told(at, &["diff", "main", "camp"]);
    assert!(text.contains("~ subject: “Hello {{ name }}” → “Good day {{ name }}”"), "{text}");
    assert!(text.contains("1 change compared with main"), "{text}");
    assert_eq!(code, 0);
}
