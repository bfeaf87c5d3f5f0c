//! What the law on advertising wants of a send: consent (E0302), and no offer in what needs none (E0303).
//!
//! Whether a person has consented is the machine's matter; this is about who would never be asked.

use super::Input;
use super::view::{Send, View};
use crate::content::mentions_offer;
use crate::diag::{Code, Diagnostic};
use crate::ir::MessageDef;

pub fn consent(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for send in view.personal_sends() {
        if send.message.needs_consent && !view.policy.consents.contains(&send.message.purpose) {
            found.push(no_consent(view, send));
        }
    }
}

fn no_consent(view: &View<'_>, send: Send<'_>) -> Diagnostic {
    let program = view.input.program;
    let (message, policy) = (&send.message.name, &view.policy.name);
    let purpose = &program.purposes[send.message.purpose.index()];
    let others: Vec<String> = program
        .policies
        .iter()
        .filter(|other| other.consents.contains(&send.message.purpose))
        .map(|other| format!("`{}`", other.name))
        .collect();
    let diagnostic = Diagnostic::new(
        Code::E0302,
        send.place,
        format!("`{message}` is for {purpose}, and policy `{policy}` names no consent to that"),
        format!("`{message}` の目的 {purpose} への同意が、ポリシー `{policy}` にありません"),
    )
    .other(
        view.input.map.messages[send.id.index()].name,
        format!("declared for {purpose} here"),
        format!("目的 {purpose} の宣言"),
    )
    .other(view.policy_map.name, "the policy", "ポリシー");
    match others.is_empty() {
        true => diagnostic.help(
            format!("add `consent {purpose}` to the policy, if it may carry such messages"),
            format!("このポリシーで扱ってよいなら `consent {purpose}` を加える"),
        ),
        false => diagnostic.help(
            format!(
                "put the journey under {}, or add `consent {purpose}` to the policy if it may carry such messages",
                others.join(" or ")
            ),
            format!(
                "ジャーニーを {} の下に置く。このポリシーで扱ってよいなら `consent {purpose}` を加える",
                others.join("・")
            ),
        ),
    }
}

/// Declarations that contradict themselves, or what their files say.
pub fn declared_offers(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    let unasked = |message: &MessageDef| !message.needs_consent && message.channel.is_personal();
    for (message, map) in input.program.messages.iter().zip(&input.map.messages).filter(|(m, _)| unasked(m)) {
        let name = &message.name;
        if let Some(offer) = message.offer {
            let offer = offer.name();
            found.push(apart(Diagnostic::new(
                Code::E0303,
                map.name,
                format!("`{name}` is transactional and offers {offer}"),
                format!("`{name}` は transactional なのに特典 ({offer}) を含みます"),
            )));
        } else if let Some(words) = message.content.as_ref().and_then(mentions_offer) {
            let diagnostic = Diagnostic::new(
                Code::E0303,
                map.name,
                format!("`{name}` is transactional and its file speaks of an offer: `{words}`"),
                format!("`{name}` は transactional なのに、本文に特典の文言 `{words}` があります"),
            );
            let diagnostic = match map.file {
                Some(file) => diagnostic.other(file, "its file", "ファイル"),
                None => diagnostic,
            };
            found.push(apart(diagnostic));
        }
    }
}

/// Sends that bring what was granted in a message that needs no consent.
pub fn carried_offers(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let grants = view.grants();
    for send in view.personal_sends().filter(|send| !send.message.needs_consent && send.message.offer.is_none()) {
        let Some(grant) = grants.iter().find(|grant| send.carries(grant)) else { continue };
        let action = &view.input.program.actions[grant.action.index()].name;
        let (name, offer) = (&send.message.name, grant.offer.name());
        let diagnostic = Diagnostic::new(
            Code::E0303,
            send.place,
            format!("`{name}` is transactional and carries what `{action}` grants"),
            format!("`{name}` は transactional なのに、`{action}` の特典を届けます"),
        )
        .other(view.part(grant.pc, 0), format!("grants {offer} here"), format!("ここで特典 ({offer}) を発行"))
        .other(view.input.map.messages[send.id.index()].name, "the message", "メッセージの宣言");
        found.push(apart(diagnostic));
    }
}

fn apart(diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.help(
        "send the offer in a message of its own, for a purpose that people consent to",
        "特典は、同意を得た目的の別のメッセージで送る",
    )
}
