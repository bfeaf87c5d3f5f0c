//! One random life: events, changes of the profile, consents, providers and actions that answer late or never.
//!
//! Time is virtual. A person's zone stays what it is, as the proofs assume.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tabi::ir::{Channel, FieldId, Program, PurposeId, Start, Subject};
use tabi::machine::schedule::next_tick;
use tabi::machine::{Effect, Engine, Input, InputKind, Person, Report, RunState};
use tabi::prove::Analysis;
use tabi::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR, MILLIS_PER_MINUTE};
use tabi::value::{Date, Instant, Span, Value, Zone};

use crate::generate::{Draw, ZONES};
use crate::watch::{Seen, Watch};

/// Days in which things happen, and days in which what has begun must come to its end.
const BUSY_DAYS: i64 = 45;
const CALM_DAYS: i64 = 400;
const HAPPENINGS: u64 = 60;

struct Life<'p> {
    program: &'p Program,
    draw: Draw,
    person: Person,
    queue: BinaryHeap<Reverse<(Instant, u64)>>,
    /// By the number in the queue.
    inputs: Vec<InputKind>,
    watch: Watch<'p>,
    effects: Vec<Effect>,
}

/// Lives it; says what broke, if anything did.
pub fn live(program: &Program, analysis: &Analysis, draw: Draw) -> Result<Seen, String> {
    let engine = Engine::tracing(program);
    let mut life = Life {
        program,
        watch: Watch::new(program, analysis),
        person: Person::new(format!("p{}", draw.0)),
        draw,
        queue: BinaryHeap::new(),
        inputs: Vec::new(),
        effects: Vec::new(),
    };
    let start = life.begin(&engine);
    life.fill(start);
    let end = start.plus(Span((BUSY_DAYS + CALM_DAYS) * MILLIS_PER_DAY));
    loop {
        let due = life.queue.peek().map(|next| next.0.0);
        let Some(at) = [due, life.person.wake()].into_iter().flatten().min().filter(|at| *at <= end) else { break };
        let kind = match life.queue.peek() {
            Some(Reverse((next, index))) if *next == at => {
                let kind = life.inputs[*index as usize].clone();
                life.queue.pop();
                kind
            }
            _ => InputKind::Wake,
        };
        life.take(&engine, at, kind)?;
    }
    life.watch.finish(&life.person, end)
}

