//! Notifications of apps by FCM's HTTP v1 interface.
//!
//! Keeps no tokens of devices: they are addresses in the profile. A repeat carries the same tag, so that a device shows one
//! notification in the other's place rather than two.

mod account;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use account::{Account, NoAccess};

use super::http::{Answer, Failure, Http, retry_after};
use super::target::{Rules, Target};
use super::webhook::quoted;
use crate::ir::Channel;
use crate::machine::Report;
use crate::ports::environment::PushSettings;
use crate::ports::{Attempt, Delivery, Idempotency, Manifest, Outcome, Provider};
use crate::render::{self, Part};
use crate::value::{Instant, Span, time};

/// FCM asks for at least ten seconds.
const TIMEOUT: Span = Span(12 * time::MILLIS_PER_SECOND);
const ACCESS_MAX: Duration = Duration::from_secs(12);
/// One attempt may fetch a token, send, fetch another and send again.
const ATTEMPT_MAX: Span = Span(50 * time::MILLIS_PER_SECOND);
const AT_ONCE_MAX: usize = 64;
/// FCM: a message to a token.
const MESSAGE_BYTES_MAX: usize = 4_096;
/// FCM: an `analytics_label`.
const LABEL_CHARS_MAX: usize = 50;
/// What FCM's documentation asks for where it gives no time itself.
const LATER: Span = Span(60 * time::MILLIS_PER_SECOND);
/// Under this name an app finds the key of the send in `data`.
const KEY_FIELD: &str = "tabi_key";
const LINK_FIELD: &str = "link";

#[derive(Debug)]
pub struct Push {
    manifest: Manifest,
    http: Http,
    target: Target,
    account: Account,
}

impl Push {
    /// `key` is the JSON of a service account. Fails with what is wrong with it or the settings.
    pub fn new(settings: &PushSettings, key: &SecretString, http: Http) -> Result<Push, String> {
        let url = format!("{}/v1/projects/{}/messages:send", settings.base_url, settings.project);
        Ok(Push {
            manifest: Manifest {
                channel: Channel::Push,
                provider: "fcm",
                reports: &[Report::Bounced],
                idempotency: Idempotency::Recognisable,
                per_second_max: settings.per_second_max,
                at_once_max: AT_ONCE_MAX,
                recipients_max: 1,
                timeout: ATTEMPT_MAX,
            },
            target: Target::parse(&url, &Rules::OPERATORS)?,
            account: Account::read(key, http.clone())?,
            http,
        })
    }

    async fn deliver_one(&self, delivery: &Delivery) -> Outcome {
        let refused = |why: String| Outcome::Refused { why, address: None };
        let Part::Push(push) = &delivery.part else { return refused("not a notification".to_owned()) };
        let [token] = &delivery.to[..] else { return refused("one recipient at a time".to_owned()) };
        let message = message(push, token, delivery).to_string();
        if message.len() > MESSAGE_BYTES_MAX {
            return refused(format!("{} bytes, at most {MESSAGE_BYTES_MAX}", message.len()));
        }
        let body = Bytes::from(format!("{{\"message\":{message}}}"));
        // A token that was withdrawn before its time is replaced, once.
        let mut outcome = Outcome::Misconfigured { why: "FCM takes no token of this account".to_owned() };
        for _ in 0..2 {
            // Attempts wait for each other's token; a queue of failing ones would outlast them all.
            let access = tokio::time::timeout(ACCESS_MAX, self.account.access(delivery.now)).await;
            let access = match access.unwrap_or_else(|_| Err(NoAccess::Later("no access in time".to_owned()))) {
                Ok(access) => access,
                Err(NoAccess::Later(why)) => return Outcome::Later { why, after: None },
                Err(NoAccess::Never(why)) => return Outcome::Misconfigured { why },
            };
            let answer = match self.post(&access, body.clone()).await {
                Ok(answer) => answer,
                Err(outcome) => return outcome,
            };
            let stale;
            (outcome, stale) = judge(&answer, delivery.now);
            if !stale {
                break;
            }
            self.account.forget(&access).await;
        }
        outcome
    }

