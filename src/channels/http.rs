//! HTTP that goes out, for every channel alike: one pool of connections, a time limit, no redirects, answers of bounded size.
//!
//! Understands no answer and repeats nothing. Where only the public internet may be reached, the addresses that a name was
//! found to have are checked and the connection is made to these very addresses, so that a second look-up cannot lead elsewhere.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::{Client, Error as WireError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::Service;

use super::target::Target;
use crate::ports::Attempt;
use crate::ports::reach::is_public;
use crate::value::{Instant, Span, time};

/// What a provider answers is shorter; the rest of a longer answer is not read.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// A host that does not take a connection in this time is not there.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Shorter than servers commonly keep a silent connection (60 s and more), so that one is rarely closed as it is used.
const IDLE_MAX: Duration = Duration::from_secs(30);
const IDLE_CONNECTIONS_MAX: usize = 512;
/// Who asks for more than this is asked again after this.
const RETRY_AFTER_MAX: Span = Span(time::MILLIS_PER_HOUR);
/// Who we are, for those who read their logs.
const AGENT: &str = concat!("tabi/", env!("CARGO_PKG_VERSION"));

/// How far requests may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Never into this machine or private networks.
    Public,
    Anywhere,
}

/// The addresses of a name.
pub trait Names: Send + Sync {
    fn addresses(&self, host: String) -> Attempt<'static, io::Result<Vec<IpAddr>>>;
}

/// As the operating system looks names up.
#[derive(Debug)]
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses(&self, host: String) -> Attempt<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|found| found.ip()).collect()) })
    }
}

/// A client. Clones share its connections.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpsConnector<HttpConnector<Guarded>>, Full<Bytes>>,
    /// Why `https` cannot work here, if so.
    untrusting: Option<Arc<str>>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Cut off at [`ANSWER_BYTES_MAX`].
    pub body: Bytes,
    /// There was more, or it broke off.
    pub cut: bool,
}

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Nothing can have been taken: no connection came about.
    Unreached(String),
    /// The name leads where requests may not go.
    Forbidden(String),
    /// It may have been taken.
    Lost(String),
    /// This machine cannot check anybody's certificate.
    Untrusting(String),
}

impl Failure {
    pub fn why(&self) -> &str {
        match self {
            Failure::Unreached(why) | Failure::Forbidden(why) | Failure::Lost(why) | Failure::Untrusting(why) => why,
        }
    }
}

impl Http {
    pub fn new(reach: Reach) -> Http {
        Http::with_names(reach, Arc::new(SystemNames))
    }

    /// Looks names up in another way.
    pub fn with_names(reach: Reach, names: Arc<dyn Names>) -> Http {
        let mut wire = HttpConnector::new_with_resolver(Guarded { names, reach });
        wire.enforce_http(false);
        wire.set_nodelay(true);
        wire.set_connect_timeout(Some(CONNECT_MAX));
        let (tls, untrusting) = tls_config();
        let secured = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(wire);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .pool_timer(TokioTimer::new())
            .build(secured);
        Http { client, untrusting }
    }

    /// The beginning of a POST to an address.
    pub fn post(target: &Target) -> hyper::http::request::Builder {
        Request::post(target.uri().clone()).header(header::USER_AGENT, HeaderValue::from_static(AGENT))
    }

    /// Sends once and reads the answer, all within `limit`.
    pub async fn send(&self, request: Request<Full<Bytes>>, limit: Span) -> Result<Answer, Failure> {
        if let Some(why) = self.untrusting.as_deref().filter(|_| request.uri().scheme_str() == Some("https")) {
            return Err(Failure::Untrusting(why.to_owned()));
        }
        let host = request.uri().host().unwrap_or_default().to_owned();
        let limit = Duration::from_millis(limit.0.max(1).unsigned_abs());
        let sent = async {
            let response = self.client.request(request).await.map_err(|error| failure(&host, &error))?;
            Ok(read(response).await)
        };
        match tokio::time::timeout(limit, sent).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Lost(format!("no answer from `{host}` within {} s", limit.as_secs_f64()))),
        }
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http(…)")
    }
}

