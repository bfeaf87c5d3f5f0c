//! A run of a real person as a test in the language, that passes: what happened to them, under other names.
//!
//! Every test was run through the machine before it is given out, and tells what was told of the run; else there is none.

use std::collections::{BTreeMap, BTreeSet};

use super::Asked;
use super::pseudonyms::{Level, Pseudonyms};
use super::replay::{Cause, Editions, Moment, replay};
use crate::ir::timeline::{LineWhat, Reply, ReportVerb};
use crate::ir::{ActionId, Channel, FieldId, JourneyId, Op, Program, PurposeId, StepId};
use crate::machine::{Effect, Engine, Entry, Input, InputKind, Person, Report, RunNo, SendId, What};
use crate::runtime::durable::diary::Line as Kept;
use crate::simulate::timeline::imagined_answer;
use crate::value::time::{MILLIS_PER_DAY, MILLIS_PER_MINUTE, MILLIS_PER_SECOND};
use crate::value::{Instant, Span, Value};
use crate::witness::print::{self, Expected};
use crate::witness::{Line, Past, Story};

/// How long before what starts the run a test may begin; the shortest with which it comes out as it was. What is longer
/// begins when the person was first seen.
const BEFORE: [Span; 3] = [Span(MILLIS_PER_MINUTE), Span(MILLIS_PER_DAY), Span(8 * MILLIS_PER_DAY)];

/// Why there is no test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwritten {
    /// There is no such run of the journey.
    NoRun,
    /// The journal does not allow a replay.
    NotReplayed,
    /// A test cannot say something that the run hangs on: what happened before it, in other journeys, or under other ids.
    Unsayable,
    /// It comes out otherwise when personal values are replaced.
    Personal,
}

/// The test of a run; of the last, if none is named.
pub fn as_test(engine: &Engine<'_>, asked: &Asked, run: Option<RunNo>) -> Result<String, Unwritten> {
    let mut life = Life { engine, asked, moments: Vec::new(), entries: Vec::new(), first: None };
    let told = replay(Editions::one(engine), &asked.past, asked.until, &mut |moment| life.note(moment));
    let told = told.map_err(|_| Unwritten::NotReplayed)?;
    if !told.is_faithful {
        return Err(Unwritten::NotReplayed);
    }
    life.entries = told.entries;
    let entered = |entry: &&Entry| {
        entry.journey == asked.journey && entry.what == What::Entered && run.is_none_or(|run| entry.run == Some(run))
    };
    let run = life.entries.iter().rev().find(entered).and_then(|entry| entry.run).ok_or(Unwritten::NoRun)?;
    let begins = life.begins(run);
    let first = life.first.unwrap_or(begins);
    let clocks = BEFORE.iter().map(|span| begins.minus(*span)).filter(|clock| *clock > first);
    let mut unwritten = Unwritten::Unsayable;
    for clock in clocks.chain([first]) {
        let clock = whole_second(clock);
        let wanted = life.told(clock, life.ends(run));
        let story = life.story(clock, run);
        if played(engine, &story).0 != wanted {
            continue;
        }
        unwritten = Unwritten::Personal;
        for level in [Level::Strict, Level::Rough] {
            let story = renamed(engine.program(), &story, level);
            let (told, expected) = played(engine, &story);
            if told == wanted {
                let title = format!("from a run of {}", story.zone.date(begins));
                return Ok(print::test(engine.program(), &story, &title, &expected));
            }
        }
    }
    Err(unwritten)
}

/// Tests count in seconds.
fn whole_second(at: Instant) -> Instant {
    Instant(at.0 - at.0.rem_euclid(MILLIS_PER_SECOND))
}

/// Everything that happened to the person.
struct Life<'a> {
    engine: &'a Engine<'a>,
    asked: &'a Asked,
    /// Inputs, with the person before and after.
    moments: Vec<(Input, Person, Person)>,
    entries: Vec<Entry>,
    first: Option<Instant>,
}

