//! Bounces in plain words, of servers that write no report (RFC 3464): qmail, Exim and Postfix in their usual forms.
//!
//! Guesses nothing: words in no known form are nobody's fate.

use super::report::{self, Fields};
use crate::channels::email::reply::{Reply, Stage, is_bad_address, outcome, status};
use crate::machine::Report;
use crate::ports::Outcome;

/// Of a mail's text, so much is looked at: the words of the server come first, and then the mail that came back.
const TEXT_BYTES_MAX: usize = 64 << 10;
/// Blocks of fields behind the words that are looked at for the head of the mail.
const HEADS_MAX: usize = 3;

/// By what a server's words begin, in lower case and with single spaces.
const BEGINNINGS: &[&str] = &[
    "hi. this is the qmail-send program at",
    "this message was created automatically by mail delivery software. a message that you sent could not be delivered",
    "this message was created automatically by mail delivery software. a message that you have sent could not be delivered",
    "i'm sorry to have to inform you that your message could not be delivered to one or more recipients",
];
/// The server goes on trying: qmail never says so.
const GOES_ON: &[&str] = &["this is a warning only", "no action is required on your part", "will be retried"];
/// Before the mail that came back.
const COPIES: &[&str] = &[
    "--- Below this line is a copy of the message",
    "------ This is a copy of the message",
    "------ This is a copy of your message",
    "--- The header of the original message is following",
    "--- Undelivered message follows ---",
];

/// What the words say of the one recipient: `Some(None)` that the server goes on trying; `None`: in no form that is known.
pub(super) fn fate(text: &str) -> Option<Option<Report>> {
    let (said, _) = parts(text);
    let plain = said.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let begins = BEGINNINGS.iter().any(|beginning| {
        // Postfix names itself before it begins.
        plain.find(beginning).is_some_and(|at| at == 0 || plain.starts_with("this is the mail system at host"))
    });
    if !begins {
        return None;
    }
    if GOES_ON.iter().any(|words| plain.contains(words)) {
        return Some(None);
    }
    let words = || plain.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).map(|word| word.trim_matches('.'));
    let statuses: Vec<_> = words().filter_map(status).filter(|(class, ..)| *class == 5).collect();
    if statuses.iter().any(|status| is_bad_address(*status)) {
        return Some(Some(Report::Bounced));
    }
    // A bare code is about the address where it was the address that was asked about.
    let asked = plain.contains("after rcpt to") || plain.contains("in reply to rcpt to");
    let code = statuses.is_empty().then(|| words().find_map(code)).flatten().filter(|_| asked);
    let reply = code.map(|code| outcome(Stage::Recipient, &Reply { code, text: behind(&plain, code) }));
    let is_gone = matches!(reply, Some(Outcome::Refused { address: Some(Report::Bounced), .. }));
    Some(Some(if is_gone { Report::Bounced } else { Report::Refused }))
}

/// The heads of the mail that came back within the text, as far as there are any.
pub(super) fn heads(text: &str) -> Vec<Fields> {
    let (_, copy) = parts(text);
    report::blocks(copy).into_iter().take(HEADS_MAX).collect()
}

/// The words of the server, and what it sends back.
fn parts(text: &str) -> (&str, &str) {
    let end = (0..=TEXT_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    let text = text.get(..end).unwrap_or_default();
    let begins = COPIES.iter().filter_map(|copy| text.find(copy)).min();
    let Some((said, copy)) = begins.and_then(|at| text.split_at_checked(at)) else { return (text, "") };
    (said, copy.split_once('\n').map_or("", |(_, copy)| copy))
}

/// A reply's code that refuses for good.
fn code(word: &str) -> Option<u16> {
    let code = word.parse().ok().filter(|_| word.len() == 3)?;
    (550..=559).contains(&code).then_some(code)
}

/// What is said behind a code.
fn behind(plain: &str, code: u16) -> String {
    let said = plain.split_once(&code.to_string()).map_or("", |(_, said)| said);
    said.trim_start_matches(['-', ' ']).to_owned()
}
