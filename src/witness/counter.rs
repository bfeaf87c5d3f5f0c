//! Counter-stories: the shortest story found in which a journey breaks what it promises.
//!
//! Proves nothing. Only a story refutes a promise; one that is neither proven nor refuted stays open.

use crate::ir::{Channel, JourneyId, MessageId, Op, Program, Promise, Until};
use crate::machine::{Engine, RunNo, What};
use crate::prove::{Doubt, Edge, Judged, Longest, Path, Proof, Verdict, Way, allowed};
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR, MILLIS_PER_MINUTE};
use crate::value::{CalendarPeriod, Instant, Span, Zone};

use super::again::{again, play};
use super::effort::Effort;
use super::enter::Manner;
use super::goal::Goal;
use super::lean::lean;
use super::personas::branches;
use super::print::{self, Expected};
use super::sample::{Look, MORNING, first_clock};
use super::steer::{search, spent, told_within};
use super::story::{Reason, Story, Told};

/// Hours after ten in the morning at which the story is tried to begin, besides the beginnings of quiet hours.
const HOURS: [i64; 5] = [0, 10, 5, 14, 20];
/// Minutes after the latest entry of the proof at which the story is tried to begin.
const LATER: [i64; 5] = [0, 15, 30, 60, 180];
/// Searches for one story that each may take an equal share of the effort.
const SEARCHES: u64 = 8;
/// Long steps that are looked for one by one.
const STEPS_MAX: usize = 8;
/// Messages of one run that are looked for where several runs come together.
const FULL_MAX: u32 = 3;

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

/// Looks for stories that break promises.
#[derive(Debug)]
pub struct Seeker<'p> {
    engine: Engine<'p>,
}

