//! Runs a draft and follows the run under test, until it has done what is wanted or leaves the way.
//!
//! Changes nothing.

use std::collections::BTreeMap;

use crate::ir::{ActionId, ArmOn, HandleId, Journey, JourneyId, Op, Pc, StepId};
use crate::machine::{Effect, EndReason, Engine, Entry, Given, NotEntered, Passage, Person, RunNo, RunState, What};
use crate::prove::{Edge, Way};
use crate::value::{Instant, Value};

use super::draft::{Draft, Place, Root};
use super::effort::Effort;
use super::force::{Delivered, Origin};
use super::goal::Aim;
use super::run::{Seen, run};
use super::sample::days;
use super::story::{Sent, Told};
use super::way::{Fate, edge};

/// What a draft costs besides its inputs.
const DRAFT: u64 = 4;
/// A run that has not entered by then does not.
const LATE_DAYS: i64 = 2;

/// Where a run left the way, and what could be seen there.
pub(super) struct Halt<'p> {
    pub at: Instant,
    pub person: Person,
    pub slots: Vec<Value>,
    pub origins: Vec<Origin<'p>>,
    pub deliveries: BTreeMap<HandleId, Delivered>,
    /// Which call of its action the run waited for last.
    pub asked: usize,
    /// Taken so far.
    pub edges: Vec<Edge>,
    /// The line whose input it was.
    pub line: Option<usize>,
    pub what: Off,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Off {
    NotEntered(Option<NotEntered>),
    HeldOut,
    /// Took an edge that does not lead to the goal.
    Wrong(Edge, Fate),
    /// Waits for something that the story does not bring.
    Waiting(Pc),
    /// A wait is shorter than it could be.
    Short(Pc),
    Ended(EndReason),
    /// Neither ends nor moves.
    Rests,
}

pub(super) struct Follower<'f, 'p> {
    engine: &'f Engine<'p>,
    draft: &'f Draft<'p>,
    journey: &'p Journey,
    aim: &'f Aim,
    entry: Instant,
    run: Option<RunNo>,
    fate: Fate,
    drawn: u16,
    slots: Vec<Value>,
    origins: Vec<Origin<'p>>,
    deliveries: BTreeMap<HandleId, Delivered>,
    edges: Vec<Edge>,
    entries: Vec<Entry>,
    sends: Vec<Sent>,
    /// How often each action was called, by any journey.
    called: BTreeMap<ActionId, usize>,
    /// The call that the run under test waits for.
    asked: usize,
    ended: Option<(Instant, EndReason)>,
    last: Option<(Instant, Person)>,
    off: Option<(Off, Option<usize>)>,
    done: bool,
    inputs: u64,
}

/// The story as it was told, if it does what is wanted.
pub(super) fn follow<'p>(
    engine: &Engine<'p>,
    draft: &Draft<'p>,
    aim: &Aim,
    effort: &mut Effort,
) -> Result<Told, Box<Halt<'p>>> {
    let journey = engine.program().journey(draft.story.journey);
    let mut follower = Follower {
        engine,
        draft,
        journey,
        aim,
        entry: super::enter::entry(draft),
        run: None,
        fate: Fate::Fine,
        drawn: 0,
        slots: vec![Value::Missing; journey.slots.len()],
        origins: vec![Origin::Nowhere; journey.slots.len()],
        deliveries: BTreeMap::new(),
        edges: Vec::new(),
        entries: Vec::new(),
        sends: Vec::new(),
        called: BTreeMap::new(),
        asked: 0,
        ended: None,
        last: None,
        off: None,
        done: false,
        inputs: 0,
    };
    run(engine, &draft.story, &mut |seen| follower.see(seen));
    effort.spend(follower.inputs + DRAFT);
    follower.finish()
}

