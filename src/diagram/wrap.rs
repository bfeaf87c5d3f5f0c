//! Text into lines of a given width, and how wide text is drawn.
//!
//! An estimate from column widths: no font is read, so the picture is the same on every machine.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Signs that do not begin a line in Japanese.
const NOT_FIRST: &str = "、。，．・：；？！）」』】〕〉》ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々%,.)]!?:;”";

/// Width in pixels of a line in a proportional sans-serif font of `size` pixels. A little generous on purpose.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let em: f64 = text
        .chars()
        .map(|c| match (c.width().unwrap_or(0), c) {
            (0, _) => 0.0,
            (1, 'i' | 'l' | 'j' | '.' | ',' | ':' | '|' | '\'' | ' ' | '(' | ')') => 0.34,
            (1, 'm' | 'w' | 'M' | 'W' | '@' | '%') => 0.9,
            (1, 'A'..='Z') => 0.67,
            (1, _) => 0.545,
            _ => 1.0,
        })
        .sum();
    em * size * if bold { 1.05 } else { 1.0 }
}

/// Lines of at most `columns` (a wide character is two), broken at spaces, or anywhere between wide characters.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(text, columns) {
        let fits = line.width() + piece.trim_end().width() <= columns;
        let must_stay = piece.chars().next().is_some_and(|c| NOT_FIRST.contains(c));
        if !fits && !line.trim().is_empty() && !must_stay {
            lines.push(line.trim_end().to_string());
            line.clear();
        }
        line.push_str(&piece);
    }
    if !line.trim().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_string());
    }
    lines
}

/// Words with the space behind them, wide characters one by one, and words too long for a line in parts.
fn pieces(text: &str, columns: usize) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        let wide = c.width().unwrap_or(0) > 1;
        if (wide || word.width() >= columns) && !word.is_empty() {
            pieces.push(std::mem::take(&mut word));
        }
        word.push(c);
        if wide || c == ' ' {
            pieces.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        pieces.push(word);
    }
    pieces
}

/// One line, cut with an ellipsis if it is wider than `columns`.
pub fn cut(text: &str, columns: usize) -> String {
    let lines = wrap(text, columns);
    match lines.as_slice() {
        [one] => one.clone(),
        [first, ..] => format!("{}…", first.trim_end()),
        [] => String::new(),
    }
}
