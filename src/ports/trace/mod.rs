//! The way of a request as spans: taken in, made durable, the turns that followed, the attempts to bring what they ordered.
//!
//! Holds no ids, addresses or bodies: routes, journeys, steps, channels, outcomes and counts. Without the feature `otel` a
//! trace is nothing and takes no room; with it, it is nothing until an exporter was set up ([`TARGET`]).

#[cfg(feature = "otel")]
mod spans;
#[cfg(feature = "otel")]
pub use spans::Trace;

/// Of all spans; logs are of other targets.
pub const TARGET: &str = "otel";
/// Spans that one round names as its causes; more are counted only.
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

/// Built without the feature: nothing.
#[cfg(not(feature = "otel"))]
#[derive(Debug, Clone, Copy, Default)]
pub struct Trace;

#[cfg(not(feature = "otel"))]
impl Trace {
    pub fn request(_: &str, _: &'static str, _: Option<&str>) -> Trace {
        Trace
    }
    pub fn current() -> Trace {
        Trace
    }
    pub fn round<'t>(_: impl Iterator<Item = &'t Trace>) -> Trace {
        Trace
    }
    pub fn turns(&self, _: usize) -> Trace {
        Trace
    }
    pub fn attempt(&self, _: &Aim<'_>) -> Trace {
        Trace
    }
    pub fn answered(&self, _: u16) {}
    pub fn came(&self, _: &'static str) {}
    pub fn run<T>(&self, what: impl FnOnce() -> T) -> T {
        what()
    }
    pub fn within<F: Future>(&self, what: F) -> F {
        what
    }
    pub fn parent_header(&self) -> Option<String> {
        None
    }
}
