//! Runs a story: the machine, one person, and a world that does what the story says and nothing else.
//!
//! The same rules as for timeline tests (`docs/simulate.md`): providers accept at once, actions answer at once, due
//! timers come before a line of the same time. Judges nothing; a watcher looks on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::ir::journey::Op;
use crate::ir::timeline::{LineWhat, Reply, ReportVerb};
use crate::ir::{ActionId, Channel, FieldId, HandleId, JourneyId, Program, PurposeId, Start, StepId, Subject};
use crate::machine::schedule::{is_local, next_tick};
use crate::machine::{Effect, Engine, Input, InputKind, Order, Person, Report, SendId};
use crate::value::{Instant, Value};

use super::story::{Line, Story};

/// Who stories are about; draws know them by this id.
const PERSON: &str = "test person";

/// One input was taken.
pub struct Seen<'a> {
    pub at: Instant,
    /// The line of the story it came with; absent for timers, ticks and answers.
    pub line: Option<usize>,
    /// After the input.
    pub person: &'a Person,
    /// In order.
    pub effects: &'a [Effect],
}

/// Runs a story to its end, or until the watcher has seen enough (and says `false`). Lines are taken in order of time.
pub fn run(engine: &Engine<'_>, story: &Story, watch: &mut dyn FnMut(&Seen<'_>) -> bool) {
    let mut runner = Runner::new(engine, story, watch);
    runner.set_up();
    let mut order: Vec<usize> = (0..story.lines.len()).collect();
    order.sort_by_key(|i| (story.lines[*i].at, *i));
    for index in order {
        runner.take_line(index, &story.lines[index]);
        if runner.over {
            return;
        }
    }
    runner.pass(story.until);
}

/// Who a person is before anything happens.
pub(super) fn person(engine: &Engine<'_>, story: &Story) -> Person {
    let mut person = Person::new(PERSON);
    let fields = story.profile.iter().enumerate().map(|(i, value)| (FieldId(i as u16), value.clone()));
    let fields: Vec<_> = fields.filter(|(_, value)| !value.is_missing()).collect();
    let consent: Vec<(PurposeId, bool)> = story.consent.iter().map(|purpose| (*purpose, true)).collect();
    engine.record_profile(&mut person, &fields, &consent, story.clock);
    story.pins.iter().for_each(|(split, arm)| person.pin(*split, *arm));
    let mut past: Vec<_> = story.history.iter().collect();
    past.sort_by_key(|past| past.at);
    for past in past {
        engine.record_past(&mut person, past.event, &past.payload, past.at);
    }
    person
}

struct Runner<'r, 'p> {
    engine: &'r Engine<'p>,
    story: &'r Story,
    person: Person,
    /// Journeys that start by the clock, in journey order, and their next tick.
    ticks: Vec<(JourneyId, Instant)>,
    turns: VecDeque<InputKind>,
    effects: Vec<Effect>,
    /// Sends of the journey under test.
    orders: Vec<(SendId, Option<HandleId>)>,
    /// How often each action was called.
    called: BTreeMap<ActionId, usize>,
    /// The provider will refuse the next send behind these handles.
    refusals: Vec<HandleId>,
    /// Moments at which the story says itself what a provider answers.
    decided: BTreeSet<(Instant, HandleId)>,
    watch: &'r mut dyn FnMut(&Seen<'_>) -> bool,
    over: bool,
}

