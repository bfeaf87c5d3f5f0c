//! Logs of a running Tabi, on the standard error: lines for people, or JSON for programs.
//!
//! Only Tabi's own words: what libraries log may hold addresses and bodies, and is left out at every level.

use clap::ValueEnum;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Logs {
    Text,
    Json,
}

/// `error`, `warn`, `info`, `debug`; anything else is `info`.
const LEVEL: &str = "TABI_LOG";

/// Begins to write logs; what was begun before stays as it is.
pub fn begin(logs: Logs) {
    begun(tracing_subscriber::registry().with(lines(logs)).try_init());
}

/// The same, and hands spans of requests and attempts to a tracer.
#[cfg(feature = "otel")]
pub fn begin_traced(logs: Logs, tracer: opentelemetry_sdk::trace::SdkTracer) {
    use tracing::level_filters::LevelFilter;
    use tracing_subscriber::filter::Targets;
    // Neither file and line nor thread: they say nothing of the shop. Events stay in the logs.
    let spans = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
    let spans = spans.with_tracked_inactivity(false).with_level(false).with_target(false);
    let only = Targets::new().with_target(crate::ports::trace::TARGET, LevelFilter::INFO);
    begun(tracing_subscriber::registry().with(lines(logs)).with(spans.with_filter(only)).try_init());
}

fn lines<S: Subscriber + for<'s> LookupSpan<'s>>(logs: Logs) -> Box<dyn Layer<S> + Send + Sync> {
    let level = std::env::var(LEVEL).unwrap_or_default();
    let filter = EnvFilter::new(filter(&level));
    // Where nobody reads the logs any more, what cannot be written is not said there either: that would end the task that says it.
    let layer = tracing_subscriber::fmt::layer().log_internal_errors(false).with_writer(std::io::stderr);
    match logs {
        Logs::Text => layer.with_ansi(false).with_filter(filter).boxed(),
        Logs::Json => layer.json().flatten_event(true).with_filter(filter).boxed(),
    }
}

fn begun(begun: Result<(), TryInitError>) {
    if begun.is_err() {
        tracing::debug!("logs were begun before");
    }
}

fn filter(level: &str) -> &'static str {
    match level {
        "error" => "off,tabi=error",
        "warn" => "off,tabi=warn",
        "debug" => "off,tabi=debug",
        _ => "off,tabi=info",
    }
}
