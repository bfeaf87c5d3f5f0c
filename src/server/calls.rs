//! Events that come in, in Segment's shape: read, judged, handed in, and answered when they are durable.
//!
//! What a call means is for `ingest` to say, what follows from it for the engine.

use std::pin::Pin;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::ingest::envelope::{self, Kind, Piece};
use crate::ingest::limits::{BATCH_BYTES_MAX, CALL_BYTES_MAX};
use crate::ingest::{Reason, Tally, segment};
use crate::ports::Submission;
use crate::ports::environment::Unknowns;
use crate::value::Instant;

use super::answer::Answer;
use super::body::{self, Room, Taken};
use super::keys::Claim;
use super::limits::MEMORY_PER_CALL;
use super::state::State;

/// Browsers send `text/plain` to be spared a preflight request; RudderStack's SDK for Node leaves its HTTP client to say that
/// packed JSON is a form.
const TYPES: &[&str] = &["application/json", "text/plain", "application/x-www-form-urlencoded"];
/// Larger bodies are read on a thread of their own, so that other requests go on.
const ASIDE_BYTES: usize = 64 << 10;

/// A request with calls.
pub async fn take(state: Arc<State>, kind: Kind, headers: HeaderMap, body: Body) -> Result<Response, Answer> {
    let known = state.keys.claim(&headers).and_then(|claim| body::of_type(&headers, TYPES).map(|()| claim));
    let claim = match known {
        Ok(claim) => claim,
        Err(answer) => return Err(body::refused(body, answer).await),
    };
    let bytes_max = match kind {
        Kind::Call(_) => CALL_BYTES_MAX,
        Kind::Batch | Kind::Import => BATCH_BYTES_MAX,
    };
    let taken = body::read(&state, &headers, body, bytes_max).await?;
    let received_at = state.desk.now();
    let judged = if taken.bytes.len() > ASIDE_BYTES {
        let state = state.clone();
        let judging = tokio::task::spawn_blocking(move || judge(&state, kind, claim, taken, received_at));
        judging.await.map_err(|_| failed())??
    } else {
        judge(&state, kind, claim, taken, received_at)?
    };
    let Judged { submissions, refused, tally, room } = judged;
    if !submissions.is_empty() {
        state.desk.submit(submissions).await?;
    }
    state.count(tally);
    Ok(body::keeping(answer(kind, &refused), room))
}

fn failed() -> Answer {
    Answer::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "Tabi itself failed; nothing was taken in")
}

struct Judged {
    submissions: Vec<Submission>,
    refused: Vec<(usize, Reason)>,
    tally: Tally,
    room: Room,
}

/// What each call comes to.
fn judge(state: &State, kind: Kind, claim: Claim, taken: Taken, received_at: Instant) -> Result<Judged, Answer> {
    let Taken { bytes, mut room } = taken;
    let unpacked = envelope::unpack(kind, &bytes);
    drop(bytes);
    let source = match (&claim, &unpacked) {
        (Claim::Source(source), _) => *source,
        (Claim::Silent, Ok(unpacked)) => {
            let found = unpacked.write_key.as_deref().and_then(|key| state.keys.source(key));
            found.ok_or_else(Answer::no_key)?
        }
        // Nobody who is not known is told what is wrong with it.
        (Claim::Silent, Err(_)) => return Err(Answer::no_key()),
    };
    let pieces = unpacked.map_err(|reason| wrong(&reason))?.pieces;
    room.grow(pieces.len() * MEMORY_PER_CALL)?;
    let source = state.keys.name(source);
    let schema = state.schema.get();
    let mut reader = match state.settings.unknown {
        Unknowns::Accept => segment::Reader::new(&schema),
        Unknowns::Refuse => segment::Reader::strict(&schema),
    };
    let submissions = Vec::with_capacity(pieces.len());
    let mut judged = Judged { submissions, refused: Vec::new(), tally: Tally::default(), room };
    for (i, Piece { raw, refused }) in pieces.into_iter().enumerate() {
        judged.tally.lines += 1;
        let read = match refused {
            Some(reason) => Err(reason),
            None => reader.call_received(&raw, received_at).map(|arrival| arrival.map(|a| a.into_owned())),
        };
        match read {
            Ok(Some(arrival)) => {
                judged.tally.accepted += 1;
                judged.tally.skewed += u64::from(arrival.skewed);
                let (raw, source) = (raw.into(), source.to_owned());
                let generation = schema.generation;
                judged.submissions.push(Submission::Call { raw, arrival, received_at, source, generation });
            }
            Ok(None) => judged.tally.without_effect += 1,
            Err(reason) => {
                judged.submissions.push(Submission::Dead {
                    raw: raw.into(),
                    received_at,
                    source: source.to_owned(),
                    reason: reason.key(),
                    detail: reason.to_string(),
                });
                judged.refused.push((i, reason.clone()));
                judged.tally.reject(0, 0, reason);
            }
        }
    }
    reader.close(&mut judged.tally);
    // Examples would hold what people wrote.
    judged.tally.samples.clear();
    Ok(judged)
}

fn wrong(reason: &Reason) -> Answer {
    if let Reason::TooLarge { bytes_max } = reason {
        return Answer::too_large(*bytes_max);
    }
    Answer::new(StatusCode::BAD_REQUEST, "not_a_call", reason.to_string())
}

/// A batch always succeeds, as clients of Segment expect, and says which of its calls were refused and why. A single call
/// that was refused is an error of whoever wrote it.
fn answer(kind: Kind, refused: &[(usize, Reason)]) -> Response {
    let told = |(index, reason): &(usize, Reason)| json!({ "index": index, "reason": reason.key(), "message": reason.to_string(), "message_ja": reason.ja() });
    match (kind, refused) {
        (_, []) => Json(json!({ "success": true })).into_response(),
        (Kind::Call(_), [(_, reason), ..]) => wrong_call(reason).into_response(),
        (Kind::Batch | Kind::Import, refused) => {
            Json(json!({ "success": true, "refused": refused.iter().map(told).collect::<Vec<_>>() })).into_response()
        }
    }
}

fn wrong_call(reason: &Reason) -> Response {
    let large = matches!(reason, Reason::TooLarge { .. });
    let status = if large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
    let body = json!({
        "success": false, "error": "refused", "reason": reason.key(), "message": reason.to_string(),
        "message_ja": reason.ja(),
    });
    (status, Json(body)).into_response()
}

type Answering = Pin<Box<dyn Future<Output = Result<Response, Answer>> + Send>>;

/// The handler of one route.
pub fn route(kind: Kind) -> impl Fn(Shared<Arc<State>>, HeaderMap, Body) -> Answering + Clone + Send + Sync + 'static {
    move |Shared(state), headers, body| Box::pin(take(state, kind, headers, body))
}
