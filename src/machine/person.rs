//! Everything the machine remembers of one person: profile, history, runs, timers.
//!
//! Decides nothing; the engine does. Kept compact, because a host holds millions.

use std::mem::size_of;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ir::{Channel, Fact, FieldId, HandleId, JourneyId, Program, PurposeId, SplitId, StepId};
use crate::value::{Instant, Value, Zone};

use super::effect::{CallId, Reason, RunNo, SendId};
use super::history::EventHistory;

/// The text of a `per` key; absent for a journey without one.
pub type Key = Option<Arc<str>>;

/// One person's state. Built by [`Person::new`], moved only by [`super::Engine`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub(super) id: Arc<str>,
    /// Set fields only, ascending.
    pub(super) profile: Vec<(FieldId, Value)>,
    /// Ascending by event; only events the program asks about.
    pub(super) history: Vec<EventHistory>,
    /// Cached minimum of all own timers; [`Instant::NEVER`] when there is none.
    pub(super) wake: Instant,
    /// When the profile was last written, for merging.
    pub(super) profile_at: Instant,
    /// Purposes consented to: bits by [`PurposeId`].
    pub(super) consent: u32,
    /// Purposes for which consent was withdrawn, not merely never given.
    pub(super) withdrawn: u32,
    pub(super) next_run: u32,
    /// Of the program under which the person was last looked at.
    pub(super) generation: u32,
    /// The person's own zone, from the profile.
    pub(super) zone: Option<Zone>,
    /// Bits [`BLOCKED`], [`BOUNCED`], [`UNSUBSCRIBED`], [`COMPLAINED`] by channel.
    pub(super) reach: [u8; Channel::COUNT],
    /// Memberships have been evaluated once.
    pub(super) known: bool,
    /// What most people do not have most of the time.
    pub(super) activity: Option<Box<Activity>>,
}

pub(super) const BLOCKED: u8 = 1;
pub(super) const BOUNCED: u8 = 2;
pub(super) const UNSUBSCRIBED: u8 = 4;
pub(super) const COMPLAINED: u8 = 8;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Activity {
    /// In journey order (priority, name), then by number.
    pub runs: Vec<Run>,
    pub pending: Vec<Pending>,
    /// Last entry by journey and key, where re-entry asks for it.
    pub entries: Vec<LastEntry>,
    pub watches: Vec<Watch>,
    /// Accepted sends, by time, as far back as caps and late reports look.
    pub sent: Vec<Sent>,
    /// Ids of recent inputs and when they came.
    pub seen: Vec<(u64, Instant)>,
    /// Indices of tracked segments the person is a member of, ascending.
    pub members: Vec<u16>,
    /// When a tracked segment may flip by time alone.
    pub flips: Vec<(u16, Instant)>,
    pub pins: Vec<(SplitId, u16)>,
}

/// A start that waits to be settled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Pending {
    pub journey: JourneyId,
    pub key: Key,
    pub payload: Value,
    pub due: Instant,
    /// Since when its clock stands, because the journey is frozen.
    pub frozen: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LastEntry {
    pub journey: JourneyId,
    pub key: Key,
    pub at: Instant,
}

/// A goal still open after its run has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Watch {
    pub journey: JourneyId,
    pub run: RunNo,
    pub entered_at: Instant,
    pub until: Instant,
    pub slots: Box<[Value]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Sent {
    pub at: Instant,
    pub id: SendId,
    pub journey: JourneyId,
    pub message: crate::ir::MessageId,
}

/// One live run of a journey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub(super) no: RunNo,
    pub(super) journey: JourneyId,
    pub(super) pc: u32,
    pub(super) entered_at: Instant,
    pub(super) key: Key,
    /// End of the goal window while the goal is still open.
    pub(super) goal_until: Option<Instant>,
    pub(super) state: RunState,
    pub(super) slots: Box<[Value]>,
    pub(super) handles: Box<[Delivery]>,
    /// How often a send or call was made, by step; only in journeys with a loop.
    pub(super) repetitions: Vec<(StepId, u16)>,
    /// Stands where it is, because the journey is frozen.
    pub(super) frozen: Option<Box<Frozen>>,
}

