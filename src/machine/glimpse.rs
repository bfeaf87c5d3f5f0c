//! What the machine saw when it decided: the person at that moment, and what its own rules say of them.
//!
//! Decides nothing: it asks the functions that decide.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ir::{EventId, Expr, JourneyId, MessageId, Op, Pc, Program, Reentry, SegmentId, SplitId};
use crate::value::{Instant, Value, Zone};

use super::effect::{Effect, RunNo};
use super::engine::{Engine, Given};
use super::entries::point_of;
use super::evaluate::View;
use super::person::{BLOCKED, BOUNCED, Person, UNSUBSCRIBED};
use super::turn::Turn;
use super::{caps, quiet};

/// The person when something was about to be decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Glimpse {
    pub at: Instant,
    pub journey: JourneyId,
    pub run: Option<RunNo>,
    pub look: Look,
    pub person: Person,
    /// What a run that would begin has captured; of one that is there, the run says it.
    pub slots: Vec<Value>,
}

/// What is about to be decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Look {
    /// Whether an event, a schedule or a fan-out is for this journey and person.
    Start { payload: Option<Value> },
    /// Whether the rules of entry allow it.
    Entry { key: Option<Arc<str>> },
    /// Whether an event is the run's goal.
    Goal { payload: Value },
    /// Whether the run is to be left.
    Exits { payload: Option<(EventId, Value)> },
    /// Whether what the run waits for has come.
    Arms { payload: Option<(EventId, Value)> },
    /// What was found out of a membership: it has changed.
    Member(SegmentId),
    /// What an instruction does.
    Step(Pc),
}

/// Where a person stands with the rule of re-entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reentered {
    pub last: Instant,
    /// From then on they may enter; `None`: never.
    pub from: Option<Instant>,
}

/// What each check of a send says by itself, whatever the others say.
#[derive(Debug, Clone, PartialEq)]
pub struct Checks {
    pub message: MessageId,
    pub zone: Zone,
    /// Index of the policy's first `withhold` that holds.
    pub withheld: Option<usize>,
    pub consents: bool,
    /// Said no, on whatever channel; else never asked.
    pub withdrawn: bool,
    pub unsubscribed: bool,
    pub address: Value,
    pub blocked: bool,
    pub bounced: bool,
    pub deadline: Option<Instant>,
    /// Indices of the policy's quiet hours that it is now.
    pub quiet: Vec<usize>,
    /// The policy's caps that count this channel.
    pub caps: Vec<Capped>,
}