impl<'p> Seeker<'p> {
    pub fn of(program: &'p Program) -> Seeker<'p> {
        Seeker { engine: Engine::tracing(program) }
    }

    /// A story that breaks a promise that is not proven; or why none was found.
    pub fn counter_story(
        &self,
        journey: JourneyId,
        proof: &Proof,
        judged: &Judged,
        effort: &mut Effort,
    ) -> Result<Counter, Reason> {
        let Verdict::Open(doubt) = &judged.verdict else {
            return Err(Reason::new("the promise is proven", "約束は証明されている"));
        };
        match &judged.promise {
            Promise::EndsWithin(period) => too_long(&self.engine, journey, *period, proof, doubt, effort),
            Promise::Messages { count, channel, per } => {
                let most = Most { count: *count as usize, channel: *channel, per: *per };
                too_many(&self.engine, journey, most, doubt, effort)
            }
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

impl Most {
    fn counts(self, program: &Program, message: MessageId) -> bool {
        let channel = program.message(message).channel;
        channel.is_personal() && self.channel.is_none_or(|c| c == channel)
    }
}

fn too_many(
    engine: &Engine<'_>,
    journey: JourneyId,
    most: Most,
    doubt: &Doubt,
    effort: &mut Effort,
) -> Result<Counter, Reason> {
    let program = engine.program();
    let breaks = |told: &Told| broken_at(program, told, most);
    let (mut first, a_part) = (None, effort.share(SEARCHES));
    let goals = goals(program, journey, most, doubt);
    for later in begun(program, journey) {
        for goal in &goals {
            let manner = Manner { hurry: most.per.is_some(), later, ..Manner::usual(Look::Japanese) };
            let mut part = effort.part(a_part);
            let found = search(engine, journey, goal, manner, &mut |told| breaks(told).is_some(), &mut part);
            effort.give_back(part);
            match found {
                Ok(told) => {
                    let told = lean(engine, told, &mut |story| told_within(engine, story, effort), &breaks);
                    return Ok(counter(program, told, most));
                }
                Err(reason) => first.get_or_insert(reason),
            };
        }
        if let Some(told) = by_coming_again(engine, journey, most, later, effort) {
            return Ok(counter(program, told, most));
        }
        if effort.is_spent() {
            return Err(first.unwrap_or_else(spent));
        }
    }
    Err(first.unwrap_or_else(nothing))
}
/// What a story is to do, the likeliest first: the messages of a way that was found, so many at all, just that way.
fn goals(program: &Program, journey: JourneyId, most: Most, doubt: &Doubt) -> Vec<Goal> {
    let code = &program.journey(journey).code;
    let counts = |edge: &Edge| match code.get(edge.from as usize).map(|i| &i.op) {
        Some(Op::Send { message, .. }) => edge.way == Way::Sent && most.counts(program, *message),
        _ => false,
    };
    let sends = |way: &Path| {
        let mut sends: Vec<Edge> = way.edges().into_iter().filter(counts).collect();
        if most.per.is_some() {
            // The last ones come together; those before only pass the time.
            sends.drain(..sends.len().saturating_sub(most.count + 1));
        } else {
            sends.truncate(most.count + 1);
        }
        Goal::Edges(sends)
    };
    let any = (!doubt.ways.is_empty()).then_some(Goal::Sends { count: most.count as u32 + 1, channel: most.channel });
    let whole = doubt.ways.first().cloned().map(Goal::Path);
    doubt.ways.iter().map(sends).chain(any).chain(whole).collect()
}
/// Messages of several runs, each as full as it can be.
fn by_coming_again(
    engine: &Engine<'_>,
    journey: JourneyId,
    most: Most,
    later: Span,
    effort: &mut Effort,
) -> Option<Told> {
    most.per?;
    let breaks = |told: &Told| broken_at(engine.program(), told, most);
    for count in (1..=(most.count as u32).clamp(1, FULL_MAX)).rev() {
        let goal = Goal::Sends { count, channel: most.channel };
        let manner = Manner { hurry: true, later, ..Manner::usual(Look::Japanese) };
        let mut part = effort.part(effort.share(SEARCHES));
        let once = search(engine, journey, &goal, manner, &mut |_| true, &mut part);
        effort.give_back(part);
        if let Some(told) = once.ok().and_then(|once| again(engine, &once, &|told| breaks(told).is_some(), effort)) {
            let mut tell = |story: &Story| (!effort.is_spent()).then(|| play(engine, story, effort));
            return Some(lean(engine, told, &mut tell, &breaks));
        }
    }
    None
}

fn counter(program: &Program, told: Told, most: Most) -> Counter {
    let at = broken_at(program, &told, most).unwrap_or(told.story.until);
    Counter { title: title(most), expected: none_more(program, &told, most, at), told }
}
/// When the message beyond the promise goes out. Windows count all runs of the person; otherwise each run is one.
fn broken_at(program: &Program, told: &Told, most: Most) -> Option<Instant> {
    let run = run_of(told)?;
    let counted = told.entries.iter().filter(|e| most.per.is_some() || e.run == Some(run));
    let sent = counted.filter_map(|e| match e.what {
        What::Sent { message, .. } if most.counts(program, message) => Some(e.at),
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
    for entry in told.entries.iter().filter(|e| (most.per.is_some() || e.run == run) && e.at <= at) {
        let (what, message) = match entry.what {
            What::Sent { message, .. } => (print::expectation(program, entry), message),
            _ => continue,
        };
        if most.counts(program, message) {
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

fn too_long(
    engine: &Engine<'_>,
    journey: JourneyId,
    period: CalendarPeriod,
    proof: &Proof,
    doubt: &Doubt,
    effort: &mut Effort,
) -> Result<Counter, Reason> {
    let told = staying(engine, journey, period, Some(proof), doubt.ways.first(), effort)?;
    let told = lean(engine, told, &mut |story| told_within(engine, story, effort), &|told| limit(told, period));
    let at = limit(&told, period).unwrap_or(told.story.until);
    let expected = vec![Expected { at, what: "exited".to_owned() }];
    Ok(Counter { title: format!("promise ends within {period}"), told, expected })
}

/// A story in which a run of the journey goes on for longer than this; or why none was found.
pub fn long_stay(program: &Program, journey: JourneyId, period: CalendarPeriod) -> Result<Told, Reason> {
    staying(&Engine::tracing(program), journey, period, None, None, &mut Effort::endless())
}

fn staying(
    engine: &Engine<'_>,
    journey: JourneyId,
    period: CalendarPeriod,
    proof: Option<&Proof>,
    path: Option<&Path>,
    effort: &mut Effort,
) -> Result<Told, Reason> {
    let program = engine.program();
    let latest = proof.map(|proof| until_entry(program, journey, proof.bounds.latest_entry));
    // The bound counts on providers that are silent for a while; those of a story are not.
    let later = latest.into_iter().flat_map(|entry| LATER.map(|minutes| Span(entry.0 + minutes * MILLIS_PER_MINUTE)));
    let begun: Vec<Span> = later.chain(begun(program, journey)).collect();
    let usual = [Span(0), begun.first().copied().unwrap_or_default()];
    let whole = path.map(|path| Goal::Edges(lasting(program, journey, path)));
    let steps = proof.map(|proof| long_steps(program, journey, proof)).unwrap_or_default();
    let mut tries: Vec<(Goal, Span)> = Vec::new();
    let mut add = |goal: Goal, when: &[Span]| tries.extend(when.iter().map(|when| (goal.clone(), *when)));
    add(Goal::Entered, &usual);
    whole.iter().for_each(|whole| add(whole.clone(), &usual));
    steps.into_iter().for_each(|step| add(Goal::Edge(step), &usual));
    [Some(Goal::Entered), whole].into_iter().flatten().for_each(|goal| add(goal, &begun));
    path.iter().for_each(|path| add(Goal::Path((*path).clone()), &begun));
    branches(program, journey).into_iter().for_each(|edge| add(Goal::Edge(edge), &begun));
    let (mut first, a_part) = (None, effort.share(SEARCHES));
    for (goal, later) in tries {
        let manner = Manner { late: true, later, beyond: Some(period), ..Manner::usual(Look::Japanese) };
        let mut part = effort.part(a_part);
        let found = search(engine, journey, &goal, manner, &mut |told| limit(told, period).is_some(), &mut part);
        effort.give_back(part);
        match found {
            Ok(told) => return Ok(told),
            Err(reason) => first.get_or_insert(reason),
        };
        if effort.is_spent() {
            return Err(first.unwrap_or_else(spent));
        }
    }
    Err(first.unwrap_or_else(nothing))
}
/// The steps that can take longest, each with the outcome after which it has.
fn long_steps(program: &Program, journey: JourneyId, proof: &Proof) -> Vec<Edge> {
    let code = &program.journey(journey).code;
    let waits = |edge: &Edge| {
        let op = code.get(edge.from as usize).map(|i| &i.op);
        matches!(op, Some(Op::Wait { .. } | Op::Await { .. }))
    };
    let longest = |edge: &Edge| match proof.takes(edge).map(|elapsed| elapsed.longest) {
        Some(Longest::Within { time, .. }) => time,
        Some(Longest::Never { .. }) | None => Span(i64::MAX),
    };
    let places = 0..code.len() as u32;
    let mut steps: Vec<Edge> = places.flat_map(|pc| proof.graph.leaving(pc).iter().copied()).filter(waits).collect();
    steps.sort_by_key(|edge| std::cmp::Reverse(longest(edge)));
    steps.truncate(STEPS_MAX);
    steps
}
/// The steps of a way at which time may pass; what lies between decides itself.
fn lasting(program: &Program, journey: JourneyId, path: &Path) -> Vec<Edge> {
    let code = &program.journey(journey).code;
    let lasts = |edge: &Edge| match code.get(edge.from as usize).map(|i| &i.op) {
        Some(Op::Wait { .. } | Op::Await { .. } | Op::Do { .. } | Op::Send { .. }) => true,
        Some(
            Op::Draw { .. }
            | Op::Branch { .. }
            | Op::Switch { .. }
            | Op::Repeat { .. }
            | Op::Jump(_)
            | Op::Tag(_)
            | Op::Untag(_)
            | Op::Set { .. }
            | Op::Let { .. }
            | Op::Stop { .. }
            | Op::End,
        )
        | None => false,
    };
    // Where an answer and none lead to the same, silence lasts longer.
    let silent = |edge: Edge| match code.get(edge.from as usize).map(|i| &i.op) {
        Some(Op::Do { otherwise, .. }) if otherwise.is_none_or(|to| to == edge.to) => Edge { way: Way::Failed, ..edge },
        _ => edge,
    };
    path.edges().into_iter().filter(lasts).map(silent).collect()
}
/// From the usual beginning of a story until the time of the day, or week, at which who enters stays longest.
fn until_entry(program: &Program, journey: JourneyId, entry: Span) -> Span {
    let journey = program.journey(journey);
    let clock = first_clock(program.policy(journey.policy).zone);
    let weekly = |op: &Op| matches!(op, Op::Wait { until: Until::Weekday(..) });
    let (round, into) = match journey.code.iter().any(|i| weekly(&i.op)) {
        true => {
            let weekday = program.policy(journey.policy).zone.date(clock).weekday();
            (7 * MILLIS_PER_DAY, i64::from(weekday - 1) * MILLIS_PER_DAY)
        }
        false => (MILLIS_PER_DAY, 0),
    };
    let later = (entry.0 - into - i64::from(MORNING.0) * 1_000).rem_euclid(round);
    // A story's times are whole minutes.
    Span((later + MILLIS_PER_MINUTE - 1).div_euclid(MILLIS_PER_MINUTE) * MILLIS_PER_MINUTE)
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
