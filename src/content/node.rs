//! JSON with `$for`, `$if` and `$value` in it: what repeats, what is left out, what is no text.
//!
//! Checks no templates and no shapes; the channels do, and turn it into `ir::content`.

use super::json::{Json, Key, Kind};
use super::piece::Piece;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::ir::content::{Each, Expression, Item, Member, Node, Template};
use crate::text::Span;

/// A value, and the conditions under which it is there.
#[derive(Debug)]
pub struct Part {
    pub span: Span,
    pub each: Option<Loop>,
    pub when: Option<Piece>,
    pub kind: PartKind,
}

#[derive(Debug)]
pub enum PartKind {
    Null,
    Bool(bool),
    Number(String),
    Text(Piece),
    Value(Piece),
    List(Vec<Part>),
    Object(Vec<(Key, Part)>),
}

/// `"$for": "NAME in LIST"`.
#[derive(Debug)]
pub struct Loop {
    pub piece: Piece,
    pub name: String,
    /// Where the list's expression begins in the piece.
    pub list: usize,
}

const FOR: &str = "$for";
const IF: &str = "$if";
const VALUE: &str = "$value";
const WORDS: &[&str] = &[FOR, IF, VALUE];

/// What stands around a value.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Top,
    List,
    Object,
}

/// Reads the constructs of a file.
pub fn read(json: Json, found: &mut Vec<Diagnostic>) -> Part {
    part(json, Within::Top, found)
}

fn part(json: Json, within: Within, found: &mut Vec<Diagnostic>) -> Part {
    let span = json.span;
    let plain = |kind| Part { span, each: None, when: None, kind };
    match json.kind {
        Kind::Null => plain(PartKind::Null),
        Kind::Bool(value) => plain(PartKind::Bool(value)),
        Kind::Number(value) => plain(PartKind::Number(value)),
        Kind::Text(piece) => plain(PartKind::Text(piece)),
        Kind::List(list) => plain(PartKind::List(list.into_iter().map(|one| part(one, Within::List, found)).collect())),
        Kind::Object(members) => object(members, span, within, found),
    }
}

fn object(members: Vec<(Key, Json)>, span: Span, within: Within, found: &mut Vec<Diagnostic>) -> Part {
    let (mut each, mut when, mut value, mut rest) = (None, None, None, Vec::new());
    for (key, json) in members {
        match key.name.as_str() {
            FOR | IF | VALUE => {
                let Kind::Text(piece) = json.kind else {
                    found.push(not_a_text(&key, json.span));
                    continue;
                };
                match key.name.as_str() {
                    FOR if within != Within::List => found.push(outside_a_list(&key)),
                    FOR => each = in_parts(piece, found),
                    IF if within == Within::Top => found.push(outside_a_list(&key)),
                    IF => when = Some(piece),
                    _ => value = Some((key, piece)),
                }
            }
            name if name.starts_with('$') => found.push(unknown_word(&key)),
            _ => rest.push((key, json)),
        }
    }
    let kind = match value {
        Some((_, piece)) => {
            if let Some((key, _)) = rest.first() {
                let (en, ja) = ("`$value` stands alone", "`$value` と他のキーは並べられません");
                found.push(Diagnostic::new(Code::E0442, key.span, en, ja));
            }
            PartKind::Value(piece)
        }
        None => {
            let members = rest.into_iter().map(|(key, json)| (key, part(json, Within::Object, found)));
            PartKind::Object(members.collect())
        }
    };
    Part { span, each, when, kind }
}

fn in_parts(piece: Piece, found: &mut Vec<Diagnostic>) -> Option<Loop> {
    let text = piece.text.trim_start();
    let before = piece.text.len() - text.len();
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let rest = &text[name.len()..];
    let list = rest.trim_start().strip_prefix("in").filter(|list| list.starts_with(char::is_whitespace));
    let starts_well = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_') && rest.starts_with(' ');
    let reserved = ["loop", "profile", "sender", "project", "not", "true", "false", "none"].contains(&name.as_str());
    match list {
        Some(list) if starts_well && !reserved && !list.trim().is_empty() => {
            let list = before + (text.len() - list.len());
            Some(Loop { name, list, piece })
        }
        _ => {
            let (en, ja) = ("`$for` without a name and a list", "`$for` には名前とリストが必要です");
            let wrong = Diagnostic::new(Code::E0442, piece.span, en, ja);
            found.push(
                wrong.help(
                    "write `\"$for\": \"item in items\"`",
                    "`\"$for\": \"item in items\"` のように書いてください",
                ),
            );
            None
        }
    }
}

fn not_a_text(key: &Key, span: Span) -> Diagnostic {
    let (en, ja) = (format!("`{}` takes a text", key.name), format!("`{}` の値は文字列で書きます", key.name));
    Diagnostic::new(Code::E0442, span, en, ja)
        .help("write `\"$if\": \"items | length > 3\"`", "`\"$if\": \"items | length > 3\"` のように書いてください")
}

fn outside_a_list(key: &Key) -> Diagnostic {
    let (en, ja) = (format!("`{}` is not possible here", key.name), format!("`{}` はここでは使えません", key.name));
    Diagnostic::new(Code::E0442, key.span, en, ja).help(
        "`$for` stands in an element of a list, `$if` in an element or in the value of a key",
        "`$for` はリストの要素に、`$if` はリストの要素かキーの値に書きます",
    )
}

fn unknown_word(key: &Key) -> Diagnostic {
    let (en, ja) = (format!("unknown word `{}`", key.name), format!("知らない語 `{}`", key.name));
    let wrong = Diagnostic::new(Code::E0442, key.span, en, ja);
    match did_you_mean(&key.name, WORDS.iter().copied()) {
        Some(alike) => wrong
            .help(format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?"))
            .fix(key.span, format!("\"{alike}\"")),
        None => wrong.help("there is `$for`, `$if`, `$value`", "使えるもの: `$for`, `$if`, `$value`"),
    }
}

/// The part as the program has it.
pub fn lowered(part: Part) -> Node {
    match part.kind {
        PartKind::Null => Node::Null,
        PartKind::Bool(value) => Node::Bool(value),
        PartKind::Number(value) => Node::Number(value),
        PartKind::Text(piece) => Node::Text(Template(piece.text)),
        PartKind::Value(piece) => Node::Value(Expression(piece.text)),
        PartKind::List(list) => Node::List(items(list)),
        PartKind::Object(members) => {
            let member = |(key, part): (Key, Part)| Member {
                name: key.name,
                when: part.when.as_ref().map(|piece| Expression(piece.text.clone())),
                value: lowered(part),
            };
            Node::Object(members.into_iter().map(member).collect())
        }
    }
}

pub fn items(list: Vec<Part>) -> Vec<Item> {
    let item = |part: Part| Item {
        each: part.each.as_ref().map(|each| Each {
            name: each.name.clone(),
            list: Expression(each.piece.text[each.list..].trim().to_owned()),
        }),
        when: part.when.as_ref().map(|piece| Expression(piece.text.clone())),
        node: lowered(part),
    };
    list.into_iter().map(item).collect()
}
