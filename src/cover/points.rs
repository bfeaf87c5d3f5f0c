//! What there is to visit in a journey.
//!
//! A wait without `up to` has no end of time to visit, unless an approval may be refused.

use serde::Serialize;

use crate::ir::{ArmOn, Expr, JourneyId, Op, Pc, Program, SplitId, StepId, Type};
use crate::machine::Way;
use crate::prove::Graph;
use crate::simulate::timeline::Trail;
use crate::words::{Both, Language, Words, chosen};

/// What a point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Step,
    /// A case of a choice, or none of them.
    Branch,
    /// What a wait waits for.
    Arm,
    /// The time of a wait was up; a message or an action failed.
    Otherwise,
    /// An arm of a split.
    Split,
    Exit,
}

pub struct Point {
    pub kind: Kind,
    pub step: Option<StepId>,
    pub what: Both,
    visited: Visited,
}

/// How a trail shows the visit.
enum Visited {
    Step(StepId),
    Left(Pc, Way),
    Drawn(SplitId, u16),
    Exit(u16),
}

impl Point {
    /// Which of the journey's exits it is, if it is one.
    pub fn exit(&self) -> Option<usize> {
        match self.visited {
            Visited::Exit(exit) => Some(usize::from(exit)),
            Visited::Step(_) | Visited::Left(..) | Visited::Drawn(..) => None,
        }
    }

    pub fn is_visited(&self, program: &Program, journey: usize, trail: &Trail) -> bool {
        match self.visited {
            Visited::Left(pc, way) => trail.ways.contains(&(pc, way)),
            Visited::Drawn(split, arm) => trail.arms.contains(&(split, arm)),
            Visited::Exit(exit) => trail.exits.contains(&exit),
            Visited::Step(step) => {
                let code = &program.journeys[journey].code;
                let at = |(pc, _): &(Pc, Way)| {
                    code.get(*pc as usize).is_some_and(|i| i.step == step && !matches!(i.op, Op::Jump(_)))
                };
                trail.steps.contains(&step) || trail.ways.iter().any(at)
            }
        }
    }
}

/// Every point that a run can come to, in the order of the text, exits last.
pub fn points(program: &Program, id: usize) -> Vec<Point> {
    let journey = program.journey(JourneyId(id as u16));
    let reachable = Graph::new(journey, &Default::default()).reachable();
    let mut points = Vec::new();
    let mut drawn = None;
    for (pc, instruction) in journey.code.iter().enumerate().filter(|(pc, _)| reachable[*pc]) {
        if let Op::Draw { split, slot } = instruction.op {
            let followed = journey.code.get(pc + 1).map(|i| &i.op);
            if !matches!(followed, Some(Op::Switch { slot: by, .. }) if *by == slot) {
                values(program, instruction.step, split, &mut points);
            }
            drawn = Some(split);
            continue;
        }
        let words = |op: &Op| Both::of(|language| Words::new(program, Some(journey), language).step(op));
        match (&instruction.op, drawn) {
            (Op::Jump(_) | Op::End, _) => continue,
            (Op::Switch { slot, .. }, Some(split)) => {
                add_step(instruction.step, words(&Op::Draw { split, slot: *slot }), &mut points);
            }
            (op, _) => add_step(instruction.step, words(op), &mut points),
        }
        ways(program, id, pc as Pc, drawn, &mut points);
    }
    let exits = journey.exits.iter().enumerate().map(|(i, exit)| {
        let what = Both::of(|language| Words::new(program, Some(journey), language).exit(exit));
        Point {
            kind: Kind::Exit,
            step: None,
            what: Both::new(format!("exit when {}", what.en), format!("離脱: {}", what.ja)),
            visited: Visited::Exit(i as u16),
        }
    });
    points.extend(exits);
    points
}

fn add_step(step: StepId, what: Both, points: &mut Vec<Point>) {
    points.push(Point { kind: Kind::Step, step: Some(step), what, visited: Visited::Step(step) });
}

