//! Webhooks against receivers that take, refuse, wait, break off and lie.

use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde_json::{Value as Json, json};
use tabi::channels::http::{Http, Reach};
use tabi::channels::webhook::Webhooks;
use tabi::ports::environment::{SecretRef, WebhookSettings};
use tabi::ports::{Call, CallOutcome, Delivery, Doer, Outcome, Provider};
use tabi::render::Part;
use tabi::value::{Instant, Span};

use super::other_side::ask;
use super::sink::{Reply, Sink, say};
use super::{NOW, delivery};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn settings(url: &str) -> WebhookSettings {
    WebhookSettings {
        secret: SecretRef::Env("S".to_owned()),
        hosts: vec!["127.0.0.1".to_owned()],
        private: true,
        messages: Vec::new(),
        actions: Vec::new(),
        default_url: Some(format!("{url}/tabi/{{name}}")),
        timeout: Span(10_000),
        per_second_max: None,
    }
}

fn webhooks(url: &str) -> Webhooks {
    Webhooks::new(&settings(url), &SecretString::from(SECRET), Http::new(Reach::Anywhere)).unwrap()
}

fn order() -> Delivery {
    delivery(Part::Webhook(json!({ "order": "A-1", "名前": "花子" })), "", "order_paid")
}

fn call() -> Call {
    Call {
        key: "c0a1b2c3d4e5".to_owned(),
        attempt: 1,
        now: NOW,
        journey: "birthday".to_owned(),
        action: "coupon.issue".to_owned(),
        person: "u-1".to_owned(),
        params: json!({ "rate": 10 }),
        patience: Span(60_000),
    }
}

/// What comes of a message and of an action at a receiver that answers so.
async fn both(reply: Reply) -> (Outcome, CallOutcome) {
    let sink = Sink::start(move |_| reply.clone()).await;
    let webhooks = webhooks(&sink.url());
    (webhooks.deliver(&order()).await, webhooks.call(&call()).await)
}

#[tokio::test]
async fn a_message_is_posted_and_the_library_of_the_specification_believes_it() {
    let sink = Sink::saying(200, "").await;
    let mut delivery = order();
    // The library looks at the clock.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    delivery.now = Instant(now.as_millis() as i64);
    let outcome = webhooks(&sink.url()).deliver(&delivery).await;
    assert_eq!(outcome, Outcome::Accepted { provider_id: None });
    let seen = sink.only();
    assert_eq!(seen.target, "/tabi/order_paid");
    assert_eq!(seen.json(), json!({ "order": "A-1", "名前": "花子" }));
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(seen.header("idempotency-key"), delivery.key);
    assert!(seen.header("user-agent").starts_with("tabi/"));
    let mut question = json!({ "ask": "webhook", "secret": SECRET, "body": seen.text() });
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        question[name] = json!(seen.header(name));
    }
    assert_eq!(seen.header("webhook-id"), delivery.key);
    assert_eq!(ask(question)["payload"], seen.json());
}

#[tokio::test]
async fn a_second_attempt_carries_the_same_key_and_a_signature_of_its_own_time() {
    let sink = Sink::saying(503, "").await;
    let webhooks = webhooks(&sink.url());
    let mut delivery = order();
    for attempt in 1..=2 {
        delivery.attempt = attempt;
        delivery.now = NOW.plus(Span(60_000 * i64::from(attempt)));
        webhooks.deliver(&delivery).await;
    }
    let [first, second] = &sink.seen()[..] else { panic!("two attempts") };
    assert_eq!(first.header("idempotency-key"), second.header("idempotency-key"));
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_ne!(first.header("webhook-signature"), second.header("webhook-signature"));
    assert_eq!(sink.connections(), 1, "the connection is kept");
}

