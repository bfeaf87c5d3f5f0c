//! Messages, quota and actions against the stand-in: what each answer comes to, and what goes over the wire.
//!
//! Waits for no clock but the one timeout that is the point of its test.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::SecretString;
use serde_json::{Value as Json, json};
use tabi::channels::line::{Actions, Api, Line, SetupError, UNITS_A_MONTH_MAX, unit};
use tabi::compile::{self, Attachment, Attachments};
use tabi::ir::{Channel, MessageId};
use tabi::machine::Report;
use tabi::ports::{Call, CallOutcome, Delivery, Doer, Idempotency, Outcome, Provider, Quota};
use tabi::project;
use tabi::render::{self, Part, Renderer, Scene, sample};
use tabi::value::{Instant, Span};

use crate::mock::{Act, Mock};
use crate::{TOKEN, USER, api, settings};

pub fn now() -> Instant {
    Instant::parse_rfc3339("2026-04-01T09:00:00+09:00").unwrap()
}

pub fn text(words: &str) -> Part {
    let messages = vec![json!({ "type": "text", "text": words })];
    Part::Line(render::Line { messages, notification: words.to_owned(), bytes: vec![], cut: vec![] })
}

pub fn delivery(to: &[&str], part: Part) -> Delivery {
    Delivery {
        key: "0000000g00000000c00009000274dq5lgc3ou5b4ga".into(),
        uuid: "0cc175b9-c0f1-8aaa-831c-399e26977266".into(),
        attempt: 1,
        now: now(),
        to: to.iter().map(|to| (*to).to_owned()).collect(),
        journey: "cart_rescue".into(),
        message: "cart_nudge".into(),
        part,
        marketing: false,
        unsubscribe: None,
        at_most_once: false,
    }
}

fn versions() -> Option<BTreeMap<String, String>> {
    Some(BTreeMap::from([("cart_nudge".to_owned(), "v1".to_owned())]))
}

async fn outcome_of(act: Act) -> Outcome {
    let mock = Mock::start().await;
    mock.next(act);
    let line = Line::new(api(&mock), None, None);
    let outcome = line.deliver(&delivery(&[USER], text("こんにちは"))).await;
    mock.kept();
    assert_eq!(mock.seen().len(), 1, "one attempt is one request");
    outcome
}

#[tokio::test]
async fn a_message_goes_to_one_by_push_and_to_several_by_multicast() {
    let mock = Mock::start().await;
    let line = Line::new(api(&mock), None, versions());
    let one = delivery(&[USER], text("こんにちは"));
    let outcome = line.deliver(&one).await;
    assert_eq!(outcome, Outcome::Accepted { provider_id: Some("request-1".into()) });
    let several =
        Delivery { uuid: "0cc175b9-c0f1-8aaa-831c-000000000000".into(), ..delivery(&[USER, "U2"], text("全員へ")) };
    assert!(matches!(line.deliver(&several).await, Outcome::Accepted { .. }));
    mock.kept();
    let seen = mock.seen();
    assert_eq!(seen[0].path, "/v2/bot/message/push");
    assert_eq!(seen[0].header("x-line-retry-key"), Some(one.uuid.as_str()));
    let expected = json!({ "to": USER, "messages": [{ "type": "text", "text": "こんにちは" }],
        "customAggregationUnits": [unit("cart_nudge", "v1")] });
    assert_eq!(seen[0].json(), expected);
    assert_eq!(seen[1].path, "/v2/bot/message/multicast");
    assert_eq!(seen[1].json()["to"], json!([USER, "U2"]));
    assert_eq!(mock.delivered().len(), 3);
}

