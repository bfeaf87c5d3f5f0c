//! What all routes share: the desk, the schema, the settings, the room for bodies.
//!
//! Serves nothing itself.

use std::sync::{Arc, Mutex, PoisonError};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;

use crate::ingest::{Current, Tally};
use crate::ports::environment::Unknowns;
use crate::ports::{Desk, Secret};
use crate::value::Instant;

use super::body::ROOM_BYTES;
use super::hooks::Hooks;
use super::keys::{Key, Keys};
use super::leave::Language;
use super::limits::{Limits, REPORTS_MAX};

/// What the server is told when it starts. Secrets have been looked up by then.
#[derive(Debug)]
pub struct Settings {
    pub write_keys: Vec<Key>,
    pub unknown: Unknowns,
    /// The installation's: opens tokens of links.
    pub secret: Secret,
    /// The shop's name, as people know it: on the page where they leave.
    pub shop: String,
    /// For people whose browser does not say.
    pub language: Language,
    /// Pictures that tell of opens are answered and counted.
    pub opens: bool,
    /// `/metrics` on the public side, too.
    pub metrics_public: bool,
    pub limits: Limits,
    /// Makes the nonce by which LINE tells that an account is this user's; absent where LINE is not live.
    pub nonces: Option<Nonces>,
}

/// The nonce for a user id, made now; `None` for an id that it cannot carry.
pub type Nonces = fn(&Secret, &str, Instant) -> Option<String>;

pub struct State {
    pub desk: Arc<dyn Desk>,
    pub schema: Current,
    pub keys: Keys,
    pub hooks: Hooks,
    pub settings: Settings,
    pub limits: Limits,
    pub metrics: Option<PrometheusHandle>,
    /// Pieces of memory for bodies.
    pub room: Arc<Semaphore>,
    /// Reports of clicks and opens that nobody waits for.
    pub reports: Arc<Semaphore>,
    pub tally: Mutex<Tally>,
}

impl State {
    pub fn new(
        settings: Settings,
        schema: Current,
        hooks: Hooks,
        metrics: Option<PrometheusHandle>,
        desk: Arc<dyn Desk>,
    ) -> State {
        let limits = settings.limits;
        State {
            desk,
            schema,
            keys: Keys::new(&settings.write_keys),
            hooks,
            limits,
            metrics,
            room: Arc::new(Semaphore::new((limits.in_flight_bytes_max / ROOM_BYTES).min(Semaphore::MAX_PERMITS))),
            reports: Arc::new(Semaphore::new(REPORTS_MAX)),
            tally: Mutex::new(Tally::default()),
            settings,
        }
    }

    /// Adds what a request's calls were like.
    pub fn count(&self, tally: Tally) {
        let counted = |name: &'static str, n: u64| metrics::counter!(name).increment(n);
        counted("tabi_calls_accepted_total", tally.accepted);
        counted("tabi_calls_without_effect_total", tally.without_effect);
        counted("tabi_calls_refused_total", tally.rejected_total());
        counted("tabi_calls_skewed_total", tally.skewed);
        counted("tabi_unknown_events_total", tally.unknown_events.values().sum());
        counted("tabi_unknown_fields_total", tally.unknown_fields.values().sum());
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).absorb(tally);
    }
}
