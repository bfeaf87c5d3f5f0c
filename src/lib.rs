//! Tabi (旅, "journey"): campaigns as code.
#![forbid(unsafe_code)]

pub mod diag;
pub mod ir;
pub mod machine;
pub mod syntax;
pub mod text;
pub mod value;
