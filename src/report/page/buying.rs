//! How often people buy: the ladder, cohorts, and what is to be expected.
//!
//! Shows no money.

use super::{Teller, number, share};
use crate::report::block::{Bar, Bars, Block, Heat, Section, Spot, Table};
use crate::report::cohort::Cohort;
use crate::report::future::{AHEAD_DAYS, Future};
use crate::report::ladder::Ladder;

/// Months after the first purchase, and cohorts, that a grid shows; the JSON has all.
const MONTHS_SHOWN: usize = 24;

pub fn repeat_purchases(ladder: &Ladder, tell: Teller) -> Section {
    let rung = |step: &crate::report::ladder::Step| Bar {
        label: format!("F{} → F{}", step.from, step.from + 1),
        length: step.rate,
        shown: format!("{}  ({} / {})", share(step.rate), number(step.next), number(step.people)),
    };
    let within = |within: &crate::report::ladder::Within| Bar {
        label: tell.days(within.days),
        length: within.rate,
        shown: if within.people == 0 {
            tell.text("– (the log is shorter)", "– (ログの期間が短い)")
        } else {
            format!("{}  ({} / {})", share(within.rate), number(within.reached), number(within.people))
        },
    };
    let gap = |gap: &crate::report::ladder::Gap| {
        let mut row = vec![format!("F{} → F{}", gap.from, gap.from + 1)];
        row.extend([gap.p10, gap.p25, gap.p50, gap.p75, gap.p90].map(|days| days.to_string()));
        row
    };
    let blocks = vec![
        Block::Bars(Bars {
            title: tell.text("Who goes on to the next purchase", "次の購入に進んだ割合"),
            whole: Some(1.0),
            bars: ladder.steps.iter().map(rung).collect(),
        }),
        Block::Bars(Bars {
            title: tell.text("Second purchase within", "2 回目の購入までの期間と割合"),
            whole: Some(1.0),
            bars: ladder.second_within.iter().map(within).collect(),
        }),
        Block::Table(Table {
            title: tell.text("Days between purchases, of those who went on", "購入間隔 (次に進んだ人、日数)"),
            head: tell.head(&[
                ("Step", "段階"),
                ("10%", "10%"),
                ("25%", "25%"),
                ("median", "中央値"),
                ("75%", "75%"),
                ("90%", "90%"),
            ]),
            rows: ladder.gaps.iter().map(gap).collect(),
            words: 1,
        }),
        Block::Note(tell.text(
            "Purchases of one day count as one. Who bought for the first time lately had little time to come again, so the first \
             chart is a lower bound; the second one counts only people whose first purchase is at least that long ago.",
            "同じ日の購入は 1 回と数えます。最近の新規購入者は再購入までの時間が短いため、1 つめの図は下限です。2 つめの図は、初回購入からその日数以上\
             たった人だけを数えています。",
        )),
    ];
    Section { title: tell.text("Repeat purchases", "リピート購入"), blocks }
}

pub fn cohorts(cohorts: &[Cohort], tell: Teller) -> Section {
    let shown = &cohorts[cohorts.len().saturating_sub(MONTHS_SHOWN)..];
    let columns = shown.iter().map(|cohort| cohort.active.len()).max().unwrap_or(1).saturating_sub(1).min(MONTHS_SHOWN);
    let deepest = shown.iter().flat_map(|cohort| cohort.rates.iter().skip(1)).copied().fold(0.0, f64::max);
    let row = |cohort: &Cohort| {
        let last = cohort.rates.len() - 1;
        let spot = |(offset, rate): (usize, &f64)| Spot {
            depth: if deepest > 0.0 { rate / deepest } else { 0.0 },
            shown: match (cohort.people, offset == last && cohort.last_is_partial) {
                (0, _) => String::new(),
                (_, true) => format!("{}*", share(*rate)),
                (_, false) => share(*rate),
            },
        };
        let spots = cohort.rates.iter().enumerate().skip(1).take(columns).map(spot).collect();
        (format!("{} ({})", cohort.month, number(cohort.people)), spots)
    };
    let mut blocks = vec![Block::Heat(Heat {
        title: tell.text(
            "Of those who first bought in a month: who bought so many months later",
            "初回購入月ごとの、n か月後に購入した人の割合",
        ),
        corner: tell.text("Month (people)", "初回購入月 (人)"),
        columns: (1..=columns).map(|month| format!("+{month}")).collect(),
        rows: shown.iter().map(row).collect(),
    })];
    if cohorts.iter().any(|cohort| cohort.last_is_partial) {
        blocks.push(Block::Note(tell.text("* a month that was not over yet", "* まだ終わっていない月")));
    }
    Section { title: tell.text("Retention by cohort", "コホート別リテンション"), blocks }
}

