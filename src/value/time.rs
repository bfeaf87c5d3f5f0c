//! Instants, dates, zones and the two kinds of duration, with the rules for local times.
//!
//! The only file that knows the time library. Reads no clock: time always comes in as a value.
//! Zones come from the bundled tz database, never from the host, so results do not depend on the machine.

use std::fmt;
use std::sync::OnceLock;

use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub const MILLIS_PER_SECOND: i64 = 1_000;
pub const MILLIS_PER_MINUTE: i64 = 60_000;
pub const MILLIS_PER_HOUR: i64 = 3_600_000;
pub const MILLIS_PER_DAY: i64 = 86_400_000;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Instant(pub i64);

impl Instant {
    /// Later than any time a program can reach; stands for "never".
    pub const NEVER: Instant = Instant(253_370_764_800_000); // 9999-01-01

    /// RFC 3339 (`2026-04-01T20:30:00+09:00`, `…Z`, fractions allowed). `None` when it is not.
    pub fn parse_rfc3339(text: &str) -> Option<Instant> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Instant(t.as_millisecond()))
    }
    /// By a strptime-like pattern (`%Y-%m-%d %H:%M:%S`); in `zone`, unless the pattern reads an offset itself.
    pub fn parse_pattern(pattern: &str, text: &str, zone: Zone) -> Option<Instant> {
        let parts = jiff::fmt::strtime::parse(pattern, text).ok()?;
        if let Ok(timestamp) = parts.to_timestamp() {
            return Some(Instant(timestamp.as_millisecond()));
        }
        let day = Date::from_civil(parts.to_date().ok()?);
        let time = parts.to_time().unwrap_or(civil::Time::midnight());
        let seconds = u32::try_from(i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60).ok()?;
        let whole = zone.instant(day, LocalTime(seconds + time.second() as u32));
        Some(whole.plus(Span(i64::from(time.millisecond()))))
    }
    /// Saturates at [`Instant::NEVER`].
    pub fn plus(self, span: Span) -> Instant {
        Instant(self.0.saturating_add(span.0).min(Self::NEVER.0))
    }
    pub fn minus(self, span: Span) -> Instant {
        Instant(self.0.saturating_sub(span.0))
    }
    /// `self - earlier`.
    pub fn since(self, earlier: Instant) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC, to the second, or to the millisecond if there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => write!(f, "{t}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

/// An exact span in milliseconds (`s`, `m`, `h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span(pub i64);

/// A calendar period: months, then days, in somebody's zone; then an exact rest (`1d12h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct CalendarPeriod {
    pub months: i32,
    pub days: i32,
    pub millis: i64,
}

impl CalendarPeriod {
    pub fn exact(span: Span) -> Self {
        CalendarPeriod { months: 0, days: 0, millis: span.0 }
    }
    /// The language's own notation: `3d`, `1h30m`, `2w`, `6mo`, `1y`. `None` when it is not, or too long to count.
    pub fn parse(text: &str) -> Option<CalendarPeriod> {
        let mut period = CalendarPeriod::default();
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let count: i32 = rest[..digits].parse().ok()?;
            rest = &rest[digits..];
            let unit = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_lowercase()).len();
            let millis = |each: i64| i64::from(count).checked_mul(each);
            match &rest[..unit] {
                "y" => period.months = period.months.checked_add(count.checked_mul(12)?)?,
                "mo" => period.months = period.months.checked_add(count)?,
                "w" => period.days = period.days.checked_add(count.checked_mul(7)?)?,
                "d" => period.days = period.days.checked_add(count)?,
                "h" => period.millis = period.millis.checked_add(millis(MILLIS_PER_HOUR)?)?,
                "m" => period.millis = period.millis.checked_add(millis(MILLIS_PER_MINUTE)?)?,
                "s" => period.millis = period.millis.checked_add(millis(MILLIS_PER_SECOND)?)?,
                _ => return None,
            }
            rest = &rest[unit..];
        }
        (!text.is_empty()).then_some(period)
    }
    pub fn is_exact(self) -> bool {
        self.months == 0 && self.days == 0
    }
    pub fn negated(self) -> Self {
        CalendarPeriod { months: -self.months, days: -self.days, millis: -self.millis }
    }
    /// Whole days it can have at most: that many months in a row at their longest, then the days.
    pub fn days_at_most(self) -> i64 {
        let (years, rest) = (i64::from(self.months.max(0)) / 12, self.months.max(0) as usize % 12);
        years * 365 + (years + 3) / 4 + LONGEST_MONTHS[rest] + i64::from(self.days)
    }
    /// Whole days it has at least, months clamped at a month's end included.
    pub fn days_at_least(self) -> i64 {
        let (years, rest) = (i64::from(self.months.max(0)) / 12, self.months.max(0) as usize % 12);
        let leaps = (years / 4 - 1 - years / 100).max(0);
        years * 365 + leaps + SHORTEST_MONTHS[rest] + i64::from(self.days)
    }
    /// The longest it can last in any zone: 31 days a month, 25 hours for one day of it.
    pub fn longest(self) -> Span {
        let days = i64::from(self.months) * 31 + i64::from(self.days);
        let dst = if self.is_exact() { 0 } else { MILLIS_PER_HOUR };
        Span(days * MILLIS_PER_DAY + dst + self.millis)
    }
}

