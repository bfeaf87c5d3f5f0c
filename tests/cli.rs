//! What a person sees: transcripts of the program itself, its exit codes and both its streams.
//!
//! Each transcript is a snapshot that begins with the command. Projects stand in `tests/cli/`, or are made on the spot.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tabi"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for name in ["LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command
}

fn transcript(folder: &Path, arguments: &[&str]) -> String {
    let output = program(folder, arguments).output().expect("the program starts");
    told(arguments, &output)
}

fn told(arguments: &[&str], output: &Output) -> String {
    let mut text = format!("$ tabi {}\n", arguments.join(" "));
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        if !bytes.is_empty() {
            text.push_str(&format!("--- {name}\n{}", String::from_utf8_lossy(bytes)));
        }
    }
    text + &format!("--- exit {}\n", output.status.code().expect("it was not killed"))
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli").join(name)
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is inside the folder")).expect("a folder can be made");
        fs::write(path, bytes).expect("a file can be written");
    }
    folder
}

const CONFIG: &[u8] = b"name: tiny\ntimezone: Asia/Tokyo\ncurrency: JPY\n";

macro_rules! seen {
    ($name:literal, $folder:expr, $($argument:expr),*) => {
        insta::assert_snapshot!($name, transcript($folder.as_ref(), &[$($argument),*]));
    };
}

#[test]
fn check_tells_all_mistakes_at_once() {
    seen!("check_good", data("good"), "check");
    seen!("check_bad", data("bad"), "check");
    seen!("check_bad_ja", data("bad"), "check", "--lang", "ja");
    seen!("check_bad_json", data("bad"), "check", "--format", "json");
}

#[test]
fn places_are_told_from_where_the_person_is() {
    let project = folder(&[("shop/tabi.yaml", CONFIG), ("shop/journeys/deep/a.tabi", b"evnt x\n")]);
    seen!("check_from_above", project, "check", "shop");
    seen!("check_from_inside", project.path().join("shop/journeys/deep"), "check");
    seen!("check_part", project, "check", "shop/journeys");
    seen!("check_file", project, "check", "shop/journeys/deep/a.tabi");
    seen!("show_of_a_broken_project", project, "show", "welcome", "--project", "shop");
}

#[test]
fn the_language_comes_from_the_locale() {
    let mut command = program(&data("good"), &["check"]);
    let japanese = command.env("LANG", "ja_JP.UTF-8").output().unwrap();
    assert!(String::from_utf8_lossy(&japanese.stdout).contains("問題なし"));
    let mut command = program(&data("good"), &["check"]);
    let overruled = command.env("LANG", "ja_JP.UTF-8").env("LC_ALL", "C").output().unwrap();
    assert!(String::from_utf8_lossy(&overruled.stdout).contains("no problems"));
}

#[test]
fn what_is_not_a_project_is_said_to_be_none() {
    seen!("missing_project", folder(&[]), "check", "nowhere");
    let empty = folder(&[]);
    // Above the folder of temporary files there is no project either.
    seen!("no_config", empty, "check");
    seen!("missing_project_json", empty, "check", "nowhere", "--format", "json");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let shift_jis = folder(&[("tabi.yaml", CONFIG), ("a.tabi", b"# \n# \x83\x4a\x81\x5b\x83\x67\n")]);
    seen!("not_utf8", shift_jis, "check");
    #[cfg(unix)]
    {
        let dangling = folder(&[("tabi.yaml", CONFIG)]);
        std::os::unix::fs::symlink("nowhere", dangling.path().join("lost.tabi")).unwrap();
        seen!("unreadable_file", dangling, "check");
        let looped =
            folder(&[("tabi.yaml", CONFIG), ("sub/a.tabi", b""), (".git/b.tabi", b"?"), ("target/c.tabi", b"?")]);
        std::os::unix::fs::symlink("..", looped.path().join("sub/up")).unwrap();
        seen!("loops_and_hidden_folders", looped, "check");
    }
    let nul = folder(&[("tabi.yaml", CONFIG), ("a.tabi", b"event \0 about profile {}\n")]);
    seen!("nul_byte", nul, "check");
}

