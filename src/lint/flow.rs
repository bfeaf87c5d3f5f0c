//! A journey walked along every way a run can take, with what is known on it: conditions that decide nothing (E0202),
//! steps that nobody comes to (E0201), events that cannot arrive (E0502), addresses that are not there (E0601).
//!
//! Knows nothing of time but that it passes.

use crate::diag::{Code, Diagnostic};
use crate::ir::journey::Exit;
use crate::ir::{Arm, ArmOn, Expr, Fact, HandleId, Instruction, Journey, Op, Pc, SlotId, Type};
use crate::lower::map::JourneyMap;
use crate::text::Span;
use crate::value::Value;

use super::Input;
use super::domain::Domain;
use super::entry;
use super::facts::{Facts, delivery};
use super::findings::Findings;
use super::judge::Judge;
use super::words;

pub fn lint(input: Input<'_>, out: &mut Vec<Diagnostic>) {
    for (journey, map) in input.program.journeys.iter().zip(&input.map.journeys) {
        let mut walk = Walk {
            input,
            journey,
            map,
            judge: Judge::new(input.program, Some(journey)),
            findings: Findings::default(),
            arriving: vec![None; journey.code.len()],
            explained: vec![false; journey.code.len()],
        };
        walk.journey();
        out.append(&mut walk.findings.found);
    }
}

struct Walk<'a> {
    input: Input<'a>,
    journey: &'a Journey,
    map: &'a JourneyMap,
    judge: Judge<'a>,
    findings: Findings,
    /// By [`Pc`]: what is known on every way there so far.
    arriving: Vec<Option<Facts>>,
    /// By [`Pc`]: a way there was shown to be closed, and the reason was said.
    explained: Vec<bool>,
}

impl<'a> Walk<'a> {
    fn journey(&mut self) {
        let Some(facts) = entry::entry(&mut self.judge, self.journey, self.map, &mut self.findings) else { return };
        self.outside(&facts);
        let journey = self.journey;
        self.arrive(0, facts);
        for (pc, instruction) in journey.code.iter().enumerate() {
            if let Some(facts) = self.arriving[pc].take() {
                self.arriving[pc] = Some(Facts::default());
                self.instruction(pc as Pc, &instruction.op, facts);
            } else if self.explained[pc] {
                self.close_behind(pc as Pc, &instruction.op);
            }
        }
        self.unreachable();
    }

    /// The goal and the exits, which are judged at any time: only what lasts is known there.
    fn outside(&mut self, entered: &Facts) {
        let mut lasting = entered.clone();
        lasting.suspend();
        let goal =
            self.journey.goal.iter().filter_map(|goal| Some((goal.event, goal.filter.as_ref()?, self.map.goal?)));
        let exits = self.journey.exits.iter().zip(&self.map.exits).filter_map(|(exit, span)| match exit {
            Exit::Event { event, filter } => Some((*event, filter.as_ref()?, *span)),
            Exit::Segment { .. } => None,
        });
        for (event, filter, at) in goal.chain(exits) {
            self.judge.subjects.push(Some(Type::Event(event)));
            self.findings.condition(&mut self.judge, &lasting, filter, at);
            self.judge.subjects.pop();
        }
        for (exit, at) in self.journey.exits.iter().zip(&self.map.exits) {
            if let Exit::Segment { segment, enters } = exit {
                let member = Expr::InSegment(*segment);
                if self.judge.judged(entered, &member, *at) == Some(*enters) {
                    let name = &self.input.program.segments[segment.index()].name;
                    let finding = already_true(name, *enters, *at);
                    let conflict = self.judge.conflict.take();
                    self.findings.push(words::explained(finding, &self.judge, conflict.as_ref()));
                }
            }
        }
    }

