//! Stories made to order, on the projects of the repository: they compile, they are laid out, and they come true.
//!
//! Goes through the library, not through the command line.

#![allow(clippy::disallowed_methods, reason = "a test reads its files")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tabi::compile::{self, Compiled, compile};
use tabi::diag::{Language, render};
use tabi::fmt;
use tabi::ir::JourneyId;
use tabi::project::{self, Project};
use tabi::prove::prove;
use tabi::simulate::timeline;
use tabi::text::{Source, Sources};
use tabi::value::{Currency, Zone};
use tabi::witness::{self, Cast};

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

fn settings(project: &Project) -> compile::Settings {
    compile::Settings {
        name: project.settings.name.clone(),
        zone: project.settings.zone,
        currency: project.settings.currency,
        max_event_age: project.settings.max_event_age,
        dedupe_window: project.settings.dedupe_window,
        sender: project.settings.sender.clone(),
        lifecycle: Vec::new(),
        levels: BTreeMap::new(),
        today: None,
    }
}

/// The project's sources with one more file, compiled.
fn with(project: &Project, text: &str) -> (Sources, Compiled) {
    let mut sources = Sources::default();
    for (_, source) in project.sources.iter() {
        sources.add(source.clone());
    }
    sources.add(Source::new("made.tabi", text));
    let compiled = compile(&sources, &settings(project));
    (sources, compiled)
}

fn tests_of(cast: &Cast, program: &tabi::ir::Program) -> String {
    let test = |p: &witness::Persona| witness::print::passing(program, &p.told, &p.name.ja);
    cast.personas.iter().map(test).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_tests_of_personas_compile_and_pass_and_are_laid_out() {
    let mut wrong = String::new();
    for root in projects() {
        let project = project::load(&root);
        let program = compile(&project.sources, &settings(&project)).program.expect("the project compiles");
        let start = std::time::Instant::now();
        let cast = witness::personas(&program);
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        println!(
            "{name}: {} personas, {} branches, {} gaps, {:?}",
            cast.personas.len(),
            cast.branches,
            cast.gaps.len(),
            start.elapsed()
        );
        for gap in &cast.gaps {
            println!("  {} {:?}: {}", program.journey(gap.journey).name, gap.edge, gap.why.en);
        }
        let text = tests_of(&cast, &program);
        let laid_out = fmt::format(&Source::new("made.tabi", text.clone()));
        if laid_out.as_ref().ok() != Some(&text) {
            wrong += &format!("{name}: not laid out as `tabi fmt` does\n");
        }
        let (sources, compiled) = with(&project, &text);
        for diagnostic in &compiled.diagnostics {
            wrong += &render::pretty(diagnostic, &sources, Language::English, false);
        }
        let Some(program) = compiled.program else { continue };
        for test in compiled.timelines.iter().filter(|t| &*t.place.path == "made.tabi") {
            let verdict = timeline::run(&program, test);
            for failure in &verdict.failures {
                wrong += &format!(
                    "{name}: {} line {}: {} came {}\n",
                    test.title, failure.line.place.line, failure.expected.en, failure.came.en
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

// ---- counter-stories -------------------------------------------------------------------------------------------------

const PROMISES: &str = include_str!("witness/promises.tabi");

fn of_text(text: &str) -> (Sources, Compiled) {
    let mut sources = Sources::default();
    sources.add(Source::new("made.tabi", text));
    let settings = compile::Settings {
        zone: Zone::from_name("Asia/Tokyo").expect("Tokyo has a zone"),
        currency: Currency::from_code("JPY").expect("the yen has a code"),
        ..compile::Settings::default()
    };
    let compiled = compile(&sources, &settings);
    (sources, compiled)
}

/// What is wrong with a counter-story as a test: it must compile, be laid out, and fail at its last line and there only.
fn fault(text: &str, test: &str) -> Option<String> {
    if fmt::format(&Source::new("test.tabi", test)).ok().as_deref() != Some(test) {
        return Some("it is not laid out".into());
    }
    let whole = format!("{text}\n{test}");
    let (sources, compiled) = of_text(&whole);
    let Some(program) = compiled.program else {
        let found = compiled.diagnostics.iter().map(|d| render::pretty(d, &sources, Language::English, false));
        return Some(found.collect());
    };
    let [timeline] = compiled.timelines.as_slice() else { return Some("it is no test".into()) };
    let verdict = timeline::run(&program, timeline);
    let failed: Vec<u32> = verdict.failures.iter().map(|f| f.line.place.line).collect();
    let last = timeline.lines.last().map(|l| l.place.line);
    (failed != Vec::from_iter(last)).then(|| format!("it fails at {failed:?}, not at {last:?}"))
}

#[test]
fn counter_stories_of_refuted_promises_fail_where_the_promise_breaks() {
    let (sources, compiled) = of_text(PROMISES);
    let found = compiled.diagnostics.iter().map(|d| render::pretty(d, &sources, Language::English, false));
    let found: String = found.collect();
    let program = compiled.program.unwrap_or_else(|| panic!("{found}"));
    let analysis = prove(&program);
    let (mut wrong, mut told) = (String::new(), String::new());
    for (index, journey) in program.journeys.iter().enumerate() {
        for judged in &analysis.journeys[index].promises {
            let counter = witness::counter_story(&program, JourneyId(index as u16), &judged.promise, &judged.verdict);
            match (counter, journey.name.starts_with("never_")) {
                (Ok(counter), false) => {
                    let test = counter.test(&program);
                    if let Some(fault) = fault(PROMISES, &test) {
                        wrong += &format!("{}: {fault}\n{test}", journey.name);
                    }
                    told += &format!("{test}\n");
                }
                (Err(reason), true) => told += &format!("# {}: {}\n\n", journey.name, reason.en),
                (Ok(counter), true) => wrong += &format!("{}: {}", journey.name, counter.test(&program)),
                (Err(reason), false) => wrong += &format!("{}: {} {:?}\n", journey.name, reason.en, judged.verdict),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    insta::assert_snapshot!("counter_stories", told);
}
