//! LINE's own SDK (`@line/bot-sdk`, from npm) as the other side: it believes the webhooks that we believe, and asks of the
//! stand-in what we ask.
//!
//! Needs Node.js 20 or later with npm; the SDK itself is installed at the first run and kept in the build's folder.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use tabi::channels::line::{Actions, Line, Notifications, phone_hash};
use tabi::ports::{Call, Delivery, Doer, Outcome, Provider};
use tabi::render::Part;
use tabi::value::Span;

use crate::mock::Mock;
use crate::sending::{delivery, now, text};
use crate::webhooks::{SECRET, event, intake, signature};
use crate::{TOKEN, USER, api};

/// The last line that runs on Node.js 20.
const VERSION: &str = "10.8.0";

/// The folder in which the SDK is installed.
fn sdk() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = root.join(format!("line-bot-sdk-{VERSION}"));
        let script = include_str!("sdk.mjs");
        // Its old client is optional by name only: the SDK does not load without it.
        let whole = |folder: &Path| {
            ["@line/bot-sdk", "axios"].iter().all(|name| folder.join("node_modules").join(name).exists())
        };
        if !whole(&folder) {
            // Installed aside and moved, so that no half of it is ever used.
            let aside = tempfile::tempdir_in(root).unwrap();
            fs::write(aside.path().join("package.json"), r#"{"private":true,"type":"module"}"#).unwrap();
            let wanted = format!("@line/bot-sdk@{VERSION}");
            let flags = ["install", "--ignore-scripts", "--no-audit", "--no-fund", &wanted];
            let done = Command::new("npm").args(flags).current_dir(aside.path()).output();
            let done = done.unwrap_or_else(|error| panic!("npm is needed for LINE's SDK: {error}"));
            let fine = done.status.success() && whole(aside.path());
            assert!(fine, "npm: {}", String::from_utf8_lossy(&done.stderr));
            // Another run may have been faster; its folder is as good.
            let _ = fs::rename(aside.keep(), &folder);
        }
        fs::write(folder.join("sdk.mjs"), script).unwrap();
        folder
    })
}

