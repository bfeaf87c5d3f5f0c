//! Renderers on the texts that break renderers: Japanese, half-width kana, emoji, tabs, no text at all.

use unicode_width::UnicodeWidthStr;

use super::*;
use crate::diag::{Code, Diagnostic, Language};
use crate::text::{Source, SourceId};

fn sources(text: &str) -> Sources {
    let mut sources = Sources::default();
    sources.add(Source::new("campaigns/cart.tabi", text));
    sources
}

fn span_of(text: &str, word: &str) -> Span {
    let start = text.find(word).expect("the word stands in the text");
    Span::new(SourceId(0), start, start + word.len())
}

fn mistake(text: &str, word: &str) -> Diagnostic {
    Diagnostic::new(Code::E0401, span_of(text, word), format!("unknown name `{word}`"), format!("`{word}` は未定義"))
        .here("not declared anywhere", "どこにも宣言がありません")
}

#[test]
fn everything_a_diagnostic_can_say_has_its_place() {
    let text =
        "journey f2 {\n  if profile.email is set {\n    wait 3d\n    do erp.note with { to: profile.email }\n  }\n}\n";
    let last = text.rfind("profile.email").unwrap();
    let diagnostic = Diagnostic::new(
        Code::E0411,
        Span::new(SourceId(0), last, last + 13),
        "`profile.email` was checked before a wait",
        "`profile.email` の確認は待機より前のもの",
    )
    .here("may be missing or changed by now", "今は無い、または変わっているかもしれません")
    .other(span_of(text, "profile.email"), "checked here", "ここで確認")
    .other(span_of(text, "wait 3d"), "up to 3d can pass", "最長 3d 経過")
    .note("expected `email`, found `email?`", "`email` が必要、実際は `email?`")
    .help("check again, or keep the address with `let` before the wait", "確認し直すか、待機の前に `let` で控える");
    insta::assert_snapshot!("whole_english", pretty(&diagnostic, &sources(text), Language::English, false));
    insta::assert_snapshot!("whole_japanese", pretty(&diagnostic, &sources(text), Language::Japanese, false));
}

/// Where the caret stands on the screen, against where the word stands.
#[test]
fn carets_stand_under_their_word_whatever_stands_before_it() {
    let befores = [
        "send line ",
        "send line カート放棄 ",
        "send　line　",
        "ｾﾝﾄﾞ ﾗｲﾝ ",
        "send 👩‍👩‍👧‍👦 🎉 ",
        "が\u{3099}か\u{3099} ",
        "\tsend\t",
        "①② ※ ",
        "\u{feff}send ",
    ];
    for before in befores {
        for word in ["nudge", "お知らせ", "ﾅｯｼﾞ", "🎉祝"] {
            let text = format!("# first\n{before}{word} as x\n");
            let shown = pretty(&mistake(&text, word), &sources(&text), Language::English, false);
            let lines: Vec<&str> = shown.lines().collect();
            let at = lines.iter().position(|line| line.contains('^')).expect("a caret line");
            let column = |line: &str, byte: usize| line[..byte].width();
            let wanted = column(lines[at - 1], lines[at - 1].find(word).expect("the source line"));
            let caret = lines[at].find('^').expect("a caret");
            assert_eq!(column(lines[at], caret), wanted, "before {before:?}, word {word:?}:\n{shown}");
            let carets = lines[at].chars().filter(|c| *c == '^').count();
            assert_eq!(carets, word.width(), "before {before:?}, word {word:?}:\n{shown}");
        }
    }
}

#[test]
fn impossible_spans_are_cut_to_the_text() {
    let text = "send カート\n";
    let end_of_text = text.len() as u32;
    for (start, end) in [(0, 9999), (6, 7), (7, 6), (9999, 9999), (end_of_text, end_of_text), (14, 15)] {
        let span = Span { source: SourceId(0), start, end };
        let diagnostic = Diagnostic::new(Code::E0101, span, "odd", "変");
        assert!(pretty(&diagnostic, &sources(text), Language::Japanese, false).contains("E0101"));
        assert!(json(&[diagnostic], &Waivers::default(), &sources(text)).contains("E0101"));
    }
    let nowhere = Diagnostic::new(Code::E0100, Span::new(SourceId(7), 0, 0), "no such project", "プロジェクトなし");
    insta::assert_snapshot!("no_source", pretty(&nowhere, &sources(text), Language::English, false));
    assert!(json(&[nowhere], &Waivers::default(), &sources(text)).contains("\"line\": 0"));
}

#[test]
fn a_source_without_text_and_a_huge_line_are_named_by_place_only() {
    let empty = Diagnostic::new(Code::E0100, Span::new(SourceId(0), 0, 0), "cannot be read", "読めません");
    insta::assert_snapshot!("no_text", pretty(&empty, &sources(""), Language::English, false));
    let huge = format!("{} nudge", "あ".repeat(100_000));
    insta::assert_snapshot!("huge_line", pretty(&mistake(&huge, "nudge"), &sources(&huge), Language::English, false));
}

#[test]
fn json_names_places_in_characters_and_bytes() {
    let text = "send カート nudge\n";
    let diagnostic = mistake(text, "nudge")
        .other(span_of(text, "カート"), "this", "これ")
        .help("did you mean `nudges`", "`nudges` ではありませんか")
        .fix(span_of(text, "nudge"), "nudges");
    insta::assert_snapshot!("json", json(&[diagnostic], &Waivers::default(), &sources(text)));
}

#[test]
fn summaries_count() {
    let text = "a b";
    let error = mistake(text, "a");
    let warning = Diagnostic { severity: Severity::Warning, ..error.clone() };
    let line = |list: &[Diagnostic], files, language| summary(list, files, language);
    assert_eq!(line(&[], 1, Language::English), "no problems in 1 file");
    assert_eq!(
        line(&[error.clone(), error.clone(), warning.clone()], 3, Language::English),
        "2 errors, 1 warning in 3 files"
    );
    assert_eq!(line(std::slice::from_ref(&warning), 2, Language::English), "1 warning in 2 files");
    assert_eq!(line(&[error, warning], 2, Language::Japanese), "2 ファイル中、エラー 1 件、警告 1 件");
}
