//! Counter-stories: the shortest story found in which a journey breaks what it promises.
//!
//! Proves nothing. A refuted promise for which there is no story stays refuted: its way may be one that no person
//! can go.

use crate::ir::{Channel, JourneyId, Program, Promise};
use crate::machine::{Engine, RunNo, What};
use crate::prove::{Path, Verdict, allowed};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR};
use crate::value::{CalendarPeriod, Instant, Span, Zone};

use super::enter::Manner;
use super::goal::Goal;
use super::lean::lean;
use super::personas::branches;
use super::print::{self, Expected};
use super::sample::{Look, MORNING};
use super::steer::search;
use super::story::{Reason, Told};

/// Hours after ten in the morning at which the story is tried to begin, besides the beginnings of quiet hours.
const HOURS: [i64; 5] = [0, 10, 5, 14, 20];

/// A story that breaks a promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Counter {
    /// Names the promise, as it stands in the journey.
    pub title: String,
    pub told: Told,
    /// What the promise says must be seen; the last of them is not.
    pub expected: Vec<Expected>,
}

impl Counter {
    /// As a test in the language. It fails at its last expectation.
    pub fn test(&self, program: &Program) -> String {
        print::test(program, &self.told.story, &self.title, &self.expected)
    }
}

/// A story that breaks the promise, if the verdict refutes it and someone can go there.
pub fn counter_story(
    program: &Program,
    journey: JourneyId,
    promise: &Promise,
    verdict: &Verdict,
) -> Result<Counter, Reason> {
    let Verdict::Refuted(path) = verdict else {
        return Err(Reason::new("the promise is not refuted by one way", "単一の経路では反証されていない"));
    };
    let engine = Engine::tracing(program);
    match promise {
        Promise::EndsWithin(period) => too_long(&engine, journey, *period, path),
        Promise::Messages { count, channel, per } => {
            let most = Most { count: *count as usize, channel: *channel, per: *per };
            too_many(&engine, journey, most, path)
        }
    }
}

// ---- too many messages -------------------------------------------------------------------------------------------

/// `promise at most COUNT …`
#[derive(Debug, Clone, Copy)]
struct Most {
    count: usize,
    channel: Option<Channel>,
    per: Option<CalendarPeriod>,
}

fn too_many(engine: &Engine<'_>, journey: JourneyId, most: Most, path: &Path) -> Result<Counter, Reason> {
    let program = engine.program();
    let sends = Goal::Sends { count: most.count as u32 + 1, channel: most.channel };
    let mut first = None;
    let goals = [sends, Goal::Path(path.clone())];
    for (later, goal) in begun(program, journey).into_iter().flat_map(|later| goals.iter().map(move |g| (later, g))) {
        let manner = Manner { look: Look::Japanese, late: false, later, beyond: None };
        match search(engine, journey, goal, manner, &mut |told| broken_at(program, told, most).is_some()) {
            Ok(told) => {
                let told = lean(engine, told, &|told| broken_at(program, told, most));
                let at = broken_at(program, &told, most).unwrap_or(told.story.until);
                return Ok(Counter { title: title(most), expected: none_more(program, &told, most, at), told });
            }
            Err(reason) => first.get_or_insert(reason),
        };
    }
    Err(first.unwrap_or_else(nothing))
}
/// When the message beyond the promise goes out.
fn broken_at(program: &Program, told: &Told, most: Most) -> Option<Instant> {
    let run = run_of(told)?;
    let counts = |message| {
        let channel = program.message(message).channel;
        channel.is_personal() && most.channel.is_none_or(|c| c == channel)
    };
    let sent = told.entries.iter().filter(|e| e.run == Some(run)).filter_map(|e| match e.what {
        What::Sent { message, .. } if counts(message) => Some(e.at),
        _ => None,
    });
    let sent: Vec<Instant> = sent.collect();
    let zone = told.story.zone;
    let within = |first: Instant, last: Instant| most.per.is_none_or(|per| is_within(zone, first, last, per));
    (most.count..sent.len()).find(|last| within(sent[last - most.count], sent[*last])).map(|last| sent[last])
}
/// Windows with hours in them slide; days, months and years are those of the calendar, the first included.
fn is_within(zone: Zone, first: Instant, last: Instant, per: CalendarPeriod) -> bool {
    match per.is_exact() || per.millis != 0 {
        true => zone.plus(first, per) > last,
        false => zone.date(last) < zone.date(first).plus(per),
    }
}
fn title(most: Most) -> String {
    let what = match most.channel {
        Some(channel) => channel.name().to_owned(),
        None => if most.count == 1 { "message" } else { "messages" }.to_owned(),
    };
    let per = most.per.map_or_else(String::new, |per| format!(" per {per}"));
    format!("promise at most {} {what}{per}", most.count)
}
/// What goes out before, and that nothing more does.
fn none_more(program: &Program, told: &Told, most: Most, at: Instant) -> Vec<Expected> {
    let mut expected: Vec<Expected> = Vec::new();
    let mut last = None;
    let run = run_of(told);
    for entry in told.entries.iter().filter(|e| e.run == run && e.at <= at) {
        let (what, message) = match entry.what {
            What::Sent { message, .. } => (print::expectation(program, entry), message),
            _ => continue,
        };
        let channel = program.message(message).channel;
        if channel.is_personal() && most.channel.is_none_or(|c| c == channel) {
            last = Some(expected.len());
        }
        expected.extend(what.map(|what| Expected { at: entry.at, what }));
    }
    if let Some(beyond) = last.map(|last| expected.remove(last)) {
        expected.retain(|one| one.what != beyond.what || one.at != beyond.at);
        expected.push(Expected { what: format!("not {}", beyond.what), ..beyond });
    }
    expected
}

