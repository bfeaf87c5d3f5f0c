//! Messages of LINE for one person: the objects of its Messaging API, within its limits.
//!
//! Sends nothing. Limits: Messaging API reference, message objects and action objects (2026).

use serde::Serialize;
use serde_json::Value as Json;

use super::email::header;
use super::error::{Fault, Words};
use super::filters::cut_utf16;

/// What a LINE user gets with one request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    pub messages: Vec<Json>,
    /// What a notification shows of the first message.
    pub notification: String,
    /// Bytes of each bubble, or of the whole message where it is no flex message.
    pub bytes: Vec<usize>,
    /// Texts that were too long for this person and end in `…`.
    pub cut: Vec<String>,
}

/// Message objects in one request.
const MESSAGES_MAX: usize = 5;
const QUICK_REPLIES_MAX: usize = 13;
const BUBBLES_MAX: usize = 12;
const COLUMNS_MAX: usize = 10;
const BUBBLE_BYTES_MAX: usize = 30 * 1024;
const CAROUSEL_BYTES_MAX: usize = 50 * 1024;

/// Texts that readers see, with the most units of UTF-16 they may have: longer ones are cut.
const TEXTS: &[(&str, usize)] = &[("altText", 400), ("displayText", 300), ("fillInText", 300), ("title", 40)];
/// Texts that programs read: longer ones are refused, since half of one says something else.
const EXACT: &[(&str, usize)] = &[
    ("uri", 1_000),
    ("linkUri", 1_000),
    ("data", 300),
    ("clipboardText", 1_000),
    ("url", 2_000),
    ("originalContentUrl", 2_000),
    ("previewImageUrl", 2_000),
    ("thumbnailImageUrl", 2_000),
    ("imageUrl", 2_000),
];

pub fn finished(mut messages: Vec<Json>) -> Result<Line, Fault> {
    if messages.is_empty() {
        return Err(limit(
            Words::new("no message is left for this person", "この人に送るメッセージが残りません"),
            Words::new("let one message be without `$if`", "`$if` のないメッセージを一つ置く"),
        ));
    }
    at_most(messages.len(), MESSAGES_MAX, "message objects", "メッセージ")?;
    let mut cut = Vec::new();
    for message in &mut messages {
        fit(message, "", Kind::Message, &mut cut)?;
    }
    let mut bytes = Vec::new();
    for message in &messages {
        bytes.extend(weighed(message)?);
    }
    let notification = messages.first().map(notification).unwrap_or_default();
    Ok(Line { messages, notification, bytes, cut })
}

/// What is around a text; the same member has other limits elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Message,
    Flex,
    Template,
    QuickReply,
}

