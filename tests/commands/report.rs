//! `tabi report`: its figures against pandas and lifetimes, its page, its words, and `docs/report.md` as it is written.
//!
//! What the others say is stored in `tests/report/`, with the scripts that printed it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use scraper::{Html, Selector};
use serde_json::Value as Json;
use tabi::lifetime::{Buyer, Buying, Spender, Spending};

use super::run::{folder, output, told};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn json(arguments: &[&str]) -> Json {
    let (text, code) = told(&root(), arguments);
    assert_eq!(code, 0, "{arguments:?}: {text}");
    serde_json::from_str(&text).expect("the report is JSON")
}

fn stored(name: &str) -> Json {
    let text = fs::read_to_string(root().join("tests/report").join(name)).expect("the figures are stored");
    serde_json::from_str(&text).expect("the figures are JSON")
}

/// Everything of `expected` is in `found`; shares to six decimals, everything else exactly.
fn contains(found: &Json, expected: &Json, path: &str, wrong: &mut Vec<String>) {
    match (found, expected) {
        (Json::Object(found), Json::Object(expected)) => {
            for (key, value) in expected {
                contains(found.get(key).unwrap_or(&Json::Null), value, &format!("{path}.{key}"), wrong);
            }
        }
        (Json::Array(found), Json::Array(expected)) if found.len() == expected.len() => {
            for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
                contains(found, expected, &format!("{path}[{place}]"), wrong);
            }
        }
        (Json::Number(found), Json::Number(expected)) => {
            let near = (found.as_f64().unwrap() - expected.as_f64().unwrap()).abs() < 2e-6;
            if !near {
                wrong.push(format!("{path}: {found}, counted {expected}"));
            }
        }
        (found, expected) if found == expected => {}
        (found, expected) => wrong.push(format!("{path}: {found}, counted {expected}")),
    }
}

#[test]
fn pandas_counts_the_same() {
    for (project, name) in [("examples/purchases", "sample-gbp.json"), ("campaigns", "sample-jpy.json")] {
        let report = json(&["report", project, "--json", "--purchases-only"]);
        let mut figures = report["purchases"].clone();
        figures["book"] = figures["books"][0].clone();
        let mut wrong = Vec::new();
        contains(&figures, &stored(name), "", &mut wrong);
        assert!(wrong.is_empty(), "{project}:\n{}", wrong.join("\n"));
        assert_eq!(figures["books"].as_array().map(Vec::len), Some(1));
    }
}

fn near(found: &Json, expected: &Json, share: f64) {
    let (found, expected) = (found.as_f64().expect("a number"), expected.as_f64().expect("a number"));
    assert!((found - expected).abs() <= share * expected.abs(), "{found}, not {expected}");
}

#[test]
fn lifetimes_fits_the_same() {
    let report = json(&["report", "examples/purchases", "--json", "--purchases-only"]);
    let (others, figures) = (stored("lifetime.json"), &report["purchases"]);
    let (own, theirs) = (&figures["future"]["estimated"], &others["sample"]);
    // They come to a chance of leaving of 6 in a thousand millions, and do not come to an end: nobody leaves.
    assert_eq!(own["model"], "nbd");
    assert!(theirs["bgnbd"]["a"].as_f64().unwrap() < 1e-6);
    near(&own["r"], &theirs["bgnbd"]["r"], 1e-5);
    near(&own["alpha"], &theirs["bgnbd"]["alpha"], 1e-5);
    near(&own["log_likelihood"], &theirs["bgnbd_log_likelihood"], 1e-6);
    let value = &figures["books"][0]["value"]["estimated"];
    for name in ["p", "q", "v"] {
        near(&value[name], &theirs["gamma_gamma"][name], 2e-4);
    }
    near(&value["log_likelihood"], &theirs["gamma_gamma_log_likelihood"], 1e-6);
    near(&value["correlation"], &theirs["correlation"], 1e-2);
    assert_eq!((&value["people"], &own["repeaters"]), (&theirs["spenders"], &theirs["repeaters"]));
}

