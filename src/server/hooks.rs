//! Webhooks of providers: a table of who may tell us what, and the one route they come in by.
//!
//! Knows no provider: each entry of the table checks its own signature and reads its own form.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::ports::{Attempt, Distrust, Notice, Submission};
use crate::value::Instant;

use super::answer::Answer;
use super::body;
use super::limits::{HOOK_BYTES_MAX, HOOK_WAIT};
use super::state::State;

/// What came in by a webhook.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    pub headers: &'a HeaderMap,
    /// Path and query, as they were asked for: some signatures cover the address.
    pub path_and_query: &'a str,
    /// As it came; signatures cover these bytes.
    pub body: &'a [u8],
    pub received_at: Instant,
}

/// Turns what a provider tells into notices, if it is that provider who speaks.
pub trait Hook: Send + Sync {
    /// Providers count a slow answer as a failure, so it is cut off after [`HOOK_WAIT`]; waiting at all is for those who have to
    /// fetch what a signature is checked with.
    fn take<'a>(&'a self, told: Told<'a>) -> Attempt<'a, Result<Vec<Notice>, Distrust>>;
}

impl<F: Fn(Told) -> Result<Vec<Notice>, Distrust> + Send + Sync> Hook for F {
    fn take<'a>(&'a self, told: Told<'a>) -> Attempt<'a, Result<Vec<Notice>, Distrust>> {
        Box::pin(std::future::ready(self(told)))
    }
}

/// Hooks by their name in `/hooks/NAME`; a name may have several parts, such as `sms/status`.
#[derive(Clone, Default)]
pub struct Hooks {
    by_name: BTreeMap<String, Arc<dyn Hook>>,
}

impl Hooks {
    pub fn add(&mut self, name: &str, hook: impl Hook + 'static) {
        self.by_name.insert(name.to_owned(), Arc::new(hook));
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

/// 200 once everything told is durable, so that a provider repeats what was lost.
pub async fn take(
    Shared(state): Shared<Arc<State>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Answer> {
    let hook = state.hooks.by_name.get(&name).cloned().ok_or_else(|| Answer::not_found().closing())?;
    let taken = body::read(&state, &headers, body, HOOK_BYTES_MAX).await?;
    let received_at = state.desk.now();
    let path_and_query = uri.path_and_query().map_or("", |whole| whole.as_str());
    let told = Told { headers: &headers, path_and_query, body: &taken.bytes, received_at };
    let taking = tokio::time::timeout(HOOK_WAIT, hook.take(told)).await;
    let slow = |_| Answer::unavailable("what the signature needs is not at hand");
    let notices = taking.map_err(slow)?.map_err(|distrust| {
        if !matches!(distrust, Distrust::Unavailable(_)) {
            metrics::counter!("tabi_hooks_distrusted_total", "hook" => name.clone()).increment(1);
        }
        match distrust {
            Distrust::Signature => Answer::new(StatusCode::UNAUTHORIZED, "signature", "the signature is not right"),
            Distrust::Form(what) => Answer::new(StatusCode::BAD_REQUEST, "form", what),
            Distrust::Unavailable(what) => Answer::unavailable(what),
        }
    })?;
    let submission = |notice| Submission::Notice { notice, received_at, source: name.clone() };
    let batch: Vec<Submission> = notices.into_iter().map(submission).collect();
    metrics::counter!("tabi_notices_total", "hook" => name.clone()).increment(batch.len() as u64);
    if !batch.is_empty() {
        state.desk.submit(batch).await?;
    }
    // Without a word: Twilio sends whatever is answered as text to the person who wrote.
    Ok(StatusCode::OK.into_response())
}
