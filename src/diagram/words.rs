//! The program's expressions, durations and rules in words a marketer reads on a slide.
//!
//! For reading only: what it writes is not the language and need not parse.

use crate::ir::{
    Ask, Audience, Behaviour, Compare, EventId, Expr, FieldDef, FieldId, Journey, Operator, Program, Quantifier,
    Schedule, ScheduleWhen, SegmentId, SinceUnit, Type,
};
use crate::value::time::{MILLIS_PER_HOUR, MILLIS_PER_MINUTE, MILLIS_PER_SECOND};
use crate::value::{CalendarPeriod, Value, Zone};

/// `3 days`, `1 hour 30 min`.
pub fn period(period: CalendarPeriod) -> String {
    let parts = [
        (i64::from(period.months / 12), "year"),
        (i64::from(period.months % 12), "month"),
        (i64::from(period.days), "day"),
        (period.millis / MILLIS_PER_HOUR, "hour"),
        (period.millis % MILLIS_PER_HOUR / MILLIS_PER_MINUTE, "min"),
        (period.millis % MILLIS_PER_MINUTE / MILLIS_PER_SECOND, "s"),
    ];
    let words: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count != 0)
        .map(|(count, unit)| {
            let plural = if count == 1 || unit == "min" || unit == "s" { "" } else { "s" };
            format!("{count} {unit}{plural}")
        })
        .collect();
    if words.is_empty() { "0 min".to_string() } else { words.join(" ") }
}

