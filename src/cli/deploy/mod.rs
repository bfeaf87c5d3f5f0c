//! What is live in a data folder: its program, its sources, and how others follow them.
//!
//! Judges no change; `plan` does.

pub mod apply;
pub mod bundle;
pub mod hold;
pub mod library;
pub mod list;
mod offline;
pub mod plan;
pub mod prepare;
pub mod stage;
pub mod stored;
