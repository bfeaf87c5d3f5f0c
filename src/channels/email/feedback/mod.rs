//! What is told of mails afterwards: webhooks of SES and SendGrid, and mails that come back.
//!
//! Fetches nothing and stores nothing: bytes and settings in, notices out.

pub mod mailbox;
mod report;
pub mod sendgrid;
pub mod ses;
mod sns;
mod textual;

use super::looks_like_key;
use crate::ir::Channel;
use crate::ports::{About, Notice, Told};
use crate::value::Instant;

/// Of words that a person or a provider sent along, so many characters are kept.
const WORDS_CHARS_MAX: usize = 200;

/// Notices of one body, each with an id made of the body's own.
struct Notices {
    all: Vec<Notice>,
    arrival: Instant,
}

impl Notices {
    fn new(arrival: Instant) -> Notices {
        Notices { all: Vec::new(), arrival }
    }
    /// A time ahead of the arrival is the arrival.
    fn add(&mut self, id: Option<String>, about: About, at: Option<Instant>, told: Told) {
        let at = at.map_or(self.arrival, |at| at.min(self.arrival));
        self.all.push(Notice { id, about, at, told });
    }
}

/// A send, if what stands there has the form of a key of ours.
fn send(key: &str) -> Option<About> {
    let key = key.trim().to_ascii_lowercase();
    looks_like_key(&key).then_some(About::Send(key))
}

/// Whoever has this address; none if it is no address.
fn address(text: &str) -> Option<About> {
    let address = text.trim().trim_start_matches('<').trim_end_matches('>');
    let fits = address.len() <= 320 && address.contains('@') && !address.contains(|c: char| c.is_control() || c == ' ');
    fits.then(|| About::Address { channel: Channel::Email, address: address.to_owned() })
}

/// The key within `<KEY@domain>`.
fn key_of_message_id(id: &str) -> Option<About> {
    send(id.trim().strip_prefix('<').unwrap_or(id.trim()).split_once('@')?.0)
}

/// Words as they are kept.
fn words(text: &str) -> String {
    super::reply::clipped(text, WORDS_CHARS_MAX)
}
