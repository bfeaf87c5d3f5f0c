//! Traces as spans of `tracing`, which a layer hands to OpenTelemetry.
//!
//! Exports nothing: the faces set up who does. What follows from something knows it by its number alone: a span ends when
//! its work does, however long what follows from it waits.

use std::collections::HashMap;

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::field::Empty;
use tracing::instrument::Instrumented;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{Aim, LINKS_MAX};

/// The header of the W3C's Trace Context that says which span a request comes from.
const TRACEPARENT: &str = "traceparent";

/// What something follows from.
#[derive(Debug, Clone)]
pub struct Trace(SpanContext);

impl Default for Trace {
    fn default() -> Trace {
        Trace(SpanContext::empty_context())
    }
}

impl Trace {
    /// What the caller is in the middle of.
    pub fn current() -> Trace {
        Trace(Context::map_current(|context| context.span().span_context().clone()))
    }
    /// What one shard does of it.
    pub fn turns(&self, commands: usize) -> Work {
        match self.0.is_valid() {
            false => Work::default(),
            true => self.made(tracing::info_span!(target: "otel", parent: None, "turns", tabi.commands = commands)),
        }
    }
    /// An attempt to bring what was ordered in it; a trace of its own where a wait lay between.
    pub fn attempt(&self, aim: &Aim<'_>) -> Work {
        let Aim { journey, step, channel, what, attempt, recipients } = *aim;
        self.made(tracing::info_span!(
            target: "otel", parent: None, "deliver", otel.name = format!("deliver {channel}"), otel.kind = "client",
            tabi.journey = journey, tabi.step = step, tabi.channel = channel, tabi.what = what, tabi.attempt = attempt,
            tabi.recipients = recipients, tabi.outcome = Empty, otel.status_code = Empty
        ))
    }
    fn made(&self, span: Span) -> Work {
        if self.0.is_valid() && !span.is_disabled() {
            // Without a layer that exports there is nothing to be a part of.
            let _ = span.set_parent(Context::new().with_remote_span_context(self.0.clone()));
        }
        Work(span)
    }
    /// What is done in it follows from it.
    pub fn run<T>(&self, what: impl FnOnce() -> T) -> T {
        if !self.0.is_valid() {
            return what();
        }
        let _attached = Context::new().with_remote_span_context(self.0.clone()).attach();
        what()
    }
    /// What a request that goes out carries, so that its receiver's spans belong here.
    pub fn header(&self) -> Option<String> {
        let mut carrier = HashMap::new();
        let context = Context::new().with_remote_span_context(self.0.clone());
        TraceContextPropagator::new().inject_context(&context, &mut carrier);
        carrier.remove(TRACEPARENT)
    }
}

/// Something under way; its span ends when this is dropped.
#[derive(Debug, Clone)]
pub struct Work(Span);

impl Default for Work {
    fn default() -> Work {
        Work(Span::none())
    }
}

impl Work {
    /// A request that comes in, by its route; `parent` is its `traceparent`.
    pub fn request(route: &str, method: &'static str, parent: Option<&str>) -> Work {
        let carrier: HashMap<String, String> =
            parent.map(|parent| (TRACEPARENT.to_owned(), parent.to_owned())).into_iter().collect();
        // What is no trace context is none.
        let from = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
        Trace(from.span().span_context().clone()).made(tracing::info_span!(
            target: "otel", parent: None, "request", otel.name = format!("{method} {route}"), otel.kind = "server",
            http.request.method = method, http.route = route, http.response.status_code = Empty, otel.status_code = Empty
        ))
    }
    /// What came together becomes durable at once: of one request a part, of several a trace of its own that names them.
    pub fn commit<'t>(of: impl Iterator<Item = &'t Trace>) -> Work {
        let of: Vec<&Trace> = of.filter(|trace| trace.0.is_valid()).collect();
        let requests = of.len();
        let span = || tracing::info_span!(target: "otel", parent: None, "commit", tabi.requests = requests);
        match of.as_slice() {
            [] => Work::default(),
            [one] => one.made(span()),
            several => {
                let span = span();
                several.iter().take(LINKS_MAX).for_each(|request| span.add_link(request.0.clone()));
                Work(span)
            }
        }
    }
    /// How a request was answered.
    pub fn answered(&self, status: u16) {
        self.0.record("http.response.status_code", status);
        if status >= 500 {
            self.0.record("otel.status_code", "ERROR");
        }
    }
    /// It is over when an attempt is, of whose result `outcome` says the name.
    pub async fn to_end<T>(self, attempt: impl Future<Output = T>, outcome: impl FnOnce(&T) -> &'static str) -> T {
        let result = attempt.instrument(self.0.clone()).await;
        let outcome = outcome(&result);
        self.0.record("tabi.outcome", outcome);
        if outcome != "accepted" {
            self.0.record("otel.status_code", "ERROR");
        }
        result
    }
    pub fn ended_by<T>(self, what: impl FnOnce() -> T) -> T {
        self.run(what)
    }
    pub fn run<T>(&self, what: impl FnOnce() -> T) -> T {
        self.0.in_scope(what)
    }
    pub fn within<F: Future>(&self, what: F) -> Instrumented<F> {
        what.instrument(self.0.clone())
    }
}
