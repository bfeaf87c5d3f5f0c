//! A trace as a span of `tracing`, which a layer hands to OpenTelemetry.
//!
//! Exports nothing: the faces set up who does.

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use std::collections::HashMap;
use tracing::instrument::Instrumented;
use tracing::{Instrument, Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{Aim, LINKS_MAX};

/// The header of the W3C's Trace Context that says which span a request comes from.
const TRACEPARENT: &str = "traceparent";

#[derive(Debug, Clone)]
pub struct Trace(Span);

impl Default for Trace {
    fn default() -> Trace {
        Trace(Span::none())
    }
}

impl Trace {
    /// A request that comes in, by its route; `parent` is its `traceparent`.
    pub fn request(route: &str, method: &'static str, parent: Option<&str>) -> Trace {
        let span = tracing::info_span!(
            target: "otel", parent: None, "request", otel.name = format!("{method} {route}"), otel.kind = "server",
            http.request.method = method, http.route = route, http.response.status_code = Empty, otel.status_code = Empty
        );
        if let Some(parent) = parent.filter(|_| !span.is_none()) {
            let carrier = HashMap::from([(TRACEPARENT.to_owned(), parent.to_owned())]);
            let context = TraceContextPropagator::new().extract(&carrier);
            // What is no trace context makes no parent.
            if context.span().span_context().is_valid() {
                let _ = span.set_parent(context);
            }
        }
        Trace(span)
    }
    /// The one that the caller is in.
    pub fn current() -> Trace {
        Trace(Span::current())
    }
    /// What came together becomes durable at once: of one request a part, of several a trace of its own that names them.
    pub fn round<'t>(of: impl Iterator<Item = &'t Trace>) -> Trace {
        let of: Vec<&Span> = of.map(|trace| &trace.0).filter(|span| !span.is_none()).collect();
        let requests = of.len();
        match of.as_slice() {
            [] => Trace::default(),
            [one] => Trace(tracing::info_span!(target: "otel", parent: *one, "commit", tabi.requests = requests)),
            several => {
                let span = tracing::info_span!(target: "otel", parent: None, "commit", tabi.requests = requests);
                several.iter().take(LINKS_MAX).for_each(|request| {
                    span.follows_from(request.id());
                });
                Trace(span)
            }
        }
    }
    /// What one shard does of it.
    pub fn turns(&self, commands: usize) -> Trace {
        match self.0.is_none() {
            true => Trace::default(),
            false => Trace(tracing::info_span!(target: "otel", parent: &self.0, "turns", tabi.commands = commands)),
        }
    }
    /// An attempt of what was ordered in it; a trace of its own where a wait lay between.
    pub fn attempt(&self, aim: &Aim<'_>) -> Trace {
        let Aim { journey, step, channel, what, attempt, recipients } = *aim;
        let parent = self.0.id();
        Trace(tracing::info_span!(
            target: "otel", parent: parent, "deliver", otel.name = format!("deliver {channel}"), otel.kind = "client",
            tabi.journey = journey, tabi.step = step, tabi.channel = channel, tabi.what = what, tabi.attempt = attempt,
            tabi.recipients = recipients, tabi.outcome = Empty, otel.status_code = Empty
        ))
    }
    /// How a request was answered.
    pub fn answered(&self, status: u16) {
        self.0.record("http.response.status_code", status);
        if status >= 500 {
            self.0.record("otel.status_code", "ERROR");
        }
    }
    /// What came of an attempt.
    pub fn came(&self, outcome: &'static str) {
        self.0.record("tabi.outcome", outcome);
        if outcome != "accepted" {
            self.0.record("otel.status_code", "ERROR");
        }
    }
    pub fn run<T>(&self, what: impl FnOnce() -> T) -> T {
        self.0.in_scope(what)
    }
    pub fn within<F: Future>(&self, what: F) -> Instrumented<F> {
        what.instrument(self.0.clone())
    }
    /// What a request that goes out carries, so that its receiver's spans belong here.
    pub fn parent_header(&self) -> Option<String> {
        if self.0.is_none() {
            return None;
        }
        let mut carrier = HashMap::new();
        TraceContextPropagator::new().inject_context(&self.0.context(), &mut carrier);
        carrier.remove(TRACEPARENT)
    }
}
