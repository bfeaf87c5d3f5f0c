//! How a story begins: someone ordinary, at the moment at which the journey starts for them.
//!
//! Follows no run; conditions of the start are forced as far as they can be seen from here.

use crate::ir::timeline::{LineWhat, Reply};
use crate::ir::{Audience, Expr, JourneyId, SegmentId, Start, Subject};
use crate::machine::Engine;
use crate::machine::schedule::next_tick;
use crate::value::time::{MILLIS_PER_HOUR, MILLIS_PER_MINUTE};
use crate::value::{CalendarPeriod, Instant, Span, Value};

use super::choices::Choices;
use super::draft::{Draft, Place, Root};
use super::force::{Moment, Origin};
use super::sample::{Look, Sampler, days, first_clock};
use super::story::{Reason, Story};

/// Looks at the conditions of a start, each after a change of the story.
const ROUNDS_MAX: usize = 16;
/// Between the clock and what happens first, where that is not the start itself.
const BEFORE: Span = Span(MILLIS_PER_HOUR);
/// How long a story may last.
const HORIZON_DAYS: i64 = 1_100;

/// What stands for the start of a story.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub look: Look,
    /// Waits end as late as they can.
    pub late: bool,
    /// What can end a wait comes soon.
    pub hurry: bool,
    /// How much later than usual the clock stands.
    pub later: Span,
    /// The run is to go on longer than this, if it can.
    pub beyond: Option<CalendarPeriod>,
}

impl Manner {
    /// As soon as it can be, by day.
    pub fn usual(look: Look) -> Manner {
        Manner { look, late: false, hurry: false, later: Span(0), beyond: None }
    }
}

pub(super) fn begin<'p>(
    engine: &Engine<'p>,
    journey: JourneyId,
    manner: Manner,
    choices: Choices,
) -> Result<Draft<'p>, Reason> {
    let program = engine.program();
    let def = program.journey(journey);
    let zone = program.policy(def.policy).zone;
    let clock = first_clock(zone).plus(manner.later);
    let sampler = Sampler { program, look: manner.look, clock, ordinal: 0 };
    let actions = program.actions.iter().enumerate();
    let purposes = 0..program.purposes.len() as u16;
    let story = Story {
        journey,
        clock,
        zone,
        profile: sampler.profile(),
        consent: purposes
            .map(crate::ir::PurposeId)
            .filter(|p| program.purposes[p.index()] != "transactional")
            .collect(),
        history: Vec::new(),
        pins: Default::default(),
        answers: actions
            .map(|(i, a)| (crate::ir::ActionId(i as u16), vec![Reply::Gives(sampler.record(&a.gives))]))
            .collect(),
        lines: Vec::new(),
        until: clock.plus(days(HORIZON_DAYS)),
    };
    let Manner { look, late, hurry, beyond, .. } = manner;
    let mut draft = Draft { story, look, choices, late, hurry, beyond, ..Draft::of(program, Story::empty(journey)) };
    if let Some(holdout) = def.holdout {
        draft.story.pins.insert(holdout.split, 1);
    }
    match &def.start {
        Start::Event { event, .. } => {
            let payload = draft.sampler().event(*event, clock);
            draft.start = Some(draft.add_line(clock, LineWhat::Event { event: *event, payload }));
        }
        Start::Schedule { .. } | Start::At { .. } => {
            let tick = next_tick(&def.start, zone, Instant(clock.0 - 1));
            let tick =
                tick.ok_or_else(|| Reason::new("the schedule never comes round", "スケジュールの時刻が来ない"))?;
            draft.shift(tick.0 - BEFORE.0 - clock.0);
        }
        Start::Segment { .. } => {}
    }
    match &def.start {
        Start::Segment { segment, enters, including_members } => {
            flip(engine, &mut draft, *segment, *enters, *including_members)?;
        }
        Start::Event { .. } | Start::Schedule { .. } | Start::At { .. } => suit(engine, &mut draft)?,
    }
    Ok(draft)
}

/// When the run enters, as far as the start tells.
pub(super) fn entry(draft: &Draft<'_>) -> Instant {
    let story = &draft.story;
    let def = draft.program.journey(story.journey);
    match &def.start {
        Start::Event { settled: Some(settled), .. } => story.zone.plus(story.clock, *settled),
        Start::Event { .. } => story.clock,
        Start::Schedule { .. } | Start::At { .. } => {
            next_tick(&def.start, story.zone, Instant(story.clock.0 - 1)).unwrap_or(story.clock)
        }
        Start::Segment { .. } => story.clock.plus(BEFORE),
    }
}

