//! What time it is for the engine: the machine's clock, kept from going back, or a rehearsal's that runs as fast as wanted.
//!
//! The only place of the runtime that asks the operating system for the time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::value::{Instant, Span};

pub trait Clock: Send + Sync {
    /// Never earlier than what it said before.
    fn now(&self) -> Instant;
    /// How long the caller may sleep until that moment.
    fn until(&self, at: Instant) -> Duration;
}

/// The machine's clock. When it is set back it stands still until it has caught up.
#[derive(Debug, Default)]
pub struct WallClock {
    latest: AtomicI64,
}

impl Clock for WallClock {
    fn now(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Instant(self.latest.fetch_max(now, Ordering::AcqRel).max(now))
    }
    fn until(&self, at: Instant) -> Duration {
        Duration::from_millis(at.since(self.now()).0.max(0) as u64)
    }
}

/// A rehearsal: begins at a moment and runs so many times as fast as the machine's clock.
#[derive(Debug)]
pub struct Rehearsal {
    start: Instant,
    speed: u32,
    begun: std::time::Instant,
}

impl Rehearsal {
    pub fn new(start: Instant, speed: u32) -> Rehearsal {
        Rehearsal { start, speed: speed.max(1), begun: std::time::Instant::now() }
    }
    /// `2026-04-01T09:00:00+09:00`, or with its speed `2026-04-01T09:00:00+09:00 x3600`.
    pub fn parse(text: &str) -> Option<Rehearsal> {
        let (at, speed) = match text.trim().rsplit_once(" x") {
            Some((at, speed)) => (at, speed.parse().ok()?),
            None => (text.trim(), 1),
        };
        Some(Rehearsal::new(Instant::parse_rfc3339(at)?, speed))
    }
}

impl Clock for Rehearsal {
    fn now(&self) -> Instant {
        let passed = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.start.plus(Span(passed.saturating_mul(i64::from(self.speed))))
    }
    fn until(&self, at: Instant) -> Duration {
        Duration::from_millis(at.since(self.now()).0.max(0) as u64 / u64::from(self.speed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_is_written_with_its_speed() {
        let clock = Rehearsal::parse("2026-04-01T09:00:00+09:00 x3600").unwrap();
        assert_eq!((clock.start.to_string().as_str(), clock.speed), ("2026-04-01T00:00:00Z", 3_600));
        assert!(Rehearsal::parse("2026-04-01T09:00:00+09:00").is_some());
        assert!(Rehearsal::parse("tomorrow").is_none());
    }
}
