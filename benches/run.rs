//! What a running Tabi costs: events over HTTP, a journey that waits a second, a condition, a webhook; beside its own parts.
//!
//! `cargo bench --bench run [-- PARTS… CARTS PEOPLE TIMERS]`; parts are `parts`, `busy`, `parked`, `timers`, or all. CPU and memory are those of the `tabi run` process alone, read from /proc
//! (Linux only); the load and the sink run here, on the same cores. Prints; asserts only that everything arrives.

#[path = "workload/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "../tests/process/sink.rs"]
mod sink;
#[path = "../tests/process/world.rs"]
#[allow(dead_code)]
mod world;

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use process::{cpu_micros, memory_of, thread_nanos};
use serde_json::Value as Json;
use tabi::ports::store::Log;
use tabi::server::admin::client;
use tabi::store::disk::Folder;
use tabi::store::log::FileLog;
use world::{Running, Shop, batch, cart_of, identify, passes};

const BATCH: usize = 100;
const SENDERS: usize = 4;
/// Of the journey.
const WAIT: Duration = Duration::from_secs(1);
/// Events a second where waiting is measured.
const SLOW: usize = 20;
const SLOW_SECONDS: usize = 15;

fn main() {
    let named: Vec<String> =
        std::env::args().skip(1).filter(|word| word.bytes().all(|b| b.is_ascii_alphabetic())).collect();
    let wants = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    let mut words = std::env::args().skip(1).filter_map(|word| word.parse::<usize>().ok());
    let carts = words.next().unwrap_or(200_000);
    let people = words.next().unwrap_or(100_000);
    let timers = words.next().unwrap_or(1_000_000);
    println!("{carts} carts of {people} people; batches of {BATCH}, {SENDERS} at once");
    if wants("parts") {
        parts(carts, people);
    }
    if wants("busy") {
        busy_then_slow(carts, people);
    }
    if wants("parked") {
        parked(people);
    }
    if wants("timers") {
        beside_waiting(timers, carts.min(100_000));
    }
}

/// The bodies of a load, in order.
fn bodies(carts: Range<usize>, call: impl Fn(usize) -> String) -> Vec<String> {
    let starts = carts.clone().step_by(BATCH);
    starts.map(|start| batch((start..(start + BATCH).min(carts.end)).map(&call))).collect()
}

/// The least that could be done with the same bytes.
fn parts(carts: usize, people: usize) {
    let bodies = bodies(0..carts, |cart| cart_of(cart % people, cart));
    let before = thread_nanos();
    for body in &bodies {
        let json: Json = serde_json::from_str(body).expect("JSON");
        assert!(json["batch"].is_array());
    }
    println!("only parsing the bodies: {:.2} µs of CPU an event", (thread_nanos() - before) / 1e3 / carts as f64);
    let folder = tempfile::tempdir().expect("a folder");
    let mut log = FileLog::open(Box::new(Folder::new(folder.path()))).expect("a log");
    let calls: Vec<String> = (0..carts).map(|cart| cart_of(cart % people, cart)).collect();
    let (before, began) = (thread_nanos(), Instant::now());
    for chunk in calls.chunks(BATCH) {
        let records: Vec<&[u8]> = chunk.iter().map(|call| call.as_bytes()).collect();
        log.append(&records).and_then(|()| log.sync()).expect("a disk");
    }
    let (cpu, wall) = ((thread_nanos() - before) / 1e3 / carts as f64, began.elapsed());
    println!(
        "only committing the same bytes, a sync for each {BATCH}: {cpu:.2} µs of CPU an event, {:.0} events/s",
        carts as f64 / wall.as_secs_f64()
    );
}

/// A shop that runs, and a count of what reached its sink; when each of the last carts did.
struct Stand {
    shop: Shop,
    running: Running,
    came: Arc<AtomicUsize>,
    times: Arc<Mutex<HashMap<usize, Instant>>>,
    /// From this cart on, times are noted.
    noted: Arc<AtomicUsize>,
}

