//! Tables: what is read without complaint, and what each mistake is told.
//!
//! Does not compare trees in full; the formatter's tests do that.

use super::parse;
use super::tree::{BinaryOp, Expr, ExprKind, Item, JourneyLine, StepKind, TestLineKind};
use crate::diag::Diagnostic;
use crate::text::{Source, SourceId};

/// One line per diagnostic: code, the text under the caret, headline.
fn told(text: &str) -> Vec<String> {
    let source = Source::new("test.tabi", text);
    let line = |d: &Diagnostic| format!("{} `{}` {}", d.code.name(), source.slice(d.primary.span), d.headline.en);
    parse(SourceId(0), text).1.iter().map(line).collect()
}

/// The text after all fixes of the only diagnostic.
fn fixed(text: &str) -> String {
    let (_, found) = parse(SourceId(0), text);
    let mut edits: Vec<_> = found.iter().flat_map(|d| d.fix.iter()).collect();
    edits.sort_by_key(|f| std::cmp::Reverse(f.span.start));
    let mut text = text.to_string();
    for edit in edits {
        text.replace_range(edit.span.range(), &edit.replacement);
    }
    text
}

#[test]
fn everything_is_read() {
    assert_eq!(told(include_str!("../../tests/corpus/everything.tabi")), Vec::<String>::new());
}

