//! Webhooks: what LINE's description allows comes through, what was not signed does not, and nothing brings it down.
//!
//! Bodies are made from the description where the case does not need one of its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Map, Value as Json, json};
use sha2::Sha256;
use tabi::channels::line::{BODY_BYTES_MAX, Intake, nonce};
use tabi::ir::Channel;
use tabi::machine::Report;
use tabi::ports::{About, Distrust, Notice, Secret, Told};
use tabi::value::{Instant, Span};

use crate::USER;
use crate::contract::{Contract, of_kind};
use crate::sending::now;

pub const SECRET: &str = "8c570fa6dd201bb328f1c1eac23a96d8";

pub fn link_secret() -> Secret {
    Secret::new([9; 32])
}

pub fn intake() -> Intake {
    Intake::new(SecretString::from(SECRET), link_secret())
}

pub fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

fn taken(body: &Json) -> Result<Vec<Notice>, Distrust> {
    let bytes = serde_json::to_vec(body).unwrap();
    intake().take(Some(&signature(SECRET, &bytes)), &bytes, now())
}

fn body(events: Vec<Json>) -> Json {
    json!({ "destination": "Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "events": events })
}

/// An event as LINE describes it, a minute before it arrives.
pub fn event(kind: &str, more: Json) -> Json {
    let mut event = json!({
        "type": kind,
        "mode": "active",
        "timestamp": now().0 - 60_000,
        "source": { "type": "user", "userId": USER },
        "webhookEventId": "01FZ74A0TDDPYRVKNK77XKC3ZR",
        "deliveryContext": { "isRedelivery": false },
    });
    event.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    event
}

/// What is told of one event that LINE may send.
fn told(kind: &str, more: Json) -> Vec<Told> {
    let body = body(vec![event(kind, more)]);
    let broken = Contract::webhook().breaks("CallbackRequest", &body);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    let notices = taken(&body).unwrap();
    for (nth, notice) in notices.iter().enumerate() {
        let id = "01FZ74A0TDDPYRVKNK77XKC3ZR";
        assert_eq!(notice.id, Some(if nth == 0 { id.to_owned() } else { format!("{id}/{nth}") }));
        assert_eq!(notice.at, now().minus(Span(60_000)));
        if kind != "delivery" {
            assert_eq!(notice.about, About::Address { channel: Channel::Line, address: USER.to_owned() });
        }
    }
    notices.into_iter().map(|notice| notice.told).collect()
}

fn named(name: &str, properties: Json) -> Told {
    Told::Event { name: name.to_owned(), properties: properties.as_object().unwrap().clone() }
}

#[test]
fn friends_come_and_go() {
    for unblocked in [true, false] {
        let follow = json!({ "replyToken": "r", "follow": { "isUnblocked": unblocked } });
        let event = named("line_follow", json!({ "is_unblocked": unblocked }));
        assert_eq!(told("follow", follow), [Told::Report(Report::Unblocked), event]);
    }
    let gone = [Told::Report(Report::Blocked), named("line_unfollow", json!({}))];
    assert_eq!(told("unfollow", json!({})), gone);
}

#[test]
fn what_people_say_and_press_becomes_events() {
    let say = |message: Json| told("message", json!({ "replyToken": "r", "message": message }));
    assert_eq!(
        say(json!({ "type": "text", "id": "1", "text": "返品したい", "quoteToken": "q", "quotedMessageId": "7" })),
        [named(
            "line_message",
            json!({ "message_id": "1", "kind": "text", "text": "返品したい", "quoted_message_id": "7" })
        )]
    );
    let sticker = json!({ "type": "sticker", "id": "2", "packageId": "446", "stickerId": "1988",
        "stickerResourceType": "STATIC", "quoteToken": "q" });
    let properties = json!({ "message_id": "2", "kind": "sticker", "package_id": "446", "sticker_id": "1988" });
    assert_eq!(say(sticker), [named("line_message", properties)]);
    let place = json!({ "type": "location", "id": "3", "latitude": 35.5, "longitude": 139.25, "address": "横浜市" });
    let properties =
        json!({ "message_id": "3", "kind": "location", "latitude": 35.5, "longitude": 139.25, "address": "横浜市" });
    assert_eq!(say(place), [named("line_message", properties)]);
    let image = json!({ "type": "image", "id": "4", "quoteToken": "q", "contentProvider": { "type": "line" } });
    assert_eq!(say(image), [named("line_message", json!({ "message_id": "4", "kind": "image" }))]);
    let file = json!({ "type": "file", "id": "5", "fileName": "a.pdf", "fileSize": 2138 });
    let properties = json!({ "message_id": "5", "kind": "file", "file_name": "a.pdf", "file_size": 2138 });
    assert_eq!(say(file), [named("line_message", properties)]);

    let press = |postback: Json| told("postback", json!({ "replyToken": "r", "postback": postback }));
    let plain = named("line_postback", json!({ "data": "action=buy&item=7" }));
    assert_eq!(press(json!({ "data": "action=buy&item=7" })), [plain]);
    let date = json!({ "data": "pick", "params": { "date": "2026-04-10" } });
    assert_eq!(press(date), [named("line_postback", json!({ "data": "pick", "date": "2026-04-10" }))]);
    let menu = json!({ "data": "m", "params": { "newRichMenuAliasId": "second", "status": "SUCCESS" } });
    let properties = json!({ "data": "m", "rich_menu_alias": "second", "status": "SUCCESS" });
    assert_eq!(press(menu), [named("line_postback", properties)]);
}

#[test]
fn the_rest_of_what_concerns_a_person() {
    let unsend = told("unsend", json!({ "unsend": { "messageId": "325708" } }));
    assert_eq!(unsend, [named("line_unsend", json!({ "message_id": "325708" }))]);
    let video = told("videoPlayComplete", json!({ "replyToken": "r", "videoPlayComplete": { "trackingId": "t" } }));
    assert_eq!(video, [named("line_video_play_complete", json!({ "tracking_id": "t" }))]);
    let beacon = json!({ "replyToken": "r", "beacon": { "hwid": "d41d8cd98f", "type": "enter", "dm": "ff" } });
    let properties = json!({ "hwid": "d41d8cd98f", "kind": "enter", "device_message": "ff" });
    assert_eq!(told("beacon", beacon), [named("line_beacon", properties)]);
    let membership = json!({ "replyToken": "r", "membership": { "type": "joined", "membershipId": 3189 } });
    let properties = json!({ "kind": "joined", "membership_id": "3189" });
    assert_eq!(told("membership", membership), [named("line_membership", properties)]);
}

#[test]
fn a_notification_that_arrived_is_told_of_its_send() {
    let tag = "0000000g00000000c00009000274dq5lgc3ou5b4ga";
    let arrived = body(vec![event("delivery", json!({ "delivery": { "data": tag } }))]);
    let notices = taken(&arrived).unwrap();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].about, About::Send(tag.to_owned()));
    assert_eq!(notices[0].told, Told::Report(Report::Delivered));
}

