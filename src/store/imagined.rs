//! An imagined disk that fails on purpose, the same way for the same seed: for tests of whatever must survive a crash.
//!
//! Not for use with data that anybody needs. It is one folder; the log does not ask for more.
//!
//! What it takes from real disks:
//! - what is written is kept for certain only after a sync; at a loss of power it is kept wholly, in part (a piece of 512
//!   bytes here and there, or up to any byte) or not at all, and a file may have grown over bytes that never came;
//! - what is made or removed in the folder is kept for certain only after the folder is synced, each by itself;
//! - a sync that fails may have dropped what it should have written; it still reads well, and a later sync succeeds
//!   without bringing it back;
//! - reads and writes may be short; space may run out in the middle of a write;
//! - the machine may stop in the middle of any operation.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::disk::{Disk, DiskFile};

/// Kept or lost as one.
const PIECE: usize = 512;

/// How often in 65 536 times something goes wrong by itself. All zero: nothing does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Odds {
    /// A read or a write does less than asked for.
    pub short: u16,
    /// The disk is full, for this write.
    pub full: u16,
    /// A write fails for no reason.
    pub write: u16,
    /// A sync of a file or of the folder fails.
    pub sync: u16,
}

/// A handle; clones are the same disk.
#[derive(Clone)]
pub struct ImaginedDisk(Arc<Mutex<World>>);

struct World {
    chance: Chance,
    odds: Odds,
    /// Bytes of all files together; `None`: without end.
    capacity: Option<u64>,
    /// Operations so far.
    operations: u64,
    /// The machine stops in the middle of this operation.
    stops_at: Option<u64>,
    running: bool,
    /// Handles from before the last stop are dead.
    life: u64,
    files: Vec<Inode>,
    /// The folder as it is seen, and as it is on the disk for certain.
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// Changes of the folder since it was synced: made (with its file) or removed.
    changes: Vec<(String, Option<usize>)>,
}

#[derive(Default)]
struct Inode {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// Since the last sync.
    changes: Vec<Change>,
}

enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { len: usize },
}

impl ImaginedDisk {
    pub fn new(seed: u64) -> ImaginedDisk {
        ImaginedDisk(Arc::new(Mutex::new(World {
            chance: Chance(seed),
            odds: Odds::default(),
            capacity: None,
            operations: 0,
            stops_at: None,
            running: true,
            life: 0,
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            changes: Vec::new(),
        })))
    }

