//! One turn: a person's due timers and one input, in the order of stages.
//!
//! Knows what comes before what; the stages themselves are in the files beside.
//!
//! The order at one moment: what is known (profile, history, memberships) — goals — exits — waits — new entries. A run
//! that is moved goes on until it rests. What runs write to the profile is heeded by the others when all of them rest,
//! as a change of the profile at the same moment.

use std::sync::Arc;

use crate::ir::{EventId, FieldId, JourneyId, Program, PurposeId, Stage, StepId};
use crate::value::{Instant, Value};

use super::INSTRUCTIONS_PER_MOMENT_MAX;
use super::effect::{Effect, Entry, RunNo, What};
use super::engine::Engine;
use super::evaluate::View;
use super::history::{EventHistory, field_of};
use super::input::InputKind;
use super::person::{Activity, BOUNCED, Person, Run, push_exact};

/// Recent input ids kept at most; the oldest go first.
const SEEN_MAX: usize = 4_096;

pub(super) struct Turn<'t, 'p> {
    pub engine: &'t Engine<'p>,
    pub program: &'p Program,
    pub person: &'t mut Person,
    pub effects: &'t mut Vec<Effect>,
    pub now: Instant,
    /// Instructions left at this moment.
    pub budget: u32,
    /// Those in force: of the generation that the person has come to.
    pub stages: &'p [Stage],
    /// Profile fields written at this moment whose memberships were not looked at yet.
    pub written: Vec<FieldId>,
}

/// What the stages react to.
#[derive(Clone, Copy, Default)]
pub(super) struct Trigger<'i> {
    pub event: Option<Happened<'i>>,
    /// Memberships that changed: index of the tracked segment, and whether the person is a member now.
    pub flips: &'i [(u16, bool)],
}

#[derive(Clone, Copy)]
pub(super) struct Happened<'i> {
    pub event: EventId,
    pub payload: &'i Value,
    /// The event's own time, not later than its arrival.
    pub at: Instant,
}

impl<'t, 'p> Turn<'t, 'p> {
    pub fn new(
        engine: &'t Engine<'p>,
        person: &'t mut Person,
        effects: &'t mut Vec<Effect>,
        now: Instant,
    ) -> Turn<'t, 'p> {
        let program = engine.program;
        let is_of_now = person.generation == program.generation();
        let stages = if is_of_now { program.stages() } else { program.stages_under(person.generation) };
        let budget = INSTRUCTIONS_PER_MOMENT_MAX;
        Turn { engine, program, person, effects, now, budget, stages, written: Vec::new() }
    }

    /// One input, after the timers that were due before it. Whether it was heeded: see [`Engine::step`].
    pub fn take(&mut self, kind: &InputKind) -> bool {
        let at_first_sight = !(self.person.known || self.engine.tracked.is_empty());
        let before = self.effects.len();
        // An answer, an approval and a tick of which something comes leave a line.
        let mut heeded = true;
        match kind {
            InputKind::Event { id, event, payload } => {
                heeded = !self.is_repeated(*id);
                if heeded {
                    self.take_event(*event, payload);
                }
            }
            InputKind::Profile { id, fields, consent } => {
                heeded = !self.is_repeated(*id);
                if heeded {
                    self.write_profile(fields, consent);
                }
            }
            InputKind::Live => self.go_live(),
            InputKind::Wake => heeded = false,
            InputKind::Report { send, report } => heeded = self.take_report(*send, *report),
            InputKind::Reach { channel, report } => self.note_reach(*channel, *report),
            InputKind::Answer { call, result } => {
                self.take_answer(*call, result.as_ref());
                heeded = self.effects.len() > before;
            }
            InputKind::Approval { by, approved } => {
                self.take_approval(by.as_deref(), *approved);
                heeded = self.effects.len() > before;
            }
            InputKind::Tick { journey, payload } => {
                self.take_tick(*journey, payload.as_ref());
                heeded = self.effects.len() > before;
            }
        }
        self.settle_written();
        heeded || at_first_sight
    }

    fn take_event(&mut self, event: EventId, payload: &Value) {
        let Some(interest) = self.engine.events.get(event.index()) else { return };
        let (payload, at) = self.not_later_than_now(event, payload);
        self.record(event, &payload);
        let flips = self.reassess(&interest.tracked);
        let happened = Happened { event, payload: &payload, at };
        if self.is_too_old(at) {
            return self.refuse_too_old(happened);
        }
        self.run_stages(Trigger { event: Some(happened), flips: &flips });
    }

    pub fn run_stages(&mut self, trigger: Trigger<'_>) {
        self.count_goals(trigger);
        self.apply_exits(trigger);
        self.satisfy_waits(trigger);
        self.start_entries(trigger);
    }

    /// Memberships that the writes of this moment changed, and all they bring, until nothing is written any more.
    /// Ends, because each round needs an instruction that writes, and instructions are counted.
    pub fn settle_written(&mut self) {
        while !self.written.is_empty() || !(self.person.known || self.engine.tracked.is_empty()) {
            let fields = std::mem::take(&mut self.written);
            let by_field = &self.engine.tracked_by_field;
            let mut tracked: Vec<u16> =
                fields.iter().filter_map(|f| by_field.get(f.index())).flatten().copied().collect();
            tracked.sort_unstable();
            tracked.dedup();
            let flips = self.reassess(&tracked);
            if !flips.is_empty() {
                self.run_stages(Trigger { event: None, flips: &flips });
            }
        }
    }

