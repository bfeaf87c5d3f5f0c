//! Webhooks of LINE: checked, then told as notices.
//!
//! Answers nobody and stores nothing: reply tokens live for a minute and are not kept. Source: Messaging API reference,
//! webhook event objects (2026).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use sha2::Sha256;

use crate::ir::Channel;
use crate::machine::Report;
use crate::ports::{About, Distrust, Notice, Secret, Told};
use crate::value::Instant;

use super::link::user_of;

/// In HTTP, names of headers have no case.
pub const SIGNATURE_HEADER: &str = "x-line-signature";
/// LINE bundles events of a second; a text has at most 10,000 characters. More than this is not from LINE.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// A user id has 33 characters.
const USER_CHARS_MAX: usize = 100;

/// Turns bodies into notices for whoever has the channel's secret.
pub struct Intake {
    channel_secret: SecretString,
    link: Secret,
}

#[derive(Deserialize)]
struct Body {
    events: Vec<Json>,
}

/// Why an event is passed over; counted by these names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ignored {
    /// Another system speaks with the person now.
    Standby,
    /// From a group or a room, by nobody who is named.
    Nobody,
    /// Of a kind that LINE did not have, or that says nothing of a person.
    Kind,
    /// Something is missing in it.
    Form,
}

impl Intake {
    /// `link` is the installation's: with it the nonces of account links were sealed.
    pub fn new(channel_secret: SecretString, link: Secret) -> Intake {
        Intake { channel_secret, link }
    }

    /// `signature` is the header's text, `body` the bytes as they came. An empty list of events is fine: the console's
    /// check sends one. What does not concern anybody is left out and counted.
    pub fn take(&self, signature: Option<&str>, body: &[u8], received_at: Instant) -> Result<Vec<Notice>, Distrust> {
        if body.len() > BODY_BYTES_MAX {
            return Err(Distrust::Form(format!("more than {BODY_BYTES_MAX} bytes")));
        }
        let signature = signature.and_then(|text| STANDARD.decode(text.trim()).ok()).ok_or(Distrust::Signature)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.channel_secret.expose_secret().as_bytes())
            .map_err(|_| Distrust::Signature)?;
        mac.update(body);
        // In constant time, and before anything is read out of the body.
        mac.verify_slice(&signature).map_err(|_| Distrust::Signature)?;
        let body: Body = serde_json::from_slice(body).map_err(|error| Distrust::Form(error.to_string()))?;
        let mut notices = Vec::new();
        for event in &body.events {
            match self.read(event, received_at) {
                Ok(read) => notices.extend(read),
                Err(why) => {
                    metrics::counter!("tabi_line_events_ignored_total", "why" => why.name()).increment(1);
                }
            }
        }
        Ok(notices)
    }

    fn read(&self, event: &Json, received_at: Instant) -> Result<Vec<Notice>, Ignored> {
        let kind = text(event, "type").ok_or(Ignored::Form)?;
        if text(event, "mode") == Some("standby") {
            return Err(Ignored::Standby);
        }
        let id = text(event, "webhookEventId").map(String::from);
        let stamp = event.get("timestamp").and_then(Json::as_i64).filter(|at| *at >= 0).map(Instant);
        let at = stamp.map_or(received_at, |at| at.min(received_at));
        if kind == "delivery" {
            // The tag of ours that went out with the notification; a hashed phone number where there was none.
            let tag = inside(event, "delivery").and_then(|d| text(d, "data")).ok_or(Ignored::Form)?;
            let (about, told) = (About::Send(tag.to_owned()), Told::Report(Report::Delivered));
            return Ok(vec![Notice { id, about, at, told }]);
        }
        let told = self.told(kind, event, at)?;
        let user = inside(event, "source").and_then(|s| text(s, "userId")).ok_or(Ignored::Nobody)?;
        if user.is_empty() || user.len() > USER_CHARS_MAX {
            return Err(Ignored::Form);
        }
        let about = About::Address { channel: Channel::Line, address: user.to_owned() };
        let notice = |(nth, told): (usize, Told)| {
            // Two things that one event tells are two.
            let id = id.as_ref().map(|id| if nth == 0 { id.clone() } else { format!("{id}/{nth}") });
            Notice { id, about: about.clone(), at, told }
        };
        Ok(told.into_iter().enumerate().map(notice).collect())
    }

    fn told(&self, kind: &str, event: &Json, at: Instant) -> Result<Vec<Told>, Ignored> {
        let part = |name: &str| inside(event, name).ok_or(Ignored::Form);
        match kind {
            "follow" => {
                let back = inside(event, "follow").and_then(|f| f.get("isUnblocked")).and_then(Json::as_bool);
                let properties = object([("is_unblocked", Some(json!(back.unwrap_or(false))))]);
                Ok(vec![Told::Report(Report::Unblocked), named("line_follow", properties)])
            }
            "unfollow" => Ok(vec![Told::Report(Report::Blocked), named("line_unfollow", Map::new())]),
            "message" => Ok(vec![named("line_message", message(part("message")?)?)]),
            "unsend" => {
                let id = text(part("unsend")?, "messageId").ok_or(Ignored::Form)?;
                Ok(vec![named("line_unsend", object([("message_id", Some(json!(id)))]))])
            }
            "postback" => Ok(vec![named("line_postback", postback(part("postback")?)?)]),
            "videoPlayComplete" => {
                let id = text(part("videoPlayComplete")?, "trackingId").ok_or(Ignored::Form)?;
                Ok(vec![named("line_video_play_complete", object([("tracking_id", Some(json!(id)))]))])
            }
            "beacon" => {
                let beacon = part("beacon")?;
                let properties = [
                    ("hwid", copied(beacon, "hwid")),
                    ("kind", copied(beacon, "type")),
                    ("device_message", copied(beacon, "dm")),
                ];
                Ok(vec![named("line_beacon", object(properties))])
            }
            "membership" => {
                let membership = part("membership")?;
                // A number there, an id here.
                let id = membership.get("membershipId").and_then(Json::as_i64).map(|id| json!(id.to_string()));
                let properties = [("kind", copied(membership, "type")), ("membership_id", id)];
                Ok(vec![named("line_membership", object(properties))])
            }
            "accountLink" => Ok(self.account_link(part("link")?, at)),
            _ => Err(Ignored::Kind),
        }
    }

    /// Linked only by a nonce of ours: any other may have been made up. A shop that makes its own finds it in the event.
    fn account_link(&self, link: &Json, at: Instant) -> Vec<Told> {
        let (result, nonce) = (text(link, "result").unwrap_or(""), text(link, "nonce").unwrap_or(""));
        let user = (result == "ok").then(|| user_of(&self.link, nonce, at)).flatten();
        let foreign = user.is_none().then(|| json!(nonce));
        let properties =
            object([("result", Some(json!(result))), ("linked", Some(json!(user.is_some()))), ("nonce", foreign)]);
        let linked = user.map(|user| Told::Linked { user });
        linked.into_iter().chain([named("line_account_link", properties)]).collect()
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Intake(line)")
    }
}

