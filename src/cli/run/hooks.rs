//! Which webhooks of providers are heard, and how each is checked.
//!
//! Reads no body itself: each channel's intake does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;

use crate::channels::email::feedback::{mailbox, sendgrid, ses};
use crate::channels::line::{Intake, SIGNATURE_HEADER};
use crate::channels::open::Channels;
use crate::channels::secrets::Secrets;
use crate::channels::tls::Roots;
use crate::ports::environment::{EmailFeedback, Environment};
use crate::ports::{Attempt, Distrust, Notice, Secret};
use crate::server::{Hook, Hooks, Told};

/// Fetching the certificate that SNS signs by may take so long; then SNS is asked to tell again.
const CERTIFICATE_WAIT: Duration = Duration::from_secs(5);
/// SNS's certificates have 2 KB, and its answers to a confirmation less.
const FETCHED_BYTES_MAX: usize = 64 << 10;
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
    if environment.email.as_ref().is_some_and(|email| email.mailbox_host.is_some()) {
        hooks.add(mailbox::HOOK, |told: Told<'_>| mailbox::notices(told.body, None, told.received_at));
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
                let (topic_arn, roots) = (topic_arn.clone(), channels.roots.clone());
                let sns = Sns { topic_arn, roots, known: Arc::default() };
                hooks.add(ses::HOOK, sns);
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
    roots: Roots,
    known: Arc<Mutex<HashMap<String, Vec<u8>>>>,
}

impl Hook for Sns {
    fn take<'a>(&'a self, told: Told<'a>) -> Attempt<'a, Result<Vec<Notice>, Distrust>> {
        Box::pin(self.heard(told))
    }
}

impl Sns {
    async fn heard(&self, told: Told<'_>) -> Result<Vec<Notice>, Distrust> {
        let sealed = ses::open(told.body, &self.topic_arn)?;
        let certificate = self.certificate(sealed.certificate_url()).await?;
        match sealed.told(&certificate, told.received_at)? {
            ses::Brought::Notices(notices) => Ok(notices),
            ses::Brought::Confirm { url } => {
                // A topic of ours asks whether it is heard: its signature was checked, and its address is Amazon's.
                let roots = self.roots.clone();
                tokio::spawn(async move {
                    match fetched(&url, &roots).await {
                        Ok(_) => tracing::info!("the SNS topic was confirmed"),
                        Err(why) => tracing::warn!(%why, "the SNS topic could not be confirmed"),
                    }
                });
                Ok(Vec::new())
            }
        }
    }
    async fn certificate(&self, url: &str) -> Result<Vec<u8>, Distrust> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(url) {
            return Ok(known.clone());
        }
        // It is fetched from an address of Amazon's that the body names: that it cannot be had now says nothing of the body.
        let certificate = tokio::time::timeout(CERTIFICATE_WAIT, fetched(url, &self.roots))
            .await
            .map_err(|_| Distrust::Unavailable("the certificate did not come in time".to_owned()))?
            .map_err(|why| Distrust::Unavailable(format!("the certificate cannot be fetched: {why}")))?;
        let mut known = lock();
        if known.len() >= CERTIFICATES_MAX {
            known.clear();
        }
        known.insert(url.to_owned(), certificate.clone());
        Ok(certificate)
    }
}

async fn fetched(url: &str, roots: &Roots) -> Result<Vec<u8>, String> {
    crate::channels::tls::install();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(CERTIFICATE_WAIT);
    let extra: Result<Vec<_>, _> =
        roots.certificates.iter().map(|certificate| reqwest::Certificate::from_der(certificate)).collect();
    let extra = extra.map_err(|error| error.to_string())?;
    let client = if extra.is_empty() { client } else { client.tls_certs_merge(extra) };
    let client = client.build().map_err(|error| error.to_string())?;
    let answer = client.get(url).send().await.map_err(|error| error.without_url().to_string())?;
    let mut answer = answer.error_for_status().map_err(|error| error.without_url().to_string())?;
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| error.without_url().to_string())? {
        if bytes.len() + piece.len() > FETCHED_BYTES_MAX {
            return Err(format!("more than {FETCHED_BYTES_MAX} bytes"));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request with so many bytes.
    async fn answering(bytes: usize) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await;
            let _ = stream.write_all(&vec![b'x'; bytes]).await;
        });
        format!("http://{address}/certificate.pem")
    }

    #[tokio::test]
    async fn what_is_fetched_is_not_read_without_end() {
        let url = answering(FETCHED_BYTES_MAX).await;
        assert_eq!(fetched(&url, &Roots::default()).await.unwrap().len(), FETCHED_BYTES_MAX);
        let why = fetched(&answering(FETCHED_BYTES_MAX + 1).await, &Roots::default()).await.unwrap_err();
        assert!(why.contains("more than"), "{why}");
    }

    #[tokio::test]
    async fn a_certificate_that_cannot_be_had_now_is_no_fault_of_the_notice() {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let sns =
            Sns { topic_arn: "arn:aws:sns:ap-northeast-1:1:t".into(), roots: Roots::default(), known: Arc::default() };
        for url in [format!("http://{closed}/c.pem"), answering(FETCHED_BYTES_MAX + 1).await] {
            let distrust = sns.certificate(&url).await.unwrap_err();
            assert!(matches!(distrust, Distrust::Unavailable(_)), "{distrust:?}");
        }
        let url = answering(10).await;
        assert_eq!(sns.certificate(&url).await, Ok(vec![b'x'; 10]));
        // The other side is gone, and it is known.
        assert_eq!(sns.certificate(&url).await, Ok(vec![b'x'; 10]));
    }
}
