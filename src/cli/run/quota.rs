//! How much of their quotas providers say is left: asked now and then, for metrics, and told when it runs low.
//!
//! Stops nothing: a quota that is used up is learned from the provider's own refusal.

use std::sync::Arc;
use std::time::Duration;

use crate::ir::Channel;
use crate::ports::{Noticeboard, Posting, Provider, Quota};

/// Between questions; LINE allows them often, and a month's quota does not go in an hour.
const EVERY: Duration = Duration::from_secs(15 * 60);
/// Parts of a hundred at which somebody is told, once each until the quota is new.
const TOLD_AT: [u64; 2] = [80, 95];

/// Watches until the process ends.
pub async fn watch(providers: [Arc<dyn Provider>; Channel::COUNT], boards: Vec<Arc<dyn Noticeboard>>) {
    let mut told = [0usize; Channel::COUNT];
    loop {
        for channel in Channel::ALL {
            let Some(quota) = providers[channel.index()].quota().await else { continue };
            metrics::gauge!("tabi_quota_used", "channel" => channel.name()).set(quota.used as f64);
            let Some(limit) = quota.limit else { continue };
            metrics::gauge!("tabi_quota_limit", "channel" => channel.name()).set(limit as f64);
            let reached = reached(quota);
            if reached > told[channel.index()] {
                let posting = posting(channel, quota.used, limit);
                tracing::warn!(channel = channel.name(), used = quota.used, limit, "the quota runs low");
                for board in &boards {
                    if let Err(why) = board.post(&posting).await {
                        tracing::warn!(%why, "a notice could not be posted");
                    }
                }
            }
            told[channel.index()] = reached;
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// How many of the marks the quota has passed.
fn reached(quota: Quota) -> usize {
    let Some(limit) = quota.limit.filter(|limit| *limit > 0) else { return 0 };
    TOLD_AT.iter().filter(|mark| u128::from(quota.used) * 100 >= u128::from(limit) * u128::from(**mark)).count()
}

fn posting(channel: Channel, used: u64, limit: u64) -> Posting {
    let name = channel.name();
    let text = format!(
        "{name}: {used} of {limit} messages of this month are used; when they are gone, messages wait or take their other way / \
         {name}: 今月の上限 {limit} 通のうち {used} 通を使用。使い切ると、メッセージは待機するか代わりの経路で送られます"
    );
    Posting { urgent: false, title: format!("Tabi: {name}"), text, link: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_passed_one_by_one() {
        let of = |used, limit| reached(Quota { limit, used });
        assert_eq!([of(0, Some(200)), of(159, Some(200)), of(160, Some(200)), of(190, Some(200))], [0, 0, 1, 2]);
        assert_eq!([of(5, None), of(5, Some(0)), of(u64::MAX, Some(u64::MAX))], [0, 0, 2]);
    }
}
