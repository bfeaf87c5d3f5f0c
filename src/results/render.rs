//! The results for people: a table for each experiment and what follows from it, in English and Japanese.
//!
//! Judges nothing: it says what the report holds.

use crate::value::{Instant, Zone};
use crate::words::{Language, grouped};

use super::judge::words_of_p;
use super::layout::{self, Block};
use super::report::{ArmReport, Caused, ExperimentReport, MoneyReport, Power, Range, Report};

/// For a terminal; ends in a newline.
pub fn pretty(report: &Report, language: Language) -> String {
    layout::text(&blocks(report, language))
}

/// For a pull request or a page.
pub fn markdown(report: &Report, language: Language) -> String {
    layout::markdown(&blocks(report, language))
}

fn blocks(report: &Report, language: Language) -> Vec<Block> {
    if report.experiments.is_empty() {
        return vec![Block::Line(
            language.of("no split and no holdout", "分岐もホールドアウトもありません").to_owned(),
        )];
    }
    report.experiments.iter().flat_map(|experiment| Page { report, experiment, language }.blocks()).collect()
}

struct Page<'a> {
    report: &'a Report,
    experiment: &'a ExperimentReport,
    language: Language,
}

impl Page<'_> {
    fn of<'t>(&self, en: &'t str, ja: &'t str) -> &'t str {
        self.language.of(en, ja)
    }
    fn is_holdout(&self) -> bool {
        self.experiment.kind == "holdout"
    }

    fn blocks(&self) -> Vec<Block> {
        let e = self.experiment;
        let mut blocks = vec![Block::Title(self.title()), Block::Line(self.frame())];
        if e.arms.iter().all(|arm| arm.entrants == 0) {
            blocks.push(Block::Line(self.of("nobody has met it yet", "まだ誰も入っていません").to_owned()));
            return blocks;
        }
        blocks.push(Block::Table(self.rates()));
        blocks.extend(e.notes.iter().filter(|note| note.alarm).map(|note| {
            let word = self.of("ALARM", "警告");
            Block::Alarm(format!("{word}: {}", note.text.get(self.language)))
        }));
        blocks.extend(e.arms.iter().filter_map(|arm| self.verdict(arm)).map(Block::Line));
        for money in &e.money {
            blocks.push(Block::Table(self.money(money)));
        }
        blocks.extend(e.caused.iter().map(|caused| Block::Line(self.caused(caused))));
        blocks.extend(self.dealing().map(Block::Line));
        blocks.extend(e.power.iter().map(|power| Block::Line(self.power(power))));
        blocks.extend(e.notes.iter().filter(|note| !note.alarm).map(|note| {
            let code = note.code.map(|code| format!(" [{code}]")).unwrap_or_default();
            let word = self.of(
                if note.code.is_some() { "warning" } else { "note" },
                if note.code.is_some() { "警告" } else { "注" },
            );
            Block::Line(format!("{word}{code}: {}", note.text.get(self.language)))
        }));
        blocks
    }

    fn title(&self) -> String {
        let e = self.experiment;
        let title = e.title.as_ref().map(|title| format!(" \"{title}\"")).unwrap_or_default();
        let kind =
            if self.is_holdout() { self.of("holdout", "ホールドアウト") } else { self.of("split", "分岐") };
        let phase = match (e.phase, e.current, self.language) {
            (1, true, _) => String::new(),
            (n, true, Language::English) => format!(", phase {n}"),
            (n, false, Language::English) => format!(", phase {n} (over)"),
            (n, true, Language::Japanese) => format!("、第 {n} 期"),
            (n, false, Language::Japanese) => format!("、第 {n} 期 (終了)"),
        };
        format!("{}{title}: {kind} {}{phase}", e.journey, e.name)
    }

    /// When, of whom, and for what.
    fn frame(&self) -> String {
        let e = self.experiment;
        let zone = Zone::from_name(&self.report.zone).unwrap_or(Zone::utc());
        let day = |text: &Option<String>| {
            let at = text.as_deref().and_then(Instant::parse_rfc3339);
            at.map_or("–".to_owned(), |at| zone.date(at).to_string())
        };
        let unit = if e.unit == "run" { self.of("by run", "参加ごと") } else { self.of("by person", "人ごと") };
        let goal = match (&e.goal, self.language) {
            (Some(goal), Language::English) => format!("; goal {} within {}", goal.event, goal.within),
            (Some(goal), Language::Japanese) => format!("、ゴール {} ({} 以内)", goal.event, goal.within),
            (None, _) => String::new(),
        };
        format!("{} → {}, {unit}{goal}", day(&e.from), day(&e.to))
    }

    fn rates(&self) -> Vec<Vec<String>> {
        let of = |en: &str, ja: &str| self.of(en, ja).to_owned();
        let mut rows = vec![vec![
            of("arm", "枝"),
            of("entrants", "人数"),
            of("converted", "成果"),
            of("rate", "率"),
            of("95%", "95% 区間"),
            of("lift", "向上"),
            of("always valid", "常に有効な区間"),
            "p".to_owned(),
            of("best", "最良の確率"),
            of("loss", "期待損失"),
        ]];
        rows.extend(self.experiment.arms.iter().map(|arm| self.rate(arm)));
        rows
    }
    fn rate(&self, arm: &ArmReport) -> Vec<String> {
        let none = || "–".to_owned();
        let control = self.of("control", "対照");
        let name = match arm.name == self.experiment.control && arm.name != control {
            true => format!("{} ({control})", arm.name),
            false => arm.name.clone(),
        };
        let against = arm.against.as_ref();
        vec![
            name,
            count(arm.entrants),
            count(arm.conversions),
            percent(arm.rate),
            span(arm.interval, &percent),
            against.and_then(|a| a.lift).map_or_else(none, signed_percent),
            against.and_then(|a| a.lift_interval).map_or_else(none, |range| span(range, &signed_percent)),
            against.and_then(|a| a.p).map_or_else(none, words_of_p),
            arm.best.map_or_else(none, probability),
            arm.loss.map_or_else(none, |loss| format!("{:.2}pt", loss * 100.0)),
        ]
    }

    /// What may be said, however often one looks.
    fn verdict(&self, arm: &ArmReport) -> Option<String> {
        let against = arm.against.as_ref()?;
        let (name, control) = (&arm.name, &self.experiment.control);
        let p = against.p.map(words_of_p)?;
        Some(match (against.significant, against.difference > 0.0, self.language) {
            (true, true, Language::English) => {
                format!("{name} converts better than {control} (p {p}, however often you look)")
            }
            (true, false, Language::English) => {
                format!("{name} converts worse than {control} (p {p}, however often you look)")
            }
            (false, _, Language::English) => format!("{name} and {control}: no difference can be told yet (p {p})"),
            (true, true, Language::Japanese) => format!("{name} は {control} より成果が高い (p {p}、何度見ても有効)"),
            (true, false, Language::Japanese) => format!("{name} は {control} より成果が低い (p {p}、何度見ても有効)"),
            (false, _, Language::Japanese) => format!("{name} と {control}: まだ差があるとは言えない (p {p})"),
        })
    }

    fn money(&self, money: &MoneyReport) -> Vec<Vec<String>> {
        let of = |en: &str, ja: &str| self.of(en, ja).to_owned();
        let mut rows = vec![vec![
            money.currency.clone(),
            of("total", "合計"),
            of("per entrant", "1 人あたり"),
            of("difference", "差"),
            of("always valid", "常に有効な区間"),
            "p".to_owned(),
            "Welch".to_owned(),
            of("bootstrap", "ブートストラップ"),
        ]];
        let none = || "–".to_owned();
        let amount = |value: f64| amount(value, money.digits);
        let per = |value: f64| self::amount(value, money.digits.max(1));
        let signed = |value: f64| format!("{}{}", if value > 0.0 { "+" } else { "" }, per(value));
        for arm in &money.arms {
            let against = arm.against.as_ref();
            rows.push(vec![
                arm.name.clone(),
                amount(arm.total),
                per(arm.per_entrant),
                against.map_or_else(none, |a| signed(a.difference)),
                against.and_then(|a| a.interval).map_or_else(none, |range| span(range, &signed)),
                against.and_then(|a| a.p).map_or_else(none, words_of_p),
                against.map_or_else(none, |a| span(a.welch, &signed)),
                against.and_then(|a| a.bootstrap).map_or_else(none, |range| span(range, &signed)),
            ]);
        }
        rows
    }

    fn caused(&self, caused: &Caused) -> String {
        let whole = |value: f64| amount(value, 0);
        let range = |interval: Option<Range>, write: &dyn Fn(f64) -> String| match (interval, self.language) {
            (Some(interval), _) => format!(" ({})", span(interval, write)),
            (None, Language::English) => " (too few to say how sure)".to_owned(),
            (None, Language::Japanese) => " (確かさを言うには少なすぎる)".to_owned(),
        };
        let (treated, conversions) = (count(caused.treated), whole(caused.conversions));
        let sure = range(caused.conversions_interval, &whole);
        let mut text = match self.language {
            Language::English => {
                format!("caused by the journey, of {treated} treated: {conversions} conversions{sure}")
            }
            Language::Japanese => {
                format!("ジャーニーが実際に生んだもの (対象 {treated} 人): 成果 {conversions} 件{sure}")
            }
        };
        for money in &caused.money {
            let write = |value: f64| amount(value, money.digits);
            let sure = range(money.interval, &write);
            text += &format!("{}{} {}{sure}", self.of(", ", "、"), write(money.amount), money.currency);
        }
        text
    }

    fn dealing(&self) -> Option<String> {
        let dealing = self.experiment.dealing.as_ref().filter(|dealing| !dealing.alarm)?;
        let p = words_of_p(dealing.p);
        Some(match self.language {
            Language::English => format!("dealt as the shares say (SRM p {p})"),
            Language::Japanese => format!("割り当ては設定した割合どおり (SRM p {p})"),
        })
    }

    fn power(&self, power: &Power) -> String {
        let wanted = signed_percent(power.wanted_lift);
        let now = match (power.detectable_lift, self.language) {
            (Some(lift), Language::English) => format!("it can tell a lift of {} now", signed_percent(lift)),
            (Some(lift), Language::Japanese) => format!("今見分けられる向上は {} 以上", signed_percent(lift)),
            (None, Language::English) => "it can tell no lift yet".to_owned(),
            (None, Language::Japanese) => "今はまだどんな向上も見分けられない".to_owned(),
        };
        let then = match (power.entrants_needed, power.days_needed, self.language) {
            (Some(_), Some(0), Language::English) => format!("enough entrants for {wanted}"),
            (Some(_), Some(0), Language::Japanese) => format!("{wanted} には十分な人数"),
            (Some(needed), Some(days), Language::English) => format!(
                "{wanted} takes {} entrants, {} at {:.1} a day",
                count(needed),
                if days == 1 { "1 more day".to_owned() } else { format!("{} more days", count(days)) },
                power.entrants_per_day
            ),
            (Some(needed), Some(days), Language::Japanese) => format!(
                "{wanted} には {} 人が必要、1 日 {:.1} 人のペースであと {} 日",
                count(needed),
                power.entrants_per_day,
                count(days)
            ),
            (_, _, Language::English) => format!("{wanted} would never show"),
            (_, _, Language::Japanese) => format!("{wanted} は見分けられない"),
        };
        match self.language {
            Language::English => format!("power 80%: {now}; {then}"),
            Language::Japanese => format!("検出力 80%: {now}。{then}"),
        }
    }
}

fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// `8.03%`
fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}
/// Nothing is certain.
fn probability(share: f64) -> String {
    match share {
        share if share < 0.001 => "< 0.1%".to_owned(),
        share if share > 0.999 => "> 99.9%".to_owned(),
        share => format!("{:.1}%", share * 100.0),
    }
}
fn signed_percent(share: f64) -> String {
    format!("{:+.1}%", share * 100.0)
}
fn amount(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let is_nothing = text.chars().all(|c| "-0.".contains(c));
    grouped(if is_nothing { text.trim_start_matches('-') } else { &text })
}
fn span(range: Range, write: &dyn Fn(f64) -> String) -> String {
    format!("{} … {}", write(range.low), write(range.high))
}
