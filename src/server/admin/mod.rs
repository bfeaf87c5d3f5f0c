//! The door for those who operate Tabi: HTTP with JSON on a Unix socket that only the owner of the data may open.
//!
//! Never served on the public side. Whoever may open the socket may do everything.

pub mod client;
mod socket;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::ir::Channel;
use crate::ports::{Question, Scope, Submission};

use super::answer::Answer;
use super::limits::{ADMIN_BYTES_MAX, DEAD_MAX};
use super::state::State;
use super::{dead, operate, routes};

pub use socket::{SOCKET, bind};

pub fn routes(state: Arc<State>) -> Router {
    let router = Router::new()
        .route("/status", get(status))
        .route("/settled", get(settled))
        .route("/change", post(change))
        .route("/stop", post(stop))
        .route("/resume", post(resume))
        .route("/person/{id}", get(person).delete(forget))
        .route("/person/{id}/export", get(export))
        .route("/dead", get(list))
        .route("/dead/replay", post(replay))
        .route("/dead/dismiss", post(dismiss))
        .route("/approve", post(approve))
        .route("/backup", post(backup))
        .route("/paper", get(paper))
        .route("/tail", get(tail))
        .route("/healthz", get(operate::healthy))
        .route("/readyz", get(operate::ready))
        .route("/metrics", get(operate::metrics))
        .layer(DefaultBodyLimit::max(ADMIN_BYTES_MAX));
    routes::finished(router.with_state(state))
}

type Reply = Result<Json<Value>, Answer>;

fn done() -> Reply {
    Ok(Json(json!({ "success": true })))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Answer> {
    serde_json::from_slice(body).map_err(|error| Answer::new(StatusCode::BAD_REQUEST, "wrong", error.to_string()))
}

/// What the desk says, with what came in since the start beside it.
async fn status(Shared(state): Shared<Arc<State>>) -> Reply {
    let mut status = state.desk.ask(Question::Status).await?;
    let tally = state.tally.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(members) = status.as_object_mut() {
        let ingest = json!({
            "calls": tally.lines, "accepted": tally.accepted, "without_effect": tally.without_effect,
            "refused": tally.rejected, "skewed": tally.skewed,
            "unknown_events": tally.unknown_events, "unknown_fields": tally.unknown_fields,
        });
        members.insert("ingest".into(), ingest);
    }
    Ok(Json(status))
}

async fn settled(Shared(state): Shared<Arc<State>>) -> Reply {
    Ok(Json(state.desk.ask(Question::Settled).await?))
}

/// A program that was kept beside the data goes live.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    generation: u32,
    bundle: String,
}

async fn change(Shared(state): Shared<Arc<State>>, body: Bytes) -> Reply {
    let Change { generation, bundle } = read(&body)?;
    let hash = blake3::Hash::from_hex(&bundle)
        .map_err(|_| Answer::new(StatusCode::BAD_REQUEST, "wrong", "`bundle` is no hash".to_owned()))?;
    state.desk.submit(vec![Submission::Change { generation, bundle: *hash.as_bytes() }]).await?;
    Ok(Json(state.desk.ask(Question::Status).await?))
}

/// What is stopped or goes on. Exactly one of the three says what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Halt {
    #[serde(default)]
    everything: bool,
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    journey: Option<String>,
    #[serde(default)]
    by: Option<String>,
}

impl Halt {
    fn scope(&self) -> Result<Scope, Answer> {
        let wrong = |what: String| Answer::new(StatusCode::BAD_REQUEST, "wrong", what);
        match (self.everything, &self.channel, &self.journey) {
            (true, None, None) => Ok(Scope::Everything),
            (false, Some(name), None) => {
                let channel = Channel::from_name(name);
                channel.map(Scope::Channel).ok_or_else(|| wrong(format!("there is no channel `{name}`")))
            }
            (false, None, Some(name)) => Ok(Scope::Journey(name.clone())),
            _ => Err(wrong("say one of `everything`, `channel` and `journey`".into())),
        }
    }
}

