//! What an answer of LINE means: for a message, for an action.
//!
//! Repeats nothing. Source: Messaging API reference, status codes and error messages; "Retry failed API requests" (2026).

use serde_json::Value as Json;

use crate::ports::{CallOutcome, Outcome};
use crate::value::Span;
use crate::value::time::{MILLIS_PER_MINUTE, MILLIS_PER_SECOND};

use super::api::{Answer, Silence};

/// Of what LINE says is wrong, this much is kept: it may repeat parts of the message.
const WHY_CHARS_MAX: usize = 500;
const DETAILS_MAX: usize = 5;
/// LINE gives no `Retry-After`: the first pause after a refusal for haste, doubled for each attempt …
const PAUSE_FIRST: Span = Span(MILLIS_PER_SECOND);
/// … and at most this. Rates are counted by the second for sending.
const PAUSE_MAX: Span = Span(MILLIS_PER_MINUTE);

/// Whether the request could carry a retry key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyed {
    Yes,
    No,
}

pub(super) fn outcome(answer: Result<Answer, Silence>, attempt: u32, keyed: Keyed) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(Silence::NotSent(why)) => return Outcome::Later { why, after: None },
        Err(Silence::Unknown(why)) => return Outcome::Unknown { why },
        Err(Silence::Unsendable(why)) => return Outcome::Refused { why, address: None },
    };
    match answer.status {
        200..=299 => {
            let provider_id = answer.request_id.or_else(|| first_sent(&answer.body));
            Outcome::Accepted { provider_id }
        }
        // The retry key was taken before: an earlier attempt succeeded, whatever we heard of it.
        409 if keyed == Keyed::Yes => {
            let provider_id = answer.accepted_request_id.or_else(|| first_sent(&answer.body));
            Outcome::Accepted { provider_id }
        }
        401 | 403 => Outcome::Misconfigured { why: why(&answer) },
        // Not our address: a wrong base URL, or something in between that LINE does not know.
        300..=399 | 404 | 405 | 407 | 410 => Outcome::Misconfigured { why: why(&answer) },
        429 if used_up(&answer.body) => Outcome::Exhausted { why: why(&answer) },
        429 => Outcome::Later { why: why(&answer), after: Some(pause(&answer, attempt)) },
        // LINE lets a request time out on its side with 5xx; a proxy with 408. Taken or not, nobody knows.
        408 | 500..=599 => Outcome::Unknown { why: why(&answer) },
        0..=199 | 600.. => Outcome::Unknown { why: why(&answer) },
        // 400, 409 without a key, 413, 422 and whatever else blames the request.
        400..=499 => Outcome::Refused { why: why(&answer), address: None },
    }
}

/// Here `given` reads what a success gives.
pub(super) fn call_outcome(
    answer: Result<Answer, Silence>,
    attempt: u32,
    given: impl FnOnce(&Json) -> Option<Json>,
) -> CallOutcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(Silence::NotSent(why)) => return CallOutcome::Later { why, after: None },
        Err(Silence::Unknown(why)) => return CallOutcome::Unknown { why },
        Err(Silence::Unsendable(why)) => return CallOutcome::Failed { why },
    };
    match answer.status {
        200..=299 => match given(&answer.body) {
            Some(object) => CallOutcome::Answered(object),
            None => CallOutcome::Failed { why: "LINE's answer is not in its usual form".into() },
        },
        401 | 403 | 300..=399 | 405 | 407 => CallOutcome::Misconfigured { why: why(&answer) },
        429 => CallOutcome::Later { why: why(&answer), after: Some(pause(&answer, attempt)) },
        408 | 500..=599 | 0..=199 | 600.. => CallOutcome::Unknown { why: why(&answer) },
        // 404: no such user or rich menu.
        400..=499 => CallOutcome::Failed { why: why(&answer) },
    }
}

/// LINE tells the three kinds of 429 apart by their text alone: too fast, too many at once, and the month's messages
/// used up. Only the last is not cured by waiting a little, so everything else counts as haste.
fn used_up(body: &Json) -> bool {
    message(body).to_lowercase().contains("monthly limit")
}

fn pause(answer: &Answer, attempt: u32) -> Span {
    let doubled = PAUSE_FIRST.0.saturating_mul(1_i64.checked_shl(attempt.saturating_sub(1).min(30)).unwrap_or(1));
    answer.retry_after.unwrap_or(Span(doubled.min(PAUSE_MAX.0)))
}

fn first_sent(body: &Json) -> Option<String> {
    body.get("sentMessages")?.get(0)?.get("id")?.as_str().map(String::from)
}

fn message(body: &Json) -> &str {
    body.get("message").and_then(Json::as_str).unwrap_or("")
}

/// `400: The request body has 1 error(s) (messages[0].text: May not be empty)`
fn why(answer: &Answer) -> String {
    let mut text = match message(&answer.body) {
        "" => format!("LINE answered {}", answer.status),
        message => format!("LINE answered {}: {message}", answer.status),
    };
    let part = |detail: &Json, name: &str| detail.get(name).and_then(Json::as_str).unwrap_or("").to_owned();
    let details = answer.body.get("details").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let details: Vec<String> = details
        .iter()
        .take(DETAILS_MAX)
        .map(|detail| (part(detail, "property"), part(detail, "message")))
        .map(|(place, what)| if place.is_empty() { what } else { format!("{place}: {what}") })
        .collect();
    if !details.is_empty() {
        text.push_str(&format!(" ({})", details.join("; ")));
    }
    if let Some(id) = &answer.request_id {
        text = format!("{} [{id}]", text.chars().take(WHY_CHARS_MAX).collect::<String>());
    }
    text.chars().take(WHY_CHARS_MAX + 120).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answered(status: u16, body: Json) -> Answer {
        Answer { status, request_id: None, accepted_request_id: None, retry_after: None, body }
    }

    #[test]
    fn no_status_is_left_without_a_meaning() {
        for status in 0..=u16::MAX {
            let outcome = outcome(Ok(answered(status, Json::Null)), 1, Keyed::Yes);
            let taken = matches!(outcome, Outcome::Accepted { .. });
            assert_eq!(taken, (200..300).contains(&status) || status == 409, "{status}");
        }
    }

    #[test]
    fn pauses_double_up_to_a_minute() {
        let pauses: Vec<i64> = [1, 2, 3, 7, 40, u32::MAX, 0]
            .map(|attempt| pause(&answered(429, Json::Null), attempt).0 / MILLIS_PER_SECOND)
            .to_vec();
        assert_eq!(pauses, [1, 2, 4, 60, 60, 60, 1]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_never_at_length() {
        let body = json!({ "message": "The request body has 1 error(s)",
            "details": [{ "message": "May not be empty", "property": "messages[0].text" }] });
        assert_eq!(
            why(&answered(400, body)),
            "LINE answered 400: The request body has 1 error(s) (messages[0].text: May not be empty)"
        );
        let long = why(&answered(400, json!({ "message": "長".repeat(100_000), "details": [7, null] })));
        assert!(long.chars().count() <= WHY_CHARS_MAX + 120);
    }
}