impl Stand {
    fn new() -> Stand {
        let (came, times) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(HashMap::new())));
        let noted = Arc::new(AtomicUsize::new(usize::MAX));
        let (own, own_times, from) = (came.clone(), times.clone(), noted.clone());
        let address = sink::start(Duration::ZERO, move |_, body| {
            own.fetch_add(1, Ordering::Relaxed);
            if from.load(Ordering::Relaxed) != usize::MAX {
                let json: Json = serde_json::from_slice(body).expect("JSON");
                let cart = json["cart"].as_str().and_then(|cart| cart.parse().ok()).expect("a number");
                own_times.lock().expect("a lock").insert(cart, Instant::now());
            }
        });
        let shop = Shop::new(address);
        let mut running = shop.run(&shop.data());
        running.ready();
        Stand { shop, running, came, times, noted }
    }
    fn pid(&self) -> u32 {
        self.running.child.id()
    }
    /// Sends all; ready when all are acknowledged.
    fn send(&self, bodies: &[String]) -> Duration {
        let (next, began) = (AtomicUsize::new(0), Instant::now());
        std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| {
                    let mut wire = self.shop.wire();
                    while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                        wire.insist("/v1/batch", body);
                    }
                });
            }
        });
        began.elapsed()
    }
    fn reached(&self, count: usize) {
        world::within(Duration::from_secs(300), "everything reaches the sink", || {
            (self.came.load(Ordering::Relaxed) >= count).then_some(())
        });
    }
    /// Until nothing is pending, everything is written and the process rests.
    fn rest(&self) {
        let data = self.shop.data();
        let look = || client::ask(&data, "GET".parse().expect("a method"), "/status", None).ok();
        world::within(Duration::from_secs(300), "it rests", || {
            let before = cpu_micros(self.pid());
            std::thread::sleep(Duration::from_millis(700));
            let idle = cpu_micros(self.pid()) - before < 30_000.0;
            (idle && look().is_some_and(|status| status["pending"] == 0)).then_some(())
        });
    }
}

