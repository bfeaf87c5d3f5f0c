//! Limits that join several fields of a LINE object: sizes of bubbles, equal columns, texts beside pictures.
//!
//! From the Messaging API's reference.

use super::check::{first_line, refused};
use super::count::{self, Count};
use super::flex;
use crate::content::json::Key;
use crate::content::node::{Part, PartKind};
use crate::content::template::Checker;
use crate::diag::{Code, Diagnostic};
use crate::text::Span;

/// Text of a buttons template or a column beside a picture or a title.
const SHORT_TEXT_MAX: usize = 60;

fn member<'p>(members: &'p [(Key, Part)], name: &str) -> Option<&'p Part> {
    members.iter().find(|(key, _)| key.name == name).map(|(_, part)| part)
}

/// The messages of one request: never none, never more than LINE takes.
pub fn messages(span: Span, messages: &[Part], most: usize, checker: &mut Checker<'_>) {
    let count = count::count(messages, checker);
    let sure = messages.iter().filter(|message| message.each.is_none() && message.when.is_none()).count();
    let help = (
        "join texts into one message, or put pictures and buttons into one `flex` message",
        "テキストを一つにまとめるか、画像やボタンを一つの `flex` メッセージに入れてください",
    );
    if messages.is_empty() || sure > most {
        let found = refused(
            span,
            format!("{} message objects; LINE takes one to {most}", messages.len()),
            format!("メッセージオブジェクトが {} 個あります。LINE では 1～{most} 個です", messages.len()),
        );
        return checker.report(found.help(help.0, help.1));
    }
    if without_end(messages, most, "messages", checker) {
        return;
    }
    if let Some(come) = count.most.filter(|come| *come > most) {
        let found = refused(
            first_line(span),
            format!("as many as {come} message objects at once; LINE takes {most}"),
            format!("メッセージオブジェクトが最大 {come} 個になります。LINE では {most} 個までです"),
        );
        let found = beyond(messages, most, found);
        return checker.report(found.help(
            format!("{}, or say in `$if` which exclude each other: `\"$if\": \"a and not b\"`", help.0),
            format!("{}。または `\"$if\": \"a and not b\"` のように、同時に出ないことを書いてください", help.1),
        ));
    }
    none_left(messages, count, "messages", checker);
}

/// How many elements a list has that stands under a key; `conditional`: an `$if` around it may be there for the empty one.
pub fn elements(
    span: Span,
    items: &[Part],
    (least, most): (usize, usize),
    key: &str,
    conditional: bool,
    checker: &mut Checker<'_>,
) {
    let sure = items.iter().filter(|item| item.each.is_none() && item.when.is_none()).count();
    if items.len() < least || (most > 0 && sure > most) {
        let (wanted, wanted_ja) = match (least, most) {
            (_, 0) => (format!("at least {least}"), format!("{least} 個以上")),
            (a, b) if a == b => (format!("{a}"), format!("{a} 個")),
            (a, b) => (format!("{a} to {b}"), format!("{a}～{b} 個")),
        };
        return checker.report(refused(
            span,
            format!("`{key}` has {} elements, LINE takes {wanted}", items.len()),
            format!("`{key}` の要素は {} 個です。LINE では {wanted_ja}です", items.len()),
        ));
    }
    let count = count::count(items, checker);
    if least > 0 && !conditional {
        none_left(items, count, key, checker);
    }
    if most == 0 || without_end(items, most, key, checker) {
        return;
    }
    if let Some(come) = count.most.filter(|come| *come > most) {
        let found = refused(
            first_line(span),
            format!("`{key}` may come to {come} elements, LINE takes {most}"),
            format!("`{key}` の要素が最大 {come} 個になります。LINE では {most} 個までです"),
        );
        checker.report(beyond(items, most, found).help(
            "leave some out, or say in `$if` which exclude each other: `\"$if\": \"a and not b\"`",
            "減らすか、`\"$if\": \"a and not b\"` のように、同時に出ないことを書いてください",
        ));
    }
}

