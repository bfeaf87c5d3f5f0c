//! Text messages by Twilio's API, or one of its shape.
//!
//! Knows no repeats: the API has no key for them, so an attempt whose outcome is unknown stays so.

mod intake;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderValue};
use hyper::{Request, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::form_urlencoded;

pub use intake::{INCOMING_PATH, SIGNATURE_HEADER, STATUS_PATH, SmsIntake};

use super::http::{Answer, Failure, Http, retry_after};
use super::target::{Rules, Target};
use super::webhook::quoted;
use crate::ir::Channel;
use crate::machine::Report;
use crate::ports::environment::{SmsSender, SmsSettings};
use crate::ports::{Attempt, Delivery, Idempotency, Manifest, Outcome, Provider};
use crate::render::Part;
use crate::value::{Instant, Span, time};

const TIMEOUT: Span = Span(15 * time::MILLIS_PER_SECOND);
/// Twilio answers within a second and limits by queue; more at once only fills it.
const AT_ONCE_MAX: usize = 32;
/// Twilio: `Body`.
const BODY_CHARS_MAX: usize = 1_600;

#[derive(Debug)]
pub struct Sms {
    manifest: Manifest,
    http: Http,
    target: Target,
    authorization: SecretString,
    from: SmsSender,
    /// Where Twilio tells what became of a message.
    public_url: Option<String>,
}

impl Sms {
    /// Fails with what is wrong with the settings.
    pub fn new(
        settings: &SmsSettings,
        token: &SecretString,
        public_url: Option<&str>,
        http: Http,
    ) -> Result<Sms, String> {
        let url = format!("{}/2010-04-01/Accounts/{}/Messages.json", settings.base_url, settings.account);
        let pair = format!("{}:{}", settings.account, token.expose_secret());
        Ok(Sms {
            manifest: Manifest {
                channel: Channel::Sms,
                provider: "twilio",
                reports: &[Report::Delivered, Report::Refused, Report::Bounced, Report::Blocked, Report::Unsubscribed],
                idempotency: Idempotency::None,
                per_second_max: settings.per_second_max,
                at_once_max: AT_ONCE_MAX,
                recipients_max: 1,
                timeout: Span(TIMEOUT.0 + time::MILLIS_PER_SECOND),
            },
            http,
            target: Target::parse(&url, &Rules::OPERATORS)?,
            authorization: SecretString::from(format!("Basic {}", STANDARD.encode(pair))),
            from: settings.from.clone(),
            public_url: public_url.map(str::to_owned),
        })
    }

    async fn deliver_one(&self, delivery: &Delivery) -> Outcome {
        let refused = |why: String, address| Outcome::Refused { why, address };
        let Part::Sms(sms) = &delivery.part else { return refused("not a text message".to_owned(), None) };
        let [to] = &delivery.to[..] else { return refused("one recipient at a time".to_owned(), None) };
        if !is_e164(to) {
            let why = "the number is not in E.164 (`+819012345678`)".to_owned();
            return refused(why, Some(Report::Bounced));
        }
        if sms.body.chars().count() > BODY_CHARS_MAX {
            return refused(format!("more than {BODY_CHARS_MAX} characters"), None);
        }
        let request = match self.request(to, &sms.body, &delivery.key) {
            Ok(request) => request,
            Err(why) => return Outcome::Misconfigured { why },
        };
        match self.http.send(request, TIMEOUT).await {
            Ok(answer) => judge(&answer, delivery.now),
            Err(Failure::Unreached(why)) => Outcome::Later { why, after: None },
            Err(Failure::Lost(why)) => Outcome::Unknown { why },
            Err(Failure::Forbidden(why) | Failure::Untrusting(why)) => Outcome::Misconfigured { why },
        }
    }

    fn request(&self, to: &str, body: &str, key: &str) -> Result<Request<Full<Bytes>>, String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", to).append_pair("Body", body);
        match &self.from {
            SmsSender::Number(number) => form.append_pair("From", number),
            SmsSender::Service(service) => form.append_pair("MessagingServiceSid", service),
        };
        if let Some(url) = &self.public_url {
            form.append_pair("StatusCallback", &format!("{url}{STATUS_PATH}?key={key}"));
        }
        let mut authorization = HeaderValue::from_str(self.authorization.expose_secret())
            .map_err(|_| "the token cannot stand in a header".to_owned())?;
        authorization.set_sensitive(true);
        let request = Http::post(&self.target)
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .header(header::ACCEPT, HeaderValue::from_static("application/json"))
            .body(Full::new(Bytes::from(form.finish())));
        request.map_err(|error| error.to_string())
    }
}

