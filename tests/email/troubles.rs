//! Verb by fault: what comes of an attempt when a relay hangs, drops, refuses or babbles.
//!
//! The clock of these tests stands still and jumps to the next thing that is waited for.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tabi::channels::email::Smtp;
use tabi::machine::Report;
use tabi::ports::environment::{EmailSettings, Tls};
use tabi::ports::{Outcome, Provider};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::time::Instant;

use super::deliveries::{delivery, email, settings};
use super::scripted::{Fault, Relay, Scene};

fn over(relay: &Relay) -> Smtp {
    let settings = EmailSettings { user: Some("shop".to_owned()), ..settings(0, Tls::None) };
    Smtp::over(Box::new(relay.clone()), &settings, Some(SecretString::from("x")), b"").unwrap()
}

fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused { address: Some(Report::Bounced), .. } => "bounced".to_owned(),
        outcome => outcome.name().to_owned(),
    }
}

const ENDLESS: &str = "250-and so on";

#[tokio::test(start_paused = true)]
async fn every_verb_meets_every_fault() {
    use Fault::{Drops, Hangs, Says};
    let faults = [
        ("hangs", Hangs),
        ("drops", Drops),
        ("421", Says("421 4.3.2 Shutting down")),
        ("451", Says("451 4.3.0 Try again later")),
        ("550 5.1.1", Says("550 5.1.1 User unknown")),
        ("554 5.7.1", Says("554 5.7.1 Rejected")),
        ("535", Says("535 5.7.8 Authentication credentials invalid")),
        ("250 only", Says("250 2.0.0 Ok")),
        ("babble", Says("hello, is anybody there?")),
        ("half", Says(ENDLESS)),
    ];
    #[rustfmt::skip]
    let table = [
        //            hangs      drops      421      451      550 5.1.1        554 5.7.1        535              250 only    babble     half
        ("CONNECT",  ["later",   "later",   "-",     "-",     "-",             "-",             "-",             "-",        "-",       "-"]),
        ("GREETING", ["later",   "later",   "later", "later", "misconfigured", "misconfigured", "misconfigured", "-",        "later",   "later"]),
        ("EHLO",     ["later",   "later",   "later", "later", "misconfigured", "misconfigured", "misconfigured", "-",        "later",   "later"]),
        ("AUTH",     ["later",   "later",   "later", "later", "misconfigured", "misconfigured", "misconfigured", "-",        "later",   "later"]),
        ("MAIL",     ["later",   "later",   "later", "later", "misconfigured", "misconfigured", "misconfigured", "-",        "later",   "later"]),
        ("RCPT",     ["later",   "later",   "later", "later", "bounced",       "refused",       "misconfigured", "-",        "later",   "later"]),
        ("DATA",     ["later",   "later",   "later", "later", "refused",       "refused",       "misconfigured", "later",    "later",   "later"]),
        ("TEXT",     ["later",   "later",   "-",     "-",     "-",             "-",             "-",             "-",        "-",       "-"]),
        ("DOT",      ["unknown", "unknown", "later", "later", "bounced",       "refused",       "misconfigured", "accepted", "unknown", "unknown"]),
    ];
    for (at, expected) in table {
        for ((name, fault), expected) in faults.iter().zip(expected) {
            if expected == "-" {
                continue;
            }
            let relay = Relay::with(at, *fault);
            let smtp = over(&relay);
            let began = Instant::now();
            let outcome = smtp.deliver(&delivery(email())).await;
            let took = began.elapsed();
            assert_eq!(word(&outcome), expected, "{at} {name}: {outcome:?}");
            let limit = Duration::from_millis(smtp.manifest().timeout.0 as u64);
            assert!(took <= limit, "{at} {name} took {took:?}");
            let stored = relay.seen.lock().unwrap().stored;
            assert_eq!(stored, usize::from(at == "DOT"), "{at} {name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_relay_is_noticed_before_any_mail_within_half_a_minute() {
    for at in ["CONNECT", "GREETING", "EHLO", "AUTH"] {
        let began = Instant::now();
        over(&Relay::with(at, Fault::Hangs)).deliver(&delivery(email())).await;
        assert_eq!(began.elapsed().as_secs(), 30, "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_that_died_is_replaced_and_the_mail_goes_once() {
    let relay = Relay::default();
    let smtp = over(&relay);
    for (pause, connections) in [(0, 1), (1, 1), (30, 1), (61, 2), (3, 2)] {
        tokio::time::sleep(Duration::from_secs(pause)).await;
        assert_eq!(word(&smtp.deliver(&delivery(email())).await), "accepted");
        assert_eq!(relay.seen.lock().unwrap().conversations.len(), connections, "after {pause} s");
    }
    assert_eq!(relay.seen.lock().unwrap().stored, 5);
    for (at, pause, fault, expected) in [
        ("MAIL", 0, Fault::Drops, "accepted"),
        ("MAIL", 0, Fault::Says("421 4.4.2 Idle too long"), "accepted"),
        ("RSET", 10, Fault::Drops, "accepted"),
        ("RSET", 10, Fault::Hangs, "accepted"),
        ("RSET", 10, Fault::Says("421 4.4.2 Idle too long"), "accepted"),
        // Said of this mail, not of the connection.
        ("MAIL", 0, Fault::Says("451 4.3.0 Try again later"), "later"),
        ("RCPT", 0, Fault::Drops, "later"),
        ("DOT", 0, Fault::Drops, "unknown"),
    ] {
        let relay = Relay::default();
        let smtp = over(&relay);
        assert_eq!(word(&smtp.deliver(&delivery(email())).await), "accepted");
        relay.from_now(Scene { at, fault, times: 1 });
        tokio::time::sleep(Duration::from_secs(pause)).await;
        assert_eq!(word(&smtp.deliver(&delivery(email())).await), expected, "{at} {fault:?}");
        let seen = relay.seen.lock().unwrap();
        assert_eq!(seen.stored, if expected == "later" { 1 } else { 2 }, "{at} {fault:?}");
        assert_eq!(seen.conversations.len(), if expected == "accepted" { 2 } else { 1 }, "{at} {fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_connection_carries_mails_without_end() {
    let relay = Relay::default();
    let smtp = over(&relay);
    for _ in 0..101 {
        assert_eq!(word(&smtp.deliver(&delivery(email())).await), "accepted");
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let seen = relay.seen.lock().unwrap();
    let mails = |at: usize| seen.conversations[at].iter().filter(|verb| verb.starts_with("MAIL")).count();
    assert_eq!((seen.conversations.len(), mails(0), mails(1)), (2, 100, 1));
    assert_eq!(seen.conversations[0].last().map(String::as_str), Some("QUIT"), "left in good order");
}

#[tokio::test(start_paused = true)]
async fn no_more_connections_than_the_settings_say() {
    let relay = Relay::default();
    let smtp = Arc::new(over(&relay));
    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let smtp = smtp.clone();
        sends.spawn(async move { word(&smtp.deliver(&delivery(email())).await) });
    }
    assert!(sends.join_all().await.iter().all(|word| word == "accepted"));
    let seen = relay.seen.lock().unwrap();
    assert_eq!((seen.stored, seen.open_at_once, smtp.manifest().at_once_max), (20, 2, 2));
}

/// Somebody between us and the relay adds a reply of theirs to the one that ends the clear part of the conversation.
#[tokio::test(start_paused = true)]
async fn replies_slipped_in_before_encryption_are_not_believed() {
    #[derive(Clone)]
    struct Between(Arc<std::sync::Mutex<Vec<u8>>>);
    impl tabi::channels::email::dial::Dial for Between {
        fn dial(&self) -> tabi::ports::Attempt<'_, std::io::Result<Box<dyn tabi::channels::email::dial::Pipe>>> {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            let heard = self.0.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(theirs);
                let mut line = String::new();
                stream.write_all(b"220 relay.test\r\n").await.unwrap();
                stream.read_line(&mut line).await.unwrap();
                stream.write_all(b"250-relay.test\r\n250 STARTTLS\r\n").await.unwrap();
                stream.read_line(&mut line).await.unwrap();
                stream.write_all(b"220 go\r\n250-relay.test\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n").await.unwrap();
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
                heard.lock().unwrap().extend(rest);
            });
            Box::pin(async { Ok(Box::new(ours) as Box<dyn tabi::channels::email::dial::Pipe>) })
        }
    }
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    let settings = settings(0, Tls::StartTls);
    let smtp = Smtp::over(Box::new(Between(heard.clone())), &settings, None, b"").unwrap();
    let began = Instant::now();
    assert_eq!(word(&smtp.deliver(&delivery(email())).await), "later");
    assert!(began.elapsed() < Duration::from_secs(1), "seen at once: what should have been encrypted was not");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let heard = heard.lock().unwrap();
    assert_eq!(heard.first(), Some(&0x16), "a handshake");
    assert!(!heard.windows(4).any(|verb| verb == b"MAIL"));
}

#[tokio::test(start_paused = true)]
async fn mail_in_the_clear_stays_on_this_machine() {
    let settings = EmailSettings { host: "192.0.2.1".to_owned(), ..settings(25, Tls::None) };
    let outcome = Smtp::new(&settings, None, b"").unwrap().deliver(&delivery(email())).await;
    let Outcome::Misconfigured { why } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("not this machine"), "{why}");
}

#[test]
fn settings_that_cannot_work_are_refused_with_their_reason() {
    let good = settings(587, Tls::StartTls);
    for (settings, password, roots, word) in [
        (EmailSettings { connections_max: 0, ..good.clone() }, None, "", "connections_max"),
        (EmailSettings { user: Some("shop".to_owned()), ..good.clone() }, None, "", "password"),
        (good.clone(), Some("x"), "", "password"),
        (good.clone(), None, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "localhost"),
        (EmailSettings { host: "not a host".to_owned(), tls: Tls::Implicit, ..good.clone() }, None, "", "not a host"),
    ] {
        let why = Smtp::new(&settings, password.map(SecretString::from), roots.as_bytes()).err();
        let why = why.unwrap_or_else(|| panic!("{word}"));
        assert!(why.en.contains(word) && why.ja.contains(word), "{why:?}");
    }
}
