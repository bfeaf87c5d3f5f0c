//! Which webhooks of providers are heard, and how each is checked.
//!
//! Reads no body itself: each channel's intake does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;

use crate::channels::email::feedback::{sendgrid, ses};
use crate::channels::line::{Intake, SIGNATURE_HEADER};
use crate::channels::open::Channels;
use crate::channels::secrets::Secrets;
use crate::ports::environment::{EmailFeedback, Environment};
use crate::ports::{Distrust, Notice, Secret};
use crate::server::{Hooks, Told};

/// Fetching the certificate that SNS signs by may take so long; then SNS is asked to tell again.
const CERTIFICATE_WAIT: Duration = Duration::from_secs(5);
/// Certificates kept; SNS changes its own about once a year.
const CERTIFICATES_MAX: usize = 16;

pub fn all(environment: &Environment, secrets: &Secrets, channels: &Channels, secret: &Secret) -> Hooks {
    let mut hooks = Hooks::default();
    if let Some(found) = environment.line.as_ref().and_then(|line| secrets.get(&line.secret)) {
        let intake = Intake::new(found.clone(), secret.clone());
        hooks.add("line", move |told: Told<'_>| {
            intake.take(header(told.headers, SIGNATURE_HEADER), told.body, told.received_at)
        });
    }
    if let Some(sms) = channels.sms.clone() {
        let status = sms.clone();
        hooks.add("sms-status", move |told: Told<'_>| {
            status.status(told.path_and_query, header(told.headers, TWILIO), told.body, told.received_at)
        });
        hooks.add("sms", move |told: Told<'_>| {
            sms.incoming(told.path_and_query, header(told.headers, TWILIO), told.body, told.received_at)
        });
    }
    for feedback in environment.email.iter().flat_map(|email| &email.feedback) {
        match feedback {
            EmailFeedback::SendGrid { public_key } => {
                let key = public_key.clone();
                hooks.add("sendgrid", move |told: Told<'_>| {
                    let signature = header(told.headers, "x-twilio-email-event-webhook-signature");
                    let timestamp = header(told.headers, "x-twilio-email-event-webhook-timestamp");
                    sendgrid::notices(signature, timestamp, told.body, &key, told.received_at)
                });
            }
            EmailFeedback::Ses { topic_arn } => {
                let sns = Sns { topic_arn: topic_arn.clone(), known: Arc::default() };
                hooks.add("ses", move |told: Told<'_>| sns.take(told));
            }
        }
    }
    hooks
}

const TWILIO: &str = "x-twilio-signature";

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Amazon's notices, with the certificates that they are signed by.
struct Sns {
    topic_arn: String,
    known: Arc<Mutex<HashMap<String, Vec<u8>>>>,
}

impl Sns {
    fn take(&self, told: Told<'_>) -> Result<Vec<Notice>, Distrust> {
        let sealed = ses::open(told.body, &self.topic_arn)?;
        let certificate = self.certificate(sealed.certificate_url())?;
        match sealed.told(&certificate, told.received_at)? {
            ses::Brought::Notices(notices) => Ok(notices),
            ses::Brought::Confirm { url } => {
                // A topic of ours asks whether it is heard: its signature was checked, and its address is Amazon's.
                tokio::spawn(async move {
                    match fetched(&url).await {
                        Ok(_) => tracing::info!("the SNS topic was confirmed"),
                        Err(why) => tracing::warn!(%why, "the SNS topic could not be confirmed"),
                    }
                });
                Ok(Vec::new())
            }
        }
    }
    fn certificate(&self, url: &str) -> Result<Vec<u8>, Distrust> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(url) {
            return Ok(known.clone());
        }
        let wait = async { tokio::time::timeout(CERTIFICATE_WAIT, fetched(url)).await };
        let fetched = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(wait));
        let certificate = fetched
            .map_err(|_| Distrust::Form("the certificate did not come in time".to_owned()))?
            .map_err(|why| Distrust::Form(format!("the certificate cannot be fetched: {why}")))?;
        let mut known = lock();
        if known.len() >= CERTIFICATES_MAX {
            known.clear();
        }
        known.insert(url.to_owned(), certificate.clone());
        Ok(certificate)
    }
}

async fn fetched(url: &str) -> Result<Vec<u8>, String> {
    crate::channels::tls::install();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(CERTIFICATE_WAIT);
    let client = client.build().map_err(|error| error.to_string())?;
    let answer = client.get(url).send().await.map_err(|error| error.without_url().to_string())?;
    let answer = answer.error_for_status().map_err(|error| error.without_url().to_string())?;
    let bytes = answer.bytes().await.map_err(|error| error.without_url().to_string())?;
    Ok(bytes.to_vec())
}
