//! LINE notification messages: by phone number, without a retry key, never advertising.
//!
//! The template's description is ours (`tests/schemas/line/templated-push.yml`); the flexible one is LINE's.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use tabi::channels::line::{Form, Notifications, phone_hash};
use tabi::ports::{Delivery, Idempotency, Outcome, Provider};
use tabi::render::{Part, Sms};

use crate::mock::{Act, Mock};
use crate::sending::{delivery, text};
use crate::{USER, api};

const PHONE: &str = "+818000001234";

fn sms(body: &str) -> Part {
    Part::Sms(Sms { body: body.to_owned(), segments: 1, encoding: "UCS-2" })
}

fn shipped(message: &str, part: Part) -> Delivery {
    Delivery { message: message.to_owned(), ..delivery(&[PHONE], part) }
}

fn provider(mock: &Arc<Mock>) -> Notifications {
    let forms = [("shipped", Form::Flexible), ("booked", Form::Template("reservation_confirmed_ja".into()))];
    let forms: BTreeMap<String, Form> = forms.into_iter().map(|(name, form)| (name.to_owned(), form)).collect();
    Notifications::new(api(mock), None, forms)
}

#[tokio::test]
async fn a_notice_goes_to_a_phone_number_with_a_tag_and_without_a_retry_key() {
    let mock = Mock::start().await;
    let notifications = provider(&mock);
    assert!(notifications.carries("shipped") && !notifications.carries("sale"));
    assert_eq!(notifications.manifest().idempotency, Idempotency::None);
    let delivery = shipped("shipped", sms("発送しました。"));
    assert!(matches!(notifications.deliver(&delivery).await, Outcome::Accepted { .. }));
    let seen = mock.seen();
    assert_eq!(seen[0].path, "/bot/pnp/push");
    assert_eq!(seen[0].header("x-line-retry-key"), None);
    assert_eq!(seen[0].header("x-line-delivery-tag"), Some(delivery.key.as_str()));
    let to = phone_hash(PHONE).unwrap();
    assert_eq!(seen[0].json(), json!({ "to": to, "messages": [{ "type": "text", "text": "発送しました。" }] }));
    // The same from a LINE message.
    assert!(matches!(notifications.deliver(&shipped("shipped", text("発送"))).await, Outcome::Accepted { .. }));
    mock.kept();
}

#[tokio::test]
async fn a_template_is_filled_in_line_by_line() {
    let mock = Mock::start().await;
    let notifications = provider(&mock);
    let lines = "emphasized date_002_ja: 4月3日 10:00\n\nitem shop_name_ja: 旅茶 本店\nitem number_001_ja: A-17\n\
                 button check_reservation_ja: https://shop.example/r/17\n";
    assert!(matches!(notifications.deliver(&shipped("booked", sms(lines))).await, Outcome::Accepted { .. }));
    let body = json!({
        "emphasizedItem": { "itemKey": "date_002_ja", "content": "4月3日 10:00" },
        "items": [{ "itemKey": "shop_name_ja", "content": "旅茶 本店" }, { "itemKey": "number_001_ja", "content": "A-17" }],
        "buttons": [{ "buttonKey": "check_reservation_ja", "url": "https://shop.example/r/17" }],
    });
    let seen = mock.seen();
    assert_eq!(seen[0].path, "/v2/bot/message/pnp/templated/push");
    assert_eq!(seen[0].json()["templateKey"], "reservation_confirmed_ja");
    assert_eq!(seen[0].json()["body"], body);
    for wrong in [
        "just words",
        "item nothing",
        "link k: https://x",
        &"item k: v\n".repeat(16),
        &"button k: https://x\n".repeat(3),
    ] {
        let outcome = notifications.deliver(&shipped("booked", sms(wrong))).await;
        assert!(matches!(outcome, Outcome::Refused { .. }), "{wrong}: {outcome:?}");
    }
    assert_eq!(mock.seen().len(), 1);
    mock.kept();
}

#[tokio::test]
async fn what_may_not_go_this_way_does_not_leave() {
    let mock = Mock::start().await;
    let notifications = provider(&mock);
    let picture = json!({ "type": "image", "originalContentUrl": "https://x/a", "previewImageUrl": "https://x/b" });
    let mut pictures = text("x");
    if let Part::Line(line) = &mut pictures {
        line.messages.push(picture);
    }
    let good = || shipped("shipped", sms("x"));
    for wrong in [
        Delivery { marketing: true, ..good() },
        Delivery { message: "unheard_of".into(), ..good() },
        Delivery { to: vec!["080-0000-1234".into()], ..good() },
        Delivery { to: vec![USER.into()], ..good() },
        Delivery { to: vec![PHONE.into(), PHONE.into()], ..good() },
        Delivery { to: vec![], ..good() },
        shipped("shipped", pictures),
        shipped("shipped", Part::Webhook(json!({}))),
    ] {
        let outcome = notifications.deliver(&wrong).await;
        assert!(matches!(outcome, Outcome::Refused { address: None, .. }), "{outcome:?}");
    }
    assert!(mock.seen().is_empty());
    // A tag that LINE would not take is left out; the message is not.
    for length in [15, 101] {
        notifications.deliver(&Delivery { key: "k".repeat(length), ..good() }).await;
    }
    mock.kept();
    assert!(mock.seen().iter().all(|request| request.header("x-line-delivery-tag").is_none()));
}

#[tokio::test]
async fn an_unknown_outcome_stays_one_and_a_refusal_is_final() {
    for (act, expected) in [
        (Act::Answer(422, json!({ "message": "Failed to send messages" })), "refused"),
        (Act::Answer(400, json!({ "message": "Bad" })), "refused"),
        (Act::Answer(401, json!({ "message": "No" })), "misconfigured"),
        (Act::Answer(429, json!({ "message": "The API rate limit has been exceeded. Try again later." })), "later"),
        (Act::Answer(429, json!({ "message": "You have reached your monthly limit." })), "exhausted"),
        // Without a retry key this says nothing about an earlier attempt.
        (Act::Answer(409, json!({ "message": "Conflict" })), "refused"),
        (Act::Answer(500, json!({ "message": "Internal server error" })), "unknown"),
        (Act::CutAfterTaking, "unknown"),
    ] {
        let mock = Mock::start().await;
        mock.next(act.clone());
        let outcome = provider(&mock).deliver(&shipped("shipped", sms("x"))).await;
        assert_eq!(outcome.name(), expected, "{act:?}");
        assert_eq!(mock.seen().len(), 1, "{act:?}");
        mock.kept();
    }
}
