//! Proofs of consents and withdrawals: a row for what changes something, and none for what was said before.
//!
//! Changes nobody's consent; the machine does, by the input that follows.

use crate::ir::{Channel, Program, PurposeId};
use crate::machine::{Person, Report, SendId};
use crate::ports::store::ConsentRow;
use crate::value::Value;

/// What somebody is about to say, as far as it decides whether it is news.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// By a shop, with all else it knows of the person: who never consented withdraws nothing. `input`: the call's id.
    Profile { purpose: PurposeId, given: bool, input: Option<u64> },
    /// By the person, of nothing else: the first such word is kept, whatever it changes.
    Purposes { purposes: Vec<PurposeId>, given: bool },
    /// Of a channel; with an address only while it is the person's.
    Channel { channel: Channel, report: Report, address: Option<String> },
    /// Of the channel that a send went out on.
    Send { send: SendId, report: Report },
}

impl Statement {
    /// The row to keep, if the statement is news of this person as they stand before it.
    pub fn proven(&self, program: &Program, person: &Person, row: ConsentRow) -> Option<ConsentRow> {
        match self {
            Statement::Profile { purpose, given, input } => {
                let is_new = person.consents_to(*purpose) != *given && !input.is_some_and(|id| person.has_taken(id));
                is_new.then_some(row)
            }
            Statement::Purposes { purposes, given } => {
                let is_new = |p: &PurposeId| match given {
                    true => !person.consents_to(*p),
                    false => !person.has_withdrawn(*p),
                };
                // A purpose that the program does not have is nothing the person's state could tell of.
                (purposes.is_empty() || purposes.iter().any(is_new)).then_some(row)
            }
            Statement::Channel { channel, report, address } => {
                let is_theirs =
                    address.as_deref().is_none_or(|address| has_address(program, person, *channel, address));
                (is_theirs && person.is_news(*channel, *report)).then_some(row)
            }
            Statement::Send { send, report } => {
                let channel = person.channel_of(program, *send);
                let row = ConsentRow { channel: Some(channel.name().to_owned()), ..row };
                person.is_news(channel, *report).then_some(row)
            }
        }
    }
}

/// Whether the address is the person's now.
pub fn has_address(program: &Program, person: &Person, channel: Channel, address: &str) -> bool {
    let now = program.person.addresses[channel.index()].map(|field| person.field(field));
    matches!(now, Some(Value::Text(text)) if text.trim().eq_ignore_ascii_case(address.trim()))
}
