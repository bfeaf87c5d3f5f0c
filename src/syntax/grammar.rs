//! The parser made from `grammar/tabi.pest`.
//!
//! Nothing is decided here.

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/tabi.pest"]
pub(super) struct Grammar;
