//! `tabi simulate --base` beside the two simulations it consists of, over a generated log.
//!
//! `cargo bench --bench compare [-- EVENTS PEOPLE]`. Each figure is the CPU (user + system, all threads) of a process of
//! its own; the three alternate in one run and medians are compared, so a busy machine shifts all alike. Prints; asserts
//! nothing about time. Linux only: CPU is read from /proc.

#[path = "workload/mod.rs"]
#[allow(dead_code)]
mod workload;

use std::process::{Command, Stdio};

use workload::Mix;

const ROUNDS: usize = 5;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let number = |at: usize, default: u64| words.get(at).and_then(|w| w.parse().ok()).unwrap_or(default);
    let (events, people) = (number(0, 300_000), number(1, 30_000));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let changed =
        workload::TEN_JOURNEYS.replacen("wait up to 24h", "wait up to 2d", 1).replacen("wait 14d", "wait 10d", 1);
    assert_ne!(changed, workload::TEN_JOURNEYS);
    // A field and an event more: lines are no longer understood alike.
    let declared =
        changed.replacen("profile {", "event wished about profile { item_id: id }\n\nprofile {\n  nickname: text?", 1);
    assert_ne!(declared, changed);
    for (name, text) in [("old", workload::TEN_JOURNEYS), ("alike", &changed), ("declared", &declared)] {
        std::fs::create_dir(at(name)).expect("a folder can be made");
        std::fs::write(at(name).join("tabi.yaml"), workload::SETTINGS).expect("the settings are written");
        std::fs::write(at(name).join("ten.tabi"), text).expect("the journeys are written");
    }
    let log = at("log.ndjson");
    workload::write_events(&log, events, people, Mix::Shop).expect("the log is written");

    let simulate = |project: &str, base: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tabi"));
        command.arg("simulate").arg(at(project)).arg("--events").arg(&log).args(["--json", "--threads", "1"]);
        if let Some(base) = base {
            command.arg("--base").arg(at(base));
        }
        seconds(&mut command)
    };
    println!("{events} events of {people} people, ten journeys; CPU seconds, median of {ROUNDS}");
    for (new, what) in [("alike", "one schema"), ("declared", "a field and an event more")] {
        let mut rounds: [Vec<f64>; 3] = Default::default();
        for _ in 0..ROUNDS {
            rounds[0].push(simulate("old", None));
            rounds[1].push(simulate(new, None));
            rounds[2].push(simulate(new, Some("old")));
        }
        let ratios: Vec<f64> = (0..ROUNDS).map(|i| rounds[2][i] / (rounds[0][i] + rounds[1][i])).collect();
        let [one, other, both] = rounds.map(median);
        println!("  {what}: old alone {one:.2} s, new alone {other:.2} s, both compared {both:.2} s");
        println!("    compared: {:.2} x the two simulations", median(ratios));
    }
}

/// The CPU of a process: what this process's account of ended children grew by.
fn seconds(command: &mut Command) -> f64 {
    let before = children_seconds();
    let status = command.stdout(Stdio::null()).status().expect("the process starts");
    assert!(status.success(), "{command:?} failed");
    children_seconds() - before
}

fn children_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    fields[13..15].iter().filter_map(|f| f.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
