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

/// A bounce in plain words, as a server wrote it before there were reports.
fn in_words(from: &str, to: &str, text: &str) -> String {
    let head =
        format!("Return-Path: <>\nFrom: {from}\nTo: {to}\nSubject: failure notice\nMessage-ID: <b2@relay.example>\n");
    format!("{head}\n{text}").replace('\n', "\r\n")
}

const QMAIL: &str = "Hi. This is the qmail-send program at relay.example.\n\
    I'm afraid I wasn't able to deliver your message to the following addresses.\n\
    This is a permanent error; I've given up. Sorry it didn't work out.\n\n\
    <hanako@example.jp>:\n192.0.2.1 does not like recipient.\nRemote host said: {why}\nGiving up on 192.0.2.1.\n\n\
    --- Below this line is a copy of the message.\n\n";
const EXIM: &str = "This message was created automatically by mail delivery software.\n\n\
    A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. \
    The following address(es) failed:\n\n  hanako@example.jp\n    host mx.example.jp [192.0.2.1]\n    \
    SMTP error from remote mail server after RCPT TO:<hanako@example.jp>:\n    {why}\n\n\
    ------ This is a copy of the message, including all the headers. ------\n\n";
const POSTFIX: &str = "This is the mail system at host relay.example.\n\n\
    I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\n\
    <hanako@example.jp>: host mx.example.jp[192.0.2.1] said: {why} (in\n    reply to RCPT TO command)\n";

#[test]
fn bounces_in_plain_words_are_read_in_the_forms_that_are_known() {
    let to = format!("bounce+{KEY}@m.shop.example");
    let daemon = "MAILER-DAEMON@relay.example";
    for form in [QMAIL, EXIM, POSTFIX] {
        for (why, expected) in [
            ("550 5.1.1 <hanako@example.jp>: Recipient address rejected: User unknown", Report::Bounced),
            ("550-5.1.1 The email account that you tried to reach does not exist", Report::Bounced),
            ("552 5.2.2 Mailbox full", Report::Refused),
            ("550 5.7.1 Message rejected due to content; see https://example.jp/5.1.1x", Report::Refused),
            ("554 Message looks like spam", Report::Refused),
            ("421 Timed out", Report::Refused),
        ] {
            let mail = in_words(daemon, &to, &form.replace("{why}", why));
            assert_eq!(told(&mail), [Told::Report(expected)], "{why}\n{mail}");
        }
    }
    // A bare code is believed of the address where it was the address that was asked about.
    let bare = "550 unknown user";
    assert_eq!(told(&in_words(daemon, &to, &EXIM.replace("{why}", bare))), [Told::Report(Report::Bounced)]);
    assert_eq!(told(&in_words(daemon, &to, &POSTFIX.replace("{why}", bare))), [Told::Report(Report::Bounced)]);
    assert_eq!(told(&in_words(daemon, &to, &QMAIL.replace("{why}", bare))), [Told::Report(Report::Refused)]);
    let local = QMAIL.replace("Remote host said: {why}", "Sorry, no mailbox here by that name. (#5.1.1)");
    assert_eq!(told(&in_words(daemon, &to, &local)), [Told::Report(Report::Bounced)]);
}

#[test]
fn words_that_are_no_bounce_say_nothing() {
    let to = format!("bounce+{KEY}@m.shop.example");
    let gone = QMAIL.replace("{why}", "550 5.1.1 User unknown");
    let waits =
        POSTFIX.replace("{why}", "451 4.7.1 later").replace("It's attached", "THIS IS A WARNING ONLY. It's attached");
    for (from, text) in [
        ("MAILER-DAEMON@relay.example", waits.as_str()),
        ("MAILER-DAEMON@relay.example", "I am on holiday. 550 5.1.1 User unknown"),
        ("MAILER-DAEMON@relay.example", ""),
        ("MAILER-DAEMON@relay.example", &format!("You wrote:\n> {gone}")),
    ] {
        assert_eq!(told(&in_words(from, &to, text)), [], "{text}");
    }
    let by_somebody = in_words("taro@example.jp", &to, &gone).replace("Return-Path: <>\r\n", "");
    assert_eq!(told(&by_somebody), []);
}

#[test]
fn the_mail_within_the_words_names_the_send_and_nothing_else_does() {
    let copy = |head: &str| format!("{}{head}\n\nHello\n", EXIM.replace("{why}", "550 5.1.1 User unknown"));
    for head in [
        format!("Received: by relay\nMessage-ID: <{KEY}@shop.example>"),
        format!("From: a@b.example\nX-Tabi-Send: {KEY}"),
    ] {
        let mail = in_words("mailer-daemon@relay.example", "hello@shop.example", &copy(&head));
        assert_eq!(told(&mail), [Told::Report(Report::Bounced)], "{head}");
    }
    let strange = in_words("mailer-daemon@relay.example", "hello@shop.example", &copy("Message-ID: <x@shop.example>"));
    assert!(matches!(mailbox::notices(strange.as_bytes(), None, arrival()), Err(Distrust::Form(_))));
}
