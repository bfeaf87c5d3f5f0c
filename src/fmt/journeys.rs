//! The lines of a journey that are not steps: header, start, exits.
//!
//! Steps are laid out by `steps`.

use super::flat::{flat_names, flat_time};
use super::printer::Printer;
use crate::syntax::tree::{
    Audience, ExitOn, Header, HeaderKind, JourneyLine, Name, ReentryRule, Schedule, ScheduleKind, Start, StartKind,
};
use crate::text::Span;

pub(super) fn line_span(line: &JourneyLine) -> Span {
    match line {
        JourneyLine::Header(header) => header.span,
        JourneyLine::Start(start) => start.span,
        JourneyLine::Exit { span, .. } | JourneyLine::OnlyIf { span, .. } => *span,
        JourneyLine::Step(step) => step.span,
    }
}

impl Printer<'_> {
    pub(super) fn journey_line(&mut self, line: &JourneyLine) {
        match line {
            JourneyLine::Header(header) => self.header(header),
            JourneyLine::Start(start) => self.start(start),
            JourneyLine::Exit { on, .. } => {
                self.put("exit when ");
                match on {
                    ExitOn::Event(event) => self.pattern(event, 0),
                    ExitOn::Segment { enters, segment } => self.put(&on_segment(*enters, segment)),
                }
            }
            JourneyLine::OnlyIf { condition, .. } => {
                self.put("only if ");
                self.expr(condition, 0);
            }
            JourneyLine::Step(step) => self.step(step),
        }
    }

    fn header(&mut self, header: &Header) {
        let text = match &header.kind {
            HeaderKind::Purpose(name) => format!("purpose {}", name.text),
            HeaderKind::Owner(text) => format!("owner {}", self.slice(text.span)),
            HeaderKind::About(text) => format!("about {}", self.slice(text.span)),
            HeaderKind::Under(name) => format!("under policy {}", name.text),
            HeaderKind::Goal { event, within, target } => {
                let target = target.as_ref().map_or_else(String::new, |t| format!(" target {}%", self.percent(t.span)));
                let tail = format!(" within {}{target}", self.flat_duration(within));
                self.put("goal ");
                self.pattern(event, tail.len());
                tail
            }
            HeaderKind::Review { every, by } => {
                format!("review every {} by {}", self.flat_duration(every), self.slice(by.span))
            }
            HeaderKind::Reentry(ReentryRule::Never) => "reentry never".into(),
            HeaderKind::Reentry(ReentryRule::Always) => "reentry always".into(),
            HeaderKind::Reentry(ReentryRule::After(after)) => format!("reentry after {}", self.flat_duration(after)),
            HeaderKind::Holdout { percent, name } => {
                format!("holdout {}% as {}", self.percent(percent.span), name.text)
            }
            HeaderKind::Priority(number) => format!("priority {}", self.slice(number.span)),
            HeaderKind::PromiseMessages { count, what, per } => {
                let per = per.as_ref().map_or_else(String::new, |p| format!(" per {}", self.flat_duration(p)));
                format!("promise at most {} {}{per}", self.slice(count.span), what.text)
            }
            HeaderKind::PromiseEnds(within) => format!("promise ends within {}", self.flat_duration(within)),
            HeaderKind::Stage(name) => format!("stage {}", name.text),
            HeaderKind::Allow(allow) => self.flat_allow(allow),
            HeaderKind::Error => self.slice(header.span).to_string(),
        };
        self.put(&text);
    }

    /// The number of a share, without its sign.
    pub(super) fn percent(&self, span: Span) -> String {
        self.slice(span).trim_end_matches(['%', ' ']).to_string()
    }

    fn start(&mut self, start: &Start) {
        match &start.kind {
            StartKind::Event { event, bind, per, settled, audience } => {
                self.put("start when ");
                let bound = bind.as_ref().map_or_else(String::new, |b| format!(" as {}", b.text));
                let mut options = Vec::new();
                if let Some(per) = per {
                    options.push((format!("per {}", self.flat(per)), per.span));
                }
                if let Some(settled) = settled {
                    options.push((format!("settled for {}", self.flat_duration(settled)), settled.span));
                }
                let mut tail: String = options.iter().map(|(text, _)| format!(" {text}")).collect();
                if let Some(audience) = audience {
                    tail = format!("{tail} {}", self.flat_audience(audience));
                }
                let flat = format!("{}{bound}{tail}", self.flat_pattern(event));
                if self.fits(&flat, 0) && !self.has_comment(start.span) {
                    return self.put(&flat);
                }
                self.pattern(event, bound.len());
                self.put(&bound);
                self.reach(bind.as_ref().map_or(event.span.end, |b| b.span.end));
                for (text, span) in options {
                    self.next_line(span.start);
                    self.put(&text);
                    self.reach(span.end);
                }
                if let Some(audience) = audience {
                    self.next_line(audience.span.start);
                    self.hang();
                    self.audience(audience);
                    self.unhang();
                }
            }
            StartKind::Segment { enters, segment, including_members } => {
                let including = if including_members.is_some() { " including members" } else { "" };
                self.put(&format!("start when {}{including}", on_segment(*enters, segment)));
            }
            StartKind::Every { schedule, audience } => {
                let schedule = self.flat_schedule(schedule);
                self.put(&format!("start every {schedule}"));
                self.scheduled_audience(audience.as_ref());
            }
            StartKind::At { moment, audience } => {
                self.put("start at ");
                self.expr(moment, 0);
                self.scheduled_audience(audience.as_ref());
            }
            StartKind::Error => {
                let text = self.slice(start.span);
                self.put(text);
            }
        }
    }

    fn scheduled_audience(&mut self, audience: Option<&Audience>) {
        if let Some(audience) = audience {
            self.put(" ");
            self.audience(audience);
        }
    }

    fn flat_audience(&self, audience: &Audience) -> String {
        let segment = audience.segment.as_ref().map_or_else(String::new, |s| format!(" in {}", s.text));
        let condition = audience.condition.as_ref().map_or_else(String::new, |c| format!(" ({})", self.flat(c)));
        format!("for everyone{segment}{condition}")
    }

    fn audience(&mut self, audience: &Audience) {
        self.put("for everyone");
        if let Some(segment) = &audience.segment {
            self.put(" in ");
            self.put_name(segment);
        }
        if let Some(condition) = &audience.condition {
            self.put(" ");
            self.parens(condition);
        }
    }

    fn flat_schedule(&self, schedule: &Schedule) -> String {
        let zone = schedule.zone.as_ref().map_or_else(String::new, |z| format!(" {}", z.text));
        let kind = match &schedule.kind {
            ScheduleKind::Day { at } => format!("day at {}", flat_time(*at)),
            ScheduleKind::Week { on, at } => format!("week on {} at {}", flat_names(on), flat_time(*at)),
            ScheduleKind::Month { on, at } => {
                let days: Vec<_> = on.iter().map(|d| self.slice(d.span)).collect();
                format!("month on {} at {}", days.join(", "), flat_time(*at))
            }
            ScheduleKind::Cron(cron) => format!("cron {}", self.slice(cron.span)),
        };
        format!("{kind}{zone}")
    }
}

pub(super) fn on_segment(enters: bool, segment: &Name) -> String {
    format!("profile {} {}", if enters { "enters" } else { "leaves" }, segment.text)
}