/// The full log is not part of the repository; see docs/report.md.
#[test]
#[ignore = "needs the full log: TABI_FULL_LOG=online_retail.csv.gz"]
fn the_full_log_comes_to_the_published_figures() {
    let log = std::env::var("TABI_FULL_LOG").expect("TABI_FULL_LOG names the log");
    let mapping = root().join("examples/data/purchases-gbp.yaml");
    let report = json(&[
        "report",
        "examples/purchases",
        "--json",
        "--purchases-only",
        "--events",
        &log,
        "--mapping",
        mapping.to_str().unwrap(),
    ]);
    let figures = &report["purchases"];
    assert_eq!((&report["input"]["lines"], &figures["people"]), (&Json::from(541_909), &Json::from(4_339)));
    let thousandth = |rate: &Json| (rate.as_f64().unwrap() * 1000.0).round() as i64;
    let rates = |list: &Json| -> Vec<i64> { list.as_array().unwrap().iter().map(|s| thousandth(&s["rate"])).collect() };
    assert_eq!(rates(&figures["ladder"]["steps"])[..4], [643, 687, 739, 726]);
    assert_eq!(rates(&figures["ladder"]["second_within"])[..4], [191, 352, 455, 657]);
    assert_eq!(figures["ladder"]["gaps"][0]["p50"], 57);
    // As lifetimes 0.11.3 and scipy 1.17.1 fit it (tests/report/lifetime.py).
    let own = &figures["future"]["estimated"];
    let theirs = [("r", 0.826_433), ("alpha", 9.841_53), ("a", 0.003_442_69), ("b", 6.749_40)];
    theirs.iter().for_each(|(name, value)| near(&own[*name], &Json::from(*value), 2e-3));
    near(&own["log_likelihood"], &Json::from(-37_647.759_4), 1e-7);
    let value = &figures["books"][0]["value"]["estimated"];
    [("p", 2.103_52), ("q", 3.449_91), ("v", 485.571)]
        .iter()
        .for_each(|(name, theirs)| near(&value[*name], &Json::from(*theirs), 1e-3));
}

/// Of the package lifetimes on PyPI, which does not say under what terms the data themselves are.
#[test]
#[ignore = "needs lifetimes/datasets/cdnow_customers_summary_with_transactions.csv: TABI_CDNOW=that file"]
fn the_cdnow_sample_comes_to_the_published_parameters() {
    let text = fs::read_to_string(std::env::var("TABI_CDNOW").expect("TABI_CDNOW names the file")).unwrap();
    let (mut buyers, mut spenders) = (Vec::new(), Vec::new());
    for line in text.lines().skip(1) {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.trim().parse().unwrap()).collect();
        let repeats = cells[1] as u32;
        buyers.push(Buyer { repeats, recency: cells[2], age: cells[3] });
        if repeats > 0 {
            spenders.push(Spender { repeats, mean: cells[4] });
        }
    }
    assert_eq!((buyers.len(), spenders.len()), (2_357, 946));
    let fit = Buying::fit(&buyers).unwrap();
    let found = fit.buying;
    let near = |found: f64, published: f64| assert!((found - published).abs() < 6e-6, "{found}, not {published}");
    [(found.r, 0.24259), (found.alpha, 4.41353), (found.a, 0.79289), (found.b, 2.42575)]
        .iter()
        .for_each(|(found, published)| near(*found, *published));
    assert!((fit.log_likelihood + 9_582.425_6).abs() < 1e-3, "{fit:?}");
    let fit = Spending::fit(&spenders).unwrap();
    let found = [(fit.spending.p, 6.2488), (fit.spending.q, 3.7446), (fit.spending.v, 15.4477)];
    found.iter().for_each(|(found, published)| assert!((found - published).abs() < 1e-4, "{fit:?}"));
    assert!((fit.log_likelihood + 4_055.923).abs() < 1e-3, "{fit:?}");
}

