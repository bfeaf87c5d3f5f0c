//! Journeys: what they did against what their headers promise, the stages of life they cover, and overdue reviews.
//!
//! Counts nothing.

use std::collections::BTreeMap;

use super::{Teller, money, number, share};
use crate::report::block::{Bar, Bars, Block, Section, Table};
use crate::report::journeys::{Journey, Journeys, Source};
use crate::words::{Language, grouped, period};

pub fn figures(told: &Journeys, tell: Teller) -> Section {
    let active = || told.journeys.iter().filter(|(_, journey)| journey.entered > 0);
    let row = |(name, journey): (&String, &Journey)| {
        let goal = journey.goal.as_ref();
        let mut row = vec![name.clone(), journey.purpose.clone(), number(journey.entered), number(journey.reached)];
        row.push(listed(&journey.sent));
        row.push(journey.cost.as_ref().map_or_else(String::new, costs));
        row.push(goal.map_or_else(|| "–".to_owned(), |goal| share(goal.rate)));
        row.push(goal.and_then(|goal| goal.target).map_or_else(|| "–".to_owned(), share));
        row.push(journey.offers.discount_share.map_or_else(|| "–".to_owned(), share));
        row.push(match (journey.classes.nurture_share, journey.classes.nurture_asked) {
            (None, _) => "–".to_owned(),
            (Some(own), None) => share(own),
            (Some(own), Some(asked)) => format!("{} (≥ {})", share(own), share(asked)),
        });
        row
    };
    let quiet: Vec<&str> =
        told.journeys.iter().filter(|(_, journey)| journey.entered == 0).map(|(name, _)| name.as_str()).collect();
    let mut facts = vec![
        tell.fact("Messages", "送信数", listed(&told.sent)),
        tell.fact(
            "With a discount",
            "値引きを含む送信",
            told.offers.discount_share.map_or_else(|| "–".to_owned(), share),
        ),
        tell.fact(
            "Sell / nurture / service",
            "販売 / 育成 / サービス",
            [told.classes.sell, told.classes.nurture, told.classes.service].map(number).join(" / "),
        ),
    ];
    let cost = told.cost.as_ref().map(costs);
    facts.push(tell.fact("Cost", "費用", cost.unwrap_or_else(|| tell.text("no prices known", "単価の設定なし"))));
    let mut blocks = vec![Block::Facts(facts)];
    if active().next().is_some() {
        let head = [
            ("journey", "ジャーニー"),
            ("purpose", "目的"),
            ("entered", "参加"),
            ("people reached", "到達人数"),
            ("sent", "送信"),
            ("cost", "費用"),
            ("goal", "達成率"),
            ("target", "目標"),
            ("discount", "値引き"),
            ("nurture", "育成"),
        ];
        blocks.push(Block::Table(Table {
            title: tell.text("What journeys did", "ジャーニーの実績"),
            head: tell.head(&head),
            rows: active().map(row).collect(),
            words: 2,
        }));
        let goals: Vec<Bar> = active().filter_map(|(name, journey)| goal_bar(name, journey, tell)).collect();
        if !goals.is_empty() {
            let title = tell.text("Goals reached, of those who entered", "目標の達成率 (参加者のうち)");
            blocks.push(Block::Bars(Bars { title, whole: None, bars: goals }));
        }
    }
    let reactions: Vec<Vec<String>> = active().filter_map(|(name, journey)| signals(name, journey)).collect();
    if !reactions.is_empty() {
        let head = [
            ("journey", "ジャーニー"),
            ("opened", "開封"),
            ("clicked", "クリック"),
            ("unsubscribed", "配信停止"),
            ("blocked", "ブロック"),
            ("complained", "迷惑メール報告"),
            ("bounced", "不達"),
        ];
        let title = tell.text("What came back", "反応");
        blocks.push(Block::Table(Table { title, head: tell.head(&head), rows: reactions, words: 1 }));
    }
    if !quiet.is_empty() {
        let names = quiet.join(", ");
        blocks.push(Block::Note(tell.text(format!("Nobody entered: {names}."), format!("参加者なし: {names}。"))));
    }
    blocks.push(Block::Note(match told.source {
        Source::Simulated => tell.text(
            "Simulated on the history: a purchase there was not caused by these messages, so a goal that is reached is no proof of an effect. \
             Unsubscribes and blocks cannot be known from a history; a report on the data of `tabi run` (--data) has them.",
            "履歴を使ったシミュレーションです。購入はこれらのメッセージによるものではないため、達成率は効果の証明になりません。配信停止とブロックは履歴からは\
             分かりません (`tabi run` のデータを --data で指定すると示します)。",
        ),
        Source::Recorded => tell.text(
            "As recorded by `tabi run`. Goals count everyone who reached them after entering; compare with a holdout to know what the messages \
             themselves brought. Opens prove nothing: mail programs fetch pictures by themselves.",
            "`tabi run` の記録です。達成率は参加後に達成した全員を数えます。メッセージ自体の効果は、対象外 (holdout) の人との比較で確かめます。開封はメール\
             ソフトの自動取得を含むため、確かな証拠ではありません。",
        ),
    }));
    let title = match told.source {
        Source::Simulated => tell.text("Journeys (simulated)", "ジャーニー (シミュレーション)"),
        Source::Recorded => tell.text("Journeys (recorded)", "ジャーニー (実績)"),
    };
    Section { title, blocks }
}

