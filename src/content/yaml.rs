//! Short YAML (front matter, text messages, notifications): keys and texts with places.
//!
//! The YAML library says what is meant; this file only finds where it stands, and where the two disagree a text's place
//! is the whole value.

use std::ops::Range;

use serde_yaml::Value as Yaml;

use super::piece::{Builder, Piece};
use crate::diag::{Code, Diagnostic};
use crate::text::{SourceId, Span};
use crate::value::yaml::reason;

/// More is no front matter; deeply nested YAML takes time that grows with the square of its size.
const BYTES_MAX: usize = 64 * 1024;

/// One `key: value` of the top level.
#[derive(Debug)]
pub struct Entry {
    pub key: String,
    pub key_span: Span,
    pub value: Value,
}

#[derive(Debug)]
pub enum Value {
    Text(Piece),
    /// Texts by key, one level down.
    Map(Vec<Entry>, Span),
    /// Something else, in words: English, Japanese.
    Other(&'static str, &'static str, Span),
}

impl Value {
    pub fn span(&self) -> Span {
        match self {
            Value::Text(piece) => piece.span,
            Value::Map(_, span) | Value::Other(_, _, span) => *span,
        }
    }
}

/// The entries of the YAML that stands in a stretch of a file.
pub fn parse(file: &str, source: SourceId, range: Range<usize>) -> Result<Vec<Entry>, Box<Diagnostic>> {
    let text = &file[range.clone()];
    if text.len() > BYTES_MAX {
        let (en, ja) = ("more than 64 KB of YAML", "YAML が 64 KB を超えています");
        let start = Span::new(source, range.start, range.start);
        return Err(Box::new(Diagnostic::new(Code::E0442, start, en, ja)));
    }
    let yaml: Yaml = serde_yaml::from_str(text).map_err(|error| Box::new(wrong(file, source, range.start, &error)))?;
    let locator = Locator { file, source };
    match yaml {
        Yaml::Null => Ok(Vec::new()),
        Yaml::Mapping(mapping) => Ok(locator.entries(&mapping, range, 0)),
        _ => {
            let whole = Span::new(source, range.start, range.end);
            let (en, ja) = ("`key: value` lines belong here", "`キー: 値` の行が必要です");
            Err(Box::new(Diagnostic::new(Code::E0442, whole, en, ja)))
        }
    }
}

fn wrong(file: &str, source: SourceId, start: usize, error: &serde_yaml::Error) -> Diagnostic {
    let mut at = error.location().map_or(start, |place| start + place.index()).min(file.len());
    while !file.is_char_boundary(at) {
        at -= 1;
    }
    let end = file[at..].find('\n').map_or(file.len(), |step| at + step);
    let (en, ja) = reason(&error.to_string());
    Diagnostic::new(Code::E0442, Span::new(source, at, end), "this is not YAML", "YAML として読めません")
        .here(en, ja)
        .help(
            "put texts with `:`, `#`, `{` or `%` in them between quotes: `subject: \"…\"`",
            "`:`・`#`・`{`・`%` を含む文字列は引用符で囲んでください: `subject: \"…\"`",
        )
}

struct Locator<'a> {
    file: &'a str,
    source: SourceId,
}

