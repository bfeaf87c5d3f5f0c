//! The same people and events through two versions: what changes in numbers, and whose outcome changes most.
//!
//! Runs each version as a simulation of its own; knows nothing of where the versions came from.

mod people;
mod render;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::ingest::Schema;
use crate::ir::{Channel, Program};
use crate::machine::Engine;
use crate::value::Decimal;

use super::report::{JourneyReport, Report, sent_by_channel};
use super::route::{Pass, Passed};
use super::sources::{self, Keep, SourceSpec};
use super::{Options, SimulateError};
pub use people::{ChangedPerson, Outcome, Turn};
pub use render::{markdown, pretty};

/// Version of the JSON shape.
pub const COMPARISON_VERSION: u32 = 1;

/// One side of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Version<'p> {
    /// As people call it: `main`.
    pub name: &'p str,
    pub program: &'p Program,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    pub version: u32,
    pub project: String,
    pub base: String,
    /// The content hashes of both programs, cut.
    pub programs: Sides<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub figures: Figures,
    /// Journeys of which a figure changed.
    pub journeys: BTreeMap<String, JourneyFigures>,
    /// How many people had another outcome: entered, got or did not get something else or at another time.
    pub people_changed: u64,
    /// A few of them: the largest changes, of as many kinds as there are.
    pub people: Vec<ChangedPerson>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sides<T> {
    pub old: T,
    pub new: T,
}

/// A number before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Count {
    pub old: u64,
    pub new: u64,
    pub delta: i64,
}

/// An amount before and after, as `1234.5 JPY`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Amount {
    pub old: String,
    pub new: String,
    pub delta: String,
}

/// Of everyone together.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Figures {
    pub people: Count,
    /// With at least one message.
    pub reached: Count,
    pub entered: Count,
    pub messages: Count,
    /// By channel.
    pub sent: BTreeMap<String, Count>,
    /// Not sent, by reason.
    pub dropped: BTreeMap<String, Count>,
    pub goals: Count,
    /// Most messages to one person on a day, and on seven days in a row, of the project's zone.
    pub most_in_a_day: Count,
    pub most_in_7_days: Count,
    /// By currency; absent where no price is known.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cost: BTreeMap<String, Amount>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct JourneyFigures {
    pub entered: Count,
    pub sent: BTreeMap<String, Count>,
    pub dropped: BTreeMap<String, Count>,
    pub goals: Count,
}

impl Count {
    pub fn of(old: u64, new: u64) -> Count {
        Count { old, new, delta: new as i64 - old as i64 }
    }
    pub fn is_changed(self) -> bool {
        self.delta != 0
    }
}

impl Comparison {
    /// Whether every figure is the same and nobody's outcome changed.
    pub fn is_empty(&self) -> bool {
        self.people_changed == 0 && self.journeys.is_empty() && !self.figures.is_changed()
    }
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a comparison is plain data with string keys") + "\n"
    }
}

impl Figures {
    fn is_changed(&self) -> bool {
        let single = [
            self.people,
            self.reached,
            self.entered,
            self.messages,
            self.goals,
            self.most_in_a_day,
            self.most_in_7_days,
        ];
        let named = self.sent.values().chain(self.dropped.values()).copied();
        single.into_iter().chain(named).any(Count::is_changed)
    }
}

/// Replays the sources through both versions. They are read more than once, so none may be the standard input. An error
/// comes with the name of the version in which it arose; `progress` is told how many bytes of the sources were read.
pub fn compare(
    old: Version<'_>,
    new: Version<'_>,
    sources: &[SourceSpec],
    options: &Options,
    progress: &dyn Fn(u64),
) -> Result<Comparison, (String, SimulateError)> {
    let engines = (Engine::new(old.program), Engine::new(new.program));
    let schemas = (Schema::new(old.program), Schema::new(new.program));
    let base = Pass {
        engine: &engines.0,
        schema: &schemas.0,
        sources,
        options,
        watched: Default::default(),
        personal: true,
        lines: false,
        only: None,
    };
    let head = Pass { engine: &engines.1, schema: &schemas.1, watched: Default::default(), only: None, ..base };
    let in_old = |error| (old.name.to_string(), error);
    let in_new = |error| (new.name.to_string(), error);
    let (before, after) = base.run_with(&head, progress).map_err(|(side, error)| match side {
        0 => in_old(error),
        _ => in_new(error),
    })?;

    let changed = people::changed((&before, &after));
    let seats = |side: fn(&people::Found) -> Option<u32>| changed.chosen.iter().filter_map(side).collect::<Vec<_>>();
    let (old_seats, new_seats) = (seats(|found| found.old), seats(|found| found.new));
    let texts = before.texts_of_seats(&old_seats).zip(after.texts_of_seats(&new_seats));
    let texts = texts.filter(|_| !changed.chosen.is_empty());
    // The few lines that concern them are looked for once, for both versions.
    let few =
        texts.map(|(old, new)| of_few(sources, &old.union(&new).cloned().collect())).transpose().map_err(in_new)?;
    let sources_of_few: &[SourceSpec] = few.as_deref().unwrap_or(sources);
    let base = Pass { sources: sources_of_few, watched: Default::default(), only: None, ..base };
    let head = Pass { sources: sources_of_few, watched: Default::default(), only: None, ..head };
    let mut told_before = base.stories_of(&before, &old_seats).map_err(in_old)?.into_iter();
    let mut told_after = head.stories_of(&after, &new_seats).map_err(in_new)?.into_iter();
    let people = changed.chosen.iter().map(|found| {
        let stories =
            Sides { old: found.old.and_then(|_| told_before.next()), new: found.new.and_then(|_| told_after.next()) };
        found.told(stories)
    });
    let people = people.collect();

    let reports = (
        Report::of(old.program, &before, sources, &options.prices),
        Report::of(new.program, &after, sources, &options.prices),
    );
    Ok(Comparison {
        version: COMPARISON_VERSION,
        project: new.program.project.name.clone(),
        base: old.name.to_string(),
        programs: Sides { old: reports.0.program.clone(), new: reports.1.program.clone() },
        from: reports.1.from.clone(),
        to: reports.1.to.clone(),
        figures: figures((old.program, &before, &reports.0), (new.program, &after, &reports.1), options),
        journeys: journeys(&reports.0, &reports.1),
        people_changed: changed.count,
        people,
    })
}

