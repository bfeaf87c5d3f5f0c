//! Every use of every name of a project: where it is declared, read and written, and within what.
//!
//! Judges nothing; `orphans` and `tabi who` do.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::expr::Ask;
use crate::ir::exprs;
use crate::ir::journey::Exit;
use crate::ir::{
    ActionId, ArmOn, Audience, EnumId, EventId, Expr, FieldDef, FieldId, JourneyId, MessageId, Op, PolicyId, RecordId,
    SegmentId, SplitId, Start, StepId, Type,
};
use crate::text::Span;
use crate::value::Value;

use super::Input;
use super::judge::Judge;

/// Something with a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Profile(FieldId),
    EventField(EventId, FieldId),
    Event(EventId),
    Segment(SegmentId),
    Message(MessageId),
    Action(ActionId),
    Policy(PolicyId),
    Split(SplitId),
    Enum(EnumId),
    Record(RecordId),
    Journey(JourneyId),
    Step(JourneyId, StepId),
    Tag(String),
    RecordField(RecordId, FieldId),
    /// A parameter of a message.
    Param(MessageId, FieldId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    Declared,
    Written,
    Read,
}

/// What a use stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Within {
    Declaration,
    Journey(JourneyId),
    Segment(SegmentId),
    Policy(PolicyId),
    /// The file of a message.
    Message(MessageId),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    pub thing: Thing,
    pub how: How,
    pub at: Span,
    pub within: Within,
}

/// All uses, in the order of things, each place once.
pub fn uses(input: Input<'_>) -> BTreeSet<Use> {
    let mut index = Index { input, uses: BTreeSet::new(), within: Within::Declaration };
    index.declarations();
    index.segments();
    index.policies();
    index.journeys();
    index.files();
    index.uses
}

struct Index<'a> {
    input: Input<'a>,
    uses: BTreeSet<Use>,
    within: Within,
}

impl<'a> Index<'a> {
    fn add(&mut self, thing: Thing, how: How, at: Span) {
        self.uses.insert(Use { thing, how, at, within: self.within });
    }

    fn declarations(&mut self) {
        let Input { program, map, .. } = self.input;
        self.fields(&program.profile, &map.profile);
        for (i, at) in map.profile.iter().enumerate() {
            self.add(Thing::Profile(FieldId(i as u16)), How::Declared, *at);
        }
        for (i, (event, at)) in program.events.iter().zip(&map.events).enumerate() {
            self.add(Thing::Event(EventId(i as u16)), How::Declared, at.name);
            self.fields(&event.fields, &at.fields);
            for (f, at) in at.fields.iter().enumerate() {
                self.add(Thing::EventField(EventId(i as u16), FieldId(f as u16)), How::Declared, *at);
            }
        }
        for (i, (record, at)) in program.records.iter().zip(&map.records).enumerate() {
            self.add(Thing::Record(RecordId(i as u16)), How::Declared, at.name);
            self.fields(&record.fields, &at.fields);
            for (f, at) in at.fields.iter().enumerate() {
                self.add(Thing::RecordField(RecordId(i as u16), FieldId(f as u16)), How::Declared, *at);
            }
        }
        for (i, (message, at)) in program.messages.iter().zip(&map.messages).enumerate() {
            self.add(Thing::Message(MessageId(i as u16)), How::Declared, at.name);
            self.fields(&message.params, &at.params);
            for (f, at) in at.params.iter().enumerate() {
                self.add(Thing::Param(MessageId(i as u16), FieldId(f as u16)), How::Declared, *at);
            }
        }
        for (i, (action, at)) in program.actions.iter().zip(&map.actions).enumerate() {
            self.add(Thing::Action(ActionId(i as u16)), How::Declared, *at);
            action.takes.iter().chain(&action.gives).for_each(|field| self.of_type(&field.ty, *at));
            if let Some(undo) = action.undo {
                self.add(Thing::Action(undo), How::Read, *at);
            }
        }
        for (i, at) in map.enums.iter().enumerate() {
            self.add(Thing::Enum(EnumId(i as u16)), How::Declared, *at);
        }
        for (i, at) in map.splits.iter().enumerate() {
            self.add(Thing::Split(SplitId(i as u16)), How::Declared, *at);
        }
    }

    /// Names in the files of messages, known by where they are declared.
    fn files(&mut self) {
        let declared: BTreeMap<Span, Thing> = self
            .uses
            .iter()
            .filter(|found| found.how == How::Declared)
            .map(|found| (found.at, found.thing.clone()))
            .collect();
        for mention in &self.input.map.mentions {
            if let Some(thing) = declared.get(&mention.declared) {
                self.within = Within::Message(MessageId(mention.message as u16));
                self.add(thing.clone(), How::Read, mention.at);
            }
        }
    }

