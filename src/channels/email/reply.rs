//! What a relay's reply means: an outcome for each verb, code and enhanced status (RFC 5321, RFC 3463, RFC 5248).
//!
//! Reads no socket.

use crate::machine::Report;
use crate::ports::Outcome;
use crate::value::{Span, time};

/// Of a reply, so much is kept as a reason.
const WHY_CHARS_MAX: usize = 300;
/// Of a relay's own id of a mail, so much.
const ID_CHARS_MAX: usize = 200;
/// Greylisting lets a sender in after five minutes as a rule.
const GREYLISTED: Span = Span(5 * time::MILLIS_PER_MINUTE);

/// Where in the conversation a reply came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Greeting, EHLO, STARTTLS: before any mail is spoken of.
    Opening,
    Login,
    /// MAIL FROM
    Sender,
    /// RCPT TO
    Recipient,
    /// DATA, before its text.
    Data,
    /// After the final dot.
    Content,
}

/// A reply of a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    /// Its lines, joined; an enhanced status comes first if there is one.
    pub text: String,
}

/// An enhanced status, `5.1.1`, in its three parts.
pub(super) type Status = (u8, u16, u16);

impl Reply {
    pub fn status(&self) -> Option<Status> {
        status(self.text.split_whitespace().next()?)
    }
    fn why(&self, stage: Stage) -> String {
        let at = match stage {
            Stage::Opening => "on connecting",
            Stage::Login => "at the login",
            Stage::Sender => "for the sender",
            Stage::Recipient => "for the recipient",
            Stage::Data => "before the text",
            Stage::Content => "for the text",
        };
        format!("{at}: {} {}", self.code, clipped(&self.text, WHY_CHARS_MAX))
    }
    fn says(&self, words: &[&str]) -> bool {
        let text = self.text.to_lowercase();
        words.iter().any(|word| text.contains(word))
    }
}

/// `5.1.1`; each part in its bounds, nothing else around it.
pub(super) fn status(word: &str) -> Option<Status> {
    let mut parts = word.split('.');
    let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |text: &str| -> Option<u16> {
        let fits = (1..=3).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
        fits.then(|| text.parse().ok()).flatten()
    };
    let class = number(class).and_then(|class| u8::try_from(class).ok()).filter(|class| [2, 4, 5].contains(class))?;
    parts.next().is_none().then_some((class, number(subject)?, number(detail)?))
}

/// Statuses that speak of the recipient's address itself, for good: it takes no mail until it changes.
pub(super) fn is_bad_address(status: Status) -> bool {
    match status {
        // 5.1.7 and 5.1.8 speak of the sender's.
        (5, 1, detail) => !matches!(detail, 7 | 8),
        // The mailbox is disabled.
        (5, 2, 1) => true,
        // No host of that name: a domain that is gone.
        (5, 4, 4) => true,
        _ => false,
    }
}

/// What a reply other than the wanted one means.
pub fn outcome(stage: Stage, reply: &Reply) -> Outcome {
    let why = reply.why(stage);
    let status = reply.status();
    // Quotas are spoken of with 4xx and 5xx alike: "454 Throttling failure: Daily message quota exceeded" (SES),
    // "550 5.4.5 Daily sending quota exceeded" (Google), "451 Maximum credits exceeded" (SendGrid).
    let spent = ["daily message quota", "daily sending quota", "daily user sending", "maximum credits exceeded"];
    if matches!(status, Some((_, 4, 5))) && reply.says(&["quota"]) || reply.says(&spent) {
        return Outcome::Exhausted { why };
    }
    match reply.code {
        // RFC 4954: who we are was not believed, or not asked for in the right way.
        530 | 534 | 535 | 538 => return Outcome::Misconfigured { why },
        400..=499 => {
            let after = reply.says(&["greylist", "graylist"]).then_some(GREYLISTED);
            return Outcome::Later { why, after };
        }
        500..=599 => {}
        _ => return Outcome::Later { why: format!("{why} (not what the protocol asks for here)"), after: None },
    }
    match (stage, status) {
        (_, Some((5, 7, 8 | 9 | 11 | 13 | 14))) => Outcome::Misconfigured { why },
        // Nothing of the mail was said yet, so it is about us.
        (Stage::Opening | Stage::Login, _) => Outcome::Misconfigured { why },
        // Our own sender is the same for every mail.
        (Stage::Sender, Some((5, 1 | 7, _))) => Outcome::Misconfigured { why },
        (Stage::Sender, None) if matches!(reply.code, 500..=504 | 550 | 553) => Outcome::Misconfigured { why },
        (Stage::Sender | Stage::Data, _) => Outcome::Refused { why, address: None },
        (Stage::Recipient | Stage::Content, Some(status)) => {
            Outcome::Refused { why, address: is_bad_address(status).then_some(Report::Bounced) }
        }
        // Without a status only a bare "no such mailbox" is believed of an address, and only where it was asked about.
        (Stage::Recipient, None) => {
            let gone = matches!(reply.code, 550 | 551 | 553) && !reply.says(POLICY);
            Outcome::Refused { why, address: gone.then_some(Report::Bounced) }
        }
        (Stage::Content, None) => Outcome::Refused { why, address: None },
    }
}

/// Words by which relays without enhanced statuses say that they mind the sender, not the recipient.
const POLICY: &[&str] = &[
    "spam",
    "block",
    "relay",
    "policy",
    "denied",
    "blacklist",
    "listed",
    "dnsbl",
    "rbl",
    "reputation",
    "spf",
    "dkim",
    "dmarc",
    "authenticat",
    "not permitted",
    "not allowed",
    "prohibited",
    "rejected due",
    "banned",
    "quota",
    "full",
];

