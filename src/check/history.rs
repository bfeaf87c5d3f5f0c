//! Questions to the past: `did`, `count of`, `sum of`, `average of`, `last`, `first`.
//!
//! Does not derive how much past is kept; `lower::history` does, from what is built here.

use super::expr::{Exprs, Subject, negation};
use super::fit::{self, Typed, required};
use super::literal;
use crate::diag::{Code, Diagnostic};
use crate::ir::expr::Ask;
use crate::ir::{self, Behaviour, EventId, Expr, FieldId, Type};
use crate::schema::unknown;
use crate::syntax::tree::{self, AggregateOp, CountOf, EventPattern, Name};
use crate::text::Span;
use crate::value::{CalendarPeriod, Decimal, Money, Value};

impl<'t> Exprs<'_, 't> {
    /// The event by name, whatever it is about.
    pub fn event(&mut self, name: &Name) -> Option<EventId> {
        let id = self.world.events.find(&name.text);
        if id.is_none() {
            let found = unknown(("event", "イベント"), &name.text, name.span, self.world.events.candidates());
            self.sink.report(found);
        }
        id.map(EventId)
    }

    /// An event that happens to a person: only those have a history, end a wait or reach a goal.
    pub fn personal_event(&mut self, name: &Name) -> Option<EventId> {
        let id = self.event(name)?;
        let entry = self.world.events.at(id.index());
        match &entry.data.subject {
            ir::Subject::Profile => Some(id),
            ir::Subject::Other(about) => {
                let event = &name.text;
                self.sink.report(
                    Diagnostic::new(
                        Code::E0404,
                        name.span,
                        format!("`{event}` is about `{about}`, it happens to no person"),
                        format!("`{event}` は `{about}` についてのイベントで、人には起きません"),
                    )
                    .other(entry.span, "declared here", "宣言")
                    .help(
                        "use an event about `profile`; this one can only start a journey with `for everyone`",
                        "`about profile` のイベントを使ってください。これは `for everyone` の付いた開始にだけ使えます",
                    ),
                );
                None
            }
        }
    }

    /// The filter of an event pattern; the event's own fields come first.
    pub fn filter(&mut self, event: EventId, pattern: &'t EventPattern) -> Option<Expr> {
        let filter = pattern.filter.as_ref()?;
        Some(self.about(Subject::Event(event), |me| me.condition(filter)))
    }

    fn window(&mut self, window: Option<&tree::Duration>) -> Option<CalendarPeriod> {
        window.map(|w| literal::lasting(w, ("a window", "期間"), self.sink))
    }

    fn behaviour(
        &mut self,
        event: EventId,
        pattern: &'t EventPattern,
        window: Option<&tree::Duration>,
        ask: Ask,
    ) -> Expr {
        let filter = self.filter(event, pattern);
        let window = self.window(window);
        Expr::Behaviour(Box::new(Behaviour { event, filter, window, ask }))
    }

    pub fn did(&mut self, negated: bool, pattern: &'t EventPattern, window: Option<&tree::Duration>) -> Typed {
        let Some(event) = self.personal_event(&pattern.event) else {
            return Typed { ty: Some(Type::Bool), ..Typed::mistaken() };
        };
        let did = self.behaviour(event, pattern, window, Ask::Did);
        Typed::new(if negated { negation(did) } else { did }, Type::Bool)
    }

    pub fn count(&mut self, of: &'t CountOf, window: Option<&tree::Duration>, span: Span) -> Typed {
        let list = match of {
            CountOf::List(list) => self.infer(list, None),
            CountOf::Event(pattern) => {
                let name = &pattern.event;
                if !self.resolves(&name.text) {
                    let Some(event) = self.personal_event(name) else {
                        return Typed { ty: Some(Type::Int), ..Typed::mistaken() };
                    };
                    return Typed::new(self.behaviour(event, pattern, window, Ask::Count), Type::Int);
                }
                let list = self.name(&name.text, name.span, None);
                match &pattern.filter {
                    None => list,
                    Some(filter) => {
                        let Some((list, element)) = self.list_of(list, name.span) else { return Typed::mistaken() };
                        let subject = match required(&element) {
                            Type::Record(id) => Subject::Record(*id),
                            _ => Subject::Plain,
                        };
                        let condition = Box::new(self.about(subject, |me| me.condition(filter)));
                        Typed::new(Expr::Narrow { list: Box::new(list), condition }, Type::List(Box::new(element)))
                    }
                }
            }
        };
        if let Some(window) = window {
            self.sink.report(
                Diagnostic::new(
                    Code::E0404,
                    window.span,
                    "a list has no past: `in last` asks the history of an event",
                    "リストに `in last` は使えません。イベントの履歴にだけ使えます",
                )
                .help("narrow the list with a condition in parentheses", "括弧内の条件でリストを絞ってください"),
            );
        }
        let Some((list, _)) = self.list_of(list, span) else { return Typed::mistaken() };
        Typed::new(Expr::Length(Box::new(list)), Type::Int)
    }

    /// A field of the event by name.
    fn event_field(&mut self, event: EventId, name: &Name) -> Option<(FieldId, Option<Type>)> {
        let entry = self.world.events.at(event.index());
        let fields = &entry.data.fields;
        if let Some(i) = fields.iter().position(|f| f.name == name.text) {
            return Some((FieldId(i as u16), fields[i].ty.clone()));
        }
        let what = (format!("field of `{}`", entry.name), format!("`{}` の項目", entry.name));
        let known = fields.iter().map(|f| (f.name.as_str(), Some(f.span)));
        self.sink.report(unknown((&what.0, &what.1), &name.text, name.span, known));
        None
    }

    pub fn aggregate(
        &mut self,
        op: AggregateOp,
        pattern: &'t EventPattern,
        field: &Name,
        window: Option<&tree::Duration>,
    ) -> Typed {
        let Some(event) = self.personal_event(&pattern.event) else { return Typed::mistaken() };
        let Some((id, ty)) = self.event_field(event, field) else { return Typed::mistaken() };
        let Some(ty) = ty else { return Typed::mistaken() };
        let plain = required(&ty).clone();
        let (zero, average) = match &plain {
            Type::Money(currency) => (Value::Money(Money { currency: *currency, minor: 0 }), plain.clone()),
            Type::Int => (Value::Int(0), Type::Decimal),
            Type::Decimal => (Value::Decimal(Decimal { micro: 0 }), Type::Decimal),
            other => {
                let name = self.world.type_name(other);
                return self.mistake(
                    Diagnostic::new(
                        Code::E0403,
                        field.span,
                        format!("`{}` is `{name}`, which cannot be added up", field.text),
                        format!("`{}` は `{name}` なので合計できません", field.text),
                    )
                    .help("choose a field that is money or a number", "金額か数の項目を選んでください"),
                );
            }
        };
        let (ask, ty) = match op {
            AggregateOp::Sum => (Ask::Sum { field: id, zero }, plain),
            AggregateOp::Average => (Ask::Average { field: id }, fit::optional(average)),
        };
        let expr = self.behaviour(event, pattern, window, ask);
        self.narrowed(expr, Some(ty))
    }

    pub fn nth(
        &mut self,
        last: bool,
        pattern: &'t EventPattern,
        field: Option<&Name>,
        window: Option<&tree::Duration>,
    ) -> Typed {
        let Some(event) = self.personal_event(&pattern.event) else { return Typed::mistaken() };
        let (field, ty) = match field {
            None => (None, Some(Type::Event(event))),
            Some(name) => match self.event_field(event, name) {
                Some((id, ty)) => (Some(id), ty),
                None => return Typed::mistaken(),
            },
        };
        let ask = if last { Ask::Last { field } } else { Ask::First { field } };
        let expr = self.behaviour(event, pattern, window, ask);
        self.narrowed(expr, ty.map(fit::optional))
    }
}