#[tokio::test]
async fn nobody_and_too_many_are_not_even_asked_about() {
    let mock = Mock::start().await;
    let line = Line::new(api(&mock), None, None);
    let crowd = vec!["U1"; 501];
    for to in [&[][..], &crowd] {
        assert!(matches!(line.deliver(&delivery(to, text("x"))).await, Outcome::Refused { .. }));
    }
    let other = Part::Webhook(json!({}));
    assert!(matches!(line.deliver(&delivery(&[USER], other)).await, Outcome::Refused { .. }));
    assert!(mock.seen().is_empty());
    let crowd: Vec<String> = (0..500).map(|i| format!("U{i}")).collect();
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    assert!(matches!(line.deliver(&delivery(&crowd, text("x"))).await, Outcome::Accepted { .. }));
    mock.kept();
}

/// The line breaks, or stays silent, after LINE has taken the message; the next attempt carries the same key.
#[tokio::test]
async fn a_message_whose_answer_was_lost_arrives_once() {
    for act in [Act::CutAfterTaking, Act::SilentAfterTaking] {
        let mock = Mock::start().await;
        mock.next(act);
        let short = Api::new(&settings(&mock.url), &SecretString::from(TOKEN), Span(300)).unwrap();
        let line = Line::new(api(&mock), None, None);
        let first = delivery(&[USER], text("一度だけ"));
        let outcome = Line::new(short, None, None).deliver(&first).await;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
        let second = Delivery { attempt: 2, ..first };
        let outcome = line.deliver(&second).await;
        assert_eq!(outcome, Outcome::Accepted { provider_id: Some("request-1".into()) });
        assert_eq!(mock.delivered().len(), 1);
        mock.kept();
    }
    assert!(matches!(
        Line::new(api(&Mock::start().await), None, None).manifest().idempotency,
        Idempotency::Within(Span(millis)) if millis > 0 && millis < 24 * 3_600_000
    ));
}

#[tokio::test]
async fn the_three_kinds_of_too_many_requests_are_told_apart() {
    let rate = json!({ "message": "The API rate limit has been exceeded. Try again later." });
    let outcome = outcome_of(Act::Answer(429, rate)).await;
    let why = "LINE answered 429: The API rate limit has been exceeded. Try again later. [request-1]".to_owned();
    assert_eq!(outcome, Outcome::Later { why, after: Some(Span(1_000)) });

    let month = json!({ "message": "You have reached your monthly limit." });
    let outcome = outcome_of(Act::Answer(429, month)).await;
    assert!(matches!(outcome, Outcome::Exhausted { ref why } if why.contains("monthly limit")), "{outcome:?}");

    let concurrent = json!({ "message": "Too many concurrent operations on this resource." });
    assert!(matches!(outcome_of(Act::Answer(429, concurrent)).await, Outcome::Later { after: Some(_), .. }));
    let gateway = Act::Raw(429, "<html>slow down</html>".into());
    assert!(matches!(outcome_of(gateway).await, Outcome::Later { after: Some(_), .. }));
    let patient = Act::Headers(429, &[("retry-after", "7")], json!({ "message": "wait" }));
    assert!(matches!(outcome_of(patient).await, Outcome::Later { after: Some(Span(7_000)), .. }));
}

#[tokio::test]
async fn what_is_wrong_with_a_message_is_said_and_final() {
    let body = json!({ "message": "The request body has 1 error(s)",
        "details": [{ "message": "May not be empty", "property": "messages[0].text" }] });
    let why = "LINE answered 400: The request body has 1 error(s) (messages[0].text: May not be empty) [request-1]";
    let outcome = outcome_of(Act::Answer(400, body)).await;
    assert_eq!(outcome, Outcome::Refused { why: why.into(), address: None });
    let outcome = outcome_of(Act::Answer(413, json!({ "message": "Payload too large" }))).await;
    assert!(matches!(outcome, Outcome::Refused { address: None, .. }), "{outcome:?}");
}

#[tokio::test]
async fn wrong_settings_stop_the_channel() {
    let mock = Mock::start().await;
    let wrong = Api::new(&settings(&mock.url), &SecretString::from("stale"), Span(5_000)).unwrap();
    let outcome = Line::new(wrong, None, None).deliver(&delivery(&[USER], text("x"))).await;
    assert!(matches!(outcome, Outcome::Misconfigured { ref why } if why.contains("access token")), "{outcome:?}");
    let forbidden = Act::Answer(403, json!({ "message": "Access to this API is not available for your account" }));
    assert!(matches!(outcome_of(forbidden).await, Outcome::Misconfigured { .. }));
    assert!(matches!(outcome_of(Act::Raw(404, "not found".into())).await, Outcome::Misconfigured { .. }));
}

