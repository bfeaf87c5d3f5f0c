//! Stories made to order: a person, a past and a course of events that take a run of a journey a given way.
//!
//! Every story was run through the machine before it is given out, so it is true or it is not there. Decides nothing
//! about what should be told, and writes no files.
//!
//! A story is built like this: someone ordinary meets the journey's start; wherever the machine leaves the way that is
//! wanted, what was read there (a condition, an address, a wait) is traced back to what the story says (the profile, a
//! payload, the past, the answer of an action), changed, and the story is run again. Where there are several remedies,
//! each is tried in turn, within a budget. Nothing is drawn by chance: the same program gives the same stories.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod again;
mod choices;
mod compare;
pub mod counter;
mod domain;
mod draft;
pub mod effort;
mod enter;
mod follow;
mod force;
mod goal;
mod lean;
mod lists;
mod meet;
mod names;
mod notation;
mod past;
pub mod personas;
pub mod print;
mod run;
mod sample;
mod steer;
mod story;
mod way;

pub use counter::{Counter, Seeker, long_stay};
pub use effort::Effort;
pub use goal::Goal;
pub use personas::{Cast, Gap, Persona, personas};
pub use run::{Seen, run};
pub use sample::Look;
pub use steer::{story, told};
pub use story::{Line, Past, Reason, Sent, Story, Told};
