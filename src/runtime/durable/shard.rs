//! Some of the people: takes their inputs in the order of the log, and keeps what they ordered until it is done with.
//!
//! Reads no log and tells nobody outside: it answers the node.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3Builder;

use crate::ir::{ActionId, ArmOn, Channel, JourneyId, Op, Program};
use crate::machine::{Engine, InputKind, Report, Words};
use crate::ports::store::{ConsentRow, JournalRow, LedgerRow, PendingKey, PersonRow, Position};
use crate::ports::{Call, CallKey, Delivery, Journal as _, Seat, SendKey};
use crate::render::Renderer;
use crate::runtime::host::{Host, Leaving, Order as By};
use crate::runtime::people::People;
use crate::value::{Instant, Value, Zone};

use super::diary::Diary;
use super::library::Loaded;
use super::outfit::Outfit;
use super::pending::{Pending, Thing, Tray};
use super::proofs::{Statement, has_address};
use super::record::{Ending, Settlement};
use super::resident::{Resident, Shelf};

/// What a node asks of a shard. Everything comes in the order of the log.
pub enum Command<'e, 'p> {
    Newcomer {
        seat: Seat,
        id: Arc<str>,
        at: Instant,
    },
    Take {
        seat: Seat,
        at: Instant,
        kind: InputKind,
    },
    /// News of an address: about the person only while it is still theirs.
    Reach {
        seat: Seat,
        at: Instant,
        channel: Channel,
        address: String,
        report: Report,
    },
    /// Somebody took back what they had written.
    Unsend {
        seat: Seat,
        words: Box<Words>,
    },
    /// The address is another's now: whoever still has it has it no more.
    Release {
        seat: Seat,
        at: Instant,
        channel: Channel,
        address: String,
    },
    /// Somebody says something of consent: a row is kept if it is news.
    Prove {
        at: Instant,
        statement: Statement,
        row: Box<ConsentRow>,
    },
    /// Each of these seats, if they are of the zone.
    Tick {
        seats: Vec<Seat>,
        at: Instant,
        journey: JourneyId,
        zone: Option<Zone>,
        payload: Option<Value>,
    },
    Advance(Instant),
    Attempted {
        key: PendingKey,
        at: Instant,
    },
    Settle {
        key: PendingKey,
        at: Instant,
        settlement: Settlement,
        answer: Option<Value>,
    },
    /// Looks whether it may leave now, and makes it ready.
    Prepare {
        key: PendingKey,
        at: Instant,
        attempt: u32,
    },
    Forget {
        seat: Seat,
        at: Instant,
    },
    /// No row of what was settled for these seats, or happened to them, since the last cut is to be written: they are
    /// forgotten.
    Strike {
        seats: Vec<Seat>,
    },
    /// Wakes before the horizon are to be noted; these are near and may be at rest.
    Near {
        horizon: Instant,
        wakes: Vec<(Seat, Instant)>,
    },
    /// What was pending when the store was written.
    Restore {
        key: PendingKey,
        pending: Box<Pending>,
    },
    /// Everything that is pending, told as if it were placed now: recovery is over.
    Announce,
    Cut(Position),
    /// Another program runs from here on.
    Program {
        loaded: Loaded<'e, 'p>,
        at: Instant,
    },
    /// Answered by [`Up::Marked`], after everything before.
    Mark,
    /// The last cut is durable; so many people may stay in memory.
    Written {
        keep: usize,
    },
}

/// What a shard tells its node.
#[derive(Debug)]
pub enum Up {
    /// Something waits for dispatch.
    Placed {
        key: PendingKey,
        journey: JourneyId,
        channel: Option<Channel>,
        action: Option<ActionId>,
        at: Instant,
        attempted_at: Option<Instant>,
        at_most_once: bool,
        awaited: bool,
    },
    Prepared {
        key: PendingKey,
        ready: Ready,
    },
    /// Pending no more, without having been settled.
    Gone {
        key: PendingKey,
    },
    /// People of this zone exist.
    Zone(Zone),
    /// Somebody waits for an approval by these.
    Approval {
        person: Arc<str>,
        journey: JourneyId,
        by: String,
    },
    Cut(Box<Piece>),
    Marked,
    /// Nothing that was done may be kept.
    Failed(String),
}

