//! One delivery as the bytes that go over the wire: header fields and two parts. `lettre` folds and encodes.
//!
//! Opens no connection. The same delivery gives the same bytes at every attempt, except for its date.

use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};

use super::address::{self, Unusable};
use super::{BOUNCE, KEY_HEADER, LEAVE, looks_like_key};
use crate::machine::Report;
use crate::ports::{Delivery, Outcome, Unsubscribe};
use crate::render::email::header;
use crate::render::{Email, Part};

/// RFC 5322 2.1.1: no line of a header is longer than 998 octets; what cannot be folded stays below it.
const UNFOLDABLE_MAX: usize = 900;
/// RFC 2919's limit for the identifier of a list.
const LIST_ID_MAX: usize = 255;
/// A mail of more than this is refused by most providers; larger ones are cut off by Gmail at about 100 kB anyway.
const OCTETS_MAX: usize = 10 * 1024 * 1024;

/// A mail ready for SMTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Where bounces go.
    pub from: Address,
    pub to: Address,
    /// ASCII throughout, with CRLF.
    pub bytes: Vec<u8>,
}

/// What all mails of an installation have in common.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sealing {
    /// `name <address>`, for messages that do not say.
    pub from: Option<String>,
    /// Of Message-IDs; else that of the sender.
    pub domain: Option<String>,
    /// Where `bounce+KEY@` is read.
    pub mailbox_host: Option<String>,
    /// SendGrid's header by which events of opens and clicks carry the key.
    pub for_sendgrid: bool,
}

/// Header fields that are written here, or by the servers on the way, and never come from a message's file.
const OURS: &[&str] = &[
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "return-path",
    "received",
    "dkim-signature",
    "authentication-results",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "precedence",
    "auto-submitted",
    "x-smtpapi",
    "x-tabi-send",
];

impl Letter {
    /// The other answer is what comes of a delivery that no relay needs to be asked about.
    pub fn of(delivery: &Delivery, sealing: &Sealing) -> Result<Letter, Outcome> {
        let refused = |why: String| Outcome::Refused { why, address: None };
        let Part::Email(email) = &delivery.part else {
            return Err(refused("not a mail".to_owned()));
        };
        let [to] = delivery.to.as_slice() else {
            return Err(refused(format!("a mail goes to one address, not to {}", delivery.to.len())));
        };
        let to = address::recipient(to).map_err(|why| Outcome::Refused {
            address: matches!(why, Unusable::Malformed(_)).then_some(Report::Bounced),
            why: why.to_string(),
        })?;
        let from = match (email.from.trim(), &sealing.from) {
            ("", None) => {
                let why = "the mail does not say who it is from, and neither do the settings (`from`)".to_owned();
                return Err(Outcome::Misconfigured { why });
            }
            ("", Some(from)) => address::mailbox(from)
                .map_err(|why| Outcome::Misconfigured { why: format!("`from` of the settings: {why}") })?,
            (said, _) => address::mailbox(said).map_err(|why| refused(format!("`from` of the message: {why}")))?,
        };
        let reply_to = email.reply_to.as_deref().map(address::mailbox).transpose();
        let reply_to = reply_to.map_err(|why| refused(format!("`reply_to` of the message: {why}")))?;
        if !looks_like_key(&delivery.key) {
            return Err(refused("the send has no key that fits an address".to_owned()));
        }
        let envelope_from = match &sealing.mailbox_host {
            Some(host) => address::recipient(&format!("{BOUNCE}+{}@{host}", delivery.key))
                .map_err(|why| Outcome::Misconfigured { why: format!("`mailbox_host`: {why}") })?,
            None => from.email.clone(),
        };
        let domain = sealing.domain.clone().unwrap_or_else(|| from.email.domain().to_owned());
        let bytes = written(delivery, email, sealing, from, reply_to, &to, &domain).map_err(refused)?;
        if bytes.len() > OCTETS_MAX {
            return Err(refused(format!("{} bytes; at most {OCTETS_MAX}", bytes.len())));
        }
        Ok(Letter { from: envelope_from, to, bytes })
    }
}