#[tokio::test]
async fn what_nobody_knows_stays_unknown() {
    let down = Act::Answer(500, json!({ "message": "Internal server error" }));
    assert!(matches!(outcome_of(down).await, Outcome::Unknown { .. }));
    assert!(matches!(outcome_of(Act::Raw(502, String::new())).await, Outcome::Unknown { .. }));
    assert!(matches!(outcome_of(Act::Cut).await, Outcome::Unknown { .. }));
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let api = Api::new(&settings(&url), &SecretString::from(TOKEN), Span(5_000)).unwrap();
    let outcome = Line::new(api, None, None).deliver(&delivery(&[USER], text("x"))).await;
    assert!(matches!(outcome, Outcome::Later { ref why, .. } if !why.contains(USER)), "{outcome:?}");
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_answer_is_read_without_end() {
    let other = Mock::start().await;
    let url: &'static str = Box::leak(other.url.clone().into_boxed_str());
    let location: &'static [(&str, &str)] = Box::leak(Box::new([("location", url)]));
    let outcome = outcome_of(Act::Headers(307, location, json!({}))).await;
    assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{outcome:?}");
    assert!(other.seen().is_empty(), "the token went elsewhere");
    // The status says that it was taken; what follows it is not needed.
    let endless = Act::Raw(200, "x".repeat(3 << 20));
    assert_eq!(outcome_of(endless).await, Outcome::Accepted { provider_id: None });
}

#[tokio::test]
async fn the_token_is_shown_nowhere_and_goes_to_no_open_line() {
    let mock = Mock::start().await;
    let api = api(&mock);
    let shown = format!("{api:?} {:?}", Actions::new(api.clone()));
    assert!(!shown.contains(TOKEN), "{shown}");
    let token = SecretString::from(TOKEN);
    for url in ["http://api.line.me", "ftp://127.0.0.1", "api.line.me", "", "https://api.line.me?x=1"] {
        let error = Api::new(&settings(url), &token, Span(1)).unwrap_err();
        assert_eq!(error, SetupError::BaseUrl(url.to_owned()));
    }
    for token in ["", "  ", "two words", "line\nbreak", "日本"] {
        let made = Api::new(&settings("https://api.line.me"), &SecretString::from(token), Span(1));
        match made {
            Err(SetupError::Token) => {}
            // A header takes these bytes; LINE will not.
            other => assert!(token == "日本" && other.is_ok(), "{token:?}: {other:?}"),
        }
    }
    assert!(Api::new(&settings("https://api.line.me/"), &token, Span(1)).is_ok());
}

#[tokio::test]
async fn the_quota_is_what_line_says() {
    let mock = Mock::start().await;
    let line = Line::new(api(&mock), None, None);
    assert_eq!(line.quota().await, Some(Quota { limit: Some(5_000), used: 1_234 }));
    mock.next(Act::Answer(200, json!({ "type": "none" })));
    assert_eq!(line.quota().await, Some(Quota { limit: None, used: 1_234 }));
    for act in [Act::Cut, Act::Raw(200, "[]".into()), Act::Raw(200, r#"{"type":"new"}"#.into())] {
        mock.next(act);
        assert_eq!(line.quota().await, None);
    }
    mock.kept();
}

#[tokio::test]
async fn a_thousand_aggregation_units_are_remembered_and_then_none_is_sent() {
    let mock = Mock::start().await;
    let page = |from: usize| -> Vec<String> { (from..from + 100).map(|i| format!("shop_{i}")).collect() };
    for nth in 0..10 {
        let mut body = json!({ "customAggregationUnits": page(nth * 100) });
        if nth < 9 {
            body["next"] = json!(format!("page{}", nth + 1));
        }
        mock.next(Act::Answer(200, body));
    }
    let line = Line::new(api(&mock), None, versions());
    assert_eq!(line.recall_units(now()).await, Ok(UNITS_A_MONTH_MAX));
    let pages: Vec<Option<String>> =
        mock.seen().iter().map(|r| r.query.iter().find(|(n, _)| n == "start").map(|(_, v)| v.clone())).collect();
    assert_eq!(pages[..3], [None, Some("page1".into()), Some("page2".into())]);
    assert!(matches!(line.deliver(&delivery(&[USER], text("x"))).await, Outcome::Accepted { .. }));
    assert_eq!(mock.seen()[10].json().get("customAggregationUnits"), None);
    // On the first of the next month they are forgotten.
    let may = Instant::parse_rfc3339("2026-05-01T00:00:00+09:00").unwrap();
    let later =
        Delivery { uuid: "0cc175b9-c0f1-8aaa-831c-000000000001".into(), now: may, ..delivery(&[USER], text("x")) };
    line.deliver(&later).await;
    assert_eq!(mock.seen()[11].json()["customAggregationUnits"], json!([unit("cart_nudge", "v1")]));
    mock.next(Act::Cut);
    assert!(line.recall_units(now()).await.is_err());
    mock.kept();
}

/// Statistics are not worth a message.
#[tokio::test]
async fn a_channel_that_may_not_use_units_sends_without() {
    let mock = Mock::start().await;
    let property = json!({ "message": "Not allowed", "property": "customAggregationUnits" });
    mock.next(Act::Answer(400, json!({ "message": "The request body has 1 error(s)", "details": [property] })));
    let line = Line::new(api(&mock), None, versions());
    let first = delivery(&[USER], text("x"));
    assert!(matches!(line.deliver(&first).await, Outcome::Later { after: Some(Span(0)), .. }));
    assert!(matches!(line.deliver(&Delivery { attempt: 2, ..first }).await, Outcome::Accepted { .. }));
    let units: Vec<bool> = mock.seen().iter().map(|r| r.json().get("customAggregationUnits").is_some()).collect();
    assert_eq!(units, [true, false]);
    mock.kept();
}

fn call(action: &str, params: Json) -> Call {
    Call {
        key: "k".into(),
        attempt: 1,
        now: now(),
        journey: "welcome".into(),
        action: action.into(),
        person: "42".into(),
        params,
        patience: Span(60_000),
    }
}

#[tokio::test]
async fn rich_menus_are_linked_and_unlinked_and_accounts_get_a_token() {
    let mock = Mock::start().await;
    let actions = Actions::new(api(&mock));
    let both = json!({ "line_user": USER, "rich_menu": "richmenu-0123456789abcdef" });
    let done = CallOutcome::Answered(json!({}));
    assert_eq!(actions.call(&call("line.link_rich_menu", both.clone())).await, done);
    assert_eq!(actions.call(&call("line.unlink_rich_menu", json!({ "line_user": USER }))).await, done);
    let token = json!({ "link_token": "NMZTNuVrPTqlr2IF8Bnymkb7rXfYv5EY" });
    let issued = actions.call(&call("line.issue_link_token", json!({ "line_user": USER }))).await;
    assert_eq!(issued, CallOutcome::Answered(token));
    let seen: Vec<String> = mock.seen().iter().map(|r| format!("{} {}", r.method, r.path)).collect();
    assert_eq!(
        seen,
        [
            format!("POST /v2/bot/user/{USER}/richmenu/richmenu-0123456789abcdef"),
            format!("DELETE /v2/bot/user/{USER}/richmenu"),
            format!("POST /v2/bot/user/{USER}/linkToken"),
        ]
    );
    // No id leads to another path, and nothing that is no id is asked about.
    for params in [
        json!(null),
        json!({}),
        json!({ "line_user": "../all" , "rich_menu": "x" }),
        json!({ "line_user": USER, "rich_menu": "a/b" }),
        json!({ "line_user": USER, "rich_menu": 7 }),
        json!({ "line_user": "", "rich_menu": "x" }),
    ] {
        let outcome = actions.call(&call("line.link_rich_menu", params)).await;
        assert!(matches!(outcome, CallOutcome::Failed { .. }), "{outcome:?}");
    }
    assert_eq!(mock.seen().len(), 3);
    let unknown = actions.call(&call("line.dance", json!({ "line_user": USER }))).await;
    assert!(matches!(unknown, CallOutcome::Misconfigured { .. }));
    let error = |status: u16| Act::Answer(status, json!({ "message": "no" }));
    for (act, expected) in [
        (error(404), "failed"),
        (error(400), "failed"),
        (error(401), "misconfigured"),
        (error(429), "later"),
        (error(500), "unknown"),
        (Act::Cut, "unknown"),
    ] {
        mock.next(act);
        let outcome = actions.call(&call("line.link_rich_menu", both.clone())).await;
        let name = match outcome {
            CallOutcome::Answered(_) => "answered",
            CallOutcome::Failed { .. } => "failed",
            CallOutcome::Later { .. } => "later",
            CallOutcome::Unknown { .. } => "unknown",
            CallOutcome::Misconfigured { .. } => "misconfigured",
        };
        assert_eq!(name, expected);
    }
    mock.next(Act::Raw(200, "{}".into()));
    let empty = actions.call(&call("line.issue_link_token", json!({ "line_user": USER }))).await;
    assert!(matches!(empty, CallOutcome::Failed { .. }));
    mock.kept();
}

/// Every LINE message of the shop in `campaigns/`, for every kind of sample person, is what LINE describes.
#[tokio::test]
async fn messages_of_real_campaigns_are_taken() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns");
    let mut loaded = project::load(&root);
    let parsed = compile::parse(&loaded.sources);
    let read = loaded.read_messages(&parsed.message_files());
    let files = read.files.into_iter().map(|(path, read)| match read {
        Ok(source) => (path, Attachment::Read(source)),
        Err(trouble) => panic!("{path}: {}", trouble.headline.en),
    });
    let attachments = Attachments { files: files.collect(), known: read.known };
    let settings = compile::Settings { sender: loaded.settings.sender.clone(), ..compile::Settings::default() };
    let program = parsed.compile(&loaded.sources, Some(&attachments), &settings).program.unwrap();
    let renderer = Renderer::new(&program);
    let mock = Mock::start().await;
    let line = Line::new(api(&mock), None, None);
    let mut sent = 0;
    for (index, message) in program.messages.iter().enumerate().filter(|(_, m)| m.channel == Channel::Line) {
        for kind in sample::KINDS {
            let profile = sample::profile(&program, kind, now());
            let params = sample::fields(&program, &message.params, kind, now());
            let scene = Scene::of(&program, &profile, now());
            let Ok(Some(rendered)) = renderer.render(MessageId(index as u16), &params, &profile, &scene) else {
                continue;
            };
            let uuid = format!("0cc175b9-c0f1-8aaa-831c-{sent:012}");
            let outcome = line.deliver(&Delivery { uuid, ..delivery(&[USER], rendered.part) }).await;
            assert!(matches!(outcome, Outcome::Accepted { .. }), "{}: {outcome:?}", message.name);
            sent += 1;
        }
    }
    mock.kept();
    assert!(sent > 10, "{sent}");
}

#[test]
fn a_manifest_promises_no_opens() {
    let api = Api::new(&settings("https://api.line.me"), &SecretString::from(TOKEN), Span(1)).unwrap();
    let line = Line::new(api, Some(50), None);
    let manifest = line.manifest();
    assert_eq!((manifest.channel, manifest.recipients_max, manifest.per_second_max), (Channel::Line, 500, Some(50)));
    assert!(!manifest.reports.contains(&Report::Opened) && !manifest.reports.contains(&Report::Delivered));
}
