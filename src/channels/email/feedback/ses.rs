//! Amazon SES's events of bounces, complaints, deliveries, opens and clicks, as SNS brings them.
//!
//! Fetches neither certificate nor confirmation: it names the address, on a host of Amazon's, and the caller asks there.
//! <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>

use serde::Deserialize;
use serde_json::Value as Json;

use super::sns::Envelope;
use super::{Notices, address, send, words};
use crate::channels::email::KEY_HEADER;
use crate::machine::Report;
use crate::ports::{About, Distrust, Notice, Told};
use crate::value::Instant;

/// SES takes at most 50 recipients for a mail; we send one.
const RECIPIENTS_MAX: usize = 50;

/// A body whose signature is still to be checked.
#[derive(Debug, Clone)]
pub struct Sealed(Envelope);

/// What SNS brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Brought {
    /// In the order of the recipients.
    Notices(Vec<Notice>),
    /// The topic asks whether its messages are wanted: one GET of this address says so.
    Confirm { url: String },
}

/// Reads a body; it is of this topic, or not believed.
pub fn open(body: &[u8], topic_arn: &str) -> Result<Sealed, Distrust> {
    Envelope::read(body, topic_arn).map(Sealed)
}

impl Sealed {
    /// Where the certificate is (PEM): `https`, on a host of SNS. To be fetched without redirects; it may be kept.
    pub fn certificate_url(&self) -> &str {
        &self.0.signing_cert_url
    }

    /// What it says, if that certificate's key signed it.
    pub fn told(&self, certificate: &[u8], arrival: Instant) -> Result<Brought, Distrust> {
        self.0.verify(certificate)?;
        match (self.0.kind.as_str(), &self.0.subscribe_url) {
            ("Notification", _) => notices(&self.0, arrival).map(Brought::Notices),
            ("SubscriptionConfirmation", Some(url)) => Ok(Brought::Confirm { url: url.clone() }),
            // Somebody ended the subscription; who did that knows, and its address would begin it anew.
            ("UnsubscribeConfirmation", _) => Ok(Brought::Notices(Vec::new())),
            (other, _) => Err(Distrust::Form(format!("a message of type `{}`", words(other)))),
        }
    }
}

/// Fields that are not read may be anything.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(alias = "eventType")]
    notification_type: String,
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery: Option<Json>,
    open: Option<Json>,
    click: Option<Json>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    #[serde(default)]
    destination: Vec<String>,
    #[serde(default)]
    headers: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    #[serde(default)]
    complained_recipients: Vec<Recipient>,
    complaint_feedback_type: Option<String>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

fn notices(envelope: &Envelope, arrival: Instant) -> Result<Vec<Notice>, Distrust> {
    // SNS sends a line of plain text when a destination is set up.
    if !envelope.message.trim_start().starts_with('{') {
        return Ok(Vec::new());
    }
    let event: Event =
        serde_json::from_str(&envelope.message).map_err(|fault| Distrust::Form(format!("no event of SES: {fault}")))?;
    let key = event.mail.headers.iter().find(|field| field.name.eq_ignore_ascii_case(KEY_HEADER));
    let key = key.and_then(|field| send(&field.value)).filter(|_| event.mail.destination.len() <= 1);
    let sent_to: Vec<&str> = event.mail.destination.iter().map(String::as_str).collect();
    let time = |value: &Json| value.get("timestamp").and_then(Json::as_str).map(str::to_owned);
    let of = |recipients: &[Recipient]| recipients.iter().map(|r| r.email_address.clone()).collect::<Vec<_>>();
    let all = || sent_to.iter().map(|to| (*to).to_owned()).collect::<Vec<_>>();
    let (report, at, recipients) = match event.notification_type.as_str() {
        // Transient ones may be holiday notices; SES has tried again by itself.
        "Bounce" => match event.bounce {
            Some(bounce) if bounce.bounce_type == "Permanent" => {
                (Report::Bounced, bounce.timestamp, of(&bounce.bounced_recipients))
            }
            Some(_) => return Ok(Vec::new()),
            None => return Err(Distrust::Form("a Bounce without `bounce`".to_owned())),
        },
        "Complaint" => match event.complaint {
            // The mailbox provider tells that somebody took a complaint back.
            Some(complaint) if complaint.complaint_feedback_type.as_deref() == Some("not-spam") => {
                return Ok(Vec::new());
            }
            Some(complaint) => (Report::Complained, complaint.timestamp, of(&complaint.complained_recipients)),
            None => return Err(Distrust::Form("a Complaint without `complaint`".to_owned())),
        },
        "Delivery" => (Report::Delivered, event.delivery.as_ref().and_then(time), all()),
        "Open" => (Report::Opened, event.open.as_ref().and_then(time), all()),
        "Click" => (Report::Clicked, event.click.as_ref().and_then(time), all()),
        // Taken at first, then found to hold a virus: it will not arrive.
        "Reject" => (Report::Refused, None, all()),
        // Send, DeliveryDelay, Rendering Failure, Subscription, and what SES may think of.
        _ => return Ok(Vec::new()),
    };
    let at = at.as_deref().and_then(Instant::parse_rfc3339);
    let mut notices = Notices::new(arrival);
    for (number, recipient) in recipients.iter().take(RECIPIENTS_MAX).enumerate() {
        let id = Some(format!("ses:{}:{number}", words(&envelope.message_id)));
        let about = match &key {
            Some(key) => Some(key.clone()),
            // A refusal is of one mail, which an address does not name.
            None if report == Report::Refused => None,
            None => address(recipient),
        };
        if let Some(about) = about {
            notices.add(id, about, at, Told::Report(report));
        }
    }
    if let (true, Some(About::Send(key))) = (recipients.is_empty(), key) {
        let id = Some(format!("ses:{}", words(&envelope.message_id)));
        notices.add(id, About::Send(key), at, Told::Report(report));
    }
    Ok(notices.all)
}