/// A line of a journey; what is told; the line after the fix, when there is one.
#[test]
fn mistakes_in_steps() {
    for (line, expected, mended) in [
        ("wait 3 d", "E0101 `3 d` `3 d` is not in the language", "wait 3d"),
        ("wait 3days", "E0101 `3days` `3days` is not in the language", "wait 3d"),
        ("wait 3日", "E0101 `3日` `3日` is not in the language", "wait 3d"),
        ("wait 1.5h", "E0104 `1.5h` `1.5h` is not possible", ""),
        ("wait 3dd", "E0104 `3dd` `3dd` is not possible", ""),
        ("wait 9999y", "E0104 `9999y` `9999y` is not possible", ""),
        ("let x = 3000 jpy", "E0101 `3000 jpy` `3000 jpy` is not in the language", "let x = 3000 JPY"),
        ("let x = 3000円", "E0101 `3000円` `3000円` is not in the language", "let x = 3000 JPY"),
        ("let x = ¥3000", "E0101 `¥3000` `¥3000` is not in the language", "let x = 3000 JPY"),
        ("let x = 3_000.5.1", "E0104 `3_000.5.1` `3_000.5.1` is not possible", ""),
        ("let x = 2026-02-30", "E0104 `2026-02-30` `2026-02-30` is not possible", ""),
        ("let x = 2026/04/01", "E0101 `2026/04/01` `2026/04/01` is not in the language", "let x = 2026-04-01"),
        (
            "let x = 2026-04-01T20:30:00Z",
            "E0101 `2026-04-01T20:30:00Z` `2026-04-01T20:30:00Z` is not in the language",
            "let x = 2026-04-01 20:30 UTC",
        ),
        ("let x = \"a\\qb\"", "E0104 `\\q` `\\q` stands for no character", ""),
        ("let x = 'abc'", "E0101 `'` a text stands in `\"`, not in `'`", "let x = \"abc\""),
        ("let x = “abc”", "E0103 `“` a text stands in `\"`, not in `“`", "let x = \"abc\""),
        ("let x = \"abc”", "E0103 `”` full-width `”`", "let x = \"abc\""),
        ("let x = 「a\"b」", "E0103 `「` a text stands in `\"`, not in `「`", "let x = \"a\"b\""),
        ("let x = \"abc", "E0101 `\"abc` this text is never closed", "let x = \"abc\""),
        ("wait until 25:00", "E0104 `25:00` `25:00` is not possible", ""),
        ("wait until munday 09:00", "E0104 `munday` `munday` is not a day of the week", "wait until monday 09:00"),
        ("wait ３d", "E0103 `３` full-width `３`", "wait 3d"),
        ("wait 3d＃後で", "E0103 `＃` full-width `＃`", "wait 3d#後で"),
        ("if a = b { stop }", "E0101 `=` a comparison is written `==`", "if a == b { stop }"),
        ("if a && b { stop }", "E0101 `&&` `&&` is not in the language", "if a and b { stop }"),
        ("if a || b { stop }", "E0101 `||` `||` is not in the language", "if a or b { stop }"),
        ("if !a { stop }", "E0101 `!` `!` is not in the language", "if not a { stop }"),
        ("if a >＝ b { stop }", "E0103 `＝` full-width `＝`", "if a >= b { stop }"),
        ("if a ≧ b { stop }", "E0103 `≧` full-width `≧`", "if a >= b { stop }"),
        ("if a < b < c { stop }", "E0101 `<` comparisons cannot be chained", ""),
        (
            "if a == null { stop }",
            "E0101 `== null` whether a value is there is asked with `is missing`",
            "if a is missing { stop }",
        ),
        (
            "if a != null { stop }",
            "E0101 `!= null` whether a value is there is asked with `is set`",
            "if a is set { stop }",
        ),
        (
            "if a is null { stop }",
            "E0101 `is null` whether a value is there is asked with `is missing`",
            "if a is missing { stop }",
        ),
        (
            "if a is not set { stop }",
            "E0101 `is not set` whether a value is there is asked with `is missing`",
            "if a is missing { stop }",
        ),
        ("if a then { stop }", "E0101 `then` `then` is not needed", "if a  { stop }"),
        (
            "if a { stop } elif b { stop }",
            "E0101 `elif` `elif` is not in the language",
            "if a { stop } else if b { stop }",
        ),
        (
            "if a { stop } otherwise { stop }",
            "E0101 `otherwise` `otherwise` belongs to `wait`, `send` and `do`",
            "if a { stop } else { stop }",
        ),
        ("if a == { stop }", "E0101 `` this is not finished", ""),
        ("if (a or b { stop }", "E0105 `(` `(` is never closed", "if (a or b) { stop }"),
        ("if a) { stop }", "E0105 `)` `)` closes nothing", "if a { stop }"),
        ("send a b else { stop }", "E0101 `else` `else` belongs to `if`", "send a b otherwise { stop }"),
        ("send a b otherwise", "E0101 `` `otherwise` needs a block or one step", ""),
        ("send a b { c: 1 }", "E0101 `{` `with` is missing before `{`", "send a b with { c: 1 }"),
        ("send a b with { c 1 }", "E0101 `` `:` is missing here", "send a b with { c: 1 }"),
        ("send a b with { c = 1 }", "E0101 `=` `=` is not in the language", "send a b with { c : 1 }"),
        ("send a b with { \"c\": 1 }", "E0101 `\"c\"` `\"c\"` is not in the language", "send a b with { c: 1 }"),
        ("send a b with { c: 1 d: 2 }", "E0101 `` `,` is missing here", "send a b with { c: 1, d: 2 }"),
        ("send a b with ｛ c：1 ｝", "E0103 `｛` full-width `｛`", "send a b with { c:1 }"),
        ("send a of", "E0101 `of` `of` is a reserved word and cannot be a name", ""),
        ("stop send a b", "E0101 `send` `send` begins a new line", "stop \nsend a b"),
        ("send a b as c as d", "E0101 `as d` given twice", "send a b as c "),
        ("delay 3d", "E0102 `delay` `delay` does not begin a line of a journey", "wait 3d"),
        ("email b", "E0102 `email` `email` does not begin a line of a journey", "send email b"),
        ("line b with { c: 1 }", "E0102 `line` `line` does not begin a line of a journey", "send line b with { c: 1 }"),
        ("sned a b", "E0102 `sned` `sned` does not begin a line of a journey", "send a b"),
        ("trigger purchase", "E0102 `trigger` `trigger` does not begin a line of a journey", "start when purchase"),
        ("goto a", "E0102 `goto` `goto` does not begin a line of a journey", ""),
        ("then send a b", "E0102 `then` `then` does not begin a line of a journey", ""),
        ("segment: vip", "E0102 `segment` `segment` does not begin a line of a journey", ""),
        ("quiet 21:00..08:00", "E0102 `quiet` `quiet` does not begin a line of a journey", ""),
        ("blargh 3", "E0102 `blargh` `blargh` does not begin a line of a journey", ""),
        (
            "split s { 50 a { stop } 50% b { stop } }",
            "E0101 `50` `50` is not in the language",
            "split s { 50% a { stop } 50% b { stop } }",
        ),
        ("choose a { case b { stop } }", "E0101 `case` `case` is not needed", "choose a {  b { stop } }"),
        ("wait up to 3d fro a { stop }", "E0101 `fro` `fro` is not expected here", ""),
        ("exit when", "E0101 `` this is not finished", ""),
        ("reentry", "E0101 `` this is not finished", ""),
        ("goal a within 3d target 12", "E0101 `12` `12` is not in the language", "goal a within 3d target 12%"),
        ("promise at most two messages", "E0101 `two` `two` is not expected here", ""),
        ("wait 3d\u{200b}", "E0101 `\u{200b}` invisible character U+200B", "wait 3d"),
        ("wait\0 3d", "E0101 `\0` invisible character U+0000", "wait 3d"),
    ] {
        let text = format!("journey j {{\n  {line}\n  stop\n}}\n");
        let found = told(&text);
        assert_eq!(found.first().map(String::as_str), Some(expected), "{line}");
        assert!(found.len() == 1 || found.iter().all(|f| f.starts_with("E0103")), "{line}: {found:#?}");
        if !mended.is_empty() {
            assert_eq!(fixed(&text), format!("journey j {{\n  {mended}\n  stop\n}}\n"), "{line}");
        }
    }
}

