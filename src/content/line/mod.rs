//! LINE messages: their JSON against LINE's own rules.
//!
//! The rules are data in `table` and `flex`; templates in the texts are the template checker's.

mod check;
mod count;
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
    limits::messages(span, &messages, table::MESSAGES_MAX, checker);
    check::messages(&messages, checker);
    Some(Line { messages: node::items(messages) })
}