impl<'r, 'p> Runner<'r, 'p> {
    fn new(engine: &'r Engine<'p>, story: &'r Story, watch: &'r mut dyn FnMut(&Seen<'_>) -> bool) -> Self {
        let decided = story.lines.iter().filter_map(|line| match &line.what {
            LineWhat::Report { verb: ReportVerb::Refuse | ReportVerb::Bounce, handle } => {
                handle_named(engine.program(), story.journey, handle).map(|h| (line.at, h))
            }
            _ => None,
        });
        Runner {
            engine,
            story,
            person: person(engine, story),
            ticks: Vec::new(),
            turns: VecDeque::new(),
            effects: Vec::new(),
            orders: Vec::new(),
            called: BTreeMap::new(),
            refusals: Vec::new(),
            decided: decided.collect(),
            watch,
            over: false,
        }
    }

    fn set_up(&mut self) {
        let program = self.engine.program();
        let mut journeys: Vec<JourneyId> = (0..program.journeys.len()).map(|i| JourneyId(i as u16)).collect();
        journeys.sort_by_key(|j| (std::cmp::Reverse(program.journey(*j).priority), *j));
        let before = Instant(self.story.clock.0 - 1);
        let tick = |j: JourneyId| Some((j, next_tick(&program.journey(j).start, self.zone(j), before)?));
        self.ticks = journeys.into_iter().filter_map(tick).collect();
        self.pass(self.story.clock);
        self.turn(self.story.clock, None, InputKind::Live);
    }
    fn zone(&self, journey: JourneyId) -> crate::value::Zone {
        self.engine.zone(&self.person, journey)
    }

    /// Everything that is due up to and at a moment: wakes before ticks.
    fn pass(&mut self, to: Instant) {
        while !self.over {
            let wake = self.person.wake().unwrap_or(Instant::NEVER);
            let tick = self.ticks.iter().map(|(_, at)| *at).min().unwrap_or(Instant::NEVER);
            let at = wake.min(tick);
            if at > to || at >= Instant::NEVER {
                return;
            }
            if wake <= tick {
                self.turn(at, None, InputKind::Wake);
            } else {
                self.tick(at);
            }
        }
    }
    fn tick(&mut self, at: Instant) {
        let due: Vec<JourneyId> = self.ticks.iter().filter(|(_, t)| *t == at).map(|(j, _)| *j).collect();
        let program = self.engine.program();
        let next: Vec<(JourneyId, Instant)> = (self.ticks.iter())
            .filter_map(|(j, t)| match *t == at {
                true => next_tick(&program.journey(*j).start, self.zone(*j), at).map(|next| (*j, next)),
                false => Some((*j, *t)),
            })
            .collect();
        self.ticks = next;
        for journey in due {
            self.turn(at, None, InputKind::Tick { journey, payload: None });
        }
    }

    fn take_line(&mut self, index: usize, line: &Line) {
        self.pass(line.at);
        if self.over {
            return;
        }
        let program = self.engine.program();
        let kind = match &line.what {
            LineWhat::Event { event, payload } if program.event(*event).subject != Subject::Profile => {
                return self.fan_out(index, line.at, *event, payload);
            }
            LineWhat::Event { event, payload } => {
                InputKind::Event { id: None, event: *event, payload: payload.clone() }
            }
            LineWhat::Set { field, value } => {
                InputKind::Profile { id: None, fields: vec![(*field, value.clone())], consent: Vec::new() }
            }
            LineWhat::Consent { given } => {
                let all = (0..program.purposes.len() as u16).map(PurposeId);
                let consent = all.map(|p| (p, given.contains(&p))).collect();
                InputKind::Profile { id: None, fields: Vec::new(), consent }
            }
            LineWhat::Approve { approved, by } => InputKind::Approval { by: by.clone(), approved: *approved },
            LineWhat::Report { verb, handle } => return self.report(index, line.at, *verb, handle),
            LineWhat::Pass | LineWhat::Expect(_) => return,
        };
        let is_profile = matches!(kind, InputKind::Profile { .. });
        self.turn(line.at, Some(index), kind);
        if is_profile {
            self.note_zone(line.at);
        }
    }
    /// `local` schedules follow the person's zone.
    fn note_zone(&mut self, at: Instant) {
        let program = self.engine.program();
        let moved = |(journey, tick): &(JourneyId, Instant)| match is_local(&program.journey(*journey).start) {
            true => Some((*journey, next_tick(&program.journey(*journey).start, self.zone(*journey), at)?)),
            false => Some((*journey, *tick)),
        };
        self.ticks = self.ticks.iter().filter_map(moved).collect();
    }
    fn fan_out(&mut self, index: usize, at: Instant, event: crate::ir::EventId, payload: &Value) {
        let program = self.engine.program();
        let mut journeys: Vec<JourneyId> = (0..program.journeys.len()).map(|i| JourneyId(i as u16)).collect();
        journeys.retain(
            |j| matches!(&program.journey(*j).start, Start::Event { event: e, audience: Some(_), .. } if *e == event),
        );
        journeys.sort_by_key(|j| (std::cmp::Reverse(program.journey(*j).priority), *j));
        for journey in journeys {
            self.turn(at, Some(index), InputKind::Tick { journey, payload: Some(payload.clone()) });
        }
    }
    fn report(&mut self, index: usize, at: Instant, verb: ReportVerb, handle: &str) {
        let Some(handle) = handle_named(self.engine.program(), self.story.journey, handle) else { return };
        let report = report_of(verb);
        if let Some((send, _)) = self.orders.iter().rev().find(|(_, h)| *h == Some(handle)).copied() {
            return self.turn(at, Some(index), InputKind::Report { send, report });
        }
        match verb {
            ReportVerb::Refuse => self.refusals.push(handle),
            ReportVerb::Block | ReportVerb::Unsubscribe | ReportVerb::Complain => {
                for channel in self.channels_of(handle) {
                    self.turn(at, Some(index), InputKind::Reach { channel, report });
                }
            }
            ReportVerb::Deliver | ReportVerb::Open | ReportVerb::Click | ReportVerb::Bounce => {}
        }
    }
    fn channels_of(&self, handle: HandleId) -> BTreeSet<Channel> {
        let program = self.engine.program();
        let channel = |op: &Op| match op {
            Op::Send { message, handle: h, .. } if *h == handle => Some(program.message(*message).channel),
            _ => None,
        };
        program.journey(self.story.journey).code.iter().filter_map(|i| channel(&i.op)).collect()
    }

    /// Inputs of this moment until nothing more comes back at once.
    fn turn(&mut self, at: Instant, line: Option<usize>, kind: InputKind) {
        self.turns.push_back(kind);
        let mut line = line;
        while let Some(kind) = self.turns.pop_front().filter(|_| !self.over) {
            let mut effects = std::mem::take(&mut self.effects);
            effects.clear();
            self.engine.step(&mut self.person, &Input { at, kind }, &mut effects);
            for effect in &effects {
                self.answer(at, effect);
            }
            let seen = Seen { at, line: line.take(), person: &self.person, effects: &effects };
            self.over = !(self.watch)(&seen);
            self.effects = effects;
        }
    }
    fn answer(&mut self, at: Instant, effect: &Effect) {
        match effect {
            Effect::Send(order) => self.accept(at, order),
            Effect::Call(call) => {
                let before = self.called.entry(call.action).or_default();
                let result = match self.story.reply(call.action, *before) {
                    Some(Reply::Gives(value)) => Some(Some(value.clone())),
                    Some(Reply::Fails) => Some(None),
                    Some(Reply::Never) => None,
                    None => Some(Some(Value::Missing)),
                };
                *before += 1;
                self.turns.extend(result.map(|result| InputKind::Answer { call: call.id, result }));
            }
            Effect::Journal(_) | Effect::Passed(_) | Effect::Looked(_) => {}
        }
    }
    fn accept(&mut self, at: Instant, order: &Order) {
        let program = self.engine.program();
        let tested = match order.journey == self.story.journey {
            true => handle_of(program, order.journey, order.id.step),
            false => None,
        };
        let refusal = self.refusals.iter().position(|h| Some(*h) == tested);
        let report = match refusal {
            Some(place) => {
                self.refusals.remove(place);
                Some(Report::Refused)
            }
            None if tested.is_some_and(|h| self.decided.contains(&(at, h))) => None,
            None => order.awaited.then_some(Report::Accepted),
        };
        self.turns.extend(report.map(|report| InputKind::Report { send: order.id, report }));
        if order.journey == self.story.journey {
            self.orders.push((order.id, tested));
        }
    }
}

fn handle_of(program: &Program, journey: JourneyId, step: StepId) -> Option<HandleId> {
    program.journey(journey).code.iter().find_map(|i| match &i.op {
        Op::Send { handle, .. } if i.step == step => Some(*handle),
        _ => None,
    })
}
fn handle_named(program: &Program, journey: JourneyId, name: &str) -> Option<HandleId> {
    program.journey(journey).handles.iter().position(|h| h.name == name).map(|i| HandleId(i as u16))
}
fn report_of(verb: ReportVerb) -> Report {
    match verb {
        ReportVerb::Deliver => Report::Delivered,
        ReportVerb::Open => Report::Opened,
        ReportVerb::Click => Report::Clicked,
        ReportVerb::Bounce => Report::Bounced,
        ReportVerb::Block => Report::Blocked,
        ReportVerb::Complain => Report::Complained,
        ReportVerb::Unsubscribe => Report::Unsubscribed,
        ReportVerb::Refuse => Report::Refused,
    }
}