/// The finding with the element behind the last that always fits.
fn beyond(items: &[Part], most: usize, found: Diagnostic) -> Diagnostic {
    match items.get(most) {
        Some(item) => found.other(
            first_line(item.span),
            "from here on they may be too many",
            "ここから先が多すぎることがあります",
        ),
        None => found,
    }
}

/// A list that repeats may get longer than LINE takes, all by itself; whether one does.
fn without_end(items: &[Part], most: usize, key: &str, checker: &mut Checker<'_>) -> bool {
    let mut any = false;
    for each in items.iter().filter_map(|item| item.each.as_ref()) {
        let told = checker.found.len();
        let times = checker.enter_loop(&each.piece, &each.name, each.list);
        checker.leave_loop();
        // The loop is entered again for its element; what is wrong with it is told then.
        checker.found.truncate(told);
        if times.is_some_and(|times| times <= most) {
            continue;
        }
        any = true;
        let list = each.piece.text[each.list..].trim();
        let list = list.split('[').next().unwrap_or(list);
        let others = items.iter().filter(|item| item.each.is_none() && item.when.is_none()).count();
        let room = most.saturating_sub(others).max(1);
        let found = Diagnostic::new(
            Code::E0443,
            each.piece.span,
            format!("`{key}` may get more than {most} elements"),
            format!("`{key}` の要素が {most} 個を超えることがあります"),
        );
        checker.report(found.help(
            format!("take the first ones: `{} in {list}[:{room}]`", each.name),
            format!("先頭だけにしてください: `{} in {list}[:{room}]`", each.name),
        ));
    }
    any
}

/// A list that may have no element at all: of nothing but what repeats, or of nothing but conditions that may all fail.
fn none_left(items: &[Part], count: Count, key: &str, checker: &mut Checker<'_>) {
    if count.least > 0 {
        return;
    }
    let what = |span: Span| {
        Diagnostic::new(
            Code::W0448,
            span,
            format!("`{key}` may have no element; LINE refuses the message then"),
            format!("`{key}` が空になることがあります。その場合 LINE に拒否されます"),
        )
    };
    if items.iter().all(|item| item.each.is_none()) {
        if let Some(when) = items.iter().find_map(|item| item.when.as_ref()) {
            checker.report(what(when.span).help(
                "say what comes where none of these holds: an element without `$if`, or with `\"$if\": \"not …\"`",
                "どの条件も満たさないときの要素を、`$if` なしか `\"$if\": \"not …\"` で加えてください",
            ));
        }
        return;
    }
    // An `$if` beside what repeats may be there for the empty list.
    if items.iter().any(|item| item.each.is_none()) {
        return;
    }
    let Some(each) = items.iter().find_map(|item| item.each.as_ref()) else { return };
    let list = each.piece.text[each.list..].trim();
    if list.starts_with('[') {
        return;
    }
    let list = list.split('[').next().unwrap_or(list);
    let found = what(each.piece.span);
    checker.report(found.help(
        format!("add an element with `\"$if\": \"not {list}\"`, or put `\"$if\": \"{list}\"` on what it stands in"),
        format!("`\"$if\": \"not {list}\"` の要素を加えるか、外側に `\"$if\": \"{list}\"` を付けてください"),
    ));
}

/// What the fields of one object must be together; `bytes` is the least it takes as JSON.
pub fn together(span: Span, members: &[(Key, Part)], shape: &str, bytes: usize, checker: &mut Checker<'_>) {
    match shape {
        "bubble" => too_large(span, bytes, flex::BUBBLE_BYTES_MAX, ("bubble", "バブル"), checker),
        "flex carousel" => too_large(span, bytes, flex::CAROUSEL_BYTES_MAX, ("carousel", "カルーセル"), checker),
        "buttons template" | "column" => beside_a_picture(members, checker),
        "carousel template" => equal_columns(members, checker),
        "text component" => text_or_spans(span, members, checker),
        "postback action" => spoken_once(members, checker),
        _ => {}
    }
}

