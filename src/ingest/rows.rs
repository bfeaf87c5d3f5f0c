//! Rows of a CSV file to arrivals, as a mapping says; consecutive rows of a group become one event.
//!
//! Holds one group at a time. A group whose rows come back after another one began is rejected row by row, as far as
//! the last [`GROUPS_REMEMBERED`] groups are concerned.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::io::{self, Read};

use csv_core::ReadRecordResult;

use crate::ir::{EventId, Type};
use crate::value::money::divide_half_even;
use crate::value::{Instant, Value, id::fingerprint};

use super::limits::{EARLIEST, GROUP_ROWS_MAX, ID_BYTES_MAX, LATEST, LINE_BYTES_MAX};
use super::lines::{Line, Lines};
use super::mapping::{Amount, EventName, Mapping, MappingError, Piece, Round, Rule, Source, Test, TimeFormat};
use super::reason::{Both, excerpt};
use super::text::{self, Number};
use super::{Arrival, Reason, Schema, Tally, Traits, What, Who};

const GROUPS_REMEMBERED: usize = 4_096;

/// One row's cells, in one buffer.
#[derive(Debug, Default)]
struct Cells {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

impl Cells {
    fn cell(&self, index: usize) -> Option<&[u8]> {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        (index < self.count).then(|| &self.bytes[start..self.ends[index]])
    }
    fn texts(&self) -> Result<Vec<&str>, Reason> {
        let text = |i| std::str::from_utf8(self.cell(i).unwrap_or_default()).map_err(|_| Reason::NotUtf8);
        (0..self.count).map(text).collect()
    }
}

/// Splits a stream into rows; a quoted cell may span lines.
struct Splitter<R> {
    lines: Lines<R>,
    core: csv_core::Reader,
    cells: Cells,
}

impl<R: Read> Splitter<R> {
    fn new(reader: R, delimiter: u8) -> Self {
        let core = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        Splitter { lines: Lines::new(reader), core, cells: Cells { bytes: vec![0; 4096], ends: vec![0; 64], count: 0 } }
    }

    /// The line the row began on, and whether it could be read; `None` at the end. The cells stay in `self.cells`.
    fn next_row(&mut self) -> io::Result<Option<(u64, Result<(), Reason>)>> {
        let (mut written, mut ended, mut begun) = (0, 0, None);
        loop {
            let (number, line) = match self.lines.next_line()? {
                Some((number, Line::Text(bytes))) => (number, bytes),
                Some((number, Line::TooLong)) => {
                    self.core.reset();
                    return Ok(Some((begun.unwrap_or(number), Err(Reason::TooLong))));
                }
                None => {
                    let Some(first) = begun else { return Ok(None) };
                    let done = feed(&mut self.core, &mut self.cells, &[], &mut written, &mut ended);
                    self.core.reset();
                    return Ok(Some((first, if done { Ok(()) } else { Err(Reason::TooLong) })));
                }
            };
            if begun.is_none() && line.iter().all(|b| b.is_ascii_whitespace()) {
                continue;
            }
            let first = *begun.get_or_insert(number);
            let nul = memchr::memchr(0, line).is_some();
            let done = feed(&mut self.core, &mut self.cells, line, &mut written, &mut ended)
                || feed(&mut self.core, &mut self.cells, b"\n", &mut written, &mut ended);
            if nul || written > LINE_BYTES_MAX {
                self.core.reset();
                return Ok(Some((first, Err(if nul { Reason::NulByte } else { Reason::TooLong }))));
            }
            if done {
                return Ok(Some((first, Ok(()))));
            }
        }
    }
}

/// Feeds bytes to the row under way; true when the row is complete.
fn feed(
    core: &mut csv_core::Reader,
    cells: &mut Cells,
    mut input: &[u8],
    written: &mut usize,
    ended: &mut usize,
) -> bool {
    let closing = input.is_empty();
    loop {
        let (result, read, wrote, ends) =
            core.read_record(input, &mut cells.bytes[*written..], &mut cells.ends[*ended..]);
        input = &input[read..];
        *written += wrote;
        *ended += ends;
        match result {
            ReadRecordResult::OutputFull => cells.bytes.resize(cells.bytes.len() * 2, 0),
            ReadRecordResult::OutputEndsFull => cells.ends.resize(cells.ends.len() * 2, 0),
            ReadRecordResult::Record => {
                cells.count = *ended;
                return true;
            }
            ReadRecordResult::End => return false,
            ReadRecordResult::InputEmpty if input.is_empty() && !closing => return false,
            ReadRecordResult::InputEmpty => {}
        }
    }
}

/// Why a CSV file could not be started.
#[derive(Debug)]
pub enum StartError {
    Read(io::Error),
    Mapping(MappingError),
}

/// Reads one file with one mapping.
pub struct Reader<'s, R> {
    schema: &'s Schema,
    mapping: &'s Mapping,
    splitter: Splitter<R>,
    positions: Vec<usize>,
    width: usize,
    groups: Vec<Groups>,
    ready: Ready,
    /// What each rule makes of the row at hand.
    events: Vec<Option<EventId>>,
}

