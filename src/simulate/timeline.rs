//! Timeline tests: one person, a clock that jumps, what happens and what must be seen, through the very same runtime.
//!
//! Reads no language: tests come as data (`ir::timeline`). The rules are in `docs/simulate.md`.
//!
//! - The clock goes to each line's time; everything due up to and at that time happens first, then the line.
//! - `expect X` looks at what happened since the last line that was not an expectation. One occurrence satisfies
//!   expectations of one moment only.
//! - `expect not X` looks at what happened since the last line of an earlier time, or since the last line that was not
//!   an expectation if that is later.
//! - `never sent` looks at everything; `waiting` and `that` look at how things stand.
//! - Only the journey under test is looked at; the others run along.

mod judge;
mod rehearsal;

use std::collections::BTreeSet;

use crate::ir::journey::Op;
use crate::ir::timeline::{Line, LineWhat, ReportVerb, Timeline};
use crate::ir::{HandleId, Pc, Program, PurposeId, SplitId, StepId, Subject};
use crate::machine::{EndReason, Engine, Input, InputKind, Report, Way, What};
use crate::ports::Seat;
use crate::runtime::{Host, Order};
use crate::value::{Instant, Value};

use super::counts::Scene;
use super::imagined;
use super::story::{self, Story};
use super::words::Words;
use rehearsal::{Recorder, Stage};

/// Who a test is about; stories and draws know them by this id.
pub const TEST_PERSON: &str = "test person";

/// What came of a test.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub passed: bool,
    pub story: Story,
    pub failures: Vec<Failure>,
}

/// An expectation that was not met, or a line that could not be carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub line: Line,
    pub expected: Words,
    /// What happened instead, in the span that was looked at.
    pub came: Words,
    pub why: Words,
}

/// Where the run of the journey under test went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    /// Instructions left, and how.
    pub ways: BTreeSet<(Pc, Way)>,
    /// Steps at which something happened, left or not.
    pub steps: BTreeSet<StepId>,
    /// Arms drawn.
    pub arms: BTreeSet<(SplitId, u16)>,
    /// Exits taken, by index.
    pub exits: BTreeSet<u16>,
}

type Rehearsed<'e, 'p> = Host<'e, 'p, Stage<'e, 'p>, Recorder>;

/// What an action gives in a test that does not say.
pub fn imagined_answer(program: &Program, action: usize, at: Instant) -> Value {
    program.actions.get(action).map_or(Value::Missing, |def| imagined::record(program, &def.gives, at, true))
}

/// Runs a test from its clock to its last line.
pub fn run(program: &Program, timeline: &Timeline) -> Verdict {
    keeping(program, timeline, |program| rehearse(&Engine::new(program), timeline).0)
}

/// The same, and where the run went. That it is told changes nothing of it.
pub fn traced(program: &Program, timeline: &Timeline) -> (Verdict, Trail) {
    keeping(program, timeline, |program| rehearse(&Engine::tracing(program), timeline))
}

/// With as much of the past kept as the test asks for.
fn keeping<T>(program: &Program, timeline: &Timeline, then: impl FnOnce(&Program) -> T) -> T {
    match &timeline.kept {
        Some(kept) => then(&Program { history: kept.clone(), ..program.clone() }),
        None => then(program),
    }
}

fn rehearse(engine: &Engine<'_>, timeline: &Timeline) -> (Verdict, Trail) {
    let program = engine.program();
    let mut host = Host::new(engine, Order::ByTime, Stage::new(engine, timeline), Recorder::default());
    let seat = set_up(&mut host, timeline);
    let mut failures = Vec::new();
    let mut span = judge::Span::from_start();
    for line in &timeline.lines {
        span.reach(line.at, host.journal.scenes.len());
        host.advance(line.at);
        match &line.what {
            LineWhat::Expect(expect) => {
                failures.extend(judge::judge(&mut host, seat, timeline, line, expect, &mut span));
            }
            LineWhat::Event { .. }
            | LineWhat::Set { .. }
            | LineWhat::Consent { .. }
            | LineWhat::Report { .. }
            | LineWhat::Approve { .. }
            | LineWhat::Pass => {
                span.act(&host.journal.scenes);
                failures.extend(act(&mut host, seat, timeline, line));
            }
        }
    }
    let trail = trail(timeline, &host.journal);
    let story = story::of(program, TEST_PERSON, timeline.zone, std::mem::take(&mut host.journal.scenes), 0);
    (Verdict { passed: failures.is_empty(), story, failures }, trail)
}

fn trail(timeline: &Timeline, journal: &Recorder) -> Trail {
    let mut trail = Trail::default();
    let own = |journey| journey == timeline.journey;
    trail.ways.extend(journal.passages.iter().filter(|p| own(p.journey)).map(|p| (p.pc, p.way)));
    for scene in &journal.scenes {
        let Scene::Wrote(entry) = scene else { continue };
        if !own(entry.journey) {
            continue;
        }
        match entry.what {
            What::Arm { split, arm } => drop(trail.arms.insert((split, arm))),
            What::Ended { reason: EndReason::Exited(exit) } => {
                trail.exits.insert(exit);
                // Where a run was when it left was visited before, or never.
                continue;
            }
            _ => {}
        }
        trail.steps.extend(entry.step);
    }
    trail
}

