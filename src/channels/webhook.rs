//! Webhooks: messages and actions as signed POSTs of JSON to the shop's own systems.
//!
//! Follows the Standard Webhooks specification: `webhook-id`, `webhook-timestamp` and `webhook-signature: v1,…`, the last an
//! HMAC-SHA256 over the other two and the body; and carries an `Idempotency-Key` that is the same at every attempt. Calls only
//! hosts that the settings name; follows no redirect.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::Full;
use hyper::header::{self, HeaderValue};
use hyper::{Request, StatusCode};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde_json::{Value as Json, json};
use sha2::Sha256;

use super::http::{Answer, Failure, Http, Reach, retry_after};
use super::target::{Rules, Target};
use crate::ir::Channel;
use crate::ports::environment::WebhookSettings;
use crate::ports::trace::Trace;
use crate::ports::{Attempt, Call, CallOutcome, Delivery, Doer, Idempotency, Manifest, Outcome, Provider};
use crate::render::Part;
use crate::value::{Instant, Span, time};

/// Requests under way at one time; a host that answers in 10 ms takes 25,600 a second with it.
const AT_ONCE_MAX: usize = 256;
/// The limit in the settings is for the answer; connecting and looking up names come within it.
const SLACK: Span = Span(time::MILLIS_PER_SECOND);
/// What a receiver wrote is quoted up to here.
const QUOTED_CHARS_MAX: usize = 200;
/// Stands in an address for the name of the message or action.
const NAME: &str = "{name}";
/// Begins secrets that are written in base64, by the specification.
const ENCODED: &str = "whsec_";

/// Brings messages of the channel `webhook`, and actions.
#[derive(Debug)]
pub struct Webhooks {
    manifest: Manifest,
    http: Http,
    secret: SecretSlice<u8>,
    rules: Rules,
    messages: BTreeMap<String, Target>,
    actions: BTreeMap<String, Target>,
    default_url: Option<String>,
    timeout: Span,
}

impl Webhooks {
    /// Fails with what is wrong with an address or the secret.
    pub fn new(settings: &WebhookSettings, secret: &SecretString, http: Http) -> Result<Webhooks, String> {
        let rules = Webhooks::rules(settings);
        let targets = |urls: &[(String, String)]| -> Result<BTreeMap<String, Target>, String> {
            let parsed = urls.iter().map(|(name, url)| {
                let target = Target::parse(&url.replace(NAME, name), &rules);
                Ok((name.clone(), target.map_err(|why| format!("the address of `{name}`: {why}"))?))
            });
            parsed.collect()
        };
        let (messages, actions) = (targets(&settings.messages)?, targets(&settings.actions)?);
        if let Some(url) = &settings.default_url {
            Target::parse(url, &rules).map_err(|why| format!("`default_url`: {why}"))?;
        }
        Ok(Webhooks {
            manifest: Manifest {
                channel: Channel::Webhook,
                provider: "http",
                reports: &[],
                idempotency: Idempotency::Recognisable,
                per_second_max: settings.per_second_max,
                at_once_max: AT_ONCE_MAX,
                recipients_max: 1,
                timeout: Span(settings.timeout.0.saturating_add(SLACK.0)),
            },
            http,
            secret: key_of(secret)?,
            messages,
            actions,
            default_url: settings.default_url.clone(),
            timeout: settings.timeout,
            rules,
        })
    }

    /// Which addresses the settings let be called.
    pub fn rules(settings: &WebhookSettings) -> Rules {
        let reach = if settings.private { Reach::Anywhere } else { Reach::Public };
        Rules { hosts: Some(settings.hosts.clone()), reach }
    }

    fn target(&self, named: &BTreeMap<String, Target>, name: &str) -> Result<Target, String> {
        if let Some(target) = named.get(name) {
            return Ok(target.clone());
        }
        let Some(url) = &self.default_url else { return Err(format!("no address is set for `{name}`")) };
        // Names of the project are words; another may not lead elsewhere.
        if !name.chars().all(|c| c.is_alphanumeric() || ['_', '-', '.'].contains(&c)) || name.starts_with('.') {
            return Err(format!("`{name}` cannot stand in an address"));
        }
        Target::parse(&url.replace(NAME, name), &self.rules)
    }

    fn request(&self, target: &Target, key: &str, now: Instant, body: Vec<u8>) -> Result<Request<Full<Bytes>>, String> {
        let seconds = now.0.div_euclid(time::MILLIS_PER_SECOND);
        let signature = sign(self.secret.expose_secret(), key, seconds, &body);
        let mut request = Http::post(target)
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header("idempotency-key", key)
            .header("webhook-id", key)
            .header("webhook-timestamp", HeaderValue::from(seconds))
            .header("webhook-signature", signature);
        if let Some(parent) = Trace::current().header() {
            request = request.header("traceparent", parent);
        }
        let request = request.body(Full::new(Bytes::from(body)));
        request.map_err(|error| error.to_string())
    }

