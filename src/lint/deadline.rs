//! Sends that a hold can push past the moment their own content speaks of (E0306).
//!
//! Only looks at moments a run has captured; what the profile says may change and is read again anyway.

use super::manners::covers;
use super::view::{Send, View};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Expr, FieldDef, Op, Overflow, Pc, Type, Until};
use crate::text::Span;

/// Parts of a name that say that something ends there.
const ENDINGS: &[&str] =
    &["end", "ends", "expire", "expires", "expiry", "until", "deadline", "due", "closes", "last", "期限", "締切"];

pub fn deadline(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for send in view.personal_sends().filter(|send| send.before.is_none()) {
        let Some((hold, what)) = hold(view, &send) else { continue };
        let past = send.params.iter().zip(&send.message.params).find(|(value, param)| {
            is_moment(&param.ty)
                && is_captured(value)
                && (tells_an_end(view, value, param) || waited_for(view, send.pc, value))
        });
        if let Some((value, param)) = past {
            found.push(late(view, send, (value, param), (hold, what)));
        }
    }
}

fn is_moment(ty: &Type) -> bool {
    match ty {
        Type::Optional(inner) => is_moment(inner),
        _ => matches!(ty, Type::Instant | Type::Date),
    }
}

/// Of what a run keeps: the event that started it, an answer, a name given by `let`.
fn is_captured(value: &Expr) -> bool {
    match value {
        Expr::Slot(_) => true,
        Expr::Field(of, _) => is_captured(of),
        _ => false,
    }
}

fn tells_an_end(view: &View<'_>, value: &Expr, param: &FieldDef) -> bool {
    let last = written(view, value);
    let last = last.as_deref().and_then(|name| name.rsplit('.').next());
    [Some(param.name.as_str()), last].into_iter().flatten().any(ends_by_name)
}

fn ends_by_name(name: &str) -> bool {
    name.split('_').any(|part| ENDINGS.contains(&part.to_lowercase().as_str()))
        || ENDINGS.iter().any(|ending| !ending.is_ascii() && name.contains(ending))
}

/// An earlier `wait until` counted back from the same moment: the message has to come before it.
fn waited_for(view: &View<'_>, before: Pc, value: &Expr) -> bool {
    view.journey.code[..before as usize].iter().any(|instruction| match &instruction.op {
        Op::Wait { until: Until::Moment { moment: Expr::Arithmetic { op, left, .. }, .. } } => {
            *op == crate::ir::Operator::Subtract && **left == *value
        }
        _ => false,
    })
}

/// A rule that may hold the message: where it stands and what it is called.
fn hold(view: &View<'_>, send: &Send<'_>) -> Option<(Span, (&'static str, &'static str))> {
    let quiet = view.policy.quiet.iter().position(|q| q.overflow == Overflow::Hold && q.from != q.to);
    let cap = view
        .policy
        .caps
        .iter()
        .position(|cap| cap.overflow == Overflow::Hold && cap.count > 0 && covers(cap, send.message.channel));
    let place = |word, nth| view.policy_rule(word, nth).unwrap_or(view.policy_map.name);
    // A cap holds for days, quiet hours for one night.
    match (cap, quiet) {
        (Some(nth), _) => Some((place("cap", nth), ("the cap", "上限"))),
        (None, Some(nth)) => Some((place("quiet", nth), ("quiet hours", "静かな時間"))),
        (None, None) => None,
    }
}

/// The author's words for a slot or a field of it.
fn written(view: &View<'_>, value: &Expr) -> Option<String> {
    match value {
        Expr::Slot(slot) => Some(view.journey.slots[slot.index()].name.clone()),
        Expr::Field(of, field) => {
            let fields = fields(view, of)?;
            Some(format!("{}.{}", written(view, of)?, fields.get(field.index())?.name))
        }
        _ => None,
    }
}

fn fields<'a>(view: &View<'a>, value: &Expr) -> Option<&'a [FieldDef]> {
    view.input.program.fields_of(&super::typing::type_of(view.input.program, view.journey, &[], value)?)
}

fn late(
    view: &View<'_>,
    send: Send<'_>,
    (value, param): (&Expr, &FieldDef),
    (hold, what): (Span, (&'static str, &'static str)),
) -> Diagnostic {
    let words = written(view, value).unwrap_or_else(|| param.name.clone());
    let name = &send.message.name;
    let diagnostic = Diagnostic::new(
        Code::E0306,
        send.place,
        format!("`{name}` may be held until after `{words}`, which it speaks of"),
        format!("`{name}` は保留されている間に、本文で伝える `{words}` を過ぎることがあります"),
    )
    .other(hold, format!("{} can hold it", what.0), format!("{}によって保留されることがある", what.1))
    .help(
        format!("give it a deadline of its own: `before {words}`"),
        format!("`before {words}` を付け、過ぎたら送らないようにする"),
    );
    let optional =
        matches!(super::typing::type_of(view.input.program, view.journey, &[], value), None | Some(Type::Optional(_)));
    match optional {
        true => diagnostic,
        false => diagnostic.fix(Span { start: send.place.end, ..send.place }, format!(" before {words}")),
    }
}