// ---- too long ----------------------------------------------------------------------------------------------------

fn too_long(engine: &Engine<'_>, journey: JourneyId, period: CalendarPeriod, path: &Path) -> Result<Counter, Reason> {
    let told = staying(engine, journey, period, Some(path))?;
    let told = lean(engine, told, &|told| limit(told, period));
    let at = limit(&told, period).unwrap_or(told.story.until);
    let expected = vec![Expected { at, what: "exited".to_owned() }];
    Ok(Counter { title: format!("promise ends within {period}"), told, expected })
}

/// A story in which a run of the journey goes on for longer than this; or why none was found.
pub fn long_stay(program: &Program, journey: JourneyId, period: CalendarPeriod) -> Result<Told, Reason> {
    staying(&Engine::tracing(program), journey, period, None)
}

fn staying(
    engine: &Engine<'_>,
    journey: JourneyId,
    period: CalendarPeriod,
    path: Option<&Path>,
) -> Result<Told, Reason> {
    let program = engine.program();
    let edges = branches(program, journey).into_iter().map(Goal::Edge);
    let path = path.map(|path| Goal::Path(path.clone()));
    let mut first = None;
    for goal in [Goal::Entered].into_iter().chain(path).chain(edges) {
        for later in begun(program, journey) {
            let manner = Manner { look: Look::Japanese, late: true, later, beyond: Some(period) };
            match search(engine, journey, &goal, manner, &mut |told| limit(told, period).is_some()) {
                Ok(told) => return Ok(told),
                Err(reason) => first.get_or_insert(reason),
            };
        }
    }
    Err(first.unwrap_or_else(nothing))
}
/// The end of what the promise allows, if the run goes on beyond it.
fn limit(told: &Told, period: CalendarPeriod) -> Option<Instant> {
    let run = run_of(told)?;
    let entered = told.entries.iter().find(|e| e.run == Some(run) && e.what == What::Entered)?.at;
    let limit = last_moment(told.story.zone, entered, period);
    let ended = told.entries.iter().find(|e| e.run == Some(run) && matches!(e.what, What::Ended { .. }));
    let goes_on = ended.map_or(told.story.until >= limit || told.rests, |end| end.at > limit);
    goes_on.then_some(limit)
}
/// Neither a short month nor a change of the clock makes a promise stricter than its words.
pub(super) fn last_moment(zone: Zone, entered: Instant, period: CalendarPeriod) -> Instant {
    zone.plus(entered, period).max(entered.plus(allowed(period)))
}

/// How much later than usual a story may begin: times of the day matter to quiet hours and to waits for an hour.
fn begun(program: &Program, journey: JourneyId) -> Vec<Span> {
    let policy = program.policy(program.journey(journey).policy);
    let morning = i64::from(MORNING.0) * 1_000;
    let mut begun: Vec<Span> = HOURS.iter().map(|hours| Span(hours * MILLIS_PER_HOUR)).collect();
    let quiet = policy.quiet.iter().map(|quiet| (i64::from(quiet.from.0) * 1_000 - morning).rem_euclid(MILLIS_PER_DAY));
    begun.extend(quiet.map(Span));
    begun
}
fn run_of(told: &Told) -> Option<RunNo> {
    told.entries.iter().find(|e| e.what == What::Entered)?.run
}
fn nothing() -> Reason {
    Reason::new("nothing was tried", "何も試されなかった")
}
