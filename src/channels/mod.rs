//! The ways to people and systems: each behind the port, each with its manifest and its intake.
//!
//! Decides neither who gets what nor when to try again.

pub mod email;
pub mod line;
pub mod tls;