async fn halt(state: &State, body: &Bytes, stopped: bool) -> Reply {
    let halt: Halt = read(body)?;
    let scope = halt.scope()?;
    let by = halt.by.unwrap_or_else(|| "operator".into());
    state.desk.submit(vec![Submission::Stop { scope, stopped, by }]).await?;
    done()
}

async fn stop(Shared(state): Shared<Arc<State>>, body: Bytes) -> Reply {
    halt(&state, &body, true).await
}

async fn resume(Shared(state): Shared<Arc<State>>, body: Bytes) -> Reply {
    halt(&state, &body, false).await
}

async fn person(Shared(state): Shared<Arc<State>>, Path(id): Path<String>) -> Reply {
    Ok(Json(state.desk.ask(Question::Person { id }).await?))
}

async fn export(Shared(state): Shared<Arc<State>>, Path(id): Path<String>) -> Reply {
    Ok(Json(state.desk.ask(Question::Export { id }).await?))
}

async fn forget(Shared(state): Shared<Arc<State>>, Path(person): Path<String>) -> Reply {
    state.desk.submit(vec![Submission::Forget { person }]).await?;
    done()
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

async fn list(Shared(state): Shared<Arc<State>>, Query(page): Query<Page>) -> Reply {
    let limit = page.limit.unwrap_or(DEAD_MAX).min(DEAD_MAX);
    Ok(Json(state.desk.ask(Question::Dead { after: page.after, limit }).await?))
}

/// Which dead letters: these, or all there are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default)]
    numbers: Vec<u64>,
    #[serde(default)]
    all: bool,
}

async fn replay(Shared(state): Shared<Arc<State>>, body: Bytes) -> Reply {
    let Which { numbers, all } = read(&body)?;
    dead::replay(&state, (!all).then_some(numbers)).await.map(Json)
}

async fn dismiss(Shared(state): Shared<Arc<State>>, body: Bytes) -> Reply {
    let Which { numbers, all } = read(&body)?;
    dead::dismiss(&state, (!all).then_some(numbers)).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    person: String,
    by: Option<String>,
    approved: bool,
}

async fn approve(Shared(state): Shared<Arc<State>>, body: Bytes) -> Reply {
    let Approval { person, by, approved } = read(&body)?;
    let found = state.desk.ask(Question::Person { id: person.clone() }).await?;
    if !waits_for(&found, by.as_deref()) {
        let whose = by.map(|by| format!(" by `{by}`")).unwrap_or_default();
        let what = format!("nothing of `{person}` waits for an approval{whose}");
        return Err(Answer::new(StatusCode::NOT_FOUND, "nothing_waits", what));
    }
    state.desk.submit(vec![Submission::Approval { person, by, approved }]).await?;
    done()
}

/// Whether a run of this person stands at an approval: by anybody, or by this one.
fn waits_for(person: &Value, by: Option<&str>) -> bool {
    let runs = person["runs"].as_array().into_iter().flatten();
    let mut approvals = runs.flat_map(|run| run["approvals"].as_array().into_iter().flatten());
    approvals.any(|one| by.is_none_or(|by| one.as_str() == Some(by)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Copy {
    to: PathBuf,
}

async fn backup(Shared(state): Shared<Arc<State>>, body: Bytes) -> Reply {
    let Copy { to } = read(&body)?;
    if !to.is_absolute() {
        return Err(Answer::new(StatusCode::BAD_REQUEST, "wrong", "the folder is not named from the root"));
    }
    Ok(Json(state.desk.ask(Question::Backup { to }).await?))
}

#[derive(Deserialize)]
struct Since {
    from: Option<u64>,
}

/// Decisions at once, at most.
const DECISIONS_MAX: usize = 2_000;

async fn tail(Shared(state): Shared<Arc<State>>, Query(Since { from }): Query<Since>) -> Reply {
    Ok(Json(state.desk.ask(Question::Tail { from, limit: DECISIONS_MAX }).await?))
}

async fn paper(Shared(state): Shared<Arc<State>>, Query(page): Query<Page>) -> Reply {
    let limit = page.limit.unwrap_or(DEAD_MAX).min(DEAD_MAX);
    Ok(Json(state.desk.ask(Question::Paper { limit }).await?))
}
