//! What messages cost, by channel, and what a simulation's messages come to. Exact: sums of decimals.
//!
//! Reads no tariffs: prices come with the options.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ir::Channel;
use crate::value::{Decimal, Price};

/// By [`Channel::index`]; a channel without a price costs nothing that is known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prices(pub [Option<Price>; Channel::COUNT]);

/// What messages come to; amounts as `1234.5 JPY`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Cost {
    /// By channel, those with a price.
    pub channels: BTreeMap<String, String>,
    /// By currency.
    pub total: BTreeMap<String, String>,
}

impl Prices {
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// By currency: what so many messages of each channel come to.
    pub fn totals(&self, sent: &[u64; Channel::COUNT]) -> BTreeMap<&'static str, Decimal> {
        let mut totals: BTreeMap<&'static str, Decimal> = BTreeMap::new();
        for channel in Channel::ALL {
            if let Some(price) = self.0[channel.index()] {
                let total = totals.entry(price.currency.code()).or_default();
                total.micro = total.micro.saturating_add(price.times(sent[channel.index()]).micro);
            }
        }
        totals
    }

    pub fn cost(&self, sent: &[u64; Channel::COUNT]) -> Cost {
        let channel = |channel: &Channel| {
            let price = self.0[channel.index()]?;
            let amount = price.times(sent[channel.index()]);
            Some((channel.name().to_string(), format!("{amount} {}", price.currency.code())))
        };
        let totals = self.totals(sent);
        Cost {
            channels: Channel::ALL.iter().filter_map(channel).collect(),
            total: totals.into_iter().map(|(code, total)| (code.to_string(), format!("{total} {code}"))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Currency;

    #[test]
    fn sums_are_exact_and_by_currency() {
        let price = |micro, code| {
            Some(Price { amount: Decimal { micro }, currency: Currency::from_code(code).expect("a currency") })
        };
        let mut prices = Prices::default();
        prices.0[Channel::Line.index()] = price(3_000_000, "JPY");
        prices.0[Channel::Sms.index()] = price(8_500_000, "JPY");
        prices.0[Channel::Email.index()] = price(100, "USD");
        let mut sent = [0; Channel::COUNT];
        (sent[Channel::Line.index()], sent[Channel::Sms.index()], sent[Channel::Email.index()]) = (1_000, 3, 7);
        sent[Channel::Push.index()] = 9;
        let cost = prices.cost(&sent);
        assert_eq!(cost.channels["line"], "3000 JPY");
        assert_eq!(cost.channels["sms"], "25.5 JPY");
        assert!(!cost.channels.contains_key("push"));
        assert_eq!(cost.total["JPY"], "3025.5 JPY");
        assert_eq!(cost.total["USD"], "0.0007 USD");
    }
}
