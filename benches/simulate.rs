//! Simulates 1,000,000 generated events of 100,000 people through ten journeys, beside only parsing the same file.
//!
//! `cargo bench --bench simulate [-- EVENTS PEOPLE]`. Each figure is the CPU (user + system, all threads) of a process of
//! its own; the kinds alternate in one run and medians are compared, so a busy machine shifts both sides alike.
//! Prints; asserts nothing about time. Linux only: CPU and memory are read from /proc.

#[path = "workload/mod.rs"]
#[allow(dead_code)]
mod workload;

use std::borrow::Cow;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;

use workload::Mix;

const ROUNDS: usize = 3;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match words.first().map(String::as_str) {
        Some("parse-struct") => println!("{}", parse_structs(Path::new(&words[1]))),
        Some("parse-value") => println!("{}", parse_values(Path::new(&words[1]))),
        _ => compare(number(words.first(), 1_000_000), number(words.get(1), 100_000)),
    }
}

fn number(word: Option<&String>, default: u64) -> u64 {
    word.and_then(|w| w.parse().ok()).unwrap_or(default)
}

/// The same fields that the simulator reads of an event, borrowed from the line.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    event: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message_id: Cow<'a, str>,
    #[serde(borrow)]
    user_id: Cow<'a, str>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow, default)]
    properties: Option<Properties<'a>>,
    #[serde(borrow, default)]
    traits: Option<Properties<'a>>,
}

#[derive(serde::Deserialize)]
#[allow(dead_code)]
struct Properties<'a> {
    #[serde(borrow, default)]
    item_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    category: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    cart_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    order_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    query: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    email: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    rank: Option<Cow<'a, str>>,
    price: Option<i64>,
    total: Option<i64>,
    results: Option<i64>,
}

fn lines(path: &Path, mut each: impl FnMut(&[u8])) {
    let mut reader = BufReader::with_capacity(1 << 20, std::fs::File::open(path).expect("the log is there"));
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).expect("the log is readable") > 0 {
        each(&line);
        line.clear();
    }
}

/// Keeps a sum over what was parsed, so that nothing is optimised away.
fn parse_structs(path: &Path) -> u64 {
    let mut sum = 0;
    lines(path, |line| {
        let event: Envelope<'_> = serde_json::from_slice(line).expect("a valid line");
        sum += event.user_id.len() as u64 + event.properties.map_or(0, |p| p.total.unwrap_or(0) as u64);
    });
    sum
}

fn parse_values(path: &Path) -> u64 {
    let mut sum = 0;
    lines(path, |line| {
        let event: serde_json::Value = serde_json::from_slice(line).expect("a valid line");
        sum += event["userId"].as_str().map_or(0, |s| s.len() as u64);
    });
    sum
}

/// Peak resident MiB of a running process.
fn peak_mib(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    peak.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// What one process cost.
#[derive(Clone, Copy)]
struct Cost {
    cpu_seconds: f64,
    peak_mib: f64,
}

fn compare(events: u64, people: u64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("tabi.yaml"), workload::SETTINGS).expect("the settings are written");
    std::fs::write(path("ten.tabi"), workload::TEN_JOURNEYS).expect("the journeys are written");
    for (name, events, mix) in [
        ("shop.ndjson", events, Mix::Shop),
        ("quarter.ndjson", events / 4, Mix::Shop),
        ("dense.ndjson", events, Mix::Dense),
    ] {
        workload::write_events(&path(name), events, people, mix).expect("the log is written");
    }
    println!("{events} events of {people} people, ten journeys; CPU seconds, median of {ROUNDS}");

    let myself = std::env::current_exe().expect("the path of this program");
    let parse = |kind: &str, log: &str| cost(Command::new(&myself).arg(kind).arg(path(log)));
    let simulate = |log: &str| {
        let mut tabi = Command::new(env!("CARGO_BIN_EXE_tabi"));
        cost(tabi.arg("simulate").arg(folder.path()).arg("--events").arg(path(log)).args(["--json", "--threads", "1"]))
    };
    let mut quarter = Vec::new();
    let mut rounds: [[Vec<Cost>; 3]; 2] = Default::default();
    for _ in 0..ROUNDS {
        for (log, round) in ["shop.ndjson", "dense.ndjson"].into_iter().zip(&mut rounds) {
            round[0].push(parse("parse-struct", log));
            round[1].push(parse("parse-value", log));
            round[2].push(simulate(log));
        }
        quarter.push(simulate("quarter.ndjson"));
    }
    let quarter = median(quarter);
    for (mix, round) in ["a shop's mix", "a dense mix"].into_iter().zip(rounds) {
        let [borrowed, value, simulated] = round.map(median);
        println!("\n{mix}: simulate {:.2} s, peak {:.0} MiB", simulated.cpu_seconds, simulated.peak_mib);
        println!("  {:.2} x parsing into serde_json::Value ({:.2} s)", ratio(simulated, value), value.cpu_seconds);
        println!("  {:.2} x parsing into borrowed structs ({:.2} s)", ratio(simulated, borrowed), borrowed.cpu_seconds);
        if mix == "a shop's mix" {
            println!("  a quarter of the events of as many people: peak {:.0} MiB", quarter.peak_mib);
        }
    }
}

fn ratio(a: Cost, b: Cost) -> f64 {
    a.cpu_seconds / b.cpu_seconds
}

/// Runs a process to its end. Its CPU is what this process's account of ended children grew by.
fn cost(command: &mut Command) -> Cost {
    let before = children_seconds();
    let mut child = command.stdout(std::process::Stdio::null()).spawn().expect("the process starts");
    let mut peak = 0f64;
    let status = loop {
        peak = peak.max(peak_mib(child.id()));
        match child.try_wait().expect("the process can be waited for") {
            Some(status) => break status,
            None => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    assert!(status.success(), "{command:?} failed");
    Cost { cpu_seconds: children_seconds() - before, peak_mib: peak }
}

fn children_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    fields[13..15].iter().filter_map(|f| f.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by(|a, b| a.cpu_seconds.total_cmp(&b.cpu_seconds));
    costs[costs.len() / 2]
}
