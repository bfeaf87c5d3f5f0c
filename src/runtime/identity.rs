//! Which id is whom: user ids, anonymous ids and former ids, all names of seats.
//!
//! Joins no states: it says which seats have turned out to be one person, and the host merges them.

use std::collections::HashMap;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3Builder;

use crate::ports::Seat;

#[derive(Debug, Default)]
pub struct Identities {
    seats: HashMap<Arc<str>, Seat, Xxh3Builder>,
    people: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    /// The id of first sight, or the user id once there is one.
    name: Arc<str>,
    /// A user id is known; before that it is an anonymous visitor.
    is_user: bool,
    /// The seat this one was merged into.
    merged: Option<Seat>,
}

/// What resolving an id brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    pub seat: Seat,
    /// The seat is new.
    pub new: bool,
    /// This other seat is the same person, and its state must be merged into `seat`.
    pub absorb: Option<Seat>,
}

impl Resolved {
    fn old(seat: Seat) -> Resolved {
        Resolved { seat, new: false, absorb: None }
    }
}

impl Identities {
    /// Seats ever given, merged ones included.
    pub fn len(&self) -> usize {
        self.people.len()
    }
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }
    /// Bytes of the table, estimated, without the ids themselves.
    pub fn heap_bytes(&self) -> usize {
        self.seats.capacity() * (size_of::<(Arc<str>, Seat)>() + 1) + self.people.capacity() * size_of::<Known>()
    }
    pub fn find(&self, id: &str) -> Option<Seat> {
        self.seats.get(id).map(|seat| self.root(*seat))
    }
    pub fn name(&self, seat: Seat) -> &Arc<str> {
        &self.people[seat as usize].name
    }
    /// All ids of a person, sorted.
    pub fn ids_of(&self, seat: Seat) -> Vec<Arc<str>> {
        let mut ids: Vec<Arc<str>> =
            self.seats.iter().filter(|(_, s)| self.root(**s) == seat).map(|(id, _)| id.clone()).collect();
        ids.sort();
        ids
    }

    /// The person of a call with a user id, an anonymous id or both. Both on one call say that they are one person,
    /// unless the anonymous id belongs to another user already: then it changes hands from now on.
    pub fn resolve(&mut self, user: Option<&str>, anonymous: Option<&str>) -> Option<Resolved> {
        match (user, anonymous) {
            (None, None) => None,
            (Some(user), None) => Some(match self.find(user) {
                Some(seat) => {
                    self.note_user(seat, user);
                    Resolved::old(seat)
                }
                None => self.add(user, true),
            }),
            (None, Some(anonymous)) => Some(match self.find(anonymous) {
                Some(seat) => Resolved::old(seat),
                None => self.add(anonymous, false),
            }),
            (Some(user), Some(anonymous)) => Some(self.both(user, anonymous)),
        }
    }

    fn both(&mut self, user: &str, anonymous: &str) -> Resolved {
        match (self.find(user), self.find(anonymous)) {
            (Some(seat), Some(other)) if seat == other => {
                self.note_user(seat, user);
                Resolved::old(seat)
            }
            (Some(seat), Some(other)) if !self.people[other as usize].is_user => {
                self.note_user(seat, user);
                self.absorb(seat, other)
            }
            (Some(seat), _) => {
                self.note_user(seat, user);
                self.seats.insert(anonymous.into(), seat);
                Resolved::old(seat)
            }
            (None, Some(seat)) if !self.people[seat as usize].is_user => {
                self.seats.insert(user.into(), seat);
                self.note_user(seat, user);
                Resolved::old(seat)
            }
            (None, _) => {
                let added = self.add(user, true);
                self.seats.insert(anonymous.into(), added.seat);
                added
            }
        }
    }

    /// `previous` is a former id of `id`.
    pub fn alias(&mut self, id: &str, previous: &str) -> Resolved {
        match (self.find(id), self.find(previous)) {
            (Some(seat), Some(other)) if seat == other => Resolved::old(seat),
            (Some(seat), Some(other)) => {
                self.note_user(seat, id);
                self.absorb(seat, other)
            }
            (Some(seat), None) => {
                self.seats.insert(previous.into(), seat);
                Resolved::old(seat)
            }
            (None, Some(seat)) => {
                self.seats.insert(id.into(), seat);
                self.note_user(seat, id);
                Resolved::old(seat)
            }
            (None, None) => {
                let added = self.add(id, true);
                self.seats.insert(previous.into(), added.seat);
                added
            }
        }
    }

    /// The older seat stays: its runs and its arms go on.
    fn absorb(&mut self, named: Seat, other: Seat) -> Resolved {
        let (seat, gone) = (named.min(other), named.max(other));
        let (name, is_user) = (self.people[named as usize].name.clone(), self.people[named as usize].is_user);
        self.people[gone as usize].merged = Some(seat);
        let kept = &mut self.people[seat as usize];
        (kept.name, kept.is_user) = (name, is_user);
        Resolved { seat, new: false, absorb: Some(gone) }
    }

    fn add(&mut self, id: &str, is_user: bool) -> Resolved {
        let seat = self.people.len() as Seat;
        let name: Arc<str> = id.into();
        self.seats.insert(name.clone(), seat);
        self.people.push(Known { name, is_user, merged: None });
        Resolved { seat, new: true, absorb: None }
    }

    fn note_user(&mut self, seat: Seat, user: &str) {
        let known = &mut self.people[seat as usize];
        if !known.is_user {
            (known.name, known.is_user) = (user.into(), true);
        }
    }

    /// The seat this one was merged into, or itself.
    pub fn root(&self, mut seat: Seat) -> Seat {
        while let Some(next) = self.people[seat as usize].merged {
            seat = next;
        }
        seat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(resolved: Resolved) -> (Seat, bool, Option<Seat>) {
        (resolved.seat, resolved.new, resolved.absorb)
    }

    #[test]
    fn a_visitor_who_logs_in_is_one_person() {
        let mut ids = Identities::default();
        assert_eq!(ids.resolve(None, Some("a")).map(seat), Some((0, true, None)));
        assert_eq!(ids.resolve(Some("u"), Some("a")).map(seat), Some((0, false, None)));
        assert_eq!(&**ids.name(0), "u");
        assert_eq!(ids.resolve(Some("u"), None).map(seat), Some((0, false, None)));
        assert_eq!(ids.resolve(None, None), None);
    }

    #[test]
    fn two_histories_are_joined_into_the_older() {
        let mut ids = Identities::default();
        ids.resolve(Some("u"), None);
        ids.resolve(None, Some("a"));
        assert_eq!(ids.resolve(Some("u"), Some("a")).map(seat), Some((0, false, Some(1))));
        assert_eq!(ids.find("a"), Some(0));
        ids.resolve(Some("old"), None);
        assert_eq!(seat(ids.alias("u", "old")), (0, false, Some(2)));
        assert_eq!(ids.ids_of(0).iter().map(|i| i.to_string()).collect::<Vec<_>>(), ["a", "old", "u"]);
    }

    #[test]
    fn a_shared_device_changes_hands_and_joins_nobody() {
        let mut ids = Identities::default();
        ids.resolve(Some("mother"), Some("tablet"));
        assert_eq!(ids.resolve(Some("son"), Some("tablet")).map(seat), Some((1, true, None)));
        assert_eq!(ids.find("tablet"), Some(1));
        assert_eq!(ids.resolve(Some("mother"), Some("tablet")).map(seat), Some((0, false, None)));
    }

    #[test]
    fn an_alias_of_a_newcomer_is_only_a_name() {
        let mut ids = Identities::default();
        assert_eq!(seat(ids.alias("new", "old")), (0, true, None));
        assert_eq!(seat(ids.alias("new", "old")), (0, false, None));
        ids.resolve(None, Some("visitor"));
        assert_eq!(seat(ids.alias("u2", "visitor")), (1, false, None));
        assert_eq!(ids.find("u2"), Some(1));
    }
}
