//! The filters of templates that Jinja does not bring along: values written out as people read them.
//!
//! What each takes and gives is in the table of `ir::content`; the checker holds templates to it.

use minijinja::{Environment, Error, ErrorKind, State, Value as Jinja};
use unicode_segmentation::UnicodeSegmentation;

use super::values::Exact;
use super::{Language, Scene};
use crate::ir::content;
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR, MILLIS_PER_MINUTE, MILLIS_PER_SECOND};
use crate::value::{CalendarPeriod, Date, LocalTime, Money, Value};

/// Where a template's state keeps what filters need to know; a name that no template can write.
pub const SCENE: &str = "the scene";

/// Filters that the library has and templates may not use: they mark text as markup, or look behind values.
const REFUSED: &[&str] = &[
    "safe",
    "e",
    "d",
    "dictsort",
    "items",
    "list",
    "bool",
    "batch",
    "indent",
    "select",
    "reject",
    "selectattr",
    "rejectattr",
    "groupby",
    "chain",
    "zip",
    "pprint",
    "format",
    "tojson",
    "split",
    "lines",
    "attr",
];

/// The same for tests.
const REFUSED_TESTS: &[&str] = &["safe", "escaped", "filter", "test", "sameas"];

pub fn install(env: &mut Environment<'static>) {
    REFUSED.iter().for_each(|name| env.remove_filter(name));
    REFUSED_TESTS.iter().for_each(|name| env.remove_test(name));
    env.add_filter("money", money);
    env.add_filter("amount", amount);
    env.add_filter("date", date);
    env.add_filter("datetime", datetime);
    env.add_filter("time", time);
    env.add_filter("duration", duration);
    env.add_filter("percent", percent);
    env.add_filter("truncate", truncate);
    env.add_filter("urlencode", urlencode);
    env.add_filter(URL_PART, url_part);
    env.add_filter(ADDRESS_PART, address_part);
    env.add_filter(PLAIN, plain);
    env.add_test("empty", |value: Jinja| value.len() == Some(0) || value.as_str() == Some(""));
    debug_assert!(content::FILTERS.iter().all(|name| {
        env.empty_state()
            .apply_filter(name, &[])
            .map_or_else(|error| error.kind() != ErrorKind::UnknownFilter, |_| true)
    }));
}

/// What filters need to know, carried in the template's state.
#[derive(Debug)]
pub struct SceneObject(pub Scene);

impl minijinja::value::Object for SceneObject {}

pub fn scene_of(state: &State) -> Result<Scene, Error> {
    let found = state.lookup(SCENE).and_then(|value| value.downcast_object::<SceneObject>());
    found.map(|object| object.0.clone()).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "no scene"))
}

fn exact(value: &Jinja, filter: &str) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, format!("`{filter}` of a missing value")));
    }
    value.downcast_object_ref::<Exact>().map(|exact| exact.0.clone()).ok_or_else(|| wrong(filter))
}

fn wrong(filter: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("`{filter}` cannot write this kind of value"))
}

fn money(state: &State, value: &Jinja) -> Result<String, Error> {
    match exact(value, "money")? {
        Value::Money(money) => Ok(money_text(money, scene_of(state)?.language)),
        _ => Err(wrong("money")),
    }
}

