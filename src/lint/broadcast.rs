//! Messages to everyone at once that nobody has looked at before they leave (W0314).
//!
//! Knows nothing of how many people there are.

use std::collections::BTreeSet;

use super::view::{Send, View};
use crate::diag::{Code, Diagnostic};
use crate::ir::{ArmOn, Audience, Expr, Op, Pc, Start};
use crate::prove::{Edge, Way};

pub fn broadcast(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let audience = match &view.journey.start {
        Start::Event { audience, .. } => audience.as_ref(),
        Start::Schedule { audience, .. } | Start::At { audience, .. } => Some(audience),
        Start::Segment { .. } => None,
    };
    let all = |condition: Option<&Expr>| condition.is_none_or(|condition| only_an_address(view, condition));
    let everyone = |audience: &Audience| audience.segment.is_none() && all(audience.condition.as_ref());
    if !all(view.journey.only_if.as_ref()) || !audience.is_some_and(everyone) {
        return;
    }
    let Some(send) = unapproved(view) else { return };
    let place = view.map.start.unwrap_or(view.map.name);
    found.push(
        Diagnostic::new(
            Code::W0314,
            place,
            format!("`{}` writes to everyone, and nobody approves it first", view.journey.name),
            format!("`{}` は全員に送りますが、事前の承認がありません", view.journey.name),
        )
        .other(send.place, format!("`{}` goes to the whole base", send.message.name), "全員に届くメッセージ")
        .help(
            "say whom it is for (`in SEGMENT` or a condition), or begin with `wait up to 1d for approval by \"@lead\" \
             otherwise stop`",
            "対象を絞る (`in SEGMENT` または条件) か、`wait up to 1d for approval by \"@lead\" otherwise stop` で始める",
        ),
    );
}

/// Who has an address is still everyone who can be written to.
fn only_an_address(view: &View<'_>, condition: &Expr) -> bool {
    match condition {
        Expr::IsSet(of) => {
            matches!(&**of, Expr::Profile(field) if view.input.program.person.addresses.contains(&Some(*field)))
        }
        Expr::And(parts) | Expr::Or(parts) => parts.iter().all(|part| only_an_address(view, part)),
        _ => false,
    }
}

/// A send to people that a run can come to without an approval on the way.
fn unapproved<'a>(view: &View<'a>) -> Option<Send<'a>> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![0]);
    while let Some(pc) = open.pop() {
        if !seen.insert(pc) {
            continue;
        }
        if let Some(send) = view.send_at(pc).filter(|send| send.message.channel.is_personal()) {
            return Some(send);
        }
        open.extend(view.graph.leaving(pc).iter().filter(|edge| !approves(view, pc, edge)).map(|edge| edge.to));
    }
    None
}

fn approves(view: &View<'_>, pc: Pc, edge: &Edge) -> bool {
    match (view.op(pc), edge.way) {
        (Op::Await { arms, .. }, Way::Arm(nth)) => matches!(arms[usize::from(nth)].on, ArmOn::Approval { .. }),
        _ => false,
    }
}
