//! Tests: clock, what is given, what happens and what is expected.
//!
//! Does not know which events, steps or messages there are.

use super::{Part, Walk, child, has};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::syntax::grammar::Rule;
use crate::syntax::layout::lines::TEST_LINES;
use crate::syntax::strange::Here;
use crate::syntax::tree::{
    Duration, Expectation, ExpectationKind, Name, RecordLit, Reply, TestDecl, TestLine, TestLineKind, TestStep, Text,
};
use crate::text::Span;

impl Walk<'_> {
    pub(super) fn test(&mut self, part: &Part<'_>, span: Span) -> TestDecl {
        let title = self.text_in(part).unwrap_or(Text { text: String::new(), span });
        let mut lines = Vec::new();
        let mut previous: Option<Part<'_>> = None;
        let mut said = 0;
        for p in child(part, Rule::test_block).into_iter().flat_map(|b| b.into_inner()) {
            match p.as_rule() {
                Rule::open_brace | Rule::close_brace => {}
                Rule::line_rest => {
                    let misspelt = previous.as_ref().is_some_and(|line| self.misspelt_verb(line));
                    if misspelt {
                        lines.pop();
                        lines.push(TestLine { kind: TestLineKind::Error, span: self.span(&p) });
                    } else {
                        self.line_rest(previous.take(), &p, said, Rule::strict_test);
                    }
                }
                Rule::junk_line => {
                    self.unknown_line(&p, Here::Test);
                    lines.push(TestLine { kind: TestLineKind::Error, span: self.span(&p) });
                }
                _ => {
                    said = self.found.len();
                    lines.push(TestLine { kind: self.test_line(&p), span: self.span(&p) });
                    previous = Some(p);
                }
            }
        }
        TestDecl { journey: self.name_in(part), title, lines, span }
    }

    /// `expct sent line`: read as an event, but meant as a verb.
    fn misspelt_verb(&mut self, line: &Part<'_>) -> bool {
        let Some(event) = child(line, Rule::test_event).filter(|e| !has(e, Rule::record)) else { return false };
        let name = self.name_in(&event);
        let Some(near) = did_you_mean(&name.text, TEST_LINES.iter().copied()) else { return false };
        self.say(
            Diagnostic::new(
                Code::E0102,
                name.span,
                format!("`{}` does not begin a line of a test", name.text),
                format!("`{}` で始まる行はテストにありません", name.text),
            )
            .help(format!("did you mean `{near}`?"), format!("`{near}` のことですか"))
            .fix(name.span, near),
        );
        true
    }

    fn test_line(&mut self, part: &Part<'_>) -> TestLineKind {
        let nothing = |walk: &Self| RecordLit { fields: Vec::new(), span: walk.span(part) };
        match part.as_rule() {
            Rule::clock => TestLineKind::Clock(self.value_in(part)),
            Rule::given_profile => TestLineKind::GivenProfile(self.record_in(part).unwrap_or_else(|| nothing(self))),
            Rule::given_history => TestLineKind::GivenHistory(self.history(part)),
            Rule::pin => {
                let mut names = self.names_in(part);
                match (names.next(), names.next()) {
                    (Some(split), Some(arm)) => TestLineKind::Pin { split, arm },
                    _ => TestLineKind::Error,
                }
            }
            Rule::answer => {
                let reply = if has(part, Rule::kw_fails) {
                    Reply::Fails
                } else if has(part, Rule::kw_never) {
                    Reply::Never
                } else {
                    let gives = child(part, Rule::with).and_then(|w| self.with(&w));
                    Reply::Gives(gives.unwrap_or_else(|| nothing(self)))
                };
                TestLineKind::Answer { action: self.name_in(part), reply }
            }
            Rule::test_at => {
                let after = child(part, Rule::after).and_then(|a| self.duration_in(&a));
                TestLineKind::At { after, what: self.test_step(part) }
            }
            _ => TestLineKind::Error,
        }
    }

    fn history(&mut self, part: &Part<'_>) -> Vec<(Duration, Name, Option<RecordLit>)> {
        let mut events = Vec::new();
        let mut previous = None;
        let mut said = 0;
        for p in part.clone().into_inner() {
            match p.as_rule() {
                Rule::past_event => {
                    said = self.found.len();
                    if let Some(ago) = self.duration_in(&p) {
                        events.push((ago, self.name_in(&p), self.record_in(&p)));
                    }
                    previous = Some(p);
                }
                Rule::field_rest => self.line_rest(previous.take(), &p, said, Rule::strict_past),
                Rule::junk_field => self.explain(&p, p.as_span().start(), "", Rule::strict_past),
                _ => {}
            }
        }
        events
    }

    fn test_step(&mut self, part: &Part<'_>) -> TestStep {
        let step = part.clone().into_inner().find(|p| p.as_rule() != Rule::after);
        let Some(step) = step else { return TestStep::Pass };
        match step.as_rule() {
            Rule::expect => TestStep::Expect(self.expectation(&step)),
            Rule::test_set => {
                let (field, value) = self.set(&step);
                TestStep::Set { field, value }
            }
            Rule::approve => TestStep::Approve { approved: has(&step, Rule::kw_approve), by: self.text_in(&step) },
            Rule::report => {
                let verb = child(&step, Rule::report_verb).map_or_else(|| self.name_in(&step), |v| self.name(&v));
                TestStep::Report { verb, handle: self.name_in(&step) }
            }
            _ => TestStep::Event { event: self.name_in(&step), fields: self.record_in(&step) },
        }
    }

    fn expectation(&mut self, part: &Part<'_>) -> Expectation {
        let span = self.span(part);
        let negated = has(part, Rule::negated);
        let what = part.clone().into_inner().find(|p| !matches!(p.as_rule(), Rule::kw_expect | Rule::negated));
        let Some(what) = what else { return Expectation { kind: ExpectationKind::Error, span } };
        let mut names = self.names_in(&what).collect::<Vec<_>>().into_iter();
        let first = names.next();
        let kind = match (what.as_rule(), first) {
            (Rule::sent, Some(channel)) => {
                ExpectationKind::Sent { negated, channel, message: names.next(), fields: self.record_in(&what) }
            }
            (Rule::never_sent, channel) => ExpectationKind::NeverSent { channel, message: names.next() },
            (Rule::held_by, Some(by)) => ExpectationKind::HeldBy(by),
            (Rule::dropped_by, Some(by)) => ExpectationKind::DroppedBy(by),
            (Rule::waiting, at) => ExpectationKind::Waiting { at },
            (Rule::entered, _) => ExpectationKind::Entered { negated },
            (Rule::exited, by) => {
                let by = match by {
                    Some(word) => Some(Text { text: word.text, span: word.span }),
                    None => self.text_in(&what),
                };
                ExpectationKind::Exited { negated, by }
            }
            (Rule::held_out, _) => ExpectationKind::HeldOut,
            (Rule::tagged, _) => match self.text_in(&what) {
                Some(tag) => ExpectationKind::Tagged { negated, tag },
                None => ExpectationKind::Error,
            },
            (Rule::did_action, Some(action)) => ExpectationKind::Did { negated, action, fields: self.record_in(&what) },
            (Rule::goal_reached, _) => ExpectationKind::GoalReached { negated },
            (Rule::that, _) => ExpectationKind::That(self.value_in(&what)),
            (Rule::bad_expectation, _) => {
                self.explain(&what, part.as_span().start(), "", Rule::strict_expectation);
                ExpectationKind::Error
            }
            _ => ExpectationKind::Error,
        };
        Expectation { kind, span }
    }
}
