//! Generated inputs of the benchmarks: a project of many journeys, and a log of events of many people.
//!
//! Measures nothing. The same arguments give the same bytes.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The world and ten journeys of the simulation benchmark.
pub const TEN_JOURNEYS: &str = include_str!("ten.tabi");

pub const SETTINGS: &str = "name: bench\ntimezone: Asia/Tokyo\ncurrency: JPY\n";

/// xorshift64*: enough chance for a workload, and the same on every machine.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed.max(1))
    }
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }
}

/// First day of the log, seconds since the epoch: 2026-01-01T00:00:00Z.
const LOG_START: i64 = 1_767_225_600;
/// The log spans 90 days.
const LOG_SECONDS: u64 = 90 * 86_400;

/// What a log is full of.
#[derive(Debug, Clone, Copy)]
pub enum Mix {
    /// As shops see it: mostly views. Between the shares of the Retailrocket log (96.7 % views, 2.5 % carts, 0.8 %
    /// purchases) and a shop that also reports deliveries and searches.
    Shop,
    /// Two events of three move somebody in some journey: what a simulation costs at its busiest.
    Dense,
}

impl Mix {
    /// Percent of views, carts, purchases and deliveries, added up; searches are the rest.
    fn steps(self) -> [u64; 4] {
        match self {
            Mix::Shop => [90, 95, 97, 99],
            Mix::Dense => [55, 75, 85, 93],
        }
    }
}

/// NDJSON in Segment's shape: one `identify` for each person when first seen, then tracks; `events` lines in all,
/// in order of time, about 400 bytes each.
pub fn write_events(path: &Path, events: u64, people: u64, mix: Mix) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    let mut chance = Chance::new(7);
    let mut known = vec![false; people as usize];
    let mut line = String::new();
    for n in 0..events {
        let millis = (LOG_START as u64 * 1000) + LOG_SECONDS * 1000 * n / events;
        let person = chance.below(people);
        line.clear();
        let first_time = !std::mem::replace(&mut known[person as usize], true);
        write_line(&mut line, &mut chance, mix, n, person, millis, first_time);
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}

fn write_line(line: &mut String, chance: &mut Chance, mix: Mix, n: u64, person: u64, millis: u64, first_time: bool) {
    let stamp = timestamp(millis);
    let context = r#""context":{"ip":"203.0.113.7","locale":"ja-JP","library":{"name":"analytics.js","version":"2.11.1"},"page":{"path":"/items","referrer":"","title":"旅の店"},"userAgent":"Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X)"}"#;
    let head = format!(r#""messageId":"m-{n:09}","userId":"u{person:06}","timestamp":"{stamp}",{context}"#);
    if first_time {
        let line_id = if person.is_multiple_of(3) { format!(r#","line_user":"U{person:06}""#) } else { String::new() };
        let rank = ["bronze", "silver", "gold"][(person % 3) as usize];
        let _ = writeln!(
            line,
            r#"{{"type":"identify",{head},"traits":{{"email":"u{person}@example.jp","rank":"{rank}","consent":["marketing"]{line_id}}}}}"#
        );
        return;
    }
    let price = 500 + chance.below(300) * 100;
    let order = chance.below(1_000_000_000);
    let [views, carts, purchases, deliveries] = mix.steps();
    let (event, properties) = match chance.below(100) {
        draw if draw < views => (
            "Product Viewed",
            format!(r#"{{"item_id":"i{}","category":"tea","price":{price},"currency":"JPY"}}"#, order % 500),
        ),
        draw if draw < carts => (
            "Cart Updated",
            format!(
                r#"{{"cart_id":"c{order}","total":{price},"items":[{{"item_id":"i1","price":500}},{{"item_id":"i2","price":700}}]}}"#
            ),
        ),
        draw if draw < purchases => {
            ("Purchase", format!(r#"{{"order_id":"o{order}","cart_id":"c{order}","total":{price}}}"#))
        }
        draw if draw < deliveries => ("Delivered", format!(r#"{{"order_id":"o{order}"}}"#)),
        _ => ("Searched", format!(r#"{{"query":"茶葉","results":{}}}"#, chance.below(4))),
    };
    let _ = writeln!(line, r#"{{"type":"track","event":"{event}",{head},"properties":{properties}}}"#);
}

/// RFC 3339 with milliseconds, for a time within the log's 90 days of 2026.
fn timestamp(millis: u64) -> String {
    let seconds = millis / 1000 - LOG_START as u64;
    let (day, rest) = (seconds / 86_400, seconds % 86_400);
    let (month, day) = match day {
        0..31 => (1, day + 1),
        31..59 => (2, day - 30),
        59..90 => (3, day - 58),
        _ => (4, day - 89),
    };
    format!("2026-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z", rest / 3600, rest / 60 % 60, rest % 60, millis % 1000)
}

/// A project of `count` journeys of about 50 lines each, ten to a file, with the world of [`TEN_JOURNEYS`].
pub fn many_journeys(count: usize) -> Vec<(String, String)> {
    let world = TEN_JOURNEYS.split("\njourney ").next().unwrap_or_default().to_owned();
    let mut files = vec![("world.tabi".to_owned(), world)];
    for file in 0..count.div_ceil(10) {
        let mut text = String::new();
        for n in file * 10..(file * 10 + 10).min(count) {
            text.push_str(&one_journey(n));
        }
        files.push((format!("journeys_{file:03}.tabi"), text));
    }
    files
}

fn one_journey(n: usize) -> String {
    let (days, amount) = (n % 9 + 1, 1000 + n % 50 * 100);
    let away = 2 * days + 10;
    format!(
        r#"
# Journey {n}: カートに戻ってもらう
journey generated_{n} "生成されたジャーニー {n}" {{
  purpose convert
  owner "@crm"
  about "Bring people back to a cart worth {amount} yen or more."
  under policy standard
  goal purchase(cart_id == cart.cart_id) within 30d target 12%
  review every 3mo by "@crm-lead"
  reentry after {away}d
  priority {n}
  holdout 10% as holdout_{n}
  promise at most 4 messages
  promise ends within 60d

  start when cart_updated(total >= {amount} JPY) as cart settled for 1h
  only if count of purchase in last {days}d < 3 and profile.rank != gold
  exit when purchase(cart_id == cart.cart_id)

  send line cart_line with {{ total: cart.total }} as nudge
    otherwise send email cart_mail with {{ subject: "カートに商品が残っています" }} as nudge

  wait up to 24h for nudge.clicked {{
    stop because "came back"
  }} otherwise {{
    wait {days}d
    if profile.email is set and sum of purchase.total in last 30d >= {amount} JPY {{
      send email cart_mail with {{ subject: "在庫が残りわずかです" }} as second_{n}
    }} else if profile in big_spenders {{
      # 大口のお客様には別の手紙を送る
      send email news_mail
    }} else {{
      let subject = split subject_{n} {{ 50% plain: "お忘れ物" 50% urgent: "お急ぎください" }}
      send email cart_mail with {{ subject: subject }}
    }}
  }}

  choose profile.rank {{
    bronze {{
      wait 2d
      tag "bronze-{n}"
    }}
    silver {{ wait until tomorrow 12:00 }}
    gold {{
      wait until monday 09:00
      send line news_line
    }}
  }}
  split arms_{n} {{
    60% short {{ wait 1d }}
    40% long {{
      wait {days}d
      send email news_mail
    }}
  }}
}}
"#
    )
}
