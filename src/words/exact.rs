//! Expressions and types by name and in every detail: equal texts mean the same, whatever numbers a program gives things.
//!
//! For comparing two programs; nobody reads it.

use std::fmt::Write;

use super::scope::Scope;
use crate::ir::{
    Ask, Behaviour, EventId, Expr, FieldDef, FieldId, Journey, Op, Program, Schedule, ScheduleWhen, SegmentId, SlotId,
    Start, Type, Until,
};
use crate::value::Value;

/// Writes what one journey (or no journey) says.
pub struct Exact<'a> {
    scope: Scope<'a>,
}

impl<'a> Exact<'a> {
    pub fn new(program: &'a Program, journey: Option<&'a Journey>) -> Self {
        Exact { scope: Scope::new(program, journey) }
    }

    pub fn event(&mut self, event: EventId, filter: Option<&Expr>) -> String {
        let name = self.scope.program.event(event).name.clone();
        filter.map_or_else(|| name.clone(), |filter| format!("{name}({})", self.inside(Type::Event(event), filter)))
    }

    pub fn segment(&self, segment: SegmentId) -> &'a str {
        &self.scope.program.segments[segment.index()].name
    }

    pub fn schedule(&self, schedule: &Schedule) -> String {
        let when = match &schedule.when {
            ScheduleWhen::Day { at } => format!("day {at}"),
            ScheduleWhen::Week { on, at } => format!("week {on:?} {at}"),
            ScheduleWhen::Month { on, at } => format!("month {on:?} {at}"),
            ScheduleWhen::Cron(cron) => format!("cron {cron}"),
        };
        format!("{when} {}", schedule.zone.map_or("local", crate::value::Zone::name))
    }

    pub fn until(&mut self, until: &Until) -> String {
        match until {
            Until::After(span) => format!("after {}", self.expr(span, None)),
            Until::Time(time) => format!("time {time}"),
            Until::Tomorrow(time) => format!("tomorrow {time}"),
            Until::Weekday(day, time) => format!("weekday {day} {time}"),
            Until::Moment { moment, at } => {
                let at = at.map_or_else(String::new, |at| at.to_string());
                format!("moment {} at {at}", self.expr(moment, None))
            }
        }
    }

    /// `expected`: what a constant is, where the place says so.
    pub fn expr(&mut self, expr: &Expr, expected: Option<&Type>) -> String {
        match expr {
            Expr::Const(value) => self.value(value, expected),
            Expr::Profile(field) => format!("profile.{}", name_of(&self.scope.program.profile, *field)),
            Expr::Slot(slot) => self.slot(*slot),
            Expr::Subject(depth) => format!("it{depth}"),
            Expr::Field(of, field) => {
                let fields = self.scope.type_of(of).and_then(|ty| self.scope.fields(&ty));
                let name = fields.map_or_else(|| field.0.to_string(), |fields| name_of(fields, *field).to_string());
                format!("{}.{name}", self.expr(of, None))
            }
            Expr::Now => "now".into(),
            Expr::Today => "today".into(),
            Expr::Handle(handle, fact) => {
                let name = self.scope.journey.map_or("", |j| j.handles[handle.index()].name.as_str());
                format!("{name}.{}", fact.name())
            }
            Expr::Not(of) => format!("not({})", self.expr(of, None)),
            Expr::Negate(of) => format!("minus({})", self.expr(of, None)),
            Expr::And(parts) => format!("and({})", self.list(parts, None)),
            Expr::Or(parts) => format!("or({})", self.list(parts, None)),
            Expr::Compare { op, left, right } => {
                let ty = self.scope.type_of(left).or_else(|| self.scope.type_of(right));
                format!("{op:?}({}, {})", self.expr(left, ty.as_ref()), self.expr(right, ty.as_ref()))
            }
            Expr::Arithmetic { op, left, right } => {
                format!("{op:?}({}, {})", self.expr(left, None), self.expr(right, None))
            }
            Expr::OrElse(first, second) => {
                let ty = self.scope.type_of(first);
                let ty = ty.as_ref().or(expected);
                format!("else({}, {})", self.expr(first, ty), self.expr(second, ty))
            }
            Expr::IsSet(of) => format!("set({})", self.expr(of, None)),
            Expr::InSegment(segment) => format!("in({})", self.segment(*segment)),
            Expr::InList { item, list } => {
                let element = match self.scope.type_of(list) {
                    Some(Type::List(element)) => Some(*element),
                    _ => self.scope.type_of(item),
                };
                let of = element.clone().map(|element| Type::List(Box::new(element)));
                format!("in({}, {})", self.expr(item, element.as_ref()), self.expr(list, of.as_ref()))
            }
            Expr::Behaviour(behaviour) => self.behaviour(behaviour),
            Expr::Narrow { list, condition } => {
                let element = self.scope.element_of(list);
                format!("{}({})", self.expr(list, None), self.inside(element, condition))
            }
            Expr::Quantify { quantifier, list, condition } => {
                let element = self.scope.element_of(list);
                let condition = condition.as_ref().map_or_else(String::new, |c| self.inside(element, c));
                format!("{quantifier:?}({}; {condition})", self.expr(list, None))
            }
            Expr::Length(of) => format!("length({})", self.expr(of, None)),
            Expr::Record(values) => {
                let fields = expected.and_then(|ty| self.scope.fields(ty));
                let value = |(i, value): (usize, &Expr)| {
                    let field = fields.and_then(|fields| fields.get(i));
                    let name = field.map_or_else(|| i.to_string(), |f| f.name.clone());
                    format!("{name}: {}", self.expr(value, field.map(|f| &f.ty)))
                };
                format!("{{{}}}", values.iter().enumerate().map(value).collect::<Vec<_>>().join(", "))
            }
            Expr::List(items) => format!("[{}]", self.list(items, expected.and_then(Type::element))),
            Expr::Pick { slot, arms } => format!("{}{{{}}}", self.slot(*slot), self.list(arms, expected)),
            Expr::NextAnniversary(of) => format!("anniversary({})", self.expr(of, None)),
            Expr::Since { unit, of } => format!("{unit:?}({})", self.expr(of, None)),
            Expr::DateOf(of) => format!("date({})", self.expr(of, None)),
        }
    }

    fn list(&mut self, parts: &[Expr], ty: Option<&Type>) -> String {
        parts.iter().map(|part| self.expr(part, ty)).collect::<Vec<_>>().join(", ")
    }

    /// The event that started the journey has one name, whatever the author calls it.
    fn slot(&self, slot: SlotId) -> String {
        match self.scope.journey {
            Some(Journey { start: Start::Event { bind, .. }, .. }) if *bind == slot => "(start)".into(),
            Some(journey) => journey.slots[slot.index()].name.clone(),
            None => String::new(),
        }
    }

    fn inside(&mut self, subject: Type, expr: &Expr) -> String {
        self.scope.enter(subject);
        let text = self.expr(expr, None);
        self.scope.leave();
        text
    }

    fn behaviour(&mut self, behaviour: &Behaviour) -> String {
        let event = self.scope.program.event(behaviour.event);
        let field = |field: &FieldId| name_of(&event.fields, *field);
        let optional = |of: &Option<FieldId>| of.as_ref().map_or("", field);
        let ask = match &behaviour.ask {
            Ask::Did => "did".to_string(),
            Ask::Count => "count".to_string(),
            Ask::Sum { field: of, .. } => format!("sum {}", field(of)),
            Ask::Average { field: of } => format!("average {}", field(of)),
            Ask::Last { field: of } => format!("last {}", optional(of)),
            Ask::First { field: of } => format!("first {}", optional(of)),
        };
        let window = behaviour.window.map_or_else(String::new, |w| format!(" within {w}"));
        format!("{ask} {}{window}", self.event(behaviour.event, behaviour.filter.as_ref()))
    }

    pub fn value(&self, value: &Value, ty: Option<&Type>) -> String {
        match (value, ty.map(Type::bare)) {
            (Value::Enum(variant), Some(Type::Enum(id))) => {
                let variants = &self.scope.program.enums[id.index()].variants;
                variants.get(usize::from(*variant)).cloned().unwrap_or_default()
            }
            (Value::List(items), ty) => {
                let ty = ty.and_then(Type::element);
                format!("[{}]", items.iter().map(|item| self.value(item, ty)).collect::<Vec<_>>().join(", "))
            }
            (Value::Record(values), ty) => {
                let fields = ty.and_then(|ty| self.scope.fields(ty));
                let mut text = String::from("{");
                for (i, value) in values.iter().enumerate() {
                    let field = fields.and_then(|fields| fields.get(i));
                    let name = field.map_or("", |f| f.name.as_str());
                    let _ = write!(text, "{name}: {}, ", self.value(value, field.map(|f| &f.ty)));
                }
                text + "}"
            }
            (value, _) => serde_json::to_string(value).expect("a value is plain data with string keys"),
        }
    }

    /// What a step does, without where it leads; an instruction that only leads elsewhere is empty.
    pub fn own(&mut self, op: &Op) -> String {
        let program = self.scope.program;
        match op {
            Op::Wait { until } => self.until(until),
            Op::Await { up_to, .. } => up_to.as_ref().map_or_else(String::new, |up_to| self.expr(up_to, None)),
            Op::Send { message, .. } => program.message(*message).name.clone(),
            Op::Branch { .. } | Op::Jump(_) | Op::End => String::new(),
            Op::Draw { split, .. } => program.splits[split.index()].name.clone(),
            Op::Switch { slot, .. } => self.slot(*slot),
            Op::Repeat { times, .. } => times.to_string(),
            Op::Do { action, .. } => program.actions[action.index()].name.clone(),
            Op::Tag(tag) | Op::Untag(tag) => tag.clone(),
            Op::Set { field, .. } => name_of(&program.profile, *field).to_string(),
            Op::Let { slot, .. } => self.slot(*slot),
            Op::Stop { because } => because.clone().unwrap_or_default(),
        }
    }
}

