//! Tells a replay: each thing that a journey did with the person, and what it rests on.
//!
//! Leaves nothing out of what the journal says of the journey; what other journeys did is theirs to tell.

use std::collections::BTreeMap;

use super::Asked;
use super::account::{Ground, Line, Moment as When};
use super::conditions::Eyes;
use super::replay::{Cause, Moment};
use super::sends::{Changes, Send, written};
use crate::ir::journey::Exit;
use crate::ir::places::HeaderLine;
use crate::ir::{Arm, ArmOn, EventId, Expr, JourneyId, Op, Program, Reentry, Start, StepId, Type};
use crate::machine::effect::{Entry, What};
use crate::machine::{Effect, EndReason, Engine, Glimpse, InputKind, Look, NotEntered, RunNo, SendId, Way};
use crate::simulate::counts::Scene;
use crate::simulate::{story, words};
use crate::value::{Instant, Value, Zone};
use crate::words::{Both, Language, Words};

/// Listens to a replay, moment by moment.
pub(super) struct Teller<'a> {
    pub engine: &'a Engine<'a>,
    pub journey: JourneyId,
    pub zone: Zone,
    asked: &'a Asked,
    changes: Changes,
    /// The last look at each kind of thing, since the moment began.
    looks: Vec<Glimpse>,
    /// The step that each run waits at.
    waiting: BTreeMap<RunNo, StepId>,
    /// Added to run numbers of somebody who became a part of the person.
    base: u32,
    pub lines: Vec<Line>,
    /// Starts that were looked at: when, and whether they were for this person.
    pub starts: Vec<(Instant, Ground, bool)>,
}

impl<'a> Teller<'a> {
    pub fn new(engine: &'a Engine<'a>, asked: &'a Asked, journey: JourneyId, zone: Zone) -> Teller<'a> {
        Teller {
            engine,
            journey,
            zone,
            asked,
            changes: Changes::default(),
            looks: Vec::new(),
            waiting: BTreeMap::new(),
            base: 0,
            lines: Vec::new(),
            starts: Vec::new(),
        }
    }
    /// Any version of the journey.
    fn is_asked(&self, journey: JourneyId) -> bool {
        self.program().is_same_line(journey, self.journey)
    }
    fn program(&self) -> &'a Program {
        self.engine.program()
    }

    pub fn hear(&mut self, moment: &Moment<'_>) {
        self.looks.clear();
        self.base = moment.joined.unwrap_or_default();
        let program = self.program();
        for (index, effect) in moment.effects.iter().enumerate() {
            match effect {
                Effect::Looked(glimpse) if self.is_asked(glimpse.journey) => {
                    self.journey = glimpse.journey;
                    if let Look::Start { payload } = &glimpse.look {
                        self.note_start(glimpse, payload.as_ref());
                    }
                    self.looks.push((**glimpse).clone());
                }
                Effect::Journal(entry) if self.is_asked(entry.journey) => {
                    self.journey = entry.journey;
                    let send = moment.effects.get(index + 1).and_then(|next| match next {
                        Effect::Send(order) => Some(order.id),
                        Effect::Call(_) | Effect::Journal(_) | Effect::Passed(_) | Effect::Looked(_) => None,
                    });
                    let mut line = self.line(entry, moment);
                    let renumbered = send.map(|send| SendId { run: self.of_now(send.run), ..send });
                    if let Some((outcome, ground)) = renumbered.and_then(|send| self.asked.outcome(send)) {
                        line.because.push(ground);
                        line.outcome = Some(outcome);
                    }
                    self.lines.push(line);
                }
                Effect::Passed(passage) if self.is_asked(passage.journey) => {
                    self.journey = passage.journey;
                    let line = self.passed(passage.at, passage.run, passage.pc, passage.way);
                    self.lines.extend(line);
                }
                Effect::Looked(_) | Effect::Journal(_) | Effect::Passed(_) | Effect::Send(_) | Effect::Call(_) => {}
            }
        }
        self.changes.note(program.purposes.len(), &|message| program.message(message).channel, moment);
    }