impl Provider for Sms {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Attempt<'a, Outcome> {
        Box::pin(self.deliver_one(delivery))
    }
}

/// `+` and up to 15 digits, the first not 0 (ITU-T E.164).
fn is_e164(number: &str) -> bool {
    let Some(digits) = number.strip_prefix('+') else { return false };
    (2..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.chars().all(|c| c.is_ascii_digit())
}

#[derive(Deserialize)]
struct Taken {
    sid: Option<String>,
}

#[derive(Deserialize)]
struct Fault {
    code: Option<u32>,
    message: Option<String>,
}

/// What an answer of the Messages resource means.
fn judge(answer: &Answer, now: Instant) -> Outcome {
    let status = answer.status;
    if status.is_success() {
        // The message exists, whatever the rest of the answer says.
        let taken = serde_json::from_slice::<Taken>(&answer.body).ok();
        return Outcome::Accepted { provider_id: taken.and_then(|taken| taken.sid) };
    }
    let fault = serde_json::from_slice::<Fault>(&answer.body).unwrap_or(Fault { code: None, message: None });
    let words = fault.message.map_or_else(|| quoted(&answer.body), |message| quoted(message.as_bytes()));
    let why = match fault.code {
        Some(code) => format!("{code}: {words}"),
        None => format!("{}: {words}", status.as_u16()),
    };
    match (status, fault.code.map(meaning)) {
        (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, None | Some(Meaning::Other)) => {
            Outcome::Later { why, after: retry_after(&answer.headers, now) }
        }
        // Without a key for repeats, a fault on their side leaves open whether the message exists.
        (status, _) if status.is_server_error() => Outcome::Unknown { why },
        (_, Some(Meaning::Address(report))) => Outcome::Refused { why, address: Some(report) },
        (_, Some(Meaning::Exhausted)) => Outcome::Exhausted { why },
        (_, Some(Meaning::Settings)) => Outcome::Misconfigured { why },
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, _) => Outcome::Misconfigured { why },
        _ if status.is_redirection() => Outcome::Misconfigured { why },
        (_, None | Some(Meaning::Other)) => Outcome::Refused { why, address: None },
    }
}

enum Meaning {
    /// What is to be known of the address from now on.
    Address(Report),
    Settings,
    Exhausted,
    Other,
}

/// Of codes that answers and reports share (Twilio's error dictionary).
fn meaning(code: u32) -> Meaning {
    match code {
        // The person wrote STOP to this sender.
        21610 => Meaning::Address(Report::Unsubscribed),
        // No number; no mobile; unknown destination; a landline.
        21211 | 21217 | 21614 | 30005 | 30006 => Meaning::Address(Report::Bounced),
        // The number blocks messages of this sender or all.
        30004 => Meaning::Address(Report::Blocked),
        // Credentials; account suspended; a sender that is not ours, or no sender; a service without senders.
        20003 | 20005 | 21212 | 21603 | 21606 | 21659 | 21660 | 21703 | 21704 | 30002 => Meaning::Settings,
        // The account's messages of this day.
        63038 => Meaning::Exhausted,
        _ => Meaning::Other,
    }
}
