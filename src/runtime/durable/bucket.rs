//! A rate: so many a second, in short bursts and no long ones.
//!
//! Waits for nothing; it says when there is room again.

use crate::value::time::MILLIS_PER_SECOND;
use crate::value::{Instant, Span};

/// Tokens that a bucket holds, as a part of a second's worth: short bursts, no long ones.
const BURST_PARTS: i64 = 4;

/// A token bucket in thousandths of a token.
#[derive(Debug)]
pub(super) struct Bucket {
    per_second: Option<u32>,
    milli_tokens: i64,
    at: Instant,
}

impl Bucket {
    pub fn new(per_second: Option<u32>) -> Bucket {
        Bucket { per_second, milli_tokens: 1_000, at: Instant(i64::MIN) }
    }
    pub fn refill(&mut self, now: Instant) {
        let Some(rate) = self.per_second else { return };
        let most = (i64::from(rate) * 1_000 / BURST_PARTS).max(1_000);
        let passed = now.0.saturating_sub(self.at.0).clamp(0, 10 * MILLIS_PER_SECOND);
        if passed > 0 {
            self.milli_tokens = (self.milli_tokens + passed * i64::from(rate)).min(most);
            self.at = now;
        }
    }
    pub fn has(&self) -> bool {
        self.per_second.is_none() || self.milli_tokens >= 1_000
    }
    pub fn take(&mut self) {
        if self.per_second.is_some() {
            self.milli_tokens -= 1_000;
        }
    }
    /// A token that was taken for nothing.
    pub fn put_back(&mut self) {
        if self.per_second.is_some() {
            self.milli_tokens += 1_000;
        }
    }
    /// When there is a token again.
    pub fn next(&self, now: Instant) -> Option<Instant> {
        let rate = i64::from(self.per_second?).max(1);
        (!self.has()).then(|| now.plus(Span(((1_000 - self.milli_tokens) / rate).max(1))))
    }
}
