//! The simulator against a count by other means: three journeys over a real purchase log.
//!
//! `tests/agreement/count.py` derives the numbers from the rows alone, without Tabi. What it printed for the sample is kept
//! in `tests/agreement/sample.json`; made again with
//! `python3 tests/agreement/count.py examples/data/purchases.csv.gz > tests/agreement/sample.json`.

#![allow(clippy::disallowed_methods, reason = "a test reads its files")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tabi::compile::{self, compile};
use tabi::project;
use tabi::simulate::{Kind, Options, Report, SourceInput, SourceSpec, simulate};

fn path(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

fn simulated(log: &Path, threads: usize) -> Report {
    let project = project::load(&path("examples/purchases"));
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
    let program = compile(&project.sources, &settings).program.expect("the example compiles");
    let yaml = std::fs::read_to_string(path("examples/data/purchases-gbp.yaml")).expect("the mapping can be read");
    let source = SourceSpec {
        name: "purchases".to_owned(),
        input: SourceInput::File(log.to_path_buf()),
        kind: Kind::Csv { mapping: "purchases-gbp.yaml".to_owned(), yaml },
    };
    let options = Options { until: project.settings.until, threads, ..Options::default() };
    simulate(&program, &[source], &options, &|_| {}).expect("the log can be simulated").report
}

/// The report in the words of the script.
fn in_the_scripts_words(report: &Report) -> Value {
    let mut all = json!({ "people": report.people, "purchases": report.input.accepted });
    for (name, journey) in &report.journeys {
        all[name] = json!({
            "entered": journey.entered,
            "live": journey.live,
            "ended": journey.ended,
            "sent": journey.sent,
            "dropped": journey.dropped,
            "goals": journey.goal.as_ref().map(|g| g.reached),
        });
    }
    all
}

fn stored() -> Value {
    let text = std::fs::read_to_string(path("tests/agreement/sample.json")).expect("the count can be read");
    serde_json::from_str(&text).expect("the count is JSON")
}

#[test]
fn the_simulator_agrees_with_the_count_of_the_sample() {
    let sample = path("examples/data/purchases.csv.gz");
    for threads in [1, 2] {
        let found = in_the_scripts_words(&simulated(&sample, threads));
        assert_eq!(found, stored(), "left: simulated with {threads} threads, right: counted");
    }
}

/// Skipped where there is no Python: the numbers are stored.
#[test]
fn the_stored_count_is_what_the_script_says() {
    let script = path("tests/agreement/count.py");
    let output = Command::new("python3").arg(script).arg(path("examples/data/purchases.csv.gz")).output();
    let Ok(output) = output else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counted: Value = serde_json::from_slice(&output.stdout).expect("the script prints JSON");
    assert_eq!(counted, stored(), "left: counted now, right: stored");
}

/// The full log is not part of the repository; see docs/agreement.md.
#[test]
#[ignore = "needs the full log: TABI_FULL_LOG=online_retail.csv.gz"]
fn the_simulator_agrees_with_the_count_of_the_full_log() {
    let log = PathBuf::from(std::env::var_os("TABI_FULL_LOG").expect("TABI_FULL_LOG names the log"));
    let output =
        Command::new("python3").arg(path("tests/agreement/count.py")).arg(&log).output().expect("python3 runs");
    let counted: Value = serde_json::from_slice(&output.stdout).expect("the script prints JSON");
    assert_eq!(in_the_scripts_words(&simulated(&log, 2)), counted, "left: simulated, right: counted");
}
