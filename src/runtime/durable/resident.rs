//! The people a durable host has in memory: those who were looked at lately; the others are at rest in the store.
//!
//! Writes nothing: it says who has changed.

use std::collections::HashMap;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3Builder;

use crate::machine::Person;
use crate::ports::Seat;
use crate::ports::store::{PersonRow, StoreError, StoreReader};
use crate::runtime::people::{Chair, People};
use crate::value::Instant;

/// Reads people at rest; shared by the hosts of one node.
pub type Shelf = Arc<std::sync::Mutex<Box<dyn StoreReader>>>;

pub struct Resident {
    chairs: HashMap<Seat, Kept, Xxh3Builder>,
    shelf: Shelf,
    /// Seats changed since the last cut.
    changed: Vec<Seat>,
    /// Seats that were cut and are not known to be written yet.
    in_writing: Vec<Seat>,
    /// As the host's: wakes before it are among the host's wakes.
    pub horizon: Instant,
    /// The store could not be read: nothing that was done since may be kept.
    pub failed: Option<StoreError>,
    /// Cuts made so far.
    cuts: u32,
}

struct Kept {
    chair: Chair,
    changed: bool,
    in_writing: bool,
    /// The last cut before which this person was looked at.
    seen: u32,
    /// Of the bytes that the store has, or is about to have.
    hash: u64,
}

impl Resident {
    pub fn new(shelf: Shelf) -> Resident {
        Resident {
            chairs: HashMap::default(),
            shelf,
            changed: Vec::new(),
            in_writing: Vec::new(),
            horizon: Instant(i64::MIN),
            failed: None,
            cuts: 0,
        }
    }
    pub fn count(&self) -> usize {
        self.chairs.len()
    }
    /// Someone new; the store knows nothing of this seat.
    pub fn place(&mut self, seat: Seat, person: Person) {
        let kept = Kept { chair: Chair::of(person), changed: true, in_writing: false, seen: self.cuts, hash: 0 };
        self.chairs.insert(seat, kept);
        self.changed.push(seat);
    }
    /// Gone for good.
    pub fn remove(&mut self, seat: Seat) {
        if let Some(chair) = self.chair_mut(seat) {
            chair.person = None;
        }
    }
    /// Who changed since the last cut, as bytes; `None`: is no more. Sorted by seat.
    pub fn cut(&mut self) -> Vec<(Seat, Option<PersonRow>)> {
        self.cuts += 1;
        let mut seats = std::mem::take(&mut self.changed);
        seats.sort_unstable();
        let mut rows = Vec::with_capacity(seats.len());
        for seat in seats {
            let Some(kept) = self.chairs.get_mut(&seat) else { continue };
            kept.changed = false;
            let row =
                kept.chair.person.as_ref().map(|person| PersonRow { wake: person.wake(), state: person.to_bytes() });
            let hash = row.as_ref().map_or(0, |row| xxhash_rust::xxh3::xxh3_64(&row.state));
            if hash != 0 && hash == kept.hash {
                continue;
            }
            kept.hash = hash;
            kept.in_writing = true;
            self.in_writing.push(seat);
            rows.push((seat, row));
        }
        rows
    }
    /// The last cut is durable. With more people than `keep`, those who were not looked at lately leave memory.
    pub fn written(&mut self, keep: usize) {
        for seat in std::mem::take(&mut self.in_writing) {
            if let Some(kept) = self.chairs.get_mut(&seat) {
                kept.in_writing = false;
                if kept.chair.person.is_none() && !kept.changed {
                    self.chairs.remove(&seat);
                }
            }
        }
        if self.chairs.len() > keep {
            let (recent, horizon) = (self.cuts, self.horizon);
            // Whoever is read again is taken to be queued at their wake: one who is queued for earlier stays until then.
            let is_as_read = |chair: &Chair| chair.queued == queued_when_read(chair.person.as_ref(), horizon);
            self.chairs.retain(|_, kept| {
                kept.changed || kept.in_writing || kept.seen + 2 > recent || !is_as_read(&kept.chair)
            });
        }
    }
    /// Those of whom the store may know less than is known here, if they have a wake.
    pub fn unwritten_wakes(&self) -> Vec<(Seat, Instant)> {
        let wake = |seat: &Seat| Some((*seat, self.chairs.get(seat)?.chair.person.as_ref()?.wake()?));
        self.changed.iter().chain(&self.in_writing).filter_map(wake).collect()
    }
    /// Runs by journey, of those in memory.
    pub fn inside(&self, journeys: usize) -> Vec<u64> {
        let mut inside = vec![0; journeys];
        let people = self.chairs.values().filter_map(|kept| kept.chair.person.as_ref());
        for run in people.flat_map(|person| person.runs()) {
            inside[run.journey().index()] += 1;
        }
        inside
    }
    fn load(&mut self, seat: Seat) -> Result<Option<(Person, u64)>, StoreError> {
        let mut shelf = self.shelf.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(row) = shelf.person(seat)? else { return Ok(None) };
        let hash = xxhash_rust::xxh3::xxh3_64(&row.state);
        let person = Person::from_bytes(&row.state)
            .map_err(|_| StoreError::Damaged { what: format!("the person of seat {seat}") })?;
        Ok(Some((person, hash)))
    }
}

/// At what moment somebody who was at rest is among the host's wakes.
fn queued_when_read(person: Option<&Person>, horizon: Instant) -> Instant {
    person.and_then(Person::wake).filter(|wake| *wake < horizon).unwrap_or(Instant::NEVER)
}

impl People for Resident {
    fn fetch(&mut self, seat: Seat) {
        if let Some(kept) = self.chairs.get_mut(&seat) {
            kept.seen = self.cuts;
            return;
        }
        match self.load(seat) {
            Ok(Some((person, hash))) => {
                let queued = queued_when_read(Some(&person), self.horizon);
                let chair = Chair { person: Some(person), queued };
                self.chairs.insert(seat, Kept { chair, changed: false, in_writing: false, seen: self.cuts, hash });
            }
            Ok(None) => {}
            Err(error) => self.failed = self.failed.take().or(Some(error)),
        }
    }
    fn chair(&self, seat: Seat) -> Option<&Chair> {
        self.chairs.get(&seat).map(|kept| &kept.chair)
    }
    fn chair_mut(&mut self, seat: Seat) -> Option<&mut Chair> {
        let kept = self.chairs.get_mut(&seat)?;
        if !kept.changed {
            kept.changed = true;
            self.changed.push(seat);
        }
        Some(&mut kept.chair)
    }
    /// A durable host ticks nobody by itself.
    fn seats_end(&self) -> Seat {
        0
    }
}