/// What the SDK makes of a job.
fn run(job: &Json) -> Json {
    let mut child = Command::new("node")
        .arg("sdk.mjs")
        .current_dir(sdk())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("node is needed for LINE's SDK: {error}"));
    child.stdin.take().unwrap().write_all(job.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Signatures right and wrong, bodies whole and changed: the SDK and we always say the same.
#[test]
fn the_sdk_believes_what_we_believe() {
    let follow = event("follow", json!({ "replyToken": "r", "follow": { "isUnblocked": false } }));
    let words = event(
        "message",
        json!({ "replyToken": "r",
        "message": { "type": "text", "id": "1", "text": "返品したい 😀", "quoteToken": "q" } }),
    );
    let body =
        |events: Vec<Json>| json!({ "destination": format!("U{}", "a".repeat(32)), "events": events }).to_string();
    let bodies = [body(vec![]), body(vec![follow.clone(), words.clone()]), body(vec![words])];
    let mut cases: Vec<(Option<String>, Vec<u8>)> = Vec::new();
    for body in bodies.iter().map(|body| body.as_bytes().to_vec()) {
        let good = signature(SECRET, &body);
        cases.push((Some(good.clone()), body.clone()));
        cases.push((None, body.clone()));
        cases.push((Some(String::new()), body.clone()));
        cases.push((Some(signature("another", &body)), body.clone()));
        cases.push((Some(good[4..].to_owned()), body.clone()));
        // One bit of the body, at several places; white space that JSON does not mind.
        for at in [0, body.len() / 2, body.len() - 1] {
            let mut changed = body.clone();
            changed[at] ^= 1;
            cases.push((Some(good.clone()), changed));
        }
        cases.push((Some(good.clone()), [body.as_slice(), b" "].concat()));
        // One bit of the signature.
        let mut bytes = STANDARD.decode(&good).unwrap();
        bytes[31] ^= 1;
        cases.push((Some(STANDARD.encode(bytes)), body));
    }
    let webhooks: Vec<Json> = cases
        .iter()
        .map(|(signature, body)| json!({ "secret": SECRET, "signature": signature, "body": STANDARD.encode(body) }))
        .collect();
    let answers = run(&json!({ "webhooks": webhooks }));
    let mut believed = 0;
    for ((signature, body), answer) in cases.iter().zip(answers.as_array().unwrap()) {
        let ours = intake().take(signature.as_deref(), body, now());
        let theirs = answer.get("events").is_some();
        assert_eq!(ours.is_ok(), theirs, "{signature:?}: {ours:?}, {answer}");
        assert_eq!(answer["valid"], json!(theirs));
        if let Ok(notices) = ours {
            let events = answer["events"].as_array().unwrap();
            // A follow tells two things, a message one.
            let expected: usize = events.iter().map(|e| if e["type"] == "follow" { 2 } else { 1 }).sum();
            assert_eq!(notices.len(), expected);
            believed += 1;
        }
    }
    assert_eq!((believed, answers.as_array().unwrap().len()), (3, cases.len()));
}

/// The stand-in takes what LINE's own client sends, and ours sends the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_asks_what_we_ask() {
    let (theirs, ours) = (Mock::start().await, Mock::start().await);
    let messages = json!([{ "type": "text", "text": "こんにちは" }]);
    let (key, tag) = (delivery(&[USER], text("")).uuid, delivery(&[USER], text("")).key);
    let other_key = "0cc175b9-c0f1-8aaa-831c-000000000000";
    let phone = "+818000001234";
    let call = |method: &str, args: Json| json!({ "method": method, "args": args });
    let calls = json!([
        call("pushMessage", json!([{ "to": USER, "messages": messages }, key])),
        call("pushMessage", json!([{ "to": USER, "messages": messages }, key])),
        call("multicast", json!([{ "to": [USER, "U2"], "messages": messages }, other_key])),
        call("pushMessagesByPhone", json!([{ "to": phone_hash(phone), "messages": messages }, tag])),
        call("linkRichMenuIdToUser", json!([USER, "richmenu-1"])),
        call("unlinkRichMenuIdFromUser", json!([USER])),
        call("issueLinkToken", json!([USER])),
        call("getMessageQuota", json!([])),
        call("getMessageQuotaConsumption", json!([])),
        call("getAggregationUnitNameList", json!(["100"])),
    ]);
    let job = json!({ "baseURL": theirs.url, "token": TOKEN, "calls": calls });
    let results = tokio::task::spawn_blocking(move || run(&job)).await.unwrap();
    assert_eq!(results[0]["ok"]["sentMessages"][0]["id"], "461230966842064897", "{results:#}");
    assert_eq!(results[1]["status"], 409);
    assert_eq!(results[6]["ok"]["linkToken"], "NMZTNuVrPTqlr2IF8Bnymkb7rXfYv5EY");
    assert_eq!(results[7]["ok"], json!({ "type": "limited", "value": 5_000 }));
    let failed: Vec<&Json> = results.as_array().unwrap().iter().filter(|r| r.get("ok").is_none()).collect();
    assert_eq!(failed.len(), 1, "{results:#}");

    let line = Line::new(api(&ours), None, None);
    let one = delivery(&[USER], text("こんにちは"));
    let first = line.deliver(&one).await;
    assert_eq!(line.deliver(&Delivery { attempt: 2, ..one.clone() }).await, first, "the 409 names the first request");
    line.deliver(&Delivery { uuid: other_key.into(), ..delivery(&[USER, "U2"], text("こんにちは")) }).await;
    let forms = [("cart_nudge".to_owned(), tabi::channels::line::Form::Flexible)].into();
    let by_phone = Notifications::new(api(&ours), None, forms);
    let Part::Line(_) = &one.part else { unreachable!() };
    let outcome = by_phone.deliver(&Delivery { to: vec![phone.into()], ..one }).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    let actions = Actions::new(api(&ours));
    for action in ["line.link_rich_menu", "line.unlink_rich_menu", "line.issue_link_token"] {
        let params = json!({ "line_user": USER, "rich_menu": "richmenu-1" });
        let call = Call {
            key: "k".into(),
            attempt: 1,
            now: now(),
            journey: "welcome".into(),
            action: action.into(),
            person: "42".into(),
            params,
            patience: Span(60_000),
        };
        actions.call(&call).await;
    }
    line.quota().await;
    line.recall_units(now()).await.unwrap();

    theirs.kept();
    ours.kept();
    let wire = |mock: &Mock| -> Vec<Json> {
        let part = |request: &crate::contract::Request| {
            json!({
                "method": request.method,
                "path": request.path,
                "query": request.query,
                "retry key": request.header("x-line-retry-key"),
                "tag": request.header("x-line-delivery-tag"),
                "authorization": request.header("authorization"),
                "body": request.json(),
            })
        };
        mock.seen().iter().map(part).collect()
    };
    assert_eq!(wire(&ours), wire(&theirs));
    assert_eq!(ours.delivered(), theirs.delivered());
}
