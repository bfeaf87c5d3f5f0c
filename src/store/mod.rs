//! What outlives the process: the log of inputs in files, and SQLite.
//!
//! Knows bytes and rows, not what they mean.
