//! The ways out: environments of `tabi.yaml`, and each channel against a server that acts as the provider.
//!
//! Every server listens on this machine; nothing leaves it.

#[path = "wires/chat.rs"]
mod chat;
#[path = "wires/environments.rs"]
mod environments;
#[path = "wires/fuzzed.rs"]
mod fuzzed;
#[path = "wires/opening.rs"]
mod opening;
#[path = "wires/other_side.rs"]
mod other_side;
#[path = "wires/paper.rs"]
mod paper;
#[path = "wires/push.rs"]
mod push;
#[path = "wires/reach.rs"]
mod reach;
#[path = "fuzz/readers.rs"]
mod readers;
#[path = "wires/sink.rs"]
mod sink;
#[path = "wires/sms.rs"]
mod sms;
#[path = "wires/tls.rs"]
mod tls;
#[path = "wires/webhook.rs"]
mod webhook;

use tabi::ports::Delivery;
use tabi::render::Part;
use tabi::value::Instant;

/// A moment at which every test without a reason for another takes place: 2026-04-01 09:00 in Japan.
const NOW: Instant = Instant(1_775_001_600_000);

fn delivery(part: Part, to: &str, message: &str) -> Delivery {
    Delivery {
        key: "k0a1b2c3d4e5f6g7h8i9".to_owned(),
        uuid: "0d9c6f5e-8b1a-8c3d-9e2f-001122334455".to_owned(),
        attempt: 1,
        now: NOW,
        to: vec![to.to_owned()],
        journey: "welcome".to_owned(),
        message: message.to_owned(),
        part,
        marketing: false,
        unsubscribe: None,
        at_most_once: false,
    }
}
