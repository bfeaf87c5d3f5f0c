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

enum Stream<'s> {
    Segment(Box<(Lines<Box<dyn Read + Send>>, segment::Reader<'s>)>),
    Csv(Box<rows::Reader<'s, Box<dyn Read + Send>>>),
}

/// All sources as one.
pub struct Intake<'s> {
    streams: Vec<(Stream<'s>, u64)>,
    names: Vec<String>,
    pub tally: Tally,
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
    pub fn open(
        schema: &'s Schema,
        sources: &[SourceSpec],
        mappings: &'s [Option<Mapping>],
        strict: bool,
        keep: Option<Keep>,
    ) -> Result<Self, SimulateError> {
        let read = Arc::new(AtomicU64::new(0));
        let mut streams = Vec::new();
        for (source, mapping) in sources.iter().zip(mappings) {
            let reader = source.open(&read)?;
            let stream = match (mapping, &source.kind) {
                (Some(mapping), Kind::Csv { mapping: name, .. }) => {
                    let rows = rows::Reader::start(schema, mapping, reader).map_err(|error| match error {
                        StartError::Mapping(error) => {
                            SimulateError::Mapping { mapping: name.clone(), error: Box::new(error) }
                        }
                        StartError::Read(error) => {
                            SimulateError::Read { source: source.name.clone(), line: 0, detail: error.to_string() }
                        }
                    })?;
                    Stream::Csv(Box::new(rows))
                }
                (_, _) => Stream::Segment(Box::new((Lines::new(reader), segment::Reader::new(schema)))),
            };
            streams.push((stream, 0));
        }
        let names = sources.iter().map(|s| s.name.clone()).collect();
        Ok(Intake { streams, names, tally: Tally::default(), strict, keep, read })
    }

    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Hands every arrival to `each`, in order of arrival time over the sources. Now and then `pause` is called with
    /// the bytes read.
    pub fn run(&mut self, each: &mut dyn FnMut(Arrival<'_>), pause: &mut dyn FnMut(u64)) -> Result<(), SimulateError> {
        if self.streams.len() == 1 {
            while self.step(0, each)? {
                if self.tally.lines & 0x1fff == 0 {
                    pause(self.bytes_read());
                }
            }
        } else {
            self.merge(each, pause)?;
        }
        pause(self.bytes_read());
        Ok(())
    }

    fn merge(&mut self, each: &mut dyn FnMut(Arrival<'_>), pause: &mut dyn FnMut(u64)) -> Result<(), SimulateError> {
        let mut heads: Vec<Option<Arrival<'static>>> = Vec::new();
        let mut clocks = vec![Instant(i64::MIN); self.streams.len()];
        for source in 0..self.streams.len() {
            heads.push(self.head(source)?);
        }
        loop {
            // An arrival without a time, or out of order, is as late as what came before it in its source.
            let time = |(i, head): (usize, &Option<Arrival<'static>>)| {
                head.as_ref().map(|h| (h.at.unwrap_or(Instant(i64::MIN)).max(clocks[i]), i))
            };
            let Some((at, source)) = heads.iter().enumerate().filter_map(time).min() else { return Ok(()) };
            clocks[source] = at;
            if let Some(arrival) = heads[source].take() {
                each(arrival);
            }
            heads[source] = self.head(source)?;
            if self.tally.lines & 0x1fff == 0 {
                pause(self.bytes_read());
            }
        }
    }

    fn head(&mut self, source: usize) -> Result<Option<Arrival<'static>>, SimulateError> {
        let mut head = None;
        while head.is_none() && self.step(source, &mut |arrival| head = Some(owned(arrival)))? {}
        Ok(head)
    }

    /// One line of one source; false at its end.
    fn step(&mut self, source: usize, each: &mut dyn FnMut(Arrival<'_>)) -> Result<bool, SimulateError> {
        let (stream, reached) = &mut self.streams[source];
        let fault = |line: u64, names: &[String], error: io::Error| SimulateError::Read {
            source: names[source].clone(),
            line,
            detail: error.to_string(),
        };
        let (line, result) = match stream {
            Stream::Csv(rows) => match rows.next_arrival(&mut self.tally) {
                Err(error) => return Err(fault(*reached, &self.names, error)),
                Ok(None) => return Ok(false),
                Ok(Some((line, result))) => (line, result.map(Some)),
            },
            Stream::Segment(both) => match both.0.next_line() {
                Err(error) => return Err(fault(*reached, &self.names, error)),
                Ok(None) => return Ok(false),
                Ok(Some((line, Line::TooLong))) => {
                    self.tally.lines += 1;
                    (line, Err(Reason::TooLong))
                }
                Ok(Some((_, Line::Text(bytes)))) if bytes.iter().all(u8::is_ascii_whitespace) => return Ok(true),
                Ok(Some((line, Line::Text(bytes)))) => {
                    self.tally.lines += 1;
                    if self.keep.as_ref().is_some_and(|k| !k.wants(bytes)) {
                        return Ok(true);
                    }
                    (line, both.1.line(bytes))
                }
            },
        };
        *reached = line;
        match result {
            Ok(Some(arrival)) => {
                self.tally.accepted += 1;
                self.tally.skewed += u64::from(arrival.skewed);
                each(arrival);
            }
            Ok(None) => self.tally.without_effect += 1,
            Err(reason) if self.strict => {
                return Err(SimulateError::Rejected {
                    source: self.names[source].clone(),
                    line,
                    reason: Box::new(reason),
                });
            }
            Err(reason) => self.tally.reject(source, line, reason),
        }
        Ok(true)
    }

    /// The tally of all sources, and the spellings of events about things.
    pub fn close(self) -> (Tally, Vec<Box<str>>) {
        let mut tally = self.tally;
        let mut thing_names = Vec::new();
        for (stream, _) in self.streams {
            if let Stream::Segment(both) = stream {
                let (_, reader) = *both;
                thing_names.extend(reader.thing_names().iter().cloned());
                reader.close(&mut tally);
            }
        }
        (tally, thing_names)
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
