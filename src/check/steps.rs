//! The walk over a journey's steps: each step checked in the flow that leads to it, and what it leaves behind.
//!
//! Sends and actions are read in `deliver`, waits in `wait`.

use super::Context;
use super::exhaustive;
use super::expr::{Draws, Exprs};
use super::flow::{Bound, Flow, places_set};
use super::literal;
use super::slots::Slots;
use super::step_names::StepNames;
use super::typed::{Step, StepKind};
use crate::diag::{Code, Diagnostic};
use crate::ir::journey::HandleDef;
use crate::ir::{Compare, Expr, HandleId, Op, SlotId, SplitId, StepId, Type};
use crate::schema::Sink;
use crate::schema::table::duplicate;
use crate::syntax::tree::{self, Block, Name};
use crate::text::Span;
use crate::value::{Value, Zone};

/// More passes than any person should see of one loop.
const REPEAT_MAX: u32 = 1000;

/// The state of checking one journey.
pub struct Walk<'c, 't> {
    pub context: Context<'c, 't>,
    /// The policy's.
    pub zone: Zone,
    pub sink: &'c mut Sink,
    pub slots: Slots,
    pub handles: Vec<HandleDef>,
    pub names: StepNames,
    /// How often the steps here are passed: the counts of all repeats around them, multiplied.
    passes: u32,
}

impl<'c, 't> Walk<'c, 't> {
    pub fn new(context: Context<'c, 't>, zone: Zone, sink: &'c mut Sink) -> Walk<'c, 't> {
        let names = StepNames::default();
        Walk { context, zone, sink, slots: Slots::default(), handles: Vec::new(), names, passes: 1 }
    }

