//! Notifications against a server that acts as Google's token service and as FCM; its claims are read by another library.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use secrecy::SecretString;
use serde_json::{Value as Json, json};
use tabi::channels::http::{Http, Reach};
use tabi::channels::push::Push;
use tabi::machine::Report;
use tabi::ports::environment::{PushSettings, SecretRef};
use tabi::ports::{Delivery, Idempotency, Outcome, Provider};
use tabi::render::{self, Part};
use tabi::value::Span;

use super::other_side::ask;
use super::sink::{Reply, Seen, Sink, say};
use super::{NOW, delivery};

/// A pair made for this run: private and public, in PEM.
fn pair() -> &'static (String, String) {
    static PAIR: OnceLock<(String, String)> = OnceLock::new();
    PAIR.get_or_init(|| {
        let made = ask(json!({ "ask": "key" }));
        (made["private"].as_str().unwrap().to_owned(), made["public"].as_str().unwrap().to_owned())
    })
}

fn key_file(sink: &Sink) -> Json {
    json!({
        "type": "service_account",
        "project_id": "shop-app",
        "private_key_id": "kid-1",
        "private_key": pair().0,
        "client_email": "tabi@shop-app.iam.gserviceaccount.com",
        "token_uri": format!("{}/token", sink.url()),
    })
}

fn provider(sink: &Sink) -> Push {
    let settings = PushSettings {
        base_url: sink.url(),
        project: "shop-app".to_owned(),
        key: SecretRef::Env("K".to_owned()),
        per_second_max: None,
    };
    Push::new(&settings, &SecretString::from(key_file(sink).to_string()), Http::new(Reach::Anywhere)).unwrap()
}