#[tokio::test]
async fn a_status_says_what_may_be_done_next() {
    let later = |after: Option<i64>| (after.map(Span), "later");
    let never = (None, "refused");
    let date = |ahead: u64| {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(NOW.0 as u64) + Duration::from_secs(ahead);
        vec![("retry-after", httpdate::fmt_http_date(at))]
    };
    let seconds = |n: &str| vec![("retry-after", n.to_owned())];
    let table = [
        (200, vec![], (None, "accepted")),
        (202, vec![], (None, "accepted")),
        (204, vec![], (None, "accepted")),
        (301, vec![("location", "http://169.254.169.254/".to_owned())], never),
        (307, vec![], never),
        (400, vec![], never),
        (401, vec![], never),
        (404, vec![], never),
        (410, vec![], never),
        (422, vec![], never),
        (408, vec![], later(None)),
        (425, vec![], later(None)),
        (429, seconds("7"), later(Some(7_000))),
        (429, date(90), later(Some(90_000))),
        (429, seconds("864000"), later(Some(3_600_000))),
        (503, seconds("soon"), later(None)),
        (500, vec![], later(None)),
        (502, vec![], later(None)),
        (504, seconds("0"), later(Some(0))),
    ];
    for (status, headers, (after, name)) in table {
        let (outcome, called) = both(Reply::Say(status, headers, "{}".to_owned())).await;
        assert_eq!(outcome.name(), name, "{status}");
        match (outcome, called) {
            (Outcome::Accepted { .. }, CallOutcome::Answered(json)) => assert_eq!(json, json!({}), "{status}"),
            (Outcome::Later { after: a, .. }, CallOutcome::Later { after: b, .. }) => {
                assert_eq!((a, b), (after, after), "{status}");
            }
            (Outcome::Refused { why, address: None }, CallOutcome::Failed { .. }) => {
                assert!(why.starts_with(&status.to_string()), "{why}");
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_action_sends_its_parameters_and_gives_an_object() {
    let sink = Sink::saying(200, r#" {"code": "SPRING-1"} "#).await;
    let answered = webhooks(&sink.url()).call(&call()).await;
    assert_eq!(answered, CallOutcome::Answered(json!({ "code": "SPRING-1" })));
    let seen = sink.only();
    assert_eq!(seen.target, "/tabi/coupon.issue");
    let body = json!({ "action": "coupon.issue", "journey": "birthday", "person": "u-1", "params": { "rate": 10 } });
    assert_eq!(seen.json(), body);
    assert_eq!(seen.header("idempotency-key"), "c0a1b2c3d4e5");
    for body in ["[1]", "\"yes\"", "<html>", "{\"a\":"] {
        assert!(matches!(both(say(200, body)).await.1, CallOutcome::Failed { .. }), "{body}");
    }
    assert_eq!(both(say(200, "")).await.1, CallOutcome::Answered(json!({})));
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let (outcome, called) = both(say(200, &long)).await;
    assert_eq!(outcome, Outcome::Accepted { provider_id: None }, "it was taken, whatever it says");
    assert!(matches!(called, CallOutcome::Failed { .. }));
    let (outcome, _) = both(say(400, &long)).await;
    let Outcome::Refused { why, .. } = outcome else { panic!() };
    assert!(why.len() < 300, "{}", why.len());
}

#[tokio::test(start_paused = true)]
async fn silence_leaves_it_open_when_its_time_is_over() {
    let sink = Sink::start(|_| Reply::Hang).await;
    let webhooks = webhooks(&sink.url());
    let begun = tokio::time::Instant::now();
    assert!(matches!(webhooks.deliver(&order()).await, Outcome::Unknown { .. }));
    assert_eq!(begun.elapsed().as_secs(), 10);
    assert_eq!(sink.seen().len(), 1, "it was read");
    let begun = tokio::time::Instant::now();
    let impatient = Call { patience: Span(3_000), ..call() };
    assert!(matches!(webhooks.call(&impatient).await, CallOutcome::Unknown { .. }));
    assert_eq!(begun.elapsed().as_secs(), 3);
}

#[tokio::test]
async fn a_broken_connection_leaves_it_open_and_none_at_all_does_not() {
    let (outcome, called) = both(Reply::Drop).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    assert!(matches!(called, CallOutcome::Unknown { .. }), "{called:?}");
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let webhooks = webhooks(&format!("http://{gone}"));
    let outcome = webhooks.deliver(&order()).await;
    assert!(matches!(&outcome, Outcome::Later { why, .. } if why.contains("no connection")), "{outcome:?}");
}

#[tokio::test]
async fn each_name_has_its_address_or_none() {
    let sink = Sink::saying(200, "").await;
    let mut own = settings(&sink.url());
    own.messages = vec![("order_paid".to_owned(), format!("{}/orders?via=tabi", sink.url()))];
    own.default_url = None;
    let secret = SecretString::from("not encoded");
    let webhooks = Webhooks::new(&own, &secret, Http::new(Reach::Anywhere)).unwrap();
    assert_eq!(webhooks.deliver(&order()).await, Outcome::Accepted { provider_id: None });
    assert_eq!(sink.only().target, "/orders?via=tabi");
    assert!(matches!(webhooks.call(&call()).await, CallOutcome::Misconfigured { .. }));
    let other = webhooks_with_default(&sink);
    for name in ["../admin", "a/b", "a?b", "a#b", "..", "a%2fb"] {
        let outcome = other.deliver(&delivery(Part::Webhook(Json::Null), "", name)).await;
        assert!(matches!(outcome, Outcome::Misconfigured { .. }), "{name}: {outcome:?}");
    }
    assert_eq!(sink.seen().len(), 1);
}

fn webhooks_with_default(sink: &Sink) -> Webhooks {
    webhooks(&sink.url())
}

#[test]
fn what_cannot_work_is_said_when_it_is_opened() {
    let http = || Http::new(Reach::Public);
    let secret = |text: &str| SecretString::from(text);
    let mut elsewhere = settings("https://shop.example");
    elsewhere.hosts = vec!["shop.example".to_owned()];
    assert!(Webhooks::new(&elsewhere, &secret("s"), http()).is_ok());
    let wrong = Webhooks::new(&elsewhere, &secret("whsec_no base64"), http()).unwrap_err();
    assert!(wrong.contains("base64") && !wrong.contains("no base64"), "{wrong}");
    elsewhere.actions = vec![("go".to_owned(), "https://other.example/".to_owned())];
    let wrong = Webhooks::new(&elsewhere, &secret("s"), http()).unwrap_err();
    assert!(wrong.contains("`go`") && wrong.contains("`other.example` is not among"), "{wrong}");
}
