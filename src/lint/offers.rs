//! Discounts where they do harm: as the first word about a cart (W0311), as all that a journey says (W0312), and selling
//! that outweighs everything else (W0313).
//!
//! Knows what is an offer from the declarations alone.

use std::collections::{BTreeMap, BTreeSet};

use super::view::{Grant, Send, View};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Expr, MessageClass, MessageId, Offer, Op, Pc, Start};
use crate::prove::Way;

/// Names of carts and of what stands before paying.
const CARTS: &[&str] = &["cart", "checkout", "basket", "カート", "かご"];

fn names_a_cart(name: &str) -> bool {
    let name = name.to_lowercase();
    CARTS.iter().any(|word| name.contains(word))
}

fn discounts(send: &Send<'_>, grants: &[Grant]) -> bool {
    let granted = |grant: &Grant| grant.offer == Offer::Discount && send.carries(grant);
    send.message.offer == Some(Offer::Discount) || grants.iter().any(granted)
}

/// What each message of the journey holds out.
pub fn held_out(view: &View<'_>) -> BTreeMap<MessageId, Vec<Offer>> {
    let grants = view.grants();
    let mut held_out: BTreeMap<MessageId, Vec<Offer>> = BTreeMap::new();
    for send in view.personal_sends() {
        let granted = grants.iter().filter(|grant| send.carries(grant)).map(|grant| grant.offer);
        for offer in send.message.offer.into_iter().chain(granted) {
            let offers = held_out.entry(send.id).or_default();
            if !offers.contains(&offer) {
                offers.push(offer);
            }
        }
    }
    held_out
}

/// W0311.
pub fn first_word_about_a_cart(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let Some(event) = cart_event(view) else { return };
    let grants = view.grants();
    for send in first_sends(view) {
        if discounts(&send, &grants) {
            let (name, start) = (&send.message.name, view.map.start.unwrap_or(view.map.name));
            found.push(
                Diagnostic::new(
                    Code::W0311,
                    send.place,
                    format!("the first message about a cart carries a discount: `{name}`"),
                    format!("カートについての最初のメッセージ `{name}` が値引きを含みます"),
                )
                .other(start, format!("starts with `{event}`"), format!("`{event}` で開始"))
                .help(
                    "begin with help or a reminder: a discount at once teaches people to leave carts behind",
                    "まず案内や思い出しの一言から始める (すぐの値引きはカートを放置する習慣を付けます)",
                ),
            );
        }
    }
}

/// The event that starts the journey, if the journey is about a cart.
fn cart_event<'a>(view: &View<'a>) -> Option<&'a str> {
    let Start::Event { event, .. } = &view.journey.start else { return None };
    let program = view.input.program;
    let trigger = program.event(*event);
    let same_cart = view.journey.goal.iter().flat_map(|goal| {
        goal.template.iter().map(|(field, value)| (&program.event(goal.event).fields[field.index()].name, value))
    });
    let about_it = names_a_cart(&trigger.name)
        || view.journey.purpose == "convert"
            && same_cart.into_iter().any(|(name, value)| names_a_cart(name) && matches!(value, Expr::Field(..)));
    about_it.then_some(trigger.name.as_str())
}

/// Sends to people that are meant to be the first of a run: the first one on each way, and what stands in for it at once.
fn first_sends<'a>(view: &View<'a>) -> Vec<Send<'a>> {
    let (mut seen, mut open, mut first) = (BTreeSet::new(), vec![(0, false)], BTreeMap::new());
    while let Some((pc, dropped)) = open.pop() {
        let later = dropped && matches!(view.op(pc), Op::Wait { .. } | Op::Await { .. });
        if later || !seen.insert((pc, dropped)) {
            continue;
        }
        let send = view.send_at(pc).filter(|send| send.message.channel.is_personal());
        let silent = |way| send.is_none() || way != Way::Sent;
        let edges = view.graph.leaving(pc).iter().filter(|edge| silent(edge.way));
        open.extend(edges.map(|edge| (edge.to, dropped || send.is_some())));
        first.extend(send.map(|send| (pc, send)));
    }
    first.into_values().collect()
}

