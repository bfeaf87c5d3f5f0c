//! Rewards for reviews without a word that the review is rewarded (W0318).
//!
//! Knows reviews by the names of events only.

use super::view::{Send, View};
use crate::diag::{Code, Diagnostic};
use crate::ir::content::{Body, Content, Node};
use crate::ir::{MessageDef, Start};

const REVIEWS: &[&str] = &["review", "レビュー", "口コミ", "クチコミ"];
/// What a reader or a field of a message may say of it.
const LABELS: &[&str] =
    &["広告", "プロモーション", "【pr】", "[pr]", "#pr", "sponsored", "rewarded review", "advertis"];
const LABEL_PARAMS: &[&str] = &["label", "ad_label", "disclosure"];

pub fn rewarded_reviews(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let Some(event) = review_event(view) else { return };
    let grants = view.grants();
    let rewards = |send: &Send<'_>| send.message.offer.is_some() || grants.iter().any(|grant| send.carries(grant));
    for send in view.personal_sends().filter(|send| rewards(send) && !is_labelled(send.message)) {
        let name = &send.message.name;
        let place = view.map.goal.or(view.map.start).unwrap_or(view.map.name);
        found.push(
            Diagnostic::new(
                Code::W0318,
                send.place,
                format!("`{name}` rewards a review and does not ask to say so"),
                format!("`{name}` はレビューに特典を付けますが、その旨の表示がありません"),
            )
            .other(place, format!("`{event}` is a review"), format!("`{event}` はレビュー"))
            .help(
                "tell in the message that the review must be marked as rewarded (景品表示法, the 2023 notice on stealth \
                 marketing), or give the text as a parameter `label`",
                "特典付きのレビューである旨の表示を求める文を入れるか、パラメータ `label` で渡す (景品表示法のステマ告示)",
            ),
        );
    }
}

fn review_event<'a>(view: &View<'a>) -> Option<&'a str> {
    let program = view.input.program;
    let start = match &view.journey.start {
        Start::Event { event, .. } => Some(*event),
        Start::Segment { .. } | Start::Schedule { .. } | Start::At { .. } => None,
    };
    let events = view.journey.goal.iter().map(|goal| goal.event).chain(start);
    let mut names = events.map(|event| program.event(event).name.as_str());
    names.find(|name| REVIEWS.iter().any(|word| name.to_lowercase().contains(word)))
}

fn is_labelled(message: &MessageDef) -> bool {
    let by_param = message.params.iter().any(|param| LABEL_PARAMS.contains(&param.name.as_str()));
    by_param || message.content.as_ref().is_some_and(|content| texts(content).iter().any(|text| says_so(text)))
}

fn says_so(text: &str) -> bool {
    let text = text.to_lowercase();
    LABELS.iter().any(|label| text.contains(label))
}

/// Every template of a content, as written.
fn texts(content: &Content) -> Vec<&str> {
    match content {
        Content::Email(email) => {
            let body = match &email.body {
                Body::Mjml(body) | Body::Html(body) => body,
            };
            let optional = email.preheader.iter().chain(&email.text);
            [&email.subject, body].into_iter().chain(optional).map(|template| template.0.as_str()).collect()
        }
        Content::Line(line) => line.messages.iter().flat_map(|item| node_texts(&item.node)).collect(),
        Content::Sms(sms) => vec![sms.text.0.as_str()],
        Content::Push(push) => vec![push.title.0.as_str(), push.body.0.as_str()],
        Content::Webhook(_) => Vec::new(),
    }
}

fn node_texts(node: &Node) -> Vec<&str> {
    match node {
        Node::Text(template) => vec![template.0.as_str()],
        Node::List(items) => items.iter().flat_map(|item| node_texts(&item.node)).collect(),
        Node::Object(members) => members.iter().flat_map(|member| node_texts(&member.value)).collect(),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Value(_) => Vec::new(),
    }
}