impl Locator<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.source, range.start, range.end)
    }

    fn entries(&self, mapping: &serde_yaml::Mapping, range: Range<usize>, depth: usize) -> Vec<Entry> {
        let lines = self.keys(range);
        let mut entries = Vec::new();
        for (key, value) in mapping {
            let name = match key {
                Yaml::String(name) => name.clone(),
                Yaml::Bool(value) => value.to_string(),
                Yaml::Number(value) => value.to_string(),
                _ => "?".to_owned(),
            };
            let found = lines.iter().find(|line| self.file[line.key.clone()].trim_matches(['"', '\'']) == name);
            // Flow style and anchors: the nearest place there is.
            let whole = lines.first().map_or(0..0, |line| line.key.clone());
            let (key, at) = found.map_or((whole.clone(), whole), |line| (line.key.clone(), line.value.clone()));
            // Of an empty value the key is the place.
            let at = self.trimmed(at);
            let at = if at.is_empty() { key.clone() } else { at };
            let value = self.value(value, at, depth);
            entries.push(Entry { key: name, key_span: self.span(key), value });
        }
        entries.sort_by_key(|entry| entry.key_span);
        entries
    }

    fn value(&self, value: &Yaml, at: Range<usize>, depth: usize) -> Value {
        match value {
            Yaml::String(text) => Value::Text(self.piece(text, at)),
            Yaml::Number(number) => Value::Text(Piece::opaque(number.to_string(), self.span(at))),
            Yaml::Mapping(mapping) if depth == 0 => {
                let span = self.span(at.clone());
                Value::Map(self.entries(mapping, at, depth + 1), span)
            }
            Yaml::Null => Value::Other("nothing", "空", self.span(at)),
            Yaml::Bool(_) => Value::Other("`true` or `false`", "真偽値", self.span(at)),
            Yaml::Sequence(_) => Value::Other("a list", "リスト", self.span(at)),
            Yaml::Mapping(_) => Value::Other("`key: value` lines", "`キー: 値` の並び", self.span(at)),
            Yaml::Tagged(_) => Value::Other("a `!tag`", "`!タグ`", self.span(at)),
        }
    }

    /// Keys at the least indentation of a stretch, each with the stretch up to the next.
    fn keys(&self, range: Range<usize>) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let mut indent = None;
        let mut at = range.start;
        for line in self.file[range.clone()].split_inclusive('\n') {
            let start = at;
            at += line.len();
            let body = line.trim_start_matches(' ');
            let deep = line.len() - body.len();
            if body.trim().is_empty() || body.starts_with('#') || indent.is_some_and(|indent| deep > indent) {
                continue;
            }
            let Some(colon) = key_end(body) else { continue };
            indent.get_or_insert(deep);
            if let Some(last) = lines.last_mut() {
                last.value.end = start;
            }
            let key = start + deep..start + deep + body[..colon].trim_end().len();
            lines.push(Line { key, value: start + deep + colon + 1..range.end });
        }
        lines
    }

    fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let text = &self.file[range.clone()];
        let start = range.start + (text.len() - text.trim_start().len());
        start..range.start + text.trim_end().len().max(text.len() - text.trim_start().len())
    }

    /// The piece of a scalar that means `text`.
    fn piece(&self, text: &str, at: Range<usize>) -> Piece {
        let written = &self.file[at.clone()];
        let piece = match written.as_bytes().first() {
            Some(b'"') => self.double(at.clone()),
            Some(b'\'') => self.single(at.clone()),
            Some(b'|') => self.block(at.clone()),
            _ => self.plain(at.clone()),
        };
        match piece {
            Some(piece) if piece.text == text => piece,
            _ => Piece::opaque(text.to_owned(), self.span(at)),
        }
    }

    fn plain(&self, at: Range<usize>) -> Option<Piece> {
        let text = &self.file[at.clone()];
        let long = text.find(" #").unwrap_or(text.len());
        let text = text[..long].trim_end();
        Some(Piece::literal(text, self.span(at.start..at.start + text.len())))
    }

    fn single(&self, at: Range<usize>) -> Option<Piece> {
        let mut builder = Builder::new(self.file, self.source);
        let mut from = at.start + 1;
        loop {
            let quote = from + self.file[from..at.end].find('\'')?;
            builder.literal(from..quote);
            if !self.file[quote + 1..at.end].starts_with('\'') {
                return Some(builder.finish(at.start..quote + 1, quote));
            }
            builder.escape(quote, "'");
            from = quote + 2;
        }
    }

    fn double(&self, at: Range<usize>) -> Option<Piece> {
        let mut builder = Builder::new(self.file, self.source);
        let mut from = at.start + 1;
        loop {
            let stop = from + self.file[from..at.end].find(['"', '\\'])?;
            builder.literal(from..stop);
            if self.file[stop..].starts_with('"') {
                return Some(builder.finish(at.start..stop + 1, stop));
            }
            let (meaning, long) = match self.file[stop + 1..at.end].chars().next()? {
                'n' => ("\n", 2),
                't' => ("\t", 2),
                '"' => ("\"", 2),
                '\\' => ("\\", 2),
                '/' => ("/", 2),
                _ => return None,
            };
            builder.escape(stop, meaning);
            from = stop + long;
        }
    }

    /// `|` or `|-` with lines of one indentation.
    fn block(&self, at: Range<usize>) -> Option<Piece> {
        let header = at.start + self.file[at.clone()].find('\n')? + 1;
        let kept = match self.file[at.start..header].trim() {
            "|" => "\n",
            "|-" => "",
            _ => return None,
        };
        let first = self.file[header..at.end].lines().find(|line| !line.trim().is_empty())?;
        let indent = first.len() - first.trim_start_matches(' ').len();
        let mut builder = Builder::new(self.file, self.source);
        let mut from = header;
        while from < at.end {
            let end = self.file[from..at.end].find('\n').map_or(at.end, |step| from + step);
            let start = (from + indent).min(end);
            let (line, last) = (self.file[start..end].trim_end_matches('\r').len(), end == at.end);
            builder.literal(start..start + line);
            if !last {
                builder.escape(start + line, "\n");
            }
            from = end + 1;
        }
        if !kept.is_empty() {
            builder.escape(at.end, kept);
        }
        Some(builder.finish(at.clone(), at.end))
    }
}

