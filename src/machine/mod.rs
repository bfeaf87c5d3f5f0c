//! `step(program, person, input) -> effects`: the one meaning of a journey. Pure and total.
//!
//! Has no clock, no I/O, no randomness, and never panics on input. Performs nothing: it returns what is to be done.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod effect;
pub mod input;

pub use effect::{ActionCall, CallId, Effect, EndReason, Entry, Order, Reason, RunNo, SendId, What};
pub use input::{Input, InputKind, Report};
