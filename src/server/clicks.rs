//! Links of messages: whoever follows one is sent on to where it was made to lead, and the click is told.
//!
//! Leads nowhere else: the target stands in the address, and the token opens for that target alone.

use std::sync::Arc;

use axum::extract::{Path, Query, State as Shared};
use axum::http::header::{CONTENT_TYPE, HeaderValue, LOCATION, USER_AGENT};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::machine::Report;
use crate::ports::link::{self, Click};
use crate::ports::{About, Notice, SendKey, Submission, Told};

use super::answer::Answer;
use super::state::State;

#[derive(Debug, Deserialize)]
pub struct Target {
    to: String,
}

/// Sends on, and tells of the click unless nobody clicked.
pub async fn follow(
    Shared(state): Shared<Arc<State>>,
    method: Method,
    Path(token): Path<String>,
    target: Result<Query<Target>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let Query(Target { to }) = target.map_err(|_| Answer::not_found())?;
    let click = Click::opened(&token, &to, &state.settings.secret).ok_or_else(Answer::not_found)?;
    let location = location(&to).ok_or_else(Answer::not_found)?;
    if method == Method::GET && !is_machine(&headers) {
        report(&state, click.send, Report::Clicked, format!("link:{}", click.link)).await;
    }
    Ok((StatusCode::FOUND, [(LOCATION, location)]).into_response())
}

/// A picture of one transparent pixel.
const PIXEL: &[u8] =
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\
                       \x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// The picture that tells of an open. Proxies of mail readers fetch it for people who never look: an open proves nothing.
pub async fn picture(
    Shared(state): Shared<Arc<State>>,
    method: Method,
    Path(file): Path<String>,
) -> Result<Response, Answer> {
    let token = file.strip_suffix(".gif").filter(|_| state.settings.opens).ok_or_else(Answer::not_found)?;
    let send = link::opened_picture(token, &state.settings.secret).ok_or_else(Answer::not_found)?;
    if method == Method::GET {
        report(&state, send, Report::Opened, "picture".to_owned()).await;
    }
    Ok(([(CONTENT_TYPE, "image/gif")], PIXEL).into_response())
}

/// Tells of it, and waits for that to be durable, but not for long: it goes on by itself.
async fn report(state: &Arc<State>, send: SendKey, report: Report, source: String) {
    let Ok(permit) = state.reports.clone().try_acquire_owned() else {
        metrics::counter!("tabi_reports_lost_total").increment(1);
        return;
    };
    let shared = state.clone();
    let telling = tokio::spawn(async move {
        let _permit = permit;
        let now = shared.desk.now();
        let about = About::Send(send.sealed(&shared.settings.secret));
        let notice = Notice { id: None, about, at: now, told: Told::Report(report) };
        let told = shared.desk.submit(vec![Submission::Notice { notice, received_at: now, source }]).await;
        let name = if told.is_ok() { "tabi_reports_total" } else { "tabi_reports_lost_total" };
        metrics::counter!(name).increment(1);
    });
    // Whether it was in time makes no difference to whoever clicked.
    let _ = tokio::time::timeout(state.limits.click_wait, telling).await;
}

/// The target as a header's value: letters outside of ASCII are written in hexadecimal, as browsers do themselves.
fn location(target: &str) -> Option<HeaderValue> {
    if target.len() > link::TARGET_BYTES_MAX || !link::leads(target) {
        return None;
    }
    let mut out = String::with_capacity(target.len());
    for byte in target.bytes() {
        if byte.is_ascii() {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    HeaderValue::from_str(&out).ok()
}

/// Fetched to have it ready or to look at it, not because somebody clicked.
fn is_machine(headers: &HeaderMap) -> bool {
    let says = |name: &str, words: &[&str]| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_ascii_lowercase);
        value.is_some_and(|value| words.iter().any(|word| value.contains(word)))
    };
    PREFETCH.iter().any(|name| says(name, &["prefetch", "preview", "prerender"]))
        || says(USER_AGENT.as_str(), PREVIEWERS)
}

/// Headers by which browsers say that nobody clicked yet.
const PREFETCH: &[&str] = &["purpose", "sec-purpose", "x-purpose", "x-moz"];
/// Programs that look at links to show what is behind them, as they name themselves; LINE's is `line-poker`.
const PREVIEWERS: &[&str] = &[
    "facebookexternalhit",
    "line-poker",
    "slackbot",
    "twitterbot",
    "discordbot",
    "telegrambot",
    "whatsapp",
    "linkedinbot",
    "skypeuripreview",
    "bingpreview",
    "googlebot",
    "barracuda",
    "proofpoint",
    "mimecast",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_only_looks_has_not_clicked() {
        let with = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(axum::http::HeaderName::from_static(name), HeaderValue::from_static(value))])
        };
        for (name, value) in [
            ("purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("x-purpose", "preview"),
            ("x-moz", "prefetch"),
            ("user-agent", "facebookexternalhit/1.1;line-poker/1.0"),
        ] {
            assert!(is_machine(&with(name, value)), "{name}: {value}");
        }
        assert!(!is_machine(&with("user-agent", "Mozilla/5.0 (iPhone) Line/13.0")));
    }

    #[test]
    fn targets_become_headers_or_nothing() {
        assert_eq!(location("https://a.example/花?x=1").unwrap(), "https://a.example/%E8%8A%B1?x=1");
        for wrong in ["https://a\r\nSet-Cookie: x", "javascript:alert(1)", "//a.example", "https://"] {
            assert_eq!(location(wrong), None, "{wrong}");
        }
    }
}