/// A shop small enough to count by hand, with two currencies, returns, an alias, and an order that came twice.
const SHOP: &[(&str, &str)] = &[
    (
        "tabi.yaml",
        "name: corner <shop>\ntimezone: Asia/Tokyo\ncurrency: JPY\nlifecycle: [prospect, regular]\ncosts: { email: \"0.5 JPY\" }\n\
         sample: { events: events.ndjson }\nreport: { purchases: [bought.total, bought_abroad.total], returns: sent_back.total }\n\
         sender: { name: S, address: A, contact: c@s.example }\n",
    ),
    (
        "shop.tabi",
        "profile {\n  email: email? pii\n}\n\n\
         event bought about profile { total: money JPY }\n\nevent bought_abroad about profile { total: money USD }\n\n\
         event sent_back about profile { total: money JPY }\n\n\
         message thanks on email for transactional class nurture\n\nmessage coupon on email for marketing offers discount\n\n\
         policy standard {\n  timezone Asia/Tokyo\n  quiet 21:00..08:00 then hold\n  cap 3 messages per 7d\n  nurture at least 40%\n  consent marketing\n}\n\n\
         journey follow_up {\n  purpose repeat\n  owner \"@crm\"\n  about \"Thank, and ask again.\"\n  under policy standard\n  \
         goal bought within 30d target 50%\n  review every 3mo by \"@lead\"\n  reentry never\n  stage regular\n\n  \
         start when bought\n\n  send email thanks\n  wait 3d\n  send email coupon\n}\n",
    ),
    (
        "events.ndjson",
        r#"{"type":"identify","userId":"a","traits":{"email":"a@x.example","consent":["marketing"]}}
{"type":"identify","userId":"b","traits":{"email":"b@x.example"}}
{"type":"track","userId":"a","event":"bought","messageId":"1","timestamp":"2026-01-10T10:00:00+09:00","properties":{"total":1000}}
{"type":"track","userId":"a","event":"bought","messageId":"1","timestamp":"2026-01-10T10:00:00+09:00","properties":{"total":1000}}
{"type":"track","userId":"a","event":"bought","messageId":"2","timestamp":"2026-01-10T23:59:00+09:00","properties":{"total":500}}
{"type":"track","anonymousId":"x","event":"bought","messageId":"3","timestamp":"2026-01-20T10:00:00+09:00","properties":{"total":3000}}
{"type":"track","userId":"a","event":"bought","messageId":"4","timestamp":"2026-02-09T10:00:00+09:00","properties":{"total":2000}}
{"type":"track","userId":"b","event":"bought","messageId":"5","timestamp":"2026-02-19T10:00:00+09:00","properties":{"total":4000}}
{"type":"alias","userId":"b","previousId":"x","timestamp":"2026-02-19T11:00:00+09:00"}
{"type":"track","userId":"b","event":"sent_back","messageId":"6","timestamp":"2026-02-20T10:00:00+09:00","properties":{"total":1500}}
{"type":"track","userId":"c","event":"bought_abroad","messageId":"7","timestamp":"2026-02-28T10:00:00+09:00","properties":{"total":19.99}}
{"type":"track","userId":"a","event":"Unsubscribed","timestamp":"2026-02-28T09:00:00+09:00"}
{"type":"track","userId":"d","event":"sent_back","messageId":"8","timestamp":"2026-02-28T10:00:00+09:00","properties":{"total":1}}
"#,
    ),
];

const ON: &[&str] = &["--today", "2026-03-01"];

#[test]
fn a_small_shop_counted_by_hand() {
    let shop = folder(SHOP);
    let (text, code) = told(shop.path(), &[&["report", "--json"], ON].concat());
    assert_eq!(code, 0, "{text}");
    let report: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(report["version"], 1);
    assert_eq!(
        (&report["input"]["repeated"], &report["input"]["left"]["unsubscribed"]),
        (&Json::from(1), &Json::from(1))
    );
    let figures = &report["purchases"];
    // a on two days, b (with x) on two, c once; d only sent something back.
    assert_eq!((&figures["people"], &figures["purchases"]), (&Json::from(3), &Json::from(6)));
    assert_eq!(figures["ladder"]["steps"][0], serde_json::json!({"from": 1, "people": 3, "next": 2, "rate": 0.666667}));
    // Of a and b, who first bought thirty days or more before the end, both came within thirty days.
    assert_eq!(
        figures["ladder"]["second_within"][0],
        serde_json::json!({"days": 30, "people": 2, "reached": 2, "rate": 1.0})
    );
    assert_eq!(figures["ladder"]["gaps"][0]["p50"], 30);
    assert_eq!(figures["cohorts"][0]["active"], serde_json::json!([2, 2]));
    assert_eq!(figures["cohorts"][1]["active"], serde_json::json!([1]));
    // The log ends on the last day of February: no month is cut off.
    assert_eq!(figures["cohorts"][0]["last_is_partial"], false);
    let books = figures["books"].as_array().unwrap();
    let told: Vec<(&str, &str, &str, &str)> = books
        .iter()
        .map(|b| {
            let text = |key: &str| b[key].as_str().unwrap();
            (text("currency"), text("gross"), text("returned"), text("net"))
        })
        .collect();
    assert_eq!(
        told,
        [("JPY", "10500 JPY", "1500 JPY", "9000 JPY"), ("USD", "19.99 USD", "0.00 USD", "19.99 USD")],
        "currencies stay apart"
    );
    assert!(figures["future"]["unknown"]["why"].as_str().unwrap().contains("3 people are too few"));
    let journey = &report["journeys"]["journeys"]["follow_up"];
    // x was not known to be b when they bought: two entries, one person; nobody has x's address. a is asked again, b not: no consent.
    assert_eq!((&journey["reached"], &journey["sent"]["email"]), (&Json::from(2), &Json::from(3)));
    assert_eq!(journey["cost"]["JPY"], "1.5 JPY");
    assert_eq!((&journey["offers"]["discount"], &journey["offers"]["all"]), (&Json::from(1), &Json::from(3)));
    assert_eq!(journey["classes"]["nurture"], 2);
    assert_eq!(report["journeys"]["coverage"][0], serde_json::json!({"stage": "prospect", "journeys": []}));
    assert_eq!(journey["review"]["overdue"], Json::Null, "no git, no day");
}

