//! The ways to people and systems: each behind the port, each with its manifest and its intake.
//!
//! Decides neither who gets what nor when to try again.

pub mod chat;
pub mod email;
pub mod http;
pub mod line;
pub mod open;
pub mod paper;
pub mod push;
pub mod secrets;
pub mod sms;
pub mod target;
pub mod tls;
pub mod webhook;
