//! One request to LINE and its answer, or why there is none.
//!
//! Understands no answer beyond its frame: status, ids, JSON.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use crate::channels::tls::{self, Roots};
use crate::ports::environment::LineSettings;
use crate::value::Span;
use crate::value::time::MILLIS_PER_SECOND;

/// LINE's answers have a few hundred bytes; a list of 100 aggregation units less than 4 KB.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Ids of requests have 36 characters; more is cut.
const ID_CHARS_MAX: usize = 100;
/// A longer `Retry-After` is cut to an hour: a proxy may say anything.
const RETRY_AFTER_SECONDS_MAX: i64 = 3_600;
/// Of one whole request. LINE answers within one second as a rule; a multicast to 500 may take longer.
pub const TIMEOUT: Span = Span(15 * MILLIS_PER_SECOND);
/// A manifest's limit lies a little behind the client's own, which says better what happened.
const TIMEOUT_MARGIN: Span = Span(MILLIS_PER_SECOND);
/// A link that is not up by then is not up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// An idle connection is given up before the other side does: a request on one that just went away has no known outcome.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// The way to the Messaging API with a token. Cheap to clone; printing it shows no token.
#[derive(Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

struct Inner {
    http: Client,
    base: Url,
    token: HeaderValue,
    timeout: Span,
}

/// Settings with which nothing can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetupError {
    /// `base_url` is no `https` address (plain `http` only on this machine).
    BaseUrl(String),
    /// The token is empty, or has characters that no header may have.
    Token,
    /// No client could be built: certificates of this machine.
    Client(String),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetupError::BaseUrl(url) => {
                write!(f, "LINE's base URL `{url}` is not an https address (http only for this machine)")
            }
            SetupError::Token => {
                write!(f, "LINE's channel access token is empty or has characters a token cannot have")
            }
            SetupError::Client(why) => write!(f, "no HTTPS client for LINE: {why}"),
        }
    }
}

/// What LINE answered. No status is judged here.
pub(super) struct Answer {
    pub status: u16,
    /// `X-Line-Request-Id`: what LINE's support and statistics ask for.
    pub request_id: Option<String>,
    /// With 409: the request that was accepted under the same retry key.
    pub accepted_request_id: Option<String>,
    pub retry_after: Option<Span>,
    /// `Null` where the body was no JSON, too long, or cut off.
    pub body: Json,
}

/// Why there is no answer.
pub(super) enum Silence {
    /// No connection came about: certainly not taken.
    NotSent(String),
    /// It went out, or may have.
    Unknown(String),
    /// Nothing that can be sent: a part of it cannot stand in a request.
    Unsendable(String),
}

impl Api {
    /// `timeout` is for one whole request.
    pub fn new(settings: &LineSettings, token: &SecretString, timeout: Span) -> Result<Api, SetupError> {
        Api::trusting(settings, token, timeout, &Roots::default())
    }

    /// Trusts these authorities besides those of the operating system.
    pub fn trusting(
        settings: &LineSettings,
        token: &SecretString,
        timeout: Span,
        roots: &Roots,
    ) -> Result<Api, SetupError> {
        let bad = || SetupError::BaseUrl(settings.base_url.clone());
        let base = Url::parse(&settings.base_url).map_err(|_| bad())?;
        let here = matches!(base.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if !(base.scheme() == "https" || (base.scheme() == "http" && here)) || base.query().is_some() {
            return Err(bad());
        }
        let text = token.expose_secret().trim();
        let mut token = HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| SetupError::Token)?;
        token.set_sensitive(true);
        if text.is_empty() || text.contains(char::is_whitespace) {
            return Err(SetupError::Token);
        }
        tls::install();
        let client = Client::builder()
            // A redirect would carry the token to somebody else.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_millis(timeout.0.max(1).unsigned_abs()))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_MAX)
            .user_agent(concat!("tabi/", env!("CARGO_PKG_VERSION")));
        let client = if here { client.no_proxy() } else { client };
        let extra: Result<Vec<_>, _> =
            roots.certificates.iter().map(|certificate| reqwest::Certificate::from_der(certificate)).collect();
        let extra = extra.map_err(|error| SetupError::Client(error.to_string()))?;
        let client = if extra.is_empty() { client } else { client.tls_certs_merge(extra) };
        let http = client.build().map_err(|error| SetupError::Client(error.to_string()))?;
        Ok(Api { inner: Arc::new(Inner { http, base, token, timeout }) })
    }

