//! How records lie in a segment: a header, then frames of `length u32 | checksum u32 | payload`, little endian.
//!
//! Opens no files and decides nothing about what is broken.
//!
//! A record's checksum goes on from that of the frame before it, the first from the header's: a record counts only behind
//! the very frames behind which it was written. Zeros, blocks of a removed file, what an earlier attempt left behind are no
//! records. A frame of length 2³²−1 is a mark: its payload is the place up to which the segment was durable when it was
//! written, and its checksum depends on its place alone, so that it is recognised behind damage.

use std::io;

use crate::store::disk::{DiskFile, read_fully};

const MAGIC: [u8; 8] = *b"TABI-LOG";
/// The format written here; read up to this one.
pub const FORMAT: u32 = 1;
pub const HEADER_BYTES: u64 = 24;
const HEAD_BYTES: usize = 8;
const MARK: u32 = u32::MAX;
const MARK_BYTES: usize = HEAD_BYTES + 8;
/// A program with all its messages is the largest record there is; a longer length is not believed when read.
pub const RECORD_BYTES_MAX: usize = 16 << 20;
/// Read at a time.
const CHUNK: usize = 256 << 10;

pub enum Header {
    Sound { first: u64 },
    Newer { format: u32 },
    Broken,
}

/// `magic | format u32 | first position u64 | checksum u32`.
pub fn header(first: u64) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(FORMAT.to_le_bytes());
    bytes.extend(first.to_le_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

pub fn read_header(file: &dyn DiskFile) -> io::Result<Header> {
    let mut bytes = [0; HEADER_BYTES as usize];
    let read = read_fully(file, 0, &mut bytes)?;
    let (body, sum) = bytes.split_at(20);
    let sound = read == bytes.len() && bytes.starts_with(&MAGIC) && crc32fast::hash(body) == u32_at(sum, 0);
    let format = u32_at(body, 8);
    Ok(match (sound, format) {
        (false, _) => Header::Broken,
        (true, FORMAT) => Header::Sound { first: u64_at(body, 12) },
        (true, format) => Header::Newer { format },
    })
}

/// What the next checksum goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain(u32);

impl Chain {
    pub fn new(first: u64) -> Chain {
        Chain(crc32fast::hash(&header(first)))
    }
    fn record(self, length: u32, payload: &[u8]) -> Chain {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.0);
        hasher.update(&length.to_le_bytes());
        hasher.update(payload);
        Chain(hasher.finalize())
    }
    fn mark(self, sum: u32) -> Chain {
        self.record(MARK, &sum.to_le_bytes())
    }
}

pub fn put_record(into: &mut Vec<u8>, chain: &mut Chain, payload: &[u8]) {
    let length = payload.len() as u32;
    *chain = chain.record(length, payload);
    into.extend(length.to_le_bytes());
    into.extend(chain.0.to_le_bytes());
    into.extend(payload);
}

/// Says that everything before `durable` was durable when this was written.
pub fn put_mark(into: &mut Vec<u8>, chain: &mut Chain, first: u64, offset: u64, durable: u64) {
    let sum = mark_sum(first, offset, &durable.to_le_bytes());
    *chain = chain.mark(sum);
    into.extend(MARK.to_le_bytes());
    into.extend(sum.to_le_bytes());
    into.extend(durable.to_le_bytes());
}

fn mark_sum(first: u64, offset: u64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&first.to_le_bytes());
    hasher.update(&offset.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

pub enum Next<'a> {
    Record(&'a [u8]),
    Mark {
        durable: u64,
    },
    End,
    /// What lies at [`Frames::offset`] is no frame that was written there.
    Broken,
}

/// The frames of a segment, one after the other.
pub struct Frames<'a> {
    file: &'a dyn DiskFile,
    first: u64,
    chain: Chain,
    /// Where the next frame begins.
    offset: u64,
    /// Where reading ends.
    end: u64,
    /// What was read; begins at `offset - taken`.
    buffer: Vec<u8>,
    taken: usize,
}

impl<'a> Frames<'a> {
    pub fn new(file: &'a dyn DiskFile, first: u64, end: u64) -> Frames<'a> {
        Frames { file, first, chain: Chain::new(first), offset: HEADER_BYTES, end, buffer: Vec::new(), taken: 0 }
    }
    pub fn offset(&self) -> u64 {
        self.offset
    }

    pub fn chain(&self) -> Chain {
        self.chain
    }

    pub fn next(&mut self) -> io::Result<Next<'_>> {
        if self.offset >= self.end {
            return Ok(Next::End);
        }
        if !self.fill(HEAD_BYTES)? {
            return Ok(Next::Broken);
        }
        let length = u32_at(&self.buffer, self.taken);
        let sum = u32_at(&self.buffer, self.taken + 4);
        let bytes = if length == MARK { 8 } else { length as usize };
        if bytes > RECORD_BYTES_MAX || !self.fill(HEAD_BYTES + bytes)? {
            return Ok(Next::Broken);
        }
        let from = self.taken + HEAD_BYTES;
        let Some(payload) = self.buffer.get(from..from + bytes) else { return Ok(Next::Broken) };
        let (right, chain) = if length == MARK {
            (mark_sum(self.first, self.offset, payload), self.chain.mark(sum))
        } else {
            let chain = self.chain.record(length, payload);
            (chain.0, chain)
        };
        if right != sum {
            return Ok(Next::Broken);
        }
        self.chain = chain;
        self.taken = from + bytes;
        self.offset += (HEAD_BYTES + bytes) as u64;
        Ok(if length == MARK { Next::Mark { durable: u64_at(payload, 0) } } else { Next::Record(payload) })
    }

    /// Whether so many bytes from `offset` on are in the buffer now.
    fn fill(&mut self, bytes: usize) -> io::Result<bool> {
        if self.buffer.len() - self.taken >= bytes {
            return Ok(true);
        }
        if self.offset + bytes as u64 > self.end {
            return Ok(false);
        }
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let have = self.buffer.len();
        let from = self.offset + have as u64;
        let more = (self.end - from).min((bytes - have).max(CHUNK) as u64) as usize;
        self.buffer.resize(have + more, 0);
        let read = read_fully(self.file, from, self.buffer.get_mut(have..).unwrap_or_default())?;
        self.buffer.truncate(have + read);
        Ok(self.buffer.len() >= bytes)
    }
}

/// The farthest place that any mark behind `from` calls durable; whatever lies between is skipped byte by byte.
pub fn farthest_mark(file: &dyn DiskFile, first: u64, from: u64, end: u64) -> io::Result<Option<u64>> {
    let mut farthest = None;
    let mut at = from;
    let mut buffer = vec![0; CHUNK];
    while at < end {
        let want = (end - at).min(CHUNK as u64) as usize;
        let read = read_fully(file, at, buffer.get_mut(..want).unwrap_or_default())?;
        for (index, window) in buffer.get(..read).unwrap_or_default().windows(MARK_BYTES).enumerate() {
            let offset = at + index as u64;
            if u32_at(window, 0) == MARK
                && let Some(payload) = window.get(HEAD_BYTES..)
                && mark_sum(first, offset, payload) == u32_at(window, 4)
            {
                farthest = farthest.max(Some(u64_at(payload, 0)));
            }
        }
        if read < want || at + read as u64 >= end {
            break;
        }
        // A mark may lie across two chunks.
        at += (read - (MARK_BYTES - 1)) as u64;
    }
    Ok(farthest)
}
