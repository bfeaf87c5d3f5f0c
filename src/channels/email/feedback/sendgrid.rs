//! Twilio SendGrid's event webhook.
//!
//! Keeps nothing of what it has seen: a repeat has the same id.
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde::Deserialize;

use super::{Notices, address, key_of_message_id, send, words};
use crate::machine::Report;
use crate::ports::{Distrust, Notice, Told};
use crate::value::{Instant, Span, time};

pub const SIGNATURE_HEADER: &str = "X-Twilio-Email-Event-Webhook-Signature";
pub const TIMESTAMP_HEADER: &str = "X-Twilio-Email-Event-Webhook-Timestamp";

/// SendGrid posts at most 768 kB at a time.
const BODY_MAX: usize = 2 * 1024 * 1024;
/// An event has some 300 bytes.
const EVENTS_MAX: usize = 10_000;
/// A signed body that is older is somebody's copy: SendGrid tries for a day.
const AGE_MAX: Span = Span(48 * time::MILLIS_PER_HOUR);

/// What stands before the point of a P-256 key in its SubjectPublicKeyInfo (RFC 5480).
const P256_PREFIX: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The key as SendGrid shows it: base64 of a SubjectPublicKeyInfo. The point of it; `None` if it is no key on P-256.
fn point(public_key: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(public_key.trim()).ok()?;
    let point = bytes.strip_prefix(P256_PREFIX)?;
    (point.len() == 65).then(|| point.to_vec())
}

#[derive(Deserialize)]
struct Event {
    event: String,
    email: Option<String>,
    /// Seconds since 1970.
    timestamp: Option<i64>,
    #[serde(rename = "smtp-id")]
    smtp_id: Option<String>,
    /// Ours, by `X-SMTPAPI`.
    tabi_send: Option<String>,
    sg_event_id: Option<String>,
    #[serde(default)]
    sg_machine_open: bool,
    #[serde(rename = "type")]
    kind: Option<String>,
    reason: Option<String>,
}

/// `signature`, `timestamp`: the two headers, if they were there.
pub fn notices(
    signature: Option<&str>,
    timestamp: Option<&str>,
    body: &[u8],
    public_key: &str,
    arrival: Instant,
) -> Result<Vec<Notice>, Distrust> {
    if body.len() > BODY_MAX {
        return Err(Distrust::Form(format!("more than {BODY_MAX} bytes")));
    }
    let (Some(signature), Some(timestamp)) = (signature, timestamp) else { return Err(Distrust::Signature) };
    let signature = STANDARD.decode(signature).map_err(|_| Distrust::Signature)?;
    let point = point(public_key).ok_or(Distrust::Signature)?;
    let mut signed = timestamp.as_bytes().to_vec();
    signed.extend(body);
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
        .verify(&signed, &signature)
        .map_err(|_| Distrust::Signature)?;
    let signed_at = timestamp.parse::<i64>().ok().map(|seconds| Instant(seconds.saturating_mul(1_000)));
    if signed_at.is_none_or(|at| arrival.since(at) > AGE_MAX) {
        return Err(Distrust::Signature);
    }
    let events: Vec<Event> =
        serde_json::from_slice(body).map_err(|fault| Distrust::Form(format!("no events of SendGrid: {fault}")))?;
    if events.len() > EVENTS_MAX {
        return Err(Distrust::Form(format!("more than {EVENTS_MAX} events")));
    }
    let mut notices = Notices::new(arrival);
    for event in events {
        let Some(told) = told(&event) else { continue };
        let sent = event.tabi_send.as_deref().and_then(send);
        let sent = sent.or_else(|| event.smtp_id.as_deref().and_then(key_of_message_id));
        let about = match sent {
            Some(about) => Some(about),
            // A refusal is of one mail, which an address does not name.
            None if told == Told::Report(Report::Refused) => None,
            None => event.email.as_deref().and_then(address),
        };
        let Some(about) = about else { continue };
        let id = event.sg_event_id.as_deref().map(|id| format!("sendgrid:{}", words(id)));
        let at = event.timestamp.map(|seconds| Instant(seconds.saturating_mul(1_000)));
        notices.add(id, about, at, told);
    }
    Ok(notices.all)
}

/// Nothing for what changes nothing: `processed`, `deferred`, opens by Apple's machines, and what SendGrid may think of.
fn told(event: &Event) -> Option<Told> {
    let reason = event.reason.as_deref().unwrap_or_default();
    let report = match event.event.as_str() {
        "delivered" => Report::Delivered,
        "open" if event.sg_machine_open => return None,
        "open" => Report::Opened,
        "click" => Report::Clicked,
        "spamreport" => Report::Complained,
        // The receiving server minds the sender, not the address.
        "bounce" if event.kind.as_deref() == Some("blocked") => Report::Refused,
        "bounce" => Report::Bounced,
        // Not even tried, because of what SendGrid remembers.
        "dropped" => match reason.to_ascii_lowercase() {
            reason if reason.contains("bounced") || reason.starts_with("invalid") => Report::Bounced,
            reason if reason.contains("spam report") => Report::Complained,
            reason if reason.contains("unsubscribed") => Report::Unsubscribed,
            _ => Report::Refused,
        },
        "unsubscribe" | "group_unsubscribe" => return Some(Told::Left { words: event.event.clone() }),
        "group_resubscribe" => return Some(Told::Returned { words: event.event.clone() }),
        _ => return None,
    };
    Some(Told::Report(report))
}

/// Whether the settings' key is one: to be asked when the runtime starts, so that a slip of copying does not show as distrust.
pub fn is_public_key(text: &str) -> bool {
    point(text).is_some()
}
