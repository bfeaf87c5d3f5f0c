//! Where a host keeps its people: all of them in memory, or those it needs, with the rest at rest.
//!
//! Moves nobody: only the engine does.

use crate::machine::Person;
use crate::ports::Seat;
use crate::value::Instant;

/// A person's place with a host.
#[derive(Debug)]
pub struct Chair {
    /// Empty once its person was merged into another.
    pub person: Option<Person>,
    /// The earliest entry of this person among the host's wakes.
    pub queued: Instant,
}

impl Chair {
    pub fn of(person: Person) -> Chair {
        Chair { person: Some(person), queued: Instant::NEVER }
    }
}

pub trait People {
    /// Brings whoever has this seat to where they can be looked at. Called before every turn.
    fn fetch(&mut self, seat: Seat);
    fn chair(&self, seat: Seat) -> Option<&Chair>;
    /// Whoever asks for this is about to change something.
    fn chair_mut(&mut self, seat: Seat) -> Option<&mut Chair>;
    /// Seats ever given are below this.
    fn seats_end(&self) -> Seat;
}

/// Everybody, in memory, by seat from 0.
#[derive(Debug, Default)]
pub struct Everyone {
    chairs: Vec<Chair>,
}

impl Everyone {
    pub fn add(&mut self, person: Person) -> Seat {
        self.chairs.push(Chair::of(person));
        self.chairs.len() as Seat - 1
    }
    /// Without those who were merged into others.
    pub fn iter(&self) -> impl Iterator<Item = (Seat, &Person)> {
        self.chairs.iter().enumerate().filter_map(|(i, c)| Some((i as Seat, c.person.as_ref()?)))
    }
}

impl People for Everyone {
    fn fetch(&mut self, _: Seat) {}
    fn chair(&self, seat: Seat) -> Option<&Chair> {
        self.chairs.get(seat as usize)
    }
    fn chair_mut(&mut self, seat: Seat) -> Option<&mut Chair> {
        self.chairs.get_mut(seat as usize)
    }
    fn seats_end(&self) -> Seat {
        self.chairs.len() as Seat
    }
}
