//! Mail through a real server, read back by somebody else's reader.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value as Json;
use tabi::channels::email::Smtp;
use tabi::ports::environment::{EmailFeedback, EmailSettings, Tls};
use tabi::ports::{Outcome, Provider};
use tabi::render::Email;

use super::deliveries::{KEY, delivery, email, settings};
use super::server::Server;

fn shop(settings: EmailSettings, server: &Server) -> Smtp {
    let login = settings.user.is_some();
    let password = login.then(|| SecretString::from("旅"));
    Smtp::new(&settings, password, server.authority.as_bytes()).unwrap()
}

fn with_login(port: u16, tls: Tls) -> EmailSettings {
    EmailSettings { user: Some("shop".to_owned()), ..settings(port, tls) }
}

fn header<'a>(mail: &'a Json, name: &str) -> Vec<&'a str> {
    let headers = mail["headers"].as_array().unwrap();
    headers.iter().filter(|field| field[0] == name).map(|field| field[1].as_str().unwrap()).collect()
}

fn accepted(number: usize) -> Outcome {
    Outcome::Accepted { provider_id: Some(format!("MAIL{number}")) }
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_meant() {
    let server = Server::start();
    let smtp = shop(with_login(server.port("starttls"), Tls::StartTls), &server);
    let mut order = delivery(email());
    assert_eq!(smtp.deliver(&order).await, accepted(1));
    order.attempt = 2;
    assert_eq!(smtp.deliver(&order).await, accepted(2));

    let (mail, bytes) = server.mail(1);
    assert_eq!(mail["tls"], true);
    assert_eq!(mail["authenticated"], true);
    assert_eq!(mail["from"], format!("bounce+{KEY}@m.shop.example"));
    assert_eq!(mail["to"], serde_json::json!(["hanako@example.jp"]));
    assert_eq!(mail["defects"], serde_json::json!([]));
    assert_eq!(mail["type"], "multipart/alternative");
    assert_eq!(mail["bare"], 0, "no line ends but CRLF");
    // Addresses to leave by cannot be folded; all else is.
    assert!(mail["longest_line"].as_u64().unwrap() <= 100, "{}", mail["longest_line"]);
    for (name, value) in [
        ("From", "旅の店 <hello@shop.example>".to_owned()),
        ("To", "hanako@example.jp".to_owned()),
        ("Reply-To", "お問い合わせ <help@shop.example>".to_owned()),
        ("Subject", email().subject),
        ("Date", "Tue, 01 Dec 2026 10:00:00 +0000".to_owned()),
        ("Message-ID", format!("<{KEY}@shop.example>")),
        ("X-Tabi-Send", KEY.to_owned()),
        (
            "List-Unsubscribe",
            format!("<https://m.shop.example/u/{KEY}>, <mailto:unsub+{KEY}@m.shop.example?subject=unsubscribe>"),
        ),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ("List-Id", "<cart_abandonment.shop.example>".to_owned()),
        ("Precedence", "bulk".to_owned()),
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("Feedback-ID", "cart_mail:cart_abandonment:marketing:shopexample".to_owned()),
    ] {
        assert_eq!(header(&mail, name), [value], "{name}");
    }
    assert_eq!(mail["parts"], serde_json::json!([["text/plain", email().text], ["text/html", email().html]]));

    let (_, again) = server.mail(2);
    assert_eq!(String::from_utf8(bytes).unwrap(), String::from_utf8(again).unwrap(), "a repeat is the same mail");

    // A second reader, in another language.
    let (_, bytes) = server.mail(1);
    let read = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(read.subject(), Some(email().subject.as_str()));
    assert_eq!(read.body_text(0).unwrap().replace("\r\n", "\n"), email().text);
    assert_eq!(read.body_html(0).unwrap(), email().html);
}

#[tokio::test]
async fn mail_that_is_no_advertisement_offers_nothing_to_leave() {
    let server = Server::start();
    let smtp =
        shop(EmailSettings { mailbox_host: None, ..with_login(server.port("implicit"), Tls::Implicit) }, &server);
    let mut order = delivery(email());
    order.marketing = false;
    assert_eq!(smtp.deliver(&order).await, accepted(1));
    // Nor does one whose address to leave is not `https`, whatever its file says.
    let mut order =
        delivery(Email { headers: vec![("List-Unsubscribe".to_owned(), "<http://x.example>".to_owned())], ..email() });
    order.unsubscribe.as_mut().unwrap().url = "http://m.shop.example/u/1".to_owned();
    assert_eq!(smtp.deliver(&order).await, accepted(2));
    for number in [1, 2] {
        let (mail, _) = server.mail(number);
        assert_eq!(mail["tls"], true, "from the first byte");
        assert_eq!(mail["from"], "hello@shop.example");
        assert_eq!(header(&mail, "List-Unsubscribe").len() + header(&mail, "List-Unsubscribe-Post").len(), 0);
        assert_eq!(header(&mail, "Precedence").len(), number - 1);
    }
}

#[tokio::test]
async fn no_value_begins_a_header_or_ends_a_mail() {
    let server = Server::start();
    let mut given = settings(server.port("clear"), Tls::None);
    given.feedback = vec![EmailFeedback::SendGrid { public_key: String::new() }];
    let smtp = shop(given, &server);
    let hostile = Email {
        subject: "Sale\r\nBcc: everybody@example.jp\r\n\r\n<b>".to_owned(),
        from: "Shop\r\nX-Evil: 1 <hello@shop.example>".to_owned(),
        text: "one\r\n.\r\nMAIL FROM:<evil@example.jp>\rtwo\n.\nthree\u{0}\u{7}".to_owned(),
        html: format!("<p>\n.\n--=_{KEY}\n--=_{KEY}--\nafter</p>"),
        headers: vec![("X-Campaign".to_owned(), "spring\r\nX-Evil: 1".to_owned())],
        ..email()
    };
    assert_eq!(smtp.deliver(&delivery(hostile.clone())).await, accepted(1));
    let (mail, _) = server.mail(1);
    assert_eq!(server.count(), 1);
    assert_eq!(mail["to"].as_array().unwrap().len(), 1);
    assert_eq!(mail["defects"], serde_json::json!([]), "{mail}");
    assert_eq!(header(&mail, "Bcc").len() + header(&mail, "X-Evil").len(), 0, "{mail}");
    assert_eq!(header(&mail, "Subject"), ["Sale Bcc: everybody@example.jp <b>"]);
    assert_eq!(header(&mail, "X-Campaign"), ["spring X-Evil: 1"]);
    assert_eq!(header(&mail, "X-SMTPAPI"), [format!("{{\"unique_args\": {{\"tabi_send\": \"{KEY}\"}}}}")]);
    let text = "one\n.\nMAIL FROM:<evil@example.jp>\ntwo\n.\nthree";
    assert_eq!(mail["parts"], serde_json::json!([["text/plain", text], ["text/html", hostile.html]]));

    let mut order = delivery(email());
    order.to = vec!["a@example.jp>\r\nRCPT TO:<b@example.jp".to_owned()];
    let Outcome::Refused { why, address } = smtp.deliver(&order).await else { panic!() };
    assert!(why.contains("white space") && address.is_some(), "{why}");
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn addresses_that_carriers_once_gave_out_are_reached() {
    let server = Server::start();
    let smtp = shop(settings(server.port("clear"), Tls::None), &server);
    // As given, as the server understood it, as it stands in the mail.
    for (number, (given, reached, written)) in [
        ("taro..yama.@docomo.ne.jp", "taro..yama.@docomo.ne.jp", "\"taro..yama.\"@docomo.ne.jp"),
        ("hana@例え.jp", "hana@xn--r8jz45g.jp", "hana@xn--r8jz45g.jp"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut order = delivery(email());
        order.to = vec![given.to_owned()];
        assert_eq!(smtp.deliver(&order).await, accepted(number + 1));
        let (mail, bytes) = server.mail(number + 1);
        assert_eq!(mail["to"], serde_json::json!([reached]));
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(&format!("\r\nTo: {written}\r\n")), "{text}");
    }
}

#[tokio::test]
async fn a_relay_that_is_not_safe_gets_nothing() {
    let server = Server::start();
    let misconfigured = async |smtp: Smtp, word: &str| {
        let outcome = smtp.deliver(&delivery(email())).await;
        let Outcome::Misconfigured { why } = outcome else { panic!("{word}: {outcome:?}") };
        assert!(why.contains(word), "{why}");
    };
    let starttls = with_login(server.port("starttls"), Tls::StartTls);
    let implicit = with_login(server.port("implicit"), Tls::Implicit);
    for settings in [&starttls, &implicit] {
        let unknown = Smtp::new(settings, Some(SecretString::from("旅")), b"").unwrap();
        misconfigured(unknown, "certificate").await;
        let elsewhere = EmailSettings { host: "127.0.0.1".to_owned(), ..settings.clone() };
        misconfigured(shop(elsewhere, &server), "certificate").await;
        let wrong = Smtp::new(settings, Some(SecretString::from("x")), server.authority.as_bytes()).unwrap();
        misconfigured(wrong, "535").await;
    }
    misconfigured(shop(settings(server.port("clear"), Tls::StartTls), &server), "STARTTLS").await;
    misconfigured(shop(settings(server.port("starttls"), Tls::StartTls), &server), "530").await;
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn connections_are_kept_and_shared() {
    let server = Server::start();
    let smtp = Arc::new(shop(with_login(server.port("starttls"), Tls::StartTls), &server));
    let mut sends = tokio::task::JoinSet::new();
    for number in 0..30 {
        let smtp = smtp.clone();
        sends.spawn(async move {
            let mut order = delivery(email());
            // A refusal in between leaves the connection as good as it was.
            if number % 3 == 0 {
                order.to = vec!["nobody@example.jp".to_owned()];
            }
            smtp.deliver(&order).await.name()
        });
    }
    let outcomes = sends.join_all().await;
    assert_eq!(outcomes.iter().filter(|name| **name == "accepted").count(), 20);
    assert_eq!(outcomes.iter().filter(|name| **name == "refused").count(), 10);
    assert_eq!(server.count(), 20);
    assert_eq!(server.mail(20).0["connections"], 2);
}
