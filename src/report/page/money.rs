//! Money: revenue, fifths, and lifetime value, each in one currency.
//!
//! Adds nothing.

use super::{Teller, money, number, share};
use crate::report::block::{Bar, Bars, Block, Heat, Section, Spot, Table};
use crate::report::book::{Book, Value};
use crate::report::rfm::{Moves, Rfm};

/// Months of a chart; the JSON has all.
const MONTHS_SHOWN: usize = 36;
/// Moves between cells that are named.
const MOVES_SHOWN: usize = 10;
/// Beyond this the amounts depend on how often people buy, which the model does not know.
const CORRELATION_MAX: f64 = 0.3;

pub fn revenue(book: &Book, tell: Teller) -> Section {
    let mut facts = vec![
        tell.fact("Gross", "総売上", money(&book.gross)),
        tell.fact(
            "Returned",
            "返品・取消",
            format!("{} ({}, {})", money(&book.returned), share(book.returned_share), number(book.returns)),
        ),
        tell.fact("Net", "純売上", money(&book.net)),
        tell.fact("Purchases", "購入回数", number(book.purchases)),
        tell.fact("Mean purchase (gross)", "平均購入額 (総売上)", money(&book.mean_purchase)),
        tell.fact("From the best tenth of people", "上位 10% の人の売上構成比", share(book.top_tenth_share)),
        tell.fact("From the best fifth", "上位 20% の人の売上構成比", share(book.top_fifth_share)),
    ];
    if book.worthless > 0 {
        facts.push(tell.fact("Purchases of nothing or less", "金額が 0 以下の購入", number(book.worthless)));
    }
    let per = &book.per_person;
    let months = &book.months[book.months.len().saturating_sub(MONTHS_SHOWN)..];
    let bar = |month: &crate::report::book::Month| Bar {
        label: month.month.clone(),
        length: month.height.max(0.0),
        shown: money(&month.gross),
    };
    let blocks = vec![
        Block::Facts(facts),
        Block::Table(Table {
            title: tell.text("Net revenue per person", "1 人あたり純売上"),
            head: tell.head(&[
                ("mean", "平均"),
                ("10%", "10%"),
                ("median", "中央値"),
                ("90%", "90%"),
                ("most", "最大"),
            ]),
            rows: vec![[&per.mean, &per.p10, &per.p50, &per.p90, &per.max].map(|amount| money(amount)).to_vec()],
            words: 0,
        }),
        Block::Bars(Bars {
            title: tell.text("Gross revenue by month", "月別の総売上"),
            whole: None,
            bars: months.iter().map(bar).collect(),
        }),
    ];
    Section { title: tell.text(format!("Revenue ({})", book.currency), format!("売上 ({})", book.currency)), blocks }
}

pub fn rfm(book: &Book, tell: Teller) -> Section {
    let rfm = &book.rfm;
    let people = |r: u8, f: u8| -> u64 {
        rfm.cells.iter().filter(|cell| (cell.r, cell.f) == (r, f)).map(|cell| cell.people).sum()
    };
    let most = (1..=5).flat_map(|r| (1..=5).map(move |f| (r, f))).map(|(r, f)| people(r, f)).max().unwrap_or(0).max(1);
    let spot = |r: u8, f: u8| {
        let count = people(r, f);
        Spot { depth: count as f64 / most as f64, shown: number(count) }
    };
    let mut blocks = vec![
        Block::Heat(Heat {
            title: tell.text(
                format!("People by recency and frequency on {}", rfm.on),
                format!("最新購入日 (R) と購入頻度 (F) ごとの人数 ({})", rfm.on),
            ),
            corner: "R \\ F".to_owned(),
            columns: (1..=5).map(|f| format!("F{f}")).collect(),
            rows: (1..=5).rev().map(|r| (format!("R{r}"), (1..=5).map(|f| spot(r, f)).collect())).collect(),
        }),
        Block::Table(best_and_rest(rfm, tell)),
    ];
    if !rfm.moves.is_empty() {
        blocks.push(Block::Table(moves(rfm, tell)));
    }
    if let Some(last) = rfm.moves.last().filter(|last| !last.cells.is_empty()) {
        blocks.push(Block::Table(largest_moves(last, tell)));
    }
    blocks.push(Block::Note(tell.text(
        "Scores are fifths from 1 to 5 (best): 1 + ⌊5 × people who do worse ÷ people⌋. Equals share a score, so the fifths differ in size. \
         R is the day of the last purchase, F counts days with a purchase, M is what was paid less returns.",
        "スコアは 1〜5 の五分位 (5 が最良): 1 + ⌊5 × 自分より下の人数 ÷ 全人数⌋。同じ値の人は同じスコアになるため、各段の人数は均等ではありません。R は最後の\
         購入日、F は購入した日数、M は返品を引いた金額です。",
    )));
    Section { title: format!("RFM ({})", book.currency), blocks }
}

