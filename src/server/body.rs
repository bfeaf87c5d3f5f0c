//! Reading a request's body: never more than allowed, never slower than allowed, never more at once than there is room for.
//!
//! Looks at no byte of it but to unpack gzip.

use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use flate2::read::MultiGzDecoder;
use hyper::body as http_body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::Answer;
use super::limits::{DISCARD_BYTES_MAX, DISCARD_WAIT, MEMORY_PER_BYTE};
use super::state::State;

/// A body, and the room it takes.
#[derive(Debug)]
pub struct Taken {
    pub bytes: Vec<u8>,
    pub room: Room,
}

/// Memory that was given to a request; given back when this is dropped.
#[derive(Debug)]
pub struct Room {
    permit: OwnedSemaphorePermit,
    all: Arc<Semaphore>,
}

/// Room is given out in pieces of this size.
pub const ROOM_BYTES: usize = 1 << 10;
/// What comes without a length gets its room in steps of so many bytes.
const STEP_BYTES: usize = 16 << 10;
/// Somebody who finds no room comes back after so many seconds.
const RETRY_SECONDS: u64 = 1;

impl Room {
    fn of(state: &State, bytes: usize) -> Result<Room, Answer> {
        let all = state.room.clone();
        let permit = all.clone().try_acquire_many_owned(pieces(bytes)).map_err(|_| full())?;
        Ok(Room { permit, all })
    }
    /// More of it, or the request ends here: nobody waits for room while holding some.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Answer> {
        let more = self.all.clone().try_acquire_many_owned(pieces(bytes)).map_err(|_| full())?;
        self.permit.merge(more);
        Ok(())
    }
}

fn pieces(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(ROOM_BYTES)).unwrap_or(u32::MAX)
}

fn full() -> Answer {
    Answer::busy(RETRY_SECONDS).closing()
}

/// Reads a body of at most `bytes_max` bytes, unpacked as well as packed.
pub async fn read(state: &State, headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Taken, Answer> {
    let length = length(headers)?;
    let packed = packed(headers)?;
    if length.is_some_and(|length| length > bytes_max) {
        return Err(refused(body, Answer::too_large(bytes_max)).await);
    }
    // What its length says is all that can come.
    let mut room = Room::of(state, length.unwrap_or(0) * MEMORY_PER_BYTE)?;
    let reading = collect(body, bytes_max, length, &mut room);
    let read = tokio::time::timeout(state.limits.body_timeout, reading).await;
    let too_slow = "the body did not come in time";
    let bytes = read.map_err(|_| Answer::new(StatusCode::REQUEST_TIMEOUT, "too_slow", too_slow).closing())??;
    let bytes = if packed { unpacked(&bytes, bytes_max, &mut room)? } else { bytes };
    Ok(Taken { bytes, room })
}

/// An answer that was found before the body was read. Somebody who is still sending would lose it with the connection, so what
/// comes for a while is read and thrown away.
pub async fn refused(mut body: Body, answer: Answer) -> Answer {
    let discarding = async {
        let mut left = DISCARD_BYTES_MAX;
        while let Some(Ok(frame)) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            let Some(less) = left.checked_sub(bytes) else { return };
            left = less;
        }
    };
    // Whoever sends more, or more slowly, may lose it.
    let _ = tokio::time::timeout(DISCARD_WAIT, discarding).await;
    answer
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

async fn collect(mut body: Body, bytes_max: usize, length: Option<usize>, room: &mut Room) -> Result<Vec<u8>, Answer> {
    let mut bytes = Vec::with_capacity(length.unwrap_or(0));
    let mut covered = length.unwrap_or(0);
    loop {
        match std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            None => return Ok(bytes),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                if bytes.len() + data.len() > bytes_max {
                    return Err(Answer::too_large(bytes_max));
                }
                covered = cover(bytes.len() + data.len(), covered, room)?;
                bytes.extend_from_slice(&data);
            }
            Some(Err(_)) => {
                return Err(Answer::new(StatusCode::BAD_REQUEST, "body", "the body ended in the middle").closing());
            }
        }
    }
}

/// Room for `bytes` in all, of which there is some for `covered`; says for how many there is now.
fn cover(bytes: usize, covered: usize, room: &mut Room) -> Result<usize, Answer> {
    if bytes <= covered {
        return Ok(covered);
    }
    let more = (bytes - covered).max(STEP_BYTES);
    room.grow(more * MEMORY_PER_BYTE)?;
    Ok(covered + more)
}

/// Stops unpacking as soon as it is too large, however small it was packed.
fn unpacked(packed: &[u8], bytes_max: usize, room: &mut Room) -> Result<Vec<u8>, Answer> {
    let mut reader = MultiGzDecoder::new(packed);
    let (mut bytes, mut covered) = (Vec::new(), 0);
    let mut piece = [0; STEP_BYTES];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(bytes),
            Ok(n) if bytes.len() + n > bytes_max => return Err(Answer::too_large(bytes_max)),
            Ok(n) => {
                covered = cover(bytes.len() + n, covered, room)?;
                bytes.extend(piece.iter().take(n));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(Answer::new(StatusCode::BAD_REQUEST, "gzip", "the body cannot be unpacked")),
        }
    }
}

/// An answer that keeps a request's room until it has been written, however slowly it is read.
pub fn keeping(response: Response, room: Room) -> Response {
    let (head, inner) = response.into_parts();
    Response::from_parts(head, Body::new(Kept { inner, _room: room }))
}

struct Kept {
    inner: Body,
    _room: Room,
}

impl HttpBody for Kept {
    type Data = Bytes;
    type Error = axum::Error;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }
    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
    fn size_hint(&self) -> http_body::SizeHint {
        self.inner.size_hint()
    }
}
