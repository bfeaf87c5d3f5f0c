//! Aggregation units: under which name LINE counts opens and clicks of a message, and how many names the month has left.
//!
//! Reads no statistics.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::value::{Instant, Zone};

/// Different names a channel may use in one month; reset on the 1st. Source: "Unit-based statistics aggregation".
pub const UNITS_A_MONTH_MAX: usize = 1_000;
/// With `tabi_` 25 of the 30 characters a name may have; 80 bits, so that no two messages meet.
const HASH_DIGITS: usize = 20;

/// The unit of one version of a message: another content is another unit, since LINE adds up whatever has one name.
pub fn unit(message: &str, version: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(message.as_bytes());
    hasher.update(&[0]);
    hasher.update(version.as_bytes());
    let hash = hasher.finalize().to_hex();
    format!("tabi_{}", hash.chars().take(HASH_DIGITS).collect::<String>())
}

/// The names that the channel used this month, ours and others'.
pub(super) struct Units {
    month: Mutex<Month>,
    /// LINE does not let this channel use any.
    forbidden: AtomicBool,
}

struct Month {
    /// Year and month in Japan.
    of: (i16, i8),
    names: BTreeSet<String>,
}

impl Units {
    pub fn new() -> Units {
        let month = Month { of: (0, 0), names: BTreeSet::new() };
        Units { month: Mutex::new(month), forbidden: AtomicBool::new(false) }
    }
    /// Whether this name may be used now; from then on it is used.
    pub fn take(&self, name: &str, now: Instant) -> bool {
        if self.forbidden.load(Ordering::Relaxed) {
            return false;
        }
        self.within(now, |names| {
            let room = names.len() < UNITS_A_MONTH_MAX;
            names.contains(name) || (room && names.insert(name.to_owned()))
        })
    }
    /// From now on no name may be used.
    pub fn forbid(&self) {
        self.forbidden.store(true, Ordering::Relaxed);
    }
    /// Names that LINE says are used in the month of `now`.
    pub fn remember(&self, used: impl IntoIterator<Item = String>, now: Instant) -> usize {
        self.within(now, |names| {
            names.extend(used.into_iter().take(UNITS_A_MONTH_MAX));
            names.len()
        })
    }
    fn within<T>(&self, now: Instant, change: impl FnOnce(&mut BTreeSet<String>) -> T) -> T {
        let of = month(now);
        let mut month = self.month.lock().unwrap_or_else(PoisonError::into_inner);
        if month.of != of {
            *month = Month { of, names: BTreeSet::new() };
        }
        change(&mut month.names)
    }
}

/// LINE counts days and months in UTC+9.
fn month(now: Instant) -> (i16, i8) {
    let zone = Zone::from_name("Asia/Tokyo").unwrap_or_else(Zone::utc);
    let (year, month, _) = zone.date(now).ymd();
    (year, month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_unit_is_a_name_that_line_takes() {
        let name = unit("cart_nudge", "1");
        let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        assert!(letters && name.len() <= 30 && name.starts_with("tabi_"), "{name}");
        assert_eq!(name, unit("cart_nudge", "1"));
        assert!(name != unit("cart_nudge", "2") && name != unit("cart_nudg", "e1"));
    }

    #[test]
    fn a_thousand_names_a_month_and_afresh_on_the_first_in_japan() {
        let units = Units::new();
        let (march, april) = (at("2026-03-31T23:59:59+09:00"), at("2026-03-31T15:00:00Z"));
        for i in 0..UNITS_A_MONTH_MAX {
            assert!(units.take(&unit("m", &i.to_string()), march));
        }
        assert!(!units.take("tabi_one_too_many", march));
        assert!(units.take(&unit("m", "0"), march), "used already");
        assert!(units.take("tabi_one_too_many", april));
    }

    #[test]
    fn names_that_others_used_count() {
        let units = Units::new();
        let now = at("2026-03-02T00:00:00Z");
        assert_eq!(units.remember((0..999).map(|i| format!("shop_{i}")), now), 999);
        assert!(units.take("tabi_a", now) && !units.take("tabi_b", now));
    }
}
