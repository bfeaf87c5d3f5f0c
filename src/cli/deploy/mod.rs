//! What is live in a data folder: its program, its sources, and how others follow them.
//!
//! Judges no change; `plan` does.

pub mod bundle;
pub mod library;
pub mod stored;