/// Accepted and finished a second, CPU of each journey, memory; then what somebody waits for when there is little to do.
fn busy_then_slow(carts: usize, people: usize) {
    let stand = Stand::new();
    stand.send(&bodies(0..people, identify));
    stand.rest();
    println!("{people} people in memory, no journeys yet: {} MB", memory_mb(stand.pid()));
    let load = bodies(0..carts, |cart| cart_of(cart % people, cart));
    let (cpu, began) = (cpu_micros(stand.pid()), Instant::now());
    let accepted = stand.send(&load);
    let sent = (0..carts).filter(|cart| passes(cart % people)).count();
    stand.reached(sent);
    let finished = began.elapsed();
    stand.rest();
    let each = (cpu_micros(stand.pid()) - cpu) / carts as f64;
    println!(
        "accepted {:.0} events/s; finished {:.0} journeys/s; {each:.1} µs of CPU a journey; then {} MB, at most {} MB",
        carts as f64 / accepted.as_secs_f64(),
        carts as f64 / finished.as_secs_f64(),
        memory_mb(stand.pid()),
        memory_of(stand.pid(), "VmHWM:"),
    );
    stand.noted.store(carts, Ordering::Relaxed);
    let (mut wire, began) = (stand.shop.wire(), Instant::now());
    let mut acknowledged = Vec::new();
    for nth in 0..SLOW * SLOW_SECONDS {
        let due = began + Duration::from_secs(1) * nth as u32 / SLOW as u32;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        // Nobody who does not pass.
        let person = nth * 10 % people + 1;
        wire.insist("/v1/batch", &batch([cart_of(person, carts + nth)]));
        acknowledged.push(Instant::now());
    }
    stand.reached(sent + acknowledged.len());
    let times = stand.times.lock().expect("a lock");
    let late = |(nth, at): (usize, &Instant)| times[&(carts + nth)].saturating_duration_since(*at + WAIT);
    let mut late: Vec<Duration> = acknowledged.iter().enumerate().map(late).collect();
    late.sort();
    let at = |percent: usize| late[(late.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!(
        "at {SLOW} events/s, from acceptance to the sink beyond the wait: p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms",
        at(50),
        at(99),
        at(100)
    );
}

fn parked_of(person: usize) -> String {
    let (user, id) = (format!("w{person}"), format!("p{person}"));
    format!(
        r#"{{"type":"track","event":"parked","userId":"{user}","messageId":"{id}","properties":{{"cart_id":"{person}"}}}}"#
    )
}

/// Bytes on the disk for each person who waits.
fn parked(people: usize) {
    let stand = Stand::new();
    stand.send(&bodies(0..people, parked_of));
    stand.rest();
    let (data, memory) = (stand.shop.data(), memory_mb(stand.pid()));
    let Stand { shop, running, .. } = stand;
    assert!(running.terminate().success());
    let reader = rusqlite::Connection::open(data.join("tabi.db")).expect("the store");
    assert_eq!(bytes(&data.join("tabi.db-wal")), 0, "all of it is in the file");
    let database = bytes(&data.join("tabi.db"));
    let log: u64 = std::fs::read_dir(data.join("log")).expect("a log").flatten().map(|e| bytes(&e.path())).sum();
    let stories: i64 =
        reader.query_row("SELECT coalesce(sum(length(lines)), 0) FROM journal", [], |row| row.get(0)).expect("a sum");
    let each = |bytes: u64| bytes as f64 / people as f64;
    println!(
        "{people} people waiting: {:.0} bytes each in tabi.db, {:.0} of them their stories; {:.0} in the log's open segment; {memory} MB",
        each(database),
        each(stories as u64),
        each(log)
    );
    drop(shop);
}

fn bytes(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |meta| meta.len())
}

/// CPU of a journey beside many people who wait for something else, against that beside few: two processes that take the
/// same load in turns, so that what else the machine does falls on both.
fn beside_waiting(timers: usize, carts: usize) {
    let (few, many) = (with_waiting(1_000), with_waiting(timers));
    let mut ratios = Vec::new();
    let mut figures = Vec::new();
    for round in 0..ROUNDS {
        let load = round * carts..(round + 1) * carts;
        let (of_few, of_many) = match round % 2 {
            0 => (of_round(&few, &load), of_round(&many, &load)),
            _ => {
                let of_many = of_round(&many, &load);
                (of_round(&few, &load), of_many)
            }
        };
        ratios.push(of_many / of_few);
        figures.push((of_few, of_many));
    }
    let median = |mut of: Vec<f64>| {
        of.sort_by(f64::total_cmp);
        of[of.len() / 2]
    };
    let (few, many): (Vec<f64>, Vec<f64>) = figures.into_iter().unzip();
    let all: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
    println!(
        "with 1,000 people waiting {:.1} µs of CPU a journey, with {timers} {:.1} µs; median of {ROUNDS} rounds in turns {:.2} x ({})",
        median(few),
        median(many),
        median(ratios),
        all.join(" ")
    );
}

/// Of the two who take turns.
const ROUNDS: usize = 7;
const TAKING_TURNS: usize = 20_000;

/// So many people wait, and the process was started anew since: what is left of having taken them in does not count.
fn with_waiting(timers: usize) -> Stand {
    let stand = Stand::new();
    stand.send(&bodies(0..timers, parked_of));
    stand.send(&bodies(0..TAKING_TURNS, identify));
    stand.rest();
    let Stand { shop, running, came, times, noted } = stand;
    assert!(running.terminate().success());
    let running = shop.run(&shop.data());
    let mut stand = Stand { shop, running, came, times, noted };
    stand.running.ready();
    stand.rest();
    stand
}

fn of_round(stand: &Stand, carts: &Range<usize>) -> f64 {
    let sent = carts.clone().filter(|cart| passes(cart % TAKING_TURNS)).count();
    let (cpu, came) = (cpu_micros(stand.pid()), stand.came.load(Ordering::Relaxed));
    stand.send(&bodies(carts.clone(), |cart| cart_of(cart % TAKING_TURNS, cart)));
    stand.reached(came + sent);
    stand.rest();
    (cpu_micros(stand.pid()) - cpu) / carts.len() as f64
}

fn memory_mb(pid: u32) -> u64 {
    memory_of(pid, "VmRSS:")
}
