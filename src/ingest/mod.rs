//! Bytes in, typed arrivals or a reason out: Segment-shaped NDJSON, and CSV read through a mapping.
//!
//! Decides nothing about people or journeys, keeps no state per person, and opens no files: the caller hands it readers.

// Lookups only; nothing here walks a map in hash order.
#![allow(clippy::disallowed_types)]

pub mod decode;
pub mod envelope;
pub mod limits;
pub mod lines;
pub mod mapping;
pub mod reason;
pub mod rows;
pub mod schema;
pub mod segment;
pub mod text;
mod written;

use std::borrow::Cow;
use std::io::{self, Read};

use crate::ir::{Channel, EventId, FieldId, PurposeId};
use crate::value::{Instant, Value};

pub use reason::{Reason, Tally};
pub use schema::{Current, Schema};

/// One accepted line (or one group of rows): what came, about whom, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival<'a> {
    /// When it reached us, never before its own time. Absent on an `identify` without any time, which describes the
    /// world as it was before the first timed line.
    pub at: Option<Instant>,
    pub who: Who<'a>,
    pub what: What<'a>,
    /// What to know of this person if it is the first time they are seen (CSV `profile:`).
    pub introduction: Option<Traits>,
    /// The line's own time lay after its arrival and was cut to it.
    pub skewed: bool,
}

/// Whose it is. At least one of the two, except on an event about a thing, where both may be absent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Who<'a> {
    pub user: Option<Cow<'a, str>>,
    pub anonymous: Option<Cow<'a, str>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What<'a> {
    /// The payload is a record of the event's fields, `at` last.
    Event { id: Option<u64>, event: EventId, payload: Value },
    /// The profile as it is now known.
    Profile { id: Option<u64>, traits: Traits },
    /// From now on `previous` is another name of this person.
    Alias { previous: Cow<'a, str> },
    /// What a provider or a person says without a send of ours.
    Signal { channel: Channel, signal: Signal },
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traits {
    pub fields: Vec<(FieldId, Value)>,
    pub consent: Vec<(PurposeId, bool)>,
}

/// Signals about a person's address that need no send to belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Bounced,
    Complained,
    Unsubscribed,
    /// LINE unfollow.
    Blocked,
    /// LINE follow.
    Unblocked,
}

impl Arrival<'_> {
    /// The same, holding on to no line.
    pub fn into_owned(self) -> Arrival<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let Arrival { at, who, what, introduction, skewed } = self;
        let what = match what {
            What::Event { id, event, payload } => What::Event { id, event, payload },
            What::Profile { id, traits } => What::Profile { id, traits },
            What::Alias { previous } => What::Alias { previous: owned(previous) },
            What::Signal { channel, signal } => What::Signal { channel, signal },
        };
        let who = Who { user: who.user.map(owned), anonymous: who.anonymous.map(owned) };
        Arrival { at, who, what, introduction, skewed }
    }
}

/// Undoes gzip and zstd, recognised by their first bytes; anything else passes as it is.
pub fn open(mut reader: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut magic = [0u8; 4];
    let mut filled = 0;
    while filled < magic.len() {
        match reader.read(&mut magic[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let whole = io::Cursor::new(magic[..filled].to_vec()).chain(reader);
    Ok(match magic {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(whole)),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::Decoder::new(whole)?),
        _ => Box::new(whole),
    })
}

#[cfg(test)]
mod tests;