#[test]
fn the_report_in_words() {
    let shop = folder(SHOP);
    let (english, code) = told(shop.path(), &[&["report"], ON].concat());
    assert_eq!(code, 0, "{english}");
    insta::assert_snapshot!("report_english", english);
    let (japanese, _) = told(shop.path(), &[&["--lang", "ja", "report"], ON].concat());
    insta::assert_snapshot!("report_japanese", japanese);
}

#[test]
fn the_page_stands_alone() {
    let shop = folder(SHOP);
    for (lang, name) in [("en", "report_page_english"), ("ja", "report_page_japanese")] {
        let arguments = [&["--lang", lang, "report", "--format", "html"], ON].concat();
        let (page, code) = told(shop.path(), &arguments);
        assert_eq!(code, 0, "{page}");
        assert_eq!(page, told(shop.path(), &arguments).0, "the same bytes each time");
        insta::assert_snapshot!(name, page);
        judged(&page);
    }
    let page = shop.path().join("figures.html");
    let out = [&["report", "--format", "html", "--out", page.to_str().unwrap()], ON].concat();
    assert_eq!(told(shop.path(), &out), (String::new(), 0));
    judged(&fs::read_to_string(page).unwrap());
    let (whole, _) = told(&root(), &[&["report", "campaigns", "--format", "html"], ON].concat());
    judged(&whole);
}

/// Nothing is fetched, nothing runs, and whoever does not see the charts has their figures.
fn judged(page: &str) {
    for outside in ["http:", "https:", "//", "src=", "url(", "@import", "<script", "<link"] {
        assert!(!page.contains(outside), "`{outside}` leads out");
    }
    let html = Html::parse_document(page);
    assert_eq!(format!("{:?}", html.quirks_mode), "NoQuirks");
    let select = |css: &str| Selector::parse(css).unwrap();
    let mut ids = BTreeSet::new();
    let charts: Vec<_> = html.select(&select("svg")).collect();
    assert!(charts.len() >= 4, "{} charts", charts.len());
    for chart in charts {
        assert_eq!(chart.attr("role"), Some("img"));
        for id in chart.attr("aria-labelledby").unwrap().split(' ') {
            assert!(ids.insert(id.to_owned()), "{id} is twice on the page");
            let text: String = html.select(&select(&format!("#{id}"))).flat_map(|found| found.text()).collect();
            assert!(!text.trim().is_empty(), "{id} says nothing");
        }
    }
    for table in html.select(&select("table")) {
        assert!(table.select(&select("caption")).next().is_some() && table.select(&select("th")).next().is_some());
    }
    assert!(!page.contains("<shop>"), "what people wrote is told as text");
}

