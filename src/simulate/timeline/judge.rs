//! Whether an expectation is met, and if not, what came instead and why.
//!
//! Changes nothing but which occurrences have been spoken for.

use std::collections::BTreeMap;

use crate::ir::timeline::{Expect, Line, Timeline};
use crate::ir::{MessageId, Program, StepId};
use crate::machine::{CallId, Entry, Reason, RunState, SendId, What};
use crate::ports::Seat;
use crate::value::{Instant, Value};

use super::super::counts::Scene;
use super::super::story;
use super::super::words::{self, Words};
use super::{Failure, Rehearsed};

/// Lines of what came instead that a failure shows.
const SHOWN_MAX: usize = 6;

/// Which scenes expectations look at, as indices into the recorder's scenes.
pub struct Span {
    now: Instant,
    /// After the last line that was not an expectation.
    since_act: usize,
    /// After the last line of an earlier time.
    since_moment: usize,
    /// Occurrences that met an expectation, and when.
    spoken_for: BTreeMap<usize, Instant>,
}

impl Span {
    pub fn from_start() -> Span {
        Span { now: Instant(i64::MIN), since_act: 0, since_moment: 0, spoken_for: BTreeMap::new() }
    }
    /// A line at this time is next; so many scenes there are before the clock moves.
    pub fn reach(&mut self, at: Instant, scenes: usize) {
        if at > self.now {
            self.now = at;
            self.since_moment = scenes;
        }
    }
    /// A line that is no expectation is about to be carried out. What timers brought about at the same moment belongs
    /// to it too.
    pub fn act(&mut self, scenes: &[Scene]) {
        let earlier = scenes.iter().rposition(|scene| story::at(scene) < self.now);
        self.since_act = earlier.map_or(0, |i| i + 1);
        self.since_moment = self.since_act;
    }
}

pub fn judge(
    host: &mut Rehearsed,
    seat: Seat,
    timeline: &Timeline,
    line: &Line,
    expect: &Expect,
    span: &mut Span,
) -> Option<Failure> {
    let (met, looked_from) = match expect {
        Expect::Waiting { at } => (is_waiting(host, seat, timeline, *at), span.since_act),
        Expect::That(expr) => {
            let run = host.person(seat).and_then(|p| p.runs().iter().rev().find(|r| r.journey() == timeline.journey));
            let run = run.map(|r| r.no());
            let value = host.person(seat).map(|p| host.engine().evaluate(p, timeline.journey, run, expr, line.at));
            (value == Some(Value::Bool(true)), span.since_act)
        }
        Expect::NeverSent { .. } => (occurrences(host, timeline, expect, 0).is_empty(), 0),
        _ if is_negated(expect) => {
            (occurrences(host, timeline, expect, span.since_moment).is_empty(), span.since_moment)
        }
        _ => {
            let found = occurrences(host, timeline, expect, span.since_act);
            let free = found.into_iter().find(|i| span.spoken_for.get(i).is_none_or(|at| *at == line.at));
            if let Some(index) = free {
                span.spoken_for.insert(index, line.at);
            }
            (free.is_some(), span.since_act)
        }
    };
    (!met).then(|| failure(host, timeline, line, expect, looked_from))
}

fn is_negated(expect: &Expect) -> bool {
    match expect {
        Expect::Sent { negated, .. }
        | Expect::Entered { negated }
        | Expect::Exited { negated, .. }
        | Expect::Tagged { negated, .. }
        | Expect::Did { negated, .. }
        | Expect::GoalReached { negated } => *negated,
        Expect::NeverSent { .. } => true,
        Expect::HeldBy(_) | Expect::DroppedBy(_) | Expect::Waiting { .. } | Expect::HeldOut | Expect::That(_) => false,
    }
}

/// Scenes from `from` on that are what the expectation is about, negated or not.
fn occurrences(host: &Rehearsed, timeline: &Timeline, expect: &Expect, from: usize) -> Vec<usize> {
    let scenes = host.journal.scenes.iter().enumerate().skip(from);
    let is_meant = |scene: &Scene| match scene {
        Scene::Wrote(entry) => entry.journey == timeline.journey && is_about(host, entry, expect),
        Scene::Taken(_) => false,
    };
    scenes.filter(|(_, scene)| is_meant(scene)).map(|(index, _)| index).collect()
}

