//! What Twilio tells unasked: what became of a message, and what people write back.
//!
//! Believes only what carries Twilio's signature. Answers nothing: the server does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value as Json};
use sha1::Sha1;
use url::{Url, form_urlencoded};

use super::{Meaning, is_e164, meaning};
use crate::ir::Channel;
use crate::machine::Report;
use crate::ports::{About, Distrust, Notice, Told};
use crate::value::Instant;

/// Below the public address; behind it stand `?key=` and the sealed key of the send.
pub const STATUS_PATH: &str = "/hooks/sms-status";
/// Below the public address; set as the number's or service's webhook for incoming messages.
pub const INCOMING_PATH: &str = "/hooks/sms";
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";

/// Twilio sends some 30 short fields; a message has at most 1,600 characters.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
const FIELDS_MAX: usize = 200;

/// Whole messages by which people leave, in capitals. Twilio's own words and what people in Japan write.
const STOP: &[&str] = &[
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "OPTOUT",
    "REVOKE",
    "停止",
    "配信停止",
    "解除",
    "配信解除",
    "登録解除",
    "退会",
    "ストップ",
    "不要",
    "配信不要",
];
/// Whole messages by which people come back. `YES` is not among them: it answers many questions.
const START: &[&str] = &["START", "UNSTOP", "再開", "配信再開", "スタート", "配信希望"];

/// Turns Twilio's requests into notices.
#[derive(Debug, Clone)]
pub struct SmsIntake {
    token: SecretString,
    public_url: String,
}

impl SmsIntake {
    /// `public_url` as in the environment: Twilio signs the address it calls.
    pub fn new(token: SecretString, public_url: &str) -> SmsIntake {
        SmsIntake { token, public_url: public_url.to_owned() }
    }

    /// A request to [`STATUS_PATH`]: `target` is its path and query as they came in, `body` its form.
    pub fn status(
        &self,
        target: &str,
        signature: Option<&str>,
        body: &[u8],
        now: Instant,
    ) -> Result<Vec<Notice>, Distrust> {
        let form = self.believed(target, signature, body)?;
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let key = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "key");
        let Some((_, key)) = key else { return Err(Distrust::Form("the address has no `key`".to_owned())) };
        let Some(status) = form.get("MessageStatus").or(form.get("SmsStatus")) else {
            return Err(Distrust::Form("`MessageStatus` is missing".to_owned()));
        };
        let code = form.get("ErrorCode").and_then(|code| code.parse().ok());
        let report = match (status, code.map(meaning)) {
            ("delivered", _) => Report::Delivered,
            ("failed" | "undelivered", Some(Meaning::Address(report))) => report,
            ("failed" | "undelivered" | "canceled", _) => Report::Refused,
            // On its way, or read where Twilio brings it by other means than SMS.
            _ => return Ok(Vec::new()),
        };
        let id = form.get("MessageSid").map(|sid| format!("{sid}:{status}"));
        Ok(vec![Notice { id, about: About::Send(key.into_owned()), at: now, told: Told::Report(report) }])
    }

    /// A request to [`INCOMING_PATH`]: a message that a person wrote.
    pub fn incoming(
        &self,
        target: &str,
        signature: Option<&str>,
        body: &[u8],
        now: Instant,
    ) -> Result<Vec<Notice>, Distrust> {
        let form = self.believed(target, signature, body)?;
        let Some(from) = form.get("From").filter(|from| is_e164(from)) else {
            return Err(Distrust::Form("`From` is not a number in E.164".to_owned()));
        };
        let text = form.get("Body").unwrap_or_default();
        let words = text.to_owned();
        // Where Twilio keeps lists of its own, it says what it understood.
        let told = match (form.get("OptOutType"), heard(text)) {
            (Some("STOP"), _) | (_, Heard::Stop) => Told::Left { words },
            (Some("START"), _) | (_, Heard::Start) => Told::Returned { words },
            (_, Heard::Other) => {
                let properties = Map::from_iter([("text".to_owned(), Json::from(text))]);
                Told::Event { name: "sms_message".to_owned(), properties }
            }
        };
        let about = About::Address { channel: Channel::Sms, address: from.to_owned() };
        Ok(vec![Notice { id: form.get("MessageSid").map(str::to_owned), about, at: now, told }])
    }

    fn believed(&self, target: &str, signature: Option<&str>, body: &[u8]) -> Result<Form, Distrust> {
        if body.len() > BODY_BYTES_MAX {
            return Err(Distrust::Form(format!("more than {BODY_BYTES_MAX} bytes")));
        }
        let signature = signature.and_then(|text| STANDARD.decode(text.trim()).ok()).ok_or(Distrust::Signature)?;
        let mut fields: Vec<(String, String)> =
            form_urlencoded::parse(body).take(FIELDS_MAX + 1).map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        if fields.len() > FIELDS_MAX {
            return Err(Distrust::Form(format!("more than {FIELDS_MAX} fields")));
        }
        fields.sort();
        fields.dedup();
        let url = format!("{}{target}", self.public_url);
        // Twilio signs the address with its port or without it.
        let sound =
            [with_port(&url), Some(url)].into_iter().flatten().any(|url| self.signed(&url, &fields, &signature));
        if sound { Ok(Form(fields)) } else { Err(Distrust::Signature) }
    }

    /// HMAC-SHA1 over the address and the fields by name, each name followed by its value; compared in constant time.
    fn signed(&self, url: &str, fields: &[(String, String)], signature: &[u8]) -> bool {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(self.token.expose_secret().as_bytes()) else { return false };
        mac.update(url.as_bytes());
        for (name, value) in fields {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        mac.verify_slice(signature).is_ok()
    }
}

/// The address with its scheme's own port written out; if another is written there, without it.
fn with_port(url: &str) -> Option<String> {
    let parsed = Url::parse(url).ok()?;
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    match parsed.port() {
        Some(port) => Some(format!("{scheme}://{}{path}", authority.strip_suffix(&format!(":{port}"))?)),
        None => Some(format!("{scheme}://{authority}:{}{path}", parsed.port_or_known_default()?)),
    }
}

/// Fields by name.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

enum Heard {
    Stop,
    Start,
    Other,
}

/// What a whole message says of the list: small letters, full-width ones and marks at its ends make no difference.
fn heard(text: &str) -> Heard {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    };
    let text: String = text.chars().map(narrow).flat_map(char::to_uppercase).collect();
    let marks = |c: char| c.is_whitespace() || ['.', '!', '。', '!', '、', '"', '\'', '「', '」', '*'].contains(&c);
    let words: String = text.trim_matches(marks).split_whitespace().collect::<Vec<_>>().join(" ");
    let among = |list: &[&str]| list.contains(&words.as_str());
    if among(STOP) {
        return Heard::Stop;
    }
    if among(START) { Heard::Start } else { Heard::Other }
}
