//! From counts to the report: each arm against the control, the dealing, the power, the money.
//!
//! Adds nothing up (`tally` does) and computes no statistic (`stats` does).

use std::collections::BTreeSet;

use crate::stats::bayes::beliefs;
use crate::stats::bootstrap::{self, Amounts};
use crate::stats::means::{Moments, welch};
use crate::stats::pairs;
use crate::stats::power::{POWER, Plan, days_until};
use crate::stats::proportions::{Rate, are_enough};
use crate::stats::sequential::{Comparison, Mixture};
use crate::stats::shares::mismatch;
use crate::stats::{Estimate, Interval};
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{Currency, Instant, Zone, id};
use crate::words::{self, Both, Language, grouped};

use super::book::{Experiment, Kind};
use super::report::{
    Against, ArmReport, Caused, CausedMoney, Dealing, ExperimentReport, GoalReport, MoneyAgainst, MoneyArm,
    MoneyReport, Note, Power, RESULTS_VERSION, Range, Report,
};
use super::tally::{ArmTally, Tally, Totals};

/// How often chance may be taken for an effect, over all comparisons of an experiment together.
pub const ALPHA: f64 = 0.05;
/// Intervals are narrowest for so many pairs: 5,000 people in two equal arms. Chosen before any data, as it must be.
pub const PAIRS: f64 = 2_500.0;
/// An experiment that takes longer to show the wanted lift shows nothing in time: seasons pass, and people change (W0802).
pub const DAYS_MAX: f64 = 180.0;
/// LINE tells nothing about messages to fewer people (W0803).
pub const LINE_PEOPLE_MIN: u64 = 20;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Settings<'a> {
    pub project: &'a str,
    /// Of days.
    pub zone: Zone,
    /// The latest moment that is known.
    pub now: Option<Instant>,
    /// Only experiments of this journey.
    pub journey: Option<&'a str>,
    /// The lift that should be seen, as a part of the control's rate: 0.2 is 20 %.
    pub lift: f64,
}

/// The report on all experiments: those of a journey together, each phase by itself. Earlier phases that nobody met are left
/// out.
pub fn judge(experiments: &[Experiment], tally: &Tally, settings: &Settings<'_>) -> Report {
    let mut all: Vec<(&Experiment, Totals)> = Vec::new();
    for (index, experiment) in experiments.iter().enumerate() {
        let totals = tally.experiments.get(index).cloned().unwrap_or_else(|| Totals::of(experiment));
        if experiment.is_current || totals.from.is_some() {
            all.push((experiment, totals));
        }
    }
    let is_same = |a: &Experiment, b: &Experiment| a.phase.line == b.phase.line && a.name == b.name;
    // As they stand in the journey, and those that are gone behind them: in whatever order people were read.
    let now = |e: &Experiment| experiments.iter().position(|other| other.is_current && is_same(e, other));
    all.sort_by_key(|(e, _)| (e.phase.line, now(e).unwrap_or(usize::MAX), e.name.as_str(), e.phase));
    let mut reports: Vec<ExperimentReport> = Vec::new();
    for (index, (experiment, totals)) in all.iter().enumerate() {
        let earlier = all[..index].iter().filter(|(other, _)| is_same(experiment, other)).count();
        if settings.journey.is_none_or(|journey| experiment.journey == journey) {
            let phase = u32::try_from(earlier).unwrap_or(u32::MAX).saturating_add(1);
            reports.push(Judge::new(experiment, totals, settings).report(phase));
        }
    }
    Report {
        version: RESULTS_VERSION,
        project: settings.project.to_owned(),
        until: settings.now.map(|now| now.to_string()),
        zone: settings.zone.name().to_owned(),
        experiments: reports,
    }
}

struct Judge<'a> {
    experiment: &'a Experiment,
    totals: &'a Totals,
    settings: &'a Settings<'a>,
    rates: Vec<Rate>,
    /// For each comparison.
    alpha: f64,
    comparisons: usize,
    mixture: Mixture,
}