/// A key and the stretch behind its colon.
struct Line {
    key: Range<usize>,
    value: Range<usize>,
}

/// Where the colon behind a key stands.
fn key_end(line: &str) -> Option<usize> {
    let quoted = line.starts_with(['"', '\'']);
    let from = if quoted { line[1..].find(&line[..1])? + 2 } else { 0 };
    let colon = from + line[from..].find(':')?;
    let after = line[colon + 1..].chars().next();
    after.is_none_or(char::is_whitespace).then_some(colon)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "---\nsubject: \"a \\\"{{ x }}\\\" b\"  # a note\n'from': 'it''s {{ y }}'\nplain: あ {{ z }} # note\ntext: |\n  one\n  {{ two }}\ndata:\n  k: \"{{ v }}\"\n---\n";

    fn entries() -> Vec<Entry> {
        parse(FILE, SourceId(0), 4..FILE.len() - 4).unwrap()
    }

    #[test]
    fn texts_mean_what_yaml_says_and_stand_where_they_are() {
        let shown: Vec<(String, String, String)> = entries()
            .into_iter()
            .filter_map(|entry| match entry.value {
                Value::Text(piece) => {
                    let start = piece.text.find("{{").unwrap();
                    let end = piece.text.find("}}").unwrap() + 2;
                    let at = FILE[piece.place(start..end).range()].to_owned();
                    Some((FILE[entry.key_span.range()].to_owned(), piece.text, at))
                }
                _ => None,
            })
            .collect();
        let expected = [
            ("subject", "a \"{{ x }}\" b", "{{ x }}"),
            ("'from'", "it's {{ y }}", "{{ y }}"),
            ("plain", "あ {{ z }}", "{{ z }}"),
            ("text", "one\n{{ two }}\n", "{{ two }}"),
        ];
        let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(shown, expected);
    }

    #[test]
    fn one_level_down_too() {
        let Some(Value::Map(inner, _)) = entries().pop().map(|e| e.value) else { panic!("not a map") };
        let Value::Text(piece) = &inner[0].value else { panic!("not a text") };
        assert_eq!(&FILE[piece.place(0..7).range()], "{{ v }}");
    }

    #[test]
    fn what_is_no_yaml_is_shown() {
        let file = "subject: {{ name }}: x\n";
        assert_eq!(parse(file, SourceId(0), 0..file.len()).unwrap_err().code, Code::E0442);
    }
}