/// W0312.
pub fn nothing_but_price(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let grants = view.grants();
    let sends: Vec<Send<'_>> = view.personal_sends().collect();
    if sends.is_empty() || !sends.iter().all(|send| discounts(send, &grants)) {
        return;
    }
    // A journey that only has one thing to say is the announcement of an offer.
    let Some(second) = sends.iter().find(|send| follows(view, &sends, send.pc)) else { return };
    found.push(
        Diagnostic::new(
            Code::W0312,
            view.map.name,
            format!("every message of `{}` is a price offer", view.journey.name),
            format!("`{}` のメッセージはすべて値引きです", view.journey.name),
        )
        .other(sends[0].place, "a price offer", "値引き")
        .other(second.place, "and another", "これも値引き")
        .help(
            "let one of them help, tell or thank without an offer; people who only hear prices wait for lower ones",
            "一通は、案内や読み物など値引きのない内容にする (価格の話だけでは、さらなる値下げを待たれます)",
        ),
    );
}

/// Whether a run that sent another message of these can come to this one.
fn follows(view: &View<'_>, sends: &[Send<'_>], target: Pc) -> bool {
    let mut seen = BTreeSet::new();
    let after = |send: &Send<'_>| {
        view.graph.leaving(send.pc).iter().filter(|edge| edge.way == Way::Sent).map(|edge| edge.to).collect::<Vec<_>>()
    };
    let mut open: Vec<Pc> = sends.iter().filter(|send| send.pc != target).flat_map(after).collect();
    while let Some(pc) = open.pop() {
        if seen.insert(pc) {
            open.extend(view.graph.leaving(pc).iter().map(|edge| edge.to));
        }
    }
    seen.contains(&target)
}

/// W0313: of the different messages a journey can send, fallbacks left out, at least so many must not sell. What serves
/// an order counts on neither side.
pub fn balance(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let Some(least) = view.policy.nurture else { return };
    let mut kinds: BTreeMap<MessageId, Send<'_>> = BTreeMap::new();
    for send in main_sends(view) {
        if send.message.class != MessageClass::Service {
            kinds.entry(send.id).or_insert(send);
        }
    }
    let sells = |send: &&Send<'_>| send.message.class == MessageClass::Sell;
    let selling = kinds.values().filter(sells).count() as i64;
    let (all, rest) = (kinds.len() as i64, kinds.len() as i64 - selling);
    if rest * crate::value::Decimal::ONE >= least.micro * all {
        return;
    }
    let name = &view.journey.name;
    let percent = least.micro / (crate::value::Decimal::ONE / 100);
    let mut diagnostic = Diagnostic::new(
        Code::W0313,
        view.map.name,
        format!("{selling} of the {all} messages of `{name}` sell; at least {percent} % should not"),
        format!("`{name}` の {all} 通のうち {selling} 通が販売です (販売以外を {percent}% 以上に)"),
    )
    .other(rule(view), "asked for here", "この規則による");
    for send in kinds.values().filter(sells).take(LISTED_MAX) {
        diagnostic = diagnostic.other(send.place, "sells", "販売");
    }
    found.push(diagnostic.help(
        "add a message that tells, teaches or thanks (`class nurture`), or say of one of these that it does",
        "読み物・使い方・お礼などのメッセージ (`class nurture`) を加える。すでにそうなら宣言に書く",
    ));
}

/// More places than this help nobody.
const LISTED_MAX: usize = 4;

fn rule(view: &View<'_>) -> crate::text::Span {
    view.policy_rule("nurture", 0).unwrap_or(view.policy_map.name)
}

/// Sends to people that a run comes to when every message before was accepted: no fallbacks.
fn main_sends<'a>(view: &View<'a>) -> Vec<Send<'a>> {
    let (mut seen, mut open, mut sends) = (BTreeSet::new(), vec![0], Vec::new());
    while let Some(pc) = open.pop() {
        if !seen.insert(pc) {
            continue;
        }
        let send = view.send_at(pc);
        sends.extend(send.filter(|send| send.message.channel.is_personal()));
        let accepted = |way| send.is_none() || way == Way::Sent;
        open.extend(view.graph.leaving(pc).iter().filter(|edge| accepted(edge.way)).map(|edge| edge.to));
    }
    sends.sort_by_key(|send| send.pc);
    sends
}