    async fn deliver_one(&self, delivery: &Delivery) -> Outcome {
        let refused = |why: String| Outcome::Refused { why, address: None };
        let Part::Webhook(body) = &delivery.part else { return refused("not a webhook's message".to_owned()) };
        let target = match self.target(&self.messages, &delivery.message) {
            Ok(target) => target,
            Err(why) => return Outcome::Misconfigured { why },
        };
        let request = match self.request(&target, &delivery.key, delivery.now, body.to_string().into_bytes()) {
            Ok(request) => request,
            Err(why) => return refused(why),
        };
        match self.http.send(request, self.timeout).await.map(|answer| judge(&answer, delivery.now)) {
            Ok(Verdict::Taken) => Outcome::Accepted { provider_id: None },
            Ok(Verdict::Never(why)) => refused(why),
            Ok(Verdict::Later { why, after }) => Outcome::Later { why, after },
            Err(Failure::Unreached(why)) => Outcome::Later { why, after: None },
            Err(Failure::Forbidden(why)) => refused(why),
            Err(Failure::Lost(why)) => Outcome::Unknown { why },
            Err(Failure::Untrusting(why)) => Outcome::Misconfigured { why },
        }
    }

    async fn call_one(&self, call: &Call) -> CallOutcome {
        let target = match self.target(&self.actions, &call.action) {
            Ok(target) => target,
            Err(why) => return CallOutcome::Misconfigured { why },
        };
        let body = json!({
            "action": call.action,
            "journey": call.journey,
            "person": call.person,
            "params": call.params,
        });
        let request = match self.request(&target, &call.key, call.now, body.to_string().into_bytes()) {
            Ok(request) => request,
            Err(why) => return CallOutcome::Failed { why },
        };
        let limit = Span(self.timeout.0.min(call.patience.0));
        match self.http.send(request, limit).await {
            Ok(answer) => match judge(&answer, call.now) {
                Verdict::Taken => answered(&answer),
                Verdict::Never(why) => CallOutcome::Failed { why },
                Verdict::Later { why, after } => CallOutcome::Later { why, after },
            },
            Err(Failure::Unreached(why)) => CallOutcome::Later { why, after: None },
            Err(Failure::Forbidden(why)) => CallOutcome::Failed { why },
            Err(Failure::Lost(why)) => CallOutcome::Unknown { why },
            Err(Failure::Untrusting(why)) => CallOutcome::Misconfigured { why },
        }
    }
}

impl Provider for Webhooks {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Attempt<'a, Outcome> {
        Box::pin(self.deliver_one(delivery))
    }
}

impl Doer for Webhooks {
    fn call<'a>(&'a self, call: &'a Call) -> Attempt<'a, CallOutcome> {
        Box::pin(self.call_one(call))
    }
}

enum Verdict {
    Taken,
    Never(String),
    Later { why: String, after: Option<Span> },
}

/// What an answer's status means. The receiver can tell a repeat by its key, so one after a fault of its own does no harm.
fn judge(answer: &Answer, now: Instant) -> Verdict {
    let status = answer.status;
    let busy = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if status.is_success() {
        return Verdict::Taken;
    }
    if status.is_redirection() {
        return Verdict::Never(format!(
            "{}: redirects are not followed; put the new address into `tabi.yaml`",
            status.as_u16()
        ));
    }
    let why = format!("{}: {}", status.as_u16(), quoted(&answer.body));
    match busy || status.is_server_error() {
        true => Verdict::Later { why, after: retry_after(&answer.headers, now) },
        false => Verdict::Never(why),
    }
}

/// What an action gives: an object, or nothing.
fn answered(answer: &Answer) -> CallOutcome {
    let body = answer.body.trim_ascii();
    if answer.cut {
        return CallOutcome::Failed { why: "the answer is too long or broke off".to_owned() };
    }
    if body.is_empty() {
        return CallOutcome::Answered(json!({}));
    }
    match serde_json::from_slice::<Json>(body) {
        Ok(object) if object.is_object() => CallOutcome::Answered(object),
        Ok(_) => CallOutcome::Failed { why: format!("the answer is not an object of JSON: {}", quoted(body)) },
        Err(error) => CallOutcome::Failed { why: format!("the answer is not JSON ({error}): {}", quoted(body)) },
    }
}

/// The beginning of what the other side wrote, on one line.
pub fn quoted(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..QUOTED_CHARS_MAX * 4).unwrap_or(body));
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() { "no further words".to_owned() } else { text.chars().take(QUOTED_CHARS_MAX).collect() }
}

/// The bytes of a secret: those of its text, or what its base64 behind `whsec_` stands for.
fn key_of(secret: &SecretString) -> Result<SecretSlice<u8>, String> {
    let text = secret.expose_secret();
    match text.strip_prefix(ENCODED) {
        None => Ok(text.as_bytes().to_vec().into()),
        Some(rest) => {
            let key = STANDARD.decode(rest).map_err(|_| format!("what follows `{ENCODED}` is not base64"))?;
            Ok(key.into())
        }
    }
}

/// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` (Standard Webhooks, symmetric signatures).
pub fn sign(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(id.as_bytes());
    mac.update(format!(".{seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}
