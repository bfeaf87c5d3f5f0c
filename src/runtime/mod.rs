//! One turn of the engine for one person at a time: take an input, step, hand effects to the outbox, note the next wake.
//!
//! Decides nothing about journeys (the machine does) and performs nothing (the outbox does). Time is what inputs say.

// Lookups only; nothing here walks a map in hash order without sorting.
#![allow(clippy::disallowed_types)]

pub mod budgets;
pub mod durable;
pub mod host;
pub mod identity;
pub mod people;
pub mod ticks;

pub use budgets::Budgets;
pub use host::{Host, Order};
pub use identity::Identities;
