//! Mail as a provider: one attempt, from a free connection to the reply after the final dot.
//!
//! Does not try again, except that a kept connection found dead before any mail was spoken of is replaced by a new one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use secrecy::SecretString;
use tokio::time::timeout;

use super::dial::{Dial, Tcp};
use super::letter::{Letter, Sealing};
use super::pool::{self, Line, Login, Pool, Security, Trouble, trouble};
use super::reply::{self, Reply, Stage};
use crate::channels::tls;
use crate::ir::Channel;
use crate::machine::Report;
use crate::ports::environment::{EmailFeedback, EmailSettings, Tls};
use crate::ports::{Attempt, Delivery, Idempotency, Manifest, Outcome, Provider};
use crate::render::Words;
use crate::value::{Span, time};

/// A whole attempt. RFC 5321 would have us wait ten minutes for the reply to the dot; a place among few connections is not
/// held that long, since a repeat carries the same Message-ID and can be told.
const ATTEMPT_MAX: Duration = Duration::from_secs(120);
/// More connections to one relay than this is a mistake in the settings.
const CONNECTIONS_MAX: usize = 100;

const TAKEN: &[Report] = &[Report::Accepted, Report::Refused];
const MAILBOX: &[Report] =
    &[Report::Accepted, Report::Refused, Report::Bounced, Report::Complained, Report::Unsubscribed];
const EVENTS: &[Report] = &[
    Report::Accepted,
    Report::Refused,
    Report::Delivered,
    Report::Opened,
    Report::Clicked,
    Report::Bounced,
    Report::Complained,
    Report::Unsubscribed,
];

/// Brings mail to a relay.
pub struct Smtp {
    manifest: Manifest,
    sealing: Sealing,
    pool: Pool,
}

impl Smtp {
    /// `extra_roots`: certificates in PEM that are trusted besides those of the operating system, for a relay of one's own.
    pub fn new(settings: &EmailSettings, password: Option<SecretString>, extra_roots: &[u8]) -> Result<Smtp, Words> {
        let loopback_only = settings.tls == Tls::None;
        let dial = Tcp { host: settings.host.clone(), port: settings.port, loopback_only };
        Smtp::over(Box::new(dial), settings, password, extra_roots)
    }

    /// The same over a line of one's own.
    pub fn over(
        dial: Box<dyn Dial>,
        settings: &EmailSettings,
        password: Option<SecretString>,
        extra_roots: &[u8],
    ) -> Result<Smtp, Words> {
        tls::install();
        if settings.connections_max == 0 || settings.connections_max > CONNECTIONS_MAX {
            return Err(Words::new(
                format!("email: `connections_max` is {}; say 1 to {CONNECTIONS_MAX}", settings.connections_max),
                format!(
                    "email: `connections_max` は 1 から {CONNECTIONS_MAX} までです（今は {}）",
                    settings.connections_max
                ),
            ));
        }
        let login = match (&settings.user, password) {
            (Some(user), Some(password)) => Some(Login { user: user.clone(), password }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err(Words::new(
                    "email: `user` and `password` go together; one of them is missing",
                    "email: `user` と `password` は両方必要です。片方がありません",
                ));
            }
        };
        let security = security(settings, extra_roots).map_err(|why| {
            Words::new(
                format!("email: no safe connection to `{}` can be made: {why}", settings.host),
                format!("email: `{}` への安全な接続を用意できません: {why}", settings.host),
            )
        })?;
        let sealing = Sealing {
            from: settings.from.clone(),
            domain: settings.domain.clone(),
            mailbox_host: settings.mailbox_host.clone(),
            for_sendgrid: settings.feedback.iter().any(|feedback| matches!(feedback, EmailFeedback::SendGrid { .. })),
        };
        let reports = match (settings.feedback.is_empty(), settings.mailbox_host.is_some()) {
            (false, _) => EVENTS,
            (true, true) => MAILBOX,
            (true, false) => TAKEN,
        };
        Ok(Smtp {
            manifest: Manifest {
                channel: Channel::Email,
                provider: "smtp",
                reports,
                idempotency: Idempotency::Recognisable,
                per_second_max: settings.per_second_max,
                at_once_max: settings.connections_max,
                recipients_max: 1,
                timeout: Span(ATTEMPT_MAX.as_secs() as i64 * time::MILLIS_PER_SECOND),
            },
            sealing,
            pool: Pool::new(dial, security, login, settings.connections_max),
        })
    }

