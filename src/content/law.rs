//! What the law wants said in a message that sells.
//!
//! 特定電子メールの送信の適正化等に関する法律, article 4, and its ordinance, articles 7 to 9: the sender's name, a postal
//! address, that and how one may leave, and where to ask. It covers email and text messages, not LINE. The header by which
//! mailboxes offer to leave with one click (RFC 8058) is added when the mail is sent. No legal advice.

use super::template::{About, Seen};
use crate::diag::{Code, Diagnostic, Phrase};
use crate::ir::Channel;
use crate::text::Span;

/// Words by which people are told that they may leave.
const LEAVING: &[&str] = &[
    "配信停止",
    "配信を停止",
    "配信の停止",
    "配信解除",
    "配信を解除",
    "解除",
    "停止",
    "不要な",
    "退会",
    "unsubscribe",
    "optout",
    "opt-out",
    "stopreceiving",
];

/// What one message lacks.
struct Lack {
    what: Phrase,
    remedy: Phrase,
}

/// The mistake of a selling message that does not say what it must. `place` is where its text ends.
pub fn judge(about: About<'_>, seen: &Seen, place: Span) -> Option<Diagnostic> {
    if !about.can_unsubscribe {
        return None;
    }
    let lacking = match about.channel {
        Channel::Email => lacking(about, seen, true),
        Channel::Sms => lacking(about, seen, false),
        Channel::Line | Channel::Push | Channel::Webhook => return None,
    };
    if lacking.is_empty() {
        return None;
    }
    let name = &about.message.name;
    let mut found = Diagnostic::new(
        Code::E0307,
        place,
        format!("`{name}` sells and does not say everything the law asks for"),
        format!("`{name}` に特定電子メール法の表示が足りません"),
    );
    for lack in &lacking {
        found = found.note(format!("missing: {}", lack.what.en), format!("不足: {}", lack.what.ja));
    }
    found = found.other(about.message.span, "needs consent, so it sells", "同意のいる宣伝のメッセージです");
    let list = |of: fn(&Phrase) -> &str| {
        lacking.iter().map(|lack| format!("`{}`", of(&lack.remedy))).collect::<Vec<_>>().join(" ")
    };
    let (en, ja) = (list(|phrase| &phrase.en), list(|phrase| &phrase.ja));
    let sender = &about.world.project.sender;
    let unset = sender.name.is_none()
        || about.channel == Channel::Email && (sender.address.is_none() || sender.contact.is_none());
    Some(if unset {
        found.help(
            format!("say `sender: {{ name, address, contact }}` in `tabi.yaml`, then write {en}"),
            format!("`tabi.yaml` に `sender: {{ name, address, contact }}` を書き、{ja} を入れてください"),
        )
    } else {
        found.help(format!("outside of any condition, write {en}"), format!("条件の外に {ja} を入れてください"))
    })
}

fn lacking(about: About<'_>, seen: &Seen, email: bool) -> Vec<Lack> {
    let sender = &about.world.project.sender;
    let words = seen.words.to_lowercase();
    let says = |path: &str, value: &Option<String>| {
        let written = value.as_ref().map(|value| squeezed(value));
        seen.always.contains(path) || written.is_some_and(|written| words.contains(&written))
    };
    let mut lacking = Vec::new();
    let alike = |written: &str| Phrase::new(written, written);
    let mut need = |said: bool, en: &str, ja: &str, remedy: Phrase| {
        if !said {
            lacking.push(Lack { what: Phrase::new(en, ja), remedy });
        }
    };
    need(says("sender.name", &sender.name), "who sends", "送信者の氏名・名称", alike("{{ sender.name }}"));
    if email {
        need(
            says("sender.address", &sender.address),
            "the sender's postal address",
            "送信者の住所",
            alike("{{ sender.address }}"),
        );
        need(says("sender.contact", &sender.contact), "where to ask", "問い合わせ先", alike("{{ sender.contact }}"));
        let told = LEAVING.iter().any(|word| words.contains(word));
        need(told, "that one may leave", "配信停止できる旨", Phrase::new("unsubscribe here", "配信停止はこちら"));
    }
    let link = if email { "<a href=\"{{ unsubscribe_url }}\">" } else { "{{ unsubscribe_url }}" };
    need(seen.unsubscribe_link, "the link to leave by", "配信停止のリンク", alike(link));
    lacking
}

/// Without white space, in small letters: as the words of a message are kept.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
}