#[test]
fn slips_are_told_with_their_remedy() {
    let shop = folder(SHOP);
    let cases: [(&[&str], &str, &str); 6] = [
        (&["--purchase", "boght"], "did you mean `bought`?", "`bought` ではありませんか"),
        (&["--purchase", "bought.totl"], "did you mean `total`?", "`total` ではありませんか"),
        (&["--margin", "140%"], "`140%` is not a share", "`140%` は割合ではありません"),
        (&["--today", "soon"], "`soon` is not a day", "`soon` は日付ではありません"),
        (&["--until", "soon"], "`soon` is not a time", "`soon` は日時ではありません"),
        (&["--out", "no/such/folder.txt"], "cannot be written", "書き込めません"),
    ];
    for (arguments, english, japanese) in cases {
        for (lang, words) in [("en", english), ("ja", japanese)] {
            let run = output(shop.path(), &[&["--lang", lang, "report"], arguments].concat());
            let said = String::from_utf8(run.stderr).unwrap();
            assert_eq!(run.status.code(), Some(64), "{arguments:?}: {said}");
            assert!(said.contains(words), "{arguments:?}: {said}");
        }
    }
    let nowhere = output(shop.path(), &["report", "--data", "nowhere"]);
    let said = String::from_utf8(nowhere.stderr).unwrap();
    assert!(nowhere.status.code() == Some(1) && said.contains("nothing is live in `nowhere` yet"), "{said}");
    let mut shop = SHOP.to_vec();
    let config = shop[0].1.replace("returns: sent_back.total", "return: sent_back.total, margin: 140%");
    shop[0].1 = &config;
    let wrong = folder(&shop);
    let said = String::from_utf8(output(wrong.path(), &["report"]).stderr).unwrap();
    assert!(said.contains("did you mean `returns`?") && said.contains("`margin` should be a share"), "{said}");
    let none = folder(&[
        ("tabi.yaml", "name: n\ntimezone: Asia/Tokyo\ncurrency: JPY\nsample: { events: e.ndjson }\n"),
        ("n.tabi", "profile {\n  email: email? pii\n}\n\nevent seen about profile { page: text }\n"),
        (
            "e.ndjson",
            "{\"type\":\"track\",\"userId\":\"a\",\"event\":\"seen\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"properties\":{\"page\":\"x\"}}\n",
        ),
    ]);
    let said = |arguments: &[&str]| {
        let run = output(none.path(), arguments);
        (String::from_utf8(run.stderr).unwrap(), run.status.code())
    };
    let (text, code) = said(&["report"]);
    assert!(code == Some(64) && text.contains("nothing says which event is a purchase"), "{text}");
    // Of an event without money there is a ladder, and no book.
    let (text, code) = told(none.path(), &["report", "--purchase", "seen"]);
    assert!(code == 0 && text.contains("say nothing of money"), "{text}");
    let (text, code) = said(&["report", "--purchase", "seen", "--until", "2025-01-01"]);
    assert!(code == Some(1) && text.contains("none of the 1 lines is a purchase"), "{text}");
}

/// What is written for profiles is read again, and segments ask about it.
#[test]
fn expectations_become_fields_of_the_profile() {
    let declared = "  expected_purchases_90d: decimal?\n  probability_alive: percent?\n  lifetime_value: money GBP?\n";
    let campaigns = fs::read_to_string(root().join("examples/purchases/purchases.tabi")).unwrap();
    let campaigns = campaigns.replacen("profile {\n", &format!("profile {{\n{declared}"), 1);
    let segment = "segment likely = profile.expected_purchases_90d is set and profile.expected_purchases_90d >= 3\n\n";
    let at = campaigns.find("segment lapsed").unwrap();
    let campaigns =
        format!("{}{segment}{}", &campaigns[..at], &campaigns[at..]).replace("in good_customers\n", "in likely\n");
    let campaigns = campaigns.replace("start at 2011-10-03 12:00", "start at 2011-12-12 12:00");
    let campaigns = &campaigns[..campaigns.find("test f2_follow_up").unwrap()];
    let config = fs::read_to_string(root().join("examples/purchases/tabi.yaml")).unwrap();
    let config = config.replace("../data/", &format!("{}/", root().join("examples/data").display()));
    let project = folder(&[("tabi.yaml", &config), ("purchases.tabi", campaigns)]);
    let (text, code) =
        told(project.path(), &["report", "--json", "--purchases-only", "--write-profile", "expected.ndjson"]);
    assert_eq!(code, 0, "{text}");
    let report: Json = serde_json::from_str(&text).unwrap();
    let lines = fs::read_to_string(project.path().join("expected.ndjson")).unwrap();
    let calls: Vec<Json> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(calls.len() as u64, report["purchases"]["people"].as_u64().unwrap());
    let of = |call: &Json, name: &str| call["traits"][name].as_f64().unwrap();
    let sum: f64 = calls.iter().map(|call| of(call, "expected_purchases_90d")).sum();
    let told_sum = report["purchases"]["future"]["estimated"]["next_90_days"].as_f64().unwrap();
    assert!((sum - told_sum).abs() < 0.2, "{sum}, not {told_sum}");
    assert!(calls.iter().all(|call| call["traits"].get("probability_alive").is_none()), "nobody leaves");
    assert!(calls.iter().all(|call| of(call, "lifetime_value") > 0.0));
    let likely = calls.iter().filter(|call| of(call, "expected_purchases_90d") >= 3.0).count();
    assert!(likely > 20, "{likely}");
    let (text, code) =
        told(project.path(), &["simulate", "--json", "--people", "expected.ndjson", "--until", "2012-01-31"]);
    assert_eq!(code, 0, "{text}");
    let simulated: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(simulated["input"]["rejected"], serde_json::json!({}));
    assert_eq!(simulated["journeys"]["broadcast"]["entered"].as_u64(), Some(likely as u64));
    // Nothing declared, nothing written.
    let run = output(&root(), &["report", "examples/purchases", "--purchases-only", "--write-profile", "/dev/null"]);
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.code() == Some(1) && said.contains("lifetime_value: money GBP?"), "{said}");
}