/// A cap and what fills it.
#[derive(Debug, Clone, PartialEq)]
pub struct Capped {
    /// Index among the policy's.
    pub cap: usize,
    pub sends: Vec<CountedSend>,
    /// When there is room again; `None`: there is.
    pub room_from: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedSend {
    pub at: Instant,
    pub journey: JourneyId,
    pub message: MessageId,
}

impl Turn<'_, '_> {
    /// Tells who asks what is about to be decided.
    pub(super) fn look(
        &mut self,
        journey: JourneyId,
        run: Option<RunNo>,
        slots: &[Value],
        look: impl FnOnce() -> Look,
    ) {
        if self.engine.explained {
            let (person, slots) = (self.person.clone(), slots.to_vec());
            let glimpse = Glimpse { at: self.now, journey, run, look: look(), person, slots };
            self.effects.push(Effect::Looked(Box::new(glimpse)));
        }
    }
}

impl Glimpse {
    /// As somebody stands outside any turn.
    pub fn of(person: Person, journey: JourneyId, at: Instant) -> Glimpse {
        Glimpse { at, journey, run: None, look: Look::Start { payload: None }, person, slots: Vec::new() }
    }
    fn view<'v>(&'v self, program: &'v Program, zone: Zone) -> View<'v> {
        let view = View::new(program, &self.person, zone, self.at);
        match self.run.and_then(|no| self.person.run(no)) {
            Some(run) => view.with_slots(&run.slots).with_handles(&run.handles),
            None => view.with_slots(&self.slots),
        }
    }
}

impl Engine<'_> {
    /// What an expression of the journey came to, with values under test, innermost first.
    pub fn value_at(&self, glimpse: &Glimpse, subjects: &[Value], expr: &Expr) -> Value {
        let zone = self.zone(&glimpse.person, glimpse.journey);
        glimpse.view(self.program, zone).owned_in(expr, subjects)
    }
    /// What an expression of a segment came to: memberships do not depend on who asks.
    pub fn value_of_segment(&self, glimpse: &Glimpse, expr: &Expr) -> Value {
        let zone = glimpse.person.zone.unwrap_or(self.program.project.zone);
        self.evaluate_with(&glimpse.person, zone, Given::default(), expr, glimpse.at)
    }
    /// The last entry with this key, where the rule of re-entry asks for it.
    pub fn reentered(&self, person: &Person, journey: JourneyId, key: Option<&str>) -> Option<Reentered> {
        let entries = person.activity.as_deref().map_or(&[][..], |a| &a.entries);
        let last = entries.iter().find(|e| e.journey == journey && e.key.as_deref() == key)?.at;
        let from = match self.program.journey(journey).reentry {
            Reentry::Always => return None,
            Reentry::Never => None,
            Reentry::After(period) => Some(self.zone(person, journey).plus(last, period)),
        };
        Some(Reentered { last, from })
    }
    /// Where a run stands when it draws, from 0 to [`crate::ir::Split::WHOLE`]; arms lie one behind the other.
    pub fn point(&self, person: &Person, run: RunNo, split: SplitId) -> Option<u32> {
        Some(point_of(person, person.run(run)?, self.program.splits.get(split.index())?))
    }
    /// What each check says of the send that the run is at; `None` if it is at none.
    pub fn checks(&self, glimpse: &Glimpse) -> Option<Checks> {
        let (program, person) = (self.program, &glimpse.person);
        let Look::Step(pc) = glimpse.look else { return None };
        let journey = program.journey(glimpse.journey);
        let Op::Send { message: id, before, .. } = &journey.code.get(pc as usize)?.op else { return None };
        let (message, policy) = (program.message(*id), program.policy(journey.policy));
        let zone = self.zone(person, glimpse.journey);
        let view = glimpse.view(program, zone);
        let reach = person.reach[message.channel.index()];
        let sent = person.activity.as_deref().map_or(&[][..], |a| &a.sent);
        let windows = policy.quiet.iter().map(std::slice::from_ref);
        let caps = policy.caps.iter().enumerate().filter(|(_, cap)| caps::applies(cap, message.channel));
        let capped = |(index, cap): (usize, &crate::ir::Cap)| Capped {
            cap: index,
            sends: caps::counted(cap, program, sent, zone, glimpse.at)
                .map(|(_, s)| CountedSend { at: s.at, journey: s.journey, message: s.message })
                .collect(),
            room_from: caps::room_from(cap, program, sent, zone, glimpse.at),
        };
        Some(Checks {
            message: *id,
            zone,
            withheld: policy.withhold.iter().position(|w| w.purpose == message.purpose && view.truth(&w.when, None)),
            consents: person.consents_to(message.purpose),
            withdrawn: person.has_withdrawn(message.purpose),
            unsubscribed: reach & UNSUBSCRIBED != 0,
            address: program.person.addresses[message.channel.index()]
                .map_or(Value::Missing, |field| person.field(field).clone()),
            blocked: reach & BLOCKED != 0,
            bounced: reach & BOUNCED != 0,
            deadline: match before.as_ref().map(|before| view.owned(before)) {
                Some(Value::Instant(at)) => Some(at),
                Some(Value::Date(day)) => Some(zone.midnight(day)),
                _ => None,
            },
            quiet: windows
                .enumerate()
                .filter(|(_, window)| quiet::hold(window, zone, glimpse.at).is_some())
                .map(|(index, _)| index)
                .collect(),
            caps: caps.map(capped).collect(),
        })
    }
}
