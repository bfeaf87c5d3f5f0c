//! Messages of LINE as a chat shows them.
//!
//! Draws boxes in HTML; the shapes inside flex messages are drawn by `flex`.

use serde_json::Value as Json;

use super::flex::{self, picture};
use super::{lines, said};
use crate::render::{Language, Line, escaped};

/// A phone with the messages of one request and the quick replies under them.
pub fn phone(sender: &str, line: &Line, language: Language) -> String {
    let mut out = String::from("<div class=\"phone line\">");
    for message in &line.messages {
        let name = text(message, &["sender", "name"]).unwrap_or(sender);
        let initial: String = name.chars().take(1).collect();
        out.push_str(&format!(
            "<div class=\"message\"><span class=\"face\">{}</span><div class=\"said\"><small>{}</small>{}</div></div>",
            escaped(&initial),
            escaped(name),
            body(message, language)
        ));
    }
    let replies = line.messages.last().and_then(|m| m.pointer("/quickReply/items")).and_then(Json::as_array);
    if let Some(replies) = replies {
        out.push_str("<div class=\"replies\">");
        for reply in replies {
            let label = reply.get("action").and_then(|action| text(action, &["label"])).unwrap_or("");
            out.push_str(&format!("<span>{}</span>", escaped(label)));
        }
        out.push_str("</div>");
    }
    out.push_str("</div>");
    out
}

fn text<'a>(json: &'a Json, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(json, |inner, name| inner.get(name)).and_then(Json::as_str)
}

fn body(message: &Json, language: Language) -> String {
    let field = |name: &str| text(message, &[name]);
    let named = |en, ja, name: &str| {
        let detail = escaped(field(name).unwrap_or(""));
        format!("<div class=\"balloon other\">{} {detail}</div>", said(language, en, ja))
    };
    match field("type").unwrap_or("") {
        "text" | "textV2" => format!("<p class=\"balloon\">{}</p>", lines(field("text").unwrap_or(""))),
        "flex" => message.get("contents").map(flex::container).unwrap_or_default(),
        "template" => message.get("template").map(template).unwrap_or_default(),
        "image" => picture(field("originalContentUrl").unwrap_or(""), 4.0 / 3.0, "wide"),
        "video" => picture(field("previewImageUrl").unwrap_or(""), 16.0 / 9.0, "wide video"),
        "imagemap" => {
            let size = |name: &str| message.pointer(&format!("/baseSize/{name}")).and_then(Json::as_f64);
            let ratio = size("width").unwrap_or(1040.0) / size("height").unwrap_or(1040.0).max(1.0);
            picture(field("baseUrl").unwrap_or(""), ratio, "wide")
        }
        "sticker" => named("sticker", "スタンプ", "stickerId"),
        "audio" => named("audio", "音声", "originalContentUrl"),
        "location" => named("place", "位置情報", "title"),
        "coupon" => named("coupon", "クーポン", "couponId"),
        other => format!("<div class=\"balloon other\">{}</div>", escaped(other)),
    }
}

fn template(template: &Json) -> String {
    let kind = text(template, &["type"]).unwrap_or("");
    match kind {
        "carousel" | "image_carousel" => {
            let columns = template.get("columns").and_then(Json::as_array);
            let cards: String = columns.into_iter().flatten().map(card).collect();
            format!("<div class=\"carousel\">{cards}</div>")
        }
        _ => card(template),
    }
}

/// Buttons, a confirmation, or a column.
fn card(card: &Json) -> String {
    let mut out = String::from("<div class=\"bubble template\">");
    if let Some(url) = text(card, &["thumbnailImageUrl"]).or_else(|| text(card, &["imageUrl"])) {
        let square = text(card, &["imageAspectRatio"]) == Some("square") || card.get("imageUrl").is_some();
        out.push_str(&picture(url, if square { 1.0 } else { 1.51 }, "wide"));
    }
    if let Some(title) = text(card, &["title"]) {
        out.push_str(&format!("<b>{}</b>", escaped(title)));
    }
    if let Some(words) = text(card, &["text"]) {
        out.push_str(&format!("<p>{}</p>", lines(words)));
    }
    let side_by_side = text(card, &["type"]) == Some("confirm");
    out.push_str(if side_by_side { "<div class=\"actions two\">" } else { "<div class=\"actions\">" });
    let several = card.get("actions").and_then(Json::as_array).into_iter().flatten();
    for action in several.chain(card.get("action")) {
        out.push_str(&format!("<span>{}</span>", escaped(text(action, &["label"]).unwrap_or(""))));
    }
    out.push_str("</div></div>");
    out
}