    async fn post(&self, access: &SecretString, body: Bytes) -> Result<Answer, Outcome> {
        let wrong = |why: String| Outcome::Misconfigured { why };
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", access.expose_secret()))
            .map_err(|_| wrong("the token cannot stand in a header".to_owned()))?;
        bearer.set_sensitive(true);
        let request = Http::post(&self.target)
            .header(header::AUTHORIZATION, bearer)
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Full::new(body))
            .map_err(|error| wrong(error.to_string()))?;
        self.http.send(request, TIMEOUT).await.map_err(|failure| match failure {
            Failure::Unreached(why) => Outcome::Later { why, after: None },
            Failure::Lost(why) => Outcome::Unknown { why },
            Failure::Forbidden(why) | Failure::Untrusting(why) => wrong(why),
        })
    }
}

impl Provider for Push {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Attempt<'a, Outcome> {
        Box::pin(self.deliver_one(delivery))
    }
}

/// The message object of FCM.
fn message(push: &render::Push, token: &str, delivery: &Delivery) -> Json {
    let mut data: Map<String, Json> = push.data.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
    if let Some(link) = &push.link {
        data.entry(LINK_FIELD).or_insert_with(|| json!(link));
    }
    data.insert(KEY_FIELD.to_owned(), json!(delivery.key));
    let mut notification = json!({ "title": push.title, "body": push.body });
    if let Some(image) = &push.image {
        notification["image"] = json!(image);
    }
    let mut message = json!({
        "token": token,
        "notification": notification,
        "data": data,
        "android": { "notification": { "tag": delivery.uuid } },
        "apns": { "headers": { "apns-collapse-id": delivery.uuid } },
        "webpush": { "notification": { "tag": delivery.uuid } },
    });
    // A browser opens only secure links.
    if let Some(link) = push.link.as_ref().filter(|link| link.starts_with("https://")) {
        message["webpush"]["fcm_options"] = json!({ "link": link });
    }
    let label = |c: char| c.is_ascii_alphanumeric() || "-_.~%".contains(c);
    if delivery.message.len() <= LABEL_CHARS_MAX && delivery.message.chars().all(label) {
        message["fcm_options"] = json!({ "analytics_label": delivery.message });
    }
    message
}

#[derive(Deserialize)]
struct Wrapped {
    error: Fault,
}

/// `google.rpc.Status`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Fault {
    status: String,
    message: String,
    details: Vec<Detail>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    error_code: Option<String>,
    field_violations: Vec<Violation>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Violation {
    field: String,
}

#[derive(Deserialize)]
struct Taken {
    name: Option<String>,
}

/// What an answer means, and whether it was the token of access that was not taken.
fn judge(answer: &Answer, now: Instant) -> (Outcome, bool) {
    let status = answer.status;
    if status.is_success() {
        let taken = serde_json::from_slice::<Taken>(&answer.body).ok();
        return (Outcome::Accepted { provider_id: taken.and_then(|taken| taken.name) }, false);
    }
    let fault = serde_json::from_slice::<Wrapped>(&answer.body).map(|wrapped| wrapped.error).unwrap_or_default();
    let code = fault.details.iter().find_map(|detail| detail.error_code.as_deref()).unwrap_or(&fault.status);
    let words = if fault.message.is_empty() { quoted(&answer.body) } else { quoted(fault.message.as_bytes()) };
    let why = if code.is_empty() { format!("{}: {words}", status.as_u16()) } else { format!("{code}: {words}") };
    let later = |why| Outcome::Later { why, after: retry_after(&answer.headers, now).or(Some(LATER)) };
    let outcome = match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => later(why),
        StatusCode::UNAUTHORIZED => {
            // That of Apple or a browser is another one's certificate, which a new token does not mend.
            let stale = code != "THIRD_PARTY_AUTH_ERROR";
            return (Outcome::Misconfigured { why }, stale);
        }
        StatusCode::NOT_FOUND if code == "UNREGISTERED" => Outcome::Refused { why, address: Some(Report::Bounced) },
        // The device belongs to another project: no reason to stop for the others.
        StatusCode::FORBIDDEN if code == "SENDER_ID_MISMATCH" => {
            Outcome::Refused { why, address: Some(Report::Bounced) }
        }
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Outcome::Misconfigured { why },
        StatusCode::BAD_REQUEST => {
            let fields = fault.details.iter().flat_map(|detail| &detail.field_violations);
            let token = fields.map(|violation| violation.field.as_str()).any(|field| field == "message.token");
            Outcome::Refused { why, address: token.then_some(Report::Bounced) }
        }
        _ if status.is_server_error() => Outcome::Unknown { why },
        _ if status.is_redirection() => Outcome::Misconfigured { why },
        _ => Outcome::Refused { why, address: None },
    };
    (outcome, false)
}
