//! What each record of the log brings about: live, and again when the log is replayed.
//!
//! Writes no record.

use std::sync::Arc;

use crate::ingest::segment::Reader;
use crate::ingest::{Arrival, Signal, Traits, What as Came};
use crate::ir::{Channel, JourneyId};
use crate::machine::{InputKind, Report, RunNo};
use crate::ports::store::{DeadRow, MergeRow, PendingKey, Position};
use crate::ports::{Scope, Seat, SendKey};
use crate::runtime::identity::Resolved;
use crate::value::id::fingerprint;
use crate::value::{Instant, Value};

use super::node::{Job, Node};
use super::proofs::Statement;
use super::record::{News, What, Where, Whom};
use super::shard::Command;

/// Before an address that stands for a person; no id from outside begins so.
pub(super) const ADDRESS_MARK: char = '\u{1}';

/// The id under which an address is known.
pub fn address_id(channel: Channel, address: &str) -> String {
    let address = match channel {
        // The domain of a mail address has no case, and hardly a mailbox has.
        Channel::Email => address.trim().to_lowercase(),
        Channel::Line | Channel::Sms | Channel::Push | Channel::Webhook => address.trim().to_owned(),
    };
    format!("{ADDRESS_MARK}{}:{address}", channel.name())
}

/// People beside the last one who named an address: families share a mailbox, and whoever leaves there leaves for all. More are
/// not looked for.
const SHARERS_MAX: u8 = 8;

/// Under which somebody is known who named an address before another did.
fn sharer_id(address_id: &str, number: u8) -> String {
    format!("{address_id}{ADDRESS_MARK}{number}")
}

/// What a notice is known by when its provider repeats it. Events bring their id along: the machine itself takes two as one.
pub(super) fn heard_as(source: &str, id: Option<&str>, is_event: bool) -> Option<u64> {
    id.filter(|_| !is_event).map(|id| fingerprint(&format!("{source}\0{id}")))
}

/// Ids that people know, of all that lead to somebody.
pub fn is_public(id: &str) -> bool {
    !id.starts_with(ADDRESS_MARK)
}

