//! A person made anew from their journal: the same inputs through the same machine, so that everything can be looked at
//! again that happened on the way.
//!
//! Explains nothing. Without the beginning of a journal there is no replay: what is missing cannot be made up.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ir::Program;
use crate::machine::{Effect, Engine, Entry, Input, InputKind, Person};
use crate::ports::{Joined, Seat};
use crate::runtime::durable::diary::Line;
use crate::value::Instant;

/// People found to be one, one in the other; more than anybody has.
const JOINED_DEPTH_MAX: usize = 64;

/// What is kept of a person.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Past {
    /// The id of first sight, which draws hang on.
    pub id: Arc<str>,
    /// Of their own seat.
    pub lines: Vec<Line>,
    /// Of the seats that became a part of theirs.
    pub joined: BTreeMap<Seat, Vec<Line>>,
    /// Programs that moved them before the one that runs now.
    pub earlier: Vec<Arc<Program>>,
}

impl Past {
    /// Those programs made ready by `make`.
    pub fn engines<'p>(&'p self, make: impl Fn(&'p Program) -> Engine<'p>) -> Vec<Engine<'p>> {
        self.earlier.iter().map(|program| make(program)).collect()
    }
}

/// Which program moved people when. A journal of one program has one.
#[derive(Debug, Clone, Copy)]
pub struct Editions<'e, 'p> {
    engine: &'e Engine<'p>,
    /// Those before it.
    earlier: &'e [Engine<'p>],
}

impl<'e, 'p> Editions<'e, 'p> {
    pub fn one(engine: &'e Engine<'p>) -> Editions<'e, 'p> {
        Editions { engine, earlier: &[] }
    }
    /// The last one, and those that ran before.
    pub fn all(engine: &'e Engine<'p>, earlier: &'e [Engine<'p>]) -> Editions<'e, 'p> {
        Editions { engine, earlier }
    }
    /// The only place that chooses.
    fn of(&self, generation: u32) -> &'e Engine<'p> {
        let is_it = |engine: &&Engine<'p>| engine.program().generation() == generation;
        self.earlier.iter().find(is_it).unwrap_or(self.engine)
    }
    /// The program that moves the person after the last line.
    pub fn last(&self) -> &'e Engine<'p> {
        self.engine
    }
}

/// Something that moved the person.
pub struct Moment<'m> {
    pub at: Instant,
    pub cause: Cause<'m>,
    /// After it.
    pub person: &'m Person,
    /// In order.
    pub effects: &'m [Effect],
    /// It happened to somebody who became a part of the person: what was added to their run numbers.
    pub joined: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
pub enum Cause<'m> {
    Input(&'m Input),
    /// One of their own timers.
    Timer,
    Joined(&'m Joined),
}

/// What came of a replay.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    pub person: Person,
    /// What the machine wrote this time.
    pub entries: Vec<Entry>,
    /// That is what it wrote the first time.
    pub is_faithful: bool,
}

/// Why there is no replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreplayable {
    /// The journal does not go back to where the person was first seen: it is older than journals are kept, or than Tabi
    /// wrote down all that a replay needs.
    Beginning,
    /// The same of somebody who became a part of the person.
    BeginningOfOther,
}

/// Replays everything up to and at a moment.
pub fn replay(
    editions: Editions<'_, '_>,
    past: &Past,
    until: Instant,
    watch: &mut dyn FnMut(&Moment<'_>),
) -> Result<Replayed, Unreplayable> {
    let mut replaying = Replaying { editions, past, joined: None, watch };
    let mut told = replaying.person(&past.id, &past.lines, until, 0)?;
    let wrote: Vec<&Entry> = recorded(&past.lines, until).collect();
    told.is_faithful = wrote.into_iter().eq(&told.entries);
    Ok(told)
}

/// What the machine wrote the first time.
pub fn recorded(lines: &[Line], until: Instant) -> impl Iterator<Item = &Entry> {
    entries_of(lines.iter(), until)
}
pub(super) fn entries_of<'l>(lines: impl Iterator<Item = &'l Line>, until: Instant) -> impl Iterator<Item = &'l Entry> {
    lines.filter_map(move |line| match line {
        Line::Wrote(entry) if entry.at <= until => Some(entry),
        Line::Wrote(_)
        | Line::Began(_)
        | Line::Taken(_)
        | Line::Consents(_)
        | Line::Joined(_)
        | Line::Changed { .. } => None,
    })
}

