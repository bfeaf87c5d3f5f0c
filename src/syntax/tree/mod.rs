//! The tree: what was written, with its places, before anyone asks what it means.
//!
//! Holds no judgement. A part that could not be read is an `Error` node; the mistake itself is a diagnostic beside the tree.

mod declaration;
mod expression;
mod journey;
mod timeline;

use crate::text::{SourceId, Span};
pub use declaration::*;
pub use expression::*;
pub use journey::*;
pub use timeline::*;

/// One `.tabi` file. Comments are kept beside the items, in the order they stand.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    pub source: SourceId,
    pub items: Vec<Item>,
    pub comments: Vec<Comment>,
}

/// `# …`, with the `#`, without the line end.
#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    pub span: Span,
    /// Alone on its line, not behind something else.
    pub own_line: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// A string literal, unescaped; the span includes the quotes.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    pub text: String,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Enum(EnumDecl),
    Record(RecordDecl),
    Profile(ProfileDecl),
    Event(EventDecl),
    Message(MessageDecl),
    Action(ActionDecl),
    Policy(PolicyDecl),
    Segment(SegmentDecl),
    Journey(JourneyDecl),
    Moves(MovesDecl),
    Test(TestDecl),
    /// For the whole file.
    Allow(Allow),
    /// Something that could not be read; a diagnostic says why.
    Error(Span),
}
