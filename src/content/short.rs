//! Text messages, notifications and webhooks: short files of YAML, text or JSON.
//!
//! Counts parts of text messages; prices are the project's.

use super::File;
use super::front::Keys;
use super::node::{self, Part, PartKind};
use super::piece::Piece;
use super::template::typed::Length;
use super::template::{Checker, leads_nowhere};
use super::yaml;
use crate::diag::{Code, Diagnostic};
use crate::ir::address::{Leads, leads_in_app};
use crate::ir::content::{Push, Sms, Template, Webhook};
use crate::text::Span;
use crate::value::sms::{self, Alphabet};

/// Parts of a text message above which it is worth a second look: three hold 201 Japanese letters.
const SMS_PARTS_MAX: usize = 3;
/// What Firebase Cloud Messaging takes of a notification, in bytes.
const PUSH_BYTES_MAX: usize = 4096;

fn entries(file: File<'_>, checker: &mut Checker<'_>) -> Vec<yaml::Entry> {
    let mark = file.text.len() - file.text.trim_start_matches('\u{feff}').len();
    yaml::parse(file.text, file.source, mark..file.text.len()).unwrap_or_else(|found| {
        checker.report(*found);
        Vec::new()
    })
}

pub fn sms(file: File<'_>, checker: &mut Checker<'_>) -> Option<Sms> {
    let start = Span::new(file.source, 0, 0);
    let piece = if file.has_ending(&["yaml", "yml"]) {
        let entries = entries(file, checker);
        Keys::new(entries, start, &["text"], checker).needed("text", "\"…\"", checker)?
    } else if file.has_ending(&["txt"]) {
        let text = file.text.trim_start_matches('\u{feff}');
        let from = file.text.len() - text.len();
        Piece::literal(text.trim_end(), Span::new(file.source, from, from + text.trim_end().len()))
    } else {
        checker.report(file.wrong_ending("`.yaml` or `.txt`", "`.yaml` か `.txt`"));
        return None;
    };
    let length = checker.text(&piece);
    parts(&piece, length, checker);
    Some(Sms { text: Template(piece.text) })
}

fn parts(piece: &Piece, length: Length, checker: &mut Checker<'_>) {
    let alphabet = if length.wide { Alphabet::Ucs2 } else { Alphabet::Plain };
    let least = sms::of_units(alphabet, length.least).parts;
    let most = length.most.map(|most| sms::of_units(Alphabet::Ucs2, most).parts);
    if least <= SMS_PARTS_MAX {
        return;
    }
    let letters = length.least;
    let or_more = if most == Some(least) { ("", "") } else { (" or more", "以上") };
    let found = Diagnostic::new(
        Code::W0446,
        piece.span,
        format!("{letters} letters{0} take {least}{0} parts, each paid for", or_more.0),
        format!("{letters} 文字{0}で、料金は {least} 通分{0}になります", or_more.1),
    );
    let found = match alphabet {
        Alphabet::Ucs2 => found.note(
            "a part holds 70 letters, 67 of several, once one is Japanese",
            "日本語を含むと 1 通 70 文字 (分割時は 67 文字) です",
        ),
        Alphabet::Plain => found
            .note("a part holds 160 letters, 153 of several", "英数字だけなら 1 通 160 文字 (分割時は 153 文字) です"),
    };
    checker.report(found.help("say less, and link to the rest", "短くし、続きはリンク先で伝えてください"));
}

pub fn push(file: File<'_>, checker: &mut Checker<'_>) -> Option<Push> {
    if !file.has_ending(&["yaml", "yml"]) {
        checker.report(file.wrong_ending("`.yaml`", "`.yaml`"));
        return None;
    }
    let entries = entries(file, checker);
    let start = Span::new(file.source, 0, 0);
    let mut keys = Keys::new(entries, start, &["title", "body", "link", "image", "data"], checker);
    let title = keys.needed("title", "\"…\"", checker);
    let body = keys.needed("body", "\"…\"", checker);
    let (link, image) = (keys.text("link", checker), keys.text("image", checker));
    let data = keys.texts("data", checker);
    let mut bytes = 0;
    for piece in [&title, &body].into_iter().flatten().chain(data.iter().map(|(_, piece)| piece)) {
        bytes += checker.text(piece).bytes;
    }
    if let Some(link) = &link {
        bytes += checker.link(link).bytes;
        let written = !link.text.contains("{{") && !link.text.contains("{%");
        if written && leads_in_app(link.text.trim()) == Leads::Nowhere {
            checker.report(leads_nowhere(link.span, link.text.trim()));
        }
    }
    if let Some(image) = &image {
        bytes += checker.link(image).bytes;
        if !image.text.starts_with("https://") && !image.text.starts_with("{{") {
            let (en, ja) = ("a picture's address begins with `https://`", "画像の URL は `https://` で始めます");
            checker.report(Diagnostic::new(Code::E0442, image.span, en, ja));
        }
    }
    if bytes > PUSH_BYTES_MAX {
        checker.report(Diagnostic::new(
            Code::E0444,
            start,
            format!("a notification of at least {bytes} bytes; {PUSH_BYTES_MAX} are taken"),
            format!("通知が少なくとも {bytes} バイトあります。上限は {PUSH_BYTES_MAX} バイトです"),
        ));
    }
    let template = |piece: Piece| Template(piece.text);
    Some(Push {
        title: template(title?),
        body: template(body?),
        link: link.map(template),
        image: image.map(template),
        data: data.into_iter().map(|(key, piece)| (key, template(piece))).collect(),
    })
}

/// The JSON of a webhook has the shape its receiver asked for; only the templates in it are looked at.
pub fn webhook(part: Part, checker: &mut Checker<'_>) -> Webhook {
    anything(&part, checker);
    Webhook { json: node::lowered(part) }
}

fn anything(part: &Part, checker: &mut Checker<'_>) {
    let looped = part.each.as_ref().map(|each| checker.enter_loop(&each.piece, &each.name, each.list));
    let before = part.when.as_ref().map(|when| checker.enter_condition(when));
    match &part.kind {
        PartKind::Null | PartKind::Bool(_) | PartKind::Number(_) => {}
        PartKind::Text(piece) => {
            checker.text(piece);
        }
        PartKind::Value(piece) => {
            checker.value(piece);
        }
        PartKind::List(items) => items.iter().for_each(|item| anything(item, checker)),
        PartKind::Object(members) => members.iter().for_each(|(_, member)| anything(member, checker)),
    }
    if let Some(before) = before {
        checker.leave_condition(before);
    }
    if looped.is_some() {
        checker.leave_loop();
    }
}
