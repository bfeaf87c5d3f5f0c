//! Where Jinja's tags stand in a template.
//!
//! Reads nothing inside them beyond the first word; the library compiles them.

use std::ops::Range;

use super::error::{Fault, Words};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{{ … }}`
    Print,
    /// `{% … %}`
    Statement,
    /// `{# … #}`
    Comment,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub kind: Kind,
    pub range: Range<usize>,
}

/// The statements templates may use. None reads another file, defines something that calls itself, or turns escaping
/// off.
const STATEMENTS: &[&str] =
    &["for", "endfor", "if", "elif", "else", "endif", "set", "endset", "with", "endwith", "filter", "endfilter"];

/// All tags of a template, in order.
pub fn tags(template: &str) -> Result<Vec<Tag>, Fault> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some((start, kind)) = next_open(template, at) {
        let Some(mut end) = end_of(template, start, kind) else {
            let open = &template[start..start + 2];
            return Err(Fault::new(
                Words::new(format!("`{open}` is never closed"), format!("`{open}` が閉じられていません")),
                Words::new("close it", "閉じる記号を書く"),
            )
            .at(template, Some(line_at(template, start))));
        };
        if kind == Kind::Statement && word_of(&template[start..end]) == "raw" {
            // What stands between is text, whatever it looks like.
            end = end_of_raw(template, end);
        } else if kind == Kind::Statement {
            allowed(template, start..end)?;
        }
        tags.push(Tag { kind, range: start..end });
        at = end;
    }
    Ok(tags)
}

/// The line of a byte, counted from 1.
pub fn line_at(text: &str, at: usize) -> u32 {
    text[..at].matches('\n').count() as u32 + 1
}

fn next_open(template: &str, from: usize) -> Option<(usize, Kind)> {
    let mut at = from;
    while let Some(step) = template[at..].find('{') {
        let start = at + step;
        match template.as_bytes().get(start + 1) {
            Some(b'{') => return Some((start, Kind::Print)),
            Some(b'%') => return Some((start, Kind::Statement)),
            Some(b'#') => return Some((start, Kind::Comment)),
            _ => at = start + 1,
        }
    }
    None
}

/// The byte after the closing mark. Marks inside quotes close nothing.
fn end_of(template: &str, start: usize, kind: Kind) -> Option<usize> {
    let close: &[u8; 2] = match kind {
        Kind::Print => b"}}",
        Kind::Statement => b"%}",
        Kind::Comment => return template[start + 2..].find("#}").map(|step| start + 2 + step + 2),
    };
    let bytes = template.as_bytes();
    let (mut at, mut quote) = (start + 2, None);
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
            (None, _) if bytes[at..].starts_with(close) => return Some(at + 2),
            (Some(_) | None, _) => {}
        }
        at += 1;
    }
    None
}

/// The first word of a statement.
fn word_of(tag: &str) -> String {
    let inner = tag[2..tag.len() - 2].trim_start_matches(['-', '+']).trim_start();
    inner.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The byte after `{% endraw %}`, or the text's end.
fn end_of_raw(template: &str, from: usize) -> usize {
    let mut at = from;
    while let Some(step) = template[at..].find("{%") {
        let start = at + step;
        match end_of(template, start, Kind::Statement) {
            Some(end) if word_of(&template[start..end]) == "endraw" => return end,
            _ => at = start + 2,
        }
    }
    template.len()
}

fn allowed(template: &str, range: Range<usize>) -> Result<(), Fault> {
    let word = word_of(&template[range.clone()]);
    if STATEMENTS.contains(&word.as_str()) {
        return Ok(());
    }
    Err(Fault::new(
        Words::new(format!("a template cannot use `{word}`"), format!("テンプレートでは `{word}` を使えません")),
        Words::new("use `if`, `for`, `set` or `with`", "`if`・`for`・`set`・`with` だけを使う"),
    )
    .at(template, Some(line_at(template, range.start))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_end_where_they_end() {
        let kinds = |text: &str| {
            let found = tags(text).unwrap();
            found.iter().map(|tag| text[tag.range.clone()].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            kinds("a {{ b }} c {% if d %}{# e #}{% endif %}"),
            ["{{ b }}", "{% if d %}", "{# e #}", "{% endif %}"]
        );
        assert_eq!(kinds(r#"{{ x | default("}}") }}{{ 'a\'}}' }}"#), [r#"{{ x | default("}}") }}"#, r"{{ 'a\'}}' }}"]);
        assert_eq!(kinds("{ a } { % }"), Vec::<String>::new());
        assert_eq!(kinds("{% raw %}{{ x {% endraw %}{{ y }}"), ["{% raw %}{{ x {% endraw %}", "{{ y }}"]);
        assert_eq!(tags("a\n{{ b").unwrap_err().line, Some(2));
    }

    #[test]
    fn nothing_reads_other_files_or_calls_itself() {
        for word in ["include 'x'", "import 'x' as y", "extends 'x'", "macro f()", "call f()", "block b", "do x"] {
            assert!(tags(&format!("{{% {word} %}}")).is_err(), "{word}");
        }
        assert!(tags("{%- for a in b -%}{% else %}{%+ endfor %}").is_ok());
    }
}
