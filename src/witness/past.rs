//! What a person did: events before the clock (or, where a window is too short for that, between the lines) that make
//! a question about behaviour come out as wanted.
//!
//! Adds, moves and removes events; what they say is forced like everything else.

use crate::ir::timeline::LineWhat;
use crate::ir::{Behaviour, Compare, FieldId, Operator};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR};
use crate::value::{Instant, Span, Value};

use super::compare::count_for;
use super::domain::whole_minute;
use super::draft::{Place, Root};
use super::force::{Forced, Moment, fixed};
use super::story::Reason;

/// More past events than this are not made up.
const EVENTS_MAX: i64 = 60;
/// How far apart past events lie where there is room.
const APART: i64 = 7 * MILLIS_PER_DAY;

impl<'p> Moment<'_, 'p> {
    /// Events of the story that the question counts, oldest first.
    fn counted(&mut self, asked: &'p Behaviour) -> Vec<(Instant, Root)> {
        let story = &self.draft.story;
        let past = story.history.iter().enumerate().filter(|(_, p)| p.event == asked.event);
        let past = past.map(|(i, p)| (p.at, Root::Past(i), p.payload.clone()));
        let lines = story.lines.iter().enumerate().filter_map(|(i, line)| match &line.what {
            LineWhat::Event { event, payload } if *event == asked.event && line.at <= self.now => {
                Some((line.at, Root::Line(i), payload.clone()))
            }
            _ => None,
        });
        let all: Vec<(Instant, Root, Value)> = past.chain(lines).collect();
        let mut counted = Vec::new();
        for (at, root, payload) in all {
            let inside = asked.window.is_none_or(|w| self.zone.plus(at, w) > self.now);
            let suits = inside && asked.filter.as_ref().is_none_or(|filter| self.holds_of(payload, filter));
            counted.extend(suits.then_some((at, root)));
        }
        counted.sort();
        counted
    }

    pub(super) fn force_count(&mut self, asked: &'p Behaviour, op: Compare, count: i64) -> Forced {
        let wanted = count_for(op, count);
        if !(0..=EVENTS_MAX).contains(&wanted) {
            return Err(Reason::new("too many past events are needed", "必要な過去のイベントが多すぎる"));
        }
        let counted = self.counted(asked);
        let wanted = wanted as usize;
        if counted.len() > wanted {
            return self.take_away(asked, &counted[..counted.len() - wanted]);
        }
        for _ in counted.len()..wanted {
            self.add_event(asked, wanted)?;
        }
        Ok(())
    }

    /// Out of the window if there is one and the story can begin later, else out of the story.
    fn take_away(&mut self, asked: &'p Behaviour, surplus: &[(Instant, Root)]) -> Forced {
        let removing = self.draft.choices.pick((std::ptr::from_ref(asked) as usize, 5), 2) == 1;
        let mut gone = Vec::new();
        for (nth, (_, root)) in surplus.iter().enumerate() {
            match (root, asked.window) {
                (Root::Past(index), Some(window)) if !removing => {
                    let edge = self.zone.plus(self.now, window.negated());
                    let at = whole_minute(edge.minus(Span(MILLIS_PER_HOUR + nth as i64 * APART)));
                    self.draft.move_past(*index, at.min(self.draft.story.clock.minus(Span(MILLIS_PER_HOUR))));
                }
                (Root::Past(index), _) => gone.push(*index),
                (Root::Line(index), _) if Some(*index) != self.draft.start && !self.is_arm(*index) => {
                    self.draft.drop_line(*index);
                }
                (Root::Line(_) | Root::Profile(_) | Root::Answer(..), _) => {
                    let name = &self.program().event(asked.event).name;
                    return Err(Reason::new(
                        format!("the way itself needs `{name}`"),
                        format!("この経路そのものに `{name}` が必要"),
                    ));
                }
            }
        }
        gone.sort_unstable();
        for index in gone.into_iter().rev() {
            self.draft.story.history.remove(index);
            self.draft.asked.retain(|(place, ..)| !matches!(place.root, Root::Past(_)));
        }
        self.stale = true;
        Ok(())
    }
    fn is_arm(&self, line: usize) -> bool {
        self.draft.arms.iter().any(|(_, l)| *l == line)
    }

    /// One more event that counts; `total` are wanted in all.
    fn add_event(&mut self, asked: &'p Behaviour, total: usize) -> Forced {
        let clock = self.draft.story.clock;
        let hour = Span(MILLIS_PER_HOUR);
        let oldest = match asked.window {
            Some(window) => self.zone.plus(self.now, window.negated()).plus(hour),
            None => clock.minus(Span(APART * (total as i64 + 1))),
        };
        let root = if oldest < clock.minus(hour) {
            let room = clock.0 - oldest.0;
            let step = (room / (total as i64 + 1)).min(APART);
            let step = if step > MILLIS_PER_DAY { step / MILLIS_PER_DAY * MILLIS_PER_DAY } else { step };
            let taken = self.draft.story.history.iter().filter(|p| p.event == asked.event).count() as i64;
            let steps = taken % (total as i64) + 1;
            let at = whole_minute(Instant(clock.0 - steps * step));
            Root::Past(self.draft.add_past(at, asked.event))
        } else {
            let from = oldest.max(clock);
            let at = whole_minute(Instant(from.0 + (self.now.0 - from.0) / 2));
            if at <= clock || at >= self.now {
                return Err(fixed());
            }
            let payload = self.draft.sampler().event(asked.event, at);
            Root::Line(self.draft.add_line(at, LineWhat::Event { event: asked.event, payload }))
        };
        self.stale = true;
        match &asked.filter {
            Some(filter) => self.force_of(Place::root(root), filter, true),
            None => Ok(()),
        }
    }

    /// The last event that counts takes up the difference.
    pub(super) fn force_sum(&mut self, asked: &'p Behaviour, field: FieldId, op: Compare, value: &Value) -> Forced {
        let counted = self.counted(asked);
        let Some((_, last)) = counted.last() else {
            return self.force_count(asked, Compare::GreaterEqual, 1);
        };
        let mut rest: Option<Value> = None;
        for (_, root) in &counted[..counted.len() - 1] {
            let part = self.draft.value(&Place::root(*root).inside(field.0));
            rest = match rest {
                Some(sum) => Some(self.calculate(Operator::Add, &sum, &part)),
                None => Some(part),
            };
        }
        let wanted = rest.map_or(value.clone(), |rest| self.calculate(Operator::Subtract, value, &rest));
        let place = Place::root(*last).inside(field.0);
        self.stale = true;
        self.assign_place(&place, op, &wanted)
    }
    /// The same of every event that counts.
    pub(super) fn force_each(&mut self, asked: &'p Behaviour, field: FieldId, op: Compare, value: &Value) -> Forced {
        let counted = self.counted(asked);
        if counted.is_empty() {
            return self.force_count(asked, Compare::GreaterEqual, 1);
        }
        for (_, root) in counted {
            self.assign_place(&Place::root(root).inside(field.0), op, value)?;
        }
        self.stale = true;
        Ok(())
    }
    /// Where the value of `last E.f` or `first E.f` stands.
    pub(super) fn place_in_past(&self, asked: &'p Behaviour) -> Option<Place> {
        use crate::ir::Ask;
        let (field, last) = match asked.ask {
            Ask::Last { field } => (field, true),
            Ask::First { field } => (field, false),
            Ask::Did | Ask::Count | Ask::Sum { .. } | Ask::Average { .. } => return None,
        };
        // A filter or a window needs a look at each event; the caller makes one that counts instead.
        if asked.filter.is_some() || asked.window.is_some() {
            return None;
        }
        let story = &self.draft.story;
        let past = story.history.iter().enumerate().filter(|(_, p)| p.event == asked.event);
        let past = past.map(|(i, p)| (p.at, Root::Past(i)));
        let lines = story.lines.iter().enumerate().filter_map(|(i, line)| match &line.what {
            LineWhat::Event { event, .. } if *event == asked.event && line.at <= self.now => {
                Some((line.at, Root::Line(i)))
            }
            _ => None,
        });
        let all = past.chain(lines);
        let (_, root) = if last { all.max() } else { all.min() }?;
        let place = Place::root(root);
        Some(field.map_or(place.clone(), |f| place.inside(f.0)))
    }
}
