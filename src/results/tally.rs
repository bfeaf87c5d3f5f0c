//! People's lines added up: entrants, conversions and money of each arm.
//!
//! The rules of `docs/experiments.md`: whoever meets an arm counts from then on, in the arm met first, whatever happens to
//! them later (intent to treat); of a run's goal only what comes after the arm counts. The order of people does not matter.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::JourneyId;
use crate::value::{Currency, Instant, Zone};

use super::book::{Experiment, Fact, Line};

/// One arm of one experiment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ArmTally {
    /// Who met it: people, or runs.
    pub entrants: u64,
    pub conversions: u64,
    /// Of the entrants, whose goal had been reached before they met the arm; they cannot convert again in that run.
    pub before: u64,
    /// Amounts of those who converted, in minor units, one for each unit and currency.
    pub money: BTreeMap<Currency, Vec<i64>>,
    /// When the goal's window closes, of those who did not convert.
    closing: Vec<Instant>,
}

impl ArmTally {
    /// Of the entrants, who may still convert.
    pub fn open(&self, now: Instant) -> u64 {
        self.closing.iter().filter(|until| **until > now).count() as u64
    }
}

/// One experiment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Totals {
    pub arms: Vec<ArmTally>,
    /// The first and the last time that somebody met an arm.
    pub from: Option<Instant>,
    pub to: Option<Instant>,
    /// People who met more than one arm, because two ids turned out to be one person; they count in the first.
    pub mixed: u64,
}

/// All experiments of a book, in its order, as far as somebody has met them or a later one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    pub experiments: Vec<Totals>,
}

impl Totals {
    pub fn of(experiment: &Experiment) -> Totals {
        Totals { arms: vec![ArmTally::default(); experiment.arms.len()], ..Totals::default() }
    }
}

/// The experiment, and the run where each run draws anew.
type Key = (usize, Option<u32>);

/// Somebody in an arm.
struct Unit {
    arm: usize,
    at: Instant,
    mixed: bool,
    before: bool,
    converted: bool,
    money: BTreeMap<Currency, i64>,
    /// When the window of the latest run closes.
    until: Instant,
}

impl Tally {
    /// Adds everything that was written of one person. `zone` is that of windows of days and months.
    pub fn person(&mut self, experiments: &[Experiment], zone: Zone, mut lines: Vec<Line>) {
        for experiment in experiments.iter().skip(self.experiments.len()) {
            self.experiments.push(Totals::of(experiment));
        }
        // Stable: of one moment, in the order in which they were written.
        lines.sort_by_key(|line| line.at);
        let mut units: BTreeMap<Key, Unit> = BTreeMap::new();
        let mut entered: BTreeMap<u32, Instant> = BTreeMap::new();
        let mut met: BTreeMap<(JourneyId, u32), Vec<Key>> = BTreeMap::new();
        let mut reached: BTreeSet<(JourneyId, u32)> = BTreeSet::new();
        for line in &lines {
            let run = (line.journey, line.run);
            match &line.fact {
                Fact::Entered => drop(entered.insert(line.run, line.at)),
                Fact::Exposed { experiment, arm } => {
                    let Some(known) = experiments.get(*experiment).filter(|e| *arm < e.arms.len()) else {
                        continue;
                    };
                    let key = (*experiment, known.per_run.then_some(line.run));
                    let since = entered.get(&line.run).copied().unwrap_or(line.at);
                    let until = known.goal.as_ref().map_or(line.at, |goal| zone.plus(since, goal.within));
                    let unit = units.entry(key).or_insert_with(|| Unit {
                        arm: *arm,
                        at: line.at,
                        mixed: false,
                        before: reached.contains(&run),
                        converted: false,
                        money: BTreeMap::new(),
                        until,
                    });
                    unit.mixed |= unit.arm != *arm;
                    unit.until = unit.until.max(until);
                    let keys = met.entry(run).or_default();
                    if !keys.contains(&key) {
                        keys.push(key);
                    }
                }
                Fact::Reached { worth } => {
                    // A run's goal counts once, whatever the lines say.
                    if !reached.insert(run) {
                        continue;
                    }
                    for key in met.get(&run).into_iter().flatten() {
                        let Some(unit) = units.get_mut(key) else { continue };
                        unit.converted = true;
                        if let Some(worth) = worth {
                            let sum = unit.money.entry(worth.currency).or_default();
                            *sum = sum.saturating_add(worth.minor);
                        }
                    }
                }
            }
        }
        for ((experiment, _), unit) in units {
            self.add(experiment, unit);
        }
    }

    fn add(&mut self, experiment: usize, unit: Unit) {
        let Some(totals) = self.experiments.get_mut(experiment) else { return };
        totals.from = Some(totals.from.map_or(unit.at, |from| from.min(unit.at)));
        totals.to = Some(totals.to.map_or(unit.at, |to| to.max(unit.at)));
        totals.mixed += u64::from(unit.mixed);
        let Some(arm) = totals.arms.get_mut(unit.arm) else { return };
        arm.entrants += 1;
        arm.conversions += u64::from(unit.converted);
        arm.before += u64::from(unit.before);
        for (currency, minor) in unit.money {
            arm.money.entry(currency).or_default().push(minor);
        }
        if !unit.converted {
            arm.closing.push(unit.until);
        }
    }
}