    fn arrive(&mut self, pc: Pc, facts: Facts) {
        let Some(place) = self.arriving.get_mut(pc as usize) else { return };
        *place = Some(match place.take() {
            Some(known) => known.met(&facts),
            None => facts,
        });
    }
    /// A way that was shown to be closed.
    fn close(&mut self, pc: Pc) {
        if let Some(explained) = self.explained.get_mut(pc as usize) {
            *explained = true;
        }
    }
    fn close_behind(&mut self, pc: Pc, op: &Op) {
        targets(pc, op).into_iter().filter(|to| *to > pc).for_each(|to| self.close(to));
    }
    fn part(&self, pc: Pc, part: usize) -> Span {
        self.map.part(&self.journey.code, pc, part)
    }
    fn step(&self, pc: Pc) -> Span {
        self.map.steps[self.journey.code[pc as usize].step.index()]
    }

    fn instruction(&mut self, pc: Pc, op: &'a Op, mut facts: Facts) {
        match op {
            Op::Wait { .. } => {
                facts.suspend();
                self.arrive(pc + 1, facts);
            }
            Op::Await { arms, otherwise, .. } => self.wait(pc, arms, *otherwise, facts),
            Op::Send { message, handle, otherwise, .. } => {
                self.reachable(pc, *message, &facts);
                facts.suspend();
                facts.forget(&mut |e| matches!(e, Expr::Handle(of, _) if of == handle));
                let mut sent = facts.clone();
                self.report(&mut sent, *handle, Fact::Sent, pc);
                self.arrive(pc + 1, sent);
                match otherwise {
                    Some(otherwise) => {
                        self.report(&mut facts, *handle, Fact::Failed, pc);
                        self.arrive(*otherwise, facts);
                    }
                    None => self.arrive(pc + 1, facts),
                }
            }
            Op::Branch { cases, otherwise } => self.branch(pc, cases, *otherwise, facts),
            Op::Draw { slot, .. } => {
                forget_slot(&mut facts, *slot);
                self.arrive(pc + 1, facts);
            }
            Op::Switch { slot, targets } => self.switch(pc, *slot, targets, facts),
            Op::Repeat { exit, .. } => {
                let body = &self.journey.code[pc as usize + 1..(*exit as usize).max(pc as usize + 1)];
                forget_written(&mut facts, body, self.input.program.person.tags);
                facts.suspend();
                self.arrive(pc + 1, facts.clone());
                self.arrive(*exit, facts);
            }
            Op::Jump(target) => {
                if *target > pc {
                    self.arrive(*target, facts);
                }
            }
            Op::Do { result, otherwise, .. } => {
                facts.suspend();
                if let Some(slot) = result {
                    forget_slot(&mut facts, *slot);
                }
                self.arrive(otherwise.unwrap_or(pc + 1), facts.clone());
                self.arrive(pc + 1, facts);
            }
            Op::Tag(_) | Op::Untag(_) => {
                forget_field(&mut facts, self.input.program.person.tags);
                self.arrive(pc + 1, facts);
            }
            Op::Set { field, value } => {
                let domain = self.judge.domain(&facts, value);
                forget_field(&mut facts, Some(*field));
                facts.learn(&Expr::Profile(*field), domain, self.step(pc));
                self.arrive(pc + 1, facts);
            }
            Op::Let { slot, value } => {
                let domain = self.judge.domain(&facts, value);
                forget_slot(&mut facts, *slot);
                facts.learn(&Expr::Slot(*slot), domain, self.step(pc));
                self.arrive(pc + 1, facts);
            }
            Op::Stop { .. } | Op::End => {}
        }
    }

    fn report(&self, facts: &mut Facts, handle: HandleId, fact: Fact, pc: Pc) {
        facts.learn(&delivery(handle, fact), Domain::exactly(&Value::Bool(true)), self.step(pc));
    }

    fn branch(&mut self, pc: Pc, cases: &'a [(Expr, Pc)], otherwise: Pc, mut facts: Facts) {
        // A `choose` names every variant; that the last one is all that remains is how it is written.
        let chosen = self.input.sources.get(self.step(pc).source).slice(self.step(pc)).starts_with("choose");
        if chosen {
            for (i, (condition, _)) in cases.iter().enumerate() {
                self.findings.case(&mut self.judge, &facts, condition, self.map.part(&self.journey.code, pc, i));
            }
        }
        for (i, (condition, target)) in cases.iter().enumerate() {
            let at = self.part(pc, i);
            let judged = match chosen {
                true => None,
                false => self.findings.condition(&mut self.judge, &facts, condition, at),
            };
            if judged == Some(false) {
                self.close(*target);
                continue;
            }
            match self.judge.assume(facts.clone(), condition, true, at) {
                Some(inside) => self.arrive(*target, inside),
                None => self.close(*target),
            }
            match self.judge.assume(facts, condition, false, at) {
                Some(rest) => facts = rest,
                None => {
                    cases[i + 1..].iter().for_each(|(_, target)| self.close(*target));
                    return self.close(otherwise);
                }
            }
        }
        self.arrive(otherwise, facts);
    }