#[test]
fn settings_are_judged_where_they_stand() {
    let wrong = "\
name: shop # the name
timezone: asia/tokyo
curency: JPY
max_event_age: 24
sample: { events: [a.csv, b.csv], maping: m.yaml }
lints:
  E0301: alow
  E0302: warn
  E0403: allow
  W9999: allow
response:
  line: { open: 130%, klick: 0.1 }
  fax: { open: 1% }
until: soon
";
    let wrong = folder(&[("tabi.yaml", wrong.as_bytes())]);
    seen!("settings_wrong", wrong, "check");
    seen!("settings_wrong_ja", wrong, "check", "--lang", "ja");
    seen!("settings_not_yaml", folder(&[("tabi.yaml", b"name: [a\ntimezone: b\n")]), "check");
    seen!("settings_twice", folder(&[("tabi.yaml", b"name: a\nname: b\n")]), "check");
    seen!("settings_empty", folder(&[("tabi.yaml", b"")]), "check");
    seen!("settings_list", folder(&[("tabi.yaml", b"- a\n- b\n")]), "check");
}

#[test]
fn levels_of_findings_are_the_projects() {
    let journey = b"event e about profile {}\npolicy p {}\n\
        journey j {\n  purpose repeat\n  owner \"@a\"\n  under policy p\n  reentry never\n  promise ends within 1d\n  review every 1y by \"@a\"\n  start when e\n  stop\n}\n";
    let config = |lints: &str| [CONFIG, lints.as_bytes()].concat();
    seen!("level_default", folder(&[("tabi.yaml", CONFIG), ("a.tabi", journey)]), "check");
    seen!(
        "level_warn",
        folder(&[("tabi.yaml", &config("lints: { E0301: { level: warn, reason: soon } }\n")), ("a.tabi", journey)]),
        "check"
    );
    let reasoned = config("lints:\n  E0301:\n    level: allow\n    reason: later\n");
    seen!("level_allow", folder(&[("tabi.yaml", &reasoned), ("a.tabi", journey)]), "check");
}

#[test]
fn fmt_lays_out_or_lists() {
    let messy = b"event  e about profile {   a:text }\n";
    let project = folder(&[("tabi.yaml", CONFIG), ("a.tabi", messy), ("b.tabi", b"evnt x\n")]);
    seen!("fmt_check", project, "fmt", "--check");
    assert_eq!(fs::read(project.path().join("a.tabi")).unwrap(), messy, "`--check` changes nothing");
    seen!("fmt", project, "fmt");
    assert_eq!(fs::read_to_string(project.path().join("a.tabi")).unwrap(), "event e about profile { a: text }\n");
    assert_eq!(fs::read(project.path().join("b.tabi")).unwrap(), b"evnt x\n", "a file with mistakes is left alone");
    seen!("fmt_again", project, "fmt", "a.tabi");
    seen!("fmt_missing", project, "fmt", "nowhere.tabi");
}

#[test]
fn explain_speaks_both_languages() {
    seen!("explain", data(""), "explain", "e0411");
    seen!("explain_ja", data(""), "explain", "E0411", "--lang", "ja");
    seen!("explain_unknown", data(""), "explain", "E0409");
    for (code, en, ja) in tabi::diag::codes::NEED_DATA {
        let told = transcript(&data(""), &["explain", code]);
        assert!(told.contains(en) && told.contains("live numbers"), "{told}");
        let told = transcript(&data(""), &["explain", &code.to_lowercase(), "--lang", "ja"]);
        assert!(told.contains(ja), "{told}");
    }
    // A line for each code, made from the registry itself.
    let list = transcript(&data(""), &["explain"]);
    for code in tabi::diag::Code::ALL {
        let line = list.lines().find(|line| line.contains(code.name()));
        assert!(line.is_some_and(|line| line.contains(code.title())), "{} is not listed", code.name());
    }
}

#[test]
fn wrong_arguments_end_with_their_own_number() {
    seen!("unknown_command", data(""), "chek");
    seen!("unknown_option", data(""), "check", "--fromat", "json");
    seen!("help", data(""), "--help");
    seen!("help_check", data(""), "check", "--help");
    let nothing = program(&data(""), &[]).output().unwrap();
    assert_eq!(nothing.status.code(), Some(64));
}

#[test]
fn show_draws_a_journey() {
    seen!("show_mermaid", data("good"), "show", "welcome");
    seen!("show_unknown", data("good"), "show", "welcom");
    let drawn = transcript(&data("good"), &["show", "welcome", "--as", "svg"]);
    assert_eq!(drawn, transcript(&data("good"), &["show", "welcome", "--as", "svg"]));
    insta::assert_snapshot!("show_svg", drawn);
    let out = folder(&[]);
    let path = out.path().join("welcome.svg");
    let silent = transcript(&data("good"), &["show", "welcome", "--out", path.to_str().unwrap()]);
    assert!(silent.ends_with("--- exit 0\n") && !silent.contains("stdout"));
    assert!(drawn.contains(&fs::read_to_string(path).unwrap()));
}