impl Life<'_> {
    fn profile_field(&self, name: &str) -> Option<FieldId> {
        self.program.profile.iter().position(|f| f.name == name).map(|i| FieldId(i as u16))
    }
    fn later(&mut self, at: Instant, kind: InputKind) {
        self.inputs.push(kind);
        self.queue.push(Reverse((at, self.inputs.len() as u64 - 1)));
    }

    fn begin(&mut self, engine: &Engine<'_>) -> Instant {
        // Around changes of the clocks more often than chance would have it.
        let days = *self.draw.pick(&[20_515, 20_520, 20_535, 20_750, 20_755]) + self.draw.below(20) as i64;
        let start = Instant(days * MILLIS_PER_DAY + self.draw.below(86_400_000) as i64);
        let mut fields = Vec::new();
        for (name, value) in [
            ("email", Value::text("a@example.jp")),
            ("line_user", Value::text("U1")),
            ("phone", Value::text("+8190")),
            ("given_name", Value::text("花子")),
        ] {
            if let (Some(field), true) = (self.profile_field(name), !self.draw.one_in(4)) {
                fields.push((field, value));
            }
        }
        if let Some(points) = self.profile_field("points") {
            fields.push((points, Value::Int(self.draw.below(100) as i64)));
        }
        if let (Some(zone), true) = (self.profile_field("timezone"), !self.draw.one_in(3)) {
            let name = *self.draw.pick(&ZONES);
            fields.push((zone, Value::Zone(Zone::from_name(name).unwrap())));
        }
        let consent = self.consents(4);
        engine.record_profile(&mut self.person, &fields, &consent, start);
        self.watch.profile(&fields, &consent);
        start
    }
    fn consents(&mut self, refuses_one_in: u64) -> Vec<(PurposeId, bool)> {
        let purposes = (0..self.program.purposes.len()).map(|i| PurposeId(i as u16)).collect::<Vec<_>>();
        purposes.into_iter().map(|p| (p, !self.draw.one_in(refuses_one_in))).collect()
    }

    fn fill(&mut self, start: Instant) {
        self.later(start, InputKind::Live);
        // Much at once, or much time between.
        let busy = if self.draw.one_in(2) { BUSY_DAYS } else { 4 };
        for _ in 0..HAPPENINGS {
            let minutes = self.draw.below((busy * 24 * 60) as u64) as i64;
            let at = start.plus(Span(minutes * MILLIS_PER_MINUTE + self.draw.below(3) as i64));
            let kind = self.happening(at);
            self.later(at, kind);
        }
        for index in 0..self.program.journeys.len() {
            let journey = tabi::ir::JourneyId(index as u16);
            let zone = self.watch.zone(&self.person, journey);
            let mut after = start;
            while let Some(at) = next_tick(&self.program.journey(journey).start, zone, after) {
                if at > start.plus(Span(BUSY_DAYS * MILLIS_PER_DAY)) {
                    break;
                }
                self.later(at, InputKind::Tick { journey, payload: None });
                after = at;
            }
        }
    }

    fn happening(&mut self, at: Instant) -> InputKind {
        match self.draw.below(20) {
            0 => {
                let name = *self.draw.pick(&["email", "line_user", "phone", "given_name"]);
                let field = self.profile_field(name);
                let value = if self.draw.one_in(2) { Value::Missing } else { Value::text("x@example.jp") };
                InputKind::Profile {
                    id: None,
                    fields: field.map(|f| (f, value)).into_iter().collect(),
                    consent: vec![],
                }
            }
            1 | 2 => {
                let points = self.profile_field("points").map(|f| (f, Value::Int(self.draw.below(100) as i64)));
                InputKind::Profile { id: None, fields: points.into_iter().collect(), consent: vec![] }
            }
            3 => InputKind::Profile { id: None, fields: vec![], consent: self.consents(3) },
            4 => {
                let channel = *self.draw.pick(&[Channel::Email, Channel::Line, Channel::Sms]);
                let reports = [
                    Report::Blocked,
                    Report::Unblocked,
                    Report::Unsubscribed,
                    Report::Resubscribed,
                    Report::Complained,
                ];
                let report = *self.draw.pick(&reports);
                InputKind::Reach { channel, report }
            }
            5 => InputKind::Approval { by: None, approved: self.draw.one_in(2) },
            6 => {
                let journey = self
                    .program
                    .journeys
                    .iter()
                    .position(|j| matches!(&j.start, Start::Event { audience: Some(_), .. }));
                match journey {
                    Some(index) => {
                        let Start::Event { event, .. } = &self.program.journeys[index].start else { unreachable!() };
                        let payload = Some(self.payload(*event, at));
                        InputKind::Tick { journey: tabi::ir::JourneyId(index as u16), payload }
                    }
                    None => InputKind::Wake,
                }
            }
            _ => {
                let personal: Vec<usize> = (0..self.program.events.len())
                    .filter(|i| matches!(self.program.events[*i].subject, Subject::Profile))
                    .collect();
                let event = tabi::ir::EventId(*self.draw.pick(&personal) as u16);
                InputKind::Event { id: None, event, payload: self.payload(event, at) }
            }
        }
    }
    fn payload(&mut self, event: tabi::ir::EventId, at: Instant) -> Value {
        let program = self.program;
        let fields = program.event(event).fields.iter().map(|field| match field.name.as_str() {
            "at" => Value::Instant(at),
            "key" => Value::text(format!("k{}", self.draw.below(3))),
            "total" => Value::Int(self.draw.below(100) as i64),
            "due" if self.draw.one_in(4) => Value::Missing,
            "due" => Value::Instant(at.plus(Span(self.draw.below(10 * 86_400_000) as i64 - MILLIS_PER_DAY))),
            "note" => Value::Missing,
            _ => Value::text("x"),
        });
        Value::Record(fields.collect::<Vec<_>>().into())
    }

    fn take(&mut self, engine: &Engine<'_>, at: Instant, kind: InputKind) -> Result<(), String> {
        // What the run waits for at a send, and whether its patience is over before this input.
        let refuses = match &kind {
            InputKind::Report { send, report } => {
                let asked = self.person.run(send.run).is_some_and(
                    |run| matches!(run.state(), RunState::Asked { send: s, until } if s == *send && until > at),
                );
                asked && matches!(report, Report::Refused | Report::OverBudget | Report::Bounced)
            }
            _ => false,
        };
        self.watch.before(at, &kind, refuses);
        self.effects.clear();
        let mut effects = std::mem::take(&mut self.effects);
        // Timers that are due act first, with what is known before the input.
        engine.step(&mut self.person, &Input { at, kind: InputKind::Wake }, &mut effects);
        self.after(&effects)?;
        effects.clear();
        self.watch.learn(&kind);
        engine.step(&mut self.person, &Input { at, kind }, &mut effects);
        self.after(&effects)?;
        self.effects = effects;
        Ok(())
    }
    fn after(&mut self, effects: &[Effect]) -> Result<(), String> {
        for effect in effects {
            self.watch.saw(effect)?;
            match effect {
                Effect::Send(order) => {
                    let at = self.watch.now;
                    self.answer_send(order.id, at);
                }
                Effect::Call(call) => {
                    let gives = &self.program.actions[call.action.index()].gives;
                    let day = Date((self.watch.now.0 / MILLIS_PER_DAY) as i32 + self.draw.below(60) as i32);
                    let value =
                        |f: &tabi::ir::FieldDef| if f.name == "ends" { Value::Date(day) } else { Value::text("c") };
                    let result = Value::Record(gives.iter().map(value).collect::<Vec<_>>().into());
                    let delay = Span(self.draw.below(40 * 60_000) as i64);
                    let answer = match self.draw.below(5) {
                        0 => None,
                        1 => Some(None),
                        _ => Some(Some(result)),
                    };
                    if let Some(result) = answer {
                        let delay = if self.draw.one_in(2) { Span(0) } else { delay };
                        self.later(self.watch.now.plus(delay), InputKind::Answer { call: call.id, result });
                    }
                }
                Effect::Journal(_) | Effect::Passed(_) | Effect::Looked(_) => {}
            }
        }
        Ok(())
    }
    fn answer_send(&mut self, send: tabi::machine::SendId, at: Instant) {
        let soon = Span(self.draw.below(90 * 60_000) as i64);
        let report = match self.draw.below(12) {
            0..=2 => return,
            3 | 4 => Report::Refused,
            5 => Report::Bounced,
            6 => Report::OverBudget,
            7 | 8 => Report::Accepted,
            9 => Report::Delivered,
            10 => *self.draw.pick(&[Report::Complained, Report::Blocked, Report::Unsubscribed]),
            _ => Report::Clicked,
        };
        let soon = if self.draw.one_in(3) { Span(0) } else { soon };
        self.later(at.plus(soon), InputKind::Report { send, report });
        if self.draw.one_in(3) {
            let late = Span(self.draw.below(48) as i64 * MILLIS_PER_HOUR);
            self.later(at.plus(soon).plus(late), InputKind::Report { send, report: Report::Clicked });
        }
    }
}