/// With the line each began on.
type Ready = VecDeque<(u64, Result<Arrival<'static>, Reason>)>;

/// The group under way of one rule, and which ones are over.
#[derive(Default)]
struct Groups {
    open: Option<Group>,
    /// Fingerprints of the latest groups, oldest first.
    over: VecDeque<u64>,
    over_set: std::collections::BTreeSet<u64>,
}

struct Group {
    key: String,
    line: u64,
    head: Head,
    /// By field: a sum or a list under way.
    parts: Vec<Part>,
    rows: usize,
    broken: Option<Reason>,
}

/// What the first row says of an event.
struct Head {
    event: EventId,
    at: Instant,
    who: Who<'static>,
    id: Option<u64>,
    introduction: Option<Traits>,
}

enum Part {
    Value(Value),
    Sum(Number),
    List(Vec<Value>),
}

impl<'s, R: Read> Reader<'s, R> {
    /// Reads the header and finds the mapping's columns in it.
    pub fn start(schema: &'s Schema, mapping: &'s Mapping, reader: R) -> Result<Self, StartError> {
        let mut splitter = Splitter::new(reader, mapping.delimiter);
        let header = splitter.next_row().map_err(StartError::Read)?;
        let wrong =
            |en: &str, ja: &str| StartError::Mapping(MappingError { at: String::new(), en: en.into(), ja: ja.into() });
        let Some((_, Ok(()))) = header else {
            return Err(wrong("the file has no header line", "ファイルに見出し行がありません"));
        };
        let header = splitter
            .cells
            .texts()
            .map_err(|_| wrong("the header is not valid UTF-8", "見出しがUTF-8ではありません"))?;
        let positions = mapping.positions(&header).map_err(StartError::Mapping)?;
        let width = header.len();
        let groups = mapping.rules.iter().map(|_| Groups::default()).collect();
        Ok(Reader { schema, mapping, splitter, positions, width, groups, ready: VecDeque::new(), events: Vec::new() })
    }

    /// The next arrival with the line it began on, or a rejected row; `None` at the end.
    pub fn next_arrival(&mut self, tally: &mut Tally) -> io::Result<Option<(u64, Result<Arrival<'static>, Reason>)>> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Ok(Some(ready));
            }
            match self.splitter.next_row()? {
                None => {
                    self.close();
                    return Ok(self.ready.pop_front());
                }
                Some((line, Err(reason))) => {
                    tally.lines += 1;
                    return Ok(Some((line, Err(reason))));
                }
                Some((line, Ok(()))) => {
                    tally.lines += 1;
                    if !self.row(line) {
                        tally.left_out += 1;
                    }
                }
            }
        }
    }

    /// Whether any rule wanted the row.
    fn row(&mut self, line: u64) -> bool {
        let cells = &self.splitter.cells;
        if cells.count != self.width {
            let reason = Reason::Cells { expected: self.width, found: cells.count };
            self.ready.push_back((line, Err(reason)));
            return true;
        }
        let texts = match cells.texts() {
            Ok(texts) => texts,
            Err(reason) => {
                self.ready.push_back((line, Err(reason)));
                return true;
            }
        };
        let row = Row { schema: self.schema, mapping: self.mapping, cells: &texts, positions: &self.positions };
        let rules = || self.mapping.rules.iter();
        self.events.clear();
        self.events.extend(rules().map(|rule| row.wanted_by(rule)));
        if self.events.iter().all(Option::is_none) {
            return false;
        }
        // The row is the next event's: what is under way by other rules is over, and must not come after it.
        for ((rule, groups), event) in rules().zip(&mut self.groups).zip(&self.events) {
            if event.is_none() {
                groups.end(self.schema, rule, &mut self.ready);
            }
        }
        for ((rule, groups), event) in rules().zip(&mut self.groups).zip(&self.events) {
            let Some(event) = *event else { continue };
            match rule.group_by {
                None => {
                    let made = row.single(rule, event);
                    self.ready.push_back((line, made));
                }
                Some(column) => groups.take(&row, rule, event, column, line, &mut self.ready),
            }
        }
        true
    }

    fn close(&mut self) {
        for (rule, groups) in self.mapping.rules.iter().zip(&mut self.groups) {
            groups.end(self.schema, rule, &mut self.ready);
        }
    }
}