impl Life<'_> {
    fn program(&self) -> &Program {
        self.engine.program()
    }
    fn note(&mut self, moment: &Moment<'_>) {
        if moment.joined.is_some() {
            return;
        }
        self.first.get_or_insert(moment.at);
        if let Cause::Input(input) = moment.cause {
            let before = self.moments.last().map_or_else(|| moment.person.clone(), |(_, _, after)| after.clone());
            self.moments.push((input.clone(), before, moment.person.clone()));
        }
    }
    /// When what starts the run happened.
    fn begins(&self, run: RunNo) -> Instant {
        let mut settling = None;
        for entry in self.entries.iter().filter(|entry| entry.journey == self.asked.journey) {
            match &entry.what {
                What::Settling { .. } => settling = Some(entry.at),
                What::Unsettled => settling = None,
                What::Entered if entry.run == Some(run) => return settling.unwrap_or(entry.at),
                What::Entered => settling = None,
                _ => {}
            }
        }
        self.asked.until
    }
    /// When it ended, goal included; else how far is known.
    fn ends(&self, run: RunNo) -> Instant {
        let own = self.entries.iter().filter(|entry| entry.run == Some(run) && entry.journey == self.asked.journey);
        let ended = own.clone().find(|entry| matches!(entry.what, What::Ended { .. })).map(|entry| entry.at);
        let goal = own.clone().find(|entry| matches!(entry.what, What::Goal { .. })).map(|entry| entry.at);
        ended.map_or(self.asked.until, |ended| goal.map_or(ended, |goal| goal.max(ended)))
    }
    /// What tests can expect of the journey in this time, in order.
    fn told(&self, from: Instant, to: Instant) -> Vec<String> {
        let own = self.entries.iter().filter(|e| e.journey == self.asked.journey && e.at > from && e.at <= to);
        own.filter_map(|entry| print::expectation(self.program(), entry)).collect()
    }

    fn story(&self, clock: Instant, run: RunNo) -> Story {
        let (program, ends) = (self.program(), self.ends(run));
        let before = self.moments.iter().take_while(|(input, ..)| whole_second(input.at) <= clock);
        let person = before.last().map(|(_, _, after)| after);
        let profile: Vec<Value> = (0..program.profile.len())
            .map(|i| person.map_or(Value::Missing, |person| person.field(FieldId(i as u16)).clone()))
            .collect();
        let consents = |person: &Person| -> BTreeSet<PurposeId> {
            (0..program.purposes.len() as u16).map(PurposeId).filter(|p| person.consents_to(*p)).collect()
        };
        let zone = person.map_or(program.policy(program.journey(self.asked.journey).policy).zone, |person| {
            self.engine.zone(person, self.asked.journey)
        });
        let mut lines = Vec::new();
        for (input, before, after) in &self.moments {
            let at = whole_second(input.at);
            if at <= clock || input.at > ends {
                continue;
            }
            let sayable =
                self.lines(at, input, before, after).into_iter().filter(|what| self.can_be_said(what, clock, at));
            lines.extend(sayable.map(|what| Line { at, what }));
        }
        lines.extend(self.refusals(clock, ends).into_iter().map(|(at, what)| Line { at, what }));
        lines.sort_by_key(|line| line.at);
        Story {
            journey: self.asked.journey,
            clock,
            zone,
            profile,
            consent: person.map(consents).unwrap_or_default(),
            history: self.history(clock),
            pins: self.pins(clock),
            answers: self.answers(clock, ends),
            lines,
            until: whole_second(ends.plus(Span(MILLIS_PER_SECOND - 1))),
        }
    }
    fn lines(&self, at: Instant, input: &Input, before: &Person, after: &Person) -> Vec<LineWhat> {
        let program = self.program();
        match &input.kind {
            InputKind::Event { event, payload, .. } => {
                vec![LineWhat::Event { event: *event, payload: happening(payload, at) }]
            }
            InputKind::Tick { journey, payload: Some(payload) } => match &program.journey(*journey).start {
                crate::ir::Start::Event { event, .. } => {
                    vec![LineWhat::Event { event: *event, payload: happening(payload, at) }]
                }
                _ => Vec::new(),
            },
            InputKind::Profile { fields, .. } => {
                let changed = fields.iter().filter(|(field, value)| before.field(*field) != value);
                let mut lines: Vec<LineWhat> =
                    changed.map(|(field, value)| LineWhat::Set { field: *field, value: value.clone() }).collect();
                let all = (0..program.purposes.len() as u16).map(PurposeId);
                if all.clone().any(|p| before.consents_to(p) != after.consents_to(p)) {
                    lines.push(LineWhat::Consent { given: all.filter(|p| after.consents_to(*p)).collect() });
                }
                lines
            }
            InputKind::Approval { by, approved } => vec![LineWhat::Approve { approved: *approved, by: by.clone() }],
            InputKind::Report { send, report } => {
                let verb = verb_of(*report);
                let handle = self.handle(*send);
                verb.zip(handle).map(|(verb, handle)| LineWhat::Report { verb, handle }).into_iter().collect()
            }
            InputKind::Reach { channel, report } => {
                let verb = match report {
                    Report::Blocked => Some(ReportVerb::Block),
                    Report::Unsubscribed => Some(ReportVerb::Unsubscribe),
                    Report::Complained => Some(ReportVerb::Complain),
                    Report::Bounced => Some(ReportVerb::Bounce),
                    _ => None,
                };
                let handle = self.handle_of_channel(*channel);
                verb.zip(handle).map(|(verb, handle)| LineWhat::Report { verb, handle }).into_iter().collect()
            }
            // Follow by themselves, or are said elsewhere.
            InputKind::Tick { payload: None, .. } | InputKind::Answer { .. } | InputKind::Wake | InputKind::Live => {
                Vec::new()
            }
        }
    }
    /// A report on a delivery needs a message that was sent in the test.
    fn can_be_said(&self, what: &LineWhat, clock: Instant, at: Instant) -> bool {
        let LineWhat::Report { verb, handle } = what else { return true };
        let is_sent = |entry: &Entry| {
            let is_then = whole_second(entry.at) > clock && whole_second(entry.at) <= at;
            let is_sent = matches!(entry.what, What::Sent { .. });
            is_then && is_sent && self.handle_at(entry.journey, entry.step).as_ref() == Some(handle)
        };
        match verb {
            ReportVerb::Deliver | ReportVerb::Open | ReportVerb::Click | ReportVerb::Bounce => {
                self.entries.iter().any(is_sent)
            }
            ReportVerb::Block | ReportVerb::Complain | ReportVerb::Unsubscribe | ReportVerb::Refuse => true,
        }
    }
    /// Refusals of providers: a test says before the send that there will be one.
    fn refusals(&self, clock: Instant, ends: Instant) -> Vec<(Instant, LineWhat)> {
        let mut lines = Vec::new();
        for (input, ..) in self.moments.iter().filter(|(input, ..)| input.at > clock && input.at <= ends) {
            let InputKind::Report { send, report: Report::Refused | Report::OverBudget } = &input.kind else {
                continue;
            };
            let is_sent = |entry: &&Entry| {
                entry.run == Some(send.run) && entry.step == Some(send.step) && matches!(entry.what, What::Sent { .. })
            };
            let sent = self.entries.iter().filter(is_sent).take_while(|entry| entry.at <= input.at).last();
            if let (Some(handle), Some(sent)) = (self.handle(*send), sent) {
                let is_first =
                    self.entries.iter().filter(|e| e.at > clock).take_while(|e| !std::ptr::eq(*e, sent)).all(|e| {
                        !matches!(e.what, What::Sent { .. })
                            || self.handle_at(e.journey, e.step).as_ref() != Some(&handle)
                    });
                let at = if is_first { clock } else { whole_second(sent.at) };
                lines.push((at, LineWhat::Report { verb: ReportVerb::Refuse, handle }));
            }
        }
        lines
    }
    fn journey_of(&self, run: RunNo) -> Option<JourneyId> {
        self.entries.iter().find(|e| e.run == Some(run)).map(|e| e.journey)
    }
    fn handle(&self, send: SendId) -> Option<String> {
        self.handle_at(self.journey_of(send.run)?, Some(send.step))
    }
    fn handle_at(&self, journey: JourneyId, step: Option<StepId>) -> Option<String> {
        if journey != self.asked.journey {
            return None;
        }
        let journey = self.program().journey(journey);
        journey.code.iter().filter(|i| Some(i.step) == step).find_map(|i| match &i.op {
            Op::Send { handle, .. } => Some(journey.handles[handle.index()].name.clone()),
            _ => None,
        })
    }
    /// A handle all of whose messages go through this channel.
    fn handle_of_channel(&self, channel: Channel) -> Option<String> {
        let journey = self.program().journey(self.asked.journey);
        let sends = |handle: usize| {
            journey.code.iter().filter_map(move |i| match &i.op {
                Op::Send { message, handle: h, .. } if h.index() == handle => {
                    Some(self.program().message(*message).channel)
                }
                _ => None,
            })
        };
        let fits = |handle: &usize| sends(*handle).next().is_some() && sends(*handle).all(|c| c == channel);
        (0..journey.handles.len()).find(fits).map(|handle| journey.handles[handle].name.clone())
    }
    /// What is kept of the time before.
    fn history(&self, clock: Instant) -> Vec<Past> {
        let program = self.program();
        let own = self.moments.iter().map(|(input, ..)| input);
        let theirs = self.asked.past.joined.values().flatten().filter_map(|line| match line {
            Kept::Taken(input) => Some(input),
            Kept::Began(_) | Kept::Wrote(_) | Kept::Consents(_) | Kept::Joined(_) | Kept::Changed { .. } => None,
        });
        let mut past: Vec<Past> = own
            .chain(theirs)
            .filter_map(|input| match &input.kind {
                InputKind::Event { event, payload, .. } if whole_second(input.at) <= clock => {
                    let need = program.history.get(event.index())?;
                    let is_kept = need.total || need.ends || need.log != crate::ir::HistoryLog::None;
                    let at =
                        whole_second(time_of(payload).unwrap_or(input.at).min(clock.minus(Span(MILLIS_PER_SECOND))));
                    is_kept.then(|| Past { at, event: *event, payload: happening(payload, at) })
                }
                _ => None,
            })
            .collect();
        past.sort_by_key(|past| past.at);
        past
    }
    fn pins(&self, clock: Instant) -> BTreeMap<crate::ir::SplitId, u16> {
        let drawn = self.entries.iter().filter(|e| e.at > clock).filter_map(|entry| match entry.what {
            What::Arm { split, arm } => Some((split, arm)),
            _ => None,
        });
        let mut pins = BTreeMap::new();
        drawn.for_each(|(split, arm)| {
            pins.entry(split).or_insert(arm);
        });
        pins
    }
    /// What came of each call, in order.
    fn answers(&self, clock: Instant, ends: Instant) -> BTreeMap<ActionId, Vec<Reply>> {
        let mut answers: BTreeMap<ActionId, Vec<Reply>> = BTreeMap::new();
        let mut used = BTreeSet::new();
        for entry in self.entries.iter().filter(|e| e.at > clock && e.at <= ends) {
            let What::Called { action } = entry.what else { continue };
            let mut inputs = self.moments.iter().enumerate().skip_while(|(_, (input, ..))| input.at < entry.at);
            let found = inputs.find_map(|(index, (input, ..))| match &input.kind {
                InputKind::Answer { call, result }
                    if Some(call.run) == entry.run && Some(call.step) == entry.step && !used.contains(&index) =>
                {
                    Some((index, result.clone()))
                }
                _ => None,
            });
            let reply = match found {
                Some((index, result)) => {
                    used.insert(index);
                    result.map_or(Reply::Fails, Reply::Gives)
                }
                None => Reply::Never,
            };
            answers.entry(action).or_default().push(reply);
        }
        for replies in answers.values_mut() {
            // Of several that are alike, one says it.
            if replies.iter().all(|reply| *reply == replies[0]) {
                replies.truncate(1);
            }
        }
        let called = self.program().journey(self.asked.journey).code.iter().filter_map(|i| match &i.op {
            Op::Do { action, .. } => Some(*action),
            _ => None,
        });
        for action in called {
            let imagined = || vec![Reply::Gives(imagined_answer(self.program(), action.index(), clock))];
            answers.entry(action).or_insert_with(imagined);
        }
        answers
    }
}

