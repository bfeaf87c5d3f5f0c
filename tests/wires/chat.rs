//! Notices in Slack's and Chatwork's own forms.

use secrecy::SecretString;
use serde_json::json;
use tabi::channels::chat::{Chatwork, Slack};
use tabi::channels::http::{Http, Reach};
use tabi::ports::{Noticeboard, Posting};

use super::sink::Sink;

fn notice() -> Posting {
    Posting {
        urgent: true,
        title: "承認待ち: welcome".to_owned(),
        text: "<b> & 12 人 [info]待っています[/info]".to_owned(),
        link: Some("https://m.shop.example/a?b=1&c=2".to_owned()),
    }
}

#[tokio::test]
async fn slack_gets_blocks_with_its_three_signs_escaped() {
    let sink = Sink::saying(200, "ok").await;
    let url = SecretString::from(format!("{}/services/T0/B0/XYZ", sink.url()));
    let slack = Slack::new(&url, Http::new(Reach::Anywhere)).unwrap();
    slack.post(&notice()).await.unwrap();
    let seen = sink.only();
    assert_eq!(seen.target, "/services/T0/B0/XYZ");
    let body = seen.json();
    assert_eq!(body["text"], "🚨 承認待ち: welcome");
    assert_eq!(body["blocks"][0]["text"]["text"], "🚨 承認待ち: welcome");
    let text = "&lt;b&gt; &amp; 12 人 [info]待っています[/info]\n<https://m.shop.example/a?b=1&amp;c=2>";
    assert_eq!(body["blocks"][1], json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } }));

    let long = Posting { text: "&".repeat(10_000), title: "長".repeat(300), ..notice() };
    slack.post(&long).await.unwrap();
    let body = sink.seen()[1].json();
    let (title, text) = (&body["blocks"][0]["text"]["text"], &body["blocks"][1]["text"]["text"]);
    assert_eq!(title.as_str().unwrap().chars().count(), 150);
    let text = text.as_str().unwrap();
    assert!((2_500..=3_000).contains(&text.chars().count()), "{}", text.chars().count());
    assert!(text.ends_with("&amp;c=2>") && text.contains("&amp;…"), "whole signs only: {text}");
    let bare = Posting { text: String::new(), link: None, urgent: false, title: "a".to_owned() };
    slack.post(&bare).await.unwrap();
    assert_eq!(sink.seen()[2].json()["blocks"].as_array().unwrap().len(), 1, "an empty section is an error");
}

#[tokio::test]
async fn chatwork_gets_a_form_and_its_own_frame() {
    let sink = Sink::saying(200, r#"{"message_id": "1"}"#).await;
    let chatwork =
        Chatwork::new(&sink.url(), "123", SecretString::from("token-1"), Http::new(Reach::Anywhere)).unwrap();
    chatwork.post(&notice()).await.unwrap();
    let seen = sink.only();
    assert_eq!(seen.target, "/v2/rooms/123/messages");
    assert_eq!(seen.header("x-chatworktoken"), "token-1");
    let body = "[info][title]🚨 承認待ち: welcome[/title]<b> & 12 人 ［info］待っています［/info］\nhttps://m.shop.example/a?b=1&c=2[/info]";
    assert_eq!(seen.field("body"), body);
    assert!(!format!("{chatwork:?}").contains("token-1"));
}

#[tokio::test]
async fn a_refusal_is_told_and_nothing_else_happens() {
    let sink = Sink::saying(404, "no_service").await;
    let url = SecretString::from(format!("{}/services/secret-path", sink.url()));
    let slack = Slack::new(&url, Http::new(Reach::Anywhere)).unwrap();
    let why = slack.post(&notice()).await.unwrap_err();
    assert_eq!(why, "404: no_service");
    assert!(!format!("{slack:?}").contains("secret-path"), "{slack:?}");
    assert_eq!(sink.seen().len(), 1);
    let wrong = Slack::new(&SecretString::from("http://hooks.slack.com/services/secret"), Http::new(Reach::Anywhere));
    let why = wrong.unwrap_err();
    assert!(why.contains("https") && !why.contains("secret"), "{why}");
}
