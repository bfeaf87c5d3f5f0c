//! Waits: for a time, until a moment, or for something to happen.
//!
//! Every wait is a suspension: live checks end here.

use super::flow::{Bound, Flow};
use super::literal;
use super::start::learn_bound;
use super::steps::Walk;
use super::typed::{Step, StepKind};
use crate::diag::{Code, Diagnostic};
use crate::ir::{ArmOn, Expr, Type, Until};
use crate::syntax::tree::{self, Block, Name, WaitArm, WaitOn};
use crate::text::Span;
use crate::value::Value;

/// `wait up to D for …`
pub struct WaitFor<'t> {
    pub up_to: Option<&'t tree::Expr>,
    pub arms: &'t [WaitArm],
    pub otherwise: Option<&'t Block>,
}

impl<'t> Walk<'_, 't> {
    pub fn wait(
        &mut self,
        duration: &'t tree::Expr,
        name: Option<&'t Name>,
        span: Span,
        flow: &mut Flow<'t>,
    ) -> Option<Step> {
        let id = self.step_name("wait", name, span);
        let length = duration.span;
        let duration = self.duration(duration, flow);
        flow.suspend_for(span, Some(length));
        Some(Step { id, draws: Vec::new(), parts: vec![length], kind: StepKind::Wait(Until::After(duration?)) })
    }

    /// A span or a period that lasts.
    fn duration(&mut self, e: &'t tree::Expr, flow: &mut Flow<'t>) -> Option<Expr> {
        let mut exprs = self.exprs(flow);
        let typed = exprs.infer(e, None);
        let typed = exprs.present(typed, e.span);
        match &typed.ty {
            None => None,
            Some(Type::Span | Type::Period) => {
                if lasts_nothing(&typed.expr) {
                    self.sink.report(Diagnostic::new(
                        Code::E0104,
                        e.span,
                        "a wait that lasts no time",
                        "長さのない待ち",
                    ));
                }
                Some(typed.expr)
            }
            Some(other) => {
                let name = exprs.world.type_name(other);
                let diagnostic = Diagnostic::new(
                    super::fit::mismatch_code(other, &Type::Span),
                    e.span,
                    format!("a wait takes a duration, found `{name}`"),
                    format!("待つ長さが必要ですが、`{name}` です"),
                );
                self.sink.report(match other {
                    Type::Instant | Type::Date | Type::Time => diagnostic
                        .help("write `wait until` for a moment", "時点まで待つには `wait until` と書いてください"),
                    _ => diagnostic.help("write `3d`, `24h` or `30m`", "`3d`、`24h`、`30m` のように書いてください"),
                });
                None
            }
        }
    }

    pub fn wait_until(
        &mut self,
        until: &'t tree::Until,
        name: Option<&'t Name>,
        span: Span,
        flow: &mut Flow<'t>,
    ) -> Option<Step> {
        let id = self.step_name("wait", name, span);
        let until = match until {
            tree::Until::Time(time) => Some(Until::Time(literal::time(time))),
            tree::Until::Tomorrow(time) => Some(Until::Tomorrow(literal::time(time))),
            tree::Until::Weekday(day, time) => {
                literal::weekday(day, self.sink).map(|day| Until::Weekday(day, literal::time(time)))
            }
            tree::Until::Moment { moment, at } => self.moment(moment, at.as_ref(), flow),
        };
        flow.suspend(span);
        Some(Step { id, draws: Vec::new(), parts: vec![span], kind: StepKind::Wait(until?) })
    }

    fn moment(&mut self, moment: &'t tree::Expr, at: Option<&tree::TimeOfDay>, flow: &mut Flow<'t>) -> Option<Until> {
        let mut exprs = self.exprs(flow);
        let typed = exprs.infer(moment, None);
        let typed = exprs.present(typed, moment.span);
        let at = at.map(literal::time);
        let ty = typed.ty?;
        let diagnostic = match (&ty, at) {
            (Type::Instant, _) | (Type::Date, Some(_)) => return Some(Until::Moment { moment: typed.expr, at }),
            (Type::Date, None) => Diagnostic::new(
                Code::E0422,
                moment.span,
                "a date has no time to wait until",
                "日付だけでは、いつまで待つのかわかりません",
            )
            .help("add the time: `at 09:00`", "時刻を加えてください: `at 09:00`"),
            (other, _) => {
                let name = exprs.world.type_name(other);
                let diagnostic = Diagnostic::new(
                    super::fit::mismatch_code(other, &Type::Instant),
                    moment.span,
                    format!("`wait until` takes a moment, found `{name}`"),
                    format!("`wait until` には時点が必要ですが、`{name}` です"),
                );
                match other {
                    Type::Span | Type::Period => {
                        diagnostic.help("write `wait` for a duration", "長さだけ待つには `wait` と書いてください")
                    }
                    _ => diagnostic,
                }
            }
        };
        self.sink.report(diagnostic);
        None
    }

    pub fn wait_for(&mut self, wait: WaitFor<'t>, name: Option<&'t Name>, span: Span, flow: &mut Flow<'t>) -> Step {
        // A lone arm's result names the step, as everywhere.
        let lone = match wait.arms {
            [arm] => arm.bind.as_ref(),
            _ => None,
        };
        let id = self.step_name("wait", name.or(lone), span);
        let up_to = match wait.up_to {
            Some(e) => self.duration(e, flow),
            None => {
                self.sink.report(Diagnostic::new(Code::E0404, span, "a wait without an end", "終わりのない待ち").help(
                    "say how long at most: `wait up to 3d for …`",
                    "長さの上限を書いてください: `wait up to 3d for …`",
                ));
                None
            }
        };
        // What the arms ask is asked before time passes; what follows them comes after.
        let mut waking: Vec<(ArmOn, Flow<'t>, &'t WaitArm)> = Vec::with_capacity(wait.arms.len());
        for arm in wait.arms {
            let mut inside = flow.clone();
            inside.suspend_for(span, wait.up_to.map(|e| e.span));
            if let Some(on) = self.arm(arm, flow, &mut inside) {
                waking.push((on, inside, arm));
            }
        }
        flow.suspend_for(span, wait.up_to.map(|e| e.span));
        let mut arms = Vec::with_capacity(waking.len());
        let parts = waking.iter().map(|(_, _, arm)| arm.span).collect();
        let mut ends = Vec::with_capacity(waking.len() + 1);
        for (on, mut inside, arm) in waking {
            let steps = arm.body.as_ref().map(|body| self.block(body, &mut inside)).unwrap_or_default();
            ends.push((inside, arm.body.as_ref().map_or(arm.span, |body| body.span)));
            arms.push((on, steps));
        }
        let otherwise = wait.otherwise.map(|block| self.block(block, flow)).unwrap_or_default();
        let late = std::mem::replace(flow, Flow::new());
        ends.push((late, wait.otherwise.map_or(span, |block| block.span)));
        *flow = Flow::join(ends);
        Step { id, draws: Vec::new(), parts, kind: StepKind::Await { arms, up_to, otherwise } }
    }

    /// What an arm waits for. Its filter is read in `before`; what it binds is known in `inside`.
    fn arm(&mut self, arm: &'t WaitArm, before: &mut Flow<'t>, inside: &mut Flow<'t>) -> Option<ArmOn> {
        if let Some(bind) = &arm.bind
            && !matches!(arm.on, WaitOn::Event(_))
        {
            self.sink.report(
                Diagnostic::new(
                    Code::E0404,
                    bind.span,
                    format!("there is no event here to call `{}`", bind.text),
                    format!("`{}` と呼べるイベントがありません", bind.text),
                )
                .help("only an event can be bound with `as`", "`as` で名付けられるのはイベントだけです"),
            );
        }
        match &arm.on {
            WaitOn::Event(pattern) => {
                let mut exprs = self.exprs(before);
                let event = exprs.personal_event(&pattern.event)?;
                let filter = exprs.filter(event, pattern);
                let bind = arm.bind.as_ref().map(|name| {
                    let slot = self.slots.named(&name.text, &Type::Event(event));
                    self.bind(name, Bound::Slot(slot, Some(Type::Event(event))), inside);
                    learn_bound(inside, filter.as_ref(), slot, pattern.span);
                    slot
                });
                Some(ArmOn::Event { event, filter, bind })
            }
            WaitOn::Handle { handle, fact } => {
                let (handle, fact) = self.exprs(before).handle_fact(&handle.text, handle.span, fact)?;
                Some(ArmOn::Handle { handle, fact })
            }
            WaitOn::Approval { by } => Some(ArmOn::Approval { by: by.text.clone() }),
            WaitOn::Segment { enters, segment } => {
                let segment = self.exprs(before).segment(&segment.text, segment.span)?;
                Some(ArmOn::Segment { segment, enters: *enters })
            }
        }
    }
}

fn lasts_nothing(duration: &Expr) -> bool {
    match duration {
        Expr::Const(Value::Span(span)) => span.0 <= 0,
        Expr::Const(Value::Period(period)) => period.longest().0 <= 0,
        _ => false,
    }
}
