//! The page on which people leave: looking at it changes nothing, its button acts at once, and so does RFC 8058's one click.
//!
//! Knows nobody: the token names a send, and whoever got that send is who leaves.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State as Shared};
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::ir::Channel;
use crate::ports::{SendKey, Subject, Submission};

use super::answer::Answer;
use super::body;
use super::limits::FORM_BYTES_MAX;
use super::page::{self, Page};
use super::state::State;

/// A language pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Japanese,
}

impl Language {
    /// What the browser prefers of the two.
    pub fn of(headers: &HeaderMap, otherwise: Language) -> Language {
        let Some(wanted) = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()) else { return otherwise };
        let mut best: Option<(f32, Language)> = None;
        for choice in wanted.split(',').take(20) {
            let mut parts = choice.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            let language = match tag.split('-').next() {
                Some("ja") => Language::Japanese,
                Some("en") => Language::English,
                Some(_) | None => continue,
            };
            if weight > 0.0 && best.is_none_or(|(known, _)| weight > known) {
                best = Some((weight, language));
            }
        }
        best.map_or(otherwise, |(_, language)| language)
    }
}

/// What stands behind the token in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Extra {
    /// The channel that is left; absent: email.
    on: Option<String>,
}

impl Extra {
    fn channel(&self) -> Option<Channel> {
        match &self.on {
            None => Some(Channel::Email),
            Some(name) => Channel::from_name(name).filter(|channel| channel.is_personal()),
        }
    }
}

/// The page. Acts on nothing: scanners of mail follow every link.
pub async fn show(
    Shared(state): Shared<Arc<State>>,
    Path(token): Path<String>,
    Query(extra): Query<Extra>,
    headers: HeaderMap,
) -> Response {
    let language = Language::of(&headers, state.settings.language);
    match (SendKey::opened(&token, &state.settings.secret), extra.channel()) {
        (Some(_), Some(channel)) => page(&state, StatusCode::OK, Page::Ask(channel), language),
        _ => page(&state, StatusCode::NOT_FOUND, Page::Unknown, language),
    }
}

/// What the body of a POST says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// By the program that shows the mail (RFC 8058).
    OneClick,
    /// By the button of the page, or by whatever else posts here: who posts wants to leave.
    Leave,
    /// By the button that takes it back.
    Return,
}

impl Wish {
    /// Of a form, in either encoding. What cannot be read is a wish to leave all the same.
    fn of(headers: &HeaderMap, body: &[u8]) -> Wish {
        let text = String::from_utf8_lossy(body);
        let multipart = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/form-data"));
        if multipart {
            let one_click = text.contains("name=\"List-Unsubscribe\"") || text.contains("name=List-Unsubscribe");
            return if one_click && text.contains("One-Click") { Wish::OneClick } else { Wish::Leave };
        }
        let mut wish = Wish::Leave;
        for pair in text.split('&') {
            match pair.trim() {
                "List-Unsubscribe=One-Click" => return Wish::OneClick,
                "return=1" => wish = Wish::Return,
                _ => {}
            }
        }
        wish
    }
}

/// Leaves, or comes back. Answered when it is durable; no cookie, no redirect, no further question.
pub async fn act(
    Shared(state): Shared<Arc<State>>,
    Path(token): Path<String>,
    Query(extra): Query<Extra>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Answer> {
    let language = Language::of(&headers, state.settings.language);
    let (Some(key), Some(channel)) = (SendKey::opened(&token, &state.settings.secret), extra.channel()) else {
        return Ok(page(&state, StatusCode::NOT_FOUND, Page::Unknown, language));
    };
    let taken = body::read(&state, &headers, body, FORM_BYTES_MAX).await?;
    let wish = Wish::of(&headers, &taken.bytes);
    let (given, how, shown) = match wish {
        Wish::OneClick => (false, "one-click", Page::Left(channel)),
        Wish::Leave => (false, "unsubscribe-link", Page::Left(channel)),
        Wish::Return => (true, "unsubscribe-undo", Page::Back(channel)),
    };
    let consent = Submission::Consent {
        who: Subject::Send(key.sealed(&state.settings.secret)),
        purpose: None,
        channel: Some(channel),
        given,
        how: how.to_owned(),
        source: page::source(language).to_owned(),
    };
    match state.desk.submit(vec![consent]).await {
        Ok(()) => {
            metrics::counter!("tabi_consents_total", "how" => how).increment(1);
            Ok(page(&state, StatusCode::OK, shown, language))
        }
        Err(refusal) => {
            // For people a page; for programs the same status and when to come back.
            let answer = Answer::from(refusal);
            let status = answer.status;
            let mut response = page(&state, status, Page::Later { back: given }, language);
            if let Some(seconds) = answer.retry_after {
                response.headers_mut().insert(axum::http::header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Ok(response)
        }
    }
}

fn page(state: &State, status: StatusCode, page: Page, language: Language) -> Response {
    let html = page.html(&state.settings.shop, language);
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::POLICY));
    headers.insert(VARY, HeaderValue::from_static("Accept-Language"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: axum::http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_browser_says_which_language() {
        for (wanted, expected) in [
            ("ja", Language::Japanese),
            ("ja-JP,ja;q=0.9,en-US;q=0.8", Language::Japanese),
            ("en;q=0.5, ja;q=0.9", Language::Japanese),
            ("fr, en;q=0.3", Language::English),
            ("fr", Language::Japanese),
            ("en;q=0", Language::Japanese),
            ("q=;;,,;q=x", Language::Japanese),
        ] {
            assert_eq!(Language::of(&headers(ACCEPT_LANGUAGE, wanted), Language::Japanese), expected, "{wanted}");
        }
    }

    #[test]
    fn one_click_is_told_from_the_button_in_either_encoding() {
        let form = "application/x-www-form-urlencoded";
        let parts = "multipart/form-data; boundary=x";
        let multipart =
            "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
        for (kind, body, expected) in [
            (form, "List-Unsubscribe=One-Click", Wish::OneClick),
            (form, "leave=1", Wish::Leave),
            (form, "return=1", Wish::Return),
            (form, "return=1&List-Unsubscribe=One-Click", Wish::OneClick),
            (form, "", Wish::Leave),
            (parts, multipart, Wish::OneClick),
            (parts, "return=1", Wish::Leave),
            ("nonsense", "\u{0}", Wish::Leave),
        ] {
            assert_eq!(Wish::of(&headers(CONTENT_TYPE, kind), body.as_bytes()), expected, "{kind} {body}");
        }
    }
}