/// Days in 0 to 11 months that follow each other, at most and at least.
const LONGEST_MONTHS: [i64; 12] = [0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337];
const SHORTEST_MONTHS: [i64; 12] = [0, 28, 59, 89, 120, 150, 181, 212, 242, 273, 303, 334];

/// `1mo 3d`-like, in the language's own notation: `1mo3d2h`.
impl fmt::Display for CalendarPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut empty = true;
        let mut part = |f: &mut fmt::Formatter<'_>, n: i64, unit: &str| {
            if n == 0 {
                return Ok(());
            }
            empty = false;
            write!(f, "{n}{unit}")
        };
        part(f, i64::from(self.months / 12), "y")?;
        part(f, i64::from(self.months % 12), "mo")?;
        part(f, i64::from(self.days), "d")?;
        part(f, self.millis / MILLIS_PER_HOUR, "h")?;
        part(f, self.millis % MILLIS_PER_HOUR / MILLIS_PER_MINUTE, "m")?;
        part(f, self.millis % MILLIS_PER_MINUTE / MILLIS_PER_SECOND, "s")?;
        if empty { f.write_str("0m") } else { Ok(()) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0 / MILLIS_PER_DAY;
        CalendarPeriod { months: 0, days: days as i32, millis: self.0 - days * MILLIS_PER_DAY }.fmt(f)
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Date(pub i32);

impl Date {
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Date> {
        civil::Date::new(year, month, day).ok().map(Date::from_civil)
    }
    /// `(year, month 1-12, day 1-31)`.
    pub fn ymd(self) -> (i16, i8, i8) {
        let date = self.civil();
        (date.year(), date.month(), date.day())
    }
    /// `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Date> {
        text.parse::<civil::Date>().ok().map(Date::from_civil)
    }
    /// Months are added first and clamp to the month's last day; then days.
    pub fn plus(self, period: CalendarPeriod) -> Date {
        let span = jiff::Span::new().try_months(period.months).unwrap_or_default();
        let month = self.civil().saturating_add(span);
        Date(Date::from_civil(month).0.saturating_add(period.days))
    }
    /// 1 is Monday, 7 is Sunday (ISO 8601).
    pub fn weekday(self) -> u8 {
        (i64::from(self.0) + 3).rem_euclid(7) as u8 + 1
    }
    /// This day in another year; 29 February becomes the 28th where there is none.
    pub fn in_year(self, year: i16) -> Date {
        let (_, month, day) = self.ymd();
        Date::from_ymd(year, month, day).or_else(|| Date::from_ymd(year, month, 28)).unwrap_or(self)
    }
    /// The first anniversary of this date on or after `today`.
    pub fn next_anniversary(self, today: Date) -> Date {
        let year = today.ymd().0;
        let this_year = self.in_year(year);
        if this_year >= today { this_year } else { self.in_year(year.saturating_add(1)) }
    }
    /// Whole months from `self` to `later` (negative if `later` is earlier).
    pub fn whole_months_until(self, later: Date) -> i64 {
        let ((y1, m1, d1), (y2, m2, d2)) = (self.ymd(), later.ymd());
        let months = (i64::from(y2) - i64::from(y1)) * 12 + i64::from(m2) - i64::from(m1);
        let last_day = Date::from_ymd(y2, m2, 1).map_or(31, |first| first.civil().days_in_month());
        months - i64::from(d2 < d1.min(last_day))
    }
    fn from_civil(date: civil::Date) -> Date {
        let epoch = civil::date(1970, 1, 1);
        Date(date.duration_since(epoch).as_hours() as i32 / 24)
    }
    fn civil(self) -> civil::Date {
        civil::date(1970, 1, 1).saturating_add(jiff::Span::new().try_days(self.0).unwrap_or_default())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.civil())
    }
}

