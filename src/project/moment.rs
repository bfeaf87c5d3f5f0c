//! Moments as people write them in settings and on the command line.
//!
//! Reads no clock.

use crate::value::{Date, Instant, LocalTime, Zone};

/// RFC 3339, or `2026-04-01`, or `2026-04-01 20:30`, the latter two on the clocks of the zone.
pub fn parse_moment(text: &str, zone: Zone) -> Option<Instant> {
    let text = text.trim();
    if let Some(instant) = Instant::parse_rfc3339(text) {
        return Some(instant);
    }
    let (date, time) = text.split_once([' ', 'T']).map_or((text, None), |(date, time)| (date, Some(time.trim())));
    let date = Date::parse(date)?;
    let time = match time {
        None => LocalTime::MIDNIGHT,
        Some(time) => {
            let (hour, minute) = time.split_once(':')?;
            LocalTime::from_hm(hour.parse().ok()?, minute.parse().ok()?)?
        }
    };
    Some(zone.instant(date, time))
}