    /// For a manifest.
    pub(super) fn timeout(&self) -> Span {
        Span(self.inner.timeout.0.saturating_add(TIMEOUT_MARGIN.0))
    }
    pub(super) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, Silence> {
        self.ask(Method::GET, path, query, HeaderMap::new(), None).await
    }
    pub(super) async fn delete(&self, path: &[&str]) -> Result<Answer, Silence> {
        self.ask(Method::DELETE, path, &[], HeaderMap::new(), None).await
    }
    /// Without a body.
    pub(super) async fn call(&self, path: &[&str]) -> Result<Answer, Silence> {
        self.ask(Method::POST, path, &[], HeaderMap::new(), None).await
    }
    /// One more header with the body, if there is one: a retry key or a tag.
    pub(super) async fn post(
        &self,
        path: &[&str],
        header: Option<(&'static str, &str)>,
        body: &Json,
    ) -> Result<Answer, Silence> {
        let mut headers = HeaderMap::new();
        if let Some((name, text)) = header {
            let text =
                HeaderValue::from_str(text).map_err(|_| Silence::Unsendable(format!("`{name}` is no header")))?;
            headers.insert(name, text);
        }
        self.ask(Method::POST, path, &[], headers, Some(body)).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        mut headers: HeaderMap,
        body: Option<&Json>,
    ) -> Result<Answer, Silence> {
        let mut url = self.inner.base.clone();
        match url.path_segments_mut() {
            // Each segment is escaped, so that no id can lead to another path.
            Ok(mut segments) => segments.pop_if_empty().extend(path),
            Err(()) => return Err(Silence::Unsendable("the base URL takes no path".into())),
        };
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        headers.insert(AUTHORIZATION, self.inner.token.clone());
        let mut request = self.inner.http.request(method, url).headers(headers);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(silence)?;
        Ok(answer(response).await)
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Api({})", self.inner.base)
    }
}

/// The address is left out: it may hold a user's id.
fn silence(error: reqwest::Error) -> Silence {
    let (connect, builder, timeout) = (error.is_connect(), error.is_builder(), error.is_timeout());
    let mut why = error.without_url().to_string();
    if timeout {
        why = "no answer in time".to_owned();
    }
    match (connect, builder) {
        (true, _) => Silence::NotSent(format!("no connection to LINE: {why}")),
        (false, true) => Silence::Unsendable(why),
        (false, false) => Silence::Unknown(format!("LINE did not answer: {why}")),
    }
}

async fn answer(mut response: Response) -> Answer {
    let id = |name: &str| -> Option<String> {
        let text = response.headers().get(name)?.to_str().ok()?;
        Some(text.chars().take(ID_CHARS_MAX).collect()).filter(|text: &String| !text.is_empty())
    };
    let (request_id, accepted_request_id) = (id("x-line-request-id"), id("x-line-accepted-request-id"));
    let seconds = id(RETRY_AFTER.as_str()).and_then(|text| text.parse::<i64>().ok());
    let retry_after = seconds.map(|s| Span(s.clamp(0, RETRY_AFTER_SECONDS_MAX) * MILLIS_PER_SECOND));
    let status = response.status().as_u16();
    // The status says whether it was taken; a body that breaks off changes nothing of that.
    let body = read(&mut response).await.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Json::Null);
    Answer { status, request_id, accepted_request_id, retry_after, body }
}

async fn read(response: &mut Response) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            return None;
        }
        bytes.extend_from_slice(&chunk);
    }
    Some(bytes)
}
