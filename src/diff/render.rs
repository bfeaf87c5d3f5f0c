//! A difference laid out for people (prose, Markdown) and for programs (JSON).
//!
//! Knows no terminal: no colour, no width.

use std::fmt::Write;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Change, DIFF_VERSION, Difference, Kind, Section, Status, Thing};
use crate::ir::Place;
use crate::words::{Both, Language};

/// `path` and `line`, flat in what has the place.
pub fn place<S: Serializer>(place: &Option<Place>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    if let Some(place) = place.as_ref().filter(|place| !place.path.is_empty()) {
        map.serialize_entry("path", &*place.path)?;
        map.serialize_entry("line", &place.line)?;
    }
    map.end()
}

/// One JSON document with a line end.
pub fn json(difference: &Difference, base: &str) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        version: u32,
        base: &'a str,
        changes: usize,
        #[serde(flatten)]
        difference: &'a Difference,
    }
    let document = Document { version: DIFF_VERSION, base, changes: difference.count(), difference };
    serde_json::to_string_pretty(&document).expect("plain data with string keys") + "\n"
}

/// Prose by section, each change on a line of its own with its place behind it.
pub fn pretty(difference: &Difference, base: &str, language: Language) -> String {
    let mut out = String::new();
    for section in &difference.sections {
        let _ = writeln!(out, "{}{}", head(section, language), at(&section.place));
        for change in &section.changes {
            let _ = writeln!(out, "  {} {}{}", sign(change.kind), sentence(change, language), at(&change.place));
        }
        out.push('\n');
    }
    out + &summary(difference, base, language) + "\n"
}

/// The same as a comment of a pull request.
pub fn markdown(difference: &Difference, base: &str, language: Language) -> String {
    let mut out = match language {
        Language::English => format!("### What changes for people, compared with `{base}`\n\n"),
        Language::Japanese => format!("### `{base}` との違い\n\n"),
    };
    for section in &difference.sections {
        let _ = writeln!(out, "**{}**{}\n", escaped(&head(section, language)), code(&section.place));
        for change in &section.changes {
            let _ = writeln!(out, "- {}{}", escaped(&sentence(change, language)), code(&change.place));
        }
        if !section.changes.is_empty() {
            out.push('\n');
        }
    }
    out + &summary(difference, base, language) + "\n"
}

fn at(place: &Option<Place>) -> String {
    match place.as_ref().filter(|place| !place.path.is_empty()) {
        Some(place) => format!("  ({}:{})", place.path, place.line),
        None => String::new(),
    }
}

fn code(place: &Option<Place>) -> String {
    match place.as_ref().filter(|place| !place.path.is_empty()) {
        Some(place) => format!(" `{}:{}`", place.path, place.line),
        None => String::new(),
    }
}

/// Text in which nothing is taken for Markdown or HTML; what stands between backticks is left alone.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_code = false;
    for (at, c) in text.char_indices() {
        match c {
            '`' if !in_code && !text[at + 1..].contains('`') => out.push_str("&#96;"),
            '`' => {
                in_code = !in_code;
                out.push(c);
            }
            '<' | '>' | '*' | '_' | '[' | ']' | '|' | '\\' | '#' | '@' if !in_code => {
                let _ = write!(out, "&#{};", c as u32);
            }
            '&' if !in_code => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn summary(difference: &Difference, base: &str, language: Language) -> String {
    let count = difference.count();
    match (count, language) {
        (0, Language::English) => format!("no difference in meaning from {base}"),
        (0, Language::Japanese) => format!("{base} と意味の違いはありません"),
        (1, Language::English) => format!("1 change compared with {base}"),
        (_, Language::English) => format!("{count} changes compared with {base}"),
        (_, Language::Japanese) => format!("{base} との違い: {count} 件"),
    }
}

fn head(section: &Section, language: Language) -> String {
    let (en, ja) = match section.of {
        Thing::Journey => ("journey", "ジャーニー"),
        Thing::Message => ("message", "メッセージ"),
        Thing::Policy => ("policy", "ポリシー"),
        Thing::Segment => ("segment", "セグメント"),
        Thing::Split => ("split", "振り分け"),
        Thing::Action => ("action", "アクション"),
        Thing::Profile | Thing::Project => ("", ""),
        Thing::Pressure => ("all journeys together", "全ジャーニー合計"),
        Thing::Event => ("event", "イベント"),
        Thing::Record => ("record", "レコード"),
        Thing::Enum => ("enum", "列挙"),
    };
    let mut text = language.of(en, ja).to_string();
    if !text.is_empty() && !section.name.is_empty() {
        text.push(' ');
    }
    text.push_str(&section.name);
    if let Some(title) = &section.title {
        match language {
            Language::English => text.extend([" “", title, "”"]),
            Language::Japanese => text.extend(["「", title, "」"]),
        }
    }
    match section.status {
        Status::Added => text.push_str(language.of(": new", ": 新規")),
        Status::Removed => text.push_str(language.of(": removed", ": 削除")),
        Status::Changed => {}
    }
    text
}

fn sign(kind: Kind) -> char {
    match kind {
        Kind::Added => '+',
        Kind::Removed => '-',
        Kind::Moved
        | Kind::Retimed
        | Kind::Condition
        | Kind::Arms
        | Kind::Message
        | Kind::Params
        | Kind::Content
        | Kind::Step
        | Kind::Rule
        | Kind::Schema => '~',
        Kind::Bound => '=',
    }
}

/// `wait_1: wait 3 days → 4 days`
pub fn sentence(change: &Change, language: Language) -> String {
    let said = |both: &Both| both.get(language).to_string();
    let subject = change.step.as_ref().map_or_else(String::new, |step| format!("`{step}` "));
    let what = change.what.as_ref().map(said);
    let added = language.of("added", "追加");
    let removed = language.of("removed", "削除");
    let new = change.new.as_ref().map(said);
    let old = change.old.as_ref().map(said);
    match (change.kind, &what, old, new) {
        (Kind::Added, _, _, new) => format!("{subject}{added}: {}", new.unwrap_or_default()),
        (Kind::Removed, _, old, _) => format!("{subject}{removed}: {}", old.unwrap_or_default()),
        (Kind::Moved, what, old, new) => {
            let moved = language.of("moved", "移動");
            let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
            format!("{subject}{moved}: {} ({old} → {new})", what.clone().unwrap_or_default())
        }
        (_, what, Some(old), Some(new)) => format!("{subject}{}: {old} → {new}", what.clone().unwrap_or_default()),
        (_, what, None, Some(new)) => format!("{subject}{} {added}: {new}", what.clone().unwrap_or_default()),
        (_, what, Some(old), None) => format!("{subject}{} {removed}: {old}", what.clone().unwrap_or_default()),
        (_, what, None, None) => {
            format!("{subject}{}: {}", what.clone().unwrap_or_default(), language.of("changed", "変更"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn text_is_text_in_markdown() {
        for (text, expected) in [
            ("`wait_1` a_b", "`wait_1` a&#95;b"),
            ("one ` and <b>", "one &#96; and &#60;b&#62;"),
            ("`a` one ` <b>", "`a` one &#96; &#60;b&#62;"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}
