//! Expressions in words.
//!
//! Loses details that nobody reads (the fields of a record); `exact` keeps them.

use super::Language;
use super::plain::{grouped, percent, period};
use super::scope::Scope;
use crate::ir::{
    Ask, Behaviour, Compare, EventId, Expr, Fact, FieldDef, FieldId, HandleId, Journey, Operator, Program, Quantifier,
    SegmentId, SinceUnit, Type,
};
use crate::value::{CalendarPeriod, Value};

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
    pub(super) scope: Scope<'a>,
    pub language: Language,
}

impl<'a> Words<'a> {
    pub fn new(program: &'a Program, journey: Option<&'a Journey>, language: Language) -> Self {
        Words { scope: Scope::new(program, journey), language }
    }

    /// The same, inside `noun(…)`.
    pub fn within(mut self, subject: Type) -> Self {
        self.scope.enter(subject);
        self
    }

    pub fn expr(&mut self, expr: &Expr) -> String {
        self.write(expr).0
    }

    /// `purchase (total ≥ 3,000 JPY)`
    pub fn event(&mut self, event: EventId, filter: Option<&Expr>) -> String {
        let name = self.scope.program.event(event).name.clone();
        match filter {
            None => name,
            Some(filter) => format!("{name} ({})", self.inside(Type::Event(event), filter)),
        }
    }

    pub fn segment(&self, segment: SegmentId) -> String {
        let segment = &self.scope.program.segments[segment.index()];
        segment.title.clone().unwrap_or_else(|| segment.name.clone())
    }

    /// An expression that sees one element of `subject` as its innermost subject.
    fn inside(&mut self, subject: Type, expr: &Expr) -> String {
        self.scope.enter(subject);
        let text = self.expr(expr);
        self.scope.leave();
        text
    }

    fn at_least(&mut self, expr: &Expr, tightness: Tightness) -> String {
        let (text, own) = self.write(expr);
        if own < tightness { format!("({text})") } else { text }
    }

