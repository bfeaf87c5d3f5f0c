//! HTTP: events in, webhooks of providers, pages for people, and the door for those who operate it.
//!
//! Decides nothing about journeys: it hands in what was said and waits until that is durable.

pub mod admin;
mod answer;
mod body;
mod calls;
mod clicks;
mod connections;
mod dead;
mod hooks;
mod keys;
mod leave;
pub mod limits;
mod nonce;
mod operate;
mod page;
mod routes;
mod state;

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;

use crate::ingest::Current;
use crate::ports::Desk;

pub use hooks::{Hook, Hooks, Told};
pub use keys::Key;
pub use leave::Language;
pub use limits::Limits;
pub use state::{Nonces, Settings};

/// Everything that is served, before it is.
pub struct Server {
    state: Arc<state::State>,
}

impl Server {
    pub fn new(
        settings: Settings,
        schema: impl Into<Current>,
        hooks: Hooks,
        metrics: Option<PrometheusHandle>,
        desk: Arc<dyn Desk>,
    ) -> Server {
        Server { state: Arc::new(state::State::new(settings, schema.into(), hooks, metrics, desk)) }
    }

    /// Serves the public side, and the operators' on their socket, until `stop` becomes true. When this returns, nothing is
    /// under way any more and the desk may be closed.
    pub async fn serve(&self, public: TcpListener, admin: Option<UnixListener>, stop: watch::Receiver<bool>) {
        let limits = self.state.limits;
        let open = connections::serve(public, routes::public(self.state.clone()), limits, stop.clone());
        let closed = async {
            if let Some(admin) = admin {
                connections::serve(admin, admin::routes(self.state.clone()), limits, stop).await;
            }
        };
        tokio::join!(open, closed);
        // Reports of clicks go on by themselves.
        let all = u32::try_from(limits::REPORTS_MAX).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(limits.grace, self.state.reports.acquire_many(all)).await;
    }
}
