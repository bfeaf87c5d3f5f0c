//! What one person met in one version: kept only where two versions are compared.
//!
//! Tells no story: it is small enough to be kept of everyone, and tells whose stories are worth telling.

use crate::ir::{Channel, Program};
use crate::machine::{Entry, Reason, What};
use crate::value::id::fingerprint;

/// Days of the longer window of pressure.
const DAYS: usize = 7;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Personal {
    pub entered: u32,
    pub goals: u32,
    pub dropped: u32,
    /// By [`Channel::index`].
    pub sent: [u32; Channel::COUNT],
    /// Of everything entered, sent, dropped and reached, with its time; the order does not matter.
    pub digest: u64,
    pressure: Pressure,
}

/// Messages in calendar days of the project's zone.
#[derive(Debug, Clone, PartialEq, Default)]
struct Pressure {
    /// The latest day with a message, in days since 1970-01-01.
    day: i32,
    /// Messages of that day and of those before it.
    recent: [u32; DAYS],
    most_day: u32,
    most_week: u32,
}

/// Numbers that stand for names, the same in two versions that call things the same.
#[derive(Debug, Clone)]
pub struct Prints {
    journeys: Vec<u64>,
    messages: Vec<u64>,
}

impl Prints {
    pub fn new(program: &Program) -> Prints {
        Prints {
            journeys: program.journeys.iter().map(|j| fingerprint(&j.name)).collect(),
            messages: program.messages.iter().map(|m| fingerprint(&m.name)).collect(),
        }
    }
}

impl Personal {
    /// Most messages to the person on one day, and on seven days in a row.
    pub fn most(&self) -> (u32, u32) {
        let mut pressure = self.pressure.clone();
        pressure.settle();
        (pressure.most_day, pressure.most_week)
    }
    /// Messages; calls of webhooks are none.
    pub fn messages(&self) -> u32 {
        Channel::ALL.iter().filter(|c| c.is_personal()).map(|c| self.sent[c.index()]).sum()
    }

    /// A line of the journal about the person; `day` is that of the entry.
    pub fn note(&mut self, program: &Program, prints: &Prints, entry: &Entry, day: impl FnOnce() -> i32) {
        let mark = match &entry.what {
            What::Entered => {
                self.entered += 1;
                1
            }
            What::Goal { .. } => {
                self.goals += 1;
                2
            }
            What::Sent { message, .. } => {
                let channel = program.message(*message).channel;
                self.sent[channel.index()] += 1;
                if channel.is_personal() {
                    self.pressure.add(day(), 1);
                }
                3 ^ prints.messages[message.index()]
            }
            What::Dropped { message, reason } => {
                self.dropped += 1;
                // Accepted by the machine a moment ago, and never dispatched.
                if *reason == Reason::Budget {
                    let channel = program.message(*message).channel;
                    self.sent[channel.index()] -= 1;
                    if channel.is_personal() {
                        self.pressure.add(day(), -1);
                    }
                }
                (4 + *reason as u64) ^ prints.messages[message.index()]
            }
            _ => return,
        };
        let journey = prints.journeys[entry.journey.index()];
        self.digest = self.digest.wrapping_add(mixed(journey.rotate_left(17) ^ mark ^ mixed(entry.at.0 as u64)));
    }

    /// Two ids turned out to be one person. Days before the merge are those of whoever had more of them.
    pub fn absorb(&mut self, other: &Personal) {
        self.entered += other.entered;
        self.goals += other.goals;
        self.dropped += other.dropped;
        self.sent.iter_mut().zip(other.sent).for_each(|(a, b)| *a += b);
        self.digest = self.digest.wrapping_add(other.digest);
        self.pressure.absorb(&other.pressure);
    }
}

impl Pressure {
    fn add(&mut self, day: i32, messages: i32) {
        if day > self.day {
            self.settle();
            let gap = (i64::from(day) - i64::from(self.day)).min(DAYS as i64) as usize;
            self.recent.rotate_right(gap % DAYS);
            self.recent[..gap].fill(0);
            self.day = day;
        }
        let back = (i64::from(self.day) - i64::from(day)) as usize;
        if let Some(count) = self.recent.get_mut(back) {
            *count = count.saturating_add_signed(messages);
        }
    }
    fn settle(&mut self) {
        self.most_day = self.most_day.max(self.recent.iter().copied().max().unwrap_or(0));
        self.most_week = self.most_week.max(self.recent.iter().sum());
    }
    fn absorb(&mut self, other: &Pressure) {
        self.settle();
        for (back, messages) in other.recent.iter().enumerate().rev() {
            if *messages > 0 {
                self.add(other.day - back as i32, *messages as i32);
            }
        }
        self.most_day = self.most_day.max(other.most_day);
        self.most_week = self.most_week.max(other.most_week);
    }
}

/// Spreads the bits of a number (the finaliser of SplitMix64).
fn mixed(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most(days: &[(i32, i32)]) -> (u32, u32) {
        let mut personal = Personal::default();
        days.iter().for_each(|(day, messages)| personal.pressure.add(*day, *messages));
        personal.most()
    }

    #[test]
    fn pressure_is_of_days_and_of_seven_in_a_row() {
        assert_eq!(most(&[]), (0, 0));
        assert_eq!(most(&[(20_000, 1), (20_000, 1), (20_003, 1)]), (2, 3));
        assert_eq!(most(&[(20_000, 1), (20_006, 1), (20_007, 1)]), (1, 2));
        assert_eq!(most(&[(20_000, 3), (20_100, 1)]), (3, 3));
        // What the budget took back never left.
        assert_eq!(most(&[(20_000, 1), (20_000, 1), (20_000, -1), (20_001, 1)]), (1, 2));
        assert_eq!(most(&[(20_005, 1), (20_004, 1)]), (1, 2));
    }

    #[test]
    fn two_that_are_one_have_their_days_together() {
        let (mut one, mut other) = (Personal::default(), Personal::default());
        one.pressure.add(20_000, 2);
        other.pressure.add(20_000, 1);
        other.pressure.add(20_002, 1);
        one.absorb(&other);
        assert_eq!(one.most(), (3, 4));
    }
}
