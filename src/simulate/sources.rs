//! The sources of a simulation, opened and read as one stream of arrivals in order of time.
//!
//! Several sources are merged by arrival time; lines of one source keep their order. Nothing is held but one arrival
//! of each source.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::memmem::Finder;

use crate::ingest::lines::{Line, Lines};
use crate::ingest::mapping::Mapping;
use crate::ingest::rows::{self, StartError};
use crate::ingest::{self, Arrival, Reason, Schema, Tally, What, Who, segment};
use crate::value::{Instant, Zone};

use super::SimulateError;

/// Where events come from.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceSpec {
    /// As errors and reports call it.
    pub name: String,
    pub input: SourceInput,
    pub kind: Kind,
}

/// Plain, gzip or zstd: told apart by the first bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceInput {
    File(PathBuf),
    Stdin,
    Bytes(Arc<[u8]>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// NDJSON in Segment's shape.
    Segment,
    /// CSV read through a mapping: its name, for messages, and its text.
    Csv { mapping: String, yaml: String },
}

impl SourceSpec {
    pub fn can_be_read_again(&self) -> bool {
        match self.input {
            SourceInput::File(_) | SourceInput::Bytes(_) => true,
            SourceInput::Stdin => false,
        }
    }
    /// Bytes to be read, where that is known beforehand.
    pub fn size(&self) -> Option<u64> {
        match &self.input {
            SourceInput::File(path) => std::fs::metadata(path).ok().map(|m| m.len()),
            SourceInput::Bytes(bytes) => Some(bytes.len() as u64),
            SourceInput::Stdin => None,
        }
    }

    fn open(&self, read: &Arc<AtomicU64>) -> Result<Box<dyn Read + Send>, SimulateError> {
        let fault = |error: io::Error| SimulateError::Open { source: self.name.clone(), detail: error.to_string() };
        let read = Arc::clone(read);
        match &self.input {
            SourceInput::File(path) => {
                let file = File::open(path).map_err(fault)?;
                if file.metadata().map_err(fault)?.is_dir() {
                    return Err(fault(io::Error::other("it is a folder")));
                }
                ingest::open(Counted { inner: file, read }).map_err(fault)
            }
            SourceInput::Stdin => ingest::open(Counted { inner: io::stdin(), read }).map_err(fault),
            SourceInput::Bytes(bytes) => {
                ingest::open(Counted { inner: io::Cursor::new(Arc::clone(bytes)), read }).map_err(fault)
            }
        }
    }
}

/// Counts the bytes that pass.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Which raw lines a second pass cannot do without: those with one of these texts in them.
#[derive(Debug, Clone)]
pub struct Keep {
    finders: Vec<Finder<'static>>,
}

impl Keep {
    pub fn new<'t>(texts: impl Iterator<Item = &'t str>) -> Keep {
        Keep { finders: texts.map(|t| Finder::new(t).into_owned()).collect() }
    }
    fn wants(&self, line: &[u8]) -> bool {
        self.finders.iter().any(|f| f.find(line).is_some())
    }
}

/// The source with only the lines that are kept, held in memory; a table stays as it is.
pub fn only(source: &SourceSpec, keep: &Keep) -> Result<SourceSpec, SimulateError> {
    if matches!(source.kind, Kind::Csv { .. }) {
        return Ok(source.clone());
    }
    let mut lines = Lines::new(source.open(&Arc::default())?);
    let (mut kept, mut reached) = (Vec::new(), 0);
    loop {
        match lines.next_line() {
            Ok(None) => break,
            Ok(Some((line, text))) => {
                reached = line;
                match text {
                    Line::Text(bytes) if keep.wants(bytes) => {
                        kept.extend_from_slice(bytes);
                        kept.push(b'\n');
                    }
                    Line::Text(_) | Line::TooLong => {}
                }
            }
            Err(error) => {
                let source = source.name.clone();
                return Err(SimulateError::Read { source, line: reached, detail: error.to_string() });
            }
        }
    }
    Ok(SourceSpec { input: SourceInput::Bytes(kept.into()), ..source.clone() })
}

enum Input<'s> {
    /// With a reader for every side.
    Segment(Box<Lines<Box<dyn Read + Send>>>, Vec<segment::Reader<'s>>),
    /// For one side, whose number stands behind: how rows become events depends on the schema.
    Csv(Box<rows::Reader<'s, Box<dyn Read + Send>>>, usize),
}

struct Stream<'s> {
    input: Input<'s>,
    /// Which of the sources it is.
    source: usize,
    /// The line it has come to.
    reached: u64,
}

/// How many may read along: the two versions of a comparison.
const SIDES_MAX: usize = 2;

