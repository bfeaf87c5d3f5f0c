//! What outlives the process: the log of inputs in files, and SQLite.
//!
//! Knows bytes and rows, not what they mean.

mod backup;
pub mod disk;
mod folder;
pub mod imagined;
pub mod kept;
mod lock;
pub mod log;
pub mod memory;
pub mod sqlite;

pub use backup::{Summary, backup, restore, verify};
pub use folder::{Opened, look, open};
