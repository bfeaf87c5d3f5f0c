//! Settings that show in what a message says and costs: `sender`, `costs`.
//!
//! How settings go wrong in general is told in `tests/cli.rs`.

use super::run::{CONFIG, folder, told};

const SHOP: &str = r#"profile {
  given_name: text?  pii
  phone:      phone? pii
  email:      email? pii
}
event order about profile { order_id: id }
message mail on email for transactional from "mail.html"
message note on sms   for transactional from "note.yaml" takes { order_id: id }
policy standard {
  timezone Asia/Tokyo
  quiet    21:00..08:00 then hold
  cap      3 messages per 7d
}
journey thanks {
  purpose service
  owner   "@crm"
  under   policy standard
  goal    order within 7d
  review  every 3mo by "@crm"
  reentry always

  start when order as order

  send sms note with { order_id: order.order_id }
    otherwise send email mail
}
"#;
const MAIL: &str =
    "---\nsubject: x\nfrom: a@b.jp\n---\n<p>{{ sender.name }} / {{ sender.address }} / {{ sender.contact }}</p>\n";
const SENDER: &str = "sender:\n  name: つむぎ堂\n  address: 京都市\n  contact: help@b.jp\n";
/// 70 letters are one part, 71 are two.
const NOTE: &str = "text: \"{{ profile.given_name | default('お客') | truncate(4) }}さま、ご注文{{ order_id }}を承りました。お届けまでしばらくお待ちください。ありがとうございます。またのご利用を心よりお待ちしております。\"\n";

fn run(settings: &str, arguments: &[&str]) -> (String, i32) {
    let settings = format!("{CONFIG}{settings}");
    let files = [("tabi.yaml", settings.as_str()), ("shop.tabi", SHOP), ("mail.html", MAIL), ("note.yaml", NOTE)];
    told(folder(&files).path(), arguments)
}

#[test]
fn templates_know_the_sender_that_the_settings_name() {
    let (text, code) = run(SENDER, &["render", "mail"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("つむぎ堂 / 京都市 / help@b.jp"), "{text}");
}

#[test]
fn a_sender_that_is_not_whole_is_told_where_it_is_used() {
    // An empty text says nothing.
    for settings in ["", "sender:\n  name: つむぎ堂\n", "sender:\n  name: a\n  address: \"  \"\n  contact: b\n"] {
        let (text, code) = run(settings, &["check"]);
        assert_eq!(code, 1, "{settings}: {text}");
        assert!(text.contains("mail.html:5") && text.contains("`tabi.yaml` does not say what `sender."), "{text}");
    }
}

#[test]
fn a_wrong_sender_is_told_in_the_settings() {
    let cases = [
        ("sender:\n  nmae: a\n", "`name`"),
        ("sender: つむぎ堂\n", "sender"),
        ("sender:\n  name: [a]\n", "sender"),
        ("sender:\n  - name\n", "sender"),
    ];
    for (settings, words) in cases {
        let (text, code) = run(settings, &["check"]);
        assert_eq!(code, 1, "{settings}: {text}");
        let found = text.find("E0108").expect("the settings are told");
        assert!(text[found..].contains("tabi.yaml:") && text[found..].contains(words), "{settings}: {text}");
    }
}

#[test]
fn a_text_message_shows_its_parts_and_what_they_cost() {
    let settings = format!("{SENDER}costs:\n  sms: 8.5 JPY\n");
    let (text, code) = run(&settings, &["render", "note"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("-- 2 parts to pay for (UCS-2)") && text.contains("-- cost: 17 JPY"), "{text}");
    let (text, _) = run(&settings, &["--lang", "ja", "render", "note"]);
    assert!(text.contains("-- 料金 2 通分 (UCS-2)") && text.contains("-- 費用: 17 JPY"), "{text}");

    let (text, _) = run(&settings, &["show", "thanks"]);
    assert!(text.contains("1 to 2 parts, 8.5 to 17 JPY, for sample people"), "{text}");
    let (text, _) = run(&settings, &["--lang", "ja", "show", "thanks", "--as", "json"]);
    assert!(text.contains("料金 1～2 通分、8.5～17 JPY (見本の人の場合)"), "{text}");
    // Without a price only the parts are known.
    let (text, _) = run(SENDER, &["show", "thanks"]);
    assert!(text.contains("1 to 2 parts, for sample people") && !text.contains("JPY"), "{text}");
}
