//! Text messages against a server of Twilio's shape; its own library signs what it tells.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde_json::json;
use tabi::channels::http::{Http, Reach};
use tabi::channels::sms::{INCOMING_PATH, STATUS_PATH, Sms, SmsIntake};
use tabi::ir::Channel;
use tabi::machine::Report;
use tabi::ports::environment::{SecretRef, SmsSender, SmsSettings};
use tabi::ports::{About, Delivery, Distrust, Idempotency, Notice, Outcome, Provider, Told};
use tabi::render::{Part, sms};
use tabi::value::Span;

use super::other_side::ask;
use super::sink::{Reply, Sink, say};
use super::{NOW, delivery};

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "a-token-of-twilio";
const PUBLIC: &str = "https://m.shop.example";

fn provider(sink: &Sink, from: SmsSender) -> Sms {
    let settings = SmsSettings {
        base_url: sink.url(),
        account: ACCOUNT.to_owned(),
        token: SecretRef::Env("T".to_owned()),
        from,
        per_second_max: Some(5),
    };
    Sms::new(&settings, &SecretString::from(TOKEN), Some(PUBLIC), Http::new(Reach::Anywhere)).unwrap()
}

fn number() -> SmsSender {
    SmsSender::Number("+815012345678".to_owned())
}

fn text(body: &str) -> Delivery {
    delivery(Part::Sms(sms::of(body.to_owned())), "+819012345678", "unpaid_sms")
}

