//! Logs of a running Tabi, on the standard error: lines for people, or JSON for programs.
//!
//! Only Tabi's own words: what libraries log may hold addresses and bodies, and is left out at every level.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Logs {
    Text,
    Json,
}

/// `error`, `warn`, `info`, `debug`; anything else is `info`.
const LEVEL: &str = "TABI_LOG";

/// Begins to write logs; what was begun before stays as it is.
pub fn begin(logs: Logs) {
    let level = std::env::var(LEVEL).unwrap_or_default();
    let filter = EnvFilter::new(filter(&level));
    // Where nobody reads the logs any more, what cannot be written is not said there either: that would end the task that says it.
    let builder = tracing_subscriber::fmt().log_internal_errors(false);
    let builder = builder.with_env_filter(filter).with_writer(std::io::stderr);
    let begun = match logs {
        Logs::Text => builder.with_ansi(false).try_init(),
        Logs::Json => builder.json().flatten_event(true).try_init(),
    };
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
