//! Characters that an input method leaves behind, and the plain ones the language has for them.
//!
//! Knows characters only; strings and comments are left alone by the caller.

/// What the language writes for `c`; `None` when `c` is nobody's slip.
pub(super) fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{ff01}'..='\u{ff5e}' => {
            const ASCII: &str =
                "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
            let at = c as usize - 0xff01;
            ASCII.get(at..=at)?
        }
        '、' => ",",
        '。' => ".",
        '【' | '〔' => "[",
        '】' | '〕' => "]",
        '−' | '–' | '—' => "-",
        '×' => "*",
        '÷' => "/",
        '≧' | '≥' => ">=",
        '≦' | '≤' => "<=",
        '≠' => "!=",
        '￥' => "¥",
        '〜' => "..",
        '…' | '‥' => "..",
        _ => return None,
    })
}

/// The characters that may close a text opened by `open`; `None` when `open` is not a quotation mark of another kind.
pub(super) fn closing_quotes(open: char) -> Option<&'static [char]> {
    Some(match open {
        '“' | '”' | '„' | '＂' | '〝' | '〟' => &['”', '“', '"', '＂', '〟'],
        '「' => &['」'],
        '『' => &['』'],
        '‘' | '’' => &['’', '‘'],
        '\'' => &['\''],
        _ => return None,
    })
}

/// Characters nobody sees: byte order marks, zero-width joiners, controls.
pub(super) fn invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
        || c.is_control()
}
