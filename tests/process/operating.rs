//! What operators do with a process: end it, start it twice, copy it, stop what leaves, erase somebody, look at the refused.
//!
//! Only through commands and HTTP.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};
use tabi::server::admin::client;

use super::kills::{Got, collecting, recognisable};
use super::world::{DEADLINE, Running, Shop, batch, calls, passes, within};

fn opened() -> (Shop, Got, Running) {
    let (address, got) = collecting(Duration::ZERO);
    let shop = Shop::new(address);
    let mut running = shop.run(&shop.data());
    running.ready();
    (shop, got, running)
}

fn post(shop: &Shop, carts: std::ops::Range<usize>) {
    shop.wire().insist("/v1/batch", &batch(carts.map(|cart| calls(cart, cart))));
}

/// Waits until all carts came that should.
fn came(got: &Got, carts: std::ops::Range<usize>) {
    within(DEADLINE, "the carts came", || {
        let got = got.lock().unwrap();
        carts.clone().filter(|cart| passes(*cart)).all(|cart| got.contains_key(&cart)).then_some(())
    });
}

/// A command on the data of the shop.
fn command(shop: &Shop, words: &[&str]) -> (String, i32) {
    let data = shop.data();
    let mut words = words.to_vec();
    words.extend(["--data", data.to_str().unwrap()]);
    shop.told(&words)
}

fn status(shop: &Shop) -> Json {
    let (words, code) = command(shop, &["status", "--json"]);
    assert_eq!(code, 0, "{words}");
    serde_json::from_str(&words).unwrap_or_else(|_| panic!("{words}"))
}

