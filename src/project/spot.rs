//! Where a key or its value stands in the text of `tabi.yaml`.
//!
//! Searches text: the YAML reader keeps no places. Good for the block style people write; elsewhere it points at the
//! nearest parent it found.

use std::ops::Range;

/// The bytes of the key at the end of `path`, or of the nearest parent found; of the first line if none is.
pub fn key(text: &str, path: &[&str]) -> Range<usize> {
    find(text, path).unwrap_or(0..text.find('\n').unwrap_or(text.len()))
}

/// The bytes of the value on the line of the key; the key's own if the value starts on a later line.
pub fn value(text: &str, path: &[&str]) -> Range<usize> {
    let key = key(text, path);
    let line_end = text[key.end..].find('\n').map_or(text.len(), |i| key.end + i);
    let rest = &text[key.end..line_end];
    let Some(colon) = rest.find(':') else { return key };
    let after = &rest[colon + 1..];
    let after = after.split(" #").next().unwrap_or(after);
    let line_start = text[..key.start].rfind('\n').map_or(0, |i| i + 1);
    let in_braces = text[line_start..key.start].contains('{');
    let after = if in_braces { after.split([',', '}']).next().unwrap_or(after) } else { after };
    let value = after.trim();
    if value.is_empty() || value.starts_with('#') {
        return key;
    }
    let start = key.end + colon + 1 + (after.len() - after.trim_start().len());
    start..start + value.len()
}

fn find(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let mut found: Option<Range<usize>> = None;
    let mut from = 0;
    for (depth, name) in path.iter().enumerate() {
        let Some(range) = next_key(text, from, name, depth == 0) else { return found };
        from = range.end;
        found = Some(range);
    }
    found
}

/// The next `name:` at or after `from`, in quotes or not; at the line's start if it is a key of the top.
fn next_key(text: &str, from: usize, name: &str, top: bool) -> Option<Range<usize>> {
    let mut at = from;
    while let Some(step) = text[at..].find(name) {
        let range = at + step..at + step + name.len();
        let line_start = text[..range.start].rfind('\n').map_or(0, |i| i + 1);
        let before = &text[line_start..range.start];
        let after = text[range.end..].trim_start_matches(['"', '\'']).trim_start_matches(' ');
        let whole = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-');
        let placed = if top { before.trim_matches(['"', '\'', '\u{feff}']).is_empty() } else { !before.contains('#') };
        if whole && placed && after.starts_with(':') {
            return Some(range);
        }
        at = range.end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# name: no\nname: shop # the name\nsample:\n  events: [a, b]\n  \"mapping\": m.yaml\nresponse: { line: { open: 2 } }\n";

    #[test]
    fn keys_and_values_are_found_where_they_stand() {
        let at = |range: Range<usize>| (range.start, &TEXT[range]);
        assert_eq!(at(key(TEXT, &["name"])), (11, "name"));
        assert_eq!(at(value(TEXT, &["name"])), (17, "shop"));
        assert_eq!(at(value(TEXT, &["sample", "events"])).1, "[a, b]");
        assert_eq!(at(value(TEXT, &["sample", "mapping"])).1, "m.yaml");
        assert_eq!(at(key(TEXT, &["response", "line", "open"])).1, "open");
        assert_eq!(at(value(TEXT, &["response", "line", "open"])).1, "2");
        assert_eq!(at(value(TEXT, &["sample"])).1, "sample");
        assert_eq!(at(key(TEXT, &["sample", "nowhere"])).1, "sample");
        assert_eq!(at(key(TEXT, &["nowhere"])).0, 0);
    }
}
