//! Why YAML cannot be read, in English and Japanese: the reasons that the YAML library is known to give, in our words.
//!
//! Reads no YAML. A reason that is not known is quoted as the library's own word.

/// Reasons by what the library's begin with or hold: the library, English, Japanese.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "mapping values are not allowed",
        "a `:` that begins no value; is a text with `:` in it without quotation marks, or a line indented wrongly?",
        "ここに `:` は書けません。引用符のない文字列に `:` があるか、字下げがずれています",
    ),
    ("mapping keys are not allowed", "a `?` that may not stand here", "ここに `?` は書けません"),
    (
        "block sequence entries are not allowed",
        "a `-` that may not stand here; begin a list on a line of its own",
        "ここに `-` は書けません。リストは次の行から始めます",
    ),
    ("could not find expected ':'", "a `:` is missing behind a key", "キーの後に `:` がありません"),
    ("did not find expected ',' or ']'", "a list that is not closed with `]`", "リストの `]` が閉じていません"),
    ("did not find expected ',' or '}'", "a `{` that is not closed with `}`", "`{` が `}` で閉じていません"),
    (
        "did not find expected '-' indicator",
        "a list whose lines do not all begin with `-`",
        "リストの行が `-` で始まっていません",
    ),
    (
        "did not find expected key",
        "a line that is not in line with the others, or a text behind a closed quotation mark",
        "行の字下げが前後と合っていないか、閉じた引用符の後に文字があります",
    ),
    ("did not find expected node content", "a value is missing", "値がありません"),
    (
        "did not find expected <document start>",
        "something in front of the first key",
        "最初のキーの前に余分なものがあります",
    ),
    (
        "did not find expected comment or line break",
        "something behind a value that ends there",
        "値の後に余分なものがあります",
    ),
    ("did not find expected whitespace", "a space is missing", "空白が足りません"),
    (
        "did not find expected hexadecimal number",
        "an escape `\\x`, `\\u` without its digits",
        "`\\x` や `\\u` の後に桁が足りません",
    ),
    (
        "did not find expected alphabetic or numeric character",
        "a `*` or `&` without a name; put the text between quotation marks",
        "`*` や `&` の後に名前がありません。文字列なら引用符で囲みます",
    ),
    (
        "found character that cannot start any token",
        "a letter that may not begin a value, such as a tab, `@`, `` ` `` or `%`; put the text between quotation marks",
        "値の先頭に書けない文字です (タブ・`@`・`` ` ``・`%` など)。文字列なら引用符で囲みます",
    ),
    (
        "found a tab character",
        "a tab where spaces are expected; indent with spaces",
        "タブで字下げされています。半角スペースを使います",
    ),
    ("found unknown escape character", "an unknown escape behind `\\`", "`\\` の後の文字が正しくありません"),
    ("found invalid Unicode character escape", "an escape that is no letter", "`\\u` が文字を表していません"),
    ("found unexpected end of stream", "a quotation mark that is never closed", "引用符が閉じていません"),
    ("found unexpected document indicator", "a `---` within a text", "文字列の中に `---` があります"),
    (
        "found undefined tag handle",
        "an unknown `!tag`; put the text between quotation marks",
        "知らない `!タグ` です。文字列なら引用符で囲みます",
    ),
    ("found duplicate", "a directive that stands twice", "指示行が二度あります"),
    ("found unexpected ':'", "a `:` that may not stand here", "ここに `:` は書けません"),
    ("control characters are not allowed", "a control character", "制御文字があります"),
    ("invalid leading UTF-8", "not UTF-8", "UTF-8 ではありません"),
    ("invalid trailing UTF-8", "not UTF-8", "UTF-8 ではありません"),
    ("incomplete UTF-8", "not UTF-8", "UTF-8 ではありません"),
    (
        "unknown anchor",
        "a `*name` without its `&name`; put the text between quotation marks",
        "`*名前` に対応する `&名前` がありません。文字列なら引用符で囲みます",
    ),
    ("recursion limit exceeded", "nested too deeply", "入れ子が深すぎます"),
    ("repetition limit exceeded", "anchors repeat too much", "`&` と `*` による繰り返しが多すぎます"),
    ("EOF while parsing", "nothing is in it", "中身がありません"),
    ("more than one document", "a second document behind `---`", "`---` の後に二つ目の文書があります"),
    ("invalid type", "a value of another kind is expected", "値の種類が違います"),
];