fn goal_bar(name: &str, journey: &Journey, tell: Teller) -> Option<Bar> {
    let goal = journey.goal.as_ref()?;
    let shown = match (goal.target, goal.met) {
        (Some(target), Some(true)) => tell.text(
            format!("{} (target {} met)", share(goal.rate), share(target)),
            format!("{} (目標 {} 達成)", share(goal.rate), share(target)),
        ),
        (Some(target), Some(false)) => tell.text(
            format!("{} (target {} missed)", share(goal.rate), share(target)),
            format!("{} (目標 {} 未達)", share(goal.rate), share(target)),
        ),
        (None, _) | (_, None) => share(goal.rate),
    };
    Some(Bar { label: name.to_owned(), length: goal.rate, shown })
}

fn signals(name: &str, journey: &Journey) -> Option<Vec<String>> {
    let signals = journey.signals.as_ref()?;
    let figures =
        [signals.opened, signals.clicked, signals.unsubscribed, signals.blocked, signals.complained, signals.bounced];
    Some([vec![name.to_owned()], figures.map(number).to_vec()].concat())
}

fn listed(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return "0".to_owned();
    }
    counts.iter().map(|(name, count)| format!("{name} {}", grouped(&count.to_string()))).collect::<Vec<_>>().join(", ")
}

fn costs(cost: &BTreeMap<String, String>) -> String {
    cost.values().map(|amount| money(amount)).collect::<Vec<_>>().join(", ")
}

/// The stages of a customer's life; `None` where the project lists none.
pub fn coverage(told: &Journeys, tell: Teller) -> Option<Section> {
    let stages = told.coverage.as_ref()?;
    let row = |stage: &crate::report::journeys::Stage| {
        let journeys = if stage.journeys.is_empty() { tell.text("none", "なし") } else { stage.journeys.join(", ") };
        vec![stage.stage.clone(), journeys]
    };
    let table = Table {
        title: tell.text("Journeys for each stage of a customer's life", "顧客の段階ごとのジャーニー"),
        head: tell.head(&[("stage", "段階"), ("journeys", "ジャーニー")]),
        rows: stages.iter().map(row).collect(),
        words: 2,
    };
    let title = tell.text("Lifecycle coverage", "ライフサイクルの網羅");
    Some(Section { title, blocks: vec![Block::Table(table)] })
}

/// When somebody should look at a journey again; `None` where no journey says.
pub fn reviews(told: &Journeys, tell: Teller) -> Option<Section> {
    let row = |(name, journey): (&String, &Journey)| {
        let review = journey.review.as_ref()?;
        let state = match review.overdue {
            Some(true) => tell.text("overdue", "期限切れ"),
            Some(false) => tell.text("in time", "期限内"),
            None => tell.text("unknown", "不明"),
        };
        let dash = || "–".to_owned();
        Some(vec![
            name.clone(),
            review.by.clone().unwrap_or_else(dash),
            match tell.language {
                Language::English => format!("every {}", period(review.period, tell.language)),
                Language::Japanese => format!("{}ごと", period(review.period, tell.language)),
            },
            review.changed.clone().unwrap_or_else(dash),
            review.due.clone().unwrap_or_else(dash),
            state,
        ])
    };
    let rows: Vec<Vec<String>> = told.journeys.iter().filter_map(row).collect();
    if rows.is_empty() {
        return None;
    }
    let head = [
        ("journey", "ジャーニー"),
        ("by", "担当"),
        ("interval", "間隔"),
        ("last change", "最終変更"),
        ("due", "期限"),
        ("state", "状態"),
    ];
    let table = Table { title: tell.text("Reviews", "見直し"), head: tell.head(&head), rows, words: 6 };
    let note = tell.text(
        "Nobody writes down reviews themselves: the last change of the journey's file in git is taken as the last time that somebody looked at it.",
        "見直し自体の記録はないため、git でのファイルの最終変更日を最後に見直した日とみなします。",
    );
    let title = tell.text("Reviews due", "見直しの期限");
    Some(Section { title, blocks: vec![Block::Table(table), Block::Note(note)] })
}