fn written(
    delivery: &Delivery,
    email: &Email,
    sealing: &Sealing,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    to: &Address,
    domain: &str,
) -> Result<Vec<u8>, String> {
    let seconds = u64::try_from(delivery.now.0 / 1_000).unwrap_or(0);
    // The library would look for the envelope in its own header fields, and does not find every address again.
    let envelope = Envelope::new(Some(from.email.clone()), vec![to.clone()]).map_err(|fault| fault.to_string())?;
    let mut builder = Message::builder()
        .envelope(envelope)
        .from(from)
        .to(Mailbox::new(None, to.clone()))
        .subject(header(&email.subject))
        .date(UNIX_EPOCH + Duration::from_secs(seconds))
        .message_id(Some(format!("<{}@{domain}>", delivery.key)));
    if let Some(reply_to) = reply_to {
        builder = builder.reply_to(reply_to);
    }
    for (name, value) in fields(delivery, sealing, domain) {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    }
    for (name, value) in &email.headers {
        if OURS.contains(&name.to_ascii_lowercase().as_str()) || name.to_ascii_lowercase().starts_with("content-") {
            continue;
        }
        let graphic = name.bytes().all(|c| c.is_ascii_graphic());
        let name = HeaderName::new_from_ascii(name.clone()).ok().filter(|_| graphic);
        let name = name.ok_or_else(|| format!("`{}` is no name of a header field", header(&email.subject)))?;
        builder = builder.raw_header(HeaderValue::new(name, header(value)));
    }
    // `=_` stands in no encoded text, so no line of a part can look like the boundary (RFC 2045 6.7).
    let parts = MultiPart::alternative()
        .boundary(format!("=_{}", delivery.key))
        .singlepart(part(ContentType::TEXT_PLAIN, &email.text)?)
        .singlepart(part(ContentType::TEXT_HTML, &email.html)?);
    let bytes = builder.multipart(parts).map_err(|fault| fault.to_string())?.formatted();
    if !bytes.is_ascii() {
        return Err("a header field could not be written in ASCII".to_owned());
    }
    Ok(bytes)
}

/// Fields that tell machines what this mail is.
fn fields(delivery: &Delivery, sealing: &Sealing, domain: &str) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        (KEY_HEADER, delivery.key.clone()),
        // RFC 3834; and Exchange's own: nobody's holiday notice comes back.
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "OOF, AutoReply".to_owned()),
    ];
    let plain = |name: &str| !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"_-".contains(&c));
    let names_are_plain = plain(&delivery.journey) && plain(&delivery.message);
    if delivery.marketing {
        fields.push(("Precedence", "bulk".to_owned()));
        let id = format!("{}.{domain}", delivery.journey);
        if names_are_plain && id.len() <= LIST_ID_MAX {
            fields.push(("List-Id", format!("<{id}>")));
        }
        if let Some(value) = delivery.unsubscribe.as_ref().and_then(list_unsubscribe) {
            fields.push(("List-Unsubscribe", value));
            fields.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
    }
    if names_are_plain {
        // Gmail's Postmaster Tools count complaints by these; the last one names the sender and is the same for all mails.
        let purpose = if delivery.marketing { "marketing" } else { "service" };
        let value = format!("{}:{}:{purpose}:{}", delivery.message, delivery.journey, sender_id(domain));
        if value.len() <= UNFOLDABLE_MAX {
            fields.push(("Feedback-ID", value));
        }
    }
    if sealing.for_sendgrid {
        fields.push(("X-SMTPAPI", format!("{{\"unique_args\": {{\"tabi_send\": \"{}\"}}}}", delivery.key)));
    }
    fields
}

/// RFC 2369 and RFC 8058: the `https` address first. Nothing without one, since one click is by `https` only.
fn list_unsubscribe(unsubscribe: &Unsubscribe) -> Option<String> {
    let fits = |text: &str| {
        text.len() <= UNFOLDABLE_MAX && text.bytes().all(|c| c.is_ascii_graphic() && !b"<>\",".contains(&c))
    };
    let url = Some(unsubscribe.url.as_str()).filter(|url| url.starts_with("https://") && fits(url))?;
    let mailto = unsubscribe.mailto.as_deref().filter(|address| fits(address) && address.contains('@'));
    Some(match mailto {
        Some(address) => format!("<{url}>, <mailto:{address}?subject={LEAVE}>"),
        None => format!("<{url}>"),
    })
}

/// 5 to 15 letters, as Gmail asks for.
fn sender_id(domain: &str) -> String {
    let letters: String = domain.chars().filter(char::is_ascii_alphanumeric).take(15).collect();
    format!("{letters:x<5}")
}

/// Encoded even where that is not needed, for the sake of the boundary.
fn part(kind: ContentType, text: &str) -> Result<SinglePart, String> {
    let text = readable(text);
    let mut body = Body::new(text.clone());
    if body.encoding() == ContentTransferEncoding::SevenBit {
        body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable)
            .map_err(|_| "the text cannot be encoded".to_owned())?;
    }
    Ok(SinglePart::builder().header(kind).body(body))
}

/// Text as mail may carry it: line ends are ends of lines, and no other controls but tabs.
fn readable(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|c| matches!(c, '\n' | '\t') || !c.is_ascii_control())
        .collect()
}