    /// What a run is called now.
    fn of_now(&self, run: RunNo) -> RunNo {
        RunNo(run.0.saturating_add(self.base))
    }
    fn look(&self, run: Option<RunNo>, is_meant: impl Fn(&Look) -> bool) -> Option<&Glimpse> {
        self.looks.iter().rev().find(|glimpse| glimpse.run == run && is_meant(&glimpse.look))
    }
    fn eyes<'g>(&'g self, glimpse: &'g Glimpse) -> Eyes<'g> {
        Eyes::new(self.engine, glimpse, self.zone)
    }
    fn when(&self, at: Instant) -> When {
        when(self.zone, at)
    }
    fn step_place(&self, step: Option<StepId>) -> Option<String> {
        let steps = self.program().places.steps.get(self.journey.index())?;
        steps.get(step?.index()).map(written)
    }
    fn header(&self, line: HeaderLine) -> Option<String> {
        self.program().places.header(self.journey, line).map(written)
    }

    /// An entry in the words of stories, with what it rests on.
    fn line(&mut self, entry: &Entry, moment: &Moment<'_>) -> Line {
        let told = story::line(self.program(), self.zone, &Scene::Wrote(entry.clone()));
        let what = told.map(|line| Both::new(line.words.en, line.words.ja)).unwrap_or_default();
        let (because, place) = self.grounds(entry, moment);
        let kind = super::kind_of(&entry.what);
        let place = place.or_else(|| self.step_place(entry.step));
        Line {
            when: self.when(entry.at),
            run: entry.run.map(|no| self.of_now(no).0),
            kind,
            what,
            place,
            because,
            outcome: None,
        }
    }

    fn grounds(&mut self, entry: &Entry, moment: &Moment<'_>) -> (Vec<Ground>, Option<String>) {
        let step = |look: &Look| matches!(look, Look::Step(_));
        match &entry.what {
            What::Settling { .. } => (self.start_grounds(), self.header(HeaderLine::Start)),
            What::Unsettled => (self.cause(moment), self.header(HeaderLine::Start)),
            What::NotEntered { why } => (self.refusal(*why, moment), self.refusal_place(*why)),
            What::Entered => {
                let mut because = self.start_grounds();
                if because.is_empty() {
                    because = self.cause(moment);
                }
                because.extend(self.only_if());
                (because, self.header(HeaderLine::Start))
            }
            What::HeldOut => (Vec::new(), self.header(HeaderLine::Holdout)),
            What::Moved { .. } => (Vec::new(), None),
            What::Arm { split, arm } => {
                let holdout = self.program().journey(self.journey).holdout.is_some_and(|h| h.split == *split);
                let place = if holdout { self.header(HeaderLine::Holdout) } else { None };
                (self.drawn(entry, moment, *split, *arm), place)
            }
            What::Waiting { .. } => {
                if let (Some(run), Some(step)) = (entry.run, entry.step) {
                    self.waiting.insert(self.of_now(run), step);
                }
                (self.waited_for(entry), None)
            }
            What::Woke { arm } => {
                if let Some(run) = entry.run {
                    self.waiting.remove(&self.of_now(run));
                }
                (self.woken(entry, *arm, moment), None)
            }
            What::Sent { .. } => {
                let accepted = self.look(entry.run, step).and_then(|glimpse| {
                    let (eyes, checks) = (self.eyes(glimpse), self.engine.checks(glimpse)?);
                    Some(Send { eyes: &eyes, checks: &checks, changes: &self.changes }.accepted())
                });
                (accepted.unwrap_or_default(), None)
            }
            What::Held { reason, .. } => (self.refused(entry, *reason), None),
            What::Dropped { reason, .. } => (self.refused(entry, *reason), None),
            What::Withdrawn { .. } => (Vec::new(), None),
            What::Reported { .. } => (Vec::new(), None),
            What::Called { .. } => (Vec::new(), None),
            What::CallFailed { .. } => (Vec::new(), None),
            What::Paused | What::Resumed | What::CallSkipped { .. } => (Vec::new(), None),
            What::Tagged { .. } => (Vec::new(), None),
            What::Untagged { .. } => (Vec::new(), None),
            What::Set { field } => {
                let shown = self.look(entry.run, step).and_then(|glimpse| {
                    let Look::Step(pc) = glimpse.look else { return None };
                    let Op::Set { value, .. } = &self.program().journey(self.journey).code.get(pc as usize)?.op else {
                        return None;
                    };
                    let name = &self.program().profile[field.index()].name;
                    let shown = self.eyes(glimpse).shown(value);
                    Some(Ground::fact(format!("{name} = {}", shown.en), format!("{name} = {}", shown.ja)))
                });
                (shown.into_iter().collect(), None)
            }
            What::Goal { .. } => {
                let look = self.look(entry.run, |look| matches!(look, Look::Goal { .. }));
                let goal = self.program().journey(self.journey).goal.as_ref();
                let seen = look.zip(goal).and_then(|(glimpse, goal)| {
                    let Look::Goal { payload } = &glimpse.look else { return None };
                    Some(self.event_ground(glimpse, goal.event, payload, goal.filter.as_ref()))
                });
                (seen.map_or_else(|| self.cause(moment), |ground| vec![ground]), self.header(HeaderLine::Goal))
            }
            What::Membership { segment, .. } => {
                let look = self.look(None, |look| *look == Look::Member(*segment));
                (look.map(|g| self.eyes(g).ground(&Expr::InSegment(*segment))).into_iter().collect(), None)
            }
            What::Ended { reason } => {
                if let Some(run) = entry.run {
                    self.waiting.remove(&self.of_now(run));
                }
                self.ended(entry, reason, moment)
            }
        }
    }

