//! The layout by examples, each also its own layout.
//!
//! Mangled files are tried in `tests/mangled.rs`.

use super::{FormatRefusal, WIDTH, format};
use crate::text::Source;
use unicode_width::UnicodeWidthStr;

fn formatted(text: &str) -> String {
    match format(&Source::new("test.tabi", text)) {
        Ok(text) => text,
        Err(FormatRefusal::Mistakes(found)) => format!("mistakes: {found:#?}"),
        Err(FormatRefusal::WouldChange(why)) => format!("would change: {}", why.headline.en),
    }
}

/// The whole of it, as a reviewer would read it.
#[test]
fn everything_is_laid_out_as_written_down() {
    let text = formatted(include_str!("../../tests/corpus/everything.tabi"));
    let expected = include_str!("../../tests/corpus/everything.laid_out");
    for (number, (line, wanted)) in text.lines().zip(expected.lines()).enumerate() {
        assert_eq!(line, wanted, "line {}", number + 1);
    }
    assert_eq!(text.len(), expected.len());
    assert_eq!(formatted(&text), text);
}

#[test]
fn lines_stay_within_the_width_where_they_can_break() {
    let text = formatted(include_str!("../../tests/corpus/everything.tabi"));
    for line in text.lines() {
        assert!(line.width() <= WIDTH, "{} columns: {line}", line.width());
    }
}

/// What is written, and how it is laid out. Each right side is its own layout.
#[test]
fn small_layouts() {
    for (written, expected) in [
        ("enum  a{b,c}", "enum a { b, c }\n"),
        ("enum a {}\n\n\n\nenum b{x}", "enum a {}\n\nenum b { x }\n"),
        ("segment s=a and(b or c)", "segment s = a and (b or c)\n"),
        ("segment s=((a))", "segment s = a\n"),
        ("segment s=not(a and b)", "segment s = not (a and b)\n"),
        ("segment s=(a or b)or c", "segment s =\n  a\n  or b\n  or c\n"),
        ("segment s=a-(b-c)==-(-d)", "segment s = a - (b - c) == --d\n"),
        ("segment s=(a or else b).c", "segment s = (a or else b).c\n"),
        ("segment s=(last purchase).total", "segment s = (last purchase).total\n"),
        ("# only a comment", "# only a comment\n"),
        ("", ""),
        ("\n\n# a\n\n\n# b\nenum a { x } # c\n# d\n", "# a\n\n# b\nenum a { x }  # c\n# d\n"),
        ("enum a { # first\n x # x\n # between\n y }", "enum a {  # first\n  x  # x\n  # between\n  y\n}\n"),
        ("journey j{stop # why\n}", "journey j {\n  stop  # why\n}\n"),
        ("journey j {\n\n  stop\n\n\n  stop\n\n}", "journey j {\n  stop\n\n  stop\n}\n"),
        ("journey j { if a { # yes\n stop } }", "journey j {\n  if a {  # yes\n    stop\n  }\n}\n"),
        (
            "journey j { if a { stop } else { stop } }",
            "journey j {\n  if a {\n    stop\n  } else {\n    stop\n  }\n}\n",
        ),
        (
            "journey j { send a b otherwise { send c d otherwise { stop } } }",
            "journey j {\n  send a b\n    otherwise send c d\n    otherwise stop\n}\n",
        ),
        (
            "segment s = a # one\n and b # two\n # three\n and c # four",
            "segment s =\n  a  # one\n  and b  # two\n  # three\n  and c  # four\n",
        ),
        (
            "journey j { start when e(a # why\n and b) as x }",
            "journey j {\n  start when e(\n    a  # why\n    and b\n  ) as x\n}\n",
        ),
        ("journey j {\r\n  stop\r\n\r\n  stop\r\n}\r\n", "journey j {\n  stop\n\n  stop\n}\n"),
        ("\u{feff}journey\u{3000}j\t{ stop }", "journey j {\n  stop\n}\n"),
    ] {
        assert_eq!(formatted(written), expected, "{written}");
        assert_eq!(formatted(expected), expected, "not its own layout");
    }
}

#[test]
fn a_long_condition_breaks_before_its_words() {
    let long = "profile.some_rather_long_field_name == \"a value\"";
    let text = formatted(&format!("journey j {{ if {long} and {long} and {long} {{ stop }} }}"));
    assert_eq!(text, format!("journey j {{\n  if {long}\n    and {long}\n    and {long} {{ stop }}\n}}\n"));
}

#[test]
fn a_long_record_breaks_into_fields() {
    let long = "x".repeat(60);
    let text = formatted(&format!("journey j {{ send email m with {{ a: \"{long}\", b: \"{long}\" }} as h }}"));
    assert_eq!(
        text,
        format!("journey j {{\n  send email m with {{\n    a: \"{long}\"\n    b: \"{long}\"\n  }} as h\n}}\n")
    );
}

#[test]
fn files_with_mistakes_are_left_alone() {
    let refusal = format(&Source::new("test.tabi", "journey j {\n  sned email x\n}\n"));
    assert!(matches!(refusal, Err(FormatRefusal::Mistakes(found)) if found.len() == 1));
}
