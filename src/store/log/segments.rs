//! The segments of a log as they lie in a folder, for whoever reads them: the log itself, and a copy made beside it.
//!
//! Changes nothing.

use std::io;

use crate::ports::store::{Position, StoreError};
use crate::store::disk::{Disk, DiskFile};

use super::frame::{Frames, HEADER_BYTES, Header, Next, read_header};

/// First positions of the segments in a folder, ascending. Other files are none of ours.
pub fn list(disk: &dyn Disk) -> Result<Vec<u64>, StoreError> {
    let names = disk.list().map_err(io_error("listing the log"))?;
    let mut firsts: Vec<u64> = names.iter().filter_map(|name| first_of(name)).collect();
    firsts.sort_unstable();
    Ok(firsts)
}

/// Twenty digits hold every position, so that names sort as positions do.
pub fn name_of(first: u64) -> String {
    format!("{first:020}.log")
}

fn first_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log").filter(|d| d.len() == 20 && d.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok()
}

/// Whether the header is whole; what it says must agree with the name.
pub fn sound_header(file: &dyn DiskFile, first: u64) -> Result<bool, StoreError> {
    match read_header(file).map_err(io_error("reading the log"))? {
        Header::Sound { first: said } if said == first => Ok(true),
        Header::Sound { first: said } => {
            Err(damaged(first, 0, &format!("its header says that it begins at record {said}")))
        }
        Header::Newer { format } => Err(StoreError::Newer { found: format, known: super::FORMAT }),
        Header::Broken => Ok(false),
    }
}

/// Where a segment ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// At this position, whole: damage before is an error.
    Whole { next: u64 },
    /// Somewhere: it is being written by another process, and what is not whole yet is left out.
    Growing,
}

/// Hands out the records of one segment from a position on. Returns the position behind the last one seen, or `None` when
/// `each` said stop.
pub fn read(
    file: &dyn DiskFile,
    first: u64,
    bytes: u64,
    extent: Extent,
    from: u64,
    each: &mut dyn FnMut(Position, &[u8]) -> bool,
) -> Result<Option<u64>, StoreError> {
    let mut frames = Frames::new(file, first, bytes);
    let mut position = first;
    let reading = "reading the log";
    loop {
        let offset = frames.offset();
        // What lies behind the last record of a finished segment was cut once, and came back.
        if extent == (Extent::Whole { next: position }) {
            break;
        }
        match frames.next().map_err(io_error(reading))? {
            Next::Record(payload) => {
                if position >= from && !each(Position(position), payload) {
                    return Ok(None);
                }
                position += 1;
            }
            Next::Mark { .. } => {}
            Next::End => break,
            Next::Broken if extent == Extent::Growing => break,
            Next::Broken => return Err(damaged(first, offset, "what lies there is not what was written")),
        }
    }
    match extent {
        Extent::Whole { next } if next != position => {
            let what = format!("it ends before record {position}, and the next segment begins at {next}");
            Err(damaged(first, frames.offset(), &what))
        }
        Extent::Whole { .. } | Extent::Growing => Ok(Some(position)),
    }
}

/// Reads a log that another process may be writing: from a position on, whatever is whole. Returns the position behind the
/// last record. A segment that vanishes meanwhile is an error of kind `NotFound`.
pub fn look(
    disk: &dyn Disk,
    from: Position,
    each: &mut dyn FnMut(Position, &[u8]) -> bool,
) -> Result<Position, StoreError> {
    let firsts = list(disk)?;
    let Some(start) = firsts.partition_point(|first| *first <= from.0).checked_sub(1) else {
        return Err(out_of_reach(from, firsts.first().copied()));
    };
    let mut end = firsts.first().copied().unwrap_or(0);
    for (index, first) in firsts.iter().enumerate().skip(start) {
        let file = disk.look(&name_of(*first)).map_err(io_error("opening the log"))?;
        let next = firsts.get(index + 1).copied();
        if !sound_header(file.as_ref(), *first)? {
            // Being made right now, or left behind by a crash while it was made.
            let bytes = file.size().map_err(io_error("reading the log"))?;
            if next.is_none() && bytes <= HEADER_BYTES && firsts.len() > 1 {
                end = *first;
                break;
            }
            return Err(damaged(*first, 0, "its header is not whole"));
        }
        let bytes = file.size().map_err(io_error("reading the log"))?;
        let extent = next.map_or(Extent::Growing, |next| Extent::Whole { next });
        match read(file.as_ref(), *first, bytes, extent, from.0, each)? {
            Some(position) => end = position,
            None => return Ok(Position(end)),
        }
    }
    if from.0 > end {
        return Err(beyond(from, end));
    }
    Ok(Position(end))
}

pub fn out_of_reach(from: Position, first: Option<u64>) -> StoreError {
    let what = match first {
        Some(first) => format!("the log begins at record {first}; record {} is gone", from.0),
        None => format!("the log has no segment; record {} is gone", from.0),
    };
    StoreError::Damaged { what }
}

pub fn beyond(from: Position, end: u64) -> StoreError {
    StoreError::Damaged { what: format!("the log ends before record {end}; it should reach record {}", from.0) }
}

/// Names the file and the place in it.
pub fn damaged(first: u64, offset: u64, what: &str) -> StoreError {
    StoreError::Damaged { what: format!("log/{} at byte {offset}: {what}", name_of(first)) }
}

pub fn io_error(doing: &str) -> impl Fn(io::Error) -> StoreError {
    move |error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
        _ => StoreError::Io { doing: doing.to_string(), error },
    }
}
