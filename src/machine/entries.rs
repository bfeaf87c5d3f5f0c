//! How a journey begins for a person: starts, settling, the rules of entry, the holdout.
//!
//! Moves no run; a run that has entered is handed to `steps`.

use crate::ir::journey::Holdout;
use crate::ir::{Audience, Expr, JourneyId, Reentry, SlotId, Split, SplitId, Stage, Start};
use crate::value::{Value, id};

use super::effect::{EndReason, NotEntered, RunNo, What};
use super::evaluate::Scope;
use super::glimpse::Look;
use super::person::{Delivery, Key, LastEntry, Pending, Person, Run, RunState, push_exact};
use super::turn::{Happened, Trigger, Turn};

/// The event a run starts with, and the slot that keeps it.
type Bound<'a> = Option<(SlotId, &'a Value)>;

impl Turn<'_, '_> {
    /// New entries, in journey order.
    pub(super) fn start_entries(&mut self, trigger: Trigger<'_>) {
        let by_event = trigger.event.map_or(&[][..], |h| &self.engine.events[h.event.index()].starts);
        if trigger.flips.is_empty() {
            return by_event.iter().for_each(|journey| self.start_by(*journey, trigger));
        }
        let mut starting: Vec<JourneyId> = by_event.to_vec();
        for (index, member) in trigger.flips {
            let starts = self.engine.tracked[*index as usize].starts.iter();
            starting.extend(starts.filter(|(_, enters)| enters == member).map(|(journey, _)| *journey));
        }
        starting.sort_by_key(|j| self.engine.rank(*j));
        starting.dedup();
        starting.into_iter().for_each(|journey| self.start_by(journey, trigger));
    }
    fn start_by(&mut self, journey: JourneyId, trigger: Trigger<'_>) {
        match (&self.program.journey(journey).start, trigger.event) {
            (Start::Event { filter, .. }, Some(happened)) => {
                self.look(journey, None, &[], || Look::Start { payload: Some(happened.payload.clone()) });
                if self.matches(journey, filter.as_ref(), happened) {
                    self.begin(journey, happened.payload);
                }
            }
            (Start::Segment { .. }, _) => self.enter(journey, None, None),
            (Start::Event { .. } | Start::Schedule { .. } | Start::At { .. }, _) => {}
        }
    }
    fn matches(&self, journey: JourneyId, filter: Option<&Expr>, happened: Happened<'_>) -> bool {
        self.view(journey, &[]).holds(filter, Some(&Scope::of(happened.payload)))
    }
    /// An event that came too late starts nothing, and the story says so where it would have.
    pub(super) fn refuse_too_old(&mut self, happened: Happened<'_>) {
        for journey in &self.engine.events[happened.event.index()].starts {
            self.look(*journey, None, &[], || Look::Start { payload: Some(happened.payload.clone()) });
            if let Start::Event { filter, .. } = &self.program.journey(*journey).start
                && self.matches(*journey, filter.as_ref(), happened)
            {
                self.journal(*journey, None, None, What::NotEntered { why: NotEntered::TooOld });
            }
        }
    }

    /// A schedule or a fan-out names this person: the audience is judged, then it is an entry like any other.
    pub(super) fn take_tick(&mut self, id: JourneyId, payload: Option<&Value>) {
        // A tick of before its journey was replaced is the new version's.
        let Some(id) = Some(id).filter(|id| id.index() < self.program.journeys.len()) else { return };
        let Some(id) = self.program.current(id) else { return };
        let journey = self.program.journey(id);
        self.look(id, None, &[], || Look::Start { payload: payload.cloned() });
        match (&journey.start, payload) {
            (Start::Schedule { audience, .. } | Start::At { audience, .. }, _) => {
                if self.is_in(id, audience, None) {
                    self.enter(id, None, None);
                }
            }
            (Start::Event { event, filter, bind, audience, .. }, Some(payload)) => {
                let (payload, at) = self.not_later_than_now(*event, payload);
                let happened = Happened { event: *event, payload: &payload, at };
                let in_audience = audience.as_ref().is_none_or(|a| self.is_in(id, a, Some((*bind, &payload))));
                if !in_audience || !self.matches(id, filter.as_ref(), happened) {
                    return;
                }
                match self.is_too_old(at) {
                    true => self.journal(id, None, None, What::NotEntered { why: NotEntered::TooOld }),
                    false => self.begin(id, &payload),
                }
            }
            (Start::Segment { segment, enters, .. }, _) => {
                if self.view(id, &[]).truth(&Expr::InSegment(*segment), None) == *enters {
                    self.enter(id, None, None);
                }
            }
            (Start::Event { .. }, None) => {}
        }
    }
    fn is_in(&self, journey: JourneyId, audience: &Audience, bound: Bound<'_>) -> bool {
        let slots = self.slots_of(journey, bound);
        let view = self.view(journey, &slots);
        let member = audience.segment.is_none_or(|s| view.truth(&Expr::InSegment(s), None));
        member && view.holds(audience.condition.as_ref(), None)
    }

