//! Manners every policy needs that reaches people: a cap (E0304) and quiet hours (E0305).
//!
//! Counts nothing: how many messages a journey may send is proven elsewhere.

use std::collections::BTreeSet;

use super::view::{Send, View};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Cap, Channel, Policy};

/// One finding for each channel that a journey uses without.
pub fn manners(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let (mut uncapped, mut restless) = (BTreeSet::new(), BTreeSet::new());
    for send in view.personal_sends() {
        let channel = send.message.channel;
        if !view.policy.caps.iter().any(|cap| covers(cap, channel)) && uncapped.insert(channel) {
            found.push(no_cap(view, send));
        }
        if rings(&send) && !has_quiet(view.policy) && restless.insert(channel) {
            found.push(no_quiet(view, send));
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

fn has_quiet(policy: &Policy) -> bool {
    policy.quiet.iter().any(|quiet| quiet.from != quiet.to)
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

fn no_quiet(view: &View<'_>, send: Send<'_>) -> Diagnostic {
    let (message, policy) = (&send.message.name, &view.policy.name);
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