/// Seconds since local midnight, `0..86_400`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LocalTime(pub u32);

impl LocalTime {
    pub const MIDNIGHT: LocalTime = LocalTime(0);

    pub fn from_hm(hour: u32, minute: u32) -> Option<LocalTime> {
        (hour < 24 && minute < 60).then_some(LocalTime(hour * 3600 + minute * 60))
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        match second {
            0 => write!(f, "{hour:02}:{minute:02}"),
            _ => write!(f, "{hour:02}:{minute:02}:{second:02}"),
        }
    }
}

/// How far the clocks are moved at most in any zone: two hours, at Antarctica/Troll.
pub const CLOCK_CHANGES_MAX: Span = Span(2 * MILLIS_PER_HOUR);
/// In a time no longer than this the clocks of a zone are set back, and set forward, by [`Zone::clock_changes`] in sum.
pub const CLOCK_SEASON: Span = Span(200 * MILLIS_PER_DAY);
/// Times that clocks set forward skip lie between these two, over midnight: from 22:00 (Pacific/Easter) to 04:00.
pub const CLOCK_GAPS_FROM: LocalTime = LocalTime(22 * 3_600);
pub const CLOCK_GAPS_TO: LocalTime = LocalTime(4 * 3_600);
/// 2024-01-01 and 2040-01-01.
const CLOCKS_FROM: i64 = 1_704_067_200;
const CLOCKS_TO: i64 = 2_208_988_800;

/// A zone of the tz database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Zone(u16);

struct ZoneEntry {
    name: String,
    zone: OnceLock<TimeZone>,
}

fn zones() -> &'static [ZoneEntry] {
    static ZONES: OnceLock<Vec<ZoneEntry>> = OnceLock::new();
    ZONES.get_or_init(|| {
        let mut names: Vec<String> = TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect();
        names.sort();
        names.into_iter().map(|name| ZoneEntry { name, zone: OnceLock::new() }).collect()
    })
}

impl Zone {
    /// By its IANA name, such as `Asia/Tokyo`. Letter case counts.
    pub fn from_name(name: &str) -> Option<Zone> {
        zones().binary_search_by(|z| z.name.as_str().cmp(name)).ok().map(|i| Zone(i as u16))
    }
    pub fn name(self) -> &'static str {
        &zones()[self.0 as usize].name
    }
    /// The name meant by what people call a zone, or by a slip of its spelling.
    pub fn common_name(called: &str) -> Option<&'static str> {
        match called {
            "JST" | "Asia/Osaka" | "Tokyo" | "東京" | "日本" | "日本時間" => Some("Asia/Tokyo"),
            _ => Zone::names().find(|known| known.eq_ignore_ascii_case(called)),
        }
    }
    /// All names, sorted; for suggestions.
    pub fn names() -> impl Iterator<Item = &'static str> {
        zones().iter().map(|z| z.name.as_str())
    }
    pub fn utc() -> Zone {
        Zone::from_name("UTC").expect("the bundled database has UTC")
    }
    /// How far the clocks here are moved at most, between any two moments from 2024 to 2040: an hour for most zones
    /// with summer time, nothing for those without. Only rules known to the database count.
    pub fn clock_changes(self) -> Span {
        let (Ok(from), Ok(to)) = (jiff::Timestamp::from_second(CLOCKS_FROM), jiff::Timestamp::from_second(CLOCKS_TO))
        else {
            return CLOCK_CHANGES_MAX;
        };
        let first = self.tz().to_offset(from).seconds();
        let later = self.tz().following(from).take_while(|t| t.timestamp() < to).map(|t| t.offset().seconds());
        let (least, most) = later.fold((first, first), |(least, most), next| (least.min(next), most.max(next)));
        Span(i64::from(most - least) * MILLIS_PER_SECOND)
    }
    /// The library's own zone, for cron matching.
    pub fn tz(self) -> &'static TimeZone {
        let entry = &zones()[self.0 as usize];
        entry.zone.get_or_init(|| TimeZoneDatabase::bundled().get(&entry.name).unwrap_or(TimeZone::UTC))
    }

    /// The wall clock here at that instant.
    pub fn local(self, at: Instant) -> (Date, LocalTime) {
        let seconds = at.0.div_euclid(MILLIS_PER_SECOND);
        let Ok(timestamp) = jiff::Timestamp::from_second(seconds) else { return (Date(0), LocalTime(0)) };
        let local = seconds + i64::from(self.tz().to_offset(timestamp).seconds());
        (Date(local.div_euclid(86_400) as i32), LocalTime(local.rem_euclid(86_400) as u32))
    }
    pub fn date(self, at: Instant) -> Date {
        self.local(at).0
    }
    /// The instant of a local time. One that does not exist (spring forward) means the first instant after the gap;
    /// one that occurs twice means the first.
    pub fn instant(self, date: Date, time: LocalTime) -> Instant {
        let (hour, minute, second) = (time.0 / 3600, time.0 / 60 % 60, time.0 % 60);
        let civil = date.civil().at(hour as i8, minute as i8, second as i8, 0);
        let utc = |offset: jiff::tz::Offset| {
            let seconds = i64::from(date.0) * 86_400 + i64::from(time.0) - i64::from(offset.seconds());
            Instant(seconds * MILLIS_PER_SECOND)
        };
        match self.tz().to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => utc(offset),
            AmbiguousOffset::Fold { before, .. } => utc(before),
            AmbiguousOffset::Gap { before, .. } => {
                let inside = jiff::Timestamp::from_millisecond(utc(before).0 + 1).unwrap_or_default();
                let transition = self.tz().preceding(inside).next();
                transition.map_or(utc(before), |t| Instant(t.timestamp().as_millisecond()))
            }
        }
    }
    /// Start of a local day.
    pub fn midnight(self, date: Date) -> Instant {
        self.instant(date, LocalTime::MIDNIGHT)
    }
    /// `at + period`: months (clamped), days, then the exact rest; the wall clock stays for the calendar part.
    pub fn plus(self, at: Instant, period: CalendarPeriod) -> Instant {
        if period.is_exact() {
            return at.plus(Span(period.millis));
        }
        let (date, time) = self.local(at);
        let rest = at.0.rem_euclid(MILLIS_PER_SECOND);
        self.instant(date.plus(period), time).plus(Span(rest + period.millis))
    }
    /// The next time the wall clock shows `time`, at or after `at`.
    pub fn next_time(self, at: Instant, time: LocalTime) -> Instant {
        let (today, _) = self.local(at);
        (0..3).map(|days| self.instant(Date(today.0 + days), time)).find(|t| *t >= at).unwrap_or(at)
    }
}

