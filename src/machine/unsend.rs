//! What somebody took back of what they had written: its words go, and that they wrote stays.
//!
//! Changes no path: what a run did because of the words is done.

use crate::ir::{EventId, FieldId};
use crate::value::Value;

use super::input::{Input, InputKind};
use super::person::{Met, Person};

/// The words of one event, by one of its fields that names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    pub event: EventId,
    /// How many fields the event has: so many its records have.
    pub fields: usize,
    /// The field by which it is known, and what stands there.
    pub named: FieldId,
    pub name: Value,
    /// What goes.
    pub texts: Vec<FieldId>,
}

impl Words {
    fn is_of(&self, values: &[Value]) -> bool {
        values.len() == self.fields && values.get(self.named.index()) == Some(&self.name)
    }
    /// Takes the words out of a value, if it is the event or holds it.
    fn blank(&self, value: &mut Value) -> bool {
        let Value::Record(values) = value else { return false };
        if !self.is_of(values) {
            return false;
        }
        let kept = values.iter().enumerate().map(|(index, value)| match value {
            Value::Text(_) if self.texts.iter().any(|text| text.index() == index) => Value::text(""),
            other => other.clone(),
        });
        *value = Value::Record(kept.collect());
        true
    }
    /// The input as it is to be kept from now on.
    pub fn blank_input(&self, input: &mut Input) -> bool {
        match &mut input.kind {
            InputKind::Event { event, payload, .. } if *event == self.event => self.blank(payload),
            InputKind::Tick { payload: Some(payload), .. } => self.blank(payload),
            InputKind::Event { .. }
            | InputKind::Tick { .. }
            | InputKind::Profile { .. }
            | InputKind::Live
            | InputKind::Wake
            | InputKind::Report { .. }
            | InputKind::Reach { .. }
            | InputKind::Answer { .. }
            | InputKind::Approval { .. } => false,
        }
    }
}

impl Person {
    /// Takes the words out of what runs, starts that wait and open goals hold of the event.
    pub fn unsend(&mut self, words: &Words) {
        let Some(activity) = self.activity.as_deref_mut() else { return };
        let slots = activity.runs.iter_mut().flat_map(|run| run.slots.iter_mut());
        let watched = activity.watches.iter_mut().flat_map(|watch| watch.slots.iter_mut());
        let pending = activity.pending.iter_mut().map(|pending| &mut pending.payload);
        for value in slots.chain(watched).chain(pending) {
            words.blank(value);
        }
        for frozen in activity.runs.iter_mut().filter_map(|run| run.frozen.as_deref_mut()) {
            if let Some(Met::Arm { payload: Some(payload), .. }) = &mut frozen.met {
                words.blank(payload);
            }
        }
    }
}