fn is_about(host: &Rehearsed, entry: &Entry, expect: &Expect) -> bool {
    let program = host.engine().program();
    match (expect, &entry.what) {
        (Expect::Sent { channel, message, params, .. }, What::Sent { message: sent, .. }) => {
            let right = program.message(*sent).channel == *channel && message.is_none_or(|m| m == *sent);
            right && (params.is_empty() || sent_params(host, entry, *sent).is_some_and(|given| has(given, params)))
        }
        (Expect::NeverSent { channel, message }, What::Sent { message: sent, .. }) => {
            channel.is_none_or(|c| program.message(*sent).channel == c) && message.is_none_or(|m| m == *sent)
        }
        (Expect::HeldBy(name), What::Held { reason, .. }) => reason.name() == name,
        (Expect::DroppedBy(name), What::Dropped { reason, .. }) => reason.name() == name,
        // The holdout drops every message of the run at once.
        (Expect::DroppedBy(name), What::HeldOut) => Reason::Holdout.name() == name,
        (Expect::Entered { .. }, What::Entered) => true,
        (Expect::Exited { by: None, .. }, What::Ended { .. }) => true,
        (Expect::Exited { by: Some(name), .. }, What::Ended { reason }) => {
            let key = words::end_key(program, entry.journey, reason);
            key == *name || key.strip_prefix("exit: ") == Some(name) || key.strip_prefix("stopped: ") == Some(name)
        }
        (Expect::HeldOut, What::HeldOut) => true,
        (Expect::Tagged { tag, .. }, What::Tagged { tag: given }) => tag == given,
        (Expect::Did { action, params, .. }, What::Called { action: called }) => {
            action == called && (params.is_empty() || call_params(host, entry).is_some_and(|given| has(given, params)))
        }
        (Expect::GoalReached { .. }, What::Goal { .. }) => true,
        _ => false,
    }
}

fn has(given: &[Value], wanted: &[(u16, Value)]) -> bool {
    wanted.iter().all(|(index, value)| given.get(*index as usize) == Some(value))
}

/// The order that belongs to a `Sent` entry: with a loop, the repetition that many entries of the step came before.
fn sent_params<'h>(host: &'h Rehearsed, entry: &Entry, message: MessageId) -> Option<&'h [Value]> {
    let earlier = earlier_like(host, entry, |what| matches!(what, What::Sent { .. }));
    let of_step = |id: SendId| Some(id.run) == entry.run && Some(id.step) == entry.step;
    let mut orders = host.outbox.orders.iter().filter(|o| o.journey == entry.journey && of_step(o.id));
    orders.nth(earlier).filter(|o| o.message == message).map(|o| o.params.as_slice())
}

fn call_params<'h>(host: &'h Rehearsed, entry: &Entry) -> Option<&'h [Value]> {
    let earlier = earlier_like(host, entry, |what| matches!(what, What::Called { .. }));
    let of_step = |id: CallId| Some(id.run) == entry.run && Some(id.step) == entry.step;
    let mut calls = host.outbox.calls.iter().filter(|c| c.journey == entry.journey && of_step(c.id));
    calls.nth(earlier).map(|c| c.params.as_slice())
}

/// How many entries like this one, of the same run and step, were written before it.
fn earlier_like(host: &Rehearsed, entry: &Entry, like: impl Fn(&What) -> bool) -> usize {
    let before = host.journal.scenes.iter().map_while(|scene| match scene {
        Scene::Wrote(other) if std::ptr::eq(other, entry) => None,
        Scene::Wrote(other) => Some(Some(other)),
        Scene::Taken(_) => Some(None),
    });
    let same = |e: &&Entry| e.journey == entry.journey && (e.run, e.step) == (entry.run, entry.step) && like(&e.what);
    before.flatten().filter(same).count()
}

fn is_waiting(host: &Rehearsed, seat: Seat, timeline: &Timeline, at: Option<StepId>) -> bool {
    let program = host.engine().program();
    let runs = host.person(seat).map_or(&[][..], |p| p.runs());
    runs.iter().filter(|r| r.journey() == timeline.journey).any(|run| {
        let rests = match run.state() {
            RunState::Waiting { .. } | RunState::Held { .. } | RunState::Asked { .. } | RunState::Called { .. } => true,
            RunState::Moving | RunState::HeldOut { .. } => false,
        };
        rests && at.is_none_or(|step| run.step(program) == Some(step))
    })
}

