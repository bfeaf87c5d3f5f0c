//! Checks 500 generated journeys (about 25,000 lines) cold, in one fresh process, and says where the time goes.
//!
//! `cargo bench --bench compile`. Prints; asserts nothing about time.

#[path = "workload/mod.rs"]
#[allow(dead_code)]
mod workload;

use std::process::Command;
use std::time::Instant;

const JOURNEYS: usize = 500;
const RUNS: usize = 9;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut lines = 0;
    let mut bytes = 0;
    std::fs::write(folder.path().join("tabi.yaml"), workload::SETTINGS).expect("the settings are written");
    let files = workload::many_journeys(JOURNEYS);
    for (name, text) in &files {
        lines += text.lines().count();
        bytes += text.len();
        std::fs::write(folder.path().join(name), text).expect("a file is written");
    }
    println!("{JOURNEYS} journeys, {lines} lines, {bytes} bytes, {} files", files.len());

    let mut check = Vec::new();
    let mut start = Vec::new();
    for _ in 0..RUNS {
        start.push(wall(Command::new(env!("CARGO_BIN_EXE_tabi")).arg("--version")));
        check.push(wall(Command::new(env!("CARGO_BIN_EXE_tabi")).arg("check").arg(folder.path())));
    }
    println!("tabi --version: {:.1} ms (median of {RUNS})", median(&mut start));
    println!("tabi check:     {:.1} ms (median of {RUNS})", median(&mut check));
}

fn wall(command: &mut Command) -> f64 {
    let start = Instant::now();
    let output = command.output().expect("tabi runs");
    let elapsed = start.elapsed().as_secs_f64() * 1e3;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    elapsed
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
