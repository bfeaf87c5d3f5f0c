//! Asking a running Tabi through its socket, for commands: one question, one answer.
//!
//! Waits until the answer is there; for programs that do several things at once there is the socket itself.

use std::fmt;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Method, Request};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use super::SOCKET;

/// A copy of much data takes its time; nothing else does.
const TIMEOUT: Duration = Duration::from_secs(3_600);
/// A larger answer is none of ours; everything that is kept of one person stays far below.
const ANSWER_BYTES_MAX: usize = 256 << 20;

#[derive(Debug)]
pub enum Trouble {
    /// Nobody answers on the socket: nothing runs on these data.
    NotRunning,
    /// The socket is somebody else's.
    Denied,
    /// What came back is no answer.
    Broken(String),
    /// The answer is no.
    Refused {
        status: u16,
        error: String,
        message: String,
        /// Seconds.
        retry_after: Option<u64>,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::NotRunning => f.write_str("nothing runs on these data"),
            Trouble::Denied => f.write_str("the socket is somebody else's"),
            Trouble::Broken(what) => f.write_str(what),
            Trouble::Refused { message, .. } => f.write_str(message),
        }
    }
}

/// Asks the Tabi that runs on the data in `folder`. `path` is the address with its query, escaped as in a URL.
pub fn ask(folder: &Path, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Trouble> {
    let broken = |error: &dyn fmt::Display| Trouble::Broken(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| broken(&e))?;
    let asking = async {
        let stream = UnixStream::connect(folder.join(SOCKET)).await.map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => Trouble::Denied,
            _ => Trouble::NotRunning,
        })?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| broken(&e))?;
        let connection = tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path).header(HOST, "tabi");
        let request = match body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let response = sender.send_request(request.map_err(|e| broken(&e))?).await.map_err(|e| broken(&e))?;
        let status = response.status();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let mut incoming = response.into_body();
        let mut bytes = Vec::new();
        while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await {
            let Ok(data) = frame.map_err(|e| broken(&e))?.into_data() else { continue };
            if bytes.len() + data.len() > ANSWER_BYTES_MAX {
                return Err(Trouble::Broken("the answer is too large".into()));
            }
            bytes.extend_from_slice(&data);
        }
        connection.abort();
        let answer: Value = serde_json::from_slice(&bytes).map_err(|e| broken(&e))?;
        if status.is_success() {
            return Ok(answer);
        }
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Err(Trouble::Refused { status: status.as_u16(), error: text("error"), message: text("message"), retry_after })
    };
    runtime.block_on(async {
        let timed = tokio::time::timeout(TIMEOUT, asking);
        timed.await.unwrap_or_else(|_| Err(Trouble::Broken("no answer in an hour".into())))
    })
}
