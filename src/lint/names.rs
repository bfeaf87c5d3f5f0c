//! The names by which people ask for things of a program, and what to call a thing.
//!
//! Finds names, not their uses.

use std::collections::BTreeSet;

use crate::ir::{
    ActionId, EnumId, EventId, FieldId, JourneyId, MessageId, PolicyId, Program, RecordId, SegmentId, SplitId, StepId,
};

use super::uses::{Thing, Use};

/// A kind of thing, in English and Japanese.
pub type Kind = (&'static str, &'static str);

/// Everything with a name, with the name: `profile.rank`, `purchase.total`, `item.name`,
/// `cart_mail.subject`, `welcome.wait_1`. Tags are those that occur.
pub fn names(program: &Program, uses: &BTreeSet<Use>) -> Vec<(String, Thing)> {
    let mut all: Vec<(String, Thing)> = Vec::new();
    let mut add = |name: String, thing: Thing| all.push((name, thing));
    for (i, field) in program.profile.iter().enumerate() {
        add(format!("profile.{}", field.name), Thing::Profile(FieldId(i as u16)));
    }
    for (i, event) in program.events.iter().enumerate() {
        add(event.name.clone(), Thing::Event(EventId(i as u16)));
        for (f, field) in event.fields.iter().enumerate() {
            let thing = Thing::EventField(EventId(i as u16), FieldId(f as u16));
            add(format!("{}.{}", event.name, field.name), thing);
        }
    }
    for (i, record) in program.records.iter().enumerate() {
        for (f, field) in record.fields.iter().enumerate() {
            let thing = Thing::RecordField(RecordId(i as u16), FieldId(f as u16));
            add(format!("{}.{}", record.name, field.name), thing);
        }
    }
    for (i, message) in program.messages.iter().enumerate() {
        for (f, param) in message.params.iter().enumerate() {
            let thing = Thing::Param(MessageId(i as u16), FieldId(f as u16));
            add(format!("{}.{}", message.name, param.name), thing);
        }
    }
    for (i, journey) in program.journeys.iter().enumerate() {
        add(journey.name.clone(), Thing::Journey(JourneyId(i as u16)));
        // The last is the place behind the last step.
        for (s, step) in journey.steps.iter().enumerate().take(journey.steps.len().saturating_sub(1)) {
            let thing = Thing::Step(JourneyId(i as u16), StepId(s as u16));
            add(format!("{}.{}", journey.name, step.name), thing);
        }
    }
    let each = |names: Vec<&String>, thing: fn(u16) -> Thing, add: &mut dyn FnMut(String, Thing)| {
        names.into_iter().enumerate().for_each(|(i, name)| add(name.clone(), thing(i as u16)));
    };
    each(program.segments.iter().map(|s| &s.name).collect(), |i| Thing::Segment(SegmentId(i)), &mut add);
    each(program.messages.iter().map(|m| &m.name).collect(), |i| Thing::Message(MessageId(i)), &mut add);
    each(program.actions.iter().map(|a| &a.name).collect(), |i| Thing::Action(ActionId(i)), &mut add);
    each(program.policies.iter().map(|p| &p.name).collect(), |i| Thing::Policy(PolicyId(i)), &mut add);
    each(program.splits.iter().map(|s| &s.name).collect(), |i| Thing::Split(SplitId(i)), &mut add);
    each(program.enums.iter().map(|e| &e.name).collect(), |i| Thing::Enum(EnumId(i)), &mut add);
    each(program.records.iter().map(|r| &r.name).collect(), |i| Thing::Record(RecordId(i)), &mut add);
    let tags: BTreeSet<&String> = uses
        .iter()
        .filter_map(|found| match &found.thing {
            Thing::Tag(tag) => Some(tag),
            _ => None,
        })
        .collect();
    tags.into_iter().for_each(|tag| add(tag.clone(), Thing::Tag(tag.clone())));
    all
}

/// The things that go by a name; steps also without the journey's.
pub fn named(names: &[(String, Thing)], asked: &str) -> Vec<(String, Thing)> {
    let step = |name: &str, thing: &Thing| {
        matches!(thing, Thing::Step(..)) && name.rsplit_once('.').is_some_and(|(_, step)| step == asked)
    };
    names.iter().filter(|(name, thing)| name == asked || step(name, thing)).cloned().collect()
}

pub fn kind(thing: &Thing) -> Kind {
    match thing {
        Thing::Profile(_) => ("field", "項目"),
        Thing::EventField(..) | Thing::RecordField(..) => ("field", "項目"),
        Thing::Param(..) => ("parameter", "引数"),
        Thing::Event(_) => ("event", "イベント"),
        Thing::Segment(_) => ("segment", "セグメント"),
        Thing::Message(_) => ("message", "メッセージ"),
        Thing::Action(_) => ("action", "アクション"),
        Thing::Policy(_) => ("policy", "ポリシー"),
        Thing::Split(_) => ("split", "分岐"),
        Thing::Enum(_) => ("enum", "列挙"),
        Thing::Record(_) => ("record", "レコード"),
        Thing::Journey(_) => ("journey", "ジャーニー"),
        Thing::Step(..) => ("step", "手順"),
        Thing::Tag(_) => ("tag", "タグ"),
    }
}
