//! Which lines go on and which begin something: the words that decide whether a line end counts.
//!
//! Does not read statements; it looks at one word and at the character behind it.

/// Words that carry the line above on. None of them begins a statement (a test holds this).
pub(super) const CONTINUING: &[&str] = &[
    "and",
    "or",
    "as",
    "else",
    "otherwise",
    "with",
    "in",
    "is",
    "for",
    "settled",
    "before",
    "per",
    "takes",
    "gives",
    "from",
    "within",
    "because",
    "elseif",
    "elif",
    "elsif",
];

/// Those of them that may also be names: they carry on only before something that is not punctuation.
const ALSO_NAMES: &[&str] = &["for", "settled", "before", "per", "from", "within", "because"];

/// Words that begin a declaration.
pub const DECLARATIONS: &[&str] = &[
    "enum", "record", "profile", "event", "message", "action", "policy", "segment", "journey", "moves", "test", "allow",
];

/// Words that begin a line in a journey: its header, its start and exits.
pub const HEADERS: &[&str] = &[
    "purpose", "owner", "about", "under", "goal", "review", "reentry", "holdout", "priority", "promise", "start",
    "exit", "only", "stage", "allow",
];

/// Words that begin a step.
pub const STEPS: &[&str] =
    &["wait", "send", "if", "choose", "split", "repeat", "do", "tag", "untag", "set", "let", "stop"];

/// Words that begin a rule of a policy.
pub const RULES: &[&str] = &["timezone", "quiet", "cap", "consent", "budget", "withhold", "nurture"];

/// Words that begin a line of a test; besides them, the name of an event.
pub const TEST_LINES: &[&str] = &[
    "clock",
    "given",
    "pin",
    "answer",
    "expect",
    "set",
    "deliver",
    "open",
    "click",
    "bounce",
    "block",
    "refuse",
    "complain",
    "unsubscribe",
    "approve",
];

/// Whether `word`, with `after` behind it on its line, carries the line above on.
pub(super) fn carries_on(word: &str, after: &str) -> bool {
    if !CONTINUING.contains(&word) {
        return false;
    }
    let next = after.trim_start_matches(' ').chars().next();
    if ALSO_NAMES.contains(&word) {
        return next.is_some_and(|c| c.is_alphanumeric() || matches!(c, '"' | '_' | '[' | '-'));
    }
    match word {
        "takes" | "gives" => next == Some('{'),
        _ => next != Some(':'),
    }
}

/// Whether `word` begins a statement here, and is not a name in the middle of an expression.
pub(super) fn begins_statement(word: &str, after: &str) -> bool {
    let known = [HEADERS, STEPS, RULES].iter().any(|list| list.contains(&word)) || matches!(word, "expect" | "given");
    known && starts_operand(after)
}

/// Whether `word` begins a declaration: a name, or the brace of `profile`, stands behind it.
pub(super) fn begins_declaration(word: &str, after: &str) -> bool {
    match word {
        "profile" => after.trim_start_matches(' ').starts_with('{'),
        // It also stands in journeys.
        "allow" => false,
        _ => DECLARATIONS.contains(&word) && starts_name(after),
    }
}

fn starts_name(after: &str) -> bool {
    let name = after.trim_start_matches(' ');
    let reserved = ["in", "is", "and", "or", "not", "as", "else", "otherwise", "with"];
    let word: &str = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
    name.len() < after.len() && name.starts_with(|c: char| c.is_alphabetic() || c == '_') && !reserved.contains(&word)
}

fn starts_operand(after: &str) -> bool {
    let rest = after.trim_start_matches(' ');
    starts_name(after) || rest.starts_with(|c: char| c.is_ascii_digit() || c == '"') || rest.starts_with("not ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What makes line ends work without backslashes: no word both carries on and begins.
    #[test]
    fn no_word_both_continues_and_begins() {
        for list in [DECLARATIONS, HEADERS, STEPS, RULES, TEST_LINES] {
            for word in list {
                assert!(!CONTINUING.contains(word), "`{word}` begins a statement and cannot carry one on");
            }
        }
    }

    #[test]
    fn a_field_named_like_a_continuing_word_stays_a_field() {
        for (word, after, expected) in [
            ("for", " everyone", true),
            ("for", ": text", false),
            ("before", " drop.ends", true),
            ("before", " {", false),
            ("per", ": int", false),
            ("settled", " { order_id: 1 }", false),
            ("settled", " for 1h", true),
            ("with", " {", true),
            ("takes", " {", true),
            ("takes", ": text", false),
            ("in", ": text", false),
            ("wait", " 3d", false),
        ] {
            assert_eq!(carries_on(word, after), expected, "{word}{after}");
        }
    }
}
