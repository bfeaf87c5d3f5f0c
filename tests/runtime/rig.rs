//! A node over an imagined disk and a store in memory, with a clock that somebody moves and providers that somebody plays.
//!
//! Asserts nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tabi::ingest::Schema;
use tabi::ir::Program;
use tabi::machine::{Engine, Entry, Person};
use tabi::ports::store::{Store, StoreError, StoreReader};
use tabi::ports::{CallOutcome, Idempotency, Outcome, Seat, Secret};
use tabi::render::Renderer;
use tabi::runtime::durable::diary::{self, Line};
use tabi::runtime::durable::dispatcher::{Allowance, WAYS};
use tabi::runtime::durable::lanes::Lanes;
use tabi::runtime::durable::library::{Library, Loaded};
use tabi::runtime::durable::node::{Node, Work};
use tabi::runtime::durable::outfit::Outfit;
use tabi::runtime::durable::recover::{OpenError, Opening, Recovered, shelf_of};
use tabi::runtime::durable::shard::Shard;
use tabi::store::imagined::ImaginedDisk;
use tabi::store::log::FileLog;
use tabi::store::memory::{Memory, MemoryStore};
use tabi::value::Instant;
use tabi::why::replay::recorded;
use tabi::why::{Editions, Past, replay};

/// Rounds at one moment; more means that something goes round and round.
const ROUNDS_MAX: usize = 10_000;

/// What everything is built over; leaked, since a test's process is short.
#[derive(Clone, Copy)]
pub struct Ground {
    pub program: &'static Program,
    pub engine: &'static Engine<'static>,
    pub schema: &'static Schema,
    pub renderer: &'static Renderer<'static>,
}

impl Ground {
    pub fn new(program: Program) -> Ground {
        let program: &'static Program = Box::leak(Box::new(program));
        Ground {
            program,
            engine: Box::leak(Box::new(Engine::new(program))),
            schema: Box::leak(Box::new(Schema::new(program))),
            renderer: Box::leak(Box::new(Renderer::new(program))),
        }
    }
    pub fn loaded(self) -> Loaded<'static, 'static> {
        Loaded { engine: self.engine, schema: self.schema, renderer: self.renderer }
    }
}

/// Programs that may go live, by generation.
#[derive(Clone, Default)]
pub struct Programs(pub Arc<Mutex<BTreeMap<u32, Program>>>);

impl Programs {
    pub fn put(&self, program: Program) {
        self.0.lock().unwrap().insert(program.generation(), program);
    }
    /// As it went live at a moment.
    pub fn get(&self, generation: u32, at: Instant) -> Option<Program> {
        let mut program = self.0.lock().unwrap().get(&generation).cloned()?;
        let deployed = program.deployed.as_deref_mut()?;
        deployed.changes.iter_mut().filter(|c| c.generation == generation).for_each(|c| c.at = at);
        Some(program)
    }
}

impl Library<'static, 'static> for Programs {
    fn load(&mut self, generation: u32, at: Instant) -> Result<Loaded<'static, 'static>, StoreError> {
        let program = self.get(generation, at).ok_or(StoreError::Damaged { what: "no such program".into() })?;
        // What comes after links to what went live.
        self.put(program.clone());
        Ok(Ground::new(program).loaded())
    }
}

/// Plays providers and actions. `None`: says nothing, now or ever.
pub trait World {
    fn deliver(&mut self, at: Instant, work: &Work) -> Option<Outcome>;
    fn call(&mut self, at: Instant, work: &Work) -> Option<CallOutcome>;
}

pub struct Rig {
    pub ground: Ground,
    pub programs: Programs,
    pub node: Node<'static, 'static, 'static>,
    pub store: MemoryStore,
    pub recovered: Recovered,
}

pub fn secret() -> Secret {
    Secret::new([42; 32])
}

/// Rates without limit, and receivers who recognise a repeat.
pub fn free(idempotency: Idempotency) -> [Allowance; WAYS] {
    std::array::from_fn(|_| Allowance { per_second_max: None, at_once_max: 64, idempotency })
}

impl Rig {
    pub fn open(
        ground: Ground,
        disk: &ImaginedDisk,
        memory: &Memory,
        shards: usize,
        allowances: [Allowance; WAYS],
        now: Instant,
    ) -> Result<Rig, OpenError> {
        Rig::open_among(&Programs::default(), ground, disk, memory, shards, allowances, now, true)
    }
    /// With a journal that is whole, or such as `tabi run` keeps it. Whoever opens it says which program the store was
    /// written under.
    #[allow(clippy::too_many_arguments)]
    pub fn open_among(
        programs: &Programs,
        ground: Ground,
        disk: &ImaginedDisk,
        memory: &Memory,
        shards: usize,
        allowances: [Allowance; WAYS],
        now: Instant,
        whole_diary: bool,
    ) -> Result<Rig, OpenError> {
        let log = Box::new(FileLog::open(disk.folder())?);
        let store = memory.open();
        let shelf = shelf_of(&store)?;
        let outfit = Arc::new(Outfit {
            secret: secret(),
            public_url: Some("https://m.example.jp".to_owned()),
            mailbox_host: None,
            whole_diary,
            tail: Arc::default(),
        });
        let shard = |_| Shard::new(ground.engine, ground.renderer, outfit.clone(), shelf.clone());
        let lanes = Lanes::Here((0..shards).map(shard).collect());
        let library = Box::new(programs.clone());
        let opening = Opening { loaded: ground.loaded(), library, outfit: outfit.clone(), log, allowances, now };
        let (node, recovered) = Node::open(opening, &store, shelf, lanes, &mut Vec::new)?;
        Ok(Rig { ground, programs: programs.clone(), node, store, recovered })
    }

