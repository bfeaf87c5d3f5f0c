//! Why something happened to a person, or did not: their journal replayed through the machine, with what was looked at on
//! the way.
//!
//! Holds no second meaning: every value is the machine's own. Reads no store; the lines of a journal are handed in.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod replay;

pub use replay::{Editions, Past, Replayed, Unreplayable, replay};
