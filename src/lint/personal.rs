//! Personal data on its way out (E0431): fields labelled `pii` that reach a webhook, an action or a field without the
//! label, or the key of a run.
//!
//! What a message says to the person themselves is no way out; templates are judged with their files.

use std::collections::BTreeMap;

use super::typing::type_of;
use super::view::View;
use crate::diag::{Code, Diagnostic};
use crate::ir::expr::Ask;
use crate::ir::{Channel, Expr, FieldDef, Op, Pc, Program, SlotId, Start, Type};
use crate::text::Span;

pub fn personal(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let labels = Labels::of(view);
    if let Start::Event { key: Some(key), .. } = &view.journey.start
        && let Some(label) = labels.label(key, &[])
    {
        let place = view.map.start.unwrap_or(view.map.name);
        found.push(reaches(view, place, &label, ("the key of the run", "実行のキー"), None));
    }
    for pc in 0..view.journey.code.len() as Pc {
        match view.op(pc) {
            Op::Send { message, params, .. } => {
                let def = view.input.program.message(*message);
                if def.channel == Channel::Webhook {
                    let map = &view.input.map.messages[message.index()];
                    let sink = Sink { name: &def.name, params: &def.params, declared: &map.params };
                    labels.params(pc, params, &sink, found);
                }
            }
            Op::Do { action, params, .. } => {
                let def = &view.input.program.actions[action.index()];
                let declared = [view.input.map.actions[action.index()]];
                let sink = Sink { name: &def.name, params: &def.takes, declared: &declared };
                labels.params(pc, params, &sink, found);
            }
            Op::Set { field, value } => {
                let def = &view.input.program.profile[field.index()];
                if let Some(label) = labels.label(value, &[]).filter(|_| !def.pii) {
                    let (en, ja) = (format!("`profile.{}`", def.name), format!("`profile.{}`", def.name));
                    let place = view.input.map.profile[field.index()];
                    found.push(reaches(view, view.part(pc, 0), &label, (&en, &ja), Some(place)));
                }
            }
            _ => {}
        }
    }
}

/// Where parameters go.
struct Sink<'a> {
    name: &'a str,
    params: &'a [FieldDef],
    /// Of each parameter, or of the whole declaration.
    declared: &'a [Span],
}

/// A labelled field that a value is made of, and where it is declared.
#[derive(Clone)]
struct Label {
    name: String,
    place: Span,
}

struct Labels<'v, 'a> {
    view: &'v View<'a>,
    /// By a `let` that a label flows into although its type has none.
    slots: BTreeMap<SlotId, Label>,
}

impl<'v, 'a> Labels<'v, 'a> {
    fn of(view: &'v View<'a>) -> Labels<'v, 'a> {
        let mut labels = Labels { view, slots: BTreeMap::new() };
        loop {
            let before = labels.slots.len();
            for instruction in &view.journey.code {
                if let Op::Let { slot, value } = &instruction.op
                    && !labels.slots.contains_key(slot)
                    && let Some(label) = labels.label(value, &[])
                {
                    labels.slots.insert(*slot, label);
                }
            }
            if labels.slots.len() == before {
                return labels;
            }
        }
    }

    fn params(&self, pc: Pc, params: &[Expr], sink: &Sink<'_>, found: &mut Vec<Diagnostic>) {
        for (nth, (value, param)) in params.iter().zip(sink.params).enumerate() {
            if let Some(label) = self.label(value, &[]).filter(|_| !param.pii) {
                let to = format!("`{}` of `{}`", param.name, sink.name);
                let to_ja = format!("`{}` の `{}`", sink.name, param.name);
                let declared = sink.declared.get(nth).or(sink.declared.first()).copied();
                found.push(reaches(self.view, self.view.part(pc, 0), &label, (&to, &to_ja), declared));
            }
        }
    }