/// The relay's own id of a mail it took, where its reply has one: `queued as ID` (Postfix), `id=ID` (Exim), `Ok ID` (SES).
pub(super) fn provider_id(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let word = |at: usize| words.get(at).copied();
    let after_queued = words
        .windows(2)
        .position(|pair| pair[0].eq_ignore_ascii_case("queued") && pair[1].eq_ignore_ascii_case("as"))
        .and_then(|at| word(at + 2));
    let named = words.iter().find_map(|word| word.strip_prefix("id="));
    let bare = || {
        let ok = words.iter().position(|word| word.eq_ignore_ascii_case("ok"))?;
        word(ok + 1).filter(|word| word.len() >= 16 && !word.contains(':'))
    };
    let id = after_queued.or(named).or_else(bare)?.trim_matches(['<', '>', '.', ',', ';']);
    (!id.is_empty()).then(|| clipped(id, ID_CHARS_MAX))
}

/// One line without controls, of so many characters at most.
pub(super) fn clipped(text: &str, max: usize) -> String {
    crate::render::email::header(text).chars().take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(stage: Stage, code: u16, text: &str) -> &'static str {
        match outcome(stage, &Reply { code, text: text.to_owned() }) {
            Outcome::Refused { address: Some(Report::Bounced), .. } => "bounced",
            Outcome::Refused { address: Some(_), .. } => "other",
            Outcome::Later { after: Some(_), .. } => "later, after",
            outcome => outcome.name(),
        }
    }

    #[test]
    fn replies_mean_what_relays_mean_by_them() {
        use Stage::*;
        for (stage, code, text, meant) in [
            (Opening, 421, "4.3.2 Service not available", "later"),
            (Opening, 554, "5.7.1 Service unavailable; client host blocked", "misconfigured"),
            (Login, 535, "5.7.8 Error: authentication failed", "misconfigured"),
            (Login, 454, "4.7.0 Temporary authentication failure", "later"),
            (Login, 451, "Authentication failed: Maximum credits exceeded", "exhausted"),
            (Sender, 530, "5.7.0 Must issue a STARTTLS command first", "misconfigured"),
            (Sender, 553, "5.7.1 Sender address rejected: not owned by user", "misconfigured"),
            (Sender, 550, "5.1.8 Sender's domain does not exist", "misconfigured"),
            (Sender, 552, "5.3.4 Message size exceeds fixed limit", "refused"),
            (Sender, 454, "Throttling failure: Maximum sending rate exceeded.", "later"),
            (Sender, 454, "Throttling failure: Daily message quota exceeded.", "exhausted"),
            (Sender, 550, "5.4.5 Daily sending quota exceeded", "exhausted"),
            (Recipient, 550, "5.1.1 The email account that you tried to reach does not exist", "bounced"),
            (Recipient, 550, "5.1.2 Host unknown", "bounced"),
            (Recipient, 556, "5.1.10 Recipient address has null MX", "bounced"),
            (Recipient, 550, "5.2.1 The email account is disabled", "bounced"),
            (Recipient, 550, "No such user here", "bounced"),
            (Recipient, 550, "Requested action not taken: mailbox unavailable", "bounced"),
            (Recipient, 553, "sorry, no mailbox here by that name", "bounced"),
            (Recipient, 550, "5.7.1 Access denied", "refused"),
            (Recipient, 550, "Message rejected: listed at a DNSBL", "refused"),
            (Recipient, 554, "Relay access denied", "refused"),
            (Recipient, 550, "5.1.8 Bad sender's system address", "refused"),
            (Recipient, 552, "5.2.2 Mailbox full", "refused"),
            (Recipient, 452, "4.2.2 Mailbox full", "later"),
            (Recipient, 450, "4.2.0 Greylisted, see the FAQ", "later, after"),
            (Recipient, 550, "5.7.515 Access denied, sending domain does not meet the required level", "refused"),
            (Data, 554, "5.5.1 No valid recipients", "refused"),
            (Data, 451, "4.3.0 Try later", "later"),
            (Content, 554, "5.7.1 Message rejected as spam", "refused"),
            (Content, 552, "Message size exceeds the limit", "refused"),
            (Content, 554, "Message rejected: Email address is not verified.", "refused"),
            (Content, 550, "5.1.1 User unknown", "bounced"),
            (Content, 550, "No such user", "refused"),
            (Content, 452, "4.3.1 Insufficient system storage", "later"),
            (Recipient, 220, "what?", "later"),
        ] {
            assert_eq!(named(stage, code, text), meant, "{stage:?} {code} {text}");
        }
    }

    #[test]
    fn ids_are_found_where_relays_put_them() {
        for (text, id) in [
            ("2.0.0 Ok: queued as 4F0C12E0B2", Some("4F0C12E0B2")),
            ("OK id=1rXyZ9-0004Kb-2q", Some("1rXyZ9-0004Kb-2q")),
            ("Ok 0102018f3c2a7c4e-8f1c-000000", Some("0102018f3c2a7c4e-8f1c-000000")),
            ("2.0.0 OK  1700000000 d2e1a72fcca58-6b9.12 - gsmtp", None),
            ("OK", None),
            ("", None),
            ("queued as", None),
        ] {
            assert_eq!(provider_id(text).as_deref(), id, "{text}");
        }
    }

    #[test]
    fn statuses_are_read_and_nothing_else_is() {
        assert_eq!(status("5.1.1"), Some((5, 1, 1)));
        assert_eq!(status("5.7.515"), Some((5, 7, 515)));
        for wrong in ["", "5", "5.1", "5.1.1.1", "6.1.1", "3.1.1", "5.1.x", "5..1", "5.1.9999", "127.0.0.1", "+5.1.1"] {
            assert_eq!(status(wrong), None, "{wrong}");
        }
    }
}