impl Ignored {
    fn name(self) -> &'static str {
        match self {
            Ignored::Standby => "standby",
            Ignored::Nobody => "nobody",
            Ignored::Kind => "kind",
            Ignored::Form => "form",
        }
    }
}

fn message(message: &Json) -> Result<Map<String, Json>, Ignored> {
    let kind = text(message, "type").ok_or(Ignored::Form)?;
    let mut properties = object([
        ("message_id", copied(message, "id")),
        ("kind", Some(json!(kind))),
        ("quoted_message_id", copied(message, "quotedMessageId")),
    ]);
    let more: &[(&str, &str)] = match kind {
        "text" => &[("text", "text")],
        "sticker" => &[("package_id", "packageId"), ("sticker_id", "stickerId"), ("text", "text")],
        "location" => {
            &[("title", "title"), ("address", "address"), ("latitude", "latitude"), ("longitude", "longitude")]
        }
        "file" => &[("file_name", "fileName"), ("file_size", "fileSize")],
        "video" | "audio" => &[("duration_ms", "duration")],
        // Images, and kinds that LINE did not have: that they came is all that is told.
        _ => &[],
    };
    properties.extend(more.iter().filter_map(|(ours, theirs)| Some(((*ours).to_owned(), copied(message, theirs)?))));
    Ok(properties)
}

fn postback(postback: &Json) -> Result<Map<String, Json>, Ignored> {
    let data = text(postback, "data").ok_or(Ignored::Form)?;
    let param = |name: &str| inside(postback, "params").and_then(|p| copied(p, name));
    Ok(object([
        ("data", Some(json!(data))),
        // Of a date picker, one of the three.
        ("date", param("date")),
        ("time", param("time")),
        ("datetime", param("datetime")),
        // Of a change of rich menus.
        ("rich_menu_alias", param("newRichMenuAliasId")),
        ("status", param("status")),
    ]))
}

fn named(name: &str, properties: Map<String, Json>) -> Told {
    Told::Event { name: name.to_owned(), properties }
}
fn object<const N: usize>(members: [(&str, Option<Json>); N]) -> Map<String, Json> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
fn text<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    json.get(name)?.as_str()
}
fn inside<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    json.get(name).filter(|inner| inner.is_object())
}
/// A text or a number, as it is.
fn copied(json: &Json, name: &str) -> Option<Json> {
    json.get(name).filter(|value| value.is_string() || value.is_number()).cloned()
}