/// What came of looking at an order that is about to leave.
#[derive(Debug)]
pub enum Ready {
    Delivery(Box<Delivery>),
    Call(Box<Call>),
    Hold(Instant),
    Shut(Ending, Option<String>),
}

/// A shard's part of a checkpoint.
#[derive(Debug, Default)]
pub struct Piece {
    pub people: Vec<(Seat, Option<PersonRow>)>,
    pub pending: Vec<(PendingKey, Option<Vec<u8>>)>,
    pub ledger: Vec<LedgerRow>,
    pub journal: Vec<JournalRow>,
    pub consents: Vec<ConsentRow>,
    pub figures: Figures,
}

/// What a shard counts, for metrics and status.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    pub resident: usize,
    pub pending: usize,
    /// By journey.
    pub entered: Vec<u64>,
    /// Runs of people in memory, by journey.
    pub inside: Vec<u64>,
}

/// A person on the way from one shard to another, with all that is theirs.
pub struct Moving {
    leaving: Leaving,
    pending: Vec<(PendingKey, Pending)>,
}

pub struct Shard<'e, 'p> {
    pub(super) host: Host<'e, 'p, Tray, Diary, Resident>,
    pub(super) renderer: &'e Renderer<'p>,
    pub(super) outfit: Arc<Outfit>,
    pub(super) pending: HashMap<PendingKey, Pending, Xxh3Builder>,
    /// By the person whose they are now.
    owned: BTreeSet<(Seat, PendingKey)>,
    pending_changed: BTreeSet<PendingKey>,
    ledger: BTreeMap<PendingKey, Box<LedgerRow>>,
    proofs: Vec<ConsentRow>,
    zones: BTreeSet<Zone>,
    /// What was placed is told to the node only once recovery is over.
    announced: bool,
    ups: Vec<Up>,
}