    fn write(&mut self, expr: &Expr) -> (String, Tightness) {
        let word = |text: String| (text, Tightness::Word);
        let language = self.language;
        match expr {
            Expr::Const(value) => word(self.value(value, None)),
            Expr::Profile(field) => word(format!("profile.{}", name_of(&self.scope.program.profile, *field))),
            Expr::Slot(slot) => {
                word(self.scope.journey.map_or_else(String::new, |j| j.slots[slot.index()].name.clone()))
            }
            Expr::Subject(_) => word(language.of("it", "それ").into()),
            Expr::Field(of, field) => word(self.field(of, *field)),
            Expr::Now => word(language.of("now", "現在").into()),
            Expr::Today => word(language.of("today", "今日").into()),
            Expr::Handle(handle, fact) => word(self.handle(*handle, *fact)),
            Expr::Not(inner) => match language {
                Language::English => (format!("not {}", self.at_least(inner, Tightness::Not)), Tightness::Not),
                Language::Japanese => (format!("{} でない", self.at_least(inner, Tightness::Word)), Tightness::Not),
            },
            Expr::Negate(inner) => word(format!("-{}", self.at_least(inner, Tightness::Word))),
            Expr::And(list) => (self.joined(list, language.of(" and ", " かつ "), Tightness::And), Tightness::And),
            Expr::Or(list) => (self.joined(list, language.of(" or ", " または "), Tightness::Or), Tightness::Or),
            Expr::Compare { op, left, right } => (self.compare(*op, left, right), Tightness::Compare),
            Expr::Arithmetic { op, left, right } => self.arithmetic(*op, left, right),
            Expr::OrElse(first, second) => {
                let (first, second) = (self.at_least(first, Tightness::Or), self.at_least(second, Tightness::Or));
                let between = language.of("or else", "なければ");
                (format!("{first} {between} {second}"), Tightness::OrElse)
            }
            Expr::IsSet(inner) => {
                let inner = self.at_least(inner, Tightness::Word);
                (format!("{inner} {}", language.of("is set", "あり")), Tightness::Compare)
            }
            Expr::InSegment(segment) => {
                let name = self.segment(*segment);
                let text = match language {
                    Language::English => format!("in {name}"),
                    Language::Japanese => format!("「{name}」に該当"),
                };
                (text, Tightness::Compare)
            }
            Expr::InList { item, list } => (self.in_list(item, list), Tightness::Compare),
            Expr::Behaviour(behaviour) => (self.behaviour(behaviour), Tightness::Compare),
            Expr::Narrow { list, condition } => word(self.narrowed(list, Some(condition))),
            Expr::Quantify { quantifier, list, condition } => {
                let list = self.narrowed(list, condition.as_ref().map(|c| &**c));
                let (en, ja) = match quantifier {
                    Quantifier::Any => ("any of", "のいずれか"),
                    Quantifier::None => ("none of", "のどれでもない"),
                    Quantifier::All => ("all of", "のすべて"),
                };
                (around(language, en, &list, ja), Tightness::Compare)
            }
            Expr::Length(list) => word(self.around("count of", list, "の数")),
            Expr::Record(_) => word("{…}".into()),
            Expr::List(list) => {
                let items: Vec<String> = list.iter().map(|item| self.expr(item)).collect();
                word(format!("[{}]", items.join(", ")))
            }
            Expr::Pick { arms, .. } => {
                let arms: Vec<String> = arms.iter().map(|arm| self.expr(arm)).collect();
                (arms.join(" / "), Tightness::OrElse)
            }
            Expr::NextAnniversary(of) => word(self.around("next anniversary of", of, "の次の記念日")),
            Expr::Since { unit, of } => word(match unit {
                SinceUnit::Days => self.around("days since", of, "からの日数"),
                SinceUnit::Months => self.around("months since", of, "からの月数"),
                SinceUnit::Years => self.around("years since", of, "からの年数"),
            }),
            Expr::DateOf(of) => word(self.around("date of", of, "の日付")),
        }
    }

    /// A word before the expression in English, behind it in Japanese.
    fn around(&mut self, en: &str, of: &Expr, ja: &str) -> String {
        let text = self.at_least(of, Tightness::Word);
        around(self.language, en, &text, ja)
    }

    fn joined(&mut self, list: &[Expr], between: &str, tightness: Tightness) -> String {
        let parts: Vec<String> = list.iter().map(|part| self.at_least(part, tightness)).collect();
        parts.join(between)
    }

    fn field(&mut self, of: &Expr, field: FieldId) -> String {
        let fields = self.scope.type_of(of).and_then(|ty| self.scope.fields(&ty));
        let name = fields.map_or_else(String::new, |fields| name_of(fields, field));
        match of {
            Expr::Subject(_) => name,
            _ => format!("{}.{name}", self.at_least(of, Tightness::Word)),
        }
    }

    fn handle(&self, handle: HandleId, fact: Fact) -> String {
        let name = self.scope.journey.map_or("", |j| j.handles[handle.index()].name.as_str());
        let ja = match fact {
            Fact::Sent => "の送信",
            Fact::Delivered => "の到達",
            Fact::Opened => "の開封",
            Fact::Clicked => "のクリック",
            Fact::Bounced => "の不達",
            Fact::Failed => "の失敗",
        };
        match self.language {
            Language::English => format!("{name} {}", fact.name()),
            Language::Japanese => format!("{name} {ja}"),
        }
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
        let ty = self.scope.type_of(left).or_else(|| self.scope.type_of(right));
        format!("{} {sign} {}", self.side(left, ty.as_ref()), self.side(right, ty.as_ref()))
    }

    /// The type of an expression, as far as it is known.
    pub fn type_of(&self, expr: &Expr) -> Option<Type> {
        self.scope.type_of(expr)
    }

