//! How much looking for stories may cost: the same on every machine.
//!
//! Counted in inputs times journeys, since each input is shown to every journey of the program. Looks for nothing.

use crate::ir::Program;

/// What an input costs besides what each journey makes of it, in journeys.
const INPUT: u64 = 8;

/// What may be spent yet.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    left: u64,
    /// What one input costs.
    input: u64,
}

impl Effort {
    /// So many inputs, each to one journey.
    pub fn of(program: &Program, inputs: u64) -> Effort {
        Effort { left: inputs, input: INPUT + program.journeys.len() as u64 }
    }
    /// For stories that are worth any time: each search has its own limits.
    pub fn endless() -> Effort {
        Effort { left: u64::MAX, input: 1 }
    }
    pub fn spend(&mut self, inputs: u64) {
        self.left = self.left.saturating_sub(inputs.saturating_mul(self.input));
    }
    pub fn is_spent(&self) -> bool {
        self.left == 0
    }
    /// An equal share of what is left, if it is divided so often.
    pub fn share(&self, by: u64) -> u64 {
        self.left / by.max(1)
    }
    /// A part of it for one search, which takes at most so much of what is left.
    pub fn part(&mut self, most: u64) -> Effort {
        let left = self.left.min(most);
        self.left -= left;
        Effort { left, ..*self }
    }
    /// What a search did not need.
    pub fn give_back(&mut self, part: Effort) {
        self.left = self.left.saturating_add(part.left);
    }
}
