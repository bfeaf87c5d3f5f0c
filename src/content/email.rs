//! An email: front matter, and a body of MJML or HTML.
//!
//! What the law asks of a selling mail is `law`'s.

use std::ops::Range;

use super::File;
use super::front::Keys;
use super::piece::Piece;
use super::template::Checker;
use super::yaml;
use crate::diag::{Code, Diagnostic};
use crate::ir::content::{Body, Email, Template};
use crate::text::Span;

const KEYS: &[&str] = &["subject", "preheader", "from", "reply_to", "text"];

/// RFC 5322, 2.1.1: no line of a head may be longer, and a subject that fills one is no subject.
const SUBJECT_BYTES_MAX: usize = 998;
/// Wide letters count two: the list of a mailbox on a large screen shows about this much of a subject, a telephone half.
const SUBJECT_COLUMNS_SHOWN: usize = 80;

pub fn read(file: File<'_>, checker: &mut Checker<'_>) -> Option<Email> {
    let mjml = file.has_ending(&["mjml"]);
    if !mjml && !file.has_ending(&["html", "htm"]) {
        checker.report(file.wrong_ending("`.mjml` or `.html`", "`.mjml` か `.html`"));
        return None;
    }
    let Some((head, body)) = parts(file.text) else {
        let start = Span::new(file.source, 0, file.text.lines().next().map_or(0, str::len));
        let (en, ja) = (
            "an email begins with its subject between two lines of `---`",
            "メールの先頭には `---` で挟んだ件名などが必要です",
        );
        let found = Diagnostic::new(Code::E0442, start, en, ja);
        checker.report(found.help(
            "begin with `---`, `subject: \"…\"`, `from: \"Shop <hello@example.jp>\"`, `---`",
            "`---`、`subject: \"…\"`、`from: \"店名 <hello@example.jp>\"`、`---` の順に書いてください",
        ));
        return None;
    };
    let place = Span::new(file.source, head.start.saturating_sub(4), head.start);
    let entries = yaml::parse(file.text, file.source, head);
    let mut keys = Keys::new(entries, place, KEYS, checker);
    let subject = keys.needed("subject", "\"…\"", checker);
    let from = keys.needed("from", "\"Shop <hello@example.jp>\"", checker);
    let (preheader, reply_to) = (keys.text("preheader", checker), keys.text("reply_to", checker));
    let text = keys.text("text", checker);
    if let Some(subject) = &subject {
        self::subject(subject, checker);
    }
    let from = from.and_then(|piece| mailbox(piece, checker));
    let reply_to = reply_to.and_then(|piece| mailbox(piece, checker));
    for piece in [&preheader, &text].into_iter().flatten() {
        checker.text(piece);
    }
    let body = Piece::literal(&file.text[body.clone()], Span::new(file.source, body.start, body.end));
    if body.text.trim().is_empty() {
        let (en, ja) = ("an email without a body", "メールの本文がありません");
        checker.report(Diagnostic::new(Code::E0442, place, en, ja));
    }
    checker.page(&body, mjml);
    if mjml && !body.text.trim().is_empty() && !body.text.contains("<mjml") {
        let (en, ja) = ("no `<mjml>` in this file", "`<mjml>` がありません");
        let at = Span { end: body.span.start, ..body.span };
        checker.report(Diagnostic::new(Code::E0442, at, en, ja).help(
            "the body stands in `<mjml><mj-body> … </mj-body></mjml>`",
            "本文は `<mjml><mj-body> … </mj-body></mjml>` の中に書きます",
        ));
    }
    let template = |piece: Piece| Template(piece.text);
    Some(Email {
        subject: template(subject?),
        preheader: preheader.map(template),
        from: from?,
        reply_to,
        body: if mjml { Body::Mjml(template(body)) } else { Body::Html(template(body)) },
        text: text.map(template),
    })
}

