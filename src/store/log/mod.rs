//! The log of inputs: a folder of segments, appended with one write and one sync for a batch.
//!
//! Knows no record's meaning. How frames lie in a file is in [`frame`], reading in [`segments`].
//!
//! What a crash may leave, and what opening makes of it:
//! - the tail of the last segment may be torn: it is cut, unless a mark behind it says that it had been durable;
//! - a segment may have been made and not finished: it holds nothing and is removed;
//! - bytes behind the last sync may read well and yet not be on the disk (a sync that failed may have dropped them
//!   silently): they are written once more and synced before anything relies on them.

mod frame;
mod segments;

use std::any::Any;
use std::io;
use std::sync::Arc;

use crate::ports::store::{Log, Position, StoreError};

use super::disk::{Disk, DiskFile, read_fully, write_fully};
use frame::{Chain, Frames, HEADER_BYTES, Next, farthest_mark, header, put_mark, put_record};
use segments::{Extent, beyond, damaged, io_error, name_of, out_of_reach, sound_header};

pub use frame::{FORMAT, RECORD_BYTES_MAX};
pub use segments::look;

/// Position of the first record in a folder; `None` if there is no log.
pub(super) fn first(disk: &dyn Disk) -> Result<Option<Position>, StoreError> {
    Ok(segments::list(disk)?.first().copied().map(Position))
}

/// A segment of this size is followed by a new one: large enough that few are made, small enough to be forgotten in time.
pub const SEGMENT_BYTES: u64 = 16 << 20;
/// A segment of which nothing is needed any more is followed by a new one, and goes, from this part of the size on: where
/// little comes in, what it holds would else lie there for long.
const FORGETTABLE_PARTS: u64 = 16;
/// A batch is encoded whole in memory before it is written.
pub const BATCH_BYTES_MAX: usize = 64 << 20;
/// Written at a time when a tail is written once more.
const REWRITE_BYTES: usize = 1 << 20;

/// A log in a folder of files.
pub struct FileLog {
    disk: Box<dyn Disk>,
    /// First positions of all segments, the active one last.
    firsts: Vec<u64>,
    active: Active,
    segment_bytes: u64,
    /// Why nothing is accepted any more.
    refuses: Option<String>,
    buffer: Vec<u8>,
    /// Held while the log is open.
    held: Option<Arc<dyn Any + Send + Sync>>,
}

/// The segment that grows.
struct Active {
    file: Box<dyn DiskFile>,
    first: u64,
    records: u64,
    /// Where the next frame goes, and what it goes on from.
    offset: u64,
    chain: Chain,
    /// Everything before is durable.
    durable: u64,
    /// What the last mark says.
    marked: u64,
}

impl FileLog {
    /// Opens the log in a folder, or makes one that begins at record 0.
    pub fn open(disk: Box<dyn Disk>) -> Result<FileLog, StoreError> {
        FileLog::open_or_begin(disk, Position(0))
    }

    /// As [`FileLog::open`]; a log that is not there yet begins at `begin`.
    pub fn open_or_begin(disk: Box<dyn Disk>, begin: Position) -> Result<FileLog, StoreError> {
        let mut firsts = segments::list(disk.as_ref())?;
        let unfinished = remove_unfinished(disk.as_ref(), &mut firsts)?;
        let has_segments = !firsts.is_empty();
        let active = match firsts.last() {
            None => {
                firsts.push(begin.0);
                Active::make(disk.as_ref(), begin.0).map_err(|failed| failed.error)?
            }
            Some(last) => Active::reopen(disk.as_ref(), *last)?,
        };
        if let Some(next) = unfinished.filter(|next| has_segments && active.end() != *next) {
            let what = format!("it ends before record {}, but a segment was begun at {next}", active.end());
            return Err(damaged(active.first, active.offset, &what));
        }
        for first in &firsts {
            let file = disk.look(&name_of(*first)).map_err(io_error("opening the log"))?;
            if !sound_header(file.as_ref(), *first)? {
                return Err(damaged(*first, 0, "its header is not whole"));
            }
        }
        // Names that were made or removed before may not be durable yet.
        disk.sync_folder().map_err(io_error("syncing the folder of the log"))?;
        let segment_bytes = SEGMENT_BYTES;
        Ok(FileLog { disk, firsts, active, segment_bytes, refuses: None, buffer: Vec::new(), held: None })
    }

    /// Another size of segments, for tests.
    pub fn with_segment_bytes(mut self, bytes: u64) -> FileLog {
        self.segment_bytes = bytes;
        self
    }
    /// Keeps something (a lock) for as long as the log is open.
    pub(super) fn holding(mut self, held: Arc<dyn Any + Send + Sync>) -> FileLog {
        self.held = Some(held);
        self
    }

    /// Position of the first record that is still there.
    pub fn begin(&self) -> Position {
        Position(self.firsts.first().copied().unwrap_or(self.active.first))
    }

