//! Decisions that hang on an opened mail and nothing else (W0317).
//!
//! Mail programs open mails by themselves (Apple's Mail Privacy Protection); a click or an order is somebody's doing.

use super::view::View;
use crate::diag::{Code, Diagnostic};
use crate::ir::{ArmOn, Channel, Expr, Fact, HandleId, Op, Pc};
use crate::text::Span;

pub fn opens(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let channels = view.handle_channels();
    let by_mail = |handle: HandleId| channels.get(&handle.0).is_some_and(|c| c.contains(&Channel::Email));
    for pc in 0..view.journey.code.len() as Pc {
        match view.op(pc) {
            Op::Await { arms, .. } => {
                let opened = arms.iter().map(|arm| match &arm.on {
                    ArmOn::Handle { handle, fact: Fact::Opened } => Some(*handle),
                    _ => None,
                });
                if let Some(handles) = opened.collect::<Option<Vec<_>>>()
                    && let Some(handle) = handles.into_iter().find(|handle| by_mail(*handle))
                {
                    found.push(alone(view, view.part(pc, 0), handle));
                }
            }
            Op::Branch { cases, .. } => {
                for (nth, (condition, _)) in cases.iter().enumerate() {
                    if let Some(handle) = only_opened(condition).filter(|handle| by_mail(*handle)) {
                        found.push(alone(view, view.part(pc, nth), handle));
                    }
                }
            }
            _ => {}
        }
    }
}

/// The handle, if the condition asks for opens and for nothing else.
fn only_opened(condition: &Expr) -> Option<HandleId> {
    match condition {
        Expr::Handle(handle, Fact::Opened) => Some(*handle),
        Expr::Not(inner) => only_opened(inner),
        Expr::And(parts) | Expr::Or(parts) => {
            let all: Option<Vec<HandleId>> = parts.iter().map(only_opened).collect();
            all?.first().copied()
        }
        _ => None,
    }
}

fn alone(view: &View<'_>, place: Span, handle: HandleId) -> Diagnostic {
    let name = &view.journey.handles[handle.index()].name;
    Diagnostic::new(
        Code::W0317,
        place,
        format!("only `{name}.opened` decides, and mail programs open mails by themselves"),
        format!("判断が `{name}.opened` だけです (メールソフトは自動で開封します)"),
    )
    .help(
        format!("go by `{name}.clicked`, or by an event such as a visit or an order"),
        format!("`{name}.clicked` や、訪問・購入などのイベントで判断する"),
    )
}
