//! Pushes to one LINE user, multicasts to several, each under a retry key; asks for the quota.
//!
//! Never repeats by itself, and never learns whether somebody has blocked the account: LINE answers 200 all the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::ir::Channel;
use crate::machine::Report;
use crate::ports::{Attempt, Delivery, Idempotency, Manifest, Outcome, Provider, Quota};
use crate::render::Part;
use crate::value::time::MILLIS_PER_HOUR;
use crate::value::{Instant, Span};

use super::answer::{Keyed, outcome};
use super::api::{Answer, Api};
use super::units::{Units, unit};

/// User ids in one multicast.
pub const RECIPIENTS_MAX: usize = 500;
/// LINE remembers a retry key for 24 hours from the first attempt; an hour is left for clocks and slow attempts.
pub const IDEMPOTENT_FOR: Span = Span(23 * MILLIS_PER_HOUR);
/// Pushes a second that LINE allows a channel. Of multicasts it allows 200; whoever comes there (100,000 people a second)
/// is told to wait.
const PER_SECOND_DEFAULT: u32 = 2_000;
const AT_ONCE_MAX: usize = 100;
/// A page of unit names has at most 100; a thousand names is ten pages.
const UNIT_PAGES_MAX: usize = 20;

const RETRY_KEY: &str = "X-Line-Retry-Key";
const UNITS: &str = "customAggregationUnits";

/// The channel `line` by the Messaging API.
pub struct Line {
    api: Api,
    manifest: Manifest,
    /// By message's name: what tells one version of its content from another. Absent: units are not used.
    versions: Option<BTreeMap<String, String>>,
    units: Units,
}

impl Line {
    /// `versions`: for each message's name a hash of its content, where LINE is to count by message; `None` where not.
    pub fn new(api: Api, per_second_max: Option<u32>, versions: Option<BTreeMap<String, String>>) -> Line {
        let manifest = Manifest {
            channel: Channel::Line,
            provider: "line",
            // Of one person LINE tells only this. Clicks are known by our own links, opens not at all.
            reports: &[Report::Blocked, Report::Unblocked],
            idempotency: Idempotency::Within(IDEMPOTENT_FOR),
            per_second_max: Some(per_second_max.unwrap_or(PER_SECOND_DEFAULT)),
            at_once_max: AT_ONCE_MAX,
            recipients_max: RECIPIENTS_MAX,
            timeout: api.timeout(),
        };
        Line { api, manifest, versions, units: Units::new() }
    }

    /// Asks which unit names were used this month, so that a restart does not forget them. How many there are now.
    pub async fn recall_units(&self, now: Instant) -> Result<usize, String> {
        let (mut start, mut known) = (String::new(), 0);
        for _ in 0..UNIT_PAGES_MAX {
            let mut query = vec![("limit", "100")];
            if !start.is_empty() {
                query.push(("start", &start));
            }
            let path = ["v2", "bot", "message", "aggregation", "list"];
            let body = good(self.api.get(&path, &query).await.ok()).ok_or("LINE did not list its aggregation units")?;
            let names = body.get(UNITS).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
            known = self.units.remember(names.iter().filter_map(Json::as_str).map(String::from), now);
            start = body.get("next").and_then(Json::as_str).unwrap_or("").to_owned();
            if start.is_empty() {
                break;
            }
        }
        Ok(known)
    }

    async fn send(&self, delivery: &Delivery) -> Outcome {
        let Part::Line(line) = &delivery.part else { return refused("this is no message for LINE") };
        let mut body = Map::new();
        let path = match delivery.to.as_slice() {
            [] => return refused("nobody to send it to"),
            [one] => {
                body.insert("to".into(), json!(one));
                "push"
            }
            several if several.len() > RECIPIENTS_MAX => return refused("more than 500 people in one multicast"),
            several => {
                body.insert("to".into(), json!(several));
                "multicast"
            }
        };
        body.insert("messages".into(), json!(line.messages));
        let unit = self.unit(delivery);
        if let Some(unit) = &unit {
            body.insert(UNITS.into(), json!([unit]));
        }
        let path = ["v2", "bot", "message", path];
        let answer = self.api.post(&path, Some((RETRY_KEY, &delivery.uuid)), &Json::Object(body)).await;
        // Units are for companies that have applied for them: a channel that may not use them sends without.
        let about_units = |a: &Answer| matches!(a.status, 400 | 403) && a.body.to_string().contains(UNITS);
        if unit.is_some() && answer.as_ref().is_ok_and(about_units) {
            self.units.forbid();
            tracing::warn!("LINE does not take aggregation units from this channel; messages go out without");
            return Outcome::Later { why: "LINE does not take aggregation units".into(), after: Some(Span(0)) };
        }
        outcome(answer, delivery.attempt, Keyed::Yes)
    }

    /// Without one when the month has none left: statistics are lost then, not messages.
    fn unit(&self, delivery: &Delivery) -> Option<String> {
        let versions = self.versions.as_ref()?;
        let version = versions.get(&delivery.message).map_or("", String::as_str);
        let unit = unit(&delivery.message, version);
        let taken = self.units.take(&unit, delivery.now);
        if !taken {
            metrics::counter!("tabi_line_sent_without_unit_total").increment(1);
        }
        taken.then_some(unit)
    }

    async fn ask_quota(&self) -> Option<Quota> {
        let path = ["v2", "bot", "message", "quota"];
        let limit = good(self.api.get(&path, &[]).await.ok())?;
        let path = ["v2", "bot", "message", "quota", "consumption"];
        let used = good(self.api.get(&path, &[]).await.ok())?.get("totalUsage")?.as_u64()?;
        match limit.get("type")?.as_str()? {
            "none" => Some(Quota { limit: None, used }),
            "limited" => Some(Quota { limit: Some(limit.get("value")?.as_u64()?), used }),
            _ => None,
        }
    }
}

impl Provider for Line {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Attempt<'a, Outcome> {
        Box::pin(self.send(delivery))
    }
    fn quota(&self) -> Attempt<'_, Option<Quota>> {
        Box::pin(self.ask_quota())
    }
}

fn good(answer: Option<Answer>) -> Option<Json> {
    answer.filter(|a| (200..300).contains(&a.status)).map(|a| a.body)
}

pub(super) fn refused(why: &str) -> Outcome {
    Outcome::Refused { why: why.into(), address: None }
}
