//! The part of `tabi.yaml` that figures need: what messages cost, and what a report counts as a purchase.
//!
//! Whether such events and fields exist is judged where they are used.

use serde_yaml::Value as Yaml;

use super::settings::Reader;
use crate::ir::Channel;
use crate::value::{Decimal, Price};

/// `report:` of `tabi.yaml`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReportSettings {
    /// Events, with their field of money where one is meant: `purchase.total`.
    pub purchases: Vec<String>,
    pub returns: Vec<String>,
    /// Of a purchase's amount, what is left after the cost of goods.
    pub margin: Option<Decimal>,
    /// What money a year ahead is worth less.
    pub discount: Option<Decimal>,
}

const REPORT_KEYS: &[&str] = &["purchases", "returns", "margin", "discount"];

impl Reader<'_> {
    pub(super) fn costs(&mut self, yaml: &Yaml) -> Vec<(Channel, Price)> {
        let names = Channel::ALL.map(Channel::name);
        let mut all = Vec::new();
        for (name, value) in self.entries(yaml, &["costs"], &names) {
            let price = value.as_str().and_then(Price::parse);
            if price.is_none() {
                self.wrong(&["costs", name], "a price such as `3 JPY`", "`3 JPY` のような単価", value);
            }
            all.extend(Channel::from_name(name).zip(price));
        }
        all.sort_by_key(|(channel, _)| *channel);
        all
    }

    pub(super) fn report_settings(&mut self, yaml: &Yaml) -> ReportSettings {
        let mut report = ReportSettings::default();
        for (key, value) in self.entries(yaml, &["report"], REPORT_KEYS) {
            let path = &["report", key][..];
            match key {
                "purchases" => report.purchases = self.texts(value, path),
                "returns" => report.returns = self.texts(value, path),
                "margin" => report.margin = self.share(value, path),
                "discount" => report.discount = self.share(value, path),
                _ => {}
            }
        }
        report
    }
}
