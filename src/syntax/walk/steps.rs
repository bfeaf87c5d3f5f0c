//! Steps and the blocks that hold them.
//!
//! Whether a step makes sense where it stands is the checker's business.

use super::{Part, Walk, child, has};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::syntax::grammar::Rule;
use crate::syntax::strange::Here;
use crate::syntax::tree::{
    Block, Case, Expr, ExprKind, Name, Number, Send, SplitArm, Step, StepKind, Until, WaitArm, WaitOn,
};
use crate::text::Span;

const WEEKDAYS: &[&str] = &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Longest chain of `otherwise send … otherwise send …`: each is nested in the one before.
const CHAIN_MAX: usize = 32;

impl Walk<'_> {
    pub(super) fn block(&mut self, part: &Part<'_>) -> Block {
        let mut steps = Vec::new();
        let mut previous = None;
        let mut said = 0;
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::open_brace | Rule::close_brace => {}
                Rule::line_rest => self.line_rest(previous.take(), &p, said, Rule::strict_step),
                Rule::junk_step => {
                    let step = self.reread_line(&p, Here::Block, |walk, p| walk.step(p));
                    let step = step.unwrap_or_else(|| self.strange_step(&p));
                    steps.push(step);
                }
                _ => {
                    said = self.found.len();
                    steps.push(self.step(&p));
                    previous = Some(p);
                }
            }
        }
        Block { steps, span: self.span(part) }
    }

    fn block_in(&mut self, part: &Part<'_>) -> Option<Block> {
        let block = child(part, Rule::block)?;
        Some(self.block(&block))
    }

    fn block_or_empty(&mut self, part: &Part<'_>) -> Block {
        self.block_in(part).unwrap_or_else(|| Block { steps: Vec::new(), span: self.span(part) })
    }

    pub(in crate::syntax) fn step(&mut self, part: &Part<'_>) -> Step {
        let span = self.span(part);
        self.bad_head(part);
        let bind = child(part, Rule::bind).map(|b| self.name_in(&b));
        let kind = match part.as_rule() {
            Rule::chain => return self.chain(part, span),
            Rule::wait_plain => StepKind::Wait { duration: self.value_in(part), name: bind },
            Rule::wait_until => match self.until(part) {
                Some(until) => StepKind::WaitUntil { until, name: bind },
                None => StepKind::Error,
            },
            Rule::wait_for => self.wait_for(part, bind),
            Rule::wait_bad => {
                let condition = Expr { kind: Box::new(ExprKind::Error), span };
                let body = self.block_or_empty(part);
                StepKind::If {
                    branches: vec![(condition, body)],
                    otherwise: self.otherwise_in(part, Rule::wait_otherwise),
                }
            }
            Rule::if_step => self.if_step(part),
            Rule::choose => self.choose(part),
            Rule::split_step => self.split_step(part),
            Rule::repeat => {
                let times = child(part, Rule::number).map(|n| self.number(&n));
                let times = times.unwrap_or(Number { text: "1".into(), span });
                StepKind::Repeat { times, body: self.block_or_empty(part) }
            }
            Rule::tag_step => self.text_in(part).map_or(StepKind::Error, StepKind::Tag),
            Rule::untag_step => self.text_in(part).map_or(StepKind::Error, StepKind::Untag),
            Rule::set_step => {
                let (field, value) = self.set(part);
                StepKind::Set { field, value }
            }
            Rule::let_step => StepKind::Let { name: self.name_in(part), value: self.value_in(part) },
            Rule::stop_step => StepKind::Stop { because: self.text_in(part) },
            _ => StepKind::Error,
        };
        Step { kind, span }
    }

    /// `set profile.f = EXPR|missing`; `None` is `missing`.
    pub(super) fn set(&mut self, part: &Part<'_>) -> (Name, Option<Expr>) {
        let field = self.name_in(part);
        let value = (!has(part, Rule::missing)).then(|| self.value_in(part));
        (field, value)
    }

    // ---- send and do ---------------------------------------------------------------------------------------------

    /// `send … otherwise send … otherwise { … }`: each link is the only step of the `otherwise` before it.
    fn chain(&mut self, part: &Part<'_>, span: Span) -> Step {
        let mut links: Vec<_> = Vec::new();
        let mut last = None;
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::send_step | Rule::do_step => links.push(p),
                Rule::otherwise => last = self.otherwise(&p),
                _ => {}
            }
        }
        if let Some(far) = links.get(CHAIN_MAX) {
            let at = self.span(far);
            self.say(Diagnostic::new(
                Code::E0107,
                at,
                "too many `otherwise` in a row",
                "`otherwise` が続きすぎています",
            ));
            links.truncate(CHAIN_MAX);
        }
        let mut step: Option<Step> = None;
        for link in links.iter().rev() {
            let at = Span { end: span.end, ..self.span(link) };
            let otherwise = match step.take() {
                Some(next) => Some(Block { span: next.span, steps: vec![next] }),
                None => last.take(),
            };
            step = Some(Step { kind: self.link(link, otherwise), span: at });
        }
        step.unwrap_or(Step { kind: StepKind::Error, span })
    }

    fn link(&mut self, part: &Part<'_>, otherwise: Option<Block>) -> StepKind {
        let (mut with, mut before, mut bind) = (None, None, None);
        let mut seen = Vec::new();
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::with => with = self.with(&p),
                Rule::before => before = Some(self.value_in(&p)),
                Rule::bind => bind = Some(self.name_in(&p)),
                _ => continue,
            }
            self.once(&p, &mut seen);
        }
        let mut names = self.names_in(part).collect::<Vec<_>>().into_iter();
        let mut name = || names.next().unwrap_or(Name { text: String::new(), span: Span::default() });
        match part.as_rule() {
            Rule::do_step => StepKind::Do { action: name(), with, bind, otherwise },
            _ => StepKind::Send(Send { channel: name(), message: name(), with, before, bind, otherwise }),
        }
    }

    pub(super) fn with(&mut self, part: &Part<'_>) -> Option<crate::syntax::tree::RecordLit> {
        if let Some(gap) = child(part, Rule::compat_no_with) {
            let at = gap.as_span().start();
            let span = self.places.span(at, at + 1);
            self.say(
                Diagnostic::new(Code::E0101, span, "`with` is missing before `{`", "`{` の前に `with` がありません")
                    .help("write `with { … }`", "`with { … }` と書く")
                    .fix(self.places.span(at, at), "with "),
            );
        }
        self.record_in(part)
    }

    fn otherwise_in(&mut self, part: &Part<'_>, rule: Rule) -> Option<Block> {
        let otherwise = child(part, rule)?;
        self.otherwise(&otherwise)
    }

    /// What stands behind `otherwise`: a block, or one step as a block.
    fn otherwise(&mut self, part: &Part<'_>) -> Option<Block> {
        let mut result = None;
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::kw_otherwise => {}
                Rule::compat_else => {
                    let span = self.span(&p);
                    self.say(
                        Diagnostic::new(Code::E0101, span, "`else` belongs to `if`", "`else` は `if` のもの")
                            .help(
                                "here write `otherwise`: the line above did not happen",
                                "ここでは `otherwise`（上の行が起きなかったとき）と書く",
                            )
                            .fix(span, "otherwise"),
                    );
                }
                Rule::block => result = Some(self.block(&p)),
                Rule::bad_otherwise => {
                    let at = p.as_span().start();
                    let span = self.places.span(at, at + p.as_str().trim_end().len());
                    self.say(
                        Diagnostic::new(
                            Code::E0101,
                            span,
                            "`otherwise` needs a block or one step",
                            "`otherwise` の後にはブロックか一つのステップが必要です",
                        )
                        .help(
                            "write `otherwise { … }`, or one `send`, `do`, `stop` … behind it",
                            "`otherwise { … }` か、`send`・`do`・`stop` などを一つ続ける",
                        ),
                    );
                }
                _ => {
                    let step = self.step(&p);
                    let span = step.span;
                    result = Some(Block { steps: vec![step], span });
                }
            }
        }
        result
    }

    // ---- wait ----------------------------------------------------------------------------------------------------

    fn until(&mut self, part: &Part<'_>) -> Option<Until> {
        let until = part.clone().into_inner().find(|p| !matches!(p.as_rule(), Rule::kw_wait | Rule::kw_until))?;
        Some(match until.as_rule() {
            Rule::until_time => Until::Time(self.time_in(&until)),
            Rule::until_tomorrow => Until::Tomorrow(self.time_in(&until)),
            Rule::until_weekday => {
                let name = self.name_in(&until);
                let time = self.time_in(&until);
                if name.text == "today" || !has(&until, Rule::kw_at) || WEEKDAYS.contains(&name.text.as_str()) {
                    self.weekday(&name);
                    Until::Weekday(name, time)
                } else {
                    let moment = Expr { kind: Box::new(ExprKind::Name(name.text)), span: name.span };
                    Until::Moment { moment, at: Some(time) }
                }
            }
            Rule::until_moment => {
                let at = child(&until, Rule::time).map(|t| self.time(&t));
                Until::Moment { moment: self.value_in(&until), at }
            }
            _ => return None,
        })
    }

    /// Says when a name is not a day of the week.
    pub(super) fn weekday(&mut self, day: &Name) {
        if WEEKDAYS.contains(&day.text.as_str()) {
            return;
        }
        let headline = format!("`{}` is not a day of the week", day.text);
        let mut diagnostic =
            Diagnostic::new(Code::E0104, day.span, headline, format!("`{}` という曜日はありません", day.text));
        diagnostic = match did_you_mean(&day.text, WEEKDAYS.iter().copied()) {
            Some(near) => {
                diagnostic.help(format!("did you mean `{near}`?"), format!("`{near}` のことですか")).fix(day.span, near)
            }
            None => diagnostic.help("write `monday` … `sunday`", "`monday` から `sunday` で書く"),
        };
        self.say(diagnostic);
    }

    fn wait_for(&mut self, part: &Part<'_>, name: Option<Name>) -> StepKind {
        let up_to = child(part, Rule::up_to).map(|u| self.value_in(&u));
        let otherwise = self.otherwise_in(part, Rule::wait_otherwise);
        if let Some(arm) = child(part, Rule::wait_arm) {
            let arms = self.wait_arm(&arm).into_iter().collect();
            return StepKind::WaitFor { up_to, arms, race: false, otherwise, name };
        }
        let mut arms = Vec::new();
        for p in child(part, Rule::race).into_iter().flat_map(|r| r.into_inner()) {
            match p.as_rule() {
                Rule::race_arm => arms.extend(self.wait_arm(&p)),
                Rule::junk_case => self.junk_case(&p),
                _ => {}
            }
        }
        StepKind::WaitFor { up_to, arms, race: true, otherwise, name }
    }

    fn wait_arm(&mut self, part: &Part<'_>) -> Option<WaitArm> {
        let on = part.clone().into_inner().next()?;
        let on = match on.as_rule() {
            Rule::approval => WaitOn::Approval { by: self.text_in(&on)? },
            Rule::on_segment => {
                let (enters, segment) = self.on_segment(&on);
                WaitOn::Segment { enters, segment }
            }
            Rule::on_handle => {
                let mut names = self.names_in(&on);
                let (handle, fact) = (names.next()?, names.next()?);
                WaitOn::Handle { handle, fact }
            }
            _ => WaitOn::Event(self.pattern(&on)),
        };
        let bind = child(part, Rule::bind).map(|b| self.name_in(&b));
        Some(WaitArm { on, bind, body: self.block_in(part), span: self.span(part) })
    }

    // ---- branches ------------------------------------------------------------------------------------------------

    fn condition(&mut self, part: &Part<'_>) -> Expr {
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::compat_then => self.superfluous(&p),
                Rule::compat_elseif => {
                    let span = self.span(&p);
                    self.slip(span, p.as_str(), "else if");
                }
                _ => {}
            }
        }
        self.value_in(part)
    }

    fn superfluous(&mut self, part: &Part<'_>) {
        let (span, written) = (self.span(part), part.as_str().trim_end());
        self.say(
            Diagnostic::new(Code::E0101, span, format!("`{written}` is not needed"), format!("`{written}` は不要です"))
                .help("leave it out", "取り除く")
                .fix(span, ""),
        );
    }

    fn if_step(&mut self, part: &Part<'_>) -> StepKind {
        let mut branches = vec![(self.condition(part), self.block_or_empty(part))];
        let mut otherwise = None;
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::else_if => branches.push((self.condition(&p), self.block_or_empty(&p))),
                Rule::else_part => otherwise = self.else_part(&p),
                _ => {}
            }
        }
        StepKind::If { branches, otherwise }
    }

    fn else_part(&mut self, part: &Part<'_>) -> Option<Block> {
        if let Some(word) = child(part, Rule::compat_otherwise) {
            let span = self.span(&word);
            self.say(
                Diagnostic::new(
                    Code::E0101,
                    span,
                    "`otherwise` belongs to `wait`, `send` and `do`",
                    "`otherwise` は `wait`・`send`・`do` のもの",
                )
                .help("here write `else`: the condition was false", "ここでは `else`（条件が偽のとき）と書く")
                .fix(span, "else"),
            );
        }
        self.block_in(part)
    }

    fn choose(&mut self, part: &Part<'_>) -> StepKind {
        let subject = self.condition(part);
        let (mut cases, mut otherwise) = (Vec::new(), None);
        for p in child(part, Rule::cases).into_iter().flat_map(|c| c.into_inner()) {
            match p.as_rule() {
                Rule::one_case => {
                    let values: Vec<_> = p.clone().into_inner().filter(|v| v.as_rule() == Rule::expr).collect();
                    if let Some(word) = child(&p, Rule::compat_case) {
                        self.superfluous(&word);
                    }
                    let values = values.iter().map(|v| self.expr(v)).collect();
                    cases.push(Case { values, body: self.block_or_empty(&p), span: self.span(&p) });
                }
                Rule::case_else => {
                    let mut seen = Vec::new();
                    if let Some(Block { span, .. }) = &otherwise {
                        seen.push((Rule::case_else, *span));
                    }
                    self.once(&p, &mut seen);
                    otherwise = self.else_part(&p);
                }
                Rule::junk_case => self.junk_case(&p),
                _ => {}
            }
        }
        StepKind::Choose { subject, cases, otherwise }
    }

    fn split_step(&mut self, part: &Part<'_>) -> StepKind {
        let per_run = child(part, Rule::per_run).map(|p| self.span(&p));
        let mut arms = Vec::new();
        for p in child(part, Rule::split_arms).into_iter().flat_map(|a| a.into_inner()) {
            match p.as_rule() {
                Rule::split_arm => {
                    if let Some(colon) = child(&p, Rule::compat_colon) {
                        self.superfluous(&colon);
                    }
                    let share = self.share_in(&p);
                    let then = self.block_or_empty(&p);
                    arms.push(SplitArm { share, name: self.name_in(&p), then, span: self.span(&p) });
                }
                Rule::junk_case => self.junk_case(&p),
                _ => {}
            }
        }
        StepKind::Split { name: self.name_in(part), per_run, arms }
    }

    /// An arm that could not be read: explained, and its block looked through for mistakes of its own.
    fn junk_case(&mut self, part: &Part<'_>) {
        let tail = if has(part, Rule::block) { "{}" } else { "" };
        match child(part, Rule::junk_head) {
            Some(head) => self.explain(&head, part.as_span().start(), tail, Rule::strict_case),
            None => self.explain(part, part.as_span().start(), tail, Rule::strict_case),
        }
        if let Some(block) = child(part, Rule::block) {
            self.block(&block);
        }
    }
}