    /// Rounds until nothing more happens at this moment.
    pub fn settle(&mut self, now: Instant, world: &mut impl World) -> Result<(), StoreError> {
        for _ in 0..ROUNDS_MAX {
            self.node.commit(now)?;
            self.node.advance(now);
            self.node.commit(now)?;
            let work = self.node.work();
            let idle = work.is_empty() && !self.node.has_staged();
            for work in work {
                match &work {
                    Work::Deliver { key, .. } => {
                        if let Some(outcome) = world.deliver(now, &work) {
                            self.node.delivered(*key, outcome, now);
                        }
                    }
                    Work::Call { key, .. } => {
                        if let Some(outcome) = world.call(now, &work) {
                            self.node.answered(*key, &outcome, now);
                        }
                    }
                }
            }
            if !idle {
                continue;
            }
            // Providers answer in no time here, so that what timers brought has come to rest before schedules are looked at.
            self.node.tick(now);
            if self.node.next_due().is_none_or(|due| due > now) {
                return Ok(());
            }
        }
        panic!("things go round and round at {now}");
    }
    /// Lets time pass, stopping wherever something is due.
    pub fn run_until(&mut self, to: Instant, world: &mut impl World) -> Result<(), StoreError> {
        while let Some(due) = self.node.next_due().filter(|due| *due <= to) {
            self.settle(due.max(self.node.now()), world)?;
        }
        self.settle(to, world)
    }
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.checkpoint_keeping(10_000)
    }
    /// So many people stay in memory, and those who were looked at lately.
    pub fn checkpoint_keeping(&mut self, keep: usize) -> Result<(), StoreError> {
        if !self.node.may_cut() {
            self.node.commit(self.node.now())?;
        }
        self.node.cut();
        if let Some(checkpoint) = self.node.checkpoint() {
            self.store.write(&checkpoint)?;
            self.node.written(checkpoint.position, keep)?;
        }
        Ok(())
    }
    pub fn reader(&self) -> Box<dyn StoreReader> {
        self.store.reader().expect("memory can be read")
    }
    /// As of the last checkpoint.
    pub fn person(&self, seat: Seat) -> Option<Person> {
        let row = self.reader().person(seat).expect("memory can be read")?;
        Some(Person::from_bytes(&row.state).expect("a person reads back"))
    }
    /// What is kept of somebody, as of the last checkpoint.
    pub fn past(&self, seat: Seat) -> Past {
        let others = self.node.seats_of(seat).into_iter().filter(|other| *other != seat);
        let live = self.node.program();
        let changes = live.deployed.as_deref().map_or(&[][..], |deployed| &deployed.changes);
        let before = changes.iter().filter(|change| change.generation < live.generation());
        Past {
            id: self.person(seat).expect("somebody").id().clone(),
            lines: self.lines(seat),
            joined: others.map(|other| (other, self.lines(other))).collect(),
            earlier: before.filter_map(|c| self.programs.get(c.generation, c.at).map(Arc::new)).collect(),
        }
    }
    /// The person made anew from the journal, as of the last checkpoint, equals the person who was kept; and so do the
    /// entries. Says how many there are, else what differs.
    pub fn replay(&self, seat: Seat) -> Result<usize, String> {
        let person = self.person(seat).expect("somebody");
        let past = self.past(seat);
        let earlier = past.engines(Engine::new);
        let editions = Editions::all(self.node.engine(), &earlier);
        let told = replay(editions, &past, self.node.now(), &mut |_| {});
        let told = told.map_err(|why| format!("{why:?}: {:?}", past.lines.first()))?;
        let recorded: Vec<&Entry> = recorded(&past.lines, self.node.now()).collect();
        let differ = recorded.iter().zip(&told.entries).position(|(a, b)| *a != b);
        if !told.is_faithful {
            let index = differ.unwrap_or(recorded.len().min(told.entries.len()));
            let (first, again) = (recorded.get(index), told.entries.get(index));
            let at = first.map(|e| e.at).into_iter().chain(again.map(|e| e.at)).min();
            let near = |line: &&Line| matches!(line, Line::Taken(input) if Some(input.at) <= at);
            let lines: Vec<&Line> = past.lines.iter().filter(near).collect();
            let last = &lines[lines.len().saturating_sub(3)..];
            return Err(format!("entry {index}\nfirst: {first:?}\nagain: {again:?}\nafter: {last:#?}"));
        }
        if told.person != person || told.person.to_bytes() != person.to_bytes() {
            return Err(format!("person\nkept: {person:?}\nagain: {:?}", told.person));
        }
        Ok(recorded.len())
    }
    /// As of the last checkpoint.
    pub fn lines(&self, seat: Seat) -> Vec<Line> {
        let pieces = self.reader().journal(seat).expect("memory can be read");
        pieces.iter().flat_map(diary::lines_of).collect()
    }
}
