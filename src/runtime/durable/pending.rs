//! Orders and calls that were placed and are not done with.
//!
//! Decides nothing about when to try: the dispatcher does.

use serde::{Deserialize, Serialize};

use crate::ir::{JourneyId, Program};
use crate::machine::{ActionCall, Order, Person};
use crate::ports::store::{LedgerRow, PendingKey};
use crate::ports::{Answer, Outbox, Seat};
use crate::value::Instant;

use super::record::Settlement;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// Whose it is now; the key names whose it was when it was placed.
    pub owner: Seat,
    /// Added to the key's run by merges since.
    pub base: u32,
    pub ordered_at: Instant,
    /// When it was first handed to a provider.
    pub attempted_at: Option<Instant>,
    pub thing: Thing,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Thing {
    Order(Order),
    Call(ActionCall),
}

impl Thing {
    pub fn journey(&self) -> JourneyId {
        match self {
            Thing::Order(order) => order.journey,
            Thing::Call(call) => call.journey,
        }
    }
}

impl Pending {
    /// Somebody looked at what waited at that time, and said no to it.
    pub fn is_discarded(&self, program: &Program) -> bool {
        let discarded = program.stage(self.thing.journey()).and_then(|stage| stage.discarded);
        discarded.and_then(|generation| program.live_at(generation)).is_some_and(|at| self.ordered_at <= at)
    }
    pub fn ledger_row(&self, program: &Program, key: PendingKey, at: Instant, settlement: &Settlement) -> LedgerRow {
        let (what, channel) = match &self.thing {
            Thing::Order(order) => (program.message(order.message).name.clone(), order.channel.name()),
            Thing::Call(call) => (program.actions[call.action.index()].name.clone(), "action"),
        };
        LedgerRow {
            key,
            ordered_at: self.ordered_at,
            settled_at: at,
            journey: program.journey(self.thing.journey()).name.clone(),
            what,
            channel: channel.to_owned(),
            attempts: settlement.attempts,
            outcome: settlement.ending.name().to_owned(),
            provider_id: settlement.provider_id.clone(),
            why: settlement.why.clone(),
        }
    }
}

/// Orders and calls of the turn under way.
#[derive(Default)]
pub(super) struct Tray {
    pub(super) placed: Vec<(Seat, Instant, Thing)>,
}

impl Outbox for Tray {
    fn send(&mut self, seat: Seat, _: &Person, at: Instant, order: Order, _: &mut Vec<Answer>) {
        self.placed.push((seat, at, Thing::Order(order)));
    }
    fn call(&mut self, seat: Seat, _: &Person, at: Instant, call: ActionCall, _: &mut Vec<Answer>) {
        self.placed.push((seat, at, Thing::Call(call)));
    }
}
