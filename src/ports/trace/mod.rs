//! The way of a request as spans: taken in, made durable, the turns that followed, the attempts to bring what they ordered.
//!
//! Holds no ids, addresses or bodies: routes, journeys, steps, channels, outcomes and counts. Without the feature `otel` a
//! trace is nothing and takes no room; with it, it is nothing until an exporter was set up for [`TARGET`].

#[cfg(not(feature = "otel"))]
mod nothing;
#[cfg(feature = "otel")]
mod spans;

#[cfg(not(feature = "otel"))]
pub use nothing::{Trace, Work};
#[cfg(feature = "otel")]
pub use spans::{Trace, Work};

/// Of all spans; logs are of other targets.
pub const TARGET: &str = "otel";
/// Requests that one commit names as its causes; more are only counted.
pub const LINKS_MAX: usize = 64;

/// What an attempt is for.
#[derive(Debug, Clone, Copy)]
pub struct Aim<'a> {
    pub journey: &'a str,
    pub step: u16,
    /// A channel's name, or `action`.
    pub channel: &'a str,
    /// Name of the message or the action.
    pub what: &'a str,
    pub attempt: u32,
    pub recipients: usize,
}
