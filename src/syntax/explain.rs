//! What is wrong with a part the grammar passed over: it is read again, strictly, and the furthest point reached tells.
//!
//! Recognises no foreign words; `strange` does.

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};

use super::grammar::{Grammar, Rule};
use super::layout::lines::{HEADERS, STEPS};
use super::notation;
use super::walk::{Part, Walk};
use super::words::{self, Meaning};
use crate::diag::{Code, Diagnostic};

/// Longest part that is read again. Whatever is longer is named as a whole.
const EXPLAINED_MAX: usize = 64 * 1024;
/// Most alternatives worth listing.
const EXPECTED_MAX: usize = 7;

const RESERVED: &[&str] =
    &["and", "as", "else", "false", "if", "in", "is", "not", "of", "or", "otherwise", "true", "with"];

impl Walk<'_> {
    /// Explains `part`. It is read again from `from`, with `tail` behind it, by `rule`.
    pub(super) fn explain(&mut self, part: &Part<'_>, from: usize, tail: &str, rule: Rule) {
        let end = part.as_span().start() + part.as_str().trim_end_matches([' ', '\n']).len();
        let end = end.max(part.as_span().start());
        let slice = self.text.get(from..end).unwrap_or("").trim_end();
        let (at, expected) =
            furthest(slice, tail, rule).unwrap_or((part.as_span().start().saturating_sub(from), Vec::new()));
        let at = at.min(slice.len());
        let rest = slice.get(at..).unwrap_or("");
        let at = at + (rest.len() - rest.trim_start_matches([' ', '\n']).len());
        let token = token(slice.get(at..).unwrap_or(""));
        // A dangling operator or word: the caret goes behind what was read.
        let shown = if token.is_empty() { slice.len() } else { at };
        let span = self.places.span(from + shown, from + shown + token.len());
        let names = expected.iter().any(|r| matches!(r, Rule::name | Rule::word | Rule::dotted));
        let ends = expected.contains(&Rule::EOI);
        let first = token_word(slice);
        let mut diagnostic = if token.is_empty() {
            Diagnostic::new(Code::E0101, span, "this is not finished", "途中で終わっています")
                .here("something is missing here", "ここに何か足りません")
        } else if names && RESERVED.contains(&token) {
            Diagnostic::new(
                Code::E0101,
                span,
                format!("`{token}` is a reserved word and cannot be a name"),
                format!("`{token}` は予約語なので名前にできません"),
            )
        } else if ends && at > 0 && (STEPS.contains(&token) || HEADERS.contains(&token)) {
            Diagnostic::new(
                Code::E0101,
                span,
                format!("`{token}` begins a new line"),
                format!("`{token}` は行の先頭に書きます"),
            )
            .help("one statement per line", "一行に一文")
            .fix(self.places.span(from + at, from + at), "\n")
        } else {
            Diagnostic::new(
                Code::E0101,
                span,
                format!("`{token}` is not expected here"),
                format!("ここに `{token}` は書けません"),
            )
        };
        if let Some((en, ja)) = listed(&expected) {
            diagnostic = diagnostic.note(format!("expected {en}"), format!("書けるもの: {ja}"));
        }
        if let Some((en, ja)) = habit(slice, at) {
            diagnostic = diagnostic.help(en, ja);
        }
        if diagnostic.help.is_none()
            && let Some(usage) = notation::usage(first)
        {
            diagnostic = diagnostic.help(format!("it is written `{usage}`"), format!("書き方: `{usage}`"));
        }
        self.say(diagnostic);
    }
}

/// The remedy for two habits of writing numbers, where reading stopped: `3,000` and `2026/04/01`.
fn habit(slice: &str, at: usize) -> Option<(String, String)> {
    let (before, rest) = (slice.get(..at)?.trim_end(), slice.get(at..)?);
    let start = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '/').len();
    let last = &before[start..];
    let digits = |text: &str, counts: std::ops::RangeInclusive<usize>| {
        counts.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    if let Some(behind) = rest.strip_prefix(',') {
        let group: String = behind.chars().take_while(char::is_ascii_digit).collect();
        if group.len() != 3 || !digits(last, 1..=3) {
            return None;
        }
        return Some((
            format!("write `{last}_{group}`, or without any mark"),
            format!("`{last}_{group}` か、区切りなしで書く"),
        ));
    }
    let parts: Vec<&str> = last.split('/').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    (digits(year, 4..=4) && digits(month, 1..=2) && digits(day, 1..=2)).then(|| {
        let date = format!("{year}-{month:0>2}-{day:0>2}");
        (format!("a date is written `{date}`"), format!("日付は `{date}` と書く"))
    })
}

/// How far `rule` gets in `slice`, and what it would have wanted there. `None` when it reads it all.
fn furthest(slice: &str, tail: &str, rule: Rule) -> Option<(usize, Vec<Rule>)> {
    if slice.len() > EXPLAINED_MAX {
        return None;
    }
    let text = format!("{slice}{tail}");
    let error = Grammar::parse(rule, &text).err()?;
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    match error.variant {
        ErrorVariant::ParsingError { positives, .. } => Some((at, positives)),
        ErrorVariant::CustomError { .. } => Some((at, Vec::new())),
    }
}

/// The rules in words: `a, b or c`.
fn listed(expected: &[Rule]) -> Option<(String, String)> {
    let mut en: Vec<String> = Vec::new();
    let mut ja: Vec<String> = Vec::new();
    for rule in expected {
        let (e, j) = match words::meaning(*rule) {
            Meaning::Word(word) => (format!("`{word}`"), format!("`{word}`")),
            Meaning::Thing(en, ja) => (en.to_string(), ja.to_string()),
            Meaning::Nothing => continue,
        };
        if !en.contains(&e) {
            en.push(e);
            ja.push(j);
        }
    }
    if en.is_empty() || en.len() > EXPECTED_MAX {
        return None;
    }
    let english = match en.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => return None,
    };
    Some((english, ja.join("、")))
}

/// The word, text or sign that `text` begins with.
fn token(text: &str) -> &str {
    let word = token_word(text);
    if !word.is_empty() {
        return word;
    }
    if let Some(inside) = text.strip_prefix('"') {
        return &text[..inside.find('"').map_or(text.len(), |end| end + 2)];
    }
    &text[..text.chars().next().map_or(0, char::len_utf8)]
}

fn token_word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::habit;

    #[test]
    fn habits_are_seen_where_reading_stopped_and_letters_of_several_bytes_end_there() {
        assert_eq!(habit("eೃ૯mେ", "eೃ૯mେ".len()), None);
        assert_eq!(habit("cap 3,000 line", 5).map(|h| h.0).as_deref(), Some("write `3_000`, or without any mark"));
    }
}
