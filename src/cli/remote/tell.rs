//! An answer of a running Tabi in words: members as lines, lists of objects as tables.
//!
//! Adds nothing and leaves nothing out; names it knows are said in the reader's language.

use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr;

use crate::diag::Language;

pub fn told(answer: &Value, language: Language) -> String {
    let mut out = String::new();
    match answer {
        Value::Object(members) => object(members, 0, language, &mut out),
        Value::Array(all) => list(all, 0, language, &mut out),
        other => out.push_str(&format!("{}\n", plain(other))),
    }
    out
}

fn object(members: &Map<String, Value>, indent: usize, language: Language, out: &mut String) {
    let single = |value: &Value| !matches!(value, Value::Object(_) | Value::Array(_)) || is_short(value);
    let width = members.iter().filter(|(_, v)| single(v)).map(|(name, _)| label(name, language).width()).max();
    for (name, value) in members {
        let name = label(name, language);
        let margin = " ".repeat(indent);
        match value {
            value if single(value) => {
                let gap = " ".repeat(width.unwrap_or(0).saturating_sub(name.width()));
                out.push_str(&format!("{margin}{name}{gap}  {}\n", short(value)));
            }
            Value::Object(inner) => {
                out.push_str(&format!("{margin}{name}\n"));
                object(inner, indent + 2, language, out);
            }
            Value::Array(all) => {
                out.push_str(&format!("{margin}{name}\n"));
                list(all, indent + 2, language, out);
            }
            other => out.push_str(&format!("{margin}{name}  {}\n", plain(other))),
        }
    }
}

fn list(all: &[Value], indent: usize, language: Language, out: &mut String) {
    let rows: Option<Vec<&Map<String, Value>>> = all.iter().map(Value::as_object).collect();
    match rows {
        Some(rows) if rows.iter().all(|row| row.values().all(is_short)) => table(&rows, indent, language, out),
        Some(rows) => {
            for row in rows {
                object(row, indent, language, out);
                out.push('\n');
            }
        }
        None => all.iter().for_each(|value| out.push_str(&format!("{}{}\n", " ".repeat(indent), plain(value)))),
    }
}

fn table(rows: &[&Map<String, Value>], indent: usize, language: Language, out: &mut String) {
    let mut names: Vec<&String> = Vec::new();
    for name in rows.iter().flat_map(|row| row.keys()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut lines = vec![names.iter().map(|name| label(name, language).to_owned()).collect::<Vec<_>>()];
    let cell = |row: &Map<String, Value>, name: &String| row.get(name).map(short).unwrap_or_default();
    lines.extend(rows.iter().map(|row| names.iter().map(|name| cell(row, name)).collect()));
    let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|c| c.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..names.len()).map(width).collect();
    for line in &lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        let text = cells.collect::<Vec<_>>().join("  ");
        out.push_str(&format!("{}{}\n", " ".repeat(indent), text.trim_end()));
    }
}

/// Fits into a line: no list of objects, and nothing in it that holds more.
fn is_short(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(all) => all.iter().all(|one| !one.is_object() && !one.is_array()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

fn short(value: &Value) -> String {
    match value {
        Value::Array(all) if all.is_empty() => "-".into(),
        Value::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(_) => "-".into(),
        other => plain(other),
    }
}

/// On one line; nothing in it commands a terminal.
fn plain(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn label(name: &str, language: Language) -> &str {
    match language {
        Language::English => name,
        Language::Japanese => WORDS.iter().find(|(en, _)| *en == name).map_or(name, |(_, ja)| ja),
    }
}

#[rustfmt::skip]
const WORDS: &[(&str, &str)] = &[
    ("journeys", "ジャーニー"), ("journey", "ジャーニー"), ("channels", "チャネル"), ("channel", "チャネル"), ("name", "名前"),
    ("state", "状態"), ("people", "人数"), ("heads", "人数"), ("waiting", "待機中"), ("stopped", "停止中"), ("alarms", "警告"),
    ("ingest", "受信"), ("calls", "呼び出し"), ("accepted", "受け入れ"), ("refused", "拒否"), ("without_effect", "効果なし"),
    ("skewed", "時計のずれ"), ("unknown_events", "未宣言のイベント"), ("unknown_fields", "未宣言の項目"), ("number", "番号"),
    ("at", "日時"), ("source", "送信元"), ("reason", "理由"), ("detail", "詳細"),
    ("profile", "プロフィール"), ("consents", "同意"), ("runs", "進行中"), ("person", "人"), ("id", "ID"), ("message", "メッセージ"),
    ("pending", "送信待ち"), ("dead", "届かなかった呼び出し"), ("by", "担当"), ("purpose", "目的"), ("given", "同意の有無"),
    ("step", "ステップ"), ("since", "開始"), ("until", "期限"), ("story", "経過"), ("now", "現在"), ("approvals", "承認待ち"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_become_lines_and_tables() {
        let answer = json!({
            "now": "2026-04-01T12:00:00Z", "stopped": [], "ids": ["a", "b"],
            "journeys": [{ "name": "welcome", "waiting": 3 }, { "name": "花", "alarms": null }],
            "ingest": { "calls": 2, "refused": {} },
        });
        insta::assert_snapshot!(told(&answer, Language::Japanese));
        insta::assert_snapshot!(told(&answer, Language::English));
        assert_eq!(told(&json!("a\u{1b}[2J"), Language::English), "a [2J\n");
    }
}