    /// The folder, for a log.
    pub fn folder(&self) -> Box<dyn Disk> {
        Box::new(Handle { disk: self.clone(), life: self.world().life })
    }
    pub fn set_odds(&self, odds: Odds) {
        self.world().odds = odds;
    }
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.world().capacity = bytes;
    }
    /// Operations so far, failed ones included.
    pub fn operations(&self) -> u64 {
        self.world().operations
    }
    /// Stops the machine in the middle of the operation that many operations ahead (0: the next one).
    pub fn stop_after(&self, operations: u64) {
        let mut world = self.world();
        world.stops_at = Some(world.operations + operations);
    }
    /// Whether it has stopped; every operation fails until it is started again.
    pub fn has_stopped(&self) -> bool {
        !self.world().running
    }

    /// The power fails and comes back: what was not synced is kept, torn or lost by chance. Open handles are dead.
    pub fn lose_power(&self) {
        let mut world = self.world();
        world.start_again();
        let World { chance, files, changes, durable_names, names, .. } = &mut *world;
        for (name, made) in std::mem::take(changes) {
            if chance.of(2) == 0 {
                change_names(durable_names, name, made);
            }
        }
        *names = durable_names.clone();
        for file in files {
            file.settle(chance);
            file.seen = file.durable.clone();
        }
    }
    /// The process is killed: what reached the operating system is there. Open handles are dead.
    pub fn kill(&self) {
        self.world().start_again();
    }

    /// Bytes of a file as they are seen.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let world = self.world();
        let file = world.names.get(name).and_then(|index| world.files.get(*index))?;
        Some(file.seen.clone())
    }
    pub fn names(&self) -> Vec<String> {
        self.world().names.keys().cloned().collect()
    }
    /// Changes bytes behind everybody's back, durably: a disk that rots.
    pub fn tamper(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut world = self.world();
        let Some(index) = world.names.get(name).copied() else { return };
        if let Some(file) = world.files.get_mut(index) {
            change(&mut file.seen);
            file.durable = file.seen.clone();
            file.changes.clear();
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A test that failed elsewhere says more than a second panic here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What becomes of an operation.
enum Fate {
    Done,
    /// It fails, or the machine stops while it is under way: some of it may be done.
    Partly(io::Error),
}

impl World {
    fn start_again(&mut self) {
        self.running = true;
        self.stops_at = None;
        self.life += 1;
    }

    /// Counts an operation; an error when the machine stands still.
    fn operate(&mut self, life: u64, odds: u16, failure: fn() -> io::Error) -> io::Result<Fate> {
        if !self.running || life != self.life {
            return Err(io::Error::other("the machine has stopped"));
        }
        let now = self.operations;
        self.operations += 1;
        if self.stops_at.is_some_and(|at| now >= at) {
            self.running = false;
            return Ok(Fate::Partly(io::Error::other("the machine stops")));
        }
        if self.chance.happens(odds) {
            return Ok(Fate::Partly(failure()));
        }
        Ok(Fate::Done)
    }
    fn broken() -> io::Error {
        io::Error::other("the disk says no")
    }
    fn full() -> io::Error {
        io::ErrorKind::StorageFull.into()
    }

    fn change_folder(&mut self, life: u64, name: &str, made: Option<usize>) -> io::Result<()> {
        let fate = self.operate(life, if made.is_some() { self.odds.full } else { 0 }, World::full)?;
        let done = match &fate {
            Fate::Done => true,
            // It stops before or after; a full disk makes no file.
            Fate::Partly(error) => error.kind() != io::ErrorKind::StorageFull && self.chance.of(2) == 0,
        };
        if done {
            change_names(&mut self.names, name.to_string(), made);
            self.changes.push((name.to_string(), made));
        }
        match fate {
            Fate::Done => Ok(()),
            Fate::Partly(error) => Err(error),
        }
    }

    fn room(&self) -> u64 {
        let used: u64 = self.names.values().filter_map(|i| self.files.get(*i)).map(|f| f.seen.len() as u64).sum();
        self.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(used))
    }

    fn write(&mut self, life: u64, index: usize, at: u64, bytes: &[u8]) -> io::Result<usize> {
        let odds = self.odds;
        let mut fate = self.operate(life, odds.write, World::broken)?;
        let at = usize::try_from(at).map_err(io::Error::other)?;
        let mut take = bytes.len();
        if matches!(fate, Fate::Done) {
            let grows = self.files.get(index).map_or(0, |file| (at + take).saturating_sub(file.seen.len())) as u64;
            if grows > self.room() || self.chance.happens(odds.full) {
                fate = Fate::Partly(World::full());
            } else if take > 1 && self.chance.happens(odds.short) {
                take = 1 + self.chance.of(take as u64 - 1) as usize;
            }
        }
        if let Fate::Partly(_) = fate {
            // Even a write that fails may have come some way.
            take = self.chance.of(take as u64 + 1) as usize;
            take = take.min(usize::try_from(self.room()).unwrap_or(usize::MAX));
        }
        let file = self.files.get_mut(index).ok_or(io::ErrorKind::NotFound)?;
        let bytes = bytes.get(..take).unwrap_or_default().to_vec();
        if !bytes.is_empty() {
            file.change(Change::Write { at, bytes });
        }
        match fate {
            Fate::Done => Ok(take),
            Fate::Partly(error) => Err(error),
        }
    }

    fn truncate(&mut self, life: u64, index: usize, len: u64) -> io::Result<()> {
        let fate = self.operate(life, self.odds.write, World::broken)?;
        let len = usize::try_from(len).map_err(io::Error::other)?;
        let done = matches!(fate, Fate::Done) || self.chance.of(2) == 0;
        let file = self.files.get_mut(index).ok_or(io::ErrorKind::NotFound)?;
        if done {
            file.change(Change::Truncate { len });
        }
        match fate {
            Fate::Done => Ok(()),
            Fate::Partly(error) => Err(error),
        }
    }

    fn sync(&mut self, life: u64, index: usize) -> io::Result<()> {
        let fate = self.operate(life, self.odds.sync, World::broken)?;
        let running = self.running;
        let file = self.files.get_mut(index).ok_or(io::ErrorKind::NotFound)?;
        match fate {
            Fate::Done => {
                for change in std::mem::take(&mut file.changes) {
                    change.apply(&mut file.durable);
                }
                Ok(())
            }
            Fate::Partly(error) => {
                // A machine that stops settles everything when the power comes back.
                if running {
                    file.settle(&mut self.chance);
                }
                Err(error)
            }
        }
    }

    fn sync_folder(&mut self, life: u64) -> io::Result<()> {
        let fate = self.operate(life, self.odds.sync, World::broken)?;
        match fate {
            Fate::Done => {
                for (name, made) in std::mem::take(&mut self.changes) {
                    change_names(&mut self.durable_names, name, made);
                }
                Ok(())
            }
            Fate::Partly(error) => Err(error),
        }
    }
}

fn change_names(names: &mut BTreeMap<String, usize>, name: String, made: Option<usize>) {
    match made {
        Some(index) => names.insert(name, index),
        None => names.remove(&name),
    };
}

impl Inode {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.changes.push(change);
    }

    /// Decides by chance what of the changes since the last sync is on the disk.
    fn settle(&mut self, chance: &mut Chance) {
        let changes = std::mem::take(&mut self.changes);
        // All of it, none of it, those up to one of them, or each by itself.
        let way = chance.of(4);
        let upto = chance.of(changes.len() as u64 + 1) as usize;
        for (index, change) in changes.into_iter().enumerate() {
            match (way, index.cmp(&upto)) {
                (0, _) | (1, std::cmp::Ordering::Less) => change.apply(&mut self.durable),
                (1, std::cmp::Ordering::Equal) => change.tear(&mut self.durable, chance),
                (1, std::cmp::Ordering::Greater) | (2, _) => {}
                (_, _) => change.tear(&mut self.durable, chance),
            }
        }
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Change::Write { at, bytes } => put(content, *at, bytes),
            Change::Truncate { len } => content.resize(*len, 0),
        }
    }

    /// Applies it wholly, in part or not at all.
    fn tear(&self, content: &mut Vec<u8>, chance: &mut Chance) {
        let Change::Write { at, bytes } = self else {
            if chance.of(2) == 0 {
                self.apply(content);
            }
            return;
        };
        match chance.of(4) {
            0 => {}
            1 => self.apply(content),
            2 => {
                let upto = chance.of(bytes.len() as u64 + 1) as usize;
                put(content, *at, bytes.get(..upto).unwrap_or_default());
            }
            _ => {
                // The file has grown, and its pieces came in no order.
                let end = content.len().max(at + bytes.len());
                content.resize(end, 0);
                let mut from = *at;
                while from < at + bytes.len() {
                    let to = ((from / PIECE + 1) * PIECE).min(at + bytes.len());
                    if chance.of(2) == 0 {
                        put(content, from, bytes.get(from - at..to - at).unwrap_or_default());
                    }
                    from = to;
                }
            }
        }
    }
}