impl Groups {
    fn take(&mut self, row: &Row, rule: &Rule, event: EventId, column: usize, line: u64, ready: &mut Ready) {
        let key = row.cell(column);
        if let Some(group) = self.open.as_mut().filter(|g| g.key == key) {
            group.add(row, rule);
            return;
        }
        self.end(row.schema, rule, ready);
        if self.over_set.contains(&fingerprint(key)) {
            ready.push_back((line, Err(Reason::SplitGroup { group: excerpt(key) })));
            return;
        }
        match row.head(rule, event) {
            Err(reason) => ready.push_back((line, Err(reason))),
            Ok(head) => {
                let mut group = Group { key: key.to_string(), line, head, parts: Vec::new(), rows: 0, broken: None };
                group.add(row, rule);
                self.open = Some(group);
            }
        }
    }

    /// Ends the group under way.
    fn end(&mut self, schema: &Schema, rule: &Rule, ready: &mut Ready) {
        if let Some(group) = self.open.take() {
            self.remember(fingerprint(&group.key));
            ready.push_back((group.line, group.finish(schema, rule)));
        }
    }

    fn remember(&mut self, key: u64) {
        self.over.push_back(key);
        self.over_set.insert(key);
        if self.over.len() > GROUPS_REMEMBERED
            && let Some(oldest) = self.over.pop_front()
        {
            self.over_set.remove(&oldest);
        }
    }
}

impl Group {
    /// The first row decides what does not add up.
    fn add(&mut self, row: &Row, rule: &Rule) {
        self.rows += 1;
        if self.broken.is_some() {
            return;
        }
        if self.rows > GROUP_ROWS_MAX {
            self.broken = Some(Reason::GroupTooLong { group: excerpt(&self.key) });
            return;
        }
        if let Err(reason) = self.try_add(row, rule) {
            self.broken = Some(reason);
        }
    }

    fn try_add(&mut self, row: &Row, rule: &Rule) -> Result<(), Reason> {
        let event = self.head.event;
        let shape = row.schema.event(event);
        let first = self.parts.is_empty();
        for (i, source) in sources(rule, event).iter().enumerate() {
            let field = &shape.fields[i];
            if first {
                self.parts.push(match source {
                    Some(Source::Amount(amount)) if amount.sum => Part::Sum(Number { mantissa: 0, exponent: 0 }),
                    Some(Source::Rows(_)) => Part::List(Vec::new()),
                    Some(source) => Part::Value(row.value(source, &field.ty, &shape.name, &field.name)?),
                    None => Part::Value(Value::Missing),
                });
            }
            match (&mut self.parts[i], source) {
                (Part::Sum(sum), Some(Source::Amount(amount))) => {
                    let wrong = || row.wrong(&shape.name, &field.name, &field.ty, "a sum out of range");
                    *sum = sum.plus(row.product(amount)?).ok_or_else(wrong)?;
                }
                (Part::List(list), Some(Source::Rows(fields))) => list.push(row.element(&field.ty, fields)?),
                (Part::Value(_) | Part::Sum(_) | Part::List(_), _) => {}
            }
        }
        Ok(())
    }

    fn finish(self, schema: &Schema, rule: &Rule) -> Result<Arrival<'static>, Reason> {
        if let Some(reason) = self.broken {
            return Err(reason);
        }
        let shape = schema.event(self.head.event);
        let mut values = Vec::with_capacity(shape.fields.len());
        for ((part, source), field) in self.parts.into_iter().zip(sources(rule, self.head.event)).zip(&shape.fields) {
            values.push(match (part, source) {
                (Part::Value(value), _) => value,
                (Part::List(list), _) => Value::List(list.into()),
                (Part::Sum(sum), Some(Source::Amount(amount))) => {
                    let found = || Reason::WrongValue {
                        of: shape.name.clone(),
                        path: field.name.to_string(),
                        expected: schema.describe(&field.ty),
                        found: Both::new(
                            "a sum with more digits (say how to `round` it)",
                            "桁の多い合計 (`round` で丸め方を指定)",
                        ),
                    };
                    rounded(sum, amount.round, &field.ty).ok_or_else(found)?
                }
                (Part::Sum(_), _) => Value::Missing,
            });
        }
        Ok(self.head.arrival(values))
    }
}