#[tokio::test]
async fn a_message_is_what_the_api_asks_for() {
    let sink = Sink::saying(201, r#"{"sid": "SM1", "status": "queued", "num_segments": "1"}"#).await;
    let twilio = provider(&sink, number());
    assert_eq!(twilio.manifest().idempotency, Idempotency::None);
    assert_eq!((twilio.manifest().channel, twilio.manifest().per_second_max), (Channel::Sms, Some(5)));
    let outcome = twilio.deliver(&text("お支払い期限は明日です & よろしく + ☕")).await;
    assert_eq!(outcome, Outcome::Accepted { provider_id: Some("SM1".to_owned()) });
    let seen = sink.only();
    assert_eq!(seen.target, format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json"));
    assert_eq!(seen.header("authorization"), format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"))));
    assert_eq!(seen.header("content-type"), "application/x-www-form-urlencoded");
    let callback = format!("{PUBLIC}{STATUS_PATH}?key={}", text("").key);
    let expected = [
        ("To", "+819012345678"),
        ("Body", "お支払い期限は明日です & よろしく + ☕"),
        ("From", "+815012345678"),
        ("StatusCallback", &callback),
    ];
    let expected: Vec<_> = expected.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    assert_eq!(seen.form(), expected);
    let service = "MG0123456789abcdef0123456789abcdef";
    provider(&sink, SmsSender::Service(service.to_owned())).deliver(&text("a")).await;
    assert_eq!(sink.seen()[1].field("MessagingServiceSid"), service);
    assert_eq!(sink.seen()[1].field("From"), "");
}

#[tokio::test]
async fn answers_are_told_apart_by_what_may_be_done_next() {
    let fault =
        |code: u32| json!({ "code": code, "message": "No.", "more_info": "https://…", "status": 400 }).to_string();
    let table = [
        (400, fault(21610), "refused", Some(Report::Unsubscribed)),
        (400, fault(21614), "refused", Some(Report::Bounced)),
        (400, fault(21211), "refused", Some(Report::Bounced)),
        (400, fault(21408), "refused", None),
        (400, fault(21617), "refused", None),
        (400, fault(21606), "misconfigured", None),
        (400, fault(63038), "exhausted", None),
        (429, fault(63038), "exhausted", None),
        (401, fault(20003), "misconfigured", None),
        (404, fault(20404), "misconfigured", None),
        (429, fault(20429), "later", None),
        (503, "busy".to_owned(), "later", None),
        (500, fault(20500), "unknown", None),
        (502, "<html>".to_owned(), "unknown", None),
        (307, String::new(), "misconfigured", None),
        (200, "nonsense".to_owned(), "accepted", None),
    ];
    for (status, body, name, report) in table {
        let sink = Sink::saying(status, &body).await;
        let outcome = provider(&sink, number()).deliver(&text("a")).await;
        assert_eq!(outcome.name(), name, "{status} {body}: {outcome:?}");
        if let Outcome::Refused { address, .. } = outcome {
            assert_eq!(address, report, "{status} {body}");
        }
    }
    let sink = Sink::start(|_| Reply::Say(429, vec![("retry-after", "3".to_owned())], String::new())).await;
    let outcome = provider(&sink, number()).deliver(&text("a")).await;
    assert!(matches!(outcome, Outcome::Later { after: Some(Span(3_000)), .. }));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_end_stays_unknown() {
    for reply in [Reply::Hang, Reply::Drop] {
        let sink = Sink::start(move |_| reply.clone()).await;
        let twilio = provider(&sink, number());
        let begun = tokio::time::Instant::now();
        assert!(matches!(twilio.deliver(&text("a")).await, Outcome::Unknown { .. }));
        assert!(begun.elapsed().as_millis() <= twilio.manifest().timeout.0 as u128);
    }
}

#[tokio::test]
async fn what_cannot_arrive_is_not_sent() {
    let sink = Sink::saying(201, "{}").await;
    let twilio = provider(&sink, number());
    for to in ["09012345678", "+0123456", "+81-90-1234-5678", "+", "", "+1234567890123456"] {
        let mut message = text("a");
        message.to = vec![to.to_owned()];
        let outcome = twilio.deliver(&message).await;
        assert!(matches!(outcome, Outcome::Refused { address: Some(Report::Bounced), .. }), "{to}: {outcome:?}");
    }
    let outcome = twilio.deliver(&text(&"長".repeat(1_601))).await;
    assert!(matches!(outcome, Outcome::Refused { address: None, .. }));
    assert!(sink.seen().is_empty());
}

fn intake() -> SmsIntake {
    SmsIntake::new(SecretString::from(TOKEN), PUBLIC)
}

fn encoded(fields: &[(&str, &str)]) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

/// By Twilio's own library.
fn signature(url: &str, fields: &[(&str, &str)]) -> String {
    let answer = ask(json!({ "ask": "twilio", "token": TOKEN, "url": url, "params": fields }));
    answer["signature"].as_str().unwrap().to_owned()
}

#[test]
fn a_report_is_believed_if_twilio_signed_it() {
    let target = format!("{STATUS_PATH}?key=k0a1");
    let fields = [
        ("SmsSid", "SM1"),
        ("MessageSid", "SM1"),
        ("MessageStatus", "delivered"),
        ("To", "+819012345678"),
        ("AccountSid", ACCOUNT),
    ];
    let body = encoded(&fields);
    let sound = signature(&format!("{PUBLIC}{target}"), &fields);
    let told = intake().status(&target, Some(&sound), &body, NOW).unwrap();
    let notice = Notice {
        id: Some("SM1:delivered".to_owned()),
        about: About::Send("k0a1".to_owned()),
        at: NOW,
        told: Told::Report(Report::Delivered),
    };
    assert_eq!(told, [notice]);
    // With the port written out.
    let with_port = signature(&format!("{PUBLIC}:443{target}"), &fields);
    assert!(intake().status(&target, Some(&with_port), &body, NOW).is_ok());

    let distrusted = |target: &str, signature: Option<&str>, body: &[u8]| {
        assert_eq!(intake().status(target, signature, body, NOW), Err(Distrust::Signature));
    };
    distrusted(&target, None, &body);
    distrusted(&target, Some("AAAA"), &body);
    distrusted(&target, Some("not base64!"), &body);
    distrusted(&format!("{STATUS_PATH}?key=other"), Some(&sound), &body);
    distrusted(&target, Some(&sound), &encoded(&[("MessageStatus", "failed")]));
    distrusted(&target, Some(&sound), b"");
    let other = SmsIntake::new(SecretString::from("another token"), PUBLIC);
    assert_eq!(other.status(&target, Some(&sound), &body, NOW), Err(Distrust::Signature));
}

#[test]
fn a_report_says_what_became_of_the_message() {
    let table = [
        ("delivered", "", Some(Report::Delivered)),
        ("sent", "", None),
        ("queued", "", None),
        ("undelivered", "30005", Some(Report::Bounced)),
        ("undelivered", "30006", Some(Report::Bounced)),
        ("undelivered", "30003", Some(Report::Refused)),
        ("undelivered", "30004", Some(Report::Blocked)),
        ("failed", "21610", Some(Report::Unsubscribed)),
        ("failed", "21614", Some(Report::Bounced)),
        ("failed", "30007", Some(Report::Refused)),
        ("failed", "30002", Some(Report::Refused)),
        ("a new word", "", None),
    ];
    let target = format!("{STATUS_PATH}?key=k");
    let mac = |fields: &[(&str, &str)]| signed_here(&format!("{PUBLIC}{target}"), fields);
    for (status, code, report) in table {
        let fields = [("ErrorCode", code), ("MessageSid", "SM2"), ("MessageStatus", status)];
        let told = intake().status(&target, Some(&mac(&fields)), &encoded(&fields), NOW).unwrap();
        let told: Vec<_> = told.into_iter().map(|notice| notice.told).collect();
        assert_eq!(told, report.map(Told::Report).into_iter().collect::<Vec<_>>(), "{status} {code}");
    }
    let none = [("MessageSid", "SM2")];
    assert!(matches!(intake().status(&target, Some(&mac(&none)), &encoded(&none), NOW), Err(Distrust::Form(_))));
    let bare = signed_here(&format!("{PUBLIC}{STATUS_PATH}"), &none);
    assert!(matches!(intake().status(STATUS_PATH, Some(&bare), &encoded(&none), NOW), Err(Distrust::Form(_))));
}

/// The same as Twilio's library, which the tests above hold it to, without starting it for each line of a table.
fn signed_here(url: &str, fields: &[(&str, &str)]) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut fields = fields.to_vec();
    fields.sort();
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(url.as_bytes());
    fields.iter().for_each(|(name, value)| mac.update(format!("{name}{value}").as_bytes()));
    STANDARD.encode(mac.finalize().into_bytes())
}

#[test]
fn what_people_write_back_is_heard() {
    let url = format!("{PUBLIC}{INCOMING_PATH}");
    let heard = |fields: &[(&str, &str)]| {
        let told = intake().incoming(INCOMING_PATH, Some(&signed_here(&url, fields)), &encoded(fields), NOW).unwrap();
        let [notice] = &told[..] else { panic!("{told:?}") };
        assert_eq!(notice.about, About::Address { channel: Channel::Sms, address: "+819012345678".to_owned() });
        assert_eq!(notice.id.as_deref(), Some("SM3"));
        notice.told.clone()
    };
    let wrote = |body: &str| heard(&[("Body", body), ("From", "+819012345678"), ("MessageSid", "SM3")]);
    for stop in [
        "STOP",
        "stop",
        " Stop. ",
        "ＳＴＯＰ",
        "停止",
        "配信停止",
        "配信停止。",
        "「停止」",
        "解除",
        "ストップ",
        "unsubscribe\n",
    ] {
        assert_eq!(wrote(stop), Told::Left { words: stop.to_owned() }, "{stop}");
    }
    for start in ["START", "unstop", "再開", "配信再開!"] {
        assert_eq!(wrote(start), Told::Returned { words: start.to_owned() }, "{start}");
    }
    for other in ["Please stop by our shop", "停止しないで", "YES", "はい", "", "ありがとう😊"] {
        let Told::Event { name, properties } = wrote(other) else { panic!("{other}") };
        assert_eq!((name.as_str(), properties["text"].as_str()), ("sms_message", Some(other)));
    }
    let understood = [("Body", "arrêt"), ("From", "+819012345678"), ("MessageSid", "SM3"), ("OptOutType", "STOP")];
    assert_eq!(heard(&understood), Told::Left { words: "arrêt".to_owned() });
    // And once by Twilio's own library, with letters of every kind.
    let fields = [("Body", "停止 & ☕ = +"), ("From", "+819012345678"), ("MessageSid", "SM3"), ("NumMedia", "0")];
    assert_eq!(signature(&url, &fields), signed_here(&url, &fields));
    let hidden = [("Body", "STOP"), ("From", "ANONYMOUS"), ("MessageSid", "SM3")];
    let told = intake().incoming(INCOMING_PATH, Some(&signed_here(&url, &hidden)), &encoded(&hidden), NOW);
    assert!(matches!(told, Err(Distrust::Form(_))));
}

#[test]
fn a_flood_is_refused_before_it_is_read() {
    let long = vec![b'a'; 65 * 1024];
    assert!(matches!(intake().incoming(INCOMING_PATH, Some("AAAA"), &long, NOW), Err(Distrust::Form(_))));
    let many = "a=1&".repeat(300).into_bytes();
    assert!(matches!(intake().incoming(INCOMING_PATH, Some("AAAA"), &many, NOW), Err(Distrust::Form(_))));
}

#[tokio::test]
async fn nothing_that_is_printed_holds_the_token() {
    let sink = Sink::start(|_| say(400, "{}")).await;
    let shown = format!(
        "{:?} {:?} {:?}",
        provider(&sink, number()),
        intake(),
        provider(&sink, number()).deliver(&text("a")).await
    );
    assert!(!shown.contains(TOKEN) && !shown.contains(&STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"))), "{shown}");
}
