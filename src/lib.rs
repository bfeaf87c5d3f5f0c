//! Tabi (旅, "journey"): campaigns as code.
#![forbid(unsafe_code)]

pub mod cli;
pub mod diag;
pub mod diagram;
pub mod ingest;
pub mod ir;
pub mod machine;
pub mod project;
pub mod syntax;
pub mod text;
pub mod value;
