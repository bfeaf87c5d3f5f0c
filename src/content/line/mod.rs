//! LINE messages: their JSON against LINE's own rules.
//!
//! The rules are data in `table` and `flex`; templates in the texts are the template checker's.

mod check;
mod flex;
mod limits;
mod shape;
mod table;

use super::node::{self, Part, PartKind};
use super::template::Checker;
use crate::diag::{Code, Diagnostic};
use crate::ir::content::Line;

/// Checks a file's message objects and gives them as the program has them.
pub fn read(part: Part, checker: &mut Checker<'_>) -> Option<Line> {
    let span = part.span;
    let PartKind::List(messages) = part.kind else {
        let (en, ja) = ("a list of message objects belongs here", "メッセージオブジェクトのリストが必要です");
        let found = Diagnostic::new(Code::E0443, span, en, ja);
        checker.report(
            found.help(
                "write `[ { \"type\": \"text\", … } ]`",
                "`[ { \"type\": \"text\", … } ]` のように書いてください",
            ),
        );
        return None;
    };
    let least = messages.iter().filter(|message| message.each.is_none() && message.when.is_none()).count();
    if messages.is_empty() || least > table::MESSAGES_MAX {
        let most = table::MESSAGES_MAX;
        let found = Diagnostic::new(
            Code::E0443,
            span,
            format!("{} message objects; LINE takes one to {most}", messages.len()),
            format!("メッセージオブジェクトが {} 個あります。LINE では 1～{most} 個です", messages.len()),
        );
        checker.report(found.help(
            "join texts into one message, or put pictures and buttons into one `flex` message",
            "テキストを一つにまとめるか、画像やボタンを一つの `flex` メッセージに入れてください",
        ));
    }
    if let Some(each) = messages.iter().find_map(|message| message.each.as_ref()) {
        let (en, ja) =
            ("messages cannot be repeated: LINE takes five at most", "メッセージは最大 5 個なので繰り返せません");
        let found = Diagnostic::new(Code::E0443, each.piece.span, en, ja);
        checker.report(found.help(
            "repeat bubbles, boxes or lines within one message",
            "一つのメッセージの中でバブルや行を繰り返してください",
        ));
    }
    check::messages(&messages, checker);
    Some(Line { messages: node::items(messages) })
}
