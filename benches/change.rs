//! What it costs to change a campaign while 100,000 people are inside: the plan, and how long anything waits while it is carried out.
//!
//! `cargo bench --bench change [-- PEOPLE RATE ROUNDS OTHERS]`: a journey of 20 waits and 20 sends, all of which every change
//! replaces; everybody is moved. Events come in at RATE a second meanwhile; beside the change the same is measured with
//! nothing going on, and with `tabi plan`, which reads as much and changes nothing. Then all again beside OTHERS journeys that do
//! not change. Linux only. Prints; asserts only that everything is carried out.

#[path = "workload/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "../tests/process/sink.rs"]
mod sink;
#[path = "../tests/process/world.rs"]
#[allow(dead_code)]
mod world;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use process::{cost, memory_of, thread_nanos};
use serde::Deserialize;
use serde_json::Value as Json;
use tabi::ingest::Schema;
use tabi::ir::Program;
use tabi::machine::{Engine, Person};
use tabi::plan::{Class, Group, Heads, forecast, note};
use tabi::render::Renderer;
use tabi::server::admin::client;
use tabi::store::kept::{Kind, kept};
use world::{DEADLINE, Running, Shop, batch, cart_of, within};

const STEPS: usize = 20;
const BATCH: usize = 100;
/// So many requests may be on their way at once: one that waits does not keep those behind it from being sent.
const SENDERS: usize = 16;
/// Of quiet, and at least of each other window.
const WINDOW: Duration = Duration::from_secs(5);
/// The change may have held up what was due this long before it was seen to be live.
const BEFORE: Duration = Duration::from_millis(300);
const WHILE: [&str; 5] = [
    "nothing else happens",
    "`tabi plan`",
    "`tabi apply`, before it is live",
    "it goes live, until all are moved",
    "that is written to the store",
];

fn main() {
    let mut words = std::env::args().skip(1).filter_map(|word| word.parse::<usize>().ok());
    let people = words.next().unwrap_or(100_000);
    let rate = words.next().unwrap_or(500);
    let rounds = words.next().unwrap_or(5).max(1);
    let others = words.next().unwrap_or(300);
    for others in [0, others] {
        println!("{people} people inside a journey of {STEPS} waits and as many sends; {others} other journeys");
        changed(people, rate, rounds, others);
    }
}

/// The journey as of a generation: no step of it is in the next.
fn drip(generation: usize) -> String {
    let days = 1 + generation % 2 * 2;
    let mut text = "event joined about profile { cart_id: id, stage: int }\n".to_owned() + &head("drip", "joined");
    for step in 1..=STEPS {
        let total = generation * 100 + step;
        let _ = writeln!(
            text,
            "  if c.stage <= {step} {{\n    wait {days}d as pause_{generation}_{step}\n    \
             send webhook nudge with {{ cart: c.cart_id, total: {total} }} as word_{generation}_{step}\n  }}"
        );
    }
    text.push_str("}\n");
    if generation > 1 {
        let before = generation - 1;
        let _ = writeln!(text, "\nmoves drip from \"v{before}\" {{");
        for step in 1..=STEPS {
            let _ = writeln!(text, "  pause_{before}_{step} to pause_{generation}_{step} restarting");
        }
        text.push_str("}\n");
    }
    text
}

fn head(name: &str, event: &str) -> String {
    format!(
        "\njourney {name} {{\n  purpose service\n  owner \"@shop\"\n  about \"Tells the shop's system of a cart again and again.\"\n  \
         under policy plain\n  goal purchase(cart_id == c.cart_id) within 60d\n  review every 1y by \"@shop\"\n  reentry always\n  \
         promise at most {STEPS} messages\n  promise ends within 61d\n\n  start when {event} as c per c.cart_id\n"
    )
}

