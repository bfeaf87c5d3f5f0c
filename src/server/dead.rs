//! Dead letters that are handed in again, or let go.
//!
//! Keeps none: the desk does. It answers [`Question::Dead`] with `dead`, a list, each with `number`, `at` (RFC 3339), `source`,
//! `reason`, `detail` and `body`, in order of their numbers.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ingest::{Reason, envelope, segment};
use crate::ports::environment::Unknowns;
use crate::ports::{Question, Submission};
use crate::value::Instant;

use super::answer::Answer;
use super::limits::DEAD_MAX;
use super::state::State;

#[derive(Deserialize)]
struct Letters {
    dead: Vec<Letter>,
}

#[derive(Deserialize)]
struct Letter {
    number: u64,
    at: String,
    source: String,
    body: String,
}

/// Hands in again what is understood by now, with the time it had when it came; `None`: all. What is refused again stays.
pub async fn replay(state: &State, wanted: Option<Vec<u64>>) -> Result<Value, Answer> {
    let (mut taken, mut refused) = (0u64, Vec::new());
    let mut after = 0;
    loop {
        let letters = page(state, after).await?;
        let Some(last) = letters.last().map(|letter| letter.number) else { break };
        after = last;
        let chosen = |letter: &Letter| wanted.as_ref().is_none_or(|numbers| numbers.contains(&letter.number));
        let (mut batch, mut gone) = (Vec::new(), Vec::new());
        for letter in letters.into_iter().filter(chosen) {
            match again(state, &letter) {
                Ok(submission) => {
                    batch.extend(submission);
                    gone.push(letter.number);
                }
                Err(reason) => refused.push(json!({
                    "number": letter.number, "reason": reason.key(), "message": reason.to_string(),
                    "message_ja": reason.ja(),
                })),
            }
        }
        if !gone.is_empty() {
            taken += gone.len() as u64;
            // With its calls, or not at all.
            batch.push(Submission::DeadGone { numbers: gone });
            state.desk.submit(batch).await?;
        }
    }
    Ok(json!({ "success": true, "replayed": taken, "refused": refused }))
}

/// Lets them go.
pub async fn dismiss(state: &State, wanted: Option<Vec<u64>>) -> Result<Value, Answer> {
    let mut dismissed = 0u64;
    let mut after = 0;
    loop {
        let letters = page(state, after).await?;
        let Some(last) = letters.last().map(|letter| letter.number) else { break };
        after = last;
        let numbers = letters.iter().map(|letter| letter.number);
        let chosen = |n: &u64| wanted.as_ref().is_none_or(|numbers| numbers.contains(n));
        let numbers: Vec<u64> = numbers.filter(chosen).collect();
        if !numbers.is_empty() {
            dismissed += numbers.len() as u64;
            state.desk.submit(vec![Submission::DeadGone { numbers }]).await?;
        }
    }
    Ok(json!({ "success": true, "dismissed": dismissed }))
}

async fn page(state: &State, after: u64) -> Result<Vec<Letter>, Answer> {
    let answer = state.desk.ask(Question::Dead { after, limit: DEAD_MAX }).await?;
    let read: Result<Letters, _> = serde_json::from_value(answer);
    let letters = read.map_err(|error| {
        Answer::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "failed", format!("the desk's letters: {error}"))
    })?;
    Ok(letters.dead)
}

/// `Ok(None)`: understood by now, and without an effect.
fn again(state: &State, letter: &Letter) -> Result<Option<Submission>, Reason> {
    let received_at = state.desk.now();
    let came_at = Instant::parse_rfc3339(&letter.at).unwrap_or(received_at);
    let raw = envelope::restamped(letter.body.as_bytes(), came_at)?;
    let schema = state.schema.get();
    let mut reader = match state.settings.unknown {
        Unknowns::Accept => segment::Reader::new(&schema),
        Unknowns::Refuse => segment::Reader::strict(&schema),
    };
    let arrival = reader.call_received(&raw, received_at)?.map(|arrival| arrival.into_owned());
    let (source, generation) = (letter.source.clone(), schema.generation);
    Ok(arrival.map(|arrival| Submission::Call { raw: raw.into(), arrival, received_at, source, generation }))
}
