//! Keys of a message file: which there are, which are missing, which are texts.
//!
//! Knows no channel; each names its keys.

use super::piece::Piece;
use super::template::Checker;
use super::yaml::{Entry, Value};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::text::Span;

/// The keys of one file, taken one by one.
pub struct Keys {
    entries: Vec<Entry>,
    /// Where a missing key is told; absent where the file could not be read, which was told.
    place: Option<Span>,
}

impl Keys {
    /// Refuses keys that are not among the known ones. Of a file that could not be read nothing more is asked.
    pub fn new(
        entries: Result<Vec<Entry>, Box<Diagnostic>>,
        place: Span,
        known: &[&str],
        checker: &mut Checker<'_>,
    ) -> Keys {
        let entries = match entries {
            Ok(entries) => entries,
            Err(found) => {
                checker.report(*found);
                return Keys { entries: Vec::new(), place: None };
            }
        };
        let mut kept: Vec<Entry> = Vec::new();
        for entry in entries {
            if let Some(first) = kept.iter().find(|other| other.key == entry.key) {
                let (en, ja) =
                    (format!("`{}` stands twice here", entry.key), format!("`{}` が二度書かれています", entry.key));
                let twice = Diagnostic::new(Code::E0106, entry.key_span, en, ja);
                checker.report(twice.other(first.key_span, "first written here", "最初の記述"));
            } else if known.contains(&entry.key.as_str()) {
                kept.push(entry);
            } else {
                checker.report(unknown(&entry, known));
            }
        }
        Keys { entries: kept, place: Some(place) }
    }

    /// A text; what else stands there is a mistake.
    pub fn text(&mut self, key: &str, checker: &mut Checker<'_>) -> Option<Piece> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        let entry = self.entries.remove(at);
        match entry.value {
            Value::Text(piece) => Some(piece),
            Value::Map(_, span) => {
                checker.report(wrong(key, span, ("a text", "文字列"), ("`key: value` lines", "`キー: 値` の並び")));
                None
            }
            Value::Other(en, ja, span) => {
                // `{{ … }}` without quotes is a map to YAML.
                let found = wrong(key, span, ("a text", "文字列"), (en, ja));
                checker.report(found.help("put it between quotes: `\"…\"`", "引用符で囲んでください: `\"…\"`"));
                None
            }
        }
    }

    /// A text that must be there and say something.
    pub fn needed(&mut self, key: &str, example: &str, checker: &mut Checker<'_>) -> Option<Piece> {
        if !self.entries.iter().any(|entry| entry.key == key) {
            let place = self.place?;
            let (en, ja) = (format!("no `{key}`"), format!("`{key}` がありません"));
            let found = Diagnostic::new(Code::E0442, place, en, ja);
            checker
                .report(found.help(format!("add `{key}: {example}`"), format!("`{key}: {example}` を加えてください")));
            return None;
        }
        let piece = self.text(key, checker)?;
        if piece.text.trim().is_empty() {
            let (en, ja) = (format!("`{key}` is empty"), format!("`{key}` が空です"));
            checker.report(Diagnostic::new(Code::E0442, piece.span, en, ja));
        }
        Some(piece)
    }

    /// Texts by names the author chooses.
    pub fn texts(&mut self, key: &str, checker: &mut Checker<'_>) -> Vec<(String, Piece)> {
        let Some(at) = self.entries.iter().position(|entry| entry.key == key) else { return Vec::new() };
        let entry = self.entries.remove(at);
        let Value::Map(entries, _) = entry.value else {
            let found = ("something else", "それ以外");
            checker.report(wrong(key, entry.value.span(), ("`key: value` lines", "`キー: 値` の並び"), found));
            return Vec::new();
        };
        let known: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let mut inner = Keys::new(Ok(entries), entry.key_span, &known, checker);
        known.iter().filter_map(|key| Some(((*key).to_owned(), inner.text(key, checker)?))).collect()
    }
}

fn wrong(key: &str, span: Span, wanted: (&str, &str), found: (&str, &str)) -> Diagnostic {
    Diagnostic::new(
        Code::E0442,
        span,
        format!("`{key}` is {}, not {}", wanted.0, found.0),
        format!("`{key}` には{}が必要です (実際は{})", wanted.1, found.1),
    )
}

fn unknown(entry: &Entry, known: &[&str]) -> Diagnostic {
    let key = &entry.key;
    if matches!(key.as_str(), "attachments" | "attachment" | "attach" | "files") {
        let (en, ja) = ("a message carries no attachments", "添付ファイルは付けられません");
        return Diagnostic::new(Code::E0442, entry.key_span, en, ja)
            .help("put the file on the web and link to it", "ファイルはウェブに置き、リンクしてください");
    }
    let found =
        Diagnostic::new(Code::E0442, entry.key_span, format!("unknown key `{key}`"), format!("知らないキー `{key}`"));
    match did_you_mean(key, known.iter().copied()) {
        Some(alike) => found
            .help(format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?"))
            .fix(entry.key_span, alike),
        None => {
            let list = known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
            found.help(format!("there is {list}"), format!("使えるもの: {list}"))
        }
    }
}
