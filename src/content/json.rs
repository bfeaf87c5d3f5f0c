//! JSON with places: what the JSON library reads, and where it stands in the file.
//!
//! Gives no meaning to members; `node` and the channels do.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::piece::{Builder, Piece};
use crate::diag::{Code, Diagnostic};
use crate::text::{SourceId, Span};

/// Lists and objects within each other; LINE's deepest layouts take a dozen.
const DEPTH_MAX: usize = 48;

#[derive(Debug)]
pub struct Json {
    pub span: Span,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    Text(Piece),
    List(Vec<Json>),
    /// In the order of the file.
    Object(Vec<(Key, Json)>),
}

#[derive(Debug, Clone)]
pub struct Key {
    pub name: String,
    pub span: Span,
}

/// The value a file holds, or what is wrong with it.
pub fn parse(text: &str, source: SourceId) -> Result<Json, Box<Diagnostic>> {
    // A byte-order mark is no part of JSON but common where files come from spreadsheets and old editors.
    let mark = text.len() - text.trim_start_matches('\u{feff}').len();
    let raw: &RawValue =
        serde_json::from_str(&text[mark..]).map_err(|error| Box::new(wrong(text, source, mark, &error)))?;
    if let Some(at) = too_deep(text) {
        let (en, ja) = ("lists and objects nested too deeply", "リストとオブジェクトの入れ子が深すぎます");
        let deep = Diagnostic::new(Code::E0107, Span::new(source, at, at + 1), en, ja);
        return Err(Box::new(deep.help(
            format!("at most {DEPTH_MAX} may stand within each other"),
            format!("入れ子は {DEPTH_MAX} 段までです"),
        )));
    }
    Reader { text, source }.value(raw)
}

/// Where a text that is JSON nests one level too many. Each level is read again, so this is asked first.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Some(at);
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

struct Reader<'a> {
    text: &'a str,
    source: SourceId,
}

impl<'a> Reader<'a> {
    fn value(&self, raw: &'a RawValue) -> Result<Json, Box<Diagnostic>> {
        let range = self.range(raw.get());
        let span = self.span(range.clone());
        let kind = match raw.get().as_bytes().first() {
            Some(b'{') => Kind::Object(self.object(raw)?),
            Some(b'[') => Kind::List(self.list(raw)?),
            Some(b'"') => Kind::Text(self.string(range)),
            Some(b't') => Kind::Bool(true),
            Some(b'f') => Kind::Bool(false),
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number(raw.get().to_owned()),
        };
        Ok(Json { span, kind })
    }

    fn list(&self, raw: &'a RawValue) -> Result<Vec<Json>, Box<Diagnostic>> {
        let elements: Vec<&RawValue> = self.again(raw)?;
        elements.into_iter().map(|element| self.value(element)).collect()
    }

    fn object(&self, raw: &'a RawValue) -> Result<Vec<(Key, Json)>, Box<Diagnostic>> {
        let Members(members) = self.again(raw)?;
        let mut from = self.range(raw.get()).start + 1;
        let mut found: Vec<(Key, Json)> = Vec::with_capacity(members.len());
        let mut seen = BTreeMap::new();
        for (name, value) in members {
            let at = self.range(value.get());
            let key = Key { span: self.key(from..at.start), name };
            from = at.end;
            if let Some(first) = seen.insert(key.name.clone(), key.span) {
                let (en, ja) =
                    (format!("`{}` stands twice here", key.name), format!("`{}` が二度書かれています", key.name));
                let twice = Diagnostic::new(Code::E0106, key.span, en, ja);
                return Err(Box::new(twice.other(first, "first written here", "最初の記述")));
            }
            let value = self.value(value)?;
            found.push((key, value));
        }
        Ok(found)
    }

    /// What was read once as a whole is read again one level deeper.
    fn again<T: Deserialize<'a>>(&self, raw: &'a RawValue) -> Result<T, Box<Diagnostic>> {
        let start = self.range(raw.get()).start;
        serde_json::from_str(raw.get()).map_err(|error| Box::new(wrong(self.text, self.source, start, &error)))
    }

    /// Of a slice of the text.
    fn range(&self, slice: &str) -> Range<usize> {
        let start = (slice.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        start..start + slice.len()
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.source, range.start, range.end)
    }

    /// Of the key in front of a value: nothing else stands between them but a comma, a colon and white space.
    fn key(&self, between: Range<usize>) -> Span {
        let gap = &self.text[between.clone()];
        match (gap.find('"'), gap.rfind('"')) {
            (Some(open), Some(close)) => self.span(between.start + open..between.start + close + 1),
            _ => self.span(between),
        }
    }

    /// A string that the library has found in order; `range` includes its quotes.
    fn string(&self, range: Range<usize>) -> Piece {
        let (mut at, end) = (range.start + 1, range.end - 1);
        let mut builder = Builder::new(self.text, self.source);
        while let Some(step) = self.text[at..end].find('\\') {
            builder.literal(at..at + step);
            at += step;
            let long = escape_length(&self.text[at..end]);
            let decoded: String =
                serde_json::from_str(&format!("\"{}\"", &self.text[at..at + long])).unwrap_or_default();
            builder.escape(at, &decoded);
            at += long;
        }
        builder.literal(at..end);
        builder.finish(range, end)
    }
}

