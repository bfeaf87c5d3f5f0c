//! Access to Google's interfaces for a service account: a signed claim is exchanged for a token that lasts an hour.
//!
//! Knows nothing of messages. Source: Google, "Using OAuth 2.0 for server to server applications"; RFC 7523.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use url::form_urlencoded;

use crate::channels::http::{Failure, Http};
use crate::channels::target::{Rules, Target};
use crate::channels::webhook::quoted;
use crate::value::{Instant, Span, time};

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The longest a claim may last.
const CLAIM_SECONDS: i64 = 3_600;
/// A token is replaced so long before it ends, so that none ends under way.
const EARLY: Span = Span(5 * time::MILLIS_PER_MINUTE);
const TIMEOUT: Span = Span(10 * time::MILLIS_PER_SECOND);

pub struct Account {
    email: String,
    key_id: Option<String>,
    key: RsaKeyPair,
    /// As written in the key's file: the claim names it.
    audience: String,
    target: Target,
    http: Http,
    /// One fetches; the others wait for it.
    current: Mutex<Option<Access>>,
}

struct Access {
    token: SecretString,
    until: Instant,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAccess {
    Later(String),
    /// Google does not take the key.
    Never(String),
}

#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "type")]
    kind: String,
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    token_uri: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    /// Seconds.
    expires_in: u32,
}

impl Account {
    /// Reads the JSON of a service account's key. Errors hold nothing of it.
    pub fn read(json: &SecretString, http: Http) -> Result<Account, String> {
        let file: KeyFile = serde_json::from_str(json.expose_secret()).map_err(|error| {
            // The reader's own words may quote the file.
            let (line, column) = (error.line(), error.column());
            format!("not the JSON key of a service account (line {line}, column {column})")
        })?;
        if file.kind != "service_account" {
            return Err("not the key of a service account: its `type` is another".to_owned());
        }
        let der = PrivatePkcs8KeyDer::from_pem_slice(file.private_key.as_bytes())
            .map_err(|_| "`private_key` is not a key in PEM (PKCS #8)".to_owned())?;
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
            .map_err(|error| format!("`private_key` is not a usable RSA key: {error}"))?;
        let target = Target::parse(&file.token_uri, &Rules::OPERATORS).map_err(|why| format!("`token_uri`: {why}"))?;
        Ok(Account {
            email: file.client_email,
            key_id: file.private_key_id,
            key,
            audience: file.token_uri,
            target,
            http,
            current: Mutex::new(None),
        })
    }

    /// A token that is good for some minutes from `now`.
    pub async fn access(&self, now: Instant) -> Result<SecretString, NoAccess> {
        let mut current = self.current.lock().await;
        if let Some(access) = current.as_ref().filter(|access| now < access.until) {
            return Ok(access.token.clone());
        }
        let access = self.fetch(now).await?;
        Ok(current.insert(access).token.clone())
    }

    /// The token is not taken any more.
    pub async fn forget(&self, token: &SecretString) {
        let mut current = self.current.lock().await;
        // Another attempt may have fetched a newer one.
        current.take_if(|access| access.token.expose_secret() == token.expose_secret());
    }

    async fn fetch(&self, now: Instant) -> Result<Access, NoAccess> {
        let claim = self.claim(now).map_err(NoAccess::Never)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", GRANT)
            .append_pair("assertion", &claim)
            .finish();
        let request = Http::post(&self.target)
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .body(Full::new(Bytes::from(form)))
            .map_err(|error| NoAccess::Never(error.to_string()))?;
        let answer = self.http.send(request, TIMEOUT).await.map_err(|failure| match failure {
            // A claim may be made any number of times.
            Failure::Unreached(why) | Failure::Lost(why) => NoAccess::Later(why),
            Failure::Forbidden(why) | Failure::Untrusting(why) => NoAccess::Never(why),
        })?;
        if !answer.status.is_success() {
            let why = format!("no access: {}: {}", answer.status.as_u16(), quoted(&answer.body));
            let passing = answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS;
            return Err(if passing { NoAccess::Later(why) } else { NoAccess::Never(why) });
        }
        let granted: Granted = serde_json::from_slice(&answer.body)
            .map_err(|_| NoAccess::Later("no access: the answer holds no token".to_owned()))?;
        let life = Span(i64::from(granted.expires_in) * time::MILLIS_PER_SECOND);
        // One that lasts less than that is used once.
        Ok(Access { token: granted.access_token, until: now.plus(Span((life.0 - EARLY.0).max(0))) })
    }

    /// A JSON Web Token signed with RS256.
    fn claim(&self, now: Instant) -> Result<String, String> {
        let issued = now.0.div_euclid(time::MILLIS_PER_SECOND);
        let mut head = json!({ "alg": "RS256", "typ": "JWT" });
        if let Some(id) = &self.key_id {
            head["kid"] = json!(id);
        }
        let claims = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.audience,
            "iat": issued,
            "exp": issued + CLAIM_SECONDS,
        });
        let encoded = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", encoded(&head), encoded(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| "the key does not sign".to_owned())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("email", &self.email).finish_non_exhaustive()
    }
}
