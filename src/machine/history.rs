//! What is kept of one person's past: of each event, as much as the program can ask about.
//!
//! Answers no question; the evaluator reads the rows.

use std::mem::size_of;

use serde::{Deserialize, Serialize};

use crate::ir::{EventDef, EventId, FieldId, HistoryLog, HistoryNeed};
use crate::value::{Instant, Value};

use super::person::value_bytes;

/// Up to this many entries the log grows one by one.
const EXACT_GROWTH_MAX: usize = 8;

/// One event's past, ordered by the events' own time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct EventHistory {
    pub event: EventId,
    /// How many ever came.
    pub total: u32,
    ends: Option<Box<Ends>>,
    times: Vec<Instant>,
    /// Row by row, the fields of the need; `times.len() * need.fields.len()` values.
    values: Vec<Value>,
}

/// First and last row ever, by event time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Ends {
    first: (Instant, Box<[Value]>),
    last: (Instant, Box<[Value]>),
}

/// One past event, as far as it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub at: Instant,
    /// By the need's fields.
    pub values: &'a [Value],
}

impl EventHistory {
    pub fn new(event: EventId) -> EventHistory {
        EventHistory { event, total: 0, ends: None, times: Vec::new(), values: Vec::new() }
    }
    /// Keeps what the need asks of the event, and forgets what it no longer asks.
    pub fn record(&mut self, need: &HistoryNeed, at: Instant, payload: &Value, now: Instant) {
        let kept = |field: &FieldId| field_of(payload, *field);
        self.total = self.total.saturating_add(1);
        if need.ends {
            self.record_ends(at, need.fields.iter().map(kept).collect());
        }
        match need.log {
            HistoryLog::None => {}
            HistoryLog::Forever => self.insert(need, at, kept),
            HistoryLog::Within(window) => {
                let oldest = now.minus(window.longest());
                self.forget_until(need, oldest);
                if at > oldest {
                    self.insert(need, at, kept);
                }
            }
        }
    }
    fn record_ends(&mut self, at: Instant, values: Box<[Value]>) {
        match &mut self.ends {
            None => self.ends = Some(Box::new(Ends { first: (at, values.clone()), last: (at, values) })),
            Some(ends) if at < ends.first.0 => ends.first = (at, values),
            Some(ends) if at >= ends.last.0 => ends.last = (at, values),
            Some(_) => {}
        }
    }
    /// Behind all rows of the same time: what came first stays first.
    fn insert(&mut self, need: &HistoryNeed, at: Instant, kept: impl Fn(&FieldId) -> Value) {
        let stride = need.fields.len();
        self.widen(stride);
        let index = self.times.partition_point(|t| *t <= at);
        // Most people have few entries: exact growth keeps them small, and past a few the usual growth keeps it fast.
        if self.times.len() < EXACT_GROWTH_MAX {
            self.times.reserve_exact(1);
            self.values.reserve_exact(stride);
        }
        self.times.insert(index, at);
        self.values.splice(index * stride..index * stride, need.fields.iter().map(kept));
    }
    fn forget_until(&mut self, need: &HistoryNeed, oldest: Instant) {
        let count = self.times.partition_point(|t| *t <= oldest);
        if count > 0 {
            self.values.drain(..count * self.stride(need.fields.len()));
            self.times.drain(..count);
        }
    }
    /// Values in a row: as many as the need had fields when the rows were last written.
    fn stride(&self, asked: usize) -> usize {
        self.values.len().checked_div(self.times.len()).unwrap_or(asked)
    }
    /// Rows of before the program asked for so many fields lack the last of them.
    fn widen(&mut self, to: usize) {
        let stride = self.stride(to);
        if stride < to {
            let rows = std::mem::take(&mut self.values);
            let missing = vec![Value::Missing; to - stride];
            let row = |i: usize| rows[i * stride..(i + 1) * stride].iter().cloned().chain(missing.iter().cloned());
            self.values = (0..self.times.len()).flat_map(row).collect();
        }
    }
    /// The log, oldest first.
    pub fn rows(&self, need: &HistoryNeed) -> impl DoubleEndedIterator<Item = Row<'_>> + ExactSizeIterator {
        let stride = self.stride(need.fields.len());
        (0..self.times.len())
            .map(move |i| Row { at: self.times[i], values: &self.values[i * stride..(i + 1) * stride] })
    }
    pub fn first(&self) -> Option<Row<'_>> {
        self.ends.as_deref().map(|e| Row { at: e.first.0, values: &e.first.1 })
    }
    pub fn last(&self) -> Option<Row<'_>> {
        self.ends.as_deref().map(|e| Row { at: e.last.0, values: &e.last.1 })
    }
    /// Index of the first row younger than `oldest`.
    pub fn index_after(&self, oldest: Instant) -> usize {
        self.times.partition_point(|t| *t <= oldest)
    }
    /// Union by event time.
    pub fn merge(&mut self, other: EventHistory, need: &HistoryNeed) {
        let total = self.total.saturating_add(other.total);
        for row in other.rows(need) {
            let position = |field: &FieldId| need.fields.iter().position(|f| f == field).unwrap_or(usize::MAX);
            self.insert(need, row.at, |field| row.values.get(position(field)).cloned().unwrap_or_default());
        }
        if let Some(ends) = other.ends {
            let Ends { first, last } = *ends;
            self.record_ends(first.0, first.1);
            self.record_ends(last.0, last.1);
        }
        self.total = total;
    }
    pub fn heap_bytes(&self) -> usize {
        let ends = self.ends.as_deref().map_or(0, |e| {
            let values = e.first.1.iter().chain(e.last.1.iter());
            size_of::<Ends>() + values.map(|v| size_of::<Value>() + value_bytes(v)).sum::<usize>()
        });
        ends + self.times.capacity() * size_of::<Instant>()
            + self.values.capacity() * size_of::<Value>()
            + self.values.iter().map(value_bytes).sum::<usize>()
    }
}

impl Row<'_> {
    /// The field of the event, as far as it is kept.
    pub fn field(&self, need: &HistoryNeed, event: &EventDef, field: FieldId) -> Value {
        if field == event.at_field() {
            return Value::Instant(self.at);
        }
        let position = need.fields.iter().position(|kept| *kept == field);
        position.and_then(|i| self.values.get(i)).cloned().unwrap_or_default()
    }
    /// The event as a value; fields that are not kept are missing.
    pub fn whole(&self, need: &HistoryNeed, event: &EventDef) -> Value {
        let count = event.fields.len() as u16;
        Value::Record((0..count).map(|i| self.field(need, event, FieldId(i))).collect())
    }
}

/// A field of a record value; missing when there is none.
pub(super) fn field_of(record: &Value, field: FieldId) -> Value {
    match record {
        Value::Record(fields) => fields.get(field.index()).cloned().unwrap_or_default(),
        _ => Value::Missing,
    }
}
