//! Mails that come back: bounces of several servers, complaints, people who leave, and what only looks like these.
//!
//! Their forms are those of Postfix, Exim, Exchange and RFC 5965's example.

use tabi::channels::email::feedback::mailbox;
use tabi::machine::Report;
use tabi::ports::{About, Distrust, Told};
use tabi::value::Instant;

use super::deliveries::KEY;

fn arrival() -> Instant {
    Instant::parse_rfc3339("2026-12-01T19:05:00+09:00").unwrap()
}

/// A report of some kind, the returned mail behind it as `returned` says.
fn report(to: &str, kind: &str, part: &str, returned: &str) -> String {
    let text = format!(
        "From: MAILER-DAEMON@relay.example\nTo: {to}\nSubject: Undelivered Mail\nMessage-ID: <b1@relay.example>\n\
         Auto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type={kind}; boundary=\"b\"\n\n\
         --b\nContent-Type: text/plain\n\nI am sorry.\n\n\
         --b\nContent-Type: message/{kind}\n\n{part}\n\n\
         {returned}--b--\n"
    );
    text.replace('\n', "\r\n")
}

fn dsn(action: &str, status: &str, diagnosis: &str) -> String {
    format!(
        "Reporting-MTA: dns; relay.example\nArrival-Date: Tue,  1 Dec 2026 19:00:00 +0900\n\n\
         Final-Recipient: rfc822; hanako@example.jp\nOriginal-Recipient: rfc822;hanako@example.jp\nAction: {action}\n\
         Status: {status}\nRemote-MTA: dns; mx.example.jp\nDiagnostic-Code: {diagnosis}"
    )
}

fn bounce(action: &str, status: &str, diagnosis: &str) -> String {
    report(&format!("bounce+{KEY}@m.shop.example"), "delivery-status", &dsn(action, status, diagnosis), "")
}

fn told(mail: &str) -> Vec<Told> {
    let notices = mailbox::notices(mail.as_bytes(), None, arrival()).unwrap();
    assert!(notices.iter().all(|notice| notice.about == About::Send(KEY.to_owned())), "{notices:?}");
    notices.into_iter().map(|notice| notice.told).collect()
}

#[test]
fn bounces_say_what_became_of_the_mail() {
    for (action, status, diagnosis, report) in [
        ("failed", "5.1.1", "smtp; 550 5.1.1 <hanako@example.jp>: User unknown", Some(Report::Bounced)),
        ("Failed", "5.1.1 (bad destination mailbox address)", "smtp; 550", Some(Report::Bounced)),
        ("failed", "5.1.10", "smtp;556 5.1.10 null MX", Some(Report::Bounced)),
        ("failed", "5.4.4", "X-Postfix; Host or domain name not found", Some(Report::Bounced)),
        ("failed", "5.0.0", "smtp; 550 No such user here", Some(Report::Bounced)),
        ("failed", "5.0.0", "smtp; 550-5.1.1 The email account does not exist", Some(Report::Bounced)),
        ("failed", "5.0.0", "smtp; 554 Message looks like spam", Some(Report::Refused)),
        ("failed", "5.0.0", "", Some(Report::Refused)),
        ("failed", "5.7.1", "smtp; 550 5.7.1 Access denied", Some(Report::Refused)),
        ("failed", "5.2.2", "smtp; 552 5.2.2 Mailbox full", Some(Report::Refused)),
        ("failed", "4.4.7", "smtp; 421 Timed out", Some(Report::Refused)),
        ("delayed", "4.4.1", "", None),
        ("delivered", "2.0.0", "", Some(Report::Delivered)),
        ("relayed", "2.0.0", "", None),
        ("exploded", "5.1.1", "", None),
    ] {
        let expected: Vec<Told> = report.into_iter().map(Told::Report).collect();
        assert_eq!(told(&bounce(action, status, diagnosis)), expected, "{action} {status} {diagnosis}");
    }
}