struct Replaying<'r, 'e, 'p> {
    editions: Editions<'e, 'p>,
    past: &'r Past,
    /// Of whom is replayed now, as [`Moment::joined`] says it.
    joined: Option<u32>,
    watch: &'r mut dyn FnMut(&Moment<'_>),
}

impl Replaying<'_, '_, '_> {
    fn person(
        &mut self,
        id: &Arc<str>,
        lines: &[Line],
        until: Instant,
        depth: usize,
    ) -> Result<Replayed, Unreplayable> {
        let missing = if depth == 0 { Unreplayable::Beginning } else { Unreplayable::BeginningOfOther };
        let first = lines.iter().find(|line| !matches!(line, Line::Changed { .. }));
        if !matches!(first, Some(Line::Began(_))) {
            return Err(missing);
        }
        let person = self.editions.last().newcomer(id.clone());
        let mut told = Replayed { person, entries: Vec::new(), is_faithful: true };
        let mut consent = None;
        let mut engine = self.editions.last();
        for line in lines {
            match line {
                Line::Changed { at, .. } if *at > until => break,
                Line::Changed { at, generation } => {
                    let next = self.editions.of(*generation);
                    // What was due before the first change that the person had not seen was done by the program before.
                    let seen = told.person.generation();
                    let first = next.program().changes_after(seen).map(|change| change.at).min();
                    self.wake(engine, &mut told, first.unwrap_or(*at).min(*at));
                    engine = next;
                    self.step(engine, &mut told, &Input { at: *at, kind: InputKind::Wake }, Cause::Timer);
                }
                Line::Consents(all) => consent = Some(all),
                Line::Wrote(_) => {}
                Line::Began(at) if *at > until => break,
                Line::Began(at) => {
                    told.person = engine.newcomer(id.clone());
                    let input = Input { at: *at, kind: InputKind::Live };
                    self.step(engine, &mut told, &input, Cause::Input(&input));
                }
                Line::Taken(input) if input.at > until => break,
                Line::Taken(input) => {
                    self.wake(engine, &mut told, input.at);
                    let input = &with_consents(input, consent.take());
                    self.step(engine, &mut told, input, Cause::Input(input));
                }
                Line::Joined(joined) if joined.at > until || depth >= JOINED_DEPTH_MAX => break,
                Line::Joined(joined) => {
                    self.wake(engine, &mut told, joined.at);
                    let theirs = self.past.joined.get(&joined.from).ok_or(Unreplayable::BeginningOfOther)?;
                    let mine = self.joined;
                    self.joined = Some(mine.unwrap_or_default().saturating_add(joined.base));
                    let other = self.person(&joined.id, theirs, joined.at, depth + 1)?.person;
                    self.joined = mine;
                    let mut effects = Vec::new();
                    engine.merge(&mut told.person, other, joined.at, &mut effects);
                    self.tell(&mut told, joined.at, Cause::Joined(joined), &effects);
                }
            }
        }
        if until < Instant::NEVER {
            self.wake(engine, &mut told, until);
        }
        Ok(told)
    }

    /// Timers that are due up to and at a moment, each at its own time.
    fn wake(&mut self, engine: &Engine<'_>, told: &mut Replayed, to: Instant) {
        while let Some(at) = told.person.wake().filter(|at| *at <= to) {
            self.step(engine, told, &Input { at, kind: InputKind::Wake }, Cause::Timer);
        }
    }
    fn step(&mut self, engine: &Engine<'_>, told: &mut Replayed, input: &Input, cause: Cause<'_>) {
        let mut effects = Vec::new();
        engine.step(&mut told.person, input, &mut effects);
        self.tell(told, input.at, cause, &effects);
    }
    fn tell(&mut self, told: &mut Replayed, at: Instant, cause: Cause<'_>, effects: &[Effect]) {
        told.entries.extend(effects.iter().filter_map(|effect| match effect {
            Effect::Journal(entry) => Some(entry.clone()),
            Effect::Send(_) | Effect::Call(_) | Effect::Passed(_) | Effect::Looked(_) => None,
        }));
        (self.watch)(&Moment { at, cause, person: &told.person, effects, joined: self.joined });
    }
}

/// The input as it came: its line leaves out what nobody needs to be told of.
fn with_consents(input: &Input, consent: Option<&Vec<(crate::ir::PurposeId, bool)>>) -> Input {
    match (&input.kind, consent) {
        (InputKind::Profile { id, fields, .. }, Some(consent)) => {
            let kind = InputKind::Profile { id: *id, fields: fields.clone(), consent: consent.clone() };
            Input { at: input.at, kind }
        }
        _ => input.clone(),
    }
}