    /// Caches the next wake.
    pub fn finish(&mut self) {
        let due = self.next_due().map_or(Instant::NEVER, |due| due.at);
        self.person.wake = due;
    }

    // ---- what is known -------------------------------------------------------------------------------------------

    /// Two inputs with one id are one.
    fn is_repeated(&mut self, id: Option<u64>) -> bool {
        let Some(id) = id else { return false };
        let oldest = self.now.minus(self.program.project.dedupe_window);
        let now = self.now;
        let seen = &mut self.person.activity_mut().seen;
        let expired = seen.iter().take_while(|(_, at)| *at <= oldest).count().max(seen.len().saturating_sub(SEEN_MAX));
        if seen[expired..].iter().any(|(known, _)| *known == id) {
            return true;
        }
        seen.drain(..expired);
        push_exact(seen, (id, now));
        false
    }
    /// A clock ahead of ours is cut to the time of arrival. Without a time of its own the event is from now.
    pub fn not_later_than_now(&self, event: EventId, payload: &Value) -> (Value, Instant) {
        let field = self.program.event(event).at_field();
        match field_of(payload, field) {
            Value::Instant(at) if at <= self.now => (payload.clone(), at),
            _ => {
                let mut fields: Vec<Value> = match payload {
                    Value::Record(fields) => fields.to_vec(),
                    _ => Vec::new(),
                };
                fields.resize(field.index() + 1, Value::Missing);
                fields[field.index()] = Value::Instant(self.now);
                (Value::Record(Arc::from(fields)), self.now)
            }
        }
    }
    pub fn is_too_old(&self, at: Instant) -> bool {
        self.now.since(at) > self.program.project.max_event_age
    }
    /// Keeps of the event what the program asks for.
    pub fn record(&mut self, event: EventId, payload: &Value) {
        if !self.engine.events.get(event.index()).is_some_and(|e| e.kept) {
            return;
        }
        let at = match field_of(payload, self.program.event(event).at_field()) {
            Value::Instant(at) => at.min(self.now),
            _ => self.now,
        };
        let history = &mut self.person.history;
        let index = history.binary_search_by_key(&event, |h| h.event).unwrap_or_else(|index| {
            history.reserve_exact(1);
            history.insert(index, EventHistory::new(event));
            index
        });
        history[index].record(&self.program.history[event.index()], at, payload, self.now);
    }
    pub fn write_profile(&mut self, fields: &[(FieldId, Value)], consent: &[(PurposeId, bool)]) {
        for (field, value) in fields {
            self.write(*field, value.clone());
        }
        for (purpose, given) in consent.iter().filter(|(p, _)| p.0 < 32) {
            let bit = 1 << purpose.0;
            let (now_in, now_out) = match given {
                true => (&mut self.person.consent, &mut self.person.withdrawn),
                false => (&mut self.person.withdrawn, &mut self.person.consent),
            };
            *now_in |= bit;
            *now_out &= !bit;
        }
        self.person.profile_at = self.now;
    }
    /// Writes one field of the profile. A new address has not bounced yet.
    pub fn write(&mut self, field: FieldId, value: Value) {
        if *self.person.field(field) == value || field.index() >= self.program.profile.len() {
            return;
        }
        let known = &self.program.person;
        if known.zone == Some(field) {
            self.person.zone = match &value {
                Value::Zone(zone) => Some(*zone),
                _ => None,
            };
        }
        for (reach, address) in self.person.reach.iter_mut().zip(known.addresses) {
            if address == Some(field) {
                *reach &= !BOUNCED;
            }
        }
        let profile = &mut self.person.profile;
        match (profile.binary_search_by_key(&field, |(f, _)| *f), value.is_missing()) {
            (Ok(index), true) => drop(profile.remove(index)),
            (Ok(index), false) => profile[index].1 = value,
            (Err(_), true) => {}
            (Err(index), false) => {
                profile.reserve_exact(1);
                profile.insert(index, (field, value));
            }
        }
        self.person.profile_at = self.now;
        self.written.push(field);
    }

    // ---- what the stages share -----------------------------------------------------------------------------------

    pub fn activity(&mut self) -> &mut Activity {
        self.person.activity_mut()
    }
    pub fn index_of(&self, no: RunNo) -> Option<usize> {
        self.person.runs().iter().position(|r| r.no == no)
    }
    /// Numbers of the live runs that a stage looks at, in journey order.
    pub fn runs_where(&self, looks: impl Fn(&Run) -> bool) -> Vec<RunNo> {
        self.person.runs().iter().filter(|r| looks(r)).map(|r| r.no).collect()
    }
    /// From a journey, outside any run.
    pub fn view<'a>(&'a self, journey: JourneyId, slots: &'a [Value]) -> View<'a> {
        let zone = self.engine.zone(self.person, journey);
        View::new(self.program, self.person, zone, self.now).with_slots(slots)
    }
    pub fn view_of<'a>(&'a self, run: &'a Run) -> View<'a> {
        self.view(run.journey, &run.slots).with_handles(&run.handles)
    }
    pub fn journal(&mut self, journey: JourneyId, run: Option<RunNo>, step: Option<StepId>, what: What) {
        self.effects.push(Effect::Journal(Entry { at: self.now, journey, run, step, what }));
    }
    /// A line about the step that the run is at.
    pub fn journal_run(&mut self, index: usize, what: What) {
        let run = &self.person.runs()[index];
        let (journey, no, step) = (run.journey, run.no, self.engine.step_at(run.journey, run.pc));
        self.journal(journey, Some(no), step, what);
    }
}