/// Journeys that nobody is in and that do not change.
fn other(number: usize) -> String {
    let mut text = format!("event other_{number} about profile {{ cart_id: id, stage: int }}\n");
    text += &head(&format!("other_{number}"), &format!("other_{number}"));
    for step in 1..=STEPS {
        let _ = writeln!(
            text,
            "  if c.stage <= {step} {{\n    wait 3d\n    send webhook nudge with {{ cart: c.cart_id, total: {step} }}\n  }}"
        );
    }
    text + "}\n"
}

fn joined(person: usize) -> String {
    let stage = person % STEPS + 1;
    format!(
        r#"{{"type":"track","event":"joined","userId":"u{person}","messageId":"j{person}","properties":{{"cart_id":"{person}","stage":{stage}}}}}"#
    )
}

fn changed(people: usize, rate: usize, rounds: usize, others: usize) {
    let shop = Shop::new(sink::start(Duration::ZERO, |_, _| {}));
    let project = shop.folder.path().join("shop");
    fs::write(project.join("drip.tabi"), drip(1)).expect("a file");
    for number in 0..others {
        fs::write(project.join(format!("other_{number}.tabi")), other(number)).expect("a file");
    }
    let data = shop.data();
    let mut running = shop.run(&data);
    running.ready();
    fill(&shop, people);
    let _ = ask(&data, "/settled");
    assert!(running.terminate().success());
    let copy = shop.folder.path().join("copy");
    copied(&data, &copy);

    let mut live = Live { shop, running: None, carts: 0, people, rate };
    live.offline_plans(rounds.min(3));
    live.start();
    let mut table: [Vec<Window>; 5] = Default::default();
    let mut applies = Vec::new();
    for round in 0..rounds {
        live.write(round + 2);
        let window = live.during(|_| {});
        table[0].push(window.0);
        let window = live.during(planned);
        table[1].push(window.0);
        let data = live.shop.data();
        let (window, apply) = live.during(|shop| applied(shop, &data, round + 2));
        table[2].push(window.between(apply.began, apply.live - BEFORE));
        table[3].push(window.between(apply.live - BEFORE, apply.reached));
        table[4].push(window.between(apply.reached, apply.settled));
        applies.push(apply);
    }
    println!("  events at {rate} a second, from when each was due to its acknowledgement, ms:");
    println!("    {:<34} {:>8} {:>8} {:>8} {:>8}   at most, by round", "while", "events", "p50", "p99", "p99.9");
    for (what, windows) in WHILE.iter().zip(&table) {
        println!("    {what:<34} {}", told(windows));
    }
    let list = |of: fn(&Applied) -> Duration| {
        let each: Vec<String> = applies.iter().map(|apply| format!("{:.2}", of(apply).as_secs_f64())).collect();
        each.join(" ")
    };
    println!("  `tabi apply`, start to end: {} s", list(|a| a.command));
    println!("  from the first answer under the new version until all were moved: {} s", list(|a| a.reached - a.live));
    println!("  until that is in the store: {} s", list(|a| a.settled - a.live));
    println!("  the longest that a look at `/status` took until then: {} s", list(|a| a.look));
    let running = live.running.take().expect("it runs");
    println!("  the running process: {} MB at most", memory_of(running.child.id(), "VmHWM:"));
    assert!(running.terminate().success());
    parts(&copy, &data, people);
}

fn fill(shop: &Shop, people: usize) {
    let starts: Vec<usize> = (0..people).step_by(BATCH).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut wire = shop.wire();
                while let Some(start) = starts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let end = (start + BATCH).min(people);
                    wire.insist("/v1/batch", &batch((*start..end).map(joined)));
                }
            });
        }
    });
}

struct Live {
    shop: Shop,
    running: Option<Running>,
    /// Sent so far.
    carts: usize,
    people: usize,
    rate: usize,
}

/// When each event was due and how long it waited, the longest last.
struct Window(Vec<(Instant, Duration)>);

impl Window {
    fn between(&self, from: Instant, to: Instant) -> Window {
        Window(self.0.iter().filter(|(due, _)| (from..to).contains(due)).copied().collect())
    }
}

