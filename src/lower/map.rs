//! Where everything a diagnostic may point at stands in the sources, by the ids of the program.
//!
//! Not part of what a program means; made beside it.

use crate::check::typed;
use crate::schema::{Mention, Table, World};
use crate::syntax::tree::{HeaderKind, JourneyDecl, JourneyLine};
use crate::text::Span;

/// Places of names are those of the declaration.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    /// By `JourneyId`.
    pub journeys: Vec<JourneyMap>,
    /// By `PolicyId`: the name, then each rule in the order written.
    pub policies: Vec<PolicyMap>,
    /// By id: the name where it is declared.
    pub enums: Vec<Span>,
    pub records: Vec<FieldsMap>,
    pub events: Vec<FieldsMap>,
    pub actions: Vec<Span>,
    pub segments: Vec<SegmentMap>,
    pub splits: Vec<Span>,
    pub messages: Vec<MessageMap>,
    /// By `FieldId` of the profile.
    pub profile: Vec<Span>,
    /// Declared names in the files of messages.
    pub mentions: Vec<Mention>,
}

/// The name, and each field by its id.
#[derive(Debug, Clone, Default)]
pub struct FieldsMap {
    pub name: Span,
    pub fields: Vec<Span>,
}

#[derive(Debug, Clone, Default)]
pub struct MessageMap {
    pub name: Span,
    /// Of the path behind `from`.
    pub file: Option<Span>,
    /// By parameter.
    pub params: Vec<Span>,
}

#[derive(Debug, Clone, Default)]
pub struct SegmentMap {
    pub name: Span,
    pub condition: Span,
}

#[derive(Debug, Clone, Default)]
pub struct PolicyMap {
    pub name: Span,
    pub rules: Vec<Span>,
}

#[derive(Debug, Clone, Default)]
pub struct JourneyMap {
    pub name: Span,
    /// From the word `journey` to the closing brace.
    pub whole: Span,
    /// In the order of `ir::Journey::promises`.
    pub promises: Vec<Span>,
    /// The lines of the header; absent where there is none.
    pub purpose: Option<Span>,
    pub policy: Option<Span>,
    pub goal: Option<Span>,
    pub reentry: Option<Span>,
    pub holdout: Option<Span>,
    pub priority: Option<Span>,
    pub stage: Option<Span>,
    pub start: Option<Span>,
    pub only_if: Option<Span>,
    /// In the order of `ir::Journey::exits`.
    pub exits: Vec<Span>,
    /// By `StepId`.
    pub steps: Vec<Span>,
    /// By `Pc`: the parts of its step, see [`typed::Step::parts`].
    pub parts: Vec<Vec<Span>>,
}

impl JourneyMap {
    /// The part of an instruction, or its whole step.
    pub fn part(&self, code: &[crate::ir::Instruction], pc: crate::ir::Pc, part: usize) -> Span {
        let step = || self.steps[code[pc as usize].step.index()];
        self.parts[pc as usize].get(part).copied().unwrap_or_else(step)
    }
}

/// Everything but the code of journeys; `journeys` are those that became part of the program.
pub fn map(world: &World<'_>, splits: &Table<crate::ir::Split>, journeys: &[typed::Journey]) -> SourceMap {
    let fields = |name: Span, fields: &[crate::schema::Field]| FieldsMap {
        name,
        fields: fields.iter().map(|field| field.span).collect(),
    };
    SourceMap {
        journeys: journeys.iter().map(|journey| journey_map(world, journey)).collect(),
        policies: world
            .policies
            .iter()
            .map(|p| PolicyMap { name: p.span, rules: p.data.rules.iter().map(|rule| rule.span).collect() })
            .collect(),
        enums: world.enums.iter().map(|e| e.span).collect(),
        records: world.records.iter().map(|r| fields(r.span, &r.data)).collect(),
        events: world.events.iter().map(|e| fields(e.span, &e.data.fields)).collect(),
        actions: world.actions.iter().map(|a| a.span).collect(),
        segments: world
            .segments
            .iter()
            .map(|s| SegmentMap { name: s.span, condition: s.data.condition.span })
            .collect(),
        splits: splits.iter().map(|s| s.span).collect(),
        messages: world
            .messages
            .iter()
            .map(|m| MessageMap {
                name: m.span,
                file: m.data.file.as_ref().map(|f| f.span),
                params: m.data.params.iter().map(|p| p.span).collect(),
            })
            .collect(),
        profile: world.profile.fields.iter().map(|f| f.span).collect(),
        mentions: Vec::new(),
    }
}

fn journey_map(world: &World<'_>, journey: &typed::Journey) -> JourneyMap {
    let mut map = JourneyMap { name: journey.place, steps: journey.places.clone(), ..JourneyMap::default() };
    if let Some(entry) = world.journeys.get(&journey.header.name) {
        header(entry.data, &mut map);
    }
    map
}

fn header(decl: &JourneyDecl, map: &mut JourneyMap) {
    map.whole = decl.span;
    for line in &decl.lines {
        match line {
            JourneyLine::Start(start) => map.start = Some(start.span),
            JourneyLine::Exit { span, .. } => map.exits.push(*span),
            JourneyLine::OnlyIf { span, .. } => map.only_if = Some(*span),
            JourneyLine::Step(_) => {}
            JourneyLine::Header(line) => match line.kind {
                HeaderKind::Purpose(_) => map.purpose = Some(line.span),
                HeaderKind::Under(_) => map.policy = Some(line.span),
                HeaderKind::Goal { .. } => map.goal = Some(line.span),
                HeaderKind::Reentry(_) => map.reentry = Some(line.span),
                HeaderKind::Holdout { .. } => map.holdout = Some(line.span),
                HeaderKind::Priority(_) => map.priority = Some(line.span),
                HeaderKind::PromiseMessages { .. } | HeaderKind::PromiseEnds(_) => map.promises.push(line.span),
                HeaderKind::Stage(_) => map.stage = Some(line.span),
                HeaderKind::Owner(_)
                | HeaderKind::About(_)
                | HeaderKind::Review { .. }
                | HeaderKind::Allow(_)
                | HeaderKind::Error => {}
            },
        }
    }
}
