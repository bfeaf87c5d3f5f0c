//! LINE notification messages (通知メッセージ): notices of delivery, booking, payment to a phone number, without a friendship.
//!
//! Carries no advertising, which LINE forbids there, and repeats nothing: the API takes no retry key.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use crate::ir::Channel;
use crate::machine::Report;
use crate::ports::{Attempt, Delivery, Idempotency, Manifest, Outcome, Provider};
use crate::render::Part;

use super::answer::{Keyed, outcome};
use super::api::Api;
use super::provider::refused;

const PER_SECOND_DEFAULT: u32 = 2_000;
const AT_ONCE_MAX: usize = 50;
const DELIVERY_TAG: &str = "X-Line-Delivery-Tag";
/// A shorter or longer tag is refused by LINE.
const TAG_CHARS: std::ops::RangeInclusive<usize> = 16..=100;
/// Of a template's body. Source: LINE notification messages, template API.
const ITEMS_MAX: usize = 15;
const BUTTONS_MAX: usize = 2;
/// Message objects that the flexible kind does not take.
const FORBIDDEN: [&str; 3] = ["image", "video", "audio"];

/// As which kind of notification a message goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Its own words, after LINE has reviewed the use (フレキシブル).
    Flexible,
    /// One of LINE's templates, by its key (`shipment_completed_ja`); the text gives its parts, one a line:
    /// `emphasized KEY: …`, `item KEY: …`, `button KEY: https://…`.
    Template(String),
}

/// The second way to people by LINE: by phone number. Stands before the provider of text messages for the messages it
/// [carries](Notifications::carries), since their address is the same.
pub struct Notifications {
    api: Api,
    manifest: Manifest,
    forms: BTreeMap<String, Form>,
}

impl Notifications {
    pub fn new(api: Api, per_second_max: Option<u32>, forms: BTreeMap<String, Form>) -> Notifications {
        let manifest = Manifest {
            channel: Channel::Sms,
            provider: "line.notification",
            reports: &[Report::Delivered],
            idempotency: Idempotency::None,
            per_second_max: Some(per_second_max.unwrap_or(PER_SECOND_DEFAULT)),
            at_once_max: AT_ONCE_MAX,
            recipients_max: 1,
            timeout: api.timeout(),
        };
        Notifications { api, manifest, forms }
    }
    /// Whether the message of this name goes this way.
    pub fn carries(&self, message: &str) -> bool {
        self.forms.contains_key(message)
    }

    async fn send(&self, delivery: &Delivery) -> Outcome {
        if delivery.marketing {
            return refused("LINE notification messages may not advertise");
        }
        let Some(form) = self.forms.get(&delivery.message) else {
            return refused("this message is not set up as a LINE notification message");
        };
        let [phone] = delivery.to.as_slice() else { return refused("one phone number a notification") };
        let Some(to) = phone_hash(phone) else { return refused("the phone number is not in the form +81…") };
        let tag = TAG_CHARS.contains(&delivery.key.len()).then_some((DELIVERY_TAG, delivery.key.as_str()));
        let answer = match form {
            Form::Flexible => {
                let messages = match messages(&delivery.part) {
                    Ok(messages) => messages,
                    Err(why) => return refused(why),
                };
                self.api.post(&["bot", "pnp", "push"], tag, &json!({ "to": to, "messages": messages })).await
            }
            Form::Template(key) => {
                let body = match template_body(&delivery.part) {
                    Ok(body) => body,
                    Err(why) => return refused(&why),
                };
                let path = ["v2", "bot", "message", "pnp", "templated", "push"];
                let request = json!({ "to": to, "templateKey": key, "body": body });
                self.api.post(&path, tag, &request).await
            }
        };
        outcome(answer, delivery.attempt, Keyed::No)
    }
}

impl Provider for Notifications {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Attempt<'a, Outcome> {
        Box::pin(self.send(delivery))
    }
}

/// What stands for a phone number: SHA-256 of its E.164 form with `+`, in lower-case hex. `None` if it has another form.
pub fn phone_hash(phone: &str) -> Option<String> {
    let digits = phone.strip_prefix('+')?;
    let fits = (7..=15).contains(&digits.len()) && !digits.starts_with('0');
    (fits && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| Sha256::digest(phone).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn messages(part: &Part) -> Result<Vec<Json>, &'static str> {
    match part {
        Part::Sms(sms) => Ok(vec![json!({ "type": "text", "text": sms.body })]),
        Part::Line(line) => {
            let kind = |message: &Json| message.get("type").and_then(Json::as_str).unwrap_or("").to_owned();
            match line.messages.iter().any(|m| FORBIDDEN.contains(&kind(m).as_str())) {
                true => Err("a LINE notification message has no images, videos or sounds"),
                false => Ok(line.messages.clone()),
            }
        }
        Part::Email(_) | Part::Push(_) | Part::Webhook(_) => Err("this is no text for a LINE notification message"),
    }
}

fn template_body(part: &Part) -> Result<Json, String> {
    let Part::Sms(sms) = part else { return Err("a template is filled in by a text, one part a line".into()) };
    let (mut emphasized, mut items, mut buttons) = (None, Vec::new(), Vec::new());
    for line in sms.body.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let parts = line.split_once(' ').and_then(|(kind, rest)| Some((kind, rest.split_once(':')?)));
        let Some((kind, (key, text))) = parts else {
            return Err("a line of the template is not `item KEY: text`".into());
        };
        let (key, text) = (key.trim(), text.trim());
        match kind {
            "emphasized" => emphasized = Some(json!({ "itemKey": key, "content": text })),
            "item" => items.push(json!({ "itemKey": key, "content": text })),
            "button" => buttons.push(json!({ "buttonKey": key, "url": text })),
            _ => return Err("a line of the template is neither `emphasized`, `item` nor `button`".into()),
        }
    }
    if items.len() > ITEMS_MAX || buttons.len() > BUTTONS_MAX {
        return Err(format!("a template has at most {ITEMS_MAX} items and {BUTTONS_MAX} buttons"));
    }
    let mut body = Map::new();
    body.extend(emphasized.map(|item| ("emphasizedItem".to_owned(), item)));
    if !items.is_empty() {
        body.insert("items".into(), Json::Array(items));
    }
    if !buttons.is_empty() {
        body.insert("buttons".into(), Json::Array(buttons));
    }
    Ok(Json::Object(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of LINE's documentation.
    #[test]
    fn a_phone_number_is_hashed_as_line_does() {
        let golden = "d41e0ad70dddfeb68f149ad6fc61574b9c5780ab7bcb2fba5517771ffbb2409c";
        assert_eq!(phone_hash("+818000001234").as_deref(), Some(golden));
        for wrong in ["818000001234", "080-0000-1234", "+81-80-0000-1234", "+", "", "+0123456789", "+8180００001234"]
        {
            assert_eq!(phone_hash(wrong), None, "{wrong}");
        }
    }
}
