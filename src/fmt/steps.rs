//! Steps and their blocks.
//!
//! A block of one plain step stands on its line where it fits; `otherwise` begins a line of its own.

use super::flat::flat_time;
use super::journeys::on_segment;
use super::printer::{Printer, width};
use crate::syntax::tree::{Block, Expr, Name, RecordLit, Send, Step, StepKind, Until, WaitArm, WaitOn};

impl Printer<'_> {
    pub(super) fn step(&mut self, step: &Step) {
        match &step.kind {
            StepKind::Wait { duration, name } => {
                self.put("wait ");
                self.expr(duration, 0);
                self.bind(name.as_ref());
            }
            StepKind::WaitUntil { until, name } => {
                self.until(until);
                self.bind(name.as_ref());
            }
            StepKind::WaitFor { up_to, arms, race, otherwise, name } => {
                self.put("wait");
                if let Some(up_to) = up_to {
                    self.put(" up to ");
                    self.expr(up_to, 0);
                }
                self.bind(name.as_ref());
                self.put(" for ");
                self.arms(arms, *race, otherwise.as_ref(), step);
                self.otherwise(otherwise.as_ref());
            }
            StepKind::Send(Send { otherwise, .. }) | StepKind::Do { otherwise, .. } => {
                self.outward(step);
                self.otherwise(otherwise.as_ref());
            }
            StepKind::If { branches, otherwise } => self.if_step(branches, otherwise.as_ref()),
            StepKind::Choose { subject, cases, otherwise } => {
                self.put("choose ");
                self.expr(subject, 2);
                self.put(" {");
                self.end_line();
                self.indent();
                for case in cases {
                    self.before(case.span.start);
                    let values: Vec<String> = case.values.iter().map(|v| self.flat(v)).collect();
                    self.put(&values.join(", "));
                    self.reach(case.values.last().map_or(case.span.start, |v| v.span.end));
                    self.block(&case.body, true);
                    self.end_line();
                }
                if let Some(block) = otherwise {
                    self.before(block.span.start);
                    self.put("else");
                    self.block(block, true);
                    self.end_line();
                }
                self.close(step.span.end, "}");
            }
            StepKind::Split { name, per_run, arms } => {
                self.put(&format!("split {}{} {{", name.text, if per_run.is_some() { " per run" } else { "" }));
                self.reach(per_run.map_or(name.span.end, |p| p.end));
                self.lines_of(
                    arms,
                    step.span.end,
                    |a| a.span,
                    |printer, arm| {
                        let share = printer.percent(arm.share.span);
                        printer.put(&format!("{share}% {}", arm.name.text));
                        printer.reach(arm.name.span.end);
                        printer.block(&arm.then, true);
                    },
                );
            }
            StepKind::Repeat { times, body } => {
                let times = self.slice(times.span);
                self.put(&format!("repeat up to {times} times"));
                self.block(body, true);
            }
            StepKind::Tag(_) | StepKind::Untag(_) | StepKind::Stop { .. } | StepKind::Error => {
                let text = self.flat_step(step).unwrap_or_else(|| self.slice(step.span).to_string());
                self.put(&text);
            }
            StepKind::Set { field, value } => {
                self.put(&format!("set profile.{} = ", field.text));
                self.reach(field.span.end);
                match value {
                    Some(value) => self.expr(value, 0),
                    None => self.put("missing"),
                }
            }
            StepKind::Let { name, value } => {
                self.put(&format!("let {} = ", name.text));
                self.reach(name.span.end);
                self.expr(value, 0);
            }
        }
        self.reach(step.span.end);
    }

    /// A `send` or `do` without its `otherwise`.
    fn outward(&mut self, step: &Step) {
        let (with, bind) = match &step.kind {
            StepKind::Send(send) => {
                self.put(&format!("send {} {}", send.channel.text, send.message.text));
                self.reach(send.message.span.end);
                (&send.with, &send.bind)
            }
            StepKind::Do { action, with, bind, .. } => {
                self.put("do ");
                self.put_name(action);
                (with, bind)
            }
            _ => return self.step(step),
        };
        let before = match &step.kind {
            StepKind::Send(send) => send.before.as_ref(),
            _ => None,
        };
        let bound = bind.as_ref().map_or(0, |b| " as ".len() + width(&b.text));
        let tail = before.map_or(0, |b| " before ".len() + width(&self.flat(b))) + bound;
        if let Some(record) = with {
            self.put(" with ");
            self.record(record, tail);
        }
        if let Some(before) = before {
            self.put(" before ");
            self.expr(before, bound);
        }
        self.bind(bind.as_ref());
    }

    /// A step that may share its line with the braces around it.
    fn flat_step(&self, step: &Step) -> Option<String> {
        let bind = |name: &Option<Name>| name.as_ref().map_or_else(String::new, |n| format!(" as {}", n.text));
        let with = |with: &Option<RecordLit>| {
            with.as_ref().map_or_else(String::new, |w| format!(" with {}", self.flat_record(w)))
        };
        Some(match &step.kind {
            StepKind::Wait { duration, name } => format!("wait {}{}", self.flat(duration), bind(name)),
            StepKind::Tag(tag) => format!("tag {}", self.slice(tag.span)),
            StepKind::Untag(tag) => format!("untag {}", self.slice(tag.span)),
            StepKind::Set { field, value } => {
                let value = value.as_ref().map_or_else(|| "missing".into(), |v| self.flat(v));
                format!("set profile.{} = {value}", field.text)
            }
            StepKind::Let { name, value } => format!("let {} = {}", name.text, self.flat(value)),
            StepKind::Stop { because: None } => "stop".into(),
            StepKind::Stop { because: Some(reason) } => format!("stop because {}", self.slice(reason.span)),
            StepKind::Send(send) if send.otherwise.is_none() => {
                let before = send.before.as_ref().map_or_else(String::new, |b| format!(" before {}", self.flat(b)));
                let with = with(&send.with);
                format!("send {} {}{with}{before}{}", send.channel.text, send.message.text, bind(&send.bind))
            }
            StepKind::Do { action, with: record, bind: name, otherwise: None } => {
                format!("do {}{}{}", action.text, with(record), bind(name))
            }
            StepKind::Send(_)
            | StepKind::Do { .. }
            | StepKind::WaitUntil { .. }
            | StepKind::WaitFor { .. }
            | StepKind::If { .. }
            | StepKind::Choose { .. }
            | StepKind::Split { .. }
            | StepKind::Repeat { .. }
            | StepKind::Error => return None,
        })
    }

    fn bind(&mut self, name: Option<&Name>) {
        if let Some(name) = name {
            self.put(&format!(" as {}", name.text));
            self.reach(name.span.end);
        }
    }

    fn until(&mut self, until: &Until) {
        self.put("wait until ");
        match until {
            Until::Time(time) => self.put(&flat_time(*time)),
            Until::Tomorrow(time) => self.put(&format!("tomorrow {}", flat_time(*time))),
            Until::Weekday(day, time) => self.put(&format!("{} {}", day.text, flat_time(*time))),
            Until::Moment { moment, at } => {
                self.expr(moment, 0);
                if let Some(at) = at {
                    self.put(&format!(" at {}", flat_time(*at)));
                }
            }
        }
    }

    // ---- blocks --------------------------------------------------------------------------------------------------

    /// ` { … }`: on this line when it is one plain step and may be, else on lines of its own.
    pub(super) fn block(&mut self, block: &Block, may_be_flat: bool) {
        let commented = self.has_comment(block.span);
        let flat = match block.steps.as_slice() {
            [] => Some(" {}".to_string()),
            [only] => self.flat_step(only).map(|step| format!(" {{ {step} }}")),
            _ => None,
        };
        if let Some(flat) =
            flat.filter(|flat| !commented && (may_be_flat || block.steps.is_empty()) && self.fits(flat, 0))
        {
            self.put(&flat);
            return self.reach(block.span.end);
        }
        self.put(" {");
        self.reach(block.span.start + 1);
        self.lines_of(&block.steps, block.span.end, |s| s.span, Self::step);
    }

    /// `otherwise` on a line of its own: a single plain step without braces, or a block.
    fn otherwise(&mut self, block: Option<&Block>) {
        let Some(block) = block else { return };
        self.next_line(block.span.start);
        self.hang();
        self.put("otherwise");
        match block.steps.as_slice() {
            [only] if self.goes_bare(only) && !self.has_comment_before(block, only) => {
                self.put(" ");
                self.outward(only);
                if let StepKind::Send(Send { otherwise, .. }) | StepKind::Do { otherwise, .. } = &only.kind {
                    // The next `otherwise` stands under this one.
                    self.unhang();
                    self.otherwise(otherwise.as_ref());
                    self.hang();
                }
            }
            _ => self.block(block, true),
        }
        self.unhang();
        self.reach(block.span.end);
    }

    /// Whether a step may follow `otherwise` without braces.
    fn goes_bare(&self, step: &Step) -> bool {
        match &step.kind {
            StepKind::Send(_)
            | StepKind::Do { .. }
            | StepKind::Tag(_)
            | StepKind::Untag(_)
            | StepKind::Set { .. }
            | StepKind::Let { .. }
            | StepKind::Stop { .. }
            | StepKind::Wait { .. }
            | StepKind::WaitUntil { .. } => true,
            StepKind::WaitFor { .. }
            | StepKind::If { .. }
            | StepKind::Choose { .. }
            | StepKind::Split { .. }
            | StepKind::Repeat { .. }
            | StepKind::Error => false,
        }
    }

    /// A comment between the brace and the step, or between the step and the closing brace, keeps the braces.
    fn has_comment_before(&self, block: &Block, only: &Step) -> bool {
        let before = crate::text::Span { end: only.span.start, ..block.span };
        let after = crate::text::Span { start: only.span.end, ..block.span };
        self.has_comment(before) || self.has_comment(after)
    }

    fn if_step(&mut self, branches: &[(Expr, Block)], otherwise: Option<&Block>) {
        let single = branches.len() == 1 && otherwise.is_none();
        for (index, (condition, body)) in branches.iter().enumerate() {
            self.put(if index == 0 { "if " } else { " else if " });
            self.expr(condition, 2);
            self.block(body, single);
        }
        if let Some(block) = otherwise {
            self.put(" else");
            self.block(block, false);
        }
    }

    fn arms(&mut self, arms: &[WaitArm], race: bool, otherwise: Option<&Block>, step: &Step) {
        if !race {
            for arm in arms {
                self.arm(arm);
            }
            return;
        }
        let end = match otherwise {
            Some(_) => self.brace_after(arms.last().map_or(step.span.start, |a| a.span.end)),
            None => step.span.end,
        };
        self.put("{");
        self.lines_of(arms, end, |a| a.span, Self::arm);
    }

    fn arm(&mut self, arm: &WaitArm) {
        match &arm.on {
            WaitOn::Event(event) => self.pattern(event, 2),
            WaitOn::Handle { handle, fact } => self.put(&format!("{}.{}", handle.text, fact.text)),
            WaitOn::Approval { by } => {
                let by = self.slice(by.span);
                self.put(&format!("approval by {by}"));
            }
            WaitOn::Segment { enters, segment } => self.put(&on_segment(*enters, segment)),
        }
        self.bind(arm.bind.as_ref());
        if let Some(body) = &arm.body {
            self.block(body, true);
        }
    }
}
