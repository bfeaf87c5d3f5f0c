//! How far ahead a moment can lie, and how long a duration can last, as far as expressions tell.
//!
//! Evaluates nothing: what is read from an event or the profile has no bound, unless the start says one.

use crate::ir::{Ask, Compare, Expr, Instruction, Journey, Op, Operator, Program, SlotId, Start, Type};
use crate::value::time::MILLIS_PER_DAY;
use crate::value::{CalendarPeriod, Value};

use super::apart::Apart;

/// A moment lies at most this far ahead of the moment it is read. A date means its midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// Milliseconds, a day counted as 24 hours. Negative: it is always behind.
    pub most: i64,
    /// The calendar has a part in it: changes of the clock can add to it.
    pub local: bool,
}

/// A duration, at least and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    pub least: Apart,
    pub most: i64,
    pub local: bool,
}

/// From 29 February to the next but one 28 February, and less.
const ANNIVERSARY_AHEAD: i64 = 365 * MILLIS_PER_DAY;

/// What is known of the moments and durations a journey reads.
pub struct Moments<'p> {
    program: &'p Program,
    journey: &'p Journey,
    /// By [`SlotId`]: what was captured there. A moment captured only comes nearer.
    moments: Vec<Option<Ahead>>,
    lengths: Vec<Option<Length>>,
    /// What the start says of a moment: an expression equal to it, and how far ahead it lies at entry.
    facts: Vec<(Expr, Ahead)>,
    /// By [`crate::ir::Pc`]: no time has passed since entry, and the profile was not written.
    fresh: Vec<bool>,
}

