//! From a text to Jinja's syntax tree, by the library's own parser, behind limits that the parser lacks.
//!
//! Gives the tree no meaning.

use std::ops::Range;

use minijinja::machinery::{Token, ast, parse as parse_tree, tokenize};
use minijinja::syntax::SyntaxConfig;

use crate::content::piece::Piece;
use crate::diag::{Code, Diagnostic, did_you_mean};

/// Words and signs in one tag. The parser (and whoever walks or drops its tree) calls itself for each operator in a row,
/// so a chain without end would be a stack without end.
const TOKENS_IN_TAG_MAX: usize = 250;
/// `elif` in one file; each nests in the one before.
const ELIFS_MAX: usize = 100;
/// Tags of one file; a mail of a thousand tags is no mail.
const TAGS_MAX: usize = 20_000;

/// The library counts columns in 16 bits, and adds one to them when it finds a mistake.
const LINE_BYTES_MAX: usize = 60_000;

/// The words that begin a block and those that end or divide one.
const STATEMENTS: &[&str] =
    &["if", "elif", "else", "endif", "for", "endfor", "set", "endset", "with", "endwith", "raw"];

/// The tree of a template.
pub fn template(piece: &Piece) -> Result<ast::Stmt<'_>, Box<Diagnostic>> {
    within_limits(piece, &piece.text, 0)?;
    parse_tree(&piece.text, "", SyntaxConfig::default()).map_err(|error| Box::new(wrong(piece, 0, &error)))
}

/// The tree of an expression that stands in `text`, a stretch of the piece that begins at `from`. The library parses
/// standalone expressions too, but tells less of their places; so it stands in a template of its own.
pub fn expression<'t>(piece: &Piece, from: usize, wrapped: &'t str) -> Result<ast::Stmt<'t>, Box<Diagnostic>> {
    within_limits(piece, wrapped, from)?;
    parse_tree(wrapped, "", SyntaxConfig::default()).map_err(|error| Box::new(wrong(piece, from, &error)))
}

/// What [`expression`] parses.
pub const OPEN: &str = "{{ ";

pub fn wrap(expression: &str) -> String {
    format!("{OPEN}{expression} }}}}")
}

fn within_limits(piece: &Piece, text: &str, from: usize) -> Result<(), Box<Diagnostic>> {
    if let Some(long) = text.lines().find(|line| line.len() > LINE_BYTES_MAX) {
        let start = long.as_ptr() as usize - text.as_ptr() as usize;
        let (en, ja) = ("a line of a template is too long", "テンプレートの一行が長すぎます");
        let found = Diagnostic::new(Code::E0442, shifted(piece, from, start..start), en, ja);
        return Err(Box::new(found.help(
            format!("at most {LINE_BYTES_MAX} bytes: break it where a space stands"),
            format!("一行は {LINE_BYTES_MAX} バイトまでです。空白のところで改行してください"),
        )));
    }
    let (mut in_tag, mut tags, mut elifs) = (0, 0, 0);
    let mut opened = 0..0;
    for token in tokenize(text, false, SyntaxConfig::default()) {
        // What the tokenizer stumbles over, the parser tells.
        let Ok((token, span)) = token else { return Ok(()) };
        let place = span.start_offset as usize..span.end_offset as usize;
        match token {
            Token::VariableStart | Token::BlockStart => {
                (in_tag, opened) = (0, place);
                tags += 1;
            }
            Token::Ident("elif") if in_tag == 0 => elifs += 1,
            Token::TemplateData(_) => {}
            _ => in_tag += 1,
        }
        let too = if in_tag > TOKENS_IN_TAG_MAX {
            ("too long an expression", "式が長すぎます", format!("{TOKENS_IN_TAG_MAX} words"), "語")
        } else if elifs > ELIFS_MAX {
            ("too many `elif`", "`elif` が多すぎます", format!("{ELIFS_MAX}"), "個")
        } else if tags > TAGS_MAX {
            ("too many tags", "タグが多すぎます", format!("{TAGS_MAX}"), "個")
        } else {
            continue;
        };
        let span = shifted(piece, from, opened);
        let found = Diagnostic::new(Code::E0107, span, too.0, too.1);
        let number: String = too.2.chars().take_while(char::is_ascii_digit).collect();
        return Err(Box::new(found.help(format!("at most {}", too.2), format!("上限は {number} {}です", too.3))));
    }
    Ok(())
}

/// The place of a stretch that the library counted, in the file.
fn shifted(piece: &Piece, from: usize, range: Range<usize>) -> crate::text::Span {
    let wrap = if from > 0 || range.end > piece.text.len() { OPEN.len() } else { 0 };
    let clamp = |at: usize| {
        let mut at = (at + from).saturating_sub(wrap).min(piece.text.len());
        while !piece.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    piece.place(clamp(range.start)..clamp(range.end))
}

fn wrong(piece: &Piece, from: usize, error: &minijinja::Error) -> Diagnostic {
    let detail = error.detail().unwrap_or("not a template").to_owned();
    let code = if detail.contains("maximum recursion") { Code::E0107 } else { Code::E0442 };
    let mut span = shifted(piece, from, error.range().unwrap_or(0..0));
    // An end that never comes is reported at the end; what was opened is more to the point.
    let unclosed =
        detail.contains("end of input") || detail.contains("end of comment") || detail.contains("end of raw");
    if unclosed && let Some(open) = last_open(&piece.text) {
        span = piece.place(open);
    }
    let found = Diagnostic::new(code, span, "this is not a template", "テンプレートとして読めません");
    let found = found.here(detail.clone(), reason(&detail));
    if unclosed {
        return found.help(
            "close it: `{{ … }}`, `{% if … %} … {% endif %}`, `{# … #}`",
            "閉じてください: `{{ … }}`、`{% if … %} … {% endif %}`、`{# … #}`",
        );
    }
    if detail.contains("expected end of variable block") {
        return found.help("write a value as `{{ … }}`", "値は `{{ … }}` の形で書いてください");
    }
    let Some(word) = detail.strip_prefix("unknown statement ") else { return found };
    match did_you_mean(word.trim(), STATEMENTS.iter().copied()) {
        Some(alike) => found.help(format!("did you mean `{alike}`?"), format!("`{alike}` のことですか?")),
        None => found.help("there is `if`, `for`, `set` and `with`", "使えるもの: `if`, `for`, `set`, `with`"),
    }
}

/// The last opening of a tag.
fn last_open(text: &str) -> Option<Range<usize>> {
    let open = ["{{", "{%", "{#"].iter().filter_map(|open| text.rfind(open)).max()?;
    Some(open..open + 2)
}

fn reason(detail: &str) -> String {
    let known = [
        ("end of input", "途中で終わっています"),
        ("unknown statement", "知らない文です"),
        ("maximum recursion", "入れ子が深すぎます"),
        ("unexpected", "ここには書けません"),
        ("unterminated", "文字列が閉じていません"),
    ];
    known.iter().find(|(en, _)| detail.contains(en)).map_or("ここが読めません", |(_, ja)| ja).to_owned()
}
