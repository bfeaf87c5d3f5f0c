//! Mails that come to `bounce+KEY@` and `unsub+KEY@`: bounces (RFC 3464, or in plain words), complaints (RFC 5965), and
//! people who leave.
//!
//! Reads no mailbox: somebody hands in the mail as it was received. A mail without a key of ours says nothing here, since
//! anybody may write one.

use std::panic::catch_unwind;

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

use super::report::{self, Action};
use super::textual;
use super::{Notices, key_of_message_id, send, words};
use crate::channels::email::reply::{Reply, Stage, is_bad_address, outcome};
use crate::channels::email::{BOUNCE, KEY_HEADER, LEAVE, UNSUBSCRIBE};
use crate::machine::Report;
use crate::ports::{About, Distrust, Notice, Outcome, Told};
use crate::value::Instant;

/// Name of the webhook that takes such mails, as they were received: `/hooks/mailbox`. No signature: the key in the mail is the proof.
pub const HOOK: &str = "mailbox";

/// Bounces return the mail at most once.
const MAIL_MAX: usize = 25 * 1024 * 1024;
/// Parts of a report: words for people, the report, the mail. More are looked at in vain.
const PARTS_MAX: usize = 20;

/// Kinds of parts that are read for programs: what they leave out, no words say.
const REPORTS: &[&str] = &["delivery-status", "feedback-report"];

/// `recipient`: the address the mail was delivered to, from the envelope, if that is known; else its own head is asked.
pub fn notices(mail: &[u8], recipient: Option<&str>, arrival: Instant) -> Result<Vec<Notice>, Distrust> {
    if mail.len() > MAIL_MAX {
        return Err(Distrust::Form(format!("more than {MAIL_MAX} bytes")));
    }
    // The parser gives up with a panic on some nested parts, and anybody may write a mail.
    let parsed = catch_unwind(|| MessageParser::default().parse(mail)).unwrap_or_default();
    let mail = parsed.ok_or_else(|| Distrust::Form("no mail".to_owned()))?;
    let tokens = tokens(&mail, recipient);
    let of = |kind: &str| tokens.iter().find(|(named, _)| named == kind).map(|(_, about)| about.clone());
    let mut notices = Notices::new(arrival);
    let id = |kind: &str| mail.message_id().map(|id| format!("mail:{kind}:{}", words(id)));
    // Servers that send notices of their own accord are not the person: a bounce of a bounce, a holiday notice.
    let by_itself =
        is_report(&mail) || mail.header_raw("Auto-Submitted").is_some_and(|by| !by.trim().starts_with("no"));
    if let Some(about) = of(UNSUBSCRIBE) {
        if !by_itself || !is_report(&mail) && says_leave(&mail) {
            let said = mail.subject().filter(|subject| !subject.trim().is_empty()).unwrap_or(LEAVE);
            notices.add(id("left"), about, None, Told::Left { words: words(said) });
        }
        return Ok(notices.all);
    }
    let plain = mail.body_text(0).filter(|_| is_by_a_server(&mail));
    let returned = returned_key(&mail).or_else(|| plain.as_deref().and_then(key_in_words));
    let about =
        of(BOUNCE).or(returned).ok_or_else(|| Distrust::Form("a mail that names no send of ours".to_owned()))?;
    let mut has_report = false;
    for part in mail.parts.iter().take(PARTS_MAX) {
        let text = String::from_utf8_lossy(part.contents());
        let kind =
            part.content_type().map(|kind| (kind.ctype().to_ascii_lowercase(), kind.subtype().unwrap_or_default()));
        let told = match &kind {
            Some((top, sub)) if top == "message" && sub.ends_with("delivery-status") => {
                report::fates(&text).iter().find_map(fate)
            }
            Some((top, sub)) if top == "message" && *sub == "feedback-report" => complaint(&text),
            _ => None,
        };
        has_report |=
            kind.is_some_and(|(top, sub)| top == "message" && REPORTS.iter().any(|report| sub.ends_with(report)));
        if let Some(told) = told {
            notices.add(id("report"), about, None, Told::Report(told));
            return Ok(notices.all);
        }
    }
    if has_report {
        return Ok(notices.all);
    }
    match plain.as_deref().and_then(textual::fate) {
        Some(told) => {
            told.into_iter().for_each(|told| notices.add(id("report"), about.clone(), None, Told::Report(told)))
        }
        None => metrics::counter!("tabi_bounces_unreadable_total").increment(1),
    }
    Ok(notices.all)
}

