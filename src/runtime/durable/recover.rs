//! Opening a node: what the store has, the rest of the log replayed on it, and what is still to be done.
//!
//! Repairs nothing: what cannot be read is an error with its place.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ir::Program;
use crate::machine::rest;
use crate::ports::store::{IdKind, IdRow, Log, Position, Store, StoreError, StoreReader};
use crate::ports::{Scope, Seat};
use crate::runtime::identity::KnownId;
use crate::runtime::ticks::{Tick, Ticks};
use crate::runtime::{Budgets, Identities};
use crate::value::time::MILLIS_PER_HOUR;
use crate::value::{Instant, Span};

use super::dispatcher::{Allowance, Dispatcher, WAYS};
use super::lanes::Lanes;
use super::library::{Library, Loaded};
use super::node::{Counters, Node};
use super::outfit::Outfit;
use super::pending::Pending;
use super::record::{Record, What, Where};
use super::resident::Shelf;
use super::shard::{Command, Up};

/// How far ahead wakes of people at rest are noted; looked for anew when half of it has passed.
const LOOK_AHEAD: Span = Span(4 * MILLIS_PER_HOUR);

/// Ids of notices that outlive the process, of those heard last: with every checkpoint they are written anew.
const HEARD_KEPT_MAX: usize = 2_000;

/// Names of small things in the store.
pub(super) mod note {
    pub const PROGRAM: &str = "program";
    pub const TICKS: &str = "ticks";
    pub const JOBS: &str = "jobs";
    pub const BUDGETS: &str = "budgets";
    pub const STOPS: &str = "stops";
    pub const DEAD: &str = "dead";
    pub const SEATS: &str = "seats";
    pub const HEARD: &str = "heard";
}

/// Why a node could not be opened.
#[derive(Debug)]
pub enum OpenError {
    Store(StoreError),
    /// A record of the log, or something in the store, is not what was written.
    Damaged(String),
    /// What is kept belongs to another version of the campaigns, and people are on their way in it.
    OtherProgram {
        kept: [u8; 32],
    },
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> OpenError {
        OpenError::Store(error)
    }
}

/// What a node is opened with.
pub struct Opening<'e, 'p> {
    /// The program that the store was written under last, or the first.
    pub loaded: Loaded<'e, 'p>,
    /// Where those that followed it are found.
    pub library: Box<dyn Library<'e, 'p> + 'e>,
    pub outfit: Arc<Outfit>,
    pub log: Box<dyn Log>,
    pub allowances: [Allowance; WAYS],
    /// The clock's time; what the log says may be later.
    pub now: Instant,
}

/// Which program a store was written under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// 0 where nothing ever replaced anything.
    pub generation: u32,
    pub bundle: [u8; 32],
    /// When it went live.
    pub at: Instant,
}

impl Deployment {
    pub fn of(program: &Program) -> Deployment {
        let last = program.deployed.as_deref().and_then(|deployed| deployed.changes.last());
        let at = last.map_or(Instant(i64::MIN), |change| change.at);
        Deployment { generation: program.generation(), bundle: program.bundle(), at }
    }
    /// Of a store; absent before its first checkpoint.
    pub fn kept(reader: &mut dyn StoreReader) -> Result<Option<Deployment>, OpenError> {
        note(reader, note::PROGRAM)
    }
}

/// How much a recovery had to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    pub from: Position,
    pub records: u64,
    pub pending: usize,
}

/// People at rest, for the shards and the node.
pub fn shelf_of(store: &dyn Store) -> Result<Shelf, StoreError> {
    Ok(Arc::new(Mutex::new(store.reader()?)))
}

impl<'s, 'e, 'p> Node<'s, 'e, 'p> {
    /// Opens a node over shards that are empty. In threads, what they tell comes by `next_ups` until all have announced
    /// what is pending.
    pub fn open(
        opening: Opening<'e, 'p>,
        store: &dyn Store,
        shelf: Shelf,
        lanes: Lanes<'s, 'e, 'p>,
        next_ups: &mut dyn FnMut() -> Vec<Up>,
    ) -> Result<(Self, Recovered), OpenError> {
        let Opening { loaded: Loaded { engine, schema, renderer: _ }, library, outfit, log, allowances, now } = opening;
        let program = engine.program();
        let (from, at) = store.position()?;
        let mut node = Node {
            engine,
            library,
            schema,
            outfit,
            log,
            shelf: shelf.clone(),
            lanes,
            identities: Identities::default(),
            merges: HashMap::new(),
            tombstones: HashSet::new(),
            ticks: Ticks::new(program),
            jobs: VecDeque::new(),
            dispatcher: Dispatcher::new(allowances),
            budgets: Budgets::new(program),
            started: None,
            stops: BTreeSet::new(),
            heard: (HashSet::new(), VecDeque::new()),
            now: at,
            replaying: true,
            closing: false,
            staged: Vec::new(),
            prepared: Vec::new(),
            out: Vec::new(),
            making: HashMap::new(),
            touched: HashMap::new(),
            changes: Default::default(),
            dead_next: 1,
            unsent: Vec::new(),
            statements: (Position(0), 0),
            horizon: Instant(i64::MIN),
            cutting: None,
            cut_at: from,
            approvals: Vec::new(),
            counters: Counters::default(),
            figures: Vec::new(),
            failed: None,
        };
        node.stand();
        let started = node.restore()?;
        let records = node.replay(from)?;
        // What shards in threads tell of the replay is from its time, not from the end of the pause.
        node.hear_all(next_ups)?;
        node.replaying = false;
        node.now = node.now.max(now);
        if !started && records == 0 {
            node.ticks.start(node.now);
        }
        node.look_ahead()?;
        node.lanes.give_all(|| Command::Announce);
        node.lanes.flush();
        node.hear_all(next_ups)?;
        let pending = node.dispatcher.len();
        let program = node.program().bundle();
        node.stage(What::Started { program });
        Ok((node, Recovered { from, records, pending }))
    }

