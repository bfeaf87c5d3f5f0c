//! `docs/cli.md` is true: its reference is the program's own help, and each exit code it names is met.
//!
//! `TABI_UPDATE=1 cargo test` writes the generated part anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::run::{CONFIG, data, folder, output, tabi, told};
use super::shells::commands;

const BEGIN: &str = "<!-- generated: help -->\n";
const END: &str = "<!-- /generated -->\n";

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md")
}

fn reference() -> String {
    let mut text = String::new();
    for command in std::iter::once(None).chain(commands().iter().map(Some)) {
        let mut arguments: Vec<&str> = command.iter().map(|name| name.as_str()).collect();
        let title = format!("tabi {}", arguments.join(" "));
        arguments.push("--help");
        let (help, code) = told(&data(""), &arguments);
        assert_eq!(code, 0, "{title}");
        text.push_str(&format!("\n### `{}`\n\n```text\n{}\n```\n", title.trim(), help.trim_end()));
    }
    text + "\n"
}

#[test]
fn the_reference_is_the_help_itself() {
    let text = fs::read_to_string(page()).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the page has a generated part");
    let (written, after) = rest.split_once(END).expect("which ends");
    let now = reference();
    if std::env::var_os("TABI_UPDATE").is_some() {
        fs::write(page(), format!("{before}{BEGIN}{now}{END}{after}")).unwrap();
        return;
    }
    assert!(written == now, "docs/cli.md is behind the program's help; TABI_UPDATE=1 cargo test --test commands");
}

/// The numbers in the table of the page.
fn documented() -> Vec<i32> {
    let text = fs::read_to_string(page()).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter_map(|row| row.split(' ').next()?.parse().ok()).collect()
}

#[test]
fn every_documented_code_has_its_test() {
    assert_eq!(documented(), [0, 1, 2, 3, 64, 70, 75]);
}

#[test]
fn code_0_is_fine() {
    for arguments in [&["check"][..], &["test"], &["fix"], &["explain", "E0411"], &["--help"]] {
        assert_eq!(told(&data("good"), arguments).1, 0, "{arguments:?}");
    }
    let neat = folder(&[("tabi.yaml", CONFIG), ("a.tabi", "event e about profile { a: text }\n")]);
    assert_eq!(told(neat.path(), &["fmt", "--check"]).1, 0);
}

#[test]
fn code_1_is_findings() {
    assert_eq!(told(&data("bad"), &["check"]).1, 1);
    assert_eq!(told(&data("bad"), &["test"]).1, 1, "there is nothing to test");
    let messy = folder(&[("tabi.yaml", CONFIG), ("a.tabi", "event  e about profile {}\n")]);
    assert_eq!(told(messy.path(), &["fmt", "--check"]).1, 1);
}

#[test]
fn code_2_is_a_failed_test() {
    let shop = fs::read_to_string(data("good/shop.tabi")).unwrap();
    let wrong = shop.replace("+3d expect sent email hello", "+2d expect sent email hello");
    assert_eq!(told(folder(&[("tabi.yaml", CONFIG), ("shop.tabi", &wrong)]).path(), &["test"]).1, 2);
}

#[test]
fn code_2_is_a_broken_promise_and_the_story_that_breaks_it_fails() {
    let shop = fs::read_to_string(data("good/shop.tabi")).unwrap().replace("at most 2 messages", "at most 1 message");
    let project = folder(&[("tabi.yaml", CONFIG), ("shop.tabi", &shop)]);
    let (tested, code) = told(project.path(), &["test"]);
    assert!(tested.ends_with("1 passed, 0 failed\n"), "{tested}");
    assert_eq!(code, 2, "the promise is broken, and no test says so yet");

    let (checked, _) = told(project.path(), &["check"]);
    let from = checked.find("test welcome").expect("the story is told");
    let story: String = checked[from..].split_inclusive('\n').take_while(|line| line.trim() != "}").collect();
    fs::write(project.path().join("story.tabi"), story + "}\n").unwrap();
    let (tested, code) = told(project.path(), &["test"]);
    assert!(tested.ends_with("1 passed, 1 failed\n"), "{tested}");
    assert_eq!(code, 2);
}

#[test]
fn what_no_mail_can_be_made_of_is_found_by_check() {
    let shop = fs::read_to_string(data("good/shop.tabi")).unwrap();
    let shop = shop.replace("on email for marketing takes", "on email for transactional from \"hello.mjml\" takes");
    let mail = "---\nsubject: hello\nfrom: a@shop.example\n---\n<mjml>\n<mj-body><mj-section><mj-column>\
                <mj-text>1 < 2 {{ name }}</mj-text></mj-column></mj-section></mj-body></mjml>\n";
    let project = folder(&[("tabi.yaml", CONFIG), ("shop.tabi", &shop), ("hello.mjml", mail)]);
    let (checked, code) = told(project.path(), &["check"]);
    assert_eq!(code, 1, "{checked}");
    assert!(checked.contains("E0442") && checked.contains("hello.mjml:6:1"), "{checked}");
}

#[test]
fn code_3_is_changes() {
    let typo = folder(&[("tabi.yaml", CONFIG), ("a.tabi", "evnt e about profile {}\n")]);
    assert_eq!(told(typo.path(), &["fix", "--diff", "--detailed-exitcode"]).1, 3);
    assert_eq!(told(typo.path(), &["fix", "--diff"]).1, 0, "only where it is asked for");
}

#[test]
fn code_64_is_usage() {
    let empty = folder(&[]);
    for arguments in [
        &["chek"][..],
        &["check", "--fromat", "json"],
        &["check", "nowhere"],
        &["test", "--project", "nowhere"],
        &["fmt", "nowhere"],
        &["fmt", "--check", "nowhere"],
        &["fix", "nowhere"],
        &["explain", "E9999"],
        &["fmt", "--format", "json"],
    ] {
        assert_eq!(told(empty.path(), arguments).1, 64, "{arguments:?}");
    }
}

// 70, a fault of ours, is met inside the program: `a_panic_ends_with_the_number_of_our_fault` in `src/cli/mod.rs`.

#[test]
#[cfg(target_os = "linux")]
fn code_75_is_try_again() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = tabi(&data("good"), &["check"]).stdout(full).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(75));
}

#[test]
fn japanese_reaches_the_last_word() {
    for arguments in [&["--help"][..], &["check", "--help"], &["fmt", "--lang", "ja", "--nonsense"]] {
        let arguments: Vec<&str> = [&["--lang", "ja"], arguments].concat();
        let output = output(&data(""), &arguments);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        for word in ["Usage", "Options", "error", "help:", "unexpected", "Print"] {
            assert!(!text.contains(word), "{arguments:?}: `{word}` in\n{text}");
        }
    }
}
