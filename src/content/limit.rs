//! Texts against the lengths a channel takes.
//!
//! Measures nothing: the template checker does.

use super::template::typed::Length;
use crate::diag::{Code, Diagnostic};
use crate::text::Span;

/// A limit of at most this many letters is one that a name or a title soon exceeds; longer ones give no warning.
const SMALL: usize = 40;

/// A length that a channel takes.
pub struct Limit<'a> {
    /// The author's word for the text.
    pub what: &'a str,
    /// UTF-16 units; zero: no limit.
    pub most: usize,
    pub channel: &'a str,
}

/// An error if the text is too long for certain, a warning if it may be and the limit is small.
pub fn judge(length: Length, span: Span, limit: &Limit<'_>) -> Option<Diagnostic> {
    let Limit { what, most, channel } = *limit;
    if most == 0 {
        return None;
    }
    if length.least > most {
        let least = length.least;
        let exact = length.most == Some(least);
        let (at_least, at_least_ja) = if exact { ("", " ") } else { ("at least ", "少なくとも ") };
        let found = Diagnostic::new(
            Code::E0444,
            span,
            format!("`{what}` has {at_least}{least} letters, {channel} takes {most}"),
            format!("`{what}` は{at_least_ja}{least} 文字です。{channel} では {most} 文字までです"),
        );
        let over = least - most;
        return Some(found.help(format!("shorten it by {over}"), format!("{over} 文字減らしてください")));
    }
    let may_exceed = length.most.is_none_or(|longest| longest > most);
    (may_exceed && most <= SMALL).then(|| {
        let found = Diagnostic::new(
            Code::W0445,
            span,
            format!("`{what}` may get longer than the {most} letters that {channel} takes"),
            format!("`{what}` が {channel} の上限 {most} 文字を超えることがあります"),
        );
        let room = most.saturating_sub(length.least);
        found.help(
            format!("cut what varies: `{{{{ … | truncate({room}) }}}}`"),
            format!("変わる部分を短くしてください: `{{{{ … | truncate({room}) }}}}`"),
        )
    })
}
