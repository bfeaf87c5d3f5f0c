//! Slips that people make in a new project, and hostile files put into it: what `tabi check` says of each.
//!
//! Holds only the words that help; whole reports are shown in the tour.

use std::fs;
use std::path::Path;

use super::run::{folder, output, told};

fn project() -> tempfile::TempDir {
    let parent = folder(&[]);
    let (text, code) = told(parent.path(), &["init", "shop"]);
    assert_eq!(code, 0, "{text}");
    parent
}

fn said(project: &Path, language: &str) -> String {
    let output = output(project, &["check", "--lang", language]);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

#[test]
fn the_remedy_stands_in_the_message() {
    for (file, written, slip, en, ja) in [
        ("journeys/cart.tabi", "3000 JPY", "3,000 JPY", "write `3_000`", "`3_000` か、区切りなしで書く"),
        ("journeys/cart.tabi", "2026-04-01 10:00", "2026/4/1 10:00", "written `2026-04-01`", "日付は `2026-04-01`"),
        ("policies.tabi", "Asia/Tokyo", "JST", "did you mean `Asia/Tokyo`", "`Asia/Tokyo` のことですか"),
        ("tabi.yaml", "Asia/Tokyo", "JST", "did you mean `Asia/Tokyo`", "`Asia/Tokyo` ではありませんか"),
        ("policies.tabi", "policy standard", "policy house", "there is `house`", "使えるもの: `house`"),
        (
            "messages.tabi",
            "guide.mjml",
            "guid.mjml",
            "did you mean `messages/guide.mjml`",
            "`messages/guide.mjml` のこと",
        ),
        ("messages.tabi", "guide.mjml", "autumn.mjml", "help: check the spelling", "対処: つづり"),
        ("messages/cart_mail.mjml", "| money", "| currency", "`money`", "`money`"),
        ("messages/guide.mjml", "</mj-button>", "", "write `</mj-button>` before it", "その前に `</mj-button>`"),
        ("messages/guide.mjml", "{{ unsubscribe_url }}", "{{ unsubscribe_url }", "as `{{ … }}`", "値は `{{ … }}`"),
    ] {
        let folder = project();
        let project = folder.path().join("shop");
        let text = fs::read_to_string(project.join(file)).expect("a file of the project");
        assert!(text.contains(written), "{file} has no {written}");
        fs::write(project.join(file), text.replacen(written, slip, 1)).expect("written");
        for (language, remedy) in [("en", en), ("ja", ja)] {
            let said = said(&project, language);
            assert!(said.contains(remedy), "{slip}: {said}");
        }
    }
}

#[test]
fn a_project_without_its_policies_is_told_so() {
    let folder = project();
    let project = folder.path().join("shop");
    fs::remove_file(project.join("policies.tabi")).expect("removed");
    assert!(said(&project, "en").contains("no policy is declared in this project"));
    assert!(said(&project, "ja").contains("ポリシーの宣言がありません"));
}

#[cfg(unix)]
#[test]
fn links_lead_neither_out_of_the_project_nor_to_devices() {
    let folder = project();
    let project = folder.path().join("shop");
    let letter = folder.path().join("letter.mjml");
    fs::write(&letter, "secret").expect("written");
    fs::remove_file(project.join("messages/guide.mjml")).expect("removed");
    std::os::unix::fs::symlink(&letter, project.join("messages/guide.mjml")).expect("linked");
    let told = said(&project, "en");
    assert!(told.contains("`messages/guide.mjml` is not a file inside the project"), "{told}");

    std::os::unix::fs::symlink("/dev/zero", project.join("journeys/zero.tabi")).expect("linked");
    let told = said(&project, "en");
    assert!(told.contains("zero.tabi` is not an ordinary file"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_elsewhere_brings_nothing_in() {
    let folder = project();
    let project = folder.path().join("shop");
    fs::create_dir(folder.path().join("elsewhere")).expect("made");
    fs::write(folder.path().join("elsewhere/other.tabi"), "sned").expect("written");
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), project.join("other")).expect("linked");
    let (text, code) = told(&project, &["check"]);
    assert_eq!(code, 0, "{text}");
    std::os::unix::fs::symlink("journeys", project.join("within")).expect("linked");
    let (text, code) = told(&project, &["check"]);
    assert_eq!((code, text.contains("6 files")), (0, true), "{text}");
}

#[test]
fn one_cause_is_said_once() {
    for (yaml, tags, expected) in [
        ("name: [\n - {", false, vec!["`tabi.yaml` is not valid YAML"]),
        (
            "name: shop\ntimezone: Asia/Tokyo\ncurrency: JPY\n",
            false,
            vec!["what `sender.address` is", "what `sender.contact` is", "what `sender.name` is"],
        ),
        ("", true, vec!["people have no `tags` here"]),
    ] {
        let folder = project();
        let project = folder.path().join("shop");
        if tags {
            let welcome = fs::read_to_string(project.join("journeys/welcome.tabi")).expect("a file of the project");
            let tagged = welcome.replacen("  wait 3d\n", "  tag \"a\"\n  untag \"b\"\n  wait 3d\n  tag \"c\"\n", 1);
            fs::write(project.join("journeys/welcome.tabi"), tagged).expect("written");
        } else {
            fs::write(project.join("tabi.yaml"), yaml).expect("written");
        }
        let said = said(&project, "en");
        assert_eq!(said.matches("error[").count(), expected.len(), "{said}");
        for headline in expected {
            assert!(said.contains(headline), "{said}");
        }
    }
}

#[test]
fn a_person_of_your_own_is_told_where_things_belong() {
    let folder = project();
    let project = folder.path().join("shop");
    fs::write(project.join("h.json"), r#"{ "given_name": "Hanako" }"#).expect("written");
    let refused = output(&project, &["render", "welcome_mail", "--person", "h.json"]);
    let text = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{text}");
    assert!(text.contains("`given_name` does not belong at the top of `h.json`"), "{text}");
    fs::write(project.join("h.json"), r#"{ "profile": { "given_name": "<b>花子</b>" } }"#).expect("written");
    let (text, code) = told(&project, &["render", "welcome_mail", "--person", "h.json"]);
    assert_eq!((code, text.contains("<b>花子</b>")), (0, true), "{text}");
}
