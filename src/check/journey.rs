//! A journey as a whole: its header, and that nothing is missing by which it could be judged.
//!
//! Start and exits are read in `start`, steps in `steps`.

use super::Context;
use super::flow::Flow;
use super::literal;
use super::start;
use super::steps::Walk;
use super::typed;
use crate::diag::{Code, Diagnostic};
use crate::ir::journey::{Goal, Promise, Reentry};
use crate::ir::{self, Holdout, Policy, PolicyId, SplitId, Start};
use crate::schema::table::duplicate;
use crate::schema::{Sink, unknown};
use crate::syntax::tree::{Header, HeaderKind, JourneyDecl, JourneyLine, Name, ReentryRule, Step, StepKind};
use crate::text::Span;
use crate::value::CalendarPeriod;

/// What a journey can be for.
const PURPOSES: [&str; 5] = ["acquire", "convert", "repeat", "retain", "service"];

/// The checked journey; `None` when it has no start to speak of.
pub fn journey<'t>(
    context: Context<'_, 't>,
    policies: &[Policy],
    decl: &'t JourneyDecl,
    sink: &mut Sink,
) -> Option<typed::Journey> {
    let headers = Headers::collect(decl, sink);
    let policy = headers.policy(context, sink);
    let zone = policy.map_or(context.world.project.zone, |id| policies[id.index()].zone);
    let mut walk = Walk::new(context, zone, sink);
    let mut flow = Flow::new();
    let start = start::start(&mut walk, decl, &mut flow);
    let goal = headers.goal(&mut walk, &mut flow);
    let exits = start::exits(&mut walk, decl, &mut flow);
    let only_if = start::only_if(&mut walk, decl, &mut flow);
    let lines = decl.lines.iter().filter_map(|line| match line {
        JourneyLine::Step(step) => Some(step),
        JourneyLine::Header(_) | JourneyLine::Start(_) | JourneyLine::Exit { .. } | JourneyLine::OnlyIf { .. } => None,
    });
    let steps = walk.steps(lines, &mut flow);
    let Walk { slots, handles, mut names, sink, .. } = walk;
    names.end(decl.end, sink);
    let mut header = ir::Journey {
        name: decl.name.text.clone(),
        title: decl.title.as_ref().map(|t| t.text.clone()),
        purpose: String::new(),
        owner: String::new(),
        about: None,
        policy: policy.unwrap_or(PolicyId(0)),
        goal,
        review_every: None,
        review_by: None,
        reentry: Reentry::Never,
        holdout: None,
        priority: 0,
        stage: None,
        promises: Vec::new(),
        start: start.clone().unwrap_or(Start::Segment {
            segment: ir::SegmentId(0),
            enters: true,
            including_members: false,
        }),
        only_if,
        exits,
        code: Vec::new(),
        steps: names.defs,
        slots: slots.defs,
        handles,
    };
    for line in &headers.lines {
        fill(context, &mut header, line, sink);
    }
    headers.complete(decl, policy.is_some(), sink);
    start?;
    Some(typed::Journey { header, steps, places: names.places, place: decl.name.span })
}

/// One line of the header into the journey.
fn fill(context: Context<'_, '_>, journey: &mut ir::Journey, line: &Header, sink: &mut Sink) {
    match &line.kind {
        HeaderKind::Purpose(name) => {
            if !PURPOSES.contains(&name.text.as_str()) {
                let known = PURPOSES.iter().map(|p| (*p, None));
                sink.report(unknown(("purpose of a journey", "ジャーニーの目的"), &name.text, name.span, known));
            }
            journey.purpose = name.text.clone();
        }
        HeaderKind::Owner(owner) => journey.owner = owner.text.clone(),
        HeaderKind::About(about) => journey.about = Some(about.text.clone()),
        HeaderKind::Review { every, by } => {
            journey.review_every = Some(literal::lasting(every, ("a review interval", "見直しの間隔"), sink));
            journey.review_by = Some(by.text.clone());
        }
        HeaderKind::Reentry(rule) => {
            journey.reentry = match rule {
                ReentryRule::Never => Reentry::Never,
                ReentryRule::Always => Reentry::Always,
                ReentryRule::After(d) => {
                    Reentry::After(literal::lasting(d, ("a wait for re-entry", "再入の間隔"), sink))
                }
            };
        }
        HeaderKind::Holdout { name, .. } => {
            let split = context.splits.find(&name.text).map(SplitId);
            journey.holdout = split.map(|split| Holdout { split });
        }
        HeaderKind::Priority(number) => match number.text.parse() {
            Ok(priority) => journey.priority = priority,
            Err(_) => {
                literal::count(number, 0, ("a priority", "priority "), sink);
            }
        },
        HeaderKind::PromiseMessages { count, what, per } => {
            let count = literal::count(count, 0, ("a promise", "promise "), sink).unwrap_or(0);
            let channel = super::policy::counted(what, sink);
            let per = per.as_ref().map(|d| literal::lasting(d, ("a window", "期間"), sink));
            journey.promises.push(Promise::Messages { count, channel, per });
        }
        HeaderKind::PromiseEnds(d) => {
            let within: CalendarPeriod = literal::lasting(d, ("a promise", "promise "), sink);
            journey.promises.push(Promise::EndsWithin(within));
        }
        HeaderKind::Stage(name) => journey.stage = Some(name.text.clone()),
        HeaderKind::Under(_) | HeaderKind::Goal { .. } | HeaderKind::Allow(_) | HeaderKind::Error => {}
    }
}

