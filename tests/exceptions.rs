//! What a project lets pass and why: exceptions that end on a day, levels that need a reason, and every report that tells.
//!
//! Days are fixed here; only the program itself asks what day it is.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tabi::compile::{Compiled, Settings, compile};
use tabi::diag::Code;
use tabi::project;
use tabi::text::{Source, SourceId, Sources};
use tabi::value::Date;

const WORLD: &str = "profile {\n  email: email? pii\n}\nevent signed_up about profile\n\
    message hello on email for marketing class nurture\n\
    policy p {\n  quiet 21:00..08:00 then hold\n  cap 3 messages per 7d\n  consent marketing\n}\n";

/// A journey that lacks a goal, with a line of its own in the header.
fn journey(line: &str) -> String {
    format!(
        "journey j {{\n  purpose acquire\n  owner \"@a\"\n  about \"Says hello.\"\n  under policy p\n  review every 1y by \"@a\"\n  \
         reentry never\n  {line}\n  start when signed_up\n  send email hello\n}}\n"
    )
}

fn on(day: (i16, i8, i8), campaign: &str) -> Compiled {
    let mut sources = Sources::default();
    sources.add(Source::new("a.tabi", format!("{WORLD}{campaign}")));
    let today = Date::from_ymd(day.0, day.1, day.2);
    compile(&sources, &Settings { today, ..Settings::default() })
}

const UNTIL: &str = "allow E0301 because \"agreed in spring\" until 2026-12-31";

#[test]
fn an_exception_holds_to_the_end_of_its_last_day() {
    let last = on((2026, 12, 31), &journey(UNTIL));
    assert!(!last.diagnostics.iter().any(|d| d.code == Code::E0301), "{:?}", last.diagnostics);
    assert_eq!((last.exceptions[0].excused, last.exceptions[0].expired), (1, false));
    assert_eq!(last.suppressed.len(), 1);
    assert_eq!(last.suppressed[0].exception.as_deref(), Some("agreed in spring"));

    let after = on((2027, 1, 1), &journey(UNTIL));
    let found = after.diagnostics.iter().find(|d| d.code == Code::E0301).expect("it excuses nothing any more");
    assert!(found.others.iter().any(|o| o.text.en == "its exception ended on 2026-12-31"), "{found:?}");
    assert!(after.exceptions[0].expired);
    assert!(after.suppressed.is_empty());
}

#[test]
fn an_exception_at_the_top_of_a_file_holds_for_the_file() {
    let mut sources = Sources::default();
    sources.add(Source::new("world.tabi", WORLD));
    sources.add(Source::new("a.tabi", format!("allow E0301 because \"a draft\"\n{}", journey(""))));
    sources.add(Source::new("b.tabi", journey("").replace("journey j", "journey other")));
    let found = compile(&sources, &Settings::default());
    let goals: Vec<_> = found.diagnostics.iter().filter(|d| d.code == Code::E0301).collect();
    assert_eq!(goals.len(), 1, "{goals:?}");
    assert_eq!(sources.get(goals[0].primary.span.source).path, "b.tabi");
}

#[test]
fn an_error_is_lowered_with_a_reason_only() {
    let wrong = |lints: &str| {
        let text = format!("name: a\ntimezone: Asia/Tokyo\ncurrency: JPY\nlints:\n{lints}");
        project::parse_settings(&text, SourceId(0)).1.iter().map(|d| d.headline.en.clone()).collect::<Vec<_>>()
    };
    for lints in ["  E0301: warn\n", "  E0304: allow\n", "  E0301: { level: warn, reason: \" \" }\n"] {
        let found = wrong(lints);
        assert!(found.len() == 1 && found[0].contains("without a reason"), "{lints}: {found:?}");
    }
    for lints in
        ["  E0301: { level: warn, reason: soon }\n", "  W0311: allow\n", "  W0311: error\n", "  E0301: error\n"]
    {
        assert_eq!(wrong(lints), Vec::<String>::new(), "{lints}");
    }
}

fn told(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tabi"));
    command.args(arguments).current_dir(folder).env("LC_ALL", "C");
    String::from_utf8(command.output().expect("the program starts").stdout).expect("the output is UTF-8")
}

#[test]
fn every_report_tells_what_was_let_pass() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let config = "name: a\ntimezone: Asia/Tokyo\ncurrency: JPY\nlints:\n  E0305:\n    level: allow\n    reason: a bot for night owls\n";
    let campaign = format!(
        "{}{}",
        WORLD.replace("  quiet 21:00..08:00 then hold\n", ""),
        journey("allow E0301 because \"agreed in spring\"")
            .replace("start when", "allow W0109 because \"ended\" until 2020-01-31\n  start when")
    );
    for (name, text) in [("tabi.yaml", config), ("a.tabi", campaign.as_str())] {
        fs::write(folder.path().join(name), text).expect("a file can be written");
    }
    let pretty = told(folder.path(), &["check"]);
    assert!(pretty.contains("allowed E0301: agreed in spring (a.tabi:"), "{pretty}");
    assert!(pretty.contains("level E0305 allow: a bot for night owls (tabi.yaml:5)"), "{pretty}");
    let japanese = told(folder.path(), &["check", "--lang", "ja"]);
    assert!(japanese.contains("例外 E0301: agreed in spring"), "{japanese}");
    let markdown = told(folder.path(), &["check", "--format", "md"]);
    assert!(markdown.contains("**Exceptions and levels**\n\n- allowed E0301: agreed in spring"), "{markdown}");

    let json: Value = serde_json::from_str(&told(folder.path(), &["check", "--format", "json"])).expect("it is JSON");
    assert_eq!(json["exceptions"][0]["code"], "E0301");
    assert_eq!(json["exceptions"][0]["findings"], 1);
    assert_eq!(json["exceptions"][1]["expired"], true);
    assert_eq!(json["levels"][0]["code"], "E0305");
    assert_eq!(json["levels"][0]["level"], "allow");
    assert_eq!(json["levels"][0]["reason"], "a bot for night owls");

    let sarif: Value = serde_json::from_str(&told(folder.path(), &["check", "--format", "sarif"])).expect("it is JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("there are results");
    let of = |code: &str| &results.iter().find(|r| r["ruleId"] == code).expect("it is kept")["suppressions"][0];
    assert_eq!(of("E0301")["kind"], "inSource");
    assert_eq!(of("E0301")["justification"], "agreed in spring");
    assert_eq!(of("E0305")["kind"], "external");
    assert_eq!(of("E0305")["justification"], "a bot for night owls");
}

#[test]
fn what_has_ended_is_told() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let config = "name: a\ntimezone: Asia/Tokyo\ncurrency: JPY\n";
    let campaign = format!("{WORLD}{}", journey("allow E0301 because \"agreed in spring\" until 2020-01-31"));
    for (name, text) in [("tabi.yaml", config), ("a.tabi", campaign.as_str())] {
        fs::write(folder.path().join(name), text).expect("a file can be written");
    }
    let pretty = told(folder.path(), &["check"]);
    assert!(pretty.contains("expired E0301 on 2020-01-31: agreed in spring (a.tabi:"), "{pretty}");
    assert!(pretty.contains("its exception ended on 2020-01-31"), "{pretty}");
}
