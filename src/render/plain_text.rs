//! The text part of a mail that has none of its own, from its HTML.
//!
//! Lays nothing out in columns: one line after the other, as mail readers without HTML show it.

use super::markup::{Attribute, Piece, is_verbatim, pieces, unescaped};

/// Elements that begin a new line.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "section",
    "article",
    "header",
    "footer",
    "blockquote",
    "center",
    "hr",
];
/// Elements of which nothing is read.
const HIDDEN: &[&str] = &["head", "style", "script", "title", "template"];

/// Readable text, with the targets of links in brackets behind their words.
pub fn of_html(html: &str) -> String {
    let mut walk = Walk::default();
    for piece in pieces(html) {
        match piece {
            Piece::Text(range) => walk.text(&html[range]),
            Piece::Open { name, attributes, closed, .. } => walk.open(html, &name, &attributes, closed),
            Piece::Close { name, .. } => walk.close(&name),
            Piece::Comment | Piece::Declaration => {}
        }
    }
    tidy(&walk.out)
}

#[derive(Default)]
struct Walk {
    out: String,
    /// Elements within the outermost hidden one, which is the first.
    hidden: Vec<String>,
    /// Target of the link one is in, and where its words begin.
    link: Option<(String, usize)>,
}

impl Walk {
    fn text(&mut self, text: &str) {
        if !self.hidden.is_empty() {
            return;
        }
        // White space of any length is one space; full-width spaces are the author's.
        for c in unescaped(text).chars() {
            match c {
                ' ' | '\t' | '\n' | '\r' => {
                    if !self.out.ends_with([' ', '\n']) {
                        self.out.push(' ');
                    }
                }
                '\u{ad}' | '\u{200b}' | '\u{200c}' | '\u{feff}' => {}
                _ => self.out.push(c),
            }
        }
    }

    fn open(&mut self, html: &str, name: &str, attributes: &[Attribute], closed: bool) {
        let value =
            |wanted: &str| attributes.iter().find(|a| a.name == wanted).map(|a| unescaped(&html[a.value.clone()]));
        if !self.hidden.is_empty() {
            if !closed {
                self.hidden.push(name.to_owned());
            }
            return;
        }
        let unseen = value("style").is_some_and(|style| style.replace(' ', "").contains("display:none"));
        if !closed && (HIDDEN.contains(&name) || is_verbatim(name) || unseen) {
            self.hidden.push(name.to_owned());
            return;
        }
        match name {
            "br" => self.out.push('\n'),
            "img" => self.text(&value("alt").unwrap_or_default()),
            "a" => self.link = value("href").map(|target| (target, self.out.len())),
            "li" => {
                self.line();
                self.out.push('・');
            }
            "td" | "th" if !self.out.ends_with([' ', '\n']) => self.out.push(' '),
            _ if BLOCKS.contains(&name) => self.line(),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        if !self.hidden.is_empty() {
            if let Some(depth) = self.hidden.iter().rposition(|open| open == name) {
                self.hidden.truncate(depth);
            }
            return;
        }
        match name {
            "a" => self.end_link(),
            "p" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.paragraph(),
            _ if BLOCKS.contains(&name) => self.line(),
            _ => {}
        }
    }

    fn end_link(&mut self) {
        let Some((target, from)) = self.link.take() else { return };
        let words = self.out.get(from..).unwrap_or("").trim().to_owned();
        let bare = target.trim_start_matches("mailto:").trim_start_matches("tel:");
        if words.is_empty() {
            self.out.push_str(&target);
        } else if words != bare && words != target && !target.starts_with('#') {
            self.out.push_str(&format!(" ( {target} ) "));
        }
    }

    fn line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn paragraph(&mut self) {
        self.line();
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }
}

/// No space at the ends of lines, never more than one empty line.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(|line| line.trim_matches([' ', '\u{a0}'])) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty > 1 || (out.is_empty() && line.is_empty()) {
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_reads_without_its_markup() {
        let html = "<html><head><title>t</title><style>p{}</style></head><body><div style=\"display: none\">pre<b>x</b></div>\
            <table><tr><td><p>山田さま<br>こんにちは &amp; ようこそ</p></td></tr>\
            <tr><td><a href=\"https://x.example/?a=1&amp;b=2\">見る</a></td><td><img alt=\"花\"></td></tr></table>\
            <a href=\"mailto:a@b.example\">a@b.example</a><!-- no --></body></html>";
        assert_eq!(
            of_html(html),
            "山田さま\nこんにちは & ようこそ\n\n見る ( https://x.example/?a=1&b=2 ) 花\n\na@b.example\n"
        );
    }
}