impl Head {
    fn arrival(self, mut values: Vec<Value>) -> Arrival<'static> {
        values.push(Value::Instant(self.at));
        let what = What::Event { id: self.id, event: self.event, payload: Value::Record(values.into()) };
        Arrival { at: Some(self.at), who: self.who, what, introduction: self.introduction, skewed: false }
    }
}

fn sources(rule: &Rule, event: EventId) -> &[Option<Source>] {
    rule.fields.iter().find(|f| f.0 == event).map_or(&[], |f| &f.1)
}

/// A number as a value of the type, rounded if the mapping says how.
fn rounded(number: Number, round: Option<Round>, ty: &Type) -> Option<Value> {
    let inner = if let Type::Optional(inner) = ty { inner } else { ty };
    let digits = match inner {
        Type::Money(currency) => i32::from(currency.minor_digits()),
        Type::Int => 0,
        _ => 6,
    };
    let shift = -(number.exponent + digits);
    let Some(round) = round.filter(|_| shift > 0) else { return text::number(inner, number) };
    let power = 10i128.checked_pow(shift.unsigned_abs())?;
    let mantissa = match round {
        Round::HalfEven => divide_half_even(number.mantissa, power)?,
        Round::HalfUp => (number.mantissa.abs() + power / 2) / power * number.mantissa.signum(),
        Round::Down => number.mantissa / power,
    };
    text::number(inner, Number { mantissa, exponent: -digits })
}

/// The row at hand.
struct Row<'a> {
    schema: &'a Schema,
    mapping: &'a Mapping,
    cells: &'a [&'a str],
    positions: &'a [usize],
}

