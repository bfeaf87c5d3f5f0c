//! From a checked project to the program: instructions laid flat, and what only the whole project tells.
//!
//! Reports nothing: whatever could be wrong was told by `check`.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod layout;
pub mod map;
mod places;

pub use map::SourceMap;
pub use places::Placer;

use crate::check::{Checked, typed};
use crate::ir::content::Content;
use crate::ir::timeline::{Expect, LineWhat, Timeline};
use crate::ir::{
    ActionDef, ActionId, EnumDef, EventDef, FieldDef, HistoryNeed, IR_VERSION, Journey, MessageClass, MessageDef,
    Program, PurposeId, RecordDef, Split, Type,
};
use crate::ir::{history, track};
use crate::schema::{Field, TRANSACTIONAL, Table, World};
use crate::text::Sources;

/// The program of a project that was checked without errors, and where everything in it stands.
///
/// `contents` are those of the messages, in their order; fewer if the files were not looked at.
pub fn program(
    world: &World<'_>,
    splits: Table<Split>,
    checked: Checked,
    contents: Vec<Option<Content>>,
    sources: &Sources,
) -> (Program, SourceMap) {
    let journeys: Vec<typed::Journey> = checked.journeys.into_iter().flatten().collect();
    let mut map = map::map(world, &splits, &journeys);
    let places = places::places(world, &journeys, &map, sources);
    let (journeys, parts): (Vec<Journey>, Vec<_>) = journeys.into_iter().map(layout::journey).unzip();
    map.journeys.iter_mut().zip(parts).for_each(|(journey, parts)| journey.parts = parts);
    let mut program = Program {
        ir_version: IR_VERSION,
        project: world.project.clone(),
        enums: world.enums.iter().map(|e| EnumDef { name: e.name.clone(), variants: e.data.clone() }).collect(),
        records: world.records.iter().map(|r| RecordDef { name: r.name.clone(), fields: fields(&r.data) }).collect(),
        profile: fields(&world.profile.fields),
        person: world.profile.person,
        events: events(world),
        messages: messages(world, contents),
        actions: actions(world),
        policies: checked.policies,
        segments: checked.segments,
        splits: splits.iter().map(|entry| entry.data.clone()).collect(),
        journeys,
        purposes: world.purposes.iter().map(|p| p.name.clone()).collect(),
        history: Vec::new(),
        tracked: Vec::new(),
        deployed: None,
        places,
        moves: Vec::new(),
    };
    program.history = history::needs(&program, &[]);
    program.tracked = track::tracked(&program);
    (program, map)
}

/// What of the past a test needs kept, where its `expect that` asks for more than the program does.
pub fn kept_for(program: &Program, timeline: &Timeline) -> Option<Vec<HistoryNeed>> {
    let conditions = timeline.lines.iter().filter_map(|line| match &line.what {
        LineWhat::Expect(Expect::That(condition)) => Some(condition),
        _ => None,
    });
    let needs = history::needs(program, &conditions.collect::<Vec<_>>());
    (needs != program.history).then_some(needs)
}

fn fields(fields: &[Field]) -> Vec<FieldDef> {
    fields
        .iter()
        .map(|f| FieldDef { name: f.name.clone(), ty: f.ty.clone().unwrap_or(Type::Text), pii: f.pii })
        .collect()
}

fn events(world: &World<'_>) -> Vec<EventDef> {
    let event = world.events.iter().map(|e| EventDef {
        name: e.name.clone(),
        subject: e.data.subject.clone(),
        fields: fields(&e.data.fields),
    });
    event.collect()
}

fn messages(world: &World<'_>, contents: Vec<Option<Content>>) -> Vec<MessageDef> {
    let contents = contents.into_iter().chain(std::iter::repeat(None));
    let message = world.messages.iter().zip(contents).filter_map(|(m, content)| {
        let purpose = world.purposes.find(&m.data.purpose).map(PurposeId)?;
        Some(MessageDef {
            name: m.name.clone(),
            channel: m.data.channel?,
            purpose,
            needs_consent: m.data.purpose != TRANSACTIONAL,
            file: m.data.file.as_ref().map(|f| f.text.clone()),
            content,
            params: fields(&m.data.params),
            at_most_once: m.data.at_most_once,
            patience: m.data.patience,
            offer: m.data.offer,
            class: m.data.class.unwrap_or(match m.data.purpose.as_str() {
                TRANSACTIONAL => MessageClass::Service,
                _ => MessageClass::Sell,
            }),
        })
    });
    message.collect()
}

fn actions(world: &World<'_>) -> Vec<ActionDef> {
    let action = world.actions.iter().map(|a| ActionDef {
        name: a.name.clone(),
        takes: fields(&a.data.takes),
        gives: fields(&a.data.gives),
        idempotent: a.data.idempotent,
        patience: a.data.patience,
        grants: a.data.grants,
        undo: a.data.undo.as_ref().and_then(|name| world.actions.find(&name.text)).map(ActionId),
        writes: a.data.writes.clone(),
    });
    action.collect()
}
