//! An order that is about to leave: whether it still may, and the message filled in.
//!
//! Hands it to nobody.

use crate::machine::{Gate, Order, Person};
use crate::ports::store::PendingKey;
use crate::ports::{Call, Delivery, SendKey};
use crate::render::{Part, plain};
use crate::value::{Instant, Value};

use super::pending::Thing;
use super::record::Ending;
use super::shard::{Ready, Shard};
use crate::runtime::people::People as _;

impl Shard<'_, '_> {
    pub(super) fn prepare(&mut self, key: PendingKey, at: Instant, attempt: u32) -> Option<Ready> {
        let owner = self.pending.get(&key)?.owner;
        self.host.people.fetch(owner);
        let (pending, person) = (self.pending.get(&key)?, self.host.person(owner)?);
        let program = self.host.engine().program();
        match &pending.thing {
            Thing::Order(_) if pending.is_discarded(program) => Some(Ready::Shut(Ending::Discarded, None)),
            Thing::Order(order) => Some(match self.host.engine().gate(person, order, at) {
                Gate::Hold(until) => Ready::Hold(until),
                Gate::Shut(reason) => Ready::Shut(Ending::of(reason), None),
                Gate::Open => self.deliver(key.send(), order, person, at, attempt),
            }),
            Thing::Call(call) => {
                let action = &program.actions[call.action.index()];
                Some(Ready::Call(Box::new(Call {
                    key: key.call().sealed(&self.outfit.secret),
                    attempt,
                    now: at,
                    journey: program.journey(call.journey).name.clone(),
                    action: action.name.clone(),
                    person: person.id().to_string(),
                    params: plain::object(program, &action.takes, &call.params),
                    patience: action.patience,
                })))
            }
        }
    }

    /// Fills the message in.
    fn deliver(&self, key: SendKey, order: &Order, person: &Person, at: Instant, attempt: u32) -> Ready {
        let program = self.program();
        let message = program.message(order.message);
        let fields = (0..program.profile.len()).map(|i| person.field(crate::ir::FieldId(i as u16)).clone());
        let profile: Vec<Value> = fields.collect();
        let zone = self.host.engine().zone(person, order.journey);
        let (scene, unsubscribe) = self.outfit.scene(program, key, &profile, message, zone, at);
        let part = match self.renderer.render(order.message, &order.params, &profile, &scene) {
            Ok(Some(rendered)) => rendered.part,
            // A message without a file is what it was given.
            Ok(None) => Part::Webhook(plain::object(program, &message.params, &order.params)),
            Err(error) => return Ready::Shut(Ending::Unrendered, Some(error.fault.what.en.clone())),
        };
        let to = match &order.address {
            Value::Text(address) => address.to_string(),
            _ => String::new(),
        };
        Ready::Delivery(Box::new(Delivery {
            key: key.sealed(&self.outfit.secret),
            uuid: key.uuid(&self.outfit.secret),
            attempt,
            now: at,
            to: vec![to],
            journey: program.journey(order.journey).name.clone(),
            message: message.name.clone(),
            part,
            marketing: message.needs_consent,
            unsubscribe,
            at_most_once: message.at_most_once,
        }))
    }
}
