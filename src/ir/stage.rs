//! How far a journey is let run: for a share of people, paused, or with its messages waiting for somebody to look at them.
//!
//! Says nothing of what the journey does; that is its code's.

use serde::{Deserialize, Serialize};

use super::JourneyId;

/// Of one line of journeys, whatever version somebody is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    pub line: JourneyId,
    /// Of [`Stage::WHOLE`]: only this share of people enters. A larger share has everybody in it who is in a smaller.
    pub share: u32,
    pub pause: Option<Pause>,
    /// Nothing leaves before somebody has looked at the first of it.
    pub hold: Option<Hold>,
    /// What was ordered before this generation went live never leaves: somebody looked at it and said no.
    pub discarded: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub mode: PauseMode,
    /// The generation that brought it.
    pub since: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PauseMode {
    /// Nobody enters; runs go on.
    Drain,
    /// Nobody enters, runs stand where they are, and nothing leaves; waits go on afterwards with what was left of them.
    Freeze,
    /// Nobody enters, and what comes due is dropped; the clock goes on, and with it the runs.
    SkipLate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// How many messages are looked at.
    pub first: u32,
    /// The generation that brought it.
    pub since: u32,
}

impl Stage {
    /// Everybody. Shares are as fine as those of splits.
    pub const WHOLE: u32 = super::Split::WHOLE;

    /// A journey that runs wholly.
    pub fn whole(line: JourneyId) -> Stage {
        Stage { line, share: Stage::WHOLE, pause: None, hold: None, discarded: None }
    }
    /// There is nothing to be said of it.
    pub fn is_whole(&self) -> bool {
        *self == Stage::whole(self.line)
    }
    /// Runs stand where they are.
    pub fn is_frozen(&self) -> bool {
        matches!(self.pause, Some(Pause { mode: PauseMode::Freeze, .. }))
    }
    /// What comes due is dropped.
    pub fn skips(&self) -> bool {
        matches!(self.pause, Some(Pause { mode: PauseMode::SkipLate, .. }))
    }
    /// What was ordered waits at the door.
    pub fn stands(&self) -> bool {
        self.is_frozen() || self.hold.is_some()
    }
    /// The share as people write it: `10%`, `0.5%`.
    pub fn percent(&self) -> String {
        let thousandth = Stage::WHOLE / 100;
        let (whole, rest) = (self.share / thousandth, self.share % thousandth);
        match rest {
            0 => format!("{whole}%"),
            rest => format!("{whole}.{}%", format!("{rest:03}").trim_end_matches('0')),
        }
    }
}

impl PauseMode {
    /// As the command line and reports say it.
    pub fn name(self) -> &'static str {
        match self {
            PauseMode::Drain => "drain",
            PauseMode::Freeze => "freeze",
            PauseMode::SkipLate => "skip-late",
        }
    }
}