    fn accepts(&self) -> Result<(), StoreError> {
        match &self.refuses {
            None => Ok(()),
            Some(why) => Err(StoreError::Io {
                doing: "using the log".into(),
                error: io::Error::other(format!("it refuses everything until it is opened again: {why}")),
            }),
        }
    }
    /// Refuses everything from now on.
    fn poison(&mut self, doing: &str, error: io::Error) -> StoreError {
        self.refuses = Some(format!("{doing}: {error}"));
        StoreError::Io { doing: doing.into(), error }
    }

    /// Nothing that the segment which grows holds is needed any more, and it is large enough to be worth a new one.
    fn is_spent(&self, needed: Position) -> bool {
        let active = &self.active;
        needed == self.end()
            && active.records > 0
            && active.durable == active.offset
            && active.offset >= self.segment_bytes / FORGETTABLE_PARTS
    }
    fn roll(&mut self) -> Result<(), StoreError> {
        self.sync()?;
        let first = self.active.end();
        match Active::make(self.disk.as_ref(), first) {
            Ok(active) => {
                self.active = active;
                self.firsts.push(first);
                Ok(())
            }
            Err(Failed { error, undone: true }) => Err(error),
            Err(Failed { error, undone: false }) => {
                self.refuses = Some(format!("a new segment could not be made: {error}"));
                Err(error)
            }
        }
    }

    /// Takes back what a failed write may have left, durably, so that it does not come back after a crash.
    fn take_back(&mut self, failed: io::Error) -> StoreError {
        let active = &mut self.active;
        match active.file.truncate(active.offset).and_then(|()| active.file.sync()) {
            Ok(()) => active.durable = active.offset,
            Err(error) => {
                self.refuses = Some(format!("appending to the log: {failed}, then taking it back: {error}"));
            }
        }
        io_error("appending to the log")(failed)
    }
}

impl Log for FileLog {
    fn end(&self) -> Position {
        Position(self.active.end())
    }

    fn append(&mut self, records: &[&[u8]]) -> Result<(), StoreError> {
        self.accepts()?;
        let too_large = |what: String| StoreError::Io {
            doing: "appending to the log".into(),
            error: io::Error::new(io::ErrorKind::InvalidInput, what),
        };
        if let Some(large) = records.iter().find(|record| record.len() > RECORD_BYTES_MAX) {
            return Err(too_large(format!("a record of {} bytes; at most {RECORD_BYTES_MAX}", large.len())));
        }
        let bytes: usize = records.iter().map(|record| record.len()).sum();
        if bytes > BATCH_BYTES_MAX {
            return Err(too_large(format!("a batch of {bytes} bytes; at most {BATCH_BYTES_MAX}")));
        }
        if records.is_empty() {
            return Ok(());
        }
        if self.active.offset >= self.segment_bytes && self.active.records > 0 {
            self.roll()?;
        }
        let active = &mut self.active;
        let buffer = &mut self.buffer;
        buffer.clear();
        let mut chain = active.chain;
        if active.marked != active.durable {
            put_mark(buffer, &mut chain, active.first, active.offset, active.durable);
        }
        for record in records {
            put_record(buffer, &mut chain, record);
        }
        if let Err(error) = write_fully(active.file.as_mut(), active.offset, buffer) {
            return Err(self.take_back(error));
        }
        active.offset += buffer.len() as u64;
        active.records += records.len() as u64;
        active.chain = chain;
        active.marked = active.durable;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.accepts()?;
        if self.active.durable == self.active.offset {
            return Ok(());
        }
        match self.active.file.sync() {
            Ok(()) => {
                self.active.durable = self.active.offset;
                Ok(())
            }
            Err(error) => Err(self.poison("syncing the log", error)),
        }
    }

