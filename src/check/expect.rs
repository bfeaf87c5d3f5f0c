//! Expectations of timeline tests: every name in them resolved.
//!
//! Compares nothing; the simulator does.

use super::deliver::other_channel;
use super::record::Given;
use super::timeline::Test;
use crate::ir::timeline::Expect;
use crate::ir::{Channel, MessageId, StepId};
use crate::schema::{Entry, Message, channel, unknown};
use crate::syntax::tree::{Expectation, ExpectationKind, Name};

/// The machine's words for what holds a message.
const HOLDERS: &[&str] = &["quiet", "cap", "withhold"];
/// The machine's words for what drops one.
const DROPPERS: &[&str] =
    &["cap", "quiet", "deadline", "unreachable", "consent", "withhold", "budget", "refused", "holdout"];

impl<'t> Test<'_, 't> {
    /// `None` when it could not be understood.
    pub fn expectation(&mut self, expectation: &'t Expectation) -> Option<Expect> {
        Some(match &expectation.kind {
            ExpectationKind::Sent { negated, channel, message, fields } => {
                let world = self.context.world;
                let (channel, message) = self.sending(channel, message.as_ref())?;
                let params = match message {
                    Some(id) => {
                        let entry = world.messages.at(id.index());
                        let given = Given { kind: ("message", "メッセージ"), name: &entry.name, params: true };
                        self.params(fields.as_ref(), &entry.data.params, given)
                    }
                    None => Vec::new(),
                };
                Expect::Sent { negated: *negated, channel, message, params }
            }
            ExpectationKind::NeverSent { channel: None, message: _ } => {
                Expect::NeverSent { channel: None, message: None }
            }
            ExpectationKind::NeverSent { channel: Some(channel), message } => {
                let (channel, message) = self.sending(channel, message.as_ref())?;
                Expect::NeverSent { channel: Some(channel), message }
            }
            ExpectationKind::HeldBy(word) => Expect::HeldBy(self.reason(word, HOLDERS)?),
            ExpectationKind::DroppedBy(word) => Expect::DroppedBy(self.reason(word, DROPPERS)?),
            ExpectationKind::Waiting { at: None } => Expect::Waiting { at: None },
            ExpectationKind::Waiting { at: Some(step) } => Expect::Waiting { at: Some(self.step_id(step)?) },
            ExpectationKind::Entered { negated } => Expect::Entered { negated: *negated },
            ExpectationKind::Exited { negated, by } => {
                Expect::Exited { negated: *negated, by: by.as_ref().map(|b| b.text.clone()) }
            }
            ExpectationKind::HeldOut => Expect::HeldOut,
            ExpectationKind::Tagged { negated, tag } => {
                self.exprs().tags_field(tag.span)?;
                Expect::Tagged { negated: *negated, tag: tag.text.clone() }
            }
            ExpectationKind::Did { negated, action, fields } => {
                let world = self.context.world;
                let id = self.action(action)?;
                let entry = world.actions.at(id.index());
                let given = Given { kind: ("action", "アクション"), name: &entry.name, params: true };
                let params = self.params(fields.as_ref(), &entry.data.takes, given);
                Expect::Did { negated: *negated, action: id, params }
            }
            ExpectationKind::GoalReached { negated } => Expect::GoalReached { negated: *negated },
            ExpectationKind::That(condition) => Expect::That(self.condition(condition)),
            ExpectationKind::Error => return None,
        })
    }

    fn sending(&mut self, channel_name: &Name, message: Option<&Name>) -> Option<(Channel, Option<MessageId>)> {
        let channel = channel(channel_name, self.sink);
        let Some(name) = message else { return Some((channel?, None)) };
        let messages = &self.context.world.messages;
        let Some(id) = messages.find(&name.text) else {
            let known = messages.candidates();
            self.sink.report(unknown(("message", "メッセージ"), &name.text, name.span, known));
            return None;
        };
        let entry: &Entry<Message> = messages.at(usize::from(id));
        if let Some(diagnostic) = other_channel(channel?, channel_name, entry) {
            self.sink.report(diagnostic);
            return None;
        }
        Some((channel?, Some(MessageId(id))))
    }

    fn reason(&mut self, word: &Name, known: &[&str]) -> Option<String> {
        if known.contains(&word.text.as_str()) {
            return Some(word.text.clone());
        }
        let candidates = known.iter().map(|k| (*k, None));
        self.sink.report(unknown(("reason", "理由"), &word.text, word.span, candidates));
        None
    }

    fn step_id(&mut self, name: &Name) -> Option<StepId> {
        let journey = self.journey?;
        let steps = &journey.header.steps;
        if let Some(i) = steps.iter().position(|s| s.name == name.text) {
            return Some(StepId(i as u16));
        }
        let known = steps.iter().zip(&journey.places).map(|(step, place)| (step.name.as_str(), Some(*place)));
        self.sink.report(unknown(("step", "手順"), &name.text, name.span, known));
        None
    }
}