fn name_of(fields: &[FieldDef], field: FieldId) -> &str {
    fields.get(field.index()).map_or("", |f| f.name.as_str())
}

/// A type as its declaration says it: `list of item`, `money JPY?`, `one of [a, b]`.
pub fn type_name(program: &Program, ty: &Type) -> String {
    let plain = match ty {
        Type::Text => "text",
        Type::Id => "id",
        Type::Email => "email",
        Type::Phone => "phone",
        Type::LineId => "line_id",
        Type::PushToken => "push_token",
        Type::Url => "url",
        Type::Int => "int",
        Type::Decimal => "decimal",
        Type::Percent => "percent",
        Type::Bool => "bool",
        Type::Zone => "zone",
        Type::Instant => "instant",
        Type::Date => "date",
        Type::Time => "time",
        Type::Span => "span",
        Type::Period => "period",
        Type::Money(currency) => return format!("money {}", currency.code()),
        Type::Enum(id) => return program.enums[id.index()].name.clone(),
        Type::Record(id) => return program.records[id.index()].name.clone(),
        Type::Event(id) => return program.event(*id).name.clone(),
        Type::Result(id) => return program.actions[id.index()].name.clone(),
        Type::List(element) => return format!("list of {}", type_name(program, element)),
        Type::Optional(inner) => return format!("{}?", type_name(program, inner)),
    };
    plain.to_string()
}
