//! Files that campaigns name: the contents of messages.
//!
//! Reads none; whoever opens the project does, and brings them here.

use std::collections::BTreeMap;

use crate::diag::Phrase;
use crate::text::{SourceId, Span};

/// A declared name in a message's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// By its place among the messages.
    pub message: usize,
    /// Where what is named is declared.
    pub declared: Span,
    /// Where the file names it.
    pub at: Span,
}

/// By the path as the author wrote it.
#[derive(Debug, Clone, Default)]
pub struct Attachments {
    pub files: BTreeMap<String, Attachment>,
    /// Paths of the files there are, as authors would write them: for "did you mean".
    pub known: Vec<String>,
}

#[derive(Debug, Clone)]
pub enum Attachment {
    Read(SourceId),
    /// Why it could not be read, and the remedy.
    Unreadable {
        why: Phrase,
        help: Phrase,
    },
}
