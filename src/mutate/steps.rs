//! Faults of steps: a wait of another length, a message not sent, an arm that leads elsewhere.
//!
//! Only steps a run can come to.

use super::conditions::conditions;
use super::durations::{expressions, untils};
use super::{Edit, Mutant};
use crate::ir::{Arm, ArmOn, Expr, Instruction, Journey, JourneyId, Op, Pc, Program};
use crate::prove::Graph;
use crate::value::Value;
use crate::words::{Both, Words};

pub fn of_journey(program: &Program, id: JourneyId) -> Vec<Mutant> {
    let journey = program.journey(id);
    let reachable = Graph::new(journey, &Default::default()).reachable();
    let code = journey.code.iter().enumerate().filter(|(pc, _)| reachable[*pc]);
    code.flat_map(|(pc, instruction)| Faults { program, journey, id, pc: pc as Pc, instruction }.all()).collect()
}

struct Faults<'a> {
    program: &'a Program,
    journey: &'a Journey,
    id: JourneyId,
    pc: Pc,
    instruction: &'a Instruction,
}

impl Faults<'_> {
    fn all(&self) -> Vec<Mutant> {
        let next = self.pc + 1;
        match &self.instruction.op {
            Op::Wait { until } => {
                let mut found: Vec<Mutant> =
                    untils(until).into_iter().map(|until| self.instead(Op::Wait { until })).collect();
                found.push(self.gone(Op::Jump(next)));
                found
            }
            Op::Await { arms, up_to, otherwise } => self.waits(arms, up_to.as_ref(), *otherwise),
            Op::Send { otherwise, .. } => {
                let mut found = vec![self.gone(Op::Jump(next))];
                if otherwise.is_some() {
                    found.extend(self.without_fallback());
                }
                found.extend(self.without_deadline());
                found
            }
            Op::Do { otherwise, result: None, .. } => {
                let mut found = vec![self.gone(Op::Jump(next))];
                if otherwise.is_some() {
                    found.extend(self.without_fallback());
                }
                found
            }
            Op::Do { otherwise: Some(_), .. } => self.without_fallback().into_iter().collect(),
            Op::Branch { cases, otherwise } => self.branches(cases, *otherwise),
            Op::Switch { slot, targets } => {
                let swapped = (1..targets.len()).map(|i| {
                    let mut targets = targets.clone();
                    targets.swap(i - 1, i);
                    let (old, new) = (format!("arms {i} and {}", i + 1), format!("群 {i} と {}", i + 1));
                    self.mutant(
                        Op::Switch { slot: *slot, targets },
                        Both::new(old, new),
                        Some(Both::new("each other", "入れ替わり")),
                    )
                });
                swapped.collect()
            }
            Op::Repeat { counter, times, exit } => {
                let more = [times.saturating_add(1), times.saturating_sub(1)].into_iter().filter(|t| t != times);
                more.map(|times| self.instead(Op::Repeat { counter: *counter, times, exit: *exit })).collect()
            }
            Op::Tag(_) | Op::Untag(_) | Op::Set { .. } => vec![self.gone(Op::Jump(next))],
            // A captured value may be of use far away; an end has nothing behind it.
            Op::Do { otherwise: None, .. }
            | Op::Draw { .. }
            | Op::Let { .. }
            | Op::Jump(_)
            | Op::Stop { .. }
            | Op::End => Vec::new(),
        }
    }

    fn waits(&self, arms: &[Arm], up_to: Option<&Expr>, otherwise: Pc) -> Vec<Mutant> {
        let again = |arms: Vec<Arm>, up_to: Option<Expr>, otherwise| Op::Await { arms, up_to, otherwise };
        let mut found = Vec::new();
        for longer in up_to.map(expressions).unwrap_or_default() {
            found.push(self.instead(again(arms.to_vec(), Some(longer), otherwise)));
        }
        for (i, arm) in arms.iter().enumerate() {
            let shown = self.said(|words| words.arm(arm));
            if let ArmOn::Event { event, filter: Some(filter), bind } = &arm.on {
                let mut filters: Vec<Option<Expr>> = conditions(filter).into_iter().map(Some).collect();
                filters.push(None);
                for filter in filters {
                    let mut arms = arms.to_vec();
                    arms[i].on = ArmOn::Event { event: *event, filter, bind: *bind };
                    let new = self.said(|words| words.arm(&arms[i]));
                    found.push(self.mutant(again(arms, up_to.cloned(), otherwise), shown.clone(), Some(new)));
                }
            }
            // Without a time to wait, a wait for nothing would have no end.
            if up_to.is_some() {
                let mut left = arms.to_vec();
                left.remove(i);
                found.push(self.mutant(again(left, up_to.cloned(), otherwise), shown.clone(), None));
                if arm.target != otherwise {
                    let mut arms = arms.to_vec();
                    let to = std::mem::replace(&mut arms[i].target, otherwise);
                    let new = Both::new("the time is up, and the other way round", "時間切れの場合と入れ替わり");
                    found.push(self.mutant(again(arms, up_to.cloned(), to), shown, Some(new)));
                }
            }
        }
        found
    }

    fn branches(&self, cases: &[(Expr, Pc)], otherwise: Pc) -> Vec<Mutant> {
        let mut found = Vec::new();
        for (i, (condition, _)) in cases.iter().enumerate() {
            let with = |condition: Expr| {
                let mut cases = cases.to_vec();
                cases[i].0 = condition;
                Op::Branch { cases, otherwise }
            };
            let shown = self.said(|words| words.expr(condition));
            for changed in conditions(condition) {
                let new = self.said(|words| words.expr(&changed));
                found.push(self.mutant(with(changed), shown.clone(), Some(new)));
            }
            let never = Both::new("never", "成り立たない");
            found.push(self.mutant(with(Expr::Const(Value::Bool(false))), shown, Some(never)));
        }
        found
    }

    fn without_fallback(&self) -> Option<Mutant> {
        let mut op = self.instruction.op.clone();
        match &mut op {
            Op::Send { otherwise, .. } | Op::Do { otherwise, .. } => *otherwise = None,
            _ => return None,
        }
        let shown = self.said(|words| words.step(&self.instruction.op));
        let old =
            Both::new(format!("otherwise, after {}", shown.en), format!("「{}」ができない場合の代わり", shown.ja));
        Some(self.mutant(op, old, None))
    }

    fn without_deadline(&self) -> Option<Mutant> {
        let mut op = self.instruction.op.clone();
        let before = match &mut op {
            Op::Send { before, .. } => before.take()?,
            _ => return None,
        };
        let moment = self.said(|words| words.expr(&before));
        let old = Both::new(format!("before {}", moment.en), format!("{} まで", moment.ja));
        Some(self.mutant(op, old, None))
    }

    fn said(&self, write: impl Fn(&mut Words) -> String) -> Both {
        Both::of(|language| write(&mut Words::new(self.program, Some(self.journey), language)))
    }

    /// Another step in its place.
    fn instead(&self, op: Op) -> Mutant {
        let (old, new) = (self.said(|words| words.step(&self.instruction.op)), self.said(|words| words.step(&op)));
        self.mutant(op, old, Some(new))
    }

    /// The step left out.
    fn gone(&self, op: Op) -> Mutant {
        self.mutant(op, self.said(|words| words.step(&self.instruction.op)), None)
    }

    fn mutant(&self, op: Op, old: Both, new: Option<Both>) -> Mutant {
        let step = self.instruction.step;
        let places = self.program.places.steps.get(self.id.index());
        Mutant {
            of: self.journey.name.clone(),
            journeys: vec![self.id],
            step: Some(self.journey.steps[step.index()].name.clone()),
            old,
            new,
            place: places.and_then(|places| places.get(step.index())).cloned().unwrap_or_default(),
            edit: Edit::Op(self.id, self.pc, Box::new(op)),
        }
    }
}
