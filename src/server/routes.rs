//! What the public side answers to, and what every answer carries.
//!
//! Handles nothing itself; operators have routes of their own (`admin.rs`), never here.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, HeaderName, HeaderValue, REFERRER_POLICY, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::ingest::envelope::Kind;
use crate::ports::trace::Work;

use super::answer::Answer;
use super::state::State;
use super::{calls, clicks, hooks, leave, nonce, operate};

/// The calls of Segment's shape, each by its route.
pub const CALLS: &[&str] = &["identify", "track", "page", "screen", "group", "alias"];

pub fn public(state: Arc<State>) -> Router {
    let mut router = Router::new();
    for kind in CALLS {
        router = router.route(&format!("/v1/{kind}"), post(calls::route(Kind::Call(kind))));
    }
    let mut router = router
        .route("/v1/batch", post(calls::route(Kind::Batch)))
        .route("/v1/import", post(calls::route(Kind::Import)))
        .route("/v1/line/nonce", post(nonce::make))
        .route("/hooks/{*name}", post(hooks::take))
        .route("/u/{token}", get(leave::show).post(leave::act))
        .route("/c/{token}", get(clicks::follow))
        .route("/healthz", get(operate::healthy))
        .route("/readyz", get(operate::ready))
        .route("/robots.txt", get(operate::robots));
    if state.settings.opens {
        router = router.route("/o/{file}", get(clicks::picture));
    }
    if state.settings.metrics_public {
        router = router.route("/metrics", get(operate::metrics));
    }
    finished(router.with_state(state))
}

/// With answers for everything else, and what every request goes through.
pub fn finished(router: Router) -> Router {
    router
        .method_not_allowed_fallback(|| async { Answer::wrong_method() })
        .fallback(|| async { Answer::not_found() })
        .layer(middleware::from_fn(guarded))
}

/// One request: refused if two readers could take it for two different ones; counted and logged by its route, never by its
/// address, which holds tokens; and answered with what keeps it out of caches, frames and search engines.
async fn guarded(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = matched.unwrap_or_else(|| "other".to_owned());
    let method = method_name(request.method());
    let doubtful = request.headers().contains_key(TRANSFER_ENCODING) && request.headers().contains_key(CONTENT_LENGTH);
    let parent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    let trace = match is_traced(&route) {
        true => Work::request(&route, method, parent),
        false => Work::default(),
    };
    let mut response = if doubtful {
        let message = "a body has a length or comes in pieces, not both";
        Answer::new(StatusCode::BAD_REQUEST, "length", message).closing().into_response()
    } else {
        trace.within(next.run(request)).await
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    let status = response.status().as_u16();
    trace.answered(status);
    let labels = [("route", route.clone()), ("method", method.to_owned()), ("status", status.to_string())];
    metrics::counter!("tabi_http_requests_total", &labels).increment(1);
    metrics::histogram!("tabi_http_seconds", "route" => route.clone()).record(began.elapsed().as_secs_f64());
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match status {
        500.. => tracing::warn!(route, method, status, millis, "answered"),
        _ => tracing::debug!(route, method, status, millis, "answered"),
    }
    response
}

/// What may set journeys in motion. Not health checks, which come every few seconds, nor people's pages.
fn is_traced(route: &str) -> bool {
    ["/v1/", "/hooks/"].iter().any(|prefix| route.starts_with(prefix))
}

/// A label for metrics must not be for the outside to choose.
fn method_name(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        _ => "other",
    }
}

const HEADERS: [(HeaderName, &str); 4] = [
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];
