//! Text to tree. Never fails.

pub mod tree;