impl<'e, 'p> Shard<'e, 'p> {
    pub fn new(engine: &'e Engine<'p>, renderer: &'e Renderer<'p>, outfit: Arc<Outfit>, shelf: Shelf) -> Self {
        let diary = Diary::new(outfit.whole_diary);
        Shard {
            host: Host::over(Resident::new(shelf), engine, By::ByTime, Tray::default(), diary),
            renderer,
            outfit,
            pending: HashMap::default(),
            owned: BTreeSet::new(),
            pending_changed: BTreeSet::new(),
            ledger: BTreeMap::new(),
            proofs: Vec::new(),
            zones: BTreeSet::new(),
            announced: false,
            ups: Vec::new(),
        }
    }
    pub(super) fn program(&self) -> &'p Program {
        self.host.engine().program()
    }
    /// The next moment at which something is due by itself.
    pub fn next_due(&self) -> Option<Instant> {
        self.host.next_due()
    }
    pub fn take_ups(&mut self) -> Vec<Up> {
        std::mem::take(&mut self.ups)
    }

    pub fn obey(&mut self, command: Command<'e, 'p>) {
        self.host.journal.is_watched = self.outfit.tail.is_read();
        match command {
            Command::Newcomer { seat, id, at } => {
                self.host.advance(at);
                let newcomer = self.host.engine().newcomer(id);
                if newcomer.generation() > 0 {
                    self.host.journal.changed(seat, at, newcomer.generation());
                }
                self.host.people.place(seat, newcomer);
                self.host.take(seat, at, InputKind::Live);
            }
            Command::Take { seat, at, kind } => {
                let heeds_zone = matches!(kind, InputKind::Profile { .. } | InputKind::Live);
                self.host.take(seat, at, kind);
                if heeds_zone {
                    self.note_zone(seat);
                }
            }
            Command::Reach { seat, at, channel, address, report } => {
                self.pass(at);
                self.host.people.fetch(seat);
                let program = self.program();
                if self.host.person(seat).is_some_and(|person| has_address(program, person, channel, &address)) {
                    self.host.take(seat, at, InputKind::Reach { channel, report });
                }
            }
            Command::Unsend { seat, words } => {
                self.host.people.fetch(seat);
                if let Some(person) = self.host.person_mut(seat) {
                    person.unsend(&words);
                }
                self.host.journal.unsend(seat, &words);
            }
            Command::Release { seat, at, channel, address } => {
                self.pass(at);
                self.host.people.fetch(seat);
                let program = self.program();
                let has = self.host.person(seat).is_some_and(|person| has_address(program, person, channel, &address));
                if let Some(field) = program.person.addresses[channel.index()].filter(|_| has) {
                    let fields = vec![(field, Value::Missing)];
                    self.host.take(seat, at, InputKind::Profile { id: None, fields, consent: Vec::new() });
                }
            }
            Command::Prove { at, statement, row } => {
                self.pass(at);
                self.host.people.fetch(row.seat);
                let program = self.program();
                let proven = self.host.person(row.seat).and_then(|person| statement.proven(program, person, *row));
                self.proofs.extend(proven);
            }
            Command::Tick { seats, at, journey, zone, payload } => {
                self.tick(&seats, at, journey, zone, payload.as_ref())
            }
            Command::Advance(at) => self.host.advance(at),
            Command::Attempted { key, at } => {
                self.pass(at);
                if let Some(pending) = self.pending.get_mut(&key) {
                    pending.attempted_at.get_or_insert(at);
                    self.pending_changed.insert(key);
                }
            }
            Command::Settle { key, at, settlement, answer } => {
                self.pass(at);
                self.settle(key, at, &settlement, answer);
            }
            Command::Prepare { key, at, attempt } => {
                let ready = self.prepare(key, at, attempt);
                self.ups.push(match ready {
                    Some(ready) => Up::Prepared { key, ready },
                    None => Up::Gone { key },
                });
            }
            Command::Forget { seat, at } => self.forget(seat, at),
            Command::Strike { seats } => {
                self.ledger.retain(|key, _| !seats.contains(&key.seat));
                self.proofs.retain(|row| !seats.contains(&row.seat));
                seats.iter().for_each(|seat| self.host.journal.forget(*seat));
            }
            Command::Near { horizon, wakes } => {
                self.host.people.horizon = horizon;
                let changed = self.host.people.unwritten_wakes();
                self.host.look_ahead(horizon, wakes.into_iter().chain(changed));
            }
            Command::Restore { key, pending } => {
                self.owned.insert((pending.owner, key));
                self.pending.insert(key, *pending);
            }
            Command::Announce => self.announce(),
            Command::Cut(position) => self.cut(position),
            Command::Program { loaded, at } => {
                // What was due before is done by the program before.
                self.pass(at);
                self.host.follow(loaded.engine);
                self.renderer = loaded.renderer;
            }
            Command::Mark => self.ups.push(Up::Marked),
            Command::Written { keep } => {
                self.host.people.written(keep);
                give_back(&mut self.pending);
            }
        }
        self.gather();
        self.look_for_approvals();
        let (watched, unwatched) = self.host.journal.take_watched();
        self.outfit.tail.tell(watched, unwatched, |seat| Some(self.host.person(seat)?.id().clone()));
        if let Some(error) = self.host.people.failed.take() {
            self.ups.push(Up::Failed(error.to_string()));
        }
    }

    /// Tells of waits that began for somebody's approval; those of a replay were told before.
    fn look_for_approvals(&mut self) {
        let waits = std::mem::take(&mut self.host.journal.waits);
        if !self.announced {
            return;
        }
        for (seat, journey, step) in waits {
            let code = &self.program().journey(journey).code;
            let arms = code.iter().filter(|i| i.step == step).flat_map(|i| match &i.op {
                Op::Await { arms, .. } => arms.as_slice(),
                _ => &[],
            });
            let by: Vec<String> = arms
                .filter_map(|arm| match &arm.on {
                    ArmOn::Approval { by } => Some(by.clone()),
                    ArmOn::Event { .. } | ArmOn::Handle { .. } | ArmOn::Segment { .. } => None,
                })
                .collect();
            let Some(person) = self.host.person(seat).map(|p| p.id().clone()) else { continue };
            self.ups.extend(by.into_iter().map(|by| Up::Approval { person: person.clone(), journey, by }));
        }
    }
    /// Lets everything be placed that was due up to and at a moment: in a replay nobody did so before.
    fn pass(&mut self, at: Instant) {
        self.host.advance(at);
        self.gather();
    }

    /// Takes a person away, to be merged into another.
    pub fn leave(&mut self, seat: Seat, at: Instant) -> Option<Moving> {
        let leaving = self.host.leave(seat, at)?;
        self.gather();
        let keys: Vec<PendingKey> = self.keys_of(seat);
        let mut pending = Vec::with_capacity(keys.len());
        for key in keys {
            self.owned.remove(&(seat, key));
            // Whoever takes it in tells the store: a word from here that it is gone could come after theirs.
            self.pending_changed.remove(&key);
            pending.extend(self.pending.remove(&key).map(|p| (key, p)));
        }
        Some(Moving { leaving, pending })
    }
    /// Merges somebody who left their seat into this one; says what was added to their run numbers.
    pub fn join(&mut self, seat: Seat, moving: Moving, at: Instant) -> u32 {
        let base = self.host.join(seat, moving.leaving, at).unwrap_or_default();
        for (key, mut pending) in moving.pending {
            pending.owner = seat;
            pending.base = pending.base.saturating_add(base);
            self.owned.insert((seat, key));
            self.pending_changed.insert(key);
            self.pending.insert(key, pending);
        }
        self.gather();
        self.note_zone(seat);
        base
    }

    fn keys_of(&self, seat: Seat) -> Vec<PendingKey> {
        let least = PendingKey { seat: 0, is_call: false, run: 0, step: 0, repetition: 0 };
        self.owned.range((seat, least)..).take_while(|(owner, _)| *owner == seat).map(|(_, key)| *key).collect()
    }

    fn tick(&mut self, seats: &[Seat], at: Instant, journey: JourneyId, zone: Option<Zone>, payload: Option<&Value>) {
        self.pass(at);
        let engine = self.host.engine();
        for seat in seats {
            self.host.people.fetch(*seat);
            let Some(person) = self.host.person(*seat) else { continue };
            if zone.is_none_or(|zone| engine.zone(person, journey) == zone) {
                self.host.take(*seat, at, InputKind::Tick { journey, payload: payload.cloned() });
            }
        }
    }

    /// What the turns so far placed becomes pending.
    fn gather(&mut self) {
        for (seat, at, thing) in std::mem::take(&mut self.host.outbox.placed) {
            let key = match &thing {
                Thing::Order(order) => PendingKey::of_send(SendKey { seat, send: order.id }),
                Thing::Call(call) => PendingKey::of_call(CallKey { seat, call: call.id }),
            };
            let pending = Pending { owner: seat, base: 0, ordered_at: at, attempted_at: None, thing };
            self.pending_changed.insert(key);
            self.owned.insert((seat, key));
            if self.announced {
                self.ups.push(self.placed(key, &pending));
            }
            self.pending.insert(key, pending);
        }
    }
    fn placed(&self, key: PendingKey, pending: &Pending) -> Up {
        let journey = pending.thing.journey();
        let (channel, action, at_most_once, awaited) = match &pending.thing {
            Thing::Order(order) => {
                let message = self.program().message(order.message);
                (Some(order.channel), None, message.at_most_once, order.awaited)
            }
            Thing::Call(call) => {
                let idempotent = self.program().actions[call.action.index()].idempotent;
                (None, Some(call.action), !idempotent, true)
            }
        };
        let (at, attempted_at) = (pending.ordered_at, pending.attempted_at);
        Up::Placed { key, journey, channel, action, at, attempted_at, at_most_once, awaited }
    }
    fn announce(&mut self) {
        self.announced = true;
        let mut keys: Vec<PendingKey> = self.pending.keys().copied().collect();
        keys.sort_unstable();
        let placed = keys.iter().filter_map(|key| Some(self.placed(*key, self.pending.get(key)?)));
        self.ups.extend(placed.collect::<Vec<Up>>());
    }

    fn settle(&mut self, key: PendingKey, at: Instant, settlement: &Settlement, answer: Option<Value>) {
        let Some(pending) = self.pending.remove(&key) else { return };
        let seat = pending.owner;
        self.owned.remove(&(seat, key));
        self.pending_changed.insert(key);
        self.ledger.insert(key, Box::new(pending.ledger_row(self.program(), key, at, settlement)));
        match pending.thing {
            Thing::Order(mut order) => {
                if let Some(report) = settlement.address {
                    self.host.take(seat, at, InputKind::Reach { channel: order.channel, report });
                }
                let report = settlement.ending.report();
                // That a message was taken is news only to a run that waits for it.
                if order.awaited || report != Report::Accepted {
                    order.id.run.0 = order.id.run.0.saturating_add(pending.base);
                    self.host.take(seat, at, InputKind::Report { send: order.id, report });
                }
            }
            Thing::Call(mut call) => {
                call.id.run.0 = call.id.run.0.saturating_add(pending.base);
                // Silence is the machine's to judge: the action's patience runs out by itself.
                if settlement.ending.is_answer() {
                    self.host.take(seat, at, InputKind::Answer { call: call.id, result: answer });
                }
            }
        }
    }

    fn forget(&mut self, seat: Seat, at: Instant) {
        self.pass(at);
        for key in self.keys_of(seat) {
            self.pending.remove(&key);
            self.owned.remove(&(seat, key));
            self.pending_changed.insert(key);
            self.ups.push(Up::Gone { key });
        }
        self.host.people.fetch(seat);
        self.host.people.remove(seat);
        self.host.journal.forget(seat);
    }

    fn note_zone(&mut self, seat: Seat) {
        let Some(field) = self.program().person.zone else { return };
        if let Some(Value::Zone(zone)) = self.host.person(seat).map(|p| p.field(field).clone())
            && self.zones.insert(zone)
        {
            self.ups.push(Up::Zone(zone));
        }
    }

    fn cut(&mut self, position: Position) {
        let changed = std::mem::take(&mut self.pending_changed);
        let bytes = |key: &PendingKey| self.pending.get(key).map(crate::machine::rest::bytes_of);
        let pending = changed.iter().map(|key| (*key, bytes(key))).collect();
        let figures = Figures {
            resident: self.host.people.count(),
            pending: self.pending.len(),
            entered: self.host.journal.entered.clone(),
            inside: self.host.people.inside(self.program().journeys.len()),
        };
        let piece = Piece {
            people: self.host.people.cut(),
            pending,
            ledger: std::mem::take(&mut self.ledger).into_values().map(|row| *row).collect(),
            journal: self.host.journal.cut(position),
            consents: std::mem::take(&mut self.proofs),
            figures,
        };
        self.ups.push(Up::Cut(Box::new(piece)));
    }
}

/// A table that a rush made large is made small again, with room to grow.
pub(super) fn give_back<V>(table: &mut HashMap<PendingKey, V, Xxh3Builder>) {
    const ROOMY: usize = 4_096;
    if table.capacity() > ROOMY.max(table.len() * 8) {
        table.shrink_to(table.len() * 2);
    }
}
