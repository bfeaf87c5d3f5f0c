//! A journey with its places and its graph: what most checks of this room look at.
//!
//! Judges nothing.

use super::Input;
use crate::ir::{ActionId, Channel, Expr, Journey, MessageDef, MessageId, Offer, Op, Pc, Policy, SlotId};
use crate::lower::map::{JourneyMap, PolicyMap};
use crate::prove::Graph;
use crate::text::Span;
use std::collections::{BTreeMap, BTreeSet};

pub struct View<'a> {
    pub input: Input<'a>,
    pub journey: &'a Journey,
    pub map: &'a JourneyMap,
    pub policy: &'a Policy,
    pub policy_map: &'a PolicyMap,
    pub graph: Graph,
}

/// One `send`.
#[derive(Clone, Copy)]
pub struct Send<'a> {
    pub pc: Pc,
    pub id: MessageId,
    pub message: &'a MessageDef,
    pub params: &'a [Expr],
    pub before: Option<&'a Expr>,
    /// Of the message's name.
    pub place: Span,
}

/// One `do` of an action that gives something to people, and the slots that may hold its answer.
pub struct Grant {
    pub pc: Pc,
    pub action: ActionId,
    pub offer: Offer,
    pub slots: BTreeSet<SlotId>,
}

pub fn views(input: Input<'_>) -> Vec<View<'_>> {
    let journeys = input.program.journeys.iter().zip(&input.map.journeys);
    let view = |(journey, map)| {
        let journey: &Journey = journey;
        View {
            input,
            journey,
            map,
            policy: input.program.policy(journey.policy),
            policy_map: &input.map.policies[journey.policy.index()],
            graph: Graph::new(journey, &BTreeSet::new()),
        }
    };
    journeys.map(view).collect()
}

impl<'a> View<'a> {
    pub fn op(&self, pc: Pc) -> &'a Op {
        &self.journey.code[pc as usize].op
    }
    /// What diagnostics point at in an instruction.
    pub fn part(&self, pc: Pc, part: usize) -> Span {
        self.map.part(&self.journey.code, pc, part)
    }
    pub fn send_at(&self, pc: Pc) -> Option<Send<'a>> {
        let Op::Send { message, params, before, .. } = self.op(pc) else { return None };
        Some(Send {
            pc,
            id: *message,
            message: self.input.program.message(*message),
            params,
            before: before.as_ref(),
            place: self.part(pc, 0),
        })
    }
    /// Every send, in the order of the text.
    pub fn sends(&self) -> impl Iterator<Item = Send<'a>> + '_ {
        (0..self.journey.code.len() as Pc).filter_map(|pc| self.send_at(pc))
    }
    /// Every send to a person.
    pub fn personal_sends(&self) -> impl Iterator<Item = Send<'a>> + '_ {
        self.sends().filter(|send| send.message.channel.is_personal())
    }
    /// Every call of an action that gives something to people.
    pub fn grants(&self) -> Vec<Grant> {
        let found = self.journey.code.iter().enumerate().filter_map(|(pc, instruction)| {
            let Op::Do { action, result, .. } = &instruction.op else { return None };
            let offer = self.input.program.actions[action.index()].grants?;
            Some(Grant { pc: pc as Pc, action: *action, offer, slots: self.holders(*result) })
        });
        found.collect()
    }
    /// A slot, and those that a `let` computes from it.
    fn holders(&self, from: Option<SlotId>) -> BTreeSet<SlotId> {
        let mut slots: BTreeSet<SlotId> = from.into_iter().collect();
        loop {
            let before = slots.len();
            for instruction in &self.journey.code {
                if let Op::Let { slot, value } = &instruction.op
                    && mentions(value, &slots)
                {
                    slots.insert(*slot);
                }
            }
            if slots.len() == before {
                return slots;
            }
        }
    }
    /// What the author wrote for the n-th `quiet` or `cap` of the policy.
    pub fn policy_rule(&self, word: &str, nth: usize) -> Option<Span> {
        let begins = |span: &&Span| self.input.sources.get(span.source).slice(**span).starts_with(word);
        self.policy_map.rules.iter().filter(begins).nth(nth).copied()
    }
    /// The channels of the sends behind each handle.
    pub fn handle_channels(&self) -> BTreeMap<u16, Vec<Channel>> {
        let mut channels: BTreeMap<u16, Vec<Channel>> = BTreeMap::new();
        for instruction in &self.journey.code {
            if let Op::Send { message, handle, .. } = &instruction.op {
                channels.entry(handle.0).or_default().push(self.input.program.message(*message).channel);
            }
        }
        channels
    }
}

impl Send<'_> {
    /// Whether a parameter is computed from what the action answered.
    pub fn carries(&self, grant: &Grant) -> bool {
        self.params.iter().any(|param| mentions(param, &grant.slots))
    }
}

fn mentions(expr: &Expr, slots: &BTreeSet<SlotId>) -> bool {
    expr.any(&mut |part| matches!(part, Expr::Slot(slot) if slots.contains(slot)))
}