    fn switch(&mut self, pc: Pc, slot: SlotId, targets: &[Pc], facts: Facts) {
        let drawn = self.journey.code.iter().find_map(|i| match i.op {
            Op::Draw { split, slot: of } if of == slot => self.input.program.splits.get(split.index()),
            _ => None,
        });
        for (i, target) in targets.iter().enumerate() {
            let arm = drawn.and_then(|split| split.arms.get(i));
            if let Some(arm) = arm.filter(|arm| arm.share == 0) {
                let finding = nobody_drawn(&arm.name, self.part(pc, i));
                self.findings.push(finding);
                self.close(*target);
                continue;
            }
            let mut inside = facts.clone();
            inside.learn(&Expr::Slot(slot), Domain::exactly(&Value::Int(i as i64)), self.part(pc, i));
            self.arrive(*target, inside);
        }
    }

    fn wait(&mut self, pc: Pc, arms: &'a [Arm], otherwise: Pc, mut facts: Facts) {
        let before = facts.clone();
        facts.suspend();
        for (i, arm) in arms.iter().enumerate() {
            let at = self.part(pc, i);
            let inside = match &arm.on {
                ArmOn::Event { event, filter, bind } => self.event_arm((*event, filter.as_ref(), *bind), &facts, at),
                ArmOn::Handle { handle, fact } if self.never_went(*handle, *fact, &before, at) => None,
                ArmOn::Handle { handle, fact } => {
                    let mut inside = facts.clone();
                    inside.learn(&delivery(*handle, *fact), Domain::exactly(&Value::Bool(true)), at);
                    Some(inside)
                }
                ArmOn::Segment { segment, enters } => {
                    self.judge.assume(facts.clone(), &Expr::InSegment(*segment), *enters, at)
                }
                ArmOn::Approval { .. } => Some(facts.clone()),
            };
            match inside {
                Some(inside) => self.arrive(arm.target, inside),
                None => self.close(arm.target),
            }
        }
        self.arrive(otherwise, facts);
    }

    /// Whether it is waited for what comes of a message that surely did not go out.
    fn never_went(&mut self, handle: HandleId, fact: Fact, facts: &Facts, at: Span) -> bool {
        let of_those_that_went = match fact {
            Fact::Sent | Fact::Delivered | Fact::Opened | Fact::Clicked => true,
            Fact::Bounced | Fact::Failed => false,
        };
        let failed = delivery(handle, Fact::Failed);
        if !of_those_that_went || self.judge.assume(facts.clone(), &failed, false, at).is_some() {
            return false;
        }
        let name = &self.journey.handles[handle.index()].name;
        let conflict = self.judge.conflict.take();
        let finding = words::explained(never_sent(name, at), &self.judge, conflict.as_ref());
        self.findings.push(finding);
        true
    }