impl Node<'_, '_, '_> {
    pub(super) fn apply(&mut self, position: Position, at: Instant, what: What, arrival: Option<Arrival<'static>>) {
        self.counters.records += 1;
        match what {
            What::Passed => {}
            What::Started { program } => {
                // Whoever was there before learns that the program is live.
                if self.started.replace(program) != Some(program) && !self.identities.is_empty() {
                    self.go_live(position);
                }
            }
            What::Changed { generation, .. } => self.change_program(position, at, generation),
            What::Call { received_at, source, raw } => {
                self.counters.calls += 1;
                match arrival {
                    Some(arrival) => self.take_arrival(position, at, arrival, &source),
                    None => self.read_call(position, at, &raw, received_at, &source),
                }
            }
            What::Dead { raw, .. } if self.is_of_nobody(&raw) => self.counters.turned_away += 1,
            What::Dead { source, reason, detail, raw } => {
                self.counters.dead += 1;
                let number = self.dead_next;
                self.dead_next += 1;
                self.changes.dead.push(DeadRow { number, at, source, reason, detail, body: raw });
            }
            What::DeadGone { numbers } => self.changes.dead_gone.extend(numbers),
            What::Told { source, id, about, happened, news } => {
                self.counters.notices += 1;
                // Live, it was noted before it was written: a repeat is not in the log.
                if let Some(heard) = heard_as(&source, id.as_deref(), matches!(news, News::Event { .. }))
                    && self.replaying
                {
                    self.note_heard(heard);
                }
                self.hear_news(position, at, &source, id, about, happened, news);
            }
            What::Consent { who, purpose, channel, given, how, source } => {
                if let Some(seat) = self.seat_of(&who) {
                    self.take_consent(position, at, seat, purpose, channel, given, &how, &source);
                }
            }
            What::Approval { person, by, approved } => {
                if let Some(seat) = self.identities.find(&person) {
                    self.lanes.give(seat, Command::Take { seat, at, kind: InputKind::Approval { by, approved } });
                }
            }
            What::Stop { scope, stopped, .. } => self.stop(scope, stopped, at),
            What::Forget { person } => {
                if let Some(seat) = self.identities.find(&person) {
                    self.forget(seat, at);
                }
            }
            What::Tick { journey, zone, due } => {
                self.counters.ticks += 1;
                self.ticks.pass(journey, zone, due.max(at));
                let end = self.identities.len() as Seat;
                let job =
                    Job { id: position.0, journeys: vec![journey], zone, payload: None, live: false, next: 0, end };
                self.jobs.push_back(job);
            }
            What::Chunk { job, from, to } => self.take_chunk(job, from, to, at),
            What::Attempt { key, journey, channel } => {
                if let Some(channel) = channel {
                    self.budgets.count(journey, channel, at);
                }
                self.dispatcher.attempted(key, at);
                let (owner, _) = self.current(key.seat, key.run);
                self.lanes.give(owner, Command::Attempted { key, at });
            }
            What::Settled { key, settlement } => self.settle(key, at, settlement, None),
            What::Answered { key, settlement, answer } => self.settle(key, at, settlement, answer),
        }
    }

    fn settle(&mut self, key: PendingKey, at: Instant, settlement: super::record::Settlement, answer: Option<Value>) {
        self.dispatcher.drop(key);
        let (owner, _) = self.current(key.seat, key.run);
        self.lanes.give(owner, Command::Settle { key, at, settlement, answer });
    }
    fn read_call(&mut self, position: Position, at: Instant, raw: &[u8], received_at: Instant, source: &str) {
        let mut reader = Reader::new(self.schema);
        if let Ok(Some(arrival)) = reader.call_received(raw, received_at) {
            self.take_arrival(position, at, arrival.into_owned(), source);
        }
    }

    /// A call in Segment's shape.
    fn take_arrival(&mut self, position: Position, at: Instant, arrival: Arrival<'_>, source: &str) {
        let user = arrival.who.user.as_deref();
        let anonymous = arrival.who.anonymous.as_deref();
        let previous = match &arrival.what {
            Came::Alias { previous } => Some(&**previous),
            Came::Event { .. } | Came::Profile { .. } | Came::Signal { .. } => None,
        };
        let is_barred = |id: &&str| !is_public(id) || self.is_tombstone(id);
        // A device outlives an account: of somebody else it says nothing more, and bars nobody.
        let anonymous = match (user, anonymous) {
            (Some(_), Some(id)) if is_public(id) && self.is_tombstone(id) => None,
            _ => anonymous,
        };
        if [user, anonymous, previous].iter().flatten().any(is_barred) {
            self.counters.turned_away += 1;
            return;
        }
        let resolved = match previous {
            Some(previous) => user.or(anonymous).map(|id| self.identities.alias(id, previous)),
            None => self.identities.resolve(user, anonymous),
        };
        let Some(resolved) = resolved else {
            if let Came::Event { event, payload, .. } = arrival.what {
                self.fan_out(position, event, payload);
            }
            return;
        };
        self.welcome(resolved, at);
        self.take_came(position, at, resolved.seat, arrival.what, source);
    }
    fn take_came(&mut self, position: Position, at: Instant, seat: Seat, what: Came<'_>, source: &str) {
        let kind = match what {
            Came::Alias { .. } => return,
            Came::Profile { id, traits } => {
                let seat = self.claim_addresses(seat, &traits, at);
                self.touch(seat);
                let Traits { fields, consent } = traits;
                self.prove_consents(position, at, seat, id, &consent, source);
                let kind = InputKind::Profile { id, fields, consent };
                return self.lanes.give(seat, Command::Take { seat, at, kind });
            }
            Came::Event { id, event, payload } => InputKind::Event { id, event, payload },
            Came::Signal { channel, signal } => {
                self.touch(seat);
                InputKind::Reach { channel, report: report_of(signal) }
            }
        };
        self.lanes.give(seat, Command::Take { seat, at, kind });
    }
    /// Makes a new seat known to its shard, or merges two that are one person.
    fn welcome(&mut self, resolved: Resolved, at: Instant) {
        if resolved.new {
            let id: Arc<str> = self.identities.name(resolved.seat).clone();
            self.lanes.give(resolved.seat, Command::Newcomer { seat: resolved.seat, id, at });
        }
        if let Some(from) = resolved.absorb {
            let into = resolved.seat;
            self.counters.merges += 1;
            let base = self.lanes.merge(from, into, at);
            self.touch(into);
            self.merges.insert(from, (into, base));
            self.changes.merges.push(MergeRow { from, into, base });
        }
    }

    /// Addresses lead to whoever named them last. A LINE account is one person's alone: somebody who was only known by it
    /// is that person, and a user of the shop who had it before has it no more.
    fn claim_addresses(&mut self, seat: Seat, traits: &Traits, at: Instant) -> Seat {
        let addresses = self.program().person.addresses;
        let mut seat = seat;
        for channel in Channel::ALL {
            let Some(field) = addresses[channel.index()] else { continue };
            let Some((_, Value::Text(address))) = traits.fields.iter().find(|(f, _)| *f == field) else { continue };
            if let Some(resolved) = self.claim_address(seat, channel, address, at) {
                self.welcome(resolved, at);
                seat = resolved.seat;
            }
        }
        seat
    }

    fn claim_address(&mut self, seat: Seat, channel: Channel, address: &str, at: Instant) -> Option<Resolved> {
        let id = address_id(channel, address);
        let before = self.identities.find(&id).filter(|before| *before != seat);
        let resolved = self.identities.claim(seat, &id, channel == Channel::Line);
        if let Some(seat) = before.filter(|_| resolved.is_none() && channel == Channel::Line) {
            self.touch(seat);
            self.lanes.give(seat, Command::Release { seat, at, channel, address: address.to_owned() });
            return None;
        }
        if let Some(before) = before.filter(|before| resolved.is_none() && !self.sharers(&id).contains(before)) {
            let mut numbers = (1..=SHARERS_MAX).map(|number| sharer_id(&id, number));
            if let Some(free) = numbers.find(|id| self.identities.find(id).is_none()) {
                self.identities.claim(before, &free, false);
            }
        }
        resolved
    }
    /// Who else named this address, and may have it still.
    fn sharers(&self, address_id: &str) -> Vec<Seat> {
        let last = self.identities.find(address_id);
        let all = (1..=SHARERS_MAX).filter_map(|number| self.identities.find(&sharer_id(address_id, number)));
        let mut sharers: Vec<Seat> = all.filter(|seat| Some(*seat) != last).collect();
        sharers.sort_unstable();
        sharers.dedup();
        sharers
    }

    fn fan_out(&mut self, position: Position, event: crate::ir::EventId, payload: Value) {
        let journeys = self.ticks.fanned_out_by(event);
        if !journeys.is_empty() {
            let end = self.identities.len() as Seat;
            self.jobs.push_back(Job {
                id: position.0,
                journeys,
                zone: None,
                payload: Some(payload),
                live: false,
                next: 0,
                end,
            });
        }
    }
    fn take_chunk(&mut self, id: u64, from: Seat, to: Seat, at: Instant) {
        let Some(index) = self.jobs.iter().position(|job| job.id == id) else { return };
        self.jobs[index].next = to;
        let job = match to >= self.jobs[index].end {
            true => self.jobs.remove(index),
            false => Some(self.jobs[index].clone()),
        };
        let Some(job) = job else { return };
        if job.live {
            for seat in (from..to).filter(|seat| self.identities.is_somebody(*seat)) {
                self.lanes.give(seat, Command::Take { seat, at, kind: InputKind::Live });
            }
            return;
        }
        let mut seats: Vec<Vec<Seat>> = vec![Vec::new(); self.lanes.count()];
        for seat in (from..to).filter(|seat| self.identities.is_somebody(*seat)) {
            seats[self.lanes.of(seat)].push(seat);
        }
        for journey in &job.journeys {
            for (lane, seats) in seats.iter().enumerate().filter(|(_, seats)| !seats.is_empty()) {
                let (seats, payload) = (seats.clone(), job.payload.clone());
                let command = Command::Tick { seats, at, journey: *journey, zone: job.zone, payload };
                self.lanes.give_lane(lane, command);
            }
        }
    }

    pub(super) fn stop(&mut self, scope: Where, stopped: bool, at: Instant) {
        let scope = match scope {
            Where::Everything => {
                self.dispatcher.stop_everything(stopped, at);
                Scope::Everything
            }
            Where::Channel(channel) => {
                self.dispatcher.stop_channel(channel, stopped, at);
                Scope::Channel(channel)
            }
            Where::Journey(name) => {
                let program = self.program();
                for index in (0..program.journeys.len()).filter(|index| program.journeys[*index].name == name) {
                    self.dispatcher.stop_journey(JourneyId(index as u16), stopped, at);
                }
                Scope::Journey(name)
            }
        };
        match stopped {
            true => drop(self.stops.insert(scope)),
            false => drop(self.stops.remove(&scope)),
        }
    }

    // ---- what providers and people say ---------------------------------------------------------------------------

    #[allow(clippy::too_many_arguments)]
    fn hear_news(
        &mut self,
        position: Position,
        at: Instant,
        source: &str,
        id: Option<String>,
        about: Whom,
        happened: Instant,
        news: News,
    ) {
        match news {
            News::Report(report) => self.hear_report(position, at, source, about, report),
            News::Event { name, properties } => {
                self.hear_event(position, at, source, id, &about, happened, &name, &properties);
            }
            News::Linked { user } => self.link(at, &about, &user),
            News::Left { words } => self.leave_list(position, at, &about, &words, source, false),
            News::Returned { words } => self.leave_list(position, at, &about, &words, source, true),
        }
    }
    fn hear_report(&mut self, position: Position, at: Instant, source: &str, about: Whom, report: Report) {
        match about {
            Whom::Send(token) => {
                let Some(key) = SendKey::opened(&token, &self.outfit.secret) else { return };
                let (seat, run) = self.current(key.seat, key.send.run.0);
                if !self.identities.is_somebody(seat) {
                    return;
                }
                let mut send = key.send;
                send.run = RunNo(run);
                self.touch(seat);
                if matches!(report, Report::Complained | Report::Unsubscribed) {
                    let statement = Statement::Send { send, report };
                    self.prove(position, at, seat, statement, "*", None, false, "provider", source);
                }
                self.lanes.give(seat, Command::Take { seat, at, kind: InputKind::Report { send, report } });
            }
            Whom::Address { channel, address } => {
                let returns = report == Report::Unblocked;
                let Some(seat) = self.newcomer_by_address(channel, &address, returns, at) else { return };
                let mut seats = self.sharers(&address_id(channel, &address));
                seats.push(seat);
                for seat in seats {
                    self.touch(seat);
                    if matches!(report, Report::Complained | Report::Unsubscribed) {
                        let statement = Statement::Channel { channel, report, address: Some(address.clone()) };
                        self.prove(position, at, seat, statement, "*", Some(channel), false, "provider", source);
                    }
                    let address = address.clone();
                    self.lanes.give(seat, Command::Reach { seat, at, channel, address, report });
                }
            }
            Whom::Id(id) => {
                tracing::debug!(length = id.len(), "a report about an id, which reports are never about");
            }
        }
    }
    /// Whoever has the address. Of LINE also someone new: people follow an account before a shop knows them. An address of
    /// somebody who was forgotten is someone's again only when they themselves return.
    fn newcomer_by_address(&mut self, channel: Channel, address: &str, returns: bool, at: Instant) -> Option<Seat> {
        let id = address_id(channel, address);
        if let Some(seat) = self.identities.find(&id) {
            return Some(seat);
        }
        let field = self.program().person.addresses[channel.index()].filter(|_| channel == Channel::Line)?;
        if !returns && self.is_tombstone(&id) {
            self.counters.turned_away += 1;
            return None;
        }
        let resolved = self.identities.resolve(None, Some(&id))?;
        self.welcome(resolved, at);
        let fields = vec![(field, Value::text(address))];
        let kind = InputKind::Profile { id: None, fields, consent: Vec::new() };
        self.lanes.give(resolved.seat, Command::Take { seat: resolved.seat, at, kind });
        Some(resolved.seat)
    }
    #[allow(clippy::too_many_arguments)]
    fn hear_event(
        &mut self,
        position: Position,
        at: Instant,
        source: &str,
        id: Option<String>,
        about: &Whom,
        happened: Instant,
        name: &str,
        properties: &str,
    ) {
        let seat = match about {
            Whom::Address { channel, address } => self.newcomer_by_address(*channel, address, false, at),
            Whom::Send(_) | Whom::Id(_) => self.seat_of(about),
        };
        let Some(seat) = seat else { return };
        if name == "line_unsend" {
            let properties: serde_json::Value = serde_json::from_str(properties).unwrap_or_default();
            if let Some(id) = properties.get("message_id").and_then(serde_json::Value::as_str) {
                self.unsend(seat, id);
            }
        }
        let call = serde_json::json!({
            "type": "track",
            "event": name,
            "anonymousId": "told",
            "messageId": id.map(|id| format!("{source}:{id}")),
            "timestamp": happened.to_string(),
            "properties": serde_json::from_str::<serde_json::Value>(properties).unwrap_or_default(),
        });
        let raw = call.to_string();
        let mut reader = Reader::new(self.schema);
        if let Ok(Some(arrival)) = reader.call_received(raw.as_bytes(), at) {
            self.take_came(position, at, seat, arrival.into_owned().what, source);
        }
    }
    fn link(&mut self, at: Instant, about: &Whom, user: &str) {
        let Whom::Address { channel, address } = about else { return };
        let Some(field) = self.program().person.addresses[channel.index()] else { return };
        if !is_public(user) || self.is_tombstone(user) {
            return;
        }
        let Some(resolved) = self.identities.resolve(Some(user), None) else { return };
        self.welcome(resolved, at);
        let joined = self.claim_address(resolved.seat, *channel, address, at);
        let seat = joined.map_or(resolved.seat, |joined| {
            self.welcome(joined, at);
            joined.seat
        });
        let fields = vec![(field, Value::text(address))];
        self.lanes
            .give(seat, Command::Take { seat, at, kind: InputKind::Profile { id: None, fields, consent: Vec::new() } });
    }
    fn leave_list(&mut self, position: Position, at: Instant, about: &Whom, words: &str, source: &str, back: bool) {
        let Some(seat) = self.seat_of(about) else { return };
        let channel = match about {
            Whom::Address { channel, .. } => *channel,
            Whom::Send(_) | Whom::Id(_) => Channel::Email,
        };
        let source = format!("{source}: {}", words.chars().take(80).collect::<String>());
        let report = match (back, about) {
            (false, _) => Report::Unsubscribed,
            // To the carrier, too: a number that wrote STOP is blocked there until it writes START.
            (true, Whom::Address { .. }) => Report::Unblocked,
            (true, Whom::Send(_) | Whom::Id(_)) => Report::Resubscribed,
        };
        let address = match about {
            // An address may be somebody else's meanwhile, who cannot return for them.
            Whom::Address { address, .. } if back => Some(address.clone()),
            Whom::Address { .. } | Whom::Send(_) | Whom::Id(_) => None,
        };
        let statement = Statement::Channel { channel, report, address: address.clone() };
        self.prove(position, at, seat, statement, "*", Some(channel), back, "stop-word", &source);
        self.touch(seat);
        if let Whom::Address { channel, address } = about
            && !back
        {
            for seat in self.sharers(&address_id(*channel, address)) {
                self.touch(seat);
                let (channel, address) = (*channel, address.clone());
                let statement = Statement::Channel { channel, report, address: Some(address.clone()) };
                self.prove(position, at, seat, statement, "*", Some(channel), false, "stop-word", &source);
                self.lanes.give(seat, Command::Reach { seat, at, channel, address, report });
            }
        }
        let command = match address {
            Some(address) => Command::Reach { seat, at, channel, address, report },
            None => Command::Take { seat, at, kind: InputKind::Reach { channel, report } },
        };
        self.lanes.give(seat, command);
    }

    pub(super) fn seat_of(&self, who: &Whom) -> Option<Seat> {
        match who {
            Whom::Id(id) => self.identities.find(id).filter(|_| is_public(id)),
            Whom::Send(token) => {
                let key = SendKey::opened(token, &self.outfit.secret)?;
                let (seat, _) = self.current(key.seat, 0);
                self.identities.is_somebody(seat).then_some(seat)
            }
            Whom::Address { channel, address } => self.identities.find(&address_id(*channel, address)),
        }
    }
}

fn report_of(signal: Signal) -> Report {
    match signal {
        Signal::Bounced => Report::Bounced,
        Signal::Complained => Report::Complained,
        Signal::Unsubscribed => Report::Unsubscribed,
        Signal::Blocked => Report::Blocked,
        Signal::Unblocked => Report::Unblocked,
    }
}
