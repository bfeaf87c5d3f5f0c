//! Rendered messages as text, for terminals.
//!
//! Draws nothing.

use serde_json::Value as Json;

use super::index::{measures, warnings};
use super::{pretty, said};
use crate::render::{Language, Line, Part, Rendered};
use crate::value::Price;

/// What a reader gets, with sizes and links below.
pub fn plain(rendered: &Rendered, price: Option<Price>, language: Language) -> String {
    let mut out = match &rendered.part {
        Part::Email(email) => {
            let mut head = vec![(said(language, "From", "差出人"), email.from.clone())];
            head.extend(email.reply_to.clone().map(|to| (said(language, "Reply-To", "返信先"), to)));
            head.push((said(language, "Subject", "件名"), email.subject.clone()));
            head.extend(email.preheader.clone().map(|text| (said(language, "Preheader", "プリヘッダー"), text)));
            let head: String = head.into_iter().map(|(name, text)| format!("{name}: {text}\n")).collect();
            format!("{head}\n{}", email.text)
        }
        Part::Line(line) => chat(line, language),
        Part::Sms(sms) => format!("{}\n", sms.body),
        Part::Push(push) => {
            let link = push.link.as_ref().map_or(String::new(), |link| format!("( {link} )\n"));
            format!("{}\n{}\n{link}", push.title, push.body)
        }
        Part::Webhook(json) => format!("{}\n", pretty(json)),
    };
    if !out.ends_with('\n') {
        out.push('\n');
    }
    let facts = measures(rendered, price, language).into_iter().chain(warnings(rendered, language));
    facts.for_each(|fact| out.push_str(&format!("-- {fact}\n")));
    out
}

/// Every text a reader sees, in order, one line each; buttons with where they lead.
fn chat(line: &Line, language: Language) -> String {
    let mut out = String::new();
    for (at, message) in line.messages.iter().enumerate() {
        let kind = message.get("type").and_then(Json::as_str).unwrap_or("");
        out.push_str(&format!("[{} {}]\n", at + 1, said_kind(kind, language)));
        words(message, &mut out);
    }
    out
}

fn said_kind(kind: &str, language: Language) -> &str {
    match (kind, language) {
        ("text", Language::Japanese) => "テキスト",
        ("image", Language::Japanese) => "画像",
        ("coupon", Language::Japanese) => "クーポン",
        (other, _) => other,
    }
}

/// In the order a reader meets them, which JSON does not keep.
fn words(node: &Json, out: &mut String) {
    match node {
        Json::Array(items) => items.iter().for_each(|item| words(item, out)),
        Json::Object(members) => {
            if let Some(label) = members.get("label").and_then(Json::as_str) {
                let target = members.get("uri").and_then(Json::as_str);
                out.push_str(&target.map_or(format!("  [{label}]\n"), |uri| format!("  [{label}] ( {uri} )\n")));
            }
            for name in ["title", "text"] {
                if let Some(text) = members.get(name).and_then(Json::as_str) {
                    text.lines().for_each(|line| out.push_str(&format!("  {line}\n")));
                }
            }
            for name in [
                "header",
                "hero",
                "body",
                "contents",
                "footer",
                "template",
                "columns",
                "actions",
                "action",
                "quickReply",
                "items",
            ] {
                if let Some(inner) = members.get(name) {
                    words(inner, out);
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}