/// The person as given, at the moment the program goes live for them.
fn set_up(host: &mut Rehearsed, timeline: &Timeline) -> Seat {
    let engine = host.engine();
    let seat = host.seat(TEST_PERSON);
    let consent: Vec<(PurposeId, bool)> = timeline.consent.iter().map(|p| (*p, true)).collect();
    host.start(timeline.clock);
    host.introduce(seat, &timeline.profile, &consent, timeline.clock);
    if let Some(person) = host.person_mut(seat) {
        timeline.pins.iter().for_each(|(split, arm)| person.pin(*split, *arm));
        for (at, event, payload) in &timeline.history {
            engine.record_past(person, *event, payload, *at);
        }
    }
    host.take(seat, timeline.clock, InputKind::Live);
    seat
}

/// Carries out a line that is not an expectation.
fn act(host: &mut Rehearsed, seat: Seat, timeline: &Timeline, line: &Line) -> Option<Failure> {
    let program = host.engine().program();
    let kind = match &line.what {
        LineWhat::Event { event, payload } => {
            if program.event(*event).subject != Subject::Profile {
                // Fan-outs come as ticks, which stories leave out; the event itself belongs in this one.
                let taken = InputKind::Event { id: None, event: *event, payload: payload.clone() };
                host.journal.note(seat, Input { at: line.at, kind: taken });
                host.fan_out(line.at, *event, payload);
                return None;
            }
            InputKind::Event { id: None, event: *event, payload: payload.clone() }
        }
        LineWhat::Set { field, value } => {
            InputKind::Profile { id: None, fields: vec![(*field, value.clone())], consent: Vec::new() }
        }
        LineWhat::Consent { given } => {
            let all = (0..program.purposes.len() as u16).map(PurposeId);
            InputKind::Profile { id: None, fields: Vec::new(), consent: all.map(|p| (p, given.contains(&p))).collect() }
        }
        LineWhat::Approve { approved, by } => InputKind::Approval { by: by.clone(), approved: *approved },
        LineWhat::Report { verb, handle } => return report(host, seat, timeline, line, *verb, handle),
        LineWhat::Pass | LineWhat::Expect(_) => return None,
    };
    host.take(seat, line.at, kind);
    None
}

/// `click nudge`: a report on the latest send behind the handle. `refuse nudge` before there is one is kept for it.
fn report(
    host: &mut Rehearsed,
    seat: Seat,
    timeline: &Timeline,
    line: &Line,
    verb: ReportVerb,
    handle: &str,
) -> Option<Failure> {
    let program = host.engine().program();
    let report = report_of(verb);
    let Some(id) = handle_named(program, timeline, handle) else {
        return Some(not_done(line, handle));
    };
    if let Some(send) = host.outbox.latest_send(program, timeline.journey, id) {
        host.take(seat, line.at, InputKind::Report { send, report });
        return None;
    }
    match verb {
        ReportVerb::Refuse => host.outbox.refuse_next(id),
        ReportVerb::Block | ReportVerb::Unsubscribe | ReportVerb::Complain => {
            // What people do to a channel needs no message of ours.
            for channel in channels_of(program, timeline, id) {
                host.take(seat, line.at, InputKind::Reach { channel, report });
            }
        }
        ReportVerb::Deliver | ReportVerb::Open | ReportVerb::Click | ReportVerb::Bounce => {
            return Some(not_done(line, handle));
        }
    }
    None
}

fn not_done(line: &Line, handle: &str) -> Failure {
    Failure {
        line: line.clone(),
        expected: Words::new(format!("a message behind `{handle}`"), format!("`{handle}` の送信")),
        came: Words::new("none was sent so far", "まだ送信されていない"),
        why: Words::new("a report needs a message that was sent", "報告には送信済みのメッセージが要る"),
    }
}

fn report_of(verb: ReportVerb) -> Report {
    match verb {
        ReportVerb::Deliver => Report::Delivered,
        ReportVerb::Open => Report::Opened,
        ReportVerb::Click => Report::Clicked,
        ReportVerb::Bounce => Report::Bounced,
        ReportVerb::Block => Report::Blocked,
        ReportVerb::Complain => Report::Complained,
        ReportVerb::Unsubscribe => Report::Unsubscribed,
        ReportVerb::Refuse => Report::Refused,
    }
}

fn handle_named(program: &Program, timeline: &Timeline, name: &str) -> Option<HandleId> {
    let handles = &program.journey(timeline.journey).handles;
    handles.iter().position(|h| h.name == name).map(|i| HandleId(i as u16))
}

/// The channels of all sends behind a handle.
fn channels_of(program: &Program, timeline: &Timeline, handle: HandleId) -> BTreeSet<crate::ir::Channel> {
    let code = program.journey(timeline.journey).code.iter();
    let channel = |op: &Op| match op {
        Op::Send { message, handle: h, .. } if *h == handle => Some(program.message(*message).channel),
        _ => None,
    };
    code.filter_map(|i| channel(&i.op)).collect()
}

/// Moments at which the timeline itself says what a provider answers to a handle.
fn decided(program: &Program, timeline: &Timeline) -> BTreeSet<(Instant, HandleId)> {
    let decides = |line: &Line| match &line.what {
        LineWhat::Report { verb: ReportVerb::Refuse | ReportVerb::Bounce, handle } => {
            handle_named(program, timeline, handle).map(|h| (line.at, h))
        }
        _ => None,
    };
    timeline.lines.iter().filter_map(decides).collect()
}