/// `3,000`
pub fn grouped(digits: &str) -> String {
    let (sign, rest) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let whole = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let mut text = String::from(sign);
    for (i, digit) in rest[..whole].chars().enumerate() {
        if i > 0 && (whole - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + &rest[whole..]
}

pub fn weekday(iso: u8) -> &'static str {
    match iso {
        1 => "Monday",
        2 => "Tuesday",
        3 => "Wednesday",
        4 => "Thursday",
        5 => "Friday",
        6 => "Saturday",
        _ => "Sunday",
    }
}

/// `12.5%`
pub fn percent(micro: i64) -> String {
    let text = format!("{:.4}", micro as f64 / 10_000.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// How tightly a written expression holds together; a looser one inside a tighter one gets parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tightness {
    OrElse,
    Or,
    And,
    Not,
    Compare,
    Add,
    Multiply,
    Word,
}

/// Writes what one journey (or no journey: a segment) says.
pub struct Words<'a> {
    program: &'a Program,
    journey: Option<&'a Journey>,
    /// What `Subject(n)` is, innermost last.
    subjects: Vec<Type>,
}

impl<'a> Words<'a> {
    pub fn new(program: &'a Program, journey: Option<&'a Journey>) -> Self {
        Words { program, journey, subjects: Vec::new() }
    }

    pub fn expr(&mut self, expr: &Expr) -> String {
        self.write(expr).0
    }

    /// `purchase (total ≥ 3,000 JPY)`
    pub fn event(&mut self, event: EventId, filter: Option<&Expr>) -> String {
        let name = self.program.event(event).name.clone();
        match filter {
            None => name,
            Some(filter) => format!("{name} ({})", self.inside(Type::Event(event), filter)),
        }
    }

    pub fn segment(&self, segment: SegmentId) -> String {
        let segment = &self.program.segments[segment.index()];
        segment.title.clone().unwrap_or_else(|| segment.name.clone())
    }

    pub fn audience(&mut self, audience: &Audience) -> String {
        let who = match audience.segment {
            Some(segment) => format!("everyone in {}", self.segment(segment)),
            None => "everyone".to_string(),
        };
        match &audience.condition {
            Some(condition) => format!("{who} with {}", self.expr(condition)),
            None => who,
        }
    }

    pub fn schedule(&self, schedule: &Schedule) -> String {
        let when = match &schedule.when {
            ScheduleWhen::Day { at } => format!("every day at {at}"),
            ScheduleWhen::Week { on, at } => {
                let days: Vec<&str> = on.iter().map(|day| weekday(*day)).collect();
                format!("every {} at {at}", days.join(", "))
            }
            ScheduleWhen::Month { on, at } => {
                let days: Vec<String> = on.iter().map(u8::to_string).collect();
                format!("every month on day {} at {at}", days.join(", "))
            }
            ScheduleWhen::Cron(cron) => format!("by the schedule {cron}"),
        };
        let place = schedule.zone.map_or("local time", Zone::name);
        format!("{when} ({place})")
    }

    /// An expression that sees one element of `subject` as its innermost subject.
    fn inside(&mut self, subject: Type, expr: &Expr) -> String {
        self.subjects.push(subject);
        let text = self.expr(expr);
        self.subjects.pop();
        text
    }

    fn at_least(&mut self, expr: &Expr, tightness: Tightness) -> String {
        let (text, own) = self.write(expr);
        if own < tightness { format!("({text})") } else { text }
    }

    fn write(&mut self, expr: &Expr) -> (String, Tightness) {
        let word = |text: String| (text, Tightness::Word);
        match expr {
            Expr::Const(value) => word(self.value(value, None)),
            Expr::Profile(field) => word(format!("profile.{}", name_of(&self.program.profile, *field))),
            Expr::Slot(slot) => word(self.journey.map_or_else(String::new, |j| j.slots[slot.index()].name.clone())),
            Expr::Subject(_) => word("it".into()),
            Expr::Field(of, field) => word(self.field(of, *field)),
            Expr::Now => word("now".into()),
            Expr::Today => word("today".into()),
            Expr::Handle(handle, fact) => word(self.handle(*handle, *fact)),
            Expr::Not(inner) => (format!("not {}", self.at_least(inner, Tightness::Not)), Tightness::Not),
            Expr::Negate(inner) => word(format!("-{}", self.at_least(inner, Tightness::Word))),
            Expr::And(list) => (self.joined(list, " and ", Tightness::And), Tightness::And),
            Expr::Or(list) => (self.joined(list, " or ", Tightness::Or), Tightness::Or),
            Expr::Compare { op, left, right } => (self.compare(*op, left, right), Tightness::Compare),
            Expr::Arithmetic { op, left, right } => self.arithmetic(*op, left, right),
            Expr::OrElse(first, second) => {
                let (first, second) = (self.at_least(first, Tightness::Or), self.at_least(second, Tightness::Or));
                (format!("{first} or else {second}"), Tightness::OrElse)
            }
            Expr::IsSet(inner) => (format!("{} is set", self.at_least(inner, Tightness::Word)), Tightness::Compare),
            Expr::InSegment(segment) => (format!("in {}", self.segment(*segment)), Tightness::Compare),
            Expr::InList { item, list } => (self.in_list(item, list), Tightness::Compare),
            Expr::Behaviour(behaviour) => (self.behaviour(behaviour), Tightness::Compare),
            Expr::Narrow { list, condition } => word(self.narrowed(list, Some(condition))),
            Expr::Quantify { quantifier, list, condition } => {
                let quantifier = match quantifier {
                    Quantifier::Any => "any of",
                    Quantifier::None => "none of",
                    Quantifier::All => "all of",
                };
                (format!("{quantifier} {}", self.narrowed(list, condition.as_ref().map(|c| &**c))), Tightness::Compare)
            }
            Expr::Length(list) => word(format!("count of {}", self.at_least(list, Tightness::Word))),
            Expr::Record(_) => word("{…}".into()),
            Expr::List(list) => {
                let items: Vec<String> = list.iter().map(|item| self.expr(item)).collect();
                word(format!("[{}]", items.join(", ")))
            }
            Expr::Pick { arms, .. } => {
                let arms: Vec<String> = arms.iter().map(|arm| self.expr(arm)).collect();
                (arms.join(" / "), Tightness::OrElse)
            }
            Expr::NextAnniversary(of) => word(format!("next anniversary of {}", self.at_least(of, Tightness::Word))),
            Expr::Since { unit, of } => {
                let unit = match unit {
                    SinceUnit::Days => "days",
                    SinceUnit::Months => "months",
                    SinceUnit::Years => "years",
                };
                word(format!("{unit} since {}", self.at_least(of, Tightness::Word)))
            }
            Expr::DateOf(of) => word(format!("date of {}", self.at_least(of, Tightness::Word))),
        }
    }

    fn joined(&mut self, list: &[Expr], between: &str, tightness: Tightness) -> String {
        let parts: Vec<String> = list.iter().map(|part| self.at_least(part, tightness)).collect();
        parts.join(between)
    }

    fn field(&mut self, of: &Expr, field: FieldId) -> String {
        let fields = self.type_of(of).and_then(|ty| self.fields(&ty));
        let name = fields.map_or_else(String::new, |fields| name_of(fields, field));
        match of {
            Expr::Subject(_) => name,
            _ => format!("{}.{name}", self.at_least(of, Tightness::Word)),
        }
    }

    fn handle(&self, handle: crate::ir::HandleId, fact: crate::ir::Fact) -> String {
        let name = self.journey.map_or("", |j| j.handles[handle.index()].name.as_str());
        format!("{name} {}", fact.name())
    }

    fn compare(&mut self, op: Compare, left: &Expr, right: &Expr) -> String {
        let sign = match op {
            Compare::Equal => "=",
            Compare::NotEqual => "≠",
            Compare::Less => "<",
            Compare::LessEqual => "≤",
            Compare::Greater => ">",
            Compare::GreaterEqual => "≥",
        };
        let ty = self.type_of(left).or_else(|| self.type_of(right));
        format!("{} {sign} {}", self.side(left, ty.as_ref()), self.side(right, ty.as_ref()))
    }

    /// One side of a comparison; a constant is written by the type of the other side (an enum's variant).
    pub fn side(&mut self, expr: &Expr, ty: Option<&Type>) -> String {
        match expr {
            Expr::Const(value) => self.value(value, ty),
            other => self.at_least(other, Tightness::Add),
        }
    }

    fn arithmetic(&mut self, op: Operator, left: &Expr, right: &Expr) -> (String, Tightness) {
        let (sign, tightness, tighter) = match op {
            Operator::Add => ("+", Tightness::Add, Tightness::Add),
            Operator::Subtract => ("−", Tightness::Add, Tightness::Multiply),
            Operator::Multiply => ("×", Tightness::Multiply, Tightness::Multiply),
            Operator::Divide => ("÷", Tightness::Multiply, Tightness::Word),
        };
        (format!("{} {sign} {}", self.at_least(left, tightness), self.at_least(right, tighter)), tightness)
    }

    fn in_list(&mut self, item: &Expr, list: &Expr) -> String {
        let element = match self.type_of(list) {
            Some(Type::List(element)) => Some(*element),
            _ => self.type_of(item),
        };
        let list = match list {
            Expr::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.side(item, element.as_ref())).collect();
                format!("[{}]", items.join(", "))
            }
            Expr::Const(Value::List(items)) => {
                let items: Vec<String> = items.iter().map(|item| self.value(item, element.as_ref())).collect();
                format!("[{}]", items.join(", "))
            }
            other => self.at_least(other, Tightness::Add),
        };
        format!("{} in {list}", self.side(item, element.as_ref()))
    }

    fn narrowed(&mut self, list: &Expr, condition: Option<&Expr>) -> String {
        let text = self.at_least(list, Tightness::Word);
        let Some(condition) = condition else { return text };
        let element = match self.type_of(list) {
            Some(Type::List(element)) => *element,
            _ => Type::Text,
        };
        format!("{text} ({})", self.inside(element, condition))
    }

    fn behaviour(&mut self, behaviour: &Behaviour) -> String {
        let event = self.program.event(behaviour.event);
        let field = |field: FieldId| format!("{}.{}", event.name, name_of(&event.fields, field));
        let noun = match &behaviour.ask {
            Ask::Did => format!("did {}", event.name),
            Ask::Count => format!("count of {}", event.name),
            Ask::Sum { field: of, .. } => format!("sum of {}", field(*of)),
            Ask::Average { field: of } => format!("average of {}", field(*of)),
            Ask::Last { field: of } => format!("last {}", of.map_or_else(|| event.name.clone(), field)),
            Ask::First { field: of } => format!("first {}", of.map_or_else(|| event.name.clone(), field)),
        };
        let filter = match &behaviour.filter {
            Some(filter) => format!(" ({})", self.inside(Type::Event(behaviour.event), filter)),
            None => String::new(),
        };
        let window = behaviour.window.map_or_else(String::new, |window| format!(" in last {}", period(window)));
        format!("{noun}{filter}{window}")
    }

    pub fn value(&self, value: &Value, ty: Option<&Type>) -> String {
        match value {
            Value::Missing => "missing".into(),
            Value::Bool(true) => "yes".into(),
            Value::Bool(false) => "no".into(),
            Value::Int(number) => grouped(&number.to_string()),
            Value::Decimal(number) if ty.is_some_and(|ty| *bare(ty) == Type::Percent) => percent(number.micro),
            Value::Decimal(number) => grouped(&number.to_string()),
            Value::Money(money) => grouped(&money.to_string()),
            Value::Text(text) => format!("“{text}”"),
            Value::Instant(instant) => {
                let zone = self.program.project.zone;
                let (date, time) = zone.local(*instant);
                format!("{date} {time} {zone}")
            }
            Value::Date(date) => date.to_string(),
            Value::Time(time) => time.to_string(),
            Value::Span(span) => period(CalendarPeriod::exact(*span)),
            Value::Period(value) => period(*value),
            Value::Zone(zone) => zone.to_string(),
            Value::Enum(variant) => match ty.map(bare) {
                Some(Type::Enum(id)) => {
                    let variants = &self.program.enums[id.index()].variants;
                    variants.get(usize::from(*variant)).cloned().unwrap_or_default()
                }
                _ => format!("#{variant}"),
            },
            Value::Record(_) => "{…}".into(),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.value(item, None)).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }

    fn fields(&self, ty: &Type) -> Option<&'a [FieldDef]> {
        match bare(ty) {
            Type::Record(id) => Some(&self.program.records[id.index()].fields),
            Type::Event(id) => Some(&self.program.event(*id).fields),
            _ => None,
        }
    }

    /// The type of an expression as far as names and enum constants need it.
    pub fn type_of(&self, expr: &Expr) -> Option<Type> {
        match expr {
            Expr::Profile(field) => Some(self.program.profile[field.index()].ty.clone()),
            Expr::Slot(slot) => self.journey.map(|j| j.slots[slot.index()].ty.clone()),
            Expr::Subject(depth) => {
                self.subjects.len().checked_sub(usize::from(*depth) + 1).map(|i| self.subjects[i].clone())
            }
            Expr::Field(of, field) => {
                let fields = self.fields(&self.type_of(of)?)?;
                fields.get(field.index()).map(|f| f.ty.clone())
            }
            Expr::OrElse(first, second) => self.type_of(first).or_else(|| self.type_of(second)),
            Expr::Narrow { list, .. } => self.type_of(list),
            Expr::Behaviour(behaviour) => match &behaviour.ask {
                Ask::Last { field } | Ask::First { field } => match field {
                    None => Some(Type::Event(behaviour.event)),
                    Some(field) => Some(self.program.event(behaviour.event).fields[field.index()].ty.clone()),
                },
                Ask::Did | Ask::Count | Ask::Sum { .. } | Ask::Average { .. } => None,
            },
            Expr::Const(_)
            | Expr::Now
            | Expr::Today
            | Expr::Handle(..)
            | Expr::Not(_)
            | Expr::Negate(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Compare { .. }
            | Expr::Arithmetic { .. }
            | Expr::IsSet(_)
            | Expr::InSegment(_)
            | Expr::InList { .. }
            | Expr::Quantify { .. }
            | Expr::Length(_)
            | Expr::Record(_)
            | Expr::List(_)
            | Expr::Pick { .. }
            | Expr::NextAnniversary(_)
            | Expr::Since { .. }
            | Expr::DateOf(_) => None,
        }
    }
}

fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Optional(inner) => bare(inner),
        other => other,
    }
}

fn name_of(fields: &[FieldDef], field: FieldId) -> String {
    fields.get(field.index()).map_or_else(String::new, |f| f.name.clone())
}
