//! The report of a simulation: plain, versioned, the same bytes for the same input.
//!
//! Holds no time of the run itself. `render.rs` lays it out for people.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ir::{Channel, JourneyId, Program};
use crate::machine::Reason;
use crate::value::Date;

use super::counts::JourneyCounts;
use super::prices::{Cost, Prices};
use super::route::Passed;
use super::sources::SourceSpec;
use super::story::Story;
use super::words;

/// Version of the shape of this report.
pub const REPORT_VERSION: u32 = 1;

type Counted = BTreeMap<String, u64>;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub version: u32,
    pub project: String,
    pub program: String,
    /// First and last moment of virtual time, RFC 3339; absent when no line had a time.
    pub from: Option<String>,
    pub to: Option<String>,
    /// The project's zone: that of `busiest_hour`.
    pub zone: String,
    pub people: u64,
    /// People with at least one message.
    pub reached: u64,
    /// Messages to people (webhooks apart).
    pub messages: u64,
    pub messages_per_person: Spread,
    pub busiest_hour: Option<Hour>,
    pub worst_pressed: Option<Worst>,
    pub bytes_per_person: u64,
    /// Absent where no price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    pub input: InputReport,
    pub journeys: BTreeMap<String, JourneyReport>,
}

/// Over the people reached; nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Default)]
pub struct Spread {
    pub p50: u32,
    pub p99: u32,
    pub max: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hour {
    /// Local: `2026-04-01 20:00`.
    pub start: String,
    pub messages: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worst {
    pub person: String,
    pub messages: u32,
    pub story: Option<Story>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InputReport {
    pub sources: Vec<String>,
    pub lines: u64,
    pub accepted: u64,
    pub without_effect: u64,
    pub left_out: u64,
    pub rejected: Counted,
    pub rejected_samples: Vec<SampleReport>,
    pub unknown_events: Counted,
    pub unknown_fields: Counted,
    /// Own time after arrival, cut to it.
    pub skewed: u64,
    /// Arrived before a line above it.
    pub out_of_order: u64,
    /// Too old on arrival to start a journey.
    pub late: u64,
    /// After `until`, not simulated.
    pub after_until: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampleReport {
    pub source: String,
    pub line: u64,
    #[serde(flatten)]
    pub reason: words::Words,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JourneyReport {
    pub title: Option<String>,
    pub entered: u64,
    /// People with at least one message; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<u64>,
    /// Inside at the end.
    pub live: u64,
    /// About to start at the end.
    pub settling: u64,
    pub ended: Counted,
    /// By channel.
    pub sent: Counted,
    pub sent_messages: Counted,
    pub dropped: Counted,
    pub held: Counted,
    pub withdrawn: u64,
    pub not_entered: Counted,
    pub goal: Option<GoalReport>,
    pub splits: BTreeMap<String, Counted>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GoalReport {
    pub event: String,
    pub reached: u64,
    /// Of those who entered, held out ones included; four decimals.
    pub rate: f64,
    pub target: Option<f64>,
}

impl Report {
    pub fn of(program: &Program, passed: &Passed, sources: &[SourceSpec], prices: &Prices) -> Report {
        let mut pressed: Vec<u32> = passed.messages.iter().copied().filter(|n| *n > 0).collect();
        pressed.sort_unstable();
        let zone = program.project.zone;
        // Of several as busy, the first.
        let busiest =
            passed.hours.iter().filter(|(_, n)| **n > 0).max_by_key(|(hour, n)| (**n, std::cmp::Reverse(**hour)));
        let hour = |(hour, n): (&i64, &u64)| Hour {
            start: format!("{} {:02}:00", Date(hour.div_euclid(24) as i32), hour.rem_euclid(24)),
            messages: *n,
        };
        let worst = passed.worst.map(|seat| Worst {
            person: passed.identities.name(seat).to_string(),
            messages: passed.messages[seat as usize],
            story: None,
        });
        let journeys = program.journeys.iter().enumerate().map(|(i, journey)| {
            let id = JourneyId(i as u16);
            let live = (passed.live[i], passed.settling[i]);
            (journey.name.clone(), JourneyReport::of(program, id, &passed.journeys[i], live))
        });
        Report {
            version: REPORT_VERSION,
            project: program.project.name.clone(),
            program: program.content_hash()[..6].iter().map(|b| format!("{b:02x}")).collect(),
            from: passed.start.map(|at| at.to_string()),
            to: passed.end.map(|at| at.to_string()),
            zone: zone.name().to_string(),
            people: passed.people,
            reached: pressed.len() as u64,
            messages: pressed.iter().map(|n| u64::from(*n)).sum(),
            messages_per_person: Spread::of(&pressed),
            busiest_hour: busiest.map(hour),
            worst_pressed: worst,
            bytes_per_person: passed.heap_bytes.checked_div(passed.people).unwrap_or(0),
            cost: (!prices.is_empty()).then(|| prices.cost(&sent_by_channel(program, passed))),
            input: InputReport::of(passed, sources),
            journeys: journeys.collect(),
        }
    }

    /// The worst-pressed person's story, once it is known.
    pub fn tell_worst(&mut self, story: Story) {
        if let Some(worst) = &mut self.worst_pressed {
            worst.story = Some(story);
        }
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report is plain data with string keys")
    }
}

/// Messages of all journeys, by [`Channel::index`].
pub fn sent_by_channel(program: &Program, passed: &Passed) -> [u64; Channel::COUNT] {
    Channel::ALL.map(|channel| passed.journeys.iter().map(|counts| counts.sent_on(program, channel)).sum())
}

impl Spread {
    /// Of counts in ascending order.
    fn of(sorted: &[u32]) -> Spread {
        let rank = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Spread { p50: rank(50).unwrap_or(0), p99: rank(99).unwrap_or(0), max: sorted.last().copied().unwrap_or(0) }
    }
}

impl InputReport {
    fn of(passed: &Passed, sources: &[SourceSpec]) -> InputReport {
        let tally = &passed.tally;
        let samples = tally.samples.iter().map(|s| SampleReport {
            source: sources[s.source].name.clone(),
            line: s.line,
            reason: words::Words::new(s.reason.to_string(), s.reason.ja()),
        });
        InputReport {
            sources: sources.iter().map(|s| s.name.clone()).collect(),
            lines: tally.lines,
            accepted: tally.accepted,
            without_effect: tally.without_effect,
            left_out: tally.left_out,
            rejected: tally.rejected.clone(),
            rejected_samples: samples.collect(),
            unknown_events: tally.unknown_events.clone(),
            unknown_fields: tally.unknown_fields.clone(),
            skewed: tally.skewed,
            out_of_order: tally.out_of_order,
            late: passed.late,
            after_until: passed.after_until,
        }
    }
}

impl JourneyReport {
    fn of(program: &Program, id: JourneyId, counts: &JourneyCounts, (live, settling): (u64, u64)) -> JourneyReport {
        let journey = program.journey(id);
        let some = |pairs: Vec<(String, u64)>| -> Counted { pairs.into_iter().filter(|(_, n)| *n > 0).collect() };
        let by_reason = |counts: &[u64]| {
            some(Reason::ALL.iter().zip(counts).map(|(reason, n)| (reason.name().to_string(), *n)).collect())
        };
        let messages = program.messages.iter().zip(&counts.sent).map(|(m, n)| (m.name.clone(), *n));
        let channels = Channel::ALL.iter().map(|c| (c.name().to_string(), counts.sent_on(program, *c)));
        let ended = counts.ended.iter().map(|(reason, n)| (words::end_key(program, id, reason), *n));
        let splits = counts.arms.iter().map(|(split, arms)| {
            let split = &program.splits[split.index()];
            let arms = split.arms.iter().zip(arms).map(|(arm, n)| (arm.name.clone(), *n));
            (split.name.clone(), arms.collect())
        });
        let not_entered = counts.not_entered.iter().map(|(why, n)| (words::not_entered_key(*why).to_string(), *n));
        JourneyReport {
            title: journey.title.clone(),
            entered: counts.entered,
            reached: counts.reached,
            live,
            settling,
            ended: some(ended.collect()),
            sent: some(channels.collect()),
            sent_messages: some(messages.collect()),
            dropped: by_reason(&counts.dropped),
            held: by_reason(&counts.held),
            withdrawn: counts.withdrawn,
            not_entered: not_entered.collect(),
            goal: journey.goal.as_ref().map(|goal| GoalReport {
                event: program.event(goal.event).name.clone(),
                reached: counts.goals,
                rate: rate(counts.goals, counts.entered),
                target: goal.target.map(|t| t.micro as f64 / 1e6),
            }),
            splits: splits.collect(),
        }
    }
}

/// Four decimals, so that the same counts print the same on every machine.
fn rate(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 1e4).round() / 1e4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_nearest_ranks() {
        assert_eq!(Spread::of(&[]), Spread::default());
        assert_eq!(Spread::of(&[7]), Spread { p50: 7, p99: 7, max: 7 });
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!(Spread::of(&hundred), Spread { p50: 50, p99: 99, max: 100 });
    }
}
