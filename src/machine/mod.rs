//! `step(program, person, input) -> effects`: the one meaning of a journey. Pure and total.
//!
//! Has no clock, no I/O, no randomness, and never panics on input. Performs nothing: it returns what is to be done.
//!
//! A host builds one [`Engine`] per program, keeps one [`Person`] per id and calls [`Engine::step`] with that person's
//! inputs in order of time. Between inputs it needs to know one thing: [`Person::wake`], the next moment at which the
//! person's own timers want an [`InputKind::Wake`]. A wake that comes too early does nothing; one that comes late gives
//! the same story, because every timer acts at its own due time, before any input of the same or a later time.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod arithmetic;
mod behaviour;
mod caps;
mod change;
pub mod effect;
pub mod engine;
mod entries;
mod evaluate;
pub mod glimpse;
mod history;
pub mod input;
mod merge;
pub mod person;
mod quiet;
mod reports;
pub mod rest;
pub mod schedule;
mod segments;
mod sends;
mod stages;
mod steps;
mod timers;
mod turn;
mod unsend;
mod waits;

pub use effect::{
    ActionCall, CallId, Effect, EndReason, Entry, NotEntered, Order, Passage, Reason, RunNo, SendId, Way, What,
};
pub use engine::{Engine, Given};
pub use glimpse::{Glimpse, Look};
pub use input::{Input, InputKind, Report};
pub use person::{Person, Run, RunState};
pub use rest::Unreadable;
pub use sends::Gate;
pub use unsend::Words;

/// Instructions executed for one person at one moment. Programs are bounded, but journeys can set each other off through
/// the profile; past this a run ends as [`EndReason::Overrun`] instead of the machine running for ever.
pub const INSTRUCTIONS_PER_MOMENT_MAX: u32 = 10_000;

#[cfg(test)]
mod tests;