/// The person as they stand at a moment before the run.
fn moment<'m, 'p>(engine: &'m Engine<'p>, draft: &'m mut Draft<'p>, now: Instant) -> Moment<'m, 'p> {
    let journey = draft.story.journey;
    let def = draft.program.journey(journey);
    let mut person = super::run::person(engine, &draft.story);
    let mut slots = vec![Value::Missing; def.slots.len()];
    let mut origins = vec![Origin::Nowhere; def.slots.len()];
    let start = draft.start.map(|index| Place::root(Root::Line(index)));
    if let (Start::Event { event, bind, .. }, Some(place)) = (&def.start, start) {
        let payload = draft.value(&place);
        if draft.program.event(*event).subject == Subject::Profile {
            engine.record_past(&mut person, *event, &payload, draft.story.clock);
        }
        if let (Some(slot), Some(origin)) = (slots.get_mut(bind.index()), origins.get_mut(bind.index())) {
            (*slot, *origin) = (payload, Origin::Place(place));
        }
    }
    let zone = engine.zone(&person, journey);
    Moment {
        engine,
        draft,
        journey,
        person,
        now,
        zone,
        slots,
        origins,
        deliveries: Default::default(),
        asked: 0,
        subjects: Vec::new(),
        visit: None,
        stale: false,
    }
}

/// Makes filter, audience and `only if` hold.
fn suit<'p>(engine: &Engine<'p>, draft: &mut Draft<'p>) -> Result<(), Reason> {
    let def = draft.program.journey(draft.story.journey);
    let none = Audience::default();
    let (filter, audience) = match &def.start {
        Start::Event { filter, audience, .. } => (filter.as_ref(), audience.as_ref().unwrap_or(&none)),
        Start::Schedule { audience, .. } | Start::At { audience, .. } => (None, audience),
        Start::Segment { .. } => (None, &none),
    };
    let conditions: Vec<&'p Expr> = match &def.start {
        Start::Event { audience: Some(a), .. }
        | Start::Schedule { audience: a, .. }
        | Start::At { audience: a, .. } => a.condition.iter().chain(&def.only_if).collect(),
        Start::Event { audience: None, .. } | Start::Segment { .. } => def.only_if.iter().collect(),
    };
    let start = draft.start.map(|index| Place::root(Root::Line(index)));
    for _ in 0..ROUNDS_MAX {
        let before = draft.story.clone();
        let clock = draft.story.clock;
        if let (Some(filter), Some(place)) = (filter, start.clone()) {
            moment(engine, draft, clock).force_of(place, filter, true)?;
        }
        if let Some(segment) = audience.segment {
            let now = tick_or_clock(draft);
            moment(engine, draft, now).force_member(segment, true)?;
        }
        for condition in &conditions {
            let now = if audience == &none { entry(draft) } else { tick_or_clock(draft) };
            moment(engine, draft, now).force(condition, true)?;
        }
        if draft.story == before {
            break;
        }
    }
    Ok(())
}
/// When the audience is judged: at the tick, or when the event about a thing comes.
fn tick_or_clock(draft: &Draft<'_>) -> Instant {
    match draft.start {
        Some(_) => draft.story.clock,
        None => entry(draft),
    }
}

// ---- memberships ------------------------------------------------------------------------------------------------