/// Whole declarations; what is told.
#[test]
fn mistakes_in_declarations() {
    for (text, expected) in [
        ("jurney j { stop }", "E0102 `jurney` `jurney` does not begin a declaration"),
        ("campaign j { stop }", "E0102 `campaign` `campaign` does not begin a declaration"),
        ("import x", "E0102 `import` `import` does not begin a declaration"),
        ("send a b", "E0102 `send` `send` does not begin a declaration"),
        ("record r { a text }", "E0101 `` `:` is missing here"),
        ("record r { a： text }", "E0103 `：` full-width `：`"),
        ("record r { a: }", "E0101 `` this is not finished"),
        ("record r { a: money }", "E0101 `money` money needs its currency"),
        ("record r { a: money jpy }", "E0101 `jpy` `jpy` is not in the language"),
        ("record r { a: int b: int }", "E0101 `` `,` is missing here"),
        ("record r {\n a: int\n in: text\n}", "E0101 `in` `in` is a reserved word and cannot be a name"),
        ("event e abuot item { a: int }", "E0101 `abuot` `abuot` is not expected here"),
        ("event e { a: int", "E0105 `{` `{` is never closed"),
        ("event e { a: int }\n}", "E0105 `}` `}` closes nothing"),
        ("policy p { cap messages }", "E0101 `messages` `messages` is not expected here"),
        ("policy p { quit 21:00..08:00 }", "E0102 `quit` `quit` does not begin a rule of a policy"),
        ("policy p { quiet 21:00～08:00 }", "E0103 `～` full-width `～`"),
        ("segment s = a and", "E0101 `` this is not finished"),
        ("segment s a", "E0101 `a` `a` is not expected here"),
        ("test j { +5d }", "E0101 `` this is not finished"),
        ("test j \"t\" { clck 2026-04-01 20:30 }", "E0102 `clck` `clck` does not begin a line of a test"),
        ("test j \"t\" { +1h expct sent email }", "E0102 `expct` `expct` does not begin a line of a test"),
        ("test j \"t\" { expect snt email }", "E0101 `snt` `snt` is not expected here"),
        ("test j \"t\" { given history { 5d a } }", "E0101 `5d` `5d` is not expected here"),
        ("test j \"t\" { pin a b }", "E0101 `b` `b` is not expected here"),
        ("moves j from \"v1\" { a too b }", "E0101 `too` `too` is not expected here"),
    ] {
        assert_eq!(told(text), [expected], "{text}");
    }
}

