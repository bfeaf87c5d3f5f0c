//! Reading a request's body: never more than allowed, never slower than allowed, never more at once than there is room for.
//!
//! Looks at no byte of it but to unpack gzip.

use std::io::Read;
use std::pin::Pin;

use axum::body::{Body, HttpBody};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use flate2::read::MultiGzDecoder;
use tokio::sync::OwnedSemaphorePermit;

use super::answer::Answer;
use super::limits::MEMORY_PER_BYTE;
use super::state::State;

/// A body, and the room it takes until everything that came of it is done.
#[derive(Debug)]
pub struct Taken {
    pub bytes: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

/// Room is given out in pieces of this size.
pub const ROOM_BYTES: usize = 1 << 10;
/// Somebody who finds no room comes back after so many seconds.
const RETRY_SECONDS: u64 = 1;

/// Reads a body of at most `bytes_max` bytes, unpacked as well as packed.
pub async fn read(state: &State, headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Taken, Answer> {
    let length = length(headers)?;
    let packed = packed(headers)?;
    if length.is_some_and(|length| length > bytes_max) {
        return Err(Answer::too_large(bytes_max));
    }
    // What its length says is all that can come. Without a length, and packed, it may be as large as allowed.
    let announced = length.filter(|_| !packed).unwrap_or(bytes_max);
    let pieces = (announced * MEMORY_PER_BYTE).div_ceil(ROOM_BYTES).max(1);
    let pieces = u32::try_from(pieces).unwrap_or(u32::MAX);
    let room = state.room.clone().try_acquire_many_owned(pieces).map_err(|_| Answer::busy(RETRY_SECONDS).closing())?;
    let read = tokio::time::timeout(state.limits.body_timeout, collect(body, bytes_max, length.unwrap_or(0)));
    let bytes = read.await.map_err(|_| {
        Answer::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "the body did not come in time").closing()
    })??;
    let bytes = if packed { unpacked(&bytes, bytes_max)? } else { bytes };
    Ok(Taken { bytes, _room: room })
}

/// Refuses a body that is not declared as one of `types`; none declared is fine.
pub fn of_type(headers: &HeaderMap, types: &[&str]) -> Result<(), Answer> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let essence = value.to_str().ok().and_then(|text| text.split(';').next()).map(|t| t.trim().to_ascii_lowercase());
    match essence {
        Some(found) if types.contains(&found.as_str()) => Ok(()),
        Some(_) | None => {
            let message = format!("a body here is one of {}", types.join(", "));
            Err(Answer::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", message).closing())
        }
    }
}

fn length(headers: &HeaderMap) -> Result<Option<usize>, Answer> {
    let wrong = || Answer::new(StatusCode::BAD_REQUEST, "length", "the length of the body is not a number").closing();
    let Some(value) = headers.get(CONTENT_LENGTH) else { return Ok(None) };
    value.to_str().ok().and_then(|text| text.parse().ok()).map(Some).ok_or_else(wrong)
}

fn packed(headers: &HeaderMap) -> Result<bool, Answer> {
    let mut all = headers.get_all(CONTENT_ENCODING).iter();
    match (all.next().map(|value| value.as_bytes().to_ascii_lowercase()), all.next()) {
        (None, None) => Ok(false),
        (Some(one), None) if one == b"identity" => Ok(false),
        (Some(one), None) if one == b"gzip" || one == b"x-gzip" => Ok(true),
        (Some(_) | None, _) => {
            let message = "a body may be packed by gzip, once";
            Err(Answer::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoding", message).closing())
        }
    }
}

async fn collect(mut body: Body, bytes_max: usize, expected: usize) -> Result<Vec<u8>, Answer> {
    let mut bytes = Vec::with_capacity(expected.min(bytes_max));
    loop {
        match std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            None => return Ok(bytes),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                if bytes.len() + data.len() > bytes_max {
                    return Err(Answer::too_large(bytes_max));
                }
                bytes.extend_from_slice(&data);
            }
            Some(Err(_)) => {
                return Err(Answer::new(StatusCode::BAD_REQUEST, "body", "the body ended in the middle").closing());
            }
        }
    }
}

/// Stops unpacking as soon as it is too large, however small it was packed.
fn unpacked(bytes: &[u8], bytes_max: usize) -> Result<Vec<u8>, Answer> {
    let mut out = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes).take(bytes_max as u64 + 1);
    match reader.read_to_end(&mut out) {
        Ok(_) if out.len() > bytes_max => Err(Answer::too_large(bytes_max)),
        Ok(_) => Ok(out),
        Err(_) => Err(Answer::new(StatusCode::BAD_REQUEST, "gzip", "the body cannot be unpacked")),
    }
}
