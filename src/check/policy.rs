//! Policies: quiet hours, caps, budgets, and what is withheld when.
//!
//! Does not decide whether a policy is wise; only whether it means something.

use super::Context;
use super::expr::Exprs;
use super::flow::Flow;
use super::literal;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Budget, Cap, Channel, Overflow, Policy, PurposeId, Quiet, Withhold};
use crate::schema::table::duplicate;
use crate::schema::{Sink, channel, unknown};
use crate::syntax::tree::{self, Name, PolicyDecl, PolicyRuleKind};
use crate::text::Span;
use crate::value::{CalendarPeriod, Zone};

/// By the order of names.
pub fn policies(context: Context<'_, '_>, sink: &mut Sink) -> Vec<Policy> {
    context.world.policies.iter().map(|entry| policy(context, entry.data, sink)).collect()
}

fn policy(context: Context<'_, '_>, decl: &PolicyDecl, sink: &mut Sink) -> Policy {
    let mut policy = Policy {
        name: decl.name.text.clone(),
        zone: zone(context, decl, sink),
        quiet: Vec::new(),
        caps: Vec::new(),
        budgets: Vec::new(),
        withhold: Vec::new(),
        consents: Vec::new(),
        nurture: None,
    };
    for rule in &decl.rules {
        match &rule.kind {
            PolicyRuleKind::Timezone(_) | PolicyRuleKind::Error => {}
            PolicyRuleKind::Quiet { from, to, then } => {
                if from.seconds == to.seconds {
                    sink.report(
                        Diagnostic::new(Code::E0104, rule.span, "quiet hours that last no time", "長さ 0 の quiet")
                            .help(
                                "the end is not included: `21:00..08:00`",
                                "終わりの時刻は含みません: `21:00..08:00`",
                            ),
                    );
                }
                let overflow = overflow(*then, Overflow::Hold);
                policy.quiet.push(Quiet { from: literal::time(from), to: literal::time(to), overflow });
            }
            PolicyRuleKind::Cap { count, what, per, then } => {
                let count = literal::count(count, 1, ("a cap", "cap "), sink).unwrap_or(1);
                let channel = counted(what, sink);
                let window = literal::lasting(per, ("a window", "期間"), sink);
                policy.caps.push(Cap { count, channel, window, overflow: overflow(*then, Overflow::Drop) });
            }
            PolicyRuleKind::Consent(names) => {
                names.iter().for_each(|name| consent(context, name, sink));
                let known = names.iter().filter_map(|name| context.world.purposes.find(&name.text));
                policy.consents.extend(known.map(PurposeId));
            }
            PolicyRuleKind::Nurture { share } => policy.nurture = super::start::target(share, sink),
            PolicyRuleKind::Budget { count, what, per } => {
                let count = literal::count(count, 1, ("a budget", "budget "), sink).unwrap_or(1);
                let channel = counted(what, sink);
                let window = budget_window(per, sink);
                policy.budgets.push(Budget { count: u64::from(count), channel, window });
            }
            PolicyRuleKind::Withhold { purpose, when } => {
                let purpose = purpose_id(context, purpose, sink);
                let mut flow = Flow::new();
                let when = Exprs::plain(context, policy.zone, true, sink, &mut flow).condition(when);
                if let Some(purpose) = purpose {
                    policy.withhold.push(Withhold { purpose, when });
                }
            }
        }
    }
    policy
}

fn zone(context: Context<'_, '_>, decl: &PolicyDecl, sink: &mut Sink) -> Zone {
    let mut found: Option<(Zone, Span)> = None;
    for rule in &decl.rules {
        if let PolicyRuleKind::Timezone(name) = &rule.kind {
            if let Some((_, first)) = found {
                sink.report(duplicate(("the", "設定"), "timezone", rule.span, first));
            } else if let Some(zone) = literal::zone(&name.text, name.span, sink) {
                found = Some((zone, rule.span));
            }
        }
    }
    found.map_or(context.world.project.zone, |(zone, _)| zone)
}

fn overflow(then: Option<tree::Overflow>, default: Overflow) -> Overflow {
    match then {
        Some(tree::Overflow::Hold(_)) => Overflow::Hold,
        Some(tree::Overflow::Drop(_)) => Overflow::Drop,
        None => default,
    }
}

/// `messages` counts all personal channels.
pub fn counted(what: &Name, sink: &mut Sink) -> Option<Channel> {
    match what.text.as_str() {
        "messages" | "message" => None,
        _ => channel(what, sink),
    }
}

fn budget_window(per: &tree::Duration, sink: &mut Sink) -> CalendarPeriod {
    let window = literal::lasting(per, ("a window", "期間"), sink);
    let one_unit = matches!(window, CalendarPeriod { months: 1, days: 0, millis: 0 })
        || matches!(window, CalendarPeriod { months: 0, days: 1, millis: 0 });
    if !one_unit && !window.is_exact() {
        sink.report(
            Diagnostic::new(
                Code::E0404,
                per.span,
                "a budget is per calendar month, per calendar day, or per hours",
                "budget の期間は暦月・暦日・時間のどれかです",
            )
            .help(
                "write `per 1mo`, `per 1d` or hours such as `per 168h`",
                "`per 1mo`、`per 1d`、`per 168h` のように書いてください",
            ),
        );
    }
    window
}

/// A purpose is known when a message has it. One that merely resembles such a one is a slip.
fn consent(context: Context<'_, '_>, name: &Name, sink: &mut Sink) {
    let used: Vec<_> = context.world.messages.iter().map(|m| (m.data.purpose.as_str(), Some(m.span))).collect();
    let is_used = used.iter().any(|(purpose, _)| *purpose == name.text);
    if !is_used && crate::diag::did_you_mean(&name.text, used.iter().map(|u| u.0)).is_some() {
        sink.report(unknown(("purpose", "目的"), &name.text, name.span, used));
    }
}

pub fn purpose_id(context: Context<'_, '_>, name: &Name, sink: &mut Sink) -> Option<PurposeId> {
    let id = context.world.purposes.find(&name.text);
    if id.is_none() {
        sink.report(unknown(("purpose", "目的"), &name.text, name.span, context.world.purposes.candidates()));
    }
    id.map(PurposeId)
}