/// The sources with only the lines in which one of these texts stands.
fn of_few(sources: &[SourceSpec], texts: &BTreeSet<String>) -> Result<Vec<SourceSpec>, SimulateError> {
    let keep = Keep::new(texts.iter().map(String::as_str));
    sources.iter().map(|source| sources::only(source, &keep)).collect()
}

type Side<'a> = (&'a Program, &'a Passed, &'a Report);

fn figures(old: Side, new: Side, options: &Options) -> Figures {
    let sides = |of: &dyn Fn(&Side) -> u64| Count::of(of(&old), of(&new));
    let journeys = |of: fn(&JourneyReport) -> u64| sides(&|(_, _, report)| report.journeys.values().map(of).sum());
    let mut dropped = BTreeMap::new();
    for (side, counts) in [(0, &old.2.journeys), (1, &new.2.journeys)] {
        for (reason, n) in counts.values().flat_map(|journey| &journey.dropped) {
            let both: &mut [u64; 2] = dropped.entry(reason.clone()).or_default();
            both[side] += n;
        }
    }
    let pressure = |side: &Side| -> (u32, u32) {
        let most = side.1.personal.iter().map(|personal| personal.most());
        most.fold((0, 0), |(day, week), (d, w)| (day.max(d), week.max(w)))
    };
    let (calm, busy) = (pressure(&old), pressure(&new));
    let by_channel = (sent_by_channel(old.0, old.1), sent_by_channel(new.0, new.1));
    let sent = Channel::ALL.iter().map(|channel| {
        let count = Count::of(by_channel.0[channel.index()], by_channel.1[channel.index()]);
        (channel.name().to_string(), count)
    });
    Figures {
        people: sides(&|(_, _, report)| report.people),
        reached: sides(&|(_, _, report)| report.reached),
        entered: journeys(|journey| journey.entered),
        messages: sides(&|(_, _, report)| report.messages),
        sent: sent.filter(|(_, count)| count.old + count.new > 0).collect(),
        dropped: dropped.into_iter().map(|(reason, [old, new])| (reason, Count::of(old, new))).collect(),
        goals: journeys(|journey| journey.goal.as_ref().map_or(0, |goal| goal.reached)),
        most_in_a_day: Count::of(calm.0.into(), busy.0.into()),
        most_in_7_days: Count::of(calm.1.into(), busy.1.into()),
        cost: costs(options, &by_channel),
    }
}

fn costs(options: &Options, (old, new): &([u64; Channel::COUNT], [u64; Channel::COUNT])) -> BTreeMap<String, Amount> {
    let (before, after) = (options.prices.totals(old), options.prices.totals(new));
    let amount = |decimal: Decimal, code: &str| format!("{decimal} {code}");
    let both = after.iter().map(|(code, after)| {
        let before = before.get(code).copied().unwrap_or_default();
        let delta = Decimal { micro: after.micro.saturating_sub(before.micro) };
        let amounts = Amount { old: amount(before, code), new: amount(*after, code), delta: amount(delta, code) };
        (code.to_string(), amounts)
    });
    both.collect()
}

fn journeys(old: &Report, new: &Report) -> BTreeMap<String, JourneyFigures> {
    let names = old.journeys.keys().chain(new.journeys.keys());
    let figures = names.filter_map(|name| {
        let (before, after) = (old.journeys.get(name), new.journeys.get(name));
        let count = |of: fn(&JourneyReport) -> u64| Count::of(before.map_or(0, of), after.map_or(0, of));
        let figures = JourneyFigures {
            entered: count(|journey| journey.entered),
            sent: counted(before.map(|j| &j.sent), after.map(|j| &j.sent)),
            dropped: counted(before.map(|j| &j.dropped), after.map(|j| &j.dropped)),
            goals: count(|journey| journey.goal.as_ref().map_or(0, |goal| goal.reached)),
        };
        let named = figures.sent.values().chain(figures.dropped.values()).copied();
        let changed = named.chain([figures.entered, figures.goals]).any(Count::is_changed);
        changed.then(|| (name.clone(), figures))
    });
    figures.collect()
}

fn counted(old: Option<&BTreeMap<String, u64>>, new: Option<&BTreeMap<String, u64>>) -> BTreeMap<String, Count> {
    let at = |counts: Option<&BTreeMap<String, u64>>, name: &String| {
        counts.and_then(|counts| counts.get(name)).copied().unwrap_or(0)
    };
    let names = old.into_iter().chain(new).flat_map(BTreeMap::keys);
    names.map(|name| (name.clone(), Count::of(at(old, name), at(new, name)))).collect()
}