/// Someone whose membership turns after the clock: by time alone, or by what a line brings.
fn flip<'p>(
    engine: &Engine<'p>,
    draft: &mut Draft<'p>,
    segment: SegmentId,
    enters: bool,
    including_members: bool,
) -> Result<(), Reason> {
    let manners = if including_members { 3 } else { 2 };
    let by_line = draft.choices.pick((segment.index(), 200), manners);
    let turn = draft.story.clock.plus(BEFORE);
    match by_line {
        0 => {
            hold(engine, draft, segment, enters, turn)?;
            let turned = turned(engine, draft, segment, enters, turn);
            match turned {
                Some(at) => rest_clock(draft, at),
                None => by_lines(engine, draft, segment, enters, turn)?,
            }
        }
        1 => by_lines(engine, draft, segment, enters, turn)?,
        _ => hold(engine, draft, segment, enters, draft.story.clock)?,
    }
    let def = draft.program.journey(draft.story.journey);
    if let Some(only_if) = &def.only_if {
        let now = entry(draft);
        moment(engine, draft, now).force(only_if, true)?;
    }
    Ok(())
}
/// Makes the membership as wanted at a moment.
fn hold<'p>(
    engine: &Engine<'p>,
    draft: &mut Draft<'p>,
    segment: SegmentId,
    want: bool,
    at: Instant,
) -> Result<(), Reason> {
    for _ in 0..ROUNDS_MAX {
        let mut moment = moment(engine, draft, at);
        if moment.is_member(segment) == want {
            return Ok(());
        }
        moment.force_member(segment, want)?;
    }
    Err(Reason::new("the segment's condition could not be met", "セグメントの条件を満たせない"))
}
/// The last moment at which time alone made the membership what it is at `at`.
fn turned<'p>(
    engine: &Engine<'p>,
    draft: &mut Draft<'p>,
    segment: SegmentId,
    want: bool,
    at: Instant,
) -> Option<Instant> {
    let mut moment = moment(engine, draft, at);
    let mut is_so = |when: i64| {
        moment.now = Instant(when);
        moment.is_member(segment) == want
    };
    let mut same = at.0;
    let mut step = MILLIS_PER_HOUR;
    let mut other = loop {
        let earlier = at.0 - step;
        if !is_so(earlier) {
            break earlier;
        }
        same = earlier;
        step = step.saturating_mul(2);
        if step > days(4 * 366).0 {
            return None;
        }
    };
    while same - other > 1 {
        let middle = other + (same - other) / 2;
        if is_so(middle) { same = middle } else { other = middle }
    }
    Some(Instant(same))
}
/// The clock of the story, a little before something happens by itself.
fn rest_clock(draft: &mut Draft<'_>, turn: Instant) {
    let clock = turn.minus(BEFORE);
    let clock = Instant(clock.0.div_euclid(MILLIS_PER_MINUTE) * MILLIS_PER_MINUTE);
    draft.story.clock = clock;
    draft.story.until = clock.plus(days(HORIZON_DAYS));
}
/// First otherwise than wanted, then lines that turn it.
fn by_lines<'p>(
    engine: &Engine<'p>,
    draft: &mut Draft<'p>,
    segment: SegmentId,
    enters: bool,
    turn: Instant,
) -> Result<(), Reason> {
    hold(engine, draft, segment, !enters, draft.story.clock)?;
    moment(engine, draft, turn).turn_by_lines(segment, enters, turn)
}

impl Moment<'_, '_> {
    pub(super) fn is_member(&self, segment: SegmentId) -> bool {
        let given = Default::default();
        let expr = Expr::InSegment(segment);
        self.engine.evaluate_with(&self.person, self.zone, given, &expr, self.now) == Value::Bool(true)
    }
    /// Lines at `at` that make the membership as wanted: the profile's fields as they must be, and events that the
    /// person's past would need.
    pub(super) fn turn_by_lines(&mut self, segment: SegmentId, want: bool, at: Instant) -> Result<(), Reason> {
        let before = self.draft.story.clone();
        let forced = self.force_member(segment, want);
        let after = std::mem::replace(&mut self.draft.story, before);
        forced?;
        let story = &self.draft.story;
        let (old, new) = (story.history.len(), after.history.len());
        if new < old || after.history[..old] != story.history[..] {
            return Err(Reason::new("the past cannot be changed by a line", "過去の出来事は後から変えられない"));
        }
        let mut lines: Vec<LineWhat> = Vec::new();
        for (index, value) in after.profile.iter().enumerate() {
            if story.profile[index] != *value {
                lines.push(LineWhat::Set { field: crate::ir::FieldId(index as u16), value: value.clone() });
            }
        }
        for past in &after.history[old..] {
            lines.push(LineWhat::Event { event: past.event, payload: past.payload.clone() });
        }
        if lines.is_empty() {
            return Err(Reason::new("nothing in the story turns the membership", "所属を変える出来事がない"));
        }
        for line in lines {
            let index = self.draft.add_line(at, line);
            self.draft.move_line(index, at);
        }
        self.stale = true;
        Ok(())
    }
}
