//! Lays the steps of a journey flat: a tree of blocks becomes instructions with targets.
//!
//! Evaluates nothing and changes no expression. Blocks stand behind the instruction that chooses them, in the order
//! of the text, so that a position grows as a run goes on (but for loops).

use crate::check::typed::{self, Step, StepKind};
use crate::ir::{Arm, Instruction, Journey, Op, Pc, StepId};
use crate::text::Span;

/// The journey with its code, and of each instruction what diagnostics point at.
pub fn journey(checked: typed::Journey) -> (Journey, Vec<Vec<Span>>) {
    let mut code = Code { instructions: Vec::new(), parts: Vec::new(), landed: None };
    code.block(checked.steps);
    let mut journey = checked.header;
    // `check` puts the place behind the last step at the end of the names.
    let end = StepId(journey.steps.len() as u16 - 1);
    code.emit(end, Op::End);
    journey.code = code.instructions;
    (journey, code.parts)
}

/// A target that is not known yet.
const LATER: Pc = Pc::MAX;

struct Code {
    instructions: Vec<Instruction>,
    /// By [`Pc`].
    parts: Vec<Vec<Span>>,
    /// The last place that something leads to from further ahead.
    landed: Option<Pc>,
}

impl Code {
    fn here(&self) -> Pc {
        self.instructions.len() as Pc
    }

    fn emit(&mut self, step: StepId, op: Op) -> Pc {
        self.instructions.push(Instruction { step, op });
        self.parts.push(Vec::new());
        self.here() - 1
    }

    fn block(&mut self, steps: Vec<Step>) {
        steps.into_iter().for_each(|step| self.step(step));
    }

    fn step(&mut self, step: Step) {
        let id = step.id;
        for (split, slot) in step.draws {
            self.emit(id, Op::Draw { split, slot });
        }
        let main = self.here() as usize;
        let parts = step.parts;
        match step.kind {
            StepKind::Wait(until) => {
                self.emit(id, Op::Wait { until });
            }
            StepKind::Plain(op) => {
                self.emit(id, op);
            }
            StepKind::Stop { because } => {
                self.emit(id, Op::Stop { because });
            }
            StepKind::Await { arms, up_to, otherwise } => {
                let (on, mut blocks): (Vec<_>, Vec<_>) = arms.into_iter().unzip();
                blocks.push(otherwise);
                let arms = on.into_iter().map(|on| Arm { on, target: LATER }).collect();
                let at = self.emit(id, Op::Await { arms, up_to, otherwise: LATER });
                let targets = self.choice(id, blocks);
                if let Op::Await { arms, otherwise, .. } = &mut self.instructions[at as usize].op {
                    arms.iter_mut().zip(&targets).for_each(|(arm, target)| arm.target = *target);
                    *otherwise = targets[targets.len() - 1];
                }
            }
            StepKind::Send { message, params, before, handle, otherwise } => {
                let op = |otherwise| Op::Send { message, params, before, handle, otherwise };
                self.with_fallback(id, op, otherwise);
            }
            StepKind::Do { action, params, result, otherwise } => {
                let op = |otherwise| Op::Do { action, params, result, otherwise };
                self.with_fallback(id, op, otherwise);
            }
            StepKind::Branch { cases, otherwise } => {
                let (conditions, mut blocks): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
                blocks.push(otherwise);
                let cases = conditions.into_iter().map(|condition| (condition, LATER)).collect();
                let at = self.emit(id, Op::Branch { cases, otherwise: LATER });
                let targets = self.choice(id, blocks);
                if let Op::Branch { cases, otherwise } = &mut self.instructions[at as usize].op {
                    cases.iter_mut().zip(&targets).for_each(|(case, target)| case.1 = *target);
                    *otherwise = targets[targets.len() - 1];
                }
            }
            StepKind::Split { split: _, slot, arms } => {
                let at = self.emit(id, Op::Switch { slot, targets: Vec::new() });
                let found = self.choice(id, arms);
                if let Op::Switch { targets, .. } = &mut self.instructions[at as usize].op {
                    *targets = found;
                }
            }
            StepKind::Repeat { counter, times, body } => {
                let at = self.emit(id, Op::Repeat { counter, times, exit: LATER });
                self.block(body);
                if self.goes_on(at + 1) {
                    self.emit(id, Op::Jump(at));
                }
                let after = self.here();
                self.landed = Some(after);
                if let Op::Repeat { exit, .. } = &mut self.instructions[at as usize].op {
                    *exit = after;
                }
            }
        }
        self.parts[main] = parts;
    }

    /// One block of several, all leading behind the last. Returns where each begins.
    fn choice(&mut self, id: StepId, blocks: Vec<Vec<Step>>) -> Vec<Pc> {
        let last = blocks.len().saturating_sub(1);
        let mut begins = Vec::with_capacity(blocks.len());
        let mut leaving = Vec::new();
        for (i, block) in blocks.into_iter().enumerate() {
            let begin = self.here();
            begins.push(begin);
            self.block(block);
            if i != last && self.goes_on(begin) {
                leaving.push(self.emit(id, Op::Jump(LATER)));
            }
        }
        self.land(&leaving);
        if begins.last() == Some(&self.here()) {
            self.landed = begins.last().copied();
        }
        begins
    }

    /// An instruction whose fallback, if any, stands behind it and is jumped over.
    fn with_fallback(&mut self, id: StepId, op: impl FnOnce(Option<Pc>) -> Op, otherwise: Option<Vec<Step>>) {
        let Some(block) = otherwise else {
            self.emit(id, op(None));
            return;
        };
        let fallback = self.here() + 2;
        self.emit(id, op(Some(fallback)));
        let over = self.emit(id, Op::Jump(LATER));
        self.block(block);
        self.land(&[over]);
    }

    fn land(&mut self, jumps: &[Pc]) {
        let here = self.here();
        for jump in jumps {
            self.landed = Some(here);
            self.instructions[*jump as usize].op = Op::Jump(here);
        }
    }

    /// Whether a block that began there runs off its end: nothing stands in it, or something in it leads behind it,
    /// or its last instruction goes on.
    fn goes_on(&self, begin: Pc) -> bool {
        let here = self.here();
        begin == here
            || self.landed == Some(here)
            || !matches!(self.instructions.last().map(|i| &i.op), Some(Op::Stop { .. }))
    }
}