impl<'p> Moments<'p> {
    pub fn new(program: &'p Program, journey: &'p Journey) -> Moments<'p> {
        let slots = journey.slots.len();
        let mut moments = Moments {
            program,
            journey,
            moments: vec![None; slots],
            lengths: vec![None; slots],
            facts: Vec::new(),
            fresh: fresh(journey),
        };
        moments.facts = moments.said_by_start();
        moments.capture();
        moments
    }

    /// How far ahead the moment lies when it is read at `pc`.
    pub fn ahead(&self, moment: &Expr, pc: usize) -> Option<Ahead> {
        if let Some(known) = self.fact(moment, pc) {
            return Some(known);
        }
        match moment {
            Expr::Now => Some(Ahead { most: 0, local: false }),
            Expr::Today => Some(Ahead { most: 0, local: true }),
            Expr::NextAnniversary(_) => Some(Ahead { most: ANNIVERSARY_AHEAD, local: true }),
            Expr::DateOf(of) => self.ahead(of, pc).map(|ahead| Ahead { local: true, ..ahead }),
            Expr::Slot(slot) => *self.moments.get(slot.index())?,
            Expr::Const(value) => self.fixed(value),
            Expr::OrElse(left, right) => Some(self.ahead(left, pc)?.or(self.ahead(right, pc)?)),
            Expr::Pick { arms, .. } => {
                arms.iter().map(|arm| self.ahead(arm, pc)).reduce(|a, b| Some(a?.or(b?))).flatten()
            }
            Expr::Arithmetic { op, left, right } => self.moved(*op, left, right, pc),
            // An event's own time is not later than its arrival.
            Expr::Field(of, field) => match of.as_ref() {
                Expr::Slot(slot) => self.is_event_time(*slot, field.0).then_some(Ahead { most: 0, local: false }),
                Expr::Behaviour(asked) => {
                    let at = self.program.event(asked.event).at_field();
                    (at == *field).then_some(Ahead { most: 0, local: false })
                }
                _ => None,
            },
            Expr::Behaviour(asked) => {
                let at = Some(self.program.event(asked.event).at_field());
                match &asked.ask {
                    Ask::Last { field } | Ask::First { field } if *field == at => Some(Ahead { most: 0, local: false }),
                    Ask::Did
                    | Ask::Count
                    | Ask::Sum { .. }
                    | Ask::Average { .. }
                    | Ask::Last { .. }
                    | Ask::First { .. } => None,
                }
            }
            Expr::Profile(_)
            | Expr::Subject(_)
            | Expr::Handle(..)
            | Expr::Not(_)
            | Expr::Negate(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Compare { .. }
            | Expr::IsSet(_)
            | Expr::InSegment(_)
            | Expr::InList { .. }
            | Expr::Narrow { .. }
            | Expr::Quantify { .. }
            | Expr::Length(_)
            | Expr::Record(_)
            | Expr::List(_)
            | Expr::Since { .. } => None,
        }
    }

    /// How long the duration lasts.
    pub fn length(&self, duration: &Expr) -> Option<Length> {
        match duration {
            Expr::Const(Value::Span(span)) => Some(Length::of(CalendarPeriod::exact(*span))),
            Expr::Const(Value::Period(period)) => Some(Length::of(*period)),
            // Nothing is waited for what is missing.
            Expr::Const(Value::Missing) => Some(Length::of(CalendarPeriod::default())),
            Expr::Slot(slot) => *self.lengths.get(slot.index())?,
            Expr::OrElse(left, right) => Some(self.length(left)?.or(self.length(right)?)),
            Expr::Pick { arms, .. } => arms.iter().map(|arm| self.length(arm)).reduce(|a, b| Some(a?.or(b?))).flatten(),
            Expr::Arithmetic { op: Operator::Add, left, right } => {
                let (left, right) = (self.length(left)?, self.length(right)?);
                let most = left.most.saturating_add(right.most);
                Some(Length { least: left.least.then(right.least), most, local: left.local || right.local })
            }
            Expr::Const(_)
            | Expr::Arithmetic { .. }
            | Expr::Profile(_)
            | Expr::Subject(_)
            | Expr::Field(..)
            | Expr::Now
            | Expr::Today
            | Expr::Handle(..)
            | Expr::Not(_)
            | Expr::Negate(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Compare { .. }
            | Expr::IsSet(_)
            | Expr::InSegment(_)
            | Expr::InList { .. }
            | Expr::Behaviour(_)
            | Expr::Narrow { .. }
            | Expr::Quantify { .. }
            | Expr::Length(_)
            | Expr::Record(_)
            | Expr::List(_)
            | Expr::NextAnniversary(_)
            | Expr::Since { .. }
            | Expr::DateOf(_) => None,
        }
    }

    /// The moment was captured, or is the same whenever it is read: it does not move away while one waits for it.
    pub fn is_kept(&self, moment: &Expr) -> bool {
        !moment.any(&mut |part| match part {
            Expr::Now
            | Expr::Today
            | Expr::Profile(_)
            | Expr::NextAnniversary(_)
            | Expr::Behaviour(_)
            | Expr::InSegment(_)
            | Expr::Since { .. }
            | Expr::Handle(..) => true,
            Expr::Const(_)
            | Expr::Slot(_)
            | Expr::Subject(_)
            | Expr::Field(..)
            | Expr::Not(_)
            | Expr::Negate(_)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Compare { .. }
            | Expr::Arithmetic { .. }
            | Expr::OrElse(..)
            | Expr::IsSet(_)
            | Expr::InList { .. }
            | Expr::Narrow { .. }
            | Expr::Quantify { .. }
            | Expr::Length(_)
            | Expr::Record(_)
            | Expr::List(_)
            | Expr::Pick { .. }
            | Expr::DateOf(_) => false,
        })
    }

    /// A moment of the calendar is a known time ahead only where the start is one too.
    fn fixed(&self, value: &Value) -> Option<Ahead> {
        let Start::At { at: start, .. } = &self.journey.start else { return None };
        match value {
            Value::Instant(at) => Some(Ahead { most: at.since(*start).0, local: false }),
            // Midnight of a date comes last where the zone lies furthest behind UTC.
            Value::Date(day) => {
                let midnight = i64::from(day.0) * MILLIS_PER_DAY + MILLIS_PER_DAY;
                Some(Ahead { most: midnight.saturating_sub(start.0), local: false })
            }
            Value::Missing
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Decimal(_)
            | Value::Money(_)
            | Value::Text(_)
            | Value::Time(_)
            | Value::Span(_)
            | Value::Period(_)
            | Value::Zone(_)
            | Value::Enum(_)
            | Value::Record(_)
            | Value::List(_) => None,
        }
    }
    fn moved(&self, op: Operator, left: &Expr, right: &Expr, pc: usize) -> Option<Ahead> {
        let (ahead, by) = (self.ahead(left, pc)?, self.length(right)?);
        let most = match op {
            Operator::Add => ahead.most.saturating_add(by.most),
            // Going back keeps the wall clock, so that its least is what it takes away.
            Operator::Subtract => ahead.most.saturating_sub(by.least.nearness().0),
            Operator::Multiply | Operator::Divide => return None,
        };
        Some(Ahead { most, local: ahead.local || by.local })
    }
    fn is_event_time(&self, slot: SlotId, field: u16) -> bool {
        match self.journey.slots.get(slot.index()).map(|s| &s.ty) {
            Some(Type::Event(event)) => self.program.event(*event).at_field().0 == field,
            _ => false,
        }
    }

    // ---- what the start says -------------------------------------------------------------------------------------

    fn fact(&self, moment: &Expr, pc: usize) -> Option<Ahead> {
        let is_live = |known: &Expr| matches!(known, Expr::Profile(_));
        let holds = |known: &Expr| known == moment && (!is_live(known) || self.fresh.get(pc).copied().unwrap_or(false));
        self.facts.iter().filter(|(known, _)| holds(known)).map(|(_, ahead)| *ahead).min_by_key(|a| a.most)
    }
    /// Conditions of entry of the form `moment <= now + D`, judged when the run starts or, for a start that settles,
    /// before.
    fn said_by_start(&self) -> Vec<(Expr, Ahead)> {
        let mut said = Vec::new();
        let mut hear = |condition: Option<&Expr>, bind: Option<SlotId>, live: bool| {
            for part in condition.into_iter().flat_map(conjuncts) {
                self.hear(part, bind, live, &mut said);
            }
        };
        hear(self.journey.only_if.as_ref(), None, true);
        match &self.journey.start {
            Start::Event { filter, bind, settled, audience, .. } => {
                // A filter sees the event itself, and is judged when it comes: what it says of the profile may be old
                // once the start has settled.
                hear(filter.as_ref(), Some(*bind), settled.is_none());
                hear(audience.as_ref().and_then(|a| a.condition.as_ref()), None, settled.is_none());
            }
            Start::Schedule { audience, .. } | Start::At { audience, .. } => {
                hear(audience.condition.as_ref(), None, true);
            }
            Start::Segment { .. } => {}
        }
        said
    }
    fn hear(&self, condition: &Expr, bind: Option<SlotId>, live: bool, said: &mut Vec<(Expr, Ahead)>) {
        let Expr::Compare { op, left, right } = condition else { return };
        let sides: &[(&Expr, &Expr)] = match op {
            Compare::Equal => &[(left, right), (right, left)],
            Compare::Less | Compare::LessEqual => &[(left, right)],
            Compare::Greater | Compare::GreaterEqual => &[(right, left)],
            Compare::NotEqual => &[],
        };
        for (moment, bound) in sides {
            let moment = match (moment, bind) {
                (Expr::Profile(_), _) if live => (*moment).clone(),
                (Expr::Field(of, field), Some(slot)) if matches!(of.as_ref(), Expr::Subject(0)) => {
                    Expr::Field(Box::new(Expr::Slot(slot)), *field)
                }
                (Expr::Field(of, _), None) if matches!(of.as_ref(), Expr::Slot(_)) => (*moment).clone(),
                _ => continue,
            };
            if let Some(ahead) = self.ahead(bound, usize::MAX) {
                said.push((moment, ahead));
            }
        }
    }

    // ---- what is captured ----------------------------------------------------------------------------------------

    /// What every `let` of a slot says together. A slot that anything else writes has no bound, nor has one that a
    /// loop moves further away with each pass.
    fn capture(&mut self) {
        let mut moved = written_otherwise(self.journey);
        loop {
            self.note_lets(&moved);
            let (moments, lengths) = (self.moments.clone(), self.lengths.clone());
            self.note_lets(&moved);
            let differs = |i: &usize| self.moments[*i] != moments[*i] || self.lengths[*i] != lengths[*i];
            let growing: Vec<SlotId> = (0..moments.len()).filter(differs).map(|i| SlotId(i as u16)).collect();
            if growing.is_empty() {
                return;
            }
            moved.extend(growing);
        }
    }
    fn note_lets(&mut self, moved: &[SlotId]) {
        let mut seen = vec![false; self.journey.slots.len()];
        let journey = self.journey;
        for (pc, Instruction { op, .. }) in journey.code.iter().enumerate() {
            let Op::Let { slot, value } = op else { continue };
            let (moment, length) = (self.ahead(value, pc), self.length(value));
            let first = !std::mem::replace(&mut seen[slot.index()], true);
            let (moments, lengths) = (&mut self.moments[slot.index()], &mut self.lengths[slot.index()]);
            *moments = if first { moment } else { moments.zip(moment).map(|(a, b)| a.or(b)) };
            *lengths = if first { length } else { lengths.zip(length).map(|(a, b)| a.or(b)) };
        }
        for slot in moved {
            self.moments[slot.index()] = None;
            self.lengths[slot.index()] = None;
        }
    }
}

impl Ahead {
    fn or(self, other: Ahead) -> Ahead {
        Ahead { most: self.most.max(other.most), local: self.local || other.local }
    }
}

impl Length {
    pub fn of(period: CalendarPeriod) -> Length {
        let most = (period.days_at_most() * MILLIS_PER_DAY).saturating_add(period.millis).max(0);
        Length { least: Apart::period(period), most, local: !period.is_exact() }
    }
    fn or(self, other: Length) -> Length {
        let least = self.least.or(other.least);
        Length { least, most: self.most.max(other.most), local: self.local || other.local }
    }
}

fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    match condition {
        Expr::And(parts) => parts.iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}

/// Slots that events, actions and draws write.
fn written_otherwise(journey: &Journey) -> Vec<SlotId> {
    let mut slots = Vec::new();
    for instruction in &journey.code {
        match &instruction.op {
            Op::Await { arms, .. } => slots.extend(arms.iter().filter_map(|arm| match &arm.on {
                crate::ir::ArmOn::Event { bind, .. } => *bind,
                crate::ir::ArmOn::Handle { .. }
                | crate::ir::ArmOn::Approval { .. }
                | crate::ir::ArmOn::Segment { .. } => None,
            })),
            Op::Do { result, .. } => slots.extend(*result),
            Op::Draw { slot, .. } | Op::Repeat { counter: slot, .. } => slots.push(*slot),
            Op::Wait { .. }
            | Op::Send { .. }
            | Op::Branch { .. }
            | Op::Switch { .. }
            | Op::Jump(_)
            | Op::Tag(_)
            | Op::Untag(_)
            | Op::Set { .. }
            | Op::Let { .. }
            | Op::Stop { .. }
            | Op::End => {}
        }
    }
    slots
}

/// Where only steps that take no time and write no field lead. Loops and everything behind them do not count.
fn fresh(journey: &Journey) -> Vec<bool> {
    let mut fresh = Vec::with_capacity(journey.code.len());
    let mut still = true;
    for instruction in &journey.code {
        // Code is laid in the order of the text: until the first step that takes time, every place was reached in none.
        fresh.push(still);
        still &= match &instruction.op {
            Op::Branch { .. }
            | Op::Draw { .. }
            | Op::Switch { .. }
            | Op::Jump(_)
            | Op::Let { .. }
            | Op::Stop { .. }
            | Op::End => true,
            Op::Wait { .. }
            | Op::Await { .. }
            | Op::Send { .. }
            | Op::Repeat { .. }
            | Op::Do { .. }
            | Op::Tag(_)
            | Op::Untag(_)
            | Op::Set { .. } => false,
        };
    }
    fresh
}
