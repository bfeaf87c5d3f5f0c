//! From a goal to a story: attempts, each a draft that is run, mended and run again.
//!
//! Knows no instruction and no condition.

use crate::ir::{JourneyId, Program};
use crate::machine::Engine;

use crate::value::Instant;

use super::choices::Attempts;
use super::effort::Effort;
use super::enter::{self, Manner};
use super::follow::{Halt, Off, follow};
use super::force::Moment;
use super::goal::{Aim, Goal};
use super::sample::Look;
use super::story::{Reason, Story, Told};

/// Drafts begun for one goal.
const ATTEMPTS_MAX: usize = 40;
/// Times a draft is mended.
const MENDS_MAX: usize = 40;

/// A story in which a run of the journey does what is wanted, told by the machine; or why none was found.
pub fn story(program: &Program, journey: JourneyId, goal: &Goal, look: Look) -> Result<Told, Reason> {
    let manner = Manner::usual(look);
    search(&Engine::tracing(program), journey, goal, manner, &mut |_| true, &mut Effort::endless())
}

/// The same with an engine at hand; `suits` has the last word on a story.
pub(super) fn search(
    engine: &Engine<'_>,
    journey: JourneyId,
    goal: &Goal,
    manner: Manner,
    suits: &mut dyn FnMut(&Told) -> bool,
    effort: &mut Effort,
) -> Result<Told, Reason> {
    let aim = Aim::new(engine.program(), engine.program().journey(journey), goal);
    let mut attempts = Attempts::new(ATTEMPTS_MAX);
    let mut first = None;
    while let Some(choices) = attempts.next() {
        if effort.is_spent() {
            return Err(spent());
        }
        let mut draft = match enter::begin(engine, journey, manner, choices) {
            Ok(draft) => draft,
            Err(reason) => return Err(first.unwrap_or(reason)),
        };
        let reason = match attempt(engine, &aim, &mut draft, effort) {
            Ok(told) if suits(&told) => return Ok(told),
            Ok(_) => Reason::new("the story does something else", "ストーリーが別のことをする"),
            Err(reason) => reason,
        };
        first.get_or_insert(reason);
        attempts.failed(&draft.choices);
    }
    Err(first.unwrap_or_else(|| Reason::new("nothing was tried", "何も試されなかった")))
}

fn attempt<'p>(
    engine: &Engine<'p>,
    aim: &Aim,
    draft: &mut super::draft::Draft<'p>,
    effort: &mut Effort,
) -> Result<Told, Reason> {
    let mut known: Vec<(Story, usize)> = Vec::new();
    for _ in 0..MENDS_MAX {
        let halt = match follow(engine, draft, aim, effort) {
            Ok(told) if in_order(&told.story) => return Ok(finished(engine.program(), told)),
            Ok(_) => return Err(Reason::new("the past would lie after the clock", "過去の出来事が時計より後になる")),
            Err(halt) => halt,
        };
        if let Off::Short(pc) = halt.what {
            stretch(engine, draft, *halt, pc);
            continue;
        }
        if effort.is_spent() {
            return Err(spent());
        }
        known.push((draft.story.clone(), draft.waited.len()));
        let place = place_of(engine.program(), draft.story.journey, &halt);
        mend(engine, aim, draft, *halt).map_err(|reason| located(place.as_deref(), reason))?;
        if known.iter().any(|(story, waited)| *story == draft.story && *waited == draft.waited.len()) {
            let circle = Reason::new("the conditions on the way exclude each other", "経路上の条件が両立しない");
            return Err(located(place.as_deref(), circle));
        }
    }
    Err(Reason::new("the conditions on the way are too many", "経路上の条件が多すぎる"))
}

/// A wait whose end the story says: beyond what a promise allows, if that can be.
fn stretch<'p>(engine: &Engine<'p>, draft: &mut super::draft::Draft<'p>, halt: Halt<'p>, pc: crate::ir::Pc) {
    draft.stretched.push(halt.edges.len());
    let mut moment = moment(engine, draft, halt);
    // A wait that cannot be made longer stays as it is: another may.
    let _ = moment.lengthen(pc);
}