fn put(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    if let Some(part) = content.get_mut(at..end) {
        part.copy_from_slice(bytes);
    }
}

struct Handle {
    disk: ImaginedDisk,
    life: u64,
}

impl Handle {
    fn file(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.disk.world();
        match world.operate(self.life, 0, World::broken)? {
            Fate::Done => {}
            Fate::Partly(error) => return Err(error),
        }
        let index = world.names.get(name).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(HandleOfFile { disk: self.disk.clone(), life: self.life, index }))
    }
}

impl Disk for Handle {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut world = self.disk.world();
        match world.operate(self.life, 0, World::broken)? {
            Fate::Done => Ok(world.names.keys().cloned().collect()),
            Fate::Partly(error) => Err(error),
        }
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.disk.world();
        if world.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let index = world.files.len();
        world.files.push(Inode::default());
        world.change_folder(self.life, name, Some(index))?;
        Ok(Box::new(HandleOfFile { disk: self.disk.clone(), life: self.life, index }))
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.file(name)
    }
    fn look(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.file(name)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        let mut world = self.disk.world();
        if !world.names.contains_key(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        world.change_folder(self.life, name, None)
    }
    fn sync_folder(&self) -> io::Result<()> {
        self.disk.world().sync_folder(self.life)
    }
}

struct HandleOfFile {
    disk: ImaginedDisk,
    life: u64,
    index: usize,
}

impl DiskFile for HandleOfFile {
    fn size(&self) -> io::Result<u64> {
        let world = self.disk.world();
        Ok(world.files.get(self.index).map_or(0, |file| file.seen.len() as u64))
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut world = self.disk.world();
        if let Fate::Partly(error) = world.operate(self.life, 0, World::broken)? {
            return Err(error);
        }
        let odds = world.odds;
        let at = usize::try_from(at).map_err(io::Error::other)?;
        let there = world.files.get(self.index).map_or(0, |file| file.seen.len().saturating_sub(at));
        let mut take = there.min(into.len());
        if take > 1 && world.chance.happens(odds.short) {
            take = 1 + world.chance.of(take as u64 - 1) as usize;
        }
        let source = world.files.get(self.index).and_then(|file| file.seen.get(at..at + take)).unwrap_or_default();
        if let Some(part) = into.get_mut(..take) {
            part.copy_from_slice(source);
        }
        Ok(take)
    }
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<usize> {
        self.disk.world().write(self.life, self.index, at, bytes)
    }
    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.disk.world().truncate(self.life, self.index, len)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.disk.world().sync(self.life, self.index)
    }
}

/// SplitMix64, a published generator of 64 bits.
pub(super) struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// Below `n`; 0 if `n` is.
    pub fn of(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }
    /// So often in 65 536 times. Draws nothing when it never happens.
    pub fn happens(&mut self, odds: u16) -> bool {
        odds > 0 && self.of(1 << 16) < u64::from(odds)
    }
}
