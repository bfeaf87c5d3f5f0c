//! Durations, numbers and days in words.
//!
//! Knows nothing of programs.

use super::Language;
use crate::ir::Split;
use crate::value::time::{MILLIS_PER_HOUR, MILLIS_PER_MINUTE, MILLIS_PER_SECOND};
use crate::value::{CalendarPeriod, Decimal};

/// `3 days`, `1 hour 30 min`; `3日`, `1時間30分`.
pub fn period(period: CalendarPeriod, language: Language) -> String {
    let parts = [
        (i64::from(period.months / 12), "year", "年"),
        (i64::from(period.months % 12), "month", "か月"),
        (i64::from(period.days), "day", "日"),
        (period.millis / MILLIS_PER_HOUR, "hour", "時間"),
        (period.millis % MILLIS_PER_HOUR / MILLIS_PER_MINUTE, "min", "分"),
        (period.millis % MILLIS_PER_MINUTE / MILLIS_PER_SECOND, "s", "秒"),
    ];
    let words: Vec<String> = parts
        .into_iter()
        .filter(|(count, ..)| *count != 0)
        .map(|(count, unit, ja)| match language {
            Language::Japanese => format!("{count}{ja}"),
            Language::English => {
                let plural = if count == 1 || unit == "min" || unit == "s" { "" } else { "s" };
                format!("{count} {unit}{plural}")
            }
        })
        .collect();
    match (words.is_empty(), language) {
        (true, _) => language.of("0 min", "0分").to_string(),
        (false, Language::English) => words.join(" "),
        (false, Language::Japanese) => words.concat(),
    }
}

/// `3,000`
pub fn grouped(digits: &str) -> String {
    let (sign, rest) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let whole = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let mut text = String::from(sign);
    for (i, digit) in rest[..whole].chars().enumerate() {
        if i > 0 && (whole - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + &rest[whole..]
}

pub fn weekday(iso: u8, language: Language) -> &'static str {
    let (en, ja) = match iso {
        1 => ("Monday", "月曜"),
        2 => ("Tuesday", "火曜"),
        3 => ("Wednesday", "水曜"),
        4 => ("Thursday", "木曜"),
        5 => ("Friday", "金曜"),
        6 => ("Saturday", "土曜"),
        _ => ("Sunday", "日曜"),
    };
    language.of(en, ja)
}

/// `12.5%`
pub fn percent(micro: i64) -> String {
    let text = format!("{:.4}", micro as f64 / 10_000.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// `60%` of a share in thousandths of a percent.
pub fn share(share: u32) -> String {
    percent(i64::from(share) * i64::from(Decimal::ONE as u32 / Split::WHOLE))
}

/// The text cut where it is longer than `max` characters.
pub fn clip(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}