    /// Takes back what the store has; says whether it has anything.
    fn restore(&mut self) -> Result<bool, OpenError> {
        let shelf = self.shelf.clone();
        let mut reader = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let reader: &mut dyn StoreReader = &mut **reader;
        let kept: Option<Deployment> = note(reader, note::PROGRAM)?;
        if let Some(kept) = kept.filter(|kept| *kept != self.deployment()) {
            return Err(OpenError::OtherProgram { kept: kept.bundle });
        }
        let ids = known_ids(reader)?;
        self.started = kept.map(|kept| kept.bundle);
        let mut merged = Vec::new();
        reader.merges(&mut |row| merged.push(row))?;
        let pairs: Vec<(Seat, Seat)> = merged.iter().map(|row| (row.from, row.into)).collect();
        let end: Seat = note(reader, note::SEATS)?.unwrap_or_default();
        self.identities.restore(ids, &pairs, end);
        self.identities.watch();
        self.merges = merged.into_iter().map(|row| (row.from, (row.into, row.base))).collect();
        reader.tombstones(&mut |hash| {
            self.tombstones.insert(hash);
        })?;
        let ticks: Option<Vec<Tick>> = note(reader, note::TICKS)?;
        let has_ticks = ticks.is_some();
        self.ticks.restore(ticks.unwrap_or_default());
        self.jobs = note(reader, note::JOBS)?.unwrap_or_default();
        if let Some(used) = note(reader, note::BUDGETS)? {
            self.budgets.restore(used);
        }
        let stops: Vec<Where> = note(reader, note::STOPS)?.unwrap_or_default();
        self.dead_next = note(reader, note::DEAD)?.unwrap_or(1);
        let heard: Vec<u64> = note(reader, note::HEARD)?.unwrap_or_default();
        for id in heard {
            self.note_heard(id);
        }
        let mut pending = Vec::new();
        reader.pending(&mut |key, bytes| pending.push((key, bytes)))?;
        for scope in stops {
            self.apply(Position(0), self.now, What::Stop { scope, stopped: true, by: String::new() }, None);
        }
        for (key, bytes) in pending {
            let (pending, _) = rest::read::<Pending>(&bytes)
                .map_err(|_| OpenError::Damaged(format!("what waits for dispatch to seat {}", key.seat)))?;
            let owner = pending.owner;
            self.lanes.give(owner, Command::Restore { key, pending: Box::new(pending) });
        }
        Ok(kept.is_some() && has_ticks)
    }