/// Each command on the page is run, and what stands under it is part of what it says; `…` stands for lines left out.
#[test]
fn the_page_of_the_documents_is_true() {
    let page = fs::read_to_string(root().join("docs/report.md")).unwrap();
    let mut commands = 0;
    let mut run: BTreeMap<&str, String> = BTreeMap::new();
    for block in page.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
        let mut lines = block.lines().peekable();
        while let Some(command) = lines.next().and_then(|line| line.strip_prefix("$ tabi ")) {
            let said = run.entry(command).or_insert_with(|| {
                let (said, code) = told(&root(), &command.split(' ').collect::<Vec<_>>());
                assert_eq!(code, 0, "{command}: {said}");
                said
            });
            let mut rest = said.as_str();
            while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
                let line = line.trim_end();
                if line == "…" || line.is_empty() {
                    continue;
                }
                let found = rest.find(line);
                assert!(found.is_some(), "`tabi {command}` does not say, or not in this order:\n{line}\nbut:\n{said}");
                rest = &rest[found.unwrap() + line.len()..];
            }
            commands += 1;
        }
    }
    assert!(commands >= 3, "the page shows {commands} commands");
}

/// Lines of a journal as `tabi run` writes them, added up.
#[test]
fn a_journal_is_added_up_by_journey_and_person() {
    use tabi::machine::{Entry, Reason, Report as Said, What};
    use tabi::report::journeys::Journal;
    let shop = folder(SHOP);
    let project = tabi::project::load(shop.path());
    let settings = tabi::compile::Settings {
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
    let program = tabi::compile::compile(&project.sources, &settings).program.expect("the shop compiles");
    let message = |name: &str| {
        tabi::ir::MessageId(program.messages.iter().position(|message| message.name == name).unwrap() as u16)
    };
    let (thanks, coupon) = (message("thanks"), message("coupon"));
    let entry = |journey: u16, what: What| Entry {
        at: tabi::value::Instant(0),
        journey: tabi::ir::JourneyId(journey),
        run: None,
        step: None,
        what,
    };
    let handle = tabi::ir::HandleId(0);
    let mut journal = Journal::new(&program);
    for what in [
        What::Entered,
        What::Sent { message: thanks, handle },
        What::Reported { message: thanks, report: Said::Opened },
        What::Sent { message: coupon, handle },
        What::Reported { message: coupon, report: Said::Unsubscribed },
        What::Goal { event: program.event_named("bought").unwrap(), worth: None },
    ] {
        journal.wrote(&entry(0, what));
    }
    journal.next_person();
    // Accepted, and never dispatched: nobody was reached.
    journal.wrote(&entry(0, What::Entered));
    journal.wrote(&entry(0, What::Sent { message: thanks, handle }));
    journal.wrote(&entry(0, What::Dropped { message: thanks, reason: Reason::Budget }));
    journal.next_person();
    // A journey that there is not.
    journal.wrote(&entry(7, What::Entered));
    let done = journal.finish();
    assert_eq!((done[0].entered, done[0].reached, done[0].goals), (2, 1, 1));
    assert_eq!((done[0].sent[thanks.index()], done[0].sent[coupon.index()]), (1, 1));
    let signals = done[0].signals.expect("there are some");
    assert_eq!((signals.opened, signals.unsubscribed, signals.blocked), (1, 1, 0));
}