/// Header lines, each kind once but promises.
struct Headers<'t> {
    lines: Vec<&'t Header>,
}

impl<'t> Headers<'t> {
    fn collect(decl: &'t JourneyDecl, sink: &mut Sink) -> Headers<'t> {
        let mut lines: Vec<&'t Header> = Vec::new();
        for line in &decl.lines {
            let JourneyLine::Header(header) = line else { continue };
            let word = word(&header.kind);
            let first = lines.iter().find(|h| word.is_some() && self::word(&h.kind) == word);
            match (first, word) {
                (Some(first), Some(word)) => {
                    sink.report(duplicate(("header", "見出し"), word, header.span, first.span))
                }
                _ => lines.push(header),
            }
        }
        Headers { lines }
    }

    fn find<T>(&self, pick: impl Fn(&'t HeaderKind) -> Option<T>) -> Option<T> {
        self.lines.iter().find_map(|header| pick(&header.kind))
    }

    fn policy(&self, context: Context<'_, '_>, sink: &mut Sink) -> Option<PolicyId> {
        let name: &Name = self.find(|kind| match kind {
            HeaderKind::Under(name) => Some(name),
            _ => None,
        })?;
        let id = context.world.policies.find(&name.text);
        if id.is_none() {
            sink.report(unknown(("policy", "ポリシー"), &name.text, name.span, context.world.policies.candidates()));
        }
        id.map(PolicyId)
    }

    fn goal(&self, walk: &mut Walk<'_, 't>, flow: &mut Flow<'t>) -> Option<Goal> {
        let (pattern, within, target) = self.find(|kind| match kind {
            HeaderKind::Goal { event, within, target } => Some((event, within, target)),
            _ => None,
        })?;
        let within = literal::lasting(within, ("a goal's window", "目標の期間"), walk.sink);
        let target = target.as_ref().and_then(|number| start::target(number, walk.sink));
        let mut exprs = walk.exprs(flow);
        let event = exprs.personal_event(&pattern.event)?;
        let filter = exprs.filter(event, pattern);
        let template = filter.as_ref().map(start::template).unwrap_or_default();
        Some(Goal { event, filter, within, target, template })
    }

    /// E0301, one for the journey. Silent where a line could not be read: it may be the one that is missed.
    fn complete(&self, decl: &JourneyDecl, policy_known: bool, sink: &mut Sink) {
        let unreadable = decl.lines.iter().any(|line| match line {
            JourneyLine::Header(header) => matches!(header.kind, HeaderKind::Error),
            JourneyLine::Step(Step { kind: StepKind::Error, .. }) => true,
            JourneyLine::Step(_) | JourneyLine::Start(_) | JourneyLine::Exit { .. } | JourneyLine::OnlyIf { .. } => {
                false
            }
        });
        if unreadable {
            return;
        }
        let has = |wanted: &str| self.lines.iter().any(|h| word(&h.kind) == Some(wanted));
        let started = decl.lines.iter().any(|line| matches!(line, JourneyLine::Start(_)));
        let missing: Vec<(&str, &str)> = REQUIRED
            .iter()
            .filter(|(wanted, _)| if *wanted == "start" { !started } else { !has(wanted) })
            .copied()
            .collect();
        if missing.is_empty() {
            return;
        }
        let diagnostic = incomplete(decl.name.span, &decl.name.text, &missing);
        // Without a policy or a start there is nothing to run; the rest is a matter of the house's rules.
        let needed = missing.iter().any(|(word, _)| *word == "start" || (*word == "under policy" && !policy_known));
        match needed {
            true => sink.report(diagnostic),
            false => sink.report_livable(diagnostic),
        }
    }
}

/// What every journey says of itself, with a line to paste.
const REQUIRED: &[(&str, &str)] = &[
    ("purpose", "purpose convert"),
    ("owner", "owner   \"@team\""),
    ("under policy", "under   policy NAME"),
    ("goal", "goal    EVENT within 7d"),
    ("review", "review  every 3mo by \"@lead\""),
    ("reentry", "reentry never"),
    ("start", "start when EVENT"),
];

fn incomplete(span: Span, name: &str, missing: &[(&str, &str)]) -> Diagnostic {
    let words = missing.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let lines = missing.iter().map(|(_, line)| format!("  {line}")).collect::<Vec<_>>().join("\n");
    Diagnostic::new(
        Code::E0301,
        span,
        format!("journey `{name}` does not say its {words}"),
        format!("ジャーニー `{name}` に {words} がありません"),
    )
    .help(format!("add\n{lines}"), format!("次の行を加えてください\n{lines}"))
}

/// The word that may stand once; promises may stand often.
fn word(kind: &HeaderKind) -> Option<&'static str> {
    match kind {
        HeaderKind::Purpose(_) => Some("purpose"),
        HeaderKind::Owner(_) => Some("owner"),
        HeaderKind::About(_) => Some("about"),
        HeaderKind::Under(_) => Some("under policy"),
        HeaderKind::Goal { .. } => Some("goal"),
        HeaderKind::Review { .. } => Some("review"),
        HeaderKind::Reentry(_) => Some("reentry"),
        HeaderKind::Holdout { .. } => Some("holdout"),
        HeaderKind::Priority(_) => Some("priority"),
        HeaderKind::Stage(_) => Some("stage"),
        HeaderKind::PromiseMessages { .. } | HeaderKind::PromiseEnds(_) | HeaderKind::Allow(_) | HeaderKind::Error => {
            None
        }
    }
}
