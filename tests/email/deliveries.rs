//! Deliveries and settings as tests begin with them.
//!
//! Sends nothing.

use tabi::ports::environment::{EmailSettings, Tls};
use tabi::ports::{Delivery, Unsubscribe};
use tabi::render::{Email, Part};
use tabi::value::Instant;

pub const KEY: &str = "0004lag0000c000i0000o5u8t2v1k3m9q7r6s0a";

pub fn email() -> Email {
    Email {
        subject: "花子さん、カートに商品が3点残っています。今週末までのご注文で送料が無料になります".to_owned(),
        preheader: None,
        from: "旅の店 <hello@shop.example>".to_owned(),
        reply_to: Some("お問い合わせ <help@shop.example>".to_owned()),
        html: "<!doctype html><html><body><p>花子さん、こんにちは。</p></body></html>".to_owned(),
        text: "花子さん、こんにちは。\n.\n.. 点で始まる行\n".to_owned(),
        headers: Vec::new(),
    }
}

pub fn delivery(email: Email) -> Delivery {
    Delivery {
        key: KEY.to_owned(),
        uuid: "00000000-0000-8000-8000-000000000000".to_owned(),
        attempt: 1,
        now: Instant::parse_rfc3339("2026-12-01T19:00:00+09:00").unwrap(),
        to: vec!["hanako@example.jp".to_owned()],
        journey: "cart_abandonment".to_owned(),
        message: "cart_mail".to_owned(),
        part: Part::Email(email),
        marketing: true,
        unsubscribe: Some(Unsubscribe {
            url: format!("https://m.shop.example/u/{KEY}"),
            mailto: Some(format!("unsub+{KEY}@m.shop.example")),
        }),
        at_most_once: false,
    }
}

pub fn settings(port: u16, tls: Tls) -> EmailSettings {
    EmailSettings {
        host: "localhost".to_owned(),
        port,
        tls,
        user: None,
        password: None,
        from: None,
        domain: None,
        mailbox_host: Some("m.shop.example".to_owned()),
        connections_max: 2,
        per_second_max: None,
        feedback: Vec::new(),
    }
}