    // ---- how it begins -------------------------------------------------------------------------------------------

    /// Keeps what a start looked like, for whoever asks why it was none.
    fn note_start(&mut self, glimpse: &Glimpse, payload: Option<&Value>) {
        let journey = self.program().journey(self.journey);
        let (ground, fits) = match (&journey.start, payload) {
            (Start::Event { event, filter, .. }, Some(payload)) => {
                let ground = self.event_ground(glimpse, *event, payload, filter.as_ref());
                let fits = ground.holds != Some(false);
                (ground, fits)
            }
            _ => return,
        };
        self.starts.push((glimpse.at, ground, fits));
    }
    /// The event with its payload, and what the condition on it saw.
    fn event_ground(&self, glimpse: &Glimpse, event: EventId, payload: &Value, filter: Option<&Expr>) -> Ground {
        let program = self.program();
        let name = &program.event(event).name;
        let fields = words::value(program, self.zone, &Type::Event(event), payload);
        let fields = if fields == "{  }" { String::new() } else { format!(" {fields}") };
        let came = Ground::fact(format!("`{name}` came{fields}"), format!("`{name}`{fields} が届いた"));
        let Some(filter) = filter else { return came };
        let seen = self.eyes(glimpse).on(Type::Event(event), payload.clone()).ground(filter);
        Ground { holds: seen.holds, parts: vec![seen], ..came }
    }
    fn start_grounds(&self) -> Vec<Ground> {
        let journey = self.program().journey(self.journey);
        let Some(glimpse) = self.look(None, |look| matches!(look, Look::Start { .. })) else {
            return self.settled().into_iter().collect();
        };
        let Look::Start { payload } = &glimpse.look else { return Vec::new() };
        match (&journey.start, payload) {
            (Start::Event { event, filter, .. }, Some(payload)) => {
                vec![self.event_ground(glimpse, *event, payload, filter.as_ref())]
            }
            (Start::Schedule { audience, .. } | Start::At { audience, .. }, _) => {
                let at = words::moment(self.zone, glimpse.at);
                let mut grounds =
                    vec![Ground::fact(format!("the schedule came due at {at}"), format!("{at} に定期実行"))];
                grounds.extend(audience_grounds(&self.eyes(glimpse), audience));
                grounds
            }
            (Start::Segment { .. } | Start::Event { .. }, _) => Vec::new(),
        }
    }
    /// What started it came before, and has settled.
    fn settled(&self) -> Option<Ground> {
        let Start::Event { event, bind, settled: Some(settled), .. } = &self.program().journey(self.journey).start
        else {
            return None;
        };
        let glimpse = self.look(None, |look| matches!(look, Look::Entry { .. }))?;
        let came = self.event_ground(glimpse, *event, glimpse.slots.get(bind.index())?, None);
        let period = Both::of(|language| crate::words::period(*settled, language));
        let what = Both::new(
            format!("{} {} ago, and then nothing of the kind", came.what.en, period.en),
            format!("{}。その後{}、動きなし", came.what.ja, period.ja),
        );
        Some(Ground { what, ..came })
    }
    fn only_if(&self) -> Option<Ground> {
        let condition = self.program().journey(self.journey).only_if.as_ref()?;
        let glimpse = self.look(None, |look| matches!(look, Look::Entry { .. }))?;
        let seen = self.eyes(glimpse).ground(condition);
        let (en, ja) = (format!("only if {}", seen.what.en), format!("only if {}", seen.what.ja));
        Some(Ground { what: Both::new(en, ja), place: self.header(HeaderLine::OnlyIf), ..seen })
    }
    fn refusal(&self, why: NotEntered, moment: &Moment<'_>) -> Vec<Ground> {
        let mut grounds = self.start_grounds();
        if grounds.is_empty() {
            grounds = self.cause(moment);
        }
        let look = self.look(None, |look| matches!(look, Look::Entry { .. }));
        match (why, look) {
            (NotEntered::OnlyIf, _) => grounds.extend(self.only_if()),
            (NotEntered::Live, Some(glimpse)) => {
                let live = glimpse.person.runs().iter().find(|run| run.journey() == self.journey);
                if let Some(run) = live {
                    let (no, at) = (run.no().0, words::moment(self.zone, run.entered_at()));
                    grounds.push(Ground::fact(
                        format!("run {no} is under way since {at}"),
                        format!("{at} からの回 {no} が進行中"),
                    ));
                }
            }
            (NotEntered::Reentry, Some(glimpse)) => grounds.extend(self.reentry(glimpse)),
            (NotEntered::TooOld, _) => {
                let limit = self.program().project.max_event_age;
                let said =
                    Both::of(|language| crate::words::period(crate::value::CalendarPeriod::exact(limit), language));
                grounds.push(Ground::fact(
                    format!("an event starts nothing {} after it happened (max_event_age)", said.en),
                    format!("発生から{}を過ぎたイベントは何も開始しない (max_event_age)", said.ja),
                ));
            }
            (NotEntered::Live | NotEntered::Reentry, None) => {}
            // Somebody in charge said so; the line itself says it.
            (NotEntered::Ramp | NotEntered::Paused, _) => {}
        }
        grounds
    }
    pub fn reentry(&self, glimpse: &Glimpse) -> Option<Ground> {
        let Look::Entry { key } = &glimpse.look else { return None };
        let entered = self.engine.reentered(&glimpse.person, self.journey, key.as_deref())?;
        let (last, place) = (words::moment(self.zone, entered.last), self.header(HeaderLine::Reentry));
        let rule = match self.program().journey(self.journey).reentry {
            Reentry::Never => Both::new("reentry never", "reentry never (再参加なし)"),
            rule @ (Reentry::After(_) | Reentry::Always) => {
                Both::of(|language| format!("reentry {}", Words::new(self.program(), None, language).reentry(rule)))
            }
        };
        let until = entered.from.map(|at| words::moment(self.zone, at));
        let (en, ja) = match until {
            Some(at) => (
                format!("{}: last entered at {last}, possible again from {at}", rule.en),
                format!("{}: 前回の参加は {last}、次は {at} から", rule.ja),
            ),
            None => (format!("{}: entered at {last}", rule.en), format!("{}: {last} に参加済み", rule.ja)),
        };
        Some(Ground::fact(en, ja).at(place))
    }
    fn refusal_place(&self, why: NotEntered) -> Option<String> {
        self.header(match why {
            NotEntered::OnlyIf => HeaderLine::OnlyIf,
            NotEntered::Reentry => HeaderLine::Reentry,
            NotEntered::Live | NotEntered::TooOld | NotEntered::Ramp | NotEntered::Paused => HeaderLine::Start,
        })
    }