fn too_large(span: Span, bytes: usize, most: usize, name: (&str, &str), checker: &mut Checker<'_>) {
    if bytes > most {
        checker.report(Diagnostic::new(
            Code::E0444,
            first_line(span),
            format!("this {} takes {} KB of JSON, LINE takes {}", name.0, bytes.div_ceil(1024), most / 1024),
            format!(
                "この{}は JSON で {} KB あります。LINE では {} KB までです",
                name.1,
                bytes.div_ceil(1024),
                most / 1024
            ),
        ));
    }
}

fn beside_a_picture(members: &[(Key, Part)], checker: &mut Checker<'_>) {
    let beside = ["thumbnailImageUrl", "title"].iter().find_map(|name| {
        let (key, part) = members.iter().find(|(key, _)| key.name == *name)?;
        part.when.is_none().then_some(key)
    });
    let (Some(beside), Some(Part { kind: PartKind::Text(text), .. })) = (beside, member(members, "text")) else {
        return;
    };
    // Told by its own limit already if it is longer than that; a template is measured by what is written in it.
    let written: String = text.text.split("{{").map(|part| part.rsplit("}}").next().unwrap_or(part)).collect();
    let long = written.encode_utf16().count();
    if long > SHORT_TEXT_MAX && !text.text.contains("{%") {
        let found = Diagnostic::new(
            Code::E0444,
            text.span,
            format!("`text` has {long} letters; beside a picture or a title LINE takes {SHORT_TEXT_MAX}"),
            format!("`text` は {long} 文字です。画像かタイトルがあるときは {SHORT_TEXT_MAX} 文字までです"),
        );
        checker.report(found.other(beside.span, "beside this", "これがあるため"));
    }
}

fn equal_columns(members: &[(Key, Part)], checker: &mut Checker<'_>) {
    let Some(Part { kind: PartKind::List(columns), .. }) = member(members, "columns") else { return };
    let mut first: Option<(usize, bool, bool, Span)> = None;
    for column in columns {
        let PartKind::Object(fields) = &column.kind else { continue };
        let Some(Part { kind: PartKind::List(actions), span, .. }) = member(fields, "actions") else { continue };
        let this =
            (actions.len(), member(fields, "title").is_some(), member(fields, "thumbnailImageUrl").is_some(), *span);
        let Some(before) = first else {
            first = Some(this);
            continue;
        };
        if before.0 != this.0 {
            let found = refused(
                first_line(*span),
                format!("this column has {} actions, the first has {}", this.0, before.0),
                format!("この列のアクションは {} 個、最初の列は {} 個です", this.0, before.0),
            );
            let found = found.other(first_line(before.3), "the first column", "最初の列");
            checker.report(found.help("all columns have the same number", "すべての列で同じ数にしてください"));
        }
        if (before.1, before.2) != (this.1, this.2) {
            let (en, ja) = (
                "some columns have a title or a picture and some have none".to_owned(),
                "タイトルや画像のある列とない列が混ざっています".to_owned(),
            );
            let found = refused(first_line(column.span), en, ja);
            checker.report(found.help("give them to all columns or to none", "すべての列で揃えてください"));
        }
    }
}

fn text_or_spans(span: Span, members: &[(Key, Part)], checker: &mut Checker<'_>) {
    if member(members, "text").is_none() && member(members, "contents").is_none() {
        let found = refused(
            first_line(span),
            "this text has neither `text` nor `contents`".to_owned(),
            "`text` も `contents` もありません".to_owned(),
        );
        checker.report(found);
    }
}

fn spoken_once(members: &[(Key, Part)], checker: &mut Checker<'_>) {
    let both = member(members, "displayText").zip(members.iter().find(|(key, _)| key.name == "text"));
    if let Some((_, (key, _))) = both {
        let (en, ja) = (
            "`text` and `displayText` exclude each other".to_owned(),
            "`text` と `displayText` は一緒に使えません".to_owned(),
        );
        checker.report(refused(key.span, en, ja).help("keep `displayText`", "`displayText` だけにしてください"));
    }
}
