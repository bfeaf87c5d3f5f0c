//! What a person may ask of whoever keeps data of them: consent with its proof, withdrawal, and to be forgotten.
//!
//! Decides nothing about what may be sent; the machine does.

use crate::ir::{Channel, PurposeId};
use crate::machine::{InputKind, Report, Words};
use crate::ports::Seat;
use crate::ports::store::{ConsentRow, ForgottenRow, JournalRow, Position};
use crate::value::{Instant, Value};

use super::apply::ADDRESS_MARK;
use super::diary;
use super::node::Node;
use super::proofs::Statement;
use super::resident::lock;
use super::shard::Command;

/// The event of a message that a person wrote on LINE, and its fields that hold what they wrote.
const MESSAGE: &str = "line_message";
const WORDS: &[&str] = &["text", "title", "address", "file_name"];

impl Node<'_, '_, '_> {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn take_consent(
        &mut self,
        position: Position,
        at: Instant,
        seat: Seat,
        purpose: Option<String>,
        channel: Option<Channel>,
        given: bool,
        how: &str,
        source: &str,
    ) {
        self.touch(seat);
        let (statement, kind) = match channel {
            Some(channel) => {
                let report = if given { Report::Resubscribed } else { Report::Unsubscribed };
                let statement = Statement::Channel { channel, report, address: None };
                (statement, InputKind::Reach { channel, report })
            }
            None => {
                let program = self.program();
                let needs = |p: &PurposeId| program.messages.iter().any(|m| m.purpose == *p && m.needs_consent);
                let named = purpose.as_deref().map(|name| program.purpose_named(name));
                let all = (0..program.purposes.len() as u16).map(PurposeId);
                let meant = all.filter(|p| named.map_or_else(|| needs(p), |named| named == Some(*p)));
                let purposes: Vec<PurposeId> = meant.collect();
                let consent = purposes.iter().map(|p| (*p, given)).collect();
                let statement = Statement::Purposes { purposes, given };
                (statement, InputKind::Profile { id: None, fields: Vec::new(), consent })
            }
        };
        let named = purpose.as_deref().unwrap_or("*");
        self.prove(position, at, seat, statement, named, channel, given, how, source);
        self.lanes.give(seat, Command::Take { seat, at, kind });
    }
    pub(super) fn prove_consents(
        &mut self,
        position: Position,
        at: Instant,
        seat: Seat,
        input: Option<u64>,
        consent: &[(PurposeId, bool)],
        source: &str,
    ) {
        let program = self.program();
        for (purpose, given) in consent {
            let name = &program.purposes[purpose.index()];
            let statement = Statement::Profile { purpose: *purpose, given: *given, input };
            self.prove(position, at, seat, statement, name, None, *given, "api", source);
        }
    }
    #[allow(clippy::too_many_arguments)]
    pub(super) fn prove(
        &mut self,
        position: Position,
        at: Instant,
        seat: Seat,
        statement: Statement,
        purpose: &str,
        channel: Option<Channel>,
        given: bool,
        how: &str,
        source: &str,
    ) {
        let ordinal = match self.statements {
            (of, last) if of == position => last + 1,
            _ => 0,
        };
        self.statements = (position, ordinal);
        let row = Box::new(ConsentRow {
            seat,
            at,
            purpose: purpose.to_owned(),
            channel: channel.map(|c| c.name().to_owned()),
            given,
            how: how.to_owned(),
            source: source.to_owned(),
            position,
            ordinal,
        });
        self.lanes.give(seat, Command::Prove { at, statement, row });
    }
    /// A person took back a message: LINE asks that its content be deleted.
    pub(super) fn unsend(&mut self, seat: Seat, message_id: &str) {
        let program = self.program();
        let Some(index) = program.events.iter().position(|event| event.name == MESSAGE) else { return };
        let event = crate::ir::EventId(index as u16);
        let fields = &program.event(event).fields;
        let at = |name: &str| fields.iter().position(|f| f.name == name).map(|index| crate::ir::FieldId(index as u16));
        let Some(named) = at("message_id") else { return };
        let texts = WORDS.iter().filter_map(|name| at(name)).collect();
        let words = Words { event, fields: fields.len(), named, name: Value::text(message_id), texts };
        self.lanes.give(seat, Command::Unsend { seat, words: Box::new(words.clone()) });
        self.unsent.push((seat, words));
    }
    /// Pieces of stories that are written already, without what people took back since.
    pub(super) fn without_unsent(&mut self) -> Vec<JournalRow> {
        let mut again: Vec<JournalRow> = Vec::new();
        for (seat, words) in std::mem::take(&mut self.unsent) {
            for seat in self.seats_of(self.current(seat, 0).0) {
                let rows = lock(&self.shelf).journal(seat);
                let rows = rows.inspect_err(|error| {
                    self.failed.get_or_insert(error.to_string());
                });
                for row in rows.unwrap_or_default() {
                    let known = again.iter().position(|other| (other.seat, other.position) == (row.seat, row.position));
                    let row = known.map_or(row, |index| again.swap_remove(index));
                    match diary::without(&row.lines, &words) {
                        Some(lines) => again.push(JournalRow { lines, ..row }),
                        None if known.is_some() => again.push(row),
                        None => {}
                    }
                }
            }
        }
        again
    }
    pub(super) fn forget(&mut self, seat: Seat, at: Instant) {
        self.touch(seat);
        let seats = self.seats_of(seat);
        let ids = self.identities.forget(seat);
        let tombstones: Vec<[u8; 16]> = ids.iter().map(|id| self.tombstone(id)).collect();
        self.tombstones.extend(&tombstones);
        self.lanes.give(seat, Command::Forget { seat, at });
        // What was gathered of them since the last checkpoint goes too, also under the seats they had before.
        self.lanes.give_all(|| Command::Strike { seats: seats.clone() });
        let names = ids.iter().map(|id| name_of(id).to_owned()).collect();
        let forgotten = ForgottenRow { seat, at, tombstones, names };
        self.changes.dead.retain(|row| !forgotten.is_named_in(&row.body));
        self.changes.forgotten.push(forgotten);
    }
    /// Whether a call that was refused is by somebody who was forgotten.
    pub(super) fn is_of_nobody(&self, body: &[u8]) -> bool {
        if self.tombstones.is_empty() {
            return false;
        }
        let Ok(call) = serde_json::from_slice::<serde_json::Value>(body) else { return false };
        let ids = ["userId", "previousId", "anonymousId"].into_iter().filter_map(|name| call.get(name)?.as_str());
        ids.into_iter().any(|id| self.is_tombstone(id))
    }
    fn tombstone(&self, id: &str) -> [u8; 16] {
        let mut hash = [0; 16];
        hash.copy_from_slice(&blake3::keyed_hash(self.outfit.secret.bytes(), id.as_bytes()).as_bytes()[..16]);
        hash
    }
    pub(super) fn is_tombstone(&self, id: &str) -> bool {
        !self.tombstones.is_empty() && self.tombstones.contains(&self.tombstone(id))
    }
}

/// The id as it is known outside: of an address, the address.
fn name_of(id: &str) -> &str {
    let Some(address) = id.strip_prefix(ADDRESS_MARK) else { return id };
    let address = address.split_once(':').map_or(address, |(_, address)| address);
    address.split(ADDRESS_MARK).next().unwrap_or(address)
}