    /// Expressions at this point of the journey.
    pub fn exprs<'a>(&'a mut self, flow: &'a mut Flow<'t>) -> Exprs<'a, 't> {
        Exprs::plain(self.context, self.zone, false, self.sink, flow)
    }

    /// The same, where a whole value may be a split. Returns what was drawn with the result.
    pub fn drawing<R>(
        &mut self,
        flow: &mut Flow<'t>,
        run: impl FnOnce(&mut Exprs<'_, 't>) -> R,
    ) -> (R, Vec<(SplitId, SlotId)>) {
        let mut exprs = Exprs::plain(self.context, self.zone, false, self.sink, flow);
        exprs.draws =
            Some(Draws { splits: self.context.splits, slots: &mut self.slots, drawn: Vec::new(), here: false });
        let result = run(&mut exprs);
        let drawn = exprs.draws.map(|d| d.drawn).unwrap_or_default();
        (result, drawn)
    }

    pub fn block(&mut self, block: &'t Block, flow: &mut Flow<'t>) -> Vec<Step> {
        self.steps(block.steps.iter(), flow)
    }

    pub fn steps(&mut self, steps: impl Iterator<Item = &'t tree::Step>, flow: &mut Flow<'t>) -> Vec<Step> {
        steps.filter_map(|step| self.step(step, flow)).collect()
    }

    fn step(&mut self, step: &'t tree::Step, flow: &mut Flow<'t>) -> Option<Step> {
        match &step.kind {
            tree::StepKind::Wait { duration, name } => self.wait(duration, name.as_ref(), step.span, flow),
            tree::StepKind::WaitUntil { until, name } => self.wait_until(until, name.as_ref(), step.span, flow),
            tree::StepKind::WaitFor { up_to, arms, race: _, otherwise, name } => {
                let wait = super::wait::WaitFor { up_to: up_to.as_ref(), arms, otherwise: otherwise.as_ref() };
                Some(self.wait_for(wait, name.as_ref(), step.span, flow))
            }
            tree::StepKind::Send(send) => self.send(send, step.span, flow),
            tree::StepKind::If { branches, otherwise } => {
                Some(self.branch(branches, otherwise.as_ref(), step.span, flow))
            }
            tree::StepKind::Choose { subject, cases, otherwise } => {
                Some(self.choose(subject, cases, otherwise.as_ref(), step.span, flow))
            }
            tree::StepKind::Split { name, per_run: _, arms } => self.split(name, arms, step.span, flow),
            tree::StepKind::Repeat { times, body } => Some(self.repeat(times, body, step.span, flow)),
            tree::StepKind::Do { action, with, bind, otherwise } => {
                let call = super::deliver::Call { action, with: with.as_ref(), bind: bind.as_ref() };
                self.call(call, otherwise.as_ref(), step.span, flow)
            }
            tree::StepKind::Tag(tag) => {
                let id = self.names.derived("tag", step.span, self.sink);
                self.exprs(flow).tags_field(tag.span)?;
                Some(plain(id, Op::Tag(tag.text.clone())))
            }
            tree::StepKind::Untag(tag) => {
                let id = self.names.derived("untag", step.span, self.sink);
                self.exprs(flow).tags_field(tag.span)?;
                Some(plain(id, Op::Untag(tag.text.clone())))
            }
            tree::StepKind::Set { field, value } => self.set(field, value.as_ref(), step.span, flow),
            tree::StepKind::Let { name, value } => Some(self.let_value(name, value, step.span, flow)),
            tree::StepKind::Stop { because } => {
                let id = self.names.derived("stop", step.span, self.sink);
                flow.stopped = true;
                let because = because.as_ref().map(|b| b.text.clone());
                Some(Step { id, draws: Vec::new(), parts: Vec::new(), kind: StepKind::Stop { because } })
            }
            tree::StepKind::Error => None,
        }
    }

    fn branch(
        &mut self,
        branches: &'t [(tree::Expr, Block)],
        otherwise: Option<&'t Block>,
        span: Span,
        flow: &mut Flow<'t>,
    ) -> Step {
        let id = self.names.derived("if", span, self.sink);
        let mut cases = Vec::with_capacity(branches.len());
        let mut ends = Vec::with_capacity(branches.len() + 1);
        let mut gap = span;
        for (condition, body) in branches {
            let checked = self.exprs(flow).condition(condition);
            let mut inside = flow.clone();
            inside.learn(places_set(&checked, true), condition.span);
            let steps = self.block(body, &mut inside);
            ends.push((inside, body.span));
            flow.learn(places_set(&checked, false), condition.span);
            cases.push((checked, steps));
            gap = condition.span;
        }
        let otherwise_steps = otherwise.map(|block| self.block(block, flow)).unwrap_or_default();
        let rest = std::mem::replace(flow, Flow::new());
        ends.push((rest, otherwise.map_or(gap, |block| block.span)));
        *flow = Flow::join(ends);
        let parts = branches.iter().map(|(condition, _)| condition.span).collect();
        Step { id, draws: Vec::new(), parts, kind: StepKind::Branch { cases, otherwise: otherwise_steps } }
    }

    fn choose(
        &mut self,
        subject: &'t tree::Expr,
        cases: &'t [tree::Case],
        otherwise: Option<&'t Block>,
        span: Span,
        flow: &mut Flow<'t>,
    ) -> Step {
        let id = self.names.derived("choose", span, self.sink);
        let typed = self.exprs(flow).infer(subject, None);
        let optional = matches!(typed.ty, Some(Type::Optional(_)));
        let mut typed_cases = Vec::with_capacity(cases.len());
        let mut ends = Vec::with_capacity(cases.len() + 1);
        for case in cases {
            let mut tests = Vec::with_capacity(case.values.len());
            for value in &case.values {
                let mut exprs = self.exprs(flow);
                let wanted = exprs.beside(value, &typed);
                let sides = ((typed.clone(), subject.span), (wanted, value.span));
                tests.push(exprs.compared(Compare::Equal, value.span, sides.0, sides.1).expr);
            }
            let mut inside = flow.clone();
            if optional {
                inside.learn(vec![typed.expr.clone()], case.span);
            }
            let steps = self.block(&case.body, &mut inside);
            ends.push((inside, case.body.span));
            let test = if tests.len() == 1 { tests.swap_remove(0) } else { Expr::Or(tests) };
            typed_cases.push((test, steps));
        }
        let typed_values = typed_cases.iter().map(|(test, _)| test);
        exhaustive::chosen(self, exhaustive::Choice { subject, typed: &typed, cases, otherwise, span }, typed_values);
        let otherwise_steps = otherwise.map(|block| self.block(block, flow)).unwrap_or_default();
        let rest = std::mem::replace(flow, Flow::new());
        ends.push((rest, otherwise.map_or(subject.span, |block| block.span)));
        *flow = Flow::join(ends);
        let parts = cases.iter().map(case_values).collect();
        Step { id, draws: Vec::new(), parts, kind: StepKind::Branch { cases: typed_cases, otherwise: otherwise_steps } }
    }

    fn split(
        &mut self,
        name: &'t Name,
        arms: &'t [tree::SplitArm<Block>],
        span: Span,
        flow: &mut Flow<'t>,
    ) -> Option<Step> {
        let id = self.names.named("split", name, span, self.sink);
        let slot = self.slots.hidden(&format!("split {}", name.text));
        let mut typed_arms = Vec::with_capacity(arms.len());
        let mut ends = Vec::with_capacity(arms.len());
        for arm in arms {
            let mut inside = flow.clone();
            typed_arms.push(self.block(&arm.then, &mut inside));
            ends.push((inside, arm.then.span));
        }
        if !ends.is_empty() {
            *flow = Flow::join(ends);
        }
        let split = SplitId(self.context.splits.find(&name.text)?);
        let parts = arms.iter().map(|arm| arm.share.span.to(arm.name.span)).collect();
        let kind = StepKind::Split { split, slot, arms: typed_arms };
        Some(Step { id, draws: vec![(split, slot)], parts, kind })
    }

    fn repeat(&mut self, times: &'t tree::Number, body: &'t Block, span: Span, flow: &mut Flow<'t>) -> Step {
        let id = self.names.derived("repeat", span, self.sink);
        let counter = self.slots.hidden(&format!("repeat {}", self.names.name(id)));
        let passes = literal::count(times, 1, ("a repeat", "repeat "), self.sink).unwrap_or(1);
        let around = self.passes;
        self.passes = around.saturating_mul(passes);
        if self.passes > REPEAT_MAX && around <= REPEAT_MAX {
            let inside =
                if around > 1 { format!(" ({around} × {passes}, one inside another)") } else { String::new() };
            let inside_ja =
                if around > 1 { format!(" (入れ子で {around} × {passes} 回)") } else { String::new() };
            self.sink.report(
                Diagnostic::new(
                    Code::E0104,
                    times.span,
                    format!("more than {REPEAT_MAX} passes{inside}"),
                    format!("繰り返しは合わせて {REPEAT_MAX} 回までです{inside_ja}"),
                )
                .help(
                    "nobody should live through so many: repeat less often",
                    "一人にこれほど繰り返す必要はない。回数を減らす",
                ),
            );
        }
        // The second pass begins after whatever the first one let happen.
        if let Some(pause) = first_change(&body.steps) {
            flow.suspend(pause);
        }
        let body = self.block(body, flow);
        self.passes = around;
        Step { id, draws: Vec::new(), parts: vec![times.span], kind: StepKind::Repeat { counter, times: passes, body } }
    }

    fn set(&mut self, field: &'t Name, value: Option<&'t tree::Expr>, span: Span, flow: &mut Flow<'t>) -> Option<Step> {
        let id = self.names.derived("set", span, self.sink);
        let mut exprs = self.exprs(flow);
        let (field_id, ty) = exprs.profile_field_id(field)?;
        let place = Expr::Profile(field_id);
        let Some(value) = value else {
            flow.forget(&place);
            if ty.as_ref().is_some_and(|ty| !matches!(ty, Type::Optional(_))) {
                self.sink.report(not_missing(&self.context, field));
            }
            return Some(plain(id, Op::Set { field: field_id, value: Expr::Const(Value::Missing) }));
        };
        let typed = exprs.infer(value, ty.as_ref());
        let present = typed.ty.as_ref().is_some_and(|ty| !matches!(ty, Type::Optional(_)));
        let value_expr = match &ty {
            Some(wanted) => exprs.fitted(typed, wanted, value.span),
            None => typed.expr,
        };
        flow.forget(&place);
        if present {
            flow.learn(vec![place], span);
        }
        Some(plain(id, Op::Set { field: field_id, value: value_expr }))
    }

    fn let_value(&mut self, name: &'t Name, value: &'t tree::Expr, span: Span, flow: &mut Flow<'t>) -> Step {
        let id = self.names.derived("let", span, self.sink);
        let (typed, draws) = self.drawing(flow, |exprs| {
            if let Some(draws) = &mut exprs.draws {
                draws.here = true;
            }
            exprs.infer(value, None)
        });
        let slot = self.bind_value(name, typed.ty, flow);
        Step { id, draws, parts: Vec::new(), kind: StepKind::Plain(Op::Let { slot, value: typed.expr }) }
    }

    /// A name for a captured value; E0106 when it stands for something here already.
    pub fn bind_value(&mut self, name: &'t Name, ty: Option<Type>, flow: &mut Flow<'t>) -> SlotId {
        let slot = self.slots.named(&name.text, ty.as_ref().unwrap_or(&Type::Text));
        self.bind(name, Bound::Slot(slot, ty), flow);
        slot
    }

    pub fn bind(&mut self, name: &'t Name, bound: Bound, flow: &mut Flow<'t>) {
        if let Some(var) = flow.var(&name.text)
            && !var.replaceable
            && !flow.stopped
        {
            self.sink.report(duplicate(("name", "名前"), &name.text, name.span, var.span));
        }
        flow.assign(&name.text, bound, name.span);
    }

    /// The handle of a name: one for all sends that share it.
    pub fn handle(&mut self, name: &str) -> HandleId {
        let index = self.handles.iter().position(|h| h.name == name).unwrap_or_else(|| {
            self.handles.push(HandleDef { name: name.to_owned() });
            self.handles.len() - 1
        });
        HandleId(u16::try_from(index).unwrap_or(u16::MAX))
    }

    /// The step's own name: given by `as`, or derived.
    pub fn step_name(&mut self, kind: &'static str, name: Option<&Name>, span: Span) -> StepId {
        match name {
            Some(name) => self.names.named(kind, name, span, self.sink),
            None => self.names.derived(kind, span, self.sink),
        }
    }
}

