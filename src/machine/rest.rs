//! A person at rest: as bytes, and back.
//!
//! Names nothing: indices are those of one program, so whoever keeps the bytes keeps that program's hash beside them.

use serde::{Deserialize, Serialize};

use super::person::Person;

/// First byte of every person at rest.
const FORMAT: u8 = 3;

/// These bytes are no person, or none that this version can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

impl Person {
    pub fn to_bytes(&self) -> Vec<u8> {
        // Plain data without maps or floats: there is nothing that could not be written.
        postcard::to_extend(self, vec![FORMAT]).unwrap_or_default()
    }
    pub fn from_bytes(bytes: &[u8]) -> Result<Person, Unreadable> {
        let (format, rest) = bytes.split_first().ok_or(Unreadable)?;
        if *format != FORMAT {
            return Err(Unreadable);
        }
        let (person, left) = postcard::take_from_bytes::<Person>(rest).map_err(|_| Unreadable)?;
        left.is_empty().then_some(person).ok_or(Unreadable)
    }
}

/// Any of the machine's own things as bytes: inputs, entries, orders.
pub fn bytes_of<T: Serialize>(thing: &T) -> Vec<u8> {
    postcard::to_allocvec(thing).unwrap_or_default()
}

/// The same, behind bytes that are there already.
pub fn add_bytes_of<T: Serialize>(thing: &T, bytes: Vec<u8>) -> Vec<u8> {
    postcard::to_extend(thing, bytes).unwrap_or_default()
}

/// The first such thing in the bytes, and what follows it.
pub fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<(T, &'b [u8]), Unreadable> {
    postcard::take_from_bytes(bytes).map_err(|_| Unreadable)
}
