//! The report section by section, in English or Japanese: chooses words and what is worth showing.
//!
//! Computes nothing; lays nothing out.

mod buying;
mod journeys;
mod money;

use super::block::{Block, Section};
use super::{Figures, Input, Left, Report};
use crate::words::{Language, grouped};

pub fn sections(report: &Report, language: Language) -> Vec<Section> {
    let tell = Teller { language };
    let mut sections = vec![overview(report, tell)];
    if let Some(figures) = &report.purchases {
        sections.push(buying::repeat_purchases(&figures.ladder, tell));
        sections.push(buying::cohorts(&figures.cohorts, tell));
        for book in &figures.books {
            sections.push(money::revenue(book, tell));
            sections.push(money::rfm(book, tell));
        }
        sections.push(buying::future(&figures.future, tell));
        sections.extend(figures.books.iter().map(|book| money::lifetime_value(book, tell)));
    }
    sections.extend(report.journeys.as_ref().map(|told| journeys::figures(told, tell)));
    sections.extend(report.journeys.as_ref().and_then(|told| journeys::coverage(told, tell)));
    sections.extend(report.journeys.as_ref().and_then(|told| journeys::reviews(told, tell)));
    sections.push(input(&report.input, tell));
    sections
}

/// Words and figures as the reader's language writes them.
#[derive(Clone, Copy)]
struct Teller {
    language: Language,
}

impl Teller {
    fn of<'t>(self, en: &'t str, ja: &'t str) -> &'t str {
        self.language.of(en, ja)
    }
    fn text(self, en: impl Into<String>, ja: impl Into<String>) -> String {
        match self.language {
            Language::English => en.into(),
            Language::Japanese => ja.into(),
        }
    }
    fn fact(self, en: &str, ja: &str, figure: impl Into<String>) -> (String, String) {
        (self.of(en, ja).to_owned(), figure.into())
    }
    fn head(self, columns: &[(&str, &str)]) -> Vec<String> {
        columns.iter().map(|(en, ja)| self.of(en, ja).to_owned()).collect()
    }
    fn people(self, count: u64) -> String {
        let number = grouped(&count.to_string());
        match (self.language, count) {
            (Language::English, 1) => "1 person".to_owned(),
            (Language::English, _) => format!("{number} people"),
            (Language::Japanese, _) => format!("{number} 人"),
        }
    }
    fn days(self, count: i32) -> String {
        let number = grouped(&count.to_string());
        match (self.language, count) {
            (Language::English, 1) => "1 day".to_owned(),
            (Language::English, _) => format!("{number} days"),
            (Language::Japanese, _) => format!("{number} 日"),
        }
    }
}

fn number(count: u64) -> String {
    grouped(&count.to_string())
}

/// One decimal: `64.3%`.
fn share(rate: f64) -> String {
    format!("{:.1}%", rate * 100.0)
}

/// `1,234.50 GBP` of `1234.50 GBP`.
fn money(amount: &str) -> String {
    match amount.split_once(' ') {
        Some((digits, code)) => format!("{} {code}", grouped(digits)),
        None => grouped(amount),
    }
}

fn overview(report: &Report, tell: Teller) -> Section {
    let title = tell.text("Overview", "概要");
    let Some(Figures { people, purchases, from, to, ladder, books, .. }) = &report.purchases else {
        let note = tell.text("Nobody bought anything in what was read.", "読み込んだデータに購入がありません。");
        return Section { title, blocks: vec![Block::Note(note)] };
    };
    let mut facts = vec![
        tell.fact("Period", "期間", format!("{from} – {to} ({})", report.zone)),
        tell.fact("People who bought", "購入者", tell.people(*people)),
        tell.fact("Purchases", "購入回数", number(*purchases)),
    ];
    if let Some(first) = ladder.steps.first() {
        facts.push(tell.fact("Second purchase (F1 → F2)", "F2 転換率 (F1 → F2)", share(first.rate)));
    }
    for book in books {
        facts.push(tell.fact("Net revenue", "純売上", money(&book.net)));
        facts.push(tell.fact("Mean purchase", "平均購入額", money(&book.mean_purchase)));
        facts.push(tell.fact("Net revenue per person", "1 人あたり純売上", money(&book.per_person.mean)));
    }
    let mut blocks = vec![Block::Facts(facts)];
    if books.is_empty() {
        blocks.push(Block::Note(tell.text(
            "The purchases say nothing of money: there is no revenue, RFM or lifetime value.",
            "購入に金額の項目がないため、売上・RFM・LTV はありません。",
        )));
    }
    Section { title, blocks }
}

fn input(input: &Input, tell: Teller) -> Section {
    let mut facts = vec![
        tell.fact("Read from", "入力", input.sources.join(", ")),
        tell.fact("Lines", "行数", number(input.lines)),
        tell.fact("Left out by the mapping", "マッピングで除外", number(input.left_out)),
        tell.fact("Could not be used", "使えなかった行", number(input.rejected)),
        tell.fact("Purchases are", "購入とみなすイベント", input.purchase_events.join(", ")),
    ];
    let returns = if input.return_events.is_empty() {
        tell.text("none declared", "定義なし")
    } else {
        input.return_events.join(", ")
    };
    facts.push(tell.fact("Returns are", "返品とみなすイベント", returns));
    if input.repeated > 0 {
        facts.push(tell.fact("Came twice, counted once", "重複 (1 回と数えた)", number(input.repeated)));
    }
    let left = &input.left;
    if *left != Left::default() {
        let figures = [left.unsubscribed, left.blocked, left.unblocked, left.complained, left.bounced].map(number);
        let names = (
            "Unsubscribed / blocked / back / complained / bounced",
            "配信停止 / ブロック / 解除 / 迷惑メール報告 / 不達",
        );
        facts.push(tell.fact(names.0, names.1, figures.join(" / ")));
    }
    let mut blocks = vec![Block::Facts(facts)];
    if !input.return_events.is_empty() {
        blocks.push(Block::Note(tell.text(
            "Returns lower the net revenue of the person; they take no purchase back from the ladder, since they do not say which.",
            "返品は本人の純売上から差し引きます。どの購入の返品か分からないため、購入回数は減らしません。",
        )));
    }
    Section { title: tell.text("What was read", "入力データ"), blocks }
}