/// Front matter and body.
fn parts(text: &str) -> Option<(Range<usize>, Range<usize>)> {
    let mark = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut lines = text[mark..].split_inclusive('\n');
    let first = lines.next().filter(|line| line.trim_end() == "---")?;
    let start = mark + first.len();
    let mut at = start;
    for line in lines {
        if line.trim_end() == "---" {
            return Some((start..at, at + line.len()..text.len()));
        }
        at += line.len();
    }
    None
}

fn subject(piece: &Piece, checker: &mut Checker<'_>) {
    let length = checker.text(piece);
    if length.bytes > SUBJECT_BYTES_MAX {
        let found = Diagnostic::new(
            Code::E0444,
            piece.span,
            format!("a subject of {} bytes; a line of a mail's head takes {SUBJECT_BYTES_MAX}", length.bytes),
            format!("件名が {} バイトあります。メールの行は {SUBJECT_BYTES_MAX} バイトまでです", length.bytes),
        );
        return checker.report(found.help("say it in a line", "一行で言い切ってください"));
    }
    // Only what is written for everyone counts: branches are not added up.
    let columns = unicode_width::UnicodeWidthStr::width(piece.text.as_str());
    if !piece.text.contains('{') && columns > SUBJECT_COLUMNS_SHOWN {
        let half = columns.div_ceil(2);
        let found = Diagnostic::new(
            Code::W0447,
            piece.span,
            format!("a subject of {columns} columns; mailboxes show about {SUBJECT_COLUMNS_SHOWN}"),
            format!(
                "件名が全角で約 {half} 文字あります。受信箱に見えるのは {} 文字ほどです",
                SUBJECT_COLUMNS_SHOWN / 2
            ),
        );
        checker.report(found.help(
            "say the most important thing first and move the rest to `preheader`",
            "大事なことを先に書き、残りは `preheader` に移してください",
        ));
    }
}

/// `name <address>` or an address alone; the same for everyone.
fn mailbox(piece: Piece, checker: &mut Checker<'_>) -> Option<String> {
    let text = piece.text.trim();
    if text.contains("{{") || text.contains("{%") {
        let (en, ja) = ("who sends is the same for everyone", "差出人は全員に同じです");
        let found = Diagnostic::new(Code::E0442, piece.span, en, ja);
        checker.report(found.help(
            "mailbox providers judge a sender by its address: write it out",
            "メールサービスは差出人のアドレスで信頼を判断します。そのまま書いてください",
        ));
        return None;
    }
    let address = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((_, address)) => address,
        None => text,
    };
    if is_address(address) && !text.contains(['\n', '\r']) {
        return Some(text.to_owned());
    }
    let (en, ja) = (format!("`{address}` is no mail address"), format!("`{address}` はメールアドレスではありません"));
    let found = Diagnostic::new(Code::E0442, piece.span, en, ja);
    checker.report(found.help("write `Shop <hello@example.jp>`", "`店名 <hello@example.jp>` のように書いてください"));
    None
}

/// The form that mail providers take: one `@`, a host with a dot, nothing that ends an address.
fn is_address(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else { return false };
    let letter = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[]\\,;:\"@".contains(c);
    let labels = host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    !local.is_empty() && local.chars().all(letter) && host.contains('.') && labels && host.chars().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_ends_at_its_second_line() {
        let shown = |text: &str| parts(text).map(|(head, body)| (text[head].to_owned(), text[body].to_owned()));
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(shown("---\na: 1\n---\nbody"), pair("a: 1\n", "body"));
        assert_eq!(shown("\u{feff}---\r\na: 1\r\n---\r\nbody"), pair("a: 1\r\n", "body"));
        assert_eq!(shown("---\n---"), pair("", ""));
        assert_eq!(shown("a: 1\n---\nbody"), None);
        assert_eq!(shown("---\na: 1\n"), None);
    }

    #[test]
    fn addresses() {
        for good in ["a@b.jp", "a.b+c@mail.shop.example", "お便り@例え.jp"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "a", "a@b", "a@b..jp", "a b@c.jp", "a@@b.jp", "@b.jp", "a@-b.jp", "a@b.jp>"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
