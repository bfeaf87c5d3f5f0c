//! Every project in the repository: its campaigns are clean, laid out by the formatter, and their timelines come true.
//!
//! Goes through the library, not through the command line.

#![allow(clippy::disallowed_methods, reason = "a test reads its files")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tabi::compile::{self, Compiled, compile};
use tabi::diag::{Language, render};
use tabi::fmt;
use tabi::project::{self, Project};
use tabi::simulate::timeline;

/// The shop, and every teaching example.
fn projects() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = std::fs::read_dir(root.join("examples")).expect("examples can be listed");
    let examples = examples.map(|entry| entry.expect("an entry can be read").path());
    let mut all: Vec<PathBuf> = examples.filter(|path| path.join("tabi.yaml").exists()).collect();
    all.push(root.join("campaigns"));
    all.sort();
    all
}

fn compile_project(project: &Project) -> Compiled {
    let settings = compile::Settings {
        name: project.settings.name.clone(),
        zone: project.settings.zone,
        currency: project.settings.currency,
        max_event_age: project.settings.max_event_age,
        dedupe_window: project.settings.dedupe_window,
        sender: project.settings.sender.clone(),
        lifecycle: Vec::new(),
        levels: BTreeMap::new(),
        today: None,
    };
    compile(&project.sources, &settings)
}

#[test]
fn all_projects_are_clean() {
    let mut found = String::new();
    for root in projects() {
        let mut project = project::load(&root);
        let compiled = compile_project(&project);
        let diagnostics: Vec<_> = project.diagnostics.iter().cloned().chain(compiled.diagnostics).collect();
        let sources = project.all_sources();
        for diagnostic in &diagnostics {
            found += &render::pretty(diagnostic, sources, Language::English, false);
        }
    }
    assert!(found.is_empty(), "{found}");
}

#[test]
fn all_projects_are_laid_out_by_the_formatter() {
    for root in projects() {
        for (_, source) in project::load(&root).sources.iter() {
            let laid_out = fmt::format(source).unwrap_or_else(|refusal| panic!("{}: {refusal:?}", source.path));
            assert!(laid_out == source.text, "{}: run `tabi fmt` on it", source.path);
        }
    }
}

#[test]
fn every_timeline_comes_true() {
    let mut told = String::new();
    for root in projects() {
        let compiled = compile_project(&project::load(&root));
        let program = compiled.program.expect("the project compiles");
        for timeline in &compiled.timelines {
            let verdict = timeline::run(&program, timeline);
            if !verdict.passed {
                told += &format!("{}:{} {}\n", timeline.place.path, timeline.place.line, timeline.title);
                for failure in verdict.failures {
                    told += &format!("  expected {:?}: {:?}; {:?}\n", failure.line.text, failure.came, failure.why);
                }
            }
        }
    }
    assert!(told.is_empty(), "{told}");
}

/// A journey nobody tests is a journey nobody may trust.
#[test]
fn every_journey_of_the_shop_has_three_timelines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns");
    let compiled = compile_project(&project::load(&root));
    let program = compiled.program.expect("the shop compiles");
    for (index, journey) in program.journeys.iter().enumerate() {
        let timelines = compiled.timelines.iter().filter(|t| t.journey.index() == index).count();
        assert!(timelines >= 3, "{}: {timelines}", journey.name);
    }
}

/// LINE takes up to five message objects in one send.
const LINE_OBJECTS_MAX: usize = 5;
/// UTF-16 units of a flex message's `altText`.
const LINE_ALT_TEXT_MAX: usize = 400;

#[test]
fn every_message_of_the_shop_has_its_file_and_no_file_is_left_over() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns");
    let program = compile_project(&project::load(&root)).program.expect("the shop compiles");
    let mut named: Vec<String> = program.messages.iter().filter_map(|m| m.file.clone()).collect();
    named.sort();
    let files = std::fs::read_dir(root.join("messages")).expect("messages can be listed");
    let names = files.map(|f| f.expect("an entry can be read").file_name().to_string_lossy().into_owned());
    let mut found: Vec<String> = names.map(|n| format!("messages/{n}")).collect();
    found.sort();
    assert_eq!(named, found);
}

#[test]
fn line_messages_are_message_objects_before_they_are_filled_in() {
    for (path, text) in message_files(".line.json") {
        let objects: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert!((1..=LINE_OBJECTS_MAX).contains(&objects.len()), "{path}: {} objects", objects.len());
        for object in &objects {
            match object["type"].as_str() {
                Some("text") => assert!(object["text"].as_str().is_some_and(|t| !t.is_empty()), "{path}: no text"),
                Some("flex") => {
                    let alt = object["altText"].as_str().unwrap_or_default();
                    let length = alt.encode_utf16().count();
                    assert!((1..=LINE_ALT_TEXT_MAX).contains(&length), "{path}: altText of {length}");
                    assert_eq!(object["contents"]["type"], "bubble", "{path}");
                }
                other => panic!("{path}: {other:?}"),
            }
        }
    }
}

/// 特定電子メール法: who sends, where they are, where to ask, and how to make it stop.
#[test]
fn selling_mails_say_who_sends_them_and_how_to_stop_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns");
    let program = compile_project(&project::load(&root)).program.expect("the shop compiles");
    for (path, text) in message_files(".mjml") {
        let message = program.messages.iter().find(|m| m.file.as_deref() == Some(&path)).expect("a message names it");
        let front = text.strip_prefix("---\n").and_then(|t| t.split_once("\n---\n")).expect("front matter").0;
        for key in ["subject: ", "preheader: ", "from: "] {
            assert!(front.lines().any(|l| l.starts_with(key)), "{path}: no `{key}`");
        }
        for must in ["{{ sender.name }}", "{{ sender.address }}", "{{ sender.contact }}"] {
            assert!(text.contains(must), "{path}: no {must}");
        }
        let stops = text.contains("{{ unsubscribe_url }}") && text.contains("配信を停止");
        assert_eq!(stops, message.needs_consent, "{path}");
    }
}

/// Paths as the program names them, and texts, of the shop's messages with this ending.
fn message_files(ending: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns/messages");
    let entries = std::fs::read_dir(folder).expect("messages can be listed").map(|e| e.expect("an entry can be read"));
    let mut all: Vec<_> = entries
        .filter(|e| e.file_name().to_string_lossy().ends_with(ending))
        .map(|e| {
            let name = format!("messages/{}", e.file_name().to_string_lossy());
            (name, std::fs::read_to_string(e.path()).expect("a message is UTF-8 text"))
        })
        .collect();
    all.sort();
    assert!(!all.is_empty(), "no {ending}");
    all
}