    async fn attempted(&self, letter: &Letter, dotted: &AtomicBool) -> Outcome {
        let mut fresh = false;
        loop {
            let line = match self.pool.line(fresh).await {
                Ok(line) => line,
                Err((stage, trouble)) => return met(stage, trouble),
            };
            let reused = line.reused;
            match spoken(line, letter, dotted).await {
                // A kept connection that was closed meanwhile: nothing was said of the mail, so a new one may say it.
                Err((Stage::Sender, trouble)) if reused && has_ended(&trouble) => fresh = true,
                Err((stage, trouble)) => return met(stage, trouble),
                Ok(id) => return Outcome::Accepted { provider_id: id },
            }
        }
    }
}

impl Provider for Smtp {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Attempt<'a, Outcome> {
        Box::pin(async move {
            let letter = match Letter::of(delivery, &self.sealing) {
                Ok(letter) => letter,
                Err(outcome) => return outcome,
            };
            // Outlives the attempt when that is cut off: whether the relay may have the mail by then.
            let dotted = AtomicBool::new(false);
            match timeout(ATTEMPT_MAX, self.attempted(&letter, &dotted)).await {
                Ok(outcome) => outcome,
                Err(_) => silent(dotted.load(Ordering::Relaxed), &format!("silent for {} s", ATTEMPT_MAX.as_secs())),
            }
        })
    }
}

/// MAIL, RCPT, DATA, the text, the dot. A connection whose state is known is kept.
async fn spoken(mut line: Line<'_>, letter: &Letter, dotted: &AtomicBool) -> Result<Option<String>, (Stage, Trouble)> {
    let connection = &mut line.connection;
    let mut stage = Stage::Sender;
    let answered = async {
        connection.command(Mail::new(Some(letter.from.clone()), Vec::new())).await.map_err(|fault| trouble(&fault))?;
        stage = Stage::Recipient;
        connection.command(Rcpt::new(letter.to.clone(), Vec::new())).await.map_err(|fault| trouble(&fault))?;
        stage = Stage::Data;
        let go = connection.command(Data).await.map_err(|fault| trouble(&fault))?;
        if !go.has_code(354) {
            return Err(Trouble::Broken(format!("DATA was answered with {}", u16::from(go.code()))));
        }
        stage = Stage::Content;
        // The dot goes out when the text has gone out whole.
        let mut text = Some(letter.bytes.as_slice());
        let text = std::iter::from_fn(|| {
            let next = text.take();
            dotted.store(next.is_none(), Ordering::Relaxed);
            next
        });
        let taken = connection.message_iter(text).await.map_err(|fault| trouble(&fault))?;
        if u16::from(taken.code()) / 100 != 2 {
            return Err(Trouble::Broken(format!("the text was answered with {}", u16::from(taken.code()))));
        }
        Ok(reply::provider_id(&taken.message().collect::<Vec<_>>().join(" ")))
    }
    .await;
    match answered {
        Ok(id) => {
            line.kept(false);
            Ok(id)
        }
        Err(trouble) => {
            match has_ended(&trouble) {
                true => drop(line),
                false => line.kept(true),
            }
            // A text cut off before its dot was never taken.
            let stage = if stage == Stage::Content && !dotted.load(Ordering::Relaxed) { Stage::Data } else { stage };
            Err((stage, trouble))
        }
    }
}

/// The other side hung up, or says that it does (421).
fn has_ended(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Said(Reply { code, .. }) => *code == 421,
        Trouble::Broken(_) | Trouble::Unfit(_) => true,
    }
}

/// What comes of an attempt that met with trouble.
fn met(stage: Stage, trouble: Trouble) -> Outcome {
    match trouble {
        Trouble::Said(said) => reply::outcome(stage, &said),
        Trouble::Unfit(why) => Outcome::Misconfigured { why },
        Trouble::Broken(why) => silent(stage == Stage::Content, &why),
    }
}

/// Nothing was heard: after the dot the relay may have the mail.
fn silent(dotted: bool, why: &str) -> Outcome {
    let why = reply::clipped(why, 300);
    match dotted {
        true => Outcome::Unknown { why: format!("after the text: {why}") },
        false => Outcome::Later { why, after: None },
    }
}

fn security(settings: &EmailSettings, extra_roots: &[u8]) -> Result<Security, String> {
    let host = settings.host.clone();
    match settings.tls {
        Tls::None => Ok(Security::Clear),
        Tls::StartTls => {
            let mut builder = TlsParameters::builder(host);
            if !extra_roots.is_empty() {
                builder = builder.add_root_certificate(Certificate::from_pem(extra_roots).map_err(|f| f.to_string())?);
            }
            Ok(Security::StartTls(builder.build().map_err(|fault| fault.to_string())?))
        }
        Tls::Implicit => {
            let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(extra_roots).collect();
            let roots = roots.map_err(|_| "the extra certificates are no PEM".to_owned())?;
            let name = ServerName::try_from(host).map_err(|fault| fault.to_string())?;
            Ok(Security::Implicit(pool::connector(roots)?, name))
        }
    }
}