/// `7,040円` and `$19.99` in Japanese, `¥7,040` and `$19.99` in English; other currencies by their code.
pub fn money_text(money: Money, language: Language) -> String {
    let digits = money.currency.minor_digits();
    let scale = 10u64.pow(u32::from(digits));
    let (whole, rest) = (money.minor.unsigned_abs() / scale, money.minor.unsigned_abs() % scale);
    let mut number = grouped(whole);
    if digits > 0 {
        number.push_str(&format!(".{rest:0width$}", width = usize::from(digits)));
    }
    let sign = if money.minor < 0 { "-" } else { "" };
    match (money.currency.code(), language) {
        ("JPY", Language::Japanese) => format!("{sign}{number}円"),
        ("JPY", Language::English) => format!("{sign}¥{number}"),
        ("USD", _) => format!("{sign}${number}"),
        ("EUR", _) => format!("{sign}€{number}"),
        ("GBP", _) => format!("{sign}£{number}"),
        ("KRW", _) => format!("{sign}₩{number}"),
        (code, _) => format!("{sign}{code} {number}"),
    }
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Money as a number in units of its currency.
fn amount(value: &Jinja) -> Result<Jinja, Error> {
    match exact(value, "amount")? {
        Value::Money(money) => Ok(amount_of(money)),
        _ => Err(wrong("amount")),
    }
}

pub fn amount_of(money: Money) -> Jinja {
    let scale = 10i64.pow(u32::from(money.currency.minor_digits()));
    match money.minor % scale {
        0 => Jinja::from(money.minor / scale),
        _ => Jinja::from(money.minor as f64 / scale as f64),
    }
}

fn date(state: &State, value: &Jinja) -> Result<String, Error> {
    let scene = scene_of(state)?;
    match exact(value, "date")? {
        Value::Date(date) => Ok(date_text(date, &scene)),
        Value::Instant(at) => Ok(date_text(scene.zone.date(at), &scene)),
        _ => Err(wrong("date")),
    }
}

fn datetime(state: &State, value: &Jinja) -> Result<String, Error> {
    let scene = scene_of(state)?;
    match exact(value, "datetime")? {
        Value::Instant(at) => {
            let (date, time) = scene.zone.local(at);
            let day = day_text(date, &scene);
            Ok(match scene.language {
                Language::Japanese => format!("{day} {}", clock(time)),
                Language::English => format!("{day}, {}", clock(time)),
            })
        }
        _ => Err(wrong("datetime")),
    }
}

fn time(state: &State, value: &Jinja) -> Result<String, Error> {
    match exact(value, "time")? {
        Value::Time(time) => Ok(clock(time)),
        Value::Instant(at) => Ok(clock(scene_of(state)?.zone.local(at).1)),
        _ => Err(wrong("time")),
    }
}

/// `6月6日（土）`, `Sat, Jun 6`; with the year where it is not this one.
fn date_text(date: Date, scene: &Scene) -> String {
    let at = usize::from(date.weekday() - 1);
    let day = day_text(date, scene);
    match scene.language {
        Language::Japanese => format!("{day}（{}）", WEEKDAYS_JA[at]),
        Language::English => format!("{}, {day}", WEEKDAYS_EN[at]),
    }
}

fn day_text(date: Date, scene: &Scene) -> String {
    let (year, month, day) = date.ymd();
    let other_year = scene.zone.date(scene.now).ymd().0 != year;
    match scene.language {
        Language::Japanese if other_year => format!("{year}年{month}月{day}日"),
        Language::Japanese => format!("{month}月{day}日"),
        Language::English => {
            let month = MONTHS_EN[usize::try_from(month - 1).unwrap_or(0)];
            if other_year { format!("{month} {day}, {year}") } else { format!("{month} {day}") }
        }
    }
}

const WEEKDAYS_JA: [&str; 7] = ["月", "火", "水", "木", "金", "土", "日"];
const WEEKDAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `23:59`.
fn clock(time: LocalTime) -> String {
    format!("{}:{:02}", time.0 / 3600, time.0 / 60 % 60)
}

fn duration(state: &State, value: &Jinja) -> Result<String, Error> {
    let language = scene_of(state)?.language;
    match exact(value, "duration")? {
        Value::Span(span) => {
            let days = span.0 / MILLIS_PER_DAY;
            let rest = span.0 - days * MILLIS_PER_DAY;
            Ok(duration_text(CalendarPeriod { months: 0, days: days as i32, millis: rest }, language))
        }
        Value::Period(period) => Ok(duration_text(period, language)),
        _ => Err(wrong("duration")),
    }
}

/// `3日`, `1年2か月`, `3 days`, `1 hour 30 minutes`.
fn duration_text(period: CalendarPeriod, language: Language) -> String {
    let parts = [
        (i64::from(period.months / 12), "年", "year"),
        (i64::from(period.months % 12), "か月", "month"),
        (i64::from(period.days), "日", "day"),
        (period.millis / MILLIS_PER_HOUR, "時間", "hour"),
        (period.millis % MILLIS_PER_HOUR / MILLIS_PER_MINUTE, "分", "minute"),
        (period.millis % MILLIS_PER_MINUTE / MILLIS_PER_SECOND, "秒", "second"),
    ];
    let there = parts.iter().filter(|(count, _, _)| *count != 0);
    let texts: Vec<String> = match language {
        Language::Japanese => there.map(|(count, ja, _)| format!("{count}{ja}")).collect(),
        Language::English => {
            there.map(|(count, _, en)| format!("{count} {en}{}", if *count == 1 { "" } else { "s" })).collect()
        }
    };
    match (texts.is_empty(), language) {
        (true, Language::Japanese) => "0分".to_owned(),
        (true, Language::English) => "0 minutes".to_owned(),
        (false, Language::Japanese) => texts.concat(),
        (false, Language::English) => texts.join(" "),
    }
}

/// 0.125 as `12.5%`.
fn percent(value: f64) -> String {
    let percent = (value * 1e8).round() / 1e6;
    format!("{percent}%")
}

/// At most `units` of UTF-16, as LINE counts, the mark for what was left out included.
fn truncate(text: &str, units: usize) -> String {
    cut_utf16(text, units).unwrap_or_else(|| text.to_owned())
}

/// Cuts a text to `units` of UTF-16 without breaking a character; `None` if it fits.
pub fn cut_utf16(text: &str, units: usize) -> Option<String> {
    if text.encode_utf16().count() <= units {
        return None;
    }
    let Some(mut left) = units.checked_sub(1) else { return Some(String::new()) };
    let mut kept = String::new();
    for grapheme in text.graphemes(true) {
        let Some(rest) = left.checked_sub(grapheme.encode_utf16().count()) else { break };
        left = rest;
        kept.push_str(grapheme);
    }
    kept.push('…');
    Some(kept)
}

/// Percent-encoded for a part of an address. The result counts as encoded, so that nothing encodes it again.
fn urlencode(value: &Jinja) -> Result<Jinja, Error> {
    if value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, "`urlencode` of a missing value"));
    }
    Ok(Jinja::from_safe_string(encoded(&value.to_string())))
}

/// What the weaver puts behind every value inside an address.
pub const URL_PART: &str = "tabi_url_part";
/// What the weaver puts behind every value inside a style or another attribute with a notation of its own.
pub const PLAIN: &str = "tabi_plain";

fn url_part(value: &Jinja) -> Result<Jinja, Error> {
    if value.is_safe() { Ok(value.clone()) } else { urlencode(value) }
}

/// What the weaver puts behind a value that is the whole of a mail address or a telephone number.
pub const ADDRESS_PART: &str = "tabi_address_part";

fn address_part(value: &Jinja) -> Result<Jinja, Error> {
    let part = url_part(value)?;
    let text = part.to_string().replace("%40", "@").replace("%2B", "+");
    Ok(Jinja::from_safe_string(text))
}

/// All but the unreserved characters of RFC 3986, as UTF-8.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Letters, digits and the few marks of colours and sizes.
fn plain(value: &Jinja) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, "a missing value in an attribute"));
    }
    Ok(value.to_string().chars().filter(|c| c.is_alphanumeric() || "#%., -".contains(*c)).collect())
}
