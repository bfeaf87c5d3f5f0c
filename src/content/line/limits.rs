//! Limits that join several fields of a LINE object: sizes of bubbles, equal columns, texts beside pictures.
//!
//! From the Messaging API's reference.

use super::check::{first_line, refused};
use super::flex;
use crate::content::json::Key;
use crate::content::node::{Loop, Part, PartKind};
use crate::content::template::Checker;
use crate::diag::{Code, Diagnostic};
use crate::text::Span;

/// Text of a buttons template or a column beside a picture or a title.
const SHORT_TEXT_MAX: usize = 60;

fn member<'p>(members: &'p [(Key, Part)], name: &str) -> Option<&'p Part> {
    members.iter().find(|(key, _)| key.name == name).map(|(_, part)| part)
}

/// A list that repeats may get longer than LINE takes.
pub fn repeated(each: &Loop, most: usize, key: &str, checker: &mut Checker<'_>) {
    if most == 0 {
        return;
    }
    let times = checker.enter_loop(&each.piece, &each.name, each.list);
    checker.leave_loop();
    // The loop is entered again for its element; what is wrong with it is told then.
    if let Some(times) = times
        && times <= most
    {
        return;
    }
    let list = each.piece.text[each.list..].trim();
    let list = list.split('[').next().unwrap_or(list);
    let found = Diagnostic::new(
        Code::E0443,
        each.piece.span,
        format!("`{key}` may get more than {most} elements"),
        format!("`{key}` の要素が {most} 個を超えることがあります"),
    );
    checker.report(found.help(
        format!("take the first ones: `{} in {list}[:{most}]`", each.name),
        format!("先頭だけにしてください: `{} in {list}[:{most}]`", each.name),
    ));
}

/// A list that is made of nothing but what repeats has no element where there is nothing to repeat.
pub fn empty(each: &Loop, key: &str, checker: &mut Checker<'_>) {
    let list = each.piece.text[each.list..].trim();
    if list.starts_with('[') {
        return;
    }
    let list = list.split('[').next().unwrap_or(list);
    let found = Diagnostic::new(
        Code::W0448,
        each.piece.span,
        format!("`{key}` may have no element; LINE refuses the message then"),
        format!("`{key}` が空になることがあります。その場合 LINE に拒否されます"),
    );
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
