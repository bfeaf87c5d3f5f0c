//! Connections to one relay: opened under a time limit, kept for the next mail, thrown away when in doubt.
//!
//! Knows nothing of mails.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::Rset;
use lettre::transport::smtp::extension::{ClientId, Extension};
use lettre::transport::smtp::{self};
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::dial::{Dial, Lines, Pipe};
use super::reply::{Reply, Stage};

/// Connecting, greeting, encryption and login together. Twice what slow relays take on purpose before they greet.
const OPENING_MAX: Duration = Duration::from_secs(30);
/// RFC 5321 4.5.3.2 lets servers hang up after five minutes; many do much earlier.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// After so long a connection is asked whether it is still there before it is used.
const FRESH: Duration = Duration::from_secs(2);
/// Relays close a connection after some number of mails; a new one now and then also spreads over their machines.
const MAILS_MAX: u32 = 100;
/// A farewell is not waited for longer.
const FAREWELL_MAX: Duration = Duration::from_secs(2);

/// What went wrong in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The relay said no.
    Said(Reply),
    /// The connection broke, or what came over it was no reply.
    Broken(String),
    /// The relay and the settings do not go together.
    Unfit(String),
}

/// How a connection is made safe.
pub(super) enum Security {
    Clear,
    StartTls(TlsParameters),
    Implicit(TlsConnector, ServerName<'static>),
}

pub(super) struct Login {
    pub user: String,
    pub password: SecretString,
}

/// At most so many connections, idle ones included.
pub(super) struct Pool {
    pub dial: Box<dyn Dial>,
    pub security: Security,
    pub login: Option<Login>,
    pub hello: ClientId,
    seats: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    mails: u32,
    since: Instant,
    /// Something of a transaction may be left over.
    begun: bool,
}

/// A connection in use.
pub(super) struct Line<'a> {
    pub connection: AsyncSmtpConnection,
    /// Not made for this mail, so that it may turn out to be dead.
    pub reused: bool,
    mails: u32,
    pool: &'a Pool,
    _seat: SemaphorePermit<'a>,
}

impl Pool {
    pub fn new(dial: Box<dyn Dial>, security: Security, login: Option<Login>, connections_max: usize) -> Pool {
        Pool {
            dial,
            security,
            login,
            hello: ClientId::default(),
            seats: Semaphore::new(connections_max),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Waits for a free place, then gives an idle connection, or a new one. `fresh`: an idle one was found dead, so no other
    /// is trusted either.
    pub async fn line(&self, fresh: bool) -> Result<Line<'_>, (Stage, Trouble)> {
        let gone = |_| (Stage::Opening, Trouble::Broken("the pool is closed".to_owned()));
        let seat = self.seats.acquire().await.map_err(gone)?;
        while let Some(mut idle) = self.taken() {
            let age = idle.since.elapsed();
            if !fresh && age < IDLE_MAX && (age < FRESH && !idle.begun || ready(&mut idle.connection).await) {
                return Ok(Line {
                    connection: idle.connection,
                    reused: true,
                    mails: idle.mails,
                    pool: self,
                    _seat: seat,
                });
            }
            farewell(idle.connection);
        }
        let opened = timeout(OPENING_MAX, self.opened()).await;
        let late = |_| (Stage::Opening, Trouble::Broken(format!("silent for {} s", OPENING_MAX.as_secs())));
        let connection = opened.map_err(late)??;
        Ok(Line { connection, reused: false, mails: 0, pool: self, _seat: seat })
    }

    /// The one used last: it is the likeliest to be alive.
    fn taken(&self) -> Option<Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    async fn opened(&self) -> Result<AsyncSmtpConnection, (Stage, Trouble)> {
        let opening = |trouble| (Stage::Opening, trouble);
        let pipe = self.dial.dial().await.map_err(|fault| opening(of_io(&fault)))?;
        let pipe: Box<dyn Pipe> = match &self.security {
            Security::Implicit(connector, name) => {
                let sealed = connector.connect(name.clone(), pipe).await;
                Box::new(sealed.map_err(|fault| opening(of_io(&fault)))?)
            }
            Security::Clear | Security::StartTls(_) => pipe,
        };
        let lines = Box::new(Lines::new(pipe));
        let connected = AsyncSmtpConnection::connect_with_transport(lines, &self.hello).await;
        let mut connection = connected.map_err(|fault| opening(trouble(&fault)))?;
        if let Security::StartTls(parameters) = &self.security {
            if !connection.server_info().supports_feature(Extension::StartTls) {
                farewell(connection);
                let why = "the relay offers no STARTTLS, and nothing is sent in the clear".to_owned();
                return Err(opening(Trouble::Unfit(why)));
            }
            let started = connection.starttls(parameters.clone(), &self.hello).await;
            started.map_err(|fault| opening(trouble(&fault)))?;
        }
        if let Some(login) = &self.login {
            let credentials = Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
            let known = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            known.map_err(|fault| {
                let trouble = match trouble(&fault) {
                    Trouble::Broken(why) if fault.is_client() => Trouble::Unfit(why),
                    trouble => trouble,
                };
                (Stage::Login, trouble)
            })?;
        }
        Ok(connection)
    }
}

impl Line<'_> {
    /// Ready for the next mail; `begun` if a transaction was left in the middle.
    pub fn kept(self, begun: bool) {
        let mails = self.mails + 1;
        if mails >= MAILS_MAX {
            return farewell(self.connection);
        }
        let idle = Idle { connection: self.connection, mails, since: Instant::now(), begun };
        self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
    }
}

/// Whether a connection answers, and is at the beginning.
async fn ready(connection: &mut AsyncSmtpConnection) -> bool {
    matches!(timeout(FAREWELL_MAX, connection.command(Rset)).await, Ok(Ok(_)))
}

/// Says goodbye aside, so that no mail waits for it.
fn farewell(mut connection: AsyncSmtpConnection) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move {
            let _ = timeout(FAREWELL_MAX, connection.quit()).await;
        });
    }
}

/// What a fault of the library means.
pub(super) fn trouble(fault: &smtp::Error) -> Trouble {
    if let Some(code) = fault.status() {
        let text = fault.source().map(ToString::to_string).unwrap_or_default();
        return Trouble::Said(Reply { code: u16::from(code), text });
    }
    let mut source = fault.source();
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<io::Error>()
            && let unfit @ Trouble::Unfit(_) = of_io(io)
        {
            return unfit;
        }
        source = inner.source();
    }
    Trouble::Broken(fault.to_string())
}

/// A certificate that is not believed is a setting to be mended; all else passes.
fn of_io(fault: &io::Error) -> Trouble {
    let tls = fault.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(why)) => {
            Trouble::Unfit(format!("the relay's certificate is not believed: {why:?}"))
        }
        _ if fault.kind() == io::ErrorKind::PermissionDenied => Trouble::Unfit(fault.to_string()),
        _ => Trouble::Broken(fault.to_string()),
    }
}

/// As TLS clients of this process trust: the operating system's authorities and, if given, some more.
pub(super) fn connector(extra_roots: Vec<rustls::pki_types::CertificateDer<'static>>) -> Result<TlsConnector, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra_roots, provider.clone())
        .map_err(|fault| fault.to_string())?;
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|fault| fault.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
