//! Journeys: header lines, start, exits, and the schedule words.
//!
//! Steps are read by `steps`; nothing here asks whether a header is complete.

use super::{Part, Walk, child, has};
use crate::syntax::grammar::Rule;
use crate::syntax::strange::Here;
use crate::syntax::tree::{
    Audience, ExitOn, Expr, ExprKind, Header, HeaderKind, JourneyDecl, JourneyLine, Name, ReentryRule, Schedule,
    ScheduleKind, Start, StartKind, Step, StepKind, Text,
};
use crate::text::Span;

impl Walk<'_> {
    pub(super) fn journey(&mut self, part: &Part<'_>, span: Span) -> JourneyDecl {
        let title = self.text_in(part);
        let mut lines = Vec::new();
        let mut end = span;
        let mut previous = None;
        let mut said = 0;
        for p in child(part, Rule::journey_block).into_iter().flat_map(|b| b.into_inner()) {
            match p.as_rule() {
                Rule::open_brace => {}
                Rule::close_brace => end = self.span(&p),
                Rule::line_rest => self.line_rest(previous.take(), &p, said, Rule::strict_line),
                Rule::junk_step => lines.push(self.strange_line(&p)),
                _ => {
                    said = self.found.len();
                    lines.push(self.journey_line(&p));
                    previous = Some(p);
                }
            }
        }
        JourneyDecl { name: self.name_in(part), title, lines, end, span }
    }

    pub(in crate::syntax) fn journey_line(&mut self, part: &Part<'_>) -> JourneyLine {
        let span = self.span(part);
        match part.as_rule() {
            Rule::start_segment | Rule::start_event | Rule::start_every | Rule::start_at => {
                JourneyLine::Start(Start { kind: self.start(part), span })
            }
            Rule::exit => {
                let on = match child(part, Rule::on_segment) {
                    Some(segment) => {
                        let (enters, segment) = self.on_segment(&segment);
                        ExitOn::Segment { enters, segment }
                    }
                    None => ExitOn::Event(self.pattern_in(part)),
                };
                JourneyLine::Exit { on, span }
            }
            Rule::only_if => JourneyLine::OnlyIf { condition: self.value_in(part), span },
            Rule::purpose
            | Rule::owner
            | Rule::about
            | Rule::under
            | Rule::goal
            | Rule::review
            | Rule::reentry
            | Rule::holdout
            | Rule::priority
            | Rule::promise
            | Rule::stage
            | Rule::allow => JourneyLine::Header(Header { kind: self.header(part), span }),
            _ => JourneyLine::Step(self.step(part)),
        }
    }

    /// A line of a journey that could not be read, or only after its first word was replaced.
    fn strange_line(&mut self, part: &Part<'_>) -> JourneyLine {
        match self.reread_line(part, Here::Journey, |walk, p| walk.journey_line(p)) {
            Some(line) => line,
            None => JourneyLine::Step(self.strange_step(part)),
        }
    }

    fn header(&mut self, part: &Part<'_>) -> HeaderKind {
        let text =
            |walk: &mut Self| walk.text_in(part).unwrap_or_else(|| Text { text: String::new(), span: walk.span(part) });
        match part.as_rule() {
            Rule::purpose => HeaderKind::Purpose(self.name_in(part)),
            Rule::owner => HeaderKind::Owner(text(self)),
            Rule::about => HeaderKind::About(text(self)),
            Rule::under => HeaderKind::Under(self.name_in(part)),
            Rule::goal => match self.duration_in(part) {
                Some(within) => {
                    let target = has(part, Rule::kw_target).then(|| self.share_in(part));
                    HeaderKind::Goal { event: self.pattern_in(part), within, target }
                }
                None => HeaderKind::Error,
            },
            Rule::review => match self.duration_in(part) {
                Some(every) => HeaderKind::Review { every, by: text(self) },
                None => HeaderKind::Error,
            },
            Rule::reentry => match self.duration_in(part) {
                Some(after) => HeaderKind::Reentry(ReentryRule::After(after)),
                None if has(part, Rule::kw_never) => HeaderKind::Reentry(ReentryRule::Never),
                None => HeaderKind::Reentry(ReentryRule::Always),
            },
            Rule::holdout => HeaderKind::Holdout { percent: self.share_in(part), name: self.name_in(part) },
            Rule::priority => HeaderKind::Priority(self.number_in(part)),
            Rule::promise => self.promise(part),
            Rule::stage => HeaderKind::Stage(self.name_in(part)),
            Rule::allow => HeaderKind::Allow(self.allow(part)),
            _ => HeaderKind::Error,
        }
    }

    fn promise(&mut self, part: &Part<'_>) -> HeaderKind {
        let duration = self.duration_in(part);
        match duration {
            Some(within) if has(part, Rule::kw_ends) => HeaderKind::PromiseEnds(within),
            per => HeaderKind::PromiseMessages { count: self.number_in(part), what: self.name_in(part), per },
        }
    }

    // ---- start ---------------------------------------------------------------------------------------------------

    fn start(&mut self, part: &Part<'_>) -> StartKind {
        match part.as_rule() {
            Rule::start_segment => {
                let Some(segment) = child(part, Rule::on_segment) else { return StartKind::Error };
                let (enters, segment) = self.on_segment(&segment);
                let including_members = child(part, Rule::including_members).map(|p| self.span(&p));
                StartKind::Segment { enters, segment, including_members }
            }
            Rule::start_event => self.start_event(part),
            Rule::start_every => {
                let audience = self.audience_in(part);
                match child(part, Rule::schedule).and_then(|s| self.schedule(&s)) {
                    Some(schedule) => StartKind::Every { schedule, audience },
                    None => StartKind::Error,
                }
            }
            Rule::start_at => StartKind::At { moment: self.value_in(part), audience: self.audience_in(part) },
            _ => StartKind::Error,
        }
    }

    fn start_event(&mut self, part: &Part<'_>) -> StartKind {
        let event = self.pattern_in(part);
        let (mut bind, mut per, mut settled, mut audience) = (None, None, None, None);
        let mut seen = Vec::new();
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::bind => bind = Some(self.name_in(&p)),
                Rule::per_key => per = Some(self.value_in(&p)),
                Rule::settled => settled = self.duration_in(&p),
                Rule::audience => audience = Some(self.audience(&p)),
                _ => continue,
            }
            self.once(&p, &mut seen);
        }
        StartKind::Event { event, bind, per, settled, audience }
    }

    fn audience_in(&mut self, part: &Part<'_>) -> Option<Audience> {
        let audience = child(part, Rule::audience)?;
        Some(self.audience(&audience))
    }

    fn audience(&mut self, part: &Part<'_>) -> Audience {
        let segment = child(part, Rule::name).map(|n| self.name(&n));
        let condition = child(part, Rule::filter).map(|f| self.filter(&f));
        Audience { segment, condition, span: self.span(part) }
    }

    fn schedule(&mut self, part: &Part<'_>) -> Option<Schedule> {
        let zone = child(part, Rule::zone).map(|z| self.name(&z));
        let kind = part.clone().into_inner().next()?;
        let kind = match kind.as_rule() {
            Rule::every_day => ScheduleKind::Day { at: self.time_in(&kind) },
            Rule::every_week => {
                let on: Vec<Name> = self.names_in(&kind).collect();
                for day in &on {
                    self.weekday(day);
                }
                ScheduleKind::Week { on, at: self.time_in(&kind) }
            }
            Rule::every_month => {
                let days: Vec<_> = kind.clone().into_inner().filter(|p| p.as_rule() == Rule::number).collect();
                let on = days.iter().map(|d| self.day_of_month(d)).collect();
                ScheduleKind::Month { on, at: self.time_in(&kind) }
            }
            Rule::every_cron => ScheduleKind::Cron(self.text_in(&kind)?),
            _ => return None,
        };
        Some(Schedule { kind, zone, span: self.span(part) })
    }

    fn day_of_month(&mut self, part: &Part<'_>) -> crate::syntax::tree::Number {
        let mut number = self.number(part);
        if !number.text.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day)) {
            let written = number.text.clone();
            self.impossible(number.span, &written, "days of a month go from 1 to 31", "日は 1 から 31 まで", None);
            number.text = if written.starts_with('0') { "1".into() } else { "31".into() };
        }
        number
    }

    /// `profile enters|leaves SEGMENT`
    pub(super) fn on_segment(&mut self, part: &Part<'_>) -> (bool, Name) {
        (has(part, Rule::kw_enters), self.name_in(part))
    }

    /// A step that could not be read: its block is kept, under a condition nobody knows.
    pub(super) fn strange_step(&mut self, part: &Part<'_>) -> Step {
        let span = self.span(part);
        match child(part, Rule::block) {
            Some(block) => {
                let condition = Expr { kind: Box::new(ExprKind::Error), span };
                let body = self.block(&block);
                Step { kind: StepKind::If { branches: vec![(condition, body)], otherwise: None }, span }
            }
            None => Step { kind: StepKind::Error, span },
        }
    }
}