    fn read(&self, from: Position, each: &mut dyn FnMut(Position, &[u8]) -> bool) -> Result<(), StoreError> {
        self.accepts()?;
        if from > self.end() {
            return Err(beyond(from, self.end().0));
        }
        let Some(start) = self.firsts.partition_point(|first| *first <= from.0).checked_sub(1) else {
            return Err(out_of_reach(from, self.firsts.first().copied()));
        };
        for (index, first) in self.firsts.iter().enumerate().skip(start) {
            let goes_on = match self.firsts.get(index + 1) {
                None => {
                    let (active, extent) = (&self.active, Extent::Whole { next: self.active.end() });
                    segments::read(active.file.as_ref(), *first, active.offset, extent, from.0, each)?
                }
                Some(next) => {
                    let file = self.disk.look(&name_of(*first)).map_err(io_error("opening the log"))?;
                    let bytes = file.size().map_err(io_error("reading the log"))?;
                    segments::read(file.as_ref(), *first, bytes, Extent::Whole { next: *next }, from.0, each)?
                }
            };
            if goes_on.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn forget_before(&mut self, position: Position) -> Result<(), StoreError> {
        self.accepts()?;
        // On a disk that has no room for a new one the old one stays, which is no harm.
        if self.is_spent(position) && self.roll().is_err() {
            self.accepts()?;
        }
        while let [first, second, ..] = *self.firsts
            && second <= position.0
        {
            self.disk.remove(&name_of(first)).map_err(io_error("removing an old segment"))?;
            self.firsts.remove(0);
            // One after the other: removals that are not synced may be undone by a crash in any order, and leave a gap.
            if let Err(error) = self.disk.sync_folder() {
                return Err(self.poison("syncing the folder of the log", error));
            }
        }
        Ok(())
    }
}

/// A segment could not be made.
struct Failed {
    error: StoreError,
    /// Nothing of it is left.
    undone: bool,
}

impl Active {
    /// A new segment, durable with its header before anything is put into it.
    fn make(disk: &dyn Disk, first: u64) -> Result<Active, Failed> {
        let name = name_of(first);
        let making = io_error("making a segment of the log");
        let mut file = disk.create(&name).map_err(|error| Failed { error: making(error), undone: true })?;
        if let Err(error) = write_fully(file.as_mut(), 0, &header(first)) {
            let undone = disk.remove(&name).and_then(|()| disk.sync_folder()).is_ok();
            return Err(Failed { error: making(error), undone });
        }
        let synced = file.sync().and_then(|()| disk.sync_folder());
        synced.map_err(|error| Failed { error: making(error), undone: false })?;
        let (offset, chain) = (HEADER_BYTES, Chain::new(first));
        Ok(Active { file, first, records: 0, offset, chain, durable: offset, marked: offset })
    }

    fn reopen(disk: &dyn Disk, first: u64) -> Result<Active, StoreError> {
        let reading = io_error("reading the log");
        let mut file = disk.open(&name_of(first)).map_err(io_error("opening the log"))?;
        if !sound_header(file.as_ref(), first)? {
            return Err(damaged(first, 0, "its header is not whole"));
        }
        let bytes = file.size().map_err(&reading)?;
        let mut frames = Frames::new(file.as_ref(), first, bytes);
        let (mut records, mut marked) = (0, HEADER_BYTES);
        let torn = loop {
            match frames.next().map_err(&reading)? {
                Next::Record(_) => records += 1,
                Next::Mark { durable } => marked = durable,
                Next::End => break false,
                Next::Broken => break true,
            }
        };
        let (offset, chain) = (frames.offset(), frames.chain());
        if torn {
            let farthest = farthest_mark(file.as_ref(), first, offset + 1, bytes).map_err(&reading)?;
            if farthest.is_some_and(|durable| durable > offset) {
                return Err(damaged(first, offset, "what lies there is not what was written; what follows is"));
            }
            file.truncate(offset).map_err(io_error("cutting the torn end of the log"))?;
        }
        // Without a mark it is not known that even the header is durable.
        let unknown = if marked == HEADER_BYTES { 0 } else { marked };
        rewrite(file.as_mut(), unknown, offset).map_err(io_error("writing the end of the log once more"))?;
        file.sync().map_err(io_error("syncing the log"))?;
        Ok(Active { file, first, records, offset, chain, durable: offset, marked })
    }

    fn end(&self) -> u64 {
        self.first + self.records
    }
}

/// Writes what is there once more, so that the next sync covers it.
fn rewrite(file: &mut dyn DiskFile, from: u64, to: u64) -> io::Result<()> {
    let mut at = from;
    let mut buffer = vec![0; REWRITE_BYTES];
    while at < to {
        let want = (to - at).min(REWRITE_BYTES as u64) as usize;
        let part = buffer.get_mut(..want).unwrap_or_default();
        if read_fully(file, at, part)? < want {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        write_fully(file, at, part)?;
        at += want as u64;
    }
    Ok(())
}

/// A crash while a segment is made leaves one that holds nothing. Returns where it was to begin.
fn remove_unfinished(disk: &dyn Disk, firsts: &mut Vec<u64>) -> Result<Option<u64>, StoreError> {
    let Some(last) = firsts.last().copied() else { return Ok(None) };
    let file = disk.look(&name_of(last)).map_err(io_error("opening the log"))?;
    let bytes = file.size().map_err(io_error("reading the log"))?;
    if bytes > HEADER_BYTES || sound_header(file.as_ref(), last)? {
        return Ok(None);
    }
    if firsts.len() == 1 && last != 0 {
        // The one before is removed only when this one is durable.
        return Err(damaged(last, 0, "its header is not whole, and there is no segment before it"));
    }
    drop(file);
    // The folder is synced before anything relies on it.
    disk.remove(&name_of(last)).map_err(io_error("removing an unfinished segment"))?;
    firsts.pop();
    Ok(Some(last))
}
