//! Words by which a message offers an advantage of price.
//!
//! Judges nothing: which messages may offer is for the checks of consent and law.

use crate::ir::content::{Body, Content, Item, Node, Template};

/// Words that only stand in offers, in small letters. `割引`, `セール` and `ポイント` alone also stand in receipts and
/// notices (`割引額`, `ポイント残高`), so only longer forms are listed.
const OFFERS: &[&str] = &[
    "%off",
    "%オフ",
    "％off",
    "％オフ",
    "円off",
    "円オフ",
    "円引き",
    "割引クーポン",
    "クーポンを",
    "クーポンプレゼント",
    "割引中",
    "割引キャンペーン",
    "半額",
    "タイムセール",
    "セール開催",
    "セール中",
    "ポイント還元",
    "ポイントプレゼント",
    "ポイント進呈",
    "送料無料キャンペーン",
    "プレゼントキャンペーン",
    "% off",
    "discount code",
    "coupon code",
    "promo code",
    "limited offer",
    "special offer",
];

/// The first words of an offer in a message's text, as written there; nothing if it makes none that can be told.
pub fn mentions_offer(content: &Content) -> Option<String> {
    let mut texts: Vec<&Template> = Vec::new();
    match content {
        Content::Email(email) => {
            texts.push(&email.subject);
            texts.extend(email.preheader.iter().chain(&email.text));
            match &email.body {
                Body::Mjml(body) | Body::Html(body) => texts.push(body),
            }
        }
        Content::Line(line) => items(&line.messages, &mut texts),
        Content::Sms(sms) => texts.push(&sms.text),
        Content::Push(push) => texts.extend([&push.title, &push.body]),
        Content::Webhook(_) => {}
    }
    texts.into_iter().find_map(|text| in_text(&text.0))
}

fn in_text(text: &str) -> Option<String> {
    let small = text.to_lowercase();
    OFFERS.iter().find(|offer| small.contains(*offer)).map(|offer| (*offer).to_owned())
}

fn items<'c>(list: &'c [Item], texts: &mut Vec<&'c Template>) {
    list.iter().for_each(|item| node(&item.node, texts));
}

fn node<'c>(value: &'c Node, texts: &mut Vec<&'c Template>) {
    match value {
        Node::Text(text) => texts.push(text),
        Node::List(list) => items(list, texts),
        Node::Object(members) => members.iter().for_each(|member| node(&member.value, texts)),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Value(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::in_text;

    #[test]
    fn offers_and_what_only_sounds_like_one() {
        for text in ["本日かぎり20%OFF", "500円引きクーポンを同封します", "全品半額", "Use promo code TEA"]
        {
            assert!(in_text(text).is_some(), "{text}");
        }
        for text in ["割引額: 500円", "ポイント残高は120です", "返品の送料は無料です", "お支払い期限は明日です"]
        {
            assert_eq!(in_text(text), None, "{text}");
        }
    }
}