/// The monetary fifths by themselves.
fn best_and_rest(rfm: &Rfm, tell: Teller) -> Table {
    let row = |m: u8| {
        let own = || rfm.cells.iter().filter(|cell| cell.m == m);
        let regulars: u64 = own().filter(|cell| cell.f >= 4).map(|cell| cell.people).sum();
        let recent: u64 = own().filter(|cell| cell.r >= 4).map(|cell| cell.people).sum();
        let people: u64 = own().map(|cell| cell.people).sum();
        vec![format!("M{m}"), number(people), number(recent), number(regulars)]
    };
    Table {
        title: tell.text("People by monetary value", "購入金額 (M) ごとの人数"),
        head: tell.head(&[("M", "M"), ("people", "人数"), ("of these R4–R5", "うち R4〜R5"), ("F4–F5", "うち F4〜F5")]),
        rows: (1..=5).rev().map(row).collect(),
        words: 1,
    }
}

fn moves(rfm: &Rfm, tell: Teller) -> Table {
    let row = |moves: &Moves| {
        let mut row = vec![format!("{} → {}", moves.from, moves.to), number(moves.people), number(moves.newcomers)];
        row.push(format!("{} ({})", number(moves.stayed), share(moves.stayed_rate())));
        row.extend([moves.r_up, moves.r_down, moves.f_up, moves.f_down].map(number));
        row
    };
    Table {
        title: tell.text("Moves from quarter to quarter", "四半期ごとの移動"),
        head: tell.head(&[
            ("from → to", "期間"),
            ("people", "人数"),
            ("new", "新規"),
            ("stayed", "変化なし"),
            ("R up", "R 上昇"),
            ("R down", "R 低下"),
            ("F up", "F 上昇"),
            ("F down", "F 低下"),
        ]),
        rows: rfm.moves.iter().map(row).collect(),
        words: 1,
    }
}

fn largest_moves(moves: &Moves, tell: Teller) -> Table {
    Table {
        title: tell.text(
            format!("Largest moves, {} → {}", moves.from, moves.to),
            format!("人数の多い移動 ({} → {})", moves.from, moves.to),
        ),
        head: tell.head(&[("from", "移動前"), ("to", "移動後"), ("people", "人数")]),
        rows: moves
            .cells
            .iter()
            .take(MOVES_SHOWN)
            .map(|m| vec![m.from.clone(), m.to.clone(), number(m.people)])
            .collect(),
        words: 2,
    }
}

pub fn lifetime_value(book: &Book, tell: Teller) -> Section {
    let title = tell.text(format!("Lifetime value ({})", book.currency), format!("LTV ({})", book.currency));
    let estimate = match &book.value {
        Value::Estimated(estimate) => estimate,
        Value::Unknown { why, why_ja } => {
            let note = tell.text(format!("No estimate: {why}."), format!("予測できません: {why_ja}。"));
            return Section { title, blocks: vec![Block::Note(note)] };
        }
    };
    let weeks = estimate.weeks;
    let facts = vec![
        (
            tell.text(format!("All people together, next {weeks} weeks"), format!("全員の合計 (今後 {weeks} 週)")),
            money(&estimate.total),
        ),
        tell.fact("Per person: mean", "1 人あたり平均", money(&estimate.mean)),
        tell.fact("Median", "中央値", money(&estimate.p50)),
        tell.fact("90%", "90%", money(&estimate.p90)),
        tell.fact("From the best tenth of people", "上位 10% の人の構成比", share(estimate.top_tenth_share)),
        tell.fact(
            "A day with a purchase, of somebody unknown",
            "1 購入日あたりの予測額 (初めての人)",
            money(&estimate.expected_purchase),
        ),
        tell.fact("Margin", "粗利率", share(estimate.margin)),
        tell.fact("Discount per year", "割引率 (年)", share(estimate.discount)),
        tell.fact("Gamma–Gamma", "Gamma–Gamma", format!("p {}, q {}, v {}", estimate.p, estimate.q, estimate.v)),
    ];
    let mut blocks = vec![Block::Facts(facts)];
    if estimate.margin >= 1.0 {
        blocks.push(Block::Note(tell.text(
            "Of revenue, not of profit: give `--margin` to have the latter.",
            "利益ではなく売上の値です。利益で見るには `--margin` を指定します。",
        )));
    }
    if let Some(correlation) = estimate.correlation.filter(|c| c.abs() > CORRELATION_MAX) {
        blocks.push(Block::Note(tell.text(
            format!("Careful: how often and for how much people buy go together here ({correlation}); the model takes them as independent."),
            format!("注意: 購入頻度と購入額に相関があります ({correlation})。モデルは両者を独立とみなしています。"),
        )));
    }
    Section { title, blocks }
}