impl Live {
    fn write(&self, generation: usize) {
        fs::write(self.shop.folder.path().join("shop/drip.tabi"), drip(generation)).expect("a file");
    }
    fn start(&mut self) {
        let mut running = self.shop.run(&self.shop.data());
        running.ready();
        self.running = Some(running);
    }
    fn offline_plans(&self, times: usize) {
        self.write(2);
        for _ in 0..times {
            let plan = cost(&mut self.shop.tabi(&["plan", "shop", "--data", "data"]));
            assert_eq!(plan.status, Some(0), "{}", plan.told);
            println!(
                "  `tabi plan`, nothing running: {:.2} s, {:.2} s of CPU, {} MB",
                plan.wall.as_secs_f64(),
                plan.cpu,
                plan.memory_mb
            );
        }
    }
    /// A steady load, while something is done and for a window at least.
    fn during<T>(&mut self, work: impl FnOnce(&Shop) -> T) -> (Window, T) {
        let (next, over, waits) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(Vec::new()));
        let (shop, carts, people, rate) = (&self.shop, self.carts, self.people, self.rate);
        let began = Instant::now() + Duration::from_millis(100);
        let done = std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| {
                    let (mut wire, mut own) = (shop.wire(), Vec::new());
                    // Connected before anything counts.
                    let _ = wire.ask("GET", "/readyz", "");
                    loop {
                        let nth = next.fetch_add(1, Ordering::Relaxed);
                        let due = began + Duration::from_secs(1) * nth as u32 / rate as u32;
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        if over.load(Ordering::Relaxed) {
                            break;
                        }
                        let cart = carts + nth;
                        wire.insist("/v1/batch", &batch([cart_of(cart % people, cart)]));
                        own.push((due, due.elapsed()));
                    }
                    waits.lock().expect("a lock").append(&mut own);
                });
            }
            std::thread::sleep(Duration::from_secs(1));
            let done = work(shop);
            std::thread::sleep((began + WINDOW).saturating_duration_since(Instant::now()));
            over.store(true, Ordering::Relaxed);
            done
        });
        self.carts += next.load(Ordering::Relaxed);
        let mut waits = waits.into_inner().expect("a lock");
        waits.sort_by_key(|(_, wait)| *wait);
        (Window(waits), done)
    }
}

fn planned(shop: &Shop) {
    let (told, status) = shop.told(&["plan", "shop", "--data", "data"]);
    assert_eq!(status, 0, "{told}");
}

struct Applied {
    began: Instant,
    /// Seen to be so.
    live: Instant,
    reached: Instant,
    settled: Instant,
    command: Duration,
    look: Duration,
}

/// Plans, carries out and watches.
fn applied(shop: &Shop, data: &Path, generation: usize) -> Applied {
    planned(shop);
    let began = Instant::now();
    std::thread::scope(|scope| {
        let command = scope.spawn(move || {
            let (told, status) = shop.told(&["apply", "--data", "data"]);
            assert_eq!(status, 0, "{told}");
            began.elapsed()
        });
        let (mut live, mut reached, mut look) = (None, None, Duration::ZERO);
        let mut settling: Option<std::thread::ScopedJoinHandle<'_, Instant>> = None;
        while !settling.as_ref().is_some_and(|settling| settling.is_finished()) {
            let asked = Instant::now();
            let status = ask(data, "/status");
            look = look.max(asked.elapsed());
            if status["generation"] == generation {
                live.get_or_insert(asked);
                if status["fan_outs"] == 0 && settling.is_none() {
                    reached = Some(Instant::now());
                    settling = Some(scope.spawn(move || {
                        let _ = ask(data, "/settled");
                        Instant::now()
                    }));
                }
            }
            assert!(began.elapsed() < DEADLINE, "everybody is moved in time: {status}");
            std::thread::sleep(Duration::from_millis(5));
        }
        let settled = settling.expect("it was begun").join().expect("a thread");
        let command = command.join().expect("a thread");
        let (live, reached) = live.zip(reached).expect("it was seen");
        Applied { began, live, reached, settled, command, look }
    })
}

