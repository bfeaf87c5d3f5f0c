//! What a message says, as texts by place, and the lines of each that changed.
//!
//! Renders nothing: it compares what was written, templates and all.

use super::{Change, Kind, markup};
use crate::ir::content::Content;
use crate::words::{Both, clip};

/// Characters of a changed line that are shown.
const LINE_SHOWN_MAX: usize = 100;
/// Lines of one text that are shown as gone, and as come.
const LINES_SHOWN_MAX: usize = 3;

/// Every text of a message with where it stands: `subject`, `body`, `messages 1 contents body`.
pub fn texts(content: &Content) -> Vec<(String, String)> {
    let json = serde_json::to_value(content).expect("content is plain data with string keys");
    let mut texts = Vec::new();
    walk(&json, &mut Vec::new(), &mut texts);
    if matches!(content, Content::Email(_)) {
        for (_, body) in texts.iter_mut().filter(|(place, _)| place == "body") {
            *body = markup::laid_out(body);
        }
    }
    texts
}

/// Names of our own shapes say nothing to the author: those that begin with a capital are left out.
fn walk(json: &serde_json::Value, path: &mut Vec<String>, texts: &mut Vec<(String, String)>) {
    use serde_json::Value as Json;
    let mut inside = |name: Option<String>, value: &Json| {
        let shown = name.filter(|name| !name.starts_with(char::is_uppercase));
        let grown = shown.is_some();
        path.extend(shown);
        walk(value, path, texts);
        if grown {
            path.pop();
        }
    };
    match json {
        Json::Null => {}
        // Elements and members of a message in JSON are called what the file calls them.
        Json::Object(parts) if parts.contains_key("node") && parts.contains_key("each") => {
            inside(Some("$for".into()), &parts["each"]);
            inside(parts.get("when").map(|_| "$if".into()), &parts["when"]);
            inside(None, &parts["node"]);
        }
        Json::Object(parts) if ["name", "when", "value"].iter().all(|part| parts.contains_key(*part)) => {
            let name = parts["name"].as_str().unwrap_or_default();
            inside(Some(format!("{name} $if")), &parts["when"]);
            inside(Some(name.to_string()), &parts["value"]);
        }
        Json::Object(parts) if parts.len() == 1 && parts.contains_key("Object") => {
            parts["Object"].as_array().into_iter().flatten().for_each(|member| inside(None, member));
        }
        Json::Bool(_) | Json::Number(_) => texts.push((path.join(" "), json.to_string())),
        Json::String(text) => texts.push((path.join(" "), text.clone())),
        Json::Array(items) => items.iter().enumerate().for_each(|(i, item)| inside(Some((i + 1).to_string()), item)),
        Json::Object(members) => members.iter().for_each(|(name, value)| inside(Some(name.clone()), value)),
    }
}

/// The texts that differ, by place.
pub fn compare(old: &[(String, String)], new: &[(String, String)]) -> Vec<Change> {
    let mut changes = Vec::new();
    let text_at = |texts: &[(String, String)], place: &str| {
        let found: Vec<&str> = texts.iter().filter(|(p, _)| p == place).map(|(_, text)| text.as_str()).collect();
        (!found.is_empty()).then(|| found.join("\n"))
    };
    let mut places: Vec<&String> = new.iter().chain(old).map(|(place, _)| place).collect();
    let mut seen = std::collections::BTreeSet::new();
    places.retain(|place| seen.insert(place.as_str()));
    for place in places {
        let (before, after) = (text_at(old, place), text_at(new, place));
        if before == after {
            continue;
        }
        let (gone, come) = changed_lines(before.as_deref().unwrap_or(""), after.as_deref().unwrap_or(""));
        let quote = |lines: Vec<String>| (!lines.is_empty()).then(|| quoted(&lines.join(" / ")));
        changes.push(Change {
            kind: Kind::Content,
            step: None,
            what: Some(label(place)),
            old: quote(gone),
            new: quote(come),
            place: None,
        });
    }
    changes
}

fn quoted(text: &str) -> Both {
    Both::new(format!("“{text}”"), format!("「{text}」"))
}

fn label(place: &str) -> Both {
    let ja = match place {
        "subject" => "件名",
        "preheader" => "プリヘッダー",
        "from" => "差出人",
        "reply_to" => "返信先",
        "body" => "本文",
        "text" => "テキスト",
        "title" => "題名",
        "" => return Both::new("content", "内容"),
        other => {
            if let Some(rest) = other.strip_prefix("messages ") {
                return Both::new(format!("message {rest}"), format!("メッセージ {rest}"));
            }
            other
        }
    };
    Both::new(place, ja)
}

/// The lines that only one side has, cut to what is worth showing.
fn changed_lines(old: &str, new: &str) -> (Vec<String>, Vec<String>) {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let front = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let back = a[front..].iter().rev().zip(b[front..].iter().rev()).take_while(|(x, y)| x == y).count();
    let shown = |lines: &[&str]| -> Vec<String> {
        let mut shown: Vec<String> = lines
            .iter()
            .filter(|line| !line.trim().is_empty())
            .take(LINES_SHOWN_MAX)
            .map(|line| clip(line.trim(), LINE_SHOWN_MAX))
            .collect();
        if lines.len() > LINES_SHOWN_MAX {
            shown.push("…".to_string());
        }
        shown
    };
    (shown(&a[front..a.len() - back]), shown(&b[front..b.len() - back]))
}