impl<'p> Follower<'_, 'p> {
    fn id(&self) -> JourneyId {
        self.draft.story.journey
    }
    fn reached(&self) -> bool {
        self.run.is_some() && self.aim.is_reached(&self.edges)
    }
    /// Whether to go on.
    fn see(&mut self, seen: &Seen<'_>) -> bool {
        self.inputs += 1;
        for effect in seen.effects {
            match effect {
                Effect::Journal(entry) if entry.journey == self.id() => self.note(entry),
                Effect::Journal(_) => {}
                Effect::Send(order) => {
                    let fields = 0..self.engine.program().profile.len() as u16;
                    self.sends.push(Sent {
                        at: seen.at,
                        journey: order.journey,
                        message: order.message,
                        params: order.params.clone(),
                        profile: fields.map(|f| seen.person.field(crate::ir::FieldId(f)).clone()).collect(),
                    });
                }
                Effect::Call(call) => {
                    let count = self.called.entry(call.action).or_default();
                    if Some(call.id.run) == self.run {
                        self.asked = *count;
                    }
                    *count += 1;
                }
                Effect::Passed(passage) if passage.journey == self.id() && Some(passage.run) == self.run => {
                    self.pass(passage, seen);
                }
                Effect::Passed(_) | Effect::Looked(_) => {}
            }
            if self.off.is_some() {
                break;
            }
        }
        if self.off.is_none() {
            self.judge(seen);
        }
        if self.off.is_some() || self.done {
            self.last = Some((seen.at, seen.person.clone()));
            return false;
        }
        true
    }
    fn judge(&mut self, seen: &Seen<'_>) {
        let Some(no) = self.run else {
            if seen.at > self.entry.plus(days(LATE_DAYS)) {
                self.off = Some((Off::NotEntered(None), None));
            }
            return;
        };
        let reached = self.reached();
        if let Some((_, reason)) = &self.ended {
            self.done = reached;
            if !reached {
                self.off = Some((Off::Ended(reason.clone()), seen.line));
            }
            return;
        }
        let Some(live) = seen.person.run(no) else { return };
        let RunState::Waiting { until } = live.state() else { return };
        let Some(step) = live.step(self.engine.program()) else { return };
        let Some(pc) = self.wait_at(step) else { return self.judge_plain_wait(step, live.entered_at(), until) };
        let at_rest = until.is_none() && !self.lines_ahead(seen.at);
        if reached {
            self.done = at_rest;
            return;
        }
        let wanted = self.aim.wanted(self.journey, &self.edges, pc);
        let hurries = self.draft.hurry
            && !self.draft.waited.contains(&self.edges.len())
            && wanted.iter().any(|edge| matches!(edge.way, Way::Arm(_)));
        if !hurries && wanted.iter().any(|edge| edge.way == Way::TimeUp) {
            return;
        }
        let line = self.draft.arms.iter().find(|(visit, _)| *visit == self.edges.len()).map(|(_, line)| *line);
        let ahead = line.is_some_and(|line| seen.line != Some(line) && self.draft.story.lines[line].at >= seen.at);
        if !ahead {
            self.off = Some((Off::Waiting(pc), seen.line));
        }
    }
    /// A wait that is over too early for a run that is to last.
    fn judge_plain_wait(&mut self, step: StepId, entered: Instant, until: Option<Instant>) {
        let Some((period, until)) = self.draft.beyond.zip(until) else { return };
        let limit = super::counter::last_moment(self.draft.story.zone, entered, period);
        if until <= limit && !self.draft.stretched.contains(&self.edges.len()) {
            let is_it = |i: &crate::ir::Instruction| i.step == step && matches!(i.op, Op::Wait { .. });
            let pc = self.journey.code.iter().position(is_it);
            self.off = pc.map(|pc| (Off::Short(pc as Pc), None));
        }
    }
    fn lines_ahead(&self, now: Instant) -> bool {
        self.draft.story.lines.iter().any(|line| line.at > now)
    }
    fn wait_at(&self, step: StepId) -> Option<Pc> {
        let is_it = |i: &crate::ir::Instruction| i.step == step && matches!(i.op, Op::Await { .. });
        self.journey.code.iter().position(is_it).map(|pc| pc as Pc)
    }

    fn note(&mut self, entry: &Entry) {
        self.entries.push(entry.clone());
        match &entry.what {
            What::Entered if self.run.is_none() => {
                self.run = entry.run;
                if let (crate::ir::Start::Event { bind, .. }, Some(line)) = (&self.journey.start, self.draft.start) {
                    self.bind(bind.index(), Origin::Place(Place::root(Root::Line(line))));
                }
            }
            What::NotEntered { why } if self.run.is_none() => self.off = Some((Off::NotEntered(Some(*why)), None)),
            _ if entry.run != self.run || self.run.is_none() => {}
            What::HeldOut => self.off = Some((Off::HeldOut, None)),
            What::Arm { arm, .. } => self.drawn = *arm,
            What::Sent { handle, .. } => {
                self.deliveries.insert(*handle, Delivered { at: entry.at, sent: true });
            }
            What::Dropped { .. } => {
                if let Some(handle) = entry.step.and_then(|step| self.handle_at(step)) {
                    self.deliveries.insert(handle, Delivered { at: entry.at, sent: false });
                }
            }
            What::Ended { reason } => self.ended = Some((entry.at, reason.clone())),
            _ => {}
        }
        if entry.run == self.run {
            self.fate.note(&entry.what);
        }
    }
    fn handle_at(&self, step: StepId) -> Option<HandleId> {
        self.journey.code.iter().find_map(|i| match &i.op {
            Op::Send { handle, .. } if i.step == step => Some(*handle),
            _ => None,
        })
    }
    fn bind(&mut self, slot: usize, origin: Origin<'p>) {
        let value = match &origin {
            Origin::Place(place) => self.draft.value(place),
            Origin::Draw(_) => Value::Int(self.drawn.into()),
            Origin::Nowhere | Origin::Let(_) => Value::Missing,
        };
        if let (Some(place), Some(at)) = (self.slots.get_mut(slot), self.origins.get_mut(slot)) {
            (*place, *at) = (value, origin);
        }
    }

    fn pass(&mut self, passage: &Passage, seen: &Seen<'_>) {
        let fate = std::mem::take(&mut self.fate);
        let Some(edge) = edge(self.journey, passage.pc, passage.way, fate) else { return };
        if !self.aim.admits(&self.edges, edge) {
            self.off = Some((Off::Wrong(edge, fate), seen.line));
            return;
        }
        self.edges.push(edge);
        match (&self.journey.code[passage.pc as usize].op, edge.way) {
            (Op::Await { arms, .. }, Way::Arm(arm)) => {
                if let (ArmOn::Event { bind: Some(slot), .. }, Some(line)) = (&arms[usize::from(arm)].on, seen.line) {
                    self.bind(slot.index(), Origin::Place(Place::root(Root::Line(line))));
                }
            }
            (Op::Do { action, result: Some(slot), .. }, Way::Answered) => {
                self.bind(slot.index(), Origin::Place(Place::root(Root::Answer(*action, self.asked))));
            }
            (Op::Do { result: Some(slot), .. }, Way::Failed) => self.bind(slot.index(), Origin::Nowhere),
            (Op::Draw { split, slot }, _) => self.bind(slot.index(), Origin::Draw(*split)),
            (Op::Let { slot, value }, _) => {
                let zone = self.engine.zone(seen.person, self.id());
                let given = Given { slots: &self.slots, subjects: &[] };
                let now = self.engine.evaluate_with(seen.person, zone, given, value, passage.at);
                self.bind(slot.index(), Origin::Let(value));
                self.slots[slot.index()] = now;
            }
            _ => {}
        }
    }

    fn finish(self) -> Result<Told, Box<Halt<'p>>> {
        let reached = self.reached();
        if self.off.is_none() && reached {
            let mut story = self.draft.story.clone();
            story.answers.retain(|action, _| self.called.contains_key(action));
            for (action, replies) in &mut story.answers {
                replies.truncate(self.called.get(action).copied().unwrap_or(1));
                while replies.len() > 1 && replies.last() == replies.get(replies.len() - 2) {
                    replies.pop();
                }
            }
            let end = self.last.as_ref().map_or(story.until, |(at, _)| *at);
            let lines = story.lines.iter().map(|line| line.at).max();
            story.until = lines.map_or(end, |line| line.max(end));
            let rests = self.ended.is_none();
            return Ok(Told { story, edges: self.edges, entries: self.entries, sends: self.sends, rests });
        }
        let (what, line) = self.off.unwrap_or(match self.run {
            None => (Off::NotEntered(None), None),
            Some(_) => (Off::Rests, None),
        });
        let (at, person) =
            self.last.unwrap_or_else(|| (self.draft.story.until, super::run::person(self.engine, &self.draft.story)));
        let (slots, origins, deliveries, edges, asked) =
            (self.slots, self.origins, self.deliveries, self.edges, self.asked);
        Err(Box::new(Halt { at, person, slots, origins, deliveries, asked, edges, line, what }))
    }
}
