//! `kill -9` under load, again and again: what was acknowledged is done, and what is done twice is recognised.
//!
//! Knows nothing of what is on the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tabi::server::admin::client;

use super::sink;
use super::world::{DEADLINE, Shop, batch, calls, passes, within};

/// By cart: key, the webhook's id, body, each time it came.
pub type Got = Arc<Mutex<BTreeMap<usize, Vec<(String, String, Vec<u8>)>>>>;

/// A sink that keeps what it got.
pub fn collecting(patience: Duration) -> (std::net::SocketAddr, Got) {
    let got = Got::default();
    let own = got.clone();
    let address = sink::start(patience, move |headers, body| {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
        let json: Json = serde_json::from_slice(body).expect("the body is JSON");
        let cart = json["cart"].as_str().and_then(|cart| cart.parse().ok()).expect("a cart's number");
        let one = (header("idempotency-key"), header("webhook-id"), body.to_vec());
        own.lock().unwrap().entry(cart).or_default().push(one);
    });
    (address, got)
}

/// Each cart came under one key of its own, and again as it was the first time.
pub fn recognisable(got: &Got) {
    let got = got.lock().unwrap();
    let mut keys = BTreeSet::new();
    for (cart, times) in got.iter() {
        let (key, id, _) = &times[0];
        assert!(!key.is_empty() && key == id, "cart {cart}: {times:?}");
        assert!(times.iter().all(|one| *one == times[0]), "cart {cart} came in two ways: {times:?}");
        assert!(keys.insert(key.clone()), "cart {cart} has another's key {key}");
    }
}

/// At random instants; `TABI_KILLS` says another number.
const KILLS: usize = 50;
const PEOPLE: usize = 60;
const CARTS_IN_A_BATCH: usize = 5;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn killed_again_and_again_it_loses_nothing_and_repeats_nothing_unrecognisably() {
    let kills = number("TABI_KILLS").map_or(KILLS, |n| n as usize);
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed = number("TABI_KILL_SEED").unwrap_or(clock.as_nanos() as u64);
    println!("{kills} kills, TABI_KILL_SEED={seed}");
    let mut dice = Dice(seed);
    let (address, got) = collecting(Duration::from_millis(40));
    let shop = Shop::new(address);
    let enough = AtomicBool::new(false);
    let acknowledged = Mutex::new(0);
    let mut recoveries = Vec::new();
    let last = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut wire = shop.wire();
            let mut next = 0;
            while !enough.load(Ordering::Relaxed) {
                let all = next..next + CARTS_IN_A_BATCH;
                wire.insist("/v1/batch", &batch(all.clone().map(|cart| calls(cart % PEOPLE, cart))));
                next = all.end;
                *acknowledged.lock().unwrap() = next;
                // So much that something is always under way, and little enough that a debug build keeps up.
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        for _ in 0..kills {
            let mut running = shop.run(&shop.data());
            // One in five dies while it starts or recovers.
            if dice.below(5) > 0 {
                recoveries.push(running.ready());
                std::thread::sleep(Duration::from_millis(dice.below(1_200)));
            } else {
                std::thread::sleep(Duration::from_millis(dice.below(150)));
            }
            running.kill();
        }
        let mut running = shop.run(&shop.data());
        recoveries.push(running.ready());
        enough.store(true, Ordering::Relaxed);
        running
    });
    let acknowledged = *acknowledged.lock().unwrap();
    let due: BTreeSet<usize> = (0..acknowledged).filter(|cart| passes(cart % PEOPLE)).collect();
    let until = Instant::now() + DEADLINE;
    while got.lock().unwrap().len() < due.len() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    let came: BTreeSet<usize> = got.lock().unwrap().keys().copied().collect();
    assert_eq!(due.difference(&came).collect::<Vec<_>>(), Vec::<&usize>::new(), "lost of {acknowledged}");
    assert_eq!(came.difference(&due).collect::<Vec<_>>(), Vec::<&usize>::new(), "sent to who does not pass");
    recognisable(&got);
    // Everybody is through, and the books say the same.
    let data = shop.data();
    let ask = |path: &str| client::ask(&data, "GET".parse().unwrap(), path, None).expect("an answer");
    within(DEADLINE, "nothing is pending", || (ask("/status")["pending"] == 0).then_some(()));
    for person in 0..PEOPLE.min(acknowledged) {
        let told = within(DEADLINE, "all runs ended", || {
            let told = ask(&format!("/person/u{person}"));
            (told["runs"].as_array().is_some_and(Vec::is_empty)).then_some(told)
        });
        let messages = told["messages"].as_array().expect("a list");
        let carts = due.iter().filter(|cart| **cart % PEOPLE == person).count();
        assert_eq!(messages.len(), carts, "u{person}: {messages:?}");
        assert!(messages.iter().all(|row| row["outcome"] == "accepted"), "u{person}: {messages:?}");
        let runs: BTreeSet<u64> = messages.iter().filter_map(|row| row["run"].as_u64()).collect();
        assert_eq!(runs.len(), carts, "u{person}: one run for each cart");
    }
    let (words, code) = shop.told(&["status", "--json", "--data", data.to_str().unwrap()]);
    let status: Json = serde_json::from_str(&words).unwrap_or_else(|_| panic!("{words}"));
    assert_eq!((&status["pending"], code), (&Json::from(0), 0));
    drop(last);
    recoveries.sort();
    let repeated = got.lock().unwrap().values().filter(|times| times.len() > 1).count();
    println!(
        "{acknowledged} carts acknowledged, {} sent, {repeated} of them more than once; from start to ready: p50 {:?}, at most {:?}",
        due.len(),
        recoveries[recoveries.len() / 2],
        recoveries[recoveries.len() - 1]
    );
}