    /// A start event: entry at once, or when it has settled.
    fn begin(&mut self, id: JourneyId, payload: &Value) {
        let Start::Event { bind, key, settled, .. } = &self.program.journey(id).start else { return };
        let slots = self.slots_of(id, Some((*bind, payload)));
        let key = key.as_ref().map(|k| key_text(&self.view(id, &slots).owned(k)));
        let Some(settled) = settled else { return self.enter(id, key, Some((*bind, payload))) };
        let due = self.engine.zone(self.person, id).plus(self.now, *settled);
        let frozen = self.stage(id).is_some_and(Stage::is_frozen).then_some(self.now);
        let pending = &mut self.activity().pending;
        match pending.iter_mut().find(|p| p.journey == id && p.key == key) {
            Some(waiting) => {
                (waiting.payload, waiting.due, waiting.frozen) = (payload.clone(), due, frozen);
            }
            // One that came before the pause goes on with what was left; a new one is an entry like any other.
            None if frozen.is_some() => {
                return self.journal(id, None, None, What::NotEntered { why: NotEntered::Paused });
            }
            None => push_exact(pending, Pending { journey: id, key, payload: payload.clone(), due, frozen }),
        }
        self.journal(id, None, None, What::Settling { until: due });
    }
    /// A pending start has settled.
    pub(super) fn enter_settled(&mut self, pending: Pending) {
        if let Start::Event { bind, .. } = &self.program.journey(pending.journey).start {
            self.enter(pending.journey, pending.key, Some((*bind, &pending.payload)));
        }
    }

    /// Judges the rules of entry and, if they allow it, starts a run and moves it until it rests.
    pub(super) fn enter(&mut self, id: JourneyId, key: Key, bound: Bound<'_>) {
        let slots = self.slots_of(id, bound);
        self.look(id, None, &slots, || Look::Entry { key: key.clone() });
        if let Some(why) = self.forbids(id, &key, &slots) {
            return self.journal(id, None, None, What::NotEntered { why });
        }
        let journey = self.program.journey(id);
        self.note_entry(id, &key);
        let no = RunNo(self.person.next_run);
        self.person.next_run = self.person.next_run.saturating_add(1);
        let zone = self.engine.zone(self.person, id);
        let run = Run {
            no,
            journey: id,
            pc: 0,
            entered_at: self.now,
            key,
            goal_until: journey.goal.as_ref().map(|g| zone.plus(self.now, g.within)),
            state: RunState::Moving,
            slots,
            handles: vec![Delivery::default(); journey.handles.len()].into(),
            repetitions: Vec::new(),
            frozen: None,
        };
        let index = self.insert_run(run);
        self.journal(id, Some(no), None, What::Entered);
        match &journey.holdout {
            Some(holdout) => self.draw_holdout(index, no, holdout),
            None => self.execute(no),
        }
    }
    /// Keeps the runs in journey order.
    pub(super) fn insert_run(&mut self, run: Run) -> usize {
        let engine = self.engine;
        let place = (engine.rank(run.journey), run.no);
        let runs = &mut self.activity().runs;
        let index = runs.partition_point(|r| (engine.rank(r.journey), r.no) < place);
        runs.reserve_exact(1);
        runs.insert(index, run);
        index
    }
    pub(super) fn slots_of(&self, journey: JourneyId, bound: Bound<'_>) -> Box<[Value]> {
        let mut slots = vec![Value::Missing; self.program.journey(journey).slots.len()];
        if let Some((slot, value)) = bound
            && let Some(place) = slots.get_mut(slot.index())
        {
            *place = value.clone();
        }
        slots.into()
    }
    fn forbids(&self, id: JourneyId, key: &Key, slots: &[Value]) -> Option<NotEntered> {
        let journey = self.program.journey(id);
        let program = self.program;
        if self.person.runs().iter().any(|r| program.is_same_line(r.journey, id) && r.key == *key) {
            return Some(NotEntered::Live);
        }
        let entries = self.person.activity.as_deref().map_or(&[][..], |a| &a.entries);
        let line = program.line(id);
        let last = entries.iter().find(|e| e.journey == line && e.key == *key).map(|e| e.at);
        let too_soon = match (journey.reentry, last) {
            (Reentry::Always, _) | (_, None) => false,
            (Reentry::Never, Some(_)) => true,
            (Reentry::After(period), Some(at)) => self.engine.zone(self.person, id).plus(at, period) > self.now,
        };
        if too_soon {
            return Some(NotEntered::Reentry);
        }
        let allowed = self.view(id, slots).holds(journey.only_if.as_ref(), None);
        if !allowed {
            return Some(NotEntered::OnlyIf);
        }
        // Last, so that the story says of whom it kept out that they would have entered.
        self.stage(id).and_then(|stage| self.keeps_out(stage))
    }
    /// Only where re-entry will ask for it.
    fn note_entry(&mut self, id: JourneyId, key: &Key) {
        if self.program.journey(id).reentry == Reentry::Always {
            return;
        }
        let (at, zone) = (self.now, self.engine.zone(self.person, id));
        let reentry = self.program.journey(id).reentry;
        let id = self.program.line(id);
        let entries = &mut self.activity().entries;
        if let Reentry::After(period) = reentry {
            entries.retain(|e| e.journey != id || zone.plus(e.at, period) > at);
        }
        match entries.iter_mut().find(|e| e.journey == id && e.key == *key) {
            Some(entry) => entry.at = at,
            None => push_exact(entries, LastEntry { journey: id, key: key.clone(), at }),
        }
    }