/// What the library says, in English and Japanese; `detail` may tell a place, which is left out. Where the library names
/// something of the file's (a key, a kind), its own words follow.
pub fn reason(detail: &str) -> (String, String) {
    let detail = detail.split(" at line ").next().unwrap_or(detail);
    if let Some(told) = key(detail) {
        return told;
    }
    match KNOWN.iter().find(|(known, ..)| detail.contains(known)) {
        Some((_, en, ja)) if detail.contains(['`', '"']) => {
            (format!("{en} (“{detail}”)"), format!("{ja} (「{detail}」)"))
        }
        Some((_, en, ja)) => ((*en).to_owned(), (*ja).to_owned()),
        None => (format!("“{detail}”"), format!("「{detail}」")),
    }
}

/// Of a key by name: one that is unknown, missing or there twice. The path in front of it stays.
fn key(detail: &str) -> Option<(String, String)> {
    let named = |before: &str, quote: char| {
        let (path, rest) = detail.split_once(before)?;
        let (name, rest) = rest.split_once(quote)?;
        Some((path.to_owned(), name.to_owned(), rest.to_owned()))
    };
    if let Some((path, name, rest)) = named("unknown field `", '`') {
        let known = rest.trim_start_matches(", expected ").trim_start_matches("one of ");
        return Some((
            format!("{path}unknown key `{name}`; there is {known}"),
            format!("{path}知らないキー `{name}`。使えるもの: {known}"),
        ));
    }
    if let Some((path, name, _)) = named("missing field `", '`') {
        return Some((format!("{path}the key `{name}` is missing"), format!("{path}キー `{name}` がありません")));
    }
    let (path, name, _) = named("duplicate entry with key \"", '"')?;
    Some((format!("{path}`{name}` stands twice"), format!("{path}`{name}` が二度あります")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_authors_get_wrong_is_told_in_our_words() {
        let wrong = [
            "a: b: c",
            "a:\n\t- b",
            "a: [1, 2",
            "a: {b: 1",
            "a: \"b",
            "a: 'b' c",
            "a: @b",
            "a: %b",
            "a: `b`",
            "a: *b",
            "a: !!!b",
            "a: \"\\q\"",
            "a: 1\n  b: 2",
            "a:\n  - 1\n b: 2",
            "a: 1\nb\nc: 3",
            "a: - 1",
            "a: &b",
            "? ? a",
            "a: 1\n---\nb: 2",
            "a: \"\\u00zz\"",
            "{a: 1}}",
            "- 1\nb: 2",
            "a: \u{7}",
        ];
        for text in wrong {
            let Err(error) = serde_yaml::from_str::<serde_yaml::Value>(text) else { continue };
            let (en, ja) = reason(&error.to_string());
            assert!(!en.contains('“') || text.contains("quoted"), "{text:?}: {error}: {en}");
            assert!(!ja.is_empty() && !ja.contains("line"), "{text:?}: {ja}");
        }
        assert_eq!(reason("something new at line 3 column 1").1, "「something new」");
        assert_eq!(reason("duplicate entry with key \"a\" at line 2 column 1").1, "`a` が二度あります");
        let unknown = reason("events[0]: unknown field `tme`, expected one of `a`, `b` at line 8 column 5");
        assert_eq!(unknown.0, "events[0]: unknown key `tme`; there is `a`, `b`");
        assert_eq!(reason("missing field `x`").1, "キー `x` がありません");
        assert!(reason("invalid type: string \"a\", expected u8").1.starts_with("値の種類が違います (「"));
    }
}
