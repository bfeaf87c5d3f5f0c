//! What is live in a data folder: its program, its sources, and how others follow them.
//!
//! Judges no change; `plan` does.

pub mod apply;
pub mod bundle;
pub mod hold;
pub mod list;
pub mod library;
mod offline;
pub mod plan;
mod prepare;
pub mod stage;
pub mod stored;