/// The arms of a value that is drawn.
fn values(program: &Program, step: StepId, split: SplitId, points: &mut Vec<Point>) {
    let def = &program.splits[split.index()];
    for (i, arm) in def.arms.iter().enumerate() {
        points.push(Point {
            kind: Kind::Split,
            step: Some(step),
            what: arm_of(&def.name, &arm.name),
            visited: Visited::Drawn(split, i as u16),
        });
    }
}

fn arm_of(split: &str, arm: &str) -> Both {
    Both::new(format!("arm {arm} of {split}"), format!("{split} の {arm}"))
}

/// Whether a choice has a case for every value there can be.
fn is_exhaustive(words: &Words, cases: &[(Expr, Pc)]) -> bool {
    match chosen(cases).and_then(|of| words.type_of(of)) {
        Some(Type::Enum(id)) => words.variants(id) == cases.len(),
        Some(Type::Bool) => cases.len() == 2,
        _ => false,
    }
}

/// The ways out of an instruction that has more than one.
fn ways(program: &Program, id: usize, pc: Pc, drawn: Option<SplitId>, points: &mut Vec<Point>) {
    let journey = &program.journeys[id];
    let instruction = &journey.code[pc as usize];
    let mut add = |kind, way, what| {
        points.push(Point { kind, step: Some(instruction.step), what, visited: Visited::Left(pc, way) });
    };
    let said = |write: &dyn Fn(&mut Words) -> String| {
        Both::of(|language| write(&mut Words::new(program, Some(journey), language)))
    };
    match &instruction.op {
        Op::Branch { cases, .. } => {
            for (i, (condition, _)) in cases.iter().enumerate() {
                let what = said(&|words| words.expr(condition));
                add(
                    Kind::Branch,
                    Way::Arm(i as u16),
                    Both::new(format!("if {}", what.en), format!("{} なら", what.ja)),
                );
            }
            if !is_exhaustive(&Words::new(program, Some(journey), Language::English), cases) {
                add(Kind::Branch, Way::Otherwise, Both::new("else", "どの条件も満たさない場合"));
            }
        }
        Op::Await { arms, up_to, .. } => {
            for (i, arm) in arms.iter().enumerate() {
                let what = said(&|words| words.arm(arm));
                let text = Both::new(format!("{} comes", what.en), format!("{} が起きた場合", what.ja));
                add(Kind::Arm, Way::Arm(i as u16), text);
            }
            if up_to.is_some() {
                add(Kind::Otherwise, Way::Otherwise, Both::new("the time is up", "時間切れ"));
            } else if arms.iter().any(|arm| matches!(arm.on, ArmOn::Approval { .. })) {
                add(Kind::Otherwise, Way::Otherwise, Both::new("the approval is refused", "承認の却下"));
            }
        }
        Op::Send { otherwise: Some(_), .. } => {
            add(Kind::Arm, Way::On, Both::new("the message is sent", "送信できた場合"));
            add(Kind::Otherwise, Way::Otherwise, Both::new("the message is not sent", "送信できない場合"));
        }
        Op::Do { otherwise: Some(_), .. } => {
            add(Kind::Arm, Way::On, Both::new("the action answers", "アクションの成功"));
            add(Kind::Otherwise, Way::Otherwise, Both::new("the action fails", "アクションの失敗"));
        }
        Op::Switch { targets, .. } => {
            let split = drawn.map(|split| &program.splits[split.index()]);
            for i in 0..targets.len() {
                let arm = split.and_then(|split| Some((split.name.as_str(), split.arms.get(i)?.name.as_str())));
                let (split, arm) = arm.unwrap_or(("", ""));
                add(Kind::Split, Way::Arm(i as u16), arm_of(split, arm));
            }
        }
        Op::Wait { .. }
        | Op::Send { otherwise: None, .. }
        | Op::Do { otherwise: None, .. }
        | Op::Draw { .. }
        | Op::Repeat { .. }
        | Op::Jump(_)
        | Op::Tag(_)
        | Op::Untag(_)
        | Op::Set { .. }
        | Op::Let { .. }
        | Op::Stop { .. }
        | Op::End => {}
    }
}
