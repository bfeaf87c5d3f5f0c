//! The report and stories laid out for people, in English or Japanese, aligned by the width of characters on screen.
//!
//! Knows no terminal: no colour, no wrapping to a width.

use std::collections::BTreeMap;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::value::{Instant, Zone};

use super::keys;
use super::report::{GoalReport, InputReport, JourneyReport, Report};
use super::story::Story;

/// Lines of the worst-pressed person's story in the report; `--trace` shows all.
const WORST_LINES_MAX: usize = 60;
/// Names of unknown events and fields in the report.
const NAMES_MAX: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Japanese,
}

impl Language {
    pub fn of<'t>(self, en: &'t str, ja: &'t str) -> &'t str {
        match self {
            Language::English => en,
            Language::Japanese => ja,
        }
    }
}

/// The whole report, ending in a newline.
pub fn report(report: &Report, language: Language) -> String {
    let mut out = String::new();
    head(&mut out, report, language);
    out.push('\n');
    out.push_str(&overview(report, language));
    let (quiet, told): (Vec<_>, Vec<_>) = report.journeys.iter().partition(|(_, journey)| nothing_happened(journey));
    for (name, journey) in told {
        out.push('\n');
        out.push_str(&details(name, journey, language));
    }
    if !quiet.is_empty() {
        let title = language.of("Nothing in the input starts", "入力の中に開始のきっかけがないもの");
        let names: Vec<&str> = quiet.iter().map(|(name, _)| name.as_str()).collect();
        let _ = writeln!(out, "\n{title}: {}", names.join(", "));
    }
    if let Some(worst) = &report.worst_pressed {
        let title = language.of("Most messages to one person", "最も多く受け取った人");
        let _ = writeln!(out, "\n{title}: {} ({})", worst.person, messages(u64::from(worst.messages), language));
        if let Some(story) = &worst.story {
            out.push_str(&story_lines(story, language, WORST_LINES_MAX));
        }
    }
    out.push('\n');
    out.push_str(&input(&report.input, language));
    out
}

/// Nobody entered, tried to, or is about to.
fn nothing_happened(journey: &JourneyReport) -> bool {
    journey.entered == 0 && journey.settling == 0 && journey.not_entered.is_empty()
}

/// A person's whole story, ending in a newline.
pub fn story(story: &Story, language: Language) -> String {
    let person = match (story.person.as_str(), language) {
        (super::timeline::TEST_PERSON, Language::Japanese) => "テストの人",
        (person, _) => person,
    };
    format!("{person} ({})\n{}", story.zone, story_lines(story, language, usize::MAX))
}

fn head(out: &mut String, report: &Report, language: Language) {
    let zone = Zone::from_name(&report.zone).unwrap_or(Zone::utc());
    let day = |text: &Option<String>| {
        let at = text.as_deref().and_then(Instant::parse_rfc3339);
        at.map_or("–".to_string(), |at| zone.date(at).to_string())
    };
    let _ = writeln!(out, "{}  {} → {}", report.project, day(&report.from), day(&report.to));
    let spread = report.messages_per_person;
    let (people, reached, sent) = (thousands(report.people), thousands(report.reached), thousands(report.messages));
    let _ = match language {
        Language::English => writeln!(
            out,
            "{people} {}, {reached} reached, {} (per person reached: p50 {}, p99 {}, max {})",
            if report.people == 1 { "person" } else { "people" },
            messages(report.messages, language),
            spread.p50,
            spread.p99,
            spread.max
        ),
        Language::Japanese => writeln!(
            out,
            "{people}人、うち{reached}人に{sent}通(届いた人あたり 中央値{}、99%点{}、最大{})",
            spread.p50, spread.p99, spread.max
        ),
    };
    if let Some(hour) = &report.busiest_hour {
        let title = language.of("busiest hour", "最も混んだ1時間");
        let count = messages(hour.messages, language);
        let _ = writeln!(out, "{title}: {} {} ({count})", hour.start, report.zone);
    }
    if let Some(cost) = &report.cost {
        let channels: Vec<String> =
            cost.channels.iter().map(|(name, amount)| format!("{name} {}", money(amount))).collect();
        let total: Vec<String> = cost.total.values().map(|amount| money(amount)).collect();
        let title = language.of("cost of messages", "配信費用");
        let _ = writeln!(out, "{title}: {} ({})", total.join(" + "), channels.join(", "));
    }
    let _ = match language {
        Language::English => writeln!(out, "{} bytes kept per person", thousands(report.bytes_per_person)),
        Language::Japanese => writeln!(out, "1人あたりの記憶 {}バイト", thousands(report.bytes_per_person)),
    };
}

