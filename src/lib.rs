//! Tabi (旅, "journey"): campaigns as code.
#![forbid(unsafe_code)]

pub mod check;
pub mod cli;
pub mod compile;
pub mod diag;
pub mod diagram;
pub mod fmt;
pub mod ingest;
pub mod ir;
pub mod lower;
pub mod machine;
pub mod ports;
pub mod project;
pub mod runtime;
pub mod schema;
pub mod syntax;
pub mod text;
pub mod value;