#[test]
fn sigterm_ends_it_in_order_and_the_next_start_goes_on() {
    let (shop, got, running) = opened();
    let (refused, code) = {
        let data = shop.data();
        let words = ["run", "shop", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0", "--env", "local"];
        shop.told(&words)
    };
    assert_eq!(code, 75, "a second one on the same data: {refused}");
    assert!(refused.contains("another Tabi runs on the data"), "{refused}");
    post(&shop, 0..40);
    assert_eq!(running.terminate().code(), Some(0));
    let beside = std::fs::metadata(shop.data().join("tabi.db-wal")).map_or(0, |file| file.len());
    assert_eq!(beside, 0, "all of it is in the file that somebody may copy");
    // Their wait ended while nothing ran, or ends now.
    let mut again = shop.run(&shop.data());
    again.ready();
    post(&shop, 40..50);
    came(&got, 0..50);
    recognisable(&got);
    within(DEADLINE, "nothing is pending", || (status(&shop)["pending"] == 0).then_some(()));
    assert!(got.lock().unwrap().values().all(|times| times.len() == 1), "an orderly end repeats nothing");
    assert_eq!(again.terminate().code(), Some(0));
    assert_eq!(command(&shop, &["status"]).1, 75, "nobody is there any more");
}

#[test]
fn a_copy_made_while_it_runs_goes_on_by_itself_with_the_same_keys() {
    let (shop, got, running) = opened();
    post(&shop, 0..30);
    let (copy, other) = (shop.folder.path().join("copy"), shop.folder.path().join("restored"));
    let (words, code) = command(&shop, &["backup", copy.to_str().unwrap()]);
    assert_eq!(code, 0, "{words}");
    came(&got, 0..30);
    running.kill();
    let before: Vec<usize> = got.lock().unwrap().values().map(Vec::len).collect();
    let (words, code) = shop.told(&["restore", copy.to_str().unwrap(), "--data", other.to_str().unwrap()]);
    assert_eq!(code, 0, "{words}");
    let (words, code) = shop.told(&["restore", copy.to_str().unwrap(), "--data", other.to_str().unwrap()]);
    assert_ne!(code, 0, "where something is, nothing is restored: {words}");
    let mut restored = shop.run(&other);
    restored.ready();
    post(&shop, 30..40);
    came(&got, 0..40);
    // Whatever the copy does not know to be sent is sent again, and the receiver knows it by its key.
    recognisable(&got);
    let after = got.lock().unwrap().values().take(before.len()).map(Vec::len).sum::<usize>();
    println!("{} sent again by the copy", after - before.iter().sum::<usize>());
    assert_eq!(restored.terminate().code(), Some(0));
}

#[test]
fn stopped_nothing_leaves_within_five_seconds_and_resumed_everything_does() {
    let (shop, got, _running) = opened();
    post(&shop, 0..200);
    within(DEADLINE, "something leaves", || (!got.lock().unwrap().is_empty()).then_some(()));
    let asked = Instant::now();
    let (words, code) = command(&shop, &["stop", "--everything"]);
    assert_eq!(code, 0, "{words}");
    // In flight when it was told, at most.
    within(Duration::from_secs(5), "nothing is under way", || {
        let channels = status(&shop)["channels"].as_array().cloned().unwrap_or_default();
        channels.iter().all(|channel| channel["under_way"] == 0).then_some(())
    });
    let (held, took) = (got.lock().unwrap().len(), asked.elapsed());
    // Events are still taken in, people still move, and their messages wait.
    post(&shop, 200..240);
    let due = (0..240).filter(|cart| passes(*cart)).count() - held;
    within(DEADLINE, "the messages wait", || (status(&shop)["pending"] == due).then_some(()));
    assert_eq!(got.lock().unwrap().len(), held, "something left after it was stopped");
    println!("stopped after {took:?}, {held} before and {due} held");
    let (words, code) = command(&shop, &["resume", "--everything"]);
    assert_eq!(code, 0, "{words}");
    came(&got, 0..240);
    recognisable(&got);
}

#[test]
fn who_is_forgotten_does_not_come_back() {
    let (shop, got, _running) = opened();
    post(&shop, 1..2);
    came(&got, 1..2);
    let (words, code) = command(&shop, &["person", "show", "u1", "--json"]);
    assert_eq!(code, 0, "{words}");
    let (words, code) = command(&shop, &["person", "forget", "u1", "--yes"]);
    assert_eq!(code, 0, "{words}");
    assert_eq!(command(&shop, &["person", "show", "u1"]).1, 1, "nobody has this id");
    // The same calls once more, and new ones: neither makes a person of them.
    let mut wire = shop.wire();
    wire.insist("/v1/batch", &batch([calls(1, 1), calls(1, 11), calls(2, 2)]));
    came(&got, 2..3);
    within(DEADLINE, "nothing is pending", || (status(&shop)["pending"] == 0).then_some(()));
    assert_eq!(command(&shop, &["person", "show", "u1"]).1, 1, "nobody has this id");
    let got = got.lock().unwrap();
    assert_eq!(got.keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(got[&1].len(), 1);
    assert_eq!(status(&shop)["people"], 1);
}

#[test]
fn a_refused_call_is_on_the_list_right_after_the_answer() {
    let (shop, _got, _running) = opened();
    for number in 1..=5 {
        let call =
            format!(r#"{{"userId":"u{number}","event":"cart_updated","properties":{{"cart_id":"x","total":"much"}}}}"#);
        let (code, answer) = shop.wire().post("/v1/track", &call).expect("an answer");
        assert_eq!(code, 400, "{answer}");
        let (words, code) = command(&shop, &["dead", "list"]);
        assert_eq!(code, 0);
        assert_eq!(words.matches("wrong value cart_updated.total").count(), number, "{words}");
    }
    let (words, code) = command(&shop, &["dead", "dismiss", "--all"]);
    assert_eq!(code, 0, "{words}");
    let (words, _) = command(&shop, &["dead", "list"]);
    assert!(words.contains("nothing was refused"), "{words}");
}

#[test]
fn results_of_the_data_are_those_of_a_replay() {
    let (shop, _got, running) = opened();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    // A purchase of the future is one of the moment it arrives at.
    let call = |event: &str, visitor: usize, at: i64| {
        let at = tabi::value::Instant(now + at * 1_000);
        format!(
            r#"{{"type":"track","userId":"v{visitor}","event":"{event}","messageId":"{event}{visitor}","timestamp":"{at}","properties":{{"cart_id":"{visitor}"}}}}"#
        )
    };
    let visits = (0..90).map(|visitor| call("visited", visitor, visitor as i64 - 100));
    let bought = (0..90).filter(|visitor| visitor % 3 == 0).map(|visitor| call("purchase", visitor, 4_000));
    let lines: Vec<String> = visits.chain(bought).collect();
    for line in &lines {
        shop.wire().insist("/v1/batch", &batch([line.clone()]));
    }
    let results = |words: &[&str]| {
        let (text, code) = shop.told(&[&["results", "tried", "--project", "shop", "--json"], words].concat());
        assert_eq!(code, 0, "{text}");
        let json: Json = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        json["experiments"][0]["arms"].clone()
    };
    let data = shop.data();
    let data = data.to_str().unwrap();
    // While it runs, with the next checkpoint.
    let entrants =
        |arms: &Json| arms.as_array().unwrap().iter().map(|arm| arm["entrants"].as_u64().unwrap()).sum::<u64>();
    within(DEADLINE, "somebody is counted", || (entrants(&results(&["--data", data])) > 0).then_some(()));
    assert_eq!(running.terminate().code(), Some(0));
    let log = shop.folder.path().join("visits.ndjson");
    std::fs::write(&log, lines.join("\n")).unwrap();
    let (kept, replayed) = (results(&["--data", data]), results(&["--events", log.to_str().unwrap()]));
    assert_eq!(entrants(&kept), 90);
    assert_eq!(kept, replayed);
    // The data know what they were written under, whatever the project's files say by now.
    let other = shop.folder.path().join("shop/carts.tabi");
    let text = std::fs::read_to_string(&other).unwrap();
    std::fs::write(&other, text.replace("journey tried", "journey tried_again")).unwrap();
    assert_eq!(results(&["--data", data]), kept);
}

#[test]
fn a_change_to_a_program_that_is_not_there_is_refused_and_everything_goes_on() {
    let (shop, got, running) = opened();
    let change = |bundle: &str| {
        let body = json!({ "generation": 2, "bundle": bundle });
        client::ask(&shop.data(), "POST".parse().unwrap(), "/change", Some(&body)).unwrap_err().to_string()
    };
    assert!(change(&"0".repeat(64)).contains("generation 2: it is missing"));
    // One that was kept, and that another plan has overwritten.
    let programs = shop.data().join("programs");
    std::fs::copy(programs.join("1.zst"), programs.join("2.zst")).unwrap();
    assert!(change(&"0".repeat(64)).contains("another than the change names"));
    post(&shop, 0..10);
    came(&got, 0..10);
    assert_eq!(status(&shop)["generation"], 1);
    assert_eq!(running.terminate().code(), Some(0));
}
