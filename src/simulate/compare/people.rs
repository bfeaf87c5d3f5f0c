//! Whose outcome changed, and the few whose stories are told: the largest changes, of as many kinds as there are.
//!
//! The choice depends on what people met and on their ids alone, so it is the same for any number of threads.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ir::Channel;
use crate::ports::Seat;

use super::super::personal::Personal;
use super::super::route::Passed;
use super::super::story::Story;
use super::Sides;

/// People whose stories are told.
const TOLD_MAX: usize = 5;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangedPerson {
    pub person: String,
    pub turn: Turn,
    pub outcome: Sides<Outcome>,
    /// Absent where the version does not know the person.
    pub stories: Sides<Option<Story>>,
}

/// What kind of change it is, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    MoreMessages,
    FewerMessages,
    Goals,
    Entries,
    /// As many messages, on other channels.
    Channels,
    /// As much got through, something else did not.
    Drops,
    /// Something else of the same number, or at another time.
    Times,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub entered: u32,
    pub messages: u32,
    pub dropped: u32,
    pub goals: u32,
}

impl Outcome {
    fn of(personal: &Personal) -> Outcome {
        let messages = personal.messages();
        Outcome { entered: personal.entered, messages, dropped: personal.dropped, goals: personal.goals }
    }
}

/// What was found of everybody.
pub struct Changed {
    pub count: u64,
    pub chosen: Vec<Found>,
}

/// A person whose outcome changed, with their seats.
#[derive(Debug, Clone)]
pub struct Found {
    pub old: Option<Seat>,
    pub new: Option<Seat>,
    id: String,
    turn: Turn,
    size: u32,
    outcome: (Outcome, Outcome),
}

impl Found {
    pub fn told(&self, stories: Sides<Option<Story>>) -> ChangedPerson {
        ChangedPerson {
            person: self.id.clone(),
            turn: self.turn,
            outcome: Sides { old: self.outcome.0, new: self.outcome.1 },
            stories,
        }
    }
}

pub fn changed((old, new): (&Passed, &Passed)) -> Changed {
    let mut best: BTreeMap<Turn, Vec<Found>> = BTreeMap::new();
    let mut count = 0;
    let nobody = Personal::default();
    let mut look = |id: &str, old_seat: Option<Seat>, new_seat: Option<Seat>| {
        let before = old_seat.map_or(&nobody, |seat| &old.personal[seat as usize]);
        let after = new_seat.map_or(&nobody, |seat| &new.personal[seat as usize]);
        let Some((turn, size)) = turn(before, after) else { return };
        count += 1;
        let of_kind = best.entry(turn).or_default();
        if of_kind.last().is_some_and(|last| of_kind.len() == TOLD_MAX && (last.size, id) > (size, last.id.as_str())) {
            return;
        }
        let outcome = (Outcome::of(before), Outcome::of(after));
        of_kind.push(Found { old: old_seat, new: new_seat, id: id.to_string(), turn, size, outcome });
        of_kind.sort_by(|a, b| (b.size, &a.id).cmp(&(a.size, &b.id)));
        of_kind.truncate(TOLD_MAX);
    };
    for seat in (0..new.identities.len() as Seat).filter(|seat| new.identities.root(*seat) == *seat) {
        let id = new.identities.name(seat);
        look(id, old.identities.find(id), Some(seat));
    }
    for seat in (0..old.identities.len() as Seat).filter(|seat| old.identities.root(*seat) == *seat) {
        let id = old.identities.name(seat);
        if new.identities.find(id).is_none() {
            look(id, Some(seat), None);
        }
    }
    Changed { count, chosen: chosen(best) }
}

/// The largest of each kind, then the largest of what is left.
fn chosen(best: BTreeMap<Turn, Vec<Found>>) -> Vec<Found> {
    let by_size = |found: &mut Vec<Found>| found.sort_by(|a, b| (b.size, a.turn, &a.id).cmp(&(a.size, b.turn, &b.id)));
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for of_kind in best.into_values() {
        let mut of_kind = of_kind.into_iter();
        first.extend(of_kind.next());
        others.extend(of_kind);
    }
    by_size(&mut first);
    by_size(&mut others);
    first.extend(others);
    first.truncate(TOLD_MAX);
    by_size(&mut first);
    first
}

/// What kind of change two outcomes are, and how large; `None` if they are the same.
fn turn(old: &Personal, new: &Personal) -> Option<(Turn, u32)> {
    let apart = |a: u32, b: u32| a.abs_diff(b);
    let channels: u32 = Channel::ALL.iter().map(|c| apart(old.sent[c.index()], new.sent[c.index()])).sum();
    let (before, after) = (old.messages(), new.messages());
    let turn = if after > before {
        Turn::MoreMessages
    } else if after < before {
        Turn::FewerMessages
    } else if old.goals != new.goals {
        Turn::Goals
    } else if old.entered != new.entered {
        Turn::Entries
    } else if channels > 0 {
        Turn::Channels
    } else if old.dropped != new.dropped {
        Turn::Drops
    } else if old.digest != new.digest {
        Turn::Times
    } else {
        return None;
    };
    let others = apart(old.goals, new.goals) + apart(old.entered, new.entered) + apart(old.dropped, new.dropped);
    Some((turn, channels + others))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(messages: u32, dropped: u32, digest: u64) -> Personal {
        let mut personal = Personal::default();
        (personal.dropped, personal.digest) = (dropped, digest);
        personal.sent[Channel::Line.index()] = messages;
        personal
    }

    #[test]
    fn the_gravest_difference_names_the_change() {
        assert_eq!(turn(&person(1, 0, 1), &person(1, 0, 1)), None);
        assert_eq!(turn(&person(1, 0, 1), &person(3, 1, 2)), Some((Turn::MoreMessages, 3)));
        assert_eq!(turn(&person(1, 0, 1), &person(0, 0, 2)), Some((Turn::FewerMessages, 1)));
        assert_eq!(turn(&person(1, 0, 1), &person(1, 2, 2)), Some((Turn::Drops, 2)));
        assert_eq!(turn(&person(1, 0, 1), &person(1, 0, 2)), Some((Turn::Times, 0)));
    }

    #[test]
    fn one_of_each_kind_goes_before_a_second_of_one() {
        let found = |turn, size, id: &str| {
            let same = Outcome { entered: 0, messages: 0, dropped: 0, goals: 0 };
            Found { old: None, new: None, id: id.into(), turn, size, outcome: (same, same) }
        };
        let many = (0..9).map(|i| found(Turn::MoreMessages, 9, &format!("m{i}"))).collect();
        let best = BTreeMap::from([
            (Turn::MoreMessages, many),
            (Turn::FewerMessages, vec![found(Turn::FewerMessages, 1, "f")]),
            (Turn::Times, vec![found(Turn::Times, 0, "t")]),
        ]);
        let ids: Vec<String> = chosen(best).into_iter().map(|found| found.id).collect();
        assert_eq!(ids, ["m0", "m1", "m2", "f", "t"]);
    }
}