    fn fields(&mut self, fields: &[FieldDef], places: &[Span]) {
        for (field, at) in fields.iter().zip(places) {
            self.of_type(&field.ty, *at);
        }
    }
    fn of_type(&mut self, ty: &Type, at: Span) {
        match ty {
            Type::Enum(id) => self.add(Thing::Enum(*id), How::Read, at),
            Type::Record(id) => self.add(Thing::Record(*id), How::Read, at),
            Type::List(inner) | Type::Optional(inner) => self.of_type(inner, at),
            Type::Event(_)
            | Type::Result(_)
            | Type::Text
            | Type::Id
            | Type::Email
            | Type::Phone
            | Type::LineId
            | Type::PushToken
            | Type::Url
            | Type::Int
            | Type::Decimal
            | Type::Percent
            | Type::Bool
            | Type::Money(_)
            | Type::Zone
            | Type::Instant
            | Type::Date
            | Type::Time
            | Type::Span
            | Type::Period => {}
        }
    }

    fn segments(&mut self) {
        let Input { program, map, .. } = self.input;
        for (i, (segment, at)) in program.segments.iter().zip(&map.segments).enumerate() {
            let id = SegmentId(i as u16);
            self.within = Within::Declaration;
            self.add(Thing::Segment(id), How::Declared, at.name);
            self.within = Within::Segment(id);
            self.expr(&mut Judge::new(program, None), &segment.condition, at.condition);
        }
    }

    fn policies(&mut self) {
        let Input { program, map, .. } = self.input;
        for (i, (policy, at)) in program.policies.iter().zip(&map.policies).enumerate() {
            let id = PolicyId(i as u16);
            self.within = Within::Declaration;
            self.add(Thing::Policy(id), How::Declared, at.name);
            self.within = Within::Policy(id);
            for withhold in &policy.withhold {
                self.expr(&mut Judge::new(program, None), &withhold.when, withhold_place(at));
            }
        }
    }

    fn journeys(&mut self) {
        let Input { program, map, .. } = self.input;
        for (i, (journey, at)) in program.journeys.iter().zip(&map.journeys).enumerate() {
            let id = JourneyId(i as u16);
            self.within = Within::Declaration;
            self.add(Thing::Journey(id), How::Declared, at.name);
            self.within = Within::Journey(id);
            for (step, at) in at.steps.iter().enumerate().take(journey.steps.len().saturating_sub(1)) {
                self.add(Thing::Step(id, StepId(step as u16)), How::Declared, *at);
            }
            let mut judge = Judge::new(program, Some(journey));
            self.add(Thing::Policy(journey.policy), How::Read, at.policy.unwrap_or(at.name));
            if let Some(holdout) = &journey.holdout {
                self.add(Thing::Split(holdout.split), How::Read, at.holdout.unwrap_or(at.name));
            }
            if let Some(goal) = &journey.goal {
                self.pattern(&mut judge, goal.event, goal.filter.as_ref(), at.goal.unwrap_or(at.name));
            }
            self.start(&mut judge, &journey.start, at.start.unwrap_or(at.name));
            if let Some(condition) = &journey.only_if {
                self.expr(&mut judge, condition, at.only_if.unwrap_or(at.name));
            }
            for (exit, at) in journey.exits.iter().zip(&at.exits) {
                match exit {
                    Exit::Event { event, filter } => self.pattern(&mut judge, *event, filter.as_ref(), *at),
                    Exit::Segment { segment, .. } => self.add(Thing::Segment(*segment), How::Read, *at),
                }
            }
            for (pc, instruction) in journey.code.iter().enumerate() {
                let step = at.steps[instruction.step.index()];
                self.instruction(&mut judge, &instruction.op, at.parts.get(pc).map_or(&[], Vec::as_slice), step);
            }
        }
    }

    fn start(&mut self, judge: &mut Judge<'a>, start: &'a Start, at: Span) {
        match start {
            Start::Event { event, filter, key, audience, .. } => {
                self.pattern(judge, *event, filter.as_ref(), at);
                key.iter().for_each(|key| self.expr(judge, key, at));
                audience.iter().for_each(|audience| self.audience(judge, audience, at));
            }
            Start::Segment { segment, .. } => self.add(Thing::Segment(*segment), How::Read, at),
            Start::Schedule { audience, .. } | Start::At { audience, .. } => self.audience(judge, audience, at),
        }
    }
    fn audience(&mut self, judge: &mut Judge<'a>, audience: &'a Audience, at: Span) {
        if let Some(segment) = audience.segment {
            self.add(Thing::Segment(segment), How::Read, at);
        }
        audience.condition.iter().for_each(|condition| self.expr(judge, condition, at));
    }
    fn pattern(&mut self, judge: &mut Judge<'a>, event: EventId, filter: Option<&Expr>, at: Span) {
        self.add(Thing::Event(event), How::Read, at);
        judge.subjects.push(Some(Type::Event(event)));
        filter.iter().for_each(|filter| self.expr(judge, filter, at));
        judge.subjects.pop();
    }