    // ---- on the way ----------------------------------------------------------------------------------------------

    fn drawn(&self, entry: &Entry, moment: &Moment<'_>, split: crate::ir::SplitId, arm: u16) -> Vec<Ground> {
        let Some(def) = self.program().splits.get(split.index()) else { return Vec::new() };
        let glimpse = self.look(entry.run, |look| matches!(look, Look::Step(_)));
        let person = glimpse.map_or(moment.person, |glimpse| &glimpse.person);
        let arms = Words::new(self.program(), None, Language::English).arms(split).join(", ");
        let share = |units: u32| format!("{:.3}%", f64::from(units) / f64::from(crate::ir::Split::WHOLE) * 100.0);
        let from: u32 = def.arms.iter().take(usize::from(arm)).map(|a| a.share).sum();
        let to = from + def.arms.get(usize::from(arm)).map_or(0, |a| a.share);
        let by = match def.per_run {
            true => Both::new("drawn anew for each run", "回ごとに割り当て"),
            false => Both::new("by the person's id, so the same every time", "人の ID で決まり、何度でも同じ"),
        };
        let mut grounds = vec![Ground::fact(format!("{}: {arms}", by.en), format!("{}: {arms}", by.ja))];
        let point = entry.run.and_then(|run| self.engine.point(person, run, split));
        if let Some(point) = point {
            let (point, from, to) = (share(point), share(from), share(to));
            grounds.push(Ground::fact(
                format!("stands at {point}, between {from} and {to}"),
                format!("位置 {point} は {from}〜{to} の範囲"),
            ));
        }
        grounds
    }
    /// A branch, and a wait that was none.
    fn passed(&self, at: Instant, run: RunNo, pc: u32, way: Way) -> Option<Line> {
        let journey = self.program().journey(self.journey);
        let instruction = journey.code.get(pc as usize)?;
        let step = Some(instruction.step);
        let glimpse = self.look(Some(run), |look| *look == Look::Step(pc))?;
        let line = |kind, what, because| {
            Some(Line {
                when: self.when(at),
                run: Some(self.of_now(run).0),
                kind,
                what,
                place: self.step_place(step),
                because,
                outcome: None,
            })
        };
        match &instruction.op {
            Op::Branch { cases, .. } => {
                let tried = match way {
                    Way::Arm(case) => usize::from(case) + 1,
                    Way::On | Way::Otherwise => cases.len(),
                };
                let eyes = self.eyes(glimpse);
                let because: Vec<Ground> = cases.iter().take(tried).map(|(case, _)| eyes.ground(case)).collect();
                let name = &journey.steps[instruction.step.index()].name;
                let what = match way {
                    Way::Arm(_) => {
                        let taken = because.last().map(|ground| ground.what.clone()).unwrap_or_default();
                        Both::new(
                            format!("`{name}` took the branch: {}", taken.en),
                            format!("`{name}` で分岐: {}", taken.ja),
                        )
                    }
                    Way::On | Way::Otherwise => Both::new(
                        format!("`{name}` took the branch for everything else"),
                        format!("`{name}` で「それ以外」に分岐"),
                    ),
                };
                line("branched", what, because)
            }
            Op::Wait { until } if !self.waiting.contains_key(&self.of_now(run)) && self.woke_not(at, run) => {
                let said = Both::of(|language| Words::new(self.program(), Some(journey), language).until(until));
                let what =
                    Both::new(format!("did not have to wait: {}", said.en), format!("待つ必要なし: {}", said.ja));
                line("passed", what, Vec::new())
            }
            _ => None,
        }
    }
    /// The run did not come to this step to rest: no line of this moment says that it woke.
    fn woke_not(&self, at: Instant, run: RunNo) -> bool {
        let last = self.lines.last();
        last.is_none_or(|line| {
            !(line.kind == "woke" && line.when.instant == at && line.run == Some(self.of_now(run).0))
        })
    }
    fn arms_at(&self, step: Option<StepId>) -> &'a [Arm] {
        let code = &self.program().journey(self.journey).code;
        let op = code.iter().find(|i| Some(i.step) == step && matches!(i.op, Op::Await { .. })).map(|i| &i.op);
        match op {
            Some(Op::Await { arms, .. }) => arms,
            _ => &[],
        }
    }
    fn waited_for(&self, entry: &Entry) -> Vec<Ground> {
        let journey = self.program().journey(self.journey);
        let code = journey.code.iter().find(|i| Some(i.step) == entry.step && rests(&i.op));
        let said = code.map(|i| Both::of(|l| Words::new(self.program(), Some(journey), l).step(&i.op)));
        said.map(|what| Ground { what, ..Ground::default() }).into_iter().collect()
    }
    fn woken(&self, entry: &Entry, arm: Option<u16>, moment: &Moment<'_>) -> Vec<Ground> {
        let Some(arm) = arm.and_then(|arm| self.arms_at(entry.step).get(usize::from(arm))) else {
            return self.cause_of_refusal(moment);
        };
        let glimpse = self.look(entry.run, |look| matches!(look, Look::Arms { .. }));
        match (&arm.on, glimpse) {
            (ArmOn::Event { event, filter, .. }, Some(glimpse)) => {
                if let Look::Arms { payload: Some((_, payload)) } = &glimpse.look {
                    return vec![self.event_ground(glimpse, *event, payload, filter.as_ref())];
                }
                self.cause(moment)
            }
            (ArmOn::Segment { segment, .. }, Some(glimpse)) => {
                vec![self.eyes(glimpse).ground(&Expr::InSegment(*segment))]
            }
            (ArmOn::Handle { .. } | ArmOn::Approval { .. }, _) | (_, None) => {
                let journey = self.program().journey(self.journey);
                let said = Both::of(|l| Words::new(self.program(), Some(journey), l).arm(arm));
                vec![Ground { what: said, ..Ground::default() }]
            }
        }
    }
    /// An approval that was refused ends a wait like time that is up.
    fn cause_of_refusal(&self, moment: &Moment<'_>) -> Vec<Ground> {
        match moment.cause {
            Cause::Input(input) if matches!(input.kind, InputKind::Approval { .. }) => self.cause(moment),
            Cause::Input(_) | Cause::Timer | Cause::Joined(_) => Vec::new(),
        }
    }
    fn refused(&self, entry: &Entry, reason: crate::machine::Reason) -> Vec<Ground> {
        let glimpse = self.look(entry.run, |look| matches!(look, Look::Step(_)));
        let seen = glimpse.and_then(|glimpse| {
            let (eyes, checks) = (self.eyes(glimpse), self.engine.checks(glimpse)?);
            Some(Send { eyes: &eyes, checks: &checks, changes: &self.changes }.refused(reason))
        });
        seen.unwrap_or_default()
    }
    fn ended(&self, entry: &Entry, reason: &EndReason, moment: &Moment<'_>) -> (Vec<Ground>, Option<String>) {
        let EndReason::Exited(index) = reason else {
            let because = if *reason == EndReason::Merged { self.cause(moment) } else { Vec::new() };
            return (because, None);
        };
        let place = self.header(HeaderLine::Exit(usize::from(*index)));
        let exit = self.program().journey(self.journey).exits.get(usize::from(*index));
        let glimpse = self.look(entry.run, |look| matches!(look, Look::Exits { .. }));
        let because = match (exit, glimpse) {
            (Some(Exit::Event { event, filter }), Some(glimpse)) => match &glimpse.look {
                Look::Exits { payload: Some((_, payload)) } => {
                    vec![self.event_ground(glimpse, *event, payload, filter.as_ref())]
                }
                _ => self.cause(moment),
            },
            (Some(Exit::Segment { segment, .. }), Some(glimpse)) => {
                vec![self.eyes(glimpse).ground(&Expr::InSegment(*segment))]
            }
            (Some(_), None) | (None, _) => self.cause(moment),
        };
        (because, place)
    }

    /// What moved the person, in the words of stories.
    fn cause(&self, moment: &Moment<'_>) -> Vec<Ground> {
        let (program, zone) = (self.program(), self.zone);
        let ground = match moment.cause {
            Cause::Input(input) => match story::line(program, zone, &Scene::Taken(input.clone())) {
                Some(line) => Ground::fact(line.words.en, line.words.ja),
                None => match &input.kind {
                    InputKind::Live => Ground::fact(
                        "the campaign went live for the person",
                        "キャンペーンがこの人に対して有効になった",
                    ),
                    InputKind::Tick { .. } => Ground::fact("a schedule came due", "定期実行"),
                    InputKind::Report { .. } => Ground::fact("a report of the provider", "送信先からの報告"),
                    InputKind::Answer { .. } => Ground::fact("the answer of an action", "アクションの返答"),
                    InputKind::Event { .. }
                    | InputKind::Profile { .. }
                    | InputKind::Wake
                    | InputKind::Reach { .. }
                    | InputKind::Approval { .. } => return Vec::new(),
                },
            },
            Cause::Timer => Ground::fact("time passed", "時間の経過"),
            Cause::Joined(joined) => Ground::fact(
                format!("`{}` was found to be the same person", joined.id.trim_start_matches('\u{1}')),
                format!("`{}` が同一人物と分かった", joined.id.trim_start_matches('\u{1}')),
            ),
        };
        vec![ground]
    }
}

fn rests(op: &Op) -> bool {
    matches!(op, Op::Wait { .. } | Op::Await { .. })
}

pub(super) fn audience_grounds(eyes: &Eyes<'_>, audience: &crate::ir::Audience) -> Vec<Ground> {
    let segment = audience.segment.map(|segment| eyes.ground(&Expr::InSegment(segment)));
    segment.into_iter().chain(audience.condition.as_ref().map(|condition| eyes.ground(condition))).collect()
}

pub(super) fn when(zone: Zone, at: Instant) -> When {
    When { instant: at, at: at.to_string(), local: words::moment(zone, at) }
}
