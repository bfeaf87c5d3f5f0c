//! How much looking for stories may cost, counted in inputs that the machine takes: the same on every machine.
//!
//! Looks for nothing.

/// What may be spent yet.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    left: u64,
}

impl Effort {
    pub fn of(inputs: u64) -> Effort {
        Effort { left: inputs }
    }
    /// For stories that are worth any time: each search has its own limits.
    pub fn endless() -> Effort {
        Effort::of(u64::MAX)
    }
    pub fn spend(&mut self, inputs: u64) {
        self.left = self.left.saturating_sub(inputs);
    }
    pub fn is_spent(&self) -> bool {
        self.left == 0
    }
    /// An equal share of what is left, if it is divided so often.
    pub fn share(&self, by: u64) -> u64 {
        self.left / by.max(1)
    }
    /// A part of it for one search, which takes at most so much of what is left.
    pub fn part(&mut self, inputs: u64) -> Effort {
        let part = self.left.min(inputs);
        self.left -= part;
        Effort::of(part)
    }
    /// What a search did not need.
    pub fn give_back(&mut self, part: Effort) {
        self.left = self.left.saturating_add(part.left);
    }
}
