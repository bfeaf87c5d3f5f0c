//! Manners every policy needs that reaches people: a cap (E0304) and quiet hours (E0305).
//!
//! Counts nothing: how many messages a journey may send is proven elsewhere.

use std::collections::BTreeSet;

use super::view::{Send, View};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Cap, Channel, Policy, Quiet};
use crate::value::LocalTime;

/// Seconds of the day: from one to five in the morning.
const NIGHT: (LocalTime, LocalTime) = (LocalTime(3_600), LocalTime(5 * 3_600));

/// One finding for each channel that a journey uses without.
pub fn manners(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let (mut uncapped, mut restless) = (BTreeSet::new(), BTreeSet::new());
    for send in view.personal_sends() {
        let channel = send.message.channel;
        if !view.policy.caps.iter().any(|cap| covers(cap, channel)) && uncapped.insert(channel) {
            found.push(no_cap(view, send));
        }
        let Some(open) = open_at_night(view.policy).filter(|_| rings(&send)) else { continue };
        if restless.insert(channel) {
            found.push(no_quiet(view, send, open));
        }
    }
}

/// Whether the cap counts messages on this channel.
pub fn covers(cap: &Cap, channel: Channel) -> bool {
    channel.is_personal() && cap.channel.is_none_or(|c| c == channel)
}

/// Mail about somebody's own order makes no sound and is waited for; everything else wakes people, or sells.
fn rings(send: &Send<'_>) -> bool {
    send.message.channel != Channel::Email || send.message.needs_consent
}

/// A time of the night at which no quiet hours hold. What is night to everyone is less than what a shop may choose.
fn open_at_night(policy: &Policy) -> Option<LocalTime> {
    let inside = |quiet: &Quiet, at: LocalTime| match quiet.from <= quiet.to {
        true => (quiet.from..quiet.to).contains(&at),
        false => at >= quiet.from || at < quiet.to,
    };
    // What holds changes only where quiet hours end.
    let ends = policy.quiet.iter().map(|quiet| quiet.to).filter(|end| (NIGHT.0..NIGHT.1).contains(end));
    std::iter::once(NIGHT.0).chain(ends).find(|at| !policy.quiet.iter().any(|quiet| inside(quiet, *at)))
}

fn no_cap(view: &View<'_>, send: Send<'_>) -> Diagnostic {
    let (channel, policy) = (send.message.channel.name(), &view.policy.name);
    Diagnostic::new(
        Code::E0304,
        send.place,
        format!("nothing in policy `{policy}` limits messages on {channel}"),
        format!("ポリシー `{policy}` に {channel} の上限がありません"),
    )
    .other(view.policy_map.name, format!("no cap on {channel} in here"), format!("{channel} の cap がない"))
    .help(
        format!("add a cap to the policy, such as `cap 1 {channel} per 1d` or `cap 3 messages per 7d`"),
        format!("ポリシーに `cap 1 {channel} per 1d` や `cap 3 messages per 7d` のような上限を加える"),
    )
}

fn no_quiet(view: &View<'_>, send: Send<'_>, open: LocalTime) -> Diagnostic {
    let (message, policy) = (&send.message.name, &view.policy.name);
    if view.policy.quiet.iter().any(|quiet| quiet.from != quiet.to) {
        return Diagnostic::new(
            Code::E0305,
            send.place,
            format!("`{message}` may arrive at {open}: the quiet hours of policy `{policy}` leave the night open"),
            format!(
                "`{message}` が {open} に届くことがあります (ポリシー `{policy}` の静かな時間が深夜を覆っていません)"
            ),
        )
        .other(view.policy_map.name, format!("not quiet at {open}"), format!("{open} は静かな時間でない"))
        .help(
            "let them hold all night, such as `quiet 21:00..08:00 then hold`",
            "`quiet 21:00..08:00 then hold` のように夜通しにする",
        );
    }
    Diagnostic::new(
        Code::E0305,
        send.place,
        format!("`{message}` may arrive in the middle of the night: policy `{policy}` has no quiet hours"),
        format!("`{message}` が深夜に届くことがあります (ポリシー `{policy}` に静かな時間がありません)"),
    )
    .other(view.policy_map.name, "no `quiet` in here", "`quiet` がない")
    .help(
        "add quiet hours to the policy, such as `quiet 21:00..08:00 then hold`",
        "ポリシーに `quiet 21:00..08:00 then hold` のような静かな時間を加える",
    )
}