#[test]
fn the_send_is_named_by_the_envelope_the_address_or_the_returned_mail() {
    let part = dsn("failed", "5.1.1", "smtp; 550 5.1.1 no");
    let whole = format!(
        "--b\nContent-Type: message/rfc822\n\nFrom: hello@shop.example\nSubject: =?utf-8?b?5peF?=\nX-Tabi-Send: {KEY}\n\nhi\n\n"
    );
    let head = format!(
        "--b\nContent-Type: text/rfc822-headers\n\nFrom: hello@shop.example\nMessage-ID: <{KEY}@shop.example>\n\n"
    );
    let bounced = vec![Told::Report(Report::Bounced)];
    let elsewhere = "postmaster@shop.example";
    assert_eq!(told(&report(elsewhere, "delivery-status", &part, &whole)), bounced);
    assert_eq!(told(&report(elsewhere, "delivery-status", &part, &head)), bounced);
    let shouting = format!("BOUNCE+{}@M.SHOP.EXAMPLE", KEY.to_uppercase());
    assert_eq!(told(&report(&shouting, "delivery-status", &part, "")), bounced);

    let silent = report(elsewhere, "delivery-status", &part, "");
    let envelope = format!("<bounce+{KEY}@m.shop.example>");
    let by_envelope = mailbox::notices(silent.as_bytes(), Some(&envelope), arrival()).unwrap();
    assert_eq!(by_envelope[0].about, About::Send(KEY.to_owned()));
    assert_eq!(by_envelope[0].id.as_deref(), Some("mail:report:b1@relay.example"));
    // Anybody may write a bounce: without a key it says nothing of the address that it names.
    let answer = mailbox::notices(silent.as_bytes(), None, arrival());
    assert!(matches!(&answer, Err(Distrust::Form(_))), "{answer:?}");
}

#[test]
fn complaints_are_heard() {
    let returned =
        format!("--b\nContent-Type: message/rfc822\n\nFrom: hello@shop.example\nX-Tabi-Send: {KEY}\n\nhi\n\n");
    for (kind, complained) in
        [("abuse", true), ("Abuse", true), ("opt-out", true), ("not-spam", false), ("auth-failure", false)]
    {
        let part = format!("Feedback-Type: {kind}\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n");
        let mail = report("feedback@shop.example", "feedback-report", &part, &returned);
        let expected = if complained { vec![Told::Report(Report::Complained)] } else { Vec::new() };
        assert_eq!(told(&mail), expected, "{kind}");
    }
}

#[test]
fn who_writes_to_leave_has_left() {
    let write = |subject: &str, more: &str| {
        format!(
            "From: hanako@example.jp\r\nTo: <unsub+{KEY}@m.shop.example>\r\nSubject: {subject}\r\n{more}\r\nplease\r\n"
        )
    };
    let left = |words: &str| vec![Told::Left { words: words.to_owned() }];
    assert_eq!(told(&write("unsubscribe", "")), left("unsubscribe"));
    assert_eq!(told(&write("=?utf-8?b?6YWN5L+h5YGc5q2i?=", "")), left("配信停止"));
    assert_eq!(told(&write("", "")), left("unsubscribe"));
    assert_eq!(told(&write("unsubscribe", "Auto-Submitted: auto-generated\r\n")), left("unsubscribe"));
    // A holiday notice and a bounce are no decision of the person's.
    assert_eq!(told(&write("Out of office", "Auto-Submitted: auto-replied\r\n")), []);
    let part = dsn("failed", "5.1.1", "");
    assert_eq!(told(&report(&format!("unsub+{KEY}@m.shop.example"), "delivery-status", &part, "")), []);
    let long = told(&write(&"長".repeat(5_000), ""));
    assert!(matches!(&long[..], [Told::Left { words }] if words.chars().count() == 200));
}

#[test]
fn hostile_mails_are_answered_and_nothing_breaks() {
    let good = bounce("failed", "5.1.1", "smtp; 550 5.1.1 no").into_bytes();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut draw = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..3_000 {
        let mut mail = good.clone();
        for _ in 0..=draw(8) {
            let at = draw(mail.len());
            match draw(4) {
                0 => mail[at] = draw(256) as u8,
                1 => mail.truncate(at.max(1)),
                2 => mail.insert(at, b"\r\n-:;\"=\0"[draw(8)]),
                _ => {
                    let piece = mail[at..(at + draw(60)).min(mail.len())].to_vec();
                    let to = draw(mail.len());
                    mail.splice(to..to, piece);
                }
            }
        }
        let _ = mailbox::notices(&mail, Some("bounce+0@x"), arrival());
    }
    for mail in [
        String::new(),
        "\u{0}".repeat(1_000),
        "a: b\r\n".repeat(100_000),
        format!("To: {}\r\n\r\n", format!("bounce+{KEY}@x,").repeat(20_000)),
        format!("Content-Type: multipart/report; boundary=b\r\n\r\n{}", "--b\r\n\r\n".repeat(50_000)),
        "Content-Type: message/rfc822\r\n\r\n".repeat(5_000),
        bounce(&"Action: failed\n\n".repeat(10_000), "5.1.1", ""),
    ] {
        let _ = mailbox::notices(mail.as_bytes(), None, arrival());
    }
    let large = vec![b'a'; 26 * 1024 * 1024];
    assert!(matches!(mailbox::notices(&large, None, arrival()), Err(Distrust::Form(_))));
}
