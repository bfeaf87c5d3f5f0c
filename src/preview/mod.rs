//! Rendered messages as pages to look at: mails, chats, texts, and a table of all of them side by side.
//!
//! Renders no templates and writes no files. Pages hold everything they show: no script, nothing from the network.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod chat;
mod flex;
mod index;
mod mail;
mod plain;

use serde_json::Value as Json;

pub use self::index::{Cell, Column, Row, index};
pub use self::plain::plain;
use crate::render::{Language, Part, Rendered, escaped};

/// How every page looks.
const STYLE: &str = include_str!("style.css");

/// Browsers hold to this even where a mail's own markup asks for more.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self' file:";

/// One message for one person, as a page of its own.
pub fn page(title: &str, sender: &str, rendered: &Rendered, language: Language) -> String {
    match &rendered.part {
        Part::Email(email) => mail::page(email),
        Part::Line(_) | Part::Sms(_) | Part::Push(_) | Part::Webhook(_) => {
            let shown = fragment(sender, rendered, language);
            document(title, language, &format!("<main class=\"alone\">{shown}</main>"))
        }
    }
}

/// What a reader sees first, for a page that holds several.
fn fragment(sender: &str, rendered: &Rendered, language: Language) -> String {
    match &rendered.part {
        Part::Email(email) => mail::inbox(email),
        Part::Line(line) => chat::phone(sender, line, language),
        Part::Sms(sms) => {
            let name = "<div class=\"phone sms\">";
            format!("{name}<p class=\"balloon\">{}</p></div>", lines(&sms.body))
        }
        Part::Push(push) => {
            let title = escaped(&push.title);
            let image = if push.image.is_some() { "<span class=\"picture small\"></span>" } else { "" };
            format!(
                "<div class=\"phone push\"><div class=\"note\"><small>{}</small>{image}<b>{title}</b><p>{}</p></div></div>",
                escaped(sender),
                lines(&push.body)
            )
        }
        Part::Webhook(json) => format!("<pre class=\"json\">{}</pre>", escaped(&pretty(json))),
    }
}

fn pretty(json: &Json) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

/// Text whose lines stay lines.
fn lines(text: &str) -> String {
    escaped(text).replace('\n', "<br>")
}

fn document(title: &str, language: Language, body: &str) -> String {
    let lang = match language {
        Language::English => "en",
        Language::Japanese => "ja",
    };
    format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\
         <title>{}</title><style>\n{STYLE}</style></head>\n<body>{body}</body></html>\n",
        escaped(title)
    )
}

/// A word in the reader's language.
fn said(language: Language, en: &'static str, ja: &'static str) -> &'static str {
    match language {
        Language::English => en,
        Language::Japanese => ja,
    }
}
