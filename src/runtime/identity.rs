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
    /// Seats that are nobody's any more: merged into others, or forgotten.
    gone: usize,
    /// Ids whose meaning changed since they were asked for; only noted where somebody asks.
    changed: Option<Vec<Arc<str>>>,
}

/// An id as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownId {
    pub id: Arc<str>,
    pub seat: Seat,
    /// The person goes by it.
    pub is_name: bool,
    /// The person it names is known by a user id.
    pub is_user: bool,
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
    /// People there are: seats given, without those merged into others and those forgotten.
    pub fn people_count(&self) -> usize {
        self.people.len() - self.gone
    }
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
    /// From now on changes are noted.
    pub fn watch(&mut self) {
        self.changed = Some(Vec::new());
    }
    /// Ids that changed since the last time, as they stand now; a seat that was merged stands for the one it joined.
    pub fn changes(&mut self) -> Vec<KnownId> {
        let mut ids = self.changed.as_mut().map(std::mem::take).unwrap_or_default();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| self.known(id)).collect()
    }
    fn known(&self, id: Arc<str>) -> Option<KnownId> {
        let seat = self.find(&id)?;
        let person = &self.people[seat as usize];
        let is_name = person.name == id;
        Some(KnownId { id, seat, is_name, is_user: is_name && person.is_user })
    }
    fn note(&mut self, id: &Arc<str>) {
        if let Some(changed) = &mut self.changed {
            changed.push(id.clone());
        }
    }
    fn bind(&mut self, id: Arc<str>, seat: Seat) {
        self.note(&id);
        self.seats.insert(id, seat);
    }
    /// Takes back what was kept: ids, and seats merged into others. Seats below `end` were given.
    pub fn restore(&mut self, ids: Vec<KnownId>, merges: &[(Seat, Seat)], end: Seat) {
        let end = ids.iter().map(|k| k.seat + 1).chain(merges.iter().map(|m| m.0.max(m.1) + 1)).fold(end, Seat::max);
        let nobody: Arc<str> = Arc::from("");
        self.people.resize_with(end as usize, || Known { name: nobody.clone(), is_user: false, merged: None });
        for KnownId { id, seat, is_name, is_user } in ids {
            if is_name {
                let known = &mut self.people[seat as usize];
                (known.name, known.is_user) = (id.clone(), is_user);
            }
            self.seats.insert(id, seat);
        }
        for (from, into) in merges {
            self.people[*from as usize].merged = Some(*into);
        }
        self.gone = self.people.iter().filter(|known| known.merged.is_some() || known.name.is_empty()).count();
    }
    /// An id that belongs to this person from now on: an address that was proven theirs. Another seat that has it and is
    /// known by no user id is the same person, if `joins`: it is to be merged.
    pub fn claim(&mut self, seat: Seat, id: &str, joins: bool) -> Option<Resolved> {
        match self.find(id) {
            Some(other) if other == seat => None,
            Some(other) if joins && !self.people[other as usize].is_user => Some(self.absorb(seat, other)),
            Some(_) | None => {
                self.bind(id.into(), seat);
                None
            }
        }
    }
    /// All that led to a person is forgotten; the seat stays empty. Returns the ids.
    pub fn forget(&mut self, seat: Seat) -> Vec<Arc<str>> {
        let ids = self.ids_of(seat);
        for id in &ids {
            self.seats.remove(id);
        }
        let known = &mut self.people[seat as usize];
        (known.name, known.is_user) = (Arc::from(""), false);
        self.gone += 1;
        ids
    }
    /// Seats that are somebody's: given, and not merged into others.
    pub fn is_somebody(&self, seat: Seat) -> bool {
        self.people.get(seat as usize).is_some_and(|known| known.merged.is_none() && !known.name.is_empty())
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
                self.bind(anonymous.into(), seat);
                Resolved::old(seat)
            }
            (None, Some(seat)) if !self.people[seat as usize].is_user => {
                self.bind(user.into(), seat);
                self.note_user(seat, user);
                Resolved::old(seat)
            }
            (None, _) => {
                let added = self.add(user, true);
                self.bind(anonymous.into(), added.seat);
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
                self.bind(previous.into(), seat);
                Resolved::old(seat)
            }
            (None, Some(seat)) => {
                self.bind(id.into(), seat);
                self.note_user(seat, id);
                Resolved::old(seat)
            }
            (None, None) => {
                let added = self.add(id, true);
                self.bind(previous.into(), added.seat);
                added
            }
        }
    }

    /// The older seat stays: its runs and its arms go on.
    fn absorb(&mut self, named: Seat, other: Seat) -> Resolved {
        let (seat, gone) = (named.min(other), named.max(other));
        let (name, is_user) = (self.people[named as usize].name.clone(), self.people[named as usize].is_user);
        for name in [name.clone(), self.people[other as usize].name.clone()] {
            self.note(&name);
        }
        self.people[gone as usize].merged = Some(seat);
        self.gone += 1;
        let kept = &mut self.people[seat as usize];
        (kept.name, kept.is_user) = (name, is_user);
        Resolved { seat, new: false, absorb: Some(gone) }
    }

    fn add(&mut self, id: &str, is_user: bool) -> Resolved {
        let seat = self.people.len() as Seat;
        let name: Arc<str> = id.into();
        self.bind(name.clone(), seat);
        self.people.push(Known { name, is_user, merged: None });
        Resolved { seat, new: true, absorb: None }
    }

    fn note_user(&mut self, seat: Seat, user: &str) {
        if !self.people[seat as usize].is_user {
            let user: Arc<str> = user.into();
            self.note(&user);
            let before = std::mem::replace(&mut self.people[seat as usize].name, user);
            self.note(&before);
            self.people[seat as usize].is_user = true;
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