impl<'a> Judge<'a> {
    fn new(experiment: &'a Experiment, totals: &'a Totals, settings: &'a Settings<'a>) -> Judge<'a> {
        // Of several comparisons each gets its part of the false alarms (Bonferroni).
        let comparisons = totals.arms.len().saturating_sub(1).max(1);
        let alpha = ALPHA / comparisons as f64;
        Judge {
            experiment,
            totals,
            settings,
            rates: totals.arms.iter().map(|arm| Rate::new(arm.conversions, arm.entrants)).collect(),
            alpha,
            comparisons,
            mixture: Mixture::narrowest_at(PAIRS, alpha),
        }
    }

    fn control(&self) -> Rate {
        self.rates.get(self.experiment.control).copied().unwrap_or_default()
    }
    fn others(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.rates.len()).filter(|arm| *arm != self.experiment.control)
    }
    fn entrants(&self) -> u64 {
        self.rates.iter().map(|rate| rate.n).sum()
    }

    fn report(&self, phase: u32) -> ExperimentReport {
        let Experiment { journey, title, name, kind, per_run, arms, control, goal, .. } = self.experiment;
        let money = self.money();
        let dealing = mismatch(
            &self.rates.iter().map(|rate| rate.n).collect::<Vec<_>>(),
            &arms.iter().map(|(_, share)| f64::from(*share)).collect::<Vec<_>>(),
        );
        let dealing = dealing.filter(|_| !self.experiment.had_other_shares);
        let dealing = dealing.map(|d| Dealing { chi_square: d.chi_square, p: d.p, alarm: d.is_alarming() });
        let power = self.power();
        ExperimentReport {
            journey: journey.clone(),
            title: title.clone(),
            name: name.clone(),
            kind: match kind {
                Kind::Split => "split",
                Kind::Holdout => "holdout",
            },
            unit: if *per_run { "run" } else { "person" },
            phase,
            current: self.experiment.is_current,
            // What it was is not known any more.
            goal: goal
                .as_ref()
                .filter(|_| !self.experiment.had_other_goal)
                .map(|goal| GoalReport { event: goal.event.clone(), within: goal.within.to_string() }),
            from: self.totals.from.map(|at| at.to_string()),
            to: self.totals.to.map(|at| at.to_string()),
            control: arms.get(*control).map(|arm| arm.0.clone()).unwrap_or_default(),
            alpha: self.alpha,
            arms: self.arms(),
            notes: self.notes(dealing.as_ref(), power.as_ref()),
            dealing,
            mixed: self.totals.mixed,
            power,
            caused: self.caused(&money),
            money,
        }
    }

    fn arms(&self) -> Vec<ArmReport> {
        let complete = self.rates.iter().all(|rate| rate.n > 0);
        let beliefs = if complete { beliefs(&self.rates) } else { Vec::new() };
        let arm = |(index, (rate, tally)): (usize, (&Rate, &ArmTally))| {
            let (name, share) = self.experiment.arms.get(index).cloned().unwrap_or_default();
            ArmReport {
                name,
                share: f64::from(share) / f64::from(crate::ir::Split::WHOLE),
                entrants: rate.n,
                conversions: rate.hits,
                open: self.settings.now.map_or(0, |now| tally.open(now)),
                before: tally.before,
                rate: rate.share(),
                interval: range(rate.wilson(ALPHA)),
                against: (index != self.experiment.control).then(|| self.against(*rate)),
                best: beliefs.get(index).map(|belief| belief.best),
                loss: beliefs.get(index).map(|belief| belief.loss),
            }
        };
        self.rates.iter().zip(&self.totals.arms).enumerate().map(arm).collect()
    }

    /// The comparison, once enough of both arms have something to judge by: a conversion, or money of the currency.
    fn compared(&self, have: (Rate, Rate), a: Estimate, b: Estimate) -> Option<Comparison> {
        are_enough(have.0, have.1).then(|| Comparison::new(a, b, &self.mixture)).flatten()
    }
    fn p(&self, compared: &Comparison) -> f64 {
        (compared.p() * self.comparisons as f64).min(1.0)
    }
    fn against(&self, rate: Rate) -> Against {
        let control = self.control();
        let compared = self.compared((control, rate), control.estimate(), rate.estimate());
        let p = compared.map(|c| self.p(&c));
        Against {
            difference: rate.share() - control.share(),
            lift: (control.hits > 0).then(|| rate.share() / control.share() - 1.0),
            difference_interval: compared.map(|c| range(c.interval(self.alpha))),
            // Nobody converts less than never.
            lift_interval: compared
                .and_then(|c| c.lift_interval(self.alpha))
                .map(|lift| Range { low: lift.low.max(-1.0), high: lift.high }),
            p,
            significant: p.is_some_and(|p| p < ALPHA),
        }
    }

    fn power(&self) -> Option<Power> {
        let control = self.control();
        let (from, to) = (self.totals.from?, self.totals.to?);
        if !self.experiment.is_current {
            return None;
        }
        let base = control.share();
        let wanted = base * (1.0 + self.settings.lift);
        if control.hits == 0 || wanted >= 1.0 {
            return None;
        }
        let plan = Plan { mixture: self.mixture, alpha: self.alpha, power: POWER };
        let share = |arm: usize| {
            self.experiment.arms.get(arm).map_or(0.0, |a| f64::from(a.1) / f64::from(crate::ir::Split::WHOLE))
        };
        // The smallest of the others is the last to show anything.
        let smallest = self.others().min_by(|a, b| share(*a).total_cmp(&share(*b)))?;
        let fewest = self.others().map(|arm| self.rates[arm].n).min()?;
        let detectable = (pairs(control.n, fewest) >= 1.0).then(|| plan.detectable(base, control.n, fewest)).flatten();
        let needed = plan.needed(base, wanted, share(self.experiment.control), share(smallest));
        let days = (to.since(from).0 as f64 / MILLIS_PER_DAY as f64).max(1.0);
        let per_day = self.entrants() as f64 / days;
        Some(Power {
            detectable_lift: detectable.map(|rate| rate / base - 1.0),
            wanted_lift: self.settings.lift,
            entrants_needed: needed.map(|n| n as u64),
            entrants_per_day: per_day,
            days_needed: needed.and_then(|n| days_until(n, self.entrants(), per_day)).map(|days| days.ceil() as u64),
        })
    }

    // ---- money -----------------------------------------------------------------------------------------------------

    /// Each currency by itself: amounts of two are never added.
    fn money(&self) -> Vec<MoneyReport> {
        let currencies: BTreeSet<Currency> =
            self.totals.arms.iter().flat_map(|arm| arm.money.keys().copied()).collect();
        currencies.into_iter().map(|currency| self.money_in(currency)).collect()
    }
    fn money_in(&self, currency: Currency) -> MoneyReport {
        let digits = usize::from(currency.minor_digits());
        let amounts: Vec<Amounts> = self.totals.arms.iter().map(|arm| amounts(arm, currency)).collect();
        let estimates: Vec<Estimate> = amounts.iter().map(estimate).collect();
        let arm = |index: usize| MoneyArm {
            name: self.experiment.arms.get(index).map(|arm| arm.0.clone()).unwrap_or_default(),
            total: amounts[index].values.iter().sum(),
            per_entrant: estimates[index].mean,
            against: (index != self.experiment.control)
                .then(|| self.money_against(index, &amounts, &estimates, currency))
                .flatten(),
        };
        MoneyReport { currency: currency.code().to_owned(), digits, arms: (0..amounts.len()).map(arm).collect() }
    }
    fn money_against(
        &self,
        index: usize,
        amounts: &[Amounts],
        estimates: &[Estimate],
        currency: Currency,
    ) -> Option<MoneyAgainst> {
        let control = self.experiment.control;
        let (a, b) = (*estimates.get(control)?, *estimates.get(index)?);
        let tested = welch(a, b, self.alpha)?;
        let have = |arm: usize| Rate::new(amounts[arm].values.len() as u64, amounts[arm].n);
        let compared = self.compared((have(control), have(index)), a, b);
        // The same draws for the same experiment, whenever and wherever they are made.
        let seed = id::fingerprint(&format!("{}\0{}\0{}", self.experiment.name, index, currency.code()));
        Some(MoneyAgainst {
            difference: b.mean - a.mean,
            welch: range(tested.interval),
            welch_p: (tested.p * self.comparisons as f64).min(1.0),
            bootstrap: bootstrap::difference(&amounts[control], &amounts[index], self.alpha, seed).map(range),
            interval: compared.map(|c| range(c.interval(self.alpha))),
            p: compared.map(|c| self.p(&c)),
        })
    }

    /// What would not have happened without the journey.
    fn caused(&self, money: &[MoneyReport]) -> Option<Caused> {
        let other = match self.experiment.kind {
            Kind::Holdout => self.others().next()?,
            Kind::Split => return None,
        };
        let treated = self.rates.get(other)?.n;
        if treated == 0 || self.control().n == 0 {
            return None;
        }
        let times = |range: Range| Range { low: range.low * treated as f64, high: range.high * treated as f64 };
        let against = self.against(self.rates[other]);
        let in_currency = |report: &MoneyReport| {
            let against = report.arms.get(other)?.against.as_ref()?;
            Some(CausedMoney {
                currency: report.currency.clone(),
                digits: report.digits,
                amount: against.difference * treated as f64,
                interval: against.interval.map(times),
            })
        };
        Some(Caused {
            treated,
            conversions: against.difference * treated as f64,
            conversions_interval: against.difference_interval.map(times),
            money: money.iter().filter_map(in_currency).collect(),
        })
    }

    // ---- notes -----------------------------------------------------------------------------------------------------

    fn notes(&self, dealing: Option<&Dealing>, power: Option<&Power>) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut say = |code, alarm, text| notes.push(Note { code, alarm, text });
        if let Some(dealing) = dealing.filter(|dealing| dealing.alarm) {
            let p = words_of_p(dealing.p);
            say(
                None,
                true,
                Both::new(
                    format!(
                        "people were not dealt to the arms as the shares say (p {p}): something is broken, do not believe \
                         these results"
                    ),
                    format!(
                        "各枝への割り当てが設定した割合と合いません (p {p})。どこかが壊れています。この結果は信用しないでください"
                    ),
                ),
            );
        }
        if self.experiment.goal.is_none() {
            let text = Both::new(
                "the journey has no goal: nothing counts as a conversion",
                "ジャーニーにゴールがなく、成果を数えられません",
            );
            say(None, false, text);
        }
        if self.experiment.had_other_shares {
            let text = Both::new(
                "its shares were others than those of now, which alone are known: whether people were dealt so is not checked",
                "割合はその後変更され、当時の割合が残っていないため、割り当ての検査はしていません",
            );
            say(None, false, text);
        }
        if let Some(goal) = self.experiment.goal.as_ref().filter(|goal| goal.is_worth_unclear) {
            let event = &goal.event;
            let text = Both::new(
                format!(
                    "no money is counted: `{event}` has several fields of money, and none is called `revenue`, `total` or \
                     `value`"
                ),
                format!(
                    "金額は数えていません: `{event}` に金額の項目が複数あり、`revenue`・`total`・`value` のどれもありません"
                ),
            );
            say(None, false, text);
        }
        let goal = self.experiment.goal.is_some();
        let few = self.others().any(|arm| !are_enough(self.control(), self.rates[arm]));
        if goal && few {
            let text = Both::new(
                "too few have converted to compare yet: at least five are expected in each arm",
                "比較するにはまだ成果が少なすぎます (各枝で 5 件以上の見込みが必要)",
            );
            say(None, false, text);
        }
        if goal && let Some(note) = self.too_small(power) {
            say(Some("W0802"), false, note);
        }
        let unmeasured = self.rates.iter().zip(&self.experiment.arms).filter(|(rate, _)| rate.n < LINE_PEOPLE_MIN);
        for (rate, (arm, _)) in unmeasured.filter(|_| self.experiment.on_line && self.entrants() > 0) {
            let text = Both::new(
                format!(
                    "LINE tells nothing about fewer than {LINE_PEOPLE_MIN} people: opens in `{arm}` ({}) stay unknown",
                    rate.n
                ),
                format!(
                    "LINE は {LINE_PEOPLE_MIN} 人未満の統計を返しません: `{arm}` ({} 人) の開封は分かりません",
                    rate.n
                ),
            );
            say(Some("W0803"), false, text);
        }
        let before: u64 = self.totals.arms.iter().map(|arm| arm.before).sum();
        if before > 0 {
            let text = Both::new(
                format!(
                    "{before} had reached the goal before they met their arm: they are entrants, and cannot convert again"
                ),
                format!("{before} 人は枝に入る前にゴールに達していました。人数には含み、成果には数えません"),
            );
            say(None, false, text);
        }
        let open: u64 = self.settings.now.map_or(0, |now| self.totals.arms.iter().map(|arm| arm.open(now)).sum());
        if goal && open > 0 {
            let open = grouped(&open.to_string());
            let text = Both::new(
                format!("{open} may still convert: the window of their goal is open"),
                format!("{open} はゴールの期間内で、これから成果になる可能性があります"),
            );
            say(None, false, text);
        }
        if self.totals.mixed > 0 {
            let mixed = self.totals.mixed;
            let text = Both::new(
                format!("{mixed} met more than one arm, since two ids were one person; they count in the first"),
                format!("{mixed} 人は 2 つの ID が同じ人と分かり、複数の枝に入りました。最初の枝で数えています"),
            );
            say(None, false, text);
        }
        if self.comparisons > 1 {
            let n = self.comparisons;
            let text = Both::new(
                format!("{n} comparisons: p and intervals are for all of them together"),
                format!("{n} つの比較: p と区間はすべての比較をまとめて保証するもの"),
            );
            say(None, false, text);
        }
        notes
    }

    /// W0802: at this pace the wanted lift would not show in time.
    fn too_small(&self, power: Option<&Power>) -> Option<Both> {
        let power = power?;
        let lift = words::percent((self.settings.lift * 1e6).round() as i64);
        let is_known = self.others().any(|arm| self.against(self.rates[arm]).significant);
        let late = power.days_needed.is_none_or(|days| days as f64 > DAYS_MAX);
        if is_known || !late {
            return None;
        }
        let text = |language: Language| match (power.entrants_needed, power.days_needed, language) {
            (Some(needed), Some(days), Language::English) => format!(
                "too small to tell anything: a lift of {lift} takes {} entrants, {} more days at this pace; end it, or test a \
                 larger change",
                grouped(&needed.to_string()),
                grouped(&days.to_string())
            ),
            (Some(needed), Some(days), Language::Japanese) => format!(
                "小さすぎて差が分かりません: {lift} の向上を見分けるには {} 人、今のペースであと {} 日。やめるか、もっと大きな変更を試してください",
                grouped(&needed.to_string()),
                grouped(&days.to_string())
            ),
            (_, _, Language::English) => format!("too small to tell anything: a lift of {lift} would never show"),
            (_, _, Language::Japanese) => format!("小さすぎて差が分かりません: {lift} の向上は見分けられません"),
        };
        Some(Both::of(text))
    }
}

/// `0.012`, and `< 0.0001` for what is smaller.
pub fn words_of_p(p: f64) -> String {
    match p {
        p if p < 0.0001 => "< 0.0001".to_owned(),
        p if p < 0.01 => format!("{p:.4}"),
        p => format!("{p:.3}"),
    }
}

fn range(interval: Interval) -> Range {
    Range { low: interval.low, high: interval.high }
}

/// In units of the currency.
fn amounts(arm: &ArmTally, currency: Currency) -> Amounts {
    let scale = 10f64.powi(i32::from(currency.minor_digits()));
    let mut minor: Vec<i64> = arm.money.get(&currency).cloned().unwrap_or_default();
    // The same sums and draws in whatever order people were read.
    minor.sort_unstable();
    Amounts { n: arm.entrants, values: minor.into_iter().map(|minor| minor as f64 / scale).collect() }
}

fn estimate(amounts: &Amounts) -> Estimate {
    let mut moments = Moments::of(amounts.values.iter().copied());
    moments.add_zeros(amounts.n.saturating_sub(amounts.values.len() as u64));
    moments.estimate()
}
