//! Numbers, durations, times, dates, money and texts as written, and the slips people make with them.
//!
//! Knows nothing of types. An impossible value is reported and clamped to a possible one.

use super::{Part, Walk, child};
use crate::diag::{Code, Diagnostic};
use crate::syntax::grammar::Rule;
use crate::syntax::notation;
use crate::syntax::tree::{Duration, Expr, ExprKind, Name, Number, Text, TimeOfDay};
use crate::text::Span;
use crate::value::time::{MILLIS_PER_HOUR, MILLIS_PER_MINUTE, MILLIS_PER_SECOND};
use crate::value::{CalendarPeriod, Date};

/// Longest duration one can write: a hundred years. Longer is a slip, and would leave no room for calendar arithmetic.
const MONTHS_MAX: i64 = 100 * 12;
const DAYS_MAX: i64 = 36_525;

impl Walk<'_> {
    pub(super) fn number(&mut self, part: &Part<'_>) -> Number {
        let written = part.as_str().trim_end();
        self.number_of(written, self.span(part))
    }

    fn number_of(&mut self, written: &str, span: Span) -> Number {
        let mut text = written.replace('_', "");
        let second = text.match_indices('.').nth(1).map(|(at, _)| at);
        if let Some(at) = second {
            text.truncate(at);
            self.impossible(span, written, "a number has at most one point", "小数点は一つだけ", None);
        }
        Number { text, span }
    }

    /// `12`, where a number of whole things is meant, or the number of a `percent`.
    pub(super) fn number_in(&mut self, part: &Part<'_>) -> Number {
        match child(part, Rule::number) {
            Some(number) => self.number(&number),
            None => Number { text: "0".into(), span: self.span(part) },
        }
    }

    /// `50%`; a bare `50` is a slip.
    pub(super) fn share_in(&mut self, part: &Part<'_>) -> Number {
        let share = part.clone().into_inner().find(|p| matches!(p.as_rule(), Rule::percent | Rule::compat_share));
        let Some(share) = share else { return self.number_in(part) };
        let number = self.number_in(&share);
        if share.as_rule() == Rule::compat_share {
            let written = share.as_str().trim_end().to_string();
            let span = self.span(&share);
            self.slip(span, &written, &format!("{written}%"));
        }
        number
    }

    // ---- durations -----------------------------------------------------------------------------------------------

    pub(super) fn duration_in(&mut self, part: &Part<'_>) -> Option<Duration> {
        let is_span =
            |p: &Part<'_>| matches!(p.as_rule(), Rule::duration | Rule::compat_spaced_unit | Rule::odd_number);
        let span = part.clone().into_inner().find(is_span)?;
        Some(self.duration(&span))
    }

    /// A part by one of the rules that stand where a duration is wanted.
    pub(super) fn duration(&mut self, part: &Part<'_>) -> Duration {
        let span = self.span(part);
        if part.as_rule() == Rule::duration {
            return self.duration_of(part.as_str(), span);
        }
        match self.odd_literal(part).map(|e| *e.kind) {
            Some(ExprKind::Duration(duration)) => duration,
            _ => {
                self.impossible(
                    span,
                    part.as_str().trim_end(),
                    "a duration is wanted here",
                    "ここには期間を書く",
                    Some("3d"),
                );
                Duration { period: CalendarPeriod::default(), span }
            }
        }
    }

    fn duration_of(&mut self, written: &str, span: Span) -> Duration {
        let (mut months, mut days, mut millis) = (0i64, 0i64, 0i64);
        let mut rest = written;
        let mut fits = true;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |i| digits + i);
            let count = rest[..digits].replace('_', "").parse::<i64>().unwrap_or(i64::MAX);
            let (total, size) = match &rest[digits..unit_end] {
                "y" => (&mut months, 12),
                "mo" => (&mut months, 1),
                "w" => (&mut days, 7),
                "d" => (&mut days, 1),
                "h" => (&mut millis, MILLIS_PER_HOUR),
                "m" => (&mut millis, MILLIS_PER_MINUTE),
                _ => (&mut millis, MILLIS_PER_SECOND),
            };
            *total = total.saturating_add(count.saturating_mul(size));
            rest = &rest[unit_end..];
        }
        let millis_max = DAYS_MAX * crate::value::time::MILLIS_PER_DAY;
        for (total, most) in [(&mut months, MONTHS_MAX), (&mut days, DAYS_MAX), (&mut millis, millis_max)] {
            fits &= *total <= most;
            *total = (*total).min(most);
        }
        if !fits {
            self.impossible(span, written, "longer than a hundred years", "百年より長い期間", None);
        }
        Duration { period: CalendarPeriod { months: months as i32, days: days as i32, millis }, span }
    }

    // ---- times and dates -----------------------------------------------------------------------------------------

    pub(super) fn time(&mut self, part: &Part<'_>) -> TimeOfDay {
        let written = part.as_str().trim_end();
        let span = self.span(part);
        let mut fields = written.split(':').map(|f| f.parse::<u32>().unwrap_or(0));
        let mut next = || fields.next().unwrap_or(0);
        let (hour, minute, second) = (next(), next(), next());
        if hour > 23 || minute > 59 || second > 59 {
            let help = (hour == 24 && minute == 0).then_some("00:00");
            self.impossible(span, written, "a day goes from 00:00 to 23:59", "時刻は 00:00 から 23:59 まで", help);
        }
        TimeOfDay { seconds: hour.min(23) * 3600 + minute.min(59) * 60 + second.min(59), span }
    }

    pub(super) fn time_in(&mut self, part: &Part<'_>) -> TimeOfDay {
        match child(part, Rule::time) {
            Some(time) => self.time(&time),
            None => TimeOfDay { seconds: 0, span: self.span(part) },
        }
    }

    pub(super) fn date(&mut self, part: &Part<'_>) -> (i16, i8, i8) {
        let written = part.as_str().trim_end();
        let span = self.span(part);
        self.date_of(written, span)
    }

    fn date_of(&mut self, written: &str, span: Span) -> (i16, i8, i8) {
        let mut fields = written.split(['-', '/']).map(|f| f.parse::<i16>().unwrap_or(1));
        let (year, month, day) = (fields.next().unwrap_or(1), fields.next().unwrap_or(1), fields.next().unwrap_or(1));
        let (clamped_month, mut clamped_day) = (month.clamp(1, 12) as i8, day.clamp(1, 31) as i8);
        while clamped_day > 1 && Date::from_ymd(year, clamped_month, clamped_day).is_none() {
            clamped_day -= 1;
        }
        if (i16::from(clamped_month), i16::from(clamped_day)) != (month, day) {
            self.impossible(span, written, "there is no such day", "そのような日付はありません", None);
        }
        (year, clamped_month, clamped_day)
    }

    /// A literal that begins with a digit.
    pub(super) fn literal(&mut self, part: &Part<'_>) -> Expr {
        let span = self.span(part);
        let kind = match part.as_rule() {
            Rule::number => ExprKind::Number(self.number(part)),
            Rule::percent => ExprKind::Percent(self.number_in(part)),
            Rule::money => {
                let amount = self.number_in(part);
                let currency = child(part, Rule::currency);
                ExprKind::Money { amount, currency: currency.map_or_else(|| self.name_in(part), |c| self.name(&c)) }
            }
            Rule::duration => ExprKind::Duration(self.duration(part)),
            Rule::time => ExprKind::Time(self.time(part)),
            Rule::date => {
                let (year, month, day) = self.date(part);
                ExprKind::Date { year, month, day }
            }
            Rule::moment => self.moment(part),
            Rule::compat_date => {
                let (year, month, day) = self.date(part);
                self.slip(span, part.as_str().trim_end(), &format!("{year:04}-{month:02}-{day:02}"));
                ExprKind::Date { year, month, day }
            }
            Rule::compat_moment => self.iso_moment(part.as_str(), span),
            _ => match self.odd_literal(part) {
                Some(expr) => *expr.kind,
                None => {
                    let written = part.as_str().trim_end();
                    self.impossible(
                        span,
                        written,
                        "neither a number nor a duration, a date or money",
                        "数・期間・日付・金額のどれでもありません",
                        None,
                    );
                    ExprKind::Error
                }
            },
        };
        Expr { kind: Box::new(kind), span }
    }

    fn moment(&mut self, part: &Part<'_>) -> ExprKind {
        let (year, month, day) = child(part, Rule::date).map_or((1970, 1, 1), |d| self.date(&d));
        let time = self.time_in(part);
        let zone = child(part, Rule::moment_zone).map(|z| self.name(&z));
        ExprKind::Moment { year, month, day, time, zone }
    }

    /// `2026-04-01T20:30…`, as machines write it.
    fn iso_moment(&mut self, written: &str, span: Span) -> ExprKind {
        let (date, clock) = written.split_once('T').unwrap_or((written, "00:00"));
        let (year, month, day) = self.date_of(date, span);
        let mut fields = clock.split([':', '+', '-', 'Z', '.']).map(|f| f.parse::<u32>().unwrap_or(0));
        let (hour, minute) = (fields.next().unwrap_or(0).min(23), fields.next().unwrap_or(0).min(59));
        let zone = clock.ends_with('Z').then(|| Name { text: "UTC".into(), span });
        let suffix = if zone.is_some() { " UTC" } else { "" };
        self.slip(span, written, &format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}{suffix}"));
        ExprKind::Moment { year, month, day, time: TimeOfDay { seconds: hour * 3600 + minute * 60, span }, zone }
    }

    // ---- slips ---------------------------------------------------------------------------------------------------

    /// `3 d`, `3days`, `3日`, `3000円`, `3000 jpy`: read as what it means, and said. `None` when it means nothing.
    fn odd_literal(&mut self, part: &Part<'_>) -> Option<Expr> {
        let written = part.as_str().trim_end();
        let span = self.span(part);
        let digits = written.find(|c: char| !c.is_ascii_digit() && !matches!(c, '_' | '.')).unwrap_or(written.len());
        let count = written[..digits].trim_end_matches('_');
        let word = written[digits..].trim_start();
        if let Some(unit) = notation::unit(word) {
            if count.contains('.') {
                self.impossible(
                    span,
                    written,
                    "a duration is made of whole units",
                    "期間は整数の単位で書く",
                    Some("1h30m"),
                );
                let whole = count.split('.').next().unwrap_or("0");
                let duration = self.duration_of(&format!("{whole}{unit}"), span);
                return Some(Expr { kind: Box::new(ExprKind::Duration(duration)), span });
            }
            let right = format!("{count}{unit}");
            self.slip(span, written, &right);
            let duration = self.duration_of(&right, span);
            return Some(Expr { kind: Box::new(ExprKind::Duration(duration)), span });
        }
        let currency = notation::currency(word)?;
        self.slip(span, written, &format!("{count} {currency}"));
        let amount = self.number_of(count, span);
        Some(Expr { kind: Box::new(ExprKind::Money { amount, currency: Name { text: currency.into(), span } }), span })
    }

    /// `¥3000`: the sign stands for the currency.
    pub(super) fn signed_money(&mut self, part: &Part<'_>) -> Expr {
        let span = self.span(part);
        let amount = self.number_in(part);
        let written = part.as_str().trim_end();
        let currency = match written.chars().next() {
            Some('$') => "USD",
            Some('€') => "EUR",
            Some('£') => "GBP",
            _ => "JPY",
        };
        self.slip(span, written, &format!("{} {currency}", amount.text));
        Expr { kind: Box::new(ExprKind::Money { amount, currency: Name { text: currency.into(), span } }), span }
    }

    pub(super) fn impossible(&mut self, span: Span, written: &str, en: &str, ja: &str, instead: Option<&str>) {
        let mut diagnostic = Diagnostic::new(
            Code::E0104,
            span,
            format!("`{written}` is not possible"),
            format!("`{written}` はありえない値です"),
        )
        .here(en, ja);
        if let Some(instead) = instead {
            diagnostic = diagnostic.help(format!("write it like `{instead}`"), format!("`{instead}` のように書く"));
        }
        self.say(diagnostic);
    }

    // ---- texts ---------------------------------------------------------------------------------------------------

    /// A string literal, unescaped.
    pub(super) fn text_literal(&mut self, part: &Part<'_>) -> Text {
        let span = self.span(part);
        let inner = part.as_str().trim_end();
        let inner = inner.strip_prefix('"').unwrap_or(inner);
        let inner = inner.strip_suffix('"').unwrap_or(inner);
        if !inner.contains('\\') {
            return Text { text: inner.to_string(), span };
        }
        let start = part.as_span().start() + 1;
        let mut text = String::with_capacity(inner.len());
        let mut chars = inner.char_indices();
        while let Some((at, c)) = chars.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, quoted @ ('"' | '\\'))) => text.push(quoted),
                Some((_, 'u')) if inner[at..].starts_with("\\u{") => {
                    let hex = inner[at + 3..].split('}').next().unwrap_or("");
                    let value = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
                    let closed = inner[at + 3 + hex.len()..].starts_with('}');
                    match value.filter(|_| closed) {
                        Some(value) => text.push(value),
                        None => self.escape(start + at, 2, inner),
                    }
                    let skip = hex.chars().count() + 1 + usize::from(closed);
                    for _ in 0..skip {
                        chars.next();
                    }
                }
                Some((_, other)) => {
                    self.escape(start + at, 1 + other.len_utf8(), &inner[at..at + 1 + other.len_utf8()]);
                    text.push(other);
                }
                None => {}
            }
        }
        Text { text, span }
    }

    fn escape(&mut self, at: usize, len: usize, written: &str) {
        let span = self.places.span(at, at + len);
        let written: String = written.chars().take(12).collect();
        self.say(
            Diagnostic::new(
                Code::E0104,
                span,
                format!("`{written}` stands for no character"),
                format!("`{written}` が表す文字はありません"),
            )
            .help(
                r#"these do: `\"`, `\\`, `\n`, `\t`, `\u{3042}`"#,
                r#"使えるのは `\"`、`\\`、`\n`、`\t`、`\u{3042}`"#,
            ),
        );
    }
}
