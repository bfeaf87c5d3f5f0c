//! Actions that may be called twice (E0901), and grants that nobody is told of (E0902).
//!
//! Calls nothing; how a call is repeated is the runtime's matter.

use std::collections::BTreeSet;

use super::Input;
use super::view::{Grant, Send, View};
use crate::diag::{Code, Diagnostic};
use crate::ir::{ActionId, Op, Pc};
use crate::prove::Way;
use crate::text::Span;

/// E0901: every action that a journey calls. Whether repeating it does harm is nothing a declaration without the word tells.
pub fn repeatable(input: Input<'_>, views: &[View<'_>], found: &mut Vec<Diagnostic>) {
    for (nth, action) in input.program.actions.iter().enumerate().filter(|(_, action)| !action.idempotent) {
        let Some(call) = views.iter().find_map(|view| call_of(view, ActionId(nth as u16))) else { continue };
        let name = &action.name;
        found.push(
            Diagnostic::new(
                Code::E0901,
                input.map.actions[nth],
                format!("`{name}` may be called twice, and does not say that this does no harm"),
                format!("`{name}` は二度呼ばれることがありますが、冪等と宣言されていません"),
            )
            .other(
                call,
                "called here; a call of which no answer came is made again",
                "ここで呼び出し (応答がなければ再試行)",
            )
            .help(
                "let the system behind it take a second call with the same key as the first, and write `idempotent`",
                "同じキーの二度目の呼び出しを一度目と同じに扱うようにし、`idempotent` と書く",
            ),
        );
    }
}

fn call_of(view: &View<'_>, wanted: ActionId) -> Option<Span> {
    (0..view.journey.code.len() as Pc)
        .find(|pc| matches!(view.op(*pc), Op::Do { action, .. } if *action == wanted))
        .map(|pc| view.part(pc, 0))
}

/// E0902.
pub fn untold_grants(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for grant in view.grants() {
        if let Some(dropped) = untold(view, &grant) {
            found.push(lost(view, &grant, dropped));
        }
    }
}

/// The last send that a run may lose, on a way on which nothing tells of the grant and nothing takes it back.
fn untold<'a>(view: &View<'a>, grant: &Grant) -> Option<Send<'a>> {
    let undo = view.input.program.actions[grant.action.index()].undo;
    let begin = view.graph.leaving(grant.pc).iter().filter(|edge| edge.way == Way::Answered);
    let mut open: Vec<(Pc, Option<Pc>)> = begin.map(|edge| (edge.to, None)).collect();
    let mut seen = BTreeSet::new();
    while let Some((pc, lost)) = open.pop() {
        if !seen.insert((pc, lost.is_some())) {
            continue;
        }
        let edges = view.graph.leaving(pc);
        // At its end, or back where it began: nothing came after the loss.
        if edges.is_empty() || pc == grant.pc {
            match lost.and_then(|pc| view.send_at(pc)) {
                Some(send) => return Some(send),
                None => continue,
            }
        }
        if matches!(view.op(pc), Op::Do { action, .. } if Some(*action) == undo) {
            continue;
        }
        let tells = view.send_at(pc).is_some_and(|send| tells_of(&send, grant));
        for edge in edges {
            match (tells, edge.way) {
                (true, Way::Sent) => {}
                (true, _) => open.push((edge.to, Some(pc))),
                (false, _) => open.push((edge.to, lost)),
            }
        }
    }
    None
}

/// It carries the answer, or is declared to offer what is granted.
fn tells_of(send: &Send<'_>, grant: &Grant) -> bool {
    send.message.channel.is_personal() && (send.carries(grant) || send.message.offer == Some(grant.offer))
}

fn lost(view: &View<'_>, grant: &Grant, dropped: Send<'_>) -> Diagnostic {
    let action = &view.input.program.actions[grant.action.index()];
    let (name, message) = (&action.name, &dropped.message.name);
    let diagnostic = Diagnostic::new(
        Code::E0902,
        view.part(grant.pc, 0),
        format!("what `{name}` grants is lost if `{message}` is not sent"),
        format!("`{message}` が送られないと、`{name}` で発行した特典が宙に浮きます"),
    )
    .other(
        dropped.place,
        "may be dropped: no consent, no address, quiet hours, a cap",
        "送られないことがある (同意なし・宛先なし・静かな時間・上限)",
    );
    match action.undo.map(|undo| &view.input.program.actions[undo.index()].name) {
        Some(undo) => diagnostic.help(
            format!("take it back behind the last send: `otherwise do {undo} with {{ … }}`"),
            format!("最後の送信の後で取り消す: `otherwise do {undo} with {{ … }}`"),
        ),
        None => diagnostic.other(view.input.map.actions[grant.action.index()], "has no `undo`", "`undo` がない").help(
            "declare what takes it back, `undo ACTION`, and call it behind the last send: `otherwise do …`",
            "取り消すアクションを `undo ACTION` で宣言し、最後の送信の後で `otherwise do …` と呼ぶ",
        ),
    }
}
