//! Tabi
#![forbid(unsafe_code)]
pub mod text; pub mod diag; pub mod value; pub mod syntax;