    /// How many values an enum has.
    pub fn variants(&self, id: crate::ir::EnumId) -> usize {
        self.scope.program.enums[id.index()].variants.len()
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
        let element = match self.scope.type_of(list) {
            Some(Type::List(element)) => Some(*element),
            _ => self.scope.type_of(item),
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
        let item = self.side(item, element.as_ref());
        match self.language {
            Language::English => format!("{item} in {list}"),
            Language::Japanese => format!("{item} が {list} に含まれる"),
        }
    }

    fn narrowed(&mut self, list: &Expr, condition: Option<&Expr>) -> String {
        let text = self.at_least(list, Tightness::Word);
        let Some(condition) = condition else { return text };
        let element = self.scope.element_of(list);
        format!("{text} ({})", self.inside(element, condition))
    }

    fn behaviour(&mut self, behaviour: &Behaviour) -> String {
        let event = self.scope.program.event(behaviour.event);
        let field = |field: FieldId| format!("{}.{}", event.name, name_of(&event.fields, field));
        let language = self.language;
        let filter = match &behaviour.filter {
            Some(filter) => format!(" ({})", self.inside(Type::Event(behaviour.event), filter)),
            None => String::new(),
        };
        let window = behaviour.window.map(|window| period(window, language));
        let of_field = |of: Option<FieldId>| of.map_or_else(|| event.name.clone(), field);
        let (en, noun, ja) = match &behaviour.ask {
            Ask::Did => ("did", event.name.clone(), "をした"),
            Ask::Count => ("count of", event.name.clone(), "の回数"),
            Ask::Sum { field: of, .. } => ("sum of", field(*of), "の合計"),
            Ask::Average { field: of } => ("average of", field(*of), "の平均"),
            Ask::Last { field: of } => ("last", of_field(*of), "の最新"),
            Ask::First { field: of } => ("first", of_field(*of), "の最初"),
        };
        let asked = around(language, en, &format!("{noun}{filter}"), ja);
        match (window, language) {
            (None, _) => asked,
            (Some(window), Language::English) => format!("{asked} in last {window}"),
            (Some(window), Language::Japanese) => format!("直近{window}の {asked}"),
        }
    }

    pub fn value(&self, value: &Value, ty: Option<&Type>) -> String {
        match value {
            Value::Missing => self.language.of("missing", "なし").into(),
            Value::Bool(true) => self.language.of("yes", "はい").into(),
            Value::Bool(false) => self.language.of("no", "いいえ").into(),
            Value::Int(number) => grouped(&number.to_string()),
            Value::Decimal(number) if ty.is_some_and(|ty| *ty.bare() == Type::Percent) => percent(number.micro),
            Value::Decimal(number) => grouped(&number.to_string()),
            Value::Money(money) => grouped(&money.to_string()),
            Value::Text(text) => match self.language {
                Language::English => format!("“{text}”"),
                Language::Japanese => format!("「{text}」"),
            },
            Value::Instant(instant) => {
                let zone = self.scope.program.project.zone;
                let (date, time) = zone.local(*instant);
                format!("{date} {time} {zone}")
            }
            Value::Date(date) => date.to_string(),
            Value::Time(time) => time.to_string(),
            Value::Span(span) => period(CalendarPeriod::exact(*span), self.language),
            Value::Period(value) => period(*value, self.language),
            Value::Zone(zone) => zone.to_string(),
            Value::Enum(variant) => match ty.map(Type::bare) {
                Some(Type::Enum(id)) => {
                    let variants = &self.scope.program.enums[id.index()].variants;
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
}

fn around(language: Language, en: &str, text: &str, ja: &str) -> String {
    match language {
        Language::English => format!("{en} {text}"),
        Language::Japanese => format!("{text} {ja}"),
    }
}

fn name_of(fields: &[FieldDef], field: FieldId) -> String {
    fields.get(field.index()).map_or_else(String::new, |f| f.name.clone())
}