/// Of a run that stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Frozen {
    pub since: Instant,
    /// The first thing that came meanwhile and would have moved it: it goes on by that afterwards.
    pub met: Option<Met>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Met {
    /// What an arm of a wait is for.
    Arm { arm: u16, payload: Option<Value> },
    /// A refusal of what it waits for.
    Nothing,
    /// Of a provider.
    Answer { refused: bool },
    /// Of an action.
    Result { result: Option<Value>, answered: bool },
}

/// What a run is doing between inputs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum RunState {
    /// Only while the machine is at it.
    Moving,
    /// Takes no steps; ends when its goal window closes.
    HeldOut { until: Instant },
    /// At a `wait`, or a `wait … for` (`until` absent: no limit).
    Waiting { until: Option<Instant> },
    /// At a send that quiet hours or a cap hold back.
    Held { reason: Reason, until: Instant },
    /// At a send with `otherwise`, until the provider answers or its patience is over.
    Asked { send: SendId, until: Instant },
    /// At a `do`, until the action answers or its patience is over.
    Called { call: CallId, until: Instant },
}

/// What is known of one delivery handle.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Delivery {
    /// Bits of [`Fact`].
    pub facts: u8,
    pub repetition: u16,
    pub step: Option<StepId>,
}

impl Run {
    pub fn no(&self) -> RunNo {
        self.no
    }
    pub fn journey(&self) -> JourneyId {
        self.journey
    }
    pub fn entered_at(&self) -> Instant {
        self.entered_at
    }
    pub fn state(&self) -> RunState {
        self.state
    }
    pub fn is_held_out(&self) -> bool {
        matches!(self.state, RunState::HeldOut { .. })
    }
    /// The step the run is at; absent when it is held out.
    pub fn step(&self, program: &Program) -> Option<StepId> {
        match self.state {
            RunState::HeldOut { .. } => None,
            RunState::Moving
            | RunState::Waiting { .. }
            | RunState::Held { .. }
            | RunState::Asked { .. }
            | RunState::Called { .. } => program.journey(self.journey).code.get(self.pc as usize).map(|i| i.step),
        }
    }
    /// It stands where it is, because the journey is frozen.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }
    /// The run's own timer; none while it stands.
    pub fn due(&self) -> Option<Instant> {
        match self.state {
            _ if self.frozen.is_some() => None,
            RunState::Moving => None,
            RunState::Waiting { until } => until,
            RunState::HeldOut { until }
            | RunState::Held { until, .. }
            | RunState::Asked { until, .. }
            | RunState::Called { until, .. } => Some(until),
        }
    }
    /// The latest send behind a handle, once one was accepted.
    pub fn send_of(&self, handle: HandleId) -> Option<SendId> {
        let delivery = self.handles.get(handle.index())?;
        let step = delivery.step.filter(|_| delivery.facts & Fact::Sent.bit() != 0)?;
        Some(SendId { run: self.no, step, repetition: delivery.repetition })
    }
    pub fn knows(&self, handle: HandleId, fact: Fact) -> bool {
        self.handles.get(handle.index()).is_some_and(|d| d.facts & fact.bit() != 0)
    }
}