#[test]
fn test_tells_the_story_of_a_failure() {
    seen!("test", data("good"), "test");
    seen!("test_by_name", data("good"), "test", "three days");
    seen!("test_no_match", data("good"), "test", "welcom");
    let shop = fs::read_to_string(data("good/shop.tabi")).unwrap();
    let wrong = shop.replace("+3d expect sent email hello", "+2d expect sent email hello");
    assert_ne!(wrong, shop);
    let failing = folder(&[("tabi.yaml", CONFIG), ("shop.tabi", wrong.as_bytes())]);
    seen!("test_failing", failing, "test");
    seen!("test_failing_ja", failing, "test", "--lang", "ja");
    seen!("test_failing_json", failing, "test", "--format", "json");
}

#[test]
fn simulate_reports_on_a_tiny_project() {
    seen!("simulate", data("good"), "simulate");
    seen!("simulate_ja", data("good"), "simulate", "--lang", "ja");
    seen!("simulate_trace", data("good"), "simulate", "--trace", "taro");
    let json = transcript(&data("good"), &["simulate", "--json", "--threads", "1"]);
    assert!(json.contains("\"entered\": 2"), "{json}");
    let threads = transcript(&data("good"), &["simulate", "--json", "--threads", "4"]);
    assert_eq!(json.replace("--threads 1", ""), threads.replace("--threads 4", ""));
}

#[test]
fn the_end_of_the_sample_does_not_end_another_log() {
    let config = [CONFIG, b"sample: { events: s.ndjson }\nuntil: 2011-12-31\n"].concat();
    let line = br#"{"type":"page","userId":"a","timestamp":"2026-04-01T09:00:00Z"}
{"type":"identify","userId":"a","timestamp":"2026-04-01T09:00:00Z"}
"#;
    let made = folder(&[
        ("tabi.yaml", &config),
        ("a.tabi", b"profile { a: text? }\n"),
        ("o.ndjson", line),
        ("s.ndjson", line),
    ]);
    let after_the_end = |arguments: &[&str]| {
        let output = program(made.path(), arguments).output().expect("the program starts");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        report["input"]["after_until"].as_u64()
    };
    assert_eq!(after_the_end(&["simulate", "--json"]), Some(1));
    assert_eq!(after_the_end(&["simulate", "--json", "--events", "o.ndjson"]), Some(0));
}

#[test]
fn simulate_refuses_with_the_remedy() {
    seen!("simulate_strict", data("good"), "simulate", "--strict");
    seen!("simulate_nobody", data("good"), "simulate", "--trace", "nobody");
    seen!("simulate_no_file", data("good"), "simulate", "--events", "nowhere.csv");
    seen!(
        "simulate_no_mapping",
        folder(&[("tabi.yaml", CONFIG), ("a.csv", b"a,b\n")]),
        "simulate",
        "--events",
        "a.csv"
    );
    let wrong_mapping = folder(&[("tabi.yaml", CONFIG), ("a.csv", b"a,b\n"), ("m.yaml", b"evnt: x\n")]);
    seen!("simulate_wrong_mapping", wrong_mapping, "simulate", "--events", "a.csv", "--mapping", "m.yaml");
    let nobody = folder(&[("tabi.yaml", CONFIG), ("a.tabi", b"profile { a: text? }\n"), ("a.ndjson", b"not json\n")]);
    seen!("simulate_nothing_usable", nobody, "simulate", "--events", "a.ndjson");
    seen!("simulate_nothing", folder(&[("tabi.yaml", CONFIG)]), "simulate");
    seen!("simulate_wrong_time", data("good"), "simulate", "--until", "soon");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let plain = program(&data("bad"), &["check"]).output().unwrap();
    assert!(!plain.stdout.contains(&0x1b));
    let coloured = program(&data("bad"), &["check", "--color", "always"]).output().unwrap();
    assert!(coloured.stdout.contains(&0x1b));
}

#[test]
fn a_reader_that_leaves_ends_the_program_quietly() {
    let mut child = program(&data("bad"), &["check"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