    fn instruction(&mut self, judge: &mut Judge<'a>, op: &'a Op, parts: &[Span], step: Span) {
        let tags = self.input.program.person.tags;
        match op {
            Op::Await { arms, .. } => {
                for (i, arm) in arms.iter().enumerate() {
                    let at = parts.get(i).copied().unwrap_or(step);
                    match &arm.on {
                        ArmOn::Event { event, filter, .. } => self.pattern(judge, *event, filter.as_ref(), at),
                        ArmOn::Segment { segment, .. } => self.add(Thing::Segment(*segment), How::Read, at),
                        ArmOn::Handle { .. } | ArmOn::Approval { .. } => {}
                    }
                }
            }
            Op::Send { message, params, .. } => {
                self.add(Thing::Message(*message), How::Read, first(parts, step));
                for (f, value) in params.iter().enumerate() {
                    // A parameter that is left out is missing.
                    if !matches!(value, Expr::Const(Value::Missing)) {
                        self.add(Thing::Param(*message, FieldId(f as u16)), How::Written, step);
                    }
                }
            }
            Op::Do { action, .. } => self.add(Thing::Action(*action), How::Read, first(parts, step)),
            Op::Draw { split, .. } => self.add(Thing::Split(*split), How::Read, step),
            Op::Tag(tag) | Op::Untag(tag) => {
                self.add(Thing::Tag(tag.clone()), How::Written, step);
                tags.iter().for_each(|tags| self.add(Thing::Profile(*tags), How::Written, step));
            }
            Op::Set { field, .. } => self.add(Thing::Profile(*field), How::Written, step),
            Op::Branch { cases, .. } => {
                for (i, (condition, _)) in cases.iter().enumerate() {
                    self.expr(judge, condition, parts.get(i).copied().unwrap_or(step));
                }
                return;
            }
            Op::Wait { .. }
            | Op::Switch { .. }
            | Op::Repeat { .. }
            | Op::Jump(_)
            | Op::Let { .. }
            | Op::Stop { .. }
            | Op::End => {}
        }
        let mut values = Vec::new();
        exprs::in_op(op, &mut |value| values.push(value));
        values.into_iter().for_each(|value| self.expr(judge, value, step));
    }

    fn expr(&mut self, judge: &mut Judge<'a>, expr: &Expr, at: Span) {
        match expr {
            Expr::Profile(field) => self.add(Thing::Profile(*field), How::Read, at),
            Expr::InSegment(segment) => self.add(Thing::Segment(*segment), How::Read, at),
            Expr::Field(of, field) => match judge.type_of(of).map(present) {
                Some(Type::Event(event)) => self.add(Thing::EventField(event, *field), How::Read, at),
                Some(Type::Record(record)) => self.add(Thing::RecordField(record, *field), How::Read, at),
                _ => {}
            },
            Expr::InList { item, list } => {
                if let (Expr::Const(Value::Text(tag)), Expr::Profile(field)) = (&**item, &**list)
                    && Some(*field) == self.input.program.person.tags
                {
                    self.add(Thing::Tag(tag.to_string()), How::Read, at);
                }
            }
            Expr::Behaviour(behaviour) => {
                self.add(Thing::Event(behaviour.event), How::Read, at);
                let field = match &behaviour.ask {
                    Ask::Sum { field, .. } | Ask::Average { field } => Some(*field),
                    Ask::Last { field } | Ask::First { field } => *field,
                    Ask::Did | Ask::Count => None,
                };
                field.iter().for_each(|f| self.add(Thing::EventField(behaviour.event, *f), How::Read, at));
            }
            _ => {}
        }
        let subject = match expr {
            Expr::Narrow { list, .. } | Expr::Quantify { list, .. } => judge.type_of(list).and_then(element),
            Expr::Behaviour(behaviour) => Some(Type::Event(behaviour.event)),
            _ => None,
        };
        let mut parts = Vec::new();
        expr.parts(&mut |part, added| parts.push((part, added)));
        for (part, added) in parts {
            if added > 0 {
                judge.subjects.push(subject.clone());
            }
            self.expr(judge, part, at);
            if added > 0 {
                judge.subjects.pop();
            }
        }
    }
}

fn first(parts: &[Span], step: Span) -> Span {
    parts.first().copied().unwrap_or(step)
}

/// A policy's conditions stand among its rules; the map tells no more than where those are.
fn withhold_place(map: &crate::lower::map::PolicyMap) -> Span {
    map.rules.iter().copied().reduce(Span::to).unwrap_or(map.name)
}

fn present(ty: Type) -> Type {
    match ty {
        Type::Optional(inner) => *inner,
        ty => ty,
    }
}

fn element(ty: Type) -> Option<Type> {
    match present(ty) {
        Type::List(element) => Some(*element),
        _ => None,
    }
}
