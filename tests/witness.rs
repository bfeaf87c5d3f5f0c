//! Stories made to order, on the projects of the repository: they compile, they are laid out, and they come true.
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
use tabi::text::{Source, Sources};
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
