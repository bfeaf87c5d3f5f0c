//! For those who watch over the process: whether it lives, whether it takes anything in, its numbers.
//!
//! Holds no personal data, and is no door to change anything.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::answer::Answer;
use super::state::State;

/// Somebody who has to wait longer than this is better served elsewhere.
const READY_WAIT: Duration = Duration::from_secs(2);

pub async fn healthy() -> Response {
    (StatusCode::OK, "ok\n").into_response()
}

/// Nothing is handed in, to see whether something would be taken.
pub async fn ready(Shared(state): Shared<Arc<State>>) -> Response {
    let answer = match tokio::time::timeout(READY_WAIT, state.desk.submit(Vec::new())).await {
        Ok(Ok(())) => return (StatusCode::OK, "ready\n").into_response(),
        Ok(Err(refusal)) => Answer::from(refusal),
        Err(_) => Answer::busy(1),
    };
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", answer.error)).into_response()
}

pub async fn metrics(Shared(state): Shared<Arc<State>>) -> Result<Response, Answer> {
    let handle = state.metrics.as_ref().ok_or_else(Answer::not_found)?;
    handle.run_upkeep();
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response())
}

/// Nothing here is for search engines.
pub async fn robots() -> Response {
    ([(CONTENT_TYPE, "text/plain")], "User-agent: *\nDisallow: /\n").into_response()
}