impl Person {
    /// Someone of whom nothing is known yet. The id also decides which arm of a split the person meets.
    pub fn new(id: impl Into<Arc<str>>) -> Person {
        Person {
            id: id.into(),
            profile: Vec::new(),
            history: Vec::new(),
            wake: Instant::NEVER,
            profile_at: Instant(i64::MIN),
            consent: 0,
            withdrawn: 0,
            next_run: 0,
            generation: 0,
            zone: None,
            reach: [0; Channel::COUNT],
            known: false,
            activity: None,
        }
    }
    /// Of the program that moved the person last.
    pub fn generation(&self) -> u32 {
        self.generation
    }
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }
    /// When the host must send the next [`super::InputKind::Wake`]; absent when no timer runs.
    pub fn wake(&self) -> Option<Instant> {
        (self.wake < Instant::NEVER).then_some(self.wake)
    }
    /// Fixes the arm this person meets, whatever the draw says; for tests.
    pub fn pin(&mut self, split: SplitId, arm: u16) {
        let pins = &mut self.activity_mut().pins;
        pins.retain(|(s, _)| *s != split);
        pins.push((split, arm));
    }
    pub fn field(&self, field: FieldId) -> &Value {
        match self.profile.binary_search_by_key(&field, |(f, _)| *f) {
            Ok(i) => &self.profile[i].1,
            Err(_) => &Value::Missing,
        }
    }
    pub fn consents_to(&self, purpose: PurposeId) -> bool {
        purpose.0 < 32 && self.consent & (1 << purpose.0) != 0
    }
    /// Something has happened to them: at first sight memberships are noted.
    pub fn is_known(&self) -> bool {
        self.known
    }
    /// A consent to it was withdrawn, and none given since.
    pub fn has_withdrawn(&self, purpose: PurposeId) -> bool {
        purpose.0 < 32 && self.withdrawn & (1 << purpose.0) != 0
    }
    /// An input with this id was taken already.
    pub fn has_taken(&self, id: u64) -> bool {
        self.activity.as_deref().is_some_and(|a| a.seen.iter().any(|(known, _)| *known == id))
    }
    /// Live runs, in journey order.
    pub fn runs(&self) -> &[Run] {
        self.activity.as_deref().map_or(&[], |a| &a.runs)
    }
    pub fn run(&self, no: RunNo) -> Option<&Run> {
        self.runs().iter().find(|r| r.no == no)
    }
    /// Starts that wait to be settled: journey and time of entry.
    pub fn settling(&self) -> impl Iterator<Item = (JourneyId, Instant)> + '_ {
        self.activity.as_deref().into_iter().flat_map(|a| a.pending.iter().map(|p| (p.journey, p.due)))
    }
    pub(super) fn activity_mut(&mut self) -> &mut Activity {
        self.activity.get_or_insert_with(Box::default)
    }

    /// Bytes on the heap and in the struct, estimated without the allocator's own overhead. Texts shared with others
    /// are counted where they are held.
    pub fn heap_bytes(&self) -> usize {
        let values = |values: &[Value]| values.iter().map(|v| size_of::<Value>() + value_bytes(v)).sum::<usize>();
        let profile: usize = self.profile.iter().map(|(_, v)| value_bytes(v)).sum();
        let inline = size_of::<Person>() + 16 + self.id.len();
        let history: usize = self.history.iter().map(EventHistory::heap_bytes).sum();
        let own = inline
            + self.profile.capacity() * size_of::<(FieldId, Value)>()
            + profile
            + self.history.capacity() * size_of::<EventHistory>()
            + history;
        let Some(activity) = self.activity.as_deref() else { return own };
        let runs: usize = activity
            .runs
            .iter()
            .map(|r| values(&r.slots) + r.handles.len() * size_of::<Delivery>() + r.repetitions.capacity() * 4)
            .sum();
        own + size_of::<Activity>()
            + activity.runs.capacity() * size_of::<Run>()
            + runs
            + activity.pending.capacity() * size_of::<Pending>()
            + activity.pending.iter().map(|p| value_bytes(&p.payload)).sum::<usize>()
            + activity.entries.capacity() * size_of::<LastEntry>()
            + activity.watches.capacity() * size_of::<Watch>()
            + activity.watches.iter().map(|w| values(&w.slots)).sum::<usize>()
            + activity.sent.capacity() * size_of::<Sent>()
            + activity.seen.capacity() * size_of::<(u64, Instant)>()
            + activity.members.capacity() * size_of::<u16>()
            + activity.flips.capacity() * size_of::<(u16, Instant)>()
            + activity.pins.capacity() * size_of::<(SplitId, u16)>()
    }
}

/// Pushes without growing by more than one place while there are few: most people have few of anything.
pub(super) fn push_exact<T>(items: &mut Vec<T>, item: T) {
    if items.len() < 8 {
        items.reserve_exact(1);
    }
    items.push(item);
}

/// Heap bytes behind a value.
pub(super) fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Text(text) => 16 + text.len(),
        Value::Record(items) | Value::List(items) => {
            16 + items.iter().map(|v| size_of::<Value>() + value_bytes(v)).sum::<usize>()
        }
        Value::Missing
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Decimal(_)
        | Value::Money(_)
        | Value::Instant(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Span(_)
        | Value::Period(_)
        | Value::Zone(_)
        | Value::Enum(_) => 0,
    }
}