#[test]
fn one_bad_line_hides_no_other() {
    let text = "journey a {
  sned email x
  wait 3 d
  if profile.rank = gold { stop }
  blargh blargh
  send email
  start when
}
record r {
  a text
  b: int
}
journey b {
  goto c
  stop
}
";
    let found = told(text);
    assert_eq!(found.len(), 8, "{found:#?}");
    let (file, _) = parse(SourceId(0), text);
    assert_eq!(file.items.len(), 3);
}

/// A missing or extra brace: told once, at the brace, and the declarations after it are read.
#[test]
fn braces_are_found_by_the_layout_of_the_lines() {
    for (text, expected, caret_line, items) in [
        ("journey a {\n  stop\n\njourney b {\n  stop\n}\n", "`{` is never closed", 1, 2),
        ("journey a {\n  if x {\n    stop\n  stop\n}\n\nsegment b = c\n", "`{` is never closed", 2, 2),
        ("journey a {\n  if x {\n    stop\n  }\n  }\n  stop\n}\nsegment b = c\n", "`}` closes nothing", 5, 2),
        ("journey a {\n  only if (b\n  stop\n}\nsegment c = d\n", "`(` is never closed", 2, 2),
        ("segment a = [b, c\nsegment d = e\n", "`[` is never closed", 1, 2),
    ] {
        let (file, found) = parse(SourceId(0), text);
        let source = Source::new("test.tabi", text);
        let shown: Vec<_> =
            found.iter().map(|d| (&*d.headline.en, source.line_column(d.primary.span.start).0)).collect();
        assert_eq!(shown, [(expected, caret_line)], "{text}");
        assert_eq!(file.items.len(), items, "{text}");
    }
}

// ---- trees -------------------------------------------------------------------------------------------------------

/// An expression with all its parentheses.
fn spelled(expr: &Expr) -> String {
    match &*expr.kind {
        ExprKind::Name(name) => name.clone(),
        ExprKind::Number(number) => number.text.clone(),
        ExprKind::Binary { op, left, right, .. } => {
            let sign = match op {
                BinaryOp::OrElse => "??",
                BinaryOp::Or => "or",
                BinaryOp::And => "and",
                BinaryOp::Equal => "==",
                BinaryOp::Add => "+",
                BinaryOp::Subtract => "-",
                BinaryOp::Multiply => "*",
                _ => "?",
            };
            format!("({} {sign} {})", spelled(left), spelled(right))
        }
        ExprKind::Not(of) => format!("(not {})", spelled(of)),
        ExprKind::Negate(of) => format!("(-{})", spelled(of)),
        ExprKind::Field { of, name } => format!("{}.{}", spelled(of), name.text),
        ExprKind::IsSet { of, set } => format!("({} is {})", spelled(of), if *set { "set" } else { "missing" }),
        ExprKind::In { of, list, negated } => {
            format!("({}{} in {})", spelled(of), if *negated { " not" } else { "" }, spelled(list))
        }
        other => format!("{other:?}").split([' ', '(']).next().unwrap_or("").to_string(),
    }
}

