//! One batch after the other over HTTP, with patience: what was not taken in is sent again until it is.
//!
//! Gives up only where trying again cannot help, or has not helped for a long time.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::cli::exit::Stop;
use crate::diag::Phrase;

pub struct Sender {
    runtime: Runtime,
    client: reqwest::Client,
    url: String,
    key: SecretString,
}

/// What became of a batch that was taken in.
pub struct Verdict {
    /// Ordinal within the batch, and why, in English and Japanese.
    pub refused: Vec<(usize, String, String)>,
}

/// A request that takes longer has been lost.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Attempts for one batch; with the waits between them, half an hour.
const ATTEMPTS_MAX: u32 = 40;
/// The first wait; each is twice the one before.
const WAIT_FIRST: Duration = Duration::from_millis(500);
const WAIT_MAX: Duration = Duration::from_secs(60);

impl Sender {
    pub fn new(base: &str, route: &str, key: SecretString) -> Result<Sender, Stop> {
        // The first provider set counts; that one is there is all that matters.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Stop::Write)?;
        let built = reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build();
        let client = built.map_err(|error| wrong_url(base, &error.to_string()))?;
        let url = format!("{}/v1/{route}", base.trim_end_matches('/'));
        let parsed = reqwest::Url::parse(&url).map_err(|error| wrong_url(base, &error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(wrong_url(base, "neither http nor https"));
        }
        Ok(Sender { runtime, client, url, key })
    }

    /// Returns when the batch is durable on the other side.
    pub fn send(&self, body: Vec<u8>) -> Result<Verdict, Stop> {
        self.runtime.block_on(async {
            let mut wait = WAIT_FIRST;
            let mut attempt = 1;
            loop {
                let (why, after) = match self.once(&body).await {
                    Attempt::Taken(verdict) => return Ok(verdict),
                    Attempt::Never(status, why) => return Err(refused(status, &why)),
                    Attempt::Later(why, after) => (why, after),
                };
                if attempt == ATTEMPTS_MAX {
                    return Err(gone(&self.url, &why));
                }
                attempt += 1;
                tokio::time::sleep(after.unwrap_or(wait).min(WAIT_MAX)).await;
                wait = (wait * 2).min(WAIT_MAX);
            }
        })
    }

    async fn once(&self, body: &[u8]) -> Attempt {
        let request = self.client.post(&self.url).basic_auth(self.key.expose_secret(), Some(""));
        let sent = request.header(CONTENT_TYPE, "application/json").body(body.to_vec()).send().await;
        let response = match sent {
            Ok(response) => response,
            Err(error) => return Attempt::Later(error.without_url().to_string(), None),
        };
        let status = response.status();
        let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let text = match response.text().await {
            Ok(text) => text,
            // It may have been taken in or not; calls with a `messageId` are taken once.
            Err(error) => return Attempt::Later(error.without_url().to_string(), None),
        };
        let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let message = answer.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        match status {
            StatusCode::OK => Attempt::Taken(Verdict { refused: refusals(&answer) }),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                Attempt::Later(message, after.map(Duration::from_secs))
            }
            status if status.is_server_error() => Attempt::Later(message, after.map(Duration::from_secs)),
            status => Attempt::Never(status, message),
        }
    }
}

enum Attempt {
    Taken(Verdict),
    Later(String, Option<Duration>),
    Never(StatusCode, String),
}

fn refusals(answer: &Value) -> Vec<(usize, String, String)> {
    let one = |refusal: &Value| {
        let text = |name: &str| refusal.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let index = refusal.get("index").and_then(Value::as_u64)?;
        Some((usize::try_from(index).ok()?, text("message"), text("message_ja")))
    };
    answer.get("refused").and_then(Value::as_array).into_iter().flatten().filter_map(one).collect()
}

fn wrong_url(url: &str, why: &str) -> Stop {
    Stop::Usage {
        what: Phrase::new(format!("`{url}` cannot be used: {why}"), format!("`{url}` は使えません: {why}")),
        help: Phrase::new("give it as `http://127.0.0.1:4040`", "`http://127.0.0.1:4040` のように指定する"),
    }
}

fn refused(status: StatusCode, why: &str) -> Stop {
    let help = match status {
        StatusCode::UNAUTHORIZED => Phrase::new(
            "name a write key of the environment with `--key env:NAME`",
            "環境の書き込みキーを `--key env:NAME` で指定する",
        ),
        _ => Phrase::new("check the URL: does Tabi answer there?", "URL を確かめる。そこで動いているのは Tabi か"),
    };
    Stop::Usage {
        what: Phrase::new(format!("refused ({status}): {why}"), format!("拒否されました ({status}): {why}")),
        help,
    }
}

fn gone(url: &str, why: &str) -> Stop {
    Stop::Later {
        what: Phrase::new(format!("{url} takes nothing in: {why}"), format!("{url} が受け付けません: {why}")),
        help: Phrase::new(
            "see that Tabi runs; with `--position` the next attempt goes on where this one ended",
            "Tabi が動いているか確かめる。`--position` を付ければ、次は続きから送れます",
        ),
    }
}
