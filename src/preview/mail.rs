//! A mail as a page, and as it lies in a mailbox.
//!
//! Pictures of the network are replaced by boxes with their text: a preview fetches nothing.

use super::POLICY;
use crate::render::markup::{Attribute, Piece, pieces, unescaped};
use crate::render::{Email, escaped};

/// The HTML part, its pictures replaced.
pub fn page(email: &Email) -> String {
    let html = without_network(&email.html);
    let policy = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
    match html.find("<head>") {
        Some(at) => format!("{}{policy}{}", &html[..at + 6], &html[at + 6..]),
        None => format!("{policy}{html}"),
    }
}

/// Sender, subject, preheader.
pub fn inbox(email: &Email) -> String {
    let name = email.from.split('<').next().unwrap_or("").trim().trim_matches('"');
    let name = if name.is_empty() { &email.from } else { name };
    let preheader = email.preheader.clone().unwrap_or_else(|| first_words(&email.text));
    format!(
        "<div class=\"inbox\"><b>{}</b><span class=\"subject\">{}</span><span class=\"preheader\">{}</span></div>",
        escaped(name),
        escaped(&email.subject),
        escaped(&preheader)
    )
}

fn first_words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(90).collect()
}

fn without_network(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    for piece in pieces(html) {
        let Piece::Open { name, range, attributes, .. } = piece else { continue };
        let Some(source) = attributes.iter().find(|a| a.name == "src" && name == "img") else { continue };
        out.push_str(&html[at..source.whole.start]);
        out.push_str(&format!("\"{}\"", placeholder(html, &attributes)));
        at = source.whole.end;
        debug_assert!(at <= range.end);
    }
    out.push_str(&html[at..]);
    out
}

/// A drawn box of the picture's width that says what the picture shows.
fn placeholder(html: &str, attributes: &[Attribute]) -> String {
    let value = |name: &str| attributes.iter().find(|a| a.name == name).map(|a| unescaped(&html[a.value.clone()]));
    let pixels = |name: &str| value(name).and_then(|text| text.trim_end_matches("px").parse::<u32>().ok());
    let width = pixels("width").unwrap_or(300).clamp(8, 1_200);
    let height = pixels("height").unwrap_or(width * 13 / 20).clamp(8, 1_200);
    let text = value("alt").filter(|alt| !alt.is_empty()).unwrap_or_else(|| {
        let source = value("src").unwrap_or_default();
        source.rsplit('/').next().unwrap_or_default().to_owned()
    });
    let text: String = text.chars().take(30).collect();
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'>\
         <rect width='100%' height='100%' fill='#e4e1db'/>\
         <text x='50%' y='50%' text-anchor='middle' dominant-baseline='middle' font-family='sans-serif' \
         font-size='14' fill='#6b675f'>{}</text></svg>",
        escaped(&text)
    );
    format!("data:image/svg+xml,{}", crate::render::encoded(&svg))
}
