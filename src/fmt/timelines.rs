//! The lines of a test.
//!
//! Orders nothing: lines stay as they were written.

use super::printer::Printer;
use crate::syntax::tree::{
    Duration, Expectation, ExpectationKind, Expr, Name, RecordLit, Reply, TestLine, TestLineKind, TestStep,
};

/// Where what happens stands in a line of a test, so that times form a column of their own and lines without a time
/// stand under what they belong to. Fixed, so that a longer time does not move the other lines; it fits `+35h30m`.
const TIME_COLUMN: usize = 8;

impl Printer<'_> {
    pub(super) fn test_line(&mut self, line: &TestLine) {
        match &line.kind {
            TestLineKind::Clock(moment) => {
                self.put("clock ");
                self.expr(moment, 0);
            }
            TestLineKind::GivenProfile(record) => {
                self.put("given profile ");
                self.record(record, 0);
            }
            TestLineKind::GivenHistory(events) => self.history(events, line),
            TestLineKind::Pin { split, arm } => self.put(&format!("pin {} = {}", split.text, arm.text)),
            TestLineKind::Answer { action, reply } => {
                self.put(&format!("answer {} ", action.text));
                match reply {
                    Reply::Gives(gives) => {
                        self.put("with ");
                        self.record(gives, 0);
                    }
                    Reply::Fails => self.put("fails"),
                    Reply::Never => self.put("never"),
                }
            }
            TestLineKind::At { after, what } => {
                let time = after.as_ref().map_or_else(String::new, |after| format!("+{}", self.flat_duration(after)));
                match what {
                    TestStep::Pass => self.put(&time),
                    _ if time.len() < TIME_COLUMN => self.put(&format!("{time:TIME_COLUMN$}")),
                    _ => self.put(&format!("{time} ")),
                }
                self.test_step(what);
            }
            TestLineKind::Error => {
                let text = self.slice(line.span);
                self.put(text);
            }
        }
    }

    fn history(&mut self, events: &[(Duration, Name, Option<RecordLit>)], line: &TestLine) {
        let flat = |printer: &Self, (ago, event, fields): &(Duration, Name, Option<RecordLit>)| {
            let fields = fields.as_ref().map_or_else(String::new, |f| format!(" {}", printer.flat_record(f)));
            format!("-{} {}{fields}", printer.flat_duration(ago), event.text)
        };
        if let [only] = events {
            let whole = format!("given history {{ {} }}", flat(self, only));
            if self.fits(&whole, 0) && !self.has_comment(line.span) {
                return self.put(&whole);
            }
        }
        self.put("given history {");
        self.lines_of(
            events,
            line.span.end,
            |(ago, event, fields)| {
                let end = fields.as_ref().map_or(event.span.end, |f| f.span.end);
                crate::text::Span { start: ago.span.start.saturating_sub(1), end, ..ago.span }
            },
            |printer, (ago, event, fields)| {
                let ago = printer.flat_duration(ago);
                printer.put(&format!("-{ago} {}", event.text));
                printer.put_fields(fields.as_ref());
            },
        );
    }

    fn put_fields(&mut self, fields: Option<&RecordLit>) {
        if let Some(fields) = fields {
            self.put(" ");
            self.record(fields, 0);
        }
    }

    fn test_step(&mut self, step: &TestStep) {
        match step {
            TestStep::Event { event, fields } => {
                self.put_name(event);
                self.put_fields(fields.as_ref());
            }
            TestStep::Set { field, value } => {
                self.put(&format!("set profile.{} = ", field.text));
                match value {
                    Some(value) => self.expr(value, 0),
                    None => self.put("missing"),
                }
            }
            TestStep::Report { verb, handle } => self.put(&format!("{} {}", verb.text, handle.text)),
            TestStep::Approve { approved, by } => {
                let by = by.as_ref().map_or_else(String::new, |b| format!(" {}", self.slice(b.span)));
                self.put(&format!("{}{by}", if *approved { "approve" } else { "refuse" }));
            }
            TestStep::Pass => {}
            TestStep::Expect(expectation) => {
                self.put("expect ");
                self.expectation(expectation);
            }
        }
    }

    fn expectation(&mut self, expectation: &Expectation) {
        let not = |negated: bool| if negated { "not " } else { "" };
        let named = |name: &Option<Name>| name.as_ref().map_or_else(String::new, |n| format!(" {}", n.text));
        let text = match &expectation.kind {
            ExpectationKind::Sent { negated, channel, message, fields } => {
                self.put(&format!("{}sent {}{}", not(*negated), channel.text, named(message)));
                return self.put_fields(fields.as_ref());
            }
            ExpectationKind::NeverSent { channel, message } => {
                format!("never sent{}{}", named(channel), named(message))
            }
            ExpectationKind::HeldBy(by) => format!("held by {}", by.text),
            ExpectationKind::DroppedBy(by) => format!("dropped by {}", by.text),
            ExpectationKind::Waiting { at: None } => "waiting".into(),
            ExpectationKind::Waiting { at: Some(step) } => format!("waiting at {}", step.text),
            ExpectationKind::Entered { negated } => format!("{}entered", not(*negated)),
            ExpectationKind::Exited { negated, by } => {
                let by = by.as_ref().map_or_else(String::new, |b| format!(" by {}", self.slice(b.span)));
                format!("{}exited{by}", not(*negated))
            }
            ExpectationKind::HeldOut => "held out".into(),
            ExpectationKind::Tagged { negated, tag } => format!("{}tagged {}", not(*negated), self.slice(tag.span)),
            ExpectationKind::Did { negated, action, fields } => {
                self.put(&format!("{}did {}", not(*negated), action.text));
                return self.put_fields(fields.as_ref());
            }
            ExpectationKind::GoalReached { negated } => format!("{}goal reached", not(*negated)),
            ExpectationKind::That(condition) => {
                self.put("that ");
                let condition: &Expr = condition;
                return self.expr(condition, 0);
            }
            ExpectationKind::Error => self.slice(expectation.span).to_string(),
        };
        self.put(&text);
    }
}
