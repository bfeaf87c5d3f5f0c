//! The resolved world of a project: what people, events, messages, actions look like, with the places to point at.
//!
//! Types and names only: no expression is looked at here. Ids follow the order of names, so they are blind to the
//! order of files and declarations.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod attachment;
mod declare;
pub mod sink;
pub mod table;
pub mod types;
pub use attachment::{Attachment, Attachments, Mention};
pub use declare::channel;

use crate::ir::{self, Channel, MessageClass, Offer, PersonFields, Subject, Type};
use crate::syntax::tree;
use crate::text::Span;
use crate::value;

pub use sink::{Sink, unknown};
pub use table::{Entry, Table};

/// The purpose that needs no consent.
pub const TRANSACTIONAL: &str = "transactional";
/// The field of the profile that `tag`, `untag` and `tagged` use.
pub const TAGS: &str = "tags";
/// The implicit field of every event.
pub const AT: &str = "at";

/// All declarations of a project.
pub struct World<'t> {
    pub project: ir::Project,
    pub enums: Table<Vec<String>>,
    pub records: Table<Vec<Field>>,
    pub profile: Profile,
    pub events: Table<Event>,
    pub messages: Table<Message>,
    pub actions: Table<Action>,
    pub policies: Table<&'t tree::PolicyDecl>,
    pub segments: Table<&'t tree::SegmentDecl>,
    pub journeys: Table<&'t tree::JourneyDecl>,
    /// What people consent to; at most [`MAX_PURPOSES`].
    pub purposes: Table<()>,
    pub tests: Vec<&'t tree::TestDecl>,
    pub moves: Vec<&'t tree::MovesDecl>,
}

/// A set of consents fits in 32 bits.
pub const MAX_PURPOSES: usize = 32;

/// One field of a record, event or profile, or one parameter.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: String,
    /// `None` when it could not be understood; it then accepts everything, for the mistake was told.
    pub ty: Option<Type>,
    pub pii: bool,
    pub span: Span,
}

impl Field {
    pub fn is_optional(&self) -> bool {
        self.ty.as_ref().is_none_or(|ty| matches!(ty, Type::Optional(_)))
    }
}

#[derive(Debug, Default)]
pub struct Profile {
    /// Of the `profile` word; absent when the project declares none.
    pub span: Option<Span>,
    pub fields: Vec<Field>,
    pub person: PersonFields,
}

#[derive(Debug)]
pub struct Event {
    pub subject: Subject,
    /// `at` last.
    pub fields: Vec<Field>,
}

#[derive(Debug)]
pub struct Message {
    /// `None` when the channel is unknown.
    pub channel: Option<Channel>,
    pub purpose: String,
    pub file: Option<tree::Text>,
    pub params: Vec<Field>,
    pub at_most_once: bool,
    pub patience: value::Span,
    pub offer: Option<Offer>,
    /// Absent: by its purpose.
    pub class: Option<MessageClass>,
}

#[derive(Debug)]
pub struct Action {
    pub takes: Vec<Field>,
    pub gives: Vec<Field>,
    pub idempotent: bool,
    pub patience: value::Span,
    pub grants: Option<Offer>,
    /// The name of another action; whether there is one is asked when all are known.
    pub undo: Option<tree::Name>,
    pub writes: Option<String>,
}

impl<'t> World<'t> {
    /// Reads every declaration of the files; mistakes go to the sink and never stop it.
    pub fn build(project: ir::Project, files: &'t [tree::File], sink: &mut Sink) -> World<'t> {
        declare::world(project, files, sink)
    }

    /// The fields of a value of this type, if it has any.
    pub fn fields_of(&self, ty: &Type) -> Option<&[Field]> {
        match ty {
            Type::Record(id) => Some(&self.records.at(id.index()).data),
            Type::Event(id) => Some(&self.events.at(id.index()).data.fields),
            Type::Result(id) => Some(&self.actions.at(id.index()).data.gives),
            Type::Text
            | Type::Id
            | Type::Email
            | Type::Phone
            | Type::LineId
            | Type::PushToken
            | Type::Url
            | Type::Int
            | Type::Decimal
            | Type::Percent
            | Type::Bool
            | Type::Money(_)
            | Type::Zone
            | Type::Instant
            | Type::Date
            | Type::Time
            | Type::Span
            | Type::Period
            | Type::Enum(_)
            | Type::List(_)
            | Type::Optional(_) => None,
        }
    }

    /// The type as the author would write it.
    pub fn type_name(&self, ty: &Type) -> String {
        match ty {
            Type::Money(currency) => format!("money {}", currency.code()),
            Type::Enum(id) => self.enums.at(id.index()).name.clone(),
            Type::Record(id) => self.records.at(id.index()).name.clone(),
            Type::Event(id) => self.events.at(id.index()).name.clone(),
            Type::Result(id) => self.actions.at(id.index()).name.clone(),
            Type::List(element) => format!("list of {}", self.type_name(element)),
            Type::Optional(inner) => format!("{}?", self.type_name(inner)),
            Type::Text
            | Type::Id
            | Type::Email
            | Type::Phone
            | Type::LineId
            | Type::PushToken
            | Type::Url
            | Type::Int
            | Type::Decimal
            | Type::Percent
            | Type::Bool
            | Type::Zone
            | Type::Instant
            | Type::Date
            | Type::Time
            | Type::Span
            | Type::Period => types::builtin_name(ty).unwrap_or("?").to_owned(),
        }
    }
}