/// One row for each journey.
fn overview(report: &Report, language: Language) -> String {
    let heads = match language {
        Language::English => ["journey", "entered", "live", "ended", "sent", "held", "dropped", "goal", "target"],
        Language::Japanese => ["ジャーニー", "参加", "進行中", "終了", "送信", "保留", "不送", "ゴール", "目標"],
    };
    let mut rows = vec![heads.map(String::from).to_vec()];
    for (name, journey) in &report.journeys {
        let sum = |counts: &BTreeMap<String, u64>| thousands(counts.values().sum());
        let goal = journey.goal.as_ref();
        rows.push(vec![
            name.clone(),
            thousands(journey.entered),
            thousands(journey.live),
            sum(&journey.ended),
            sum(&journey.sent),
            sum(&journey.held),
            sum(&journey.dropped),
            goal.filter(|_| journey.entered > 0).map_or("–".to_string(), |g| percent(g.rate)),
            goal.and_then(|g| g.target).map_or(String::new(), percent),
        ]);
    }
    table(&rows)
}

/// The first column to the left, the others to the right.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns).map(|c| rows.iter().map(|r| r[c].width()).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let space = " ".repeat(widths[column] - cell.width());
            match column {
                0 => line.extend([cell, space.as_str()]),
                _ => line.extend(["  ", space.as_str(), cell]),
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn details(name: &str, journey: &JourneyReport, language: Language) -> String {
    let mut out = match &journey.title {
        Some(title) => format!("{name} \"{title}\"\n"),
        None => format!("{name}\n"),
    };
    let mut entered = thousands(journey.entered);
    for (n, en, ja) in [(journey.live, "still inside", "進行中"), (journey.settling, "about to start", "開始待ち")]
    {
        if n > 0 {
            let _ = write!(entered, ", {} {}", language.of(en, ja), thousands(n));
        }
    }
    let mut lines = vec![(language.of("entered", "参加"), entered)];
    let mut counted = |en, ja, counts: Vec<(String, u64)>| {
        if !counts.is_empty() {
            lines.push((language.of(en, ja), listed(counts)));
        }
    };
    counted("not entered", "参加せず", keyed(&journey.not_entered, language));
    counted("ended", "終了", keyed(&journey.ended, language));
    counted("sent", "送信", named(&journey.sent_messages));
    counted("held", "保留", keyed(&journey.held, language));
    counted("dropped", "不送", keyed(&journey.dropped, language));
    if journey.withdrawn > 0 {
        lines.push((language.of("withdrawn", "取り下げ"), thousands(journey.withdrawn)));
    }
    if let Some(goal) = &journey.goal {
        lines.push((language.of("goal", "ゴール"), goal_line(goal, journey.entered, language)));
    }
    for (split, arms) in &journey.splits {
        lines.push((language.of("split", "分岐"), format!("{split}: {}", listed(named(arms)))));
    }
    let width = lines.iter().map(|(label, _)| label.width()).max().unwrap_or(0);
    for (label, text) in lines {
        let _ = writeln!(out, "  {label}{}  {text}", " ".repeat(width - label.width()));
    }
    out
}

fn goal_line(goal: &GoalReport, entered: u64, language: Language) -> String {
    let target = goal.target.map_or(String::new(), |t| format!(", {} {}", language.of("target", "目標"), percent(t)));
    let (reached, entered) = (thousands(goal.reached), thousands(entered));
    match language {
        Language::English => format!("{}: {reached} of {entered} ({}{target})", goal.event, percent(goal.rate)),
        Language::Japanese => format!("{}: {entered}件中{reached}件({}{target})", goal.event, percent(goal.rate)),
    }
}

fn story_lines(story: &Story, language: Language, max: usize) -> String {
    let journey = |line: &super::story::StoryLine| line.journey.clone().unwrap_or_default();
    let times = story.lines.iter().map(|l| l.time.width()).max().unwrap_or(0);
    let names = story.lines.iter().take(max).map(|l| journey(l).width()).max().unwrap_or(0);
    let mut out = String::new();
    for line in story.lines.iter().take(max) {
        let name = journey(line);
        let gap = " ".repeat(times - line.time.width());
        let space = " ".repeat(names - name.width());
        let text = language.of(&line.words.en, &line.words.ja);
        let _ = writeln!(out, "  {}{gap}  {name}{space}  {text}", line.time);
    }
    let more = story.lines.len().saturating_sub(max) as u64 + story.left_out;
    if more > 0 {
        let _ = match language {
            Language::English => writeln!(out, "  … {} more lines", thousands(more)),
            Language::Japanese => writeln!(out, "  … 他に{}行", thousands(more)),
        };
    }
    out
}

fn input(input: &InputReport, language: Language) -> String {
    let (lines, accepted) = (thousands(input.lines), thousands(input.accepted));
    let mut out = match language {
        Language::English => format!("input: {lines} lines, {accepted} events and profiles taken"),
        Language::Japanese => format!("入力: {lines}行、イベントとプロフィール{accepted}件を使用"),
    };
    let rejected: u64 = input.rejected.values().sum();
    let unknown: u64 = input.unknown_events.values().sum();
    for (n, en, ja) in [
        (rejected, "rejected", "拒否"),
        (unknown, "of unknown events", "未知のイベント"),
        (input.without_effect.saturating_sub(unknown), "without effect", "効果なし"),
        (input.left_out, "left out by the mapping", "対応表により除外"),
        (input.skewed, "with a clock ahead", "時計が進んでいる"),
        (input.out_of_order, "out of order", "順序が前後"),
        (input.late, "too old to start a journey", "古すぎて開始に使わず"),
        (input.after_until, "after the end", "終了時刻より後"),
    ] {
        if n > 0 {
            let _ = match language {
                Language::English => write!(out, ", {} {en}", thousands(n)),
                Language::Japanese => write!(out, "、{ja} {}", thousands(n)),
            };
        }
    }
    out.push('\n');
    for (reason, n) in &input.rejected {
        let _ = writeln!(out, "  {}: {}", keys::word(reason, language), thousands(*n));
    }
    for sample in &input.rejected_samples {
        let reason = language.of(&sample.reason.en, &sample.reason.ja);
        let _ = writeln!(out, "  {}:{}: {reason}", sample.source, sample.line);
    }
    for (en, ja, counts) in [
        ("unknown events", "未知のイベント", &input.unknown_events),
        ("unknown fields", "未知のフィールド", &input.unknown_fields),
    ] {
        if !counts.is_empty() {
            let _ = writeln!(out, "  {}: {}", language.of(en, ja), most(counts));
        }
    }
    out
}

/// Counts under keys of ours, in words.
fn keyed(counts: &BTreeMap<String, u64>, language: Language) -> Vec<(String, u64)> {
    counts.iter().map(|(key, n)| (keys::word(key, language), *n)).collect()
}

/// Counts under names of the author's.
fn named(counts: &BTreeMap<String, u64>) -> Vec<(String, u64)> {
    counts.iter().map(|(name, n)| (name.clone(), *n)).collect()
}

/// `finished 900, exit: purchase 300`.
fn listed(counts: Vec<(String, u64)>) -> String {
    counts.iter().map(|(name, n)| format!("{name} {}", thousands(*n))).collect::<Vec<_>>().join(", ")
}

/// The most frequent first, and how many kinds are not shown.
fn most(counts: &BTreeMap<String, u64>) -> String {
    let mut sorted: Vec<(&String, &u64)> = counts.iter().collect();
    sorted.sort_by_key(|(name, n)| (std::cmp::Reverse(**n), *name));
    let mut parts: Vec<String> =
        sorted.iter().take(NAMES_MAX).map(|(name, n)| format!("{name} {}", thousands(**n))).collect();
    if sorted.len() > NAMES_MAX {
        parts.push(format!("… +{}", sorted.len() - NAMES_MAX));
    }
    parts.join(", ")
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

fn messages(n: u64, language: Language) -> String {
    match (language, n) {
        (Language::English, 1) => "1 message".into(),
        (Language::English, _) => format!("{} messages", thousands(n)),
        (Language::Japanese, _) => format!("{}通", thousands(n)),
    }
}

/// `1234567.5 JPY` -> `1,234,567.5 JPY`.
pub fn money(amount: &str) -> String {
    let (sign, amount) = amount.strip_prefix('-').map_or(("", amount), |rest| ("-", rest));
    let whole = amount.find(|c: char| !c.is_ascii_digit()).unwrap_or(amount.len());
    let grouped = amount[..whole].parse().map_or_else(|_| amount[..whole].to_string(), thousands);
    format!("{sign}{grouped}{}", &amount[whole..])
}

/// `1234567` -> `1,234,567`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let pairs = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        for (n, text) in pairs {
            assert_eq!(thousands(n), text);
        }
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let rows = [["旅", "人数"], ["abc", "1"]].map(|r| r.map(String::from).to_vec());
        assert_eq!(table(&rows), "旅   人数\nabc     1\n");
    }
}
