//! The door of the machine: a program with its index of who cares about what, and the step.
//!
//! Holds no state of people.

use crate::ir::journey::Exit;
use crate::ir::{
    ArmOn, EventId, Expr, FieldId, HistoryLog, HistoryNeed, Journey, JourneyId, Op, Program, PurposeId, SegmentId,
    Start, StepId,
};
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{Instant, Span, Value, Zone};

use super::effect::{Effect, RunNo};
use super::evaluate::View;
use super::input::{Input, InputKind};
use super::person::Person;
use super::turn::Turn;

/// How long a send is remembered after it was accepted, so that a late report still finds its channel.
const REPORT_WINDOW: Span = Span(30 * MILLIS_PER_DAY);

/// A program made ready to run. Shared by all people and threads.
#[derive(Debug)]
pub struct Engine<'p> {
    pub(super) program: &'p Program,
    /// By [`EventId`].
    pub(super) events: Vec<EventInterest>,
    /// By index into [`Program::tracked`].
    pub(super) tracked: Vec<SegmentInterest>,
    /// Indices of tracked segments, by [`FieldId`] of the profile.
    pub(super) tracked_by_field: Vec<Vec<u16>>,
    /// By [`JourneyId`].
    pub(super) journeys: Vec<JourneyInterest>,
    /// How long accepted sends are remembered.
    pub(super) sent_window: Span,
    /// Tells every instruction that a run leaves.
    pub(super) traced: bool,
    /// Tells what was looked at.
    pub(super) explained: bool,
}

/// What an expression outside any run is to see.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'g> {
    /// By slot of the journey.
    pub slots: &'g [Value],
    pub subjects: &'g [Value],
}

/// Who cares about an event.
#[derive(Debug, Default)]
pub(super) struct EventInterest {
    /// Journeys it can start, in journey order.
    pub starts: Vec<JourneyId>,
    /// Tracked segments it can change.
    pub tracked: Vec<u16>,
    /// Some goal, exit or wait is for it.
    pub heeded: bool,
    /// Something of it is kept.
    pub kept: bool,
}

/// Who cares about a membership.
#[derive(Debug, Default)]
pub(super) struct SegmentInterest {
    /// Journeys that start when membership becomes `true` or `false`.
    pub starts: Vec<(JourneyId, bool)>,
    /// Journeys that start, end or wait by it; their stories show it.
    pub journeys: Vec<JourneyId>,
}

#[derive(Debug)]
pub(super) struct JourneyInterest {
    /// Place in journey order: priority, highest first, then name.
    pub rank: u16,
    /// Steps can be repeated.
    pub loops: bool,
}

