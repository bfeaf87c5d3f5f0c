//! Nonces of LINE's account links, for a shop whose user has just logged in.
//!
//! Keeps none: a nonce is sealed and carries its user and its time, so that it holds after a restart and runs out by itself. That
//! the user has logged in is for the shop to make sure.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded::byte_serialize;

use crate::ingest::limits::ID_BYTES_MAX;

use super::answer::Answer;
use super::body;
use super::keys::Claim;
use super::limits::FORM_BYTES_MAX;
use super::state::State;

/// <https://developers.line.biz/en/docs/messaging-api/linking-accounts/>
const LINK: &str = "https://access.line.me/dialog/bot/accountLink";
/// LINE's own link tokens are far shorter.
const TOKEN_BYTES_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wish {
    user_id: String,
    /// What LINE gave for this person, and the page on which they logged in got.
    link_token: Option<String>,
}

/// A nonce for a user, and the address to send their browser to. Only by Basic authorization: a key in a body is for browsers, who
/// must not make nonces.
pub async fn make(Shared(state): Shared<Arc<State>>, headers: HeaderMap, body: Body) -> Result<Response, Answer> {
    match state.keys.claim(&headers) {
        Ok(Claim::Source(_)) => {}
        Ok(Claim::Silent) => return Err(body::refused(body, Answer::no_key()).await),
        Err(answer) => return Err(body::refused(body, answer).await),
    }
    let taken = body::read(&state, &headers, body, FORM_BYTES_MAX).await?;
    let wrong = |what: String| Answer::new(StatusCode::BAD_REQUEST, "wrong", what);
    let Some(nonces) = state.settings.nonces else {
        return Err(Answer::new(StatusCode::NOT_FOUND, "not_found", "LINE is not live in this environment"));
    };
    let wish: Wish = serde_json::from_slice(&taken.bytes).map_err(|error| wrong(error.to_string()))?;
    let Wish { user_id, link_token } = wish;
    if link_token.as_ref().is_some_and(|token| token.is_empty() || token.len() > TOKEN_BYTES_MAX) {
        return Err(wrong("`linkToken` is not one of LINE's".to_owned()));
    }
    let is_sound = user_id.len() <= ID_BYTES_MAX && user_id.trim() == user_id && !user_id.contains(char::is_control);
    let made = nonces(&state.settings.secret, &user_id, state.desk.now()).filter(|_| is_sound);
    let nonce = made.ok_or_else(|| wrong("`userId` is no id, or too long for LINE (139 bytes)".to_owned()))?;
    let token: String = byte_serialize(link_token.unwrap_or_default().as_bytes()).collect();
    // Without a link token its place is at the end, where the shop puts it.
    let url = format!("{LINK}?nonce={nonce}&linkToken={token}");
    metrics::counter!("tabi_line_nonces_total").increment(1);
    Ok(Json(json!({ "success": true, "nonce": nonce, "url": url })).into_response())
}
