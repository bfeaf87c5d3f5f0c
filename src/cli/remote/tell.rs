//! An answer of a running Tabi in words: members as lines, lists of objects as tables, in the order a reader asks for them.
//!
//! Adds nothing, and leaves out only what is the same in another language, or empty in every row of a table.

use std::borrow::Cow;

use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr;

use crate::diag::Language;

pub fn told(answer: &Value, language: Language) -> String {
    let mut out = String::new();
    match answer {
        Value::Object(members) => object(members, 0, language, &mut out),
        Value::Array(all) => list(all, 0, language, &mut out),
        other => out.push_str(&format!("{}\n", plain(other, language))),
    }
    out
}

/// Lines first, then what holds more, each in the order of [`WORDS`].
fn object(members: &Map<String, Value>, indent: usize, language: Language, out: &mut String) {
    let single = |value: &Value| !matches!(value, Value::Object(_) | Value::Array(_)) || is_short(value);
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_by_key(|(name, value)| (!single(value), place(name)));
    let width = members.iter().filter(|(_, v)| single(v)).map(|(name, _)| label(name, language).width()).max();
    let margin = " ".repeat(indent);
    for (name, value) in sorted {
        let name = label(name, language);
        match value {
            value if single(value) => {
                let gap = " ".repeat(width.unwrap_or(0).saturating_sub(name.width()));
                out.push_str(&format!("{margin}{name}{gap}  {}\n", short(value, language)));
            }
            Value::Object(inner) => {
                out.push_str(&format!("{margin}{name}\n"));
                object(inner, indent + 2, language, out);
            }
            Value::Array(all) => {
                out.push_str(&format!("{margin}{name}\n"));
                list(all, indent + 2, language, out);
            }
            other => out.push_str(&format!("{margin}{name}  {}\n", plain(other, language))),
        }
    }
}

fn list(all: &[Value], indent: usize, language: Language, out: &mut String) {
    let rows: Option<Vec<Cow<'_, Map<String, Value>>>> =
        all.iter().map(|row| row.as_object().map(|row| in_one_language(row, language))).collect();
    match rows {
        Some(rows) if rows.iter().all(|row| row.values().all(fits_a_cell)) => table(&rows, indent, language, out),
        Some(rows) => {
            for row in rows {
                object(&row, indent, language, out);
                out.push('\n');
            }
        }
        None => {
            let margin = " ".repeat(indent);
            all.iter().for_each(|value| out.push_str(&format!("{margin}{}\n", plain(value, language))));
        }
    }
}

/// What is told in both languages is told in the reader's.
fn in_one_language(row: &Map<String, Value>, language: Language) -> Cow<'_, Map<String, Value>> {
    let name = match language {
        Language::English => "en",
        Language::Japanese => "ja",
    };
    let (Some(words), true) = (row.get(name), row.contains_key("en") && row.contains_key("ja")) else {
        return Cow::Borrowed(row);
    };
    let mut told: Map<String, Value> = row.clone();
    told.retain(|name, _| name != "en" && name != "ja");
    told.insert(WHAT_HAPPENED.to_owned(), words.clone());
    Cow::Owned(told)
}

