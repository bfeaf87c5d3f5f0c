//! What SES and SendGrid tell: signatures that hold and those that do not, events by their kinds.
//!
//! Fetches nothing: the certificate of SNS is one made for tests, and so is its key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject;
use serde_json::{Value as Json, json};
use tabi::channels::email::feedback::{sendgrid, ses};
use tabi::ir::Channel;
use tabi::machine::Report;
use tabi::ports::{About, Distrust, Notice, Told};
use tabi::value::Instant;

use super::deliveries::KEY;

const TOPIC: &str = "arn:aws:sns:ap-northeast-1:123456789012:mail";
const CERTIFICATE: &[u8] = include_bytes!("sns/certificate.pem");
/// Signed by `openssl`, with SHA-1 and with SHA-256.
const SIGNED: [&[u8]; 2] = [include_bytes!("sns/version1.json"), include_bytes!("sns/version2.json")];

fn arrival() -> Instant {
    Instant::parse_rfc3339("2026-12-01T19:00:10+09:00").unwrap()
}

fn told(body: &[u8]) -> Result<ses::Brought, Distrust> {
    ses::open(body, TOPIC)?.told(CERTIFICATE, arrival())
}

/// Signed as SNS signs, the fields in its order.
fn signed(kind: &str, message: &str, more: Json) -> Vec<u8> {
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from_pem_slice(include_bytes!("sns/key.pem")).unwrap();
    let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let mut body = json!({
        "Type": kind,
        "MessageId": "m-1",
        "TopicArn": TOPIC,
        "Message": message,
        "Timestamp": "2026-12-01T10:00:06.000Z",
        "SignatureVersion": "2",
        "SigningCertURL": "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-1.pem",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut text = String::new();
    for name in ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"] {
        if let Some(value) = body[name].as_str() {
            text.push_str(&format!("{name}\n{value}\n"));
        }
    }
    let mut signature = vec![0; key.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
    body["Signature"] = STANDARD.encode(signature).into();
    serde_json::to_vec(&body).unwrap()
}

#[test]
fn both_signatures_of_sns_hold_and_no_other_does() {
    for body in SIGNED {
        let notice = Notice {
            id: Some("ses:5b1b2a1e-0000-5000-8000-000000000001:0".to_owned()),
            about: About::Send(KEY.to_owned()),
            at: Instant::parse_rfc3339("2026-12-01T10:00:05Z").unwrap(),
            told: Told::Report(Report::Bounced),
        };
        assert_eq!(told(body), Ok(ses::Brought::Notices(vec![notice])));
        let text = String::from_utf8(body.to_vec()).unwrap();
        for (from, to) in [
            ("hanako@", "taro@"),
            ("Permanent", "Permanens"),
            ("5b1b2a1e", "5b1b2a1f"),
            ("2026-12-01T10:00:06", "2026-12-01T10:00:07"),
            ("Amazon SES", "Amazon"),
            ("123456789012:mail\"", "123456789012:mails\""),
            ("https://sns.ap-northeast-1.amazonaws.com/Simple", "https://sns.ap-northeast-1.example.com/Simple"),
            ("\"SignatureVersion\": \"1\"", "\"SignatureVersion\": \"2\""),
            ("\"SignatureVersion\": \"2\"", "\"SignatureVersion\": \"1\""),
        ] {
            let changed = text.replacen(from, to, 1);
            if changed != text {
                assert_eq!(told(changed.as_bytes()), Err(Distrust::Signature), "{from}");
            }
        }
        let open = ses::open(body, TOPIC).unwrap();
        assert!(open.certificate_url().starts_with("https://sns.ap-northeast-1.amazonaws.com/"));
        for wrong in [&b""[..], b"x", super::server::Server::certificate().as_bytes()] {
            assert_eq!(open.told(wrong, arrival()), Err(Distrust::Signature));
        }
    }
    assert!(matches!(told(b"{}"), Err(Distrust::Form(_))));
    assert!(matches!(told(&vec![b' '; 2_000_000]), Err(Distrust::Form(_))));
    let future = signed("Notification", "x", json!({ "SignatureVersion": "3" }));
    assert!(matches!(told(&future), Err(Distrust::Form(_))));
}

#[test]
fn a_topic_that_asks_is_answered_at_amazons_own_address_only() {
    let url = "https://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription&Token=1";
    let ask = |url: &str| {
        signed("SubscriptionConfirmation", "You have chosen …", json!({ "SubscribeURL": url, "Token": "1" }))
    };
    assert_eq!(told(&ask(url)), Ok(ses::Brought::Confirm { url: url.to_owned() }));
    assert_eq!(told(&ask("https://metadata.example/latest")), Err(Distrust::Signature));
    let end = signed("UnsubscribeConfirmation", "x", json!({ "SubscribeURL": url, "Token": "1" }));
    assert_eq!(told(&end), Ok(ses::Brought::Notices(Vec::new())));
    let text = signed("Notification", "Successfully validated SNS topic for Amazon SES event publishing.", json!({}));
    assert_eq!(told(&text), Ok(ses::Brought::Notices(Vec::new())));
}

/// Who and what, in a few words.
fn brief(notices: &[Notice]) -> Vec<String> {
    let one = |notice: &Notice| {
        let about = match &notice.about {
            About::Send(key) if key == KEY => "the send".to_owned(),
            About::Send(key) => key.clone(),
            About::Address { channel, address } => {
                assert_eq!(*channel, Channel::Email);
                address.clone()
            }
        };
        let told = match &notice.told {
            Told::Report(report) => format!("{report:?}"),
            Told::Left { words } => format!("left: {words}"),
            Told::Returned { words } => format!("returned: {words}"),
            told => format!("{told:?}"),
        };
        format!("{about} {told}")
    };
    notices.iter().map(one).collect()
}

#[test]
fn events_of_ses_say_what_they_say() {
    let headers = json!([{ "name": "x-tabi-send", "value": KEY }]);
    let to = |names: &[&str]| names.iter().map(|name| json!({ "emailAddress": name })).collect::<Vec<_>>();
    for (event, destination, headers, expected) in [
        (
            json!({ "eventType": "Delivery", "delivery": { "timestamp": "2026-12-01T10:00:02Z" } }),
            vec!["a@b.jp"],
            &headers,
            vec!["the send Delivered"],
        ),
        (json!({ "eventType": "Open", "open": {} }), vec!["a@b.jp"], &headers, vec!["the send Opened"]),
        (
            json!({ "eventType": "Click", "click": { "link": "https://x" } }),
            vec!["a@b.jp"],
            &json!([]),
            vec!["a@b.jp Clicked"],
        ),
        (
            json!({ "eventType": "Complaint", "complaint": { "complainedRecipients": to(&["a@b.jp"]), "complaintFeedbackType": "abuse" } }),
            vec!["a@b.jp"],
            &headers,
            vec!["the send Complained"],
        ),
        (
            json!({ "notificationType": "Complaint", "complaint": { "complainedRecipients": to(&["a@b.jp", "c@d.jp"]) } }),
            vec!["a@b.jp", "c@d.jp"],
            &headers,
            vec!["a@b.jp Complained", "c@d.jp Complained"],
        ),
        (
            json!({ "eventType": "Complaint", "complaint": { "complainedRecipients": to(&["a@b.jp"]), "complaintFeedbackType": "not-spam" } }),
            vec!["a@b.jp"],
            &headers,
            vec![],
        ),
        (
            json!({ "eventType": "Bounce", "bounce": { "bounceType": "Transient", "bouncedRecipients": to(&["a@b.jp"]) } }),
            vec!["a@b.jp"],
            &headers,
            vec![],
        ),
        (
            json!({ "eventType": "Bounce", "bounce": { "bounceType": "Undetermined" } }),
            vec!["a@b.jp"],
            &headers,
            vec![],
        ),
        (
            json!({ "eventType": "Bounce", "bounce": { "bounceType": "Permanent", "bouncedRecipients": to(&["not an address"]) } }),
            vec!["a@b.jp"],
            &json!([]),
            vec![],
        ),
        (
            json!({ "eventType": "Reject", "reject": { "reason": "Bad content" } }),
            vec!["a@b.jp"],
            &headers,
            vec!["the send Refused"],
        ),
        (json!({ "eventType": "Reject", "reject": {} }), vec!["a@b.jp"], &json!([]), vec![]),
        (json!({ "eventType": "Send" }), vec!["a@b.jp"], &headers, vec![]),
        (json!({ "eventType": "DeliveryDelay", "deliveryDelay": {} }), vec!["a@b.jp"], &headers, vec![]),
        (json!({ "eventType": "Something new" }), vec![], &headers, vec![]),
        // A header that is not of our form names nobody.
        (
            json!({ "eventType": "Delivery" }),
            vec!["a@b.jp"],
            &json!([{ "name": "X-Tabi-Send", "value": "x y" }]),
            vec!["a@b.jp Delivered"],
        ),
    ] {
        let mut event = event;
        event["mail"] = json!({ "destination": destination, "headers": headers, "tags": { "x": ["y"] } });
        let body = signed("Notification", &event.to_string(), json!({}));
        let Ok(ses::Brought::Notices(notices)) = told(&body) else { panic!("{event}") };
        assert_eq!(brief(&notices), expected, "{event}");
        assert!(notices.iter().all(|notice| notice.at <= arrival()));
    }
    let late = json!({ "eventType": "Open", "open": { "timestamp": "2030-01-01T00:00:00Z" }, "mail": { "destination": ["a@b.jp"] } });
    let Ok(ses::Brought::Notices(notices)) = told(&signed("Notification", &late.to_string(), json!({}))) else {
        panic!()
    };
    assert_eq!(notices[0].at, arrival(), "nothing has happened that lies ahead");
    for wrong in ["{", "{}", r#"{"eventType":"Bounce","mail":{}}"#, r#"{"eventType":1,"mail":{}}"#] {
        let body = signed("Notification", wrong, json!({}));
        assert!(matches!(told(&body), Err(Distrust::Form(_))), "{wrong}");
    }
}

/// What SendGrid's own libraries are tested with.
const SENDGRID: (&str, &str, &str, &str) = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
    "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
    "1600112502",
    concat!(
        r#"[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","#,
        r#""sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","#,
        r#""sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","#,
        r#""smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]"#,
        "\r\n"
    ),
);

#[test]
fn what_sendgrid_signed_is_believed_and_nothing_else_is() {
    let (key, signature, timestamp, body) = SENDGRID;
    let now = Instant(1_600_112_510_000);
    let notices = sendgrid::notices(Some(signature), Some(timestamp), body.as_bytes(), key, now).unwrap();
    assert_eq!(brief(&notices), ["hello@world.com Bounced"]);
    assert_eq!(notices[0].at, Instant(1_600_112_492_000));
    assert_eq!(notices[0].id.as_deref(), Some("sendgrid:ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA"));
    assert!(sendgrid::is_public_key(key));

    let changed = body.replace("hello", "jello");
    let other = STANDARD.encode(ecdsa().0);
    let week_later = Instant(now.0 + 7 * 86_400_000);
    for (signature, timestamp, body, key, now) in [
        (None, Some(timestamp), body, key, now),
        (Some(signature), None, body, key, now),
        (Some(signature), Some("1600112503"), body, key, now),
        (Some(signature), Some(timestamp), changed.as_str(), key, now),
        (Some("!"), Some(timestamp), body, key, now),
        (Some(""), Some(timestamp), body, key, now),
        (Some(signature), Some(timestamp), body, other.as_str(), now),
        (Some(signature), Some(timestamp), body, "no key", now),
        (Some(signature), Some(timestamp), body, key, week_later),
    ] {
        let answer = sendgrid::notices(signature, timestamp, body.as_bytes(), key, now);
        assert_eq!(answer, Err(Distrust::Signature), "{signature:?} {timestamp:?}");
    }
}

/// A key as SendGrid shows it, and the pair.
fn ecdsa() -> (Vec<u8>, EcdsaKeyPair) {
    let random = ring::rand::SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let mut key = STANDARD.decode(SENDGRID.0).unwrap()[..26].to_vec();
    key.extend(pair.public_key().as_ref());
    (key, pair)
}

#[test]
fn events_of_sendgrid_say_what_they_say() {
    let (key, pair) = ecdsa();
    let key = STANDARD.encode(key);
    let at = arrival().0 / 1_000;
    let ask = |body: &[u8]| {
        let timestamp = at.to_string();
        let signed = [timestamp.as_bytes(), body].concat();
        let signature = pair.sign(&ring::rand::SystemRandom::new(), &signed).unwrap();
        sendgrid::notices(Some(&STANDARD.encode(signature)), Some(&timestamp), body, &key, arrival())
    };
    for (event, expected) in [
        (json!({ "event": "delivered", "smtp-id": format!("<{KEY}@shop.example>") }), Some("the send Delivered")),
        (json!({ "event": "open", "tabi_send": KEY, "smtp-id": "<x@y>" }), Some("the send Opened")),
        (json!({ "event": "open", "tabi_send": KEY, "sg_machine_open": true }), None),
        (json!({ "event": "click", "url": "https://x" }), Some("a@b.jp Clicked")),
        (json!({ "event": "bounce", "type": "bounce", "tabi_send": KEY }), Some("the send Bounced")),
        (json!({ "event": "bounce", "type": "blocked", "tabi_send": KEY }), Some("the send Refused")),
        (json!({ "event": "bounce", "type": "blocked" }), None),
        (json!({ "event": "dropped", "reason": "Invalid" }), Some("a@b.jp Bounced")),
        (json!({ "event": "dropped", "reason": "Spam Reporting Address" }), Some("a@b.jp Complained")),
        (json!({ "event": "dropped", "reason": "Unsubscribed Address" }), Some("a@b.jp Unsubscribed")),
        (json!({ "event": "spamreport", "tabi_send": KEY }), Some("the send Complained")),
        (json!({ "event": "unsubscribe" }), Some("a@b.jp left: unsubscribe")),
        (json!({ "event": "group_unsubscribe", "asm_group_id": 1 }), Some("a@b.jp left: group_unsubscribe")),
        (json!({ "event": "group_resubscribe" }), Some("a@b.jp returned: group_resubscribe")),
        (json!({ "event": "processed" }), None),
        (json!({ "event": "deferred", "attempt": "1" }), None),
        (json!({ "event": "something new" }), None),
    ] {
        let mut event = event;
        event["email"] = "a@b.jp".into();
        event["timestamp"] = at.into();
        let notices = ask(json!([event]).to_string().as_bytes()).unwrap();
        assert_eq!(brief(&notices), expected.into_iter().collect::<Vec<_>>(), "{event}");
    }
    assert_eq!(ask(b"[]"), Ok(Vec::new()));
    for wrong in [&b"{}"[..], b"", b"[1]", b"[{}]"] {
        assert!(matches!(ask(wrong), Err(Distrust::Form(_))));
    }
    assert!(matches!(ask(&vec![b' '; 3_000_000]), Err(Distrust::Form(_))));
    let many = format!("[{}]", vec![r#"{"event":"open"}"#; 10_001].join(","));
    assert!(matches!(ask(many.as_bytes()), Err(Distrust::Form(_))));
}