pub fn future(future: &Future, tell: Teller) -> Section {
    let title = tell.text("What is to be expected", "今後の購入予測");
    let estimate = match future {
        Future::Estimated(estimate) => estimate,
        Future::Unknown { why, why_ja } => {
            let note = tell.text(format!("No estimate: {why}."), format!("予測できません: {why_ja}。"));
            return Section { title, blocks: vec![Block::Note(note)] };
        }
    };
    let parameters = match (estimate.a, estimate.b) {
        (Some(a), Some(b)) => format!("BG/NBD: r {}, α {}, a {a}, b {b}", estimate.r, estimate.alpha),
        _ => format!("NBD: r {}, α {}", estimate.r, estimate.alpha),
    };
    let days = AHEAD_DAYS.to_string();
    let mut facts = vec![
        tell.fact("Model (time in weeks)", "モデル (時間の単位は週)", parameters),
        tell.fact("Fitted to", "推定に使った人数", tell.people(estimate.people)),
        (
            tell.text(
                format!("Purchases expected in the next {days} days"),
                format!("今後 {days} 日の購入回数 (予測)"),
            ),
            number(libm::round(estimate.next_90_days) as u64),
        ),
    ];
    if let Some(alive) = estimate.alive_people {
        facts.push(tell.fact(
            "Still customers (expected)",
            "継続中の顧客数 (予測)",
            tell.people(libm::round(alive) as u64),
        ));
    }
    let mut blocks = vec![Block::Facts(facts)];
    match &estimate.alive {
        Some(tenths) => {
            blocks.push(Block::Bars(Bars {
                title: tell.text("People by the probability that they are still customers", "継続確率ごとの人数"),
                whole: None,
                bars: tenths.iter().enumerate().map(|(tenth, people)| tenth_bar(tenth, *people, tell)).collect(),
            }));
            let once = tell.people(estimate.people.saturating_sub(estimate.repeaters));
            blocks.push(Block::Note(tell.text(
                format!(
                    "Careful: the model sees leaving only in people who came again. The {once} with one day of purchase count as \
                     still customers, however long ago that was; look at their recency instead."
                ),
                format!(
                    "注意: このモデルは再購入した人の離脱しか見分けません。購入日が 1 日だけの {once}は、どれだけ前の購入でも継続中とみなされます。\
                     こうした人は最新購入日 (R) で判断してください。"
                ),
            )));
        }
        None => blocks.push(Block::Note(tell.text(
            "The data show nobody leaving for good, so no probability of it is told.",
            "データからは離脱した人が見当たらないため、継続確率は示しません。",
        ))),
    }
    blocks.push(Block::Note(match &estimate.check {
        Some(check) => {
            let off = format!("{}{}", if check.error < 0.0 { "−" } else { "+" }, share(check.error.abs()));
            tell.text(
                format!(
                    "Checked: fitted to the days until {}, the model expected {} purchases of the same people in the {} after; there were {} ({off}).",
                    check.fitted_until, number(libm::round(check.expected) as u64), tell.days(check.days), number(check.came)
                ),
                format!(
                    "検証: {} までのデータで推定すると、同じ人たちのその後 {} の購入は {} 回と予測され、実際は {} 回でした ({off})。",
                    check.fitted_until, tell.days(check.days), number(libm::round(check.expected) as u64), number(check.came)
                ),
            )
        }
        None => tell.text(
            "Not checked: the log is too small to keep a part of it back.",
            "検証なし: ログが小さく、検証用に分けられません。",
        ),
    }));
    Section { title, blocks }
}

fn tenth_bar(tenth: usize, people: u64, tell: Teller) -> Bar {
    Bar { label: format!("{}–{}%", tenth * 10, tenth * 10 + 10), length: people as f64, shown: tell.people(people) }
}