fn fit(node: &mut Json, name: &str, kind: Kind, cut: &mut Vec<String>) -> Result<(), Fault> {
    match node {
        Json::String(text) => fit_text(text, name, kind, cut),
        Json::Array(items) => {
            match name {
                "items" if kind == Kind::QuickReply => {
                    at_most(items.len(), QUICK_REPLIES_MAX, "quick replies", "クイックリプライ")?;
                }
                "columns" => at_most(items.len(), COLUMNS_MAX, "columns", "カラム")?,
                _ => {}
            }
            items.iter_mut().try_for_each(|item| fit(item, name, kind, cut))
        }
        Json::Object(members) => {
            let carousel = members.get("type").is_some_and(|t| t == "carousel");
            let bubbles = members.get("contents").and_then(Json::as_array).map_or(0, Vec::len);
            if kind == Kind::Flex && carousel {
                at_most(bubbles, BUBBLES_MAX, "bubbles", "バブル")?;
            }
            let flex = members.get("type").is_some_and(|t| t == "flex");
            for (name, inner) in members.iter_mut() {
                let inside = match name.as_str() {
                    "quickReply" => Kind::QuickReply,
                    "template" => Kind::Template,
                    "contents" if flex => Kind::Flex,
                    _ => kind,
                };
                fit(inner, name, inside, cut)?;
            }
            Ok(())
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(()),
    }
}

fn fit_text(text: &mut String, name: &str, kind: Kind, cut: &mut Vec<String>) -> Result<(), Fault> {
    if let Some((_, most)) = EXACT.iter().find(|(exact, _)| *exact == name) {
        let units = text.encode_utf16().count();
        if units > *most {
            return Err(limit(
                Words::new(
                    format!("`{name}` has {units} characters, at most {most}"),
                    format!("`{name}` が {units} 文字あります (上限 {most})"),
                ),
                Words::new("put less into it", "入れる値を減らす"),
            ));
        }
        return Ok(());
    }
    let most = match (name, kind) {
        ("text", Kind::Message | Kind::Flex) => 5_000,
        ("text", Kind::Template) => 160,
        ("text", Kind::QuickReply) => 300,
        ("label", Kind::Flex) => 40,
        ("label", Kind::Message | Kind::Template | Kind::QuickReply) => 20,
        _ => match TEXTS.iter().find(|(known, _)| *known == name) {
            Some((_, most)) => *most,
            None => return Ok(()),
        },
    };
    if text.trim().is_empty() && matches!(name, "text" | "altText" | "label") {
        return Err(limit(
            Words::new(format!("`{name}` is empty for this person"), format!("この人には `{name}` が空になります")),
            Words::new("fill it in, or leave the element out with `$if`", "値を補うか、`$if` で要素ごと省く"),
        ));
    }
    if let Some(short) = cut_utf16(text, most) {
        cut.push(name.to_owned());
        *text = short;
    }
    Ok(())
}

/// Bytes of each bubble, or of the message.
fn weighed(message: &Json) -> Result<Vec<usize>, Fault> {
    let size = |json: &Json| json.to_string().len();
    let Some(contents) = message.get("contents").filter(|_| message.get("type").is_some_and(|t| t == "flex")) else {
        return Ok(vec![size(message)]);
    };
    let bubbles = match contents.get("contents").and_then(Json::as_array) {
        Some(bubbles) => {
            kilobytes(size(contents), CAROUSEL_BYTES_MAX, "carousel", "カルーセル")?;
            bubbles.iter().map(size).collect()
        }
        None => vec![size(contents)],
    };
    bubbles.iter().try_for_each(|bytes| kilobytes(*bytes, BUBBLE_BYTES_MAX, "bubble", "バブル"))?;
    Ok(bubbles)
}

fn kilobytes(bytes: usize, most: usize, en: &str, ja: &str) -> Result<(), Fault> {
    if bytes <= most {
        return Ok(());
    }
    let (kb, most) = (bytes as f64 / 1024.0, most / 1024);
    Err(limit(
        Words::new(
            format!("a {en} has {kb:.1} KB, at most {most} KB"),
            format!("{ja}が {kb:.1} KB あります (上限 {most} KB)"),
        ),
        Words::new("show fewer items, or shorten texts with `truncate`", "件数を減らすか、`truncate` で短くする"),
    ))
}

fn at_most(count: usize, most: usize, en: &str, ja: &str) -> Result<(), Fault> {
    if count <= most {
        return Ok(());
    }
    Err(limit(
        Words::new(format!("{count} {en}, at most {most}"), format!("{ja}が {count} 個あります (上限 {most})")),
        Words::new(format!("loop over fewer things, with `[:{most}]`"), format!("`[:{most}]` で減らす")),
    ))
}

fn limit(what: Words, help: Words) -> Fault {
    Fault::new(what, help)
}

fn notification(message: &Json) -> String {
    let text = message.get("altText").or_else(|| message.get("text")).and_then(Json::as_str);
    let kind = message.get("type").and_then(Json::as_str).unwrap_or("");
    text.map_or_else(|| format!("[{kind}]"), header)
}
