//! Paper keeps what would have gone out, in memory and as files, and no more than it should.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value as Json, json};
use tabi::channels::paper::{KEPT_MAX, Paper, What};
use tabi::ir::Channel;
use tabi::ports::environment::PaperSettings;
use tabi::ports::{Call, CallOutcome, Delivery, Doer, Noticeboard, Outcome, Posting, Provider};
use tabi::render::{Email, Line, Part, Push, sms};
use tabi::value::Span;

use super::other_side::ask;
use super::{NOW, delivery};

fn email() -> Email {
    Email {
        subject: "春の新茶が届きました。どうぞゆっくりお楽しみください。いつもありがとうございます".to_owned(),
        preheader: None,
        from: "つむぎ堂 <letter@shop.example>".to_owned(),
        reply_to: Some("support@shop.example".to_owned()),
        html: "<p>新茶です。<a href=\"https://shop.example\">見る</a></p>".to_owned(),
        text: "新茶です。".to_owned(),
        headers: vec![("List-Unsubscribe".to_owned(), "<https://m.shop.example/u/1>".to_owned())],
    }
}

fn numbered(part: Part, to: &str, message: &str, number: u32) -> Delivery {
    Delivery { key: format!("key-{number}"), ..delivery(part, to, message) }
}

fn accepted(number: u64) -> Outcome {
    Outcome::Accepted { provider_id: Some(format!("paper-{number}")) }
}

#[tokio::test]
async fn every_channel_becomes_a_file_that_opens() {
    let root = tempfile::tempdir().unwrap();
    let settings = PaperSettings { folder: Some(PathBuf::from("outbox")), files_max: 100 };
    let paper = Paper::open(&settings, root.path()).unwrap();
    let parts = [
        (Channel::Email, Part::Email(email()), "hanako@example.com"),
        (Channel::Sms, Part::Sms(sms::of("期限は明日です".to_owned())), "+819012345678"),
        (
            Channel::Line,
            Part::Line(Line {
                messages: vec![json!({ "type": "text", "text": "こんにちは" })],
                notification: "こんにちは".to_owned(),
                bytes: vec![20],
                cut: Vec::new(),
            }),
            "U0123",
        ),
        (
            Channel::Push,
            Part::Push(Push { title: "a".to_owned(), body: "b".to_owned(), link: None, image: None, data: Vec::new() }),
            "../../etc/passwd",
        ),
        (Channel::Webhook, Part::Webhook(json!({ "a": 1 })), ""),
    ];
    for (at, (channel, part, to)) in parts.into_iter().enumerate() {
        let provider = paper.provider(channel);
        assert_eq!((provider.manifest().channel, provider.manifest().provider), (channel, "paper"));
        let outcome = provider.deliver(&numbered(part, to, "新茶", at as u32)).await;
        assert_eq!(outcome, accepted(at as u64 + 1));
    }
    let call = Call {
        key: "call-1".to_owned(),
        attempt: 1,
        now: NOW,
        journey: "birthday".to_owned(),
        action: "coupon.issue".to_owned(),
        person: "u-1".to_owned(),
        params: json!({ "rate": 10 }),
        patience: Span(1_000),
    };
    assert_eq!(paper.call(&call).await, CallOutcome::Answered(json!({})));
    let posting = Posting { urgent: false, title: "承認/待ち".to_owned(), text: "t".to_owned(), link: None };
    paper.post(&posting).await.unwrap();

    let folder = root.path().join("outbox");
    let mut names: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let expected = [
        "000001-email-新茶-hanako@example.com.eml",
        "000002-sms-新茶-+819012345678.txt",
        "000003-line-新茶-U0123.json",
        "000004-push-新茶-.._.._etc_passwd.json",
        "000005-webhook-新茶.json",
        "000006-action-coupon.issue-u_1.json",
        "000007-notice-承認_待ち.json",
    ];
    assert_eq!(names, expected);
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let mail = ask(json!({ "ask": "mail", "text": text(expected[0]) }));
    assert_eq!(mail["defects"], json!([]));
    assert_eq!(mail["headers"]["Subject"], email().subject.as_str());
    assert_eq!(mail["headers"]["From"], email().from.as_str());
    assert_eq!(mail["headers"]["To"], "hanako@example.com");
    assert_eq!(mail["headers"]["Date"], "Wed, 01 Apr 2026 00:00:00 +0000");
    assert_eq!(mail["headers"]["List-Unsubscribe"], "<https://m.shop.example/u/1>");
    assert_eq!(mail["headers"]["X-Tabi-Key"], "key-0");
    assert_eq!(mail["plain"].as_str().unwrap().trim(), "新茶です。");
    assert_eq!(mail["html"].as_str().unwrap().trim(), email().html);
    assert_eq!(text(expected[1]), "To: +819012345678\nParts: 1 (UCS-2)\n\n期限は明日です\n");
    let line: Json = serde_json::from_str(&text(expected[2])).unwrap();
    assert_eq!(line["messages"][0]["text"], "こんにちは");
    assert_eq!((&line["line"], &line["at"]), (&json!("新茶"), &json!("2026-04-01T00:00:00Z")));
    let action: Json = serde_json::from_str(&text(expected[5])).unwrap();
    assert_eq!((&action["person"], &action["params"]["rate"]), (&json!("u-1"), &json!(10)));
    let (count, kept) = paper.kept();
    assert_eq!((count, kept.len()), (7, 7));
    assert_eq!(kept[0].what, What::Message(Part::Email(email())));
}