async fn read(response: Response<Incoming>) -> Answer {
    let (head, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    let mut cut = false;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            cut = true;
            break;
        };
        let Some(data) = frame.data_ref() else { continue };
        let left = ANSWER_BYTES_MAX - bytes.len();
        bytes.extend_from_slice(data.get(..left).unwrap_or(data));
        if data.len() > left {
            cut = true;
            break;
        }
    }
    Answer { status: head.status, headers: head.headers, body: Bytes::from(bytes), cut }
}

fn failure(host: &str, error: &WireError) -> Failure {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
        if let Some(forbidden) = forbidden_in(innermost) {
            return Failure::Forbidden(forbidden.to_string());
        }
    }
    match error.is_connect() {
        true => Failure::Unreached(format!("no connection to `{host}`: {innermost}")),
        false => Failure::Lost(format!("the connection to `{host}` broke: {innermost}")),
    }
}

fn forbidden_in<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Forbidden> {
    let inside = error.downcast_ref::<io::Error>().and_then(|error| error.get_ref());
    inside.and_then(|error| error.downcast_ref()).or_else(|| error.downcast_ref())
}

/// Certificates as the operating system judges them; where it knows none, a reason why `https` cannot be used.
fn tls_config() -> (rustls::ClientConfig, Option<Arc<str>>) {
    super::tls::install();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (roots, untrusting): (Arc<dyn rustls::client::danger::ServerCertVerifier>, _) =
        match rustls_platform_verifier::Verifier::new(provider.clone()) {
            Ok(verifier) => (Arc::new(verifier), None),
            Err(error) => {
                let why =
                    format!("this machine has no certificates to check others by (install `ca-certificates`): {error}");
                (Arc::new(Nobody(provider.clone())), Some(Arc::from(why)))
            }
        };
    let config =
        rustls::ClientConfig::builder().dangerous().with_custom_certificate_verifier(roots).with_no_client_auth();
    (config, untrusting)
}

/// Trusts nobody.
#[derive(Debug)]
struct Nobody(Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for Nobody {
    fn verify_server_cert(
        &self,
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &[rustls::pki_types::CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Err(rustls::CertificateError::UnknownIssuer.into())
    }
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Err(rustls::CertificateError::UnknownIssuer.into())
    }
    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Err(rustls::CertificateError::UnknownIssuer.into())
    }
    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Looks a name up once and lets through only what may be reached.
#[derive(Clone)]
struct Guarded {
    names: Arc<dyn Names>,
    reach: Reach,
}

#[derive(Debug)]
struct Forbidden(String);

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Forbidden {}

impl Service<Name> for Guarded {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (names, reach) = (self.names.clone(), self.reach);
        Box::pin(async move {
            let found = names.addresses(name.as_str().to_owned()).await?;
            // One private address among public ones is as suspect as it alone.
            if reach == Reach::Public && found.iter().any(|ip| !is_public(*ip)) {
                let why = format!(
                    "`{}` leads into a private network or this machine (`private: true` if that is meant)",
                    name.as_str()
                );
                return Err(io::Error::other(Forbidden(why)));
            }
            Ok(found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect::<Vec<_>>().into_iter())
        })
    }
}

/// How long the other side asks to be left alone: seconds, or a date as seen from `now`; never more than an hour.
pub fn retry_after(headers: &HeaderMap, now: Instant) -> Option<Span> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let asked = match text.parse::<u32>() {
        Ok(seconds) => Span(i64::from(seconds) * time::MILLIS_PER_SECOND),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
            Instant(i64::try_from(date.as_millis()).ok()?).since(now)
        }
    };
    Some(Span(asked.0.clamp(0, RETRY_AFTER_MAX.0)))
}
