//! A reader of tags and text in MJML and HTML: enough to know where in a document one is.
//!
//! Builds no tree and mends nothing: documents are compiled by libraries, this only looks at them.

use std::ops::Range;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(Range<usize>),
    Open {
        name: String,
        range: Range<usize>,
        attributes: Vec<Attribute>,
        closed: bool,
    },
    Close {
        name: String,
        /// Where it begins.
        start: usize,
    },
    Comment,
    /// `<!doctype …>`, `<?xml …?>`
    Declaration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    pub name: String,
    /// With the quotes, if it has any; empty at the end of the name without a value.
    pub whole: Range<usize>,
    /// Without the quotes.
    pub value: Range<usize>,
}

/// Elements whose content is text to the next closing tag, whatever it looks like.
const VERBATIM: &[&str] = &["style", "script", "title", "textarea", "mj-style", "mj-title", "mj-preview"];

pub fn is_verbatim(name: &str) -> bool {
    VERBATIM.contains(&name)
}

/// Elements of HTML that hold nothing and need no closing tag.
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

/// All pieces of a document, in order.
pub fn pieces(document: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < document.len() {
        let Some(step) = document[at..].find('<') else {
            pieces.push(Piece::Text(at..document.len()));
            break;
        };
        let start = at + step;
        let (piece, end) = piece(document, start);
        let Some(piece) = piece else {
            // A `<` that begins nothing is text.
            pieces.push(Piece::Text(at..end));
            at = end;
            continue;
        };
        if step > 0 {
            pieces.push(Piece::Text(at..start));
        }
        at = end;
        let verbatim = match &piece {
            Piece::Open { name, closed: false, .. } if is_verbatim(name) => Some(name.clone()),
            _ => None,
        };
        pieces.push(piece);
        if let Some(name) = verbatim {
            let close = find_close(document, at, &name);
            if close > at {
                pieces.push(Piece::Text(at..close));
            }
            at = close;
        }
    }
    pieces
}

fn piece(document: &str, start: usize) -> (Option<Piece>, usize) {
    let rest = &document[start..];
    let until =
        |mark: &str, from: usize| rest[from..].find(mark).map_or(document.len(), |i| start + from + i + mark.len());
    if rest.starts_with("<!--") {
        return (Some(Piece::Comment), until("-->", 4));
    }
    if rest.starts_with("<!") || rest.starts_with("<?") {
        return (Some(Piece::Declaration), until(">", 2));
    }
    if let Some(inner) = rest.strip_prefix("</") {
        return (Some(Piece::Close { name: name_of(inner), start }), until(">", 2));
    }
    if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
        return (None, start + 1);
    }
    open(document, start)
}

fn name_of(text: &str) -> String {
    let end = text.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(text.len());
    text[..end].to_ascii_lowercase()
}

fn open(document: &str, start: usize) -> (Option<Piece>, usize) {
    let name = name_of(&document[start + 1..]);
    let bytes = document.as_bytes();
    let mut at = start + 1 + name.len();
    let mut attributes = Vec::new();
    let mut slash = false;
    while at < bytes.len() {
        match bytes[at] {
            b'>' => {
                let closed = slash || VOID.contains(&name.as_str());
                return (Some(Piece::Open { name, range: start..at + 1, attributes, closed }), at + 1);
            }
            b'/' => {
                slash = true;
                at += 1;
            }
            byte if byte.is_ascii_whitespace() => at += 1,
            _ => {
                slash = false;
                let attribute = attribute(document, at);
                at = attribute.whole.end.max(at + 1);
                attributes.push(attribute);
            }
        }
    }
    (Some(Piece::Open { name, range: start..bytes.len(), attributes, closed: true }), bytes.len())
}

fn attribute(document: &str, start: usize) -> Attribute {
    let rest = &document[start..];
    let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(rest.len());
    let name = rest[..length].to_ascii_lowercase();
    let after = start + length;
    let space = document[after..].len() - document[after..].trim_start().len();
    if !document[after + space..].starts_with('=') {
        return Attribute { name, whole: after..after, value: after..after };
    }
    let equals = after + space + 1;
    let at = equals + document[equals..].len() - document[equals..].trim_start().len();
    match document.as_bytes().get(at) {
        Some(quote @ (b'"' | b'\'')) => {
            let inner = at + 1;
            let end = document[inner..].find(char::from(*quote)).map_or(document.len(), |i| inner + i);
            Attribute { name, whole: at..(end + 1).min(document.len()), value: inner..end }
        }
        _ => {
            let end = document[at..].find(|c: char| c.is_whitespace() || c == '>').map_or(document.len(), |i| at + i);
            Attribute { name, whole: at..end, value: at..end }
        }
    }
}

fn find_close(document: &str, from: usize, name: &str) -> usize {
    let mut at = from;
    while let Some(step) = document[at..].find("</") {
        let here = at + step;
        if name_of(&document[here + 2..]) == name {
            return here;
        }
        at = here + 2;
    }
    document.len()
}

/// Text with the character references that people write resolved.
pub fn unescaped(text: &str) -> String {
    const NAMED: &[(&str, &str)] = &[
        ("amp", "&"),
        ("lt", "<"),
        ("gt", ">"),
        ("quot", "\""),
        ("apos", "'"),
        ("nbsp", "\u{a0}"),
        ("copy", "©"),
        ("yen", "¥"),
        ("hellip", "…"),
        ("middot", "·"),
        ("ndash", "–"),
        ("mdash", "—"),
        ("laquo", "«"),
        ("raquo", "»"),
        ("zwnj", "\u{200c}"),
        ("shy", "\u{ad}"),
        ("ensp", "\u{2002}"),
        ("emsp", "\u{2003}"),
        ("times", "×"),
        ("rarr", "→"),
        ("larr", "←"),
        ("bull", "•"),
        ("reg", "®"),
        ("trade", "™"),
        ("euro", "€"),
        ("pound", "£"),
    ];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let reference = rest[1..].split_once(';').map(|(name, _)| name).filter(|name| name.len() <= 10);
        let resolved = reference.and_then(|name| match name.strip_prefix('#') {
            Some(number) => code_point(number).map(String::from),
            None => NAMED.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned()),
        });
        match (resolved, reference) {
            (Some(resolved), Some(name)) => {
                out.push_str(&resolved);
                rest = &rest[name.len() + 2..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn code_point(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}

/// Text that stands in HTML, in an attribute as well as between tags.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_tell_text_from_tags() {
        let text = "<a href=\"x>y\" class=b>1 < 2</a><br/><!-- <b> --><style>a > b</style>";
        let names: Vec<String> = pieces(text)
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(range) => text[range].to_owned(),
                Piece::Open { name, attributes, .. } => {
                    let values = attributes.iter().map(|a| format!(" {}={}", a.name, &text[a.value.clone()]));
                    format!("<{name}{}>", values.collect::<String>())
                }
                Piece::Close { name, .. } => format!("</{name}>"),
                Piece::Comment => "--".to_owned(),
                Piece::Declaration => "!".to_owned(),
            })
            .collect();
        assert_eq!(names, ["<a href=x>y class=b>", "1 <", " 2", "</a>", "<br>", "--", "<style>", "a > b", "</style>"]);
    }

    #[test]
    fn references_resolve_and_escaping_is_undone() {
        assert_eq!(unescaped("a &amp; b &#12354;&#x3044; &bogus; &"), "a & b あい &bogus; &");
        assert_eq!(unescaped(&escaped("<a href='x'>\"&\"</a>")), "<a href='x'>\"&\"</a>");
    }
}