pub fn plain(id: StepId, op: Op) -> Step {
    Step { id, draws: Vec::new(), parts: Vec::new(), kind: StepKind::Plain(op) }
}

/// The values a case is chosen by.
fn case_values(case: &tree::Case) -> Span {
    match (case.values.first(), case.values.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => case.span,
    }
}

fn not_missing(context: &Context<'_, '_>, field: &Name) -> Diagnostic {
    let name = &field.text;
    let declared = context.world.profile.fields.iter().find(|f| f.name == *name);
    let diagnostic = Diagnostic::new(
        Code::E0403,
        field.span,
        format!("`profile.{name}` cannot be missing"),
        format!("`profile.{name}` は欠けることができません"),
    )
    .help("give it a value, or declare it optional with `?`", "値を入れるか、宣言に `?` を付けてください");
    match declared {
        Some(declared) => diagnostic.other(declared.span, "declared without `?` here", "`?` のない宣言"),
        None => diagnostic,
    }
}

/// The first step by which the person may be otherwise: time passes, or the profile is written.
fn first_change(steps: &[tree::Step]) -> Option<Span> {
    steps.iter().find_map(|step| match &step.kind {
        tree::StepKind::Wait { .. }
        | tree::StepKind::WaitUntil { .. }
        | tree::StepKind::WaitFor { .. }
        | tree::StepKind::Send(_)
        | tree::StepKind::Do { .. }
        | tree::StepKind::Set { .. } => Some(step.span),
        tree::StepKind::If { branches, otherwise } => {
            let inside = branches.iter().find_map(|(_, block)| first_change(&block.steps));
            inside.or_else(|| first_change(&otherwise.as_ref()?.steps))
        }
        tree::StepKind::Choose { cases, otherwise, .. } => {
            let inside = cases.iter().find_map(|case| first_change(&case.body.steps));
            inside.or_else(|| first_change(&otherwise.as_ref()?.steps))
        }
        tree::StepKind::Split { arms, .. } => arms.iter().find_map(|arm| first_change(&arm.then.steps)),
        tree::StepKind::Repeat { body, .. } => first_change(&body.steps),
        tree::StepKind::Tag(_)
        | tree::StepKind::Untag(_)
        | tree::StepKind::Let { .. }
        | tree::StepKind::Stop { .. }
        | tree::StepKind::Error => None,
    })
}