#[test]
fn accounts_are_linked_by_nonces_of_ours_alone() {
    let link = |result: &str, nonce: &str| told("accountLink", json!({ "link": { "result": result, "nonce": nonce } }));
    let made = now().minus(Span(5 * 60_000));
    let ours = nonce(&link_secret(), "会員-42", made).unwrap();
    let linked = named("line_account_link", json!({ "result": "ok", "linked": true }));
    assert_eq!(link("ok", &ours), [Told::Linked { user: "会員-42".into() }, linked]);
    let stale = nonce(&link_secret(), "会員-42", now().minus(Span(60 * 60_000))).unwrap();
    let foreign = nonce(&Secret::new([1; 32]), "会員-42", made).unwrap();
    for wrong in [stale.as_str(), &foreign, "会員-42", "", "0"] {
        let event = named("line_account_link", json!({ "result": "ok", "linked": false, "nonce": wrong }));
        assert_eq!(link("ok", wrong), [event]);
    }
    let failed = named("line_account_link", json!({ "result": "failed", "linked": false, "nonce": ours }));
    assert_eq!(link("failed", &ours), [failed]);
}

#[test]
fn what_concerns_nobody_is_passed_over() {
    assert_eq!(taken(&body(vec![])), Ok(vec![]), "the console's check");
    let standby = event("message", json!({ "mode": "standby", "message": { "type": "text", "id": "1", "text": "x" } }));
    let mut group = event("join", json!({ "source": { "type": "group", "groupId": "C1" } }));
    let mut new = event("thing_of_2030", json!({ "thing": { "deep": [[[1]]] } }));
    new["source"] = json!({ "type": "planet", "userId": USER });
    let more = event("unfollow", json!({}));
    let notices = taken(&body(vec![standby, group.clone(), new, json!(7), json!(null), json!([]), more])).unwrap();
    assert_eq!(notices.len(), 2, "the unfollow alone: {notices:?}");
    // Somebody in a group speaks as themselves.
    group["type"] = json!("message");
    group["message"] = json!({ "type": "text", "id": "1", "text": "x" });
    assert_eq!(taken(&body(vec![group.clone()])), Ok(vec![]));
    group["source"]["userId"] = json!(USER);
    assert_eq!(taken(&body(vec![group])).unwrap().len(), 1);
}