fn table(rows: &[Cow<'_, Map<String, Value>>], indent: usize, language: Language, out: &mut String) {
    let mut names: Vec<&String> = Vec::new();
    for (name, value) in rows.iter().flat_map(|row| row.iter()) {
        if !value.is_null() && !names.contains(&name) {
            names.push(name);
        }
    }
    names.sort_by_key(|name| place(name));
    let mut lines = vec![names.iter().map(|name| label(name, language).to_owned()).collect::<Vec<_>>()];
    let cell = |row: &Map<String, Value>, name: &String| row.get(name).map(|v| short(v, language)).unwrap_or_default();
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
/// In a table also a few values by name.
fn fits_a_cell(value: &Value) -> bool {
    is_short(value) || value.as_object().is_some_and(|members| members.values().all(is_short))
}

fn short(value: &Value, language: Language) -> String {
    match value {
        Value::Array(all) if all.is_empty() => "-".into(),
        Value::Array(all) => all.iter().map(|one| plain(one, language)).collect::<Vec<_>>().join(", "),
        Value::Object(members) if members.is_empty() => "-".into(),
        Value::Object(members) => {
            let one =
                |(name, value): (&String, &Value)| format!("{} {}", value_word(name, language), plain(value, language));
            members.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        other => plain(other, language),
    }
}

/// On one line; nothing in it commands a terminal.
fn plain(value: &Value, language: Language) -> String {
    let text = match (value, language) {
        (Value::Null, _) => "-".to_owned(),
        (Value::Bool(true), Language::English) => "yes".to_owned(),
        (Value::Bool(true), Language::Japanese) => "はい".to_owned(),
        (Value::Bool(false), _) => "-".to_owned(),
        (Value::String(text), language) => value_word(&to_the_second(text), language).to_owned(),
        (other, _) => other.to_string(),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A moment without its thousandths, which only programs read.
fn to_the_second(text: &str) -> Cow<'_, str> {
    let parts = text.strip_suffix('Z').and_then(|text| text.split_once('.'));
    match parts {
        Some((second, rest))
            if second.len() == "2026-04-01T00:00:00".len() && rest.bytes().all(|b| b.is_ascii_digit()) =>
        {
            Cow::Owned(format!("{second}Z"))
        }
        Some(_) | None => Cow::Borrowed(text),
    }
}

fn place(name: &str) -> usize {
    WORDS.iter().position(|(known, ..)| *known == name).unwrap_or(WORDS.len())
}
fn label(name: &str, language: Language) -> &str {
    let known = WORDS.iter().find(|(known, ..)| *known == name);
    known.map_or(name, |(_, en, ja)| match language {
        Language::English => en,
        Language::Japanese => ja,
    })
}
fn value_word(text: &str, language: Language) -> &str {
    match language {
        Language::English => text,
        Language::Japanese => VALUES.iter().find(|(en, _)| *en == text).map_or(text, |(_, ja)| ja),
    }
}

const WHAT_HAPPENED: &str = "what happened";

/// In the order in which a reader wants them.
#[rustfmt::skip]
const WORDS: &[(&str, &str, &str)] = &[
    ("number", "number", "番号"), ("now", "now", "現在"), ("at", "at", "日時"), ("time", "time", "日時"),
    ("person", "person", "人"), ("id", "id", "ID"), ("ids", "ids", "すべての ID"), ("name", "name", "名前"),
    ("people", "people", "人数"), ("heads", "people", "人数"), ("pending", "waiting to be sent", "送信待ち"),
    ("journey", "journey", "ジャーニー"), ("channel", "channel", "チャネル"), ("run", "run", "回"), ("step", "step", "ステップ"),
    ("message", "message", "メッセージ"), ("purpose", "purpose", "目的"), ("given", "agreed", "同意"), ("how", "how", "方法"),
    ("state", "state", "状態"), ("entered", "entered", "参加"), ("inside_in_memory", "inside, in memory", "参加中 (メモリ上)"),
    ("until", "until", "期限"), ("ordered", "ordered", "送信指示"), ("settled", "settled", "完了"), ("outcome", "outcome", "結果"),
    ("attempts", "attempts", "試行"), ("waiting", "waiting", "待機中"), ("under_way", "under way", "送信中"),
    ("share", "share that may enter", "参加できる割合"), ("paused", "paused", "一時停止"), ("paused_since", "paused since", "停止の開始"),
    ("on_hold", "first messages on hold", "確認待ちの件数"),
    ("stopped", "stopped", "停止中"), ("why", "why", "理由"), ("by", "by", "担当"), ("since", "since", "開始"),
    ("source", "source", "送信元"), ("reason", "reason", "理由"), ("detail", "detail", "詳細"),
    ("with", "with", "内容"), ("tried", "tried", "試行"), ("provider_id", "provider's id", "送信先の ID"), ("under_another_id", "under another id", "別の ID"),
    (WHAT_HAPPENED, WHAT_HAPPENED, "できごと"),
    ("consents_to", "agrees to", "同意している目的"), ("next_wake", "next due", "次の予定"),
    ("in_memory", "people in memory", "メモリ上の人数"), ("fan_outs", "broadcasts under way", "一斉開始の残り"),
    ("stops", "stopped", "停止中"), ("alarms", "alarms", "警告"),
    ("profile", "profile", "プロフィール"), ("runs", "on their way in", "参加中のジャーニー"), ("messages", "messages", "メッセージ"),
    ("consents", "consents", "同意の記録"), ("story", "story", "経過"), ("approvals", "waits for approval", "承認待ち"),
    ("journeys", "journeys", "ジャーニー"), ("channels", "channels", "チャネル"), ("ingest", "came in", "受信"),
    ("since_start", "since the start", "起動してから"),
    ("calls", "calls", "呼び出し"), ("accepted", "accepted", "受け入れ"), ("refused", "refused", "拒否"),
    ("without_effect", "without effect", "効果なし"), ("skewed", "clocks set right", "時計のずれ"),
    ("unknown_events", "undeclared events", "未宣言のイベント"), ("unknown_fields", "undeclared fields", "未宣言の項目"),
    ("notices", "reports of providers", "送信先からの報告"), ("dead", "refused calls", "拒否された呼び出し"),
    ("turned_away", "of people who were forgotten", "消去済みの人のもの"), ("merges", "people found to be one", "同一人物の統合"),
    ("ticks", "ticks of schedules", "定期実行"), ("records", "records in the log", "ログの記録"),
    ("checkpoints", "checkpoints", "チェックポイント"),
];

/// What a state or an outcome is called in Japanese.
#[rustfmt::skip]
const VALUES: &[(&str, &str)] = &[
    ("ok", "正常"), ("failing", "応答なし"), ("quota used up", "送信上限"), ("settings refused", "設定エラー"),
    ("moving", "進行中"), ("held out", "比較対象"), ("waiting", "待機中"), ("held", "保留中"), ("sending", "送信中"),
    ("calling", "呼び出し中"), ("accepted", "受付済み"), ("refused", "拒否"), ("unknown", "不明"), ("expired", "期限切れ"),
    ("budget", "予算超過"), ("quota", "送信上限"), ("consent", "同意なし"), ("unreachable", "届け先なし"),
    ("deadline", "締め切り超過"), ("quiet", "静かな時間帯"), ("unrendered", "作成できず"), ("forgotten", "消去済み"),
    ("everything", "すべて"), ("paused", "一時停止中"), ("late", "一時停止中の分"), ("discarded", "破棄"),
    ("drain", "新規なし (drain)"), ("freeze", "凍結 (freeze)"), ("skip-late", "停止中の分は破棄 (skip-late)"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_become_lines_and_tables() {
        let answer = json!({
            "now": "2026-04-01T12:00:00.25Z", "stopped": [], "ids": ["a", "b"],
            "journeys": [{ "name": "welcome", "waiting": 3 }, { "name": "花", "alarms": null }],
            "channels": [
                { "why": null, "stopped": false, "settled": { "accepted": 3 }, "state": "ok", "channel": "line" },
                { "why": "503", "stopped": true, "settled": {}, "state": "failing", "channel": "email" },
            ],
            "ingest": { "calls": 2, "refused": {} },
        });
        insta::assert_snapshot!(told(&answer, Language::Japanese));
        insta::assert_snapshot!(told(&answer, Language::English));
        assert_eq!(told(&json!("a\u{1b}[2J"), Language::English), "a [2J\n");
    }

    #[test]
    fn a_story_is_told_in_one_language() {
        let story =
            json!({ "story": [{ "time": "2026-04-01 10:00", "journey": "cart", "en": "entered", "ja": "参加" }] });
        let english = "story\n  time              journey  what happened\n  2026-04-01 10:00  cart     entered\n";
        assert_eq!(told(&story, Language::English), english);
        let japanese = "経過\n  日時              ジャーニー  できごと\n  2026-04-01 10:00  cart        参加\n";
        assert_eq!(told(&story, Language::Japanese), japanese);
    }
}