impl<'p> Engine<'p> {
    pub fn new(program: &'p Program) -> Engine<'p> {
        let mut order: Vec<JourneyId> = (0..program.journeys.len()).map(|i| JourneyId(i as u16)).collect();
        order.sort_by_key(|j| program.rank(*j));
        let mut engine = Engine {
            program,
            events: program.history.iter().map(EventInterest::of_need).collect(),
            tracked: program.tracked.iter().map(|_| SegmentInterest::default()).collect(),
            tracked_by_field: tracked_by_field(program),
            journeys: program.journeys.iter().map(JourneyInterest::of).collect(),
            sent_window: sent_window(program),
            traced: false,
            explained: false,
        };
        engine.events.resize_with(program.events.len(), EventInterest::default);
        for (index, tracked) in program.tracked.iter().enumerate() {
            for event in &tracked.events {
                engine.event(*event, |e| e.tracked.push(index as u16));
            }
        }
        for (rank, journey) in order.into_iter().enumerate() {
            engine.journeys[journey.index()].rank = rank as u16;
            engine.note_journey(journey, program.journey(journey));
        }
        engine
    }
    /// An engine whose effects also tell the way of every run, instruction by instruction ([`Effect::Passed`]).
    pub fn tracing(program: &'p Program) -> Engine<'p> {
        Engine { traced: true, ..Engine::new(program) }
    }
    /// An engine that tells the way of every run, and the person as they were at every decision ([`Effect::Looked`]). Much
    /// slower than others, and the same in all it does.
    pub fn explaining(program: &'p Program) -> Engine<'p> {
        Engine { explained: true, ..Engine::tracing(program) }
    }
    pub fn program(&self) -> &'p Program {
        self.program
    }

    /// Moves the person through one input and says what is to be done; effects are appended in order.
    /// Inputs of one person come in order of `at`; one that comes with an earlier time is processed all the same.
    ///
    /// Whether it was heeded: without an input that was not, the person would be the same now and for ever. Timers that
    /// are due act either way.
    pub fn step(&self, person: &mut Person, input: &Input, effects: &mut Vec<Effect>) -> bool {
        let is_of_now = person.generation == self.program.generation();
        if is_of_now && person.wake > input.at && self.is_idle(person, &input.kind) {
            return false;
        }
        let is_due = person.wake <= input.at;
        let moves_no_membership = person.known && self.moves_no_membership(&input.kind);
        let before = effects.len();
        let mut turn = Turn::new(self, person, effects, input.at);
        if !is_of_now {
            turn.catch_up_with_program();
        }
        if is_due || !is_of_now {
            turn.fire_due(input.at);
        }
        let heeded = turn.take(&input.kind);
        // An event that moved a run or a pending start wrote so in the journal: without a line the next wake stands.
        if is_due || !is_of_now || !moves_no_membership || turn.effects.len() > before {
            turn.finish();
        }
        heeded
    }
    /// An event that no tracked segment asks about.
    fn moves_no_membership(&self, kind: &InputKind) -> bool {
        match kind {
            InputKind::Event { event, .. } => self.events.get(event.index()).is_some_and(|e| e.tracked.is_empty()),
            InputKind::Wake
            | InputKind::Profile { .. }
            | InputKind::Report { .. }
            | InputKind::Reach { .. }
            | InputKind::Answer { .. }
            | InputKind::Approval { .. }
            | InputKind::Tick { .. }
            | InputKind::Live => false,
        }
    }
    /// Nothing in the program or person cares, so nothing can change.
    fn is_idle(&self, person: &Person, kind: &InputKind) -> bool {
        match kind {
            InputKind::Event { event, .. } => {
                (person.known || self.tracked.is_empty())
                    && self.events.get(event.index()).is_none_or(|e| {
                        !e.kept
                            && e.starts.is_empty()
                            && e.tracked.is_empty()
                            && !(e.heeded && person.activity.is_some())
                    })
            }
            InputKind::Wake => person.known || self.tracked.is_empty(),
            InputKind::Profile { .. }
            | InputKind::Report { .. }
            | InputKind::Reach { .. }
            | InputKind::Answer { .. }
            | InputKind::Approval { .. }
            | InputKind::Tick { .. }
            | InputKind::Live => false,
        }
    }

    /// Writes a past event into the history, without anything starting, ending or waking: what was known before the
    /// program went live, or a test's `given history`. `payload` is the event's record, `at` last; `at` is now.
    pub fn record_past(&self, person: &mut Person, event: EventId, payload: &Value, at: Instant) {
        let mut effects = Vec::new();
        let mut turn = Turn::new(self, person, &mut effects, at);
        turn.record(event, payload);
    }
    /// Writes the profile without anything starting, ending or waking, as [`Engine::record_past`] does for events.
    pub fn record_profile(
        &self,
        person: &mut Person,
        fields: &[(FieldId, Value)],
        consent: &[(PurposeId, bool)],
        at: Instant,
    ) {
        let mut effects = Vec::new();
        Turn::new(self, person, &mut effects, at).write_profile(fields, consent);
    }
    /// Joins `other` into `person`, the older of two ids of one human being. Timers of both that are due fire before.
    /// Returns what was added to the other's run numbers: late reports and answers to its sends and calls must name the
    /// new number.
    pub fn merge(&self, person: &mut Person, mut other: Person, at: Instant, effects: &mut Vec<Effect>) -> u32 {
        let mut turn = Turn::new(self, &mut other, effects, at);
        turn.catch_up_with_program();
        turn.fire_due(at);
        let mut turn = Turn::new(self, person, effects, at);
        turn.catch_up_with_program();
        turn.fire_due(at);
        let base = turn.merge(other);
        turn.finish();
        base
    }
    /// Someone new, who knows no program but this.
    pub fn newcomer(&self, id: impl Into<std::sync::Arc<str>>) -> Person {
        Person { generation: self.program.generation(), ..Person::new(id) }
    }
    /// The value of an expression as `person` stands at `at`, seen from a journey, inside a run if one is named.
    pub fn evaluate(&self, person: &Person, journey: JourneyId, run: Option<RunNo>, expr: &Expr, at: Instant) -> Value {
        let zone = self.zone(person, journey);
        let view = View::new(self.program, person, zone, at);
        match run.and_then(|no| person.run(no)) {
            Some(run) => view.with_slots(&run.slots).with_handles(&run.handles).owned(expr),
            None => view.owned(expr),
        }
    }
    /// The value of an expression as `person` would see it at `at` in `zone`, with these captured values and subjects,
    /// innermost subject first.
    pub fn evaluate_with(&self, person: &Person, zone: Zone, given: Given<'_>, expr: &Expr, at: Instant) -> Value {
        let view = View::new(self.program, person, zone, at).with_slots(given.slots);
        view.owned_in(expr, given.subjects)
    }
    /// The person's zone, else that of the journey's policy.
    pub fn zone(&self, person: &Person, journey: JourneyId) -> Zone {
        person.zone.unwrap_or_else(|| self.program.policy(self.program.journey(journey).policy).zone)
    }

    // ---- the index -----------------------------------------------------------------------------------------------

    fn event(&mut self, event: EventId, note: impl FnOnce(&mut EventInterest)) {
        if let Some(interest) = self.events.get_mut(event.index()) {
            note(interest);
        }
    }
    fn segment(&mut self, segment: SegmentId, journey: JourneyId, starts: Option<bool>) {
        let tracked = self.program.tracked.iter().position(|t| t.segment == segment);
        if let Some(interest) = tracked.map(|i| &mut self.tracked[i]) {
            interest.starts.extend(starts.map(|enters| (journey, enters)));
            if !interest.journeys.contains(&journey) {
                interest.journeys.push(journey);
            }
        }
    }
    fn note_journey(&mut self, id: JourneyId, journey: &Journey) {
        match &journey.start {
            _ if self.program.is_retired(id) => {}
            Start::Event { event, audience: None, .. } => self.event(*event, |e| e.starts.push(id)),
            Start::Segment { segment, enters, .. } => self.segment(*segment, id, Some(*enters)),
            Start::Event { audience: Some(_), .. } | Start::Schedule { .. } | Start::At { .. } => {}
        }
        if let Some(goal) = &journey.goal {
            self.event(goal.event, |e| e.heeded = true);
        }
        for exit in &journey.exits {
            match exit {
                Exit::Event { event, .. } => self.event(*event, |e| e.heeded = true),
                Exit::Segment { segment, .. } => self.segment(*segment, id, None),
            }
        }
        let arms = journey.code.iter().flat_map(|i| match &i.op {
            Op::Await { arms, .. } => arms.as_slice(),
            _ => &[],
        });
        for arm in arms {
            match &arm.on {
                ArmOn::Event { event, .. } => self.event(*event, |e| e.heeded = true),
                ArmOn::Segment { segment, .. } => self.segment(*segment, id, None),
                ArmOn::Handle { .. } | ArmOn::Approval { .. } => {}
            }
        }
    }
    /// Journeys whose members are enrolled when the program goes live. Whoever was there before came through what it brought
    /// ([`Change::fresh`](crate::ir::Change::fresh)) and is enrolled by that, in whatever order things are heard.
    pub(super) fn going_live(&self, known: bool) -> Vec<JourneyId> {
        match known && self.program.deployed.is_some() {
            true => Vec::new(),
            false => self.program.live_journeys().collect(),
        }
    }
    pub(super) fn rank(&self, journey: JourneyId) -> u16 {
        self.journeys.get(journey.index()).map_or(u16::MAX, |j| j.rank)
    }
    pub(super) fn tracked_index(&self, segment: SegmentId) -> Option<u16> {
        self.program.tracked.iter().position(|t| t.segment == segment).map(|i| i as u16)
    }
    pub(super) fn step_at(&self, journey: JourneyId, pc: u32) -> Option<StepId> {
        self.program.journey(journey).code.get(pc as usize).map(|i| i.step)
    }
}

impl EventInterest {
    fn of_need(need: &HistoryNeed) -> EventInterest {
        let kept = need.total || need.ends || need.log != HistoryLog::None;
        EventInterest { kept, ..EventInterest::default() }
    }
}

impl JourneyInterest {
    fn of(journey: &Journey) -> JourneyInterest {
        JourneyInterest { rank: 0, loops: journey.code.iter().any(|i| matches!(i.op, Op::Repeat { .. })) }
    }
}

/// A change of zone can move every membership that depends on time.
fn tracked_by_field(program: &Program) -> Vec<Vec<u16>> {
    let depends = |field: FieldId, tracked: &crate::ir::TrackedSegment| {
        tracked.fields.contains(&field) || (tracked.by_time && program.person.zone == Some(field))
    };
    let fields = (0..program.profile.len()).map(|i| FieldId(i as u16));
    let of_field = |field| {
        let tracked = program.tracked.iter().enumerate();
        tracked.filter(|(_, t)| depends(field, t)).map(|(i, _)| i as u16).collect()
    };
    fields.map(of_field).collect()
}

fn sent_window(program: &Program) -> Span {
    let caps = program.policies.iter().flat_map(|p| &p.caps).map(|c| c.window.longest());
    // A calendar window reaches back to a local midnight: a day more than its length.
    caps.map(|w| w.0.saturating_add(2 * MILLIS_PER_DAY)).fold(REPORT_WINDOW, |a, b| Span(a.0.max(b)))
}