/// Grants `access-1`, `access-2`, …; everything else is the script's.
async fn google(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Sink {
    let granted = AtomicUsize::new(0);
    Sink::start(move |seen| match seen.target.as_str() {
        "/token" => {
            let number = granted.fetch_add(1, Ordering::Relaxed) + 1;
            let token =
                json!({ "access_token": format!("access-{number}"), "expires_in": 3599, "token_type": "Bearer" });
            say(200, &token.to_string())
        }
        _ => script(seen),
    })
    .await
}

fn taken() -> Reply {
    say(200, r#"{"name": "projects/shop-app/messages/0:1"}"#)
}

fn push() -> render::Push {
    render::Push {
        title: "再入荷".to_owned(),
        body: "ほうじ茶が戻りました".to_owned(),
        link: Some("https://shop.example/tea".to_owned()),
        image: Some("https://shop.example/tea.jpg".to_owned()),
        data: vec![("item".to_owned(), "T-1".to_owned())],
    }
}

fn restock() -> Delivery {
    delivery(Part::Push(push()), "device-token", "restock_push")
}

#[tokio::test]
async fn a_claim_buys_a_token_and_the_token_a_message() {
    let sink = google(|_| taken()).await;
    let fcm = provider(&sink);
    assert_eq!(fcm.manifest().idempotency, Idempotency::Recognisable);
    let outcome = fcm.deliver(&restock()).await;
    assert_eq!(outcome, Outcome::Accepted { provider_id: Some("projects/shop-app/messages/0:1".to_owned()) });
    let [token, message] = &sink.seen()[..] else { panic!("a token and a message") };
    assert_eq!(token.field("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let audience = format!("{}/token", sink.url());
    let read =
        ask(json!({ "ask": "token", "token": token.field("assertion"), "public": pair().1, "audience": audience }));
    assert_eq!(read["head"], json!({ "alg": "RS256", "typ": "JWT", "kid": "kid-1" }));
    let seconds = NOW.0 / 1_000;
    let claims = json!({
        "iss": "tabi@shop-app.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
        "aud": audience,
        "iat": seconds,
        "exp": seconds + 3_600,
    });
    assert_eq!(read["claims"], claims);

    assert_eq!(message.target, "/v1/projects/shop-app/messages:send");
    assert_eq!(message.header("authorization"), "Bearer access-1");
    let uuid = restock().uuid;
    let expected = json!({ "message": {
        "token": "device-token",
        "notification": { "title": "再入荷", "body": "ほうじ茶が戻りました", "image": "https://shop.example/tea.jpg" },
        "data": { "item": "T-1", "link": "https://shop.example/tea", "tabi_key": restock().key },
        "android": { "notification": { "tag": uuid } },
        "apns": { "headers": { "apns-collapse-id": uuid } },
        "webpush": { "notification": { "tag": uuid }, "fcm_options": { "link": "https://shop.example/tea" } },
        "fcm_options": { "analytics_label": "restock_push" },
    } });
    assert_eq!(message.json(), expected);
}

#[tokio::test]
async fn a_token_serves_until_shortly_before_its_end_and_many_at_once() {
    let sink = google(|_| taken()).await;
    let fcm = Arc::new(provider(&sink));
    let tokens = || sink.seen().iter().filter(|seen| seen.target == "/token").count();
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let fcm = fcm.clone();
        all.spawn(async move { fcm.deliver(&restock()).await });
    }
    while let Some(outcome) = all.join_next().await {
        assert_eq!(outcome.unwrap().name(), "accepted");
    }
    assert_eq!(tokens(), 1);
    let mut later = restock();
    later.now = NOW.plus(Span(3_298_000));
    fcm.deliver(&later).await;
    assert_eq!(tokens(), 1, "301 s before its end");
    later.now = NOW.plus(Span(3_299_000));
    fcm.deliver(&later).await;
    assert_eq!(tokens(), 2, "300 s before its end");
    assert_eq!(sink.seen().last().unwrap().header("authorization"), "Bearer access-2");
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_replaced_once() {
    let unauthenticated =
        r#"{"error": {"code": 401, "message": "Request had invalid credentials.", "status": "UNAUTHENTICATED"}}"#;
    let sink = google(move |seen| match seen.header("authorization") {
        "Bearer access-1" => say(401, unauthenticated),
        _ => taken(),
    })
    .await;
    assert_eq!(provider(&sink).deliver(&restock()).await.name(), "accepted");
    let sink = google(move |_| say(401, unauthenticated)).await;
    let outcome = provider(&sink).deliver(&restock()).await;
    assert!(matches!(&outcome, Outcome::Misconfigured { why } if why.starts_with("UNAUTHENTICATED")), "{outcome:?}");
    assert_eq!(sink.seen().len(), 4, "two tokens, two attempts");
}

#[tokio::test]
async fn answers_are_told_apart_by_what_may_be_done_next() {
    let fault = |code: u16, status: &str, detail: Json| {
        json!({ "error": { "code": code, "status": status, "message": "No.", "details": [detail] } }).to_string()
    };
    let fcm = |code: &str| json!({ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code });
    let field = |field: &str| json!({ "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{ "field": field, "description": "x" }] });
    let table = [
        (404, fault(404, "NOT_FOUND", fcm("UNREGISTERED")), "refused", Some(Report::Bounced)),
        (403, fault(403, "PERMISSION_DENIED", fcm("SENDER_ID_MISMATCH")), "refused", Some(Report::Bounced)),
        (403, fault(403, "PERMISSION_DENIED", json!({})), "misconfigured", None),
        (404, fault(404, "NOT_FOUND", json!({})), "misconfigured", None),
        (400, fault(400, "INVALID_ARGUMENT", field("message.token")), "refused", Some(Report::Bounced)),
        (400, fault(400, "INVALID_ARGUMENT", field("message.data")), "refused", None),
        (401, fault(401, "UNAUTHENTICATED", fcm("THIRD_PARTY_AUTH_ERROR")), "misconfigured", None),
        (429, fault(429, "RESOURCE_EXHAUSTED", fcm("QUOTA_EXCEEDED")), "later", None),
        (503, fault(503, "UNAVAILABLE", fcm("UNAVAILABLE")), "later", None),
        (500, fault(500, "INTERNAL", fcm("INTERNAL")), "unknown", None),
        (502, "<html>".to_owned(), "unknown", None),
        (400, "not JSON".to_owned(), "refused", None),
    ];
    for (status, body, name, report) in table {
        let reply = say(status, &body);
        let sink = google(move |_| reply.clone()).await;
        let outcome = provider(&sink).deliver(&restock()).await;
        assert_eq!(outcome.name(), name, "{status} {body}: {outcome:?}");
        match outcome {
            Outcome::Refused { address, .. } => assert_eq!(address, report, "{status} {body}"),
            Outcome::Later { after, .. } => assert_eq!(after, Some(Span(60_000)), "{status}"),
            _ => {}
        }
    }
    let sink = google(|_| Reply::Say(429, vec![("retry-after", "120".to_owned())], String::new())).await;
    let outcome = provider(&sink).deliver(&restock()).await;
    assert!(matches!(outcome, Outcome::Later { after: Some(Span(120_000)), .. }));
}

#[tokio::test]
async fn no_token_is_our_mistake_or_a_passing_one() {
    let token = |reply: Reply| Sink::start(move |_| reply.clone());
    let grant = r#"{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}"#;
    let outcome = provider(&token(say(400, grant)).await).deliver(&restock()).await;
    assert!(matches!(&outcome, Outcome::Misconfigured { why } if why.contains("invalid_grant")), "{outcome:?}");
    for reply in [say(503, ""), say(429, ""), say(200, "{}"), Reply::Drop] {
        let outcome = provider(&token(reply.clone()).await).deliver(&restock()).await;
        assert_eq!(outcome.name(), "later", "{reply:?}: {outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_told_apart_before_and_after_the_message() {
    let sink = google(|_| Reply::Hang).await;
    assert_eq!(provider(&sink).deliver(&restock()).await.name(), "unknown");
    let silent = Sink::start(|_| Reply::Hang).await;
    let fcm = Arc::new(provider(&silent));
    let begun = tokio::time::Instant::now();
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let fcm = fcm.clone();
        all.spawn(async move { fcm.deliver(&restock()).await });
    }
    while let Some(outcome) = all.join_next().await {
        assert_eq!(outcome.unwrap().name(), "later", "nothing was sent");
    }
    assert!(begun.elapsed().as_millis() <= fcm.manifest().timeout.0 as u128, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_fcm_would_not_take_is_not_sent() {
    let sink = google(|_| taken()).await;
    let fcm = provider(&sink);
    let with_body =
        |body: String| delivery(Part::Push(render::Push { body, ..push() }), "device-token", "restock_push");
    assert_eq!(fcm.deliver(&with_body("茶".repeat(1_400))).await.name(), "refused");
    assert!(sink.seen().is_empty());
    assert_eq!(fcm.deliver(&with_body("茶".repeat(1_000))).await.name(), "accepted");
}

#[tokio::test]
async fn a_wrong_key_is_named_without_being_shown() {
    let sink = google(|_| taken()).await;
    let opened = |key: &str| {
        let settings = PushSettings {
            base_url: sink.url(),
            project: "shop-app".to_owned(),
            key: SecretRef::Env("K".to_owned()),
            per_second_max: None,
        };
        Push::new(&settings, &SecretString::from(key), Http::new(Reach::Anywhere)).map(|push| format!("{push:?}"))
    };
    let file = key_file(&sink);
    let with = |name: &str, value: Json| {
        let mut file = file.clone();
        file[name] = value;
        opened(&file.to_string()).unwrap_err()
    };
    assert!(opened("hunter2 hunter2").unwrap_err().contains("JSON key of a service account"));
    assert!(with("type", json!("authorized_user")).contains("`type`"));
    assert!(with("private_key", json!("hunter2")).contains("PEM"));
    assert!(
        with("private_key", json!("-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n"))
            .contains("RSA")
    );
    assert!(with("token_uri", json!("http://oauth.example/token")).contains("`token_uri`"));
    let shown = opened(&file.to_string()).unwrap();
    assert!(!shown.contains("PRIVATE"), "{shown}");
    assert!(!opened("hunter2").unwrap_err().contains("hunter2"));
}