/// What one recipient's fate says. A mail that failed for another reason than its address did not arrive, and that is all.
fn fate(fate: &report::Fate) -> Option<Report> {
    match fate.action {
        Action::Delivered => Some(Report::Delivered),
        Action::Delayed | Action::PassedOn => None,
        Action::Failed => Some(match fate.status {
            // `5.0.0` says that the reporting server does not know; the far server's own words may.
            Some((5, 0, 0)) | None => by_diagnosis(&fate.diagnosis),
            Some(status) if is_bad_address(status) => Report::Bounced,
            Some(_) => Report::Refused,
        }),
    }
}

/// `smtp; 550 5.1.1 User unknown`
fn by_diagnosis(diagnosis: &str) -> Report {
    let said = diagnosis.split_once(';').map_or(diagnosis, |(_, said)| said).trim();
    let code = said.get(..3).and_then(|code| code.parse::<u16>().ok());
    let text = said.get(3..).unwrap_or_default().trim_start_matches(['-', ' ']).to_owned();
    let reply = code.map(|code| outcome(Stage::Recipient, &Reply { code, text }));
    match reply {
        Some(Outcome::Refused { address: Some(Report::Bounced), .. }) => Report::Bounced,
        _ => Report::Refused,
    }
}

fn complaint(text: &str) -> Option<Report> {
    let blocks = report::blocks(text);
    let kind = blocks.iter().find_map(|fields| report::field(fields, "feedback-type"))?;
    // RFC 5965 and its registry: `not-spam` takes a complaint back, `auth-failure` and `dmarc` are for those who sign.
    match kind.to_ascii_lowercase().as_str() {
        "abuse" | "fraud" | "virus" | "other" | "opt-out" => Some(Report::Complained),
        _ => None,
    }
}

/// `bounce+KEY` and `unsub+KEY` among the addresses the mail went to.
fn tokens(mail: &Message<'_>, recipient: Option<&str>) -> Vec<(String, About)> {
    let mut addresses: Vec<String> = recipient.map(str::to_owned).into_iter().collect();
    for name in ["Delivered-To", "X-Original-To", "Envelope-To"] {
        addresses.extend(mail.header_raw(name).map(str::to_owned));
    }
    for list in mail.all_to().chain(mail.all_cc()) {
        addresses.extend(list.iter().take(PARTS_MAX).filter_map(|one| one.address.as_deref().map(str::to_owned)));
    }
    let token = |address: &String| {
        let local = address.trim().trim_start_matches('<').split('@').next()?;
        let (kind, key) = local.split_once('+')?;
        let kind = kind.to_ascii_lowercase();
        [BOUNCE, UNSUBSCRIBE].contains(&kind.as_str()).then_some(())?;
        Some((kind, send(key)?))
    };
    addresses.iter().filter_map(token).collect()
}

/// The key in the mail that was sent back, whole or only its head.
fn returned_key(mail: &Message<'_>) -> Option<About> {
    mail.parts.iter().take(PARTS_MAX).find_map(|part| {
        if let PartType::Message(inner) = &part.body {
            let key = inner.header_raw(KEY_HEADER).and_then(send);
            return key.or_else(|| inner.message_id().and_then(|id| key_of_message_id(&format!("<{id}>"))));
        }
        let is_head = part.content_type().and_then(|kind| kind.subtype()).is_some_and(|sub| sub == "rfc822-headers");
        let text = String::from_utf8_lossy(part.contents());
        let head = is_head.then(|| report::blocks(&text)).into_iter().flatten().next()?;
        let key = report::field(&head, &KEY_HEADER.to_ascii_lowercase()).and_then(send);
        key.or_else(|| report::field(&head, "message-id").and_then(key_of_message_id))
    })
}

/// The key in the mail that a server sent back within its words.
fn key_in_words(text: &str) -> Option<About> {
    textual::heads(text).iter().find_map(|head| {
        let key = report::field(head, &KEY_HEADER.to_ascii_lowercase()).and_then(send);
        key.or_else(|| report::field(head, "message-id").and_then(key_of_message_id))
    })
}

/// By a mail server and no person: as servers call themselves, or from nobody.
fn is_by_a_server(mail: &Message<'_>) -> bool {
    let from = mail.from().and_then(|from| from.first()).and_then(|one| one.address.as_deref()).unwrap_or_default();
    let local = from.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let nobody = mail.header_raw("Return-Path").is_some_and(|path| path.trim() == "<>");
    nobody || local == "mailer-daemon" || local == "postmaster"
}

fn is_report(mail: &Message<'_>) -> bool {
    let is = |kind: &mail_parser::ContentType<'_>| kind.ctype() == "multipart" && kind.subtype() == Some("report");
    mail.content_type().is_some_and(is)
}

/// Mailbox providers send on a person's behalf and may say so; what they send has our own subject.
fn says_leave(mail: &Message<'_>) -> bool {
    mail.subject().is_some_and(|subject| subject.trim().eq_ignore_ascii_case(LEAVE))
}