    /// The first labelled field that the value is made of. Yes or no and how many are not the field itself.
    fn label(&self, value: &Expr, subjects: &[Type]) -> Option<Label> {
        let (program, of) = (self.program(), |value: &Expr| self.label(value, subjects));
        match value {
            Expr::Const(_)
            | Expr::Now
            | Expr::Today
            | Expr::Handle(..)
            | Expr::Not(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Compare { .. }
            | Expr::IsSet(_)
            | Expr::InSegment(_)
            | Expr::InList { .. }
            | Expr::Quantify { .. }
            | Expr::Length(_) => None,
            Expr::Profile(field) => {
                let def = &program.profile[field.index()];
                let here = || Label {
                    name: format!("profile.{}", def.name),
                    place: self.view.input.map.profile[field.index()],
                };
                if def.pii { Some(here()) } else { self.inside(&def.ty, &[]) }
            }
            Expr::Slot(slot) => {
                let by_let = self.slots.get(slot).cloned();
                by_let.or_else(|| self.inside(&self.view.journey.slots[slot.index()].ty, &[]))
            }
            Expr::Subject(_) => self.inside(&type_of(program, self.view.journey, subjects, value)?, &[]),
            Expr::Field(owner, field) => self.field(owner, field.index(), subjects),
            Expr::Negate(inner)
            | Expr::NextAnniversary(inner)
            | Expr::Since { of: inner, .. }
            | Expr::DateOf(inner) => of(inner),
            Expr::Arithmetic { left, right, .. } | Expr::OrElse(left, right) => of(left).or_else(|| of(right)),
            Expr::Narrow { list, .. } => of(list),
            Expr::Record(parts) | Expr::List(parts) | Expr::Pick { arms: parts, .. } => parts.iter().find_map(of),
            Expr::Behaviour(behaviour) => match &behaviour.ask {
                Ask::Did | Ask::Count => None,
                Ask::Last { field: None } | Ask::First { field: None } => {
                    self.inside(&Type::Event(behaviour.event), &[])
                }
                Ask::Sum { field, .. }
                | Ask::Average { field }
                | Ask::Last { field: Some(field) }
                | Ask::First { field: Some(field) } => self.of_field(&Type::Event(behaviour.event), field.index()),
            },
        }
    }

    fn field(&self, owner: &Expr, field: usize, subjects: &[Type]) -> Option<Label> {
        match owner {
            Expr::Record(parts) => return parts.get(field).and_then(|part| self.label(part, subjects)),
            // A record that a `let` put together: which of its fields are labelled is not kept.
            Expr::Slot(slot)
                if self.slots.contains_key(slot)
                    && self.inside(&self.view.journey.slots[slot.index()].ty, &[]).is_none() =>
            {
                return self.slots.get(slot).cloned();
            }
            _ => {}
        }
        self.of_field(&type_of(self.program(), self.view.journey, subjects, owner)?, field)
    }

    fn of_field(&self, owner: &Type, field: usize) -> Option<Label> {
        let def = self.program().fields_of(owner)?.get(field)?;
        match def.pii {
            true => Some(self.declared(owner, field, &def.name)),
            false => self.inside(&def.ty, &[]),
        }
    }

    /// The first labelled field inside a value of the type. `seen` ends records that hold themselves.
    fn inside(&self, ty: &Type, seen: &[&Type]) -> Option<Label> {
        let ty = match ty {
            Type::Optional(inner) => inner,
            ty => ty,
        };
        if let Some(element) = ty.element() {
            return self.inside(element, seen);
        }
        if seen.contains(&ty) {
            return None;
        }
        let seen: Vec<&Type> = seen.iter().copied().chain([ty]).collect();
        let all = self.program().fields_of(ty)?;
        all.iter().enumerate().find_map(|(nth, def)| match def.pii {
            true => Some(self.declared(ty, nth, &def.name)),
            false => self.inside(&def.ty, &seen),
        })
    }

    fn declared(&self, owner: &Type, field: usize, name: &str) -> Label {
        let (program, map) = (self.program(), self.view.input.map);
        let (owner_name, place) = match owner {
            Type::Record(id) => (&program.records[id.index()].name, map.records[id.index()].fields.get(field)),
            Type::Event(id) => (&program.event(*id).name, map.events[id.index()].fields.get(field)),
            Type::Result(id) => (&program.actions[id.index()].name, map.actions.get(id.index())),
            Type::Optional(inner) => return self.declared(inner, field, name),
            _ => return Label { name: name.to_owned(), place: self.view.map.name },
        };
        Label { name: format!("{owner_name}.{name}"), place: place.copied().unwrap_or(self.view.map.name) }
    }

    fn program(&self) -> &'a Program {
        self.view.input.program
    }
}

fn reaches(view: &View<'_>, place: Span, label: &Label, to: (&str, &str), declared: Option<Span>) -> Diagnostic {
    let name = &label.name;
    let diagnostic = Diagnostic::new(
        Code::E0431,
        place,
        format!("personal data reaches {}: `{name}`", to.0),
        format!("個人情報 `{name}` が {} に渡ります", to.1),
    )
    .other(label.place, format!("`{name}` is labelled `pii`"), format!("`{name}` は `pii`"));
    let diagnostic = match declared.filter(|declared| *declared != view.map.name) {
        Some(declared) => diagnostic.other(declared, "declared without `pii`", "`pii` なしの宣言"),
        None => diagnostic,
    };
    match declared {
        Some(_) => diagnostic.help(
            "leave it out, or declare the receiving side `pii` if it may have it",
            "渡さないようにする。渡してよい相手なら、受け取る側の宣言に `pii` を付ける",
        ),
        None => diagnostic.help(
            "take an id instead: keys stand in stories and logs",
            "代わりに id を使う (キーは記録やログに残ります)",
        ),
    }
}
