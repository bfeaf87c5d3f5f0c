//! What was left in English: reasons of libraries and of the system, names of personas and of kinds of people, headings.
//!
//! That every text has its Japanese is held elsewhere; this is what comes from outside or is put together.

use std::path::{Path, PathBuf};

use super::run::{CONFIG, data, folder, output, told};

const SHOP: &str = "profile { email: email? pii }\nmessage mail on email for transactional from \"m.mjml\"\n";

fn campaigns() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns")
}

/// What `check` says in Japanese of a mail with this head and body.
fn checked(head: &str, body: &str) -> String {
    let mail = format!("---\n{head}\nfrom: \"a@b.jp\"\n---\n{body}\n");
    let project = folder(&[("tabi.yaml", CONFIG), ("shop.tabi", SHOP), ("m.mjml", &mail)]);
    told(project.path(), &["--lang", "ja", "check"]).0
}

#[test]
fn reasons_of_libraries_are_in_japanese() {
    let page = |inner: &str| {
        format!(
            "<mjml><mj-body><mj-section><mj-column><mj-text>{inner}</mj-text></mj-column></mj-section></mj-body></mjml>"
        )
    };
    let cases = [
        ("subject: a: b", page("x"), "ここに `:` は書けません"),
        ("subject: \"a", page("x"), "引用符"),
        ("subject: @a", page("x"), "値の先頭に書けない文字です"),
        ("subject: a", page("<p>x"), "`<p>` が閉じていません"),
        ("subject: a", page("1 < 2"), "文中の `<` は `&lt;` と書きます"),
        ("subject: a", page("a\u{1}b"), "文中に使えない文字があります"),
    ];
    for (head, body, words) in cases {
        let said = checked(head, &body);
        assert!(said.contains(words), "{head} {body}\n{said}");
        for english in ["did not find", "not allowed", "unable to", "unexpected", "invalid"] {
            assert!(!said.contains(english), "{head} {body}\n{said}");
        }
    }
}

#[test]
fn settings_that_are_no_yaml_are_told_in_japanese() {
    let project = folder(&[("tabi.yaml", "name: [a\n"), ("shop.tabi", SHOP)]);
    let (said, _) = told(project.path(), &["--lang", "ja", "check"]);
    assert!(said.contains("`]` が閉じていません"), "{said}");
}

#[test]
fn what_the_system_says_is_told_in_japanese() {
    let refused = output(&campaigns(), &["--lang", "ja", "render", "cart_mail", "--person", "nobody.yaml"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("ファイルかフォルダーがありません") && !said.contains("No such"), "{said}");
}

#[test]
fn names_of_people_are_japanese() {
    let (said, _) = told(&campaigns(), &["--lang", "ja", "personas"]);
    assert!(said.contains("nudge のクリック") && !said.contains("clicked"), "{said}");
    let (said, _) = told(&campaigns(), &["--lang", "ja", "render", "cart_mail", "--all-personas"]);
    assert!(said.contains("ふつう") && !said.contains("usual"), "{said}");
}

#[test]
fn help_in_sarif_has_japanese_headings() {
    let (said, _) = told(&data("bad"), &["--lang", "ja", "check", "--format", "sarif"]);
    assert!(said.contains("## 誤りの例") && said.contains("## 正しい例"), "{said}");
    assert!(!said.contains("## Wrong") && !said.contains("## Right"), "{said}");
    let (english, _) = told(&data("bad"), &["check", "--format", "sarif"]);
    assert!(english.contains("## Wrong") && !english.contains("誤りの例"));
}