/// The event as if it happened then.
fn happening(payload: &Value, at: Instant) -> Value {
    match payload {
        Value::Record(fields) => {
            let mut fields = fields.to_vec();
            if let Some(last) = fields.last_mut() {
                *last = Value::Instant(at);
            }
            Value::Record(fields.into())
        }
        other => other.clone(),
    }
}
fn time_of(payload: &Value) -> Option<Instant> {
    match payload {
        Value::Record(fields) => match fields.last() {
            Some(Value::Instant(at)) => Some(*at),
            _ => None,
        },
        _ => None,
    }
}

/// Reports that a test says at their time. That a message was taken goes without saying, and a refusal is said before.
fn verb_of(report: Report) -> Option<ReportVerb> {
    match report {
        Report::Delivered => Some(ReportVerb::Deliver),
        Report::Opened => Some(ReportVerb::Open),
        Report::Clicked => Some(ReportVerb::Click),
        Report::Bounced => Some(ReportVerb::Bounce),
        Report::Blocked => Some(ReportVerb::Block),
        Report::Complained => Some(ReportVerb::Complain),
        Report::Unsubscribed => Some(ReportVerb::Unsubscribe),
        Report::Accepted
        | Report::Refused
        | Report::OverBudget
        | Report::Late
        | Report::Discarded
        | Report::Unblocked
        | Report::Resubscribed => None,
    }
}