    /// Who is held out takes no step: the run only waits for its goal, an exit, or the end of the goal's window.
    fn draw_holdout(&mut self, index: usize, no: RunNo, holdout: &Holdout) {
        let arm = self.draw(index, holdout.split);
        self.journal_run(index, What::Arm { split: holdout.split, arm });
        if arm != 0 {
            return self.execute(no);
        }
        self.journal_run(index, What::HeldOut);
        let run = &mut self.activity().runs[index];
        match run.goal_until {
            Some(until) => run.state = RunState::HeldOut { until },
            None => self.end(no, EndReason::HeldOut),
        }
    }
    /// The arm of a split that this person (or this run) meets: the same on every machine, in every replay.
    pub(super) fn draw(&self, index: usize, id: SplitId) -> u16 {
        let pins = self.person.activity.as_deref().map_or(&[][..], |a| &a.pins);
        if let Some((_, arm)) = pins.iter().find(|(split, _)| *split == id) {
            return *arm;
        }
        let Some(split) = self.program.splits.get(id.index()) else { return 0 };
        let point = point_of(self.person, &self.person.runs()[index], split);
        let mut upper = 0;
        let arm = split.arms.iter().position(|arm| {
            upper += arm.share;
            point < upper
        });
        arm.unwrap_or_default() as u16
    }
}

/// Where on the line from 0 to [`Split::WHOLE`] a run stands that draws.
pub(super) fn point_of(person: &Person, run: &Run, split: &Split) -> u32 {
    match (split.per_run, &run.key) {
        (false, _) => id::bucket(&split.name, &person.id, Split::WHOLE),
        (true, Some(key)) => id::bucket(&split.name, &format!("{}\0{key}", person.id), Split::WHOLE),
        (true, None) => id::bucket(&split.name, &format!("{}\0{}", person.id, run.no.0), Split::WHOLE),
    }
}

/// The text of a key: of an id or text itself, of anything else its plain notation.
fn key_text(value: &Value) -> std::sync::Arc<str> {
    match value {
        Value::Text(text) => text.clone(),
        Value::Missing => "".into(),
        Value::Bool(b) => b.to_string().into(),
        Value::Int(n) => n.to_string().into(),
        Value::Decimal(d) => d.to_string().into(),
        Value::Money(m) => m.to_string().into(),
        Value::Instant(at) => at.to_string().into(),
        Value::Date(date) => date.to_string().into(),
        Value::Time(time) => time.to_string().into(),
        Value::Span(span) => span.to_string().into(),
        Value::Period(period) => period.to_string().into(),
        Value::Zone(zone) => zone.name().into(),
        Value::Enum(variant) => variant.to_string().into(),
        Value::Record(items) | Value::List(items) => {
            items.iter().map(|v| key_text(v).to_string()).collect::<Vec<_>>().join("\u{1f}").into()
        }
    }
}