    fn event_arm(
        &mut self,
        (event, filter, bind): (crate::ir::EventId, Option<&'a Expr>, Option<SlotId>),
        facts: &Facts,
        at: Span,
    ) -> Option<Facts> {
        let mut facts = facts.clone();
        if let Some(slot) = bind {
            forget_slot(&mut facts, slot);
        }
        self.judge.subjects.push(Some(Type::Event(event)));
        let inside = match filter {
            Some(filter) => self.judge.assume(facts, filter, true, at),
            None => Some(facts),
        };
        let name = &self.input.program.events[event.index()].name;
        let ended = inside.as_ref().and_then(|inside| self.ended_first(event, inside));
        if let Some(filter) = filter.filter(|_| inside.is_none()) {
            let _ = filter;
            let conflict = self.judge.conflict.take();
            let finding = words::explained(excluded(name, at), &self.judge, conflict.as_ref());
            self.findings.push(finding);
        }
        self.judge.subjects.pop();
        if let Some(exit) = ended {
            self.findings.push(exits_first(name, at, exit));
            return None;
        }
        let mut inside = inside?;
        inside.bind(bind);
        Some(inside)
    }

    /// The exit that every event which could satisfy the wait sets off first.
    fn ended_first(&mut self, event: crate::ir::EventId, inside: &Facts) -> Option<Span> {
        let journey = self.journey;
        for (exit, at) in journey.exits.iter().zip(&self.map.exits) {
            let Exit::Event { event: ending, filter } = exit else { continue };
            let always = *ending == event
                && filter.as_ref().is_none_or(|f| self.judge.assume(inside.clone(), f, false, *at).is_none());
            if always {
                return Some(*at);
            }
        }
        None
    }

    fn reachable(&mut self, pc: Pc, message: crate::ir::MessageId, facts: &Facts) {
        let program = self.input.program;
        let message = &program.messages[message.index()];
        let Some(field) = program.person.addresses[message.channel.index()] else { return };
        let address = Expr::Profile(field);
        let domain = self.judge.domain(facts, &address);
        if domain.may_be_set() {
            return;
        }
        let name = &program.profile[field.index()].name;
        let channel = message.channel.name();
        let mut finding = Diagnostic::new(
            Code::E0601,
            self.part(pc, 0),
            format!("nobody who comes here can be reached by {channel}"),
            format!("ここに来る人には {channel} で届けられない"),
        )
        .here(format!("`profile.{name}` is missing here"), format!("ここでは `profile.{name}` は欠けている"))
        .help(
            "send it where the address is set, or use a channel these people can be reached by",
            "宛先のある人に送るか、この人たちに届くチャネルを使う",
        );
        for from in facts.of(&address).iter().flat_map(|known| &known.from) {
            finding = finding.other(*from, "settled here", "ここで決まっている");
        }
        self.findings.push(finding);
    }

    /// Steps that no way leads to and that nothing else has said so of: what stands behind a stop.
    fn unreachable(&mut self) {
        let code = &self.journey.code;
        let mut last = None;
        let mut before: Option<Pc> = None;
        for (pc, instruction) in code.iter().enumerate() {
            if self.arriving[pc].is_some() {
                before = Some(pc as Pc);
                last = None;
                continue;
            }
            let written = !matches!(instruction.op, Op::Jump(_) | Op::End);
            if self.explained[pc] || !written {
                if self.explained[pc] {
                    last = Some(());
                }
                continue;
            }
            if last.is_none() {
                let at = self.step(pc as Pc);
                let finding = Diagnostic::new(Code::E0201, at, "nobody comes to this step", "この手順には誰も来ない")
                    .help(
                        "take it out, or put it where a run still goes on",
                        "この手順を外すか、まだ続いている場所に移す",
                    );
                let finding = match before {
                    Some(before) => finding.other(
                        self.step(before),
                        "every run has ended by here",
                        "ここまでにすべての人が終わっている",
                    ),
                    None => finding,
                };
                self.findings.push(finding);
            }
            last = Some(());
        }
    }
}

/// Where an instruction may lead.
fn targets(pc: Pc, op: &Op) -> Vec<Pc> {
    match op {
        Op::Wait { .. } | Op::Draw { .. } | Op::Tag(_) | Op::Untag(_) | Op::Set { .. } | Op::Let { .. } => {
            vec![pc + 1]
        }
        Op::Await { arms, otherwise, .. } => arms.iter().map(|arm| arm.target).chain([*otherwise]).collect(),
        Op::Send { otherwise, .. } | Op::Do { otherwise, .. } => std::iter::once(pc + 1).chain(*otherwise).collect(),
        Op::Branch { cases, otherwise } => cases.iter().map(|case| case.1).chain([*otherwise]).collect(),
        Op::Switch { targets, .. } => targets.clone(),
        Op::Repeat { exit, .. } => vec![pc + 1, *exit],
        Op::Jump(target) => vec![*target],
        Op::Stop { .. } | Op::End => Vec::new(),
    }
}

fn forget_slot(facts: &mut Facts, slot: SlotId) {
    facts.forget(&mut |e| matches!(e, Expr::Slot(of) | Expr::Pick { slot: of, .. } if *of == slot));
}

/// A written field may also change who is in a segment.
fn forget_field(facts: &mut Facts, field: Option<crate::ir::FieldId>) {
    facts.forget(&mut |e| match e {
        Expr::Profile(of) => Some(*of) == field,
        Expr::InSegment(_) => true,
        _ => false,
    });
}

/// Forgets whatever the instructions of a loop's body write: at its head, any of it may have happened.
fn forget_written(facts: &mut Facts, body: &[Instruction], tags: Option<crate::ir::FieldId>) {
    for instruction in body {
        match &instruction.op {
            Op::Draw { slot, .. } | Op::Let { slot, .. } | Op::Do { result: Some(slot), .. } => {
                forget_slot(facts, *slot);
            }
            Op::Await { arms, .. } => {
                for arm in arms {
                    if let ArmOn::Event { bind: Some(slot), .. } = &arm.on {
                        forget_slot(facts, *slot);
                    }
                }
            }
            Op::Send { handle, .. } => facts.forget(&mut |e| matches!(e, Expr::Handle(of, _) if of == handle)),
            Op::Set { field, .. } => forget_field(facts, Some(*field)),
            Op::Tag(_) | Op::Untag(_) => forget_field(facts, tags),
            Op::Wait { .. }
            | Op::Branch { .. }
            | Op::Switch { .. }
            | Op::Repeat { .. }
            | Op::Jump(_)
            | Op::Do { result: None, .. }
            | Op::Stop { .. }
            | Op::End => {}
        }
    }
}

fn nobody_drawn(arm: &str, at: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0201,
        at,
        format!("nobody comes to arm `{arm}`: its share is 0 %"),
        format!("枝 `{arm}` には誰も来ない (配分が 0 %)"),
    )
    .help("give it a share, or take the arm out", "配分を与えるか、枝を外す")
}