    fn replay(&mut self, from: Position) -> Result<u64, OpenError> {
        // Read in pieces, so that shards in threads work along, and the log is not borrowed while records are applied.
        const PIECE: usize = 4_096;
        let (mut next, mut count, mut first) = (from, 0, true);
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            self.log.read(next, &mut |position, bytes| {
                piece.push((position, Record::from_bytes(bytes)));
                piece.len() < PIECE
            })?;
            let Some((last, _)) = piece.last() else { return Ok(count) };
            next = Position(last.0 + 1);
            for (position, record) in piece {
                let Record { at, what } =
                    record.map_err(|_| OpenError::Damaged(format!("record {} of the log", position.0)))?;
                self.now = self.now.max(at);
                if std::mem::take(&mut first) && self.ticks.all().is_empty() {
                    self.ticks.start(self.now);
                }
                if self.horizon <= self.now {
                    self.look_ahead()?;
                }
                self.apply(position, at, what, None);
                count += 1;
            }
            self.lanes.flush();
            if let Lanes::Here(_) = self.lanes {
                self.lanes.take_ups().into_iter().for_each(|up| self.up(up));
            }
        }
    }

    /// Waits until every shard has told what is pending: a cut that is thrown away marks the end.
    fn hear_all(&mut self, next_ups: &mut dyn FnMut() -> Vec<Up>) -> Result<(), OpenError> {
        let here = matches!(self.lanes, Lanes::Here(_));
        let mut missing = self.lanes.count();
        self.lanes.give_all(|| Command::Mark);
        self.lanes.flush();
        while missing > 0 {
            let ups = if here { self.lanes.take_ups() } else { next_ups() };
            for up in ups {
                match up {
                    Up::Marked => missing -= 1,
                    other => self.up(other),
                }
            }
            if let Some(why) = self.failed.take() {
                return Err(OpenError::Damaged(why));
            }
        }
        Ok(())
    }

    /// When wakes are looked for that have come near; there are none to look for before anybody has a seat.
    pub(super) fn looks_ahead_at(&self) -> Option<Instant> {
        (!self.identities.is_empty()).then(|| self.horizon.minus(Span(LOOK_AHEAD.0 / 2)))
    }
    /// Notes wakes that have come near, when it is time to.
    pub(super) fn look_ahead(&mut self) -> Result<(), StoreError> {
        if self.looks_ahead_at().is_some_and(|at| at > self.now) {
            return Ok(());
        }
        let horizon = self.now.plus(LOOK_AHEAD);
        let mut wakes = vec![Vec::new(); self.lanes.count()];
        {
            let shelf = self.shelf.clone();
            let mut reader = shelf.lock().unwrap_or_else(PoisonError::into_inner);
            reader.waking(self.horizon, horizon, &mut |seat, at| {
                let lane = self.lanes.of(seat);
                wakes[lane].push((seat, at));
            })?;
        }
        self.horizon = horizon;
        for (lane, wakes) in wakes.into_iter().enumerate() {
            self.lanes.give_lane(lane, Command::Near { horizon, wakes });
        }
        Ok(())
    }

    fn deployment(&self) -> Deployment {
        Deployment::of(self.program())
    }

    // ---- what a checkpoint keeps of the node itself --------------------------------------------------------------

    pub(super) fn id_rows(&mut self) -> Vec<IdRow> {
        let mut rows = Vec::new();
        for KnownId { id, seat, is_name, is_user } in self.identities.changes() {
            let kinds = [(IdKind::Anonymous, true), (IdKind::Name, is_name), (IdKind::User, is_name && is_user)];
            let is_so = kinds.into_iter().filter(|(_, is_so)| *is_so);
            rows.extend(is_so.map(|(kind, _)| IdRow { id: id.to_string(), seat, kind }));
        }
        rows
    }
    pub(super) fn notes(&self) -> Vec<(String, Option<Vec<u8>>)> {
        fn kept<T: Serialize>(name: &str, thing: &T) -> (String, Option<Vec<u8>>) {
            (name.to_owned(), Some(rest::bytes_of(thing)))
        }
        let stops: Vec<Where> = self.stops.iter().cloned().map(Scope::into).collect();
        let heard: Vec<u64> = self.heard.1.iter().rev().take(HEARD_KEPT_MAX).rev().copied().collect();
        vec![
            kept(note::PROGRAM, &self.deployment()),
            kept(note::TICKS, &self.ticks.all()),
            kept(note::JOBS, &self.jobs),
            kept(note::BUDGETS, &self.budgets.used()),
            kept(note::STOPS, &stops),
            kept(note::DEAD, &self.dead_next),
            kept(note::SEATS, &(self.identities.len() as Seat)),
            kept(note::HEARD, &heard),
        ]
    }
}

/// Every id leads to a seat; one of a seat's ids is its name, and if that is a user's id, it is a user's seat.
fn known_ids(reader: &mut dyn StoreReader) -> Result<Vec<KnownId>, StoreError> {
    let (mut leads, mut names, mut users) = (Vec::new(), HashSet::new(), HashSet::new());
    reader.ids(&mut |row| match row.kind {
        IdKind::Anonymous => leads.push((row.id, row.seat)),
        IdKind::Name => drop(names.insert((row.seat, row.id))),
        IdKind::User => drop(users.insert((row.seat, row.id))),
    })?;
    let known = |(id, seat): (String, Seat)| {
        let key = (seat, id);
        let (is_name, is_user) = (names.contains(&key), users.contains(&key));
        KnownId { id: key.1.into(), seat, is_name, is_user }
    };
    Ok(leads.into_iter().map(known).collect())
}

pub(super) fn note<T: DeserializeOwned>(reader: &mut dyn StoreReader, name: &str) -> Result<Option<T>, OpenError> {
    let Some(bytes) = reader.note(name)? else { return Ok(None) };
    match postcard::from_bytes(&bytes) {
        Ok(thing) => Ok(Some(thing)),
        Err(_) => Err(OpenError::Damaged(format!("the note `{name}` of the store"))),
    }
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OpenError::Store(error) => write!(f, "{error}"),
            OpenError::Damaged(what) => write!(f, "{what} is damaged"),
            OpenError::OtherProgram { .. } => write!(f, "the data belongs to another version of the campaigns"),
        }
    }
}