impl<'a> Row<'a> {
    /// The column's text without surrounding space; `17850.0` is `17850` where the mapping says so.
    fn cell(&self, column: usize) -> &'a str {
        let text = self.cells.get(self.positions[column]).map_or("", |c| c.trim());
        match text.split_once('.') {
            Some((whole, zeros)) if self.mapping.whole[column] && zeros.bytes().all(|b| b == b'0') => whole,
            _ => text,
        }
    }

    fn event(&self, rule: &Rule) -> Option<EventId> {
        match &rule.event {
            EventName::Fixed(event) => Some(*event),
            EventName::Mapped { column, names } => names.get(self.cell(*column)).copied(),
        }
    }

    /// The event the rule makes of the row, if its conditions hold.
    fn wanted_by(&self, rule: &Rule) -> Option<EventId> {
        self.event(rule).filter(|_| rule.conditions.iter().all(|c| self.holds(c.column, &c.test)))
    }
    fn holds(&self, column: usize, test: &Test) -> bool {
        let text = self.cell(column);
        match test {
            Test::Empty(wanted) => text.is_empty() == *wanted,
            Test::Is(wanted, other) => (text == other) == *wanted,
            Test::StartsWith(wanted, start) => text.starts_with(start.as_str()) == *wanted,
            // What is no number is neither more nor less.
            Test::Number(side, or_equal, limit) => {
                let order = Number::parse(text).and_then(|n| n.compare(*limit));
                order == Some(*side) || (*or_equal && order == Some(Ordering::Equal))
            }
        }
    }

    fn head(&self, rule: &Rule, event: EventId) -> Result<Head, Reason> {
        let text = |source: &Source| -> Result<String, Reason> {
            match self.value(source, &Type::Text, "row", "id")? {
                Value::Text(text) => Ok(text.to_string()),
                _ => Ok(String::new()),
            }
        };
        let thing = self.schema.about_things[event.index()];
        let user = match rule.person.as_ref().filter(|_| !thing) {
            None => None,
            Some(source) => {
                let id = text(source)?;
                if id.is_empty() || id.len() > ID_BYTES_MAX {
                    return Err(Reason::NoPerson);
                }
                Some(Cow::Owned(id))
            }
        };
        let id = rule.id.as_ref().map(text).transpose()?.filter(|id| !id.is_empty());
        let introduction = self.introduction()?;
        Ok(Head {
            event,
            at: self.time(rule)?,
            who: Who { user, anonymous: None },
            id: id.map(|id| fingerprint(&id)),
            introduction: Some(introduction).filter(|i| !thing && (!i.fields.is_empty() || !i.consent.is_empty())),
        })
    }

    fn introduction(&self) -> Result<Traits, Reason> {
        let mut traits = Traits::default();
        for (field, source) in &self.mapping.introduction {
            let known = &self.schema.profile.fields[field.index()];
            traits.fields.push((*field, self.value(source, &known.ty, "profile", &known.name)?));
        }
        traits.consent = self.mapping.consent.iter().map(|p| (*p, true)).collect();
        Ok(traits)
    }

    fn single(&self, rule: &Rule, event: EventId) -> Result<Arrival<'static>, Reason> {
        let shape = self.schema.event(event);
        let head = self.head(rule, event)?;
        let mut values = Vec::with_capacity(shape.fields.len());
        for (source, field) in sources(rule, event).iter().zip(&shape.fields) {
            values.push(match source {
                None => Value::Missing,
                Some(source) => self.value(source, &field.ty, &shape.name, &field.name)?,
            });
        }
        Ok(head.arrival(values))
    }

    fn element(&self, list: &Type, sources: &[Option<Source>]) -> Result<Value, Reason> {
        let Type::List(element) = list else { return Ok(Value::Missing) };
        let Type::Record(id) = **element else { return Ok(Value::Missing) };
        let shape = self.schema.record(id);
        let values = sources.iter().zip(&shape.fields).map(|(source, field)| match source {
            None => Ok(Value::Missing),
            Some(source) => self.value(source, &field.ty, &shape.name, &field.name),
        });
        Ok(Value::Record(values.collect::<Result<Vec<_>, _>>()?.into()))
    }

    fn value(&self, source: &Source, ty: &Type, of: &str, path: &str) -> Result<Value, Reason> {
        let read = |text: &str| {
            text::cell(self.schema, ty, text).ok_or_else(|| self.wrong(of, path, ty, &format!("`{}`", excerpt(text))))
        };
        match source {
            Source::Constant(value) => Ok(value.clone()),
            Source::Column(column) => read(self.cell(*column)),
            Source::Template(pieces) => read(&self.filled(pieces)),
            Source::Amount(amount) => {
                let number = self.product(amount)?;
                let wrong = || self.wrong(of, path, ty, "more digits (say how to `round` it)");
                rounded(number, amount.round, ty).ok_or_else(wrong)
            }
            Source::Rows(_) => Ok(Value::Missing),
        }
    }

    fn filled(&self, pieces: &[Piece]) -> String {
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Column(column) => out.push_str(self.cell(*column)),
            }
        }
        out
    }

    fn product(&self, amount: &Amount) -> Result<Number, Reason> {
        let mut product = amount.factor;
        for &column in &amount.columns {
            let text = self.cell(column);
            let wrong = || Reason::BadCell {
                column: self.mapping.columns[column].clone(),
                expected: Both::new("a number", "数"),
                found: excerpt(text),
            };
            product = Number::parse(text).and_then(|n| product.times(n)).ok_or_else(wrong)?;
        }
        Ok(product)
    }

    fn time(&self, rule: &Rule) -> Result<Instant, Reason> {
        let text = self.cell(rule.time.column);
        let unix = |digits: u8| Number::parse(text).and_then(|n| n.exactly(digits)).map(Instant);
        let at = match &rule.time.format {
            TimeFormat::Rfc3339 => Instant::parse_rfc3339(text),
            TimeFormat::UnixSeconds => unix(3),
            TimeFormat::UnixMillis => unix(0),
            TimeFormat::Pattern(pattern) => Instant::parse_pattern(pattern, text, rule.time.zone),
        };
        let at = at.ok_or_else(|| Reason::BadTime { found: excerpt(text) })?;
        if at < EARLIEST || at >= LATEST {
            return Err(Reason::TimeOutOfRange { found: excerpt(text) });
        }
        Ok(at)
    }

    fn wrong(&self, of: &str, path: &str, ty: &Type, found: &str) -> Reason {
        let expected = self.schema.describe(ty);
        Reason::WrongValue { of: of.to_string(), path: path.to_string(), expected, found: found.to_string().into() }
    }
}