impl Serialize for Zone {
    /// By name, so that a hash does not depend on the table.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Zone::from_name(&name).ok_or_else(|| D::Error::custom("a time zone that is not known"))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::from_name(name).unwrap()
    }
    fn at(text: &str) -> Instant {
        Instant::parse_rfc3339(text).unwrap()
    }
    fn time(hour: u32, minute: u32) -> LocalTime {
        LocalTime::from_hm(hour, minute).unwrap()
    }

    #[test]
    fn a_gap_means_the_first_instant_after_it_and_a_fold_the_first_of_two() {
        let new_york = zone("America/New_York");
        let gap = Date::from_ymd(2026, 3, 8).unwrap();
        assert_eq!(new_york.instant(gap, time(2, 30)), at("2026-03-08T03:00:00-04:00"));
        let fold = Date::from_ymd(2026, 11, 1).unwrap();
        assert_eq!(new_york.instant(fold, time(1, 30)), at("2026-11-01T01:30:00-04:00"));
    }

    #[test]
    fn months_clamp_and_days_keep_the_wall_clock() {
        let new_york = zone("America/New_York");
        let month = CalendarPeriod { months: 1, days: 0, millis: 0 };
        assert_eq!(new_york.plus(at("2026-01-31T10:00:00-05:00"), month), at("2026-02-28T10:00:00-05:00"));
        let day = CalendarPeriod { months: 0, days: 1, millis: 0 };
        assert_eq!(new_york.plus(at("2026-03-07T10:00:00-05:00"), day), at("2026-03-08T10:00:00-04:00"));
        let exact = CalendarPeriod::exact(Span(24 * MILLIS_PER_HOUR));
        assert_eq!(new_york.plus(at("2026-03-07T10:00:00-05:00"), exact), at("2026-03-08T11:00:00-04:00"));
    }

    #[test]
    fn periods_read_as_people_write_them() {
        let period = |months, days, millis| Some(CalendarPeriod { months, days, millis });
        assert_eq!(CalendarPeriod::parse("1h30m"), period(0, 0, 90 * MILLIS_PER_MINUTE));
        assert_eq!(CalendarPeriod::parse("2w"), period(0, 14, 0));
        assert_eq!(CalendarPeriod::parse("1y6mo"), period(18, 0, 0));
        for wrong in ["", "3", "d", "3 d", "3days", "-1d", "99999999999d", "2147483647y", "３d"] {
            assert_eq!(CalendarPeriod::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_leap_day_birthday_is_the_28th_in_other_years() {
        let leap = Date::from_ymd(2000, 2, 29).unwrap();
        let day = |y, m, d| Date::from_ymd(y, m, d).unwrap();
        assert_eq!(leap.next_anniversary(day(2026, 1, 1)), day(2026, 2, 28));
        assert_eq!(leap.next_anniversary(day(2026, 3, 1)), day(2027, 2, 28));
        assert_eq!(leap.next_anniversary(day(2028, 2, 29)), day(2028, 2, 29));
    }

    #[test]
    fn weekdays_and_dates_agree_with_the_calendar() {
        let monday = Date::from_ymd(2026, 4, 6).unwrap();
        assert_eq!(monday.weekday(), 1);
        assert_eq!(monday.to_string(), "2026-04-06");
        assert_eq!(Date::parse("1969-12-31"), Some(Date(-1)));
        assert_eq!(Date::from_ymd(2026, 1, 31).unwrap().whole_months_until(Date::from_ymd(2026, 2, 28).unwrap()), 1);
    }

    #[test]
    fn months_last_as_long_as_the_tables_say() {
        for months in 0..60 {
            let period = CalendarPeriod { months, days: 0, millis: 0 };
            let lengths = (0..366 * 9).map(|day| Date(19_000 + day)).map(|day| i64::from(day.plus(period).0 - day.0));
            let (least, most) = lengths.fold((i64::MAX, 0), |(least, most), n| (least.min(n), most.max(n)));
            assert_eq!(most, period.days_at_most().min(most), "{months} months");
            assert!(most >= period.days_at_most() - i64::from(months > 12), "{months} months: {most}");
            assert!((period.days_at_least()..=period.days_at_least() + 1).contains(&least), "{months} months: {least}");
        }
    }

    /// What bounds of calendar time rest on: no zone moves its clocks further, sets them back twice in one season by
    /// more than that in sum, or sets them back into the day before.
    #[test]
    fn clocks_change_little_and_seldom() {
        let season = CLOCK_SEASON.0 / 1000;
        let mut most = Span(0);
        for name in Zone::names() {
            let changes = zone(name).clock_changes();
            most = most.max(changes);
            let from = jiff::Timestamp::from_second(CLOCKS_FROM).unwrap();
            let mut offset = i64::from(zone(name).tz().to_offset(from).seconds());
            let mut moves: Vec<(i64, i64)> = Vec::new();
            for next in zone(name).tz().following(from).take_while(|t| t.timestamp().as_second() < CLOCKS_TO) {
                let (at, to) = (next.timestamp().as_second(), i64::from(next.offset().seconds()));
                let day = |offset: i64, at: i64| (at + offset).div_euclid(86_400);
                assert!(day(to, at) >= day(offset, at - 1), "{name} goes back a day");
                let time = |offset: i64| (at + offset).rem_euclid(86_400);
                let (late, early) = (i64::from(CLOCK_GAPS_FROM.0), i64::from(CLOCK_GAPS_TO.0));
                let in_gaps = to < offset
                    || ((time(offset) >= late || time(offset) < early) && (time(to) >= late || time(to) <= early));
                assert!(in_gaps, "{name} skips {} to {}", time(offset), time(to));
                moves.push((at, to - offset));
                offset = to;
            }
            for (at, _) in &moves {
                let within = || moves.iter().filter(|(t, _)| (*at..*at + season).contains(t));
                let back: i64 = within().map(|(_, by)| (-by).max(0)).sum();
                let on: i64 = within().map(|(_, by)| (*by).max(0)).sum();
                assert!(back.max(on) * 1000 <= changes.0, "{name}: {moves:?}");
                // Set forward once; and if also set back, then by as much.
                assert!(within().filter(|(_, by)| *by > 0).count() <= 1, "{name}: {moves:?}");
                assert!(back == 0 || on == 0 || back == on, "{name}: {moves:?}");
            }
        }
        assert_eq!(most, CLOCK_CHANGES_MAX);
        assert_eq!(zone("Asia/Tokyo").clock_changes(), Span(0));
        assert_eq!(zone("America/New_York").clock_changes(), Span(MILLIS_PER_HOUR));
    }

    #[test]
    fn a_stale_zone_database_would_show_here() {
        // Rule changes of 2026: Edmonton stays on -06:00 in winter.
        assert_eq!(
            zone("America/Edmonton").instant(Date::from_ymd(2026, 12, 15).unwrap(), time(12, 0)),
            at("2026-12-15T12:00:00-06:00")
        );
    }
}