/// Bytes of the escape that a text begins with; a surrogate pair is one.
fn escape_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let unit = |at: usize| text.get(at + 2..at + 6).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let long = match bytes.get(1) {
        Some(b'u') if unit(0).is_some_and(|u| (0xD800..0xDC00).contains(&u)) && bytes.get(6) == Some(&b'\\') => 12,
        Some(b'u') => 6,
        _ => 2,
    };
    long.min(text.len())
}

/// Members in order, repeated ones too.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn wrong(text: &str, source: SourceId, from: usize, error: &serde_json::Error) -> Diagnostic {
    let at = offset(text, from, error.line(), error.column());
    let detail = error.to_string();
    let detail = detail.split(" at line ").next().unwrap_or_default().to_owned();
    let mut found = Diagnostic::new(
        Code::E0442,
        Span::new(source, at, next_boundary(text, at)),
        "this is not JSON",
        "JSON として読めません",
    )
    .here(detail.clone(), reason(&detail));
    let before = text[..at].trim_end();
    if detail.contains("trailing comma") || before.ends_with(',') && text[at..].starts_with([']', '}']) {
        found = found.help("delete the comma before it", "直前のコンマを削除してください");
    } else if text[at..].starts_with(['\'', '“', '”', '「']) {
        found = found.help("texts stand in `\"`", "文字列は `\"` で囲みます");
    } else if detail.contains("control character") {
        found = found.help("a line break within a text is written `\\n`", "文字列の中の改行は `\\n` と書きます");
    }
    found
}

/// The library's reason in Japanese; it has about a dozen.
fn reason(detail: &str) -> String {
    let known = [
        ("EOF while parsing", "途中で終わっています"),
        ("expected `,` or", "コンマか閉じ括弧が必要です"),
        ("expected `:`", "コロンが必要です"),
        ("expected value", "値が必要です"),
        ("trailing comma", "余分なコンマがあります"),
        ("trailing characters", "値の後に余分な文字があります"),
        ("key must be a string", "キーは文字列で書きます"),
        ("control character", "文字列の中に改行などの制御文字があります"),
        ("invalid escape", "エスケープの書き方が正しくありません"),
        ("invalid number", "数値の書き方が正しくありません"),
    ];
    known.iter().find(|(en, _)| detail.contains(en)).map_or_else(|| detail.to_owned(), |(_, ja)| (*ja).to_owned())
}

/// Of a one-based line and column (bytes) counted from `from`.
fn offset(text: &str, from: usize, line: usize, column: usize) -> usize {
    let mut start = from;
    for _ in 1..line {
        start = text[start..].find('\n').map_or(text.len(), |step| start + step + 1);
    }
    floor_boundary(text, (start + column.saturating_sub(1)).min(text.len()))
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn next_boundary(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_they_are_written() {
        let text = "\u{feff}{\n  \"a\": [1, \"x\\ud83d\\ude00y\"],\n  \"b\\n\" : true\n}";
        let json = parse(text, SourceId(0)).unwrap();
        let Kind::Object(members) = &json.kind else { panic!("not an object") };
        assert_eq!(&text[members[0].0.span.range()], "\"a\"");
        assert_eq!(&text[members[1].0.span.range()], "\"b\\n\"");
        assert_eq!(members[1].0.name, "b\n");
        let Kind::List(list) = &members[0].1.kind else { panic!("not a list") };
        assert_eq!(&text[list[0].span.range()], "1");
        let Kind::Text(piece) = &list[1].kind else { panic!("not a text") };
        assert_eq!(piece.text, "x😀y");
        assert_eq!(&text[piece.place(1..5).range()], "\\ud83d\\ude00");
        assert_eq!(&text[piece.place(5..6).range()], "y");
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        let at = |text: &str| {
            let found = parse(text, SourceId(0)).unwrap_err();
            (found.code, text[..found.primary.span.start as usize].to_owned())
        };
        assert_eq!(at("[1, ]"), (Code::E0442, "[1, ".to_owned()));
        assert_eq!(at("{\"あ\" 1}"), (Code::E0442, "{\"あ\" ".to_owned()));
        assert_eq!(at("{\"a\":1,\"a\":2}"), (Code::E0106, "{\"a\":1,".to_owned()));
        assert_eq!(at(""), (Code::E0442, String::new()));
        assert_eq!(at(&"[".repeat(100_000)).0, Code::E0442);
        assert_eq!(at(&format!("{}{}", "[".repeat(60), "]".repeat(60))).0, Code::E0107);
    }
}