#[tokio::test]
async fn the_oldest_files_go_first_and_only_its_own() {
    let root = tempfile::tempdir().unwrap();
    let mine = root.path().join("000000-notes.txt");
    fs::write(&mine, "mine").unwrap();
    fs::create_dir(root.path().join("archive")).unwrap();
    let settings = PaperSettings { folder: Some(PathBuf::from(".")), files_max: 3 };
    let write = async |paper: &Paper, number: u32| {
        let provider = paper.provider(Channel::Sms);
        provider.deliver(&numbered(Part::Sms(sms::of("a".to_owned())), "+81", "m", number)).await
    };
    let count = || fs::read_dir(root.path()).unwrap().count();
    let paper = Paper::open(&settings, root.path()).unwrap();
    for number in 1..=5 {
        assert_eq!(write(&paper, number).await, accepted(u64::from(number)));
    }
    assert_eq!(count(), 3 + 2);
    // Another start carries on, and finds what is there.
    fs::remove_file(root.path().join("000003-sms-m-+81.txt")).unwrap();
    let paper = Paper::open(&settings, root.path()).unwrap();
    for number in 6..=8 {
        assert_eq!(write(&paper, number).await, accepted(u64::from(number)));
    }
    assert_eq!(count(), 3 + 2);
    assert!(root.path().join("000008-sms-m-+81.txt").exists() && !root.path().join("000005-sms-m-+81.txt").exists());
    assert_eq!(fs::read_to_string(mine).unwrap(), "mine");
}

#[tokio::test]
async fn one_key_is_one_sheet_and_the_pile_is_bounded() {
    let root = tempfile::tempdir().unwrap();
    let paper = Paper::open(&PaperSettings::default(), root.path()).unwrap();
    let provider = paper.provider(Channel::Webhook);
    let deliver = async |number: u32| provider.deliver(&numbered(Part::Webhook(json!(number)), "", "m", number)).await;
    assert_eq!(deliver(0).await, accepted(1));
    assert_eq!(deliver(0).await, Outcome::Accepted { provider_id: None }, "it had it before");
    for number in 1..=KEPT_MAX as u32 {
        deliver(number).await;
    }
    let (count, kept) = paper.kept();
    assert_eq!((count, kept.len()), (KEPT_MAX as u64 + 1, KEPT_MAX));
    assert_eq!(kept[0].what, What::Message(Part::Webhook(json!(1))), "the oldest is gone");
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0, "no folder was asked for");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_said() {
    let root = tempfile::tempdir().unwrap();
    let settings = PaperSettings { folder: Some(PathBuf::from("outbox")), files_max: 3 };
    let paper = Paper::open(&settings, root.path()).unwrap();
    fs::remove_dir(root.path().join("outbox")).unwrap();
    let outcome = paper.provider(Channel::Webhook).deliver(&numbered(Part::Webhook(json!(1)), "", "m", 1)).await;
    assert!(matches!(&outcome, Outcome::Misconfigured { why } if why.contains("outbox")), "{outcome:?}");
    fs::create_dir(root.path().join("outbox")).unwrap();
    let again = paper.provider(Channel::Webhook).deliver(&numbered(Part::Webhook(json!(1)), "", "m", 1)).await;
    assert_eq!(again, accepted(2), "tried again, it is written");
    fs::write(root.path().join("file"), "").unwrap();
    let through = PaperSettings { folder: Some(PathBuf::from("file/outbox")), files_max: 3 };
    assert!(Paper::open(&through, root.path()).is_err());
}

#[tokio::test]
async fn an_address_that_no_mail_could_have_is_kept_all_the_same() {
    let root = tempfile::tempdir().unwrap();
    let settings = PaperSettings { folder: Some(PathBuf::from("outbox")), files_max: 3 };
    let paper = Paper::open(&settings, root.path()).unwrap();
    let odd = Email { subject: "a\r\nBcc: all@example.com".to_owned(), ..email() };
    paper.provider(Channel::Email).deliver(&numbered(Part::Email(odd), "hanako@example.com", "m", 1)).await;
    paper.provider(Channel::Email).deliver(&numbered(Part::Email(email()), "no address", "m", 2)).await;
    let text = fs::read_to_string(root.path().join("outbox/000001-email-m-hanako@example.com.eml")).unwrap();
    assert!(!text.contains("\nBcc:"), "{text}");
    let json: Json =
        serde_json::from_slice(&fs::read(root.path().join("outbox/000002-email-m-no_address.json")).unwrap()).unwrap();
    assert_eq!(json["email"]["text"], "新茶です。");
}