/// What one line is to each side.
type Heads = [Option<Arrival<'static>>; SIDES_MAX];

/// An error, and in reading for which side it arose.
pub type Fault = (usize, SimulateError);

/// Who reads: its schema, and its mapping for each source that needs one.
#[derive(Clone, Copy)]
pub struct Side<'s> {
    pub schema: &'s Schema,
    pub mappings: &'s [Option<Mapping>],
}

/// All sources as one. Two sides may read along, each with a schema of its own: a line is read and taken apart once.
pub struct Intake<'s> {
    streams: Vec<Stream<'s>>,
    names: Vec<String>,
    /// By side.
    tallies: Vec<Tally>,
    lines: u64,
    strict: bool,
    keep: Option<Keep>,
    read: Arc<AtomicU64>,
}

/// The mappings of those sources that have one, judged against the program.
pub fn mappings(sources: &[SourceSpec], schema: &Schema, zone: Zone) -> Result<Vec<Option<Mapping>>, SimulateError> {
    let parse = |source: &SourceSpec| match &source.kind {
        Kind::Segment => Ok(None),
        Kind::Csv { mapping, yaml } => match Mapping::parse(yaml, schema, zone) {
            Ok(parsed) => Ok(Some(parsed)),
            Err(error) => Err(SimulateError::Mapping { mapping: mapping.clone(), error: Box::new(error) }),
        },
    };
    sources.iter().map(parse).collect()
}