fn failure(host: &Rehearsed, timeline: &Timeline, line: &Line, expect: &Expect, from: usize) -> Failure {
    let program = host.engine().program();
    let expected = Words::new(format!("`{}`", line.text.trim()), format!("`{}`", line.text.trim()));
    let told: Vec<_> = host.journal.scenes[from.min(host.journal.scenes.len())..]
        .iter()
        .filter(|scene| matches!(scene, Scene::Wrote(entry) if entry.journey == timeline.journey))
        .filter_map(|scene| story::line(program, timeline.zone, scene))
        .collect();
    let shown = &told[told.len().saturating_sub(SHOWN_MAX)..];
    let list = |text: fn(&Words) -> &str, none: &str| match shown.is_empty() {
        true => none.to_string(),
        false => shown.iter().map(|l| format!("{} {}", l.time, text(&l.words))).collect::<Vec<_>>().join("; "),
    };
    let came = Words::new(list(|w| &w.en, "nothing happened"), list(|w| &w.ja, "何も起きなかった"));
    Failure { line: line.clone(), expected, came, why: why(program, host, timeline, expect, from) }
}

/// The nearest reason the story gives.
fn why(program: &Program, host: &Rehearsed, timeline: &Timeline, expect: &Expect, from: usize) -> Words {
    let entries = |from: usize| {
        host.journal.scenes.iter().skip(from).filter_map(|scene| match scene {
            Scene::Wrote(entry) if entry.journey == timeline.journey => Some(entry),
            Scene::Wrote(_) | Scene::Taken(_) => None,
        })
    };
    if is_negated(expect) {
        return Words::new("it happened", "起きてしまった");
    }
    let earlier = occurrences(host, timeline, expect, 0).last().map(|i| &host.journal.scenes[*i]);
    if let Some(line) = earlier.and_then(|scene| story::line(program, timeline.zone, scene)) {
        let en = format!("it happened at {}: too early for this line, or a line above has counted it", line.time);
        return Words::new(en, format!("{} に起きた。この行には早すぎるか、上の行で数え済み", line.time));
    }
    if let Some(words) = other_values(host, timeline, expect, from) {
        return words;
    }
    let of_a_message = matches!(expect, Expect::Sent { .. } | Expect::HeldBy(_) | Expect::DroppedBy(_));
    let mut refusal = entries(from).filter_map(|e| match &e.what {
        What::Dropped { reason, .. } | What::Held { reason, .. } if of_a_message => Some(words::reason(*reason)),
        What::NotEntered { why } => Some(words::not_entered(*why)),
        _ => None,
    });
    if let Some(words) = refusal.next_back() {
        return words;
    }
    match entries(0).any(|e| e.what == What::Entered) {
        false => Words::new("the person is not in the journey", "ジャーニーに参加していない"),
        true => Words::new("nothing of the kind happened", "そのようなことは起きていない"),
    }
}

/// What was given instead, where the right message was sent or the right action called with other values.
fn other_values(host: &Rehearsed, timeline: &Timeline, expect: &Expect, from: usize) -> Option<Words> {
    let program = host.engine().program();
    let (alike, wanted, fields) = match expect {
        Expect::Sent { channel, message: Some(message), params, .. } => {
            let alike = Expect::Sent { negated: false, channel: *channel, message: Some(*message), params: Vec::new() };
            (alike, params, &program.message(*message).params)
        }
        Expect::Did { action, params, .. } => {
            let alike = Expect::Did { negated: false, action: *action, params: Vec::new() };
            (alike, params, &program.actions[action.index()].takes)
        }
        _ => return None,
    };
    let index = occurrences(host, timeline, &alike, from).pop()?;
    let Scene::Wrote(entry) = &host.journal.scenes[index] else { return None };
    let given = match &entry.what {
        What::Sent { message, .. } => sent_params(host, entry, *message)?,
        _ => call_params(host, entry)?,
    };
    let (index, _) = wanted.iter().find(|(index, value)| given.get(*index as usize) != Some(value))?;
    let (field, value) = (fields.get(*index as usize)?, given.get(*index as usize)?);
    let shown = words::value(program, timeline.zone, &field.ty, value);
    Some(Words::new(format!("`{}` was {shown}", field.name), format!("`{}` は {shown} だった", field.name)))
}