pub(super) fn spent() -> Reason {
    Reason::new("the search took too long", "探索に時間がかかりすぎた")
}

fn mend<'p>(engine: &Engine<'p>, aim: &Aim, draft: &mut super::draft::Draft<'p>, halt: Halt<'p>) -> Result<(), Reason> {
    let (what, edges, line) = (halt.what.clone(), halt.edges.clone(), halt.line);
    moment(engine, draft, halt).mend(aim, &what, &edges, line)
}
fn moment<'m, 'p>(engine: &'m Engine<'p>, draft: &'m mut super::draft::Draft<'p>, halt: Halt<'p>) -> Moment<'m, 'p> {
    let journey = draft.story.journey;
    let zone = engine.zone(&halt.person, journey);
    let Halt { at, person, slots, origins, deliveries, asked, edges, .. } = halt;
    let (subjects, visit, stale) = (Vec::new(), Some(edges.len()), false);
    Moment { engine, draft, journey, person, now: at, zone, slots, origins, deliveries, asked, subjects, visit, stale }
}

/// The name of the step at which a run left its way.
fn place_of(program: &Program, journey: JourneyId, halt: &Halt<'_>) -> Option<String> {
    let pc = match halt.what {
        Off::Wrong(edge, _) => edge.from,
        Off::Waiting(pc) | Off::Short(pc) => pc,
        Off::NotEntered(_) | Off::HeldOut | Off::Ended(_) | Off::Rests => return None,
    };
    let journey = program.journey(journey);
    let step = journey.code.get(pc as usize)?.step;
    Some(journey.steps[step.index()].name.clone())
}
fn located(step: Option<&str>, reason: Reason) -> Reason {
    match step {
        Some(step) => Reason::new(format!("at `{step}`: {}", reason.en), format!("`{step}` で: {}", reason.ja)),
        None => reason,
    }
}

/// Past events lie before the clock, lines not.
fn in_order(story: &Story) -> bool {
    story.history.iter().all(|past| past.at < story.clock) && story.lines.iter().all(|line| line.at >= story.clock)
}

/// Lines and past events in order of time, without lines that do nothing.
fn finished(program: &Program, mut told: Told) -> Told {
    use crate::ir::timeline::{LineWhat, ReportVerb};
    use crate::machine::What;
    let handles = &program.journey(told.story.journey).handles;
    let sent_before = |name: &str, at: Instant| {
        told.entries
            .iter()
            .filter(|entry| entry.at <= at)
            .any(|entry| matches!(entry.what, What::Sent { handle, .. } if handles[handle.index()].name == name))
    };
    let story = &mut told.story;
    story.lines.retain(|line| match &line.what {
        LineWhat::Pass => false,
        // A report on a message that was never sent is left over from an earlier draft.
        LineWhat::Report {
            verb: ReportVerb::Deliver | ReportVerb::Open | ReportVerb::Click | ReportVerb::Bounce,
            handle,
        } => sent_before(handle, line.at),
        _ => true,
    });
    story.lines.sort_by_key(|line| line.at);
    story.history.sort_by_key(|past| past.at);
    told
}

/// A story run again as it is: what the machine makes of it, as long as a run of the journey enters at all.
pub fn told(engine: &Engine<'_>, story: &Story) -> Option<Told> {
    told_within(engine, story, &mut Effort::endless())
}
/// The same, unless it costs too much.
pub(super) fn told_within(engine: &Engine<'_>, story: &Story, effort: &mut Effort) -> Option<Told> {
    if effort.is_spent() {
        return None;
    }
    let aim = Aim::new(engine.program(), engine.program().journey(story.journey), &Goal::Entered);
    let draft = super::draft::Draft::of(engine.program(), story.clone());
    follow(engine, &draft, &aim, effort).ok()
}