#[test]
fn precedence() {
    for (text, expected) in [
        ("a or b and c", "(a or (b and c))"),
        ("a or else b or c", "(a ?? (b or c))"),
        ("not a == b", "(not (a == b))"),
        ("not a and b", "((not a) and b)"),
        ("not not a", "(not (not a))"),
        ("a - b - c", "((a - b) - c)"),
        ("a + b * c", "(a + (b * c))"),
        ("-a.b * c", "((-a.b) * c)"),
        ("a == b + 1 or c", "((a == (b + 1)) or c)"),
        ("a is set and b is missing", "((a is set) and (b is missing))"),
        ("a not in b and c in d", "((a not in b) and (c in d))"),
        ("(a or b) and c", "((a or b) and c)"),
        ("a == not b", "(a == (not b))"),
    ] {
        let (file, found) = parse(SourceId(0), &format!("segment s = {text}"));
        assert!(found.is_empty(), "{text}: {found:#?}");
        let [Item::Segment(segment)] = file.items.as_slice() else { panic!("{text}: not one segment") };
        assert_eq!(spelled(&segment.condition), expected, "{text}");
    }
}

/// Words of the language stay names where what follows does not fit them.
#[test]
fn words_are_contextual() {
    for (text, expected) in [
        ("last is set", "(last is set)"),
        ("last == first", "(last == first)"),
        ("did in [a]", "(did in List)"),
        ("last purchase", "Nth"),
        ("did purchase", "Did"),
        ("count == 3", "(count == 3)"),
        ("count of purchase", "Count"),
        ("split + sum", "(split + sum)"),
        ("days + tagged", "(days + tagged)"),
        ("会員 == next", "(会員 == next)"),
        ("ordering and notes or island", "((ordering and notes) or island)"),
    ] {
        let (file, found) = parse(SourceId(0), &format!("segment s = {text}"));
        assert!(found.is_empty(), "{text}: {found:#?}");
        let [Item::Segment(segment)] = file.items.as_slice() else { panic!("{text}: not one segment") };
        assert_eq!(spelled(&segment.condition), expected, "{text}");
    }
}

#[test]
fn a_misspelt_verb_still_gives_its_step() {
    let (file, _) = parse(SourceId(0), "journey j {\n  sned email x as y\n  delay 3d\n  if a { emial b }\n}\n");
    let [Item::Journey(journey)] = file.items.as_slice() else { panic!("not one journey") };
    let kinds: Vec<_> =
        journey.lines.iter().map(|l| matches!(l, JourneyLine::Step(s) if s.kind != StepKind::Error)).collect();
    assert_eq!(kinds, [true, true, true]);
}

#[test]
fn line_ends_of_every_kind_are_line_ends() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["journey j {", "  stop", "\t wait\u{3000}3d", "}", ""].join(end);
        let (file, found) = parse(SourceId(0), &format!("\u{feff}{text}"));
        assert!(found.is_empty(), "{end:?}: {found:#?}");
        let [Item::Journey(journey)] = file.items.as_slice() else { panic!("{end:?}: not one journey") };
        assert_eq!(journey.lines.len(), 2, "{end:?}");
    }
}

/// Each line of a policy and of a test reaches the tree.
#[test]
fn no_line_is_lost() {
    let (file, _) = parse(SourceId(0), include_str!("../../tests/corpus/everything.tabi"));
    for item in &file.items {
        match item {
            Item::Policy(policy) => assert_eq!(policy.rules.len(), 8),
            Item::Test(test) => {
                assert_eq!(test.lines.len(), 39);
                assert!(test.lines.iter().all(|l| l.kind != TestLineKind::Error));
            }
            Item::Moves(moves) => assert_eq!(moves.moves.len(), 5),
            Item::Profile(profile) => assert_eq!(profile.fields.len(), 12),
            Item::Enum(_)
            | Item::Record(_)
            | Item::Event(_)
            | Item::Message(_)
            | Item::Action(_)
            | Item::Allow(_)
            | Item::Segment(_) => {}
            Item::Journey(journey) => assert!(!journey.lines.is_empty()),
            Item::Error(span) => panic!("unread: {span:?}"),
        }
    }
}
