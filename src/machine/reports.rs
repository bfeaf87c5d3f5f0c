//! What providers and people say of sends: facts of deliveries, answers that runs wait for, reachability.
//!
//! Sends nothing.

use crate::ir::{Channel, Op, Program};

use super::effect::{Reason, RunNo, SendId, Way, What};
use super::input::Report;
use super::person::{BLOCKED, BOUNCED, COMPLAINED, Met, Person, RunState, Sent, UNSUBSCRIBED};
use super::turn::Turn;
use super::waits::facts_of;

impl Turn<'_, '_> {
    /// A report on a send that is not remembered is about nothing, and changes nothing; but whoever does not want more mail is
    /// heard however late. Only mail is complained of by the send it is about. Says whether it was about anything.
    pub(super) fn take_report(&mut self, send: SendId, report: Report) -> bool {
        let sent = self.person.activity.as_deref().map_or(&[][..], |a| &a.sent);
        let Some(sent) = sent.iter().rev().find(|s| s.id == send).copied() else {
            let is_heard = matches!(report, Report::Complained | Report::Unsubscribed);
            if is_heard {
                self.note_reach(Channel::Email, report);
            }
            return is_heard;
        };
        let channel = self.program.message(sent.message).channel;
        self.note_reach(channel, report);
        self.journal_report(sent, report);
        self.note_facts(send, facts_of(report, channel == Channel::Email), report);
        if self.person.run(send.run).is_some_and(|r| matches!(r.state, RunState::Asked { send: s, .. } if s == send)) {
            self.take_provider_answer(send.run, report);
        } else {
            self.satisfy_facts(send.run);
        }
        true
    }
    fn journal_report(&mut self, sent: Sent, report: Report) {
        let message = sent.message;
        let what = match report {
            Report::Refused => What::Dropped { message, reason: Reason::Refused },
            Report::OverBudget => What::Dropped { message, reason: Reason::Budget },
            Report::Late => What::Dropped { message, reason: Reason::Late },
            Report::Discarded => What::Dropped { message, reason: Reason::Discarded },
            Report::Accepted
            | Report::Delivered
            | Report::Opened
            | Report::Clicked
            | Report::Bounced
            | Report::Complained
            | Report::Blocked
            | Report::Unblocked
            | Report::Unsubscribed
            | Report::Resubscribed => What::Reported { message, report },
        };
        self.journal(sent.journey, Some(sent.id.run), Some(sent.id.step), what);
    }
    /// Facts belong to the latest send behind a handle. A message over its budget was never dispatched: it is no send,
    /// and no cap counts it.
    fn note_facts(&mut self, send: SendId, facts: u8, report: Report) {
        let activity = self.activity();
        let run = activity.runs.iter_mut().find(|r| r.no == send.run);
        let handles = run.into_iter().flat_map(|r| r.handles.iter_mut());
        for delivery in handles.filter(|d| d.step == Some(send.step) && d.repetition == send.repetition) {
            delivery.facts |= facts;
            if report.is_of_no_send() {
                delivery.facts = facts;
            }
        }
        if report.is_of_no_send() {
            activity.sent.retain(|s| s.id != send);
        }
    }
    /// The run stands at its send and waits for the answer.
    fn take_provider_answer(&mut self, no: RunNo, report: Report) {
        let refused = match report {
            // A bounce before any other answer: it was not delivered.
            Report::Refused | Report::OverBudget | Report::Late | Report::Bounced => true,
            // Somebody wanted silence: nothing stands in for it.
            Report::Discarded => false,
            Report::Accepted | Report::Delivered | Report::Opened | Report::Clicked => false,
            Report::Complained | Report::Blocked | Report::Unblocked | Report::Unsubscribed | Report::Resubscribed => {
                return;
            }
        };
        self.leave_send(no, refused);
    }
    /// On from an awaited send, or to its `otherwise`.
    pub(super) fn leave_send(&mut self, no: RunNo, refused: bool) {
        if self.keeps_for_later(no, || Met::Answer { refused }) {
            return;
        }
        let Some(index) = self.index_of(no) else { return };
        let run = &self.person.runs()[index];
        let op = self.program.journey(run.journey).code.get(run.pc as usize).map(|i| &i.op);
        let (target, way) = match (op, refused) {
            (Some(Op::Send { otherwise: Some(otherwise), .. }), true) => (*otherwise, Way::Otherwise),
            _ => (run.pc + 1, Way::On),
        };
        self.go(index, target, way);
        self.execute(no);
    }
    /// Who cannot or does not want to be reached on a channel, until they are back or the address changes.
    pub(super) fn note_reach(&mut self, channel: Channel, report: Report) {
        let reach = &mut self.person.reach[channel.index()];
        *reach = reach_after(*reach, report);
    }
}

impl Person {
    /// The channel that a send went out on. Only mail is heard of so late that the send is not remembered any more.
    pub fn channel_of(&self, program: &Program, send: SendId) -> Channel {
        let sent = self.activity.as_deref().map_or(&[][..], |a| &a.sent);
        sent.iter().rev().find(|s| s.id == send).map_or(Channel::Email, |sent| program.message(sent.message).channel)
    }
    /// Whether a report would change how the person may be reached on a channel.
    pub fn is_news(&self, channel: Channel, report: Report) -> bool {
        let reach = self.reach[channel.index()];
        reach_after(reach, report) != reach
    }
}

fn reach_after(reach: u8, report: Report) -> u8 {
    match report {
        Report::Blocked => reach | BLOCKED,
        Report::Bounced => reach | BOUNCED,
        Report::Complained => reach | COMPLAINED,
        Report::Unsubscribed => reach | UNSUBSCRIBED,
        Report::Unblocked => reach & !(BLOCKED | UNSUBSCRIBED | COMPLAINED),
        Report::Resubscribed => reach & !UNSUBSCRIBED,
        Report::Accepted
        | Report::Refused
        | Report::OverBudget
        | Report::Late
        | Report::Discarded
        | Report::Delivered
        | Report::Opened
        | Report::Clicked => reach,
    }
}
