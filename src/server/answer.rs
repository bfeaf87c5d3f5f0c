//! What we answer when it did not go well: a status, a word for programs, a sentence for people.
//!
//! Says nothing of who asked or of what others sent.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::ports::Refusal;
use crate::value::time::MILLIS_PER_SECOND;

/// An answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    pub error: &'static str,
    pub message: String,
    /// Seconds.
    pub retry_after: Option<u64>,
    /// Nothing more is read from this connection.
    pub close: bool,
}

impl Answer {
    pub fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Answer {
        Answer { status, error, message: message.into(), retry_after: None, close: false }
    }
    pub fn closing(self) -> Answer {
        Answer { close: true, ..self }
    }
    pub fn no_key() -> Answer {
        let message =
            "no known write key: send it as the user name of Basic authorization, or as `writeKey` in the body";
        Answer::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }
    pub fn too_large(bytes_max: usize) -> Answer {
        let message = format!("more than {bytes_max} bytes");
        Answer::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message).closing()
    }
    pub fn busy(seconds: u64) -> Answer {
        let message = "more is under way than may be; send it again later";
        Answer { retry_after: Some(seconds), ..Answer::new(StatusCode::TOO_MANY_REQUESTS, "busy", message) }
    }
    /// Something that is needed beside us is not at hand.
    pub fn unavailable(message: impl Into<String>) -> Answer {
        Answer {
            retry_after: Some(UNAVAILABLE_RETRY_SECONDS),
            ..Answer::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
        }
    }
    pub fn not_found() -> Answer {
        Answer::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
    }
    pub fn wrong_method() -> Answer {
        Answer::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this address does not take this method")
    }
}

/// Where a disk or the runtime is the trouble, a later attempt may find it well again.
const UNAVAILABLE_RETRY_SECONDS: u64 = 10;

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        match refusal {
            Refusal::Busy { retry_after } => {
                let millis = retry_after.0.max(1).unsigned_abs();
                Answer::busy(millis.div_ceil(MILLIS_PER_SECOND.unsigned_abs()))
            }
            Refusal::Stopping => Answer {
                retry_after: Some(UNAVAILABLE_RETRY_SECONDS),
                ..Answer::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "Tabi is on its way down")
            },
            // What the disk said is for the logs and for operators.
            Refusal::Disk(_) => Answer {
                retry_after: Some(UNAVAILABLE_RETRY_SECONDS),
                ..Answer::new(StatusCode::SERVICE_UNAVAILABLE, "disk", "nothing can be written at the moment")
            },
            Refusal::Unknown(what) => Answer::new(StatusCode::NOT_FOUND, "unknown", what),
            Refusal::Wrong(what) => Answer::new(StatusCode::BAD_REQUEST, "wrong", what),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let body = json!({ "success": false, "error": self.error, "message": self.message });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"write key\""));
        }
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