/// What the machine makes of a story: in the words of tests, and as expectations.
fn played(engine: &Engine<'_>, story: &Story) -> (Vec<String>, Vec<Expected>) {
    let (mut told, mut expected, mut rests) = (Vec::new(), Vec::<Expected>::new(), false);
    crate::witness::run(engine, story, &mut |seen| {
        for effect in seen.effects {
            let Effect::Journal(entry) = effect else { continue };
            if entry.journey != story.journey {
                continue;
            }
            if let Some(what) = print::expectation(engine.program(), entry) {
                told.push(what.clone());
                let one = Expected { at: entry.at, what };
                if !expected.contains(&one) {
                    expected.push(one);
                }
            }
        }
        let mine = seen.person.runs().iter().filter(|run| run.journey() == story.journey);
        rests = mine.into_iter().any(|run| !run.is_held_out());
        true
    });
    if rests {
        let last = story.lines.iter().map(|line| line.at).chain(expected.iter().map(|e| e.at)).max();
        expected.push(Expected { at: last.unwrap_or(story.until), what: "waiting".into() });
    }
    (told, expected)
}

/// The story under other names.
fn renamed(program: &Program, story: &Story, level: Level) -> Story {
    let mut names = Pseudonyms::new(program, level);
    let profile = names.fields(&program.profile, &story.profile, false);
    let history = story
        .history
        .iter()
        .map(|past| Past { payload: names.record(&program.event(past.event).fields, &past.payload), ..past.clone() });
    let history = history.collect();
    let lines = story.lines.iter().map(|line| {
        let what = match &line.what {
            LineWhat::Event { event, payload } => {
                LineWhat::Event { event: *event, payload: names.record(&program.event(*event).fields, payload) }
            }
            LineWhat::Set { field, value } => {
                let def = &program.profile[field.index()];
                LineWhat::Set { field: *field, value: names.value(&def.ty, def.pii, value) }
            }
            other => other.clone(),
        };
        Line { at: line.at, what }
    });
    let lines = lines.collect();
    let answers = story.answers.iter().map(|(action, replies)| {
        let gives = &program.actions[action.index()].gives;
        let replies = replies.iter().map(|reply| match reply {
            Reply::Gives(value) => Reply::Gives(names.record(gives, value)),
            other => other.clone(),
        });
        (*action, replies.collect())
    });
    let answers = answers.collect();
    Story { profile, history, lines, answers, ..story.clone() }
}