fn told(windows: &[Window]) -> String {
    let mut all: Vec<Duration> = windows.iter().flat_map(|window| &window.0).map(|(_, wait)| *wait).collect();
    all.sort();
    let ms = |duration: &Duration| duration.as_secs_f64() * 1e3;
    let at = |permille: usize| all.get((all.len().max(1) - 1) * permille / 1000).map_or(0.0, ms);
    let most: Vec<String> = windows
        .iter()
        .map(|window| window.0.last().map_or(0.0, |(_, wait)| ms(wait)))
        .map(|most| format!("{most:.0}"))
        .collect();
    format!("{:>8} {:>8.1} {:>8.1} {:>8.1}   {}", all.len(), at(500), at(990), at(999), most.join(" "))
}

fn ask(data: &Path, path: &str) -> Json {
    within(DEADLINE, path, || client::ask(data, "GET".parse().expect("a method"), path, None).ok())
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            copied(&entry.path(), &to.join(entry.file_name()));
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
        }
    }
}

/// Of the file in which a program is kept.
#[derive(Deserialize)]
struct Stored {
    program: Program,
}

/// What the plan consists of, and what making a program ready does: CPU of one thread.
fn parts(copy: &Path, data: &Path, people: usize) {
    let read = |generation: &str| {
        let bytes = kept(data, Kind::Program, generation).expect("a folder").expect("a program");
        serde_json::from_slice::<Stored>(&bytes).expect("a program").program
    };
    let row = |what: &str, nanos: f64| println!("  {what:<62} {:>8.1} ms", nanos / 1e6);
    let (live, nanos) = timed(|| read("1"));
    row("reading one program", nanos);
    let (after, nanos) = timed(|| read("2"));
    row("reading the next, which has both versions", nanos);
    row("making an engine over it", timed(|| drop(Engine::new(&after))).1);
    row("making its schema", timed(|| drop(Schema::new(&after))).1);
    row("making its renderer", timed(|| drop(Renderer::new(&after))).1);
    let (before, after) = (Engine::new(&live), Engine::new(&after));
    let mut reader = tabi::store::look(copy).expect("a store");
    let (_, at) = reader.position().expect("a checkpoint");
    let mut rows = Vec::new();
    let (_, nanos) = timed(|| {
        let each = &mut |_, row: tabi::ports::store::PersonRow| {
            rows.push(row.state);
            true
        };
        reader.people(0, each).expect("people");
    });
    assert_eq!(rows.len(), people);
    row("reading all rows of people", nanos);
    let (mut inside, nanos) =
        timed(|| rows.iter().map(|row| Person::from_bytes(row).expect("a person")).collect::<Vec<_>>());
    row("making people of them", nanos);
    let (heads, nanos) = timed(|| {
        let mut heads = Heads::new();
        inside.iter_mut().for_each(|person| note(&before, person, at, &mut heads));
        heads
    });
    row("counting where each stands", nanos);
    let groups: Vec<Group> = heads.iter().map(|(place, heads)| group(*place, *heads)).collect();
    let (_, twice) = timed(|| forecast(&before, &before, &groups, &inside, at));
    let (told, both) = timed(|| forecast(&before, &after, &groups, &inside, at));
    let sends: Vec<[u64; 4]> = told.channels.values().copied().collect();
    row("a forecast of a week under the version that is live", twice / 2.0);
    row("the same under the next", both - twice / 2.0);
    println!("  the forecast has sends within a day before and after, within a week before and after: {sends:?}");
}

fn group(place: (tabi::ir::JourneyId, Option<tabi::ir::StepId>), heads: u64) -> Group {
    Group {
        journey: String::new(),
        version: String::new(),
        step: None,
        heads,
        class: Class::Changed,
        fate: String::new(),
        said: true,
        id: Some(place),
        decided: None,
    }
}

/// Nanoseconds of CPU. Linux brings a thread's account up to date when it yields.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    std::thread::yield_now();
    let before = thread_nanos();
    let done = work();
    std::thread::yield_now();
    (done, thread_nanos() - before)
}
