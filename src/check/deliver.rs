//! Sends and actions: the right channel, the right parameters, and what the run knows afterwards.
//!
//! Consent, reachability and caps are the machine's; nothing of them is decided here.

use super::flow::{Bound, Flow};
use super::record::Given;
use super::steps::Walk;
use super::typed::{Step, StepKind};
use crate::diag::{Code, Diagnostic};
use crate::ir::{ActionId, Channel, MessageId, Type};
use crate::schema::{Entry, Message, channel, unknown};
use crate::syntax::tree::{self, Block, Name, RecordLit};
use crate::text::Span;

/// `do ACTION [with {…}] [as r]`
pub struct Call<'t> {
    pub action: &'t Name,
    pub with: Option<&'t RecordLit>,
    pub bind: Option<&'t Name>,
}

impl<'t> Walk<'_, 't> {
    pub fn send(&mut self, send: &'t tree::Send, span: Span, flow: &mut Flow<'t>) -> Option<Step> {
        let id = self.step_name("send", send.bind.as_ref(), span);
        let channel = channel(&send.channel, self.sink);
        let message = self.message(&send.message);
        let world = self.context.world;
        let entry = message.map(|id| world.messages.at(id.index()));
        if let (Some(channel), Some(entry)) = (channel, entry) {
            self.same_channel(channel, &send.channel, entry);
        }
        let at = send.message.span;
        let (params, draws) = self.drawing(flow, |exprs| match entry {
            Some(entry) => {
                let given = Given { kind: ("message", "メッセージ"), name: &entry.name, params: true };
                exprs.with(send.with.as_ref(), &entry.data.params, given, at)
            }
            None => {
                for (_, value) in send.with.iter().flat_map(|w| &w.fields) {
                    exprs.infer(value, None);
                }
                Vec::new()
            }
        });
        let before = send.before.as_ref().map(|e| self.deadline(e, flow));
        flow.suspend(span);
        let own_name = self.names.name(id).to_owned();
        let handle = self.handle(send.bind.as_ref().map_or(&own_name, |b| &b.text));
        if let Some(name) = &send.bind {
            let bits = channel.or(entry.and_then(|e| e.data.channel)).map_or(0, |c| 1 << c.index());
            self.bind(name, Bound::Handle(handle, bits), flow);
        }
        let otherwise = send.otherwise.as_ref().map(|block| {
            let mut other = flow.clone();
            if let Some(name) = &send.bind {
                other.set_replaceable(&name.text, true);
            }
            let steps = self.block(block, &mut other);
            let main = std::mem::replace(flow, Flow::new());
            *flow = Flow::join(vec![(main, span), (other, block.span)]);
            steps
        });
        let kind = StepKind::Send { message: message?, params, before, handle, otherwise };
        let parts = std::iter::once(send.message.span).chain(send.before.as_ref().map(|e| e.span)).collect();
        Some(Step { id, draws, parts, kind })
    }

    /// An instant, or a date: the first moment of its day.
    fn deadline(&mut self, written: &'t tree::Expr, flow: &mut Flow<'t>) -> crate::ir::Expr {
        let mut exprs = self.exprs(flow);
        let typed = exprs.infer(written, Some(&Type::Instant));
        match typed.ty {
            Some(Type::Date) => typed.expr,
            _ => exprs.fitted(typed, &Type::Instant, written.span),
        }
    }

    fn message(&mut self, name: &Name) -> Option<MessageId> {
        let id = self.context.world.messages.find(&name.text);
        if id.is_none() {
            let known = self.context.world.messages.candidates();
            self.sink.report(unknown(("message", "メッセージ"), &name.text, name.span, known));
        }
        id.map(MessageId)
    }

    fn same_channel(&mut self, channel: Channel, written: &Name, message: &Entry<Message>) {
        if let Some(diagnostic) = other_channel(channel, written, message) {
            self.sink.report(diagnostic);
        }
    }

    pub fn call(
        &mut self,
        call: Call<'t>,
        otherwise: Option<&'t Block>,
        span: Span,
        flow: &mut Flow<'t>,
    ) -> Option<Step> {
        let id = self.step_name("do", call.bind, span);
        let world = self.context.world;
        let action = world.actions.find(&call.action.text).map(ActionId);
        if action.is_none() {
            let known = world.actions.candidates();
            self.sink.report(unknown(("action", "アクション"), &call.action.text, call.action.span, known));
        }
        let (params, draws) = self.drawing(flow, |exprs| match action {
            Some(action) => {
                let entry = world.actions.at(action.index());
                let given = Given { kind: ("action", "アクション"), name: &entry.name, params: true };
                exprs.with(call.with, &entry.data.takes, given, call.action.span)
            }
            None => {
                for (_, value) in call.with.iter().flat_map(|w| &w.fields) {
                    exprs.infer(value, None);
                }
                Vec::new()
            }
        });
        flow.suspend(span);
        let mut failed = flow.clone();
        let result = call.bind.map(|name| self.bind_value(name, action.map(Type::Result), flow));
        let otherwise = otherwise.map(|block| {
            let steps = self.block(block, &mut failed);
            let main = std::mem::replace(flow, Flow::new());
            *flow = Flow::join(vec![(main, span), (failed, block.span)]);
            steps
        });
        let kind = StepKind::Do { action: action?, params, result, otherwise };
        Some(Step { id, draws, parts: vec![call.action.span], kind })
    }
}

/// E0402: the message is made for another channel than the one written.
pub fn other_channel(channel: Channel, written: &Name, message: &Entry<Message>) -> Option<Diagnostic> {
    let made_for = message.data.channel.filter(|made_for| *made_for != channel)?;
    let (name, made_for, channel) = (&message.name, made_for.name(), channel.name());
    Some(
        Diagnostic::new(
            Code::E0402,
            written.span,
            format!("message `{name}` is for {made_for}, not for {channel}"),
            format!("メッセージ `{name}` は {made_for} 用です ({channel} では送れません)"),
        )
        .other(message.span, format!("declared on {made_for} here"), format!("{made_for} での宣言"))
        .help(format!("write `send {made_for} {name}`"), format!("`send {made_for} {name}` と書いてください"))
        .fix(written.span, made_for),
    )
}
