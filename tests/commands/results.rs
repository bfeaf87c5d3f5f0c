//! `tabi results`: on a replay, and what it says where there is nothing to read.
//!
//! The numbers are held elsewhere; data of `tabi run` by `tests/process/`.

use serde_json::Value as Json;

use super::run::{CONFIG, folder, told};

const SHOP: &str = r#"
profile { email: email? }
event cart about profile { key: id, total: money JPY }
event purchase about profile { key: id, total: money JPY }
message nudge on webhook for transactional takes { text: text }
policy open { consent marketing }

journey reminder "Reminds" {
  purpose convert
  owner "@crm"
  about "Reminds of a cart."
  under policy open
  goal purchase(key == c.key) within 3d
  review every 3mo by "@lead"
  reentry always
  holdout 50% as reminder_control
  start when cart as c per c.key
  send webhook nudge with { text: "x" }
}

journey plain {
  purpose convert
  owner "@crm"
  about "Does nothing special."
  under policy open
  goal purchase within 3d
  review every 3mo by "@lead"
  reentry always
  start when cart
  send webhook nudge with { text: "x" }
}
"#;

/// Everybody leaves a cart, every other buys it.
fn log(people: u32) -> String {
    let call = |event: &str, n: u32, minute: u32| {
        format!(
            "{{\"type\":\"track\",\"event\":\"{event}\",\"userId\":\"u{n}\",\"messageId\":\"{event}{n}\",\
             \"timestamp\":\"2026-04-01T{:02}:{:02}:00Z\",\"properties\":{{\"key\":\"k{n}\",\"total\":{}}}}}\n",
            minute / 60,
            minute % 60,
            1_000 + n
        )
    };
    let carts = (0..people).map(|n| call("cart", n, n));
    let bought = (0..people).filter(|n| n % 2 == 0).map(|n| call("purchase", n, people + n));
    carts.chain(bought).collect()
}

fn shop(files: &[(&str, &str)]) -> tempfile::TempDir {
    let log = log(400);
    let mut all = vec![("tabi.yaml", CONFIG), ("shop.tabi", SHOP), ("log.ndjson", log.as_str())];
    all.extend(files);
    folder(&all)
}

#[test]
fn a_replay_gives_results() {
    let shop = shop(&[]);
    let (text, code) = told(shop.path(), &["results", "--events", "log.ndjson"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.starts_with("reminder \"Reminds\": holdout reminder_control\n"), "{text}");
    assert!(
        text.contains("held and treated") || text.contains("treated and held: no difference can be told yet"),
        "{text}"
    );

    let (json, code) = told(shop.path(), &["results", "reminder", "--events", "log.ndjson", "--json"]);
    assert_eq!(code, 0);
    let json: Json = serde_json::from_str(&json).expect("one document");
    let arms = json["experiments"][0]["arms"].as_array().expect("two arms");
    let sum = |field: &str| arms.iter().map(|arm| arm[field].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("entrants"), sum("conversions")), (400, 200));
    let money = json["experiments"][0]["money"][0]["arms"].as_array().expect("two arms");
    let spent: f64 = money.iter().map(|arm| arm["total"].as_f64().unwrap()).sum();
    assert_eq!(spent, (0..400).step_by(2).map(|n| 1_000.0 + f64::from(n)).sum::<f64>());

    let (text, _) = told(shop.path(), &["results", "--lang", "ja", "--events", "log.ndjson", "--format", "md"]);
    assert!(text.starts_with("### reminder \"Reminds\": ホールドアウト reminder\\_control\n\n"), "{text}");
    let (text, _) = told(shop.path(), &["results", "plain", "--events", "log.ndjson"]);
    assert_eq!(text, "no split and no holdout\n");
}

#[test]
fn what_cannot_be_read_is_said() {
    let shop = shop(&[("empty.ndjson", "nonsense\n"), ("data/tabi.db", "this is no database at all")]);
    for (arguments, code) in [
        (&["results"][..], 64),
        (&["results", "--data", "nowhere"], 64),
        (&["results", "remindr", "--events", "log.ndjson"], 64),
        (&["results", "--events", "log.ndjson", "--data", "data"], 64),
        (&["results", "--events", "log.ndjson", "--lift", "0"], 64),
        (&["results", "--events", "nowhere.ndjson"], 64),
        (&["results", "--sample"], 64),
        (&["results", "--events", "empty.ndjson"], 1),
        (&["results", "--data", "data"], 75),
    ] {
        assert_eq!(told(shop.path(), arguments), (String::new(), code), "{arguments:?}");
    }
}