impl<'s> Intake<'s> {
    /// One side or two.
    pub fn open(sides: &[Side<'s>], sources: &[SourceSpec], strict: bool, keep: Option<Keep>) -> Result<Self, Fault> {
        debug_assert!((1..=SIDES_MAX).contains(&sides.len()));
        let read = Arc::new(AtomicU64::new(0));
        let mut streams = Vec::new();
        for (source, spec) in sources.iter().enumerate() {
            let mut add = |input| streams.push(Stream { input, source, reached: 0 });
            match &spec.kind {
                Kind::Segment => {
                    let lines = Lines::new(spec.open(&read).map_err(|error| (0, error))?);
                    let readers = sides.iter().map(|side| segment::Reader::new(side.schema)).collect();
                    add(Input::Segment(Box::new(lines), readers));
                }
                Kind::Csv { mapping: name, .. } => {
                    for (number, side) in sides.iter().enumerate() {
                        let Some(Some(mapping)) = side.mappings.get(source) else { continue };
                        let rows = spec.open(&read).and_then(|reader| {
                            let rows = rows::Reader::start(side.schema, mapping, reader);
                            rows.map_err(|error| not_started(error, spec, name))
                        });
                        add(Input::Csv(Box::new(rows.map_err(|error| (number, error))?), number));
                    }
                }
            }
        }
        let names = sources.iter().map(|s| s.name.clone()).collect();
        let tallies = vec![Tally::default(); sides.len()];
        Ok(Intake { streams, names, tallies, lines: 0, strict, keep, read })
    }

    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Hands every arrival to `each` with the side it is for, in order of arrival time over the sources. Now and then
    /// `pause` is called with the bytes read.
    pub fn run(&mut self, each: &mut dyn FnMut(usize, Arrival<'_>), pause: &mut dyn FnMut(u64)) -> Result<(), Fault> {
        if self.streams.len() == 1 {
            while self.step(0, each)? {
                if self.lines & 0x1fff == 0 {
                    pause(self.bytes_read());
                }
            }
        } else {
            self.merge(each, pause)?;
        }
        pause(self.bytes_read());
        Ok(())
    }

    fn merge(&mut self, each: &mut dyn FnMut(usize, Arrival<'_>), pause: &mut dyn FnMut(u64)) -> Result<(), Fault> {
        let mut heads: Vec<Option<Heads>> = Vec::new();
        let mut clocks = vec![Instant(i64::MIN); self.streams.len()];
        for source in 0..self.streams.len() {
            heads.push(self.head(source)?);
        }
        loop {
            // An arrival without a time, or out of order, is as late as what came before it in its source.
            let time = |(i, head): (usize, &Option<Heads>)| {
                let at = head.as_ref()?.iter().flatten().find_map(|arrival| arrival.at);
                Some((at.unwrap_or(Instant(i64::MIN)).max(clocks[i]), i))
            };
            let Some((at, source)) = heads.iter().enumerate().filter_map(time).min() else { return Ok(()) };
            clocks[source] = at;
            let head = heads[source].take().into_iter().flatten().enumerate();
            head.for_each(|(side, arrival)| arrival.into_iter().for_each(|arrival| each(side, arrival)));
            heads[source] = self.head(source)?;
            if self.lines & 0x1fff == 0 {
                pause(self.bytes_read());
            }
        }
    }

    /// The next line that is an arrival to any side.
    fn head(&mut self, source: usize) -> Result<Option<Heads>, Fault> {
        let mut head = Heads::default();
        while head.iter().all(Option::is_none) {
            if !self.step(source, &mut |side, arrival| head[side] = Some(owned(arrival)))? {
                return Ok(None);
            }
        }
        Ok(Some(head))
    }

    /// One line of one source; false at its end.
    fn step(&mut self, source: usize, each: &mut dyn FnMut(usize, Arrival<'_>)) -> Result<bool, Fault> {
        let Intake { streams, names, tallies, lines, strict, keep, .. } = self;
        let Stream { input, source, reached } = &mut streams[source];
        let name = &names[*source];
        let fault = |side: usize, line: u64, error: io::Error| {
            (side, SimulateError::Read { source: name.clone(), line, detail: error.to_string() })
        };
        let mut judge = |side: usize, tally: &mut Tally, line: u64, result: Result<Option<Arrival<'_>>, Reason>| {
            match result {
                Ok(Some(arrival)) => {
                    tally.accepted += 1;
                    tally.skewed += u64::from(arrival.skewed);
                    each(side, arrival);
                }
                Ok(None) => tally.without_effect += 1,
                Err(reason) if *strict => {
                    let reason = Box::new(reason);
                    return Err((side, SimulateError::Rejected { source: name.clone(), line, reason }));
                }
                Err(reason) => tally.reject(*source, line, reason),
            }
            Ok(())
        };
        match input {
            Input::Csv(rows, side) => match rows.next_arrival(&mut tallies[*side]) {
                Err(error) => return Err(fault(*side, *reached, error)),
                Ok(None) => return Ok(false),
                Ok(Some((line, result))) => {
                    *reached = line;
                    *lines += 1;
                    judge(*side, &mut tallies[*side], line, result.map(Some))?;
                }
            },
            Input::Segment(text, readers) => match text.next_line() {
                Err(error) => return Err(fault(0, *reached, error)),
                Ok(None) => return Ok(false),
                Ok(Some((_, Line::Text(bytes)))) if bytes.iter().all(u8::is_ascii_whitespace) => {}
                Ok(Some((line, text))) => {
                    *lines += 1;
                    tallies.iter_mut().for_each(|tally| tally.lines += 1);
                    let call = match text {
                        Line::Text(bytes) if keep.as_ref().is_some_and(|k| !k.wants(bytes)) => return Ok(true),
                        Line::Text(bytes) => segment::Call::parse(bytes),
                        Line::TooLong => Err(Reason::TooLong),
                    };
                    *reached = line;
                    for ((side, reader), tally) in readers.iter_mut().enumerate().zip(tallies) {
                        let result = call.as_ref().map_err(Reason::clone).and_then(|call| reader.call(call));
                        judge(side, tally, line, result)?;
                    }
                }
            },
        }
        Ok(true)
    }

    /// For each side the tally of all sources, and the spellings of events about things.
    pub fn close(self) -> Vec<(Tally, Vec<Box<str>>)> {
        let mut closed: Vec<_> = self.tallies.into_iter().map(|tally| (tally, Vec::new())).collect();
        for stream in self.streams {
            let Input::Segment(_, readers) = stream.input else { continue };
            for (reader, (tally, thing_names)) in readers.into_iter().zip(&mut closed) {
                thing_names.extend(reader.thing_names().iter().cloned());
                reader.close(tally);
            }
        }
        closed
    }
}

fn not_started(error: StartError, source: &SourceSpec, mapping: &str) -> SimulateError {
    match error {
        StartError::Mapping(error) => SimulateError::Mapping { mapping: mapping.to_string(), error: Box::new(error) },
        StartError::Read(error) => {
            SimulateError::Read { source: source.name.clone(), line: 0, detail: error.to_string() }
        }
    }
}

/// The arrival, free of the line it came from.
pub fn owned(arrival: Arrival<'_>) -> Arrival<'static> {
    let own = |text: std::borrow::Cow<'_, str>| std::borrow::Cow::Owned(text.into_owned());
    let what = match arrival.what {
        What::Event { id, event, payload } => What::Event { id, event, payload },
        What::Profile { id, traits } => What::Profile { id, traits },
        What::Alias { previous } => What::Alias { previous: own(previous) },
        What::Signal { channel, signal } => What::Signal { channel, signal },
    };
    let who = Who { user: arrival.who.user.map(own), anonymous: arrival.who.anonymous.map(own) };
    Arrival { at: arrival.at, who, what, introduction: arrival.introduction, skewed: arrival.skewed }
}