fn exits_first(event: &str, at: Span, exit: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0502,
        at,
        format!("`{event}` cannot arrive here: it ends the journey first"),
        format!("`{event}` はここには届かない (先にジャーニーが終わる)"),
    )
    .other(exit, "every such event lets the person go here", "このイベントが来た人はここで終わる")
    .help(
        "take the wait out, or narrow the exit so that it leaves these events alone",
        "この待ちを外すか、`exit when` を絞り込んでこのイベントを除く",
    )
}

fn excluded(event: &str, at: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0502,
        at,
        format!("no `{event}` can pass this filter"),
        format!("この条件を満たす `{event}` は来ない"),
    )
    .help("wait for what can still happen here", "ここで起こりうることを待つ")
}

fn never_sent(handle: &str, at: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0502,
        at,
        format!("nothing comes of `{handle}` here: it was not sent"),
        format!("`{handle}` はここでは送られていないので、何も起こらない"),
    )
    .help("wait for it where it was sent, above the `otherwise`", "`otherwise` の中ではなく、送った先で待つ")
}

fn already_true(segment: &str, enters: bool, at: Span) -> Diagnostic {
    let (en, ja) = match enters {
        true => {
            (format!("whoever enters is in `{segment}` already"), format!("入る時点ですでに全員が `{segment}` にいる"))
        }
        false => (format!("nobody who enters is in `{segment}`"), format!("入る時点で `{segment}` にいる人はいない")),
    };
    let (help, help_ja) = match enters {
        true => (
            format!(
                "the exit waits until they have left and come back: leave it out, or enter only outside `{segment}`"
            ),
            format!("一度離れて戻るまで終わらない。`exit when` を外すか、`{segment}` の外の人だけを入れる"),
        ),
        false => (
            format!("the exit waits until they have come in and left: leave it out, or enter only from `{segment}`"),
            format!("一度入って離れるまで終わらない。`exit when` を外すか、`{segment}` の人だけを入れる"),
        ),
    };
    Diagnostic::new(Code::E0504, at, en, ja).help(help, help_ja)
}
