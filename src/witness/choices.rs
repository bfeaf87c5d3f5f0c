//! Which of several remedies is tried: first the first of each, then other combinations, nearest first.
//!
//! Knows nothing of what is chosen among.

use std::collections::{BTreeMap, VecDeque};

/// The choices of one attempt. The same question gets the same answer throughout an attempt.
#[derive(Debug, Default)]
pub(super) struct Choices {
    script: Vec<usize>,
    known: BTreeMap<(usize, u8), usize>,
    /// What was answered, and among how many.
    taken: Vec<(usize, usize)>,
}

impl Choices {
    /// One of `count` remedies for what `key` names.
    pub fn pick(&mut self, key: (usize, u8), count: usize) -> usize {
        if count < 2 {
            return 0;
        }
        if let Some(known) = self.known.get(&key) {
            return (*known).min(count - 1);
        }
        let choice = self.script.get(self.taken.len()).copied().unwrap_or(0).min(count - 1);
        self.taken.push((choice, count));
        self.known.insert(key, choice);
        choice
    }
}

/// Attempts in order of how much they differ from the first.
#[derive(Debug)]
pub(super) struct Attempts {
    open: VecDeque<Vec<usize>>,
    left: usize,
}

impl Attempts {
    pub fn new(budget: usize) -> Attempts {
        Attempts { open: VecDeque::from([Vec::new()]), left: budget }
    }
    pub fn next(&mut self) -> Option<Choices> {
        self.left = self.left.checked_sub(1)?;
        let script = self.open.pop_front()?;
        Some(Choices { script, ..Choices::default() })
    }
    /// The attempt came to nothing: what else could have been chosen is worth a try.
    pub fn failed(&mut self, choices: &Choices) {
        for at in choices.script.len()..choices.taken.len() {
            for other in 1..choices.taken[at].1 {
                let before = choices.taken[..at].iter().map(|(choice, _)| *choice);
                self.open.push_back(before.chain([other]).collect());
            }
        }
    }
}