/// LINE's description, turned into one event of every kind, with as little and as much as it may have.
#[test]
fn every_event_that_line_describes_is_taken() {
    let contract = Contract::webhook();
    let kinds: &Map<String, Json> = contract.schema("Event")["discriminator"]["mapping"].as_object().unwrap();
    assert!(kinds.len() >= 19, "{}", kinds.len());
    let mut told = Vec::new();
    for (kind, target) in kinds {
        for all in [false, true] {
            let mut event = of_kind(contract, kind, target, all);
            event["source"] = json!({ "type": "user", "userId": USER });
            let body = body(vec![event]);
            let broken = contract.breaks("CallbackRequest", &body);
            assert!(broken.is_empty(), "{}", broken.join("\n"));
            let notices = taken(&body).unwrap();
            if !notices.is_empty() {
                told.push(kind.as_str());
            }
        }
    }
    told.dedup();
    told.sort_unstable();
    let persons = [
        "accountLink",
        "beacon",
        "delivery",
        "follow",
        "membership",
        "message",
        "postback",
        "unfollow",
        "unsend",
        "videoPlayComplete",
    ];
    assert_eq!(told, persons);
}

#[test]
fn nothing_is_read_that_was_not_signed() {
    let bytes = serde_json::to_vec(&body(vec![event("unfollow", json!({}))])).unwrap();
    let good = signature(SECRET, &bytes);
    assert_eq!(intake().take(Some(&good), &bytes, now()).unwrap().len(), 2);
    let mut changed = bytes.clone();
    let last = changed.len() - 1;
    changed[last] = b' ';
    assert_eq!(intake().take(Some(&good), &changed, now()), Err(Distrust::Signature));
    let other = signature("another secret", &bytes);
    for wrong in
        [None, Some(""), Some("é"), Some(&good[1..]), Some("AAAA"), Some(other.as_str()), Some(&good.to_lowercase())]
    {
        assert_eq!(intake().take(wrong, &bytes, now()), Err(Distrust::Signature), "{wrong:?}");
        // Also where the body is no JSON: that is not looked at.
        assert_eq!(intake().take(wrong, b"{", now()), Err(Distrust::Signature), "{wrong:?}");
    }
    assert!(!format!("{:?}", intake()).contains(SECRET));
}

#[test]
fn a_body_in_another_form_is_refused() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for wrong in ["", "{", "null", "[]", "7", "{}", r#"{"events":7}"#, r#"{"events":null}"#, "\u{0}", &deep] {
        let taken = intake().take(Some(&signature(SECRET, wrong.as_bytes())), wrong.as_bytes(), now());
        assert!(matches!(taken, Err(Distrust::Form(_))), "{wrong:.40}: {taken:?}");
    }
    let large = vec![b' '; BODY_BYTES_MAX + 1];
    let taken = intake().take(Some(&signature(SECRET, &large)), &large, now());
    assert!(matches!(taken, Err(Distrust::Form(_))));
}

#[test]
fn times_that_cannot_be_are_cut_to_arrival() {
    for (timestamp, expected) in [
        (json!(now().0 + 1_000_000), now()),
        (json!(i64::MAX), now()),
        (json!(-1), now()),
        (json!("yesterday"), now()),
        (json!(1e300), now()),
        (json!(null), now()),
        (json!(1_000), Instant(1_000)),
    ] {
        let notices = taken(&body(vec![event("unfollow", json!({ "timestamp": timestamp }))])).unwrap();
        assert_eq!(notices[0].at, expected, "{timestamp}");
    }
}

fn anything() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        ".{0,20}".prop_map(|s| json!(s)),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|v| json!(v)),
            prop::collection::btree_map("[a-zA-Z]{1,8}", inner, 0..4).prop_map(|m| json!(m)),
        ]
    })
}

proptest! {
    /// Signed bodies of events in which any one member is anything: none brings the intake down, and none tells of
    /// somebody else.
    #[test]
    fn no_signed_body_brings_it_down(
        kind in prop::sample::select(vec!["message", "postback", "accountLink", "follow", "beacon", "membership", "delivery", "unsend", "videoPlayComplete", "x"]),
        part in prop::sample::select(vec!["message", "postback", "link", "follow", "beacon", "membership", "delivery", "source", "timestamp", "mode", "webhookEventId", "type"]),
        value in anything(),
    ) {
        let notices = taken(&body(vec![event(kind, json!({ part: value }))])).unwrap();
        for notice in notices {
            let mine = About::Address { channel: Channel::Line, address: USER.to_owned() };
            prop_assert!(notice.about == mine || part == "source" || kind == "delivery");
            prop_assert!(notice.at <= now());
        }
    }

    #[test]
    fn no_bytes_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..200), signed in any::<bool>()) {
        let text = if signed { signature(SECRET, &bytes) } else { String::from_utf8_lossy(&bytes).into_owned() };
        prop_assert!(intake().take(Some(&text), &bytes, now()).is_err());
    }
}
